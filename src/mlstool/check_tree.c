/* Vectors of trees (RFC 9420 sections 4, 7, appendix C). */
#include "mls/labels.h"
#include "mls/leaf.h"
#include "mls/tree_check.h"
#include "mls/tree_hash.h"
#include "mls/treekem.h"
#include "mlstool/check.h"

/* ---- tree-math ---- */

static void expect_node(struct check *c, struct json_object *o, const char *key, uint32_t x,
                        uint32_t got) {
    struct json_object *expected = check_at(c, o, key, x);
    if (got == MLS_NODE_NONE)
        EXPECT(c, expected == NULL);
    else
        EXPECT(c, expected != NULL && json_object_get_int64(expected) == got);
}

static void tree_math(struct check *c, struct json_object *o) {
    uint32_t width = check_u32(c, o, "n_leaves"), nodes = check_u32(c, o, "n_nodes");
    EXPECT(c, width > 0 && width <= MLS_TREE_WIDTH_MAX && mls_tree_math_width(width) == width);
    EXPECT(c, mls_tree_math_nodes(width) == nodes);
    EXPECT(c, mls_tree_math_root(width) == check_u32(c, o, "root"));
    for (uint32_t x = 0; x < nodes; x++) {
        expect_node(c, o, "left", x, mls_tree_math_left(x));
        expect_node(c, o, "right", x, mls_tree_math_right(x));
        expect_node(c, o, "parent", x, mls_tree_math_parent(x, width));
        expect_node(c, o, "sibling", x, mls_tree_math_sibling(x, width));
    }
}

const struct check_type check_tree_math = {
    "tree-math", {"n_leaves", "n_nodes", "sibling"}, tree_math};

/* ---- Trees ---- */

static struct mls_tree tree(struct check *c, struct json_object *o, const char *key) {
    struct mls_tree t = {0};
    buf bytes = check_bytes(c, o, key);
    reader r = reader_of(buf_slice(&bytes));
    EXPECT_OK(c, mls_tree_read(&t, &r, c->suite, &c->mem));
    EXPECT_OK(c, reader_end(&r));
    return t;
}

/* ---- tree-operations ---- */

static void expect_tree(struct check *c, struct json_object *o, const struct mls_tree *t,
                        const char *tree_key, const char *hash_key) {
    uint8_t hash[CRYPTO_HASH_MAX];
    buf bytes = buf_on(&c->mem);
    writer w = writer_on(&bytes);
    mls_tree_write(&w, t);
    EXPECT_OK(c, writer_result(&w));
    check_expect(c, o, tree_key, bytes.p, bytes.n);
    EXPECT_OK(c, mls_tree_hash_root(t, hash));
    check_expect(c, o, hash_key, hash, c->suite->hash->len);
}

static void apply(struct check *c, struct mls_tree *t, const struct mls_proposal *p,
                  uint32_t sender) {
    uint32_t at;
    const struct mls_leaf_node *leaf;
    switch (p->type) {
    case MLS_PROPOSAL_ADD:
        leaf = &p->key_package->leaf;
        EXPECT_OK(c, mls_tree_add(t, &leaf, 1, &at));
        break;
    case MLS_PROPOSAL_UPDATE:
        EXPECT(c, mls_tree_leaf(t, sender) != NULL);
        EXPECT_OK(c, mls_tree_update(t, sender, p->leaf));
        break;
    case MLS_PROPOSAL_REMOVE:
        EXPECT_OK(c, mls_tree_remove(t, p->removed));
        break;
    default:
        check_fail(c, __FILE__, __LINE__, "a proposal of type %u", p->type);
    }
}

static void tree_operations(struct check *c, struct json_object *o) {
    struct mls_tree before, t = tree(c, o, "tree_before");
    struct mls_proposal p;
    buf proposal = check_bytes(c, o, "proposal");
    expect_tree(c, o, &t, "tree_before", "tree_hash_before");
    reader r = reader_of(buf_slice(&proposal));
    EXPECT_OK(c, mls_proposal_read(&r, &p, &c->mem));
    EXPECT_OK(c, reader_end(&r));
    mls_tree_copy(&before, &t);
    apply(c, &t, &p, check_u32(c, o, "proposal_sender"));
    expect_tree(c, o, &t, "tree_after", "tree_hash_after");
    /* The copy has not moved. */
    expect_tree(c, o, &before, "tree_before", "tree_hash_before");
}

const struct check_type check_tree_operations = {
    "tree-operations", {"cipher_suite", "tree_before", "proposal"}, tree_operations};

/* ---- tree-validation ---- */

