#include "mls/key_schedule.h"
#include "tests/mls/official.h"

TEST(official_vectors) {
    official_check("psk_secret.json");
}

TEST(no_keys_give_zeros) {
    const struct mls_suite *suite = mls_suite_find(MLS_SUITE_XWING_CHACHA);
    uint8_t out[CRYPTO_HASH_MAX], zeros[CRYPTO_HASH_MAX] = {0};
    memset(out, 1, sizeof(out));
    CHECK_OK(mls_key_schedule_psk(suite, NULL, NULL, 0, out, NULL));
    CHECK_SLICE(slice_of(out, suite->hash->len), slice_of(zeros, suite->hash->len));
    CHECK_ERR(mls_key_schedule_psk(suite, NULL, NULL, UINT16_MAX + 1, out, NULL), ERR_LIMIT);
}

TEST_MAIN
