/* Files that something else has changed: the right value or an error, never another answer. */
#define _GNU_SOURCE
#include "tests/store/fixture.h"

#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "tests/support.h"

enum { ENTRIES = 300, VALUE = 200, FLIPS = 60, FILES = 32 };

static void value_of(uint64_t number, uint8_t value[VALUE]) {
    struct support_random r = {number + 1};
    support_fill(&r, value, VALUE);
}

static void fill_store(const struct fixture_engine *engine, const char *folder) {
    struct store *s;
    struct store_batch *b;
    uint8_t value[VALUE];
    CHECK_OK(engine->open(&s, folder));
    CHECK_OK(store_batch_new(&b, NULL));
    for (uint64_t i = 0; i < ENTRIES; i++) {
        value_of(i, value);
        CHECK_OK(store_batch_put(b, fixture_key(1, "a name of 16 byte", i), SLICE_ARRAY(value)));
        CHECK_OK(store_batch_put(b, fixture_key(2, i % 2 ? "odd" : "even", i), SLICE_ARRAY(value)));
    }
    CHECK_OK(store_commit_now(s, b));
    store_batch_free(b);
    store_close(s);
}

static bool is_clear(err e) {
    return e == ERR_DAMAGED || e == ERR_IO;
}

/* False if something was reported as damaged. */
static bool read_one(struct store *s, struct store_key key) {
    uint8_t value[VALUE];
    buf got = buf_on(NULL);
    value_of(key.number, value);
    err e = store_get(s, NULL, key, &got);
    CHECK(e == OK || is_clear(e));
    if (e == OK)
        CHECK_SLICE(buf_slice(&got), SLICE_ARRAY(value));
    buf_free(&got);
    return e == OK;
}

static bool count_visit(void *ctx, struct store_key key, slice value) {
    uint8_t expected[VALUE];
    value_of(key.number, expected);
    CHECK_SLICE(value, SLICE_ARRAY(expected));
    ++*(size_t *)ctx;
    return true;
}

/* Reads everything; true if all of it was there. */
static bool read_store(const struct fixture_engine *engine, const char *folder) {
    struct store *s = NULL;
    bool whole = true;
    err e = engine->open(&s, folder);
    CHECK(e == OK || is_clear(e));
    if (e != OK)
        return false;
    for (uint64_t i = 0; i < ENTRIES; i++) {
        whole &= read_one(s, fixture_key(1, "a name of 16 byte", i));
        whole &= read_one(s, fixture_key(2, i % 2 ? "odd" : "even", i));
    }
    size_t count = 0;
    e = store_scan(s, fixture_key(1, "a name of 16 byte", 0), UINT64_MAX, count_visit, &count);
    CHECK(e == OK ? count == ENTRIES : is_clear(e));
    store_close(s);
    return whole && e == OK;
}

/* RocksDB's diary and its note of settings hold nothing of ours. */
static bool holds_data(const char *name) {
    return strncmp(name, "LOG", 3) != 0 && strncmp(name, "OPTIONS", 7) != 0;
}

/* The store's files, one after another: larger ones are hit more often. */
struct files {
    char path[FILES][2 * FIXTURE_PATH];
    uint64_t end[FILES]; /* of its bytes in the row of all */
    size_t n;
};

static void list_files(const char *folder, struct files *f) {
    DIR *d = opendir(folder);
    CHECK(d != NULL);
    for (struct dirent *e; (e = readdir(d)) != NULL && f->n < FILES;) {
        struct stat st;
        char path[2 * FIXTURE_PATH];
        CHECK((size_t)snprintf(path, sizeof path, "%s/%s", folder, e->d_name) < sizeof path);
        CHECK(stat(path, &st) == 0);
        if (S_ISDIR(st.st_mode) && e->d_name[0] != '.')
            list_files(path, f);
        if (!S_ISREG(st.st_mode) || st.st_size == 0 || !holds_data(e->d_name))
            continue;
        memcpy(f->path[f->n], path, sizeof path);
        f->end[f->n] = (f->n == 0 ? 0 : f->end[f->n - 1]) + (uint64_t)st.st_size;
        f->n++;
    }
    closedir(d);
}

static void flip(const struct files *f, uint64_t place, uint8_t mask) {
    size_t i = 0;
    while (f->end[i] <= place)
        i++;
    FILE *file = fopen(f->path[i], "r+b");
    CHECK(file != NULL);
    long at = (long)(place - (i == 0 ? 0 : f->end[i - 1]));
    CHECK(fseek(file, at, SEEK_SET) == 0);
    int c = fgetc(file);
    CHECK(c != EOF && fseek(file, at, SEEK_SET) == 0);
    fputc(c ^ mask, file);
    fclose(file);
}

static void copy_folder(const char *from, const char *to) {
    char command[3 * FIXTURE_PATH];
    snprintf(command, sizeof command, "cp -r '%s/.' '%s'", from, to);
    CHECK(system(command) == 0);
}

