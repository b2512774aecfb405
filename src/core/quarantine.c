/* What could not be processed, for people to look at: bounded, the oldest goes first. */
#include "core/internal.h"

enum { ASIDE_MAX = PROTO_ITEM_MAX };

struct oldest {
    uint64_t number;
    bool found;
};

static bool visit_oldest(void *ctx, struct store_key key, slice value) {
    struct oldest *oldest = ctx;
    (void)value;
    oldest->number = key.number;
    oldest->found = true;
    return false;
}

static err make_room(struct core *core, slice name) {
    struct oldest oldest = {0, false};
    TRY(store_scan(core->store, core_key(TABLE_QUARANTINE, name, 0), UINT64_MAX, visit_oldest,
                   &oldest));
    core->counters.quarantined--;
    return oldest.found ? core_delete(core, TABLE_QUARANTINE, name, oldest.number) : OK;
}

static uint32_t homeless(const struct core *core) {
    uint32_t n = core->counters.quarantined;
    for (size_t i = 0; i < core->conversations.n; i++) {
        const struct conversation *c = core->conversations.p[i];
        n -= c->r.quarantined;
    }
    return n;
}

err core_quarantine_add(struct core *core, uint32_t conversation, err why, slice item) {
    struct conversation *c = core_conversation_lookup(core, conversation);
    uint8_t key[4];
    slice name = core_conversation_key(c == NULL ? 0 : conversation, key);
    uint32_t count = c == NULL ? homeless(core) : c->r.quarantined;
    struct record_quarantined q = {
        .conversation = conversation, .error = (uint32_t)why, .time = core->now};
    q.item = slice_of(item.p, item.n < ASIDE_MAX ? item.n : ASIDE_MAX);
    core->counters_dirty = true;
    if (count >= QUARANTINE_MAX)
        TRY(make_room(core, name));
    else if (c != NULL)
        c->r.quarantined++;
    core->counters.quarantined++;
    TRY(record_quarantined_put(core, TABLE_QUARANTINE, name, core_number(core), &q));
    if (c != NULL)
        TRY(core_conversation_save(core, c));
    struct core_notice notice = {
        .kind = CORE_NOTICE_QUARANTINED, .conversation = conversation, .error = why};
    core_action_notice(core, &notice);
    return OK;
}

/* ---- Accessor ---- */

struct reading {
    core_quarantine_visit *visit;
    void *ctx;
    err e;
};

static bool visit_quarantined(void *ctx, struct store_key key, slice value) {
    struct reading *reading = ctx;
    struct record_quarantined q;
    (void)key;
    reading->e = record_quarantined_read(value, &q);
    if (reading->e != OK)
        return false;
    struct core_quarantined entry = {q.conversation, (err)q.error, q.time, q.item};
    return reading->visit(reading->ctx, &entry);
}

err core_quarantine(struct core *core, uint32_t conversation, core_quarantine_visit *visit,
                    void *ctx) {
    struct reading reading = {visit, ctx, OK};
    uint8_t key[4];
    TRY(store_scan(core->store,
                   core_key(TABLE_QUARANTINE, core_conversation_key(conversation, key), 0),
                   UINT64_MAX, visit_quarantined, &reading));
    return reading.e;
}
