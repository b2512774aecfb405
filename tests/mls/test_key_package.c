/* Key packages (RFC 9420 section 10). */
#include "crypto/crypto.h"
#include "mls/key_package.h"
#include "mls/labels.h"
#include "mls/leaf.h"
#include "tests/test.h"

static err accept_all(void *ctx, const struct mls_member *before, const struct mls_member *member) {
    (void)before;
    (void)member;
    return ctx == NULL ? OK : ERR_IDENTITY;
}

static const struct mls_auth everybody = {.accept = accept_all};

struct made {
    const struct mls_suite *suite;
    buf pub, priv, key_package, secrets;
};

static struct mls_extension two[] = {{0xfe01, {(const uint8_t *)"one", 3}},
                                     {0xfe02, {(const uint8_t *)"two", 3}}};

static void make(struct made *m, uint16_t suite) {
    CHECK_OK(crypto_init());
    memset(m, 0, sizeof(*m));
    m->suite = mls_suite_find(suite);
    CHECK_OK(mls_signature_keys_new(m->suite, &m->pub, &m->priv));
    struct mls_key_package_params params = {
        .leaf = {.identity = slice_str("anna"),
                 .signature_pub = buf_slice(&m->pub),
                 .signature_priv = buf_slice(&m->priv),
                 .extensions = two,
                 .extension_count = 2},
        .not_before = 1000,
        .not_after = 2000,
    };
    CHECK_OK(mls_key_package_new(m->suite, &params, &m->key_package, &m->secrets));
}

static void drop(struct made *m) {
    buf_free(&m->pub);
    buf_free(&m->priv);
    buf_free(&m->key_package);
    buf_free(&m->secrets);
}

static err check(const struct made *m, uint64_t now) {
    struct mls_member member;
    struct mls_extension extensions[4];
    size_t count = 4;
    return mls_key_package_check(buf_slice(&m->key_package), &everybody, now, &member, extensions,
                                 &count);
}

TEST(a_key_package_says_who_it_is_for) {
    for (size_t i = 0; mls_suite_at(i) != NULL; i++) {
        struct made m;
        struct mls_member member;
        struct mls_extension extensions[2];
        size_t count = 2, n = MLS_HASH_MAX;
        uint8_t ref[MLS_HASH_MAX];
        make(&m, mls_suite_id(mls_suite_at(i)));
        CHECK_OK(mls_key_package_check(buf_slice(&m.key_package), &everybody, 1500, &member,
                                       extensions, &count));
        CHECK_SLICE(member.identity, slice_str("anna"));
        CHECK_SLICE(member.signature_pub, buf_slice(&m.pub));
        CHECK_EQ(count, 2);
        CHECK_EQ(member.extensions[1].type, 0xfe02);
        CHECK_SLICE(member.extensions[1].data, slice_str("two"));
        CHECK(member.identity.p > m.key_package.p &&
              member.identity.p < m.key_package.p + m.key_package.n);
        count = 1;
        CHECK_ERR(mls_key_package_check(buf_slice(&m.key_package), &everybody, 1500, &member,
                                        extensions, &count),
                  ERR_LIMIT);
        CHECK_OK(mls_key_package_ref(buf_slice(&m.key_package), ref, &n));
        CHECK_EQ(n, mls_suite_at(i)->hash->len);
        n = 31;
        CHECK_ERR(mls_key_package_ref(buf_slice(&m.key_package), ref, &n), ERR_LIMIT);
        drop(&m);
    }
}

TEST(the_lifetime_and_the_application_are_asked) {
    struct made m;
    struct mls_member member;
    size_t count = 0;
    struct mls_auth nobody = {.accept = accept_all, .ctx = &m};
    make(&m, MLS_SUITE_X25519_CHACHA);
    CHECK_OK(check(&m, 1000));
    CHECK_OK(check(&m, 2000));
    CHECK_ERR(check(&m, 999), ERR_MLS_LIFETIME);
    CHECK_ERR(check(&m, 2001), ERR_MLS_LIFETIME);
    CHECK_ERR(
        mls_key_package_check(buf_slice(&m.key_package), &nobody, 1500, &member, NULL, &count),
        ERR_IDENTITY);
    drop(&m);
}

TEST(a_changed_byte_anywhere_is_found) {
    struct made m;
    make(&m, MLS_SUITE_X25519_CHACHA);
    for (size_t i = 0; i < m.key_package.n; i++) {
        m.key_package.p[i] ^= 1;
        CHECK(check(&m, 1500) != OK);
        m.key_package.p[i] ^= 1;
    }
    CHECK_OK(check(&m, 1500));
    for (size_t n = m.key_package.n; n-- > 0;) {
        m.key_package.n = n;
        CHECK(check(&m, 1500) != OK);
    }
    drop(&m);
}

/* Changed, and signed again by its owner. */
static err changed(void (*change)(struct mls_key_package *kp), bool sign_leaf) {
    struct made m;
    struct mls_key_package kp;
    buf tbs = {0}, message = {0};
    make(&m, MLS_SUITE_X25519_CHACHA);
    CHECK_OK(mls_key_package_open(buf_slice(&m.key_package), &kp, NULL));
    change(&kp);
    if (sign_leaf)
        CHECK_OK(mls_leaf_sign(m.suite, &kp.leaf, buf_slice(&m.priv), SLICE_EMPTY, 0, NULL));
    writer w = writer_on(&tbs), out = writer_on(&message);
    mls_key_package_write_unsigned(&w, &kp);
    buf_free(&kp.signature);
    CHECK_OK(mls_label_sign(m.suite, buf_slice(&m.priv), "KeyPackageTBS", buf_slice(&tbs),
                            &kp.signature, NULL));
    mls_message_begin(&out, MLS_KEY_PACKAGE);
    mls_key_package_write(&out, &kp);
    buf_move(&m.key_package, &message);
    err e = check(&m, 1500);
    mls_key_package_free(&kp, NULL);
    buf_free(&tbs);
    drop(&m);
    return e;
}

