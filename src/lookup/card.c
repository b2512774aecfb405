/* Contact cards: where one lies and what it opens with, and what it holds. docs/decisions/0026 has
 * the words. */
#include "crypto/crypto.h"
#include "lookup/handle_form.h"
#include "lookup/lookup.h"

enum { PASSES = 3, PLACE = 32, CARD_NONCE = 24, CARD_PLAIN = PROTO_CARD - CARD_NONCE - 16 };

/* ---- Places ---- */

static err salt_of(const uint8_t server[32], uint8_t salt[16]) {
    static const char label[] = "Sotto handle salt v1";
    slice parts[] = {slice_of(label, sizeof label), slice_of(server, 32)};
    return crypto_blake2b_keyed(salt, 16, SLICE_EMPTY, parts, 2);
}

err lookup_card_stretch(const uint8_t server[32], size_t memory, slice form, slice pin,
                        struct lookup_card_keys *keys) {
    uint8_t salt[16], out[sizeof *keys];
    buf input = {0};
    err e = lookup_handle_skeleton(form, &input);
    if (e == OK && pin.n > 0)
        e = buf_append_byte(&input, 0);
    if (e == OK)
        e = buf_append(&input, pin);
    if (e == OK)
        e = salt_of(server, salt);
    if (e == OK)
        e = crypto_argon2id(out, sizeof out, buf_slice(&input), salt, PASSES, memory);
    if (e == OK) {
        memcpy(keys->place, out, PLACE);
        memcpy(keys->key, out + PLACE, sizeof keys->key);
    }
    wipe(out, sizeof out);
    buf_free(&input);
    return e;
}

/* ---- Content ---- */

static const struct crypto_aead *aead(void) {
    return &crypto_xchacha20poly1305;
}

err lookup_card_seal(const struct lookup_card_keys *keys, const struct proto_card_content *content,
                     uint8_t card[PROTO_CARD]) {
    buf plain = {0};
    err e = proto_card_content_encode(&plain, content);
    if (e == OK && plain.n > CARD_PLAIN)
        e = ERR_TOO_LARGE;
    if (e == OK)
        e = buf_resize(&plain, CARD_PLAIN);
    crypto_random(card, CARD_NONCE);
    if (e == OK)
        e = aead()->seal(card + CARD_NONCE, keys->key, card, SLICE_ARRAY(keys->place),
                         buf_slice(&plain));
    buf_free(&plain);
    return e;
}

/* Zeros follow the content, and nothing else. */
static err read_content(slice plain, struct proto_card_content *content) {
    reader r = reader_of(plain);
    TRY(proto_card_content_read(&r, content));
    for (size_t i = 0; i < r.n; i++)
        if (r.p[i] != 0)
            return ERR_MALFORMED;
    return OK;
}

err lookup_card_open(const struct lookup_card_keys *keys, slice card, buf *plain,
                     struct proto_card_content *content) {
    if (card.n != PROTO_CARD)
        return ERR_MALFORMED;
    TRY(buf_resize(plain, CARD_PLAIN));
    if (aead()->open(plain->p, keys->key, card.p, SLICE_ARRAY(keys->place),
                     slice_of(card.p + CARD_NONCE, card.n - CARD_NONCE)) != OK)
        return ERR_NOT_FOUND;
    return read_content(buf_slice(plain), content);
}
