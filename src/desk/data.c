#include "desk/data.h"

#include <json-c/json.h>
#include <stdio.h>

#include "base/text.h"
#include "desk/data/embedded.h"
#include "desk/facts.h"
#include "sys/files.h"

enum { FILE_MAX = 4 << 20, PATH_MAX_ = 4096, DEPTH_MAX = 16, NOTICE_DAYS = 10 };

/* ---- Files ---- */

static err carried(buf *out, const char *name) {
    for (size_t i = 0; i < desk_embedded_count; i++)
        if (strcmp(desk_embedded[i].name, name) == 0)
            return buf_append(out, slice_of(desk_embedded[i].bytes, desk_embedded[i].n));
    return ERR_NOT_FOUND;
}

err desk_data_file(buf *out, const char *folder, const char *name) {
    char path[PATH_MAX_];
    int n = folder == NULL ? -1 : snprintf(path, sizeof path, "%s/data/%s", folder, name);
    if (n > 0 && (size_t)n < sizeof path) {
        err e = sys_file_read(path, FILE_MAX, out);
        if (e != ERR_NOT_FOUND)
            return e;
    }
    return carried(out, name);
}

/* ---- JSON ---- */

err desk_json_parse(struct json_object **out, slice bytes) {
    struct json_tokener *t = json_tokener_new_ex(DEPTH_MAX);
    *out = NULL;
    if (t == NULL)
        return ERR_NO_MEMORY;
    if (bytes.n <= FILE_MAX) {
        json_tokener_set_flags(t, JSON_TOKENER_STRICT);
        *out = json_tokener_parse_ex(t, (const char *)bytes.p, (int)bytes.n);
    }
    json_tokener_free(t);
    return *out == NULL ? ERR_MALFORMED : OK;
}

static struct json_object *member(struct json_object *o, const char *name) {
    struct json_object *m = NULL;
    if (json_object_is_type(o, json_type_object))
        (void)json_object_object_get_ex(o, name, &m);
    return m;
}

static const char *text(struct json_object *o, const char *name) {
    struct json_object *m = member(o, name);
    return json_object_is_type(m, json_type_string) ? json_object_get_string(m) : "";
}

/* 0 for what is no number, or is null. */
static uint64_t number(struct json_object *o, const char *name) {
    struct json_object *m = member(o, name);
    int64_t v = json_object_is_type(m, json_type_int) ? json_object_get_int64(m) : 0;
    return v < 0 ? 0 : (uint64_t)v;
}

static size_t length(struct json_object *o) {
    return json_object_is_type(o, json_type_array) ? json_object_array_length(o) : 0;
}

static uint64_t duration(struct json_object *o) {
    return number(o, "days") * TIME_DAY + number(o, "hours") * TIME_HOUR;
}

/* ---- Regimes ---- */

static bool can_be_ordered(struct json_object *regime, const char *category) {
    struct json_object *all = member(regime, "categories");
    for (size_t i = 0; i < length(all); i++) {
        struct json_object *c = json_object_array_get_idx(all, i);
        if (strcmp(text(c, "id"), category) == 0)
            return json_object_get_boolean(member(c, "ordered"));
    }
    return false;
}

static err categories(struct desk_regime *r, struct json_object *regime) {
    static const char *const names[DESK_FIELD_COUNT] = {
#define X(text_, name) text_,
        HELD_RECORD(X)
#undef X
    };
    for (int i = 0; i < DESK_FIELD_COUNT; i++) {
        const char *category = text(member(regime, "fields"), names[i]);
        if (category[0] == '\0')
            return ERR_MALFORMED;
        if (can_be_ordered(regime, category) &&
            !desk_copy_id(r->categories[i], slice_str(category)))
            return ERR_MALFORMED;
    }
    return OK;
}

