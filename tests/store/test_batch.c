#include "store/internal.h"

#include "tests/support.h"
#include "tests/test.h"

static struct store_key key_of(const char *name, uint64_t number) {
    return (struct store_key){3, slice_str(name), number};
}

static struct store *memory(void) {
    struct store *s;
    CHECK_OK(store_memory_open(&s, NULL));
    return s;
}

static struct store_batch *batch(void) {
    struct store_batch *b;
    CHECK_OK(store_batch_new(&b, NULL));
    return b;
}

/* What a read through the batch finds: the first byte of the value, or '-' for nothing. */
static char sees(struct store *s, const struct store_batch *b, const char *name, uint64_t number) {
    buf value = buf_on(NULL);
    err e = store_get(s, b, key_of(name, number), &value);
    char c = e == OK && value.n > 0 ? (char)value.p[0] : '-';
    CHECK(e == OK || e == ERR_NOT_FOUND);
    buf_free(&value);
    return c;
}

TEST(a_read_through_a_batch_sees_its_writes_over_the_stores) {
    struct store *s = memory();
    struct store_batch *b = batch();
    CHECK_OK(store_batch_put(b, key_of("n", 1), slice_str("a")));
    CHECK_OK(store_batch_put(b, key_of("n", 2), slice_str("b")));
    CHECK_OK(store_commit_now(s, b));
    store_batch_clear(b);
    CHECK_EQ(store_batch_count(b), 0);
    CHECK_OK(store_batch_put(b, key_of("n", 2), slice_str("c")));
    CHECK_OK(store_batch_delete(b, key_of("n", 1)));
    CHECK_OK(store_batch_put(b, key_of("n", 3), slice_str("d")));
    CHECK_EQ(sees(s, b, "n", 1), '-');
    CHECK_EQ(sees(s, b, "n", 2), 'c');
    CHECK_EQ(sees(s, b, "n", 3), 'd');
    CHECK_EQ(sees(s, NULL, "n", 1), 'a');
    CHECK_EQ(sees(s, NULL, "n", 2), 'b');
    CHECK_EQ(sees(s, NULL, "n", 3), '-');
    store_batch_free(b);
    store_close(s);
}

TEST(a_read_through_a_batch_sees_deletes_and_ranges_in_their_order) {
    struct store *s = memory();
    struct store_batch *b = batch();
    CHECK_OK(store_batch_put(b, key_of("n", 5), slice_str("a")));
    CHECK_OK(store_batch_put(b, key_of("m", 5), slice_str("m")));
    CHECK_OK(store_batch_delete_range(b, key_of("n", 4), 6));
    CHECK_EQ(sees(s, b, "n", 5), '-');
    CHECK_EQ(sees(s, b, "m", 5), 'm');
    CHECK_OK(store_batch_put(b, key_of("n", 5), slice_str("b")));
    CHECK_EQ(sees(s, b, "n", 5), 'b');
    CHECK_OK(store_batch_delete(b, key_of("n", 5)));
    CHECK_EQ(sees(s, b, "n", 5), '-');
    store_batch_free(b);
    store_close(s);
}

TEST(a_rewind_brings_back_what_the_batch_said_before) {
    struct store *s = memory();
    struct store_batch *b = batch();
    CHECK_OK(store_batch_put(b, key_of("n", 1), slice_str("a")));
    CHECK_OK(store_batch_put(b, key_of("n", 2), slice_str("b")));
    size_t mark = store_batch_mark(b), size = store_batch_size(b);
    CHECK_OK(store_batch_put(b, key_of("n", 1), slice_str("x")));
    CHECK_OK(store_batch_put(b, key_of("n", 1), slice_str("y")));
    CHECK_OK(store_batch_put(b, key_of("n", 3), slice_str("z")));
    CHECK_OK(store_batch_delete_range(b, key_of("n", 0), UINT64_MAX));
    CHECK_EQ(sees(s, b, "n", 2), '-');
    store_batch_rewind(b, mark);
    CHECK_EQ(store_batch_count(b), 2);
    CHECK_EQ(store_batch_size(b), size);
    CHECK_EQ(sees(s, b, "n", 1), 'a');
    CHECK_EQ(sees(s, b, "n", 2), 'b');
    CHECK_EQ(sees(s, b, "n", 3), '-');
    store_batch_rewind(b, 0);
    CHECK_EQ(sees(s, b, "n", 1), '-');
    CHECK_OK(store_batch_put(b, key_of("n", 1), slice_str("c")));
    CHECK_EQ(sees(s, b, "n", 1), 'c');
    store_batch_free(b);
    store_close(s);
}

