/* The storage table's promises, each against every engine. */
#define _GNU_SOURCE
#include "tests/store/fixture.h"

#include <stdlib.h>
#include <time.h>

#include "tests/support.h"

#define BODY(name) \
    static void name(const struct fixture_engine *engine, struct store **s, const char *folder)
#define UNUSED (void)engine, (void)folder

static const uint64_t BIG = UINT64_C(1) << 63;

static void expect_scan(struct store *s, struct store_key key, uint64_t last, size_t limit,
                        const char *up, const char *down) {
    struct fixture_scan scan = {.limit = limit, .name = key.name};
    CHECK_OK(store_scan(s, key, last, fixture_visit, &scan));
    CHECK_SLICE(buf_slice(&scan.text), slice_str(up));
    buf_free(&scan.text);
    scan.count = 0;
    CHECK_OK(store_scan_down(s, key, last, fixture_visit, &scan));
    CHECK_SLICE(buf_slice(&scan.text), slice_str(down));
    buf_free(&scan.text);
}

BODY(values) {
    UNUSED;
    struct store_key k = fixture_key(1, "name", 1);
    buf got = buf_on(NULL);
    CHECK_ERR(store_get(*s, NULL, k, &got), ERR_NOT_FOUND);
    CHECK_OK(fixture_put(*s, k, slice_str("one")));
    CHECK_OK(fixture_put(*s, fixture_key(1, "name", 2), SLICE_EMPTY));
    CHECK_OK(buf_append(&got, slice_str("before ")));
    CHECK_OK(store_get(*s, NULL, k, &got));
    CHECK_SLICE(buf_slice(&got), slice_str("before one"));
    buf_free(&got);
    fixture_expect(*s, fixture_key(1, "name", 2), SLICE_EMPTY);
    CHECK_OK(fixture_put(*s, k, slice_str("another")));
    fixture_expect(*s, k, slice_str("another"));
    CHECK_ERR(store_get(*s, NULL, fixture_key(2, "name", 1), &got), ERR_NOT_FOUND);
    CHECK_OK(fixture_delete(*s, k));
    CHECK_OK(fixture_delete(*s, k));
    CHECK_ERR(store_get(*s, NULL, k, &got), ERR_NOT_FOUND);
    buf_free(&got);
}
TEST(a_value_is_found_under_its_key_and_no_other) {
    fixture_each(values);
}

BODY(order) {
    UNUSED;
    static const uint64_t numbers[] = {UINT64_MAX, 0, 256, 255, 1, UINT64_C(1) << 32};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        CHECK_OK(fixture_put(*s, fixture_key(0, "n", numbers[i]), slice_str("v")));
    CHECK_OK(fixture_put(*s, fixture_key(0, "n", BIG), slice_str("v")));
    CHECK_OK(fixture_put(*s, fixture_key(0, "n", BIG + 1), slice_str("v")));
    expect_scan(*s, fixture_key(0, "n", 0), UINT64_MAX, 0,
                "0=v 1=v 255=v 256=v 4294967296=v 9223372036854775808=v 9223372036854775809=v "
                "18446744073709551615=v ",
                "18446744073709551615=v 9223372036854775809=v 9223372036854775808=v 4294967296=v "
                "256=v 255=v 1=v 0=v ");
    expect_scan(*s, fixture_key(0, "n", 1), 255, 0, "1=v 255=v ", "255=v 1=v ");
    expect_scan(*s, fixture_key(0, "n", BIG), BIG, 0, "9223372036854775808=v ",
                "9223372036854775808=v ");
    expect_scan(*s, fixture_key(0, "n", 2), 254, 0, "", "");
    expect_scan(*s, fixture_key(0, "n", 0), UINT64_MAX, 2, "0=v 1=v ",
                "18446744073709551615=v 9223372036854775809=v ");
    expect_scan(*s, fixture_key(0, "n", 5), 4, 0, "", "");
}
TEST(a_scan_walks_the_numbers_of_a_range_in_order) {
    fixture_each(order);
}

