/* The floor: forwards framed messages between connections and does nothing else. A frame is a
 * length (4 bytes), the number of the connection it is for (4), and the rest; connections are
 * numbered as they say in their first frame. One thread; TLS as ours, with buffers released.
 *
 *   relay PORT [CERTIFICATE KEY] */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CONNS = 20000, HEAD = 8, SCRATCH = 256 * 1024 };

struct conn {
    int fd;
    SSL *ssl;
    uint8_t *in, *out;
    size_t in_n, out_n, out_cap;
    struct conn *next_out;
    bool listed, waits;
};

static struct conn *by_number[CONNS];
static struct conn *writers;
static uint8_t scratch[SCRATCH];
static int epoll;

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static void drop(struct conn *c) {
    for (size_t i = 0; i < CONNS; i++)
        if (by_number[i] == c)
            by_number[i] = NULL;
    close(c->fd);
    c->fd = -1; /* the rest is left: the process ends with its measurement */
}

static void put(struct conn *c, const uint8_t *p, size_t n) {
    if (c->out_n + n > c->out_cap) {
        c->out_cap = (c->out_n + n) * 2;
        c->out = realloc(c->out, c->out_cap);
        if (c->out == NULL)
            fail("memory");
    }
    memcpy(c->out + c->out_n, p, n);
    c->out_n += n;
    if (!c->listed) {
        c->listed = true;
        c->next_out = writers;
        writers = c;
    }
}

static ssize_t write_some(struct conn *c) {
    if (c->ssl == NULL)
        return send(c->fd, c->out, c->out_n, MSG_NOSIGNAL);
    int n = SSL_write(c->ssl, c->out, (int)c->out_n);
    if (n <= 0)
        errno = SSL_get_error(c->ssl, n) == SSL_ERROR_WANT_WRITE ? EAGAIN : EIO;
    return n;
}

static void wait_to_write(struct conn *c, bool waits) {
    struct epoll_event e = {.events = EPOLLIN | (waits ? EPOLLOUT : 0), .data.ptr = c};
    if (c->waits != waits)
        epoll_ctl(epoll, EPOLL_CTL_MOD, c->fd, &e);
    c->waits = waits;
}

static void flush(struct conn *c) {
    while (c->fd >= 0 && c->out_n > 0) {
        ssize_t n = write_some(c);
        if (n <= 0) {
            if (errno == EAGAIN)
                wait_to_write(c, true);
            else
                drop(c);
            return;
        }
        memmove(c->out, c->out + n, c->out_n - (size_t)n);
        c->out_n -= (size_t)n;
    }
    if (c->fd < 0)
        return;
    wait_to_write(c, false);
    free(c->out); /* nothing is held while nothing is unsent */
    c->out = NULL;
    c->out_cap = 0;
}

static uint32_t number_at(const uint8_t *p) {
    uint32_t v;
    memcpy(&v, p, sizeof v);
    return ntohl(v);
}

static size_t forward(struct conn *c, const uint8_t *p, size_t n) {
    size_t done = 0;
    while (n - done >= HEAD) {
        size_t length = number_at(p + done);
        uint32_t to = number_at(p + done + 4);
        if (length < 4 || length > SCRATCH / 2 || to >= CONNS) {
            drop(c);
            return n;
        }
        if (n - done < 4 + length)
            break;
        if (length == 4) { /* its first: who it is */
            by_number[to] = c;
            put(c, p + done, HEAD);
        } else if (by_number[to] != NULL) {
            put(by_number[to], p + done, 4 + length);
        }
        done += 4 + length;
    }
    return done;
}

static void take(struct conn *c, size_t n) {
    uint8_t *p = scratch;
    if (c->in != NULL) { /* the piece from before goes in front; room was left for it */
        p = scratch + SCRATCH / 2 - c->in_n;
        memcpy(p, c->in, c->in_n);
        n += c->in_n;
    } else {
        p = scratch + SCRATCH / 2;
    }
    size_t done = forward(c, p, n);
    free(c->in);
    c->in = NULL;
    c->in_n = 0;
    if (c->fd < 0 || done == n)
        return;
    c->in_n = n - done;
    c->in = malloc(c->in_n);
    if (c->in == NULL)
        fail("memory");
    memcpy(c->in, p + done, c->in_n);
}

static bool read_in(struct conn *c) {
    ssize_t n;
    if (c->ssl == NULL) {
        n = recv(c->fd, scratch + SCRATCH / 2, SCRATCH / 2, 0);
    } else {
        n = SSL_read(c->ssl, scratch + SCRATCH / 2, SCRATCH / 2);
        if (n <= 0)
            errno = SSL_get_error(c->ssl, (int)n) == SSL_ERROR_WANT_READ ? EAGAIN : EIO;
    }
    if (n > 0)
        take(c, (size_t)n);
    else if (n == 0 || errno != EAGAIN)
        drop(c);
    return n > 0 && c->fd >= 0 && c->ssl != NULL;
}

static void accept_all(int listener, SSL_CTX *tls) {
    for (int fd; (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0;) {
        int on = 1;
        struct conn *c = calloc(1, sizeof *c);
        struct epoll_event e = {.events = EPOLLIN, .data.ptr = c};
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        if (c == NULL || epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e) != 0)
            fail("a connection");
        c->fd = fd;
        if (tls == NULL)
            continue;
        c->ssl = SSL_new(tls);
        SSL_set_fd(c->ssl, fd);
        SSL_set_accept_state(c->ssl);
    }
}

static SSL_CTX *tls_of(char **argv) {
    SSL_CTX *tls = SSL_CTX_new(TLS_server_method());
    SSL_CTX_set_min_proto_version(tls, TLS1_3_VERSION);
    SSL_CTX_set_mode(tls, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                              SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_session_cache_mode(tls, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(tls, 0);
    if (SSL_CTX_use_certificate_chain_file(tls, argv[2]) != 1 ||
        SSL_CTX_use_PrivateKey_file(tls, argv[3], SSL_FILETYPE_PEM) != 1)
        fail("the certificate");
    return tls;
}

int main(int argc, char **argv) {
    struct sockaddr_in at = {.sin_family = AF_INET};
    struct epoll_event events[256];
    int on = 1;
    if (argc != 2 && argc != 4)
        return 2;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGPIPE, SIG_IGN);
    SSL_CTX *tls = argc == 4 ? tls_of(argv) : NULL;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    at.sin_port = htons((uint16_t)atoi(argv[1]));
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&at, sizeof at) != 0 || listen(listener, 4096) != 0)
        fail("the port");
    epoll = epoll_create1(0);
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = NULL};
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &e);
    printf("ready\n");
    fflush(stdout);
    for (;;) {
        int n = epoll_wait(epoll, events, 256, -1);
        for (int i = 0; i < n; i++) {
            struct conn *c = events[i].data.ptr;
            if (c == NULL) {
                accept_all(listener, tls);
                continue;
            }
            if (c->fd >= 0 && (events[i].events & EPOLLOUT))
                flush(c);
            while (c->fd >= 0 && read_in(c))
                ;
        }
        for (struct conn *c = writers, *next; c != NULL; c = next) {
            next = c->next_out;
            c->listed = false;
            flush(c);
        }
        writers = NULL;
    }
}
