/* The rules for leaves and trees, each broken by itself (RFC 9420 sections 7.1, 7.3, 7.9.2,
 * 12.4.3.1, 13). */
#include "mls/tree_check.h"
#include "mls/tree_hash.h"
#include "mls/treekem.h"
#include "tests/mls/tree_support.h"

/* ---- A leaf by itself ---- */

static struct mls_leaf_check key_package_check(void) {
    return (struct mls_leaf_check){.source = MLS_LEAF_KEY_PACKAGE, .group_id = GROUP_ID};
}

/* What the check says of a leaf that was signed as it is now. */
static err check_signed(struct person *p, const struct mls_leaf_check *check) {
    sign_person(p, check->index);
    return mls_leaf_check(suite_3(), &p->leaf, check, NULL);
}

static void set_extensions(struct mls_leaf_node *leaf, const struct mls_extension *p, size_t n) {
    mls_extensions_free(&leaf->extensions, NULL);
    CHECK_OK(mls_extensions_from(&leaf->extensions, p, n, NULL));
}

/* RFC 9420 rules 7.3-7, 7.3-8, 7.3-10 */
TEST(a_leaf_stands_only_where_its_source_says) {
    struct person p;
    CHECK_OK(crypto_init());
    make_person(&p);
    struct mls_leaf_check check = key_package_check();
    CHECK_OK(check_signed(&p, &check));
    check.source = MLS_LEAF_UPDATE;
    CHECK_ERR(check_signed(&p, &check), ERR_MLS_LEAF_SOURCE);
    p.leaf.source = MLS_LEAF_UPDATE;
    CHECK_OK(check_signed(&p, &check));
    check.source = MLS_LEAF_COMMIT;
    CHECK_ERR(check_signed(&p, &check), ERR_MLS_LEAF_SOURCE);
    check.source = (enum mls_leaf_source)0;
    CHECK_OK(check_signed(&p, &check));
    free_person(&p);
}

/* RFC 9420 rule 7.3-2 */
TEST(a_leafs_signature_covers_it) {
    struct person p;
    make_person(&p);
    struct mls_leaf_check check = key_package_check();
    p.leaf.not_after++;
    CHECK_ERR(mls_leaf_check(suite_3(), &p.leaf, &check, NULL), ERR_SIGNATURE);
    p.leaf.not_after--;
    CHECK_OK(mls_leaf_check(suite_3(), &p.leaf, &check, NULL));
    p.leaf.signature.p[0] ^= 1;
    CHECK_ERR(mls_leaf_check(suite_3(), &p.leaf, &check, NULL), ERR_SIGNATURE);
    CHECK_OK(buf_resize(&p.leaf.signature, 0));
    CHECK_ERR(mls_leaf_check(suite_3(), &p.leaf, &check, NULL), ERR_SIGNATURE);
    free_person(&p);
}

/* RFC 9420 rule 7.2-2: LeafNodeTBS has group id and leaf index for update and commit. */
TEST(a_leaf_made_in_a_group_is_bound_to_its_place) {
    struct person p;
    make_person(&p);
    p.leaf.source = MLS_LEAF_UPDATE;
    sign_person(&p, 3);
    struct mls_leaf_check check = {.group_id = GROUP_ID, .index = 3};
    CHECK_OK(mls_leaf_check(suite_3(), &p.leaf, &check, NULL));
    check.index = 4;
    CHECK_ERR(mls_leaf_check(suite_3(), &p.leaf, &check, NULL), ERR_SIGNATURE);
    check.index = 3;
    check.group_id = slice_str("another");
    CHECK_ERR(mls_leaf_check(suite_3(), &p.leaf, &check, NULL), ERR_SIGNATURE);
    free_person(&p);
}

/* RFC 9420 rule 7.3-5 */
TEST(a_lifetime_is_judged_by_who_knows_the_time) {
    struct person p;
    uint64_t now[] = {999, 1000, 2000, 2001};
    make_person(&p);
    struct mls_leaf_check check = key_package_check();
    check.now = &now[0];
    CHECK_ERR(check_signed(&p, &check), ERR_MLS_LIFETIME);
    check.now = &now[1];
    CHECK_OK(check_signed(&p, &check));
    check.now = &now[2];
    CHECK_OK(check_signed(&p, &check));
    check.now = &now[3];
    CHECK_ERR(check_signed(&p, &check), ERR_MLS_LIFETIME);
    check.now = NULL;
    CHECK_OK(check_signed(&p, &check));
    free_person(&p);
}

