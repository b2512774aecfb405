#include "host/files.h"
#include "term/arrivals.h"
#include "term/desk.h"
#include "term/explain.h"
#include "term/show.h"
#include "term/command.h"

static void start(struct job *job);
static void notice(struct job *job, const struct core_notice *n);
static void over(struct job *job);

const struct command command_listen = {
    .name = "listen",
    .words = "[--until-idle S] [--count N] [--to FOLDER [--most MIB]]",
    .help = "print what comes, as it comes",
    .text =
        "Prints what is unread, then what comes, until Ctrl-C; what was printed counts as read.\n"
        "Meanwhile other sotto commands on the same home work through this one. --until-idle S:\n"
        "ends when the mailbox was fetched and then nothing came for S seconds, or when the\n"
        "server can't be reached within --timeout. --count N: ends after N messages of others.\n"
        "--to FOLDER: files that others send are saved there, each at some moment within a "
        "minute,\n"
        "so that the server can't tell by the time who fetches what; --most MIB (1024) in all, "
        "and\n"
        "none that is larger than a quarter of that. What was not saved is named, then and at the\n"
        "end; `sotto save` saves it.\n"
        "With --json it also tells what happens to the connection, to messages that are sent,\n"
        "and to conversations (docs/SOTTO-JSON.md).",
    .options = OPTION_UNTIL_IDLE | OPTION_COUNT | OPTION_TO | OPTION_MOST,
    .flags = COMMAND_STAYS | COMMAND_ASKS,
    .start = start,
    .notice = notice,
    .over = over,
};

struct listening {
    uint64_t count;
    struct sys_timer idle;
    bool caught_up, away_told;
    uint32_t printing; /* the conversation of `message`, which a caller is printing; 0: none */
    uint64_t message;
    uint64_t notice; /* of the request desk, which a caller is printing; 0: none */
    uint32_t last;   /* the conversation in which `message` was shown last */
    struct arrivals arrivals;
};

static void idle(void *ctx) {
    struct job *job = ctx;
    job_end(job, job->trouble != OK ? explain_code(job->trouble) : EXIT_FINE);
}

/* Something happened: the time without anything begins again. Until the mailbox is fetched it is
 * the time that the server has. */
static void active(struct job *job, bool came) {
    struct listening *s = job->state;
    if (job->over || !job->args.has_until_idle)
        return;
    if (!s->caught_up) {
        if (came)
            job_time_limit(job, job->args.timeout);
        return;
    }
    sys_timer_cancel(&job->timer);
    if (sys_timer_set(&s->idle, job_loop(job), job->args.until_idle * 1000, idle, job) != OK)
        job_fail(job, "could not wait", ERR_NO_MEMORY, 0);
}

/* ---- Messages ---- */

static bool enough(const struct job *job) {
    const struct listening *s = job->state;
    return job->args.has_count && s->count >= job->args.count;
}

static void printed(struct job *job);

/* Only what is printed counts as read. */
static err was_printed(struct job *job) {
    struct listening *s = job->state;
    uint32_t number = s->printing;
    uint64_t notice = s->notice;
    s->printing = 0;
    s->notice = 0;
    if (notice != 0)
        return desk_read(job, notice);
    TRY(core_conversation_read(job_core(job), number, s->message, host_now()));
    if (job->args.to != NULL)
        arrivals_add(job, &s->arrivals, number, s->message);
    return OK;
}

/* One at a time, so that --count leaves the next for later. */
static err show_unread(struct job *job, uint32_t number) {
    struct listening *s = job->state;
    struct core_conversation c;
    if (core_conversation_get(job_core(job), number, &c) != OK)
        return OK; /* forgotten meanwhile */
    while (c.state != CORE_CONVERSATION_REQUEST && c.read < c.messages && !enough(job)) {
        struct show_messages what = {.first = c.read + 1,
                                     .last = c.read + 1,
                                     .named = true,
                                     .others = !job->out.json,
                                     .count = &s->count};
        s->printing = s->last = number;
        s->message = what.last;
        TRY(show_messages(job, &c, &what));
        if (!job_printed(job, printed))
            return OK;
        TRY(was_printed(job));
        TRY(core_conversation_get(job_core(job), number, &c));
    }
    return OK;
}

