#include "base/text.h"
#include "host/files.h"
#include "term/find.h"
#include "term/show.h"
#include "term/command.h"
#include "term/transfer.h"

static void start(struct job *job);
static void notice(struct job *job, const struct core_notice *n);

const struct command command_send = {
    .name = "send",
    .words = "CONVERSATION [--file PATH] [--reply NUMBER] [TEXT...|-]",
    .help = "send a message, or a file",
    .text =
        "Sends TEXT; without it, or where it is -, what comes on the standard input: UTF-8, up to\n"
        "262144 bytes. It ends when the server has it for every member. CONVERSATION is a number,\n"
        "a title, or a contact; a contact with whom there is no conversation gets one. If none\n"
        "fits, it is what somebody who wrote to you calls itself. If the server is away the\n"
        "message is kept, and goes out when sotto next reaches it.\n\n"
        "--file sends a file of up to 2 GiB, with TEXT or without. What is cut off goes on with\n"
        "the next sotto command on this home that runs long enough, or with the same command; the\n"
        "file has to stay as it is until it is sent, and to move it away ends the attempt.\n\n"
        "--reply: it answers the message of this number, as `sotto read` shows it with --numbers.",
    .options = OPTION_FILE | OPTION_PROGRESS | OPTION_REPLY,
    .words_min = 1,
    .words_max = WORDS_ANY,
    .start = start,
    .notice = notice,
};

struct sending {
    uint32_t conversation;
    uint64_t message, upload;
};

struct recipient {
    struct job *job;
    struct line *line;
    slice text;
};

static bool recipient(void *ctx, const struct core_member *m) {
    const struct recipient *r = ctx;
    if (m->us || !slice_equal(m->name, r->text) || show_is_named(r->job, m->account))
        return true;
    line_add(r->line, " To ");
    show_person(r->line, r->job, m->name, m->account);
    line_add(r->line, ", who calls itself so.");
    return false;
}

/* A conversation whose others have all left goes on, with nobody to hear. */
static void add_alone(struct job *job, struct line *l) {
    const struct sending *s = job->state;
    struct core_conversation c;
    if (core_conversation_get(job_core(job), s->conversation, &c) == OK &&
        c.state == CORE_CONVERSATION_ACTIVE && c.members == 1)
        line_add(l, " Nobody else is in this conversation any more.");
}

/* The server took it for them like for anybody. */
static void add_unheard(struct job *job, struct line *l) {
    const struct sending *s = job->state;
    uint32_t count = show_unheard(job, s->conversation);
    if (count > 0)
        line_add(l,
                 " Nothing was heard yet from %u of the devices there: they have not accepted, or "
                 "are not reached (`sotto status`).",
                 (unsigned)count);
}

/* Whoever was found by a name of its own choice is shown. */
static void add_recipient(struct job *job, struct line *l) {
    const struct sending *s = job->state;
    struct recipient r = {job, l, slice_str(job->args.words[0])};
    struct core_conversation c;
    if (core_conversation_get(job_core(job), s->conversation, &c) == OK &&
        !slice_equal(c.name, r.text) &&
        core_members(job_core(job), s->conversation, recipient, &r) != OK)
        line_add(l, " (its members can't be shown)");
}

static void file_failed(struct job *job, err e, uint16_t reason) {
    static const struct {
        err e;
        const char *text;
    } texts[] = {
        {ERR_NOT_FOUND, "there is no such file (any more)"},
        {ERR_MALFORMED,
         "only a plain file can be sent, with a name and a text of visible characters"},
        {ERR_TOO_LARGE, "it is too large: a file has up to 2 GiB, its name 255 bytes"},
        {ERR_CHANGED, "the file was changed while it was sent, so nothing was sent. Send it again"},
        {ERR_LIMIT, "too many files are being sent. Wait until one is through"},
    };
    struct line l = {0};
    const char *text = reason == 0 && e == ERR_DENIED ? "this user may not read it" : NULL;
    for (size_t i = 0; reason == 0 && i < sizeof texts / sizeof texts[0]; i++)
        if (texts[i].e == e)
            text = texts[i].text;
    line_text(&l, slice_str(job->args.file));
    if (text == NULL)
        job_fail(job, "the file could not be sent", e, reason);
    else if (l.json.e == OK && buf_append_byte(&l.json.b, 0) == OK)
        job_fail_text(job, e, EXIT_FAILED, "%s: %s", (const char *)l.json.b.p, text);
    buf_free(&l.json.b);
}

static void done(struct job *job, const struct core_notice *n) {
    struct sending *s = job->state;
    struct line l = {0};
    if (s->upload != 0) {
        transfer_clear(job);
        s->message = n->message;
    }
    if (n->error != OK && s->upload != 0) {
        file_failed(job, n->error, n->reason);
        return;
    }
    if (n->error != OK) {
        job_fail(job, "the message could not be sent", n->error, n->reason);
        return;
    }
    if (job->out.json) {
        show_sent(&l, job, n, s->message);
        line_object_end(&l);
    } else {
        line_add(&l, "Sent.");
        add_recipient(job, &l);
        add_alone(job, &l);
        add_unheard(job, &l);
        if (n->refused > 0)
            line_add(&l, " %u of the mailboxes took no copy (full, or given up by their owners).",
                     (unsigned)n->refused);
    }
    line_end(&l, &job->out, OUT_NORMAL);
    job_end(job, n->refused > 0 ? EXIT_PARTLY : EXIT_FINE);
}