static void resolution(struct check *c, const struct mls_tree *t, uint32_t x,
                       struct json_object *expected) {
    struct mls_u32s list;
    EXPECT_OK(c, mls_tree_resolution(t, x, NULL, 0, &list));
    EXPECT(c, json_object_is_type(expected, json_type_array));
    EXPECT(c, list.n == json_object_array_length(expected));
    for (size_t i = 0; i < list.n; i++)
        EXPECT(c, list.p[i] == json_object_get_int64(json_object_array_get_idx(expected, i)));
    EXPECT(c, mls_tree_is_empty_below(t, x) == (list.n == 0));
}

static void tree_hash(struct check *c, const struct mls_tree *t, uint32_t x,
                      struct json_object *expected) {
    uint8_t hash[CRYPTO_HASH_MAX];
    buf bytes = check_bytes_of(c, expected);
    EXPECT_OK(c, mls_tree_hash_node(t, x, hash));
    EXPECT_SLICE(c, slice_of(hash, c->suite->hash->len), buf_slice(&bytes));
}

static void tree_validation(struct check *c, struct json_object *o) {
    struct mls_tree t = tree(c, o, "tree");
    struct mls_extensions none = {0};
    buf group_id = check_bytes(c, o, "group_id");
    uint32_t nodes = mls_tree_math_nodes(t.width);
    EXPECT(c, nodes == check_count(c, o, "resolutions"));
    for (uint32_t x = 0; x < nodes; x++) {
        resolution(c, &t, x, check_at(c, o, "resolutions", x));
        tree_hash(c, &t, x, check_at(c, o, "tree_hashes", x));
    }
    EXPECT_OK(c, mls_tree_hash_check_parents(&t));
    EXPECT_OK(c, mls_tree_check(&t, buf_slice(&group_id), &none));
}

const struct check_type check_tree_validation = {
    "tree-validation", {"cipher_suite", "resolutions", "tree_hashes"}, tree_validation};

/* ---- treekem ---- */

struct member {
    bool here;
    struct mls_treekem_private keys;
    slice signature_priv;
};

struct world {
    const struct mls_suite *suite;
    struct mls_tree tree;
    struct member *member; /* as many as the tree has leaves */
    struct mls_group_context context;
};

static void load_path_secret(struct check *c, struct json_object *o, const struct world *w,
                             struct mls_treekem_private *p) {
    uint8_t node_secret[CRYPTO_HASH_MAX], pub[CRYPTO_KEM_PUBLIC_MAX];
    uint32_t x = check_u32(c, o, "node"), level = mls_tree_math_level(x);
    size_t nh = c->suite->hash->len;
    slice secret = slice_of(check_exactly(c, o, "path_secret", nh), nh);
    EXPECT(c, level < MLS_TREE_LEVELS && mls_tree_math_ancestor(p->leaf, level) == x);
    EXPECT_OK(c, mls_label_derive(c->suite, secret, "node", node_secret));
    EXPECT_OK(c, c->suite->kem->derive(pub, p->key[level], slice_of(node_secret, nh)));
    p->have |= (uint32_t)1 << level;
    EXPECT_SLICE(c, slice_of(pub, c->suite->kem->pub), mls_tree_public_key(&w->tree, x));
}

static void load_member(struct check *c, struct json_object *o, struct world *w) {
    uint32_t leaf = check_u32(c, o, "index");
    EXPECT(c, mls_tree_leaf(&w->tree, leaf) != NULL);
    struct member *m = &w->member[leaf];
    m->here = true;
    m->signature_priv = check_private(c, o, "signature_priv", c->suite->sig->priv);
    EXPECT_OK(
        c, mls_treekem_private_init(&m->keys, c->suite, leaf,
                                    check_private(c, o, "encryption_priv", c->suite->kem->priv)));
    for (size_t i = 0; i < check_count(c, o, "path_secrets"); i++)
        load_path_secret(c, check_at(c, o, "path_secrets", i), w, &m->keys);
    EXPECT_OK(c, mls_treekem_private_check(&m->keys, &w->tree));
}

static void load_world(struct check *c, struct json_object *o, struct world *w) {
    struct mls_extensions none = {0};
    *w = (struct world){.suite = c->suite, .tree = tree(c, o, "ratchet_tree")};
    w->member = mem_new_array(&c->mem, w->tree.width, sizeof(*w->member));
    EXPECT(c, w->member != NULL);
    w->context = (struct mls_group_context){.version = MLS_VERSION_10,
                                            .suite = c->suite->id,
                                            .epoch = check_u64(c, o, "epoch"),
                                            .group_id = check_bytes(c, o, "group_id"),
                                            .tree_hash = buf_on(&c->mem),
                                            .confirmed_transcript_hash =
                                                check_bytes(c, o, "confirmed_transcript_hash")};
    EXPECT_OK(c, mls_tree_check(&w->tree, buf_slice(&w->context.group_id), &none));
    for (size_t i = 0; i < check_count(c, o, "leaves_private"); i++)
        load_member(c, check_at(c, o, "leaves_private", i), w);
}

