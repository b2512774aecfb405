/* What own devices tell each other, in the conversation of their own: MIMI content of disposition
 * profile and type "application/vnd.sotto.sync", whose body is a record (records.h, sync). When a
 * device is new the one with the identity's key sends it whatever is shared and all contacts, then
 * of each conversation the newest entries of the history, a part each. Later each sends what
 * changes, and whoever adds the others to a newer conversation what was said there before. Of two
 * changes to the same thing the later one holds: docs/decisions/0038. */
#include "core/internal.h"

#include "core/content.h"

static const uint8_t no_message[32];
static const char sync_type[] = "application/vnd.sotto.sync";
enum {
    CONVERSATIONS = 64,    /* of which a new device gets the history */
    ENTRIES = 100,         /* of each */
    PART_MAX = 128 * 1024, /* bytes of one part */
    ROOM = HISTORY_ROOM
};

/* ---- Sending ---- */

static err send(struct core *core, struct conversation *own, const struct record_sync *sync) {
    buf body = buf_on(core->mem), content = buf_on(core->mem);
    err e = record_sync_write(&body, sync);
    if (e == OK)
        e = core_content_encode(&content, CONTENT_PROFILE, sync_type, buf_slice(&body), NULL, NULL);
    if (e == OK)
        e = core_entry_add(core, own, ENTRY_CONTENT, buf_slice(&content), true, NULL);
    buf_free(&body);
    buf_free(&content);
    return e;
}

static err add_item(buf *items, slice item) {
    writer w = writer_on(items);
    writer_vec(&w, item);
    return writer_result(&w);
}

/* To the others, if there are any. */
static err tell(struct core *core, enum sync_kind kind, slice item) {
    struct conversation *own = core_conversation_lookup(core, core->account.r.own);
    struct record_sync sync = {.kind = (uint8_t)kind};
    buf items = buf_on(core->mem);
    if (own == NULL || own->r.state != CORE_CONVERSATION_ACTIVE || own->r.members < 2)
        return OK;
    err e = add_item(&items, item);
    sync.items = buf_slice(&items);
    if (e == OK)
        e = send(core, own, &sync);
    buf_free(&items);
    return e;
}

/* ---- Kinds of items ---- */

#define SYNC_DEFINE(kind, what, import)                                           \
    err core_sync_tell_##what(struct core *core, const struct record_##what *v) { \
        buf item = buf_on(core->mem);                                             \
        err e = record_##what##_write(&item, v);                                  \
        if (e == OK)                                                              \
            e = tell(core, SYNC_##kind, buf_slice(&item));                        \
        buf_free(&item);                                                          \
        return e;                                                                 \
    }                                                                             \
    static err take_##what(struct core *core, slice item) {                       \
        struct record_##what v;                                                   \
        err e = record_##what##_read(item, &v) == OK ? import(core, &v) : OK;     \
        wipe(&v, sizeof v);                                                       \
        return e;                                                                 \
    }
SYNC_ITEMS(SYNC_DEFINE)

static size_t count_blocked(const struct core *core) {
    return core->blocked.n;
}

static err export_blocked(struct core *core, size_t i, buf *item) {
    const struct blocked *b = core->blocked.p[i];
    return buf_append(item, buf_slice(&b->bytes));
}

/* Everywhere, and in each conversation. */
static size_t count_profiles(const struct core *core) {
    return 1 + core->conversations.n;
}

static err export_profile(struct core *core, size_t i, buf *item) {
    return core_profile_export(core, i == 0 ? NULL : core->conversations.p[i - 1], item);
}

static size_t count_claims(const struct core *core) {
    return core->claims.n;
}

static size_t count_contacts(const struct core *core) {
    return core->contacts.n;
}

static err export_contact(struct core *core, size_t i, buf *item) {
    const struct contact *contact = core->contacts.p[i];
    return buf_append(item, buf_slice(&contact->bytes));
}

