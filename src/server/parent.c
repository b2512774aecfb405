/* The parent: ports, keys and certificates; it starts the others and watches them. It parses nothing
 * that comes from a peer. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "server/keys.h"
#include "server/process.h"
#include "server/session.h"
#include "server/wire.h"
#include "sys/files.h"
#include "sys/listener.h"
#include "sys/log.h"
#include "sys/machine.h"
#include "sys/proc.h"
#include "sys/sandbox.h"

enum { EDGES_MAX = 64, ASKS_MAX = 32, PATH = 1024, PEM_MAX = 65536 };
/* A Noise key is changed after four weeks and may be met for two more. */
enum { KEY_WEEKS = 4, KEY_GRACE_WEEKS = 2 };

struct parent;

/* A process of ours. */
struct child {
    struct parent *parent;
    struct sys_proc *proc;
    struct wire wire;
    int ends[2];  /* of the channel, while it starts */
    int links[2]; /* an edge: of its channel to mail, while it starts */
    uint32_t number; /* an edge's; a new one at each start */
    bool ready;
    char sandbox[129];
};

/* Somebody at the control socket who waits for join links; number 0: free. */
struct ask {
    uint32_t number, request;
    struct sys_conn *conn; /* NULL: the parent itself, to print them */
};

struct parent {
    struct sys_loop *loop;
    struct sys_log log;
    const struct config *config;
    struct keys keys;
    struct session_key noise, noise_before;
    struct sys_signals signals;
    struct sys_timer hourly;
    struct sys_conns conns;
    struct sys_listener *control;
    char control_path[PATH], public[CONFIG_TEXT], sandbox[129];
    char host[CONFIG_TEXT];
    uint16_t port, http_port;
    int tcp, http, lock, control_fd;
    buf certificate, certificate_key;
    struct child mail, edges[EDGES_MAX];
    size_t edge_count;
    uint32_t edge_number;
    struct ask asks[ASKS_MAX];
    uint32_t ask_number;
    unsigned print_invites;
    bool announced, stopping;
    int exit_code;
};

enum exit_code exit_code_of(err e) {
    switch (e) {
    case OK:
        return EXIT_FINE;
    case ERR_BUSY:
        return EXIT_IN_USE;
    case ERR_DAMAGED:
        return EXIT_DAMAGED;
    default:
        return EXIT_FAILED;
    }
}

/* ---- The end ---- */

static bool edges_run(const struct parent *p) {
    for (size_t i = 0; i < p->edge_count; i++)
        if (p->edges[i].proc != NULL && sys_proc_pid(p->edges[i].proc) != 0)
            return true;
    return false;
}

/* Edges first, so that mail has the last word about what they brought. */
static void go_on_stopping(struct parent *p) {
    if (edges_run(p))
        return;
    if (p->mail.proc != NULL && sys_proc_pid(p->mail.proc) != 0)
        sys_proc_stop(p->mail.proc);
    else
        sys_loop_stop(p->loop);
}

static void stop(struct parent *p, int exit_code) {
    if (p->stopping) {
        sys_loop_stop(p->loop); /* asked twice: at once */
        return;
    }
    p->stopping = true;
    p->exit_code = exit_code;
    for (size_t i = 0; i < p->edge_count; i++)
        if (p->edges[i].proc != NULL)
            sys_proc_stop(p->edges[i].proc);
    go_on_stopping(p);
}

/* ---- What is printed ---- */

static void print_base32(slice bytes) {
    buf text = {0};
    if (base32_encode(&text, bytes) == OK)
        printf("%.*s", (int)text.n, (const char *)text.p);
    buf_free(&text);
}

static void announce(struct parent *p) {
    char http_host[CONFIG_TEXT], http_port[CONFIG_TEXT];
    if (config_split(p->config->http, http_host, http_port) != OK)
        return;
    printf("sottod: ready on %s:%u, http %s:%u, identity ", p->host, p->port, http_host,
           p->http_port);
    print_base32(SLICE_ARRAY(p->keys.identity));
    printf("\n");
    fflush(stdout);
}

