/* The provider over libsodium: randomness, hashes, HMAC, AEADs and what stands alone. Key
 * encapsulation and signatures are in sodium_keys.c. */
#include "crypto/internal.h"

#include <errno.h>
#include <sodium.h>

err crypto_sodium_init(void) {
    return sodium_init() < 0 ? ERR_BUG : OK;
}

void crypto_random(void *out, size_t n) {
    randombytes_buf(out, n);
}

/* ---- Hashes. The functions of libsodium's fixed-length hashes can't fail. ---- */

static err sha256_hash(uint8_t *out, const slice *parts, size_t count) {
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    for (size_t i = 0; i < count; i++)
        crypto_hash_sha256_update(&state, parts[i].p, parts[i].n);
    crypto_hash_sha256_final(&state, out);
    wipe(&state, sizeof(state));
    return OK;
}

_Static_assert(sizeof(crypto_hash_sha256_state) <= sizeof(struct crypto_sha256_state) &&
                   _Alignof(crypto_hash_sha256_state) <= _Alignof(struct crypto_sha256_state),
               "libsodium's state fits ours");

void crypto_sha256_begin(struct crypto_sha256_state *state) {
    crypto_hash_sha256_init((crypto_hash_sha256_state *)state);
}

void crypto_sha256_add(struct crypto_sha256_state *state, slice bytes) {
    crypto_hash_sha256_update((crypto_hash_sha256_state *)state, bytes.p, bytes.n);
}

void crypto_sha256_digest(const struct crypto_sha256_state *state, uint8_t digest[32]) {
    crypto_hash_sha256_state copy;
    memcpy(&copy, state, sizeof copy);
    crypto_hash_sha256_final(&copy, digest);
    wipe(&copy, sizeof copy);
}

static err sha256_hmac(uint8_t *out, slice key, const slice *parts, size_t count) {
    crypto_auth_hmacsha256_state state;
    crypto_auth_hmacsha256_init(&state, key.p, key.n);
    for (size_t i = 0; i < count; i++)
        crypto_auth_hmacsha256_update(&state, parts[i].p, parts[i].n);
    crypto_auth_hmacsha256_final(&state, out);
    wipe(&state, sizeof(state));
    return OK;
}

static err sha512_hash(uint8_t *out, const slice *parts, size_t count) {
    crypto_hash_sha512_state state;
    crypto_hash_sha512_init(&state);
    for (size_t i = 0; i < count; i++)
        crypto_hash_sha512_update(&state, parts[i].p, parts[i].n);
    crypto_hash_sha512_final(&state, out);
    wipe(&state, sizeof(state));
    return OK;
}

static err sha512_hmac(uint8_t *out, slice key, const slice *parts, size_t count) {
    crypto_auth_hmacsha512_state state;
    crypto_auth_hmacsha512_init(&state, key.p, key.n);
    for (size_t i = 0; i < count; i++)
        crypto_auth_hmacsha512_update(&state, parts[i].p, parts[i].n);
    crypto_auth_hmacsha512_final(&state, out);
    wipe(&state, sizeof(state));
    return OK;
}

err crypto_blake2b_keyed(uint8_t *out, size_t n, slice key, const slice *parts, size_t count) {
    crypto_generichash_blake2b_state state;
    if (n < 1 || n > 64 || key.n > 64)
        return ERR_BUG;
    err e = ERR_BUG;
    if (crypto_generichash_blake2b_init(&state, key.p, key.n, n) != 0)
        goto out;
    for (size_t i = 0; i < count; i++)
        crypto_generichash_blake2b_update(&state, parts[i].p, parts[i].n);
    if (crypto_generichash_blake2b_final(&state, out, n) == 0)
        e = OK;
out:
    wipe(&state, sizeof(state));
    if (e != OK)
        wipe(out, n);
    return e;
}

enum { BLAKE2B_LEN = 64, BLAKE2B_BLOCK = 128 };

static err blake2b_hash(uint8_t *out, const slice *parts, size_t count) {
    return crypto_blake2b_keyed(out, BLAKE2B_LEN, SLICE_EMPTY, parts, count);
}

/* hash(block || parts), the block being the key with each byte xored with pad: half of an HMAC. */
static err blake2b_padded(uint8_t *out, const uint8_t *key, uint8_t pad, const slice *parts,
                          size_t count) {
    crypto_generichash_blake2b_state state;
    uint8_t block[BLAKE2B_BLOCK];
    for (size_t i = 0; i < BLAKE2B_BLOCK; i++)
        block[i] = key[i] ^ pad;
    bool started = crypto_generichash_blake2b_init(&state, NULL, 0, BLAKE2B_LEN) == 0;
    if (started) {
        crypto_generichash_blake2b_update(&state, block, BLAKE2B_BLOCK);
        for (size_t i = 0; i < count; i++)
            crypto_generichash_blake2b_update(&state, parts[i].p, parts[i].n);
        crypto_generichash_blake2b_final(&state, out, BLAKE2B_LEN);
    }
    wipe(block, sizeof(block));
    wipe(&state, sizeof(state));
    return started ? OK : ERR_BUG;
}

