/* Accepts and forgets everything: what the code above costs without a store. */
#include "store/internal.h"

struct null_store {
    struct store store;
    const struct mem *mem;
};

static err null_get(struct store *s, struct store_key key, buf *value) {
    (void)s, (void)key, (void)value;
    return ERR_NOT_FOUND;
}

static err null_scan(struct store *s, struct store_key key, uint64_t last, store_visit *visit,
                     void *ctx) {
    (void)s, (void)key, (void)last, (void)visit, (void)ctx;
    return OK;
}

static err null_scan_table(struct store *s, uint8_t table, store_visit *visit, void *ctx) {
    (void)s, (void)table, (void)visit, (void)ctx;
    return OK;
}

static void null_commit(struct store *s, const struct store_batch *batch, store_done *done,
                        void *ctx) {
    (void)s, (void)batch;
    done(ctx, OK);
}

static void null_close(struct store *s) {
    struct null_store *n = (struct null_store *)s;
    mem_free(n->mem, n, sizeof *n);
}

static const struct store_engine null_engine = {
    .name = "null",
    .get = null_get,
    .scan = null_scan,
    .scan_down = null_scan,
    .scan_table = null_scan_table,
    .commit = null_commit,
    .close = null_close,
};

err store_null_open(struct store **s, const struct mem *mem) {
    struct null_store *n = mem_new(mem, sizeof *n);
    if (n == NULL)
        return ERR_NO_MEMORY;
    n->store.engine = &null_engine;
    n->mem = mem;
    *s = &n->store;
    return OK;
}
