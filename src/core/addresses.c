/* The addresses that we gave away, and those of them that shall hold no longer: each revocation is
 * kept until the server has it, or has no key any more by which the address would open. */
#include "core/internal.h"

#define RETRY_TIME (30 * TIME_SECOND)
#define FULL_TIME TIME_DAY /* until the server has room for more */
static const char given_name[] = "given", revoke_name[] = "revoke";

/* ---- Given away ---- */

err core_address_given(struct core *core, const struct record_own_address *address) {
    return record_own_address_put(core, TABLE_ADDRESS, slice_str(given_name), core_number(core),
                                  address);
}

struct search {
    const uint8_t *address, *serial; /* either may be NULL */
    struct record_own_address found;
    uint64_t number; /* 0: not found */
    err e;
};

static bool look(void *ctx, struct store_key key, slice value) {
    struct search *s = ctx;
    s->e = record_own_address_read(value, &s->found);
    if (s->e != OK)
        return false;
    bool fits = (s->address == NULL || memcmp(s->found.address, s->address, PROTO_ADDRESS) == 0) &&
                (s->serial == NULL || memcmp(s->found.serial, s->serial, 8) == 0);
    s->number = fits ? key.number : 0;
    return s->number == 0;
}

static err search(struct core *core, struct search *s) {
    TRY(store_scan(core->store, core_key(TABLE_ADDRESS, slice_str(given_name), 0), UINT64_MAX, look,
                   s));
    TRY(s->e);
    return s->number == 0 ? ERR_NOT_FOUND : OK;
}

static err find(struct core *core, const uint8_t address[PROTO_ADDRESS], struct search *s) {
    *s = (struct search){.address = address};
    return search(core, s);
}

err core_address_of(struct core *core, const uint8_t serial[8], uint8_t address[PROTO_ADDRESS]) {
    struct search s = {.serial = serial};
    TRY(search(core, &s));
    memcpy(address, s.found.address, PROTO_ADDRESS);
    return OK;
}

err core_address_serial(struct core *core, const uint8_t address[PROTO_ADDRESS],
                        uint8_t serial[8]) {
    struct search s;
    TRY(find(core, address, &s));
    memcpy(serial, s.found.serial, sizeof s.found.serial);
    return OK;
}

err core_address_invites(struct core *core, const uint8_t serial[8], bool *invites) {
    struct search s = {.serial = serial};
    err e = search(core, &s);
    *invites = e == OK && !s.found.package;
    return e == ERR_NOT_FOUND ? OK : e;
}

err core_address_joined(struct core *core, const uint8_t address[PROTO_ADDRESS]) {
    struct search s;
    err e = find(core, address, &s);
    if (e == ERR_NOT_FOUND)
        return OK;
    TRY(e);
    s.found.package = false;
    return record_own_address_put(core, TABLE_ADDRESS, slice_str(given_name), s.number, &s.found);
}

/* Of the newest address key, or of the one before: a server has those two. */
bool core_address_holds(const struct core *core, uint8_t key_id) {
    uint8_t newest = core->counters.address_key;
    return key_id == newest || key_id % 255 + 1 == newest;
}

/* ---- Revocations ---- */

void core_revocation_free(struct core *core, struct revocation *r) {
    buf_free(&r->bytes);
    mem_free(core->mem, r, sizeof *r);
}

static err forget(struct core *core, size_t i) {
    struct revocation *r = core->revocations.p[i];
    TRY(core_delete(core, TABLE_ADDRESS, slice_str(revoke_name), r->r.number));
    core_list_remove(&core->revocations, i);
    core_revocation_free(core, r);
    return OK;
}

/* What was made by a key that is gone is of no use to anybody. */
static err purge_revocations(struct core *core) {
    for (size_t i = core->revocations.n; i-- > 0;) {
        const struct revocation *r = core->revocations.p[i];
        if (!r->in_flight && !core_address_holds(core, r->r.key_id))
            TRY(forget(core, i));
    }
    return OK;
}

struct purge {
    struct core *core;
    err e;
};

static bool purge_given(void *ctx, struct store_key key, slice value) {
    struct purge *p = ctx;
    struct record_own_address address;
    p->e = record_own_address_read(value, &address);
    if (p->e == OK && !core_address_holds(p->core, address.address[0]))
        p->e = core_delete(p->core, TABLE_ADDRESS, slice_str(given_name), key.number);
    return p->e == OK;
}

err core_address_purge(struct core *core) {
    struct purge p = {core, OK};
    if (core->counters.address_key == 0)
        return OK;
    TRY(store_scan(core->store, core_key(TABLE_ADDRESS, slice_str(given_name), 0), UINT64_MAX,
                   purge_given, &p));
    TRY(p.e);
    return purge_revocations(core);
}

static err queue(struct core *core, const struct record_own_address *address, uint64_t at,
                 bool members) {
    struct revocation *r = mem_new(core->mem, sizeof *r);
    if (r == NULL)
        return ERR_NO_MEMORY;
    r->bytes = buf_on(core->mem);
    r->r = (struct record_revocation){
        .number = core_number(core), .at = at, .key_id = address->address[0], .members = members};
    memcpy(r->r.serial, address->serial, sizeof r->r.serial);
    err e = record_revocation_settle(&r->bytes, &r->r);
    if (e == OK)
        e = core_put(core, TABLE_ADDRESS, slice_str(revoke_name), r->r.number,
                     buf_slice(&r->bytes));
    if (e == OK)
        e = core_list_add(core, &core->revocations, r);
    if (e != OK)
        core_revocation_free(core, r);
    return e;
}

