#include "desk/pages/tickets.h"

#include "base/codec.h"
#include "base/text.h"
#include "crypto/crypto.h"

/* In hexadecimal: when it counts from (0: with work), when it ends, random bytes, half a MAC. */
enum { FROM = 8, UNTIL = 8, RANDOM = 4, SAID = FROM + UNTIL + RANDOM, MAC = 16, ALL = SAID + MAC };
_Static_assert(2 * ALL < PAGE_TICKET, "a ticket has room");

void page_tickets_init(struct page_tickets *t) {
    *t = (struct page_tickets){.key = {0}};
    crypto_random(t->key, sizeof(t->key));
}

void page_tickets_fini(struct page_tickets *t) {
    wipe(t->key, sizeof(t->key));
}

static err mac_of(const struct page_tickets *t, const uint8_t *bytes, uint8_t mac[32]) {
    slice said[] = {slice_str("ticket"), slice_of(bytes, SAID)};
    return crypto_sha256.hmac(mac, SLICE_ARRAY(t->key), said, 2);
}

static err make(const struct page_tickets *t, uint64_t from, uint64_t until,
                char ticket[PAGE_TICKET]) {
    uint8_t bytes[ALL], mac[32];
    put_u64(bytes, from);
    put_u64(bytes + FROM, until);
    crypto_random(bytes + FROM + UNTIL, RANDOM);
    TRY(mac_of(t, bytes, mac));
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

err page_ticket_make(struct page_tickets *t, uint64_t now, char ticket[PAGE_TICKET]) {
    return make(t, 0, now + PAGE_TICKET_LIFE, ticket);
}

err page_ticket_wait(struct page_tickets *t, uint64_t now, char ticket[PAGE_TICKET],
                     uint64_t *from) {
    uint64_t place = t->line + PAGE_TICKET_STEP;
    if (place < now + PAGE_TICKET_WAIT)
        place = now + PAGE_TICKET_WAIT;
    if (place > now + PAGE_TICKET_LINE)
        return ERR_LIMIT;
    TRY(make(t, place, place + PAGE_TICKET_LIFE, ticket));
    *from = t->line = place;
    return OK;
}

static bool worked(slice ticket, slice work, unsigned bits) {
    uint8_t hash[32];
    slice parts[] = {ticket, slice_str(":"), work};
    return work.n > 0 && work.n < DECIMAL_TEXT && crypto_sha256.hash(hash, parts, 3) == OK &&
           crypto_work_bits(hash) >= bits;
}

err page_ticket_check(const struct page_tickets *t, uint64_t now, unsigned bits, slice ticket,
                      slice work, uint64_t *from) {
    uint8_t bytes[ALL], mac[32];
    uint64_t until;
    TRY(hex_decode_to(bytes, ALL, ticket));
    TRY(mac_of(t, bytes, mac));
    if (!equal_secret(mac, bytes + SAID, MAC))
        return ERR_DENIED;
    reader r = reader_of(SLICE_ARRAY(bytes));
    TRY(reader_u64(&r, from));
    TRY(reader_u64(&r, &until));
    if (until <= now)
        return ERR_EXPIRED;
    for (size_t i = 0; i < PAGE_TICKETS_USED; i++)
        if (t->used[i].until > now && memcmp(t->used[i].mac, bytes + SAID, MAC) == 0)
            return ERR_REPEAT;
    /* The oldest is forgotten only once it has no force. */
    if (t->used[t->next].until > now)
        return ERR_LIMIT;
    if (*from == 0)
        return worked(ticket, work, bits) ? OK : ERR_PROOF;
    return *from <= now ? OK : ERR_EARLY;
}

void page_ticket_use(struct page_tickets *t, uint64_t now, slice ticket) {
    uint8_t bytes[ALL];
    if (hex_decode_to(bytes, ALL, ticket) != OK)
        return;
    memcpy(t->used[t->next].mac, bytes + SAID, MAC);
    t->used[t->next].until = now + PAGE_TICKET_LINE + PAGE_TICKET_LIFE;
    t->next = (t->next + 1) % PAGE_TICKETS_USED;
}
