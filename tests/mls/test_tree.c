/* The ratchet tree as a value: operations, copies, encoding. */
#include "mls/tree.h"
#include "mls/tree_check.h"
#include "mls/tree_hash.h"
#include "tests/mls/tree_support.h"

enum { MANY = 12 };

/* A parent that is not blank, without a commit: for what doesn't look at parent hashes. */
static void set_parent(struct mls_tree *t, uint32_t x, const uint32_t *unmerged, size_t n) {
    struct mls_parent_node p = {0};
    uint8_t pub[CRYPTO_KEM_PUBLIC_MAX], priv[CRYPTO_KEM_PRIVATE_MAX];
    uint32_t list[MANY];
    CHECK_OK(suite_3()->kem->generate(pub, priv));
    CHECK_OK(mls_opaque_copy(&p.encryption_key, slice_of(pub, suite_3()->kem->pub), NULL));
    for (size_t i = 0; i < n; i++)
        list[i] = unmerged[i];
    struct mls_parent_node with = p;
    with.unmerged = (struct mls_u32s){n == 0 ? NULL : list, n};
    CHECK_OK(mls_tree_set_parent(t, x, &with));
    mls_parent_node_free(&p, NULL);
}

TEST(a_tree_of_zeros_can_be_asked) {
    struct mls_tree t = {0};
    struct mls_tree_path path;
    CHECK(mls_tree_leaf(&t, 0) == NULL);
    CHECK(mls_tree_parent(&t, 1) == NULL);
    CHECK_EQ(mls_tree_leaf_count(&t), 0);
    CHECK_EQ(mls_tree_member_count(&t), 0);
    CHECK_EQ(mls_tree_next_leaf(&t, 0), MLS_NODE_NONE);
    CHECK_EQ(mls_tree_find_signer(&t, slice_str("key")), MLS_NODE_NONE);
    mls_tree_filtered_path(&t, 0, &path);
    CHECK_EQ(path.n, 0);
    mls_tree_free(&t);
}

TEST(leaves_go_to_the_leftmost_blank_place) {
    struct mls_tree t;
    struct person people[5], more;
    tree_of(&t, people, 5);
    CHECK_EQ(t.width, 8);
    CHECK_EQ(mls_tree_leaf_count(&t), 5);
    CHECK_OK(mls_tree_remove(&t, 1));
    CHECK_OK(mls_tree_remove(&t, 2));
    CHECK_EQ(mls_tree_member_count(&t), 3);
    CHECK_EQ(mls_tree_next_leaf(&t, 1), 3);
    make_person(&more);
    CHECK_EQ(add_person(&t, &more), 1);
    CHECK(mls_tree_leaf(&t, 1) != NULL && mls_tree_leaf(&t, 2) == NULL);
    free_person(&more);
    free_people(people, 5);
    mls_tree_free(&t);
}

/* RFC 9420 s.7.7 */
TEST(a_tree_shrinks_when_its_right_half_is_empty) {
    struct mls_tree t;
    struct person people[5];
    tree_of(&t, people, 5);
    CHECK_OK(mls_tree_remove(&t, 2));
    CHECK_OK(mls_tree_remove(&t, 3));
    CHECK_EQ(t.width, 8);
    CHECK_OK(mls_tree_remove(&t, 4));
    CHECK_EQ(t.width, 2);
    CHECK_ERR(mls_tree_remove(&t, 4), ERR_NOT_FOUND);
    CHECK_OK(mls_tree_remove(&t, 1));
    CHECK_EQ(t.width, 1);
    CHECK_ERR(mls_tree_remove(&t, 1), ERR_NOT_FOUND);
    free_people(people, 5);
    mls_tree_free(&t);
}

TEST(updates_and_removals_blank_the_direct_path) {
    struct mls_tree t;
    struct person people[4], fresh;
    tree_of(&t, people, 4);
    set_parent(&t, 1, NULL, 0);
    set_parent(&t, 5, NULL, 0);
    set_parent(&t, 3, NULL, 0);
    make_person(&fresh);
    CHECK_OK(mls_tree_update(&t, 0, &fresh.leaf));
    CHECK(mls_tree_parent(&t, 1) == NULL && mls_tree_parent(&t, 3) == NULL);
    CHECK(mls_tree_parent(&t, 5) != NULL);
    CHECK_EQ(mls_tree_find_encryption(&t, buf_slice(&fresh.leaf.encryption_key)), 0);
    CHECK_OK(mls_tree_remove(&t, 3));
    CHECK(mls_tree_parent(&t, 5) == NULL);
    CHECK_ERR(mls_tree_update(&t, 3, &fresh.leaf), ERR_NOT_FOUND);
    free_person(&fresh);
    free_people(people, 4);
    mls_tree_free(&t);
}

