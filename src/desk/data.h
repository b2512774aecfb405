/* Loads the versioned data that the machine runs by: checklists and regimes; the ids of kinds of
 * process, of what can't be carried out, and of reasons, which are the report's cells; and which
 * policy and guidelines stand. */
#ifndef SOTTO_DESK_DATA_H
#define SOTTO_DESK_DATA_H

#include "desk/machine.h"

struct desk_data {
    struct desk_regime *regimes;
    size_t regime_count;
    struct desk_checklists checklists;
    struct desk_cites cites;
    struct desk_ids processes, demands, grounds;
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
/* MALFORMED for what is not of its form, or leads to what is not there; STATE for a regime whose
 * notice and deadline can't both be kept. */
MUST err desk_data_load(struct desk_data *data, const char *folder);
/* The same of bytes. */
MUST err desk_data_parse(struct desk_data *data, const struct desk_data_files *files);
void desk_data_free(struct desk_data *data);

#endif
