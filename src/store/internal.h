/* What the files of store/ share. Nobody outside includes this. */
#ifndef SOTTO_STORE_INTERNAL_H
#define SOTTO_STORE_INTERNAL_H

#include "store/store.h"

/* The last word of a batch about a key: a put, or a delete of any kind; NULL if it says nothing. */
const struct store_op *store_batch_find(const struct store_batch *batch, struct store_key key);

static inline bool store_key_valid(struct store_key key) {
    return key.table < STORE_TABLES_MAX && key.name.n <= STORE_NAME_MAX;
}

#endif
