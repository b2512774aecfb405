/* Tree hashes and parent hashes (RFC 9420 sections 7.8 and 7.9). The tree remembers the hash of
 * each subtree until something below changes, so after a commit only its paths are hashed anew.
 * Every `out` takes suite->hash->len bytes. */
#ifndef SOTTO_MLS_TREE_HASH_H
#define SOTTO_MLS_TREE_HASH_H

#include "mls/tree.h"

/* The tree hash of the whole tree: what the GroupContext holds. */
MUST err mls_tree_hash_root(const struct mls_tree *t, uint8_t *out);
/* The hash of the subtree of any node. */
MUST err mls_tree_hash_node(const struct mls_tree *t, uint32_t x, uint8_t *out);

/* The parent hash of parent x as its child `child` holds it (section 7.9): over x's key, x's own
 * parent hash, and the original tree hash of the other child. BUG if x is blank. */
MUST err mls_tree_hash_parent(const struct mls_tree *t, uint32_t x, uint32_t child, uint8_t *out);

/* The parent hash that the leaf of a new path must hold (section 7.9, 7.9.2 for an UpdatePath):
 * sets the parent_hash field of every node in the path, which are all in the tree by now, from the
 * root down, and gives the leaf's. *n becomes 0 if the path is empty, else the hash's length. A
 * failure can leave some of them set: the tree is to be dropped then. */
MUST err mls_tree_hash_path(struct mls_tree *t, const struct mls_tree_path *path, uint32_t leaf,
                            uint8_t *out, size_t *n);

/* Section 7.9.2: every parent node that is not blank is parent-hash valid. MLS_PARENT_HASH. */
MUST err mls_tree_hash_check_parents(const struct mls_tree *t);

#endif
