/* From what is wanted to bytes that stay the same until the server has them. */
#include "core/internal.h"

enum {
    OUTBOX_FRAME_MAX = PROTO_FRAME_MAX - 16, /* a request, less the frame's head */
    JOINERS_MAX = PROTO_WELCOMES_MAX,
    WELCOME_EACH_MAX = 4,      /* more joiners share one Welcome, in one blob */
    WELCOME_EACH_SIZE = 12000, /* of tree and key packages together */
    COPIES_EACH_SIZE = 2000    /* of a commit in a large conversation */
};

/* ---- Items ---- */

/* A whole MLS message as an item, or as a blob that the item names. */
static err make_item(struct core *core, struct entry *entry, slice message, bool as_blob,
                     buf *item) {
    if (!as_blob && message.n <= PROTO_ITEM_CONTENT)
        return proto_item_write(item, PROTO_ITEM_MESSAGE, message);
    struct proto_blob_reference reference;
    buf sealed = buf_on(core->mem), content = buf_on(core->mem);
    err e = core_blob_seal(message, &sealed, &reference);
    if (e == OK)
        e = core_blob_store(core, entry->r.command, entry->r.blobs, buf_slice(&sealed));
    if (e == OK)
        e = proto_blob_reference_encode(&content, &reference);
    if (e == OK)
        e = proto_item_write(item, PROTO_ITEM_BLOB, buf_slice(&content));
    if (e == OK)
        entry->r.blobs++;
    wipe(&reference, sizeof reference);
    buf_free(&sealed);
    buf_free(&content);
    return e;
}

/* ---- Sends: content, and the wish to leave ---- */

static err write_send(const struct conversation *c, slice item, buf *request) {
    struct proto_send m = {.item = item};
    buf addresses = buf_on(request->mem);
    err e = core_leaf_roster(c->group, &addresses, &m.addresses.count);
    m.addresses.bytes = buf_slice(&addresses);
    if (e == OK)
        e = proto_send_encode(request, &m);
    buf_free(&addresses);
    return e;
}

static err write_roster_send(const struct conversation *c, slice item, buf *request) {
    struct proto_roster roster;
    struct proto_roster_send m = {.item = item};
    TRY(core_roster_of(c->group, &roster));
    m.count = roster.count;
    memcpy(m.group, c->r.group, sizeof m.group);
    memcpy(m.roster_hash, roster.hash, sizeof m.roster_hash);
    memcpy(m.key, roster.key, sizeof m.key);
    err e = proto_roster_send_encode(request, &m);
    wipe(&roster, sizeof roster);
    wipe(&m, sizeof m);
    return e;
}

static err finish_send(struct core *core, struct conversation *c, struct entry *entry,
                       slice message) {
    bool stored = core_roster_is_stored(core, core_leaf_members(c->group));
    struct record_seen seen = {.what = SEEN_OWN,
                               .conversation = c->r.number,
                               .message = entry->r.message,
                               .epoch = mls_group_epoch(c->group)};
    buf item = buf_on(core->mem), request = buf_on(core->mem);
    err e = make_item(core, entry, message, false, &item);
    if (e == OK)
        e = (stored ? write_roster_send : write_send)(c, buf_slice(&item), &request);
    if (e == OK && request.n > OUTBOX_FRAME_MAX)
        e = ERR_TOO_LARGE;
    if (e == OK)
        e = core_seen_expect(core, SLICE_EMPTY, buf_slice(&item), &seen);
    if (e == OK)
        e = core_conversation_save_group(core, c);
    entry->r.stage = STAGE_PREPARED;
    entry->r.epoch = mls_group_epoch(c->group);
    entry->r.type = stored ? PROTO_roster_send : PROTO_send;
    entry->r.request = buf_slice(&request);
    if (e == OK)
        e = core_entry_save(core, entry);
    buf_free(&item);
    buf_free(&request);
    return e;
}

