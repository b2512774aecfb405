/* Who is signed in: a cookie for each, kept by its hash, for fifteen minutes, with the passkey that
 * began it. And nonces for signing in, which are not kept: each proves itself, and one that was
 * used is remembered until it is over. */
#ifndef SOTTO_DESK_PAGES_SESSIONS_H
#define SOTTO_DESK_PAGES_SESSIONS_H

#include "base/slice.h"

enum { PAGE_SESSIONS = 256, PAGE_ID = 65, PAGE_TOKEN = 64, PAGE_NONCES = 1024 };
#define PAGE_SESSION_LIFE (15 * TIME_MINUTE)
#define PAGE_NONCE_LIFE (5 * TIME_MINUTE)

struct page_session {
    uint8_t hash[32]; /* of the cookie's token */
    char person[PAGE_ID];
    uint64_t until;  /* 0: free */
    uint64_t office; /* version of the office file when it began: a later one ends it */
};
struct page_sessions {
    struct page_session each[PAGE_SESSIONS];
    uint8_t key[32];
    struct {
        uint8_t nonce[32];
        uint64_t until;
    } used[PAGE_NONCES];
};

void page_sessions_init(struct page_sessions *s);
void page_sessions_fini(struct page_sessions *s);
/* The token, hexadecimal. LIMIT if there are too many. */
MUST err page_session_begin(struct page_sessions *s, slice person, uint64_t office, uint64_t now,
                            char token[PAGE_TOKEN + 1]);
/* NULL if there is none, or its time is over. */
const struct page_session *page_session_find(struct page_sessions *s, slice token, uint64_t now);
void page_session_end(struct page_sessions *s, slice token);

MUST err page_nonce_make(struct page_sessions *s, uint64_t now, uint8_t nonce[32]);
/* Uses it up. DENIED if it isn't ours or is over, REPEAT, LIMIT. */
MUST err page_nonce_use(struct page_sessions *s, uint64_t now, const uint8_t nonce[32]);

#endif
