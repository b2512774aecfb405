/* HPKE against hostile public keys, encapsulations and messages.
 *
 * The first byte chooses the suite (bit 0) and the role: an even half opens the rest as
 * encapsulation and message, an odd one takes the rest as a public key to seal to. The rest lies
 * over honest bytes, so that an input reaches past the first check: it is xored into them. */
#include <stdlib.h>

#include "crypto/hpke.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds) {
    if (!holds)
        abort();
}

static const struct hpke_suite SUITES[2] = {
    {&crypto_dhkem_x25519, &crypto_sha256, 0x0001, &crypto_chacha20poly1305},
    {&crypto_xwing, &crypto_sha256, 0x0001, &crypto_chacha20poly1305}};
static const slice TEXT = {(const uint8_t *)"some text", 9}, INFO = {(const uint8_t *)"info", 4};

struct keys {
    uint8_t pub[CRYPTO_KEM_PUBLIC_MAX], priv[CRYPTO_KEM_PRIVATE_MAX];
    uint8_t enc[CRYPTO_KEM_ENC_MAX], ct[64];
};

/* Says whether anything changed. */
static bool mix(uint8_t *p, size_t n, slice s) {
    bool changed = false;
    for (size_t i = 0; i < n && i < s.n; i++) {
        p[i] ^= s.p[i];
        changed = changed || s.p[i] != 0;
    }
    return changed;
}

static void open_changed(const struct hpke_suite *s, struct keys *k, slice rest) {
    uint8_t out[64];
    size_t ct_n = TEXT.n + s->aead->tag;
    bool changed = mix(k->ct, ct_n, rest);
    if (rest.n > ct_n)
        changed = mix(k->enc, s->kem->enc, slice_of(rest.p + ct_n, rest.n - ct_n)) || changed;
    err e = hpke_open(s, out, slice_of(k->enc, s->kem->enc), slice_of(k->priv, s->kem->priv), INFO,
                      TEXT, slice_of(k->ct, ct_n));
    require(e == (changed ? ERR_CRYPTO : OK));
    /* The rest by itself, whatever its lengths. */
    size_t half = rest.n < s->kem->enc ? rest.n : s->kem->enc;
    uint8_t *plain = mem_new(NULL, rest.n + 1);
    require(plain != NULL);
    e = hpke_open(s, plain, slice_of(rest.p, half), slice_of(k->priv, s->kem->priv), INFO, TEXT,
                  slice_of(rest.p + half, rest.n - half));
    require(e == ERR_CRYPTO);
    mem_free(NULL, plain, rest.n + 1);
}

/* Any key that is accepted gets a message; it may only open with the honest key if it is that one.
 */
static void seal_to_changed(const struct hpke_suite *s, struct keys *k, slice rest) {
    uint8_t out[64];
    size_t ct_n = TEXT.n + s->aead->tag;
    bool changed = mix(k->pub, s->kem->pub, rest);
    err e = hpke_seal(s, k->enc, k->ct, slice_of(k->pub, s->kem->pub), INFO, TEXT, TEXT, NULL);
    require(e == OK || (changed && e == ERR_CRYPTO));
    if (e != OK)
        return;
    e = hpke_open(s, out, slice_of(k->enc, s->kem->enc), slice_of(k->priv, s->kem->priv), INFO,
                  TEXT, slice_of(k->ct, ct_n));
    require(e == (changed ? ERR_CRYPTO : OK));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0)
        return 0;
    static const uint8_t SEED[32] = {7};
    const struct hpke_suite *s = &SUITES[data[0] & 1];
    slice rest = slice_of(data + 1, size - 1);
    struct keys k;
    require(crypto_init() == OK);
    require(s->kem->derive(k.pub, k.priv, SLICE_ARRAY(SEED)) == OK);
    require(hpke_seal(s, k.enc, k.ct, slice_of(k.pub, s->kem->pub), INFO, TEXT, TEXT, NULL) == OK);
    if ((data[0] & 2) == 0)
        open_changed(s, &k, rest);
    else
        seal_to_changed(s, &k, rest);
    return 0;
}
