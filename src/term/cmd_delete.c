#include "term/find.h"
#include "term/show.h"
#include "term/command.h"

static void start(struct job *job);

const struct command command_delete = {
    .name = "delete",
    .words = "CONVERSATION NUMBER",
    .help = "withdraw a message of your own, for everybody",
    .text =
        "NUMBER is that of the message, as `sotto read` shows it with --numbers. What it said "
        "goes\n"
        "from this home, and from every device of the conversation when it hears of it; that it\n"
        "was there stays. Who has read it has read it.",
    .words_min = 2,
    .words_max = 2,
    .start = start,
};

static void done(struct job *job, const struct core_notice *n) {
    show_said(job, n, "could not withdraw it", "Withdrawn.");
}

static void start(struct job *job) {
    struct core_conversation c;
    struct found_message m;
    uint64_t command;
    if (!find_conversation(job, job->args.words[0], &c) ||
        !find_message(job, &c, job->args.words[1], &m))
        return;
    err e = core_message_delete(job_core(job), c.number, m.number, host_now(), &command);
    if (e == OK)
        job_await(job, command, done);
    else if (!find_refused(job, e, c.number, "could not withdraw it"))
        job_fail(job, "could not withdraw it", e, 0);
}
