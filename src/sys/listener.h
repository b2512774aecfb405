/* Listening sockets and what comes out of them. */
#ifndef SOTTO_SYS_LISTENER_H
#define SOTTO_SYS_LISTENER_H

#include "sys/carrier.h"
#include "sys/http.h"

/* ---- Sockets ---- made by the parent, handed to others as descriptors. */
struct sys_listen {
    const char *host, *port; /* "" or NULL host: every address; port "0": any free one */
};
/* A non-blocking, close-on-exec descriptor. BUSY if the port is taken, DENIED if it isn't ours to
 * use. */
MUST err sys_listen_open(int *fd, const struct sys_listen *options);
/* A UNIX-domain listener at a path, readable and writable by its owner only. A stale socket there
 * is replaced; BUSY if somebody answers on it. */
MUST err sys_listen_unix(int *fd, const char *path);
/* Whether it is bound to this address (address.h); its port 0 is any. */
bool sys_listen_fits(int fd, const char *text);
/* The port a listener is bound to. */
MUST err sys_listen_port(int fd, uint16_t *port);

/* ---- Accepting ---- */
struct sys_listener;

struct sys_listener_options {
    int fd;                      /* listening, made above or inherited; the listener closes it */
    struct sys_tls *tls;         /* NULL: in clear. A reference is taken */
    const struct sys_http *http; /* NULL: the TCP carrier; otherwise HTTP and WebSocket */
};
/* Connections go to the set and obey its limits: at count_max the listener stops accepting (the
 * kernel's queue waits) until one ends; without descriptors it rests for a moment. On failure the
 * descriptor stays the caller's. */
MUST err sys_listener_new(struct sys_listener **listener, struct sys_conns *conns,
                          const struct sys_listener_options *options);
/* Another certificate for those that come from now on; a reference is taken. Only for a listener
 * that was made with one. NO_MEMORY: the one before stays. */
MUST err sys_listener_set_tls(struct sys_listener *listener, struct sys_tls *tls);
/* Its connections go on. NULL is fine. */
void sys_listener_free(struct sys_listener *listener);
/* Takes over a connected, non-blocking socket as if it had been accepted. On failure it stays the
 * caller's. */
MUST err sys_listener_adopt(struct sys_listener *listener, int fd);

#endif
