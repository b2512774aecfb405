#include "term/job.h"

#include <stdarg.h>
#include <stdio.h>

#include "term/app.h"
#include "term/explain.h"

enum { REST_SECONDS = 5, TICK_MS = 200 };

struct core *job_core(struct job *job) {
    return host_core(job->app->host);
}

struct sys_loop *job_loop(struct job *job) {
    return job->app->loop;
}

struct host *job_host(struct job *job) {
    return job->app->host;
}

void *job_state(struct job *job, size_t size) {
    job->state = mem_new(NULL, size);
    job->state_size = size;
    if (job->state == NULL)
        job_fail(job, "could not start", ERR_NO_MEMORY, 0);
    return job->state;
}

/* ---- Ends ---- */

static void sweep(void *ctx) {
    struct app *app = ctx;
    for (struct job **at = &app->jobs; *at != NULL;) {
        struct job *job = *at;
        if (!job->over || job == &app->own) {
            at = &job->next;
            continue;
        }
        *at = job->next;
        job_fini(job);
        mem_free(NULL, job, sizeof *job);
    }
}

void job_end(struct job *job, int code) {
    struct app *app = job->app;
    if (job->over)
        return;
    job->over = true;
    job->code = code == EXIT_FINE && job->out.failed != OK ? EXIT_FAILED : code;
    sys_timer_cancel(&job->timer);
    sys_timer_cancel(&job->tick);
    if (job->command_over != NULL)
        job->command_over(job);
    if (job == &app->own) {
        app->ended = true;
        sys_loop_stop(app->loop);
        return;
    }
    if (job->caller != NULL)
        host_caller_end(job->caller, job->code);
    sys_later_set(&app->sweep, app->loop, sweep, app);
}

void job_fini(struct job *job) {
    sys_timer_cancel(&job->timer);
    sys_timer_cancel(&job->tick);
    mem_free(NULL, job->state, job->state_size);
    buf_free(&job->text);
    buf_free(&job->argv);
}

/* ---- Trouble ---- */

void job_fail(struct job *job, const char *what, err e, uint16_t reason) {
    struct line l = {0};
    if (job->out.failed != OK) {
        job_end(job, EXIT_FAILED);
        return;
    }
    line_add(&l, "%s: ", what);
    explain_add(&l, e, reason);
    explain_print(&job->out, e, reason, buf_slice(&l.json.b));
    buf_free(&l.json.b);
    job_end(job, explain_code(e));
}

__attribute__((format(printf, 3, 0))) static void print(struct job *job, err e, const char *format,
                                                        va_list list) {
    char text[1024];
    int n = vsnprintf(text, sizeof text, format, list);
    if (n >= 0)
        explain_print(&job->out, e, 0, slice_str(text));
}

void job_fail_text(struct job *job, err e, int code, const char *format, ...) {
    va_list list;
    va_start(list, format);
    print(job, e, format, list);
    va_end(list);
    job_end(job, code);
}

bool job_refuse_name(struct job *job, err e) {
    if (e == ERR_EXISTS) {
        job_fail_text(job, e, EXIT_USAGE, "you call somebody else so already; choose another NAME");
        return true;
    }
    if (e != ERR_MALFORMED && e != ERR_TOO_LARGE)
        return false;
    job_fail_text(job, e, EXIT_USAGE,
                  "that is no name: a line of visible text of up to 64 bytes, not \"you\", not "
                  "beginning with an asterisk");
    return true;
}

void job_warn(struct job *job, err e, const char *format, ...) {
    va_list list;
    va_start(list, format);
    print(job, e, format, list);
    va_end(list);
}

static void say_away(struct job *job, const char *rest) {
    struct core_status status;
    struct line l = {0};
    core_status_get(job_core(job), &status);
    bool sends = status.anon == CORE_LINK_READY || status.anon == CORE_LINK_OFF;
    bool up = status.auth == CORE_LINK_READY && sends;
    line_add(&l, up ? "the server at " : "can't reach the server at ");
    line_text(&l, status.server);
    line_add(&l, "%s", up ? " did not answer in time" : "");
    if (!up) {
        line_add(&l, " (");
        explain_way(&l, &status);
        line_add(&l, ")");
    }
    line_add(&l, "%s%s", rest, up ? "" : ". Check the network, or ask the operator of the server");
    explain_print(&job->out, ERR_TIMEOUT, 0, buf_slice(&l.json.b));
    buf_free(&l.json.b);
}

