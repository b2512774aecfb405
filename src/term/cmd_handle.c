#include "term/handle.h"
#include "base/time.h"
#include "term/command.h"

static void start(struct job *job);
static void notice(struct job *job, const struct core_notice *n);

const struct command command_handle = {
    .name = "handle",
    .words = "[claim NAME [--pin PIN] | change NAME [--pin PIN] | drop] [--offline]",
    .help = "the name under which others find you",
    .text =
        "Without more: shows your handle. `claim` takes a free one: who knows it finds you with\n"
        "`sotto find`. `change` takes another and gives the old one up once the new one is yours.\n"
        "`drop` gives it up. A claim costs some seconds of work, and lapses half a year to\n"
        "a year after this account was last used.\n"
        "NAME has 2 to 32 letters and digits of one script, and . _ - within; capitals don't "
        "count,\n"
        "and a name that looks like somebody's is taken. Whoever can guess it can find it: with a\n"
        "PIN of 4 to 12 digits the name alone tells that it is taken, and no more. PIN may be -: "
        "it\n"
        "is read from the standard input, one line, where no other user of the machine sees it.\n"
        "All your devices have it, and each can change or drop it. Requests come to the one that\n"
        "put the card last, which is the one that claimed it until that is away for some weeks;\n"
        "once one is accepted the conversation is on all.\n"
        "--offline: shows it without connecting.",
    .options = OPTION_PIN | OPTION_OFFLINE,
    .words_max = 2,
    .start = start,
    .notice = notice,
};

void handle_refuse(struct job *job, const char *what, err e) {
    if (e == ERR_UNSUPPORTED)
        job_fail_text(job, e, EXIT_USAGE,
                      "that is no handle: its letters, or its digits, are of several scripts");
    else if (e == ERR_LENGTH || e == ERR_TOO_LARGE || e == ERR_MALFORMED)
        job_fail_text(job, e, EXIT_USAGE,
                      "that is no handle, or no PIN: a handle has 2 to 32 letters and digits, and "
                      ". _ - within; a PIN 4 to 12 digits");
    else
        job_fail(job, what, e, 0);
}

void handle_say_work(struct job *job) {
    struct line l = {0};
    if (job->out.json)
        return;
    line_add(&l, "Working; this takes some seconds.");
    line_end(&l, &job->out, OUT_TROUBLE);
}

/* The time limit is for the server's answers: while there is a connection, work comes on top. */
void handle_take_time(struct job *job, const struct core_notice *n) {
    struct core_status status;
    if (n->kind != CORE_NOTICE_CONNECTION)
        return;
    core_status_get(job_core(job), &status);
    if (status.anon == CORE_LINK_READY)
        job_time_limit(job, job->args.timeout + HANDLE_WORK_SECONDS);
}

static void notice(struct job *job, const struct core_notice *n) {
    if (job->awaited != 0)
        handle_take_time(job, n);
}

/* ---- Showing it ---- */

static void show(struct job *job) {
    static const char *const states[] = {"none", "wanted", "held", "unwanted"};
    static const char *const words[] = {"", ", being claimed", "", ", being given up"};
    struct core_handle handle = {.name = SLICE_EMPTY};
    struct line l = {0};
    int year, month, day;
    unsigned state = core_handle_get(job_core(job), &handle) == OK ? handle.state : 0;
    bool held = state == CORE_HANDLE_HELD;
    time_week_date(handle.lapses_week, &year, &month, &day);
    if (job->out.json) {
        line_object(&l, "handle");
        line_str(&l, "name", handle.name);
        line_str(&l, "state", slice_str(states[state]));
        line_bool(&l, "pin", handle.pin);
        if (held)
            line_num(&l, "lapses_week", handle.lapses_week);
        line_object_end(&l);
    } else if (state == 0) {
        line_add(&l, "You have no handle. `sotto handle claim NAME` takes one.");
    } else {
        line_text(&l, handle.name);
        line_add(&l, "%s%s", handle.pin ? ", with a PIN" : "", words[state]);
        if (held)
            line_add(&l,
                     ". If this account is not used before the week of %04d-%02d-%02d, it lapses.",
                     year, month, day);
    }
    line_end(&l, &job->out, OUT_NORMAL);
}

/* ---- Changing it ---- */

static void done(struct job *job, const struct core_notice *n) {
    if (n->error == ERR_DENIED && n->reason != 0 &&
        strcmp(host_reason_name(n->reason), "TAKEN") == 0) {
        job_fail_text(job, n->error, EXIT_REFUSED,
                      "somebody has that handle, or one that looks like it");
        return;
    }
    if (n->error == ERR_EXISTS) {
        job_fail_text(job, n->error, EXIT_FAILED,
                      "that is your handle already. To change its PIN, drop it first");
        return;
    }
    if (n->error != OK) {
        job_fail(job, "could not do it", n->error, n->reason);
        return;
    }
    show(job);
    job_end(job, EXIT_FINE);
}

/* "claim" is for who has none, "change" for who has one. */
static bool fits(struct job *job, bool claim) {
    struct core_handle handle;
    bool has =
        core_handle_get(job_core(job), &handle) == OK && handle.state != CORE_HANDLE_UNWANTED;
    if (has == !claim)
        return true;
    job_fail_text(job, claim ? ERR_EXISTS : ERR_NOT_FOUND, EXIT_FAILED,
                  claim ? "you have a handle: `sotto handle change NAME` takes another"
                        : "you have no handle: `sotto handle claim NAME` takes one");
    return false;
}

static void take(struct job *job, bool claim) {
    uint64_t command;
    if (!fits(job, claim))
        return;
    slice pin = job->args.pin != NULL ? slice_str(job->args.pin) : SLICE_EMPTY;
    err e = job->args.pin != NULL && pin.n == 0 ? ERR_LENGTH : OK;
    if (e == OK)
        e = core_handle_claim(job_core(job), slice_str(job->args.words[1]), pin, host_now(),
                              &command);
    if (e != OK) {
        handle_refuse(job, "could not claim it", e);
        return;
    }
    handle_say_work(job);
    job_await(job, command, done);
}

static void drop(struct job *job) {
    uint64_t command;
    err e = core_handle_drop(job_core(job), host_now(), &command);
    if (e == ERR_NOT_FOUND)
        job_fail_text(job, e, EXIT_FAILED, "you have no handle");
    else if (e != OK)
        job_fail(job, "could not drop it", e, 0);
    else
        job_await(job, command, done);
}

static void start(struct job *job) {
    const struct args *args = &job->args;
    const char *word = args->word_count > 0 ? args->words[0] : "";
    if (args->word_count == 0 && args->pin == NULL) {
        show(job);
        job_end(job, EXIT_FINE);
    } else if (args->word_count == 2 && strcmp(word, "claim") == 0) {
        take(job, true);
    } else if (args->word_count == 2 && strcmp(word, "change") == 0) {
        take(job, false);
    } else if (args->word_count == 1 && args->pin == NULL && strcmp(word, "drop") == 0) {
        drop(job);
    } else {
        job_fail_text(job, ERR_MALFORMED, EXIT_USAGE,
                      "`sotto handle`, `handle claim NAME`, `handle change NAME` or `handle drop`; "
                      "`sotto help handle` says more");
    }
}
