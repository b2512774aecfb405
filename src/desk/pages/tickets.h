/* What a filing by the public form costs. A ticket is given with the form and counts once. It is
 * paid by work (SHA-256 of the ticket, a colon and a number begins with so many zero bits), which a
 * browser's script does; or, without script, by waiting: such tickets stand in one line, of which
 * each gets a place, so that whoever asks for many waits long, and only those without script with
 * them; or it is that of an authority of the directory, which signed another one. Nothing is kept
 * of a ticket before it is used. */
#ifndef SOTTO_DESK_PAGES_TICKETS_H
#define SOTTO_DESK_PAGES_TICKETS_H

#include "base/slice.h"
#include "base/time.h"

enum {
    PAGE_TICKET = 88, /* with the NUL */
    PAGE_TICKETS_USED = 65536,
    PAGE_TICKET_TRIES = 3 /* uploads that may begin with one, until one of them is filed */
};
#define PAGE_TICKET_LIFE TIME_DAY
/* To wait at least and at most, and between two places of the line while little waits. */
#define PAGE_TICKET_WAIT (30 * TIME_SECOND)
#define PAGE_TICKET_LINE (6 * TIME_HOUR)
#define PAGE_TICKET_STEP (5 * TIME_SECOND)

enum page_ticket_kind {
    PAGE_TICKET_WORK,
    PAGE_TICKET_PLACE,   /* of the line */
    PAGE_TICKET_TO_SIGN, /* by an authority; nothing is filed with it */
    PAGE_TICKET_SIGNED   /* of the authority that is said */
};

struct page_tickets {
    uint8_t key[32];
    uint64_t line; /* the last place that was given */
    struct {
        uint8_t mac[16];
        uint64_t until;
        uint8_t tries;
        bool busy; /* an upload goes on with it */
    } used[PAGE_TICKETS_USED];
    size_t next; /* where the next used one goes */
};

void page_tickets_init(struct page_tickets *t);
void page_tickets_fini(struct page_tickets *t);
/* Any but those of the line. authority: of one that is signed; else empty. */
MUST err page_ticket_make(struct page_tickets *t, enum page_ticket_kind kind, slice authority,
                          uint64_t now, char ticket[PAGE_TICKET]);
/* One to wait for, which counts from *from on, `step` after the place before. LIMIT if the line is
 * too long. */
MUST err page_ticket_wait(struct page_tickets *t, uint64_t now, uint64_t step,
                          char ticket[PAGE_TICKET], uint64_t *from);

struct page_ticket {
    slice ticket, work, authority;
    unsigned bits;              /* of work */
    enum page_ticket_kind kind; /* page_ticket_check finds it, and from */
    uint64_t from;
};
/* Looks at it: MALFORMED or DENIED if it isn't ours, EXPIRED; PROOF if the work is missing; EARLY
 * if it has to wait; REPEAT if it was used, or is being; LIMIT if too many were used of late. */
MUST err page_ticket_check(const struct page_tickets *t, uint64_t now, struct page_ticket *p);
/* Takes one that was found good for an upload; end gives it back, or uses it up. */
void page_ticket_begin(struct page_tickets *t, uint64_t now, slice ticket);
void page_ticket_end(struct page_tickets *t, slice ticket, bool filed);
/* How many have been used and might come again. */
size_t page_tickets_used(const struct page_tickets *t, uint64_t now);

#endif
