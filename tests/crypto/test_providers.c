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
        if (!crypto_has_aes())
            continue;
        CHECK_OK(crypto_aes256gcm.seal(x, key, nonce, aad, text));
        CHECK_OK(crypto_ossl_aes256gcm.seal(y, key, nonce, aad, text));
        CHECK(memcmp(x, y, text.n + 16) == 0);
        CHECK_OK(crypto_aes256gcm.open(y, key, nonce, aad, slice_of(y, text.n + 16)));
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

/* Signed by another library than what is short. */
TEST(a_long_message_is_signed) {
    static uint8_t text[200000];
    uint8_t pub[32], priv[32], sig[64];
    size_t n = sizeof(sig);
    CHECK_OK(crypto_init());
    CHECK_OK(crypto_ed25519.generate(pub, priv));
    CHECK_OK(crypto_ed25519.sign(sig, &n, priv, SLICE_ARRAY(text)));
    CHECK_OK(crypto_ed25519.verify(slice_of(sig, n), SLICE_ARRAY(pub), SLICE_ARRAY(text)));
    n = 63;
    CHECK_ERR(crypto_ed25519.sign(sig, &n, priv, SLICE_ARRAY(text)), ERR_BUG);
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

/* RFC 9180 appendix A.3.1. */
TEST(the_kem_of_p256_has_its_known_answer) {
    uint8_t ikm[32], pub[65], priv[32], enc[65], secret[32], expected[65];
    CHECK_OK(crypto_init());
    SUPPORT_HEX(ikm, "668b37171f1072f3cf12ea8a236a45df23fc13b82af3609ad1e354f6ef817550");
    CHECK_OK(crypto_dhkem_p256.derive(pub, priv, SLICE_ARRAY(ikm)));
    support_hex(expected, 32, "f3ce7fdae57e1a310d87f1ebbde6f328be0a99cdbcadf4d6589cf29de4b8ffd2");
    CHECK(memcmp(priv, expected, 32) == 0);
    SUPPORT_HEX(ikm, "4270e54ffd08d79d5928020af4686d8f6b7d35dbe470265f1f5aa22816ce860e");
    CHECK_OK(crypto_dhkem_p256.encap(secret, enc, pub, ikm));
    SUPPORT_HEX(expected, "04a92719c6195d5085104f469a8b9814d5838ff72b60501e2c4466e5e67b325ac9"
                          "8536d7b61a1af4b78e5b7f951c0900be863c403ce65c9bfcb9382657222d18c4");
    CHECK_SLICE(SLICE_ARRAY(enc), SLICE_ARRAY(expected));
    support_hex(expected, 32, "c0d26aeab536609a572b07695d933b589dcf363ff9d93c93adea537aeabb8cb8");
    CHECK(memcmp(secret, expected, 32) == 0);
}

/* RFC 8032 section 7.4, "Blank". */
TEST(ed448_has_its_known_answer) {
    uint8_t priv[57], pub[57], expected[114], sig[114];
    size_t n = sizeof(sig);
    CHECK_OK(crypto_init());
    SUPPORT_HEX(priv, "6c82a562cb808d10d632be89c8513ebf6c929f34ddfa8c9f63c9960ef6e348a3"
                      "528c8a3fcc2f044e39a3fc5b94492f8f032e7549a20098f95b");
    CHECK_OK(crypto_ed448.public_of(pub, priv));
    support_hex(expected, 57,
                "5fd7449b59b461fd2ce787ec616ad46a1da1342485a70e1f8a0ea75d80e96778"
                "edf124769b46c7061bd6783df1e50f6cd1fa1abeafe8256180");
    CHECK(memcmp(pub, expected, 57) == 0);
    CHECK_OK(crypto_ed448.sign(sig, &n, priv, SLICE_EMPTY));
    SUPPORT_HEX(expected, "533a37f6bbe457251f023c0d88f976ae2dfb504a843e34d2074fd823d41a591f"
                          "2b233f034f628281f2fd7a22ddd47d7828c59bd0a21bfd3980ff0d2028d4b18a"
                          "9df63e006c5d1c2d345b925d8dc00b4104852db99ac5c7cdda8530a113a0f4db"
                          "b61149f05a7363268c71d95808ff2e652600");
    CHECK_SLICE(slice_of(sig, n), SLICE_ARRAY(expected));
}

/* Zero and the order itself, and what is not a point. */
TEST(curves_refuse_what_is_no_key) {
    static const struct {
        const struct crypto_kem *kem;
        const struct crypto_sig *sig;
    } curves[] = {{&crypto_dhkem_p256, &crypto_ecdsa_p256},
                  {&crypto_dhkem_p384, &crypto_ecdsa_p384},
                  {&crypto_dhkem_p521, &crypto_ecdsa_p521}};
    CHECK_OK(crypto_init());
    for (size_t i = 0; i < 3; i++) {
        const struct crypto_kem *kem = curves[i].kem;
        uint8_t pub[CRYPTO_SIG_PUBLIC_MAX], priv[CRYPTO_KEM_PRIVATE_MAX] = {0}, enc[133],
                                            secret[64];
        CHECK_ERR(kem->public_of(pub, priv), ERR_CRYPTO);
        CHECK_ERR(curves[i].sig->public_of(pub, priv), ERR_CRYPTO);
        memset(priv, 0xff, sizeof(priv));
        CHECK_ERR(kem->public_of(pub, priv), ERR_CRYPTO);
        CHECK_OK(kem->generate(pub, priv));
        CHECK_OK(kem->encap(secret, enc, pub, NULL));
        for (uint8_t form = 0; form < 8; form++) { /* compressed, hybrid, at infinity */
            pub[0] = form;
            CHECK(kem->encap(secret, enc, pub, NULL) == (form == 4 ? OK : ERR_CRYPTO));
            CHECK(kem->check(pub) == (form == 4 ? OK : ERR_CRYPTO));
        }
        pub[0] = 4;
        pub[kem->pub - 1] ^= 1;
        CHECK_ERR(kem->encap(secret, enc, pub, NULL), ERR_CRYPTO);
        CHECK_ERR(kem->decap(secret, pub, priv), ERR_CRYPTO);
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
