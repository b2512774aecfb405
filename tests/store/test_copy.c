/* The copy that a backup is made from: the store of one moment, while the store goes on. */
#include "tests/store/fixture.h"

#include <sys/stat.h>
#include <unistd.h>

#define NAME "a name of 16 byte"

static const struct store_rocksdb_options options = {.memtable = 1 << 20, .cache = 1 << 20};

static bool count(void *ctx, struct store_key key, slice value) {
    (void)key;
    (void)value;
    ++*(unsigned *)ctx;
    return true;
}

static unsigned rows(const char *path, uint8_t table) {
    struct store *s;
    unsigned n = 0;
    CHECK_OK(store_rocksdb_open(&s, path, &options));
    CHECK_OK(store_scan_table(s, table, count, &n));
    store_close(s);
    return n;
}

static bool has_copy(const char *path) {
    char copy[FIXTURE_PATH + 8];
    struct stat info;
    snprintf(copy, sizeof copy, "%s/copy", path);
    return lstat(copy, &info) == 0;
}

TEST(a_copy_has_all_that_was_committed_and_nothing_later) {
    char path[FIXTURE_PATH], copy[FIXTURE_PATH + 8], apart[FIXTURE_PATH + 8];
    struct store *s;
    fixture_folder(path);
    snprintf(copy, sizeof copy, "%s/copy", path);
    snprintf(apart, sizeof apart, "%s-apart", path);
    CHECK_OK(store_rocksdb_open(&s, path, &options));
    for (uint64_t i = 0; i < 100; i++)
        CHECK_OK(fixture_put(s, fixture_key(1, NAME, i), slice_str("value")));
    CHECK_OK(store_rocksdb_flush(s)); /* part in files, the rest in the log */
    for (uint64_t i = 100; i < 150; i++)
        CHECK_OK(fixture_put(s, fixture_key(1, NAME, i), slice_str("value")));
    CHECK_OK(store_rocksdb_copy(s));
    CHECK_OK(fixture_put(s, fixture_key(1, NAME, 150), slice_str("value")));
    for (uint64_t i = 0; i < 10; i++)
        CHECK_OK(fixture_delete(s, fixture_key(1, NAME, i)));
    CHECK(rename(copy, apart) == 0);
    CHECK_EQ(rows(apart, 1), 150);
    CHECK_OK(store_rocksdb_copy(s)); /* another takes its place */
    CHECK_OK(store_rocksdb_copy(s));
    store_close(s);
    CHECK(has_copy(path));
    CHECK_EQ(rows(path, 1), 141);
    CHECK_OK(store_rocksdb_copy_drop(path));
    CHECK(!has_copy(path));
    CHECK_OK(store_rocksdb_copy_drop(path));
    fixture_remove(path);
    fixture_remove(apart);
}

TEST(a_table_that_was_emptied_is_off_the_disk_and_takes_new_entries) {
    char path[FIXTURE_PATH];
    struct store *s;
    fixture_folder(path);
    CHECK_OK(store_rocksdb_open(&s, path, &options));
    CHECK_OK(fixture_put(s, fixture_key(5, NAME, 1), slice_str("left alone")));
    CHECK_OK(fixture_put(s, fixture_key(6, NAME, 1), slice_str("taken away")));
    store_close(s);
    CHECK(fixture_holds(path, "taken away"));
    CHECK_OK(store_rocksdb_empty(path, 6));
    CHECK(!fixture_holds(path, "taken away"));
    CHECK(fixture_holds(path, "left alone"));
    CHECK_EQ(rows(path, 6), 0);
    CHECK_OK(store_rocksdb_open(&s, path, &options));
    CHECK_OK(fixture_put(s, fixture_key(6, NAME, 2), slice_str("new")));
    store_close(s);
    CHECK_EQ(rows(path, 6), 1);
    CHECK_EQ(rows(path, 5), 1);
    fixture_remove(path);
}

TEST_MAIN
