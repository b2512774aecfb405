#include "tests/test.h"

#include "base/codec.h"
#include "tests/support.h"

/* One structure with everything in it: numbers, a vector, a vector of vectors, an optional. */
struct sample {
    uint8_t a;
    uint16_t b;
    uint32_t c;
    uint64_t d;
    slice text;
    uint32_t inner_sum;
    bool present;
    uint8_t fixed[4];
};

static void sample_write(writer *w) {
    writer_u8(w, 0x11);
    writer_u16(w, 0x2233);
    writer_u32(w, 0x44556677);
    writer_u64(w, UINT64_C(0x8899aabbccddeeff));
    writer_vec(w, slice_str("hello"));
    size_t list = writer_open(w);
    for (uint8_t i = 1; i <= 3; i++) {
        size_t entry = writer_open(w);
        writer_u8(w, i);
        writer_close(w, entry);
    }
    writer_close(w, list);
    writer_u8(w, 1);
    writer_bytes(w, slice_str("fix!"));
}

static err sample_read(slice bytes, struct sample *s) {
    reader r = reader_of(bytes), list, entry;
    TRY(reader_u8(&r, &s->a));
    TRY(reader_u16(&r, &s->b));
    TRY(reader_u32(&r, &s->c));
    TRY(reader_u64(&r, &s->d));
    TRY(reader_vec(&r, &s->text));
    TRY(reader_open(&r, &list));
    for (s->inner_sum = 0; list.n > 0;) {
        uint8_t v;
        TRY(reader_open(&list, &entry));
        TRY(reader_u8(&entry, &v));
        TRY(reader_end(&entry));
        s->inner_sum += v;
    }
    TRY(reader_bool(&r, &s->present));
    TRY(reader_copy(&r, s->fixed, sizeof(s->fixed)));
    return reader_end(&r);
}

TEST(numbers_are_big_endian) {
    buf b = buf_on(NULL);
    writer w = writer_on(&b);
    writer_u8(&w, 1);
    writer_u16(&w, 0x0203);
    writer_u32(&w, 0x04050607);
    writer_u64(&w, UINT64_C(0x08090a0b0c0d0e0f));
    CHECK_OK(writer_result(&w));
    CHECK(b.n == 15);
    for (size_t i = 0; i < b.n; i++)
        CHECK(b.p[i] == i + 1);
    uint8_t room[12];
    put_u32(room, 0x04050607);
    put_u64(room + 4, UINT64_C(0x08090a0b0c0d0e0f));
    CHECK_SLICE(SLICE_ARRAY(room), slice_of(b.p + 3, sizeof(room)));
    buf_free(&b);
}

TEST(a_structure_comes_back_as_it_was_written) {
    buf b = buf_on(NULL);
    writer w = writer_on(&b);
    sample_write(&w);
    CHECK_OK(writer_result(&w));
    struct sample s;
    CHECK_OK(sample_read(buf_slice(&b), &s));
    CHECK(s.a == 0x11 && s.b == 0x2233 && s.c == 0x44556677);
    CHECK(s.d == UINT64_C(0x8899aabbccddeeff) && s.present && s.inner_sum == 6);
    CHECK(slice_equal(s.text, slice_str("hello")));
    CHECK(slice_equal(SLICE_ARRAY(s.fixed), slice_str("fix!")));
    buf_free(&b);
}

TEST(every_truncation_is_an_error_and_so_is_a_byte_more) {
    buf b = buf_on(NULL);
    writer w = writer_on(&b);
    sample_write(&w);
    CHECK_OK(writer_result(&w));
    struct sample s;
    for (size_t n = 0; n < b.n; n++) {
        /* A block of exactly n bytes, so that a sanitizer sees a read past the end. */
        uint8_t *exact = mem_new(NULL, n + 1);
        uint8_t *start = exact == NULL ? NULL : exact + 1;
        CHECK(start != NULL);
        memcpy(start, b.p, n);
        err e = sample_read(slice_of(start, n), &s);
        mem_free(NULL, exact, n + 1);
        CHECK(e == ERR_TRUNCATED);
    }
    CHECK_OK(buf_append_byte(&b, 0));
    CHECK_ERR(sample_read(buf_slice(&b), &s), ERR_TRAILING);
    buf_free(&b);
}

