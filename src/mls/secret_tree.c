/* The secret tree and its ratchets (RFC 9420 section 9).
 *
 * The tree exists as far as it was needed: a node holds its secret until somebody asks for a leaf
 * below it; then the secret moves to its children and is erased (section 9.2). */
#include "mls/secret_tree.h"

#include "mls/labels.h"

enum { RATCHETS = 2 };
enum { DEFAULT_PAST_EPOCHS = 8, DEFAULT_OUT_OF_ORDER = 256, DEFAULT_FORWARD = 4096 };

struct skipped_key {
    uint32_t generation;
    struct mls_message_key key;
};

struct ratchet {
    uint32_t generation;    /* of `secret`: the next one that was not reached yet */
    uint32_t dropped_below; /* skipped generations below this one are gone for lack of room */
    uint8_t secret[CRYPTO_HASH_MAX];
    struct skipped_key *skipped; /* by generation, ascending */
    size_t skipped_count, skipped_room;
};

enum node_state { NODE_SECRET = 0, NODE_PARENT = 1, NODE_RATCHETS = 2 };

struct mls_secret_node {
    enum node_state state;
    uint8_t secret[CRYPTO_HASH_MAX];  /* NODE_SECRET */
    struct mls_secret_node *child[2]; /* NODE_PARENT */
    struct ratchet *ratchets;         /* NODE_RATCHETS: one of each kind */
};

/* ---- Life ---- */

static void free_ratchets(struct ratchet *r, const struct mem *mem) {
    if (r == NULL)
        return;
    for (size_t i = 0; i < RATCHETS; i++)
        mem_free(mem, r[i].skipped, r[i].skipped_room * sizeof(*r[i].skipped));
    mem_free(mem, r, RATCHETS * sizeof(*r));
}

static void free_node(struct mls_secret_node *n, const struct mem *mem) {
    if (n == NULL)
        return;
    free_node(n->child[0], mem);
    free_node(n->child[1], mem);
    free_ratchets(n->ratchets, mem);
    mem_free(mem, n, sizeof(*n));
}

static const struct mls_limits default_limits = {
    .past_epochs = DEFAULT_PAST_EPOCHS,
    .out_of_order = DEFAULT_OUT_OF_ORDER,
    .forward = DEFAULT_FORWARD,
};

err mls_secret_tree_init(struct mls_secret_tree *t, const struct mls_suite *suite, uint32_t width,
                         const uint8_t *encryption_secret, const struct mls_limits *limits,
                         const struct mem *mem) {
    memset(t, 0, sizeof(*t));
    struct mls_secret_node *root = mem_new(mem, sizeof(*root));
    if (root == NULL)
        return ERR_NO_MEMORY;
    memcpy(root->secret, encryption_secret, suite->hash->len);
    *t = (struct mls_secret_tree){suite, mem, width, limits == NULL ? default_limits : *limits,
                                  root};
    return OK;
}

void mls_secret_tree_free(struct mls_secret_tree *t) {
    free_node(t->root, t->mem);
    memset(t, 0, sizeof(*t));
}

static err copy_ratchets(struct ratchet **to, const struct ratchet *from, const struct mem *mem) {
    struct ratchet *r = *to = mem_new_array(mem, RATCHETS, sizeof(*r));
    if (r == NULL)
        return ERR_NO_MEMORY;
    for (size_t i = 0; i < RATCHETS; i++) {
        r[i] = from[i];
        r[i].skipped = NULL;
        r[i].skipped_room = r[i].skipped_count;
        if (from[i].skipped_count == 0)
            continue;
        r[i].skipped = mem_new_array(mem, r[i].skipped_room, sizeof(*r[i].skipped));
        if (r[i].skipped == NULL) {
            r[i].skipped_room = 0;
            return ERR_NO_MEMORY;
        }
        memcpy(r[i].skipped, from[i].skipped, r[i].skipped_count * sizeof(*r[i].skipped));
    }
    return OK;
}

