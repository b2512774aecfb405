#include "mls/leaf.h"
#include "mls/labels.h"
#include "mls/tree_check.h"
#include "mls/tree_hash.h"
#include "mls/treekem.h"
#include "tests/mls/vectors_suites.h"

enum { MEMBERS_MAX = 128 };

struct member {
    bool here;
    struct mls_treekem_private priv;
    buf signature_priv;
};

struct world {
    const struct mls_suite *suite;
    struct mls_tree tree;
    struct member member[MEMBERS_MAX];
    struct mls_group_context context;
};

static void set_path_key(struct world *w, struct mls_treekem_private *p, struct json_object *o) {
    uint8_t node_secret[CRYPTO_HASH_MAX], pub[CRYPTO_KEM_PUBLIC_MAX];
    uint32_t x = (uint32_t)vectors_u64(o, "node"), level = mls_tree_math_level(x);
    buf secret = vectors_bytes(o, "path_secret");
    CHECK_OK(mls_label_derive(w->suite, buf_slice(&secret), "node", node_secret));
    CHECK_OK(w->suite->kem->derive(pub, p->key[level], slice_of(node_secret, w->suite->hash->len)));
    p->have |= (uint32_t)1 << level;
    CHECK_EQ(mls_tree_math_ancestor(p->leaf, level), x);
    CHECK_SLICE(slice_of(pub, w->suite->kem->pub), mls_tree_public_key(&w->tree, x));
    buf_free(&secret);
}

static void load_member(struct world *w, struct json_object *o) {
    uint32_t leaf = (uint32_t)vectors_u64(o, "index");
    CHECK(leaf < MEMBERS_MAX);
    struct member *m = &w->member[leaf];
    buf priv = vectors_bytes(o, "encryption_priv");
    m->here = true;
    m->signature_priv = vectors_bytes(o, "signature_priv");
    CHECK_OK(mls_treekem_private_init(&m->priv, w->suite, leaf, buf_slice(&priv)));
    for (size_t i = 0; i < vectors_count(o, "path_secrets"); i++)
        set_path_key(w, &m->priv, vectors_at(o, "path_secrets", i));
    CHECK_OK(mls_treekem_private_check(&m->priv, &w->tree));
    buf_free(&priv);
}

static void load_world(struct world *w, struct json_object *one, const struct mls_suite *suite) {
    *w = (struct world){.suite = suite};
    buf bytes = vectors_bytes(one, "ratchet_tree");
    reader r = reader_of(buf_slice(&bytes));
    CHECK_OK(mls_tree_read(&w->tree, &r, suite, NULL));
    w->context = (struct mls_group_context){
        .version = MLS_VERSION_10, .suite = suite->id, .epoch = vectors_u64(one, "epoch")};
    w->context.group_id = vectors_bytes(one, "group_id");
    w->context.confirmed_transcript_hash = vectors_bytes(one, "confirmed_transcript_hash");
    struct mls_extensions none = {0};
    CHECK_OK(mls_tree_check(&w->tree, buf_slice(&w->context.group_id), &none));
    for (size_t i = 0; i < vectors_count(one, "leaves_private"); i++)
        load_member(w, vectors_at(one, "leaves_private", i));
    buf_free(&bytes);
}

static void free_world(struct world *w) {
    mls_tree_free(&w->tree);
    mls_group_context_free(&w->context, NULL);
    for (size_t i = 0; i < MEMBERS_MAX; i++)
        buf_free(&w->member[i].signature_priv);
}

/* The encoded GroupContext with this tree's hash. */
static buf context_with(struct world *w, const struct mls_tree *t) {
    uint8_t hash[CRYPTO_HASH_MAX];
    buf out = buf_on(NULL);
    CHECK_OK(mls_tree_hash_root(t, hash));
    CHECK_OK(buf_set(&w->context.tree_hash, slice_of(hash, w->suite->hash->len)));
    writer wr = writer_on(&out);
    mls_group_context_write(&wr, &w->context);
    CHECK_OK(writer_result(&wr));
    return out;
}

