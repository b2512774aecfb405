/* Update paths: who can open them, and what a receiver refuses (RFC 9420 sections 7.5, 7.6,
 * 12.4.2). */
#include "mls/tree_check.h"
#include "mls/tree_hash.h"
#include "mls/treekem.h"
#include "tests/mls/tree_support.h"

enum { PEOPLE = 6, COMMITTER = 1, JOINER = 5 };
#define CONTEXT slice_str("the provisional group context")

/* Five members with nothing but leaf keys; the fifth, JOINER, is added by COMMITTER's commit. */
struct stage {
    struct person people[PEOPLE];
    struct mls_treekem_private priv[PEOPLE];
    struct mls_tree before;    /* with the joiner */
    struct mls_tree committed; /* as the committer has it */
    struct mls_treekem_secrets secrets;
    struct mls_leaf_node leaf; /* the committer's new one */
    struct mls_update_path path;
    uint32_t added;
};

/* Everything up to the encryption, which a test may want to spoil. */
static void stage_init(struct stage *s) {
    memset(s, 0, sizeof(*s));
    tree_of(&s->before, s->people, PEOPLE - 1);
    make_person(&s->people[JOINER]);
    s->added = add_person(&s->before, &s->people[JOINER]);
    CHECK_EQ(s->added, JOINER);
    for (uint32_t i = 0; i < PEOPLE; i++)
        CHECK_OK(
            mls_treekem_private_init(&s->priv[i], suite_3(), i, encryption_priv(&s->people[i])));
    mls_tree_copy(&s->committed, &s->before);
    CHECK_OK(mls_leaf_node_copy(&s->leaf, &s->people[COMMITTER].leaf, NULL));
    CHECK_OK(mls_treekem_create(&s->committed, &s->priv[COMMITTER], &s->leaf,
                                signature_priv(&s->people[COMMITTER]), GROUP_ID, &s->secrets));
}

static void stage_encrypt(struct stage *s) {
    CHECK_OK(mls_treekem_encrypt(&s->committed, &s->priv[COMMITTER], &s->secrets, &s->added, 1,
                                 CONTEXT, &s->path));
}

static void stage_free(struct stage *s) {
    mls_tree_free(&s->before);
    mls_tree_free(&s->committed);
    mls_leaf_node_free(&s->leaf, NULL);
    mls_update_path_free(&s->path, NULL);
    for (uint32_t i = 0; i < PEOPLE; i++)
        mls_treekem_private_wipe(&s->priv[i]);
    mls_treekem_secrets_wipe(&s->secrets);
    free_people(s->people, PEOPLE);
}

/* What merging the path into the tree says; the tree is dropped. */
static err merge(const struct stage *s) {
    struct mls_tree t;
    mls_tree_copy(&t, &s->before);
    err e = mls_treekem_merge(&t, COMMITTER, &s->path, &s->added, 1);
    mls_tree_free(&t);
    return e;
}

static err open_as(struct stage *s, const struct mls_tree *t, uint32_t member, uint8_t *commit) {
    return mls_treekem_open(t, &s->priv[member], COMMITTER, &s->path, &s->added, 1, CONTEXT,
                            commit);
}

TEST(every_member_opens_the_path_and_can_commit_next) {
    struct stage s;
    struct mls_tree t;
    uint8_t commit_secret[CRYPTO_HASH_MAX];
    stage_init(&s);
    stage_encrypt(&s);
    mls_tree_copy(&t, &s.before);
    CHECK_OK(mls_treekem_merge(&t, COMMITTER, &s.path, &s.added, 1));
    check_same(&t, &s.committed);
    for (uint32_t i = 0; i < JOINER; i++) {
        if (i == COMMITTER)
            continue;
        CHECK_OK(open_as(&s, &t, i, commit_secret));
        CHECK_SLICE(slice_of(commit_secret, suite_3()->hash->len),
                    slice_of(s.secrets.commit_secret, suite_3()->hash->len));
        CHECK_OK(mls_treekem_private_check(&s.priv[i], &t));
        CHECK(s.priv[i].have >> 3 & 1); /* of the root */
    }
    mls_tree_free(&t);
    stage_free(&s);
}

