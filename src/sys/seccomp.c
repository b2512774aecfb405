/* libseccomp turns the lists into a filter. A name that this machine doesn't have is passed
 * over. */
#include "sys/seccomp.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sys/files.h"

/* clang-format off */

/* What every process does: its own memory, time, threads' locks, and descriptors that it has. */
static const char *const COMMON[] = {
    /* memory */
    "brk", "madvise", "mremap", "munmap", "mlock", "munlock",
    /* time and randomness */
    "clock_getres", "clock_gettime", "clock_nanosleep", "getrandom", "gettimeofday", "nanosleep",
    "time",
    /* signals and the end */
    "exit", "exit_group", "restart_syscall", "rt_sigaction", "rt_sigpending", "rt_sigprocmask",
    "rt_sigreturn", "rt_sigtimedwait", "sigaltstack",
    /* locks and scheduling */
    "futex", "get_robust_list", "membarrier", "rseq", "sched_getaffinity", "sched_yield", "getcpu",
    "set_robust_list", "set_tid_address",
    /* who am I */
    "getegid", "geteuid", "getgid", "getpid", "getppid", "gettid", "getuid", "getrusage", "uname",
    /* descriptors */
    "close", "epoll_create1", "epoll_ctl", "epoll_pwait", "epoll_pwait2", "epoll_wait", "eventfd2",
    "fstat", "lseek", "pipe2", "poll", "ppoll", "pread64", "pselect6", "pwrite64", "read", "readv",
    "select", "signalfd4", "timerfd_create", "timerfd_settime", "write", "writev",
    /* sockets that it was given */
    "accept", "accept4", "getsockname", "getsockopt", "recvfrom", "recvmsg", NULL};

/* Files beneath the data directory (Landlock says which), and a database's threads. */
static const char *const MAIL[] = {
    "access", "chmod", "copy_file_range", "dup", "dup2", "dup3", "faccessat", "faccessat2",
    "fadvise64", "fallocate", "fchmod", "fchmodat", "fcntl", "fdatasync", "flock", "fstatfs",
    "fsync", "ftruncate", "getcwd", "getdents", "getdents64", "getpriority", "ioprio_get",
    "ioprio_set", "link", "linkat", "lstat", "mkdir", "mkdirat", "msync", "newfstatat", "open",
    "openat", "preadv", "preadv2", "pwritev", "pwritev2", "readahead", "readlink", "readlinkat",
    "rename", "renameat", "renameat2", "rmdir", "sched_getparam", "sched_getscheduler",
    "sched_setaffinity", "sched_setscheduler", "setpriority", "setsockopt", "shutdown", "stat",
    "statfs", "statx", "sync_file_range", "sysinfo", "truncate", "umask", "unlink", "unlinkat",
    "utimensat", NULL};

/* The others' starts and ends. A filter is inherited by what the parent starts, so this one has to
 * let a program begin, drop its rights, open its store and enter its own profile. */
static const char *const PARENT[] = {
    "access", "arch_prctl", "bind", "capget", "capset", "chdir", "clone", "close_range",
    "connect", "execve", "fork", "getgroups", "getpgid", "getpgrp", "getresgid", "getresuid",
    "getrlimit", "getsid", "ioctl", "kill", "landlock_add_rule", "landlock_create_ruleset",
    "landlock_restrict_self", "listen", "memfd_create", "mlock2", "mlockall", "mmap", "mprotect",
    "pidfd_open", "pidfd_send_signal", "pipe", "prctl", "prlimit64", "seccomp", "sendmsg", "sendto", "setgid",
    "setgroups", "setpgid", "setregid", "setresgid", "setresuid", "setreuid", "setrlimit",
    "setsid", "setuid", "socket", "socketpair", "tgkill", "tkill", "vfork", "wait4", "waitid",
    NULL};

/* clang-format on */

/* A program begins, finds its libraries, and reads. */
static const char *const TOOL[] = {
    "access",     "arch_prctl", "dup",      "dup2",       "execve",   "faccessat",  "faccessat2",
    "fadvise64",  "fcntl",      "fstatfs",  "getcwd",     "getdents", "getdents64", "getrlimit",
    "lstat",      "mmap",       "mprotect", "newfstatat", "open",     "openat",     "readlink",
    "readlinkat", "stat",       "statfs",   "statx",      "sysinfo",  NULL};

/* Asked for by libraries that do without it when told that it isn't there. clone3 because its flags
 * lie in memory, where a filter can't see them; io_uring because what it does escapes the
 * filter. */
static const char *const ABSENT[] = {"clone3", "io_uring_setup", NULL};

struct filter {
    scmp_filter_ctx ctx;
    err result;
};

static void add(struct filter *f, uint32_t action, const char *name, unsigned count,
                const struct scmp_arg_cmp *args) {
    int number = seccomp_syscall_resolve_name(name);
    if (f->result != OK || number < 0)
        return;
    int failure = seccomp_rule_add_array(f->ctx, action, number, count, args);
    if (failure == -ENOMEM)
        f->result = ERR_NO_MEMORY;
    else if (failure != 0 && failure != -EEXIST)
        f->result = ERR_BUG;
}

static void allow_list(struct filter *f, const char *const *names) {
    for (; *names != NULL; names++)
        add(f, SCMP_ACT_ALLOW, *names, 0, NULL);
}

