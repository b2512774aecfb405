#include "tests/mls/official.h"

TEST(official_vectors) {
    official_check("tree-operations.json");
}

TEST_MAIN