/* RFC 9420 s.7.5: new members are left out; s.12.4.3.1: they get their path secret by the Welcome.
 * */
TEST(a_new_member_joins_by_its_path_secret) {
    struct stage s;
    uint8_t commit_secret[CRYPTO_HASH_MAX];
    stage_init(&s);
    stage_encrypt(&s);
    CHECK_ERR(open_as(&s, &s.committed, JOINER, commit_secret), ERR_MLS_UPDATE_PATH);
    slice secret = mls_treekem_path_secret(&s.secrets, suite_3(), COMMITTER, JOINER);
    CHECK_EQ(secret.n, suite_3()->hash->len);
    CHECK_OK(mls_treekem_join(&s.committed, &s.priv[JOINER], COMMITTER, secret));
    CHECK_OK(mls_treekem_private_check(&s.priv[JOINER], &s.committed));
    CHECK_EQ(s.priv[JOINER].have, 1 | 1 << 3);
    stage_free(&s);
}

/* RFC 9420 rule 12.4.3.1-15 */
TEST(a_path_secret_that_is_not_the_trees_is_refused) {
    struct stage s;
    uint8_t wrong[CRYPTO_HASH_MAX] = {0};
    stage_init(&s);
    struct mls_treekem_private before = s.priv[JOINER];
    slice secret = slice_of(wrong, suite_3()->hash->len);
    CHECK_ERR(mls_treekem_join(&s.committed, &s.priv[JOINER], COMMITTER, secret),
              ERR_MLS_UPDATE_PATH);
    CHECK_ERR(mls_treekem_join(&s.committed, &s.priv[JOINER], COMMITTER, slice_str("short")),
              ERR_MLS_UPDATE_PATH);
    CHECK_ERR(mls_treekem_join(&s.committed, &s.priv[JOINER], 77, secret), ERR_MLS_UPDATE_PATH);
    CHECK(memcmp(&before, &s.priv[JOINER], sizeof(before)) == 0);
    stage_free(&s);
}

/* RFC 9420 rules 7.6-1, 7.6-2 */
TEST(a_path_has_a_node_for_each_of_the_filtered_direct_path) {
    struct stage s;
    stage_init(&s);
    stage_encrypt(&s);
    CHECK_OK(merge(&s));
    struct mls_update_path whole = s.path;
    s.path.node_count--;
    CHECK_ERR(merge(&s), ERR_MLS_UPDATE_PATH);
    s.path = whole;
    s.path.nodes[1].secret_count--;
    CHECK_ERR(merge(&s), ERR_MLS_UPDATE_PATH);
    s.path.nodes[1].secret_count++;
    CHECK_OK(buf_resize(&s.path.nodes[0].encryption_key, 31));
    CHECK_ERR(merge(&s), ERR_MLS_UPDATE_PATH);
    stage_free(&s);
}

/* RFC 9420 rule 7.6-2: new members don't count as receivers. */
TEST(a_path_encrypted_to_new_members_is_refused) {
    struct stage s;
    stage_init(&s);
    CHECK_OK(mls_treekem_encrypt(&s.committed, &s.priv[COMMITTER], &s.secrets, NULL, 0, CONTEXT,
                                 &s.path));
    CHECK_ERR(merge(&s), ERR_MLS_UPDATE_PATH);
    stage_free(&s);
}

