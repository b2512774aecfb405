/* What is written down of a move that was made. All of it in a transaction. */
#ifndef SOTTO_DESK_ENTRY_H
#define SOTTO_DESK_ENTRY_H

#include "desk/internal.h"

/* The text of a move that the desk itself makes now, and its hash. */
MUST err desk_own_text(const struct desk_history *h, const struct desk_world *w,
                       enum desk_move move, buf *text, uint8_t hash[32]);
/* Makes it, and writes it down. */
MUST err desk_own_make(struct desk *d, struct desk_history *h, const struct desk_world *w,
                       enum desk_move move, struct desk_why *why);
/* The leaf of the last move. */
MUST err desk_leaf_put(struct desk *d, const struct desk_history *h, const struct desk_world *w);
/* desk_settle in the cases whose ids are the rows of a query, which it ends; n: how many. */
MUST err desk_settle_found(struct desk *d, struct desk_rows *q, const struct desk_world *w,
                           size_t *n);

#endif
