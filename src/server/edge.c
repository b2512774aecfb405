/* An edge: connections and their sessions. It opens no file and reaches no store. */
#include <stdio.h>

#include "server/metrics.h"
#include "server/process.h"
#include "server/session.h"
#include "server/table.h"
#include "server/wire.h"
#include "sys/listener.h"
#include "sys/log.h"
#include "sys/machine.h"
#include "sys/proc.h"
#include "sys/sandbox.h"

enum { FD_PARENT = SYS_PROC_FD_FIRST, FD_MAIL, FD_TCP, FD_HTTP };
_Static_assert((int)FD_HTTP < (int)SYS_SHARED_FDS, "the sandbox keeps the listeners from harm");
enum { OPENING_MAX = NOISE_FIRST_OVERHEAD }; /* bytes of a message before the handshake's end */
enum { QUEUE_MAX = 4 * 1024 * 1024, DRAIN_AT = 256 * 1024 };
/* Bytes that wait for mail: above the one no client is read, below the other they go on. */
enum { MAIL_HIGH = 8 * 1024 * 1024, MAIL_LOW = 4 * 1024 * 1024 };
/* Requests of anonymous sessions that mail has not answered: from so many on, who asks more waits
 * for a turn. So what they send is with mail for a short time only, and is acknowledged before it
 * has to be written; the rest waits in the sockets, and the devices' acknowledgements pass it. */
enum { UNDER_WAY = 64 };
enum { SCARCE = 10 }; /* part of idle_minutes while places are scarce */
/* Sessions of an edge that leaves: when more of them come back than that, they are told to take
 * their time. */
enum { RUSH = 1000 };
enum { SWEEP_MS = 1000, PING_MS = 2000, MAIL_SILENT_MS = 10000 };

struct edge {
    struct sys_loop *loop;
    struct sys_log log;
    struct wire parent, mail;
    struct sys_conns conns;
    struct sys_sources sources;
    struct sys_listener *tcp, *http;
    struct sys_http site;
    struct session_env env;
    struct table clients;
    struct client *owed; /* they are gone, and mail was not yet told */
    struct line {        /* they wait for a turn */
        struct client *first, **end;
        struct client *fresh; /* the first of those at the end that are still read */
    } line;
    struct sys_later turns;
    uint32_t under_way; /* requests of anonymous sessions */
    struct sys_timer sweep, ping;
    struct sys_later end;
    uint64_t next_id;
    uint64_t requests, replies; /* so far */
    uint32_t sessions;          /* of which the handshake is done */
    uint64_t mail_answered;     /* when, monotonic; 0: never */
    uint64_t idle_ms, opening_ms;
    char own_sandbox[SANDBOX_TEXT], mail_sandbox[SANDBOX_TEXT], parent_sandbox[SANDBOX_TEXT];
    bool set_up;
    bool refused;     /* a source was, and it was said */
    bool crowded;     /* too much waits for mail */
    bool leaves;      /* nothing more is taken in */
    bool unready;     /* it will leave */
    bool store_fails; /* as mail's last answer says */
    int exit_code;
};

/* One connection with its session. */
struct client {
    struct table_node node;
    struct edge *edge;
    struct sys_conn *conn;
    struct session session;
    struct sys_timer pace;
    struct client *owed_next;
    struct client *next, **back; /* in the line */
    uint16_t under_way;          /* its part in the edge's */
    uint16_t took;               /* requests in this turn of its */
    uint64_t heard;              /* the last message; while opening: the connection's start */
    bool paused;
    bool waits;   /* for a turn */
    bool proves;  /* mail may know it as a device's */
    bool drains;  /* mail waits until its queue is short */
    bool broken;  /* its queue is full */
    bool counted; /* among the edge's sessions */
};

static struct client *client_of(struct session *s) {
    return (struct client *)(void *)((char *)s - offsetof(struct client, session));
}

static uint64_t now_of(const struct edge *edge) {
    return sys_loop_now(edge->loop);
}

static void stop(struct edge *edge, int exit_code) {
    edge->exit_code = exit_code;
    sys_loop_stop(edge->loop);
}

