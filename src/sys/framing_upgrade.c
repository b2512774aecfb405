/* The client's side of HTTP: asks for a WebSocket and checks the answer. */
#include <stdio.h>
#include <sys/random.h>

#include "base/text.h"
#include "sys/conn.h"

static err upgrade_ask(struct sys_conn *conn, const struct sys_address *address) {
    uint8_t random[16];
    char head[1024];
    buf key = {0};
    if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
        return ERR_IO;
    buf_clear(&conn->parts);
    TRY(base64_encode(&key, SLICE_ARRAY(random)));
    err e = sys_http_accept_key(buf_slice(&key), &conn->parts);
    bool brackets = strchr(address->host, ':') != NULL;
    int n = snprintf(head, sizeof(head),
                     "GET %s HTTP/1.1\r\n"
                     "Host: %s%s%s:%s\r\n"
                     "Upgrade: websocket\r\n"
                     "Connection: Upgrade\r\n"
                     "Sec-WebSocket-Key: %.*s\r\n"
                     "Sec-WebSocket-Version: 13\r\n"
                     "Sec-WebSocket-Protocol: sotto\r\n\r\n",
                     address->path, brackets ? "[" : "", address->host, brackets ? "]" : "",
                     address->port, (int)key.n, (const char *)key.p);
    buf_free(&key);
    TRY(e);
    if (n < 0 || (size_t)n >= sizeof(head))
        return ERR_BUG;
    uint8_t *room;
    TRY(sys_conn_room(conn, (size_t)n, &room));
    memcpy(room, head, (size_t)n);
    return OK;
}

static err upgrade_take(struct sys_conn *conn, uint8_t *p, size_t n, size_t *used) {
    size_t size;
    TRY(sys_http_head(slice_of(p, n), &size));
    if (size == 0)
        return OK;
    struct sys_http_response response;
    TRY(sys_http_parse_response(&response, slice_of(p, size)));
    if (response.status == 503)
        return ERR_AGAIN;
    if (response.status != 101)
        return ERR_UNSUPPORTED;
    if (!response.upgrade || !slice_equal(response.accept, buf_slice(&conn->parts)) ||
        !slice_equal(response.protocol, slice_str("sotto")))
        return ERR_MALFORMED;
    *used = size;
    buf_free(&conn->parts);
    conn->framing = &sys_framing_ws;
    sys_conn_opened(conn);
    return OK;
}

const struct sys_framing sys_framing_upgrade = {
    .ask = upgrade_ask,
    .take = upgrade_take,
};
