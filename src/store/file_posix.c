#define _GNU_SOURCE
#include "store/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct posix_file {
    struct file file;
    int fd;
};

static int fd_of(const struct file *f) {
    return ((const struct posix_file *)f)->fd;
}

static err err_of_errno(int number) {
    switch (number) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return ERR_DISK_FULL;
    case ENOENT:
    case ENOTDIR:
        return ERR_NOT_FOUND;
    case EACCES:
    case EPERM:
    case EROFS:
        return ERR_DENIED;
    case EAGAIN:
        return ERR_BUSY;
    case ENOMEM:
        return ERR_NO_MEMORY;
    default:
        return ERR_IO;
    }
}

static err posix_read(struct file *f, uint64_t offset, uint8_t *p, size_t n, size_t *got) {
    *got = 0;
    while (*got < n) {
        ssize_t r = pread(fd_of(f), p + *got, n - *got, (off_t)(offset + *got));
        if (r < 0 && errno == EINTR)
            continue;
        if (r < 0)
            return err_of_errno(errno);
        if (r == 0)
            break;
        *got += (size_t)r;
    }
    return OK;
}

static err posix_write(struct file *f, uint64_t offset, slice bytes) {
    size_t put = 0;
    while (put < bytes.n) {
        ssize_t r = pwrite(fd_of(f), bytes.p + put, bytes.n - put, (off_t)(offset + put));
        if (r < 0 && errno == EINTR)
            continue;
        if (r <= 0)
            return r == 0 ? ERR_DISK_FULL : err_of_errno(errno);
        put += (size_t)r;
    }
    return OK;
}

static err posix_sync(struct file *f) {
    return fdatasync(fd_of(f)) == 0 ? OK : err_of_errno(errno);
}

static err posix_size(struct file *f, uint64_t *size) {
    struct stat st;
    if (fstat(fd_of(f), &st) != 0)
        return err_of_errno(errno);
    *size = (uint64_t)st.st_size;
    return OK;
}

static err posix_truncate(struct file *f, uint64_t size) {
    return ftruncate(fd_of(f), (off_t)size) == 0 ? OK : err_of_errno(errno);
}

static void posix_close(struct file *f) {
    close(fd_of(f));
    free(f);
}

static const struct file_engine posix_engine = {
    .read = posix_read,
    .write = posix_write,
    .sync = posix_sync,
    .size = posix_size,
    .truncate = posix_truncate,
    .close = posix_close,
};

/* A file's name is in its folder, and is as durable as that is. */
static err sync_folder(const char *path) {
    const char *slash = strrchr(path, '/');
    char *folder = slash == NULL ? strdup(".") : strndup(path, (size_t)(slash - path) + 1);
    if (folder == NULL)
        return ERR_NO_MEMORY;
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(folder);
    if (fd < 0)
        return err_of_errno(errno);
    err result = fsync(fd) == 0 ? OK : err_of_errno(errno);
    close(fd);
    return result;
}

static err open_fd(const char *path, int flags, int *fd) {
    *fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (*fd >= 0)
        return OK;
    if (errno != ENOENT || !(flags & FILE_CREATE))
        return err_of_errno(errno);
    *fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (*fd < 0)
        return err_of_errno(errno);
    return sync_folder(path);
}

/* A lock of this descriptor, not of the process: a second opener in the same process is refused
 * too. */
static err lock_fd(int fd) {
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    return fcntl(fd, F_OFD_SETLK, &whole) == 0 ? OK : err_of_errno(errno);
}

static err posix_open(struct file **out, const char *path, int flags) {
    struct posix_file *f = calloc(1, sizeof *f);
    if (f == NULL)
        return ERR_NO_MEMORY;
    f->file.engine = &posix_engine;
    err result = open_fd(path, flags, &f->fd);
    if (result == OK && (flags & FILE_LOCK))
        result = lock_fd(f->fd);
    if (result == OK) {
        *out = &f->file;
        return OK;
    }
    if (f->fd >= 0)
        close(f->fd);
    free(f);
    return result;
}

static err posix_remove(const char *path) {
    if (unlink(path) != 0)
        return err_of_errno(errno);
    return sync_folder(path);
}

const struct file_system file_system = {.open = posix_open, .remove = posix_remove};