const struct revocation *core_address_ends(const struct core *core, const uint8_t serial[8]) {
    for (size_t i = 0; i < core->revocations.n; i++) {
        const struct revocation *r = core->revocations.p[i];
        if (memcmp(r->r.serial, serial, sizeof r->r.serial) == 0)
            return r;
    }
    return NULL;
}

/* An address that we know nothing of is one of a key that is gone, or the server has its
 * revocation. */
static err revoke(struct core *core, const uint8_t address[PROTO_ADDRESS], uint64_t at,
                  bool members) {
    struct search s;
    err e = find(core, address, &s);
    if (e == ERR_NOT_FOUND)
        return OK;
    TRY(e);
    if (core_address_ends(core, s.found.serial) != NULL)
        return OK;
    /* A moment that does not say what the user did, or what came. */
    return queue(core, &s.found, at + core_soon(core) - core->now, members);
}

err core_address_revoke_at(struct core *core, const uint8_t address[PROTO_ADDRESS], uint64_t at) {
    return revoke(core, address, at, false);
}

err core_address_replaced(struct core *core, const uint8_t address[PROTO_ADDRESS], uint64_t time) {
    return revoke(core, address, core->now + time, true);
}

err core_address_revoke(struct core *core, const uint8_t address[PROTO_ADDRESS]) {
    return core_address_revoke_at(core, address, core->now);
}

/* ---- To the server ---- */

static bool is_due(const struct core *core, const struct revocation *r) {
    return !r->in_flight && core->now >= r->r.at;
}

/* From here on nothing new comes by these addresses, and all that came is here. */
static err forget_sent(struct core *core) {
    for (size_t i = core->revocations.n; i-- > 0;) {
        const struct revocation *r = core->revocations.p[i];
        struct search s = {.serial = r->r.serial};
        if (!r->in_flight)
            continue;
        err e = search(core, &s);
        if (e == OK)
            e = core_delete(core, TABLE_ADDRESS, slice_str(given_name), s.number);
        if (e == OK || e == ERR_NOT_FOUND)
            e = forget(core, i);
        TRY(e);
    }
    return OK;
}

static void land(struct core *core) {
    for (size_t i = 0; i < core->revocations.n; i++) {
        struct revocation *r = core->revocations.p[i];
        r->in_flight = false;
    }
}

static void revoked(struct core *core, const struct request *request, err e, uint16_t reason,
                    uint16_t type, slice body) {
    (void)request, (void)body;
    if (e == OK && type == PROTO_ok) {
        if (core_txn_begin(core) == OK)
            (void)!core_txn_end(core, forget_sent(core));
        return;
    }
    land(core);
    if (e == OK)
        core_session_bad_answer(core, AUTH);
    else if (e != ERR_CLOSED)
        core->revoke_after = core->now + (reason == PROTO_REASON_LIMIT ? FULL_TIME : RETRY_TIME);
    if (e != OK && reason == PROTO_REASON_LIMIT)
        core_action_trouble(core, ERR_LIMIT, reason,
                            "the server has no room for more addresses that are revoked; those "
                            "that wait are told to it again tomorrow");
}

static err write_due(struct core *core, buf *body, uint32_t *count) {
    struct proto_address_revoke m = {0};
    buf list = buf_on(core->mem);
    writer w = writer_on(&list);
    for (size_t i = 0; i < core->revocations.n && m.revoked.count < PROTO_REVOKED_MAX; i++) {
        struct revocation *r = core->revocations.p[i];
        struct proto_revocation part = {.key_id = r->r.key_id};
        if (!is_due(core, r))
            continue;
        memcpy(part.serial, r->r.serial, sizeof part.serial);
        PROTO_LIST_ADD(revocation, &w, &m.revoked, &part);
        r->in_flight = true;
    }
    err e = writer_result(&w);
    m.revoked.bytes = buf_slice(&list);
    *count = m.revoked.count;
    if (e == OK)
        e = proto_address_revoke_encode(body, &m);
    buf_free(&list);
    return e;
}

/* One request at a time; and what came by them before is looked at first. */
static uint64_t next_due(const struct core *core) {
    uint64_t at = UINT64_MAX;
    if (!core->caught_up)
        return at;
    for (size_t i = 0; i < core->revocations.n; i++) {
        const struct revocation *r = core->revocations.p[i];
        if (r->in_flight)
            return UINT64_MAX;
        at = r->r.at < at ? r->r.at : at;
    }
    return at < core->revoke_after ? core->revoke_after : at;
}

void core_address_pump(struct core *core) {
    buf body = buf_on(core->mem);
    uint32_t count = 0;
    if (!core_session_room(core, AUTH) || core->now < next_due(core))
        return;
    err e = write_due(core, &body, &count);
    if (e == OK && count > 0)
        e = core_session_request(core, AUTH, PROTO_address_revoke, buf_slice(&body), revoked, 0);
    if (e != OK) {
        land(core);
        core->revoke_after = core->now + RETRY_TIME;
    }
    buf_free(&body);
}

uint64_t core_address_wake(const struct core *core) {
    return core_session_ready(core, AUTH) ? next_due(core) : UINT64_MAX;
}
