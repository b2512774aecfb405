#include "mls/tree.h"
#include "mls/tree_hash.h"
#include "tests/mls/vectors_suites.h"

/* The file names suite 1, whose hash is the same SHA-256; nothing else of a suite is used here. */
static const struct mls_suite *sha256_suite(void) {
    return mls_suite_find(MLS_SUITE_X25519_CHACHA);
}

static void expect_tree(struct json_object *one, const struct mls_tree *t, const char *tree_key,
                        const char *hash_key) {
    uint8_t hash[CRYPTO_HASH_MAX];
    buf bytes = buf_on(NULL);
    writer w = writer_on(&bytes);
    mls_tree_write(&w, t);
    CHECK_OK(writer_result(&w));
    vectors_expect(one, tree_key, bytes.p, bytes.n);
    CHECK_OK(mls_tree_hash_root(t, hash));
    vectors_expect(one, hash_key, hash, t->suite->hash->len);
    buf_free(&bytes);
}

static void apply(struct mls_tree *t, const struct mls_proposal *p, uint32_t sender) {
    uint32_t at;
    const struct mls_leaf_node *leaf;
    switch (p->type) {
    case MLS_PROPOSAL_ADD:
        leaf = &p->key_package->leaf;
        CHECK_OK(mls_tree_add(t, &leaf, 1, &at));
        break;
    case MLS_PROPOSAL_UPDATE:
        CHECK_OK(mls_tree_update(t, sender, p->leaf));
        break;
    case MLS_PROPOSAL_REMOVE:
        CHECK_OK(mls_tree_remove(t, p->removed));
        break;
    default:
        CHECK(false);
    }
}

static void check_case(struct json_object *one) {
    struct mls_tree t, before;
    struct mls_proposal p;
    buf bytes = vectors_bytes(one, "tree_before"), proposal = vectors_bytes(one, "proposal");
    reader r = reader_of(buf_slice(&bytes));
    CHECK_OK(mls_tree_read(&t, &r, sha256_suite(), NULL));
    CHECK_OK(reader_end(&r));
    expect_tree(one, &t, "tree_before", "tree_hash_before");
    r = reader_of(buf_slice(&proposal));
    CHECK_OK(mls_proposal_read(&r, &p, NULL));
    CHECK_OK(reader_end(&r));
    mls_tree_copy(&before, &t);
    apply(&t, &p, (uint32_t)vectors_u64(one, "proposal_sender"));
    expect_tree(one, &t, "tree_after", "tree_hash_after");
    /* The copy has not moved. */
    expect_tree(one, &before, "tree_before", "tree_hash_before");
    mls_tree_free(&before);
    mls_tree_free(&t);
    mls_proposal_free(&p, NULL);
    buf_free(&bytes);
    buf_free(&proposal);
}

TEST(official_vectors) {
    CHECK_OK(crypto_init());
    struct json_object *cases = vectors_open("tree-operations.json");
    size_t n = json_object_array_length(cases);
    for (size_t i = 0; i < n; i++)
        check_case(json_object_array_get_idx(cases, i));
    vectors_report("tree-operations.json", n, 0);
    json_object_put(cases);
}

TEST_MAIN
