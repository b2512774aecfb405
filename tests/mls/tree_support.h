/* Members with real keys, and trees of them, for tests without vector files. */
#ifndef SOTTO_TESTS_MLS_TREE_SUPPORT_H
#define SOTTO_TESTS_MLS_TREE_SUPPORT_H

#include "mls/leaf.h"
#include "mls/tree.h"
#include "tests/support.h"
#include "tests/test.h"

#define GROUP_ID slice_str("a group")

struct person {
    struct mls_leaf_node leaf; /* of a key package */
    uint8_t encryption_priv[CRYPTO_KEM_PRIVATE_MAX], signature_priv[CRYPTO_SIG_PRIVATE_MAX];
};

static inline const struct mls_suite *suite_3(void) {
    return mls_suite_find(MLS_SUITE_X25519_CHACHA);
}

static inline slice encryption_priv(const struct person *p) {
    return slice_of(p->encryption_priv, suite_3()->kem->priv);
}
static inline slice signature_priv(const struct person *p) {
    return slice_of(p->signature_priv, suite_3()->sig->priv);
}

static inline void set_u16s(struct mls_u16s *list, const uint16_t *p, size_t n) {
    mls_u16s_free(list, NULL);
    writer w = writer_on(&list->data);
    for (size_t i = 0; i < n; i++)
        writer_u16(&w, p[i]);
    CHECK_OK(writer_result(&w));
}

static inline void sign_person(struct person *p, uint32_t index) {
    CHECK_OK(mls_leaf_sign(suite_3(), &p->leaf, signature_priv(p), GROUP_ID, index, NULL));
}

static inline void make_person(struct person *p) {
    uint8_t encryption[CRYPTO_KEM_PUBLIC_MAX], signature[CRYPTO_SIG_PUBLIC_MAX];
    uint16_t version = MLS_VERSION_10, suite = suite_3()->id, basic = MLS_CREDENTIAL_BASIC;
    memset(p, 0, sizeof(*p));
    struct mls_leaf_node *leaf = &p->leaf;
    CHECK_OK(suite_3()->kem->generate(encryption, p->encryption_priv));
    CHECK_OK(suite_3()->sig->generate(signature, p->signature_priv));
    CHECK_OK(
        mls_opaque_copy(&leaf->encryption_key, slice_of(encryption, suite_3()->kem->pub), NULL));
    CHECK_OK(mls_opaque_copy(&leaf->signature_key, slice_of(signature, suite_3()->sig->pub), NULL));
    CHECK_OK(mls_opaque_copy(&leaf->credential.identity, slice_str("somebody"), NULL));
    leaf->credential.type = MLS_CREDENTIAL_BASIC;
    set_u16s(&leaf->capabilities.versions, &version, 1);
    set_u16s(&leaf->capabilities.suites, &suite, 1);
    set_u16s(&leaf->capabilities.credentials, &basic, 1);
    leaf->source = MLS_LEAF_KEY_PACKAGE;
    leaf->not_before = 1000;
    leaf->not_after = 2000;
    sign_person(p, 0);
}

static inline void free_person(struct person *p) {
    mls_leaf_node_free(&p->leaf, NULL);
    wipe(p, sizeof(*p));
}

static inline uint32_t add_person(struct mls_tree *t, const struct person *p) {
    const struct mls_leaf_node *leaf = &p->leaf;
    uint32_t at = MLS_NODE_NONE;
    CHECK_OK(mls_tree_add(t, &leaf, 1, &at));
    return at;
}

/* A tree of these people, all parents blank. */
static inline void tree_of(struct mls_tree *t, struct person *people, size_t n) {
    CHECK_OK(crypto_init());
    CHECK_OK(mls_tree_init(t, suite_3(), NULL));
    for (size_t i = 0; i < n; i++) {
        make_person(&people[i]);
        CHECK_EQ(add_person(t, &people[i]), i);
    }
}

static inline void free_people(struct person *people, size_t n) {
    for (size_t i = 0; i < n; i++)
        free_person(&people[i]);
}

static inline buf encoded_tree(const struct mls_tree *t) {
    buf out = buf_on(NULL);
    writer w = writer_on(&out);
    mls_tree_write(&w, t);
    CHECK_OK(writer_result(&w));
    return out;
}

static inline err read_tree(struct mls_tree *t, slice bytes, const struct mem *mem) {
    reader r = reader_of(bytes);
    *t = (struct mls_tree){0};
    return mls_tree_read(t, &r, suite_3(), mem);
}

/* CHECKs that two trees have the same content. */
static inline void check_same(const struct mls_tree *a, const struct mls_tree *b) {
    buf x = encoded_tree(a), y = encoded_tree(b);
    CHECK_SLICE(buf_slice(&x), buf_slice(&y));
    buf_free(&x);
    buf_free(&y);
}

#endif
