#include "sys/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sys/address.h"
#include "sys/log.h"
#include "sys/loop.h"
#include "tests/test.h"

static char folder[64];

static const char *in_folder(const char *name) {
    static char path[128];
    if (folder[0] == 0) {
        snprintf(folder, sizeof(folder), "/tmp/sotto-files-XXXXXX");
        CHECK(mkdtemp(folder) != NULL);
    }
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

TEST(a_file_is_written_as_a_whole_and_read_back) {
    buf got = buf_on(NULL);
    const char *path = in_folder("key");
    CHECK_ERR(sys_file_read(path, 100, &got), ERR_NOT_FOUND);
    CHECK_OK(sys_file_write(path, slice_str("first"), 0600));
    CHECK_OK(sys_file_write(path, slice_str("second"), 0600));
    CHECK_OK(buf_append(&got, slice_str(">")));
    CHECK_OK(sys_file_read(path, 6, &got));
    CHECK_SLICE(buf_slice(&got), slice_str(">second"));
    CHECK_ERR(sys_file_read(path, 5, &got), ERR_TOO_LARGE);
    CHECK_SLICE(buf_slice(&got), slice_str(">second"));
    struct stat info;
    CHECK(stat(path, &info) == 0);
    CHECK_EQ(info.st_mode & 0777, 0600);
    CHECK(access(in_folder("key.new"), F_OK) != 0);
    buf_free(&got);
}

TEST(a_file_that_is_made_once_is_not_replaced) {
    buf got = buf_on(NULL);
    const char *path = in_folder("once");
    CHECK_OK(sys_file_create(path, slice_str("first"), 0600));
    CHECK_ERR(sys_file_create(path, slice_str("second"), 0600), ERR_EXISTS);
    CHECK_OK(sys_file_read(path, 100, &got));
    CHECK_SLICE(buf_slice(&got), slice_str("first"));
    CHECK_OK(sys_file_remove(path));
    CHECK_OK(sys_file_remove(path));
    CHECK(access(path, F_OK) != 0);
    buf_free(&got);
}

static void note(void *ctx, const char *path) {
    buf *names = ctx;
    CHECK_OK(buf_append(names, slice_str(path + strlen(folder))));
    CHECK_OK(buf_append_byte(names, ' '));
}

TEST(files_below_a_directory_are_found_by_name) {
    static const char *const files[] = {"walk/b.x", "walk/a/2.x", "walk/a/10.x", "walk/a/no",
                                        "walk/x"};
    buf names = buf_on(NULL);
    CHECK_OK(sys_dir_make(in_folder("walk/a")));
    CHECK_OK(sys_dir_make(in_folder("walk/d.x")));
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        CHECK_OK(sys_file_write(in_folder(files[i]), SLICE_EMPTY, 0600));
    CHECK(symlink("nowhere", in_folder("walk/c.x")) == 0);
    sys_files_walk(in_folder("walk"), ".x", note, &names);
    CHECK_SLICE(buf_slice(&names), slice_str("/walk/a/10.x /walk/a/2.x /walk/b.x /walk/c.x "));
    buf_clear(&names);
    sys_files_walk(in_folder("walk/x"), ".x", note, &names);
    sys_files_walk(in_folder("nowhere"), ".x", note, &names);
    CHECK_SLICE(buf_slice(&names), slice_str("/walk/x /nowhere "));
    buf_free(&names);
}

TEST(what_is_no_regular_file_is_not_read) {
    buf got = buf_on(NULL);
    CHECK(mkfifo(in_folder("fifo"), 0600) == 0);
    CHECK_ERR(sys_file_read(in_folder("fifo"), 100, &got), ERR_UNSUPPORTED);
    CHECK_ERR(sys_file_read(folder, 100, &got), ERR_UNSUPPORTED);
    buf_free(&got);
}

TEST(directories_are_made_for_their_owner_only) {
    struct stat info;
    CHECK_OK(sys_dir_make(in_folder("a/b//c/")));
    CHECK_OK(sys_dir_make(in_folder("a/b/c")));
    CHECK(stat(in_folder("a/b"), &info) == 0);
    CHECK_EQ(info.st_mode & 0777, 0700);
    CHECK_OK(sys_file_write(in_folder("a/file"), slice_str("x"), 0600));
    CHECK_ERR(sys_dir_make(in_folder("a/file")), ERR_EXISTS);
    CHECK_ERR(sys_dir_make(in_folder("a/file/b")), ERR_EXISTS);
    CHECK_ERR(sys_dir_make(""), ERR_MALFORMED);
}

TEST(a_lock_is_one_process_s_until_it_ends) {
    int fd = -1, second = -1;
    CHECK_OK(sys_lock_take(in_folder("lock"), &fd));
    pid_t child = fork();
    if (child == 0) {
        int other;
        _exit(sys_lock_take(in_folder("lock"), &other) == ERR_BUSY ? 0 : 1);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK_EQ(status, 0);
    sys_lock_release(fd);
    CHECK_OK(sys_lock_take(in_folder("lock"), &second));
    sys_lock_release(second);
}

TEST(a_full_disk_is_told_apart) {
    CHECK_ERR(sys_err_from_errno(ENOSPC), ERR_DISK_FULL);
    CHECK_ERR(sys_err_from_errno(EDQUOT), ERR_DISK_FULL);
    CHECK_ERR(sys_err_from_errno(EIO), ERR_IO);
    CHECK_ERR(sys_err_from_errno(EMFILE), ERR_LIMIT);
    CHECK_ERR(sys_err_from_errno(EHOSTUNREACH), ERR_AGAIN);
    CHECK_OK(sys_err_from_errno(0));
}

/* ---- The log ---- */

static slice log_through_pipe(buf *out, enum sys_log_level at, enum sys_log_level level,
                              const char *text) {
    int ends[2];
    CHECK(pipe(ends) == 0);
    struct sys_log log = {ends[1], "edge", at, false};
    sys_log_line(&log, level, "said", "%s", text);
    sys_log_failure(&log, "store_not_opened", "could not open the store", ERR_DISK_FULL);
    close(ends[1]);
    CHECK_OK(buf_resize(out, 4096));
    ssize_t n = read(ends[0], out->p, out->n);
    CHECK(n >= 0);
    close(ends[0]);
    return slice_of(out->p, (size_t)n);
}

TEST(a_log_line_has_a_day_a_level_and_a_name_and_no_finer_time) {
    buf out = buf_on(NULL);
    slice line = log_through_pipe(&out, SYS_LOG_INFO, SYS_LOG_INFO, "listening\non 2 ports");
    char expected[200];
    time_t now = time(NULL);
    struct tm day;
    CHECK(gmtime_r(&now, &day) != NULL);
    snprintf(expected, sizeof(expected),
             "%04d-%02d-%02d info edge: listening?on 2 ports\n"
             "%04d-%02d-%02d error edge: could not open the store: the disk is full (DISK_FULL)\n",
             day.tm_year + 1900, day.tm_mon + 1, day.tm_mday, day.tm_year + 1900, day.tm_mon + 1,
             day.tm_mday);
    CHECK_SLICE(line, slice_str(expected));
    buf_free(&out);
}

TEST(a_level_keeps_back_what_is_below_it_and_a_long_line_is_cut) {
    static char text[3000];
    memset(text, 'x', sizeof(text) - 1);
    buf out = buf_on(NULL);
    CHECK(log_through_pipe(&out, SYS_LOG_ERROR, SYS_LOG_INFO, "quiet").n < 100);
    slice lines = log_through_pipe(&out, SYS_LOG_INFO, SYS_LOG_INFO, text);
    CHECK(memchr(lines.p, '\n', lines.n) == lines.p + 1000);
    sys_log_line(NULL, SYS_LOG_ERROR, "nothing", "nothing");
    enum sys_log_level level;
    CHECK_OK(sys_log_level_parse(&level, "info"));
    CHECK_EQ(level, SYS_LOG_INFO);
    CHECK_ERR(sys_log_level_parse(&level, "loud"), ERR_MALFORMED);
    buf_free(&out);
}

/* The line, but for the day, which begins it. */
static slice json_line(buf *out, const char *text) {
    static const char head[] = "{\"day\":\"2026-11-24\"";
    int ends[2];
    CHECK(pipe(ends) == 0);
    struct sys_log log = {ends[1], "edge", SYS_LOG_INFO, true};
    sys_log_warn(&log, "said", "%s", text);
    close(ends[1]);
    CHECK_OK(buf_resize(out, 4096));
    ssize_t n = read(ends[0], out->p, out->n);
    CHECK(n > (ssize_t)sizeof(head));
    close(ends[0]);
    CHECK(memcmp(out->p, head, strlen("{\"day\":\"")) == 0);
    return slice_of(out->p + strlen(head), (size_t)n - strlen(head));
}

#define JSON_HEAD ",\"level\":\"warn\",\"process\":\"edge\",\"event\":\"said\",\"text\":\""

TEST(a_line_in_json_stays_json_whatever_it_says) {
    static const struct {
        const char *said, *written;
    } CASES[] = {
        {"on 2 ports", "on 2 ports"},
        {"", ""},
        {"a \"word\" and a \\", "a \\\"word\\\" and a \\\\"},
        {"a\nb\tc\x7f\x01", "a\\nb\\tc\\u007f\\u0001"},
        {"gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80",
         "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80"},
        {"\xff-\xc3", "\\ufffd-\\ufffd"},
        {"\xed\xa0\x80", "\\ufffd\\ufffd\\ufffd"}, /* half of a surrogate pair */
        {"\xc0\xaf", "\\ufffd\\ufffd"},            /* too long a form */
    };
    buf out = buf_on(NULL);
    char expected[400];
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        snprintf(expected, sizeof(expected), JSON_HEAD "%s\"}\n", CASES[i].written);
        CHECK_SLICE(json_line(&out, CASES[i].said), slice_str(expected));
    }
    buf_free(&out);
}

/* Whatever stands at the limit: one byte, an escape, a character of several bytes. */
TEST(a_long_line_in_json_is_cut_between_characters_and_ends_as_every_other) {
    static const char *const UNITS[] = {"x",    "\"",           "\x01",
                                        "\xff", "\xe2\x82\xac", "\xf0\x9f\x98\x80"};
    static const char *const WRITTEN[] = {"x",       "\\\"",         "\\u0001",
                                          "\\ufffd", "\xe2\x82\xac", "\xf0\x9f\x98\x80"};
    static char text[3000];
    buf out = buf_on(NULL);
    for (size_t i = 0; i < sizeof(UNITS) / sizeof(UNITS[0]); i++) {
        size_t unit = strlen(UNITS[i]), written = strlen(WRITTEN[i]);
        for (size_t before = 0; before < written; before++) {
            memset(text, 'y', before);
            text[before] = 0;
            for (size_t n = before; n + unit < 2000; n += unit)
                memcpy(text + n, UNITS[i], unit + 1);
            slice line = json_line(&out, text);
            size_t whole = line.n + strlen("{\"day\":\"2026-11-24\"");
            CHECK(whole <= 1001 && whole > 1001 - written);
            CHECK_SLICE(slice_of(line.p + line.n - 3, 3), slice_str("\"}\n"));
            CHECK(memchr(line.p, '\n', line.n) == line.p + line.n - 1);
            slice units = slice_of(line.p + strlen(JSON_HEAD) + before,
                                   line.n - 3 - strlen(JSON_HEAD) - before);
            CHECK_EQ(units.n % written, 0);
            for (size_t k = 0; k < units.n; k += written)
                CHECK(memcmp(units.p + k, WRITTEN[i], written) == 0);
        }
    }
    buf_free(&out);
}

/* ---- Addresses ---- */

static bool is(const struct sys_address *a, enum sys_scheme scheme, const char *host,
               const char *port, const char *path) {
    return a->scheme == scheme && strcmp(a->host, host) == 0 && strcmp(a->port, port) == 0 &&
           strcmp(a->path, path) == 0;
}

TEST(an_address_is_taken_apart) {
    struct sys_address a;
    CHECK_OK(sys_address_parse(&a, "localhost:7000"));
    CHECK(is(&a, SYS_SCHEME_TCP, "localhost", "7000", ""));
    CHECK_OK(sys_address_parse(&a, "wss://chat.example.org"));
    CHECK(is(&a, SYS_SCHEME_WSS, "chat.example.org", "443", "/session"));
    CHECK_OK(sys_address_parse(&a, "ws://[::1]:80/deep/path"));
    CHECK(is(&a, SYS_SCHEME_WS, "::1", "80", "/deep/path"));
    CHECK_OK(sys_address_parse(&a, "ws://h/"));
    CHECK(is(&a, SYS_SCHEME_WS, "h", "80", "/session"));
    CHECK_OK(sys_address_parse(&a, "tls://h:1"));
    CHECK(is(&a, SYS_SCHEME_TLS, "h", "1", ""));
    static const char *const BAD[] = {
        "",        "h",           ":1",    "h:",         "h:0",         "h:65536",
        "h:1x",    "h:1/path",    "h h:1", "http://h:1", "ws://",       "ws://h:1\r\nX: y",
        "[::1",    "[::g]:1",     "[]:1",  "ws://a@b/",  "h\xc3\xa9:1", "ws://h:123456",
        "tcp://h", "wss://h:1?q",
    };
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++)
        if (sys_address_parse(&a, BAD[i]) == OK)
            test_fail(__FILE__, __LINE__, "taken: %s", BAD[i]);
    struct sys_endpoint endpoint;
    CHECK_OK(sys_endpoint_resolve(&endpoint, "127.0.0.1", "80", false));
    CHECK_EQ(endpoint.address.ss_family, AF_INET);
    CHECK_OK(sys_endpoint_resolve(&endpoint, "::1", "80", false));
    CHECK_EQ(endpoint.address.ss_family, AF_INET6);
}

TEST(the_folder_is_removed) {
    char command[128];
    snprintf(command, sizeof(command), "rm -r '%s'", folder);
    CHECK_EQ(system(command), 0);
}

TEST_MAIN
