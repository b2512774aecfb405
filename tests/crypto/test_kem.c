#include <sodium.h>

#include "tests/test.h"

#include "tests/crypto/providers.h"
#include "tests/support.h"

#define KEMS test_providers.kems

struct keys {
    uint8_t pub[CRYPTO_KEM_PUBLIC_MAX], priv[CRYPTO_KEM_PRIVATE_MAX];
    uint8_t enc[CRYPTO_KEM_ENC_MAX], secret[CRYPTO_KEM_SECRET_MAX], back[CRYPTO_KEM_SECRET_MAX];
};

static const uint8_t ZERO[CRYPTO_KEM_PUBLIC_MAX];

/* RFC 7748 section 6.1. */
TEST(x25519_has_its_known_answer) {
    uint8_t a[32], b[32], a_pub[32], b_pub[32], expected[32], got[32];
    SUPPORT_HEX(a, "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
    SUPPORT_HEX(b, "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");
    CHECK_OK(crypto_init());
    CHECK_OK(crypto_x25519_public(a_pub, a));
    CHECK_OK(crypto_x25519_public(b_pub, b));
    SUPPORT_HEX(expected, "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
    CHECK_SLICE(SLICE_ARRAY(a_pub), SLICE_ARRAY(expected));
    SUPPORT_HEX(expected, "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
    CHECK_OK(crypto_x25519(got, a, b_pub));
    CHECK_SLICE(SLICE_ARRAY(got), SLICE_ARRAY(expected));
    CHECK_OK(crypto_x25519(got, b, a_pub));
    CHECK_SLICE(SLICE_ARRAY(got), SLICE_ARRAY(expected));
}

/* Every point of small order and its other encodings below 2^255. */
static const char *const SMALL_ORDER[] = {
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
};
enum { SMALL_ORDER_COUNT = sizeof(SMALL_ORDER) / sizeof(SMALL_ORDER[0]) };

TEST(x25519_refuses_points_of_small_order) {
    uint8_t pub[32], priv[32], point[32], out[32];
    CHECK_OK(crypto_init());
    crypto_x25519_generate(pub, priv);
    for (size_t i = 0; i < SMALL_ORDER_COUNT; i++) {
        SUPPORT_HEX(point, SMALL_ORDER[i]);
        for (int high = 0; high < 2; high++) { /* X25519 ignores the highest bit */
            point[31] ^= (uint8_t)(high << 7);
            memset(out, 0xff, sizeof(out));
            CHECK_ERR(crypto_x25519(out, priv, point), ERR_CRYPTO);
            CHECK(memcmp(out, ZERO, 32) == 0);
        }
    }
}

TEST(the_dh_kem_refuses_points_of_small_order_on_both_sides) {
    CHECK_OK(crypto_init());
    for (size_t k = 0; KEMS[k] != NULL; k++)
        for (size_t i = 0; i < SMALL_ORDER_COUNT && KEMS[k]->hpke_id == 0x0020; i++) {
            struct keys s;
            uint8_t point[32];
            SUPPORT_HEX(point, SMALL_ORDER[i]);
            CHECK_OK(KEMS[k]->generate(s.pub, s.priv));
            memset(s.enc, 0xff, 32);
            CHECK_ERR(KEMS[k]->check(point), ERR_CRYPTO);
            point[31] ^= 0x80; /* ignored */
            CHECK_ERR(KEMS[k]->check(point), ERR_CRYPTO);
            point[31] ^= 0x80;
            CHECK_ERR(KEMS[k]->encap(s.secret, s.enc, point, NULL), ERR_CRYPTO);
            CHECK(memcmp(s.enc, ZERO, 32) == 0 && memcmp(s.secret, ZERO, 32) == 0);
            memset(s.secret, 0xff, 32);
            CHECK_ERR(KEMS[k]->decap(s.secret, point, s.priv), ERR_CRYPTO);
            CHECK(memcmp(s.secret, ZERO, 32) == 0);
        }
}

TEST(both_sides_get_the_same_secret) {
    CHECK_OK(crypto_init());
    for (size_t k = 0; KEMS[k] != NULL; k++)
        for (int round = 0; round < 20; round++) {
            struct keys s, other;
            uint8_t pub[CRYPTO_KEM_PUBLIC_MAX];
            CHECK_OK(KEMS[k]->generate(s.pub, s.priv));
            CHECK_OK(KEMS[k]->public_of(pub, s.priv));
            CHECK_OK(KEMS[k]->check(pub));
            CHECK(memcmp(pub, s.pub, KEMS[k]->pub) == 0);
            CHECK_OK(KEMS[k]->encap(s.secret, s.enc, s.pub, NULL));
            CHECK_OK(KEMS[k]->decap(s.back, s.enc, s.priv));
            CHECK(memcmp(s.secret, s.back, KEMS[k]->secret) == 0);
            CHECK_OK(KEMS[k]->encap(other.secret, other.enc, s.pub, NULL));
            CHECK(memcmp(s.secret, other.secret, KEMS[k]->secret) != 0);
            CHECK(memcmp(s.enc, other.enc, KEMS[k]->enc) != 0);
        }
}

TEST(a_changed_encapsulation_gives_no_shared_secret) {
    CHECK_OK(crypto_init());
    for (size_t k = 0; KEMS[k] != NULL; k++) {
        struct keys s;
        CHECK_OK(KEMS[k]->generate(s.pub, s.priv));
        CHECK_OK(KEMS[k]->encap(s.secret, s.enc, s.pub, NULL));
        for (size_t bit = 0; bit < 8 * KEMS[k]->enc; bit += 13) {
            s.enc[bit / 8] ^= (uint8_t)(1u << bit % 8);
            err e = KEMS[k]->decap(s.back, s.enc, s.priv);
            CHECK(e == ERR_CRYPTO || (e == OK && memcmp(s.secret, s.back, KEMS[k]->secret) != 0));
            s.enc[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
    }
}

TEST(another_private_key_gives_no_shared_secret) {
    CHECK_OK(crypto_init());
    for (size_t k = 0; KEMS[k] != NULL; k++) {
        struct keys s, other;
        CHECK_OK(KEMS[k]->generate(s.pub, s.priv));
        CHECK_OK(KEMS[k]->generate(other.pub, other.priv));
        CHECK_OK(KEMS[k]->encap(s.secret, s.enc, s.pub, NULL));
        CHECK_OK(KEMS[k]->decap(s.back, s.enc, other.priv));
        CHECK(memcmp(s.secret, s.back, KEMS[k]->secret) != 0);
    }
}

TEST(derived_keys_depend_on_the_whole_input) {
    CHECK_OK(crypto_init());
    for (size_t k = 0; KEMS[k] != NULL; k++) {
        struct keys a, b;
        uint8_t ikm[32] = {1};
        CHECK_OK(KEMS[k]->derive(a.pub, a.priv, SLICE_ARRAY(ikm)));
        CHECK_OK(KEMS[k]->derive(b.pub, b.priv, SLICE_ARRAY(ikm)));
        CHECK(memcmp(a.pub, b.pub, KEMS[k]->pub) == 0);
        ikm[31] ^= 0x80;
        CHECK_OK(KEMS[k]->derive(b.pub, b.priv, SLICE_ARRAY(ikm)));
        CHECK(memcmp(a.priv, b.priv, KEMS[k]->priv) != 0);
        CHECK_OK(KEMS[k]->derive(b.pub, b.priv, slice_of(ikm, 31)));
        CHECK(memcmp(a.priv, b.priv, KEMS[k]->priv) != 0);
    }
}

/* What check says of any bytes is what encap says. */
TEST(a_key_is_refused_by_itself_if_and_only_if_nothing_can_be_sent_to_it) {
    struct support_random r = {21};
    CHECK_OK(crypto_init());
    for (size_t k = 0; KEMS[k] != NULL; k++)
        for (int round = 0; round < 60; round++) {
            struct keys s;
            CHECK_OK(KEMS[k]->generate(s.pub, s.priv));
            for (uint64_t flips = support_next(&r) % 4; flips > 0; flips--)
                s.pub[support_next(&r) % KEMS[k]->pub] = (uint8_t)support_next(&r);
            CHECK_EQ(KEMS[k]->check(s.pub), KEMS[k]->encap(s.secret, s.enc, s.pub, NULL));
        }
}

/* ---- ML-KEM-768 ---- */

static void take(crypto_xof_shake128_state *input, uint8_t *out, size_t n) {
    CHECK(crypto_xof_shake128_squeeze(input, out, n) == 0);
}

static void add(crypto_xof_shake128_state *answers, const uint8_t *bytes, size_t n) {
    CHECK(crypto_xof_shake128_update(answers, bytes, n) == 0);
}

/* The accumulated vectors of C2SP's CCTV (ML-KEM/README.md), by FIPS 203's final key generation,
 * as Go publishes them (crypto/mlkem, TestAccumulated): seeds, messages and ciphertexts at random
 * are SHAKE128 of nothing; all that comes of them is hashed. So keys, encapsulation, decapsulation
 * and implicit rejection are those of another implementation. */
TEST(mlkem768_has_its_known_answers) {
    uint8_t priv[CRYPTO_MLKEM_PRIV], pub[CRYPTO_MLKEM_PUB], enc[CRYPTO_MLKEM_ENC];
    uint8_t message[32], secret[32], back[32], hash[32], expected[32];
    crypto_xof_shake128_state input, answers;
    CHECK_OK(crypto_init());
    CHECK(crypto_xof_shake128_init(&input) == 0 && crypto_xof_shake128_init(&answers) == 0);
    for (int i = 0; i < 100; i++) {
        take(&input, priv, sizeof(priv));
        CHECK_OK(crypto_mlkem768_public(pub, priv));
        add(&answers, pub, sizeof(pub));
        take(&input, message, sizeof(message));
        CHECK_OK(crypto_mlkem768_encap(secret, enc, pub, message));
        add(&answers, enc, sizeof(enc));
        add(&answers, secret, sizeof(secret));
        CHECK_OK(crypto_mlkem768_decap(back, enc, priv));
        CHECK_SLICE(SLICE_ARRAY(back), SLICE_ARRAY(secret));
        take(&input, enc, sizeof(enc));
        CHECK_OK(crypto_mlkem768_decap(back, enc, priv));
        add(&answers, back, sizeof(back));
    }
    take(&answers, hash, sizeof(hash));
    SUPPORT_HEX(expected, "1114b1b6699ed191734fa339376afa7e285c9e6acf6ff0177d346696ce564415");
    CHECK_SLICE(SLICE_ARRAY(hash), SLICE_ARRAY(expected));
}

TEST(mlkem768_gives_another_secret_for_a_changed_ciphertext_and_always_the_same) {
    uint8_t priv[CRYPTO_MLKEM_PRIV], pub[CRYPTO_MLKEM_PUB], enc[CRYPTO_MLKEM_ENC];
    uint8_t secret[32], other[32], again[32];
    CHECK_OK(crypto_init());
    CHECK_OK(crypto_mlkem768_generate(pub, priv));
    CHECK_OK(crypto_mlkem768_encap(secret, enc, pub, NULL));
    for (size_t bit = 0; bit < 8 * sizeof(enc); bit += 61) {
        enc[bit / 8] ^= (uint8_t)(1u << bit % 8);
        CHECK_OK(crypto_mlkem768_decap(other, enc, priv));
        CHECK_OK(crypto_mlkem768_decap(again, enc, priv));
        CHECK(memcmp(other, secret, 32) != 0 && memcmp(other, again, 32) == 0);
        enc[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

/* FIPS 203 section 7.2: coefficients of 3329 and more are not an encapsulation key. */
TEST(xwing_refuses_a_public_key_with_coefficients_out_of_range) {
    CHECK_OK(crypto_init());
    struct keys s;
    CHECK_OK(crypto_xwing.generate(s.pub, s.priv));
    for (size_t i = 0; i < 1152; i += 3) { /* 12 bits each, two in three bytes */
        uint8_t low = s.pub[i], mid = s.pub[i + 1];
        s.pub[i] = 0x01; /* 0xd01 = 3329 */
        s.pub[i + 1] = (uint8_t)((mid & 0xf0) | 0x0d);
        memset(s.enc, 0xff, sizeof(s.enc));
        CHECK_ERR(crypto_xwing.encap(s.secret, s.enc, s.pub, NULL), ERR_CRYPTO);
        CHECK_ERR(crypto_xwing.check(s.pub), ERR_CRYPTO);
        CHECK(memcmp(s.enc, ZERO, sizeof(s.enc)) == 0 && memcmp(s.secret, ZERO, 32) == 0);
        s.pub[i] = low;
        s.pub[i + 1] = mid;
    }
    CHECK_OK(crypto_xwing.encap(s.secret, s.enc, s.pub, NULL));
}

TEST(xwing_refuses_an_x25519_part_of_small_order) {
    CHECK_OK(crypto_init());
    struct keys s;
    CHECK_OK(crypto_xwing.generate(s.pub, s.priv));
    for (size_t i = 0; i < SMALL_ORDER_COUNT; i++) {
        support_hex(s.pub + 1184, 32, SMALL_ORDER[i]);
        CHECK_ERR(crypto_xwing.check(s.pub), ERR_CRYPTO);
        CHECK_ERR(crypto_xwing.encap(s.secret, s.enc, s.pub, NULL), ERR_CRYPTO);
    }
}

TEST_MAIN
