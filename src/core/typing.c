/* Who is writing just now. It is told now or never (docs/decisions/0088): as a part `passing`,
 * under a key that the epoch exports and with the leaf's signature inside, so that it uses up no
 * key of a ratchet and any of them may be lost. Nothing of it is kept, here or anywhere.
 *
 * Who doesn't tell isn't told. It is off where nobody chose it, and never said in requests, among
 * own devices, or where the roster is stored. */
#include "core/internal.h"

#define EVERY (4 * TIME_SECOND)        /* said so often while somebody writes */
#define SHOWN (6 * TIME_SECOND)        /* and shown for so long */
#define LEAST (2 * TIME_SECOND)        /* what comes sooner after another is ignored */
#define CLOCKS_APART (2 * TIME_MINUTE) /* at most, so that nobody can say it again later */

static const char key_label[] = "sotto passing", row_name[] = "typing";

/* ---- The setting ---- */

err core_typing_load(struct core *core) {
    buf value = buf_on(core->mem);
    core->typing = (struct record_typing){0};
    err e = core_get(core, TABLE_STATE, slice_str(row_name), 0, &value);
    if (e == OK)
        e = record_typing_read(buf_slice(&value), &core->typing);
    buf_free(&value);
    return e == ERR_NOT_FOUND ? OK : e;
}

static err save(struct core *core) {
    return record_typing_put(core, TABLE_STATE, slice_str(row_name), 0, &core->typing);
}

static void notice(struct core *core, uint32_t conversation) {
    struct core_notice n = {.kind = CORE_NOTICE_WRITING, .conversation = conversation};
    core_action_notice(core, &n);
}

static void end(struct core *core, struct writing *w) {
    w->until = 0;
    notice(core, w->conversation);
}

static err change(struct core *core, bool on) {
    core->typing.on = on;
    for (size_t i = 0; i < WRITERS_MAX; i++)
        if (!on && core->writers[i].until != 0)
            end(core, &core->writers[i]);
    return save(core);
}

static err set(struct core *core, bool on) {
    core_sync_stamp(core, &core->typing.changed, core->typing.by);
    TRY(change(core, on));
    return core_sync_tell_typing(core, &core->typing);
}

err core_typing_set(struct core *core, bool on, uint64_t now) {
    TRY(core_enter(core, now));
    if (!core->account.exists)
        return ERR_STATE;
    TRY(core_txn_begin(core));
    TRY(core_txn_end(core, set(core, on)));
    core_pump(core);
    return OK;
}

bool core_typing_get(const struct core *core) {
    return core->typing.on;
}

size_t core_typing_count(const struct core *core) {
    return core->typing.changed != 0;
}

err core_typing_export(struct core *core, size_t i, buf *item) {
    (void)i;
    return record_typing_write(item, &core->typing);
}

err core_typing_import(struct core *core, const struct record_typing *told) {
    struct record_typing r = *told;
    if (!core_sync_later(core, &r.changed, r.by, core->typing.changed, core->typing.by))
        return OK;
    core->typing.changed = r.changed;
    memcpy(core->typing.by, r.by, sizeof core->typing.by);
    return change(core, r.on);
}

err core_typing_bound(struct core *core) {
    return core_sync_bound(core, &core->typing.changed) ? save(core) : OK;
}

/* ---- Both ways ---- */

/* What the seal is bound to, and what is signed, which begins with it. */
enum { BOUND = 32 + 8 };

static err write_bound(buf *out, const struct proto_passing *p) {
    writer w = writer_on(out);
    writer_bytes(&w, SLICE_ARRAY(p->group));
    writer_u64(&w, p->epoch);
    return writer_result(&w);
}

static err write_signed(buf *out, const struct proto_passing *p, const struct proto_typing *said) {
    TRY(write_bound(out, p));
    writer w = writer_on(out);
    writer_u32(&w, said->leaf);
    writer_u64(&w, said->time);
    return writer_result(&w);
}

static err key_of(const struct conversation *c, uint8_t key[32]) {
    return mls_group_export(c->group, slice_str(key_label), SLICE_EMPTY, key, 32);
}

static bool fits(const struct core *core, const struct conversation *c) {
    return core->typing.on && core->caught_up && c->r.state == CORE_CONVERSATION_ACTIVE &&
           c->r.number != core->account.r.own && !core_roster_is_stored(core, c->r.members);
}

/* ---- Saying ---- */