static err link_of(const struct parent *p, const struct proto_code *code, buf *out) {
    struct proto_invite invite;
    buf content = {0};
    writer w = writer_on(&content);
    memcpy(invite.server, p->keys.identity, sizeof invite.server);
    memcpy(invite.code, code->bytes, sizeof invite.code);
    proto_invite_write(&w, &invite);
    err e = writer_result(&w);
    if (e == OK)
        e = proto_link_write(out, "join", slice_str(p->public), buf_slice(&content));
    buf_free(&content);
    return e;
}

/* ---- Invites, for the operator ---- */

static struct ask *ask_find(struct parent *p, uint32_t number) {
    for (size_t i = 0; i < ASKS_MAX; i++)
        if (p->asks[i].number == number)
            return &p->asks[i];
    return NULL;
}

/* Passes an invite_make on to mail. */
static err ask_mail(struct parent *p, struct sys_conn *conn, uint32_t request, slice body) {
    struct ask *ask = ask_find(p, 0);
    if (ask == NULL || !p->mail.ready)
        return ERR_BUSY;
    TRY(wire_send(&p->mail.wire, p->ask_number + 1, PROTO_invite_make, body));
    *ask = (struct ask){++p->ask_number, request, conn};
    return OK;
}

static err answer_links(struct parent *p, const struct ask *ask, const struct proto_invite_made *in) {
    struct proto_join_links out = {0};
    buf links = {0}, text = {0}, frame = {0};
    writer w = writer_on(&links);
    reader r = reader_of(in->codes.bytes);
    err e = OK;
    for (uint32_t i = 0; e == OK && i < in->codes.count; i++) {
        struct proto_code code;
        struct proto_join_link link;
        buf_clear(&text);
        e = proto_code_read(&r, &code);
        if (e == OK)
            e = link_of(p, &code, &text);
        link.text = buf_slice(&text);
        if (e == OK && ask->conn == NULL)
            printf("sottod: invite %.*s\n", (int)text.n, (const char *)text.p);
        PROTO_LIST_ADD(join_link, &w, &out.links, &link);
    }
    fflush(stdout);
    if (e == OK)
        e = writer_result(&w);
    out.links.bytes = buf_slice(&links);
    w = writer_on(&frame);
    proto_frame_write(&w, ask->request, PROTO_join_links);
    proto_join_links_write(&w, &out);
    if (e == OK)
        e = writer_result(&w);
    if (e == OK && ask->conn != NULL)
        e = sys_conn_send(ask->conn, buf_slice(&frame));
    buf_free(&links);
    buf_free(&text);
    buf_free(&frame);
    return e;
}

static void refuse(struct sys_conn *conn, uint32_t request, uint16_t reason) {
    uint8_t frame[8] = {(uint8_t)(request >> 24), (uint8_t)(request >> 16),
                        (uint8_t)(request >> 8),  (uint8_t)request,
                        0,                        PROTO_error,
                        (uint8_t)(reason >> 8),   (uint8_t)reason};
    if (sys_conn_send(conn, SLICE_ARRAY(frame)) != OK)
        sys_conn_close(conn, SYS_CLOSE_NOW);
}

static void take_answer(struct parent *p, const struct proto_frame *frame) {
    struct proto_invite_made made;
    struct ask *ask = frame->request == 0 ? NULL : ask_find(p, frame->request);
    if (ask == NULL)
        return;
    if (frame->type == PROTO_invite_made && proto_invite_made_decode(frame->body, &made) == OK) {
        err e = answer_links(p, ask, &made);
        if (e != OK)
            sys_log_failure(&p->log, "could not hand over an invite", e);
    } else if (ask->conn != NULL) {
        refuse(ask->conn, ask->request, PROTO_REASON_DISK);
    } else {
        sys_log_error(&p->log, "could not make the invites to print: the store refused");
    }
    *ask = (struct ask){0};
}

