/* A text that is being typed. */
#include "term/edit.h"
#include "test.h"

static void type(struct edit *e, const uint32_t *points) {
    for (; *points != 0; points++)
        CHECK_OK(edit_insert(e, *points));
}

static void check(const struct edit *e, const char *before, const char *behind) {
    CHECK_SLICE(slice_of(e->text.p, e->at), slice_str(before));
    CHECK_SLICE(slice_of(e->text.p + e->at, e->text.n - e->at), slice_str(behind));
}

TEST(what_is_typed_goes_where_the_cursor_is) {
    struct edit e = {0};
    type(&e, (const uint32_t[]){'a', 0xe9, 0x4e16, 0x1f469, 0});
    check(&e, "aé世👩", "");
    edit_left(&e);
    edit_left(&e);
    type(&e, (const uint32_t[]){'x', 0});
    check(&e, "aéx", "世👩");
    edit_right(&e);
    check(&e, "aéx世", "👩");
    edit_free(&e);
}

TEST(a_character_goes_with_the_marks_over_it) {
    struct edit e = {0};
    CHECK_OK(edit_set(&e, slice_str("ae\u0301b")));
    edit_left(&e);
    check(&e, "ae\u0301", "b");
    edit_left(&e);
    check(&e, "a", "e\u0301b");
    edit_right(&e);
    edit_back(&e);
    check(&e, "a", "b");
    edit_back(&e);
    edit_back(&e);
    check(&e, "", "b");
    edit_delete(&e);
    edit_delete(&e);
    check(&e, "", "");
    edit_free(&e);
}

TEST(nothing_that_a_terminal_might_obey_is_typed) {
    struct edit e = {0};
    CHECK_ERR(edit_insert(&e, 0x1b), ERR_MALFORMED);
    CHECK_ERR(edit_insert(&e, 0x9b), ERR_MALFORMED);
    CHECK_ERR(edit_insert(&e, 0x202e), ERR_MALFORMED);
    CHECK_ERR(edit_insert(&e, 0x110000), ERR_MALFORMED);
    check(&e, "", "");
}

TEST(words_and_lines_are_erased) {
    struct edit e = {0};
    CHECK_OK(edit_set(&e, slice_str("one two\nthree  four")));
    edit_back_word(&e);
    check(&e, "one two\nthree  ", "");
    edit_back_word(&e);
    check(&e, "one two\n", "");
    CHECK_OK(edit_set(&e, slice_str("one two\nthree four")));
    edit_word_left(&e);
    edit_back_line(&e);
    check(&e, "one two\n", "four");
    edit_cut(&e);
    check(&e, "one two\n", "");
    edit_left(&e);
    edit_home(&e);
    check(&e, "", "one two\n");
    edit_word_right(&e);
    check(&e, "one", " two\n");
    edit_end(&e);
    check(&e, "one two", "\n");
    edit_free(&e);
}

TEST(the_cursor_goes_up_and_down_as_lines_are_shown) {
    struct edit e = {0};
    unsigned row, column;
    slice line;
    CHECK_OK(edit_set(&e, slice_str("abcdefgh\nij\n")));
    CHECK_EQ(edit_rows(&e, 5), 4);
    edit_place(&e, 5, &row, &column);
    CHECK_EQ(row, 3);
    CHECK_EQ(column, 0);
    CHECK(edit_row(&e, 5, 1, &line));
    CHECK_SLICE(line, slice_str("fgh"));
    CHECK(edit_row(&e, 5, 3, &line));
    CHECK_EQ(line.n, 0);
    CHECK(!edit_row(&e, 5, 4, &line));
    CHECK(!edit_down(&e, 5));
    CHECK(edit_up(&e, 5));
    edit_end(&e);
    check(&e, "abcdefgh\nij", "\n");
    CHECK(edit_up(&e, 5));
    check(&e, "abcdefg", "h\nij\n");
    CHECK(edit_up(&e, 5));
    check(&e, "ab", "cdefgh\nij\n");
    CHECK(!edit_up(&e, 5));
    CHECK(edit_down(&e, 5));
    check(&e, "abcdefg", "h\nij\n");
    edit_free(&e);
}

TEST(an_empty_text_has_one_row) {
    struct edit e = {0};
    unsigned row, column;
    CHECK_EQ(edit_rows(&e, 5), 1);
    edit_place(&e, 5, &row, &column);
    CHECK_EQ(row, 0);
    CHECK_EQ(column, 0);
    CHECK(!edit_up(&e, 5));
    CHECK(!edit_down(&e, 5));
}

TEST_MAIN
