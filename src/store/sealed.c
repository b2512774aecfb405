/* A store over another: the disk sees hidden names, numbers, and values that only the key opens.
 *
 *   inner name   BLAKE2b-256(name key; table | name)
 *   inner value  nonce (24) | XChaCha20-Poly1305(value key; value | zeros | length (4)), bound to
 *                the inner key's bytes
 *
 * The zeros round lengths up, so that they tell little of what is inside.
 * Tables and numbers stay, so ranges and their order do too. Inner names are 32 bytes long, and no
 * entry of ours can meet the lock, whose name is shorter. */
#include "base/codec.h"
#include "crypto/crypto.h"
#include "store/internal.h"

enum { KEY = 32, NAME = 32, NONCE = 24, TAG = 16, OVERHEAD = NONCE + TAG, LENGTH = 4, STEP = 64 };

struct sealed_store {
    struct store store;
    const struct mem *mem;
    struct store *inner;
    struct store_batch *batch; /* for the inner store */
    buf scratch;
    uint8_t name_key[KEY], value_key[KEY];
};

static struct sealed_store *sealed_of(struct store *s) {
    return (struct sealed_store *)s;
}

/* ---- One entry ---- */

/* The key under its hidden name; room holds the name. */
static err hide(const struct sealed_store *s, struct store_key key, uint8_t room[NAME],
                struct store_key *hidden) {
    slice parts[2] = {slice_of(&key.table, 1), key.name};
    TRY(crypto_blake2b_keyed(room, NAME, SLICE_ARRAY(s->name_key), parts, 2));
    *hidden = (struct store_key){key.table, slice_of(room, NAME), key.number};
    return OK;
}

/* What n bytes are rounded up to: a quarter more at most, but for the smallest. */
static size_t rounded(size_t n) {
    size_t step = STEP;
    while (step * 8 < n)
        step *= 2;
    size_t up = (n + step - 1) / step * step;
    return up + OVERHEAD <= STORE_VALUE_MAX ? up : n;
}

static err seal_value(const struct sealed_store *s, struct store_key hidden, slice value,
                      buf *out) {
    struct store_key_bytes bound = store_key_encode(hidden);
    buf_clear(out);
    size_t n = rounded(value.n + LENGTH);
    TRY(buf_resize(out, n + OVERHEAD));
    crypto_random(out->p, NONCE);
    uint8_t *plain = out->p + NONCE;
    memset(plain, 0, n);
    if (value.n > 0)
        memcpy(plain, value.p, value.n);
    put_u32(plain + n - LENGTH, (uint32_t)value.n);
    return crypto_xchacha20poly1305.seal(plain, s->value_key, out->p, store_key_slice(&bound),
                                         slice_of(plain, n));
}

/* Appends the value. */
static err open_value(const struct sealed_store *s, struct store_key hidden, slice sealed,
                      buf *out) {
    struct store_key_bytes bound = store_key_encode(hidden);
    if (sealed.n < OVERHEAD + LENGTH)
        return ERR_DAMAGED;
    size_t n = sealed.n - OVERHEAD, length = 0;
    TRY(buf_reserve(out, n));
    uint8_t *plain = out->p + out->n;
    err e = crypto_xchacha20poly1305.open(plain, s->value_key, sealed.p, store_key_slice(&bound),
                                          slice_of(sealed.p + NONCE, n + TAG));
    if (e != OK)
        return e == ERR_CRYPTO ? ERR_DAMAGED : e;
    for (size_t i = n - LENGTH; i < n; i++)
        length = length << 8 | plain[i];
    if (length > n - LENGTH)
        return ERR_DAMAGED;
    out->n += length;
    return OK;
}

/* ---- Reading ---- */

static err sealed_get(struct store *store, struct store_key key, buf *value) {
    struct sealed_store *s = sealed_of(store);
    uint8_t name[NAME];
    struct store_key hidden;
    buf sealed = buf_on(s->mem);
    err result = hide(s, key, name, &hidden);
    if (result == OK)
        result = store_get(s->inner, NULL, hidden, &sealed);
    if (result == OK)
        result = open_value(s, hidden, buf_slice(&sealed), value);
    buf_free(&sealed);
    return result;
}

struct sealed_scan {
    const struct sealed_store *sealed;
    slice name; /* as the caller knows it */
    store_visit *visit;
    void *ctx;
    buf value;
    err result;
};

