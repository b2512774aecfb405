/* The desk's own keys: files of 32 bytes in DIR/keys, made once. `ledger` and `notice` are Ed25519
 * seeds; `padding` is the key of docs/LEDGER.md. */
#ifndef SOTTO_DESK_KEYS_H
#define SOTTO_DESK_KEYS_H

#include "base/slice.h"

enum { DESK_KEY = 32 };

/* Makes the folder and those of the keys that are not there. */
MUST err desk_keys_make(const char *folder);
/* NOT_FOUND; DAMAGED for a file of another size. Wipe it after use. */
MUST err desk_key_read(const char *folder, const char *name, uint8_t key[DESK_KEY]);
/* Appends the lines `notice-key` and `ledger` of an office file. origin: the ledger's name. */
MUST err desk_keys_describe(buf *out, const char *folder, const char *origin);

#endif
