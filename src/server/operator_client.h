/* The other end of operator.c: what a command of sottod asks of the server that runs. */
#ifndef SOTTO_SERVER_OPERATOR_CLIENT_H
#define SOTTO_SERVER_OPERATOR_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/proto.h"

/* One request after another, each once the one before is answered. */
struct operator_talk {
    const char *what; /* that there is none of if it fails: "invite" */
    /* Writes the next request's frame; false: that was all. */
    bool (*next)(struct operator_talk *talk, uint32_t request, writer *w);
    /* An answer that is no error; false: none that was expected, or the last. */
    bool (*answer)(struct operator_talk *talk, const struct proto_frame *frame);
    bool answered; /* the person was told something */
    int code;      /* FAILED until somebody says otherwise */
};
/* Returns the exit code. */
int operator_client_talk(const char *data, struct operator_talk *talk);

/* Prints links for `count` new accounts, a line each, and returns the exit code. */
int operator_client_invite(const char *data, uint8_t count, bool json);

/* Prints the running server's counts in Prometheus' text format. */
int operator_client_metrics(const char *data);

#endif
