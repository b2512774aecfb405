/* The sealing engine and its lock. */
#include "tests/store/fixture.h"

#include "base/codec.h"
#include "tests/support.h"

static const uint8_t test_key[32] = {9, 8, 7};
static const char *const secrets[] = {"Grandmother", "the plan is for thursday", "outbox-of-anna"};
enum { SECRETS = 3 };

/* How many of the words the folder's files hold, as they are on the disk. */
static size_t secrets_in(const char *folder) {
    size_t found = 0;
    for (size_t i = 0; i < SECRETS; i++)
        found += fixture_holds(folder, secrets[i]);
    return found;
}

static void write_secrets(struct store *s) {
    for (uint64_t i = 0; i < SECRETS; i++)
        for (size_t j = 0; j < SECRETS; j++)
            CHECK_OK(fixture_put(s, fixture_key(1, secrets[j], i), slice_str(secrets[i])));
}

TEST(nothing_is_in_clear_on_the_disk) {
    char folder[FIXTURE_PATH];
    struct store *s;
    fixture_folder(folder);
    /* The search itself finds them where they are not sealed. */
    CHECK_OK(fixture_engine("sqlite")->open(&s, folder));
    write_secrets(s);
    CHECK(secrets_in(folder) > 0);
    store_close(s);
    CHECK(secrets_in(folder) > 0);
    fixture_remove(folder);
    fixture_folder(folder);
    CHECK_OK(fixture_engine("sealed sqlite")->open(&s, folder));
    write_secrets(s);
    CHECK_EQ(secrets_in(folder), 0);
    store_close(s);
    CHECK_EQ(secrets_in(folder), 0);
    fixture_remove(folder);
}

/* ---- What the inner store holds ---- */

struct pair {
    struct store *inner, *sealed;
};

static struct pair pair_new(void) {
    struct pair p;
    CHECK_OK(store_memory_open(&p.inner, NULL));
    CHECK_OK(store_sealed_open(&p.sealed, p.inner, test_key, NULL));
    return p;
}

struct entry {
    struct store_key key;
    uint8_t name[STORE_NAME_MAX];
    buf value;
};

struct entries {
    struct entry e[8];
    size_t n;
};

static bool collect(void *ctx, struct store_key key, slice value) {
    struct entries *all = ctx;
    CHECK(all->n < 8);
    struct entry *e = &all->e[all->n++];
    memcpy(e->name, key.name.p, key.name.n);
    e->key = (struct store_key){key.table, slice_of(e->name, key.name.n), key.number};
    e->value = buf_on(NULL);
    CHECK_OK(buf_append(&e->value, value));
    return true;
}

static void entries_free(struct entries *all) {
    for (size_t i = 0; i < all->n; i++)
        buf_free(&all->e[i].value);
}

TEST(equal_names_and_values_look_different_in_the_inner_store) {
    struct pair p = pair_new();
    struct entries all = {.n = 0};
    CHECK_OK(fixture_put(p.sealed, fixture_key(1, "n", 1), slice_str("value")));
    CHECK_OK(fixture_put(p.sealed, fixture_key(2, "n", 1), slice_str("value")));
    CHECK_OK(store_scan_table(p.inner, 1, collect, &all));
    CHECK_OK(store_scan_table(p.inner, 2, collect, &all));
    CHECK_EQ(all.n, 2);
    CHECK_EQ(all.e[0].key.name.n, 32);
    CHECK(!slice_equal(all.e[0].key.name, all.e[1].key.name));
    CHECK_EQ(all.e[0].value.n, 64 + 24 + 16);
    CHECK(!slice_equal(buf_slice(&all.e[0].value), buf_slice(&all.e[1].value)));
    entries_free(&all);
    store_close(p.sealed);
}

TEST(the_length_of_a_value_tells_little_of_it) {
    static const struct {
        size_t n, shown;
    } values[] = {{0, 64},    {1, 64},      {60, 64},        {61, 128},
                  {509, 640}, {1000, 1024}, {100000, 114688}};
    enum { VALUES = sizeof values / sizeof *values };
    struct pair p = pair_new();
    struct entries all = {.n = 0};
    buf value = buf_on(NULL);
    for (size_t i = 0; i < VALUES; i++) {
        buf_clear(&value);
        CHECK_OK(buf_resize(&value, values[i].n));
        if (value.n > 0)
            memset(value.p, 'v', value.n);
        CHECK_OK(fixture_put(p.sealed, fixture_key(1, "n", i), buf_slice(&value)));
        fixture_expect(p.sealed, fixture_key(1, "n", i), buf_slice(&value));
    }
    CHECK_OK(store_scan_table(p.inner, 1, collect, &all));
    CHECK_EQ(all.n, VALUES);
    for (size_t i = 0; i < all.n; i++)
        CHECK_EQ(all.e[i].value.n, values[all.e[i].key.number].shown + 24 + 16);
    entries_free(&all);
    buf_free(&value);
    store_close(p.sealed);
}

