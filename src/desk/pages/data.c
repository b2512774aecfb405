#include "desk/pages/data.h"

#include <json-c/json.h>

#include "desk/data/embedded.h"
#include "sys/files.h"

enum { FILES_MAX = 32, FILE_MAX = 4 << 20 };

struct page_data {
    struct {
        const char *name;
        buf bytes; /* borrowed, if the program carries them */
        struct json_object *json;
    } files[FILES_MAX];
    size_t n;
};

static bool ends(const char *name, const char *end) {
    size_t n = strlen(name), e = strlen(end);
    return n >= e && strcmp(name + n - e, end) == 0;
}

/* A file of the desk's folder, else the one that is carried. */
static err bytes_of(const struct desk_embedded *carried, const char *folder, buf *out) {
    buf path = buf_on(NULL);
    err e = buf_append(&path, slice_str(folder));
    if (e == OK)
        e = buf_append(&path, slice_str("/data/"));
    if (e == OK)
        e = buf_append(&path, slice_of(carried->name, strlen(carried->name) + 1));
    if (e == OK)
        e = sys_file_read((const char *)path.p, FILE_MAX, out);
    if (e == ERR_NOT_FOUND)
        e = buf_append(out, slice_of(carried->bytes, carried->n));
    buf_free(&path);
    return e;
}

static err parse(slice bytes, struct json_object **out) {
    struct json_tokener *t = json_tokener_new();
    if (t == NULL)
        return ERR_NO_MEMORY;
    *out = json_tokener_parse_ex(t, (const char *)bytes.p, (int)bytes.n);
    bool whole = *out != NULL && json_tokener_get_error(t) == json_tokener_success;
    json_tokener_free(t);
    return whole ? OK : ERR_MALFORMED;
}

err page_data_load(struct page_data **out, const char *folder) {
    struct page_data *d = mem_new(NULL, sizeof(*d));
    if (d == NULL)
        return ERR_NO_MEMORY;
    err e = OK;
    for (size_t i = 0; i < desk_embedded_count && d->n < FILES_MAX && e == OK; i++) {
        d->files[d->n].name = desk_embedded[i].name;
        e = bytes_of(&desk_embedded[i], folder, &d->files[d->n].bytes);
        if (e == OK && ends(desk_embedded[i].name, ".json"))
            e = parse(buf_slice(&d->files[d->n].bytes), &d->files[d->n].json);
        d->n++;
    }
    if (e == OK)
        *out = d;
    else
        page_data_free(d);
    return e;
}

void page_data_free(struct page_data *d) {
    if (d == NULL)
        return;
    for (size_t i = 0; i < d->n; i++) {
        buf_free(&d->files[i].bytes);
        json_object_put(d->files[i].json);
    }
    mem_free(NULL, d, sizeof(*d));
}

/* NAME and its end. */
static size_t find(const struct page_data *d, const char *name, const char *end) {
    size_t n = strlen(name);
    for (size_t i = 0; i < d->n; i++)
        if (strncmp(d->files[i].name, name, n) == 0 && strcmp(d->files[i].name + n, end) == 0)
            return i;
    return FILES_MAX;
}

const struct json_object *page_data_list(const struct page_data *d, const char *name,
                                         const char *key) {
    size_t i = find(d, name, ".json");
    return i == FILES_MAX ? NULL : page_json_get(d->files[i].json, key);
}

slice page_data_text(const struct page_data *d, const char *name, enum words_language language) {
    size_t i = language == WORDS_ZH ? find(d, name, ".zh-Hant.md") : FILES_MAX;
    if (i == FILES_MAX)
        i = find(d, name, ".md");
    return i == FILES_MAX ? SLICE_EMPTY : buf_slice(&d->files[i].bytes);
}

uint64_t page_data_version(const struct page_data *d, const char *name) {
    size_t i = find(d, name, ".json");
    return i == FILES_MAX ? 0 : page_json_number(d->files[i].json, "version");
}

size_t page_json_count(const struct json_object *list) {
    return json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;
}

const struct json_object *page_json_item(const struct json_object *list, size_t i) {
    return json_object_array_get_idx(list, i);
}

const struct json_object *page_json_find(const struct json_object *list, slice id) {
    for (size_t i = 0; i < page_json_count(list); i++)
        if (slice_equal(page_json_string(page_json_item(list, i), "id"), id))
            return page_json_item(list, i);
    return NULL;
}

const struct json_object *page_json_get(const struct json_object *o, const char *key) {
    struct json_object *value = NULL;
    if (json_object_is_type(o, json_type_object))
        json_object_object_get_ex(o, key, &value);
    return value;
}

/* The library caches a string's text in it, and so wants it without const. */
static slice string_of(const struct json_object *o) {
    struct json_object *value = (struct json_object *)(uintptr_t)o;
    if (!json_object_is_type(value, json_type_string))
        return SLICE_EMPTY;
    return slice_of(json_object_get_string(value), (size_t)json_object_get_string_len(value));
}

slice page_json_string(const struct json_object *o, const char *key) {
    return string_of(page_json_get(o, key));
}

slice page_json_text(const struct json_object *list, size_t i) {
    return string_of(page_json_item(list, i));
}

uint64_t page_json_number(const struct json_object *o, const char *key) {
    int64_t n = json_object_get_int64(page_json_get(o, key));
    return n > 0 ? (uint64_t)n : 0;
}

slice page_json_words(const struct json_object *o, const char *key, enum words_language language) {
    const struct json_object *words = page_json_get(o, key);
    slice text = page_json_string(words, words_tag(language));
    return text.n > 0 ? text : page_json_string(words, "en");
}