TEST(a_failed_read_does_not_move) {
    static const uint8_t BYTES[] = {0x05, 0x01, 0x02};
    reader r = reader_of(SLICE_ARRAY(BYTES)), before = r, inner;
    uint32_t u32 = 7;
    uint64_t u64 = 7;
    slice s = SLICE_EMPTY;
    bool flag = false;
    uint8_t out[4] = {9, 9, 9, 9};
    CHECK_ERR(reader_u32(&r, &u32), ERR_TRUNCATED);
    CHECK_ERR(reader_u64(&r, &u64), ERR_TRUNCATED);
    CHECK_ERR(reader_bytes(&r, 4, &s), ERR_TRUNCATED);
    CHECK_ERR(reader_bytes(&r, SIZE_MAX, &s), ERR_TRUNCATED);
    CHECK_ERR(reader_copy(&r, out, 4), ERR_TRUNCATED);
    CHECK_ERR(reader_vec(&r, &s), ERR_TRUNCATED);
    CHECK_ERR(reader_open(&r, &inner), ERR_TRUNCATED);
    CHECK_ERR(reader_bool(&r, &flag), ERR_MALFORMED);
    CHECK_ERR(reader_end(&r), ERR_TRAILING);
    CHECK(r.p == before.p && r.n == before.n);
    CHECK(u32 == 7 && u64 == 7 && out[0] == 9 && s.n == 0);
}

TEST(an_empty_reader_reads_nothing) {
    reader r = reader_of(SLICE_EMPTY), inner;
    uint8_t u8;
    uint16_t u16;
    uint32_t v;
    bool flag;
    slice s = slice_str("x");
    CHECK_ERR(reader_u8(&r, &u8), ERR_TRUNCATED);
    CHECK_ERR(reader_u16(&r, &u16), ERR_TRUNCATED);
    CHECK_ERR(reader_varint(&r, &v), ERR_TRUNCATED);
    CHECK_ERR(reader_bool(&r, &flag), ERR_TRUNCATED);
    CHECK_ERR(reader_open(&r, &inner), ERR_TRUNCATED);
    CHECK_OK(reader_bytes(&r, 0, &s));
    CHECK(s.n == 0);
    CHECK_OK(reader_copy(&r, NULL, 0));
    CHECK_OK(reader_end(&r));
}

TEST(a_boolean_is_zero_or_one) {
    static const uint8_t BYTES[] = {0, 1, 2, 255};
    bool v = true;
    for (size_t i = 0; i < sizeof(BYTES); i++) {
        reader r = reader_of(slice_of(BYTES + i, 1));
        err e = reader_bool(&r, &v);
        CHECK(BYTES[i] < 2 ? e == OK && v == (BYTES[i] == 1) : e == ERR_MALFORMED);
    }
}

static const struct {
    size_t value;
    const char *hex;
    size_t size;
} LENGTHS[] = {
    {0, "00", 1},       {1, "01", 1},           {63, "3f", 1},          {64, "4040", 2},
    {16383, "7fff", 2}, {16384, "80004000", 4}, {65536, "80010000", 4}, {1073741823, "bfffffff", 4},
};
enum { LENGTH_COUNT = sizeof(LENGTHS) / sizeof(LENGTHS[0]) };

/* bug length-prefix */
TEST(lengths_take_the_fewest_bytes) {
    for (size_t i = 0; i < LENGTH_COUNT; i++) {
        uint8_t expected[4];
        size_t size = LENGTHS[i].size;
        support_hex(expected, size, LENGTHS[i].hex);
        buf b = buf_on(NULL);
        writer w = writer_on(&b);
        writer_varint(&w, LENGTHS[i].value);
        CHECK_OK(writer_result(&w));
        CHECK(varint_size(LENGTHS[i].value) == size);
        uint8_t room[VARINT_MAX];
        CHECK_EQ(put_varint(room, LENGTHS[i].value), size);
        CHECK_SLICE(slice_of(room, size), buf_slice(&b));
        CHECK(slice_equal(buf_slice(&b), slice_of(expected, size)));
        reader r = reader_of(buf_slice(&b));
        uint32_t v;
        CHECK_OK(reader_varint(&r, &v));
        CHECK(v == LENGTHS[i].value && r.n == 0);
        for (size_t n = 0; n < size; n++) {
            r = reader_of(slice_of(expected, n));
            CHECK_ERR(reader_varint(&r, &v), ERR_TRUNCATED);
        }
        buf_free(&b);
    }
}

TEST(longer_forms_of_a_length_are_refused) {
    static const char *const HEX[] = {"4000",     "403f",     "80000000",
                                      "8000003f", "80000040", "80003fff"};
    for (size_t i = 0; i < sizeof(HEX) / sizeof(HEX[0]); i++) {
        uint8_t bytes[4];
        size_t n = strlen(HEX[i]) / 2;
        support_hex(bytes, n, HEX[i]);
        reader r = reader_of(slice_of(bytes, n));
        uint32_t v = 5;
        CHECK_ERR(reader_varint(&r, &v), ERR_LENGTH);
        CHECK(r.n == n && v == 5);
    }
}

TEST(the_reserved_length_prefix_is_refused) {
    for (unsigned first = 0xc0; first <= 0xff; first++) {
        uint8_t bytes[8] = {(uint8_t)first};
        for (size_t n = 1; n <= sizeof(bytes); n++) {
            reader r = reader_of(slice_of(bytes, n));
            uint32_t v;
            CHECK_ERR(reader_varint(&r, &v), ERR_LENGTH);
        }
    }
}

