/* Small files, directories and locks. */
#ifndef SOTTO_SYS_FILES_H
#define SOTTO_SYS_FILES_H

#include "base/slice.h"

/* What an errno means here: DISK_FULL (no space, quota), NOT_FOUND, EXISTS, DENIED, BUSY,
 * NO_MEMORY, AGAIN, CLOSED (the peer), LIMIT (descriptors), IO for the rest. */
err sys_err_from_errno(int number);

/* Writes all of it to a descriptor that waits, signals or not. */
MUST err sys_write_all(int fd, slice bytes);
/* Opens a regular file to be read; size: in bytes, now. UNSUPPORTED if it is none. */
MUST err sys_file_open(const char *path, int *fd, uint64_t *size);
/* Appends the whole of a regular file of up to max bytes; TOO_LARGE beyond. out is as it was on
 * failure. */
MUST err sys_file_read(const char *path, size_t max, buf *out);
/* Replaces the file as a whole, or not at all: writes beside it, syncs, renames, syncs the
 * directory. */
MUST err sys_file_write(const char *path, slice content, unsigned mode);
/* The same, but EXISTS if there is a file already. For keys, which are made once. */
MUST err sys_file_create(const char *path, slice content, unsigned mode);
/* Hands over a regular file piece by piece, until one call fails. */
MUST err sys_file_each(const char *path, err (*piece)(void *ctx, slice bytes), void *ctx);
/* A file to be written from its beginning, in the place of any of that name. */
MUST err sys_file_begin(const char *path, unsigned mode, int *fd);
/* What was written is on the disk, if its OK. The descriptor is closed in any case. */
MUST err sys_file_finish(int fd);
/* Gives a file another name, durably, in place of what has it. */
MUST err sys_file_rename(const char *from, const char *to);
/* The path from the root on: what names it to another process. LIMIT if it is too long. */
MUST err sys_file_absolute(const char *path, buf *out);
/* Removes it; fine if it isn't there. */
MUST err sys_file_remove(const char *path);

/* Makes the directory and those above it that are missing, readable by the owner only. */
MUST err sys_dir_make(const char *path);

/* Whether it is a directory that this process may write in. NOT_FOUND, DENIED, MALFORMED (it is
 * something else). */
MUST err sys_dir_check(const char *path);

/* DENIED if its owner's group, or anybody, may read or write it. */
MUST err sys_path_private(const char *path);
/* Bytes that may still be written to the disk that it is on. */
MUST err sys_disk_room(const char *path, uint64_t *bytes);

/* Removes a directory with the files in it; fine if it isn't there. */
MUST err sys_dir_remove(const char *path);

/* If this process is root: makes a directory and the files in it the user's, and lets it pass
 * through the one above, which shows it no names. Only plain files of one name: who had the
 * directory before can't hand us another's. Anybody else changes nothing. NOT_FOUND: no such
 * user. */
MUST err sys_dir_give(const char *above, const char *path, const char *user);

/* Tells of a file, whatever its name, or of all files below a directory whose names end in `end`,
 * by name. What can't be looked at is told of, too: who opens it learns why. */
void sys_files_walk(const char *path, const char *end, void (*found)(void *ctx, const char *path),
                    void *ctx);

/* Takes a lock that ends with the process. BUSY if another process holds it. */
MUST err sys_lock_take(const char *path, int *fd);
void sys_lock_release(int fd);

#endif
