#include "mls/labels.h"
#include "tests/mls/vectors_suites.h"

static void check_ref_hash(struct json_object *o, const struct mls_suite *suite) {
    uint8_t out[CRYPTO_HASH_MAX];
    buf value = vectors_bytes(o, "value");
    CHECK_OK(mls_label_ref_hash(suite, vectors_text(o, "label"), buf_slice(&value), out));
    vectors_expect(o, "out", out, suite->hash->len);
    buf_free(&value);
}

static void check_expand(struct json_object *o, const struct mls_suite *suite) {
    uint8_t out[256];
    buf secret = vectors_bytes(o, "secret"), context = vectors_bytes(o, "context");
    size_t n = vectors_u64(o, "length");
    CHECK(n <= sizeof(out));
    CHECK_OK(mls_label_expand(suite, buf_slice(&secret), vectors_text(o, "label"),
                              buf_slice(&context), out, n));
    vectors_expect(o, "out", out, n);
    buf_free(&secret);
    buf_free(&context);
}

static void check_derive(struct json_object *o, const struct mls_suite *suite) {
    uint8_t out[CRYPTO_HASH_MAX], named[CRYPTO_HASH_MAX];
    buf secret = vectors_bytes(o, "secret");
    const char *label = vectors_text(o, "label");
    CHECK_OK(mls_label_derive(suite, buf_slice(&secret), label, out));
    vectors_expect(o, "out", out, suite->hash->len);
    CHECK_OK(mls_label_derive_named(suite, buf_slice(&secret), slice_str(label), named));
    vectors_expect(o, "out", named, suite->hash->len);
    buf_free(&secret);
}

static void check_derive_tree(struct json_object *o, const struct mls_suite *suite) {
    uint8_t out[256];
    buf secret = vectors_bytes(o, "secret");
    size_t n = vectors_u64(o, "length");
    CHECK(n <= sizeof(out));
    CHECK_OK(mls_label_derive_tree(suite, buf_slice(&secret), vectors_text(o, "label"),
                                   (uint32_t)vectors_u64(o, "generation"), out, n));
    vectors_expect(o, "out", out, n);
    buf_free(&secret);
}

static void check_sign(struct json_object *o, const struct mls_suite *suite) {
    buf priv = vectors_bytes(o, "priv"), pub = vectors_bytes(o, "pub");
    buf content = vectors_bytes(o, "content"), signature = vectors_bytes(o, "signature");
    buf own = buf_on(NULL);
    const char *label = vectors_text(o, "label");
    slice key = buf_slice(&pub), text = buf_slice(&content);
    CHECK_OK(mls_label_verify(suite, key, label, text, buf_slice(&signature), NULL));
    CHECK_OK(mls_label_sign(suite, buf_slice(&priv), label, text, &own, NULL));
    CHECK_OK(mls_label_verify(suite, key, label, text, buf_slice(&own), NULL));
    CHECK_ERR(mls_label_verify(suite, key, "Another", text, buf_slice(&own), NULL), ERR_SIGNATURE);
    own.p[0] ^= 1;
    CHECK_ERR(mls_label_verify(suite, key, label, text, buf_slice(&own), NULL), ERR_SIGNATURE);
    buf_free(&priv);
    buf_free(&pub);
    buf_free(&content);
    buf_free(&signature);
    buf_free(&own);
}

static void check_encrypt(struct json_object *o, const struct mls_suite *suite) {
    buf priv = vectors_bytes(o, "priv"), pub = vectors_bytes(o, "pub");
    buf context = vectors_bytes(o, "context"), plain = vectors_bytes(o, "plaintext");
    struct mls_hpke_ciphertext given = {vectors_bytes(o, "kem_output"),
                                        vectors_bytes(o, "ciphertext")};
    struct mls_hpke_ciphertext own;
    buf got = buf_on(NULL);
    const char *label = vectors_text(o, "label");
    slice key = buf_slice(&priv), about = buf_slice(&context);
    CHECK_OK(mls_label_decrypt(suite, key, label, about, &given, &got, NULL));
    CHECK_SLICE(buf_slice(&got), buf_slice(&plain));
    buf_free(&got);
    struct hpke_info info;
    CHECK_OK(mls_label_prepare(suite, label, about, &info, NULL));
    CHECK_OK(mls_label_encrypt(suite, buf_slice(&pub), &info, buf_slice(&plain), &own, NULL));
    CHECK_OK(mls_label_decrypt(suite, key, label, about, &own, &got, NULL));
    CHECK_SLICE(buf_slice(&got), buf_slice(&plain));
    buf_free(&got);
    CHECK_ERR(mls_label_decrypt(suite, key, "Another", about, &own, &got, NULL), ERR_CRYPTO);
    mls_hpke_ciphertext_free(&given, NULL);
    mls_hpke_ciphertext_free(&own, NULL);
    buf_free(&priv);
    buf_free(&pub);
    buf_free(&context);
    buf_free(&plain);
}

static void check_case(struct json_object *one, const struct mls_suite *suite) {
    check_ref_hash(vectors_get(one, "ref_hash"), suite);
    check_expand(vectors_get(one, "expand_with_label"), suite);
    check_derive(vectors_get(one, "derive_secret"), suite);
    check_derive_tree(vectors_get(one, "derive_tree_secret"), suite);
    check_sign(vectors_get(one, "sign_with_label"), suite);
    check_encrypt(vectors_get(one, "encrypt_with_label"), suite);
}

TEST(official_vectors) {
    CHECK_OK(crypto_init());
    vectors_run("crypto-basics.json", check_case);
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
        CHECK_OK(mls_label_prepare(suite, "Test", context, &info, NULL));
        CHECK_OK(mls_label_encrypt(suite, to, &info, secret, &sealed, NULL));
        CHECK_OK(mls_label_decrypt(suite, from, "Test", context, &sealed, &plain, NULL));
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
    CHECK_ERR(mls_label_decrypt(suite, five, "Test", five, &sealed, &out, NULL), ERR_CRYPTO);
}

TEST_MAIN
