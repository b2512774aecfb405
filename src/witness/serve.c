#include <stdio.h>

#include "sys/address.h"
#include "sys/listener.h"
#include "sys/loop.h"
#include "sys/machine.h"
#include "sys/sandbox.h"
#include "sys/web.h"
#include "witness/witness.h"

enum { CONNECTIONS = 256 };

struct serving {
    struct witness *witness;
    const struct sys_log *log;
    struct sys_loop *loop;
    struct sys_web *web;
    struct sys_signals signals;
    int fd;
    err last; /* of the witness's failures, which is said once */
};

static const char TEXT[] = "text/plain; charset=utf-8";

/* ---- POST /add-checkpoint ---- */

static const char *reason(enum merkle_status status) {
    switch (status) {
    case MERKLE_STATUS_BAD_REQUEST:
        return "The request can't be read.\n";
    case MERKLE_STATUS_FORBIDDEN:
        return "No key of this log signed it.\n";
    case MERKLE_STATUS_NOT_FOUND:
        return "This log is not known here.\n";
    case MERKLE_STATUS_UNPROCESSABLE:
        return "The proof does not hold.\n";
    default:
        return "";
    }
}

static void note_failure(struct serving *s, err e) {
    if (e == s->last)
        return;
    s->last = e;
    if (e == ERR_LATE)
        sys_log_error(s->log, "clock_behind",
                      "the clock is behind a time that was cosigned: it cosigns nothing");
    else if (e != OK)
        sys_log_failure(s->log, "cosign_failed", "could not cosign", e);
}

static err add_checkpoint(void *ctx, const struct sys_web_request *request, err uploaded,
                          struct sys_web_answer *answer) {
    struct serving *s = ctx;
    struct merkle_witness_answer got = {.status = MERKLE_STATUS_BAD_REQUEST};
    (void)uploaded;
    err e = witness_ask(s->witness, request->body, sys_clock_wall() / 1000, &got);
    if (e != OK || got.status == MERKLE_STATUS_OK)
        note_failure(s, e);
    TRY(e);
    answer->status = (unsigned)got.status;
    answer->type = got.status == MERKLE_STATUS_CONFLICT ? MERKLE_SIZE_TYPE : TEXT;
    buf_move(&answer->body, &got.body);
    return buf_append(&answer->body, slice_str(reason(got.status)));
}

/* ---- GET /HASH/checkpoint ---- */

static err show_checkpoint(void *ctx, const struct sys_web_request *request, err uploaded,
                           struct sys_web_answer *answer) {
    struct serving *s = ctx;
    slice note = slice_str("Nothing of such a log was cosigned here.\n");
    (void)uploaded;
    answer->type = TEXT;
    if (witness_checkpoint(s->witness, request->stars[0], &note) != OK)
        answer->status = 404;
    TRY(sys_web_header(answer, "Access-Control-Allow-Origin", slice_str("*")));
    return buf_append(&answer->body, note);
}

static const struct sys_web_page PAGES[] = {
    {"POST", "/add-checkpoint", WITNESS_BODY_MAX, NULL, NULL, add_checkpoint},
    {"GET", "/*/checkpoint", 0, NULL, NULL, show_checkpoint},
};

/* ---- The process ---- */

static void on_signal(void *ctx, int signal) {
    struct serving *s = ctx;
    (void)signal;
    sys_loop_stop(s->loop);
}

static err open_web(struct serving *s, const char *host, const char *port) {
    struct sys_listen listen = {.host = host, .port = port};
    struct sys_web_options options = {.pages = PAGES,
                                      .page_count = sizeof PAGES / sizeof PAGES[0],
                                      .ctx = s,
                                      .connections_max = CONNECTIONS,
                                      .patience_ms = SYS_WEB_PATIENCE_MS};
    TRY(sys_listen_open(&s->fd, &listen));
    options.fd = s->fd;
    return sys_web_new(&s->web, s->loop, &options);
}

static err narrow(struct serving *s, const char *dir) {
    struct sys_sandbox sandbox = {.profile = SYS_PROFILE_MAIL, .write_paths = {dir}};
    struct sys_sandbox_report report;
    TRY(sys_sandbox_enter(&sandbox, &report));
    sys_log_info(s->log, "cosigns", "cosigns for %zu logs; %s", witness_count(s->witness),
                 report.text);
    return OK;
}

static err serve(struct serving *s, const char *dir, const char *listen) {
    char host[SYS_HOST_MAX + 1], port[SYS_PORT_TEXT];
    uint16_t bound = 0;
    TRY(sys_address_split(listen, host, port));
    TRY(sys_loop_new(&s->loop, NULL));
    TRY(sys_signals_start(&s->signals, s->loop, sys_stop_signals, on_signal, s));
    TRY(open_web(s, host, port));
    TRY(sys_listen_port(s->fd, &bound));
    TRY(narrow(s, dir));
    printf("sotto-witness: ready on %s:%u\n", host, bound);
    fflush(stdout);
    return sys_loop_run(s->loop);
}

err witness_serve(struct witness *witness, const char *dir, const char *listen,
                  const struct sys_log *log) {
    struct serving s = {.witness = witness, .log = log, .fd = -1, .last = OK};
    err e = serve(&s, dir, listen);
    sys_web_free(s.web);
    sys_signals_stop(&s.signals);
    sys_loop_free(s.loop);
    return e;
}
