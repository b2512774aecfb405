#include "base/siphash.h"

#include "test.h"

TEST(the_hash_is_siphash) {
    uint8_t key[16], text[15];
    for (uint8_t i = 0; i < sizeof key; i++)
        key[i] = i;
    for (uint8_t i = 0; i < sizeof text; i++)
        text[i] = i;
    /* The example of the paper's appendix A. */
    CHECK(siphash(key, SLICE_ARRAY(text)) == UINT64_C(0xa129ca6149be45e5));
    CHECK(siphash(key, SLICE_EMPTY) != siphash(key, slice_of(text, 1)));
}

TEST_MAIN
