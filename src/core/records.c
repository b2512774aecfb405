#include "core/records.h"

#include "core/internal.h"
#include "proto/fields.h"

/* clang-format off */
/* What we wrote ourselves and can't read any more is a damaged store. */
#define DEFINE(what)                                                                             \
    static err read_##what(reader *r, struct record_##what *v) {                                 \
        RECORD_FIELDS_##what(PROTO_READ_FIELD) return reader_end(r);                             \
    }                                                                                            \
    err record_##what##_read(slice s, struct record_##what *v) {                                 \
        reader r = reader_of(s);                                                                 \
        return read_##what(&r, v) == OK ? OK : ERR_DAMAGED;                                      \
    }                                                                                            \
    static void write_##what(writer *w, const struct record_##what *v) {                         \
        RECORD_FIELDS_##what(PROTO_WRITE_FIELD)                                                  \
    }                                                                                            \
    err record_##what##_write(buf *out, const struct record_##what *v) {                         \
        writer w = writer_on(out);                                                               \
        write_##what(&w, v);                                                                     \
        return writer_result(&w);                                                                \
    }                                                                                            \
    err record_##what##_settle(buf *bytes, struct record_##what *v) {                            \
        buf fresh = buf_on(bytes->mem);                                                          \
        err e = record_##what##_write(&fresh, v);                                                \
        if (e == OK)                                                                             \
            e = record_##what##_read(buf_slice(&fresh), v);                                      \
        if (e == OK)                                                                             \
            buf_move(bytes, &fresh);                                                             \
        buf_free(&fresh);                                                                        \
        return e;                                                                                \
    }                                                                                            \
    err record_##what##_put(struct core *core, enum table table, slice name, uint64_t number,    \
                            const struct record_##what *v) {                                     \
        buf bytes = buf_on(core->mem);                                                           \
        err e = record_##what##_write(&bytes, v);                                                \
        if (e == OK)                                                                             \
            e = core_put(core, table, name, number, buf_slice(&bytes));                          \
        buf_free(&bytes);                                                                        \
        return e;                                                                                \
    }

/* clang-format on */

RECORDS(DEFINE)