/* In the order in which a new device is sent them. No export: it is told when it happens, alone. */
static const struct shared {
    enum sync_kind kind;
    err (*take)(struct core *core, slice item);
    size_t (*count)(const struct core *core);
    err (*export)(struct core *core, size_t i, buf *item); /* appends; NOT_FOUND: there is none */
} kinds[] = {
    {SYNC_BLOCKED, take_blocked, count_blocked, export_blocked},
    {SYNC_PROFILES, take_profile, count_profiles, export_profile},
    {SYNC_CLAIMS, take_claim, count_claims, core_handle_export},
    {SYNC_CONTACTS, take_contact, count_contacts, export_contact},
    {SYNC_RECEIPTS, take_receipts, core_receipts_count, core_receipts_export},
    {SYNC_KEPT, take_kept, core_kept_count, core_kept_export},
    {SYNC_TYPING, take_typing, core_typing_count, core_typing_export},
    {SYNC_DECISIONS, take_decision, NULL, NULL},
    {SYNC_READ, take_read, NULL, NULL},
    {SYNC_LEAVES, take_behind, NULL, NULL},
};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

/* ---- Sending everything ---- */

/* Items of one kind, in as many messages as they take. */
struct packing {
    struct core *core;
    struct conversation *own;
    struct record_sync sync;
    buf items;
};

static err pack_send(struct packing *p) {
    p->sync.items = buf_slice(&p->items);
    err e = send(p->core, p->own, &p->sync);
    buf_clear(&p->items);
    return e;
}

static err pack(struct packing *p, slice item) {
    if (p->items.n > 0 && p->items.n + item.n > PART_MAX)
        TRY(pack_send(p));
    return add_item(&p->items, item);
}

/* parts: the last message, even if it is empty, is the first of so many that are counted; 0: none
 * is. */
static err send_kind(struct core *core, struct conversation *own, const struct shared *kind,
                     uint32_t parts) {
    struct packing p = {core, own, {.kind = (uint8_t)kind->kind}, buf_on(core->mem)};
    buf item = buf_on(core->mem);
    err e = OK;
    for (size_t i = 0; e == OK && i < kind->count(core); i++) {
        buf_clear(&item);
        e = kind->export(core, i, &item);
        e = e == OK ? pack(&p, buf_slice(&item)) : e == ERR_NOT_FOUND ? OK : e;
    }
    p.sync.part = parts > 0;
    p.sync.parts = parts;
    if (e == OK && (p.items.n > 0 || parts > 0))
        e = pack_send(&p);
    buf_free(&item);
    buf_free(&p.items);
    return e;
}

struct collecting {
    buf items;
    unsigned count;
    err e;
};

static bool collect(void *ctx, struct store_key key, slice value) {
    struct collecting *c = ctx;
    (void)key;
    if (c->count == ENTRIES || c->items.n + value.n > PART_MAX)
        return false;
    c->e = add_item(&c->items, value);
    c->count++;
    return c->e == OK;
}

/* The newest first. */
static err send_history(struct core *core, struct conversation *own, const struct conversation *c,
                        uint32_t part, uint32_t parts) {
    struct record_sync sync = {.kind = SYNC_HISTORY,
                               .part = part,
                               .parts = parts,
                               .name = c->r.name,
                               .own_name = c->r.own_name};
    struct collecting collecting = {.items = buf_on(core->mem)};
    uint8_t key[4];
    memcpy(sync.group, c->r.group, sizeof sync.group);
    err e = core_history_newest_read(core, c, sync.read);
    if (e == OK)
        e = store_scan_down(core->store,
                            core_key(TABLE_HISTORY, core_conversation_key(c->r.number, key), 0),
                            UINT64_MAX, collect, &collecting);
    if (e == OK)
        e = collecting.e;
    sync.items = buf_slice(&collecting.items);
    if (e == OK)
        e = send(core, own, &sync);
    buf_free(&collecting.items);
    return e;
}

static bool has_history(const struct core *core, const struct conversation *c) {
    return core_conversation_open(c) && c->r.number != core->account.r.own;
}

err core_sync_all(struct core *core, struct conversation *own) {
    uint32_t count = 0, part = 1;
    for (size_t i = 0; i < core->conversations.n && count < CONVERSATIONS; i++)
        count += has_history(core, core->conversations.p[i]);
    for (size_t i = 0; i < KINDS; i++)
        if (kinds[i].export != NULL)
            TRY(send_kind(core, own, &kinds[i], kinds[i].kind == SYNC_CONTACTS ? count + 1 : 0));
    for (size_t i = core->conversations.n; i-- > 0 && part <= count;)
        if (has_history(core, core->conversations.p[i]))
            TRY(send_history(core, own, core->conversations.p[i], ++part, count + 1));
    return OK;
}