static bool is_printing(const struct listening *s) {
    return s->printing != 0 || s->notice != 0;
}

static err show_notices(struct job *job) {
    struct listening *s = job->state;
    if (is_printing(s))
        return OK;
    TRY(desk_show_notices(job, false, &s->notice));
    return s->notice != 0 && job_printed(job, printed) ? was_printed(job) : OK;
}

static void show(struct job *job, uint32_t number) {
    const struct listening *s = job->state;
    if (is_printing(s))
        return;
    err e = enough(job) ? OK : show_unread(job, number);
    if (e != OK && (err_class(e) != ERR_CLASS_IO || job->out.failed != OK))
        job_fail(job, "could not show a message", e, 0);
    else if (enough(job) && !is_printing(s))
        job_end(job, EXIT_FINE);
}

/* What we did ourselves counts as read already; programs are told of it all the same. */
static void show_own(struct job *job, const struct core_notice *n) {
    const struct listening *s = job->state;
    struct core_conversation c;
    struct show_messages what = {
        .first = n->message, .last = n->message, .named = true, .own = true};
    err e = OK;
    if (s->last == n->conversation && n->message <= s->message)
        return; /* with what came before it */
    if (core_conversation_get(job_core(job), n->conversation, &c) == OK && n->message <= c.read)
        e = show_messages(job, &c, &what);
    if (e != OK && (err_class(e) != ERR_CLASS_IO || job->out.failed != OK))
        job_fail(job, "could not show a message", e, 0);
}

static void show_all(struct job *job) {
    struct core_conversation c;
    err e = show_notices(job);
    if (e != OK)
        job_fail(job, "could not show a notice", e, 0);
    for (size_t i = 0; !job->over && core_conversation_at(job_core(job), i, &c) == OK; i++)
        show(job, c.number);
}

static void printed(struct job *job) {
    err e = was_printed(job);
    if (e != OK && err_class(e) != ERR_CLASS_IO)
        job_fail(job, "could not show a message", e, 0);
    else
        show_all(job);
}

/* Once, with its first entry; what is said in it is shown when it is accepted. */
static void show_asking(struct job *job, const struct core_notice *n) {
    struct core_conversation c;
    if (core_conversation_get(job_core(job), n->conversation, &c) != OK ||
        c.state != CORE_CONVERSATION_REQUEST || n->message != 1)
        return;
    err e = OK;
    if (job->out.json)
        e = show_request(job, &c);
    else
        show_asked(job);
    if (e != OK)
        job_fail(job, "could not show a request", e, 0);
}

/* A notice, or that the server names another key, which people were told already. */
static void show_desk(struct job *job, const struct core_notice *n) {
    err e = n->error == OK ? show_notices(job) : OK;
    if (n->error != OK && job->out.json)
        (void)desk_show(job);
    if (e != OK && (err_class(e) != ERR_CLASS_IO || job->out.failed != OK))
        job_fail(job, "could not show a notice", e, 0);
}

/* ---- Events, for programs ---- */

static void connection_object(struct job *job, struct line *l, const struct core_notice *n) {
    struct core_status status;
    core_status_get(job_core(job), &status);
    line_object(l, "connection");
    line_str(l, "receiving", slice_str(core_link_state_name(status.auth)));
    line_str(l, "sending", slice_str(core_link_state_name(status.anon)));
    line_str(l, "why", slice_str(err_name(n->error)));
    if (n->reason != 0)
        line_str(l, "reason", slice_str(host_reason_name(n->reason)));
}

