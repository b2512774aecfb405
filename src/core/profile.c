/* What members tell each other about themselves and the conversation: MIMI content of disposition
 * profile and type "application/vnd.sotto.profile". Its body is CBOR:
 *
 *   [name: tstr, room: tstr / null, told: [* [account: bstr .size 16, name: tstr]],
 *    picture: bstr / null, here: uint, changed: uint]
 *
 * name: what the sender calls itself, or empty. room: the conversation's name, from who made,
 * renamed or enlarged it. told: what others call themselves, for those who come later and did not
 * hear it. picture: the sender's, or empty for none; null if it stays as it was. here: what holds
 * in this conversation alone, 1 for the name and 2 for the picture. changed: when, by the sender's
 * clock: what is older than what is known came late. */
#include "core/internal.h"

#include "core/cbor.h"
#include "core/content.h"

static const char profile_type[] = "application/vnd.sotto.profile", own_name[] = "own";
enum { TOLD_MAX = 64, HERE_NAME = 1, HERE_PICTURE = 2 };

/* ---- Our own ---- */

/* What we say in one conversation, or everywhere. */
struct own {
    buf bytes;
    struct record_profile r;
};

/* A row for each group, which this device may not be in yet. */
static slice own_key(const uint8_t group[32], uint8_t key[35]) {
    memcpy(key, own_name, 3);
    memcpy(key + 3, group, 32);
    return slice_of(key, 35);
}

/* NULL: everywhere. */
static const uint8_t *group_of(const struct conversation *c) {
    static const uint8_t everywhere[32];
    return c == NULL ? everywhere : c->r.group;
}

static err load_own(struct core *core, const uint8_t group[32], struct own *own) {
    uint8_t key[35];
    *own = (struct own){.bytes = buf_on(core->mem)};
    memcpy(own->r.group, group, sizeof own->r.group);
    err e = core_get(core, TABLE_PROFILE, own_key(group, key), 0, &own->bytes);
    if (e == ERR_NOT_FOUND)
        return OK;
    if (e == OK)
        e = record_profile_read(buf_slice(&own->bytes), &own->r);
    if (e != OK)
        buf_free(&own->bytes);
    return e;
}

/* What is shown in a conversation. */
struct shown {
    struct own all, here;
    slice name, picture;
    uint64_t here_bits, changed;
};

static void shown_fini(struct shown *s) {
    buf_free(&s->all.bytes);
    buf_free(&s->here.bytes);
}

static err shown_load(struct core *core, const struct conversation *c, struct shown *s) {
    *s = (struct shown){.name = core->account.r.name};
    TRY(load_own(core, group_of(NULL), &s->all));
    s->picture = s->all.r.picture;
    err e = c == NULL ? OK : load_own(core, c->r.group, &s->here);
    if (e != OK) {
        shown_fini(s);
        return e;
    }
    s->changed = s->all.r.changed > s->here.r.changed ? s->all.r.changed : s->here.r.changed;
    if (s->here.r.named) {
        s->name = s->here.r.name;
        s->here_bits |= HERE_NAME;
    }
    if (s->here.r.pictured) {
        s->picture = s->here.r.picture;
        s->here_bits |= HERE_PICTURE;
    }
    return OK;
}

/* ---- Sending ---- */

/* What to call a member to those who come later: as it is called here. */
static err name_told(struct core *core, struct conversation *c, const uint8_t *account, buf *name) {
    const struct contact *contact = core_contact_lookup(core, account);
    err e = core_said_find(core, c->r.number, account, name);
    if (e == ERR_NOT_FOUND)
        e = core_get(core, TABLE_CONTACT, slice_of(account, 16), 0, name);
    if (e == ERR_NOT_FOUND)
        e = contact == NULL ? OK : buf_append(name, contact->r.name);
    return e;
}

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
        e = name_told(core, c, member.identity.p, &name);
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

/* What a profile message brings beside the name. */
struct brings {
    bool room, picture;
};

