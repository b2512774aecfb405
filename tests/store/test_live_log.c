/* The log that kill -9 left is all there is of the newest writes. Cut off in its last write it
 * opens; damaged before, the damage is told, and what was acknowledged isn't dropped in silence.
 *
 * Each store is opened in a child only: RocksDB's threads don't live on in a fork. */
#define _GNU_SOURCE
#include "tests/store/fixture.h"

#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ENTRIES = 300, VALUE = 200, BAD = 20, PLACES = 14, BLOCK = 32768 };

static void must(bool condition, const char *what, err e) {
    if (condition)
        return;
    printf("# child: %s (%s)\n", what, err_name(e));
    fflush(stdout);
    _exit(1);
}

/* Ends without closing the store, as a kill does. */
static void run_writer(const char *folder) {
    struct store *s;
    err e = fixture_engine("rocksdb")->open(&s, folder);
    must(e == OK, "opens", e);
    for (uint64_t i = 0; i < ENTRIES; i++) {
        uint8_t value[VALUE];
        memset(value, (int)i, sizeof value);
        e = fixture_put(s, fixture_key(1, "n", i), SLICE_ARRAY(value));
        must(e == OK, "puts", e);
    }
    _exit(0);
}

static bool count_visit(void *ctx, struct store_key key, slice value) {
    uint64_t *next = ctx;
    must(key.number == *next && value.n == VALUE && value.p[0] == (uint8_t)key.number,
         "every entry is the one that was put", OK);
    ++*next;
    return true;
}

/* Opens it and tells how, and how many entries there are. */
static void run_reader(const char *folder, int answer) {
    struct store *s;
    uint64_t told[2] = {0};
    err e = fixture_engine("rocksdb")->open(&s, folder);
    if (e == OK)
        e = store_scan(s, fixture_key(1, "n", 0), UINT64_MAX, count_visit, &told[1]);
    told[0] = (uint64_t)e;
    must(write(answer, told, sizeof told) == sizeof told, "the parent listens", e);
    _exit(0);
}

static void run_repair(const char *folder, int answer) {
    char path[FIXTURE_PATH + 16];
    uint64_t told[2] = {0};
    snprintf(path, sizeof path, "%s/store", folder);
    told[0] = (uint64_t)store_rocksdb_repair(path, &told[1]);
    must(write(answer, told, sizeof told) == sizeof told, "the parent listens", OK);
    _exit(0);
}

static void write_log(const char *folder) {
    int status = 0;
    fflush(stdout);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0)
        run_writer(folder);
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static err ask(void (*run)(const char *folder, int answer), const char *folder, uint64_t *count) {
    int ends[2], status = 0;
    uint64_t told[2] = {0};
    fflush(stdout);
    CHECK(pipe(ends) == 0);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0)
        run(folder, ends[1]);
    close(ends[1]);
    CHECK(read(ends[0], told, sizeof told) == sizeof told);
    close(ends[0]);
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    *count = told[1];
    return (err)told[0];
}

/* The one log that holds something; its size. */
static long find_log(const char *folder, char path[FIXTURE_PATH * 2]) {
    char store[FIXTURE_PATH + 16];
    long size = 0;
    snprintf(store, sizeof store, "%s/store", folder);
    DIR *d = opendir(store);
    CHECK(d != NULL);
    for (struct dirent *e; size == 0 && (e = readdir(d)) != NULL;) {
        struct stat st;
        size_t n = strlen(e->d_name);
        if (n < 4 || strcmp(e->d_name + n - 4, ".log") != 0)
            continue;
        snprintf(path, FIXTURE_PATH * 2, "%s/%.64s", store, e->d_name);
        CHECK(stat(path, &st) == 0);
        size = (long)st.st_size;
    }
    closedir(d);
    CHECK(size > ENTRIES * VALUE);
    return size;
}

static void copy_folder(const char *from, const char *to) {
    char command[3 * FIXTURE_PATH];
    snprintf(command, sizeof command, "cp -r '%s/.' '%s'", from, to);
    CHECK(system(command) == 0);
}

static void overwrite(const char *path, long at) {
    uint8_t bad[BAD];
    memset(bad, 0x5a, sizeof bad);
    FILE *f = fopen(path, "r+b");
    CHECK(f != NULL && fseek(f, at, SEEK_SET) == 0);
    CHECK(fwrite(bad, sizeof bad, 1, f) == 1);
    fclose(f);
}

TEST(a_log_that_nobody_harmed_is_read_to_its_end) {
    char folder[FIXTURE_PATH];
    uint64_t count = 0;
    fixture_folder(folder);
    write_log(folder);
    CHECK_OK(ask(run_reader, folder, &count));
    CHECK_EQ(count, ENTRIES);
    fixture_remove(folder);
}

TEST(a_log_that_ends_within_its_last_write_opens) {
    static const long cuts[] = {1, VALUE / 2, VALUE, VALUE + 10};
    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
        char folder[FIXTURE_PATH], path[FIXTURE_PATH * 2];
        uint64_t count = 0;
        fixture_folder(folder);
        write_log(folder);
        long size = find_log(folder, path);
        CHECK(truncate(path, size - cuts[i]) == 0);
        CHECK_OK(ask(run_reader, folder, &count));
        CHECK_EQ(count, ENTRIES - 1);
        fixture_remove(folder);
    }
}

/* The places lie in every block of the log; what stands in the blocks behind one can be counted. */
TEST(damage_in_a_log_is_told_and_dropped_only_when_asked) {
    char original[FIXTURE_PATH];
    fixture_folder(original);
    write_log(original);
    for (long i = 1; i < PLACES; i++) {
        char folder[FIXTURE_PATH], path[FIXTURE_PATH * 2];
        uint64_t count = 0, lost = 0;
        fixture_folder(folder);
        copy_folder(original, folder);
        long size = find_log(folder, path), at = size / PLACES * i;
        overwrite(path, at);
        CHECK_ERR(ask(run_reader, folder, &count), ERR_DAMAGED);
        CHECK_ERR(ask(run_reader, folder, &count), ERR_DAMAGED);
        CHECK_OK(ask(run_repair, folder, &lost));
        CHECK_OK(ask(run_reader, folder, &count));
        CHECK(count < ENTRIES && count + lost <= ENTRIES);
        CHECK(size - at < BLOCK || lost > 0);
        fixture_remove(folder);
    }
    fixture_remove(original);
}

TEST_MAIN