TEST(a_copy_keeps_what_the_original_loses) {
    struct mls_tree t, copy;
    struct person people[6];
    uint8_t before[CRYPTO_HASH_MAX], after[CRYPTO_HASH_MAX];
    tree_of(&t, people, 6);
    buf bytes = encoded_tree(&t);
    CHECK_OK(mls_tree_hash_root(&t, before));
    mls_tree_copy(&copy, &t);
    CHECK_OK(mls_tree_remove(&t, 5));
    CHECK_OK(mls_tree_remove(&t, 0));
    buf same = encoded_tree(&copy);
    CHECK_SLICE(buf_slice(&same), buf_slice(&bytes));
    CHECK_OK(mls_tree_hash_root(&copy, after));
    CHECK_SLICE(slice_of(after, suite_3()->hash->len), slice_of(before, suite_3()->hash->len));
    CHECK_EQ(mls_tree_find_signer(&copy, buf_slice(&people[0].leaf.signature_key)), 0);
    CHECK_EQ(mls_tree_find_signer(&t, buf_slice(&people[0].leaf.signature_key)), MLS_NODE_NONE);
    mls_tree_free(&t);
    CHECK_OK(mls_tree_check_keys(&copy, 0));
    mls_tree_free(&copy);
    buf_free(&bytes);
    buf_free(&same);
    free_people(people, 6);
}

TEST(many_adds_at_once_are_the_same_as_one_by_one) {
    struct mls_tree t, single;
    struct person people[6], more[MANY];
    const struct mls_leaf_node *leaves[MANY];
    uint32_t at[MANY], four = 4;
    tree_of(&t, people, 6);
    set_parent(&t, 3, NULL, 0);
    set_parent(&t, 7, &four, 1);
    set_parent(&t, 11, NULL, 0);
    CHECK_OK(mls_tree_remove(&t, 1));
    set_parent(&t, 7, &four, 1);
    mls_tree_copy(&single, &t);
    for (size_t i = 0; i < MANY; i++) {
        make_person(&more[i]);
        leaves[i] = &more[i].leaf;
    }
    CHECK_OK(mls_tree_add(&t, leaves, MANY, at));
    for (size_t i = 0; i < MANY; i++)
        CHECK_EQ(add_person(&single, &more[i]), at[i]);
    CHECK_EQ(at[0], 1);
    CHECK_EQ(at[1], 6);
    check_same(&t, &single);
    const struct mls_u32s *list = &mls_tree_parent(&t, 7)->unmerged;
    uint32_t expected[] = {1, 4, 6, 7};
    CHECK_SLICE(slice_of(list->p, list->n * 4), SLICE_ARRAY(expected));
    mls_tree_free(&t);
    mls_tree_free(&single);
    free_people(people, 6);
    free_people(more, MANY);
}

TEST(a_resolution_leaves_out_new_members) {
    struct mls_tree t;
    struct person people[8];
    struct mls_u32s list;
    uint32_t unmerged[] = {2, 3}, skip[] = {3, 4};
    tree_of(&t, people, 8);
    set_parent(&t, 3, unmerged, 2);
    CHECK_OK(mls_tree_resolution(&t, 7, skip, 2, &list));
    uint32_t expected[] = {3, 4, 10, 12, 14};
    CHECK_SLICE(slice_of(list.p, list.n * 4), SLICE_ARRAY(expected));
    mls_u32s_free(&list, NULL);
    mls_tree_free(&t);
    free_people(people, 8);
}

TEST(a_filtered_path_leaves_out_parents_of_nobody_else) {
    struct mls_tree t;
    struct person people[5];
    struct mls_tree_path path;
    tree_of(&t, people, 5);
    mls_tree_filtered_path(&t, 4, &path);
    CHECK_EQ(path.n, 1);
    CHECK_EQ(path.node[0], 7);
    CHECK_EQ(path.copath[0], 3);
    mls_tree_filtered_path(&t, 0, &path);
    CHECK_EQ(path.n, 3);
    CHECK_EQ(path.copath[2], 11);
    mls_tree_filtered_path(&t, 8, &path);
    CHECK_EQ(path.n, 0);
    mls_tree_free(&t);
    free_people(people, 5);
}

