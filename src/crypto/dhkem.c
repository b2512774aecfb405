/* DHKEM (RFC 9180 section 4.1) over any Diffie-Hellman group. */
#include "crypto/internal.h"

/* Section 7.1.3: the first of 256 candidates that is a private key. */
static err derive_scalar(const struct crypto_dh *dh, const struct labeled *l, slice prk,
                         uint8_t *pub, uint8_t *priv) {
    err e = ERR_CRYPTO;
    for (unsigned i = 0; e == ERR_CRYPTO && i < 256; i++) {
        uint8_t counter = (uint8_t)i;
        slice info = slice_of(&counter, 1);
        TRY(labeled_expand(l, priv, dh->priv, prk, "candidate", &info, 1));
        priv[0] &= dh->top;
        e = dh->public_of(pub, priv);
    }
    return e;
}

static err derive_bytes(const struct crypto_dh *dh, const struct labeled *l, slice prk,
                        uint8_t *pub, uint8_t *priv) {
    TRY(labeled_expand(l, priv, dh->priv, prk, "sk", NULL, 0));
    return dh->public_of(pub, priv);
}

err dhkem_derive(const struct crypto_dh *dh, uint8_t *pub, uint8_t *priv, slice ikm) {
    struct labeled l = labeled_kem(dh->hash, dh->kem_id);
    uint8_t prk_bytes[CRYPTO_HASH_MAX];
    slice prk = slice_of(prk_bytes, dh->hash->len);
    err e = labeled_extract(&l, prk_bytes, SLICE_EMPTY, "dkp_prk", &ikm, 1);
    if (e == OK)
        e = dh->top != 0 ? derive_scalar(dh, &l, prk, pub, priv)
                         : derive_bytes(dh, &l, prk, pub, priv);
    wipe(prk_bytes, sizeof(prk_bytes));
    if (e != OK) {
        wipe(pub, dh->pub);
        wipe(priv, dh->priv);
    }
    return e;
}

/* ExtractAndExpand(dh, enc || pub). */
static err extract_and_expand(const struct crypto_dh *dh, uint8_t *secret, slice shared,
                              const uint8_t *enc, const uint8_t *pub) {
    struct labeled l = labeled_kem(dh->hash, dh->kem_id);
    uint8_t prk[CRYPTO_HASH_MAX];
    slice context[] = {slice_of(enc, dh->pub), slice_of(pub, dh->pub)};
    err e = ERR_BUG;
    TRY_OUT(e, labeled_extract(&l, prk, SLICE_EMPTY, "eae_prk", &shared, 1));
    TRY_OUT(e, labeled_expand(&l, secret, dh->hash->len, slice_of(prk, dh->hash->len),
                              "shared_secret", context, 2));
out:
    wipe(prk, sizeof(prk));
    return e;
}

err dhkem_encap(const struct crypto_dh *dh, uint8_t *secret, uint8_t *enc, const uint8_t *pub,
                const uint8_t *seed) {
    uint8_t priv[CRYPTO_DH_MAX], shared[CRYPTO_DH_MAX];
    err e = ERR_BUG;
    TRY_OUT(e, seed == NULL ? dh->generate(enc, priv)
                            : dhkem_derive(dh, enc, priv, slice_of(seed, dh->priv)));
    TRY_OUT(e, dh->exchange(shared, priv, pub));
    TRY_OUT(e, extract_and_expand(dh, secret, slice_of(shared, dh->shared), enc, pub));
out:
    wipe(priv, sizeof(priv));
    wipe(shared, sizeof(shared));
    if (e != OK) {
        wipe(secret, dh->hash->len);
        wipe(enc, dh->pub);
    }
    return e;
}

err dhkem_decap(const struct crypto_dh *dh, uint8_t *secret, const uint8_t *enc,
                const uint8_t *priv) {
    uint8_t pub[CRYPTO_DH_MAX], shared[CRYPTO_DH_MAX];
    err e = ERR_BUG;
    TRY_OUT(e, dh->exchange(shared, priv, enc));
    TRY_OUT(e, dh->public_of(pub, priv));
    TRY_OUT(e, extract_and_expand(dh, secret, slice_of(shared, dh->shared), enc, pub));
out:
    wipe(shared, sizeof(shared));
    if (e != OK)
        wipe(secret, dh->hash->len);
    return e;
}
