/* Passes everything on to another engine, and fails where its plan says. */
#include "store/internal.h"

struct faulty_store {
    struct store store;
    const struct mem *mem;
    struct store *inner;
    struct store_fault_plan *plan;
};

static struct faulty_store *faulty_of(struct store *s) {
    return (struct faulty_store *)s;
}

/* Counts one call down; true if it is the one to fail. */
static bool fails(int64_t *countdown) {
    return *countdown >= 0 && (*countdown)-- == 0;
}

static err read_result(struct faulty_store *f) {
    return fails(&f->plan->fail_get_in) ? f->plan->with : OK;
}

static err faulty_get(struct store *s, struct store_key key, buf *value) {
    struct faulty_store *f = faulty_of(s);
    TRY(read_result(f));
    return f->inner->engine->get(f->inner, key, value);
}

static err faulty_scan(struct store *s, struct store_key key, uint64_t last, store_visit *visit,
                       void *ctx) {
    struct faulty_store *f = faulty_of(s);
    TRY(read_result(f));
    return f->inner->engine->scan(f->inner, key, last, visit, ctx);
}

static err faulty_scan_down(struct store *s, struct store_key key, uint64_t last,
                            store_visit *visit, void *ctx) {
    struct faulty_store *f = faulty_of(s);
    TRY(read_result(f));
    return f->inner->engine->scan_down(f->inner, key, last, visit, ctx);
}

static err faulty_scan_table(struct store *s, uint8_t table, store_visit *visit, void *ctx) {
    struct faulty_store *f = faulty_of(s);
    TRY(read_result(f));
    return f->inner->engine->scan_table(f->inner, table, visit, ctx);
}

static void faulty_commit(struct store *s, const struct store_batch *batch, store_done *done,
                          void *ctx) {
    struct faulty_store *f = faulty_of(s);
    if (!fails(&f->plan->fail_commit_in)) {
        store_commit(f->inner, batch, done, ctx);
        return;
    }
    err result = f->plan->with;
    /* Torn: the batch is there and its answer is lost; if it can't be there, say why. */
    err torn = f->plan->torn ? store_commit_now(f->inner, batch) : OK;
    done(ctx, torn == OK ? result : torn);
}

static void faulty_close(struct store *s) {
    struct faulty_store *f = faulty_of(s);
    store_close(f->inner);
    mem_free(f->mem, f, sizeof *f);
}

static bool faulty_settle(struct store *s) {
    struct faulty_store *f = faulty_of(s);
    if (f->plan->unsettled > 0) {
        f->plan->unsettled--;
        return false;
    }
    return store_settle(f->inner);
}

static const struct store_engine faulty_engine = {
    .name = "faulty",
    .get = faulty_get,
    .scan = faulty_scan,
    .scan_down = faulty_scan_down,
    .scan_table = faulty_scan_table,
    .commit = faulty_commit,
    .settle = faulty_settle,
    .close = faulty_close,
};

err store_faulty_open(struct store **s, struct store *inner, struct store_fault_plan *plan,
                      const struct mem *mem) {
    struct faulty_store *f = mem_new(mem, sizeof *f);
    if (f == NULL)
        return ERR_NO_MEMORY;
    f->store.engine = &faulty_engine;
    f->mem = mem;
    f->inner = inner;
    f->plan = plan;
    *s = &f->store;
    return OK;
}
