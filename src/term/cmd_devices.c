#include "term/command.h"

static void start(struct job *job);

const struct command command_devices = {
    .name = "devices",
    .words = "[--offline]",
    .help = "list the devices of your account",
    .text =
        "Lists the devices of this account: which one this is, and which one has the identity's\n"
        "key, which alone links others and signs them off. --offline: without connecting.",
    .options = OPTION_OFFLINE,
    .start = start,
};

static bool show_one(void *ctx, const struct core_device *d) {
    struct job *job = ctx;
    struct line l = {0};
    if (job->out.json) {
        line_object(&l, "device");
        line_hex(&l, "device", SLICE_ARRAY(d->device));
        line_bool(&l, "this", d->us);
        line_bool(&l, "identity", d->has_identity);
        line_object_end(&l);
    } else {
        for (size_t i = 0; i < sizeof d->device; i++)
            line_add(&l, "%02x", d->device[i]);
        line_add(&l, "%s%s", d->us ? ", this device" : "",
                 d->has_identity ? ", has the identity's key" : "");
    }
    line_end(&l, &job->out, OUT_NORMAL);
    return job->out.failed == OK;
}

static void show(struct job *job) {
    err e = core_devices(job_core(job), show_one, job);
    if (e != OK) {
        job_fail(job, "could not list them", e, 0);
        return;
    }
    job_end_fetched(job);
}

static void start(struct job *job) {
    job_fetch(job, show);
}
