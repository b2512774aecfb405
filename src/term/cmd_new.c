#include "term/find.h"
#include "term/show.h"
#include "term/command.h"

enum { PEOPLE_MAX = 128 };

static void start(struct job *job);

const struct command command_new = {
    .name = "new",
    .words = "PERSON... [--title TITLE]",
    .help = "begin a conversation with contacts",
    .text =
        "Begins a conversation with one or several people, and prints its number, by which other\n"
        "commands know it. PERSON is a contact, or a member of another conversation, who becomes\n"
        "a contact by it. TITLE, up to 64 bytes, is seen by all its members. With a single "
        "contact\n"
        "there is no need: `sotto send` and `sotto chat` begin a conversation by themselves.",
    .options = OPTION_TITLE,
    .words_min = 1,
    .words_max = PEOPLE_MAX,
    .start = start,
};

static void done(struct job *job, const struct core_notice *n) {
    struct core_conversation c;
    struct line l = {0};
    err e = n->error;
    if (e == OK)
        e = core_conversation_get(job_core(job), n->conversation, &c);
    if (e != OK) {
        job_fail(job, "the conversation could not be made", e, n->reason);
        return;
    }
    if (job->out.json) {
        show_conversation(job, &c);
    } else {
        line_add(&l, "%u", (unsigned)c.number);
        line_end(&l, &job->out, OUT_NORMAL);
    }
    job_end(job, EXIT_FINE);
}

static void start(struct job *job) {
    uint8_t accounts[PEOPLE_MAX][CORE_ACCOUNT];
    struct core_contact contact;
    uint64_t command;
    uint32_t number;
    slice title = job->args.title != NULL ? slice_str(job->args.title) : SLICE_EMPTY;
    for (size_t i = 0; i < job->args.word_count; i++) {
        if (!find_contact(job, job->args.words[i], &contact))
            return;
        memcpy(accounts[i], contact.account, CORE_ACCOUNT);
    }
    err e = core_conversation_new(job_core(job), title, (const uint8_t(*)[CORE_ACCOUNT])accounts,
                                  job->args.word_count, host_now(), &command, &number);
    if (e == ERR_REPEAT)
        job_fail_text(job, e, EXIT_USAGE, "somebody is named twice");
    else if (e == ERR_DENIED)
        job_fail_text(job, e, EXIT_REFUSED,
                      "you have blocked one of them: `sotto unblock` comes first");
    else if (e == OK)
        job_await(job, command, done);
    else if (!job_refuse_name(job, e))
        job_fail(job, "the conversation could not be made", e, 0);
}
