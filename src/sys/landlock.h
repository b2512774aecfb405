/* Landlock, by its system calls: the C library has no functions for it, and the system's header may
 * be older than the kernel. */
#ifndef SOTTO_SYS_LANDLOCK_H
#define SOTTO_SYS_LANDLOCK_H

#include "sys/sandbox.h"

/* The kernel's ABI version; 0 if it has none. */
int sys_landlock_abi(void);

enum sys_landlock_reach {
    SYS_LANDLOCK_NOTHING, /* no file at all but what lies beneath the paths */
    SYS_LANDLOCK_READING, /* reads and executes anywhere, changes beneath the paths only */
};
/* Restricts the process and all it starts; no_new_privs must be set. Also forbids TCP bind and
 * connect (ABI 4), and abstract sockets and signals to outside (ABI 6). */
MUST err sys_landlock_enter(int abi, enum sys_landlock_reach reach, const char *const *paths);
/* The same, with nothing but reading and executing beneath the paths. Those that aren't there are
 * passed over. */
MUST err sys_landlock_enter_reading(int abi, const char *const *paths);

#endif
