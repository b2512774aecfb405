#include "sys/beside.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sys/files.h"

enum { FIRST_MS = 1000 };

/* One end of a socket to which nobody writes: each process sees when the other ends. */
struct sys_beside {
    int fd;
};

__attribute__((noreturn)) static void serve(int fd, void (*work)(void *ctx), void *ctx,
                                            uint64_t each_ms) {
    struct pollfd end = {.fd = fd, .events = POLLIN};
    uint64_t wait = FIRST_MS;
    setsid();
    for (;; wait = each_ms) {
        int n = poll(&end, 1, (int)wait);
        if (n > 0 || (n < 0 && errno != EINTR))
            _exit(0);
        work(ctx);
    }
}

static void close_others(int keep) {
    if (keep > 3)
        close_range(3, (unsigned)keep - 1, 0);
    close_range((unsigned)keep + 1, UINT_MAX, 0);
}

err sys_beside_start(struct sys_beside **out, void (*work)(void *ctx), void *ctx,
                     uint64_t each_ms) {
    int fds[2];
    *out = NULL;
    struct sys_beside *b = mem_new(NULL, sizeof *b);
    if (b == NULL)
        return ERR_NO_MEMORY;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0) {
        mem_free(NULL, b, sizeof *b);
        return sys_err_from_errno(errno);
    }
    pid_t pid = fork();
    if (pid == 0) {
        close_others(fds[0]);
        serve(fds[0], work, ctx, each_ms);
    }
    close(fds[0]);
    b->fd = fds[1];
    if (pid > 0) {
        *out = b;
        return OK;
    }
    err e = sys_err_from_errno(errno);
    sys_beside_free(b);
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
