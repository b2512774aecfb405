/* `sottod backup`: the store as it is at one moment, and the keys, into a folder. A server that
 * runs makes a copy beneath its store first, which takes it no time; one that doesn't is kept from
 * starting. */
#include "server/backup.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "crypto/crypto.h"
#include "server/keys.h"
#include "server/operator_client.h"
#include "server/process.h"
#include "store/store.h"
#include "sys/files.h"
#include "sys/loop.h"
#include "sys/machine.h"

enum { PATH = 1024, HOLD_MS = 60 * 1000, FLUSH_WAIT_MS = 1000 };

struct backup {
    struct backup_progress progress; /* first: its pause finds us */
    const char *data, *dir;
    char from[PATH]; /* the folder with the files of the store */
    bool running;
    uint64_t held; /* monotonic ms */
    struct backup_list before, now;
    uint64_t fresh; /* files that were not there yet */
    uint64_t fresh_bytes;
    err e;
    int code; /* that of the talk with the server, if it failed and said so */
};

/* ---- With the server ---- */

struct step {
    struct operator_talk talk;
    enum backup_step step;
    bool asked;
};

static bool next(struct operator_talk *talk, uint32_t request, writer *w) {
    struct step *s = (struct step *)talk;
    struct proto_backup in = {.step = (uint8_t)s->step};
    if (s->asked)
        return false;
    s->asked = true;
    proto_frame_write(w, request, PROTO_backup);
    proto_backup_write(w, &in);
    return true;
}

static bool answer(struct operator_talk *talk, const struct proto_frame *frame) {
    if (frame->type != PROTO_ok)
        return false;
    talk->answered = true;
    talk->code = EXIT_FINE;
    return true;
}

/* CLOSED: it failed, and was said. */
static err ask(struct backup *b, enum backup_step step) {
    struct step s = {.talk = {.what = "backup", .next = next, .answer = answer}, .step = step};
    int code = operator_client_talk(b->data, &s.talk);
    if (code == EXIT_FINE)
        return OK;
    b->code = code;
    return ERR_CLOSED;
}

static err hold(struct backup_progress *progress) {
    struct backup *b = (struct backup *)progress;
    uint64_t now = sys_clock_mono();
    if (!b->running || now - b->held < HOLD_MS)
        return OK;
    b->held = now;
    return ask(b, BACKUP_HOLD);
}

static void awake(void *ctx) {
    sys_loop_stop(ctx);
}

static err rest(uint64_t ms) {
    struct sys_loop *loop;
    struct sys_timer timer = {0};
    TRY(sys_loop_new(&loop, NULL));
    err e = sys_timer_set(&timer, loop, ms, awake, loop);
    if (e == OK)
        e = sys_loop_run(loop);
    sys_timer_cancel(&timer);
    sys_loop_free(loop);
    return e;
}

/* What is in memory is written out first while the server goes on; the copy has the rest as log. */
static err take_copy(struct backup *b) {
    TRY(ask(b, BACKUP_FLUSH));
    TRY(rest(FLUSH_WAIT_MS));
    TRY(ask(b, BACKUP_COPY));
    b->held = sys_clock_mono();
    return OK;
}

/* ---- Files ---- */

/* A file that the last backup has by this name and size is looked at, and copied if it is
 * another. */
static err keep(struct backup *b, const char *from, struct backup_file *file, uint64_t size) {
    const struct backup_file *had = backup_list_find(&b->before, file->name);
    char path[PATH], incoming[PATH];
    if (had != NULL && had->size == size) {
        TRY(backup_copy(from, NULL, file, &b->progress));
        if (memcmp(had->hash, file->hash, sizeof file->hash) == 0)
            return backup_list_add(&b->now, file);
        b->progress.done -= size;
    }
    TRY(keys_path(incoming, b->dir, "files/incoming"));
    err e = backup_copy(from, incoming, file, &b->progress);
    if (e == OK)
        e = backup_file_path(path, b->dir, file);
    if (e == OK)
        e = sys_file_rename(incoming, path);
    if (e != OK)
        (void)!sys_file_remove(incoming);
    TRY(e);
    b->fresh++;
    b->fresh_bytes += file->size;
    return backup_list_add(&b->now, file);
}

static err size_of(const char *path, uint64_t *size) {
    int fd;
    TRY(sys_file_open(path, &fd, size));
    sys_fd_close(fd);
    return OK;
}

/* The name in the list of a file in the store's folder; NULL: it isn't part of a backup, as what
 * RocksDB holds the folder by, or says there. */
static const char *name_in_store(const struct backup *b, const char *path, char name[BACKUP_NAME]) {
    size_t n = strlen(b->from);
    const char *base = path + n + 1;
    if (strncmp(path, b->from, n) != 0 || path[n] != '/' || strncmp(base, "LO", 2) == 0)
        return NULL;
    int length = snprintf(name, BACKUP_NAME, "store/%s", base);
    return length < BACKUP_NAME && backup_name_ok(slice_str(name)) ? name : NULL;
}

static void measure(void *ctx, const char *path) {
    struct backup *b = ctx;
    char name[BACKUP_NAME];
    uint64_t size = 0;
    if (name_in_store(b, path, name) != NULL && size_of(path, &size) == OK)
        b->progress.total += size;
}

