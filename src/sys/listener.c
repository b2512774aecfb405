#include "sys/listener.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "sys/conn.h"
#include "sys/files.h"

enum { BACKLOG = 4096, ACCEPTS_A_TURN = 64, REST_MS = 100 };

/* ---- Sockets ---- */

static err last_err(void) {
    return sys_err_from_errno(errno);
}

/* Accepted sockets inherit these. Silent peers are found out after about ten minutes. So many tries
 * because the kernel's timers of this length go off for all connections of 16 seconds at once: more
 * probes than a queue to the network takes. */
static err set_options(int fd) {
    static const struct {
        int level, name, value;
    } LIST[] = {
        {SOL_SOCKET, SO_REUSEADDR, 1},    {IPPROTO_TCP, TCP_NODELAY, 1},
        {SOL_SOCKET, SO_KEEPALIVE, 1},    {IPPROTO_TCP, TCP_KEEPIDLE, 300},
        {IPPROTO_TCP, TCP_KEEPINTVL, 30}, {IPPROTO_TCP, TCP_KEEPCNT, 9},
    };
    for (size_t i = 0; i < sizeof(LIST) / sizeof(LIST[0]); i++)
        if (setsockopt(fd, LIST[i].level, LIST[i].name, &LIST[i].value, sizeof(LIST[i].value)) != 0)
            return last_err();
    return OK;
}

err sys_listen_open(int *out, const struct sys_listen *options) {
    struct sys_endpoint endpoint;
    TRY(sys_endpoint_resolve(&endpoint, options->host, options->port, true));
    int fd = socket(endpoint.address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return last_err();
    err result = set_options(fd);
    if (result == OK && bind(fd, (struct sockaddr *)&endpoint.address, endpoint.size) != 0)
        result = last_err();
    if (result == OK && listen(fd, BACKLOG) != 0)
        result = last_err();
    if (result != OK) {
        close(fd);
        return result;
    }
    *out = fd;
    return OK;
}

/* Removes a socket that nobody listens on any more. */
static err remove_stale(const struct sockaddr_un *address) {
    struct stat info;
    if (lstat(address->sun_path, &info) != 0)
        return errno == ENOENT ? OK : last_err();
    if (!S_ISSOCK(info.st_mode))
        return ERR_EXISTS;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return last_err();
    bool alive = connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0;
    close(fd);
    if (alive)
        return ERR_BUSY;
    return unlink(address->sun_path) == 0 ? OK : last_err();
}

err sys_listen_unix(int *out, const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof(address.sun_path))
        return ERR_TOO_LARGE;
    memcpy(address.sun_path, path, strlen(path));
    TRY(remove_stale(&address));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return last_err();
    /* The mode of the socket's file, from the moment it exists. */
    mode_t before = umask(0177);
    err result = bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 ? OK : last_err();
    umask(before);
    if (result == OK && listen(fd, BACKLOG) != 0)
        result = last_err();
    if (result != OK) {
        close(fd);
        return result;
    }
    *out = fd;
    return OK;
}

bool sys_listen_fits(int fd, const char *text) {
    char host[SYS_HOST_MAX + 1], name[SYS_PORT_TEXT];
    struct sockaddr_storage address = {0};
    struct sys_endpoint wanted;
    socklen_t size = sizeof(address);
    uint16_t port = 0;
    if (sys_address_split(text, host, name) != OK || sys_listen_port(fd, &port) != OK ||
        getsockname(fd, (struct sockaddr *)&address, &size) != 0)
        return false;
    if (strcmp(name, "0") == 0)
        snprintf(name, sizeof(name), "%u", port);
    return sys_endpoint_resolve(&wanted, host, name, true) == OK && wanted.size == size &&
           memcmp(&wanted.address, &address, size) == 0;
}

err sys_listen_port(int fd, uint16_t *port) {
    struct sockaddr_storage address;
    socklen_t size = sizeof(address);
    if (getsockname(fd, (struct sockaddr *)&address, &size) != 0)
        return last_err();
    if (address.ss_family == AF_INET)
        *port = ntohs(((struct sockaddr_in *)&address)->sin_port);
    else if (address.ss_family == AF_INET6)
        *port = ntohs(((struct sockaddr_in6 *)&address)->sin6_port);
    else
        return ERR_UNSUPPORTED;
    return OK;
}

/* ---- Accepting ---- */

struct sys_listener {
    struct sys_conns *set;
    struct sys_watch watch;
    struct sys_timer rest;
    struct sys_tls *tls;
    const struct sys_http *http;
    struct sys_listener *next_waiting;
    int fd;
    bool waiting;
};

static bool set_is_full(const struct sys_conns *set) {
    return set->limits.count_max != 0 && set->count >= set->limits.count_max;
}

