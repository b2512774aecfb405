/* What there is to test: every provider's tables in a native build, libsodium's alone in a
 * WebAssembly one. Each list ends with NULL (suites: with a NULL kem). */
#ifndef SOTTO_TESTS_CRYPTO_PROVIDERS_H
#define SOTTO_TESTS_CRYPTO_PROVIDERS_H

#include "crypto/hpke.h"

struct test_providers {
    const struct crypto_hash *hashes[8];
    const struct crypto_aead *aeads[8];
    const struct crypto_sig *sigs[4];
    const struct crypto_kem *kems[4];
    struct hpke_suite suites[8];
};
extern const struct test_providers test_providers;

#endif
