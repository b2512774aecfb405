#include "term/find.h"
#include "term/show.h"
#include "term/command.h"

static void start_mute(struct job *job);
static void start_archive(struct job *job);

const struct command command_mute = {
    .name = "mute",
    .words = "CONVERSATION [TIME|off]",
    .help = "say that a conversation is not to disturb you",
    .text = "For TIME (30s, 5m, 8h, 1d, 4w; without one for good), or no longer: off. All your\n"
            "devices know it; what comes is counted as before. What is muted stays in the archive\n"
            "(`sotto archive`) whatever comes.",
    .words_min = 1,
    .words_max = 2,
    .start = start_mute,
};

const struct command command_archive = {
    .name = "archive",
    .words = "CONVERSATION [--off]",
    .help = "put a conversation away",
    .text = "It goes to the end of the list, on all your devices, until somebody else says\n"
            "something in it while it isn't muted. --off takes it back.",
    .options = OPTION_OFF,
    .words_min = 1,
    .words_max = 1,
    .start = start_archive,
};

static void end(struct job *job, uint32_t number, err e) {
    struct core_conversation c;
    if (e == ERR_STATE)
        job_fail_text(job, e, EXIT_FAILED, "it is only a request, or the one of your own devices");
    else if (e != OK || (e = core_conversation_get(job_core(job), number, &c)) != OK)
        job_fail(job, "could not change it", e, 0);
    else {
        show_conversation(job, &c);
        job_end(job, EXIT_FINE);
    }
}

static void start_mute(struct job *job) {
    struct core_conversation c;
    uint32_t seconds = 0;
    const char *word = job->args.word_count > 1 ? job->args.words[1] : NULL;
    uint64_t until = UINT64_MAX;
    if (!find_conversation(job, job->args.words[0], &c))
        return;
    if (word != NULL && !find_span(word, &seconds)) {
        job_fail_text(job, ERR_MALFORMED, EXIT_USAGE,
                      "a time is 30s, 5m, 8h, 1d or 4w, up to a year, or off");
        return;
    }
    if (word != NULL)
        until = seconds == 0 ? 0 : host_now() + seconds * UINT64_C(1000);
    end(job, c.number, core_conversation_mute(job_core(job), c.number, until, host_now()));
}

static void start_archive(struct job *job) {
    struct core_conversation c;
    if (find_conversation(job, job->args.words[0], &c))
        end(job, c.number,
            core_conversation_archive(job_core(job), c.number, !job->args.off, host_now()));
}
