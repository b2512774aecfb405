/* What a filing by the public form costs. A ticket is given with the form and counts once. It is
 * paid by work (SHA-256 of the ticket, a colon and a number begins with so many zero bits), which a
 * browser's script does; or, without script, by waiting: such tickets stand in one line, of which
 * each gets a place, so that whoever asks for many waits long, and only those without script with
 * them. Nothing is kept of a ticket before it is used. */
#ifndef SOTTO_DESK_PAGES_TICKETS_H
#define SOTTO_DESK_PAGES_TICKETS_H

#include "base/slice.h"
#include "base/time.h"

enum { PAGE_TICKET = 80, PAGE_TICKETS_USED = 16384 }; /* with the NUL */
#define PAGE_TICKET_LIFE TIME_DAY
#define PAGE_TICKET_WAIT (30 * TIME_SECOND) /* at least */
#define PAGE_TICKET_STEP (5 * TIME_SECOND)  /* between two places of the line */
#define PAGE_TICKET_LINE (6 * TIME_HOUR)    /* at most */

struct page_tickets {
    uint8_t key[32];
    uint64_t line; /* the last place that was given */
    struct {
        uint8_t mac[16];
        uint64_t until;
    } used[PAGE_TICKETS_USED];
    size_t next; /* where the next used one goes */
};

void page_tickets_init(struct page_tickets *t);
void page_tickets_fini(struct page_tickets *t);
/* One to be worked for. */
MUST err page_ticket_make(struct page_tickets *t, uint64_t now, char ticket[PAGE_TICKET]);
/* One to wait for, which counts from *from on. LIMIT if the line is too long. */
MUST err page_ticket_wait(struct page_tickets *t, uint64_t now, char ticket[PAGE_TICKET],
                          uint64_t *from);
/* Looks at it: MALFORMED or DENIED if it isn't ours, EXPIRED, REPEAT; EARLY with *from if it has to
 * wait; PROOF if the work is missing. LIMIT if too many were used of late. */
MUST err page_ticket_check(const struct page_tickets *t, uint64_t now, unsigned bits, slice ticket,
                           slice work, uint64_t *from);
/* Uses up one that was found good. */
void page_ticket_use(struct page_tickets *t, uint64_t now, slice ticket);

#endif
