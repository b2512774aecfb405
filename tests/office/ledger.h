/* A ledger for tests, and what it shows. */
#ifndef SOTTO_TESTS_OFFICE_LEDGER_H
#define SOTTO_TESTS_OFFICE_LEDGER_H

#include "tests/office/people.h"

/* It has five leaves at first and nine at last; the third is the one. */
enum { LEDGER_FIRST = 5, LEDGER_LAST = 9, LEDGER_INDEX = 2 };

struct ledger {
    struct merkle_hash leaves[LEDGER_LAST];
};
/* entry: the third; empty: as the others, which are nothing. */
void ledger_init(struct ledger *l, slice entry);
struct merkle_source ledger_source(struct ledger *l);

struct witness_time {
    int witness; /* of people_witnesses; -1: none */
    uint64_t seconds;
};
/* A checkpoint of this size, with the cosignatures of two witnesses. */
void ledger_checkpoint(buf *note, struct ledger *l, const char *origin,
                       const struct people_note_key *signer, uint64_t size,
                       const struct witness_time at[2]);
/* Appends the lines in which a ledger shows the document: the first two times are of its first
 * checkpoint. */
void ledger_sighting(buf *out, const uint8_t document[32], const struct witness_time at[4]);
#define SIGHTINGS_HEAD "sotto sightings 1\n"

#endif