/* RFC 9420 rule 7.3-6, s.13 */
TEST(a_leafs_extensions_are_its_capabilities_and_stand_once) {
    struct person p;
    uint16_t grease = 0x0a0a;
    struct mls_extension twice[] = {{grease, slice_str("a")}, {grease, slice_str("b")}};
    struct mls_extension id = {MLS_EXTENSION_APPLICATION_ID, slice_str("me")};
    make_person(&p);
    struct mls_leaf_check check = key_package_check();
    set_extensions(&p.leaf, twice, 1);
    CHECK_ERR(check_signed(&p, &check), ERR_MLS_EXTENSION);
    set_u16s(&p.leaf.capabilities.extensions, &grease, 1);
    CHECK_OK(check_signed(&p, &check));
    set_extensions(&p.leaf, twice, 2);
    CHECK_ERR(check_signed(&p, &check), ERR_MLS_EXTENSION);
    set_extensions(&p.leaf, &id, 1); /* the RFC's own types need not be listed */
    CHECK_OK(check_signed(&p, &check));
    free_person(&p);
}

/* RFC 9420 rule 7.2-1 */
TEST(a_leaf_supports_its_own_credential) {
    struct person p;
    uint16_t x509 = MLS_CREDENTIAL_X509;
    make_person(&p);
    struct mls_leaf_check check = key_package_check();
    set_u16s(&p.leaf.capabilities.credentials, &x509, 1);
    CHECK_ERR(check_signed(&p, &check), ERR_MLS_CAPABILITIES);
    free_person(&p);
}

/* RFC 9420 rule 10-2 */
TEST(a_leafs_keys_have_the_suites_length) {
    struct person p;
    make_person(&p);
    struct mls_leaf_check check = key_package_check();
    CHECK_OK(buf_append_byte(&p.leaf.encryption_key, 0));
    CHECK_ERR(check_signed(&p, &check), ERR_MLS_LEAF_NODE);
    CHECK_OK(buf_resize(&p.leaf.encryption_key, p.leaf.encryption_key.n - 1));
    CHECK_OK(buf_resize(&p.leaf.signature_key, 0));
    CHECK_ERR(check_signed(&p, &check), ERR_MLS_LEAF_NODE);
    free_person(&p);
}

/* A group context whose members must support one type of a kind: 0 extensions, 1 proposals,
 * 2 credentials. */
static void require(struct mls_extensions *group, size_t kind, uint16_t type) {
    buf data = buf_on(NULL);
    writer w = writer_on(&data);
    for (size_t i = 0; i < 3; i++) {
        size_t mark = writer_open(&w);
        if (i == kind)
            writer_u16(&w, type);
        writer_close(&w, mark);
    }
    CHECK_OK(writer_result(&w));
    struct mls_extension e = {MLS_EXTENSION_REQUIRED_CAPABILITIES, buf_slice(&data)};
    mls_extensions_free(group, NULL);
    CHECK_OK(mls_extensions_from(group, &e, 1, NULL));
    buf_free(&data);
}

/* RFC 9420 rule 7.3-3 */
TEST(required_capabilities_are_required) {
    struct person p;
    struct mls_extensions group = {0};
    uint16_t own = 0xf123;
    make_person(&p);
    struct mls_capabilities *c = &p.leaf.capabilities;
    struct mls_u16s *lists[] = {&c->extensions, &c->proposals, &c->credentials};
    struct mls_leaf_check check = key_package_check();
    check.group = &group;
    for (size_t kind = 0; kind < 3; kind++) {
        uint16_t have[] = {MLS_CREDENTIAL_BASIC, own};
        require(&group, kind, own);
        CHECK_ERR(check_signed(&p, &check), ERR_MLS_CAPABILITIES);
        set_u16s(lists[kind], have, 2);
        CHECK_OK(check_signed(&p, &check));
        CHECK_OK(mls_leaf_supports(&p.leaf, &group));
    }
    require(&group, 1, MLS_PROPOSAL_GROUP_CONTEXT_EXTENSIONS);
    CHECK_OK(check_signed(&p, &check));
    mls_extensions_free(&group, NULL);
    free_person(&p);
}

