#include "term/show.h"

#include <stdio.h>

#include "base/text.h"
#include "host/terminal.h"
#include "term/command.h"
#include "term/transfer.h"

/* What is printed at a time: far below what may wait for a caller of the control socket. */
enum { PORTION = 1024 * 1024 };

/* ---- People ---- */

/* What stands around a name, and so may not stand in one that its bearer chose. */
static const char name_marks[] = ":,?()[]";

bool show_is_named(struct job *job, const uint8_t account[CORE_ACCOUNT]) {
    struct core_contact contact;
    return core_contact_get(job_core(job), account, &contact) == OK && contact.petname.n > 0;
}

static bool is_us(struct job *job, const uint8_t account[CORE_ACCOUNT]) {
    struct core_status status;
    core_status_get(job_core(job), &status);
    return memcmp(status.account, account, CORE_ACCOUNT) == 0;
}

static void short_id(struct line *l, const uint8_t account[CORE_ACCOUNT]) {
    line_add(l, "%02x%02x%02x%02x", account[0], account[1], account[2], account[3]);
}

/* Only a petname stands alone: whatever somebody calls itself could be anybody's name. */
void show_person(struct line *l, struct job *job, slice name, const uint8_t account[CORE_ACCOUNT]) {
    if (is_us(job, account)) {
        line_add(l, "you");
    } else if (name.n == 0) {
        short_id(l, account);
    } else if (show_is_named(job, account)) {
        line_text(l, name);
    } else {
        line_name(l, name, name_marks);
        line_add(l, "? (");
        short_id(l, account);
        line_add(l, ")");
    }
}

void show_span(struct line *l, uint64_t seconds) {
    static const struct {
        uint64_t seconds;
        const char *one, *many;
    } units[] = {{604800, "a week", "weeks"},
                 {86400, "a day", "days"},
                 {3600, "an hour", "hours"},
                 {60, "a minute", "minutes"},
                 {1, "a second", "seconds"}};
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (seconds % units[i].seconds != 0)
            continue;
        if (seconds == units[i].seconds)
            line_add(l, "%s", units[i].one);
        else
            line_add(l, "%llu %s", (unsigned long long)(seconds / units[i].seconds), units[i].many);
        return;
    }
}

void show_contact(struct job *job, const struct core_contact *contact) {
    struct line l = {0};
    bool named = contact->petname.n > 0;
    if (job->out.json) {
        line_object(&l, "contact");
        line_hex(&l, "account", SLICE_ARRAY(contact->account));
        line_str(&l, "name", named ? contact->petname : contact->name);
        line_bool(&l, "named", named);
        line_str(&l, "petname", contact->petname);
        line_str(&l, "own_name", contact->name);
        line_hex(&l, "identity", SLICE_ARRAY(contact->identity));
        line_num(&l, "devices", contact->devices);
        line_bool(&l, "verified", contact->verified);
        line_object_end(&l);
    } else {
        short_id(&l, contact->account);
        line_add(&l, named ? "  " : "");
        line_text(&l, contact->petname);
        if (contact->name.n > 0 && !slice_equal(contact->petname, contact->name)) {
            line_add(&l, " (calls itself ");
            line_name(&l, contact->name, name_marks);
            line_add(&l, ")");
        }
        line_add(&l, "%s", contact->verified ? ", verified" : "");
    }
    line_end(&l, &job->out, OUT_NORMAL);
}

const char *show_picture_kind(slice picture) {
    static const char *const names[] = {"", "PNG", "JPEG", "WebP"};
    return names[core_picture_kind(picture)];
}

