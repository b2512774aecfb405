/* The desk's side of the ledger: a leaf for each move, in the move's transaction; receipts; batches
 * and their publication. */
#ifndef SOTTO_DESK_LEDGER_H
#define SOTTO_DESK_LEDGER_H

#include "desk/desk.h"
#include "merkle/commitment.h"

/* A leaf of these fields, whose salts may be NULL: they are made here. Called inside a transaction
 * of the desk's store. The case and the number of the move (0: none) are kept beside, so that a
 * receipt can be proved and a purge finds what it must forget. */
MUST err desk_ledger_leaf(struct desk *d, const struct merkle_field *fields, size_t n,
                          slice case_id, uint64_t number);
/* Deletes salt and value of the fields of a purged case that could name an account. In a
 * transaction. */
MUST err desk_ledger_forget(struct desk *d, slice case_id);
/* An office file or a suspension list that is in force now: queues its signed note and its leaf. In
 * a transaction. kind: "office" or "suspensions". */
MUST err desk_ledger_document(struct desk *d, const char *kind, uint64_t version,
                              const uint8_t hash[32], slice bytes);

#endif
