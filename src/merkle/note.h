/* Signed notes (C2SP signed-note): text, an empty line, and lines of signatures by named keys. What
 * is written and what is accepted is UTF-8 without control characters but the newline. */
#ifndef SOTTO_MERKLE_NOTE_H
#define SOTTO_MERKLE_NOTE_H

#include "base/slice.h"

enum {
    MERKLE_KEY = 32,
    MERKLE_KEY_NAME_MAX = 255,
    MERKLE_NOTE_MAX = 1 << 20, /* bytes */
    MERKLE_NOTE_SIGNATURES = 64
};

enum merkle_key_type {
    MERKLE_KEY_ED25519 = 0x01,
    MERKLE_KEY_COSIGNATURE = 0x04 /* a witness's: checkpoint.h */
};

/* Who signs. Its private half is an Ed25519 seed, which the caller keeps. */
struct merkle_key {
    uint8_t type;
    uint8_t public[MERKLE_KEY];
    uint32_t id;
    size_t name_n;
    uint8_t name[MERKLE_KEY_NAME_MAX];
};

/* Of a name (UTF-8 without spaces and plus signs) and a public key. MALFORMED, TOO_LARGE, or
 * UNSUPPORTED for another type. */
MUST err merkle_key_make(struct merkle_key *key, enum merkle_key_type type, slice name,
                         const uint8_t public[MERKLE_KEY]);
/* "name+id+key", the form in which keys are handed round. MALFORMED, also if the id is not that of
 * name and key; TOO_LARGE, UNSUPPORTED. */
MUST err merkle_key_parse(struct merkle_key *key, slice text);
MUST err merkle_key_format(buf *out, const struct merkle_key *key);

struct merkle_signature {
    slice name;
    uint32_t id;
    slice base64; /* of id and signature */
};
/* Points into the bytes that it was read from. */
struct merkle_note {
    slice text; /* with its last newline */
    size_t count;
    struct merkle_signature signatures[MERKLE_NOTE_SIGNATURES];
};

/* MALFORMED, TOO_LARGE for more than MERKLE_NOTE_MAX bytes, LIMIT for more than
 * MERKLE_NOTE_SIGNATURES signatures. Nothing is verified. */
MUST err merkle_note_parse(struct merkle_note *note, slice bytes);
/* The key's signature stands there and is right. NOT_FOUND if there is none: signatures by others
 * don't matter. SIGNATURE if one that says that it is the key's is wrong. UNSUPPORTED for a key
 * that is not of type MERKLE_KEY_ED25519. */
MUST err merkle_note_verify(const struct merkle_note *note, const struct merkle_key *key);

/* Appends text and empty line: a note to which signatures are appended. MALFORMED for text that a
 * note can't hold, or that doesn't end in a newline; TOO_LARGE. */
MUST err merkle_note_begin(buf *note, slice text);
/* Appends the line of a signature over text. IDENTITY if the key is not the seed's (32 bytes);
 * UNSUPPORTED. */
MUST err merkle_note_sign(buf *note, slice text, const struct merkle_key *key, const uint8_t *seed);

#endif
