/* What the files of the desk's ledger share. */
#ifndef SOTTO_DESK_LEDGER_INTERNAL_H
#define SOTTO_DESK_LEDGER_INTERNAL_H

#include "desk/internal.h"
#include "desk/keys.h"
#include "desk/ledger.h"
#include "merkle/fields.h"
#include "merkle/tile.h"
#include "merkle/witness.h"

enum { LEDGER_PATH = 1024, LEDGER_PUBLIC = 0644 };

/* The office's ledger key and its seed. Wiped by who asked for it. */
struct ledger_key {
    struct merkle_key key;
    uint8_t seed[DESK_KEY];
};
MUST err ledger_key_load(const struct desk *d, struct ledger_key *key);
/* A path below the desk's folder. */
MUST err ledger_path(const struct desk *d, const char *name, char path[LEDGER_PATH]);
/* Writes a file of public/, and the folders above it. */
MUST err ledger_file_write(const struct desk *d, const char *name, slice bytes);

/* What a batch is: the ledger's places from first on. One that is done has the root of the ledger
 * up to its end, and a checkpoint. */
struct ledger_batch {
    uint64_t number, first, size, time; /* number 0: none */
    bool done;
    struct merkle_hash root;
};
static inline uint64_t ledger_batch_end(const struct ledger_batch *b) {
    return b->first + b->size;
}
/* The newest that is done; number is 0 if there is none. */
MUST err ledger_batch_newest(struct desk *d, struct ledger_batch *batch);
/* Appends the checkpoint of this size, as the log signed it. NOT_FOUND. */
MUST err ledger_batch_note(struct desk *d, uint64_t size, buf *note);
/* Finishes a batch that was begun; begins one if `begin`, or nothing is begun and the week has
 * none. */
MUST err ledger_batch_go(struct desk *d, const struct ledger_key *key, uint64_t now, bool begin);
/* The published tiles. Reads through d, which stays where it is. */
struct merkle_tiles ledger_tiles(struct desk *d);

/* Signs what is queued, and writes its files. */
MUST err ledger_notices_go(struct desk *d, const struct ledger_key *key);

/* Appends a formatted line; NO_MEMORY, or BUG if it is too long. */
__attribute__((format(printf, 2, 3))) MUST err ledger_say(buf *out, const char *format, ...);

#endif
