#include "sys/beside.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "sys/apart.h"

enum { FIRST_MS = 1000 };

/* One end of a socket to which nobody writes: each process sees when the other ends. */
struct sys_beside {
    int fd;
};

struct job {
    void (*work)(void *ctx);
    void *ctx;
    uint64_t each_ms;
};

static void serve(int fd, void *ctx) {
    const struct job *job = ctx;
    struct pollfd end = {.fd = fd, .events = POLLIN};
    uint64_t wait = FIRST_MS;
    for (;; wait = job->each_ms) {
        int n = poll(&end, 1, (int)wait);
        if (n > 0 || (n < 0 && errno != EINTR))
            return;
        job->work(job->ctx);
    }
}

err sys_beside_start(struct sys_beside **out, void (*work)(void *ctx), void *ctx,
                     uint64_t each_ms) {
    struct job job = {work, ctx, each_ms};
    *out = NULL;
    struct sys_beside *b = mem_new(NULL, sizeof *b);
    if (b == NULL)
        return ERR_NO_MEMORY;
    err e = sys_apart_start(&b->fd, SOCK_STREAM, serve, &job);
    if (e == OK)
        *out = b;
    else
        mem_free(NULL, b, sizeof *b);
    return e;
}

bool sys_beside_gone(const struct sys_beside *b) {
    uint8_t byte;
    return recv(b->fd, &byte, 1, MSG_DONTWAIT) == 0;
}

void sys_beside_free(struct sys_beside *b) {
    if (b == NULL)
        return;
    close(b->fd);
    mem_free(NULL, b, sizeof *b);
}
