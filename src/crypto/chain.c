#include "crypto/chain.h"

#include "base/codec.h"
#include "crypto/crypto.h"

static const char label_start[] = "Sotto chain v1", label_step[] = "Sotto chain step v1";

/* What a message's tag covers beside it. */
struct bound {
    uint8_t bytes[CRYPTO_CHAIN_KEY + 4];
};

static struct bound bound_of(const struct crypto_chain *c, uint32_t number) {
    struct bound bound;
    memcpy(bound.bytes, c->name, CRYPTO_CHAIN_KEY);
    put_u32(bound.bytes + CRYPTO_CHAIN_KEY, number);
    return bound;
}

/* What is behind the chain's key. */
static void forget(struct crypto_chain *c) {
    wipe(c->key + CRYPTO_CHAIN_KEY, CRYPTO_CHAIN_KEY);
}

static err start(struct crypto_chain *c, uint8_t secret[CRYPTO_CHAIN_KEY]) {
    slice label = slice_of(label_start, sizeof label_start);
    err e = crypto_blake2b_keyed(c->key, CRYPTO_CHAIN_KEY + 4, slice_of(secret, CRYPTO_CHAIN_KEY),
                                 &label, 1);
    const uint8_t *p = c->key + CRYPTO_CHAIN_KEY;
    c->first = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
    c->count = 0;
    forget(c);
    wipe(secret, CRYPTO_CHAIN_KEY);
    return e;
}

err crypto_chain_begin(struct crypto_chain *c, const uint8_t *pub) {
    uint8_t secret[CRYPTO_CHAIN_KEY];
    TRY(crypto_dhkem_x25519.encap(secret, c->name, pub, NULL));
    return start(c, secret);
}

err crypto_chain_follow(struct crypto_chain *c, const uint8_t *name, const uint8_t *priv) {
    uint8_t secret[CRYPTO_CHAIN_KEY];
    TRY(crypto_dhkem_x25519.decap(secret, name, priv));
    memcpy(c->name, name, CRYPTO_CHAIN_KEY);
    return start(c, secret);
}

/* The key that led here is overwritten; what is behind it is the message's until `forget`. */
static err step(struct crypto_chain *c) {
    slice label = slice_of(label_step, sizeof label_step);
    c->count++;
    return crypto_blake2b_keyed(c->key, sizeof c->key, slice_of(c->key, CRYPTO_CHAIN_KEY), &label,
                                1);
}

static const uint8_t *message_key(const struct crypto_chain *c) {
    return c->key + CRYPTO_CHAIN_KEY;
}

static const uint8_t zero_nonce[CRYPTO_AEAD_NONCE_MAX]; /* each key is for one message */

err crypto_chain_seal(struct crypto_chain *c, uint8_t *out, slice plain) {
    struct bound bound = bound_of(c, crypto_chain_number(c));
    if (c->count >= CRYPTO_CHAIN_MAX)
        return ERR_LIMIT;
    TRY(step(c));
    err e = crypto_chacha20poly1305.seal(out, message_key(c), zero_nonce, SLICE_ARRAY(bound.bytes),
                                         plain);
    forget(c);
    return e;
}

err crypto_chain_open(struct crypto_chain *c, uint32_t number, uint8_t *out, slice sealed) {
    struct bound bound = bound_of(c, number);
    uint32_t n = number - c->first;
    if (n >= CRYPTO_CHAIN_MAX)
        return ERR_CRYPTO;
    if (n < c->count)
        return ERR_REPEAT;
    while (c->count <= n)
        TRY(step(c));
    err e = crypto_chacha20poly1305.open(out, message_key(c), zero_nonce, SLICE_ARRAY(bound.bytes),
                                         sealed);
    forget(c);
    return e;
}
