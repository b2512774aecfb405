/* Assertions by passkeys: Web Authentication level 2, section 7.2, as far as it concerns signatures
 * over a text, with the limited verification of section 5.8.1.2. */
#include "office/internal.h"

enum { RP_HASH = 32, FLAGS = 32, AUTHENTICATOR_LEAST = 37, BYTES_MAX = 4096 };
enum {
    PRESENT = 0x01,
    VERIFIED = 0x04,
    ELIGIBLE = 0x08, /* for being backed up */
    BACKED = 0x10,
    ATTESTED = 0x40,
    EXTENDED = 0x80
};

struct assertion {
    slice authenticator, client, signature;
};

static err assertion_read(slice bytes, struct assertion *a) {
    reader r = reader_of(bytes);
    TRY(reader_vec(&r, &a->authenticator));
    TRY(reader_vec(&r, &a->client));
    TRY(reader_vec(&r, &a->signature));
    return reader_end(&r);
}

/* base64url without padding. */
static err challenge(buf *out, const uint8_t hash[32]) {
    TRY(base64_encode(out, slice_of(hash, 32)));
    for (size_t i = 0; i < out->n; i++)
        out->p[i] = out->p[i] == '+' ? '-' : out->p[i] == '/' ? '_' : out->p[i];
    return buf_resize(out, 43);
}

/* The client's data is JSON that every browser writes in this order; more may follow, which nobody
 * here asks for. */
static enum office_reason client_check(slice client, slice origin, slice expected) {
    if (!slice_skip(&client, slice_str("{\"type\":\"webauthn.get\"")))
        return OFFICE_WEBAUTHN_TYPE;
    if (!slice_skip(&client, slice_str(",\"challenge\":\"")) || !slice_skip(&client, expected))
        return OFFICE_WEBAUTHN_CHALLENGE;
    if (!slice_skip(&client, slice_str("\",\"origin\":\"")) || !slice_skip(&client, origin) ||
        !slice_skip(&client, slice_str("\"")))
        return OFFICE_WEBAUTHN_ORIGIN;
    if (!slice_skip(&client, slice_str(",\"crossOrigin\":false")))
        return OFFICE_WEBAUTHN_CROSS_ORIGIN;
    bool whole = slice_equal(client, slice_str("}"));
    return whole || slice_skip(&client, slice_str(",")) ? OFFICE_OK : OFFICE_SIGNATURE_FORM;
}

static enum office_reason authenticator_check(slice data, slice rp) {
    uint8_t hash[RP_HASH];
    if (data.n < AUTHENTICATOR_LEAST)
        return OFFICE_SIGNATURE_FORM;
    NEED(reason_of(crypto_sha256.hash(hash, &rp, 1), OFFICE_MEMORY));
    if (memcmp(hash, data.p, RP_HASH) != 0)
        return OFFICE_WEBAUTHN_RP;
    uint8_t flags = data.p[FLAGS];
    bool extended = data.n > AUTHENTICATOR_LEAST;
    if ((flags & ATTESTED) != 0 || ((flags & EXTENDED) != 0) != extended ||
        (flags & (ELIGIBLE | BACKED)) == BACKED)
        return OFFICE_SIGNATURE_FORM;
    if ((flags & PRESENT) == 0)
        return OFFICE_NOT_PRESENT;
    return (flags & VERIFIED) == 0 ? OFFICE_NOT_VERIFIED : OFFICE_OK;
}

const struct crypto_sig *passkey_kind(const struct office_passkey *k) {
    return k->algorithm == OFFICE_ES256 ? &crypto_ecdsa_p256 : &crypto_ed25519;
}

/* With one key. */
static enum office_reason key_verify(const struct office_passkey *k, const struct assertion *a,
                                     slice message) {
    buf key = {0};
    enum office_reason r = reason_of(base64_decode(&key, k->key), OFFICE_SIGNATURE);
    if (r == OFFICE_OK)
        r = reason_of(passkey_kind(k)->verify(a->signature, buf_slice(&key), message),
                      OFFICE_SIGNATURE);
    buf_free(&key);
    bool eligible = (a->authenticator.p[FLAGS] & ELIGIBLE) != 0;
    return r == OFFICE_OK && eligible && k->backed_up == 0 ? OFFICE_BACKED_UP : r;
}

static enum office_reason keys_verify(const struct office_person *person,
                                      const struct assertion *a) {
    buf message = {0};
    uint8_t hash[32];
    enum office_reason r = reason_of(crypto_sha256.hash(hash, &a->client, 1), OFFICE_MEMORY);
    if (r == OFFICE_OK)
        r = reason_of(buf_append(&message, a->authenticator), OFFICE_MEMORY);
    if (r == OFFICE_OK)
        r = reason_of(buf_append(&message, SLICE_ARRAY(hash)), OFFICE_MEMORY);
    if (r == OFFICE_OK)
        r = OFFICE_SIGNATURE;
    for (size_t i = 0; i < person->passkeys.n && r == OFFICE_SIGNATURE; i++)
        r = key_verify(&person->passkeys.p[i], a, buf_slice(&message));
    buf_free(&message);
    return r;
}

enum office_reason webauthn_verify(const struct office *office, const struct office_person *person,
                                   const struct office_document *over, slice bytes) {
    struct assertion a;
    if (bytes.n > BYTES_MAX || assertion_read(bytes, &a) != OK)
        return OFFICE_SIGNATURE_FORM;
    buf expected = {0};
    enum office_reason r = reason_of(challenge(&expected, over->hash), OFFICE_MEMORY);
    if (r == OFFICE_OK)
        r = client_check(a.client, office->origin, buf_slice(&expected));
    buf_free(&expected);
    NEED(r);
    NEED(authenticator_check(a.authenticator, office->rp));
    return keys_verify(person, &a);
}
