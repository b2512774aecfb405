#include "sys/conn.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sys/files.h"

/* Reads in one go, so that one busy connection can't starve the others. */
enum { READS_A_TURN = 4 };
/* Handshakes cost a hundred times what a message does. So many steps of them in one turn of the
 * loop; of these one in so many is a newcomer's, so that those who have begun come to an end. */
enum { STEPS_A_TURN = 4, NEWCOMER_EVERY = 4, CLOSES_A_TURN = 64 };

static void conn_act(void *ctx);
static void conn_timeout(void *ctx);

struct sys_conn_limits sys_conn_limits_default(void) {
    return (struct sys_conn_limits){
        .count_max = 20000,
        .held_max = (size_t)256 << 20,
        .queue_max = (size_t)1 << 20,
        .drain_at = (size_t)256 << 10,
        .handshake_ms = 10000,
        .message_ms = 30000,
        .stall_ms = 30000,
        .idle_ms = 0,
        .linger_ms = 3000,
        .file_ms = 120000,
    };
}

/* ---- Memory ---- */

static void conn_end(struct sys_conn *conn, err why);

/* Of the memory that others leave, one connection may hold a quarter: so however many are slow, the
 * next one finds some. */
static bool is_greedy(const struct sys_conn *conn, size_t more) {
    size_t max = conn->set->limits.held_max, others = conn->set->held - conn->counted;
    return max != 0 && (others >= max || conn->counted + more > (max - others) / 4);
}

/* Of the others, the one that holds most; of several the oldest. NULL if none holds anything. */
static struct sys_conn *find_largest(const struct sys_conn *asks) {
    const struct sys_conns *set = asks->set;
    struct sys_conn *lists[] = {set->begun.first, set->newcomers.first, set->first};
    struct sys_conn *largest = NULL;
    size_t most = 1;
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        for (struct sys_conn *conn = lists[i]; conn != NULL; conn = conn->next) {
            if (conn == asks || conn->counted < most)
                continue;
            largest = conn;
            most = conn->counted;
        }
    }
    return largest;
}

/* Where a share is too small, it is not who asks that ends, but who holds more: half a message that
 * doesn't go on, or answers that are not read. Its buffers may be in use further up, so they are
 * freed at its end and only counted out here. */
static err claim(struct sys_conn *conn, size_t more) {
    while (is_greedy(conn, more)) {
        struct sys_conn *largest = find_largest(conn);
        if (largest == NULL || largest->counted < conn->counted + more)
            return ERR_FULL;
        conn->set->held -= largest->counted;
        largest->counted = 0;
        conn_end(largest, ERR_FULL);
    }
    return OK;
}

/* One that was ended is counted no more. */
static void recount(struct sys_conn *conn) {
    size_t now = conn->in.cap + conn->parts.cap + conn->out.bytes.cap;
    if (conn->state == SYS_CONN_ENDED)
        now = 0;
    conn->set->held += now - conn->counted;
    conn->counted = now;
}

err sys_conn_count(struct sys_conn *conn) {
    recount(conn);
    return conn->state == SYS_CONN_ENDED ? OK : claim(conn, 0);
}

static void end_file(struct sys_conn *conn) {
    if (conn->sending == NULL)
        return;
    sys_pages_free(conn->sending->pages);
    mem_free(sys_loop_mem(conn->set->loop), conn->sending, sizeof(*conn->sending));
    conn->sending = NULL;
}

static void free_buffers(struct sys_conn *conn) {
    buf_free(&conn->in);
    buf_free(&conn->parts);
    sys_outbox_take(&conn->out, sys_outbox_size(&conn->out));
    end_file(conn);
    recount(conn);
}

