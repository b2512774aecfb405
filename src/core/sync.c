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

static err send_blocked(struct core *core, struct conversation *own) {
    struct packing p = {core, own, {.kind = SYNC_BLOCKED}, buf_on(core->mem)};
    err e = OK;
    for (size_t i = 0; e == OK && i < core->blocked.n; i++) {
        const struct blocked *b = core->blocked.p[i];
        e = pack(&p, buf_slice(&b->bytes));
    }
    if (e == OK && p.items.n > 0)
        e = pack_send(&p);
    buf_free(&p.items);
    return e;
}

static err send_profiles(struct core *core, struct conversation *own) {
    struct packing p = {core, own, {.kind = SYNC_PROFILES}, buf_on(core->mem)};
    buf item = buf_on(core->mem);
    err e = OK;
    for (size_t i = 0; e == OK && i <= core->conversations.n; i++) {
        buf_clear(&item);
        e = core_profile_export(core, i == 0 ? NULL : core->conversations.p[i - 1], &item);
        e = e == OK ? pack(&p, buf_slice(&item)) : e == ERR_NOT_FOUND ? OK : e;
    }
    if (e == OK && p.items.n > 0)
        e = pack_send(&p);
    buf_free(&item);
    buf_free(&p.items);
    return e;
}

static err send_claims(struct core *core, struct conversation *own) {
    struct packing p = {core, own, {.kind = SYNC_CLAIMS}, buf_on(core->mem)};
    buf item = buf_on(core->mem);
    err e = OK;
    for (size_t i = 0; e == OK && i < core->claims.n; i++) {
        buf_clear(&item);
        e = core_handle_export(core, i, &item);
        e = e == OK ? pack(&p, buf_slice(&item)) : e == ERR_NOT_FOUND ? OK : e;
    }
    if (e == OK && p.items.n > 0)
        e = pack_send(&p);
    buf_free(&item);
    buf_free(&p.items);
    return e;
}

/* The last of them, even if it is empty, is the first part that is counted. */
static err send_contacts(struct core *core, struct conversation *own, uint32_t parts) {
    struct packing p = {core, own, {.kind = SYNC_CONTACTS}, buf_on(core->mem)};
    err e = OK;
    for (size_t i = 0; e == OK && i < core->contacts.n; i++) {
        const struct contact *contact = core->contacts.p[i];
        e = pack(&p, buf_slice(&contact->bytes));
    }
    p.sync.part = 1;
    p.sync.parts = parts;
    if (e == OK)
        e = pack_send(&p);
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
    TRY(send_blocked(core, own));
    TRY(send_profiles(core, own));
    TRY(send_claims(core, own));
    TRY(send_contacts(core, own, count + 1));
    for (size_t i = core->conversations.n; i-- > 0 && part <= count;)
        if (has_history(core, core->conversations.p[i]))
            TRY(send_history(core, own, core->conversations.p[i], ++part, count + 1));
    return OK;
}

err core_sync_history(struct core *core, const struct conversation *c) {
    struct conversation *own = core_conversation_lookup(core, core->account.r.own);
    if (own == NULL || own->r.state != CORE_CONVERSATION_ACTIVE || c->r.number <= own->r.number)
        return OK;
    return send_history(core, own, c, 0, 0);
}

err core_sync_tell(struct core *core, enum sync_kind kind, slice item) {
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

err core_sync_contact(struct core *core, const uint8_t account[16]) {
    const struct contact *contact = core_contact_lookup(core, account);
    return contact == NULL ? OK : core_sync_tell(core, SYNC_CONTACTS, buf_slice(&contact->bytes));
}

err core_sync_read(struct core *core, struct conversation *c) {
    struct record_read r;
    buf item = buf_on(core->mem);
    memcpy(r.group, c->r.group, sizeof r.group);
    err e = core_history_newest_read(core, c, r.message);
    if (e == OK)
        e = record_read_write(&item, &r);
    if (e == OK && memcmp(r.message, no_message, sizeof r.message) != 0 &&
        c->r.number != core->account.r.own)
        e = core_sync_tell(core, SYNC_READ, buf_slice(&item));
    buf_free(&item);
    c->r.tell_read = false;
    return e == OK ? core_conversation_save(core, c) : e;
}

/* ---- Which change holds ---- */

void core_sync_stamp(const struct core *core, uint64_t *time, uint8_t by[16]) {
    *time = core->now > *time ? core->now : *time + 1;
    memcpy(by, core->account.r.device, 16);
}

/* A clock that is wrong may not make a change that holds for good. */
bool core_sync_later(const struct core *core, uint64_t *time, const uint8_t by[16], uint64_t known,
                     const uint8_t known_by[16]) {
    if (*time > core->now + TIME_DAY)
        *time = core->now + TIME_DAY;
    return *time != known ? *time > known : memcmp(by, known_by, 16) > 0;
}

/* ---- Receiving: what does not read is ignored ---- */

static err take_contact(struct core *core, slice item) {
    struct record_contact contact;
    return record_contact_read(item, &contact) == OK ? core_contact_import(core, &contact) : OK;
}

static err take_blocked(struct core *core, slice item) {
    struct record_blocked blocked;
    return record_blocked_read(item, &blocked) == OK ? core_blocked_import(core, &blocked) : OK;
}

static err take_decision(struct core *core, slice item) {
    struct record_decision d;
    return record_decision_read(item, &d) == OK ? core_request_settle(core, &d) : OK;
}

static err take_profile(struct core *core, slice item) {
    struct record_profile profile;
    return record_profile_read(item, &profile) == OK ? core_profile_import(core, &profile) : OK;
}

static err take_read(struct core *core, slice item) {
    struct record_read r;
    return record_read_read(item, &r) == OK ? core_history_import_read(core, &r) : OK;
}

static err take_claim(struct core *core, slice item) {
    struct record_claim claim;
    err e = record_claim_read(item, &claim) == OK ? core_handle_import(core, &claim) : OK;
    wipe(&claim, sizeof claim);
    return e;
}

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
    return m->kind >= CORE_MESSAGE_CONTENT && m->kind <= CORE_MESSAGE_UNLINKED &&
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
    switch (sync.kind) {
    case SYNC_CONTACTS:
        TRY(take_items(core, sync.items, take_contact));
        break;
    case SYNC_HISTORY:
        TRY(take_history(core, &sync, body));
        break;
    case SYNC_BLOCKED:
        TRY(take_items(core, sync.items, take_blocked));
        break;
    case SYNC_DECISIONS:
        TRY(take_items(core, sync.items, take_decision));
        break;
    case SYNC_PROFILES:
        TRY(take_items(core, sync.items, take_profile));
        break;
    case SYNC_READ:
        TRY(take_items(core, sync.items, take_read));
        break;
    case SYNC_CLAIMS:
        TRY(take_items(core, sync.items, take_claim));
        break;
    default:
        break;
    }
    if (sync.parts > 0) {
        struct core_notice notice = {
            .kind = CORE_NOTICE_SYNCED, .count = sync.part, .message = sync.parts};
        core_action_notice(core, &notice);
    }
    return OK;
}
