/* The test starts copies of itself: with a role as its argument it is the child. */
#include "sys/proc.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rig.h"
#include "sys/channel.h"
#include "tests/test.h"

/* ---- The children ---- */

static int child_echo(void) {
    char bytes[100];
    for (ssize_t n; (n = read(SYS_PROC_FD_FIRST, bytes, sizeof(bytes))) > 0;)
        if (write(SYS_PROC_FD_FIRST + 1, bytes, (size_t)n) != n)
            return 2;
    return 0;
}

/* Says which descriptors it has, which signals are blocked, and who its group is. */
static int child_tell(void) {
    char text[200];
    sigset_t blocked;
    unsigned open = 0;
    for (int fd = 0; fd < 100; fd++)
        if (fcntl(fd, F_GETFD) >= 0)
            open |= fd < 31 ? 1u << fd : 1u << 31;
    sigprocmask(SIG_BLOCK, NULL, &blocked);
    int n = snprintf(text, sizeof(text), "%x %d %d", open, sigismember(&blocked, SIGTERM),
                     getpgrp() == getpid());
    return write(SYS_PROC_FD_FIRST, text, (size_t)n) == n ? 0 : 2;
}

static int child_stubborn(void) {
    signal(SIGTERM, SIG_IGN);
    if (write(SYS_PROC_FD_FIRST, "x", 1) != 1)
        return 2;
    for (;;)
        pause();
}

static int run_role(const char *role) {
    if (strcmp(role, "echo") == 0)
        return child_echo();
    if (strcmp(role, "tell") == 0)
        return child_tell();
    if (strcmp(role, "stubborn") == 0)
        return child_stubborn();
    return strcmp(role, "seven") == 0 ? 7 : 3;
}

/* ---- The parent ---- */

struct watched {
    struct sys_loop *loop;
    const char *role;
    int out[2], in[2]; /* pipes: to the child, from it */
    unsigned prepared, started, ended;
    int status;
    bool restarts;
    uint64_t times[10];
};

static err prepare(void *ctx, struct sys_proc_start *start) {
    struct watched *w = ctx;
    if (pipe2(w->out, O_CLOEXEC) != 0 || pipe2(w->in, O_CLOEXEC) != 0)
        return ERR_LIMIT;
    if (w->prepared < 10)
        w->times[w->prepared] = sys_clock_mono();
    w->prepared++;
    start->args[0] = "--role";
    start->args[1] = w->role;
    start->arg_count = 2;
    start->fds[start->fd_count++] = strcmp(w->role, "echo") == 0 ? w->out[0] : w->in[1];
    if (strcmp(w->role, "echo") == 0)
        start->fds[start->fd_count++] = w->in[1];
    return OK;
}

static void started(void *ctx, struct sys_proc *proc, err result) {
    struct watched *w = ctx;
    (void)proc;
    CHECK_OK(result);
    w->started++;
    close(w->out[0]);
    close(w->in[1]);
}

static void ended(void *ctx, struct sys_proc *proc, int status, bool restarts) {
    struct watched *w = ctx;
    CHECK_EQ(sys_proc_pid(proc), 0);
    w->ended++;
    w->status = status;
    w->restarts = restarts;
    close(w->out[1]);
    close(w->in[0]);
}

static struct sys_proc *launch(struct watched *w, const char *role) {
    *w = (struct watched){.role = role};
    CHECK_OK(sys_loop_new(&w->loop, NULL));
    struct sys_proc_options options = {
        .name = "a-child",
        .prepare = prepare,
        .started = started,
        .ended = ended,
        .ctx = w,
        .pause_first_ms = 20,
        .pause_last_ms = 80,
        .grace_ms = 100,
    };
    struct sys_proc *proc = NULL;
    CHECK_OK(sys_proc_new(&proc, w->loop, &options));
    return proc;
}

static void until(struct watched *w, const unsigned *counter, unsigned n) {
    uint64_t end = sys_clock_mono() + 20000;
    while (*counter < n && sys_clock_mono() < end)
        CHECK_OK(sys_loop_turn(w->loop, 20));
    CHECK(*counter >= n);
}

static void finish(struct watched *w, struct sys_proc *proc) {
    sys_proc_free(proc);
    sys_loop_free(w->loop);
}

TEST(a_child_talks_over_the_descriptors_that_it_was_given) {
    struct watched w;
    struct sys_proc *proc = launch(&w, "echo");
    char bytes[10];
    CHECK(write(w.out[1], "hello", 5) == 5);
    CHECK(read(w.in[0], bytes, sizeof(bytes)) == 5);
    CHECK(memcmp(bytes, "hello", 5) == 0);
    CHECK(sys_proc_pid(proc) > 0);
    close(w.out[1]);
    w.out[1] = open("/dev/null", O_RDONLY | O_CLOEXEC);
    until(&w, &w.ended, 1);
    CHECK_EQ(w.status, 0);
    CHECK(w.restarts);
    finish(&w, proc);
}