static err seal(const struct core *core, const struct conversation *c, struct proto_passing *p,
                buf *sealed) {
    struct proto_typing said = {.leaf = mls_group_own_leaf(c->group), .time = core->now};
    uint8_t key[32];
    buf bytes = buf_on(core->mem), plain = buf_on(core->mem);
    TRY(key_of(c, key));
    crypto_random(p->nonce, sizeof p->nonce);
    err e = write_signed(&bytes, p, &said);
    if (e == OK)
        e = crypto_sign_labeled(said.signature, core->account.r.device_seed, PROTO_LABEL_TYPING,
                                buf_slice(&bytes));
    if (e == OK)
        e = proto_typing_encode(&plain, &said);
    if (e == OK)
        e = buf_resize(sealed, plain.n + crypto_xchacha20poly1305.tag);
    if (e == OK)
        e = crypto_xchacha20poly1305.seal(sealed->p, key, p->nonce, slice_of(bytes.p, BOUND),
                                          buf_slice(&plain));
    wipe(key, sizeof key);
    buf_free(&bytes);
    buf_free(&plain);
    return e;
}

static err write_request(struct core *core, struct conversation *c, buf *request) {
    struct proto_send_now m = {0};
    struct proto_passing p = {.epoch = c->r.epoch};
    buf addresses = buf_on(core->mem), sealed = buf_on(core->mem), content = buf_on(core->mem),
        item = buf_on(core->mem);
    memcpy(p.group, c->r.group, sizeof p.group);
    err e = core_conversation_load(core, c);
    if (e == OK)
        e = core_leaf_roster(c->group, &addresses, &m.addresses.count);
    if (e == OK)
        e = seal(core, c, &p, &sealed);
    p.sealed = buf_slice(&sealed);
    if (e == OK)
        e = proto_passing_encode(&content, &p);
    if (e == OK)
        e = proto_item_write(&item, PROTO_ITEM_PASSING, buf_slice(&content));
    m.addresses.bytes = buf_slice(&addresses);
    m.item = buf_slice(&item);
    if (e == OK)
        e = proto_send_now_encode(request, &m);
    buf_free(&addresses);
    buf_free(&sealed);
    buf_free(&content);
    buf_free(&item);
    return e;
}

/* A server of before knows no such request, and ends the session. */
static void answered(struct core *core, const struct request *request, err e, uint16_t reason,
                     uint16_t type, slice body) {
    (void)request, (void)body;
    core->typing_unknown = core->typing_unknown || reason == PROTO_REASON_MALFORMED;
    if (e == OK && type != PROTO_ok)
        core_session_bad_answer(core, ANON);
}

static void say(struct core *core, struct conversation *c) {
    buf request = buf_on(core->mem);
    if (write_request(core, c, &request) == OK) /* else it is lost, as it may be */
        (void)!core_session_lane_request(core, core_session_lane(core, c->r.number), PROTO_send_now,
                                         buf_slice(&request), answered, 0);
    buf_free(&request);
}

err core_typing(struct core *core, uint32_t conversation, uint64_t now) {
    TRY(core_enter(core, now));
    const struct conversation *c = core_conversation_lookup(core, conversation);
    if (c == NULL)
        return ERR_NOT_FOUND;
    bool again = core->typing_in == conversation && core->now < core->typing_at + EVERY;
    if (again || !fits(core, c) || c->r.members < 2 || core->typing_unknown)
        return OK;
    core->typing_in = conversation;
    core->typing_at = core->now;
    core->typing_waits = true;
    core_pump(core);
    return OK;
}

void core_typing_over(struct core *core, const struct conversation *c) {
    core->typing_waits = core->typing_waits && core->typing_in != c->r.number;
}

/* It waits for its session, until the next would be due. */
static void say_pump(struct core *core) {
    struct conversation *c = core_conversation_lookup(core, core->typing_in);
    if (!core->typing_waits)
        return;
    core->typing_waits = c != NULL && fits(core, c) && core->now < core->typing_at + EVERY;
    if (!core->typing_waits ||
        !core_session_lane_room(core, core_session_lane(core, core->typing_in)))
        return;
    core->typing_waits = false;
    say(core, c);
}

/* ---- Hearing ---- */

/* Its place, or the one that was used longest ago. */
static struct writing *place(struct core *core, uint32_t conversation, uint32_t leaf) {
    struct writing *oldest = &core->writers[0];
    for (size_t i = 0; i < WRITERS_MAX; i++) {
        struct writing *w = &core->writers[i];
        if (w->conversation == conversation && w->leaf == leaf)
            return w;
        if (w->heard < oldest->heard)
            oldest = w;
    }
    return oldest;
}

static bool is_new(const struct core *core, const struct writing *w, uint32_t conversation,
                   const struct proto_typing *said) {
    bool known = w->conversation == conversation && w->leaf == said->leaf;
    return said->time + CLOCKS_APART >= core->now && said->time <= core->now + CLOCKS_APART &&
           (!known || (said->time > w->said && core->now >= w->heard + LEAST));
}

