/* Memory for secrets that must not be found on any disk: it is never swapped out, and in no core
 * dump. */
#ifndef SOTTO_SYS_LOCKED_H
#define SOTTO_SYS_LOCKED_H

#include "base/slice.h"

/* n zeroed bytes, n > 0. LIMIT if the system locks no so much for this process: its limit
 * (RLIMIT_MEMLOCK) is raised as far as it lets us before. */
MUST err sys_locked_new(void **p, size_t n);
/* Wipes. p may be NULL. */
void sys_locked_free(void *p, size_t n);
/* KiB that this process may lock, UINT64_MAX for any number: to be told. */
uint64_t sys_locked_limit(void);

#endif
