#include "crypto/crypto.h"
#include "store/internal.h"
#include "base/siphash.h"

enum { CHUNK_MIN = 4096, CHUNK_KEPT = 256 * 1024, BUCKETS_MIN = 16, ENTRIES_MIN = 8 };

#define NONE UINT32_MAX

/* Names and values lie in chunks that never move, so that an operation's slices stay valid. */
struct chunk {
    struct chunk *below;
    size_t used, cap;
    uint8_t bytes[];
};

/* An operation, and its place in the hash index. A chain holds, newest first, the last point
 * operation of each key and every range. `older` is the operation of the same key that this one put
 * out of the chain; rewinding puts it back, so undoing needs no search for it. */
struct entry {
    struct store_op op;
    uint32_t hash;
    uint32_t next;
    uint32_t older;
    struct chunk *top; /* the arena before this operation */
    size_t used;
};

struct store_batch {
    const struct mem *mem;
    struct chunk *top;
    struct entry *entries;
    size_t count, cap;
    uint32_t *buckets;
    size_t bucket_count; /* a power of two */
    size_t ranges;
    size_t size;
    uint8_t hash_key[SIPHASH_KEY];
};

/* ---- The arena ---- */

static void arena_pop(struct store_batch *b) {
    struct chunk *chunk = b->top;
    b->top = chunk->below;
    mem_free(b->mem, chunk, sizeof *chunk + chunk->cap);
}

static void arena_rewind(struct store_batch *b, struct chunk *top, size_t used) {
    while (b->top != top)
        arena_pop(b);
    if (top != NULL) {
        wipe(top->bytes + used, top->used - used);
        top->used = used;
    }
}

/* Empties the arena but keeps a chunk of moderate size for the next use. */
static void arena_clear(struct store_batch *b) {
    while (b->top != NULL && (b->top->below != NULL || b->top->cap > CHUNK_KEPT))
        arena_pop(b);
    if (b->top != NULL)
        arena_rewind(b, b->top, 0);
}

static err arena_reserve(struct store_batch *b, size_t n) {
    if (b->top != NULL && b->top->cap - b->top->used >= n)
        return OK;
    size_t cap = b->top == NULL ? CHUNK_MIN : b->top->cap * 2;
    if (cap > CHUNK_KEPT)
        cap = CHUNK_KEPT;
    if (cap < n)
        cap = n;
    struct chunk *chunk = mem_new(b->mem, sizeof *chunk + cap);
    if (chunk == NULL)
        return ERR_NO_MEMORY;
    chunk->cap = cap;
    chunk->below = b->top;
    b->top = chunk;
    return OK;
}

/* After arena_reserve of enough. */
static slice arena_copy(struct store_batch *b, slice s) {
    if (s.n == 0)
        return SLICE_EMPTY;
    uint8_t *p = b->top->bytes + b->top->used;
    memcpy(p, s.p, s.n);
    b->top->used += s.n;
    return slice_of(p, s.n);
}

/* ---- The index ---- */

static uint32_t hash_key(const struct store_batch *b, struct store_key key) {
    struct store_key_bytes k = store_key_encode(key);
    return (uint32_t)siphash(b->hash_key, store_key_slice(&k));
}

/* A range stands in the chain of its name: where no key of it is, as it has no number. */
static uint32_t hash_name(const struct store_batch *b, struct store_key key) {
    struct store_key_bytes k = store_key_encode(key);
    return (uint32_t)siphash(b->hash_key, slice_of(k.p, k.n - 8));
}

static uint32_t hash_op(const struct store_batch *b, const struct store_op *op) {
    return op->kind == STORE_DELETE_RANGE ? hash_name(b, op->key) : hash_key(b, op->key);
}

static bool same_name(struct store_key a, struct store_key b) {
    return a.table == b.table && slice_equal(a.name, b.name);
}

