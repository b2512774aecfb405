#include "sys/sources.h"

#include <netinet/in.h>
#include <sys/random.h>
#include <sys/socket.h>

err sys_sources_init(struct sys_sources *sources, uint32_t max) {
    memset(sources, 0, sizeof(*sources));
    sources->max = max > SYS_SOURCE_MAX ? SYS_SOURCE_MAX : max;
    return getrandom(sources->key, sizeof(sources->key), 0) == (ssize_t)sizeof(sources->key)
               ? OK
               : ERR_IO;
}

/* What one owner may change at will is left out: the lower half of an IPv6 address. */
static slice source_of(const struct sockaddr_storage *peer) {
    if (peer->ss_family == AF_INET)
        return slice_of(&((const struct sockaddr_in *)peer)->sin_addr, 4);
    if (peer->ss_family != AF_INET6)
        return SLICE_EMPTY;
    const struct in6_addr *address = &((const struct sockaddr_in6 *)peer)->sin6_addr;
    if (IN6_IS_ADDR_V4MAPPED(address))
        return slice_of(address->s6_addr + 12, 4);
    return slice_of(address->s6_addr, 8);
}

err sys_sources_take(struct sys_sources *sources, const struct sockaddr_storage *peer,
                     uint32_t *place) {
    slice source = source_of(peer);
    *place = 0;
    if (source.n == 0)
        return OK;
    uint32_t at = (uint32_t)(siphash(sources->key, source) % SYS_SOURCES);
    if (sources->counts[at] >= sources->max) {
        sources->refused++;
        return ERR_FULL;
    }
    sources->counts[at]++;
    *place = at + 1;
    return OK;
}

void sys_sources_give(struct sys_sources *sources, uint32_t place) {
    if (place != 0)
        sources->counts[place - 1]--;
}
