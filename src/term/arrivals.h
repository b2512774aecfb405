/* Files that come while somebody listens: each is saved in a folder, at a moment of its own. */
#ifndef SOTTO_TERM_ARRIVALS_H
#define SOTTO_TERM_ARRIVALS_H

#include "term/job.h"

struct arrivals {
    buf list;       /* struct arrival: those that are under way, and those that wait for room */
    uint64_t bytes; /* of all that were taken up */
};

/* A message was shown: if it is another's and names a file, that is saved in the folder --to. What
 * goes wrong is told, and ends nothing: that it is one too many of those that wait, too, or that
 * --most MiB are used up, of which a single one may take a quarter. */
void arrivals_add(struct job *job, struct arrivals *a, uint32_t conversation, uint64_t number);
/* A DONE, of whatever. */
void arrivals_done(struct job *job, struct arrivals *a, const struct core_notice *n);
/* Ends all, and tells which were not through. */
void arrivals_end(struct job *job, struct arrivals *a);

#endif
