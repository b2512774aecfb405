#include "tests/test.h"

#include "base/text.h"
#include "tests/support.h"

TEST(a_hash_is_64_small_digits) {
    uint8_t bytes[32] = {0x00, 0x9f, 0xa0, 0xff};
    char text[HEX_TEXT];
    memset(text, 'x', sizeof text);
    bytes[31] = 0x1e;
    hex_text(bytes, text);
    CHECK_SLICE(slice_str(text), slice_str("009fa0ff000000000000000000000000"
                                           "0000000000000000000000000000001e"));
}

TEST(hex_goes_both_ways) {
    buf text = buf_on(NULL), bytes = buf_on(NULL);
    CHECK_OK(hex_encode(&text, slice_of("\x00\x7f\x80\xff", 4)));
    CHECK(slice_equal(buf_slice(&text), slice_str("007f80ff")));
    CHECK_OK(hex_decode(&bytes, slice_str("007F80fF")));
    CHECK(slice_equal(buf_slice(&bytes), slice_of("\x00\x7f\x80\xff", 4)));
    CHECK_OK(hex_decode(&bytes, SLICE_EMPTY));
    CHECK(bytes.n == 4);
    buf_free(&text);
    buf_free(&bytes);
}

TEST(bad_hex_is_refused_and_adds_nothing) {
    static const char *const BAD[] = {"0",    "0g",   "g0", "00 0", "0x00",
                                      "00zz", "00:0", "/0", "@0",   "`0"};
    buf b = buf_on(NULL);
    CHECK_OK(buf_append(&b, slice_str("before")));
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        CHECK_ERR(hex_decode(&b, slice_str(BAD[i])), ERR_MALFORMED);
        CHECK(slice_equal(buf_slice(&b), slice_str("before")));
    }
    buf_free(&b);
}

/* RFC 4648 section 10. */
TEST(base64_matches_the_published_examples) {
    static const char *const PAIRS[][2] = {{"", ""},
                                           {"f", "Zg=="},
                                           {"fo", "Zm8="},
                                           {"foo", "Zm9v"},
                                           {"foob", "Zm9vYg=="},
                                           {"fooba", "Zm9vYmE="},
                                           {"foobar", "Zm9vYmFy"}};
    for (size_t i = 0; i < sizeof(PAIRS) / sizeof(PAIRS[0]); i++) {
        buf text = buf_on(NULL), bytes = buf_on(NULL);
        CHECK_OK(base64_encode(&text, slice_str(PAIRS[i][0])));
        CHECK_SLICE(buf_slice(&text), slice_str(PAIRS[i][1]));
        CHECK_OK(base64_decode(&bytes, slice_str(PAIRS[i][1])));
        CHECK_SLICE(buf_slice(&bytes), slice_str(PAIRS[i][0]));
        buf_free(&text);
        buf_free(&bytes);
    }
}

TEST(base64_of_any_length_comes_back) {
    struct support_random r = {9};
    for (size_t n = 0; n < 70; n++) {
        uint8_t bytes[70];
        buf text = buf_on(NULL), back = buf_on(NULL);
        support_fill(&r, bytes, n);
        CHECK_OK(base64_encode(&text, slice_of(bytes, n)));
        CHECK_OK(base64_decode(&back, buf_slice(&text)));
        CHECK_SLICE(buf_slice(&back), slice_of(bytes, n));
        buf_free(&text);
        buf_free(&back);
    }
}

TEST(each_base64_text_means_one_thing) {
    static const char *const BAD[] = {"Zg",   "Zg=",  "Zh==", "Zm9=",   "Z===",  "====", "Zg==Zg==",
                                      "Zm 9", "Zm9-", "Zm9_", "Zm9v\n", "Zm9v=", "=Zm9"};
    buf b = buf_on(NULL);
    CHECK_OK(buf_append(&b, slice_str("before")));
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        CHECK_ERR(base64_decode(&b, slice_str(BAD[i])), ERR_MALFORMED);
        CHECK_SLICE(buf_slice(&b), slice_str("before"));
    }
    CHECK_ERR(base64_decode(&b, slice_of("Zm\0v", 4)), ERR_MALFORMED);
    buf_free(&b);
}