static err prepare_content(struct core *core, struct conversation *c, struct entry *entry) {
    size_t n = entry->r.intent.n, overhead = 0, padding = 0;
    buf message = buf_on(core->mem);
    err e = mls_group_overhead(c->group, SLICE_EMPTY, n, &overhead);
    size_t room = proto_item_room(n + overhead);
    if (e == OK && room > 0)
        e = mls_group_padding(c->group, SLICE_EMPTY, n, room, &padding);
    if (e == OK)
        e = mls_group_protect(c->group, SLICE_EMPTY, entry->r.intent, padding, &message);
    if (e == OK)
        e = finish_send(core, c, entry, buf_slice(&message));
    buf_free(&message);
    return e;
}

/* Once that is done, we ask to be removed (conversation.c). */
static err hand_on_first(struct core *core, struct conversation *c, struct entry *entry) {
    uint8_t intent[CORE_ACCOUNT + 1] = {0};
    memcpy(intent, core->account.r.account, CORE_ACCOUNT);
    TRY(core_entry_finish(core, entry, OK, 0, 0));
    return core_entry_add(core, c, ENTRY_ROLE, SLICE_ARRAY(intent), true, NULL);
}

static err prepare_leave(struct core *core, struct conversation *c, struct entry *entry) {
    buf message = buf_on(core->mem);
    if (c->r.members == 1)
        return core_conversation_end(core, c, CORE_CONVERSATION_LEFT);
    if (core_roles_is_last(core, c))
        return hand_on_first(core, c, entry);
    struct mls_propose remove = {.type = MLS_PROPOSAL_REMOVE, .leaf = mls_group_own_leaf(c->group)};
    err e = mls_group_propose(c->group, &remove, &core->auth, MLS_PRIVATE_MESSAGE, &message);
    if (e == OK)
        e = finish_send(core, c, entry, buf_slice(&message));
    buf_free(&message);
    return e;
}

/* ---- Commits ---- */

struct plan {
    slice adds[JOINERS_MAX];
    size_t add_count;
    uint32_t removes[CORE_MEMBERS_MAX];
    size_t remove_count;
    struct leaf_own leaf;
    bool new_leaf;
    uint32_t gone[CORE_MEMBERS_MAX]; /* not there afterwards */
    size_t gone_count;
    bool begins;       /* the conversation gets roles, if all can have them */
    buf admins, roles; /* as they are to be; empty: as they are */
    struct mls_extension extension;
    struct mls_propose proposal;
};

static err make_group(struct core *core, struct conversation *c) {
    struct leaf_own leaf;
    uint8_t address[PROTO_ADDRESS];
    TRY(core_stock_take_address(core, address));
    TRY(core_leaf_own_make(core, address, &leaf));
    struct mls_group_params params = {.suite = mls_suite_find(core->account.r.suite),
                                      .group_id = SLICE_ARRAY(c->r.group),
                                      .leaf = leaf.params,
                                      .mem = core->mem};
    core_stock_lifetime(core, &params.not_before, &params.not_after);
    return mls_group_create(&c->group, &params, &core->auth);
}

static err plan_adds(const struct conversation *c, const struct entry *entry, struct plan *plan) {
    const uint8_t *target = entry->targets.p;
    for (reader r = reader_of(buf_slice(&entry->taken)); r.n > 0; target += TARGET) {
        struct proto_key_package key_package;
        TRY(proto_key_package_read(&r, &key_package));
        uint32_t leaf = 0;
        if (core_conversation_has(c, slice_of(target, LEAF_IDENTITY), &leaf))
            continue;
        if (plan->add_count == JOINERS_MAX)
            return ERR_LIMIT;
        plan->adds[plan->add_count++] = key_package.bytes;
    }
    if (c->r.members + plan->add_count > CORE_MEMBERS_MAX)
        return ERR_LIMIT;
    return plan->add_count == 0 ? ERR_EXISTS : OK;
}

static err plan_removes(const struct conversation *c, const struct entry *entry,
                        struct plan *plan) {
    uint32_t leaf = 0;
    for (; core_conversation_has(c, entry->r.intent, &leaf); leaf++) {
        if (plan->remove_count == CORE_MEMBERS_MAX)
            return ERR_LIMIT;
        plan->removes[plan->remove_count++] = leaf;
    }
    return plan->remove_count == 0 ? ERR_NOT_FOUND : OK;
}

