#include "base/text.h"
#include "term/command.h"
#include "term/desk.h"

static void start(struct job *job);

const struct command command_desk = {
    .name = "desk",
    .words = "[--accept KEY] [--offline]",
    .help = "the server's request desk, and its notices to you",
    .text =
        "Shows the request desk of the server, where people decide on what is asked of the server\n"
        "by governments, and all notices that it sent you. A notice tells that somebody asked for\n"
        "what the server holds of your account, and how to object. Your client believes one if\n"
        "the desk's key signed it, which it learned at its first connection. --accept KEY: from\n"
        "now on it believes this key, which the server names now. --offline: without fetching.",
    .options = OPTION_ACCEPT | OPTION_OFFLINE,
    .start = start,
};

struct showing {
    uint64_t last; /* notice that was printed */
};

static void printed(struct job *job) {
    const struct showing *s = job->state;
    err e = desk_read(job, s->last);
    if (e != OK)
        job_fail(job, "could not note that the notices were read", e, 0);
    else
        job_end_fetched(job);
}

static void show(struct job *job) {
    struct showing *s = job_state(job, sizeof *s);
    struct line l = {0};
    if (s == NULL)
        return;
    if (!desk_show(job) && !job->out.json) {
        line_add(&l, "This server has named no request desk: nobody can send you a notice.");
        line_end(&l, &job->out, OUT_NORMAL);
    }
    err e = desk_show_notices(job, true, &s->last);
    if (e != OK)
        job_fail(job, "could not show it", e, 0);
    else if (job_printed(job, printed))
        printed(job);
}

static void fetched(struct job *job) {
    uint8_t key[32];
    const char *accept = job->args.accept;
    err e = accept == NULL ? OK : base64_decode_to(key, sizeof key, slice_str(accept));
    if (e == OK && accept != NULL)
        e = core_desk_accept(job_core(job), key, host_now());
    if (e == ERR_MALFORMED)
        job_fail_text(job, e, EXIT_USAGE, "--accept: it takes a key, as `sotto desk` shows it");
    else if (e == ERR_NOT_FOUND)
        job_fail_text(job, e, EXIT_UNKNOWN, "the server names no such new key; see `sotto desk`");
    else if (e != OK)
        job_fail(job, "could not accept the key", e, 0);
    else
        show(job);
}

static void start(struct job *job) {
    job_fetch(job, fetched);
}
