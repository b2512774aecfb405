/* What a process can no longer do once it is running. Entered after everything that needs more was
 * done; there is no way out.
 *
 *   profile   what the kernel still lets it do
 *   edge      read, write and accept on sockets that it was given; memory, clocks, epoll. No open,
 *             no socket, no exec, no fork
 *   mail      the same, and files beneath its data directory, and threads. No socket, bind,
 *             connect, no exec, no fork
 *   parent    starts and ends processes and reads files; no new ports. What it starts inherits its
 *             filter, so this holds what a program needs to begin and to enter its own profile.
 *             The rest (tracing, mounting, modules, io_uring, BPF, namespaces) is gone for all
 *   tool      a program of the system's, to be executed next, that turns its standard input into
 *             its standard output: it reads its libraries and what it needs of the system beside
 *             them, no other file, and writes none. No socket, no process, no signal to another.
 *             For this one a kernel without Landlock is an error: UNSUPPORTED
 *
 * A forbidden system call kills the process (a core is never written). Landlock narrows files to
 * the named directories where the kernel has it, and network and scopes as far as its ABI goes. */
#ifndef SOTTO_SYS_SANDBOX_H
#define SOTTO_SYS_SANDBOX_H

#include "base/slice.h"

enum sys_profile { SYS_PROFILE_EDGE, SYS_PROFILE_MAIL, SYS_PROFILE_PARENT, SYS_PROFILE_TOOL };

enum sys_sandbox_mode {
    SYS_SANDBOX_ENFORCE = 0, /* kill on a forbidden call */
    SYS_SANDBOX_ERRNO,       /* EPERM instead: for finding out what a build needs */
    SYS_SANDBOX_OFF,         /* no seccomp, no Landlock: for sanitizers; the rest holds */
};

enum { SYS_SANDBOX_PATHS_MAX = 8 };

/* An edge's descriptors below this are those it was started with, others have them too: it may use
 * them, but neither shut them down nor change their options. A power of two. */
enum { SYS_SHARED_FDS = 8 };

struct sys_sandbox {
    enum sys_profile profile;
    enum sys_sandbox_mode mode;
    const char *write_paths[SYS_SANDBOX_PATHS_MAX]; /* directories, all rights beneath; NULL ends */
    const char *user;     /* NULL: stay. Otherwise, if root: this user and its group, no others */
    uint64_t files_max;   /* RLIMIT_NOFILE; 0: as it is */
    bool die_with_parent; /* changing user forgets it, so it is asked again here */
};

/* What is in force afterwards. */
struct sys_sandbox_report {
    bool seccomp;
    int landlock_abi; /* 0: this kernel has none, or it is off */
    bool user_changed;
    char text[128]; /* for the log and the health page: "seccomp kill, landlock 3" */
};

/* Any error means that the process must not go on: NOT_FOUND (no such user), DENIED, UNSUPPORTED
 * (no seccomp in this kernel), IO. A kernel without Landlock is not an error; the report says
 * so. */
MUST err sys_sandbox_enter(const struct sys_sandbox *sandbox, struct sys_sandbox_report *report);

#endif
