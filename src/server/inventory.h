/* `sottod inventory`: which fields the server holds, and how much of each kind of row, all accounts
 * together. It has no way to say anything of one of them. */
#ifndef SOTTO_SERVER_INVENTORY_H
#define SOTTO_SERVER_INVENTORY_H

#include <stdbool.h>

/* Counts what the store in this data directory holds, which a running server may use meanwhile.
 * Returns an exit code. */
int inventory_count(const char *data, bool json);
/* The list of fields, as the tables of docs/WHAT-WE-HOLD.md; needs no store. */
int inventory_fields(void);

#endif
