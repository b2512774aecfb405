/* A server that proves who it is, grants what a client needs, and then says what a target wants. */
#ifndef SOTTO_FUZZ_CORE_SERVER_H
#define SOTTO_FUZZ_CORE_SERVER_H

#include "core/internal.h"

enum { SERVER_LINKS = 64, SERVER_NOW = 1800000000 };
#define SERVER_NOW_MS ((uint64_t)SERVER_NOW * 1000)

struct server_peer {
    unsigned step; /* 0: client_hello is due, 1: the first Noise message, 2: frames */
    buf prologue;
    struct noise_handshake noise;
    struct noise_cipher send, receive;
};

struct server {
    struct core *core; /* the client */
    struct store *store;
    uint64_t now;
    struct server_peer peers[SERVER_LINKS];
    /* A request that is not granted here; may be NULL. */
    void (*asked)(struct server *s, uint32_t link, const struct proto_frame *frame);
};

void require(bool holds);

void server_identity(uint8_t identity[32]);
/* A client without an account; and one whose registration is granted. */
void server_start(struct server *s);
void server_register(struct server *s);
void server_finish(struct server *s);

/* Carries out what the client wants. The link of the session that receives; 0: none, or it makes
 * too many. */
uint32_t server_drain(struct server *s);
void server_say(struct server *s, uint32_t link, uint32_t request, uint16_t type, slice body);

#endif
