/* A synchronous durable file of five calls: what the embedded client store stands on. file_posix.c
 * fills the table with a POSIX file, file_host.c with what WebAssembly's host keeps: an access
 * handle, in a browser's worker. */
#ifndef SOTTO_STORE_FILE_H
#define SOTTO_STORE_FILE_H

#include "base/slice.h"

struct file {
    const struct file_engine *engine;
};

/* Failures: DISK_FULL, IO. */
struct file_engine {
    /* *got is less than n only at the end of the file. */
    err (*read)(struct file *f, uint64_t offset, uint8_t *p, size_t n, size_t *got);
    /* All of it, or a failure (then part of it may be there). Grows the file. */
    err (*write)(struct file *f, uint64_t offset, slice bytes);
    /* What was written before is durable, content and size. */
    err (*sync)(struct file *f);
    err (*size)(struct file *f, uint64_t *size);
    err (*truncate)(struct file *f, uint64_t size);
    void (*close)(struct file *f); /* frees f */
};

enum {
    FILE_CREATE = 1, /* make it if it is not there; its existence is durable at once */
    FILE_LOCK = 2    /* hold it against every other opener; BUSY if somebody does */
};

/* Where files are found by name. */
struct file_system {
    err (*open)(struct file **f, const char *path, int flags); /* NOT_FOUND, DENIED, BUSY */
    err (*remove)(const char *path);                           /* durable; NOT_FOUND */
};

/* This build's. POSIX files are made with mode 0600. */
extern const struct file_system file_system;

#endif
