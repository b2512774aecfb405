#include "mls/key_schedule.h"
#include "tests/mls/vectors_suites.h"

enum { PSKS_MAX = 16 };

static void check_case(struct json_object *one, const struct mls_suite *suite) {
    uint8_t out[CRYPTO_HASH_MAX];
    struct mls_psk_id ids[PSKS_MAX];
    buf keys[PSKS_MAX];
    slice psks[PSKS_MAX];
    size_t n = vectors_count(one, "psks");
    CHECK(n <= PSKS_MAX);
    for (size_t i = 0; i < n; i++) {
        struct json_object *psk = vectors_at(one, "psks", i);
        ids[i] = (struct mls_psk_id){.type = 1, .id = vectors_bytes(psk, "psk_id")};
        ids[i].nonce = vectors_bytes(psk, "psk_nonce");
        keys[i] = vectors_bytes(psk, "psk");
        psks[i] = buf_slice(&keys[i]);
    }
    CHECK_OK(mls_key_schedule_psk(suite, ids, psks, n, out, NULL));
    vectors_expect(one, "psk_secret", out, suite->hash->len);
    for (size_t i = 0; i < n; i++) {
        mls_psk_id_free(&ids[i], NULL);
        buf_free(&keys[i]);
    }
}

TEST(official_vectors) {
    CHECK_OK(crypto_init());
    vectors_run("psk_secret.json", check_case);
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
