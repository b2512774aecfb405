/* A store of more files than its process may open. */
#include "tests/store/fixture.h"

#include <dirent.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "tests/support.h"

#define NAME "a name of 16 byte"

enum { FILES = 160, VALUES = 4096, AT_ONCE = 16, VALUE = 4096, SMALL = 64 * 1024 };

static void put_all(struct store *s) {
    static uint8_t value[VALUE];
    struct store_batch *b;
    CHECK_OK(store_batch_new(&b, NULL));
    for (uint64_t i = 0; i < VALUES; i++) {
        struct support_random r = {i + 1};
        support_fill(&r, value, sizeof value);
        CHECK_OK(store_batch_put(b, fixture_key(1, NAME, i), SLICE_ARRAY(value)));
        if (i % AT_ONCE != AT_ONCE - 1)
            continue;
        CHECK_OK(store_commit_now(s, b));
        store_batch_clear(b);
    }
    store_batch_free(b);
}

static size_t count_tables(const char *folder) {
    size_t n = 0;
    DIR *d = opendir(folder);
    CHECK(d != NULL);
    for (struct dirent *entry; (entry = readdir(d)) != NULL;)
        n += strstr(entry->d_name, ".sst") != NULL;
    closedir(d);
    return n;
}

TEST(a_store_of_more_files_than_may_be_open_is_read) {
    char folder[FIXTURE_PATH];
    struct store *s;
    struct rlimit before, few;
    struct store_rocksdb_options options = {.memtable = SMALL, .cache = SMALL};
    CHECK(getrlimit(RLIMIT_NOFILE, &before) == 0);
    few = before;
    few.rlim_cur = FILES;
    fixture_folder(folder);
    CHECK(setrlimit(RLIMIT_NOFILE, &few) == 0);
    CHECK_OK(store_rocksdb_open(&s, folder, &options));
    put_all(s);
    CHECK(count_tables(folder) > FILES);
    for (uint64_t i = 0; i < VALUES; i++) {
        buf value = {0};
        CHECK_OK(store_get(s, NULL, fixture_key(1, NAME, i), &value));
        CHECK_EQ(value.n, VALUE);
        buf_free(&value);
    }
    store_close(s);
    CHECK(setrlimit(RLIMIT_NOFILE, &before) == 0);
    fixture_remove(folder);
}

TEST_MAIN