/* RFC 9420 rule 7.9.2-2 */
TEST(the_leaf_of_a_path_holds_its_parent_hash) {
    struct stage s;
    stage_init(&s);
    stage_encrypt(&s);
    s.path.leaf.parent_hash.p[0] ^= 1;
    CHECK_ERR(merge(&s), ERR_MLS_PARENT_HASH);
    s.path.leaf.parent_hash.p[0] ^= 1;
    s.path.nodes[2].encryption_key.p[0] ^= 1;
    CHECK_ERR(merge(&s), ERR_MLS_PARENT_HASH);
    s.path.nodes[2].encryption_key.p[0] ^= 1;
    s.path.leaf.source = MLS_LEAF_UPDATE;
    CHECK_ERR(merge(&s), ERR_MLS_LEAF_SOURCE);
    stage_free(&s);
}

/* RFC 9420 rule 7.5-2 */
TEST(public_keys_come_from_the_path_secrets) {
    struct stage s;
    uint8_t commit_secret[CRYPTO_HASH_MAX];
    stage_init(&s);
    s.secrets.secret[1][0] ^= 1; /* the committer sends another secret than its keys have */
    stage_encrypt(&s);
    CHECK_OK(merge(&s));
    struct mls_treekem_private before = s.priv[2];
    CHECK_ERR(open_as(&s, &s.committed, 2, commit_secret), ERR_MLS_UPDATE_PATH);
    CHECK(memcmp(&before, &s.priv[2], sizeof(before)) == 0);
    stage_free(&s);
}

/* RFC 9420 rule 7.5-1 */
TEST(a_path_opens_only_as_it_was_sealed) {
    struct stage s;
    uint8_t commit_secret[CRYPTO_HASH_MAX];
    stage_init(&s);
    stage_encrypt(&s);
    struct mls_treekem_private before = s.priv[0];
    CHECK_ERR(mls_treekem_open(&s.committed, &s.priv[0], COMMITTER, &s.path, &s.added, 1,
                               slice_str("another context"), commit_secret),
              ERR_CRYPTO);
    s.path.nodes[0].secrets[0].ciphertext.p[0] ^= 1;
    CHECK_ERR(open_as(&s, &s.committed, 0, commit_secret), ERR_CRYPTO);
    CHECK_OK(buf_resize(&s.path.nodes[0].secrets[0].ciphertext, 3));
    CHECK_ERR(open_as(&s, &s.committed, 0, commit_secret), ERR_CRYPTO);
    CHECK(memcmp(&before, &s.priv[0], sizeof(before)) == 0);
    CHECK_ERR(open_as(&s, &s.committed, COMMITTER, commit_secret), ERR_BUG);
    stage_free(&s);
}

TEST(a_group_of_one_commits_with_an_empty_path) {
    struct mls_tree t;
    struct person one;
    struct mls_treekem_private priv;
    struct mls_treekem_secrets s, again;
    struct mls_update_path path;
    tree_of(&t, &one, 1);
    CHECK_OK(mls_treekem_private_init(&priv, suite_3(), 0, encryption_priv(&one)));
    CHECK_OK(mls_treekem_create(&t, &priv, &one.leaf, signature_priv(&one), GROUP_ID, &s));
    CHECK_EQ(s.path.n, 0);
    CHECK_EQ(mls_tree_leaf(&t, 0)->parent_hash.n, 0);
    CHECK_OK(mls_treekem_encrypt(&t, &priv, &s, NULL, 0, CONTEXT, &path));
    CHECK_EQ(path.node_count, 0);
    CHECK_OK(mls_treekem_merge(&t, 0, &path, NULL, 0));
    CHECK_OK(mls_treekem_create(&t, &priv, &one.leaf, signature_priv(&one), GROUP_ID, &again));
    CHECK(memcmp(s.commit_secret, again.commit_secret, suite_3()->hash->len) != 0);
    CHECK_OK(mls_treekem_private_check(&priv, &t));
    mls_update_path_free(&path, NULL);
    mls_tree_free(&t);
    free_person(&one);
}

