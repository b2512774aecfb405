/* Network addresses, as text and as the system's. */
#ifndef SOTTO_SYS_ADDRESS_H
#define SOTTO_SYS_ADDRESS_H

#include <sys/socket.h>

#include "base/slice.h"

enum { SYS_HOST_MAX = 255, SYS_PATH_MAX = 255 };

enum sys_scheme { SYS_SCHEME_TCP, SYS_SCHEME_WS, SYS_SCHEME_WSS, SYS_SCHEME_TLS };

/* "host:port" or "tcp://host:port" (SYS_SCHEME_TCP), "tls://host:port" (the TCP carrier inside
 * TLS), "ws://host[:port][/path]", "wss://...". An IPv6 address stands in brackets. The path is
 * "/session" unless one is given; ports 80 and 443 are the defaults of ws and wss. */
struct sys_address {
    enum sys_scheme scheme;
    char host[SYS_HOST_MAX + 1]; /* without brackets */
    char port[6];
    char path[SYS_PATH_MAX + 1];
};

/* MALFORMED for anything else, control characters and spaces included. */
MUST err sys_address_parse(struct sys_address *address, const char *text);

enum { SYS_PORT_TEXT = 6 };
/* Where to listen: "host:port", "[::1]:port", ":port" (every address); port 0 is any. host has
 * SYS_HOST_MAX + 1 bytes, port SYS_PORT_TEXT. MALFORMED. */
MUST err sys_address_split(const char *text, char *host, char *port);

/* Whether it is an IPv4 or IPv6 address and no name. */
bool sys_host_is_number(const char *host);

struct sys_endpoint {
    struct sockaddr_storage address;
    socklen_t size;
};

/* The first address of host and port. Asks the system's resolver, which may block for seconds on a
 * name that isn't numeric or local; a client does this before it connects, a server only for the
 * addresses it listens on, before its sandbox. NOT_FOUND, or AGAIN if the resolver is away. */
MUST err sys_endpoint_resolve(struct sys_endpoint *endpoint, const char *host, const char *port,
                              bool to_listen);

#endif