err sys_conn_room(struct sys_conn *conn, size_t n, uint8_t **room) {
    const struct sys_conns *set = conn->set;
    size_t queued = sys_outbox_size(&conn->out);
    if (set->limits.queue_max != 0 && queued + n > set->limits.queue_max)
        return ERR_FULL;
    TRY(claim(conn, n));
    TRY(sys_outbox_add(&conn->out, n, room));
    recount(conn);
    bool above = queued + n > set->limits.drain_at;
    if (queued == 0 || (above && !conn->above))
        conn->moved = sys_loop_now(set->loop);
    if (above)
        conn->above = true;
    sys_later_set(&conn->later, set->loop, conn_act, conn);
    return OK;
}

/* The last of what it sends: nothing is queued after it. */
err sys_conn_send_file(struct sys_conn *conn, struct sys_pages *pages, slice file) {
    conn->sending = mem_new(sys_loop_mem(conn->set->loop), sizeof(*conn->sending));
    if (conn->sending == NULL)
        return ERR_NO_MEMORY;
    *conn->sending = (struct sys_sending){file, sys_pages_share(pages)};
    return OK;
}

/* ---- Time ---- */

static uint64_t sooner(uint64_t deadline, uint64_t from, uint32_t limit) {
    if (limit == 0 || from == 0 || from + limit > deadline)
        return deadline;
    return from + limit;
}

/* When to give up, or UINT64_MAX. */
static uint64_t conn_deadline(const struct sys_conn *conn) {
    const struct sys_conn_limits *limits = &conn->set->limits;
    uint64_t at = UINT64_MAX;
    switch (conn->state) {
    case SYS_CONN_CONNECTING:
    case SYS_CONN_PROXYING:
    case SYS_CONN_GREETING:
    case SYS_CONN_ASKING:
        return sooner(at, conn->since, limits->handshake_ms);
    case SYS_CONN_OPEN:
        at = sooner(at, conn->half, limits->message_ms);
        at = sooner(at, conn->paused ? 0 : conn->heard, limits->idle_ms);
        return sooner(at, sys_outbox_size(&conn->out) > 0 ? conn->moved : 0, limits->stall_ms);
    case SYS_CONN_FLUSHING:
        if (conn->sending != NULL) {
            at = sooner(at, conn->since, limits->file_ms);
            return sooner(at, conn->moved, limits->stall_ms);
        }
        return sooner(at, conn->since, limits->linger_ms);
    case SYS_CONN_LINGERING:
        return sooner(at, conn->since, limits->linger_ms);
    default:
        return at;
    }
}

/* The timer may be set too early, never too late: so a deadline that moves on costs nothing. */
static void arm(struct sys_conn *conn) {
    uint64_t at = conn_deadline(conn);
    if (at == UINT64_MAX || (conn->timer.loop != NULL && conn->timer.at <= at))
        return;
    uint64_t now = sys_clock_mono();
    err result =
        sys_timer_set(&conn->timer, conn->set->loop, at > now ? at - now : 0, conn_timeout, conn);
    if (result != OK)
        conn_end(conn, result);
}

static void conn_timeout(void *ctx) {
    struct sys_conn *conn = ctx;
    if (conn_deadline(conn) <= sys_loop_now(conn->set->loop)) {
        if (conn->state == SYS_CONN_OPEN || conn->state == SYS_CONN_ASKING)
            sys_conn_fail(conn, ERR_TIMEOUT);
        else
            conn_end(conn, conn->socks != NULL ? ERR_PROXY_TIMEOUT : ERR_TIMEOUT);
    } else {
        arm(conn);
    }
}

/* The steps of the handshake share one limit. */
static void enter(struct sys_conn *conn, enum sys_conn_state state) {
    conn->state = (uint8_t)state;
    if (state >= SYS_CONN_OPEN)
        conn->since = sys_loop_now(conn->set->loop);
    arm(conn);
}

/* ---- The end ---- */

