/* The provider over OpenSSL 3.0: the Diffie-Hellman KEMs of RFC 9180 and the signatures of RFC 9420
 * section 17.1 that libsodium lacks, and its own X25519 and Ed25519 to compare with. */
#include "crypto/internal.h"

/* OpenSSL has a type of this name, which we don't use, and we have an error of it. */
#define ERR_STATE OPENSSL_ERR_STATE
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/param_build.h>
#undef ERR_STATE

/* ---- Keys that are plain bytes (RFC 7748, RFC 8032) ---- */

struct raw {
    int type;
    size_t key, sig; /* bytes: either key; an exchanged secret is as long */
};
static const struct raw x25519 = {EVP_PKEY_X25519, 32, 0}, x448 = {EVP_PKEY_X448, 56, 0};
static const struct raw ed25519 = {EVP_PKEY_ED25519, 32, 64}, ed448 = {EVP_PKEY_ED448, 57, 114};

static err raw_public_of(const struct raw *c, uint8_t *pub, const uint8_t *priv) {
    size_t n = c->key;
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(c->type, NULL, priv, c->key);
    err e = ERR_NO_MEMORY;
    if (key != NULL && EVP_PKEY_get_raw_public_key(key, pub, &n) == 1 && n == c->key)
        e = OK;
    EVP_PKEY_free(key);
    if (e != OK)
        wipe(pub, c->key);
    return e;
}

/* Takes both keys. CRYPTO if they don't fit, or the result is all zero (RFC 7748 section 6). */
static err exchange(EVP_PKEY *own, EVP_PKEY *peer, uint8_t *out, size_t len) {
    size_t n = len;
    EVP_PKEY_CTX *ctx = own == NULL ? NULL : EVP_PKEY_CTX_new(own, NULL);
    err e = ERR_NO_MEMORY;
    if (peer == NULL || ctx == NULL || EVP_PKEY_derive_init(ctx) != 1)
        goto out;
    e = ERR_CRYPTO;
    if (EVP_PKEY_derive_set_peer(ctx, peer) == 1 && EVP_PKEY_derive(ctx, out, &n) == 1 && n == len)
        e = OK;
out:
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(peer);
    EVP_PKEY_free(own);
    if (e != OK)
        wipe(out, len);
    return e;
}

static err raw_exchange(const struct raw *c, uint8_t *out, const uint8_t *priv,
                        const uint8_t *pub) {
    return exchange(EVP_PKEY_new_raw_private_key(c->type, NULL, priv, c->key),
                    EVP_PKEY_new_raw_public_key(c->type, NULL, pub, c->key), out, c->key);
}

/* It takes an exchange to tell a point of small order. */
static err raw_check(const struct raw *c, const uint8_t *pub) {
    static const uint8_t ANY[CRYPTO_DH_MAX] = {[1] = 1};
    uint8_t out[CRYPTO_DH_MAX];
    return raw_exchange(c, out, ANY, pub);
}

/* Both take the key. md: NULL where the scheme hashes by itself. */
static err sign(EVP_PKEY *key, const EVP_MD *md, uint8_t *sig, size_t *n, slice message) {
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    size_t written = *n;
    err e = ERR_NO_MEMORY;
    if (key != NULL && ctx != NULL && EVP_DigestSignInit(ctx, NULL, md, NULL, key) == 1 &&
        EVP_DigestSign(ctx, sig, &written, message.p, message.n) == 1)
        e = OK;
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(key);
    if (e != OK)
        wipe(sig, *n);
    else
        *n = written;
    return e;
}

static err verify(EVP_PKEY *key, const EVP_MD *md, slice sig, slice message) {
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    err e = ERR_NO_MEMORY;
    if (key == NULL || ctx == NULL || EVP_DigestVerifyInit(ctx, NULL, md, NULL, key) != 1)
        goto out;
    if (EVP_DigestVerify(ctx, sig.p, sig.n, message.p, message.n) == 1)
        e = OK;
    else
        e = ERR_SIGNATURE;
out:
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(key);
    return e;
}

static err raw_generate(const struct raw *c, uint8_t *pub, uint8_t *priv) {
    crypto_random(priv, c->key);
    err e = raw_public_of(c, pub, priv);
    if (e != OK)
        wipe(priv, c->key);
    return e;
}

static err raw_sign(const struct raw *c, uint8_t *sig, size_t *n, const uint8_t *priv,
                    slice message) {
    if (*n < c->sig)
        return ERR_BUG;
    *n = c->sig;
    return sign(EVP_PKEY_new_raw_private_key(c->type, NULL, priv, c->key), NULL, sig, n, message);
}

static err raw_verify(const struct raw *c, slice sig, slice pub, slice message) {
    if (sig.n != c->sig || pub.n != c->key)
        return ERR_SIGNATURE;
    return verify(EVP_PKEY_new_raw_public_key(c->type, NULL, pub.p, pub.n), NULL, sig, message);
}

