/* The provider over libsodium: X25519, its KEM, X-Wing and Ed25519. */
#include "crypto/internal.h"

#include <sodium.h>

/* ---- X25519 ---- */

enum { X25519_LEN = 32 };

err crypto_x25519(uint8_t *out, const uint8_t *priv, const uint8_t *pub) {
    if (crypto_scalarmult_curve25519(out, priv, pub) == 0)
        return OK;
    wipe(out, X25519_LEN);
    return ERR_CRYPTO;
}

err crypto_x25519_public(uint8_t *pub, const uint8_t *priv) {
    if (crypto_scalarmult_curve25519_base(pub, priv) == 0)
        return OK;
    wipe(pub, X25519_LEN);
    return ERR_BUG;
}

void crypto_x25519_generate(uint8_t *pub, uint8_t *priv) {
    crypto_random(priv, X25519_LEN);
    crypto_scalarmult_curve25519_base(pub, priv);
}

/* The points of small order (RFC 7748 section 6.1), in all encodings: with any of them, and no
 * other, an exchange gives zeros. A public key is no secret, so this may look at it. */
static err sodium_x25519_check(const uint8_t *pub) {
    static const uint8_t SMALL[][X25519_LEN] = {
        {0},
        {1},
        {0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3,
         0xfa, 0xf1, 0x9f, 0xc4, 0x6a, 0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32,
         0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00},
        {0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1,
         0x55, 0x9c, 0x83, 0xef, 0x5b, 0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c,
         0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f, 0x11, 0x57}};
    /* p - 1, p and p + 1 by their first byte. */
    bool near_p = pub[0] >= 0xec && pub[0] <= 0xee && (pub[31] & 0x7f) == 0x7f;
    for (size_t i = 1; i < X25519_LEN - 1; i++)
        near_p = near_p && pub[i] == 0xff;
    bool small = near_p;
    for (size_t i = 0; i < sizeof(SMALL) / sizeof(SMALL[0]); i++)
        small = small || (memcmp(pub, SMALL[i], X25519_LEN - 1) == 0 &&
                          (pub[X25519_LEN - 1] & 0x7f) == SMALL[i][X25519_LEN - 1]);
    return small ? ERR_CRYPTO : OK;
}

static err sodium_x25519_generate(uint8_t *pub, uint8_t *priv) {
    crypto_x25519_generate(pub, priv);
    return OK;
}

static const struct crypto_dh sodium_x25519 = {.kem_id = 0x0020,
                                               .hash = &crypto_sha256,
                                               .pub = X25519_LEN,
                                               .priv = X25519_LEN,
                                               .shared = X25519_LEN,
                                               .generate = sodium_x25519_generate,
                                               .public_of = crypto_x25519_public,
                                               .check = sodium_x25519_check,
                                               .exchange = crypto_x25519};

DHKEM_DEFINE(crypto_dhkem_x25519, sodium_x25519, 0x0020, "DHKEM(X25519, HKDF-SHA256)", X25519_LEN,
             X25519_LEN, 32)

/* ---- X-Wing: ML-KEM-768 with X25519 (KEM 0x647a). The private key is a 32-byte seed. ---- */

enum { XWING_ID = 0x647a };

static err xwing_public_of(uint8_t *pub, const uint8_t *priv) {
    uint8_t copy[crypto_kem_xwing_SECRETKEYBYTES];
    int failed = crypto_kem_xwing_seed_keypair(pub, copy, priv);
    wipe(copy, sizeof(copy));
    if (failed == 0)
        return OK;
    wipe(pub, crypto_kem_xwing_PUBLICKEYBYTES);
    return ERR_BUG;
}

static err xwing_generate(uint8_t *pub, uint8_t *priv) {
    crypto_random(priv, crypto_kem_xwing_SECRETKEYBYTES);
    err e = xwing_public_of(pub, priv);
    if (e != OK)
        wipe(priv, crypto_kem_xwing_SECRETKEYBYTES);
    return e;
}

