/* WebSocket frames over any bytes: the first byte says whose they are. */
#include <stdlib.h>

#include "sys/ws.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds) {
    if (!holds)
        abort();
}

/* What was read is what would be written: a head has one form. */
static void check_head(const struct sys_ws_frame *frame, slice bytes) {
    uint8_t head[SYS_WS_HEAD_MAX];
    if (!frame->final)
        return;
    size_t n =
        sys_ws_write_head(head, frame->opcode, frame->payload, frame->masked ? frame->key : NULL);
    require(n == frame->head && memcmp(head, bytes.p, n) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0)
        return 0;
    bool from_client = (data[0] & 1) != 0;
    slice rest = slice_of(data + 1, size - 1);
    struct sys_ws_frame frame;
    while (sys_ws_head(&frame, rest, from_client, 65535) == OK && frame.head != 0) {
        require(frame.head <= SYS_WS_HEAD_MAX && frame.payload <= 65535);
        require(frame.masked == from_client && frame.head <= rest.n);
        check_head(&frame, rest);
        struct sys_ws_frame shorter;
        require(sys_ws_head(&shorter, slice_of(rest.p, frame.head - 1), from_client, 65535) == OK);
        require(shorter.head == 0);
        if (rest.n - frame.head < frame.payload)
            break;
        slice payload = slice_of(rest.p + frame.head, frame.payload);
        uint16_t code;
        if (frame.opcode == SYS_WS_CLOSE && sys_ws_close_code(payload, &code) == OK)
            require(code >= 1000 && code < 5000);
        rest = slice_of(payload.p + payload.n, rest.n - frame.head - frame.payload);
    }
    return 0;
}
