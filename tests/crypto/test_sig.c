#include "tests/test.h"

#include "tests/crypto/providers.h"
#include "tests/support.h"

#define SIGS test_providers.sigs

static bool is_ed25519(const struct crypto_sig *sig) {
    return strcmp(sig->name, "Ed25519") == 0;
}

/* RFC 8032 section 7.1, tests 1 to 3. */
static const struct {
    const char *priv, *pub, *message, *sig;
} CASES[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b"
     "4"
     "6bd25bf5f0595bbe24655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11"
     "d"
     "8c387b2eaeb4302aeeb00d291612bb0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc"
     "6"
     "594a7c15e9716ed28dc027beceea1ec40a"},
};

TEST(ed25519_has_its_known_answers) {
    CHECK_OK(crypto_init());
    for (size_t s = 0; SIGS[s] != NULL; s++)
        for (size_t i = 0; is_ed25519(SIGS[s]) && i < sizeof(CASES) / sizeof(CASES[0]); i++) {
            uint8_t priv[32], pub[32], got_pub[32], sig[64], got[64], message[2];
            size_t n = strlen(CASES[i].message) / 2, sig_n = sizeof(got);
            SUPPORT_HEX(priv, CASES[i].priv);
            SUPPORT_HEX(pub, CASES[i].pub);
            SUPPORT_HEX(sig, CASES[i].sig);
            support_hex(message, n, CASES[i].message);
            CHECK_OK(SIGS[s]->public_of(got_pub, priv));
            CHECK_SLICE(SLICE_ARRAY(got_pub), SLICE_ARRAY(pub));
            CHECK_OK(SIGS[s]->sign(got, &sig_n, priv, slice_of(message, n)));
            CHECK_SLICE(slice_of(got, sig_n), SLICE_ARRAY(sig));
            CHECK_OK(SIGS[s]->verify(SLICE_ARRAY(sig), SLICE_ARRAY(pub), slice_of(message, n)));
        }
}

struct signed_text {
    uint8_t priv[CRYPTO_SIG_PRIVATE_MAX], pub[CRYPTO_SIG_PUBLIC_MAX + 1], sig[CRYPTO_SIG_MAX + 1];
    size_t n;
    uint8_t message[5];
};

static void make_signed(const struct crypto_sig *sig, struct signed_text *t) {
    *t = (struct signed_text){.n = sig->max, .message = "hello"};
    CHECK_OK(sig->generate(t->pub, t->priv));
    CHECK_OK(sig->sign(t->sig, &t->n, t->priv, SLICE_ARRAY(t->message)));
    CHECK(t->n <= sig->max);
}

static err verify(const struct crypto_sig *sig, const struct signed_text *t) {
    return sig->verify(slice_of(t->sig, t->n), slice_of(t->pub, sig->pub), SLICE_ARRAY(t->message));
}

TEST(a_label_and_a_zero_byte_stand_before_what_is_signed) {
    uint8_t seed[32], pub[32], sig[64], plain[64];
    size_t n = sizeof plain;
    slice content = slice_str("content");
    CHECK_OK(crypto_ed25519.generate(pub, seed));
    CHECK_OK(crypto_sign_labeled(sig, seed, "label", content));
    CHECK_OK(crypto_ed25519.sign(plain, &n, seed, slice_of("label\0content", 13)));
    CHECK_SLICE(SLICE_ARRAY(sig), SLICE_ARRAY(plain));
    CHECK_OK(crypto_verify_labeled(sig, pub, "label", content));
    CHECK_ERR(crypto_verify_labeled(sig, pub, "other", content), ERR_SIGNATURE);
    CHECK_ERR(crypto_verify_labeled(sig, pub, "label", slice_str("Content")), ERR_SIGNATURE);
}

