#include "core/records.h"

#define READ_u8(name, a, b) TRY(reader_u8(&r, &v->name));
#define READ_u16(name, a, b) TRY(reader_u16(&r, &v->name));
#define READ_u32(name, a, b) TRY(reader_u32(&r, &v->name));
#define READ_u64(name, a, b) TRY(reader_u64(&r, &v->name));
#define READ_flag(name, a, b) TRY(reader_bool(&r, &v->name));
#define READ_fixed(name, a, b) TRY(reader_copy(&r, v->name, a));
#define READ_vec(name, a, b) TRY(read_vec(&r, &v->name, a, b));
#define READ_FIELD(kind, name, a, b) READ_##kind(name, a, b)

#define WRITE_u8(name, a, b) writer_u8(&w, v->name);
#define WRITE_u16(name, a, b) writer_u16(&w, v->name);
#define WRITE_u32(name, a, b) writer_u32(&w, v->name);
#define WRITE_u64(name, a, b) writer_u64(&w, v->name);
#define WRITE_flag(name, a, b) writer_u8(&w, v->name ? 1 : 0);
#define WRITE_fixed(name, a, b) writer_bytes(&w, slice_of(v->name, a));
#define WRITE_vec(name, a, b) write_vec(&w, v->name, a, b);
#define WRITE_FIELD(kind, name, a, b) WRITE_##kind(name, a, b)

static err read_vec(reader *r, slice *s, size_t least, size_t most) {
    TRY(reader_vec(r, s));
    return s->n < least || s->n > most ? ERR_MALFORMED : OK;
}

static void write_vec(writer *w, slice s, size_t least, size_t most) {
    if (s.n < least || s.n > most)
        writer_fail(w, ERR_TOO_LARGE);
    writer_vec(w, s);
}

/* What we wrote ourselves and can't read any more is a damaged store. */
#define DEFINE(what)                                                     \
    static err what##_read(slice s, struct record_##what *v) {           \
        reader r = reader_of(s);                                         \
        RECORD_FIELDS_##what(READ_FIELD) return reader_end(&r);          \
    }                                                                    \
    err record_##what##_read(slice s, struct record_##what *v) {         \
        return what##_read(s, v) == OK ? OK : ERR_DAMAGED;               \
    }                                                                    \
    err record_##what##_write(buf *out, const struct record_##what *v) { \
        writer w = writer_on(out);                                       \
        RECORD_FIELDS_##what(WRITE_FIELD) return writer_result(&w);      \
    }                                                                    \
    err record_##what##_settle(buf *bytes, struct record_##what *v) {    \
        buf fresh = buf_on(bytes->mem);                                  \
        err e = record_##what##_write(&fresh, v);                        \
        if (e == OK)                                                     \
            e = record_##what##_read(buf_slice(&fresh), v);              \
        if (e == OK)                                                     \
            buf_move(bytes, &fresh);                                     \
        buf_free(&fresh);                                                \
        return e;                                                        \
    }

RECORDS(DEFINE)
