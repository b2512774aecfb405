/* What a user interface looks at: status, conversations, members. */
#include "base/text.h"
#include "core/internal.h"

static enum core_link_state link_state(const struct core_session *s) {
    switch (s->step) {
    case STEP_OFF:
        return CORE_LINK_OFF;
    case STEP_WAIT:
        return CORE_LINK_WAITING;
    case STEP_READY:
        return CORE_LINK_READY;
    default:
        return CORE_LINK_CONNECTING;
    }
}

/* The anonymous sessions together: as good as the best of them. */
static enum core_link_state anon_state(const struct core *core) {
    enum core_link_state best = CORE_LINK_OFF;
    for (size_t i = 1; i < SESSIONS_MAX; i++) {
        enum core_link_state state = link_state(&core->sessions[i]);
        if (state > best)
            best = state;
    }
    return best;
}

static void fill_account(const struct record_account *a, struct core_status *status) {
    status->has_account = true;
    status->registered = a->registered;
    status->deleted = a->deleted;
    status->registering = !a->registered && a->command != 0;
    status->has_identity = a->has_identity;
    status->own = a->own;
    struct proto_device_list list;
    if (proto_device_list_decode(a->devices, &list) == OK)
        status->devices = list.devices.count;
    status->name = a->name;
    status->server = a->server;
    status->suite = a->suite;
    memcpy(status->account, a->account, sizeof status->account);
    memcpy(status->device, a->device, sizeof status->device);
    memcpy(status->identity, a->identity, sizeof status->identity);
    memcpy(status->server_identity, a->server_identity, sizeof status->server_identity);
}

static bool unsettled(const struct core *core) {
    for (size_t i = 0; i < core->conversations.n; i++) {
        const struct conversation *c = core->conversations.p[i];
        if (core_conversation_open(c) && c->commit_at != 0)
            return true;
    }
    return core->entries.n > 0;
}

void core_status_get(const struct core *core, struct core_status *status) {
    memset(status, 0, sizeof *status);
    if (core->account.exists)
        fill_account(&core->account.r, status);
    status->auth = link_state(&core->sessions[AUTH]);
    status->anon = anon_state(core);
    status->caught_up = core->caught_up;
    status->replaced = core->replaced;
    status->out = core->out;
    status->last_error = core->last_error;
    status->last_reason = core->last_reason;
    status->last_phase = core->last_phase;
    status->contacts = (uint32_t)core->contacts.n;
    status->conversations = (uint32_t)core->conversations.n;
    for (size_t i = 0; i < core->conversations.n; i++)
        status->requests += core_request_is(core->conversations.p[i]);
    status->blocked = (uint32_t)core_blocked_count(core);
    status->outbox = (uint32_t)(core->entries.n + core->uploads.n);
    status->unsettled = unsettled(core);
    status->waiting = (uint32_t)core->waiting.n;
    status->quarantined = core->counters.quarantined;
    status->dropped = core->counters.dropped;
    status->repeats = core->counters.repeats;
    status->gaps = core->counters.gaps;
    status->position = core->counters.position;
    status->addresses = (uint32_t)core->address_count;
    status->notices = core_desk_unread(core);
    status->desk_changed = core->desk.r.changed;
}

/* ---- Conversations ---- */

static void fill(const struct core *core, const struct conversation *c,
                 struct core_conversation *out) {
    memset(out, 0, sizeof *out);
    out->number = c->r.number;
    out->group_id = SLICE_ARRAY(c->r.group);
    out->name = c->r.name;
    out->own_name = c->r.own_name;
    out->state = (enum core_conversation_state)c->r.state;
    out->epoch = c->r.epoch;
    out->members = c->r.members;
    out->messages = c->r.messages;
    out->read = c->r.read;
    out->timer = c->settings.timer;
    out->muted = core_kept_muted(core, c) ? c->kept.muted : 0;
    out->archived = c->kept.archived;
    out->quarantined = c->r.quarantined;
    out->spoiled = c->r.spoiled;
    out->behind = c->r.behind;
    out->unheard = core_unheard_count(c);
    memcpy(out->inviter, c->r.inviter, sizeof out->inviter);
    for (size_t i = 0; i < core->entries.n; i++) {
        const struct entry *entry = core->entries.p[i];
        if (entry->r.conversation != c->r.number)
            continue;
        out->outbox++;
        out->asked += !entry->r.silent;
        if (entry->r.type == PROTO_send && entry->r.stage == STAGE_PREPARED && entry->refused > 0)
            out->refused = entry->refused;
    }
    for (size_t i = 0; i < core->uploads.n; i++) {
        const struct upload *u = core->uploads.p[i];
        out->outbox += u->r.conversation == c->r.number;
    }
    for (size_t i = 0; i < core->waiting.n; i++) {
        const struct waiting *w = core->waiting.p[i];
        out->waiting += w->r.conversation == c->r.number;
    }
}