static err write_body(struct core *core, struct conversation *c, const struct shown *s,
                      struct brings brings, buf *body) {
    uint64_t count = 0;
    buf told = buf_on(core->mem);
    writer inner = writer_on(&told), w = writer_on(body);
    err e = brings.room ? write_told(core, c, &inner, &count) : OK;
    if (e == OK)
        e = writer_result(&inner);
    core_cbor_write(&w, CBOR_ARRAY, 6);
    core_cbor_write_text(&w, s->name);
    if (brings.room)
        core_cbor_write_text(&w, c->r.name);
    else
        core_cbor_write_null(&w);
    core_cbor_write(&w, CBOR_ARRAY, count);
    writer_bytes(&w, buf_slice(&told));
    if (brings.picture)
        core_cbor_write_bytes(&w, s->picture);
    else
        core_cbor_write_null(&w);
    core_cbor_write(&w, CBOR_UINT, s->here_bits);
    core_cbor_write(&w, CBOR_UINT, s->changed);
    if (e == OK)
        e = writer_result(&w);
    buf_free(&told);
    return e;
}

static err send(struct core *core, struct conversation *c, const struct shown *s,
                struct brings brings, bool silent, struct entry **entry) {
    buf body = buf_on(core->mem), content = buf_on(core->mem);
    err e = core_conversation_load(core, c);
    if (e == OK)
        e = write_body(core, c, s, brings, &body);
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
    struct shown s;
    TRY(shown_load(core, c, &s));
    err e = send(core, c, &s, (struct brings){with_room, s.picture.n > 0}, true, NULL);
    shown_fini(&s);
    return e;
}

err core_profile_rename(struct core *core, struct conversation *c, slice name,
                        struct entry **entry) {
    struct shown s;
    c->r.name = name;
    c->r.own_name = true;
    TRY(core_conversation_save(core, c));
    TRY(core_history_event(core, c, CORE_MESSAGE_RENAMED, core->account.r.account, NULL));
    core_conversation_notice(core, c);
    TRY(shown_load(core, c, &s));
    err e = send(core, c, &s, (struct brings){true, false}, false, entry);
    shown_fini(&s);
    return e;
}

/* ---- What own devices know of it ---- */

static err put_own(struct core *core, const struct record_profile *r) {
    uint8_t key[35];
    return record_profile_put(core, TABLE_PROFILE, own_key(r->group, key), 0, r);
}

/* What own devices are told of everywhere has the name, too. */
static void add_name(const struct core *core, const struct conversation *c,
                     struct record_profile *r) {
    if (c == NULL) {
        r->named = true;
        r->name = core->account.r.name;
    }
}

err core_profile_export(struct core *core, const struct conversation *c, buf *item) {
    struct own own;
    TRY(load_own(core, group_of(c), &own));
    add_name(core, c, &own.r);
    err e = own.r.changed == 0 ? ERR_NOT_FOUND : record_profile_write(item, &own.r);
    buf_free(&own.bytes);
    return e;
}

err core_profile_bound_all(struct core *core) {
    struct own own;
    for (size_t i = 0; i <= core->conversations.n; i++) {
        TRY(load_own(core, group_of(i == 0 ? NULL : core->conversations.p[i - 1]), &own));
        err e = core_sync_bound(core, &own.r.changed) ? put_own(core, &own.r) : OK;
        buf_free(&own.bytes);
        TRY(e);
    }
    return OK;
}

/* Who else is to hear of it has heard it from that device. */
err core_profile_import(struct core *core, const struct record_profile *told) {
    struct record_profile r = *told;
    struct own own;
    if (core_name_check(r.name) != OK || core_picture_check(r.picture) != OK)
        return OK;
    TRY(load_own(core, r.group, &own));
    bool later = core_sync_later(core, &r.changed, r.by, own.r.changed, own.r.by);
    buf_free(&own.bytes);
    if (!later)
        return OK;
    if (memcmp(r.group, group_of(NULL), sizeof r.group) == 0) {
        core->account.r.name = r.name;
        r.named = false;
        r.name = SLICE_EMPTY;
        TRY(core_account_save(core));
    }
    return put_own(core, &r);
}