static uint32_t *chain_of(const struct store_batch *b, uint32_t hash) {
    return &b->buckets[hash & (b->bucket_count - 1)];
}

/* The link that points to the chain's point operation of the key, or to NONE. */
static uint32_t *find_point(const struct store_batch *b, uint32_t hash, struct store_key key) {
    uint32_t *link = chain_of(b, hash);
    while (*link != NONE) {
        struct entry *e = &b->entries[*link];
        if (e->hash == hash && e->op.kind != STORE_DELETE_RANGE && e->op.key.number == key.number &&
            same_name(e->op.key, key))
            break;
        link = &e->next;
    }
    return link;
}

static void index_add(struct store_batch *b, uint32_t i) {
    struct entry *e = &b->entries[i];
    e->older = NONE;
    if (e->op.kind != STORE_DELETE_RANGE) {
        uint32_t *link = find_point(b, e->hash, e->op.key);
        e->older = *link;
        if (*link != NONE) {
            e->next = b->entries[*link].next;
            *link = i;
            return;
        }
    }
    uint32_t *head = chain_of(b, e->hash);
    e->next = *head;
    *head = i;
}

/* Undoes index_add of the newest operation. */
static void index_remove(struct store_batch *b, uint32_t i) {
    struct entry *e = &b->entries[i];
    uint32_t *link = chain_of(b, e->hash);
    while (*link != i)
        link = &b->entries[*link].next;
    if (e->older == NONE) {
        *link = e->next;
        return;
    }
    b->entries[e->older].next = e->next;
    *link = e->older;
}

static void index_clear(struct store_batch *b) {
    for (size_t i = 0; i < b->bucket_count; i++)
        b->buckets[i] = NONE;
}

static err index_reserve(struct store_batch *b) {
    if (b->count < b->bucket_count)
        return OK;
    size_t count = b->bucket_count == 0 ? BUCKETS_MIN : b->bucket_count * 4;
    uint32_t *buckets = mem_new_array(b->mem, count, sizeof *buckets);
    if (buckets == NULL)
        return ERR_NO_MEMORY;
    mem_free(b->mem, b->buckets, b->bucket_count * sizeof *buckets);
    b->buckets = buckets;
    b->bucket_count = count;
    index_clear(b);
    for (size_t i = 0; i < b->count; i++)
        index_add(b, (uint32_t)i);
    return OK;
}

static err entries_reserve(struct store_batch *b) {
    if (b->count < b->cap)
        return OK;
    if (b->count >= NONE / 2)
        return ERR_LIMIT;
    size_t cap = b->cap == 0 ? ENTRIES_MIN : b->cap * 2;
    size_t size = sizeof *b->entries;
    struct entry *entries = mem_resize(b->mem, b->entries, b->cap * size, cap * size);
    if (entries == NULL)
        return ERR_NO_MEMORY;
    b->entries = entries;
    b->cap = cap;
    return OK;
}

/* ---- The batch ---- */

err store_batch_new(struct store_batch **batch, const struct mem *mem) {
    struct store_batch *b = mem_new(mem, sizeof *b);
    if (b == NULL)
        return ERR_NO_MEMORY;
    b->mem = mem;
    crypto_random(b->hash_key, sizeof b->hash_key);
    *batch = b;
    return OK;
}

void store_batch_free(struct store_batch *b) {
    if (b == NULL)
        return;
    while (b->top != NULL)
        arena_pop(b);
    mem_free(b->mem, b->entries, b->cap * sizeof *b->entries);
    mem_free(b->mem, b->buckets, b->bucket_count * sizeof *b->buckets);
    mem_free(b->mem, b, sizeof *b);
}

void store_batch_clear(struct store_batch *b) {
    arena_clear(b);
    index_clear(b);
    b->count = 0;
    b->ranges = 0;
    b->size = 0;
}

size_t store_batch_count(const struct store_batch *b) {
    return b->count;
}
size_t store_batch_size(const struct store_batch *b) {
    return b->size;
}
const struct store_op *store_batch_op(const struct store_batch *b, size_t i) {
    return &b->entries[i].op;
}