/* ---- Pace: reading stops while a client asks more than it may, or reads too little ---- */

static void pace(struct client *c);

static void pace_again(void *ctx) {
    pace(ctx);
}

static void pace(struct client *c) {
    struct edge *edge = c->edge;
    uint32_t delay = session_delay(&c->session, &edge->env, now_of(edge));
    bool wait = delay > 0 || edge->leaves || edge->crowded || c->waits ||
                session_crowded(&c->session, &edge->env) || sys_conn_queued(c->conn) > DRAIN_AT;
    if (delay > 0 && sys_timer_set(&c->pace, edge->loop, delay, pace_again, c) != OK)
        wait = false;
    if (wait != c->paused)
        (wait ? sys_conn_pause : sys_conn_resume)(c->conn);
    c->paused = wait;
}

/* ---- Turns ---- */

static void line_leave(struct client *c) {
    struct line *line = &c->edge->line;
    if (c->back == NULL)
        return;
    if (line->fresh == c)
        line->fresh = c->next;
    if (line->end == &c->next)
        line->end = c->back;
    *c->back = c->next;
    if (c->next != NULL)
        c->next->back = c->back;
    c->next = NULL;
    c->back = NULL;
}

static void line_enter(struct client *c) {
    struct line *line = &c->edge->line;
    c->took = 1;
    c->back = line->end;
    *line->end = c;
    line->end = &c->next;
    if (line->fresh == NULL)
        line->fresh = c;
}

/* Who came to the line in this turn of the loop is read no more, and as many others are as what
 * they asked in their last turns finds room. */
static void take_turns(void *ctx) {
    struct edge *edge = ctx;
    struct client *c = edge->line.fresh;
    for (edge->line.fresh = NULL; c != NULL; c = c->next) {
        c->waits = true;
        pace(c);
    }
    int64_t room = (int64_t)UNDER_WAY - edge->under_way;
    while (room > 0 && edge->line.first != NULL) {
        c = edge->line.first;
        line_leave(c);
        room -= c->took;
        c->waits = false;
        pace(c);
        /* It may have nothing to say. */
        sys_later_set(&edge->turns, edge->loop, take_turns, edge);
    }
}

static void set_turns(struct edge *edge) {
    if (edge->line.first != NULL)
        sys_later_set(&edge->turns, edge->loop, take_turns, edge);
}

/* After anything that may have changed what it has under way. */
static void count_under_way(struct client *c) {
    struct edge *edge = c->edge;
    uint16_t now = c->session.state == SESSION_ANON ? c->session.pending : 0;
    bool more = now > c->under_way;
    edge->under_way += (uint32_t)now - c->under_way;
    c->under_way = now;
    bool full = edge->under_way >= UNDER_WAY || edge->line.first != NULL;
    if (more && full && c->back == NULL)
        line_enter(c);
    set_turns(edge);
}

/* Who is owed no answer any more is told that this is the end. */
static void see_off(struct client *c) {
    struct edge *edge = c->edge;
    if (edge->leaves && c->session.pending == 0 && !c->broken && !session_ended(&c->session))
        session_end(&c->session, &edge->env,
                    edge->sessions > RUSH ? PROTO_REASON_BUSY : PROTO_REASON_RESTART);
}

/* After anything that a session did. */
static void settle(struct client *c) {
    count_under_way(c);
    see_off(c);
    if (c->broken)
        sys_conn_close(c->conn, SYS_CLOSE_NOW);
    else if (session_ended(&c->session))
        sys_conn_close(c->conn, SYS_CLOSE_FLUSH);
    else
        pace(c);
}

static void pace_one(void *ctx, struct table_node *node) {
    struct client *c = (struct client *)node;
    (void)ctx;
    if (!session_ended(&c->session) && !c->broken)
        pace(c);
}

/* Mail takes less than all clients together ask, or it does again. */
static void set_crowded(struct edge *edge, bool crowded) {
    if (edge->crowded == crowded)
        return;
    edge->crowded = crowded;
    table_each(&edge->clients, pace_one, NULL);
}

/* ---- What sessions say ---- */