/* ---- The NIST curves. Public keys are uncompressed points (RFC 9180 section 7.1.1, RFC 9420
 * section 5.1.1), private keys big-endian scalars, signatures DER. ---- */

struct nist {
    int nid;
    const char *group;
    size_t pub,
        priv;    /* bytes; an exchanged secret, the x coordinate, is as long as a private key */
    size_t sig;  /* the longest */
    uint8_t top; /* the bits that the first byte of a scalar may have */
    const EVP_MD *(*md)(void);
};
static const struct nist p256 = {NID_X9_62_prime256v1, "P-256", 65, 32, 72, 0xff, EVP_sha256};
static const struct nist p384 = {NID_secp384r1, "P-384", 97, 48, 104, 0xff, EVP_sha384};
static const struct nist p521 = {NID_secp521r1, "P-521", 133, 66, 139, 0x01, EVP_sha512};

/* CRYPTO for a scalar that is zero, or the group's order or more. */
static err scalar_times_base(const EC_GROUP *group, BIGNUM *scalar, uint8_t *pub, size_t n) {
    BN_CTX *ctx = BN_CTX_secure_new();
    EC_POINT *point = EC_POINT_new(group);
    err e = ERR_NO_MEMORY;
    if (ctx == NULL || point == NULL)
        goto out;
    e = ERR_CRYPTO;
    if (BN_is_zero(scalar) || BN_cmp(scalar, EC_GROUP_get0_order(group)) >= 0)
        goto out;
    e = ERR_NO_MEMORY;
    if (EC_POINT_mul(group, point, scalar, NULL, NULL, ctx) == 1 &&
        EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, pub, n, ctx) == n)
        e = OK;
out:
    EC_POINT_free(point);
    BN_CTX_free(ctx);
    return e;
}

static err nist_public_of(const struct nist *c, uint8_t *pub, const uint8_t *priv) {
    EC_GROUP *group = EC_GROUP_new_by_curve_name(c->nid);
    BIGNUM *scalar = BN_secure_new();
    err e = ERR_NO_MEMORY;
    if (group != NULL && scalar != NULL && BN_bin2bn(priv, (int)c->priv, scalar) != NULL) {
        BN_set_flags(scalar, BN_FLG_CONSTTIME);
        e = scalar_times_base(group, scalar, pub, c->pub);
    }
    BN_clear_free(scalar);
    EC_GROUP_free(group);
    if (e != OK)
        wipe(pub, c->pub);
    return e;
}

static EVP_PKEY *key_from(OSSL_PARAM_BLD *build, int selection) {
    EVP_PKEY *key = NULL;
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    if (params == NULL || ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &key, selection, params) != 1)
        key = NULL;
    EVP_PKEY_CTX_free(ctx);
    OSSL_PARAM_free(params);
    return key;
}

/* Either half of a key, the other being NULL. NULL if it is not one, or without memory. Every point
 * of these curves has the group's prime order. */
static EVP_PKEY *nist_key(const struct nist *c, const uint8_t *pub, const uint8_t *priv) {
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    BIGNUM *scalar = BN_secure_new();
    EVP_PKEY *key = NULL;
    /* Other forms of a point would be taken here, but RFC 9180 has one. */
    bool form = pub == NULL || pub[0] == POINT_CONVERSION_UNCOMPRESSED;
    if (!form || build == NULL || scalar == NULL ||
        OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, c->group, 0) != 1)
        goto out;
    if (pub != NULL &&
        OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, pub, c->pub) != 1)
        goto out;
    if (priv != NULL && (BN_bin2bn(priv, (int)c->priv, scalar) == NULL ||
                         OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PRIV_KEY, scalar) != 1))
        goto out;
    key = key_from(build, pub == NULL ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY);
out:
    BN_clear_free(scalar);
    OSSL_PARAM_BLD_free(build);
    return key;
}

static err nist_exchange(const struct nist *c, uint8_t *out, const uint8_t *priv,
                         const uint8_t *pub) {
    EVP_PKEY *peer = nist_key(c, pub, NULL);
    if (peer == NULL) {
        wipe(out, c->priv);
        return ERR_CRYPTO;
    }
    return exchange(nist_key(c, NULL, priv), peer, out, c->priv);
}

static err nist_check(const struct nist *c, const uint8_t *pub) {
    EVP_PKEY *key = nist_key(c, pub, NULL);
    EVP_PKEY_free(key);
    return key != NULL ? OK : ERR_CRYPTO;
}

/* By rejection, as RFC 9180 section 7.1.3 derives them. */
static err nist_generate(const struct nist *c, uint8_t *pub, uint8_t *priv) {
    err e = ERR_CRYPTO;
    for (int tries = 0; e == ERR_CRYPTO && tries < 256; tries++) {
        crypto_random(priv, c->priv);
        priv[0] &= c->top;
        e = nist_public_of(c, pub, priv);
    }
    if (e != OK)
        wipe(priv, c->priv);
    return e;
}

