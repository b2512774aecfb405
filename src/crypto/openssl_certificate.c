#include "crypto/certificate.h"

#include <limits.h>

/* OpenSSL has a type of this name, which we don't use, and we have an error of it. */
#define ERR_STATE OPENSSL_ERR_STATE
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#undef ERR_STATE

enum { RSA_BITS_MIN = 2048, CURVE_BITS_MIN = 224 };

/* Ed25519 has a hash of its own. */
static bool hash_of(const EVP_PKEY *key, const EVP_MD **hash) {
    int kind = EVP_PKEY_get_base_id(key);
    *hash = kind == EVP_PKEY_ED25519 ? NULL : EVP_sha256();
    return kind == EVP_PKEY_ED25519 ||
           (kind == EVP_PKEY_EC && EVP_PKEY_get_bits(key) >= CURVE_BITS_MIN) ||
           (kind == EVP_PKEY_RSA && EVP_PKEY_get_bits(key) >= RSA_BITS_MIN);
}

static err verify(EVP_PKEY *key, slice message, slice signature) {
    const EVP_MD *hash;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    err e = ctx == NULL ? ERR_NO_MEMORY : hash_of(key, &hash) ? ERR_SIGNATURE : ERR_UNSUPPORTED;
    if (e == ERR_SIGNATURE && EVP_DigestVerifyInit(ctx, NULL, hash, NULL, key) == 1 &&
        EVP_DigestVerify(ctx, signature.p, signature.n, message.p, message.n) == 1)
        e = OK;
    EVP_MD_CTX_free(ctx);
    return e;
}

err crypto_certificate_verify(slice der, slice message, slice signature) {
    const unsigned char *p = der.p;
    X509 *certificate = der.n > LONG_MAX ? NULL : d2i_X509(NULL, &p, (long)der.n);
    EVP_PKEY *key =
        certificate != NULL && p == der.p + der.n ? X509_get0_pubkey(certificate) : NULL;
    err e = key == NULL ? ERR_MALFORMED : verify(key, message, signature);
    X509_free(certificate);
    ERR_clear_error();
    return e;
}
