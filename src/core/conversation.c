/* Conversations: their groups, and what a commit does to them. */
#include "base/codec.h"
#include "core/internal.h"

#define LEAVE_TIME TIME_WEEK
#define RENEW_TIME \
    (4 * TIME_WEEK)            /* an address key holds for half a year after the next one came */
#define REPLACED_TIME TIME_DAY /* until our leaf's old address is revoked */
#define DOUBT_TIME (5 * TIME_MINUTE)
#define PROBE_EVERY (6 * TIME_HOUR)
static const char name_meta[] = "conversation", name_staged[] = "staged";

/* ---- Objects ---- */

void core_conversation_free(struct core *core, struct conversation *c) {
    mls_group_free(c->group);
    buf_free(&c->bytes);
    mem_free(core->mem, c, sizeof *c);
}

struct conversation *core_conversation_lookup(const struct core *core, uint32_t number) {
    for (size_t i = 0; i < core->conversations.n; i++) {
        struct conversation *c = core->conversations.p[i];
        if (c->r.number == number)
            return c;
    }
    return NULL;
}

bool core_conversation_open(const struct conversation *c) {
    return c->r.state == CORE_CONVERSATION_ACTIVE || c->r.state == CORE_CONVERSATION_LEAVING ||
           core_request_is(c);
}

struct conversation *core_conversation_by_group(const struct core *core, slice group) {
    struct conversation *found = NULL;
    for (size_t i = core->conversations.n; i-- > 0;) {
        struct conversation *c = core->conversations.p[i];
        if (!slice_equal(SLICE_ARRAY(c->r.group), group))
            continue;
        if (core_conversation_open(c) || c->r.state == CORE_CONVERSATION_NEW)
            return c;
        found = found == NULL ? c : found;
    }
    return found;
}

void core_conversation_notice(struct core *core, const struct conversation *c) {
    struct core_notice notice = {.kind = CORE_NOTICE_CONVERSATION, .conversation = c->r.number};
    core_action_notice(core, &notice);
}

err core_conversation_save(struct core *core, struct conversation *c) {
    TRY(record_conversation_settle(&c->bytes, &c->r));
    return core_put(core, TABLE_CONVERSATION, slice_str(name_meta), c->r.number,
                    buf_slice(&c->bytes));
}

/* ---- Groups in the store: in parts, so that a message or a commit writes what it changes ---- */

/* What the parts of one conversation's group stand under. */
struct group_name {
    uint8_t bytes[4];
};
static struct group_name name_of(const struct conversation *c) {
    struct group_name name;
    put_u32(name.bytes, c->r.number);
    return name;
}

static bool collect_part(void *ctx, struct store_key key, slice value) {
    writer *w = ctx;
    writer_u32(w, (uint32_t)key.number);
    writer_vec(w, value);
    return writer_result(w) == OK;
}

static err next_part(void *ctx, uint32_t *part, slice *value) {
    reader *r = ctx;
    if (r->n == 0)
        return ERR_NOT_FOUND;
    TRY(reader_u32(r, part));
    return reader_vec(r, value);
}

struct putting {
    struct core *core;
    struct group_name name;
};

static err put_part(void *ctx, uint32_t part, slice value) {
    const struct putting *p = ctx;
    slice name = SLICE_ARRAY(p->name.bytes);
    if (value.n == 0)
        return core_delete(p->core, TABLE_GROUP, name, part);
    return core_put(p->core, TABLE_GROUP, name, part, value);
}

/* A scan does not see the batch. Whatever wrote the group into it has the group in memory, or has
 * taken the writes back. */
static bool in_batch(const struct core *core, slice name) {
    for (size_t i = 0; core->in_txn && i < store_batch_count(core->batch); i++) {
        const struct store_op *op = store_batch_op(core->batch, i);
        if (op->key.table == TABLE_GROUP && slice_equal(op->key.name, name))
            return true;
    }
    return false;
}

err core_conversation_load(struct core *core, struct conversation *c) {
    struct group_name name = name_of(c);
    if (c->group != NULL)
        return OK;
    if (in_batch(core, SLICE_ARRAY(name.bytes)))
        return ERR_BUG;
    buf all = buf_on(core->mem);
    writer w = writer_on(&all);
    err e = store_scan(core->store, core_key(TABLE_GROUP, SLICE_ARRAY(name.bytes), 0), UINT32_MAX,
                       collect_part, &w);
    if (e == OK)
        e = writer_result(&w);
    if (e == OK && all.n == 0)
        e = ERR_STATE;
    reader r = reader_of(buf_slice(&all));
    struct mls_parts parts = {.next = next_part, .ctx = &r};
    if (e == OK)
        e = mls_group_load_parts(&c->group, &parts, core->mem);
    buf_free(&all);
    return e;
}

