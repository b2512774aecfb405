#include "sys/confined.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sys/files.h"
#include "sys/landlock.h"
#include "sys/loop.h"
#include "sys/sandbox.h"

enum { PART = 65536, FILES = 64, NOT_RUN = 126, SOON_MS = 1000, PAUSE_MS = 2 };

/* Memory as a file: some formats are read from their end. */
static err input_open(int *fd, slice input) {
    *fd = memfd_create("input", MFD_CLOEXEC);
    err e = *fd < 0 ? sys_err_from_errno(errno) : OK;
    if (e == OK)
        e = sys_write_all(*fd, input);
    if (e == OK && lseek(*fd, 0, SEEK_SET) != 0)
        e = sys_err_from_errno(errno);
    return e;
}

/* ---- The child ---- */

static bool limited(int what, uint64_t value) {
    const struct rlimit l = {.rlim_cur = value, .rlim_max = value};
    return setrlimit(what, &l) == 0;
}

static bool narrow(const struct sys_confined *c) {
    const struct sys_sandbox sandbox = {.profile = SYS_PROFILE_TOOL,
                                        .mode = SYS_SANDBOX_ERRNO,
                                        .files_max = FILES,
                                        .die_with_parent = true};
    struct sys_sandbox_report report;
    return limited(RLIMIT_AS, c->memory_max) && limited(RLIMIT_CPU, c->cpu_s) &&
           limited(RLIMIT_FSIZE, 0) && sys_sandbox_enter(&sandbox, &report) == OK;
}

__attribute__((noreturn)) static void become(const struct sys_confined *c, int in, int out) {
    static const char *const environment[] = {"PATH=/usr/bin", "LC_ALL=C.UTF-8",
                                              "HOME=/nonexistent", NULL};
    int nowhere = open("/dev/null", O_WRONLY);
    if (nowhere >= 0 && dup2(in, 0) == 0 && dup2(out, 1) == 1 && dup2(nowhere, 2) == 2 &&
        close_range(3, UINT_MAX, 0) == 0 && narrow(c))
        execve(c->argv[0], (char *const *)(uintptr_t)c->argv,
               (char *const *)(uintptr_t)environment);
    _exit(NOT_RUN);
}

/* ---- Ours ---- */

/* Until it writes no more. */
static err take(const struct sys_confined *c, int fd) {
    static uint8_t part[PART];
    uint64_t until = sys_clock_mono() + c->patience_ms;
    for (;;) {
        uint64_t now = sys_clock_mono();
        struct pollfd p = {.fd = fd, .events = POLLIN};
        int ready = now >= until ? 0 : poll(&p, 1, (int)(until - now));
        if (ready == 0)
            return ERR_TIMEOUT;
        ssize_t n = ready < 0 ? -1 : read(fd, part, sizeof part);
        if (n < 0 && errno != EINTR)
            return sys_err_from_errno(errno);
        if (n == 0)
            return OK;
        if (n > 0)
            TRY(c->sink(c->ctx, slice_of(part, (size_t)n)));
    }
}

/* One that has nothing more to say ends soon, by itself; what failed ends now. */
static err finish(pid_t pid, bool soon, int *status) {
    int how = 0;
    pid_t ended = 0;
    for (int tries = 0; soon && ended == 0 && tries < SOON_MS / PAUSE_MS; tries++) {
        ended = waitpid(pid, &how, WNOHANG);
        if (ended == 0)
            nanosleep(&(struct timespec){.tv_nsec = PAUSE_MS * 1000000L}, NULL);
    }
    if (ended == 0)
        kill(pid, SIGKILL);
    while (ended == 0 && waitpid(pid, &how, 0) < 0)
        if (errno != EINTR)
            return sys_err_from_errno(errno);
    *status = WIFEXITED(how) ? WEXITSTATUS(how) : -WTERMSIG(how);
    return OK;
}

static err run(const struct sys_confined *c, int in, int out[2], int *status) {
    pid_t pid = fork();
    if (pid == 0)
        become(c, in, out[1]);
    close(out[1]);
    out[1] = -1;
    if (pid < 0)
        return sys_err_from_errno(errno);
    err e = take(c, out[0]);
    err ended = finish(pid, e == OK, status);
    return e == OK ? ended : e;
}

err sys_confined_run(const struct sys_confined *c, int *status) {
    int in = -1, out[2] = {-1, -1};
    *status = 0;
    if (access(c->argv[0], X_OK) != 0)
        return ERR_NOT_FOUND;
    if (sys_landlock_abi() == 0)
        return ERR_UNSUPPORTED;
    err e = input_open(&in, c->input);
    if (e == OK && pipe2(out, O_CLOEXEC) != 0)
        e = sys_err_from_errno(errno);
    if (e == OK)
        e = run(c, in, out, status);
    for (size_t i = 0; i < 2; i++)
        if (out[i] >= 0)
            close(out[i]);
    if (in >= 0)
        close(in);
    return e == OK && *status == NOT_RUN ? ERR_UNSUPPORTED : e;
}
