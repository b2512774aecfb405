/* Items that wait for something that comes first: bounded, stored, looked at again when it may have
 * come. */
#include "core/internal.h"

enum { WAITING_BLOBS_MAX = 64 };

void core_waiting_free(struct core *core, struct waiting *w) {
    buf_free(&w->bytes);
    buf_free(&w->blob);
    mem_free(core->mem, w, sizeof *w);
}

/* What waits for an epoch says that there is one. */
static void doubt(const struct core *core, const struct waiting *w) {
    struct conversation *c = core_conversation_lookup(core, w->r.conversation);
    if (c != NULL && (w->r.why == WAIT_EPOCH || w->r.why == WAIT_PROPOSAL))
        core_conversation_doubt(core, c);
}

err core_waiting_save(struct core *core, struct waiting *w) {
    doubt(core, w);
    TRY(record_waiting_settle(&w->bytes, &w->r));
    return core_put(core, TABLE_WAITING, slice_str("item"), w->r.number, buf_slice(&w->bytes));
}

err core_waiting_remove(struct core *core, struct waiting *w) {
    TRY(core_delete(core, TABLE_WAITING, slice_str("item"), w->r.number));
    for (size_t i = 0; i < core->waiting.n; i++) {
        if (core->waiting.p[i] == w) {
            core_list_remove(&core->waiting, i);
            break;
        }
    }
    core_waiting_free(core, w);
    return OK;
}

struct waiting *core_waiting_find(const struct core *core, uint64_t number) {
    for (size_t i = 0; i < core->waiting.n; i++) {
        struct waiting *w = core->waiting.p[i];
        if (w->r.number == number)
            return w;
    }
    return NULL;
}

static bool is_blob(const struct waiting *w) {
    return w->r.why == WAIT_BLOB || w->r.why == WAIT_READY;
}

err core_waiting_put_aside(struct core *core, struct waiting *w, err why) {
    core->counters_dirty = core->counters_dirty || w->r.asks;
    core->counters.dropped += w->r.asks;
    if (!w->r.asks)
        TRY(core_quarantine_add(core, w->r.conversation, why,
                                w->r.why == WAIT_BLOB ? w->r.reference : w->r.content));
    return core_waiting_remove(core, w);
}

struct crowd {
    struct waiting *oldest;
    size_t count, bytes;
};

static void join(struct crowd *crowd, struct waiting *w) {
    crowd->oldest = crowd->count++ == 0 ? w : crowd->oldest;
    crowd->bytes += w->r.content.n;
}

/* What has to go for r to have room; NULL: nothing. */
static struct waiting *in_the_way(const struct core *core, const struct record_waiting *r) {
    struct crowd all = {0}, same = {0};
    for (size_t i = 0; i < core->waiting.n; i++) {
        struct waiting *w = core->waiting.p[i];
        if (w->r.number == r->number || is_blob(w) != (r->why == WAIT_BLOB) || w->r.asks != r->asks)
            continue;
        join(&all, w);
        if (w->r.conversation == r->conversation)
            join(&same, w);
    }
    if (r->why == WAIT_BLOB)
        return all.count >= (r->asks ? REQUEST_BLOBS_MAX : WAITING_BLOBS_MAX) ? all.oldest : NULL;
    if (same.count >= WAITING_CONVERSATION_MAX ||
        same.bytes + r->content.n > WAITING_CONVERSATION_BYTES)
        return same.oldest;
    bool full = all.count >= WAITING_MAX || all.bytes + r->content.n > WAITING_BYTES;
    return full ? all.oldest : NULL;
}

/* Nobody has proved to be a member by what waits. If the newest had to go, who fills the room once
 * would keep it full. */
static err make_room(struct core *core, const struct record_waiting *r) {
    for (struct waiting *w; (w = in_the_way(core, r)) != NULL;)
        TRY(core_waiting_put_aside(core, w, ERR_FULL));
    return OK;
}

err core_waiting_purge(struct core *core) {
    for (size_t i = core->waiting.n; i-- > 0;) {
        struct waiting *w = core->waiting.p[i];
        if (!is_blob(w) && w->r.time + WAITING_TIME < core->now)
            TRY(core_waiting_put_aside(core, w, ERR_EARLY));
    }
    return OK;
}

