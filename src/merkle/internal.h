/* What the files of merkle/ share: lines of text as C2SP writes them, and tiles' insides. Nobody
 * outside includes this. */
#ifndef SOTTO_MERKLE_INTERNAL_H
#define SOTTO_MERKLE_INTERNAL_H

#include "base/text.h"
#include "merkle/note.h"
#include "merkle/tile.h"

/* Takes a line, without its newline. MALFORMED if there is no newline. */
MUST err lines_next(slice *rest, slice *line);

/* A hash in base64, and a newline. */
MUST err lines_add_hash(buf *out, const struct merkle_hash *hash);

/* The root above 2^height hashes that stand one after another, height at most 8. */
void merkle_subtree_hash(struct merkle_hash *out, const uint8_t *hashes, unsigned height);

/* Bytes of a cosignature: its time, and the signature. */
enum { MERKLE_COSIGNATURE = 8 + 64 };

/* The next signature, from *at on, that says that it is the key's: its n bytes. NOT_FOUND if there
 * is none; SIGNATURE if it has another length. */
MUST err merkle_signature_next(const struct merkle_note *note, const struct merkle_key *key,
                               size_t *at, uint8_t *signature, size_t n);
/* Appends the line of a signature. */
MUST err merkle_signature_line(buf *out, const struct merkle_key *key, slice signature);
/* IDENTITY if the key is not the seed's. */
MUST err merkle_key_fits(const struct merkle_key *key, const uint8_t *seed);

#endif
