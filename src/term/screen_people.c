/* Who somebody is, and what one does about them: verify, block, make an administrator, answer a
 * request. */
#include "host/posix.h"
#include "term/screen.h"
#include "term/show.h"

uint32_t screen_subject(const struct screen *s) {
    return s->in_list ? s->on : s->talk.number;
}

void screen_people_show(struct screen *s) {
    screen_panel_begin(s);
    err e = show_each_member(s->job, screen_subject(s));
    screen_panel_end(s);
    (void)screen_fine(s, "could not list the members", e);
}

struct looking {
    uint8_t account[CORE_ACCOUNT], identity[CORE_IDENTITY];
    buf name;
    bool found;
};

static bool take_member(void *ctx, const struct core_member *m) {
    struct looking *w = ctx;
    if (memcmp(m->account, w->account, CORE_ACCOUNT) != 0)
        return true;
    memcpy(w->identity, m->identity, CORE_IDENTITY);
    w->found = buf_set(&w->name, m->name) == OK;
    return false;
}

/* A contact, or a member of the conversation. */
static bool look_up(struct screen *s, uint32_t number, struct looking *w) {
    struct core_contact c;
    memcpy(w->account, s->person, CORE_ACCOUNT);
    if (core_contact_get(job_core(s->job), w->account, &c) == OK) {
        memcpy(w->identity, c.identity, CORE_IDENTITY);
        w->found = buf_set(&w->name, c.petname.n > 0 ? c.petname : c.name) == OK;
        return w->found;
    }
    return core_members(job_core(s->job), number, take_member, w) == OK && w->found;
}

/* What somebody is called, for a question: empty if that is not known. */
static void name_person(struct screen *s, uint32_t number, struct line *l) {
    struct looking w = {0};
    if (look_up(s, number, &w))
        show_person(l, s->job, buf_slice(&w.name), w.account);
    buf_free(&w.name);
}

static void person_lines(struct line *l, struct screen *s, const struct looking *w) {
    struct core_contact c;
    char digits[CORE_SAFETY_DIGITS + 1] = "";
    bool contact = core_contact_get(job_core(s->job), w->account, &c) == OK;
    show_person(l, s->job, buf_slice(&w->name), w->account);
    if (contact && c.name.n > 0) {
        line_add(l, "\ncalls itself  ");
        line_text(l, c.name);
    }
    line_add(l, "\naccount       ");
    for (size_t i = 0; i < CORE_ACCOUNT; i++)
        line_add(l, "%02x", w->account[i]);
    line_add(l, "\n%s%s\n", contact ? "a contact" : "not a contact",
             contact && c.verified ? ", verified" : ", not verified");
    if (core_safety_number(job_core(s->job), w->identity, digits) != OK)
        return;
    line_add(l, "\nsafety number, the same on both sides if nobody sits between you:\n");
    for (size_t i = 0; i < CORE_SAFETY_DIGITS; i += 5)
        line_add(l, "%s%.5s", i % 20 == 0 ? "\n  " : "  ", digits + i);
}

void screen_person_show(struct screen *s) {
    struct looking w = {0};
    struct line l = {0};
    if (look_up(s, screen_subject(s), &w)) {
        screen_panel_begin(s);
        person_lines(&l, s, &w);
        line_end(&l, &s->job->out, OUT_NORMAL);
        screen_panel_end(s);
        s->about_person = s->panel;
    } else {
        screen_say(s, "nothing more is known of them");
    }
    buf_free(&w.name);
}

bool screen_person_choose(struct screen *s) {
    struct core_conversation c;
    struct core_status st;
    const struct screen_entry *entry = s->in_list ? NULL : screen_selected(s);
    core_status_get(job_core(s->job), &st);
    if (entry != NULL)
        memcpy(s->person, entry->sender, CORE_ACCOUNT);
    else if (core_conversation_get(job_core(s->job), screen_subject(s), &c) == OK &&
             c.state == CORE_CONVERSATION_REQUEST)
        memcpy(s->person, c.inviter, CORE_ACCOUNT);
    else if (core_conversation_with(job_core(s->job), screen_subject(s), s->person) != OK) {
        screen_say(s, "several are in it: m lists them; select a message, then i");
        return false;
    }
    if (memcmp(s->person, st.account, CORE_ACCOUNT) != 0)
        return true;
    screen_say(s, "that is you");
    return false;
}

