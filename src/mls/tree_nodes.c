/* The nodes of ratchet trees and the index of their keys. */
#include "base/siphash.h"
#include "mls/tree_internal.h"

enum { FIRST_BUCKETS = 16 };

struct mls_tree_index {
    uint32_t refs; /* trees */
    const struct mem *mem;
    uint8_t salt[SIPHASH_KEY];
    size_t nodes, buckets;        /* buckets: a power of two, for each kind of key */
    struct mls_tree_node **chain; /* of every bucket: first those of one kind, then the other's */
};

err mls_tree_index_new(struct mls_tree_index **index, const struct mem *mem) {
    struct mls_tree_index *i = mem_new(mem, sizeof(*i));
    *index = NULL;
    if (i == NULL)
        return ERR_NO_MEMORY;
    *i = (struct mls_tree_index){.refs = 1, .mem = mem, .buckets = FIRST_BUCKETS};
    i->chain = mem_new_array(mem, KEY_KINDS * i->buckets, sizeof(struct mls_tree_node *));
    if (i->chain == NULL) {
        mem_free(mem, i, sizeof(*i));
        return ERR_NO_MEMORY;
    }
    crypto_random(i->salt, sizeof(i->salt));
    *index = i;
    return OK;
}

void mls_tree_index_hold(struct mls_tree_index *index) {
    if (index != NULL)
        index->refs++;
}

void mls_tree_index_release(struct mls_tree_index *index) {
    if (index == NULL || --index->refs > 0)
        return;
    const struct mem *mem = index->mem;
    mem_free(mem, index->chain, KEY_KINDS * index->buckets * sizeof(struct mls_tree_node *));
    mem_free(mem, index, sizeof(*index));
}

/* ---- Chains ---- */

slice mls_tree_node_key(const struct mls_tree_node *n, enum mls_tree_key kind) {
    if (!mls_tree_is_leaf(n->x))
        return kind == KEY_ENCRYPTION ? buf_slice(&n->u.parent.encryption_key) : SLICE_EMPTY;
    return buf_slice(kind == KEY_ENCRYPTION ? &n->u.leaf.encryption_key : &n->u.leaf.signature_key);
}

static struct mls_tree_node **bucket_of(struct mls_tree_node **chain, size_t buckets, size_t kind,
                                        uint64_t hash) {
    return &chain[kind * buckets + (size_t)(hash & (buckets - 1))];
}

static void link_node(struct mls_tree_node **head, struct mls_tree_node *n, size_t kind) {
    struct mls_tree_link *link = &n->link[kind];
    link->next = *head;
    link->back = head;
    if (*head != NULL)
        (*head)->link[kind].back = &link->next;
    *head = n;
}

static void unlink_node(struct mls_tree_node *n, size_t kind) {
    struct mls_tree_link *link = &n->link[kind];
    *link->back = link->next;
    if (link->next != NULL)
        link->next->link[kind].back = link->back;
    link->back = NULL;
}

/* Twice the buckets, if there is memory; without it the chains only get longer. */
static void grow(struct mls_tree_index *index) {
    size_t buckets = 2 * index->buckets;
    struct mls_tree_node **chain = mem_new_array(index->mem, KEY_KINDS * buckets, sizeof(*chain));
    if (chain == NULL)
        return;
    for (size_t i = 0; i < KEY_KINDS * index->buckets; i++) {
        size_t kind = i / index->buckets;
        for (struct mls_tree_node *n = index->chain[i], *next; n != NULL; n = next) {
            next = n->link[kind].next;
            link_node(bucket_of(chain, buckets, kind, n->link[kind].hash), n, kind);
        }
    }
    mem_free(index->mem, index->chain, KEY_KINDS * index->buckets * sizeof(*chain));
    index->chain = chain;
    index->buckets = buckets;
}

/* ---- Nodes ---- */

