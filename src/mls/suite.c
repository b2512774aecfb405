/* The table of cipher suites. A new one is a line here. */
#include "mls/suite.h"

enum { KDF_HKDF_SHA256 = 0x0001 };

#define SUITE(number, text, kem_, hash_, kdf_, aead_, sig_)                              \
    {                                                                                    \
        .id = (number), .name = (text), .kem = (kem_), .hash = (hash_), .aead = (aead_), \
        .sig = (sig_), .hpke = {                                                         \
            .kem = (kem_),                                                               \
            .kdf = (hash_),                                                              \
            .kdf_id = (kdf_),                                                            \
            .aead = (aead_)                                                              \
        }                                                                                \
    }

static const struct mls_suite suites[] = {
    SUITE(MLS_SUITE_X25519_CHACHA, "MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_Ed25519",
          &crypto_dhkem_x25519, &crypto_sha256, KDF_HKDF_SHA256, &crypto_chacha20poly1305,
          &crypto_ed25519),
    SUITE(MLS_SUITE_XWING_CHACHA, "X-Wing with ChaCha20-Poly1305, SHA-256, Ed25519", &crypto_xwing,
          &crypto_sha256, KDF_HKDF_SHA256, &crypto_chacha20poly1305, &crypto_ed25519),
};

const struct mls_suite *mls_suite_find(uint16_t id) {
    for (size_t i = 0; i < sizeof(suites) / sizeof(suites[0]); i++)
        if (suites[i].id == id)
            return &suites[i];
    return NULL;
}

uint16_t mls_suite_id(const struct mls_suite *suite) {
    return suite->id;
}
