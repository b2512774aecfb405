/* What is written down of a move that was made: its row, its text, sealed, and its leaf. */
#include "desk/entry.h"

#include <stdio.h>

#include "base/text.h"
#include "crypto/crypto.h"
#include "desk/ledger.h"
#include "merkle/fields.h"

/* ---- The desk's own texts ---- */

err desk_own_text(const struct desk_history *h, const struct desk_world *w, enum desk_move move,
                  buf *text, uint8_t hash[32]) {
    struct office_case_move m = {.case_id = slice_str(h->now.id),
                                 .number = h->now.number + 1,
                                 .move = slice_str(desk_move_name(move)),
                                 .state = slice_str(desk_state_name(h->now.state)),
                                 .made = w->now};
    memcpy(m.previous, h->now.head, sizeof m.previous);
    crypto_random(m.salt, sizeof m.salt);
    if (move == DESK_MOVE_DECIDE)
        memcpy(m.order, h->now.order, sizeof m.order);
    m.office.number = w->office->version;
    memcpy(m.office.hash, w->office->document.hash, 32);
    if (w->list != NULL) {
        m.suspensions.number = w->list->version;
        memcpy(m.suspensions.hash, w->list->document.hash, 32);
    }
    if (office_case_move_write(text, &m) != OFFICE_OK)
        return ERR_BUG;
    slice bytes = buf_slice(text);
    return crypto_sha256.hash(hash, &bytes, 1);
}

/* ---- Leaves ---- */

struct leaf {
    struct merkle_field fields[MERKLE_SLOTS];
    char words[MERKLE_SLOTS][2 * DESK_ID + 96];
    size_t n;
};

static void leaf_text(struct leaf *l, enum merkle_slot slot, const char *value) {
    size_t i = l->n++;
    int n = snprintf(l->words[i], sizeof l->words[i], "%s", value);
    l->fields[i] = (struct merkle_field){
        .slot = (size_t)slot,
        .name = merkle_slot_name(slot),
        .value = slice_of(l->words[i], n < 0                            ? 0
                                       : (size_t)n < sizeof l->words[i] ? (size_t)n
                                                                        : 0)};
}

static void leaf_number(struct leaf *l, enum merkle_slot slot, uint64_t value) {
    char text[DECIMAL_TEXT];
    decimal_text(value, text);
    leaf_text(l, slot, text);
}

static void leaf_hash(struct leaf *l, enum merkle_slot slot, const uint8_t hash[32]) {
    static const uint8_t none[32];
    char text[HEX_TEXT] = "";
    if (memcmp(hash, none, 32) != 0)
        hex_text(hash, text);
    leaf_text(l, slot, text);
}

static void leaf_fields(struct leaf *l, enum merkle_slot slot, uint32_t fields) {
    static const char *const names[] = {
#define X(text, name) text,
        HELD_RECORD(X)
#undef X
    };
    char text[DESK_ID] = "";
    size_t n = 0;
    for (int i = 0; i < DESK_FIELD_COUNT; i++)
        if ((fields >> i & 1) != 0) {
            int more = snprintf(text + n, sizeof text - n, "%s%s", n == 0 ? "" : " ", names[i]);
            n += more > 0 ? (size_t)more : 0;
        }
    leaf_text(l, slot, text);
}

/* How a case ends, or comes near to it. */
static const char *outcome(const struct desk_case *c) {
    switch (c->state) {
    case DESK_STATE_RELEASED:
    case DESK_STATE_REJECTED:
    case DESK_STATE_NOT_HELD:
    case DESK_STATE_WITHDRAWN:
    case DESK_STATE_FORGED:
    case DESK_STATE_LAPSED:
    case DESK_STATE_HELD:
        return desk_state_name(c->state);
    default:
        return "";
    }
}

static const char *notice(const struct desk_case *c, const struct desk_world *w) {
    const struct desk_regime *r = desk_regime_find(w, slice_str(c->regime));
    if (c->told != 0)
        return c->notified != 0 ? "told" : "told-late";
    if (r != NULL && r->notice == DESK_NOTICE_AUTHORITY_INFORMS)
        return "authority-informs";
    return c->bar_until > w->now ? "barred" : "";
}

