/* One connection of the load: a session as a client has it, without the client's core. It opens no
 * item; whoever uses it counts. */
#ifndef SOTTO_LOAD_PEER_H
#define SOTTO_LOAD_PEER_H

#include "load/accounts.h"
#include "noise/noise.h"
#include "sys/carrier.h"

struct peer;

struct peer_events {
    /* The session is there: anonymous, or (with a login) the device's. */
    void (*ready)(struct peer *p);
    /* A frame after that. */
    void (*frame)(struct peer *p, const struct proto_frame *frame);
    /* It ended, before or after ready. */
    void (*ended)(struct peer *p, err why);
};

/* What peers share. */
struct peers {
    struct sys_loop *loop;
    struct sys_conns conns;
    const struct peer_events *events;
    const struct accounts *accounts;
    struct sys_tls *tls;
    const uint8_t (
        *codes)[16];   /* NULL: devices log in; else they register, account 0 with the first */
    buf plain, sealed; /* in work */
};

struct peer {
    struct peers *all;
    struct sys_conn *conn;         /* NULL: it ended */
    struct noise_handshake *noise; /* until it is finished */
    struct noise_cipher send, receive;
    uint64_t number;   /* its account's */
    uint32_t requests; /* so far */
    uint8_t step;
    bool device; /* it logs in */
    void *ctx;   /* of whoever uses it */
};

MUST err peers_init(struct peers *all, struct sys_loop *loop, const struct accounts *accounts,
                    const struct peer_events *events, uint32_t most);
void peers_fini(struct peers *all);

/* Begins. device: as this account; else anonymous. */
MUST err peer_open(struct peer *p, struct peers *all, const struct sys_address *address,
                   const struct sys_endpoint *endpoint, bool device, uint64_t number);
/* The number of the request, or 0: it could not go out, and the session ends. */
uint32_t peer_ask(struct peer *p, uint16_t type, slice body);
void peer_close(struct peer *p);

#endif