/* RFC 9420 rule 12.4.3-1 */
TEST(members_support_the_groups_extensions) {
    struct person p;
    struct mls_extensions group;
    struct mls_extension e = {0xf00d, slice_str("x")};
    uint16_t many[200];
    make_person(&p);
    CHECK_OK(mls_extensions_from(&group, &e, 1, NULL));
    CHECK_ERR(mls_leaf_supports(&p.leaf, &group), ERR_MLS_CAPABILITIES);
    /* A long list is looked up otherwise than a short one. */
    for (uint16_t i = 0; i < 200; i++)
        many[i] = (uint16_t)(0xf100 + i);
    set_u16s(&p.leaf.capabilities.extensions, many, 200);
    CHECK_ERR(mls_leaf_supports(&p.leaf, &group), ERR_MLS_CAPABILITIES);
    many[199] = 0xf00d;
    set_u16s(&p.leaf.capabilities.extensions, many, 200);
    CHECK_OK(mls_leaf_supports(&p.leaf, &group));
    mls_extensions_free(&group, NULL);
    e = (struct mls_extension){MLS_EXTENSION_REQUIRED_CAPABILITIES, slice_str("\x01")};
    CHECK_OK(mls_extensions_from(&group, &e, 1, NULL));
    CHECK_ERR(mls_leaf_supports(&p.leaf, &group), ERR_TRUNCATED);
    mls_extensions_free(&group, NULL);
    free_person(&p);
}

/* RFC 9420 rule 7.3-9 */
TEST(an_update_brings_another_key) {
    struct person a, b;
    make_person(&a);
    make_person(&b);
    CHECK_OK(mls_leaf_check_replaces(&a.leaf, &b.leaf));
    CHECK_ERR(mls_leaf_check_replaces(&a.leaf, &a.leaf), ERR_MLS_DUPLICATE_KEY);
    free_person(&a);
    free_person(&b);
}

/* ---- A tree ---- */

static const struct mls_extensions no_extensions;

static err check_tree(const struct mls_tree *t) {
    return mls_tree_check(t, GROUP_ID, &no_extensions);
}

/* A member commits with a path: the tree gets parents that are in order. */
static void commit(struct mls_tree *t, struct person *p, uint32_t leaf) {
    struct mls_treekem_private priv;
    struct mls_treekem_secrets s;
    CHECK_OK(mls_treekem_private_init(&priv, suite_3(), leaf, encryption_priv(p)));
    CHECK_OK(mls_treekem_create(t, &priv, &p->leaf, signature_priv(p), GROUP_ID, &s));
    mls_treekem_private_wipe(&priv);
    mls_treekem_secrets_wipe(&s);
}

/* Eight members; leaves 0 and 5 committed, and 8 joined since: it is unmerged at the root. */
enum { PEOPLE = 9 };
static void committed_tree(struct mls_tree *t, struct person *people) {
    tree_of(t, people, PEOPLE - 1);
    commit(t, &people[0], 0);
    commit(t, &people[5], 5);
    CHECK_OK(mls_tree_remove(t, 2));
    commit(t, &people[0], 0);
    make_person(&people[PEOPLE - 1]);
    CHECK_EQ(add_person(t, &people[PEOPLE - 1]), 2);
}

/* Changes a parent and hands the copy that stood there to be put back. */
static void change_unmerged(struct mls_tree *t, uint32_t x, const uint32_t *list, size_t n) {
    struct mls_parent_node p;
    CHECK_OK(mls_parent_node_copy(&p, mls_tree_parent(t, x), NULL));
    mls_u32s_free(&p.unmerged, NULL);
    if (n > 0) {
        p.unmerged.p = mem_new_array(NULL, n, sizeof(*list));
        CHECK(p.unmerged.p != NULL);
        memcpy(p.unmerged.p, list, n * sizeof(*list));
        p.unmerged.n = n;
    }
    CHECK_OK(mls_tree_set_parent(t, x, &p));
    mls_parent_node_free(&p, NULL);
}

TEST(a_tree_after_commits_is_in_order) {
    struct mls_tree t;
    struct person people[PEOPLE];
    committed_tree(&t, people);
    CHECK(mls_tree_parent(&t, 7) != NULL && mls_tree_parent(&t, 7)->unmerged.n == 1);
    CHECK_OK(check_tree(&t));
    mls_tree_free(&t);
    free_people(people, PEOPLE);
}

