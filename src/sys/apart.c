#include "sys/apart.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sys/files.h"

static void close_others(int keep) {
    if (keep > 3)
        close_range(3, (unsigned)keep - 1, 0);
    close_range((unsigned)keep + 1, UINT_MAX, 0);
}

err sys_apart_start(int *fd, int type, void (*serve)(int fd, void *ctx), void *ctx) {
    int fds[2];
    *fd = -1;
    if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, fds) != 0)
        return sys_err_from_errno(errno);
    pid_t pid = fcntl(fds[0], F_SETFL, O_NONBLOCK) == 0 ? fork() : -1;
    if (pid == 0) {
        close_others(fds[1]);
        setsid();
        serve(fds[1], ctx);
        _exit(0);
    }
    err e = pid < 0 ? sys_err_from_errno(errno) : OK;
    close(fds[1]);
    if (e == OK)
        *fd = fds[0];
    else
        close(fds[0]);
    return e;
}
