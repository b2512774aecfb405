/* Deterministic CBOR: what is not in its shortest form is refused. */
#include "core/cbor.h"
#include "support.h"
#include "test.h"

static void check(const char *hex, err expected) {
    uint8_t bytes[128];
    size_t n = strlen(hex) / 2;
    support_hex(bytes, n, hex);
    reader r = reader_of(slice_of(bytes, n));
    slice whole;
    CHECK_ERR(core_cbor_skip(&r, &whole), expected);
    CHECK_EQ(r.n, expected == OK ? 0 : n);
}

TEST(every_kind_is_read) {
    check("00", OK);
    check("17", OK);
    check("1818", OK);
    check("190100", OK);
    check("1a00010000", OK);
    check("1b0000000100000000", OK);
    check("20", OK);
    check("40", OK);
    check("43010203", OK);
    check("6161", OK);
    check("80", OK);
    check("83010203", OK);
    check("a0", OK);
    check("a2010a020b", OK);
    check("f4", OK);
    check("f5", OK);
    check("f6", OK);
}

TEST(longer_forms_than_needed_are_refused) {
    check("1800", ERR_MALFORMED);
    check("1817", ERR_MALFORMED);
    check("1900ff", ERR_MALFORMED);
    check("1a0000ffff", ERR_MALFORMED);
    check("1b00000000ffffffff", ERR_MALFORMED);
    check("580161", ERR_MALFORMED);
}

TEST(what_is_not_deterministic_or_not_needed_is_refused) {
    check("5f4101ff", ERR_MALFORMED);   /* indefinite bytes */
    check("9f01ff", ERR_MALFORMED);     /* indefinite array */
    check("c100", ERR_MALFORMED);       /* a tag */
    check("f7", ERR_MALFORMED);         /* undefined */
    check("f93c00", ERR_MALFORMED);     /* a half */
    check("f800", ERR_MALFORMED);       /* a long simple value */
    check("a202010102", ERR_MALFORMED); /* keys out of order */
    check("a201010102", ERR_MALFORMED); /* a key twice */
    check("1c", ERR_MALFORMED);         /* reserved */
}

TEST(what_ends_early_is_refused) {
    check("", ERR_TRUNCATED);
    check("19", ERR_TRUNCATED);
    check("4301", ERR_TRUNCATED);
    check("5bffffffffffffffff", ERR_TRUNCATED);
    check("8301", ERR_TRUNCATED);
    check("9bffffffffffffffff", ERR_TRUNCATED);
    check("bbffffffffffffffff", ERR_TRUNCATED);
}

TEST(depth_is_bounded) {
    check("818181818181818181818181818180", OK);
    check("81818181818181818181818181818181818180", ERR_TOO_LARGE);
}

TEST(what_is_written_is_read) {
    static const uint64_t values[] = {0,     23,    24,         255,        256,
                                      65535, 65536, UINT32_MAX, 1ull << 32, UINT64_MAX};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        buf b = {0};
        writer w = writer_on(&b);
        uint64_t value;
        core_cbor_write(&w, CBOR_UINT, values[i]);
        CHECK_OK(writer_result(&w));
        reader r = reader_of(buf_slice(&b));
        CHECK_OK(core_cbor_read_uint(&r, UINT64_MAX, &value));
        CHECK(value == values[i]);
        CHECK_OK(reader_end(&r));
        buf_free(&b);
    }
}

TEST(a_failed_read_keeps_the_cursor) {
    static const uint8_t text[] = {0x61, 0x61};
    reader r = reader_of(SLICE_ARRAY(text));
    uint64_t value;
    slice bytes;
    bool flag;
    CHECK_ERR(core_cbor_read_uint(&r, 5, &value), ERR_MALFORMED);
    CHECK_ERR(core_cbor_read_bytes(&r, &bytes), ERR_MALFORMED);
    CHECK_ERR(core_cbor_read_bool(&r, &flag), ERR_MALFORMED);
    CHECK(!core_cbor_skip_null(&r));
    CHECK_EQ(r.n, 2);
    CHECK_OK(core_cbor_read_text(&r, &bytes));
}

TEST_MAIN
