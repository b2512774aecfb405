#include "term/find.h"
#include "term/show.h"
#include "term/command.h"

static void start(struct job *job);

const struct command command_add = {
    .name = "add",
    .words = "CONVERSATION PERSON",
    .help = "add somebody to a conversation",
    .text =
        "Adds a contact, or a member of another conversation, with all their devices. They see\n"
        "what is said from then on, and nothing of what was said before.",
    .words_min = 2,
    .words_max = 2,
    .start = start,
};

static void done(struct job *job, const struct core_notice *n) {
    show_done(job, n, n->error == ERR_EXISTS ? "nothing to add" : "could not add", "Added.");
}

static void start(struct job *job) {
    struct core_conversation c;
    struct core_contact contact;
    uint64_t command;
    if (!find_conversation(job, job->args.words[0], &c) ||
        !find_contact(job, job->args.words[1], &contact))
        return;
    err e = core_conversation_add(job_core(job), c.number, contact.account, host_now(), &command);
    if (e == ERR_STATE)
        find_tell_state(job, "could not add", c.number);
    else if (show_not_admin(job, e, c.number))
        return;
    else if (e == ERR_DENIED)
        job_fail_text(job, e, EXIT_REFUSED, "you have blocked them: `sotto unblock` comes first");
    else if (e != OK)
        job_fail(job, "could not add", e, 0);
    else
        job_await(job, command, done);
}