/* Allowed if one argument fits: equal to a value, or with these bits of it equal to a value. */
static void allow_if(struct filter *f, const char *name, unsigned arg, enum scmp_compare how,
                     uint64_t a, uint64_t b) {
    struct scmp_arg_cmp compare = {.arg = arg, .op = how, .datum_a = a, .datum_b = b};
    add(f, SCMP_ACT_ALLOW, name, 1, &compare);
}

/* What edge and mail may do with some arguments only. */
static void allow_own(struct filter *f) {
    /* No memory that can be executed. */
    allow_if(f, "mmap", 2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
    allow_if(f, "mprotect", 2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
    /* Signals to itself: abort(). */
    allow_if(f, "tgkill", 0, SCMP_CMP_EQ, (uint64_t)getpid(), 0);
    allow_if(f, "prctl", 0, SCMP_CMP_EQ, PR_SET_NAME, 0);
    /* Limits may be read: the third argument would be a pointer to new ones. */
    allow_if(f, "prlimit64", 2, SCMP_CMP_EQ, 0, 0);
    add(f, SCMP_ACT_ALLOW, "getrlimit", 0, NULL);
    /* To whom a socket is connected, and nobody else: sending with an address, or with the flag
     * that connects by the way, would be connecting. */
    struct scmp_arg_cmp plain[] = {
        {.arg = 3, .op = SCMP_CMP_MASKED_EQ, .datum_a = MSG_FASTOPEN, .datum_b = 0},
        {.arg = 4, .op = SCMP_CMP_EQ, .datum_a = 0}};
    add(f, SCMP_ACT_ALLOW, "sendto", 2, plain);
    allow_if(f, "sendmsg", 2, SCMP_CMP_MASKED_EQ, MSG_FASTOPEN, 0);
    /* isatty(), and how much can be read. */
    allow_if(f, "ioctl", 1, SCMP_CMP_EQ, TCGETS, 0);
    allow_if(f, "ioctl", 1, SCMP_CMP_EQ, FIONREAD, 0);
}

/* Allowed on descriptors from SYS_SHARED_FDS on. The kernel looks at the lower half of the argument
 * alone, so it is not compared as a number: one of the bits of a high descriptor is set. */
static void allow_on_own(struct filter *f, const char *name) {
    for (uint64_t bit = SYS_SHARED_FDS; bit < (uint64_t)1 << 31; bit <<= 1)
        allow_if(f, name, 0, SCMP_CMP_MASKED_EQ, bit, bit);
}

static void allow_edge(struct filter *f) {
    /* fstat() of newer C libraries is this call with an empty path. */
    allow_if(f, "newfstatat", 3, SCMP_CMP_MASKED_EQ, AT_EMPTY_PATH, AT_EMPTY_PATH);
    /* What a descriptor is may be asked, not changed: the parent holds its listeners too. */
    allow_if(f, "fcntl", 1, SCMP_CMP_EQ, F_GETFD, 0);
    allow_if(f, "fcntl", 1, SCMP_CMP_EQ, F_GETFL, 0);
    /* A listener that is shut down, or told to drop what it gets, is so for every edge. */
    allow_on_own(f, "shutdown");
    allow_on_own(f, "setsockopt");
}

/* Memory that can be executed is how its libraries come; its limits stay what they are. */
static void allow_tool(struct filter *f) {
    allow_list(f, TOOL);
    allow_if(f, "prlimit64", 2, SCMP_CMP_EQ, 0, 0);
    allow_if(f, "tgkill", 0, SCMP_CMP_EQ, (uint64_t)getpid(), 0);
    allow_if(f, "ioctl", 1, SCMP_CMP_EQ, TCGETS, 0);
    for (const char *const *name = ABSENT; *name != NULL; name++)
        add(f, SCMP_ACT_ERRNO(ENOSYS), *name, 0, NULL);
}

static void allow_profile(struct filter *f, enum sys_profile profile) {
    allow_list(f, COMMON);
    if (profile == SYS_PROFILE_TOOL) {
        allow_tool(f);
        return;
    }
    if (profile != SYS_PROFILE_PARENT)
        allow_own(f);
    if (profile == SYS_PROFILE_EDGE)
        allow_edge(f);
    else
        allow_list(f, MAIL);
    /* Threads, but no processes. */
    if (profile == SYS_PROFILE_MAIL)
        allow_if(f, "clone", 0, SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD);
    if (profile == SYS_PROFILE_PARENT)
        allow_list(f, PARENT);
    for (const char *const *name = ABSENT; *name != NULL; name++)
        add(f, SCMP_ACT_ERRNO(ENOSYS), *name, 0, NULL);
}

err sys_seccomp_enter(enum sys_profile profile, bool kill) {
    uint32_t otherwise = kill ? SCMP_ACT_KILL_PROCESS : SCMP_ACT_ERRNO(EPERM);
    struct filter f = {seccomp_init(otherwise), OK};
    if (f.ctx == NULL)
        return ERR_NO_MEMORY;
    /* All threads at once, and a tree instead of a list: a call costs the same wherever it
     * stands. */
    if (seccomp_attr_set(f.ctx, SCMP_FLTATR_CTL_TSYNC, 1) != 0)
        f.result = ERR_UNSUPPORTED;
    if (seccomp_attr_set(f.ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2) != 0)
        f.result = ERR_UNSUPPORTED;
    allow_profile(&f, profile);
    if (f.result == OK) {
        int failure = seccomp_load(f.ctx);
        if (failure != 0)
            f.result = failure == -EINVAL || failure == -ENOSYS ? ERR_UNSUPPORTED
                                                                : sys_err_from_errno(-failure);
    }
    seccomp_release(f.ctx);
    return f.result;
}