TEST(a_batch_copies_what_it_is_given) {
    struct store_batch *b = batch();
    char name[] = "name", value[] = "value";
    for (int i = 0; i < 100; i++)
        CHECK_OK(store_batch_put(b, key_of(name, (uint64_t)i), slice_str(value)));
    memset(name, 'x', 4);
    memset(value, 'x', 5);
    for (size_t i = 0; i < 100; i++) {
        const struct store_op *op = store_batch_op(b, i);
        CHECK_SLICE(op->key.name, slice_str("name"));
        CHECK_SLICE(op->value, slice_str("value"));
        CHECK_EQ(op->key.number, (int64_t)i);
    }
    store_batch_free(b);
}

TEST(a_key_or_a_value_out_of_bounds_is_refused) {
    struct store_batch *b = batch();
    uint8_t name[STORE_NAME_MAX + 1] = {0};
    struct store_key too_long = {0, SLICE_ARRAY(name), 0};
    struct store_key no_table = {STORE_TABLES_MAX, SLICE_EMPTY, 0};
    CHECK_ERR(store_batch_put(b, too_long, SLICE_EMPTY), ERR_BUG);
    CHECK_ERR(store_batch_delete(b, no_table), ERR_BUG);
    CHECK_ERR(store_batch_put(b, key_of("n", 0), slice_of(name, STORE_VALUE_MAX + (size_t)1)),
              ERR_TOO_LARGE);
    CHECK_EQ(store_batch_count(b), 0);
    store_batch_free(b);
}

/* Few keys, so that each is written often; the store holds what the batch said, in the end. */
TEST(random_writes_and_rewinds_agree_with_a_plain_array) {
    enum { NUMBERS = 12, STEPS = 4000 };
    struct support_random r = {7};
    struct store *s = memory();
    struct store_batch *b = batch();
    char now[NUMBERS], marked[NUMBERS];
    memset(now, '-', sizeof now);
    memset(marked, '-', sizeof marked);
    size_t mark = 0;
    for (int step = 0; step < STEPS; step++) {
        uint64_t n = support_next(&r) % NUMBERS, last = support_next(&r) % NUMBERS;
        char c = (char)('a' + support_next(&r) % 26);
        switch (support_next(&r) % 8) {
        case 0:
            CHECK_OK(store_batch_delete(b, key_of("n", n)));
            now[n] = '-';
            break;
        case 1:
            CHECK_OK(store_batch_delete_range(b, key_of("n", n), last));
            for (uint64_t i = n; i <= last; i++)
                now[i] = '-';
            break;
        case 2:
            mark = store_batch_mark(b);
            memcpy(marked, now, sizeof now);
            break;
        case 3:
            store_batch_rewind(b, mark);
            memcpy(now, marked, sizeof now);
            break;
        default:
            CHECK_OK(store_batch_put(b, key_of("n", n), slice_of(&c, 1)));
            now[n] = c;
        }
        for (uint64_t i = 0; i < NUMBERS; i++)
            CHECK_EQ(sees(s, b, "n", i), now[i]);
    }
    CHECK_OK(store_commit_now(s, b));
    for (uint64_t i = 0; i < NUMBERS; i++)
        CHECK_EQ(sees(s, NULL, "n", i), now[i]);
    store_batch_free(b);
    store_close(s);
}

/* Writes, marks, rewinds and commits; returns the first failure. */
static err use_batch(const struct mem *mem) {
    struct store *s = NULL;
    struct store_batch *b = NULL;
    err result = store_memory_open(&s, mem);
    if (result == OK)
        result = store_batch_new(&b, mem);
    for (uint64_t i = 0; i < 40 && result == OK; i++) {
        size_t before = store_batch_count(b);
        result = store_batch_put(b, key_of("name", i % 20), slice_str("a value of some length"));
        if (result != OK)
            CHECK_EQ(store_batch_count(b), (int64_t)before);
    }
    if (result == OK)
        store_batch_rewind(b, 10);
    if (result == OK)
        result = store_commit_now(s, b);
    if (result != OK && s != NULL)
        CHECK_EQ(sees(s, NULL, "name", 3), '-');
    store_batch_free(b);
    store_close(s);
    return result;
}

/* ---- Without the order ---- */

struct written {
    struct store_batch *batch;
    uint64_t numbers[64];
    size_t count;
};

