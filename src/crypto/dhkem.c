/* DHKEM (RFC 9180 section 4.1) over any Diffie-Hellman group whose private keys are any bytes. */
#include "crypto/internal.h"

err dhkem_generate(const struct crypto_dh *dh, uint8_t *pub, uint8_t *priv) {
    crypto_random(priv, dh->priv);
    err e = dh->public_of(pub, priv);
    if (e != OK)
        wipe(priv, dh->priv);
    return e;
}

err dhkem_derive(const struct crypto_dh *dh, uint8_t *pub, uint8_t *priv, slice ikm) {
    struct labeled l = labeled_kem(dh->hash, dh->kem_id);
    uint8_t prk[CRYPTO_HASH_MAX];
    err e = ERR_BUG;
    TRY_OUT(e, labeled_extract(&l, prk, SLICE_EMPTY, "dkp_prk", ikm));
    TRY_OUT(e, labeled_expand(&l, priv, dh->priv, slice_of(prk, dh->hash->len), "sk", NULL, 0));
    TRY_OUT(e, dh->public_of(pub, priv));
out:
    wipe(prk, sizeof(prk));
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
    TRY_OUT(e, labeled_extract(&l, prk, SLICE_EMPTY, "eae_prk", shared));
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
    TRY_OUT(e, seed == NULL ? dhkem_generate(dh, enc, priv)
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
