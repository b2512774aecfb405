/* Mailboxes: what memory knows of each, and every write to one. Positions only grow. What memory
 * knows is read from the store when a mailbox is first used, changes together with the batch, and
 * is thrown away if the batch fails. */
#include "crypto/chain.h"
#include "server/internal.h"

/* ---- Memory ---- */

static uint64_t box_hash(const uint8_t id[MAIL_ID]) {
    uint64_t hash;
    memcpy(&hash, id, sizeof hash); /* an id is random */
    return hash;
}

static slice box_name(const struct mail_box *box) {
    return slice_of(box->id, MAIL_ID);
}

static size_t box_weight(const struct mail_box *box) {
    return box->cap + box->share_cap + box->revoked_cap + 16;
}

static void list_remove(struct mail *m, struct mail_box *box) {
    *(box->newer == NULL ? &m->newest : &box->newer->older) = box->older;
    *(box->older == NULL ? &m->oldest : &box->older->newer) = box->newer;
}

static void list_add(struct mail *m, struct mail_box *box) {
    box->newer = NULL;
    box->older = m->newest;
    *(m->newest == NULL ? &m->oldest : &m->newest->newer) = box;
    m->newest = box;
}

/* With its chain: so none outlives a batch that failed. */
static void box_unload(struct mail *m, struct mail_box *box) {
    mail_chain_end(m, box);
    m->cached -= box_weight(box);
    mem_free(m->mem, box->places, box->cap * sizeof *box->places);
    mem_free(m->mem, box->shares, box->share_cap * sizeof *box->shares);
    mem_free(m->mem, box->revoked, box->revoked_cap * sizeof *box->revoked);
    struct mail_box empty = {.subscriber = box->subscriber,
                             .newer = box->newer,
                             .older = box->older,
                             .node = box->node,
                             .batch = box->batch};
    memcpy(empty.id, box->id, MAIL_ID);
    *box = empty;
    m->cached += box_weight(box);
}

static void box_free(struct mail *m, struct mail_box *box) {
    box_unload(m, box);
    m->cached -= box_weight(box);
    list_remove(m, box);
    table_remove(&m->boxes, &box->node);
    mem_free(m->mem, box, sizeof *box);
}

/* Those that the batch met are the newest. A subscriber reads again from the store: what failed may
 * be there all the same, and must not be overtaken by what comes later. */
void mail_boxes_forget(struct mail *m) {
    for (struct mail_box *box = m->newest, *next; box != NULL && box->batch == m->batches;
         box = next) {
        next = box->older;
        if (box->subscriber != NULL) {
            mail_subscriber_behind(m, box->subscriber);
            box_unload(m, box);
        } else {
            box_free(m, box);
        }
    }
}

/* Nothing of it is left that could be given back, so it is not looked at again before it is met:
 * there may be a million of them. */
static void box_rest(struct mail *m, struct mail_box *box) {
    box_unload(m, box);
    list_remove(m, box);
    m->cached -= box_weight(box);
    box->rests = true;
}

static void box_wake(struct mail *m, struct mail_box *box) {
    box->rests = false;
    m->cached += box_weight(box);
    list_add(m, box);
}

void mail_box_left(struct mail *m, struct mail_box *box) {
    box->subscriber = NULL;
    if (box->rests)
        box_wake(m, box);
}

void mail_boxes_trim(struct mail *m) {
    while (m->cached > m->config.limits.cached_items && m->oldest != NULL)
        (m->oldest->subscriber == NULL ? box_free : box_rest)(m, m->oldest);
}

void mail_boxes_fini(struct mail *m) {
    while (m->newest != NULL)
        box_free(m, m->newest);
    table_fini(&m->boxes);
}

/* ---- Places and shares ---- */

static bool knows_serial(const struct mail_place *place) {
    static const uint8_t unknown[MAIL_SERIAL];
    return memcmp(place->serial, unknown, MAIL_SERIAL) != 0;
}

