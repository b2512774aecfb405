#include "server/held.h"

#include "proto/fields.h"

#define READ_FIELD(kind, name, a, b, class, text) PROTO_READ_##kind(name, a, b)
#define WRITE_FIELD(kind, name, a, b, class, text) PROTO_WRITE_##kind(name, a, b)

/* clang-format off */
#define DEFINE(what, table, key, text, until)                                                    \
    static err read_##what(reader *r, struct held_##what *v) {                                   \
        HELD_FIELDS_##what(READ_FIELD) return reader_end(r);                                     \
    }                                                                                            \
    err held_##what##_read(slice value, struct held_##what *row) {                               \
        reader r = reader_of(value);                                                             \
        return read_##what(&r, row) == OK ? OK : ERR_DAMAGED;                                    \
    }                                                                                            \
    err held_##what##_get(struct store *store, const struct store_batch *batch, slice name,      \
                          uint64_t number, buf *bytes, struct held_##what *row) {                \
        buf_clear(bytes);                                                                        \
        TRY(store_get(store, batch, (struct store_key){table, name, number}, bytes));            \
        return held_##what##_read(buf_slice(bytes), row);                                        \
    }                                                                                            \
    static void write_##what(writer *w, const struct held_##what *v) {                           \
        HELD_FIELDS_##what(WRITE_FIELD)                                                          \
    }                                                                                            \
    err held_##what##_append(buf *bytes, const struct held_##what *row) {                        \
        writer w = writer_on(bytes);                                                             \
        write_##what(&w, row);                                                                   \
        return writer_result(&w);                                                                \
    }                                                                                            \
    err held_##what##_put(struct store_batch *batch, slice name, uint64_t number, buf *work,     \
                          const struct held_##what *row) {                                       \
        buf_clear(work);                                                                         \
        writer w = writer_on(work);                                                              \
        write_##what(&w, row);                                                                   \
        TRY(writer_result(&w));                                                                  \
        return store_batch_put(batch, (struct store_key){table, name, number}, buf_slice(work)); \
    }
/* clang-format on */
HELD_ROWS(DEFINE)

/* ---- The list itself ---- */

#define INFO(kind, name, a, b, class, text) {#name, text, HELD_##class},
#define R(name, table, key, text, until) \
    static const struct held_field_info fields_##name[] = {HELD_FIELDS_##name(INFO)};
HELD_ROWS(R)
#undef R

const struct held_row_info held_rows[HELD_COUNT] = {
#define R(name, table, key, text, until) \
    {table, #name, key, text, until, fields_##name, sizeof fields_##name / sizeof fields_##name[0]},
    HELD_ROWS(R)
#undef R
};

enum held_row held_row_of(struct store_key key) {
    if (key.table == MAIL_BLOB)
        return key.number == 0 ? HELD_blob : HELD_chunk;
    if (key.table == MAIL_OFFICE && key.name.n > 0)
        return HELD_meant;
    if (key.table == MAIL_OFFICE)
        return key.number == 0 ? HELD_office : HELD_desk;
    for (size_t i = 0; i < HELD_COUNT; i++)
        if (held_rows[i].table == key.table)
            return (enum held_row)i;
    return HELD_COUNT;
}

err held_row_check(enum held_row row, slice value) {
    switch (row) {
#define R(name, table, key, text, until)         \
    case HELD_##name: {                          \
        struct held_##name read;                 \
        return held_##name##_read(value, &read); \
    }
        HELD_ROWS(R)
#undef R
    case HELD_COUNT:
        break;
    }
    return ERR_DAMAGED;
}
