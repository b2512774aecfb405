/* The server's request desk and its notices, as they look. */
#ifndef SOTTO_TERM_DESK_H
#define SOTTO_TERM_DESK_H

#include "term/job.h"

/* Which key its notices are believed by, and that the server names another one, if it does. False:
 * the server named none. */
bool desk_show(struct job *job);
/* Shows the notices that are not read yet, or all; *last is the number of the last, or 0. An error
 * if the output failed. */
MUST err desk_show_notices(struct job *job, bool all, uint64_t *last);
/* Those up to this number were printed. */
MUST err desk_read(struct job *job, uint64_t last);

#endif
