/* Who is behind in a conversation, since a commit never came here, asks to be put in anew. It asks
 * where nobody reads it but who knows already that it is in that conversation: own devices, or
 * people of whom all are in it. Whoever hears of it and is a member puts a new leaf in the place of
 * the one that is named, in one commit; one that is there no more was replaced before. So it brings
 * about nothing but what each of its members could do alone.
 *
 * Nor does a device hear of it that was added by an address which held no longer. Whoever of the
 * account added it, or was added with it by somebody else, tells it which leaf it has there; who
 * has no conversation for its leaf asks in the same way.
 *
 * It travels as MIMI content of disposition profile and type "application/vnd.sotto.behind", whose
 * body is a record (records.h, behind). */
#include "core/internal.h"

#include "core/content.h"

static const char behind_type[] = "application/vnd.sotto.behind";
enum { ASKED_MAX = 4 };
#define REPLACED_EACH (10 * TIME_MINUTE)

bool core_behind_is(slice type) {
    return slice_equal(type, slice_str(behind_type));
}

/* ---- Asking ---- */

static bool is_well(const struct conversation *c) {
    return c->r.state == CORE_CONVERSATION_ACTIVE && !c->r.spoiled && !c->r.behind;
}

/* All of its members are in the other, as we know that. Both are loaded. */
static bool all_are_in(const struct conversation *c, const struct conversation *other) {
    struct mls_member member;
    for (uint32_t i = 0; i < mls_group_leaf_count(c->group); i++) {
        uint32_t leaf = 0;
        if (mls_group_member(c->group, i, &member) == OK &&
            (member.identity.n != LEAF_IDENTITY ||
             !core_conversation_has(other, slice_of(member.identity.p, 16), &leaf)))
            return false;
    }
    return true;
}

static err may_ask_in(struct core *core, struct conversation *c, const struct conversation *behind,
                      bool *may) {
    *may = false;
    if (c == behind || !is_well(c) || c->r.members < 2)
        return OK;
    TRY(core_conversation_load(core, c));
    *may = all_are_in(c, behind);
    return OK;
}

/* What names a leaf. The group is loaded. */
static err name_leaf(const struct conversation *c, uint32_t at, struct record_behind *r) {
    struct mls_member member;
    struct leaf leaf;
    TRY(mls_group_member(c->group, at, &member));
    TRY(core_leaf_read(&member, &leaf));
    memcpy(r->group, c->r.group, sizeof r->group);
    memcpy(r->address, leaf.address, sizeof r->address);
    return OK;
}

static err write_request(const struct record_behind *r, buf *content) {
    buf body = buf_on(content->mem);
    err e = record_behind_write(&body, r);
    if (e == OK)
        e = core_content_encode(content, CONTENT_PROFILE, behind_type, buf_slice(&body), NULL,
                                NULL);
    buf_free(&body);
    return e;
}

static err ask_all(struct core *core, const struct conversation *behind, slice content) {
    const struct conversation *own = core_conversation_lookup(core, core->account.r.own);
    unsigned asked = 0;
    bool may;
    for (size_t i = 0; i < core->conversations.n && asked < ASKED_MAX; i++) {
        struct conversation *c = core->conversations.p[i];
        TRY(may_ask_in(core, c, behind, &may));
        asked += may && c != own;
        if (may)
            TRY(core_entry_add(core, c, ENTRY_CONTENT, content, true, NULL));
    }
    return OK;
}

err core_behind_ask(struct core *core, struct conversation *c) {
    struct record_behind r;
    buf content = buf_on(core->mem);
    TRY(core_conversation_load(core, c));
    err e = name_leaf(c, mls_group_own_leaf(c->group), &r);
    if (e == OK)
        e = write_request(&r, &content);
    if (e == OK)
        e = ask_all(core, c, buf_slice(&content));
    buf_free(&content);
    return e;
}

/* ---- Own devices that were added with us, and may not know ---- */

static const char missed_name[] = "missed";

err core_behind_tell(struct core *core, struct conversation *c) {
    const uint8_t *us = core->account.r.account;
    struct record_behind r;
    if (c->r.number == core->account.r.own)
        return OK;
    TRY(core_conversation_load(core, c));
    for (uint32_t leaf = 0; core_conversation_has(c, slice_of(us, 16), &leaf); leaf++) {
        if (leaf == mls_group_own_leaf(c->group))
            continue;
        TRY(name_leaf(c, leaf, &r));
        TRY(core_sync_tell_behind(core, &r));
    }
    return OK;
}

static bool is_in(const struct core *core, const struct record_behind *r) {
    const struct conversation *c = core_conversation_by_group(core, SLICE_ARRAY(r->group));
    return c != NULL && core_conversation_open(c);
}

