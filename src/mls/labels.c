/* Functions with labels (RFC 9420 sections 5.1.2, 5.1.3, 5.2, 8, 9). Those that hash and expand do
 * without a buf: they are the inner loop of every derivation. */
#include "mls/labels.h"

static const char prefix[] = "MLS 1.0 ";
enum { PREFIX = sizeof(prefix) - 1 };

err mls_label_ref_hash(const struct mls_suite *suite, const char *label, slice value,
                       uint8_t *out) {
    uint8_t label_len[VARINT_MAX], value_len[VARINT_MAX];
    slice name = slice_str(label);
    size_t label_size = put_varint(label_len, name.n);
    size_t value_size = put_varint(value_len, value.n);
    if (label_size == 0 || value_size == 0)
        return ERR_LENGTH;
    slice parts[] = {slice_of(label_len, label_size), name, slice_of(value_len, value_size), value};
    return suite->hash->hash(out, parts, 4);
}

/* opaque label<V> = "MLS 1.0 " + name; opaque content<V>: SignContent and EncryptContext, and what
 * KDFLabel goes on with. */
struct framed {
    uint8_t label_len[VARINT_MAX], content_len[VARINT_MAX];
    slice parts[5]; /* the last one: the content */
};
enum { FRAMED_PARTS = 5 };

static err frame(struct framed *f, slice name, slice content) {
    size_t label = put_varint(f->label_len, PREFIX + name.n);
    size_t length = put_varint(f->content_len, content.n);
    if (label == 0 || length == 0)
        return ERR_LENGTH;
    f->parts[0] = slice_of(f->label_len, label);
    f->parts[1] = slice_of(prefix, PREFIX);
    f->parts[2] = name;
    f->parts[3] = slice_of(f->content_len, length);
    f->parts[4] = content;
    return OK;
}

size_t mls_label_begin(writer *w, const char *label) {
    slice name = slice_str(label);
    writer_varint(w, PREFIX + name.n);
    writer_bytes(w, slice_of(prefix, PREFIX));
    writer_bytes(w, name);
    return writer_open_long(w);
}

err mls_label_before(const char *label, uint8_t *content, size_t n, slice *framed) {
    struct framed f;
    uint8_t *p = content;
    TRY(frame(&f, slice_str(label), slice_of(content, n)));
    for (size_t i = FRAMED_PARTS - 1; i-- > 0;)
        memcpy(p -= f.parts[i].n, f.parts[i].p, f.parts[i].n);
    *framed = slice_of(p, (size_t)(content - p) + n);
    return OK;
}

static err labeled(buf *out, const char *label, slice content) {
    writer w = writer_on(out);
    size_t mark = mls_label_begin(&w, label);
    writer_bytes(&w, content);
    writer_close(&w, mark);
    return writer_result(&w);
}

err mls_label_sign_content(const struct mls_suite *suite, slice priv, slice content,
                           buf *signature) {
    if (priv.n != suite->sig->priv)
        return ERR_BUG;
    size_t n = suite->sig->max;
    err e = buf_resize(signature, n);
    if (e == OK)
        e = suite->sig->sign(signature->p, &n, priv.p, content);
    if (e == OK)
        e = buf_resize(signature, n);
    if (e != OK)
        buf_free(signature);
    return e;
}

err mls_label_verify_content(const struct mls_suite *suite, slice pub, slice content,
                             slice signature) {
    return pub.n == suite->sig->pub ? suite->sig->verify(signature, pub, content) : ERR_SIGNATURE;
}

err mls_label_sign(const struct mls_suite *suite, slice priv, const char *label, slice content,
                   buf *signature, const struct mem *mem) {
    buf message = buf_on(mem);
    err e = labeled(&message, label, content);
    if (e == OK)
        e = mls_label_sign_content(suite, priv, buf_slice(&message), signature);
    buf_free(&message);
    return e;
}

err mls_label_verify(const struct mls_suite *suite, slice pub, const char *label, slice content,
                     slice signature, const struct mem *mem) {
    buf message = buf_on(mem);
    err e = labeled(&message, label, content);
    if (e == OK)
        e = mls_label_verify_content(suite, pub, buf_slice(&message), signature);
    buf_free(&message);
    return e;
}

/* Without a copy of the context, which may be a whole GroupInfo. */
err mls_label_prepare(const struct mls_suite *suite, const char *label, slice context,
                      struct hpke_info *prepared) {
    struct framed f;
    TRY(frame(&f, slice_str(label), context));
    return hpke_info_prepare(&suite->hpke, prepared, f.parts, FRAMED_PARTS);
}

err mls_label_encrypt(const struct mls_suite *suite, slice pub, const struct hpke_info *prepared,
                      slice plain, struct mls_hpke_ciphertext *out, const struct mem *mem) {
    if (pub.n != suite->kem->pub)
        return ERR_CRYPTO;
    *out = (struct mls_hpke_ciphertext){buf_on(mem), buf_on(mem)};
    err e = buf_resize(&out->kem_output, suite->kem->enc);
    if (e == OK)
        e = buf_resize(&out->ciphertext, plain.n + suite->aead->tag);
    if (e == OK)
        e = hpke_seal_prepared(&suite->hpke, out->kem_output.p, out->ciphertext.p, pub, prepared,
                               SLICE_EMPTY, plain, NULL);
    if (e != OK)
        mls_hpke_ciphertext_free(out, mem);
    return e;
}

err mls_label_decrypt(const struct mls_suite *suite, slice priv, const char *label, slice context,
                      const struct mls_hpke_ciphertext *in, buf *plain) {
    if (in->ciphertext.n < suite->aead->tag || in->kem_output.n != suite->kem->enc)
        return ERR_CRYPTO;
    struct hpke_info info;
    TRY(mls_label_prepare(suite, label, context, &info));
    err e = buf_resize(plain, in->ciphertext.n - suite->aead->tag);
    if (e == OK)
        e = hpke_open_prepared(&suite->hpke, plain->p, buf_slice(&in->kem_output), priv, &info,
                               SLICE_EMPTY, buf_slice(&in->ciphertext));
    if (e != OK)
        buf_free(plain);
    return e;
}

static err expand(const struct mls_suite *suite, slice secret, slice label, slice context,
                  uint8_t *out, size_t n) {
    struct framed f;
    uint8_t length[2] = {(uint8_t)(n >> 8), (uint8_t)n};
    slice info[1 + FRAMED_PARTS] = {SLICE_ARRAY(length)};
    if (n > UINT16_MAX)
        return ERR_BUG;
    TRY(frame(&f, label, context));
    memcpy(info + 1, f.parts, sizeof(f.parts));
    return crypto_hkdf_expand(suite->hash, out, n, secret, info, 1 + FRAMED_PARTS);
}

err mls_label_expand(const struct mls_suite *suite, slice secret, const char *label, slice context,
                     uint8_t *out, size_t n) {
    return expand(suite, secret, slice_str(label), context, out, n);
}

err mls_label_derive(const struct mls_suite *suite, slice secret, const char *label, uint8_t *out) {
    return expand(suite, secret, slice_str(label), SLICE_EMPTY, out, suite->hash->len);
}

err mls_label_derive_named(const struct mls_suite *suite, slice secret, slice label, uint8_t *out) {
    return expand(suite, secret, label, SLICE_EMPTY, out, suite->hash->len);
}

err mls_label_derive_tree(const struct mls_suite *suite, slice secret, const char *label,
                          uint32_t generation, uint8_t *out, size_t n) {
    uint8_t context[4];
    put_u32(context, generation);
    return expand(suite, secret, slice_str(label), SLICE_ARRAY(context), out, n);
}