static void keep_store_file(void *ctx, const char *path) {
    struct backup *b = ctx;
    struct backup_file file = {.size = 0};
    uint64_t size = 0;
    if (b->e != OK || name_in_store(b, path, file.name) == NULL)
        return;
    b->e = size_of(path, &size);
    if (b->e == OK)
        b->e = keep(b, path, &file, size);
}

static err keep_key_file(struct backup *b, const char *name) {
    struct backup_file file = {.size = 0};
    char path[PATH];
    uint64_t size;
    TRY(keys_path(path, b->data, name));
    TRY(size_of(path, &size));
    snprintf(file.name, sizeof file.name, "%s", name);
    return keep(b, path, &file, size);
}

static bool is_kept(const struct backup *b, slice name) {
    uint8_t hash[32];
    if (hex_decode_to(hash, sizeof hash, name) != OK)
        return true; /* not one of ours */
    for (size_t i = 0; i < b->now.count; i++)
        if (memcmp(b->now.files[i].hash, hash, sizeof hash) == 0)
            return true;
    return false;
}

static void drop_stale(void *ctx, const char *path) {
    struct backup *b = ctx;
    const char *base = strrchr(path, '/');
    if (base != NULL && !is_kept(b, slice_str(base + 1)) && b->e == OK)
        b->e = sys_file_remove(path);
}

/* Before it is done nothing of the backup before is touched; after the list is there, what only
 * that one had goes. */
static err keep_all(struct backup *b, bool without_keys) {
    char files[PATH];
    sys_files_walk(b->from, "", measure, b);
    sys_files_walk(b->from, "", keep_store_file, b);
    TRY(b->e);
    if (backup_list_find(&b->now, "store/CURRENT") == NULL)
        return ERR_NOT_FOUND;
    for (size_t i = 0; i < BACKUP_KEYS && !without_keys; i++)
        TRY(keep_key_file(b, backup_keys[i]));
    TRY(backup_list_save(&b->now, b->dir));
    TRY(keys_path(files, b->dir, "files"));
    sys_files_walk(files, "", drop_stale, b);
    return b->e;
}

/* ---- The command ---- */

static err begin(struct backup *b) {
    char path[PATH];
    struct keys keys;
    TRY(crypto_init());
    TRY(keys_load(&keys, b->data, false, path));
    memcpy(b->now.server, keys.identity, sizeof b->now.server);
    keys_wipe(&keys);
    snprintf(b->now.version, sizeof b->now.version, "%s", SOTTO_VERSION);
    b->now.week = time_week(sys_clock_wall());
    err e = backup_list_load(&b->before, b->dir);
    if (e == OK && memcmp(b->before.server, b->now.server, sizeof b->now.server) != 0)
        return ERR_EXISTS;
    if (e != OK && e != ERR_NOT_FOUND)
        return e;
    TRY(keys_path(path, b->dir, "files"));
    return sys_dir_make(path);
}

/* Whoever holds the lock of the data directory is the server. */
static err copy(struct backup *b, bool without_keys, int *lock) {
    char path[PATH];
    TRY(keys_path(path, b->data, "lock"));
    err e = sys_lock_take(path, lock);
    b->running = e == ERR_BUSY;
    if (e != OK && !b->running)
        return e;
    TRY(keys_path(b->from, b->data, b->running ? "store/" STORE_ROCKSDB_COPY : "store"));
    if (!b->running)
        return keep_all(b, without_keys);
    TRY(keys_path(path, b->data, "backup.lock"));
    TRY(sys_lock_take(path, lock));
    TRY(take_copy(b));
    e = keep_all(b, without_keys);
    err dropped = ask(b, BACKUP_DROP);
    return e == OK ? dropped : e;
}

static int say(const struct backup *b, bool json) {
    unsigned long long files = b->now.count, bytes = b->now.bytes, fresh = b->fresh,
                       fresh_bytes = b->fresh_bytes;
    if (json)
        printf("{\"files\":%llu,\"bytes\":%llu,\"new_files\":%llu,\"new_bytes\":%llu}\n", files,
               bytes, fresh, fresh_bytes);
    else
        printf("backup in %s: %llu files, %llu bytes; of them new: %llu files, %llu bytes\n",
               b->dir, files, bytes, fresh, fresh_bytes);
    return EXIT_FINE;
}

static int fail(const struct backup *b, err e) {
    if (b->code != EXIT_FINE)
        return b->code;
    const char *text = e == ERR_EXISTS    ? "there is a backup of another server"
                       : e == ERR_DAMAGED ? "a key of the server, or the backup that is there, "
                                            "is damaged; `sottod check` says which"
                       : e == ERR_NOT_FOUND
                           ? "there is no store and key to make a backup of, or the "
                             "server was started again meanwhile"
                       : e == ERR_BUSY ? "another backup is being made"
                                       : err_text(e);
    fprintf(stderr, "sottod: no backup of %s in %s: %s\n", b->data, b->dir, text);
    return (int)exit_code_of(e);
}

int backup_make(const char *data, const char *dir, bool without_keys, bool json) {
    static struct backup b;
    int lock = -1;
    b = (struct backup){.progress = {.what = "backup", .pause = hold}, .data = data, .dir = dir};
    err e = begin(&b);
    if (e == OK)
        e = copy(&b, without_keys, &lock);
    int code = e == OK ? say(&b, json) : fail(&b, e);
    if (lock >= 0)
        sys_lock_release(lock);
    backup_list_free(&b.before);
    backup_list_free(&b.now);
    return code;
}
