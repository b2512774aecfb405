/* Rules that hold across a tree (RFC 9420 sections 7.3, 7.9, 12.4.2, 12.4.3.1). The cost of each is
 * about linear in the tree's encoding, whoever made it; of the first two in what changed. */
#ifndef SOTTO_MLS_TREE_CHECK_H
#define SOTTO_MLS_TREE_CHECK_H

#include "mls/tree.h"

/* MLS_DUPLICATE_KEY if node x's encryption key (or, of a leaf, also its signature key) stands in
 * another node of this tree. For each node that a commit put there, when all are in place. A blank
 * node is fine. */
MUST err mls_tree_check_keys(const struct mls_tree *t, uint32_t x);
/* MLS_CAPABILITIES unless every member supports the credential types of all members (section 7.3).
 * For the tree after a commit's proposals and path. */
MUST err mls_tree_check_credentials(const struct mls_tree *t);
/* MLS_CAPABILITIES unless every member supports the group's extensions and what they require
 * (sections 11.1, 12.1.7): when the group's extensions change. */
MUST err mls_tree_check_support(const struct mls_tree *t, const struct mls_extensions *group);

/* A tree from outside, before anything else is done with it (section 12.4.3.1): form of the
 * unmerged leaves, unique keys, every leaf by mls_leaf_check (without lifetimes), credential types,
 * parent hashes. The tree hash is the caller's to compare. */
MUST err mls_tree_check(const struct mls_tree *t, slice group_id,
                        const struct mls_extensions *group);

#endif
