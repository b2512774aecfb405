/* Deterministic CBOR (RFC 8949 section 4.2.1): what MIMI content needs of it, and nothing else.
 * Shortest lengths, definite lengths, no tags, no floating point; anything else is MALFORMED. */
#ifndef SOTTO_CORE_CBOR_H
#define SOTTO_CORE_CBOR_H

#include "base/codec.h"

enum cbor_kind {
    CBOR_UINT = 0,
    CBOR_NEGATIVE = 1,
    CBOR_BYTES = 2,
    CBOR_TEXT = 3,
    CBOR_ARRAY = 4,
    CBOR_MAP = 5,
    CBOR_SIMPLE = 7 /* 20 false, 21 true, 22 null */
};
enum { CBOR_FALSE = 20, CBOR_TRUE = 21, CBOR_NULL = 22, CBOR_DEPTH_MAX = 16 };

/* One head: `value` is the number, the length or the count. The reader does not move on failure. */
struct cbor {
    enum cbor_kind kind;
    uint64_t value;
    slice bytes; /* of BYTES and TEXT */
};
MUST err core_cbor_read(reader *r, struct cbor *item);
/* The kind without moving; MALFORMED at the end. */
MUST err core_cbor_peek(const reader *r, enum cbor_kind *kind);
MUST err core_cbor_read_uint(reader *r, uint64_t most, uint64_t *value);
MUST err core_cbor_read_bytes(reader *r, slice *bytes);
MUST err core_cbor_read_text(reader *r, slice *text);
MUST err core_cbor_read_array(reader *r, uint64_t *count);
MUST err core_cbor_read_bool(reader *r, bool *value);
/* True, and moves, if a null comes next. */
bool core_cbor_skip_null(reader *r);
/* Any one item, nested ones too. Checks that the keys of maps are in order and stand once. */
MUST err core_cbor_skip(reader *r, slice *whole);

void core_cbor_write(writer *w, enum cbor_kind kind, uint64_t value);
void core_cbor_write_bytes(writer *w, slice bytes);
void core_cbor_write_text(writer *w, slice text);
void core_cbor_write_null(writer *w);

#endif
