/* The list of system calls of each profile. */
#ifndef SOTTO_SYS_SECCOMP_H
#define SOTTO_SYS_SECCOMP_H

#include "sys/sandbox.h"

/* Puts the filter on all threads. UNSUPPORTED if the kernel has no seccomp. */
MUST err sys_seccomp_enter(enum sys_profile profile, bool kill);

#endif