/* The Welcome came before the word, if it came; but it may be a blob that is due. */
err core_behind_told(struct core *core, const struct record_behind *r) {
    uint8_t serial[8];
    err e = core_address_serial(core, r->address, serial);
    if (e != OK || is_in(core, r))
        return e == ERR_NOT_FOUND ? OK : e; /* of another device's leaf, or all is well */
    core->missed = true;
    return record_behind_put(core, TABLE_STATE, slice_str(missed_name), core_number(core), r);
}

struct asking {
    struct core *core;
    err e;
};

/* *kept: nobody can be asked yet. */
static err ask_own(struct core *core, const struct record_behind *r, bool *kept) {
    struct conversation *own = core_conversation_lookup(core, core->account.r.own);
    buf content = buf_on(core->mem);
    *kept = !is_in(core, r) && (own == NULL || !is_well(own));
    if (*kept || is_in(core, r))
        return OK;
    err e = write_request(r, &content);
    if (e == OK)
        e = core_entry_add(core, own, ENTRY_CONTENT, buf_slice(&content), true, NULL);
    buf_free(&content);
    return e;
}

static bool ask_missed(void *ctx, struct store_key key, slice value) {
    struct asking *a = ctx;
    struct record_behind r;
    bool kept = false;
    a->e = record_behind_read(value, &r) == OK ? ask_own(a->core, &r, &kept) : OK;
    if (a->e == OK && !kept)
        a->e = core_delete(a->core, TABLE_STATE, slice_str(missed_name), key.number);
    return a->e == OK;
}

static err ask_for_missed(struct core *core) {
    struct asking a = {core, OK};
    TRY(store_scan(core->store, core_key(TABLE_STATE, slice_str(missed_name), 0), UINT64_MAX,
                   ask_missed, &a));
    return a.e;
}

void core_behind_pump(struct core *core) {
    if (!core->missed || core->broken || !core->caught_up || core_waiting_blobs_due(core, true) ||
        core_txn_begin(core) != OK)
        return;
    core->missed = core_txn_end(core, ask_for_missed(core)) != OK;
}

/* ---- Being asked ---- */

bool core_behind_find(const struct conversation *c, slice intent, uint32_t *leaf) {
    struct mls_member member;
    struct leaf found;
    *leaf = 0;
    return core_conversation_has(c, slice_of(intent.p, LEAF_IDENTITY), leaf) &&
           mls_group_member(c->group, *leaf, &member) == OK &&
           core_leaf_read(&member, &found) == OK &&
           memcmp(found.address, intent.p + LEAF_IDENTITY, sizeof found.address) == 0;
}

static bool is_pending(const struct core *core, const struct conversation *c, slice intent) {
    for (size_t i = 0; i < core->entries.n; i++) {
        const struct entry *entry = core->entries.p[i];
        if (entry->r.conversation == c->r.number && entry->r.kind == ENTRY_REPLACE &&
            slice_equal(entry->r.intent, intent))
            return true;
    }
    return false;
}

/* Who asks time and again fills everybody's history: seven at once, then one in ten minutes. */
static bool is_too_much(const struct core *core, struct conversation *c) {
    if (c->replaced_until > core->now + TIME_HOUR)
        return true;
    c->replaced_until =
        (c->replaced_until > core->now ? c->replaced_until : core->now) + REPLACED_EACH;
    return false;
}

/* What does not read, and what names no leaf of its sender, is ignored. */
err core_behind_receive(struct core *core, const struct conversation *in,
                        const uint8_t sender[LEAF_IDENTITY], slice body) {
    struct record_behind r;
    uint8_t intent[BEHIND_INTENT];
    uint32_t leaf;
    bool unlisted;
    if (core_request_is(in) || record_behind_read(body, &r) != OK)
        return OK;
    struct conversation *c = core_conversation_by_group(core, SLICE_ARRAY(r.group));
    if (c == NULL || !is_well(c))
        return OK;
    memcpy(intent, sender, LEAF_IDENTITY);
    memcpy(intent + LEAF_IDENTITY, r.address, sizeof r.address);
    TRY(core_conversation_load(core, c));
    TRY(core_devices_unlisted(core, sender, sender + 16, &unlisted));
    if (unlisted || !core_behind_find(c, SLICE_ARRAY(intent), &leaf) ||
        is_pending(core, c, SLICE_ARRAY(intent)) || is_too_much(core, c))
        return OK;
    return core_entry_add(core, c, ENTRY_REPLACE, SLICE_ARRAY(intent), true, NULL);
}