/* RFC 4648 section 10, lower case and without the padding. */
TEST(base32_matches_the_published_examples) {
    static const char *const PAIRS[][2] = {{"", ""},
                                           {"f", "my"},
                                           {"fo", "mzxq"},
                                           {"foo", "mzxw6"},
                                           {"foob", "mzxw6yq"},
                                           {"fooba", "mzxw6ytb"},
                                           {"foobar", "mzxw6ytboi"}};
    for (size_t i = 0; i < sizeof(PAIRS) / sizeof(PAIRS[0]); i++) {
        buf text = buf_on(NULL), bytes = buf_on(NULL);
        CHECK_OK(base32_encode(&text, slice_str(PAIRS[i][0])));
        CHECK(slice_equal(buf_slice(&text), slice_str(PAIRS[i][1])));
        CHECK_OK(base32_decode(&bytes, slice_str(PAIRS[i][1])));
        CHECK(slice_equal(buf_slice(&bytes), slice_str(PAIRS[i][0])));
        buf_free(&text);
        buf_free(&bytes);
    }
}

TEST(base32_of_any_length_comes_back) {
    struct support_random random = {5};
    uint8_t bytes[100];
    for (size_t n = 0; n <= sizeof(bytes); n++) {
        buf text = buf_on(NULL), back = buf_on(NULL);
        support_fill(&random, bytes, n);
        CHECK_OK(base32_encode(&text, slice_of(bytes, n)));
        CHECK(text.n == (n * 8 + 4) / 5);
        CHECK_OK(base32_decode(&back, buf_slice(&text)));
        CHECK(slice_equal(buf_slice(&back), slice_of(bytes, n)));
        buf_free(&text);
        buf_free(&back);
    }
}

TEST(each_base32_text_means_one_thing) {
    /* Lengths that no bytes have, bits that no byte holds, characters outside the alphabet. */
    static const char *const BAD[] = {"a",   "aaa", "aaaaaa", "mz", "mzxr",    "mzxw7",
                                      "my=", "m0",  "m1",     "m8", "mzxw6yr", "m y"};
    buf b = buf_on(NULL);
    CHECK_OK(buf_append(&b, slice_str("before")));
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        CHECK_ERR(base32_decode(&b, slice_str(BAD[i])), ERR_MALFORMED);
        CHECK(slice_equal(buf_slice(&b), slice_str("before")));
    }
    CHECK_OK(base32_decode(&b, slice_str("MZXW6")));
    CHECK(slice_equal(buf_slice(&b), slice_str("beforefoo")));
    buf_free(&b);
}

static void check_utf8(const char *text, size_t size, uint32_t expected) {
    uint32_t point = 0;
    CHECK_EQ(utf8_decode(slice_str(text), &point), size);
    CHECK_EQ(point, expected);
}

TEST(utf8_characters_have_a_length_and_a_code_point) {
    uint32_t point = 1;
    CHECK_EQ(utf8_decode(slice_of("\0", 1), &point), 1);
    CHECK_EQ(point, 0);
    check_utf8("\x7f", 1, 0x7f);
    check_utf8("\xc2\x80", 2, 0x80);
    check_utf8("\xdf\xbf", 2, 0x7ff);
    check_utf8("\xe0\xa0\x80 and more", 3, 0x800);
    check_utf8("\xed\x9f\xbf", 3, 0xd7ff);
    check_utf8("\xee\x80\x80", 3, 0xe000);
    check_utf8("\xef\xbf\xbf", 3, 0xffff);
    check_utf8("\xf0\x90\x80\x80", 4, 0x10000);
    check_utf8("\xf4\x8f\xbf\xbf", 4, 0x10ffff);
}

