/* The event loop: descriptors, one-shot timers, deferred calls and signals, in one thread.
 *
 * What is watched is a struct embedded in its owner, so that starting it allocates little or
 * nothing and stopping it can't fail. Callbacks may stop, start and free any object of the loop,
 * their own included: what was stopped is never called again, not even for an event that is already
 * on the table.
 *
 * One turn of the loop: wait; descriptors that are ready; timers that are due; deferred calls. A
 * call deferred by a deferred call runs in the next turn, which then doesn't wait. */
#ifndef SOTTO_SYS_LOOP_H
#define SOTTO_SYS_LOOP_H

/* SIGTERM and the like, for those who may not include what is the system's. */
#include <signal.h>

#include "base/slice.h"

struct sys_loop;

/* mem may be NULL. Makes SIGPIPE ignored in the whole process: a closed peer is an error of
 * write(). */
MUST err sys_loop_new(struct sys_loop **loop, const struct mem *mem);
/* Everything on it must have been stopped. NULL is fine. */
void sys_loop_free(struct sys_loop *loop);
/* Turns until sys_loop_stop. */
MUST err sys_loop_run(struct sys_loop *loop);
/* One turn that waits max_wait_ms at most (negative: for as long as it takes). For tests and for
 * programs that have a loop of their own. */
MUST err sys_loop_turn(struct sys_loop *loop, int max_wait_ms);
/* sys_loop_run returns OK after the turn at hand. */
void sys_loop_stop(struct sys_loop *loop);
const struct mem *sys_loop_mem(const struct sys_loop *loop);
/* Milliseconds of the monotonic clock, as of the beginning of this turn's callbacks. */
uint64_t sys_loop_now(const struct sys_loop *loop);
/* SYS_SCRATCH bytes that a callback may use until it returns or calls out, unless it was itself
 * handed bytes: those may lie there. */
uint8_t *sys_loop_scratch(struct sys_loop *loop);
enum { SYS_SCRATCH = 128 * 1024 };

/* ---- Clocks ---- in milliseconds; the wall's since 1970. The monotonic one is the caller's for
 * spans. */
uint64_t sys_clock_mono(void);
uint64_t sys_clock_micros(void); /* the monotonic one, in microseconds */
uint64_t sys_clock_wall(void);
/* Waits, for who has nothing else to do. */
void sys_clock_rest(unsigned ms);

/* ---- Descriptors ---- */
enum {
    SYS_READ = 1,      /* readable, or the other side has closed, or an error waits */
    SYS_WRITE = 2,     /* writable, or an error waits */
    SYS_EXCLUSIVE = 4, /* in an interest: wake one of the processes that wait for this listener */
};

struct sys_watch {
    struct sys_loop *loop; /* NULL while stopped */
    void (*ready)(void *ctx, unsigned events);
    void *ctx;
    int fd;
    uint16_t slot; /* the loop's: place among this turn's events, plus 1 */
    uint8_t interest;
};

/* Calls ready(ctx, events) whenever fd is as interest says (level-triggered; interest may be 0).
 * The descriptor stays the caller's; stop the watch before closing it. */
MUST err sys_watch_start(struct sys_watch *w, struct sys_loop *loop, int fd, unsigned interest,
                         void (*ready)(void *ctx, unsigned events), void *ctx);
MUST err sys_watch_set(struct sys_watch *w, unsigned interest);
/* Fine on one that is all zero or stopped. */
void sys_watch_stop(struct sys_watch *w);

/* ---- Timers ---- one shot. All zero is a timer that isn't set. */
struct sys_timer {
    struct sys_loop *loop; /* NULL while not set */
    void (*fire)(void *ctx);
    void *ctx;
    uint64_t at;
    size_t place; /* the loop's: place in its heap */
};

/* Calls fire(ctx) once, in_ms milliseconds from now or a little later; timers of the same
 * millisecond in any order. Setting it again moves it. NO_MEMORY only for one that wasn't set. */
MUST err sys_timer_set(struct sys_timer *t, struct sys_loop *loop, uint64_t in_ms,
                       void (*fire)(void *ctx), void *ctx);
void sys_timer_cancel(struct sys_timer *t);

/* ---- Deferred calls ---- all zero is one that isn't waiting. */
struct sys_later {
    struct sys_loop *loop; /* NULL while not waiting */
    void (*call)(void *ctx);
    void *ctx;
    struct sys_later *next, **back;
    uint64_t turn;
};

/* Calls call(ctx) once at the end of this turn. Asking again before that changes nothing. */
void sys_later_set(struct sys_later *l, struct sys_loop *loop, void (*call)(void *ctx), void *ctx);
void sys_later_cancel(struct sys_later *l);

/* ---- Signals ---- as callbacks of the loop, never in the middle of anything. */
struct sys_signals {
    struct sys_watch watch;
    void (*caught)(void *ctx, int signal);
    void *ctx;
    int fd;
};

/* Blocks the signals (a list that ends with 0) in this process and reports each as caught(ctx,
 * signal). */
MUST err sys_signals_start(struct sys_signals *s, struct sys_loop *loop, const int *signals,
                           void (*caught)(void *ctx, int signal), void *ctx);
/* SIGHUP is to be caught even if whoever started this process ignores it, as nohup does. Before
 * sys_signals_start, by a process that takes it for another wish than to end. */
void sys_signals_hear_hangup(void);
/* They stay blocked. */
void sys_signals_stop(struct sys_signals *s);

/* ---- Backends ---- one const table a kind; epoll is the only one. */
struct sys_event {
    struct sys_watch *watch;
    unsigned events;
};
struct sys_backend {
    const char *name;
    err (*open)(const struct mem *mem, void **state);
    void (*close)(const struct mem *mem, void *state);
    /* w goes from one interest to another; 0 is none, and then not even errors are reported. */
    err (*change)(void *state, struct sys_watch *w, unsigned from, unsigned to);
    /* Waits and fills in up to max events. */
    err (*wait)(void *state, struct sys_event *events, size_t max, int max_wait_ms, size_t *count);
};
extern const struct sys_backend sys_backend_epoll;

#endif
