#include "sys/form.h"

#include "sys/http.h"

/* ---- Fields ---- */

static int digit(uint8_t c) {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

static err unescape(buf *out, slice text) {
    buf_clear(out);
    for (size_t i = 0; i < text.n; i++) {
        uint8_t c = text.p[i];
        if (c == '+') {
            c = ' ';
        } else if (c == '%') {
            int high = i + 2 < text.n ? digit(text.p[i + 1]) : -1;
            int low = i + 2 < text.n ? digit(text.p[i + 2]) : -1;
            if (high < 0 || low < 0)
                return ERR_MALFORMED;
            c = (uint8_t)(high << 4 | low);
            i += 2;
        }
        TRY(buf_append_byte(out, c));
    }
    return OK;
}

err sys_form_next(slice *form, buf *name, buf *value) {
    slice field = SLICE_EMPTY;
    while (form->n > 0 && field.n == 0)
        field = slice_until(form, '&');
    if (field.n == 0)
        return ERR_NOT_FOUND;
    slice key = slice_until(&field, '=');
    TRY(unescape(name, key));
    return unescape(value, field);
}

static err find(slice form, slice name, buf *key, buf *next, buf *value) {
    err found = ERR_NOT_FOUND, e;
    while ((e = sys_form_next(&form, key, next)) == OK) {
        if (!slice_equal(buf_slice(key), name))
            continue;
        if (found == OK)
            return ERR_REPEAT;
        found = OK;
        buf_move(value, next);
    }
    return e == ERR_NOT_FOUND ? found : e;
}

err sys_form_value(slice form, const char *name, buf *value) {
    buf key = {0}, next = {0};
    err e = find(form, slice_str(name), &key, &next, value);
    buf_free(&key);
    buf_free(&next);
    return e;
}

/* ---- Cookies ---- */

err sys_cookie_value(slice cookies, const char *name, slice *value) {
    err found = ERR_NOT_FOUND;
    while (cookies.n > 0) {
        slice one = sys_http_trim(slice_until(&cookies, ';'));
        slice key = slice_until(&one, '=');
        if (!slice_equal(key, slice_str(name)))
            continue;
        if (found == OK)
            return ERR_REPEAT;
        found = OK;
        *value = one;
    }
    return found;
}

/* ---- Parameters of a header: type; name=value; name="value" ---- */

/* The end of a quoted value, its opening quote taken off: a backslash is itself, as browsers write
 * them. MALFORMED if there is none. */
static err quoted(slice *rest, slice *value) {
    const uint8_t *end = rest->n > 0 ? memchr(rest->p, '"', rest->n) : NULL;
    if (end == NULL)
        return ERR_MALFORMED;
    *value = slice_of(rest->p, (size_t)(end - rest->p));
    *rest = slice_of(end + 1, rest->n - value->n - 1);
    *rest = sys_http_trim(*rest);
    return rest->n == 0 || slice_skip(rest, slice_str(";")) ? OK : ERR_MALFORMED;
}

/* The next parameter. NOT_FOUND at the end. */
static err parameter(slice *rest, slice *name, slice *value) {
    *rest = sys_http_trim(*rest);
    if (rest->n == 0)
        return ERR_NOT_FOUND;
    const uint8_t *equals = memchr(rest->p, '=', rest->n);
    if (equals == NULL)
        return ERR_MALFORMED;
    *name = slice_of(rest->p, (size_t)(equals - rest->p));
    *rest = slice_of(equals + 1, rest->n - name->n - 1);
    if (slice_skip(rest, slice_str("\"")))
        return quoted(rest, value);
    *value = sys_http_trim(slice_until(rest, ';'));
    return OK;
}

/* ---- Parts ---- */

enum { DATA, AFTER, HEAD, EPILOGUE };

static const char LINE_END[] = "\r\n";

/* RFC 2046 section 5.1.1. */
static bool is_boundary(slice text) {
    static const char OTHERS[] = "'()+_,-./:=? ";
    for (size_t i = 0; i < text.n; i++) {
        uint8_t c = text.p[i];
        bool alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!alnum && (c == 0 || strchr(OTHERS, c) == NULL))
            return false;
    }
    return text.n > 0 && text.n <= SYS_FORM_BOUNDARY_MAX && text.p[text.n - 1] != ' ';
}

static err read_boundary(slice type, slice *boundary) {
    slice kind = sys_http_trim(slice_until(&type, ';')), name, value;
    err e;
    if (!sys_http_is(kind, "multipart/form-data"))
        return ERR_UNSUPPORTED;
    *boundary = SLICE_EMPTY;
    while ((e = parameter(&type, &name, &value)) == OK)
        if (sys_http_is(name, "boundary")) {
            if (boundary->n > 0)
                return ERR_MALFORMED;
            *boundary = value;
        }
    if (e != ERR_NOT_FOUND)
        return e;
    return is_boundary(*boundary) ? OK : ERR_MALFORMED;
}

err sys_multipart_init(struct sys_multipart *m, slice type, const struct sys_form_sink *sink,
                       void *ctx) {
    slice boundary;
    TRY(read_boundary(type, &boundary));
    *m = (struct sys_multipart){.sink = sink, .ctx = ctx, .state = DATA};
    m->delimiter_n = 4 + boundary.n;
    memcpy(m->delimiter, "\r\n--", 4);
    memcpy(m->delimiter + 4, boundary.p, boundary.n);
    /* As if a line had ended before: so the first delimiter is as all others. */
    return buf_append(&m->held, slice_str(LINE_END));
}

