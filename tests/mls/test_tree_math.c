#include "mls/tree_math.h"
#include "tests/mls/official.h"

TEST(official_vectors) {
    official_check("tree-math.json");
}

TEST(a_width_is_the_next_power_of_two) {
    CHECK_EQ(mls_tree_math_width(1), 1);
    CHECK_EQ(mls_tree_math_width(2), 2);
    CHECK_EQ(mls_tree_math_width(3), 4);
    CHECK_EQ(mls_tree_math_width(1025), 2048);
    CHECK_EQ(mls_tree_math_width(MLS_TREE_WIDTH_MAX), MLS_TREE_WIDTH_MAX);
}

TEST(ancestors_are_what_climbing_finds) {
    for (uint32_t leaf = 0; leaf < 64; leaf++) {
        uint32_t x = 2 * leaf;
        for (uint32_t level = 0; level <= 6; level++) {
            CHECK_EQ(mls_tree_math_ancestor(leaf, level), x);
            CHECK_EQ(mls_tree_math_level(x), level);
            CHECK(mls_tree_math_below(2 * leaf, x));
            x = mls_tree_math_parent(x, 64);
        }
        CHECK_EQ(x, MLS_NODE_NONE);
    }
}

TEST(a_common_ancestor_is_the_lowest_above_both) {
    for (uint32_t a = 0; a < 32; a++)
        for (uint32_t b = 0; b < 32; b++) {
            uint32_t x = mls_tree_math_common(a, b);
            CHECK(mls_tree_math_below(2 * a, x) && mls_tree_math_below(2 * b, x));
            if (a != b)
                CHECK(!(mls_tree_math_below(2 * a, mls_tree_math_left(x)) &&
                        mls_tree_math_below(2 * b, mls_tree_math_left(x))));
            else
                CHECK_EQ(x, 2 * a);
        }
}

TEST(the_widest_tree_stays_in_range) {
    CHECK_EQ(mls_tree_math_nodes(MLS_TREE_WIDTH_MAX), (int64_t)UINT32_MAX);
    CHECK_EQ(mls_tree_math_root(MLS_TREE_WIDTH_MAX), (int64_t)MLS_TREE_WIDTH_MAX - 1);
    CHECK_EQ(mls_tree_math_ancestor(MLS_TREE_WIDTH_MAX - 1, 31), (int64_t)MLS_TREE_WIDTH_MAX - 1);
    CHECK(mls_tree_math_below(UINT32_MAX - 1, MLS_TREE_WIDTH_MAX - 1));
}

TEST_MAIN
