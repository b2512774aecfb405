/* What the files of desk/ share beside desk.h. Nobody outside includes this but tests. */
#ifndef SOTTO_DESK_INTERNAL_H
#define SOTTO_DESK_INTERNAL_H

#include "desk/desk.h"
#include "desk/store.h"

struct desk {
    struct desk_store *store;
    char *folder;
    struct office *office;
    struct office_suspensions *list;
    bool server_known;
    uint8_t server[32];
    uint64_t server_number;
    uint64_t changes; /* of the store, when the files above were read */
};

/* ERR_DENIED, with the reason in why. */
err desk_refuse(struct desk_why *why, enum desk_reason reason);
err desk_refuse_text(struct desk_why *why, enum office_reason reason, unsigned which, size_t line);
/* Leaves the function with a refusal, if the reason is one. */
#define DESK_NEED(why, expression)                   \
    do {                                             \
        enum desk_reason need_reason = (expression); \
        if (need_reason != DESK_OK)                  \
            return desk_refuse(why, need_reason);    \
    } while (0)

/* Copies an id; false if it doesn't fit or holds a zero. */
bool desk_copy(char *out, size_t n, slice s);
static inline slice desk_slice(const char *s) {
    return slice_str(s);
}

/* Begins a transaction, with the files in force as they are now. Ends it: commits, or undoes it
 * after a failure. */
MUST err desk_begin(struct desk *d);
MUST err desk_end(struct desk *d, err result);

#endif
