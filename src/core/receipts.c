/* Receipts: what came and what was read is told to who said it, as far as the user wants. They are
 * MIMI content of disposition profile and type "application/mimi-message-status"
 * (draft-mahy-mimi-message-status), whose body is CBOR: [* [message: bstr .size 32, status: uint]].
 *
 * Each goes to the whole conversation and so tells everybody in it. They are gathered, and go at a
 * moment of chance, so that neither the server nor the others learn when something was read; not in
 * requests, and not where there are many. What one own device told the others don't. */
#include "core/internal.h"

#include "core/cbor.h"
#include "core/content.h"

#define GATHER_LEAST (2 * TIME_SECOND)
#define GATHER_MOST (20 * TIME_SECOND)
enum {
    STATUS_DELIVERED = 1,
    STATUS_READ = 2,
    DEVICES_MAX = 32, /* in the conversation */
    TOLD_MAX = 24,    /* in one message */
    HEARD_MAX = 256
};
static const char receipts_type[] = "application/mimi-message-status", row_name[] = "receipts";

/* ---- The setting ---- */

err core_receipts_load(struct core *core) {
    buf value = buf_on(core->mem);
    core->receipts = (struct record_receipts){.level = CORE_RECEIPTS_READ};
    err e = core_get(core, TABLE_STATE, slice_str(row_name), 0, &value);
    if (e == OK)
        e = record_receipts_read(buf_slice(&value), &core->receipts);
    buf_free(&value);
    return e == ERR_NOT_FOUND ? OK : e;
}

static err save(struct core *core) {
    return record_receipts_put(core, TABLE_STATE, slice_str(row_name), 0, &core->receipts);
}

/* What was not told until now never is. */
static err change(struct core *core, uint8_t level) {
    for (size_t i = 0; i < core->conversations.n; i++) {
        struct conversation *c = core->conversations.p[i];
        if (level > core->receipts.level && core->receipts.level == CORE_RECEIPTS_NONE)
            c->settings.told = c->r.messages;
        if (level > core->receipts.level)
            c->settings.told_read = c->r.messages;
        if (level > core->receipts.level)
            TRY(core_settings_save(core, c));
    }
    core->receipts.level = level;
    return save(core);
}

static err set(struct core *core, enum core_receipts level) {
    core_sync_stamp(core, &core->receipts.changed, core->receipts.by);
    TRY(change(core, (uint8_t)level));
    return core_sync_tell_receipts(core, &core->receipts);
}

err core_receipts_set(struct core *core, enum core_receipts level, uint64_t now) {
    TRY(core_enter(core, now));
    if (!core->account.exists)
        return ERR_STATE;
    if (level > CORE_RECEIPTS_READ)
        return ERR_MALFORMED;
    TRY(core_txn_begin(core));
    TRY(core_txn_end(core, set(core, level)));
    core_pump(core);
    return OK;
}

enum core_receipts core_receipts_get(const struct core *core) {
    return (enum core_receipts)core->receipts.level;
}

size_t core_receipts_count(const struct core *core) {
    return core->receipts.changed != 0;
}

err core_receipts_export(struct core *core, size_t i, buf *item) {
    (void)i;
    return record_receipts_write(item, &core->receipts);
}

err core_receipts_import(struct core *core, const struct record_receipts *told) {
    struct record_receipts r = *told;
    if (r.level > CORE_RECEIPTS_READ ||
        !core_sync_later(core, &r.changed, r.by, core->receipts.changed, core->receipts.by))
        return OK;
    core->receipts.changed = r.changed;
    memcpy(core->receipts.by, r.by, sizeof core->receipts.by);
    return change(core, r.level);
}

err core_receipts_bound(struct core *core) {
    return core_sync_bound(core, &core->receipts.changed) ? save(core) : OK;
}

/* ---- When ---- */

/* Whether there is something to look at. */
static bool pending(const struct conversation *c) {
    return c->settings.told < c->r.messages || c->settings.told_read < c->r.read;
}

void core_receipts_schedule(const struct core *core, struct conversation *c) {
    if (c->receipts_at == 0 && pending(c))
        c->receipts_at = core_moment(core, GATHER_LEAST, GATHER_MOST);
}

err core_receipts_due(struct core *core, struct conversation *c) {
    bool first = c->receipts_at == 0;
    core_receipts_schedule(core, c);
    /* A run that ends before that tells it in the next one. */
    return first && c->receipts_at != 0 ? core_settings_save(core, c) : OK;
}

/* ---- Telling ---- */

struct telling {
    struct core *core;
    const struct conversation *c;
    buf told; /* encoded pairs */
    uint64_t count, last;
    err e;
};

static void write_pair(writer *w, const uint8_t id[32], uint64_t status) {
    core_cbor_write(w, CBOR_ARRAY, 2);
    core_cbor_write_bytes(w, slice_of(id, 32));
    core_cbor_write(w, CBOR_UINT, status);
}

