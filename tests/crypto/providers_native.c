#include "tests/crypto/providers.h"

const struct test_providers test_providers = {
    .hashes = {&crypto_sha256, &crypto_sha512, &crypto_blake2b, &crypto_ossl_sha256,
               &crypto_ossl_sha384, &crypto_ossl_sha512},
    .aeads = {&crypto_chacha20poly1305, &crypto_xchacha20poly1305, &crypto_ossl_aes128gcm,
              &crypto_ossl_aes256gcm, &crypto_ossl_chacha20poly1305},
    .sigs = {&crypto_ed25519, &crypto_ossl_ed25519, &crypto_ed448, &crypto_ecdsa_p256,
             &crypto_ecdsa_p384, &crypto_ecdsa_p521},
    .kems = {&crypto_dhkem_x25519, &crypto_xwing, &crypto_ossl_dhkem_x25519, &crypto_dhkem_x448,
             &crypto_dhkem_p256, &crypto_dhkem_p384, &crypto_dhkem_p521},
    .suites =
        {
            {&crypto_dhkem_x25519, &crypto_sha256, 0x0001, &crypto_chacha20poly1305},
            {&crypto_xwing, &crypto_sha256, 0x0001, &crypto_chacha20poly1305},
            {&crypto_ossl_dhkem_x25519, &crypto_ossl_sha256, 0x0001, &crypto_ossl_chacha20poly1305},
            {&crypto_dhkem_x25519, &crypto_sha256, 0x0001, &crypto_ossl_aes128gcm},
            {&crypto_xwing, &crypto_ossl_sha384, 0x0002, &crypto_ossl_aes256gcm},
            {&crypto_xwing, &crypto_sha512, 0x0003, &crypto_chacha20poly1305},
            {&crypto_dhkem_p256, &crypto_sha256, 0x0001, &crypto_ossl_aes128gcm},
            {&crypto_dhkem_x448, &crypto_sha512, 0x0003, &crypto_ossl_aes256gcm},
            {&crypto_dhkem_p384, &crypto_ossl_sha384, 0x0002, &crypto_ossl_aes256gcm},
            {&crypto_dhkem_p521, &crypto_sha512, 0x0003, &crypto_ossl_aes256gcm},
        },
};
