/* The secret tree's keys: used once, within the limits, and erased. */
#include <stdlib.h>

#include "mls/labels.h"
#include "mls/secret_tree.h"
#include "tests/support.h"
#include "tests/test.h"

enum { LEAVES = 8 };
static const struct mls_limits limits = {.past_epochs = 1, .out_of_order = 4, .forward = 16};
#define APP MLS_RATCHET_APPLICATION

static const struct mls_suite *suite(void) {
    return mls_suite_find(MLS_SUITE_X25519_CHACHA);
}

static void start(struct mls_secret_tree *t, const struct mem *mem) {
    uint8_t secret[CRYPTO_HASH_MAX] = {1, 2, 3};
    CHECK_OK(crypto_init());
    CHECK_OK(mls_secret_tree_init(t, suite(), LEAVES, secret, &limits, mem));
}

static bool same_key(const struct mls_message_key *a, const struct mls_message_key *b) {
    return memcmp(a, b, sizeof(*a)) == 0;
}

static buf saved(const struct mls_secret_tree *t) {
    buf out = buf_on(NULL);
    writer w = writer_on(&out);
    mls_secret_tree_write(&w, t);
    CHECK_OK(writer_result(&w));
    return out;
}

TEST(a_sender_and_a_receiver_have_the_same_keys) {
    struct mls_secret_tree sender, receiver;
    start(&sender, NULL);
    start(&receiver, NULL);
    for (uint32_t i = 0; i < 5; i++) {
        struct mls_message_key a, b;
        uint32_t generation;
        CHECK_OK(mls_secret_tree_next(&sender, 3, APP, &generation, &a));
        CHECK_EQ(generation, i);
        CHECK_OK(mls_secret_tree_peek(&receiver, 3, APP, generation, &b));
        CHECK(same_key(&a, &b));
        CHECK_OK(mls_secret_tree_consume(&receiver, 3, APP, generation));
    }
    mls_secret_tree_free(&sender);
    mls_secret_tree_free(&receiver);
}

TEST(a_look_uses_nothing_up) {
    struct mls_secret_tree t;
    struct mls_message_key first, ahead, again;
    start(&t, NULL);
    CHECK_OK(mls_secret_tree_peek(&t, 0, APP, 0, &first));
    buf before = saved(&t);
    CHECK_OK(mls_secret_tree_peek(&t, 0, APP, 9, &ahead));
    CHECK_OK(mls_secret_tree_peek(&t, 0, APP, 0, &again));
    CHECK(same_key(&first, &again));
    buf after = saved(&t);
    CHECK_SLICE(buf_slice(&after), buf_slice(&before));
    buf_free(&before);
    buf_free(&after);
    mls_secret_tree_free(&t);
}

TEST(a_used_key_is_gone) {
    struct mls_secret_tree t;
    struct mls_message_key key;
    start(&t, NULL);
    CHECK_OK(mls_secret_tree_consume(&t, 0, APP, 0));
    CHECK_ERR(mls_secret_tree_peek(&t, 0, APP, 0, &key), ERR_REPEAT);
    CHECK_ERR(mls_secret_tree_consume(&t, 0, APP, 0), ERR_REPEAT);
    CHECK_OK(mls_secret_tree_peek(&t, 0, MLS_RATCHET_HANDSHAKE, 0, &key));
    mls_secret_tree_free(&t);
}

TEST(skipped_keys_wait_for_late_messages) {
    struct mls_secret_tree t;
    struct mls_message_key at[5], late;
    start(&t, NULL);
    for (uint32_t i = 0; i < 5; i++)
        CHECK_OK(mls_secret_tree_peek(&t, 0, APP, i, &at[i]));
    CHECK_OK(mls_secret_tree_consume(&t, 0, APP, 4));
    uint32_t order[] = {2, 0, 3, 1};
    for (size_t i = 0; i < 4; i++) {
        CHECK_OK(mls_secret_tree_peek(&t, 0, APP, order[i], &late));
        CHECK(same_key(&late, &at[order[i]]));
        CHECK_OK(mls_secret_tree_consume(&t, 0, APP, order[i]));
        CHECK_ERR(mls_secret_tree_peek(&t, 0, APP, order[i], &late), ERR_REPEAT);
    }
    mls_secret_tree_free(&t);
}

