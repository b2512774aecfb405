#include "term/find.h"
#include "term/show.h"
#include "term/command.h"

static void start(struct job *job);

const struct command command_react = {
    .name = "react",
    .words = "CONVERSATION NUMBER [REACTION] [--off]",
    .help = "react to a message, or take that back",
    .text =
        "NUMBER is that of a message, as `sotto read` shows it with --numbers; REACTION is a\n"
        "sign or a word, seen by all. --off takes it back, or your newest one if none is named.",
    .options = OPTION_OFF,
    .words_min = 2,
    .words_max = 3,
    .start = start,
};

static void done(struct job *job, const struct core_notice *n) {
    show_said(job, n, "could not react", job->args.off ? "Taken back." : "Sent.");
}

struct looking {
    slice text; /* empty: any */
    uint64_t number;
};

static bool look(void *ctx, const struct core_reaction *r) {
    struct looking *l = ctx;
    if (r->own && (l->text.n == 0 || slice_equal(r->text, l->text)))
        l->number = r->number;
    return true;
}

static err take_back(struct job *job, uint32_t conversation, uint64_t message, slice text,
                     uint64_t *command) {
    struct looking l = {.text = text};
    TRY(core_reactions(job_core(job), conversation, message, look, &l));
    if (l.number == 0)
        return ERR_NOT_FOUND;
    return core_message_delete(job_core(job), conversation, l.number, host_now(), command);
}

static void start(struct job *job) {
    struct core_conversation c;
    struct found_message m;
    uint64_t command, number;
    slice text = job->args.word_count > 2 ? slice_str(job->args.words[2]) : SLICE_EMPTY;
    if (!find_conversation(job, job->args.words[0], &c) ||
        !find_message(job, &c, job->args.words[1], &m))
        return;
    err e = job->args.off ? take_back(job, c.number, m.number, text, &command)
                          : core_send_text(job_core(job), c.number, CORE_TEXT_REACTION, text, m.id,
                                           host_now(), &command, &number);
    if (e == OK)
        job_await(job, command, done);
    else if (e == ERR_NOT_FOUND)
        job_fail_text(job, e, EXIT_UNKNOWN, "you did not react so to this message");
    else if (e == ERR_MALFORMED)
        job_fail_text(job, e, EXIT_USAGE, "which reaction? A sign or a word");
    else if (e == ERR_STATE)
        find_tell_state(job, "could not react", c.number);
    else
        job_fail(job, "could not react", e, 0);
}