/* Ends it at once. The first reason stands. */
static void conn_end(struct sys_conn *conn, err why) {
    if (conn->state == SYS_CONN_ENDED)
        return;
    if (conn->state < SYS_CONN_FLUSHING)
        conn->why = why;
    conn->state = SYS_CONN_ENDED;
    sys_watch_stop(&conn->watch);
    sys_timer_cancel(&conn->timer);
    conn->wire->free(conn);
    close(conn->fd);
    conn->fd = -1;
    sys_later_set(&conn->later, conn->set->loop, conn_act, conn);
}

static void update_interest(struct sys_conn *conn) {
    bool waits = conn->queued && conn->state <= SYS_CONN_OPEN;
    if (conn->state == SYS_CONN_ENDED || waits)
        return;
    unsigned interest = 0;
    bool greeting = conn->state <= SYS_CONN_GREETING;
    bool reads = conn->state == SYS_CONN_LINGERING || conn->state == SYS_CONN_ASKING ||
                 conn->state == SYS_CONN_PROXYING || conn->state == SYS_CONN_GREETING ||
                 (conn->state == SYS_CONN_OPEN && !conn->paused);
    if (reads)
        interest |= SYS_READ;
    if (conn->state == SYS_CONN_CONNECTING || conn->wants_write ||
        (!greeting && (sys_outbox_size(&conn->out) > 0 || conn->sending != NULL)))
        interest |= SYS_WRITE;
    err result = sys_watch_set(&conn->watch, interest);
    if (result != OK)
        conn_end(conn, result);
}

static void linger(struct sys_conn *conn) {
    conn->wire->goodbye(conn);
    shutdown(conn->fd, SHUT_WR);
    conn->wants_write = false;
    enter(conn, SYS_CONN_LINGERING);
}

/* From here on nothing is received. */
static void finish(struct sys_conn *conn, err why) {
    if (conn->state >= SYS_CONN_FLUSHING)
        return;
    if (conn->state < SYS_CONN_ASKING) {
        conn_end(conn, why);
        return;
    }
    conn->why = why;
    conn->half = 0;
    if (conn->state == SYS_CONN_OPEN && why != OK && why != ERR_CLOSED &&
        conn->set->events->failing != NULL)
        conn->set->events->failing(conn, conn->ctx, why);
    if (conn->framing->farewell != NULL)
        conn->framing->farewell(conn, why);
    enter(conn, SYS_CONN_FLUSHING);
    if (conn->state != SYS_CONN_ENDED)
        sys_later_set(&conn->later, conn->set->loop, conn_act, conn);
}

void sys_conn_fail(struct sys_conn *conn, err why) {
    if (why == ERR_CLOSED || why == ERR_TRUNCATED || err_class(why) == ERR_CLASS_IO)
        conn_end(conn, why);
    else
        finish(conn, why);
}

void sys_conn_said_close(struct sys_conn *conn) {
    finish(conn, ERR_CLOSED);
}

/* ---- Lists ---- each connection is in one: set->first, or that of those that wait. */

static void list_leave(struct sys_conn *conn) {
    struct sys_conns *set = conn->set;
    struct sys_queue *queue = conn->begun ? &set->begun : &set->newcomers;
    *conn->back = conn->next;
    if (conn->next != NULL)
        conn->next->back = conn->back;
    else if (conn->queued)
        queue->end = conn->back;
    conn->queued = false;
}

static void list_enter(struct sys_conn *conn) {
    struct sys_conns *set = conn->set;
    conn->next = set->first;
    conn->back = &set->first;
    if (conn->next != NULL)
        conn->next->back = &conn->next;
    set->first = conn;
}

static void list_queue(struct sys_conn *conn, struct sys_queue *queue) {
    conn->next = NULL;
    conn->back = queue->end;
    *queue->end = conn;
    queue->end = &conn->next;
    conn->queued = true;
}