/* With room for `more` bytes after the struct, as far as it is used. */
static struct mls_tree_node *new_node(const struct mls_tree *t, uint32_t x, size_t more) {
    const struct mls_tree_node *n = NULL;
    size_t room = offsetof(struct mls_tree_node, u) +
                  (mls_tree_is_leaf(x) ? sizeof(n->u.leaf) : sizeof(n->u.parent)) + more;
    struct mls_tree_node *new = mem_new(t->mem, room);
    if (new != NULL) {
        new->refs = 1;
        new->x = x;
        new->room = room;
        new->index = t->index;
    }
    return new;
}

/* Where `more` begins. */
static uint8_t *room_of(struct mls_tree_node *n, size_t more) {
    return (uint8_t *)n + n->room - more;
}

static slice copy_to(uint8_t *to, slice from) {
    if (from.n != 0)
        memcpy(to, from.p, from.n);
    return slice_of(to, from.n);
}

/* Puts a filled node into the index. */
static void enter(struct mls_tree_node *n) {
    struct mls_tree_index *index = n->index;
    size_t kinds = mls_tree_is_leaf(n->x) ? KEY_KINDS : 1;
    for (size_t kind = 0; kind < kinds; kind++)
        n->link[kind].hash = siphash(index->salt, mls_tree_node_key(n, (enum mls_tree_key)kind));
    if (++index->nodes > index->buckets)
        grow(index);
    for (size_t kind = 0; kind < kinds; kind++)
        link_node(bucket_of(index->chain, index->buckets, kind, n->link[kind].hash), n, kind);
}

/* A leaf's node holds it as it is encoded, and what the leaf says points into that. */
static slice leaf_bytes(const struct mls_tree_node *n) {
    const uint8_t *begin = (const uint8_t *)(&n->u.leaf + 1) +
                           n->u.leaf.extensions.n * sizeof(*n->u.leaf.extensions.p);
    return slice_of(begin, n->room - (size_t)(begin - (const uint8_t *)n));
}

static err read_leaf(const struct mls_tree *t, uint32_t x, reader *r, struct mls_tree_node **node) {
    struct mls_leaf_node leaf;
    slice bytes = reader_rest(r);
    TRY(mls_leaf_node_read(r, &leaf, &mls_in_place));
    bytes.n -= r->n;
    if (leaf.extensions.n > (SIZE_MAX / 2 - bytes.n) / sizeof(*leaf.extensions.p))
        return ERR_TOO_LARGE;
    size_t list = leaf.extensions.n * sizeof(*leaf.extensions.p), more = list + bytes.n;
    struct mls_tree_node *n = new_node(t, x, more);
    if (n == NULL)
        return ERR_NO_MEMORY;
    struct mls_extension *extensions = (struct mls_extension *)(void *)room_of(n, more);
    reader own = reader_of(copy_to(room_of(n, bytes.n), bytes));
    err e = mls_leaf_node_read(&own, &n->u.leaf, &mls_in_place);
    if (e != OK) { /* never: it was read before */
        mem_free(t->mem, n, n->room);
        return e;
    }
    mls_extensions_list(&n->u.leaf.extensions, extensions);
    n->u.leaf.extensions.p = leaf.extensions.n == 0 ? NULL : extensions;
    enter(n);
    *node = n;
    return OK;
}

err mls_tree_node_leaf(const struct mls_tree *t, uint32_t x, const struct mls_leaf_node *leaf,
                       struct mls_tree_node **node) {
    buf bytes = buf_on(t->mem);
    writer w = writer_on(&bytes);
    mls_leaf_node_write(&w, leaf);
    err e = writer_result(&w);
    reader r = reader_of(buf_slice(&bytes));
    if (e == OK)
        e = read_leaf(t, x, &r, node);
    buf_free(&bytes);
    return e;
}

/* Two ascending lists without a common value as one. */
static void merge_lists(uint32_t *to, const struct mls_u32s *a, const uint32_t *b, size_t n) {
    for (size_t i = 0, j = 0; i < a->n || j < n;) {
        bool first = j == n || (i < a->n && a->p[i] < b[j]);
        to[i + j] = first ? a->p[i] : b[j];
        i += first;
        j += !first;
    }
}