err core_conversation_save_group(struct core *core, struct conversation *c) {
    struct putting putting = {core, name_of(c)};
    struct mls_parts parts = {.put = put_part, .ctx = &putting};
    return mls_group_save_parts(c->group, &parts);
}

/* All parts, whatever wrote them. */
static err delete_group(struct core *core, const struct conversation *c) {
    struct group_name name = name_of(c);
    return store_batch_delete_range(core->batch, core_key(TABLE_GROUP, SLICE_ARRAY(name.bytes), 0),
                                    UINT32_MAX);
}

bool core_conversation_has(const struct conversation *c, slice identity, uint32_t *leaf) {
    struct mls_member member;
    for (uint32_t i = *leaf; i < mls_group_leaf_count(c->group); i++) {
        if (mls_group_member(c->group, i, &member) == OK && member.identity.n == LEAF_IDENTITY &&
            memcmp(member.identity.p, identity.p, identity.n) == 0) {
            *leaf = i;
            return true;
        }
    }
    return false;
}

/* ---- The end ---- */

/* A Welcome that is a blob may be on its way already, by which it comes again: what came meanwhile
 * for an epoch of its waits for that. */
static err end_waiting(struct core *core, const struct conversation *c) {
    bool may_come = core_waiting_blobs(core);
    for (size_t i = core->waiting.n; i-- > 0;) {
        struct waiting *w = core->waiting.p[i];
        if (w->r.conversation != c->r.number)
            continue;
        if (!may_come || (w->r.why != WAIT_EPOCH && w->r.why != WAIT_PROPOSAL)) {
            TRY(core_waiting_remove(core, w));
            continue;
        }
        w->r.why = WAIT_GROUP;
        w->r.conversation = 0;
        TRY(core_waiting_save(core, w));
    }
    return OK;
}

static err end_entries(struct core *core, const struct conversation *c) {
    for (size_t i = 0; i < core->entries.n;) {
        struct entry *entry = core->entries.p[i];
        if (entry->r.conversation != c->r.number) {
            i++;
            continue;
        }
        TRY(core_entry_finish(core, entry, entry->r.kind == ENTRY_LEAVE ? OK : ERR_MLS_REMOVED, 0,
                              0));
    }
    return OK;
}

err core_conversation_end(struct core *core, struct conversation *c,
                          enum core_conversation_state state) {
    mls_group_free(c->group);
    c->group = NULL;
    c->commit_at = c->probe_at = 0;
    c->r.state = (uint8_t)state;
    c->r.members = 0;
    c->r.pending = false;
    TRY(delete_group(core, c));
    TRY(core_delete(core, TABLE_CONVERSATION, slice_str(name_staged), c->r.number));
    TRY(core_roles_go_on(core, c));
    TRY(core_conversation_save(core, c));
    TRY(end_entries(core, c));
    TRY(end_waiting(core, c));
    core_conversation_notice(core, c);
    return OK;
}

/* Those who can't carry out our wish to leave need not: nothing more comes from them. */
err core_conversation_spoil(struct core *core, struct conversation *c, bool behind) {
    bool asks = behind && !c->r.behind;
    c->r.spoiled = c->r.spoiled || !behind;
    c->r.behind = c->r.behind || behind;
    if (c->r.state == CORE_CONVERSATION_LEAVING)
        return core_conversation_end(core, c, CORE_CONVERSATION_LEFT);
    TRY(core_conversation_save(core, c));
    core_conversation_notice(core, c);
    return asks ? core_behind_ask(core, c) : OK;
}

/* ---- Room for another ---- */

err core_conversation_forget(struct core *core, struct conversation *c) {
    size_t i = 0;
    while (i < core->conversations.n && core->conversations.p[i] != c)
        i++;
    if (i == core->conversations.n)
        return ERR_BUG;
    if (core_conversation_open(c))
        TRY(core_conversation_end(core, c, CORE_CONVERSATION_LEFT));
    TRY(core_history_forget(core, c));
    TRY(core_draft_forget(core, c));
    TRY(core_kept_forget(core, c));
    TRY(core_expiry_forget(core, c));
    TRY(core_settings_forget(core, c));
    TRY(core_profile_forget(core, c));
    TRY(core_quarantine_forget(core, c));
    TRY(core_delete(core, TABLE_CONVERSATION, slice_str(name_meta), c->r.number));
    core_list_remove(&core->conversations, i);
    core_conversation_notice(core, c);
    core_conversation_free(core, c);
    return OK;
}

/* With one key package of ours a stranger can begin as many as it likes. */
static err make_room(struct core *core) {
    size_t n = core->conversations.n, unused = 0, first_unused = n, first_over = n;
    for (size_t i = n; i-- > 0;) {
        const struct conversation *c = core->conversations.p[i];
        if (core_conversation_open(c) && !core_request_is(c) && !c->r.used) {
            unused++;
            first_unused = i;
        }
        if (!core_conversation_open(c) && c->r.state != CORE_CONVERSATION_NEW)
            first_over = i;
    }
    if (unused >= CONVERSATIONS_UNUSED)
        return core_conversation_forget(core, core->conversations.p[first_unused]);
    if (n > CONVERSATIONS_MAX / 2 && first_over < n)
        return core_conversation_forget(core, core->conversations.p[first_over]);
    return OK;
}