/* Every member but the sender opens the path to the secrets that the vector names. */
static void open_everywhere(struct world *w, const struct mls_tree *t, uint32_t sender,
                            const struct mls_update_path *path, slice context,
                            const uint8_t *commit_secret) {
    for (uint32_t i = 0; i < MEMBERS_MAX; i++) {
        uint8_t got[CRYPTO_HASH_MAX];
        if (!w->member[i].here || i == sender)
            continue;
        struct mls_treekem_private p = w->member[i].priv;
        CHECK_OK(mls_treekem_open(t, &p, sender, path, NULL, 0, context, got));
        CHECK_SLICE(slice_of(got, w->suite->hash->len),
                    slice_of(commit_secret, w->suite->hash->len));
        CHECK_OK(mls_treekem_private_check(&p, t));
        mls_treekem_private_wipe(&p);
    }
}

static void check_given_path(struct world *w, struct json_object *o) {
    struct mls_tree t;
    struct mls_update_path path;
    uint32_t sender = (uint32_t)vectors_u64(o, "sender");
    buf bytes = vectors_bytes(o, "update_path"), commit = vectors_bytes(o, "commit_secret");
    reader r = reader_of(buf_slice(&bytes));
    CHECK_OK(mls_update_path_read(&r, &path, NULL));
    mls_tree_copy(&t, &w->tree);
    CHECK_OK(mls_treekem_merge(&t, sender, &path, NULL, 0));
    struct mls_leaf_check check = {
        .source = MLS_LEAF_COMMIT, .group_id = buf_slice(&w->context.group_id), .index = sender};
    CHECK_OK(mls_leaf_check(w->suite, &path.leaf, &check, NULL));
    buf context = context_with(w, &t);
    CHECK_SLICE(buf_slice(&w->context.tree_hash), buf_slice(&w->context.tree_hash));
    vectors_expect(o, "tree_hash_after", w->context.tree_hash.p, w->context.tree_hash.n);
    open_everywhere(w, &t, sender, &path, buf_slice(&context), commit.p);
    mls_update_path_free(&path, NULL);
    mls_tree_free(&t);
    buf_free(&context);
    buf_free(&bytes);
    buf_free(&commit);
}

/* The same with a path of our own. */
static void check_own_path(struct world *w, uint32_t sender) {
    struct mls_tree ours, theirs;
    struct mls_treekem_private p = w->member[sender].priv;
    struct mls_treekem_secrets s;
    struct mls_leaf_node leaf;
    struct mls_update_path path;
    mls_tree_copy(&ours, &w->tree);
    mls_tree_copy(&theirs, &w->tree);
    CHECK_OK(mls_leaf_node_copy(&leaf, mls_tree_leaf(&ours, sender), NULL));
    CHECK_OK(mls_treekem_create(&ours, &p, &leaf, buf_slice(&w->member[sender].signature_priv),
                                buf_slice(&w->context.group_id), &s));
    CHECK_OK(mls_treekem_private_check(&p, &ours));
    buf context = context_with(w, &ours);
    CHECK_OK(mls_treekem_encrypt(&ours, &p, &s, NULL, 0, buf_slice(&context), &path));
    CHECK_OK(mls_treekem_merge(&theirs, sender, &path, NULL, 0));
    struct mls_extensions none = {0};
    CHECK_OK(mls_tree_check(&theirs, buf_slice(&w->context.group_id), &none));
    buf same = context_with(w, &theirs);
    CHECK_SLICE(buf_slice(&same), buf_slice(&context));
    open_everywhere(w, &theirs, sender, &path, buf_slice(&context), s.commit_secret);
    mls_treekem_secrets_wipe(&s);
    mls_update_path_free(&path, NULL);
    mls_leaf_node_free(&leaf, NULL);
    mls_tree_free(&ours);
    mls_tree_free(&theirs);
    buf_free(&context);
    buf_free(&same);
}

static void check_case(struct json_object *one, const struct mls_suite *suite) {
    struct world *w = mem_new(NULL, sizeof(*w));
    CHECK(w != NULL);
    load_world(w, one, suite);
    for (size_t i = 0; i < vectors_count(one, "update_paths"); i++) {
        struct json_object *o = vectors_at(one, "update_paths", i);
        check_given_path(w, o);
        check_own_path(w, (uint32_t)vectors_u64(o, "sender"));
    }
    free_world(w);
    mem_free(NULL, w, sizeof(*w));
}

TEST(official_vectors) {
    CHECK_OK(crypto_init());
    vectors_run("treekem.json", check_case);
}

TEST_MAIN