void show_blocked(struct job *job, const uint8_t account[CORE_ACCOUNT]) {
    struct core_blocked b = {0};
    struct line l = {0};
    char when[HOST_TIME];
    for (size_t i = 0; core_blocked_at(job_core(job), i, &b) == OK; i++)
        if (memcmp(b.account, account, CORE_ACCOUNT) == 0)
            break;
    if (job->out.json) {
        line_object(&l, "blocked");
        line_hex(&l, "account", SLICE_ARRAY(b.account));
        line_str(&l, "name", b.name);
        line_bool(&l, "named", show_is_named(job, b.account));
        line_num(&l, "time", b.time);
        line_object_end(&l);
    } else {
        host_time_text(b.time, when);
        short_id(&l, b.account);
        line_add(&l, "  ");
        show_person(&l, job, b.name, b.account);
        line_add(&l, ", blocked since %s", when);
    }
    line_end(&l, &job->out, OUT_NORMAL);
}

struct members {
    struct job *job;
    struct line *line;
    buf seen;
};

/* Each person is shown once, however many devices are members. */
static bool is_seen(const buf *seen, const uint8_t account[CORE_ACCOUNT]) {
    for (size_t i = 0; i + CORE_ACCOUNT <= seen->n; i += CORE_ACCOUNT)
        if (memcmp(seen->p + i, account, CORE_ACCOUNT) == 0)
            return true;
    return false;
}

static bool add_member(void *ctx, const struct core_member *m) {
    struct members *all = ctx;
    if (is_seen(&all->seen, m->account))
        return true;
    line_add(all->line, all->seen.n > 0 ? ", " : "");
    show_person(all->line, all->job, m->name, m->account);
    if (!m->us && !m->contact)
        line_add(all->line, " (not a contact)");
    return buf_append(&all->seen, SLICE_ARRAY(m->account)) == OK;
}

void show_members(struct job *job, uint32_t number) {
    struct line l = {0};
    struct members all = {.job = job, .line = &l};
    err e = core_members(job_core(job), number, add_member, &all);
    if (e != OK)
        line_add(&l, "(%s)", err_text(e));
    buf_free(&all.seen);
    line_end(&l, &job->out, job->out.json ? OUT_TROUBLE : OUT_NORMAL);
}

struct listing {
    struct job *job;
    uint32_t number;
    buf seen;
};

static void member_object(struct line *l, const struct listing *all, const struct core_member *m,
                          bool verified) {
    line_object(l, "member");
    line_num(l, "conversation", all->number);
    line_hex(l, "account", SLICE_ARRAY(m->account));
    line_str(l, "name", m->name);
    line_bool(l, "named", m->us || show_is_named(all->job, m->account));
    line_bool(l, "own", m->us);
    line_bool(l, "contact", m->contact);
    line_bool(l, "verified", verified);
    line_bool(l, "unheard", m->unheard);
    line_bool(l, "administrator", m->admin);
    line_object_end(l);
}

static bool list_member(void *ctx, const struct core_member *m) {
    struct listing *all = ctx;
    struct core_contact contact;
    struct line l = {0};
    if (is_seen(&all->seen, m->account))
        return true;
    bool verified =
        core_contact_get(job_core(all->job), m->account, &contact) == OK && contact.verified;
    if (all->job->out.json) {
        member_object(&l, all, m, verified);
    } else {
        line_add(&l, "     ");
        short_id(&l, m->account);
        line_add(&l, "  ");
        show_person(&l, all->job, m->name, m->account);
        line_add(&l, "%s%s%s%s", m->admin ? ", administrator" : "",
                 m->us || m->contact ? "" : ", not a contact", verified ? ", verified" : "",
                 m->unheard ? ", nothing heard yet" : "");
    }
    line_end(&l, &all->job->out, OUT_NORMAL);
    return buf_append(&all->seen, SLICE_ARRAY(m->account)) == OK;
}

err show_each_member(struct job *job, uint32_t number) {
    struct listing all = {.job = job, .number = number};
    err e = core_members(job_core(job), number, list_member, &all);
    buf_free(&all.seen);
    return e;
}

/* ---- Conversations ---- */

/* What a person is called: the petname, else the own name of a contact or of whoever wrote. */
struct person {
    uint8_t account[CORE_ACCOUNT];
    buf name;
    err e;
};

