#include "crypto/envelope.h"

#include <limits.h>

/* OpenSSL has a type of this name, which we don't use, and we have an error of it. */
#define ERR_STATE OPENSSL_ERR_STATE
#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#undef ERR_STATE

/* Who may be answered by an older padding could be made to open what was not for them. */
static bool use_oaep(CMS_RecipientInfo *recipient, X509 *certificate) {
    EVP_PKEY_CTX *ctx = CMS_RecipientInfo_get0_pkey_ctx(recipient);
    EVP_PKEY *key = X509_get0_pubkey(certificate);
    return key != NULL &&
           (EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA ||
            (ctx != NULL && EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) == 1));
}

static err add(CMS_ContentInfo *cms, slice der) {
    const unsigned char *p = der.p;
    X509 *certificate = der.n > LONG_MAX ? NULL : d2i_X509(NULL, &p, (long)der.n);
    CMS_RecipientInfo *recipient = NULL;
    err e = ERR_MALFORMED;
    if (certificate != NULL && p == der.p + der.n)
        recipient = CMS_add1_recipient_cert(cms, certificate, CMS_KEY_PARAM);
    if (recipient != NULL && use_oaep(recipient, certificate))
        e = OK;
    X509_free(certificate);
    return e;
}

static err take_out(buf *out, CMS_ContentInfo *cms) {
    unsigned char *der = NULL;
    int n = i2d_CMS_ContentInfo(cms, &der);
    err e = n > 0 ? buf_append(out, slice_of(der, (size_t)n)) : ERR_NO_MEMORY;
    OPENSSL_free(der);
    return e;
}

err crypto_envelope_seal(buf *out, const slice *certificates, size_t n, slice content) {
    enum { FLAGS = CMS_BINARY | CMS_PARTIAL };
    BIO *in = content.n > INT_MAX ? NULL : BIO_new_mem_buf(content.p, (int)content.n);
    CMS_ContentInfo *cms = CMS_encrypt(NULL, NULL, EVP_aes_256_cbc(), FLAGS);
    err e = in != NULL && cms != NULL ? OK : ERR_NO_MEMORY;
    for (size_t i = 0; e == OK && i < n; i++)
        e = add(cms, certificates[i]);
    if (e == OK && CMS_final(cms, in, NULL, FLAGS) != 1)
        e = ERR_MALFORMED;
    if (e == OK)
        e = take_out(out, cms);
    CMS_ContentInfo_free(cms);
    BIO_free(in);
    ERR_clear_error();
    return e;
}
