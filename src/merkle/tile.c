/* Paths of tiles, and reading them. */
#include "merkle/internal.h"

/* ---- Paths ---- */

/* Indices of three digits that a path may have: 256 leaves each. */
#define INDEX_MAX (MERKLE_SIZE_MAX / MERKLE_TILE_WIDTH)

static bool take_three(slice *path, unsigned *three) {
    *three = 0;
    if (path->n < 3)
        return false;
    for (size_t i = 0; i < 3; i++) {
        if (path->p[i] < '0' || path->p[i] > '9')
            return false;
        *three = 10 * *three + (path->p[i] - '0');
    }
    *path = slice_of(path->p + 3, path->n - 3);
    return true;
}

/* "x001/x234/067": no path begins with a group that says nothing. */
static err take_index(slice *path, uint64_t *index) {
    unsigned three;
    *index = 0;
    for (bool more = true; more;) {
        bool first = *index == 0;
        more = slice_skip(path, slice_str("x"));
        if (!take_three(path, &three) || *index > (INDEX_MAX - three) / 1000)
            return ERR_MALFORMED;
        *index = 1000 * *index + three;
        if (more && ((first && three == 0) || !slice_skip(path, slice_str("/"))))
            return ERR_MALFORMED;
    }
    return OK;
}

err merkle_tile_parse(struct merkle_tile *tile, slice path) {
    uint64_t number;
    *tile = (struct merkle_tile){.width = MERKLE_TILE_WIDTH};
    if (!slice_skip(&path, slice_str("tile/")))
        return ERR_MALFORMED;
    tile->entries = slice_skip(&path, slice_str("entries/"));
    if (!tile->entries) {
        slice level = slice_until(&path, '/');
        TRY(decimal_decode(level, 63, &number));
        tile->level = (uint8_t)number;
    }
    TRY(take_index(&path, &tile->index));
    if (path.n == 0)
        return OK;
    if (!slice_skip(&path, slice_str(".p/")))
        return ERR_MALFORMED;
    TRY(decimal_decode(path, MERKLE_TILE_WIDTH - 1, &number));
    tile->width = (uint16_t)number;
    return number > 0 ? OK : ERR_MALFORMED;
}

static char *put(char *at, const char *text) {
    size_t n = strlen(text);
    memcpy(at, text, n + 1);
    return at + n;
}

static char *put_number(char *at, uint64_t number) {
    char digits[DECIMAL_TEXT];
    decimal_text(number, digits);
    return put(at, digits);
}

static char *put_index(char *at, uint64_t index, bool last) {
    if (index >= 1000)
        at = put_index(at, index / 1000, false);
    unsigned three = (unsigned)(index % 1000);
    if (!last)
        *at++ = 'x';
    *at++ = (char)('0' + three / 100);
    *at++ = (char)('0' + three / 10 % 10);
    *at++ = (char)('0' + three % 10);
    return put(at, last ? "" : "/");
}

void merkle_tile_path(const struct merkle_tile *tile, char path[MERKLE_TILE_PATH_MAX]) {
    char *at = put(path, "tile/");
    at = tile->entries ? put(at, "entries") : put_number(at, tile->level);
    at = put_index(put(at, "/"), tile->index, true);
    if (tile->width < MERKLE_TILE_WIDTH)
        put_number(put(at, ".p/"), tile->width);
}

/* ---- Reading ---- */

err merkle_entry_read(reader *bundle, slice *entry) {
    reader r = *bundle;
    uint16_t n;
    TRY(reader_u16(&r, &n));
    TRY(reader_bytes(&r, n, entry));
    *bundle = r;
    return OK;
}

/* Cuts a full bundle or tile to its first `width` members. */
static err cut(buf *out, const struct merkle_tile *tile) {
    if (!tile->entries)
        return out->n == MERKLE_TILE_BYTES ? buf_resize(out, (size_t)tile->width * MERKLE_HASH)
                                           : ERR_DAMAGED;
    reader r = reader_of(buf_slice(out));
    slice entry;
    for (size_t i = 0; i < tile->width; i++)
        if (merkle_entry_read(&r, &entry) != OK)
            return ERR_DAMAGED;
    return buf_resize(out, out->n - r.n);
}

err merkle_tile_read(const struct merkle_tiles *tiles, const struct merkle_tile *tile, buf *out) {
    err e = tiles->read(tiles->ctx, tile, out);
    if (e == ERR_NOT_FOUND && tile->width < MERKLE_TILE_WIDTH) {
        struct merkle_tile full = *tile;
        full.width = MERKLE_TILE_WIDTH;
        e = tiles->read(tiles->ctx, &full, out);
        if (e == OK)
            e = cut(out, tile);
    }
    TRY(e);
    return tile->entries || out->n == (size_t)tile->width * MERKLE_HASH ? OK : ERR_DAMAGED;
}

void merkle_tile_reader_init(struct merkle_tile_reader *r, const struct merkle_tiles *tiles,
                             uint64_t size) {
    *r = (struct merkle_tile_reader){.tiles = tiles, .size = size};
}

void merkle_tile_reader_fini(struct merkle_tile_reader *r) {
    buf_free(&r->bytes);
}

void merkle_subtree_hash(struct merkle_hash *out, const uint8_t *hashes, unsigned height) {
    struct merkle_hash row[MERKLE_TILE_WIDTH];
    memcpy(row, hashes, (size_t)MERKLE_HASH << height);
    for (size_t n = (size_t)1 << height; n > 1; n /= 2)
        for (size_t i = 0; i < n / 2; i++)
            merkle_node_hash(&row[i], &row[2 * i], &row[2 * i + 1]);
    *out = row[0];
}

static err hold(struct merkle_tile_reader *r, uint8_t level, uint64_t index) {
    uint64_t width = (r->size >> (MERKLE_TILE_HEIGHT * level)) - index * MERKLE_TILE_WIDTH;
    struct merkle_tile tile = {.level = level, .index = index};
    tile.width = (uint16_t)(width < MERKLE_TILE_WIDTH ? width : MERKLE_TILE_WIDTH);
    bool held = r->held.width == tile.width && r->held.level == level && r->held.index == index;
    if (held)
        return OK;
    r->held.width = 0;
    TRY(merkle_tile_read(r->tiles, &tile, &r->bytes));
    r->held = tile;
    return OK;
}

static err hash_from_tiles(void *ctx, unsigned level, uint64_t index, struct merkle_hash *out) {
    struct merkle_tile_reader *r = ctx;
    if (level >= MERKLE_HEIGHT_MAX || index >= r->size >> level)
        return ERR_NOT_FOUND;
    unsigned height = level % MERKLE_TILE_HEIGHT;
    uint64_t first = index << height;
    TRY(hold(r, (uint8_t)(level / MERKLE_TILE_HEIGHT), first / MERKLE_TILE_WIDTH));
    merkle_subtree_hash(out, r->bytes.p + first % MERKLE_TILE_WIDTH * MERKLE_HASH, height);
    return OK;
}

struct merkle_source merkle_tile_source(struct merkle_tile_reader *r) {
    return (struct merkle_source){hash_from_tiles, r};
}