static void on_send(void *ctx, struct session *s, slice message) {
    struct client *c = client_of(s);
    (void)ctx;
    if (sys_conn_send(c->conn, message) != OK)
        c->broken = true;
}

static void on_request(void *ctx, struct session *s, const struct proto_edge_request *request) {
    struct edge *edge = ctx;
    struct client *c = client_of(s);
    writer w = wire_open(&edge->mail, 0, PROTO_edge_request);
    proto_edge_request_write(&w, request);
    edge->requests++;
    c->took++;
    if (request->proof.n > 0)
        c->proves = true;
    if (wire_close(&edge->mail, &w) != OK)
        session_end(s, &edge->env, PROTO_REASON_BUSY);
    if (edge->mail.channel != NULL && sys_channel_queued(edge->mail.channel) > MAIL_HIGH)
        set_crowded(edge, true);
}

/* ---- Connections ---- */

static void on_opened(struct sys_conn *conn, void *ctx) {
    struct edge *edge = ctx;
    struct client *c = edge->leaves ? NULL : mem_new(NULL, sizeof *c);
    if (c == NULL ||
        table_add(&edge->clients, &c->node, table_hash_number(++edge->next_id)) != OK) {
        mem_free(NULL, c, sizeof *c);
        sys_conn_close(conn, SYS_CLOSE_NOW);
        return;
    }
    c->edge = edge;
    c->conn = conn;
    c->heard = now_of(edge);
    session_init(&c->session, edge->next_id, &edge->env, c->heard);
    sys_conn_set_ctx(conn, c);
}

static void on_message(struct sys_conn *conn, void *ctx, slice message) {
    struct client *c = ctx;
    bool opening = session_opening(&c->session);
    if (!opening)
        c->heard = now_of(c->edge);
    session_receive(&c->session, &c->edge->env, message, now_of(c->edge));
    if (opening && !session_opening(&c->session) && !session_ended(&c->session)) {
        c->counted = true;
        c->edge->sessions++;
    }
    if (!session_opening(&c->session))
        sys_conn_widen(conn);
    settle(c);
}

static void tell_drained(struct client *c) {
    struct proto_edge_drained drained = {.session = c->session.id};
    writer w = wire_open(&c->edge->mail, 0, PROTO_edge_drained);
    proto_edge_drained_write(&w, &drained);
    c->drains = false;
    if (wire_close(&c->edge->mail, &w) != OK)
        c->broken = true;
}

static void on_drained(struct sys_conn *conn, void *ctx) {
    struct client *c = ctx;
    (void)conn;
    if (c->drains)
        tell_drained(c);
    settle(c);
}

static bool tell_closed(struct edge *edge, uint64_t session) {
    struct proto_edge_closed closed = {.session = session};
    writer w = wire_open(&edge->mail, 0, PROTO_edge_closed);
    proto_edge_closed_write(&w, &closed);
    return wire_close(&edge->mail, &w) == OK;
}

/* Mail must not go on delivering to nobody. */
static void pay_owed(struct edge *edge) {
    while (edge->owed != NULL && tell_closed(edge, edge->owed->session.id)) {
        struct client *c = edge->owed;
        edge->owed = c->owed_next;
        mem_free(NULL, c, sizeof *c);
    }
}

static void end(void *ctx) {
    struct edge *edge = ctx;
    sys_channel_flush(edge->mail.channel); /* acknowledgements, still */
    stop(edge, EXIT_FINE);
}

static void on_closed(struct sys_conn *conn, void *ctx, err why) {
    struct client *c = ctx;
    (void)conn;
    (void)why;
    if (ctx == sys_conn_set(conn)->ctx)
        return; /* it never opened */
    struct edge *edge = c->edge;
    sys_timer_cancel(&c->pace);
    edge->sessions -= c->counted;
    line_leave(c);
    edge->under_way -= c->under_way;
    set_turns(edge);
    table_remove(&edge->clients, &c->node);
    session_wipe(&c->session);
    if (edge->leaves && edge->clients.count == 0)
        sys_later_set(&edge->end, edge->loop, end, edge);
    if (!c->proves || tell_closed(edge, c->session.id)) {
        mem_free(NULL, c, sizeof *c);
        return;
    }
    c->owed_next = edge->owed;
    edge->owed = c;
}

