/* Backups: a folder with a list, `manifest`, and `files`, whose names are the SHA-256 of what is in
 * them. A file is written under its name once it is whole, and the list as the last, so a backup
 * that was cut short is the one before, or none. One that is made anew has only those files to copy
 * that are not there yet.
 *
 *   sotto backup 1
 *   server BASE32        the server's identity key
 *   version TEXT         of the program that made it
 *   week NUMBER          in which it was
 *   file HASH SIZE NAME  each file: of the store, and the keys
 *   end HASH             of all that stands before */
#ifndef SOTTO_SERVER_BACKUP_H
#define SOTTO_SERVER_BACKUP_H

#include "base/slice.h"

/* ---- Commands; each returns its exit code ---- */

/* Of a server that runs, or of one that doesn't. without_keys: the store alone. */
int backup_make(const char *data, const char *dir, bool without_keys, bool json);
/* Into a data directory without a store. */
int backup_restore(const char *data, const char *dir);
/* Says whether a restore would take it. */
int backup_check(const char *dir, bool json);

/* In the data directory: a restore that has not come to its end. No server starts beside it. */
#define RESTORING "restoring"

/* ---- The list ---- */

enum { BACKUP_NAME = 64, BACKUP_VERSION = 32 };

struct backup_file {
    char name[BACKUP_NAME]; /* store/NAME, or a key file's */
    uint8_t hash[32];
    uint64_t size;
};

struct backup_list {
    uint8_t server[32];
    char version[BACKUP_VERSION];
    uint32_t week;
    struct backup_file *files;
    size_t count, cap;
    uint64_t bytes;
};

enum { BACKUP_KEYS = 3 };
extern const char *const backup_keys[BACKUP_KEYS];
/* A name that may be in a list. */
bool backup_name_ok(slice name);
MUST err backup_list_add(struct backup_list *list, const struct backup_file *file);
/* NULL: it isn't there. */
const struct backup_file *backup_list_find(const struct backup_list *list, const char *name);
/* What DIR's list says. NOT_FOUND; DAMAGED. */
MUST err backup_list_load(struct backup_list *list, const char *dir);
MUST err backup_list_save(const struct backup_list *list, const char *dir);
void backup_list_free(struct backup_list *list);
/* DIR/files/HASH into path (1024 bytes). */
MUST err backup_file_path(char *path, const char *dir, const struct backup_file *file);

/* ---- Copying ---- */

/* What a command tells of its progress, on standard error, if it takes longer than some seconds. */
struct backup_progress {
    const char *what;
    uint64_t done, total, shown; /* bytes; monotonic ms */
    /* Called between pieces, if it is not NULL. */
    err (*pause)(struct backup_progress *progress);
};
/* Reads `from` to its end, with its hash and size; writes it to `to`, on the disk, if that is not
 * NULL. */
MUST err backup_copy(const char *from, const char *to, struct backup_file *file,
                     struct backup_progress *progress);

#endif
