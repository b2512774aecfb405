/* A conversation so large that the server stores its roster, as far as its traffic goes: nobody
 * holds its keys, and nothing in it opens. */
#ifndef SOTTO_LOAD_GROUP_H
#define SOTTO_LOAD_GROUP_H

#include "proto/proto.h"

struct group {
    buf addresses; /* of its members, one after another */
    uint16_t count;
    uint8_t id[32], key[32], hash[32], blob[32];
};
/* Makes the rest of one that has its addresses and is zero beside them. */
MUST err group_begin(struct group *g);
void group_fini(struct group *g);

/* Bodies of requests; each replaces what is in `out`. */

/* A blob_put of the sealed roster, in the mailbox of the first member; NOT_FOUND behind the last
 * chunk. */
MUST err group_put(const struct group *g, uint32_t chunk, buf *out);
/* The first commit: the roster is stored with it, and the first member gets a copy. */
MUST err group_commit(const struct group *g, slice item, buf *out);
/* A roster_send: an item to all. */
MUST err group_send(const struct group *g, slice item, buf *out);

#endif
