/* First contact: requests, and whom we have blocked. */
#include "core/internal.h"

/* ---- Our address in a conversation ---- */

/* The address in a last-resort key package is everybody's who took that, and stands in our leaf
 * wherever we were added by it. Another is put each week, and an accepted leaf is updated: then it
 * goes. */
static err revoke_shared(struct core *core, const uint8_t address[PROTO_ADDRESS]) {
    size_t waiting = 0;
    for (size_t i = 0; i < core->conversations.n; i++) {
        const struct conversation *c = core->conversations.p[i];
        waiting += core_request_is(c) && c->r.last_resort;
    }
    return waiting > 1 ? OK : core_address_replaced(core, address, 2 * TIME_WEEK);
}

err core_request_revoke(struct core *core, const struct mls_group *group, bool last_resort) {
    struct mls_member member;
    struct leaf leaf;
    TRY(mls_group_member(group, mls_group_own_leaf(group), &member));
    TRY(core_leaf_read(&member, &leaf));
    return last_resort ? revoke_shared(core, leaf.address)
                       : core_address_revoke(core, leaf.address);
}

static err revoke_in(struct core *core, struct conversation *c) {
    TRY(core_conversation_load(core, c));
    return core_request_revoke(core, c->group, c->r.last_resort);
}

/* ---- Addresses by which others may only ask ---- */

static bool is_public(const struct core *core, const uint8_t address[PROTO_ADDRESS]) {
    slice a = slice_of(address, PROTO_ADDRESS);
    for (size_t i = 0; i < core->links.n; i++) {
        const struct contact_link *link = core->links.p[i];
        if (slice_equal(SLICE_ARRAY(link->r.address), a))
            return true;
    }
    for (size_t i = 0; i < core->claims.n; i++) {
        const struct claim *c = core->claims.p[i];
        if (slice_equal(c->r.address, a) || slice_equal(c->r.fresh, a))
            return true;
    }
    return false;
}

err core_request_only(struct core *core, const uint8_t serial[8], bool *only) {
    uint8_t address[PROTO_ADDRESS];
    const struct revocation *ends = core_address_ends(core, serial);
    *only = ends != NULL && !ends->r.members;
    err e = ends != NULL ? ERR_NOT_FOUND : core_address_of(core, serial, address);
    if (e == OK)
        *only = is_public(core, address);
    return e == ERR_NOT_FOUND ? OK : e;
}

/* ---- Requests ---- */

bool core_request_is(const struct conversation *c) {
    return c->r.state == CORE_CONVERSATION_REQUEST;
}

struct conversation *core_request_of(const struct core *core, const uint8_t inviter[16]) {
    for (size_t i = 0; i < core->conversations.n; i++) {
        struct conversation *c = core->conversations.p[i];
        if (core_request_is(c) && memcmp(c->r.inviter, inviter, sizeof c->r.inviter) == 0)
            return c;
    }
    return NULL;
}

err core_request_drop(struct core *core, struct conversation *c) {
    TRY(revoke_in(core, c));
    return core_conversation_forget(core, c);
}

err core_request_room(struct core *core, const uint8_t inviter[16]) {
    struct conversation *earlier = core_request_of(core, inviter), *oldest = NULL;
    size_t count = 0;
    if (earlier != NULL)
        return core_request_drop(core, earlier);
    for (size_t i = core->conversations.n; i-- > 0;) {
        struct conversation *c = core->conversations.p[i];
        if (!core_request_is(c))
            continue;
        oldest = c;
        count++;
    }
    return count >= REQUESTS_WAITING_MAX ? core_request_drop(core, oldest) : OK;
}

bool core_request_full(const struct conversation *c, size_t n) {
    return c->r.messages >= REQUEST_ENTRIES_MAX || n > REQUEST_BYTES_MAX ||
           c->r.bytes > REQUEST_BYTES_MAX - n;
}

bool core_request_crowded(const struct core *core, size_t n) {
    size_t count = 0;
    for (size_t i = 0; i < core->waiting.n; i++) {
        const struct waiting *w = core->waiting.p[i];
        const struct conversation *c = core_conversation_lookup(core, w->r.conversation);
        if (c == NULL || !core_request_is(c))
            continue;
        count++;
        n += w->r.content.n;
    }
    return count >= REQUEST_WAITING_MAX || n > REQUEST_WAITING_BYTES;
}

/* From here on it is a conversation like any other. */
static err take(struct core *core, struct conversation *c) {
    bool last_resort = c->r.last_resort;
    c->r.state = CORE_CONVERSATION_ACTIVE;
    c->r.used = true;
    c->r.last_resort = false;
    c->r.bytes = 0;
    c->retry = true;
    TRY(core_conversation_save(core, c));
    TRY(core_receipts_due(core, c));
    TRY(core_profile_adopt(core, c->r.number));
    TRY(core_conversation_answer(core, c, last_resort));
    if (c->r.pending) {
        TRY(core_conversation_load(core, c));
        TRY(core_conversation_schedule(core, c));
    }
    if (core_waiting_for_epoch(core, c))
        core_conversation_doubt(core, c);
    core_conversation_notice(core, c);
    return OK;
}

