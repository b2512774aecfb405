/* The table of cipher suites. A new one is a line here. */
#include "mls/suite.h"

enum { KDF_HKDF_SHA256 = 0x0001, KDF_HKDF_SHA384 = 0x0002, KDF_HKDF_SHA512 = 0x0003 };

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

/* OpenSSL's hashing is several times as fast where the processor helps (bench_mls); a WebAssembly
 * build has libsodium alone. */
#ifdef __wasm__
#define HASH256 &crypto_sha256
#else
#define HASH256 &crypto_ossl_sha256
#define HASH384 &crypto_ossl_sha384
#define HASH512 &crypto_ossl_sha512
#endif

static const struct mls_suite suites[] = {
    SUITE(MLS_SUITE_XWING_CHACHA, "MLS_128_MLKEM768X25519_CHACHA20POLY1305_SHA256_Ed25519",
          &crypto_xwing, HASH256, KDF_HKDF_SHA256, &crypto_chacha20poly1305, &crypto_ed25519),
    SUITE(MLS_SUITE_X25519_CHACHA, "MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_Ed25519",
          &crypto_dhkem_x25519, HASH256, KDF_HKDF_SHA256, &crypto_chacha20poly1305,
          &crypto_ed25519),
#ifndef __wasm__ /* what libsodium lacks */
    SUITE(MLS_SUITE_X25519_AES128, "MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519",
          &crypto_dhkem_x25519, HASH256, KDF_HKDF_SHA256, &crypto_ossl_aes128gcm, &crypto_ed25519),
    SUITE(MLS_SUITE_P256_AES128, "MLS_128_DHKEMP256_AES128GCM_SHA256_P256", &crypto_dhkem_p256,
          HASH256, KDF_HKDF_SHA256, &crypto_ossl_aes128gcm, &crypto_ecdsa_p256),
    SUITE(MLS_SUITE_X448_AES256, "MLS_256_DHKEMX448_AES256GCM_SHA512_Ed448", &crypto_dhkem_x448,
          HASH512, KDF_HKDF_SHA512, &crypto_ossl_aes256gcm, &crypto_ed448),
    SUITE(MLS_SUITE_P521_AES256, "MLS_256_DHKEMP521_AES256GCM_SHA512_P521", &crypto_dhkem_p521,
          HASH512, KDF_HKDF_SHA512, &crypto_ossl_aes256gcm, &crypto_ecdsa_p521),
    SUITE(MLS_SUITE_X448_CHACHA, "MLS_256_DHKEMX448_CHACHA20POLY1305_SHA512_Ed448",
          &crypto_dhkem_x448, HASH512, KDF_HKDF_SHA512, &crypto_chacha20poly1305, &crypto_ed448),
    SUITE(MLS_SUITE_P384_AES256, "MLS_256_DHKEMP384_AES256GCM_SHA384_P384", &crypto_dhkem_p384,
          HASH384, KDF_HKDF_SHA384, &crypto_ossl_aes256gcm, &crypto_ecdsa_p384),
    SUITE(MLS_SUITE_XWING_AES128, "MLS_128_MLKEM768X25519_AES128GCM_SHA256_Ed25519", &crypto_xwing,
          HASH256, KDF_HKDF_SHA256, &crypto_ossl_aes128gcm, &crypto_ed25519),
    SUITE(MLS_SUITE_XWING_AES256, "MLS_128_MLKEM768X25519_AES256GCM_SHA384_Ed25519", &crypto_xwing,
          HASH384, KDF_HKDF_SHA384, &crypto_ossl_aes256gcm, &crypto_ed25519),
#endif
};
enum { SUITES = sizeof(suites) / sizeof(suites[0]) };

err mls_init(void) {
    return crypto_init();
}

const struct mls_suite *mls_suite_at(size_t i) {
    return i < SUITES ? &suites[i] : NULL;
}

const struct mls_suite *mls_suite_find(uint16_t id) {
    for (size_t i = 0; i < SUITES; i++)
        if (suites[i].id == id)
            return &suites[i];
    return NULL;
}

uint16_t mls_suite_id(const struct mls_suite *suite) {
    return suite->id;
}

const char *mls_suite_name(const struct mls_suite *suite) {
    return suite->name;
}
