#include "tests/test.h"

#include "merkle/tile.h"
#include "tests/support.h"

/* ---- A folder of tiles, in memory ---- */

enum { FILES = 4096 };

struct folder {
    struct {
        char path[MERKLE_TILE_PATH_MAX];
        buf bytes;
    } files[FILES];
    size_t count, writes;
    size_t fail_at; /* the write that fails, from 1; 0: none */
};

static buf *find(struct folder *folder, const char *path) {
    for (size_t i = 0; i < folder->count; i++)
        if (strcmp(folder->files[i].path, path) == 0)
            return &folder->files[i].bytes;
    return NULL;
}

static err read_tile(void *ctx, const struct merkle_tile *tile, buf *out) {
    char path[MERKLE_TILE_PATH_MAX];
    merkle_tile_path(tile, path);
    buf *file = find(ctx, path);
    return file == NULL ? ERR_NOT_FOUND : buf_set(out, buf_slice(file));
}

static err write_tile(void *ctx, const struct merkle_tile *tile, slice bytes) {
    struct folder *folder = ctx;
    if (++folder->writes == folder->fail_at)
        return ERR_DISK_FULL;
    char path[MERKLE_TILE_PATH_MAX];
    merkle_tile_path(tile, path);
    buf *file = find(folder, path);
    if (file == NULL) {
        CHECK(folder->count < FILES);
        memcpy(folder->files[folder->count].path, path, sizeof path);
        file = &folder->files[folder->count++].bytes;
    }
    return buf_set(file, bytes);
}

static struct folder folder;
static struct merkle_log made;
static const struct merkle_tiles TILES = {read_tile, write_tile, &folder};

static void empty(struct folder *f) {
    for (size_t i = 0; i < f->count; i++)
        buf_free(&f->files[i].bytes);
    memset(f, 0, sizeof *f);
}

/* An entry of its own for each place, of lengths that differ. */
static slice entry_of(uint64_t index) {
    static uint8_t entry[300];
    for (size_t i = 0; i < sizeof entry; i++)
        entry[i] = (uint8_t)(index >> (8 * (i % 3)));
    return slice_of(entry, index % 4 == 3 ? 0 : 3 + index % 5);
}

static void append_to(struct merkle_log *log, uint64_t size) {
    while (log->size < size)
        CHECK_OK(merkle_log_append(log, entry_of(log->size)));
}

static void check_root(const struct merkle_log *log) {
    struct merkle_frontier expected = {0};
    struct merkle_hash root, expected_root;
    while (expected.size < log->size) {
        struct merkle_hash leaf;
        merkle_leaf_hash(&leaf, entry_of(expected.size));
        CHECK_OK(merkle_append(&expected, &leaf));
    }
    merkle_frontier_root(&expected, &expected_root);
    merkle_log_root(log, &root);
    CHECK_SLICE(merkle_hash_slice(&root), merkle_hash_slice(&expected_root));
}

/* ---- Paths ---- */

TEST(tiles_have_paths) {
    static const struct {
        struct merkle_tile tile;
        const char *path;
    } PATHS[] = {
        {{false, 0, 256, 0}, "tile/0/000"},
        {{false, 0, 1, 999}, "tile/0/999.p/1"},
        {{false, 1, 255, 1000}, "tile/1/x001/000.p/255"},
        {{false, 0, 67, 1234067}, "tile/0/x001/x234/067.p/67"},
        {{false, 63, 256, 1000000}, "tile/63/x001/x000/000"},
        {{true, 0, 256, 0}, "tile/entries/000"},
        {{true, 0, 10, 123456}, "tile/entries/x123/456.p/10"},
        {{false, 7, 9, UINT64_C(36028797018963967)}, "tile/7/x036/x028/x797/x018/x963/967.p/9"},
    };
    for (size_t i = 0; i < sizeof(PATHS) / sizeof(PATHS[0]); i++) {
        char path[MERKLE_TILE_PATH_MAX];
        struct merkle_tile tile;
        merkle_tile_path(&PATHS[i].tile, path);
        CHECK_SLICE(slice_str(path), slice_str(PATHS[i].path));
        CHECK_OK(merkle_tile_parse(&tile, slice_str(path)));
        CHECK(tile.entries == PATHS[i].tile.entries && tile.level == PATHS[i].tile.level);
        CHECK(tile.width == PATHS[i].tile.width && tile.index == PATHS[i].tile.index);
    }
}

