/* peer_load MODE PROTOCOL PORT KEY=VALUE...: see usage. Prints one line of JSON. */
#define _GNU_SOURCE
#include "peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "load/histogram.h"
#include "load/machine.h"

static const char usage[] =
    "peer_load MODE xmpp|relay PORT KEY=VALUE...\n"
    "  idle      users log in and stay for `seconds`: memory a connection\n"
    "  logins    users log in, `at_once` at a time: logins a second\n"
    "  pairs     user 2k sends to 2k+1: `window` under way, or `rate` a second in all\n"
    "  offline   the first 100 users send `count` messages in batches of 16 to the last `users`\n"
    "            that are not there; a batch counts when the server says that it took it\n"
    "  drain     `users` after the first 100 log in and are sent what waits, `count` in all\n"
    "keys: users seconds window rate at_once count pid tls(0|1)\n";

static struct {
    unsigned users, first, window, rate, at_once, tls;
    double seconds;
    size_t count;
    int pid;
    uint16_t port;
} o = {.users = 1000, .window = 16, .at_once = 64, .seconds = 5, .count = 100000};

bool peer_asks;
static const struct protocol *protocol;
static struct peer *peers, **writers;
static size_t writer_count;
static int epoll;
static SSL_CTX *tls;
static unsigned ready_count, started;
static size_t sent, got, taken;
static struct histogram times;
static uint64_t began; /* stamps are from here on; 0: all are */
static bool counts;    /* what arrives now belongs to the measurement */
static void (*on_got)(struct peer *p);

void must(bool condition, const char *what) {
    if (condition)
        return;
    fprintf(stderr, "peer_load: %s failed\n", what);
    exit(1);
}

/* ---- Bytes ---- */

void bytes_add(struct bytes *b, const char *p, size_t n) {
    if (b->n + n > b->cap) {
        b->cap = (b->n + n) * 2;
        b->p = realloc(b->p, b->cap);
        must(b->p != NULL, "memory");
    }
    memcpy(b->p + b->n, p, n);
    b->n += n;
}

void bytes_text(struct bytes *b, const char *format, ...) {
    char text[2048];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    must(n >= 0 && (size_t)n < sizeof text, "a text");
    bytes_add(b, text, (size_t)n);
}

void bytes_drop(struct bytes *b, size_t n) {
    b->n -= n;
    if (b->n > 0) {
        memmove(b->p, b->p + n, b->n);
        return;
    }
    free(b->p);
    *b = (struct bytes){0};
}

/* ---- Time ---- */

static uint64_t now_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static double now_s(void) {
    return 1e-6 * (double)now_us();
}

/* ---- Connections ---- */

static void list(struct peer *p) {
    if (p->listed || p->out.n == 0)
        return;
    p->listed = true;
    writers[writer_count++] = p;
}

static void start(struct peer *p) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(o.port)};
    struct epoll_event e = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = p};
    int on = 1;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    p->number = o.first + (unsigned)(p - peers);
    p->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    p->since = now_s();
    must(p->fd >= 0, "a socket");
    setsockopt(p->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    must(connect(p->fd, (struct sockaddr *)&to, sizeof to) == 0 || errno == EINPROGRESS,
         "connecting");
    must(epoll_ctl(epoll, EPOLL_CTL_ADD, p->fd, &e) == 0, "epoll");
    if (o.tls) {
        p->ssl = SSL_new(tls);
        must(p->ssl != NULL && SSL_set_fd(p->ssl, p->fd) == 1, "TLS");
        SSL_set_connect_state(p->ssl);
    }
    protocol->begin(p);
    list(p);
    started++;
}

static ssize_t write_some(struct peer *p) {
    if (p->ssl == NULL)
        return send(p->fd, p->out.p, p->out.n, MSG_NOSIGNAL);
    int n = SSL_write(p->ssl, p->out.p, (int)p->out.n);
    int why = n > 0 ? 0 : SSL_get_error(p->ssl, n);
    if (n <= 0)
        errno = why == SSL_ERROR_WANT_WRITE || why == SSL_ERROR_WANT_READ ? EAGAIN : EIO;
    return n;
}

static void flush(struct peer *p) {
    while (p->out.n > 0) {
        ssize_t n = write_some(p);
        if (n < 0 && (errno == EAGAIN || errno == ENOTCONN))
            return;
        must(n > 0, "writing to the server");
        bytes_drop(&p->out, (size_t)n);
    }
}

static ssize_t read_some(struct peer *p, char *room, size_t size) {
    if (p->ssl == NULL)
        return recv(p->fd, room, size, 0);
    int n = SSL_read(p->ssl, room, (int)size);
    int why = n > 0 ? 0 : SSL_get_error(p->ssl, n);
    if (n <= 0)
        errno = why == SSL_ERROR_WANT_WRITE || why == SSL_ERROR_WANT_READ ? EAGAIN : EIO;
    return n > 0 ? n : -1;
}

