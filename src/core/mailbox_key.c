/* The key that the server seals our items to. A month old, it is followed by another: that is
 * stored here first, then put there. Until everything that may be sealed to the old one is acked,
 * both open items; then the old one is erased. */
#include "core/internal.h"

#define KEY_TIME (30 * TIME_DAY)
#define RETRY_TIME (30 * TIME_SECOND)

void core_mailbox_key_make(const struct core *core, struct record_account *a) {
    crypto_x25519_generate(a->mailbox_key, a->mailbox_priv);
    a->mailbox_made = core->now;
}

/* In one transaction: the change that was made to the account, if it is OK. */
static bool save(struct core *core) {
    return core_txn_end(core, core_account_save(core)) == OK;
}

/* ---- Erasing ---- */

static bool drained(const struct core *core) {
    uint64_t until = core->account.r.old_until;
    return until != 0 && core->counters.position >= until;
}

static void erase_old(struct core *core) {
    struct record_account *a = &core->account.r;
    if (core_txn_begin(core) != OK)
        return;
    wipe(a->old_mailbox_priv, sizeof a->old_mailbox_priv);
    a->old_until = 0;
    wipe(&core->chain, sizeof core->chain);
    (void)!save(core);
}

/* ---- Renewing ---- */

/* By a clock that went wrong, it may be of a time to come. */
static bool is_old(const struct core *core) {
    const struct record_account *a = &core->account.r;
    return a->mailbox_made > core->now || a->mailbox_made + KEY_TIME <= core->now;
}

static void renew(struct core *core) {
    struct record_account *a = &core->account.r;
    if (core_txn_begin(core) != OK)
        return;
    memcpy(a->old_mailbox_priv, a->mailbox_priv, sizeof a->old_mailbox_priv);
    a->old_until = UINT64_MAX; /* until the server says it */
    core_mailbox_key_make(core, a);
    if (save(core))
        core->key_told = false;
}

/* ---- Telling the server ---- Once in each session: it may be an older copy of itself, with an
 * older key, which says nothing of that. */

static void set_until(struct core *core, uint64_t up_to) {
    struct record_account *a = &core->account.r;
    core->key_told = true;
    if (a->old_until == 0 || a->old_until == up_to || core_txn_begin(core) != OK)
        return;
    a->old_until = up_to;
    (void)!save(core);
}

static void key_set(struct core *core, const struct request *request, err e, uint16_t reason,
                    uint16_t type, slice body) {
    struct proto_mailbox_key_set m;
    (void)request, (void)reason;
    core->key_asked = false;
    if (e != OK)
        core->key_after = core->now + RETRY_TIME;
    else if (type != PROTO_mailbox_key_set || proto_mailbox_key_set_decode(body, &m) != OK)
        core_session_bad_answer(core, AUTH);
    else
        set_until(core, m.up_to);
}

static void put_key(struct core *core) {
    buf body = buf_on(core->mem);
    struct proto_mailbox_key_put m;
    memcpy(m.key, core->account.r.mailbox_key, sizeof m.key);
    err e = proto_mailbox_key_put_encode(&body, &m);
    if (e == OK)
        e = core_session_request(core, AUTH, PROTO_mailbox_key_put, buf_slice(&body), key_set, 0);
    core->key_asked = e == OK;
    if (e != OK)
        core->key_after = core->now + RETRY_TIME;
    buf_free(&body);
}

void core_mailbox_key_pump(struct core *core) {
    if (drained(core))
        erase_old(core);
    if (!core_session_room(core, AUTH) || core->key_asked || core->now < core->key_after)
        return;
    if (core->key_told && core->account.r.old_until == 0 && is_old(core))
        renew(core);
    if (core_session_room(core, AUTH) && !core->key_told)
        put_key(core);
}

uint64_t core_mailbox_key_wake(const struct core *core) {
    if (!core_session_ready(core, AUTH) || core->key_asked)
        return UINT64_MAX;
    if (core->key_after > core->now)
        return core->key_after;
    uint64_t renewal = core->account.r.mailbox_made + KEY_TIME;
    return renewal > core->now ? renewal : UINT64_MAX;
}
