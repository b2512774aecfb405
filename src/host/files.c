#include "host/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "host/posix.h"
#include "sys/files.h"

/* ---- Slots ---- */

static void slot_free(struct host_file *file) {
    if (file->command != 0 && file->fd >= 0)
        close(file->fd);
    mem_free(NULL, file->part, HOST_FILE_PATH);
    mem_free(NULL, file->path, HOST_FILE_PATH);
    *file = (struct host_file){.fd = -1};
}

static struct host_file *slot_of(struct host_files *f, uint64_t command) {
    for (size_t i = 0; i < HOST_FILES_MAX; i++)
        if (f->files[i].command == command)
            return &f->files[i];
    return NULL;
}

void host_files_init(struct host_files *f, struct core *core, struct sys_loop *loop,
                     void (*drain)(void *ctx), void *ctx) {
    *f = (struct host_files){.core = core, .loop = loop, .drain = drain, .ctx = ctx};
    for (size_t i = 0; i < HOST_FILES_MAX; i++)
        f->files[i].fd = -1;
}

void host_files_fini(struct host_files *f) {
    sys_later_cancel(&f->later);
    for (size_t i = 0; f->loop != NULL && i < HOST_FILES_MAX; i++)
        slot_free(&f->files[i]);
}

/* A pipe would hold us up. */
static err open_plain(const char *path, int flags, int *fd, struct stat *st) {
    *fd = open(path, flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600);
    if (*fd < 0)
        return errno == ELOOP ? ERR_MALFORMED : sys_err_from_errno(errno);
    err e = fstat(*fd, st) != 0 ? sys_err_from_errno(errno) : OK;
    if (e == OK && !S_ISREG(st->st_mode))
        e = ERR_MALFORMED;
    if (e != OK)
        close(*fd);
    return e;
}

/* In a folder that others write in, a link could lead anywhere, a second name be that of another
 * file of ours, and a stranger's file go on being read by him. */
static err open_part(const char *path, int *fd, uint64_t *have) {
    struct stat st;
    TRY(open_plain(path, O_RDWR | O_CREAT | O_NOFOLLOW, fd, &st));
    *have = (uint64_t)st.st_size;
    if (st.st_uid == geteuid() && st.st_nlink == 1)
        return OK;
    close(*fd);
    return ERR_MALFORMED;
}

/* ---- Reading and writing ---- */

/* One that an earlier run began is opened when it is asked for. */
static err slot_open(struct host_files *f, uint64_t command, struct host_file **file) {
    char path[HOST_FILE_PATH];
    slice place;
    struct stat st;
    int fd;
    *file = slot_of(f, command);
    if (*file != NULL)
        return OK;
    *file = slot_of(f, 0);
    if (*file == NULL)
        return ERR_LIMIT;
    TRY(core_file_place(f->core, command, &place));
    if (place.n >= sizeof path)
        return ERR_TOO_LARGE;
    memcpy(path, place.p, place.n);
    path[place.n] = '\0';
    TRY(open_plain(path, O_RDONLY, &fd, &st));
    **file = (struct host_file){.command = command, .fd = fd};
    return OK;
}

static err read_all(int fd, uint64_t offset, buf *bytes) {
    size_t done = 0;
    while (done < bytes->n) {
        ssize_t n = pread(fd, bytes->p + done, bytes->n - done, (off_t)(offset + done));
        if (n < 0 && errno != EINTR)
            return sys_err_from_errno(errno);
        if (n == 0)
            break;
        done += n > 0 ? (size_t)n : 0;
    }
    return buf_resize(bytes, done); /* to shrink can't fail */
}

static void note_end(struct host_file *file, uint64_t end) {
    if (end > file->end)
        file->end = end;
}

static void read_one(struct host_files *f, struct host_file *file) {
    uint64_t command = file->command;
    buf bytes = {0};
    file->wanted = false;
    err e = buf_resize(&bytes, file->count);
    if (e == OK)
        e = read_all(file->fd, file->offset, &bytes);
    note_end(file, file->offset + bytes.n);
    if (e == OK)
        core_file_bytes(f->core, command, file->offset, buf_slice(&bytes), host_now());
    else
        core_file_failed(f->core, command, e, host_now());
    buf_free(&bytes);
}

static void read_wanted(void *ctx) {
    struct host_files *f = ctx;
    for (size_t i = 0; i < HOST_FILES_MAX; i++)
        if (f->files[i].command != 0 && f->files[i].wanted)
            read_one(f, &f->files[i]);
    f->drain(f->ctx);
}

void host_files_read(struct host_files *f, const struct core_action *a) {
    struct host_file *file;
    err e = slot_open(f, a->command, &file);
    if (e != OK) {
        core_file_failed(f->core, a->command, e, host_now());
        return;
    }
    file->wanted = true;
    file->offset = a->offset;
    file->count = a->count;
    sys_later_set(&f->later, f->loop, read_wanted, f);
}

static err write_all(int fd, uint64_t offset, slice bytes) {
    while (bytes.n > 0) {
        ssize_t n = pwrite(fd, bytes.p, bytes.n, (off_t)offset);
        if (n < 0 && errno != EINTR)
            return sys_err_from_errno(errno);
        size_t done = n > 0 ? (size_t)n : 0;
        bytes = slice_of(bytes.p + done, bytes.n - done);
        offset += done;
    }
    return OK;
}

