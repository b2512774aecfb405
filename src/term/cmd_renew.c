#include "term/find.h"
#include "term/show.h"
#include "term/command.h"

static void start(struct job *job);

const struct command command_renew = {
    .name = "renew",
    .words = "CONVERSATION",
    .help = "take a new address and new keys in a conversation",
    .text =
        "This device takes another address in the conversation. From a day after the others\n"
        "have it, nobody reaches you by the old one, and whoever tries can't tell: the way out if\n"
        "what you get is junk.",
    .words_min = 1,
    .words_max = 1,
    .start = start,
};

static void done(struct job *job, const struct core_notice *n) {
    show_done(job, n, "could not take a new address", "Renewed.");
}

static void start(struct job *job) {
    struct core_conversation c;
    uint64_t command;
    if (!find_conversation(job, job->args.words[0], &c))
        return;
    err e = core_conversation_update(job_core(job), c.number, host_now(), &command);
    if (e == ERR_STATE)
        find_tell_state(job, "could not take a new address", c.number);
    else if (e != OK)
        job_fail(job, "could not take a new address", e, 0);
    else
        job_await(job, command, done);
}