err desk_leaf_put(struct desk *d, const struct desk_history *h, const struct desk_world *w) {
    const struct desk_case *c = &h->now;
    const struct desk_moved *m = &h->moves[h->move_count - 1];
    char time[OFFICE_TIME_TEXT];
    struct leaf l = {.n = 0};
    office_time_write(m->made, time);
    leaf_text(&l, MERKLE_SLOT_MOVE, desk_move_name(m->move));
    leaf_text(&l, MERKLE_SLOT_CASE, c->id);
    leaf_number(&l, MERKLE_SLOT_NUMBER, m->number);
    leaf_text(&l, MERKLE_SLOT_FROM, m->number == 1 ? "" : desk_state_name(m->from));
    leaf_text(&l, MERKLE_SLOT_TO, desk_state_name(m->to));
    leaf_text(&l, MERKLE_SLOT_TIME, time);
    leaf_text(&l, MERKLE_SLOT_ISSUER, c->issuer);
    leaf_text(&l, MERKLE_SLOT_BENEFICIARY, c->beneficiary);
    leaf_text(&l, MERKLE_SLOT_REGIME, c->regime);
    leaf_text(&l, MERKLE_SLOT_PROCESS, c->process);
    leaf_text(&l, MERKLE_SLOT_PATH, c->regime[0] == '\0' ? "" : desk_path_name(c->path));
    leaf_text(&l, MERKLE_SLOT_CATEGORY, c->category);
    leaf_number(&l, MERKLE_SLOT_ACCOUNTS, c->accounts);
    /* One that all have signed: a preservation moves no case. */
    bool kept = m->move == DESK_MOVE_PRESERVE && !m->pending;
    leaf_text(&l, MERKLE_SLOT_OUTCOME, kept ? "preserved" : outcome(c));
    leaf_text(&l, MERKLE_SLOT_REASON, m->detail);
    leaf_text(&l, MERKLE_SLOT_NOTICE, notice(c, w));
    leaf_fields(&l, MERKLE_SLOT_ASKED, c->asked);
    leaf_fields(&l, MERKLE_SLOT_FIELDS, c->fields);
    leaf_hash(&l, MERKLE_SLOT_ORDER, m->order);
    leaf_hash(&l, MERKLE_SLOT_FILING, c->filing);
    leaf_number(&l, MERKLE_SLOT_OFFICE, w->office->version);
    leaf_number(&l, MERKLE_SLOT_LIST, w->list == NULL ? 0 : w->list->version);
    leaf_text(&l, MERKLE_SLOT_PERSON_ROLES,
              m->role == 0 ? "" : desk_role_name((enum office_role)m->role));
    return desk_ledger_leaf(d, l.fields, l.n, slice_str(c->id), m->number);
}

/* ---- Own moves ---- */

/* What is purged leaves neither text nor key; the move's own text says nothing of it. */
static err own_write(struct desk *d, struct desk_history *h, const struct desk_world *w,
                     slice text) {
    const struct desk_moved *m = &h->moves[h->move_count - 1];
    slice id = slice_str(h->now.id);
    if (m->to == DESK_STATE_LAPSED || m->to == DESK_STATE_PURGED) {
        TRY(desk_seal_forget(d, id));
        TRY(desk_ledger_forget(d, id));
    } else {
        TRY(desk_seal_put(d, id, DESK_SEALED_MOVE, m->number, SLICE_EMPTY, text));
    }
    TRY(desk_history_save(d, h, h->move_count - 1));
    return desk_leaf_put(d, h, w);
}

err desk_own_make(struct desk *d, struct desk_history *h, const struct desk_world *w,
                  enum desk_move move, struct desk_why *why) {
    struct desk_act act = {.move = move};
    struct desk_case before = h->now;
    enum desk_reason reason;
    buf text = {0};
    err e = desk_own_text(h, w, move, &text, act.hash);
    if (e == OK)
        e = desk_step(h, w, &act, &reason);
    if (e == OK && reason != DESK_OK)
        e = desk_refuse(why, reason);
    if (e == OK && desk_broken(&before, h, w) != NULL)
        e = desk_refuse(why, DESK_INVARIANT);
    if (e == OK)
        e = own_write(d, h, w, buf_slice(&text));
    buf_free(&text);
    return e;
}

