#include "term/show.h"
#include "term/command.h"

static void start(struct job *job);

const struct command command_blocked = {
    .name = "blocked",
    .words = "[--offline]",
    .help = "list whom you have blocked",
    .text =
        "Lists whom you have blocked, under the name that they had then, with the beginning of\n"
        "the account's id. --offline: without connecting.",
    .options = OPTION_OFFLINE,
    .start = start,
};

static void start(struct job *job) {
    struct core_blocked b;
    size_t i = 0;
    for (; core_blocked_at(job_core(job), i, &b) == OK; i++)
        show_blocked(job, b.account);
    if (i == 0 && !job->out.json) {
        struct line l = {0};
        line_add(&l, "You have blocked nobody.");
        line_end(&l, &job->out, OUT_NORMAL);
    }
    job_end(job, EXIT_FINE);
}
