/* A process apart (apart.h), for work that takes long or that its starter's sandbox forbids. It gets
 * messages over a channel (channel.h), and does one after the other. It writes no file, reaches no
 * network by TCP where the kernel can forbid it, has the processor after others, and ends with its
 * starter. What it starts must be confined by itself (confined.h). */
#ifndef SOTTO_SYS_WORKER_H
#define SOTTO_SYS_WORKER_H

#include "base/slice.h"

struct sys_worker;

/* What is done for a message. The worker ends if it fails. */
typedef err sys_work(struct sys_worker *worker, void *ctx, slice message);

/* fd: the starter's end, for sys_channel_new; ctx is copied with all else. Start it while there is
 * one thread. */
MUST err sys_worker_start(int *fd, sys_work *work, void *ctx);
/* Of an end that no channel got; -1 is fine. */
void sys_worker_drop(int fd);

/* In the worker: says something to who started it. Blocks. */
MUST err sys_worker_say(struct sys_worker *worker, slice message);

#endif
