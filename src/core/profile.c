/* What members tell each other about themselves and the conversation: MIMI content of disposition
 * profile and type "application/vnd.sotto.profile". Its body is CBOR:
 *
 *   [name: tstr, room: tstr / null, told: [* [account: bstr .size 16, name: tstr]]]
 *
 * name: what the sender calls itself, or empty. room: the conversation's name, from who made,
 * renamed or enlarged it. told: what others call themselves, for those who come later and did not
 * hear it. */
#include "core/internal.h"

#include "core/cbor.h"
#include "core/content.h"

static const char profile_type[] = "application/vnd.sotto.profile";
enum { TOLD_MAX = 64 };

/* ---- Sending ---- */

/* Names of the members, each account once. */
static err write_told(struct core *core, struct conversation *c, writer *w, uint64_t *count) {
    struct mls_member member;
    buf name = buf_on(core->mem);
    err e = OK;
    *count = 0;
    for (uint32_t i = 0; e == OK && i < mls_group_leaf_count(c->group) && *count < TOLD_MAX; i++) {
        uint32_t first = 0;
        if (mls_group_member(c->group, i, &member) != OK || member.identity.n != LEAF_IDENTITY ||
            memcmp(member.identity.p, core->account.r.account, 16) == 0 ||
            !core_conversation_has(c, slice_of(member.identity.p, 16), &first) || first != i)
            continue;
        buf_clear(&name);
        e = core_get(core, TABLE_CONTACT, slice_of(member.identity.p, 16), 0, &name);
        const struct contact *contact = core_contact_lookup(core, member.identity.p);
        if (e == ERR_NOT_FOUND)
            e = contact == NULL ? OK : buf_append(&name, contact->r.name);
        if (e != OK || name.n == 0)
            continue;
        core_cbor_write(w, CBOR_ARRAY, 2);
        core_cbor_write_bytes(w, slice_of(member.identity.p, 16));
        core_cbor_write_text(w, buf_slice(&name));
        ++*count;
    }
    buf_free(&name);
    return e;
}

static err write_body(struct core *core, struct conversation *c, bool with_room, buf *body) {
    uint64_t count = 0;
    buf told = buf_on(core->mem);
    writer inner = writer_on(&told), w = writer_on(body);
    err e = with_room ? write_told(core, c, &inner, &count) : OK;
    if (e == OK)
        e = writer_result(&inner);
    core_cbor_write(&w, CBOR_ARRAY, 3);
    core_cbor_write_text(&w, core->account.r.name);
    if (with_room)
        core_cbor_write_text(&w, c->r.name);
    else
        core_cbor_write_null(&w);
    core_cbor_write(&w, CBOR_ARRAY, count);
    writer_bytes(&w, buf_slice(&told));
    if (e == OK)
        e = writer_result(&w);
    buf_free(&told);
    return e;
}

static err send(struct core *core, struct conversation *c, bool with_room, bool silent,
                struct entry **entry) {
    buf body = buf_on(core->mem), content = buf_on(core->mem);
    err e = core_conversation_load(core, c);
    if (e == OK)
        e = write_body(core, c, with_room, &body);
    if (e == OK)
        e = core_content_encode(&content, CONTENT_PROFILE, profile_type, buf_slice(&body), NULL,
                                NULL);
    if (e == OK)
        e = core_entry_add(core, c, ENTRY_CONTENT, buf_slice(&content), silent, entry);
    buf_free(&body);
    buf_free(&content);
    return e;
}

err core_profile_send(struct core *core, struct conversation *c, bool with_room) {
    if (!with_room && core->account.r.name.n == 0)
        return OK;
    return send(core, c, with_room, true, NULL);
}

err core_profile_rename(struct core *core, struct conversation *c, slice name,
                        struct entry **entry) {
    c->r.name = name;
    c->r.own_name = true;
    TRY(core_conversation_save(core, c));
    TRY(core_history_event(core, c, CORE_MESSAGE_RENAMED, core->account.r.account, NULL));
    core_conversation_notice(core, c);
    return send(core, c, true, false, entry);
}

/* ---- Receiving ---- */

struct profile {
    slice name, room;
    bool has_room;
    reader told;
    uint64_t count;
};

static err decode(slice body, struct profile *p) {
    reader r = reader_of(body);
    uint64_t count;
    TRY(core_cbor_read_array(&r, &count));
    if (count != 3)
        return ERR_MALFORMED;
    TRY(core_cbor_read_text(&r, &p->name));
    p->has_room = !core_cbor_skip_null(&r);
    p->room = SLICE_EMPTY;
    if (p->has_room)
        TRY(core_cbor_read_text(&r, &p->room));
    TRY(core_cbor_read_array(&r, &p->count));
    p->told = r;
    return p->count > TOLD_MAX ? ERR_TOO_LARGE : OK;
}

static err rename_to(struct core *core, struct conversation *c, const uint8_t sender[16],
                     slice name) {
    if (name.n == 0 || core_name_check(name) != OK || slice_equal(name, c->r.name))
        return OK;
    c->r.name = name;
    c->r.own_name = memcmp(sender, core->account.r.account, 16) == 0;
    TRY(core_conversation_save(core, c));
    TRY(core_history_event(core, c, CORE_MESSAGE_RENAMED, sender, NULL));
    core_conversation_notice(core, c);
    return OK;
}

/* What does not read is ignored: it is decoration. */
err core_profile_receive(struct core *core, struct conversation *c, const uint8_t sender[16],
                         slice body) {
    struct profile p;
    if (decode(body, &p) != OK)
        return OK;
    TRY(core_contact_learn_name(core, sender, p.name, true));
    if (p.has_room)
        TRY(rename_to(core, c, sender, p.room));
    if (core_request_is(c))
        return OK; /* a stranger's word about others */
    for (uint64_t i = 0; i < p.count; i++) {
        uint64_t count;
        slice account, name;
        if (core_cbor_read_array(&p.told, &count) != OK || count != 2 ||
            core_cbor_read_bytes(&p.told, &account) != OK || account.n != CORE_ACCOUNT ||
            core_cbor_read_text(&p.told, &name) != OK)
            return OK;
        TRY(core_contact_learn_name(core, account.p, name, false));
    }
    return OK;
}