TEST(the_oldest_skipped_keys_go_first) {
    struct mls_secret_tree t;
    struct mls_message_key key;
    start(&t, NULL);
    CHECK_OK(mls_secret_tree_consume(&t, 0, APP, 3)); /* skipped: 0 1 2 */
    CHECK_OK(mls_secret_tree_consume(&t, 0, APP, 6)); /* and 4 5: five, one too many */
    CHECK_ERR(mls_secret_tree_peek(&t, 0, APP, 0, &key), ERR_MLS_GENERATION);
    CHECK_OK(mls_secret_tree_peek(&t, 0, APP, 1, &key));
    CHECK_ERR(mls_secret_tree_peek(&t, 0, APP, 3, &key), ERR_REPEAT);
    CHECK_OK(mls_secret_tree_consume(&t, 0, APP, 20)); /* more at once than fit */
    CHECK_ERR(mls_secret_tree_peek(&t, 0, APP, 5, &key), ERR_MLS_GENERATION);
    CHECK_ERR(mls_secret_tree_peek(&t, 0, APP, 15, &key), ERR_MLS_GENERATION);
    CHECK_OK(mls_secret_tree_peek(&t, 0, APP, 16, &key));
    CHECK_OK(mls_secret_tree_peek(&t, 0, APP, 19, &key));
    mls_secret_tree_free(&t);
}

/* RFC 9420 s.15.3 */
TEST(a_message_can_not_move_a_ratchet_too_far) {
    struct mls_secret_tree t;
    struct mls_message_key key;
    start(&t, NULL);
    CHECK_OK(mls_secret_tree_peek(&t, 0, APP, 16, &key));
    CHECK_ERR(mls_secret_tree_peek(&t, 0, APP, 17, &key), ERR_MLS_GENERATION);
    CHECK_ERR(mls_secret_tree_consume(&t, 0, APP, 17), ERR_MLS_GENERATION);
    CHECK_ERR(mls_secret_tree_peek(&t, 0, APP, UINT32_MAX, &key), ERR_MLS_GENERATION);
    CHECK_OK(mls_secret_tree_consume(&t, 0, APP, 0));
    CHECK_OK(mls_secret_tree_peek(&t, 0, APP, 17, &key));
    mls_secret_tree_free(&t);
}

TEST(a_leaf_outside_the_tree_has_no_keys) {
    struct mls_secret_tree t, nothing = {0};
    struct mls_message_key key;
    start(&t, NULL);
    CHECK_ERR(mls_secret_tree_peek(&t, LEAVES, APP, 0, &key), ERR_MLS_SENDER);
    CHECK_ERR(mls_secret_tree_peek(&t, UINT32_MAX, APP, 0, &key), ERR_MLS_SENDER);
    CHECK_ERR(mls_secret_tree_peek(&nothing, 0, APP, 0, &key), ERR_MLS_SENDER);
    mls_secret_tree_free(&t);
    mls_secret_tree_free(&nothing);
}

static void use_some(struct mls_secret_tree *t) {
    CHECK_OK(mls_secret_tree_consume(t, 5, APP, 3));
    CHECK_OK(mls_secret_tree_consume(t, 5, APP, 1));
    CHECK_OK(mls_secret_tree_consume(t, 0, MLS_RATCHET_HANDSHAKE, 0));
}

