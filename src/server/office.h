/* What the files of the request desk's side share: the office's files in force. */
#ifndef SOTTO_SERVER_OFFICE_H
#define SOTTO_SERVER_OFFICE_H

#include "office/office.h"
#include "server/internal.h"

/* What a document that was handed in is for: office_put's `what`. ANEW: pinned in the place of an
 * office that lost its signers. */
enum mail_office_what {
    MAIL_OFFICE_PIN,
    MAIL_OFFICE_ANEW,
    MAIL_OFFICE_CHANGE,
    MAIL_OFFICE_SUSPENSIONS,
    MAIL_OFFICE_RELEASE
};
/* For so long after it was pinned anew nothing is released. */
#define MAIL_OFFICE_ANEW_REST (30 * TIME_DAY)

struct mail_office {
    buf bytes;
    struct held_office row;          /* borrows from bytes */
    struct office *office;           /* NULL: none is pinned */
    struct office_suspensions *list; /* NULL: there is none yet */
};
/* Free it whatever is returned. DAMAGED, IO, NO_MEMORY. */
MUST err mail_office_load(struct mail *m, struct mail_office *o);
void mail_office_free(struct mail_office *o);
/* The hour, rounded up so that nothing lasts shorter than it should; and when it begins. */
uint32_t mail_office_hour(uint64_t ms);
uint64_t mail_office_time(uint32_t hour);

/* ---- release.c ---- */
/* Checks the order and, if it is to be carried out, writes that and what it gives into the batch
 * and the answer with it. Otherwise nothing is written, and *reason says why. */
MUST err mail_release(struct mail *m, const struct mail_call *call, const struct mail_office *o,
                      slice order, enum office_reason *reason, size_t *line);

/* Whose account an order names. */
MUST err mail_order_account(const struct office_order *o, uint8_t id[MAIL_ID]);

/* ---- notice_orders.c ---- */
/* Carries out a notice order that was checked: the notice, that it was carried out, and the answer,
 * which is the same if there is no such account. */
MUST err mail_notice_order(struct mail *m, const struct mail_call *call,
                           const struct office_order *o);

#endif