/* RFC 2104 with B = 128, L = 64: Noise's HMAC-HASH, which isn't BLAKE2b's own keyed mode. */
static err blake2b_hmac(uint8_t *out, slice key, const slice *parts, size_t count) {
    uint8_t padded[BLAKE2B_BLOCK] = {0}, inner[BLAKE2B_LEN];
    slice inner_part = SLICE_ARRAY(inner);
    err e = OK;
    if (key.n > BLAKE2B_BLOCK)
        e = blake2b_hash(padded, &key, 1);
    else if (key.n != 0)
        memcpy(padded, key.p, key.n);
    if (e == OK)
        e = blake2b_padded(inner, padded, 0x36, parts, count);
    if (e == OK)
        e = blake2b_padded(out, padded, 0x5c, &inner_part, 1);
    wipe(padded, sizeof(padded));
    wipe(inner, sizeof(inner));
    if (e != OK)
        wipe(out, BLAKE2B_LEN);
    return e;
}

const struct crypto_hash crypto_sha256 = {"SHA-256", 32, sha256_hash, sha256_hmac};
const struct crypto_hash crypto_sha512 = {"SHA-512", 64, sha512_hash, sha512_hmac};
const struct crypto_hash crypto_blake2b = {"BLAKE2b", BLAKE2B_LEN, blake2b_hash, blake2b_hmac};

/* ---- AEADs ---- */

enum { AEAD_KEY = 32, AEAD_TAG = 16 };

static err chacha_seal(uint8_t *out, const uint8_t *key, const uint8_t *nonce, slice aad,
                       slice plain) {
    if (plain.n > crypto_aead_chacha20poly1305_ietf_MESSAGEBYTES_MAX)
        return ERR_BUG;
    crypto_aead_chacha20poly1305_ietf_encrypt(out, NULL, plain.p, plain.n, aad.p, aad.n, NULL,
                                              nonce, key);
    return OK;
}

static err chacha_open(uint8_t *out, const uint8_t *key, const uint8_t *nonce, slice aad,
                       slice sealed) {
    if (sealed.n < AEAD_TAG)
        return ERR_CRYPTO;
    if (crypto_aead_chacha20poly1305_ietf_decrypt(out, NULL, NULL, sealed.p, sealed.n, aad.p, aad.n,
                                                  nonce, key) == 0)
        return OK;
    wipe(out, sealed.n - AEAD_TAG);
    return ERR_CRYPTO;
}

static err xchacha_seal(uint8_t *out, const uint8_t *key, const uint8_t *nonce, slice aad,
                        slice plain) {
    if (plain.n > crypto_aead_xchacha20poly1305_ietf_MESSAGEBYTES_MAX)
        return ERR_BUG;
    crypto_aead_xchacha20poly1305_ietf_encrypt(out, NULL, plain.p, plain.n, aad.p, aad.n, NULL,
                                               nonce, key);
    return OK;
}

static err xchacha_open(uint8_t *out, const uint8_t *key, const uint8_t *nonce, slice aad,
                        slice sealed) {
    if (sealed.n < AEAD_TAG)
        return ERR_CRYPTO;
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(out, NULL, NULL, sealed.p, sealed.n, aad.p,
                                                   aad.n, nonce, key) == 0)
        return OK;
    wipe(out, sealed.n - AEAD_TAG);
    return ERR_CRYPTO;
}

bool crypto_has_aes(void) {
    return crypto_aead_aes256gcm_is_available() != 0;
}

static err aes_seal(uint8_t *out, const uint8_t *key, const uint8_t *nonce, slice aad,
                    slice plain) {
    int failed =
        crypto_aead_aes256gcm_encrypt(out, NULL, plain.p, plain.n, aad.p, aad.n, NULL, nonce, key);
    return failed == 0 ? OK : ERR_CRYPTO;
}

static err aes_open(uint8_t *out, const uint8_t *key, const uint8_t *nonce, slice aad,
                    slice sealed) {
    int failed = crypto_aead_aes256gcm_decrypt(out, NULL, NULL, sealed.p, sealed.n, aad.p, aad.n,
                                               nonce, key);
    return failed == 0 ? OK : ERR_CRYPTO;
}

const struct crypto_aead crypto_aes256gcm = {"AES-256-GCM", 0x0002,   AEAD_KEY, 12,
                                             AEAD_TAG,      aes_seal, aes_open};
const struct crypto_aead crypto_chacha20poly1305 = {
    "ChaCha20-Poly1305", 0x0003, AEAD_KEY, 12, AEAD_TAG, chacha_seal, chacha_open};
const struct crypto_aead crypto_xchacha20poly1305 = {
    "XChaCha20-Poly1305", 0, AEAD_KEY, 24, AEAD_TAG, xchacha_seal, xchacha_open};

/* ---- A key from a passphrase ---- */

err crypto_argon2id(uint8_t *out, size_t n, slice passphrase, const uint8_t *salt, uint32_t passes,
                    size_t memory_bytes) {
    if (n < crypto_pwhash_argon2id_BYTES_MIN || passes < crypto_pwhash_argon2id_OPSLIMIT_MIN ||
        memory_bytes < crypto_pwhash_argon2id_MEMLIMIT_MIN)
        return ERR_BUG;
    errno = 0;
    if (crypto_pwhash_argon2id(out, n, (const char *)passphrase.p, passphrase.n, salt, passes,
                               memory_bytes, crypto_pwhash_argon2id_ALG_ARGON2ID13) == 0)
        return OK;
    wipe(out, n);
    return errno == EINVAL || errno == EFBIG ? ERR_BUG : ERR_NO_MEMORY;
}
