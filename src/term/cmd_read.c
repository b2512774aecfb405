#include "term/desk.h"
#include "term/find.h"
#include "term/show.h"
#include "term/command.h"

static void start(struct job *job);

const struct command command_read = {
    .name = "read",
    .words = "[CONVERSATION] [--last N] [--numbers] [--offline]",
    .help = "show what was said",
    .text =
        "Fetches what is new and shows what is unread: in CONVERSATION (a number, a title, or a\n"
        "contact), or in all. With --last N it shows the last N entries, of each conversation if\n"
        "none is named, read before or not. What was shown counts as read. Notices from the\n"
        "server's request desk come first. --numbers: with the numbers by which `sotto react`,\n"
        "`sotto edit`, `sotto delete` and `sotto send --reply` name messages. --offline: without\n"
        "fetching.",
    .options = OPTION_LAST | OPTION_NUMBERS | OPTION_OFFLINE,
    .words_max = 1,
    .start = start,
};

struct reading {
    size_t next;               /* of all conversations; not used if one was named */
    uint32_t number;           /* the one that is being shown */
    struct show_messages what; /* the rest of it */
    bool some;                 /* there was something to show */
    uint64_t notice;           /* of the request desk: the last that was shown */
};

static void choose(struct job *job, const struct core_conversation *c) {
    struct reading *s = job->state;
    const struct args *args = &job->args;
    s->number = c->number;
    s->what = (struct show_messages){.first = c->read + 1,
                                     .last = c->messages,
                                     .named = args->word_count == 0,
                                     .numbers = args->numbers};
    if (args->has_last)
        s->what.first = c->messages > args->last ? c->messages - args->last + 1 : 1;
    s->some |= s->what.first <= s->what.last;
}

/* False: all is shown. */
static bool choose_next(struct job *job) {
    struct reading *s = job->state;
    struct core_conversation c;
    while (s->what.first > s->what.last) {
        if (job->args.word_count > 0 || core_conversation_at(job_core(job), s->next++, &c) != OK)
            return false;
        if (job->args.word_count > 0 || c.state != CORE_CONVERSATION_REQUEST)
            choose(job, &c);
    }
    return true;
}

static void finish(struct job *job) {
    const struct reading *s = job->state;
    if (!s->some && !job->out.json) {
        struct line l = {0};
        line_add(&l, "Nothing new.%s",
                 job->args.has_last ? "" : " (--last 20 shows the last twenty.)");
        line_end(&l, &job->out, OUT_NORMAL);
    }
    show_asked(job);
    job_end_fetched(job);
}

static err mark(struct job *job) {
    const struct reading *s = job->state;
    return core_conversation_read(job_core(job), s->number, s->what.first - 1, host_now());
}

static void printed(struct job *job);

/* Only what is printed counts as read. */
static err show(struct job *job) {
    struct reading *s = job->state;
    struct core_conversation c;
    while (choose_next(job)) {
        TRY(core_conversation_get(job_core(job), s->number, &c));
        TRY(show_messages(job, &c, &s->what));
        if (!job_printed(job, printed))
            return OK;
        TRY(mark(job));
    }
    finish(job);
    return OK;
}

static void printed(struct job *job) {
    err e = mark(job);
    if (e == OK)
        e = show(job);
    if (e != OK)
        job_fail(job, "could not show it", e, 0);
}

static void begin(struct job *job) {
    struct core_conversation c;
    struct reading *s = job->state;
    s->what = (struct show_messages){.first = 1};
    if (job->args.word_count > 0) {
        if (!find_conversation(job, job->args.words[0], &c))
            return;
        choose(job, &c);
    }
    err e = show(job);
    if (e != OK)
        job_fail(job, "could not show it", e, 0);
}

static void notices_printed(struct job *job) {
    const struct reading *s = job->state;
    err e = desk_read(job, s->notice);
    if (e != OK)
        job_fail(job, "could not show it", e, 0);
    else
        begin(job);
}

/* First what the request desk says. */
static void fetched(struct job *job) {
    struct reading *s = job_state(job, sizeof *s);
    if (s == NULL)
        return;
    err e = desk_show_notices(job, false, &s->notice);
    s->some = s->notice != 0;
    if (e != OK)
        job_fail(job, "could not show it", e, 0);
    else if (s->notice == 0 || job_printed(job, notices_printed))
        notices_printed(job);
}

static void start(struct job *job) {
    job_fetch(job, fetched);
}
