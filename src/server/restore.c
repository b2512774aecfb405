/* `sottod restore` and the check of a backup. What a restored server must not do again is seen to
 * here: it gives no position and no key package a second time. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "crypto/crypto.h"
#include "server/backup.h"
#include "server/held.h"
#include "server/keys.h"
#include "server/process.h"
#include "store/store.h"
#include "sys/files.h"
#include "sys/loop.h"

enum { PATH = 1024, KEY_FILE_MAX = 256 };

struct restore {
    const char *data, *dir;
    struct backup_list list;
    struct backup_progress progress;
    buf keys[BACKUP_KEYS];
    bool has_keys;
    const char *what; /* is at fault */
    char path[PATH];
};

/* ---- What is in a backup ---- */

/* DAMAGED if it isn't what the list says. */
static err take_file(struct restore *r, const struct backup_file *file, const char *to) {
    struct backup_file found = {.size = 0};
    char path[PATH];
    r->what = file->name;
    TRY(backup_file_path(path, r->dir, file));
    err e = backup_copy(path, to, &found, &r->progress);
    if (e == ERR_NOT_FOUND || (e == OK && (found.size != file->size ||
                                           memcmp(found.hash, file->hash, sizeof found.hash) != 0)))
        return ERR_DAMAGED;
    return e;
}

static err load_list(struct restore *r) {
    TRY(crypto_init());
    r->what = "manifest";
    TRY(backup_list_load(&r->list, r->dir));
    r->progress.total = r->list.bytes;
    if (backup_list_find(&r->list, "store/CURRENT") == NULL)
        return ERR_DAMAGED;
    size_t keys = 0;
    for (size_t i = 0; i < BACKUP_KEYS; i++)
        keys += backup_list_find(&r->list, backup_keys[i]) != NULL;
    r->has_keys = keys == BACKUP_KEYS;
    return keys == 0 || r->has_keys ? OK : ERR_DAMAGED;
}

/* ---- Restoring ---- */

static err in_data(struct restore *r, const char *name) {
    r->what = name;
    return keys_path(r->path, r->data, name);
}

/* Nothing that is there is replaced. */
static err expect_none(struct restore *r, const char *name) {
    TRY(in_data(r, name));
    err e = sys_dir_check(r->path);
    return e == ERR_NOT_FOUND ? OK : ERR_EXISTS;
}

/* A backup without keys is of the server whose keys are there. */
static err check_place(struct restore *r) {
    struct keys keys;
    char why[PATH];
    TRY(expect_none(r, "store"));
    for (size_t i = 0; i < BACKUP_KEYS && r->has_keys; i++)
        TRY(expect_none(r, backup_keys[i]));
    if (r->has_keys)
        return OK;
    r->what = "the keys";
    TRY(keys_load(&keys, r->data, false, why));
    bool same = memcmp(keys.identity, r->list.server, sizeof keys.identity) == 0;
    keys_wipe(&keys);
    return same ? OK : ERR_IDENTITY;
}

/* Into memory: they are written as the last. */
static err read_keys(struct restore *r) {
    uint8_t identity[32];
    for (size_t i = 0; i < BACKUP_KEYS && r->has_keys; i++) {
        const struct backup_file *file = backup_list_find(&r->list, backup_keys[i]);
        TRY(take_file(r, file, NULL));
        TRY(backup_file_path(r->path, r->dir, file));
        TRY(sys_file_read(r->path, KEY_FILE_MAX, &r->keys[i]));
    }
    if (!r->has_keys)
        return OK;
    r->what = "identity";
    if (r->keys[0].n != 32)
        return ERR_DAMAGED;
    TRY(crypto_ed25519.public_of(identity, r->keys[0].p));
    return memcmp(identity, r->list.server, 32) == 0 ? OK : ERR_DAMAGED;
}

static err write_store(struct restore *r) {
    for (size_t i = 0; i < r->list.count; i++) {
        const struct backup_file *file = &r->list.files[i];
        slice name = slice_str(file->name);
        char to[sizeof RESTORING + BACKUP_NAME];
        if (!slice_skip(&name, slice_str("store/")))
            continue;
        snprintf(to, sizeof to, RESTORING "/%.*s", (int)name.n, (const char *)name.p);
        TRY(in_data(r, to));
        TRY(take_file(r, file, r->path));
    }
    return OK;
}