static void conn_free(struct sys_conn *conn) {
    struct sys_conns *set = conn->set;
    free_buffers(conn);
    sys_socks_free(conn->socks, sys_loop_mem(set->loop));
    sys_later_cancel(&conn->later);
    list_leave(conn);
    set->count--;
    if (set->sources != NULL)
        sys_sources_give(set->sources, conn->source);
    mem_free(sys_loop_mem(set->loop), conn, sizeof(*conn));
    if (set->waiting != NULL)
        sys_listener_wake(set->waiting);
}

void sys_conn_drop(struct sys_conn *conn) {
    conn_end(conn, OK);
    conn_free(conn);
}

static void report_end(struct sys_conn *conn) {
    if (!conn->announced && conn->why != OK)
        conn->set->failed++;
    if (conn->announced || conn->client)
        conn->set->events->closed(conn, conn->ctx, conn->why);
    conn_free(conn);
}

/* ---- Out ---- */

/* Above the mark a byte now and then is no progress: else whoever reads as slowly as that would
 * hold a whole queue for ever. */
static err write_out(struct sys_conn *conn) {
    while (sys_outbox_size(&conn->out) > 0) {
        slice front = sys_outbox_front(&conn->out);
        size_t n = 0;
        TRY(conn->wire->write(conn, front.p, front.n, &n));
        sys_outbox_take(&conn->out, n);
        if (sys_outbox_size(&conn->out) <= conn->set->limits.drain_at)
            conn->moved = sys_loop_now(conn->set->loop);
    }
    for (struct sys_sending *s = conn->sending; s != NULL && s->rest.n > 0;) {
        size_t n = 0;
        TRY(conn->wire->write(conn, s->rest.p, s->rest.n, &n));
        s->rest = slice_of(s->rest.p + n, s->rest.n - n);
        conn->moved = sys_loop_now(conn->set->loop);
    }
    end_file(conn);
    return OK;
}

static void flush(struct sys_conn *conn) {
    if (conn->state < SYS_CONN_ASKING || conn->state > SYS_CONN_FLUSHING)
        return;
    err result = write_out(conn);
    recount(conn);
    if (result != OK && result != ERR_AGAIN) {
        conn_end(conn, result);
        return;
    }
    if (conn->state == SYS_CONN_FLUSHING) {
        if (result == OK)
            linger(conn);
        return;
    }
    arm(conn);
    if (conn->above && sys_outbox_size(&conn->out) <= conn->set->limits.drain_at) {
        conn->above = false;
        if (conn->state == SYS_CONN_OPEN && conn->set->events->drained != NULL)
            conn->set->events->drained(conn, conn->ctx);
    }
}

/* ---- In ---- */

static bool receives(const struct sys_conn *conn) {
    return conn->state == SYS_CONN_ASKING || (conn->state == SYS_CONN_OPEN && !conn->paused);
}

void sys_conn_message(struct sys_conn *conn, slice message) {
    conn->half = 0;
    conn->set->events->message(conn, conn->ctx, message);
}

void sys_conn_opened(struct sys_conn *conn) {
    conn->http = NULL;
    conn->announced = true;
    conn->heard = sys_loop_now(conn->set->loop);
    conn->set->opened++;
    enter(conn, SYS_CONN_OPEN);
    conn->set->events->opened(conn, conn->ctx);
}

/* Handles whole pieces; returns how many bytes they were. */
static size_t handle(struct sys_conn *conn, uint8_t *p, size_t n) {
    size_t done = 0;
    while (done < n && receives(conn)) {
        size_t used = 0;
        err result = conn->framing->take(conn, p + done, n - done, &used);
        if (result != OK) {
            sys_conn_fail(conn, result);
            return n;
        }
        if (used == 0)
            break;
        done += used;
    }
    return conn->state == SYS_CONN_ASKING || conn->state == SYS_CONN_OPEN ? done : n;
}

/* Remembers since when something has been incomplete. */
static void note_half(struct sys_conn *conn) {
    bool half = !conn->paused && (conn->in.n > 0 || conn->fragmented);
    if (!half)
        conn->half = 0;
    else if (conn->half == 0)
        conn->half = sys_loop_now(conn->set->loop);
}

