/* Writes JSON. Nothing here reads it. */
#ifndef SOTTO_BASE_JSON_H
#define SOTTO_BASE_JSON_H

#include "base/slice.h"

/* What a string has for the character that text (n > 0) begins with, ended by a NUL; its length in
 * text. ASCII where a terminal might obey; what is not UTF-8 becomes U+FFFD. */
enum { JSON_CHARACTER = 13 };
size_t json_character(slice text, char out[JSON_CHARACTER]);

/* Appends a string with its quotation marks. */
MUST err json_string(buf *out, slice text);

/* Objects and arrays, member by member. All zero is a valid beginning; a failed append sticks in e.
 * Of what stands in an array the name is NULL. */
struct json {
    buf b;
    err e;
    bool inside; /* something stands before the next member: a comma is due */
};
/* {"type":TYPE unless that is NULL */
void json_object(struct json *j, const char *type);
void json_object_end(struct json *j);
void json_array(struct json *j);
void json_array_end(struct json *j);
/* The name of the object or array that follows. */
void json_name(struct json *j, const char *name);
void json_str(struct json *j, const char *name, slice value);
void json_num(struct json *j, const char *name, uint64_t value);
void json_bool(struct json *j, const char *name, bool value);
void json_null(struct json *j, const char *name);
void json_hex(struct json *j, const char *name, slice value);
void json_base64(struct json *j, const char *name, slice value);

#endif