/* The encoded GroupContext with this tree's hash. */
static buf context_with(struct check *c, struct world *w, const struct mls_tree *t) {
    uint8_t hash[CRYPTO_HASH_MAX];
    buf out = buf_on(&c->mem);
    EXPECT_OK(c, mls_tree_hash_root(t, hash));
    EXPECT_OK(c, buf_set(&w->context.tree_hash, slice_of(hash, c->suite->hash->len)));
    writer wr = writer_on(&out);
    mls_group_context_write(&wr, &w->context);
    EXPECT_OK(c, writer_result(&wr));
    return out;
}

/* Every member but the sender opens the path to the same secret. */
static void open_everywhere(struct check *c, struct world *w, const struct mls_tree *t,
                            uint32_t sender, const struct mls_update_path *path, slice context,
                            const uint8_t *commit_secret) {
    size_t nh = c->suite->hash->len;
    for (uint32_t i = 0; i < w->tree.width; i++) {
        uint8_t got[CRYPTO_HASH_MAX];
        if (!w->member[i].here || i == sender)
            continue;
        struct mls_treekem_private p = w->member[i].keys;
        EXPECT_OK(c, mls_treekem_open(t, &p, sender, path, NULL, 0, context, got));
        EXPECT_SLICE(c, slice_of(got, nh), slice_of(commit_secret, nh));
        EXPECT_OK(c, mls_treekem_private_check(&p, t));
    }
}

static void given_path(struct check *c, struct json_object *o, struct world *w, uint32_t sender) {
    struct mls_tree t;
    struct mls_update_path path;
    buf bytes = check_bytes(c, o, "update_path");
    const uint8_t *commit_secret = check_exactly(c, o, "commit_secret", c->suite->hash->len);
    reader r = reader_of(buf_slice(&bytes));
    EXPECT_OK(c, mls_update_path_read(&r, &path, &c->mem));
    EXPECT_OK(c, reader_end(&r));
    mls_tree_copy(&t, &w->tree);
    EXPECT_OK(c, mls_treekem_merge(&t, sender, &path, NULL, 0));
    struct mls_leaf_check leaf = {
        .source = MLS_LEAF_COMMIT, .group_id = buf_slice(&w->context.group_id), .index = sender};
    EXPECT_OK(c, mls_leaf_check(c->suite, &path.leaf, &leaf, &c->mem));
    buf context = context_with(c, w, &t);
    check_expect(c, o, "tree_hash_after", w->context.tree_hash.p, w->context.tree_hash.n);
    open_everywhere(c, w, &t, sender, &path, buf_slice(&context), commit_secret);
    mls_tree_free(&t);
}

/* The same with a path of our own. */
static void own_path(struct check *c, struct world *w, uint32_t sender) {
    struct mls_tree ours, theirs;
    struct mls_treekem_private p = w->member[sender].keys;
    struct mls_treekem_secrets s;
    struct mls_leaf_node leaf;
    struct mls_update_path path;
    struct mls_extensions none = {0};
    slice group_id = buf_slice(&w->context.group_id);
    mls_tree_copy(&ours, &w->tree);
    mls_tree_copy(&theirs, &w->tree);
    EXPECT_OK(c, mls_leaf_node_copy(&leaf, mls_tree_leaf(&ours, sender), &c->mem));
    EXPECT_OK(c,
              mls_treekem_create(&ours, &p, &leaf, w->member[sender].signature_priv, group_id, &s));
    EXPECT_OK(c, mls_treekem_private_check(&p, &ours));
    buf context = context_with(c, w, &ours);
    EXPECT_OK(c, mls_treekem_encrypt(&ours, &p, &s, NULL, 0, buf_slice(&context), &path));
    EXPECT_OK(c, mls_treekem_merge(&theirs, sender, &path, NULL, 0));
    EXPECT_OK(c, mls_tree_check(&theirs, group_id, &none));
    buf same = context_with(c, w, &theirs);
    EXPECT_SLICE(c, buf_slice(&same), buf_slice(&context));
    open_everywhere(c, w, &theirs, sender, &path, buf_slice(&context), s.commit_secret);
    mls_tree_free(&ours);
    mls_tree_free(&theirs);
}

static void treekem(struct check *c, struct json_object *o) {
    struct world w;
    load_world(c, o, &w);
    for (size_t i = 0; i < check_count(c, o, "update_paths"); i++) {
        struct json_object *path = check_at(c, o, "update_paths", i);
        uint32_t sender = check_u32(c, path, "sender");
        EXPECT(c, sender < w.tree.width && w.member[sender].here);
        given_path(c, path, &w, sender);
        own_path(c, &w, sender);
    }
}

const struct check_type check_treekem = {
    "treekem", {"cipher_suite", "ratchet_tree", "update_paths"}, treekem};