/* What the carrier itself can't take ends a session as any other bad input does. */
static void on_failing(struct sys_conn *conn, void *ctx, err why) {
    struct client *c = ctx;
    enum proto_reason reason = PROTO_REASON_MALFORMED;
    if (ctx == sys_conn_set(conn)->ctx)
        return; /* it has no session */
    if (why == ERR_TIMEOUT)
        reason = PROTO_REASON_TIMEOUT;
    else if (why == ERR_FULL || why == ERR_NO_MEMORY)
        reason = PROTO_REASON_BUSY;
    session_end(&c->session, &c->edge->env, reason);
    count_under_way(c);
}

static const struct sys_conn_events conn_events = {on_opened, on_message, on_drained, on_closed,
                                                   on_failing};

/* ---- Time ---- */

/* When half of all places are taken, those whom nobody knows give theirs back sooner. */
static uint64_t patience(const struct edge *edge, const struct client *c) {
    if (session_opening(&c->session))
        return edge->opening_ms;
    bool scarce = edge->conns.count > edge->conns.limits.count_max / 2;
    return scarce && c->session.state != SESSION_DEVICE ? edge->idle_ms / SCARCE : edge->idle_ms;
}

static void check_client(void *ctx, struct table_node *node) {
    struct edge *edge = ctx;
    struct client *c = (struct client *)node;
    uint64_t silent = now_of(edge) - c->heard;
    if (session_ended(&c->session) || c->broken)
        return;
    if (silent < patience(edge, c))
        return;
    session_end(&c->session, &edge->env, PROTO_REASON_TIMEOUT);
    settle(c);
}

static void sweep(void *ctx) {
    struct edge *edge = ctx;
    table_each(&edge->clients, check_client, edge);
    pay_owed(edge);
    if (edge->sources.refused > 0 && !edge->refused)
        sys_log_warn(&edge->log, "source_full",
                     "a source has as many connections as it may: behind a proxy, set "
                     "source_connections to 0");
    edge->refused = edge->sources.refused > 0;
    if (sys_timer_set(&edge->sweep, edge->loop, SWEEP_MS, sweep, edge) != OK)
        stop(edge, EXIT_FAILED);
}

static err tell_counts(struct edge *edge) {
    uint64_t counts[METRICS_EDGE] = {0};
    buf bytes = {0};
    counts[METRIC_connections] = edge->conns.count;
    counts[METRIC_accepted_total] = edge->conns.accepted;
    counts[METRIC_failed_total] = edge->conns.failed;
    counts[METRIC_sessions] = edge->sessions;
    counts[METRIC_requests_total] = edge->requests;
    counts[METRIC_replies_total] = edge->replies;
    counts[METRIC_held_bytes] = edge->conns.held;
    counts[METRIC_mail_queue_bytes] =
        edge->mail.channel == NULL ? 0 : sys_channel_queued(edge->mail.channel);
    err e = metrics_encode(&bytes, counts);
    struct proto_edge_counts out = {.counts = buf_slice(&bytes)};
    if (e == OK) {
        writer w = wire_open(&edge->mail, 0, PROTO_edge_counts);
        proto_edge_counts_write(&w, &out);
        e = wire_close(&edge->mail, &w);
    }
    buf_free(&bytes);
    return e;
}

static void ping(void *ctx) {
    struct edge *edge = ctx;
    (void)!tell_counts(edge); /* those of the next time do as well */
    /* One that can't be sent isn't answered, which the health page then says. */
    (void)!wire_send(&edge->mail, 1, PROTO_ping, SLICE_EMPTY);
    if (sys_timer_set(&edge->ping, edge->loop, PING_MS, ping, edge) != OK)
        stop(edge, EXIT_FAILED);
}

/* ---- HTTP ---- */

static bool mail_is_alive(const struct edge *edge) {
    return edge->mail_answered != 0 && now_of(edge) - edge->mail_answered < MAIL_SILENT_MS;
}

