/* Counting: from the ledger's entries, opened, to the cells of a report. Pure; desk and auditor
 * count by it, each from what they have. Entries may come in any order.
 *
 * A case counts in the period in which it was received, in the cell of what is known of it in the
 * end. A number may be in several columns: a case that was narrowed, then released. What is kept of
 * a case is small, so that a year of half a million of them fits in the memory of any machine. */
#ifndef SOTTO_DESK_COUNT_H
#define SOTTO_DESK_COUNT_H

#include "desk/machine.h"
#include "merkle/fields.h"

/* clang-format off */
/* X(name in files, name in code). The last is of emergencies, which a lens that was left out would
 * have blocked, as it said afterwards. */
#define COUNT_KEYS(X)                                                                              \
    X("issuing_jurisdiction", ISSUER) X("beneficiary_jurisdiction", BENEFICIARY)                   \
    X("process_type", PROCESS) X("path", PATH) X("category", CATEGORY)
#define COUNT_COLUMNS(X)                                                                           \
    X("received", RECEIVED) X("accounts_specified", ACCOUNTS) X("pending", PENDING)                \
    X("some_disclosed", RELEASED) X("rejected", REJECTED) X("not_held", NOT_HELD)                  \
    X("narrowed", NARROWED) X("challenged", CHALLENGED)                                            \
    X("compelled", COMPELLED) X("preserved", PRESERVED)                            \
    X("user_notified", NOTIFIED) X("notice_delayed", DELAYED)                                      \
    X("suspended_unprocessed", HELD) X("withdrawn", WITHDRAWN) X("forged", FORGED)                 \
    X("lapsed", LAPSED) X("emergency_blocked_after", BLOCKED_AFTER)
/* clang-format on */

#define X(text, name) COUNT_KEY_##name,
enum count_key { COUNT_KEYS(X) COUNT_KEY_COUNT };
#undef X
#define X(text, name) COUNT_##name,
enum count_column { COUNT_COLUMNS(X) COUNT_COLUMN_COUNT };
#undef X
const char *count_key_name(enum count_key key);
const char *count_column_name(enum count_column column);

struct count;

/* NO_MEMORY. */
MUST err count_new(struct count **out);
void count_free(struct count *c);

/* The values of an entry's fields, empty where it has none. What is no move of a case is passed
 * over. MALFORMED for a case, number, time or amount that is none; EXISTS for a number that its
 * case has already. */
MUST err count_add(struct count *c, const slice values[MERKLE_SLOTS_NAMED]);

/* Something that the moves of one case can't have been. */
enum count_fault {
    COUNT_NO_FAULT,
    COUNT_GAP,  /* a number is missing: of its moves, or the first */
    COUNT_JUMP, /* a move begins in another state than the one before ended in */
    COUNT_BACK  /* a move was made before the one before it */
};
typedef bool count_fault_visit(void *ctx, slice case_id, enum count_fault fault);
MUST err count_faults(struct count *c, count_fault_visit *visit, void *ctx);

/* Which cases, and what is told apart. */
struct count_by {
    uint64_t from, until;                  /* received from this to before that */
    int keys;                              /* so many of the first keys; the others are empty */
    const struct desk_ids *without, *only; /* kinds of process; NULL: none, all */
};
struct count_cell {
    slice key[COUNT_KEY_COUNT]; /* empty: not known */
    uint64_t number[COUNT_COLUMN_COUNT];
    uint64_t median_hours; /* from receipt to the answer; of those that were answered */
    uint64_t answered;
};
/* By their keys, ascending. A visitor that returns false ends it. */
typedef bool count_cell_visit(void *ctx, const struct count_cell *cell);
MUST err count_cells(struct count *c, const struct count_by *by, count_cell_visit *visit,
                     void *ctx);
/* Rejections of each jurisdiction by their ground, ascending. */
typedef bool count_reason_visit(void *ctx, slice issuer, slice reason, uint64_t number);
MUST err count_reasons(struct count *c, const struct count_by *by, count_reason_visit *visit,
                       void *ctx);
/* Cases that were answered, by their ids, ascending. */
typedef bool count_case_visit(void *ctx, slice case_id);
MUST err count_answered(struct count *c, const struct count_by *by, count_case_visit *visit,
                        void *ctx);

/* What is to be known of a case before its entries are opened. NOT_FOUND. */
struct count_case {
    bool over, barred;
    slice process;
};
MUST err count_case_get(struct count *c, slice case_id, struct count_case *out);

#endif
