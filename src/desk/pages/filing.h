/* What the two files of the public form share: filing.c, which takes what is filed, and fee.c,
 * which asks what it costs first. */
#ifndef SOTTO_DESK_PAGES_FILING_H
#define SOTTO_DESK_PAGES_FILING_H

#include "desk/pages/page.h"

/* The form and the end of the page; from and authority: of a ticket that waits, or is signed. */
MUST err filing_form(struct page *p, const char *ticket, uint64_t from, slice authority);

/* The work that a filing of so many bytes costs now, in bits. */
MUST err fee_bits(struct desk_pages *pages, uint64_t now, uint64_t length, unsigned *bits);

/* What stands in the address of a filing. */
struct fee_paid {
    buf ticket, work, authority;
};
void fee_paid_free(struct fee_paid *paid);
/* Reads and looks at it: page_ticket_check's errors; DENIED for a ticket of another kind, or of who
 * is not in the directory. from, for EARLY: until when it waits. */
MUST err fee_look(struct desk_pages *pages, const struct sys_web_request *r, bool enrolled,
                  struct fee_paid *paid, uint64_t *from);
/* The page for what fee_look refused. */
err fee_refused(struct page *p);
struct page_tickets *fee_tickets(struct desk_pages *pages, bool enrolled);

#endif