static err answer_health(void *ctx, slice query, struct sys_http_answer *answer) {
    const struct edge *edge = ctx;
    char text[768];
    (void)query;
    bool alive = mail_is_alive(edge);
    bool fine = alive && !edge->store_fails;
    int n = snprintf(text, sizeof text,
                     "{\"status\":\"%s\",\"version\":\"%s\",\"mail\":%s,\"store\":%s,"
                     "\"sandbox\":"
                     "{\"edge\":\"%s\",\"mail\":\"%s\",\"parent\":\"%s\"}}\n",
                     fine ? "ok" : "failing", SOTTO_VERSION, alive ? "true" : "false",
                     edge->store_fails ? "false" : "true", edge->own_sandbox, edge->mail_sandbox,
                     edge->parent_sandbox);
    if (n < 0 || (size_t)n >= sizeof text)
        return ERR_BUG;
    answer->status = fine ? 200 : 503;
    answer->type = "application/json";
    return buf_append(answer->body, slice_of(text, (size_t)n));
}

/* NULL: a newcomer would be served. */
static const char *why_unready(const struct edge *edge) {
    if (edge->unready || edge->leaves)
        return "stopping";
    if (edge->mail_answered == 0)
        return "starting";
    if (!mail_is_alive(edge))
        return "mail away";
    if (edge->store_fails)
        return "store fails";
    /* Who asks has taken the last place. With none left nobody is answered, which says the same. */
    if (edge->conns.count >= edge->conns.limits.count_max)
        return "full";
    return NULL;
}

static err answer_ready(void *ctx, slice query, struct sys_http_answer *answer) {
    const char *why = why_unready(ctx);
    char text[64];
    (void)query;
    int n = why == NULL ? snprintf(text, sizeof text, "{\"ready\":true}\n")
                        : snprintf(text, sizeof text, "{\"ready\":false,\"why\":\"%s\"}\n", why);
    answer->status = why == NULL ? 200 : 503;
    answer->type = "application/json";
    return buf_append(answer->body, slice_of(text, (size_t)n));
}

static const struct sys_http_page pages[] = {
    {"/session", NULL}, {"/health", answer_health}, {"/ready", answer_ready}};

/* ---- From mail ---- */

static struct client *find(const struct edge *edge, uint64_t session) {
    return (struct client *)table_find(&edge->clients, table_hash_number(session));
}

static void take_reply(struct edge *edge, slice body) {
    struct proto_edge_reply reply;
    if (proto_edge_reply_decode(body, &reply) != OK) {
        stop(edge, EXIT_FAILED);
        return;
    }
    struct client *c = find(edge, reply.session);
    if (c == NULL)
        return;
    edge->replies++;
    session_reply(&c->session, &edge->env, &reply);
    if (reply.drain && sys_conn_queued(c->conn) <= DRAIN_AT)
        tell_drained(c);
    else if (reply.drain)
        c->drains = true;
    settle(c);
}

/* An error is an answer too: mail works, but not its store. */
static void take_ping(struct edge *edge, bool store_fails) {
    edge->mail_answered = now_of(edge);
    edge->store_fails = store_fails;
}

static void on_mail(struct sys_channel *channel, void *ctx, slice message, int fd) {
    struct edge *edge = ctx;
    struct proto_frame frame;
    (void)channel;
    (void)fd;
    if (proto_frame_decode(message, &frame) != OK)
        stop(edge, EXIT_FAILED);
    else if (frame.type == PROTO_edge_reply)
        take_reply(edge, frame.body);
    else if (frame.type == PROTO_ok || frame.type == PROTO_error)
        take_ping(edge, frame.type == PROTO_error);
}

/* ---- From the parent ---- */

static err enter_sandbox(struct edge *edge, const struct proto_edge_setup *in) {
    char user[SANDBOX_USER];
    struct sys_sandbox sandbox = {.profile = SYS_PROFILE_EDGE,
                                  .mode = (enum sys_sandbox_mode)in->sandbox,
                                  .user = sandbox_user(user, in->user),
                                  .files_max = (uint64_t)in->connections + 64,
                                  .die_with_parent = true};
    struct sys_sandbox_report report;
    TRY(sys_sandbox_enter(&sandbox, &report));
    sandbox_text_keep(edge->own_sandbox, slice_str(report.text));
    return OK;
}