/* Names that begin alike, of every length, some full of zeros or ones: none shows in another's
 * scan. */
BODY(names) {
    UNUSED;
    uint8_t bytes[STORE_NAME_MAX];
    static const uint8_t fills[] = {0, 'a', 255};
    for (size_t f = 0; f < sizeof fills; f++) {
        memset(bytes, fills[f], sizeof bytes);
        for (size_t n = f == 0 ? 0 : 1; n <= STORE_NAME_MAX; n++) {
            struct store_key k = {4, slice_of(bytes, n), 7};
            char value[16];
            snprintf(value, sizeof value, "%zu", n + 100 * f);
            CHECK_OK(fixture_put(*s, k, slice_str(value)));
            CHECK_OK(fixture_put(*s, (struct store_key){4, k.name, UINT64_MAX}, slice_str("max")));
        }
    }
    for (size_t f = 0; f < sizeof fills; f++) {
        memset(bytes, fills[f], sizeof bytes);
        for (size_t n = f == 0 ? 0 : 1; n <= STORE_NAME_MAX; n++) {
            char up[64], down[64];
            snprintf(up, sizeof up, "7=%zu 18446744073709551615=max ", n + 100 * f);
            snprintf(down, sizeof down, "18446744073709551615=max 7=%zu ", n + 100 * f);
            struct store_key k = {4, slice_of(bytes, n), 0};
            expect_scan(*s, k, UINT64_MAX, 0, up, down);
        }
    }
}
TEST(names_of_any_length_never_mix) {
    fixture_each(names);
}

/* Where a file's filter knows prefixes only, a scan may not begin at one that no entry has. */
BODY(gaps) {
    static const char *const lengths[] = {"",
                                          "1234567",
                                          "123456789012",
                                          "12345678901234",
                                          "123456789012345",
                                          "1234567890123456",
                                          "a long name, of more than twice sixteen"};
    enum { LENGTHS = sizeof lengths / sizeof *lengths };
    for (size_t i = 0; i < LENGTHS; i++)
        CHECK_OK(fixture_put(*s, fixture_key(3, lengths[i], BIG), slice_str(lengths[i])));
    if (engine->lasts) {
        store_close(*s);
        CHECK_OK(engine->open(s, folder));
    }
    for (size_t i = 0; i < LENGTHS; i++) {
        char expected[100];
        snprintf(expected, sizeof expected, "9223372036854775808=%s ", lengths[i]);
        expect_scan(*s, fixture_key(3, lengths[i], 0), UINT64_MAX, 0, expected, expected);
    }
}
TEST(a_scan_may_begin_and_end_far_from_any_entry) {
    fixture_each(gaps);
}

BODY(whole_table) {
    UNUSED;
    CHECK_OK(fixture_put(*s, fixture_key(5, "", 1), slice_str("a")));
    CHECK_OK(fixture_put(*s, fixture_key(5, "x", 2), slice_str("b")));
    CHECK_OK(fixture_put(*s, fixture_key(5, "a name longer than sixteen", 3), slice_str("c")));
    CHECK_OK(fixture_put(*s, fixture_key(6, "x", 4), slice_str("d")));
    CHECK_OK(fixture_put(*s, fixture_key(4, "x", 5), slice_str("e")));
    struct fixture_scan scan = {.limit = 0};
    err e = store_scan_table(*s, 5, fixture_visit, &scan);
    if (engine->hides_names) {
        CHECK_ERR(e, ERR_UNSUPPORTED);
    } else {
        CHECK_OK(e);
        /* The order of names is the engine's own. */
        CHECK_EQ(scan.count, 3);
        CHECK(memmem(scan.text.p, scan.text.n, "1=a ", 4) != NULL);
        CHECK(memmem(scan.text.p, scan.text.n, "2=b ", 4) != NULL);
        CHECK(memmem(scan.text.p, scan.text.n, "3=c ", 4) != NULL);
    }
    buf_free(&scan.text);
}
TEST(a_scan_of_a_table_sees_all_of_it_and_nothing_else) {
    fixture_each(whole_table);
}

