#include "sys/pages.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rig.h"
#include "sys/files.h"
#include "tests/support.h"
#include "tests/test.h"

enum { LARGE = 6 << 20 }; /* more than the kernel takes in for one connection */

static struct rig rig;
static char folder[32], which[SYS_PAGES_NAME];

static void put(const char *name, slice content) {
    char path[64];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    CHECK_OK(sys_file_write(path, content, 0600));
}

/* A page with a large file. */
static struct sys_pages *make(void) {
    static uint8_t large[LARGE];
    struct sys_pages *pages;
    int fd;
    snprintf(folder, sizeof folder, "/tmp/sotto-pages-XXXXXX");
    CHECK(mkdtemp(folder) != NULL);
    memset(large, 'x', sizeof large);
    put("index.html", slice_str("<!doctype html>"));
    put("large.txt", SLICE_ARRAY(large));
    CHECK_OK(sys_pages_read(folder, &fd, which));
    CHECK_OK(sys_pages_open(&pages, fd));
    CHECK_OK(sys_dir_remove(folder));
    return pages;
}

static void start(const struct sys_conn_limits *limits) {
    rig_init(&rig, RIG_WS, limits);
    rig.http.files = make();
}

static void finish(void) {
    sys_pages_free(rig.http.files);
    rig_fini(&rig);
}

static int ask(const char *path) {
    char request[64];
    int fd = rig_socket(&rig);
    snprintf(request, sizeof request, "GET %s HTTP/1.0\r\n\r\n", path);
    rig_write(&rig, fd, slice_str(request));
    return fd;
}

/* Turns for so long, and reads up to n bytes every few milliseconds. */
static size_t read_slowly(int fd, size_t n, unsigned ms) {
    static uint8_t bytes[65536];
    size_t all = 0;
    for (unsigned i = 0; i < ms / 5; i++) {
        rig_turn(&rig, 5);
        for (size_t left = n; left > 0;) {
            ssize_t got = recv(fd, bytes, left < sizeof bytes ? left : sizeof bytes, MSG_DONTWAIT);
            if (got <= 0)
                break;
            left -= (size_t)got;
            all += (size_t)got;
        }
    }
    return all;
}

TEST(who_does_not_read_is_ended) {
    struct sys_conn_limits limits = sys_conn_limits_default();
    limits.stall_ms = 200;
    start(&limits);
    int fd = ask("/large.txt");
    rig_turn(&rig, 50);
    CHECK_EQ(rig.server.set.count, 1);
    rig_turn(&rig, 1000);
    CHECK_EQ(rig.server.set.count, 0);
    close(fd);
    finish();
}

TEST(who_reads_for_too_long_is_ended) {
    struct sys_conn_limits limits = sys_conn_limits_default();
    limits.stall_ms = 0;
    limits.file_ms = 300;
    start(&limits);
    int fd = ask("/large.txt");
    CHECK(read_slowly(fd, 1024, 1000) > 0);
    CHECK_EQ(rig.server.set.count, 0);
    close(fd);
    finish();
}

TEST(who_reads_on_gets_all_of_it_however_long_that_takes) {
    struct sys_conn_limits limits = sys_conn_limits_default();
    limits.linger_ms = 100;
    limits.stall_ms = 250;
    start(&limits);
    int fd = ask("/large.txt");
    CHECK(read_slowly(fd, LARGE / 100, 1500) > LARGE);
    close(fd);
    rig_turn(&rig, 50);
    CHECK_EQ(rig.server.set.count, 0);
    finish();
}

TEST(a_file_that_is_sent_takes_no_queue) {
    struct sys_conn_limits limits = sys_conn_limits_default();
    limits.queue_max = 65536;
    start(&limits);
    int fd = ask("/large.txt");
    rig_turn(&rig, 50);
    CHECK(rig.server.set.held < 65536);
    struct sys_pages *before = rig.http.files;
    rig.http.files = make();
    sys_pages_free(before); /* which the connection still holds */
    CHECK(read_slowly(fd, LARGE, 1000) > LARGE);
    close(fd);
    rig_turn(&rig, 50);
    finish();
}

TEST(nobody_can_change_the_memory) {
    int fd;
    snprintf(folder, sizeof folder, "/tmp/sotto-pages-XXXXXX");
    CHECK(mkdtemp(folder) != NULL);
    put("index.html", slice_str("page"));
    CHECK_OK(sys_pages_read(folder, &fd, which));
    CHECK_OK(sys_dir_remove(folder));
    CHECK(pwrite(fd, "x", 1, 0) < 0);
    CHECK(ftruncate(fd, 0) < 0);
    CHECK(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED);
    close(fd);
}

TEST(what_can_t_be_served_is_named) {
    static const struct {
        const char *name;
        err why;
    } CASES[] = {{"page.exe", ERR_MALFORMED},
                 {".hidden.js", ERR_MALFORMED},
                 {"a b.js", ERR_MALFORMED},
                 {"main.js\r\n.js", ERR_MALFORMED},
                 {"none", ERR_MALFORMED}};
    int fd;
    snprintf(folder, sizeof folder, "/tmp/sotto-pages-XXXXXX");
    CHECK(mkdtemp(folder) != NULL);
    CHECK_ERR(sys_pages_read(folder, &fd, which), ERR_NOT_FOUND);
    CHECK(strcmp(which, folder) == 0);
    put("index.html", slice_str("page"));
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        char path[64];
        snprintf(path, sizeof path, "%s/%s", folder, CASES[i].name);
        put(CASES[i].name, slice_str("1"));
        CHECK_ERR(sys_pages_read(folder, &fd, which), CASES[i].why);
        CHECK(strcmp(which, path) == 0);
        CHECK_OK(sys_file_remove(path));
    }
    for (int i = 0; i < SYS_PAGES_MAX; i++) {
        char name[16];
        snprintf(name, sizeof name, "%d.js", i);
        put(name, slice_str("1"));
    }
    CHECK_ERR(sys_pages_read(folder, &fd, which), ERR_LIMIT);
    CHECK_OK(sys_dir_remove(folder));
    CHECK_ERR(sys_pages_read(folder, &fd, which), ERR_NOT_FOUND);
}

TEST_MAIN
