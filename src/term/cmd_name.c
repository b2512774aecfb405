#include "term/find.h"
#include "term/show.h"
#include "term/command.h"

static void start(struct job *job);

const struct command command_name = {
    .name = "name",
    .words = "PERSON NAME",
    .help = "call a contact or a member so",
    .text =
        "From now on you call PERSON so: a contact, or a member of a conversation, who becomes a\n"
        "contact by it. PERSON is what they are called now, or the beginning of their account's\n"
        "id. NAME is a line of visible text of up to 64 bytes, and nobody else's; only you see it.",
    .words_min = 2,
    .words_max = 2,
    .start = start,
};

static void refuse(struct job *job, err e) {
    if (!job_refuse_name(job, e))
        job_fail(job, "could not name them", e, 0);
}

static void start(struct job *job) {
    struct core_contact contact;
    uint8_t account[CORE_ACCOUNT];
    uint32_t met;
    slice name = slice_str(job->args.words[1]);
    if (!find_person(job, job->args.words[0], &contact, &met))
        return;
    memcpy(account, contact.account, sizeof account);
    err e = name.n == 0 ? ERR_MALFORMED
            : met != 0  ? core_contact_meet(job_core(job), met, account, name, host_now())
                        : core_contact_rename(job_core(job), account, name, host_now());
    if (e == OK)
        e = core_contact_get(job_core(job), account, &contact);
    if (e != OK) {
        refuse(job, e);
        return;
    }
    show_contact(job, &contact);
    job_end(job, EXIT_FINE);
}