static void handle(struct peer *p, const char *room, size_t n) {
    bool was_ready = p->ready;
    if (p->in.n == 0) {
        size_t used = protocol->take(p, room, n);
        if (p->ready && !was_ready && used == 0)
            used = protocol->take(p, room, n);
        bytes_add(&p->in, room + used, n - used);
    } else {
        bytes_add(&p->in, room, n);
        bytes_drop(&p->in, protocol->take(p, p->in.p, p->in.n));
    }
    if (p->ready && !was_ready) {
        ready_count++;
        if (counts && protocol == &protocol_xmpp && on_got == NULL)
            histogram_add(&times, (uint64_t)(1e6 * (now_s() - p->since)));
    }
}

static void read_in(struct peer *p) {
    static char room[256 * 1024];
    for (;;) {
        ssize_t n = read_some(p, room, sizeof room);
        if (n < 0 && (errno == EAGAIN || errno == ENOTCONN))
            return;
        must(n > 0, "reading from the server");
        handle(p, room, (size_t)n);
    }
}

static void flush_all(void) {
    for (size_t i = 0; i < writer_count; i++) {
        writers[i]->listed = false;
        flush(writers[i]);
    }
    writer_count = 0;
}

static void turn(int timeout_ms) {
    static struct epoll_event events[512];
    flush_all();
    int n = epoll_wait(epoll, events, 512, timeout_ms);
    for (int i = 0; i < n; i++) {
        struct peer *p = events[i].data.ptr;
        if (p == NULL)
            continue;
        if (events[i].events & EPOLLIN)
            read_in(p);
        list(p);
        if (events[i].events & EPOLLOUT)
            flush(p);
    }
    flush_all();
}

/* So many, `at_once` at a time. */
static void log_in(unsigned count) {
    double end = now_s() + 300;
    while (ready_count < count && now_s() < end) {
        while (started < count && started - ready_count < o.at_once)
            start(&peers[started]);
        turn(100);
    }
    must(ready_count == count, "logging everybody in");
}

/* ---- Modes ---- */

/* What an earlier run left is passed over, but for a drain, which is all about it. */
void peer_got(struct peer *p, uint64_t stamp) {
    if (stamp < began)
        return;
    got++;
    if (counts && on_got != NULL) {
        uint64_t now = now_us();
        histogram_add(&times, now > stamp ? now - stamp : 0);
        on_got(p);
    }
}

void peer_taken(struct peer *p) {
    taken += p->waiting;
    histogram_add(&times, (uint64_t)(1e6 * (now_s() - p->since)));
    p->waiting = 0;
}

static void send_one(struct peer *from, unsigned to, uint64_t stamp) {
    protocol->message(from, to, stamp);
    list(from);
    sent++;
}

static void send_next(struct peer *receiver) {
    struct peer *from = receiver - 1;
    send_one(from, receiver->number, now_us());
}

static void count_only(struct peer *p) {
    (void)p;
}

static void run_closed(double seconds) {
    for (double end = now_s() + seconds; now_s() < end;)
        turn(100);
}

static void arm(int timer, uint64_t due) {
    struct itimerspec at = {
        .it_value = {.tv_sec = (time_t)(due / 1000000), .tv_nsec = (long)(due % 1000000) * 1000}};
    timerfd_settime(timer, TFD_TIMER_ABSTIME, &at, NULL);
}

/* Each message has its own time, and counts from it however late it goes. */
static void run_rate(double seconds) {
    struct epoll_event e = {.events = EPOLLIN | EPOLLET, .data.ptr = NULL};
    int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    epoll_ctl(epoll, EPOLL_CTL_ADD, timer, &e);
    uint64_t begun = now_us(), all = (uint64_t)(seconds * o.rate);
    for (uint64_t i = 0; i < all;) {
        uint64_t due = begun + i * 1000000 / o.rate;
        if (due <= now_us()) {
            unsigned pair = (unsigned)(i++ % (o.users / 2));
            send_one(&peers[2 * pair], peers[2 * pair + 1].number, due);
            continue;
        }
        arm(timer, due);
        turn(100);
    }
    for (double end = now_s() + 5; got < sent && now_s() < end;)
        turn(100);
    close(timer);
}

static void mode_pairs(void) {
    log_in(o.users);
    run_closed(0.5);
    on_got = o.rate > 0 ? count_only : send_next;
    counts = true;
    got = 0;
    began = now_us();
    struct machine before = machine_of(o.pid, false);
    double begun = now_s(), own = machine_own_cpu();
    for (unsigned i = 0; o.rate == 0 && i < o.users; i += 2)
        for (unsigned k = 0; k < o.window; k++)
            send_one(&peers[i], peers[i + 1].number, now_us());
    (o.rate > 0 ? run_rate : run_closed)(o.seconds);
    double took = now_s() - begun;
    struct machine after = machine_of(o.pid, false);
    printf(
        "{\"messages\":%zu,\"lost\":%zu,\"per_second\":%.0f,\"cpu_us\":%.2f,\"load_cpu_us\":%.2f",
        got, o.rate > 0 ? sent - got : 0, (double)got / took,
        1e6 * (after.cpu - before.cpu) / (double)got,
        1e6 * (machine_own_cpu() - own) / (double)got);
    histogram_print(&times, "", true);
    printf("}\n");
}

