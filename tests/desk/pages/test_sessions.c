#include "tests/test.h"

#include "base/time.h"
#include "crypto/crypto.h"
#include "desk/pages/sessions.h"
#include "desk/pages/tickets.h"
#include "base/text.h"

static struct page_sessions sessions;
static struct page_tickets tickets;
static const uint64_t NOW = 1800000000000;

TEST(a_session_is_found_by_its_token_until_its_time_is_over) {
    char token[PAGE_TOKEN + 1], other[PAGE_TOKEN + 1];
    CHECK_OK(crypto_init());
    page_sessions_init(&sessions);
    CHECK_OK(page_session_begin(&sessions, slice_str("p01"), 3, NOW, token));
    CHECK_OK(page_session_begin(&sessions, slice_str("p02"), 3, NOW, other));
    const struct page_session *s = page_session_find(&sessions, slice_str(token), NOW);
    CHECK(s != NULL && strcmp(s->person, "p01") == 0 && s->office == 3);
    CHECK(page_session_find(&sessions, slice_str(token), NOW + PAGE_SESSION_LIFE - 1) != NULL);
    CHECK(page_session_find(&sessions, slice_str(token), NOW + PAGE_SESSION_LIFE) == NULL);
    CHECK(page_session_find(&sessions, slice_str(token), NOW - 1) == NULL);
    token[5] ^= 1;
    CHECK(page_session_find(&sessions, slice_str(token), NOW) == NULL);
    CHECK(page_session_find(&sessions, SLICE_EMPTY, NOW) == NULL);
    token[5] ^= 1;
    page_session_end(&sessions, slice_str(token));
    CHECK(page_session_find(&sessions, slice_str(token), NOW) == NULL);
    CHECK(page_session_find(&sessions, slice_str(other), NOW) != NULL);
    page_sessions_fini(&sessions);
}

TEST(there_are_so_many_sessions_and_room_comes_back_with_time) {
    char token[PAGE_TOKEN + 1];
    page_sessions_init(&sessions);
    for (int i = 0; i < PAGE_SESSIONS; i++)
        CHECK_OK(page_session_begin(&sessions, slice_str("p01"), 1, NOW, token));
    CHECK_ERR(page_session_begin(&sessions, slice_str("p01"), 1, NOW, token), ERR_LIMIT);
    CHECK_OK(page_session_begin(&sessions, slice_str("p01"), 1, NOW + PAGE_SESSION_LIFE, token));
    page_sessions_fini(&sessions);
}

TEST(a_nonce_is_good_once_for_five_minutes_and_only_if_it_is_ours) {
    uint8_t a[32], b[32];
    page_sessions_init(&sessions);
    CHECK_OK(page_nonce_make(&sessions, NOW, a));
    CHECK_OK(page_nonce_make(&sessions, NOW, b));
    CHECK(memcmp(a, b, 32) != 0);
    for (int i = 0; i < 32; i++) {
        a[i] ^= 1;
        CHECK_ERR(page_nonce_use(&sessions, NOW, a), ERR_DENIED);
        a[i] ^= 1;
    }
    CHECK_ERR(page_nonce_use(&sessions, NOW + PAGE_NONCE_LIFE, a), ERR_DENIED);
    CHECK_OK(page_nonce_use(&sessions, NOW + PAGE_NONCE_LIFE - 1, a));
    CHECK_ERR(page_nonce_use(&sessions, NOW, a), ERR_REPEAT);
    CHECK_OK(page_nonce_use(&sessions, NOW, b));
    page_sessions_fini(&sessions);
}

/* ---- Tickets ---- */

static void work_for(const char *ticket, unsigned bits, char number[DECIMAL_TEXT]) {
    uint8_t hash[32];
    for (uint64_t n = 0;; n++) {
        decimal_text(n, number);
        slice parts[] = {slice_str(ticket), slice_str(":"), slice_str(number)};
        CHECK_OK(crypto_sha256.hash(hash, parts, 3));
        if (crypto_work_bits(hash) >= bits)
            return;
    }
}

/* What looking at it says, with this much work; `from` is kept. */
static uint64_t from;
static err look(uint64_t now, const char *ticket, const char *work, unsigned bits) {
    struct page_ticket p = {.ticket = slice_str(ticket), .work = slice_str(work), .bits = bits};
    err e = page_ticket_check(&tickets, now, &p);
    from = p.from;
    return e;
}

static void make(enum page_ticket_kind kind, char ticket[PAGE_TICKET]) {
    CHECK_OK(page_ticket_make(&tickets, kind, SLICE_EMPTY, NOW, ticket));
}

