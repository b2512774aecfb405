#include "store/sqlite_vfs.h"

#include <stdio.h>
#include <time.h>

#include "base/codec.h"
#include "base/time.h"

/* One lock, taken when the database file is opened and kept, stands for all of SQLite's: the store
 * has one owner. So the lock calls below have nothing to do. */
struct vfs_file {
    sqlite3_file base;
    struct sqlite_vfs *vfs;
    struct file *file;
    bool paged; /* the database itself, whose pages carry checksums */
};

static struct vfs_file *file_of(sqlite3_file *f) {
    return (struct vfs_file *)f;
}
static struct sqlite_vfs *vfs_of(sqlite3_vfs *v) {
    return (struct sqlite_vfs *)v;
}

static int fail(struct sqlite_vfs *v, err e, int code) {
    v->failure = e;
    return e == ERR_DISK_FULL ? SQLITE_FULL : e == ERR_NO_MEMORY ? SQLITE_IOERR_NOMEM : code;
}

/* ---- Checksums ---- */

static bool whole_page(const struct vfs_file *f, int n, sqlite3_int64 offset) {
    return f->paged && n == SQLITE_VFS_PAGE && offset % SQLITE_VFS_PAGE == 0;
}

/* Two sums of 32-bit words, the second weighted by their place, mixed with the page's own place. */
static void checksum(const uint8_t *page, sqlite3_int64 offset, uint8_t out[SQLITE_VFS_RESERVED]) {
    uint32_t number = (uint32_t)(offset / SQLITE_VFS_PAGE) + 1;
    uint32_t a = number * 0x9e3779b1u, b = ~number;
    for (size_t i = 0; i < SQLITE_VFS_PAGE - SQLITE_VFS_RESERVED; i += 4) {
        uint32_t word = (uint32_t)page[i] << 24 | (uint32_t)page[i + 1] << 16 |
                        (uint32_t)page[i + 2] << 8 | page[i + 3];
        a = (a ^ word) * 0x85ebca6bu;
        a ^= a >> 15;
        b += a + word;
    }
    put_u32(out, a);
    put_u32(out + 4, b);
}

static bool page_is_sound(const uint8_t *page, sqlite3_int64 offset) {
    uint8_t sum[SQLITE_VFS_RESERVED];
    checksum(page, offset, sum);
    return memcmp(sum, page + SQLITE_VFS_PAGE - sizeof sum, sizeof sum) == 0;
}

/* ---- What is left of what was moved ---- */

/* SQLite moves entries to other pages and leaves copies of them in the room between a page's list
 * of entries and the first of these, which secure_delete does not reach. A page of a tree begins
 * with its kind; any other begins with the number of a page, and so with zero. */
static void clear_room(uint8_t *page, sqlite3_int64 offset) {
    size_t start = offset == 0 ? 100 : 0;
    const uint8_t *head = page + start;
    bool tree = head[0] == 2 || head[0] == 5 || head[0] == 10 || head[0] == 13;
    size_t first = start + (head[0] <= 5 ? 12 : 8) + 2 * (size_t)(head[3] << 8 | head[4]);
    size_t end = (size_t)(head[5] << 8 | head[6]);
    if (tree && first < end && end <= SQLITE_VFS_PAGE - SQLITE_VFS_RESERVED)
        memset(page + first, 0, end - first);
}

/* ---- A file's calls ---- */

static int vfs_close(sqlite3_file *base) {
    struct vfs_file *f = file_of(base);
    f->file->engine->close(f->file);
    return SQLITE_OK;
}

static int vfs_read(sqlite3_file *base, void *p, int n, sqlite3_int64 offset) {
    struct vfs_file *f = file_of(base);
    size_t got = 0;
    err e = f->file->engine->read(f->file, (uint64_t)offset, p, (size_t)n, &got);
    if (e != OK)
        return fail(f->vfs, e, SQLITE_IOERR_READ);
    if (got < (size_t)n) {
        memset((uint8_t *)p + got, 0, (size_t)n - got);
        return SQLITE_IOERR_SHORT_READ;
    }
    if (whole_page(f, n, offset) && !page_is_sound(p, offset))
        return fail(f->vfs, ERR_DAMAGED, SQLITE_IOERR_DATA);
    return SQLITE_OK;
}