static err plan_replacement(const struct conversation *c, const struct entry *entry,
                            struct plan *plan) {
    struct proto_key_package key_package;
    reader r = reader_of(buf_slice(&entry->taken));
    if (!core_behind_find(c, entry->r.intent, &plan->removes[0]))
        return ERR_NOT_FOUND;
    TRY(proto_key_package_read(&r, &key_package));
    plan->adds[0] = key_package.bytes;
    plan->add_count = plan->remove_count = 1;
    return OK;
}

static err make_plan(struct core *core, struct conversation *c, const struct entry *entry,
                     struct plan *plan) {
    uint8_t address[PROTO_ADDRESS];
    uint32_t leaf = 0;
    switch (entry->r.kind) {
    case ENTRY_CREATE:
    case ENTRY_ADD:
        return plan_adds(c, entry, plan);
    case ENTRY_REMOVE:
        return plan_removes(c, entry, plan);
    case ENTRY_UPDATE:
        TRY(core_stock_take_address(core, address));
        plan->new_leaf = true;
        return core_leaf_own_make(core, address, &plan->leaf);
    case ENTRY_REPLACE:
        return plan_replacement(c, entry, plan);
    case ENTRY_COMMIT:
    case ENTRY_TIMER:
        return OK;
    case ENTRY_ROLE:
        return core_conversation_has(c, slice_of(entry->r.intent.p, CORE_ACCOUNT), &leaf)
                   ? OK
                   : ERR_NOT_FOUND;
    default:
        return ERR_BUG;
    }
}

/* Whoever wishes to leave is removed by value: a commit that names a proposal can't be applied by
 * those from whom the proposal was kept. So whoever is no administrator leaves it to those who are.
 */
static void plan_wishes(const struct core *core, const struct conversation *c, struct plan *plan) {
    uint32_t leaf;
    for (size_t i = 0; i < mls_group_pending_proposals(c->group); i++) {
        bool there = false;
        if (!core_conversation_wish(c, i, &leaf) || leaf == mls_group_own_leaf(c->group) ||
            !core_roles_may_remove(core, c, leaf))
            continue;
        for (size_t j = 0; j < plan->remove_count; j++)
            there = there || plan->removes[j] == leaf;
        if (!there && plan->remove_count < CORE_MEMBERS_MAX)
            plan->removes[plan->remove_count++] = leaf;
    }
}

/* Devices that their accounts' lists have no more. */
static err plan_gone(struct core *core, const struct conversation *c, struct plan *plan) {
    bool gone = true;
    for (uint32_t leaf = 0; gone; leaf++) {
        bool there = false;
        TRY(core_devices_gone(core, c, &leaf, &gone));
        for (size_t i = 0; i < plan->remove_count; i++)
            there = there || plan->removes[i] == leaf;
        if (gone && !there && plan->remove_count < CORE_MEMBERS_MAX)
            plan->removes[plan->remove_count++] = leaf;
    }
    return OK;
}

/* ---- Roles ---- */

/* The leaves that are gone afterwards. One that is replaced comes again. */
static void list_gone(const struct entry *entry, struct plan *plan) {
    for (size_t n = entry->r.kind == ENTRY_REPLACE ? 1 : 0; n < plan->remove_count; n++)
        plan->gone[plan->gone_count++] = plan->removes[n];
}

/* Who adds somebody to itself, or to the two of a conversation, makes a group of it. */
static err begin_roles(const struct core *core, const struct conversation *c,
                       const struct entry *entry, struct plan *plan) {
    bool alone = entry->r.kind == ENTRY_CREATE && entry->r.intent.n == CORE_ACCOUNT;
    if ((entry->r.kind != ENTRY_CREATE && entry->r.kind != ENTRY_ADD) || alone ||
        memcmp(entry->r.intent.p, core->account.r.account, CORE_ACCOUNT) == 0)
        return OK;
    TRY(core_roles_begin(c, &plan->admins, &plan->begins));
    return plan->begins ? core_roles_write(&plan->roles, buf_slice(&plan->admins), true) : OK;
}

