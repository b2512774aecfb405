/* Files that are larger than a memory should hold: written piece by piece, read line by line. */
#ifndef SOTTO_SYS_STREAM_H
#define SOTTO_SYS_STREAM_H

#include "base/slice.h"

enum { SYS_STREAM_PATH = 1024, SYS_LINE_MAX = 64 << 10 };

/* A file that replaces what is there as a whole, or not at all: it is written beside it. */
struct sys_out {
    int fd; /* -1: none */
    char path[SYS_STREAM_PATH], beside[SYS_STREAM_PATH + 4];
    buf bytes; /* that are not written yet */
};
MUST err sys_out_begin(struct sys_out *out, const char *path, unsigned mode);
MUST err sys_out_add(struct sys_out *out, slice bytes);
/* Syncs it, and gives it its name. */
MUST err sys_out_end(struct sys_out *out);
/* Frees it; what was not ended is gone. All zero bytes but an fd of -1 is fine, too. */
void sys_out_fini(struct sys_out *out);

struct sys_lines {
    int fd; /* -1: none */
    buf bytes;
    size_t at; /* of the next line */
};
/* NOT_FOUND; UNSUPPORTED for what is no plain file. */
MUST err sys_lines_open(struct sys_lines *lines, const char *path);
/* The next line without its newline, until the next call. NOT_FOUND at the end; TOO_LARGE for a
 * line of more than SYS_LINE_MAX bytes, TRUNCATED for one without its end. */
MUST err sys_lines_next(struct sys_lines *lines, slice *line);
void sys_lines_close(struct sys_lines *lines);

#endif
