/* Another program, run to its end: what a person's machine has for it, such as ssh-keygen. */
#ifndef SOTTO_SYS_RUN_H
#define SOTTO_SYS_RUN_H

#include "base/slice.h"

/* argv: the program, found by PATH if its name has no slash, its arguments, NULL. It reads input
 * from its standard input; of its standard output at most max bytes are appended, and TOO_LARGE is
 * what more than these gives; its errors go where ours go. *status: its exit code, or minus the
 * number of the signal that ended it. NOT_FOUND: there is no such program. SIGPIPE is
 * ignored from then on. Blocks. */
MUST err sys_run(const char *const *argv, slice input, size_t max, buf *output, int *status);

#endif
