/* Lines of text in columns, and what is found in them. */
#include "term/text.h"
#include "term/wrap.h"
#include "test.h"

static void check_line(const char *text, unsigned columns, bool words, const char *line,
                       const char *rest) {
    size_t next;
    slice s = slice_str(text);
    size_t n = wrap_line(s, columns, words, &next);
    CHECK_SLICE(slice_of(s.p, n), slice_str(line));
    CHECK_SLICE(slice_of(s.p + next, s.n - next), slice_str(rest));
}

TEST(a_line_ends_at_a_space_that_is_in_neither) {
    check_line("one two three", 9, true, "one two", "three");
    check_line("one two three", 7, true, "one two", "three");
    check_line("one two", 7, true, "one two", "");
    check_line("onetwothree", 6, true, "onetwo", "three");
    check_line("one two", 5, false, "one t", "wo");
}

TEST(a_newline_ends_a_line) {
    check_line("a\nb", 9, true, "a", "b");
    check_line("\n\n", 9, true, "", "\n");
    check_line("abc\nd", 3, false, "abc", "d");
}

TEST(wide_characters_take_two_columns_and_marks_none) {
    CHECK_EQ(wrap_width(slice_str("世界")), 4);
    CHECK_EQ(wrap_width(slice_str("e\u0301")), 1);
    CHECK_EQ(wrap_width(slice_str("\U0001f469\u200d\U0001f467")), 4);
    check_line("世界", 3, true, "世", "界");
    check_line("ae\u0301b", 2, true, "ae\u0301", "b");
}

TEST(something_is_taken_even_where_nothing_fits) {
    check_line("世界", 1, true, "世", "界");
    check_line("\xff\xff", 1, true, "\xff", "\xff");
}

TEST(what_is_looked_for_is_found_in_either_case) {
    CHECK(text_has(slice_str("Shall we READ?"), slice_str("read")));
    CHECK(text_has(slice_str("Grüße"), slice_str("RÜ") /* of ASCII alone */) == false);
    CHECK(text_has(slice_str("abc"), SLICE_EMPTY));
    CHECK(!text_has(slice_str("ab"), slice_str("abc")));
    CHECK(!text_has(slice_str("a[b"), slice_str("a{b")));
}

TEST_MAIN
