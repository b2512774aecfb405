/* A hash table of structs that embed a node. The hash is the caller's and should be as good as
 * random; entries with equal hashes are told apart by the caller. */
#ifndef SOTTO_SERVER_TABLE_H
#define SOTTO_SERVER_TABLE_H

#include "base/slice.h"

struct table_node {
    struct table_node *next;
    uint64_t hash;
};

struct table {
    const struct mem *mem;
    struct table_node **buckets;
    size_t bucket_count; /* 0 or a power of two */
    size_t count;
};

void table_fini(struct table *t);
/* NO_MEMORY leaves the table as it was. */
MUST err table_add(struct table *t, struct table_node *node, uint64_t hash);
void table_remove(struct table *t, struct table_node *node);
/* The first entry of this hash, and the next of the same; NULL after the last. */
struct table_node *table_find(const struct table *t, uint64_t hash);
struct table_node *table_next(const struct table_node *node);
/* Calls visit for each entry; visit may not add or remove. */
void table_each(const struct table *t, void (*visit)(void *ctx, struct table_node *node),
                void *ctx);

/* A number as a hash: different numbers have different ones. */
uint64_t table_hash_number(uint64_t number);

#endif