err core_sync_history(struct core *core, struct conversation *c) {
    struct conversation *own = core_conversation_lookup(core, core->account.r.own);
    if (own == NULL || own->r.state != CORE_CONVERSATION_ACTIVE || c->r.number <= own->r.number)
        return OK;
    TRY(core_behind_tell(core, c));
    return send_history(core, own, c, 0, 0);
}

err core_sync_contact(struct core *core, const uint8_t account[16]) {
    const struct contact *contact = core_contact_lookup(core, account);
    return contact == NULL ? OK : core_sync_tell_contact(core, &contact->r);
}

err core_sync_read(struct core *core, struct conversation *c) {
    struct record_read r;
    memcpy(r.group, c->r.group, sizeof r.group);
    TRY(core_history_newest_read(core, c, r.message));
    if (memcmp(r.message, no_message, sizeof r.message) != 0 && c->r.number != core->account.r.own)
        TRY(core_sync_tell_read(core, &r));
    c->r.tell_read = false;
    return core_conversation_save(core, c);
}

/* ---- Which change holds ---- */

void core_sync_stamp(const struct core *core, uint64_t *time, uint8_t by[16]) {
    *time = core->now > *time ? core->now : *time + 1;
    memcpy(by, core->account.r.device, 16);
}

/* A clock that is wrong may not make a change that holds for good. */
bool core_sync_bound(const struct core *core, uint64_t *time) {
    if (*time <= core->now + TIME_DAY)
        return false;
    *time = core->now + TIME_DAY;
    return true;
}

uint64_t core_sync_kept(const struct core *core, uint64_t time) {
    return core_sync_bound(core, &time) ? 1 : time;
}

static err bound_all(struct core *core) {
    TRY(core_contact_bound_all(core));
    TRY(core_blocked_bound_all(core));
    TRY(core_handle_bound_all(core));
    TRY(core_receipts_bound(core));
    TRY(core_typing_bound(core));
    TRY(core_kept_bound_all(core));
    return core_profile_bound_all(core);
}

/* Once, and not when another's change is compared: that was dated after what its device knew of
 * ours, which it bounded when it heard of it. */
void core_sync_clock(struct core *core) {
    if (core->bounded || core->broken || core_txn_begin(core) != OK)
        return;
    core->bounded = core_txn_end(core, bound_all(core)) == OK;
}

bool core_sync_later(const struct core *core, uint64_t *time, const uint8_t by[16], uint64_t known,
                     const uint8_t known_by[16]) {
    bool ahead = core_sync_bound(core, time);
    int order = memcmp(by, known_by, 16);
    if (*time != known)
        return *time > known;
    return order > 0 || (order == 0 && ahead); /* both were: a device says the later one later */
}

/* ---- Receiving: what does not read is ignored ---- */

static err take_items(struct core *core, slice items, err (*take)(struct core *, slice)) {
    slice item;
    for (reader r = reader_of(items); r.n > 0;)
        if (reader_vec(&r, &item) != OK)
            return OK;
    for (reader r = reader_of(items); reader_vec(&r, &item) == OK;)
        TRY(take(core, item));
    return OK;
}

static bool fits(const struct record_message *m) {
    return m->kind >= CORE_MESSAGE_CONTENT && m->kind <= CORE_MESSAGE_TIMER &&
           m->state != CORE_MESSAGE_FAILED;
}