/* What the law bars is, without a bar, told as any other. */
static err notice(struct desk_regime *r, struct json_object *regime) {
    static const struct {
        const char *rule;
        enum desk_notice notice;
    } rules[] = {{"before", DESK_NOTICE_BEFORE},
                 {"barred", DESK_NOTICE_BEFORE},
                 {"authority-informs", DESK_NOTICE_AUTHORITY_INFORMS},
                 {"after", DESK_NOTICE_AFTER},
                 {"none", DESK_NOTICE_AFTER}};
    struct json_object *n = member(regime, "notice");
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
        if (strcmp(text(n, "rule"), rules[i].rule) == 0) {
            uint64_t days = number(n, "days");
            r->notice = rules[i].notice;
            r->notice_term = (days == 0 ? NOTICE_DAYS : days) * TIME_DAY;
            return OK;
        }
    return ERR_MALFORMED;
}

static err regime_parse(struct desk_regime *r, struct json_object *o) {
    struct json_object *deadlines = member(o, "deadlines");
    if (!facts_is_id(slice_str(text(o, "id"))) || !desk_copy_id(r->id, slice_str(text(o, "id"))) ||
        !desk_kind_of(slice_str(text(o, "kind")), &r->kind) || r->kind == DESK_KIND_DEMAND)
        return ERR_MALFORMED;
    for (size_t i = 0; i < length(deadlines); i++) {
        struct json_object *d = json_object_array_get_idx(deadlines, i);
        if (strcmp(text(d, "id"), desk_kind_name(r->kind)) == 0)
            r->term = duration(d);
        if (strcmp(text(d, "id"), "clarification") == 0)
            r->clarification = duration(d);
    }
    r->emergency_term = duration(member(o, "emergency"));
    r->process = number(member(o, "emergency"), "process_hours") * TIME_HOUR;
    r->bar_max = number(member(o, "bar"), "max_days") * TIME_DAY;
    r->preserve_max = duration(member(o, "preservation"));
    TRY(notice(r, o));
    TRY(categories(r, o));
    bool impossible = r->kind == DESK_KIND_PRODUCE && r->notice == DESK_NOTICE_BEFORE &&
                      r->term != 0 && r->notice_term > r->term;
    return impossible ? ERR_STATE : OK;
}

static err regimes_parse(struct desk_data *data, struct json_object *root) {
    struct json_object *all = member(root, "regimes");
    size_t n = length(all);
    if (n == 0)
        return ERR_MALFORMED;
    data->regimes = mem_new_array(NULL, n, sizeof *data->regimes);
    if (data->regimes == NULL)
        return ERR_NO_MEMORY;
    data->regime_count = n;
    for (size_t i = 0; i < n; i++)
        TRY(regime_parse(&data->regimes[i], json_object_array_get_idx(all, i)));
    return OK;
}

/* ---- Checklists ---- */

static err question_parse(struct desk_question *q, struct json_object *o) {
    static const struct {
        const char *text;
        enum desk_effect effect;
    } effects[] = {{"B", DESK_EFFECT_BLOCKS},
                   {"C", DESK_EFFECT_CURE},
                   {"expert", DESK_EFFECT_EXPERT},
                   {"notify", DESK_EFFECT_NONE},
                   {"none", DESK_EFFECT_NONE}};
    char id[DESK_ID];
    if (!desk_copy_id(id, slice_str(text(o, "id"))) ||
        !desk_copy_id(q->wrong, slice_str(text(o, "blocks"))))
        return ERR_MALFORMED;
    for (size_t i = 0; i < sizeof id; i++)
        q->id[i] = (char)(id[i] >= 'A' && id[i] <= 'Z' ? id[i] - 'A' + 'a' : id[i]);
    if (!facts_is_id(slice_str(q->id)) ||
        (strcmp(q->wrong, "yes") != 0 && strcmp(q->wrong, "no") != 0))
        return ERR_MALFORMED;
    for (size_t i = 0; i < sizeof effects / sizeof effects[0]; i++)
        if (strcmp(effects[i].text, text(o, "effect")) == 0) {
            q->effect = effects[i].effect;
            return OK;
        }
    return ERR_MALFORMED;
}

