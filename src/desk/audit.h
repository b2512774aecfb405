/* Checking a desk from outside: from what it publishes and the office file alone. Nothing here
 * trusts the desk, or reads its store. docs/LEDGER.md says the same for those who write it anew. */
#ifndef SOTTO_DESK_AUDIT_H
#define SOTTO_DESK_AUDIT_H

#include "office/office.h"

/* clang-format off */
/* X(name in code, what it means): what an audit finds. */
#define AUDIT_FINDINGS(X)                                                                          \
    X(CHECKPOINT, "the checkpoint is missing, malformed, or not signed by the office's ledger key") \
    X(COSIGNATURE, "a witness's cosignature is wrong")                                             \
    X(ENTRIES, "entries are missing, or are none of this ledger's kind")                           \
    X(ROOT, "the entries give another root than the checkpoint")                                   \
    X(OPENING, "an opening is malformed, out of order, or opens nothing that the entry holds")     \
    X(KEPT, "a field of an opened entry is kept back")                                             \
    X(ENTRY, "an opened entry says what no entry can say")                                         \
    X(TWICE, "a move of a case is entered twice")                                                  \
    X(GAP, "a move of a case is missing")                                                          \
    X(JUMP, "a move begins in another state than the one before it ended in")                      \
    X(BACK, "a move was made before the one before it")                                            \
    X(DOCUMENT, "an office file or a suspension list is missing, or is not the one entered")       \
    X(NOTICE, "a notice of these is missing, not signed by the ledger's key, or breaks their chain") \
    X(SUSPENDED, "something was released for a suspended jurisdiction")                            \
    X(SUSPENSION, "the report's suspensions are not those of the lists")                           \
    X(HIDDEN, "an entry, or a slot of one, is neither opened nor padding")                         \
    X(REPORT, "the report is malformed, or is of another ledger, size, root or period")            \
    X(STATEMENT, "the auditor's statement is not theirs, or is of another report")                 \
    X(CELL, "a number of the report is not what the ledger and the statement give")             \
    X(BAND, "a band is not what the statement says, or not where the figure lies, or tells more")  \
    X(PAGE, "the report's JSON or page says other than its tables")                                \
    X(REVIEW, "the auditor's review is not theirs, or not of the cases that the lot drew")
/* clang-format on */

enum audit_finding {
#define X(name, text) AUDIT_##name,
    AUDIT_FINDINGS(X)
#undef X
        AUDIT_FINDING_COUNT
};
const char *audit_finding_name(enum audit_finding finding);
const char *audit_finding_text(enum audit_finding finding);

struct audit_of {
    const char *folder; /* what is published: checkpoint, tile/, batches, suspensions/... */
    const struct office *office; /* that the auditor trusts */
    const char *report;          /* the path of FROM_UNTIL.csv; its other tables lie beside it */
    const char *openings;        /* the path of the file of openings */
    slice statement;             /* signed by the auditor; empty: none; of the public's form */
    slice review;                /* the auditor's second reading, signed; empty: none */
    const uint8_t *padding_key;  /* of the auditor's form, whose openings are of all: 32 bytes */
    /* Of each case that the lot draws for it; NULL: nobody asks. */
    void (*drawn)(void *ctx, slice case_id, bool closed);
    buf *draft; /* takes the review's text, to be completed and signed; NULL: nobody asks */
};
struct audit_sum {
    uint64_t entries, opened, padding, cells, findings;
    unsigned witnesses; /* that cosigned the checkpoint */
};
/* where: what a finding is about, for people, in printable ASCII. */
typedef void audit_found(void *ctx, enum audit_finding finding, slice where);
/* Of the entries that were gone through; may be NULL. */
typedef void audit_progress(void *ctx, uint64_t done, uint64_t all);

/* An error is of the machine: NO_MEMORY, IO. What is wrong with the desk is found. */
MUST err audit_run(const struct audit_of *of, audit_found *found, audit_progress *progress,
                   void *ctx, struct audit_sum *sum);

#endif
