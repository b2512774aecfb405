#include "term/explain.h"
#include "term/find.h"
#include "term/show.h"
#include "term/command.h"

static void start(struct job *job);

const struct command command_status = {
    .name = "status",
    .words = "[CONVERSATION] [--offline]",
    .help = "account, connection, conversations, what waits",
    .text =
        "Shows the account, the connection, your conversations with their numbers, what waits to "
        "be\n"
        "sent, and what was put aside and why. With CONVERSATION (a number, a title, or a "
        "contact):\n"
        "that one alone, and its members. One without a title is called as the other person is.\n"
        "--offline: without connecting.",
    .options = OPTION_OFFLINE,
    .words_max = 1,
    .start = start,
};

static const char *connection(const struct core_status *s, bool offline) {
    if (offline && s->auth == CORE_LINK_OFF)
        return "not asked for";
    if (s->replaced)
        return "taken over by another process";
    bool sends = s->anon == CORE_LINK_READY || s->anon == CORE_LINK_OFF;
    return s->auth == CORE_LINK_READY && sends ? "ready" : "away";
}

static void object(struct job *job, const struct core_status *s) {
    struct line l = {0};
    struct core_network network;
    line_object(&l, "status");
    line_hex(&l, "account", SLICE_ARRAY(s->account));
    line_hex(&l, "device", SLICE_ARRAY(s->device));
    line_hex(&l, "identity", SLICE_ARRAY(s->identity));
    line_hex(&l, "server_identity", SLICE_ARRAY(s->server_identity));
    line_str(&l, "name", s->name);
    line_str(&l, "server", s->server);
    line_num(&l, "suite", s->suite);
    line_bool(&l, "registered", s->registered);
    core_network_get(job_core(job), &network);
    line_str(&l, "proxy", network.proxy);
    line_bool(&l, "isolated", network.isolates);
    line_str(&l, "connection", slice_str(connection(s, job->args.offline)));
    line_str(&l, "last_error", slice_str(err_name(s->last_error)));
    line_bool(&l, "caught_up", s->caught_up);
    line_num(&l, "contacts", s->contacts);
    line_num(&l, "conversations", s->conversations);
    line_num(&l, "requests", s->requests);
    line_num(&l, "blocked", s->blocked);
    line_num(&l, "outbox", s->outbox);
    line_num(&l, "waiting", s->waiting);
    line_num(&l, "quarantined", s->quarantined);
    line_num(&l, "dropped", s->dropped);
    line_num(&l, "repeats", s->repeats);
    line_num(&l, "gaps", s->gaps);
    line_num(&l, "position", s->position);
    line_num(&l, "addresses", s->addresses);
    line_num(&l, "notices", s->notices);
    line_bool(&l, "desk_changed", s->desk_changed);
    line_object_end(&l);
    line_end(&l, &job->out, OUT_NORMAL);
}

static void sentences(struct job *job, const struct core_status *s) {
    struct line l = {0};
    struct core_network network;
    core_network_get(job_core(job), &network);
    line_add(&l, "account:     ");
    if (s->name.n > 0) {
        line_text(&l, s->name);
        line_add(&l, ", ");
    }
    for (size_t i = 0; i < CORE_ACCOUNT; i++)
        line_add(&l, "%02x", s->account[i]);
    line_add(&l, "%s\nserver:      ", s->registered ? "" : " (not yet known to the server)");
    line_text(&l, s->server);
    if (network.proxy.n > 0) {
        line_add(&l, "\nproxy:       ");
        line_text(&l, network.proxy);
    }
    line_add(&l, "\nconnection:  %s", connection(s, job->args.offline));
    if (s->last_error != OK && s->auth != CORE_LINK_READY) {
        line_add(&l, " (");
        explain_way(&l, s);
        line_add(&l, ")");
    }
    line_add(&l,
             "\nto be sent:  %u\nwaiting:     %u, for something that comes first\nput aside:   %u",
             (unsigned)s->outbox, (unsigned)s->waiting, (unsigned)s->quarantined);
    if (s->gaps > 0)
        line_add(&l, "\nlost:        %llu items that the mailbox could not keep",
                 (unsigned long long)s->gaps);
    line_add(&l, "\ncontacts:    %u\nconversations: %u", (unsigned)s->contacts,
             (unsigned)(s->conversations - s->requests));
    if (s->requests > 0)
        line_add(&l, "\nrequests:    %u: `sotto requests`", (unsigned)s->requests);
    if (s->notices > 0)
        line_add(&l, "\nnotices:     %u from the server's request desk: `sotto read`",
                 (unsigned)s->notices);
    if (s->desk_changed)
        line_add(&l, "\nnotice key:  the server names another one: `sotto desk`");
    line_end(&l, &job->out, OUT_NORMAL);
}

static err show_one(struct job *job, const struct core_conversation *c) {
    show_conversation(job, c);
    TRY(show_each_member(job, c->number));
    return c->quarantined > 0 ? show_quarantine_of(job, c->number) : OK;
}

static err show_all(struct job *job) {
    struct core_status s;
    struct core_conversation c;
    core_status_get(job_core(job), &s);
    if (job->out.json)
        object(job, &s);
    else
        sentences(job, &s);
    for (size_t i = 0; core_conversation_at(job_core(job), i, &c) == OK; i++)
        show_conversation(job, &c);
    return show_quarantine(job);
}

static void show(struct job *job) {
    struct core_conversation c;
    bool one = job->args.word_count > 0;
    if (one && !find_conversation(job, job->args.words[0], &c))
        return;
    err e = one ? show_one(job, &c) : show_all(job);
    if (e != OK) {
        job_fail(job, "could not show it", e, 0);
        return;
    }
    job_end_fetched(job);
}

static void start(struct job *job) {
    job_fetch(job, show);
}