static void expect_damaged(struct store *s, struct store_key key) {
    buf got = buf_on(NULL);
    struct fixture_scan scan = {.limit = 0};
    CHECK_OK(buf_append(&got, slice_str("kept")));
    CHECK_ERR(store_get(s, NULL, key, &got), ERR_DAMAGED);
    CHECK_SLICE(buf_slice(&got), slice_str("kept"));
    CHECK_ERR(store_scan(s, key, key.number, fixture_visit, &scan), ERR_DAMAGED);
    CHECK_EQ(scan.count, 0);
    buf_free(&got);
    buf_free(&scan.text);
}

TEST(a_value_that_was_moved_to_another_key_is_damaged) {
    struct pair p = pair_new();
    struct entries all = {.n = 0};
    CHECK_OK(fixture_put(p.sealed, fixture_key(1, "n", 1), slice_str("one")));
    CHECK_OK(fixture_put(p.sealed, fixture_key(1, "n", 2), slice_str("two")));
    CHECK_OK(fixture_put(p.sealed, fixture_key(1, "m", 1), slice_str("three")));
    CHECK_OK(store_scan_table(p.inner, 1, collect, &all));
    CHECK_EQ(all.n, 3);
    for (size_t i = 0; i < 3; i++)
        CHECK_OK(fixture_put(p.inner, all.e[i].key, buf_slice(&all.e[(i + 1) % 3].value)));
    expect_damaged(p.sealed, fixture_key(1, "n", 1));
    expect_damaged(p.sealed, fixture_key(1, "n", 2));
    expect_damaged(p.sealed, fixture_key(1, "m", 1));
    entries_free(&all);
    store_close(p.sealed);
}

TEST(a_value_with_any_byte_changed_or_cut_is_damaged) {
    struct pair p = pair_new();
    struct entries all = {.n = 0};
    CHECK_OK(fixture_put(p.sealed, fixture_key(1, "n", 1), slice_str("one")));
    CHECK_OK(store_scan_table(p.inner, 1, collect, &all));
    buf *value = &all.e[0].value;
    for (size_t i = 0; i < value->n; i++) {
        value->p[i] ^= 0x40;
        CHECK_OK(fixture_put(p.inner, all.e[0].key, buf_slice(value)));
        expect_damaged(p.sealed, fixture_key(1, "n", 1));
        value->p[i] ^= 0x40;
        CHECK_OK(fixture_put(p.inner, all.e[0].key, slice_of(value->p, i)));
        expect_damaged(p.sealed, fixture_key(1, "n", 1));
    }
    CHECK_OK(fixture_put(p.inner, all.e[0].key, buf_slice(value)));
    fixture_expect(p.sealed, fixture_key(1, "n", 1), slice_str("one"));
    entries_free(&all);
    store_close(p.sealed);
}

static err use_sealed(const struct mem *mem) {
    struct store *inner = NULL, *s = NULL;
    buf got = buf_on(mem);
    err result = store_memory_open(&inner, mem);
    if (result == OK)
        result = store_sealed_open(&s, inner, test_key, mem);
    if (result == OK)
        result = fixture_put(s, fixture_key(1, "n", 1), slice_str("one"));
    if (result == OK)
        result = store_get(s, NULL, fixture_key(1, "n", 1), &got);
    if (result == OK)
        CHECK_SLICE(buf_slice(&got), slice_str("one"));
    store_close(s == NULL ? inner : s);
    buf_free(&got);
    return result;
}

TEST(every_allocation_of_a_sealed_store_may_fail) {
    struct support_mem m;
    for (size_t fail_at = 1;; fail_at++) {
        support_mem_init(&m, fail_at);
        err result = use_sealed(&m.mem);
        CHECK_EQ(m.blocks, 0);
        CHECK_EQ(m.dirty, 0);
        if (m.calls < fail_at) {
            CHECK_OK(result);
            break;
        }
        CHECK_ERR(result, ERR_NO_MEMORY);
    }
}

/* ---- The lock ---- */

static struct store_key lock_key(void) {
    return fixture_key(0, "lock", 0);
}

