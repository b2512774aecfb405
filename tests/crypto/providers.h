/* What there is to test: every provider's tables in a native build, libsodium's alone in a
 * WebAssembly one. Each list ends with NULL (suites: with a NULL kem). */
#ifndef SOTTO_TESTS_CRYPTO_PROVIDERS_H
#define SOTTO_TESTS_CRYPTO_PROVIDERS_H

#include "crypto/hpke.h"

struct test_providers {
    const struct crypto_hash *hashes[8];
    const struct crypto_aead *aeads[8];
    const struct crypto_sig *sigs[8];
    const struct crypto_kem *kems[8];
    struct hpke_suite suites[12];
};
extern const struct test_providers test_providers;

#endif
