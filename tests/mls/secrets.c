/* Makes tests of groups into tests of what they leak. Linked into one, this stands between the
 * library and its primitives: what is secret is marked as uninitialised memory, so that valgrind's
 * memcheck tells of each branch and each index that depends on it. The primitives, which are not
 * ours, are given clean copies; what they make public, as ciphertexts are, is marked as known.
 *
 * All suites get the primitives of MLS_SUITE_X25519_CHACHA: our code is the same for each. */
#include <stdlib.h>
#include <valgrind/memcheck.h>

#include "mls/key_schedule.h"
#include "mls/suite.h"

static const struct mls_suite *real;

/* ---- Clean copies ----
 * Of everything that a primitive is given; freed at its end. */

struct copies {
    uint8_t *p[20];
    size_t count;
};

static const uint8_t *copy(struct copies *c, const uint8_t *p, size_t n) {
    uint8_t *clean = malloc(n + 1);
    if (clean == NULL || c->count == 20)
        abort();
    if (n > 0)
        memcpy(clean, p, n);
    (void)VALGRIND_MAKE_MEM_DEFINED(clean, n + 1);
    c->p[c->count++] = clean;
    return clean;
}

static slice copy_slice(struct copies *c, slice s) {
    return slice_of(copy(c, s.p, s.n), s.n);
}

static err done(struct copies *c, err e) {
    while (c->count > 0)
        free(c->p[--c->count]);
    (void)VALGRIND_MAKE_MEM_DEFINED(&e, sizeof e);
    return e;
}

static void secret(void *p, size_t n) {
    (void)VALGRIND_MAKE_MEM_UNDEFINED(p, n);
}

static void known(const void *p, size_t n) {
    (void)VALGRIND_MAKE_MEM_DEFINED(p, n);
}

/* ---- Primitives ---- */

static err hash_hmac(uint8_t *out, slice key, const slice *parts, size_t count) {
    struct copies c = {0};
    slice clean[16];
    if (count > 16)
        abort();
    for (size_t i = 0; i < count; i++)
        clean[i] = copy_slice(&c, parts[i]);
    err e = real->hash->hmac(out, copy_slice(&c, key), clean, count);
    secret(out, real->hash->len);
    return done(&c, e);
}

static err aead_seal(uint8_t *out, const uint8_t *key, const uint8_t *nonce, slice aad,
                     slice plain) {
    struct copies c = {0};
    const struct crypto_aead *a = real->aead;
    err e = a->seal(out, copy(&c, key, a->key), copy(&c, nonce, a->nonce), copy_slice(&c, aad),
                    copy_slice(&c, plain));
    known(out, plain.n + a->tag);
    return done(&c, e);
}

/* What was sealed is parsed, so it counts as known; what is derived from it does not. */
static err aead_open(uint8_t *out, const uint8_t *key, const uint8_t *nonce, slice aad,
                     slice sealed) {
    struct copies c = {0};
    const struct crypto_aead *a = real->aead;
    err e = a->open(out, copy(&c, key, a->key), copy(&c, nonce, a->nonce), copy_slice(&c, aad),
                    copy_slice(&c, sealed));
    return done(&c, e);
}

static err kem_generate(uint8_t *pub, uint8_t *priv) {
    err e = real->kem->generate(pub, priv);
    secret(priv, real->kem->priv);
    return e;
}

static err kem_derive(uint8_t *pub, uint8_t *priv, slice ikm) {
    struct copies c = {0};
    err e = real->kem->derive(pub, priv, copy_slice(&c, ikm));
    secret(priv, real->kem->priv);
    known(pub, real->kem->pub);
    return done(&c, e);
}

static err kem_public_of(uint8_t *pub, const uint8_t *priv) {
    struct copies c = {0};
    err e = real->kem->public_of(pub, copy(&c, priv, real->kem->priv));
    known(pub, real->kem->pub);
    return done(&c, e);
}

static err kem_encap(uint8_t *out, uint8_t *enc, const uint8_t *pub, const uint8_t *seed) {
    err e = real->kem->encap(out, enc, pub, seed);
    secret(out, real->kem->secret);
    return e;
}

static err kem_decap(uint8_t *out, const uint8_t *enc, const uint8_t *priv) {
    struct copies c = {0};
    err e = real->kem->decap(out, enc, copy(&c, priv, real->kem->priv));
    secret(out, real->kem->secret);
    return done(&c, e);
}

static err sig_generate(uint8_t *pub, uint8_t *priv) {
    err e = real->sig->generate(pub, priv);
    secret(priv, real->sig->priv);
    return e;
}

static err sig_public_of(uint8_t *pub, const uint8_t *priv) {
    struct copies c = {0};
    err e = real->sig->public_of(pub, copy(&c, priv, real->sig->priv));
    known(pub, real->sig->pub);
    return done(&c, e);
}