/* What was kept from before comes first; what can't be handled now is kept. */
static void receive(struct sys_conn *conn, uint8_t *p, size_t n) {
    err result = OK;
    if (conn->in.n == 0) {
        size_t done = handle(conn, p, n);
        if (done < n)
            result = buf_append(&conn->in, slice_of(p + done, n - done));
    } else {
        if (n > 0)
            result = buf_append(&conn->in, slice_of(p, n));
        if (result == OK) {
            size_t done = handle(conn, conn->in.p, conn->in.n);
            if (done == conn->in.n)
                buf_free(&conn->in);
            else
                buf_consume(&conn->in, done);
        }
    }
    err room = sys_conn_count(conn);
    if (result == OK && conn->in.n > 0)
        result = room;
    if (result != OK)
        sys_conn_fail(conn, result);
    note_half(conn);
}

static void read_in(struct sys_conn *conn) {
    conn->read_again = false;
    if (conn->in.n > 0)
        receive(conn, NULL, 0);
    for (int i = 0; i < READS_A_TURN && receives(conn); i++) {
        uint8_t *scratch = sys_loop_scratch(conn->set->loop);
        size_t size = conn->in.n > 0 ? SYS_SCRATCH / 2 : SYS_SCRATCH, n = 0;
        err result = conn->wire->read(conn, scratch, size, &n);
        if (result == ERR_AGAIN)
            break;
        if (result != OK) {
            bool cut = result == ERR_CLOSED && conn->half != 0;
            sys_conn_fail(conn, cut ? ERR_TRUNCATED : result);
            return;
        }
        conn->heard = sys_loop_now(conn->set->loop);
        receive(conn, scratch, n);
        if (!conn->wire->pending(conn))
            break;
    }
    if (receives(conn) && conn->wire->pending(conn))
        conn->read_again = true;
    if (conn->read_again)
        sys_later_set(&conn->later, conn->set->loop, conn_act, conn);
    if (conn->state == SYS_CONN_OPEN)
        arm(conn);
}

static void discard(struct sys_conn *conn) {
    uint8_t *scratch = sys_loop_scratch(conn->set->loop);
    ssize_t n = recv(conn->fd, scratch, SYS_SCRATCH, 0);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
        conn_end(conn, OK);
}

/* ---- The beginning ---- */

static void ask(struct sys_conn *conn) {
    if (conn->framing->opens)
        sys_conn_opened(conn);
    else
        enter(conn, SYS_CONN_ASKING);
    if (sys_outbox_size(&conn->out) > 0)
        flush(conn);
}

static void greet(struct sys_conn *conn) {
    conn->wants_write = false;
    err result = conn->wire->greet(conn);
    if (result == OK) {
        ask(conn);
        conn->read_again = conn->wire->pending(conn);
        if (conn->read_again)
            sys_later_set(&conn->later, conn->set->loop, conn_act, conn);
    } else if (result != ERR_AGAIN) {
        conn_end(conn, result);
    }
}

static void start_greeting(struct sys_conn *conn) {
    enter(conn, SYS_CONN_GREETING);
    if (conn->state == SYS_CONN_GREETING)
        greet(conn);
}

static void ask_proxy(struct sys_conn *conn) {
    err result = sys_socks_go(conn->socks, conn->fd, &conn->wants_write);
    if (result == OK) {
        sys_socks_free(conn->socks, sys_loop_mem(conn->set->loop));
        conn->socks = NULL;
        start_greeting(conn);
    } else if (result != ERR_AGAIN) {
        conn_end(conn, result);
    }
}

static void connected(struct sys_conn *conn) {
    int failure = 0;
    socklen_t size = sizeof(failure);
    if (getsockopt(conn->fd, SOL_SOCKET, SO_ERROR, &failure, &size) != 0)
        failure = errno;
    if (failure != 0) {
        conn_end(conn, conn->socks != NULL ? ERR_PROXY : sys_err_from_errno(failure));
        return;
    }
    if (conn->socks == NULL) {
        start_greeting(conn);
        return;
    }
    enter(conn, SYS_CONN_PROXYING);
    if (conn->state == SYS_CONN_PROXYING)
        ask_proxy(conn);
}

