/* What the server holds beside an account's record. Whatever answers says it in these words and no
 * others. */
#ifndef SOTTO_BASE_HELD_H
#define SOTTO_BASE_HELD_H

#define HELD_WORDS "held, sealed, not readable by us"
#define HELD_KINDS \
    "items, public keys and key packages, random serials, sealed rosters, blobs, encrypted cards"

#endif