static void list_account(const struct conversation *c, const uint8_t *account, struct plan *plan) {
    for (uint32_t leaf = 0; core_conversation_has(c, slice_of(account, CORE_ACCOUNT), &leaf) &&
                            plan->gone_count < CORE_MEMBERS_MAX;
         leaf++)
        plan->gone[plan->gone_count++] = leaf;
}

static void list_unheard(const struct conversation *c, struct plan *plan) {
    for (uint32_t leaf = 0; leaf < mls_group_leaf_count(c->group); leaf++)
        if (core_unheard(c, leaf) && plan->gone_count < CORE_MEMBERS_MAX)
            plan->gone[plan->gone_count++] = leaf;
}

static err to_the_first(const struct conversation *c, const struct roles *now, struct plan *plan) {
    return core_roles_hand_on(c, now, (struct roles_leaves){plan->gone, plan->gone_count},
                              &plan->admins);
}

static err hand_on(const struct conversation *c, const struct roles *now, const struct entry *entry,
                   struct plan *plan) {
    list_gone(entry, plan);
    return to_the_first(c, now, plan);
}

/* The last administrator stays one until it leaves: then it is whoever has the first leaf of those
 * who have said something, or of all others. */
static err change_role(const struct conversation *c, const struct roles *now,
                       const struct entry *entry, struct plan *plan) {
    const uint8_t *account = entry->r.intent.p;
    if (entry->r.kind != ENTRY_ROLE)
        return OK;
    if (account[CORE_ACCOUNT] == 1)
        return core_roles_insert(&plan->admins, account);
    (void)core_roles_remove(&plan->admins, account);
    if (plan->admins.n > 0)
        return OK;
    if (c->r.state != CORE_CONVERSATION_LEAVING)
        return ERR_LIMIT;
    list_account(c, account, plan);
    size_t others = plan->gone_count;
    list_unheard(c, plan);
    TRY(to_the_first(c, now, plan));
    plan->gone_count = others;
    return plan->admins.n > 0 ? OK : to_the_first(c, now, plan);
}

static err plan_roles(struct core *core, const struct conversation *c, const struct entry *entry,
                      struct plan *plan) {
    struct roles now;
    TRY(core_roles_of(c->group, &now));
    if (!now.any) {
        TRY(begin_roles(core, c, entry, plan));
    } else {
        bool all = entry->r.kind == ENTRY_TIMER ? entry->r.intent.p[0] == 1 : now.timer_all;
        TRY(hand_on(c, &now, entry, plan));
        TRY(change_role(c, &now, entry, plan));
        if (all != now.timer_all || !slice_equal(now.admins, buf_slice(&plan->admins)))
            TRY(core_roles_write(&plan->roles, buf_slice(&plan->admins), all));
    }
    plan->extension = (struct mls_extension){ROLES_EXTENSION, buf_slice(&plan->roles)};
    plan->proposal = (struct mls_propose){.type = MLS_PROPOSAL_GROUP_CONTEXT_EXTENSIONS,
                                          .extensions = &plan->extension,
                                          .extension_count = 1};
    return OK;
}

/* Whether there is something to commit for others where nobody is removed. */
static err has_reason(struct core *core, const struct conversation *c, bool *has) {
    uint8_t token[32];
    err e = core_roles_skipped(core, c, token);
    wipe(token, sizeof token);
    *has = e == OK;
    return e == ERR_NOT_FOUND ? OK : e;
}

/* A Welcome for each joiner while they are few and small, else one that all share. */
static err welcome_each(const struct core *core, const struct conversation *c,
                        const struct plan *plan, bool *each) {
    buf tree = buf_on(core->mem);
    err e = mls_group_tree(c->group, &tree);
    size_t size = tree.n;
    for (size_t i = 0; i < plan->add_count; i++)
        size += plan->adds[i].n;
    *each = plan->add_count <= WELCOME_EACH_MAX && size <= WELCOME_EACH_SIZE;
    buf_free(&tree);
    return e;
}

