#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/vectors.h"

#define HOST(name) __attribute__((import_module("json"), import_name(#name)))
/* 0 is null, and what is not there. */
HOST(load) uint32_t host_load(const char *path, size_t n);
HOST(drop) void host_drop(void);
HOST(type) int host_type(uint32_t value);
/* -1: there is no such field. */
HOST(field) int host_field(uint32_t value, const char *key, size_t n);
HOST(length) size_t host_length(uint32_t value);
HOST(at) uint32_t host_at(uint32_t value, size_t i);
HOST(number) double host_number(uint32_t value);
HOST(text) void host_text(uint32_t value, char *out);

/* Texts that were handed out. */
struct text {
    struct text *next;
    char bytes[];
};
static struct text *texts;

static uint32_t number_of(const struct json_object *o) {
    return (uint32_t)(uintptr_t)o;
}

static struct json_object *object_of(uint32_t value) {
    return (struct json_object *)(uintptr_t)value;
}

/* The host knows the folders (tests/vectors.h). */
struct json_object *vectors_load(const char *relative_path) {
    return object_of(host_load(relative_path, strlen(relative_path)));
}

void json_object_put(struct json_object *o) {
    (void)o;
    while (texts != NULL) {
        struct text *next = texts->next;
        free(texts);
        texts = next;
    }
    host_drop();
}

int json_object_is_type(const struct json_object *o, enum json_type type) {
    return host_type(number_of(o)) == (int)type;
}

int json_object_object_get_ex(const struct json_object *o, const char *key,
                              struct json_object **field) {
    int value = host_field(number_of(o), key, strlen(key));
    *field = object_of(value > 0 ? (uint32_t)value : 0);
    return value >= 0;
}

size_t json_object_array_length(const struct json_object *o) {
    return host_length(number_of(o));
}

struct json_object *json_object_array_get_idx(const struct json_object *o, size_t i) {
    return object_of(host_at(number_of(o), i));
}

int json_object_get_string_len(const struct json_object *o) {
    return (int)host_length(number_of(o));
}

const char *json_object_get_string(struct json_object *o) {
    size_t n = host_length(number_of(o));
    struct text *text = malloc(sizeof *text + n + 1);
    if (text == NULL)
        abort();
    text->next = texts;
    texts = text;
    host_text(number_of(o), text->bytes);
    text->bytes[n] = '\0';
    return text->bytes;
}

int json_object_get_boolean(const struct json_object *o) {
    return host_number(number_of(o)) != 0;
}

int64_t json_object_get_int64(const struct json_object *o) {
    double number = host_number(number_of(o));
    if (number > 9007199254740991.0 || number < -9007199254740991.0) {
        fprintf(stderr, "a number of more than 53 bits\n");
        exit(1);
    }
    return (int64_t)number;
}

uint64_t json_object_get_uint64(const struct json_object *o) {
    return (uint64_t)json_object_get_int64(o);
}
