/* SQLite's idea of an operating system, over the file of five calls. Private to the SQLite engine.
 *
 * Each page of the database file ends in a checksum over its content and its place, made as it is
 * written and checked as it is read: a page that rotted or strayed is an error and not an answer.
 * (The log has SQLite's own checksums.) */
#ifndef SOTTO_STORE_SQLITE_VFS_H
#define SOTTO_STORE_SQLITE_VFS_H

#include <sqlite3.h>

#include "store/file.h"

enum { SQLITE_VFS_PAGE = 4096, SQLITE_VFS_RESERVED = 8 };

struct sqlite_vfs {
    sqlite3_vfs vfs;
    const struct file_system *files;
    char name[32];
    err failure; /* the last failure of a file, which SQLite's codes are too coarse to carry */
};

/* Makes it known to SQLite under v->name, which no other has. */
MUST err sqlite_vfs_init(struct sqlite_vfs *v, const struct file_system *files);
void sqlite_vfs_fini(struct sqlite_vfs *v);

#endif
