/* The operator's side of the parent: the control socket, and join links. */
#include <stdio.h>
#include <string.h>

#include "server/office.h"
#include "server/parent.h"
#include "sys/files.h"
#include "sys/machine.h"

enum { LINK_MORE = 128 }; /* bytes of a link beside the address in it, at most */

static err link_of(const struct parent *p, const struct proto_code *code, buf *out) {
    struct proto_invite invite;
    buf content = {0};
    memcpy(invite.server, p->keys.identity, sizeof invite.server);
    memcpy(invite.code, code->bytes, sizeof invite.code);
    err e = proto_invite_encode(&content, &invite);
    if (e == OK)
        e = proto_link_write(out, "join", slice_str(p->public), buf_slice(&content));
    buf_free(&content);
    return e;
}

/* ---- What the operator asks ---- */

static struct ask *ask_find(struct parent *p, uint32_t number) {
    for (size_t i = 0; i < ASKS_MAX; i++)
        if (p->asks[i].number == number)
            return &p->asks[i];
    return NULL;
}

/* All links of an answer travel in one message: so many of them fit, and what goes with them. */
static size_t links_max(const struct parent *p) {
    return (SYS_MESSAGE_MAX - 64) / (strlen(p->public) + LINK_MORE);
}

bool operator_asks(uint16_t type) {
    return type == PROTO_invite_make || type == PROTO_office_part || type == PROTO_office_put ||
           type == PROTO_office_get || type == PROTO_order_written || type == PROTO_backup ||
           type == PROTO_metrics_get;
}

static bool fits(const struct parent *p, const struct proto_frame *frame) {
    struct proto_invite_make in;
    return frame->type != PROTO_invite_make ||
           (proto_invite_make_decode(frame->body, &in) == OK && in.count <= links_max(p));
}

/* Passes it on to mail. */
err operator_ask(struct parent *p, struct sys_conn *conn, const struct proto_frame *frame) {
    struct proto_office_put in;
    struct ask *ask = ask_find(p, 0);
    if (conn != NULL && !fits(p, frame))
        return ERR_LIMIT;
    bool anew = frame->type == PROTO_office_put &&
                proto_office_put_decode(frame->body, &in) == OK && in.what == MAIL_OFFICE_ANEW;
    if (ask == NULL || !p->mail.ready)
        return ERR_BUSY;
    TRY(wire_send(&p->mail.wire, p->ask_number + 1, frame->type, frame->body));
    *ask = (struct ask){++p->ask_number, frame->request, conn, anew};
    return OK;
}

static err answer_links(struct parent *p, const struct ask *ask,
                        const struct proto_invite_made *in) {
    struct proto_join_links out = {.until = in->until};
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
    struct proto_error error = {.reason = reason};
    buf frame = {0};
    writer w = writer_on(&frame);
    proto_frame_write(&w, request, PROTO_error);
    proto_error_write(&w, &error);
    if (writer_result(&w) != OK || sys_conn_send(conn, buf_slice(&frame)) != OK)
        sys_conn_close(conn, SYS_CLOSE_NOW);
    buf_free(&frame);
}

/* An answer that mail wrote for the operator's command itself. */
static void pass_on(struct parent *p, const struct ask *ask, const struct proto_frame *frame) {
    buf out = {0};
    writer w = writer_on(&out);
    proto_frame_write(&w, ask->request, frame->type);
    writer_bytes(&w, frame->body);
    if (ask->anew && frame->type == PROTO_office_is)
        sys_log_warn(&p->log, "office_pinned_anew",
                     "the office file was pinned anew by the operator; nothing is released "
                     "for 30 days");
    if (ask->conn != NULL &&
        (writer_result(&w) != OK || sys_conn_send(ask->conn, buf_slice(&out)) != OK))
        sys_conn_close(ask->conn, SYS_CLOSE_NOW);
    buf_free(&out);
}

void operator_answer(struct parent *p, const struct proto_frame *frame) {
    struct proto_invite_made made;
    struct proto_error error = {.reason = PROTO_REASON_DISK};
    struct ask *ask = frame->request == 0 ? NULL : ask_find(p, frame->request);
    if (ask == NULL)
        return;
    if (frame->type == PROTO_invite_made && proto_invite_made_decode(frame->body, &made) == OK) {
        err e = answer_links(p, ask, &made);
        if (e != OK)
            sys_log_failure(&p->log, "invites_failed", "could not hand over an invite", e);
        if (e != OK && ask->conn != NULL)
            refuse(ask->conn, ask->request, PROTO_REASON_BUSY);
    } else if (frame->type != PROTO_error && frame->type != PROTO_invite_made) {
        pass_on(p, ask, frame);
    } else {
        if (frame->type == PROTO_error && proto_error_decode(frame->body, &error) != OK)
            error.reason = PROTO_REASON_DISK;
        if (ask->conn != NULL)
            refuse(ask->conn, ask->request, error.reason);
        else
            sys_log_error(&p->log, "invites_failed", "no invites to print: %s",
                          proto_reason_text(error.reason));
    }
    *ask = (struct ask){0};
}

static void on_control(struct sys_conn *conn, void *ctx, slice message) {
    struct parent *p = ctx;
    struct proto_frame frame;
    if (proto_frame_decode(message, &frame) != OK || !operator_asks(frame.type) ||
        proto_message_check(frame.type, frame.body) != OK) {
        sys_conn_close(conn, SYS_CLOSE_NOW);
        return;
    }
    err e = operator_ask(p, conn, &frame);
    if (e != OK)
        refuse(conn, frame.request, e == ERR_LIMIT ? PROTO_REASON_LIMIT : PROTO_REASON_BUSY);
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

/* ---- The socket ---- */

err operator_open(struct parent *p) {
    struct sys_conn_limits limits = sys_conn_limits_default();
    limits.count_max = ASKS_MAX;
    limits.idle_ms = 10000;
    TRY(keys_path(p->control_path, p->config->data, "control.sock"));
    err e = sys_listen_unix(&p->control_fd, p->control_path);
    if (e != OK) {
        sys_log_failure(&p->log, "setup_failed", "could not listen for the operator", e);
        return e;
    }
    sys_conns_init(&p->conns, p->loop, &control_events, p, &limits);
    struct sys_listener_options options = {.fd = p->control_fd};
    TRY(sys_listener_new(&p->control, &p->conns, &options));
    p->control_fd = -1;
    return OK;
}

void operator_close(struct parent *p) {
    sys_fd_close(p->control_fd);
    if (p->control == NULL)
        return;
    sys_listener_free(p->control);
    sys_conns_fini(&p->conns);
    (void)!sys_file_remove(p->control_path);
}
