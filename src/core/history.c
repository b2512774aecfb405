/* What was said and done in a conversation, in the order in which this device learned of it. */
#include "core/internal.h"

#include "core/content.h"

slice core_conversation_key(uint32_t number, uint8_t key[4]) {
    put_u32(key, number);
    return slice_of(key, 4);
}

/* By the group: a message may come again after we were out of it for a while. */
static slice id_key(const struct conversation *c, const uint8_t id[32], uint8_t key[64]) {
    memcpy(key, c->r.group, 32);
    memcpy(key + 32, id, 32);
    return slice_of(key, 64);
}

static void notice(struct core *core, enum core_notice_kind kind, const struct conversation *c,
                   uint64_t number, const uint8_t id[32]) {
    struct core_notice notice = {.kind = kind, .conversation = c->r.number, .message = number};
    memcpy(notice.message_id, id, sizeof notice.message_id);
    core_action_notice(core, &notice);
}

void core_history_changed(struct core *core, const struct conversation *c, uint64_t number,
                          const uint8_t id[32]) {
    notice(core, CORE_NOTICE_CHANGED, c, number, id);
}

err core_history_mark_known(struct core *core, const struct conversation *c, const uint8_t id[32],
                            uint64_t number) {
    uint8_t key[64], value[8];
    put_u64(value, number);
    return core_put(core, TABLE_MESSAGE_ID, id_key(c, id, key), 0, SLICE_ARRAY(value));
}

/* The mark is the group's: the number may be of another conversation that the group was before. */
static err has_id(struct core *core, const struct conversation *c, uint64_t number,
                  const uint8_t id[32], bool *has) {
    struct record_message m;
    buf bytes = buf_on(core->mem);
    err e = core_history_get(core, c, number, &bytes, &m);
    *has = e == OK && memcmp(m.id, id, sizeof m.id) == 0;
    buf_free(&bytes);
    return e == ERR_NOT_FOUND ? OK : e;
}

err core_history_find(struct core *core, const struct conversation *c, const uint8_t id[32],
                      uint64_t *number) {
    uint8_t key[64];
    bool has = false;
    buf value = buf_on(core->mem);
    err e = core_get(core, TABLE_MESSAGE_ID, id_key(c, id, key), 0, &value);
    reader r = reader_of(buf_slice(&value));
    *number = 0;
    if (e == OK)
        e = reader_u64(&r, number) == OK ? OK : ERR_DAMAGED;
    buf_free(&value);
    if (e == OK)
        e = has_id(core, c, *number, id, &has);
    if (!has)
        *number = 0;
    return e == ERR_NOT_FOUND ? OK : e;
}

static bool take_id(void *ctx, struct store_key key, slice value) {
    struct record_message m;
    (void)key;
    if (record_message_read(value, &m) != OK || m.kind != CORE_MESSAGE_CONTENT)
        return true;
    memcpy(ctx, m.id, sizeof m.id);
    return false;
}

err core_history_newest_read(struct core *core, const struct conversation *c, uint8_t id[32]) {
    uint8_t key[4];
    memset(id, 0, 32);
    return store_scan_down(core->store,
                           core_key(TABLE_HISTORY, core_conversation_key(c->r.number, key), 1),
                           c->r.read, take_id, id);
}

/* What is not here yet is not read. */
err core_history_import_read(struct core *core, const struct record_read *told) {
    struct conversation *c = core_conversation_by_group(core, SLICE_ARRAY(told->group));
    uint64_t number;
    if (c == NULL || !core_conversation_open(c))
        return OK;
    TRY(core_history_find(core, c, told->message, &number));
    if (number <= c->r.read)
        return OK;
    c->r.read = number;
    c->r.used = true;
    TRY(core_conversation_save(core, c));
    core_conversation_notice(core, c);
    return OK;
}

err core_history_known(struct core *core, const struct conversation *c, const uint8_t id[32],
                       bool *known) {
    uint8_t key[64];
    buf value = buf_on(core->mem);
    err e = core_get(core, TABLE_MESSAGE_ID, id_key(c, id, key), 0, &value);
    *known = e == OK;
    buf_free(&value);
    return e == ERR_NOT_FOUND ? OK : e;
}

