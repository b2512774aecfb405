/* The commands that the AUTH session serves: a contact link waits for an address in stock, the
 * server's record and the account's end for their answers. They are not in the outbox, and end with
 * the host. */
#include "core/internal.h"

#define LIST_RETRY_FIRST (8 * TIME_SECOND)
#define LIST_RETRY_MOST (8 * TIME_MINUTE)

static void command_drop(struct core *core, size_t i) {
    memmove(&core->commands[i], &core->commands[i + 1],
            (core->command_count - i - 1) * sizeof core->commands[0]);
    core->command_count--;
}

static err command_add(struct core *core, struct command what, uint64_t now, uint64_t *command) {
    TRY(core_enter(core, now));
    if (!core->account.exists || !core->account.r.registered || core->account.r.deleted)
        return ERR_STATE;
    if (core->command_count == COMMANDS_MAX)
        return ERR_LIMIT;
    TRY(core_command_number(core, command));
    what.number = *command;
    core->commands[core->command_count++] = what;
    core_pump(core);
    return OK;
}

/* ---- A contact link ---- */

static bool make_link(struct core *core, size_t i) {
    uint64_t number = core->commands[i].number;
    buf link = buf_on(core->mem);
    if (core->address_count == 0 || core_txn_begin(core) != OK)
        return false;
    err e = core_link_make(core, &core->commands[i].terms, number, &link);
    core_action_done(core, number, e, 0, buf_slice(&link), 0);
    bool done = core_txn_end(core, e) == OK;
    if (done)
        command_drop(core, i);
    buf_free(&link);
    return done;
}

err core_link_new(struct core *core, bool once, uint64_t lifetime, uint64_t now,
                  uint64_t *command) {
    if (lifetime == 0 || lifetime > CORE_LINK_DAYS_MAX * TIME_DAY)
        return ERR_TOO_LARGE;
    TRY(core_enter(core, now));
    if (core_links_alive(core) + core->command_count >= LINKS_MAX)
        return ERR_LIMIT;
    struct link_terms terms = {.lifetime = lifetime, .once = once};
    return command_add(core, (struct command){.kind = COMMAND_LINK, .terms = terms}, now, command);
}

/* ---- The server's record ---- */

static err keep_record(struct core *core, slice body) {
    struct record_server server = {.record = body};
    buf bytes = buf_on(core->mem);
    TRY(core_txn_begin(core));
    err e = record_server_write(&bytes, &server);
    if (e == OK)
        e = core_put(core, TABLE_STATE, slice_str("server"), 0, buf_slice(&bytes));
    e = core_txn_end(core, e);
    if (e == OK)
        buf_move(&core->record, &bytes);
    buf_free(&bytes);
    return e;
}

/* Whose answer this is; COMMANDS_MAX if there is none, or if it has to be asked again. */
static size_t answered(struct core *core, const struct request *request, err e) {
    size_t i = 0;
    while (i < core->command_count && core->commands[i].number != request->number)
        i++;
    if (i == core->command_count)
        return COMMANDS_MAX;
    core->commands[i].asked = false;
    return e == ERR_CLOSED ? COMMANDS_MAX : i;
}

static void record_came(struct core *core, const struct request *request, err e, uint16_t reason,
                        uint16_t type, slice body) {
    struct proto_record record;
    size_t i = answered(core, request, e);
    if (i == COMMANDS_MAX)
        return;
    if (e == OK && (type != PROTO_record || proto_record_decode(body, &record) != OK)) {
        core_session_bad_answer(core, AUTH);
        return;
    }
    if (e == OK)
        e = keep_record(core, body);
    command_drop(core, i);
    core_action_done(core, request->number, e, reason, SLICE_EMPTY, 0);
}

err core_record_ask(struct core *core, uint64_t now, uint64_t *command) {
    return command_add(core, (struct command){.kind = COMMAND_RECORD}, now, command);
}

err core_record_get(const struct core *core, struct core_record *record) {
    struct record_server server;
    struct proto_record r;
    if (core->record.n == 0)
        return ERR_NOT_FOUND;
    TRY(record_server_read(buf_slice(&core->record), &server));
    TRY(proto_record_decode(server.record, &r));
    *record = (struct core_record){.created_week = r.created_week,
                                   .seen_week = r.seen_week,
                                   .devices = r.devices,
                                   .items = r.items,
                                   .bytes = r.bytes};
    for (reader beside = reader_of(r.beside.bytes); beside.n > 0; record->beside_count++) {
        struct proto_held_kind kind;
        TRY(proto_held_kind_read(&beside, &kind));
        record->beside[record->beside_count] =
            (struct core_held){kind.name, kind.count, kind.bytes};
    }
    return OK;
}

/* ---- The account's end ---- */

static err set_deleted(struct core *core, uint64_t command) {
    TRY(core_txn_begin(core));
    core->account.r.deleted = true;
    core_action_done(core, command, OK, 0, SLICE_EMPTY, 0);
    return core_txn_end(core, core_account_save(core));
}

static void delete_came(struct core *core, const struct request *request, err e, uint16_t reason,
                        uint16_t type, slice body) {
    size_t i = answered(core, request, e);
    (void)body;
    if (i == COMMANDS_MAX)
        return;
    if (e == OK && type != PROTO_ok) {
        core_session_bad_answer(core, AUTH);
        return;
    }
    /* An earlier answer may have been lost. */
    bool gone = e == OK || (e == ERR_DENIED && reason == PROTO_REASON_GONE);
    if (gone && set_deleted(core, request->number) != OK)
        return;
    command_drop(core, i);
    if (!gone)
        core_action_done(core, request->number, e, reason, SLICE_EMPTY, 0);
}