static err adopt(struct sys_listener *listener, int fd, uint32_t source) {
    if (set_is_full(listener->set))
        return ERR_LIMIT;
    struct sys_conn_start start = {
        .fd = fd,
        .tls = listener->tls,
        .framing = listener->http != NULL ? &sys_framing_http : &sys_framing_tcp,
        .http = listener->http,
        .ctx = listener->set->ctx,
        .source = source,
    };
    struct sys_conn *conn;
    listener->set->accepted++;
    return sys_conn_start(&conn, listener->set, &start);
}

err sys_listener_adopt(struct sys_listener *listener, int fd) {
    return adopt(listener, fd, 0);
}

static err admit(struct sys_listener *listener, int fd, const struct sockaddr_storage *peer) {
    struct sys_sources *sources = listener->set->sources;
    uint32_t source = 0;
    if (sources != NULL)
        TRY(sys_sources_take(sources, peer, &source));
    err result = adopt(listener, fd, source);
    if (result != OK && sources != NULL)
        sys_sources_give(sources, source);
    return result;
}

/* Stops accepting until a connection ends. */
static void wait_for_room(struct sys_listener *listener) {
    if (listener->waiting || sys_watch_set(&listener->watch, 0) != OK)
        return;
    listener->waiting = true;
    listener->next_waiting = listener->set->waiting;
    listener->set->waiting = listener;
}

static void go_on(void *ctx);

/* Stops accepting for a moment. If not even that can be had, it goes on, at the price of a busy
 * loop. */
static void rest(struct sys_listener *listener) {
    err result = sys_timer_set(&listener->rest, listener->set->loop, REST_MS, go_on, listener);
    if (result == OK && sys_watch_set(&listener->watch, 0) != OK)
        sys_timer_cancel(&listener->rest);
}

static void go_on(void *ctx) {
    struct sys_listener *listener = ctx;
    if (sys_watch_set(&listener->watch, SYS_READ | SYS_EXCLUSIVE) != OK)
        rest(listener);
}

/* All that wait go on; the first to find the set full again comes back. */
void sys_listener_wake(struct sys_listener *listener) {
    while (listener != NULL) {
        struct sys_listener *next = listener->next_waiting;
        listener->set->waiting = next;
        listener->waiting = false;
        go_on(listener);
        listener = next;
    }
}

static void accept_ready(void *ctx, unsigned events) {
    struct sys_listener *listener = ctx;
    (void)events;
    for (int i = 0; i < ACCEPTS_A_TURN; i++) {
        if (set_is_full(listener->set)) {
            wait_for_room(listener);
            return;
        }
        struct sockaddr_storage peer = {0};
        socklen_t size = sizeof(peer);
        int fd =
            accept4(listener->fd, (struct sockaddr *)&peer, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            bool short_of =
                errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM;
            if (short_of)
                rest(listener);
            else if (errno == ECONNABORTED || errno == EINTR)
                continue;
            return;
        }
        if (admit(listener, fd, &peer) != OK)
            close(fd);
    }
}

err sys_listener_new(struct sys_listener **out, struct sys_conns *set,
                     const struct sys_listener_options *options) {
    const struct mem *mem = sys_loop_mem(set->loop);
    struct sys_listener *listener = mem_new(mem, sizeof(*listener));
    if (listener == NULL)
        return ERR_NO_MEMORY;
    listener->set = set;
    listener->http = options->http;
    listener->fd = options->fd;
    err result = OK;
    if (options->tls != NULL && (listener->tls = sys_tls_share(options->tls)) == NULL)
        result = ERR_NO_MEMORY;
    if (result == OK)
        result = sys_watch_start(&listener->watch, set->loop, listener->fd,
                                 SYS_READ | SYS_EXCLUSIVE, accept_ready, listener);
    if (result != OK) {
        sys_tls_free(listener->tls);
        mem_free(mem, listener, sizeof(*listener));
        return result;
    }
    *out = listener;
    return OK;
}

err sys_listener_set_tls(struct sys_listener *listener, struct sys_tls *tls) {
    struct sys_tls *shared = sys_tls_share(tls);
    if (shared == NULL)
        return ERR_NO_MEMORY;
    sys_tls_free(listener->tls);
    listener->tls = shared;
    return OK;
}

void sys_listener_free(struct sys_listener *listener) {
    if (listener == NULL)
        return;
    for (struct sys_listener **at = &listener->set->waiting; *at != NULL;
         at = &(*at)->next_waiting) {
        if (*at == listener) {
            *at = listener->next_waiting;
            break;
        }
    }
    sys_watch_stop(&listener->watch);
    sys_timer_cancel(&listener->rest);
    close(listener->fd);
    sys_tls_free(listener->tls);
    mem_free(sys_loop_mem(listener->set->loop), listener, sizeof(*listener));
}