static err list_parse(struct desk_checklists *c, struct json_object *o) {
    static const char *const names[DESK_LIST_COUNT] = {"authenticity", "policy", "local-law",
                                                       "human-rights", "emergency"};
    struct json_object *items = member(o, "items");
    int list = 0;
    while (list < DESK_LIST_COUNT && strcmp(names[list], text(o, "id")) != 0)
        list++;
    if (list == DESK_LIST_COUNT || length(items) == 0 || length(items) > DESK_QUESTIONS_MAX ||
        c->lists[list].n != 0)
        return ERR_MALFORMED;
    for (size_t i = 0; i < length(items); i++)
        TRY(question_parse(&c->lists[list].each[c->lists[list].n++],
                           json_object_array_get_idx(items, i)));
    return OK;
}

static err checklists_parse(struct desk_data *data, struct json_object *root) {
    struct desk_checklists *c = &data->checklists;
    struct json_object *lists = member(root, "lists");
    c->version = number(root, "version");
    for (size_t i = 0; i < length(lists); i++)
        TRY(list_parse(c, json_object_array_get_idx(lists, i)));
    for (int list = 0; list < DESK_LIST_COUNT; list++)
        if (c->lists[list].n == 0)
            return ERR_MALFORMED;
    return c->version == 0 ? ERR_MALFORMED : OK;
}

/* ---- Ids ---- */

static err ids_parse(struct desk_ids *ids, struct json_object *list, const char *to) {
    size_t n = length(list);
    if (n == 0)
        return ERR_MALFORMED;
    ids->n = n;
    ids->each = mem_new_array(NULL, n, sizeof *ids->each);
    ids->to = mem_new_array(NULL, n, sizeof *ids->to);
    if (ids->each == NULL || ids->to == NULL)
        return ERR_NO_MEMORY;
    for (size_t i = 0; i < n; i++) {
        struct json_object *o = json_object_array_get_idx(list, i);
        slice id = slice_str(text(o, "id"));
        if (!facts_is_id(id) || !desk_copy_id(ids->each[i], id) ||
            !desk_copy_id(ids->to[i], slice_str(text(o, to))))
            return ERR_MALFORMED;
    }
    return OK;
}

static void ids_free(struct desk_ids *ids) {
    if (ids->each != NULL)
        mem_free(NULL, ids->each, ids->n * sizeof *ids->each);
    if (ids->to != NULL)
        mem_free(NULL, ids->to, ids->n * sizeof *ids->to);
}

/* Whether all that these lead to is there; "" if they need not lead anywhere. */
static bool all_lead(const struct desk_ids *from, const struct desk_ids *there, bool must) {
    for (size_t i = 0; i < from->n; i++)
        if ((must || from->to[i][0] != '\0') && !desk_ids_have(there, slice_str(from->to[i])))
            return false;
    return true;
}

static err processes_parse(struct desk_data *data, struct json_object *root) {
    return ids_parse(&data->processes, member(root, "types"), "demand");
}

static err demands_parse(struct desk_data *data, struct json_object *root) {
    return ids_parse(&data->demands, member(root, "demands"), "ground");
}

static err grounds_parse(struct desk_data *data, struct json_object *root) {
    return ids_parse(&data->grounds, member(root, "reasons"), "cell");
}

/* ---- Public texts ---- */

/* Their first line is "Version N". */
static err version_parse(uint64_t *version, slice text) {
    slice line;
    if (!slice_line(&text, &line) || !slice_skip(&line, slice_str("Version ")) ||
        decimal_decode(line, UINT32_MAX, version) != OK || *version == 0)
        return ERR_MALFORMED;
    return OK;
}

/* ---- What the machine runs by ---- */

static err parse(struct desk_data *data, slice bytes,
                 err (*part)(struct desk_data *, struct json_object *)) {
    struct json_object *root;
    TRY(desk_json_parse(&root, bytes));
    err e = part(data, root);
    json_object_put(root);
    return e;
}