TEST(what_is_not_utf8_has_no_length) {
    static const char *const BAD[] = {"\x80",
                                      "\xbf",
                                      "\xff",
                                      "\xc0\x80",
                                      "\xc1\xbf",
                                      "\xe0\x9f\xbf",
                                      "\xed\xa0\x80",
                                      "\xed\xbf\xbf",
                                      "\xf0\x8f\xbf\xbf",
                                      "\xf4\x90\x80\x80",
                                      "\xf5\x80\x80\x80",
                                      "\xc2",
                                      "\xc2 ",
                                      "\xe2\x82",
                                      "\xe2\x82 ",
                                      "\xf0\x9f\x98",
                                      "\xf0\x9f\x98 "};
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++)
        check_utf8(BAD[i], 0, 0);
}

TEST(text_without_memory_is_reported) {
    err (*const functions[])(buf *, slice) = {hex_encode,    hex_decode,    base32_encode,
                                              base32_decode, base64_encode, base64_decode};
    for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
        struct support_mem m;
        support_mem_init(&m, 1);
        buf b = buf_on(&m.mem);
        CHECK_ERR(functions[i](&b, slice_str("aaaaaaaa")), ERR_NO_MEMORY);
        CHECK(b.n == 0 && m.blocks == 0);
    }
}

TEST(a_known_number_of_bytes_is_decoded_in_place) {
    uint8_t out[4] = {9, 9, 9, 9};
    CHECK_OK(hex_decode_to(out, 2, slice_str("00fF")));
    CHECK(out[0] == 0 && out[1] == 0xff && out[2] == 9);
    CHECK_ERR(hex_decode_to(out, 2, slice_str("0102f")), ERR_MALFORMED);
    CHECK_ERR(hex_decode_to(out, 2, slice_str("01")), ERR_MALFORMED);
    CHECK_ERR(hex_decode_to(out, 2, slice_str("010g")), ERR_MALFORMED);
    CHECK(out[0] == 0 && out[1] == 0xff && out[2] == 9);
    CHECK_OK(base64_decode_to(out, 3, slice_str("Zm9v")));
    CHECK(memcmp(out, "foo\x09", 4) == 0);
    /* As many characters, but fewer or more bytes. */
    CHECK_ERR(base64_decode_to(out, 3, slice_str("Zm8=")), ERR_MALFORMED);
    CHECK_ERR(base64_decode_to(out, 2, slice_str("Zm9v")), ERR_MALFORMED);
    CHECK_ERR(base64_decode_to(out, 3, slice_str("Zm9vZm9v")), ERR_MALFORMED);
    CHECK(memcmp(out, "foo\x09", 4) == 0);
    CHECK_OK(base64_decode_to(out, 0, SLICE_EMPTY));
}

TEST(numbers_have_one_decimal_form) {
    static const uint64_t numbers[] = {0, 1, 9, 10, 90, 12345, UINT64_MAX / 10, UINT64_MAX};
    static const char *const bad[] = {"",
                                      "00",
                                      "01",
                                      "+1",
                                      "-1",
                                      " 1",
                                      "1 ",
                                      "1a",
                                      "0x1",
                                      "18446744073709551616",
                                      "99999999999999999999"};
    uint64_t v;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        buf text = {0};
        CHECK_OK(decimal_encode(&text, numbers[i]));
        CHECK_OK(decimal_decode(buf_slice(&text), UINT64_MAX, &v));
        CHECK_EQ(v, numbers[i]);
        CHECK_OK(decimal_decode(buf_slice(&text), numbers[i], &v));
        if (numbers[i] > 0)
            CHECK_ERR(decimal_decode(buf_slice(&text), numbers[i] - 1, &v), ERR_MALFORMED);
        buf_free(&text);
    }
    v = 7;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        CHECK_ERR(decimal_decode(slice_str(bad[i]), UINT64_MAX, &v), ERR_MALFORMED);
    CHECK_EQ(v, 7);
}

TEST_MAIN
