/* The commands that the AUTH session serves: a contact link waits for an address in stock, the
 * server's record for its answer. They are not in the outbox, and end with the host. */
#include "core/internal.h"

static void command_drop(struct core *core, size_t i) {
    memmove(&core->commands[i], &core->commands[i + 1],
            (core->command_count - i - 1) * sizeof core->commands[0]);
    core->command_count--;
}

static err command_add(struct core *core, struct command what, uint64_t now, uint64_t *command) {
    TRY(core_enter(core, now));
    if (!core->account.exists || !core->account.r.registered)
        return ERR_STATE;
    if (core->command_count == COMMANDS_MAX)
        return ERR_LIMIT;
    TRY(core_txn_begin(core));
    *command = core_number(core);
    TRY(core_txn_end(core, OK));
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

err core_contact_link(struct core *core, uint64_t now, uint64_t *command) {
    return core_link_new(core, false, CORE_LINK_DAYS * TIME_DAY, now, command);
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

static void record_came(struct core *core, const struct request *request, err e, uint16_t reason,
                        uint16_t type, slice body) {
    struct proto_record record;
    size_t i = 0;
    while (i < core->command_count && core->commands[i].number != request->number)
        i++;
    if (i == core->command_count)
        return;
    core->commands[i].asked = false;
    if (e == ERR_CLOSED)
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
    *record = (struct core_record){r.created_week, r.seen_week, r.devices, r.items, r.bytes};
    return OK;
}

/* ---- The pump ---- */

void core_auth_commands_pump(struct core *core) {
    for (size_t i = 0; i < core->command_count;) {
        struct command *c = &core->commands[i];
        if (c->kind == COMMAND_LINK && make_link(core, i))
            continue;
        if (c->kind == COMMAND_RECORD && !c->asked && core_session_room(core, AUTH))
            c->asked = core_session_request(core, AUTH, PROTO_record_get, SLICE_EMPTY, record_came,
                                            c->number) == OK;
        i++;
    }
}
