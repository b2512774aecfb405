#include "store/internal.h"

err store_get(struct store *s, const struct store_batch *batch, struct store_key key, buf *value) {
    if (!store_key_valid(key))
        return ERR_BUG;
    const struct store_op *op = batch == NULL ? NULL : store_batch_find(batch, key);
    if (op == NULL)
        return s->engine->get(s, key, value);
    return op->kind == STORE_PUT ? buf_append(value, op->value) : ERR_NOT_FOUND;
}

err store_scan(struct store *s, struct store_key key, uint64_t last, store_visit *visit,
               void *ctx) {
    if (!store_key_valid(key))
        return ERR_BUG;
    return last < key.number ? OK : s->engine->scan(s, key, last, visit, ctx);
}

err store_scan_down(struct store *s, struct store_key key, uint64_t last, store_visit *visit,
                    void *ctx) {
    if (!store_key_valid(key))
        return ERR_BUG;
    return last < key.number ? OK : s->engine->scan_down(s, key, last, visit, ctx);
}

err store_scan_table(struct store *s, uint8_t table, store_visit *visit, void *ctx) {
    return table < STORE_TABLES_MAX ? s->engine->scan_table(s, table, visit, ctx) : ERR_BUG;
}

void store_commit(struct store *s, const struct store_batch *batch, store_done *done, void *ctx) {
    s->engine->commit(s, batch, done, ctx);
}

static void take_result(void *ctx, err result) {
    *(err *)ctx = result;
}

err store_commit_now(struct store *s, const struct store_batch *batch) {
    err result = ERR_BUG;
    /* A later completion would write to a stack frame that is gone. */
    if (s->engine->deferred)
        return ERR_BUG;
    s->engine->commit(s, batch, take_result, &result);
    return result;
}

bool store_settle(struct store *s) {
    return s->engine->settle == NULL || s->engine->settle(s);
}

void store_close(struct store *s) {
    if (s != NULL)
        s->engine->close(s);
}
