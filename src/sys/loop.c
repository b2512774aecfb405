#include "sys/loop.h"

#include <limits.h>
#include <signal.h>

enum { EVENTS_MAX = 256, TIMERS_FIRST = 16 };

struct sys_loop {
    const struct mem *mem;
    const struct sys_backend *backend;
    void *state;
    uint64_t now;
    bool stopped;
    struct sys_timer **timers; /* a heap: the soonest is the first */
    size_t timer_count, timer_cap;
    struct sys_later *later, **later_last;
    uint64_t turn;
    struct sys_event events[EVENTS_MAX];
    uint8_t scratch[SYS_SCRATCH];
};

err sys_loop_new(struct sys_loop **out, const struct mem *mem) {
    struct sys_loop *loop = mem_new(mem, sizeof(*loop));
    if (loop == NULL)
        return ERR_NO_MEMORY;
    loop->mem = mem;
    loop->backend = &sys_backend_epoll;
    loop->later_last = &loop->later;
    loop->now = sys_clock_mono();
    err result = loop->backend->open(mem, &loop->state);
    if (result != OK) {
        mem_free(mem, loop, sizeof(*loop));
        return result;
    }
    signal(SIGPIPE, SIG_IGN);
    *out = loop;
    return OK;
}

void sys_loop_free(struct sys_loop *loop) {
    if (loop == NULL)
        return;
    loop->backend->close(loop->mem, loop->state);
    mem_free(loop->mem, loop->timers, loop->timer_cap * sizeof(*loop->timers));
    mem_free(loop->mem, loop, sizeof(*loop));
}

const struct mem *sys_loop_mem(const struct sys_loop *loop) {
    return loop->mem;
}

uint64_t sys_loop_now(const struct sys_loop *loop) {
    return loop->now;
}

uint8_t *sys_loop_scratch(struct sys_loop *loop) {
    return loop->scratch;
}

void sys_loop_stop(struct sys_loop *loop) {
    loop->stopped = true;
}

/* ---- Descriptors ---- */

err sys_watch_start(struct sys_watch *w, struct sys_loop *loop, int fd, unsigned interest,
                    void (*ready)(void *ctx, unsigned events), void *ctx) {
    *w = (struct sys_watch){loop, ready, ctx, fd, 0, 0};
    err result = sys_watch_set(w, interest);
    if (result != OK)
        w->loop = NULL;
    return result;
}

err sys_watch_set(struct sys_watch *w, unsigned interest) {
    if (w->loop == NULL)
        return ERR_BUG;
    if (interest == w->interest)
        return OK;
    TRY(w->loop->backend->change(w->loop->state, w, w->interest, interest));
    w->interest = (uint8_t)interest;
    return OK;
}

void sys_watch_stop(struct sys_watch *w) {
    if (w->loop == NULL)
        return;
    /* Fails only if the descriptor is gone already, and with it what was registered. */
    if (w->interest != 0 && w->loop->backend->change(w->loop->state, w, w->interest, 0) != OK)
        w->interest = 0;
    if (w->slot != 0)
        w->loop->events[w->slot - 1].watch = NULL;
    w->slot = 0;
    w->interest = 0;
    w->loop = NULL;
}

/* Slots first, so that a callback which stops another watch finds its event and takes it back. */
static void dispatch(struct sys_loop *loop, size_t count) {
    for (size_t i = 0; i < count; i++)
        loop->events[i].watch->slot = (uint16_t)(i + 1);
    for (size_t i = 0; i < count; i++) {
        struct sys_watch *w = loop->events[i].watch;
        if (w == NULL)
            continue;
        w->slot = 0;
        unsigned seen = loop->events[i].events & w->interest;
        if (seen != 0)
            w->ready(w->ctx, seen);
    }
}

/* ---- Timers ---- */

static void timer_place(struct sys_loop *loop, size_t i, struct sys_timer *t) {
    loop->timers[i] = t;
    t->place = i;
}

static void timer_up(struct sys_loop *loop, size_t i, struct sys_timer *t) {
    for (; i > 0 && loop->timers[(i - 1) / 2]->at > t->at; i = (i - 1) / 2)
        timer_place(loop, i, loop->timers[(i - 1) / 2]);
    timer_place(loop, i, t);
}