err core_conversation_insert(struct core *core, const uint8_t group[32], uint8_t state,
                             struct conversation **result) {
    TRY(make_room(core));
    if (core->conversations.n >= CONVERSATIONS_MAX)
        return ERR_LIMIT;
    struct conversation *c = mem_new(core->mem, sizeof *c);
    if (c == NULL)
        return ERR_NO_MEMORY;
    c->bytes = buf_on(core->mem);
    core->counters_dirty = true;
    c->r.number = ++core->counters.conversations;
    c->r.state = state;
    memcpy(c->r.group, group, sizeof c->r.group);
    core_settings_init(c);
    err e = core_conversation_save(core, c);
    if (e == OK)
        e = core_list_add(core, &core->conversations, c);
    if (e != OK) {
        core_conversation_free(core, c);
        return e;
    }
    *result = c;
    return OK;
}

/* ---- Our own address ---- */

static err own_address(const struct conversation *c, uint8_t address[PROTO_ADDRESS]) {
    struct mls_member member;
    struct leaf leaf;
    TRY(mls_group_member(c->group, mls_group_own_leaf(c->group), &member));
    TRY(core_leaf_read(&member, &leaf));
    memcpy(address, leaf.address, PROTO_ADDRESS);
    return OK;
}

/* At a moment that tells nothing, so that the server does not see who is whose at the turn of its
 * keys; soon, if the address is of no use any more. */
static void plan(const struct core *core, struct conversation *c) {
    uint8_t newest = core->counters.address_key, ours = c->r.address_key;
    bool old = newest != 0 && ours != 0 && ours != newest;
    if (!old)
        c->r.renew = 0;
    else if (c->r.renew == 0)
        c->r.renew =
            core->now + core_random(core_address_holds(core, ours) ? RENEW_TIME : TIME_HOUR);
}

err core_conversation_plan_renewal(struct core *core, struct conversation *c) {
    uint64_t before = c->r.renew;
    plan(core, c);
    return c->r.renew == before ? OK : core_conversation_save(core, c);
}

/* The group is another one: our leaf may have another address. The caller saves. */
static err note_address(const struct core *core, struct conversation *c) {
    uint8_t address[PROTO_ADDRESS];
    TRY(own_address(c, address));
    c->r.address_key = address[0];
    plan(core, c);
    return OK;
}

/* ---- Applying a commit ---- */

struct event {
    enum core_message_kind kind;
    uint8_t sender[16], subject[16];
    uint8_t device[16]; /* LINKED, UNLINKED */
};

bool core_conversation_wish(const struct conversation *c, size_t i, uint32_t *leaf) {
    struct mls_proposed p;
    if (!mls_group_pending(c->group, i, &p) || p.type != MLS_PROPOSAL_REMOVE)
        return false;
    *leaf = p.leaf;
    return p.by.type == MLS_SENDER_MEMBER && p.by.index == p.leaf;
}

static bool wishes_to_leave(const struct conversation *c, uint32_t leaf) {
    uint32_t whose;
    for (size_t i = 0; i < mls_group_pending_proposals(c->group); i++)
        if (core_conversation_wish(c, i, &whose) && whose == leaf)
            return true;
    return false;
}

/* How many devices the account has before the commit, less those that it removes. */
static unsigned that_stay(const struct conversation *c, const struct mls_staged *staged,
                          slice account) {
    unsigned n = 0;
    for (uint32_t leaf = 0; core_conversation_has(c, account, &leaf); leaf++)
        n++;
    for (size_t i = 0; i < mls_staged_change_count(staged); i++) {
        struct mls_change change = mls_staged_change(staged, i);
        n -= change.what == MLS_REMOVED && change.member.identity.n == LEAF_IDENTITY &&
             memcmp(change.member.identity.p, account.p, account.n) == 0;
    }
    return n;
}

static bool change_event(const struct conversation *c, const struct mls_staged *staged,
                         const struct mls_change *change, struct event *event) {
    struct mls_member by;
    if (change->member.identity.n != LEAF_IDENTITY || change->what == MLS_UPDATED)
        return false;
    memcpy(event->subject, change->member.identity.p, 16);
    if (mls_group_member(c->group, change->by.index, &by) == OK && by.identity.n == LEAF_IDENTITY)
        memcpy(event->sender, by.identity.p, 16);
    if (change->what == MLS_ADDED)
        event->kind = CORE_MESSAGE_ADDED;
    else if (change->by.index == change->member.leaf || wishes_to_leave(c, change->member.leaf))
        event->kind = CORE_MESSAGE_LEFT;
    else
        event->kind = CORE_MESSAGE_REMOVED;
    if (that_stay(c, staged, slice_of(event->subject, 16)) == 0)
        return true;
    event->kind = change->what == MLS_ADDED ? CORE_MESSAGE_LINKED : CORE_MESSAGE_UNLINKED;
    memcpy(event->device, change->member.identity.p + 16, sizeof event->device);
    return true;
}