static bool open_visited(void *ctx, struct store_key hidden, slice value) {
    struct sealed_scan *scan = ctx;
    buf_clear(&scan->value);
    scan->result = open_value(scan->sealed, hidden, value, &scan->value);
    if (scan->result != OK)
        return false;
    struct store_key key = {hidden.table, scan->name, hidden.number};
    return scan->visit(scan->ctx, key, buf_slice(&scan->value));
}

static err scan_inner(struct sealed_store *s, struct store_key key, uint64_t last, bool down,
                      store_visit *visit, void *ctx) {
    uint8_t name[NAME];
    struct store_key hidden;
    TRY(hide(s, key, name, &hidden));
    struct sealed_scan scan = {s, key.name, visit, ctx, buf_on(s->mem), OK};
    err result = down ? store_scan_down(s->inner, hidden, last, open_visited, &scan)
                      : store_scan(s->inner, hidden, last, open_visited, &scan);
    buf_free(&scan.value);
    return result == OK ? scan.result : result;
}

static err sealed_scan(struct store *store, struct store_key key, uint64_t last, store_visit *visit,
                       void *ctx) {
    return scan_inner(sealed_of(store), key, last, false, visit, ctx);
}

static err sealed_scan_down(struct store *store, struct store_key key, uint64_t last,
                            store_visit *visit, void *ctx) {
    return scan_inner(sealed_of(store), key, last, true, visit, ctx);
}

static err sealed_scan_table(struct store *store, uint8_t table, store_visit *visit, void *ctx) {
    (void)store, (void)table, (void)visit, (void)ctx;
    return ERR_UNSUPPORTED; /* the names can't be told */
}

/* ---- Writing ---- */

static err translate(struct sealed_store *s, const struct store_op *op) {
    uint8_t name[NAME];
    struct store_key hidden;
    TRY(hide(s, op->key, name, &hidden));
    switch (op->kind) {
    case STORE_PUT:
        TRY(seal_value(s, hidden, op->value, &s->scratch));
        return store_batch_put(s->batch, hidden, buf_slice(&s->scratch));
    case STORE_DELETE:
        return store_batch_delete(s->batch, hidden);
    case STORE_DELETE_RANGE:
        return store_batch_delete_range(s->batch, hidden, op->last);
    }
    return ERR_BUG;
}

static void sealed_commit(struct store *store, const struct store_batch *batch, store_done *done,
                          void *ctx) {
    struct sealed_store *s = sealed_of(store);
    store_batch_clear(s->batch);
    err result = OK;
    for (size_t i = 0; i < store_batch_count(batch) && result == OK; i++)
        result = translate(s, store_batch_op(batch, i));
    if (result == OK)
        result = store_commit_now(s->inner, s->batch);
    store_batch_clear(s->batch);
    done(ctx, result);
}

/* ---- Opening and closing ---- */

static void sealed_free(struct sealed_store *s) {
    store_batch_free(s->batch);
    buf_free(&s->scratch);
    mem_free(s->mem, s, sizeof *s);
}

static void sealed_close(struct store *store) {
    struct sealed_store *s = sealed_of(store);
    store_close(s->inner);
    sealed_free(s);
}

static bool sealed_settle(struct store *s) {
    return store_settle(((struct sealed_store *)s)->inner);
}

static const struct store_engine sealed_engine = {
    .name = "sealed",
    .get = sealed_get,
    .scan = sealed_scan,
    .scan_down = sealed_scan_down,
    .scan_table = sealed_scan_table,
    .commit = sealed_commit,
    .settle = sealed_settle,
    .close = sealed_close,
};

static err derive_keys(struct sealed_store *s, const uint8_t key[KEY]) {
    slice name_label = slice_str("sotto store name"), value_label = slice_str("sotto store value");
    TRY(crypto_blake2b_keyed(s->name_key, KEY, slice_of(key, KEY), &name_label, 1));
    return crypto_blake2b_keyed(s->value_key, KEY, slice_of(key, KEY), &value_label, 1);
}

err store_sealed_open(struct store **out, struct store *inner, const uint8_t key[32],
                      const struct mem *mem) {
    if (inner->engine->deferred)
        return ERR_BUG;
    struct sealed_store *s = mem_new(mem, sizeof *s);
    if (s == NULL)
        return ERR_NO_MEMORY;
    s->store.engine = &sealed_engine;
    s->mem = mem;
    s->inner = inner;
    s->scratch = buf_on(mem);
    err result = store_batch_new(&s->batch, mem);
    if (result == OK)
        result = derive_keys(s, key);
    if (result != OK) {
        sealed_free(s);
        return result;
    }
    *out = &s->store;
    return OK;
}