err desk_settle(struct desk *d, struct desk_history *h, const struct desk_world *w,
                struct desk_why *why) {
    enum desk_move move;
    while (desk_own_move(h, w, &move))
        TRY(desk_own_make(d, h, w, move, why));
    return OK;
}

/* ---- All cases ---- */

struct ids {
    char (*each)[DESK_ID];
    size_t n, room;
};

static err ids_add(struct ids *ids, slice id) {
    if (ids->n == ids->room) {
        size_t more = ids->room == 0 ? 64 : 2 * ids->room;
        void *p = mem_resize(NULL, ids->each, ids->room * DESK_ID, more * DESK_ID);
        if (p == NULL)
            return ERR_NO_MEMORY;
        ids->each = p;
        ids->room = more;
    }
    return desk_copy(ids->each[ids->n++], DESK_ID, id) ? OK : ERR_DAMAGED;
}

/* One that the rules refuse keeps no other from being settled. */
static err settle_one(struct desk *d, slice id, const struct desk_world *w) {
    struct desk_history h;
    struct desk_why why;
    TRY(desk_history_load(d, id, &h));
    err e = desk_settle(d, &h, w, &why);
    desk_history_free(&h);
    return e == ERR_DENIED ? OK : e;
}

/* First which, then the moves: a statement that is read doesn't see what changes under it. */
err desk_settle_found(struct desk *d, struct desk_rows *q, const struct desk_world *w, size_t *n) {
    struct ids ids = {NULL, 0, 0};
    while (desk_rows_next(q))
        q->result = ids_add(&ids, desk_row_bytes(q, 0));
    err e = desk_rows_end(q);
    for (size_t i = 0; i < ids.n && e == OK; i++)
        e = settle_one(d, slice_str(ids.each[i]), w);
    *n = ids.n;
    mem_free(NULL, ids.each, ids.room * DESK_ID);
    return e;
}

/* ---- After a file ---- "settle" is the first case that waits; 0: none does. "+open": by the
 * table's own order, and no index of all that are open. */

err desk_settle_begin(struct desk *d) {
    return desk_meta_number_set(d->store, "settle", 1);
}

err desk_settle_first(struct desk *d, struct desk_history *h, const struct desk_world *w,
                      struct desk_why *why) {
    uint64_t from;
    TRY(desk_meta_number(d->store, "settle", &from));
    return from == 0 ? OK : desk_settle(d, h, w, why);
}

static err settle_end(struct desk *d) {
    TRY(desk_rewrap_task(d));
    TRY(desk_meta_number_set(d->store, "lacks-found", 1));
    return desk_meta_number_set(d->store, "settle", 0);
}

static err settle_some(struct desk *d, bool *more) {
    struct desk_rows q;
    struct desk_world w;
    uint64_t from, last;
    size_t n;
    TRY(desk_meta_number(d->store, "settle", &from));
    *more = false;
    if (from == 0 || d->office == NULL)
        return OK;
    TRY(desk_store_number(d->store, &last,
                          "SELECT max(seq) FROM (SELECT seq FROM cases WHERE +open = 1 AND seq >= ?"
                          " ORDER BY seq LIMIT ?)",
                          "ii", from, (uint64_t)DESK_SETTLED_AT_ONCE));
    desk_world_now(d, &w);
    desk_rows_begin(&q, d->store,
                    "SELECT id FROM cases WHERE +open = 1 AND seq BETWEEN ? AND ? ORDER BY seq",
                    "ii", from, last);
    TRY(desk_settle_found(d, &q, &w, &n));
    TRY(desk_carry_end(d, w.now));
    TRY(desk_lacks_find(d, from, last));
    *more = n == DESK_SETTLED_AT_ONCE;
    return *more ? desk_meta_number_set(d->store, "settle", last + 1) : settle_end(d);
}

err desk_settle_more(struct desk *d, bool *more) {
    uint64_t from;
    *more = false;
    TRY(desk_meta_number(d->store, "settle", &from));
    if (from == 0)
        return OK;
    TRY(desk_begin(d));
    return desk_end(d, settle_some(d, more));
}
