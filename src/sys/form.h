/* What a browser sends when a form is filled in: the two forms of its fields, and cookies. Without
 * I/O; nothing here is trusted.
 *
 * Names and values are bytes: whether they are UTF-8, and what they may hold, is for who asks. */
#ifndef SOTTO_SYS_FORM_H
#define SOTTO_SYS_FORM_H

#include "base/slice.h"

/* ---- application/x-www-form-urlencoded: a form's body, and the query of an address ---- */

/* Takes the next field off the form; name and value are replaced. NOT_FOUND at its end; MALFORMED
 * for a % without two digits. */
MUST err sys_form_next(slice *form, buf *name, buf *value);
/* Replaces value by that of the field with this name. NOT_FOUND; REPEAT if it stands there twice;
 * MALFORMED. */
MUST err sys_form_value(slice form, const char *name, buf *value);

/* ---- A Cookie header ---- */

/* The value of the cookie with this name, into `cookies`. NOT_FOUND; REPEAT if it stands there
 * twice, which is how another site under the same domain would slip in its own. */
MUST err sys_cookie_value(slice cookies, const char *name, slice *value);

/* ---- multipart/form-data (RFC 7578), as it arrives ---- */

/* Point into bytes that are gone after the call. A name or file name has %22, %0D and %0A where the
 * browser found a quote or the end of a line. */
struct sys_form_part {
    slice name;
    slice file; /* what the sender calls the file; p is NULL for a field without one */
    slice type; /* Content-Type; empty if it has none */
};

/* Errors of these are returned by whoever called them. */
struct sys_form_sink {
    err (*part)(void *ctx, const struct sys_form_part *part); /* one begins, and the last ends */
    err (*bytes)(void *ctx, slice bytes);                     /* of the part that began last */
};

enum { SYS_FORM_BOUNDARY_MAX = 70, SYS_FORM_HEAD_MAX = 4096 };

struct sys_multipart {
    const struct sys_form_sink *sink;
    void *ctx;
    buf held; /* what can't be told yet: never more than a part's head and what was fed */
    size_t delimiter_n;
    uint8_t delimiter[4 + SYS_FORM_BOUNDARY_MAX];
    err failed;
    uint8_t state;
    bool inside; /* a part has begun */
};

/* type: the Content-Type header, of which the boundary is read. UNSUPPORTED if it is another type,
 * MALFORMED; then there is nothing to end. The sink's parts are told as they come. */
MUST err sys_multipart_init(struct sys_multipart *m, slice type, const struct sys_form_sink *sink,
                            void *ctx);
void sys_multipart_fini(struct sys_multipart *m);
/* MALFORMED, TOO_LARGE for a part's head, TRAILING for bytes after the end, NO_MEMORY. After an
 * error it takes no more: the same again. */
MUST err sys_multipart_feed(struct sys_multipart *m, slice bytes);
/* That it came to its end. TRUNCATED, or what feed said. */
MUST err sys_multipart_end(const struct sys_multipart *m);

#endif
