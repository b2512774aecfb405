/* Server and clients in one process, on loopback, on one loop that the test turns by hand. */
#ifndef SOTTO_TESTS_SYS_RIG_H
#define SOTTO_TESTS_SYS_RIG_H

#include "sys/carrier.h"
#include "sys/http.h"
#include "sys/listener.h"
#include "sys/loop.h"

enum rig_kind { RIG_TCP, RIG_WS, RIG_TLS, RIG_WSS };
enum { RIG_KINDS = 4 };

/* What one side saw. */
struct rig_side {
    struct sys_conns set;
    struct sys_conn *last; /* opened last; NULL after its end */
    unsigned opened, messages, drained, closed;
    err why;     /* of the last end */
    buf got;     /* every message: a 2-byte size and its bytes */
    bool echo;   /* send each message back */
    bool closes; /* close as soon as it opened */
    uint64_t bytes;
};

struct rig {
    struct sys_loop *loop;
    struct rig_side server, client;
    struct sys_listener *listener;
    struct sys_http http;
    struct sys_tls *server_tls, *client_tls;
    enum rig_kind kind;
    uint16_t port;
};

/* limits may be NULL. The server echoes. */
void rig_init(struct rig *rig, enum rig_kind kind, const struct sys_conn_limits *limits);
void rig_fini(struct rig *rig);
/* Opens a client's connection; it isn't connected yet. */
struct sys_conn *rig_connect(struct rig *rig);
/* The same, and turns until both sides say opened. */
struct sys_conn *rig_connected(struct rig *rig);
/* Turns until *counter is at least n, twenty seconds at most. */
bool rig_until(struct rig *rig, const unsigned *counter, unsigned n);
/* Turns for so many milliseconds. */
void rig_turn(struct rig *rig, unsigned ms);

/* A bare, non-blocking socket to the rig's port. */
int rig_socket(const struct rig *rig);
void rig_write(struct rig *rig, int fd, slice bytes);
/* What comes until the server closes, or for a second at most. */
void rig_read_all(struct rig *rig, int fd, buf *out);

/* A fresh certificate for "localhost" and its key, in PEM. */
void rig_certificate(buf *certificate, buf *key);
/* Its time is over so many seconds from now. */
void rig_certificate_for(buf *certificate, buf *key, long seconds);
/* Open descriptors of this process. */
unsigned rig_descriptors(void);

#endif
