#include "host/terminal.h"
#include "term/desk.h"
#include "term/find.h"
#include "term/screen.h"
#include "term/show.h"
#include "term/command.h"

enum { INPUT = 0, SHOWN_FIRST = 10, LINE_MAX_BYTES = CORE_TEXT_MAX };

static void start(struct job *job);
static void notice(struct job *job, const struct core_notice *n);
static void over(struct job *job);

const struct command command_chat = {
    .name = "chat",
    .words = "[CONVERSATION]",
    .help = "talk, on the whole terminal",
    .text =
        "On a terminal: all conversations, beside the one that is open (a number, a title, or a\n"
        "contact opens it at once); F1, or ? in the list, says what the keys do. If input or\n"
        "output is no terminal, or one that can't do this, line by line: it shows the last lines\n"
        "of CONVERSATION, prints what comes and sends each line that you type; /who lists the\n"
        "members; /quit or Ctrl-D ends when all is sent; //text sends a line that begins with\n"
        "one slash. Meanwhile other sotto commands on the same home work through this one.",
    .flags = COMMAND_STAYS | COMMAND_ALONE,
    .words_min = 0,
    .words_max = 1,
    .start = start,
    .notice = notice,
    .over = over,
};

struct chat {
    uint32_t conversation;
    uint64_t shown; /* up to this entry */
    buf typed;      /* not yet taken */
    struct host_input input;
    bool ending, away_told, held_told, crowded;
    struct screen *screen; /* NULL: line by line */
};

/* ---- What others say ---- */

static void say(struct job *job, const char *text) {
    struct line l = {0};
    line_add(&l, "%s", text);
    line_end(&l, &job->out, OUT_TROUBLE);
}

static err show_entries(struct job *job, const struct core_conversation *c, uint64_t first,
                        bool others) {
    struct chat *s = job->state;
    struct show_messages what = {.first = first, .last = c->messages, .others = others};
    while (what.first <= what.last)
        TRY(show_messages(job, c, &what));
    s->shown = what.last;
    return core_conversation_read(job_core(job), s->conversation, s->shown, host_now());
}

static void show(struct job *job) {
    struct chat *s = job->state;
    struct core_conversation c;
    err e = core_conversation_get(job_core(job), s->conversation, &c);
    if (e == OK && s->shown < c.messages)
        e = show_entries(job, &c, s->shown + 1, true);
    if (e != OK && (err_class(e) != ERR_CLASS_IO || job->out.failed != OK))
        job_fail(job, "could not show a message", e, 0);
}

static void show_notices(struct job *job) {
    uint64_t last;
    err e = desk_show_notices(job, false, &last);
    if (e == OK && last != 0)
        e = desk_read(job, last);
    if (e != OK && (err_class(e) != ERR_CLASS_IO || job->out.failed != OK))
        job_fail(job, "could not show a notice", e, 0);
}

/* ---- What is typed ---- */

/* What is sent along unasked goes out as the process ends; nothing tells when it is through. */
static void try_to_end(struct job *job) {
    const struct chat *s = job->state;
    struct core_conversation c;
    if (!s->ending || s->typed.n > 0 || job->over)
        return;
    if (core_conversation_get(job_core(job), s->conversation, &c) != OK || c.asked == 0)
        job_end(job, EXIT_FINE);
}

static void begin_to_end(struct job *job) {
    struct chat *s = job->state;
    s->ending = true;
    host_input_stop(&s->input);
    job_time_limit(job, job->args.timeout);
}

static void command_line(struct job *job, slice line) {
    struct chat *s = job->state;
    if (slice_equal(line, slice_str("/who"))) {
        show_members(job, s->conversation);
    } else if (slice_equal(line, slice_str("/quit"))) {
        buf_clear(&s->typed);
        begin_to_end(job);
    } else {
        say(job,
            "sotto: /who lists the members, /quit ends; //text sends a line that begins with /.");
    }
}

/* LIMIT: the outbox is full, and the line stays for later. */
static err send_line(struct job *job, slice line) {
    const struct chat *s = job->state;
    uint64_t command, message;
    if (line.n == 0)
        return OK;
    err e = core_send_text(job_core(job), s->conversation, CORE_TEXT_PLAIN, line, NULL, host_now(),
                           &command, &message);
    if (e == ERR_MALFORMED)
        say(job, "sotto: that line is not text (UTF-8 without control characters); not sent.");
    else if (e == ERR_STATE)
        say(job, "sotto: you are no longer in this conversation; not sent.");
    else if (e != OK && e != ERR_LIMIT)
        job_warn(job, e, "not sent: %s", err_text(e));
    return e == ERR_LIMIT ? e : OK;
}

static err take_line(struct job *job, slice line) {
    if (line.n > 0 && line.p[line.n - 1] == '\r')
        line.n--;
    if (line.n > 1 && line.p[0] == '/' && line.p[1] == '/')
        return send_line(job, slice_of(line.p + 1, line.n - 1));
    if (line.n > 0 && line.p[0] == '/') {
        command_line(job, line);
        return OK;
    }
    return send_line(job, line);
}