void screen_person_verify(struct screen *s) {
    struct core *core = job_core(s->job);
    struct core_contact c;
    err e = core_contact_get(core, s->person, &c);
    if (e == ERR_NOT_FOUND) {
        screen_say(s, "only a contact can be verified: accept, or `sotto verify`");
        return;
    }
    if (e == OK)
        e = core_contact_set_verified(core, s->person, !c.verified, host_now());
    if (screen_fine(s, "could not note that", e))
        screen_person_show(s);
}

struct admin {
    const uint8_t *account;
    bool member, admin;
};

static bool take_admin(void *ctx, const struct core_member *m) {
    struct admin *a = ctx;
    a->member = memcmp(m->account, a->account, CORE_ACCOUNT) == 0;
    a->admin = m->admin;
    return !a->member;
}

void screen_person_admin(struct screen *s) {
    struct core *core = job_core(s->job);
    struct admin a = {.account = s->person};
    uint64_t command;
    err e = core_members(core, screen_subject(s), take_admin, &a);
    if (e == OK)
        e = core_conversation_role(core, screen_subject(s), s->person, !a.admin, host_now(),
                                   &command);
    if (e == ERR_UNSUPPORTED)
        screen_say(s, "this conversation has no administrators");
    else if (e == ERR_DENIED)
        screen_say(s, "only administrators may do that");
    else if (e == ERR_LIMIT)
        screen_say(s, "the last administrator: make another one first");
    else if (e == ERR_NOT_FOUND)
        screen_say(s, "they are not in this conversation");
    else if (screen_fine(s, "could not change that", e))
        screen_say(s, a.admin ? "no longer an administrator" : "an administrator from now on");
}

/* ---- Requests, and blocking ---- */

bool screen_is_request(struct screen *s, uint32_t number) {
    struct core_conversation c;
    return core_conversation_get(job_core(s->job), number, &c) == OK &&
           c.state == CORE_CONVERSATION_REQUEST;
}

static void accepted(struct screen *s, slice name) {
    err e = core_request_accept(job_core(s->job), s->asked, name, host_now());
    if (e == ERR_EXISTS)
        screen_say(s, "you call somebody else so already");
    else if (e == ERR_MALFORMED || e == ERR_TOO_LARGE)
        screen_say(s, "that is no name: a line of visible text of up to 64 bytes");
    else if (screen_fine(s, "could not accept", e))
        screen_say(s, "accepted");
}

static void declined(struct screen *s, slice answer) {
    if (answer.n == 0 || answer.p[0] != 'y')
        return;
    if (screen_fine(s, "could not decline",
                    core_request_decline(job_core(s->job), s->asked, host_now())))
        screen_say(s, "declined");
}

static void blocked(struct screen *s, slice answer) {
    if (answer.n == 0 || answer.p[0] != 'y')
        return;
    err e = core_block(job_core(s->job), s->person, host_now());
    if (e == ERR_EXISTS)
        screen_say(s, "they are blocked already");
    else if (screen_fine(s, "could not block", e))
        screen_say(s, "blocked: what they write is dropped unseen");
    s->panel = false;
}

void screen_person_block(struct screen *s) {
    struct line l = {0};
    line_add(&l, "Block ");
    name_person(s, screen_subject(s), &l);
    line_add(&l, ", who is not told? y or n: ");
    if (l.json.e == OK && buf_append_byte(&l.json.b, 0) == OK)
        screen_ask(s, (const char *)l.json.b.p, SLICE_EMPTY, blocked);
    buf_free(&l.json.b);
}

bool screen_request_key(struct screen *s, uint32_t key) {
    if (!screen_is_request(s, screen_subject(s)))
        return false;
    if (key == 'a')
        screen_ask(s, "What you call them (nothing: as they call themselves): ", SLICE_EMPTY,
                   accepted);
    else if (key == 'd')
        screen_ask(s, "Forget this request? They can't tell. y or n: ", SLICE_EMPTY, declined);
    else if (key == 'b' && screen_person_choose(s))
        screen_person_block(s);
    else
        return false;
    return true;
}
