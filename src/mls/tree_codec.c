/* The ratchet_tree extension's content (RFC 9420 section 12.4.3.3). */
#include "mls/tree_internal.h"

enum { NODE_TYPE_LEAF = 1, NODE_TYPE_PARENT = 2 };
enum { FIRST_ROOM = 16 };

/* ---- Lists of nodes (tree_internal.h) ---- */

static err list_push(struct mls_tree_list *list, const struct mem *mem) {
    if (list->n == list->room) {
        size_t room = list->room == 0 ? FIRST_ROOM : 2 * list->room;
        if (room > SIZE_MAX / sizeof(*list->p))
            return ERR_NO_MEMORY;
        struct mls_tree_node **p =
            mem_resize(mem, list->p, list->room * sizeof(*p), room * sizeof(*p));
        if (p == NULL)
            return ERR_NO_MEMORY;
        list->p = p;
        list->room = room;
    }
    list->p[list->n++] = NULL;
    return OK;
}

void mls_tree_list_free(struct mls_tree_list *list, const struct mem *mem) {
    for (size_t i = 0; i < list->n; i++)
        mls_tree_node_release(list->p[i]);
    mem_free(mem, list->p, list->room * sizeof(*list->p));
}

err mls_tree_list_reach(struct mls_tree_list *list, uint32_t x, const struct mem *mem) {
    while (list->n <= x)
        TRY(list_push(list, mem));
    return OK;
}

/* The slots of node x and below; takes its nodes out of the list. */
static err build(const struct mls_tree *t, uint32_t x, struct mls_tree_list *list,
                 struct mls_tree_slot **slot) {
    struct mls_tree_slot *s = *slot = mls_tree_slot_new(t);
    if (s == NULL)
        return ERR_NO_MEMORY;
    if (!mls_tree_is_leaf(x)) {
        TRY(build(t, mls_tree_math_left(x), list, &s->child[0]));
        TRY(build(t, mls_tree_math_right(x), list, &s->child[1]));
    }
    if (x < list->n) {
        s->node = list->p[x];
        list->p[x] = NULL;
    }
    mls_tree_slot_sum(s);
    return OK;
}

err mls_tree_list_build(struct mls_tree *t, struct mls_tree_list *list) {
    /* RFC 9420 rule 12.4.3.3-1: no blank nodes at the end; and no tree is without nodes. */
    if (list->n == 0 || list->p[list->n - 1] == NULL)
        return ERR_MLS_TREE;
    t->width = mls_tree_math_width((uint32_t)(list->n / 2 + 1));
    return build(t, mls_tree_math_root(t->width), list, &t->root);
}

/* ---- The ratchet_tree extension ---- */

static err read_node(const struct mls_tree *t, struct mls_tree_list *list, reader *r) {
    bool present;
    uint8_t type;
    TRY(list_push(list, t->mem));
    TRY(reader_bool(r, &present));
    if (!present)
        return OK;
    TRY(reader_u8(r, &type));
    /* RFC 9420 rule 12.4.3.3-2: leaves at even, parents at odd places. */
    uint32_t x = (uint32_t)(list->n - 1);
    if (type != (mls_tree_is_leaf(x) ? NODE_TYPE_LEAF : NODE_TYPE_PARENT))
        return ERR_MLS_TREE;
    return mls_tree_node_read(t, x, r, &list->p[x]);
}

static err read_nodes(struct mls_tree *t, reader *r, uint32_t leaves, struct mls_tree_list *list) {
    size_t most = leaves == 0 ? UINT32_MAX / 2 : 2 * (size_t)leaves - 1;
    reader inner;
    TRY(reader_open(r, &inner));
    while (inner.n > 0) {
        if (list->n >= most)
            return ERR_LIMIT;
        TRY(read_node(t, list, &inner));
    }
    return mls_tree_list_build(t, list);
}

err mls_tree_read(struct mls_tree *t, reader *r, const struct mls_suite *suite,
                  const struct mem *mem) {
    return mls_tree_read_limited(t, r, 0, suite, mem);
}

err mls_tree_read_limited(struct mls_tree *t, reader *r, uint32_t leaves,
                          const struct mls_suite *suite, const struct mem *mem) {
    reader at = *r;
    struct mls_tree_list list = {0};
    TRY(mls_tree_init(t, suite, mem));
    err e = read_nodes(t, &at, leaves, &list);
    mls_tree_list_free(&list, mem);
    if (e == OK)
        *r = at;
    else
        mls_tree_free(t);
    return e;
}

static void write_node(writer *w, const struct mls_tree_node *n) {
    writer_u8(w, n != NULL);
    if (n == NULL)
        return;
    writer_u8(w, mls_tree_is_leaf(n->x) ? NODE_TYPE_LEAF : NODE_TYPE_PARENT);
    mls_tree_node_write(w, n);
}

/* The nodes in order; the last ones of the tree (`to_end`) only as far as they are not blank. */
static void write_slots(writer *w, const struct mls_tree_slot *s, bool to_end) {
    if (to_end && s->filled == 0)
        return;
    if (s->child[0] == NULL) {
        write_node(w, s->node);
        return;
    }
    bool right = s->child[1]->filled > 0;
    write_slots(w, s->child[0], to_end && !right && s->node == NULL);
    if (!to_end || right || s->node != NULL)
        write_node(w, s->node);
    if (!to_end || right)
        write_slots(w, s->child[1], to_end);
}

/* The room is made at once, since a big tree would be copied many times while its buf grows; and a
 * little more, for what may come after it. */
void mls_tree_write(writer *w, const struct mls_tree *t) {
    enum { MORE = 1024 };
    writer_reserve(w, (t->root == NULL ? 0 : t->root->size) + MORE);
    size_t mark = writer_open_long(w);
    if (t->root != NULL)
        write_slots(w, t->root, true);
    writer_close(w, mark);
}
