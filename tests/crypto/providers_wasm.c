#include "tests/crypto/providers.h"

const struct test_providers test_providers = {
    .hashes = {&crypto_sha256, &crypto_sha512, &crypto_blake2b},
    .aeads = {&crypto_chacha20poly1305, &crypto_xchacha20poly1305},
    .sigs = {&crypto_ed25519},
    .kems = {&crypto_dhkem_x25519, &crypto_xwing},
    .suites =
        {
            {&crypto_dhkem_x25519, &crypto_sha256, 0x0001, &crypto_chacha20poly1305},
            {&crypto_xwing, &crypto_sha256, 0x0001, &crypto_chacha20poly1305},
            {&crypto_xwing, &crypto_sha512, 0x0003, &crypto_chacha20poly1305},
        },
};
