#include "base/codec.h"
#include "crypto/crypto.h"
#include "merkle/internal.h"

static const char DASH[] = "\xe2\x80\x94 "; /* U+2014, and a space */

enum { ID = 4, SIGNATURE = 64 };

/* ---- Keys ---- */

/* Unicode's White_Space, without the control characters. */
static bool is_space(uint32_t point) {
    return point == ' ' || point == 0x85 || point == 0xa0 || point == 0x1680 ||
           (point >= 0x2000 && point <= 0x200a) || point == 0x2028 || point == 0x2029 ||
           point == 0x202f || point == 0x205f || point == 0x3000;
}

static bool is_text(slice text, bool name) {
    while (text.n > 0) {
        uint32_t point;
        size_t n = utf8_decode(text, &point);
        if (n == 0 || (point < ' ' && (name || point != '\n')))
            return false;
        if (name && (is_space(point) || point == '+'))
            return false;
        text = slice_of(text.p + n, text.n - n);
    }
    return true;
}

static uint32_t id_of(const uint8_t bytes[ID]) {
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static slice name_of(const struct merkle_key *key) {
    return slice_of(key->name, key->name_n);
}

err merkle_key_make(struct merkle_key *key, enum merkle_key_type type, slice name,
                    const uint8_t public[MERKLE_KEY]) {
    if (type != MERKLE_KEY_ED25519 && type != MERKLE_KEY_COSIGNATURE)
        return ERR_UNSUPPORTED;
    if (name.n > MERKLE_KEY_NAME_MAX)
        return ERR_TOO_LARGE;
    if (name.n == 0 || !is_text(name, true))
        return ERR_MALFORMED;
    *key = (struct merkle_key){.type = (uint8_t)type, .name_n = name.n};
    memcpy(key->public, public, MERKLE_KEY);
    memcpy(key->name, name.p, name.n);
    uint8_t digest[32];
    struct crypto_sha256_state state;
    crypto_sha256_begin(&state);
    crypto_sha256_add(&state, name);
    crypto_sha256_add(&state, slice_of((uint8_t[]){'\n', key->type}, 2));
    crypto_sha256_add(&state, SLICE_ARRAY(key->public));
    crypto_sha256_digest(&state, digest);
    key->id = id_of(digest);
    return OK;
}

err merkle_key_parse(struct merkle_key *key, slice text) {
    uint8_t id[ID], typed[1 + MERKLE_KEY];
    slice name = slice_until(&text, '+');
    TRY(hex_decode_to(id, sizeof id, slice_until(&text, '+'))); /* both cases, as others read it */
    TRY(base64_decode_to(typed, sizeof typed, text));
    struct merkle_key read;
    TRY(merkle_key_make(&read, typed[0], name, typed + 1));
    if (read.id != id_of(id))
        return ERR_MALFORMED;
    *key = read;
    return OK;
}

err merkle_key_format(buf *out, const struct merkle_key *key) {
    uint8_t id[ID], typed[1 + MERKLE_KEY] = {key->type};
    put_u32(id, key->id);
    memcpy(typed + 1, key->public, MERKLE_KEY);
    TRY(buf_append(out, name_of(key)));
    TRY(buf_append_byte(out, '+'));
    TRY(hex_encode(out, SLICE_ARRAY(id)));
    TRY(buf_append_byte(out, '+'));
    return base64_encode(out, SLICE_ARRAY(typed));
}

err merkle_key_fits(const struct merkle_key *key, const uint8_t *seed) {
    uint8_t public[MERKLE_KEY];
    TRY(crypto_ed25519.public_of(public, seed));
    return memcmp(public, key->public, MERKLE_KEY) == 0 ? OK : ERR_IDENTITY;
}

/* ---- Reading ---- */

/* `scratch` is what the base64 holds. */
static err read_signature(struct merkle_signature *s, slice line, buf *scratch) {
    s->base64 = line;
    if (!slice_skip(&s->base64, slice_str(DASH)))
        return ERR_MALFORMED;
    s->name = slice_until(&s->base64, ' ');
    if (s->name.n == 0 || !is_text(s->name, true))
        return ERR_MALFORMED;
    buf_clear(scratch);
    TRY(base64_decode(scratch, s->base64));
    if (scratch->n <= ID)
        return ERR_MALFORMED;
    s->id = id_of(scratch->p);
    return OK;
}

static err read_signatures(struct merkle_note *note, slice lines) {
    buf scratch = {0};
    err e = OK;
    note->count = 0;
    while (lines.n > 0 && e == OK) {
        slice line;
        e = lines_next(&lines, &line);
        if (e == OK && note->count == MERKLE_NOTE_SIGNATURES)
            e = ERR_LIMIT;
        if (e == OK)
            e = read_signature(&note->signatures[note->count++], line, &scratch);
    }
    buf_free(&scratch);
    return e;
}

err merkle_note_parse(struct merkle_note *note, slice bytes) {
    if (bytes.n > MERKLE_NOTE_MAX)
        return ERR_TOO_LARGE;
    if (!is_text(bytes, false))
        return ERR_MALFORMED;
    /* The text ends at the last empty line. */
    size_t at = bytes.n;
    while (at >= 2 && memcmp(bytes.p + at - 2, "\n\n", 2) != 0)
        at--;
    if (at < 2 || at == bytes.n)
        return ERR_MALFORMED;
    note->text = slice_of(bytes.p, at - 1);
    return read_signatures(note, slice_of(bytes.p + at, bytes.n - at));
}

err merkle_signature_next(const struct merkle_note *note, const struct merkle_key *key, size_t *at,
                          uint8_t *signature, size_t n) {
    while (*at < note->count) {
        const struct merkle_signature *s = &note->signatures[(*at)++];
        if (s->id != key->id || !slice_equal(s->name, name_of(key)))
            continue;
        buf bytes = {0};
        err e = base64_decode(&bytes, s->base64);
        if (e == OK && bytes.n != ID + n)
            e = ERR_SIGNATURE;
        if (e == OK)
            memcpy(signature, bytes.p + ID, n);
        buf_free(&bytes);
        return e;
    }
    return ERR_NOT_FOUND;
}

err merkle_note_verify(const struct merkle_note *note, const struct merkle_key *key) {
    if (key->type != MERKLE_KEY_ED25519)
        return ERR_UNSUPPORTED;
    uint8_t signature[SIGNATURE];
    size_t at = 0, right = 0;
    err e;
    while ((e = merkle_signature_next(note, key, &at, signature, sizeof signature)) == OK) {
        TRY(crypto_ed25519.verify(SLICE_ARRAY(signature), SLICE_ARRAY(key->public), note->text));
        right++;
    }
    return e == ERR_NOT_FOUND && right > 0 ? OK : e;
}

/* ---- Writing ---- */

err merkle_note_begin(buf *note, slice text) {
    if (text.n >= MERKLE_NOTE_MAX)
        return ERR_TOO_LARGE;
    if (text.n == 0 || text.p[text.n - 1] != '\n' || !is_text(text, false))
        return ERR_MALFORMED;
    TRY(buf_append(note, text));
    return buf_append_byte(note, '\n');
}

err merkle_signature_line(buf *out, const struct merkle_key *key, slice signature) {
    uint8_t id[ID];
    put_u32(id, key->id);
    buf bytes = {0}, line = {0};
    writer w = writer_on(&line);
    writer_bytes(&w, slice_str(DASH));
    writer_bytes(&w, name_of(key));
    writer_u8(&w, ' ');
    err e = buf_append(&bytes, SLICE_ARRAY(id));
    if (e == OK)
        e = buf_append(&bytes, signature);
    if (e == OK)
        e = writer_result(&w);
    if (e == OK)
        e = base64_encode(&line, buf_slice(&bytes));
    if (e == OK)
        e = buf_append_byte(&line, '\n');
    if (e == OK)
        e = buf_append(out, buf_slice(&line));
    buf_free(&bytes);
    buf_free(&line);
    return e;
}

err merkle_note_sign(buf *note, slice text, const struct merkle_key *key, const uint8_t *seed) {
    uint8_t signature[SIGNATURE];
    size_t n = sizeof signature;
    if (key->type != MERKLE_KEY_ED25519)
        return ERR_UNSUPPORTED;
    TRY(merkle_key_fits(key, seed));
    TRY(crypto_ed25519.sign(signature, &n, seed, text));
    return merkle_signature_line(note, key, slice_of(signature, n));
}
