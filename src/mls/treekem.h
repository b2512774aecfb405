/* TreeKEM: update paths and the private half of the tree (RFC 9420 sections 7.4, 7.5, 7.6, 12.4).
 *
 * A commit with a path, after its proposals are applied to a copy of the tree:
 *   sender    mls_treekem_create    keys into the tree and the private half, leaf signed
 *             (provisional group context from the new tree hash)
 *             mls_treekem_encrypt   the UpdatePath; then the commit secret is in the secrets
 *   receiver  mls_treekem_merge     checks the UpdatePath against the tree and puts it there
 *             (provisional group context from the new tree hash)
 *             mls_treekem_open      the commit secret, new keys into the private half
 * Each works on copies that the caller drops when one of them fails. */
#ifndef SOTTO_MLS_TREEKEM_H
#define SOTTO_MLS_TREEKEM_H

#include "mls/tree.h"

/* The private keys that one member holds: of its leaf and of nodes above it, one a level. Copied by
 * assignment; wipe every copy. */
struct mls_treekem_private {
    uint32_t leaf;
    uint32_t have; /* bit l: key[l] is the private key of the leaf's ancestor at level l */
    uint8_t key[MLS_TREE_LEVELS][CRYPTO_KEM_PRIVATE_MAX];
};
/* A member with nothing but its leaf's key. BUG if the key's length is wrong. */
MUST err mls_treekem_private_init(struct mls_treekem_private *p, const struct mls_suite *suite,
                                  uint32_t leaf, slice leaf_priv);
/* A new leaf key (our own Update was committed). BUG as above. */
MUST err mls_treekem_private_set_leaf(struct mls_treekem_private *p, const struct mls_suite *suite,
                                      slice leaf_priv);
/* Erases the keys of nodes that are blank or outside the tree: after proposals were applied. */
void mls_treekem_private_prune(struct mls_treekem_private *p, const struct mls_tree *t);
void mls_treekem_private_wipe(struct mls_treekem_private *p);
void mls_treekem_private_write(writer *w, const struct mls_treekem_private *p,
                               const struct mls_suite *suite);
/* DAMAGED for what write would not write. */
MUST err mls_treekem_private_read(reader *r, struct mls_treekem_private *p,
                                  const struct mls_suite *suite);
/* MLS_TREE if a private key does not belong to the public key in the tree: for loading and joining.
 * Costs a key derivation a level. */
MUST err mls_treekem_private_check(const struct mls_treekem_private *p, const struct mls_tree *t);

/* MLS_UPDATE_PATH unless the member can open what is encrypted for it: of each node above its leaf
 * that is not blank it has the key, or is listed there as unmerged (section 4.2). */
MUST err mls_treekem_private_complete(const struct mls_treekem_private *p,
                                      const struct mls_tree *t);

/* What a committer knows of its new path. Wipe it. */
struct mls_treekem_secrets {
    struct mls_tree_path path;                        /* the filtered direct path */
    uint8_t secret[MLS_TREE_LEVELS][CRYPTO_HASH_MAX]; /* path secret of path.node[i] */
    uint8_t commit_secret[CRYPTO_HASH_MAX];
};
void mls_treekem_secrets_wipe(struct mls_treekem_secrets *s);

/* Makes new keys for the own leaf and its filtered direct path. `leaf` says what the new leaf holds
 * (signature key, credential, capabilities, extensions); the rest of it (encryption key, source
 * commit, parent hash, signature) is set here and leaf is what then stands in the tree. */
MUST err mls_treekem_create(struct mls_tree *t, struct mls_treekem_private *p,
                            struct mls_leaf_node *leaf, slice signature_priv, slice group_id,
                            struct mls_treekem_secrets *s);
/* The UpdatePath: each path secret encrypted to the resolution of its copath node without `added`
 * (leaf indices of members whom this commit adds, ascending). context: the encoded provisional
 * GroupContext. path: free it with mls_update_path_free; nothing to free on failure. */
MUST err mls_treekem_encrypt(const struct mls_tree *t, const struct mls_treekem_private *p,
                             const struct mls_treekem_secrets *s, const uint32_t *added,
                             size_t added_count, slice context, struct mls_update_path *path);
/* The path secret that a Welcome gives the new member at leaf (section 12.4.3.1): of the lowest
 * node above both. Points into s; empty if the path has no such node (it has, for a member of the
 * tree). */
slice mls_treekem_path_secret(const struct mls_treekem_secrets *s, const struct mls_suite *suite,
                              uint32_t committer, uint32_t leaf);

/* Checks an UpdatePath by its form (as many nodes as the sender's filtered direct path, as many
 * ciphertexts as receivers, key lengths) and the parent hash of its leaf, and puts its keys into
 * the tree. MLS_UPDATE_PATH, MLS_PARENT_HASH. The leaf itself is checked apart: mls_leaf_check,
 * mls_leaf_check_replaces, and then mls_tree_check_keys for sender's leaf and filtered path. */
MUST err mls_treekem_merge(struct mls_tree *t, uint32_t sender, const struct mls_update_path *path,
                           const uint32_t *added, size_t added_count);
/* Opens our path secret of a merged UpdatePath, derives the keys above, checks them against the
 * public ones (MLS_UPDATE_PATH), puts them into p, and gives the commit secret (hash->len bytes).
 * CRYPTO if it does not open, BUG for our own path. */
MUST err mls_treekem_open(const struct mls_tree *t, struct mls_treekem_private *p, uint32_t sender,
                          const struct mls_update_path *path, const uint32_t *added,
                          size_t added_count, slice context, uint8_t *commit_secret);

/* A new member: the path secret of its Welcome gives the keys from the lowest node above both
 * itself and the committer to the root (section 12.4.3.1). MLS_UPDATE_PATH if one is not the
 * tree's. */
MUST err mls_treekem_join(const struct mls_tree *t, struct mls_treekem_private *p,
                          uint32_t committer, slice path_secret);

#endif
