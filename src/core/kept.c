/* What the user decided on a conversation for themselves: that it is muted until some time, and
 * that it is put away. All own devices share it, as they do petnames. What comes from others takes
 * it out of the archive again, unless it is muted: each device sees that by itself. */
#include "core/internal.h"

static const char row_name[] = "kept";

static err save(struct core *core, const struct conversation *c) {
    return record_kept_put(core, TABLE_CONVERSATION, slice_str(row_name), c->r.number, &c->kept);
}

struct loading {
    struct core *core;
    err e;
};

static bool load_row(void *ctx, struct store_key key, slice value) {
    struct loading *l = ctx;
    struct conversation *c = core_conversation_lookup(l->core, (uint32_t)key.number);
    l->e = c == NULL ? OK : record_kept_read(value, &c->kept);
    return l->e == OK;
}

err core_kept_load(struct core *core) {
    struct loading l = {core, OK};
    TRY(store_scan(core->store, core_key(TABLE_CONVERSATION, slice_str(row_name), 0), UINT64_MAX,
                   load_row, &l));
    return l.e;
}

err core_kept_forget(struct core *core, const struct conversation *c) {
    return core_delete(core, TABLE_CONVERSATION, slice_str(row_name), c->r.number);
}

bool core_kept_muted(const struct core *core, const struct conversation *c) {
    return c->kept.muted > core->now;
}

err core_kept_came(struct core *core, struct conversation *c) {
    if (!c->kept.archived || core_kept_muted(core, c))
        return OK;
    c->kept.archived = false;
    TRY(save(core, c));
    core_conversation_notice(core, c);
    return OK;
}

static err change(struct core *core, struct conversation *c) {
    memcpy(c->kept.group, c->r.group, sizeof c->kept.group);
    core_sync_stamp(core, &c->kept.changed, c->kept.by);
    TRY(save(core, c));
    core_conversation_notice(core, c);
    return core_sync_tell_kept(core, &c->kept);
}

static err enter(struct core *core, uint32_t conversation, uint64_t now, struct conversation **c) {
    TRY(core_enter(core, now));
    *c = core_conversation_lookup(core, conversation);
    if (*c == NULL)
        return ERR_NOT_FOUND;
    if (core_request_is(*c) || conversation == core->account.r.own)
        return ERR_STATE;
    return core_txn_begin(core);
}

static err leave(struct core *core, struct conversation *c) {
    TRY(core_txn_end(core, change(core, c)));
    core_pump(core);
    return OK;
}

err core_conversation_mute(struct core *core, uint32_t conversation, uint64_t until, uint64_t now) {
    struct conversation *c;
    TRY(enter(core, conversation, now, &c));
    c->kept.muted = until;
    return leave(core, c);
}

err core_conversation_archive(struct core *core, uint32_t conversation, bool archived,
                              uint64_t now) {
    struct conversation *c;
    TRY(enter(core, conversation, now, &c));
    c->kept.archived = archived;
    return leave(core, c);
}

/* ---- Among own devices ---- */

size_t core_kept_count(const struct core *core) {
    return core->conversations.n;
}

err core_kept_export(struct core *core, size_t i, buf *item) {
    const struct conversation *c = core->conversations.p[i];
    return c->kept.changed == 0 ? ERR_NOT_FOUND : record_kept_write(item, &c->kept);
}

/* Of a conversation that is not here yet nothing is kept. */
err core_kept_import(struct core *core, const struct record_kept *told) {
    struct record_kept r = *told;
    struct conversation *c = core_conversation_by_group(core, SLICE_ARRAY(r.group));
    if (c == NULL || c->r.number == core->account.r.own ||
        !core_sync_later(core, &r.changed, r.by, c->kept.changed, c->kept.by))
        return OK;
    c->kept = r;
    TRY(save(core, c));
    core_conversation_notice(core, c);
    return OK;
}

err core_kept_bound_all(struct core *core) {
    for (size_t i = 0; i < core->conversations.n; i++) {
        struct conversation *c = core->conversations.p[i];
        if (core_sync_bound(core, &c->kept.changed))
            TRY(save(core, c));
    }
    return OK;
}