/* SHAKE256.LabeledDerive(ikm, "DeriveKeyPair", "", 32) of draft-ietf-hpke-pq: one extendable hash
 * over ikm || "HPKE-v1" || suite_id || u16 len(label) || label || u16 L || context. */
static err xwing_derive(uint8_t *pub, uint8_t *priv, slice ikm) {
    static const char LABEL[] = "DeriveKeyPair";
    struct labeled l = labeled_kem(NULL, XWING_ID);
    uint8_t label_len[2] = {0, sizeof(LABEL) - 1};
    uint8_t out_len[2] = {0, crypto_kem_xwing_SECRETKEYBYTES};
    slice parts[] = {ikm,
                     slice_str("HPKE-v1"),
                     slice_of(l.id, l.id_len),
                     SLICE_ARRAY(label_len),
                     slice_str(LABEL),
                     SLICE_ARRAY(out_len)};
    crypto_xof_shake256_state state;
    crypto_xof_shake256_init(&state);
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        crypto_xof_shake256_update(&state, parts[i].p, parts[i].n);
    crypto_xof_shake256_squeeze(&state, priv, crypto_kem_xwing_SECRETKEYBYTES);
    wipe(&state, sizeof(state));
    err e = xwing_public_of(pub, priv);
    if (e != OK)
        wipe(priv, crypto_kem_xwing_SECRETKEYBYTES);
    return e;
}

/* FIPS 203 section 7.2: every coefficient is below 3329. */
static err mlkem_check(const uint8_t *pub) {
    enum { Q = 3329, COEFFICIENTS = crypto_kem_mlkem768_PUBLICKEYBYTES - 32 };
    for (size_t i = 0; i < COEFFICIENTS; i += 3) {
        unsigned low = pub[i] | (pub[i + 1] & 0x0fu) << 8, high = pub[i + 1] >> 4 | pub[i + 2] << 4;
        if (low >= Q || high >= Q)
            return ERR_CRYPTO;
    }
    return OK;
}

static err xwing_check(const uint8_t *pub) {
    TRY(mlkem_check(pub));
    return sodium_x25519_check(pub + crypto_kem_xwing_PUBLICKEYBYTES - X25519_LEN);
}

static err xwing_encap(uint8_t *secret, uint8_t *enc, const uint8_t *pub, const uint8_t *seed) {
    int failed = seed == NULL ? crypto_kem_xwing_enc(enc, secret, pub)
                              : crypto_kem_xwing_enc_deterministic(enc, secret, pub, seed);
    if (failed == 0)
        return OK;
    wipe(enc, crypto_kem_xwing_CIPHERTEXTBYTES);
    wipe(secret, crypto_kem_xwing_SHAREDSECRETBYTES);
    return ERR_CRYPTO;
}

static err xwing_decap(uint8_t *secret, const uint8_t *enc, const uint8_t *priv) {
    if (crypto_kem_xwing_dec(secret, enc, priv) == 0)
        return OK;
    wipe(secret, crypto_kem_xwing_SHAREDSECRETBYTES);
    return ERR_CRYPTO;
}

const struct crypto_kem crypto_xwing = {.name = "X-Wing",
                                        .hpke_id = XWING_ID,
                                        .secret = crypto_kem_xwing_SHAREDSECRETBYTES,
                                        .enc = crypto_kem_xwing_CIPHERTEXTBYTES,
                                        .pub = crypto_kem_xwing_PUBLICKEYBYTES,
                                        .priv = crypto_kem_xwing_SECRETKEYBYTES,
                                        .seed = 64,
                                        .generate = xwing_generate,
                                        .derive = xwing_derive,
                                        .public_of = xwing_public_of,
                                        .check = xwing_check,
                                        .encap = xwing_encap,
                                        .decap = xwing_decap};

/* ---- ML-KEM-768 ---- */

err crypto_mlkem768_public(uint8_t *pub, const uint8_t *priv) {
    uint8_t expanded[crypto_kem_mlkem768_SECRETKEYBYTES];
    int failed = crypto_kem_mlkem768_seed_keypair(pub, expanded, priv);
    wipe(expanded, sizeof(expanded));
    return failed == 0 ? OK : ERR_BUG;
}

