/* Array-based trees (RFC 9420 appendix C). Leaf i is node 2i; parents have odd numbers. A tree is
 * always full: `width` is its number of leaves, a power of two. Node numbers don't change when a
 * tree grows or shrinks. */
#ifndef SOTTO_MLS_TREE_MATH_H
#define SOTTO_MLS_TREE_MATH_H

#include <stdbool.h>
#include <stdint.h>

enum {
    MLS_TREE_LEVELS = 32 /* of nodes: from leaf (0) to the highest root (31) */
};
/* The answer where there is no such node. */
#define MLS_NODE_NONE UINT32_MAX
/* The widest tree whose nodes have numbers. */
#define MLS_TREE_WIDTH_MAX ((uint32_t)1 << 31)

/* 0 for a leaf. */
uint32_t mls_tree_math_level(uint32_t x);
/* Nodes of a tree of `width` > 0 leaves. */
uint32_t mls_tree_math_nodes(uint32_t width);
/* The smallest power of two that is at least `leaves` (1..MLS_TREE_WIDTH_MAX). */
uint32_t mls_tree_math_width(uint32_t leaves);
uint32_t mls_tree_math_root(uint32_t width);
/* NONE for a leaf. */
uint32_t mls_tree_math_left(uint32_t x);
uint32_t mls_tree_math_right(uint32_t x);
/* NONE for the root and for nodes outside. */
uint32_t mls_tree_math_parent(uint32_t x, uint32_t width);
uint32_t mls_tree_math_sibling(uint32_t x, uint32_t width);
/* The ancestor of leaf (index) at a level: the leaf's node itself for level 0. */
uint32_t mls_tree_math_ancestor(uint32_t leaf, uint32_t level);
/* The lowest node that has both leaves (indices) below it. */
uint32_t mls_tree_math_common(uint32_t leaf_a, uint32_t leaf_b);
/* True if node x is `top` or below it. */
bool mls_tree_math_below(uint32_t x, uint32_t top);

#endif
