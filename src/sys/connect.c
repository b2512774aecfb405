#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sys/conn.h"
#include "sys/files.h"

static err begin(int *out, const struct sys_endpoint *endpoint) {
    int fd = socket(endpoint->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return sys_err_from_errno(errno);
    /* Where it isn't TCP this fails, and nothing is lost. */
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    if (connect(fd, (const struct sockaddr *)&endpoint->address, endpoint->size) != 0 &&
        errno != EINPROGRESS) {
        err result = sys_err_from_errno(errno);
        close(fd);
        return result;
    }
    *out = fd;
    return OK;
}

err sys_conn_open(struct sys_conn **out, struct sys_conns *set, const struct sys_connect *options) {
    const struct sys_address *address = options->address;
    enum sys_scheme scheme = address->scheme;
    bool secret = scheme == SYS_SCHEME_WSS || scheme == SYS_SCHEME_TLS;
    bool web = scheme == SYS_SCHEME_WS || scheme == SYS_SCHEME_WSS;
    if (secret && options->tls == NULL)
        return ERR_BUG;
    if (set->limits.count_max != 0 && set->count >= set->limits.count_max)
        return ERR_LIMIT;
    struct sys_endpoint resolved;
    const struct sys_endpoint *endpoint = options->endpoint;
    if (endpoint == NULL) {
        TRY(sys_endpoint_resolve(&resolved, address->host, address->port, false));
        endpoint = &resolved;
    }
    struct sys_conn_start start = {
        .client = true,
        .connecting = true,
        .tls = secret ? options->tls : NULL,
        .host = address->host,
        .framing = web ? &sys_framing_upgrade : &sys_framing_tcp,
        .ctx = options->ctx,
    };
    TRY(begin(&start.fd, endpoint));
    struct sys_conn *conn;
    err result = sys_conn_start(&conn, set, &start);
    if (result != OK) {
        close(start.fd);
        return result;
    }
    if (web && (result = sys_upgrade_ask(conn, address)) != OK) {
        sys_conn_drop(conn);
        return result;
    }
    *out = conn;
    return OK;
}
