#include "tests/mls/official.h"

TEST(official_vectors) {
    official_check("secret-tree.json");
}

TEST_MAIN
