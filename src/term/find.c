#include "base/text.h"
#include "term/find.h"

#include "term/command.h"

static void not_found(struct job *job, err e, const char *kind, const char *text) {
    struct line l = {0};
    line_text(&l, slice_str(text));
    if (l.json.e != OK || buf_append_byte(&l.json.b, 0) != OK)
        job_fail(job, "could not look", ERR_NO_MEMORY, 0);
    else if (e == ERR_LIMIT)
        job_fail_text(
            job, e, EXIT_UNKNOWN,
            "several fit \"%.200s\": use the number of the conversation (`sotto status`) or "
            "the beginning of the contact's id (`sotto contacts`)",
            (const char *)l.json.b.p);
    else if (e == ERR_NOT_FOUND)
        job_fail_text(job, e, EXIT_UNKNOWN,
                      "there is no %s \"%.200s\". `sotto status` lists conversations, `sotto "
                      "contacts` contacts, `sotto requests` who asks",
                      kind, (const char *)l.json.b.p);
    else
        job_fail(job, "could not look", e, 0);
    buf_free(&l.json.b);
}

bool find_conversation(struct job *job, const char *text, struct core_conversation *c) {
    err e = core_conversation_find(job_core(job), slice_str(text), c);
    if (e != OK)
        not_found(job, e, "conversation", text);
    return e == OK;
}

/* ---- Messages ---- */

static bool take_message(void *ctx, const struct core_message *m) {
    struct found_message *found = ctx;
    if (m->kind == CORE_MESSAGE_CONTENT)
        found->number = m->number;
    memcpy(found->id, m->id, sizeof found->id);
    return true;
}

bool find_message(struct job *job, const struct core_conversation *c, const char *text,
                  struct found_message *found) {
    uint64_t number = 0;
    err e = OK;
    *found = (struct found_message){0};
    if (decimal_decode(slice_str(text), UINT32_MAX, &number) == OK)
        e = core_messages(job_core(job), c->number, number, number, take_message, found);
    if (e != OK)
        job_fail(job, "could not look", e, 0);
    else if (found->number == 0)
        job_fail_text(job, ERR_NOT_FOUND, EXIT_UNKNOWN,
                      "there is no message of this number. `sotto read --last 20 --numbers` shows "
                      "the numbers");
    return found->number != 0;
}

bool find_refused(struct job *job, err e, uint32_t conversation, const char *what) {
    struct core_conversation c;
    bool active = core_conversation_get(job_core(job), conversation, &c) == OK &&
                  (c.state == CORE_CONVERSATION_ACTIVE || c.state == CORE_CONVERSATION_NEW);
    if (e == ERR_DENIED)
        job_fail_text(job, e, EXIT_FAILED, "%s: it is not yours", what);
    else if (e == ERR_UNSUPPORTED)
        job_fail_text(job, e, EXIT_FAILED, "%s: it is no text", what);
    else if (e == ERR_MALFORMED || e == ERR_TOO_LARGE)
        job_fail_text(job, e, EXIT_USAGE, "%s: that is no text of up to 262144 bytes", what);
    else if (e == ERR_STATE && active)
        job_fail_text(job, e, EXIT_FAILED, "%s: it is withdrawn already", what);
    else if (e == ERR_STATE)
        find_tell_state(job, what, conversation);
    else
        return false;
    return true;
}

/* ---- Members ---- */

bool find_fits(const struct core_member *m, slice text) {
    return text.n > 0 && (slice_equal(m->name, text) || core_contact_id_begins(m->account, text));
}

struct search {
    slice text;
    struct core_contact *person;
    uint32_t number, met;
    err e;
};

static bool look(void *ctx, const struct core_member *m) {
    struct search *s = ctx;
    if (m->us || m->contact || !find_fits(m, s->text))
        return true;
    if (s->met != 0 && memcmp(s->person->account, m->account, CORE_ACCOUNT) != 0)
        s->e = ERR_LIMIT;
    if (s->met != 0)
        return s->e == OK;
    s->met = s->number;
    memcpy(s->person->account, m->account, CORE_ACCOUNT);
    memcpy(s->person->identity, m->identity, CORE_IDENTITY);
    return true;
}