BODY(deletes) {
    UNUSED;
    struct store_batch *b;
    CHECK_OK(store_batch_new(&b, NULL));
    for (uint64_t i = 0; i < 10; i++) {
        CHECK_OK(store_batch_put(b, fixture_key(1, "mailbox of sixteen", i), slice_str("v")));
        CHECK_OK(store_batch_put(b, fixture_key(1, "m", i), slice_str("v")));
    }
    CHECK_OK(store_batch_put(b, fixture_key(1, "m", UINT64_MAX), slice_str("v")));
    CHECK_OK(store_commit_now(*s, b));
    store_batch_clear(b);
    CHECK_OK(store_batch_delete(b, fixture_key(1, "m", 0)));
    CHECK_OK(store_batch_delete_range(b, fixture_key(1, "m", 2), 8));
    CHECK_OK(store_batch_put(b, fixture_key(1, "m", 5), slice_str("w")));
    CHECK_OK(store_batch_delete_range(b, fixture_key(1, "m", UINT64_MAX), UINT64_MAX));
    CHECK_OK(store_batch_delete(b, fixture_key(1, "mailbox of sixteen", 9)));
    CHECK_OK(store_commit_now(*s, b));
    expect_scan(*s, fixture_key(1, "m", 0), UINT64_MAX, 0, "1=v 5=w 9=v ", "9=v 5=w 1=v ");
    expect_scan(*s, fixture_key(1, "mailbox of sixteen", 6), UINT64_MAX, 0, "6=v 7=v 8=v ",
                "8=v 7=v 6=v ");
    store_batch_free(b);
}
TEST(deletes_take_exactly_what_they_name) {
    fixture_each(deletes);
}

BODY(through_batch) {
    UNUSED;
    struct store_batch *b;
    buf got = buf_on(NULL);
    struct store_key one = fixture_key(2, "n", 1), two = fixture_key(2, "n", 2);
    CHECK_OK(fixture_put(*s, one, slice_str("old")));
    CHECK_OK(store_batch_new(&b, NULL));
    CHECK_OK(store_batch_put(b, one, slice_str("new")));
    size_t mark = store_batch_mark(b);
    CHECK_OK(store_batch_put(b, two, slice_str("forgotten")));
    CHECK_OK(store_batch_delete(b, one));
    CHECK_ERR(store_get(*s, b, one, &got), ERR_NOT_FOUND);
    store_batch_rewind(b, mark);
    CHECK_OK(store_get(*s, b, one, &got));
    CHECK_SLICE(buf_slice(&got), slice_str("new"));
    fixture_expect(*s, one, slice_str("old"));
    CHECK_OK(store_commit_now(*s, b));
    fixture_expect(*s, one, slice_str("new"));
    CHECK_ERR(store_get(*s, NULL, two, &got), ERR_NOT_FOUND);
    store_batch_clear(b);
    CHECK_OK(store_commit_now(*s, b)); /* nothing is nothing to fail */
    buf_free(&got);
    store_batch_free(b);
}
TEST(reads_see_the_batch_and_the_store_sees_what_was_not_rewound) {
    fixture_each(through_batch);
}

BODY(large) {
    UNUSED;
    enum { SIZE = 16 * 1024 * 1024 };
    struct support_random r = {11};
    uint8_t *p = malloc(SIZE);
    CHECK(p != NULL);
    support_fill(&r, p, SIZE);
    CHECK_OK(fixture_put(*s, fixture_key(1, "large", 1), slice_of(p, SIZE)));
    fixture_expect(*s, fixture_key(1, "large", 1), slice_of(p, SIZE));
    if (engine->lasts) {
        store_close(*s);
        CHECK_OK(engine->open(s, folder));
        fixture_expect(*s, fixture_key(1, "large", 1), slice_of(p, SIZE));
    }
    free(p);
}
TEST(a_value_of_sixteen_mebibytes_comes_back) {
    fixture_each(large);
}