/* All values of one and two bytes, and a walk through those of four. */
TEST(every_length_comes_back) {
    buf b = buf_on(NULL);
    for (size_t v = 0; v < ((size_t)1 << 30); v += v < 20000 ? 1 : v / 3) {
        buf_clear(&b);
        writer w = writer_on(&b);
        writer_varint(&w, v);
        CHECK_OK(writer_result(&w));
        reader r = reader_of(buf_slice(&b));
        uint32_t back;
        CHECK_OK(reader_varint(&r, &back));
        CHECK(back == v && r.n == 0 && b.n == varint_size(v));
    }
    buf_free(&b);
}

TEST(a_length_of_two_to_the_thirty_does_not_fit) {
    buf b = buf_on(NULL);
    writer w = writer_on(&b);
    writer_varint(&w, (size_t)1 << 30);
    CHECK_ERR(writer_result(&w), ERR_LENGTH);
    CHECK(b.n == 0);
    buf_free(&b);
}

TEST(closing_a_vector_makes_room_for_its_length) {
    static const size_t SIZES[] = {0, 1, 63, 64, 65, 16383, 16384, 70000};
    struct support_random random = {3};
    for (size_t i = 0; i < sizeof(SIZES) / sizeof(SIZES[0]); i++) {
        buf content = buf_on(NULL), opened = buf_on(NULL), whole = buf_on(NULL);
        buf longer = buf_on(NULL);
        CHECK_OK(buf_resize(&content, SIZES[i]));
        support_fill(&random, content.p, content.n);
        writer w = writer_on(&opened);
        writer_u8(&w, 0xee);
        size_t outer = writer_open(&w), inner = writer_open(&w);
        writer_bytes(&w, buf_slice(&content));
        writer_close(&w, inner);
        writer_close(&w, outer);
        CHECK_OK(writer_result(&w));
        writer v = writer_on(&whole);
        writer_u8(&v, 0xee);
        writer_varint(&v, varint_size(SIZES[i]) + SIZES[i]);
        writer_vec(&v, buf_slice(&content));
        CHECK_OK(writer_result(&v));
        CHECK(slice_equal(buf_slice(&opened), buf_slice(&whole)));
        w = writer_on(&longer);
        writer_u8(&w, 0xee);
        outer = writer_open_long(&w), inner = writer_open_long(&w);
        writer_bytes(&w, buf_slice(&content));
        writer_close(&w, inner);
        writer_close(&w, outer);
        CHECK_OK(writer_result(&w));
        CHECK(slice_equal(buf_slice(&longer), buf_slice(&whole)));
        buf_free(&longer);
        buf_free(&content);
        buf_free(&opened);
        buf_free(&whole);
    }
}

TEST(the_first_failure_of_a_writer_sticks) {
    buf b = buf_on(NULL);
    writer w = writer_on(&b);
    writer_u8(&w, 1);
    writer_fail(&w, ERR_TOO_LARGE);
    writer_fail(&w, ERR_BUG);
    writer_u64(&w, 1);
    size_t mark = writer_open(&w);
    writer_close(&w, mark);
    CHECK_ERR(writer_result(&w), ERR_TOO_LARGE);
    CHECK(b.n == 1);
    buf_free(&b);
}

TEST(closing_what_was_not_opened_is_a_bug) {
    buf b = buf_on(NULL);
    writer w = writer_on(&b);
    writer_close(&w, 0);
    CHECK_ERR(writer_result(&w), ERR_BUG);
    buf_free(&b);
}

TEST(every_failing_allocation_of_a_writer_is_reported) {
    for (size_t n = 1;; n++) {
        struct support_mem m;
        support_mem_init(&m, n);
        buf b = buf_on(&m.mem);
        writer w = writer_on(&b);
        size_t mark = writer_open(&w);
        for (int i = 0; i < 100; i++)
            sample_write(&w);
        writer_close(&w, mark);
        err e = writer_result(&w);
        buf_free(&b);
        CHECK(m.blocks == 0 && m.dirty == 0);
        if (e == OK) {
            CHECK(n > 4);
            break;
        }
        CHECK(e == ERR_NO_MEMORY);
    }
}

/* bug decode-panic */
TEST(random_bytes_never_read_past_their_end) {
    struct support_random random = {99};
    for (int round = 0; round < 20000; round++) {
        uint8_t bytes[40];
        size_t n = support_next(&random) % sizeof(bytes);
        support_fill(&random, bytes, n);
        struct sample s;
        err e = sample_read(slice_of(bytes, n), &s);
        CHECK(e == OK || err_class(e) == ERR_CLASS_BAD);
    }
}

TEST_MAIN
