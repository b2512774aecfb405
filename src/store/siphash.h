/* SipHash-2-4 (Aumasson and Bernstein): the hash of a table whose keys strangers choose. Without
 * its key nobody can make names that collide. */
#ifndef SOTTO_STORE_SIPHASH_H
#define SOTTO_STORE_SIPHASH_H

#include "base/slice.h"

enum { STORE_SIPHASH_KEY = 16 };

uint64_t store_siphash(const uint8_t key[STORE_SIPHASH_KEY], slice s);

#endif