void job_away(struct job *job) {
    if (job->fetched != NULL || job->late)
        say_away(job, "; what is shown may not be the newest");
    else if ((job->args.command->flags & COMMAND_ASKS) != 0)
        say_away(job, "");
    else
        say_away(job,
                 ". What you asked for is kept, and goes on when sotto next reaches the server");
}

void job_end_fetched(struct job *job) {
    if (job->late)
        job_away(job);
    job_end(job, job->late ? EXIT_AWAY : EXIT_FINE);
}

/* ---- Waiting ---- */

static void timed_out(void *ctx) {
    struct job *job = ctx;
    void (*fetched)(struct job *) = job->fetched;
    if (fetched != NULL) {
        job->late = !job->caught_up;
        job->fetched = NULL;
        fetched(job);
    } else if (job->trouble != OK) {
        job_end(job, explain_code(job->trouble)); /* it was told */
    } else {
        job_away(job);
        job_end(job, EXIT_AWAY);
    }
    host_drain(job->app->host);
}

void job_time_limit(struct job *job, uint64_t seconds) {
    if (sys_timer_set(&job->timer, job->app->loop, seconds * 1000, timed_out, job) != OK)
        job_fail(job, "could not wait", ERR_NO_MEMORY, 0);
}

void job_await(struct job *job, uint64_t command,
               void (*then)(struct job *job, const struct core_notice *notice)) {
    job->awaited = command;
    job->then = then;
}

static void tick(void *ctx) {
    struct job *job = ctx;
    job->look(job);
    if (!job->over && sys_timer_set(&job->tick, job->app->loop, TICK_MS, tick, job) != OK)
        job_fail(job, "could not wait", ERR_NO_MEMORY, 0);
    host_drain(job->app->host);
}

void job_look(struct job *job, void (*look)(struct job *job)) {
    job->look = look;
    if (sys_timer_set(&job->tick, job->app->loop, TICK_MS, tick, job) != OK)
        job_fail(job, "could not wait", ERR_NO_MEMORY, 0);
}

bool job_printed(struct job *job, void (*then)(struct job *job)) {
    if (job->caller == NULL)
        return true;
    /* How long a caller takes to print is its own affair. */
    sys_timer_cancel(&job->timer);
    job->printed = then;
    if (host_caller_ask_printed(job->caller) == OK)
        return false;
    job->out.failed = ERR_CLOSED;
    job_end(job, EXIT_FAILED);
    return false;
}

void job_out_printed(struct job *job) {
    if (job == NULL || job->over || job->printed == NULL)
        return;
    void (*then)(struct job *) = job->printed;
    job->printed = NULL;
    then(job);
}

/* The mailbox is empty; but an item may wait for another, or be fetched apart since it is large. */
static void look_for_rest(struct job *job) {
    void (*fetched)(struct job *) = job->fetched;
    struct core_status status;
    core_status_get(job_core(job), &status);
    if (fetched == NULL || !status.caught_up)
        return;
    if (status.waiting == 0) {
        job->fetched = NULL;
        fetched(job);
    } else if (!job->caught_up) {
        job->caught_up = true;
        job_time_limit(job, REST_SECONDS);
    }
}

void job_fetch(struct job *job, void (*fetched)(struct job *job)) {
    if (job->args.offline) {
        fetched(job);
        return;
    }
    job->fetched = fetched;
    look_for_rest(job);
}

/* ---- What happens to it ---- */

/* Without the server's account nothing would ever come. */
static void look_registered(struct job *job) {
    struct core_status status;
    core_status_get(job_core(job), &status);
    if (status.deleted && !job->args.offline && !command_makes_home(&job->args))
        job_fail_text(job, ERR_DENIED, EXIT_REFUSED,
                      "this account was deleted; what it had here can be read with --offline. "
                      "Another account needs a home of its own: --home DIR");
    else if (!status.registered && !status.registering && !job->args.offline &&
             !command_makes_home(&job->args))
        job_fail_text(
            job, ERR_DENIED, EXIT_REFUSED,
            "the account is not registered yet: `sotto init LINK`, with a new invite from "
            "the operator of the server");
}

