#include "mls/labels.h"
#include "tests/mls/official.h"

TEST(official_vectors) {
    official_check("crypto-basics.json");
}

TEST(every_suite_encrypts) {
    for (size_t i = 0; mls_suite_at(i) != NULL; i++) {
        const struct mls_suite *suite = mls_suite_at(i);
        uint8_t pub[CRYPTO_KEM_PUBLIC_MAX], priv[CRYPTO_KEM_PRIVATE_MAX];
        struct mls_hpke_ciphertext sealed;
        buf plain = buf_on(NULL);
        slice context = slice_str("context"), secret = slice_str("secret");
        CHECK(mls_suite_find(mls_suite_id(suite)) == suite);
        CHECK_OK(suite->kem->generate(pub, priv));
        slice to = slice_of(pub, suite->kem->pub), from = slice_of(priv, suite->kem->priv);
        struct hpke_info info;
        CHECK_OK(mls_label_prepare(suite, "Test", context, &info));
        CHECK_OK(mls_label_encrypt(suite, to, &info, secret, &sealed, NULL));
        CHECK_OK(mls_label_decrypt(suite, from, "Test", context, &sealed, &plain));
        CHECK_SLICE(buf_slice(&plain), secret);
        mls_hpke_ciphertext_free(&sealed, NULL);
        buf_free(&plain);
    }
    CHECK(mls_suite_find(0x0000) == NULL);
}

TEST(keys_of_a_wrong_length_are_refused) {
    const struct mls_suite *suite = mls_suite_find(MLS_SUITE_X25519_CHACHA);
    struct mls_hpke_ciphertext sealed;
    buf out = buf_on(NULL);
    slice five = slice_str("short");
    CHECK_ERR(mls_label_sign(suite, five, "Test", five, &out, NULL), ERR_BUG);
    CHECK_ERR(mls_label_verify(suite, five, "Test", five, five, NULL), ERR_SIGNATURE);
    struct hpke_info info = {{0}};
    CHECK_ERR(mls_label_encrypt(suite, five, &info, five, &sealed, NULL), ERR_CRYPTO);
    sealed = (struct mls_hpke_ciphertext){0};
    CHECK_ERR(mls_label_decrypt(suite, five, "Test", five, &sealed, &out), ERR_CRYPTO);
}

TEST_MAIN
