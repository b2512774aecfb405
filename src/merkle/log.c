/* A log that grows: its tiles and bundles, written as they change. */
#include "merkle/internal.h"

static uint16_t width_at(uint64_t size, unsigned level) {
    return (uint16_t)(size >> (MERKLE_TILE_HEIGHT * level) & (MERKLE_TILE_WIDTH - 1));
}

/* The last tile of a level, partial, in a log of that size. */
static struct merkle_tile tile_at(uint64_t size, unsigned level) {
    uint64_t hashes = size >> (MERKLE_TILE_HEIGHT * level);
    return (struct merkle_tile){.level = (uint8_t)level,
                                .width = width_at(size, level),
                                .index = hashes / MERKLE_TILE_WIDTH};
}

/* ---- Going on ---- */

static err read_entries(struct merkle_log *log) {
    struct merkle_tile bundle = tile_at(log->size, 0);
    bundle.entries = true;
    TRY(merkle_tile_read(log->tiles, &bundle, &log->entries));
    reader r = reader_of(buf_slice(&log->entries));
    for (size_t i = 0; i < bundle.width; i++) {
        slice entry;
        struct merkle_hash leaf;
        if (merkle_entry_read(&r, &entry) != OK)
            return ERR_DAMAGED;
        merkle_leaf_hash(&leaf, entry);
        if (memcmp(leaf.bytes, log->open[0] + i * MERKLE_HASH, MERKLE_HASH) != 0)
            return ERR_DAMAGED;
    }
    return reader_end(&r) == OK ? OK : ERR_DAMAGED;
}

static err read_open(struct merkle_log *log) {
    buf bytes = {0};
    err e = OK;
    for (unsigned level = 0; level < MERKLE_TILE_LEVELS && e == OK; level++) {
        struct merkle_tile tile = tile_at(log->size, level);
        if (tile.width == 0)
            continue;
        e = merkle_tile_read(log->tiles, &tile, &bytes);
        if (e == OK)
            memcpy(log->open[level], bytes.p, bytes.n);
    }
    buf_free(&bytes);
    if (e == OK && width_at(log->size, 0) > 0)
        e = read_entries(log);
    return e;
}

err merkle_log_open(struct merkle_log *log, const struct merkle_tiles *tiles, uint64_t size,
                    const struct merkle_hash *root) {
    memset(log, 0, sizeof *log);
    if (size > MERKLE_SIZE_MAX)
        return ERR_LIMIT;
    log->tiles = tiles;
    log->size = log->flushed = size;
    if (size == 0)
        return OK;
    struct merkle_hash found;
    err e = read_open(log);
    if (e == OK) {
        merkle_log_root(log, &found);
        e = merkle_hash_equal(&found, root) ? OK : ERR_DAMAGED;
    }
    if (e != OK)
        merkle_log_fini(log);
    return e;
}

void merkle_log_fini(struct merkle_log *log) {
    buf_free(&log->entries);
}

static void frontier_of(const struct merkle_log *log, struct merkle_frontier *frontier) {
    struct merkle_hash *peak = frontier->peaks;
    frontier->size = log->size;
    for (unsigned level = MERKLE_TILE_LEVELS; level-- > 0;) {
        const uint8_t *at = log->open[level];
        uint16_t width = width_at(log->size, level);
        for (unsigned height = MERKLE_TILE_HEIGHT; height-- > 0;)
            if ((width >> height & 1) != 0) {
                merkle_subtree_hash(peak++, at, height);
                at += (size_t)MERKLE_HASH << height;
            }
    }
}

void merkle_log_root(const struct merkle_log *log, struct merkle_hash *root) {
    struct merkle_frontier frontier;
    frontier_of(log, &frontier);
    merkle_frontier_root(&frontier, root);
}

/* ---- Growing ---- */

static err write_tile(const struct merkle_log *log, struct merkle_tile tile) {
    slice bytes = slice_of(log->open[tile.level], (size_t)tile.width * MERKLE_HASH);
    return log->tiles->write(log->tiles->ctx, &tile, bytes);
}

static err write_bundle(const struct merkle_log *log, struct merkle_tile bundle) {
    bundle.entries = true;
    return log->tiles->write(log->tiles->ctx, &bundle, buf_slice(&log->entries));
}

/* Puts the leaf's hash into the open tiles, and writes those that it fills. Nothing of it counts
 * until the size does. */
static err add_hash(struct merkle_log *log, struct merkle_hash hash) {
    for (unsigned level = 0; level < MERKLE_TILE_LEVELS; level++) {
        struct merkle_tile tile = tile_at(log->size, level);
        memcpy(log->open[level] + (size_t)tile.width * MERKLE_HASH, hash.bytes, MERKLE_HASH);
        if (++tile.width < MERKLE_TILE_WIDTH)
            return OK;
        TRY(write_tile(log, tile));
        if (level == 0)
            TRY(write_bundle(log, tile));
        merkle_subtree_hash(&hash, log->open[level], MERKLE_TILE_HEIGHT);
    }
    return OK;
}

err merkle_log_append(struct merkle_log *log, slice entry) {
    if (entry.n > MERKLE_ENTRY_MAX)
        return ERR_TOO_LARGE;
    if (log->size >= MERKLE_SIZE_MAX)
        return ERR_LIMIT;
    size_t before = log->entries.n;
    writer w = writer_on(&log->entries);
    writer_u16(&w, (uint16_t)entry.n);
    writer_bytes(&w, entry);
    err e = writer_result(&w);
    struct merkle_hash leaf;
    merkle_leaf_hash(&leaf, entry);
    if (e == OK)
        e = add_hash(log, leaf);
    if (e != OK)
        return buf_resize(&log->entries, before) == OK ? e : ERR_BUG;
    log->size++;
    if (width_at(log->size, 0) == 0)
        buf_clear(&log->entries);
    return OK;
}

err merkle_log_flush(struct merkle_log *log) {
    for (unsigned level = 0; level < MERKLE_TILE_LEVELS; level++) {
        unsigned shift = MERKLE_TILE_HEIGHT * level;
        struct merkle_tile tile = tile_at(log->size, level);
        if (tile.width == 0 || log->size >> shift == log->flushed >> shift)
            continue;
        TRY(write_tile(log, tile));
        if (level == 0)
            TRY(write_bundle(log, tile));
    }
    log->flushed = log->size;
    return OK;
}
