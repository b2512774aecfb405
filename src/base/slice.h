/* Borrowed bytes (slice) and owned bytes (buf). */
#ifndef SOTTO_BASE_SLICE_H
#define SOTTO_BASE_SLICE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"

/* Somebody else's bytes: valid as long as the owner says. p may be NULL if n is 0. */
typedef struct slice {
    const uint8_t *p;
    size_t n;
} slice;

static inline slice slice_of(const void *p, size_t n) {
    return (slice){(const uint8_t *)p, n};
}
static inline slice slice_str(const char *s) {
    return (slice){(const uint8_t *)s, strlen(s)};
}
#define SLICE_ARRAY(a) slice_of((a), sizeof(a))
#define SLICE_EMPTY ((slice){NULL, 0})

/* Not constant time: for public bytes. For secrets use equal_secret. */
static inline bool slice_equal(slice a, slice b) {
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}
/* Order of the bytes, a shorter prefix first: <0, 0, >0. */
int slice_compare(slice a, slice b);
/* Moves past what s begins with. False, and s as it was, if it begins otherwise. */
bool slice_skip(slice *s, slice beginning);
/* What stands before the first `end`; rest moves past that. All of it, and rest is empty, where
 * there is none. */
slice slice_until(slice *rest, uint8_t end);
/* The line that rest begins with, without its newline; rest moves past it. False, and rest as it
 * was, if it has none. */
bool slice_line(slice *rest, slice *line);

/* Growing bytes of our own. All zero is a valid empty buf on malloc. Whatever it held is wiped when
 * it is freed or moved. One whose cap is 0 borrows its bytes: it can be read and freed, which
 * leaves them alone, but not changed. */
typedef struct buf {
    uint8_t *p;
    size_t n;
    size_t cap;
    const struct mem *mem;
} buf;

static inline buf buf_on(const struct mem *mem) {
    return (buf){NULL, 0, 0, mem};
}
static inline slice buf_slice(const buf *b) {
    return (slice){b->p, b->n};
}

/* Makes room for n more bytes. NO_MEMORY leaves b as it was. */
MUST err buf_reserve(buf *b, size_t n);
/* s may not point into b. */
MUST err buf_append(buf *b, slice s);
MUST err buf_append_byte(buf *b, uint8_t byte);
/* Replaces the content by a copy of s. s may not point into b. */
MUST err buf_set(buf *b, slice s);
/* Sets the length; new bytes are zero. */
MUST err buf_resize(buf *b, size_t n);
/* Drops the first n bytes (n <= b->n). */
void buf_consume(buf *b, size_t n);
/* Length 0, memory kept, content wiped. */
void buf_clear(buf *b);
/* Wipes, frees, leaves a valid empty buf. */
void buf_free(buf *b);
/* Hands the bytes over: *to is freed and becomes what *from was; *from becomes empty. */
void buf_move(buf *to, buf *from);

#endif
