#include "term/find.h"
#include "term/show.h"
#include "term/command.h"

static void start(struct job *job);

const struct command command_timer = {
    .name = "timer",
    .words = "CONVERSATION [TIME|off|everybody|administrators]",
    .help = "how long messages stay in a conversation",
    .text =
        "Shows how long what is said stays, or changes it for everybody in the conversation: TIME\n"
        "is a number of seconds, minutes, hours, days or weeks (30s, 5m, 8h, 1d, 4w), a year at\n"
        "most; off: it stays. It is a week where nobody changed it. What was said before goes "
        "when\n"
        "it was to go. At its time a message goes from each member's devices; who has read it has\n"
        "read it. `everybody` and `administrators` say who may change it, where there are\n"
        "administrators (`sotto role`); at first everybody.",
    .words_min = 1,
    .words_max = 2,
    .start = start,
};

static void show(struct job *job, uint32_t number) {
    struct core_conversation c;
    struct core_roles roles = {0};
    struct line l = {0};
    err e = core_conversation_get(job_core(job), number, &c);
    if (e == OK)
        e = core_conversation_roles(job_core(job), number, &roles);
    bool few = roles.any && !roles.timer_all;
    if (e != OK) {
        job_fail(job, "could not look", e, 0);
        return;
    }
    if (job->out.json) {
        line_object(&l, "timer");
        line_num(&l, "conversation", c.number);
        line_num(&l, "seconds", c.timer);
        line_bool(&l, "everybody", !few);
        line_object_end(&l);
    } else if (c.timer == 0) {
        line_add(&l, "Messages stay.");
    } else {
        line_add(&l, "Messages go after ");
        show_span(&l, c.timer);
        line_add(&l, ".");
    }
    if (few && !job->out.json)
        line_add(&l, " Administrators may change it.");
    line_end(&l, &job->out, OUT_NORMAL);
    job_end(job, EXIT_FINE);
}

static void done(struct job *job, const struct core_notice *n) {
    if (n->error != OK)
        job_fail(job, "could not change it", n->error, n->reason);
    else
        show(job, n->conversation);
}

/* `command` counts if e is OK. */
static void answer(struct job *job, err e, uint32_t number, const uint64_t *command) {
    if (e == OK)
        job_await(job, *command, done);
    else if (e == ERR_EXISTS)
        show(job, number);
    else if (e == ERR_UNSUPPORTED)
        job_fail_text(job, e, EXIT_FAILED, "this conversation has no roles: everybody may");
    else if (e == ERR_STATE)
        find_tell_state(job, "could not change it", number);
    else if (!show_not_admin(job, e, number))
        job_fail(job, "could not change it", e, 0);
}

static void start(struct job *job) {
    struct core_conversation c;
    uint32_t seconds;
    uint64_t command;
    if (!find_conversation(job, job->args.words[0], &c))
        return;
    if (job->args.word_count == 1) {
        show(job, c.number);
        return;
    }
    const char *word = job->args.words[1];
    bool all = strcmp(word, "everybody") == 0;
    if (all || strcmp(word, "administrators") == 0) {
        answer(job, core_conversation_timer_all(job_core(job), c.number, all, host_now(), &command),
               c.number, &command);
        return;
    }
    if (!find_span(word, &seconds)) {
        job_fail_text(job, ERR_MALFORMED, EXIT_USAGE,
                      "a time is 30s, 5m, 8h, 1d or 4w, up to a year, or off");
        return;
    }
    answer(job, core_conversation_timer(job_core(job), c.number, seconds, host_now(), &command),
           c.number, &command);
}
