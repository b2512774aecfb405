/* A request desk for the rig's server, apart since it looks into the server. */
#ifndef SOTTO_TESTS_SEIZED_DESK_H
#define SOTTO_TESTS_SEIZED_DESK_H

#include "tests/core/rig.h"

void desk_begin(struct rig *rig);
/* Into the mailboxes of the account; its signature is KNOWN_NOTICE. */
void desk_notice(struct rig *rig, const uint8_t account[CORE_ACCOUNT], const char *wording);

#endif
