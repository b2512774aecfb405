#include "tests/vectors.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/text.h"

/* Without the environment, the folder is looked for from where the test runs upwards. */
static const char *const FOLDERS[] = {"../shared/vectors", "../../shared/vectors",
                                      "../../../shared/vectors"};

__attribute__((noreturn)) static void broken(const char *what, const char *which) {
    fprintf(stderr, "vectors: %s: %s\n", which, what);
    exit(1);
}

static bool find(char *path, size_t room, const char *folder, const char *file) {
    int n = snprintf(path, room, "%s/%s", folder, file);
    return n > 0 && (size_t)n < room && access(path, R_OK) == 0;
}

struct json_object *vectors_load(const char *relative_path) {
    char path[4096];
    const char *folder = getenv("SOTTO_VECTORS");
    bool found = false;
    if (folder != NULL && folder[0] != '\0')
        found = find(path, sizeof(path), folder, relative_path);
    else
        for (size_t i = 0; i < sizeof(FOLDERS) / sizeof(FOLDERS[0]) && !found; i++)
            found = find(path, sizeof(path), FOLDERS[i], relative_path);
    if (!found)
        return NULL;
    struct json_object *o = json_object_from_file(path);
    if (o == NULL)
        broken("is not JSON", relative_path);
    return o;
}

struct json_object *vectors_get(struct json_object *o, const char *key) {
    struct json_object *field = NULL;
    if (!json_object_object_get_ex(o, key, &field))
        broken("there is no such field", key);
    return field;
}

void vectors_hex(struct json_object *o, const char *key, buf *out) {
    struct json_object *field = vectors_get(o, key);
    if (!json_object_is_type(field, json_type_string))
        broken("is not text", key);
    slice text = slice_of(json_object_get_string(field), (size_t)json_object_get_string_len(field));
    buf_clear(out);
    if (hex_decode(out, text) != OK)
        broken("is not hexadecimal", key);
}

uint64_t vectors_u64(struct json_object *o, const char *key) {
    struct json_object *field = vectors_get(o, key);
    if (!json_object_is_type(field, json_type_int))
        broken("is not a number", key);
    return json_object_get_uint64(field);
}

bool vectors_bool(struct json_object *o, const char *key) {
    struct json_object *field = vectors_get(o, key);
    if (!json_object_is_type(field, json_type_boolean))
        broken("is not true or false", key);
    return json_object_get_boolean(field) != 0;
}

size_t vectors_count(struct json_object *o, const char *key) {
    struct json_object *field = vectors_get(o, key);
    if (!json_object_is_type(field, json_type_array))
        broken("is not an array", key);
    return json_object_array_length(field);
}
