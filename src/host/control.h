/* How one process that holds a home serves others: a socket in the home, over which another `sotto`
 * hands its command line and gets output and exit code back. Only processes of the same user are
 * served. */
#ifndef SOTTO_HOST_CONTROL_H
#define SOTTO_HOST_CONTROL_H

#include "sys/loop.h"

enum { HOST_CALLERS_MAX = 16 };

/* ---- The holder's side ---- */
struct host_control;
struct host_caller;

struct host_control_events {
    /* A command came. `args` is a list of vectors (base/codec.h), gone after the call. ctx is what
       host_control_open was given. */
    void (*asked)(void *ctx, struct host_caller *caller, slice args);
    /* What host_caller_ask_printed asked for is so. */
    void (*printed)(void *ctx, struct host_caller *caller);
    /* The other side went away before it got its exit code. */
    void (*gone)(void *ctx, struct host_caller *caller);
};

/* BUSY if somebody serves this home already. events must outlive it. */
MUST err host_control_open(struct host_control **control, struct sys_loop *loop, const char *home,
                           const struct host_control_events *events, void *ctx);
/* Removes the socket. Callers that wait get no answer. NULL is fine. */
void host_control_close(struct host_control *control);
void host_caller_set(struct host_caller *caller, void *data);
void *host_caller_get(const struct host_caller *caller);
/* Output of a stream (1 or 2) for the caller to print. FULL: 8 MiB wait already. After any error
 * drop it: what it has is not the whole. */
MUST err host_caller_put(struct host_caller *caller, int stream, slice bytes);
/* printed() comes when all that was put until now is printed. */
MUST err host_caller_ask_printed(struct host_caller *caller);
/* Ends it without an exit code, and without gone(). */
void host_caller_drop(struct host_caller *caller);
/* The last word; the caller is gone after it. */
void host_caller_end(struct host_caller *caller, int code);

/* ---- The other side ---- */

/* Hands over the command and prints what comes with put(), until the exit code. NOT_FOUND: nobody
 * serves this home, nothing was done. CLOSED: the holder went away in the middle, or put() failed,
 * of which the holder learns. Blocks. */
MUST err host_control_ask(const char *home, slice args,
                          err (*put)(void *ctx, int stream, slice bytes), void *ctx, int *code);

#endif
