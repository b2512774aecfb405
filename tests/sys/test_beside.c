/* What is done again and again by a process of its own. */
#include "sys/beside.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/test.h"

static int told[2]; /* the standard output, for a process that has no other descriptor of ours */

static void say_so(void *ctx) {
    pid_t pid = getpid();
    (void)ctx;
    if (write(1, &pid, sizeof pid) != (ssize_t)sizeof pid)
        _exit(1);
}

static void fail_at_once(void *ctx) {
    (void)ctx;
    _exit(1);
}

static void start(struct sys_beside **b, void (*work)(void *ctx)) {
    int out = dup(1);
    CHECK(pipe(told) == 0 && out >= 0 && dup2(told[1], 1) == 1);
    close(told[1]);
    CHECK_OK(sys_beside_start(b, work, NULL, 1));
    CHECK(dup2(out, 1) == 1);
    close(out);
}

TEST(it_is_done_again_and_again_and_ends_with_who_started_it) {
    struct sys_beside *b;
    pid_t first, second;
    start(&b, say_so);
    CHECK(read(told[0], &first, sizeof first) == (ssize_t)sizeof first);
    CHECK(read(told[0], &second, sizeof second) == (ssize_t)sizeof second);
    CHECK(first == second && first != getpid());
    CHECK(!sys_beside_gone(b));
    sys_beside_free(b);
    while (read(told[0], &second, sizeof second) > 0)
        continue;
    CHECK(waitpid(first, NULL, 0) == first);
    close(told[0]);
}

TEST(it_is_noticed_when_it_ends_by_itself) {
    struct sys_beside *b;
    start(&b, fail_at_once);
    CHECK(wait(NULL) > 0);
    CHECK(sys_beside_gone(b));
    sys_beside_free(b);
    close(told[0]);
}

TEST_MAIN
