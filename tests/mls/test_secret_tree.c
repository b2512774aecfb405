#include "mls/key_schedule.h"
#include "mls/secret_tree.h"
#include "tests/mls/vectors_suites.h"

static void check_sender_data(struct json_object *o, const struct mls_suite *suite) {
    uint8_t key[CRYPTO_AEAD_KEY_MAX], nonce[CRYPTO_AEAD_NONCE_MAX];
    buf secret = vectors_bytes(o, "sender_data_secret"), sealed = vectors_bytes(o, "ciphertext");
    CHECK_OK(mls_key_schedule_sender_data(suite, secret.p, buf_slice(&sealed), key, nonce));
    vectors_expect(o, "key", key, suite->aead->key);
    vectors_expect(o, "nonce", nonce, suite->aead->nonce);
    buf_free(&secret);
    buf_free(&sealed);
}

static void check_generation(struct json_object *o, struct mls_secret_tree *t, uint32_t leaf) {
    const struct mls_suite *suite = t->suite;
    uint32_t generation = (uint32_t)vectors_u64(o, "generation");
    struct mls_message_key key;
    CHECK_OK(mls_secret_tree_peek(t, leaf, MLS_RATCHET_APPLICATION, generation, &key));
    vectors_expect(o, "application_key", key.key, suite->aead->key);
    vectors_expect(o, "application_nonce", key.nonce, suite->aead->nonce);
    CHECK_OK(mls_secret_tree_consume(t, leaf, MLS_RATCHET_APPLICATION, generation));
    CHECK_OK(mls_secret_tree_peek(t, leaf, MLS_RATCHET_HANDSHAKE, generation, &key));
    vectors_expect(o, "handshake_key", key.key, suite->aead->key);
    vectors_expect(o, "handshake_nonce", key.nonce, suite->aead->nonce);
    CHECK_OK(mls_secret_tree_consume(t, leaf, MLS_RATCHET_HANDSHAKE, generation));
}

static void check_case(struct json_object *one, const struct mls_suite *suite) {
    uint32_t leaves = (uint32_t)vectors_count(one, "leaves");
    struct mls_secret_tree t;
    buf secret = vectors_bytes(one, "encryption_secret");
    check_sender_data(vectors_get(one, "sender_data"), suite);
    CHECK_OK(mls_secret_tree_init(&t, suite, mls_tree_math_width(leaves), secret.p, NULL, NULL));
    for (uint32_t leaf = 0; leaf < leaves; leaf++) {
        struct json_object *list = vectors_at(one, "leaves", leaf);
        for (size_t i = 0; i < json_object_array_length(list); i++)
            check_generation(json_object_array_get_idx(list, i), &t, leaf);
    }
    mls_secret_tree_free(&t);
    buf_free(&secret);
}

TEST(official_vectors) {
    CHECK_OK(crypto_init());
    vectors_run("secret-tree.json", check_case);
}

TEST_MAIN
