#include "sys/loop.h"

#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/support.h"
#include "tests/test.h"

static struct sys_loop *new_loop(void) {
    struct sys_loop *loop = NULL;
    CHECK_OK(sys_loop_new(&loop, NULL));
    return loop;
}

/* ---- Timers ---- */

enum { TIMERS = 200 };
struct alarm {
    struct sys_timer timer;
    unsigned *next;
    unsigned order;
    uint64_t due, fired;
};

static void ring(void *ctx) {
    struct alarm *alarm = ctx;
    alarm->order = ++*alarm->next;
    alarm->fired = sys_clock_mono();
}

TEST(timers_fire_in_the_order_of_their_times_and_never_early) {
    struct sys_loop *loop = new_loop();
    struct support_random random = {7};
    static struct alarm alarms[TIMERS];
    unsigned next = 0;
    for (size_t i = 0; i < TIMERS; i++) {
        uint64_t in = support_next(&random) % 40;
        alarms[i] = (struct alarm){.next = &next};
        CHECK_OK(sys_timer_set(&alarms[i].timer, loop, in, ring, &alarms[i]));
        alarms[i].due = alarms[i].timer.at;
    }
    /* Every third is taken back, every sixth moved to the end. */
    for (size_t i = 0; i < TIMERS; i += 3)
        sys_timer_cancel(&alarms[i].timer);
    for (size_t i = 1; i < TIMERS; i += 6) {
        CHECK_OK(sys_timer_set(&alarms[i].timer, loop, 60, ring, &alarms[i]));
        alarms[i].due = alarms[i].timer.at;
    }
    uint64_t end = sys_clock_mono() + 120;
    while (sys_clock_mono() < end)
        CHECK_OK(sys_loop_turn(loop, 5));
    CHECK_OK(sys_loop_turn(loop, 0));
    for (size_t i = 0; i < TIMERS; i++) {
        bool cancelled = i % 3 == 0;
        CHECK((alarms[i].order == 0) == cancelled);
        CHECK(cancelled || alarms[i].fired >= alarms[i].due);
        for (size_t j = 0; j < TIMERS; j++)
            if (alarms[i].order != 0 && alarms[j].order != 0 && alarms[i].due < alarms[j].due)
                CHECK(alarms[i].order < alarms[j].order);
    }
    sys_loop_free(loop);
}

struct pair_of_timers {
    struct sys_timer a, b;
    unsigned fired;
};

static void cancel_the_other(void *ctx) {
    struct pair_of_timers *pair = ctx;
    pair->fired++;
    sys_timer_cancel(&pair->a);
    sys_timer_cancel(&pair->b);
}

TEST(a_timer_can_cancel_another_that_is_due_too) {
    struct sys_loop *loop = new_loop();
    struct pair_of_timers pair = {0};
    CHECK_OK(sys_timer_set(&pair.a, loop, 0, cancel_the_other, &pair));
    CHECK_OK(sys_timer_set(&pair.b, loop, 0, cancel_the_other, &pair));
    CHECK_OK(sys_loop_turn(loop, 5));
    CHECK_OK(sys_loop_turn(loop, 5));
    CHECK_EQ(pair.fired, 1);
    sys_loop_free(loop);
}

/* ---- Descriptors ---- */

struct end {
    struct sys_watch watch;
    struct end *other;
    unsigned calls;
    int fd;
};

static void stop_both(void *ctx, unsigned events) {
    struct end *end = ctx;
    CHECK(events & SYS_READ);
    end->calls++;
    sys_watch_stop(&end->other->watch);
    sys_watch_stop(&end->watch);
    /* As if it had been freed and used again: a call would crash. */
    memset(&end->other->watch, 0xff, sizeof(end->other->watch));
}

TEST(a_watch_that_is_stopped_by_another_of_the_same_turn_is_not_called) {
    struct sys_loop *loop = new_loop();
    int fds[2], more[2];
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, more) == 0);
    struct end a = {.fd = fds[0]}, b = {.fd = more[0], .other = &a};
    a.other = &b;
    CHECK_OK(sys_watch_start(&a.watch, loop, a.fd, SYS_READ, stop_both, &a));
    CHECK_OK(sys_watch_start(&b.watch, loop, b.fd, SYS_READ, stop_both, &b));
    CHECK(write(fds[1], "x", 1) == 1 && write(more[1], "x", 1) == 1);
    CHECK_OK(sys_loop_turn(loop, 100));
    CHECK_OK(sys_loop_turn(loop, 0));
    CHECK_EQ(a.calls + b.calls, 1);
    close(fds[0]), close(fds[1]), close(more[0]), close(more[1]);
    sys_loop_free(loop);
}