TEST(a_passphrase_opens_the_key_that_it_locked_and_no_other_does) {
    char folder[FIXTURE_PATH];
    struct store *s;
    uint8_t key[32], again[32], zero[32] = {0};
    buf lock = {0};
    fixture_folder(folder);
    CHECK_OK(fixture_engine("sqlite")->open(&s, folder));
    CHECK_ERR(store_get(s, NULL, lock_key(), &lock), ERR_NOT_FOUND);
    CHECK_ERR(store_sealed_find(s), ERR_NOT_FOUND);
    CHECK_OK(store_sealed_unlock(s, slice_str("correct horse"), key));
    CHECK_OK(store_sealed_find(s));
    CHECK_OK(store_get(s, NULL, lock_key(), &lock));
    buf_free(&lock);
    store_close(s);
    CHECK_OK(fixture_engine("sqlite")->open(&s, folder));
    CHECK_ERR(store_sealed_unlock(s, slice_str("wrong horse"), again), ERR_PASSPHRASE);
    CHECK_SLICE(SLICE_ARRAY(again), SLICE_ARRAY(zero));
    CHECK_ERR(store_sealed_unlock(s, SLICE_EMPTY, again), ERR_PASSPHRASE);
    CHECK_OK(store_sealed_unlock(s, slice_str("correct horse"), again));
    CHECK_SLICE(SLICE_ARRAY(again), SLICE_ARRAY(key));
    store_close(s);
    fixture_remove(folder);
}

TEST(a_new_passphrase_opens_the_same_key_and_the_old_one_nothing) {
    struct store *s;
    uint8_t key[32], again[32];
    CHECK_OK(store_memory_open(&s, NULL));
    CHECK_ERR(store_sealed_relock(s, SLICE_EMPTY, slice_str("new")), ERR_NOT_FOUND);
    CHECK_OK(store_sealed_unlock(s, slice_str("old"), key));
    CHECK_ERR(store_sealed_relock(s, slice_str("wrong"), slice_str("new")), ERR_PASSPHRASE);
    CHECK_OK(store_sealed_unlock(s, slice_str("old"), again));
    CHECK_OK(store_sealed_relock(s, slice_str("old"), slice_str("new")));
    CHECK_ERR(store_sealed_unlock(s, slice_str("old"), again), ERR_PASSPHRASE);
    CHECK_OK(store_sealed_unlock(s, slice_str("new"), again));
    CHECK_SLICE(SLICE_ARRAY(again), SLICE_ARRAY(key));
    CHECK_OK(store_sealed_relock(s, slice_str("new"), SLICE_EMPTY));
    CHECK_OK(store_sealed_unlock(s, SLICE_EMPTY, again));
    CHECK_SLICE(SLICE_ARRAY(again), SLICE_ARRAY(key));
    store_close(s);
}

TEST(a_secret_opens_it_beside_a_passphrase_and_goes_with_it) {
    struct store *s;
    uint8_t key[32], again[32], secret[32] = {7}, other[32] = {8};
    CHECK_OK(store_memory_open(&s, NULL));
    CHECK_OK(store_sealed_unlock(s, SLICE_EMPTY, key));
    CHECK_ERR(store_sealed_secret(s, SLICE_EMPTY, SLICE_ARRAY(secret)), ERR_STATE);
    CHECK_OK(store_sealed_relock(s, SLICE_EMPTY, slice_str("p")));
    CHECK_ERR(store_sealed_unlock_secret(s, SLICE_ARRAY(secret), again), ERR_PASSPHRASE);
    CHECK_ERR(store_sealed_secret(s, slice_str("q"), SLICE_ARRAY(secret)), ERR_PASSPHRASE);
    CHECK_ERR(store_sealed_secret(s, slice_str("p"), slice_of(secret, 31)), ERR_MALFORMED);
    CHECK_OK(store_sealed_secret(s, slice_str("p"), SLICE_ARRAY(secret)));
    CHECK_OK(store_sealed_relock(s, slice_str("p"), slice_str("q")));
    CHECK_OK(store_sealed_unlock_secret(s, SLICE_ARRAY(secret), again));
    CHECK_SLICE(SLICE_ARRAY(again), SLICE_ARRAY(key));
    CHECK_ERR(store_sealed_unlock_secret(s, SLICE_ARRAY(other), again), ERR_PASSPHRASE);
    CHECK_ERR(store_sealed_unlock(s, SLICE_ARRAY(secret), again), ERR_PASSPHRASE);
    CHECK_OK(store_sealed_secret(s, slice_str("q"), SLICE_EMPTY));
    CHECK_ERR(store_sealed_unlock_secret(s, SLICE_ARRAY(secret), again), ERR_PASSPHRASE);
    CHECK_OK(store_sealed_secret(s, slice_str("q"), SLICE_ARRAY(secret)));
    CHECK_OK(store_sealed_relock(s, slice_str("q"), SLICE_EMPTY));
    CHECK_ERR(store_sealed_unlock_secret(s, SLICE_ARRAY(secret), again), ERR_PASSPHRASE);
    store_close(s);
}