static struct mail_share *share_find(struct mail_box *box, const uint8_t serial[MAIL_SERIAL]) {
    for (size_t i = 0; i < box->share_count; i++)
        if (memcmp(box->shares[i].serial, serial, MAIL_SERIAL) == 0)
            return &box->shares[i];
    return NULL;
}

/* Doubles an array of the mailbox's. */
static err grow(struct mail *m, void **array, size_t *cap, size_t size) {
    size_t wanted = *cap == 0 ? 4 : *cap * 2;
    void *grown = mem_resize(m->mem, *array, *cap * size, wanted * size);
    if (grown == NULL)
        return ERR_NO_MEMORY;
    m->cached += wanted - *cap;
    *array = grown;
    *cap = wanted;
    return OK;
}

/* Room for one more place and one more share, so that place_add can't fail. */
static err place_reserve(struct mail *m, struct mail_box *box) {
    if (box->first + box->count == box->cap && box->first > 0 && box->first >= box->cap / 2) {
        memmove(box->places, box->places + box->first, box->count * sizeof *box->places);
        box->first = 0;
    }
    void *places = box->places, *shares = box->shares;
    if (box->first + box->count == box->cap) {
        TRY(grow(m, &places, &box->cap, sizeof *box->places));
        box->places = places;
    }
    if (box->share_count == box->share_cap) {
        TRY(grow(m, &shares, &box->share_cap, sizeof *box->shares));
        box->shares = shares;
    }
    return OK;
}

static void share_add(struct mail_box *box, const struct mail_place *place) {
    struct mail_share *share = share_find(box, place->serial);
    if (share == NULL) {
        share = &box->shares[box->share_count++];
        *share = (struct mail_share){0};
        memcpy(share->serial, place->serial, MAIL_SERIAL);
    }
    share->items++;
    share->bytes += place->bytes;
}

static void place_add(struct mail_box *box, const struct mail_place *place) {
    if (knows_serial(place))
        share_add(box, place);
    box->places[box->first + box->count++] = *place;
    box->bytes += place->bytes;
    box->tail = place->position;
}

/* Takes the oldest place out. */
static void place_drop(struct mail_box *box) {
    const struct mail_place *place = &box->places[box->first];
    struct mail_share *share = knows_serial(place) ? share_find(box, place->serial) : NULL;
    if (share != NULL) {
        share->items--;
        share->bytes -= place->bytes;
        if (share->items == 0)
            *share = box->shares[--box->share_count];
    }
    box->bytes -= place->bytes;
    box->first++;
    box->count--;
    if (box->count == 0)
        box->first = 0;
}

/* ---- Loading ---- */

struct load {
    struct mail *m;
    struct mail_box *box;
    err e;
};

/* How long the item in a parcel is that was sealed to so many bytes. */
static err item_size(size_t sealed, uint32_t *bytes) {
    const size_t around = MAIL_SERIAL + 1 + PROTO_MARK + CRYPTO_CHAIN_TAG;
    for (size_t head = 1; head <= VARINT_MAX; head *= 2) {
        if (sealed < around + head || varint_size(sealed - around - head) != head)
            continue;
        *bytes = (uint32_t)(sealed - around - head);
        return OK;
    }
    return ERR_DAMAGED;
}

static err load_place(struct mail *m, struct mail_box *box, uint64_t position, slice value) {
    struct mail_place place = {.position = position};
    struct held_item row;
    TRY(held_item_read(value, &row));
    place.week = row.week;
    TRY(item_size(row.sealed.n, &place.bytes));
    TRY(place_reserve(m, box));
    place_add(box, &place);
    box->indexed = place.week;
    return OK;
}

static bool visit_place(void *ctx, struct store_key key, slice value) {
    struct load *load = ctx;
    load->e = load_place(load->m, load->box, key.number, value);
    return load->e == OK;
}