static void check_used_some(struct mls_secret_tree *t) {
    struct mls_secret_tree fresh;
    struct mls_message_key a, b;
    start(&fresh, NULL);
    CHECK_ERR(mls_secret_tree_peek(t, 5, APP, 3, &a), ERR_REPEAT);
    CHECK_ERR(mls_secret_tree_peek(t, 5, APP, 1, &a), ERR_REPEAT);
    uint32_t left[] = {0, 2, 4, 7};
    for (size_t i = 0; i < 4; i++) {
        CHECK_OK(mls_secret_tree_peek(t, 5, APP, left[i], &a));
        CHECK_OK(mls_secret_tree_peek(&fresh, 5, APP, left[i], &b));
        CHECK(same_key(&a, &b));
    }
    CHECK_OK(mls_secret_tree_peek(t, 7, MLS_RATCHET_HANDSHAKE, 2, &a));
    CHECK_OK(mls_secret_tree_peek(&fresh, 7, MLS_RATCHET_HANDSHAKE, 2, &b));
    CHECK(same_key(&a, &b));
    mls_secret_tree_free(&fresh);
}

TEST(a_copy_goes_its_own_way) {
    struct mls_secret_tree t, copy;
    struct mls_message_key key;
    start(&t, NULL);
    use_some(&t);
    CHECK_OK(mls_secret_tree_copy(&copy, &t));
    CHECK_OK(mls_secret_tree_consume(&t, 5, APP, 0));
    check_used_some(&copy);
    CHECK_ERR(mls_secret_tree_peek(&t, 5, APP, 0, &key), ERR_REPEAT);
    mls_secret_tree_free(&t);
    check_used_some(&copy);
    mls_secret_tree_free(&copy);
}

TEST(a_saved_tree_comes_back) {
    struct mls_secret_tree t, back;
    start(&t, NULL);
    use_some(&t);
    buf bytes = saved(&t);
    reader r = reader_of(buf_slice(&bytes));
    CHECK_OK(mls_secret_tree_read(&r, &back, suite(), &limits, NULL));
    CHECK_OK(reader_end(&r));
    check_used_some(&back);
    mls_secret_tree_free(&back);
    mls_secret_tree_free(&t);
    buf_free(&bytes);
}

TEST(a_damaged_save_is_refused) {
    struct mls_secret_tree t, back;
    start(&t, NULL);
    use_some(&t);
    buf bytes = saved(&t);
    for (size_t n = 0; n < bytes.n; n++) {
        reader r = reader_of(slice_of(bytes.p, n));
        CHECK_ERR(mls_secret_tree_read(&r, &back, suite(), &limits, NULL), ERR_DAMAGED);
        CHECK_EQ(r.n, n);
    }
    /* Each byte in turn: refused or read, never more than that. */
    for (size_t i = 0; i < bytes.n; i++) {
        bytes.p[i] ^= 0xff;
        reader r = reader_of(buf_slice(&bytes));
        if (mls_secret_tree_read(&r, &back, suite(), &limits, NULL) == OK)
            mls_secret_tree_free(&back);
        bytes.p[i] ^= 0xff;
    }
    mls_secret_tree_free(&t);
    buf_free(&bytes);
}

/* An allocator whose live blocks can be searched. */
enum { BLOCKS = 256 };
struct seen {
    struct mem mem;
    struct {
        uint8_t *p;
        size_t n;
    } block[BLOCKS];
};

static void *seen_resize(void *ctx, void *p, size_t old, size_t size) {
    struct seen *s = ctx;
    size_t i = 0;
    (void)old;
    while (i < BLOCKS && s->block[i].p != p)
        i++;
    CHECK(i < BLOCKS);
    void *to = size == 0 ? NULL : realloc(p, size);
    if (size == 0)
        free(p);
    s->block[i].p = to;
    s->block[i].n = size;
    return to;
}

static bool in_memory(const struct seen *s, const uint8_t *secret, size_t n) {
    for (size_t b = 0; b < BLOCKS; b++)
        for (size_t i = 0; i + n <= s->block[b].n; i++)
            if (memcmp(s->block[b].p + i, secret, n) == 0)
                return true;
    return false;
}

