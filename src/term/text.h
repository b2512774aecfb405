/* Text that others wrote, made fit to be shown. */
#ifndef SOTTO_TERM_TEXT_H
#define SOTTO_TERM_TEXT_H

#include "base/text.h"

/* Appends text with whatever is unsafe in a visible form: \x1b, \u202e, \n. For names, and for what
 * has to stay on one line. */
MUST err text_show(buf *out, slice text);
/* The same, and the characters of `marks` (ASCII) in a visible form too: what stands around the
 * name can't be imitated by it. */
MUST err text_show_name(buf *out, slice text, const char *marks);
/* The same for a message of several lines: each line after the first begins with `indent`, so that
 * no message looks like the beginning of another. */
MUST err text_show_lines(buf *out, slice text, const char *indent);

/* Whether it contains this; letters of ASCII in either case are the same. */
bool text_has(slice text, slice needle);

#endif
