#include "base/text.h"
#include "term/command.h"

static void start(struct job *job);

const struct command command_unlink = {
    .name = "unlink",
    .words = "DEVICE",
    .help = "sign a device of your account off",
    .text =
        "Signs a device off: the server deletes its mailbox, and it is removed from every\n"
        "conversation. What it has on its disk stays there. DEVICE is the beginning of its id,\n"
        "four digits at least, as `sotto devices` shows it. Only the device with the identity's\n"
        "key can do it.",
    .words_min = 1,
    .words_max = 1,
    .start = start,
};

enum { REST_SECONDS = 60 };

struct search {
    slice text;
    uint8_t device[CORE_DEVICE];
    unsigned found;
};

static bool look(void *ctx, const struct core_device *d) {
    struct search *s = ctx;
    if (core_contact_id_begins(d->device, s->text)) { /* an id as any */
        memcpy(s->device, d->device, sizeof s->device);
        s->found++;
    }
    return true;
}

static void finish(struct job *job) {
    struct line l = {0};
    if (job->out.json) {
        line_object(&l, "unlinked");
        line_object_end(&l);
    } else {
        line_add(&l, "Signed off.");
    }
    line_end(&l, &job->out, OUT_NORMAL);
    job_end(job, EXIT_FINE);
}

/* Removing it from the conversations goes on at the next run, if there are many. */
static void look_around(struct job *job) {
    struct core_status status;
    core_status_get(job_core(job), &status);
    if (!status.unsettled && status.caught_up)
        finish(job);
}

static void done(struct job *job, const struct core_notice *n) {
    if (n->error != OK) {
        job_fail(job, "could not sign it off", n->error, n->reason);
        return;
    }
    job_time_limit(job, REST_SECONDS);
    job_look(job, look_around);
}

static void start(struct job *job) {
    struct search s = {.text = slice_str(job->args.words[0])};
    uint64_t command;
    err e = core_devices(job_core(job), look, &s);
    if (e == OK && s.found != 1) {
        job_fail_text(job, s.found > 1 ? ERR_LIMIT : ERR_NOT_FOUND, EXIT_UNKNOWN,
                      s.found > 1 ? "several devices begin so: write more of the id"
                                  : "the account has no such device; `sotto devices` lists them");
        return;
    }
    if (e == OK)
        e = core_device_unlink(job_core(job), s.device, host_now(), &command);
    if (e == ERR_DENIED)
        job_fail_text(job, e, EXIT_REFUSED,
                      "only the device with the identity's key can do that, and not to itself: its "
                      "place is taken with the words, on another device");
    else if (e != OK)
        job_fail(job, "could not sign it off", e, 0);
    else
        job_await(job, command, done);
}
