#include "base/time.h"
#include "base/text.h"
#include "host/terminal.h"
#include "term/qr.h"
#include "term/show.h"
#include "term/command.h"

static void start(struct job *job);

const struct command command_invite = {
    .name = "invite",
    .words = "[--once] [--days N] [--qr] | LINK [--as NAME] | list | revoke NUMBER",
    .help = "print a link to you, or take somebody's",
    .text =
        "Without LINK: prints a link (sotto:contact:...) with which somebody on this server can\n"
        "write to you. Give each person one of their own, over a way that you trust. --qr draws\n"
        "it, too, for a camera. It is good for 30 days, or for --days N (180 at most), and for\n"
        "everybody who has it; --once: for whoever comes first. `invite list` lists the links "
        "that\n"
        "are good still, `invite revoke NUMBER` takes one back.\n"
        "With LINK: makes a contact of whoever gave it to you; NAME is what you call them. It is\n"
        "enough if one of you takes the other's link and writes; the other answers by the\n"
        "conversation's number, which `sotto status` shows, or by the name of who wrote.\n"
        "LINK may be -: it is read from the standard input, one line, where no other user of\n"
        "the machine sees it.",
    .options = OPTION_AS | OPTION_QR | OPTION_ONCE | OPTION_DAYS,
    .flags = COMMAND_ASKS,
    .words_max = 2,
    .start = start,
};

/* ---- A new link ---- */

static err link_of(struct job *job, uint64_t number, struct core_link *link) {
    for (size_t i = 0; core_link_at(job_core(job), i, link) == OK; i++)
        if (link->number == number)
            return OK;
    return ERR_NOT_FOUND;
}

static void about(struct line *l, const struct core_link *link) {
    line_num(l, "number", link->number);
    line_num(l, "made", link->made);
    line_num(l, "expires", link->expires);
    line_bool(l, "once", link->once);
}

static err print(struct job *job, struct line *l, slice text, const struct core_link *link) {
    if (job->out.json) {
        line_object(l, "invite");
        line_str(l, "link", text);
        about(l, link);
        line_object_end(l);
        return OK;
    }
    if (job->args.qr)
        TRY(qr_draw_link(l, text));
    line_text(l, text);
    return OK;
}

static void made(struct job *job, const struct core_notice *n) {
    struct line l = {0};
    struct core_link link;
    err e = n->error;
    if (e == OK)
        e = link_of(job, n->command, &link);
    if (e == OK)
        e = print(job, &l, n->text, &link);
    if (e != OK) {
        buf_free(&l.json.b);
        job_fail(job, "could not make a link", e, n->reason);
        return;
    }
    line_end(&l, &job->out, OUT_NORMAL);
    job_end(job, EXIT_FINE);
}

static void make(struct job *job) {
    uint64_t command, days = job->args.has_days ? job->args.days : CORE_LINK_DAYS;
    if (days == 0 || days > CORE_LINK_DAYS_MAX) {
        job_fail_text(job, ERR_MALFORMED, EXIT_USAGE, "--days: a link is good for 1 to %d days",
                      CORE_LINK_DAYS_MAX);
        return;
    }
    err e = core_link_new(job_core(job), job->args.once, days * TIME_DAY, host_now(), &command);
    if (e == ERR_LIMIT)
        job_fail_text(job, e, EXIT_FAILED,
                      "very many links are good still. Take some back: `sotto invite list`, `sotto "
                      "invite revoke NUMBER`");
    else if (e != OK)
        job_fail(job, "could not make a link", e, 0);
    else
        job_await(job, command, made);
}

/* ---- Those that were made ---- */

static void show_link(struct job *job, const struct core_link *link) {
    struct line l = {0};
    char made_at[HOST_TIME], until[HOST_TIME];
    if (job->out.json) {
        line_object(&l, "link");
        about(&l, link);
        line_bool(&l, "used", link->used);
        line_bool(&l, "over", link->over);
        line_object_end(&l);
    } else {
        host_time_text(link->made, made_at);
        host_time_text(link->expires, until);
        line_add(&l, "%llu  made %s, %s %s%s", (unsigned long long)link->number, made_at,
                 link->over ? "was good until" : "good until", until,
                 link->used   ? ", used"
                 : link->once ? ", for one"
                              : "");
    }
    line_end(&l, &job->out, OUT_NORMAL);
}

static void list(struct job *job) {
    struct core_link link;
    for (size_t i = 0; core_link_at(job_core(job), i, &link) == OK; i++)
        show_link(job, &link);
    job_end(job, EXIT_FINE);
}

static void revoked(struct job *job, struct core_link *link) {
    struct line l = {0};
    link->over = true;
    if (job->out.json) {
        show_link(job, link);
    } else {
        line_add(&l, "Nobody comes by this link any more.");
        line_end(&l, &job->out, OUT_NORMAL);
    }
    job_end(job, EXIT_FINE);
}

static void revoke(struct job *job, const char *word) {
    uint64_t number;
    struct core_link link;
    if (decimal_decode(slice_str(word), UINT32_MAX, &number) != OK) {
        job_fail_text(job, ERR_MALFORMED, EXIT_USAGE,
                      "%.60s: it takes a link's number, which `sotto invite list` shows", word);
        return;
    }
    err e = link_of(job, number, &link);
    if (e == OK)
        e = core_link_revoke(job_core(job), number, host_now());
    if (e == ERR_NOT_FOUND)
        job_fail_text(job, e, EXIT_UNKNOWN,
                      "there is no link of this number; `sotto invite list` shows them");
    else if (e != OK)
        job_fail(job, "could not take it back", e, 0);
    else
        revoked(job, &link);
}

/* ---- Somebody's ---- */

static void refuse(struct job *job, err e) {
    if (e == ERR_DENIED)
        job_fail_text(job, e, EXIT_REFUSED, "that is your own link; give it to somebody else");
    else if (e == ERR_SIGNATURE)
        job_fail_text(
            job, e, EXIT_REFUSED,
            "this link was changed on its way, and is not taken. Ask for it again, by a way "
            "that you trust");
    else if (e == ERR_EXPIRED)
        job_fail_text(job, e, EXIT_REFUSED,
                      "this link's time is over. Ask for a new one (or is this machine's clock "
                      "wrong?)");
    else if (e == ERR_UNSUPPORTED)
        job_fail_text(job, e, EXIT_REFUSED,
                      "this link is of somebody on another server; your account can't reach it");
    else if (e == ERR_EXISTS)
        (void)job_refuse_name(job, e);
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
    const struct args *a = &job->args;
    bool fresh = a->qr || a->once || a->has_days;
    const char *first = a->word_count > 0 ? a->words[0] : NULL;
    bool lists = first != NULL && strcmp(first, "list") == 0;
    bool revokes = first != NULL && strcmp(first, "revoke") == 0;
    if (a->as != NULL && (first == NULL || lists || revokes))
        job_fail_text(job, ERR_MALFORMED, EXIT_USAGE,
                      "--as: it says what you call whoever gave you a link, and there is no LINK");
    else if (first != NULL && fresh)
        job_fail_text(job, ERR_MALFORMED, EXIT_USAGE,
                      "--qr, --once and --days are for a link to you, and stand without LINK");
    else if (a->word_count != (revokes ? 2u : first != NULL ? 1u : 0u))
        job_fail_text(job, ERR_MALFORMED, EXIT_USAGE,
                      revokes ? "revoke: which NUMBER? `sotto invite list` shows them"
                              : "that is one argument too many");
    else if (lists)
        list(job);
    else if (revokes)
        revoke(job, a->words[1]);
    else if (first != NULL)
        take(job);
    else
        make(job);
}
