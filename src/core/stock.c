/* What the authenticated session keeps stocked: fresh addresses here, key packages there. */
#include "core/internal.h"

/* KEYS_HELD: times the stock, of which we keep the secrets: puts that failed may have arrived. */
enum { KEYS_AT_ONCE = 8, KEYS_HELD = 8 };
#define RETRY_TIME (30 * TIME_SECOND)
static const char key_name[] = "key", address_name[] = "address";

/* ---- Addresses ---- */

static err put_address(struct core *core, const struct record_own_address *address) {
    uint64_t number = core_number(core);
    if (core->address_count++ == 0)
        core->address_first = number;
    core->address_next = number + 1;
    return record_own_address_put(core, TABLE_ADDRESS, slice_str(address_name), number, address);
}

static err take_address(struct core *core, bool package, uint8_t address[PROTO_ADDRESS]) {
    buf value = buf_on(core->mem);
    struct record_own_address own;
    err e = ERR_AGAIN;
    while (core->address_count > 0 && core->address_first < core->address_next) {
        uint64_t number = core->address_first++;
        e = core_get(core, TABLE_ADDRESS, slice_str(address_name), number, &value);
        if (e == ERR_NOT_FOUND)
            continue;
        if (e == OK)
            e = record_own_address_read(buf_slice(&value), &own);
        if (e == OK) {
            memcpy(address, own.address, PROTO_ADDRESS);
            core->address_count--;
            e = core_delete(core, TABLE_ADDRESS, slice_str(address_name), number);
        }
        own.package = package;
        if (e == OK)
            e = core_address_given(core, &own);
        break;
    }
    buf_free(&value);
    return e == ERR_NOT_FOUND ? ERR_AGAIN : e;
}

err core_stock_take_address(struct core *core, uint8_t address[PROTO_ADDRESS]) {
    return take_address(core, false, address);
}

/* The server makes addresses by another key than before: those in stock, those of leaves and those
 * in key packages will be of use until it makes one more. */
static err turn_key(struct core *core, uint8_t key_id) {
    if (core->address_count > 0)
        TRY(store_batch_delete_range(
            core->batch, core_key(TABLE_ADDRESS, slice_str(address_name), core->address_first),
            core->address_next - 1));
    core->address_count = 0;
    core->counters.address_key = key_id;
    if (core->counters.package_key == 0)
        core->counters.package_key = key_id; /* there are none yet */
    for (size_t i = 0; i < core->conversations.n; i++)
        TRY(core_conversation_plan_renewal(core, core->conversations.p[i]));
    return OK;
}

static err keep_addresses(struct core *core, const struct proto_address_made *made) {
    reader r = reader_of(made->addresses.bytes), serials = reader_of(made->serials);
    struct proto_address address;
    struct record_own_address own = {0};
    core->counters_dirty = true;
    core->counters.addresses = core->now;
    while (r.n > 0) {
        TRY(proto_address_read(&r, &address));
        memcpy(own.address, address.bytes, sizeof own.address);
        TRY(reader_copy(&serials, own.serial, sizeof own.serial));
        if (own.address[0] != core->counters.address_key)
            TRY(turn_key(core, own.address[0]));
        TRY(put_address(core, &own));
    }
    return OK;
}

/* True if this is what was asked for; a refusal is asked again, later. */
static bool answered(struct core *core, err e, bool fits) {
    core->stock_busy = false;
    if (e != OK)
        core->stock_after = core->now + RETRY_TIME;
    else if (!fits)
        core_session_bad_answer(core, AUTH);
    return e == OK && fits;
}

static void addresses_came(struct core *core, const struct request *request, err e, uint16_t reason,
                           uint16_t type, slice body) {
    struct proto_address_made made;
    (void)request, (void)reason;
    bool fits = type == PROTO_address_made && proto_address_made_decode(body, &made) == OK &&
                made.addresses.count > 0 && made.serials.n == made.addresses.count * 8;
    if (answered(core, e, fits) && core_txn_begin(core) == OK)
        (void)!core_txn_end(core, keep_addresses(core, &made));
}

/* e: of making the body. */
static void ask(struct core *core, uint16_t type, const buf *body, err e, request_done *done,
                uint64_t number) {
    if (e == OK)
        e = core_session_request(core, AUTH, type, buf_slice(body), done, number);
    core->stock_busy = e == OK;
    if (e != OK)
        core->stock_after = core->now + RETRY_TIME;
}

