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
    MAIL_OFFICE_ORDER
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

/* ---- orders.c ---- */
/* Checks the order and, if it is to be carried out, writes that and what it gives into the batch
 * and the answer with it. Otherwise nothing is written, and *reason says why. */
MUST err mail_order(struct mail *m, const struct mail_call *call, const struct mail_office *f,
                    slice order, enum office_reason *reason, size_t *line);

/* What an order gives to be handed on, beside its manifest; freed by who called. */
struct mail_given {
    buf package; /* empty: nothing */
    bool sealed; /* for the authority, as CMS; else a letter in clear */
};
/* Does what an order of its kind asks for, which was checked and not carried out before: writes it
 * into the batch. account: the id of whom it names, who need not be there; NULL if the name leads
 * to nobody. If *reason is not OK then, nothing was written. */
typedef err mail_order_fn(struct mail *m, const struct mail_office *f, const struct office_order *o,
                          const uint8_t *account, struct mail_given *given,
                          enum office_reason *reason);
mail_order_fn mail_release;      /* release.c */
mail_order_fn mail_preserve;     /* preserve.c */
mail_order_fn mail_notice_order; /* notice_orders.c */

/* ---- named.c ---- */
/* The id of the account that an order names, which need not be there. NOT_FOUND: a handle or a link
 * that leads to nobody. */
MUST err mail_order_account(struct mail *m, const struct office_order *o, uint8_t id[MAIL_ID]);

/* ---- lines.c ---- Each appends a line: word, value. */
MUST err mail_say(buf *out, const char *word, slice value);
MUST err mail_say_number(buf *out, const char *word, uint64_t n);
MUST err mail_say_week(buf *out, const char *word, uint32_t week);
/* name: before the hash; may be empty. */
MUST err mail_say_hash(buf *out, const char *word, slice name, const uint8_t hash[32]);

#endif
