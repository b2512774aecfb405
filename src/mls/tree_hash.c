/* Tree hashes and parent hashes (RFC 9420 sections 7.8 and 7.9). */
#include "mls/tree_hash.h"

#include "mls/tree_internal.h"

enum { HASH_TYPE_LEAF = 1, HASH_TYPE_PARENT = 2 };

/* What a hash is computed for: the subtree as it is, or without some leaves (section 7.9's original
 * tree hash): they are blank, and in no list of unmerged leaves. */
struct hashing {
    const struct mls_tree *t;
    buf scratch;             /* for a node's encoding */
    const uint32_t *without; /* leaf indices, ascending */
    size_t without_count;
};

/* LeafNodeHashInput. node: NULL if it is blank. */
static void write_leaf_input(writer *w, uint32_t x, const struct mls_tree_node *node) {
    writer_u8(w, HASH_TYPE_LEAF);
    writer_u32(w, x / 2);
    writer_u8(w, node != NULL);
    if (node != NULL)
        mls_tree_node_write(w, node);
}

/* The ParentNode without the leaves that are left out. */
static void write_parent(writer *w, const struct hashing *h, const struct mls_parent_node *p) {
    writer_vec(w, buf_slice(&p->encryption_key));
    writer_vec(w, buf_slice(&p->parent_hash));
    size_t mark = writer_open(w);
    for (size_t i = 0; i < p->unmerged.n; i++)
        if (!mls_tree_listed(h->without, h->without_count, p->unmerged.p[i]))
            writer_u32(w, p->unmerged.p[i]);
    writer_close(w, mark);
}

static err hash_scratch(struct hashing *h, const writer *w, uint8_t *out) {
    TRY(writer_result(w));
    slice input = buf_slice(&h->scratch);
    return h->t->suite->hash->hash(out, &input, 1);
}

static err hash_subtree(struct hashing *h, struct mls_tree_slot *s, uint32_t x, uint8_t *out);

static err hash_leaf(struct hashing *h, const struct mls_tree_slot *s, uint32_t x, uint8_t *out) {
    bool left_out = mls_tree_listed(h->without, h->without_count, x / 2);
    buf_clear(&h->scratch);
    writer w = writer_on(&h->scratch);
    write_leaf_input(&w, x, left_out ? NULL : s->node);
    return hash_scratch(h, &w, out);
}

static err hash_parent(struct hashing *h, const struct mls_tree_slot *s, uint32_t x, uint8_t *out) {
    uint8_t left[CRYPTO_HASH_MAX], right[CRYPTO_HASH_MAX];
    size_t nh = h->t->suite->hash->len;
    TRY(hash_subtree(h, s->child[0], mls_tree_math_left(x), left));
    TRY(hash_subtree(h, s->child[1], mls_tree_math_right(x), right));
    buf_clear(&h->scratch);
    writer w = writer_on(&h->scratch);
    writer_u8(&w, HASH_TYPE_PARENT);
    writer_u8(&w, s->node != NULL);
    if (s->node != NULL)
        write_parent(&w, h, &s->node->u.parent);
    writer_vec(&w, slice_of(left, nh));
    writer_vec(&w, slice_of(right, nh));
    return hash_scratch(h, &w, out);
}

static err hash_subtree(struct hashing *h, struct mls_tree_slot *s, uint32_t x, uint8_t *out) {
    size_t nh = h->t->suite->hash->len;
    size_t first = mls_tree_lower_bound(h->without, h->without_count, mls_tree_first_leaf(x));
    bool whole = first == h->without_count || h->without[first] > mls_tree_last_leaf(x);
    if (whole && s->hashed) {
        memcpy(out, s->hash, nh);
        return OK;
    }
    TRY(mls_tree_is_leaf(x) ? hash_leaf(h, s, x, out) : hash_parent(h, s, x, out));
    if (whole) {
        memcpy(s->hash, out, nh);
        s->hashed = true;
    }
    return OK;
}

/* The tree hash of node x without some leaves. */
static err hash_without(const struct mls_tree *t, uint32_t x, const struct mls_u32s *without,
                        uint8_t *out) {
    struct mls_tree_slot *s = mls_tree_slot_at(t, x);
    if (s == NULL)
        return ERR_BUG;
    struct hashing h = {t, buf_on(t->mem), without->p, without->n};
    err e = hash_subtree(&h, s, x, out);
    buf_free(&h.scratch);
    return e;
}

err mls_tree_hash_node(const struct mls_tree *t, uint32_t x, uint8_t *out) {
    struct mls_u32s none = {0};
    return hash_without(t, x, &none, out);
}

err mls_tree_hash_root(const struct mls_tree *t, uint8_t *out) {
    return t->root == NULL ? ERR_BUG : mls_tree_hash_node(t, mls_tree_math_root(t->width), out);
}

/* ---- Parent hashes ---- */

