#include <stdio.h>

#include "base/text.h"
#include "host/files.h"
#include "term/command.h"
#include "term/find.h"
#include "term/transfer.h"

static void start(struct job *job);
static void notice(struct job *job, const struct core_notice *n);
static void over(struct job *job);

const struct command command_save = {
    .name = "save",
    .words = "CONVERSATION NUMBER [--to PATH] [--force]",
    .help = "save a file that was sent",
    .text =
        "Fetches the file of message NUMBER, as `sotto read` shows it, and saves it in this "
        "folder\n"
        "under its own name, or as --to says: another folder, or a name. Nothing is overwritten\n"
        "without --force. What was cut off goes on where it was when it is asked for again: until "
        "it\n"
        "is whole it is in a hidden file beside, whose name ends in .part. Only what is exactly "
        "what\n"
        "was sent is saved. Files are at the server for some weeks.",
    .options = OPTION_TO | OPTION_FORCE | OPTION_PROGRESS,
    .flags = COMMAND_ASKS,
    .words_min = 2,
    .words_max = 2,
    .start = start,
    .notice = notice,
    .over = over,
};

struct saving {
    uint64_t command, size;
    struct core_conversation c;
    uint64_t number;
    bool found;
    uint8_t id[CORE_MESSAGE_ID];
    buf name;                  /* fit for a folder */
    char path[HOST_FILE_PATH]; /* where it goes */
};

static bool take_message(void *ctx, const struct core_message *m) {
    struct saving *s = ctx;
    s->found = m->has_file;
    s->size = m->file.size;
    memcpy(s->id, m->id, sizeof s->id);
    return m->has_file && transfer_file_name(&s->name, m->file.name) == OK;
}

/* --to may be a folder, or the name itself. */
static bool choose_path(struct job *job) {
    struct saving *s = job->state;
    bool folder = host_is_directory(job->args.to);
    int n = snprintf(s->path, sizeof s->path, folder ? "%s/%.*s" : "%s", job->args.to,
                     (int)s->name.n, (const char *)s->name.p);
    if (n > 0 && (size_t)n < sizeof s->path)
        return true;
    job_fail_text(job, ERR_TOO_LARGE, EXIT_USAGE, "that path is too long");
    return false;
}

static void fail_path(struct job *job, err e, const char *text) {
    const struct saving *s = job->state;
    struct line l = {0};
    line_text(&l, slice_str(s->path));
    if (l.json.e == OK && buf_append_byte(&l.json.b, 0) == OK)
        job_fail_text(job, e, EXIT_FAILED, "%s: %s", (const char *)l.json.b.p, text);
    buf_free(&l.json.b);
}

static void failed(struct job *job, err e, uint16_t reason) {
    if (e == ERR_EXISTS)
        fail_path(job, e,
                  "there is a file of this name already. --force replaces it, and --to saves "
                  "under another name");
    else if (e == ERR_DENIED && reason == 0)
        fail_path(job, e, "this user may not write there. --to names another place");
    else if (e == ERR_MALFORMED)
        fail_path(
            job, e,
            "what is there already under the hidden name that ends in .part is no plain file of "
            "yours alone. Remove it, or save to another place with --to");
    else if (e == ERR_BUSY)
        fail_path(job, e, "it is being saved already");
    else if (e == ERR_TOO_LARGE)
        fail_path(job, e, "the file, or the path, is too large");
    else if (e == ERR_CRYPTO)
        job_fail_text(
            job, e, EXIT_REFUSED,
            "what the server has is not what was sent, and was not saved. Ask for it to be "
            "sent again");
    else if (reason != 0 && strcmp(host_reason_name(reason), "NONE") == 0)
        job_fail_text(job, e, EXIT_FAILED,
                      "the server has this file no more: it has expired. Ask for it to be sent "
                      "again");
    else
        job_fail(job, "the file could not be saved", e, reason);
}

static void done(struct job *job, const struct core_notice *n) {
    struct saving *s = job->state;
    s->command = 0;
    transfer_clear(job);
    if (n->error != OK) {
        failed(job, n->error, n->reason);
        return;
    }
    transfer_saved(job, s->c.number, s->number, s->path, s->size);
    job_end(job, EXIT_FINE);
}

static void fetched(struct job *job) {
    struct saving *s = job->state;
    if (!find_conversation(job, job->args.words[0], &s->c))
        return;
    err e = core_messages(job_core(job), s->c.number, s->number, s->number, take_message, s);
    if (e == OK && (!s->found || s->name.n == 0)) {
        job_fail_text(job, ERR_NOT_FOUND, EXIT_UNKNOWN,
                      "message %llu is not there, or names no file. `sotto read` shows the numbers "
                      "of those that do",
                      (unsigned long long)s->number);
        return;
    }
    if (e == OK && !choose_path(job))
        return;
    if (e == OK)
        e = host_files_fetch(host_files(job_host(job)), s->c.number, s->number, s->id, s->path,
                             job->args.force, true, host_now(), &s->command);
    if (e != OK) {
        failed(job, e, 0);
        return;
    }
    job_time_limit(job, job->args.timeout);
    job_await(job, s->command, done);
}

static void notice(struct job *job, const struct core_notice *n) {
    const struct saving *s = job->state;
    if (s != NULL && s->command != 0 && n->kind == CORE_NOTICE_PROGRESS && n->command == s->command)
        (void)transfer_progress(job, n, "saving");
}

static void start(struct job *job) {
    struct saving *s = job_state(job, sizeof *s);
    if (s == NULL)
        return;
    if (decimal_decode(slice_str(job->args.words[1]), UINT32_MAX, &s->number) != OK ||
        job->args.to == NULL) {
        job_fail_text(job, ERR_MALFORMED, EXIT_USAGE,
                      "the second word is the number of a message, as `sotto read` shows it");
        return;
    }
    /* What was read already needs no mailbox. */
    fetched(job);
}

static void over(struct job *job) {
    struct saving *s = job->state;
    if (s == NULL)
        return;
    if (s->command != 0)
        (void)!core_file_cancel(job_core(job), s->command, host_now());
    buf_free(&s->name);
}
