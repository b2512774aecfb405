/* How many connections each source has: an IPv4 address, or the /64 of an IPv6 one. These are only
 * counts, under a hash whose key is nowhere but in this memory: no address can be read from them,
 * and nobody can choose two sources that share a count. */
#ifndef SOTTO_SYS_SOURCES_H
#define SOTTO_SYS_SOURCES_H

#include "base/siphash.h"

enum { SYS_SOURCES = 65536, SYS_SOURCE_MAX = 65535 };

struct sockaddr_storage;

struct sys_sources {
    uint32_t max; /* connections of one source, up to SYS_SOURCE_MAX */
    uint64_t refused;
    uint8_t key[SIPHASH_KEY];
    uint16_t counts[SYS_SOURCES];
};

MUST err sys_sources_init(struct sys_sources *sources, uint32_t max);
/* One more connection of the peer. `place` is what gives it back; 0 for a UNIX socket, which is not
 * counted. FULL: it has as many as it may. */
MUST err sys_sources_take(struct sys_sources *sources, const struct sockaddr_storage *peer,
                          uint32_t *place);
void sys_sources_give(struct sys_sources *sources, uint32_t place);

#endif