err core_waiting_add(struct core *core, const struct record_waiting *r) {
    TRY(make_room(core, r));
    struct waiting *w = mem_new(core->mem, sizeof *w);
    if (w == NULL)
        return ERR_NO_MEMORY;
    w->bytes = w->blob = buf_on(core->mem);
    w->r = *r;
    w->r.number = core_number(core);
    w->r.time = core->now;
    w->checked = r->why != WAIT_READY;
    err e = core_waiting_save(core, w);
    if (e == OK)
        e = core_list_add(core, &core->waiting, w);
    if (e != OK)
        core_waiting_free(core, w);
    return e;
}

err core_waiting_turn(struct core *core, struct waiting *w, enum waiting_why why,
                      uint32_t conversation) {
    w->r.why = (uint8_t)why;
    w->r.conversation = conversation;
    w->r.asks = false; /* it is of a conversation that we are in */
    TRY(make_room(core, &w->r));
    return core_waiting_save(core, w);
}

/* Due today. */
static bool is_due_blob(const struct core *core, const struct waiting *w) {
    return w->r.why == WAIT_READY || (w->r.why == WAIT_BLOB && !core_blob_paused(core, w->r.asks));
}

bool core_waiting_blobs(const struct core *core) {
    for (size_t i = 0; i < core->waiting.n; i++)
        if (is_blob(core->waiting.p[i]))
            return true;
    return false;
}

bool core_waiting_blobs_due(const struct core *core, bool asking) {
    for (size_t i = 0; i < core->waiting.n; i++) {
        const struct waiting *w = core->waiting.p[i];
        if (is_due_blob(core, w) && (asking || !w->r.asks))
            return true;
    }
    return false;
}

/* True if no blob that came before this one is still due. */
static bool first_blob(const struct core *core, uint64_t number) {
    for (size_t i = 0; i < core->waiting.n; i++) {
        const struct waiting *w = core->waiting.p[i];
        if (is_due_blob(core, w) && w->r.number < number)
            return false;
    }
    return true;
}

bool core_waiting_for_epoch(const struct core *core, const struct conversation *c) {
    for (size_t i = 0; i < core->waiting.n; i++) {
        const struct waiting *w = core->waiting.p[i];
        if (w->r.conversation == c->r.number &&
            (w->r.why == WAIT_EPOCH || w->r.why == WAIT_PROPOSAL))
            return true;
    }
    return false;
}

bool core_waiting_crowded(const struct core *core) {
    size_t blobs = 0;
    for (size_t i = 0; i < core->waiting.n; i++) {
        const struct waiting *w = core->waiting.p[i];
        blobs += is_blob(w) && !w->r.asks;
    }
    return blobs >= WAITING_BLOBS_MAX / 2 || core->waiting.n >= WAITING_CONVERSATION_MAX / 2;
}

/* ---- Looking again ---- */

/* True if what it waits for may have come. */
static bool due(const struct core *core, const struct waiting *w) {
    struct mls_header header;
    const struct conversation *c = NULL;
    if (w->r.why == WAIT_READY)
        return first_blob(core, w->r.number);
    if (w->r.why == WAIT_GROUP) {
        if (mls_message_header(w->r.content, &header) == OK)
            c = core_conversation_by_group(core, header.group_id);
        return !core_waiting_blobs(core) || (c != NULL && core_conversation_open(c));
    }
    return w->r.why != WAIT_BLOB && !w->checked;
}

static bool step(struct core *core, uint64_t number) {
    if (core_txn_begin(core) != OK)
        return false;
    err e = core_txn_end(core, core_inbox_look_again(core, number));
    if (e == OK || core_err_hard(e) || core_txn_begin(core) != OK)
        return e == OK;
    struct waiting *w = core_waiting_find(core, number);
    return core_txn_end(core, w == NULL ? OK : core_waiting_put_aside(core, w, e)) == OK;
}

static void uncheck(struct core *core) {
    for (size_t i = 0; i < core->conversations.n; i++) {
        struct conversation *c = core->conversations.p[i];
        if (!c->retry)
            continue;
        c->retry = false;
        for (size_t j = 0; j < core->waiting.n; j++) {
            struct waiting *w = core->waiting.p[j];
            if (w->r.conversation == c->r.number)
                w->checked = false;
        }
    }
}

void core_waiting_pump(struct core *core) {
    for (size_t i = 0; i < core->waiting.n;) {
        uncheck(core);
        const struct waiting *w = core->waiting.p[i];
        if (!due(core, w)) {
            i++;
            continue;
        }
        if (!step(core, w->r.number))
            return;
        i = 0;
    }
}