static err open_with(const uint8_t key[32], const struct proto_passing *p, buf *bound, buf *plain) {
    if (p->sealed.n < crypto_xchacha20poly1305.tag)
        return ERR_CRYPTO;
    TRY(write_bound(bound, p));
    TRY(buf_resize(plain, p->sealed.n - crypto_xchacha20poly1305.tag));
    return crypto_xchacha20poly1305.open(plain->p, key, p->nonce, buf_slice(bound), p->sealed);
}

static err open_sealed(const struct conversation *c, const struct proto_passing *p,
                       struct proto_typing *said) {
    uint8_t key[32];
    buf bound = {0}, plain = {0};
    err e = key_of(c, key);
    if (e == OK)
        e = open_with(key, p, &bound, &plain);
    if (e == OK)
        e = proto_typing_decode(buf_slice(&plain), said);
    wipe(key, sizeof key);
    buf_free(&bound);
    buf_free(&plain);
    return e;
}

/* From whom it is, if it is somebody whom we listen to. */
static err verify(struct core *core, const struct conversation *c, const struct proto_passing *p,
                  const struct proto_typing *said, uint8_t account[16]) {
    struct mls_member member;
    buf bytes = buf_on(core->mem);
    bool unheard;
    TRY(mls_group_member(c->group, said->leaf, &member));
    if (member.identity.n != LEAF_IDENTITY || member.signature_pub.n != 32)
        return ERR_MLS_CREDENTIAL;
    memcpy(account, member.identity.p, 16);
    TRY(core_devices_unheard(core, member.identity.p, &unheard));
    if (unheard || memcmp(account, core->account.r.account, 16) == 0)
        return ERR_DENIED;
    err e = write_signed(&bytes, p, said);
    if (e == OK)
        e = crypto_verify_labeled(said->signature, member.signature_pub.p, PROTO_LABEL_TYPING,
                                  buf_slice(&bytes));
    buf_free(&bytes);
    return e;
}

static err take(struct core *core, struct conversation *c, const struct proto_passing *p) {
    struct proto_typing said;
    uint8_t account[16];
    TRY(core_conversation_load(core, c));
    TRY(open_sealed(c, p, &said));
    struct writing *w = place(core, c->r.number, said.leaf);
    if (!is_new(core, w, c->r.number, &said))
        return ERR_REPEAT;
    TRY(verify(core, c, p, &said, account));
    bool shown = w->until != 0 && w->conversation == c->r.number && w->leaf == said.leaf;
    if (w->until != 0 && !shown)
        end(core, w);
    *w = (struct writing){.conversation = c->r.number,
                          .leaf = said.leaf,
                          .said = said.time,
                          .heard = core->now,
                          .until = core->now + SHOWN};
    memcpy(w->account, account, sizeof w->account);
    if (!shown)
        notice(core, c->r.number);
    return OK;
}

void core_typing_take(struct core *core, slice item) {
    enum proto_item_kind kind;
    struct proto_passing p;
    slice content;
    if (proto_item_read(item, &kind, &content) != OK || kind != PROTO_ITEM_PASSING ||
        proto_passing_decode(content, &p) != OK)
        return;
    struct conversation *c = core_conversation_by_group(core, SLICE_ARRAY(p.group));
    if (c != NULL && fits(core, c) && p.epoch == c->r.epoch)
        (void)!take(core, c, &p); /* whatever is wrong with it, it says nothing */
}

void core_typing_said(struct core *core, const struct conversation *c, const uint8_t sender[16]) {
    for (size_t i = 0; i < WRITERS_MAX; i++) {
        struct writing *w = &core->writers[i];
        if (w->until != 0 && w->conversation == c->r.number && memcmp(w->account, sender, 16) == 0)
            end(core, w);
    }
}

size_t core_writing(const struct core *core, uint32_t conversation,
                    uint8_t (*accounts)[CORE_ACCOUNT], size_t most) {
    size_t n = 0;
    for (size_t i = 0; i < WRITERS_MAX && n < most; i++) {
        const struct writing *w = &core->writers[i];
        bool there = w->until == 0 || w->conversation != conversation;
        for (size_t j = 0; j < n; j++)
            there = there || memcmp(accounts[j], w->account, CORE_ACCOUNT) == 0;
        if (!there)
            memcpy(accounts[n++], w->account, CORE_ACCOUNT);
    }
    return n;
}

/* ---- Time ---- */

void core_typing_pump(struct core *core) {
    for (size_t i = 0; i < WRITERS_MAX; i++)
        if (core->writers[i].until != 0 && core->now >= core->writers[i].until)
            end(core, &core->writers[i]);
    say_pump(core);
}

uint64_t core_typing_wake(const struct core *core) {
    uint64_t at = UINT64_MAX;
    for (size_t i = 0; i < WRITERS_MAX; i++)
        if (core->writers[i].until != 0 && core->writers[i].until < at)
            at = core->writers[i].until;
    return at;
}
