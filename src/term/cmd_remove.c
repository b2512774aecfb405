#include "term/find.h"
#include "term/show.h"
#include "term/command.h"

static void start(struct job *job);

const struct command command_remove = {
    .name = "remove",
    .words = "CONVERSATION MEMBER",
    .help = "remove a member from a conversation",
    .text = "Removes a member, with all its devices. MEMBER is a name, or the beginning of an\n"
            "account's id. They can't read what is said from then on.",
    .words_min = 2,
    .words_max = 2,
    .start = start,
};

struct search {
    slice text;
    uint8_t account[CORE_ACCOUNT];
    bool found, several, us;
};

static bool look(void *ctx, const struct core_member *m) {
    struct search *s = ctx;
    s->us |= m->us && (find_fits(m, s->text) || slice_equal(s->text, slice_str("you")));
    if (m->us || !find_fits(m, s->text))
        return true;
    s->several |= s->found && memcmp(s->account, m->account, CORE_ACCOUNT) != 0;
    s->found = true;
    memcpy(s->account, m->account, CORE_ACCOUNT);
    return true;
}

static void done(struct job *job, const struct core_notice *n) {
    show_done(job, n, n->error == ERR_NOT_FOUND ? "nothing to remove" : "could not remove",
              "Removed.");
}

static void start(struct job *job) {
    struct core_conversation c;
    struct search s = {.text = slice_str(job->args.words[1])};
    uint64_t command;
    if (!find_conversation(job, job->args.words[0], &c))
        return;
    uint32_t number = c.number;
    err e = core_members(job_core(job), number, look, &s);
    if (e == OK && s.us && !s.found) {
        job_fail_text(job, ERR_DENIED, EXIT_REFUSED,
                      "that is you: `sotto leave CONVERSATION` leaves a conversation");
        return;
    }
    if (e == OK && c.state != CORE_CONVERSATION_ACTIVE) {
        find_tell_state(job, "could not remove", number);
        return;
    }
    if (e == OK && (!s.found || s.several)) {
        job_fail_text(job, s.several ? ERR_LIMIT : ERR_NOT_FOUND, EXIT_UNKNOWN,
                      s.several
                          ? "several members have this name; use the beginning of the account's "
                            "id"
                          : "the conversation has no such member");
        return;
    }
    if (e == OK)
        e = core_conversation_remove(job_core(job), number, s.account, host_now(), &command);
    if (e != OK)
        job_fail(job, "could not remove", e, 0);
    else
        job_await(job, command, done);
}
