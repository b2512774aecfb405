#include "term/app.h"

#include <errno.h>
#include <stdio.h>

#include "sys/files.h"
#include "sys/machine.h"
#include "term/explain.h"

enum { RETRY_MS = 50, SECRET_FILE_MAX = 4096, SETTLE_MS = 3000, GOODBYE_MS = 1000 };

/* ---- Output ---- */

static err put_here(void *ctx, int stream, slice bytes) {
    struct app *app = ctx;
    FILE *file = stream == OUT_NORMAL ? stdout : stderr;
    if (fwrite(bytes.p, 1, bytes.n, file) == bytes.n && fflush(file) == 0)
        return OK;
    /* Nobody reads any more: there is no use in going on. */
    if (errno != EPIPE && app->own.out.failed == OK)
        fprintf(stderr, "sotto: the output could not be written.\n");
    app->own.out.failed = ERR_IO;
    if (app->loop != NULL && !app->ended) {
        app->ended = true;
        app->own.code = EXIT_FAILED;
        sys_loop_stop(app->loop);
    }
    return ERR_IO;
}

static err put_there(void *ctx, int stream, slice bytes) {
    struct job *job = ctx;
    if (job->caller == NULL)
        return ERR_CLOSED;
    err e = host_caller_put(job->caller, stream, bytes);
    if (e != OK) {
        host_caller_drop(job->caller);
        job->caller = NULL;
    }
    return e;
}

static int fail(struct app *app, err e, slice sentence) {
    explain_print(&app->own.out, e, 0, sentence);
    return explain_code(e);
}

/* ---- Passphrases ---- */

static err from_file(const char *path, buf *secret) {
    TRY(sys_file_read(path, SECRET_FILE_MAX, secret));
    while (secret->n > 0 && (secret->p[secret->n - 1] == '\n' || secret->p[secret->n - 1] == '\r'))
        secret->n--;
    return secret->n > 0 ? OK : ERR_MALFORMED;
}

static err ask_twice(buf *secret) {
    buf again = {0};
    TRY(host_ask_secret("New passphrase for this home: ", secret));
    if (secret->n == 0)
        return ERR_PASSPHRASE;
    err e = host_ask_secret("The same once more: ", &again);
    if (e == OK && !(again.n == secret->n && equal_secret(again.p, secret->p, again.n)))
        e = ERR_MALFORMED;
    buf_free(&again);
    return e;
}

static err get_passphrase(struct app *app, bool fresh, buf *secret) {
    const struct args *args = &app->own.args;
    if (args->no_passphrase)
        return OK;
    if (args->passphrase_file != NULL)
        return from_file(args->passphrase_file, secret);
    return fresh ? ask_twice(secret) : host_ask_secret("Passphrase: ", secret);
}

/* The one that is to come in the place of another. */
static err get_new_passphrase(struct app *app, buf *secret) {
    const struct args *args = &app->own.args;
    if (args->off)
        return OK;
    return args->new_file != NULL ? from_file(args->new_file, secret) : ask_twice(secret);
}

/* file: where it should have come from; NULL: from the terminal. */
static int passphrase_failed(struct app *app, err e, const char *file) {
    const char *text = err_text(e);
    if (file != NULL)
        text = "the passphrase file can't be read, or is empty";
    else if (e == ERR_NOT_FOUND)
        text =
            "there is no terminal to ask for the passphrase: use --passphrase-file FILE, or "
            "--no-passphrase for a home without one, and --new-passphrase-file FILE for a new one";
    else if (e == ERR_MALFORMED)
        text = "these were not the same; nothing was made or changed. Try again";
    else if (e == ERR_PASSPHRASE)
        text = "an empty passphrase protects nothing, and nothing was made or changed. Choose one, "
               "or say --no-passphrase for a new home, --off for one that has a passphrase";
    else if (e == ERR_CLOSED)
        text = "no passphrase, so nothing was opened";
    explain_print(&app->own.out, e, 0, slice_str(text));
    return e == ERR_CLOSED ? EXIT_STOPPED : EXIT_USAGE;
}

/* ---- Others' commands ---- */

static void add_job(struct app *app, struct job *job) {
    job->app = app;
    job->next = app->jobs;
    app->jobs = job;
}

