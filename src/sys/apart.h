/* A copy of this process, for one thing alone, at the other end of a socket. It has the standard
 * descriptors, its own end and no other, in a session of its own: signals that end a daemon are
 * that one's to answer. It is forked before the sandbox, while there is one thread and before
 * anything is open that must not be shared. */
#ifndef SOTTO_SYS_APART_H
#define SOTTO_SYS_APART_H

#include "base/error.h"

/* fd: the starter's end, which never waits; -1 on failure. type: of the socket, SOCK_STREAM or
 * SOCK_SEQPACKET. The process does serve, which is to return when its end fd says that the other
 * one is closed, and ends; ctx is copied with all else. */
MUST err sys_apart_start(int *fd, int type, void (*serve)(int fd, void *ctx), void *ctx);

#endif