static int vfs_write(sqlite3_file *base, const void *p, int n, sqlite3_int64 offset) {
    struct vfs_file *f = file_of(base);
    uint8_t page[SQLITE_VFS_PAGE];
    if (whole_page(f, n, offset)) {
        memcpy(page, p, sizeof page);
        clear_room(page, offset);
        checksum(page, offset, page + SQLITE_VFS_PAGE - SQLITE_VFS_RESERVED);
        p = page;
    }
    err e = f->file->engine->write(f->file, (uint64_t)offset, slice_of(p, (size_t)n));
    return e == OK ? SQLITE_OK : fail(f->vfs, e, SQLITE_IOERR_WRITE);
}

static int vfs_truncate(sqlite3_file *base, sqlite3_int64 size) {
    struct vfs_file *f = file_of(base);
    err e = f->file->engine->truncate(f->file, (uint64_t)size);
    return e == OK ? SQLITE_OK : fail(f->vfs, e, SQLITE_IOERR_TRUNCATE);
}

static int vfs_sync(sqlite3_file *base, int flags) {
    struct vfs_file *f = file_of(base);
    (void)flags;
    err e = f->file->engine->sync(f->file);
    return e == OK ? SQLITE_OK : fail(f->vfs, e, SQLITE_IOERR_FSYNC);
}

static int vfs_size(sqlite3_file *base, sqlite3_int64 *size) {
    struct vfs_file *f = file_of(base);
    uint64_t bytes = 0;
    err e = f->file->engine->size(f->file, &bytes);
    *size = (sqlite3_int64)bytes;
    return e == OK ? SQLITE_OK : fail(f->vfs, e, SQLITE_IOERR_FSTAT);
}

static int vfs_lock(sqlite3_file *base, int level) {
    (void)base, (void)level;
    return SQLITE_OK;
}

static int vfs_check_reserved(sqlite3_file *base, int *reserved) {
    (void)base;
    *reserved = 0;
    return SQLITE_OK;
}

static int vfs_control(sqlite3_file *base, int op, void *argument) {
    (void)base, (void)op, (void)argument;
    return SQLITE_NOTFOUND;
}

static int vfs_sector(sqlite3_file *base) {
    (void)base;
    return SQLITE_VFS_PAGE;
}

