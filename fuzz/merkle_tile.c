/* Paths of tiles, and bundles of entries, over any bytes. */
#include <stdlib.h>

#include "merkle/tile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds) {
    if (!holds)
        abort();
}

static void check_path(slice path) {
    struct merkle_tile tile;
    char again[MERKLE_TILE_PATH_MAX];
    if (merkle_tile_parse(&tile, path) != OK)
        return;
    require(tile.width >= 1 && tile.width <= MERKLE_TILE_WIDTH && tile.level <= 63);
    require(tile.index <= MERKLE_SIZE_MAX / MERKLE_TILE_WIDTH);
    merkle_tile_path(&tile, again);
    require(slice_equal(slice_str(again), path));
}

static void check_bundle(slice bundle) {
    reader r = reader_of(bundle);
    slice entry;
    size_t read = 0;
    while (merkle_entry_read(&r, &entry) == OK) {
        require(entry.n <= MERKLE_ENTRY_MAX);
        read += 2 + entry.n;
    }
    require(read + r.n == bundle.n);
}

/* A tile or bundle that is served in place of the partial one that was asked for. */
static err serve(void *ctx, const struct merkle_tile *tile, buf *out) {
    return tile->width < MERKLE_TILE_WIDTH ? ERR_NOT_FOUND : buf_set(out, *(const slice *)ctx);
}

static void check_served(slice bytes, bool entries) {
    struct merkle_tiles tiles = {serve, NULL, &bytes};
    struct merkle_tile tile = {.entries = entries, .width = 3};
    buf out = {0};
    err e = merkle_tile_read(&tiles, &tile, &out);
    require(e == OK || e == ERR_DAMAGED);
    if (e == OK)
        require(out.n <= bytes.n && slice_equal(buf_slice(&out), slice_of(bytes.p, out.n)));
    buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    slice bytes = slice_of(data, size);
    check_path(bytes);
    check_bundle(bytes);
    check_served(bytes, false);
    check_served(bytes, true);
    return 0;
}