static void count_call(void *ctx, unsigned events) {
    (void)events;
    ++*(unsigned *)ctx;
}

TEST(a_watch_without_interest_hears_nothing_not_even_the_end) {
    struct sys_loop *loop = new_loop();
    int fds[2];
    unsigned calls = 0;
    struct sys_watch watch = {0};
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0);
    CHECK_OK(sys_watch_start(&watch, loop, fds[0], 0, count_call, &calls));
    close(fds[1]);
    CHECK_OK(sys_loop_turn(loop, 10));
    CHECK_EQ(calls, 0);
    CHECK_OK(sys_watch_set(&watch, SYS_READ));
    CHECK_OK(sys_loop_turn(loop, 10));
    CHECK_EQ(calls, 1);
    sys_watch_stop(&watch);
    close(fds[0]);
    sys_loop_free(loop);
}

/* ---- Deferred calls ---- */

struct chain {
    struct sys_later first, second, third;
    struct sys_loop *loop;
    char seen[8];
};

static void third(void *ctx) {
    struct chain *chain = ctx;
    chain->seen[strlen(chain->seen)] = '3';
}

static void second(void *ctx) {
    struct chain *chain = ctx;
    chain->seen[strlen(chain->seen)] = '2';
}

static void first(void *ctx) {
    struct chain *chain = ctx;
    chain->seen[strlen(chain->seen)] = '1';
    sys_later_cancel(&chain->second);
    sys_later_set(&chain->first, chain->loop, third, chain);
}

TEST(deferred_calls_run_in_order_once_and_what_they_defer_runs_in_the_next_turn) {
    struct chain chain = {.loop = new_loop()};
    sys_later_set(&chain.first, chain.loop, first, &chain);
    sys_later_set(&chain.second, chain.loop, second, &chain);
    sys_later_set(&chain.third, chain.loop, third, &chain);
    sys_later_set(&chain.third, chain.loop, third, &chain);
    CHECK_OK(sys_loop_turn(chain.loop, -1));
    CHECK_SLICE(slice_str(chain.seen), slice_str("13"));
    CHECK_OK(sys_loop_turn(chain.loop, -1));
    CHECK_SLICE(slice_str(chain.seen), slice_str("133"));
    sys_later_set(&chain.first, chain.loop, first, &chain);
    sys_later_cancel(&chain.first);
    CHECK_OK(sys_loop_turn(chain.loop, 0));
    CHECK_SLICE(slice_str(chain.seen), slice_str("133"));
    sys_loop_free(chain.loop);
}

/* ---- Signals, running ---- */

struct caught {
    struct sys_loop *loop;
    int last;
};

static void stop_loop(void *ctx, int number) {
    struct caught *caught = ctx;
    caught->last = number;
    sys_loop_stop(caught->loop);
}

TEST(a_signal_is_a_callback_and_can_stop_the_loop) {
    struct caught caught = {.loop = new_loop()};
    struct sys_signals signals = {0};
    CHECK_OK(sys_signals_start(&signals, caught.loop, (const int[]){SIGUSR1, SIGTERM, 0}, stop_loop,
                               &caught));
    CHECK(kill(getpid(), SIGUSR1) == 0);
    CHECK_OK(sys_loop_run(caught.loop));
    CHECK_EQ(caught.last, SIGUSR1);
    CHECK(kill(getpid(), SIGTERM) == 0);
    CHECK_OK(sys_loop_run(caught.loop));
    CHECK_EQ(caught.last, SIGTERM);
    sys_signals_stop(&signals);
    sys_loop_free(caught.loop);
}

TEST(a_loop_without_memory_fails_cleanly) {
    for (size_t fail_at = 1; fail_at <= 3; fail_at++) {
        struct support_mem m;
        support_mem_init(&m, fail_at);
        struct sys_loop *loop = NULL;
        struct sys_timer timer = {0};
        unsigned order = 0;
        struct alarm alarm = {.next = &order};
        err made = sys_loop_new(&loop, &m.mem);
        if (fail_at <= 2)
            CHECK_ERR(made, ERR_NO_MEMORY);
        if (made == OK) {
            CHECK_ERR(sys_timer_set(&timer, loop, 1, ring, &alarm), ERR_NO_MEMORY);
            CHECK_OK(sys_timer_set(&timer, loop, 1, ring, &alarm));
            sys_timer_cancel(&timer);
            sys_loop_free(loop);
        }
        CHECK_EQ(m.blocks, 0);
        CHECK_EQ(m.dirty, 0);
    }
}

TEST_MAIN
