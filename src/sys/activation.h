/* What systemd hands a service at its start, or whoever speaks its two small protocols: listening
 * sockets (sd_listen_fds(3)), and where to say how the start goes (sd_notify(3)). */
#ifndef SOTTO_SYS_ACTIVATION_H
#define SOTTO_SYS_ACTIVATION_H

#include "base/error.h"

/* The listening socket that was handed over under this name, non-blocking, close-on-exec; -1: none
 * was. */
int sys_activation_take(const char *name);

/* Opens the way to the service manager, if there is one; before a sandbox is entered. */
void sys_notify_open(void);
/* "READY=1", "RELOADING=1", "STOPPING=1", "STATUS=...", one or several lines. Nothing where there
 * is no manager. */
void sys_notify(const char *state);

#endif
