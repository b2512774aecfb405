#include "sys/run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/files.h"

enum { PART = 16384 };

struct pipes {
    int in[2], out[2]; /* as the program sees them: it reads in[0] and writes out[1] */
};

static void shut(int *fd) {
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* Ours is ignored: who stops reading is no reason to end. The program's is as it expects it. */
static int start_attributes(posix_spawnattr_t *attributes) {
    sigset_t broken;
    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&broken);
    sigaddset(&broken, SIGPIPE);
    int code = posix_spawnattr_init(attributes);
    if (code == 0)
        code = posix_spawnattr_setsigdefault(attributes, &broken);
    return code == 0 ? posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGDEF) : code;
}

static err start(const char *const *argv, struct pipes *p, pid_t *pid) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    if (start_attributes(&attributes) != 0 || posix_spawn_file_actions_init(&actions) != 0)
        return ERR_NO_MEMORY;
    int code = posix_spawn_file_actions_adddup2(&actions, p->in[0], 0);
    if (code == 0)
        code = posix_spawn_file_actions_adddup2(&actions, p->out[1], 1);
    if (code == 0)
        code = posix_spawnp(pid, argv[0], &actions, &attributes, (char *const *)(uintptr_t)argv,
                            environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    shut(&p->in[0]);
    shut(&p->out[1]);
    return code == 0 ? OK : sys_err_from_errno(code);
}

/* Somebody who reads no more has read enough. */
static void feed(struct pipes *p, slice *input) {
    ssize_t n = write(p->in[1], input->p, input->n);
    if (n < 0 && errno != EAGAIN && errno != EINTR)
        input->n = 0;
    if (n > 0)
        *input = slice_of(input->p + n, input->n - (size_t)n);
    if (input->n == 0)
        shut(&p->in[1]);
}

static err take(struct pipes *p, size_t max, buf *output) {
    uint8_t part[PART];
    ssize_t n = read(p->out[0], part, sizeof part);
    if (n < 0)
        return errno == EAGAIN || errno == EINTR ? OK : sys_err_from_errno(errno);
    if (n == 0)
        shut(&p->out[0]);
    if ((size_t)n > max - output->n)
        return ERR_TOO_LARGE;
    return buf_append(output, slice_of(part, (size_t)n));
}

static err talk(struct pipes *p, slice input, size_t max, buf *output) {
    if (fcntl(p->in[1], F_SETFL, O_NONBLOCK) != 0)
        return sys_err_from_errno(errno);
    if (input.n == 0)
        shut(&p->in[1]);
    while (p->out[0] >= 0) {
        struct pollfd fds[] = {{.fd = p->out[0], .events = POLLIN},
                               {.fd = p->in[1], .events = POLLOUT}};
        if (poll(fds, 2, -1) < 0 && errno != EINTR)
            return sys_err_from_errno(errno);
        if (fds[1].revents != 0)
            feed(p, &input);
        if (fds[0].revents != 0)
            TRY(take(p, max, output));
    }
    return OK;
}

static err finish(pid_t pid, int *status) {
    int how;
    while (waitpid(pid, &how, 0) < 0)
        if (errno != EINTR)
            return sys_err_from_errno(errno);
    *status = WIFEXITED(how) ? WEXITSTATUS(how) : -WTERMSIG(how);
    return OK;
}

err sys_run(const char *const *argv, slice input, size_t max, buf *output, int *status) {
    struct pipes p = {{-1, -1}, {-1, -1}};
    pid_t pid = -1;
    buf got = {0};
    err e = pipe2(p.in, O_CLOEXEC) == 0 && pipe2(p.out, O_CLOEXEC) == 0 ? OK
                                                                        : sys_err_from_errno(errno);
    if (e == OK)
        e = start(argv, &p, &pid);
    if (e == OK)
        e = talk(&p, input, max, &got);
    for (size_t i = 0; i < 2; i++) {
        shut(&p.in[i]);
        shut(&p.out[i]);
    }
    err ended = pid > 0 ? finish(pid, status) : OK;
    if (e == OK)
        e = ended;
    if (e == OK)
        e = buf_append(output, buf_slice(&got));
    buf_free(&got);
    return e;
}