static bool take_other(void *ctx, const struct core_member *m) {
    struct person *p = ctx;
    if (memcmp(m->account, p->account, CORE_ACCOUNT) != 0)
        return true;
    p->e = buf_append(&p->name, m->name);
    return false;
}

/* False: it is not a conversation with one other person. */
static bool find_other(struct job *job, const struct core_conversation *c, struct person *p) {
    struct core_contact contact;
    *p = (struct person){0};
    if (core_conversation_with(job_core(job), c->number, p->account) != OK)
        return false;
    err e = core_members(job_core(job), c->number, take_other, p);
    if (e == OK && p->e == OK && p->name.n == 0 &&
        core_contact_get(job_core(job), p->account, &contact) == OK)
        p->e = buf_append(&p->name, contact.petname.n > 0 ? contact.petname : contact.name);
    return e == OK && p->e == OK;
}

void show_conversation_name(struct line *l, struct job *job, const struct core_conversation *c) {
    struct person other = {0};
    if (c->name.n > 0)
        line_name(l, c->name, "]");
    else if (find_other(job, c, &other))
        show_person(l, job, buf_slice(&other.name), other.account);
    else
        line_add(l, "conversation %u", (unsigned)c->number);
    buf_free(&other.name);
}

static void person_fields(struct line *l, struct job *job, const char *role, slice name,
                          const uint8_t account[CORE_ACCOUNT]) {
    char field[32];
    line_hex(l, role, slice_of(account, CORE_ACCOUNT));
    snprintf(field, sizeof field, "%s_name", role);
    line_str(l, field, name);
    snprintf(field, sizeof field, "%s_named", role);
    line_bool(l, field, is_us(job, account) || show_is_named(job, account));
}

static void conversation_object(struct line *l, struct job *job,
                                const struct core_conversation *c) {
    struct person other;
    line_object(l, "conversation");
    line_num(l, "conversation", c->number);
    line_str(l, "name", c->name);
    line_bool(l, "named", c->own_name);
    if (find_other(job, c, &other))
        person_fields(l, job, "other", buf_slice(&other.name), other.account);
    buf_free(&other.name);
    line_str(l, "state", slice_str(core_conversation_state_name(c->state)));
    line_hex(l, "group", c->group_id);
    line_num(l, "epoch", c->epoch);
    line_num(l, "devices", c->members);
    line_num(l, "messages", c->messages);
    line_num(l, "read", c->read);
    line_num(l, "timer", c->timer);
    line_bool(l, "muted", c->muted != 0);
    if (c->muted != 0 && c->muted != UINT64_MAX)
        line_num(l, "muted_until", c->muted);
    line_bool(l, "archived", c->archived);
    line_num(l, "outbox", c->outbox);
    line_num(l, "refused", c->refused);
    line_num(l, "waiting", c->waiting);
    line_num(l, "quarantined", c->quarantined);
    line_bool(l, "spoiled", c->spoiled);
    line_bool(l, "behind", c->behind);
    line_num(l, "unheard", c->unheard);
    line_object_end(l);
}

void show_conversation(struct job *job, const struct core_conversation *c) {
    struct line l = {0};
    if (job->out.json) {
        conversation_object(&l, job, c);
        line_end(&l, &job->out, OUT_NORMAL);
        return;
    }
    line_add(&l, "%3u  ", (unsigned)c->number);
    show_conversation_name(&l, job, c);
    if (c->state == CORE_CONVERSATION_ACTIVE)
        line_add(&l, ", %u devices", (unsigned)c->members);
    else
        line_add(&l, ", %s", core_conversation_state_name(c->state));
    if (c->messages > c->read)
        line_add(&l, ", %llu unread", (unsigned long long)(c->messages - c->read));
    if (c->muted != 0)
        line_add(&l, ", muted");
    if (c->archived)
        line_add(&l, ", archived");
    if (c->outbox > 0)
        line_add(&l, ", %u to be sent", (unsigned)c->outbox);
    if (c->refused > 0)
        line_add(&l, " when a mailbox of the others has room");
    if (c->quarantined > 0)
        line_add(&l, ", %u put aside", (unsigned)c->quarantined);
    if (c->spoiled)
        line_add(&l, ", spoiled: make a new one");
    if (c->behind)
        line_add(&l, ", left behind: give a member a new link of yours (`sotto invite`), and ask "
                     "them to remove and to add you; or make a new one");
    if (c->unheard > 0)
        line_add(&l,
                 ", nothing heard yet from %u that were added: they have not accepted, or were not "
                 "reached; if it lasts, take a new link of theirs, remove and add them",
                 (unsigned)c->unheard);
    line_end(&l, &job->out, OUT_NORMAL);
}

