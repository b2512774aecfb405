#include "sys/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/files.h"

enum { PIECE = 1 << 20 };

static err last_err(void) {
    return sys_err_from_errno(errno);
}

/* ---- Writing ---- */

err sys_out_begin(struct sys_out *o, const char *path, unsigned mode) {
    *o = (struct sys_out){.fd = -1};
    int n = snprintf(o->path, sizeof o->path, "%s", path);
    if (n < 0 || (size_t)n >= sizeof o->path)
        return ERR_TOO_LARGE;
    snprintf(o->beside, sizeof o->beside, "%s.new", path);
    if (unlink(o->beside) != 0 && errno != ENOENT)
        return last_err();
    o->fd = open(o->beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
    if (o->fd < 0)
        return last_err();
    return fchmod(o->fd, mode) == 0 ? OK : last_err();
}

static err write_out(struct sys_out *o) {
    TRY(sys_write_all(o->fd, buf_slice(&o->bytes)));
    o->bytes.n = 0;
    return OK;
}

err sys_out_add(struct sys_out *o, slice bytes) {
    TRY(buf_append(&o->bytes, bytes));
    return o->bytes.n < PIECE ? OK : write_out(o);
}

err sys_out_end(struct sys_out *o) {
    TRY(write_out(o));
    TRY(fsync(o->fd) == 0 ? OK : last_err());
    int fd = o->fd;
    o->fd = -1;
    err e = close(fd) == 0 ? OK : last_err();
    if (e == OK)
        e = sys_file_rename(o->beside, o->path);
    if (e != OK)
        unlink(o->beside);
    return e;
}

void sys_out_fini(struct sys_out *o) {
    if (o->fd >= 0) {
        close(o->fd);
        unlink(o->beside);
    }
    buf_free(&o->bytes);
    o->fd = -1;
}

/* ---- Reading ---- */

err sys_lines_open(struct sys_lines *l, const char *path) {
    uint64_t size;
    *l = (struct sys_lines){.fd = -1};
    return sys_file_open(path, &l->fd, &size);
}

/* One more piece after what is left of the last. *more: there was one. */
static err read_more(struct sys_lines *l, bool *more) {
    ssize_t n;
    size_t left = l->bytes.n - l->at;
    if (l->at > 0)
        memmove(l->bytes.p, l->bytes.p + l->at, left);
    l->bytes.n = left;
    l->at = 0;
    TRY(buf_reserve(&l->bytes, PIECE));
    do
        n = read(l->fd, l->bytes.p + left, PIECE);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return last_err();
    l->bytes.n += (size_t)n;
    *more = n > 0;
    return OK;
}

err sys_lines_next(struct sys_lines *l, slice *line) {
    for (bool more = true;;) {
        slice rest = slice_of(l->bytes.p + l->at, l->bytes.n - l->at);
        if (rest.n > 0 && slice_line(&rest, line)) {
            l->at = l->bytes.n - rest.n;
            return line->n > SYS_LINE_MAX ? ERR_TOO_LARGE : OK;
        }
        if (rest.n > SYS_LINE_MAX)
            return ERR_TOO_LARGE;
        if (!more)
            return rest.n == 0 ? ERR_NOT_FOUND : ERR_TRUNCATED;
        TRY(read_more(l, &more));
    }
}

void sys_lines_close(struct sys_lines *l) {
    if (l->fd >= 0)
        close(l->fd);
    buf_free(&l->bytes);
    l->fd = -1;
}
