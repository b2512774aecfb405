/* The three kinds of process that sottod is. Each function is one process's whole life and returns
 * its exit code.
 *
 *   descriptors of a child    3   channel to the parent
 *   of an edge, further       4   channel to the mail process
 *                             5   listener of TCP sessions
 *                             6   listener of HTTP */
#ifndef SOTTO_SERVER_PROCESS_H
#define SOTTO_SERVER_PROCESS_H

#include "server/config.h"

enum exit_code {
    EXIT_FINE = 0,
    EXIT_FAILED = 1,
    EXIT_USAGE = 2,   /* command line or configuration */
    EXIT_IN_USE = 3,  /* a port or the data directory is another process's */
    EXIT_DAMAGED = 4, /* the store or a key file can't be read */
    EXIT_AWAY = 5     /* no server runs on this data directory */
};
enum exit_code exit_code_of(err e);
/* What the operator can do about the store's error, to follow its text; may be empty. */
const char *store_advice(err e);

/* Names by which the parent starts the others. */
#define ROLE_EDGE "--role=edge"
#define ROLE_MAIL "--role=mail"
/* May follow, so that even the first line of the log has its form. */
#define ROLE_LOGS_JSON "--log-json"

/* Bytes of a PEM file, at most. */
enum { PEM_MAX = 65536 };

/* What a backup asks of the mail process, in this order. A copy of the store that nobody holds is
 * dropped after ten minutes. */
enum backup_step {
    BACKUP_FLUSH, /* begin to write out what is in memory, so that the copy is made fast */
    BACKUP_COPY,  /* make the copy: STORE_ROCKSDB_COPY in the store's folder */
    BACKUP_HOLD,  /* it is still being read */
    BACKUP_DROP
};

/* Whether the operator's commands ask this of the mail process. */
bool operator_asks(uint16_t type);

int edge_main(bool log_json);
int mail_main(bool log_json);
int parent_main(const struct config *config, unsigned print_invites, bool takes_over);

/* What a process says of its sandbox, for the health page: kept short, and without what would need
 * an escape there. */
enum { SANDBOX_TEXT = 129 };
void sandbox_text_keep(char to[SANDBOX_TEXT], slice text);
/* The user's name as a string; NULL if it is empty. */
enum { SANDBOX_USER = CONFIG_USER + 1 };
const char *sandbox_user(char to[SANDBOX_USER], slice user);

/* A sessions' name at mail: the edge's number, and what the edge calls it. */
enum { SESSION_BITS = 40 };

#endif
