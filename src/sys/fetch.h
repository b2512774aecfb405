/* One request to a web server, made as a browser makes it: over a connection of its own, straight
 * or through a proxy, in clear or in TLS by the system's authorities. Blocks until the answer is
 * there. */
#ifndef SOTTO_SYS_FETCH_H
#define SOTTO_SYS_FETCH_H

#include "sys/socks.h"

struct sys_fetch {
    const struct sys_address *address; /* SYS_SCHEME_WS: http; SYS_SCHEME_WSS: https. Its path is
                                        * what is asked for */
    const struct sys_proxy *proxy;     /* NULL: straight */
    uint32_t timeout_ms;               /* for all of it */
    size_t body_max;                   /* bytes, as they come and as they are */
};

struct sys_fetched {
    int status;
    buf head; /* as it came */
    buf body; /* without its codings */
};

/* "http://host[:port][/]" or the same with https, and nothing after it. MALFORMED. */
MUST err sys_fetch_address(struct sys_address *address, const char *url);
/* MALFORMED, UNSUPPORTED (a coding that was not asked for), TRUNCATED: what came is no answer.
 * TOO_LARGE, TIMEOUT, IDENTITY (its certificate), PROXY_*, CLOSED, NOT_FOUND (the host), IO. */
MUST err sys_fetch(struct sys_fetched *out, const struct sys_fetch *options);
/* The value of a header, all of them with ", " between where it comes more than once. */
MUST err sys_fetched_header(const struct sys_fetched *fetched, const char *name, buf *value);
/* What sys_fetch does with the bytes behind fetched->head: sets status and body. */
MUST err sys_fetched_read(struct sys_fetched *fetched, slice raw, size_t max);
void sys_fetched_fini(struct sys_fetched *fetched);

#endif
