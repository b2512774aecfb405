/* A chain of keys, one for each message, to the owner of an X25519 key. Both sides walk it step by
 * step and forget each key as they use it. There is no way back: a chain, wherever it was found,
 * opens what comes after it and nothing of what came before.
 *
 *   secret, name       = DHKEM(X25519, HKDF-SHA256).Encap(key)          RFC 9180 section 4.1
 *   chain key 0 | u32 first
 *                      = BLAKE2b-288, keyed with secret, of "Sotto chain v1" and a zero byte
 *   chain key n+1 | message key n
 *                      = BLAKE2b-512, keyed with chain key n, of "Sotto chain step v1" and a zero
 *                        byte
 *   number of message n = first + n, modulo 2^32
 *   sealed message n   = ChaCha20-Poly1305 under message key n; nonce: zeros; associated data:
 *                        name, u32 number
 *
 * The KEM binds name and key into the secret. Who has none of the keys can't tell from a number how
 * many messages came before it. */
#ifndef SOTTO_CRYPTO_CHAIN_H
#define SOTTO_CRYPTO_CHAIN_H

#include "base/slice.h"

enum { CRYPTO_CHAIN_KEY = 32, CRYPTO_CHAIN_TAG = 16, CRYPTO_CHAIN_MAX = 65536 /* messages */ };

/* A secret: wipe it when it is no longer needed. */
struct crypto_chain {
    uint8_t name[CRYPTO_CHAIN_KEY];    /* the sender's ephemeral public key */
    uint32_t first, count;             /* message 0's number; how many messages it is past */
    uint8_t key[2 * CRYPTO_CHAIN_KEY]; /* the chain's, and room for the message's */
};

/* A new one to this public key. CRYPTO if it is none. */
MUST err crypto_chain_begin(struct crypto_chain *c, const uint8_t *pub);
/* The same one, where the private key is: at its message 0. CRYPTO if the name is no public key. */
MUST err crypto_chain_follow(struct crypto_chain *c, const uint8_t *name, const uint8_t *priv);
/* The number of the next message. */
static inline uint32_t crypto_chain_number(const struct crypto_chain *c) {
    return c->first + c->count;
}
/* The next message. out: plain.n + CRYPTO_CHAIN_TAG bytes, which may be where plain is. LIMIT after
 * CRYPTO_CHAIN_MAX. */
MUST err crypto_chain_seal(struct crypto_chain *c, uint8_t *out, slice plain);
/* The message of that number, passing over those before it. out: sealed.n - CRYPTO_CHAIN_TAG
 * bytes. CRYPTO if it does not open, or the chain is not so long; REPEAT if it is past it. */
MUST err crypto_chain_open(struct crypto_chain *c, uint32_t number, uint8_t *out, slice sealed);

#endif
