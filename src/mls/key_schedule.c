/* The key schedule (RFC 9420 section 8). */
#include "mls/key_schedule.h"

#include "mls/labels.h"

static const uint8_t zeros[CRYPTO_HASH_MAX];

void mls_epoch_secrets_wipe(struct mls_epoch_secrets *s) {
    wipe(s, sizeof(*s));
}

void mls_epoch_secrets_write(writer *w, const struct mls_epoch_secrets *s,
                             const struct mls_suite *suite) {
#define X(name, label) writer_bytes(w, slice_of(s->name, suite->hash->len));
    MLS_EPOCH_SECRETS(X)
#undef X
}

err mls_epoch_secrets_read(reader *r, struct mls_epoch_secrets *s, const struct mls_suite *suite) {
    reader at = *r;
    memset(s, 0, sizeof(*s));
    err e = ERR_BUG;
#define X(name, label) TRY_OUT(e, reader_copy(&at, s->name, suite->hash->len));
    MLS_EPOCH_SECRETS(X)
#undef X
    *r = at;
out:
    if (e != OK)
        wipe(s, sizeof(*s));
    return e;
}

/* ExpandWithLabel(KDF.Extract(salt, ikm), label, context, KDF.Nh): a step down the schedule. */
static err extract_expand(const struct mls_suite *suite, const uint8_t *salt, const uint8_t *ikm,
                          const char *label, slice context, uint8_t *out) {
    size_t nh = suite->hash->len;
    uint8_t prk[CRYPTO_HASH_MAX];
    err e = crypto_hkdf_extract(suite->hash, prk, slice_of(salt, nh),
                                slice_of(ikm == NULL ? zeros : ikm, nh));
    if (e == OK)
        e = mls_label_expand(suite, slice_of(prk, nh), label, context, out, nh);
    wipe(prk, sizeof(prk));
    return e;
}

err mls_key_schedule_joiner(const struct mls_suite *suite, const uint8_t *init_secret,
                            const uint8_t *commit_secret, slice context, uint8_t *joiner_secret) {
    return extract_expand(suite, init_secret, commit_secret, "joiner", context, joiner_secret);
}

err mls_key_schedule_welcome(const struct mls_suite *suite, const uint8_t *joiner_secret,
                             const uint8_t *psk_secret, uint8_t *welcome_secret) {
    /* DeriveSecret is ExpandWithLabel with an empty context. */
    return extract_expand(suite, joiner_secret, psk_secret, "welcome", SLICE_EMPTY, welcome_secret);
}

err mls_key_schedule_welcome_key(const struct mls_suite *suite, const uint8_t *welcome_secret,
                                 uint8_t *key, uint8_t *nonce) {
    slice secret = slice_of(welcome_secret, suite->hash->len);
    TRY(mls_label_expand(suite, secret, "key", SLICE_EMPTY, key, suite->aead->key));
    return mls_label_expand(suite, secret, "nonce", SLICE_EMPTY, nonce, suite->aead->nonce);
}

err mls_key_schedule_first(const struct mls_suite *suite, const uint8_t *epoch_secret,
                           struct mls_epoch_secrets *s) {
    slice secret = slice_of(epoch_secret, suite->hash->len);
    memset(s, 0, sizeof(*s));
    err e = ERR_BUG;
#define X(name, label) TRY_OUT(e, mls_label_derive(suite, secret, label, s->name));
    MLS_EPOCH_SECRETS(X)
#undef X
out:
    if (e != OK)
        wipe(s, sizeof(*s));
    return e;
}

err mls_key_schedule_epoch(const struct mls_suite *suite, const uint8_t *joiner_secret,
                           const uint8_t *psk_secret, slice context, struct mls_epoch_secrets *s) {
    uint8_t epoch_secret[CRYPTO_HASH_MAX];
    err e = extract_expand(suite, joiner_secret, psk_secret, "epoch", context, epoch_secret);
    if (e == OK)
        e = mls_key_schedule_first(suite, epoch_secret, s);
    wipe(epoch_secret, sizeof(epoch_secret));
    return e;
}

