/* JSON, strictly by RFC 8259. A reader of our own, since the library that reads our own data takes
 * the last of two members of one name in silence, and another reader might take the first. */
#include "base/text.h"
#include "desk/hi1_tree.h"

struct json {
    struct hi1_tree *t;
    slice rest;
    buf text; /* the last string */
    unsigned depth;
};

static void skip_spaces(struct json *j) {
    while (j->rest.n > 0 && memchr(" \t\n\r", j->rest.p[0], 4) != NULL)
        j->rest = slice_of(j->rest.p + 1, j->rest.n - 1);
}

static bool skip(struct json *j, const char *word) {
    skip_spaces(j);
    return slice_skip(&j->rest, slice_str(word));
}

/* ---- Strings ---- */

static bool four(struct json *j, uint32_t *unit) {
    uint8_t bytes[2];
    if (j->rest.n < 4 || hex_decode_to(bytes, 2, slice_of(j->rest.p, 4)) != OK)
        return false;
    *unit = (uint32_t)bytes[0] << 8 | bytes[1];
    j->rest = slice_of(j->rest.p + 4, j->rest.n - 4);
    return true;
}

static enum hi1_reason put_point(buf *out, uint32_t c) {
    uint8_t b[4];
    size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const uint8_t first[] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = n; i-- > 1; c >>= 6)
        b[i] = (uint8_t)(0x80 | (c & 0x3F));
    b[0] = (uint8_t)(first[n] | c);
    return buf_append(out, slice_of(b, n)) == OK ? HI1_OK : HI1_MEMORY;
}

static enum hi1_reason unicode(struct json *j) {
    uint32_t c, low;
    if (!four(j, &c))
        return HI1_SYNTAX;
    if (c >= 0xD800 && c < 0xDC00) {
        if (!slice_skip(&j->rest, slice_str("\\u")) || !four(j, &low) || low < 0xDC00 ||
            low >= 0xE000)
            return HI1_CHARACTERS;
        c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
    } else if ((c >= 0xDC00 && c < 0xE000) || (c < ' ' && c != '\t' && c != '\n' && c != '\r') ||
               c == 0x7F) {
        return HI1_CHARACTERS;
    }
    return put_point(&j->text, c);
}

static enum hi1_reason escaped(struct json *j) {
    static const char letters[] = "\"\\/nrt", meaning[] = "\"\\/\n\r\t";
    if (j->rest.n == 0)
        return HI1_SYNTAX;
    uint8_t c = j->rest.p[0];
    j->rest = slice_of(j->rest.p + 1, j->rest.n - 1);
    if (c == 'u')
        return unicode(j);
    if (c == 'b' || c == 'f')
        return HI1_CHARACTERS;
    const char *letter = c == 0 ? NULL : strchr(letters, c);
    return letter == NULL ? HI1_SYNTAX : put_point(&j->text, (uint8_t)meaning[letter - letters]);
}

/* After its opening quote, into text. */
static enum hi1_reason string(struct json *j) {
    buf_clear(&j->text);
    for (;;) {
        size_t n = 0;
        while (n < j->rest.n && j->rest.p[n] != '"' && j->rest.p[n] != '\\' && j->rest.p[n] >= ' ')
            n++;
        if (n > 0 && buf_append(&j->text, slice_of(j->rest.p, n)) != OK)
            return HI1_MEMORY;
        j->rest = slice_of(j->rest.p + n, j->rest.n - n);
        if (slice_skip(&j->rest, slice_str("\"")))
            return HI1_OK;
        if (!slice_skip(&j->rest, slice_str("\\")))
            return HI1_SYNTAX;
        enum hi1_reason r = escaped(j);
        if (r != HI1_OK)
            return r;
    }
}

/* ---- Values ---- */

static size_t digits(slice s, size_t from) {
    size_t n = from;
    while (n < s.n && s.p[n] >= '0' && s.p[n] <= '9')
        n++;
    return n - from;
}

