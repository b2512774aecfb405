#include "term/command.h"

/* main.c prints help: it needs no home. */
static void start(struct job *job) {
    job_end(job, EXIT_FINE);
}

const struct command command_help = {
    .name = "help",
    .words = "[COMMAND]",
    .help = "say more about a command",
    .text = "Lists the commands, or says more about one.",
    .flags = COMMAND_WITHOUT_HOME,
    .words_max = 1,
    .start = start,
};
