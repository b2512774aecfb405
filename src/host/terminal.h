/* What a command line asks of its machine: secrets from the terminal, input, times, folders. */
#ifndef SOTTO_HOST_TERMINAL_H
#define SOTTO_HOST_TERMINAL_H

#include "sys/loop.h"

enum { HOST_PATH = 4096 };

/* Asks on the controlling terminal and reads a line without showing it. NOT_FOUND: there is no
 * terminal; CLOSED: the person gave up (Ctrl-C, Ctrl-D); TOO_LARGE. *secret is empty on failure. */
MUST err host_ask_secret(const char *prompt, buf *secret);

enum { HOST_TIME = sizeof "2026-11-24 04:45" };
/* Local time to the minute. */
void host_time_text(uint64_t ms, char text[HOST_TIME]);

/* The home that holds unless another is named: $SOTTO_HOME, $XDG_DATA_HOME/sotto,
 * ~/.local/share/sotto. NOT_FOUND if none of these is set. */
MUST err host_home_default(char path[HOST_PATH]);

/* Whether a person may be at its other end. */
bool host_is_terminal(int fd);

/* Everything that is still to be read from fd, which may block. TOO_LARGE beyond max. */
MUST err host_read_all(int fd, size_t max, buf *out);
/* One line, with its end if it has one; what follows stays to be read. */
MUST err host_read_line(int fd, size_t max, buf *out);

/* ---- Input that comes while the loop runs ---- */
struct host_input {
    struct sys_loop *loop;
    struct sys_watch watch;
    struct sys_later later; /* a file can't be watched: it is read turn by turn */
    /* n = 0: the end; no call comes after it. */
    void (*bytes)(void *ctx, slice bytes);
    void *ctx;
    int fd;
    bool paused, ended, file;
};
/* The descriptor stays the caller's. */
MUST err host_input_start(struct host_input *input, struct sys_loop *loop, int fd,
                          void (*bytes)(void *ctx, slice bytes), void *ctx);
void host_input_pause(struct host_input *input, bool paused);
/* Fine on one that is all zero. */
void host_input_stop(struct host_input *input);

#endif
