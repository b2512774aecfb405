/* What the files of crypto/ share and its tests look at: labelled derivation, the Diffie-Hellman
 * KEM, and HPKE's key schedule. Nobody outside includes this. */
#ifndef SOTTO_CRYPTO_INTERNAL_H
#define SOTTO_CRYPTO_INTERNAL_H

#include "crypto/hpke.h"

/* Each provider's part of crypto_init. */
MUST err crypto_sodium_init(void);
MUST err crypto_openssl_init(void);

/* The hash and the suite id that RFC 9180 section 4 binds into each derivation. */
struct labeled {
    const struct crypto_hash *hash;
    uint8_t id[10];
    size_t id_len;
};

/* suite_id = "KEM" || kem_id (RFC 9180 section 4.1). */
struct labeled labeled_kem(const struct crypto_hash *hash, uint16_t kem_id);
/* suite_id = "HPKE" || kem_id || kdf_id || aead_id (section 5.1). */
struct labeled labeled_hpke(const struct hpke_suite *s);
/* prk: hash->len bytes. ikm and info are their parts, one after another: 5 at most. */
MUST err labeled_extract(const struct labeled *l, uint8_t *prk, slice salt, const char *label,
                         const slice *ikm, size_t count);
MUST err labeled_expand(const struct labeled *l, uint8_t *out, size_t n, slice prk,
                        const char *label, const slice *info, size_t count);

/* A Diffie-Hellman group: what section 4.1's KEM needs of it. Secrets, keys and results all take
 * CRYPTO_DH_MAX bytes at most. */
enum { CRYPTO_DH_MAX = 133 };
struct crypto_dh {
    uint16_t kem_id;
    const struct crypto_hash *hash;
    size_t pub, priv, shared;
    /* 0 where any bytes are a private key; else they are tried until public_of takes them, with
     * these bits of the first byte (section 7.1.3). */
    uint8_t top;
    err (*generate)(uint8_t *pub, uint8_t *priv);
    /* CRYPTO if it is not a private key. */
    err (*public_of)(uint8_t *pub, const uint8_t *priv);
    err (*check)(const uint8_t *pub);
    /* CRYPTO if one of them is not a key, or the result says nothing (RFC 7748 section 6). */
    err (*exchange)(uint8_t *out, const uint8_t *priv, const uint8_t *pub);
};

MUST err dhkem_derive(const struct crypto_dh *dh, uint8_t *pub, uint8_t *priv, slice ikm);
MUST err dhkem_encap(const struct crypto_dh *dh, uint8_t *secret, uint8_t *enc, const uint8_t *pub,
                     const uint8_t *seed);
MUST err dhkem_decap(const struct crypto_dh *dh, uint8_t *secret, const uint8_t *enc,
                     const uint8_t *priv);

/* Defines a crypto_kem over a crypto_dh; the numbers are bytes of key and secret. */
#define DHKEM_DEFINE(table, dh_, id, kem_name, pub_, priv_, secret_)                     \
    static err table##_generate(uint8_t *pub, uint8_t *priv) {                           \
        return (dh_).generate(pub, priv);                                                \
    }                                                                                    \
    static err table##_public_of(uint8_t *pub, const uint8_t *priv) {                    \
        return (dh_).public_of(pub, priv);                                               \
    }                                                                                    \
    static err table##_derive(uint8_t *pub, uint8_t *priv, slice ikm) {                  \
        return dhkem_derive(&(dh_), pub, priv, ikm);                                     \
    }                                                                                    \
    static err table##_encap(uint8_t *secret, uint8_t *enc, const uint8_t *pub,          \
                             const uint8_t *seed) {                                      \
        return dhkem_encap(&(dh_), secret, enc, pub, seed);                              \
    }                                                                                    \
    static err table##_decap(uint8_t *secret, const uint8_t *enc, const uint8_t *priv) { \
        return dhkem_decap(&(dh_), secret, enc, priv);                                   \
    }                                                                                    \
    static err table##_check(const uint8_t *pub) {                                       \
        return (dh_).check(pub);                                                         \
    }                                                                                    \
    const struct crypto_kem table = {.name = kem_name,                                   \
                                     .hpke_id = (id),                                    \
                                     .secret = (secret_),                                \
                                     .enc = (pub_),                                      \
                                     .pub = (pub_),                                      \
                                     .priv = (priv_),                                    \
                                     .seed = (priv_),                                    \
                                     .generate = table##_generate,                       \
                                     .derive = table##_derive,                           \
                                     .public_of = table##_public_of,                     \
                                     .check = table##_check,                             \
                                     .encap = table##_encap,                             \
                                     .decap = table##_decap};

/* What the key schedule of base mode (section 5.1) yields. */
struct hpke_context {
    uint8_t key[CRYPTO_AEAD_KEY_MAX];
    uint8_t nonce[CRYPTO_AEAD_NONCE_MAX];
    uint8_t exporter[CRYPTO_HASH_MAX];
};

/* secret: kem->secret bytes. */
MUST err hpke_schedule(const struct hpke_suite *s, struct hpke_context *c, const uint8_t *secret,
                       const struct hpke_info *info);

#endif
