/* The daemon: pages on a port of this machine, and the clock. TLS and the world are a reverse
 * proxy's. The process that holds the store can start nothing; the operator's command for alarms is
 * run by another one, which knows the case's number and nothing else; a third publishes the ledger,
 * so that no page waits for it; a fourth has attachments drawn. */
#include <stdio.h>
#include <string.h>

#include "desk/command.h"
#include "desk/ledger.h"
#include "desk/desk.h"
#include "desk/pages/pages.h"
#include "desk/painter.h"
#include "sys/address.h"
#include "sys/beside.h"
#include "sys/files.h"
#include "sys/herald.h"
#include "sys/listener.h"
#include "sys/log.h"
#include "sys/loop.h"
#include "sys/machine.h"
#include "sys/sandbox.h"
#include "sys/web.h"

enum {
    CONNECTIONS = 256,
    FILES = 1024,
    TICK_MS = 60000,
    FIRST_TICK_MS = 1000,
    SETTLE_MS = 1000,
    SETTLE_ON_MS = 1
};
static const char LISTEN[] = "127.0.0.1:4490";

struct serving {
    const struct sys_log *log;
    struct desk *desk;
    struct desk_pages *pages;
    struct sys_loop *loop;
    struct sys_web *web;
    struct sys_signals signals;
    struct sys_timer tick, settle;
    struct sys_herald *herald; /* NULL: alarms are in the pages alone */
    struct desk_painter *painter;
    struct sys_beside *publisher;
    int fd;
    const char *doing; /* what failed, if something does */
    err broken;        /* why the loop was stopped, if it was not told to */
};

static err narrow(const struct sys_log *log, const char *folder) {
    struct sys_sandbox sandbox = {
        .profile = SYS_PROFILE_MAIL, .write_paths = {folder}, .files_max = FILES};
    struct sys_sandbox_report report;
    TRY(sys_sandbox_enter(&sandbox, &report));
    sys_log_info(log, "sandbox", "%s", report.text);
    return OK;
}

/* ---- The process that publishes ---- */

struct publishing {
    const struct sys_log *log;
    const char *folder;
    struct desk *desk;
    bool narrowed;
};

/* With a desk of its own, opened before the sandbox as the other one is. */
static err publish(struct publishing *p) {
    if (p->desk == NULL)
        TRY(desk_open(&p->desk, p->folder));
    if (!p->narrowed)
        TRY(narrow(p->log, p->folder));
    p->narrowed = true;
    TRY(desk_refresh(p->desk));
    return desk_ledger_tick(p->desk, desk_now());
}

/* A command that publishes at the same time is as good. */
static void on_publish(void *ctx) {
    struct publishing *p = ctx;
    err e = publish(p);
    if (e != OK && e != ERR_BUSY)
        sys_log_failure(p->log, "ledger_failed", "the ledger could not be published", e);
}

/* ---- The clock ---- */

static void on_alarm(void *ctx, slice case_id) {
    struct serving *s = ctx;
    if (s->herald != NULL && sys_herald_tell(s->herald, case_id) != OK)
        sys_log_error(s->log, "alarm_failed", "an alarm could not be handed to its command");
}

static void stop(struct serving *s, const char *doing, err why) {
    s->doing = doing;
    s->broken = why;
    sys_loop_stop(s->loop);
}

/* What a file in force demands of many cases, some at a time: pages are served in between. */
static void on_settle(void *ctx) {
    struct serving *s = ctx;
    bool more = false;
    err e = desk_settle_more(s->desk, &more);
    if (e != OK && e != ERR_BUSY)
        sys_log_failure(s->log, "settle_failed",
                        "what a file demands of the cases could not be done", e);
    e = sys_timer_set(&s->settle, s->loop, more ? SETTLE_ON_MS : SETTLE_MS, on_settle, s);
    if (e != OK)
        stop(s, "the clock", e);
}