static void on_control(struct sys_conn *conn, void *ctx, slice message) {
    struct parent *p = ctx;
    struct proto_frame frame;
    if (proto_frame_decode(message, &frame) != OK || frame.type != PROTO_invite_make ||
        proto_message_check(frame.type, frame.body) != OK)
        sys_conn_close(conn, SYS_CLOSE_NOW);
    else if (ask_mail(p, conn, frame.request, frame.body) != OK)
        refuse(conn, frame.request, PROTO_REASON_BUSY);
}

static void on_control_opened(struct sys_conn *conn, void *ctx) {
    (void)conn;
    (void)ctx;
}

static void on_control_closed(struct sys_conn *conn, void *ctx, err why) {
    struct parent *p = ctx;
    (void)why;
    for (size_t i = 0; i < ASKS_MAX; i++)
        if (p->asks[i].conn == conn)
            p->asks[i] = (struct ask){0};
}

static const struct sys_conn_events control_events = {
    .opened = on_control_opened, .message = on_control, .closed = on_control_closed};

/* ---- What children are told ---- */

static err tell_mail(struct parent *p) {
    const struct config *c = p->config;
    enum sys_log_level level = SYS_LOG_INFO;
    TRY(sys_log_level_parse(&level, c->log));
    struct proto_mail_setup out = {
        .data = slice_str(c->data),
        .log_level = (uint8_t)level,
        .sandbox = strcmp(c->sandbox, "off") == 0 ? SYS_SANDBOX_OFF : SYS_SANDBOX_ENFORCE,
        .key_id = p->keys.address[0].id,
        .old_key_id = p->keys.address[1].id,
        .closed = strcmp(c->registration, "closed") == 0,
        .mailbox_items = (uint32_t)c->mailbox_items,
        .mailbox_bytes = c->mailbox_megabytes << 20,
        .item_weeks = (uint32_t)c->item_weeks,
        .blob_weeks = (uint32_t)c->blob_weeks,
        .blobs_bytes = c->blob_gigabytes << 30,
        .key_packages = (uint32_t)c->key_packages,
        .memtable = c->memtable_megabytes << 20,
    };
    memcpy(out.key, p->keys.address[0].key, 32);
    memcpy(out.old_key, p->keys.address[1].key, 32);
    memcpy(out.pepper, p->keys.pepper, 32);
    writer w = wire_open(&p->mail.wire, 0, PROTO_mail_setup);
    proto_mail_setup_write(&w, &out);
    wipe(&out, sizeof out);
    return wire_close(&p->mail.wire, &w);
}

static err tell_key(struct wire *wire, const struct session_key *key) {
    struct proto_noise_key out = {.number = key->number, .until = key->until};
    memcpy(out.pub, key->pub, sizeof out.pub);
    memcpy(out.priv, key->priv, sizeof out.priv);
    memcpy(out.signature, key->signature, sizeof out.signature);
    writer w = wire_open(wire, 0, PROTO_noise_key);
    proto_noise_key_write(&w, &out);
    wipe(&out, sizeof out);
    return wire_close(wire, &w);
}

static err tell_edge(struct parent *p, struct child *edge) {
    const struct config *c = p->config;
    enum sys_log_level level = SYS_LOG_INFO;
    TRY(sys_log_level_parse(&level, c->log));
    struct proto_edge_setup out = {
        .log_level = (uint8_t)level,
        .sandbox = strcmp(c->sandbox, "off") == 0 ? SYS_SANDBOX_OFF : SYS_SANDBOX_ENFORCE,
        .connections = (uint32_t)c->connections,
        .idle_seconds = (uint32_t)c->idle_minutes * 60,
        .opening_seconds = (uint32_t)c->opening_seconds,
        .rate = (uint32_t)c->rate,
        .burst = (uint32_t)c->burst,
        .certificate = buf_slice(&p->certificate),
        .certificate_key = buf_slice(&p->certificate_key),
        .parent_sandbox = slice_str(p->sandbox),
        .mail_sandbox = slice_str(p->mail.sandbox),
    };
    if (p->noise_before.number != 0)
        TRY(tell_key(&edge->wire, &p->noise_before));
    TRY(tell_key(&edge->wire, &p->noise));
    writer w = wire_open(&edge->wire, 0, PROTO_edge_setup);
    proto_edge_setup_write(&w, &out);
    return wire_close(&edge->wire, &w);
}

