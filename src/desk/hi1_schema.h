/* Checks a message by XML schemas that lie on this machine: one that came, or one of ours before it
 * goes. Nothing that Debian has checks by a schema of JSON; what is in JSON is refused here. */
#ifndef SOTTO_DESK_HI1_SCHEMA_H
#define SOTTO_DESK_HI1_SCHEMA_H

#include "desk/hi1.h"

/* path: the schema of TS 103 120's core, which includes the others by relative paths; nothing is
 * fetched from a network. bytes: a message that hi1_load took, or that we wrote, which so has no
 * document type and is small enough. reason: OK; SCHEMA_FORM; or SCHEMA, and where names the first
 * element that is wrong.
 * MALFORMED if the schemas can't be read; libxml2 has told why on the standard error. */
MUST err hi1_schema_check(const char *path, slice bytes, enum hi1_reason *reason,
                          char where[HI1_WHERE]);

#endif