static void take_head(struct mail_box *box, const struct held_mailbox *row) {
    box->floor = row->floor;
    box->gap_at = row->gap_at;
    box->gaps = row->gaps;
    memcpy(box->key, row->key, MAIL_PUBLIC);
    box->tail = box->floor > box->gap_at ? box->floor : box->gap_at;
}

static err load_head(struct mail *m, struct mail_box *box) {
    struct held_mailbox row;
    err e = held_mailbox_get(m->store, m->batch, box_name(box), 0, &m->scratch, &row);
    box->gone = e == ERR_NOT_FOUND;
    if (box->gone)
        return OK;
    TRY(e);
    if (crypto_dhkem_x25519.check(row.key) != OK)
        return ERR_DAMAGED;
    take_head(box, &row);
    return OK;
}

static err run_start(const struct mail *m, const struct mail_box *box, uint64_t *start) {
    uint8_t hash[32];
    uint32_t place;
    slice id = SLICE_ARRAY(box->id);
    TRY(crypto_blake2b_keyed(hash, sizeof hash, SLICE_ARRAY(m->run_key), &id, 1));
    memcpy(&place, hash, sizeof place);
    *start = m->run << MAIL_RUN_SHIFT | place >> 2;
    return OK;
}

/* The next position is not this run's: the next run can know of it by the disk alone. */
static bool is_last(const struct mail *m, uint64_t position) {
    return (position + 1) >> MAIL_RUN_SHIFT != m->run;
}

/* Positions that were given in this run and never written are below. One that is ahead was not
 * given in it. None of the next run's is told to a device unless it is on the disk: it would not
 * ask for what that run puts below. */
static err begin_in_run(const struct mail *m, struct mail_box *box) {
    const uint64_t top = ((m->run + 1) << MAIL_RUN_SHIFT) - 1;
    TRY(run_start(m, box, &box->start));
    uint64_t given = box->start + m->given < top ? box->start + m->given : top;
    if (box->tail < given)
        box->tail = given;
    box->ahead = box->tail > given || is_last(m, box->tail);
    return OK;
}

/* A mailbox that is not in memory has nothing in the batch, so the store alone is right. */
static err box_load(struct mail *m, struct mail_box *box) {
    struct load load = {m, box, OK};
    err e = load_head(m, box);
    uint64_t at_least = box->tail;
    if (e == OK && box->floor < UINT64_MAX)
        e = store_scan(m->store, mail_key(MAIL_ITEM, box_name(box), box->floor + 1), UINT64_MAX,
                       visit_place, &load);
    if (e == OK)
        e = load.e;
    if (e == OK)
        e = mail_revoked_load(m, box);
    if (e != OK) {
        box_unload(m, box);
        return err_class(e) == ERR_CLASS_BAD ? ERR_DAMAGED : e;
    }
    if (box->tail < at_least)
        box->tail = at_least;
    TRY(begin_in_run(m, box));
    box->loaded = true;
    return OK;
}

static struct mail_box *box_find(const struct mail *m, const uint8_t id[MAIL_ID]) {
    struct table_node *n = table_find(&m->boxes, box_hash(id));
    while (n != NULL && memcmp(((struct mail_box *)n)->id, id, MAIL_ID) != 0)
        n = table_next(n);
    return (struct mail_box *)n;
}

static err box_new(struct mail *m, const uint8_t id[MAIL_ID], struct mail_box **out) {
    struct mail_box *box = mem_new(m->mem, sizeof *box);
    if (box == NULL)
        return ERR_NO_MEMORY;
    memcpy(box->id, id, MAIL_ID);
    if (table_add(&m->boxes, &box->node, box_hash(id)) != OK) {
        mem_free(m->mem, box, sizeof *box);
        return ERR_NO_MEMORY;
    }
    list_add(m, box);
    m->cached += box_weight(box);
    *out = box;
    return OK;
}