/* Of those whom one list has and the other has not. */
static err role_events(const struct conversation *c, const struct mls_staged *staged, slice list,
                       const struct roles *other, enum core_message_kind kind, buf *events) {
    struct mls_member by;
    struct event event;
    struct roles before;
    memset(&event, 0, sizeof event);
    event.kind = kind;
    TRY(core_roles_of(c->group, &before));
    TRY(mls_group_member(c->group, mls_staged_committer(staged), &by));
    if (by.identity.n == LEAF_IDENTITY && core_roles_admin(&before, by.identity.p))
        memcpy(event.sender, by.identity.p, sizeof event.sender);
    for (size_t at = 0; at < list.n; at += sizeof event.subject) {
        if (core_roles_admin(other, list.p + at) ||
            that_stay(c, staged, slice_of(list.p + at, sizeof event.subject)) == 0)
            continue;
        memcpy(event.subject, list.p + at, sizeof event.subject);
        TRY(buf_append(events, slice_of(&event, sizeof event)));
    }
    return OK;
}

static err collect_roles(const struct conversation *c, const struct mls_staged *staged,
                         buf *events) {
    struct roles before, after;
    size_t count;
    const struct mls_extension *extensions = mls_staged_extensions(staged, &count, &(bool){false});
    TRY(core_roles_of(c->group, &before));
    TRY(core_roles_read(extensions, count, &after));
    if (!before.any)
        return OK;
    TRY(role_events(c, staged, after.admins, &before, CORE_MESSAGE_PROMOTED, events));
    return role_events(c, staged, before.admins, &after, CORE_MESSAGE_DEMOTED, events);
}

/* Before the commit is applied: who it was that is gone afterwards. */
static err collect_events(const struct conversation *c, const struct mls_staged *staged,
                          buf *events) {
    struct event event, last;
    memset(&last, 0, sizeof last);
    for (size_t i = 0; i < mls_staged_change_count(staged); i++) {
        struct mls_change change = mls_staged_change(staged, i);
        memset(&event, 0, sizeof event);
        if (!change_event(c, staged, &change, &event) || memcmp(&event, &last, sizeof event) == 0)
            continue;
        TRY(buf_append(events, slice_of(&event, sizeof event)));
        last = event;
    }
    return collect_roles(c, staged, events);
}

static err write_events(struct core *core, struct conversation *c, slice events, bool *added) {
    struct event event;
    for (size_t at = 0; at < events.n; at += sizeof event) {
        memcpy(&event, events.p + at, sizeof event);
        *added = *added || event.kind == CORE_MESSAGE_ADDED || event.kind == CORE_MESSAGE_LINKED;
        TRY(core_history_device(core, c, event.kind, event.sender, event.subject, event.device));
    }
    return OK;
}

/* The group is in its new epoch. */
static err after_apply(struct core *core, struct conversation *c, slice events,
                       struct entry *ours) {
    bool made = c->r.state == CORE_CONVERSATION_NEW, added = made;
    c->r.epoch = mls_group_epoch(c->group);
    c->r.members = core_leaf_members(c->group);
    c->r.pending = c->r.spoiled = c->r.behind = false;
    c->commit_at = c->probe_at = 0;
    c->retry = true;
    if (made)
        c->r.state = CORE_CONVERSATION_ACTIVE;
    TRY(note_address(core, c));
    TRY(core_conversation_save_group(core, c));
    TRY(core_delete(core, TABLE_CONVERSATION, slice_str(name_staged), c->r.number));
    TRY(core_roles_go_on(core, c));
    if (!made) /* its history says so already */
        TRY(write_events(core, c, events, &added));
    TRY(core_conversation_save(core, c));
    if (ours == NULL)
        TRY(core_entry_lost(core, c));
    else
        TRY(core_entry_finish(core, ours, OK, 0, ours->refused));
    if (ours != NULL && added)
        TRY(core_profile_send(core, c, true));
    if (ours != NULL && added)
        TRY(core_timer_send(core, c, true, NULL));
    if (added)
        TRY(core_devices_mark(core, c));
    if (ours != NULL && added && c->r.number == core->account.r.own && core->account.r.has_identity)
        TRY(core_sync_all(core, c));
    if (c->r.state == CORE_CONVERSATION_LEAVING && c->r.members == 1)
        return core_conversation_end(core, c, CORE_CONVERSATION_LEFT);
    if (c->r.state == CORE_CONVERSATION_LEAVING &&
        !core_entry_pending(core, c->r.number, ENTRY_LEAVE))
        TRY(core_entry_add(core, c, ENTRY_LEAVE, SLICE_EMPTY, true, NULL));
    core_conversation_notice(core, c);
    return OK;
}

