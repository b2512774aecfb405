#include "tests/test.h"

TEST(libfido2_says_what_we_say) {
    SKIP("libfido2-dev is not installed");
}

TEST_MAIN
