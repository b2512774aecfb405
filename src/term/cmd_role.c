#include "term/find.h"
#include "term/show.h"
#include "term/command.h"

static void start(struct job *job);

const struct command command_role = {
    .name = "role",
    .words = "CONVERSATION [MEMBER administrator|member]",
    .help = "who administers a conversation",
    .text =
        "Lists the members with their roles, or changes one. Whoever made a conversation of\n"
        "several is its administrator. Only administrators add and remove others, rename it,\n"
        "change roles and say who may change the timer (`sotto timer`). Whoever leaves as the "
        "last\n"
        "one hands it on to another member. Between two people there are no roles. MEMBER is a\n"
        "name, the beginning of an account's id, or `you`.",
    .words_min = 1,
    .words_max = 3,
    .start = start,
};

static void list(struct job *job, uint32_t number) {
    err e = show_each_member(job, number);
    if (e != OK)
        job_fail(job, "could not list the members", e, 0);
    else
        job_end(job, EXIT_FINE);
}

static void done(struct job *job, const struct core_notice *n) {
    show_done(job, n, "could not change the role", "Changed.");
}

static void refuse(struct job *job, err e, uint32_t number) {
    if (e == ERR_UNSUPPORTED)
        job_fail_text(job, e, EXIT_FAILED, "this conversation has no roles");
    else if (e == ERR_EXISTS)
        job_fail_text(job, e, EXIT_FAILED, "that is their role already");
    else if (e == ERR_LIMIT)
        job_fail_text(job, e, EXIT_REFUSED,
                      "that is the last administrator: make another one first");
    else if (!show_not_admin(job, e, number))
        job_fail(job, "could not change the role", e, 0);
}

static void start(struct job *job) {
    struct core_conversation c;
    struct found_member member;
    uint64_t command;
    if (!find_conversation(job, job->args.words[0], &c))
        return;
    if (job->args.word_count == 1) {
        list(job, c.number);
        return;
    }
    const char *role = job->args.word_count == 3 ? job->args.words[2] : "";
    bool admin = strcmp(role, "administrator") == 0;
    if (!admin && strcmp(role, "member") != 0) {
        job_fail_text(job, ERR_MALFORMED, EXIT_USAGE, "a role is administrator or member");
        return;
    }
    if (!find_member(job, c.number, "could not change the role", job->args.words[1], &member))
        return;
    err e = core_conversation_role(job_core(job), c.number, member.account, admin, host_now(),
                                   &command);
    if (e == OK)
        job_await(job, command, done);
    else if (e == ERR_STATE)
        find_tell_state(job, "could not change the role", c.number);
    else
        refuse(job, e, c.number);
}
