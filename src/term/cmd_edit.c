#include "term/find.h"
#include "term/show.h"
#include "term/command.h"

static void start(struct job *job);

const struct command command_edit = {
    .name = "edit",
    .words = "CONVERSATION NUMBER TEXT...",
    .help = "correct a message of your own",
    .text =
        "NUMBER is that of the message, as `sotto read` shows it with --numbers. Everybody sees\n"
        "TEXT in place of what it said, and that it was changed.",
    .words_min = 3,
    .words_max = WORDS_ANY,
    .start = start,
};

static void done(struct job *job, const struct core_notice *n) {
    show_said(job, n, "could not correct it", "Corrected.");
}

static void start(struct job *job) {
    struct core_conversation c;
    struct found_message m;
    uint64_t command, number;
    buf text = {0};
    if (!find_conversation(job, job->args.words[0], &c) ||
        !find_message(job, &c, job->args.words[1], &m))
        return;
    err e = args_join(&job->args, 2, &text);
    if (e == OK)
        e = core_message_edit(job_core(job), c.number, m.number, buf_slice(&text), host_now(),
                              &command, &number);
    buf_free(&text);
    if (e == OK)
        job_await(job, command, done);
    else if (!find_refused(job, e, c.number, "could not correct it"))
        job_fail(job, "could not correct it", e, 0);
}