err core_request_of_contact(struct core *core, const uint8_t account[16]) {
    struct conversation *c = core_request_of(core, account);
    return c == NULL ? OK : take(core, c);
}

/* ---- What the user decides ---- */

static err find_request(struct core *core, uint32_t number, uint64_t now, struct conversation **c) {
    TRY(core_enter(core, now));
    *c = core_conversation_lookup(core, number);
    if (*c == NULL)
        return ERR_NOT_FOUND;
    return core_request_is(*c) ? OK : ERR_STATE;
}

static err tell_decision(struct core *core, const struct conversation *c, bool accepted) {
    struct record_decision d = {.accepted = accepted};
    memcpy(d.group, c->r.group, sizeof d.group);
    return core_sync_tell_decision(core, &d);
}

/* keep: the inviter is there to become a contact; that takes its request. */
static err accept(struct core *core, struct conversation *c, bool keep, slice petname) {
    if (keep)
        TRY(core_contact_keep_member(core, c, c->r.inviter, petname));
    if (core_request_is(c))
        TRY(take(core, c));
    return tell_decision(core, c, true);
}

err core_request_accept(struct core *core, uint32_t conversation, slice petname, uint64_t now) {
    struct conversation *c;
    uint32_t leaf = 0;
    TRY(find_request(core, conversation, now, &c));
    TRY(core_name_check(petname));
    TRY(core_contact_petname_free(core, c->r.inviter, petname));
    TRY(core_conversation_load(core, c));
    bool keep = core_conversation_has(c, SLICE_ARRAY(c->r.inviter), &leaf);
    if (keep && core->contacts.n >= CONTACTS_MAX)
        return ERR_LIMIT;
    TRY(core_txn_begin(core));
    TRY(core_txn_end(core, accept(core, c, keep, petname)));
    core_pump(core);
    return OK;
}

err core_request_decline(struct core *core, uint32_t conversation, uint64_t now) {
    struct conversation *c;
    TRY(find_request(core, conversation, now, &c));
    TRY(core_txn_begin(core));
    err e = tell_decision(core, c, false);
    TRY(core_txn_end(core, e == OK ? core_request_drop(core, c) : e));
    core_pump(core);
    return OK;
}

err core_request_settle(struct core *core, const struct record_decision *decision) {
    struct conversation *c = core_conversation_by_group(core, SLICE_ARRAY(decision->group));
    if (c != NULL && core_request_is(c))
        return decision->accepted ? take(core, c) : core_request_drop(core, c);
    return c == NULL && !decision->accepted ? core_seen_decline(core, decision->group) : OK;
}

/* ---- Blocking ---- */

void core_blocked_free(struct core *core, struct blocked *b) {
    buf_free(&b->bytes);
    mem_free(core->mem, b, sizeof *b);
}

static struct blocked *find_blocked(const struct core *core, const uint8_t account[16]) {
    for (size_t i = 0; i < core->blocked.n; i++) {
        struct blocked *b = core->blocked.p[i];
        if (memcmp(b->r.account, account, sizeof b->r.account) == 0)
            return b;
    }
    return NULL;
}

bool core_is_blocked(const struct core *core, const uint8_t account[16]) {
    const struct blocked *b = find_blocked(core, account);
    return b != NULL && !b->r.over;
}

size_t core_blocked_count(const struct core *core) {
    size_t count = 0;
    for (size_t i = 0; i < core->blocked.n; i++) {
        const struct blocked *b = core->blocked.p[i];
        count += !b->r.over;
    }
    return count;
}

static err blocked_save(struct core *core, struct blocked *b) {
    TRY(record_blocked_settle(&b->bytes, &b->r));
    return core_put(core, TABLE_CONTACT, slice_str("blocked"), b->r.number, buf_slice(&b->bytes));
}

err core_blocked_bound_all(struct core *core) {
    for (size_t i = 0; i < core->blocked.n; i++) {
        struct blocked *b = core->blocked.p[i];
        if (core_sync_bound(core, &b->r.time))
            TRY(blocked_save(core, b));
    }
    return OK;
}

static err blocked_remove(struct core *core, size_t at) {
    struct blocked *b = core->blocked.p[at];
    err e = core_delete(core, TABLE_CONTACT, slice_str("blocked"), b->r.number);
    core_list_remove(&core->blocked, at);
    core_blocked_free(core, b);
    return e;
}

static bool find_over(const struct core *core, size_t *at) {
    for (*at = 0; *at < core->blocked.n; ++*at) {
        const struct blocked *b = core->blocked.p[*at];
        if (b->r.over)
            return true;
    }
    return false;
}

static bool blocked_full(const struct core *core) {
    size_t at;
    return core->blocked.n >= BLOCKED_MAX && !find_over(core, &at);
}

