/* What was processed before, by the hash of mark and item: kept as long as an item can live, so
 * that a repeat is dropped silently, and our own items are known when their copies come back. */
#include "core/internal.h"

/* Anybody can pad an item anew: what counts is what it holds. */
err core_seen_hash(uint8_t hash[32], slice mark, slice item) {
    enum proto_item_kind kind;
    slice content;
    uint8_t head[] = {(uint8_t)mark.n, 0};
    if (proto_item_read(item, &kind, &content) == OK)
        head[1] = (uint8_t)kind;
    else
        content = item;
    slice parts[] = {SLICE_ARRAY(head), mark, content};
    return crypto_blake2b_keyed(hash, 32, SLICE_EMPTY, parts, 3);
}

err core_seen_put(struct core *core, const uint8_t hash[32], const struct record_seen *seen) {
    return record_seen_put(core, TABLE_SEEN, slice_of(hash, 32), 0, seen);
}

/* The log says when to forget it. */
static err add(struct core *core, const char *log_name, const uint8_t hash[32],
               const struct record_seen *seen) {
    struct record_seen_log log = {.time = core->now};
    memcpy(log.hash, hash, sizeof log.hash);
    TRY(record_seen_log_put(core, TABLE_SEEN, slice_str(log_name), core_number(core), &log));
    return core_seen_put(core, hash, seen);
}

err core_seen_add(struct core *core, const uint8_t hash[32], const struct record_seen *seen) {
    return add(core, "log", hash, seen);
}

err core_seen_find(struct core *core, const uint8_t hash[32], struct record_seen *seen) {
    buf value = buf_on(core->mem);
    err e = core_get(core, TABLE_SEEN, slice_of(hash, 32), 0, &value);
    if (e == OK)
        e = record_seen_read(buf_slice(&value), seen);
    buf_free(&value);
    return e;
}

err core_seen_expect(struct core *core, slice mark, slice item, const struct record_seen *seen) {
    uint8_t hash[32];
    TRY(core_seen_hash(hash, mark, item));
    return core_seen_add(core, hash, seen);
}

/* By the epoch that it leads to: only the same Welcome leads to the same one. */
err core_seen_welcome(struct core *core, const struct mls_group *group) {
    struct record_seen seen, fresh = {.what = SEEN_PROCESSED};
    uint8_t token[32], hash[32];
    TRY(core_leaf_token(group, token));
    slice parts[] = {slice_str("welcome"), SLICE_ARRAY(token)};
    err e = crypto_blake2b_keyed(hash, 32, SLICE_EMPTY, parts, 2);
    wipe(token, sizeof token);
    TRY(e);
    e = core_seen_find(core, hash, &seen);
    if (e == ERR_NOT_FOUND)
        return add(core, "welcome", hash, &fresh);
    return e == OK ? ERR_REPEAT : e;
}

err core_seen_blob(struct core *core, const uint8_t id[32]) {
    struct record_seen seen, fresh = {.what = SEEN_PROCESSED};
    uint8_t hash[32];
    slice parts[] = {slice_str("blob"), slice_of(id, 32)};
    TRY(crypto_blake2b_keyed(hash, 32, SLICE_EMPTY, parts, 2));
    err e = core_seen_find(core, hash, &seen);
    if (e == ERR_NOT_FOUND)
        return core_seen_add(core, hash, &fresh);
    return e == OK ? ERR_REPEAT : e;
}

static err decline_hash(const uint8_t group[32], uint8_t hash[32]) {
    slice parts[] = {slice_str("declined"), slice_of(group, 32)};
    return crypto_blake2b_keyed(hash, 32, SLICE_EMPTY, parts, 2);
}

err core_seen_decline(struct core *core, const uint8_t group[32]) {
    struct record_seen seen, fresh = {.what = SEEN_PROCESSED};
    uint8_t hash[32];
    TRY(decline_hash(group, hash));
    err e = core_seen_find(core, hash, &seen);
    return e == ERR_NOT_FOUND ? core_seen_add(core, hash, &fresh) : e;
}

err core_seen_take_declined(struct core *core, const uint8_t group[32], bool *declined) {
    struct record_seen seen;
    uint8_t hash[32];
    TRY(decline_hash(group, hash));
    err e = core_seen_find(core, hash, &seen);
    *declined = e == OK;
    if (e == OK)
        return core_delete(core, TABLE_SEEN, SLICE_ARRAY(hash), 0);
    return e == ERR_NOT_FOUND ? OK : e;
}

struct purging {
    struct core *core;
    const char *log_name;
    uint64_t life;
    err e;
};

static bool purge_seen(void *ctx, struct store_key key, slice value) {
    struct purging *p = ctx;
    struct record_seen_log log;
    p->e = record_seen_log_read(value, &log);
    if (p->e != OK || log.time + p->life >= p->core->now)
        return false;
    p->e = core_delete(p->core, TABLE_SEEN, SLICE_ARRAY(log.hash), 0);
    if (p->e == OK)
        p->e = core_delete(p->core, TABLE_SEEN, slice_str(p->log_name), key.number);
    return p->e == OK;
}

static err purge(struct core *core, const char *log_name, uint64_t life) {
    struct purging p = {core, log_name, life, OK};
    TRY(store_scan(core->store, core_key(TABLE_SEEN, slice_str(log_name), 0), UINT64_MAX,
                   purge_seen, &p));
    return p.e;
}

err core_seen_purge(struct core *core) {
    TRY(purge(core, "log", SEEN_TIME));
    return purge(core, "welcome", KEY_PACKAGE_TIME + SEEN_TIME);
}
