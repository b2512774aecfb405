/* The reader and the text forms over any bytes. What is accepted must encode back to the same
 * bytes: each value has one form. */
#include <stdlib.h>

#include "base/codec.h"
#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds) {
    if (!holds)
        abort();
}

/* Vectors to the end, each opened as a window of smaller ones. */
static void read_vectors(reader r, int depth) {
    reader before = r, inner;
    if (reader_open(&r, &inner) != OK) {
        require(r.p == before.p && r.n == before.n);
        return;
    }
    require(inner.n <= before.n && r.n < before.n);
    buf again = {0};
    writer w = writer_on(&again);
    writer_vec(&w, reader_rest(&inner));
    require(writer_result(&w) == OK);
    require(slice_equal(buf_slice(&again), slice_of(before.p, before.n - r.n)));
    buf_free(&again);
    if (depth < 8)
        read_vectors(inner, depth + 1);
    read_vectors(r, depth);
}

static void read_text(slice text) {
    buf bytes = {0}, again = {0};
    if (base32_decode(&bytes, text) == OK) {
        require(base32_encode(&again, buf_slice(&bytes)) == OK);
        require(again.n == text.n);
    } else {
        require(bytes.n == 0);
    }
    buf_clear(&bytes);
    buf_clear(&again);
    if (hex_decode(&bytes, text) == OK) {
        require(hex_encode(&again, buf_slice(&bytes)) == OK);
        require(again.n == text.n);
    } else {
        require(bytes.n == 0);
    }
    buf_free(&bytes);
    buf_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    slice input = slice_of(data, size < 4096 ? size : 4096);
    read_vectors(reader_of(input), 0);
    read_text(input);
    return 0;
}