static void ask_addresses(struct core *core) {
    size_t most = core->config.addresses, count = core->address_count;
    struct proto_address_make m = {.count = (uint8_t)(count < most ? most - count : 1)};
    buf body = buf_on(core->mem);
    err e = proto_address_make_encode(&body, &m);
    ask(core, PROTO_address_make, &body, e, addresses_came, 0);
    buf_free(&body);
}

/* ---- Our key packages, here ---- */

err core_stock_find_key(struct core *core, const uint8_t *ref, uint64_t *number, buf *bytes,
                        struct record_own_key *key) {
    buf value = buf_on(core->mem);
    err e = core_get(core, TABLE_KEY, slice_of(ref, 32), 0, &value);
    reader r = reader_of(buf_slice(&value));
    if (e == OK && reader_u64(&r, number) != OK)
        e = ERR_DAMAGED;
    buf_free(&value);
    TRY(e);
    TRY(core_get(core, TABLE_KEY, slice_str(key_name), *number, bytes));
    return record_own_key_read(buf_slice(bytes), key);
}

static err forget_key(struct core *core, uint64_t number, const struct record_own_key *key) {
    TRY(core_delete(core, TABLE_KEY, SLICE_ARRAY(key->ref), 0));
    if (!key->last_resort && core->key_count > 0)
        core->key_count--;
    return core_delete(core, TABLE_KEY, slice_str(key_name), number);
}

err core_stock_key_used(struct core *core, uint64_t number, const struct record_own_key *key) {
    if (key->last_resort)
        return OK;
    if (core->server_keys > 0)
        core->server_keys--;
    return forget_key(core, number, key);
}

static err keep_key(struct core *core, const struct record_own_key *key) {
    buf index = buf_on(core->mem);
    uint64_t number = core_number(core);
    writer w = writer_on(&index);
    writer_u64(&w, number);
    err e = writer_result(&w);
    if (e == OK)
        e = record_own_key_put(core, TABLE_KEY, slice_str(key_name), number, key);
    if (e == OK)
        e = core_put(core, TABLE_KEY, SLICE_ARRAY(key->ref), 0, buf_slice(&index));
    if (e == OK && !key->last_resort)
        core->key_count++;
    buf_free(&index);
    return e;
}

void core_stock_lifetime(const struct core *core, uint64_t *not_before, uint64_t *not_after) {
    *not_before = (core->now > TIME_DAY ? core->now - TIME_DAY : 0) / TIME_SECOND;
    *not_after = (core->now + KEY_PACKAGE_TIME) / TIME_SECOND;
}

/* Makes one with an address of its own, keeps its secrets, appends it to `out`. */
static err make_key(struct core *core, bool last_resort, buf *out) {
    struct leaf_own leaf;
    struct record_own_key key = {.last_resort = last_resort, .made = core->now};
    uint8_t address[PROTO_ADDRESS];
    size_t n = sizeof key.ref;
    buf secrets = buf_on(core->mem), package = buf_on(core->mem);
    err e = take_address(core, true, address);
    if (e == OK)
        e = core_leaf_own_make(core, address, &leaf);
    if (e == OK) {
        struct mls_key_package_params params = {.leaf = leaf.params};
        core_stock_lifetime(core, &params.not_before, &params.not_after);
        e = mls_key_package_new(mls_suite_find(core->account.r.suite), &params, &package, &secrets);
    }
    if (e == OK)
        e = mls_key_package_ref(buf_slice(&package), key.ref, &n);
    if (e == OK && n != sizeof key.ref)
        e = ERR_BUG;
    key.key_package = buf_slice(&package);
    key.secrets = buf_slice(&secrets);
    if (e == OK)
        e = keep_key(core, &key);
    if (e == OK)
        e = buf_append(out, buf_slice(&package));
    buf_free(&secrets);
    buf_free(&package);
    return e;
}

/* ---- Key packages, at the server ---- */

static void keys_put(struct core *core, const struct request *request, err e, uint16_t reason,
                     uint16_t type, slice body) {
    (void)reason, (void)body;
    if (answered(core, e, type == PROTO_ok))
        core->server_keys += (uint32_t)request->number;
}

