/* Everything in memory, in a treap: a tree ordered by key whose shape is that of random insertion,
 * because each node's weight is a hash of a counter. Cutting and joining trees is all there is. */
#include "store/internal.h"

struct node {
    struct node *left, *right;
    uint32_t weight;
    uint8_t table;
    uint8_t name_n;
    uint64_t number;
    size_t value_n;
    uint8_t bytes[]; /* name, value */
};

struct memory_store {
    struct store store;
    const struct mem *mem;
    struct node *root;
    uint32_t counter;
    unsigned scans; /* that are going on */
};

static struct memory_store *memory_of(struct store *s) {
    return (struct memory_store *)s;
}

/* ---- Nodes ---- */

static struct store_key node_key(const struct node *n) {
    return (struct store_key){n->table, slice_of(n->bytes, n->name_n), n->number};
}

static slice node_value(const struct node *n) {
    return slice_of(n->bytes + n->name_n, n->value_n);
}

static int compare(struct store_key a, struct store_key b) {
    if (a.table != b.table)
        return a.table < b.table ? -1 : 1;
    int order = slice_compare(a.name, b.name);
    if (order != 0)
        return order;
    return a.number < b.number ? -1 : a.number > b.number;
}

static struct node *node_new(struct memory_store *m, const struct store_op *op) {
    struct node *n = mem_new(m->mem, sizeof *n + op->key.name.n + op->value.n);
    if (n == NULL)
        return NULL;
    n->table = op->key.table;
    n->name_n = (uint8_t)op->key.name.n;
    n->number = op->key.number;
    n->value_n = op->value.n;
    if (n->name_n > 0)
        memcpy(n->bytes, op->key.name.p, n->name_n);
    if (n->value_n > 0)
        memcpy(n->bytes + n->name_n, op->value.p, n->value_n);
    uint32_t w = ++m->counter * 0x9e3779b1u;
    w = (w ^ (w >> 15)) * 0x85ebca6bu;
    n->weight = w ^ (w >> 13);
    return n;
}

static void node_free(struct memory_store *m, struct node *n) {
    mem_free(m->mem, n, sizeof *n + n->name_n + n->value_n);
}

static void tree_free(struct memory_store *m, struct node *n) {
    if (n == NULL)
        return;
    tree_free(m, n->left);
    tree_free(m, n->right);
    node_free(m, n);
}

/* ---- Trees ---- */

/* Cuts a tree in two: what is below key (and key itself, if so asked), and the rest. */
static void split(struct node *t, struct store_key key, bool with_key, struct node **low,
                  struct node **high) {
    if (t == NULL) {
        *low = *high = NULL;
        return;
    }
    int order = compare(node_key(t), key);
    if (order < 0 || (order == 0 && with_key)) {
        split(t->right, key, with_key, &t->right, high);
        *low = t;
    } else {
        split(t->left, key, with_key, low, &t->left);
        *high = t;
    }
}

/* Joins two trees, all of a below all of b. */
static struct node *join(struct node *a, struct node *b) {
    if (a == NULL)
        return b;
    if (b == NULL)
        return a;
    if (a->weight > b->weight) {
        a->right = join(a->right, b);
        return a;
    }
    b->left = join(a, b->left);
    return b;
}

/* Puts `middle` (or nothing) in the place of all keys from first to last. */
static void replace(struct memory_store *m, struct store_key first, uint64_t last,
                    struct node *middle) {
    struct store_key end = {first.table, first.name, last};
    struct node *low, *old, *rest, *high;
    split(m->root, first, false, &low, &rest);
    split(rest, end, true, &old, &high);
    tree_free(m, old);
    m->root = join(join(low, middle), high);
}

static const struct node *find(const struct memory_store *m, struct store_key key) {
    const struct node *n = m->root;
    while (n != NULL) {
        int order = compare(key, node_key(n));
        if (order == 0)
            return n;
        n = order < 0 ? n->left : n->right;
    }
    return NULL;
}

/* ---- Scans ---- */

struct walk {
    struct store_key first, last;
    bool down;
    store_visit *visit;
    void *ctx;
};

