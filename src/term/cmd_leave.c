#include "term/find.h"
#include "term/show.h"
#include "term/command.h"

static void start(struct job *job);

const struct command command_leave = {
    .name = "leave",
    .words = "CONVERSATION",
    .help = "leave a conversation",
    .text = "Asks the others to remove you; the first of their devices that is connected does it.\n"
            "What was said until then stays in your home.",
    .words_min = 1,
    .words_max = 1,
    .start = start,
};

static void done(struct job *job, const struct core_notice *n) {
    struct core_conversation c;
    bool out = core_conversation_get(job_core(job), n->conversation, &c) == OK &&
               c.state == CORE_CONVERSATION_LEFT;
    show_done(job, n, "could not leave",
              out ? "You are out."
                  : "The others have been asked; you are out when one of their devices is next "
                    "there, or in a week.");
}

static void start(struct job *job) {
    struct core_conversation c;
    uint64_t command;
    if (!find_conversation(job, job->args.words[0], &c))
        return;
    err e = core_conversation_leave(job_core(job), c.number, host_now(), &command);
    if (e == ERR_STATE)
        find_tell_state(job, "could not leave", c.number);
    else if (e != OK)
        job_fail(job, "could not leave", e, 0);
    else
        job_await(job, command, done);
}
