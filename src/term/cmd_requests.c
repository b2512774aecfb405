#include "term/show.h"
#include "term/command.h"

static void start(struct job *job);

const struct command command_requests = {
    .name = "requests",
    .words = "[--offline]",
    .help = "list who asks to talk with you",
    .text =
        "Fetches what is new and lists the conversations that somebody who is no contact of yours\n"
        "began with you: who asks, under the name of their own choice, with the account's id and\n"
        "the safety number, what they say first, and who else is in it. Nothing of you goes back,\n"
        "not even that it came, until you accept. --offline: without fetching.",
    .options = OPTION_OFFLINE,
    .start = start,
};

static void list(struct job *job) {
    struct core_conversation c;
    size_t count = 0;
    err e = OK;
    for (size_t i = 0; e == OK && core_conversation_at(job_core(job), i, &c) == OK; i++) {
        if (c.state != CORE_CONVERSATION_REQUEST)
            continue;
        e = show_request(job, &c);
        count++;
    }
    if (e != OK) {
        job_fail(job, "could not show it", e, 0);
        return;
    }
    if (!job->out.json) {
        struct line l = {0};
        line_add(&l, count == 0
                         ? "Nobody asks."
                         : "`sotto accept N`, `sotto decline N` or `sotto block N` answers.");
        line_end(&l, &job->out, OUT_NORMAL);
    }
    job_end_fetched(job);
}

static void start(struct job *job) {
    job_fetch(job, list);
}
