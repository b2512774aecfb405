/* A program of the system's on bytes of a stranger's. It gets them as its standard input, and can do
 * nothing but read its own libraries, compute, and write to its standard output: SYS_PROFILE_TOOL,
 * with limits. What it writes comes from whoever made the bytes, too. */
#ifndef SOTTO_SYS_CONFINED_H
#define SOTTO_SYS_CONFINED_H

#include "base/slice.h"

struct sys_confined {
    const char *const *argv; /* the program's whole path, its arguments, NULL */
    slice input;             /* it may seek in it */
    uint64_t memory_max;     /* bytes of address space */
    uint32_t cpu_s;          /* seconds of computing */
    uint32_t patience_ms;    /* until it is killed */
    /* Takes what it writes, as it comes. An error ends the program and is the result. */
    err (*sink)(void *ctx, slice bytes);
    void *ctx;
};

/* *status: as sys_run gives it, also of one that was killed. NOT_FOUND: there is no such program;
 * UNSUPPORTED: this kernel can't confine it, and it was not run; TIMEOUT. Blocks; the process must
 * have one thread. */
MUST err sys_confined_run(const struct sys_confined *c, int *status);

#endif