/* ---- Requests ---- */

struct asking {
    const struct core_conversation *c;
    uint8_t identity[CORE_IDENTITY];
    buf name, said; /* said: the first that they wrote */
    bool found, wrote;
    err e;
};

static bool take_asker(void *ctx, const struct core_member *m) {
    struct asking *a = ctx;
    if (memcmp(m->account, a->c->inviter, CORE_ACCOUNT) != 0)
        return true;
    memcpy(a->identity, m->identity, CORE_IDENTITY);
    a->found = true;
    a->e = buf_append(&a->name, m->name);
    return false;
}

static bool take_first(void *ctx, const struct core_message *m) {
    struct asking *a = ctx;
    a->wrote = m->kind == CORE_MESSAGE_CONTENT && m->shape == CORE_CONTENT_TEXT;
    if (a->wrote)
        a->e = buf_append(&a->said, m->text);
    return !a->wrote;
}

static void request_object(struct line *l, const struct asking *a, const char *digits) {
    line_object(l, "request");
    line_num(l, "conversation", a->c->number);
    line_str(l, "title", a->c->name);
    line_hex(l, "inviter", SLICE_ARRAY(a->c->inviter));
    line_str(l, "inviter_name", buf_slice(&a->name));
    line_str(l, "digits", slice_str(digits));
    line_num(l, "devices", a->c->members);
    line_num(l, "messages", a->c->messages);
    if (a->wrote)
        line_str(l, "text", buf_slice(&a->said));
    line_object_end(l);
}

static void request_text(struct line *l, struct job *job, const struct asking *a,
                         const char *digits) {
    uint8_t other[CORE_ACCOUNT];
    bool alone = core_conversation_with(job_core(job), a->c->number, other) == OK;
    line_add(l, "%3u  ", (unsigned)a->c->number);
    show_person(l, job, buf_slice(&a->name), a->c->inviter);
    line_add(l, alone ? " asks to talk with you" : " asks you to join ");
    if (!alone)
        show_conversation_name(l, job, a->c);
    line_add(l, "\n     account ");
    for (size_t i = 0; i < CORE_ACCOUNT; i++)
        line_add(l, "%02x", a->c->inviter[i]);
    for (size_t i = 0; digits[0] != '\0' && i < CORE_SAFETY_DIGITS; i += 5)
        line_add(l, "%s%.5s",
                 i == 0    ? "\n     safety number "
                 : i == 30 ? "\n                   "
                           : " ",
                 digits + i);
    if (a->wrote) {
        line_add(l, "\n     says: ");
        line_lines(l, buf_slice(&a->said), "         | ");
    }
}

err show_request(struct job *job, const struct core_conversation *c) {
    struct core *core = job_core(job);
    struct asking a = {.c = c};
    struct line l = {0};
    char digits[CORE_SAFETY_DIGITS + 1] = "";
    err e = core_members(core, c->number, take_asker, &a);
    if (e == OK && a.found)
        e = core_safety_number(core, a.identity, digits);
    if (e == OK)
        e = core_messages(core, c->number, 1, c->messages, take_first, &a);
    e = e == OK ? a.e : e;
    if (e == OK && job->out.json)
        request_object(&l, &a, digits);
    else if (e == OK)
        request_text(&l, job, &a, digits);
    buf_free(&a.name);
    buf_free(&a.said);
    if (e == OK)
        line_end(&l, &job->out, OUT_NORMAL);
    else
        buf_free(&l.json.b);
    return e == OK ? show_each_member(job, c->number) : e;
}

