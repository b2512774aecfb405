#include "sys/worker.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sys/apart.h"
#include "sys/channel.h"
#include "sys/files.h"
#include "sys/landlock.h"

enum { LENGTH = 4, NICE = 15 };

struct sys_worker {
    int fd;
};

/* ---- Messages, as a channel has them, without a loop ---- */

static err read_all(int fd, uint8_t *to, size_t n) {
    while (n > 0) {
        ssize_t got = read(fd, to, n);
        if (got == 0)
            return ERR_CLOSED;
        if (got < 0 && errno != EINTR)
            return sys_err_from_errno(errno);
        if (got > 0) {
            to += got;
            n -= (size_t)got;
        }
    }
    return OK;
}

err sys_worker_say(struct sys_worker *worker, slice message) {
    uint8_t length[LENGTH];
    if (message.n > SYS_CHANNEL_MAX)
        return ERR_TOO_LARGE;
    for (int i = 0; i < LENGTH; i++)
        length[i] = (uint8_t)(message.n >> (8 * (LENGTH - 1 - i)));
    TRY(sys_write_all(worker->fd, SLICE_ARRAY(length)));
    return sys_write_all(worker->fd, message);
}

static err hear(struct sys_worker *worker, buf *message) {
    uint8_t length[LENGTH];
    size_t n = 0;
    TRY(read_all(worker->fd, length, LENGTH));
    for (int i = 0; i < LENGTH; i++)
        n = n << 8 | length[i];
    if (n > SYS_CHANNEL_MAX)
        return ERR_MALFORMED;
    TRY(buf_resize(message, n));
    return read_all(worker->fd, message->p, n);
}

/* ---- The process ---- */

static bool narrow(void) {
    static const char *const nowhere[] = {"/dev/null", NULL};
    int abi = sys_landlock_abi();
    return prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           (abi == 0 || sys_landlock_enter(abi, SYS_LANDLOCK_READING, nowhere) == OK);
}

struct job {
    sys_work *work;
    void *ctx;
};

static void serve(int fd, void *ctx) {
    const struct job *job = ctx;
    struct sys_worker worker = {fd};
    buf message = {0};
    signal(SIGPIPE, SIG_IGN);
    /* Where nothing lets it come after others, it has its share like anybody. */
    if (nice(NICE) == -1)
        errno = 0;
    if (narrow())
        while (hear(&worker, &message) == OK &&
               job->work(&worker, job->ctx, buf_slice(&message)) == OK)
            continue;
}

err sys_worker_start(int *fd, sys_work *work, void *ctx) {
    struct job job = {work, ctx};
    return sys_apart_start(fd, SOCK_STREAM, serve, &job);
}

void sys_worker_drop(int fd) {
    if (fd >= 0)
        close(fd);
}
