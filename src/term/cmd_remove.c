#include "term/find.h"
#include "term/show.h"
#include "term/command.h"

static void start(struct job *job);

const struct command command_remove = {
    .name = "remove",
    .words = "CONVERSATION MEMBER",
    .help = "remove a member from a conversation",
    .text =
        "Removes a member, with all its devices. MEMBER is a name, or the beginning of an\n"
        "account's id. They can't read what is said from then on. Where there are administrators\n"
        "(`sotto role`), only they can.",
    .words_min = 2,
    .words_max = 2,
    .start = start,
};

static void done(struct job *job, const struct core_notice *n) {
    show_done(job, n, n->error == ERR_NOT_FOUND ? "nothing to remove" : "could not remove",
              "Removed.");
}

static void start(struct job *job) {
    struct core_conversation c;
    struct found_member member;
    uint64_t command;
    if (!find_conversation(job, job->args.words[0], &c) ||
        !find_member(job, c.number, "could not remove", job->args.words[1], &member))
        return;
    if (member.us) {
        job_fail_text(job, ERR_DENIED, EXIT_REFUSED,
                      "that is you: `sotto leave CONVERSATION` leaves a conversation");
        return;
    }
    err e = core_conversation_remove(job_core(job), c.number, member.account, host_now(), &command);
    if (e == OK)
        job_await(job, command, done);
    else if (!show_not_admin(job, e, c.number))
        job_fail(job, "could not remove", e, 0);
}