static void write_again(void *ctx, const struct store_op *op) {
    struct written *w = ctx;
    if (w->count < 64)
        w->numbers[w->count++] = op->key.number;
    if (op->kind == STORE_PUT)
        CHECK_OK(store_batch_put(w->batch, op->key, op->value));
    else if (op->kind == STORE_DELETE)
        CHECK_OK(store_batch_delete(w->batch, op->key));
    else
        CHECK_OK(store_batch_delete_range(w->batch, op->key, op->last));
}

TEST(writes_without_their_order_have_the_same_effect) {
    struct support_random r = {8};
    for (int round = 0; round < 200; round++) {
        struct store *s = memory();
        struct store_batch *b = batch();
        struct written w = {.batch = batch()};
        for (int i = 0; i < 40; i++) {
            uint64_t number = support_next(&r) % 12;
            char value[2] = {(char)('a' + i % 26), 0};
            if (i == 12) {
                CHECK_OK(store_commit_now(s, b));
                store_batch_clear(b);
            } else if (support_next(&r) % 4 > 0) {
                CHECK_OK(store_batch_put(b, key_of("n", number), slice_str(value)));
            } else if (support_next(&r) % 2 > 0) {
                CHECK_OK(store_batch_delete(b, key_of("n", number)));
            } else {
                CHECK_OK(store_batch_delete_range(b, key_of("n", number), number + 3));
            }
        }
        store_batch_unordered(b, write_again, &w);
        for (uint64_t i = 0; i < 16; i++)
            CHECK_EQ(sees(s, w.batch, "n", i), sees(s, b, "n", i));
        store_batch_free(b);
        store_batch_free(w.batch);
        store_close(s);
    }
}

TEST(writes_without_their_order_do_not_show_it) {
    struct store_batch *b = batch();
    struct written w = {.batch = batch()};
    size_t as_asked = 0;
    for (uint64_t i = 0; i < 64; i++)
        CHECK_OK(store_batch_put(b, key_of("n", i), slice_str("v")));
    store_batch_unordered(b, write_again, &w);
    CHECK_EQ(w.count, 64);
    for (size_t i = 1; i < 64; i++)
        as_asked += w.numbers[i] > w.numbers[i - 1];
    CHECK(as_asked > 10 && as_asked < 53);
    store_batch_free(b);
    store_batch_free(w.batch);
}

TEST(every_allocation_that_fails_leaves_nothing_half_done) {
    struct support_mem m;
    for (size_t fail_at = 1;; fail_at++) {
        support_mem_init(&m, fail_at);
        err result = use_batch(&m.mem);
        CHECK_EQ(m.blocks, 0);
        CHECK_EQ(m.dirty, 0);
        if (m.calls < fail_at) {
            CHECK_OK(result);
            break;
        }
        CHECK_ERR(result, ERR_NO_MEMORY);
    }
}

TEST(a_faulty_store_fails_where_its_plan_says) {
    struct store_fault_plan plan = {.fail_commit_in = 1, .fail_get_in = -1, .with = ERR_DISK_FULL};
    struct store *s;
    struct store_batch *b = batch();
    CHECK_OK(store_faulty_open(&s, memory(), &plan, NULL));
    CHECK_OK(store_batch_put(b, key_of("n", 1), slice_str("a")));
    CHECK_OK(store_commit_now(s, b));
    CHECK_OK(store_batch_put(b, key_of("n", 2), slice_str("b")));
    CHECK_ERR(store_commit_now(s, b), ERR_DISK_FULL);
    CHECK_EQ(sees(s, NULL, "n", 2), '-');
    plan.fail_commit_in = 0;
    plan.torn = true;
    CHECK_ERR(store_commit_now(s, b), ERR_DISK_FULL);
    CHECK_EQ(sees(s, NULL, "n", 2), 'b');
    CHECK_OK(store_commit_now(s, b));
    plan.fail_get_in = 0;
    buf value = buf_on(NULL);
    CHECK_ERR(store_get(s, NULL, key_of("n", 1), &value), ERR_DISK_FULL);
    CHECK_OK(store_get(s, NULL, key_of("n", 1), &value));
    buf_free(&value);
    store_batch_free(b);
    store_close(s);
}

TEST(the_null_store_takes_everything_and_has_nothing) {
    struct store *s;
    struct store_batch *b = batch();
    CHECK_OK(store_null_open(&s, NULL));
    CHECK_OK(store_batch_put(b, key_of("n", 1), slice_str("a")));
    CHECK_EQ(sees(s, b, "n", 1), 'a');
    CHECK_OK(store_commit_now(s, b));
    CHECK_EQ(sees(s, NULL, "n", 1), '-');
    store_batch_free(b);
    store_close(s);
}

TEST_MAIN
