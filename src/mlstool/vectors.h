/* Published test vectors of MLS: which of the official formats a file has, and its checks. The unit
 * tests and `sotto-mls vectors` run these. */
#ifndef SOTTO_MLSTOOL_VECTORS_H
#define SOTTO_MLSTOOL_VECTORS_H

#include <json-c/json.h>

#include "base/slice.h"

struct vectors_result {
    const char *type; /* of the last case: "tree-math"; NULL if there was none that we know */
    size_t passed, failed;
    size_t skipped; /* those that name a suite that the library does not have */
};

/* Runs every case of a parsed file: an array of cases, or one of them. Each is known by the fields
 * that it has; one of an unknown format fails. failed: told of each failure; `why` is text. */
void vectors_check(struct json_object *file,
                   void (*failed)(void *ctx, size_t number, const char *why), void *ctx,
                   struct vectors_result *result);

/* `sotto-mls vectors FILE|FOLDER...`: a line for each file, of folders all *.json below them by
 * name, then the sum. 0 if nothing failed. */
int vectors_main(int argc, char **argv);

#endif