void sys_multipart_fini(struct sys_multipart *m) {
    buf_free(&m->held);
}

/* Where `needle` begins in the bytes; their length if it doesn't. */
static size_t where(slice bytes, slice needle) {
    if (bytes.n < needle.n)
        return bytes.n;
    const uint8_t *at = memmem(bytes.p, bytes.n, needle.p, needle.n);
    return at == NULL ? bytes.n : (size_t)(at - bytes.p);
}

static err hand_out(struct sys_multipart *m, size_t n) {
    if (n > 0 && !m->inside)
        return ERR_MALFORMED;
    if (n > 0)
        TRY(m->sink->bytes(m->ctx, slice_of(m->held.p, n)));
    buf_consume(&m->held, n);
    return OK;
}

/* Bytes of a part, as far as no delimiter can begin in them. */
static err take_data(struct sys_multipart *m, bool *more) {
    slice delimiter = slice_of(m->delimiter, m->delimiter_n);
    size_t at = where(buf_slice(&m->held), delimiter);
    *more = at < m->held.n;
    if (!*more) {
        size_t kept = m->held.n < delimiter.n ? m->held.n : delimiter.n - 1;
        return hand_out(m, m->held.n - kept);
    }
    TRY(hand_out(m, at));
    buf_consume(&m->held, delimiter.n);
    m->state = AFTER;
    return OK;
}

static err take_after(struct sys_multipart *m, bool *more) {
    slice held = buf_slice(&m->held);
    *more = held.n >= 2;
    if (!*more)
        return OK;
    if (slice_skip(&held, slice_str(LINE_END)))
        m->state = HEAD;
    else if (slice_skip(&held, slice_str("--")))
        m->state = EPILOGUE;
    else
        return ERR_MALFORMED;
    buf_consume(&m->held, 2);
    return OK;
}

static err read_disposition(struct sys_form_part *part, slice value) {
    slice name, text, kind = sys_http_trim(slice_until(&value, ';'));
    err e;
    if (!sys_http_is(kind, "form-data") || part->name.p != NULL)
        return ERR_MALFORMED;
    while ((e = parameter(&value, &name, &text)) == OK) {
        slice *to = sys_http_is(name, "name")       ? &part->name
                    : sys_http_is(name, "filename") ? &part->file
                                                    : NULL;
        if (to != NULL && to->p != NULL)
            return ERR_MALFORMED;
        if (to != NULL)
            *to = text;
    }
    return e == ERR_NOT_FOUND ? OK : e;
}

static err read_line(struct sys_form_part *part, slice line) {
    for (size_t i = 0; i < line.n; i++)
        if (line.p[i] < ' ' && line.p[i] != '\t')
            return ERR_MALFORMED;
    if (memchr(line.p, ':', line.n) == NULL)
        return ERR_MALFORMED;
    slice name = slice_until(&line, ':');
    if (sys_http_is(name, "Content-Disposition"))
        return read_disposition(part, sys_http_trim(line));
    if (sys_http_is(name, "Content-Type"))
        part->type = sys_http_trim(line);
    return OK;
}

/* head: lines that each end in CR LF. */
static err read_head(struct sys_form_part *part, slice head) {
    while (head.n > 0) {
        size_t n = where(head, slice_str(LINE_END));
        if (n == 0 || n == head.n)
            return ERR_MALFORMED;
        TRY(read_line(part, slice_of(head.p, n)));
        head = slice_of(head.p + n + 2, head.n - n - 2);
    }
    return part->name.p != NULL ? OK : ERR_MALFORMED;
}

static err take_head(struct sys_multipart *m, bool *more) {
    struct sys_form_part part = {.type = SLICE_EMPTY};
    size_t n = where(buf_slice(&m->held), slice_str("\r\n\r\n"));
    *more = n < m->held.n;
    if (n > SYS_FORM_HEAD_MAX)
        return ERR_TOO_LARGE;
    if (!*more)
        return OK;
    TRY(read_head(&part, slice_of(m->held.p, n + 2)));
    TRY(m->sink->part(m->ctx, &part));
    m->inside = true;
    m->state = DATA;
    buf_consume(&m->held, n + 4);
    return OK;
}

/* After the last delimiter one line may end, and nothing else comes. */
static err take_epilogue(struct sys_multipart *m, bool *more) {
    *more = false;
    return m->held.n <= 2 && memcmp(m->held.p, LINE_END, m->held.n) == 0 ? OK : ERR_TRAILING;
}

static err step(struct sys_multipart *m, bool *more) {
    switch (m->state) {
    case DATA:
        return take_data(m, more);
    case AFTER:
        return take_after(m, more);
    case HEAD:
        return take_head(m, more);
    default:
        return take_epilogue(m, more);
    }
}

err sys_multipart_feed(struct sys_multipart *m, slice bytes) {
    bool more = true;
    if (m->failed == OK)
        m->failed = buf_append(&m->held, bytes);
    while (m->failed == OK && more)
        m->failed = step(m, &more);
    return m->failed;
}

err sys_multipart_end(const struct sys_multipart *m) {
    TRY(m->failed);
    return m->state == EPILOGUE ? OK : ERR_TRUNCATED;
}