static err find_met(struct job *job, slice text, struct core_contact *person, uint32_t *met) {
    struct core *core = job_core(job);
    struct core_conversation c;
    struct search s = {.text = text, .person = person};
    *person = (struct core_contact){0};
    for (size_t i = 0; s.e == OK && core_conversation_at(core, i, &c) == OK; i++) {
        s.number = c.number;
        TRY(core_members(core, c.number, look, &s));
    }
    *met = s.met;
    return s.e == OK && s.met == 0 ? ERR_NOT_FOUND : s.e;
}

struct choice {
    slice text;
    uint8_t account[CORE_ACCOUNT], us[CORE_ACCOUNT];
    bool found, several, is_us;
};

static bool choose(void *ctx, const struct core_member *m) {
    struct choice *s = ctx;
    bool fits = find_fits(m, s->text);
    if (m->us && (fits || slice_equal(s->text, slice_str("you")))) {
        s->is_us = true;
        memcpy(s->us, m->account, CORE_ACCOUNT);
    }
    if (m->us || !fits)
        return true;
    s->several |= s->found && memcmp(s->account, m->account, CORE_ACCOUNT) != 0;
    s->found = true;
    memcpy(s->account, m->account, CORE_ACCOUNT);
    return true;
}

/* Others come first: one may be called as we are. */
bool find_member(struct job *job, uint32_t number, const char *what, const char *text,
                 struct found_member *member) {
    struct choice s = {.text = slice_str(text)};
    struct core_conversation c;
    err e = core_conversation_get(job_core(job), number, &c);
    if (e == OK)
        e = core_members(job_core(job), number, choose, &s);
    if (e != OK) {
        job_fail(job, what, e, 0);
        return false;
    }
    member->us = s.is_us && !s.found;
    memcpy(member->account, member->us ? s.us : s.account, CORE_ACCOUNT);
    if (member->us)
        return true;
    if (c.state != CORE_CONVERSATION_ACTIVE)
        find_tell_state(job, what, number);
    else if (!s.found || s.several)
        job_fail_text(job, s.several ? ERR_LIMIT : ERR_NOT_FOUND, EXIT_UNKNOWN,
                      s.several ? "several members have this name; use the beginning of the "
                                  "account's id"
                                : "the conversation has no such member");
    else
        return true;
    return false;
}

/* ---- Requests ---- */

static bool look_inviter(void *ctx, const struct core_member *m) {
    struct search *s = ctx;
    if (memcmp(m->account, s->person->account, CORE_ACCOUNT) != 0)
        return true;
    s->met += find_fits(m, s->text);
    return false;
}

static err find_asker(struct job *job, slice text, struct core_conversation *found) {
    struct core *core = job_core(job);
    struct core_conversation c;
    size_t count = 0;
    for (size_t i = 0; core_conversation_at(core, i, &c) == OK; i++) {
        struct core_contact person = {0};
        struct search s = {.text = text, .person = &person};
        if (c.state != CORE_CONVERSATION_REQUEST)
            continue;
        memcpy(person.account, c.inviter, CORE_ACCOUNT);
        TRY(core_members(core, c.number, look_inviter, &s));
        if (s.met == 0)
            continue;
        *found = c;
        count++;
    }
    return count == 0 ? ERR_NOT_FOUND : count > 1 ? ERR_LIMIT : OK;
}

bool find_request(struct job *job, const char *text, struct core_conversation *c) {
    uint64_t number;
    err e = ERR_NOT_FOUND;
    if (decimal_decode(slice_str(text), UINT32_MAX, &number) == OK)
        e = core_conversation_get(job_core(job), (uint32_t)number, c);
    if (e == OK && c->state != CORE_CONVERSATION_REQUEST)
        e = ERR_NOT_FOUND;
    if (e == ERR_NOT_FOUND)
        e = find_asker(job, slice_str(text), c);
    if (e == ERR_NOT_FOUND)
        not_found(job, e, "request", text);
    else if (e == ERR_LIMIT)
        job_fail_text(job, e, EXIT_UNKNOWN,
                      "several who ask call themselves so: use the number (`sotto requests`)");
    else if (e != OK)
        job_fail(job, "could not look", e, 0);
    return e == OK;
}

/* ---- People ---- */