/* 0: nothing is told of it. */
static uint64_t status_of(const struct telling *t, uint64_t number,
                          const struct record_message *m) {
    const struct record_settings *s = &t->c->settings;
    bool read = t->core->receipts.level >= CORE_RECEIPTS_READ && number <= t->c->r.read;
    if (m->kind != CORE_MESSAGE_CONTENT || m->own || core_is_blocked(t->core, m->sender) ||
        !core_remark_is_none(m->content))
        return 0;
    if (read && number > s->told_read)
        return STATUS_READ;
    return number > s->told ? STATUS_DELIVERED : 0;
}

static bool tell(void *ctx, struct store_key key, slice value) {
    struct telling *t = ctx;
    struct record_message m;
    writer w = writer_on(&t->told);
    t->e = record_message_read(value, &m);
    uint64_t status = t->e == OK ? status_of(t, key.number, &m) : 0;
    if (status != 0) {
        write_pair(&w, m.id, status);
        t->count++;
        t->e = writer_result(&w);
    }
    t->last = key.number;
    return t->e == OK && t->count < TOLD_MAX;
}

static err send(struct core *core, struct conversation *c, const struct telling *t) {
    buf body = buf_on(core->mem), content = buf_on(core->mem);
    writer w = writer_on(&body);
    core_cbor_write(&w, CBOR_ARRAY, t->count);
    writer_bytes(&w, buf_slice(&t->told));
    err e = writer_result(&w);
    if (e == OK)
        e = core_content_encode(&content, CONTENT_PROFILE, receipts_type, buf_slice(&body), NULL,
                                NULL);
    if (e == OK)
        e = core_entry_add(core, c, ENTRY_CONTENT, buf_slice(&content), true, NULL);
    buf_free(&body);
    buf_free(&content);
    return e;
}

static bool tells(const struct core *core, const struct conversation *c) {
    return core->receipts.level != CORE_RECEIPTS_NONE && c->r.state == CORE_CONVERSATION_ACTIVE &&
           c->r.members > 1 && c->r.members <= DEVICES_MAX && c->r.number != core->account.r.own;
}

static err tell_some(struct core *core, struct conversation *c) {
    struct record_settings *s = &c->settings;
    struct telling t = {.core = core, .c = c, .told = buf_on(core->mem), .last = c->r.messages};
    uint64_t first = 1 + (s->told < s->told_read ? s->told : s->told_read);
    uint8_t key[4];
    err e = store_scan(core->store,
                       core_key(TABLE_HISTORY, core_conversation_key(c->r.number, key), first),
                       c->r.messages, tell, &t);
    if (e == OK)
        e = t.e;
    if (e == OK && t.count > 0)
        e = send(core, c, &t);
    buf_free(&t.told);
    if (t.count < TOLD_MAX)
        t.last = c->r.messages;
    s->told = t.last > s->told ? t.last : s->told;
    uint64_t read = t.last < c->r.read ? t.last : c->r.read;
    s->told_read = read > s->told_read ? read : s->told_read;
    return e;
}

err core_receipts_step(struct core *core, struct conversation *c) {
    c->receipts_at = 0;
    if (core_request_is(c))
        return OK;
    /* Who takes none of our items can't make them pile up. */
    if (core_entry_tells(core, c)) {
        core_receipts_schedule(core, c);
        return OK;
    }
    if (tells(core, c)) {
        TRY(tell_some(core, c));
    } else {
        c->settings.told = c->r.messages;
        c->settings.told_read = c->r.read;
    }
    core_receipts_schedule(core, c);
    return core_settings_save(core, c);
}

/* ---- Hearing ---- */

bool core_receipts_is(slice type) {
    return slice_equal(type, slice_str(receipts_type));
}

static err read_pair(reader *r, slice *id, uint64_t *status) {
    uint64_t count;
    TRY(core_cbor_read_array(r, &count));
    TRY(core_cbor_read_bytes(r, id));
    TRY(core_cbor_read_uint(r, UINT8_MAX, status));
    return count == 2 && id->n == CORE_MESSAGE_ID ? OK : ERR_MALFORMED;
}

static err take(struct core *core, struct conversation *c, const uint8_t sender[16], slice id,
                uint64_t status) {
    uint64_t number;
    struct record_settings *s = &c->settings;
    if (status != STATUS_DELIVERED && status != STATUS_READ)
        return OK;
    TRY(core_history_find(core, c, id.p, &number));
    if (memcmp(sender, core->account.r.account, 16) != 0)
        return number == 0 ? OK
                           : core_remark_receipt(core, c, number, sender, status == STATUS_READ);
    s->told = number > s->told ? number : s->told;
    if (status == STATUS_READ && number > s->told_read)
        s->told_read = number;
    return OK;
}

/* What does not read is ignored. */
err core_receipts_receive(struct core *core, struct conversation *c, const uint8_t sender[16],
                          slice body) {
    uint64_t count, status;
    slice id;
    reader r = reader_of(body);
    if (core_request_is(c) || core_cbor_read_array(&r, &count) != OK || count > HEARD_MAX)
        return OK;
    for (uint64_t i = 0; i < count && read_pair(&r, &id, &status) == OK; i++)
        TRY(take(core, c, sender, id, status));
    bool own = memcmp(sender, core->account.r.account, 16) == 0;
    return own ? core_settings_save(core, c) : OK;
}