/* ---- Children ---- */

static void close_ends(int ends[2]) {
    sys_fd_close(ends[0]);
    sys_fd_close(ends[1]);
    ends[0] = ends[1] = -1;
}

static void child_fini(struct child *child) {
    close_ends(child->ends);
    close_ends(child->links);
    sys_proc_free(child->proc);
    wire_fini(&child->wire);
    child->proc = NULL;
}

static void on_child(struct sys_channel *channel, void *ctx, slice message, int fd);

static void on_child_closed(struct sys_channel *channel, void *ctx, err why) {
    struct child *child = ctx;
    (void)channel;
    (void)why;
    child->ready = false;
    wire_fini(&child->wire);
}

static const struct sys_channel_events child_events = {.message = on_child,
                                                       .closed = on_child_closed};

/* The parent's end becomes a channel, the child's is closed here. */
static err connect_child(struct child *child) {
    struct sys_channel_options options = {
        .fd = child->ends[0], .events = &child_events, .ctx = child};
    wire_fini(&child->wire);
    TRY(sys_channel_new(&child->wire.channel, child->parent->loop, &options));
    child->ends[0] = -1;
    return OK;
}

static err prepare_mail(void *ctx, struct sys_proc_start *start) {
    struct child *mail = ctx;
    TRY(sys_channel_pair(mail->ends));
    start->args[0] = ROLE_MAIL;
    start->arg_count = 1;
    start->fds[0] = mail->ends[1];
    start->fd_count = 1;
    return OK;
}

static void mail_started(void *ctx, struct sys_proc *proc, err result) {
    struct child *mail = ctx;
    struct parent *p = mail->parent;
    (void)proc;
    if (result == OK)
        result = connect_child(mail);
    if (result == OK)
        result = tell_mail(p);
    if (result != OK)
        sys_log_failure(&p->log, "could not start the mail process", result);
    close_ends(mail->ends);
}

static err prepare_edge(void *ctx, struct sys_proc_start *start) {
    struct child *edge = ctx;
    struct parent *p = edge->parent;
    if (!p->mail.ready)
        return ERR_AGAIN;
    TRY(sys_channel_pair(edge->ends));
    TRY(sys_channel_pair(edge->links));
    start->args[0] = ROLE_EDGE;
    start->arg_count = 1;
    start->fds[0] = edge->ends[1];
    start->fds[1] = edge->links[1];
    start->fds[2] = p->tcp;
    start->fds[3] = p->http;
    start->fd_count = 4;
    return OK;
}

/* Hands mail its end of the edge's channel. */
static err link_edge(struct parent *p, struct child *edge) {
    struct proto_edge_link out = {.edge = edge->number = ++p->edge_number};
    buf frame = {0};
    writer w = writer_on(&frame);
    proto_frame_write(&w, 0, PROTO_edge_link);
    proto_edge_link_write(&w, &out);
    err e = writer_result(&w);
    if (e == OK && p->mail.wire.channel == NULL)
        e = ERR_CLOSED;
    if (e == OK)
        e = sys_channel_send_fd(p->mail.wire.channel, buf_slice(&frame), edge->links[0]);
    if (e == OK)
        edge->links[0] = -1;
    buf_free(&frame);
    return e;
}

static void edge_started(void *ctx, struct sys_proc *proc, err result) {
    struct child *edge = ctx;
    struct parent *p = edge->parent;
    (void)proc;
    bool waits = result == ERR_AGAIN;
    if (result == OK)
        result = connect_child(edge);
    if (result == OK)
        result = link_edge(p, edge);
    if (result == OK)
        result = tell_edge(p, edge);
    if (result != OK && !waits)
        sys_log_failure(&p->log, "could not start an edge", result);
    if (result != OK)
        wire_fini(&edge->wire); /* one that started ends without its channel */
    close_ends(edge->ends);
    close_ends(edge->links);
}

