/* The provider over OpenSSL 3.0. Not part of WebAssembly builds. */
#include "crypto/internal.h"

#include <limits.h>

/* OpenSSL has a type of this name, which we don't use, and we have an error of it. */
#define ERR_STATE OPENSSL_ERR_STATE
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#undef ERR_STATE

/* ---- Hashes ---- */

static err ossl_hash(const EVP_MD *md, uint8_t *out, const slice *parts, size_t count) {
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    err e = ERR_NO_MEMORY;
    if (ctx == NULL || EVP_DigestInit_ex(ctx, md, NULL) != 1)
        goto out;
    for (size_t i = 0; i < count; i++)
        if (EVP_DigestUpdate(ctx, parts[i].p, parts[i].n) != 1)
            goto out;
    if (EVP_DigestFinal_ex(ctx, out, NULL) == 1)
        e = OK;
out:
    EVP_MD_CTX_free(ctx);
    if (e != OK)
        wipe(out, (size_t)EVP_MD_get_size(md));
    return e;
}

static err ossl_hmac(const EVP_MD *md, uint8_t *out, slice key, const slice *parts, size_t count) {
    static const uint8_t NO_KEY[1] = {0};
    size_t len = (size_t)EVP_MD_get_size(md), n = 0;
    char *name = (char *)(uintptr_t)EVP_MD_get0_name(md); /* OSSL_PARAM wants it without const */
    OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
                           OSSL_PARAM_construct_end()};
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(mac);
    err e = ERR_NO_MEMORY;
    /* A NULL key would mean "the key of before". */
    if (ctx == NULL || EVP_MAC_init(ctx, key.n == 0 ? NO_KEY : key.p, key.n, params) != 1)
        goto out;
    for (size_t i = 0; i < count; i++)
        if (EVP_MAC_update(ctx, parts[i].p, parts[i].n) != 1)
            goto out;
    if (EVP_MAC_final(ctx, out, &n, len) == 1 && n == len)
        e = OK;
out:
    EVP_MAC_CTX_free(ctx);
    EVP_MAC_free(mac);
    if (e != OK)
        wipe(out, len);
    return e;
}

static err sha256_hash(uint8_t *out, const slice *parts, size_t count) {
    return ossl_hash(EVP_sha256(), out, parts, count);
}

static err sha256_hmac(uint8_t *out, slice key, const slice *parts, size_t count) {
    return ossl_hmac(EVP_sha256(), out, key, parts, count);
}

static err sha384_hash(uint8_t *out, const slice *parts, size_t count) {
    return ossl_hash(EVP_sha384(), out, parts, count);
}

static err sha384_hmac(uint8_t *out, slice key, const slice *parts, size_t count) {
    return ossl_hmac(EVP_sha384(), out, key, parts, count);
}

static err sha512_hash(uint8_t *out, const slice *parts, size_t count) {
    return ossl_hash(EVP_sha512(), out, parts, count);
}

static err sha512_hmac(uint8_t *out, slice key, const slice *parts, size_t count) {
    return ossl_hmac(EVP_sha512(), out, key, parts, count);
}

const struct crypto_hash crypto_ossl_sha256 = {"SHA-256", 32, sha256_hash, sha256_hmac};
const struct crypto_hash crypto_ossl_sha384 = {"SHA-384", 48, sha384_hash, sha384_hmac};
const struct crypto_hash crypto_ossl_sha512 = {"SHA-512", 64, sha512_hash, sha512_hmac};

/* ---- AEADs. All three have a nonce of 12 bytes and a tag of 16. ---- */

enum { AEAD_NONCE = 12, AEAD_TAG = 16 };

/* EVP's lengths are int. */
static bool fits_int(slice a, slice b) {
    return a.n <= INT_MAX - AEAD_TAG && b.n <= INT_MAX - AEAD_TAG;
}

/* The additional data, then the text: the part that sealing and opening share. A zero length with a
 * NULL pointer would mean "finish" to some ciphers, so empty parts are left out. */
static bool cipher_run(EVP_CIPHER_CTX *ctx, uint8_t *out, slice aad, slice text) {
    int n = 0;
    if (aad.n != 0 && EVP_CipherUpdate(ctx, NULL, &n, aad.p, (int)aad.n) != 1)
        return false;
    if (text.n != 0 && EVP_CipherUpdate(ctx, out, &n, text.p, (int)text.n) != 1)
        return false;
    uint8_t none[EVP_MAX_BLOCK_LENGTH];
    return EVP_CipherFinal_ex(ctx, none, &n) == 1;
}