TEST(a_leaf_is_found_only_if_all_of_it_is_equal) {
    struct mls_tree t;
    struct person people[3];
    uint32_t at;
    tree_of(&t, people, 3);
    CHECK_OK(mls_tree_find_leaf(&t, &people[2].leaf, &at));
    CHECK_EQ(at, 2);
    people[2].leaf.not_after++;
    CHECK_ERR(mls_tree_find_leaf(&t, &people[2].leaf, &at), ERR_NOT_FOUND);
    CHECK_OK(mls_tree_remove(&t, 1));
    CHECK_ERR(mls_tree_find_leaf(&t, &people[1].leaf, &at), ERR_NOT_FOUND);
    mls_tree_free(&t);
    free_people(people, 3);
}

TEST(an_encoded_tree_comes_back) {
    struct mls_tree t, back;
    struct person people[7];
    tree_of(&t, people, 7);
    set_parent(&t, 3, NULL, 0);
    CHECK_OK(mls_tree_remove(&t, 1));
    CHECK_OK(mls_tree_remove(&t, 5));
    buf bytes = encoded_tree(&t);
    CHECK_OK(read_tree(&back, buf_slice(&bytes), NULL));
    CHECK_EQ(back.width, t.width);
    check_same(&t, &back);
    for (size_t n = 0; n < bytes.n; n++) {
        struct mls_tree none;
        CHECK(read_tree(&none, slice_of(bytes.p, n), NULL) != OK);
        CHECK(none.root == NULL && none.index == NULL);
    }
    mls_tree_free(&back);
    mls_tree_free(&t);
    buf_free(&bytes);
    free_people(people, 7);
}

/* RFC 9420 rules 12.4.3.3-1, 12.4.3.3-2 */
TEST(a_tree_of_a_wrong_form_is_refused) {
    struct mls_tree t;
    struct person p;
    CHECK_OK(crypto_init());
    CHECK_ERR(read_tree(&t, slice_of("\x00", 1), NULL), ERR_MLS_TREE);         /* no nodes */
    CHECK_ERR(read_tree(&t, slice_of("\x01\x00", 2), NULL), ERR_MLS_TREE);     /* a blank one */
    CHECK_ERR(read_tree(&t, slice_of("\x02\x01\x02", 3), NULL), ERR_MLS_TREE); /* a parent first */
    CHECK_ERR(read_tree(&t, slice_of("\x02\x01\x03", 3), NULL), ERR_MLS_TREE); /* neither */
    CHECK_ERR(read_tree(&t, slice_of("\x01\x02", 2), NULL), ERR_MALFORMED);    /* optional of 2 */
    make_person(&p);
    buf bytes = buf_on(NULL);
    writer w = writer_on(&bytes);
    size_t mark = writer_open(&w);
    for (size_t i = 0; i < 2; i++) { /* a leaf where a parent stands */
        writer_u8(&w, 1);
        writer_u8(&w, 1);
        mls_leaf_node_write(&w, &p.leaf);
    }
    writer_close(&w, mark);
    CHECK_OK(writer_result(&w));
    CHECK_ERR(read_tree(&t, buf_slice(&bytes), NULL), ERR_MLS_TREE);
    buf_free(&bytes);
    free_person(&p);
}

TEST(keys_are_found_only_where_they_are_now) {
    struct mls_tree t;
    struct person people[3];
    tree_of(&t, people, 3);
    for (uint32_t x = 0; x < 5; x++)
        CHECK_OK(mls_tree_check_keys(&t, x));
    CHECK_OK(mls_tree_set_leaf(&t, 1, &people[2].leaf));
    CHECK_ERR(mls_tree_check_keys(&t, 2), ERR_MLS_DUPLICATE_KEY);
    CHECK_ERR(mls_tree_check_keys(&t, 4), ERR_MLS_DUPLICATE_KEY);
    CHECK_OK(mls_tree_check_keys(&t, 0));
    CHECK_OK(mls_tree_remove(&t, 2));
    CHECK_OK(mls_tree_check_keys(&t, 2));
    mls_tree_free(&t);
    free_people(people, 3);
}

