/* What the page looks at: itself, conversations and messages. */
#include <stdlib.h>

#include "web/calls.h"

err call_status(struct call *c) {
    struct core_status s;
    core_status_get(c->core, &s);
    json_object(c->out, NULL);
    json_bool(c->out, "account", s.has_account);
    json_bool(c->out, "registered", s.registered);
    json_bool(c->out, "registering", s.registering);
    json_bool(c->out, "deleted", s.deleted);
    json_bool(c->out, "out", s.out);
    json_bool(c->out, "has_identity", s.has_identity);
    call_put_id(c->out, "id", SLICE_ARRAY(s.account));
    call_put_id(c->out, "device", SLICE_ARRAY(s.device));
    call_put_id(c->out, "identity", SLICE_ARRAY(s.identity));
    json_str(c->out, "name", s.name);
    json_str(c->out, "server", s.server);
    json_str(c->out, "session", slice_str(core_link_state_name(s.auth)));
    json_bool(c->out, "caught_up", s.caught_up);
    json_bool(c->out, "replaced", s.replaced);
    json_str(c->out, "error", slice_str(s.last_error == OK ? "" : err_name(s.last_error)));
    json_num(c->out, "requests", s.requests);
    json_num(c->out, "blocked", s.blocked);
    json_num(c->out, "contacts", s.contacts);
    json_num(c->out, "devices", s.devices);
    json_bool(c->out, "unsettled", s.unsettled);
    json_num(c->out, "notices", s.notices);
    json_bool(c->out, "desk_changed", s.desk_changed);
    json_object_end(c->out);
    return OK;
}

/* ---- Messages ---- */

static void put_file(struct json *j, const struct core_message *m) {
    if (!m->has_file) {
        json_null(j, "file");
        return;
    }
    json_name(j, "file");
    json_object(j, NULL);
    json_str(j, "name", m->file.name);
    json_str(j, "type", m->file.type);
    json_str(j, "description", m->file.description);
    json_num(j, "size", m->file.size);
    json_num(j, "expires", m->file.expires);
    json_object_end(j);
}

static bool put_reaction(void *ctx, const struct core_reaction *r) {
    struct json *j = ctx;
    json_object(j, NULL);
    json_num(j, "number", r->number);
    call_put_id(j, "id", SLICE_ARRAY(r->id));
    call_put_id(j, "sender", SLICE_ARRAY(r->sender));
    json_str(j, "sender_name", r->sender_name);
    json_bool(j, "own", r->own);
    json_str(j, "text", r->text);
    json_object_end(j);
    return true;
}

struct put_messages {
    struct call *c;
    uint32_t conversation;
    err e;
};

static bool put_message(void *ctx, const struct core_message *m) {
    struct put_messages *put = ctx;
    struct json *j = put->c->out;
    json_object(j, NULL);
    json_num(j, "number", m->number);
    json_str(j, "kind", slice_str(core_message_kind_name(m->kind)));
    json_str(j, "state", slice_str(core_message_state_name(m->state)));
    json_num(j, "refused", m->refused);
    json_num(j, "time", m->time);
    call_put_id(j, "sender", SLICE_ARRAY(m->sender));
    json_str(j, "sender_name", m->sender_name);
    json_bool(j, "own", m->own);
    call_put_id(j, "subject", SLICE_ARRAY(m->subject));
    json_str(j, "subject_name", m->subject_name);
    call_put_id(j, "id", SLICE_ARRAY(m->id));
    json_str(j, "shape", slice_str(core_content_shape_name(m->shape)));
    json_bool(j, "markdown", m->markdown);
    json_hex(j, "in_reply_to", m->has_reply ? SLICE_ARRAY(m->in_reply_to) : SLICE_EMPTY);
    json_hex(j, "replaces", m->has_replaces ? SLICE_ARRAY(m->replaces) : SLICE_EMPTY);
    json_str(j, "text", m->text);
    json_bool(j, "edited", m->edited);
    json_bool(j, "withdrawn", m->withdrawn);
    json_num(j, "about", m->about);
    json_num(j, "expires", m->expires);
    json_num(j, "delivered", m->delivered);
    json_num(j, "read", m->read);
    put_file(j, m);
    json_name(j, "reactions");
    json_array(j);
    if (m->reactions > 0)
        put->e = core_reactions(put->c->core, put->conversation, m->number, put_reaction, j);
    json_array_end(j);
    json_object_end(j);
    return put->e == OK;
}

