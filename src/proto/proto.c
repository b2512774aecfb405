#include "proto/proto.h"

#include "proto/fields.h"

/* ---- Fields: a list is an affair of the schema alone ---- */

#define PROTO_READ_list(name, a, b) TRY(read_list_##a(r, &v->name, b));
#define PROTO_WRITE_list(name, a, b) write_list(w, &v->name, b);

err proto_vec_read(reader *r, slice *s, size_t least, size_t most) {
    reader at = *r;
    TRY(reader_vec(&at, s));
    if (s->n < least)
        return ERR_MALFORMED;
    if (s->n > most)
        return ERR_TOO_LARGE;
    *r = at;
    return OK;
}

void proto_vec_write(writer *w, slice s, size_t least, size_t most) {
    if (s.n < least || s.n > most)
        writer_fail(w, ERR_BUG);
    writer_vec(w, s);
}

static void write_list(writer *w, const struct proto_list *list, uint32_t most) {
    if (list->count > most)
        writer_fail(w, ERR_BUG);
    writer_vec(w, list->bytes);
}

/* A failure takes back what was written of it. */
static err encoded(const writer *w, size_t before) {
    err e = writer_result(w);
    if (e != OK)
        (void)!buf_resize(w->b, before); /* to shrink can't fail */
    return e;
}

#define DEFINE(what)                                                     \
    err proto_##what##_read(reader *r, struct proto_##what *v) {         \
        PROTO_FIELDS_##what(PROTO_READ_FIELD) v->unused = 0;             \
        (void)r;                                                         \
        return OK;                                                       \
    }                                                                    \
    void proto_##what##_write(writer *w, const struct proto_##what *v) { \
        PROTO_FIELDS_##what(PROTO_WRITE_FIELD)(void) w;                  \
        (void)v;                                                         \
    }                                                                    \
    err proto_##what##_decode(slice s, struct proto_##what *v) {         \
        reader r = reader_of(s);                                         \
        TRY(proto_##what##_read(&r, v));                                 \
        return reader_end(&r);                                           \
    }                                                                    \
    err proto_##what##_encode(buf *out, const struct proto_##what *v) {  \
        size_t before = out->n;                                          \
        writer w = writer_on(out);                                       \
        proto_##what##_write(&w, v);                                     \
        return encoded(&w, before);                                      \
    }

/* A list is checked element by element, and stays encoded. */
#define DEFINE_LIST(what)                                                                   \
    __attribute__((unused)) static err read_list_##what(reader *r, struct proto_list *list, \
                                                        uint32_t most) {                    \
        reader at = *r, inner;                                                              \
        TRY(reader_open(&at, &inner));                                                      \
        list->bytes = reader_rest(&inner);                                                  \
        for (list->count = 0; inner.n > 0; list->count++) {                                 \
            struct proto_##what element;                                                    \
            if (list->count == most)                                                        \
                return ERR_LIMIT;                                                           \
            TRY(proto_##what##_read(&inner, &element));                                     \
        }                                                                                   \
        *r = at;                                                                            \
        return OK;                                                                          \
    }

#define DEFINE_MESSAGE(name, number, from, text) DEFINE(name)

PROTO_PARTS(DEFINE_LIST)
PROTO_PARTS(DEFINE)
PROTO_MESSAGES(DEFINE_MESSAGE)

/* ---- Tables ---- */

static const struct proto_message_info infos[] = {
#define M(name, number, from, text) {#name, text, number, PROTO_FROM_##from},
    PROTO_MESSAGES(M)
#undef M
};

const struct proto_message_info *proto_messages(size_t *count) {
    *count = sizeof infos / sizeof infos[0];
    return infos;
}

const struct proto_message_info *proto_message_info(uint16_t type) {
    for (size_t i = 0; i < sizeof infos / sizeof infos[0]; i++)
        if (infos[i].type == type)
            return &infos[i];
    return NULL;
}

err proto_message_check(uint16_t type, slice body) {
    switch (type) {
#define M(name, number, from, text)             \
    case number: {                              \
        struct proto_##name v;                  \
        return proto_##name##_decode(body, &v); \
    }
        PROTO_MESSAGES(M)
#undef M
    default:
        return ERR_UNKNOWN_TYPE;
    }
}

static const struct {
    uint16_t number;
    bool closes;
    const char *name, *text;
} reasons[] = {
#define R(name, number, closes, text) {number, closes, #name, text},
    PROTO_REASONS(R)
#undef R
};

const char *proto_reason_text(uint16_t reason) {
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
        if (reasons[i].number == reason)
            return reasons[i].text;
    return "the server gave a reason that is not known here";
}

const char *proto_reason_name(uint16_t reason) {
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
        if (reasons[i].number == reason)
            return reasons[i].name;
    return "UNKNOWN";
}

bool proto_reason_closes(uint16_t reason) {
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
        if (reasons[i].number == reason)
            return reasons[i].closes;
    return true;
}

/* ---- Frames ---- */

err proto_frame_decode(slice bytes, struct proto_frame *frame) {
    reader r = reader_of(bytes);
    TRY(reader_u32(&r, &frame->request));
    TRY(reader_u16(&r, &frame->type));
    frame->body = reader_rest(&r);
    return OK;
}

void proto_frame_write(writer *w, uint32_t request, uint16_t type) {
    writer_u32(w, request);
    writer_u16(w, type);
}

enum { LENGTH = 2 };

/* 0 if there is none. */
static size_t padded_size(size_t frame) {
    static const size_t SIZES[] = {
        256, 512, 1024, 2048, 4096, 8192, 16384, 33024, PROTO_PADDED_MAX};
    for (size_t i = 0; i < sizeof SIZES / sizeof SIZES[0]; i++)
        if (frame + LENGTH <= SIZES[i])
            return SIZES[i];
    return 0;
}

err proto_frame_pad(buf *frame) {
    size_t n = frame->n, size = n > PROTO_FRAME_MAX ? 0 : padded_size(n);
    if (size == 0)
        return ERR_TOO_LARGE;
    TRY(buf_resize(frame, size));
    memset(frame->p + n, 0, size - n);
    frame->p[size - 2] = (uint8_t)(n >> 8);
    frame->p[size - 1] = (uint8_t)n;
    return OK;
}

err proto_frame_unpad(slice padded, slice *frame) {
    if (padded.n < LENGTH)
        return ERR_MALFORMED;
    size_t n = (size_t)padded.p[padded.n - 2] << 8 | padded.p[padded.n - 1];
    if (n > PROTO_FRAME_MAX || padded_size(n) != padded.n)
        return ERR_MALFORMED;
    for (size_t i = n; i < padded.n - LENGTH; i++)
        if (padded.p[i] != 0)
            return ERR_MALFORMED;
    *frame = slice_of(padded.p, n);
    return OK;
}