/* RFC 9420 rule 7.1-1; bug unsorted-unmerged */
TEST(unmerged_leaves_stand_in_increasing_order) {
    struct mls_tree t;
    struct person people[PEOPLE];
    uint32_t down[] = {3, 2}, twice[] = {2, 2};
    committed_tree(&t, people);
    change_unmerged(&t, 7, down, 2);
    CHECK_ERR(check_tree(&t), ERR_MLS_TREE);
    change_unmerged(&t, 7, twice, 2);
    CHECK_ERR(check_tree(&t), ERR_MLS_TREE);
    mls_tree_free(&t);
    free_people(people, PEOPLE);
}

/* RFC 9420 rule 12.4.3.1-11 */
TEST(unmerged_leaves_are_members_below_the_parent) {
    struct mls_tree t;
    struct person people[PEOPLE];
    uint32_t outside[] = {2, 4}, nobody[] = {2, 1000000}, whole = 2;
    committed_tree(&t, people);
    change_unmerged(&t, 3, outside, 2);
    CHECK_ERR(check_tree(&t), ERR_MLS_TREE);
    change_unmerged(&t, 3, nobody, 2);
    CHECK_ERR(check_tree(&t), ERR_MLS_TREE);
    change_unmerged(&t, 3, &whole, 1);
    CHECK_OK(check_tree(&t));
    CHECK_OK(mls_tree_blank(&t, 4));
    CHECK_ERR(check_tree(&t), ERR_MLS_TREE);
    mls_tree_free(&t);
    free_people(people, PEOPLE);
}

/* RFC 9420 rule 12.4.3.1-12 */
TEST(parents_between_list_an_unmerged_leaf_too) {
    struct mls_tree t;
    struct person people[PEOPLE];
    committed_tree(&t, people);
    CHECK(mls_tree_parent(&t, 3)->unmerged.n == 1);
    change_unmerged(&t, 3, NULL, 0);
    CHECK_ERR(check_tree(&t), ERR_MLS_TREE);
    mls_tree_free(&t);
    free_people(people, PEOPLE);
}

/* RFC 9420 rules 7.3-11, 7.3-12, 12.4.3.1-13 */
TEST(no_key_stands_twice) {
    struct mls_tree t;
    struct person people[PEOPLE];
    struct mls_parent_node p;
    committed_tree(&t, people);
    /* A parent with a leaf's key. */
    CHECK_OK(mls_parent_node_copy(&p, mls_tree_parent(&t, 3), NULL));
    CHECK_OK(buf_set(&p.encryption_key, buf_slice(&people[7].leaf.encryption_key)));
    CHECK_OK(mls_tree_set_parent(&t, 3, &p));
    CHECK_ERR(check_tree(&t), ERR_MLS_DUPLICATE_KEY);
    mls_parent_node_free(&p, NULL);
    mls_tree_free(&t);
    free_people(people, PEOPLE);
    /* Two leaves with one signature key, and then with one encryption key. */
    tree_of(&t, people, 2);
    CHECK_OK(buf_set(&people[1].leaf.signature_key, buf_slice(&people[0].leaf.signature_key)));
    memcpy(people[1].signature_priv, people[0].signature_priv, sizeof(people[1].signature_priv));
    sign_person(&people[1], 1);
    CHECK_OK(mls_tree_set_leaf(&t, 1, &people[1].leaf));
    CHECK_ERR(check_tree(&t), ERR_MLS_DUPLICATE_KEY);
    free_person(&people[1]);
    make_person(&people[1]);
    CHECK_OK(buf_set(&people[1].leaf.encryption_key, buf_slice(&people[0].leaf.encryption_key)));
    sign_person(&people[1], 1);
    CHECK_OK(mls_tree_set_leaf(&t, 1, &people[1].leaf));
    CHECK_ERR(check_tree(&t), ERR_MLS_DUPLICATE_KEY);
    mls_tree_free(&t);
    free_people(people, 2);
}

/* RFC 9420 rules 7.9.2-1, 12.4.3.1-9: nothing above a leaf that signed it may have another key, nor
 * a sibling more; bugs early-success, null-parent-hash */
