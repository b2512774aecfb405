#include "term/find.h"
#include "term/command.h"

static void start(struct job *job);

const struct command command_verify = {
    .name = "verify",
    .words = "PERSON [--done] [--offline]",
    .help = "compare keys with somebody",
    .text =
        "Prints the 60 digits that both of you see if nobody sits between you. Compare them in\n"
        "person or over the telephone; if they are the same, run it again with --done, and the\n"
        "contact counts as verified. If they differ, somebody may be listening: don't go on.\n"
        "PERSON is a contact, or a member of a conversation, who becomes one with --done.\n"
        "--offline: without connecting.",
    .options = OPTION_DONE | OPTION_OFFLINE,
    .words_min = 1,
    .words_max = 1,
    .start = start,
};

static void show(struct job *job, const struct core_contact *contact, const char *digits) {
    struct line l = {0};
    if (job->out.json) {
        line_object(&l, "safety_number");
        line_hex(&l, "account", SLICE_ARRAY(contact->account));
        line_str(&l, "name", contact->petname.n > 0 ? contact->petname : contact->name);
        line_bool(&l, "named", contact->petname.n > 0);
        line_str(&l, "digits", slice_str(digits));
        line_bool(&l, "verified", contact->verified);
        line_object_end(&l);
    } else {
        for (size_t i = 0; i < CORE_SAFETY_DIGITS; i += 5)
            line_add(&l, "%.5s%s", digits + i, i % 20 == 15 ? "\n" : "  ");
        line_add(&l, "%s",
                 contact->verified
                     ? "Verified."
                     : "Not verified yet. If both of you see the same digits: --done.");
    }
    line_end(&l, &job->out, OUT_NORMAL);
}

static void start(struct job *job) {
    struct core_contact contact;
    char digits[CORE_SAFETY_DIGITS + 1];
    uint8_t account[CORE_ACCOUNT];
    uint32_t met;
    err e = OK;
    if (!job->args.done && !find_person(job, job->args.words[0], &contact, &met))
        return;
    if (job->args.done) {
        if (!find_contact(job, job->args.words[0], &contact))
            return;
        memcpy(account, contact.account, sizeof account);
        e = core_contact_set_verified(job_core(job), account, true, host_now());
        if (e == OK)
            e = core_contact_get(job_core(job), account, &contact);
    }
    if (e == OK)
        e = core_safety_number(job_core(job), contact.identity, digits);
    if (e != OK) {
        job_fail(job, "could not make the number", e, 0);
        return;
    }
    show(job, &contact, digits);
    job_end(job, EXIT_FINE);
}