TEST(an_empty_passphrase_is_one_and_two_locks_have_two_keys) {
    struct store *a, *b;
    uint8_t key[32], other[32];
    CHECK_OK(store_memory_open(&a, NULL));
    CHECK_OK(store_memory_open(&b, NULL));
    CHECK_OK(store_sealed_unlock(a, SLICE_EMPTY, key));
    CHECK_OK(store_sealed_unlock(b, SLICE_EMPTY, other));
    CHECK(memcmp(key, other, sizeof key) != 0);
    CHECK_OK(store_sealed_unlock(a, SLICE_EMPTY, other));
    CHECK_SLICE(SLICE_ARRAY(other), SLICE_ARRAY(key));
    store_close(a);
    store_close(b);
}

/* How slow it is stands in the lock: passes, then KiB. */
static uint64_t cost(struct store *s) {
    uint32_t passes = 0, kib = 0;
    uint8_t version;
    buf lock = {0};
    CHECK_OK(store_get(s, NULL, lock_key(), &lock));
    reader r = reader_of(buf_slice(&lock));
    CHECK_OK(reader_u8(&r, &version));
    CHECK_OK(reader_u32(&r, &passes));
    CHECK_OK(reader_u32(&r, &kib));
    buf_free(&lock);
    return (uint64_t)passes * kib;
}

TEST(a_passphrase_is_slow_to_guess_and_none_costs_nothing) {
    struct store *s;
    uint8_t key[32];
    CHECK_OK(store_memory_open(&s, NULL));
    CHECK_OK(store_sealed_unlock(s, SLICE_EMPTY, key));
    CHECK_EQ(cost(s), 8);
    CHECK_OK(store_sealed_relock(s, SLICE_EMPTY, slice_str("p")));
    CHECK_EQ(cost(s), 3 * 64 * 1024);
    CHECK_OK(store_sealed_relock(s, slice_str("p"), SLICE_EMPTY));
    CHECK_EQ(cost(s), 8);
    store_close(s);
}

/* Each alteration is answered before anything slow or large happens. */
TEST(an_altered_lock_is_damaged_and_costs_nothing) {
    static const struct {
        size_t at;
        uint8_t byte;
    } alterations[] = {{0, 2}, {1, 255}, {4, 0}, {5, 255}, {6, 5}};
    struct store *s;
    uint8_t key[32];
    buf lock = buf_on(NULL);
    CHECK_OK(store_memory_open(&s, NULL));
    CHECK_OK(store_sealed_unlock(s, slice_str("p"), key));
    CHECK_OK(store_get(s, NULL, lock_key(), &lock));
    for (size_t i = 0; i < sizeof alterations / sizeof *alterations; i++) {
        uint8_t before = lock.p[alterations[i].at];
        lock.p[alterations[i].at] = alterations[i].byte;
        CHECK_OK(fixture_put(s, lock_key(), buf_slice(&lock)));
        CHECK_ERR(store_sealed_unlock(s, slice_str("p"), key), ERR_DAMAGED);
        lock.p[alterations[i].at] = before;
    }
    CHECK_OK(fixture_put(s, lock_key(), slice_of(lock.p, lock.n - 1)));
    CHECK_ERR(store_sealed_unlock(s, slice_str("p"), key), ERR_DAMAGED);
    CHECK_OK(fixture_put(s, lock_key(), SLICE_EMPTY));
    CHECK_ERR(store_sealed_unlock(s, slice_str("p"), key), ERR_DAMAGED);
    lock.p[lock.n - 1] ^= 1;
    CHECK_OK(fixture_put(s, lock_key(), buf_slice(&lock)));
    CHECK_ERR(store_sealed_unlock(s, slice_str("p"), key), ERR_PASSPHRASE);
    buf_free(&lock);
    store_close(s);
}

TEST(entries_without_their_lock_are_not_locked_anew) {
    struct store *s;
    uint8_t key[32];
    CHECK_OK(store_memory_open(&s, NULL));
    CHECK_OK(fixture_put(s, fixture_key(15, "x", 1), slice_str("y")));
    CHECK_ERR(store_sealed_unlock(s, slice_str("p"), key), ERR_DAMAGED);
    CHECK_OK(fixture_delete(s, fixture_key(15, "x", 1)));
    CHECK_OK(store_sealed_unlock(s, slice_str("p"), key));
    store_close(s);
}

TEST_MAIN