err mail_box_get(struct mail *m, const uint8_t id[MAIL_ID], struct mail_box **out) {
    struct mail_box *box = box_find(m, id);
    if (box == NULL) {
        TRY(box_new(m, id, &box));
    } else if (box->rests) {
        box_wake(m, box);
    } else {
        list_remove(m, box);
        list_add(m, box);
    }
    box->batch = m->batches;
    if (!box->loaded)
        TRY(box_load(m, box));
    *out = box;
    return OK;
}

/* ---- Writing ---- */

static struct held_mailbox head_of(const struct mail_box *box) {
    struct held_mailbox row = {.floor = box->floor, .gap_at = box->gap_at, .gaps = box->gaps};
    memcpy(row.key, box->key, MAIL_PUBLIC);
    return row;
}

static err put_head(struct mail *m, const struct mail_box *box) {
    struct held_mailbox row = head_of(box);
    return held_mailbox_put(m->batch, box_name(box), 0, &m->row, &row);
}

err mail_box_begin(struct mail *m, const uint8_t id[MAIL_ID], const uint8_t key[MAIL_PUBLIC]) {
    struct mail_box *box = NULL;
    TRY(mail_box_get(m, id, &box));
    box->floor = box->tail;
    box->gone = false;
    memcpy(box->key, key, MAIL_PUBLIC);
    return put_head(m, box);
}

err mail_box_rekey(struct mail *m, struct mail_box *box, const uint8_t key[MAIL_PUBLIC]) {
    if (memcmp(box->key, key, MAIL_PUBLIC) == 0)
        return OK;
    mail_chain_end(m, box);
    memcpy(box->key, key, MAIL_PUBLIC);
    return put_head(m, box);
}

static uint64_t next_position(struct mail *m, struct mail_box *box) {
    uint64_t position = ++box->tail;
    if (!box->ahead && position - box->start > m->given)
        m->given = position - box->start;
    box->ahead = box->ahead || is_last(m, position);
    return position;
}

/* More gaps, or (0) the same ones, at a position of their own above all others. */
static err add_gaps(struct mail *m, struct mail_box *box, uint32_t gaps) {
    if (box->tail >= UINT64_MAX - 1)
        return ERR_LIMIT;
    box->gap_at = next_position(m, box);
    box->written = m->batches;
    box->gaps += gaps > UINT32_MAX - box->gaps ? UINT32_MAX - box->gaps : gaps;
    TRY(put_head(m, box));
    return mail_effect_add(
        m, &(struct mail_effect){.kind = MAIL_GAP, .box = box, .position = box->gap_at});
}

err mail_box_raise_gap(struct mail *m, struct mail_box *box) {
    return box->gaps == 0 || box->gap_at == box->tail ? OK : add_gaps(m, box, 0);
}

err mail_box_raise_tail(struct mail *m, struct mail_box *box, uint64_t position) {
    if (position <= box->tail)
        return OK;
    /* Every item that is there lies below; nothing between is lost by calling it acknowledged, but
     * what waits must not be. So only the tail moves, held by a gap of no items. */
    box->tail = box->gap_at = position;
    box->ahead = true;
    return put_head(m, box);
}

struct rollback {
    struct store_batch *batch;
    uint64_t run;
    err e;
};

static bool roll_back(void *ctx, struct store_key key, slice value) {
    struct rollback *back = ctx;
    struct held_mailbox row;
    buf work = {0};
    back->e = held_mailbox_read(value, &row);
    if (back->e == OK) {
        row.gap_at = back->run << MAIL_RUN_SHIFT;
        row.gaps += row.gaps < UINT32_MAX;
        back->e = held_mailbox_put(back->batch, key.name, key.number, &work, &row);
    }
    buf_free(&work);
    return back->e == OK;
}