static void timer_down(struct sys_loop *loop, size_t i, struct sys_timer *t) {
    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= loop->timer_count)
            break;
        if (child + 1 < loop->timer_count && loop->timers[child + 1]->at < loop->timers[child]->at)
            child++;
        if (loop->timers[child]->at >= t->at)
            break;
        timer_place(loop, i, loop->timers[child]);
        i = child;
    }
    timer_place(loop, i, t);
}

static err timer_room(struct sys_loop *loop) {
    if (loop->timer_count < loop->timer_cap)
        return OK;
    size_t cap = loop->timer_cap == 0 ? TIMERS_FIRST : loop->timer_cap * 2;
    struct sys_timer **grown =
        mem_resize(loop->mem, loop->timers, loop->timer_cap * sizeof(*grown), cap * sizeof(*grown));
    if (grown == NULL)
        return ERR_NO_MEMORY;
    loop->timers = grown;
    loop->timer_cap = cap;
    return OK;
}

err sys_timer_set(struct sys_timer *t, struct sys_loop *loop, uint64_t in_ms,
                  void (*fire)(void *ctx), void *ctx) {
    if (t->loop == NULL)
        TRY(timer_room(loop));
    else
        sys_timer_cancel(t);
    uint64_t now = sys_clock_mono();
    t->loop = loop;
    t->fire = fire;
    t->ctx = ctx;
    t->at = in_ms > UINT64_MAX - now ? UINT64_MAX : now + in_ms;
    timer_up(loop, loop->timer_count++, t);
    return OK;
}

void sys_timer_cancel(struct sys_timer *t) {
    struct sys_loop *loop = t->loop;
    if (loop == NULL)
        return;
    t->loop = NULL;
    struct sys_timer *last = loop->timers[--loop->timer_count];
    if (last == t)
        return;
    size_t i = t->place;
    if (i > 0 && loop->timers[(i - 1) / 2]->at > last->at)
        timer_up(loop, i, last);
    else
        timer_down(loop, i, last);
}

static void fire_due(struct sys_loop *loop) {
    while (loop->timer_count > 0 && loop->timers[0]->at <= loop->now) {
        struct sys_timer *t = loop->timers[0];
        sys_timer_cancel(t);
        t->fire(t->ctx);
    }
}

/* ---- Deferred calls ---- */

void sys_later_set(struct sys_later *l, struct sys_loop *loop, void (*call)(void *ctx), void *ctx) {
    if (l->loop != NULL)
        return;
    *l = (struct sys_later){loop, call, ctx, NULL, loop->later_last, loop->turn};
    *loop->later_last = l;
    loop->later_last = &l->next;
}

void sys_later_cancel(struct sys_later *l) {
    if (l->loop == NULL)
        return;
    *l->back = l->next;
    if (l->next != NULL)
        l->next->back = l->back;
    else
        l->loop->later_last = l->back;
    l->loop = NULL;
}

/* Only those that were waiting when it began, so that the turn ends. */
static void run_later(struct sys_loop *loop) {
    uint64_t turn = loop->turn++;
    while (loop->later != NULL && loop->later->turn <= turn) {
        struct sys_later *l = loop->later;
        sys_later_cancel(l);
        l->call(l->ctx);
    }
}

/* ---- Turning ---- */

static int wait_time(const struct sys_loop *loop, int max_wait_ms) {
    if (loop->later != NULL || loop->stopped)
        return 0;
    if (loop->timer_count == 0)
        return max_wait_ms;
    uint64_t now = sys_clock_mono(), at = loop->timers[0]->at;
    uint64_t wait = at > now ? at - now : 0;
    if (max_wait_ms >= 0 && wait > (uint64_t)max_wait_ms)
        return max_wait_ms;
    return wait > INT_MAX ? INT_MAX : (int)wait;
}

err sys_loop_turn(struct sys_loop *loop, int max_wait_ms) {
    size_t count;
    TRY(loop->backend->wait(loop->state, loop->events, EVENTS_MAX, wait_time(loop, max_wait_ms),
                            &count));
    loop->now = sys_clock_mono();
    dispatch(loop, count);
    fire_due(loop);
    run_later(loop);
    return OK;
}

err sys_loop_run(struct sys_loop *loop) {
    while (!loop->stopped)
        TRY(sys_loop_turn(loop, -1));
    loop->stopped = false;
    return OK;
}