TEST(other_paths_are_refused) {
    static const char *const BAD[] = {"",
                                      "tile",
                                      "tile/",
                                      "tile/0",
                                      "tile/0/",
                                      "tile/0/00",
                                      "tile/0/0000",
                                      "tile/0/1",
                                      "/tile/0/000",
                                      "tile//000",
                                      "tile/64/000",
                                      "tile/00/000",
                                      "tile/-1/000",
                                      "tile/x/000",
                                      "tile/0/x000",
                                      "tile/0/x000/000",
                                      "tile/0/x001",
                                      "tile/0/x001/",
                                      "tile/0/001/000",
                                      "tile/0/x001x/000",
                                      "tile/0/x01/000",
                                      "tile/0/X001/000",
                                      "tile/0/000/",
                                      "tile/0/000.p",
                                      "tile/0/000.p/",
                                      "tile/0/000.p/0",
                                      "tile/0/000.p/256",
                                      "tile/0/000.p/01",
                                      "tile/0/000.p/1/",
                                      "tile/0/000.p/-1",
                                      "tile/0/000.q/1",
                                      "tile/0/000.",
                                      "tile/8/0/000",
                                      "tile/entries",
                                      "tile/entries/",
                                      "tile/entry/000",
                                      "tile/entries/0/000",
                                      "tile/0/../000",
                                      "tile/0/000\n",
                                      "tile/0/x036/x028/x797/x018/x963/968",
                                      "tile/0/x999/x999/x999/x999/x999/x999/x999/999",
                                      "checkpoint"};
    struct merkle_tile tile;
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++)
        CHECK_ERR(merkle_tile_parse(&tile, slice_str(BAD[i])), ERR_MALFORMED);
}

/* ---- Growth ---- */

/* What lies in the folder at one size is what its hashes and entries are, and nothing else. */
static void check_tiles(uint64_t size) {
    struct merkle_frontier frontier = {0};
    static struct merkle_hash leaves[1024];
    buf bytes = {0}, expected = {0};
    for (uint64_t i = 0; i < size; i++)
        merkle_leaf_hash(&leaves[i], entry_of(i));
    for (uint64_t first = 0; first < size; first += 256) {
        uint16_t width = (uint16_t)(size - first < 256 ? size - first : 256);
        struct merkle_tile tile = {.width = width, .index = first / 256};
        CHECK_OK(merkle_tile_read(&TILES, &tile, &bytes));
        CHECK_SLICE(buf_slice(&bytes), slice_of(leaves[first].bytes, 32u * width));
        tile.entries = true;
        CHECK_OK(merkle_tile_read(&TILES, &tile, &bytes));
        reader r = reader_of(buf_slice(&bytes));
        for (uint16_t i = 0; i < width; i++) {
            slice entry;
            CHECK_OK(merkle_entry_read(&r, &entry));
            CHECK_SLICE(entry, entry_of(first + i));
        }
        CHECK_OK(reader_end(&r));
        struct merkle_hash root;
        memset(&frontier, 0, sizeof frontier);
        for (uint16_t i = 0; width == 256 && i < 256; i++)
            CHECK_OK(merkle_append(&frontier, &leaves[first + i]));
        merkle_frontier_root(&frontier, &root);
        if (width == 256)
            CHECK_OK(buf_append(&expected, merkle_hash_slice(&root)));
    }
    if (size >= 256) {
        struct merkle_tile tile = {.level = 1, .width = (uint16_t)(size / 256)};
        CHECK_OK(merkle_tile_read(&TILES, &tile, &bytes));
        CHECK_SLICE(buf_slice(&bytes), buf_slice(&expected));
    }
    buf_free(&bytes);
    buf_free(&expected);
}

TEST(a_growth_writes_the_tiles_that_it_adds) {
    static const uint64_t SIZES[] = {1, 2, 255, 256, 257, 511, 512, 513, 700, 1024};
    for (size_t i = 0; i < sizeof(SIZES) / sizeof(SIZES[0]); i++)
        for (size_t k = 0; k <= i; k++) {
            empty(&folder);
            CHECK_OK(merkle_log_open(&made, &TILES, 0, NULL));
            append_to(&made, SIZES[k]);
            CHECK_OK(merkle_log_flush(&made));
            struct merkle_hash root;
            merkle_log_root(&made, &root);
            merkle_log_fini(&made);
            /* Somebody else goes on from the tiles. */
            CHECK_OK(merkle_log_open(&made, &TILES, SIZES[k], &root));
            append_to(&made, SIZES[i]);
            CHECK_OK(merkle_log_flush(&made));
            check_tiles(SIZES[i]);
            check_root(&made);
            /* Nothing changed, so nothing is written. */
            folder.writes = 0;
            CHECK_OK(merkle_log_flush(&made));
            CHECK_EQ(folder.writes, 0);
            merkle_log_fini(&made);
        }
    empty(&folder);
}

