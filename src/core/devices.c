/* Devices of accounts: the newest list that is known of each, and what follows from lists in
 * conversations. Own devices that a conversation lacks are added, by whichever own device is in it;
 * a leaf that is in no list any more is removed by the next committer.
 *
 * A list travels as MIMI content of disposition profile and type "application/vnd.sotto.devices",
 * whose body it is (proto/schema.h, device_list): from the device with the identity's key, to every
 * conversation of the account. Who has one device as ever sends none. */
#include "core/internal.h"

#include "core/content.h"

static const char devices_type[] = "application/vnd.sotto.devices";
/* How long the device with the identity's key, which comes first, is waited for. */
#define TURN_TIME (30 * TIME_SECOND)
#define RETRY_TIME (2 * TIME_MINUTE)

/* ---- Lists ---- */

err core_devices_own(const struct core *core, struct proto_device_list *list) {
    return proto_device_list_decode(core->account.r.devices, list) == OK ? OK : ERR_DAMAGED;
}

/* *bytes keeps what list borrows from. NOT_FOUND: none is known. */
static err list_of(struct core *core, const uint8_t account[16], buf *bytes,
                   struct proto_device_list *list) {
    if (memcmp(account, core->account.r.account, 16) == 0)
        return core_devices_own(core, list);
    buf_clear(bytes);
    TRY(core_get(core, TABLE_DEVICES, slice_of(account, 16), 0, bytes));
    return proto_device_list_decode(buf_slice(bytes), list) == OK ? OK : ERR_DAMAGED;
}

err core_devices_unlisted(struct core *core, const uint8_t account[16], const uint8_t device[16],
                          bool *unlisted) {
    struct proto_device_list list;
    struct proto_device found;
    buf bytes = buf_on(core->mem);
    err e = list_of(core, account, &bytes, &list);
    *unlisted = e == OK && !lookup_devices_has(&list, device, &found);
    buf_free(&bytes);
    return e == ERR_NOT_FOUND ? OK : e;
}

err core_devices_unheard(struct core *core, const uint8_t identity[32], bool *unheard) {
    *unheard = core_is_blocked(core, identity);
    if (memcmp(identity, core->account.r.account, 16) != 0)
        return OK;
    return core_devices_unlisted(core, identity, identity + 16, unheard);
}

err core_devices_mark(struct core *core, struct conversation *c) {
    c->devices_at = core->now + (core->account.r.has_identity ? 0 : TURN_TIME);
    if (c->r.devices)
        return OK;
    c->r.devices = true;
    return core_conversation_save(core, c);
}

static err mark_all(struct core *core) {
    for (size_t i = 0; i < core->conversations.n; i++) {
        struct conversation *c = core->conversations.p[i];
        if (core_conversation_open(c))
            TRY(core_devices_mark(core, c));
    }
    return OK;
}

static err learn_own(struct core *core, slice encoded) {
    core->account.r.devices = encoded;
    TRY(core_account_save(core));
    return mark_all(core);
}

err core_devices_learn(struct core *core, const uint8_t account[16], slice encoded, bool *newer) {
    struct proto_device_list list, known;
    buf bytes = buf_on(core->mem);
    TRY(proto_device_list_decode(encoded, &list));
    err e = list_of(core, account, &bytes, &known);
    *newer = e == ERR_NOT_FOUND || (e == OK && list.version > known.version);
    buf_free(&bytes);
    if (e != OK && e != ERR_NOT_FOUND)
        return e;
    if (!*newer)
        return OK;
    if (memcmp(account, core->account.r.account, 16) == 0)
        return learn_own(core, encoded);
    TRY(core_put(core, TABLE_DEVICES, slice_of(account, 16), 0, encoded));
    return core_contact_learn_devices(core, account, encoded, list.version);
}

/* ---- Sending and receiving them ---- */

bool core_devices_is_list(slice type) {
    return slice_equal(type, slice_str(devices_type));
}

/* Another's word about a third account counts for nothing, and what does not read is ignored. */
err core_devices_receive(struct core *core, struct conversation *c, const uint8_t sender[16],
                         slice body) {
    struct proto_device_list list;
    uint8_t account[16];
    bool newer;
    err e = lookup_devices_check(body, &list);
    if (e == OK)
        e = core_account_id(list.identity, account);
    if (core_err_hard(e))
        return e;
    if (e != OK || memcmp(account, sender, sizeof account) != 0)
        return OK;
    TRY(core_devices_learn(core, account, body, &newer));
    return newer ? core_devices_mark(core, c) : OK;
}

