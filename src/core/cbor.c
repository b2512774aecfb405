#include "core/cbor.h"

/* The number after a head's five low bits, in its shortest form. */
static err read_value(reader *r, uint8_t low, uint64_t *value) {
    uint8_t v8;
    uint16_t v16;
    uint32_t v32;
    if (low < 24) {
        *value = low;
        return OK;
    }
    switch (low) {
    case 24:
        TRY(reader_u8(r, &v8));
        *value = v8;
        return v8 < 24 ? ERR_MALFORMED : OK;
    case 25:
        TRY(reader_u16(r, &v16));
        *value = v16;
        return v16 <= UINT8_MAX ? ERR_MALFORMED : OK;
    case 26:
        TRY(reader_u32(r, &v32));
        *value = v32;
        return v32 <= UINT16_MAX ? ERR_MALFORMED : OK;
    case 27:
        TRY(reader_u64(r, value));
        return *value <= UINT32_MAX ? ERR_MALFORMED : OK;
    default:
        return ERR_MALFORMED;
    }
}

err core_cbor_read(reader *r, struct cbor *item) {
    reader at = *r;
    uint8_t head;
    TRY(reader_u8(&at, &head));
    uint8_t major = head >> 5;
    if (major == 6)
        return ERR_MALFORMED;
    item->kind = (enum cbor_kind)major;
    item->bytes = SLICE_EMPTY;
    TRY(read_value(&at, head & 31, &item->value));
    if (item->kind == CBOR_SIMPLE && (item->value < CBOR_FALSE || item->value > CBOR_NULL))
        return ERR_MALFORMED;
    if (item->kind == CBOR_BYTES || item->kind == CBOR_TEXT) {
        if (item->value > at.n)
            return ERR_TRUNCATED;
        TRY(reader_bytes(&at, (size_t)item->value, &item->bytes));
    }
    *r = at;
    return OK;
}

err core_cbor_peek(const reader *r, enum cbor_kind *kind) {
    if (r->n == 0)
        return ERR_MALFORMED;
    *kind = (enum cbor_kind)(r->p[0] >> 5);
    return OK;
}

static err read_kind(reader *r, enum cbor_kind kind, struct cbor *item) {
    reader at = *r;
    TRY(core_cbor_read(&at, item));
    if (item->kind != kind)
        return ERR_MALFORMED;
    *r = at;
    return OK;
}

err core_cbor_read_uint(reader *r, uint64_t most, uint64_t *value) {
    struct cbor item;
    reader at = *r;
    TRY(read_kind(&at, CBOR_UINT, &item));
    if (item.value > most)
        return ERR_MALFORMED;
    *value = item.value;
    *r = at;
    return OK;
}

err core_cbor_read_bytes(reader *r, slice *bytes) {
    struct cbor item;
    TRY(read_kind(r, CBOR_BYTES, &item));
    *bytes = item.bytes;
    return OK;
}

err core_cbor_read_text(reader *r, slice *text) {
    struct cbor item;
    TRY(read_kind(r, CBOR_TEXT, &item));
    *text = item.bytes;
    return OK;
}

err core_cbor_read_array(reader *r, uint64_t *count) {
    struct cbor item;
    TRY(read_kind(r, CBOR_ARRAY, &item));
    *count = item.value;
    return OK;
}

err core_cbor_read_bool(reader *r, bool *value) {
    struct cbor item;
    reader at = *r;
    TRY(read_kind(&at, CBOR_SIMPLE, &item));
    if (item.value == CBOR_NULL)
        return ERR_MALFORMED;
    *value = item.value == CBOR_TRUE;
    *r = at;
    return OK;
}

bool core_cbor_skip_null(reader *r) {
    reader at = *r;
    struct cbor item;
    if (core_cbor_read(&at, &item) != OK || item.kind != CBOR_SIMPLE || item.value != CBOR_NULL)
        return false;
    *r = at;
    return true;
}

static err skip(reader *r, unsigned depth);

/* Keys in the order of their encoded bytes, each once. */
static err skip_map(reader *r, uint64_t count, unsigned depth) {
    slice last = SLICE_EMPTY;
    for (uint64_t i = 0; i < count; i++) {
        const uint8_t *start = r->p;
        TRY(skip(r, depth));
        slice key = slice_of(start, (size_t)(r->p - start));
        if (i > 0 && slice_compare(last, key) >= 0)
            return ERR_MALFORMED;
        last = key;
        TRY(skip(r, depth));
    }
    return OK;
}

static err skip(reader *r, unsigned depth) {
    struct cbor item;
    if (depth == 0)
        return ERR_TOO_LARGE;
    TRY(core_cbor_read(r, &item));
    if (item.kind == CBOR_MAP)
        return skip_map(r, item.value, depth - 1);
    if (item.kind == CBOR_ARRAY)
        for (uint64_t i = 0; i < item.value; i++)
            TRY(skip(r, depth - 1));
    return OK;
}

err core_cbor_skip(reader *r, slice *whole) {
    reader at = *r;
    TRY(skip(&at, CBOR_DEPTH_MAX));
    if (whole != NULL)
        *whole = slice_of(r->p, (size_t)(at.p - r->p));
    *r = at;
    return OK;
}

void core_cbor_write(writer *w, enum cbor_kind kind, uint64_t value) {
    uint8_t major = (uint8_t)(kind << 5);
    if (value < 24) {
        writer_u8(w, (uint8_t)(major | value));
    } else if (value <= UINT8_MAX) {
        writer_u8(w, major | 24);
        writer_u8(w, (uint8_t)value);
    } else if (value <= UINT16_MAX) {
        writer_u8(w, major | 25);
        writer_u16(w, (uint16_t)value);
    } else if (value <= UINT32_MAX) {
        writer_u8(w, major | 26);
        writer_u32(w, (uint32_t)value);
    } else {
        writer_u8(w, major | 27);
        writer_u64(w, value);
    }
}

void core_cbor_write_bytes(writer *w, slice bytes) {
    core_cbor_write(w, CBOR_BYTES, bytes.n);
    writer_bytes(w, bytes);
}

void core_cbor_write_text(writer *w, slice text) {
    core_cbor_write(w, CBOR_TEXT, text.n);
    writer_bytes(w, text);
}

void core_cbor_write_null(writer *w) {
    core_cbor_write(w, CBOR_SIMPLE, CBOR_NULL);
}
