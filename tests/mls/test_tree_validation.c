#include "tests/mls/official.h"

TEST(official_vectors) {
    official_check("tree-validation.json");
}

TEST_MAIN
