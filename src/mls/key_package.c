#include "mls/key_package.h"

#include "mls/labels.h"
#include "mls/last_resort.h"
#include "mls/leaf.h"

enum { SECRETS_VERSION = 1 };

/* ---- Validation (section 10.1) ---- */

static err verify_signature(const struct mls_suite *suite, const struct mls_key_package *kp,
                            const struct mem *mem) {
    buf tbs = buf_on(mem);
    writer w = writer_on(&tbs);
    mls_key_package_write_unsigned(&w, kp);
    err e = writer_result(&w);
    if (e == OK)
        e = mls_label_verify(suite, buf_slice(&kp->leaf.signature_key), "KeyPackageTBS",
                             buf_slice(&tbs), buf_slice(&kp->signature), mem);
    buf_free(&tbs);
    return e;
}

/* RFC 9420 rule 11.1-1. Asked of newcomers only: some members list suites 1 to 6, and use 7. */
static err check_suite(const struct mls_suite *suite, const struct mls_capabilities *have) {
    bool fine =
        mls_u16s_have(&have->versions, MLS_VERSION_10) && mls_u16s_have(&have->suites, suite->id);
    return fine ? OK : ERR_MLS_CAPABILITIES;
}

err mls_key_package_validate(const struct mls_suite *suite, const struct mls_key_package *kp,
                             const struct mls_extensions *group, const uint64_t *now,
                             const struct mem *mem) {
    /* RFC 9420 rules 10.1-1, 10.1-2: version and cipher suite are the group's. */
    if (kp->version != MLS_VERSION_10)
        return ERR_MLS_VERSION;
    if (kp->suite != suite->id)
        return ERR_MLS_SUITE;
    /* RFC 9420 rule 10-1: init_key is a public key of the suite. */
    if (kp->init_key.n != suite->kem->pub || suite->kem->check(kp->init_key.p) != OK)
        return ERR_MLS_KEY_PACKAGE;
    /* RFC 9420 rule 10.1-5: init_key and the leaf's encryption key differ. */
    if (slice_equal(buf_slice(&kp->init_key), buf_slice(&kp->leaf.encryption_key)))
        return ERR_MLS_KEY_PACKAGE;
    /* RFC 9420 s.13, 17.3: no extension stands twice, or belongs elsewhere. */
    TRY(mls_extensions_check(&kp->extensions, MLS_IN_KEY_PACKAGE));
    bool last_resort;
    TRY(mls_last_resort_find(&kp->extensions, &last_resort));
    TRY(check_suite(suite, &kp->leaf.capabilities));
    /* RFC 9420 rule 10.1-3: the leaf is valid for a key package. */
    struct mls_leaf_check check = {.source = MLS_LEAF_KEY_PACKAGE, .group = group, .now = now};
    TRY(mls_leaf_check(suite, &kp->leaf, &check, mem));
    /* RFC 9420 rule 10.1-4: the signature verifies with the leaf's key. */
    return verify_signature(suite, kp, mem);
}

err mls_key_package_judge(const struct mls_auth *auth, const struct mls_key_package *kp) {
    struct mls_member member = mls_member_of(&kp->leaf, 0);
    if (auth == NULL || auth->accept == NULL)
        return ERR_MLS_CREDENTIAL;
    /* draft-ietf-mls-extensions-10 s.6.4.1: the mark is there to base a policy on. */
    TRY(mls_last_resort_find(&kp->extensions, &member.last_resort));
    return auth->accept(auth->ctx, NULL, &member);
}

err mls_key_package_open(slice message, struct mls_key_package *kp, const struct mem *mem) {
    uint16_t wire;
    reader body;
    memset(kp, 0, sizeof(*kp));
    TRY(mls_message_open(message, &wire, &body));
    if (wire != MLS_KEY_PACKAGE)
        return ERR_UNKNOWN_TYPE;
    TRY(mls_key_package_read(&body, kp, mem));
    err e = reader_end(&body);
    /* RFC 9420 rule 10-3: the version inside is the one outside. */
    if (e == OK && kp->version != MLS_VERSION_10)
        e = ERR_MLS_VERSION;
    if (e != OK)
        mls_key_package_free(kp, mem);
    return e;
}

