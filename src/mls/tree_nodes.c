/* The nodes of ratchet trees and the index of their keys. */
#include "mls/tree_internal.h"

enum { FIRST_BUCKETS = 16, SALT = 16 };

struct mls_tree_index {
    uint32_t refs; /* trees */
    const struct mem *mem;
    uint8_t salt[SALT];
    size_t nodes, buckets;        /* buckets: a power of two, for each kind of key */
    struct mls_tree_node **chain; /* of every bucket: first those of one kind, then the other's */
};

err mls_tree_index_new(struct mls_tree_index **index, const struct mem *mem) {
    struct mls_tree_index *i = mem_new(mem, sizeof(*i));
    *index = NULL;
    if (i == NULL)
        return ERR_NO_MEMORY;
    *i = (struct mls_tree_index){.refs = 1, .mem = mem, .buckets = FIRST_BUCKETS};
    i->chain = mem_new_array(mem, KEY_KINDS * i->buckets, sizeof(struct mls_tree_node *));
    if (i->chain == NULL) {
        mem_free(mem, i, sizeof(*i));
        return ERR_NO_MEMORY;
    }
    crypto_random(i->salt, sizeof(i->salt));
    *index = i;
    return OK;
}

void mls_tree_index_hold(struct mls_tree_index *index) {
    if (index != NULL)
        index->refs++;
}

void mls_tree_index_release(struct mls_tree_index *index) {
    if (index == NULL || --index->refs > 0)
        return;
    const struct mem *mem = index->mem;
    mem_free(mem, index->chain, KEY_KINDS * index->buckets * sizeof(struct mls_tree_node *));
    mem_free(mem, index, sizeof(*index));
}

/* ---- Chains ---- */

slice mls_tree_node_key(const struct mls_tree_node *n, enum mls_tree_key kind) {
    if (!mls_tree_is_leaf(n->x))
        return kind == KEY_ENCRYPTION ? buf_slice(&n->u.parent.encryption_key) : SLICE_EMPTY;
    return buf_slice(kind == KEY_ENCRYPTION ? &n->u.leaf.encryption_key : &n->u.leaf.signature_key);
}

/* Hashing can't fail for these lengths; if it did, all would have one hash, and nothing be missed.
 */
static uint64_t hash_key(const struct mls_tree_index *index, slice key) {
    uint64_t hash = 0;
    uint8_t bytes[sizeof(hash)];
    if (crypto_blake2b_keyed(bytes, sizeof(bytes), SLICE_ARRAY(index->salt), &key, 1) == OK)
        memcpy(&hash, bytes, sizeof(bytes));
    return hash;
}

static struct mls_tree_node **bucket_of(struct mls_tree_node **chain, size_t buckets, size_t kind,
                                        uint64_t hash) {
    return &chain[kind * buckets + (size_t)(hash & (buckets - 1))];
}

static void link_node(struct mls_tree_node **head, struct mls_tree_node *n, size_t kind) {
    struct mls_tree_link *link = &n->link[kind];
    link->next = *head;
    link->back = head;
    if (*head != NULL)
        (*head)->link[kind].back = &link->next;
    *head = n;
}

static void unlink_node(struct mls_tree_node *n, size_t kind) {
    struct mls_tree_link *link = &n->link[kind];
    *link->back = link->next;
    if (link->next != NULL)
        link->next->link[kind].back = link->back;
    link->back = NULL;
}

/* Twice the buckets, if there is memory; without it the chains only get longer. */
static void grow(struct mls_tree_index *index) {
    size_t buckets = 2 * index->buckets;
    struct mls_tree_node **chain = mem_new_array(index->mem, KEY_KINDS * buckets, sizeof(*chain));
    if (chain == NULL)
        return;
    for (size_t i = 0; i < KEY_KINDS * index->buckets; i++) {
        size_t kind = i / index->buckets;
        for (struct mls_tree_node *n = index->chain[i], *next; n != NULL; n = next) {
            next = n->link[kind].next;
            link_node(bucket_of(chain, buckets, kind, n->link[kind].hash), n, kind);
        }
    }
    mem_free(index->mem, index->chain, KEY_KINDS * index->buckets * sizeof(*chain));
    index->chain = chain;
    index->buckets = buckets;
}

/* ---- Nodes ---- */

struct mls_tree_node *mls_tree_node_new(const struct mls_tree *t, uint32_t x) {
    struct mls_tree_node *n = mem_new(t->mem, sizeof(*n));
    if (n != NULL) {
        n->refs = 1;
        n->x = x;
        n->index = t->index;
    }
    return n;
}

void mls_tree_node_enter(struct mls_tree_node *n) {
    struct mls_tree_index *index = n->index;
    n->size = mls_tree_is_leaf(n->x) ? mls_leaf_node_size(&n->u.leaf)
                                     : mls_parent_node_size(&n->u.parent);
    size_t kinds = mls_tree_is_leaf(n->x) ? KEY_KINDS : 1;
    for (size_t kind = 0; kind < kinds; kind++)
        n->link[kind].hash = hash_key(index, mls_tree_node_key(n, (enum mls_tree_key)kind));
    if (++index->nodes > index->buckets)
        grow(index);
    for (size_t kind = 0; kind < kinds; kind++)
        link_node(bucket_of(index->chain, index->buckets, kind, n->link[kind].hash), n, kind);
}

void mls_tree_node_release(struct mls_tree_node *n) {
    if (n == NULL || --n->refs > 0)
        return;
    if (n->link[KEY_ENCRYPTION].back != NULL)
        n->index->nodes--;
    for (size_t kind = 0; kind < KEY_KINDS; kind++)
        if (n->link[kind].back != NULL)
            unlink_node(n, kind);
    const struct mem *mem = n->index->mem;
    if (mls_tree_is_leaf(n->x))
        mls_leaf_node_free(&n->u.leaf, mem);
    else
        mls_parent_node_free(&n->u.parent, mem);
    mem_free(mem, n, sizeof(*n));
}

const struct mls_tree_node *mls_tree_index_find(const struct mls_tree *t, enum mls_tree_key kind,
                                                slice key, uint32_t not_x) {
    if (t->index == NULL)
        return NULL;
    uint64_t hash = hash_key(t->index, key);
    const struct mls_tree_node *n = *bucket_of(t->index->chain, t->index->buckets, kind, hash);
    for (; n != NULL; n = n->link[kind].next) {
        if (n->link[kind].hash != hash || n->x == not_x ||
            !slice_equal(mls_tree_node_key(n, kind), key))
            continue;
        const struct mls_tree_slot *slot = mls_tree_slot_at(t, n->x);
        if (slot != NULL && slot->node == n)
            return n;
    }
    return NULL;
}