static void mode_logins(void) {
    struct machine before = machine_of(o.pid, false);
    double begun = now_s();
    counts = true;
    log_in(o.users);
    double took = now_s() - begun;
    struct machine after = machine_of(o.pid, false);
    printf("{\"logins\":%u,\"per_second\":%.1f,\"cpu_us\":%.1f", o.users, o.users / took,
           1e6 * (after.cpu - before.cpu) / o.users);
    histogram_print(&times, "", true);
    printf("}\n");
}

static void mode_idle(void) {
    struct machine before = machine_of(o.pid, true);
    log_in(o.users);
    run_closed(o.seconds);
    struct machine after = machine_of(o.pid, true);
    printf("{\"connections\":%u,\"bytes\":%.0f,\"all_bytes\":%.0f}\n", o.users,
           (after.bytes - before.bytes) / o.users, after.bytes);
}

static void next_batch(struct peer *p, unsigned *to) {
    for (unsigned k = 0; k < 16 && sent < o.count; k++, p->waiting++) {
        send_one(p, 100 + *to, now_us());
        *to = (*to + 1) % o.users;
    }
    p->since = now_s();
    protocol->ask(p);
    list(p);
}

static void mode_offline(void) {
    unsigned to = 0;
    must(protocol->ask != NULL, "asking this server");
    peer_asks = true;
    log_in(100);
    times = (struct histogram){0};
    struct machine before = machine_of(o.pid, false);
    double begun = now_s();
    while (taken < o.count && now_s() - begun < o.seconds) {
        for (unsigned i = 0; i < 100; i++)
            if (peers[i].waiting == 0 && sent < o.count)
                next_batch(&peers[i], &to);
        turn(100);
    }
    double took = now_s() - begun;
    struct machine after = machine_of(o.pid, false);
    printf("{\"messages\":%zu,\"per_second\":%.1f,\"cpu_us\":%.1f", taken, (double)taken / took,
           1e6 * (after.cpu - before.cpu) / (double)(taken > 0 ? taken : 1));
    histogram_print(&times, "", true);
    printf("}\n");
}

static void mode_drain(void) {
    o.first = 100;
    struct machine before = machine_of(o.pid, false);
    double begun = now_s();
    while (got < o.count && now_s() - begun < o.seconds) {
        while (started < o.users && started - ready_count < o.at_once)
            start(&peers[started]);
        turn(100);
    }
    double took = now_s() - begun;
    struct machine after = machine_of(o.pid, false);
    printf("{\"messages\":%zu,\"users\":%u,\"per_second\":%.1f,\"cpu_us\":%.1f}\n", got,
           ready_count, (double)got / took,
           1e6 * (after.cpu - before.cpu) / (double)(got > 0 ? got : 1));
}

/* ---- The command line ---- */

static bool take_pair(const char *pair) {
    double value;
    char key[32];
    if (sscanf(pair, "%31[a-z_]=%lf", key, &value) != 2 || value < 0 || value > 1e9)
        return false;
    unsigned *numbers[] = {&o.users, &o.window, &o.rate, &o.at_once, &o.tls};
    static const char *const names[] = {"users", "window", "rate", "at_once", "tls"};
    for (size_t i = 0; i < 5; i++)
        if (strcmp(key, names[i]) == 0)
            return *numbers[i] = (unsigned)value, true;
    if (strcmp(key, "seconds") == 0)
        return o.seconds = value, true;
    if (strcmp(key, "count") == 0)
        return o.count = (size_t)value, true;
    if (strcmp(key, "pid") == 0)
        return o.pid = (int)value, true;
    return false;
}

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        void (*run)(void);
    } modes[] = {{"idle", mode_idle},
                 {"logins", mode_logins},
                 {"pairs", mode_pairs},
                 {"offline", mode_offline},
                 {"drain", mode_drain}};
    struct rlimit files;
    bool fine = argc >= 4;
    for (int i = 4; i < argc; i++)
        fine = fine && take_pair(argv[i]);
    if (!fine || o.users == 0 || o.users > 19900) {
        fputs(usage, stderr);
        return 2;
    }
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    protocol = strcmp(argv[2], "relay") == 0 ? &protocol_relay : &protocol_xmpp;
    o.port = (uint16_t)atoi(argv[3]);
    unsigned most = o.users > 100 ? o.users : 100;
    peers = calloc(most, sizeof *peers);
    writers = calloc(most, sizeof *writers);
    epoll = epoll_create1(EPOLL_CLOEXEC);
    tls = o.tls ? SSL_CTX_new(TLS_client_method()) : NULL;
    must(peers != NULL && writers != NULL && epoll >= 0 && (tls != NULL || !o.tls), "memory");
    if (o.tls) {
        SSL_CTX_set_mode(tls, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
        SSL_CTX_set_session_cache_mode(tls, SSL_SESS_CACHE_OFF);
    }
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
        if (strcmp(argv[1], modes[i].name) == 0)
            return modes[i].run(), 0;
    fputs(usage, stderr);
    return 2;
}