err mls_tree_node_parent(const struct mls_tree *t, uint32_t x, const struct mls_parent_node *parent,
                         const uint32_t *unmerged, size_t n, struct mls_tree_node **node) {
    slice key = buf_slice(&parent->encryption_key), hash = buf_slice(&parent->parent_hash);
    size_t count = parent->unmerged.n + n, more = count * sizeof(*unmerged) + key.n + hash.n;
    struct mls_tree_node *new = new_node(t, x, more);
    if (new == NULL)
        return ERR_NO_MEMORY;
    struct mls_parent_node *p = &new->u.parent;
    p->unmerged = (struct mls_u32s){(uint32_t *)(void *)room_of(new, more), count};
    merge_lists(p->unmerged.p, &parent->unmerged, unmerged, n);
    p->encryption_key = mls_borrow(copy_to(room_of(new, key.n + hash.n), key));
    p->parent_hash = mls_borrow(copy_to(room_of(new, hash.n), hash));
    enter(new);
    *node = new;
    return OK;
}

err mls_tree_node_read(const struct mls_tree *t, uint32_t x, reader *r,
                       struct mls_tree_node **node) {
    if (mls_tree_is_leaf(x))
        return read_leaf(t, x, r, node);
    struct mls_parent_node parent = {0}; /* borrows all but the list */
    TRY(mls_opaque_read(r, &parent.encryption_key, &mls_in_place));
    TRY(mls_opaque_read(r, &parent.parent_hash, &mls_in_place));
    err e = mls_u32s_read(r, &parent.unmerged, t->mem);
    if (e == OK)
        e = mls_tree_node_parent(t, x, &parent, NULL, 0, node);
    mls_u32s_free(&parent.unmerged, t->mem);
    return e;
}

void mls_tree_node_write(writer *w, const struct mls_tree_node *n) {
    if (mls_tree_is_leaf(n->x))
        writer_bytes(w, leaf_bytes(n));
    else
        mls_parent_node_write(w, &n->u.parent);
}

/* Of a parent, which has three vectors, it may be a little less. */
size_t mls_tree_node_size(const struct mls_tree_node *n) {
    const struct mls_parent_node *p = &n->u.parent;
    return mls_tree_is_leaf(n->x) ? leaf_bytes(n).n
                                  : p->encryption_key.n + p->parent_hash.n +
                                        p->unmerged.n * sizeof(*p->unmerged.p) + 3 * VARINT_MAX;
}

void mls_tree_node_release(struct mls_tree_node *n) {
    if (n == NULL || --n->refs > 0)
        return;
    if (n->link[KEY_ENCRYPTION].back != NULL)
        n->index->nodes--;
    for (size_t kind = 0; kind < KEY_KINDS; kind++)
        if (n->link[kind].back != NULL)
            unlink_node(n, kind);
    mem_free(n->index->mem, n, n->room);
}

static const struct mls_tree_node *find(const struct mls_tree *t, enum mls_tree_key kind, slice key,
                                        uint64_t hash, uint32_t not_x) {
    const struct mls_tree_node *n = *bucket_of(t->index->chain, t->index->buckets, kind, hash);
    for (; n != NULL; n = n->link[kind].next) {
        if (n->link[kind].hash != hash || n->x == not_x ||
            !slice_equal(mls_tree_node_key(n, kind), key))
            continue;
        const struct mls_tree_slot *slot = mls_tree_slot_at(t, n->x);
        if (slot != NULL && slot->node == n)
            return n;
    }
    return NULL;
}

const struct mls_tree_node *mls_tree_index_find(const struct mls_tree *t, enum mls_tree_key kind,
                                                slice key) {
    if (t->index == NULL)
        return NULL;
    return find(t, kind, key, siphash(t->index->salt, key), MLS_NODE_NONE);
}

const struct mls_tree_node *mls_tree_index_twin(const struct mls_tree *t, enum mls_tree_key kind,
                                                const struct mls_tree_node *n) {
    return find(t, kind, mls_tree_node_key(n, kind), n->link[kind].hash, n->x);
}