err mail_rolled_back(struct store *store, uint64_t now) {
    struct rollback back = {0};
    TRY(store_batch_new(&back.batch, NULL));
    err e = mail_run_skip(store, back.batch, now, &back.run);
    if (e == OK)
        e = store_scan_table(store, MAIL_MAILBOX, roll_back, &back);
    if (e == OK)
        e = back.e;
    if (e == OK)
        e = mail_orders_reopen(store, back.batch);
    if (e == OK)
        e = store_commit_now(store, back.batch);
    store_batch_free(back.batch);
    return e;
}

err mail_item_prepare(struct mail *m, slice mark, slice item) {
    struct proto_parcel parcel = {.marked = mark.n == PROTO_MARK, .item = item};
    if (parcel.marked)
        memcpy(parcel.mark, mark.p, PROTO_MARK);
    m->item_bytes = (uint32_t)item.n;
    buf_clear(&m->parcel);
    return proto_parcel_encode(&m->parcel, &parcel); /* each address puts its serial in front */
}

static bool has_room(const struct mail *m, struct mail_box *box, const uint8_t serial[MAIL_SERIAL],
                     size_t bytes) {
    const struct mail_limits *limits = &m->config.limits;
    if (box->count >= limits->mailbox_items || box->bytes + bytes > limits->mailbox_bytes)
        return false;
    const struct mail_share *share = share_find(box, serial);
    uint32_t items = share == NULL ? 0 : share->items;
    uint64_t held = share == NULL ? 0 : share->bytes;
    return items < (limits->mailbox_items + 3) / 4 && held + bytes <= limits->mailbox_bytes / 4;
}

err mail_box_write(struct mail *m, struct mail_box *box, const struct mail_place *place,
                   const struct held_item *row) {
    if (box->indexed != place->week) {
        TRY(mail_expiry_note_at(m, MAIL_EXPIRY_BOX, place->week, box_name(box)));
        box->indexed = place->week;
    }
    return held_item_put(m->batch, box_name(box), place->position, &m->row, row);
}

/* To be delivered after the commit. */
static err write_new(struct mail *m, struct mail_box *box, const struct mail_place *place,
                     const struct held_item *row) {
    TRY(mail_live_write_box(m, box));
    TRY(mail_box_write(m, box, place, row));
    box->written = m->batches;
    return mail_effect_add(m, &(struct mail_effect){.kind = MAIL_DELIVER,
                                                    .box = box,
                                                    .position = place->position,
                                                    .op = store_batch_count(m->batch) - 1});
}

static err append(struct mail *m, struct mail_box *box, const uint8_t serial[MAIL_SERIAL],
                  bool *live) {
    struct mail_place place = {.week = m->week, .bytes = m->item_bytes};
    struct held_item row = {.week = m->week};
    TRY(place_reserve(m, box));
    *live = *live && mail_live_fits(m, box);
    place.position = next_position(m, box);
    memcpy(place.serial, serial, MAIL_SERIAL);
    memcpy(m->parcel.p, serial, MAIL_SERIAL);
    TRY(mail_reseal(m, box, buf_slice(&m->parcel), &row));
    TRY(*live ? mail_live_add(m, box, &place, &row) : write_new(m, box, &place, &row));
    place_add(box, &place);
    m->counts.items++;
    return OK;
}

err mail_box_append(struct mail *m, struct mail_box *box, const uint8_t serial[MAIL_SERIAL],
                    bool *live) {
    if (box->gone) { /* as of a revoked address: something is written */
        *live = false;
        mail_touch(m);
        return OK;
    }
    if (!has_room(m, box, serial, m->item_bytes) || box->tail >= UINT64_MAX - 1) {
        *live = false;
        m->counts.refused++;
        TRY(add_gaps(m, box, 1));
        return ERR_FULL;
    }
    return append(m, box, serial, live);
}

err mail_box_append_own(struct mail *m, struct mail_box *box, uint64_t *position) {
    static const uint8_t none[MAIL_SERIAL];
    if (box->tail >= UINT64_MAX - 1)
        return ERR_LIMIT;
    bool live = false;
    *position = box->tail + 1;
    return append(m, box, none, &live);
}