err crypto_mlkem768_generate(uint8_t *pub, uint8_t *priv) {
    crypto_random(priv, crypto_kem_mlkem768_SEEDBYTES);
    return crypto_mlkem768_public(pub, priv);
}

err crypto_mlkem768_encap(uint8_t secret[32], uint8_t *enc, const uint8_t *pub,
                          const uint8_t *seed) {
    TRY(mlkem_check(pub));
    int failed = seed == NULL ? crypto_kem_mlkem768_enc(enc, secret, pub)
                              : crypto_kem_mlkem768_enc_deterministic(enc, secret, pub, seed);
    return failed == 0 ? OK : ERR_CRYPTO;
}

err crypto_mlkem768_decap(uint8_t secret[32], const uint8_t *enc, const uint8_t *priv) {
    uint8_t pub[crypto_kem_mlkem768_PUBLICKEYBYTES];
    uint8_t expanded[crypto_kem_mlkem768_SECRETKEYBYTES];
    int failed = crypto_kem_mlkem768_seed_keypair(pub, expanded, priv);
    if (failed == 0)
        failed = crypto_kem_mlkem768_dec(secret, enc, expanded);
    wipe(expanded, sizeof(expanded));
    return failed == 0 ? OK : ERR_CRYPTO;
}

/* ---- Ed25519. libsodium's verification refuses public keys and nonces of small order. ---- */

static err ed25519_public_of(uint8_t *pub, const uint8_t *priv) {
    uint8_t expanded[crypto_sign_ed25519_SECRETKEYBYTES];
    int failed = crypto_sign_ed25519_seed_keypair(pub, expanded, priv);
    wipe(expanded, sizeof(expanded));
    return failed == 0 ? OK : ERR_BUG;
}

static err ed25519_generate(uint8_t *pub, uint8_t *priv) {
    crypto_random(priv, crypto_sign_ed25519_SEEDBYTES);
    return ed25519_public_of(pub, priv);
}

/* From about this length on, OpenSSL's faster hash (a signature takes it twice) makes up for what
 * it spends on keys. The signature is the same. */
enum { ED25519_LONG = 1 << 16 };
#ifdef __wasm__
static const struct crypto_sig *const for_long = NULL;
#else
static const struct crypto_sig *const for_long = &crypto_ossl_ed25519;
#endif

static err ed25519_sign(uint8_t *sig, size_t *n, const uint8_t *priv, slice message) {
    if (for_long != NULL && message.n >= ED25519_LONG)
        return for_long->sign(sig, n, priv, message);
    uint8_t pub[crypto_sign_ed25519_PUBLICKEYBYTES];
    uint8_t expanded[crypto_sign_ed25519_SECRETKEYBYTES];
    if (*n < crypto_sign_ed25519_BYTES)
        return ERR_BUG;
    int failed = crypto_sign_ed25519_seed_keypair(pub, expanded, priv);
    if (failed == 0)
        failed = crypto_sign_ed25519_detached(sig, NULL, message.p, message.n, expanded);
    wipe(expanded, sizeof(expanded));
    if (failed != 0) {
        wipe(sig, *n);
        return ERR_BUG;
    }
    *n = crypto_sign_ed25519_BYTES;
    return OK;
}

static err ed25519_verify(slice sig, slice pub, slice message) {
    if (sig.n != crypto_sign_ed25519_BYTES || pub.n != crypto_sign_ed25519_PUBLICKEYBYTES)
        return ERR_SIGNATURE;
    int failed = crypto_sign_ed25519_verify_detached(sig.p, message.p, message.n, pub.p);
    return failed == 0 ? OK : ERR_SIGNATURE;
}

const struct crypto_sig crypto_ed25519 = {.name = "Ed25519",
                                          .pub = crypto_sign_ed25519_PUBLICKEYBYTES,
                                          .priv = crypto_sign_ed25519_SEEDBYTES,
                                          .max = crypto_sign_ed25519_BYTES,
                                          .generate = ed25519_generate,
                                          .public_of = ed25519_public_of,
                                          .sign = ed25519_sign,
                                          .verify = ed25519_verify};
