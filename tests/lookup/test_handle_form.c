/* The form of handles and what they look like. */
#include "lookup/handle_form.h"
#include "support.h"
#include "test.h"

static void has_form(const char *text, const char *expected) {
    buf form = {0}, again = {0};
    CHECK_OK(lookup_handle_form(slice_str(text), &form));
    CHECK_SLICE(buf_slice(&form), slice_str(expected));
    CHECK_OK(lookup_handle_form(buf_slice(&form), &again)); /* a form is its own */
    CHECK_SLICE(buf_slice(&again), buf_slice(&form));
    buf_free(&form);
    buf_free(&again);
}

static void has_none(const char *text, err why) {
    buf form = {0};
    CHECK_ERR(lookup_handle_form(slice_str(text), &form), why);
    CHECK_EQ(form.n, 0);
    buf_free(&form);
}

static void skeleton_of(const char *text, buf *skeleton) {
    buf form = {0};
    CHECK_OK(lookup_handle_form(slice_str(text), &form));
    buf_clear(skeleton);
    CHECK_OK(lookup_handle_skeleton(buf_slice(&form), skeleton));
    buf_free(&form);
}

static bool alike(const char *a, const char *b) {
    buf one = {0}, two = {0};
    skeleton_of(a, &one);
    skeleton_of(b, &two);
    bool same = slice_equal(buf_slice(&one), buf_slice(&two));
    buf_free(&one);
    buf_free(&two);
    return same;
}

/* ---- Mapping (RFC 8265 section 3.3) ---- */

TEST(capitals_become_small) {
    has_form("Juliet", "juliet");
    has_form("fussball", "fussball");
    has_form("Fu\u00DFball", "fu\u00DFball"); /* sharp s stays */
    has_form("\u0130stanbul", "i\u0307stanbul");
    has_form("\u0410\u041D\u041D\u0410", "\u0430\u043D\u043D\u0430");
}

TEST(a_capital_sigma_at_the_end_is_a_final_one) {
    has_form("\u03A3\u039F\u03A6\u039F\u03A3", "\u03C3\u03BF\u03C6\u03BF\u03C2");
    has_form("\u03C3\u03BF\u03C6\u03BF\u03C3", "\u03C3\u03BF\u03C6\u03BF\u03C3");
}

TEST(wide_and_narrow_letters_become_ordinary) {
    has_form("\uFF22\uFF4F\uFF42", "bob");
    has_form("\uFF76\uFF9E\uFF8A", "\u30AC\u30CF"); /* and their voice marks join */
    has_none("\uFF20\uFF20", ERR_MALFORMED);        /* a wide @ is still none */
}

TEST(forms_are_composed) {
    has_form("cafe\u0301", "caf\u00E9");
    has_form("\u212Bngstrom", "\u00E5ngstrom");
    has_form("xa\u0302\u0323", "x\u1EAD"); /* in whatever order they come */
}

/* ---- What is refused ---- */

