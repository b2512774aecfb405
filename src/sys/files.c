#include "sys/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

err sys_err_from_errno(int number) {
    switch (number) {
    case 0:
        return OK;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return ERR_DISK_FULL;
    case ENOENT:
    case ENOTDIR:
        return ERR_NOT_FOUND;
    case EEXIST:
        return ERR_EXISTS;
    case EACCES:
    case EPERM:
    case EROFS:
        return ERR_DENIED;
    case EADDRINUSE:
    case EBUSY:
    case ETXTBSY:
        return ERR_BUSY;
    case ENOMEM:
    case ENOBUFS:
        return ERR_NO_MEMORY;
    case EAGAIN:
    case ENETDOWN:
    case ENETUNREACH:
    case EHOSTUNREACH:
    case EADDRNOTAVAIL:
    case EINTR:
    case EINPROGRESS:
        return ERR_AGAIN;
    case ETIMEDOUT:
        return ERR_TIMEOUT;
    case EPIPE:
    case ECONNRESET:
    case ECONNREFUSED:
    case ECONNABORTED:
    case ENOTCONN:
        return ERR_CLOSED;
    case EMFILE:
    case ENFILE:
        return ERR_LIMIT;
    case ENAMETOOLONG:
        return ERR_TOO_LARGE;
    case ENOSYS:
    case EOPNOTSUPP:
        return ERR_UNSUPPORTED;
    default:
        return ERR_IO;
    }
}

static err last_err(void) {
    return sys_err_from_errno(errno);
}

/* ---- Reading ---- */

err sys_file_open(const char *path, int *fd, uint64_t *size) {
    struct stat info;
    /* Not blocking: a pipe of that name must not hold us up. */
    int opened = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (opened < 0)
        return last_err();
    err e = fstat(opened, &info) != 0 ? last_err() : OK;
    if (e == OK && !S_ISREG(info.st_mode))
        e = ERR_UNSUPPORTED;
    if (e != OK) {
        close(opened);
        return e;
    }
    *fd = opened;
    *size = (uint64_t)info.st_size;
    return OK;
}

static err read_all(int fd, size_t max, buf *out) {
    size_t before = out->n;
    for (;;) {
        TRY(buf_reserve(out, 4096));
        ssize_t n = read(fd, out->p + out->n, out->cap - out->n);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return last_err();
        if (n == 0)
            return OK;
        out->n += (size_t)n;
        if (out->n - before > max)
            return ERR_TOO_LARGE;
    }
}

err sys_file_read(const char *path, size_t max, buf *out) {
    int fd;
    uint64_t size;
    TRY(sys_file_open(path, &fd, &size));
    size_t before = out->n;
    err result = read_all(fd, max, out);
    close(fd);
    if (result != OK && buf_resize(out, before) != OK)
        return ERR_BUG;
    return result;
}

enum { PIECE = 256 * 1024 };

static err each_of(int fd, uint8_t *bytes, err (*piece)(void *ctx, slice bytes), void *ctx) {
    for (;;) {
        ssize_t n = read(fd, bytes, PIECE);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n == 0 ? OK : last_err();
        TRY(piece(ctx, slice_of(bytes, (size_t)n)));
    }
}

err sys_file_each(const char *path, err (*piece)(void *ctx, slice bytes), void *ctx) {
    int fd;
    uint64_t size;
    buf bytes = {0};
    TRY(sys_file_open(path, &fd, &size));
    err result = buf_resize(&bytes, PIECE);
    if (result == OK)
        result = each_of(fd, bytes.p, piece, ctx);
    buf_free(&bytes);
    close(fd);
    return result;
}

/* ---- Writing ---- */

err sys_write_all(int fd, slice bytes) {
    while (bytes.n > 0) {
        ssize_t n = write(fd, bytes.p, bytes.n);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return last_err();
        bytes = slice_of(bytes.p + n, bytes.n - (size_t)n);
    }
    return OK;
}

static err write_durably(int fd, slice content) {
    TRY(sys_write_all(fd, content));
    return fsync(fd) == 0 ? OK : last_err();
}

