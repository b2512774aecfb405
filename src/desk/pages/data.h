/* The desk's versioned data and public texts, for pages that show them: those that the program
 * carries (desk/data), or files of the same name in the desk's folder data/, which replace them. */
#ifndef SOTTO_DESK_PAGES_DATA_H
#define SOTTO_DESK_PAGES_DATA_H

#include "base/slice.h"
#include "desk/words.h"

struct json_object;
struct page_data;

/* MALFORMED if one is no JSON. */
MUST err page_data_load(struct page_data **out, const char *folder);
void page_data_free(struct page_data *d);

/* The list `key` of NAME.json; NULL if there is none. */
const struct json_object *page_data_list(const struct page_data *d, const char *name,
                                         const char *key);
/* A text file, whole, in the language, or English; empty if there is none. */
slice page_data_text(const struct page_data *d, const char *name, enum words_language language);
/* The version of NAME.json. */
uint64_t page_data_version(const struct page_data *d, const char *name);

/* ---- Reading ---- NULL and what isn't there read as empty. */

size_t page_json_count(const struct json_object *list);
const struct json_object *page_json_item(const struct json_object *list, size_t i);
/* The object of a list whose `id` this is. */
const struct json_object *page_json_find(const struct json_object *list, slice id);
const struct json_object *page_json_get(const struct json_object *o, const char *key);
slice page_json_string(const struct json_object *o, const char *key);
slice page_json_text(const struct json_object *list, size_t i); /* of a list of strings */
uint64_t page_json_number(const struct json_object *o, const char *key);
/* A text in several languages. */
slice page_json_words(const struct json_object *o, const char *key, enum words_language language);

#endif
