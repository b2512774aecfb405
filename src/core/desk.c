/* The request desk of the server: which key its notices are believed by. The server is asked in
 * each session; the first key that it names is pinned, and another one waits for the user's word.
 */
#include "core/internal.h"

static const slice row_name = {(const uint8_t *)"desk", 4};

err core_desk_load(struct core *core) {
    struct desk *d = &core->desk;
    buf_clear(&d->bytes);
    memset(&d->r, 0, sizeof d->r);
    err e = core_get(core, TABLE_STATE, row_name, 0, &d->bytes);
    if (e == OK)
        e = record_desk_read(buf_slice(&d->bytes), &d->r);
    return e == ERR_NOT_FOUND ? OK : e;
}

err core_desk_save(struct core *core) {
    TRY(record_desk_settle(&core->desk.bytes, &core->desk.r));
    return core_put(core, TABLE_STATE, row_name, 0, buf_slice(&core->desk.bytes));
}

/* ---- What the server says ---- */

static bool is_known(const struct record_desk *r, const struct proto_desk *told) {
    bool named = r->changed ? memcmp(r->offered, told->notice_key, 32) == 0
                            : memcmp(r->key, told->notice_key, 32) == 0;
    return r->pinned && named && r->version == told->version &&
           memcmp(r->hash, told->hash, 32) == 0 && slice_equal(r->name, told->name) &&
           slice_equal(r->origin, told->origin);
}

/* Another key than the pinned one, for the first time: the user is told. */
static void warn(struct core *core) {
    struct core_notice notice = {.kind = CORE_NOTICE_DESK, .error = ERR_IDENTITY};
    core_action_notice(core, &notice);
}

static err learn(struct core *core, const struct proto_desk *told) {
    struct record_desk *r = &core->desk.r;
    bool same = !r->pinned || memcmp(r->key, told->notice_key, 32) == 0;
    bool new_key = !same && (!r->changed || memcmp(r->offered, told->notice_key, 32) != 0);
    r->version = told->version;
    memcpy(r->hash, told->hash, 32);
    r->name = told->name;
    r->origin = told->origin;
    if (!r->pinned)
        memcpy(r->key, told->notice_key, 32);
    r->pinned = true;
    r->changed = !same;
    memcpy(r->offered, told->notice_key, 32);
    if (new_key)
        warn(core);
    return core_desk_save(core);
}

/* A server without a desk, or that has none any more, changes nothing. */
static void came(struct core *core, const struct request *request, err e, uint16_t reason,
                 uint16_t type, slice body) {
    struct proto_desk told;
    (void)request, (void)reason;
    core->desk.asked = e == OK || e == ERR_DENIED;
    if (e != OK)
        return;
    if (type != PROTO_desk || proto_desk_decode(body, &told) != OK) {
        core_session_bad_answer(core, AUTH);
        return;
    }
    if (core_txn_begin(core) != OK)
        return;
    e = told.version == 0 || is_known(&core->desk.r, &told) ? OK : learn(core, &told);
    if (e == OK)
        e = core_desk_judge(core);
    (void)!core_txn_end(core, e);
}

void core_desk_ask(struct core *core) {
    core->desk.asked = core_session_request(core, AUTH, PROTO_desk_get, SLICE_EMPTY, came, 0) == OK;
}

void core_desk_pump(struct core *core) {
    if (!core->desk.asked && core_session_room(core, AUTH))
        core_desk_ask(core);
}

/* ---- The user ---- */

err core_desk_get(const struct core *core, struct core_desk *desk) {
    const struct record_desk *r = &core->desk.r;
    if (!r->pinned)
        return ERR_NOT_FOUND;
    *desk = (struct core_desk){.name = r->name,
                               .origin = r->origin,
                               .version = r->version,
                               .changed = r->changed,
                               .refused = r->refused};
    memcpy(desk->hash, r->hash, sizeof desk->hash);
    memcpy(desk->key, r->key, sizeof desk->key);
    memcpy(desk->offered, r->offered, sizeof desk->offered);
    desk->waiting = core_desk_waiting(core);
    return OK;
}

err core_desk_accept(struct core *core, const uint8_t key[32], uint64_t now) {
    TRY(core_enter(core, now));
    struct record_desk *r = &core->desk.r;
    if (!r->pinned || !r->changed || memcmp(r->offered, key, 32) != 0)
        return ERR_NOT_FOUND;
    TRY(core_txn_begin(core));
    memcpy(r->key, r->offered, 32);
    r->changed = false;
    err e = core_desk_save(core);
    if (e == OK)
        e = core_desk_judge(core);
    TRY(core_txn_end(core, e));
    core_pump(core);
    return OK;
}
