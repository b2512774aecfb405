/* Checks a message by XML schemas that lie on this machine. */
#ifndef SOTTO_DESK_HI1_SCHEMA_H
#define SOTTO_DESK_HI1_SCHEMA_H

#include "desk/hi1.h"

/* path: the schema of TS 103 120's core, which includes the others by relative paths; nothing is
 * fetched from a network. bytes: a message in XML that hi1_load took, which so has no document type
 * and is small enough. reason: OK, or SCHEMA, and where names the first element that is wrong.
 * MALFORMED if the schemas can't be read; libxml2 has told why on the standard error. */
MUST err hi1_schema_check(const char *path, slice bytes, enum hi1_reason *reason,
                          char where[HI1_WHERE]);

#endif