bool find_person(struct job *job, const char *text, struct core_contact *person, uint32_t *met) {
    err e = core_contact_find(job_core(job), slice_str(text), person);
    *met = 0;
    if (e == ERR_NOT_FOUND) {
        e = find_met(job, slice_str(text), person, met);
    } else if (e == OK && !slice_equal(person->petname, slice_str(text))) {
        /* Found by what a contact calls itself, or by the beginning of an id: others may fit. */
        struct core_contact other;
        uint32_t number;
        if (find_met(job, slice_str(text), &other, &number) != ERR_NOT_FOUND)
            e = ERR_LIMIT;
    }
    if (e != OK)
        not_found(job, e, "contact or member", text);
    return e == OK;
}

bool find_contact(struct job *job, const char *text, struct core_contact *contact) {
    uint8_t account[CORE_ACCOUNT];
    uint32_t met;
    if (!find_person(job, text, contact, &met))
        return false;
    if (met == 0)
        return true;
    memcpy(account, contact->account, CORE_ACCOUNT);
    err e = core_contact_meet(job_core(job), met, account, SLICE_EMPTY, host_now());
    if (e == OK)
        e = core_contact_get(job_core(job), account, contact);
    if (e != OK)
        job_fail(job, "could not keep this member as a contact", e, 0);
    return e == OK;
}

/* ---- Conversations ---- */

void find_tell_state(struct job *job, const char *what, uint32_t number) {
    struct core_conversation c = {0};
    const char *why = "you are no longer in this conversation";
    if (core_conversation_get(job_core(job), number, &c) == OK) {
        if (c.state == CORE_CONVERSATION_LEAVING)
            why = "you have asked the others already to remove you from this conversation";
        else if (c.state == CORE_CONVERSATION_LEFT)
            why = "you have left this conversation";
        else if (c.state == CORE_CONVERSATION_REMOVED)
            why = "you were removed from this conversation. A member can add you again";
        else if (c.state == CORE_CONVERSATION_FAILED)
            why = "this conversation could not be made. Begin another with `sotto new`";
        else if (c.state == CORE_CONVERSATION_REQUEST)
            why = "this is a request that you did not accept yet: `sotto accept`";
        else if (c.state == CORE_CONVERSATION_NEW)
            why =
                "this conversation is still being made. Do it again when `sotto status` shows its "
                "members";
    }
    job_fail_text(job, ERR_STATE, EXIT_FAILED, "%s: %s", what, why);
}

bool find_or_make_conversation(struct job *job, const char *text, uint32_t *number) {
    struct core_conversation c;
    struct core_contact contact;
    uint64_t command;
    err e = core_conversation_find(job_core(job), slice_str(text), &c);
    *number = e == OK ? c.number : 0;
    if (e == OK && c.state == CORE_CONVERSATION_REQUEST)
        find_tell_state(job, "nothing is sent", c.number);
    if (e == OK)
        return c.state != CORE_CONVERSATION_REQUEST;
    if (e == ERR_NOT_FOUND)
        e = core_contact_find(job_core(job), slice_str(text), &contact);
    if (e != OK) {
        not_found(job, e, "conversation or contact", text);
        return false;
    }
    uint8_t account[1][CORE_ACCOUNT];
    memcpy(account[0], contact.account, CORE_ACCOUNT);
    e = core_conversation_new(job_core(job), SLICE_EMPTY, (const uint8_t(*)[CORE_ACCOUNT])account,
                              1, host_now(), &command, number);
    if (e == ERR_DENIED)
        job_fail_text(job, e, EXIT_REFUSED, "you have blocked them: `sotto unblock` comes first");
    else if (e != OK)
        job_fail(job, "could not begin a conversation", e, 0);
    return e == OK;
}

bool find_span(const char *text, uint32_t *seconds) {
    static const struct {
        char unit;
        uint32_t seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 604800}};
    size_t n = strlen(text);
    uint64_t count;
    *seconds = 0;
    if (strcmp(text, "off") == 0)
        return true;
    for (size_t i = 0; n > 1 && i < sizeof units / sizeof units[0]; i++)
        if (text[n - 1] == units[i].unit &&
            decimal_decode(slice_of(text, n - 1), CORE_TIMER_MAX / units[i].seconds, &count) == OK)
            *seconds = (uint32_t)count * units[i].seconds;
    return *seconds != 0;
}
