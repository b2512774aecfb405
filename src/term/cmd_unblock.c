#include "term/show.h"
#include "term/command.h"

static void start(struct job *job);

const struct command command_unblock = {
    .name = "unblock",
    .words = "PERSON",
    .help = "let somebody ask again",
    .text =
        "PERSON is somebody whom you have blocked: as `sotto blocked` shows them, or the "
        "beginning\n"
        "of their account's id. What was dropped does not come back, and conversations that have\n"
        "ended stay so: begin another.",
    .words_min = 1,
    .words_max = 1,
    .start = start,
};

static err find_blocked(struct job *job, slice text, uint8_t account[CORE_ACCOUNT]) {
    struct core_blocked b;
    struct core_contact contact;
    size_t count = 0;
    for (size_t i = 0; core_blocked_at(job_core(job), i, &b) == OK; i++) {
        bool petname = core_contact_get(job_core(job), b.account, &contact) == OK &&
                       slice_equal(contact.petname, text);
        if (!petname && !slice_equal(b.name, text) && !core_contact_id_begins(b.account, text))
            continue;
        memcpy(account, b.account, CORE_ACCOUNT);
        if (petname)
            return OK;
        count++;
    }
    return count == 0 ? ERR_NOT_FOUND : count > 1 ? ERR_LIMIT : OK;
}

static void start(struct job *job) {
    uint8_t account[CORE_ACCOUNT];
    struct line l = {0};
    err e = find_blocked(job, slice_str(job->args.words[0]), account);
    if (e != OK) {
        job_fail_text(job, e, EXIT_UNKNOWN,
                      e == ERR_LIMIT ? "several whom you have blocked are called so: use the "
                                       "beginning of the id (`sotto blocked`)"
                                     : "you have blocked nobody of this name: `sotto blocked`");
        return;
    }
    e = core_unblock(job_core(job), account, host_now());
    if (e != OK) {
        job_fail(job, "could not unblock", e, 0);
        return;
    }
    if (job->out.json) {
        line_object(&l, "unblocked");
        line_hex(&l, "account", SLICE_ARRAY(account));
        line_object_end(&l);
    } else {
        line_add(&l, "Unblocked.");
    }
    line_end(&l, &job->out, OUT_NORMAL);
    job_end(job, EXIT_FINE);
}
