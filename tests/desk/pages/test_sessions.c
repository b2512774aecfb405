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

TEST(a_ticket_counts_once_with_its_work) {
    char ticket[PAGE_TICKET], number[DECIMAL_TEXT];
    uint64_t from;
    page_tickets_init(&tickets);
    CHECK_OK(page_ticket_make(&tickets, NOW, ticket));
    work_for(ticket, 10, number);
    slice t = slice_str(ticket), w = slice_str(number);
    CHECK_ERR(page_ticket_check(&tickets, NOW, 10, t, SLICE_EMPTY, &from), ERR_PROOF);
    CHECK_ERR(page_ticket_check(&tickets, NOW, 30, t, w, &from), ERR_PROOF);
    CHECK_OK(page_ticket_check(&tickets, NOW, 10, t, w, &from));
    CHECK_ERR(page_ticket_check(&tickets, NOW + PAGE_TICKET_LIFE, 10, t, w, &from), ERR_EXPIRED);
    page_ticket_use(&tickets, NOW, t);
    CHECK_ERR(page_ticket_check(&tickets, NOW, 10, t, w, &from), ERR_REPEAT);
    page_tickets_fini(&tickets);
}

TEST(a_ticket_that_was_changed_is_not_ours) {
    char ticket[PAGE_TICKET];
    uint64_t from;
    page_tickets_init(&tickets);
    CHECK_OK(page_ticket_make(&tickets, NOW, ticket));
    for (size_t i = 0; i < strlen(ticket); i++) {
        char was = ticket[i];
        ticket[i] = was == '0' ? '1' : '0';
        CHECK_ERR(page_ticket_check(&tickets, NOW, 0, slice_str(ticket), slice_str("1"), &from),
                  ERR_DENIED);
        ticket[i] = was;
    }
    CHECK_ERR(page_ticket_check(&tickets, NOW, 0, slice_str("abc"), SLICE_EMPTY, &from),
              ERR_MALFORMED);
    page_tickets_fini(&tickets);
}

TEST(who_waits_has_a_place_in_the_line_and_needs_no_work) {
    char first[PAGE_TICKET], second[PAGE_TICKET];
    uint64_t a, b, from;
    page_tickets_init(&tickets);
    CHECK_OK(page_ticket_wait(&tickets, NOW, first, &a));
    CHECK_OK(page_ticket_wait(&tickets, NOW, second, &b));
    CHECK(a == NOW + PAGE_TICKET_WAIT && b == a + PAGE_TICKET_STEP);
    CHECK_ERR(page_ticket_check(&tickets, a - 1, 20, slice_str(first), SLICE_EMPTY, &from),
              ERR_EARLY);
    CHECK(from == a);
    CHECK_OK(page_ticket_check(&tickets, a, 20, slice_str(first), SLICE_EMPTY, &from));
    CHECK_ERR(page_ticket_check(&tickets, a, 20, slice_str(second), SLICE_EMPTY, &from), ERR_EARLY);
    page_tickets_fini(&tickets);
}

TEST(a_flood_of_waiting_tickets_fills_the_line_and_nothing_else) {
    char ticket[PAGE_TICKET];
    uint64_t from;
    page_tickets_init(&tickets);
    err e = OK;
    unsigned n = 0;
    while ((e = page_ticket_wait(&tickets, NOW, ticket, &from)) == OK)
        n++;
    CHECK_ERR(e, ERR_LIMIT);
    CHECK(n <= PAGE_TICKET_LINE / PAGE_TICKET_STEP);
    CHECK_OK(page_ticket_make(&tickets, NOW, ticket));
    CHECK_OK(page_ticket_wait(&tickets, NOW + TIME_MINUTE, ticket, &from));
    page_tickets_fini(&tickets);
}

TEST_MAIN
