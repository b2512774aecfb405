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

/* The socket, on its way to the server, or to the proxy that leads there. */
static err reach(int *fd, const struct sys_connect *options) {
    const struct sys_proxy *proxy = options->proxy;
    const struct sys_address *address = options->address;
    struct sys_endpoint resolved;
    if (options->endpoint != NULL)
        return begin(fd, options->endpoint);
    TRY(sys_endpoint_resolve(&resolved, proxy != NULL ? proxy->host : address->host,
                             proxy != NULL ? proxy->port : address->port, false));
    return begin(fd, &resolved);
}

static err start(struct sys_conn **conn, struct sys_conns *set, struct sys_conn_start *start,
                 const struct sys_connect *options) {
    const struct mem *mem = sys_loop_mem(set->loop);
    if (options->proxy != NULL)
        TRY(sys_socks_new(&start->socks, mem, options->proxy, options->address));
    err result = reach(&start->fd, options);
    if (result != OK && options->proxy != NULL && err_class(result) != ERR_CLASS_MEMORY)
        result = ERR_PROXY;
    if (result == OK) {
        result = sys_conn_start(conn, set, start);
        if (result != OK)
            close(start->fd);
    }
    if (result != OK)
        sys_socks_free(start->socks, mem);
    return result;
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
    const struct sys_framing *framing = options->framing;
    if (framing == NULL)
        framing = web ? &sys_framing_upgrade : &sys_framing_tcp;
    struct sys_conn *conn;
    TRY(start(&conn, set,
              &(struct sys_conn_start){
                  .client = true,
                  .connecting = true,
                  .tls = secret ? options->tls : NULL,
                  .host = address->host,
                  .framing = framing,
                  .ctx = options->ctx,
              },
              options));
    err result = framing->ask != NULL ? framing->ask(conn, address) : OK;
    if (result != OK) {
        sys_conn_drop(conn);
        return result;
    }
    *out = conn;
    return OK;
}