static err make_keys(struct core *core, uint32_t count, buf *body) {
    struct proto_key_package_put m = {0};
    buf list = buf_on(core->mem), package = buf_on(core->mem);
    err e = OK;
    for (uint32_t i = 0; e == OK && i < count; i++) {
        buf_clear(&package);
        e = make_key(core, false, &package);
        struct proto_key_package element = {.bytes = buf_slice(&package)};
        if (e == OK)
            e = proto_key_package_encode(&list, &element);
    }
    m.key_packages = (struct proto_list){buf_slice(&list), count};
    if (e == OK)
        e = proto_key_package_put_encode(body, &m);
    buf_free(&list);
    buf_free(&package);
    return e;
}

static void put_keys(struct core *core) {
    uint32_t count = core->config.key_packages - core->server_keys;
    buf body = buf_on(core->mem);
    if (count > KEYS_AT_ONCE)
        count = KEYS_AT_ONCE;
    if (count > core->address_count)
        count = (uint32_t)core->address_count;
    if (core_txn_begin(core) == OK && core_txn_end(core, make_keys(core, count, &body)) == OK)
        ask(core, PROTO_key_package_put, &body, OK, keys_put, count);
    buf_free(&body);
}

static err last_resort_done(struct core *core) {
    TRY(core_txn_begin(core));
    core->counters.last_resort = core->now;
    core->counters_dirty = true;
    return core_txn_end(core, OK);
}

static void last_resort_put(struct core *core, const struct request *request, err e,
                            uint16_t reason, uint16_t type, slice body) {
    (void)request, (void)reason, (void)body;
    if (answered(core, e, type == PROTO_ok))
        (void)!last_resort_done(core);
}

static err make_last_resort(struct core *core, buf *body) {
    buf package = buf_on(core->mem);
    err e = make_key(core, true, &package);
    struct proto_last_resort_put m = {.key_package = buf_slice(&package)};
    if (e == OK)
        e = proto_last_resort_put_encode(body, &m);
    buf_free(&package);
    return e;
}

static void put_last_resort(struct core *core) {
    buf body = buf_on(core->mem);
    if (core_txn_begin(core) == OK && core_txn_end(core, make_last_resort(core, &body)) == OK)
        ask(core, PROTO_last_resort_put, &body, OK, last_resort_put, 0);
    buf_free(&body);
}

static void count_came(struct core *core, const struct request *request, err e, uint16_t reason,
                       uint16_t type, slice body) {
    struct proto_key_package_left left;
    (void)request, (void)reason;
    bool fits = type == PROTO_key_package_left && proto_key_package_left_decode(body, &left) == OK;
    if (answered(core, e, fits)) {
        core->server_keys = left.count;
        core->count_known = true;
        core->stock_at = 0; /* the session has just begun */
    }
}

static void ask_count(struct core *core) {
    buf none = buf_on(core->mem);
    ask(core, PROTO_key_package_count, &none, OK, count_came, 0);
}

/* Those that the server has bring addresses of an older key: it gets others. */
static err packages_dropped(struct core *core) {
    TRY(core_txn_begin(core));
    core->counters.package_key = core->counters.address_key;
    core->counters_dirty = true;
    return core_txn_end(core, OK);
}

static void keys_dropped(struct core *core, const struct request *request, err e, uint16_t reason,
                         uint16_t type, slice body) {
    (void)request, (void)reason, (void)body;
    if (answered(core, e, type == PROTO_ok) && packages_dropped(core) == OK)
        core->server_keys = 0;
}

static void drop_keys(struct core *core) {
    buf none = buf_on(core->mem);
    ask(core, PROTO_key_package_drop, &none, OK, keys_dropped, 0);
}

/* ---- Old secrets ---- */

struct purge {
    struct core *core;
    err e;
};

/* A Welcome may be made until the last day of a key's lifetime, and may then wait in the mailbox as
 * long as any item. */
static bool purge_key(void *ctx, struct store_key at, slice value) {
    struct purge *p = ctx;
    struct record_own_key key;
    p->e = record_own_key_read(value, &key);
    if (p->e == OK && key.made + KEY_PACKAGE_TIME + SEEN_TIME < p->core->now)
        p->e = forget_key(p->core, at.number, &key);
    return p->e == OK;
}

