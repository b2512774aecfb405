/* The provider over OpenSSL 3.0: hashes, HMAC and AEADs. Key encapsulation and signatures are in
 * openssl_keys.c. Not part of WebAssembly builds. */
#include "crypto/internal.h"

#include <limits.h>

/* OpenSSL has a type of this name, which we don't use, and we have an error of it. */
#define ERR_STATE OPENSSL_ERR_STATE
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#undef ERR_STATE

/* ---- What is looked up by its name, once ----
 * EVP would do so at every call, which costs more than to hash a short message. Nothing here
 * changes after crypto_init. */

enum algorithm { SHA256, SHA384, SHA512, HASHES };
enum cipher { AES128GCM, AES256GCM, CHACHA, CIPHERS };

static struct {
    EVP_MD *md[HASHES];
    EVP_MAC_CTX *hmac[HASHES]; /* with the hash set, and no key */
    EVP_CIPHER *cipher[CIPHERS];
} ready;

static EVP_MAC_CTX *prepare_hmac(EVP_MAC *mac, const char *hash) {
    char *name = (char *)(uintptr_t)hash; /* OSSL_PARAM wants it without const */
    OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
                           OSSL_PARAM_construct_end()};
    EVP_MAC_CTX *ctx = mac == NULL ? NULL : EVP_MAC_CTX_new(mac);
    if (ctx != NULL && EVP_MAC_CTX_set_params(ctx, params) == 1)
        return ctx;
    EVP_MAC_CTX_free(ctx);
    return NULL;
}

err crypto_openssl_init(void) {
    static const char *const hashes[] = {"SHA2-256", "SHA2-384", "SHA2-512"};
    static const char *const ciphers[] = {"AES-128-GCM", "AES-256-GCM", "ChaCha20-Poly1305"};
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    bool all = true;
    for (size_t i = 0; i < HASHES; i++) {
        if (ready.md[i] == NULL)
            ready.md[i] = EVP_MD_fetch(NULL, hashes[i], NULL);
        if (ready.hmac[i] == NULL)
            ready.hmac[i] = prepare_hmac(mac, hashes[i]);
        all = all && ready.md[i] != NULL && ready.hmac[i] != NULL;
    }
    for (size_t i = 0; i < CIPHERS; i++) {
        if (ready.cipher[i] == NULL)
            ready.cipher[i] = EVP_CIPHER_fetch(NULL, ciphers[i], NULL);
        all = all && ready.cipher[i] != NULL;
    }
    EVP_MAC_free(mac);
    return all ? OK : ERR_BUG;
}

/* ---- Hashes ---- */

static err ossl_hash(enum algorithm algorithm, uint8_t *out, const slice *parts, size_t count) {
    const EVP_MD *md = ready.md[algorithm];
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    err e = ERR_NO_MEMORY;
    if (ctx == NULL || EVP_DigestInit_ex2(ctx, md, NULL) != 1)
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

static err ossl_hmac(enum algorithm algorithm, uint8_t *out, slice key, const slice *parts,
                     size_t count) {
    static const uint8_t NO_KEY[1] = {0};
    size_t len = (size_t)EVP_MD_get_size(ready.md[algorithm]), n = 0;
    EVP_MAC_CTX *ctx = EVP_MAC_CTX_dup(ready.hmac[algorithm]);
    err e = ERR_NO_MEMORY;
    /* A NULL key would mean "the key of before". */
    if (ctx == NULL || EVP_MAC_init(ctx, key.n == 0 ? NO_KEY : key.p, key.n, NULL) != 1)
        goto out;
    for (size_t i = 0; i < count; i++)
        if (EVP_MAC_update(ctx, parts[i].p, parts[i].n) != 1)
            goto out;
    if (EVP_MAC_final(ctx, out, &n, len) == 1 && n == len)
        e = OK;
out:
    EVP_MAC_CTX_free(ctx);
    if (e != OK)
        wipe(out, len);
    return e;
}

#define HASH(table, algorithm, text, len)                                                \
    static err table##_hash(uint8_t *out, const slice *parts, size_t count) {            \
        return ossl_hash(algorithm, out, parts, count);                                  \
    }                                                                                    \
    static err table##_hmac(uint8_t *out, slice key, const slice *parts, size_t count) { \
        return ossl_hmac(algorithm, out, key, parts, count);                             \
    }                                                                                    \
    const struct crypto_hash table = {text, len, table##_hash, table##_hmac};

HASH(crypto_ossl_sha256, SHA256, "SHA-256", 32)
HASH(crypto_ossl_sha384, SHA384, "SHA-384", 48)
HASH(crypto_ossl_sha512, SHA512, "SHA-512", 64)

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

#define AEAD(table, which, text, id, key_len)                                                  \
    static err table##_seal(uint8_t *out, const uint8_t *key, const uint8_t *nonce, slice aad, \
                            slice plain) {                                                     \
        return ossl_seal(ready.cipher[which], out, key, nonce, aad, plain);                    \
    }                                                                                          \
    static err table##_open(uint8_t *out, const uint8_t *key, const uint8_t *nonce, slice aad, \
                            slice sealed) {                                                    \
        return ossl_open(ready.cipher[which], out, key, nonce, aad, sealed);                   \
    }                                                                                          \
    const struct crypto_aead table = {text,     id,           key_len,     AEAD_NONCE,         \
                                      AEAD_TAG, table##_seal, table##_open};

AEAD(crypto_ossl_aes128gcm, AES128GCM, "AES-128-GCM", 0x0001, 16)
AEAD(crypto_ossl_aes256gcm, AES256GCM, "AES-256-GCM", 0x0002, 32)
AEAD(crypto_ossl_chacha20poly1305, CHACHA, "ChaCha20-Poly1305", 0x0003, 32)