/* ---- Changing ours ---- */

/* Both NULL in a conversation: nothing of its own any more. */
static err save_own(struct core *core, const struct conversation *c, const slice *name,
                    const slice *picture) {
    struct own own;
    TRY(load_own(core, group_of(c), &own));
    core_sync_stamp(core, &own.r.changed, own.r.by);
    if (c != NULL && name == NULL && picture == NULL)
        own.r.named = own.r.pictured = false;
    if (name != NULL) {
        own.r.named = true;
        own.r.name = *name;
    }
    if (picture != NULL) {
        own.r.pictured = true;
        own.r.picture = *picture;
    }
    err e = put_own(core, &own.r);
    add_name(core, c, &own.r);
    if (e == OK)
        e = core_sync_tell_profile(core, &own.r);
    buf_free(&own.bytes);
    return e;
}

static err tell(struct core *core, struct conversation *c, bool name, bool picture) {
    struct shown s;
    if (c->r.state != CORE_CONVERSATION_ACTIVE)
        return OK;
    TRY(shown_load(core, c, &s));
    err e = name || picture ? send(core, c, &s, (struct brings){false, picture}, true, NULL) : OK;
    shown_fini(&s);
    return e;
}

static err set_here(struct core *core, struct conversation *c, const slice *name,
                    const slice *picture) {
    TRY(save_own(core, c, name, picture));
    return tell(core, c, true, picture != NULL || name == NULL);
}

/* Where something else is shown, it stays. */
static err set_all(struct core *core, const slice *name, const slice *picture) {
    struct own own;
    if (name != NULL) {
        core->account.r.name = *name;
        TRY(core_account_save(core));
    }
    TRY(save_own(core, NULL, NULL, picture));
    for (size_t i = 0; i < core->conversations.n; i++) {
        struct conversation *c = core->conversations.p[i];
        TRY(load_own(core, c->r.group, &own));
        bool named = own.r.named, pictured = own.r.pictured;
        buf_free(&own.bytes);
        TRY(tell(core, c, name != NULL && !named, picture != NULL && !pictured));
    }
    return OK;
}

err core_profile_set(struct core *core, uint32_t conversation, const slice *name,
                     const slice *picture, uint64_t now) {
    TRY(core_enter(core, now));
    if (!core->account.exists)
        return ERR_STATE;
    if (name != NULL)
        TRY(core_name_check(*name));
    if (picture != NULL)
        TRY(core_picture_check(*picture));
    struct conversation *c = core_conversation_lookup(core, conversation);
    if (c == NULL && conversation != 0)
        return ERR_NOT_FOUND;
    TRY(core_txn_begin(core));
    err e = c == NULL ? set_all(core, name, picture) : set_here(core, c, name, picture);
    TRY(core_txn_end(core, e));
    core_pump(core);
    return OK;
}

err core_profile_get(struct core *core, uint32_t conversation, struct core_profile *profile) {
    struct shown s;
    TRY(shown_load(core, core_conversation_lookup(core, conversation), &s));
    buf_clear(&core->image);
    buf_clear(&core->own_name);
    err e = buf_append(&core->image, s.picture);
    if (e == OK)
        e = buf_append(&core->own_name, s.name);
    *profile = (struct core_profile){.name = buf_slice(&core->own_name),
                                     .picture = buf_slice(&core->image),
                                     .name_here = (s.here_bits & HERE_NAME) != 0,
                                     .picture_here = (s.here_bits & HERE_PICTURE) != 0};
    shown_fini(&s);
    return e;
}

/* ---- Receiving ---- */

struct profile {
    slice name, room, picture;
    bool has_room, has_picture;
    uint64_t here, changed;
    reader told;
    uint64_t count;
};

static err read_told(reader *r, slice *account, slice *name) {
    uint64_t count;
    TRY(core_cbor_read_array(r, &count));
    if (count != 2)
        return ERR_MALFORMED;
    TRY(core_cbor_read_bytes(r, account));
    if (account->n != CORE_ACCOUNT)
        return ERR_MALFORMED;
    return core_cbor_read_text(r, name);
}