TEST(a_child_has_no_other_descriptor_no_blocked_signal_and_its_own_group) {
    struct watched w;
    struct sys_signals signals;
    struct sys_loop *loop;
    CHECK_OK(sys_loop_new(&loop, NULL));
    CHECK_OK(sys_signals_start(&signals, loop, (const int[]){SIGTERM, 0}, NULL, NULL));
    int extra = dup(0);
    struct sys_proc *proc = launch(&w, "tell");
    char text[100];
    ssize_t n = read(w.in[0], text, sizeof(text));
    CHECK(n > 0);
    CHECK_SLICE(slice_of(text, (size_t)n), slice_str("f 0 1"));
    until(&w, &w.ended, 1);
    close(extra);
    finish(&w, proc);
    sys_signals_stop(&signals);
    sys_loop_free(loop);
}

TEST(a_child_that_ends_is_started_again_after_growing_pauses) {
    struct watched w;
    unsigned before = rig_descriptors();
    struct sys_proc *proc = launch(&w, "seven");
    until(&w, &w.ended, 5);
    CHECK_EQ(w.status, 7);
    CHECK(w.restarts);
    CHECK_EQ(sys_proc_restarts(proc), 4);
    CHECK(w.times[1] - w.times[0] >= 20);
    CHECK(w.times[2] - w.times[1] >= 40);
    CHECK(w.times[4] - w.times[3] >= 80);
    sys_proc_stop(proc);
    uint64_t end = sys_clock_mono() + 150;
    while (sys_clock_mono() < end)
        CHECK_OK(sys_loop_turn(w.loop, 10));
    CHECK_EQ(w.prepared, 5);
    finish(&w, proc);
    CHECK_EQ(rig_descriptors(), before);
}

TEST(a_killed_child_is_told_by_its_signal) {
    struct watched w;
    struct sys_proc *proc = launch(&w, "echo");
    CHECK(kill(sys_proc_pid(proc), SIGKILL) == 0);
    until(&w, &w.ended, 1);
    CHECK_EQ(w.status, -SIGKILL);
    finish(&w, proc);
}

TEST(stopping_asks_first_and_kills_after_the_grace_time) {
    struct watched w;
    struct sys_proc *proc = launch(&w, "echo");
    sys_proc_stop(proc);
    until(&w, &w.ended, 1);
    CHECK_EQ(w.status, -SIGTERM);
    CHECK(!w.restarts);
    finish(&w, proc);
    proc = launch(&w, "stubborn");
    char byte;
    CHECK(read(w.in[0], &byte, 1) == 1);
    uint64_t asked = sys_clock_mono();
    sys_proc_stop(proc);
    until(&w, &w.ended, 1);
    CHECK_EQ(w.status, -SIGKILL);
    CHECK(sys_clock_mono() - asked >= 100);
    finish(&w, proc);
}

TEST(one_that_is_renewed_is_killed_after_the_grace_time_and_started_again) {
    struct watched w;
    struct sys_proc *proc = launch(&w, "stubborn");
    char byte;
    CHECK(read(w.in[0], &byte, 1) == 1);
    sys_proc_renew(proc);
    sys_proc_renew(proc);
    until(&w, &w.ended, 1);
    CHECK_EQ(w.status, -SIGKILL);
    CHECK(w.restarts);
    until(&w, &w.started, 2);
    sys_proc_renew(proc); /* and once more */
    until(&w, &w.ended, 2);
    sys_proc_renew(proc); /* while it pauses nothing happens */
    until(&w, &w.started, 3);
    finish(&w, proc);
}

/* A parent in between starts a child, tells its number and dies. The child holds the writing end of
 * a pipe: when the kernel has killed it, the reading end says so. */
TEST(a_child_dies_with_its_parent) {
    int ends[2], child = 0;
    CHECK(pipe2(ends, O_CLOEXEC) == 0);
    pid_t between = fork();
    CHECK(between >= 0);
    if (between == 0) {
        struct watched w;
        dup2(ends[1], STDERR_FILENO);
        child = sys_proc_pid(launch(&w, "stubborn"));
        char byte;
        bool good = read(w.in[0], &byte, 1) == 1 &&
                    write(ends[1], &child, sizeof(child)) == (ssize_t)sizeof(child);
        raise(good ? SIGKILL : SIGABRT);
    }
    close(ends[1]);
    int status;
    CHECK(waitpid(between, &status, 0) == between);
    CHECK_EQ(WTERMSIG(status), SIGKILL);
    CHECK(read(ends[0], &child, sizeof(child)) == (ssize_t)sizeof(child));
    struct pollfd end = {.fd = ends[0], .events = POLLIN};
    bool died = poll(&end, 1, 20000) == 1;
    if (!died)
        kill(child, SIGKILL);
    CHECK(died);
    close(ends[0]);
}

int main(int argc, char **argv) {
    if (argc == 3 && strcmp(argv[1], "--role") == 0)
        return run_role(argv[2]);
    return test_main(argc, argv);
}
