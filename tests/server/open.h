/* The client's half of what the server seals: opens a delivery with the mailbox's private key. */
#ifndef SOTTO_TESTS_SERVER_OPEN_H
#define SOTTO_TESTS_SERVER_OPEN_H

#include "crypto/chain.h"
#include "proto/proto.h"

/* The parcel's item points into plain. CRYPTO if it does not open. */
static inline err delivery_open(const struct proto_delivery *d, const uint8_t priv[32], buf *plain,
                                struct proto_parcel *parcel) {
    struct crypto_chain chain;
    if (d->sealed.n < CRYPTO_CHAIN_TAG)
        return ERR_CRYPTO;
    TRY(buf_resize(plain, d->sealed.n - CRYPTO_CHAIN_TAG));
    TRY(crypto_chain_follow(&chain, d->chain, priv));
    TRY(crypto_chain_open(&chain, d->number, plain->p, d->sealed));
    return proto_parcel_decode(buf_slice(plain), parcel);
}

#endif