static void on_tick(void *ctx) {
    struct serving *s = ctx;
    struct desk_why why = {0};
    err e = desk_tick(s->desk, on_alarm, s, &why);
    if (e == ERR_DENIED)
        sys_log_error(s->log, "tick_refused", "%s", desk_why_text(&why));
    else if (e != OK)
        sys_log_failure(s->log, "tick_failed", "what time brings could not be done", e);
    if (sys_beside_gone(s->publisher))
        stop(s, "the process that publishes the ledger", ERR_CLOSED);
    e = sys_timer_set(&s->tick, s->loop, TICK_MS, on_tick, s);
    if (e != OK)
        stop(s, "the clock", e);
}

static void on_attached(void *ctx, slice case_id, size_t number, slice file) {
    struct serving *s = ctx;
    desk_painter_give(s->painter, case_id, number, file);
}

static void on_signal(void *ctx, int signal) {
    struct serving *s = ctx;
    (void)signal;
    sys_loop_stop(s->loop);
}

/* ---- The process ---- */

static err open_web(struct serving *s, const char *host, const char *port) {
    struct sys_listen listen = {.host = host, .port = port};
    TRY(sys_listen_open(&s->fd, &listen));
    struct sys_web_options options = {.fd = s->fd,
                                      .pages = desk_pages_table,
                                      .page_count = desk_pages_count,
                                      .ctx = s->pages,
                                      .connections_max = CONNECTIONS,
                                      .patience_ms = SYS_WEB_PATIENCE_MS,
                                      .failed = desk_pages_failed};
    return sys_web_new(&s->web, s->loop, &options);
}

static err serve(struct serving *s, const struct command_line *o, struct publishing *publishing) {
    char host[SYS_HOST_MAX + 1], port[SYS_PORT_TEXT];
    struct desk_pages_options options = {
        .people = o->people, .attached = on_attached, .attached_ctx = s};
    const char *folder = o->words[0], *listen = o->listen == NULL ? LISTEN : o->listen;
    uint16_t bound = 0;
    s->doing = listen;
    TRY(sys_address_split(listen, host, port));
    s->doing = "the command for alarms";
    if (o->alarm != NULL)
        TRY(sys_herald_start(&s->herald, o->alarm, SYS_HERALD_PATIENCE_MS));
    s->doing = "what draws attachments";
    TRY(desk_painter_start(&s->painter));
    s->doing = "the process that publishes the ledger";
    TRY(sys_beside_start(&s->publisher, on_publish, publishing, TICK_MS));
    TRY(sys_loop_new(&s->loop, NULL));
    TRY(sys_signals_start(&s->signals, s->loop, sys_stop_signals, on_signal, s));
    s->doing = folder;
    TRY(sys_dir_check(folder));
    TRY(desk_open(&s->desk, folder));
    s->doing = "what draws attachments";
    TRY(desk_painter_join(s->painter, s->loop, s->desk, s->log));
    s->doing = "the pages";
    TRY(desk_pages_new(&s->pages, s->desk, &options));
    s->doing = listen;
    TRY(open_web(s, host, port));
    TRY(sys_listen_port(s->fd, &bound));
    s->doing = "the sandbox";
    TRY(narrow(s->log, folder));
    TRY(sys_timer_set(&s->tick, s->loop, FIRST_TICK_MS, on_tick, s));
    TRY(sys_timer_set(&s->settle, s->loop, SETTLE_ON_MS, on_settle, s));
    printf("sotto-desk: ready on http://%s:%u\n", host, bound);
    fflush(stdout);
    TRY(sys_loop_run(s->loop));
    return s->broken;
}

int command_serve(const struct command_line *line) {
    struct sys_log log = sys_log_as("desk", SYS_LOG_INFO);
    struct serving s = {.log = &log, .fd = -1};
    if (line->word_count != 1)
        return command_fail(CODE_USAGE, "usage", "sotto-desk serve DIR; see --help");
    struct publishing publishing = {.log = &log, .folder = line->words[0]};
    err e = serve(&s, line, &publishing);
    sys_timer_cancel(&s.tick);
    sys_timer_cancel(&s.settle);
    sys_web_free(s.web);
    desk_pages_free(s.pages);
    desk_painter_free(s.painter);
    desk_close(s.desk);
    sys_signals_stop(&s.signals);
    sys_loop_free(s.loop);
    sys_herald_free(s.herald);
    sys_beside_free(s.publisher);
    return e == OK ? CODE_FINE : command_error(s.doing, e);
}
