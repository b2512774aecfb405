#include "desk/pages/tickets.h"

#include "base/codec.h"
#include "base/text.h"
#include "crypto/crypto.h"

/* In hexadecimal: its kind, when it counts from, when it ends, random bytes, half a MAC. */
enum {
    KIND = 1,
    FROM = 8,
    UNTIL = 8,
    RANDOM = 8,
    SAID = KIND + FROM + UNTIL + RANDOM,
    MAC = 16,
    ALL = SAID + MAC
};
_Static_assert(2 * ALL < PAGE_TICKET, "a ticket has room");

void page_tickets_init(struct page_tickets *t) {
    memset(t, 0, sizeof(*t));
    crypto_random(t->key, sizeof(t->key));
}

void page_tickets_fini(struct page_tickets *t) {
    wipe(t->key, sizeof(t->key));
}

static err mac_of(const struct page_tickets *t, const uint8_t *bytes, slice authority,
                  uint8_t mac[32]) {
    slice said[] = {slice_str("ticket"), slice_of(bytes, SAID), authority};
    return crypto_sha256.hmac(mac, SLICE_ARRAY(t->key), said, 3);
}

static err make(const struct page_tickets *t, const struct page_ticket *p, uint64_t until,
                char ticket[PAGE_TICKET]) {
    uint8_t bytes[ALL], mac[32];
    bytes[0] = (uint8_t)p->kind;
    put_u64(bytes + KIND, p->from);
    put_u64(bytes + KIND + FROM, until);
    crypto_random(bytes + KIND + FROM + UNTIL, RANDOM);
    TRY(mac_of(t, bytes, p->authority, mac));
    memcpy(bytes + SAID, mac, MAC);
    buf text = buf_on(NULL);
    err e = hex_encode(&text, SLICE_ARRAY(bytes));
    if (e == OK) {
        memcpy(ticket, text.p, text.n);
        ticket[text.n] = '\0';
    }
    buf_free(&text);
    return e;
}

err page_ticket_make(struct page_tickets *t, enum page_ticket_kind kind, slice authority,
                     uint64_t now, char ticket[PAGE_TICKET]) {
    struct page_ticket p = {.kind = kind, .authority = authority};
    return make(t, &p, now + PAGE_TICKET_LIFE, ticket);
}

err page_ticket_wait(struct page_tickets *t, uint64_t now, uint64_t step, char ticket[PAGE_TICKET],
                     uint64_t *from) {
    struct page_ticket p = {.kind = PAGE_TICKET_PLACE, .from = t->line + step};
    if (p.from < now + PAGE_TICKET_WAIT)
        p.from = now + PAGE_TICKET_WAIT;
    if (p.from > now + PAGE_TICKET_LINE)
        return ERR_LIMIT;
    TRY(make(t, &p, p.from + PAGE_TICKET_LIFE, ticket));
    *from = t->line = p.from;
    return OK;
}

/* ---- Looking at one ---- */

static bool worked(const struct page_ticket *p) {
    uint8_t hash[32];
    slice parts[] = {p->ticket, slice_str(":"), p->work};
    return p->work.n > 0 && p->work.n < DECIMAL_TEXT && crypto_sha256.hash(hash, parts, 3) == OK &&
           crypto_work_bits(hash) >= p->bits;
}

/* Where it is among the used ones; PAGE_TICKETS_USED if it is not. */
static size_t place_of(const struct page_tickets *t, uint64_t now, const uint8_t *mac) {
    size_t i = 0;
    while (i < PAGE_TICKETS_USED &&
           (t->used[i].until <= now || memcmp(t->used[i].mac, mac, MAC) != 0))
        i++;
    return i;
}

static err unused(const struct page_tickets *t, uint64_t now, const uint8_t *mac) {
    size_t place = place_of(t, now, mac);
    if (place < PAGE_TICKETS_USED)
        return t->used[place].busy || t->used[place].tries >= PAGE_TICKET_TRIES ? ERR_REPEAT : OK;
    /* The oldest is forgotten only once it has no force. */
    return t->used[t->next].until > now ? ERR_LIMIT : OK;
}

err page_ticket_check(const struct page_tickets *t, uint64_t now, struct page_ticket *p) {
    uint8_t bytes[ALL], mac[32];
    uint64_t until;
    TRY(hex_decode_to(bytes, ALL, p->ticket));
    TRY(mac_of(t, bytes, p->authority, mac));
    if (!equal_secret(mac, bytes + SAID, MAC))
        return ERR_DENIED;
    reader r = reader_of(slice_of(bytes + KIND, FROM + UNTIL));
    p->kind = (enum page_ticket_kind)bytes[0];
    TRY(reader_u64(&r, &p->from));
    TRY(reader_u64(&r, &until));
    if (until <= now)
        return ERR_EXPIRED;
    if (p->kind == PAGE_TICKET_WORK && !worked(p))
        return ERR_PROOF;
    if (p->from > now)
        return ERR_EARLY;
    return unused(t, now, bytes + SAID);
}

/* ---- Using it ---- */

void page_ticket_begin(struct page_tickets *t, uint64_t now, slice ticket) {
    uint8_t bytes[ALL];
    if (hex_decode_to(bytes, ALL, ticket) != OK)
        return;
    size_t place = place_of(t, now, bytes + SAID);
    if (place == PAGE_TICKETS_USED) {
        place = t->next;
        t->next = (t->next + 1) % PAGE_TICKETS_USED;
        memcpy(t->used[place].mac, bytes + SAID, MAC);
        t->used[place].until = now + PAGE_TICKET_LINE + PAGE_TICKET_LIFE;
        t->used[place].tries = 0;
    }
    t->used[place].tries++;
    t->used[place].busy = true;
}

void page_ticket_end(struct page_tickets *t, slice ticket, bool filed) {
    uint8_t bytes[ALL];
    if (hex_decode_to(bytes, ALL, ticket) != OK)
        return;
    size_t place = place_of(t, 0, bytes + SAID);
    if (place == PAGE_TICKETS_USED)
        return;
    t->used[place].busy = false;
    if (filed)
        t->used[place].tries = PAGE_TICKET_TRIES;
}

size_t page_tickets_used(const struct page_tickets *t, uint64_t now) {
    size_t n = 0;
    for (size_t i = 0; i < PAGE_TICKETS_USED; i++)
        n += t->used[i].until > now;
    return n;
}