/* What was copied when it fails is in *to, to be freed with the rest. */
static err copy_node(struct mls_secret_node **to, const struct mls_secret_node *from,
                     const struct mem *mem) {
    struct mls_secret_node *n = *to = mem_new(mem, sizeof(*n));
    if (n == NULL)
        return ERR_NO_MEMORY;
    n->state = from->state;
    memcpy(n->secret, from->secret, sizeof(n->secret));
    if (from->state == NODE_RATCHETS)
        return copy_ratchets(&n->ratchets, from->ratchets, mem);
    for (size_t i = 0; from->state == NODE_PARENT && i < 2; i++)
        TRY(copy_node(&n->child[i], from->child[i], mem));
    return OK;
}

err mls_secret_tree_copy(struct mls_secret_tree *to, const struct mls_secret_tree *from) {
    *to = *from;
    to->root = NULL;
    err e = from->root == NULL ? OK : copy_node(&to->root, from->root, from->mem);
    if (e != OK)
        mls_secret_tree_free(to);
    return e;
}

/* ---- From the root to a leaf ---- */

/* Turns a node with a secret into one with two children that have theirs. */
static err split(const struct mls_secret_tree *t, struct mls_secret_node *n) {
    size_t nh = t->suite->hash->len;
    slice secret = slice_of(n->secret, nh);
    struct mls_secret_node *left = mem_new(t->mem, sizeof(*left));
    struct mls_secret_node *right = mem_new(t->mem, sizeof(*right));
    err e = left == NULL || right == NULL ? ERR_NO_MEMORY : OK;
    if (e == OK)
        e = mls_label_expand(t->suite, secret, "tree", slice_str("left"), left->secret, nh);
    if (e == OK)
        e = mls_label_expand(t->suite, secret, "tree", slice_str("right"), right->secret, nh);
    if (e != OK) {
        free_node(left, t->mem);
        free_node(right, t->mem);
        return e;
    }
    n->child[0] = left;
    n->child[1] = right;
    n->state = NODE_PARENT;
    wipe(n->secret, sizeof(n->secret));
    return OK;
}

/* Turns a leaf with a secret into one with its two ratchets. */
static err start_ratchets(const struct mls_secret_tree *t, struct mls_secret_node *n) {
    size_t nh = t->suite->hash->len;
    slice secret = slice_of(n->secret, nh);
    struct ratchet *r = mem_new_array(t->mem, RATCHETS, sizeof(*r));
    if (r == NULL)
        return ERR_NO_MEMORY;
    err e = mls_label_expand(t->suite, secret, "handshake", SLICE_EMPTY,
                             r[MLS_RATCHET_HANDSHAKE].secret, nh);
    if (e == OK)
        e = mls_label_expand(t->suite, secret, "application", SLICE_EMPTY,
                             r[MLS_RATCHET_APPLICATION].secret, nh);
    if (e != OK) {
        free_ratchets(r, t->mem);
        return e;
    }
    n->ratchets = r;
    n->state = NODE_RATCHETS;
    wipe(n->secret, sizeof(n->secret));
    return OK;
}

/* The ratchet of a leaf; makes the way to it on the first call. */
static err find_ratchet(struct mls_secret_tree *t, uint32_t leaf, enum mls_ratchet kind,
                        struct ratchet **ratchet) {
    if (t->root == NULL || leaf >= t->width)
        return ERR_MLS_SENDER;
    struct mls_secret_node *n = t->root;
    for (uint32_t half = t->width / 2; half > 0; half /= 2) {
        if (n->state == NODE_SECRET)
            TRY(split(t, n));
        n = n->child[(leaf & half) != 0];
    }
    if (n->state == NODE_SECRET)
        TRY(start_ratchets(t, n));
    *ratchet = &n->ratchets[kind];
    return OK;
}

/* ---- Along a ratchet ---- */