static err sig_sign(uint8_t *sig, size_t *n, const uint8_t *priv, slice message) {
    struct copies c = {0};
    err e = real->sig->sign(sig, n, copy(&c, priv, real->sig->priv), copy_slice(&c, message));
    known(sig, *n);
    return done(&c, e);
}

/* ---- In the library's place ---- */

err __real_crypto_blake2b_keyed(uint8_t *out, size_t n, slice key, const slice *parts,
                                size_t count);
err __wrap_crypto_blake2b_keyed(uint8_t *out, size_t n, slice key, const slice *parts,
                                size_t count);
const struct mls_suite *__real_mls_suite_find(uint16_t id);
const struct mls_suite *__wrap_mls_suite_find(uint16_t id);
bool __real_mls_tag_equal(slice a, slice b);
bool __wrap_mls_tag_equal(slice a, slice b);
err __real_mls_key_schedule_mac(const struct mls_suite *suite, const uint8_t *key, slice message,
                                uint8_t *tag);
err __wrap_mls_key_schedule_mac(const struct mls_suite *suite, const uint8_t *key, slice message,
                                uint8_t *tag);
slice __real_mls_group_epoch_authenticator(const struct mls_group *group);
slice __wrap_mls_group_epoch_authenticator(const struct mls_group *group);
err __real_mls_group_export(const struct mls_group *group, slice label, slice context, uint8_t *out,
                            size_t n);
err __wrap_mls_group_export(const struct mls_group *group, slice label, slice context, uint8_t *out,
                            size_t n);
void __real_test_check_slice(const char *file, int line, const char *text, slice got,
                             slice expected);
void __wrap_test_check_slice(const char *file, int line, const char *text, slice got,
                             slice expected);

const struct mls_suite *__wrap_mls_suite_find(uint16_t id) {
    static struct crypto_hash hash;
    static struct crypto_aead aead;
    static struct crypto_kem kem;
    static struct crypto_sig sig;
    static struct mls_suite suites[16];
    const struct mls_suite *asked = __real_mls_suite_find(id);
    if (asked == NULL)
        return NULL;
    real = __real_mls_suite_find(MLS_SUITE_X25519_CHACHA);
    hash = *real->hash;
    hash.hmac = hash_hmac;
    aead = *real->aead;
    aead.seal = aead_seal;
    aead.open = aead_open;
    kem = *real->kem;
    kem.generate = kem_generate;
    kem.derive = kem_derive;
    kem.public_of = kem_public_of;
    kem.encap = kem_encap;
    kem.decap = kem_decap;
    sig = *real->sig;
    sig.generate = sig_generate;
    sig.public_of = sig_public_of;
    sig.sign = sig_sign;
    for (size_t i = 0; i < 16; i++) {
        struct mls_suite *s = &suites[i];
        if (s->id != 0 && s->id != id)
            continue;
        *s = *real;
        s->id = id;
        s->hash = s->hpke.kdf = &hash;
        s->aead = s->hpke.aead = &aead;
        s->kem = s->hpke.kem = &kem;
        s->sig = &sig;
        return s;
    }
    abort();
}

/* The checksum of a saved group, which stands beside what it is of. */
err __wrap_crypto_blake2b_keyed(uint8_t *out, size_t n, slice key, const slice *parts,
                                size_t count) {
    err e = __real_crypto_blake2b_keyed(out, n, key, parts, count);
    known(out, n);
    return e;
}

/* That two tags differ is what the comparison tells; how far they agree it must not. */
bool __wrap_mls_tag_equal(slice a, slice b) {
    bool equal = __real_mls_tag_equal(a, b);
    known(&equal, sizeof equal);
    return equal;
}

/* Tags are sent. */
err __wrap_mls_key_schedule_mac(const struct mls_suite *suite, const uint8_t *key, slice message,
                                uint8_t *tag) {
    err e = __real_mls_key_schedule_mac(suite, key, message, tag);
    known(tag, suite->hash->len);
    return e;
}

/* What the tests compare. */
slice __wrap_mls_group_epoch_authenticator(const struct mls_group *group) {
    slice s = __real_mls_group_epoch_authenticator(group);
    known(s.p, s.n);
    return s;
}

err __wrap_mls_group_export(const struct mls_group *group, slice label, slice context, uint8_t *out,
                            size_t n) {
    err e = __real_mls_group_export(group, label, context, out, n);
    known(out, n);
    return e;
}

void __wrap_test_check_slice(const char *file, int line, const char *text, slice got,
                             slice expected) {
    known(got.p, got.n);
    known(expected.p, expected.n);
    __real_test_check_slice(file, line, text, got, expected);
}