static void go_on(struct sys_conn *conn, unsigned events) {
    if (conn->state == SYS_CONN_CONNECTING) {
        connected(conn);
    } else if (conn->state == SYS_CONN_PROXYING) {
        ask_proxy(conn);
    } else if (conn->state == SYS_CONN_GREETING) {
        greet(conn);
    } else if (conn->state == SYS_CONN_LINGERING) {
        discard(conn);
    } else {
        bool blocked_read = conn->wants_write;
        conn->wants_write = false;
        if (events & SYS_WRITE)
            flush(conn);
        if (((events & SYS_READ) || blocked_read) && receives(conn))
            read_in(conn);
    }
    update_interest(conn);
}

/* ---- Taking turns ---- */

static bool is_stranger(const struct sys_conn *conn) {
    return !conn->client && conn->set->limits.first_max != 0 &&
           conn->message_max != SYS_MESSAGE_MAX && conn->state <= SYS_CONN_OPEN;
}

/* Nobody would wait for the end of what begins so late. */
static bool is_too_late(const struct sys_conn *conn) {
    uint32_t limit = conn->set->limits.handshake_ms;
    return limit != 0 && !conn->begun && sys_loop_now(conn->set->loop) > conn->heard + limit / 2;
}

static struct sys_conn *whose_turn(struct sys_conns *set) {
    struct sys_conn *newcomer = set->newcomers.first, *begun = set->begun.first;
    bool prefer = begun == NULL || set->turn++ % NEWCOMER_EVERY == 0;
    return prefer && newcomer != NULL ? newcomer : begun;
}

static void admit(void *ctx) {
    struct sys_conns *set = ctx;
    int steps = 0;
    for (int i = 0; i < CLOSES_A_TURN && steps < STEPS_A_TURN; i++) {
        struct sys_conn *conn = whose_turn(set);
        if (conn == NULL)
            return;
        bool late = is_too_late(conn);
        list_leave(conn);
        list_enter(conn);
        conn->begun = true;
        if (late)
            conn_end(conn, ERR_TIMEOUT);
        else
            go_on(conn, SYS_READ | SYS_WRITE);
        steps += !late;
    }
    sys_later_set(&set->admit, set->loop, admit, set);
}

static void wait_for_turn(struct sys_conn *conn) {
    struct sys_conns *set = conn->set;
    if (conn->queued)
        return;
    err result = sys_watch_set(&conn->watch, 0);
    if (result != OK) {
        conn_end(conn, result);
        return;
    }
    conn->heard = sys_loop_now(set->loop);
    list_leave(conn);
    list_queue(conn, conn->begun ? &set->begun : &set->newcomers);
    sys_later_set(&set->admit, set->loop, admit, set);
}

static void conn_ready(void *ctx, unsigned events) {
    struct sys_conn *conn = ctx;
    if (is_stranger(conn))
        wait_for_turn(conn);
    else
        go_on(conn, events);
}

/* What a turn left to do: the end, queued bytes, bytes that wait inside. */
static void conn_act(void *ctx) {
    struct sys_conn *conn = ctx;
    if (conn->state == SYS_CONN_ENDED) {
        report_end(conn);
        return;
    }
    if (conn->state > SYS_CONN_OPEN) {
        /* Not in finish(), which a message's callback may have called: its bytes may lie here. */
        buf_free(&conn->in);
        buf_free(&conn->parts);
    }
    if (conn->read_again && receives(conn))
        read_in(conn);
    flush(conn);
    update_interest(conn);
}

