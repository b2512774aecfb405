/* Bytes as text: hexadecimal, and base32 for what people copy (lower case, no padding, RFC 4648
 * alphabet). */
#ifndef SOTTO_BASE_TEXT_H
#define SOTTO_BASE_TEXT_H

#include "base/slice.h"

/* Appends the text (no NUL). */
MUST err hex_encode(buf *out, slice in);
/* Appends the bytes. Accepts both cases; MALFORMED for anything else. */
MUST err hex_decode(buf *out, slice in);
MUST err base32_encode(buf *out, slice in);
/* Refuses a last character with bits that no byte holds, so that each text means one thing. */
MUST err base32_decode(buf *out, slice in);

#endif
