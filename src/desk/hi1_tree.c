#include "desk/hi1_tree.h"

static slice at(const struct hi1_tree *t, struct hi1_span s) {
    return slice_of(t->bytes.p == NULL ? NULL : t->bytes.p + s.at, s.n);
}

static bool is_space(uint8_t c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static slice trimmed(slice s) {
    while (s.n > 0 && is_space(s.p[0]))
        s = slice_of(s.p + 1, s.n - 1);
    while (s.n > 0 && is_space(s.p[s.n - 1]))
        s.n--;
    return s;
}

void hi1_tree_init(struct hi1_tree *t, const struct mem *mem) {
    *t = (struct hi1_tree){.mem = mem, .bytes = buf_on(mem)};
}

void hi1_tree_fini(struct hi1_tree *t) {
    buf_free(&t->bytes);
    mem_free(t->mem, t->nodes, t->room * sizeof *t->nodes);
    *t = (struct hi1_tree){0};
}

/* ---- Building ---- */

static enum hi1_reason keep(struct hi1_tree *t, slice s, struct hi1_span *span) {
    *span = (struct hi1_span){t->bytes.n, s.n};
    return buf_append(&t->bytes, s) == OK ? HI1_OK : HI1_MEMORY;
}

/* "prefix:name" or "name"; "{uri}name" has the namespace in the place of the prefix. */
static void split(struct hi1_span whole, const struct hi1_tree *t, struct hi1_span *prefix,
                  struct hi1_span *name) {
    slice s = at(t, whole);
    const uint8_t *end = s.n > 0 ? memchr(s.p, s.p[0] == '{' ? '}' : ':', s.n) : NULL;
    size_t n = end == NULL ? 0 : (size_t)(end - s.p);
    *prefix = (struct hi1_span){whole.at, n};
    *name = end == NULL ? whole : (struct hi1_span){whole.at + n + 1, whole.n - n - 1};
}

static enum hi1_reason room(struct hi1_tree *t) {
    if (t->count == HI1_NODES_MAX)
        return HI1_NODES;
    if (t->count < t->room)
        return HI1_OK;
    uint32_t more = t->room == 0 ? 64 : 2 * t->room;
    void *p = mem_resize(t->mem, t->nodes, t->room * sizeof *t->nodes, more * sizeof *t->nodes);
    if (p == NULL)
        return HI1_MEMORY;
    t->nodes = p;
    t->room = more;
    return HI1_OK;
}

static void link_last(struct hi1_tree *t, uint32_t node) {
    struct hi1_node *parent = &t->nodes[t->nodes[node].parent];
    if (node == 0)
        return;
    if (parent->last == 0)
        parent->first = node;
    else
        t->nodes[parent->last].next = node;
    parent->last = node;
}

static enum hi1_reason add(struct hi1_tree *t, slice name, uint32_t *node) {
    struct hi1_span whole;
    enum hi1_reason r = room(t);
    if (r == HI1_OK)
        r = keep(t, name, &whole);
    if (r != HI1_OK)
        return r;
    *node = t->count++;
    t->nodes[*node] = (struct hi1_node){.parent = t->open};
    split(whole, t, &t->nodes[*node].prefix, &t->nodes[*node].name);
    link_last(t, *node);
    return HI1_OK;
}

enum hi1_reason hi1_tree_begin(struct hi1_tree *t, slice name) {
    uint32_t node;
    if (t->depth == HI1_DEPTH_MAX)
        return HI1_DEPTH;
    if (t->depth > 0 && trimmed(at(t, t->nodes[t->open].text)).n > 0)
        return HI1_MIXED;
    enum hi1_reason r = add(t, name, &node);
    if (r != HI1_OK)
        return r;
    if (t->depth++ > 0)
        t->nodes[t->open].elements = true;
    t->open = node;
    return HI1_OK;
}

void hi1_tree_end(struct hi1_tree *t) {
    t->open = t->nodes[t->open].parent;
    t->depth--;
}

enum hi1_reason hi1_tree_text(struct hi1_tree *t, slice text) {
    struct hi1_node *open = &t->nodes[t->open];
    struct hi1_span more;
    if (open->elements)
        return trimmed(text).n == 0 ? HI1_OK : HI1_MIXED;
    enum hi1_reason r = keep(t, text, &more);
    if (r != HI1_OK)
        return r;
    if (open->text.n == 0)
        open->text = more;
    else
        open->text.n += more.n; /* nothing is kept between two pieces of an element's text */
    return HI1_OK;
}

static enum hi1_reason declare(struct hi1_tree *t, slice prefix, slice uri) {
    struct hi1_prefix p = {.node = t->open};
    for (size_t i = 0; i < t->prefix_count; i++)
        if (t->prefixes[i].node == t->open && slice_equal(at(t, t->prefixes[i].prefix), prefix))
            return HI1_TWICE;
    if (t->prefix_count == HI1_PREFIXES_MAX)
        return HI1_NODES;
    enum hi1_reason r = keep(t, prefix, &p.prefix);
    if (r == HI1_OK)
        r = keep(t, uri, &p.uri);
    if (r == HI1_OK)
        t->prefixes[t->prefix_count++] = p;
    return r;
}

static enum hi1_reason set_type(struct hi1_tree *t, slice value) {
    struct hi1_node *open = &t->nodes[t->open];
    struct hi1_span whole;
    if (open->typed)
        return HI1_TWICE;
    enum hi1_reason r = keep(t, trimmed(value), &whole);
    if (r != HI1_OK)
        return r;
    open->typed = true;
    split(whole, t, &open->type_prefix, &open->type);
    return HI1_OK;
}

enum hi1_reason hi1_tree_attribute(struct hi1_tree *t, slice name, slice value) {
    slice rest = name;
    struct hi1_span text;
    uint32_t node;
    if (slice_skip(&rest, slice_str("@xmlns")) &&
        (rest.n == 0 || slice_skip(&rest, slice_str(":"))))
        return declare(t, rest, value);
    if (slice_equal(name, slice_str("@xsi:type")))
        return set_type(t, value);
    enum hi1_reason r = add(t, name, &node);
    if (r == HI1_OK)
        r = keep(t, value, &text);
    if (r == HI1_OK)
        t->nodes[node].text = text;
    return r;
}

/* ---- Reading ---- */

slice hi1_tree_name(const struct hi1_tree *t, uint32_t node) {
    return at(t, t->nodes[node].name);
}

slice hi1_tree_value(const struct hi1_tree *t, uint32_t node) {
    return t->nodes[node].elements ? SLICE_EMPTY : trimmed(at(t, t->nodes[node].text));
}

slice hi1_tree_type(const struct hi1_tree *t, uint32_t node) {
    return at(t, t->nodes[node].type);
}

static slice namespace_of(const struct hi1_tree *t, uint32_t node, slice prefix) {
    if (slice_skip(&prefix, slice_str("{")))
        return prefix;
    for (;; node = t->nodes[node].parent) {
        for (size_t i = 0; i < t->prefix_count; i++)
            if (t->prefixes[i].node == node && slice_equal(at(t, t->prefixes[i].prefix), prefix))
                return at(t, t->prefixes[i].uri);
        if (node == 0)
            return SLICE_EMPTY;
    }
}

slice hi1_tree_namespace(const struct hi1_tree *t, uint32_t node) {
    return namespace_of(t, node, at(t, t->nodes[node].prefix));
}

slice hi1_tree_type_namespace(const struct hi1_tree *t, uint32_t node) {
    return namespace_of(t, node, at(t, t->nodes[node].type_prefix));
}

static slice written(const struct hi1_tree *t, const struct hi1_node *n) {
    struct hi1_span whole =
        n->prefix.n == 0 ? n->name : (struct hi1_span){n->prefix.at, n->prefix.n + 1 + n->name.n};
    return at(t, whole);
}

uint32_t hi1_tree_child(const struct hi1_tree *t, uint32_t node, slice name) {
    for (uint32_t i = t->nodes[node].first; i != 0; i = t->nodes[i].next)
        if (slice_equal(written(t, &t->nodes[i]), name))
            return i;
    return 0;
}
