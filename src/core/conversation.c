/* Conversations: their groups, and what a commit does to them. */
#include "core/internal.h"

static const char name_meta[] = "conversation", name_group[] = "group", name_staged[] = "staged";

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

struct conversation *core_conversation_by_group(const struct core *core, slice group) {
    for (size_t i = 0; i < core->conversations.n; i++) {
        struct conversation *c = core->conversations.p[i];
        if (slice_equal(SLICE_ARRAY(c->r.group), group))
            return c;
    }
    return NULL;
}

bool core_conversation_open(const struct conversation *c) {
    return c->r.state == CORE_CONVERSATION_ACTIVE || c->r.state == CORE_CONVERSATION_LEAVING;
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

err core_conversation_insert(struct core *core, const uint8_t group[32], uint8_t state,
                             struct conversation **result) {
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

err core_conversation_load(struct core *core, struct conversation *c) {
    if (c->group != NULL)
        return OK;
    buf saved = buf_on(core->mem);
    err e = core_get(core, TABLE_CONVERSATION, slice_str(name_group), c->r.number, &saved);
    if (e == OK)
        e = mls_group_load(&c->group, buf_slice(&saved), core->mem);
    else if (e == ERR_NOT_FOUND)
        e = ERR_STATE;
    buf_free(&saved);
    return e;
}

err core_conversation_save_group(struct core *core, struct conversation *c) {
    buf saved = buf_on(core->mem);
    err e = mls_group_save(c->group, &saved);
    if (e == OK)
        e = core_put(core, TABLE_CONVERSATION, slice_str(name_group), c->r.number,
                     buf_slice(&saved));
    buf_free(&saved);
    return e;
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

static err drop_waiting(struct core *core, const struct conversation *c) {
    for (size_t i = core->waiting.n; i-- > 0;) {
        struct waiting *w = core->waiting.p[i];
        if (w->r.conversation == c->r.number)
            TRY(core_waiting_remove(core, w));
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
    c->commit_at = 0;
    c->r.state = (uint8_t)state;
    c->r.members = 0;
    c->r.pending = false;
    TRY(core_delete(core, TABLE_CONVERSATION, slice_str(name_group), c->r.number));
    TRY(core_delete(core, TABLE_CONVERSATION, slice_str(name_staged), c->r.number));
    TRY(core_conversation_save(core, c));
    TRY(end_entries(core, c));
    TRY(drop_waiting(core, c));
    core_conversation_notice(core, c);
    return OK;
}

/* ---- Applying a commit ---- */

struct event {
    enum core_message_kind kind;
    uint8_t sender[16], subject[16];
};

static bool change_event(const struct conversation *c, const struct mls_change *change,
                         struct event *event) {
    struct mls_member by;
    if (change->member.identity.n != LEAF_IDENTITY || change->what == MLS_UPDATED)
        return false;
    memcpy(event->subject, change->member.identity.p, 16);
    if (mls_group_member(c->group, change->by, &by) == OK && by.identity.n == LEAF_IDENTITY)
        memcpy(event->sender, by.identity.p, 16);
    if (change->what == MLS_ADDED)
        event->kind = CORE_MESSAGE_ADDED;
    else if (change->by == change->member.leaf)
        event->kind = CORE_MESSAGE_LEFT;
    else
        event->kind = CORE_MESSAGE_REMOVED;
    return true;
}

/* Before the commit is applied: who it was that is gone afterwards. */
static err collect_events(const struct conversation *c, const struct mls_staged *staged,
                          buf *events) {
    struct event event, last;
    memset(&last, 0, sizeof last);
    for (size_t i = 0; i < mls_staged_change_count(staged); i++) {
        struct mls_change change = mls_staged_change(staged, i);
        memset(&event, 0, sizeof event);
        if (!change_event(c, &change, &event) || memcmp(&event, &last, sizeof event) == 0)
            continue;
        TRY(buf_append(events, slice_of(&event, sizeof event)));
        last = event;
    }
    return OK;
}

static err write_events(struct core *core, struct conversation *c, slice events, bool *added) {
    struct event event;
    for (size_t at = 0; at < events.n; at += sizeof event) {
        memcpy(&event, events.p + at, sizeof event);
        *added = *added || event.kind == CORE_MESSAGE_ADDED;
        TRY(core_history_event(core, c, event.kind, event.sender, event.subject));
    }
    return OK;
}

/* The group is in its new epoch. */
static err after_apply(struct core *core, struct conversation *c, slice events,
                       struct entry *ours) {
    bool added = false, made = c->r.state == CORE_CONVERSATION_NEW;
    c->r.epoch = mls_group_epoch(c->group);
    c->r.members = core_leaf_members(c->group);
    c->r.pending = false;
    c->commit_at = 0;
    c->retry = true;
    if (made)
        c->r.state = CORE_CONVERSATION_ACTIVE;
    TRY(core_conversation_save_group(core, c));
    TRY(core_delete(core, TABLE_CONVERSATION, slice_str(name_staged), c->r.number));
    if (made)
        TRY(core_history_event(core, c, CORE_MESSAGE_CREATED, core->account.r.account, NULL));
    TRY(write_events(core, c, events, &added));
    TRY(core_conversation_save(core, c));
    if (ours == NULL)
        TRY(core_entry_lost(core, c));
    else
        TRY(core_entry_finish(core, ours, OK, 0, ours->refused));
    if (ours != NULL && added)
        TRY(core_profile_send(core, c, true));
    if (c->r.state == CORE_CONVERSATION_LEAVING && c->r.members == 1)
        return core_conversation_end(core, c, CORE_CONVERSATION_LEFT);
    if (c->r.state == CORE_CONVERSATION_LEAVING &&
        !core_entry_pending(core, c->r.number, ENTRY_LEAVE))
        TRY(core_entry_add(core, c, ENTRY_LEAVE, SLICE_EMPTY, true, NULL));
    core_conversation_notice(core, c);
    return OK;
}

err core_conversation_apply(struct core *core, struct conversation *c, struct mls_staged *staged,
                            struct entry *ours) {
    buf events = buf_on(core->mem);
    bool removed = mls_staged_removes_us(staged);
    err e = collect_events(c, staged, &events);
    if (e != OK || removed) {
        mls_staged_free(staged);
    } else {
        mls_staged_apply(c->group, staged);
        e = after_apply(core, c, buf_slice(&events), ours);
    }
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

/* A group may come again after we were out of it; one that we are in may not, nor one that we failed
 * to make: what came of that is somebody else's. */
static err place_joined(struct core *core, const struct mls_group *group, struct conversation **c) {
    slice id = mls_group_id(group);
    if (id.n != 32 || core_leaf_members(group) > CORE_MEMBERS_MAX)
        return ERR_UNSUPPORTED;
    *c = core_conversation_by_group(core, id);
    if (*c == NULL)
        return core_conversation_insert(core, id.p, CORE_CONVERSATION_ACTIVE, c);
    if (core_conversation_open(*c) || (*c)->r.state == CORE_CONVERSATION_NEW ||
        (*c)->r.state == CORE_CONVERSATION_FAILED)
        return ERR_EXISTS;
    return OK;
}

static err joined(struct core *core, struct conversation *c, const struct mls_group *group,
                  uint32_t sender, bool last_resort) {
    struct mls_member member;
    c->r.state = CORE_CONVERSATION_ACTIVE;
    c->r.epoch = c->r.joined = mls_group_epoch(group);
    c->r.members = core_leaf_members(group);
    c->r.spoiled = false;
    c->retry = true;
    TRY(core_conversation_save_group(core, c));
    TRY(mls_group_member(group, sender, &member));
    TRY(core_history_event(core, c, CORE_MESSAGE_JOINED, member.identity.p,
                           core->account.r.account));
    if (last_resort)
        TRY(core_entry_add(core, c, ENTRY_UPDATE, SLICE_EMPTY, true, NULL));
    TRY(core_profile_send(core, c, false));
    core_conversation_notice(core, c);
    return OK;
}

err core_conversation_join(struct core *core, slice welcome) {
    struct record_own_key key;
    struct conversation *c = NULL;
    struct mls_group *group = NULL;
    buf bytes = buf_on(core->mem);
    uint64_t number = 0;
    uint32_t sender;
    err e = find_own(core, welcome, &number, &bytes, &key);
    if (e == OK) {
        struct mls_own_key_package own = {key.key_package, key.secrets,
                                          SLICE_ARRAY(core->account.r.device_seed)};
        e = mls_group_join(&group, welcome, &own, SLICE_EMPTY, &join_limits, &core->auth,
                           core->mem, &sender);
    }
    if (e == OK)
        e = place_joined(core, group, &c);
    if (e == OK) {
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
    c->commit_at = core->now + place * TIME_SECOND + core_random(TIME_SECOND);
    if (c->r.pending)
        return OK;
    c->r.pending = true;
    return core_conversation_save(core, c);
}

static err commit_pending(struct core *core, struct conversation *c) {
    c->commit_at = 0;
    TRY(core_conversation_load(core, c));
    if (mls_group_pending_proposals(c->group) == 0 ||
        core_entry_pending(core, c->r.number, ENTRY_COMMIT))
        return OK;
    return core_entry_add(core, c, ENTRY_COMMIT, SLICE_EMPTY, true, NULL);
}

void core_conversation_pump(struct core *core) {
    for (size_t i = 0; core->caught_up && i < core->conversations.n; i++) {
        struct conversation *c = core->conversations.p[i];
        if (!core_conversation_open(c) || c->commit_at == 0 || core->now < c->commit_at)
            continue;
        if (core_txn_begin(core) != OK || core_txn_end(core, commit_pending(core, c)) != OK)
            return;
    }
}

uint64_t core_conversation_wake(const struct core *core) {
    uint64_t at = UINT64_MAX;
    for (size_t i = 0; core->caught_up && i < core->conversations.n; i++) {
        const struct conversation *c = core->conversations.p[i];
        if (core_conversation_open(c) && c->commit_at != 0 && c->commit_at < at)
            at = c->commit_at;
    }
    return at;
}