TEST(a_ticket_counts_once_with_its_work) {
    char ticket[PAGE_TICKET], number[DECIMAL_TEXT];
    page_tickets_init(&tickets);
    make(PAGE_TICKET_WORK, ticket);
    work_for(ticket, 10, number);
    CHECK_ERR(look(NOW, ticket, "", 10), ERR_PROOF);
    CHECK_ERR(look(NOW, ticket, number, 30), ERR_PROOF);
    CHECK_OK(look(NOW, ticket, number, 10));
    CHECK_ERR(look(NOW + PAGE_TICKET_LIFE, ticket, number, 10), ERR_EXPIRED);
    page_ticket_begin(&tickets, NOW, slice_str(ticket));
    page_ticket_end(&tickets, slice_str(ticket), true);
    CHECK_ERR(look(NOW, ticket, number, 10), ERR_REPEAT);
    CHECK_EQ(page_tickets_used(&tickets, NOW), 1);
    page_tickets_fini(&tickets);
}

TEST(a_ticket_is_for_one_upload_at_a_time_and_for_three_in_all) {
    char ticket[PAGE_TICKET];
    page_tickets_init(&tickets);
    make(PAGE_TICKET_SIGNED, ticket);
    for (int i = 0; i < PAGE_TICKET_TRIES; i++) {
        CHECK_OK(look(NOW, ticket, "", 0));
        page_ticket_begin(&tickets, NOW, slice_str(ticket));
        CHECK_ERR(look(NOW, ticket, "", 0), ERR_REPEAT);
        page_ticket_end(&tickets, slice_str(ticket), false);
    }
    CHECK_ERR(look(NOW, ticket, "", 0), ERR_REPEAT);
    CHECK_EQ(page_tickets_used(&tickets, NOW), 1);
    page_tickets_fini(&tickets);
}

TEST(a_ticket_that_was_changed_is_not_ours) {
    char ticket[PAGE_TICKET];
    page_tickets_init(&tickets);
    make(PAGE_TICKET_WORK, ticket);
    for (size_t i = 0; i < strlen(ticket); i++) {
        char was = ticket[i];
        ticket[i] = was == '0' ? '1' : '0';
        CHECK_ERR(look(NOW, ticket, "1", 0), ERR_DENIED);
        ticket[i] = was;
    }
    CHECK_ERR(look(NOW, "abc", "", 0), ERR_MALFORMED);
    page_tickets_fini(&tickets);
}

TEST(a_signed_ticket_is_of_one_authority) {
    char ticket[PAGE_TICKET];
    page_tickets_init(&tickets);
    CHECK_OK(page_ticket_make(&tickets, PAGE_TICKET_SIGNED, slice_str("de-court"), NOW, ticket));
    struct page_ticket p = {.ticket = slice_str(ticket), .authority = slice_str("de-court")};
    CHECK_OK(page_ticket_check(&tickets, NOW, &p));
    CHECK_EQ(p.kind, PAGE_TICKET_SIGNED);
    p.authority = slice_str("fr-court");
    CHECK_ERR(page_ticket_check(&tickets, NOW, &p), ERR_DENIED);
    page_tickets_fini(&tickets);
}

TEST(who_waits_has_a_place_in_the_line_and_needs_no_work) {
    char first[PAGE_TICKET], second[PAGE_TICKET];
    uint64_t a, b;
    page_tickets_init(&tickets);
    CHECK_OK(page_ticket_wait(&tickets, NOW, PAGE_TICKET_STEP, first, &a));
    CHECK_OK(page_ticket_wait(&tickets, NOW, PAGE_TICKET_STEP, second, &b));
    CHECK(a == NOW + PAGE_TICKET_WAIT && b == a + PAGE_TICKET_STEP);
    CHECK_ERR(look(a - 1, first, "", 20), ERR_EARLY);
    CHECK(from == a);
    CHECK_OK(look(a, first, "", 20));
    CHECK_ERR(look(a, second, "", 20), ERR_EARLY);
    page_tickets_fini(&tickets);
}

TEST(a_flood_of_waiting_tickets_fills_the_line_and_nothing_else) {
    char ticket[PAGE_TICKET];
    uint64_t place;
    page_tickets_init(&tickets);
    err e = OK;
    unsigned n = 0;
    while ((e = page_ticket_wait(&tickets, NOW, PAGE_TICKET_STEP, ticket, &place)) == OK)
        n++;
    CHECK_ERR(e, ERR_LIMIT);
    CHECK(n <= PAGE_TICKET_LINE / PAGE_TICKET_STEP);
    make(PAGE_TICKET_WORK, ticket);
    CHECK_OK(page_ticket_wait(&tickets, NOW + TIME_MINUTE, PAGE_TICKET_STEP, ticket, &place));
    page_tickets_fini(&tickets);
}

TEST_MAIN