err desk_data_parse(struct desk_data *data, const struct desk_data_files *files) {
    memset(data, 0, sizeof *data);
    err e = parse(data, files->regimes, regimes_parse);
    if (e == OK)
        e = parse(data, files->checklists, checklists_parse);
    if (e == OK)
        e = parse(data, files->processes, processes_parse);
    if (e == OK)
        e = parse(data, files->demands, demands_parse);
    if (e == OK)
        e = parse(data, files->grounds, grounds_parse);
    if (e == OK)
        e = version_parse(&data->cites.policy, files->policy);
    if (e == OK)
        e = version_parse(&data->cites.guidelines, files->guidelines);
    if (e == OK && (!all_lead(&data->processes, &data->demands, false) ||
                    !all_lead(&data->demands, &data->grounds, true)))
        e = ERR_MALFORMED;
    if (e != OK)
        desk_data_free(data);
    return e;
}

/* ---- Bands ---- */

static struct json_object *of_id(struct json_object *list, const char *id) {
    for (size_t i = 0; i < length(list); i++) {
        struct json_object *o = json_object_array_get_idx(list, i);
        if (strcmp(text(o, "id"), id) == 0)
            return o;
    }
    return NULL;
}

static bool list_has(struct json_object *list, const char *word) {
    for (size_t i = 0; i < length(list); i++) {
        const char *s = json_object_get_string(json_object_array_get_idx(list, i));
        if (s != NULL && strcmp(s, word) == 0)
            return true;
    }
    return false;
}

/* The kinds of process of these groups; those that are there already stay. */
static err band_processes(struct desk_ids *ids, struct json_object *types,
                          struct json_object *groups) {
    if (ids->each == NULL)
        ids->each = mem_new_array(NULL, length(types) + 1, sizeof *ids->each);
    if (ids->each == NULL)
        return ERR_NO_MEMORY;
    for (size_t i = 0; i < length(types); i++) {
        struct json_object *type = json_object_array_get_idx(types, i);
        slice id = slice_str(text(type, "id"));
        if (!list_has(groups, text(type, "band")) || desk_ids_have(ids, id))
            continue;
        if (!desk_copy_id(ids->each[ids->n], id))
            return ERR_MALFORMED;
        ids->n++;
    }
    return OK;
}

static err band_parse(struct desk_bands *b, struct json_object *cell, struct json_object *types) {
    if (cell == NULL || b->n == DESK_BANDS_MAX)
        return ERR_MALFORMED;
    struct desk_band *band = &b->each[b->n++];
    band->accounts = strcmp(text(cell, "counts"), "selectors") == 0;
    if (!desk_copy_id(band->id, slice_str(text(cell, "id"))))
        return ERR_MALFORMED;
    TRY(band_processes(&band->processes, types, member(cell, "groups")));
    return band_processes(&b->all, types, member(cell, "groups"));
}

static err bands_parse(struct desk_bands *b, struct json_object *root, struct json_object *types) {
    const char *chosen = text(root, "chosen");
    struct json_object *option = of_id(member(root, "options"), chosen);
    struct json_object *ids = member(option, "cells");
    if (chosen[0] == '\0')
        return OK;
    b->unconfirmed = json_object_get_boolean(member(option, "unconfirmed"));
    b->width = number(option, "width");
    b->months = number(option, "months");
    b->lag = number(option, "lag_days") * TIME_DAY;
    if (!desk_copy_id(b->option, slice_str(chosen)) ||
        !desk_copy_id(b->law, slice_str(text(option, "law"))) || b->width == 0 || b->months == 0 ||
        length(ids) == 0)
        return ERR_MALFORMED;
    for (size_t i = 0; i < length(ids); i++) {
        const char *id = json_object_get_string(json_object_array_get_idx(ids, i));
        TRY(band_parse(b, of_id(member(root, "cells"), id == NULL ? "" : id), types));
    }
    return OK;
}

static void bands_free(struct desk_bands *bands) {
    for (size_t i = 0; i < bands->n; i++)
        ids_free(&bands->each[i].processes);
    ids_free(&bands->all);
    memset(bands, 0, sizeof *bands);
}

