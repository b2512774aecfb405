/* What was deleted leaves the disk soon after the next flush, however deep it lies. */
#include "tests/store/fixture.h"

#include <time.h>

#include "tests/support.h"

#define NAME "a name of 16 byte"
#define WORD "the bytes of an item that was acknowledged"

enum { VALUES = 2048, AT_ONCE = 64, VALUE = 4096, SMALL = 64 * 1024, TRIES = 400 };

/* Enough for several levels of files; a few values are the word. */
static void fill(struct store *s) {
    static uint8_t value[VALUE];
    struct store_batch *b;
    CHECK_OK(store_batch_new(&b, NULL));
    for (uint64_t i = 0; i < VALUES; i++) {
        struct support_random r = {i + 1};
        support_fill(&r, value, sizeof value);
        bool word = i % 500 == 7;
        CHECK_OK(store_batch_put(b, fixture_key(1, NAME, i),
                                 word ? slice_str(WORD) : SLICE_ARRAY(value)));
        if (i % AT_ONCE != AT_ONCE - 1)
            continue;
        CHECK_OK(store_commit_now(s, b));
        store_batch_clear(b);
    }
    store_batch_free(b);
}

static void delete_words(struct store *s) {
    struct store_batch *b;
    CHECK_OK(store_batch_new(&b, NULL));
    for (uint64_t i = 7; i < VALUES; i += 500)
        CHECK_OK(store_batch_delete(b, fixture_key(1, NAME, i)));
    CHECK_OK(store_commit_now(s, b));
    store_batch_free(b);
}

/* Now and then RocksDB leaves an old log until the next flush. */
static bool leaves(struct store *s, const char *folder) {
    struct timespec t = {0, 50 * 1000000};
    for (int i = 0; i < TRIES; i++) {
        if (!fixture_holds(folder, WORD))
            return true;
        nanosleep(&t, NULL);
        CHECK_OK(fixture_put(s, fixture_key(2, NAME, (uint64_t)i), slice_str("other")));
        CHECK_OK(store_rocksdb_flush(s));
    }
    return false;
}

TEST(what_was_deleted_leaves_the_disk_after_a_flush) {
    char folder[FIXTURE_PATH];
    struct store *s;
    struct store_rocksdb_options options = {.memtable = SMALL, .cache = SMALL};
    fixture_folder(folder);
    CHECK_OK(store_rocksdb_open(&s, folder, &options));
    fill(s);
    CHECK_OK(store_rocksdb_flush(s));
    CHECK(fixture_holds(folder, WORD));
    delete_words(s);
    CHECK_OK(store_rocksdb_flush(s));
    CHECK(leaves(s, folder));
    store_close(s);
    fixture_remove(folder);
}

TEST_MAIN