static void nothing(struct mls_key_package *kp) {
    (void)kp;
}
static void version(struct mls_key_package *kp) {
    kp->version = 2;
}
static void unknown_suite(struct mls_key_package *kp) {
    kp->suite = 0x0a0a;
}
static void short_init(struct mls_key_package *kp) {
    kp->init_key.n--;
}
static void same_keys(struct mls_key_package *kp) {
    CHECK_OK(buf_set(&kp->init_key, buf_slice(&kp->leaf.encryption_key)));
}
static void short_leaf_key(struct mls_key_package *kp) {
    kp->leaf.encryption_key.n--;
}
static void set_u16(struct mls_u16s *list, size_t i, uint16_t value) {
    list->data.p[2 * i] = (uint8_t)(value >> 8);
    list->data.p[2 * i + 1] = (uint8_t)value;
}
static void update_leaf(struct mls_key_package *kp) {
    kp->leaf.source = MLS_LEAF_UPDATE;
}
static void x509(struct mls_key_package *kp) {
    kp->leaf.credential.type = MLS_CREDENTIAL_X509;
    set_u16(&kp->leaf.capabilities.credentials, 0, MLS_CREDENTIAL_X509);
}
static void unlisted_version(struct mls_key_package *kp) {
    set_u16(&kp->leaf.capabilities.versions, 0, 2);
}
static void unlisted_suite(struct mls_key_package *kp) {
    struct mls_u16s *suites = &kp->leaf.capabilities.suites;
    for (size_t i = 0; i < mls_u16s_count(suites); i++)
        if (mls_u16s_at(suites, i) == kp->suite)
            set_u16(suites, i, 0x0a0a);
}
static void unlisted_credential(struct mls_key_package *kp) {
    set_u16(&kp->leaf.capabilities.credentials, 0, 77);
}
static void extension_twice(struct mls_key_package *kp) {
    struct mls_extension same[] = {{0xfe09, SLICE_EMPTY}, {0xfe09, SLICE_EMPTY}};
    CHECK_OK(mls_extensions_from(&kp->extensions, same, 2, NULL));
}
static void unknown_extension(struct mls_key_package *kp) {
    struct mls_extension one = {0x0a0a, slice_str("grease")};
    CHECK_OK(mls_extensions_from(&kp->extensions, &one, 1, NULL));
}
static void leaf_extension_twice(struct mls_key_package *kp) {
    struct mls_extension same[] = {{0xfe01, SLICE_EMPTY}, {0xfe01, SLICE_EMPTY}};
    mls_extensions_free(&kp->leaf.extensions, NULL);
    CHECK_OK(mls_extensions_from(&kp->leaf.extensions, same, 2, NULL));
}

TEST(each_rule_of_section_10_has_its_own_answer) {
    CHECK_OK(changed(nothing, true));
    CHECK_OK(changed(unknown_extension, false));
    CHECK_ERR(changed(version, false), ERR_MLS_VERSION); /* rule 10-3 */
    CHECK_ERR(changed(unknown_suite, false), ERR_MLS_SUITE);
    CHECK_ERR(changed(short_init, false), ERR_MLS_KEY_PACKAGE);  /* rule 10-1 */
    CHECK_ERR(changed(same_keys, false), ERR_MLS_KEY_PACKAGE);   /* rule 10.1-5 */
    CHECK_ERR(changed(short_leaf_key, true), ERR_MLS_LEAF_NODE); /* rule 10-2 */
    CHECK_ERR(changed(update_leaf, true), ERR_MLS_LEAF_SOURCE);  /* rules 7.3-7, 10.1-3 */
    CHECK_OK(changed(x509, true));                               /* the application's to judge */
    CHECK_ERR(changed(unlisted_credential, true), ERR_MLS_CAPABILITIES); /* rule 7.2-1 */
    CHECK_ERR(changed(unlisted_version, true), ERR_MLS_CAPABILITIES);    /* rule 11.1-1 */
    CHECK_ERR(changed(unlisted_suite, true), ERR_MLS_CAPABILITIES);      /* rule 11.1-1 */
    CHECK_ERR(changed(extension_twice, false), ERR_MLS_EXTENSION);
    CHECK_ERR(changed(leaf_extension_twice, true), ERR_MLS_EXTENSION);
}

TEST(secrets_are_read_only_as_they_were_written) {
    struct made m;
    struct mls_key_package_secrets s;
    make(&m, MLS_SUITE_X25519_CHACHA);
    CHECK_OK(mls_key_package_secrets_read(buf_slice(&m.secrets), &s, NULL));
    CHECK_EQ(s.init_priv.n, 32);
    mls_key_package_secrets_free(&s);
    CHECK_OK(buf_append_byte(&m.secrets, 0));
    for (size_t n = 0; n <= m.secrets.n; n++)
        if (n != m.secrets.n - 1)
            CHECK_ERR(mls_key_package_secrets_read(slice_of(m.secrets.p, n), &s, NULL),
                      ERR_DAMAGED);
    m.secrets.p[1]++;
    CHECK_ERR(mls_key_package_secrets_read(buf_slice(&m.secrets), &s, NULL), ERR_DAMAGED);
    drop(&m);
}

TEST_MAIN