/* Those whom our commit brought in. */
static err met(struct core *core, struct conversation *c, const struct entry *ours) {
    if (ours == NULL || (ours->r.kind != ENTRY_CREATE && ours->r.kind != ENTRY_ADD))
        return OK;
    slice accounts = ours->r.intent;
    for (size_t i = 0; i + CORE_ACCOUNT <= accounts.n; i += CORE_ACCOUNT)
        TRY(core_contact_met(core, c, accounts.p + i));
    return OK;
}

/* Applies it. Whoever asked for another address wants the old one to hold no longer; but who has
 * not heard of it still sends by that one for a while. */
static err apply(struct core *core, struct conversation *c, struct mls_staged *staged, slice events,
                 struct entry *ours) {
    uint8_t old[PROTO_ADDRESS];
    bool devices = ours != NULL && (ours->r.kind == ENTRY_ADD || ours->r.kind == ENTRY_REPLACE) &&
                   memcmp(ours->r.intent.p, core->account.r.account, CORE_ACCOUNT) == 0;
    bool revokes = ours != NULL && ours->r.kind == ENTRY_UPDATE && ours->r.intent.n > 0;
    err e = own_address(c, old);
    if (e == OK)
        e = core_unheard_follow(core, c, staged);
    if (e != OK) {
        mls_staged_free(staged);
        return e;
    }
    mls_staged_apply(c->group, staged);
    TRY(met(core, c, ours));
    TRY(after_apply(core, c, events, ours));
    if (devices)
        TRY(core_sync_history(core, c));
    return revokes ? core_address_replaced(core, old, REPLACED_TIME) : OK;
}

err core_conversation_apply(struct core *core, struct conversation *c, struct mls_staged *staged,
                            struct entry *ours) {
    buf events = buf_on(core->mem);
    bool removed = mls_staged_removes_us(staged);
    if (removed && core_request_is(c)) { /* taken back */
        mls_staged_free(staged);
        return core_request_drop(core, c);
    }
    err e = collect_events(c, staged, &events);
    if (e != OK || removed)
        mls_staged_free(staged);
    else
        e = apply(core, c, staged, buf_slice(&events), ours);
    if (e == OK && removed) {
        bool added = false;
        bool left = c->r.state == CORE_CONVERSATION_LEAVING;
        c->r.epoch++; /* the one that began, without us */
        e = write_events(core, c, buf_slice(&events), &added);
        if (e == OK)
            e = core_conversation_end(core, c,
                                      left ? CORE_CONVERSATION_LEFT : CORE_CONVERSATION_REMOVED);
    }
    buf_free(&events);
    return e;
}

/* ---- Joining ---- */

/* The first of the Welcome's references that is a key package of ours. */
static err find_own(struct core *core, slice welcome, uint64_t *number, buf *bytes,
                    struct record_own_key *key) {
    size_t count = CORE_MEMBERS_MAX;
    buf refs = buf_on(core->mem);
    err e = buf_resize(&refs, count * 32);
    if (e == OK)
        e = mls_welcome_refs(welcome, refs.p, 32, &count);
    if (e == OK)
        e = ERR_MLS_NO_WELCOME;
    for (size_t i = 0; e == ERR_MLS_NO_WELCOME && i < count; i++) {
        buf_clear(bytes);
        err found = core_stock_find_key(core, refs.p + i * 32, number, bytes, key);
        if (found != ERR_NOT_FOUND)
            e = found;
    }
    buf_free(&refs);
    return e;
}

/* MLS's own defaults, and a bound on what a stranger's tree may cost. */
static const struct mls_limits join_limits = {
    .past_epochs = 8, .out_of_order = 256, .forward = 4096, .leaves = 4 * CORE_MEMBERS_MAX};

/* A conversation that we are in comes again when it left us behind: a member that we know removed
 * us and added us. */
static err comes_again(struct core *core, struct conversation *c, const struct mls_group *group,
                       const struct mls_member *adder) {
    uint32_t leaf = 0;
    if (mls_group_epoch(group) <= c->r.epoch || adder->identity.n != LEAF_IDENTITY)
        return ERR_EXISTS;
    TRY(core_conversation_load(core, c));
    if (!core_conversation_has(c, slice_of(adder->identity.p, 16), &leaf))
        return ERR_EXISTS;
    return core_roles_judge_again(c, group, adder->identity.p, core->account.r.account);
}