static err ossl_seal(const EVP_CIPHER *cipher, uint8_t *out, const uint8_t *key,
                     const uint8_t *nonce, slice aad, slice plain) {
    if (!fits_int(aad, plain))
        return ERR_BUG;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    err e = ERR_NO_MEMORY;
    if (ctx == NULL || EVP_CipherInit_ex(ctx, cipher, NULL, key, nonce, 1) != 1)
        goto out;
    if (cipher_run(ctx, out, aad, plain) &&
        EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, AEAD_TAG, out + plain.n) == 1)
        e = OK;
out:
    EVP_CIPHER_CTX_free(ctx);
    if (e != OK)
        wipe(out, plain.n + AEAD_TAG);
    return e;
}

static err ossl_open(const EVP_CIPHER *cipher, uint8_t *out, const uint8_t *key,
                     const uint8_t *nonce, slice aad, slice sealed) {
    if (sealed.n < AEAD_TAG)
        return ERR_CRYPTO;
    if (!fits_int(aad, sealed))
        return ERR_BUG;
    slice text = slice_of(sealed.p, sealed.n - AEAD_TAG);
    uint8_t tag[AEAD_TAG];
    memcpy(tag, sealed.p + text.n, AEAD_TAG);
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    err e = ERR_NO_MEMORY;
    if (ctx == NULL || EVP_CipherInit_ex(ctx, cipher, NULL, key, nonce, 0) != 1 ||
        EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, AEAD_TAG, tag) != 1)
        goto out;
    e = cipher_run(ctx, out, aad, text) ? OK : ERR_CRYPTO;
out:
    EVP_CIPHER_CTX_free(ctx);
    if (e != OK)
        wipe(out, text.n);
    return e;
}

static err aes128gcm_seal(uint8_t *out, const uint8_t *key, const uint8_t *nonce, slice aad,
                          slice plain) {
    return ossl_seal(EVP_aes_128_gcm(), out, key, nonce, aad, plain);
}

static err aes128gcm_open(uint8_t *out, const uint8_t *key, const uint8_t *nonce, slice aad,
                          slice sealed) {
    return ossl_open(EVP_aes_128_gcm(), out, key, nonce, aad, sealed);
}

static err aes256gcm_seal(uint8_t *out, const uint8_t *key, const uint8_t *nonce, slice aad,
                          slice plain) {
    return ossl_seal(EVP_aes_256_gcm(), out, key, nonce, aad, plain);
}

static err aes256gcm_open(uint8_t *out, const uint8_t *key, const uint8_t *nonce, slice aad,
                          slice sealed) {
    return ossl_open(EVP_aes_256_gcm(), out, key, nonce, aad, sealed);
}

static err chacha_seal(uint8_t *out, const uint8_t *key, const uint8_t *nonce, slice aad,
                       slice plain) {
    return ossl_seal(EVP_chacha20_poly1305(), out, key, nonce, aad, plain);
}

static err chacha_open(uint8_t *out, const uint8_t *key, const uint8_t *nonce, slice aad,
                       slice sealed) {
    return ossl_open(EVP_chacha20_poly1305(), out, key, nonce, aad, sealed);
}

const struct crypto_aead crypto_ossl_aes128gcm = {
    "AES-128-GCM", 0x0001, 16, AEAD_NONCE, AEAD_TAG, aes128gcm_seal, aes128gcm_open};
const struct crypto_aead crypto_ossl_aes256gcm = {
    "AES-256-GCM", 0x0002, 32, AEAD_NONCE, AEAD_TAG, aes256gcm_seal, aes256gcm_open};
const struct crypto_aead crypto_ossl_chacha20poly1305 = {
    "ChaCha20-Poly1305", 0x0003, 32, AEAD_NONCE, AEAD_TAG, chacha_seal, chacha_open};

/* ---- X25519 and its KEM ---- */

enum { RAW_KEY = 32 }; /* X25519's and Ed25519's keys, public and private */

static err raw_public_of(int type, uint8_t *pub, const uint8_t *priv) {
    size_t n = RAW_KEY;
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(type, NULL, priv, RAW_KEY);
    err e = ERR_NO_MEMORY;
    if (key != NULL && EVP_PKEY_get_raw_public_key(key, pub, &n) == 1 && n == RAW_KEY)
        e = OK;
    EVP_PKEY_free(key);
    if (e != OK)
        wipe(pub, RAW_KEY);
    return e;
}

