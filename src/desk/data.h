/* Loads the versioned data that the machine runs by: checklists and regimes; the ids of kinds of
 * process, of what can't be carried out, and of reasons, which are the report's cells; and which
 * policy and guidelines stand. */
#ifndef SOTTO_DESK_DATA_H
#define SOTTO_DESK_DATA_H

#include "desk/machine.h"

/* What a law lets nobody publish but in bands, if the deployment chose such a law in bands.json. */
enum { DESK_BANDS_MAX = 16 };
struct desk_bands {
    char option[DESK_ID]; /* "": none is chosen, and nothing is counted in bands */
    char law[DESK_ID];
    bool unconfirmed;            /* by counsel */
    uint64_t width, months, lag; /* of a band; of the period; after it, before which none is told */
    struct desk_band {
        char id[DESK_ID];
        bool accounts; /* they are counted, and not requests */
        struct desk_ids processes;
    } each[DESK_BANDS_MAX];
    size_t n;
    struct desk_ids all; /* kinds of process that are in any of them */
};

struct desk_data {
    struct desk_regime *regimes;
    size_t regime_count;
    struct desk_checklists checklists;
    struct desk_cites cites;
    struct desk_ids processes, demands, grounds;
    struct desk_bands bands;
};
/* The bytes of regimes.json, checklists.json, process-types.json, demands.json, reasons.json,
 * policy.md and authorities.md. */
struct desk_data_files {
    slice regimes, checklists, processes, demands, grounds, policy, guidelines;
};

/* A file of data; json_object_put frees it. MALFORMED. */
struct json_object;
MUST err desk_json_parse(struct json_object **out, slice bytes);
/* Appends a file: the one of the folder's data/, or else what the program carries. NOT_FOUND. */
MUST err desk_data_file(buf *out, const char *folder, const char *name);
/* All of it. MALFORMED for what is not of its form, or leads to what is not there; STATE for a
 * regime whose notice and deadline can't both be kept. */
MUST err desk_data_load(struct desk_data *data, const char *folder);
/* The same of bytes, without the bands. */
MUST err desk_data_parse(struct desk_data *data, const struct desk_data_files *files);
void desk_data_free(struct desk_data *data);

/* Names of what a list of data has, in each language of words.h. */
struct desk_names {
    struct desk_name {
        char id[DESK_ID], name[2][4 * DESK_ID];
    } * each;
    size_t n, room;
};
/* Adds those of the list `key` of a file: "types" of process-types.json; or, if `within` is not
 * NULL, of the lists of this name in each of its items. What is there already stays. MALFORMED;
 * what came before is still there. */
MUST err desk_names_load(struct desk_names *names, const char *folder, const char *file,
                         const char *key, const char *within);
void desk_names_free(struct desk_names *names);
/* The id itself if it has none. Valid as long as both. */
slice desk_names_get(const struct desk_names *names, slice id, int language);

#endif