static err put_messages(struct call *c, uint32_t conversation, uint64_t first, uint64_t last) {
    struct put_messages put = {c, conversation, OK};
    TRY(core_messages(c->core, conversation, first, last, put_message, &put));
    return put.e;
}

err call_receipts(struct call *c) {
    json_object(c->out, NULL);
    json_str(c->out, "level", slice_str(core_receipts_name(core_receipts_get(c->core))));
    json_object_end(c->out);
    return OK;
}

/* ---- Who is writing ---- */

err call_typing(struct call *c) {
    json_object(c->out, NULL);
    json_bool(c->out, "on", core_typing_get(c->core));
    json_object_end(c->out);
    return OK;
}

enum { WRITERS = 4 };
struct writers {
    struct json *out;
    uint8_t accounts[WRITERS][CORE_ACCOUNT]; /* those that are not put yet */
    size_t count;
};

static bool put_writer(void *ctx, const struct core_member *m) {
    struct writers *w = ctx;
    for (size_t i = 0; i < w->count; i++) {
        if (memcmp(w->accounts[i], m->account, CORE_ACCOUNT) != 0)
            continue;
        json_object(w->out, NULL);
        call_put_id(w->out, "account", SLICE_ARRAY(m->account));
        json_str(w->out, "name", m->name);
        json_object_end(w->out);
        memcpy(w->accounts[i], w->accounts[--w->count], CORE_ACCOUNT);
    }
    return w->count > 0;
}

err call_writing(struct call *c) {
    uint32_t conversation;
    struct writers w = {.out = c->out};
    TRY(call_u32(c, 0, &conversation));
    w.count = core_writing(c->core, conversation, w.accounts, WRITERS);
    json_array(c->out);
    TRY(core_members(c->core, conversation, put_writer, &w));
    json_array_end(c->out);
    return OK;
}

err call_messages(struct call *c) {
    uint32_t conversation;
    uint64_t first, last;
    TRY(call_u32(c, 0, &conversation));
    TRY(call_u64(c, 1, &first));
    TRY(call_u64(c, 2, &last));
    json_array(c->out);
    TRY(put_messages(c, conversation, first, last));
    json_array_end(c->out);
    return OK;
}

/* Where it goes on, and what was found of this step. */
err call_search(struct call *c) {
    uint64_t before, next;
    slice words;
    struct put_messages put = {.c = c};
    TRY(call_u32(c, 0, &put.conversation));
    TRY(call_u64(c, 1, &before));
    TRY(call_text(c, 2, &words));
    json_object(c->out, NULL);
    json_name(c->out, "messages");
    json_array(c->out);
    TRY(core_search(c->core, put.conversation, words, before, put_message, &put, &next));
    TRY(put.e);
    json_array_end(c->out);
    json_num(c->out, "next", next);
    json_object_end(c->out);
    return OK;
}

/* ---- Conversations ---- */

struct other {
    uint8_t account[CORE_ACCOUNT];
    struct json *out;
    bool named;
};

static bool put_other_name(void *ctx, const struct core_member *m) {
    struct other *o = ctx;
    if (memcmp(m->account, o->account, CORE_ACCOUNT) != 0)
        return true;
    o->named = m->name.n > 0;
    if (o->named)
        json_str(o->out, "with_name", m->name);
    return false;
}

/* Whose it is besides us, if one person's, and what we call them. */
static err put_other(struct call *c, uint32_t conversation) {
    struct other o = {.out = c->out};
    struct core_contact contact = {0};
    bool one = core_conversation_with(c->core, conversation, o.account) == OK;
    call_put_id(c->out, "with", one ? SLICE_ARRAY(o.account) : SLICE_EMPTY);
    if (one)
        TRY(core_members(c->core, conversation, put_other_name, &o));
    if (o.named)
        return OK;
    bool known = one && core_contact_get(c->core, o.account, &contact) == OK;
    json_str(c->out, "with_name",
             !known                  ? SLICE_EMPTY
             : contact.petname.n > 0 ? contact.petname
                                     : contact.name);
    return OK;
}

static err put_draft(struct call *c, const struct core_conversation *v) {
    buf text = {0};
    err e = core_draft_get(c->core, v->number, &text);
    if (e == OK)
        json_str(c->out, "draft", buf_slice(&text));
    buf_free(&text);
    return e;
}