err sys_file_begin(const char *path, unsigned mode, int *fd) {
    if (unlink(path) != 0 && errno != ENOENT)
        return last_err();
    int opened = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
    if (opened < 0)
        return last_err();
    *fd = opened;
    return OK;
}

err sys_file_finish(int fd) {
    err result = fsync(fd) == 0 ? OK : last_err();
    if (close(fd) != 0 && result == OK)
        result = last_err();
    return result;
}

/* A file beside the path with the content, on the disk. */
static err write_beside(const char *path, char *beside, size_t size, slice content, unsigned mode) {
    int n = snprintf(beside, size, "%s.new", path);
    if (n < 0 || (size_t)n >= size)
        return ERR_TOO_LARGE;
    if (unlink(beside) != 0 && errno != ENOENT)
        return last_err();
    int fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
    if (fd < 0)
        return last_err();
    err result = fchmod(fd, mode) == 0 ? write_durably(fd, content) : last_err();
    if (close(fd) != 0 && result == OK)
        result = last_err();
    if (result != OK)
        unlink(beside);
    return result;
}

/* Makes the names in the path's directory durable. */
static err sync_directory(const char *path) {
    char directory[PATH_MAX];
    const char *slash = strrchr(path, '/');
    size_t n = slash == NULL ? 0 : slash == path ? 1 : (size_t)(slash - path);
    if (n >= sizeof(directory))
        return ERR_TOO_LARGE;
    memcpy(directory, n == 0 ? "." : path, n == 0 ? 1 : n);
    directory[n == 0 ? 1 : n] = 0;
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return last_err();
    err result = fsync(fd) == 0 ? OK : last_err();
    close(fd);
    return result;
}

err sys_file_absolute(const char *path, buf *out) {
    char here[PATH_MAX];
    size_t mark = out->n;
    if (path[0] != '/') {
        if (getcwd(here, sizeof here) == NULL)
            return errno == ERANGE ? ERR_LIMIT : last_err();
        TRY(buf_append(out, slice_str(here)));
        TRY(buf_append_byte(out, '/'));
    }
    TRY(buf_append(out, slice_str(path)));
    TRY(buf_append_byte(out, 0));
    return out->n - mark > PATH_MAX ? ERR_LIMIT : OK;
}

err sys_file_rename(const char *from, const char *to) {
    return rename(from, to) == 0 ? sync_directory(to) : last_err();
}

err sys_file_write(const char *path, slice content, unsigned mode) {
    char beside[PATH_MAX];
    TRY(write_beside(path, beside, sizeof(beside), content, mode));
    err result = sys_file_rename(beside, path);
    if (result != OK)
        unlink(beside);
    return result;
}

err sys_file_create(const char *path, slice content, unsigned mode) {
    char beside[PATH_MAX];
    TRY(write_beside(path, beside, sizeof(beside), content, mode));
    /* A link fails where a rename would replace. */
    err result = link(beside, path) == 0 ? OK : last_err();
    unlink(beside);
    TRY(result);
    return sync_directory(path);
}

err sys_file_remove(const char *path) {
    if (unlink(path) != 0)
        return errno == ENOENT ? OK : last_err();
    return sync_directory(path);
}

/* ---- Directories and locks ---- */

static err make_one(const char *path) {
    if (mkdir(path, 0700) == 0)
        return OK;
    err result = last_err();
    struct stat info;
    if (stat(path, &info) == 0)
        return S_ISDIR(info.st_mode) ? OK : ERR_EXISTS;
    return result;
}

err sys_dir_make(const char *path) {
    char part[PATH_MAX];
    size_t n = strlen(path);
    if (n == 0)
        return ERR_MALFORMED;
    if (n >= sizeof(part))
        return ERR_TOO_LARGE;
    for (size_t i = 1; i <= n; i++) {
        if (path[i] != '/' && path[i] != 0)
            continue;
        memcpy(part, path, i);
        part[i] = 0;
        TRY(make_one(part));
    }
    return OK;
}