/* What does not go out however long we wait. */
static void look_held(struct job *job, uint32_t conversation) {
    struct core_conversation c;
    if (job->over || core_conversation_get(job_core(job), conversation, &c) != OK)
        return;
    if (c.behind)
        job_fail_text(job, ERR_AGAIN, EXIT_HELD,
                      "the others have gone on, and the change that leads to them never came here. "
                      "The message is kept: give a member of the conversation a new link of yours "
                      "(`sotto invite`), and ask them to take it, to remove you and to add you "
                      "again; then it goes out");
    else if (c.refused > 0)
        job_fail_text(job, ERR_FULL, EXIT_HELD,
                      "the mailboxes of all the others are full. The message is kept, and goes out "
                      "when one of them has fetched what is there");
}

/* A conversation that could not be made takes its messages with it. Other commands may fail in it
 * and are no concern of this one. */
static void notice(struct job *job, const struct core_notice *n) {
    const struct sending *s = job->state;
    if (s != NULL && s->upload != 0 && n->kind == CORE_NOTICE_PROGRESS && n->command == s->upload &&
        !transfer_progress(job, n, "sending"))
        return;
    if (s != NULL && n->kind == CORE_NOTICE_CONVERSATION && n->conversation == s->conversation)
        look_held(job, s->conversation);
    struct core_conversation c;
    if (s != NULL && n->kind == CORE_NOTICE_DONE && n->error != OK &&
        n->conversation == s->conversation && n->command != job->awaited &&
        core_conversation_get(job_core(job), n->conversation, &c) == OK &&
        c.state == CORE_CONVERSATION_FAILED)
        job_fail(job, "the conversation could not be made", n->error, n->reason);
}

static const char *type_of(const char *path) {
    static const char *const types[][2] = {
        {".jpg", "image/jpeg"}, {".jpeg", "image/jpeg"}, {".png", "image/png"},
        {".gif", "image/gif"},  {".webp", "image/webp"}, {".pdf", "application/pdf"},
        {".txt", "text/plain"}, {".mp3", "audio/mpeg"},  {".ogg", "audio/ogg"},
        {".mp4", "video/mp4"},  {".webm", "video/webm"}, {".zip", "application/zip"},
    };
    const char *dot = strrchr(path, '.');
    for (size_t i = 0; dot != NULL && i < sizeof types / sizeof types[0]; i++)
        if (strcmp(dot, types[i][0]) == 0)
            return types[i][1];
    return "application/octet-stream";
}

static err send_file(struct job *job, slice text, const uint8_t *reply, uint64_t *command) {
    struct sending *s = job->state;
    const char *path = job->args.file, *slash = strrchr(path, '/');
    struct core_file_sending file = {.name = slice_str(slash == NULL ? path : slash + 1),
                                     .type = slice_str(type_of(path)),
                                     .text = text,
                                     .in_reply_to = reply};
    TRY(host_files_send(host_files(job_host(job)), s->conversation, path, &file, host_now(),
                        command));
    s->upload = *command;
    return OK;
}

/* *reply: NULL if it answers none. False: there is no such message, and the job has said so. */
static bool find_reply(struct job *job, uint32_t conversation, struct found_message *m,
                       const uint8_t **reply) {
    struct core_conversation c;
    char number[DECIMAL_TEXT];
    *reply = NULL;
    if (!job->args.has_reply)
        return true;
    decimal_text(job->args.reply, number);
    if (core_conversation_get(job_core(job), conversation, &c) != OK ||
        !find_message(job, &c, number, m))
        return false;
    *reply = m->id;
    return true;
}

static void start(struct job *job) {
    struct sending *s = job_state(job, sizeof *s);
    struct found_message m;
    const uint8_t *reply;
    buf text = {0};
    uint64_t command;
    err e = args_join(&job->args, 1, &text);
    if (s == NULL || !find_or_make_conversation(job, job->args.words[0], &s->conversation) ||
        !find_reply(job, s->conversation, &m, &reply)) {
        buf_free(&text);
        return;
    }
    bool file = job->args.file != NULL;
    if (e == OK && file)
        e = send_file(job, buf_slice(&text), reply, &command);
    else if (e == OK)
        e = core_send_text(job_core(job), s->conversation, CORE_TEXT_PLAIN, buf_slice(&text), reply,
                           host_now(), &command, &s->message);
    buf_free(&text);
    if (e == OK) {
        job_await(job, command, done);
        look_held(job, s->conversation);
    } else if (file && e != ERR_STATE) {
        file_failed(job, e, 0);
    } else if (e == ERR_MALFORMED) {
        job_fail_text(
            job, e, EXIT_USAGE,
            "that is not text: a message is UTF-8, not empty, without control characters");
    } else if (e == ERR_STATE) {
        find_tell_state(job, "not sent", s->conversation);
    } else if (e == ERR_TOO_LARGE) {
        job_fail_text(job, e, EXIT_USAGE, "a message has up to 262144 bytes");
    } else {
        job_fail(job, "the message could not be sent", e, 0);
    }
}
