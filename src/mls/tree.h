/* The ratchet tree's public half (RFC 9420 sections 4, 7.1, 7.7, 7.8, 12.4.3.3).
 *
 * A tree is a value that is cheap to copy: its nodes and the structure above them are immutable as
 * soon as two trees share them, and counted. A copy costs nothing, a change costs the path from the
 * node to the root. Trees that share parts must stay in one thread, and keep one `mem`.
 *
 * `leaf` arguments are leaf indices (0, 1, 2, ...), `x` arguments node numbers (tree_math.h).
 * Pointers to nodes stay valid until the tree changes or is freed (if no other tree holds them).
 * A function that fails leaves the tree's content as it was, unless its comment says otherwise. */
#ifndef SOTTO_MLS_TREE_H
#define SOTTO_MLS_TREE_H

#include "mls/suite.h"
#include "mls/tree_math.h"
#include "mls/types.h"

struct mls_tree_slot;
struct mls_tree_index;

struct mls_tree {
    const struct mls_suite *suite;
    const struct mem *mem;
    struct mls_tree_slot *root;   /* NULL: a tree without leaves */
    struct mls_tree_index *index; /* of keys; shared by the copies */
    uint32_t width;               /* leaves of the full tree: a power of two, or 0 */
};

/* A tree without leaves. A struct of zeros is valid to free and to ask (everything is blank). */
MUST err mls_tree_init(struct mls_tree *t, const struct mls_suite *suite, const struct mem *mem);
void mls_tree_free(struct mls_tree *t);
/* *to becomes a second tree with the same content (what it held is not freed). Can't fail. */
void mls_tree_copy(struct mls_tree *to, const struct mls_tree *from);

/* The ratchet_tree extension's content (section 12.4.3.3): optional<Node> ratchet_tree<V>. The
 * reader checks nothing but the form: kinds of nodes by their place, and a last node that is not
 * blank (MLS_TREE otherwise). t must be of zeros or freed; nothing to free on failure. */
MUST err mls_tree_read(struct mls_tree *t, reader *r, const struct mls_suite *suite,
                       const struct mem *mem);
/* The same, for a tree from a stranger: LIMIT for more than `leaves` of them, blanks included,
 * before anything is built (a blank node is one byte on the wire). 0: no limit. */
MUST err mls_tree_read_limited(struct mls_tree *t, reader *r, uint32_t leaves,
                               const struct mls_suite *suite, const struct mem *mem);
void mls_tree_write(writer *w, const struct mls_tree *t);

/* NULL if the node is blank or outside the tree. */
const struct mls_leaf_node *mls_tree_leaf(const struct mls_tree *t, uint32_t leaf);
const struct mls_parent_node *mls_tree_parent(const struct mls_tree *t, uint32_t x);
/* The HPKE public key of any node; empty if it is blank. */
slice mls_tree_public_key(const struct mls_tree *t, uint32_t x);
/* One more than the highest leaf index in use. */
uint32_t mls_tree_leaf_count(const struct mls_tree *t);
/* Leaves that are not blank. */
uint32_t mls_tree_member_count(const struct mls_tree *t);
/* The first leaf at or after `from` that is not blank; NONE if there is no more. To go over all
 * members: i = mls_tree_next_leaf(t, 0), then mls_tree_next_leaf(t, i + 1). */
uint32_t mls_tree_next_leaf(const struct mls_tree *t, uint32_t from);
/* The leaf that has this signature key, or this encryption key; NONE. */
uint32_t mls_tree_find_signer(const struct mls_tree *t, slice signature_key);
uint32_t mls_tree_find_encryption(const struct mls_tree *t, slice encryption_key);
/* True if any node has this encryption key, also a parent. */
bool mls_tree_has_encryption(const struct mls_tree *t, slice encryption_key);
/* The leaf that equals this one in every field (section 12.4.3.1). NOT_FOUND. */
MUST err mls_tree_find_leaf(const struct mls_tree *t, const struct mls_leaf_node *leaf,
                            uint32_t *index);

/* ---- Operations (section 7.7, 7.8, 12.1) ---- */

/* Adds copies of the leaves, each at the leftmost blank leaf, widening the tree as needed, and
 * lists them in the unmerged leaves of the parents above. at (room for n): where they went,
 * ascending. Many at once cost no more than the lists that they end up in. */
MUST err mls_tree_add(struct mls_tree *t, const struct mls_leaf_node *const *leaves, size_t n,
                      uint32_t *at);
/* Puts a copy of the leaf in place of the one there and blanks its direct path (Update).
 * NOT_FOUND if that leaf is blank. */
MUST err mls_tree_update(struct mls_tree *t, uint32_t leaf, const struct mls_leaf_node *to);
/* Blanks the leaf and its direct path, and truncates the tree (Remove). NOT_FOUND if it is blank.
 * */
MUST err mls_tree_remove(struct mls_tree *t, uint32_t leaf);
/* Put a copy at a place inside the tree and touch nothing else (UpdatePath). */
MUST err mls_tree_set_leaf(struct mls_tree *t, uint32_t leaf, const struct mls_leaf_node *to);
MUST err mls_tree_set_parent(struct mls_tree *t, uint32_t x, const struct mls_parent_node *to);
MUST err mls_tree_blank(struct mls_tree *t, uint32_t x);

/* Makes the tree as wide (a power of two) by blank nodes above and to the right, or by dropping
 * what is there. */
MUST err mls_tree_resize(struct mls_tree *t, uint32_t width);

/* Resolution (section 4.1.1) as node numbers, without `skip`'s leaves (leaf indices, ascending: the
 * members added by the same commit, section 7.5). Replaces *list, which must be of zeros; free it
 * with mls_u32s_free. */
MUST err mls_tree_resolution(const struct mls_tree *t, uint32_t x, const uint32_t *skip,
                             size_t skip_count, struct mls_u32s *list);
/* True if the resolution (nothing skipped) is empty. */
bool mls_tree_is_empty_below(const struct mls_tree *t, uint32_t x);

/* A filtered direct path (section 4.1.2), from the leaf up: node[i] and its child off the path. */
struct mls_tree_path {
    uint32_t n;
    uint32_t node[MLS_TREE_LEVELS];
    uint32_t copath[MLS_TREE_LEVELS];
};
/* Empty for a leaf outside the tree. */
void mls_tree_filtered_path(const struct mls_tree *t, uint32_t leaf, struct mls_tree_path *path);

#endif