BODY(again) {
    struct store *second = NULL;
    if (!engine->lasts)
        return;
    for (uint64_t i = 0; i < 50; i++)
        CHECK_OK(fixture_put(*s, fixture_key((uint8_t)(i % STORE_TABLES_MAX), "n", i),
                             slice_of(&i, sizeof i)));
    CHECK_ERR(engine->open(&second, folder), ERR_BUSY);
    fixture_expect(*s, fixture_key(0, "n", 0), slice_of("\0\0\0\0\0\0\0\0", 8));
    store_close(*s);
    CHECK_OK(engine->open(s, folder));
    for (uint64_t i = 0; i < 50; i++)
        fixture_expect(*s, fixture_key((uint8_t)(i % STORE_TABLES_MAX), "n", i),
                       slice_of(&i, sizeof i));
}
TEST(a_store_opened_again_has_everything_and_one_owner) {
    fixture_each(again);
}

struct nested {
    struct store *s;
    size_t inner;
    err commit;
};

static bool visit_inside(void *ctx, struct store_key key, slice value) {
    struct nested *n = ctx;
    struct fixture_scan scan = {.limit = 0};
    (void)value;
    CHECK_OK(store_scan(n->s, fixture_key(1, "other", 0), 9, fixture_visit, &scan));
    n->inner += scan.count;
    buf_free(&scan.text);
    fixture_expect(n->s, fixture_key(1, "n", key.number), slice_str("v"));
    n->commit = fixture_put(n->s, fixture_key(1, "n", 77), slice_str("v"));
    return true;
}

BODY(inside) {
    UNUSED;
    for (uint64_t i = 0; i < 3; i++) {
        CHECK_OK(fixture_put(*s, fixture_key(1, "n", i), slice_str("v")));
        CHECK_OK(fixture_put(*s, fixture_key(1, "other", i), slice_str("v")));
    }
    struct nested n = {*s, 0, OK};
    CHECK_OK(store_scan(*s, fixture_key(1, "n", 0), 9, visit_inside, &n));
    CHECK_EQ(n.inner, 9);
    CHECK_ERR(n.commit, ERR_BUG);
    CHECK_OK(fixture_put(*s, fixture_key(1, "n", 77), slice_str("v")));
}
TEST(a_scan_may_read_and_scan_but_not_commit) {
    fixture_each(inside);
}

/* Random batches, to an engine and to a memory store: in the end both hold the same. */
enum { NUMBERS = 24, NAMES = 4 };
static const char *const random_names[NAMES] = {"", "n", "a name of 16 byte",
                                                "a name of 16 bytes!"};

static void random_batch(struct support_random *r, struct store_batch *b) {
    for (uint64_t i = support_next(r) % 12; i > 0; i--) {
        size_t name = support_next(r) % NAMES;
        uint64_t n = support_next(r) % NUMBERS;
        struct store_key k = fixture_key(1, random_names[name], n);
        uint64_t kind = support_next(r) % 10;
        if (kind == 0) {
            uint64_t last = n + support_next(r) % 6;
            CHECK_OK(store_batch_delete_range(b, k, last));
        } else if (kind < 4) {
            CHECK_OK(store_batch_delete(b, k));
        } else {
            uint8_t value[40];
            support_fill(r, value, sizeof value);
            CHECK_OK(store_batch_put(b, k, slice_of(value, value[0] % sizeof value)));
        }
    }
}

static void expect_same(struct store *a, struct store *b) {
    for (size_t i = 0; i < NAMES; i++) {
        struct fixture_scan x = {.limit = 0}, y = {.limit = 0};
        CHECK_OK(store_scan(a, fixture_key(1, random_names[i], 3), 20, fixture_visit, &x));
        CHECK_OK(store_scan(b, fixture_key(1, random_names[i], 3), 20, fixture_visit, &y));
        CHECK_OK(store_scan_down(a, fixture_key(1, random_names[i], 0), BIG, fixture_visit, &x));
        CHECK_OK(store_scan_down(b, fixture_key(1, random_names[i], 0), BIG, fixture_visit, &y));
        CHECK_SLICE(buf_slice(&x.text), buf_slice(&y.text));
        buf_free(&x.text);
        buf_free(&y.text);
    }
}

