#include "merkle/checkpoint.h"

#include "base/codec.h"
#include "crypto/crypto.h"
#include "merkle/internal.h"

#define SECONDS_MAX ((uint64_t)INT64_MAX)

err merkle_checkpoint_parse(struct merkle_checkpoint *checkpoint, slice text) {
    slice line;
    TRY(lines_next(&text, &checkpoint->origin));
    TRY(lines_next(&text, &line));
    TRY(decimal_decode(line, MERKLE_SIZE_MAX, &checkpoint->size));
    TRY(lines_next(&text, &line));
    TRY(base64_decode_to(checkpoint->root.bytes, MERKLE_HASH, line));
    checkpoint->extensions = text;
    while (text.n > 0) {
        TRY(lines_next(&text, &line));
        if (line.n == 0)
            return ERR_MALFORMED;
    }
    return checkpoint->origin.n > 0 ? OK : ERR_MALFORMED;
}

err merkle_checkpoint_format(buf *text, const struct merkle_checkpoint *checkpoint) {
    struct merkle_checkpoint back;
    buf own = {0};
    writer w = writer_on(&own);
    writer_bytes(&w, checkpoint->origin);
    writer_u8(&w, '\n');
    err e = writer_result(&w);
    if (e == OK)
        e = decimal_encode(&own, checkpoint->size);
    if (e == OK)
        e = buf_append_byte(&own, '\n');
    if (e == OK)
        e = lines_add_hash(&own, &checkpoint->root);
    if (e == OK)
        e = buf_append(&own, checkpoint->extensions);
    if (e == OK)
        e = merkle_checkpoint_parse(&back, buf_slice(&own));
    if (e == OK && !slice_equal(back.origin, checkpoint->origin))
        e = ERR_MALFORMED;
    if (e == OK)
        e = buf_append(text, buf_slice(&own));
    buf_free(&own);
    return e;
}

/* ---- Cosignatures ---- */

enum { TIME = 8, SIGNATURE = 64 };

/* What a witness signs. */
static err message_of(buf *message, uint64_t seconds, slice text) {
    struct merkle_checkpoint checkpoint;
    TRY(merkle_checkpoint_parse(&checkpoint, text));
    TRY(buf_append(message, slice_str("cosignature/v1\ntime ")));
    TRY(decimal_encode(message, seconds));
    TRY(buf_append_byte(message, '\n'));
    return buf_append(message, text);
}

err merkle_cosign(buf *note, slice text, const struct merkle_key *key, const uint8_t *seed,
                  uint64_t seconds) {
    if (key->type != MERKLE_KEY_COSIGNATURE)
        return ERR_UNSUPPORTED;
    if (seconds > SECONDS_MAX)
        return ERR_LIMIT;
    TRY(merkle_key_fits(key, seed));
    uint8_t timed[MERKLE_COSIGNATURE];
    size_t n = SIGNATURE;
    buf message = {0};
    put_u64(timed, seconds);
    err e = message_of(&message, seconds, text);
    if (e == OK)
        e = crypto_ed25519.sign(timed + TIME, &n, seed, buf_slice(&message));
    if (e == OK)
        e = merkle_signature_line(note, key, SLICE_ARRAY(timed));
    buf_free(&message);
    return e;
}

static err verify_one(slice text, const struct merkle_key *key, const uint8_t *timed,
                      uint64_t *seconds) {
    reader r = reader_of(slice_of(timed, TIME));
    buf message = {0};
    err e = reader_u64(&r, seconds);
    if (e == OK && *seconds > SECONDS_MAX)
        e = ERR_SIGNATURE;
    if (e == OK)
        e = message_of(&message, *seconds, text);
    if (e == OK)
        e = crypto_ed25519.verify(slice_of(timed + TIME, SIGNATURE), SLICE_ARRAY(key->public),
                                  buf_slice(&message));
    buf_free(&message);
    return e;
}

err merkle_cosignature_verify(const struct merkle_note *note, const struct merkle_key *key,
                              uint64_t *seconds) {
    if (key->type != MERKLE_KEY_COSIGNATURE)
        return ERR_UNSUPPORTED;
    uint8_t timed[MERKLE_COSIGNATURE];
    uint64_t one, newest = 0;
    size_t at = 0, right = 0;
    err e;
    while ((e = merkle_signature_next(note, key, &at, timed, sizeof timed)) == OK) {
        TRY(verify_one(note->text, key, timed, &one));
        newest = one > newest ? one : newest;
        right++;
    }
    if (e != ERR_NOT_FOUND || right == 0)
        return e;
    *seconds = newest;
    return OK;
}
