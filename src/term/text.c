#include "term/text.h"

#include <stdio.h>

/* ---- Characters ---- */

static bool in_range(uint32_t point, size_t n) {
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    return point >= least[n] && point <= 0x10ffff && (point < 0xd800 || point > 0xdfff);
}

size_t text_point(slice text, uint32_t *point) {
    uint8_t c = text.p[0];
    size_t n = c < 0x80 ? 1 : c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
    *point = TEXT_INVALID;
    if ((c >= 0x80 && c < 0xc2) || c > 0xf4 || n > text.n)
        return 1;
    uint32_t v = n == 1 ? c : c & (0xffu >> (n + 1));
    for (size_t i = 1; i < n; i++) {
        if ((text.p[i] & 0xc0) != 0x80)
            return 1;
        v = v << 6 | (text.p[i] & 0x3f);
    }
    if (n > 1 && !in_range(v, n))
        return 1;
    *point = v;
    return n;
}

bool text_is_unsafe(uint32_t point) {
    static const struct {
        uint32_t first, last;
    } ranges[] = {
        {0x00, 0x1f},       {0x7f, 0x9f},       {0xad, 0xad},       {0x61c, 0x61c},
        {0x180e, 0x180e},   {0x200b, 0x200b},   {0x200e, 0x200f},   {0x2028, 0x202e},
        {0x2060, 0x206f},   {0xfeff, 0xfeff},   {0xfff9, 0xfffb},   {0xe0000, 0xe007f},
        {TEXT_INVALID, TEXT_INVALID},
    };
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++)
        if (point >= ranges[i].first && point <= ranges[i].last)
            return true;
    return false;
}

/* ---- For people ---- */

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

/* ---- For programs ---- */

static err json_escape(buf *out, uint32_t point) {
    char form[16];
    if (point == '"' || point == '\\')
        snprintf(form, sizeof form, "\\%c", (char)point);
    else if (point == '\n')
        snprintf(form, sizeof form, "\\n");
    else if (point == '\t')
        snprintf(form, sizeof form, "\\t");
    else if (point == TEXT_INVALID)
        snprintf(form, sizeof form, "\\ufffd");
    else if (point < 0x10000)
        snprintf(form, sizeof form, "\\u%04x", (unsigned)point);
    else
        snprintf(form, sizeof form, "\\u%04x\\u%04x", 0xd800 + (unsigned)((point - 0x10000) >> 10),
                 0xdc00 + (unsigned)((point - 0x10000) & 0x3ff));
    return buf_append(out, slice_str(form));
}

err text_json(buf *out, slice text) {
    TRY(buf_append_byte(out, '"'));
    for (size_t i = 0; i < text.n;) {
        uint32_t point;
        size_t n = text_point(slice_of(text.p + i, text.n - i), &point);
        if (point == '"' || point == '\\' || text_is_unsafe(point))
            TRY(json_escape(out, point));
        else
            TRY(buf_append(out, slice_of(text.p + i, n)));
        i += n;
    }
    return buf_append_byte(out, '"');
}
