/* SipHash-2-4 (Aumasson and Bernstein): the hash of a table whose keys strangers choose. Without
 * its key nobody can make names that collide. */
#ifndef SOTTO_BASE_SIPHASH_H
#define SOTTO_BASE_SIPHASH_H

#include "base/slice.h"

enum { SIPHASH_KEY = 16 };

uint64_t siphash(const uint8_t key[SIPHASH_KEY], slice s);

#endif
