#include "base/text.h"
#include "term/find.h"
#include "term/show.h"
#include "term/command.h"

static void start(struct job *job);

const struct command command_block = {
    .name = "block",
    .words = "PERSON [--offline]",
    .help = "hear no more of somebody, who can't tell",
    .text =
        "PERSON is a contact, a member of a conversation, or the number of a request. From now on\n"
        "their requests, and their messages in whatever conversation, are dropped unseen. A\n"
        "conversation with them alone ends here, and what was said in it stays. They are not "
        "told:\n"
        "what they send counts as sent. In conversations with others you both stay members.\n"
        "--offline: without fetching what is new first.",
    .options = OPTION_OFFLINE,
    .words_min = 1,
    .words_max = 1,
    .start = start,
};

/* A request by its number, else a person. */
static bool find_whom(struct job *job, uint8_t account[CORE_ACCOUNT]) {
    struct core_conversation c;
    struct core_contact person;
    uint64_t number;
    uint32_t met;
    const char *text = job->args.words[0];
    if (decimal_decode(slice_str(text), UINT32_MAX, &number) == OK &&
        core_conversation_get(job_core(job), (uint32_t)number, &c) == OK &&
        c.state == CORE_CONVERSATION_REQUEST) {
        memcpy(account, c.inviter, CORE_ACCOUNT);
        return true;
    }
    if (!find_person(job, text, &person, &met))
        return false;
    memcpy(account, person.account, CORE_ACCOUNT);
    return true;
}

static void fetched(struct job *job) {
    uint8_t account[CORE_ACCOUNT];
    if (!find_whom(job, account))
        return;
    err e = core_block(job_core(job), account, host_now());
    if (e == ERR_EXISTS) {
        job_fail_text(job, e, EXIT_FAILED, "you have blocked them already");
        return;
    }
    if (e != OK) {
        job_fail(job, "could not block", e, 0);
        return;
    }
    show_blocked(job, account);
    job_end_fetched(job);
}

static void start(struct job *job) {
    job_fetch(job, fetched);
}
