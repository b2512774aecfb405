/* The desk's side of the ledger (docs/LEDGER.md): a leaf for each move, in the move's transaction;
 * batches, their publication as files, and what witnesses say of it; receipts and their proofs.
 *
 * A move waits for none of it: leaves gather, and once a week a batch of fixed size takes the
 * oldest of them, in an order that says nothing, and padding. Office files and suspension lists are
 * public at once, each in a signed note that names the one before. Below the desk's folder, in
 * public/:
 *
 *   checkpoint, tile/...          of the ledger
 *   batches                       a line for each: its number, its first place, its size
 *   notices/N, notices/newest     the signed notes, and the newest of them again
 *   office/V, suspensions/V       the files that they name, with their signatures
 *
 * Functions that read or sign give NOT_FOUND without an office file or without keys/ledger and
 * keys/padding, IDENTITY if that key is not the office's. They leave the store's transactions to
 * themselves, but those that say that they are in one. */
#ifndef SOTTO_DESK_LEDGER_H
#define SOTTO_DESK_LEDGER_H

#include "desk/desk.h"
#include "merkle/commitment.h"

enum { DESK_LEDGER_BATCH = 1024 }; /* unless `batch_size` of the settings says otherwise */

/* ---- Leaves ---- */

/* A leaf of these fields, whose salts may be NULL: they are made here. Called inside a transaction
 * of the desk's store. The case and the number of the move (0: none) are kept beside, so that a
 * receipt can be proved and a purge finds what it must forget. */
MUST err desk_ledger_leaf(struct desk *d, const struct merkle_field *fields, size_t n,
                          slice case_id, uint64_t number);
/* Deletes salt and value of the fields of a purged case by which somebody who has a filing or an
 * order at hand could find it: `filing` and `order`. In a transaction. */
MUST err desk_ledger_forget(struct desk *d, slice case_id);
/* An office file or a suspension list that is in force now: queues its signed note, and makes its
 * leaf. In a transaction. kind: "office" or "suspensions". */
MUST err desk_ledger_document(struct desk *d, const char *kind, uint64_t version,
                              const uint8_t hash[32], slice bytes);

/* ---- Publishing ---- */

/* Whatever is due at this time: notes that are queued, the week's batch, files that are missing.
 * Without an office file that is nothing, and OK. Call it every minute. BUSY: another process is at
 * it. DAMAGED: the folder shows a ledger that the store does not have, so the store is an old one
 * or another's; nothing is published over it. */
MUST err desk_ledger_tick(struct desk *d, uint64_t now);
/* The same, and a batch in any case. */
MUST err desk_ledger_publish(struct desk *d, uint64_t now);

struct desk_ledger_state {
    uint64_t size; /* of the newest checkpoint; 0: none yet */
    struct merkle_hash root;
    uint64_t batches, time; /* when the newest was published */
    uint64_t waiting;       /* leaves that no batch has yet: not for the public */
};
MUST err desk_ledger_state_get(struct desk *d, struct desk_ledger_state *state);
/* The newest checkpoint with the newest cosignature of each witness of the office. NOT_FOUND. */
MUST err desk_ledger_checkpoint(struct desk *d, buf *note);

/* ---- Witnesses ---- The desk connects to nobody: a request goes out, and an answer comes in, as
 * the operator carries them, with any HTTP client. */

struct desk_ledger_witness {
    slice key;     /* as the office file has it */
    uint64_t size; /* that it cosigned last; 0: nothing */
    uint64_t time; /* when */
};
typedef bool desk_ledger_witness_visit(void *ctx, const struct desk_ledger_witness *witness);
MUST err desk_ledger_witnesses(struct desk *d, desk_ledger_witness_visit *visit, void *ctx);
/* The body of the POST to <its prefix>/add-checkpoint, for the newest checkpoint. NOT_FOUND if the
 * office has no such witness, or nothing is published. */
MUST err desk_ledger_ask(struct desk *d, slice key, buf *body);
/* What it answered: 200 and its cosignature, or 409 and the size that it knows; then ask again.
 * SIGNATURE, NOT_FOUND, MALFORMED; UNSUPPORTED for another status. DAMAGED if it knows more than
 * this ledger has: the store is an old one. */
MUST err desk_ledger_answer(struct desk *d, slice key, unsigned status, slice body);

/* How long one of them has known of a version of the suspension list, by its own times, in
 * milliseconds: checked by office_witnessed. 0 if none has. */
MUST err desk_ledger_seen(struct desk *d, uint64_t version, uint64_t *duration);
/* Appends `sotto sightings 1` (office.h), by which a server sees the same: of the newest versions
 * that a witness has known for a while, 64 at most. NOT_FOUND if there is none. */
MUST err desk_ledger_sightings(struct desk *d, buf *text);

/* ---- Receipts ---- */

/* Appends the signed note of a receipt: `sotto receipt 1`, which names the filing's hash, the case
 * and the entry that the ledger will hold. */
MUST err desk_ledger_receipt(struct desk *d, const struct desk_receipt *receipt, buf *note);
/* Appends the proof of it, in the form of C2SP tlog-proof, whose extra data opens what the filer
 * knows: docs/LEDGER.md. MISSING: no batch has it yet. */
MUST err desk_ledger_proof(struct desk *d, const struct desk_receipt *receipt, buf *proof);

#endif
