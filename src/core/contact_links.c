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
    return link->r.state == LINK_OPEN && link->r.expires > core->now;
}

size_t core_links_alive(const struct core *core) {
    size_t n = 0;
    for (size_t i = 0; i < core->links.n; i++)
        n += alive(core, core->links.p[i]);
    return n;
}

static err learn_serial(struct core *core, struct contact_link *link) {
    if (link->known || link->r.state != LINK_OPEN)
        return OK;
    err e = core_address_serial(core, link->r.address, link->r.serial);
    link->known = e == OK;
    return e == ERR_NOT_FOUND ? OK : e;
}

/* The server takes nothing more by its address; and what it took before is not looked at. */
static err close_link(struct core *core, struct contact_link *link, enum link_state state) {
    if (link->r.state == LINK_OPEN) {
        TRY(learn_serial(core, link));
        TRY(core_address_revoke(core, link->r.address));
    }
    link->r.state = (uint8_t)state;
    TRY(record_contact_link_settle(&link->bytes, &link->r));
    return core_put(core, TABLE_ADDRESS, slice_str(link_name), link->r.number,
                    buf_slice(&link->bytes));
}

/* One that is closed is known for as long as something may wait in the mailbox that came by it. */
err core_links_purge(struct core *core) {
    for (size_t i = core->links.n; i-- > 0;) {
        const struct contact_link *link = core->links.p[i];
        if (link->r.expires + SEEN_TIME <= core->now)
            TRY(drop(core, i));
    }
    return OK;
}

/* ---- What comes by them ---- */

static err find_by(struct core *core, const uint8_t serial[8], struct contact_link **found) {
    *found = NULL;
    for (size_t i = 0; i < core->links.n && *found == NULL; i++) {
        struct contact_link *link = core->links.p[i];
        TRY(learn_serial(core, link));
        bool known = link->known || link->r.state != LINK_OPEN;
        if (known && memcmp(link->r.serial, serial, sizeof link->r.serial) == 0)
            *found = link;
    }
    return OK;
}

err core_link_closed(struct core *core, const uint8_t serial[8], bool *closed) {
    struct contact_link *link;
    TRY(find_by(core, serial, &link));
    *closed = link != NULL && (link->r.state != LINK_OPEN);
    return OK;
}

err core_link_came(struct core *core, const uint8_t serial[8]) {
    struct contact_link *link;
    TRY(find_by(core, serial, &link));
    if (link == NULL || !link->r.once || link->r.state != LINK_OPEN)
        return OK;
    return close_link(core, link, LINK_USED);
}

/* ---- Making ---- */

err core_link_make(struct core *core, const struct link_terms *terms, uint64_t number, buf *text) {
    struct record_contact_link r = {.number = number,
                                    .made = core->now,
                                    .expires = core->now + terms->lifetime,
                                    .once = terms->once};
    TRY(core_links_purge(core));
    TRY(core_stock_take_address(core, r.address));
    TRY(add(core, &r));
    return core_contact_link_write(core, r.address, r.expires / TIME_SECOND, r.once, text);
}

/* ---- For user interfaces ---- */

/* One whose time is over stays on the list for a week. */
static bool listed(const struct core *core, const struct contact_link *link) {
    return link->r.state != LINK_REVOKED && link->r.expires + TIME_WEEK > core->now;
}

err core_link_at(const struct core *core, size_t at, struct core_link *out) {
    size_t i = 0;
    while (i < core->links.n && (!listed(core, core->links.p[i]) || at-- > 0))
        i++;
    if (i == core->links.n)
        return ERR_NOT_FOUND;
    const struct contact_link *link = core->links.p[i];
    *out = (struct core_link){.number = link->r.number,
                              .made = link->r.made,
                              .expires = link->r.expires,
                              .once = link->r.once,
                              .used = link->r.state == LINK_USED,
                              .over = !alive(core, link)};
    return OK;
}

err core_link_revoke(struct core *core, uint64_t number, uint64_t now) {
    TRY(core_enter(core, now));
    for (size_t i = 0; i < core->links.n; i++) {
        struct contact_link *link = core->links.p[i];
        if (link->r.number != number || link->r.state == LINK_REVOKED)
            continue;
        TRY(core_txn_begin(core));
        TRY(core_txn_end(core, close_link(core, link, LINK_REVOKED)));
        core_pump(core);
        return OK;
    }
    return ERR_NOT_FOUND;
}