static err send_list(struct core *core, struct conversation *c, uint32_t version) {
    buf content = buf_on(core->mem);
    err e = core_content_encode(&content, CONTENT_PROFILE, devices_type, core->account.r.devices,
                                NULL, NULL);
    if (e == OK)
        e = core_entry_add(core, c, ENTRY_CONTENT, buf_slice(&content), true, NULL);
    buf_free(&content);
    c->r.list_sent = version;
    return e == OK ? core_conversation_save(core, c) : e;
}

/* ---- Own devices that a conversation lacks ---- */

/* An address of our other device: it told us some when it was linked, and has one in the
 * conversation of own devices. NOT_FOUND. */
static err address_of(struct core *core, const uint8_t device[16], uint8_t address[PROTO_ADDRESS]) {
    slice told = core->account.r.sibling;
    struct conversation *own = core_conversation_lookup(core, core->account.r.own);
    uint8_t identity[LEAF_IDENTITY];
    struct mls_member member;
    struct leaf leaf;
    uint32_t at = 0;
    if (told.n > 16 && memcmp(told.p, device, 16) == 0) {
        uint64_t i = core_random((told.n - 16) / PROTO_ADDRESS);
        memcpy(address, told.p + 16 + i * PROTO_ADDRESS, PROTO_ADDRESS);
        return OK;
    }
    if (own == NULL || !core_conversation_open(own))
        return ERR_NOT_FOUND;
    TRY(core_conversation_load(core, own));
    memcpy(identity, core->account.r.account, 16);
    memcpy(identity + 16, device, 16);
    if (!core_conversation_has(own, SLICE_ARRAY(identity), &at))
        return ERR_NOT_FOUND;
    TRY(mls_group_member(own->group, at, &member));
    TRY(core_leaf_read(&member, &leaf));
    memcpy(address, leaf.address, PROTO_ADDRESS);
    return OK;
}

static err add_target(struct core *core, const struct conversation *c, const uint8_t device[16],
                      buf *targets) {
    uint8_t identity[LEAF_IDENTITY], ways[2 * PROTO_ADDRESS] = {0};
    uint32_t leaf = 0;
    memcpy(identity, core->account.r.account, 16);
    memcpy(identity + 16, device, 16);
    if (memcmp(device, core->account.r.device, 16) == 0 ||
        (c->group != NULL && core_conversation_has(c, SLICE_ARRAY(identity), &leaf)))
        return OK;
    err e = address_of(core, device, ways);
    if (e != OK)
        return e == ERR_NOT_FOUND ? OK : e;
    TRY(buf_append(targets, SLICE_ARRAY(identity)));
    return buf_append(targets, SLICE_ARRAY(ways));
}

err core_devices_targets(struct core *core, struct conversation *c, buf *targets) {
    struct proto_device_list list;
    struct proto_device device;
    if (core_conversation_open(c))
        TRY(core_conversation_load(core, c));
    TRY(core_devices_own(core, &list));
    reader r = reader_of(list.devices.bytes);
    while (r.n > 0) {
        TRY(proto_device_read(&r, &device));
        TRY(add_target(core, c, device.id, targets));
    }
    return OK;
}

/* ---- Leaves that no list has ---- */

err core_devices_gone(struct core *core, const struct conversation *c, uint32_t *leaf, bool *gone) {
    struct mls_member member;
    *gone = false;
    for (; *leaf < mls_group_leaf_count(c->group); ++*leaf) {
        if (*leaf == mls_group_own_leaf(c->group) ||
            mls_group_member(c->group, *leaf, &member) != OK || member.identity.n != LEAF_IDENTITY)
            continue;
        if (!core_roles_may_remove(core, c, *leaf))
            continue;
        TRY(core_devices_unlisted(core, member.identity.p, member.identity.p + 16, gone));
        if (*gone)
            return OK;
    }
    return OK;
}

/* ---- What a marked conversation still needs ---- */

static err add_missing(struct core *core, struct conversation *c, bool *busy) {
    buf targets = buf_on(core->mem);
    err e = core_devices_targets(core, c, &targets);
    *busy = e == OK && targets.n > 0;
    if (*busy && !core_entry_pending(core, c->r.number, ENTRY_ADD))
        e = core_entry_add(core, c, ENTRY_ADD, SLICE_ARRAY(core->account.r.account), true, NULL);
    buf_free(&targets);
    return e;
}