/* The Welcome goes the way that the key package came: so an address that is revoked, a link's for
 * instance, leads nobody in; and, if there is one, by the other address that the device had. */
static err joiner_ways(const struct entry *entry, const struct mls_committed *made, size_t i,
                       uint8_t ways[2 * PROTO_ADDRESS]) {
    struct mls_member member;
    struct leaf leaf;
    TRY(mls_staged_member(made->staged, made->added[i], &member));
    TRY(core_leaf_read(&member, &leaf));
    memset(ways, 0, 2 * PROTO_ADDRESS);
    memcpy(ways, leaf.address, PROTO_ADDRESS);
    for (size_t at = 0; at + TARGET <= entry->targets.n; at += TARGET) {
        const uint8_t *target = entry->targets.p + at;
        if (slice_equal(member.identity, slice_of(target, LEAF_IDENTITY)))
            memcpy(ways, target + LEAF_IDENTITY, 2 * PROTO_ADDRESS);
    }
    return OK;
}

/* rest: how many joiners are still without one. */
static err write_letter(const uint8_t ways[2 * PROTO_ADDRESS], slice item, size_t rest,
                        buf *letters, uint32_t *count) {
    struct proto_letter letter = {.item = item};
    for (size_t i = 0; i < 2; i++) {
        memcpy(letter.address, ways + i * PROTO_ADDRESS, PROTO_ADDRESS);
        if (letter.address[0] == 0 || *count + rest > PROTO_WELCOMES_MAX)
            continue;
        TRY(proto_letter_encode(letters, &letter));
        ++*count;
    }
    return OK;
}

/* The letters, one or two for each joiner. A shared Welcome is one item for all. */
static err write_letters(struct core *core, struct entry *entry, const struct mls_committed *made,
                         bool as_blob, buf *letters, uint32_t *count) {
    uint8_t ways[2 * PROTO_ADDRESS];
    buf item = buf_on(core->mem);
    err e = OK;
    *count = 0;
    if (made->added_count > 0 && made->welcome_count == 0)
        return ERR_BUG;
    for (size_t i = 0; e == OK && i < made->added_count; i++) {
        if (i < made->welcome_count) {
            buf_clear(&item);
            e = make_item(core, entry, buf_slice(&made->welcomes[i]), as_blob, &item);
        }
        if (e == OK)
            e = joiner_ways(entry, made, i, ways);
        if (e == OK)
            e = write_letter(ways, buf_slice(&item), made->added_count - i, letters, count);
    }
    buf_free(&item);
    return e;
}

/* `blobs`: how many of its two kinds of items are sent as such: Welcomes first, then the commit. */
static err write_request(struct core *core, struct entry *entry, const struct mls_committed *made,
                         struct proto_commit *m, unsigned blobs, buf *item, buf *request) {
    buf letters = buf_on(core->mem);
    err e = make_item(core, entry, buf_slice(&made->commit), blobs > 1, item);
    if (e == OK)
        e = write_letters(core, entry, made, blobs > 0, &letters, &m->letters.count);
    m->item = buf_slice(item);
    m->letters.bytes = buf_slice(&letters);
    if (e == OK)
        e = proto_commit_encode(request, m);
    if (e == OK && request->n > OUTBOX_FRAME_MAX)
        e = ERR_FULL;
    buf_free(&letters);
    return e;
}

/* Tries the request with fewer and fewer items inside it, until it fits a frame. Of a commit that
 * goes to very many, only a small one is copied to each. */
static err fit_request(struct core *core, struct entry *entry, const struct mls_committed *made,
                       struct proto_commit *m, buf *item, buf *request) {
    err e = ERR_FULL;
    uint16_t before = entry->r.blobs; /* the roster */
    bool many = m->roster.count > 0 && made->commit.n > COPIES_EACH_SIZE;
    for (unsigned blobs = many ? 2 : 0; e == ERR_FULL && blobs <= 2; blobs++) {
        size_t mark = store_batch_mark(core->batch);
        entry->r.blobs = before;
        buf_clear(item);
        buf_clear(request);
        e = write_request(core, entry, made, m, blobs, item, request);
        if (e == ERR_FULL)
            store_batch_rewind(core->batch, mark);
    }
    return e == ERR_FULL ? ERR_TOO_LARGE : e;
}