/* The length of the number that it begins with; 0: none. */
static size_t number(slice s) {
    size_t n = s.n > 0 && s.p[0] == '-', whole = digits(s, n);
    if (whole == 0 || (whole > 1 && s.p[n] == '0'))
        return 0;
    n += whole;
    if (n < s.n && s.p[n] == '.') {
        size_t part = digits(s, n + 1);
        if (part == 0)
            return 0;
        n += 1 + part;
    }
    if (n < s.n && (s.p[n] == 'e' || s.p[n] == 'E')) {
        size_t sign = n + 1 < s.n && (s.p[n + 1] == '+' || s.p[n + 1] == '-');
        size_t power = digits(s, n + 1 + sign);
        if (power == 0)
            return 0;
        n += 1 + sign + power;
    }
    return n;
}

/* What is no object or array, as text. */
static enum hi1_reason scalar(struct json *j, slice *text) {
    skip_spaces(j);
    if (slice_skip(&j->rest, slice_str("\""))) {
        enum hi1_reason r = string(j);
        *text = buf_slice(&j->text);
        return r;
    }
    slice before = j->rest;
    if (!slice_skip(&j->rest, slice_str("true")) && !slice_skip(&j->rest, slice_str("false")) &&
        !slice_skip(&j->rest, slice_str("null"))) {
        size_t n = number(before);
        j->rest = slice_of(before.p + n, before.n - n);
    }
    *text = slice_of(before.p, before.n - j->rest.n);
    if (slice_equal(*text, slice_str("null")))
        *text = SLICE_EMPTY;
    return before.n == j->rest.n ? HI1_SYNTAX : HI1_OK;
}

static enum hi1_reason value(struct json *j, slice name, bool in_array);

static enum hi1_reason member(struct json *j) {
    buf name = buf_on(j->t->mem);
    slice text;
    if (!skip(j, "\""))
        return HI1_SYNTAX;
    enum hi1_reason r = string(j);
    if (r == HI1_OK && j->text.n == 0)
        r = HI1_SYNTAX;
    if (r == HI1_OK)
        buf_move(&name, &j->text);
    if (r == HI1_OK && hi1_tree_child(j->t, j->t->open, buf_slice(&name)) != 0)
        r = HI1_TWICE;
    if (r == HI1_OK && !skip(j, ":"))
        r = HI1_SYNTAX;
    if (r == HI1_OK && name.p[0] == '@') {
        r = scalar(j, &text);
        if (r == HI1_OK)
            r = hi1_tree_attribute(j->t, buf_slice(&name), text);
    } else if (r == HI1_OK) {
        r = value(j, buf_slice(&name), false);
    }
    buf_free(&name);
    return r;
}

/* After its opening brace. */
static enum hi1_reason object(struct json *j) {
    if (skip(j, "}"))
        return HI1_OK;
    for (;;) {
        enum hi1_reason r = member(j);
        if (r != HI1_OK)
            return r;
        if (skip(j, "}"))
            return HI1_OK;
        if (!skip(j, ","))
            return HI1_SYNTAX;
    }
}

static enum hi1_reason array(struct json *j, slice name) {
    if (skip(j, "]"))
        return HI1_OK;
    for (;;) {
        enum hi1_reason r = value(j, name, true);
        if (r != HI1_OK)
            return r;
        if (skip(j, "]"))
            return HI1_OK;
        if (!skip(j, ","))
            return HI1_SYNTAX;
    }
}

static enum hi1_reason value(struct json *j, slice name, bool in_array) {
    slice text;
    if (skip(j, "["))
        return in_array ? HI1_SYNTAX : array(j, name);
    enum hi1_reason r = hi1_tree_begin(j->t, name);
    if (r != HI1_OK)
        return r;
    if (skip(j, "{")) {
        r = object(j);
    } else {
        r = scalar(j, &text);
        if (r == HI1_OK)
            r = hi1_tree_text(j->t, text);
    }
    hi1_tree_end(j->t);
    return r;
}

enum hi1_reason hi1_tree_json(struct hi1_tree *t, slice bytes) {
    struct json j = {.t = t, .rest = bytes, .text = buf_on(t->mem)};
    enum hi1_reason r = value(&j, slice_str("HI1Message"), true);
    skip_spaces(&j);
    buf_free(&j.text);
    return r == HI1_OK && j.rest.n > 0 ? HI1_SYNTAX : r;
}
