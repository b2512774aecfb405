/* HTML, written so that nothing reaches a page unescaped: there is no function that appends markup
 * as a string. Elements are opened and closed; what is written between is text.
 *
 * The first failure sticks, and later calls do nothing; html_result, at the end, tells of it. What
 * only a mistake of ours can do is BUG: an element left open, an attribute that holds script or
 * style, an address that leads to neither a path of ours nor https. */
#ifndef SOTTO_DESK_HTML_H
#define SOTTO_DESK_HTML_H

#include "base/slice.h"

enum { HTML_DEPTH = 32 };

struct html {
    buf *out;
    err failed;
    bool tag;                     /* an opening tag can still take attributes */
    bool empty;                   /* ... and its element has no content */
    const char *open[HTML_DEPTH]; /* names of the elements that are open */
    size_t depth;
};

/* Appends to out, which must outlive it. */
void html_init(struct html *h, buf *out);
/* OK, NO_MEMORY or BUG. */
MUST err html_result(const struct html *h);
/* For a failure of the caller's. */
void html_fail(struct html *h, err e);

/* "<!doctype html>" */
void html_doctype(struct html *h);
/* Opens an element. After its name come attributes, each a name and a value, and NULL. All are
 * literals or otherwise last for the call; a value of NULL leaves its attribute out. */
__attribute__((sentinel)) void html_open(struct html *h, const char *name, ...);
/* The same for an element that has no content and isn't closed: br, hr, img, input, link, meta. */
__attribute__((sentinel)) void html_void(struct html *h, const char *name, ...);
/* One more attribute of the element that was opened last, before anything is written into it. */
void html_attr(struct html *h, const char *name, slice value);
void html_attr_number(struct html *h, const char *name, uint64_t value);
/* Closes the element that was opened last. */
void html_close(struct html *h);

/* Text. Characters that could mislead who reads (no UTF-8, control characters, direction marks,
 * invisible ones) are shown by their numbers: U+202E. */
void html_text(struct html *h, slice text);
void html_string(struct html *h, const char *text);
void html_number(struct html *h, uint64_t number);
/* An element with a text and nothing else. Attributes as for html_open. */
__attribute__((sentinel)) void html_element(struct html *h, const char *name, slice text, ...);

#endif
