/* The ratchet tree's public half (RFC 9420 sections 4, 7.1, 7.7, 12.1). */
#include "mls/tree_internal.h"

/* ---- Lists ---- */

size_t mls_tree_lower_bound(const uint32_t *list, size_t n, uint32_t value) {
    size_t low = 0, high = n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (list[middle] < value)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool mls_tree_listed(const uint32_t *list, size_t n, uint32_t value) {
    size_t i = mls_tree_lower_bound(list, n, value);
    return i < n && list[i] == value;
}

/* ---- Slots ---- */

struct mls_tree_slot *mls_tree_slot_new(const struct mls_tree *t) {
    struct mls_tree_slot *s = mem_new(t->mem, sizeof(*s) + t->suite->hash->len);
    if (s != NULL) {
        s->refs = 1;
        s->credentials = CREDENTIALS_NONE;
    }
    return s;
}

static void slot_release(const struct mls_tree *t, struct mls_tree_slot *s) {
    if (s == NULL || --s->refs > 0)
        return;
    slot_release(t, s->child[0]);
    slot_release(t, s->child[1]);
    mls_tree_node_release(s->node);
    mem_free(t->mem, s, sizeof(*s) + t->suite->hash->len);
}

/* Brings what a slot sums up in line with its node and children. */
void mls_tree_slot_sum(struct mls_tree_slot *s) {
    s->hashed = false;
    s->filled = s->node != NULL;
    s->size = s->node == NULL ? 1 : 2 + mls_tree_node_size(s->node);
    if (s->child[0] == NULL) {
        s->members = s->filled;
        s->credentials = CREDENTIALS_NONE;
        if (s->node != NULL) {
            const struct mls_leaf_node *leaf = &s->node->u.leaf;
            bool own = mls_u16s_have(&leaf->capabilities.credentials, leaf->credential.type);
            s->credentials = own ? leaf->credential.type : CREDENTIALS_MIXED;
        }
        return;
    }
    const struct mls_tree_slot *left = s->child[0], *right = s->child[1];
    s->members = left->members + right->members;
    s->filled += left->filled + right->filled;
    s->size += left->size + right->size;
    if (left->credentials == CREDENTIALS_NONE || left->credentials == right->credentials)
        s->credentials = right->credentials;
    else
        s->credentials =
            right->credentials == CREDENTIALS_NONE ? left->credentials : CREDENTIALS_MIXED;
}

/* A blank subtree of `width` leaves. */
static err slot_blank(const struct mls_tree *t, uint32_t width, struct mls_tree_slot **slot) {
    struct mls_tree_slot *s = mls_tree_slot_new(t);
    *slot = NULL;
    if (s == NULL)
        return ERR_NO_MEMORY;
    for (size_t i = 0; width > 1 && i < 2; i++) {
        err e = slot_blank(t, width / 2, &s->child[i]);
        if (e != OK) {
            slot_release(t, s);
            return e;
        }
    }
    mls_tree_slot_sum(s);
    *slot = s;
    return OK;
}

/* Makes *slot one that nobody else holds. */
static err slot_own(const struct mls_tree *t, struct mls_tree_slot **slot) {
    struct mls_tree_slot *s = *slot;
    if (s->refs == 1)
        return OK;
    struct mls_tree_slot *copy = mls_tree_slot_new(t);
    if (copy == NULL)
        return ERR_NO_MEMORY;
    memcpy(copy, s, sizeof(*s) + t->suite->hash->len);
    copy->refs = 1;
    for (size_t i = 0; i < 2; i++)
        if (copy->child[i] != NULL)
            copy->child[i]->refs++;
    if (copy->node != NULL)
        copy->node->refs++;
    s->refs--;
    *slot = copy;
    return OK;
}

/* The slots from the root (0) down to a node. */
struct trail {
    uint32_t n;
    struct mls_tree_slot *slot[MLS_TREE_LEVELS];
};

/* Makes every slot from the root to node x (which is in the tree) our own. A failure changes
 * nothing that can be seen. */
static err own_trail(struct mls_tree *t, uint32_t x, struct trail *trail) {
    struct mls_tree_slot **slot = &t->root;
    uint32_t at = mls_tree_math_root(t->width);
    trail->n = 0;
    for (;;) {
        TRY(slot_own(t, slot));
        trail->slot[trail->n++] = *slot;
        if (at == x)
            return OK;
        slot = &(*slot)->child[x > at];
        at = x > at ? mls_tree_math_right(at) : mls_tree_math_left(at);
    }
}

static void sum_trail(const struct trail *trail) {
    for (uint32_t i = trail->n; i-- > 0;)
        mls_tree_slot_sum(trail->slot[i]);
}

/* Takes the node over. */
static void slot_set(struct mls_tree_slot *s, struct mls_tree_node *n) {
    mls_tree_node_release(s->node);
    s->node = n;
}

struct mls_tree_slot *mls_tree_slot_at(const struct mls_tree *t, uint32_t x) {
    if (t->root == NULL || x >= mls_tree_math_nodes(t->width))
        return NULL;
    struct mls_tree_slot *s = t->root;
    for (uint32_t at = mls_tree_math_root(t->width); at != x;) {
        s = s->child[x > at];
        at = x > at ? mls_tree_math_right(at) : mls_tree_math_left(at);
    }
    return s;
}

/* ---- Life ---- */

err mls_tree_init(struct mls_tree *t, const struct mls_suite *suite, const struct mem *mem) {
    *t = (struct mls_tree){.suite = suite, .mem = mem};
    return mls_tree_index_new(&t->index, mem);
}

void mls_tree_free(struct mls_tree *t) {
    slot_release(t, t->root);
    mls_tree_index_release(t->index);
    *t = (struct mls_tree){0};
}

void mls_tree_copy(struct mls_tree *to, const struct mls_tree *from) {
    *to = *from;
    if (to->root != NULL)
        to->root->refs++;
    mls_tree_index_hold(to->index);
}

/* ---- Asking ---- */

const struct mls_leaf_node *mls_tree_leaf(const struct mls_tree *t, uint32_t leaf) {
    if (leaf >= t->width)
        return NULL;
    const struct mls_tree_slot *s = mls_tree_slot_at(t, 2 * leaf);
    return s == NULL || s->node == NULL ? NULL : &s->node->u.leaf;
}

const struct mls_parent_node *mls_tree_parent(const struct mls_tree *t, uint32_t x) {
    const struct mls_tree_slot *s = mls_tree_is_leaf(x) ? NULL : mls_tree_slot_at(t, x);
    return s == NULL || s->node == NULL ? NULL : &s->node->u.parent;
}

slice mls_tree_public_key(const struct mls_tree *t, uint32_t x) {
    const struct mls_tree_slot *s = mls_tree_slot_at(t, x);
    return s == NULL || s->node == NULL ? SLICE_EMPTY : mls_tree_node_key(s->node, KEY_ENCRYPTION);
}

uint32_t mls_tree_leaf_count(const struct mls_tree *t) {
    uint32_t first = 0;
    const struct mls_tree_slot *s = t->root;
    if (s == NULL || s->members == 0)
        return 0;
    for (uint32_t half = t->width / 2; half > 0; half /= 2) {
        bool right = s->child[1]->members > 0;
        s = s->child[right];
        first += right ? half : 0;
    }
    return first + 1;
}

uint32_t mls_tree_member_count(const struct mls_tree *t) {
    return t->root == NULL ? 0 : t->root->members;
}

/* The first leaf at or after `from` below a slot that starts at leaf `first`. */
static uint32_t next_leaf(const struct mls_tree_slot *s, uint32_t first, uint32_t width,
                          uint32_t from) {
    if (s->members == 0 || first + (width - 1) < from)
        return MLS_NODE_NONE;
    if (width == 1)
        return first;
    uint32_t found = next_leaf(s->child[0], first, width / 2, from);
    if (found != MLS_NODE_NONE)
        return found;
    return next_leaf(s->child[1], first + width / 2, width / 2, from);
}

uint32_t mls_tree_next_leaf(const struct mls_tree *t, uint32_t from) {
    return t->root == NULL ? MLS_NODE_NONE : next_leaf(t->root, 0, t->width, from);
}

/* The leaf with a key; parents don't count. */
static uint32_t find_key(const struct mls_tree *t, enum mls_tree_key kind, slice key) {
    const struct mls_tree_node *n = mls_tree_index_find(t, kind, key);
    return n == NULL || !mls_tree_is_leaf(n->x) ? MLS_NODE_NONE : n->x / 2;
}

uint32_t mls_tree_find_signer(const struct mls_tree *t, slice signature_key) {
    return find_key(t, KEY_SIGNATURE, signature_key);
}

uint32_t mls_tree_find_encryption(const struct mls_tree *t, slice encryption_key) {
    return find_key(t, KEY_ENCRYPTION, encryption_key);
}

bool mls_tree_has_encryption(const struct mls_tree *t, slice encryption_key) {
    return mls_tree_index_find(t, KEY_ENCRYPTION, encryption_key) != NULL;
}

err mls_tree_find_leaf(const struct mls_tree *t, const struct mls_leaf_node *leaf,
                       uint32_t *index) {
    *index = mls_tree_find_encryption(t, buf_slice(&leaf->encryption_key));
    if (*index == MLS_NODE_NONE)
        return ERR_NOT_FOUND;
    buf a = buf_on(t->mem), b = buf_on(t->mem);
    writer wa = writer_on(&a), wb = writer_on(&b);
    mls_leaf_node_write(&wa, leaf);
    mls_leaf_node_write(&wb, mls_tree_leaf(t, *index));
    err e = writer_result(&wa);
    if (e == OK)
        e = writer_result(&wb);
    if (e == OK && !slice_equal(buf_slice(&a), buf_slice(&b)))
        e = ERR_NOT_FOUND;
    buf_free(&a);
    buf_free(&b);
    return e;
}

/* ---- Resolution and paths (section 4.1) ---- */

/* What a resolution leaves out, and where it goes: list NULL only counts. */
struct resolution {
    const uint32_t *skip;
    size_t skip_count;
    uint32_t *list;
    size_t n;
};

static void resolve_one(struct resolution *r, uint32_t x) {
    if (mls_tree_is_leaf(x) && mls_tree_listed(r->skip, r->skip_count, x / 2))
        return;
    if (r->list != NULL)
        r->list[r->n] = x;
    r->n++;
}

static void resolve(struct resolution *r, const struct mls_tree_slot *s, uint32_t x) {
    if (s == NULL || s->filled == 0)
        return;
    if (s->node == NULL) {
        resolve(r, s->child[0], mls_tree_math_left(x));
        resolve(r, s->child[1], mls_tree_math_right(x));
        return;
    }
    resolve_one(r, x);
    if (mls_tree_is_leaf(x))
        return;
    const struct mls_u32s *unmerged = &s->node->u.parent.unmerged;
    for (size_t i = 0; i < unmerged->n; i++)
        resolve_one(r, 2 * unmerged->p[i]);
}

err mls_tree_resolution(const struct mls_tree *t, uint32_t x, const uint32_t *skip,
                        size_t skip_count, struct mls_u32s *list) {
    const struct mls_tree_slot *s = mls_tree_slot_at(t, x);
    struct resolution r = {.skip = skip, .skip_count = skip_count};
    *list = (struct mls_u32s){0};
    resolve(&r, s, x);
    if (r.n == 0)
        return OK;
    r.list = mem_new_array(t->mem, r.n, sizeof(*r.list));
    if (r.list == NULL)
        return ERR_NO_MEMORY;
    *list = (struct mls_u32s){r.list, r.n};
    r.n = 0;
    resolve(&r, s, x);
    return OK;
}

bool mls_tree_is_empty_below(const struct mls_tree *t, uint32_t x) {
    const struct mls_tree_slot *s = mls_tree_slot_at(t, x);
    return s == NULL || s->filled == 0;
}

void mls_tree_filtered_path(const struct mls_tree *t, uint32_t leaf, struct mls_tree_path *path) {
    path->n = 0;
    if (leaf >= t->width)
        return;
    uint32_t below = 2 * leaf;
    for (uint32_t level = 1; (uint64_t)1 << level <= t->width; level++) {
        uint32_t x = mls_tree_math_ancestor(leaf, level);
        uint32_t other = below < x ? mls_tree_math_right(x) : mls_tree_math_left(x);
        below = x;
        if (mls_tree_is_empty_below(t, other))
            continue;
        path->node[path->n] = x;
        path->copath[path->n++] = other;
    }
}

/* ---- Operations (section 7.7, 12.1) ---- */

/* Sets or (from NULL) blanks one node, and blanks all above if that is asked for. */
static err put(struct mls_tree *t, uint32_t x, const void *from, bool blank_above) {
    struct trail trail;
    struct mls_tree_node *n = NULL;
    if (t->root == NULL || x >= mls_tree_math_nodes(t->width))
        return ERR_NOT_FOUND;
    if (from != NULL)
        TRY(mls_tree_is_leaf(x) ? mls_tree_node_leaf(t, x, from, &n)
                                : mls_tree_node_parent(t, x, from, NULL, 0, &n));
    err e = own_trail(t, x, &trail);
    if (e != OK) {
        mls_tree_node_release(n);
        return e;
    }
    slot_set(trail.slot[trail.n - 1], n);
    for (uint32_t i = 0; blank_above && i + 1 < trail.n; i++)
        slot_set(trail.slot[i], NULL);
    sum_trail(&trail);
    return OK;
}

err mls_tree_set_leaf(struct mls_tree *t, uint32_t leaf, const struct mls_leaf_node *to) {
    return leaf >= t->width ? ERR_NOT_FOUND : put(t, 2 * leaf, to, false);
}

err mls_tree_set_parent(struct mls_tree *t, uint32_t x, const struct mls_parent_node *to) {
    return mls_tree_is_leaf(x) ? ERR_BUG : put(t, x, to, false);
}

err mls_tree_blank(struct mls_tree *t, uint32_t x) {
    return put(t, x, NULL, false);
}

err mls_tree_update(struct mls_tree *t, uint32_t leaf, const struct mls_leaf_node *to) {
    return mls_tree_leaf(t, leaf) == NULL ? ERR_NOT_FOUND : put(t, 2 * leaf, to, true);
}

/* The left half becomes the tree. */
static void halve(struct mls_tree *t) {
    struct mls_tree_slot *whole = t->root;
    t->root = whole->child[0];
    t->root->refs++;
    t->width /= 2;
    slot_release(t, whole);
}

/* RFC 9420 s.7.7: while the right half has nothing, the left half is the tree. */
static void truncate_tree(struct mls_tree *t) {
    while (t->width > 1 && t->root->child[1]->filled == 0)
        halve(t);
}

err mls_tree_remove(struct mls_tree *t, uint32_t leaf) {
    if (mls_tree_leaf(t, leaf) == NULL)
        return ERR_NOT_FOUND;
    TRY(put(t, 2 * leaf, NULL, true));
    truncate_tree(t);
    return OK;
}

/* RFC 9420 s.7.7: a blank root above the tree and a blank subtree as wide. */
static err extend(struct mls_tree *t) {
    if (t->width == MLS_TREE_WIDTH_MAX)
        return ERR_LIMIT;
    if (t->root == NULL) {
        TRY(slot_blank(t, 1, &t->root));
        t->width = 1;
        return OK;
    }
    struct mls_tree_slot *right, *root = mls_tree_slot_new(t);
    err e = root == NULL ? ERR_NO_MEMORY : slot_blank(t, t->width, &right);
    if (e != OK) {
        slot_release(t, root);
        return e;
    }
    root->child[0] = t->root;
    root->child[1] = right;
    mls_tree_slot_sum(root);
    t->root = root;
    t->width *= 2;
    return OK;
}

err mls_tree_resize(struct mls_tree *t, uint32_t width) {
    while (t->width < width)
        TRY(extend(t));
    while (t->width > width)
        halve(t);
    return OK;
}

/* The leftmost blank leaf; NONE if the tree is full. */
static uint32_t blank_leaf(const struct mls_tree *t) {
    const struct mls_tree_slot *s = t->root;
    if (s == NULL || s->members == t->width)
        return MLS_NODE_NONE;
    uint32_t first = 0;
    for (uint32_t half = t->width / 2; half > 0; half /= 2) {
        bool right = s->child[0]->members == half;
        s = s->child[right];
        first += right ? half : 0;
    }
    return first;
}

/* RFC 9420 s.12.1.1: each new leaf joins the unmerged leaves of the parents above it that are not
 * blank. The slots above new leaves are our own. */
static err list_unmerged(struct mls_tree *t, struct mls_tree_slot *s, uint32_t x,
                         const uint32_t *added, size_t n) {
    size_t from = mls_tree_lower_bound(added, n, mls_tree_first_leaf(x));
    size_t to = mls_tree_lower_bound(added, n, mls_tree_last_leaf(x) + 1);
    if (from == to || mls_tree_is_leaf(x))
        return OK;
    if (s->node != NULL) {
        struct mls_tree_node *node;
        TRY(mls_tree_node_parent(t, x, &s->node->u.parent, added + from, to - from, &node));
        slot_set(s, node);
    }
    TRY(list_unmerged(t, s->child[0], mls_tree_math_left(x), added + from, to - from));
    TRY(list_unmerged(t, s->child[1], mls_tree_math_right(x), added + from, to - from));
    mls_tree_slot_sum(s);
    return OK;
}

static err add_all(struct mls_tree *t, const struct mls_leaf_node *const *leaves, size_t n,
                   uint32_t *at) {
    for (size_t i = 0; i < n; i++) {
        uint32_t leaf = blank_leaf(t);
        if (leaf == MLS_NODE_NONE) {
            TRY(extend(t));
            leaf = blank_leaf(t);
        }
        at[i] = leaf;
        TRY(put(t, 2 * leaf, leaves[i], false));
    }
    return n == 0 ? OK : list_unmerged(t, t->root, mls_tree_math_root(t->width), at, n);
}

err mls_tree_add(struct mls_tree *t, const struct mls_leaf_node *const *leaves, size_t n,
                 uint32_t *at) {
    struct mls_tree before;
    mls_tree_copy(&before, t);
    err e = add_all(t, leaves, n, at);
    if (e == OK) {
        mls_tree_free(&before);
        return OK;
    }
    mls_tree_free(t);
    *t = before;
    return e;
}