TEST(any_flipped_bit_is_refused) {
    CHECK_OK(crypto_init());
    for (size_t s = 0; SIGS[s] != NULL; s++) {
        struct signed_text t;
        make_signed(SIGS[s], &t);
        struct {
            uint8_t *p;
            size_t n;
        } parts[] = {{t.sig, t.n}, {t.pub, SIGS[s]->pub}, {t.message, 5}};
        size_t step = is_ed25519(SIGS[s]) ? 1 : 5; /* the others are slow */
        for (size_t part = 0; part < 3; part++)
            for (size_t bit = 0; bit < 8 * parts[part].n; bit += step) {
                parts[part].p[bit / 8] ^= (uint8_t)(1u << bit % 8);
                CHECK_ERR(verify(SIGS[s], &t), ERR_SIGNATURE);
                parts[part].p[bit / 8] ^= (uint8_t)(1u << bit % 8);
            }
        CHECK_OK(verify(SIGS[s], &t));
    }
}

TEST(public_keys_follow_from_private_ones) {
    CHECK_OK(crypto_init());
    for (size_t s = 0; SIGS[s] != NULL; s++) {
        struct signed_text t;
        uint8_t pub[CRYPTO_SIG_PUBLIC_MAX];
        make_signed(SIGS[s], &t);
        CHECK_OK(SIGS[s]->public_of(pub, t.priv));
        CHECK(memcmp(pub, t.pub, SIGS[s]->pub) == 0);
    }
}

TEST(wrong_lengths_are_refused) {
    CHECK_OK(crypto_init());
    for (size_t s = 0; SIGS[s] != NULL; s++) {
        struct signed_text t;
        size_t short_n = SIGS[s]->max - 1, pub = SIGS[s]->pub;
        make_signed(SIGS[s], &t);
        slice m = SLICE_ARRAY(t.message);
        for (size_t k = 0; k <= t.n + 1; k++)
            if (k != t.n)
                CHECK_ERR(SIGS[s]->verify(slice_of(t.sig, k), slice_of(t.pub, pub), m),
                          ERR_SIGNATURE);
        CHECK_ERR(SIGS[s]->verify(slice_of(t.sig, t.n), slice_of(t.pub, pub - 1), m),
                  ERR_SIGNATURE);
        CHECK_ERR(SIGS[s]->verify(slice_of(t.sig, t.n), slice_of(t.pub, pub + 1), m),
                  ERR_SIGNATURE);
        CHECK_ERR(SIGS[s]->verify(SLICE_EMPTY, SLICE_EMPTY, SLICE_EMPTY), ERR_SIGNATURE);
        CHECK_ERR(SIGS[s]->sign(t.sig, &short_n, t.priv, m), ERR_BUG);
    }
}

/* The neutral element as key and nonce with s = 0 would sign any message under loose rules. */
TEST(public_keys_of_small_order_sign_nothing) {
    static const char *const POINTS[] = {
        "0100000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"};
    CHECK_OK(crypto_init());
    for (size_t i = 0; i < sizeof(POINTS) / sizeof(POINTS[0]); i++) {
        uint8_t pub[32], sig[64] = {0};
        SUPPORT_HEX(pub, POINTS[i]);
        memcpy(sig, pub, 32);
        CHECK_ERR(crypto_ed25519.verify(SLICE_ARRAY(sig), SLICE_ARRAY(pub), slice_str("x")),
                  ERR_SIGNATURE);
    }
}

/* s + L verifies under loose rules, too: signatures must not be malleable. */
TEST(an_s_that_is_not_reduced_is_refused) {
    static const uint8_t L[32] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7,
                                  0xa2, 0xde, 0xf9, 0xde, 0x14, 0,    0,    0,    0,    0,    0,
                                  0,    0,    0,    0,    0,    0,    0,    0,    0,    0x10};
    CHECK_OK(crypto_init());
    for (size_t s = 0; SIGS[s] != NULL; s++) {
        uint8_t priv[32], pub[32], sig[64];
        size_t n = sizeof(sig);
        if (!is_ed25519(SIGS[s]))
            continue;
        CHECK_OK(SIGS[s]->generate(pub, priv));
        CHECK_OK(SIGS[s]->sign(sig, &n, priv, slice_str("m")));
        unsigned carry = 0;
        for (size_t i = 0; i < 32; i++) {
            carry += (unsigned)sig[32 + i] + L[i];
            sig[32 + i] = (uint8_t)carry;
            carry >>= 8;
        }
        CHECK_ERR(SIGS[s]->verify(SLICE_ARRAY(sig), SLICE_ARRAY(pub), slice_str("m")),
                  ERR_SIGNATURE);
    }
}

TEST_MAIN