static void event_object(struct job *job, const struct core_notice *n) {
    struct core_conversation c;
    struct line l = {0};
    if (n->kind == CORE_NOTICE_CONVERSATION) {
        if (core_conversation_get(job_core(job), n->conversation, &c) == OK)
            show_conversation(job, &c);
        return;
    }
    if (n->kind == CORE_NOTICE_CONNECTION) {
        connection_object(job, &l, n);
    } else if (n->kind == CORE_NOTICE_SENT) {
        show_sent(&l, job, n, n->message);
    } else if (n->kind == CORE_NOTICE_CAUGHT_UP) {
        line_object(&l, "caught_up");
    } else if (n->kind == CORE_NOTICE_GAPS) {
        line_object(&l, "gaps");
        line_num(&l, "count", n->count);
    } else if (n->kind == CORE_NOTICE_QUARANTINED) {
        line_object(&l, "quarantined");
        line_num(&l, "conversation", n->conversation);
        line_str(&l, "reason", slice_str(err_name(n->error)));
        line_str(&l, "text", slice_str(err_text(n->error)));
    } else {
        return;
    }
    line_object_end(&l);
    line_end(&l, &job->out, OUT_NORMAL);
}

/* ---- Events, for people ---- */

static void tell_away(struct job *job, err e) {
    struct core_status status;
    struct line way = {0};
    core_status_get(job_core(job), &status);
    explain_way(&way, &status);
    if (way.json.e == OK && buf_append_byte(&way.json.b, 0) == OK)
        job_warn(job, e, "the connection to the server is away (%s); trying again",
                 (const char *)way.json.b.p);
    buf_free(&way.json.b);
}

static void tell(struct job *job, const struct core_notice *n) {
    struct listening *s = job->state;
    if (n->kind == CORE_NOTICE_GAPS)
        show_gaps(job, n->count);
    else if (n->kind == CORE_NOTICE_QUARANTINED)
        job_warn(job, n->error, "an item was put aside: %s (`sotto status` shows it)",
                 err_text(n->error));
    if (n->kind != CORE_NOTICE_CONNECTION || err_class(n->error) == ERR_CLASS_IO)
        return; /* the store's trouble is told as such */
    if (n->error != OK && !s->away_told)
        tell_away(job, n->error);
    s->away_told = n->error != OK;
}

/* ---- The command ---- */

static void notice(struct job *job, const struct core_notice *n) {
    struct listening *s = job->state;
    if (n->kind == CORE_NOTICE_CAUGHT_UP)
        s->caught_up = true;
    if (n->kind == CORE_NOTICE_MESSAGE && job->out.json)
        show_own(job, n);
    if (job->over)
        return;
    if (n->kind == CORE_NOTICE_DONE)
        arrivals_done(job, &s->arrivals, n);
    if (n->kind == CORE_NOTICE_MESSAGE)
        show_asking(job, n);
    else if (n->kind == CORE_NOTICE_DESK)
        show_desk(job, n);
    else if (job->out.json)
        event_object(job, n);
    else
        tell(job, n);
    if (!job->over && (n->kind == CORE_NOTICE_MESSAGE || n->kind == CORE_NOTICE_CONVERSATION))
        show(job, n->conversation);
    active(job, n->kind == CORE_NOTICE_MESSAGE);
}

static void start(struct job *job) {
    struct listening *s = job_state(job, sizeof *s);
    struct core_status status;
    if (s == NULL)
        return;
    if (job->args.to != NULL &&
        (job->args.has_until_idle || job->args.has_count || !host_is_directory(job->args.to))) {
        job_fail_text(job, ERR_MALFORMED, EXIT_USAGE,
                      "--to names a folder, for files that come while it listens: not together "
                      "with --until-idle or --count");
        return;
    }
    if (job->args.has_most && job->args.to == NULL) {
        job_fail_text(job, ERR_MALFORMED, EXIT_USAGE, "--most goes with --to");
        return;
    }
    core_status_get(job_core(job), &status);
    s->caught_up = status.caught_up;
    show_all(job);
    active(job, true);
}

static void over(struct job *job) {
    struct listening *s = job->state;
    if (s == NULL)
        return;
    sys_timer_cancel(&s->idle);
    arrivals_end(job, &s->arrivals);
}
