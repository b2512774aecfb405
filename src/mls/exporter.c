/* The exporter tree (draft-ietf-mls-extensions-10 s.4.4), and exporting from a group. */
#include "mls/exporter.h"

#include "mls/group.h"
#include "mls/labels.h"

/* ---- Life ---- */

err mls_exporter_tree_init(struct mls_exporter_tree *t, const struct mls_suite *suite,
                           const uint8_t *application_export_secret, const struct mem *mem) {
    *t = (struct mls_exporter_tree){suite, mem, NULL, 0};
    t->nodes = mem_new(mem, sizeof(*t->nodes));
    if (t->nodes == NULL)
        return ERR_NO_MEMORY;
    t->count = 1;
    t->nodes[0].height = MLS_EXPORTER_HEIGHT;
    memcpy(t->nodes[0].secret, application_export_secret, suite->hash->len);
    return OK;
}

void mls_exporter_tree_free(struct mls_exporter_tree *t) {
    mem_free(t->mem, t->nodes, t->count * sizeof(*t->nodes));
    memset(t, 0, sizeof(*t));
}

/* ---- Taking ---- */

static bool is_above(const struct mls_exporter_node *n, uint16_t leaf) {
    return n->first >> n->height == leaf >> n->height;
}

/* The node that the leaf's secret comes from, or the count if there is none any more. */
static size_t find(const struct mls_exporter_tree *t, uint16_t leaf) {
    size_t i = 0;
    while (i < t->count && !is_above(&t->nodes[i], leaf))
        i++;
    return i;
}

/* From a node down to the leaf: `beside` gets the height nodes off the way, from left to right. */
static err descend(const struct mls_suite *suite, const struct mls_exporter_node *from,
                   uint16_t leaf, struct mls_exporter_node *beside, uint8_t *out) {
    size_t nh = suite->hash->len, left = 0, right = from->height;
    struct mls_exporter_node at = *from;
    err e = OK;
    while (at.height > 0 && e == OK) {
        struct mls_exporter_node child[2] = {{.first = at.first, .height = at.height - 1},
                                             {.height = at.height - 1}};
        child[1].first = (uint16_t)(at.first | 1u << child[1].height);
        slice secret = slice_of(at.secret, nh);
        e = mls_label_expand(suite, secret, "tree", slice_str("left"), child[0].secret, nh);
        if (e == OK)
            e = mls_label_expand(suite, secret, "tree", slice_str("right"), child[1].secret, nh);
        bool to_right = is_above(&child[1], leaf);
        beside[to_right ? left++ : --right] = child[!to_right];
        at = child[to_right];
        wipe(child, sizeof(child));
    }
    if (e == OK)
        memcpy(out, at.secret, nh);
    wipe(&at, sizeof(at));
    return e;
}

err mls_exporter_tree_take(struct mls_exporter_tree *t, uint16_t component, uint8_t *out) {
    size_t i = find(t, component);
    /* draft-ietf-mls-extensions-10 s.4.4: a secret that was exported is consumed. */
    if (i == t->count)
        return ERR_REPEAT;
    size_t height = t->nodes[i].height, count = t->count - 1 + height;
    struct mls_exporter_node *nodes = mem_new_array(t->mem, count, sizeof(*nodes));
    if (nodes == NULL && count != 0)
        return ERR_NO_MEMORY;
    struct mls_exporter_node none;
    err e = descend(t->suite, &t->nodes[i], component, count != 0 ? nodes + i : &none, out);
    if (e != OK) {
        mem_free(t->mem, nodes, count * sizeof(*nodes));
        return e;
    }
    if (i > 0)
        memcpy(nodes, t->nodes, i * sizeof(*nodes));
    if (i + 1 < t->count)
        memcpy(nodes + i + height, t->nodes + i + 1, (t->count - i - 1) * sizeof(*nodes));
    /* draft-ietf-mls-extensions-10 s.4.4, RFC 9420 s.9.2: what it was derived from is deleted. */
    mem_free(t->mem, t->nodes, t->count * sizeof(*t->nodes));
    t->nodes = nodes;
    t->count = count;
    return OK;
}

err mls_group_safe_export(struct mls_group *group, uint16_t component, uint8_t *out, size_t *n) {
    if (group->observer)
        return ERR_DENIED;
    if (group->out)
        return ERR_MLS_REMOVED;
    if (*n < group->suite->hash->len)
        return ERR_LIMIT;
    TRY(mls_exporter_tree_take(&group->epoch->exports, component, out));
    *n = group->suite->hash->len;
    return OK;
}

/* ---- Saving ---- */

void mls_exporter_tree_write(writer *w, const struct mls_exporter_tree *t) {
    writer_u32(w, (uint32_t)t->count);
    for (size_t i = 0; i < t->count; i++) {
        writer_u16(w, t->nodes[i].first);
        writer_u8(w, t->nodes[i].height);
        writer_bytes(w, slice_of(t->nodes[i].secret, t->suite->hash->len));
    }
}

/* `from`: the first leaf that no node to the left stands above. */
static err read_node(reader *r, struct mls_exporter_node *n, uint32_t *from, size_t hash) {
    TRY(reader_u16(r, &n->first));
    TRY(reader_u8(r, &n->height));
    TRY(reader_copy(r, n->secret, hash));
    if (n->height > MLS_EXPORTER_HEIGHT || n->first < *from)
        return ERR_DAMAGED;
    uint32_t width = (uint32_t)1 << n->height;
    *from = n->first + width;
    return n->first % width == 0 ? OK : ERR_DAMAGED;
}

static err read_nodes(reader *r, struct mls_exporter_tree *t) {
    uint32_t count, from = 0;
    size_t hash = t->suite->hash->len;
    TRY(reader_u32(r, &count));
    if (count > r->n / (2 + 1 + hash))
        return ERR_DAMAGED;
    t->nodes = mem_new_array(t->mem, count, sizeof(*t->nodes));
    if (t->nodes == NULL && count != 0)
        return ERR_NO_MEMORY;
    t->count = count;
    for (uint32_t i = 0; i < count; i++)
        TRY(read_node(r, &t->nodes[i], &from, hash));
    return OK;
}

err mls_exporter_tree_read(reader *r, struct mls_exporter_tree *t, const struct mls_suite *suite,
                           const struct mem *mem) {
    reader at = *r;
    *t = (struct mls_exporter_tree){suite, mem, NULL, 0};
    err e = read_nodes(&at, t);
    if (e == OK)
        *r = at;
    else
        mls_exporter_tree_free(t);
    return e == OK || e == ERR_NO_MEMORY ? e : ERR_DAMAGED;
}