err core_conversation_at(const struct core *core, size_t i, struct core_conversation *out) {
    if (i >= core->conversations.n)
        return ERR_NOT_FOUND;
    fill(core, core->conversations.p[i], out);
    return OK;
}

err core_conversation_get(const struct core *core, uint32_t number, struct core_conversation *out) {
    const struct conversation *c = core_conversation_lookup(core, number);
    if (c == NULL)
        return ERR_NOT_FOUND;
    fill(core, c, out);
    return OK;
}

/* True for one that is being made with one account alone. */
static bool begun_with(const struct core *core, const struct conversation *c, uint8_t account[16]) {
    for (size_t i = 0; i < core->entries.n; i++) {
        const struct entry *entry = core->entries.p[i];
        if (entry->r.conversation != c->r.number || entry->r.kind != ENTRY_CREATE)
            continue;
        if (entry->r.intent.n == 16)
            memcpy(account, entry->r.intent.p, 16);
        return entry->r.intent.n == 16;
    }
    return false;
}

/* True for a conversation that is ours and one other account's alone. */
bool core_conversation_one_to_one(struct core *core, struct conversation *c, uint8_t account[16]) {
    struct mls_member member;
    bool found = false;
    if (c->r.state == CORE_CONVERSATION_NEW)
        return begun_with(core, c, account);
    if (!core_conversation_open(c) || core_conversation_load(core, c) != OK)
        return false;
    for (uint32_t i = 0; i < mls_group_leaf_count(c->group); i++) {
        if (mls_group_member(c->group, i, &member) != OK || member.identity.n != LEAF_IDENTITY ||
            memcmp(member.identity.p, core->account.r.account, 16) == 0)
            continue;
        if (found && memcmp(member.identity.p, account, 16) != 0)
            return false;
        found = true;
        memcpy(account, member.identity.p, 16);
    }
    return found;
}

err core_conversation_with(struct core *core, uint32_t conversation,
                           uint8_t account[CORE_ACCOUNT]) {
    struct conversation *c = core_conversation_lookup(core, conversation);
    return c != NULL && core_conversation_one_to_one(core, c, account) ? OK : ERR_NOT_FOUND;
}

/* Which of several with the same account is meant, alike on both sides: two who write first at the
 * same time make two. */
static bool before(const struct conversation *a, const struct conversation *b) {
    if (a->r.spoiled != b->r.spoiled)
        return b->r.spoiled;
    if ((a->r.name.n == 0) != (b->r.name.n == 0))
        return a->r.name.n == 0;
    return memcmp(a->r.group, b->r.group, sizeof a->r.group) < 0;
}

static err find_with(struct core *core, const uint8_t account[16],
                     const struct conversation **found) {
    uint8_t other[16];
    for (size_t i = 0; i < core->conversations.n; i++) {
        struct conversation *c = core->conversations.p[i];
        if (!core_conversation_one_to_one(core, c, other) || memcmp(other, account, 16) != 0)
            continue;
        if (*found == NULL || before(c, *found))
            *found = c;
    }
    return *found == NULL ? ERR_NOT_FOUND : OK;
}

