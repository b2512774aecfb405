#include "mls/tree_check.h"
#include "mls/tree_hash.h"
#include "tests/mls/vectors_suites.h"

static void check_resolution(const struct mls_tree *t, uint32_t x, struct json_object *expected) {
    struct mls_u32s list;
    CHECK_OK(mls_tree_resolution(t, x, NULL, 0, &list));
    CHECK_EQ(list.n, json_object_array_length(expected));
    for (size_t i = 0; i < list.n; i++)
        CHECK_EQ(list.p[i], json_object_get_int64(json_object_array_get_idx(expected, i)));
    CHECK_EQ(mls_tree_is_empty_below(t, x), list.n == 0);
    mls_u32s_free(&list, NULL);
}

static void check_hash(const struct mls_tree *t, uint32_t x, struct json_object *expected) {
    uint8_t hash[CRYPTO_HASH_MAX];
    CHECK_OK(mls_tree_hash_node(t, x, hash));
    struct json_object *field = json_object_new_object();
    json_object_object_add(field, "hash", json_object_get(expected));
    vectors_expect(field, "hash", hash, t->suite->hash->len);
    json_object_put(field);
}

static void check_case(struct json_object *one, const struct mls_suite *suite) {
    struct mls_tree t;
    struct mls_extensions none = {0};
    buf bytes = vectors_bytes(one, "tree"), group_id = vectors_bytes(one, "group_id");
    reader r = reader_of(buf_slice(&bytes));
    CHECK_OK(mls_tree_read(&t, &r, suite, NULL));
    CHECK_OK(reader_end(&r));
    uint32_t nodes = mls_tree_math_nodes(t.width);
    CHECK_EQ(nodes, vectors_count(one, "resolutions"));
    for (uint32_t x = 0; x < nodes; x++) {
        check_resolution(&t, x, vectors_at(one, "resolutions", x));
        check_hash(&t, x, vectors_at(one, "tree_hashes", x));
    }
    CHECK_OK(mls_tree_hash_check_parents(&t));
    CHECK_OK(mls_tree_check(&t, buf_slice(&group_id), &none));
    mls_tree_free(&t);
    buf_free(&bytes);
    buf_free(&group_id);
}

TEST(official_vectors) {
    CHECK_OK(crypto_init());
    vectors_run("tree-validation.json", check_case);
}

TEST_MAIN
