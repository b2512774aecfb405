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

void writer_reserve(writer *w, size_t n) {
    if (w->e == OK)
        w->e = buf_reserve(w->b, n);
}

uint8_t *writer_room(writer *w, size_t n) {
    writer_reserve(w, n);
    if (w->e != OK)
        return NULL;
    w->b->n += n;
    return w->b->p + w->b->n - n;
}

static inline void write_uint(writer *w, size_t n, uint64_t v) {
    uint8_t *p = writer_room(w, n);
    for (size_t i = 0; p != NULL && i < n; i++)
        p[i] = (uint8_t)(v >> (8 * (n - 1 - i)));
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
    size_t size = varint_size(v);
    if (v >= VARINT_4_END)
        writer_fail(w, ERR_LENGTH);
    uint8_t *p = writer_room(w, size);
    if (p != NULL)
        put_varint(p, v);
}

void writer_vec(writer *w, slice s) {
    size_t size = varint_size(s.n);
    if (s.n >= VARINT_4_END)
        writer_fail(w, ERR_LENGTH);
    uint8_t *p = writer_room(w, size + s.n);
    if (p == NULL)
        return;
    put_varint(p, s.n);
    if (s.n != 0)
        memcpy(p + size, s.p, s.n);
}

/* Leaves room for the length, one byte or all that it can have, and notes which in the first.
 * writer_close moves the content if it was not as expected. */
static size_t open_vector(writer *w, uint8_t room) {
    size_t mark = w->b->n;
    uint8_t *p = writer_room(w, room);
    if (p != NULL)
        *p = room;
    return mark;
}

size_t writer_open(writer *w) {
    return open_vector(w, 1);
}

size_t writer_open_long(writer *w) {
    return open_vector(w, VARINT_MAX);
}

void writer_close(writer *w, size_t mark) {
    if (w->e != OK)
        return;
    size_t room = mark < w->b->n ? w->b->p[mark] : 0;
    if (room == 0 || room > w->b->n - mark) {
        w->e = ERR_BUG;
        return;
    }
    size_t n = w->b->n - mark - room, size = varint_size(n);
    if (n >= VARINT_4_END)
        w->e = ERR_LENGTH;
    else if (size > room)
        w->e = buf_reserve(w->b, size - room);
    if (w->e != OK)
        return;
    uint8_t *p = w->b->p + mark;
    if (size != room)
        memmove(p + size, p + room, n);
    if (size < room)
        wipe(p + size + n, room - size);
    put_varint(p, n);
    w->b->n = mark + size + n;
}

err writer_result(const writer *w) {
    return w->e;
}