TEST(keys_of_blank_nodes_are_forgotten) {
    struct stage s;
    stage_init(&s);
    struct mls_treekem_private *p = &s.priv[COMMITTER];
    CHECK_EQ(p->have, 1 | 1 << 1 | 1 << 2 | 1 << 3);
    CHECK_OK(mls_tree_remove(&s.committed, 3));
    mls_treekem_private_prune(p, &s.committed);
    CHECK_EQ(p->have, 1 | 1 << 1);
    uint8_t zeros[CRYPTO_KEM_PRIVATE_MAX] = {0};
    CHECK(memcmp(p->key[2], zeros, sizeof(zeros)) == 0);
    CHECK_OK(mls_treekem_private_check(p, &s.committed));
    stage_free(&s);
}

TEST(private_keys_come_back_as_they_were_saved) {
    struct stage s;
    struct mls_treekem_private back;
    buf saved = buf_on(NULL);
    writer w = writer_on(&saved);
    stage_init(&s);
    mls_treekem_private_write(&w, &s.priv[COMMITTER], suite_3());
    CHECK_OK(writer_result(&w));
    reader r = reader_of(buf_slice(&saved));
    CHECK_OK(mls_treekem_private_read(&r, &back, suite_3()));
    CHECK_OK(reader_end(&r));
    CHECK(memcmp(&back, &s.priv[COMMITTER], sizeof(back)) == 0);
    for (size_t n = 0; n < saved.n; n++) {
        r = reader_of(slice_of(saved.p, n));
        CHECK_ERR(mls_treekem_private_read(&r, &back, suite_3()), ERR_DAMAGED);
    }
    s.priv[COMMITTER].key[1][5] ^= 1;
    CHECK_ERR(mls_treekem_private_check(&s.priv[COMMITTER], &s.committed), ERR_MLS_TREE);
    buf_free(&saved);
    stage_free(&s);
}

/* A path made, merged and opened, on trees that live on mem. */
static err exchange(struct stage *s, struct mls_tree *ours, struct mls_tree *theirs) {
    struct mls_treekem_private committer = s->priv[COMMITTER], receiver = s->priv[2];
    struct mls_treekem_secrets secrets;
    struct mls_update_path path;
    struct mls_leaf_node leaf;
    uint8_t commit_secret[CRYPTO_HASH_MAX];
    TRY(mls_leaf_node_copy(&leaf, &s->people[COMMITTER].leaf, ours->mem));
    err e = mls_treekem_create(ours, &committer, &leaf, signature_priv(&s->people[COMMITTER]),
                               GROUP_ID, &secrets);
    mls_leaf_node_free(&leaf, ours->mem);
    TRY(e);
    TRY(mls_treekem_encrypt(ours, &committer, &secrets, NULL, 0, CONTEXT, &path));
    e = mls_treekem_merge(theirs, COMMITTER, &path, NULL, 0);
    if (e == OK)
        e = mls_treekem_open(theirs, &receiver, COMMITTER, &path, NULL, 0, CONTEXT, commit_secret);
    mls_update_path_free(&path, ours->mem);
    return e;
}

TEST(any_allocation_may_fail) {
    struct stage s;
    stage_init(&s);
    buf bytes = encoded_tree(&s.before);
    for (size_t n = 1, done = 0; !done; n++) {
        struct support_mem m;
        struct mls_tree ours, theirs, whole;
        support_mem_init(&m, 0);
        CHECK_OK(read_tree(&whole, buf_slice(&bytes), &m.mem));
        mls_tree_copy(&ours, &whole);
        mls_tree_copy(&theirs, &whole);
        m.fail_at = m.calls + n;
        err e = exchange(&s, &ours, &theirs);
        done = m.calls < m.fail_at;
        m.fail_at = 0;
        /* An index that could not grow is no failure. */
        CHECK(e == OK || (e == ERR_NO_MEMORY && !done));
        check_same(&whole, &s.before);
        mls_tree_free(&ours);
        mls_tree_free(&theirs);
        mls_tree_free(&whole);
        CHECK_EQ(m.blocks, 0);
        CHECK_EQ(m.dirty, 0);
    }
    buf_free(&bytes);
    stage_free(&s);
}

TEST_MAIN
