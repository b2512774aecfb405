/* The fields that an entry of the ledger can have. A name has its slot for ever, so a line here is
 * never moved or used again; docs/LEDGER.md has this list for those who verify. */
#ifndef SOTTO_MERKLE_FIELDS_H
#define SOTTO_MERKLE_FIELDS_H

#include "merkle/commitment.h"

/* clang-format off */
/* X(name, name in code, what it says), in the order of the slots, from 0. */
#define MERKLE_FIELDS(X)                                                                           \
    X("move", MOVE, "which move it is; of a public document `office` or `suspensions`")            \
    X("case", CASE, "the case's number")                                                           \
    X("number", NUMBER, "the move's number in its case; of a public document its version")         \
    X("from", FROM, "the case's state before the move")                                            \
    X("to", TO, "its state after the move")                                                        \
    X("time", TIME, "when the move was made")                                                      \
    X("issuer", ISSUER, "jurisdiction of the authority that asks")                                 \
    X("beneficiary", BENEFICIARY, "jurisdiction that the answer is for")                           \
    X("regime", REGIME, "the law by which it asks")                                                \
    X("process", PROCESS, "what kind of legal process it is")                                      \
    X("path", PATH, "`ordinary`, `emergency` or `compelled`")                                      \
    X("category", CATEGORY, "the categories of data that it asks for, as its regime has them")     \
    X("accounts", ACCOUNTS, "how many accounts it names")                                          \
    X("outcome", OUTCOME, "how the case ended; `preserved` of a preservation that all have signed") \
    X("reason", REASON, "the ground of the outcome, or of the move")                               \
    X("notice", NOTICE, "whether the user was told (the server took the notice), or why not yet")      \
    X("asked", ASKED, "the fields of the record that were asked for")                              \
    X("fields", FIELDS, "those that were approved")                                                \
    X("order", ORDER, "hash of the order")                                                         \
    X("document", DOCUMENT, "hash of a public document's text")                                    \
    X("filing", FILING, "hash of the bytes that were filed")                                       \
    X("office", OFFICE, "version of the office file under which it was made")                      \
    X("list", LIST, "version of the suspension list under which it was made")                      \
    X("person-roles", PERSON_ROLES, "the roles of those who made it")
/* clang-format on */

enum merkle_slot {
#define X(name, code, text) MERKLE_SLOT_##code,
    MERKLE_FIELDS(X)
#undef X
        MERKLE_SLOTS_NAMED
};
_Static_assert((int)MERKLE_SLOTS_NAMED <= (int)MERKLE_SLOTS,
               "a new form of entries has more slots");

/* Static. */
slice merkle_slot_name(enum merkle_slot slot);
/* NOT_FOUND for a name that is not in the list. */
MUST err merkle_slot_find(slice name, enum merkle_slot *slot);

#endif