/* A write that power loss tears leaves the bytes around it alone. */
static int vfs_characteristics(sqlite3_file *base) {
    (void)base;
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

/* Version 1 has no shared memory: with it SQLite's log works in exclusive mode only, which is ours.
 */
static const sqlite3_io_methods methods = {
    .iVersion = 1,
    .xClose = vfs_close,
    .xRead = vfs_read,
    .xWrite = vfs_write,
    .xTruncate = vfs_truncate,
    .xSync = vfs_sync,
    .xFileSize = vfs_size,
    .xLock = vfs_lock,
    .xUnlock = vfs_lock,
    .xCheckReservedLock = vfs_check_reserved,
    .xFileControl = vfs_control,
    .xSectorSize = vfs_sector,
    .xDeviceCharacteristics = vfs_characteristics,
};

/* ---- The system's calls ---- */

static int vfs_open(sqlite3_vfs *base, const char *path, sqlite3_file *file, int flags,
                    int *out_flags) {
    struct sqlite_vfs *v = vfs_of(base);
    struct vfs_file *f = file_of(file);
    memset(f, 0, sizeof *f);
    if (path == NULL)
        return SQLITE_CANTOPEN; /* a temporary file: ours are in memory */
    f->vfs = v;
    f->paged = flags & SQLITE_OPEN_MAIN_DB;
    err e =
        v->files->open(&f->file, path,
                       (flags & SQLITE_OPEN_CREATE ? FILE_CREATE : 0) | (f->paged ? FILE_LOCK : 0));
    if (e != OK)
        return fail(v, e, SQLITE_CANTOPEN);
    f->base.pMethods = &methods;
    if (out_flags != NULL)
        *out_flags = flags;
    return SQLITE_OK;
}

static int vfs_delete(sqlite3_vfs *base, const char *path, int sync_folder) {
    struct sqlite_vfs *v = vfs_of(base);
    (void)sync_folder;
    err e = v->files->remove(path);
    if (e == ERR_NOT_FOUND)
        return SQLITE_IOERR_DELETE_NOENT;
    return e == OK ? SQLITE_OK : fail(v, e, SQLITE_IOERR_DELETE);
}

static int vfs_access(sqlite3_vfs *base, const char *path, int flags, int *result) {
    struct sqlite_vfs *v = vfs_of(base);
    struct file *f = NULL;
    (void)flags;
    *result = 0;
    err e = v->files->open(&f, path, 0);
    if (e == ERR_NOT_FOUND)
        return SQLITE_OK;
    if (e != OK)
        return fail(v, e, SQLITE_IOERR_ACCESS);
    f->engine->close(f);
    *result = 1;
    return SQLITE_OK;
}

static int vfs_full_path(sqlite3_vfs *base, const char *path, int room, char *out) {
    (void)base;
    return snprintf(out, (size_t)room, "%s", path) < room ? SQLITE_OK : SQLITE_CANTOPEN;
}

/* SQLite draws log salts and names of temporary files from this; nothing secret. */
static int vfs_random(sqlite3_vfs *base, int n, char *out) {
    uint64_t seed = (uint64_t)(uintptr_t)base;
    struct timespec now;
    timespec_get(&now, TIME_UTC);
    seed ^= (uint64_t)now.tv_sec * 1000000007u ^ (uint64_t)now.tv_nsec << 20;
    for (int i = 0; i < n; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        out[i] = (char)(seed >> 56);
    }
    return n;
}

static int vfs_sleep(sqlite3_vfs *base, int microseconds) {
    (void)base;
    return microseconds; /* it sleeps only to wait for locks, which never happens here */
}

static int vfs_time(sqlite3_vfs *base, sqlite3_int64 *julian_ms) {
    struct timespec now;
    (void)base;
    timespec_get(&now, TIME_UTC);
    /* SQLite counts milliseconds of Julian days; 1970 began at 2440587.5. */
    *julian_ms = (sqlite3_int64)now.tv_sec * 1000 + (sqlite3_int64)(24405875 * (TIME_DAY / 10));
    return SQLITE_OK;
}

static int vfs_last_error(sqlite3_vfs *base, int room, char *out) {
    (void)base, (void)room, (void)out;
    return 0;
}

err sqlite_vfs_init(struct sqlite_vfs *v, const struct file_system *files) {
    memset(v, 0, sizeof *v);
    v->files = files;
    snprintf(v->name, sizeof v->name, "sotto-%llx", (unsigned long long)(uintptr_t)v);
    v->vfs = (sqlite3_vfs){
        .iVersion = 2,
        .szOsFile = sizeof(struct vfs_file),
        .mxPathname = 4096,
        .zName = v->name,
        .xOpen = vfs_open,
        .xDelete = vfs_delete,
        .xAccess = vfs_access,
        .xFullPathname = vfs_full_path,
        .xRandomness = vfs_random,
        .xSleep = vfs_sleep,
        .xGetLastError = vfs_last_error,
        .xCurrentTimeInt64 = vfs_time,
    };
    return sqlite3_vfs_register(&v->vfs, 0) == SQLITE_OK ? OK : ERR_NO_MEMORY;
}

void sqlite_vfs_fini(struct sqlite_vfs *v) {
    sqlite3_vfs_unregister(&v->vfs);
}
