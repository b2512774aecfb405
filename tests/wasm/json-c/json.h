/* As much of json-c as the checks of published vectors take, for WebAssembly: the values are in the
 * memory of tests/wasm/run.mjs, and a pointer is the number of one. */
#ifndef SOTTO_TESTS_WASM_JSON_H
#define SOTTO_TESTS_WASM_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_object;
/* Their numbers are known to run.mjs. */
enum json_type {
    json_type_null,
    json_type_boolean,
    json_type_int,
    json_type_array,
    json_type_string,
    json_type_object
};

/* Takes all values there are: one file at a time. */
void json_object_put(struct json_object *o);
int json_object_is_type(const struct json_object *o, enum json_type type);
int json_object_object_get_ex(const struct json_object *o, const char *key,
                              struct json_object **field);
size_t json_object_array_length(const struct json_object *o);
struct json_object *json_object_array_get_idx(const struct json_object *o, size_t i);
const char *json_object_get_string(struct json_object *o);
int json_object_get_string_len(const struct json_object *o);
int json_object_get_boolean(const struct json_object *o);
/* Numbers of up to 53 bits; a greater one ends the program. */
int64_t json_object_get_int64(const struct json_object *o);
uint64_t json_object_get_uint64(const struct json_object *o);

#endif
