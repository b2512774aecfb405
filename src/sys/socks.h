/* A SOCKS5 proxy (RFC 1928) between us and the server: for Tor, or any other.
 *
 * The proxy looks the server's name up, never this machine. Each connection logs in to the proxy
 * (RFC 1929) with words of its own, if the proxy wants any: Tor takes connections with different
 * words through different circuits, so that nobody behind it sees that they belong together. */
#ifndef SOTTO_SYS_SOCKS_H
#define SOTTO_SYS_SOCKS_H

#include "sys/address.h"

enum { SYS_SOCKS_WORD = 32 };

struct sys_proxy {
    char host[SYS_HOST_MAX + 1];
    char port[6];
    /* Text, at most SYS_SOCKS_WORD bytes of it; both are of this connection alone. */
    char user[SYS_SOCKS_WORD + 1], password[SYS_SOCKS_WORD + 1];
};

/* "host:port", "socks5://host:port" or "socks5h://host:port", which means the same. No words yet.
 * MALFORMED for anything else. */
MUST err sys_proxy_parse(struct sys_proxy *proxy, const char *text);

/* ---- For conn.c: the conversation with the proxy, before anything else goes over the connection
 * ---- */

struct sys_conn;
struct sys_socks;

/* What is asked of the proxy: the way to `address`. *socks is the caller's. */
MUST err sys_socks_new(struct sys_socks **socks, const struct mem *mem,
                       const struct sys_proxy *proxy, const struct sys_address *address);
/* NULL is fine. */
void sys_socks_free(struct sys_socks *socks, const struct mem *mem);
/* Goes on as far as it can, and reads not one byte more than the proxy's answers have. OK: the way
 * is open. AGAIN: with *wants_write or without. PROXY_*: why not. */
MUST err sys_socks_go(struct sys_socks *socks, int fd, bool *wants_write);

#endif
