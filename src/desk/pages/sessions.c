#include "desk/pages/sessions.h"

#include "base/codec.h"
#include "base/text.h"
#include "base/time.h"
#include "crypto/crypto.h"

void page_sessions_init(struct page_sessions *s) {
    *s = (struct page_sessions){.key = {0}};
    crypto_random(s->key, sizeof(s->key));
}

void page_sessions_fini(struct page_sessions *s) {
    wipe(s, sizeof(*s));
}

static err hash_of(slice token, uint8_t hash[32]) {
    return crypto_sha256.hash(hash, &token, 1);
}

err page_session_begin(struct page_sessions *s, slice person, uint64_t office, uint64_t now,
                       char token[PAGE_TOKEN + 1]) {
    struct page_session *free = NULL;
    for (size_t i = 0; i < PAGE_SESSIONS && free == NULL; i++)
        if (s->each[i].until <= now)
            free = &s->each[i];
    if (free == NULL || person.n >= PAGE_ID)
        return ERR_LIMIT;
    uint8_t random[PAGE_TOKEN / 2];
    crypto_random(random, sizeof(random));
    buf text = buf_on(NULL);
    err e = hex_encode(&text, SLICE_ARRAY(random));
    wipe(random, sizeof(random));
    struct page_session made = {.until = now + PAGE_SESSION_LIFE, .office = office};
    if (e == OK)
        e = hash_of(buf_slice(&text), made.hash);
    if (e == OK) {
        memcpy(token, text.p, PAGE_TOKEN);
        token[PAGE_TOKEN] = '\0';
        memcpy(made.person, person.p, person.n);
        *free = made;
    }
    buf_free(&text);
    return e;
}

static struct page_session *find(struct page_sessions *s, slice token) {
    uint8_t hash[32];
    if (token.n != PAGE_TOKEN || hash_of(token, hash) != OK)
        return NULL;
    for (size_t i = 0; i < PAGE_SESSIONS; i++)
        if (s->each[i].until > 0 && equal_secret(s->each[i].hash, hash, sizeof(hash)))
            return &s->each[i];
    return NULL;
}

const struct page_session *page_session_find(struct page_sessions *s, slice token, uint64_t now) {
    const struct page_session *found = find(s, token);
    /* A clock that went back ends it too. */
    return found != NULL && found->until > now && found->until <= now + PAGE_SESSION_LIFE ? found
                                                                                          : NULL;
}

void page_session_end(struct page_sessions *s, slice token) {
    struct page_session *found = find(s, token);
    if (found != NULL)
        wipe(found, sizeof(*found));
}

/* ---- Nonces: the time, random bytes, and half a MAC over both ---- */

enum { NONCE_TIME = 8, NONCE_RANDOM = 8, NONCE_SAID = NONCE_TIME + NONCE_RANDOM };

static err mac_of(const struct page_sessions *s, const uint8_t *nonce, uint8_t mac[32]) {
    slice said[] = {slice_str("nonce"), slice_of(nonce, NONCE_SAID)};
    return crypto_sha256.hmac(mac, SLICE_ARRAY(s->key), said, 2);
}

err page_nonce_make(struct page_sessions *s, uint64_t now, uint8_t nonce[32]) {
    uint8_t mac[32];
    put_u64(nonce, now + PAGE_NONCE_LIFE);
    crypto_random(nonce + NONCE_TIME, NONCE_RANDOM);
    TRY(mac_of(s, nonce, mac));
    memcpy(nonce + NONCE_SAID, mac, 32 - NONCE_SAID);
    return OK;
}

err page_nonce_use(struct page_sessions *s, uint64_t now, const uint8_t nonce[32]) {
    uint8_t mac[32];
    uint64_t until;
    reader r = reader_of(slice_of(nonce, NONCE_TIME));
    TRY(reader_u64(&r, &until));
    TRY(mac_of(s, nonce, mac));
    if (!equal_secret(mac, nonce + NONCE_SAID, 32 - NONCE_SAID) || until <= now ||
        until > now + PAGE_NONCE_LIFE)
        return ERR_DENIED;
    size_t free = PAGE_NONCES;
    for (size_t i = 0; i < PAGE_NONCES; i++) {
        if (s->used[i].until <= now)
            free = i;
        else if (memcmp(s->used[i].nonce, nonce, 32) == 0)
            return ERR_REPEAT;
    }
    if (free == PAGE_NONCES)
        return ERR_LIMIT;
    memcpy(s->used[free].nonce, nonce, 32);
    s->used[free].until = until;
    return OK;
}
