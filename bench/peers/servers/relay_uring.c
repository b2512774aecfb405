/* The floor once more (relay.c), in clear, by io_uring: whether it takes less of the processor than
 * epoll where each message needs calls of its own. Multishot receives into a ring of buffers; all
 * sends of a turn are handed over in the one call that waits.
 *
 *   relay_uring PORT */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <liburing.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CONNS = 20000, HEAD = 8, ENTRIES = 4096, BUFFERS = 1024, SIZE = 16384, GROUP = 1 };
enum { ACCEPT = 1, RECV = 2, SEND = 3 };

struct conn {
    int fd;
    uint8_t *in, *out, *going; /* going: handed to the kernel */
    size_t in_n, out_n, out_cap, going_n;
    struct conn *next_out;
    bool listed;
};

static struct io_uring ring;
static struct io_uring_buf_ring *buffers;
static uint8_t room[BUFFERS][SIZE];
static struct conn *by_number[CONNS], *writers;

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static struct io_uring_sqe *entry(void) {
    struct io_uring_sqe *e = io_uring_get_sqe(&ring);
    if (e != NULL)
        return e;
    io_uring_submit(&ring);
    return io_uring_get_sqe(&ring);
}

/* After its preparation, which forgets it. */
static void name(struct io_uring_sqe *e, int op, struct conn *c) {
    io_uring_sqe_set_data64(e, (uint64_t)(uintptr_t)c | (uint64_t)op);
}

static void receive(struct conn *c) {
    struct io_uring_sqe *e = entry();
    io_uring_prep_recv_multishot(e, c->fd, NULL, 0, 0);
    e->flags |= IOSQE_BUFFER_SELECT;
    e->buf_group = GROUP;
    name(e, RECV, c);
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

static void flush(struct conn *c) {
    if (c->going != NULL || c->out_n == 0)
        return;
    c->going = c->out;
    c->going_n = c->out_n;
    c->out = NULL;
    c->out_n = c->out_cap = 0;
    struct io_uring_sqe *e = entry();
    io_uring_prep_send(e, c->fd, c->going, c->going_n, MSG_NOSIGNAL | MSG_WAITALL);
    name(e, SEND, c);
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
        if (length < 4 || to >= CONNS)
            fail("a frame");
        if (n - done < 4 + length)
            break;
        if (length == 4) {
            by_number[to] = c;
            put(c, p + done, HEAD);
        } else if (by_number[to] != NULL) {
            put(by_number[to], p + done, 4 + length);
        }
        done += 4 + length;
    }
    return done;
}

static void take(struct conn *c, uint8_t *p, size_t n) {
    uint8_t *whole = p;
    if (c->in != NULL) {
        whole = malloc(c->in_n + n);
        memcpy(whole, c->in, c->in_n);
        memcpy(whole + c->in_n, p, n);
        n += c->in_n;
        free(c->in);
        c->in = NULL;
        c->in_n = 0;
    }
    size_t done = forward(c, whole, n);
    if (done < n) {
        c->in_n = n - done;
        c->in = malloc(c->in_n);
        memcpy(c->in, whole + done, c->in_n);
    }
    if (whole != p)
        free(whole);
}

static void await_connections(int listener) {
    struct io_uring_sqe *e = entry();
    io_uring_prep_multishot_accept(e, listener, NULL, NULL, 0);
    name(e, ACCEPT, NULL);
}

static void accepted(int fd) {
    int on = 1;
    struct conn *c = calloc(1, sizeof *c);
    if (fd < 0 || c == NULL)
        fail("a connection");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    c->fd = fd;
    receive(c);
}

static void act(struct io_uring_cqe *cqe, int listener) {
    int op = (int)(cqe->user_data & 3);
    struct conn *c = (struct conn *)(uintptr_t)(cqe->user_data & ~(uint64_t)3);
    if (op == ACCEPT) {
        accepted(cqe->res);
        if (!(cqe->flags & IORING_CQE_F_MORE))
            await_connections(listener);
    } else if (op == SEND) {
        free(c->going);
        c->going = NULL;
        if (c->out_n > 0 && !c->listed)
            flush(c);
    } else {
        if (cqe->flags & IORING_CQE_F_BUFFER) {
            int id = (int)(cqe->flags >> IORING_CQE_BUFFER_SHIFT);
            if (cqe->res > 0)
                take(c, room[id], (size_t)cqe->res);
            io_uring_buf_ring_add(buffers, room[id], SIZE, (unsigned short)id,
                                  io_uring_buf_ring_mask(BUFFERS), 0);
            io_uring_buf_ring_advance(buffers, 1);
        }
        if (!(cqe->flags & IORING_CQE_F_MORE) && (cqe->res > 0 || cqe->res == -ENOBUFS))
            receive(c);
    }
}

int main(int argc, char **argv) {
    struct sockaddr_in at = {.sin_family = AF_INET};
    int on = 1;
    if (argc != 2)
        return 2;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGPIPE, SIG_IGN);
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    at.sin_port = htons((uint16_t)atoi(argv[1]));
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&at, sizeof at) != 0 || listen(listener, 4096) != 0)
        fail("the port");
    struct io_uring_params params = {.flags = IORING_SETUP_SINGLE_ISSUER |
                                              IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_CQSIZE,
                                     .cq_entries = 4 * ENTRIES};
    if (io_uring_queue_init_params(ENTRIES, &ring, &params) != 0)
        fail("io_uring");
    io_uring_register_ring_fd(&ring);
    if (posix_memalign((void **)&buffers, 4096, BUFFERS * sizeof(struct io_uring_buf)) != 0)
        fail("memory");
    struct io_uring_buf_reg reg = {
        .ring_addr = (uint64_t)(uintptr_t)buffers, .ring_entries = BUFFERS, .bgid = GROUP};
    if (io_uring_register_buf_ring(&ring, &reg, 0) != 0)
        fail("buffers");
    io_uring_buf_ring_init(buffers);
    for (int i = 0; i < BUFFERS; i++)
        io_uring_buf_ring_add(buffers, room[i], SIZE, (unsigned short)i,
                              io_uring_buf_ring_mask(BUFFERS), i);
    io_uring_buf_ring_advance(buffers, BUFFERS);
    await_connections(listener);
    printf("ready\n");
    fflush(stdout);
    for (;;) {
        struct io_uring_cqe *cqe;
        unsigned at_cqe, count = 0;
        io_uring_submit_and_wait(&ring, 1);
        io_uring_for_each_cqe(&ring, at_cqe, cqe) {
            act(cqe, listener);
            count++;
        }
        io_uring_cq_advance(&ring, count);
        for (struct conn *c = writers, *next; c != NULL; c = next) {
            next = c->next_out;
            c->listed = false;
            flush(c);
        }
        writers = NULL;
    }
}
