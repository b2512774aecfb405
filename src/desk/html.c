#include "desk/html.h"

#include <stdarg.h>

#include "base/text.h"

void html_init(struct html *h, buf *out) {
    *h = (struct html){.out = out};
}

err html_result(const struct html *h) {
    if (h->failed != OK)
        return h->failed;
    return h->depth == 0 && !h->tag ? OK : ERR_BUG;
}

void html_fail(struct html *h, err e) {
    if (h->failed == OK)
        h->failed = e;
}

static void raw(struct html *h, slice s) {
    if (h->failed == OK)
        html_fail(h, buf_append(h->out, s));
}

static void literal(struct html *h, const char *s) {
    raw(h, slice_str(s));
}

/* ---- What is written as text ---- */

static const char *entity(uint32_t point) {
    switch (point) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

/* U+202E, or for what is no character the byte: \xff. */
static void by_number(struct html *h, uint32_t point, uint8_t byte) {
    static const char DIGITS[] = "0123456789ABCDEF";
    char text[9];
    size_t n = 0, digits = point == TEXT_INVALID ? 2 : point > 0xffff ? 6 : 4;
    uint32_t value = point == TEXT_INVALID ? byte : point;
    text[n++] = point == TEXT_INVALID ? '\\' : 'U';
    text[n++] = point == TEXT_INVALID ? 'x' : '+';
    while (digits > 0)
        text[n++] = DIGITS[value >> (4 * --digits) & 15];
    raw(h, slice_of(text, n));
}

static bool shows(uint32_t point) {
    return point == '\n' || point == '\t' || (point != TEXT_INVALID && !text_is_unsafe(point));
}

static void escaped(struct html *h, slice text) {
    slice plain = {text.p, 0}; /* what needs nothing, up to where we are */
    while (text.n > 0 && h->failed == OK) {
        uint32_t point;
        size_t n = text_point(text, &point);
        const char *as = entity(point);
        if (as == NULL && shows(point)) {
            plain.n += n;
        } else {
            raw(h, plain);
            if (as != NULL)
                literal(h, as);
            else
                by_number(h, point, text.p[0]);
            plain = slice_of(text.p + n, 0);
        }
        text = slice_of(text.p + n, text.n - n);
    }
    raw(h, plain);
}

/* ---- Elements ---- */

static bool is_one_of(const char *name, const char *const *names) {
    for (; *names != NULL; names++)
        if (strcmp(*names, name) == 0)
            return true;
    return false;
}

/* A browser drops a line break that these begin with. */
static bool drops_a_line(const char *name) {
    return is_one_of(name, (const char *const[]){"pre", "textarea", NULL});
}

static void content(struct html *h) {
    if (h->tag)
        literal(h, ">");
    h->tag = h->empty = false;
}

static bool leads_home(slice address) {
    slice rest = address;
    if (slice_skip(&rest, slice_str("https://")) || slice_skip(&rest, slice_str("#")))
        return true;
    return slice_skip(&rest, slice_str("/")) && !slice_skip(&rest, slice_str("/")) &&
           !slice_skip(&rest, slice_str("\\"));
}

static bool allowed(const char *name, slice value) {
    if (strncmp(name, "on", 2) == 0 ||
        is_one_of(name, (const char *const[]){"style", "srcdoc", "http-equiv", NULL}))
        return false;
    if (is_one_of(name, (const char *const[]){"href", "src", "action", "formaction", NULL}))
        return leads_home(value);
    return true;
}

void html_attr(struct html *h, const char *name, slice value) {
    if (!h->tag || !allowed(name, value)) {
        html_fail(h, ERR_BUG);
        return;
    }
    literal(h, " ");
    literal(h, name);
    literal(h, "=\"");
    escaped(h, value);
    literal(h, "\"");
}

void html_attr_number(struct html *h, const char *name, uint64_t value) {
    char text[DECIMAL_TEXT];
    decimal_text(value, text);
    html_attr(h, name, slice_str(text));
}

static void begin(struct html *h, const char *name, va_list attributes) {
    content(h);
    literal(h, "<");
    literal(h, name);
    h->tag = true;
    const char *attribute;
    while ((attribute = va_arg(attributes, const char *)) != NULL) {
        const char *value = va_arg(attributes, const char *);
        if (value != NULL)
            html_attr(h, attribute, slice_str(value));
    }
}

static void push(struct html *h, const char *name) {
    if (h->depth == HTML_DEPTH) {
        html_fail(h, ERR_BUG);
        return;
    }
    h->open[h->depth++] = name;
    h->empty = true;
}

void html_doctype(struct html *h) {
    literal(h, "<!doctype html>\n");
}

void html_open(struct html *h, const char *name, ...) {
    va_list attributes;
    va_start(attributes, name);
    begin(h, name, attributes);
    va_end(attributes);
    push(h, name);
}

void html_void(struct html *h, const char *name, ...) {
    va_list attributes;
    va_start(attributes, name);
    begin(h, name, attributes);
    va_end(attributes);
}

void html_close(struct html *h) {
    if (h->depth == 0) {
        html_fail(h, ERR_BUG);
        return;
    }
    content(h);
    literal(h, "</");
    literal(h, h->open[--h->depth]);
    literal(h, ">");
}

void html_text(struct html *h, slice text) {
    const char *in = h->depth > 0 ? h->open[h->depth - 1] : "";
    if (is_one_of(in, (const char *const[]){"script", "style", NULL}) && text.n > 0) {
        html_fail(h, ERR_BUG);
        return;
    }
    bool first = h->tag && h->empty;
    content(h);
    if (first && drops_a_line(in) && text.n > 0 && text.p[0] == '\n')
        literal(h, "\n");
    escaped(h, text);
}

void html_string(struct html *h, const char *text) {
    html_text(h, slice_str(text));
}

void html_number(struct html *h, uint64_t number) {
    char text[DECIMAL_TEXT];
    decimal_text(number, text);
    html_string(h, text);
}

void html_element(struct html *h, const char *name, slice text, ...) {
    va_list attributes;
    va_start(attributes, text);
    begin(h, name, attributes);
    va_end(attributes);
    push(h, name);
    html_text(h, text);
    html_close(h);
}
