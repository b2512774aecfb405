/* The other end of operator.c: what a command of sottod asks of the server that runs. */
#ifndef SOTTO_SERVER_OPERATOR_CLIENT_H
#define SOTTO_SERVER_OPERATOR_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

/* Prints links for `count` new accounts, a line each, and returns the exit code. */
int operator_client_invite(const char *data, uint8_t count, bool json);

#endif