void show_asked(struct job *job) {
    struct core_status s;
    struct line l = {0};
    core_status_get(job_core(job), &s);
    if (s.requests == 0 || job->out.json)
        return;
    line_add(&l,
             s.requests == 1 ? "Somebody asks to talk with you: `sotto requests`."
                             : "%u people ask to talk with you: `sotto requests`.",
             (unsigned)s.requests);
    line_end(&l, &job->out, OUT_NORMAL);
}

/* ---- Messages ---- */

struct showing {
    struct job *job;
    const struct core_conversation *c;
    struct show_messages *what;
    size_t bytes;
    bool stopped;
};

static void content_fields(struct line *l, const struct core_message *m) {
    line_hex(l, "id", SLICE_ARRAY(m->id));
    line_str(l, "state", slice_str(core_message_state_name(m->state)));
    line_num(l, "refused", m->refused);
    line_str(l, "shape", slice_str(core_content_shape_name(m->shape)));
    line_bool(l, "markdown", m->markdown);
    if (m->has_reply)
        line_hex(l, "in_reply_to", SLICE_ARRAY(m->in_reply_to));
    if (m->has_replaces)
        line_hex(l, "replaces", SLICE_ARRAY(m->replaces));
    line_str(l, "text", m->text);
    line_bool(l, "edited", m->edited);
    line_bool(l, "withdrawn", m->withdrawn);
    line_num(l, "reactions", m->reactions);
    line_num(l, "delivered", m->delivered);
    line_num(l, "read", m->read);
    if (m->about != 0)
        line_num(l, "about", m->about);
    if (m->expires != 0)
        line_num(l, "expires", m->expires);
    if (m->has_file) {
        line_str(l, "file_name", m->file.name);
        line_str(l, "file_type", m->file.type);
        line_num(l, "file_size", m->file.size);
        line_num(l, "file_expires", m->file.expires);
    }
}

static bool about_device(const struct core_message *m) {
    return m->kind == CORE_MESSAGE_LINKED || m->kind == CORE_MESSAGE_UNLINKED;
}

static bool about_role(const struct core_message *m) {
    return m->kind == CORE_MESSAGE_PROMOTED || m->kind == CORE_MESSAGE_DEMOTED;
}

static bool has_subject(const struct core_message *m) {
    return m->kind == CORE_MESSAGE_ADDED || m->kind == CORE_MESSAGE_REMOVED ||
           m->kind == CORE_MESSAGE_LEFT || m->kind == CORE_MESSAGE_UPDATED || about_role(m) ||
           about_device(m);
}

/* Nobody did it: the last administrator left. */
static bool handed_on(const struct core_message *m) {
    static const uint8_t nobody[CORE_ACCOUNT];
    return about_role(m) && memcmp(m->sender, nobody, sizeof nobody) == 0;
}

static void message_object(struct line *l, struct job *job, const struct core_conversation *c,
                           const struct core_message *m) {
    line_object(l, "message");
    line_num(l, "conversation", c->number);
    line_num(l, "number", m->number);
    line_str(l, "kind", slice_str(core_message_kind_name(m->kind)));
    line_num(l, "time", m->time);
    line_bool(l, "own", m->own);
    if (m->kind != CORE_MESSAGE_LEFT && m->kind != CORE_MESSAGE_UPDATED && !handed_on(m))
        person_fields(l, job, "sender", m->sender_name, m->sender);
    if (has_subject(m))
        person_fields(l, job, "subject", m->subject_name, m->subject);
    if (about_device(m))
        line_hex(l, "device", SLICE_ARRAY(m->sender_device));
    if (m->kind == CORE_MESSAGE_CONTENT)
        content_fields(l, m);
    else if (m->kind == CORE_MESSAGE_RENAMED || m->kind == CORE_MESSAGE_TIMER)
        line_str(l, "text", m->text);
    line_object_end(l);
}

