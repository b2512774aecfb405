/* Salted commitments: entries of a log that say nothing, until one of their fields is opened, and
 * then say that field alone. docs/LEDGER.md is their format, for those who write it anew.
 *
 * An entry has MERKLE_SLOTS slots, each a commitment to a name and a value under a salt of its own.
 * A name has its slot in every entry (fields.h), so no entry can hold two values for it. A slot
 * that has no field, and each slot of a padding entry, commits to the empty name under a salt that
 * the entry's filler gives: without the filler it can't be told from a field's, and with it nobody
 * can doubt it. Whoever deletes a field's salt and value makes its slot unreadable for ever. */
#ifndef SOTTO_MERKLE_COMMITMENT_H
#define SOTTO_MERKLE_COMMITMENT_H

#include "base/slice.h"

enum {
    MERKLE_SLOTS = 24,
    MERKLE_SALT = 32,
    MERKLE_FILLER = 32,
    MERKLE_COMMITMENT = 32,
    MERKLE_FIELD_MAX = 16383, /* bytes of a value */
    MERKLE_FIELD_NAME_MAX = 63,
    MERKLE_SEALED = 16 + MERKLE_SLOTS * MERKLE_COMMITMENT /* bytes of an entry */
};

struct merkle_field {
    size_t slot;
    slice name; /* 1 to MERKLE_FIELD_NAME_MAX bytes */
    const uint8_t
        *salt;   /* MERKLE_SALT unpredictable bytes, used for this field of this entry only */
    slice value; /* 0 to MERKLE_FIELD_MAX bytes */
};

/* The entry of these fields; of none, padding. filler: MERKLE_FILLER bytes, secret, used for this
 * entry only. LIMIT for a slot that there is not, EXISTS for one that is used twice, MALFORMED for
 * a name without bytes, TOO_LARGE, NO_MEMORY. */
MUST err merkle_seal(uint8_t entry[MERKLE_SEALED], const struct merkle_field *fields, size_t count,
                     const uint8_t *filler);
/* That the entry holds this field. PROOF if not; MALFORMED if it is no entry of this kind; LIMIT,
 * MALFORMED, TOO_LARGE for a field that no entry holds. */
MUST err merkle_open(slice entry, const struct merkle_field *field);
/* That this slot of the entry holds no field. PROOF, MALFORMED, LIMIT as above. */
MUST err merkle_open_empty(slice entry, size_t slot, const uint8_t *filler);
/* That none of its slots does: it is padding. PROOF, MALFORMED. */
MUST err merkle_open_padding(slice entry, const uint8_t *filler);

/* The filler of a padding entry: that of an index in the log, under the key of its batch, which is
 * that of the batch's number under a key (32 bytes) that outlives it. Neither gives away another.
 */
MUST err merkle_batch_key(uint8_t batch_key[MERKLE_FILLER], const uint8_t *key, uint64_t batch);
MUST err merkle_padding_filler(uint8_t filler[MERKLE_FILLER], const uint8_t *batch_key,
                               uint64_t index);

#endif