static err put_last(struct call *c, const struct core_conversation *v) {
    uint64_t number, time;
    err e = core_message_newest(c->core, v->number, &number, &time);
    if (e == ERR_NOT_FOUND)
        json_null(c->out, "last");
    if (e != OK)
        return e == ERR_NOT_FOUND ? OK : e;
    json_name(c->out, "last");
    return put_messages(c, v->number, number, number);
}

static err put_conversation(struct call *c, const struct core_conversation *v) {
    json_object(c->out, NULL);
    json_num(c->out, "number", v->number);
    json_str(c->out, "name", v->name);
    json_bool(c->out, "own_name", v->own_name);
    json_str(c->out, "state", slice_str(core_conversation_state_name(v->state)));
    json_num(c->out, "members", v->members);
    json_num(c->out, "messages", v->messages);
    json_num(c->out, "read", v->read);
    json_num(c->out, "timer", v->timer);
    json_bool(c->out, "muted", v->muted != 0);
    json_bool(c->out, "archived", v->archived);
    call_put_id(c->out, "inviter", SLICE_ARRAY(v->inviter));
    json_bool(c->out, "spoiled", v->spoiled);
    json_bool(c->out, "behind", v->behind);
    json_num(c->out, "refused", v->refused);
    json_num(c->out, "unheard", v->unheard);
    TRY(put_other(c, v->number));
    TRY(put_draft(c, v));
    TRY(put_last(c, v));
    json_object_end(c->out);
    return OK;
}

err call_conversation(struct call *c) {
    struct core_conversation v;
    uint32_t number;
    TRY(call_u32(c, 0, &number));
    TRY(core_conversation_get(c->core, number, &v));
    return put_conversation(c, &v);
}

struct place {
    uint32_t number;
    uint64_t time;
};

static int newest_first(const void *a, const void *b) {
    const struct place *x = a, *y = b;
    if (x->time != y->time)
        return x->time < y->time ? 1 : -1;
    return x->number < y->number ? 1 : -1;
}

/* All but that of our own devices. */
static err put_in_order(struct call *c, struct place *places, const struct core_status *s) {
    struct core_conversation v;
    size_t count = 0;
    for (size_t i = 0; i < s->conversations; i++) {
        TRY(core_conversation_at(c->core, i, &v));
        if (v.number == s->own)
            continue;
        uint64_t number, time;
        err e = core_message_newest(c->core, v.number, &number, &time);
        if (e != OK && e != ERR_NOT_FOUND)
            return e;
        places[count++] = (struct place){v.number, time};
    }
    qsort(places, count, sizeof *places, newest_first);
    json_array(c->out);
    for (size_t i = 0; i < count; i++) {
        TRY(core_conversation_get(c->core, places[i].number, &v));
        TRY(put_conversation(c, &v));
    }
    json_array_end(c->out);
    return OK;
}

err call_conversations(struct call *c) {
    struct core_status s;
    core_status_get(c->core, &s);
    size_t room = (s.conversations + (size_t)1) * sizeof(struct place);
    struct place *places = mem_new(NULL, room);
    if (places == NULL)
        return ERR_NO_MEMORY;
    err e = put_in_order(c, places, &s);
    mem_free(NULL, places, room);
    return e;
}

static bool put_member(void *ctx, const struct core_member *m) {
    struct json *j = ctx;
    json_object(j, NULL);
    json_hex(j, "account", SLICE_ARRAY(m->account));
    json_hex(j, "device", SLICE_ARRAY(m->device));
    json_hex(j, "identity", SLICE_ARRAY(m->identity));
    json_str(j, "name", m->name);
    json_bool(j, "us", m->us);
    json_bool(j, "contact", m->contact);
    json_bool(j, "unlisted", m->unlisted);
    json_bool(j, "unheard", m->unheard);
    json_bool(j, "admin", m->admin);
    json_object_end(j);
    return true;
}

err call_roles(struct call *c) {
    struct core_roles roles;
    uint32_t conversation;
    TRY(call_u32(c, 0, &conversation));
    TRY(core_conversation_roles(c->core, conversation, &roles));
    json_object(c->out, NULL);
    json_bool(c->out, "any", roles.any);
    json_bool(c->out, "admin", roles.admin);
    json_bool(c->out, "timer_all", roles.timer_all);
    json_object_end(c->out);
    return OK;
}

err call_members(struct call *c) {
    uint32_t conversation;
    TRY(call_u32(c, 0, &conversation));
    json_array(c->out);
    TRY(core_members(c->core, conversation, put_member, c->out));
    json_array_end(c->out);
    return OK;
}