static void timer_text(struct line *l, slice text) {
    uint64_t seconds = 0;
    if (decimal_decode(text, CORE_TIMER_MAX, &seconds) == OK && seconds > 0) {
        line_add(l, "messages go after ");
        show_span(l, seconds);
    } else {
        line_add(l, "messages stay");
    }
}

/* A message can't pass for an event: events begin with an asterisk, where a name never stands
 * alone. */
void show_event(struct line *l, struct job *job, const struct core_message *m) {
    static const char *const verbs[] = {"",
                                        "",
                                        " made this conversation",
                                        " added you",
                                        " added ",
                                        " removed ",
                                        " left",
                                        " got new keys",
                                        " named it ",
                                        " linked a device",
                                        " signed a device off",
                                        " set the timer: ",
                                        " made an administrator: ",
                                        " made a member again: "};
    bool by_subject = m->kind == CORE_MESSAGE_LEFT || m->kind == CORE_MESSAGE_UPDATED ||
                      m->kind == CORE_MESSAGE_LINKED || handed_on(m);
    line_add(l, "* ");
    if (by_subject)
        show_person(l, job, m->subject_name, m->subject);
    else
        show_person(l, job, m->sender_name, m->sender);
    line_add(l, "%s",
             handed_on(m)                                       ? " became an administrator"
             : (size_t)m->kind < sizeof verbs / sizeof verbs[0] ? verbs[m->kind]
                                                                : "");
    if (m->kind == CORE_MESSAGE_ADDED || m->kind == CORE_MESSAGE_REMOVED ||
        (about_role(m) && !handed_on(m)))
        show_person(l, job, m->subject_name, m->subject);
    if (m->kind == CORE_MESSAGE_UNLINKED && memcmp(m->sender, m->subject, CORE_ACCOUNT) != 0) {
        line_add(l, " of ");
        show_person(l, job, m->subject_name, m->subject);
    }
    for (size_t i = 0; about_device(m) && i < 4; i++)
        line_add(l, "%s%02x", i == 0 ? ": " : "", m->sender_device[i]);
    if (m->kind == CORE_MESSAGE_RENAMED)
        line_name(l, m->text, "]");
    if (m->kind == CORE_MESSAGE_TIMER)
        timer_text(l, m->text);
}

/* Its name stands in quotation marks, and none in it. */
static void file_text(struct line *l, const struct core_conversation *c,
                      const struct core_message *m) {
    line_add(l, "%sfile \"", m->text.n > 0 ? "  [" : "[");
    line_name(l, m->file.name, "\"[]");
    line_add(l, "\", ");
    transfer_size(l, m->file.size);
    line_add(l, ": sotto save %u %llu]", (unsigned)c->number, (unsigned long long)m->number);
}

struct reacting {
    struct job *job;
    struct line *line;
    bool some;
};

static bool add_reaction(void *ctx, const struct core_reaction *r) {
    struct reacting *all = ctx;
    line_add(all->line, all->some ? ", " : "  [");
    show_person(all->line, all->job, r->sender_name, r->sender);
    line_add(all->line, ": ");
    line_name(all->line, r->text, "[]");
    all->some = true;
    return true;
}

static void add_reactions(struct line *l, struct job *job, const struct core_conversation *c,
                          const struct core_message *m) {
    struct reacting all = {job, l, false};
    if (m->reactions > 0 &&
        core_reactions(job_core(job), c->number, m->number, add_reaction, &all) != OK)
        line_add(l, "  (reactions can't be shown)");
    line_add(l, all.some ? "]" : "");
}

