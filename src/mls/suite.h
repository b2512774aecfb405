/* Cipher suites (RFC 9420 sections 5.1, 17.1): which primitives stand behind a number.
 * suite.c also holds what sotto/mls.h says of suites. */
#ifndef SOTTO_MLS_SUITE_H
#define SOTTO_MLS_SUITE_H

#include "crypto/hpke.h"
#include "sotto/mls.h"

struct mls_suite {
    uint16_t id;
    const char *name;
    const struct crypto_kem *kem;
    const struct crypto_hash *hash; /* of tree, transcript, MAC and key derivation; len is KDF.Nh */
    const struct crypto_aead *aead;
    const struct crypto_sig *sig;
    struct hpke_suite hpke;
};

#endif
