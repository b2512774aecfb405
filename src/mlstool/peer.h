/* `sotto-mls peer`: a loop over lines of JSON, so that another implementation can be driven against
 * this one. docs/MLS-PEER.md is its manual. */
#ifndef SOTTO_MLSTOOL_PEER_H
#define SOTTO_MLSTOOL_PEER_H

#include <json-c/json.h>

#include "sotto/mls.h"

/* What handles stand for, and the pre-shared keys that were registered. */
struct peer;
struct peer *peer_new(void);
void peer_free(struct peer *peer);

/* Carries out one request, the text of one JSON object, and returns the answer: the caller puts it
 * (json_object_put). NULL: out of memory. */
struct json_object *peer_answer(struct peer *peer, slice line);

int peer_main(int argc, char **argv);

#endif
