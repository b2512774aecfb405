/* Passkeys' signatures, judged by libfido2 too. */
#include "tests/test.h"

/* OpenSSL has a type of this name, which we don't use, and we have an error of it. */
#define ERR_STATE OPENSSL_ERR_STATE
#include <fido.h>
#include <fido/eddsa.h>
#include <fido/es256.h>
#undef ERR_STATE

#include "base/text.h"
#include "office/internal.h"
#include "tests/office/people.h"

static bool key_takes(fido_assert_t *a, const struct soft_key *key) {
    if (key->kind == SOFT_ES256) {
        es256_pk_t *pk = es256_pk_new();
        CHECK(es256_pk_from_ptr(pk, key->pub + 1, 64) == FIDO_OK); /* without the form's byte */
        int result = fido_assert_verify(a, 0, COSE_ES256, pk);
        es256_pk_free(&pk);
        return result == FIDO_OK;
    }
    eddsa_pk_t *pk = eddsa_pk_new();
    CHECK(eddsa_pk_from_ptr(pk, key->pub, 32) == FIDO_OK);
    int result = fido_assert_verify(a, 0, COSE_EDDSA, pk);
    eddsa_pk_free(&pk);
    return result == FIDO_OK;
}

struct parts {
    slice data, client, signature;
};

static struct parts parts_of(slice bytes) {
    struct parts p;
    reader r = reader_of(bytes);
    CHECK_OK(reader_vec(&r, &p.data));
    CHECK_OK(reader_vec(&r, &p.client));
    CHECK_OK(reader_vec(&r, &p.signature));
    return p;
}

static bool fido_takes(const struct parts *p, const struct soft_key *key) {
    uint8_t hash[32];
    CHECK_OK(crypto_sha256.hash(hash, &p->client, 1));
    fido_assert_t *a = fido_assert_new();
    CHECK(fido_assert_set_clientdata_hash(a, hash, sizeof hash) == FIDO_OK);
    CHECK(fido_assert_set_rp(a, "desk.example.org") == FIDO_OK);
    CHECK(fido_assert_set_count(a, 1) == FIDO_OK);
    CHECK(fido_assert_set_up(a, FIDO_OPT_TRUE) == FIDO_OK);
    CHECK(fido_assert_set_uv(a, FIDO_OPT_TRUE) == FIDO_OK);
    bool takes = fido_assert_set_authdata_raw(a, 0, p->data.p, p->data.n) == FIDO_OK &&
                 fido_assert_set_sig(a, 0, p->signature.p, p->signature.n) == FIDO_OK &&
                 key_takes(a, key);
    fido_assert_free(&a);
    return takes;
}

static bool we_take(const struct office *o, slice bytes) {
    return webauthn_verify(o, &o->persons.p[LAW], &o->document, bytes) == OFFICE_OK;
}

/* Whatever byte of this part is changed. */
static void same_for_all_bytes(const struct office *o, buf *bytes, slice part,
                               const struct soft_key *key) {
    struct parts p = parts_of(buf_slice(bytes));
    for (size_t i = (size_t)(part.p - bytes->p), n = 0; n < part.n; i++, n++) {
        bytes->p[i] ^= 0x01;
        CHECK_EQ(fido_takes(&p, key), we_take(o, buf_slice(bytes)));
        bytes->p[i] ^= 0x01;
    }
}

TEST(libfido2_says_what_we_say) {
    static const struct soft_way ways[] = {
        {.flags = 0x05},   {.flags = 0x01},           {.flags = 0x04},
        {.rp = "example"}, {.rp = "desk.example.or"}, {.flags = 0x85, .extensions = "\xa0"},
    };
    static const bool good[] = {true, false, false, false, false, true};
    fido_init(0);
    struct office *o = people_office_load(false);
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++)
        for (int kind = SOFT_ES256; kind <= SOFT_EDDSA; kind++) {
            const struct soft_key *key = people_key(LAW, (enum soft_kind)kind);
            buf text = {0}, bytes = {0};
            soft_sign(&text, key, &ways[i], o->document.text);
            CHECK_OK(base64_decode(&bytes, buf_slice(&text)));
            struct parts p = parts_of(buf_slice(&bytes));
            CHECK_EQ(we_take(o, buf_slice(&bytes)), good[i]);
            CHECK_EQ(fido_takes(&p, key), good[i]);
            CHECK(!fido_takes(&p, people_key(RIGHTS, (enum soft_kind)kind)));
            same_for_all_bytes(o, &bytes, p.data, key);
            same_for_all_bytes(o, &bytes, p.signature, key);
            buf_free(&text);
            buf_free(&bytes);
        }
    office_free(o);
}

TEST_MAIN
