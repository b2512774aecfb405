/* The power goes at every moment of a store's work: what was acknowledged is there afterwards, and
 * no batch is there by half. The host keeps, of what was not synced, any part. */
#include "tests/store/fixture.h"
#include "tests/store/host.h"
#include "tests/support.h"

enum { KEPT = 20, BATCHES = 40, FILL = 3000, CUTS = 160 };

#define NAME "a name of 16 byte"

static err last_number(struct store *s, uint64_t *last) {
    buf b = buf_on(NULL);
    *last = 0;
    err e = store_get(s, NULL, fixture_key(0, "last", 0), &b);
    if (e == OK && b.n == sizeof *last)
        memcpy(last, b.p, sizeof *last);
    buf_free(&b);
    return e == ERR_NOT_FOUND ? OK : e;
}

/* Batch n: an entry, its like in another table, an old one's end, and the counter. */
static void fill_batch(struct store_batch *b, uint64_t n) {
    uint8_t value[FILL];
    memset(value, (int)(n & 0xff), sizeof value);
    slice v = slice_of(value, n * 211 % FILL);
    CHECK_OK(store_batch_put(b, fixture_key(1, NAME, n), v));
    CHECK_OK(store_batch_put(b, fixture_key(2, "b", n), v));
    CHECK_OK(store_batch_put(b, fixture_key(0, "last", 0), slice_of(&n, sizeof n)));
    if (n <= KEPT)
        return;
    CHECK_OK(store_batch_delete(b, fixture_key(1, NAME, n - KEPT)));
    CHECK_OK(store_batch_delete_range(b, fixture_key(2, "b", 0), n - KEPT));
}

/* Writes until the power goes; the last number that was acknowledged. */
static uint64_t write_batches(const struct fixture_engine *engine, const char *folder,
                              uint64_t acked) {
    struct store *s;
    struct store_batch *b;
    if (engine->open(&s, folder) != OK)
        return acked;
    CHECK_OK(store_batch_new(&b, NULL));
    for (uint64_t n = acked + 1; n <= acked + BATCHES; n++) {
        store_batch_clear(b);
        fill_batch(b, n);
        if (store_commit_now(s, b) != OK)
            break;
        acked = n;
    }
    store_batch_free(b);
    store_close(s);
    return acked;
}

struct seen {
    uint64_t next;
    bool whole;
};

static bool check_entry(void *ctx, struct store_key key, slice value) {
    struct seen *seen = ctx;
    seen->whole &= key.number == seen->next++ && value.n == key.number * 211 % FILL;
    for (size_t i = 0; i < value.n; i++)
        seen->whole &= value.p[i] == (uint8_t)key.number;
    return true;
}

static uint64_t check_store(const struct fixture_engine *engine, const char *folder,
                            uint64_t acked) {
    struct store *s;
    uint64_t last;
    CHECK_OK(engine->open(&s, folder));
    CHECK_OK(last_number(s, &last));
    CHECK(last >= acked && last <= acked + 1);
    uint64_t first = last > KEPT ? last - KEPT + 1 : 1;
    struct seen a = {first, true}, b = {first, true};
    CHECK_OK(store_scan(s, fixture_key(1, NAME, 0), UINT64_MAX, check_entry, &a));
    CHECK_OK(store_scan(s, fixture_key(2, "b", 0), UINT64_MAX, check_entry, &b));
    CHECK(a.whole && a.next == last + 1);
    CHECK(b.whole && b.next == last + 1);
    store_close(s);
    return last;
}

/* From the making of the file on, at each of its first moments and then further apart. */
static void cut_often(const char *name) {
    const struct fixture_engine *engine = fixture_engine(name);
    char folder[FIXTURE_PATH];
    uint64_t acked = 0;
    unsigned cuts = 0;
    fixture_folder(folder);
    for (uint32_t i = 1; i <= CUTS; i++) {
        host_files_cut(i < CUTS / 2 ? i : i * 7 % 160 + 1, i);
        acked = write_batches(engine, folder, acked);
        cuts += host_files_restore() != 0;
        acked = check_store(engine, folder, acked);
    }
    printf("# %s: %u cuts, %llu batches\n", name, cuts, (unsigned long long)acked);
    CHECK(cuts > CUTS / 2 && acked > CUTS);
    fixture_remove(folder);
}

TEST(sqlite_loses_nothing_that_it_acknowledged) {
    cut_often("sqlite");
}

TEST(a_sealed_store_loses_nothing_that_it_acknowledged) {
    cut_often("sealed sqlite");
}

TEST_MAIN
