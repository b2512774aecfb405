/* Which characters a text may have, and its lines and words. */
#include "office/internal.h"

/* ---- Characters and lines ---- */

/* What can't be seen, or looks like something else than it is, beside what a terminal obeys:
 * fillers, joiners, variation selectors, spaces of other widths, and what no standard gives a look.
 */
static bool is_hidden(uint32_t point) {
    static const struct {
        uint32_t first, last;
    } ranges[] = {
        {0xa0, 0xa0},     {0x34f, 0x34f},     {0x115f, 0x1160},   {0x1680, 0x1680},
        {0x17b4, 0x17b5}, {0x180b, 0x180f},   {0x2000, 0x200f},   {0x202f, 0x202f},
        {0x205f, 0x205f}, {0x2800, 0x2800},   {0x3000, 0x3000},   {0x3164, 0x3164},
        {0xe000, 0xf8ff}, {0xfdd0, 0xfdef},   {0xfe00, 0xfe0f},   {0xffa0, 0xffa0},
        {0xfff0, 0xffff}, {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a}, {0xe0000, 0x10ffff},
    };
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++)
        if (point >= ranges[i].first && point <= ranges[i].last)
            return true;
    return (point & 0xfffe) == 0xfffe || text_is_unsafe(point);
}

static enum office_reason line_check(slice s) {
    if (s.n == 0 || s.p[0] == ' ' || s.p[s.n - 1] == ' ')
        return OFFICE_SPACES;
    if (s.n > OFFICE_LINE_MAX)
        return OFFICE_TOO_LARGE;
    for (size_t i = 0; i < s.n;) {
        uint32_t point;
        size_t n = utf8_decode(slice_of(s.p + i, s.n - i), &point);
        if (n == 0 || is_hidden(point))
            return OFFICE_CHARACTERS;
        if (point == ' ' && s.p[i + 1] == ' ')
            return OFFICE_SPACES;
        i += n;
    }
    return OFFICE_OK;
}

enum office_reason text_check(slice text, size_t *line) {
    *line = 0;
    if (text.n > OFFICE_DOCUMENT_MAX)
        return OFFICE_TOO_LARGE;
    do {
        slice s;
        ++*line;
        if (!slice_line(&text, &s))
            return OFFICE_SPACES;
        NEED(line_check(s));
    } while (text.n > 0);
    *line = 0;
    return OFFICE_OK;
}

/* ---- Words ---- */

slice text_next(slice *words) {
    return slice_until(words, ' ');
}

bool text_has(slice words, slice word) {
    while (words.n > 0)
        if (slice_equal(text_next(&words), word))
            return true;
    return false;
}

bool text_has_all(slice words, slice some) {
    while (some.n > 0)
        if (!text_has(words, text_next(&some)))
            return false;
    return true;
}

bool text_shares(slice words, slice others) {
    while (others.n > 0)
        if (text_has(words, text_next(&others)))
            return true;
    return false;
}