err sys_dir_remove(const char *path) {
    DIR *folder = opendir(path);
    if (folder == NULL)
        return errno == ENOENT ? OK : last_err();
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;)
        unlinkat(dirfd(folder), entry->d_name, 0);
    closedir(folder);
    return rmdir(path) == 0 ? OK : last_err();
}

err sys_dir_check(const char *path) {
    struct stat info;
    if (stat(path, &info) != 0 || (S_ISDIR(info.st_mode) && access(path, W_OK | X_OK) != 0))
        return last_err();
    return S_ISDIR(info.st_mode) ? OK : ERR_MALFORMED;
}

err sys_path_private(const char *path) {
    struct stat info;
    if (stat(path, &info) != 0)
        return last_err();
    return (info.st_mode & 0066) == 0 ? OK : ERR_DENIED;
}

err sys_disk_room(const char *path, uint64_t *bytes) {
    struct statvfs info;
    if (statvfs(path, &info) != 0)
        return last_err();
    *bytes = (uint64_t)info.f_bavail * info.f_frsize;
    return OK;
}

static err give_one(int folder, const char *name, const struct passwd *user) {
    struct stat info;
    int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return errno == ELOOP ? OK : last_err();
    err result = fstat(fd, &info) == 0 ? OK : last_err();
    bool whole = S_ISDIR(info.st_mode) || (S_ISREG(info.st_mode) && info.st_nlink == 1);
    if (result == OK && whole && info.st_uid != user->pw_uid &&
        fchown(fd, user->pw_uid, user->pw_gid) != 0)
        result = last_err();
    close(fd);
    return result;
}

static err give_files(const char *path, const struct passwd *user) {
    DIR *folder = opendir(path);
    if (folder == NULL)
        return last_err();
    err result = OK;
    for (struct dirent *entry; result == OK && (entry = readdir(folder)) != NULL;)
        if (entry->d_type == DT_REG || entry->d_type == DT_UNKNOWN)
            result = give_one(dirfd(folder), entry->d_name, user);
    closedir(folder);
    return result;
}

err sys_dir_give(const char *above, const char *path, const char *name) {
    struct stat info;
    if (geteuid() != 0)
        return OK;
    errno = 0;
    const struct passwd *user = getpwnam(name);
    if (user == NULL)
        return errno == 0 ? ERR_NOT_FOUND : last_err();
    if (stat(above, &info) != 0 || chmod(above, (info.st_mode & 07777) | 0011) != 0)
        return last_err();
    TRY(give_files(path, user));
    return give_one(AT_FDCWD, path, user);
}

static int by_name(const FTSENT **a, const FTSENT **b) {
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

static bool ends(const FTSENT *e, const char *end) {
    size_t n = strlen(end);
    return e->fts_namelen >= n && strcmp(e->fts_name + e->fts_namelen - n, end) == 0;
}

static bool is_wanted(const FTSENT *e, const char *end) {
    switch (e->fts_info) {
    case FTS_D:
    case FTS_DP:
    case FTS_DC:
        return false;
    case FTS_DNR: /* a directory that can't be read */
        return true;
    default:
        return e->fts_level == FTS_ROOTLEVEL || ends(e, end);
    }
}

void sys_files_walk(const char *path, const char *end, void (*found)(void *ctx, const char *path),
                    void *ctx) {
    char *const roots[] = {(char *)path, NULL};
    FTS *walk = fts_open(roots, FTS_LOGICAL | FTS_NOCHDIR, by_name);
    for (FTSENT *e; walk != NULL && (e = fts_read(walk)) != NULL;)
        if (is_wanted(e, end))
            found(ctx, e->fts_path);
    if (walk != NULL)
        fts_close(walk);
}

err sys_lock_take(const char *path, int *out) {
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return last_err();
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        err result = errno == EWOULDBLOCK ? ERR_BUSY : last_err();
        close(fd);
        return result;
    }
    *out = fd;
    return OK;
}

void sys_lock_release(int fd) {
    close(fd);
}
