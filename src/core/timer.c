/* How long messages stay in a conversation: a setting that all its members share. It travels as
 * MIMI content of disposition profile and type "application/vnd.sotto.timer", whose body is CBOR:
 *
 *   [seconds: uint, changed: uint, by: bstr .size 16]
 *
 * seconds: 0 if they stay. changed, by: when, by the clock of the device that changed it; of two
 * changes the later one holds (core_sync_later). Where nobody changed it, it is a week. Who adds
 * somebody tells them. */
#include "core/internal.h"

#include "base/text.h"
#include "core/cbor.h"
#include "core/content.h"

static const char timer_type[] = "application/vnd.sotto.timer", settings_name[] = "settings";

/* ---- In the store ---- */

void core_settings_init(struct conversation *c) {
    memset(&c->settings, 0, sizeof c->settings);
    c->settings.timer = CORE_TIMER_DEFAULT;
    c->settings.told = c->r.messages;
    c->settings.told_read = c->r.read;
}

err core_settings_save(struct core *core, const struct conversation *c) {
    return record_settings_put(core, TABLE_CONVERSATION, slice_str(settings_name), c->r.number,
                               &c->settings);
}

struct loading {
    struct core *core;
    err e;
};

static bool load_row(void *ctx, struct store_key key, slice value) {
    struct loading *l = ctx;
    struct conversation *c = core_conversation_lookup(l->core, (uint32_t)key.number);
    l->e = c == NULL ? OK : record_settings_read(value, &c->settings);
    return l->e == OK;
}

err core_settings_load(struct core *core) {
    struct loading l = {core, OK};
    for (size_t i = 0; i < core->conversations.n; i++)
        core_settings_init(core->conversations.p[i]);
    TRY(store_scan(core->store, core_key(TABLE_CONVERSATION, slice_str(settings_name), 0),
                   UINT64_MAX, load_row, &l));
    return l.e;
}

err core_settings_forget(struct core *core, const struct conversation *c) {
    return core_delete(core, TABLE_CONVERSATION, slice_str(settings_name), c->r.number);
}

/* ---- What is sent carries it ---- */

static err set_expires(buf *content, const struct content *like) {
    struct content decoded;
    buf dated = buf_on(content->mem);
    TRY(core_content_decode(buf_slice(content), &decoded));
    decoded.has_expires = like->has_expires;
    decoded.expires_relative = like->expires_relative;
    decoded.expires = like->expires;
    err e = core_content_write(&dated, &decoded);
    if (e == OK)
        buf_move(content, &dated);
    buf_free(&dated);
    return e;
}

err core_timer_date(const struct core *core, const struct conversation *c, buf *content) {
    struct content like = {.has_expires = true,
                           .expires = core->now / TIME_SECOND + c->settings.timer};
    if (c->settings.timer == 0 || like.expires > UINT32_MAX)
        return OK;
    return set_expires(content, &like);
}

err core_timer_like(slice message, buf *content) {
    struct content like;
    TRY(core_content_decode(message, &like));
    return set_expires(content, &like);
}

/* ---- The setting ---- */

static err write_body(const struct record_settings *s, buf *body) {
    writer w = writer_on(body);
    core_cbor_write(&w, CBOR_ARRAY, 3);
    core_cbor_write(&w, CBOR_UINT, s->timer);
    core_cbor_write(&w, CBOR_UINT, s->changed);
    core_cbor_write_bytes(&w, SLICE_ARRAY(s->by));
    return writer_result(&w);
}

static err read_body(slice body, struct record_settings *s) {
    reader r = reader_of(body);
    uint64_t count, timer;
    slice by;
    TRY(core_cbor_read_array(&r, &count));
    TRY(core_cbor_read_uint(&r, CORE_TIMER_MAX, &timer));
    TRY(core_cbor_read_uint(&r, UINT64_MAX, &s->changed));
    TRY(core_cbor_read_bytes(&r, &by));
    if (count != 3 || by.n != sizeof s->by)
        return ERR_MALFORMED;
    s->timer = (uint32_t)timer;
    memcpy(s->by, by.p, by.n);
    return reader_end(&r);
}

err core_timer_send(struct core *core, struct conversation *c, bool silent, struct entry **entry) {
    buf body = buf_on(core->mem), content = buf_on(core->mem);
    if (c->settings.changed == 0)
        return OK;
    err e = write_body(&c->settings, &body);
    if (e == OK)
        e = core_content_encode(&content, CONTENT_PROFILE, timer_type, buf_slice(&body), NULL,
                                NULL);
    if (e == OK)
        e = core_entry_add(core, c, ENTRY_CONTENT, buf_slice(&content), silent, entry);
    buf_free(&body);
    buf_free(&content);
    return e;
}

static err set(struct core *core, struct conversation *c, uint32_t timer, const uint8_t *sender) {
    struct record_message m = {.kind = CORE_MESSAGE_TIMER, .time = core->now, .epoch = c->r.epoch};
    char digits[DECIMAL_TEXT];
    uint64_t number;
    bool same = c->settings.timer == timer;
    c->settings.timer = timer;
    TRY(core_settings_save(core, c));
    if (same)
        return OK;
    decimal_text(timer, digits);
    m.content = slice_str(digits);
    memcpy(m.sender, sender, sizeof m.sender);
    m.own = memcmp(sender, core->account.r.account, sizeof m.sender) == 0;
    TRY(core_history_add(core, c, &m, &number));
    core_conversation_notice(core, c);
    return OK;
}

err core_conversation_timer(struct core *core, uint32_t conversation, uint32_t seconds,
                            uint64_t now, uint64_t *command) {
    struct conversation *c;
    struct entry *entry = NULL;
    TRY(core_conversation_find_open(core, conversation, now, &c));
    TRY(core_roles_check(core, c, true));
    if (seconds > CORE_TIMER_MAX)
        return ERR_TOO_LARGE;
    if (conversation == core->account.r.own)
        return ERR_DENIED;
    if (core->entries.n >= OUTBOX_MAX)
        return ERR_LIMIT;
    TRY(core_txn_begin(core));
    core_sync_stamp(core, &c->settings.changed, c->settings.by);
    err e = set(core, c, seconds, core->account.r.account);
    if (e == OK)
        e = core_timer_send(core, c, false, &entry);
    if (e == OK)
        *command = entry->r.command;
    TRY(core_txn_end(core, e));
    core_pump(core);
    return OK;
}

bool core_timer_is(slice type) {
    return slice_equal(type, slice_str(timer_type));
}

/* What does not read is ignored, and what comes from somebody who may not. */
err core_timer_receive(struct core *core, struct conversation *c, const uint8_t sender[16],
                       slice body) {
    struct record_settings told;
    bool own = memcmp(sender, core->account.r.account, 16) == 0;
    if (!own)
        TRY(core_conversation_load(core, c));
    if (!own && !core_roles_may_time(c, sender))
        return OK;
    if (read_body(body, &told) != OK ||
        !core_sync_later(core, &told.changed, told.by, c->settings.changed, c->settings.by))
        return OK;
    c->settings.changed = told.changed;
    memcpy(c->settings.by, told.by, sizeof c->settings.by);
    return set(core, c, told.timer, sender);
}
