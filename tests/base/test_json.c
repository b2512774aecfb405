#include "base/json.h"

#include "tests/test.h"

static void check_string(slice text, const char *expected) {
    buf out = {0};
    CHECK_OK(json_string(&out, text));
    CHECK_SLICE(buf_slice(&out), slice_str(expected));
    buf_free(&out);
}

TEST(a_string_escapes_what_json_and_terminals_mind) {
    check_string(slice_str("a\"b\\c\n\t\r\x01"), "\"a\\\"b\\\\c\\n\\t\\u000d\\u0001\"");
    check_string(slice_str("\x1b\x7f\u202e\u2028"), "\"\\u001b\\u007f\\u202e\\u2028\"");
    check_string(slice_of("a\0b", 3), "\"a\\u0000b\"");
    check_string(slice_str("é世👍"), "\"é世👍\"");
    check_string(slice_str("\U000e0041"), "\"\\udb40\\udc41\"");
}

TEST(a_string_of_what_is_not_utf8_is_still_json) {
    check_string(slice_str("\xff"
                           "a\xe4\xb8"),
                 "\"\\ufffda\\ufffd\\ufffd\"");
}

TEST(objects_and_arrays_stand_in_each_other) {
    struct json j = {0};
    uint8_t id[] = {0, 0xab};
    json_object(&j, "thing");
    json_num(&j, "n", UINT64_MAX);
    json_name(&j, "list");
    json_array(&j);
    json_object(&j, NULL);
    json_bool(&j, "yes", true);
    json_null(&j, "none");
    json_object_end(&j);
    json_object(&j, NULL);
    json_object_end(&j);
    json_hex(&j, NULL, SLICE_ARRAY(id));
    json_base64(&j, NULL, SLICE_ARRAY(id));
    json_array_end(&j);
    json_name(&j, "empty");
    json_array(&j);
    json_array_end(&j);
    json_str(&j, "text", slice_str("two\nlines"));
    json_object_end(&j);
    CHECK_OK(j.e);
    CHECK_SLICE(buf_slice(&j.b),
                slice_str("{\"type\":\"thing\",\"n\":18446744073709551615,\"list\":["
                          "{\"yes\":true,\"none\":null},{},\"00ab\",\"AKs=\"],\"empty\":[],"
                          "\"text\":\"two\\nlines\"}"));
    buf_free(&j.b);
}

TEST_MAIN
