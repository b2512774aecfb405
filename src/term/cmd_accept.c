#include "term/find.h"
#include "term/show.h"
#include "term/command.h"

static void start(struct job *job);

const struct command command_accept = {
    .name = "accept",
    .words = "REQUEST [--as NAME] [--offline]",
    .help = "take up a request",
    .text =
        "REQUEST is the number that `sotto requests` shows, what who asks calls itself, or the\n"
        "beginning of its account's id. Whoever asks becomes a contact, whom you call NAME; the\n"
        "conversation goes on like any other, and your name goes out to it. --offline: without\n"
        "fetching what is new first.",
    .options = OPTION_AS | OPTION_OFFLINE,
    .words_min = 1,
    .words_max = 1,
    .start = start,
};

static void refuse(struct job *job, err e) {
    if (!job_refuse_name(job, e))
        job_fail(job, "could not accept", e, 0);
}

static void fetched(struct job *job) {
    struct core_conversation c;
    slice name = job->args.as != NULL ? slice_str(job->args.as) : SLICE_EMPTY;
    if (!find_request(job, job->args.words[0], &c))
        return;
    err e = core_request_accept(job_core(job), c.number, name, host_now());
    if (e == OK)
        e = core_conversation_get(job_core(job), c.number, &c);
    if (e != OK) {
        refuse(job, e);
        return;
    }
    show_conversation(job, &c);
    job_end_fetched(job);
}

static void start(struct job *job) {
    job_fetch(job, fetched);
}
