#include "term/command.h"
#include "term/handle.h"
#include "term/show.h"

static void start(struct job *job);
static void notice(struct job *job, const struct core_notice *n);

const struct command command_find = {
    .name = "find",
    .words = "HANDLE [--pin PIN] [--add | --as NAME]",
    .help = "find somebody by their handle",
    .text =
        "Looks a handle up, exactly as it is, and shows who that is: what they call themselves,\n"
        "their account's id, and the 60 digits to compare (see `sotto help verify`). --add makes "
        "a\n"
        "contact of them; --as NAME too, and NAME is what you call them.\n"
        "A look-up costs a second of work, more if there are many: nobody tries all names.\n"
        "Nothing but the digits shows that the server told the truth.",
    .options = OPTION_PIN | OPTION_ADD | OPTION_AS,
    .flags = COMMAND_ASKS,
    .words_min = 1,
    .words_max = 1,
    .start = start,
    .notice = notice,
};

static void notice(struct job *job, const struct core_notice *n) {
    handle_take_time(job, n);
}

static void show(struct job *job, const struct core_contact *who, bool known, const char *digits) {
    struct line l = {0};
    if (job->out.json) {
        line_object(&l, "found");
        line_hex(&l, "account", SLICE_ARRAY(who->account));
        line_hex(&l, "identity", SLICE_ARRAY(who->identity));
        line_str(&l, "own_name", who->name);
        line_num(&l, "devices", who->devices);
        line_bool(&l, "contact", known);
        line_str(&l, "digits", slice_str(digits));
        line_object_end(&l);
    } else {
        show_person(&l, job, who->name, who->account);
        line_add(&l, "\naccount ");
        for (size_t i = 0; i < CORE_ACCOUNT; i++)
            line_add(&l, "%02x", who->account[i]);
        line_add(&l, "\n");
        for (size_t i = 0; i < CORE_SAFETY_DIGITS; i += 5)
            line_add(&l, "%.5s%s", digits + i, i % 20 == 15 ? "\n" : "  ");
        line_add(&l, "%s", known ? "A contact of yours." : "No contact of yours yet: --add.");
    }
    line_end(&l, &job->out, OUT_NORMAL);
}

static void refuse(struct job *job, err e) {
    if (e == ERR_DENIED)
        job_fail_text(job, e, EXIT_REFUSED, "that is your own handle");
    else if (e == ERR_LATE)
        job_fail_text(job, e, EXIT_REFUSED,
                      "this card is older than what you have of this contact; try again later");
    else if (!job_refuse_name(job, e))
        job_fail(job, "could not make a contact", e, 0);
}

static void add(struct job *job) {
    uint8_t account[CORE_ACCOUNT];
    struct core_contact contact;
    slice name = job->args.as != NULL ? slice_str(job->args.as) : SLICE_EMPTY;
    err e = core_found_accept(job_core(job), name, host_now(), account);
    if (e == OK)
        e = core_contact_get(job_core(job), account, &contact);
    if (e != OK) {
        refuse(job, e);
        return;
    }
    show_contact(job, &contact);
    job_end(job, EXIT_FINE);
}

static void show_found(struct job *job) {
    char digits[CORE_SAFETY_DIGITS + 1];
    struct core_contact who, known;
    err e = core_found_get(job_core(job), &who);
    if (e == OK)
        e = core_safety_number(job_core(job), who.identity, digits);
    if (e != OK) {
        job_fail(job, "could not show who that is", e, 0);
        return;
    }
    show(job, &who, core_contact_get(job_core(job), who.account, &known) == OK, digits);
    job_end(job, EXIT_FINE);
}

static void done(struct job *job, const struct core_notice *n) {
    if (n->error == ERR_NOT_FOUND)
        job_fail_text(job, n->error, EXIT_UNKNOWN, "nobody has that handle%s",
                      job->args.pin != NULL ? ", or not with this PIN" : "");
    else if (n->error == ERR_DENIED && n->reason == 0)
        job_fail_text(job, n->error, EXIT_REFUSED,
                      "somebody has that handle, and a PIN is needed to see who: --pin PIN");
    else if (n->error != OK)
        job_fail(job, "could not look it up", n->error, n->reason);
    else if (job->args.add || job->args.as != NULL)
        add(job);
    else
        show_found(job);
}

static void start(struct job *job) {
    uint64_t command;
    slice pin = job->args.pin != NULL ? slice_str(job->args.pin) : SLICE_EMPTY;
    err e = job->args.pin != NULL && pin.n == 0 ? ERR_LENGTH : OK;
    if (e == OK)
        e = core_handle_find(job_core(job), slice_str(job->args.words[0]), pin, host_now(),
                             &command);
    if (e != OK) {
        handle_refuse(job, "could not look it up", e);
        return;
    }
    handle_say_work(job);
    job_await(job, command, done);
}