/* Nobody applies a commit that makes more members than a send can address. */
static err order_fields(struct core *core, const struct conversation *c,
                        const struct mls_staged *staged, struct proto_commit *m,
                        uint32_t *members) {
    memcpy(m->group, c->r.group, sizeof m->group);
    err e = core_roles_skipped(core, c, m->token);
    if (e == ERR_NOT_FOUND)
        e = core_leaf_token(c->group, m->token);
    TRY(e);
    TRY(core_leaf_staged_next(staged, m->next));
    TRY(core_leaf_staged_roster_hash(staged, m->roster_hash, members));
    return *members > CORE_MEMBERS_MAX ? ERR_LIMIT : OK;
}

/* The lists of a commit: whom its copies go to, and the roster from now on. */
struct rosters {
    buf addresses, stored, replaces;
};

/* Copies go to the members of the epoch that ends: those who are removed learn of it so. */
static err list_members(struct core *core, const struct conversation *c, struct proto_commit *m,
                        struct rosters *lists) {
    struct proto_roster roster;
    uint8_t token[32];
    err skipped = core_roles_skipped(core, c, token);
    wipe(token, sizeof token);
    if (skipped != OK && skipped != ERR_NOT_FOUND)
        return skipped;
    /* After a commit that was refused the roster that is stored is not ours. */
    if (skipped == OK || !core_roster_is_stored(core, core_leaf_members(c->group))) {
        TRY(core_leaf_roster(c->group, &lists->addresses, &m->addresses.count));
        m->addresses.bytes = buf_slice(&lists->addresses);
        return OK;
    }
    err e = core_roster_of(c->group, &roster);
    if (e == OK)
        e = proto_roster_encode(&lists->stored, &roster);
    m->roster = (struct proto_list){buf_slice(&lists->stored), 1};
    wipe(&roster, sizeof roster);
    return e;
}

/* The new roster is a blob until the server takes the commit. */
static err list_new(struct core *core, struct entry *entry, const struct mls_staged *staged,
                    uint32_t members, struct proto_commit *m, struct rosters *lists) {
    struct proto_roster_new roster;
    buf sealed = buf_on(core->mem);
    entry->r.blobs = 0;
    if (!core_roster_is_stored(core, members))
        return OK;
    err e = core_roster_seal(staged, m->group, &roster, &sealed);
    if (e == OK)
        e = core_blob_store(core, entry->r.command, entry->r.blobs++, buf_slice(&sealed));
    if (e == OK)
        e = proto_roster_new_encode(&lists->replaces, &roster);
    m->replaces = (struct proto_list){buf_slice(&lists->replaces), 1};
    wipe(&roster, sizeof roster);
    buf_free(&sealed);
    return e;
}

static err finish_commit(struct core *core, struct conversation *c, struct entry *entry,
                         const struct mls_committed *made) {
    struct proto_commit m = {0};
    struct record_seen seen = {.what = SEEN_OWN_COMMIT, .entry = entry->r.command};
    uint8_t mark[PROTO_MARK];
    uint32_t members = 0;
    struct rosters lists = {buf_on(core->mem), buf_on(core->mem), buf_on(core->mem)};
    buf item = buf_on(core->mem), request = buf_on(core->mem), staged = buf_on(core->mem);
    err e = order_fields(core, c, made->staged, &m, &members);
    if (e == OK)
        e = list_members(core, c, &m, &lists);
    if (e == OK)
        e = list_new(core, entry, made->staged, members, &m, &lists);
    if (e == OK)
        e = fit_request(core, entry, made, &m, &item, &request);
    if (e == OK)
        e = core_leaf_mark(m.group, m.next, m.roster_hash, mark);
    if (e == OK)
        e = core_seen_expect(core, SLICE_ARRAY(mark), buf_slice(&item), &seen);
    if (e == OK)
        e = mls_staged_save(made->staged, &staged);
    if (e == OK)
        e = core_put(core, TABLE_CONVERSATION, slice_str("staged"), c->r.number,
                     buf_slice(&staged));
    if (e == OK)
        e = core_conversation_save_group(core, c);
    entry->r.stage = STAGE_PREPARED;
    entry->r.epoch = mls_group_epoch(c->group);
    entry->r.type = PROTO_commit;
    entry->r.request = buf_slice(&request);
    entry->r.mark = SLICE_ARRAY(mark);
    if (e == OK)
        e = core_entry_save(core, entry);
    wipe(m.token, sizeof m.token);
    buf_free(&lists.addresses);
    buf_free(&lists.stored);
    buf_free(&lists.replaces);
    buf_free(&item);
    buf_free(&request);
    buf_free(&staged);
    return e;
}

