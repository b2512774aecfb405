#include "tests/test.h"

#include "base/slice.h"
#include "tests/support.h"

TEST(slices_compare_by_bytes_then_by_length) {
    CHECK(slice_compare(slice_str("abc"), slice_str("abc")) == 0);
    CHECK(slice_compare(slice_str("ab"), slice_str("abc")) < 0);
    CHECK(slice_compare(slice_str("abd"), slice_str("abc")) > 0);
    CHECK(slice_compare(slice_str("b"), slice_str("abc")) > 0);
    CHECK(slice_compare(SLICE_EMPTY, slice_str("")) == 0);
    CHECK(slice_compare(SLICE_EMPTY, slice_str("a")) < 0);
    CHECK(slice_compare(slice_str("\xff"), slice_str("\x01")) > 0);
    CHECK(slice_equal(SLICE_EMPTY, slice_str("")));
    CHECK(!slice_equal(slice_str("a"), slice_str("b")));
}

TEST(what_a_slice_begins_with_is_skipped_or_nothing_is) {
    slice s = slice_str("old 12");
    CHECK(slice_skip(&s, SLICE_EMPTY));
    CHECK(!slice_skip(&s, slice_str("older")));
    CHECK(!slice_skip(&s, slice_str("old 123")));
    CHECK_SLICE(s, slice_str("old 12"));
    CHECK(slice_skip(&s, slice_str("old ")));
    CHECK_SLICE(s, slice_str("12"));
    CHECK(slice_skip(&s, slice_str("12")));
    CHECK(s.n == 0 && !slice_skip(&s, slice_str("1")));
    s = SLICE_EMPTY;
    CHECK(slice_skip(&s, SLICE_EMPTY) && !slice_skip(&s, slice_str("1")));
}

TEST(a_slice_is_cut_at_a_character) {
    slice s = slice_str("a,,b");
    CHECK_SLICE(slice_until(&s, ','), slice_str("a"));
    CHECK_SLICE(s, slice_str(",b"));
    CHECK_SLICE(slice_until(&s, ','), SLICE_EMPTY);
    CHECK_SLICE(slice_until(&s, ','), slice_str("b"));
    CHECK(s.n == 0);
    CHECK_SLICE(slice_until(&s, ','), SLICE_EMPTY);
    s = slice_str("a,");
    CHECK_SLICE(slice_until(&s, ','), slice_str("a"));
    CHECK(s.n == 0);
}

TEST(a_line_has_an_end) {
    slice s = slice_str("one\n\ntwo"), line;
    CHECK(slice_line(&s, &line));
    CHECK_SLICE(line, slice_str("one"));
    CHECK(slice_line(&s, &line) && line.n == 0);
    CHECK(!slice_line(&s, &line));
    CHECK_SLICE(s, slice_str("two"));
    s = SLICE_EMPTY;
    CHECK(!slice_line(&s, &line));
}

TEST(a_zero_buf_is_empty_and_usable) {
    buf b = {0};
    CHECK_OK(buf_append(&b, slice_str("hello")));
    CHECK_OK(buf_append(&b, SLICE_EMPTY));
    CHECK_OK(buf_append_byte(&b, '!'));
    CHECK(slice_equal(buf_slice(&b), slice_str("hello!")));
    buf_free(&b);
    CHECK(b.p == NULL && b.n == 0 && b.cap == 0);
    buf_free(&b);
}

TEST(growing_is_geometric) {
    struct support_mem m;
    support_mem_init(&m, 0);
    buf b = buf_on(&m.mem);
    for (size_t i = 0; i < 100000; i++)
        CHECK_OK(buf_append_byte(&b, (uint8_t)i));
    CHECK(m.calls < 20);
    for (size_t i = 0; i < 100000; i++)
        CHECK(b.p[i] == (uint8_t)i);
    buf_free(&b);
    CHECK(m.blocks == 0 && m.dirty == 0);
}

TEST(a_length_that_overflows_is_no_memory) {
    buf b = buf_on(NULL);
    CHECK_OK(buf_append(&b, slice_str("x")));
    CHECK_ERR(buf_reserve(&b, SIZE_MAX), ERR_NO_MEMORY);
    CHECK_ERR(buf_reserve(&b, SIZE_MAX - 1), ERR_NO_MEMORY);
    CHECK_ERR(buf_resize(&b, SIZE_MAX), ERR_NO_MEMORY);
    CHECK(slice_equal(buf_slice(&b), slice_str("x")));
    buf_free(&b);
}

TEST(set_replaces_the_content) {
    struct support_mem m;
    support_mem_init(&m, 0);
    buf b = buf_on(&m.mem);
    CHECK_OK(buf_set(&b, slice_str("a long first content")));
    CHECK_OK(buf_set(&b, slice_str("short")));
    CHECK(slice_equal(buf_slice(&b), slice_str("short")));
    for (size_t i = b.n; i < 20; i++)
        CHECK(b.p[i] == 0); /* the end of the longer one is wiped */
    CHECK_OK(buf_set(&b, SLICE_EMPTY));
    CHECK(b.n == 0);
    buf_free(&b);
    CHECK(m.blocks == 0 && m.dirty == 0);
}

