/* Enrolment: whoever runs the desk gives a person a code, good once and for an hour, with the roles
 * and countries that the office decided on. On the desk's page the person's browser makes two
 * passkeys and a key for what is sealed; what comes of it is a draft: the person's lines for the
 * next office file, which others sign. Codes lie in the folder's enrolments/ by their hash, drafts
 * in its drafts/ID. */
#ifndef SOTTO_DESK_ENROLMENT_H
#define SOTTO_DESK_ENROLMENT_H

#include "base/slice.h"
#include "base/time.h"

enum { DESK_CODE = 33, DESK_ENROLMENT_ID = 65 }; /* with the NUL */
#define DESK_CODE_LIFE TIME_HOUR

/* lines: those of the office file that stand between `person` and `seal`: roles, deputy,
 * countries. MALFORMED if the id is none; IO and the like. */
MUST err desk_enrolment_begin(const char *folder, slice id, slice lines, uint64_t now,
                              char code[DESK_CODE]);
/* The id of the person whom the code is for. NOT_FOUND, EXPIRED. */
MUST err desk_enrolment_find(const char *folder, slice code, uint64_t now,
                             char id[DESK_ENROLMENT_ID]);
/* Writes the draft, of what the code says and these lines (seal, passkeys, ssh-keys), and uses the
 * code up. As _find. */
MUST err desk_enrolment_end(const char *folder, slice code, uint64_t now, slice lines);

#endif