static err make_commit(struct core *core, struct conversation *c, struct entry *entry,
                       const struct plan *plan) {
    struct mls_committed made;
    bool each;
    TRY(welcome_each(core, c, plan, &each));
    struct mls_commit_params params = {.adds = plan->adds,
                                       .add_count = plan->add_count,
                                       .removes = plan->removes,
                                       .remove_count = plan->remove_count,
                                       .proposals = &plan->proposal,
                                       .proposal_count = plan->roles.n > 0,
                                       .without_pending = true,
                                       .leaf = plan->new_leaf ? &plan->leaf.params : NULL,
                                       .wire = MLS_PRIVATE_MESSAGE,
                                       .tree_in_welcome = true,
                                       .welcome_each = each};
    memset(&made, 0, sizeof made);
    err e = mls_group_commit(c->group, &params, &core->auth, &made);
    if (e == ERR_MLS_CAPABILITIES && plan->begins) { /* somebody's client knows nothing of roles */
        params.proposal_count = 0;
        e = mls_group_commit(c->group, &params, &core->auth, &made);
    }
    TRY(e);
    e = core_roles_judge(c, made.staged);
    if (e == OK)
        e = finish_commit(core, c, entry, &made);
    mls_committed_free(&made, core->mem);
    return e;
}

static err prepare_commit(struct core *core, struct conversation *c, struct entry *entry) {
    struct plan *plan = mem_new(core->mem, sizeof *plan);
    bool needed = true;
    if (plan == NULL)
        return ERR_NO_MEMORY;
    err e = make_plan(core, c, entry, plan);
    plan->admins = plan->roles = buf_on(core->mem);
    if (e == OK)
        plan_wishes(core, c, plan);
    if (e == OK && entry->r.kind == ENTRY_COMMIT)
        e = plan_gone(core, c, plan);
    if (e == OK)
        e = plan_roles(core, c, entry, plan);
    if (e == OK && entry->r.kind == ENTRY_COMMIT && plan->remove_count == 0)
        e = has_reason(core, c, &needed);
    if (e == OK && !needed)
        e = core_entry_finish(core, entry, OK, 0, 0);
    else if (e == OK)
        e = make_commit(core, c, entry, plan);
    buf_free(&plan->admins);
    buf_free(&plan->roles);
    mem_free(core->mem, plan, sizeof *plan);
    return e;
}

/* ---- A commit that waited long ---- */

/* Blobs have their places in the order in which the items that name them stand in the request. */
static err fresh_item(struct core *core, struct entry *entry, slice item, buf *fresh) {
    enum proto_item_kind kind;
    slice content;
    struct proto_blob_reference reference;
    TRY(proto_item_read(item, &kind, &content));
    if (kind != PROTO_ITEM_BLOB)
        return buf_set(fresh, item);
    TRY(proto_blob_reference_decode(content, &reference));
    buf sealed = buf_on(core->mem), message = buf_on(core->mem);
    buf_clear(fresh);
    err e = core_blob_load(core, entry->r.command, entry->r.blobs, &sealed);
    if (e == OK)
        e = core_blob_open(buf_slice(&sealed), &reference, &message);
    if (e == OK)
        e = make_item(core, entry, buf_slice(&message), true, fresh);
    wipe(&reference, sizeof reference);
    buf_free(&sealed);
    buf_free(&message);
    return e;
}

