#include "sys/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/files.h"

enum { PAUSE_FIRST_MS = 100, PAUSE_LAST_MS = 10000, GRACE_MS = 10000, EXEC_FAILED = 127 };

struct sys_proc {
    struct sys_loop *loop;
    struct sys_proc_options options;
    struct sys_watch watch;
    struct sys_timer timer; /* the next start, or the end of the grace time */
    uint64_t started_at;
    uint32_t pause, restarts;
    int pid, pidfd;
    bool stopping, busy, freed;
};

static void start_child(void *ctx);

/* ---- The child, between fork and exec: only calls that are safe there ---- */

/* Puts the descriptors at their fixed numbers; none of them is overwritten before it was moved. */
static bool place_fds(const int *fds, size_t count) {
    int moved[SYS_PROC_FDS_MAX];
    for (size_t i = 0; i < count; i++) {
        moved[i] = fcntl(fds[i], F_DUPFD, SYS_PROC_FD_FIRST + (int)count);
        if (moved[i] < 0)
            return false;
    }
    for (size_t i = 0; i < count; i++)
        if (dup2(moved[i], SYS_PROC_FD_FIRST + (int)i) < 0)
            return false;
    unsigned first = SYS_PROC_FD_FIRST + (unsigned)count;
    if (syscall(SYS_close_range, first, ~0u, 0) == 0)
        return true;
    long last = sysconf(_SC_OPEN_MAX);
    for (long fd = first; fd < last; fd++)
        close((int)fd);
    return true;
}

/* The parent's signals are blocked for its loop, and SIGPIPE is ignored; the child starts afresh.
 * Its own process group keeps a terminal's Ctrl-C for the parent, which stops its children in
 * order. */
__attribute__((noreturn)) static void become(const struct sys_proc_options *options,
                                             const struct sys_proc_start *start, int parent) {
    char *argv[SYS_PROC_ARGS_MAX + 2];
    size_t n = 0;
    argv[n++] = (char *)(uintptr_t)(options->name != NULL ? options->name : "sotto");
    for (size_t i = 0; i < start->arg_count; i++)
        argv[n++] = (char *)(uintptr_t)start->args[i];
    argv[n] = NULL;
    sigset_t none;
    sigemptyset(&none);
    signal(SIGPIPE, SIG_DFL);
    setpgid(0, 0);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent)
        _exit(EXEC_FAILED);
    if (!place_fds(start->fds, start->fd_count) || sigprocmask(SIG_SETMASK, &none, NULL) != 0)
        _exit(EXEC_FAILED);
    execv("/proc/self/exe", argv);
    _exit(EXEC_FAILED);
}

/* ---- The parent ---- */

static uint32_t or_else(uint32_t value, uint32_t standard) {
    return value != 0 ? value : standard;
}

static void start_later(struct sys_proc *proc) {
    uint32_t last = or_else(proc->options.pause_last_ms, PAUSE_LAST_MS);
    err result = sys_timer_set(&proc->timer, proc->loop, proc->pause, start_child, proc);
    (void)result; /* it was set before or there was room for it: sys_proc_new made sure */
    proc->pause = proc->pause > last / 2 ? last : proc->pause * 2;
}