TEST(only_the_tiles_of_a_growth_are_written) {
    static const char *const PATHS[] = {"tile/0/000", "tile/entries/000", "tile/0/001.p/44",
                                        "tile/entries/001.p/44", "tile/1/000.p/1"};
    CHECK_OK(merkle_log_open(&made, &TILES, 0, NULL));
    append_to(&made, 300);
    CHECK_OK(merkle_log_flush(&made));
    CHECK_EQ(folder.count, 5);
    for (size_t i = 0; i < sizeof(PATHS) / sizeof(PATHS[0]); i++)
        CHECK(find(&folder, PATHS[i]) != NULL);
    append_to(&made, 301);
    folder.writes = 0;
    CHECK_OK(merkle_log_flush(&made));
    CHECK_EQ(folder.writes, 2); /* level 1 is as it was */
    CHECK(find(&folder, "tile/0/001.p/45") != NULL);
    merkle_log_fini(&made);
    empty(&folder);
}

/* The specification's own example. */
TEST(seventy_thousand_entries_make_three_levels) {
    CHECK_OK(merkle_log_open(&made, &TILES, 0, NULL));
    append_to(&made, 70000);
    CHECK_OK(merkle_log_flush(&made));
    check_root(&made);
    CHECK(find(&folder, "tile/0/272") != NULL && find(&folder, "tile/0/273.p/112") != NULL);
    CHECK(find(&folder, "tile/1/000") != NULL && find(&folder, "tile/1/001.p/17") != NULL);
    CHECK(find(&folder, "tile/2/000.p/1") != NULL);
    CHECK_EQ(folder.count, 2 * 274 + 3);
    struct merkle_tile_reader tiles;
    struct merkle_hash root, leaf;
    struct merkle_proof proof;
    merkle_log_root(&made, &root);
    merkle_tile_reader_init(&tiles, &TILES, 70000);
    struct merkle_source source = merkle_tile_source(&tiles);
    for (uint64_t index = 0; index < 70000; index += 1 + index / 3) {
        CHECK_OK(merkle_inclusion_prove(&source, index, 70000, &proof));
        merkle_leaf_hash(&leaf, entry_of(index));
        CHECK_OK(merkle_inclusion_verify(&proof, &leaf, index, 70000, &root));
    }
    merkle_tile_reader_fini(&tiles);
    merkle_log_fini(&made);
    empty(&folder);
}

TEST(proofs_are_read_from_tiles) {
    enum { SIZE = 600 };
    static struct merkle_hash roots[SIZE + 1];
    struct merkle_frontier frontier = {0};
    struct merkle_proof proof;
    merkle_frontier_root(&frontier, &roots[0]);
    CHECK_OK(merkle_log_open(&made, &TILES, 0, NULL));
    for (uint64_t n = 1; n <= SIZE; n++) {
        append_to(&made, n);
        CHECK_OK(merkle_log_flush(&made));
        merkle_log_root(&made, &roots[n]);
    }
    for (uint64_t n = 1; n <= SIZE; n += n < 250 ? 31 : n < 260 ? 1 : 29) {
        struct merkle_tile_reader tiles;
        merkle_tile_reader_init(&tiles, &TILES, n);
        struct merkle_source source = merkle_tile_source(&tiles);
        CHECK_OK(merkle_frontier_read(&source, n, &frontier));
        struct merkle_hash root, leaf;
        merkle_frontier_root(&frontier, &root);
        CHECK_SLICE(merkle_hash_slice(&root), merkle_hash_slice(&roots[n]));
        for (uint64_t i = 0; i < n; i++) {
            merkle_leaf_hash(&leaf, entry_of(i));
            CHECK_OK(merkle_inclusion_prove(&source, i, n, &proof));
            CHECK_OK(merkle_inclusion_verify(&proof, &leaf, i, n, &root));
            CHECK_OK(merkle_consistency_prove(&source, i, n, &proof));
            CHECK_OK(merkle_consistency_verify(&proof, i, &roots[i], n, &root));
        }
        CHECK_ERR(source.hash(source.ctx, 0, n, &root), ERR_NOT_FOUND);
        CHECK_ERR(source.hash(source.ctx, 63, 0, &root), ERR_NOT_FOUND);
        merkle_tile_reader_fini(&tiles);
    }
    merkle_log_fini(&made);
    empty(&folder);
}

static void forget(const char *path) {
    for (size_t i = 0; i < folder.count; i++)
        if (strcmp(folder.files[i].path, path) == 0) {
            buf_free(&folder.files[i].bytes);
            folder.files[i] = folder.files[--folder.count];
            return;
        }
    CHECK(false);
}

