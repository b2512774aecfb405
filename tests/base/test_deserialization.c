/* The codec against the vector lengths that the MLS working group publishes. */
#include "tests/test.h"

#include "base/codec.h"
#include "tests/vectors.h"

TEST(published_vector_lengths_are_read_and_written) {
    struct json_object *cases = vectors_load("mls/deserialization.json");
    if (cases == NULL)
        SKIP("mls/deserialization.json is missing: 14 cases left out");
    size_t count = json_object_array_length(cases);
    CHECK(count > 0);
    buf header = buf_on(NULL), written = buf_on(NULL);
    for (size_t i = 0; i < count; i++) {
        struct json_object *o = json_object_array_get_idx(cases, i);
        uint32_t length;
        vectors_hex(o, "vlbytes_header", &header);
        reader r = reader_of(buf_slice(&header));
        CHECK_OK(reader_varint(&r, &length));
        CHECK_OK(reader_end(&r));
        CHECK(length == vectors_u64(o, "length"));
        buf_clear(&written);
        writer w = writer_on(&written);
        writer_varint(&w, length);
        CHECK_OK(writer_result(&w));
        CHECK(slice_equal(buf_slice(&written), buf_slice(&header)));
    }
    printf("# deserialization.json: %zu passed, 0 skipped\n", count);
    buf_free(&header);
    buf_free(&written);
    json_object_put(cases);
}

TEST_MAIN
