/* Loaded with LD_PRELOAD into a server: see faults.h. */
#define _GNU_SOURCE
#include "faults.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static struct faults none;
static struct faults *page = &none;
static pid_t self;

/* Before the sandbox is entered. */
__attribute__((constructor)) static void begin(void) {
    const char *path = getenv(FAULTS_PAGE);
    int fd = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
    void *p = MAP_FAILED;
    if (fd >= 0)
        p = mmap(NULL, sizeof none, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (fd >= 0)
        close(fd);
    self = getpid();
    if (p != MAP_FAILED)
        page = p;
}

static void *real(const char *name) {
    return dlsym(RTLD_NEXT, name);
}

static int fail(int why) {
    errno = why;
    return -1;
}

/* ---- Files ---- */

static bool is_file(int fd) {
    struct stat info;
    return fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
}

static int sync_with(const char *name, int fd) {
    int (*call)(int) = NULL;
    struct timespec rest = {page->sync_ms / 1000, page->sync_ms % 1000 * 1000000};
    __atomic_add_fetch(&page->syncs, 1, __ATOMIC_SEQ_CST);
    if (page->sync_ms > 0)
        nanosleep(&rest, NULL);
    if (page->sync_errno != 0)
        return fail(page->sync_errno);
    *(void **)&call = real(name);
    return call(fd);
}

int fsync(int fd) {
    return sync_with("fsync", fd);
}

int fdatasync(int fd) {
    return sync_with("fdatasync", fd);
}

static bool refuses(int fd) {
    return page->write_errno != 0 && is_file(fd);
}

ssize_t write(int fd, const void *p, size_t n) {
    ssize_t (*call)(int, const void *, size_t) = NULL;
    if (refuses(fd))
        return fail(page->write_errno);
    *(void **)&call = real("write");
    return call(fd, p, n);
}

ssize_t pwrite(int fd, const void *p, size_t n, off_t at) {
    ssize_t (*call)(int, const void *, size_t, off_t) = NULL;
    if (refuses(fd))
        return fail(page->write_errno);
    *(void **)&call = real("pwrite");
    return call(fd, p, n, at);
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    ssize_t (*call)(int, const struct iovec *, int) = NULL;
    if (refuses(fd))
        return fail(page->write_errno);
    *(void **)&call = real("writev");
    return call(fd, parts, count);
}

int posix_fallocate(int fd, off_t at, off_t n) {
    int (*call)(int, off_t, off_t) = NULL;
    if (refuses(fd))
        return page->write_errno;
    *(void **)&call = real("posix_fallocate");
    return call(fd, at, n);
}

/* ---- Time ---- */

int clock_gettime(clockid_t id, struct timespec *t) {
    static int (*call)(clockid_t, struct timespec *);
    if (call == NULL)
        *(void **)&call = real("clock_gettime");
    int result = call(id, t);
    if (result == 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)) {
        int64_t ms = (int64_t)t->tv_sec * 1000 + t->tv_nsec / 1000000 + page->wall_ms;
        t->tv_sec = (time_t)(ms / 1000);
        t->tv_nsec = (long)(ms % 1000 * 1000000);
    }
    return result;
}

/* ---- Memory ---- */

extern void *__libc_malloc(size_t n);
extern void *__libc_calloc(size_t count, size_t n);
extern void *__libc_realloc(void *p, size_t n);

static bool is_out(void) {
    return page->no_memory != 0 && page->no_memory == self;
}

static void *nothing(void) {
    errno = ENOMEM;
    return NULL;
}

void *malloc(size_t n) {
    return is_out() ? nothing() : __libc_malloc(n);
}

void *calloc(size_t count, size_t n) {
    return is_out() ? nothing() : __libc_calloc(count, n);
}

void *realloc(void *p, size_t n) {
    return is_out() ? nothing() : __libc_realloc(p, n);
}