static err blocked_add(struct core *core, const struct record_blocked *r, struct blocked **added) {
    size_t over;
    if (core->blocked.n >= BLOCKED_MAX && find_over(core, &over))
        TRY(blocked_remove(core, over));
    struct blocked *b = mem_new(core->mem, sizeof *b);
    if (b == NULL)
        return ERR_NO_MEMORY;
    b->bytes = buf_on(core->mem);
    b->r = *r;
    b->r.number = core_number(core);
    err e = blocked_save(core, b);
    if (e == OK)
        e = core_list_add(core, &core->blocked, b);
    if (e != OK)
        core_blocked_free(core, b);
    else
        *added = b;
    return e;
}

/* *b: as it is known, or NULL. r's name may borrow from anywhere. There is room, if it is new. */
static err blocked_put(struct core *core, const struct record_blocked *r, struct blocked **b) {
    if (*b == NULL)
        return blocked_add(core, r, b);
    uint64_t number = (*b)->r.number;
    (*b)->r = *r;
    (*b)->r.number = number;
    return blocked_save(core, *b);
}

/* A wish to leave would tell. What was said stays. */
static err part(struct core *core, struct conversation *c) {
    if (c->r.state == CORE_CONVERSATION_NEW)
        return core_conversation_end(core, c, CORE_CONVERSATION_FAILED);
    TRY(revoke_in(core, c));
    return core_conversation_end(core, c, CORE_CONVERSATION_LEFT);
}

static err part_all(struct core *core, const uint8_t account[16]) {
    uint8_t other[16];
    struct conversation *request = core_request_of(core, account);
    if (request != NULL)
        TRY(core_request_drop(core, request));
    for (size_t i = 0; i < core->conversations.n; i++) {
        struct conversation *c = core->conversations.p[i];
        if (!core_request_is(c) && core_conversation_one_to_one(core, c, other) &&
            memcmp(other, account, sizeof other) == 0)
            TRY(part(core, c));
    }
    return OK;
}

static err block(struct core *core, const uint8_t account[16]) {
    struct blocked *b = find_blocked(core, account);
    struct record_blocked r = {.time = b == NULL ? 0 : b->r.time};
    buf name = buf_on(core->mem);
    const struct conversation *c = core_request_of(core, account);
    memcpy(r.account, account, sizeof r.account);
    core_sync_stamp(core, &r.time, r.by);
    err e = core_contact_name_of(core, c == NULL ? 0 : c->r.number, account, &name);
    r.name = buf_slice(&name);
    if (e == OK)
        e = blocked_put(core, &r, &b);
    if (e == OK)
        e = core_sync_tell_blocked(core, &b->r);
    if (e == OK)
        e = part_all(core, account);
    buf_free(&name);
    return e;
}

err core_block(struct core *core, const uint8_t account[CORE_ACCOUNT], uint64_t now) {
    TRY(core_enter(core, now));
    if (!core->account.exists)
        return ERR_STATE;
    if (memcmp(account, core->account.r.account, CORE_ACCOUNT) == 0)
        return ERR_DENIED;
    if (core_is_blocked(core, account))
        return ERR_EXISTS;
    if (find_blocked(core, account) == NULL && blocked_full(core))
        return ERR_LIMIT;
    TRY(core_txn_begin(core));
    TRY(core_txn_end(core, block(core, account)));
    core_pump(core);
    return OK;
}

/* Just after the block that it lifts, whatever the time is: it lifts no other that was made
 * meanwhile. */
static err unblock(struct core *core, struct blocked *b) {
    b->r.over = true;
    b->r.name = SLICE_EMPTY;
    b->r.time++;
    memcpy(b->r.by, core->account.r.device, sizeof b->r.by);
    TRY(blocked_save(core, b));
    return core_sync_tell_blocked(core, &b->r);
}

err core_unblock(struct core *core, const uint8_t account[CORE_ACCOUNT], uint64_t now) {
    TRY(core_enter(core, now));
    struct blocked *b = find_blocked(core, account);
    if (b == NULL || b->r.over)
        return ERR_NOT_FOUND;
    TRY(core_txn_begin(core));
    TRY(core_txn_end(core, unblock(core, b)));
    core_pump(core);
    return OK;
}

err core_blocked_import(struct core *core, const struct record_blocked *told) {
    struct record_blocked r = *told;
    struct blocked *b = find_blocked(core, r.account);
    if (memcmp(r.account, core->account.r.account, sizeof r.account) == 0 ||
        core_name_check(r.name) != OK || (b == NULL && blocked_full(core)))
        return OK;
    if (!core_sync_later(core, &r.time, r.by, b == NULL ? 0 : b->r.time,
                         b == NULL ? r.by : b->r.by))
        return OK;
    TRY(blocked_put(core, &r, &b));
    return r.over ? OK : part_all(core, r.account);
}

err core_blocked_at(const struct core *core, size_t i, struct core_blocked *blocked) {
    for (size_t at = 0; at < core->blocked.n; at++) {
        const struct blocked *b = core->blocked.p[at];
        if (b->r.over || i-- > 0)
            continue;
        *blocked = (struct core_blocked){.name = b->r.name, .time = b->r.time};
        memcpy(blocked->account, b->r.account, sizeof blocked->account);
        return OK;
    }
    return ERR_NOT_FOUND;
}