err core_history_add(struct core *core, struct conversation *c,
                     const struct record_message *message, uint64_t *number) {
    uint8_t key[4];
    slice name = core_conversation_key(c->r.number, key);
    *number = 0;
    if (core_request_is(c) && core_request_full(c, message->content.n)) {
        core->counters_dirty = true;
        core->counters.dropped++;
        return core_conversation_save(core, c);
    }
    c->r.bytes += core_request_is(c) ? (uint32_t)message->content.n : 0;
    *number = ++c->r.messages;
    /* Who has seen all until now has seen what it does itself. */
    if (message->own && c->r.read + 1 == *number)
        c->r.read = *number;
    TRY(record_message_put(core, TABLE_HISTORY, name, *number, message));
    if (message->kind == CORE_MESSAGE_CONTENT)
        TRY(core_history_mark_known(core, c, message->id, *number));
    TRY(core_conversation_save(core, c));
    notice(core, CORE_NOTICE_MESSAGE, c, *number, message->id);
    if (message->kind != CORE_MESSAGE_CONTENT)
        return OK;
    TRY(core_expiry_add(core, c, message->content, *number));
    TRY(core_remark_take(core, c, message, *number));
    if (message->own)
        return OK;
    TRY(core_kept_came(core, c));
    return core_receipts_due(core, c);
}

err core_history_event(struct core *core, struct conversation *c, enum core_message_kind kind,
                       const uint8_t *sender, const uint8_t *subject) {
    return core_history_device(core, c, kind, sender, subject, NULL);
}

err core_history_device(struct core *core, struct conversation *c, enum core_message_kind kind,
                        const uint8_t *sender, const uint8_t *subject, const uint8_t *device) {
    struct record_message m = {.kind = (uint8_t)kind, .time = core->now, .epoch = c->r.epoch};
    uint64_t number;
    if (device != NULL)
        memcpy(m.device, device, sizeof m.device);
    if (sender != NULL)
        memcpy(m.sender, sender, sizeof m.sender);
    if (subject != NULL)
        memcpy(m.subject, subject, sizeof m.subject);
    m.own = memcmp(m.sender, core->account.r.account, sizeof m.sender) == 0;
    if (kind == CORE_MESSAGE_RENAMED)
        m.content = c->r.name;
    return core_history_add(core, c, &m, &number);
}

err core_history_get(struct core *core, const struct conversation *c, uint64_t number, buf *bytes,
                     struct record_message *message) {
    uint8_t key[4];
    TRY(core_get(core, TABLE_HISTORY, core_conversation_key(c->r.number, key), number, bytes));
    return record_message_read(buf_slice(bytes), message);
}

err core_history_shown(struct core *core, const struct conversation *c, uint64_t number, buf *bytes,
                       struct record_message *message) {
    if (core_expiry_hides(core, c->r.number, number))
        return ERR_NOT_FOUND;
    return core_history_get(core, c, number, bytes, message);
}

err core_history_read(struct core *core, const struct conversation *c, uint64_t number, buf *bytes,
                      struct record_message *message) {
    err e = core_history_get(core, c, number, bytes, message);
    return e == ERR_NOT_FOUND ? ERR_DAMAGED : e;
}

err core_history_put(struct core *core, const struct conversation *c, uint64_t number,
                     const struct record_message *message) {
    uint8_t key[4];
    return record_message_put(core, TABLE_HISTORY, core_conversation_key(c->r.number, key), number,
                              message);
}

err core_history_drop(struct core *core, const struct conversation *c, uint64_t number) {
    uint8_t key[4];
    core->goes = true;
    return core_delete(core, TABLE_HISTORY, core_conversation_key(c->r.number, key), number);
}

