/* The rest of what a daemon asks of its machine. */
#ifndef SOTTO_SYS_MACHINE_H
#define SOTTO_SYS_MACHINE_H

#include "sys/address.h"

/* How many processors this process may use; at least 1. */
unsigned sys_machine_cores(void);
/* How many descriptors a process that starts here may have: what it can raise its limit to. */
MUST err sys_machine_files(uint64_t *count);
/* SIGTERM, SIGINT and SIGHUP, for sys_signals_start: a wish to end. */
extern const int sys_stop_signals[];
/* Keeps this process's memory to itself: no core dump, and no other process of this user may look
 * into it. Changing the user undoes it. */
MUST err sys_machine_hide_memory(void);
/* Another descriptor of the same file, close-on-exec. */
MUST err sys_fd_copy(int fd, int *copy);
/* Closes a descriptor that nothing else owns; fine with -1. */
void sys_fd_close(int fd);
/* The endpoint of a UNIX-domain listener, for sys_conn_open. TOO_LARGE for a path that doesn't fit.
 */
MUST err sys_endpoint_local(struct sys_endpoint *endpoint, const char *path);

#endif
