#include "host/terminal.h"
#include "term/command.h"
#include "term/explain.h"
#include "term/qr.h"

static void start(struct job *job);
static void notice(struct job *job, const struct core_notice *n);
static void over(struct job *job);

const struct command command_link = {
    .name = "link",
    .words = "[SERVER [--yes] | --code CODE]",
    .help = "use the account on another device, too",
    .text =
        "On the new device: `sotto link SERVER` shows a code and waits for a minute. SERVER is\n"
        "HOST:PORT, or any link of the account's server. On the device that has the identity's\n"
        "key: `sotto link --code CODE` takes it. Both show the same eight digits: compare them,\n"
        "and answer yes on both only if they are the same and you hold both devices. If somebody\n"
        "sends you a code, it is theirs: taking it would give them your account. --yes answers on\n"
        "the new device beforehand: then whoever stands in between can make it theirs, but not\n"
        "get into your account. Without anything: shows what to type on the new device. Contacts\n"
        "and the newest of each conversation come over, encrypted end to end; `sotto unlink`\n"
        "signs the device off again.",
    .options = OPTION_CODE | OPTION_YES,
    .flags = COMMAND_MAKES_HOME | COMMAND_ALONE,
    .words_max = 1,
    .start = start,
    .notice = notice,
    .over = over,
};

enum { INPUT = 0, LINK_SECONDS = 240, REST_SECONDS = 300, ANSWER_MAX = 64 };

struct linking {
    struct host_input input;
    enum core_linking_state state; /* that was shown last */
    bool synced;
    uint64_t parts;
    uint32_t left;
    char answer[ANSWER_MAX];
    size_t answered;
};

/* ---- What is shown ---- */

static void object(struct line *l, const char *state) {
    line_object(l, "linking");
    line_str(l, "state", slice_str(state));
}

static void print(struct job *job, struct line *l) {
    if (job->out.json)
        line_object_end(l);
    line_end(l, &job->out, OUT_NORMAL);
}

static void show_code(struct job *job, const struct core_linking *now) {
    struct line l = {0};
    if (job->out.json) {
        object(&l, "code");
        line_str(&l, "code", now->code);
    } else {
        line_text(&l, now->code);
        line_add(&l,
                 "\nGive this code to the device that has your identity's key, within a minute:\n"
                 "    sotto link --code CODE");
    }
    print(job, &l);
}

static void show_digits(struct job *job, const struct core_linking *now) {
    struct line l = {0};
    if (job->out.json) {
        object(&l, "digits");
        line_str(&l, "digits", slice_str(now->digits));
    } else {
        line_add(&l, "%.4s %.4s\n%s", now->digits, now->digits + 4,
                 now->is_new
                     ? "Does the device that has your identity's key show the same digits? Type "
                       "yes, here and there:"
                     : "Does the new device, in your hands, show the same digits? Type yes, here "
                       "and there:");
    }
    print(job, &l);
}

static void show_step(struct job *job, const char *state, const char *text) {
    struct line l = {0};
    if (job->out.json)
        object(&l, state);
    else
        line_add(&l, "%s", text);
    print(job, &l);
}

static void show_part(struct job *job, const char *state, const char *text, uint64_t part,
                      uint64_t parts) {
    struct line l = {0};
    if (job->out.json) {
        object(&l, state);
        line_num(&l, "part", part);
        line_num(&l, "parts", parts);
    } else {
        line_add(&l, "%s: %llu of %llu", text, (unsigned long long)part, (unsigned long long)parts);
    }
    print(job, &l);
}

/* ---- The answer to the digits ---- */

static void confirm(struct job *job, bool same) {
    err e = core_device_link_confirm(job_core(job), same, host_now());
    if (e != OK && e != ERR_STATE)
        job_fail(job, "not linked", e, 0);
}

static void answer(struct job *job) {
    struct linking *s = job->state;
    slice text = slice_of(s->answer, s->answered);
    host_input_stop(&s->input);
    confirm(job, slice_equal(text, slice_str("yes")) || slice_equal(text, slice_str("y")));
}

static void on_input(void *ctx, slice bytes) {
    struct job *job = ctx;
    struct linking *s = job->state;
    bool ends = bytes.n == 0;
    for (size_t i = 0; i < bytes.n && !ends; i++) {
        ends = bytes.p[i] == '\n';
        if (!ends && bytes.p[i] != '\r' && s->answered < ANSWER_MAX)
            s->answer[s->answered++] = (char)bytes.p[i];
    }
    if (ends)
        answer(job);
    host_drain(job_host(job));
}

static void ask(struct job *job) {
    struct linking *s = job->state;
    if (job->args.yes) {
        confirm(job, true);
        return;
    }
    err e = host_input_start(&s->input, job_loop(job), INPUT, on_input, job);
    if (e != OK)
        job_fail(job, "could not ask", e, 0);
}

/* ---- Afterwards: what comes over ---- */

static void finished(struct job *job) {
    show_step(job, "finished", "Linked.");
    job_end(job, EXIT_FINE);
}

/* The new device has the rest once each part is here and each conversation let it in. */
static void look_new(struct job *job) {
    struct linking *s = job->state;
    struct core_status status;
    core_status_get(job_core(job), &status);
    if (s->synced && status.conversations >= s->parts && status.waiting == 0)
        finished(job);
}

