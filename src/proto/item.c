/* Items: `u8 kind | opaque content<V> | zeros`, in one of a few sizes. */
#include "proto/proto.h"

static const size_t buckets[] = {256, 512, 1024, 2048, 4096, 8192, PROTO_ITEM_MAX};

static size_t bucket_of(size_t n) {
    for (size_t i = 0; i < sizeof buckets / sizeof buckets[0]; i++)
        if (n <= buckets[i])
            return buckets[i];
    return 0;
}

static size_t item_size(size_t content) {
    return 1 + varint_size(content) + content;
}

size_t proto_item_room(size_t content) {
    size_t bucket = bucket_of(item_size(content));
    if (bucket == 0)
        return 0;
    /* Where the length's own size changes, one byte may stay over: that is padded outside. */
    size_t room = bucket - 1 - varint_size(bucket);
    return room < content ? content : room;
}

err proto_item_write(buf *out, enum proto_item_kind kind, slice content) {
    size_t bucket = bucket_of(item_size(content.n));
    size_t start = out->n;
    if (bucket == 0)
        return ERR_TOO_LARGE;
    writer w = writer_on(out);
    writer_u8(&w, (uint8_t)kind);
    writer_vec(&w, content);
    TRY(writer_result(&w));
    return buf_resize(out, start + bucket);
}

err proto_item_read(slice item, enum proto_item_kind *kind, slice *content) {
    reader r = reader_of(item);
    uint8_t k;
    if (bucket_of(item.n) != item.n)
        return ERR_LENGTH;
    TRY(reader_u8(&r, &k));
    if (k < PROTO_ITEM_MESSAGE || k > PROTO_ITEM_PASSING)
        return ERR_UNKNOWN_TYPE;
    TRY(reader_vec(&r, content));
    for (size_t i = 0; i < r.n; i++)
        if (r.p[i] != 0)
            return ERR_MLS_PADDING;
    *kind = (enum proto_item_kind)k;
    return OK;
}
