/* What the server holds of an account: the record, and what is beside it. Whatever answers says it
 * in these words and no others. */
#ifndef SOTTO_BASE_HELD_H
#define SOTTO_BASE_HELD_H

/* X(name, name in code): the fields of the record. */
#define HELD_RECORD(X)                                                        \
    X("exists", EXISTS)   /* whether there is such an account */              \
    X("created", CREATED) /* the week */                                      \
    X("seen", SEEN)       /* the week in which a device was last connected */ \
    X("devices", DEVICES) /* how many */                                      \
    X("items", ITEMS)     /* how many are sealed and undelivered */           \
    X("bytes", BYTES)     /* how many these are, with their padding */

enum held_field {
#define X(text, name) HELD_FIELD_##name,
    HELD_RECORD(X)
#undef X
};

/* What is beside it. */
#define HELD_WORDS "held, sealed, not readable by us"
#define HELD_KINDS \
    "items, public keys and key packages, random serials, sealed rosters, blobs, encrypted cards"

#endif
