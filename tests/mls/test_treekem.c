#include "tests/mls/official.h"

TEST(official_vectors) {
    official_check("treekem.json");
}

TEST_MAIN