/* It may be gone while it was on its way. */
err core_history_set_state(struct core *core, const struct conversation *c, uint64_t number,
                           enum core_message_state state, uint64_t epoch, uint32_t refused) {
    struct record_message m;
    buf bytes = buf_on(core->mem);
    err e = core_history_get(core, c, number, &bytes, &m);
    if (e == OK) {
        m.state = (uint8_t)state;
        m.refused = refused;
        m.epoch = state == CORE_MESSAGE_SENT ? epoch : m.epoch;
        e = core_history_put(core, c, number, &m);
    }
    buf_free(&bytes);
    return e == ERR_NOT_FOUND ? OK : e;
}

/* ---- Forgetting ---- */

struct forgetting {
    struct core *core;
    const struct conversation *c;
    err e;
};

static bool forget_id(void *ctx, struct store_key at, slice value) {
    struct forgetting *f = ctx;
    struct record_message m;
    uint8_t key[64];
    (void)at;
    f->e = record_message_read(value, &m);
    if (f->e == OK && m.kind == CORE_MESSAGE_CONTENT)
        f->e = core_delete(f->core, TABLE_MESSAGE_ID, id_key(f->c, m.id, key), 0);
    if (f->e == OK && m.kind == CORE_MESSAGE_CONTENT)
        f->e = core_remark_forget(f->core, f->c, &m);
    return f->e == OK;
}

err core_history_forget(struct core *core, const struct conversation *c) {
    struct forgetting f = {core, c, OK};
    uint8_t key[4];
    struct store_key first = core_key(TABLE_HISTORY, core_conversation_key(c->r.number, key), 0);
    TRY(store_scan(core->store, first, UINT64_MAX, forget_id, &f));
    TRY(f.e);
    core->goes = true;
    return store_batch_delete_range(core->batch, first, UINT64_MAX);
}

/* ---- Reading ---- */

struct reading {
    struct core *core;
    const struct conversation *c;
    core_message_visit *visit;
    void *ctx;
    err e;
};

/* The text of the newest edit in place of its own. */
static err show_edit(struct core *core, const struct conversation *c, uint64_t number,
                     struct core_message *m, buf *text) {
    struct record_message edit;
    struct content content;
    struct content_part file;
    enum core_content_shape shape;
    buf bytes = buf_on(core->mem);
    err e = core_history_read(core, c, number, &bytes, &edit);
    if (e == OK)
        e = core_content_decode(edit.content, &content);
    if (e == OK) {
        buf_clear(text);
        e = core_content_show(&content, &shape, &m->markdown, &file, text);
    }
    m->edited = e == OK;
    buf_free(&bytes);
    return e;
}

err core_history_show(struct core *core, const struct conversation *c,
                      const struct record_message *r, struct core_message *m, buf *text) {
    struct content content;
    struct remarked remarked;
    m->content = r->content;
    m->withdrawn = r->content.n == 0;
    m->shape = CORE_CONTENT_TEXT;
    if (m->withdrawn)
        return OK;
    TRY(core_remark_look(core, c, r, &remarked));
    m->reactions = remarked.reactions;
    m->delivered = remarked.delivered;
    m->read = remarked.read;
    err e = core_content_decode(r->content, &content);
    if (core_err_hard(e))
        return e;
    if (e != OK) {
        m->shape = CORE_CONTENT_OTHER;
        return buf_append(text, slice_str("[content that this version can't read]"));
    }
    if (content.has_expires && !content.expires_relative)
        m->expires = content.expires * TIME_SECOND;
    m->has_reply = content.in_reply_to.n > 0;
    m->has_replaces = content.replaces.n > 0;
    if (m->has_reply)
        memcpy(m->in_reply_to, content.in_reply_to.p, sizeof m->in_reply_to);
    if (m->has_replaces)
        memcpy(m->replaces, content.replaces.p, sizeof m->replaces);
    struct content_part file;
    TRY(core_content_show(&content, &m->shape, &m->markdown, &file, text));
    m->has_file = file.cardinality != CONTENT_NULL;
    m->file = (struct core_file){.name = file.filename,
                                 .type = file.type,
                                 .description = file.description,
                                 .size = file.size,
                                 .expires = file.expires * TIME_SECOND};
    TRY(core_remark_about(core, c, r, &content, &m->about));
    return remarked.edit == 0 ? OK : show_edit(core, c, remarked.edit, m, text);
}

