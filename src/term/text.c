#include "term/text.h"

#include <stdio.h>

static err show_unsafe(buf *out, uint32_t point, uint8_t byte) {
    char form[16];
    if (point == '\n')
        snprintf(form, sizeof form, "\\n");
    else if (point == '\t')
        snprintf(form, sizeof form, "\\t");
    else if (point == '\r')
        snprintf(form, sizeof form, "\\r");
    else if (point == TEXT_INVALID)
        snprintf(form, sizeof form, "\\x%02x", byte);
    else
        snprintf(form, sizeof form, point < 0x100 ? "\\x%02x" : "\\u%04x", (unsigned)point);
    return buf_append(out, slice_str(form));
}

static bool is_mark(uint32_t point, const char *marks) {
    return point > 0 && point < 0x80 && strchr(marks, (int)point) != NULL;
}

static err show(buf *out, slice text, const char *indent, const char *marks) {
    for (size_t i = 0; i < text.n;) {
        uint32_t point;
        size_t n = text_point(slice_of(text.p + i, text.n - i), &point);
        if (is_mark(point, marks)) {
            TRY(show_unsafe(out, point, text.p[i]));
        } else if (indent != NULL && point == '\n') {
            TRY(buf_append(out, slice_str("\n")));
            TRY(buf_append(out, slice_str(indent)));
        } else if (text_is_unsafe(point) && !(indent != NULL && point == '\t')) {
            TRY(show_unsafe(out, point, text.p[i]));
        } else {
            TRY(buf_append(out, slice_of(text.p + i, n)));
        }
        i += n;
    }
    return OK;
}

err text_show(buf *out, slice text) {
    return show(out, text, NULL, "");
}

err text_show_name(buf *out, slice text, const char *marks) {
    return show(out, text, NULL, marks);
}

err text_show_lines(buf *out, slice text, const char *indent) {
    return show(out, text, indent, "");
}

/* ---- For those who look for something ---- */

static uint8_t lower(uint8_t c) {
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 'a' - 'A') : c;
}

bool text_has(slice text, slice needle) {
    for (size_t i = 0; i + needle.n <= text.n; i++) {
        size_t k = 0;
        while (k < needle.n && lower(text.p[i + k]) == lower(needle.p[k]))
            k++;
        if (k == needle.n)
            return true;
    }
    return false;
}
