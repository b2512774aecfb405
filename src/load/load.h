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

struct load_result {
    uint64_t count;   /* messages, logins, ... */
    uint64_t lost;    /* asked for, and never there */
    uint64_t refused; /* by the server */
    uint64_t failed;  /* connections that ended by themselves */
    double seconds, cpu;
    struct histogram times;   /* one way, or until the login's answer */
    struct histogram answers; /* until "sent" */
};

/* Called when everything is up, before what is measured begins, and at its end: for who measures.
 * It may wait. */
typedef void load_mark(void *ctx, bool begins);

typedef err load_mode(const struct load_options *o, struct load_result *result, load_mark *mark,
                      void *ctx);
load_mode load_accounts, load_logins, load_connect, load_messages, load_offline, load_drain;

/* Set by a signal: whatever runs ends soon, with what it has so far. */
extern volatile int load_interrupted;

#endif
