#include "server/table.h"

enum { BUCKETS_MIN = 16 };

static struct table_node **bucket_of(const struct table *t, uint64_t hash) {
    return &t->buckets[hash & (t->bucket_count - 1)];
}

void table_fini(struct table *t) {
    mem_free(t->mem, t->buckets, t->bucket_count * sizeof *t->buckets);
    *t = (struct table){.mem = t->mem};
}

static err grow(struct table *t) {
    size_t count = t->bucket_count == 0 ? BUCKETS_MIN : t->bucket_count * 2;
    struct table_node **buckets = mem_new_array(t->mem, count, sizeof(struct table_node *));
    if (buckets == NULL)
        return ERR_NO_MEMORY;
    for (size_t i = 0; i < t->bucket_count; i++) {
        for (struct table_node *n = t->buckets[i], *next; n != NULL; n = next) {
            next = n->next;
            n->next = buckets[n->hash & (count - 1)];
            buckets[n->hash & (count - 1)] = n;
        }
    }
    mem_free(t->mem, t->buckets, t->bucket_count * sizeof *t->buckets);
    t->buckets = buckets;
    t->bucket_count = count;
    return OK;
}

err table_add(struct table *t, struct table_node *node, uint64_t hash) {
    if (t->count >= t->bucket_count)
        TRY(grow(t));
    struct table_node **head = bucket_of(t, hash);
    node->hash = hash;
    node->next = *head;
    *head = node;
    t->count++;
    return OK;
}

void table_remove(struct table *t, struct table_node *node) {
    struct table_node **link = bucket_of(t, node->hash);
    while (*link != node)
        link = &(*link)->next;
    *link = node->next;
    node->next = NULL;
    t->count--;
}

struct table_node *table_find(const struct table *t, uint64_t hash) {
    struct table_node *n = t->bucket_count == 0 ? NULL : *bucket_of(t, hash);
    while (n != NULL && n->hash != hash)
        n = n->next;
    return n;
}

struct table_node *table_next(const struct table_node *node) {
    struct table_node *n = node->next;
    while (n != NULL && n->hash != node->hash)
        n = n->next;
    return n;
}

void table_each(const struct table *t, void (*visit)(void *ctx, struct table_node *node),
                void *ctx) {
    for (size_t i = 0; i < t->bucket_count; i++)
        for (struct table_node *n = t->buckets[i]; n != NULL; n = n->next)
            visit(ctx, n);
}

uint64_t table_hash_number(uint64_t x) {
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}