TEST(a_parent_that_no_leaf_vouches_for_is_refused) {
    struct mls_tree t, whole;
    struct person people[PEOPLE];
    struct mls_parent_node p;
    uint8_t pub[CRYPTO_KEM_PUBLIC_MAX], priv[CRYPTO_KEM_PRIVATE_MAX];
    committed_tree(&whole, people);
    uint32_t parents[] = {1, 3, 7, 11};
    for (size_t i = 0; i < 4; i++) {
        if (mls_tree_parent(&whole, parents[i]) == NULL)
            continue;
        mls_tree_copy(&t, &whole);
        CHECK_OK(mls_parent_node_copy(&p, mls_tree_parent(&t, parents[i]), NULL));
        CHECK_OK(suite_3()->kem->generate(pub, priv));
        CHECK_OK(buf_set(&p.encryption_key, slice_of(pub, suite_3()->kem->pub)));
        CHECK_OK(mls_tree_set_parent(&t, parents[i], &p));
        CHECK_ERR(mls_tree_hash_check_parents(&t), ERR_MLS_PARENT_HASH);
        CHECK_ERR(check_tree(&t), ERR_MLS_PARENT_HASH);
        mls_parent_node_free(&p, NULL);
        mls_tree_free(&t);
    }
    /* A parent hash that is empty, in a parent that is not the root. */
    mls_tree_copy(&t, &whole);
    CHECK_OK(mls_parent_node_copy(&p, mls_tree_parent(&t, 3), NULL));
    CHECK_OK(buf_resize(&p.parent_hash, 0));
    CHECK_OK(mls_tree_set_parent(&t, 3, &p));
    CHECK_ERR(mls_tree_hash_check_parents(&t), ERR_MLS_PARENT_HASH);
    mls_parent_node_free(&p, NULL);
    mls_tree_free(&t);
    /* The leaf that vouched is another one now. */
    mls_tree_copy(&t, &whole);
    CHECK_OK(mls_tree_set_leaf(&t, 0, &people[2].leaf));
    CHECK_ERR(mls_tree_hash_check_parents(&t), ERR_MLS_PARENT_HASH);
    mls_tree_free(&t);
    /* The parent lists a member below whom the nearer parent has merged. */
    uint32_t merged[] = {1, 2};
    mls_tree_copy(&t, &whole);
    change_unmerged(&t, 7, merged, 2);
    CHECK_ERR(mls_tree_hash_check_parents(&t), ERR_MLS_PARENT_HASH);
    mls_tree_free(&t);
    /* A member under the sibling who is not listed as unmerged was not there when the path was
     * made. */
    mls_tree_copy(&t, &whole);
    CHECK_OK(mls_tree_blank(&t, 4));
    change_unmerged(&t, 3, NULL, 0);
    change_unmerged(&t, 7, NULL, 0);
    CHECK_OK(mls_tree_hash_check_parents(&t));
    CHECK_OK(mls_tree_set_leaf(&t, 2, &people[PEOPLE - 1].leaf));
    CHECK_ERR(mls_tree_hash_check_parents(&t), ERR_MLS_PARENT_HASH);
    mls_tree_free(&t);
    mls_tree_free(&whole);
    free_people(people, PEOPLE);
}

/* A sibling that is blank, below it a parent to which a leaf came after the path was made: without
 * that leaf the hash is what it was. bug stale-sibling */
TEST(who_came_later_under_a_blank_sibling_is_left_out_of_its_original_hash) {
    enum { WIDE = 16 };
    struct mls_tree t;
    struct person people[WIDE];
    tree_of(&t, people, WIDE);
    CHECK_OK(mls_tree_remove(&t, 11));
    commit(&t, &people[8], 8);
    CHECK_OK(mls_tree_remove(&t, 15));
    commit(&t, &people[0], 0);
    CHECK_OK(check_tree(&t));
    free_person(&people[11]);
    make_person(&people[11]);
    CHECK_EQ(add_person(&t, &people[11]), 11);
    CHECK(mls_tree_parent(&t, 23) == NULL);
    CHECK_EQ(mls_tree_parent(&t, 19)->unmerged.n, 1);
    CHECK_EQ(mls_tree_parent(&t, 15)->unmerged.n, 1);
    CHECK_OK(check_tree(&t));
    change_unmerged(&t, 15, NULL, 0);
    CHECK_ERR(mls_tree_hash_check_parents(&t), ERR_MLS_PARENT_HASH);
    mls_tree_free(&t);
    free_people(people, WIDE);
}

