/* Messages between our own processes over a UNIX stream socket: a 32-bit big-endian length and so
 * many bytes, SYS_CHANNEL_MAX at most. What is sent in one turn goes out in one write; what has
 * arrived is read to the end before the loop goes on. The other end is ours but may have been taken
 * over: a length out of range closes the channel.
 *
 * The channel is its owner's: closed() is called once, from the loop, and the owner frees it then
 * or later. */
#ifndef SOTTO_SYS_CHANNEL_H
#define SOTTO_SYS_CHANNEL_H

#include "sys/loop.h"

enum { SYS_CHANNEL_MAX = 1024 * 1024 };

struct sys_channel;

struct sys_channel_events {
    /* fd is -1, or a descriptor that came with the message and is now the callee's. Without
     * take_fds it is always -1: a message that says it brings one ends the channel. */
    void (*message)(struct sys_channel *channel, void *ctx, slice message, int fd);
    /* The unsent bytes fell to drain_at or less after they had been above it. May be NULL. */
    void (*drained)(struct sys_channel *channel, void *ctx);
    /* CLOSED: the other end is gone. MALFORMED: it broke the rules. */
    void (*closed)(struct sys_channel *channel, void *ctx, err why);
};

struct sys_channel_options {
    int fd;           /* an end of sys_channel_pair, or accepted; the channel's on success */
    size_t queue_max; /* unsent bytes; 0: 64 MiB */
    size_t drain_at;  /* see drained(); 0: half of queue_max */
    bool take_fds;    /* messages may bring descriptors */
    bool secret;      /* messages hold keys: what was read is wiped once it was handed over */
    const struct sys_channel_events *events;
    void *ctx;
};

/* Two connected ends, non-blocking and close-on-exec (sys_proc hands them to a child). */
MUST err sys_channel_pair(int fds[2]);
/* Ends of a channel to the process that listens at a path (sys_listen_unix). NOT_FOUND or CLOSED:
 * none does; AGAIN: nobody waits to be accepted. */
MUST err sys_channel_connect(int *fd, const char *path);
MUST err sys_channel_accept(int listener, int *fd);
MUST err sys_channel_new(struct sys_channel **channel, struct sys_loop *loop,
                         const struct sys_channel_options *options);
/* Unsent bytes are dropped; no callback. NULL is fine; may be called from a callback of its own. */
void sys_channel_free(struct sys_channel *channel);
/* Queues a copy. TOO_LARGE, FULL (wait for drained), CLOSED. */
MUST err sys_channel_send(struct sys_channel *channel, slice message);
/* The same with a descriptor, which is the channel's from here on if this returns OK. */
MUST err sys_channel_send_fd(struct sys_channel *channel, slice message, int fd);
/* Writes what the socket takes now, without waiting for the end of the turn. */
void sys_channel_flush(struct sys_channel *channel);
size_t sys_channel_queued(const struct sys_channel *channel);
/* Stops and resumes message(); what the socket holds waits there. */
void sys_channel_pause(struct sys_channel *channel);
void sys_channel_resume(struct sys_channel *channel);

#endif
