/* What was processed before, by the hash of mark and item: kept as long as an item can live, so
 * that a repeat is dropped silently, and our own items are known when their copies come back. */
#include "core/internal.h"

err core_seen_hash(uint8_t hash[32], slice mark, slice item) {
    uint8_t n = (uint8_t)mark.n;
    slice parts[] = {slice_of(&n, 1), mark, item};
    return crypto_blake2b_keyed(hash, 32, SLICE_EMPTY, parts, 3);
}

err core_seen_put(struct core *core, const uint8_t hash[32], const struct record_seen *seen) {
    return record_seen_put(core, TABLE_SEEN, slice_of(hash, 32), 0, seen);
}

err core_seen_add(struct core *core, const uint8_t hash[32], const struct record_seen *seen) {
    struct record_seen_log log = {.time = core->now};
    memcpy(log.hash, hash, sizeof log.hash);
    TRY(record_seen_log_put(core, TABLE_SEEN, slice_str("log"), core_number(core), &log));
    return core_seen_put(core, hash, seen);
}

err core_seen_find(struct core *core, const uint8_t hash[32], struct record_seen *seen) {
    buf value = buf_on(core->mem);
    err e = core_get(core, TABLE_SEEN, slice_of(hash, 32), 0, &value);
    if (e == OK)
        e = record_seen_read(buf_slice(&value), seen);
    buf_free(&value);
    return e;
}

/* An item of ours, about to leave: its copy will come back. */
err core_seen_expect(struct core *core, slice mark, slice item, uint64_t entry) {
    uint8_t hash[32];
    struct record_seen seen = {.what = entry == 0 ? SEEN_OWN : SEEN_OWN_COMMIT, .entry = entry};
    TRY(core_seen_hash(hash, mark, item));
    return core_seen_add(core, hash, &seen);
}

struct purging {
    struct core *core;
    err e;
};

static bool purge_seen(void *ctx, struct store_key key, slice value) {
    struct purging *p = ctx;
    struct record_seen_log log;
    p->e = record_seen_log_read(value, &log);
    if (p->e != OK || log.time + SEEN_TIME >= p->core->now)
        return false;
    p->e = core_delete(p->core, TABLE_SEEN, SLICE_ARRAY(log.hash), 0);
    if (p->e == OK)
        p->e = core_delete(p->core, TABLE_SEEN, slice_str("log"), key.number);
    return p->e == OK;
}

err core_seen_purge(struct core *core) {
    struct purging p = {core, OK};
    TRY(store_scan(core->store, core_key(TABLE_SEEN, slice_str("log"), 0), UINT64_MAX, purge_seen,
                   &p));
    return p.e;
}