/* RFC 9420 rule 12.4.3.1-10: every leaf by s.7.3, in its place. */
TEST(every_leaf_of_a_tree_is_checked) {
    struct mls_tree t;
    struct person people[PEOPLE];
    committed_tree(&t, people);
    CHECK_ERR(mls_tree_check(&t, slice_str("another group"), &no_extensions), ERR_SIGNATURE);
    people[4].leaf.not_after++;
    CHECK_OK(mls_tree_set_leaf(&t, 4, &people[4].leaf));
    /* The leaf is in the parent hashes too: look at the signature alone. */
    CHECK(check_tree(&t) != OK);
    mls_tree_free(&t);
    free_people(people, PEOPLE);
    tree_of(&t, people, 2);
    people[1].leaf.not_after++;
    CHECK_OK(mls_tree_set_leaf(&t, 1, &people[1].leaf));
    CHECK_ERR(check_tree(&t), ERR_SIGNATURE);
    mls_tree_free(&t);
    free_people(people, 2);
}

/* RFC 9420 rules 7.3-4, 12.2-12 */
TEST(members_support_each_others_credential_types) {
    struct mls_tree t;
    struct person people[3];
    uint16_t both[] = {MLS_CREDENTIAL_BASIC, MLS_CREDENTIAL_X509};
    tree_of(&t, people, 3);
    CHECK_OK(mls_tree_check_credentials(&t));
    people[1].leaf.credential.type = MLS_CREDENTIAL_X509;
    set_u16s(&people[1].leaf.capabilities.credentials, both, 2);
    CHECK_OK(mls_tree_set_leaf(&t, 1, &people[1].leaf));
    CHECK_ERR(mls_tree_check_credentials(&t), ERR_MLS_CAPABILITIES);
    for (uint32_t i = 0; i < 3; i += 2) {
        set_u16s(&people[i].leaf.capabilities.credentials, both, 2);
        CHECK_OK(mls_tree_set_leaf(&t, i, &people[i].leaf));
    }
    CHECK_OK(mls_tree_check_credentials(&t));
    /* And the newcomer supports what the others have. */
    set_u16s(&people[1].leaf.capabilities.credentials, both + 1, 1);
    CHECK_OK(mls_tree_set_leaf(&t, 1, &people[1].leaf));
    CHECK_ERR(mls_tree_check_credentials(&t), ERR_MLS_CAPABILITIES);
    CHECK_OK(mls_tree_remove(&t, 1));
    CHECK_OK(mls_tree_check_credentials(&t));
    mls_tree_free(&t);
    free_people(people, 3);
}

/* RFC 9420 rules 11.1-2, 12.1.7-1 */
TEST(new_group_extensions_need_every_member) {
    struct mls_tree t;
    struct person people[3];
    struct mls_extensions group;
    struct mls_extension e = {0xf00d, slice_str("x")};
    uint16_t have = 0xf00d;
    tree_of(&t, people, 3);
    CHECK_OK(mls_extensions_from(&group, &e, 1, NULL));
    for (uint32_t i = 0; i < 3; i++) {
        CHECK_ERR(mls_tree_check_support(&t, &group), ERR_MLS_CAPABILITIES);
        set_u16s(&people[i].leaf.capabilities.extensions, &have, 1);
        CHECK_OK(mls_tree_set_leaf(&t, i, &people[i].leaf));
    }
    CHECK_OK(mls_tree_check_support(&t, &group));
    mls_extensions_free(&group, NULL);
    mls_tree_free(&t);
    free_people(people, 3);
}

TEST(any_allocation_of_a_check_may_fail) {
    struct mls_tree t;
    struct person people[PEOPLE];
    committed_tree(&t, people);
    buf bytes = encoded_tree(&t);
    mls_tree_free(&t);
    for (size_t n = 1, done = 0; !done; n++) {
        struct support_mem m;
        support_mem_init(&m, 0);
        CHECK_OK(read_tree(&t, buf_slice(&bytes), &m.mem));
        m.fail_at = m.calls + n;
        err e = check_tree(&t);
        done = m.calls < m.fail_at;
        CHECK_ERR(e, done ? OK : ERR_NO_MEMORY);
        mls_tree_free(&t);
        CHECK_EQ(m.blocks, 0);
    }
    buf_free(&bytes);
    free_people(people, PEOPLE);
}

TEST_MAIN
