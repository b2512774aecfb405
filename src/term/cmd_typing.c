#include "term/show.h"
#include "term/command.h"

static void start(struct job *job);

const struct command command_typing = {
    .name = "typing",
    .words = "[on|off]",
    .help = "whether others see that you write, and you that they do",
    .text =
        "Both or neither, on all your devices, and off where you never chose. Who is there sees "
        "it\n"
        "while you write, in conversations of up to 16 devices; it is kept nowhere. By its moment\n"
        "the server, too, can tell that somebody writes there, also what is then not sent.",
    .words_max = 1,
    .start = start,
};

static void show(struct job *job) {
    bool on = core_typing_get(job_core(job));
    struct line l = {0};
    if (job->out.json) {
        line_object(&l, "typing");
        line_bool(&l, "on", on);
        line_object_end(&l);
    } else {
        line_add(&l, on ? "Others see that you write, and you that they do."
                        : "Nobody sees that you write, and you don't see that others do.");
    }
    line_end(&l, &job->out, OUT_NORMAL);
    job_end(job, EXIT_FINE);
}

static void set(struct job *job) {
    const char *word = job->args.words[0];
    bool on = strcmp(word, "on") == 0;
    if (!on && strcmp(word, "off") != 0) {
        job_fail_text(job, ERR_MALFORMED, EXIT_USAGE, "it is on or off");
        return;
    }
    err e = core_typing_set(job_core(job), on, host_now());
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