/* What we asked for is done in the new state, where it still makes sense. */
static err end_old(struct core *core, struct conversation *c, const struct mls_member *adder) {
    c->r.epoch++;               /* the one that began without us */
    TRY(delete_group(core, c)); /* the new one has no node where the old one may have had some */
    TRY(core_history_event(core, c, CORE_MESSAGE_REMOVED, adder->identity.p,
                           core->account.r.account));
    TRY(core_delete(core, TABLE_CONVERSATION, slice_str(name_staged), c->r.number));
    TRY(core_roles_go_on(core, c));
    for (size_t i = 0; i < core->entries.n; i++) {
        struct entry *entry = core->entries.p[i];
        if (entry->r.conversation == c->r.number && entry->r.stage != STAGE_INTENT)
            TRY(core_entry_again(core, entry));
    }
    return OK;
}

/* Somebody else than a contact, or another device of ours, asks first. */
static bool asks_first(const struct core *core, const uint8_t account[16]) {
    return core_contact_lookup(core, account) == NULL &&
           memcmp(account, core->account.r.account, 16) != 0;
}

static err place_new(struct core *core, slice id, const uint8_t inviter[16],
                     struct conversation **c) {
    bool asks = asks_first(core, inviter);
    if (asks)
        TRY(core_request_room(core, inviter));
    TRY(core_conversation_insert(core, id.p,
                                 asks ? CORE_CONVERSATION_REQUEST : CORE_CONVERSATION_ACTIVE, c));
    memcpy((*c)->r.inviter, inviter, sizeof(*c)->r.inviter);
    return OK;
}

/* A group that we were out of is another conversation when it comes again: anybody who knows its id
 * can make one that has it, and would come by the old one's name and history. One that we failed to
 * make does not come: it is somebody else's. */
static err place_joined(struct core *core, const struct mls_group *group, uint32_t sender,
                        struct conversation **c) {
    struct mls_member adder;
    slice id = mls_group_id(group);
    bool lost = false;
    TRY(mls_group_member(group, sender, &adder));
    if (id.n != 32 || core_leaf_members(group) > CORE_MEMBERS_MAX)
        return ERR_UNSUPPORTED;
    TRY(core_seen_welcome(core, group));
    *c = core_conversation_by_group(core, id);
    /* RFC 9420 rule 12.4.3-2: a group that we are in does not come again by somebody else. */
    if (*c != NULL && core_conversation_open(*c)) {
        err e = comes_again(core, *c, group, &adder);
        if (e == OK)
            return end_old(core, *c, &adder);
        /* It lost its way, and roles changed meanwhile, or so somebody says: another conversation,
         * so that everybody sees that it is not what they were in. */
        lost = e == ERR_DENIED && (*c)->r.behind;
        if (!lost)
            return e;
        TRY(core_conversation_end(core, *c, CORE_CONVERSATION_REMOVED));
    }
    if (*c != NULL &&
        ((*c)->r.state == CORE_CONVERSATION_NEW || (*c)->r.state == CORE_CONVERSATION_FAILED))
        return ERR_EXISTS;
    if (!lost)
        TRY(core_roles_judge_join(group, adder.identity.p, core->account.r.account));
    return place_new(core, id, adder.identity.p, c);
}

err core_conversation_answer(struct core *core, struct conversation *c, bool last_resort) {
    if (last_resort)
        TRY(core_entry_add(core, c, ENTRY_UPDATE, SLICE_EMPTY, true, NULL));
    TRY(core_devices_mark(core, c));
    if (memcmp(c->r.inviter, core->account.r.account, sizeof c->r.inviter) != 0)
        TRY(core_behind_tell(core, c));
    return core_profile_send(core, c, false);
}

/* Another device of ours added us: to one that it is in, whose history it may send, or to the
 * conversation of own devices. One that all others have left looks like that one; which it is the
 * first that comes over it says (sync.c). */
static err joined_own(struct core *core, struct conversation *c, const struct mls_group *group,
                      const struct mls_member *adder) {
    if (adder->identity.n != LEAF_IDENTITY ||
        memcmp(adder->identity.p, core->account.r.account, 16) != 0)
        return OK;
    c->r.used = true;
    if (c->r.messages == 0) {
        c->r.messages = c->r.read = HISTORY_ROOM;
        c->settings.told = c->settings.told_read = HISTORY_ROOM;
        c->r.room = true;
    }
    if (!core_devices_only_own(core, group) || core_devices_shares(core))
        return OK;
    core->account.r.own = c->r.number;
    return core_account_save(core);
}

/* The members may write by it, and ask. */
static err leaf_address_invites(struct core *core, const struct conversation *c) {
    uint8_t address[PROTO_ADDRESS];
    TRY(own_address(c, address));
    return core_address_joined(core, address);
}

