/* `sottod check`: whether a server is fit to run. Makes nothing that isn't there. */
#ifndef SOTTO_SERVER_CHECK_H
#define SOTTO_SERVER_CHECK_H

#include "server/config.h"

/* One line for each thing that was looked at; returns the exit code, of the first that isn't fine.
 * deep: every row of the store, too. */
int check_server(const struct config *c, bool deep, bool json);

#endif
