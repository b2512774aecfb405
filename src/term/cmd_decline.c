#include "term/find.h"
#include "term/show.h"
#include "term/command.h"

static void start(struct job *job);

const struct command command_decline = {
    .name = "decline",
    .words = "REQUEST [--offline]",
    .help = "forget a request, and tell nobody",
    .text =
        "REQUEST is the number that `sotto requests` shows, what who asks calls itself, or the\n"
        "beginning of its account's id. The request and what was said in it go; who asked can't\n"
        "tell, and may ask again (`sotto block`). --offline: without fetching what is new first.",
    .options = OPTION_OFFLINE,
    .words_min = 1,
    .words_max = 1,
    .start = start,
};

static void fetched(struct job *job) {
    struct core_conversation c;
    struct line l = {0};
    if (!find_request(job, job->args.words[0], &c))
        return;
    uint32_t number = c.number;
    err e = core_request_decline(job_core(job), number, host_now());
    if (e != OK) {
        job_fail(job, "could not decline", e, 0);
        return;
    }
    if (job->out.json) {
        line_object(&l, "declined");
        line_num(&l, "conversation", number);
        line_object_end(&l);
    } else {
        line_add(&l, "Declined.");
    }
    line_end(&l, &job->out, OUT_NORMAL);
    job_end_fetched(job);
}

static void start(struct job *job) {
    job_fetch(job, fetched);
}
