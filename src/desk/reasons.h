/* Why the desk refuses a filing, a move or a file: each check has a reason of its own. */
#ifndef SOTTO_DESK_REASONS_H
#define SOTTO_DESK_REASONS_H

/* clang-format off */
/* X(name, text): the text says what is wrong with what was handed in. */
#define DESK_REASONS(X)                                                                            \
    X(OFFICE, "the signed text is refused")  /* struct desk_why says which, and why */             \
    X(NO_OFFICE, "the desk has no office file, or no suspension list, yet")                        \
    X(NO_SERVER, "the desk doesn't know the server for which an order would be")                   \
    X(NO_CASE, "there is no such case")                                                            \
    X(NO_MOVE, "there is no such move")                                                            \
    /* Filings. */                                                                                 \
    X(EMPTY, "the filing is empty")                                                                \
    X(TOO_LARGE, "the filing, or an attachment, is too large, or there are too many")              \
    X(FLOOD, "too many filings wait to be read")                                                   \
    X(OBJECTION, "no case with this number and reference takes an objection now")                  \
    X(PAPERS, "too many papers wait for signatures: sign those first, or have them put away")      \
    X(FILED, "these very bytes were filed already")                                                \
    /* The text of a move. */                                                                      \
    X(OTHER_CASE, "it is about another case")                                                      \
    X(STALE, "somebody else made a move in this case since the text was written")                  \
    X(STATE, "the case is in no state that allows this move")                                      \
    X(MOVES, "the case has had as many moves, or rounds, as one can have")                         \
    X(CLOCK, "it was made at another time than now, by the desk's clock")                          \
    X(CLOCK_BACK, "the desk's clock was turned back; nothing moves until it is right again")       \
    X(OTHER_OFFICE, "it was made under another office file than the present one")                  \
    X(OTHER_LIST, "it was made under another suspension list than the present one")                \
    X(FACTS, "a fact that this move needs is missing, unknown, or said twice")                     \
    X(FACT, "a fact has not the form that it needs")                                               \
    X(NO_REGIME, "there is no such regime, category or process")                                   \
    X(DEMAND, "its category names nothing that can't be carried out")                              \
    X(GROUND, "a case of this kind does not end on this ground")                                   \
    X(IMPOSSIBLE, "a regime's notice and deadline can't both be kept")                             \
    /* Who. */                                                                                     \
    X(SIGNER, "it needs the signature of one person, and of no other")                             \
    X(DESK_ALONE, "only the desk itself makes this move")                                          \
    X(ROLE, "the person doesn't hold this role, or the role doesn't make this move")               \
    X(OTHER_ROLE, "the person acts in another role in this case")                                  \
    X(BOUND, "the law of a suspended jurisdiction binds the person")                               \
    X(ACTED, "the person acted in this case before, and this needs somebody else")                 \
    X(NOT_DRAWN, "the person was not drawn to review this case")                                   \
    X(ANSWERED, "the person has answered in this round")                                           \
    X(CONFLICT, "who has a conflict of interest gives no verdict: recuse instead")                 \
    X(NOBODY, "nobody is free to review it; a deputy must not have acted in the case")             \
    X(NOT_FIRST, "the move that it seconds is another, or is void")                                \
    /* What. */                                                                                    \
    X(AUTHORITY, "its authority is not in the office's directory")                                 \
    X(NUMBER, "the number that was called is not in the directory, or was called before")          \
    X(NOT_EXECUTABLE, "a demand of this kind can't be carried out; it can only be rejected")       \
    X(PRESERVE_ONLY, "it asks to preserve; nothing is released on it")                             \
    X(SUSPENDED, "a jurisdiction that it is from, or for, is suspended")                           \
    X(NO_ORDER, "the text of an order is missing")                                                 \
    X(OTHER_ORDER, "the order is not the one of this round")                                       \
    X(ORDER_FACTS, "the order says something else than the case")                                  \
    X(ORDER_UNSIGNED, "the order lacks the signature of who makes the move")                       \
    X(NO_NOTICE_KEY, "the desk's notice key is not here, or not the office's")                     \
    X(ORDER_NEEDLESS, "an order is signed with a clear verdict alone")                             \
    X(FIELDS, "the order names a field that was not asked for, or more than the one before")       \
    X(CATEGORY, "a field is of another category than the one that was ordered")                    \
    X(NOT_NARROWER, "a narrowed order must have fewer fields")                                     \
    X(BEFORE, "the order before is missing, or is another")                                        \
    X(BLOCKING, "an answer blocks, and the verdict is clear")                                      \
    X(ANSWERS, "the checklist was not answered in whole, or is another version")                   \
    X(CITES, "it cites another version of the policy or the guidelines than the one that stands")   \
    X(DRAFT_DUE, "this round is over; a new order must be drafted")                                \
    X(REJECT_DUE, "a reviewer blocked it; it can only be rejected")                                \
    X(NOTICE, "the user has not had the notice that its regime asks for, and nothing bars it")     \
    X(NOTICE_RUNS, "the time between notice and release is not over")                              \
    X(NOT_NEEDED, "there is nothing that needs this move")                                         \
    X(UNFINISHED, "something of this case is still to be done")                                    \
    X(TERM, "a date is past, or further away than its regime allows")                              \
    X(MANIFEST, "it is not the manifest that the server wrote for this order")                     \
    X(LETTER, "the letter is not the one that the signed text names")                              \
    X(UNFILLED, "a letter, or what the user reads, still has a placeholder in braces")             \
    /* Files. */                                                                                   \
    X(UNPINNED, "the first office file must be pinned by its hash")                                \
    X(WRAP, "a wrapped key is for who lacks none, from who has none, or of the wrong size")        \
    /* What must never be seen: the case is left as it was. */                                     \
    X(INVARIANT, "it would break a rule that no move may break; tell the auditor")

enum desk_reason {
    DESK_OK = 0,
#define X(name, text) DESK_##name,
    DESK_REASONS(X)
#undef X
};
/* clang-format on */

/* A stable name ("STALE") and a text for people. Static, never NULL. */
const char *desk_reason_name(enum desk_reason r);
const char *desk_reason_text(enum desk_reason r);

#endif
