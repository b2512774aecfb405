/* The log of all pages that were ever released, in the ledger's form (scripts/release-web.py),
 * read over the web. */
#ifndef SOTTO_TERM_WEB_LOG_H
#define SOTTO_TERM_WEB_LOG_H

#include "merkle/note.h"
#include "merkle/tree.h"
#include "sys/socks.h"

struct web_way {
    const struct sys_proxy *proxy; /* NULL: straight */
    uint32_t timeout_ms;           /* for each file */
};

struct web_log {
    uint64_t size;
    struct merkle_hash root;
    bool listed; /* the text that was asked for is an entry */
    buf newest;  /* the last entry */
};

/* Fetches the checkpoint at URL (a folder, with or without "/" at its end) and all entries. The key
 * must have signed the checkpoint, its name be the log's origin, and the entries be those of its
 * root. MALFORMED (also for the URL), NOT_FOUND or SIGNATURE (it is not signed), IDENTITY (another
 * log), PROOF (other entries), LIMIT (too many), and what sys_fetch says; freed with web_log_fini
 * in any case. */
MUST err web_log_read(struct web_log *log, const char *url, const struct merkle_key *key,
                      const struct web_way *way, slice text);
void web_log_fini(struct web_log *log);

#endif
