/* Every message of the service over any bytes: the first two are the type. What is accepted must
 * encode back to the same bytes. */
#include <stdlib.h>

#include "proto/proto.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds) {
    if (!holds)
        abort();
}

#define DEFINE(what)                                   \
    static void check_##what(slice body) {             \
        struct proto_##what v;                         \
        buf again = {0};                               \
        if (proto_##what##_decode(body, &v) != OK)     \
            return;                                    \
        writer w = writer_on(&again);                  \
        proto_##what##_write(&w, &v);                  \
        require(writer_result(&w) == OK);              \
        require(slice_equal(buf_slice(&again), body)); \
        buf_free(&again);                              \
    }
#define DEFINE_MESSAGE(name, number, from, text) DEFINE(name)
PROTO_PARTS(DEFINE)
PROTO_MESSAGES(DEFINE_MESSAGE)

static void check_message(uint16_t type, slice body) {
    switch (type) {
#define M(name, number, from, text) \
    case number:                    \
        check_##name(body);         \
        break;
        PROTO_MESSAGES(M)
#undef M
    default:
        require(proto_message_check(type, body) == ERR_UNKNOWN_TYPE);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 2)
        return 0;
    slice body = slice_of(data + 2, size - 2);
    check_message((uint16_t)(data[0] << 8 | data[1]), body);
#define P(name) check_##name(body);
    PROTO_PARTS(P)
#undef P
    return 0;
}
