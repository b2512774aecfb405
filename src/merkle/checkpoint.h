/* Checkpoints (C2SP tlog-checkpoint): the text of a log's signed note; and the cosignatures of
 * witnesses on them (tlog-cosignature, v1 with Ed25519). */
#ifndef SOTTO_MERKLE_CHECKPOINT_H
#define SOTTO_MERKLE_CHECKPOINT_H

#include "merkle/note.h"
#include "merkle/tree.h"

struct merkle_checkpoint {
    slice origin;
    uint64_t size;
    struct merkle_hash root;
    slice extensions; /* lines with their newlines; empty for none */
};

/* Of a note's text, into which it points. MALFORMED. */
MUST err merkle_checkpoint_parse(struct merkle_checkpoint *checkpoint, slice text);
/* Appends the text. MALFORMED for what merkle_checkpoint_parse would not read back. */
MUST err merkle_checkpoint_format(buf *text, const struct merkle_checkpoint *checkpoint);

/* Appends the line of a cosignature at a time (seconds since 1970) over a checkpoint's text.
 * UNSUPPORTED unless the key is of type MERKLE_KEY_COSIGNATURE; IDENTITY if it is not the seed's;
 * MALFORMED if the text is no checkpoint; LIMIT for a time of 2^63 or more. */
MUST err merkle_cosign(buf *note, slice text, const struct merkle_key *key, const uint8_t *seed,
                       uint64_t seconds);
/* As merkle_note_verify, for the key of a witness. *seconds: the time of its newest cosignature. */
MUST err merkle_cosignature_verify(const struct merkle_note *note, const struct merkle_key *key,
                                   uint64_t *seconds);

#endif
