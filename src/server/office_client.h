/* `sottod office` and `sottod order`: the office file and the suspension list of the server that
 * runs. */
#ifndef SOTTO_SERVER_OFFICE_CLIENT_H
#define SOTTO_SERVER_OFFICE_CLIENT_H

#include <stdbool.h>

/* Prints what is in force and returns the exit code. */
int office_client_show(const char *data, bool json);
/* Hands a file in, and prints what is in force then. verb: "pin" (hash: of its text, hexadecimal;
 * anew: in the place of another), "change" or "suspensions" (hash: NULL; sightings: a file, or
 * NULL). USAGE if there is no such verb, or the hash is none. */
int office_client_put(const char *data, const char *verb, const char *hash, const char *file,
                      const char *sightings, bool anew, bool json);

/* Has an order carried out: writes into the directory `to` what it gives, ID.cms or ID.txt, and
 * ID.manifest, and tells the server once both are there. */
int office_client_order(const char *data, const char *file, const char *to);

#endif