TEST(a_partial_tile_that_is_gone_is_read_from_the_full_one) {
    struct merkle_hash root;
    CHECK_OK(merkle_log_open(&made, &TILES, 0, NULL));
    append_to(&made, 300);
    CHECK_OK(merkle_log_flush(&made));
    merkle_log_root(&made, &root);
    append_to(&made, 520);
    CHECK_OK(merkle_log_flush(&made));
    merkle_log_fini(&made);
    forget("tile/0/001.p/44");
    forget("tile/entries/001.p/44");
    CHECK_OK(merkle_log_open(&made, &TILES, 300, &root));
    check_root(&made);
    append_to(&made, 301);
    merkle_log_fini(&made);
    forget("tile/1/000.p/1");
    CHECK_ERR(merkle_log_open(&made, &TILES, 300, &root), ERR_NOT_FOUND);
    empty(&folder);
}

/* Each bit that a log goes on from. */
TEST(a_log_does_not_go_on_from_changed_tiles) {
    static const char *const PATHS[] = {"tile/0/001.p/4", "tile/entries/001.p/4", "tile/1/000.p/1"};
    struct merkle_hash root, wrong = {{1}};
    CHECK_OK(merkle_log_open(&made, &TILES, 0, NULL));
    append_to(&made, 260);
    CHECK_OK(merkle_log_flush(&made));
    merkle_log_root(&made, &root);
    merkle_log_fini(&made);
    for (size_t i = 0; i < sizeof(PATHS) / sizeof(PATHS[0]); i++) {
        buf *file = find(&folder, PATHS[i]);
        for (size_t bit = 0; bit < 8 * file->n; bit++) {
            file->p[bit / 8] ^= (uint8_t)(1 << bit % 8);
            CHECK_ERR(merkle_log_open(&made, &TILES, 260, &root), ERR_DAMAGED);
            file->p[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        CHECK_OK(buf_append_byte(file, 0));
        CHECK_ERR(merkle_log_open(&made, &TILES, 260, &root), ERR_DAMAGED);
        CHECK_OK(buf_resize(file, file->n - 2));
        CHECK_ERR(merkle_log_open(&made, &TILES, 260, &root), ERR_DAMAGED);
        CHECK_OK(buf_append_byte(file, 0));
        empty(&folder);
        CHECK_OK(merkle_log_open(&made, &TILES, 0, NULL));
        append_to(&made, 260);
        CHECK_OK(merkle_log_flush(&made));
        merkle_log_fini(&made);
    }
    CHECK_ERR(merkle_log_open(&made, &TILES, 260, &wrong), ERR_DAMAGED);
    CHECK_ERR(merkle_log_open(&made, &TILES, 259, &root), ERR_NOT_FOUND);
    CHECK_ERR(merkle_log_open(&made, &TILES, MERKLE_SIZE_MAX + 1, &root), ERR_LIMIT);
    CHECK_OK(merkle_log_open(&made, &TILES, 260, &root));
    merkle_log_fini(&made);
    empty(&folder);
}

/* Whichever write fails, the log goes on once writing works. */
TEST(a_write_that_fails_loses_nothing) {
    for (size_t fail_at = 1; fail_at <= 8; fail_at++) {
        empty(&folder);
        folder.fail_at = fail_at;
        CHECK_OK(merkle_log_open(&made, &TILES, 0, NULL));
        size_t failed = 0;
        while (made.size < 513) {
            err e = merkle_log_append(&made, entry_of(made.size));
            failed += e == ERR_DISK_FULL;
            CHECK(e == OK || (e == ERR_DISK_FULL && failed == 1));
        }
        for (err e; (e = merkle_log_flush(&made)) != OK; failed++)
            CHECK_ERR(e, ERR_DISK_FULL);
        CHECK_EQ(failed, fail_at <= 7);
        check_tiles(513);
        check_root(&made);
        merkle_log_fini(&made);
    }
    empty(&folder);
}

TEST(an_entry_has_a_longest_length) {
    static uint8_t entry[MERKLE_ENTRY_MAX + 1];
    struct merkle_hash root;
    CHECK_OK(merkle_log_open(&made, &TILES, 0, NULL));
    CHECK_ERR(merkle_log_append(&made, SLICE_ARRAY(entry)), ERR_TOO_LARGE);
    CHECK_OK(merkle_log_append(&made, slice_of(entry, MERKLE_ENTRY_MAX)));
    CHECK_OK(merkle_log_flush(&made));
    merkle_log_root(&made, &root);
    merkle_log_fini(&made);
    CHECK_OK(merkle_log_open(&made, &TILES, 1, &root));
    made.size = MERKLE_SIZE_MAX;
    CHECK_ERR(merkle_log_append(&made, SLICE_EMPTY), ERR_LIMIT);
    merkle_log_fini(&made);
    empty(&folder);
}

TEST_MAIN