static err listen_all(struct edge *edge, const struct proto_edge_setup *in, struct sys_tls *tls) {
    struct sys_conn_limits limits = sys_conn_limits_default();
    limits.count_max = in->connections;
    limits.first_max = OPENING_MAX;
    limits.queue_max = QUEUE_MAX;
    limits.drain_at = DRAIN_AT;
    limits.handshake_ms = in->opening_seconds * 1000;
    sys_conns_init(&edge->conns, edge->loop, &conn_events, edge, &limits);
    if (in->source_connections > 0) {
        /* However few places there are, one source doesn't take them all. */
        uint32_t half = (in->connections + 1) / 2;
        TRY(sys_sources_init(&edge->sources,
                             in->source_connections < half ? in->source_connections : half));
        edge->conns.sources = &edge->sources;
    }
    edge->site.pages = pages;
    edge->site.page_count = sizeof pages / sizeof pages[0];
    edge->site.ctx = edge;
    struct sys_listener_options tcp = {.fd = FD_TCP};
    struct sys_listener_options http = {.fd = FD_HTTP, .tls = tls, .http = &edge->site};
    TRY(sys_listener_new(&edge->tcp, &edge->conns, &tcp));
    return sys_listener_new(&edge->http, &edge->conns, &http);
}

static void on_mail_closed(struct sys_channel *channel, void *ctx, err why) {
    (void)channel;
    (void)why;
    stop(ctx, EXIT_FINE); /* the parent starts both again */
}

static void on_mail_drained(struct sys_channel *channel, void *ctx) {
    (void)channel;
    pay_owed(ctx);
    set_crowded(ctx, false);
}

static const struct sys_channel_events mail_events = {
    .message = on_mail, .drained = on_mail_drained, .closed = on_mail_closed};

static err set_up(struct edge *edge, slice body) {
    struct proto_edge_setup in;
    if (edge->set_up)
        return ERR_STATE;
    TRY(proto_edge_setup_decode(body, &in));
    edge->log.level = (enum sys_log_level)in.log_level;
    edge->idle_ms = (uint64_t)in.idle_seconds * 1000;
    edge->opening_ms = (uint64_t)in.opening_seconds * 1000;
    edge->env.limits = session_limits_default;
    edge->env.limits.rate = in.rate;
    edge->env.limits.burst = in.burst;
    sandbox_text_keep(edge->mail_sandbox, in.mail_sandbox);
    sandbox_text_keep(edge->parent_sandbox, in.parent_sandbox);
    struct sys_channel_options mail = {
        .fd = FD_MAIL, .drain_at = MAIL_LOW, .secret = true, .events = &mail_events, .ctx = edge};
    TRY(sys_channel_new(&edge->mail.channel, edge->loop, &mail));
    /* Before the sandbox, since the TLS library reads its configuration at its first use, which
     * would else be the answer to the first WebSocket. */
    buf warm = {0};
    struct sys_tls *tls = NULL;
    TRY(sys_http_accept_key(slice_str("dGhlIHNhbXBsZSBub25jZQ=="), &warm));
    buf_free(&warm);
    if (in.certificate.n > 0)
        TRY(sys_tls_server_new(&tls, in.certificate, in.certificate_key));
    TRY(enter_sandbox(edge, &in));
    TRY(listen_all(edge, &in, tls));
    sys_tls_free(tls);
    edge->set_up = true;
    sweep(edge);
    ping(edge);
    struct proto_child_ready ready = {.sandbox = slice_str(edge->own_sandbox)};
    writer w = wire_open(&edge->parent, 0, PROTO_child_ready);
    proto_child_ready_write(&w, &ready);
    return wire_close(&edge->parent, &w);
}

