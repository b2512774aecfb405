/* WebSocket frames (RFC 6455 section 5), without I/O and without memory of their own: a connection
 * that waits between frames costs nothing. */
#ifndef SOTTO_SYS_WS_H
#define SOTTO_SYS_WS_H

#include "base/slice.h"

enum sys_ws_opcode {
    SYS_WS_CONTINUATION = 0,
    SYS_WS_TEXT = 1,
    SYS_WS_BINARY = 2,
    SYS_WS_CLOSE = 8,
    SYS_WS_PING = 9,
    SYS_WS_PONG = 10,
};

/* Close codes (section 7.4.1). */
enum {
    SYS_WS_NORMAL = 1000,
    SYS_WS_GOING_AWAY = 1001,
    SYS_WS_PROTOCOL_ERROR = 1002,
    SYS_WS_UNSUPPORTED = 1003,
    SYS_WS_NO_CODE = 1005,
    SYS_WS_POLICY = 1008,
    SYS_WS_TOO_BIG = 1009,
    SYS_WS_OVERLOADED = 1013,
};

enum { SYS_WS_HEAD_MAX = 14 };

struct sys_ws_frame {
    uint8_t opcode;
    bool final, masked;
    uint8_t key[4];
    size_t head, payload; /* sizes in bytes */
};

/* Reads the head of a frame. frame->head stays 0 if it isn't whole yet. MALFORMED: reserved bits or
 * opcodes, a length that isn't in its shortest form, a control frame that is long or in fragments,
 * or masked other than must_mask says. TOO_LARGE: a payload of more than max. */
MUST err sys_ws_head(struct sys_ws_frame *frame, slice bytes, bool must_mask, size_t max);
/* Writes the head of a final frame and returns its size; key is NULL for an unmasked one. */
size_t sys_ws_write_head(uint8_t head[SYS_WS_HEAD_MAX], uint8_t opcode, size_t payload,
                         const uint8_t key[4]);
/* Masks or unmasks in place. */
void sys_ws_mask(uint8_t *p, size_t n, const uint8_t key[4]);
/* The code of a Close frame's payload (SYS_WS_NO_CODE if it is empty). MALFORMED: one byte, a code
 * that may not be sent, or a reason that isn't UTF-8. */
MUST err sys_ws_close_code(slice payload, uint16_t *code);

#endif