/* True for somebody who is no contact and calls itself so, or has such an id. */
static bool met_fits(struct core *core, uint32_t conversation, const uint8_t account[16],
                     slice text) {
    buf name = buf_on(core->mem);
    bool fits = core_contact_lookup(core, account) == NULL && text.n > 0 &&
                core_contact_name_of(core, conversation, account, &name) == OK &&
                (slice_equal(buf_slice(&name), text) || core_contact_id_begins(account, text));
    buf_free(&name);
    return fits;
}

/* By the one other member, who wrote to us and is no contact. */
static err find_met(struct core *core, slice text, const struct conversation **found) {
    uint8_t other[16], first[16];
    for (size_t i = 0; i < core->conversations.n; i++) {
        struct conversation *c = core->conversations.p[i];
        if (!core_conversation_one_to_one(core, c, other) ||
            !met_fits(core, c->r.number, other, text))
            continue;
        if (*found != NULL && memcmp(first, other, sizeof first) != 0)
            return ERR_LIMIT;
        if (*found == NULL || before(c, *found))
            *found = c;
        memcpy(first, other, sizeof first);
    }
    return *found == NULL ? ERR_NOT_FOUND : OK;
}

/* By its title. *ours: we gave it, which outweighs titles that others gave. One that is over counts
 * only if no other fits: it may have come again under another number. */
static err find_titled(const struct core *core, slice title, bool *ours,
                       const struct conversation **found) {
    int best = -1;
    size_t equals = 0;
    for (size_t i = 0; title.n > 0 && i < core->conversations.n; i++) {
        const struct conversation *c = core->conversations.p[i];
        bool goes_on = !core_request_is(c) &&
                       (core_conversation_open(c) || c->r.state == CORE_CONVERSATION_NEW);
        int rank = 2 * c->r.own_name + goes_on;
        if (!slice_equal(c->r.name, title) || rank < best)
            continue;
        equals = rank > best ? 1 : equals + 1;
        best = rank;
        *found = c;
    }
    *ours = best >= 2;
    return equals == 0 ? ERR_NOT_FOUND : equals > 1 ? ERR_LIMIT : OK;
}

/* What others say of themselves never outweighs what we said, or a message would go where another
 * wants it: a petname and a title of ours are looked at first, then ids and what others chose.
 * Whatever fits equally well makes it LIMIT. */
static err find_named(struct core *core, slice text, const struct conversation **found) {
    const struct contact *contact = NULL;
    const struct conversation *titled = NULL;
    bool petname, own;
    err by_contact = core_contact_search(core, text, &petname, &contact);
    err by_title = find_titled(core, text, &own, &titled);
    if (by_contact == ERR_NOT_FOUND && by_title == ERR_NOT_FOUND)
        return find_met(core, text, found);
    bool title_only = by_contact == ERR_NOT_FOUND || (by_title != ERR_NOT_FOUND && own && !petname);
    bool contact_only = by_title == ERR_NOT_FOUND || (petname && !own);
    if (title_only) {
        *found = titled;
        return by_title;
    }
    TRY(by_contact);
    err e = find_with(core, contact->r.account, found);
    if (contact_only)
        return e;
    return e == OK && by_title == OK && *found == titled ? OK : ERR_LIMIT;
}

err core_conversation_find(struct core *core, slice text, struct core_conversation *out) {
    const struct conversation *c = NULL;
    uint64_t number;
    if (decimal_decode(text, UINT32_MAX, &number) == OK &&
        core_conversation_get(core, (uint32_t)number, out) == OK)
        return OK;
    TRY(find_named(core, text, &c));
    fill(core, c, out);
    return OK;
}

err core_conversation_authenticator(struct core *core, uint32_t conversation, uint8_t out[32]) {
    struct conversation *c = core_conversation_lookup(core, conversation);
    if (c == NULL)
        return ERR_NOT_FOUND;
    TRY(core_conversation_load(core, c));
    slice authenticator = mls_group_epoch_authenticator(c->group);
    if (authenticator.n < 32)
        return ERR_BUG;
    memcpy(out, authenticator.p, 32);
    return OK;
}

/* ---- Members ---- */

