/* The files that a core sends and fetches (core.h, "Files"): opens them, reads and writes them
 * piece by piece, one piece a turn of the loop, and gives what was fetched its name when it is
 * whole. */
#ifndef SOTTO_HOST_FILES_H
#define SOTTO_HOST_FILES_H

#include "core/core.h"
#include "sys/loop.h"

enum { HOST_FILES_MAX = 64, HOST_FILE_PATH = 4096 };

struct host_file {
    uint64_t command; /* 0: free */
    int fd;
    bool fetched, force, wanted;
    err failed;      /* of a write: what is here is not whole, whatever comes */
    uint64_t end;    /* behind the last byte that was read or written */
    uint64_t offset; /* wanted */
    size_t count;
    char *part, *path; /* of one that is fetched: under which name it grows, and its own */
};

struct host_files {
    struct core *core;
    struct sys_loop *loop;
    struct sys_later later;
    void (*drain)(void *ctx);
    void *ctx;
    struct host_file files[HOST_FILES_MAX];
};

/* drain: called after calls into the core. */
void host_files_init(struct host_files *f, struct core *core, struct sys_loop *loop,
                     void (*drain)(void *ctx), void *ctx);
void host_files_fini(struct host_files *f);

/* Carry out READ and WRITE. */
void host_files_read(struct host_files *f, const struct core_action *a);
void host_files_write(struct host_files *f, const struct core_action *a);
/* A command is over: what it fetched gets its name. The error that its DONE should have: EXISTS if
 * something stands there by now. */
MUST err host_files_done(struct host_files *f, uint64_t command, err error);

/* sending->place, ->size: are set here. path is absolute. NOT_FOUND, DENIED, MALFORMED (no plain
 * file), TOO_LARGE, and what core_file_send says. */
MUST err host_files_send(struct host_files *f, uint32_t conversation, const char *path,
                         struct core_file_sending *sending, uint64_t now, uint64_t *command);
/* To `path`, which is absolute, at once or, without hurry, at some moment soon; beside it grows a
 * hidden part with the message's id in its name, which stays if it is not finished, and is gone on
 * with. EXISTS, without force; MALFORMED if what is there under the hidden name is no plain file of
 * this user's alone, which no try of ours left.
 */
MUST err host_files_fetch(struct host_files *f, uint32_t conversation, uint64_t message,
                          const uint8_t id[CORE_MESSAGE_ID], const char *path, bool force,
                          bool hurry, uint64_t now, uint64_t *command);
bool host_is_directory(const char *path);

#endif
