/* What the files of store/ share. Nobody outside includes this. */
#ifndef SOTTO_STORE_INTERNAL_H
#define SOTTO_STORE_INTERNAL_H

#include "store/store.h"

/* The last word of a batch about a key: a put, or a delete of any kind; NULL if it says nothing. */
const struct store_op *store_batch_find(const struct store_batch *batch, struct store_key key);

/* Writes of the same effect, in an order that says nothing of the order in which they were asked
 * for: ranges, then of each key its last word, both by a hash whose key is nowhere written. */
typedef void store_op_visit(void *ctx, const struct store_op *op);
void store_batch_unordered(const struct store_batch *batch, store_op_visit *visit, void *ctx);

static inline bool store_key_valid(struct store_key key) {
    return key.table < STORE_TABLES_MAX && key.name.n <= STORE_NAME_MAX;
}

/* ---- Keys as bytes ----
 * What the engines on a disk sort by: table, length of the name, name, number (big endian). Two
 * names never mix, whatever their lengths, and numbers keep their order within a name. */
enum { STORE_KEY_BYTES_MAX = 1 + 1 + STORE_NAME_MAX + 8 };

struct store_key_bytes {
    uint8_t p[STORE_KEY_BYTES_MAX];
    size_t n;
};

struct store_key_bytes store_key_encode(struct store_key key);
/* key->name points into bytes. DAMAGED if that is no key. */
MUST err store_key_decode(slice bytes, struct store_key *key);

static inline slice store_key_slice(const struct store_key_bytes *k) {
    return slice_of(k->p, k->n);
}

static inline struct store_key store_key_at(struct store_key key, uint64_t number) {
    key.number = number;
    return key;
}

#endif
