/* A command that is handed to the holder of a home, in another process. */
#include "host/control.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/test.h"

static struct {
    struct sys_loop *loop;
    bool printed, gone;
} holder;

/* All of it at once, so that the other side finds it in one turn. */
static void asked(void *ctx, struct host_caller *caller, slice args) {
    (void)ctx, (void)args;
    host_caller_set(caller, &holder);
    CHECK_OK(host_caller_put(caller, 1, slice_str("a line\n")));
    CHECK_OK(host_caller_ask_printed(caller));
}

static void printed(void *ctx, struct host_caller *caller) {
    (void)ctx;
    holder.printed = true;
    host_caller_end(caller, 3);
}

static void gone(void *ctx, struct host_caller *caller) {
    (void)ctx, (void)caller;
    holder.gone = true;
    sys_loop_stop(holder.loop);
}

static const struct host_control_events events = {asked, printed, gone};

static err put(void *ctx, int stream, slice bytes) {
    const err *result = ctx;
    return stream == 1 && slice_equal(bytes, slice_str("a line\n")) ? *result : ERR_BUG;
}

/* The exit code of the other side, whose output goes as `result` says; 100 and more for a failure.
 */
static int ask(err result) {
    char home[] = "/tmp/sotto-control-XXXXXX";
    struct host_control *control;
    int status = 0, code = 0;
    holder.printed = holder.gone = false;
    CHECK(mkdtemp(home) != NULL);
    CHECK_OK(sys_loop_new(&holder.loop, NULL));
    CHECK_OK(host_control_open(&control, holder.loop, home, &events, NULL));
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        err e = host_control_ask(home, slice_str("args"), put, &result, &code);
        _exit(e == OK ? code : 100 + (e == ERR_CLOSED));
    }
    while (waitpid(child, &status, WNOHANG) == 0)
        CHECK_OK(sys_loop_turn(holder.loop, 10));
    CHECK_OK(sys_loop_turn(holder.loop, 0));
    host_control_close(control);
    sys_loop_free(holder.loop);
    CHECK(rmdir(home) == 0);
    CHECK(WIFEXITED(status));
    return WEXITSTATUS(status);
}

TEST(the_holder_learns_that_it_was_printed) {
    CHECK_EQ(ask(OK), 3);
    CHECK(holder.printed);
    CHECK(!holder.gone);
}

TEST(output_that_failed_is_never_said_to_be_printed) {
    CHECK_EQ(ask(ERR_IO), 101);
    CHECK(!holder.printed);
    CHECK(holder.gone);
}

TEST_MAIN