static err decode(slice body, struct profile *p) {
    reader r = reader_of(body);
    uint64_t count;
    slice account, name;
    memset(p, 0, sizeof *p);
    TRY(core_cbor_read_array(&r, &count));
    if (count != 6)
        return ERR_MALFORMED;
    TRY(core_cbor_read_text(&r, &p->name));
    p->has_room = !core_cbor_skip_null(&r);
    if (p->has_room)
        TRY(core_cbor_read_text(&r, &p->room));
    TRY(core_cbor_read_array(&r, &p->count));
    p->told = r;
    if (p->count > TOLD_MAX)
        return ERR_TOO_LARGE;
    for (uint64_t i = 0; i < p->count; i++)
        TRY(read_told(&r, &account, &name));
    p->has_picture = !core_cbor_skip_null(&r);
    if (p->has_picture)
        TRY(core_cbor_read_bytes(&r, &p->picture));
    TRY(core_cbor_read_uint(&r, HERE_NAME | HERE_PICTURE, &p->here));
    TRY(core_cbor_read_uint(&r, UINT64_MAX, &p->changed));
    return reader_end(&r);
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

/* A name that holds everywhere ends one that held here. */
static err take_name(struct core *core, struct conversation *c, const uint8_t sender[16],
                     const struct profile *p) {
    bool here = (p->here & HERE_NAME) != 0, stays = here || core_request_is(c);
    struct record_said said = {.everywhere = !here, .changed = core_sync_kept(core, p->changed)};
    uint64_t known_here, known;
    memcpy(said.account, sender, sizeof said.account);
    TRY(core_said_changed(core, c->r.number, sender, &known_here));
    TRY(core_said_changed(core, 0, sender, &known));
    if (core_name_check(p->name) != OK || p->changed < known_here || (!stays && p->changed < known))
        return OK;
    if (!stays)
        TRY(core_said_put(core, 0, &said));
    said.name = stays ? p->name : SLICE_EMPTY;
    if (stays || known_here != 0)
        TRY(core_said_put(core, c->r.number, &said));
    return stays ? OK : core_contact_learn_name(core, sender, p->name, true);
}

/* What others call themselves: of members alone, and nothing by a stranger's word. */
static err take_told(struct core *core, struct conversation *c, struct profile *p) {
    slice account, name;
    if (core_request_is(c) || p->count == 0)
        return OK;
    TRY(core_conversation_load(core, c));
    for (uint64_t i = 0; i < p->count; i++) {
        uint32_t leaf = 0;
        if (read_told(&p->told, &account, &name) != OK)
            return ERR_BUG; /* it was read before */
        if (core_conversation_has(c, account, &leaf))
            TRY(core_contact_learn_name(core, account.p, name, false));
    }
    return OK;
}

/* What does not read is ignored: it is decoration. */
err core_profile_receive(struct core *core, struct conversation *c, const uint8_t sender[16],
                         slice body) {
    struct profile p;
    bool own = memcmp(sender, core->account.r.account, 16) == 0;
    if (decode(body, &p) != OK)
        return OK;
    if (!own)
        TRY(take_name(core, c, sender, &p));
    if (!own && p.has_picture)
        TRY(core_picture_take(core, c, sender, (p.here & HERE_PICTURE) != 0, p.picture, p.changed));
    if (p.has_room && !own)
        TRY(core_conversation_load(core, c));
    if (p.has_room && (own || core_roles_may(c, sender)))
        TRY(rename_to(core, c, sender, p.room));
    return take_told(core, c, &p);
}

err core_profile_adopt(struct core *core, uint32_t conversation) {
    TRY(core_said_adopt(core, conversation));
    return core_picture_adopt(core, conversation);
}

err core_profile_forget(struct core *core, const struct conversation *c) {
    uint8_t key[35];
    TRY(core_said_forget(core, c->r.number));
    TRY(core_picture_forget(core, c->r.number));
    return core_delete(core, TABLE_PROFILE, own_key(c->r.group, key), 0);
}
