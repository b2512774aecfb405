/* The contact links that we gave away: until when each is good, for how many, and its address,
 * which is made for it alone and goes with it. */
#include "core/internal.h"

static const char link_name[] = "link";

void core_contact_link_free(struct core *core, struct contact_link *link) {
    buf_free(&link->bytes);
    mem_free(core->mem, link, sizeof *link);
}

static err add(struct core *core, const struct record_contact_link *r) {
    struct contact_link *link = mem_new(core->mem, sizeof *link);
    if (link == NULL)
        return ERR_NO_MEMORY;
    link->bytes = buf_on(core->mem);
    link->r = *r;
    err e = record_contact_link_settle(&link->bytes, &link->r);
    if (e == OK)
        e = core_put(core, TABLE_ADDRESS, slice_str(link_name), r->number, buf_slice(&link->bytes));
    if (e == OK)
        e = core_list_add(core, &core->links, link);
    if (e != OK)
        core_contact_link_free(core, link);
    return e;
}

static err drop(struct core *core, size_t i) {
    struct contact_link *link = core->links.p[i];
    TRY(core_delete(core, TABLE_ADDRESS, slice_str(link_name), link->r.number));
    core_list_remove(&core->links, i);
    core_contact_link_free(core, link);
    return OK;
}

static bool alive(const struct core *core, const struct contact_link *link) {
    return link->r.expires > core->now;
}

size_t core_links_alive(const struct core *core) {
    size_t n = 0;
    for (size_t i = 0; i < core->links.n; i++)
        n += alive(core, core->links.p[i]);
    return n;
}

/* One whose time is over stays on the list for a while, so that whoever asks is told. */
static err purge(struct core *core) {
    for (size_t i = core->links.n; i-- > 0;) {
        const struct contact_link *link = core->links.p[i];
        if (link->r.expires + TIME_WEEK <= core->now)
            TRY(drop(core, i));
    }
    return OK;
}

err core_link_make(struct core *core, const struct link_terms *terms, uint64_t number, buf *text) {
    struct record_contact_link r = {.number = number,
                                    .made = core->now,
                                    .expires = core->now + terms->lifetime,
                                    .once = terms->once};
    TRY(purge(core));
    TRY(core_stock_take_address(core, r.address));
    TRY(add(core, &r));
    return core_contact_link_write(core, r.address, r.expires / TIME_SECOND, text);
}

/* ---- For user interfaces ---- */

err core_link_at(const struct core *core, size_t i, struct core_link *out) {
    if (i >= core->links.n)
        return ERR_NOT_FOUND;
    const struct contact_link *link = core->links.p[i];
    *out = (struct core_link){.number = link->r.number,
                              .made = link->r.made,
                              .expires = link->r.expires,
                              .once = link->r.once,
                              .over = !alive(core, link)};
    return OK;
}

err core_link_revoke(struct core *core, uint64_t number, uint64_t now) {
    TRY(core_enter(core, now));
    for (size_t i = 0; i < core->links.n; i++) {
        const struct contact_link *link = core->links.p[i];
        if (link->r.number != number)
            continue;
        TRY(core_txn_begin(core));
        err e = core_address_revoke(core, link->r.address);
        if (e == OK)
            e = drop(core, i);
        return core_txn_end(core, e);
    }
    return ERR_NOT_FOUND;
}
