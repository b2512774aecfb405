#include "base/codec.h"

/* RFC 9420 section 2.1.2: the first two bits say how long the length is. */
enum { VARINT_1 = 0x00, VARINT_2 = 0x40, VARINT_4 = 0x80 };
enum { VARINT_1_END = 1 << 6, VARINT_2_END = 1 << 14, VARINT_4_END = 1 << 30 };

/* ---- Reading ---- */

/* An unsigned integer of n bytes, most significant first. */
static err read_uint(reader *r, size_t n, uint64_t *v) {
    if (r->n < n)
        return ERR_TRUNCATED;
    uint64_t value = 0;
    for (size_t i = 0; i < n; i++)
        value = value << 8 | r->p[i];
    r->p += n;
    r->n -= n;
    *v = value;
    return OK;
}

err reader_u8(reader *r, uint8_t *v) {
    uint64_t value;
    TRY(read_uint(r, 1, &value));
    *v = (uint8_t)value;
    return OK;
}

err reader_u16(reader *r, uint16_t *v) {
    uint64_t value;
    TRY(read_uint(r, 2, &value));
    *v = (uint16_t)value;
    return OK;
}

err reader_u32(reader *r, uint32_t *v) {
    uint64_t value;
    TRY(read_uint(r, 4, &value));
    *v = (uint32_t)value;
    return OK;
}

err reader_u64(reader *r, uint64_t *v) {
    return read_uint(r, 8, v);
}

err reader_bytes(reader *r, size_t n, slice *s) {
    if (r->n < n)
        return ERR_TRUNCATED;
    *s = slice_of(r->p, n);
    if (n != 0) {
        r->p += n;
        r->n -= n;
    }
    return OK;
}

err reader_copy(reader *r, void *out, size_t n) {
    slice s;
    TRY(reader_bytes(r, n, &s));
    if (n != 0)
        memcpy(out, s.p, n);
    return OK;
}

err reader_varint(reader *r, uint32_t *v) {
    if (r->n < 1)
        return ERR_TRUNCATED;
    size_t size = (size_t)1 << (r->p[0] >> 6);
    if (size > 4)
        return ERR_LENGTH;
    reader at = *r;
    uint64_t value;
    TRY(read_uint(&at, size, &value));
    value &= ((uint64_t)1 << (8 * size - 2)) - 1;
    if (varint_size((size_t)value) != size)
        return ERR_LENGTH;
    *r = at;
    *v = (uint32_t)value;
    return OK;
}

err reader_vec(reader *r, slice *s) {
    reader at = *r;
    uint32_t n;
    TRY(reader_varint(&at, &n));
    TRY(reader_bytes(&at, n, s));
    *r = at;
    return OK;
}

err reader_open(reader *r, reader *inner) {
    slice s;
    TRY(reader_vec(r, &s));
    *inner = reader_of(s);
    return OK;
}

err reader_bool(reader *r, bool *v) {
    if (r->n < 1)
        return ERR_TRUNCATED;
    if (r->p[0] > 1)
        return ERR_MALFORMED;
    uint8_t byte;
    TRY(reader_u8(r, &byte));
    *v = byte == 1;
    return OK;
}

err reader_end(const reader *r) {
    return r->n == 0 ? OK : ERR_TRAILING;
}

/* ---- Writing ---- */

void writer_fail(writer *w, err e) {
    if (w->e == OK)
        w->e = e;
}

void writer_bytes(writer *w, slice s) {
    if (w->e == OK)
        w->e = buf_append(w->b, s);
}

static void write_uint(writer *w, size_t n, uint64_t v) {
    uint8_t bytes[8];
    for (size_t i = 0; i < n; i++)
        bytes[i] = (uint8_t)(v >> (8 * (n - 1 - i)));
    writer_bytes(w, slice_of(bytes, n));
    wipe(bytes, sizeof(bytes));
}

void writer_u8(writer *w, uint8_t v) {
    write_uint(w, 1, v);
}

void writer_u16(writer *w, uint16_t v) {
    write_uint(w, 2, v);
}

void writer_u32(writer *w, uint32_t v) {
    write_uint(w, 4, v);
}

void writer_u64(writer *w, uint64_t v) {
    write_uint(w, 8, v);
}

size_t varint_size(size_t v) {
    return v < VARINT_1_END ? 1 : v < VARINT_2_END ? 2 : 4;
}

size_t put_varint(uint8_t out[VARINT_MAX], size_t v) {
    if (v >= VARINT_4_END)
        return 0;
    size_t size = varint_size(v);
    size_t mark = size == 1 ? VARINT_1 : size == 2 ? VARINT_2 : VARINT_4;
    size_t marked = v | mark << (8 * (size - 1));
    for (size_t i = 0; i < size; i++)
        out[i] = (uint8_t)(marked >> (8 * (size - 1 - i)));
    return size;
}

void writer_varint(writer *w, size_t v) {
    uint8_t bytes[VARINT_MAX];
    size_t size = put_varint(bytes, v);
    if (size == 0)
        writer_fail(w, ERR_LENGTH);
    writer_bytes(w, slice_of(bytes, size));
}

void writer_vec(writer *w, slice s) {
    writer_varint(w, s.n);
    writer_bytes(w, s);
}

/* Leaves one byte for the length, which is enough for most; writer_close makes room for more. */
size_t writer_open(writer *w) {
    size_t mark = w->b->n;
    writer_u8(w, 0);
    return mark;
}

void writer_close(writer *w, size_t mark) {
    if (w->e != OK)
        return;
    if (mark >= w->b->n) {
        w->e = ERR_BUG;
        return;
    }
    size_t n = w->b->n - mark - 1;
    uint8_t bytes[VARINT_MAX];
    size_t size = put_varint(bytes, n);
    w->e = size == 0 ? ERR_LENGTH : buf_resize(w->b, w->b->n + size - 1);
    if (w->e != OK)
        return;
    uint8_t *p = w->b->p + mark;
    memmove(p + size, p + 1, n);
    memcpy(p, bytes, size);
}

err writer_result(const writer *w) {
    return w->e;
}
