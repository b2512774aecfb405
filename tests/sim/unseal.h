#ifndef SOTTO_TESTS_SIM_UNSEAL_H
#define SOTTO_TESTS_SIM_UNSEAL_H

#include "core/core.h"

/* The item in the server's stored form of it (server/internal.h), which is for this client; it
 * points into plain. False if it does not open. */
bool sim_unseal(struct core *core, slice stored, buf *plain, slice *item);

#endif
