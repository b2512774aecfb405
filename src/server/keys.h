/* The server's lasting secrets, one file each in the data directory, made at the first start. */
#ifndef SOTTO_SERVER_KEYS_H
#define SOTTO_SERVER_KEYS_H

#include "server/mail.h"

struct keys {
    uint8_t identity_priv[32], identity[32];
    struct mail_address_key address[MAIL_KEYS];
    uint8_t pepper[32];
};

/* Reads them; makes those that are not there if `make`, but beside a store that was in use a
 * missing one is DAMAGED: with a new one clients would meet another server, or no address would
 * hold. NOT_FOUND, DENIED, ... `why` is the path at fault (at least 1024 bytes). */
MUST err keys_load(struct keys *keys, const char *data, bool make, char *why);
/* Changes the address key if it is older than half a year; if it seems older than that by two
 * months, only if the clock is certain, since two changes let every address end. now: ms since
 * 1970. */
MUST err keys_turn(struct keys *keys, const char *data, uint64_t now, bool certain);
void keys_wipe(struct keys *keys);
/* DATA/NAME into path (1024 bytes). */
MUST err keys_path(char *path, const char *data, const char *name);

#endif
