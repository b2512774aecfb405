/* The two providers against each other, on random input: what one seals, signs or encapsulates, the
 * other opens, and where the output has no choice it is the same. */
#include "tests/test.h"

#include "crypto/hpke.h"
#include "tests/support.h"

enum { ROUNDS = 200, TEXT_MAX = 1000 };

struct input {
    uint8_t key[200], text[TEXT_MAX], more[40];
    size_t key_n, text_n, more_n;
};

static void input_make(struct input *in, struct support_random *r) {
    support_fill(r, in, sizeof(*in));
    in->key_n = support_next(r) % (sizeof(in->key) + 1);
    in->text_n = support_next(r) % (sizeof(in->text) + 1);
    in->more_n = support_next(r) % (sizeof(in->more) + 1);
}

static void check_same_hash(const struct crypto_hash *a, const struct crypto_hash *b,
                            const struct input *in) {
    uint8_t x[CRYPTO_HASH_MAX], y[CRYPTO_HASH_MAX];
    slice parts[2] = {slice_of(in->text, in->text_n), slice_of(in->more, in->more_n)};
    slice key = slice_of(in->key, in->key_n);
    CHECK_OK(a->hash(x, parts, 2));
    CHECK_OK(b->hash(y, parts, 2));
    CHECK(a->len == b->len && memcmp(x, y, a->len) == 0);
    CHECK_OK(a->hmac(x, key, parts, 2));
    CHECK_OK(b->hmac(y, key, parts, 2));
    CHECK(memcmp(x, y, a->len) == 0);
}

TEST(hashes_and_hmacs_agree) {
    struct support_random r = {11};
    CHECK_OK(crypto_init());
    for (int i = 0; i < ROUNDS; i++) {
        struct input in;
        input_make(&in, &r);
        if (i == 0)
            in.key_n = in.text_n = in.more_n = 0;
        check_same_hash(&crypto_sha256, &crypto_ossl_sha256, &in);
        check_same_hash(&crypto_sha512, &crypto_ossl_sha512, &in);
    }
}

TEST(aeads_agree) {
    struct support_random r = {12};
    CHECK_OK(crypto_init());
    for (int i = 0; i < ROUNDS; i++) {
        struct input in;
        uint8_t x[TEXT_MAX + 16], y[TEXT_MAX + 16];
        input_make(&in, &r);
        slice text = slice_of(in.text, in.text_n), aad = slice_of(in.more, in.more_n);
        const uint8_t *key = in.key, *nonce = in.key + 32;
        CHECK_OK(crypto_chacha20poly1305.seal(x, key, nonce, aad, text));
        CHECK_OK(crypto_ossl_chacha20poly1305.seal(y, key, nonce, aad, text));
        CHECK(memcmp(x, y, text.n + 16) == 0);
        CHECK_OK(crypto_ossl_chacha20poly1305.open(y, key, nonce, aad, slice_of(x, text.n + 16)));
        CHECK(memcmp(y, in.text, text.n) == 0);
    }
}

TEST(dh_kems_agree) {
    const struct crypto_kem *a = &crypto_dhkem_x25519, *b = &crypto_ossl_dhkem_x25519;
    struct support_random r = {13};
    CHECK_OK(crypto_init());
    CHECK(a->hpke_id == b->hpke_id && a->secret == b->secret && a->seed == b->seed);
    for (int i = 0; i < ROUNDS; i++) {
        struct input in;
        uint8_t pub[32], priv[32], pub2[32], priv2[32], enc[32], enc2[32], s[32], s2[32];
        input_make(&in, &r);
        CHECK_OK(a->derive(pub, priv, slice_of(in.key, in.key_n)));
        CHECK_OK(b->derive(pub2, priv2, slice_of(in.key, in.key_n)));
        CHECK(memcmp(pub, pub2, 32) == 0 && memcmp(priv, priv2, 32) == 0);
        CHECK_OK(a->encap(s, enc, pub, in.text));
        CHECK_OK(b->encap(s2, enc2, pub, in.text));
        CHECK(memcmp(s, s2, 32) == 0 && memcmp(enc, enc2, 32) == 0);
        CHECK_OK(a->encap(s, enc, pub, NULL));
        CHECK_OK(b->decap(s2, enc, priv));
        CHECK(memcmp(s, s2, 32) == 0);
        CHECK_OK(b->generate(pub, priv));
        CHECK_OK(b->encap(s, enc, pub, NULL));
        CHECK_OK(a->decap(s2, enc, priv));
        CHECK(memcmp(s, s2, 32) == 0);
    }
}

TEST(signatures_agree) {
    const struct crypto_sig *a = &crypto_ed25519, *b = &crypto_ossl_ed25519;
    struct support_random r = {14};
    CHECK_OK(crypto_init());
    for (int i = 0; i < ROUNDS; i++) {
        struct input in;
        uint8_t pub[32], pub2[32], x[64], y[64];
        size_t xn = sizeof(x), yn = sizeof(y);
        input_make(&in, &r);
        slice text = slice_of(in.text, in.text_n);
        CHECK_OK(a->public_of(pub, in.key));
        CHECK_OK(b->public_of(pub2, in.key));
        CHECK(memcmp(pub, pub2, 32) == 0);
        CHECK_OK(a->sign(x, &xn, in.key, text));
        CHECK_OK(b->sign(y, &yn, in.key, text));
        CHECK_SLICE(slice_of(x, xn), slice_of(y, yn));
        CHECK_OK(b->verify(slice_of(x, xn), SLICE_ARRAY(pub), text));
        CHECK_OK(a->verify(slice_of(y, yn), SLICE_ARRAY(pub), text));
    }
}

TEST(hpke_crosses_providers) {
    static const struct hpke_suite A = {&crypto_dhkem_x25519, &crypto_sha256, 0x0001,
                                        &crypto_chacha20poly1305};
    static const struct hpke_suite B = {&crypto_ossl_dhkem_x25519, &crypto_ossl_sha256, 0x0001,
                                        &crypto_ossl_chacha20poly1305};
    struct support_random r = {15};
    CHECK_OK(crypto_init());
    for (int i = 0; i < 50; i++) {
        struct input in;
        uint8_t pub[32], priv[32], enc[32], ct[TEXT_MAX + 16], out[TEXT_MAX];
        input_make(&in, &r);
        const struct hpke_suite *from = i % 2 == 0 ? &A : &B, *to = i % 2 == 0 ? &B : &A;
        slice text = slice_of(in.text, in.text_n), aad = slice_of(in.more, in.more_n);
        slice info = slice_of(in.key, in.key_n);
        CHECK_OK(to->kem->generate(pub, priv));
        CHECK_OK(hpke_seal(from, enc, ct, SLICE_ARRAY(pub), info, aad, text, NULL));
        CHECK_OK(hpke_open(to, out, SLICE_ARRAY(enc), SLICE_ARRAY(priv), info, aad,
                           slice_of(ct, text.n + 16)));
        CHECK_SLICE(slice_of(out, text.n), text);
    }
}

TEST_MAIN
