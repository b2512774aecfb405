/* Primitives: one table per kind, filled by a provider file (sodium.c, openssl.c). Nobody above
 * asks which library stands behind a table. No function keeps state between calls but in what its
 * caller hands in.
 *
 * Call crypto_init() once before anything else. Failures: BUG for lengths that break the contract,
 * CRYPTO or SIGNATURE for input that does not check, NO_MEMORY. On failure outputs are zeroed. */
#ifndef SOTTO_CRYPTO_CRYPTO_H
#define SOTTO_CRYPTO_CRYPTO_H

#include "base/slice.h"

enum {
    CRYPTO_HASH_MAX = 64,
    CRYPTO_KEM_SECRET_MAX = 64,
    CRYPTO_KEM_PUBLIC_MAX = 1216,
    CRYPTO_KEM_PRIVATE_MAX = 66,
    CRYPTO_KEM_ENC_MAX = 1120,
    CRYPTO_AEAD_KEY_MAX = 32,
    CRYPTO_AEAD_NONCE_MAX = 24,
    CRYPTO_AEAD_TAG_MAX = 16,
    CRYPTO_SIG_PUBLIC_MAX = 133,
    CRYPTO_SIG_PRIVATE_MAX = 66,
    CRYPTO_SIG_MAX = 144
};

/* May be called again; BUG if a library can't start (no randomness). */
MUST err crypto_init(void);

/* Fills with unpredictable bytes. Can't fail: without randomness the process ends. */
void crypto_random(void *out, size_t n);

struct crypto_hash {
    const char *name;
    size_t len; /* bytes of output */
    /* Hash of the parts, one after another. out: len bytes. */
    err (*hash)(uint8_t *out, const slice *parts, size_t count);
    /* HMAC (RFC 2104). Any key length. */
    err (*hmac)(uint8_t *out, slice key, const slice *parts, size_t count);
};

struct crypto_aead {
    const char *name;
    uint16_t hpke_id; /* 0 if HPKE has none */
    size_t key, nonce, tag;
    /* out: plain.n + tag bytes; may be the same memory as plain, but may not overlap otherwise. */
    err (*seal)(uint8_t *out, const uint8_t *key, const uint8_t *nonce, slice aad, slice plain);
    /* out: sealed.n - tag bytes; CRYPTO if it does not authenticate or is shorter than the tag. */
    err (*open)(uint8_t *out, const uint8_t *key, const uint8_t *nonce, slice aad, slice sealed);
};

struct crypto_kem {
    const char *name;
    uint16_t hpke_id;
    size_t secret, enc, pub, priv; /* bytes: Nsecret, Nenc, Npk, Nsk */
    size_t seed;                   /* bytes of randomness of one encapsulation */
    err (*generate)(uint8_t *pub, uint8_t *priv);
    /* DeriveKeyPair: RFC 9180 section 7.1.3, or draft-ietf-hpke-pq for X-Wing. */
    err (*derive)(uint8_t *pub, uint8_t *priv, slice ikm);
    err (*public_of)(uint8_t *pub, const uint8_t *priv);
    /* CRYPTO for what is no public key: encap would fail for it. */
    err (*check)(const uint8_t *pub);
    /* Encap; seed is NULL except in tests with known answers. CRYPTO for a bad public key. */
    err (*encap)(uint8_t *secret, uint8_t *enc, const uint8_t *pub, const uint8_t *seed);
    err (*decap)(uint8_t *secret, const uint8_t *enc, const uint8_t *priv);
};

struct crypto_sig {
    const char *name;
    size_t pub, priv,
        max; /* bytes: public key, private key (Ed25519: the seed), longest signature */
    err (*generate)(uint8_t *pub, uint8_t *priv);
    err (*public_of)(uint8_t *pub, const uint8_t *priv);
    /* *n: in, the room at sig; out, the signature's length. */
    err (*sign)(uint8_t *sig, size_t *n, const uint8_t *priv, slice message);
    err (*verify)(slice sig, slice pub, slice message);
};

/* libsodium: sodium.c */
extern const struct crypto_hash crypto_sha256, crypto_sha512;
extern const struct crypto_hash crypto_blake2b; /* 64 bytes, unkeyed; its hmac is HMAC-BLAKE2b */
extern const struct crypto_aead crypto_chacha20poly1305, crypto_xchacha20poly1305;
/* Only where the processor has it: crypto_has_aes(), after crypto_init. */
extern const struct crypto_aead crypto_aes256gcm;
bool crypto_has_aes(void);
extern const struct crypto_kem crypto_dhkem_x25519; /* RFC 9180: KEM 0x0020 with HKDF-SHA256 */
extern const struct crypto_kem crypto_xwing;        /* KEM 0x647a */
extern const struct crypto_sig crypto_ed25519;