static err fill_member(struct core *core, const struct conversation *c,
                       const struct mls_member *from, struct core_member *member, buf *name) {
    struct leaf leaf;
    memset(member, 0, sizeof *member);
    TRY(core_leaf_read(from, &leaf));
    memcpy(member->account, leaf.account, sizeof member->account);
    memcpy(member->device, leaf.device, sizeof member->device);
    memcpy(member->identity, leaf.identity, sizeof member->identity);
    const struct contact *contact = core_contact_lookup(core, leaf.account);
    member->leaf = from->leaf;
    member->us = memcmp(leaf.account, core->account.r.account, 16) == 0;
    member->contact = contact != NULL;
    TRY(core_devices_unlisted(core, leaf.account, leaf.device, &member->unlisted));
    struct roles roles;
    TRY(core_roles_of(c->group, &roles));
    member->admin = core_roles_admin(&roles, leaf.account);
    member->unheard = core_unheard(c, from->leaf) && core_unheard_all(c, leaf.account);
    buf_clear(name);
    TRY(core_contact_name_of(core, c->r.number, leaf.account, name));
    member->name = buf_slice(name);
    return OK;
}

err core_members(struct core *core, uint32_t conversation, core_member_visit *visit, void *ctx) {
    struct conversation *c = core_conversation_lookup(core, conversation);
    struct mls_member from;
    struct core_member member;
    buf name = buf_on(core->mem);
    if (c == NULL)
        return ERR_NOT_FOUND;
    if (!core_conversation_open(c))
        return OK;
    TRY(core_conversation_load(core, c));
    err e = OK;
    for (uint32_t i = 0; e == OK && i < mls_group_leaf_count(c->group); i++) {
        if (mls_group_member(c->group, i, &from) != OK)
            continue;
        e = fill_member(core, c, &from, &member, &name);
        if (e == OK && !visit(ctx, &member))
            break;
    }
    buf_free(&name);
    return e;
}

err core_conversation_roles(struct core *core, uint32_t conversation, struct core_roles *out) {
    struct conversation *c = core_conversation_lookup(core, conversation);
    struct roles roles;
    *out = (struct core_roles){0};
    if (c == NULL)
        return ERR_NOT_FOUND;
    if (!core_conversation_open(c))
        return OK;
    TRY(core_conversation_load(core, c));
    TRY(core_roles_of(c->group, &roles));
    out->any = roles.any;
    out->admin = core_roles_admin(&roles, core->account.r.account);
    out->timer_all = !roles.any || roles.timer_all;
    return OK;
}

/* ---- Names ---- */

#define NAME_OF(names, i) ((size_t)(i) < sizeof(names) / sizeof(names)[0] ? (names)[i] : "")

const char *core_message_kind_name(enum core_message_kind kind) {
    static const char *const names[] = {"",         "content", "created",  "joined",  "added",
                                        "removed",  "left",    "updated",  "renamed", "linked",
                                        "unlinked", "timer",   "promoted", "demoted"};
    return NAME_OF(names, kind);
}

const char *core_content_shape_name(enum core_content_shape shape) {
    static const char *const names[] = {"", "text", "reaction", "edit", "delete", "other", "file"};
    return NAME_OF(names, shape);
}

const char *core_message_state_name(enum core_message_state state) {
    static const char *const names[] = {"received", "queued", "sent", "failed"};
    return NAME_OF(names, state);
}

const char *core_conversation_state_name(enum core_conversation_state state) {
    static const char *const names[] = {"",     "new",     "active", "leaving",
                                        "left", "removed", "failed", "request"};
    return NAME_OF(names, state);
}

const char *core_link_state_name(enum core_link_state state) {
    static const char *const names[] = {"off", "waiting", "connecting", "ready"};
    return NAME_OF(names, state);
}

const char *core_receipts_name(enum core_receipts level) {
    static const char *const names[] = {"off", "delivered", "read"};
    return NAME_OF(names, level);
}

err core_receipts_named(slice name, enum core_receipts *level) {
    for (*level = CORE_RECEIPTS_NONE; *level <= CORE_RECEIPTS_READ; (*level)++)
        if (slice_equal(name, slice_str(core_receipts_name(*level))))
            return OK;
    return ERR_MALFORMED;
}
