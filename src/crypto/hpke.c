#include "crypto/internal.h"

enum { MODE_BASE = 0 };

err hpke_info_prepare(const struct hpke_suite *s, struct hpke_info *prepared, const slice *info,
                      size_t count) {
    struct labeled l = labeled_hpke(s);
    return labeled_extract(&l, prepared->hash, SLICE_EMPTY, "info_hash", info, count);
}

/* RFC 9180 section 5.1, base mode: psk and psk_id are empty. */
err hpke_schedule(const struct hpke_suite *s, struct hpke_context *c, const uint8_t *secret,
                  const struct hpke_info *info) {
    struct labeled l = labeled_hpke(s);
    size_t nh = s->kdf->len;
    uint8_t context[1 + 2 * CRYPTO_HASH_MAX] = {MODE_BASE}, prk[CRYPTO_HASH_MAX];
    slice bound = slice_of(context, 1 + 2 * nh), key = slice_of(prk, nh);
    err e = ERR_BUG;
    TRY_OUT(e, labeled_extract(&l, context + 1, SLICE_EMPTY, "psk_id_hash", NULL, 0));
    memcpy(context + 1 + nh, info->hash, nh);
    TRY_OUT(e, labeled_extract(&l, prk, slice_of(secret, s->kem->secret), "secret", NULL, 0));
    TRY_OUT(e, labeled_expand(&l, c->key, s->aead->key, key, "key", &bound, 1));
    TRY_OUT(e, labeled_expand(&l, c->nonce, s->aead->nonce, key, "base_nonce", &bound, 1));
    TRY_OUT(e, labeled_expand(&l, c->exporter, nh, key, "exp", &bound, 1));
out:
    wipe(prk, sizeof(prk));
    if (e != OK)
        wipe(c, sizeof(*c));
    return e;
}

/* SetupBaseS: makes enc and the context. */
static err setup_sender(const struct hpke_suite *s, struct hpke_context *c, uint8_t *enc, slice pub,
                        const struct hpke_info *info, const uint8_t *seed) {
    uint8_t secret[CRYPTO_KEM_SECRET_MAX];
    if (pub.n != s->kem->pub)
        return ERR_CRYPTO;
    err e = s->kem->encap(secret, enc, pub.p, seed);
    if (e == OK)
        e = hpke_schedule(s, c, secret, info);
    wipe(secret, sizeof(secret));
    return e;
}

/* SetupBaseR. */
static err setup_receiver(const struct hpke_suite *s, struct hpke_context *c, slice enc, slice priv,
                          const struct hpke_info *info) {
    uint8_t secret[CRYPTO_KEM_SECRET_MAX];
    if (enc.n != s->kem->enc || priv.n != s->kem->priv)
        return ERR_CRYPTO;
    err e = s->kem->decap(secret, enc.p, priv.p);
    if (e == OK)
        e = hpke_schedule(s, c, secret, info);
    wipe(secret, sizeof(secret));
    return e;
}

/* Context.Export, section 5.3. */
static err export(const struct hpke_suite *s, const struct hpke_context *c, uint8_t *out, size_t n,
                  slice context) {
    struct labeled l = labeled_hpke(s);
    return labeled_expand(&l, out, n, slice_of(c->exporter, s->kdf->len), "sec", &context, 1);
}

err hpke_seal_prepared(const struct hpke_suite *s, uint8_t *enc, uint8_t *ct, slice pub,
                       const struct hpke_info *info, slice aad, slice plain, const uint8_t *seed) {
    struct hpke_context c;
    err e = setup_sender(s, &c, enc, pub, info, seed);
    if (e == OK)
        e = s->aead->seal(ct, c.key, c.nonce, aad, plain);
    wipe(&c, sizeof(c));
    if (e != OK) {
        wipe(enc, s->kem->enc);
        wipe(ct, plain.n + s->aead->tag);
    }
    return e;
}

err hpke_seal(const struct hpke_suite *s, uint8_t *enc, uint8_t *ct, slice pub, slice info,
              slice aad, slice plain, const uint8_t *seed) {
    struct hpke_info prepared;
    err e = hpke_info_prepare(s, &prepared, &info, 1);
    if (e == OK)
        return hpke_seal_prepared(s, enc, ct, pub, &prepared, aad, plain, seed);
    wipe(enc, s->kem->enc);
    wipe(ct, plain.n + s->aead->tag);
    return e;
}

err hpke_open_prepared(const struct hpke_suite *s, uint8_t *plain, slice enc, slice priv,
                       const struct hpke_info *info, slice aad, slice ct) {
    struct hpke_context c;
    if (ct.n < s->aead->tag)
        return ERR_CRYPTO;
    err e = setup_receiver(s, &c, enc, priv, info);
    if (e == OK)
        e = s->aead->open(plain, c.key, c.nonce, aad, ct);
    wipe(&c, sizeof(c));
    if (e != OK)
        wipe(plain, ct.n - s->aead->tag);
    return e;
}

err hpke_open(const struct hpke_suite *s, uint8_t *plain, slice enc, slice priv, slice info,
              slice aad, slice ct) {
    struct hpke_info prepared;
    TRY(hpke_info_prepare(s, &prepared, &info, 1));
    return hpke_open_prepared(s, plain, enc, priv, &prepared, aad, ct);
}

err hpke_send_export(const struct hpke_suite *s, uint8_t *enc, uint8_t *out, size_t n, slice pub,
                     slice info, slice context, const uint8_t *seed) {
    struct hpke_context c;
    struct hpke_info prepared;
    err e = hpke_info_prepare(s, &prepared, &info, 1);
    if (e == OK)
        e = setup_sender(s, &c, enc, pub, &prepared, seed);
    if (e == OK)
        e = export(s, &c, out, n, context);
    wipe(&c, sizeof(c));
    if (e != OK) {
        wipe(enc, s->kem->enc);
        wipe(out, n);
    }
    return e;
}

err hpke_receive_export(const struct hpke_suite *s, uint8_t *out, size_t n, slice enc, slice priv,
                        slice info, slice context) {
    struct hpke_context c;
    struct hpke_info prepared;
    err e = hpke_info_prepare(s, &prepared, &info, 1);
    if (e == OK)
        e = setup_receiver(s, &c, enc, priv, &prepared);
    if (e == OK)
        e = export(s, &c, out, n, context);
    wipe(&c, sizeof(c));
    if (e != OK)
        wipe(out, n);
    return e;
}