/* Adds, removes, updates and reads; on a failure the tree must be as it was. */
static err a_life(struct mls_tree *t, const struct person *people, const struct mem *mem) {
    const struct mls_leaf_node *more[] = {&people[4].leaf, &people[5].leaf, &people[6].leaf};
    uint32_t at[3];
    uint8_t hash[CRYPTO_HASH_MAX];
    struct mls_u32s list;
    TRY(mls_tree_add(t, more, 3, at));
    TRY(mls_tree_remove(t, 1));
    TRY(mls_tree_update(t, 0, &people[7].leaf));
    TRY(mls_tree_hash_root(t, hash));
    TRY(mls_tree_resolution(t, 3, NULL, 0, &list));
    mls_u32s_free(&list, mem);
    struct mls_tree back;
    buf bytes = encoded_tree(t);
    err e = read_tree(&back, buf_slice(&bytes), mem);
    if (e == OK)
        e = mls_tree_hash_root(&back, hash);
    mls_tree_free(&back);
    buf_free(&bytes);
    return e;
}

TEST(any_allocation_may_fail) {
    struct person people[8];
    CHECK_OK(crypto_init());
    for (size_t i = 0; i < 8; i++)
        make_person(&people[i]);
    for (size_t n = 1, done = 0; !done; n++) {
        struct support_mem m;
        struct mls_tree t, copy;
        support_mem_init(&m, 0);
        CHECK_OK(mls_tree_init(&t, suite_3(), &m.mem));
        for (size_t i = 0; i < 4; i++)
            add_person(&t, &people[i]);
        buf before = encoded_tree(&t);
        mls_tree_copy(&copy, &t);
        m.fail_at = m.calls + n;
        err e = a_life(&copy, people, &m.mem);
        done = m.calls < m.fail_at;
        m.fail_at = 0;
        CHECK_ERR(e, done ? OK : ERR_NO_MEMORY);
        mls_tree_free(&copy);
        buf after = encoded_tree(&t);
        CHECK_SLICE(buf_slice(&after), buf_slice(&before));
        mls_tree_free(&t);
        CHECK_EQ(m.blocks, 0);
        CHECK_EQ(m.dirty, 0);
        buf_free(&before);
        buf_free(&after);
    }
    free_people(people, 8);
}

TEST(a_failed_change_leaves_the_tree_as_it_was) {
    struct person people[8];
    CHECK_OK(crypto_init());
    for (size_t i = 0; i < 8; i++)
        make_person(&people[i]);
    const struct mls_leaf_node *more[] = {&people[4].leaf, &people[5].leaf, &people[6].leaf};
    for (size_t n = 1, done = 0; !done; n++) {
        struct support_mem m;
        struct mls_tree t;
        uint32_t at[3];
        support_mem_init(&m, 0);
        CHECK_OK(mls_tree_init(&t, suite_3(), &m.mem));
        for (size_t i = 0; i < 4; i++)
            add_person(&t, &people[i]);
        buf before = encoded_tree(&t);
        m.fail_at = m.calls + n;
        err e = mls_tree_add(&t, more, 3, at);
        m.fail_at = 0;
        if (e == OK)
            done = 1; /* an index that could not grow is no failure */
        else {
            buf after = encoded_tree(&t);
            CHECK_SLICE(buf_slice(&after), buf_slice(&before));
            CHECK_EQ(mls_tree_find_signer(&t, buf_slice(&people[4].leaf.signature_key)),
                     MLS_NODE_NONE);
            buf_free(&after);
        }
        mls_tree_free(&t);
        CHECK_EQ(m.blocks, 0);
        buf_free(&before);
    }
    free_people(people, 8);
}

/* A blank node is one byte on the wire, and far more in memory. */
TEST(a_tree_wider_than_allowed_is_refused_before_it_is_built) {
    struct mls_tree t = {0};
    buf bytes = {0};
    writer w = writer_on(&bytes);
    size_t list = writer_open(&w);
    for (int i = 0; i < 100; i++)
        writer_u8(&w, 0);
    writer_close(&w, list);
    CHECK_OK(writer_result(&w));
    reader r = reader_of(buf_slice(&bytes));
    CHECK_ERR(mls_tree_read_limited(&t, &r, 50, suite_3(), NULL), ERR_LIMIT);
    CHECK_ERR(mls_tree_read_limited(&t, &r, 51, suite_3(), NULL), ERR_MLS_TREE);
    buf_free(&bytes);
}

TEST_MAIN