static void asked(void *ctx, struct host_caller *caller, slice packed) {
    struct app *app = ctx;
    char why[ARGS_WHY];
    int argc = 0;
    struct job *job = mem_new(NULL, sizeof *job);
    if (job == NULL || app->ended) {
        mem_free(NULL, job, sizeof *job);
        host_caller_end(caller, EXIT_FAILED);
        return;
    }
    err e = args_unpack(packed, &job->text, &job->argv, &argc);
    if (e == OK)
        e = args_parse(&job->args, argc, (const char **)(void *)job->argv.p, why);
    const struct command *c = job->args.command;
    job->caller = caller;
    job->out = (struct out){.json = job->args.json, .put = put_there, .ctx = job};
    add_job(app, job);
    host_caller_set(caller, job);
    if (e != OK || c == NULL || (c->flags & (COMMAND_ALONE | COMMAND_WITHOUT_HOME)) != 0)
        job_fail_text(job, ERR_BUSY, EXIT_STORE,
                      "another sotto is using this home, and this command needs it for itself. End "
                      "that one first");
    else
        job_start(job);
    host_drain(app->host);
}

static void gone(void *ctx, struct host_caller *caller) {
    struct app *app = ctx;
    struct job *job = host_caller_get(caller);
    job->caller = NULL;
    job_end(job, EXIT_STOPPED);
    host_drain(app->host);
}

static void printed(void *ctx, struct host_caller *caller) {
    struct app *app = ctx;
    job_out_printed(host_caller_get(caller));
    host_drain(app->host);
}

static const struct host_control_events control_events = {
    .asked = asked, .printed = printed, .gone = gone};

/* ---- Notices and signals ---- */

static void on_notice(void *ctx, const struct core_notice *notice) {
    struct app *app = ctx;
    for (struct job *job = app->jobs; job != NULL && !app->ended; job = job->next)
        if (!job->over)
            job_notice(job, notice);
}

static void on_signal(void *ctx, int signal) {
    struct app *app = ctx;
    (void)signal;
    bool stays = (app->own.args.command->flags & COMMAND_STAYS) != 0;
    job_end(&app->own, stays ? EXIT_FINE : EXIT_STOPPED);
}

/* ---- Running ---- */

static err work(struct app *app) {
    bool stays = (app->own.args.command->flags & COMMAND_STAYS) != 0;
    TRY(sys_signals_start(&app->signals, app->loop, sys_stop_signals, on_signal, app));
    if (stays)
        TRY(host_control_open(&app->control, app->loop, app->home, &control_events, app));
    job_start(&app->own);
    host_drain(app->host);
    if (!app->ended && !app->own.args.offline)
        host_online(app->host, true);
    while (!app->ended)
        TRY(sys_loop_run(app->loop));
    return OK;
}

/* What a fetched mailbox made us say or do (our name, to new members; an update; the commit for
 * somebody who leaves) goes out now, if it can, and not with the next command. */
static void settle(struct app *app) {
    uint64_t until = sys_clock_mono() + SETTLE_MS;
    struct core_status status;
    do {
        core_status_get(host_core(app->host), &status);
        if (!status.unsettled || !status.caught_up || status.anon == CORE_LINK_WAITING)
            return;
    } while (sys_clock_mono() < until && sys_loop_turn(app->loop, 20) == OK);
}

static int run(struct app *app) {
    app->own.code = EXIT_FAILED;
    add_job(app, &app->own);
    err e = work(app);
    if (e != OK)
        explain_print(&app->own.out, e, 0, slice_str(err_text(e)));
    app->ended = true;
    host_control_close(app->control);
    sys_signals_stop(&app->signals);
    sys_later_cancel(&app->sweep);
    for (struct job *job = app->jobs, *next; job != NULL; job = next) {
        next = job->next;
        if (!job->over && job->command_over != NULL)
            job->command_over(job);
        job_fini(job);
        if (job != &app->own)
            mem_free(NULL, job, sizeof *job);
    }
    settle(app);
    host_goodbye(app->host, GOODBYE_MS);
    return app->own.code;
}

/* ---- Opening ---- */

/* True if another process that holds the home took the command over, or refused to; *code is its.
 */
