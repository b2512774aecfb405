#include "sys/form.h"

#include "tests/test.h"

/* ---- Fields ---- */

TEST(fields_are_read_with_their_escapes_undone) {
    slice form = slice_str("a=1&b+c=%41%2b%0d%0A&&empty=&alone&x=y=z");
    static const char *const EXPECTED[][2] = {
        {"a", "1"}, {"b c", "A+\r\n"}, {"empty", ""}, {"alone", ""}, {"x", "y=z"}};
    buf name = {0}, value = {0};
    for (size_t i = 0; i < sizeof EXPECTED / sizeof EXPECTED[0]; i++) {
        CHECK_OK(sys_form_next(&form, &name, &value));
        CHECK_SLICE(buf_slice(&name), slice_str(EXPECTED[i][0]));
        CHECK_SLICE(buf_slice(&value), slice_str(EXPECTED[i][1]));
    }
    CHECK_ERR(sys_form_next(&form, &name, &value), ERR_NOT_FOUND);
    buf_free(&name);
    buf_free(&value);
}

TEST(a_field_is_found_by_its_name_if_it_stands_there_once) {
    buf value = {0};
    CHECK_OK(sys_form_value(slice_str("x=1&why=be+cause&z"), "why", &value));
    CHECK_SLICE(buf_slice(&value), slice_str("be cause"));
    CHECK_ERR(sys_form_value(slice_str("x=1"), "y", &value), ERR_NOT_FOUND);
    CHECK_ERR(sys_form_value(SLICE_EMPTY, "y", &value), ERR_NOT_FOUND);
    CHECK_ERR(sys_form_value(slice_str("y=1&x&%79=2"), "y", &value), ERR_REPEAT);
    buf_free(&value);
}

TEST(a_broken_escape_is_malformed) {
    static const char *const BAD[] = {"a=%", "a=%4", "a=%4g", "a=%g4", "%=a", "a=1&b=%"};
    buf value = {0};
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++)
        CHECK_ERR(sys_form_value(slice_str(BAD[i]), "a", &value), ERR_MALFORMED);
    buf_free(&value);
}

/* ---- Cookies ---- */

TEST(a_cookie_is_found_by_its_name_if_it_stands_there_once) {
    slice value;
    CHECK_OK(sys_cookie_value(slice_str("other=1; __Host-desk=a=b ;x"), "__Host-desk", &value));
    CHECK_SLICE(value, slice_str("a=b"));
    CHECK_ERR(sys_cookie_value(slice_str("other=1"), "desk", &value), ERR_NOT_FOUND);
    CHECK_ERR(sys_cookie_value(slice_str("DESK=1"), "desk", &value), ERR_NOT_FOUND);
    CHECK_ERR(sys_cookie_value(SLICE_EMPTY, "desk", &value), ERR_NOT_FOUND);
    CHECK_ERR(sys_cookie_value(slice_str("desk=1; desk=2"), "desk", &value), ERR_REPEAT);
}

/* ---- Parts ---- */

#define TYPE "multipart/form-data; boundary=AaB03x"
#define PART "Content-Disposition: form-data; name="

/* What was told: "name|file|type:" or "name||type:" and the bytes, one after another. */
struct told {
    buf text;
    err answer;
};

static err told_part(void *ctx, const struct sys_form_part *part) {
    struct told *told = ctx;
    TRY(buf_append(&told->text, slice_str("[")));
    TRY(buf_append(&told->text, part->name));
    TRY(buf_append(&told->text, slice_str(part->file.p == NULL ? "||" : "|")));
    TRY(buf_append(&told->text, part->file));
    TRY(buf_append(&told->text, slice_str("|")));
    TRY(buf_append(&told->text, part->type));
    return buf_append(&told->text, slice_str("]"));
}

static err told_bytes(void *ctx, slice bytes) {
    struct told *told = ctx;
    TRY(told->answer);
    return buf_append(&told->text, bytes);
}

static const struct sys_form_sink SINK = {told_part, told_bytes};

/* step: bytes that are fed at a time. */
static err feed(struct told *told, const char *type, slice body, size_t step) {
    struct sys_multipart m;
    TRY(sys_multipart_init(&m, slice_str(type), &SINK, told));
    err e = OK;
    while (e == OK && body.n > 0) {
        size_t n = body.n < step ? body.n : step;
        e = sys_multipart_feed(&m, slice_of(body.p, n));
        body = slice_of(body.p + n, body.n - n);
    }
    if (e == OK)
        e = sys_multipart_end(&m);
    else
        CHECK_ERR(sys_multipart_feed(&m, slice_str("x")), e);
    sys_multipart_fini(&m);
    return e;
}

static void check_parts(const char *body, const char *expected) {
    for (size_t step = 1; step <= strlen(body); step++) {
        struct told told = {.answer = OK};
        CHECK_OK(feed(&told, TYPE, slice_str(body), step));
        CHECK_SLICE(buf_slice(&told.text), slice_str(expected));
        buf_free(&told.text);
    }
}

TEST(parts_are_told_however_they_are_cut) {
    check_parts("--AaB03x\r\n" PART "\"a\"\r\n\r\nwhat\r\n--AaB03\r\n\r\n"
                "--AaB03x\r\n" PART "\"f\"; filename=\"x y.pdf\"\r\nContent-Type: "
                "application/pdf\r\n\r\n%PDF\n\r\n"
                "--AaB03x\r\n" PART "\"\"\r\n\r\n\r\n--AaB03x--\r\n",
                "[a|||]what\r\n--AaB03\r\n[f|x y.pdf|application/pdf]%PDF\n[|||]");
    check_parts("--AaB03x\r\nX-Other: 1\r\n" PART "n\r\n\r\n\r\n--AaB03x--", "[n|||]");
    check_parts("--AaB03x--\r\n", "");
}

