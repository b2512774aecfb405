#include "term/line.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/text.h"
#include "term/text.h"

static void keep(struct line *l, err e) {
    if (l->e == OK)
        l->e = e;
}

/* ---- Sentences ---- */

void line_add(struct line *l, const char *format, ...) {
    char text[1024];
    va_list list;
    va_start(list, format);
    int n = vsnprintf(text, sizeof text, format, list);
    va_end(list);
    if (n < 0 || (size_t)n >= sizeof text)
        keep(l, ERR_TOO_LARGE);
    else
        keep(l, buf_append(&l->b, slice_of(text, (size_t)n)));
}

void line_text(struct line *l, slice text) {
    keep(l, text_show(&l->b, text));
}

void line_name(struct line *l, slice name, const char *marks) {
    keep(l, text_show_name(&l->b, name, marks));
}

void line_lines(struct line *l, slice text, const char *indent) {
    keep(l, text_show_lines(&l->b, text, indent));
}

/* ---- Objects ---- */

static void field(struct line *l, const char *name) {
    line_add(l, l->inside ? ",\"%s\":" : "\"%s\":", name);
    l->inside = true;
}

void line_object(struct line *l, const char *type) {
    line_add(l, "{");
    l->inside = false;
    if (type != NULL)
        line_str(l, "type", slice_str(type));
}

void line_str(struct line *l, const char *name, slice value) {
    field(l, name);
    keep(l, text_json(&l->b, value));
}

void line_num(struct line *l, const char *name, uint64_t value) {
    field(l, name);
    line_add(l, "%" PRIu64, value);
}

void line_bool(struct line *l, const char *name, bool value) {
    field(l, name);
    line_add(l, "%s", value ? "true" : "false");
}

void line_hex(struct line *l, const char *name, slice value) {
    field(l, name);
    line_add(l, "\"");
    keep(l, hex_encode(&l->b, value));
    line_add(l, "\"");
}

void line_object_end(struct line *l) {
    line_add(l, "}");
}

void line_end(struct line *l, struct out *out, int stream) {
    line_add(l, "\n");
    err e = stream == OUT_NORMAL ? out->failed : OK;
    if (e == OK)
        e = l->e;
    if (e == OK)
        e = out->put(out->ctx, stream, buf_slice(&l->b));
    if (e != OK)
        out->failed = e;
    buf_free(&l->b);
    *l = (struct line){0};
}