static void take_lines(struct job *job) {
    struct chat *s = job->state;
    buf line = {0};
    s->crowded = false;
    while (!job->over && s->typed.n > 0 && !s->crowded) {
        const uint8_t *end = memchr(s->typed.p, '\n', s->typed.n);
        if (end == NULL && !s->ending)
            break;
        size_t n = end != NULL ? (size_t)(end - s->typed.p) : s->typed.n;
        err e = buf_set(&line, slice_of(s->typed.p, n));
        if (e == OK)
            e = take_line(job, buf_slice(&line));
        s->crowded = e != OK;
        if (e == OK && s->typed.n > 0)
            buf_consume(&s->typed, end != NULL ? n + 1 : n);
    }
    buf_free(&line);
    host_input_pause(&s->input, s->crowded);
    try_to_end(job);
}

static void on_input(void *ctx, slice bytes) {
    struct job *job = ctx;
    struct chat *s = job->state;
    if (bytes.n == 0) {
        begin_to_end(job);
    } else if (s->typed.n + bytes.n > 2 * LINE_MAX_BYTES || buf_append(&s->typed, bytes) != OK) {
        say(job, "sotto: that line is too long; not sent.");
        buf_clear(&s->typed);
    }
    take_lines(job);
    host_drain(job_host(job));
}

/* ---- The command ---- */

static void tell_held(struct job *job) {
    struct chat *s = job->state;
    struct core_conversation c;
    if (core_conversation_get(job_core(job), s->conversation, &c) != OK)
        return;
    bool held = c.behind || c.refused > 0;
    if (c.behind && !s->held_told)
        say(job, "sotto: the others have gone on, and the change that leads to them never came "
                 "here; what you type is kept until one of them, who takes a new link of yours "
                 "(`sotto invite`), removes you and adds you again.");
    else if (held && !s->held_told)
        say(job, "sotto: the mailboxes of all the others are full; what you type is kept and sent "
                 "when one of them has room.");
    s->held_told = held;
}

static void notice(struct job *job, const struct core_notice *n) {
    struct chat *s = job->state;
    if (s->screen != NULL) {
        screen_notice(s->screen, n);
        return;
    }
    if (n->kind == CORE_NOTICE_MESSAGE && n->conversation == s->conversation)
        show(job);
    if (n->kind == CORE_NOTICE_CONVERSATION && n->conversation == s->conversation)
        tell_held(job);
    if (n->kind == CORE_NOTICE_DESK)
        show_notices(job);
    if (n->kind == CORE_NOTICE_GAPS)
        show_gaps(job, n->count);
    if (n->kind == CORE_NOTICE_DONE && n->error != OK && n->conversation == s->conversation)
        job_warn(job, n->error, "something could not be sent: %s",
                 n->reason != 0 ? host_reason_text(n->reason) : err_text(n->error));
    bool link = n->kind == CORE_NOTICE_CONNECTION && err_class(n->error) != ERR_CLASS_IO;
    if (link && n->error != OK && !s->away_told)
        say(job, "sotto: the server is away; what you type is kept and sent when it is back.");
    if (link)
        s->away_told = n->error != OK;
    if (n->kind == CORE_NOTICE_DONE && s->crowded)
        take_lines(job);
    else if (n->kind == CORE_NOTICE_DONE)
        try_to_end(job);
}

static void greet(struct job *job) {
    struct chat *s = job->state;
    struct core_conversation c = {0};
    struct line l = {0};
    err e = core_conversation_get(job_core(job), s->conversation, &c);
    if (e == OK && !job->out.json) {
        line_add(&l, "-- ");
        show_conversation_name(&l, job, &c);
        line_add(&l, ": type a line to send it; /who, /quit --");
        line_end(&l, &job->out, OUT_TROUBLE);
    }
    uint64_t first = c.messages > SHOWN_FIRST ? c.messages - SHOWN_FIRST + 1 : 1;
    if (e == OK)
        e = show_entries(job, &c, first, false);
    if (e != OK)
        job_fail(job, "could not show the conversation", e, 0);
}

static void start_lines(struct job *job) {
    struct chat *s = job->state;
    if (s->conversation == 0) {
        job_fail_text(job, ERR_MALFORMED, EXIT_USAGE,
                      "without a terminal it needs a CONVERSATION. `sotto help chat` says how");
        return;
    }
    greet(job);
    if (!job->over)
        show_notices(job);
    if (job->over)
        return;
    tell_held(job);
    err e = host_input_start(&s->input, job_loop(job), INPUT, on_input, job);
    if (e != OK)
        job_fail(job, "could not read what is typed", e, 0);
}

static void start(struct job *job) {
    struct chat *s = job_state(job, sizeof *s);
    if (s == NULL || (job->args.word_count > 0 &&
                      !find_or_make_conversation(job, job->args.words[0], &s->conversation)))
        return;
    err e = ERR_UNSUPPORTED;
    if (!job->out.json && host_screen_possible())
        e = screen_start(&s->screen, job, s->conversation);
    if (e == ERR_UNSUPPORTED)
        start_lines(job);
    else if (e != OK)
        job_fail(job, "could not use the terminal", e, 0);
}

static void over(struct job *job) {
    struct chat *s = job->state;
    if (s == NULL)
        return;
    screen_free(s->screen);
    s->screen = NULL;
    host_input_stop(&s->input);
    buf_free(&s->typed);
}
