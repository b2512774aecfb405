#include "term/show.h"
#include "term/command.h"

static void start(struct job *job);

const struct command command_init = {
    .name = "init",
    .words = "LINK [--name NAME] [--words]",
    .help = "make an account with the operator's link",
    .text =
        "Makes an account with a link (sotto:join:...) that the operator of a server gave you.\n"
        "The keys are made here and never leave this machine; the home is sealed with a\n"
        "passphrase, which is asked for twice (--no-passphrase: none). NAME, up to 64 bytes, is\n"
        "what your contacts see. A link is good for one account. If the server can't be reached,\n"
        "run the same command again later. LINK may be -: it is read from the standard input,\n"
        "one line, where no other user of the machine sees it.\n"
        "--words: no new account, but one that you have, by the 24 words of `sotto words`, which\n"
        "are read from the standard input. LINK is any link of its server: an invite, or that of\n"
        "a contact. This device takes the place of the account's first one, which is signed off.",
    .options = OPTION_NAME | OPTION_WORDS,
    .flags = COMMAND_MAKES_HOME | COMMAND_ALONE,
    .words_min = 1,
    .words_max = 1,
    .start = start,
};

static void done(struct job *job, const struct core_notice *n) {
    struct core_status s;
    struct line l = {0};
    if (n->error != OK) {
        job_fail(job, "no account was made", n->error, n->reason);
        return;
    }
    core_status_get(job_core(job), &s);
    if (job->out.json) {
        line_object(&l, "account");
        line_hex(&l, "account", SLICE_ARRAY(s.account));
        line_hex(&l, "device", SLICE_ARRAY(s.device));
        line_hex(&l, "identity", SLICE_ARRAY(s.identity));
        line_str(&l, "name", s.name);
        line_str(&l, "server", s.server);
        line_object_end(&l);
    } else {
        line_add(&l, "Your account is %s, on the server at ",
                 job->args.by_words ? "on this device now" : "made");
        line_text(&l, s.server);
        line_add(&l, ".\nNow give somebody a link with `sotto invite`, or take theirs with `sotto "
                     "invite LINK`.");
    }
    line_end(&l, &job->out, OUT_NORMAL);
    job_end(job, EXIT_FINE);
}

/* The slip of a pen is found by its place, and the words themselves are never printed. */
static void refuse_words(struct job *job, err e, uint32_t wrong) {
    if (e == ERR_MALFORMED && wrong > 0)
        job_fail_text(job, e, EXIT_USAGE,
                      "word %u is not one of the list: look at it again. Nothing was changed",
                      (unsigned)wrong);
    else if (e == ERR_MALFORMED)
        job_fail_text(job, e, EXIT_USAGE,
                      "these are not 24 words, or NAME is no name. Nothing was changed");
    else if (e == ERR_SIGNATURE)
        job_fail_text(job, e, EXIT_USAGE,
                      "each is a word of the list, but together they don't fit: one is another, or "
                      "two changed places. Nothing was changed");
    else if (e == ERR_UNSUPPORTED)
        job_fail_text(job, e, EXIT_USAGE,
                      "that is no link of the account's server: take an invite of its operator "
                      "(sotto:join:...), or a contact's link (sotto:contact:...)");
    else if (e == ERR_EXISTS)
        job_fail_text(job, e, EXIT_FAILED,
                      "there is an account in this home already; for another one use --home DIR");
    else
        job_fail(job, "the account was not taken", e, 0);
}

static void taken(struct job *job, const struct core_notice *n) {
    if (n->error == ERR_DENIED && n->reason != 0 &&
        strcmp(host_reason_name(n->reason), "PROOF") == 0)
        job_fail_text(job, n->error, EXIT_REFUSED,
                      "this server knows no account of these words. Is it the right server?");
    else if (n->error == ERR_LATE)
        job_fail_text(
            job, n->error, EXIT_REFUSED,
            "the server showed a list of the account's devices, and then an older one: it "
            "lost something, or lies. Ask its operator; this device is not in the account");
    else if (n->error == ERR_DENIED && n->reason != 0 &&
             strcmp(host_reason_name(n->reason), "OLDER") == 0)
        job_fail_text(
            job, n->error, EXIT_REFUSED,
            "the server had a newer list of the account's devices each time: somebody else "
            "who has the words changes it, or the server lies. Try again later");
    else
        done(job, n);
}

static void start_words(struct job *job, slice name) {
    uint64_t command;
    uint32_t wrong;
    err e = core_account_take(job_core(job), slice_str(job->args.words[0]),
                              slice_str(job->args.words[1]), name, host_now(), &command, &wrong);
    if (e == OK)
        job_await(job, command, taken);
    else
        refuse_words(job, e, wrong);
}

static void start(struct job *job) {
    uint64_t command;
    slice name = job->args.name != NULL ? slice_str(job->args.name) : SLICE_EMPTY;
    if (job->args.by_words) {
        start_words(job, name);
        return;
    }
    err e = core_account_create(job_core(job), slice_str(job->args.words[0]), name, host_now(),
                                &command);
    if (e == OK)
        job_await(job, command, done);
    else if (e == ERR_EXISTS)
        job_fail_text(job, e, EXIT_FAILED,
                      "there is an account in this home already; for another one use --home DIR");
    else if (err_class(e) == ERR_CLASS_BAD || e == ERR_TOO_LARGE)
        job_fail_text(
            job, e, EXIT_USAGE,
            "that is not the operator's link (sotto:join:...), or NAME is no name (a line "
            "of visible text of up to 64 bytes, not \"you\", not beginning with an "
            "asterisk). Copy the link as a whole, in quotation marks");
    else
        job_fail(job, "no account was made", e, 0);
}
