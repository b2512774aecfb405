#include "server/operator_client.h"

#include <stdio.h>

#include "base/time.h"
#include "proto/proto.h"
#include "server/keys.h"
#include "server/process.h"
#include "sys/carrier.h"
#include "sys/machine.h"

enum { PATH = 1024, ANSWER_MS = 10000 };

struct asking {
    struct sys_loop *loop;
    struct operator_talk *talk;
    uint32_t request;
};

/* ---- A talk ---- */

static void ask_next(struct asking *a, struct sys_conn *conn) {
    buf frame = {0};
    writer w = writer_on(&frame);
    bool more = a->talk->next(a->talk, ++a->request, &w);
    if (!more)
        sys_conn_close(conn, SYS_CLOSE_FLUSH);
    else if (writer_result(&w) != OK || sys_conn_send(conn, buf_slice(&frame)) != OK)
        sys_conn_close(conn, SYS_CLOSE_NOW);
    buf_free(&frame);
}

static void on_answer(struct sys_conn *conn, void *ctx, slice message) {
    struct asking *a = ctx;
    struct operator_talk *talk = a->talk;
    struct proto_frame frame;
    struct proto_error error;
    bool known = proto_frame_decode(message, &frame) == OK;
    if (known && frame.type == PROTO_error && proto_error_decode(frame.body, &error) == OK) {
        talk->answered = true;
        fprintf(stderr, "sottod: no %s: %s\n", talk->what, proto_reason_text(error.reason));
    } else if (known && talk->answer(talk, &frame)) {
        ask_next(a, conn);
        return;
    }
    sys_conn_close(conn, SYS_CLOSE_FLUSH);
}

static void on_opened(struct sys_conn *conn, void *ctx) {
    ask_next(ctx, conn);
}

static void on_closed(struct sys_conn *conn, void *ctx, err why) {
    struct asking *a = ctx;
    (void)conn;
    (void)why;
    if (!a->talk->answered)
        fprintf(stderr, "sottod: no %s: the server gave no answer; its log may say why\n",
                a->talk->what);
    sys_loop_stop(a->loop);
}

static const struct sys_conn_events events = {
    .opened = on_opened, .message = on_answer, .closed = on_closed};

static err talk_at(struct asking *a, const char *path) {
    struct sys_endpoint endpoint;
    struct sys_address address = {.scheme = SYS_SCHEME_TCP};
    struct sys_conn_limits limits = sys_conn_limits_default();
    struct sys_conns conns;
    struct sys_conn *conn;
    limits.idle_ms = ANSWER_MS;
    TRY(sys_endpoint_local(&endpoint, path));
    TRY(sys_loop_new(&a->loop, NULL));
    sys_conns_init(&conns, a->loop, &events, a, &limits);
    struct sys_connect options = {.address = &address, .endpoint = &endpoint, .ctx = a};
    err e = sys_conn_open(&conn, &conns, &options);
    if (e == OK)
        e = sys_loop_run(a->loop);
    sys_conns_fini(&conns);
    sys_loop_free(a->loop);
    return e;
}

int operator_client_talk(const char *data, struct operator_talk *talk) {
    char path[PATH];
    struct asking a = {.talk = talk};
    talk->code = EXIT_FAILED;
    err e = keys_path(path, data, "control.sock");
    if (e == OK)
        e = talk_at(&a, path);
    if (e == OK)
        return talk->code;
    fprintf(stderr, "sottod: no server runs on %s (%s); start it with `sottod run`\n", data,
            err_text(e));
    return EXIT_AWAY;
}

/* ---- Invites ---- */

struct invite {
    struct operator_talk talk;
    uint8_t count;
    bool json, asked;
};

static err print_links(const struct invite *ask, slice body) {
    struct proto_join_links links;
    int year, month, day;
    TRY(proto_join_links_decode(body, &links));
    reader r = reader_of(links.links.bytes);
    for (uint32_t i = 0; i < links.links.count; i++) {
        struct proto_join_link link;
        TRY(proto_join_link_read(&r, &link));
        if (ask->json)
            printf("{\"link\":\"%.*s\",\"expires\":%llu}\n", (int)link.text.n,
                   (const char *)link.text.p, (unsigned long long)links.until);
        else
            printf("%.*s\n", (int)link.text.n, (const char *)link.text.p);
    }
    /* Apart from the links, which go on to a person or a program. */
    if (!ask->json) {
        time_date(links.until, &year, &month, &day);
        fprintf(stderr, "sottod: good until %04d-%02d-%02d\n", year, month, day);
    }
    return OK;
}

static bool next(struct operator_talk *talk, uint32_t request, writer *w) {
    struct invite *ask = (struct invite *)talk;
    struct proto_invite_make make = {.count = ask->count};
    if (ask->asked)
        return false;
    ask->asked = true;
    proto_frame_write(w, request, PROTO_invite_make);
    proto_invite_make_write(w, &make);
    return true;
}

static bool answer(struct operator_talk *talk, const struct proto_frame *frame) {
    if (frame->type != PROTO_join_links ||
        print_links((const struct invite *)talk, frame->body) != OK)
        return false;
    talk->answered = true;
    talk->code = EXIT_FINE;
    return true;
}

int operator_client_invite(const char *data, uint8_t count, bool json) {
    struct invite ask = {
        .talk = {.what = "invite", .next = next, .answer = answer}, .count = count, .json = json};
    return operator_client_talk(data, &ask.talk);
}

/* ---- Metrics ---- */

struct metrics {
    struct operator_talk talk;
    bool asked;
};

static bool ask_metrics(struct operator_talk *talk, uint32_t request, writer *w) {
    struct metrics *m = (struct metrics *)talk;
    if (m->asked)
        return false;
    m->asked = true;
    proto_frame_write(w, request, PROTO_metrics_get);
    return true;
}

static bool print_metrics(struct operator_talk *talk, const struct proto_frame *frame) {
    struct proto_metrics in;
    talk->answered = true;
    if (frame->type != PROTO_metrics || proto_metrics_decode(frame->body, &in) != OK)
        return false;
    bool printed = fwrite(in.text.p, 1, in.text.n, stdout) == in.text.n && fflush(stdout) == 0;
    talk->code = printed ? EXIT_FINE : EXIT_FAILED;
    return false;
}

int operator_client_metrics(const char *data) {
    struct metrics m = {.talk = {.what = "metrics", .next = ask_metrics, .answer = print_metrics}};
    return operator_client_talk(data, &m.talk);
}