static err fresh_letters(struct core *core, struct entry *entry, slice old, buf *letters) {
    struct proto_letter letter;
    slice before = SLICE_EMPTY;
    buf item = buf_on(core->mem);
    err e = OK;
    for (reader r = reader_of(old); e == OK && r.n > 0;) {
        e = proto_letter_read(&r, &letter);
        if (e == OK && !slice_equal(letter.item, before)) {
            before = letter.item;
            e = fresh_item(core, entry, before, &item);
        }
        letter.item = buf_slice(&item);
        if (e == OK)
            e = proto_letter_encode(letters, &letter);
    }
    buf_free(&item);
    return e;
}

/* Whichever of its copies comes is ours: the server may have the one that names the old blob. */
static err fresh_request(struct core *core, struct entry *entry, struct proto_commit *m,
                         buf *request) {
    struct record_seen seen = {.what = SEEN_OWN_COMMIT, .entry = entry->r.command};
    buf item = buf_on(core->mem), letters = buf_on(core->mem);
    entry->r.blobs = (uint16_t)m->replaces.count;
    err e = fresh_item(core, entry, m->item, &item);
    if (e == OK)
        e = fresh_letters(core, entry, m->letters.bytes, &letters);
    if (e == OK && !slice_equal(m->item, buf_slice(&item)))
        e = core_seen_expect(core, entry->r.mark, buf_slice(&item), &seen);
    m->item = buf_slice(&item);
    m->letters.bytes = buf_slice(&letters);
    if (e == OK)
        e = proto_commit_encode(request, m);
    buf_free(&item);
    buf_free(&letters);
    return e;
}

err core_prepare_fresh_blobs(struct core *core, struct entry *entry) {
    struct proto_commit m;
    buf request = buf_on(core->mem);
    TRY(proto_commit_decode(entry->r.request, &m));
    err e = fresh_request(core, entry, &m, &request);
    wipe(m.token, sizeof m.token);
    entry->r.request = buf_slice(&request);
    core_entry_rewind(entry);
    if (e == OK)
        e = core_entry_save(core, entry);
    buf_free(&request);
    return e;
}

/* ---- Both ---- */

/* By another conversation: in the one that it is behind in, its address may hold no longer. */
static err replaced_target(struct core *core, const struct entry *entry, buf *targets) {
    uint8_t ways[2 * PROTO_ADDRESS] = {0};
    slice identity = slice_of(entry->r.intent.p, LEAF_IDENTITY);
    TRY(core_contact_living_address(core, identity.p, entry->r.conversation, ways));
    TRY(buf_append(targets, identity));
    return buf_append(targets, SLICE_ARRAY(ways));
}

err core_prepare_targets(struct core *core, struct entry *entry) {
    slice accounts = entry->r.intent;
    struct conversation *c = core_conversation_lookup(core, entry->r.conversation);
    if (entry->r.kind == ENTRY_REPLACE)
        return replaced_target(core, entry, &entry->targets);
    for (size_t i = 0; i + CORE_ACCOUNT <= accounts.n; i += CORE_ACCOUNT) {
        if (memcmp(accounts.p + i, core->account.r.account, CORE_ACCOUNT) == 0)
            TRY(core_devices_targets(core, c, &entry->targets));
        else
            TRY(core_contact_targets(core, accounts.p + i, &entry->targets));
    }
    if (entry->targets.n == 0)
        return ERR_NOT_FOUND;
    return entry->targets.n > (size_t)JOINERS_MAX * TARGET ? ERR_LIMIT : OK;
}

err core_prepare_entry(struct core *core, struct conversation *c, struct entry *entry) {
    if (entry->r.kind == ENTRY_CREATE && c->group == NULL)
        TRY(make_group(core, c));
    TRY(core_conversation_load(core, c));
    if (entry->r.kind == ENTRY_CONTENT)
        return prepare_content(core, c, entry);
    if (entry->r.kind == ENTRY_LEAVE)
        return prepare_leave(core, c, entry);
    return prepare_commit(core, c, entry);
}