static err key_of(const struct mls_suite *suite, const uint8_t *secret, uint32_t generation,
                  struct mls_message_key *key) {
    slice s = slice_of(secret, suite->hash->len);
    memset(key, 0, sizeof(*key));
    TRY(mls_label_derive_tree(suite, s, "key", generation, key->key, suite->aead->key));
    return mls_label_derive_tree(suite, s, "nonce", generation, key->nonce, suite->aead->nonce);
}

/* secret of `generation` becomes the one of the next. */
static err step(const struct mls_suite *suite, uint8_t *secret, uint32_t generation) {
    uint8_t next[CRYPTO_HASH_MAX];
    size_t nh = suite->hash->len;
    err e = mls_label_derive_tree(suite, slice_of(secret, nh), "secret", generation, next, nh);
    if (e == OK)
        memcpy(secret, next, nh);
    wipe(next, sizeof(next));
    return e;
}

/* The place of a skipped generation, or the count if it isn't kept. */
static size_t find_skipped(const struct ratchet *r, uint32_t generation) {
    size_t low = 0, high = r->skipped_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (r->skipped[middle].generation < generation)
            low = middle + 1;
        else
            high = middle;
    }
    bool found = low < r->skipped_count && r->skipped[low].generation == generation;
    return found ? low : r->skipped_count;
}

/* OK if the generation's key can still be had. */
static err check_generation(const struct mls_secret_tree *t, const struct ratchet *r,
                            uint32_t generation) {
    if (generation < r->generation) {
        if (find_skipped(r, generation) < r->skipped_count)
            return OK;
        return generation < r->dropped_below ? ERR_MLS_GENERATION : ERR_REPEAT;
    }
    /* RFC 9420 s.15.3: a bound on how far a message can move a ratchet. */
    if (generation - r->generation > t->limits.forward || generation == UINT32_MAX)
        return ERR_MLS_GENERATION;
    return OK;
}

static err peek_ahead(const struct mls_secret_tree *t, const struct ratchet *r, uint32_t generation,
                      struct mls_message_key *key) {
    uint8_t secret[CRYPTO_HASH_MAX];
    memcpy(secret, r->secret, sizeof(secret));
    err e = OK;
    for (uint32_t g = r->generation; e == OK && g < generation; g++)
        e = step(t->suite, secret, g);
    if (e == OK)
        e = key_of(t->suite, secret, generation, key);
    wipe(secret, sizeof(secret));
    return e;
}

err mls_secret_tree_peek(struct mls_secret_tree *t, uint32_t leaf, enum mls_ratchet ratchet,
                         uint32_t generation, struct mls_message_key *key) {
    struct ratchet *r;
    TRY(find_ratchet(t, leaf, ratchet, &r));
    TRY(check_generation(t, r, generation));
    if (generation >= r->generation)
        return peek_ahead(t, r, generation, key);
    *key = r->skipped[find_skipped(r, generation)].key;
    return OK;
}

static void erase_skipped(struct ratchet *r, size_t i) {
    size_t after = r->skipped_count - i - 1;
    memmove(&r->skipped[i], &r->skipped[i + 1], after * sizeof(*r->skipped));
    r->skipped_count--;
    wipe(&r->skipped[r->skipped_count], sizeof(*r->skipped));
}

/* Fills `to` with what stays of the skipped keys, and those of the generations that are skipped
 * now, and moves *secret on to the generation after `generation`. */
