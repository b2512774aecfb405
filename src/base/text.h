/* Bytes as text: hexadecimal, base64 (RFC 4648 section 4), and base32 for what people copy (lower
 * case, no padding, RFC 4648 alphabet); and the characters of what people wrote. */
#ifndef SOTTO_BASE_TEXT_H
#define SOTTO_BASE_TEXT_H

#include "base/slice.h"

/* Appends the text (no NUL). */
MUST err hex_encode(buf *out, slice in);
/* Appends the bytes. Accepts both cases; MALFORMED for anything else. */
MUST err hex_decode(buf *out, slice in);
/* With padding. */
MUST err base64_encode(buf *out, slice in);
/* Takes the one spelling that base64_encode has for any bytes; MALFORMED adds nothing to out. */
MUST err base64_decode(buf *out, slice in);
MUST err base32_encode(buf *out, slice in);
/* Accepts both cases (a QR code prefers capitals). Refuses a last character with bits that no byte
 * holds, and lengths that no bytes have. MALFORMED adds nothing to out, here and in hex_decode. */
MUST err base32_decode(buf *out, slice in);

/* The UTF-8 character that text (n > 0) begins with: its length and its code point. 0 if there is
 * none: too long a form, a surrogate, beyond the last, cut off. */
size_t utf8_decode(slice text, uint32_t *point);
/* The same for text that is to be shown in any case: what is no character is TEXT_INVALID, of
 * length 1. */
#define TEXT_INVALID UINT32_MAX
size_t text_point(slice text, uint32_t *point);

/* True for what a terminal might obey or show elsewhere than where it stands: control characters,
 * direction marks, invisible ones. */
bool text_is_unsafe(uint32_t point);

#endif
