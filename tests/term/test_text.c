/* What others wrote, on a terminal and in JSON. */
#include "term/line.h"
#include "term/text.h"
#include "test.h"

static void check_shown(const char *text, const char *expected) {
    buf out = {0};
    CHECK_OK(text_show(&out, slice_str(text)));
    CHECK_SLICE(buf_slice(&out), slice_str(expected));
    buf_free(&out);
}

static void check_lines(const char *text, const char *expected) {
    buf out = {0};
    CHECK_OK(text_show_lines(&out, slice_str(text), "| "));
    CHECK_SLICE(buf_slice(&out), slice_str(expected));
    buf_free(&out);
}

TEST(plain_text_of_any_script_is_shown_as_it_is) {
    check_shown("Grüße, 世界, שלום 👩‍👩‍👧",
                "Grüße, 世界, שלום 👩‍👩‍👧");
}

TEST(a_name_can_t_imitate_what_stands_around_it) {
    buf out = {0};
    CHECK_OK(text_show_name(&out, slice_str("bob: hi]\x1b"), ":]"));
    CHECK_SLICE(buf_slice(&out), slice_str("bob\\x3a hi\\x5d\\x1b"));
    buf_free(&out);
}

TEST(escape_sequences_are_shown_and_not_obeyed) {
    check_shown("\x1b[31mred\x1b]0;title\x07", "\\x1b[31mred\\x1b]0;title\\x07");
    check_shown("a\x7f", "a\\x7f");
}

TEST(c1_controls_are_shown_whether_utf8_or_bare_bytes) {
    check_shown("\xc2\x9b"
                "31m",
                "\\x9b31m");
    check_shown("\x9b"
                "31m",
                "\\x9b31m");
}

TEST(direction_marks_and_invisible_characters_are_shown) {
    check_shown("\u202eabc\u2066\u2069\u200f", "\\u202eabc\\u2066\\u2069\\u200f");
    check_shown("a\u200bb\ufeff\u2028\U000e0041", "a\\u200bb\\ufeff\\u2028\\ue0041");
}

TEST(what_is_not_utf8_is_shown_byte_by_byte) {
    check_shown("\xff\xc3", "\\xff\\xc3");
    check_shown("\xed\xa0\x80", "\\xed\\xa0\\x80");
    check_shown("\xc0\xaf\xf4\x90\x80\x80", "\\xc0\\xaf\\xf4\\x90\\x80\\x80");
}

TEST(a_name_stays_on_one_line) {
    check_shown("bob\n12:00 ann: hi\r\t", "bob\\n12:00 ann: hi\\r\\t");
}

TEST(later_lines_of_a_message_are_indented) {
    check_lines("one\ntwo\n\nfour\tfive", "one\n| two\n| \n| four\tfive");
    check_lines("one\rtwo", "one\\rtwo");
}

/* ---- Lines ---- */

struct got {
    buf bytes;
    int stream;
    bool full;
};

static err put(void *ctx, int stream, slice bytes) {
    struct got *got = ctx;
    if (got->full)
        return ERR_DISK_FULL;
    got->stream = stream;
    CHECK_OK(buf_append(&got->bytes, bytes));
    return OK;
}

TEST(an_object_is_one_line_with_its_fields_in_order) {
    struct got got = {0};
    struct out out = {.json = true, .put = put, .ctx = &got};
    struct line l = {0};
    uint8_t id[] = {0, 0xab};
    line_object(&l, "thing");
    line_num(&l, "n", UINT64_MAX);
    line_bool(&l, "yes", true);
    line_hex(&l, "id", SLICE_ARRAY(id));
    line_str(&l, "text", slice_str("two\nlines"));
    line_object_end(&l);
    line_end(&l, &out, OUT_NORMAL);
    CHECK_SLICE(
        buf_slice(&got.bytes),
        slice_str("{\"type\":\"thing\",\"n\":18446744073709551615,\"yes\":true,\"id\":\"00ab\","
                  "\"text\":\"two\\nlines\"}\n"));
    CHECK_EQ(got.stream, OUT_NORMAL);
    buf_free(&got.bytes);
}

TEST(a_line_that_could_not_be_built_is_not_printed) {
    struct got got = {0};
    struct out out = {.put = put, .ctx = &got};
    struct line l = {0};
    char wide[2048];
    memset(wide, 'x', sizeof wide);
    wide[sizeof wide - 1] = '\0';
    line_add(&l, "%s", wide);
    line_end(&l, &out, OUT_NORMAL);
    CHECK_EQ(got.bytes.n, 0);
    CHECK_EQ(l.json.e, OK);
    CHECK_ERR(out.failed, ERR_TOO_LARGE);
}

TEST(after_output_failed_nothing_more_is_printed) {
    struct got got = {.full = true};
    struct out out = {.put = put, .ctx = &got};
    struct line l = {0};
    line_add(&l, "one");
    line_end(&l, &out, OUT_NORMAL);
    CHECK_ERR(out.failed, ERR_DISK_FULL);
    got.full = false;
    line_add(&l, "two");
    line_end(&l, &out, OUT_NORMAL);
    CHECK_EQ(got.bytes.n, 0);
    line_add(&l, "trouble");
    line_end(&l, &out, OUT_TROUBLE);
    CHECK_SLICE(buf_slice(&got.bytes), slice_str("trouble\n"));
    buf_free(&got.bytes);
}

TEST_MAIN
