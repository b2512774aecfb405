/* Connections that carry whole session messages, each of 1 to 65,535 bytes: over TCP (a 16-bit
 * big-endian length before each) or WebSocket (one binary message each, RFC 6455, subprotocol
 * "sotto"), either of them inside TLS 1.3 or in clear. Nobody above asks which.
 *
 * A connection is the loop's: it is made by a listener or by sys_conn_open, and it frees itself
 * after it has called closed(), which it does exactly once, always from the loop and never from
 * inside a call to it. Until then the pointer is good. A connection from a listener that never got
 * as far as opened() is never heard of. While nothing is half received or unsent, a connection
 * holds no buffer. */
#ifndef SOTTO_SYS_CARRIER_H
#define SOTTO_SYS_CARRIER_H

#include "sys/address.h"
#include "sys/loop.h"
#include "sys/socks.h"
#include "sys/sources.h"
#include "sys/tls.h"

enum { SYS_MESSAGE_MAX = 65535 };

struct sys_conn;
struct sys_framing;

/* What a connection tells its owner; ctx is the connection's (sys_conn_set_ctx). */
struct sys_conn_events {
    /* Ready for messages: TCP connected or accepted, TLS done, upgraded to WebSocket. */
    void (*opened)(struct sys_conn *conn, void *ctx);
    /* A whole message. The bytes are gone after the call. */
    void (*message)(struct sys_conn *conn, void *ctx, slice message);
    /* The unsent bytes fell below limits.drain_at after they had been above it. May be NULL. */
    void (*drained)(struct sys_conn *conn, void *ctx);
    /* The end, after opened(), or instead of it where sys_conn_open made the connection.
     * OK: we closed it. CLOSED: the other side did. TIMEOUT: it was too slow. MALFORMED, TOO_LARGE,
     * UNSUPPORTED, TRUNCATED, ...: what it sent. FULL: all together held too much, and it most or
     * more than its share. IDENTITY: its
     * certificate wasn't accepted. PROXY_*: the proxy, or what it says. IO: the network. */
    void (*closed)(struct sys_conn *conn, void *ctx, err why);
    /* What came from an open connection is bad, or too slow: nothing more is received, and this is
     * the moment for a last message that says so. It may only send. May be NULL. */
    void (*failing)(struct sys_conn *conn, void *ctx, err why);
};

/* Times in milliseconds; 0 in any of them means no limit. */
struct sys_conn_limits {
    uint32_t count_max;    /* connections of the set */
    size_t held_max;       /* bytes in buffers of all connections of the set; one may hold a
                            * quarter of what the others leave, and where that is too little,
                            * whoever holds more ends in its place */
    size_t first_max;      /* bytes of a message until sys_conn_widen; 0: SYS_MESSAGE_MAX. If it
                            * isn't 0, those that are not widened yet come after all others: few of
                            * them in a turn, and one that waits for its first turn longer than
                            * half of handshake_ms is closed before anything is done for it */
    size_t queue_max;      /* unsent bytes of one connection */
    size_t drain_at;       /* see drained() */
    uint32_t handshake_ms; /* from accept or connect to opened(), the HTTP request included */
    uint32_t message_ms;   /* from the first byte of a message to its last */
    uint32_t stall_ms;     /* unsent bytes: none of them taken by the other side, or more than
                            * drain_at of them left */
    uint32_t idle_ms;      /* nothing received */
    uint32_t linger_ms;    /* from sys_conn_close(FLUSH) to the end */
    uint32_t file_ms;      /* from there until a file of a page is sent, before linger_ms begins;
                            * stall_ms holds too */
};
/* Sane ones: 20,000 connections, 256 MiB, any, 1 MiB, 256 KiB, 10 s, 30 s, 30 s, none, 3 s, 120 s.
 */
struct sys_conn_limits sys_conn_limits_default(void);

/* A set of connections with the same owner, limits and callbacks on one loop. */
struct sys_conns {
    struct sys_loop *loop;
    const struct sys_conn_events *events;
    void *ctx; /* a new connection's ctx */
    struct sys_conn_limits limits;
    /* How many a source may have: set after sys_conns_init, by its owner; NULL: any number. */
    struct sys_sources *sources;
    /* Figures for health and metrics; not to be written. */
    uint32_t count;
    size_t held;
    uint64_t accepted, opened, failed; /* failed: ended before they opened, pages apart */
    /* Private. */
    struct sys_conn *first;
    struct sys_listener *waiting;
    struct sys_queue {
        struct sys_conn *first, **end;
    } newcomers, begun; /* who isn't widened yet and waits for its turn */
    struct sys_later admit;
    unsigned turn;
};

/* events must live as long as the set. */
void sys_conns_init(struct sys_conns *conns, struct sys_loop *loop,
                    const struct sys_conn_events *events, void *ctx,
                    const struct sys_conn_limits *limits);
/* Closes and frees all its connections at once, without a callback. Not from inside one. */
void sys_conns_fini(struct sys_conns *conns);

enum sys_close {
    SYS_CLOSE_FLUSH, /* send what is queued and say goodbye first; nothing more is received */
    SYS_CLOSE_NOW,   /* drop everything */
};

/* ---- One connection ---- */

void sys_conn_set_ctx(struct sys_conn *conn, void *ctx);
struct sys_conns *sys_conn_set(const struct sys_conn *conn);

/* Queues a copy of the message; it is written at the end of this turn, together with others.
 * TOO_LARGE (or zero bytes: LENGTH), FULL (its queue or the set's memory), CLOSED (closing, or not
 * yet opened: STATE). After FULL the caller usually closes. */
MUST err sys_conn_send(struct sys_conn *conn, slice message);
/* Unsent bytes, framing included. */
size_t sys_conn_queued(const struct sys_conn *conn);
/* From now on it may send messages of any size: its owner knows enough of it. */
void sys_conn_widen(struct sys_conn *conn);
/* Stops and resumes receiving. No message() comes while paused. */
void sys_conn_pause(struct sys_conn *conn);
void sys_conn_resume(struct sys_conn *conn);
/* closed(OK) follows, from the loop. No message() comes after this call. */
void sys_conn_close(struct sys_conn *conn, enum sys_close how);

/* ---- Connecting ---- */

struct sys_connect {
    const struct sys_address *address;
    const struct sys_endpoint *endpoint; /* NULL: resolved here, which may block (address.h) */
    struct sys_tls *tls;                 /* for wss and tls; a reference is taken */
    const struct sys_framing *framing;   /* NULL: the one of the address's scheme */
    const struct sys_proxy *proxy;       /* the way there; NULL: straight. With it, `endpoint` is
                                          * the proxy's, and the address is never looked up here */
    void *ctx;                           /* the connection's */
};
/* Begins to connect; opened() or closed() follows from the loop. An error here means that no
 * connection was made. */
MUST err sys_conn_open(struct sys_conn **conn, struct sys_conns *conns,
                       const struct sys_connect *options);

#endif