static err skip_to(const struct mls_secret_tree *t, const struct ratchet *r, uint32_t generation,
                   struct ratchet *to) {
    uint32_t first_kept = generation - (uint32_t)(to->skipped_room < generation - r->generation
                                                      ? to->skipped_room
                                                      : generation - r->generation);
    size_t old = to->skipped_room - (generation - first_kept);
    if (old > 0)
        memcpy(to->skipped, r->skipped + (r->skipped_count - old), old * sizeof(*r->skipped));
    to->skipped_count = old;
    for (uint32_t g = r->generation; g <= generation; g++) {
        if (g >= first_kept && g < generation) {
            struct skipped_key *kept = &to->skipped[to->skipped_count++];
            kept->generation = g;
            TRY(key_of(t->suite, to->secret, g, &kept->key));
        }
        TRY(step(t->suite, to->secret, g));
    }
    if (first_kept > r->generation)
        to->dropped_below = first_kept;
    else if (old < r->skipped_count)
        to->dropped_below = r->skipped[r->skipped_count - old - 1].generation + 1;
    to->generation = generation + 1;
    return OK;
}

static err consume_ahead(const struct mls_secret_tree *t, struct ratchet *r, uint32_t generation) {
    size_t wanted = r->skipped_count + (generation - r->generation);
    size_t room = wanted < t->limits.out_of_order ? wanted : t->limits.out_of_order;
    struct ratchet next = *r;
    next.skipped = room == 0 ? NULL : mem_new_array(t->mem, room, sizeof(*next.skipped));
    next.skipped_room = room;
    err e = room != 0 && next.skipped == NULL ? ERR_NO_MEMORY : OK;
    if (e == OK)
        e = skip_to(t, r, generation, &next);
    struct ratchet gone = e == OK ? *r : next;
    if (e == OK)
        *r = next;
    mem_free(t->mem, gone.skipped, gone.skipped_room * sizeof(*gone.skipped));
    wipe(&next, sizeof(next));
    wipe(&gone, sizeof(gone));
    return e;
}

err mls_secret_tree_consume(struct mls_secret_tree *t, uint32_t leaf, enum mls_ratchet ratchet,
                            uint32_t generation) {
    struct ratchet *r;
    TRY(find_ratchet(t, leaf, ratchet, &r));
    TRY(check_generation(t, r, generation));
    if (generation > r->generation)
        return consume_ahead(t, r, generation);
    if (generation == r->generation) {
        TRY(step(t->suite, r->secret, generation));
        r->generation++;
        return OK;
    }
    erase_skipped(r, find_skipped(r, generation));
    return OK;
}

err mls_secret_tree_next(struct mls_secret_tree *t, uint32_t leaf, enum mls_ratchet ratchet,
                         uint32_t *generation, struct mls_message_key *key) {
    struct ratchet *r;
    TRY(find_ratchet(t, leaf, ratchet, &r));
    uint32_t g = r->generation;
    err e = mls_secret_tree_peek(t, leaf, ratchet, g, key);
    if (e == OK)
        e = mls_secret_tree_consume(t, leaf, ratchet, g);
    if (e != OK)
        wipe(key, sizeof(*key));
    else
        *generation = g;
    return e;
}

/* ---- Saving ---- */

static void write_ratchet(writer *w, const struct ratchet *r, const struct mls_suite *suite) {
    writer_u32(w, r->generation);
    writer_u32(w, r->dropped_below);
    writer_bytes(w, slice_of(r->secret, suite->hash->len));
    size_t mark = writer_open(w);
    for (size_t i = 0; i < r->skipped_count; i++) {
        writer_u32(w, r->skipped[i].generation);
        writer_bytes(w, slice_of(r->skipped[i].key.key, suite->aead->key));
        writer_bytes(w, slice_of(r->skipped[i].key.nonce, suite->aead->nonce));
    }
    writer_close(w, mark);
}

static void write_node(writer *w, const struct mls_secret_node *n, const struct mls_suite *suite) {
    writer_u8(w, (uint8_t)n->state);
    if (n->state == NODE_SECRET)
        writer_bytes(w, slice_of(n->secret, suite->hash->len));
    for (size_t i = 0; n->state == NODE_PARENT && i < 2; i++)
        write_node(w, n->child[i], suite);
    for (size_t i = 0; n->state == NODE_RATCHETS && i < RATCHETS; i++)
        write_ratchet(w, &n->ratchets[i], suite);
}

