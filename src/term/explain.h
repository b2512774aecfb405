/* What an error means to the person in front of it, and what to do. */
#ifndef SOTTO_TERM_EXPLAIN_H
#define SOTTO_TERM_EXPLAIN_H

#include "core/core.h"
#include "term/line.h"

/* The exit code that goes with an error. */
int explain_code(err e);
/* Adds a sentence or two: what is wrong, what to do. */
void explain_add(struct line *l, err e, uint16_t reason);
/* Why there is no connection, as part of a sentence. */
void explain_way(struct line *l, const struct core_status *s);
/* Why a home doesn't open. */
void explain_home(struct line *l, err e, const char *home, bool no_passphrase);
/* Prints an error: a sentence on the error output, or an object among the others. */
void explain_print(struct out *out, err e, uint16_t reason, slice sentence);

#endif
