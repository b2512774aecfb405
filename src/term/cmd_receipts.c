#include "term/show.h"
#include "term/command.h"

static void start(struct job *job);

const struct command command_receipts = {
    .name = "receipts",
    .words = "[off|delivered|read]",
    .help = "what others learn of what they send you",
    .text =
        "Shows or chooses what your devices tell in conversations: nothing, that a message came,\n"
        "or also that you read it (so it is where you never chose). Everybody in the conversation\n"
        "learns it, some seconds later; who only asks to talk with you learns nothing, and what\n"
        "came before you chose is not told.",
    .words_max = 1,
    .start = start,
};

static void show(struct job *job) {
    static const char *const told[] = {"nothing", "that it came",
                                       "that it came, and when you read it"};
    enum core_receipts level = core_receipts_get(job_core(job));
    struct line l = {0};
    if (job->out.json) {
        line_object(&l, "receipts");
        line_str(&l, "level", slice_str(core_receipts_name(level)));
        line_object_end(&l);
    } else {
        line_add(&l, "Others learn of what they send: %s.", told[level]);
    }
    line_end(&l, &job->out, OUT_NORMAL);
    job_end(job, EXIT_FINE);
}

static void set(struct job *job) {
    enum core_receipts level;
    if (core_receipts_named(slice_str(job->args.words[0]), &level) != OK) {
        job_fail_text(job, ERR_MALFORMED, EXIT_USAGE, "it is off, delivered or read");
        return;
    }
    err e = core_receipts_set(job_core(job), level, host_now());
    if (e != OK)
        job_fail(job, "could not change it", e, 0);
    else
        show(job);
}

static void start(struct job *job) {
    if (job->args.word_count > 0)
        set(job);
    else
        show(job);
}