static bool handed_over(struct app *app, slice packed, int *code) {
    err e = host_control_ask(app->home, packed, put_here, app, code);
    if (app->own.out.failed != OK)
        *code = EXIT_FAILED;
    if (e == OK || app->own.out.failed != OK)
        return true;
    if (e != ERR_CLOSED)
        return false;
    *code =
        fail(app, e,
             slice_str("the sotto that holds this home ended, or gave up on this one, before it "
                       "was done. Look with `sotto status` and `sotto read` whether it was"));
    return true;
}

/* A process that runs one command holds the home for a moment only: wait for it. */
static err open_host(struct app *app, const struct host_config *config, slice packed, bool *handed,
                     int *code) {
    uint64_t until = sys_clock_mono() + app->own.args.timeout * 1000;
    for (;;) {
        *handed = handed_over(app, packed, code);
        if (*handed)
            return OK;
        err e = host_open(&app->host, app->loop, config);
        if (e != ERR_BUSY || sys_clock_mono() >= until)
            return e;
        TRY(sys_loop_turn(app->loop, RETRY_MS));
    }
}

static int home_failed(struct app *app, err e) {
    struct line l = {0};
    explain_home(&l, e, app->home, app->own.args.no_passphrase);
    int code = fail(app, e, buf_slice(&l.json.b));
    buf_free(&l.json.b);
    return code;
}

/* Another process may hold the home for a moment. */
static err relock(struct app *app, slice passphrase, slice fresh) {
    uint64_t until = sys_clock_mono() + app->own.args.timeout * 1000;
    for (;;) {
        err e = host_relock(app->home, passphrase, fresh);
        if (e != ERR_BUSY || sys_clock_mono() >= until)
            return e;
        TRY(sys_loop_turn(app->loop, RETRY_MS));
    }
}

static int change_passphrase(struct app *app, slice passphrase) {
    bool off = app->own.args.off;
    struct line l = {0};
    buf fresh = {0};
    err e = get_new_passphrase(app, &fresh);
    if (e != OK) {
        buf_free(&fresh);
        return passphrase_failed(app, e, app->own.args.new_file);
    }
    e = relock(app, passphrase, buf_slice(&fresh));
    buf_free(&fresh);
    if (e != OK)
        return home_failed(app, e);
    if (app->own.out.json) {
        line_object(&l, "passphrase");
        line_bool(&l, "set", !off);
        line_object_end(&l);
    } else {
        line_add(&l, "%s",
                 off ? "This home has no passphrase any more: say --no-passphrase to open it."
                     : "The new passphrase opens this home from now on, and the old one does not.");
    }
    line_end(&l, &app->own.out, OUT_NORMAL);
    return app->own.out.failed == OK ? EXIT_FINE : EXIT_FAILED;
}

/* The passphrase is gone as soon as it has opened the home: a listener runs for months. */
static int open_and_run(struct app *app, slice packed, buf *passphrase) {
    bool creates = command_makes_home(&app->own.args), handed = false;
    struct host_config config = {.home = app->home,
                                 .passphrase = buf_slice(passphrase),
                                 .create = creates,
                                 .notice = on_notice,
                                 .ctx = app};
    int code = EXIT_FAILED;
    err e = open_host(app, &config, packed, &handed, &code);
    buf_free(passphrase);
    if (handed)
        return code;
    return e == OK ? run(app) : home_failed(app, e);
}

int app_run(struct app *app, slice packed) {
    buf passphrase = {0};
    int code = EXIT_FAILED;
    bool creates = command_makes_home(&app->own.args);
    bool exists = host_exists(app->home);
    app->own.out = (struct out){.json = app->own.args.json, .put = put_here, .ctx = app};
    if (handed_over(app, packed, &code))
        return code;
    if (!creates && !exists) {
        home_failed(app, ERR_NOT_FOUND);
        return EXIT_FAILED;
    }
    err e = get_passphrase(app, !exists, &passphrase);
    if (e != OK) {
        buf_free(&passphrase);
        return passphrase_failed(app, e, app->own.args.passphrase_file);
    }
    e = sys_loop_new(&app->loop, NULL);
    if (e == OK && (app->own.args.command->flags & COMMAND_LOCKS) != 0)
        code = change_passphrase(app, buf_slice(&passphrase));
    else if (e == OK)
        code = open_and_run(app, packed, &passphrase);
    else
        code = fail(app, e, slice_str(err_text(e)));
    buf_free(&passphrase);
    host_close(app->host);
    sys_loop_free(app->loop);
    app->loop = NULL;
    return code;
}
