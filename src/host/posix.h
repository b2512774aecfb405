/* Runs one core on a POSIX system: its store is a sealed SQLite file in the home, its links are
 * connections of an event loop, and its wake-ups a timer.
 *
 * After each call into the core that is no accessor, call host_drain. */
#ifndef SOTTO_HOST_POSIX_H
#define SOTTO_HOST_POSIX_H

#include "core/core.h"
#include "sys/loop.h"

struct host;

struct host_config {
    const char *home; /* a directory; made (mode 0700) if `create` */
    slice passphrase; /* empty: the store is sealed with the empty passphrase */
    bool create;      /* make the store if there is none: NOT_FOUND otherwise */
    struct core_config core;
    /* A notice of the core. Its slices are valid during the call; it may call the core's accessors
     * and commands (without host_drain). May be NULL. */
    void (*notice)(void *ctx, const struct core_notice *notice);
    void *ctx;
};

/* NOT_FOUND: no store there. BUSY: another process holds it. PASSPHRASE, DAMAGED, DISK_FULL, IO.
 * Slow on purpose: the passphrase is stretched. *host is NULL on failure. */
MUST err host_open(struct host **host, struct sys_loop *loop, const struct host_config *config);
/* Closes links at once, the core and the store. NULL is fine. */
void host_close(struct host *host);
/* From now on `fresh` opens the home, and `passphrase` no longer does (store_sealed_relock). Errors
 * as host_open. */
MUST err host_relock(const char *home, slice passphrase, slice fresh);
/* Whether a home has a store. */
bool host_exists(const char *home);

struct core *host_core(struct host *host);
struct host_files *host_files(struct host *host); /* host/files.h */
/* The wall clock, which is what the core's `now` wants. */
uint64_t host_now(void);
/* Holds connections, or lets them go. Drains. */
void host_online(struct host *host, bool online);
/* Carries out what the core asks for. */
void host_drain(struct host *host);
/* Lets connections go as core_leave does, each after what waits to be sent on it was sent: at most
 * for max_ms more than that takes. */
void host_goodbye(struct host *host, int max_ms);

/* MALFORMED if it is no proxy's place: "host:port", "socks5://host:port". */
MUST err host_proxy_check(const char *text);

/* What the server's reason of a notice means; never NULL. */
const char *host_reason_text(uint16_t reason);
/* "INVITE"; never NULL. */
const char *host_reason_name(uint16_t reason);

#endif