static void add_receipts(struct line *l, const struct core_message *m) {
    if (m->read > 1)
        line_add(l, "  (read by %u)", (unsigned)m->read);
    else if (m->read == 1)
        line_add(l, "  (read)");
    else if (m->delivered > 1)
        line_add(l, "  (delivered to %u)", (unsigned)m->delivered);
    else if (m->delivered == 1)
        line_add(l, "  (delivered)");
}

/* What it is about, if that is here. */
static void add_about(struct line *l, const struct core_message *m) {
    if (m->about != 0)
        line_add(l, " (of message %llu)", (unsigned long long)m->about);
}

static void content_text(struct line *l, struct job *job, const struct core_conversation *c,
                         const struct core_message *m) {
    static const char *const between[] = {"", "", " reacts", " corrects", " withdraws a message",
                                          "", ""};
    bool about = m->shape == CORE_CONTENT_REACTION || m->shape == CORE_CONTENT_EDIT;
    show_person(l, job, m->sender_name, m->sender);
    line_add(l, "%s",
             (size_t)m->shape < sizeof between / sizeof between[0] ? between[m->shape] : "");
    if (about || m->shape == CORE_CONTENT_DELETE)
        add_about(l, m);
    if (m->withdrawn) {
        line_add(l, " has withdrawn what was here");
        return;
    }
    if (m->shape != CORE_CONTENT_DELETE) {
        line_add(l, ": ");
        line_lines(l, m->text, "                  | ");
    }
    if (m->has_file)
        file_text(l, c, m);
    line_add(l, m->edited ? "  (edited)" : "");
    add_reactions(l, job, c, m);
    add_receipts(l, m);
    if (m->state == CORE_MESSAGE_QUEUED)
        line_add(l, "  (not sent yet)");
    else if (m->state == CORE_MESSAGE_FAILED)
        line_add(l, "  (could not be sent)");
    else if (m->refused > 0)
        line_add(l, "  (%u of the mailboxes took no copy)", (unsigned)m->refused);
}

static bool show_one(void *ctx, const struct core_message *m) {
    struct showing *s = ctx;
    struct line l = {0};
    char when[HOST_TIME];
    bool content = m->kind == CORE_MESSAGE_CONTENT;
    s->what->first = m->number + 1;
    if ((s->what->others && m->own && content) || (s->what->own && !m->own))
        return true;
    if (s->what->count != NULL && content && !m->own)
        ++*s->what->count;
    if (s->job->out.json) {
        message_object(&l, s->job, s->c, m);
    } else {
        host_time_text(m->time, when);
        line_add(&l, "%s  ", when);
        if (s->what->numbers)
            line_add(&l, "%llu  ", (unsigned long long)m->number);
        if (s->what->named) {
            line_add(&l, "[");
            show_conversation_name(&l, s->job, s->c);
            line_add(&l, "] ");
        }
        if (content)
            content_text(&l, s->job, s->c, m);
        else
            show_event(&l, s->job, m);
    }
    s->bytes += l.json.b.n;
    line_end(&l, &s->job->out, OUT_NORMAL);
    s->stopped = s->bytes > PORTION || s->job->out.failed != OK;
    return !s->stopped;
}

err show_messages(struct job *job, const struct core_conversation *c, struct show_messages *what) {
    struct showing s = {.job = job, .c = c, .what = what};
    TRY(core_messages(job_core(job), c->number, what->first, what->last, show_one, &s));
    TRY(job->out.failed);
    if (!s.stopped)
        what->first = what->last + 1;
    return OK;
}

/* ---- What was put aside ---- */