static err bands_load(struct desk_bands *bands, const char *folder) {
    struct json_object *root = NULL, *types = NULL;
    buf bytes = {0}, processes = {0};
    memset(bands, 0, sizeof *bands);
    err e = desk_data_file(&bytes, folder, "bands.json");
    if (e == OK)
        e = desk_data_file(&processes, folder, "process-types.json");
    if (e == OK)
        e = desk_json_parse(&root, buf_slice(&bytes));
    if (e == OK)
        e = desk_json_parse(&types, buf_slice(&processes));
    if (e == OK)
        e = bands_parse(bands, root, member(types, "types"));
    json_object_put(root);
    json_object_put(types);
    buf_free(&bytes);
    buf_free(&processes);
    if (e != OK)
        bands_free(bands);
    return e;
}

err desk_data_load(struct desk_data *data, const char *folder) {
    static const char *const names[] = {"regimes.json",  "checklists.json", "process-types.json",
                                        "demands.json",  "reasons.json",    "policy.md",
                                        "authorities.md"};
    buf bytes[sizeof names / sizeof names[0]] = {{0}};
    err e = OK;
    memset(data, 0, sizeof *data);
    for (size_t i = 0; e == OK && i < sizeof names / sizeof names[0]; i++)
        e = desk_data_file(&bytes[i], folder, names[i]);
    if (e == OK)
        e = desk_data_parse(data,
                            &(struct desk_data_files){buf_slice(&bytes[0]), buf_slice(&bytes[1]),
                                                      buf_slice(&bytes[2]), buf_slice(&bytes[3]),
                                                      buf_slice(&bytes[4]), buf_slice(&bytes[5]),
                                                      buf_slice(&bytes[6])});
    if (e == OK && (e = bands_load(&data->bands, folder)) != OK)
        desk_data_free(data);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        buf_free(&bytes[i]);
    return e;
}

void desk_data_free(struct desk_data *data) {
    mem_free(NULL, data->regimes, data->regime_count * sizeof *data->regimes);
    ids_free(&data->processes);
    ids_free(&data->demands);
    ids_free(&data->grounds);
    bands_free(&data->bands);
    memset(data, 0, sizeof *data);
}

/* ---- Names ---- */

static bool names_have(const struct desk_names *names, const char *id) {
    for (size_t i = 0; i < names->n; i++)
        if (strcmp(names->each[i].id, id) == 0)
            return true;
    return false;
}

static err name_add(struct desk_names *names, struct json_object *o) {
    struct json_object *in = member(o, "name");
    if (names_have(names, text(o, "id")))
        return OK;
    if (names->n == names->room) {
        size_t more = names->room == 0 ? 64 : 2 * names->room;
        void *p = mem_resize(NULL, names->each, names->room * sizeof *names->each,
                             more * sizeof *names->each);
        if (p == NULL)
            return ERR_NO_MEMORY;
        names->each = p;
        names->room = more;
    }
    struct desk_name *name = &names->each[names->n];
    if (!desk_copy_id(name->id, slice_str(text(o, "id"))) ||
        !desk_copy_id(name->name[0], slice_str(text(in, "en"))) ||
        !desk_copy_id(name->name[1], slice_str(text(in, "zh-Hant"))))
        return ERR_MALFORMED;
    names->n++;
    return OK;
}

static err names_add(struct desk_names *names, struct json_object *list, const char *within) {
    for (size_t i = 0; i < length(list); i++) {
        struct json_object *o = json_object_array_get_idx(list, i);
        TRY(within == NULL ? name_add(names, o) : names_add(names, member(o, within), NULL));
    }
    return OK;
}

err desk_names_load(struct desk_names *names, const char *folder, const char *file, const char *key,
                    const char *within) {
    struct json_object *root = NULL;
    buf bytes = {0};
    err e = desk_data_file(&bytes, folder, file);
    if (e == OK)
        e = desk_json_parse(&root, buf_slice(&bytes));
    if (e == OK)
        e = names_add(names, member(root, key), within);
    json_object_put(root);
    buf_free(&bytes);
    return e;
}

void desk_names_free(struct desk_names *names) {
    mem_free(NULL, names->each, names->room * sizeof *names->each);
    *names = (struct desk_names){.n = 0};
}

slice desk_names_get(const struct desk_names *names, slice id, int language) {
    for (size_t i = 0; i < names->n; i++)
        if (slice_equal(slice_str(names->each[i].id), id))
            return slice_str(names->each[i].name[language]);
    return id;
}
