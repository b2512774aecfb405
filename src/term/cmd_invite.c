#include "term/show.h"
#include "term/command.h"

static void start(struct job *job);

const struct command command_invite = {
    .name = "invite",
    .words = "[LINK [--as NAME]]",
    .help = "print a link to you, or take somebody's",
    .text =
        "Without LINK: prints a link (sotto:contact:...) with which somebody on this server can\n"
        "write to you. Give each person one of their own, over a way that you trust.\n"
        "With LINK: makes a contact of whoever gave it to you; NAME is what you call them. It is\n"
        "enough if one of you takes the other's link and writes; the other answers by the\n"
        "conversation's number, which `sotto status` shows, or by the name of who wrote.\n"
        "LINK may be -: it is read from the standard input, one line, where no other user of\n"
        "the machine sees it.",
    .options = OPTION_AS,
    .flags = COMMAND_ASKS,
    .words_max = 1,
    .start = start,
};

static void made(struct job *job, const struct core_notice *n) {
    struct line l = {0};
    if (n->error != OK) {
        job_fail(job, "could not make a link", n->error, n->reason);
        return;
    }
    if (job->out.json) {
        line_object(&l, "invite");
        line_str(&l, "link", n->text);
        line_object_end(&l);
    } else {
        line_text(&l, n->text);
    }
    line_end(&l, &job->out, OUT_NORMAL);
    job_end(job, EXIT_FINE);
}

static void refuse(struct job *job, err e) {
    if (e == ERR_DENIED)
        job_fail_text(job, e, EXIT_REFUSED, "that is your own link; give it to somebody else");
    else if (e == ERR_SIGNATURE)
        job_fail_text(
            job, e, EXIT_REFUSED,
            "this link was changed on its way, and is not taken. Ask for it again, by a way "
            "that you trust");
    else if (e == ERR_UNSUPPORTED)
        job_fail_text(job, e, EXIT_REFUSED,
                      "this link is of somebody on another server; your account can't reach it");
    else if (e == ERR_EXISTS)
        job_fail_text(job, e, EXIT_USAGE, "you call somebody else so already; choose another NAME");
    else if (e == ERR_LATE)
        job_fail_text(job, e, EXIT_REFUSED,
                      "this link is older than what you have of this contact; ask for a new one");
    else if (err_class(e) == ERR_CLASS_BAD || e == ERR_TOO_LARGE)
        job_fail_text(job, e, EXIT_USAGE,
                      "that is not a contact's link (sotto:contact:...), or not all of it, or NAME "
                      "is no name (a line of visible text of up to 64 bytes, not \"you\", not "
                      "beginning with an asterisk). Copy the link as a whole, in quotation marks");
    else
        job_fail(job, "could not take the link", e, 0);
}

static void take(struct job *job) {
    uint8_t account[CORE_ACCOUNT];
    struct core_contact contact;
    slice name = job->args.as != NULL ? slice_str(job->args.as) : SLICE_EMPTY;
    err e = core_contact_accept(job_core(job), slice_str(job->args.words[0]), name, host_now(),
                                account);
    if (e == OK)
        e = core_contact_get(job_core(job), account, &contact);
    if (e != OK) {
        refuse(job, e);
        return;
    }
    show_contact(job, &contact);
    job_end(job, EXIT_FINE);
}

static void start(struct job *job) {
    uint64_t command;
    if (job->args.word_count > 0) {
        take(job);
        return;
    }
    if (job->args.as != NULL) {
        job_fail_text(job, ERR_MALFORMED, EXIT_USAGE,
                      "--as: it says what you call whoever gave you a link, and there is no LINK");
        return;
    }
    err e = core_contact_link(job_core(job), host_now(), &command);
    if (e != OK)
        job_fail(job, "could not make a link", e, 0);
    else
        job_await(job, command, made);
}