/* Devices have seen more than this store has. A key package that was given out since would be given
 * again, so none is: each device puts new ones, and has the last-resort one until then. */
static err take_back(struct restore *r) {
    struct store_rocksdb_options options = {0};
    struct store *store;
    TRY(in_data(r, RESTORING));
    r->what = "its store";
    TRY(store_rocksdb_empty(r->path, MAIL_KEY_PACKAGE));
    TRY(store_rocksdb_open(&store, r->path, &options));
    err e = mail_rolled_back(store, sys_clock_wall());
    store_close(store);
    return e;
}

static err write_all(struct restore *r) {
    char place[PATH];
    TRY(in_data(r, RESTORING));
    TRY(sys_dir_remove(r->path)); /* of one that was cut short */
    TRY(sys_dir_make(r->path));
    TRY(write_store(r));
    TRY(take_back(r));
    TRY(in_data(r, RESTORING));
    memcpy(place, r->path, sizeof place);
    TRY(in_data(r, "store"));
    TRY(sys_file_rename(place, r->path));
    /* A store without all its keys is no server that starts. */
    for (size_t i = 0; i < BACKUP_KEYS && r->has_keys; i++) {
        TRY(in_data(r, backup_keys[i]));
        TRY(sys_file_create(r->path, buf_slice(&r->keys[i]), 0600));
    }
    return OK;
}

static err restore(struct restore *r, int *lock) {
    TRY(load_list(r));
    TRY(check_place(r));
    TRY(read_keys(r));
    r->what = r->data;
    TRY(sys_dir_make(r->data));
    TRY(in_data(r, "lock"));
    TRY(sys_lock_take(r->path, lock));
    err e = write_all(r);
    if (e == OK)
        return OK;
    const char *what = r->what;
    if (keys_path(r->path, r->data, RESTORING) == OK)
        (void)!sys_dir_remove(r->path);
    r->what = what;
    return e;
}

static void end(struct restore *r) {
    for (size_t i = 0; i < BACKUP_KEYS; i++)
        buf_free(&r->keys[i]);
    backup_list_free(&r->list);
}

static const char *text_of(err e) {
    switch (e) {
    case ERR_EXISTS:
        return "it is there already; nothing is replaced";
    case ERR_DAMAGED:
        return "the backup is damaged there";
    case ERR_NOT_FOUND:
        return "there is none";
    case ERR_IDENTITY:
        return "they are another server's";
    default:
        return err_text(e);
    }
}

int backup_restore(const char *data, const char *dir) {
    struct restore r = {.data = data, .dir = dir, .progress = {.what = "restore"}};
    int lock = -1, year, month, day;
    err e = restore(&r, &lock);
    if (e == OK) {
        time_week_date(r.list.week, &year, &month, &day);
        printf("restored into %s: %zu files, %llu bytes, from the week of %04d-%02d-%02d. Every "
               "device is told that something may be missing, and puts new key packages\n",
               data, r.list.count, (unsigned long long)r.list.bytes, year, month, day);
    } else {
        fprintf(stderr, "sottod: nothing restored from %s into %s: %s: %s\n", dir, data, r.what,
                text_of(e));
    }
    if (lock >= 0)
        sys_lock_release(lock);
    end(&r);
    return (int)exit_code_of(e);
}

/* ---- Looking only ---- */

static err look(struct restore *r) {
    TRY(load_list(r));
    for (size_t i = 0; i < r->list.count; i++)
        TRY(take_file(r, &r->list.files[i], NULL));
    r->what = "";
    return read_keys(r);
}

int backup_check(const char *dir, bool json) {
    struct restore r = {.dir = dir, .progress = {.what = "check"}};
    err e = look(&r);
    if (json)
        printf("{\"what\":\"backup\",\"fine\":%s,\"files\":%zu,\"bytes\":%llu,\"week\":%u}\n",
               e == OK ? "true" : "false", r.list.count, (unsigned long long)r.list.bytes,
               r.list.week);
    else if (e == OK)
        printf("backup in %s: fine, %zu files, %llu bytes%s\n", dir, r.list.count,
               (unsigned long long)r.list.bytes, r.has_keys ? "" : "; without the server's keys");
    if (e != OK)
        fprintf(stderr, "sottod: backup in %s: %s: %s\n", dir, r.what, text_of(e));
    end(&r);
    return (int)exit_code_of(e);
}
