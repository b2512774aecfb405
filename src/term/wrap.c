#include "term/wrap.h"

#include "base/text.h"
#include "host/screen.h"

unsigned wrap_width(slice text) {
    unsigned columns = 0;
    for (size_t i = 0; i < text.n;) {
        uint32_t point;
        i += text_point(slice_of(text.p + i, text.n - i), &point);
        columns += host_char_width(point);
    }
    return columns;
}

/* What fits: up to the newline, the end, or the first character for which there is no room. */
static size_t fitting(slice text, unsigned columns, size_t *space) {
    unsigned used = 0;
    size_t i = 0;
    *space = 0;
    while (i < text.n && text.p[i] != '\n') {
        uint32_t point;
        size_t n = text_point(slice_of(text.p + i, text.n - i), &point);
        unsigned width = host_char_width(point);
        if (point == ' ')
            *space = i;
        if (used + width > columns && i > 0)
            break;
        used += width;
        i += n;
    }
    return i;
}

size_t wrap_line(slice text, unsigned columns, bool words, size_t *next) {
    size_t space;
    size_t n = fitting(text, columns, &space);
    *next = n;
    if (n == text.n)
        return n;
    if (text.p[n] == '\n') {
        *next = n + 1;
        return n;
    }
    if (words && space > 0) {
        *next = space + 1;
        return space;
    }
    return n;
}