/* Into the room that was left before what this device saw itself. */
static err import(struct core *core, struct conversation *c, const struct record_sync *sync) {
    reader r = reader_of(sync->items);
    struct record_message m;
    uint8_t key[4], newest[32];
    slice item;
    TRY(core_history_newest_read(core, c, newest));
    bool fresh = memcmp(newest, no_message, sizeof newest) == 0; /* the user has read nothing yet */
    if (c->r.name.n == 0 && core_name_check(sync->name) == OK) {
        c->r.name = sync->name;
        c->r.own_name = sync->own_name;
    }
    uint64_t number = ROOM, read = 0;
    while (c->r.room && number > 0 && reader_vec(&r, &item) == OK) {
        bool known = false;
        if (record_message_read(item, &m) != OK || !fits(&m))
            continue;
        if (m.kind == CORE_MESSAGE_CONTENT)
            TRY(core_history_known(core, c, m.id, &known));
        if (known)
            continue;
        m.own = memcmp(m.sender, core->account.r.account, sizeof m.sender) == 0;
        m.state =
            m.own && m.kind == CORE_MESSAGE_CONTENT ? CORE_MESSAGE_SENT : CORE_MESSAGE_RECEIVED;
        m.refused = 0;
        if (m.kind == CORE_MESSAGE_CONTENT && memcmp(m.id, sync->read, sizeof m.id) == 0)
            read = number;
        TRY(record_message_put(core, TABLE_HISTORY, core_conversation_key(c->r.number, key),
                               number--, &m));
        if (m.kind == CORE_MESSAGE_CONTENT)
            TRY(core_history_mark_known(core, c, m.id, number + 1));
        if (m.kind == CORE_MESSAGE_CONTENT)
            TRY(core_expiry_add(core, c, m.content, number + 1));
        if (m.kind == CORE_MESSAGE_CONTENT)
            TRY(core_remark_take(core, c, &m, number + 1));
    }
    if (c->r.room && fresh && number < ROOM)
        c->r.read = read > 0 ? read : number;
    c->r.room = false;
    TRY(core_conversation_save(core, c));
    core_conversation_notice(core, c);
    return OK;
}

/* Its Welcome may come later, as a blob. */
static err take_history(struct core *core, const struct record_sync *sync, slice body) {
    struct conversation *c = core_conversation_by_group(core, SLICE_ARRAY(sync->group));
    if (c == NULL || !core_conversation_open(c))
        return core_put(core, TABLE_DEVICES, SLICE_ARRAY(sync->group), 0, body);
    return c->r.room ? import(core, c, sync) : OK;
}

err core_sync_joined(struct core *core, struct conversation *c) {
    struct record_sync sync;
    buf body = buf_on(core->mem);
    err e = core_get(core, TABLE_DEVICES, SLICE_ARRAY(c->r.group), 0, &body);
    if (e == OK)
        e = record_sync_read(buf_slice(&body), &sync);
    if (e == OK)
        e = import(core, c, &sync);
    if (e == OK)
        e = core_delete(core, TABLE_DEVICES, SLICE_ARRAY(c->r.group), 0);
    buf_free(&body);
    return e == ERR_NOT_FOUND ? OK : e;
}

bool core_sync_is(slice type) {
    return slice_equal(type, slice_str(sync_type));
}

/* The device with the identity's key makes the conversation of own devices, and so says which it
 * is; the others are heard there alone. */
static err is_own(struct core *core, struct conversation *c, const uint8_t sender[32], bool *own) {
    *own = c->r.number == core->account.r.own;
    if (*own || !core_devices_holds_identity(core, sender + 16) ||
        !core_devices_only_own(core, c->group))
        return OK;
    *own = true;
    core->account.r.own = c->r.number;
    return core_account_save(core);
}

err core_sync_receive(struct core *core, struct conversation *c, const uint8_t sender[32],
                      slice body) {
    struct record_sync sync;
    bool own;
    if (memcmp(sender, core->account.r.account, 16) != 0 || record_sync_read(body, &sync) != OK)
        return OK;
    TRY(is_own(core, c, sender, &own));
    if (!own)
        return OK;
    if (sync.kind == SYNC_HISTORY)
        TRY(take_history(core, &sync, body));
    for (size_t i = 0; i < KINDS; i++)
        if (kinds[i].kind == sync.kind)
            TRY(take_items(core, sync.items, kinds[i].take));
    if (sync.parts > 0) {
        struct core_notice notice = {
            .kind = CORE_NOTICE_SYNCED, .count = sync.part, .message = sync.parts};
        core_action_notice(core, &notice);
    }
    return OK;
}
