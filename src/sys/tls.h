/* TLS 1.3, and nothing older: no tickets, no session cache, no early data, buffers released while
 * idle. */
#ifndef SOTTO_SYS_TLS_H
#define SOTTO_SYS_TLS_H

#include "base/slice.h"

/* What many connections share: certificates of a server, or the trust of a client. Counted: each
 * connection holds a reference, so it can be replaced (a new certificate) while they go on. */
struct sys_tls;

/* A server's, from PEM bytes (certificate first, then its chain), so that a process which can't
 * open files can be handed them. MALFORMED if they can't be read, IDENTITY if the key isn't the
 * certificate's. */
MUST err sys_tls_server_new(struct sys_tls **tls, slice certificates_pem, slice key_pem);

/* Whole days until the first certificate's time is over; below 0: it is. MALFORMED. */
MUST err sys_tls_days_left(slice certificates_pem, int *days);

enum sys_tls_trust {
    SYS_TLS_SYSTEM, /* the host's name and the system's authorities */
    SYS_TLS_ANY,    /* any certificate: the server's own key is pinned in the session inside */
};
MUST err sys_tls_client_new(struct sys_tls **tls, enum sys_tls_trust trust);
/* Gives back the caller's reference. NULL is fine. */
void sys_tls_free(struct sys_tls *tls);

#endif