static void edge_ended(void *ctx, struct sys_proc *proc, int status, bool restarts) {
    struct child *edge = ctx;
    (void)proc;
    edge->ready = false;
    wire_fini(&edge->wire);
    if (edge->parent->stopping)
        go_on_stopping(edge->parent);
    else
        sys_log_warn(&edge->parent->log, "an edge ended (%d); %s", status,
                     restarts ? "it starts again, its connections are lost" : "it stays away");
}

/* The edges go too: their channels end with mail, and they start again when it is back. */
static void mail_ended(void *ctx, struct sys_proc *proc, int status, bool restarts) {
    struct child *mail = ctx;
    struct parent *p = mail->parent;
    (void)proc;
    (void)restarts;
    mail->ready = false;
    wire_fini(&mail->wire);
    memset(p->asks, 0, sizeof p->asks);
    if (p->stopping) {
        go_on_stopping(p);
    } else if (!p->announced) {
        sys_log_error(&p->log, "the mail process could not start");
        stop(p, status > 0 ? status : EXIT_FAILED);
    } else {
        sys_log_warn(&p->log, "the mail process ended (%d); it starts again", status);
    }
}

static void start_edges(struct parent *p) {
    for (size_t i = 0; i < p->edge_count && !p->stopping; i++) {
        struct child *edge = &p->edges[i];
        if (edge->proc != NULL)
            continue;
        struct sys_proc_options options = {
            .name = "sottod: edge",
            .prepare = prepare_edge,
            .started = edge_started,
            .ended = edge_ended,
            .ctx = edge,
            .pause_last_ms = 1000,
            .grace_ms = 2000,
        };
        err e = sys_proc_new(&edge->proc, p->loop, &options);
        if (e != OK) {
            sys_log_failure(&p->log, "could not start an edge", e);
            stop(p, EXIT_FAILED);
        }
    }
}

static void all_ready(struct parent *p) {
    static const uint8_t most = 255;
    for (size_t i = 0; i < p->edge_count; i++)
        if (!p->edges[i].ready)
            return;
    if (p->announced)
        return;
    p->announced = true;
    announce(p);
    uint8_t count = p->print_invites > most ? most : (uint8_t)p->print_invites;
    if (count > 0 && ask_mail(p, NULL, 0, slice_of(&count, 1)) != OK)
        sys_log_error(&p->log, "could not ask for invites");
}

static void child_ready(struct child *child, slice body) {
    struct proto_child_ready in;
    struct parent *p = child->parent;
    if (proto_child_ready_decode(body, &in) != OK)
        return;
    memset(child->sandbox, 0, sizeof child->sandbox);
    memcpy(child->sandbox, in.sandbox.p, in.sandbox.n);
    for (size_t i = 0; i < in.sandbox.n; i++)
        if (child->sandbox[i] < ' ' || child->sandbox[i] == '"' || child->sandbox[i] == '\\')
            child->sandbox[i] = '?';
    child->ready = true;
    if (child == &p->mail)
        start_edges(p);
    else
        all_ready(p);
}

static void on_child(struct sys_channel *channel, void *ctx, slice message, int fd) {
    struct child *child = ctx;
    struct proto_frame frame;
    (void)channel;
    sys_fd_close(fd);
    if (proto_frame_decode(message, &frame) != OK)
        return;
    if (frame.type == PROTO_child_ready)
        child_ready(child, frame.body);
    else if (child == &child->parent->mail)
        take_answer(child->parent, &frame);
}

/* ---- The Noise key ---- */

static err make_noise_key(struct parent *p) {
    uint32_t until = time_week(sys_clock_wall()) + KEY_WEEKS + KEY_GRACE_WEEKS;
    struct session_key key;
    TRY(session_key_make(&key, p->noise.number + 1, p->keys.identity_priv, until));
    p->noise_before = p->noise;
    p->noise = key;
    wipe(&key, sizeof key);
    return OK;
}

