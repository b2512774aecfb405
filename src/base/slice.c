#include "base/slice.h"

enum { BUF_FIRST = 64 };

int slice_compare(slice a, slice b) {
    size_t n = a.n < b.n ? a.n : b.n;
    int order = n == 0 ? 0 : memcmp(a.p, b.p, n);
    if (order != 0)
        return order;
    return a.n < b.n ? -1 : a.n > b.n;
}

bool slice_skip(slice *s, slice beginning) {
    if (s->n < beginning.n || !slice_equal(slice_of(s->p, beginning.n), beginning))
        return false;
    if (beginning.n > 0)
        *s = slice_of(s->p + beginning.n, s->n - beginning.n);
    return true;
}

slice slice_until(slice *rest, uint8_t end) {
    slice before = *rest;
    const uint8_t *at = before.n == 0 ? NULL : memchr(before.p, end, before.n);
    *rest = SLICE_EMPTY;
    if (at == NULL)
        return before;
    size_t n = (size_t)(at - before.p);
    *rest = slice_of(at + 1, before.n - n - 1);
    return slice_of(before.p, n);
}

bool slice_line(slice *rest, slice *line) {
    slice left = *rest;
    *line = slice_until(&left, '\n');
    if (line->n == rest->n)
        return false;
    *rest = left;
    return true;
}

err buf_reserve(buf *b, size_t n) {
    if (b->n > b->cap)
        return ERR_BUG; /* borrowed */
    if (n <= b->cap - b->n)
        return OK;
    if (n > SIZE_MAX - b->n)
        return ERR_NO_MEMORY;
    size_t need = b->n + n;
    size_t cap = b->cap > SIZE_MAX / 2 ? need : 2 * b->cap;
    if (cap < BUF_FIRST)
        cap = BUF_FIRST;
    if (cap < need)
        cap = need;
    uint8_t *p = mem_resize(b->mem, b->cap == 0 ? NULL : b->p, b->cap, cap); /* else borrowed */
    if (p == NULL)
        return ERR_NO_MEMORY;
    b->p = p;
    b->cap = cap;
    return OK;
}

err buf_append(buf *b, slice s) {
    if (s.n == 0)
        return OK;
    TRY(buf_reserve(b, s.n));
    memcpy(b->p + b->n, s.p, s.n);
    b->n += s.n;
    return OK;
}

err buf_append_byte(buf *b, uint8_t byte) {
    TRY(buf_reserve(b, 1));
    b->p[b->n++] = byte;
    return OK;
}

err buf_set(buf *b, slice s) {
    TRY(buf_reserve(b, s.n > b->n ? s.n - b->n : 0));
    buf_clear(b);
    return buf_append(b, s);
}

err buf_resize(buf *b, size_t n) {
    if (n == b->n)
        return OK;
    if (b->n > b->cap)
        return ERR_BUG; /* borrowed */
    if (n < b->n) {
        wipe(b->p + n, b->n - n);
    } else {
        TRY(buf_reserve(b, n - b->n));
        memset(b->p + b->n, 0, n - b->n);
    }
    b->n = n;
    return OK;
}

void buf_consume(buf *b, size_t n) {
    if (n > b->n)
        n = b->n;
    if (n == 0)
        return;
    if (b->cap == 0) {
        b->p += n; /* borrowed */
    } else {
        memmove(b->p, b->p + n, b->n - n);
        wipe(b->p + (b->n - n), n);
    }
    b->n -= n;
}

void buf_clear(buf *b) {
    if (b->cap != 0) /* else borrowed */
        wipe(b->p, b->n);
    b->n = 0;
}

void buf_free(buf *b) {
    if (b->cap != 0)
        mem_free(b->mem, b->p, b->cap);
    *b = buf_on(b->mem);
}

void buf_move(buf *to, buf *from) {
    if (to == from)
        return;
    buf_free(to);
    *to = *from;
    *from = buf_on(from->mem);
}