static err nist_sign(const struct nist *c, uint8_t *sig, size_t *n, const uint8_t *priv,
                     slice message) {
    if (*n < c->sig)
        return ERR_BUG;
    *n = c->sig;
    return sign(nist_key(c, NULL, priv), c->md(), sig, n, message);
}

static err nist_verify(const struct nist *c, slice sig, slice pub, slice message) {
    if (pub.n != c->pub)
        return ERR_SIGNATURE;
    EVP_PKEY *key = nist_key(c, pub.p, NULL);
    return key == NULL ? ERR_SIGNATURE : verify(key, c->md(), sig, message);
}

/* ---- The tables ---- */

#define DH(curve, kind, id, hash_, pub_, priv_, top_)                                    \
    static err curve##_generate(uint8_t *pub, uint8_t *priv) {                           \
        return kind##_generate(&curve, pub, priv);                                       \
    }                                                                                    \
    static err curve##_public_of(uint8_t *pub, const uint8_t *priv) {                    \
        return kind##_public_of(&curve, pub, priv);                                      \
    }                                                                                    \
    static err curve##_exchange(uint8_t *out, const uint8_t *priv, const uint8_t *pub) { \
        return kind##_exchange(&curve, out, priv, pub);                                  \
    }                                                                                    \
    static err curve##_check(const uint8_t *pub) {                                       \
        return kind##_check(&curve, pub);                                                \
    }                                                                                    \
    static const struct crypto_dh curve##_dh = {.kem_id = (id),                          \
                                                .hash = &(hash_),                        \
                                                .pub = (pub_),                           \
                                                .priv = (priv_),                         \
                                                .shared = (priv_),                       \
                                                .top = (top_),                           \
                                                .generate = curve##_generate,            \
                                                .public_of = curve##_public_of,          \
                                                .check = curve##_check,                  \
                                                .exchange = curve##_exchange};

DH(x25519, raw, 0x0020, crypto_ossl_sha256, 32, 32, 0)
DH(x448, raw, 0x0021, crypto_ossl_sha512, 56, 56, 0)
DH(p256, nist, 0x0010, crypto_ossl_sha256, 65, 32, 0xff)
DH(p384, nist, 0x0011, crypto_ossl_sha384, 97, 48, 0xff)
DH(p521, nist, 0x0012, crypto_ossl_sha512, 133, 66, 0x01)

DHKEM_DEFINE(crypto_ossl_dhkem_x25519, x25519_dh, 0x0020, "DHKEM(X25519, HKDF-SHA256)", 32, 32, 32)
DHKEM_DEFINE(crypto_dhkem_x448, x448_dh, 0x0021, "DHKEM(X448, HKDF-SHA512)", 56, 56, 64)
DHKEM_DEFINE(crypto_dhkem_p256, p256_dh, 0x0010, "DHKEM(P-256, HKDF-SHA256)", 65, 32, 32)
DHKEM_DEFINE(crypto_dhkem_p384, p384_dh, 0x0011, "DHKEM(P-384, HKDF-SHA384)", 97, 48, 48)
DHKEM_DEFINE(crypto_dhkem_p521, p521_dh, 0x0012, "DHKEM(P-521, HKDF-SHA512)", 133, 66, 64)

#define SIG(table, curve, kind, sig_name, pub_, priv_, max_)                               \
    static err table##_generate(uint8_t *pub, uint8_t *priv) {                             \
        return kind##_generate(&curve, pub, priv);                                         \
    }                                                                                      \
    static err table##_public_of(uint8_t *pub, const uint8_t *priv) {                      \
        return kind##_public_of(&curve, pub, priv);                                        \
    }                                                                                      \
    static err table##_sign(uint8_t *sig, size_t *n, const uint8_t *priv, slice message) { \
        return kind##_sign(&curve, sig, n, priv, message);                                 \
    }                                                                                      \
    static err table##_verify(slice sig, slice pub, slice message) {                       \
        return kind##_verify(&curve, sig, pub, message);                                   \
    }                                                                                      \
    const struct crypto_sig table = {.name = sig_name,                                     \
                                     .pub = (pub_),                                        \
                                     .priv = (priv_),                                      \
                                     .max = (max_),                                        \
                                     .generate = table##_generate,                         \
                                     .public_of = table##_public_of,                       \
                                     .sign = table##_sign,                                 \
                                     .verify = table##_verify};

SIG(crypto_ossl_ed25519, ed25519, raw, "Ed25519", 32, 32, 64)
SIG(crypto_ed448, ed448, raw, "Ed448", 57, 57, 114)
SIG(crypto_ecdsa_p256, p256, nist, "ECDSA P-256 with SHA-256", 65, 32, 72)
SIG(crypto_ecdsa_p384, p384, nist, "ECDSA P-384 with SHA-384", 97, 48, 104)
SIG(crypto_ecdsa_p521, p521, nist, "ECDSA P-521 with SHA-512", 133, 66, 139)