static void hourly(void *ctx) {
    struct parent *p = ctx;
    err e = sys_timer_set(&p->hourly, p->loop, TIME_HOUR, hourly, p);
    bool due = time_week(sys_clock_wall()) + KEY_GRACE_WEEKS >= p->noise.until;
    if (e == OK && due)
        e = make_noise_key(p);
    for (size_t i = 0; e == OK && due && i < p->edge_count; i++)
        if (p->edges[i].ready)
            e = tell_key(&p->edges[i].wire, &p->noise);
    if (e != OK)
        sys_log_failure(&p->log, "could not change the session key", e);
}

/* ---- Start ---- */

static err complain(struct parent *p, const char *what, const char *which, err e) {
    char text[PATH + 128];
    snprintf(text, sizeof text, "%s %s", what, which);
    sys_log_failure(&p->log, text, e);
    return e;
}

static err open_port(struct parent *p, const char *text, int *fd, uint16_t *port) {
    char host[CONFIG_TEXT], name[CONFIG_TEXT];
    TRY(config_split(text, host, name));
    struct sys_listen options = {.host = host, .port = name};
    err e = sys_listen_open(fd, &options);
    if (e != OK)
        return complain(p, "could not listen on", text, e);
    return sys_listen_port(*fd, port);
}

static err open_ports(struct parent *p) {
    char name[CONFIG_TEXT];
    TRY(open_port(p, p->config->listen, &p->tcp, &p->port));
    TRY(open_port(p, p->config->http, &p->http, &p->http_port));
    TRY(config_split(p->config->listen, p->host, name));
    int n = p->config->public[0] != 0
                ? snprintf(p->public, sizeof p->public, "%s", p->config->public)
                : snprintf(p->public, sizeof p->public, strchr(p->host, ':') ? "[%.480s]:%u"
                                                                             : "%.480s:%u",
                           p->host, p->port);
    return n < 0 || (size_t)n >= sizeof p->public ? ERR_TOO_LARGE : OK;
}

static err open_control(struct parent *p) {
    struct sys_conn_limits limits = sys_conn_limits_default();
    limits.count_max = ASKS_MAX;
    limits.idle_ms = 10000;
    TRY(keys_path(p->control_path, p->config->data, "control.sock"));
    err e = sys_listen_unix(&p->control_fd, p->control_path);
    if (e != OK)
        return complain(p, "could not listen on", p->control_path, e);
    sys_conns_init(&p->conns, p->loop, &control_events, p, &limits);
    struct sys_listener_options options = {.fd = p->control_fd};
    TRY(sys_listener_new(&p->control, &p->conns, &options));
    p->control_fd = -1;
    return OK;
}

static err read_pem(struct parent *p, const char *path, buf *out) {
    if (path[0] == 0)
        return OK;
    err e = sys_file_read(path, PEM_MAX, out);
    return e == OK ? OK : complain(p, "could not read", path, e);
}

static err take_data(struct parent *p) {
    char path[PATH];
    const char *data = p->config->data;
    err e = sys_dir_make(data);
    if (e != OK)
        return complain(p, "could not make the directory", data, e);
    TRY(keys_path(path, data, "lock"));
    e = sys_lock_take(path, &p->lock);
    if (e != OK)
        return complain(p, "could not take the data directory", data, e);
    e = keys_load(&p->keys, data, true, path);
    if (e != OK)
        return complain(p, "could not read the key file", path, e);
    return keys_turn(&p->keys, data, sys_clock_wall());
}

static err enter_sandbox(struct parent *p) {
    struct sys_sandbox_report report;
    struct sys_sandbox sandbox = {.profile = SYS_PROFILE_PARENT,
                                  .write_paths = {p->config->data}};
    if (strcmp(p->config->sandbox, "off") == 0)
        sandbox.mode = SYS_SANDBOX_OFF;
    err e = sys_sandbox_enter(&sandbox, &report);
    if (e != OK)
        return complain(p, "could not enter the sandbox of the", "parent", e);
    snprintf(p->sandbox, sizeof p->sandbox, "%s", report.text);
    return OK;
}

