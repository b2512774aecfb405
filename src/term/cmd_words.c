#include "base/mem.h"
#include "term/command.h"

static void start(struct job *job);

const struct command command_words = {
    .name = "words",
    .words = "",
    .help = "show the 24 words that are your account",
    .text =
        "Shows the identity's key as 24 words. WHOEVER HAS THEM IS YOU: write them on paper, keep\n"
        "that where nobody finds it, and never type them anywhere but at `sotto init --words`,\n"
        "which puts the account on another device if this one is lost. Only the device that has\n"
        "the identity's key can show them, and it asks for its passphrase first: while another\n"
        "sotto holds the home, it does not.",
    .flags = COMMAND_ALONE,
    .start = start,
};

static void object(struct line *l, slice words, slice server) {
    line_object(l, "words");
    line_str(l, "words", words);
    line_str(l, "server", server);
    line_object_end(l);
}

static void sentences(struct line *l, const char *words, slice server) {
    line_add(l, "WHOEVER HAS THESE WORDS IS YOU. Write them on paper, and on nothing else.\n");
    for (unsigned i = 1; *words != '\0'; i++) {
        int n = 0;
        while (words[n] != '\0' && words[n] != ' ')
            n++;
        line_add(l, "%2u %-10.*s%s", i, n, words, i % 6 == 0 ? "\n" : "");
        words += words[n] == ' ' ? n + 1 : n;
    }
    line_add(
        l, "`sotto init --words LINK` takes them, with any link of this server, as for instance\n");
    line_text(l, server);
}

static void start(struct job *job) {
    char words[CORE_WORDS] = "";
    buf server = {0};
    struct line l = {0};
    err e = core_words(job_core(job), words);
    if (e == OK)
        e = core_server_link(job_core(job), &server);
    if (e == ERR_DENIED) {
        job_fail_text(job, e, EXIT_REFUSED,
                      "the identity's key is not on this device, but on the one that linked it");
    } else if (e != OK) {
        job_fail(job, "could not show the words", e, 0);
    } else {
        if (job->out.json)
            object(&l, slice_str(words), buf_slice(&server));
        else
            sentences(&l, words, buf_slice(&server));
        line_end(&l, &job->out, OUT_NORMAL);
        job_end(job, EXIT_FINE);
    }
    wipe(words, sizeof words);
    buf_free(&server);
}
