/* sotto-witness: cosigns checkpoints of the logs that it knows, each only if the log grew from what
 * it cosigned before (C2SP tlog-witness; docs/LEDGER.md).
 *
 * Its directory, which only one process uses at a time:
 *
 *   key                 its name and the seed of its key
 *   HASH/keys           a log: the keys that may sign it, one a line. HASH: of its origin, in hex
 *   HASH/checkpoint     what was cosigned last, a note with that cosignature: all that is
 * remembered HASH/fork           the first checkpoint that the log signed beside one that was
 * cosigned
 */
#ifndef SOTTO_WITNESS_WITNESS_H
#define SOTTO_WITNESS_WITNESS_H

#include "merkle/witness.h"
#include "sys/log.h"

enum {
    WITNESS_LOGS = 1024,
    WITNESS_KEYS = 8,            /* of one log */
    WITNESS_BODY_MAX = 64 * 1024 /* of a request; so a note that is kept has less */
};

struct witness;

/* Makes the directory and the key. EXISTS if it has one; MALFORMED, TOO_LARGE for the name. */
MUST err witness_init(const char *dir, slice name);

/* NOT_FOUND if there is no key; BUSY if another process uses it; DAMAGED if something in it is not
 * as the witness wrote it: then it must not cosign. log may be NULL. */
MUST err witness_open(struct witness **witness, const char *dir, const struct sys_log *log);
/* NULL is fine. */
void witness_close(struct witness *witness);

/* The key that others verify with; type MERKLE_KEY_COSIGNATURE. */
const struct merkle_key *witness_key(const struct witness *witness);
size_t witness_count(const struct witness *witness);
/* The i-th log: its origin, and the size that was cosigned last. */
slice witness_origin(const struct witness *witness, size_t i, uint64_t *size);

/* From now on it knows this log, whose origin is the key's name, or one more key of it. EXISTS;
 * UNSUPPORTED for a key that is not of type MERKLE_KEY_ED25519; LIMIT. It is known to who opens the
 * directory next. */
MUST err witness_add(struct witness *witness, const struct merkle_key *key);

/* What is answered to a request (merkle/witness.h) at a time, in seconds since 1970. With
 * MERKLE_STATUS_OK it is on the disk already. An err is the witness's own failure, and then nothing
 * is cosigned: LATE if the time is before that of a cosignature it gave; the disk's; NO_MEMORY. */
MUST err witness_ask(struct witness *witness, slice body, uint64_t seconds,
                     struct merkle_witness_answer *answer);
/* The note that is kept of the log with this hash of its origin, in hexadecimal. NOT_FOUND. */
MUST err witness_checkpoint(const struct witness *witness, slice hash, slice *note);

/* Serves until a signal ends it. Says where on stdout once it is ready. The witness is the
 * caller's. */
MUST err witness_serve(struct witness *witness, const char *dir, const char *listen,
                       const struct sys_log *log);

#endif
