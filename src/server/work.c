/* What look-ups and claims cost a stranger: hashes that begin with zeros. The price is bound to the
 * session by a challenge that nothing is kept for, and rises with what this session and all
 * together asked for lately. To check one costs us two hashes; what was taken is remembered until
 * the key of the challenges changes, so that it is taken once. All of this is in memory alone. */
#include "base/time.h"
#include "server/internal.h"

static err handle_get(struct mail *m, struct mail_call *call);
const struct mail_handler mail_handle_work_get = {PROTO_work_get, handle_get};

enum {
    CHALLENGE = 16,
    HASH = 32,
    CHEAP_OF_SESSION =
        8, /* so many look-ups in an hour are at the first price; then it doubles as */
    CHEAP_OF_ALL = 4096, /* often as their number does */
    DEARER_BY_SESSION = 12,
    DEARER_BY_ALL = 6 /* bits at most: whoever makes it dear for all does not close it to all */
};

err mail_work_init(struct mail *m) {
    struct mail_work *w = &m->work;
    w->used = mem_new_array(m->mem, MAIL_WORK_USED, sizeof *w->used);
    w->sessions = mem_new_array(m->mem, MAIL_WORK_SESSIONS, sizeof *w->sessions);
    crypto_random(w->key, sizeof w->key);
    return w->used == NULL || w->sessions == NULL ? ERR_NO_MEMORY : OK;
}

void mail_work_fini(struct mail *m) {
    struct mail_work *w = &m->work;
    mem_free(m->mem, w->used, MAIL_WORK_USED * sizeof *w->used);
    mem_free(m->mem, w->sessions, MAIL_WORK_SESSIONS * sizeof *w->sessions);
    wipe(w, sizeof *w);
}

/* ---- The hour ---- */

static void fresh_key(struct mail_work *w) {
    crypto_random(w->key, sizeof w->key);
    memset(w->used, 0, MAIL_WORK_USED * sizeof *w->used);
    w->used_count = 0;
}

static struct mail_work *work_now(struct mail *m) {
    struct mail_work *w = &m->work;
    uint64_t hour = m->config.now(m->config.ctx) / TIME_HOUR;
    if (hour != w->hour) {
        w->recent /= 2;
        memset(w->sessions, 0, MAIL_WORK_SESSIONS * sizeof *w->sessions);
        fresh_key(w);
        w->hour = hour;
    }
    if (w->used_count >= MAIL_WORK_USED / 2)
        fresh_key(w);
    return w;
}

/* ---- The price ---- */

static unsigned doublings(uint64_t n, uint64_t cheap, unsigned most) {
    unsigned bits = 0;
    for (; n >= cheap && bits < most; n /= 2)
        bits++;
    return bits;
}

/* The session's count; one that meets another in its place begins anew. */
static struct mail_day *session_count(struct mail_work *w, uint64_t session) {
    struct mail_day *take = &w->sessions[session % MAIL_WORK_SESSIONS];
    if (take->tag != session)
        *take = (struct mail_day){.tag = session};
    return take;
}

static unsigned dearer(struct mail_work *w, uint64_t session) {
    return doublings(session_count(w, session)->count, CHEAP_OF_SESSION, DEARER_BY_SESSION) +
           doublings(w->recent, CHEAP_OF_ALL, DEARER_BY_ALL);
}

static unsigned price_of(struct mail *m, struct mail_work *w, uint64_t session,
                         enum mail_work_price price) {
    const struct mail_limits *limits = &m->config.limits;
    return (price == MAIL_WORK_CLAIM ? limits->claim_bits : limits->find_bits) + dearer(w, session);
}

/* ---- Challenges and what answers them ---- */

static err challenge_of(const struct mail_work *w, uint64_t session, uint8_t challenge[CHALLENGE]) {
    static const char label[] = "Sotto challenge v1";
    uint8_t number[8];
    put_u64(number, session);
    slice parts[] = {slice_of(label, sizeof label), SLICE_ARRAY(number)};
    return crypto_blake2b_keyed(challenge, CHALLENGE, SLICE_ARRAY(w->key), parts, 2);
}

bool mail_work_is_challenge(struct mail *m, const struct mail_call *call,
                            const uint8_t challenge[16]) {
    uint8_t ours[CHALLENGE];
    return challenge_of(work_now(m), call->session_id, ours) == OK &&
           equal_secret(ours, challenge, sizeof ours);
}

/* False if it was taken before. The set is at most half full. */
static bool add_used(struct mail_work *w, const uint8_t hash[HASH]) {
    uint64_t tag;
    memcpy(&tag, hash + HASH - sizeof tag, sizeof tag); /* the end is not zeros */
    tag |= 1;
    size_t i = (size_t)(tag >> 1) % MAIL_WORK_USED;
    for (; w->used[i] != 0; i = (i + 1) % MAIL_WORK_USED)
        if (w->used[i] == tag)
            return false;
    w->used[i] = tag;
    w->used_count++;
    return true;
}

err mail_work_take(struct mail *m, const struct mail_call *call, uint16_t type,
                   enum mail_work_price price, const uint8_t place[32], uint64_t nonce,
                   bool *good) {
    struct mail_work *w = work_now(m);
    uint8_t challenge[CHALLENGE], hash[HASH];
    *good = false;
    TRY(challenge_of(w, call->session_id, challenge));
    TRY(crypto_work_hash(PROTO_LABEL_WORK, challenge, type, place, nonce, hash));
    if (crypto_work_bits(hash) < price_of(m, w, call->session_id, price) || !add_used(w, hash))
        return OK;
    session_count(w, call->session_id)->count++;
    w->recent++;
    *good = true;
    return OK;
}

static err handle_get(struct mail *m, struct mail_call *call) {
    struct mail_work *work = work_now(m);
    struct proto_work out = {
        .find_bits = (uint8_t)price_of(m, work, call->session_id, MAIL_WORK_FIND),
        .claim_bits = (uint8_t)price_of(m, work, call->session_id, MAIL_WORK_CLAIM),
    };
    TRY(challenge_of(work, call->session_id, out.challenge));
    writer w = mail_reply_open(m);
    proto_work_write(&w, &out);
    return mail_reply_close(m, call, PROTO_work, &w);
}
