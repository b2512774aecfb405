#include "sys/ws.h"

#include "base/text.h"

enum { CONTROL_MAX = 125, LENGTH_16 = 126, LENGTH_64 = 127 };

static bool opcode_known(uint8_t opcode) {
    return opcode <= SYS_WS_BINARY || (opcode >= SYS_WS_CLOSE && opcode <= SYS_WS_PONG);
}

/* The payload's length; *size is how many bytes it takes, 0 if they aren't all there. */
static err read_length(slice bytes, uint64_t *length, size_t *size) {
    uint8_t first = bytes.p[1] & 0x7f;
    size_t more = first == LENGTH_64 ? 8 : first == LENGTH_16 ? 2 : 0;
    *size = 0;
    if (bytes.n < 2 + more)
        return OK;
    uint64_t value = more == 0 ? first : 0;
    for (size_t i = 0; i < more; i++)
        value = value << 8 | bytes.p[2 + i];
    bool shortest = more == 0 || (more == 2 && value >= LENGTH_16) || (more == 8 && value > 0xffff);
    if (!shortest || value >> 63 != 0)
        return ERR_MALFORMED;
    *length = value;
    *size = 2 + more;
    return OK;
}

err sys_ws_head(struct sys_ws_frame *frame, slice bytes, bool must_mask, size_t max) {
    *frame = (struct sys_ws_frame){0};
    if (bytes.n == 0)
        return OK;
    frame->final = (bytes.p[0] & 0x80) != 0;
    frame->opcode = bytes.p[0] & 0x0f;
    bool control = (frame->opcode & 8) != 0;
    if ((bytes.p[0] & 0x70) != 0 || !opcode_known(frame->opcode) || (control && !frame->final))
        return ERR_MALFORMED;
    if (bytes.n < 2)
        return OK;
    frame->masked = (bytes.p[1] & 0x80) != 0;
    if (frame->masked != must_mask || (control && (bytes.p[1] & 0x7f) > CONTROL_MAX))
        return ERR_MALFORMED;
    uint64_t length = 0;
    size_t size;
    TRY(read_length(bytes, &length, &size));
    if (size == 0)
        return OK;
    if (length > max)
        return ERR_TOO_LARGE;
    frame->payload = (size_t)length;
    if (!frame->masked) {
        frame->head = size;
    } else if (bytes.n >= size + 4) {
        memcpy(frame->key, bytes.p + size, 4);
        frame->head = size + 4;
    }
    return OK;
}

size_t sys_ws_write_head(uint8_t head[SYS_WS_HEAD_MAX], uint8_t opcode, size_t payload,
                         const uint8_t key[4]) {
    size_t more = payload > 0xffff ? 8 : payload >= LENGTH_16 ? 2 : 0;
    uint8_t first = more == 8 ? LENGTH_64 : more == 2 ? LENGTH_16 : (uint8_t)payload;
    head[0] = (uint8_t)(0x80 | opcode);
    head[1] = (uint8_t)((key != NULL ? 0x80 : 0) | first);
    for (size_t i = 0; i < more; i++)
        head[2 + i] = (uint8_t)((uint64_t)payload >> (8 * (more - 1 - i)));
    if (key == NULL)
        return 2 + more;
    memcpy(head + 2 + more, key, 4);
    return 2 + more + 4;
}

void sys_ws_mask(uint8_t *p, size_t n, const uint8_t key[4]) {
    uint64_t wide;
    memcpy(&wide, key, 4);
    memcpy((uint8_t *)&wide + 4, key, 4);
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        uint64_t word;
        memcpy(&word, p + i, 8);
        word ^= wide;
        memcpy(p + i, &word, 8);
    }
    for (; i < n; i++)
        p[i] ^= key[i & 3];
}

err sys_ws_close_code(slice payload, uint16_t *code) {
    *code = SYS_WS_NO_CODE;
    if (payload.n == 0)
        return OK;
    if (payload.n == 1)
        return ERR_MALFORMED;
    uint16_t value = (uint16_t)(payload.p[0] << 8 | payload.p[1]);
    bool ours = value >= 3000 && value <= 4999;
    bool standard = value >= 1000 && value <= 1014 && !(value >= 1004 && value <= 1006);
    if (!ours && !standard)
        return ERR_MALFORMED;
    uint32_t point;
    for (size_t i = 2, size; i < payload.n; i += size)
        if ((size = utf8_decode(slice_of(payload.p + i, payload.n - i), &point)) == 0)
            return ERR_MALFORMED;
    *code = value;
    return OK;
}