static bool ask_delete(struct core *core, const struct command *c) {
    const struct record_account *a = &core->account.r;
    struct proto_account_delete m = {.week = time_week(core->now)};
    uint8_t fields[16 + 4];
    buf body = buf_on(core->mem);
    memcpy(fields, a->account, 16);
    put_u32(fields + 16, m.week);
    err e = crypto_sign_labeled(m.proof, a->identity_seed, PROTO_LABEL_DELETE, SLICE_ARRAY(fields));
    if (e == OK)
        e = proto_account_delete_encode(&body, &m);
    if (e == OK)
        e = core_session_request(core, AUTH, PROTO_account_delete, buf_slice(&body), delete_came,
                                 c->number);
    buf_free(&body);
    return e == OK;
}

err core_account_delete(struct core *core, uint64_t now, uint64_t *command) {
    if (core->account.exists && !core->account.r.has_identity)
        return ERR_DENIED;
    return command_add(core, (struct command){.kind = COMMAND_DELETE}, now, command);
}

/* ---- A newer device list ---- */

err core_device_unlink(struct core *core, const uint8_t device[CORE_DEVICE], uint64_t now,
                       uint64_t *command) {
    TRY(core_enter(core, now));
    if (!core->account.exists || !core->account.r.registered)
        return ERR_STATE;
    if (!core->account.r.has_identity || memcmp(device, core->account.r.device, CORE_DEVICE) == 0)
        return ERR_DENIED;
    if (core->command_count == COMMANDS_MAX)
        return ERR_LIMIT;
    TRY(core_txn_begin(core));
    *command = core_number(core);
    err e = core_devices_sign_off(core, device);
    if (e == ERR_NOT_FOUND) {
        (void)!core_txn_end(core, OK);
        return e;
    }
    TRY(core_txn_end(core, e));
    core->commands[core->command_count++] =
        (struct command){.kind = COMMAND_LIST, .number = *command};
    core_pump(core);
    return OK;
}

static void end_list_commands(struct core *core, err e, uint16_t reason) {
    for (size_t i = 0; i < core->command_count;) {
        struct command c = core->commands[i];
        if (c.kind != COMMAND_LIST) {
            i++;
            continue;
        }
        command_drop(core, i);
        core_action_done(core, c.number, e, reason, SLICE_EMPTY, 0);
    }
}

static uint32_t list_version(const struct core *core) {
    struct proto_device_list list;
    return core_devices_own(core, &list) == OK ? list.version : 0;
}

/* Refused for good: another device has the identity's key by its words, and signed a newer one.
 * Whatever else the server says, the list has to get there. A still newer one is put after it. */
static void list_put(struct core *core, const struct request *request, err e, uint16_t reason,
                     uint16_t type, slice body) {
    (void)body;
    core->list_asked = false;
    if (e != OK && (e != ERR_DENIED || reason != PROTO_REASON_OLDER)) {
        core->list_after = e != ERR_DENIED
                               ? 0
                               : core->now + core_backoff(core->list_failures++, LIST_RETRY_FIRST,
                                                          LIST_RETRY_MOST);
        return;
    }
    core->list_failures = 0;
    if (request->number != list_version(core))
        return;
    if (e == OK && type != PROTO_ok) {
        core_session_bad_answer(core, AUTH);
        return;
    }
    if (core_txn_begin(core) != OK)
        return;
    core->account.r.put_list = false;
    if (core_txn_end(core, core_account_save(core)) == OK)
        end_list_commands(core, e, reason);
}

static void put_list(struct core *core) {
    struct proto_device_list_put m = {.devices = core->account.r.devices};
    buf body = buf_on(core->mem);
    if (!core->account.r.put_list || core->list_asked || core->now < core->list_after ||
        !core_session_room(core, AUTH))
        return;
    if (proto_device_list_put_encode(&body, &m) == OK)
        core->list_asked = core_session_request(core, AUTH, PROTO_device_list_put, buf_slice(&body),
                                                list_put, list_version(core)) == OK;
    buf_free(&body);
}

/* ---- The pump ---- */

uint64_t core_auth_commands_wake(const struct core *core) {
    bool waits = core->account.r.put_list && !core->list_asked && core->list_after > core->now;
    return waits && core_session_ready(core, AUTH) ? core->list_after : UINT64_MAX;
}

void core_auth_commands_pump(struct core *core) {
    put_list(core);
    for (size_t i = 0; i < core->command_count;) {
        struct command *c = &core->commands[i];
        if (c->kind == COMMAND_LINK && make_link(core, i))
            continue;
        if (c->kind == COMMAND_RECORD && !c->asked && core_session_room(core, AUTH))
            c->asked = core_session_request(core, AUTH, PROTO_record_get, SLICE_EMPTY, record_came,
                                            c->number) == OK;
        /* Nobody else could ever give our handle up. */
        if (c->kind == COMMAND_DELETE && !c->asked && core_session_room(core, AUTH) &&
            core_handle_give_up(core))
            c->asked = ask_delete(core, c);
        i++;
    }
}
