#include "tests/test.h"

#include "desk/html.h"

static buf out;
static struct html h;

static void begin(void) {
    buf_free(&out);
    html_init(&h, &out);
}

static void wrote(const char *expected) {
    CHECK_OK(html_result(&h));
    CHECK_SLICE(buf_slice(&out), slice_str(expected));
}

TEST(elements_are_opened_and_closed) {
    begin();
    html_doctype(&h);
    html_open(&h, "p", "class", "note", NULL);
    html_string(&h, "a");
    html_void(&h, "br", NULL);
    html_element(&h, "b", slice_str("c"), "id", "x", NULL);
    html_close(&h);
    html_open(&h, "p", NULL);
    html_close(&h);
    wrote("<!doctype html>\n<p class=\"note\">a<br><b id=\"x\">c</b></p><p></p>");
}

TEST(text_and_attributes_are_escaped) {
    begin();
    html_open(&h, "p", "title", "\"><script>alert('1')</script>&", NULL);
    html_attr(&h, "data-x", slice_str("a\"b"));
    html_string(&h, "</p><script>alert(\"1\")</script>&amp;");
    html_close(&h);
    wrote("<p title=\"&quot;&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;\""
          " data-x=\"a&quot;b\">&lt;/p&gt;&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;"
          "&amp;amp;</p>");
}

TEST(what_could_mislead_is_shown_by_its_number) {
    begin();
    html_open(&h, "p", NULL);
    html_text(&h, slice_of("a\x00"
                           "b\x1b[0m\r\n\t\xff\xc3(\xe2\x80\xae\xf3\xa0\x80\x81\xe9\xa6\x99",
                           23));
    html_close(&h);
    wrote("<p>aU+0000bU+001B[0mU+000D\n\t\\xFF\\xC3(U+202EU+0E0001\xe9\xa6\x99</p>");
}

TEST(an_attribute_without_value_is_left_out_and_none_comes_late) {
    begin();
    html_void(&h, "input", "name", "a", "value", NULL, "type", "text", NULL);
    html_attr(&h, "checked", SLICE_EMPTY);
    html_attr_number(&h, "maxlength", 64);
    html_string(&h, "x");
    wrote("<input name=\"a\" type=\"text\" checked=\"\" maxlength=\"64\">x");
    html_attr(&h, "id", slice_str("late"));
    CHECK_ERR(html_result(&h), ERR_BUG);
}

TEST(the_first_line_of_a_pre_stays_though_it_is_empty) {
    begin();
    html_element(&h, "pre", slice_str("\n\na"), NULL);
    html_element(&h, "textarea", slice_str("\nb"), "name", "t", NULL);
    html_element(&h, "p", slice_str("\nc"), NULL);
    wrote("<pre>\n\n\na</pre><textarea name=\"t\">\n\nb</textarea><p>\nc</p>");
}

TEST(addresses_lead_to_ourselves_or_to_https) {
    static const char *const GOOD[] = {"/", "/case/7?x=1&y=2", "#main", "https://example.org/"};
    static const char *const BAD[] = {
        "javascript:alert(1)", "",   "//example.org", "/\\example.org", "http://example.org",
        "data:text/html,x",    " /", "case/7",        "JAVASCRIPT:x"};
    for (size_t i = 0; i < sizeof(GOOD) / sizeof(GOOD[0]); i++) {
        begin();
        html_element(&h, "a", slice_str("x"), "href", GOOD[i], NULL);
        CHECK_OK(html_result(&h));
    }
    static const char *const WHERE[] = {"href", "src", "action", "formaction"};
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++)
        for (size_t j = 0; j < 4; j++) {
            begin();
            html_element(&h, "a", slice_str("x"), WHERE[j], BAD[i], NULL);
            CHECK_ERR(html_result(&h), ERR_BUG);
        }
}

TEST(script_and_style_are_never_written_into_a_page) {
    static const char *const ATTRIBUTES[] = {"onclick", "onerror", "style", "srcdoc"};
    for (size_t i = 0; i < sizeof(ATTRIBUTES) / sizeof(ATTRIBUTES[0]); i++) {
        begin();
        html_element(&h, "p", SLICE_EMPTY, ATTRIBUTES[i], "x", NULL);
        CHECK_ERR(html_result(&h), ERR_BUG);
    }
    static const char *const ELEMENTS[] = {"script", "style"};
    for (size_t i = 0; i < 2; i++) {
        begin();
        html_element(&h, ELEMENTS[i], slice_str("x"), NULL);
        CHECK_ERR(html_result(&h), ERR_BUG);
    }
    begin();
    html_element(&h, "script", SLICE_EMPTY, "src", "/desk.js", "type", "module", NULL);
    CHECK_OK(html_result(&h));
}

TEST(what_is_left_open_or_closed_twice_or_too_deep_is_a_mistake) {
    begin();
    html_open(&h, "p", NULL);
    html_string(&h, "x");
    CHECK_ERR(html_result(&h), ERR_BUG);
    html_close(&h);
    CHECK_OK(html_result(&h));
    html_close(&h);
    CHECK_ERR(html_result(&h), ERR_BUG);
    begin();
    for (int i = 0; i <= HTML_DEPTH; i++)
        html_open(&h, "div", NULL);
    CHECK_ERR(html_result(&h), ERR_BUG);
}

TEST(a_failure_stays_and_nothing_is_written_after_it) {
    begin();
    html_open(&h, "p", NULL);
    html_fail(&h, ERR_NO_MEMORY);
    html_fail(&h, ERR_IO);
    size_t n = out.n;
    html_string(&h, "x");
    html_close(&h);
    CHECK_ERR(html_result(&h), ERR_NO_MEMORY);
    CHECK_EQ(out.n, n);
    buf_free(&out);
}

TEST_MAIN
