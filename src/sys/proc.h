/* Processes of our own: copies of this executable with a role, started, watched, restarted with
 * growing pauses, and stopped. The kernel kills them if the parent dies; a child that changes its
 * user has to ask for that again (sandbox.h does). Each is the head of its own process group. */
#ifndef SOTTO_SYS_PROC_H
#define SOTTO_SYS_PROC_H

#include "sys/loop.h"

enum { SYS_PROC_FDS_MAX = 32, SYS_PROC_ARGS_MAX = 16, SYS_PROC_FD_FIRST = 3 };

/* Filled by prepare() before every start, since a restarted child needs fresh sockets. */
struct sys_proc_start {
    const char *args[SYS_PROC_ARGS_MAX]; /* after the name; must live until started() */
    size_t arg_count;
    int fds[SYS_PROC_FDS_MAX]; /* the i-th becomes the child's descriptor SYS_PROC_FD_FIRST + i */
    size_t fd_count;           /* 0, 1 and 2 are inherited; every other one is closed */
};

struct sys_proc;

struct sys_proc_options {
    const char *name; /* the child's argv[0] */
    /* An error here counts as a failed start and is tried again after the pause. */
    err (*prepare)(void *ctx, struct sys_proc_start *start);
    /* After the attempt, whether it succeeded or not: close the child's ends here. */
    void (*started)(void *ctx, struct sys_proc *proc, err result);
    /* It ended by itself or was stopped: its exit code, or minus the signal's number. may_restart
     * is false after sys_proc_stop. */
    void (*ended)(void *ctx, struct sys_proc *proc, int status, bool restarts);
    void *ctx;
    /* Pause before a restart: the first, doubled each time up to the last, and back to the first
     * after it ran for that long. 0: 100 ms, 10 s. */
    uint32_t pause_first_ms, pause_last_ms;
    uint32_t grace_ms; /* between SIGTERM and SIGKILL; 0: 10 s */
};

/* Starts it. The loop must be the process's main one; children are waited for by a descriptor each
 * (pidfd), so others may wait for theirs. */
MUST err sys_proc_new(struct sys_proc **proc, struct sys_loop *loop,
                      const struct sys_proc_options *options);
/* SIGTERM now, SIGKILL after the grace time, no restart. ended() follows if it was running. */
void sys_proc_stop(struct sys_proc *proc);
/* The same, but it is started again as if it had ended by itself. */
void sys_proc_renew(struct sys_proc *proc);
/* SIGKILL now, and the same. */
void sys_proc_kill(struct sys_proc *proc);
/* 0 while it isn't running. */
int sys_proc_pid(const struct sys_proc *proc);
uint32_t sys_proc_restarts(const struct sys_proc *proc);
/* Kills it if it runs. NULL is fine; may be called from ended(). */
void sys_proc_free(struct sys_proc *proc);

#endif
