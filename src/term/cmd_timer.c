#include "term/find.h"
#include "term/show.h"
#include "term/command.h"

static void start(struct job *job);

const struct command command_timer = {
    .name = "timer",
    .words = "CONVERSATION [TIME|off]",
    .help = "how long messages stay in a conversation",
    .text =
        "Shows how long what is said stays, or changes it for everybody in the conversation: TIME\n"
        "is a number of seconds, minutes, hours, days or weeks (30s, 5m, 8h, 1d, 4w), a year at\n"
        "most; off: it stays. It is a week where nobody changed it. What was said before goes "
        "when\n"
        "it was to go. At its time a message goes from each member's devices; who has read it has\n"
        "read it.",
    .words_min = 1,
    .words_max = 2,
    .start = start,
};

static void show(struct job *job, uint32_t number) {
    struct core_conversation c;
    struct line l = {0};
    err e = core_conversation_get(job_core(job), number, &c);
    if (e != OK) {
        job_fail(job, "could not look", e, 0);
        return;
    }
    if (job->out.json) {
        line_object(&l, "timer");
        line_num(&l, "conversation", c.number);
        line_num(&l, "seconds", c.timer);
        line_object_end(&l);
    } else if (c.timer == 0) {
        line_add(&l, "Messages stay.");
    } else {
        line_add(&l, "Messages go after ");
        show_span(&l, c.timer);
        line_add(&l, ".");
    }
    line_end(&l, &job->out, OUT_NORMAL);
    job_end(job, EXIT_FINE);
}

static void done(struct job *job, const struct core_notice *n) {
    if (n->error != OK)
        job_fail(job, "could not change it", n->error, n->reason);
    else
        show(job, n->conversation);
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
    if (!find_span(job->args.words[1], &seconds)) {
        job_fail_text(job, ERR_MALFORMED, EXIT_USAGE,
                      "a time is 30s, 5m, 8h, 1d or 4w, up to a year, or off");
        return;
    }
    err e = core_conversation_timer(job_core(job), c.number, seconds, host_now(), &command);
    if (e == OK)
        job_await(job, command, done);
    else if (e == ERR_STATE)
        find_tell_state(job, "could not change it", c.number);
    else
        job_fail(job, "could not change it", e, 0);
}
