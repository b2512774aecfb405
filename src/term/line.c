#include "term/line.h"

#include <stdarg.h>
#include <stdio.h>

#include "term/text.h"

static void keep(struct line *l, err e) {
    if (l->json.e == OK)
        l->json.e = e;
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
        keep(l, buf_append(&l->json.b, slice_of(text, (size_t)n)));
}

void line_text(struct line *l, slice text) {
    keep(l, text_show(&l->json.b, text));
}

void line_name(struct line *l, slice name, const char *marks) {
    keep(l, text_show_name(&l->json.b, name, marks));
}

void line_lines(struct line *l, slice text, const char *indent) {
    keep(l, text_show_lines(&l->json.b, text, indent));
}

/* ---- Objects ---- */

void line_object(struct line *l, const char *type) {
    json_object(&l->json, type);
}

void line_str(struct line *l, const char *name, slice value) {
    json_str(&l->json, name, value);
}

void line_num(struct line *l, const char *name, uint64_t value) {
    json_num(&l->json, name, value);
}

void line_bool(struct line *l, const char *name, bool value) {
    json_bool(&l->json, name, value);
}

void line_hex(struct line *l, const char *name, slice value) {
    json_hex(&l->json, name, value);
}

void line_object_end(struct line *l) {
    json_object_end(&l->json);
}

void line_end(struct line *l, struct out *out, int stream) {
    line_add(l, "\n");
    err e = stream == OUT_NORMAL ? out->failed : OK;
    if (e == OK)
        e = l->json.e;
    if (e == OK)
        e = out->put(out->ctx, stream, buf_slice(&l->json.b));
    if (e != OK)
        out->failed = e;
    buf_free(&l->json.b);
    *l = (struct line){0};
}
