#include "mls/tree_changes.h"

#include "mls/tree_internal.h"

/* ---- Differences ---- */

struct walking {
    mls_tree_change *change;
    void *ctx;
    buf bytes; /* of one node */
};

static err tell(struct walking *w, uint32_t x, const struct mls_tree_node *n) {
    buf_clear(&w->bytes);
    writer out = writer_on(&w->bytes);
    if (n != NULL)
        mls_tree_node_write(&out, n);
    TRY(writer_result(&out));
    return w->change(w->ctx, x, buf_slice(&w->bytes));
}

static bool nothing(const struct mls_tree_slot *s) {
    return s == NULL || s->filled == 0;
}

/* Both at node x; NULL where a tree has no such place. */
static err walk(struct walking *w, uint32_t x, const struct mls_tree_slot *before,
                const struct mls_tree_slot *after) {
    if (before == after || (nothing(before) && nothing(after)))
        return OK;
    const struct mls_tree_node *old = before == NULL ? NULL : before->node;
    const struct mls_tree_node *new = after == NULL ? NULL : after->node;
    if (!mls_tree_is_leaf(x))
        TRY(walk(w, mls_tree_math_left(x), before == NULL ? NULL : before->child[0],
                 after == NULL ? NULL : after->child[0]));
    if (old != new)
        TRY(tell(w, x, new));
    if (mls_tree_is_leaf(x))
        return OK;
    return walk(w, mls_tree_math_right(x), before == NULL ? NULL : before->child[1],
                after == NULL ? NULL : after->child[1]);
}

/* From the wider tree's root: the narrower one's is the left child of all that it lacks above. */
static err walk_from(struct walking *w, uint32_t width, const struct mls_tree *before,
                     const struct mls_tree *after) {
    uint32_t x = mls_tree_math_root(width);
    const struct mls_tree_slot *b = before->width == width ? before->root : NULL;
    const struct mls_tree_slot *a = after->width == width ? after->root : NULL;
    if (a != NULL && b != NULL)
        return walk(w, x, b, a);
    const struct mls_tree_slot *whole = a != NULL ? a : b;
    TRY(walk_from(w, width / 2,
                  &(struct mls_tree){.root = b == NULL ? before->root : b->child[0],
                                     .width = b == NULL ? before->width : width / 2},
                  &(struct mls_tree){.root = a == NULL ? after->root : a->child[0],
                                     .width = a == NULL ? after->width : width / 2}));
    if (whole->node != NULL)
        TRY(tell(w, x, a == NULL ? NULL : a->node));
    return walk(w, mls_tree_math_right(x), b == NULL ? NULL : b->child[1],
                a == NULL ? NULL : a->child[1]);
}

err mls_tree_changes(const struct mls_tree *before, const struct mls_tree *after,
                     mls_tree_change *change, void *ctx) {
    struct walking w = {change, ctx, buf_on(after->mem)};
    uint32_t width = before->width > after->width ? before->width : after->width;
    err e = OK;
    if (before->width == 0)
        e = walk(&w, mls_tree_math_root(width), NULL, after->root);
    else
        e = walk_from(&w, width, before, after);
    buf_free(&w.bytes);
    return e;
}

/* ---- As bytes: the width, then for each change its number and the node ---- */

static err write_change(void *ctx, uint32_t x, slice node) {
    writer *w = ctx;
    writer_u32(w, x);
    writer_vec(w, node);
    return writer_result(w);
}

err mls_tree_changes_write(writer *w, const struct mls_tree *before, const struct mls_tree *after) {
    writer_u32(w, after->width);
    size_t mark = writer_open(w);
    err e = mls_tree_changes(before, after, write_change, w);
    writer_close(w, mark);
    return e == OK ? writer_result(w) : e;
}

static err set_node(struct mls_tree *t, uint32_t x, slice bytes) {
    reader r = reader_of(bytes);
    if (bytes.n == 0)
        return mls_tree_blank(t, x);
    struct mls_leaf_node leaf = {0};
    struct mls_parent_node parent = {0};
    err e = mls_tree_is_leaf(x) ? mls_leaf_node_read(&r, &leaf, t->mem)
                                : mls_parent_node_read(&r, &parent, t->mem);
    if (e == OK)
        e = reader_end(&r);
    if (e == OK)
        e = mls_tree_is_leaf(x) ? mls_tree_set_leaf(t, x / 2, &leaf)
                                : mls_tree_set_parent(t, x, &parent);
    mls_leaf_node_free(&leaf, t->mem);
    mls_parent_node_free(&parent, t->mem);
    return e;
}

err mls_tree_changes_read(reader *r, struct mls_tree *to) {
    uint32_t width, x;
    reader list, again;
    slice node;
    uint64_t leaves = mls_tree_leaf_count(to);
    TRY(reader_u32(r, &width));
    TRY(reader_open(r, &list));
    /* Each change adds one leaf at most: nothing is built for a width that is only claimed. */
    for (again = list; again.n > 0; leaves++) {
        TRY(reader_u32(&again, &x));
        TRY(reader_vec(&again, &node));
    }
    bool power = width != 0 && (width & (width - 1)) == 0;
    if (!power || leaves > MLS_TREE_WIDTH_MAX || width > mls_tree_math_width((uint32_t)leaves))
        return ERR_DAMAGED;
    /* What lies outside the new tree is blank in it, and told so. */
    bool narrower = width < to->width;
    if (!narrower)
        TRY(mls_tree_resize(to, width));
    while (list.n > 0) {
        TRY(reader_u32(&list, &x));
        TRY(reader_vec(&list, &node));
        TRY(set_node(to, x, node));
    }
    return narrower ? mls_tree_resize(to, width) : OK;
}

/* ---- From nodes alone ---- */

static err read_all(struct mls_tree *t, uint32_t width, struct mls_tree_list *list,
                    mls_tree_next *next, void *ctx) {
    uint32_t x;
    slice bytes;
    err e;
    while ((e = next(ctx, &x, &bytes)) == OK) {
        reader r = reader_of(bytes);
        if (x < list->n || x >= mls_tree_math_nodes(width))
            return ERR_DAMAGED;
        TRY(mls_tree_list_reach(list, x, t->mem));
        TRY(mls_tree_node_read(t, x, &r, &list->p[x]));
        TRY(reader_end(&r));
    }
    return e == ERR_NOT_FOUND ? OK : e;
}

err mls_tree_assemble(struct mls_tree *t, uint32_t width, mls_tree_next *next, void *ctx,
                      const struct mls_suite *suite, const struct mem *mem) {
    struct mls_tree_list list = {0};
    if (width == 0 || width > MLS_TREE_WIDTH_MAX)
        return ERR_DAMAGED;
    TRY(mls_tree_init(t, suite, mem));
    err e = read_all(t, width, &list, next, ctx);
    if (e == OK)
        e = mls_tree_list_build(t, &list);
    if (e == OK && t->width != width)
        e = ERR_DAMAGED;
    mls_tree_list_free(&list, mem);
    if (e != OK)
        mls_tree_free(t);
    return e;
}
