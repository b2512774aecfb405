/* A store that an older server wrote: it lacks the tables that came since. */
#include "tests/store/fixture.h"

#include <rocksdb/c.h>

#define NAME "a name of 16 byte"

enum { SMALL = 64 * 1024, THERE = 18 };

static const struct store_rocksdb_options options = {.memtable = SMALL, .cache = SMALL};

/* Drops all but the first tables. */
static void make_older(const char *path) {
    rocksdb_options_t *o = rocksdb_options_create();
    rocksdb_column_family_handle_t *tables[STORE_TABLES_MAX];
    const rocksdb_options_t *each[STORE_TABLES_MAX];
    char *text = NULL;
    size_t n = 0;
    char **names = rocksdb_list_column_families(o, path, &n, &text);
    CHECK(text == NULL);
    CHECK_EQ(n, STORE_TABLES_MAX);
    for (size_t i = 0; i < n; i++)
        each[i] = o;
    rocksdb_t *db = rocksdb_open_column_families(o, path, (int)n, (const char *const *)names, each,
                                                 tables, &text);
    CHECK(text == NULL);
    for (size_t i = 0; i < n; i++) {
        if (i >= THERE)
            rocksdb_drop_column_family(db, tables[i], &text);
        CHECK(text == NULL);
        rocksdb_column_family_handle_destroy(tables[i]);
    }
    rocksdb_close(db);
    rocksdb_list_column_families_destroy(names, n);
    rocksdb_options_destroy(o);
}

static void put(struct store *s, uint8_t table) {
    struct store_batch *b;
    CHECK_OK(store_batch_new(&b, NULL));
    CHECK_OK(store_batch_put(b, fixture_key(table, NAME, 7), slice_str("value")));
    CHECK_OK(store_commit_now(s, b));
    store_batch_free(b);
}

static bool count(void *ctx, struct store_key key, slice value) {
    (void)key;
    CHECK_SLICE(value, slice_str("value"));
    ++*(int *)ctx;
    return true;
}

static int rows(struct store *s) {
    int n = 0;
    for (uint8_t table = 0; table < STORE_TABLES_MAX; table++)
        CHECK_OK(store_scan_table(s, table, count, &n));
    return n;
}

TEST(who_reads_an_older_store_finds_its_missing_tables_empty) {
    char folder[FIXTURE_PATH], path[FIXTURE_PATH + 8];
    struct store *s;
    buf value = {0};
    fixture_folder(folder);
    (void)snprintf(path, sizeof path, "%s/store", folder);
    CHECK_OK(store_rocksdb_open(&s, path, &options));
    put(s, 1);
    store_close(s);
    make_older(path);
    CHECK_OK(store_rocksdb_read(&s, path));
    CHECK_EQ(rows(s), 1);
    CHECK_ERR(store_get(s, NULL, fixture_key(THERE, NAME, 7), &value), ERR_NOT_FOUND);
    store_close(s);
    /* Who writes makes them. */
    CHECK_OK(store_rocksdb_open(&s, path, &options));
    put(s, THERE);
    CHECK_EQ(rows(s), 2);
    store_close(s);
    CHECK_OK(store_rocksdb_read(&s, path));
    CHECK_EQ(rows(s), 2);
    store_close(s);
    buf_free(&value);
    fixture_remove(folder);
}

TEST_MAIN