err mls_key_package_make_ref(const struct mls_suite *suite, const struct mls_key_package *kp,
                             uint8_t *ref, const struct mem *mem) {
    buf bytes = buf_on(mem);
    writer w = writer_on(&bytes);
    mls_key_package_write(&w, kp);
    err e = writer_result(&w);
    if (e == OK)
        e = mls_label_ref_hash(suite, "MLS 1.0 KeyPackage Reference", buf_slice(&bytes), ref);
    buf_free(&bytes);
    return e;
}

/* ---- Making one ---- */

err mls_signature_keys_new(const struct mls_suite *suite, buf *pub, buf *priv) {
    if (suite == NULL)
        return ERR_MLS_SUITE;
    size_t pub_before = pub->n, priv_before = priv->n;
    err e = buf_resize(pub, pub_before + suite->sig->pub);
    if (e == OK)
        e = buf_resize(priv, priv_before + suite->sig->priv);
    if (e == OK)
        e = suite->sig->generate(pub->p + pub_before, priv->p + priv_before);
    if (e != OK) { /* shrinking can't fail */
        (void)!buf_resize(pub, pub_before);
        (void)!buf_resize(priv, priv_before);
    }
    return e;
}

static err generate(const struct crypto_kem *kem, buf *pub, buf *priv) {
    TRY(buf_resize(pub, kem->pub));
    TRY(buf_resize(priv, kem->priv));
    return kem->generate(pub->p, priv->p);
}

static err sign(const struct mls_suite *suite, struct mls_key_package *kp, slice priv) {
    TRY(mls_leaf_sign(suite, &kp->leaf, priv, SLICE_EMPTY, 0, NULL));
    buf tbs = {0};
    writer w = writer_on(&tbs);
    mls_key_package_write_unsigned(&w, kp);
    err e = writer_result(&w);
    if (e == OK)
        e = mls_label_sign(suite, priv, "KeyPackageTBS", buf_slice(&tbs), &kp->signature, NULL);
    buf_free(&tbs);
    return e;
}

static err build(const struct mls_suite *suite, const struct mls_key_package_params *params,
                 struct mls_key_package *kp, struct mls_key_package_secrets *secrets) {
    if (params->last_resort)
        TRY(mls_last_resort_mark(&kp->extensions, NULL));
    /* RFC 9420 s.10: the leaf's capabilities list the key package's extensions, too. */
    TRY(mls_leaf_from_params(&kp->leaf, &params->leaf, kp->extensions.p, kp->extensions.n, NULL));
    kp->version = MLS_VERSION_10;
    kp->suite = suite->id;
    kp->leaf.source = MLS_LEAF_KEY_PACKAGE;
    kp->leaf.not_before = params->not_before;
    kp->leaf.not_after = params->not_after;
    TRY(generate(suite->kem, &kp->init_key, &secrets->init_priv));
    TRY(generate(suite->kem, &kp->leaf.encryption_key, &secrets->leaf_priv));
    TRY(sign(suite, kp, params->leaf.signature_priv));
    /* What we would refuse from others we don't hand out. */
    return mls_key_package_validate(suite, kp, NULL, NULL, NULL);
}

static void secrets_write(writer *w, const struct mls_key_package_secrets *s) {
    writer_u16(w, SECRETS_VERSION);
    writer_vec(w, buf_slice(&s->init_priv));
    writer_vec(w, buf_slice(&s->leaf_priv));
}

err mls_key_package_secrets_read(slice bytes, struct mls_key_package_secrets *s,
                                 const struct mem *mem) {
    memset(s, 0, sizeof(*s));
    reader r = reader_of(bytes);
    uint16_t version;
    if (reader_u16(&r, &version) != OK || version != SECRETS_VERSION)
        return ERR_DAMAGED;
    err e = mls_opaque_read(&r, &s->init_priv, mem);
    if (e == OK)
        e = mls_opaque_read(&r, &s->leaf_priv, mem);
    if (e == OK)
        e = reader_end(&r);
    if (e == OK)
        return OK;
    mls_key_package_secrets_free(s);
    return e == ERR_NO_MEMORY ? e : ERR_DAMAGED;
}

void mls_key_package_secrets_free(struct mls_key_package_secrets *s) {
    buf_free(&s->init_priv);
    buf_free(&s->leaf_priv);
}