err core_devices_step(struct core *core, struct conversation *c) {
    struct proto_device_list own;
    bool adds = false, gone = false;
    uint32_t leaf = 0;
    c->devices_at = core->now + RETRY_TIME;
    if (c->r.state != CORE_CONVERSATION_ACTIVE || c->r.spoiled || c->r.behind)
        return OK;
    TRY(core_conversation_load(core, c));
    TRY(core_devices_own(core, &own));
    TRY(add_missing(core, c, &adds));
    TRY(core_devices_gone(core, c, &leaf, &gone));
    if (gone && c->commit_at == 0)
        TRY(core_conversation_schedule(core, c));
    if (core->account.r.has_identity && own.version > c->r.list_sent && own.version > 1)
        TRY(send_list(core, c, own.version));
    if (adds || gone)
        return OK;
    c->r.devices = false;
    return core_conversation_save(core, c);
}

/* ---- Signing one off ---- */

err core_devices_sign_off(struct core *core, const uint8_t id[16]) {
    struct proto_device_list old;
    buf list = buf_on(core->mem);
    err e = core_devices_own(core, &old);
    if (e == OK)
        e = core_account_list_after(&core->account.r, &old, id, NULL, &list);
    if (e == OK) {
        core->account.r.put_list = true;
        if (core->account.r.sibling.n > 16 && memcmp(core->account.r.sibling.p, id, 16) == 0)
            core->account.r.sibling = SLICE_EMPTY;
        e = learn_own(core, buf_slice(&list));
    }
    buf_free(&list);
    return e;
}

/* ---- The conversation of own devices ---- */

bool core_devices_holds_identity(const struct core *core, const uint8_t device[16]) {
    struct proto_device_list list;
    struct proto_device first;
    if (core_devices_own(core, &list) != OK)
        return false;
    reader r = reader_of(list.devices.bytes);
    return proto_device_read(&r, &first) == OK && memcmp(first.id, device, sizeof first.id) == 0;
}

bool core_devices_only_own(const struct core *core, const struct mls_group *group) {
    struct mls_member member;
    for (uint32_t i = 0; i < mls_group_leaf_count(group); i++)
        if (mls_group_member(group, i, &member) == OK &&
            (member.identity.n != LEAF_IDENTITY ||
             memcmp(member.identity.p, core->account.r.account, 16) != 0))
            return false;
    return true;
}

static const char own_name[] = "My devices";

static err make_own(struct core *core) {
    const uint8_t *us = core->account.r.account;
    uint8_t group[32];
    struct conversation *c;
    crypto_random(group, sizeof group);
    TRY(core_conversation_insert(core, group, CORE_CONVERSATION_NEW, &c));
    c->r.name = slice_str(own_name);
    c->r.used = c->r.own_name = true;
    TRY(core_conversation_save(core, c));
    core->account.r.own = c->r.number;
    TRY(core_account_save(core));
    TRY(core_history_event(core, c, CORE_MESSAGE_CREATED, us, NULL));
    TRY(core_history_device(core, c, CORE_MESSAGE_LINKED, us, us, core->account.r.sibling.p));
    return core_entry_add(core, c, ENTRY_CREATE, SLICE_ARRAY(core->account.r.account), true, NULL);
}

bool core_devices_shares(const struct core *core) {
    const struct conversation *own = core_conversation_lookup(core, core->account.r.own);
    return own != NULL && (core_conversation_open(own) || own->r.state == CORE_CONVERSATION_NEW);
}

/* One that is over, or could not be made, is made anew. */
err core_devices_share(struct core *core) {
    if (!core_devices_shares(core))
        TRY(make_own(core));
    return mark_all(core);
}

/* ---- Accessor ---- */

err core_devices(const struct core *core, core_device_visit *visit, void *ctx) {
    struct proto_device_list list;
    struct proto_device device;
    if (!core->account.exists || core->account.r.devices.n == 0)
        return ERR_STATE;
    TRY(core_devices_own(core, &list));
    reader r = reader_of(list.devices.bytes);
    for (bool more = true, first = true; more && r.n > 0; first = false) {
        TRY(proto_device_read(&r, &device));
        struct core_device out = {.us = memcmp(device.id, core->account.r.device, 16) == 0,
                                  .has_identity = first};
        memcpy(out.device, device.id, sizeof out.device);
        more = visit(ctx, &out);
    }
    return OK;
}