static err x25519_public_of(uint8_t *pub, const uint8_t *priv) {
    return raw_public_of(EVP_PKEY_X25519, pub, priv);
}

/* OpenSSL refuses an all-zero result, as RFC 7748 section 6.1 allows. */
static err x25519_exchange(uint8_t *out, const uint8_t *priv, const uint8_t *pub) {
    size_t n = RAW_KEY;
    EVP_PKEY *own = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, priv, RAW_KEY);
    EVP_PKEY *peer = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, pub, RAW_KEY);
    EVP_PKEY_CTX *ctx = own == NULL ? NULL : EVP_PKEY_CTX_new(own, NULL);
    err e = ERR_NO_MEMORY;
    if (peer == NULL || ctx == NULL || EVP_PKEY_derive_init(ctx) != 1)
        goto out;
    e = ERR_CRYPTO;
    if (EVP_PKEY_derive_set_peer(ctx, peer) == 1 && EVP_PKEY_derive(ctx, out, &n) == 1 &&
        n == RAW_KEY)
        e = OK;
out:
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(peer);
    EVP_PKEY_free(own);
    if (e != OK)
        wipe(out, RAW_KEY);
    return e;
}

static const struct crypto_dh x25519 = {.kem_id = 0x0020,
                                        .hash = &crypto_ossl_sha256,
                                        .pub = RAW_KEY,
                                        .priv = RAW_KEY,
                                        .shared = RAW_KEY,
                                        .public_of = x25519_public_of,
                                        .exchange = x25519_exchange};

static err x25519_generate(uint8_t *pub, uint8_t *priv) {
    return dhkem_generate(&x25519, pub, priv);
}

static err x25519_derive(uint8_t *pub, uint8_t *priv, slice ikm) {
    return dhkem_derive(&x25519, pub, priv, ikm);
}

static err x25519_encap(uint8_t *secret, uint8_t *enc, const uint8_t *pub, const uint8_t *seed) {
    return dhkem_encap(&x25519, secret, enc, pub, seed);
}

static err x25519_decap(uint8_t *secret, const uint8_t *enc, const uint8_t *priv) {
    return dhkem_decap(&x25519, secret, enc, priv);
}

const struct crypto_kem crypto_ossl_dhkem_x25519 = {.name = "DHKEM(X25519, HKDF-SHA256)",
                                                    .hpke_id = 0x0020,
                                                    .secret = 32,
                                                    .enc = RAW_KEY,
                                                    .pub = RAW_KEY,
                                                    .priv = RAW_KEY,
                                                    .seed = 32,
                                                    .generate = x25519_generate,
                                                    .derive = x25519_derive,
                                                    .public_of = x25519_public_of,
                                                    .encap = x25519_encap,
                                                    .decap = x25519_decap};

/* ---- Ed25519. Unlike libsodium, OpenSSL accepts public keys of small order. ---- */

enum { ED25519_SIG = 64 };

static err ed25519_public_of(uint8_t *pub, const uint8_t *priv) {
    return raw_public_of(EVP_PKEY_ED25519, pub, priv);
}

static err ed25519_generate(uint8_t *pub, uint8_t *priv) {
    crypto_random(priv, RAW_KEY);
    err e = ed25519_public_of(pub, priv);
    if (e != OK)
        wipe(priv, RAW_KEY);
    return e;
}

static err ed25519_sign(uint8_t *sig, size_t *n, const uint8_t *priv, slice message) {
    if (*n < ED25519_SIG)
        return ERR_BUG;
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, priv, RAW_KEY);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    size_t written = ED25519_SIG;
    err e = ERR_NO_MEMORY;
    if (key != NULL && ctx != NULL && EVP_DigestSignInit(ctx, NULL, NULL, NULL, key) == 1 &&
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

static err ed25519_verify(slice sig, slice pub, slice message) {
    if (sig.n != ED25519_SIG || pub.n != RAW_KEY)
        return ERR_SIGNATURE;
    EVP_PKEY *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, pub.p, pub.n);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    err e = ERR_NO_MEMORY;
    if (key == NULL || ctx == NULL || EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) != 1)
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

const struct crypto_sig crypto_ossl_ed25519 = {.name = "Ed25519",
                                               .pub = RAW_KEY,
                                               .priv = RAW_KEY,
                                               .max = ED25519_SIG,
                                               .generate = ed25519_generate,
                                               .public_of = ed25519_public_of,
                                               .sign = ed25519_sign,
                                               .verify = ed25519_verify};