static void on_signal(void *ctx, int number) {
    struct parent *p = ctx;
    (void)number;
    sys_log_info(&p->log, "stopping");
    stop(p, EXIT_FINE);
}

static err start_mail(struct parent *p) {
    struct sys_proc_options options = {
        .name = "sottod: mail",
        .prepare = prepare_mail,
        .started = mail_started,
        .ended = mail_ended,
        .ctx = &p->mail,
        .pause_last_ms = 2000,
        .grace_ms = 20000,
    };
    return sys_proc_new(&p->mail.proc, p->loop, &options);
}

static bool is_loopback(const char *text) {
    return strncmp(text, "127.", 4) == 0 || strncmp(text, "[::1]", 5) == 0 ||
           strncmp(text, "localhost:", 10) == 0;
}

static err start(struct parent *p) {
    TRY(crypto_init());
    TRY(sys_loop_new(&p->loop, NULL));
    TRY(take_data(p));
    TRY(read_pem(p, p->config->certificate, &p->certificate));
    TRY(read_pem(p, p->config->certificate_key, &p->certificate_key));
    TRY(open_ports(p));
    TRY(open_control(p));
    TRY(sys_signals_start(&p->signals, p->loop, sys_stop_signals, on_signal, p));
    TRY(make_noise_key(p));
    TRY(enter_sandbox(p));
    if (!is_loopback(p->config->http) && p->certificate.n == 0)
        sys_log_warn(&p->log, "http is open to others without TLS; put a proxy before it");
    TRY(sys_timer_set(&p->hourly, p->loop, TIME_HOUR, hourly, p));
    return start_mail(p);
}

static void parent_init(struct parent *p, const struct config *config, unsigned print_invites) {
    enum sys_log_level level = SYS_LOG_INFO;
    *p = (struct parent){.config = config, .print_invites = print_invites};
    if (sys_log_level_parse(&level, config->log) != OK)
        level = SYS_LOG_INFO;
    p->log = sys_log_as("sottod", level);
    p->tcp = p->http = p->lock = p->control_fd = -1;
    p->edge_count = config->edges != 0 ? (size_t)config->edges : sys_machine_cores();
    if (p->edge_count > EDGES_MAX)
        p->edge_count = EDGES_MAX;
    p->mail = (struct child){.parent = p, .ends = {-1, -1}, .links = {-1, -1}};
    for (size_t i = 0; i < EDGES_MAX; i++)
        p->edges[i] = p->mail;
}

static void parent_fini(struct parent *p) {
    for (size_t i = 0; i < p->edge_count; i++)
        child_fini(&p->edges[i]);
    child_fini(&p->mail);
    sys_timer_cancel(&p->hourly);
    if (p->loop != NULL && p->control != NULL) {
        sys_listener_free(p->control);
        sys_conns_fini(&p->conns);
        (void)!sys_file_remove(p->control_path);
    }
    sys_signals_stop(&p->signals);
    sys_loop_free(p->loop);
    sys_fd_close(p->control_fd);
    sys_fd_close(p->tcp);
    sys_fd_close(p->http);
    if (p->lock >= 0)
        sys_lock_release(p->lock);
    buf_free(&p->certificate);
    buf_free(&p->certificate_key);
    keys_wipe(&p->keys);
    wipe(&p->noise, sizeof p->noise);
    wipe(&p->noise_before, sizeof p->noise_before);
}

int parent_main(const struct config *config, unsigned print_invites) {
    static struct parent p;
    parent_init(&p, config, print_invites);
    err e = start(&p);
    if (e == OK)
        e = sys_loop_run(p.loop);
    if (e != OK) {
        sys_log_failure(&p.log, "could not run", e);
        p.exit_code = (int)exit_code_of(e);
    }
    parent_fini(&p);
    return p.exit_code;
}
