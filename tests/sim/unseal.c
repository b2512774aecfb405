/* The client's half of what the server sealed: apart, since core/internal.h and server/internal.h
 * have names in common. */
#include "core/internal.h"
#include "unseal.h"

bool sim_unseal(struct core *core, slice stored, buf *plain, slice *item) {
    struct proto_delivery sealed = {0};
    struct delivery d = {0};
    uint32_t week;
    reader r = reader_of(stored);
    if (reader_u32(&r, &week) != OK || reader_copy(&r, sealed.chain, sizeof sealed.chain) != OK ||
        reader_u32(&r, &sealed.number) != OK || reader_vec(&r, &sealed.sealed) != OK ||
        core_unseal(core, &sealed, plain, &d) != OK)
        return false;
    *item = d.item;
    return true;
}