static err joined(struct core *core, struct conversation *c, const struct mls_group *group,
                  uint32_t sender, bool last_resort) {
    struct mls_member member;
    bool leaving = c->r.state == CORE_CONVERSATION_LEAVING;
    TRY(mls_group_member(group, sender, &member));
    TRY(joined_own(core, c, group, &member));
    c->r.epoch = c->r.joined = mls_group_epoch(group);
    c->r.members = core_leaf_members(group);
    c->r.pending = c->r.spoiled = c->r.behind = false;
    c->r.unheard = SLICE_EMPTY;
    c->commit_at = c->probe_at = 0;
    c->retry = true;
    TRY(note_address(core, c));
    if (!last_resort)
        TRY(leaf_address_invites(core, c));
    TRY(core_conversation_save_group(core, c));
    TRY(core_history_event(core, c, CORE_MESSAGE_JOINED, member.identity.p,
                           core->account.r.account));
    if (leaving && !core_entry_pending(core, c->r.number, ENTRY_LEAVE))
        TRY(core_entry_add(core, c, ENTRY_LEAVE, SLICE_EMPTY, true, NULL));
    c->r.last_resort = last_resort && core_request_is(c);
    if (core_request_is(c))
        TRY(core_conversation_save(core, c)); /* and not a word until it is accepted */
    else
        TRY(core_conversation_answer(core, c, last_resort));
    TRY(core_sync_joined(core, c));
    core_conversation_notice(core, c);
    return OK;
}

/* Nobody learns that it came; neither its key package nor the address in it is of use again. */
static err drop_unseen(struct core *core, const struct mls_group *group, uint64_t number,
                       const struct record_own_key *key) {
    TRY(core_seen_welcome(core, group));
    TRY(core_stock_key_used(core, number, key));
    return core_request_revoke(core, group, key->last_resort);
}

/* A request that was declined on another device is heard as little as who is not heard at all. */
static err is_unseen(struct core *core, const struct mls_group *group, uint32_t sender,
                     bool *unseen) {
    struct mls_member adder;
    slice id = mls_group_id(group);
    *unseen = false;
    TRY(mls_group_member(group, sender, &adder));
    if (adder.identity.n != LEAF_IDENTITY)
        return OK;
    TRY(core_devices_unheard(core, adder.identity.p, unseen));
    if (*unseen || id.n != 32 || core_contact_lookup(core, adder.identity.p) != NULL)
        return OK;
    return core_seen_take_declined(core, id.p, unseen);
}

/* A stranger's Welcome has to come by an address that somebody was given to ask or to write by.
 * Whoever takes a key package has its own address too, also if the one that it was taken by holds
 * no longer. Whose request is here already was let in, and may ask anew. */
static err is_uninvited(struct core *core, const struct mls_group *group, uint32_t sender,
                        const uint8_t serial[8], bool *uninvited) {
    struct mls_member adder;
    bool invites = true;
    TRY(mls_group_member(group, sender, &adder));
    if (asks_first(core, adder.identity.p) && core_request_of(core, adder.identity.p) == NULL)
        TRY(core_address_invites(core, serial, &invites));
    *uninvited = !invites;
    return OK;
}

err core_conversation_join(struct core *core, slice welcome, const uint8_t serial[8],
                           bool *unseen) {
    struct record_own_key key;
    struct conversation *c = NULL;
    struct mls_group *group = NULL;
    buf bytes = buf_on(core->mem);
    uint64_t number = 0;
    uint32_t sender;
    *unseen = false;
    err e = find_own(core, welcome, &number, &bytes, &key);
    if (e == OK) {
        struct mls_join_params params = {
            .welcome = welcome,
            .own = {key.key_package, key.secrets, SLICE_ARRAY(core->account.r.device_seed)},
            .limits = &join_limits,
            .mem = core->mem};
        e = mls_group_join(&group, &params, &core->auth, &sender);
    }
    if (e == OK)
        e = is_unseen(core, group, sender, unseen);
    if (e == OK && !*unseen)
        e = is_uninvited(core, group, sender, serial, unseen);
    if (e == OK && *unseen)
        e = drop_unseen(core, group, number, &key);
    else if (e == OK)
        e = place_joined(core, group, sender, &c);
    if (e == OK && !*unseen) {
        mls_group_free(c->group);
        c->group = group;
        e = core_stock_key_used(core, number, &key);
        if (e == OK)
            e = joined(core, c, group, sender, key.last_resort);
    } else {
        mls_group_free(group);
    }
    buf_free(&bytes);
    return e;
}

/* ---- Committing what others proposed ---- */

/* The lower a member's place among the members, the sooner it commits; the others step in later. */
err core_conversation_schedule(struct core *core, struct conversation *c) {
    uint32_t place = core_leaf_own_place(c->group);
    if (!core_request_is(c))
        c->commit_at = core->now + place * TIME_SECOND + core_random(TIME_SECOND);
    if (c->r.pending)
        return OK;
    c->r.pending = true;
    return core_conversation_save(core, c);
}