err sys_conn_start(struct sys_conn **out, struct sys_conns *set,
                   const struct sys_conn_start *start) {
    const struct mem *mem = sys_loop_mem(set->loop);
    struct sys_conn *conn = mem_new(mem, sizeof(*conn));
    if (conn == NULL)
        return ERR_NO_MEMORY;
    conn->set = set;
    conn->ctx = start->ctx;
    conn->fd = start->fd;
    conn->source = start->source;
    conn->client = start->client;
    conn->framing = start->framing;
    conn->http = start->http;
    conn->socks = start->socks;
    conn->wire = start->tls != NULL ? &sys_wire_tls : &sys_wire_plain;
    conn->in = conn->parts = conn->out.bytes = buf_on(mem);
    conn->message_max =
        set->limits.first_max != 0 ? (uint32_t)set->limits.first_max : SYS_MESSAGE_MAX;
    conn->state = start->connecting ? SYS_CONN_CONNECTING : SYS_CONN_GREETING;
    conn->since = sys_clock_mono();
    err result = OK;
    if (start->tls != NULL)
        result = sys_tls_start(conn, start->tls, start->host);
    if (result == OK)
        result = sys_watch_start(&conn->watch, set->loop, conn->fd,
                                 start->connecting ? SYS_WRITE : SYS_READ, conn_ready, conn);
    if (result != OK) {
        conn->wire->free(conn);
        mem_free(mem, conn, sizeof(*conn));
        return result;
    }
    list_enter(conn);
    set->count++;
    arm(conn);
    if (!start->connecting && start->tls == NULL)
        ask(conn);
    *out = conn;
    return OK;
}

/* ---- For the owner ---- */

void sys_conns_init(struct sys_conns *set, struct sys_loop *loop,
                    const struct sys_conn_events *events, void *ctx,
                    const struct sys_conn_limits *limits) {
    *set = (struct sys_conns){.loop = loop, .events = events, .ctx = ctx, .limits = *limits};
    set->newcomers.end = &set->newcomers.first;
    set->begun.end = &set->begun.first;
}

void sys_conns_fini(struct sys_conns *set) {
    set->waiting = NULL;
    struct sys_conn **lists[] = {&set->first, &set->newcomers.first, &set->begun.first};
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
        while (*lists[i] != NULL)
            sys_conn_drop(*lists[i]);
    sys_later_cancel(&set->admit);
}

void sys_conn_set_ctx(struct sys_conn *conn, void *ctx) {
    conn->ctx = ctx;
}

struct sys_conns *sys_conn_set(const struct sys_conn *conn) {
    return conn->set;
}

err sys_conn_send(struct sys_conn *conn, slice message) {
    if (conn->state < SYS_CONN_OPEN)
        return ERR_STATE;
    if (conn->state > SYS_CONN_OPEN)
        return ERR_CLOSED;
    if (message.n == 0)
        return ERR_LENGTH;
    if (message.n > SYS_MESSAGE_MAX)
        return ERR_TOO_LARGE;
    return conn->framing->put(conn, message);
}

size_t sys_conn_queued(const struct sys_conn *conn) {
    return sys_outbox_size(&conn->out);
}

void sys_conn_widen(struct sys_conn *conn) {
    conn->message_max = SYS_MESSAGE_MAX;
}

void sys_conn_pause(struct sys_conn *conn) {
    if (conn->paused)
        return;
    conn->paused = true;
    conn->half = 0;
    sys_later_set(&conn->later, conn->set->loop, conn_act, conn);
}

void sys_conn_resume(struct sys_conn *conn) {
    if (!conn->paused)
        return;
    conn->paused = false;
    conn->heard = sys_loop_now(conn->set->loop);
    conn->read_again = true;
    sys_later_set(&conn->later, conn->set->loop, conn_act, conn);
}

void sys_conn_close(struct sys_conn *conn, enum sys_close how) {
    if (how == SYS_CLOSE_NOW)
        conn_end(conn, OK);
    else
        finish(conn, OK);
}