static void fill(const struct record_message *r, uint64_t number, struct core_message *m) {
    memset(m, 0, sizeof *m);
    m->number = number;
    m->kind = (enum core_message_kind)r->kind;
    m->state = (enum core_message_state)r->state;
    m->refused = r->refused;
    m->time = r->time;
    m->epoch = r->epoch;
    m->own = r->own;
    memcpy(m->sender, r->sender, sizeof m->sender);
    memcpy(m->sender_device, r->device, sizeof m->sender_device);
    memcpy(m->subject, r->subject, sizeof m->subject);
    memcpy(m->id, r->id, sizeof m->id);
}

static bool visit(void *ctx, struct store_key key, slice value) {
    struct reading *reading = ctx;
    struct core *core = reading->core;
    struct record_message r;
    struct core_message m;
    buf text = buf_on(core->mem), sender = buf_on(core->mem), subject = buf_on(core->mem);
    bool more = false;
    if (core_expiry_hides(core, reading->c->r.number, key.number))
        return true;
    err e = record_message_read(value, &r);
    if (e == OK) {
        fill(&r, key.number, &m);
        e = core_contact_name_of(core, reading->c->r.number, m.sender, &sender);
    }
    if (e == OK)
        e = core_contact_name_of(core, reading->c->r.number, m.subject, &subject);
    if (e == OK && m.kind == CORE_MESSAGE_CONTENT)
        e = core_history_show(core, reading->c, &r, &m, &text);
    else if (e == OK)
        e = buf_append(&text, r.content);
    if (e == OK) {
        m.sender_name = buf_slice(&sender);
        m.subject_name = buf_slice(&subject);
        m.text = buf_slice(&text);
        more = reading->visit(reading->ctx, &m);
    }
    reading->e = e;
    buf_free(&text);
    buf_free(&sender);
    buf_free(&subject);
    return more;
}

err core_messages(struct core *core, uint32_t conversation, uint64_t first, uint64_t last,
                  core_message_visit *visitor, void *ctx) {
    const struct conversation *c = core_conversation_lookup(core, conversation);
    struct reading reading = {core, c, visitor, ctx, OK};
    uint8_t key[4];
    if (c == NULL)
        return ERR_NOT_FOUND;
    if (first > last)
        return OK;
    TRY(store_scan(core->store,
                   core_key(TABLE_HISTORY, core_conversation_key(conversation, key), first), last,
                   visit, &reading));
    return reading.e;
}

struct newest {
    uint64_t number, time;
};

static bool take_newest(void *ctx, const struct core_message *m) {
    *(struct newest *)ctx = (struct newest){m->number, m->time};
    return true;
}

err core_message_newest(struct core *core, uint32_t conversation, uint64_t *number,
                        uint64_t *time) {
    const struct conversation *c = core_conversation_lookup(core, conversation);
    struct newest newest = {0};
    *number = *time = 0;
    if (c == NULL)
        return ERR_NOT_FOUND;
    uint64_t last = c->r.messages;
    for (uint64_t n = 1; last > 0 && newest.number == 0; n *= 8) {
        uint64_t first = last > n ? last - n + 1 : 1;
        TRY(core_messages(core, conversation, first, last, take_newest, &newest));
        last = first - 1;
    }
    *number = newest.number;
    *time = newest.time;
    return newest.number == 0 ? ERR_NOT_FOUND : OK;
}

err core_message_number(struct core *core, uint32_t conversation, const uint8_t id[CORE_MESSAGE_ID],
                        uint64_t *number) {
    const struct conversation *c = core_conversation_lookup(core, conversation);
    if (c == NULL)
        return ERR_NOT_FOUND;
    TRY(core_history_find(core, c, id, number));
    return *number == 0 || core_expiry_hides(core, conversation, *number) ? ERR_NOT_FOUND : OK;
}
