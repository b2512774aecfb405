#include "base/json.h"

#include <stdio.h>

#include "base/text.h"

static void escape(uint32_t point, char out[JSON_CHARACTER]) {
    if (point == '"' || point == '\\')
        snprintf(out, JSON_CHARACTER, "\\%c", (char)point);
    else if (point == '\n')
        snprintf(out, JSON_CHARACTER, "\\n");
    else if (point == '\t')
        snprintf(out, JSON_CHARACTER, "\\t");
    else if (point == TEXT_INVALID)
        snprintf(out, JSON_CHARACTER, "\\ufffd");
    else if (point < 0x10000)
        snprintf(out, JSON_CHARACTER, "\\u%04x", (unsigned)point);
    else
        snprintf(out, JSON_CHARACTER, "\\u%04x\\u%04x",
                 0xd800 + (unsigned)((point - 0x10000) >> 10 & 0x3ff),
                 0xdc00 + (unsigned)((point - 0x10000) & 0x3ff));
}

size_t json_character(slice text, char out[JSON_CHARACTER]) {
    uint32_t point;
    size_t n = text_point(text, &point);
    if (point == '"' || point == '\\' || text_is_unsafe(point)) {
        escape(point, out);
    } else {
        memcpy(out, text.p, n);
        out[n] = '\0';
    }
    return n;
}

err json_string(buf *out, slice text) {
    char character[JSON_CHARACTER];
    TRY(buf_append_byte(out, '"'));
    while (text.n > 0) {
        size_t n = json_character(text, character);
        TRY(buf_append(out, slice_str(character)));
        text = slice_of(text.p + n, text.n - n);
    }
    return buf_append_byte(out, '"');
}

/* ---- Objects and arrays ---- */

static void keep(struct json *j, err e) {
    if (j->e == OK)
        j->e = e;
}

static void put(struct json *j, const char *text) {
    keep(j, buf_append(&j->b, slice_str(text)));
}

void json_name(struct json *j, const char *name) {
    if (j->inside)
        put(j, ",");
    if (name != NULL) {
        keep(j, json_string(&j->b, slice_str(name)));
        put(j, ":");
    }
    j->inside = false;
}

static void member(struct json *j, const char *name, err (*append)(buf *out, slice in), slice value,
                   const char *around) {
    json_name(j, name);
    put(j, around);
    keep(j, append(&j->b, value));
    put(j, around);
    j->inside = true;
}

static void begin(struct json *j, const char *bracket) {
    json_name(j, NULL);
    put(j, bracket);
}

static void end(struct json *j, const char *bracket) {
    put(j, bracket);
    j->inside = true;
}

void json_object(struct json *j, const char *type) {
    begin(j, "{");
    if (type != NULL)
        json_str(j, "type", slice_str(type));
}

void json_object_end(struct json *j) {
    end(j, "}");
}

void json_array(struct json *j) {
    begin(j, "[");
}

void json_array_end(struct json *j) {
    end(j, "]");
}

void json_str(struct json *j, const char *name, slice value) {
    member(j, name, json_string, value, "");
}

void json_num(struct json *j, const char *name, uint64_t value) {
    char text[DECIMAL_TEXT];
    decimal_text(value, text);
    member(j, name, buf_append, slice_str(text), "");
}

void json_bool(struct json *j, const char *name, bool value) {
    member(j, name, buf_append, slice_str(value ? "true" : "false"), "");
}

void json_null(struct json *j, const char *name) {
    member(j, name, buf_append, slice_str("null"), "");
}

void json_hex(struct json *j, const char *name, slice value) {
    member(j, name, hex_encode, value, "\"");
}

void json_base64(struct json *j, const char *name, slice value) {
    member(j, name, base64_encode, value, "\"");
}