/* The other has once nothing of it waits to be sent. */
static void look_holder(struct job *job) {
    struct linking *s = job->state;
    struct core_status status;
    core_status_get(job_core(job), &status);
    if (!status.unsettled && status.caught_up)
        finished(job);
    else if (status.outbox != s->left && status.outbox > 0)
        show_part(job, "sending", "to be sent", status.outbox, status.outbox);
    s->left = status.outbox;
}

static void look(struct job *job) {
    if (job->args.code != NULL)
        look_holder(job);
    else
        look_new(job);
}

/* ---- Notices ---- */

static void explain(struct job *job, const struct core_notice *n) {
    bool none = n->reason != 0 && strcmp(host_reason_name(n->reason), "NONE") == 0;
    if (n->error == ERR_TIMEOUT && job->args.code == NULL)
        job_fail_text(job, n->error, EXIT_AWAY, "nobody took the code in time. Try again");
    else if (n->error == ERR_TIMEOUT)
        job_fail_text(job, n->error, EXIT_AWAY,
                      "the new device did not answer in time. If `sotto devices` lists it, sign it "
                      "off with `sotto unlink`, and try again");
    else if (none)
        job_fail_text(job, n->error, EXIT_REFUSED,
                      "this code is over, was used, or is of another server. Codes live for a "
                      "minute: let the new device make another");
    else if (n->error == ERR_CRYPTO || n->error == ERR_SIGNATURE)
        job_fail_text(job, n->error, EXIT_REFUSED,
                      "what came does not fit the code: somebody may stand in between. Nothing was "
                      "linked");
    else if (n->error == ERR_DENIED && n->reason == 0)
        job_fail_text(job, n->error, EXIT_REFUSED, "not linked: the digits were not confirmed");
    else
        job_fail(job, "not linked", n->error, n->reason);
}

static void done(struct job *job, const struct core_notice *n) {
    if (n->error != OK) {
        explain(job, n);
        return;
    }
    job_time_limit(job, REST_SECONDS);
    job_look(job, look);
}

static void show(struct job *job) {
    struct linking *s = job->state;
    struct core_linking now;
    core_linking_get(job_core(job), &now);
    if (now.state == s->state)
        return;
    s->state = now.state;
    if (now.state == CORE_LINKING_CODE)
        show_code(job, &now);
    else if (now.state == CORE_LINKING_DIGITS)
        show_digits(job, &now);
    else if (now.state == CORE_LINKING_JOINING)
        show_step(job, "joining", "Confirmed. This device comes to the server.");
    if (now.state == CORE_LINKING_DIGITS)
        ask(job);
}

static void notice(struct job *job, const struct core_notice *n) {
    struct linking *s = job->state;
    if (s == NULL)
        return;
    if (n->kind == CORE_NOTICE_LINKING)
        show(job);
    if (n->kind == CORE_NOTICE_SYNCED) {
        s->parts = n->message;
        s->synced = n->count == n->message;
        show_part(job, "history", "contacts and conversations", n->count, n->message);
    }
}

static void over(struct job *job) {
    struct linking *s = job->state;
    if (s != NULL)
        host_input_stop(&s->input);
}

/* ---- The command ---- */

/* With an account, and nothing said: how it is done. */
static void tell_how(struct job *job) {
    buf server = {0};
    struct line l = {0};
    err e = core_server_link(job_core(job), &server);
    if (e != OK) {
        job_fail_text(job, e, EXIT_USAGE,
                      "on a new device: sotto link SERVER, with HOST:PORT or any link of the "
                      "account's server");
        return;
    }
    if (job->out.json) {
        object(&l, "server");
        line_str(&l, "server", buf_slice(&server));
    } else {
        line_add(&l, "On the new device:\n    sotto link ");
        line_text(&l, buf_slice(&server));
        line_add(&l, "\nand then here, with the code that it shows:\n    sotto link --code CODE");
    }
    print(job, &l);
    buf_free(&server);
    job_end(job, EXIT_FINE);
}

static err begin(struct job *job, uint64_t *command) {
    if (job->args.code != NULL)
        return core_device_link_take(job_core(job), slice_str(job->args.code), host_now(), command);
    return core_device_link(job_core(job), slice_str(job->args.words[0]), host_now(), command);
}

static void start(struct job *job) {
    uint64_t command;
    if (job->args.code == NULL && job->args.word_count == 0) {
        tell_how(job);
        return;
    }
    if (job->args.code != NULL && job->args.yes) {
        job_fail_text(job, ERR_DENIED, EXIT_USAGE,
                      "--yes is for the new device alone: here somebody has to compare the digits");
        return;
    }
    if (job_state(job, sizeof(struct linking)) == NULL)
        return;
    job_time_limit(job, LINK_SECONDS);
    err e = begin(job, &command);
    if (e == OK)
        job_await(job, command, done);
    else if (e == ERR_DENIED)
        job_fail_text(job, e, EXIT_REFUSED,
                      "the identity's key is not on this device: take the code on the one that has "
                      "it (`sotto devices`)");
    else if (e == ERR_EXISTS)
        job_fail_text(job, e, EXIT_FAILED,
                      "there is an account in this home already; for another one use --home DIR");
    else if (err_class(e) == ERR_CLASS_BAD && e != ERR_STATE)
        job_fail_text(
            job, e, EXIT_USAGE,
            job->args.code != NULL
                ? "that is no code (sotto:link:...). Copy it as a whole, in quotation marks"
                : "that is no server: HOST:PORT, or a link of the account's server");
    else
        job_fail(job, "not linked", e, 0);
}
