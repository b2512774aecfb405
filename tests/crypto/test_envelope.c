/* Envelopes for the owners of certificates: who opens them, and what is no certificate; and what
 * their owners sign. */
#include "crypto/envelope.h"

#include <string.h>

#include "crypto/certificate.h"
#include "tests/test.h"

/* OpenSSL has a type of this name, which we don't use, and we have an error of it. */
#define ERR_STATE OPENSSL_ERR_STATE
#include <openssl/cms.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#undef ERR_STATE

struct owner {
    EVP_PKEY *key;
    X509 *certificate;
    buf der;
};
enum { OF_RSA, OF_CURVE, OF_SIGNING, OF_SHORT_RSA, OF_SHORT_CURVE };

static EVP_PKEY *make_key(int kind) {
    if (kind == OF_RSA || kind == OF_SHORT_RSA)
        return EVP_RSA_gen(kind == OF_RSA ? 2048 : 1024);
    if (kind == OF_SHORT_CURVE)
        return EVP_EC_gen("P-192");
    return kind == OF_CURVE ? EVP_EC_gen("P-256") : EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
}

static void owner_init(struct owner *o, int kind) {
    *o = (struct owner){.key = make_key(kind), .certificate = X509_new()};
    unsigned char *der = NULL;
    CHECK(o->key != NULL && o->certificate != NULL);
    /* Each its own, by which it is found among those that an envelope is for. */
    CHECK(ASN1_INTEGER_set(X509_get_serialNumber(o->certificate), kind + 1) == 1);
    CHECK(X509_gmtime_adj(X509_getm_notBefore(o->certificate), 0) != NULL);
    CHECK(X509_gmtime_adj(X509_getm_notAfter(o->certificate), 3600) != NULL);
    CHECK(X509_set_pubkey(o->certificate, o->key) == 1);
    const EVP_MD *hash = kind == OF_SIGNING ? NULL : EVP_sha256();
    CHECK(X509_sign(o->certificate, o->key, hash) > 0);
    int n = i2d_X509(o->certificate, &der);
    CHECK(n > 0);
    CHECK_OK(buf_append(&o->der, slice_of(der, (size_t)n)));
    OPENSSL_free(der);
}

static void owner_fini(struct owner *o) {
    EVP_PKEY_free(o->key);
    X509_free(o->certificate);
    buf_free(&o->der);
}

static CMS_ContentInfo *parse(const buf *sealed) {
    const unsigned char *p = sealed->p;
    CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &p, (long)sealed->n);
    CHECK(cms != NULL && p == sealed->p + sealed->n);
    return cms;
}

/* What this owner reads in it; empty: nothing. */
static void open_by(const struct owner *o, const buf *sealed, buf *content) {
    CMS_ContentInfo *cms = parse(sealed);
    BIO *out = BIO_new(BIO_s_mem());
    char *bytes = NULL;
    CHECK(out != NULL);
    buf_clear(content);
    if (CMS_decrypt(cms, o->key, o->certificate, NULL, out, CMS_BINARY) == 1) {
        long n = BIO_get_mem_data(out, &bytes);
        CHECK_OK(buf_append(content, slice_of(bytes, (size_t)n)));
    }
    BIO_free(out);
    CMS_ContentInfo_free(cms);
}

/* The padding of the one recipient's RSA key. */
static bool is_oaep(const buf *sealed) {
    CMS_ContentInfo *cms = parse(sealed);
    STACK_OF(CMS_RecipientInfo) *all = CMS_get0_RecipientInfos(cms);
    X509_ALGOR *how = NULL;
    CHECK(sk_CMS_RecipientInfo_num(all) == 1);
    CHECK(CMS_RecipientInfo_ktri_get0_algs(sk_CMS_RecipientInfo_value(all, 0), NULL, NULL, &how) ==
          1);
    const ASN1_OBJECT *name = NULL;
    X509_ALGOR_get0(&name, NULL, NULL, how);
    bool oaep = OBJ_obj2nid(name) == NID_rsaesOaep;
    CMS_ContentInfo_free(cms);
    return oaep;
}

TEST(each_owner_opens_it_and_nobody_else) {
    const slice letter = slice_str("a letter\nof two lines\n");
    struct owner owners[2], other;
    buf sealed = {0}, content = {0};
    for (int kind = 0; kind < 2; kind++)
        owner_init(&owners[kind], kind);
    owner_init(&other, OF_RSA);
    const slice certificates[] = {buf_slice(&owners[0].der), buf_slice(&owners[1].der)};
    CHECK_OK(crypto_envelope_seal(&sealed, certificates, 2, letter));
    for (int kind = 0; kind < 2; kind++) {
        open_by(&owners[kind], &sealed, &content);
        CHECK_SLICE(buf_slice(&content), letter);
        owner_fini(&owners[kind]);
    }
    open_by(&other, &sealed, &content);
    CHECK(!slice_equal(buf_slice(&content), letter));
    CHECK(memmem(sealed.p, sealed.n, "a letter", 8) == NULL);
    owner_fini(&other);
    buf_free(&sealed);
    buf_free(&content);
}