void mls_secret_tree_write(writer *w, const struct mls_secret_tree *t) {
    writer_u32(w, t->width);
    if (t->root != NULL)
        write_node(w, t->root, t->suite);
}

static err read_skipped(reader *r, struct ratchet *to, const struct mls_suite *suite,
                        const struct mem *mem) {
    reader inner;
    TRY(reader_open(r, &inner));
    size_t size = 4 + suite->aead->key + suite->aead->nonce, n = inner.n / size;
    if (inner.n % size != 0)
        return ERR_DAMAGED;
    if (n == 0)
        return OK;
    to->skipped = mem_new_array(mem, n, sizeof(*to->skipped));
    if (to->skipped == NULL)
        return ERR_NO_MEMORY;
    to->skipped_room = to->skipped_count = n;
    for (size_t i = 0; i < n; i++) {
        struct skipped_key *key = &to->skipped[i];
        TRY(reader_u32(&inner, &key->generation));
        TRY(reader_copy(&inner, key->key.key, suite->aead->key));
        TRY(reader_copy(&inner, key->key.nonce, suite->aead->nonce));
        if (key->generation >= to->generation || key->generation < to->dropped_below ||
            (i > 0 && key->generation <= to->skipped[i - 1].generation))
            return ERR_DAMAGED;
    }
    return OK;
}

static err read_ratchet(reader *r, struct ratchet *to, const struct mls_suite *suite,
                        const struct mem *mem) {
    TRY(reader_u32(r, &to->generation));
    TRY(reader_u32(r, &to->dropped_below));
    if (to->dropped_below > to->generation)
        return ERR_DAMAGED;
    TRY(reader_copy(r, to->secret, suite->hash->len));
    return read_skipped(r, to, suite, mem);
}

/* width: of the subtree. What was read when it fails is in *to, to be freed with the rest. */
static err read_node(reader *r, struct mls_secret_node **to, uint32_t width,
                     const struct mls_suite *suite, const struct mem *mem) {
    uint8_t state;
    TRY(reader_u8(r, &state));
    if (state > NODE_RATCHETS || (state == NODE_PARENT && width == 1) ||
        (state == NODE_RATCHETS && width != 1))
        return ERR_DAMAGED;
    struct mls_secret_node *n = *to = mem_new(mem, sizeof(*n));
    if (n == NULL)
        return ERR_NO_MEMORY;
    n->state = (enum node_state)state;
    if (state == NODE_SECRET)
        return reader_copy(r, n->secret, suite->hash->len);
    for (size_t i = 0; state == NODE_PARENT && i < 2; i++)
        TRY(read_node(r, &n->child[i], width / 2, suite, mem));
    if (state == NODE_RATCHETS) {
        n->ratchets = mem_new_array(mem, RATCHETS, sizeof(*n->ratchets));
        if (n->ratchets == NULL)
            return ERR_NO_MEMORY;
        for (size_t i = 0; i < RATCHETS; i++)
            TRY(read_ratchet(r, &n->ratchets[i], suite, mem));
    }
    return OK;
}

err mls_secret_tree_read(reader *r, struct mls_secret_tree *t, const struct mls_suite *suite,
                         const struct mls_limits *limits, const struct mem *mem) {
    reader at = *r;
    *t = (struct mls_secret_tree){suite, mem, 0, limits == NULL ? default_limits : *limits, NULL};
    err e = reader_u32(&at, &t->width);
    if (e == OK && (t->width & (t->width - 1)) != 0)
        e = ERR_DAMAGED;
    if (e == OK && t->width != 0)
        e = read_node(&at, &t->root, t->width, suite, mem);
    if (e == OK)
        *r = at;
    else
        mls_secret_tree_free(t);
    return e == OK || e == ERR_NO_MEMORY ? e : ERR_DAMAGED;
}
