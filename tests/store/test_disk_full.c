/* A disk that fills up: each commit is refused or kept, and once there is room it goes on.
 *
 * The disk is a small file system in memory, seen by one child only. Where the system does not
 * allow that (it takes root or user namespaces), the tests are skipped. */
#define _GNU_SOURCE
#include "tests/store/fixture.h"

#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support.h"

enum { VALUE = 100 * 1000, BALLAST = 12 << 20, NO_MOUNT = 77, ROUNDS = 2 };

static void must(bool condition, const char *what, err e) {
    if (condition)
        return;
    printf("# child: %s (%s)\n", what, err_name(e));
    fflush(stdout);
    _exit(1);
}

static void mount_small_disk(const char *folder) {
    if (unshare(CLONE_NEWNS) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0)
        _exit(NO_MOUNT);
    if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("tmpfs", folder, "tmpfs", 0, "size=40m") != 0)
        _exit(NO_MOUNT);
}

static void ballast_path(const char *folder, char path[FIXTURE_PATH + 16]) {
    snprintf(path, FIXTURE_PATH + 16, "%s/ballast", folder);
}

static void put_ballast(const char *folder) {
    char path[FIXTURE_PATH + 16];
    ballast_path(folder, path);
    int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    must(fd >= 0 && posix_fallocate(fd, 0, BALLAST) == 0, "room for the ballast", OK);
    close(fd);
}

static void drop_ballast(const char *folder) {
    char path[FIXTURE_PATH + 16];
    ballast_path(folder, path);
    must(unlink(path) == 0, "the ballast is there", OK);
}

static err put_number(struct store *s, uint64_t n) {
    static uint8_t value[VALUE];
    struct support_random r = {n + 1};
    support_fill(&r, value, sizeof value);
    return fixture_put(s, fixture_key(1, "n", n), SLICE_ARRAY(value));
}

static err get_number(struct store *s, uint64_t n) {
    static uint8_t value[VALUE];
    struct support_random r = {n + 1};
    buf b = buf_on(NULL);
    support_fill(&r, value, sizeof value);
    err e = store_get(s, NULL, fixture_key(1, "n", n), &b);
    must(e != OK || slice_equal(buf_slice(&b), SLICE_ARRAY(value)), "the value is right", e);
    buf_free(&b);
    return e;
}

/* Numbers below `end` are there and `end` is not. */
static void check_numbers(struct store *s, uint64_t end, const char *when) {
    for (uint64_t i = 0; i < end; i++) {
        err e = get_number(s, i);
        must(e == OK, when, e);
    }
    err e = get_number(s, end);
    must(e == ERR_NOT_FOUND, when, e);
}

/* The same where an engine that was refused a write may refuse reads until it has room again: what
 * it does say is right. */
static void check_readable(struct store *s, uint64_t end) {
    for (uint64_t i = 0; i < end; i++) {
        err e = get_number(s, i);
        must(e == OK || e == ERR_DISK_FULL, "nothing that was acknowledged is called missing", e);
    }
}

/* An engine may rest a moment between two tries. */
static err put_patiently(struct store *s, uint64_t n) {
    err e = put_number(s, n);
    for (int tries = 0; e == ERR_DISK_FULL && tries < 30; tries++) {
        usleep(100 * 1000);
        e = put_number(s, n);
    }
    return e;
}

/* Returns the first number that was refused. */
static uint64_t fill(struct store *s, uint64_t from) {
    uint64_t n = from;
    err e;
    while ((e = put_number(s, n)) == OK)
        n++;
    must(e == ERR_DISK_FULL, "a full disk is called so", e);
    return n;
}

static void run_child(const struct fixture_engine *engine, const char *folder) {
    struct store *s = NULL;
    uint64_t n = 0;
    mount_small_disk(folder);
    for (int round = 0; round < ROUNDS; round++) {
        put_ballast(folder);
        if (s == NULL)
            must(engine->open(&s, folder) == OK, "opens", OK);
        n = fill(s, n);
        check_readable(s, n);
        /* An engine that dropped a file of its own meanwhile may have room for one more. */
        err e = put_number(s, n);
        must(e == OK || e == ERR_DISK_FULL, "still full", e);
        n += e == OK;
        drop_ballast(folder);
        e = put_patiently(s, n);
        must(e == OK, "goes on where there is room", e);
        check_numbers(s, ++n, "nothing is lost");
        /* Room for the next round. */
        for (uint64_t end = n / 4; n > end; n--) {
            e = fixture_delete(s, fixture_key(1, "n", n - 1));
            must(e == OK, "deletes", e);
        }
        store_close(s);
        s = NULL;
        e = engine->open(&s, folder);
        must(e == OK, "opens again", e);
        check_numbers(s, n, "all is there after opening again");
    }
    store_close(s);
    _exit(0);
}

static void fill_disk_of(const char *name) {
    const struct fixture_engine *engine = fixture_engine(name);
    char folder[FIXTURE_PATH];
    int status = 0;
    fixture_folder(folder);
    fflush(stdout);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0)
        run_child(engine, folder);
    CHECK(waitpid(child, &status, 0) == child);
    fixture_remove(folder);
    if (WIFEXITED(status) && WEXITSTATUS(status) == NO_MOUNT)
        SKIP("no small file system may be made here");
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

TEST(sqlite_survives_a_full_disk) {
    fill_disk_of("sqlite");
}

TEST(rocksdb_survives_a_full_disk) {
    fill_disk_of("rocksdb");
}

TEST(a_sealed_store_survives_a_full_disk) {
    fill_disk_of("sealed sqlite");
}

TEST_MAIN
