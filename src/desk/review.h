/* The auditor's second reading of one answered case in twenty. Which cases is drawn by lot from the
 * ledger's root, so that neither desk nor auditor choose, and whoever has the openings draws the
 * same: a case is drawn if the first 64 bits of SHA-256("sotto draw 1\n" || root || case) are below
 * a twentieth of 2^64; if that is none, the case with the lowest of these numbers. Cases that are
 * told in bands only take no part. */
#ifndef SOTTO_DESK_REVIEW_H
#define SOTTO_DESK_REVIEW_H

#include "desk/report_rows.h"

struct review_case {
    uint64_t lot;
    char id[DESK_ID];
    bool closed; /* it stays so: the review counts it, and doesn't name it */
};
struct review_draw {
    struct review_case *each; /* those drawn, by their ids, ascending */
    size_t n, room;
    uint64_t answered;
    bool by_lowest; /* the lot drew none, and it is the lowest */
};
/* Of the cases that are counted. Freed also after a failure: NO_MEMORY. */
MUST err review_draw(struct review_draw *draw, struct count *c, const struct report_of *of,
                     const struct desk_ids *without);
void review_draw_free(struct review_draw *draw);

/* The beginning of what an auditor signs of a report: "sotto statement 1", "sotto review 1". */
MUST err review_head_write(buf *out, const char *kind, const struct report_of *of);
/* Appends the text of the review, in which each case is unread yet. */
MUST err review_write(buf *out, const struct report_of *of, const struct review_draw *draw);

#endif