/* psk_input_[i] (section 8.4): the PSK bound to its PSKLabel, which is built in `label`. */
static err psk_input(const struct mls_suite *suite, const struct mls_psk_id *id, slice psk,
                     size_t index, size_t count, buf *label, uint8_t *out) {
    size_t nh = suite->hash->len;
    uint8_t extracted[CRYPTO_HASH_MAX];
    buf_clear(label);
    writer w = writer_on(label);
    mls_psk_id_write(&w, id);
    writer_u16(&w, (uint16_t)index);
    writer_u16(&w, (uint16_t)count);
    TRY(writer_result(&w));
    err e = crypto_hkdf_extract(suite->hash, extracted, slice_of(zeros, nh), psk);
    if (e == OK)
        e = mls_label_expand(suite, slice_of(extracted, nh), "derived psk", buf_slice(label), out,
                             nh);
    wipe(extracted, sizeof(extracted));
    return e;
}

err mls_key_schedule_psk(const struct mls_suite *suite, const struct mls_psk_id *ids,
                         const slice *psks, size_t n, uint8_t *psk_secret, const struct mem *mem) {
    if (n > UINT16_MAX)
        return ERR_LIMIT;
    size_t nh = suite->hash->len;
    uint8_t input[CRYPTO_HASH_MAX], secret[CRYPTO_HASH_MAX] = {0};
    buf label = buf_on(mem);
    err e = OK;
    for (size_t i = 0; i < n && e == OK; i++) {
        e = psk_input(suite, &ids[i], psks[i], i, n, &label, input);
        if (e == OK)
            e = crypto_hkdf_extract(suite->hash, psk_secret, slice_of(input, nh),
                                    slice_of(secret, nh));
        if (e == OK)
            memcpy(secret, psk_secret, nh);
    }
    if (e == OK)
        memcpy(psk_secret, secret, nh);
    else
        wipe(psk_secret, nh);
    wipe(input, sizeof(input));
    wipe(secret, sizeof(secret));
    buf_free(&label);
    return e;
}

err mls_key_schedule_export(const struct mls_suite *suite, const uint8_t *exporter_secret,
                            slice label, slice context, uint8_t *out, size_t n) {
    size_t nh = suite->hash->len;
    uint8_t secret[CRYPTO_HASH_MAX], context_hash[CRYPTO_HASH_MAX];
    err e = ERR_BUG;
    if (n > 255 * nh)
        return e;
    TRY_OUT(e, mls_label_derive_named(suite, slice_of(exporter_secret, nh), label, secret));
    TRY_OUT(e, suite->hash->hash(context_hash, &context, 1));
    TRY_OUT(e, mls_label_expand(suite, slice_of(secret, nh), "exported", slice_of(context_hash, nh),
                                out, n));
out:
    wipe(secret, sizeof(secret));
    return e;
}

err mls_key_schedule_external(const struct mls_suite *suite, const uint8_t *external_secret,
                              uint8_t *pub, uint8_t *priv) {
    return suite->kem->derive(pub, priv, slice_of(external_secret, suite->hash->len));
}

err mls_key_schedule_mac(const struct mls_suite *suite, const uint8_t *key, slice message,
                         uint8_t *tag) {
    return suite->hash->hmac(tag, slice_of(key, suite->hash->len), &message, 1);
}

err mls_key_schedule_sender_data(const struct mls_suite *suite, const uint8_t *sender_data_secret,
                                 slice ciphertext, uint8_t *key, uint8_t *nonce) {
    size_t nh = suite->hash->len;
    slice secret = slice_of(sender_data_secret, nh);
    slice sample = slice_of(ciphertext.p, ciphertext.n < nh ? ciphertext.n : nh);
    TRY(mls_label_expand(suite, secret, "key", sample, key, suite->aead->key));
    return mls_label_expand(suite, secret, "nonce", sample, nonce, suite->aead->nonce);
}
