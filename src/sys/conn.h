/* The inside of a connection, shared by its two halves: the wire (how bytes travel) and the framing
 * (how messages lie in them). conn.c is what both hang on. */
#ifndef SOTTO_SYS_CONN_H
#define SOTTO_SYS_CONN_H

#include "sys/carrier.h"
#include "sys/http.h"
#include "sys/outbox.h"

/* ---- Wires: plain, tls ---- */
struct sys_wire {
    /* OK and *n > 0; AGAIN; CLOSED at the end of the stream; anything else is the end too. */
    err (*read)(struct sys_conn *conn, uint8_t *p, size_t size, size_t *n);
    err (*write)(struct sys_conn *conn, const uint8_t *p, size_t size, size_t *n);
    /* One step of the handshake: OK when it is done, AGAIN with conn->wants_write or without. */
    err (*greet)(struct sys_conn *conn);
    /* Bytes were read from the socket that read() hasn't handed out. */
    bool (*pending)(const struct sys_conn *conn);
    /* Says that nothing more will be written. */
    void (*goodbye)(struct sys_conn *conn);
    void (*free)(struct sys_conn *conn);
};
extern const struct sys_wire sys_wire_plain, sys_wire_tls;
struct ssl_st;
/* Gives the connection an SSL object; host is checked by a client that trusts the system. */
MUST err sys_tls_start(struct sys_conn *conn, struct sys_tls *tls, const char *host);

/* Another reference to what it shares. NULL without memory. */
struct sys_tls *sys_tls_share(struct sys_tls *tls);

/* ---- Framings: tcp; http, which becomes ws; upgrade, a client's, which becomes ws ---- */
struct sys_framing {
    /* Queues a client's first words. May be NULL. */
    err (*ask)(struct sys_conn *conn, const struct sys_address *address);
    /* Handles the first piece (a message, a frame, a request) of n > 0 bytes and says how many it
     * took; *used = 0: it isn't whole yet. It may write into the bytes. An error ends the
     * connection. */
    err (*take)(struct sys_conn *conn, uint8_t *p, size_t n, size_t *used);
    /* Queues a message. NULL of one that ends before the connection is open. */
    err (*put)(struct sys_conn *conn, slice message);
    /* Queues a last word about why the connection ends. May be NULL. */
    void (*farewell)(struct sys_conn *conn, err why);
    bool opens; /* ready for messages as soon as the wire is */
};
extern const struct sys_framing sys_framing_tcp, sys_framing_http, sys_framing_upgrade,
    sys_framing_ws;

/* What is left of a file to be sent, from where it lies. */
struct sys_sending {
    slice rest;
    struct sys_pages *pages; /* whose it is */
};

enum sys_conn_state {
    SYS_CONN_CONNECTING, /* TCP */
    SYS_CONN_PROXYING,   /* SOCKS5 */
    SYS_CONN_GREETING,   /* TLS */
    SYS_CONN_ASKING,     /* HTTP */
    SYS_CONN_OPEN,
    SYS_CONN_FLUSHING,  /* nothing more comes in; the rest goes out */
    SYS_CONN_LINGERING, /* all is out; waiting until the other side has read our last word */
    SYS_CONN_ENDED,     /* closed() and free are to come */
};

struct sys_conn {
    struct sys_conns *set;
    void *ctx;
    struct sys_conn *next, **back;
    const struct sys_wire *wire;
    const struct sys_framing *framing;
    struct ssl_st *ssl;
    struct sys_socks *socks;     /* until the proxy has opened the way */
    const struct sys_http *http; /* a server's, until the upgrade */
    struct sys_watch watch;
    struct sys_timer timer;
    struct sys_later later;
    buf in;    /* what was read and can't be handled yet */
    buf parts; /* fragments of a message; before, a client's expected Accept header */
    struct sys_outbox out;
    struct sys_sending *sending; /* after `out`; NULL: nothing */
    uint64_t since;              /* the handshake began, later: this state */
    uint64_t heard;              /* last bytes received */
    uint64_t moved;              /* last progress of what is unsent: see write_out() */
    uint64_t half;               /* a message began to arrive; 0: none has */
    size_t counted;              /* what it contributes to set->held */
    uint32_t message_max;        /* bytes of a message that it may send */
    int fd;
    uint32_t source;      /* its place in set->sources; 0: none */
    uint16_t key_updates; /* that the other side sent: wire_tls.c */
    err why;
    uint8_t state;
    bool client, paused, fragmented, above, announced, wants_write, read_again;
    bool queued; /* waits for its turn: see conn.c */
    bool begun;  /* it had one */
};

/* Makes a connection on a connected (or connecting) socket, which is its own from then on if this
 * returns OK, and so is what it has to say to a proxy. */
struct sys_conn_start {
    int fd;
    bool client, connecting;
    struct sys_tls *tls;
    const char *host;
    struct sys_socks *socks; /* only with `connecting` */
    const struct sys_framing *framing;
    const struct sys_http *http;
    void *ctx;
    uint32_t source;
};
MUST err sys_conn_start(struct sys_conn **conn, struct sys_conns *set,
                        const struct sys_conn_start *start);

/* Ends and frees it without a callback. Only before anybody was told of it. */
void sys_conn_drop(struct sys_conn *conn);

/* For framings. */
MUST err sys_conn_room(struct sys_conn *conn, size_t n, uint8_t **room); /* in the outbox; FULL */
MUST err sys_conn_send_file(struct sys_conn *conn, struct sys_pages *pages, slice file);
MUST err sys_conn_count(struct sys_conn *conn); /* after a buf grew; FULL */
void sys_conn_opened(struct sys_conn *conn);
void sys_conn_message(struct sys_conn *conn, slice message);
/* The other side asked for the end, and reads on until it gets our own farewell. */
void sys_conn_said_close(struct sys_conn *conn);
/* Ends it with a last word, if the way there is still good. */
void sys_conn_fail(struct sys_conn *conn, err why);

/* Called by the set when there is room for another connection. */
void sys_listener_wake(struct sys_listener *listener);

#endif