/* OpenSSL: openssl.c, openssl_keys.c. Not in WebAssembly builds. First what libsodium lacks, as RFC
 * 9180 section 7.1 and RFC 9420 section 17.1 have it: points are uncompressed, ECDSA's signatures
 * DER. */
extern const struct crypto_kem crypto_dhkem_p256, crypto_dhkem_p384, crypto_dhkem_p521,
    crypto_dhkem_x448;
extern const struct crypto_sig crypto_ecdsa_p256, crypto_ecdsa_p384, crypto_ecdsa_p521,
    crypto_ed448;
/* This Ed25519 accepts public keys of small order, which libsodium's refuses: verify strangers'
 * signatures with crypto_ed25519. */
extern const struct crypto_hash crypto_ossl_sha256, crypto_ossl_sha384, crypto_ossl_sha512;
extern const struct crypto_aead crypto_ossl_aes128gcm, crypto_ossl_aes256gcm,
    crypto_ossl_chacha20poly1305;
extern const struct crypto_kem crypto_ossl_dhkem_x25519;
extern const struct crypto_sig crypto_ossl_ed25519;

/* Ed25519 over the label, a zero byte and the content, so that a signature made for one purpose is
 * none for another. signature: 64 bytes; seed, key: 32. SIGNATURE, NO_MEMORY. */
MUST err crypto_sign_labeled(uint8_t *signature, const uint8_t *seed, const char *label,
                             slice content);
MUST err crypto_verify_labeled(const uint8_t *signature, const uint8_t *key, const char *label,
                               slice content);

/* SHA-256 of what comes piece by piece. The state may be copied, and wiped. */
struct crypto_sha256_state {
    uint64_t words[16];
};
void crypto_sha256_begin(struct crypto_sha256_state *state);
void crypto_sha256_add(struct crypto_sha256_state *state, slice bytes);
/* Of what was added so far; more may follow. */
void crypto_sha256_digest(const struct crypto_sha256_state *state, uint8_t digest[32]);

/* HKDF (RFC 5869) over any hash. prk: hash->len bytes. */
MUST err crypto_hkdf_extract(const struct crypto_hash *hash, uint8_t *prk, slice salt, slice ikm);
/* BUG if n > 255 * hash->len or count > 16. info is the parts one after another. */
MUST err crypto_hkdf_expand(const struct crypto_hash *hash, uint8_t *out, size_t n, slice prk,
                            const slice *info, size_t count);

/* X25519 (RFC 7748). priv, pub, out: 32 bytes. CRYPTO if the result is all zero. */
MUST err crypto_x25519(uint8_t *out, const uint8_t *priv, const uint8_t *pub);
void crypto_x25519_generate(uint8_t *pub, uint8_t *priv);
MUST err crypto_x25519_public(uint8_t *pub, const uint8_t *priv);

/* ML-KEM-768 (FIPS 203). A private key is the seed that both are made of (d, z). seed, in
 * encapsulating: NULL except in tests with known answers. CRYPTO for a public key that isn't one
 * (section 7.2); what decapsulates wrongly gives another secret. */
enum { CRYPTO_MLKEM_PUB = 1184, CRYPTO_MLKEM_PRIV = 64, CRYPTO_MLKEM_ENC = 1088 };
MUST err crypto_mlkem768_generate(uint8_t *pub, uint8_t *priv);
MUST err crypto_mlkem768_public(uint8_t *pub, const uint8_t *priv);
MUST err crypto_mlkem768_encap(uint8_t secret[32], uint8_t *enc, const uint8_t *pub,
                               const uint8_t *seed);
MUST err crypto_mlkem768_decap(uint8_t secret[32], const uint8_t *enc, const uint8_t *priv);

/* BLAKE2b with a key (0 to 64 bytes) and an output of 1 to 64 bytes. */
MUST err crypto_blake2b_keyed(uint8_t *out, size_t n, slice key, const slice *parts, size_t count);

/* Work: BLAKE2b-256, keyed with the challenge, over the label, a zero byte, type, place and nonce;
 * whoever looks for the nonce wants many zero bits at the beginning. */
MUST err crypto_work_hash(const char *label, const uint8_t challenge[16], uint16_t type,
                          const uint8_t place[32], uint64_t nonce, uint8_t hash[32]);
/* How many there are. */
unsigned crypto_work_bits(const uint8_t hash[32]);

/* Argon2id (RFC 9106, one lane): a key of n bytes from a passphrase. salt: 16 bytes. */
MUST err crypto_argon2id(uint8_t *out, size_t n, slice passphrase, const uint8_t *salt,
                         uint32_t passes, size_t memory_bytes);

#endif
