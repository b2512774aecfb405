/* What the files of desk/ share beside desk.h. Nobody outside includes this but tests. */
#ifndef SOTTO_DESK_INTERNAL_H
#define SOTTO_DESK_INTERNAL_H

#include "desk/data.h"
#include "desk/desk.h"
#include "desk/facts.h"
#include "desk/machine.h"
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
    struct desk_data data;
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

/* Begins a transaction, with the files in force as they are now. Ends it: commits, or undoes it
 * after a failure. */
MUST err desk_begin(struct desk *d);
MUST err desk_end(struct desk *d, err result);

/* What the machine looks at, as of now. */
void desk_world_now(const struct desk *d, struct desk_world *w);

/* ---- Histories in the store ---- In a transaction. */

/* NOT_FOUND. */
MUST err desk_history_load(struct desk *d, slice case_id, struct desk_history *h);
/* What changed since it had `moves` moves: the case, the moves that came, the seats. */
MUST err desk_history_save(struct desk *d, const struct desk_history *h, size_t moves);
#define DESK_CASE_COLUMNS                                                                         \
    "id, state, due, kind, hold, path, authority, regime, category, process, carve_outs, issuer," \
    " beneficiary, asked, fields, accounts, filing, enrolled, number, head, round, order_hash,"   \
    " order_made, order_office, order_list, order_server, waits, received, deadline, since,"      \
    " notified, objected, bar_until, preserved_until, released, delivered, told_late, told, alarm"
/* One row of these columns. */
void desk_case_read(struct desk_rows *q, struct desk_case *c);

/* ---- Sealing ---- */

/* A key for a new case: its public half is kept, the private one wrapped to all who need it, and
 * forgotten. The case's row must be there. */
MUST err desk_case_key_make(struct desk *d, slice case_id, uint8_t key[32]);
MUST err desk_seal_put(struct desk *d, slice case_id, enum desk_sealed_kind kind, uint64_t number,
                       slice person, slice plain);
/* All that is sealed of a case, and the wraps. */
MUST err desk_seal_forget(struct desk *d, slice case_id);
/* Takes the keys of all cases from who is bound, or no longer of the office. */
MUST err desk_wraps_take(struct desk *d);
/* Who lacks the keys of the cases from this place to that, looked for anew. */
MUST err desk_lacks_find(struct desk *d, uint64_t from, uint64_t last);
bool desk_needs_key(const struct desk *d, const struct office_person *p);

/* ---- Moves ---- */

/* Makes the moves that the desk itself has to make in this case now. In a transaction. */
MUST err desk_settle(struct desk *d, struct desk_history *h, const struct desk_world *w,
                     struct desk_why *why);
/* A file in force may make them due in every open case: desk_settle_more makes them, some in a
 * transaction of its own. */
MUST err desk_settle_begin(struct desk *d);
/* The same in one case, if it is among those that wait. In a transaction. */
MUST err desk_settle_first(struct desk *d, struct desk_history *h, const struct desk_world *w,
                           struct desk_why *why);
/* Opens or ends the task of those who lack keys. */
MUST err desk_rewrap_task(struct desk *d);
/* Whether too few of those who may act in the case are here for any answer. */
MUST err desk_lacks_somebody(struct desk *d, const struct desk_history *h,
                             const struct desk_world *w, bool *lacks);
/* Unless there is one of this kind in this case. */
MUST err desk_task_open(struct desk *d, enum desk_task_kind kind, slice case_id, uint32_t roles,
                        uint64_t now, uint64_t due);
/* Opens and ends the tasks of terms that are over: terms.c. */
MUST err desk_terms_renew(struct desk *d, const struct desk_world *w);
/* A task for the custodian: an order, with the time after which it is void. */
MUST err desk_carry_open(struct desk *d, slice case_id, uint64_t number, uint64_t until);
/* The released order of this case was carried, and its manifest came. */
MUST err desk_carry_delivered(struct desk *d, slice case_id);
/* Ends what is void, or was made anew. */
MUST err desk_carry_end(struct desk *d, uint64_t now);
/* Whether it is the manifest that the server wrote for this order. */
bool desk_manifest_is(slice manifest, slice case_id, const uint8_t order[32]);
/* CLOCK_BACK if the clock was turned back since it was last looked at. In a transaction. */
MUST err desk_clock_check(struct desk *d, uint64_t now, struct desk_why *why);

#endif