TEST(the_boundary_is_read_from_the_type) {
    static const char *const GOOD[] = {"multipart/form-data; boundary=\"a b:c\"",
                                       "Multipart/Form-Data;charset=utf-8; Boundary=\"a b:c\" "};
    static const char *const BAD[] = {
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=\"\"",
        "multipart/form-data; boundary=\"a",
        "multipart/form-data; boundary=\"a\"b",
        "multipart/form-data; boundary=a; boundary=b",
        "multipart/form-data; boundary=a\"",
        "multipart/form-data; boundary=\"a \"",
        "multipart/form-data; nothing",
        ("multipart/form-data; boundary="
         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
    };
    struct told told = {.answer = OK};
    for (size_t i = 0; i < sizeof GOOD / sizeof GOOD[0]; i++)
        CHECK_OK(feed(&told, GOOD[i], slice_str("--a b:c--"), 1));
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++)
        CHECK_ERR(feed(&told, BAD[i], slice_str("--a--"), 1), ERR_MALFORMED);
    CHECK_ERR(feed(&told, "multipart/mixed; boundary=a", slice_str("--a--"), 1), ERR_UNSUPPORTED);
    CHECK_ERR(feed(&told, "", slice_str("--a--"), 1), ERR_UNSUPPORTED);
}

TEST(parts_that_are_broken_are_refused) {
    static const struct {
        const char *body;
        err expected;
    } BAD[] = {
        {"", ERR_TRUNCATED},
        {"--AaB03x", ERR_TRUNCATED},
        {"--AaB03x\r\n" PART "a\r\n\r\nwhat", ERR_TRUNCATED},
        {"--AaB03x\r\n" PART "a\r\n\r\nwhat\r\n--AaB03x\r\n", ERR_TRUNCATED},
        {"--AaB03x\r\n" PART "a\r\n", ERR_TRUNCATED},
        {"before\r\n--AaB03x--\r\n", ERR_MALFORMED},
        {"--AaB03y--\r\n--AaB03x--", ERR_MALFORMED},
        {"--AaB03x--\r\nafter", ERR_TRAILING},
        {"--AaB03x--\r\n\r\n", ERR_TRAILING},
        {"--AaB03x--x", ERR_TRAILING},
        {"--AaB03x \r\n", ERR_MALFORMED},
        {"--AaB03x\n" PART "a\n\nwhat\n--AaB03x--\n", ERR_MALFORMED},
        {"--AaB03x\r\n\r\nwhat\r\n--AaB03x--", ERR_TRUNCATED},
        {"--AaB03x\r\n\r\n\r\n\r\nwhat\r\n--AaB03x--", ERR_MALFORMED},
        {"--AaB03x\r\nContent-Type: a\r\n\r\nwhat\r\n--AaB03x--", ERR_MALFORMED},
        {"--AaB03x\r\nContent-Disposition: form-data\r\n\r\nwhat\r\n--AaB03x--", ERR_MALFORMED},
        {"--AaB03x\r\nContent-Disposition: file; name=a\r\n\r\n\r\n--AaB03x--", ERR_MALFORMED},
        {"--AaB03x\r\n" PART "a\r\n" PART "b\r\n\r\n\r\n--AaB03x--", ERR_MALFORMED},
        {"--AaB03x\r\n" PART "a; name=b\r\n\r\n\r\n--AaB03x--", ERR_MALFORMED},
        {"--AaB03x\r\n" PART "\"a\r\n\r\n\r\n--AaB03x--", ERR_MALFORMED},
        {"--AaB03x\r\n" PART "\"a\"b\r\n\r\n\r\n--AaB03x--", ERR_MALFORMED},
        {"--AaB03x\r\nno colon\r\n" PART "a\r\n\r\n\r\n--AaB03x--", ERR_MALFORMED},
        {"--AaB03x\r\nX: \n\r\n" PART "a\r\n\r\n\r\n--AaB03x--", ERR_MALFORMED},
    };
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++)
        for (size_t step = 1; step < 200; step += 66) {
            struct told told = {.answer = OK};
            CHECK_ERR(feed(&told, TYPE, slice_str(BAD[i].body), step), BAD[i].expected);
            buf_free(&told.text);
        }
}

TEST(a_head_without_an_end_is_too_large) {
    struct told told = {.answer = OK};
    buf body = {0};
    CHECK_OK(buf_append(&body, slice_str("--AaB03x\r\n" PART "a\r\nX: ")));
    for (size_t i = 0; i < SYS_FORM_HEAD_MAX; i++)
        CHECK_OK(buf_append_byte(&body, 'x'));
    CHECK_ERR(feed(&told, TYPE, buf_slice(&body), 1000), ERR_TOO_LARGE);
    CHECK_EQ(told.text.n, 0);
    buf_free(&body);
}

TEST(what_the_sink_says_is_returned) {
    struct told told = {.answer = ERR_FULL};
    slice body = slice_str("--AaB03x\r\n" PART "a\r\n\r\nwhat\r\n--AaB03x--");
    CHECK_ERR(feed(&told, TYPE, body, 7), ERR_FULL);
    CHECK_SLICE(buf_slice(&told.text), slice_str("[a|||]"));
    buf_free(&told.text);
}

TEST_MAIN
