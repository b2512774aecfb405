#include "tests/store/fixture.h"

static const uint8_t seal_key[32] = {1, 2, 3, 4, 5, 6, 7, 8};

static err open_memory(struct store **s, const char *folder) {
    (void)folder;
    return store_memory_open(s, NULL);
}

static err open_sqlite(struct store **s, const char *folder) {
    char path[FIXTURE_PATH + 16];
    snprintf(path, sizeof path, "%s/store", folder);
    return store_sqlite_open(s, path);
}

static err open_sealed(struct store **s, struct store *inner) {
    err result = store_sealed_open(s, inner, seal_key, NULL);
    if (result != OK)
        store_close(inner);
    return result;
}

static err open_sealed_memory(struct store **s, const char *folder) {
    struct store *inner;
    TRY(open_memory(&inner, folder));
    return open_sealed(s, inner);
}

static err open_sealed_sqlite(struct store **s, const char *folder) {
    struct store *inner;
    TRY(open_sqlite(&inner, folder));
    return open_sealed(s, inner);
}

const struct fixture_engine fixture_engines[] = {
    {"memory", open_memory, false, false},
    {"sqlite", open_sqlite, true, false},
#ifndef __wasm__
    {"rocksdb", fixture_open_rocksdb, true, false},
#endif
    {"sealed memory", open_sealed_memory, false, true},
    {"sealed sqlite", open_sealed_sqlite, true, true},
};
const size_t fixture_engine_count = sizeof fixture_engines / sizeof *fixture_engines;

const struct fixture_engine *fixture_engine(const char *name) {
    for (size_t i = 0; i < fixture_engine_count; i++)
        if (strcmp(fixture_engines[i].name, name) == 0)
            return &fixture_engines[i];
    test_fail(__FILE__, __LINE__, "no engine %s", name);
}

void fixture_each(fixture_body *body) {
    for (size_t i = 0; i < fixture_engine_count; i++) {
        char folder[FIXTURE_PATH];
        struct store *s = NULL;
        printf("# %s\n", fixture_engines[i].name);
        fixture_folder(folder);
        CHECK_OK(fixture_engines[i].open(&s, folder));
        body(&fixture_engines[i], &s, folder);
        store_close(s);
        fixture_remove(folder);
    }
}

err fixture_put(struct store *s, struct store_key key, slice value) {
    struct store_batch *b;
    TRY(store_batch_new(&b, NULL));
    err result = store_batch_put(b, key, value);
    if (result == OK)
        result = store_commit_now(s, b);
    store_batch_free(b);
    return result;
}

err fixture_delete(struct store *s, struct store_key key) {
    struct store_batch *b;
    TRY(store_batch_new(&b, NULL));
    err result = store_batch_delete(b, key);
    if (result == OK)
        result = store_commit_now(s, b);
    store_batch_free(b);
    return result;
}

void fixture_expect(struct store *s, struct store_key key, slice value) {
    buf got = buf_on(NULL);
    CHECK_OK(store_get(s, NULL, key, &got));
    CHECK_SLICE(buf_slice(&got), value);
    buf_free(&got);
}

bool fixture_visit(void *ctx, struct store_key key, slice value) {
    struct fixture_scan *scan = ctx;
    char number[32];
    snprintf(number, sizeof number, "%llu=", (unsigned long long)key.number);
    CHECK(scan->name.p == NULL || slice_equal(key.name, scan->name));
    CHECK_OK(buf_append(&scan->text, slice_str(number)));
    CHECK_OK(buf_append(&scan->text, value));
    CHECK_OK(buf_append_byte(&scan->text, ' '));
    scan->count++;
    return scan->limit == 0 || scan->count < scan->limit;
}
