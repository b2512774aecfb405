/* Rosters of large conversations: the addresses of one epoch, sealed by a member under a key that
 * the epoch exports. A request brings the key; what it opens is in memory for that request alone.
 *
 * Each epoch has a key of its own, and a roster is all that it seals. So what opens is the roster
 * of that epoch and of that hash; and whoever names another's can't open this one. */
#include "server/internal.h"

enum { HASH = 32, TAG = 16 };
static const char label[] = PROTO_LABEL_ROSTER;

/* The row's name follows from the order's, with which it expires. */
static err row_name(const struct mail *m, slice order, uint8_t name[HASH]) {
    slice parts[] = {slice_of(label, sizeof label), order};
    return crypto_blake2b_keyed(name, HASH, SLICE_ARRAY(m->config.pepper), parts, 2);
}

static bool is_empty(slice addresses, size_t from, size_t to) {
    for (size_t i = from * PROTO_ADDRESS; i < to * PROTO_ADDRESS; i++)
        if (addresses.p[i] != 0)
            return false;
    return true;
}

static err open_sealed(const uint8_t group[32], const struct proto_roster *r, slice sealed,
                       buf *addresses) {
    static const uint8_t nonce[24];
    size_t step = proto_roster_step(r->count);
    buf bound = buf_on(addresses->mem);
    if (r->count == 0 || r->count > PROTO_ROSTER_MAX || sealed.n != step * PROTO_ADDRESS + TAG)
        return ERR_CRYPTO;
    err e = proto_roster_bound(&bound, group, r->hash);
    if (e == OK)
        e = buf_resize(addresses, step * PROTO_ADDRESS);
    if (e == OK)
        e = crypto_xchacha20poly1305.open(addresses->p, r->key, nonce, buf_slice(&bound), sealed);
    buf_free(&bound);
    TRY(e);
    /* The count is what the request was charged for. No address begins with a zero. */
    size_t end = (size_t)r->count * PROTO_ADDRESS;
    if (addresses->p[end - PROTO_ADDRESS] == 0 || !is_empty(buf_slice(addresses), r->count, step))
        return ERR_CRYPTO;
    return buf_resize(addresses, end);
}

err mail_roster_open(struct mail *m, const uint8_t group[32], slice order,
                     const struct proto_roster *roster, buf *addresses) {
    uint8_t name[HASH];
    struct held_roster row;
    TRY(row_name(m, order, name));
    err e = held_roster_get(m->store, m->batch, SLICE_ARRAY(name), 0, &m->value, &row);
    if (e == OK)
        e = open_sealed(group, roster, row.sealed, addresses);
    return e == ERR_NOT_FOUND || e == ERR_CRYPTO ? ERR_LATE : e;
}

err mail_roster_check(struct mail *m, const uint8_t group[32], const uint8_t hash[32],
                      const struct proto_roster_new *roster, buf *sealed) {
    struct proto_roster r = {.count = roster->count};
    uint8_t found[HASH];
    buf addresses = buf_on(m->mem);
    memcpy(r.hash, hash, sizeof r.hash);
    memcpy(r.key, roster->key, sizeof r.key);
    err e = mail_blob_read(m, SLICE_ARRAY(roster->blob), sealed);
    if (e == OK)
        e = open_sealed(group, &r, buf_slice(sealed), &addresses);
    slice all = buf_slice(&addresses);
    if (e == OK)
        e = crypto_blake2b_keyed(found, sizeof found, SLICE_EMPTY, &all, 1);
    if (e == OK && memcmp(found, hash, sizeof found) != 0)
        e = ERR_CRYPTO;
    wipe(&r, sizeof r);
    buf_free(&addresses);
    return e;
}

/* Rosters count as blobs do: both are what strangers may leave here. */
err mail_roster_put(struct mail *m, slice order, slice sealed) {
    uint8_t name[HASH];
    uint64_t total = 0;
    struct held_roster old, row = {.sealed = sealed};
    TRY(row_name(m, order, name));
    err e = held_roster_get(m->store, m->batch, SLICE_ARRAY(name), 0, &m->value, &old);
    if (e != OK && e != ERR_NOT_FOUND)
        return e;
    size_t gone = e == OK ? old.sealed.n + MAIL_BLOB_ENTRY : 0;
    if (gone == 0 && sealed.n == 0)
        return OK;
    TRY(mail_total_get(m, MAIL_TOTAL_BLOBS, &total));
    total -= gone < total ? gone : total;
    mail_total_set(m, MAIL_TOTAL_BLOBS, total + (sealed.n == 0 ? 0 : sealed.n + MAIL_BLOB_ENTRY));
    if (sealed.n == 0)
        return store_batch_delete(m->batch, mail_key(MAIL_ROSTER, SLICE_ARRAY(name), 0));
    return held_roster_put(m->batch, SLICE_ARRAY(name), 0, &m->row, &row);
}
