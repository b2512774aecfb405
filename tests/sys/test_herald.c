/* Words that are told to a program of the operator's. */
#include "sys/herald.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "sys/files.h"
#include "tests/test.h"

static char folder[] = "/tmp/sotto-herald-XXXXXX";
static char program[64], heard[64];

static void clean(void) {
    (void)(unlink(program) | unlink(heard) | rmdir(folder));
}

static void make_program(void) {
    char text[256];
    if (folder[strlen(folder) - 1] == 'X')
        atexit(clean);
    CHECK(folder[strlen(folder) - 1] != 'X' || mkdtemp(folder) != NULL);
    snprintf(program, sizeof program, "%s/program", folder);
    snprintf(heard, sizeof heard, "%s/heard", folder);
    snprintf(text, sizeof text, "#!/bin/sh\necho \"$# $1\" >>%s\n", heard);
    CHECK_OK(sys_file_remove(heard));
    CHECK_OK(sys_file_write(program, slice_str(text), 0755));
}

/* What it has heard, once that is so long; it is waited for. */
static void check_heard(const char *expected) {
    buf got = {0};
    for (int i = 0; i < 2000; i++) {
        buf_clear(&got);
        if (sys_file_read(heard, 4096, &got) == OK && got.n >= strlen(expected))
            break;
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    }
    CHECK_SLICE(buf_slice(&got), slice_str(expected));
    buf_free(&got);
}

TEST(each_word_is_told_alone_and_in_order) {
    struct sys_herald *h;
    make_program();
    CHECK_OK(sys_herald_start(&h, program, SYS_HERALD_PATIENCE_MS));
    CHECK_OK(sys_herald_tell(h, slice_str("case-1")));
    CHECK_OK(sys_herald_tell(h, slice_str("7f.2")));
    check_heard("1 case-1\n1 7f.2\n");
    sys_herald_free(h);
}

TEST(what_was_told_before_the_end_is_still_done) {
    struct sys_herald *h;
    make_program();
    CHECK_OK(sys_herald_start(&h, program, SYS_HERALD_PATIENCE_MS));
    CHECK_OK(sys_herald_tell(h, slice_str("last")));
    sys_herald_free(h);
    check_heard("1 last\n");
}

TEST(only_a_case_s_number_can_be_told) {
    struct sys_herald *h;
    make_program();
    CHECK_OK(sys_herald_start(&h, program, SYS_HERALD_PATIENCE_MS));
    static const char *const bad[] = {"", "a b", "-rf", "a\n", "$(id)", "A", "../x"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        CHECK_ERR(sys_herald_tell(h, slice_str(bad[i])), ERR_MALFORMED);
    CHECK_OK(sys_herald_tell(h, slice_str("good")));
    check_heard("1 good\n");
    sys_herald_free(h);
}

TEST(a_program_that_fails_or_is_not_there_ends_nothing) {
    struct sys_herald *h;
    make_program();
    CHECK_OK(sys_herald_start(&h, "/nowhere/program", SYS_HERALD_PATIENCE_MS));
    CHECK_OK(sys_herald_tell(h, slice_str("one")));
    CHECK_OK(sys_herald_tell(h, slice_str("two")));
    sys_herald_free(h);
}

/* Whether a process runs: one that ended, and that nobody waits for, has no command line. */
static bool runs(long pid) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%ld/cmdline", pid);
    FILE *f = fopen(path, "r");
    int first = f == NULL ? EOF : fgetc(f);
    if (f != NULL)
        fclose(f);
    return first != EOF;
}

/* With what it started. It has time to start it. */
TEST(a_program_that_hangs_is_ended_and_keeps_nothing_back) {
    struct sys_herald *h;
    char text[256];
    long pids[2] = {0, 0};
    make_program();
    snprintf(text, sizeof text,
             "#!/bin/sh\n[ $1 = next ] && exec echo next >>%s\n"
             "sleep 1000 &\necho $$ $! >%s.pids\nwait\n",
             heard, program);
    CHECK_OK(sys_file_write(program, slice_str(text), 0755));
    CHECK_OK(sys_herald_start(&h, program, 3000));
    CHECK_OK(sys_herald_tell(h, slice_str("hang")));
    CHECK_OK(sys_herald_tell(h, slice_str("next")));
    check_heard("next\n");
    snprintf(text, sizeof text, "%s.pids", program);
    FILE *f = fopen(text, "r");
    CHECK(f != NULL && fscanf(f, "%ld %ld", &pids[0], &pids[1]) == 2);
    fclose(f);
    CHECK_OK(sys_file_remove(text));
    for (size_t i = 0; i < 2; i++) {
        for (int tries = 0; tries < 500 && runs(pids[i]); tries++)
            nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
        CHECK(!runs(pids[i]));
    }
    sys_herald_free(h);
}

TEST_MAIN