BODY(random_work) {
    struct support_random r = {23};
    struct store *model;
    struct store_batch *b;
    CHECK_OK(store_memory_open(&model, NULL));
    CHECK_OK(store_batch_new(&b, NULL));
    for (int step = 0; step < 400; step++) {
        store_batch_clear(b);
        random_batch(&r, b);
        CHECK_OK(store_commit_now(*s, b));
        CHECK_OK(store_commit_now(model, b));
        if (step % 20 == 0)
            expect_same(*s, model);
        if (step % 100 == 50)
            fixture_flush(engine, *s);
        if (step % 150 == 149 && engine->lasts) {
            store_close(*s);
            CHECK_OK(engine->open(s, folder));
        }
    }
    expect_same(*s, model);
    store_batch_free(b);
    store_close(model);
}
TEST(random_batches_leave_what_they_leave_in_a_plain_tree) {
    fixture_each(random_work);
}

#ifndef __wasm__
/* The flush works on beside us, so its end is waited for. */
TEST(what_was_deleted_leaves_the_disk_with_a_flush) {
    const struct fixture_engine *engine = fixture_engine("rocksdb");
    static const char word[] = "a word that nobody may find later";
    struct store *s;
    char folder[FIXTURE_PATH];
    fixture_folder(folder);
    CHECK_OK(engine->open(&s, folder));
    CHECK_OK(fixture_put(s, fixture_key(1, "mailbox", 1), slice_str(word)));
    CHECK_OK(fixture_put(s, fixture_key(2, "other", 1), slice_str("stays")));
    CHECK(fixture_holds(folder, word));
    struct store_batch *b;
    CHECK_OK(store_batch_new(&b, NULL));
    CHECK_OK(store_batch_delete(b, fixture_key(1, "mailbox", 1)));
    CHECK_OK(store_commit_now(s, b));
    CHECK(fixture_holds(folder, word));
    CHECK_OK(store_rocksdb_flush(s));
    for (int i = 0; i < 500 && fixture_holds(folder, word); i++)
        nanosleep(&(struct timespec){0, 10000000}, NULL);
    CHECK(!fixture_holds(folder, word));
    CHECK(fixture_holds(folder, "stays"));
    store_batch_free(b);
    store_close(s);
    fixture_remove(folder);
}
#endif

TEST(memory_holds_a_hundred_thousand_entries) {
    enum { COUNT = 100000 };
    struct store *s;
    struct store_batch *b;
    struct support_random r = {5};
    CHECK_OK(store_memory_open(&s, NULL));
    CHECK_OK(store_batch_new(&b, NULL));
    for (uint64_t i = 0; i < COUNT; i++)
        CHECK_OK(store_batch_put(b, fixture_key(1, "n", i), slice_of(&i, sizeof i)));
    CHECK_OK(store_commit_now(s, b));
    for (int i = 0; i < COUNT; i++) {
        uint64_t n = support_next(&r) % COUNT;
        fixture_expect(s, fixture_key(1, "n", n), slice_of(&n, sizeof n));
    }
    store_batch_clear(b);
    CHECK_OK(store_batch_delete_range(b, fixture_key(1, "n", 10), COUNT - 11));
    CHECK_OK(store_commit_now(s, b));
    struct fixture_scan scan = {.limit = 0};
    CHECK_OK(store_scan(s, fixture_key(1, "n", 0), UINT64_MAX, fixture_visit, &scan));
    CHECK_EQ(scan.count, 20);
    buf_free(&scan.text);
    store_batch_free(b);
    store_close(s);
}

TEST_MAIN