void host_files_write(struct host_files *f, const struct core_action *a) {
    struct host_file *file = slot_of(f, a->command);
    if (file == NULL)
        return;
    err e = write_all(file->fd, a->offset, a->bytes);
    note_end(file, a->offset + a->bytes.n);
    if (e == OK)
        return;
    file->failed = e; /* the core may be done with it already */
    core_file_failed(f->core, a->command, e, host_now());
}

/* ---- The end ---- */

static err sync_folder(const char *path) {
    char folder[HOST_FILE_PATH];
    const char *slash = strrchr(path, '/');
    size_t n = slash == path ? 1 : (size_t)(slash - path);
    memcpy(folder, path, n);
    folder[n] = '\0';
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return OK; /* a folder that can be written in and not read */
    err e = fsync(fd) == 0 || errno == EINVAL ? OK : sys_err_from_errno(errno);
    close(fd);
    return e;
}

/* Never over what stands there, however late it came, unless that was asked for. */
static int give_name(const struct host_file *file) {
    if (file->force)
        return rename(file->part, file->path);
    if (renameat2(AT_FDCWD, file->part, AT_FDCWD, file->path, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS)
        return -1;
    return link(file->part, file->path) == 0 ? unlink(file->part) : -1;
}

static err finish(const struct host_file *file) {
    /* What was behind the end was another's, or of another try. */
    if (ftruncate(file->fd, (off_t)file->end) != 0 || fsync(file->fd) != 0 || give_name(file) != 0)
        return sys_err_from_errno(errno);
    return sync_folder(file->path);
}

static bool is_empty(int fd) {
    struct stat st;
    return fstat(fd, &st) == 0 && st.st_size == 0;
}

err host_files_done(struct host_files *f, uint64_t command, err error) {
    struct host_file *file = command == 0 ? NULL : slot_of(f, command);
    if (file == NULL)
        return error;
    if (error == OK)
        error = file->failed;
    if (file->fetched && error == OK)
        error = finish(file);
    else if (file->fetched && (error == ERR_CRYPTO || is_empty(file->fd)))
        (void)!unlink(file->part); /* there is nothing to go on with, or in vain */
    slot_free(file);
    return error;
}

/* ---- Beginning ---- */

bool host_is_directory(const char *path) {
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

err host_files_send(struct host_files *f, uint32_t conversation, const char *path,
                    struct core_file_sending *sending, uint64_t now, uint64_t *command) {
    struct stat st;
    int fd;
    TRY(open_plain(path, O_RDONLY, &fd, &st));
    close(fd);
    sending->size = (uint64_t)st.st_size;
    sending->place = slice_str(path);
    return core_file_send(f->core, conversation, sending, now, command);
}

static err part_path(const uint8_t id[CORE_MESSAGE_ID], const char *path, char *part) {
    const char *slash = strrchr(path, '/');
    if (slash == NULL || strlen(path) >= HOST_FILE_PATH)
        return ERR_TOO_LARGE;
    int n =
        snprintf(part, HOST_FILE_PATH, "%.*s/.%s.%02x%02x%02x%02x%02x%02x.part",
                 (int)(slash - path), path, slash + 1, id[1], id[2], id[3], id[4], id[5], id[6]);
    return n > 0 && n < HOST_FILE_PATH ? OK : ERR_TOO_LARGE;
}

static err begin(struct host_files *f, struct host_file *file, uint32_t conversation,
                 uint64_t message, bool hurry, uint64_t now, uint64_t *command) {
    uint64_t have = 0;
    int fd;
    TRY(open_part(file->part, &fd, &have));
    err e = core_file_fetch(f->core, conversation, message, slice_str(file->part), have, hurry, now,
                            command);
    if (e != OK) {
        close(fd);
        return e;
    }
    file->command = *command;
    file->fd = fd;
    file->fetched = true;
    return OK;
}

static bool is_under_way(const struct host_files *f, const char *part) {
    for (size_t i = 0; i < HOST_FILES_MAX; i++)
        if (f->files[i].part != NULL && strcmp(f->files[i].part, part) == 0)
            return true;
    return false;
}

err host_files_fetch(struct host_files *f, uint32_t conversation, uint64_t message,
                     const uint8_t id[CORE_MESSAGE_ID], const char *path, bool force, bool hurry,
                     uint64_t now, uint64_t *command) {
    struct stat st;
    char part[HOST_FILE_PATH];
    TRY(part_path(id, path, part));
    if (!force && lstat(path, &st) == 0)
        return ERR_EXISTS;
    if (is_under_way(f, part))
        return ERR_BUSY;
    struct host_file *file = slot_of(f, 0);
    if (file == NULL)
        return ERR_LIMIT;
    file->force = force;
    file->part = mem_new(NULL, HOST_FILE_PATH);
    file->path = mem_new(NULL, HOST_FILE_PATH);
    err e = file->part == NULL || file->path == NULL ? ERR_NO_MEMORY : OK;
    if (e == OK) {
        memcpy(file->part, part, strlen(part) + 1);
        memcpy(file->path, path, strlen(path) + 1);
        e = begin(f, file, conversation, message, hurry, now, command);
    }
    if (e != OK)
        slot_free(file);
    return e;
}