TEST(an_rsa_key_is_used_with_oaep) {
    struct owner owner;
    buf sealed = {0};
    owner_init(&owner, OF_RSA);
    const slice certificate = buf_slice(&owner.der);
    CHECK_OK(crypto_envelope_seal(&sealed, &certificate, 1, slice_str("a letter")));
    CHECK(is_oaep(&sealed));
    owner_fini(&owner);
    buf_free(&sealed);
}

static void check_none(slice good, slice bad) {
    const slice certificates[] = {good, bad};
    buf out = {0};
    CHECK_ERR(crypto_envelope_seal(&out, certificates, 2, slice_str("a letter")), ERR_MALFORMED);
    CHECK_EQ(out.n, 0);
    buf_free(&out);
}

TEST(what_is_no_certificate_is_refused_and_with_it_the_whole) {
    struct owner good, signing;
    buf longer = {0};
    owner_init(&good, OF_CURVE);
    owner_init(&signing, OF_SIGNING);
    const slice der = buf_slice(&good.der);
    CHECK_OK(buf_set(&longer, der));
    CHECK_OK(buf_append_byte(&longer, 0));
    check_none(der, SLICE_EMPTY);
    check_none(der, slice_str("ABC"));
    check_none(der, slice_of(der.p, der.n - 1));
    check_none(der, buf_slice(&longer));
    check_none(der, buf_slice(&signing.der)); /* nothing can be encrypted to its key */
    owner_fini(&good);
    owner_fini(&signing);
    buf_free(&longer);
}

static buf signed_by(const struct owner *o, slice message) {
    buf signature = {0};
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    const EVP_MD *hash = EVP_PKEY_get_base_id(o->key) == EVP_PKEY_ED25519 ? NULL : EVP_sha256();
    size_t n = 0;
    CHECK(EVP_DigestSignInit(ctx, NULL, hash, NULL, o->key) == 1);
    CHECK(EVP_DigestSign(ctx, NULL, &n, message.p, message.n) == 1);
    CHECK_OK(buf_resize(&signature, n));
    CHECK(EVP_DigestSign(ctx, signature.p, &n, message.p, message.n) == 1);
    CHECK_OK(buf_resize(&signature, n));
    EVP_MD_CTX_free(ctx);
    return signature;
}

TEST(a_signature_is_of_the_certificates_owner_and_of_this_message) {
    slice message = slice_str("sotto filing"), other = slice_str("sotto filinh");
    struct owner stranger;
    owner_init(&stranger, OF_CURVE);
    for (int kind = OF_RSA; kind <= OF_SIGNING; kind++) {
        struct owner o;
        owner_init(&o, kind);
        buf signature = signed_by(&o, message);
        slice der = buf_slice(&o.der);
        CHECK_OK(crypto_certificate_verify(der, message, buf_slice(&signature)));
        CHECK_ERR(crypto_certificate_verify(der, other, buf_slice(&signature)), ERR_SIGNATURE);
        CHECK_ERR(
            crypto_certificate_verify(buf_slice(&stranger.der), message, buf_slice(&signature)),
            ERR_SIGNATURE);
        CHECK_ERR(crypto_certificate_verify(der, message, SLICE_EMPTY), ERR_SIGNATURE);
        CHECK_ERR(
            crypto_certificate_verify(slice_of(der.p, der.n - 1), message, buf_slice(&signature)),
            ERR_MALFORMED);
        signature.p[signature.n / 2] ^= 1;
        CHECK_ERR(crypto_certificate_verify(der, message, buf_slice(&signature)), ERR_SIGNATURE);
        buf_free(&signature);
        owner_fini(&o);
    }
    owner_fini(&stranger);
}

TEST(a_short_key_signs_nothing_that_is_believed) {
    slice message = slice_str("sotto filing");
    for (int kind = OF_SHORT_RSA; kind <= OF_SHORT_CURVE; kind++) {
        struct owner o;
        owner_init(&o, kind);
        buf signature = signed_by(&o, message);
        CHECK_ERR(crypto_certificate_verify(buf_slice(&o.der), message, buf_slice(&signature)),
                  ERR_UNSUPPORTED);
        buf_free(&signature);
        owner_fini(&o);
    }
}

TEST_MAIN
