/* One binary message each; text is refused, pings are answered, fragments are put together. */
#include <sys/random.h>

#include "sys/conn.h"
#include "sys/ws.h"

/* Unsent bytes from which pings go unanswered: whoever floods us with them doesn't read. */
enum { PONG_UP_TO = 65536 };

static err ws_write(struct sys_conn *conn, uint8_t opcode, slice payload) {
    uint8_t key[4], head[SYS_WS_HEAD_MAX], *room;
    if (conn->client && getrandom(key, sizeof(key), 0) != (ssize_t)sizeof(key))
        return ERR_IO;
    size_t n = sys_ws_write_head(head, opcode, payload.n, conn->client ? key : NULL);
    TRY(sys_conn_room(conn, n + payload.n, &room));
    memcpy(room, head, n);
    if (payload.n > 0)
        memcpy(room + n, payload.p, payload.n);
    if (conn->client)
        sys_ws_mask(room + n, payload.n, key);
    return OK;
}

static err ws_put(struct sys_conn *conn, slice message) {
    return ws_write(conn, SYS_WS_BINARY, message);
}

static void say_close(struct sys_conn *conn, uint16_t code) {
    uint8_t payload[2] = {(uint8_t)(code >> 8), (uint8_t)code};
    err lost = ws_write(conn, SYS_WS_CLOSE, SLICE_ARRAY(payload));
    (void)lost; /* no room for it: the end itself says enough */
}

static void ws_farewell(struct sys_conn *conn, err why) {
    switch (why) {
    case OK:
    case ERR_CLOSED:
        say_close(conn, SYS_WS_NORMAL);
        break;
    case ERR_UNSUPPORTED:
        say_close(conn, SYS_WS_UNSUPPORTED);
        break;
    case ERR_TOO_LARGE:
        say_close(conn, SYS_WS_TOO_BIG);
        break;
    case ERR_TIMEOUT:
        say_close(conn, SYS_WS_POLICY);
        break;
    case ERR_FULL:
    case ERR_NO_MEMORY:
        say_close(conn, SYS_WS_OVERLOADED);
        break;
    default:
        say_close(conn, SYS_WS_PROTOCOL_ERROR);
        break;
    }
}

static err take_control(struct sys_conn *conn, uint8_t opcode, slice payload) {
    if (opcode == SYS_WS_PONG)
        return OK;
    if (opcode == SYS_WS_PING)
        return sys_conn_queued(conn) > PONG_UP_TO ? OK : ws_write(conn, SYS_WS_PONG, payload);
    uint16_t code;
    TRY(sys_ws_close_code(payload, &code));
    sys_conn_said_close(conn);
    return OK;
}

/* A part of a message that comes in several frames. */
static err take_part(struct sys_conn *conn, bool final, slice payload) {
    if (conn->parts.n + payload.n > conn->message_max)
        return ERR_TOO_LARGE;
    conn->fragmented = true;
    TRY(buf_append(&conn->parts, payload));
    TRY(sys_conn_count(conn));
    if (!final)
        return OK;
    conn->fragmented = false;
    if (conn->parts.n == 0)
        return ERR_MALFORMED;
    buf whole = conn->parts;
    conn->parts = buf_on(whole.mem);
    sys_conn_message(conn, buf_slice(&whole));
    buf_free(&whole);
    return OK;
}

static err take_data(struct sys_conn *conn, const struct sys_ws_frame *frame, slice payload) {
    if (frame->opcode == SYS_WS_TEXT)
        return ERR_UNSUPPORTED;
    if ((frame->opcode == SYS_WS_CONTINUATION) != conn->fragmented)
        return ERR_MALFORMED;
    if (!frame->final || conn->fragmented)
        return take_part(conn, frame->final, payload);
    if (payload.n == 0)
        return ERR_MALFORMED;
    sys_conn_message(conn, payload);
    return OK;
}

static err ws_take(struct sys_conn *conn, uint8_t *p, size_t n, size_t *used) {
    struct sys_ws_frame frame;
    TRY(sys_ws_head(&frame, slice_of(p, n), !conn->client, conn->message_max));
    if (frame.head == 0 || n - frame.head < frame.payload)
        return OK;
    *used = frame.head + frame.payload;
    if (frame.masked)
        sys_ws_mask(p + frame.head, frame.payload, frame.key);
    slice payload = slice_of(p + frame.head, frame.payload);
    if (frame.opcode & 8)
        return take_control(conn, frame.opcode, payload);
    return take_data(conn, &frame, payload);
}

const struct sys_framing sys_framing_ws = {
    .take = ws_take,
    .put = ws_put,
    .farewell = ws_farewell,
};
