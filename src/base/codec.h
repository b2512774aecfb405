/* The TLS presentation language (RFC 8446 section 3) with the variable-length vectors of RFC 9420
 * section 2.1.2. Every bounds check of every wire and storage format is in these two objects. */
#ifndef SOTTO_BASE_CODEC_H
#define SOTTO_BASE_CODEC_H

#include "base/slice.h"

/* ---- Reading ----
 * A reader is a window that shrinks from the front. A read that fails does not move it. Slices that
 * it hands out point into the bytes it was made over. */
typedef struct reader {
    const uint8_t *p;
    size_t n;
} reader;

static inline reader reader_of(slice s) {
    return (reader){s.p, s.n};
}
static inline slice reader_rest(const reader *r) {
    return (slice){r->p, r->n};
}

MUST err reader_u8(reader *r, uint8_t *v);
MUST err reader_u16(reader *r, uint16_t *v);
MUST err reader_u32(reader *r, uint32_t *v);
MUST err reader_u64(reader *r, uint64_t *v);
/* n bytes, not copied. */
MUST err reader_bytes(reader *r, size_t n, slice *s);
/* n bytes, copied to out. */
MUST err reader_copy(reader *r, void *out, size_t n);
/* A length in 1, 2 or 4 bytes; LENGTH if it is not the shortest form or begins with 11. */
MUST err reader_varint(reader *r, uint32_t *v);
/* opaque v<V>: a length and so many bytes, not copied. */
MUST err reader_vec(reader *r, slice *s);
/* Opens a vector as a window of its own; r moves past it. Read it to its end, then reader_end. */
MUST err reader_open(reader *r, reader *inner);
/* A byte that must be 0 or 1 (MALFORMED otherwise): `optional<T>`'s presence, a boolean. */
MUST err reader_bool(reader *r, bool *v);
/* TRAILING unless everything was read. */
MUST err reader_end(const reader *r);

/* ---- Writing ----
 * A writer appends to a buf. The first failure sticks and later calls do nothing, so that code
 * which writes a structure needs one check, at the end: writer_result. */
typedef struct writer {
    buf *b;
    err e;
} writer;

static inline writer writer_on(buf *b) {
    return (writer){b, OK};
}

void writer_u8(writer *w, uint8_t v);
void writer_u16(writer *w, uint16_t v);
void writer_u32(writer *w, uint32_t v);
void writer_u64(writer *w, uint64_t v);
void writer_bytes(writer *w, slice s);
/* As buf_reserve: for a writer who knows how much there will be. */
void writer_reserve(writer *w, size_t n);
/* Room for n bytes at the end, n > 0, for the caller to fill before anything else is written; NULL
 * after a failure. */
uint8_t *writer_room(writer *w, size_t n);
/* LENGTH sticks if v is 2^30 or more. */
void writer_varint(writer *w, size_t v);
/* opaque v<V>. */
void writer_vec(writer *w, slice s);
/* Opens a vector; what is written until writer_close(w, mark) is its content. They nest. */
size_t writer_open(writer *w);
/* The same for one that is probably long (2^14 bytes or more): no byte of it is moved then. */
size_t writer_open_long(writer *w);
void writer_close(writer *w, size_t mark);
/* OK, or the first failure (then the buf's content is of no use). */
MUST err writer_result(const writer *w);
/* Makes a failure of the caller's stick. */
void writer_fail(writer *w, err e);

/* How many bytes writer_varint takes: 1, 2 or 4. */
size_t varint_size(size_t v);

/* ---- Into room that is there ---- for keys and headers of a fixed size. */

static inline void put_u32(uint8_t *out, uint32_t v) {
    for (int i = 0; i < 4; i++)
        out[i] = (uint8_t)(v >> (24 - 8 * i));
}

static inline void put_u64(uint8_t *out, uint64_t v) {
    for (int i = 0; i < 8; i++)
        out[i] = (uint8_t)(v >> (56 - 8 * i));
}

enum { VARINT_MAX = 4 };
/* As writer_varint writes it. Returns how many bytes, 0 if v is 2^30 or more. */
size_t put_varint(uint8_t out[VARINT_MAX], size_t v);

#endif
