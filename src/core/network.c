/* How the server is reached: through which proxy, and whether conversations share a link. */
#include "core/internal.h"

bool core_network_isolates(const struct core *core) {
    const struct record_network *n = &core->network.r;
    return n->isolate == CORE_ISOLATE_ON || (n->isolate == CORE_ISOLATE_UNSET && n->proxy.n > 0);
}

void core_network_get(const struct core *core, struct core_network *network) {
    network->proxy = core->network.r.proxy;
    network->isolate = (enum core_isolate)core->network.r.isolate;
    network->isolates = core_network_isolates(core);
}

err core_network_load(struct core *core) {
    buf_clear(&core->network.bytes);
    memset(&core->network.r, 0, sizeof core->network.r);
    err e = core_get(core, TABLE_STATE, slice_str("network"), 0, &core->network.bytes);
    if (e == OK)
        e = record_network_read(buf_slice(&core->network.bytes), &core->network.r);
    return e == ERR_NOT_FOUND ? OK : e;
}

static err save(struct core *core) {
    TRY(record_network_settle(&core->network.bytes, &core->network.r));
    return core_put(core, TABLE_STATE, slice_str("network"), 0, buf_slice(&core->network.bytes));
}

/* In a transaction that has begun. What stands goes another way, and is of no use any more. */
static err change(struct core *core) {
    TRY(core_txn_end(core, save(core)));
    core_session_close_all(core, OK);
    for (size_t i = 0; i < SESSIONS_MAX; i++)
        core->sessions[i].at = core->now;
    core_pump(core);
    return OK;
}

err core_proxy_set(struct core *core, slice proxy, uint64_t now) {
    TRY(core_enter(core, now));
    if (proxy.n > CORE_PROXY_MAX)
        return ERR_TOO_LARGE;
    if (slice_equal(proxy, core->network.r.proxy))
        return OK;
    TRY(core_txn_begin(core));
    core->network.r.proxy = proxy;
    return change(core);
}

err core_isolate_set(struct core *core, enum core_isolate isolate, uint64_t now) {
    TRY(core_enter(core, now));
    if (isolate > CORE_ISOLATE_OFF)
        return ERR_MALFORMED;
    if (isolate == core->network.r.isolate)
        return OK;
    TRY(core_txn_begin(core));
    core->network.r.isolate = (uint8_t)isolate;
    return change(core);
}
