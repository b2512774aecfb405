/* A load for the servers that ours is measured beside: many connections from one process, each a
 * user of the same made-up accounts u0, u1, ... It is shaped as sotto-load is: pairs with so many
 * messages under way, or a fixed rate counted from when each message should have gone. */
#ifndef SOTTO_BENCH_PEER_H
#define SOTTO_BENCH_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PEER_TEXT = 400, PEER_STAMP = 16 }; /* bytes of a message's body; of the time in it */

struct bytes {
    char *p;
    size_t n, cap;
};
void bytes_add(struct bytes *b, const char *p, size_t n);
void bytes_text(struct bytes *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void bytes_drop(struct bytes *b, size_t n);

struct peer {
    int fd;
    unsigned number; /* its user */
    void *ssl;
    struct bytes in, out;
    int step;         /* the protocol's */
    bool greeted;     /* TLS is done */
    bool ready;       /* logged in */
    bool listed;      /* among those with something to write */
    unsigned waiting; /* messages not yet said to be taken */
    double since;     /* it began to connect, or asked for an acknowledgement */
};

struct protocol {
    const char *name;
    /* Queues what a client says first. */
    void (*begin)(struct peer *p);
    /* Takes whole pieces of what came, and says how many bytes they were. It sets ready, and calls
     * peer_got and peer_taken. */
    size_t (*take)(struct peer *p, const char *in, size_t n);
    /* Queues a message of PEER_TEXT bytes that begins with the time. */
    void (*message)(struct peer *p, unsigned to, uint64_t stamp);
    /* Asks whether all so far were taken; NULL: it can't be asked. */
    void (*ask)(struct peer *p);
};
extern const struct protocol protocol_xmpp, protocol_relay;

/* Messages are to be acknowledged by the server. */
extern bool peer_asks;
/* A message arrived that began at this time (microseconds). */
void peer_got(struct peer *p, uint64_t stamp);
/* The server says that it took all that were sent. */
void peer_taken(struct peer *p);
/* Ends the program. */
void must(bool condition, const char *what);

#endif
