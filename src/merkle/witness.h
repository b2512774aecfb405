/* A witness (C2SP tlog-witness): the request with which a log asks for a cosignature, the answer,
 * and what the witness remembers. The HTTP around it, and keeping what it remembers, are the
 * caller's. */
#ifndef SOTTO_MERKLE_WITNESS_H
#define SOTTO_MERKLE_WITNESS_H

#include "merkle/checkpoint.h"

/* The most hashes that a request may bring. */
enum { MERKLE_REQUEST_HASHES = 63 };

/* ---- The request: the body of a POST to <prefix>/add-checkpoint ---- */

struct merkle_add_checkpoint {
    uint64_t old; /* the size that the witness cosigned last */
    struct merkle_proof proof;
    slice note; /* the checkpoint with its signatures */
};

/* MALFORMED; TOO_LARGE for more than MERKLE_REQUEST_HASHES hashes. The note is not looked into. */
MUST err merkle_add_checkpoint_parse(struct merkle_add_checkpoint *request, slice body);
/* TOO_LARGE as above. */
MUST err merkle_add_checkpoint_format(buf *body, const struct merkle_add_checkpoint *request);

/* ---- The witness ---- */

/* A log that it knows. */
struct merkle_witnessed {
    slice origin;
    const struct merkle_key *keys; /* of type MERKLE_KEY_ED25519: any of them may sign */
    size_t key_count;
    uint64_t size; /* of the checkpoint that it cosigned last; 0: none */
    struct merkle_hash root;
};

struct merkle_witness {
    struct merkle_witnessed *logs;
    size_t count;
    struct merkle_key key; /* of type MERKLE_KEY_COSIGNATURE */
    const uint8_t *seed;
};

enum merkle_status {
    MERKLE_STATUS_OK = 200,
    MERKLE_STATUS_BAD_REQUEST = 400,
    MERKLE_STATUS_FORBIDDEN = 403,     /* no key of the log signed it */
    MERKLE_STATUS_NOT_FOUND = 404,     /* the origin is not known */
    MERKLE_STATUS_CONFLICT = 409,      /* the old size is not the last one; or the roots differ */
    MERKLE_STATUS_UNPROCESSABLE = 422, /* the log did not grow as it says */
};
/* The Content-Type of a conflict's body. */
#define MERKLE_SIZE_TYPE "text/x.tlog.size"

struct merkle_witness_answer {
    enum merkle_status status;
    buf body;   /* lines of cosignatures; for a conflict the size and a newline; else empty */
    size_t log; /* with OK: which of the logs, */
    struct merkle_checkpoint checkpoint; /* and what it is to remember; points into the request */
};

/* Answers a request at a time (seconds since 1970). Changes nothing: whoever gets
 * MERKLE_STATUS_OK keeps size and root on disk, then calls merkle_witness_apply, then sends the
 * answer, and lets no other request of that log in between. An err is a failure of the witness
 * itself: NO_MEMORY, IDENTITY or UNSUPPORTED for its key, LIMIT for the time. The body is freed by
 * the caller (buf_free), and needs no init. */
MUST err merkle_witness_stage(const struct merkle_witness *witness, slice body, uint64_t seconds,
                              struct merkle_witness_answer *answer);
void merkle_witness_apply(struct merkle_witness *witness,
                          const struct merkle_witness_answer *answer);

/* ---- What the log does with an answer ---- */

/* The size in a conflict's body. MALFORMED. */
MUST err merkle_conflict_parse(slice body, uint64_t *size);
/* Appends to a checkpoint's note the cosignatures in an answer's body by the witness's key, and
 * leaves what others signed. MALFORMED, NOT_FOUND if there is none, SIGNATURE if one is wrong,
 * LIMIT if there are too many for a note; then the note is as it was. *seconds: the time of the
 * newest. */
MUST err merkle_cosignature_take(buf *note, slice body, const struct merkle_key *key,
                                 uint64_t *seconds);

#endif
