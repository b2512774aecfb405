/* The tree of a message, the same for XML and JSON. An attribute is a child whose name begins with
 * "@"; declarations of namespaces and xsi:type are none. An array of JSON is its elements, one
 * after another, under the array's name. */
#ifndef SOTTO_DESK_HI1_TREE_H
#define SOTTO_DESK_HI1_TREE_H

#include "desk/hi1.h"

#define HI1_NAMESPACE_XSI "http://www.w3.org/2001/XMLSchema-instance"

struct hi1_span {
    size_t at, n;
};
/* Nodes are numbered; 0 is the root, and as next or first: none. */
struct hi1_node {
    uint32_t parent, next, first, last;
    struct hi1_span prefix, name, text, type_prefix, type;
    bool elements, typed;
};
struct hi1_prefix {
    uint32_t node;
    struct hi1_span prefix, uri;
};
struct hi1_tree {
    const struct mem *mem;
    buf bytes;
    struct hi1_node *nodes;
    uint32_t count, room, open, depth; /* open: the node to which things are added */
    struct hi1_prefix prefixes[HI1_PREFIXES_MAX];
    size_t prefix_count;
};

void hi1_tree_init(struct hi1_tree *t, const struct mem *mem);
void hi1_tree_fini(struct hi1_tree *t);

/* ---- Building ---- Names are as they are written, with their prefix. */
enum hi1_reason hi1_tree_begin(struct hi1_tree *t, slice name);
void hi1_tree_end(struct hi1_tree *t);
enum hi1_reason hi1_tree_text(struct hi1_tree *t, slice text);
/* An attribute of the open node: a declaration, its xsi:type, or another. */
enum hi1_reason hi1_tree_attribute(struct hi1_tree *t, slice name, slice value);

/* Reads a whole message into an empty tree. */
enum hi1_reason hi1_tree_xml(struct hi1_tree *t, slice bytes);
enum hi1_reason hi1_tree_json(struct hi1_tree *t, slice bytes);

/* ---- Reading ---- */
slice hi1_tree_name(const struct hi1_tree *t, uint32_t node);  /* without its prefix */
slice hi1_tree_value(const struct hi1_tree *t, uint32_t node); /* without spaces around it */
slice hi1_tree_type(const struct hi1_tree *t, uint32_t node);  /* xsi:type without its namespace */
/* Namespaces, of the node and of its type; empty: none. */
slice hi1_tree_namespace(const struct hi1_tree *t, uint32_t node);
slice hi1_tree_type_namespace(const struct hi1_tree *t, uint32_t node);
/* A child of this name by the text, written as it is; 0: none. */
uint32_t hi1_tree_child(const struct hi1_tree *t, uint32_t node, slice name);

#endif
