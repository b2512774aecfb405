/* Merkle trees of RFC 6962: hashes, roots, and the proofs of RFC 9162 sections 2.1.3 and 2.1.4.
 *
 * A tree of `size` leaves has at most MERKLE_SIZE_MAX. MTH(begin, end) is the root of the leaves
 * from begin to before end. Nothing here does I/O: what reads hashes is the caller's. */
#ifndef SOTTO_MERKLE_TREE_H
#define SOTTO_MERKLE_TREE_H

#include "base/slice.h"

enum {
    MERKLE_HASH = 32,
    MERKLE_HEIGHT_MAX = 63,
    MERKLE_PROOF_MAX = 64 /* hashes in the longest proof */
};
#define MERKLE_SIZE_MAX ((uint64_t)INT64_MAX)

struct merkle_hash {
    uint8_t bytes[MERKLE_HASH];
};

static inline slice merkle_hash_slice(const struct merkle_hash *hash) {
    return slice_of(hash->bytes, MERKLE_HASH);
}
static inline bool merkle_hash_equal(const struct merkle_hash *a, const struct merkle_hash *b) {
    return memcmp(a->bytes, b->bytes, MERKLE_HASH) == 0;
}

/* SHA-256(0x00 || entry), and SHA-256(0x01 || left || right). out may be one of them. */
void merkle_leaf_hash(struct merkle_hash *out, slice entry);
void merkle_node_hash(struct merkle_hash *out, const struct merkle_hash *left,
                      const struct merkle_hash *right);

/* ---- A tree that only grows ----
 * The roots of its complete subtrees, the largest first, one for each bit of size: all that
 * appending needs. All zero is the empty tree. */
struct merkle_frontier {
    uint64_t size;
    struct merkle_hash peaks[MERKLE_HEIGHT_MAX];
};

/* LIMIT at MERKLE_SIZE_MAX. */
MUST err merkle_append(struct merkle_frontier *frontier, const struct merkle_hash *leaf);
/* Of the empty tree: SHA-256 of nothing. */
void merkle_empty_root(struct merkle_hash *root);
void merkle_frontier_root(const struct merkle_frontier *frontier, struct merkle_hash *root);

/* ---- Proofs ---- */

/* Gives MTH(index * 2^level, (index + 1) * 2^level), for any such subtree that is complete in the
 * tree. What it returns beside OK is returned by whoever called it. */
struct merkle_source {
    err (*hash)(void *ctx, unsigned level, uint64_t index, struct merkle_hash *out);
    void *ctx;
};

struct merkle_proof {
    size_t n;
    struct merkle_hash path[MERKLE_PROOF_MAX];
};

/* The peaks of the tree, and so its root. LIMIT for a size beyond MERKLE_SIZE_MAX. */
MUST err merkle_frontier_read(const struct merkle_source *source, uint64_t size,
                              struct merkle_frontier *frontier);
/* That the leaf is the index-th (from 0) of a tree of that size. NOT_FOUND if index is not in it,
 * LIMIT. */
MUST err merkle_inclusion_prove(const struct merkle_source *source, uint64_t index, uint64_t size,
                                struct merkle_proof *proof);
/* That the first leaves of the newer tree are the older tree. NOT_FOUND if older > newer, LIMIT.
 * Empty if the older tree is empty, or the same. */
MUST err merkle_consistency_prove(const struct merkle_source *source, uint64_t older,
                                  uint64_t newer, struct merkle_proof *proof);

/* PROOF unless it holds. leaf: its hash. */
MUST err merkle_inclusion_verify(const struct merkle_proof *proof, const struct merkle_hash *leaf,
                                 uint64_t index, uint64_t size, const struct merkle_hash *root);
MUST err merkle_consistency_verify(const struct merkle_proof *proof, uint64_t older,
                                   const struct merkle_hash *older_root, uint64_t newer,
                                   const struct merkle_hash *newer_root);

#endif
