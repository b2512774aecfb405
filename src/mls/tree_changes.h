/* Trees by their differences: what saving a group after a commit writes, and loading puts together.
 */
#ifndef SOTTO_MLS_TREE_CHANGES_H
#define SOTTO_MLS_TREE_CHANGES_H

#include "mls/tree.h"

/* Hands out each node in which `after` differs from `before`, once: its number and its LeafNode or
 * ParentNode (by the number), empty if it is blank. before may be a tree of zeros. Trees that share
 * parts cost what they don't share. */
typedef err mls_tree_change(void *ctx, uint32_t x, slice node);
MUST err mls_tree_changes(const struct mls_tree *before, const struct mls_tree *after,
                          mls_tree_change *change, void *ctx);

/* All changes as bytes, and back: `to` is a copy of `before` that becomes `after`; DAMAGED for
 * bytes that were not written so. */
MUST err mls_tree_changes_write(writer *w, const struct mls_tree *before,
                                const struct mls_tree *after);
MUST err mls_tree_changes_read(reader *r, struct mls_tree *to);

/* A tree of so many leaves from its nodes alone, in ascending order: next gives one after the
 * other, NOT_FOUND at the end. t must be of zeros; nothing to free on failure. DAMAGED if they make
 * no such tree. */
typedef err mls_tree_next(void *ctx, uint32_t *x, slice *node);
MUST err mls_tree_assemble(struct mls_tree *t, uint32_t width, mls_tree_next *next, void *ctx,
                           const struct mls_suite *suite, const struct mem *mem);

#endif