static err add(struct store_batch *b, struct store_op op) {
    if (!store_key_valid(op.key))
        return ERR_BUG;
    if (op.value.n > STORE_VALUE_MAX)
        return ERR_TOO_LARGE;
    TRY(entries_reserve(b));
    TRY(index_reserve(b));
    struct entry *e = &b->entries[b->count];
    e->top = b->top;
    e->used = b->top == NULL ? 0 : b->top->used;
    TRY(arena_reserve(b, op.key.name.n + op.value.n));
    e->op = op;
    e->op.key.name = arena_copy(b, op.key.name);
    e->op.value = arena_copy(b, op.value);
    e->hash = hash_op(b, &e->op);
    index_add(b, (uint32_t)b->count);
    b->count++;
    b->ranges += op.kind == STORE_DELETE_RANGE;
    b->size += op.key.name.n + op.value.n;
    return OK;
}

err store_batch_put(struct store_batch *b, struct store_key key, slice value) {
    return add(b, (struct store_op){.kind = STORE_PUT, .key = key, .value = value});
}

err store_batch_delete(struct store_batch *b, struct store_key key) {
    return add(b, (struct store_op){.kind = STORE_DELETE, .key = key});
}

err store_batch_delete_range(struct store_batch *b, struct store_key key, uint64_t last) {
    if (last < key.number)
        return OK;
    return add(b, (struct store_op){.kind = STORE_DELETE_RANGE, .key = key, .last = last});
}

size_t store_batch_mark(const struct store_batch *b) {
    return b->count;
}

void store_batch_rewind(struct store_batch *b, size_t mark) {
    if (mark >= b->count)
        return;
    struct chunk *top = b->entries[mark].top;
    size_t used = b->entries[mark].used;
    while (b->count > mark) {
        struct store_op *op = &b->entries[--b->count].op;
        index_remove(b, (uint32_t)b->count);
        b->ranges -= op->kind == STORE_DELETE_RANGE;
        b->size -= op->key.name.n + op->value.n;
    }
    arena_rewind(b, top, used);
}

/* The newest range that covers the key; NONE if none does. */
static uint32_t find_range(const struct store_batch *b, struct store_key key) {
    uint32_t hash = hash_name(b, key);
    for (uint32_t i = *chain_of(b, hash); i != NONE; i = b->entries[i].next) {
        const struct entry *e = &b->entries[i];
        if (e->op.kind == STORE_DELETE_RANGE && e->op.key.number <= key.number &&
            key.number <= e->op.last && same_name(e->op.key, key))
            return i;
    }
    return NONE;
}

const struct store_op *store_batch_find(const struct store_batch *b, struct store_key key) {
    if (b->count == 0)
        return NULL;
    uint32_t point = *find_point(b, hash_key(b, key), key);
    uint32_t range = b->ranges == 0 ? NONE : find_range(b, key);
    if (range != NONE && (point == NONE || range > point))
        point = range;
    return point == NONE ? NULL : &b->entries[point].op;
}

static void visit_chains(const struct store_batch *b, bool ranges, store_op_visit *visit,
                         void *ctx) {
    for (size_t bucket = 0; bucket < b->bucket_count; bucket++) {
        for (uint32_t i = b->buckets[bucket]; i != NONE; i = b->entries[i].next) {
            const struct store_op *op = &b->entries[i].op;
            bool is_range = op->kind == STORE_DELETE_RANGE;
            if (is_range == ranges && (is_range || store_batch_find(b, op->key) == op))
                visit(ctx, op);
        }
    }
}

void store_batch_unordered(const struct store_batch *b, store_op_visit *visit, void *ctx) {
    if (b->ranges > 0)
        visit_chains(b, true, visit, ctx);
    visit_chains(b, false, visit, ctx);
}