static err purge(struct core *core) {
    struct purge p = {core, OK};
    TRY(store_scan(core->store, core_key(TABLE_KEY, slice_str(key_name), 0), UINT64_MAX, purge_key,
                   &p));
    TRY(p.e);
    TRY(core_links_purge(core));
    TRY(core_address_purge(core));
    TRY(core_waiting_purge(core));
    return core_seen_purge(core);
}

/* ---- The pump ---- */

static bool stock_full(const struct core *core) {
    return core->count_known && core->server_keys >= core->config.key_packages &&
           core->address_count >= core->config.addresses / 2 && core->counters.last_resort != 0;
}

/* A new account is ready once others can find keys of it. */
static void finish_registration(struct core *core) {
    uint64_t command = core->account.r.command;
    if (command == 0 || !core->account.r.registered || !stock_full(core))
        return;
    if (core_txn_begin(core) != OK)
        return;
    core->account.r.command = 0;
    core_action_done(core, command, OK, 0, SLICE_EMPTY, 0);
    (void)!core_txn_end(core, core_account_save(core));
}

/* Done so long ago; or later than now, by a clock that went wrong. */
static bool is_old(const struct core *core, uint64_t at, uint64_t time) {
    return at > core->now || at + time < core->now;
}

/* What asks for the first thing that is missing; NULL: nothing is. How many key packages the server
 * has is asked in each session: that tells nothing. */
typedef void asking(struct core *core);
static asking *missing(const struct core *core) {
    uint32_t want = core->config.key_packages;
    uint64_t last = core->counters.last_resort;
    if (!core->count_known)
        return ask_count;
    if (core->address_count < core->config.addresses / 2 ||
        is_old(core, core->counters.addresses, TIME_WEEK))
        return ask_addresses;
    if (last == 0 || is_old(core, last, TIME_WEEK))
        return put_last_resort;
    if (core->counters.package_key != core->counters.address_key)
        return drop_keys;
    return core->server_keys < want && core->key_count < KEYS_HELD * want ? put_keys : NULL;
}

/* Little is left, or it was due for a day: no session may last until a later moment. */
static bool is_low(const struct core *core) {
    const uint64_t late = TIME_WEEK + TIME_DAY;
    return core->address_count < core->config.addresses / 4 ||
           core->server_keys < core->config.key_packages / 2 ||
           core->counters.package_key != core->counters.address_key ||
           is_old(core, core->counters.addresses, late) ||
           is_old(core, core->counters.last_resort, late);
}

/* A key package that came the moment a Welcome was received, or an address that was made the moment
 * a conversation was, would say so. At once goes only what a command waits for, or tells nothing:
 * for the rest, settles the time if there is none yet. True if it is here. */
static bool settle_time(struct core *core, bool tells_nothing) {
    if (tells_nothing || core->account.r.command != 0 || core->address_count == 0)
        return true;
    uint64_t at = is_low(core) ? core_shortly(core) : core_soon(core);
    if (core->stock_at == 0 || (is_low(core) && core->stock_at > core->now + CORE_SHORTLY))
        core->stock_at = at;
    return core->now >= core->stock_at;
}

static void pump_stock(struct core *core) {
    if (!core_session_room(core, AUTH) || core->stock_busy || core->now < core->stock_after)
        return;
    asking *what = missing(core);
    if (what == NULL)
        core->stock_at = 0;
    else if (settle_time(core, what == ask_count))
        what(core);
}

static void pump_purge(struct core *core) {
    if (core->now < core->purge_after || !core->caught_up || core_waiting_blobs_due(core, true))
        return;
    core->purge_after = core->now + TIME_DAY;
    if (core_txn_begin(core) == OK)
        (void)!core_txn_end(core, purge(core));
}

void core_stock_pump(struct core *core) {
    pump_stock(core);
    finish_registration(core);
    pump_purge(core);
}

uint64_t core_stock_wake(const struct core *core) {
    if (!core_session_ready(core, AUTH) || core->stock_busy)
        return UINT64_MAX;
    if (core->stock_after > core->now)
        return core->stock_after;
    if (core->stock_at > core->now)
        return core->stock_at;
    uint64_t renewal = core->counters.last_resort, asked = core->counters.addresses;
    renewal = (renewal < asked ? renewal : asked) + TIME_WEEK + TIME_SECOND;
    return renewal > core->now ? renewal : UINT64_MAX;
}
