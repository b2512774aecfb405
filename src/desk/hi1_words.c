#include "desk/hi1_words.h"

#include <json-c/json.h>

#include "desk/data.h"
#include "desk/facts.h"

static const char *const ids[HI1_WORD_COUNT] = {
#define X(id, name) id,
    HI1_WORDS(X)
#undef X
#define X(id, name, text) "fact-" id,
        HI1_FACTS(X)
#undef X
};

bool hi1_fact_of(slice id, enum hi1_fact *fact) {
    static const char *const names[] = {
#define X(id_, name, text) id_,
        HI1_FACTS(X)
#undef X
    };
    for (size_t i = 0; i < HI1_FACT_COUNT; i++)
        if (slice_equal(id, slice_str(names[i]))) {
            *fact = (enum hi1_fact)i;
            return true;
        }
    return false;
}

/* Of XML, in ASCII and without a prefix. */
static bool is_name(const char *s) {
    for (size_t i = 0; s[i] != '\0'; i++) {
        bool letter = (s[i] >= 'a' && s[i] <= 'z') || (s[i] >= 'A' && s[i] <= 'Z') || s[i] == '_';
        bool other = (s[i] >= '0' && s[i] <= '9') || s[i] == '-' || s[i] == '.';
        if (!letter && (i == 0 || !other))
            return false;
    }
    return s[0] != '\0';
}

static bool is_line(const char *s) {
    for (size_t i = 0; s[i] != '\0'; i++)
        if (s[i] < ' ' || s[i] == 0x7F)
            return false;
    return s[0] != '\0';
}

static const char *text(const struct json_object *row, const char *key) {
    struct json_object *m = NULL;
    if (!json_object_is_type(row, json_type_object) || !json_object_object_get_ex(row, key, &m) ||
        !json_object_is_type(m, json_type_string))
        return "";
    return json_object_get_string(m);
}

static err take(struct hi1_words *w, const struct json_object *row) {
    const char *id = text(row, "id"), *as = text(row, "as");
    size_t i = 0;
    while (i < HI1_WORD_COUNT && strcmp(ids[i], id) != 0)
        i++;
    if (i == HI1_WORD_COUNT || w->each[i][0] != '\0')
        return ERR_MALFORMED;
    bool fine = i >= HI1_WORD_FORM ? is_name(as) : is_line(as);
    return fine && desk_copy(w->each[i], HI1_WORD_MAX, slice_str(as)) ? OK : ERR_MALFORMED;
}

static err take_all(struct hi1_words *w, const struct json_object *root) {
    struct json_object *words = NULL;
    if (!json_object_is_type(root, json_type_object) ||
        !json_object_object_get_ex(root, "words", &words) ||
        !json_object_is_type(words, json_type_array) ||
        json_object_array_length(words) != HI1_WORD_COUNT)
        return ERR_MALFORMED;
    for (size_t i = 0; i < HI1_WORD_COUNT; i++)
        TRY(take(w, json_object_array_get_idx(words, i)));
    return OK;
}

err hi1_words_load(struct hi1_words *w, const char *folder) {
    buf bytes = {0};
    struct json_object *root = NULL;
    memset(w, 0, sizeof *w);
    err e = desk_data_file(&bytes, folder, "hi1.json");
    if (e == OK)
        e = desk_json_parse(&root, buf_slice(&bytes));
    if (e == OK)
        e = take_all(w, root);
    json_object_put(root);
    buf_free(&bytes);
    return e;
}