static int status_of(int status) {
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static void child_ended(struct sys_proc *proc, int status) {
    sys_watch_stop(&proc->watch);
    sys_timer_cancel(&proc->timer);
    close(proc->pidfd);
    proc->pid = 0;
    proc->pidfd = -1;
    bool restarts = !proc->stopping;
    if (sys_loop_now(proc->loop) - proc->started_at >=
        or_else(proc->options.pause_last_ms, PAUSE_LAST_MS))
        proc->pause = or_else(proc->options.pause_first_ms, PAUSE_FIRST_MS);
    if (restarts)
        start_later(proc);
    proc->busy = true;
    if (proc->options.ended != NULL)
        proc->options.ended(proc->options.ctx, proc, status, restarts);
    proc->busy = false;
    if (proc->freed)
        mem_free(sys_loop_mem(proc->loop), proc, sizeof(*proc));
}

static void child_ready(void *ctx, unsigned events) {
    struct sys_proc *proc = ctx;
    (void)events;
    int status;
    pid_t got = waitpid(proc->pid, &status, WNOHANG);
    if (got == proc->pid)
        child_ended(proc, status_of(status));
    else if (got < 0 && errno == ECHILD)
        child_ended(proc, EXEC_FAILED);
}

static err launch(struct sys_proc *proc, const struct sys_proc_start *start) {
    if (start->arg_count > SYS_PROC_ARGS_MAX || start->fd_count > SYS_PROC_FDS_MAX)
        return ERR_BUG;
    int parent = (int)getpid();
    pid_t pid = fork();
    if (pid < 0)
        return sys_err_from_errno(errno);
    if (pid == 0)
        become(&proc->options, start, parent);
    err result = OK;
    proc->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (proc->pidfd < 0)
        result = sys_err_from_errno(errno);
    else
        result =
            sys_watch_start(&proc->watch, proc->loop, proc->pidfd, SYS_READ, child_ready, proc);
    if (result == OK) {
        proc->pid = (int)pid;
        proc->started_at = sys_loop_now(proc->loop);
        return OK;
    }
    /* One that can't be watched must not run. */
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    if (proc->pidfd >= 0)
        close(proc->pidfd);
    proc->pidfd = -1;
    return result;
}

static err try_start(struct sys_proc *proc) {
    struct sys_proc_start start = {0};
    err result = OK;
    if (proc->options.prepare != NULL)
        result = proc->options.prepare(proc->options.ctx, &start);
    if (result == OK)
        result = launch(proc, &start);
    return result;
}

static void start_child(void *ctx) {
    struct sys_proc *proc = ctx;
    proc->restarts++;
    proc->busy = true;
    err result = try_start(proc);
    if (result != OK)
        start_later(proc);
    if (proc->options.started != NULL)
        proc->options.started(proc->options.ctx, proc, result);
    proc->busy = false;
    if (proc->freed)
        mem_free(sys_loop_mem(proc->loop), proc, sizeof(*proc));
}

err sys_proc_new(struct sys_proc **out, struct sys_loop *loop,
                 const struct sys_proc_options *options) {
    const struct mem *mem = sys_loop_mem(loop);
    struct sys_proc *proc = mem_new(mem, sizeof(*proc));
    if (proc == NULL)
        return ERR_NO_MEMORY;
    proc->loop = loop;
    proc->options = *options;
    proc->pidfd = -1;
    proc->pause = or_else(options->pause_first_ms, PAUSE_FIRST_MS);
    /* Makes room in the loop's heap, so that a restart never fails for want of it. */
    err result = sys_timer_set(&proc->timer, loop, 0, start_child, proc);
    sys_timer_cancel(&proc->timer);
    if (result == OK) {
        proc->busy = true;
        result = try_start(proc);
        if (options->started != NULL)
            options->started(options->ctx, proc, result);
        proc->busy = false;
    }
    if (result != OK) {
        mem_free(mem, proc, sizeof(*proc));
        return result;
    }
    *out = proc;
    return OK;
}

static void grace_over(void *ctx) {
    struct sys_proc *proc = ctx;
    if (proc->pid != 0)
        kill(proc->pid, SIGKILL);
}

void sys_proc_renew(struct sys_proc *proc) {
    if (proc->pid == 0 || proc->timer.loop != NULL)
        return;
    kill(proc->pid, SIGTERM);
    err result = sys_timer_set(&proc->timer, proc->loop, or_else(proc->options.grace_ms, GRACE_MS),
                               grace_over, proc);
    if (result != OK)
        kill(proc->pid, SIGKILL);
}

void sys_proc_kill(struct sys_proc *proc) {
    if (proc->pid != 0)
        kill(proc->pid, SIGKILL);
}

void sys_proc_stop(struct sys_proc *proc) {
    proc->stopping = true;
    if (proc->pid == 0)
        sys_timer_cancel(&proc->timer);
    sys_proc_renew(proc);
}

int sys_proc_pid(const struct sys_proc *proc) {
    return proc->pid;
}

uint32_t sys_proc_restarts(const struct sys_proc *proc) {
    return proc->restarts;
}

void sys_proc_free(struct sys_proc *proc) {
    if (proc == NULL || proc->freed)
        return;
    proc->freed = true;
    sys_timer_cancel(&proc->timer);
    if (proc->pid != 0) {
        sys_watch_stop(&proc->watch);
        kill(proc->pid, SIGKILL);
        waitpid(proc->pid, NULL, 0);
        close(proc->pidfd);
        proc->pid = 0;
    }
    if (!proc->busy)
        mem_free(sys_loop_mem(proc->loop), proc, sizeof(*proc));
}