/* RFC 9420 s.9.2 */
TEST(used_secrets_are_erased) {
    struct seen s = {0};
    struct mls_secret_tree t;
    struct mls_message_key used, skipped;
    uint8_t root[32] = {1, 2, 3}, leaf[32], left[32];
    s.mem = (struct mem){seen_resize, &s};
    start(&t, &s.mem);
    CHECK(in_memory(&s, root, sizeof(root)));
    CHECK_OK(mls_secret_tree_peek(&t, 0, APP, 2, &used));
    CHECK_OK(mls_secret_tree_peek(&t, 0, APP, 1, &skipped));
    /* The leaf's secret made two ratchets, and each secret above made two below. */
    memcpy(leaf, root, sizeof(leaf));
    for (size_t level = 0; level < 3; level++) {
        CHECK(!in_memory(&s, leaf, sizeof(leaf)));
        CHECK_OK(mls_label_expand(suite(), SLICE_ARRAY(leaf), "tree", slice_str("left"), left, 32));
        memcpy(leaf, left, sizeof(leaf));
    }
    CHECK(!in_memory(&s, leaf, sizeof(leaf)));
    CHECK_OK(mls_secret_tree_consume(&t, 0, APP, 2));
    CHECK(!in_memory(&s, used.key, 32));
    CHECK(in_memory(&s, skipped.key, 32));
    CHECK_OK(mls_secret_tree_consume(&t, 0, APP, 1));
    CHECK(!in_memory(&s, skipped.key, 32));
    mls_secret_tree_free(&t);
}

static err a_life(const struct mem *mem) {
    uint8_t secret[CRYPTO_HASH_MAX] = {1, 2, 3};
    struct mls_secret_tree t, copy = {0}, back = {0};
    struct mls_message_key key;
    uint32_t generation;
    buf bytes = buf_on(mem);
    writer w = writer_on(&bytes);
    TRY(mls_secret_tree_init(&t, suite(), LEAVES, secret, &limits, mem));
    err e = mls_secret_tree_consume(&t, 5, APP, 3);
    if (e == OK)
        e = mls_secret_tree_consume(&t, 5, APP, 6);
    if (e == OK)
        e = mls_secret_tree_next(&t, 2, APP, &generation, &key);
    if (e == OK)
        e = mls_secret_tree_copy(&copy, &t);
    mls_secret_tree_write(&w, &t);
    if (e == OK)
        e = writer_result(&w);
    reader r = reader_of(buf_slice(&bytes));
    if (e == OK)
        e = mls_secret_tree_read(&r, &back, suite(), &limits, mem);
    mls_secret_tree_free(&back);
    mls_secret_tree_free(&copy);
    mls_secret_tree_free(&t);
    buf_free(&bytes);
    return e;
}

TEST(any_allocation_may_fail) {
    CHECK_OK(crypto_init());
    for (size_t n = 1;; n++) {
        struct support_mem m;
        support_mem_init(&m, n);
        err e = a_life(&m.mem);
        CHECK_EQ(m.blocks, 0);
        CHECK_EQ(m.dirty, 0);
        if (m.calls < n) {
            CHECK_OK(e);
            break;
        }
        CHECK_ERR(e, ERR_NO_MEMORY);
    }
}

TEST(a_failed_use_changes_nothing) {
    for (size_t n = 1;; n++) {
        struct support_mem m;
        struct mls_secret_tree t;
        support_mem_init(&m, 0);
        start(&t, &m.mem);
        use_some(&t);
        m.fail_at = m.calls + n;
        err e = mls_secret_tree_consume(&t, 5, APP, 9);
        m.fail_at = 0;
        if (e != OK) {
            CHECK_ERR(e, ERR_NO_MEMORY);
            check_used_some(&t);
        }
        mls_secret_tree_free(&t);
        CHECK_EQ(m.blocks, 0);
        if (e == OK)
            break;
    }
}

TEST_MAIN
