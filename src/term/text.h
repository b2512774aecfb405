/* Text that others wrote, made fit to be shown; and JSON. */
#ifndef SOTTO_TERM_TEXT_H
#define SOTTO_TERM_TEXT_H

#include "base/slice.h"

/* One UTF-8 character: its length and its code point. Not UTF-8: length 1 and *point is
 * TEXT_INVALID. text.n > 0. */
#define TEXT_INVALID UINT32_MAX
size_t text_point(slice text, uint32_t *point);

/* True for what a terminal might obey or show elsewhere than where it stands: control characters,
 * direction marks, invisible ones. */
bool text_is_unsafe(uint32_t point);

/* Appends text with whatever is unsafe in a visible form: \x1b, \u202e, \n. For names, and for what
 * has to stay on one line. */
MUST err text_show(buf *out, slice text);
/* The same, and the characters of `marks` (ASCII) in a visible form too: what stands around the name
 * can't be imitated by it. */
MUST err text_show_name(buf *out, slice text, const char *marks);
/* The same for a message of several lines: each line after the first begins with `indent`, so that no
 * message looks like the beginning of another. */
MUST err text_show_lines(buf *out, slice text, const char *indent);

/* Appends a JSON string with its quotation marks, ASCII-safe where a terminal might obey. What is
 * not UTF-8 becomes U+FFFD. */
MUST err text_json(buf *out, slice text);

#endif
