/* Other programs, run to their end. */
#include "sys/run.h"

#include "tests/test.h"

enum { MAX = 1 << 20 };

static err run(const char *const *argv, slice input, buf *output, int *status) {
    return sys_run(argv, input, MAX, output, status);
}

TEST(it_reads_and_writes_more_than_a_pipe_holds) {
    static uint8_t much[MAX];
    buf out = {0};
    int status = 1;
    memset(much, 'x', sizeof much);
    CHECK_OK(run((const char *const[]){"cat", NULL}, SLICE_ARRAY(much), &out, &status));
    CHECK_EQ(status, 0);
    CHECK_SLICE(buf_slice(&out), SLICE_ARRAY(much));
    buf_free(&out);
}

TEST(its_exit_code_and_the_signal_that_ended_it_are_told) {
    buf out = {0};
    int status = 0;
    CHECK_OK(run((const char *const[]){"sh", "-c", "exit 7", NULL}, SLICE_EMPTY, &out, &status));
    CHECK_EQ(status, 7);
    CHECK_OK(
        run((const char *const[]){"sh", "-c", "kill -9 $$", NULL}, SLICE_EMPTY, &out, &status));
    CHECK_EQ(status, -9);
    CHECK_EQ(out.n, 0);
}

TEST(one_that_reads_nothing_is_no_failure) {
    static uint8_t much[MAX];
    buf out = {0};
    int status = 1;
    CHECK_OK(run((const char *const[]){"true", NULL}, SLICE_ARRAY(much), &out, &status));
    CHECK_EQ(status, 0);
}

TEST(too_much_output_adds_nothing) {
    buf out = {0};
    int status;
    const char *const argv[] = {"printf", "12345", NULL};
    CHECK_ERR(sys_run(argv, SLICE_EMPTY, 4, &out, &status), ERR_TOO_LARGE);
    CHECK_EQ(out.n, 0);
    CHECK_OK(sys_run(argv, SLICE_EMPTY, 5, &out, &status));
    CHECK_EQ(out.n, 5);
    buf_free(&out);
}

TEST(a_program_that_is_not_there_is_not_found) {
    buf out = {0};
    int status;
    CHECK_ERR(run((const char *const[]){"/nowhere/program", NULL}, SLICE_EMPTY, &out, &status),
              ERR_NOT_FOUND);
}

TEST_MAIN