/* While something waits for the disk, what passes would overtake it, and its key in the chain, too.
 */
err mail_box_pass(struct mail *m, const uint8_t id[MAIL_ID], const uint8_t serial[MAIL_SERIAL]) {
    struct held_item row = {0};
    struct mail_box *box = box_find(m, id);
    if (box == NULL || box->written == m->batches || !mail_subscriber_is_current(m, box))
        return OK;
    err e = mail_box_get(m, id, &box);
    if (mail_is_damaged(m, e))
        return OK;
    TRY(e);
    if (box->call == m->call || box->gone || mail_revoked(box, serial))
        return OK;
    box->call = m->call;
    memcpy(m->parcel.p, serial, MAIL_SERIAL);
    TRY(mail_reseal(m, box, buf_slice(&m->parcel), &row));
    buf_clear(&m->row);
    TRY(held_item_append(&m->row, &row));
    return mail_subscriber_give(m, box->subscriber, 0, buf_slice(&m->row));
}

/* With the last item of a week goes its note: nobody should see that there was one. */
static err drop_oldest(struct mail *m, struct mail_box *box) {
    uint64_t position = box->places[box->first].position;
    uint32_t week = box->places[box->first].week, live = box->places[box->first].live;
    if (live != 0) {
        mail_live_acked(m, live);
        place_drop(box);
        return OK;
    }
    TRY(store_batch_delete(m->batch, mail_key(MAIL_ITEM, box_name(box), position)));
    place_drop(box);
    const struct mail_place *next = &box->places[box->first];
    if (box->count > 0 && next->week == week && next->live == 0)
        return OK;
    if (box->indexed == week)
        box->indexed = 0;
    return mail_expiry_forget(m, MAIL_EXPIRY_BOX, week, box_name(box));
}

/* Who sent what was delivered and not acknowledged waits for the deletion. */
err mail_box_delete(struct mail *m, struct mail_box *box) {
    TRY(mail_live_write_box(m, box));
    while (box->count > 0)
        TRY(drop_oldest(m, box));
    TRY(store_batch_delete(m->batch, mail_key(MAIL_MAILBOX, box_name(box), 0)));
    TRY(mail_revoked_delete(m, box));
    mail_chain_end(m, box);
    box->gone = true;
    box->gaps = 0;
    struct mail_effect gone = {.kind = MAIL_GONE};
    memcpy(gone.mailbox, box->id, MAIL_ID);
    return mail_effect_add(m, &gone);
}

/* A position that belongs to no item can only be known from a caught_up that told of the gap. */
static bool tells_gap(const struct mail_box *box, uint64_t up_to) {
    const struct mail_session *s = box->subscriber;
    return up_to == box->gap_at || (up_to > box->gap_at && s != NULL && s->told_gap == box->gap_at);
}

err mail_box_ack(struct mail *m, struct mail_box *box, uint64_t up_to) {
    if (up_to > box->tail)
        up_to = box->tail;
    bool clears = box->gaps > 0 && tells_gap(box, up_to);
    if (up_to <= box->floor && !clears)
        return OK;
    bool writes = clears; /* the floor of what was never written need not be either */
    while (box->count > 0 && box->places[box->first].position <= up_to) {
        writes = writes || box->places[box->first].live == 0;
        TRY(drop_oldest(m, box));
    }
    if (up_to > box->floor)
        box->floor = up_to;
    if (clears)
        box->gaps = 0;
    return writes ? put_head(m, box) : OK;
}

err mail_box_expire(struct mail *m, struct mail_box *box) {
    uint32_t gone = 0;
    while (box->count > 0 && mail_expired(m, MAIL_EXPIRY_BOX, box->places[box->first].week)) {
        bool again = false;
        TRY(mail_notice_again(m, box, box->places[box->first].position, &again));
        TRY(drop_oldest(m, box));
        gone += !again;
    }
    return gone == 0 ? OK : add_gaps(m, box, gone);
}