static err take_key(struct edge *edge, slice body) {
    struct proto_noise_key in;
    TRY(proto_noise_key_decode(body, &in));
    struct session_key *key = &edge->env.keys[0];
    edge->env.keys[1] = *key;
    key->number = in.number;
    key->until = in.until;
    memcpy(key->pub, in.pub, sizeof key->pub);
    memcpy(key->priv, in.priv, sizeof key->priv);
    memcpy(key->signature, in.signature, sizeof key->signature);
    wipe(&in, sizeof in);
    return OK;
}

/* Connections that are there go on with the one that they began with. */
static err take_certificate(struct edge *edge, slice body) {
    struct proto_edge_certificate in;
    struct sys_tls *tls = NULL;
    TRY(proto_edge_certificate_decode(body, &in));
    if (edge->leaves)
        return OK;
    TRY(sys_tls_server_new(&tls, in.certificate, in.certificate_key));
    err e = edge->set_up ? sys_listener_set_tls(edge->http, tls) : ERR_STATE;
    sys_tls_free(tls);
    return e;
}

/* Who is being sent one of those before gets the rest of it. */
static err take_pages(struct edge *edge, int fd) {
    struct sys_pages *before = edge->site.files;
    if (fd < 0)
        return ERR_MALFORMED;
    TRY(sys_pages_open(&edge->site.files, fd));
    sys_pages_free(before);
    return OK;
}

static void settle_one(void *ctx, struct table_node *node) {
    (void)ctx;
    settle((struct client *)node);
}

/* Connections without a session lose nothing when the process ends. */
static err leave(struct edge *edge) {
    if (!edge->set_up)
        return ERR_STATE;
    if (edge->leaves)
        return OK;
    edge->leaves = true;
    sys_listener_free(edge->tcp);
    sys_listener_free(edge->http);
    table_each(&edge->clients, settle_one, NULL);
    if (edge->clients.count == 0)
        sys_later_set(&edge->end, edge->loop, end, edge);
    return OK;
}

static void on_parent(struct sys_channel *channel, void *ctx, slice message, int fd) {
    struct edge *edge = ctx;
    struct proto_frame frame;
    (void)channel;
    err e = proto_frame_decode(message, &frame);
    if (e == OK && frame.type == PROTO_edge_pages)
        e = take_pages(edge, fd);
    else if (e == OK && frame.type == PROTO_edge_setup)
        e = set_up(edge, frame.body);
    else if (e == OK && frame.type == PROTO_noise_key)
        e = take_key(edge, frame.body);
    else if (e == OK && frame.type == PROTO_edge_certificate)
        e = take_certificate(edge, frame.body);
    else if (e == OK && frame.type == PROTO_edge_unready)
        edge->unready = true;
    else if (e == OK && frame.type == PROTO_edge_leave)
        e = leave(edge);
    if (e == OK)
        return;
    sys_log_failure(&edge->log, "start_failed", "could not start", e);
    stop(edge, (int)exit_code_of(e));
}

static void on_parent_closed(struct sys_channel *channel, void *ctx, err why) {
    (void)channel;
    (void)why;
    stop(ctx, EXIT_FINE);
}

static const struct sys_channel_events parent_events = {.message = on_parent,
                                                        .closed = on_parent_closed};

int edge_main(bool log_json) {
    static struct edge edge;
    edge.log = sys_log_as("edge", SYS_LOG_INFO);
    edge.log.json = log_json;
    edge.env.ctx = &edge;
    edge.line.end = &edge.line.first;
    edge.env.send = on_send;
    edge.env.request = on_request;
    struct sys_channel_options parent = {
        .fd = FD_PARENT, .take_fds = true, .secret = true, .events = &parent_events, .ctx = &edge};
    err e = crypto_init();
    if (e == OK)
        e = sys_loop_new(&edge.loop, NULL);
    if (e == OK)
        e = sys_channel_new(&edge.parent.channel, edge.loop, &parent);
    if (e == OK)
        e = sys_loop_run(edge.loop);
    if (e != OK) {
        sys_log_failure(&edge.log, "run_failed", "could not run", e);
        edge.exit_code = (int)exit_code_of(e);
    }
    session_env_fini(&edge.env);
    return edge.exit_code; /* connections and memory end with the process */
}