TEST(only_letters_digits_and_three_signs) {
    has_form("a.b_c-1", "a.b_c-1");
    static const char *const bad[] = {
        "a b",      "a\tb",         "a/b",         "a@b",      "a:b",      "bob!",
        "a\x7f",    "a\u00A0b",     "a\u200Db",    "a\u200Cb", "a\u202Eb", "a\u00ADb",
        "\u2460a",  "\uFB01n",      "\u265Aa",     "\u00B5a",  "a\u2028b", "\u1100\u1161\u1112",
        "a\uFE0Fb", "\u0640\u0628", "a\U000E0061",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        has_none(bad[i], ERR_MALFORMED);
}

TEST(what_is_no_utf8_is_refused) {
    has_none("a\x80", ERR_MALFORMED);
    has_none("a\xC0\xAF", ERR_MALFORMED);
    has_none("a\xED\xA0\x80", ERR_MALFORMED);
    has_none("ab\xF4\x90\x80\x80", ERR_MALFORMED);
}

TEST(a_character_that_unicode_does_not_know_is_refused) {
    has_none("a\u0378", ERR_MALFORMED);
    has_none("a\uFFFF", ERR_MALFORMED);
    has_none("a\uE000", ERR_MALFORMED);
}

TEST(it_begins_with_a_letter_or_a_digit) {
    has_form("1a", "1a");
    has_none(".a", ERR_MALFORMED);
    has_none("-a", ERR_MALFORMED);
    has_none("_a", ERR_MALFORMED);
    has_none("\u0301a", ERR_MALFORMED);
}

TEST(length_is_counted_in_characters_of_the_form) {
    char text[4 * 40];
    has_none("", ERR_LENGTH);
    has_none("a", ERR_LENGTH);
    has_none("e\u0301", ERR_LENGTH);
    memset(text, 'a', sizeof text);
    text[HANDLE_MOST] = 0;
    has_form(text, text);
    text[HANDLE_MOST] = 'a';
    text[HANDLE_MOST + 1] = 0;
    has_none(text, ERR_TOO_LARGE);
    /* As long as a command line lets it be. */
    static char longest[100000];
    memset(longest, 'a', sizeof longest - 1);
    has_none(longest, ERR_TOO_LARGE);
}

TEST(marks_do_not_pile_up) {
    has_form("a\u0335\u0336\u0337\u0338", "a\u0335\u0336\u0337\u0338");
    has_none("a\u0335\u0336\u0337\u0338\u0334", ERR_MALFORMED);
    has_none("a\u0335\u0335", ERR_MALFORMED);
    has_none("\u00E9\u0301", ERR_MALFORMED); /* the one in the letter counts */
}

/* ---- Contexts (RFC 5892, appendix A) ---- */

TEST(some_signs_stand_only_where_they_are_written) {
    has_form("col\u00B7lega", "col\u00B7lega");
    has_none("co\u00B7lega", ERR_MALFORMED);
    has_none("l\u00B7", ERR_MALFORMED);
    has_form("\u0375\u03B1\u03B2", "\u0375\u03B1\u03B2");
    has_none("\u03B1\u03B2\u0375", ERR_MALFORMED);
    has_form("\u05D0\u05F3\u05D1", "\u05D0\u05F3\u05D1");
    has_none("\u05F3\u05D1", ERR_MALFORMED);
    has_form("\u30A2\u30FB\u30A2", "\u30A2\u30FB\u30A2");
    has_none("a\u30FBb", ERR_MALFORMED);
}

/* ---- Scripts (UTS 39 section 5) ---- */

TEST(mixed_scripts_are_refused) {
    has_none("p\u0430ypal", ERR_UNSUPPORTED); /* a Cyrillic a */
    has_none("sof\u03BF", ERR_UNSUPPORTED);
    has_none("taro\u592A\u90CE", ERR_UNSUPPORTED);
    has_none("\u03B1\u0431", ERR_UNSUPPORTED);
}

TEST(what_is_written_together_is_one) {
    has_form("\u592A\u90CE\u305F\u308D\u3046\u30BF", "\u592A\u90CE\u305F\u308D\u3046\u30BF");
    has_form("\u6F22\uD55C", "\u6F22\uD55C");
    has_form("\u6F22\u3105", "\u6F22\u3105");
    has_none("\u305F\uD55C", ERR_UNSUPPORTED);
    has_form("anna7", "anna7");
    has_form("\u0430\u043D\u043D\u0430.7", "\u0430\u043D\u043D\u0430.7");
}

TEST(digits_are_of_one_system) {
    has_form("\u0633\u0644\u0627\u0645\u0663\u0664", "\u0633\u0644\u0627\u0645\u0663\u0664");
    has_none("\u0633\u0644\u0627\u0645\u0663\u06F4", ERR_UNSUPPORTED);
    has_none("\u0915\u096A7", ERR_UNSUPPORTED);
}

/* ---- The Bidi Rule (RFC 5893) ---- */

TEST(directions_are_not_mixed) {
    has_form("\u05E9\u05DC\u05D5\u05DD", "\u05E9\u05DC\u05D5\u05DD");
    has_form("\u05E9\u05DC\u05D5\u05DD1", "\u05E9\u05DC\u05D5\u05DD1");
    has_none("1\u05E9\u05DC\u05D5\u05DD", ERR_MALFORMED);
    has_none("\u05E9\u05DC-", ERR_MALFORMED);             /* ends in a letter or a digit */
    has_form("\u05E9\u05DC\u05B0", "\u05E9\u05DC\u05B0"); /* marks after it apart */
    has_none("\u0663\u0664\u0633", ERR_MALFORMED);
}

/* ---- Skeletons (UTS 39 section 4) ---- */

TEST(names_that_look_alike_have_one_skeleton) {
    CHECK(alike("paypa", "\u0440\u0430\u0443\u0440\u0430")); /* all of it Cyrillic */
    CHECK(alike("scope", "\u0455\u0441\u043E\u0440\u0435"));
    CHECK(alike("modem", "rnodern"));
    CHECK(alike("bill", "bi11"));
    CHECK(alike("Caf\u00E9", "cafe\u0301"));
    CHECK(alike("BOB", "bob"));
    CHECK(!alike("bob", "rob"));
    CHECK(!alike("cafe", "caf\u00E9"));
}

/* Whatever bytes come, there is an answer, and a form has a skeleton. */
TEST(random_text_is_judged) {
    uint8_t text[24];
    for (uint32_t seed = 0; seed < 20000; seed++) {
        buf form = {0}, again = {0}, skeleton = {0};
        uint32_t x = seed * 2654435761u + 1;
        size_t n = 0;
        while (n + 4 < sizeof text && n < 2 + seed % 20) {
            x = x * 1664525u + 1013904223u;
            uint32_t point = (x >> 8) % (seed % 3 == 0 ? 0x80 : seed % 3 == 1 ? 0x800 : 0x10000);
            if (point < 0x80) {
                text[n++] = (uint8_t)point;
            } else if (point < 0x800) {
                text[n++] = (uint8_t)(0xC0 | point >> 6);
                text[n++] = (uint8_t)(0x80 | (point & 63));
            } else {
                text[n++] = (uint8_t)(0xE0 | point >> 12);
                text[n++] = (uint8_t)(0x80 | (point >> 6 & 63));
                text[n++] = (uint8_t)(0x80 | (point & 63));
            }
        }
        if (lookup_handle_form(slice_of(text, n), &form) == OK) {
            CHECK_OK(lookup_handle_form(buf_slice(&form), &again));
            CHECK_SLICE(buf_slice(&again), buf_slice(&form));
            CHECK_OK(lookup_handle_skeleton(buf_slice(&form), &skeleton));
        }
        buf_free(&form);
        buf_free(&again);
        buf_free(&skeleton);
    }
}

/* ---- The tables ---- */

TEST(the_tables_are_in_order) {
    for (size_t i = 0; i < handle_range_count; i++) {
        const struct handle_range *r = &handle_ranges[i];
        CHECK(r->count > 0 && (i == 0 || r->first >= r[-1].first + r[-1].count));
        CHECK(!r->digits || r->count == 10);
    }
    for (size_t i = 0; i < handle_look_count; i++)
        CHECK(handle_looks[i].n > 0 && (i == 0 || handle_looks[i].from > handle_looks[i - 1].from));
}

TEST_MAIN