static err set_proxy(struct job *job, const char *proxy) {
    struct core_network before;
    bool none = strcmp(proxy, "none") == 0;
    core_network_get(job_core(job), &before);
    bool had_one = before.proxy.n > 0;
    TRY(core_proxy_set(job_core(job), none ? SLICE_EMPTY : slice_str(proxy), host_now()));
    if (none && had_one && !job->out.json)
        job_warn(job, OK,
                 "from now on without a proxy: the server and the network see this machine's "
                 "address");
    return OK;
}

/* What --proxy and --isolate say holds from here on, and for the next commands too. */
static err set_network(struct job *job) {
    const struct args *args = &job->args;
    if (args->proxy != NULL)
        TRY(set_proxy(job, args->proxy));
    if (args->isolate == NULL)
        return OK;
    bool on = strcmp(args->isolate, "on") == 0;
    return core_isolate_set(job_core(job), on ? CORE_ISOLATE_ON : CORE_ISOLATE_OFF, host_now());
}

void job_start(struct job *job) {
    struct core_status status;
    const struct command *c = job->args.command;
    job->command_over = c->over;
    err e = set_network(job);
    if (e != OK) {
        job_fail(job, "could not set the way to the server", e, 0);
        return;
    }
    core_status_get(job_core(job), &status);
    if (!status.has_account && !command_makes_home(&job->args)) {
        job_fail_text(job, ERR_NOT_FOUND, EXIT_FAILED,
                      "there is no account in this home yet. Make one with `sotto init LINK`, with "
                      "the link that the operator of a server gave you");
        return;
    }
    look_registered(job);
    if (!job->over && (c->flags & COMMAND_STAYS) == 0)
        job_time_limit(job, job->args.timeout);
    if (!job->over)
        c->start(job);
}

/* The store's trouble passes for those who stay; the server's refusal doesn't. */
static void trouble(struct job *job, const struct core_notice *n) {
    bool stays = (job->args.command->flags & COMMAND_STAYS) != 0;
    if (!stays || err_class(n->error) != ERR_CLASS_IO) {
        job_fail(job, n->error == ERR_IDENTITY ? "stopped" : "trouble", n->error, n->reason);
        return;
    }
    if (job->trouble != n->error)
        job_warn(job, n->error,
                 "trouble with the store: %s. Trying again; nothing was acknowledged",
                 err_text(n->error));
    job->trouble = n->error;
}

void job_notice(struct job *job, const struct core_notice *n) {
    const struct command *c = job->args.command;
    if (n->kind == CORE_NOTICE_TROUBLE) {
        trouble(job, n);
        return;
    }
    if (n->kind == CORE_NOTICE_PETNAME) {
        job_warn(job, ERR_EXISTS,
                 "two of your devices called two people %.*s: who was called so last still is, the "
                 "other goes by their own name",
                 (int)n->text.n, (const char *)n->text.p);
        return;
    }
    if (n->kind == CORE_NOTICE_DESK && n->error != OK)
        job_warn(job, n->error,
                 "the server now names another key for its request desk; what that key signed is "
                 "not shown before you accept it: `sotto desk`");
    if (n->kind == CORE_NOTICE_REPLACED) {
        job_fail_text(job, ERR_DENIED, EXIT_REFUSED,
                      "another process uses this account's device, from a copy of the home? Two "
                      "copies must never run: end one of them and delete it");
        return;
    }
    if (n->kind == CORE_NOTICE_MESSAGE || n->kind == CORE_NOTICE_SENT)
        job->trouble = OK; /* that was written */
    if (n->kind == CORE_NOTICE_DONE && n->command != job->awaited)
        look_registered(job);
    if (job->over)
        return;
    look_for_rest(job);
    if (!job->over && c->notice != NULL)
        c->notice(job, n);
    if (!job->over && n->kind == CORE_NOTICE_DONE && n->command == job->awaited &&
        job->awaited != 0) {
        job->awaited = 0;
        job->then(job, n);
    }
    if (!job->over && job->out.failed != OK)
        job_end(job, EXIT_FAILED);
}
