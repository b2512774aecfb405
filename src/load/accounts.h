/* Accounts that a load is made with: all their keys follow from a seed and a number, so a million
 * of them need no file but that of their addresses. */
#ifndef SOTTO_LOAD_ACCOUNTS_H
#define SOTTO_LOAD_ACCOUNTS_H

#include <stdio.h>

#include "proto/proto.h"

enum { ACCOUNTS_SEED = 32 };

struct account {
    uint8_t identity_priv[32], identity[32], id[16]; /* id: of the account */
    uint8_t device[16], key_priv[32], key[32];
    uint8_t mailbox[16];     /* as a made store has it; a server chooses its own */
    uint8_t mailbox_key[32]; /* the public half; only `steady` opens what comes */
};

/* All of it; costs as much as three signatures. */
MUST err account_make(struct account *a, const uint8_t seed[ACCOUNTS_SEED], uint64_t number);
/* What a login needs alone: id, device, key_priv. */
MUST err account_make_login(struct account *a, const uint8_t seed[ACCOUNTS_SEED], uint64_t number);
/* The private half of mailbox_key. */
MUST err account_mailbox_priv(uint8_t priv[32], const uint8_t seed[ACCOUNTS_SEED], uint64_t number);
/* Appends the signed list of its one device. */
MUST err account_devices(const struct account *a, buf *out);

/* Registration codes, `count` at most, from the lines that `sottod invite` prints: how many there
 * were. server: its identity. */
size_t accounts_codes(FILE *f, uint8_t (*codes)[16], size_t count, uint8_t server[32]);

/* ---- The file: seed, server's identity, then an address for each ---- */

struct accounts {
    uint8_t seed[ACCOUNTS_SEED], server[32];
    uint64_t count;
    buf bytes; /* the file's */
};
MUST err accounts_begin(struct accounts *a, const uint8_t seed[ACCOUNTS_SEED],
                        const uint8_t server[32]);
MUST err accounts_add(struct accounts *a, const uint8_t address[PROTO_ADDRESS]);
const uint8_t *accounts_address(const struct accounts *a, uint64_t number);
/* NOT_FOUND, MALFORMED, ... */
MUST err accounts_read(struct accounts *a, const char *path);
MUST err accounts_write(const struct accounts *a, const char *path);
void accounts_free(struct accounts *a);

#endif
