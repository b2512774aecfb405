#include "server/operator_client.h"

#include <stdio.h>

#include "base/time.h"
#include "proto/proto.h"
#include "server/keys.h"
#include "server/process.h"
#include "sys/carrier.h"
#include "sys/machine.h"

enum { PATH = 1024, ANSWER_MS = 10000 };

struct ask {
    struct sys_loop *loop;
    uint8_t count;
    bool json, answered;
    int code;
};

static err print_links(const struct ask *ask, slice body) {
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

static void on_answer(struct sys_conn *conn, void *ctx, slice message) {
    struct ask *ask = ctx;
    struct proto_frame frame;
    struct proto_error error;
    err e = proto_frame_decode(message, &frame);
    if (e == OK && frame.type == PROTO_join_links && print_links(ask, frame.body) == OK) {
        ask->answered = true;
        ask->code = EXIT_FINE;
    } else if (e == OK && frame.type == PROTO_error &&
               proto_error_decode(frame.body, &error) == OK) {
        ask->answered = true;
        fprintf(stderr, "sottod: no invite: %s\n", proto_reason_text(error.reason));
    }
    sys_conn_close(conn, SYS_CLOSE_FLUSH);
}

static void on_opened(struct sys_conn *conn, void *ctx) {
    struct ask *ask = ctx;
    struct proto_invite_make make = {.count = ask->count};
    buf frame = {0};
    writer w = writer_on(&frame);
    proto_frame_write(&w, 1, PROTO_invite_make);
    proto_invite_make_write(&w, &make);
    if (writer_result(&w) != OK || sys_conn_send(conn, buf_slice(&frame)) != OK)
        sys_conn_close(conn, SYS_CLOSE_NOW);
    buf_free(&frame);
}

static void on_closed(struct sys_conn *conn, void *ctx, err why) {
    struct ask *ask = ctx;
    (void)conn;
    (void)why;
    if (!ask->answered)
        fprintf(stderr, "sottod: no invite: the server gave no answer; its log may say why\n");
    sys_loop_stop(ask->loop);
}

static const struct sys_conn_events ask_events = {
    .opened = on_opened, .message = on_answer, .closed = on_closed};

static err ask_server(struct ask *ask, const char *path) {
    struct sys_endpoint endpoint;
    struct sys_address address = {.scheme = SYS_SCHEME_TCP};
    struct sys_conn_limits limits = sys_conn_limits_default();
    struct sys_conns conns;
    struct sys_conn *conn;
    limits.idle_ms = ANSWER_MS;
    TRY(sys_endpoint_local(&endpoint, path));
    TRY(sys_loop_new(&ask->loop, NULL));
    sys_conns_init(&conns, ask->loop, &ask_events, ask, &limits);
    struct sys_connect options = {.address = &address, .endpoint = &endpoint, .ctx = ask};
    err e = sys_conn_open(&conn, &conns, &options);
    if (e == OK)
        e = sys_loop_run(ask->loop);
    sys_conns_fini(&conns);
    sys_loop_free(ask->loop);
    return e;
}

int operator_client_invite(const char *data, uint8_t count, bool json) {
    char path[PATH];
    struct ask ask = {.count = count, .json = json, .code = EXIT_FAILED};
    err e = keys_path(path, data, "control.sock");
    if (e == OK)
        e = ask_server(&ask, path);
    if (e == OK)
        return ask.code;
    fprintf(stderr, "sottod: no server runs on %s (%s); start it with `sottod run`\n", data,
            err_text(e));
    return EXIT_AWAY;
}
