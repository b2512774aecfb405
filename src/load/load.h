/* What `sotto-load` does in one of its processes. */
#ifndef SOTTO_LOAD_LOAD_H
#define SOTTO_LOAD_LOAD_H

#include "load/histogram.h"
#include "load/peer.h"

struct load_options {
    struct sys_address address;
    struct accounts *accounts;
    const uint8_t (*codes)[16]; /* of registration */
    /* Accounts of this process, every `step`th: devices that connect, or are sent to. */
    uint64_t first, count, step;
    uint64_t members;      /* devices that each sender's messages go to */
    uint32_t window, rate; /* requests under way for each sender; or messages a second */
    uint32_t senders;      /* where senders are no devices */
    uint32_t at_once;      /* connections that are being opened */
    uint32_t item;         /* bytes */
    uint32_t spread;       /* addresses 127.0.0.1 and up that the server is reached at */
    double seconds;
    bool deliver;  /* connect: a message for each */
    uint64_t seed; /* of what is random */
};

/* What `steady` counts, beside. */
#define LOAD_STEADY(C)                                                              \
    C(made)       /* messages */                                                    \
    C(sent)       /* that the server acknowledged */                                \
    C(repeated)   /* sends, since no answer came, or a refusal */                   \
    C(shown)      /* messages, each once */                                         \
    C(dropped)    /* repeats that came */                                           \
    C(ended)      /* connections */                                                 \
    C(timeouts)   /* of them, those that the client gave up */                      \
    C(unsent)     /* wrong: never acknowledged, though the server was there */      \
    C(twice)      /* wrong: shown twice */                                          \
    C(doubled)    /* wrong: came oftener than it was sent */                        \
    C(renamed)    /* wrong: a position that named another item before */            \
    C(disordered) /* wrong: a position that is not above the last of its session */ \
    C(unreadable) /* wrong: no message of the pair's */
#define LOAD_STEADY_FIELD(name) uint64_t name;
struct steady_counts {
    LOAD_STEADY(LOAD_STEADY_FIELD)
};
enum { LOAD_STEADY_COUNT = sizeof(struct steady_counts) / sizeof(uint64_t) };

struct load_result {
    uint64_t count;   /* messages, logins, ... */
    uint64_t lost;    /* asked for, and never there */
    uint64_t refused; /* by the server */
    uint64_t failed;  /* connections that ended by themselves; steady: all that is wrong */
    double seconds, cpu;
    struct histogram times;   /* one way, or until the login's answer */
    struct histogram answers; /* until "sent" */
    struct histogram back;    /* from a connection's end until its client is served again */
    union {
        struct steady_counts steady;
        uint64_t steady_counts[LOAD_STEADY_COUNT];
    };
};

/* Called when everything is up, before what is measured begins, and at its end: for who measures.
 * It may wait. */
typedef void load_mark(void *ctx, bool begins);

typedef err load_mode(const struct load_options *o, struct load_result *result, load_mark *mark,
                      void *ctx);
load_mode load_accounts, load_logins, load_connect, load_messages, load_offline, load_drain,
    load_steady;

/* Set by a signal: whatever runs ends soon, with what it has so far. */
extern volatile int load_interrupted;

#endif