err mls_tree_hash_parent(const struct mls_tree *t, uint32_t x, uint32_t child, uint8_t *out) {
    const struct mls_parent_node *p = mls_tree_parent(t, x);
    if (p == NULL)
        return ERR_BUG;
    uint32_t sibling = child < x ? mls_tree_math_right(x) : mls_tree_math_left(x);
    uint8_t sibling_hash[CRYPTO_HASH_MAX];
    TRY(hash_without(t, sibling, &p->unmerged, sibling_hash));
    buf input = buf_on(t->mem);
    writer w = writer_on(&input);
    writer_vec(&w, buf_slice(&p->encryption_key));
    writer_vec(&w, buf_slice(&p->parent_hash));
    writer_vec(&w, slice_of(sibling_hash, t->suite->hash->len));
    err e = writer_result(&w);
    slice s = buf_slice(&input);
    if (e == OK)
        e = t->suite->hash->hash(out, &s, 1);
    buf_free(&input);
    return e;
}

static err set_parent_hash(struct mls_tree *t, uint32_t x, slice hash) {
    const struct mls_parent_node *old = mls_tree_parent(t, x);
    if (old == NULL)
        return ERR_BUG;
    struct mls_parent_node p = *old; /* borrows all: copied, never freed */
    p.parent_hash = mls_borrow(hash);
    return mls_tree_set_parent(t, x, &p);
}

err mls_tree_hash_path(struct mls_tree *t, const struct mls_tree_path *path, uint32_t leaf,
                       uint8_t *out, size_t *n) {
    *n = 0;
    for (uint32_t i = path->n; i-- > 0;) {
        TRY(set_parent_hash(t, path->node[i], slice_of(out, *n)));
        TRY(mls_tree_hash_parent(t, path->node[i], i > 0 ? path->node[i - 1] : 2 * leaf, out));
        *n = t->suite->hash->len;
    }
    return OK;
}

/* The parent hash that a node holds; empty if it holds none. */
static slice held_hash(const struct mls_tree_node *n) {
    if (!mls_tree_is_leaf(n->x))
        return buf_slice(&n->u.parent.parent_hash);
    return n->u.leaf.source == MLS_LEAF_COMMIT ? buf_slice(&n->u.leaf.parent_hash) : SLICE_EMPTY;
}

/* Looks for D of section 7.9.2 below one child of a parent with these unmerged leaves. Its
 * resolution must be D and exactly those of the parent's unmerged leaves that are below the child.
 * */
static err find_descendant(const struct mls_tree *t, uint32_t child,
                           const struct mls_u32s *unmerged, uint32_t *d) {
    struct mls_u32s resolution;
    *d = MLS_NODE_NONE;
    TRY(mls_tree_resolution(t, child, NULL, 0, &resolution));
    size_t below = mls_tree_lower_bound(unmerged->p, unmerged->n, mls_tree_last_leaf(child) + 1) -
                   mls_tree_lower_bound(unmerged->p, unmerged->n, mls_tree_first_leaf(child));
    size_t others = 0;
    for (size_t i = 0; i < resolution.n; i++) {
        uint32_t x = resolution.p[i];
        if (mls_tree_is_leaf(x) && mls_tree_listed(unmerged->p, unmerged->n, x / 2))
            continue;
        others++;
        *d = x;
    }
    if (others != 1 || resolution.n - 1 != below)
        *d = MLS_NODE_NONE;
    mls_u32s_free(&resolution, t->mem);
    return OK;
}

/* True if the node below this child links to the parent. */
static err child_links(const struct mls_tree *t, uint32_t x, uint32_t child, bool *links) {
    uint32_t d;
    uint8_t hash[CRYPTO_HASH_MAX];
    *links = false;
    TRY(find_descendant(t, child, &mls_tree_parent(t, x)->unmerged, &d));
    if (d == MLS_NODE_NONE)
        return OK;
    slice held = held_hash(mls_tree_slot_at(t, d)->node);
    if (held.n != t->suite->hash->len)
        return OK;
    TRY(mls_tree_hash_parent(t, x, child, hash));
    *links = slice_equal(held, slice_of(hash, t->suite->hash->len));
    return OK;
}

static err check_below(const struct mls_tree *t, const struct mls_tree_slot *s, uint32_t x) {
    if (mls_tree_is_leaf(x) || s->filled == 0)
        return OK;
    if (s->node != NULL) {
        bool left, right;
        TRY(child_links(t, x, mls_tree_math_left(x), &left));
        TRY(child_links(t, x, mls_tree_math_right(x), &right));
        /* RFC 9420 rules 7.9.2-1, 12.4.3.1-9: exactly one descendant for which the parent is
         * parent-hash valid. That one is a leaf, or a parent that is checked in its turn. */
        if (left == right)
            return ERR_MLS_PARENT_HASH;
    }
    TRY(check_below(t, s->child[0], mls_tree_math_left(x)));
    return check_below(t, s->child[1], mls_tree_math_right(x));
}

err mls_tree_hash_check_parents(const struct mls_tree *t) {
    return t->root == NULL ? OK : check_below(t, t->root, mls_tree_math_root(t->width));
}
