/* What the files of the tree share. Nobody else includes this.
 *
 * A slot is a place in a tree: its node, if it is not blank, and two slots below. Slots and nodes
 * are counted; whoever wants to change a slot makes sure first that no other tree holds it or
 * anything above it (mls_tree_own). Nodes never change. */
#ifndef SOTTO_MLS_TREE_INTERNAL_H
#define SOTTO_MLS_TREE_INTERNAL_H

#include "mls/tree.h"

enum mls_tree_key { KEY_ENCRYPTION = 0, KEY_SIGNATURE = 1, KEY_KINDS = 2 };

/* A node's place in a chain of the index. */
struct mls_tree_link {
    struct mls_tree_node *next, **back; /* back: NULL if it is in no chain */
    uint64_t hash;
};

/* One piece of memory, in which everything is that the node points to. */
struct mls_tree_node {
    uint32_t refs, x;
    size_t room; /* bytes of it all */
    struct mls_tree_index *index;
    struct mls_tree_link link[KEY_KINDS];
    union {
        struct mls_leaf_node leaf;     /* x even */
        struct mls_parent_node parent; /* x odd */
    } u;
};

/* The credential types below a slot: one that every leaf has and supports, or else. */
enum { CREDENTIALS_NONE = 0x10000, CREDENTIALS_MIXED = 0x10001 };

struct mls_tree_slot {
    uint32_t refs;
    uint32_t members;     /* leaves here and below that are not blank */
    uint32_t filled;      /* nodes here and below that are not blank */
    uint32_t credentials; /* a type, or CREDENTIALS_ */
    size_t size; /* bytes of what is here and below in the ratchet_tree extension, at most */
    struct mls_tree_slot *child[2];
    struct mls_tree_node *node;
    bool hashed;
    uint8_t hash[]; /* the tree hash of this subtree, if hashed */
};

static inline bool mls_tree_is_leaf(uint32_t x) {
    return x % 2 == 0;
}
/* First and last leaf index below node x. */
static inline uint32_t mls_tree_first_leaf(uint32_t x) {
    return (x - (((uint32_t)1 << mls_tree_math_level(x)) - 1)) / 2;
}
static inline uint32_t mls_tree_last_leaf(uint32_t x) {
    return (x + (((uint32_t)1 << mls_tree_math_level(x)) - 1)) / 2;
}
/* The place of the first entry of an ascending list that is at least `value`; n if there is none.
 * */
size_t mls_tree_lower_bound(const uint32_t *list, size_t n, uint32_t value);
/* True if the ascending list has the value. */
bool mls_tree_listed(const uint32_t *list, size_t n, uint32_t value);
/* A blank slot without children; NULL without memory. */
struct mls_tree_slot *mls_tree_slot_new(const struct mls_tree *t);
/* Brings what a slot sums up in line with its node and children, and forgets its hash. */
void mls_tree_slot_sum(struct mls_tree_slot *s);
/* NULL outside the tree. */
struct mls_tree_slot *mls_tree_slot_at(const struct mls_tree *t, uint32_t x);
slice mls_tree_node_key(const struct mls_tree_node *n, enum mls_tree_key kind);

/* ---- tree_nodes.c: nodes, and the index of their keys ----
 * The index knows the keys of every node that any copy of the tree holds, so that a key is found
 * without walking a tree. Its hash is keyed at random: nobody can choose keys that collide. */

MUST err mls_tree_index_new(struct mls_tree_index **index, const struct mem *mem);
void mls_tree_index_hold(struct mls_tree_index *index);
void mls_tree_index_release(struct mls_tree_index *index);
/* A node with one reference, which is in the index: from its LeafNode or ParentNode (by x) as it is
 * encoded, or a copy of one. */
MUST err mls_tree_node_read(const struct mls_tree *t, uint32_t x, reader *r,
                            struct mls_tree_node **node);
MUST err mls_tree_node_leaf(const struct mls_tree *t, uint32_t x, const struct mls_leaf_node *leaf,
                            struct mls_tree_node **node);
/* With n more unmerged leaves than the parent has, ascending. */
MUST err mls_tree_node_parent(const struct mls_tree *t, uint32_t x,
                              const struct mls_parent_node *parent, const uint32_t *unmerged,
                              size_t n, struct mls_tree_node **node);
/* As it is encoded. */
void mls_tree_node_write(writer *w, const struct mls_tree_node *n);
size_t mls_tree_node_size(const struct mls_tree_node *n);
/* NULL is fine. */
void mls_tree_node_release(struct mls_tree_node *n);
/* A node of this tree that has the key; NULL. */
const struct mls_tree_node *mls_tree_index_find(const struct mls_tree *t, enum mls_tree_key kind,
                                                slice key);
/* Another one that has the key of this one, a node of the tree; NULL. */
const struct mls_tree_node *mls_tree_index_twin(const struct mls_tree *t, enum mls_tree_key kind,
                                                const struct mls_tree_node *n);

/* ---- tree_codec.c: nodes on their way into a tree ---- */

/* By node number, NULL for a blank one, until slots take them over. */
struct mls_tree_list {
    struct mls_tree_node **p;
    size_t n, room;
};
/* Makes node x the last one, blank like those before it. */
MUST err mls_tree_list_reach(struct mls_tree_list *list, uint32_t x, const struct mem *mem);
/* Makes them the tree's, which had none. MLS_TREE unless the last one is filled. */
MUST err mls_tree_list_build(struct mls_tree *t, struct mls_tree_list *list);
void mls_tree_list_free(struct mls_tree_list *list, const struct mem *mem);

#endif
