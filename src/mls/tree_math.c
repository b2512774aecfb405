/* Array-based trees (RFC 9420 appendix C). */
#include "mls/tree_math.h"

/* A node's level is the number of one bits at its low end. */
uint32_t mls_tree_math_level(uint32_t x) {
    uint32_t level = 0;
    while (x & 1) {
        level++;
        x >>= 1;
    }
    return level;
}

uint32_t mls_tree_math_nodes(uint32_t width) {
    return 2 * (width - 1) + 1;
}

uint32_t mls_tree_math_width(uint32_t leaves) {
    uint32_t width = 1;
    while (width < leaves)
        width <<= 1;
    return width;
}

uint32_t mls_tree_math_root(uint32_t width) {
    return width - 1;
}

uint32_t mls_tree_math_left(uint32_t x) {
    uint32_t level = mls_tree_math_level(x);
    return level == 0 ? MLS_NODE_NONE : x ^ ((uint32_t)1 << (level - 1));
}

uint32_t mls_tree_math_right(uint32_t x) {
    uint32_t level = mls_tree_math_level(x);
    return level == 0 ? MLS_NODE_NONE : x ^ ((uint32_t)3 << (level - 1));
}

uint32_t mls_tree_math_parent(uint32_t x, uint32_t width) {
    if (x >= mls_tree_math_nodes(width) || x == mls_tree_math_root(width))
        return MLS_NODE_NONE;
    uint32_t level = mls_tree_math_level(x);
    uint32_t above = (uint32_t)1 << level;
    return (x | above) & ~(above << 1);
}

uint32_t mls_tree_math_sibling(uint32_t x, uint32_t width) {
    uint32_t parent = mls_tree_math_parent(x, width);
    if (parent == MLS_NODE_NONE)
        return MLS_NODE_NONE;
    return x < parent ? mls_tree_math_right(parent) : mls_tree_math_left(parent);
}

uint32_t mls_tree_math_ancestor(uint32_t leaf, uint32_t level) {
    uint64_t x = (uint64_t)leaf * 2;
    /* The one bits in which a node of this level ends. */
    uint64_t below = ((uint64_t)1 << level) - 1;
    return (uint32_t)((x & ~(2 * below + 1)) | below);
}

uint32_t mls_tree_math_common(uint32_t leaf_a, uint32_t leaf_b) {
    uint32_t level = 0;
    for (uint32_t differing = leaf_a ^ leaf_b; differing != 0; differing >>= 1)
        level++;
    return mls_tree_math_ancestor(leaf_a, level);
}

bool mls_tree_math_below(uint32_t x, uint32_t top) {
    uint32_t reach = ((uint32_t)1 << mls_tree_math_level(top)) - 1;
    return x >= top - reach && x <= top + reach;
}
