/* Revoked addresses: their owner named them by key and serial. To whoever bears one it looks as if
 * it held. A row goes when its address key does, since then the address opens no more. */
#include "server/internal.h"

static err handle(struct mail *m, struct mail_call *call);
const struct mail_handler mail_handle_address_revoke = {PROTO_address_revoke, handle};

static uint64_t number_of(const uint8_t serial[MAIL_SERIAL]) {
    uint64_t number = 0;
    for (size_t i = 0; i < MAIL_SERIAL; i++)
        number = number << 8 | serial[i];
    return number;
}

static struct store_key key_of(const struct mail_box *box, uint64_t number) {
    return mail_key(MAIL_REVOKED, slice_of(box->id, MAIL_ID), number);
}

static bool holds(const struct mail *m, uint8_t key_id) {
    for (size_t i = 0; i < MAIL_KEYS; i++)
        if (key_id != 0 && m->config.keys[i].id == key_id)
            return true;
    return false;
}

/* ---- In memory: in the order of their numbers ---- */

/* The first that is not below. */
static size_t find(const struct mail_box *box, uint64_t number) {
    size_t low = 0, high = box->revoked_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (box->revoked[middle].number < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool mail_revoked(const struct mail_box *box, const uint8_t serial[MAIL_SERIAL]) {
    uint64_t number = number_of(serial);
    size_t i = find(box, number);
    return i < box->revoked_count && box->revoked[i].number == number;
}

static err reserve(struct mail *m, struct mail_box *box, size_t more) {
    size_t size = sizeof *box->revoked, cap = box->revoked_cap == 0 ? 4 : box->revoked_cap;
    while (cap < box->revoked_count + more)
        cap *= 2;
    if (cap == box->revoked_cap)
        return OK;
    void *grown = mem_resize(m->mem, box->revoked, box->revoked_cap * size, cap * size);
    if (grown == NULL)
        return ERR_NO_MEMORY;
    m->cached += cap - box->revoked_cap;
    box->revoked = grown;
    box->revoked_cap = cap;
    return OK;
}

static void insert(struct mail_box *box, uint64_t number, uint8_t key_id) {
    size_t i = find(box, number);
    memmove(&box->revoked[i + 1], &box->revoked[i],
            (box->revoked_count - i) * sizeof *box->revoked);
    box->revoked[i] = (struct mail_revoked){number, key_id};
    box->revoked_count++;
}

/* ---- From the store ---- */

struct load {
    struct mail *m;
    struct mail_box *box;
    err e;
};

static bool visit(void *ctx, struct store_key key, slice value) {
    struct load *load = ctx;
    struct mail_box *box = load->box;
    struct held_revoked row;
    load->e = held_revoked_read(value, &row);
    if (load->e == OK)
        load->e = reserve(load->m, box, 1);
    if (load->e == OK)
        box->revoked[box->revoked_count++] = (struct mail_revoked){key.number, row.key_id};
    return load->e == OK;
}

err mail_revoked_load(struct mail *m, struct mail_box *box) {
    struct load load = {m, box, OK};
    TRY(store_scan(m->store, key_of(box, 0), UINT64_MAX, visit, &load));
    return load.e;
}

err mail_revoked_delete(struct mail *m, struct mail_box *box) {
    for (size_t i = 0; i < box->revoked_count; i++)
        TRY(store_batch_delete(m->batch, key_of(box, box->revoked[i].number)));
    box->revoked_count = 0;
    return OK;
}

/* ---- Address keys that are gone ---- */

enum { PURGED_AT_ONCE = 65536 };

static bool purge(void *ctx, struct store_key key, slice value) {
    struct load *load = ctx;
    struct held_revoked row;
    err e = held_revoked_read(value, &row);
    if (e == OK && !holds(load->m, row.key_id))
        load->e = store_batch_delete(load->m->batch, key);
    return load->e == OK && store_batch_count(load->m->batch) < PURGED_AT_ONCE;
}

/* Whether their device ever comes again or not. Keys change only when all starts anew. */
err mail_revoked_purge(struct mail *m) {
    struct load load = {.m = m};
    err e = OK;
    bool full = true;
    while (e == OK && full) {
        e = store_scan_table(m->store, MAIL_REVOKED, purge, &load);
        if (e == OK)
            e = load.e;
        size_t count = store_batch_count(m->batch);
        full = count >= PURGED_AT_ONCE;
        if (e == OK && count > 0)
            e = store_commit_now(m->store, m->batch);
        store_batch_clear(m->batch);
    }
    return e;
}

/* ---- The owner's word ---- */

static err revoke(struct mail *m, struct mail_box *box, const struct proto_revocation *r) {
    if (!holds(m, r->key_id) || mail_revoked(box, r->serial))
        return OK;
    uint64_t number = number_of(r->serial);
    struct held_revoked row = {.key_id = r->key_id};
    TRY(held_revoked_put(m->batch, slice_of(box->id, MAIL_ID), number, &m->row, &row));
    insert(box, number, r->key_id);
    return OK;
}

static err handle(struct mail *m, struct mail_call *call) {
    struct proto_address_revoke in;
    struct proto_revocation r;
    struct mail_box *box = NULL;
    size_t fresh = 0;
    if (proto_address_revoke_decode(call->body, &in) != OK || in.revoked.count == 0)
        return mail_refuse(m, call, PROTO_REASON_MALFORMED);
    TRY(mail_box_get(m, call->session->mailbox, &box));
    for (reader at = reader_of(in.revoked.bytes); at.n > 0;) {
        TRY(proto_revocation_read(&at, &r));
        fresh += holds(m, r.key_id) && !mail_revoked(box, r.serial);
    }
    TRY(reserve(m, box, fresh));
    if (box->revoked_count + fresh > m->config.limits.revoked)
        return mail_refuse(m, call, PROTO_REASON_LIMIT);
    for (reader at = reader_of(in.revoked.bytes); at.n > 0;) {
        TRY(proto_revocation_read(&at, &r));
        TRY(revoke(m, box, &r));
    }
    return mail_reply_ok(m, call);
}
