#include <errno.h>
#include <sys/socket.h>

#include "sys/conn.h"
#include "sys/files.h"

static err plain_read(struct sys_conn *conn, uint8_t *p, size_t size, size_t *n) {
    ssize_t got = recv(conn->fd, p, size, 0);
    if (got == 0)
        return ERR_CLOSED;
    if (got < 0)
        return sys_err_from_errno(errno);
    *n = (size_t)got;
    return OK;
}

static err plain_write(struct sys_conn *conn, const uint8_t *p, size_t size, size_t *n) {
    ssize_t put = send(conn->fd, p, size, MSG_NOSIGNAL);
    if (put < 0)
        return sys_err_from_errno(errno);
    *n = (size_t)put;
    return OK;
}

static err plain_greet(struct sys_conn *conn) {
    (void)conn;
    return OK;
}

static bool plain_pending(const struct sys_conn *conn) {
    (void)conn;
    return false;
}

static void plain_nothing(struct sys_conn *conn) {
    (void)conn;
}

const struct sys_wire sys_wire_plain = {
    .read = plain_read,
    .write = plain_write,
    .greet = plain_greet,
    .pending = plain_pending,
    .goodbye = plain_nothing,
    .free = plain_nothing,
};
