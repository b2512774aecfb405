#include "store/file_host.h"

#include <stdlib.h>

#include "store/file.h"

#define HOST(name) __attribute__((import_module("host"), import_name(#name)))
/* Each answers with the negative of a failure, or with what it is asked for. Offsets and sizes are
 * numbers of JavaScript. */
HOST(file_open) int host_file_open(const char *name, size_t n, int flags);
HOST(file_read) int host_file_read(int fd, double offset, uint8_t *p, size_t n);
HOST(file_write) int host_file_write(int fd, double offset, const uint8_t *p, size_t n);
HOST(file_sync) int host_file_sync(int fd);
HOST(file_size) double host_file_size(int fd);
HOST(file_truncate) int host_file_truncate(int fd, double size);
HOST(file_close) void host_file_close(int fd);
HOST(file_remove) int host_file_remove(const char *name, size_t n);

struct host_file {
    struct file file;
    int fd;
};

static int fd_of(const struct file *f) {
    return ((const struct host_file *)f)->fd;
}

err file_host_err(int failure) {
    switch (failure) {
    case FILE_HOST_NOT_FOUND:
        return ERR_NOT_FOUND;
    case FILE_HOST_BUSY:
        return ERR_BUSY;
    case FILE_HOST_DISK_FULL:
        return ERR_DISK_FULL;
    case FILE_HOST_DENIED:
        return ERR_DENIED;
    default:
        return ERR_IO;
    }
}

static err err_of_answer(int answer) {
    return answer >= 0 ? OK : file_host_err(-answer);
}

static err host_read(struct file *f, uint64_t offset, uint8_t *p, size_t n, size_t *got) {
    int answer = host_file_read(fd_of(f), (double)offset, p, n);
    *got = answer > 0 ? (size_t)answer : 0;
    return *got <= n ? err_of_answer(answer) : ERR_IO;
}

static err host_write(struct file *f, uint64_t offset, slice bytes) {
    return err_of_answer(host_file_write(fd_of(f), (double)offset, bytes.p, bytes.n));
}

static err host_sync(struct file *f) {
    return err_of_answer(host_file_sync(fd_of(f)));
}

static err host_size(struct file *f, uint64_t *size) {
    double answer = host_file_size(fd_of(f));
    if (!(answer >= 0 && answer <= (double)UINT32_MAX * UINT32_MAX))
        return ERR_IO;
    *size = (uint64_t)answer;
    return OK;
}

static err host_truncate(struct file *f, uint64_t size) {
    return err_of_answer(host_file_truncate(fd_of(f), (double)size));
}

static void host_close(struct file *f) {
    host_file_close(fd_of(f));
    free(f);
}

static const struct file_engine host_engine = {
    .read = host_read,
    .write = host_write,
    .sync = host_sync,
    .size = host_size,
    .truncate = host_truncate,
    .close = host_close,
};

static err host_open(struct file **out, const char *path, int flags) {
    struct host_file *f = calloc(1, sizeof *f);
    if (f == NULL)
        return ERR_NO_MEMORY;
    f->file.engine = &host_engine;
    f->fd = host_file_open(path, strlen(path), flags);
    if (f->fd < 0) {
        err result = err_of_answer(f->fd);
        free(f);
        return result;
    }
    *out = &f->file;
    return OK;
}

static err host_remove(const char *path) {
    return err_of_answer(host_file_remove(path, strlen(path)));
}

const struct file_system file_system = {.open = host_open, .remove = host_remove};