static err commit_pending(struct core *core, struct conversation *c) {
    c->commit_at = 0;
    TRY(core_conversation_load(core, c));
    bool gone = false;
    uint32_t leaf = 0;
    uint8_t token[32];
    TRY(core_devices_gone(core, c, &leaf, &gone));
    err skipped = core_roles_skipped(core, c, token);
    wipe(token, sizeof token);
    if (skipped != OK && skipped != ERR_NOT_FOUND)
        return skipped;
    if ((mls_group_pending_proposals(c->group) == 0 && !gone && skipped != OK) ||
        core_entry_pending(core, c->r.number, ENTRY_COMMIT))
        return OK;
    return core_entry_add(core, c, ENTRY_COMMIT, SLICE_EMPTY, true, NULL);
}

/* ---- What is not as it seems ---- */

void core_conversation_doubt(const struct core *core, struct conversation *c) {
    uint64_t at = core->now + DOUBT_TIME;
    if (c->probed != 0 && at < c->probed + PROBE_EVERY)
        at = c->probed + PROBE_EVERY;
    if (c->probe_at == 0 && !core_request_is(c))
        c->probe_at = at;
}

/* The server's order can't be forged by who is no member: if our commit is taken, nothing was ahead
 * of us; if it is late and its winner does not come, something was. */
static err probe(struct core *core, struct conversation *c) {
    c->probe_at = 0;
    if (core_waiting_blobs_due(core, false)) {
        core_conversation_doubt(core, c); /* the commit may be in one of them */
        return OK;
    }
    c->probed = core->now;
    if (c->r.behind)
        return core_behind_ask(core, c); /* nobody did what was asked for, or could */
    if (core_entry_pending(core, c->r.number, ENTRY_UPDATE))
        return OK;
    return core_entry_add(core, c, ENTRY_UPDATE, SLICE_EMPTY, true, NULL);
}

/* The commit may fail: then again tomorrow. */
static err renew(struct core *core, struct conversation *c) {
    c->r.renew = core->now + TIME_DAY;
    TRY(core_conversation_save(core, c));
    if (core_entry_pending(core, c->r.number, ENTRY_UPDATE))
        return OK;
    return core_entry_add(core, c, ENTRY_UPDATE, SLICE_EMPTY, true, NULL);
}

/* By a clock that went wrong it may lie too far off. */
static uint64_t renewal(const struct core *core, const struct conversation *c) {
    bool able = c->r.state == CORE_CONVERSATION_ACTIVE && !c->r.spoiled && !c->r.behind;
    if (!able || c->r.renew == 0)
        return UINT64_MAX;
    return c->r.renew > core->now + RENEW_TIME ? core->now : c->r.renew;
}

/* ---- The pump ---- */

/* When there is something to do; UINT64_MAX: not at all. */
static uint64_t due(const struct core *core, const struct conversation *c) {
    uint64_t at = UINT64_MAX;
    if (!core_conversation_open(c))
        return at;
    if (c->commit_at != 0)
        at = c->commit_at;
    if (c->probe_at != 0 && c->probe_at < at)
        at = c->probe_at;
    if (c->r.devices && c->devices_at < at)
        at = c->devices_at;
    if (c->r.tell_read && c->read_at < at)
        at = c->read_at;
    if (c->receipts_at != 0 && c->receipts_at < at)
        at = c->receipts_at;
    if (c->r.state == CORE_CONVERSATION_LEAVING && c->r.leaving + LEAVE_TIME < at)
        at = c->r.leaving + LEAVE_TIME;
    return renewal(core, c) < at ? renewal(core, c) : at;
}

static err step(struct core *core, struct conversation *c) {
    if (c->r.state == CORE_CONVERSATION_LEAVING && core->now >= c->r.leaving + LEAVE_TIME)
        return core_conversation_end(core, c, CORE_CONVERSATION_LEFT);
    if (c->commit_at != 0 && core->now >= c->commit_at)
        TRY(commit_pending(core, c));
    if (c->probe_at != 0 && core->now >= c->probe_at)
        TRY(probe(core, c));
    if (c->r.tell_read && core->now >= c->read_at)
        TRY(core_sync_read(core, c));
    if (c->receipts_at != 0 && core->now >= c->receipts_at)
        TRY(core_receipts_step(core, c));
    if (c->r.devices && core->now >= c->devices_at)
        TRY(core_devices_step(core, c));
    return core->now >= renewal(core, c) ? renew(core, c) : OK;
}

void core_conversation_pump(struct core *core) {
    for (size_t i = 0; core->caught_up && i < core->conversations.n; i++) {
        struct conversation *c = core->conversations.p[i];
        if (core->now < due(core, c))
            continue;
        if (core_txn_begin(core) != OK || core_txn_end(core, step(core, c)) != OK)
            return;
    }
}

uint64_t core_conversation_wake(const struct core *core) {
    uint64_t at = UINT64_MAX;
    for (size_t i = 0; core->caught_up && i < core->conversations.n; i++) {
        uint64_t next = due(core, core->conversations.p[i]);
        at = next < at ? next : at;
    }
    return at;
}