err mls_key_package_new(const struct mls_suite *suite, const struct mls_key_package_params *params,
                        buf *key_package, buf *secrets) {
    if (suite == NULL)
        return ERR_MLS_SUITE;
    struct mls_key_package kp = {0};
    struct mls_key_package_secrets private_keys = {{0}, {0}};
    size_t before = key_package->n, before_secrets = secrets->n;
    err e = build(suite, params, &kp, &private_keys);
    if (e == OK) {
        writer w = writer_on(key_package), s = writer_on(secrets);
        mls_message_begin(&w, MLS_KEY_PACKAGE);
        mls_key_package_write(&w, &kp);
        secrets_write(&s, &private_keys);
        e = writer_result(&w);
        if (e == OK)
            e = writer_result(&s);
    }
    if (e != OK) { /* shrinking can't fail */
        (void)!buf_resize(key_package, before);
        (void)!buf_resize(secrets, before_secrets);
    }
    mls_key_package_secrets_free(&private_keys);
    mls_key_package_free(&kp, NULL);
    return e;
}

/* ---- For the application ---- */

/* Where in the bytes of an MLSMessage what the application sees stands. */
static err view(slice message, struct mls_member *member, reader *extensions) {
    reader r;
    uint16_t u16;
    uint8_t source;
    slice skipped;
    TRY(mls_message_open(message, &u16, &r));
    TRY(reader_u16(&r, &u16));     /* version */
    TRY(reader_u16(&r, &u16));     /* cipher_suite */
    TRY(reader_vec(&r, &skipped)); /* init_key */
    TRY(reader_vec(&r, &skipped)); /* encryption_key */
    TRY(reader_vec(&r, &member->signature_pub));
    TRY(reader_u16(&r, &member->credential));
    TRY(reader_vec(&r, &member->identity));
    for (size_t i = 0; i < 5; i++)
        TRY(reader_vec(&r, &skipped)); /* capabilities */
    TRY(reader_u8(&r, &source));
    TRY(reader_u64(&r, &member->not_before));
    TRY(reader_u64(&r, &member->not_after));
    return reader_open(&r, extensions);
}

static err view_member(slice message, struct mls_member *member, struct mls_extension *extensions,
                       size_t *count) {
    reader r;
    size_t n = 0;
    memset(member, 0, sizeof(*member));
    TRY(view(message, member, &r));
    for (; r.n > 0; n++) {
        if (n == *count)
            return ERR_LIMIT;
        TRY(reader_u16(&r, &extensions[n].type));
        TRY(reader_vec(&r, &extensions[n].data));
    }
    member->extensions = extensions;
    member->extension_count = *count = n;
    return OK;
}

err mls_key_package_check(slice key_package, const struct mls_auth *auth, uint64_t now,
                          struct mls_member *member, struct mls_extension *extensions,
                          size_t *count) {
    struct mls_key_package kp;
    bool last_resort = false;
    TRY(mls_key_package_open(key_package, &kp, NULL));
    const struct mls_suite *suite = mls_suite_find(kp.suite);
    err e = suite == NULL ? ERR_MLS_SUITE : mls_key_package_validate(suite, &kp, NULL, &now, NULL);
    if (e == OK)
        e = mls_key_package_judge(auth, &kp);
    if (e == OK)
        e = mls_last_resort_find(&kp.extensions, &last_resort);
    mls_key_package_free(&kp, NULL);
    TRY(e);
    TRY(view_member(key_package, member, extensions, count));
    member->last_resort = last_resort;
    return OK;
}

err mls_key_package_ref(slice key_package, uint8_t *ref, size_t *n) {
    struct mls_key_package kp;
    TRY(mls_key_package_open(key_package, &kp, NULL));
    const struct mls_suite *suite = mls_suite_find(kp.suite);
    err e = ERR_MLS_SUITE;
    if (suite != NULL && *n < suite->hash->len)
        e = ERR_LIMIT;
    else if (suite != NULL)
        e = mls_key_package_make_ref(suite, &kp, ref, NULL);
    if (e == OK)
        *n = suite->hash->len;
    mls_key_package_free(&kp, NULL);
    return e;
}