static bool show_aside(void *ctx, const struct core_quarantined *q) {
    struct job *job = ctx;
    struct line l = {0};
    char when[HOST_TIME];
    if (job->out.json) {
        line_object(&l, "quarantined");
        line_num(&l, "conversation", q->conversation);
        line_str(&l, "reason", slice_str(err_name(q->error)));
        line_str(&l, "text", slice_str(err_text(q->error)));
        line_num(&l, "time", q->time);
        line_num(&l, "bytes", q->item.n);
        line_object_end(&l);
    } else {
        host_time_text(q->time, when);
        line_add(&l, "     %s  put aside", when);
        if (q->conversation != 0)
            line_add(&l, " in conversation %u", (unsigned)q->conversation);
        line_add(&l, ", %zu bytes: %s", q->item.n, err_text(q->error));
    }
    line_end(&l, &job->out, OUT_NORMAL);
    return true;
}

err show_quarantine(struct job *job) {
    struct core *core = job_core(job);
    struct core_status status;
    core_status_get(core, &status);
    err e = core_quarantine(core, 0, show_aside, job);
    if (e != OK && e != ERR_NOT_FOUND)
        return e;
    for (uint32_t i = 0; i < status.conversations; i++) {
        struct core_conversation c;
        TRY(core_conversation_at(core, i, &c));
        if (c.quarantined > 0)
            TRY(show_quarantine_of(job, c.number));
    }
    return OK;
}

err show_quarantine_of(struct job *job, uint32_t number) {
    return core_quarantine(job_core(job), number, show_aside, job);
}

/* ---- Ends ---- */

uint32_t show_unheard(struct job *job, uint32_t number) {
    struct core_conversation c;
    return core_conversation_get(job_core(job), number, &c) == OK ? c.unheard : 0;
}

void show_sent(struct line *l, struct job *job, const struct core_notice *notice, uint64_t number) {
    line_object(l, "sent");
    line_num(l, "conversation", notice->conversation);
    line_num(l, "number", number);
    line_hex(l, "id", SLICE_ARRAY(notice->message_id));
    line_num(l, "refused", notice->refused);
    line_num(l, "unheard", show_unheard(job, notice->conversation));
}

void show_said(struct job *job, const struct core_notice *notice, const char *failed,
               const char *done) {
    struct line l = {0};
    if (notice->error != OK) {
        job_fail(job, failed, notice->error, notice->reason);
        return;
    }
    if (job->out.json) {
        show_sent(&l, job, notice, notice->message);
        line_object_end(&l);
    } else {
        line_add(&l, "%s", done);
        if (notice->refused > 0)
            line_add(&l, " %u of the mailboxes took no copy.", (unsigned)notice->refused);
    }
    line_end(&l, &job->out, OUT_NORMAL);
    job_end(job, notice->refused > 0 ? EXIT_PARTLY : EXIT_FINE);
}

void show_gaps(struct job *job, uint32_t count) {
    job_warn(job, ERR_FULL,
             "your mailbox lost %u items (it was full, or you were away for long). A conversation "
             "that goes on without you says so in `sotto status`: then give a member a new link of "
             "yours (`sotto invite`), and ask them to take it, to remove you and to add you again",
             (unsigned)count);
}

void show_done(struct job *job, const struct core_notice *notice, const char *failed,
               const char *done) {
    struct line l = {0};
    if (notice->error != OK) {
        job_fail(job, failed, notice->error, notice->reason);
        return;
    }
    if (job->out.json) {
        line_object(&l, "done");
        line_num(&l, "conversation", notice->conversation);
        line_num(&l, "refused", notice->refused);
        line_object_end(&l);
    } else {
        line_add(&l, "%s", done);
        if (notice->refused > 0)
            line_add(&l,
                     " %u of the mailboxes took no copy: their owners will have to be added again.",
                     (unsigned)notice->refused);
    }
    line_end(&l, &job->out, OUT_NORMAL);
    job_end(job, EXIT_FINE);
}

bool show_not_admin(struct job *job, err e, uint32_t number) {
    struct core_roles roles;
    if (e != ERR_DENIED || core_conversation_roles(job_core(job), number, &roles) != OK ||
        !roles.any || roles.admin)
        return false;
    job_fail_text(job, e, EXIT_REFUSED,
                  "only administrators may do that here: `sotto role` lists them");
    return true;
}
