/* The parent's processes: how they start, what they are told, and what happens when one ends. */
#include <string.h>

#include "server/parent.h"
#include "sys/machine.h"

enum { STARTS_MAX = 5, MAIL_LOOKS = 4 };

/* ---- What children are told ---- */

static err tell_mail(struct parent *p) {
    const struct config *c = p->config;
    struct proto_mail_setup out = {
        .store = slice_str(p->store_path),
        .user = slice_str(c->user),
        .log_level = (uint8_t)p->log.level,
        .sandbox = (uint8_t)p->sandbox_mode,
        .key_id = p->keys.address[0].id,
        .old_key_id = p->keys.address[1].id,
        .closed = strcmp(c->registration, "closed") == 0,
        .mailbox_items = (uint32_t)c->mailbox_items,
        .mailbox_bytes = c->mailbox_megabytes << 20,
        .invite_days = (uint32_t)c->invite_days,
        .item_days = (uint32_t)c->item_days,
        .blob_days = (uint32_t)c->blob_days,
        .blobs_bytes = c->blob_gigabytes << 30,
        .uploads_bytes = c->upload_gigabytes << 30,
        .key_packages = (uint32_t)c->key_packages,
        .chains = (uint32_t)c->chains,
        .memtable = c->memtable_megabytes << 20,
    };
    memcpy(out.identity, p->keys.identity, 32);
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

static err tell_pages(struct parent *p, struct wire *wire) {
    writer w = wire_open(wire, 0, PROTO_edge_pages);
    return wire_close_with(wire, &w, p->pages);
}

static err tell_edge(struct parent *p, struct child *edge) {
    const struct config *c = p->config;
    struct proto_edge_setup out = {
        .log_level = (uint8_t)p->log.level,
        .sandbox = (uint8_t)p->sandbox_mode,
        .user = slice_str(c->user),
        .connections = (uint32_t)c->connections,
        .source_connections = (uint32_t)c->source_connections,
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
    if (p->pages >= 0)
        TRY(tell_pages(p, &edge->wire));
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

void child_fini(struct child *child) {
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

static void name_role(const struct parent *p, struct sys_proc_start *start, const char *role) {
    start->args[start->arg_count++] = role;
    if (p->log.json)
        start->args[start->arg_count++] = ROLE_LOGS_JSON;
}

static err prepare_mail(void *ctx, struct sys_proc_start *start) {
    struct child *mail = ctx;
    TRY(sys_channel_pair(mail->ends));
    name_role(mail->parent, start, ROLE_MAIL);
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
        sys_log_failure(&p->log, "mail_start_failed", "could not start the mail process", result);
    close_ends(mail->ends);
}

static err prepare_edge(void *ctx, struct sys_proc_start *start) {
    struct child *edge = ctx;
    struct parent *p = edge->parent;
    if (!p->mail.ready || p->stopping)
        return ERR_AGAIN;
    TRY(sys_channel_pair(edge->ends));
    TRY(sys_channel_pair(edge->links));
    name_role(p, start, ROLE_EDGE);
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
    writer w = wire_open(&p->mail.wire, 0, PROTO_edge_link);
    proto_edge_link_write(&w, &out);
    return wire_close_with(&p->mail.wire, &w, edge->links[0]);
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
        sys_log_failure(&p->log, "edge_start_failed", "could not start an edge", result);
    if (result != OK)
        wire_fini(&edge->wire); /* one that started ends without its channel */
    close_ends(edge->ends);
    close_ends(edge->links);
}

/* Before the server was ready once, an edge that gives up will not do better the next time. */
static bool is_hopeless(const struct parent *p, const struct sys_proc *proc, int status) {
    return !p->announced && (status > 0 || sys_proc_restarts(proc) >= STARTS_MAX);
}

static void edge_ended(void *ctx, struct sys_proc *proc, int status, bool restarts) {
    struct child *edge = ctx;
    struct parent *p = edge->parent;
    edge->ready = false;
    wire_fini(&edge->wire);
    if (p->stopping) {
        parent_go_on_stopping(p);
    } else if (is_hopeless(p, proc, status)) {
        sys_log_error(&p->log, "edge_start_failed", "an edge could not start");
        parent_stop(p, status > 0 ? status : EXIT_FAILED);
    } else {
        sys_log_warn(&p->log, "edge_ended", "an edge ended (%d); %s", status,
                     restarts ? "it starts again, its connections are lost" : "it stays away");
    }
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
        parent_go_on_stopping(p);
    } else if (!p->announced) {
        sys_log_error(&p->log, "mail_start_failed", "the mail process could not start");
        parent_stop(p, status > 0 ? status : EXIT_FAILED);
    } else {
        sys_log_warn(&p->log, "mail_ended", "the mail process ended (%d); it starts again", status);
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
            sys_log_failure(&p->log, "edge_start_failed", "could not start an edge", e);
            parent_stop(p, EXIT_FAILED);
        }
    }
}

static void all_ready(struct parent *p) {
    for (size_t i = 0; i < p->edge_count; i++)
        if (!p->edges[i].ready)
            return;
    if (p->announced)
        return;
    p->announced = true;
    parent_announce(p);
}

static void child_ready(struct child *child, slice body) {
    struct proto_child_ready in;
    struct parent *p = child->parent;
    if (proto_child_ready_decode(body, &in) != OK)
        return;
    sandbox_text_keep(child->sandbox, in.sandbox);
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
    (void)fd;
    if (proto_frame_decode(message, &frame) != OK)
        return;
    if (child == &child->parent->mail)
        child->parent->mail_unanswered = 0;
    if (frame.type == PROTO_child_ready)
        child_ready(child, frame.body);
    else if (child == &child->parent->mail)
        operator_answer(child->parent, &frame);
}

/* ---- A mail process that neither works nor ends ---- */

/* Looks are counted, and not the time, so that a server that was itself stopped for long finds
 * nothing to blame. */
static void look_at_mail(void *ctx) {
    struct parent *p = ctx;
    uint64_t ms = p->config->silent_seconds * 1000 / MAIL_LOOKS;
    if (!p->mail.ready || p->stopping) {
        p->mail_unanswered = 0;
    } else if (p->mail_unanswered >= MAIL_LOOKS) {
        sys_log_error(&p->log, "mail_silent",
                      "the mail process has answered nothing for %llu seconds and is killed",
                      (unsigned long long)p->config->silent_seconds);
        p->mail.ready = false;
        sys_proc_kill(p->mail.proc);
    } else {
        p->mail_unanswered++;
        (void)!wire_send(&p->mail.wire, 0, PROTO_ping, SLICE_EMPTY); /* unsent, it isn't answered */
    }
    if (sys_timer_set(&p->look, p->loop, ms, look_at_mail, p) != OK)
        parent_stop(p, EXIT_FAILED);
}

err children_start_mail(struct parent *p) {
    struct sys_proc_options options = {
        .name = "sottod: mail",
        .prepare = prepare_mail,
        .started = mail_started,
        .ended = mail_ended,
        .ctx = &p->mail,
        .pause_last_ms = 2000,
        .grace_ms = 20000,
    };
    look_at_mail(p);
    return sys_proc_new(&p->mail.proc, p->loop, &options);
}

/* One that can't be told would go on with what ends: it starts again, without its channel. */
static void tell_edges(struct parent *p, err (*tell)(struct parent *p, struct wire *wire),
                       const char *what) {
    for (size_t i = 0; i < p->edge_count; i++) {
        struct child *edge = &p->edges[i];
        if (edge->wire.channel == NULL)
            continue; /* it is told when it starts */
        err e = tell(p, &edge->wire);
        if (e == OK)
            continue;
        sys_log_failure(&p->log, "edge_told_failed", what, e);
        wire_fini(&edge->wire);
    }
}

/* One that may have to go on is started again when it has ended. */
static void stop_child(struct child *child) {
    child->ready = false;
    (child->parent->hands_over ? sys_proc_renew : sys_proc_stop)(child->proc);
}

void children_unready(struct parent *p) {
    for (size_t i = 0; i < p->edge_count; i++)
        if (p->edges[i].ready)
            (void)!wire_send(&p->edges[i].wire, 0, PROTO_edge_unready, SLICE_EMPTY);
}

void children_see_off(struct parent *p) {
    for (size_t i = 0; i < p->edge_count; i++) {
        struct child *edge = &p->edges[i];
        if (edge->proc == NULL)
            continue;
        if (!edge->ready || wire_send(&edge->wire, 0, PROTO_edge_leave, SLICE_EMPTY) != OK)
            stop_child(edge);
    }
}

void children_stop_edges(struct parent *p) {
    for (size_t i = 0; i < p->edge_count; i++)
        if (p->edges[i].proc != NULL)
            stop_child(&p->edges[i]);
}

void children_stop_mail(struct parent *p) {
    stop_child(&p->mail);
}

static err tell_newest_key(struct parent *p, struct wire *wire) {
    return tell_key(wire, &p->noise);
}

void children_tell_key(struct parent *p) {
    tell_edges(p, tell_newest_key, "could not tell an edge the session key; it starts again");
}

static err tell_certificate(struct parent *p, struct wire *wire) {
    struct proto_edge_certificate out = {.certificate = buf_slice(&p->certificate),
                                         .certificate_key = buf_slice(&p->certificate_key)};
    writer w = wire_open(wire, 0, PROTO_edge_certificate);
    proto_edge_certificate_write(&w, &out);
    return wire_close(wire, &w);
}

void children_tell_certificate(struct parent *p) {
    tell_edges(p, tell_certificate, "could not tell an edge the certificate; it starts again");
}

void children_tell_pages(struct parent *p) {
    tell_edges(p, tell_pages, "could not tell an edge the web page; it starts again");
}
