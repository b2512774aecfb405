#include "term/find.h"
#include "term/show.h"
#include "term/command.h"

static void start(struct job *job);

const struct command command_read = {
    .name = "read",
    .words = "[CONVERSATION] [--last N] [--offline]",
    .help = "show what was said",
    .text =
        "Fetches what is new and shows what is unread: in CONVERSATION (a number, a title, or a\n"
        "contact), or in all. With --last N it shows the last N entries, read before or not.\n"
        "What was shown counts as read. --offline: without fetching.",
    .options = OPTION_LAST | OPTION_OFFLINE,
    .words_max = 1,
    .start = start,
};

/* Returns how many were there to show. */
static err show(struct job *job, const struct core_conversation *c, bool named, uint64_t *shown) {
    const struct args *args = &job->args;
    struct show_messages what = {.first = c->read + 1, .last = c->messages, .named = named};
    if (args->has_last)
        what.first = c->messages > args->last ? c->messages - args->last + 1 : 1;
    if (what.first > what.last)
        return OK;
    *shown += what.last - what.first + 1;
    uint32_t number = c->number;
    TRY(show_messages(job, c, &what));
    return core_conversation_read(job_core(job), number, what.last, host_now());
}

static err show_all(struct job *job, uint64_t *shown) {
    struct core_conversation c;
    for (size_t i = 0; core_conversation_at(job_core(job), i, &c) == OK; i++)
        TRY(show(job, &c, true, shown));
    return OK;
}

static void fetched(struct job *job) {
    struct core_conversation c;
    uint64_t shown = 0;
    err e;
    if (job->args.word_count == 0)
        e = show_all(job, &shown);
    else if (find_conversation(job, job->args.words[0], &c))
        e = show(job, &c, false, &shown);
    else
        return;
    if (e != OK) {
        job_fail(job, "could not show it", e, 0);
        return;
    }
    if (shown == 0 && !job->out.json) {
        struct line l = {0};
        line_add(&l, "Nothing new.%s", job->args.has_last ? "" : " (--last 20 shows the last twenty.)");
        line_end(&l, &job->out, OUT_NORMAL);
    }
    if (job->late)
        job_away(job);
    job_end(job, job->late ? EXIT_AWAY : EXIT_FINE);
}

static void start(struct job *job) {
    job_fetch(job, fetched);
}
