/* A 16-bit big-endian length and so many bytes. */
#include "sys/conn.h"

enum { HEAD = 2 };

static err tcp_take(struct sys_conn *conn, uint8_t *p, size_t n, size_t *used) {
    if (n < HEAD)
        return OK;
    size_t size = (size_t)p[0] << 8 | p[1];
    if (size == 0)
        return ERR_MALFORMED;
    if (size > conn->message_max)
        return ERR_TOO_LARGE;
    if (n < HEAD + size)
        return OK;
    *used = HEAD + size;
    sys_conn_message(conn, slice_of(p + HEAD, size));
    return OK;
}

static err tcp_put(struct sys_conn *conn, slice message) {
    uint8_t *room;
    TRY(sys_conn_room(conn, HEAD + message.n, &room));
    room[0] = (uint8_t)(message.n >> 8);
    room[1] = (uint8_t)message.n;
    memcpy(room + HEAD, message.p, message.n);
    return OK;
}

const struct sys_framing sys_framing_tcp = {
    .take = tcp_take,
    .put = tcp_put,
    .opens = true,
};
