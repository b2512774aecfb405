/* Tiles and entry bundles of C2SP tlog-tiles: their paths, where they are read, and the log that
 * writes them as it grows.
 *
 * A tile of level L holds up to 256 consecutive hashes, each MTH of 256^L leaves; a bundle of
 * entries holds the same leaves as a tile of level 0, each as its length (two bytes) and itself. */
#ifndef SOTTO_MERKLE_TILE_H
#define SOTTO_MERKLE_TILE_H

#include "base/codec.h"
#include "merkle/tree.h"

enum {
    MERKLE_TILE_HEIGHT = 8,
    MERKLE_TILE_WIDTH = 256,
    MERKLE_TILE_BYTES = MERKLE_TILE_WIDTH * MERKLE_HASH,
    MERKLE_TILE_LEVELS = 8,    /* of a tree of MERKLE_SIZE_MAX */
    MERKLE_TILE_PATH_MAX = 56, /* with the NUL */
    MERKLE_ENTRY_MAX = 65535
};

struct merkle_tile {
    bool entries;   /* a bundle; its level is 0 */
    uint8_t level;  /* 0 to 63 */
    uint16_t width; /* 1 to 256; a partial one has less */
    uint64_t index; /* in its level */
};

/* "tile/0/x001/x234/067.p/8", "tile/entries/000". MALFORMED for anything that merkle_tile_path does
 * not write. */
MUST err merkle_tile_parse(struct merkle_tile *tile, slice path);
void merkle_tile_path(const struct merkle_tile *tile, char path[MERKLE_TILE_PATH_MAX]);

/* The next entry of a bundle. TRUNCATED. */
MUST err merkle_entry_read(reader *bundle, slice *entry);

/* Where tiles lie: a folder, a table, a web site. */
struct merkle_tiles {
    /* Replaces out by a tile's bytes; NOT_FOUND. */
    err (*read)(void *ctx, const struct merkle_tile *tile, buf *out);
    /* Must replace what is there. NULL where nothing is written. */
    err (*write)(void *ctx, const struct merkle_tile *tile, slice bytes);
    void *ctx;
};

/* Replaces out by the tile's bytes. Of a partial tile that is no longer there, the beginning of the
 * full one. DAMAGED if it has another size than it should; a bundle is not looked into. */
MUST err merkle_tile_read(const struct merkle_tiles *tiles, const struct merkle_tile *tile,
                          buf *out);

/* ---- Hashes of a log of a given size, from its tiles, for proofs ----
 * They are what the tiles say: only a proof that verifies says that they are right. */
struct merkle_tile_reader {
    const struct merkle_tiles *tiles;
    uint64_t size;
    struct merkle_tile held;
    buf bytes;
};

/* size at most MERKLE_SIZE_MAX. */
void merkle_tile_reader_init(struct merkle_tile_reader *r, const struct merkle_tiles *tiles,
                             uint64_t size);
void merkle_tile_reader_fini(struct merkle_tile_reader *r);
/* Reads through r, which stays where it is. */
struct merkle_source merkle_tile_source(struct merkle_tile_reader *r);

/* ---- A log that is written: large, for the heap ---- */
struct merkle_log {
    const struct merkle_tiles *tiles;
    uint64_t size, flushed;
    uint8_t open[MERKLE_TILE_LEVELS][MERKLE_TILE_BYTES]; /* the last tile of each level */
    buf entries;                                         /* and the last bundle */
};

/* Goes on with a log of that size and root (of an empty one: size 0, root NULL), from its last
 * tiles. DAMAGED if they give another root or other entries; NOT_FOUND, LIMIT. */
MUST err merkle_log_open(struct merkle_log *log, const struct merkle_tiles *tiles, uint64_t size,
                         const struct merkle_hash *root);
/* Writes the tiles that become full. After a failure the log is as it was before. TOO_LARGE for an
 * entry of more than MERKLE_ENTRY_MAX bytes, LIMIT. */
MUST err merkle_log_append(struct merkle_log *log, slice entry);
/* Writes the partial tiles that changed. Only then may a checkpoint name this size. */
MUST err merkle_log_flush(struct merkle_log *log);
void merkle_log_root(const struct merkle_log *log, struct merkle_hash *root);
void merkle_log_fini(struct merkle_log *log);

#endif
