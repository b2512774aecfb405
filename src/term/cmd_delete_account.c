#include "term/command.h"
#include "term/show.h"

static void start(struct job *job);

const struct command command_delete_account = {
    .name = "delete-account",
    .words = "ID",
    .help = "delete the account at the server, for good",
    .text =
        "The server forgets the account: its handle, devices, keys and waiting items. For a month "
        "it "
        "keeps\n"
        "a keyed hash of the id, so that nobody registers it again. Members of your conversations\n"
        "keep what you wrote; leave the conversations first if they should know. What is in this\n"
        "home stays until you delete the folder. ID is the beginning of your account's id, at\n"
        "least 8 digits, as `sotto status` shows it: so that nothing happens by mistake.",
    .words_min = 1,
    .words_max = 1,
    .flags = COMMAND_ASKS,
    .start = start,
};

enum { DIGITS = 8 };

static void done(struct job *job, const struct core_notice *n) {
    show_done(job, n, "could not delete the account", "The server has forgotten the account.");
}

static void start(struct job *job) {
    struct core_status status;
    slice id = slice_str(job->args.words[0]);
    uint64_t command;
    core_status_get(job_core(job), &status);
    if (id.n < DIGITS || !core_contact_id_begins(status.account, id)) {
        job_fail_text(job, ERR_DENIED, EXIT_USAGE,
                      "that is not the beginning, of at least 8 digits, of this account's id; "
                      "`sotto status` shows it. Nothing was deleted");
        return;
    }
    err e = core_account_delete(job_core(job), host_now(), &command);
    if (e == ERR_STATE)
        job_fail_text(job, ERR_DENIED, EXIT_REFUSED,
                      "only a device that has the identity key can delete the account");
    else if (e != OK)
        job_fail(job, "could not delete the account", e, 0);
    else
        job_await(job, command, done);
}