static void flip_bytes_of(const char *name) {
    const struct fixture_engine *engine = fixture_engine(name);
    struct support_random r = {41};
    char original[FIXTURE_PATH];
    size_t noticed = 0;
    printf("# %s\n", name);
    fixture_folder(original);
    fill_store(engine, original);
    for (int i = 0; i < FLIPS; i++) {
        char copy[FIXTURE_PATH];
        struct files f = {.n = 0};
        fixture_folder(copy);
        copy_folder(original, copy);
        list_files(copy, &f);
        CHECK(f.n > 0 && f.n < FILES);
        flip(&f, support_next(&r) % f.end[f.n - 1], (uint8_t)(1 << support_next(&r) % 8));
        noticed += !read_store(engine, copy);
        fixture_remove(copy);
    }
    CHECK(read_store(engine, original));
    /* Most of the bytes are of pages in use. */
    printf("# %zu of %d flips were reported\n", noticed, FLIPS);
    CHECK(noticed > FLIPS / 2);
    fixture_remove(original);
}

TEST(a_flipped_bit_in_sqlites_file_is_no_answer) {
    flip_bytes_of("sqlite");
}

TEST(a_flipped_bit_in_a_sealed_file_is_no_answer) {
    flip_bytes_of("sealed sqlite");
}

TEST(a_flipped_bit_in_rocksdbs_files_is_no_answer) {
    flip_bytes_of("rocksdb");
}

TEST(every_byte_of_a_page_in_use_is_checked) {
    const struct fixture_engine *engine = fixture_engine("sqlite");
    char folder[FIXTURE_PATH];
    fixture_folder(folder);
    fill_store(engine, folder);
    struct files f = {.n = 0};
    list_files(folder, &f);
    CHECK_EQ(f.n, 1);
    /* Page 3 is one of the table's own. */
    for (uint64_t at = 8192; at < 12288; at += 127) {
        flip(&f, at, 0x10);
        CHECK(!read_store(engine, folder));
        flip(&f, at, 0x10);
    }
    CHECK(read_store(engine, folder));
    fixture_remove(folder);
}

TEST(a_page_in_another_pages_place_is_damaged) {
    const struct fixture_engine *engine = fixture_engine("sqlite");
    char folder[FIXTURE_PATH], path[FIXTURE_PATH + 16];
    uint8_t page[4096];
    fixture_folder(folder);
    fill_store(engine, folder);
    snprintf(path, sizeof path, "%s/store", folder);
    FILE *f = fopen(path, "r+b");
    CHECK(f != NULL && fseek(f, 4 * 4096, SEEK_SET) == 0);
    CHECK(fread(page, sizeof page, 1, f) == 1 && fseek(f, 5 * 4096, SEEK_SET) == 0);
    CHECK(fwrite(page, sizeof page, 1, f) == 1);
    fclose(f);
    CHECK(!read_store(engine, folder));
    fixture_remove(folder);
}

static void write_file(const char *path, const char *text) {
    FILE *f = fopen(path, "wb");
    CHECK(f != NULL);
    for (int i = 0; i < 1000; i++)
        fputs(text, f);
    fclose(f);
}

TEST(what_is_no_store_is_refused_and_left_alone) {
    struct store *s;
    char folder[FIXTURE_PATH], path[FIXTURE_PATH + 16];
    struct stat st;
    fixture_folder(folder);
    snprintf(path, sizeof path, "%s/store", folder);
    write_file(path, "Dear diary, ");
    CHECK_ERR(store_sqlite_open(&s, path), ERR_DAMAGED);
    CHECK(stat(path, &st) == 0 && st.st_size == 12000);
    CHECK_ERR(store_rocksdb_open(&s, path, NULL), ERR_IO);
    snprintf(path, sizeof path, "%s/no/store", folder);
    CHECK_ERR(store_sqlite_open(&s, path), ERR_NOT_FOUND);
    CHECK_ERR(store_rocksdb_open(&s, path, NULL), ERR_NOT_FOUND);
    CHECK_ERR(store_sqlite_open(&s, folder), ERR_IO);
    fixture_remove(folder);
}

/* The tables' files are there, and nothing that names them. */
TEST(lost_files_of_rocksdb_do_not_make_a_new_store) {
    const struct fixture_engine *engine = fixture_engine("rocksdb");
    struct store *s;
    struct files f = {.n = 0};
    char folder[FIXTURE_PATH], path[3 * FIXTURE_PATH];
    fixture_folder(folder);
    fill_store(engine, folder);
    snprintf(path, sizeof path, "rm '%s'/store/*.log '%s'/store/CURRENT", folder, folder);
    CHECK(system(path) == 0);
    CHECK_ERR(engine->open(&s, folder), ERR_DAMAGED);
    list_files(folder, &f);
    CHECK(f.n > 0);
    fixture_remove(folder);
}

TEST_MAIN
