/* What is read for one key of a large file is little, however large the file's filter. */
#include "tests/store/fixture.h"

#include <stdio.h>
#include <time.h>

#define WORD "the bytes of an item that was acknowledged"
#define OTHER "a name of 16 byte"

/* The filter takes a mebibyte, more than a tenth of the cache. */
enum { MIB = 1 << 20, KEYS = 400000, AT_ONCE = 4000, READS = 200, TRIES = 400 };

static struct store_key key_of(char name[17], unsigned i) {
    (void)snprintf(name, 17, "%016u", i);
    return fixture_key(1, name, 0);
}

static void fill(struct store *s) {
    char name[17];
    struct store_batch *b;
    CHECK_OK(store_batch_new(&b, NULL));
    for (unsigned i = 0; i < KEYS; i++) {
        CHECK_OK(store_batch_put(b, key_of(name, i), i == 7 ? slice_str(WORD) : SLICE_EMPTY));
        if (i % AT_ONCE != AT_ONCE - 1)
            continue;
        CHECK_OK(store_commit_now(s, b));
        store_batch_clear(b);
    }
    store_batch_free(b);
    CHECK_OK(store_rocksdb_flush(s));
}

/* A file that was just written is in memory anyhow: a deletion has it merged into one of the next
 * level. */
static void merge(struct store *s, const char *folder) {
    char name[17];
    struct timespec t = {0, 50 * 1000000};
    CHECK_OK(fixture_delete(s, key_of(name, 7)));
    CHECK_OK(store_rocksdb_flush(s));
    for (uint64_t i = 0; i < TRIES && fixture_holds(folder, WORD); i++) {
        nanosleep(&t, NULL);
        CHECK_OK(fixture_put(s, fixture_key(2, OTHER, i), slice_str("other")));
        CHECK_OK(store_rocksdb_flush(s));
    }
    CHECK(!fixture_holds(folder, WORD));
}

/* Bytes that this process has read so far. */
static unsigned long long bytes_read(void) {
    unsigned long long n = 0;
    FILE *f = fopen("/proc/self/io", "r");
    CHECK(f != NULL && fscanf(f, "rchar: %llu", &n) == 1);
    fclose(f);
    return n;
}

TEST(a_key_takes_no_read_of_a_whole_filter) {
    char folder[FIXTURE_PATH], name[17];
    struct store *s;
    struct store_rocksdb_options options = {.memtable = 128 * MIB, .cache = 8 * MIB};
    fixture_folder(folder);
    CHECK_OK(store_rocksdb_open(&s, folder, &options));
    fill(s);
    merge(s, folder);
    fixture_expect(s, key_of(name, 0), SLICE_EMPTY);
    unsigned long long before = bytes_read();
    for (unsigned i = 0; i < READS; i++)
        fixture_expect(s, key_of(name, i * (KEYS / READS)), SLICE_EMPTY);
    CHECK(bytes_read() - before < READS * 32768);
    store_close(s);
    fixture_remove(folder);
}

TEST_MAIN