TEST(resize_zeroes_what_is_new_and_wipes_what_goes) {
    buf b = buf_on(NULL);
    CHECK_OK(buf_append(&b, slice_str("abcdef")));
    CHECK_OK(buf_resize(&b, 2));
    CHECK_OK(buf_resize(&b, 8));
    CHECK(slice_equal(buf_slice(&b), slice_of("ab\0\0\0\0\0\0", 8)));
    CHECK_OK(buf_resize(&b, 0));
    CHECK(b.n == 0 && b.p[0] == 0);
    buf_free(&b);
}

TEST(consume_drops_from_the_front) {
    buf b = buf_on(NULL);
    buf_consume(&b, 0);
    CHECK_OK(buf_append(&b, slice_str("abcdef")));
    buf_consume(&b, 4);
    CHECK(slice_equal(buf_slice(&b), slice_str("ef")));
    CHECK(b.p[2] == 0 && b.p[5] == 0);
    buf_consume(&b, 2);
    CHECK(b.n == 0);
    buf_free(&b);
}

TEST(clear_wipes_and_keeps_the_memory) {
    buf b = buf_on(NULL);
    CHECK_OK(buf_append(&b, slice_str("secret")));
    uint8_t *p = b.p;
    buf_clear(&b);
    CHECK(b.n == 0 && b.p == p);
    for (size_t i = 0; i < 6; i++)
        CHECK(p[i] == 0);
    buf_free(&b);
    buf_clear(&b);
}

TEST(move_hands_the_bytes_over) {
    struct support_mem m, other;
    support_mem_init(&m, 0);
    support_mem_init(&other, 0);
    buf from = buf_on(&m.mem), to = buf_on(&other.mem);
    CHECK_OK(buf_append(&from, slice_str("new")));
    CHECK_OK(buf_append(&to, slice_str("old")));
    buf_move(&to, &from);
    CHECK(slice_equal(buf_slice(&to), slice_str("new")));
    CHECK(from.n == 0 && from.p == NULL && from.mem == &m.mem);
    CHECK(other.blocks == 0 && other.dirty == 0);
    buf_move(&to, &to);
    CHECK(slice_equal(buf_slice(&to), slice_str("new")));
    buf_free(&to);
    CHECK(m.blocks == 0 && m.dirty == 0);
}

/* A row of operations that grows several times; returns the first error. */
static err busy(buf *b) {
    TRY(buf_append(b, slice_str("0123456789")));
    TRY(buf_reserve(b, 100));
    TRY(buf_resize(b, 300));
    TRY(buf_set(b, slice_of(b->mem, sizeof(*b->mem))));
    for (int i = 0; i < 2000; i++)
        TRY(buf_append_byte(b, (uint8_t)i));
    return OK;
}

TEST(every_failing_allocation_leaves_a_valid_buf) {
    size_t failures = 0;
    for (size_t n = 1;; n++) {
        struct support_mem m;
        support_mem_init(&m, n);
        buf b = buf_on(&m.mem);
        err e = busy(&b);
        CHECK(b.n <= b.cap);
        buf_free(&b);
        CHECK(m.blocks == 0 && m.dirty == 0);
        if (e == OK)
            break;
        CHECK(e == ERR_NO_MEMORY);
        failures++;
    }
    CHECK(failures >= 4);
}

TEST(a_failed_reserve_leaves_the_content) {
    struct support_mem m;
    support_mem_init(&m, 2);
    buf b = buf_on(&m.mem);
    CHECK_OK(buf_append(&b, slice_str("kept")));
    CHECK_ERR(buf_reserve(&b, 10000), ERR_NO_MEMORY);
    CHECK(slice_equal(buf_slice(&b), slice_str("kept")));
    buf_free(&b);
    CHECK(m.blocks == 0 && m.dirty == 0);
}

TEST(what_is_borrowed_is_neither_freed_nor_changed) {
    uint8_t owner[] = "owner";
    buf b = {.p = owner, .n = 0};
    CHECK_OK(buf_append(&b, slice_str("own")));
    CHECK(b.p != owner);
    buf_free(&b);
    b = (buf){.p = owner, .n = 5};
    CHECK_ERR(buf_set(&b, slice_str("new")), ERR_BUG);
    CHECK_ERR(buf_append(&b, slice_str("new")), ERR_BUG);
    CHECK_ERR(buf_resize(&b, 3), ERR_BUG);
    buf_consume(&b, 2);
    CHECK_SLICE(buf_slice(&b), slice_str("ner"));
    buf_clear(&b);
    CHECK_SLICE(slice_of(owner, 5), slice_str("owner"));
    buf_free(&b);
}

TEST_MAIN
