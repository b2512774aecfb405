/* Bytes and numbers as text: hexadecimal, base32 for what people copy (lower case, no padding, RFC
 * 4648 alphabet), base64 with padding as signed notes and certificates have it; and the characters
 * of what people wrote. */
#ifndef SOTTO_BASE_TEXT_H
#define SOTTO_BASE_TEXT_H

#include "base/slice.h"

/* Appends the text (no NUL). */
MUST err hex_encode(buf *out, slice in);
/* Appends the bytes. Accepts both cases; MALFORMED for anything else. */
MUST err hex_decode(buf *out, slice in);
/* Of a hash, or 32 other bytes. */
enum { HEX_TEXT = 65 }; /* with the NUL */
void hex_text(const uint8_t bytes[32], char text[HEX_TEXT]);
MUST err base32_encode(buf *out, slice in);
/* Accepts both cases (a QR code prefers capitals). Refuses a last character with bits that no byte
 * holds, and lengths that no bytes have. MALFORMED adds nothing to out, here and in the other
 * decoders. */
MUST err base32_decode(buf *out, slice in);
MUST err base64_encode(buf *out, slice in);
/* One text for the same bytes: padding where it belongs, no bits that no byte holds, no spaces. */
MUST err base64_decode(buf *out, slice in);
/* The same for exactly n bytes. MALFORMED for any other number of them. */
MUST err hex_decode_to(uint8_t *out, size_t n, slice in);
MUST err base64_decode_to(uint8_t *out, size_t n, slice in);

/* A decimal number of at most max, without needless zeros. MALFORMED leaves *number. */
MUST err decimal_decode(slice in, uint64_t max, uint64_t *number);
MUST err decimal_encode(buf *out, uint64_t number);
enum { DECIMAL_TEXT = 21 }; /* with the NUL */
void decimal_text(uint64_t number, char text[DECIMAL_TEXT]);

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
/* True for what is safe and leaves nothing to see where it stands alone: spaces, fillers, joiners,
 * variation selectors. */
bool text_is_blank(uint32_t point);

#endif
