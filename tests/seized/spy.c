#include "spy.h"

#include <stdlib.h>

#include "server/held.h"
#include "tests/test.h"

struct spy {
    struct store store;
    struct store *inner;
};
static struct spied *items;
static size_t item_count, item_cap;
static uint64_t commits;

static struct store *inner_of(struct store *s) {
    return ((struct spy *)s)->inner;
}

static err get(struct store *s, struct store_key key, buf *value) {
    return inner_of(s)->engine->get(inner_of(s), key, value);
}

static err scan(struct store *s, struct store_key key, uint64_t last, store_visit *visit,
                void *ctx) {
    return inner_of(s)->engine->scan(inner_of(s), key, last, visit, ctx);
}

static err scan_down(struct store *s, struct store_key key, uint64_t last, store_visit *visit,
                     void *ctx) {
    return inner_of(s)->engine->scan_down(inner_of(s), key, last, visit, ctx);
}

static err scan_table(struct store *s, uint8_t table, store_visit *visit, void *ctx) {
    return inner_of(s)->engine->scan_table(inner_of(s), table, visit, ctx);
}

static void note(const struct store_op *op) {
    if (op->kind != STORE_PUT || op->key.table != MAIL_ITEM || op->key.name.n != 16)
        return;
    if (item_count == item_cap) {
        item_cap = item_cap == 0 ? 1024 : item_cap * 2;
        items = realloc(items, item_cap * sizeof *items);
        CHECK(items != NULL);
    }
    struct spied *item = &items[item_count++];
    *item = (struct spied){
        .commit = commits, .position = op->key.number, .size = (uint32_t)op->value.n};
    memcpy(item->mailbox, op->key.name.p, 16);
}

static void commit(struct store *s, const struct store_batch *batch, store_done *done, void *ctx) {
    commits++;
    for (size_t i = 0; i < store_batch_count(batch); i++)
        note(store_batch_op(batch, i));
    inner_of(s)->engine->commit(inner_of(s), batch, done, ctx);
}

static void close_both(struct store *s) {
    store_close(inner_of(s));
    free(s);
}

static const struct store_engine engine = {.name = "spy",
                                           .get = get,
                                           .scan = scan,
                                           .scan_down = scan_down,
                                           .scan_table = scan_table,
                                           .commit = commit,
                                           .close = close_both};

struct store *spy_open(struct store *inner) {
    struct spy *spy = calloc(1, sizeof *spy);
    CHECK(spy != NULL);
    *spy = (struct spy){{&engine}, inner};
    return &spy->store;
}

uint64_t spy_commits(void) {
    return commits;
}

const struct spied *spy_items(size_t *count) {
    *count = item_count;
    return items;
}
