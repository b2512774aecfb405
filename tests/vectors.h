/* Published test vectors (JSON). They lie outside the repository: in the folder that the
 * environment names as SOTTO_VECTORS, else in ../shared/vectors seen from the repository's root. A
 * test whose file is missing skips and says how many cases it left out. */
#ifndef SOTTO_TESTS_VECTORS_H
#define SOTTO_TESTS_VECTORS_H

#include <json-c/json.h>

#include "base/slice.h"

/* "mls/welcome.json": the parsed file, or NULL if it is not there. The caller puts it
 * (json_object_put). A file that is there and doesn't parse ends the program. */
struct json_object *vectors_load(const char *relative_path);

/* A field of an object. A missing one, or one of another type, ends the program: it would be a
 * mistake in the test, not in what is tested. */
struct json_object *vectors_get(struct json_object *o, const char *key);
/* Replaces out by the bytes that a field holds as hexadecimal text. */
void vectors_hex(struct json_object *o, const char *key, buf *out);
uint64_t vectors_u64(struct json_object *o, const char *key);
bool vectors_bool(struct json_object *o, const char *key);
/* Elements of an array field. */
size_t vectors_count(struct json_object *o, const char *key);

#endif
