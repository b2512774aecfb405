#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "sys/files.h"
#include "sys/loop.h"

enum { BATCH_MAX = 256 };

struct epoll_state {
    int fd;
    struct epoll_event ready[BATCH_MAX];
};

static err epoll_open(const struct mem *mem, void **out) {
    struct epoll_state *state = mem_new(mem, sizeof(*state));
    if (state == NULL)
        return ERR_NO_MEMORY;
    state->fd = epoll_create1(EPOLL_CLOEXEC);
    if (state->fd < 0) {
        err result = sys_err_from_errno(errno);
        mem_free(mem, state, sizeof(*state));
        return result;
    }
    *out = state;
    return OK;
}

static void epoll_shut(const struct mem *mem, void *arg) {
    struct epoll_state *state = arg;
    close(state->fd);
    mem_free(mem, state, sizeof(*state));
}

static err epoll_change(void *arg, struct sys_watch *w, unsigned from, unsigned to) {
    struct epoll_state *state = arg;
    struct epoll_event event = {.events = 0, .data = {.ptr = w}};
    if (to & SYS_READ)
        event.events |= EPOLLIN;
    if (to & SYS_WRITE)
        event.events |= EPOLLOUT;
    if (to & SYS_EXCLUSIVE)
        event.events |= EPOLLEXCLUSIVE;
    int op = from == 0 ? EPOLL_CTL_ADD : to == 0 ? EPOLL_CTL_DEL : EPOLL_CTL_MOD;
    /* The kernel refuses to modify an exclusive entry. */
    if (op == EPOLL_CTL_MOD && ((from | to) & SYS_EXCLUSIVE)) {
        if (epoll_ctl(state->fd, EPOLL_CTL_DEL, w->fd, &event) != 0)
            return sys_err_from_errno(errno);
        op = EPOLL_CTL_ADD;
    }
    return epoll_ctl(state->fd, op, w->fd, &event) == 0 ? OK : sys_err_from_errno(errno);
}

static err epoll_gather(void *arg, struct sys_event *events, size_t max, int max_wait_ms,
                        size_t *count) {
    struct epoll_state *state = arg;
    int n =
        epoll_wait(state->fd, state->ready, (int)(max < BATCH_MAX ? max : BATCH_MAX), max_wait_ms);
    *count = 0;
    if (n < 0)
        return errno == EINTR ? OK : sys_err_from_errno(errno);
    for (int i = 0; i < n; i++) {
        uint32_t ready = state->ready[i].events;
        unsigned seen = 0;
        /* An error or hang-up shows when its owner next reads or writes. */
        if (ready & (EPOLLIN | EPOLLERR | EPOLLHUP))
            seen |= SYS_READ;
        if (ready & (EPOLLOUT | EPOLLERR | EPOLLHUP))
            seen |= SYS_WRITE;
        events[i] = (struct sys_event){state->ready[i].data.ptr, seen};
    }
    *count = (size_t)n;
    return OK;
}

const struct sys_backend sys_backend_epoll = {
    .name = "epoll",
    .open = epoll_open,
    .close = epoll_shut,
    .change = epoll_change,
    .wait = epoll_gather,
};