/* false: the visitor has enough. */
static bool walk_tree(const struct walk *w, const struct node *n) {
    if (n == NULL)
        return true;
    struct store_key key = node_key(n);
    bool after_first = compare(key, w->first) >= 0;
    bool before_last = compare(key, w->last) <= 0;
    bool left = after_first, right = before_last;
    const struct node *near = w->down ? n->right : n->left;
    const struct node *far = w->down ? n->left : n->right;
    if ((w->down ? right : left) && !walk_tree(w, near))
        return false;
    if (after_first && before_last && !w->visit(w->ctx, key, node_value(n)))
        return false;
    return (w->down ? left : right) ? walk_tree(w, far) : true;
}

static err walk_store(struct store *s, struct walk w) {
    struct memory_store *m = memory_of(s);
    m->scans++;
    (void)walk_tree(&w, m->root);
    m->scans--;
    return OK;
}

/* ---- The engine ---- */

static err memory_get(struct store *s, struct store_key key, buf *value) {
    const struct node *n = find(memory_of(s), key);
    return n == NULL ? ERR_NOT_FOUND : buf_append(value, node_value(n));
}

static err memory_scan(struct store *s, struct store_key key, uint64_t last, store_visit *visit,
                       void *ctx) {
    return walk_store(s, (struct walk){key, store_key_at(key, last), false, visit, ctx});
}

static err memory_scan_down(struct store *s, struct store_key key, uint64_t last,
                            store_visit *visit, void *ctx) {
    return walk_store(s, (struct walk){key, store_key_at(key, last), true, visit, ctx});
}

static err memory_scan_table(struct store *s, uint8_t table, store_visit *visit, void *ctx) {
    uint8_t ones[STORE_NAME_MAX + 1];
    memset(ones, 0xff, sizeof ones);
    struct store_key first = {table, SLICE_EMPTY, 0};
    struct store_key last = {table, SLICE_ARRAY(ones), UINT64_MAX}; /* above every name */
    return walk_store(s, (struct walk){first, last, false, visit, ctx});
}

/* All nodes that the batch puts, in its order, linked by `right`; or nothing and NO_MEMORY. */
static err stage(struct memory_store *m, const struct store_batch *batch, struct node **staged) {
    struct node **end = staged;
    *staged = NULL;
    for (size_t i = 0; i < store_batch_count(batch); i++) {
        const struct store_op *op = store_batch_op(batch, i);
        if (op->kind != STORE_PUT)
            continue;
        *end = node_new(m, op);
        if (*end == NULL) {
            for (struct node *n = *staged, *next; n != NULL; n = next) {
                next = n->right;
                node_free(m, n);
            }
            return ERR_NO_MEMORY;
        }
        end = &(*end)->right;
    }
    return OK;
}

/* Can't fail. */
static void apply(struct memory_store *m, const struct store_batch *batch, struct node *staged) {
    for (size_t i = 0; i < store_batch_count(batch); i++) {
        const struct store_op *op = store_batch_op(batch, i);
        struct node *n = NULL;
        if (op->kind == STORE_PUT) {
            n = staged;
            staged = n->right;
            n->right = NULL;
        }
        replace(m, op->key, op->kind == STORE_DELETE_RANGE ? op->last : op->key.number, n);
    }
}

static void memory_commit(struct store *s, const struct store_batch *batch, store_done *done,
                          void *ctx) {
    struct memory_store *m = memory_of(s);
    struct node *staged = NULL;
    err result = m->scans > 0 ? ERR_BUG : stage(m, batch, &staged);
    if (result == OK)
        apply(m, batch, staged);
    done(ctx, result);
}

static void memory_close(struct store *s) {
    struct memory_store *m = memory_of(s);
    tree_free(m, m->root);
    mem_free(m->mem, m, sizeof *m);
}

static const struct store_engine memory_engine = {
    .name = "memory",
    .get = memory_get,
    .scan = memory_scan,
    .scan_down = memory_scan_down,
    .scan_table = memory_scan_table,
    .commit = memory_commit,
    .close = memory_close,
};

err store_memory_open(struct store **s, const struct mem *mem) {
    struct memory_store *m = mem_new(mem, sizeof *m);
    if (m == NULL)
        return ERR_NO_MEMORY;
    m->store.engine = &memory_engine;
    m->mem = mem;
    *s = &m->store;
    return OK;
}
