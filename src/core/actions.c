/* The queue of what the host has to carry out. */
#include "core/internal.h"

#include "proto/proto.h"

static struct action *add(struct core *core) {
    if (core->action_n == core->action_cap) {
        size_t cap = core->action_cap == 0 ? 32 : core->action_cap * 2;
        struct action *p =
            mem_resize(core->mem, core->actions, core->action_cap * sizeof *p, cap * sizeof *p);
        if (p == NULL)
            return NULL;
        core->actions = p;
        core->action_cap = cap;
    }
    struct action *a = &core->actions[core->action_n++];
    memset(a, 0, sizeof *a);
    a->bytes = buf_on(core->mem);
    return a;
}

/* A host that does not drain loses notices, not messages: those are in the store. */
static bool crowded(const struct core *core) {
    return core->action_n - core->action_first >= ACTIONS_MAX;
}

void core_action_connect(struct core *core, uint32_t link, slice server) {
    struct action *a = add(core);
    if (a == NULL || buf_set(&a->bytes, server) != OK)
        return;
    a->kind = CORE_CONNECT;
    a->link = link;
}

void core_action_transmit(struct core *core, uint32_t link, buf *bytes) {
    struct action *a = add(core);
    if (a == NULL) {
        buf_free(bytes);
        return;
    }
    a->kind = CORE_TRANSMIT;
    a->link = link;
    buf_move(&a->bytes, bytes);
}

void core_action_disconnect(struct core *core, uint32_t link) {
    struct action *a = add(core);
    if (a == NULL)
        return;
    a->kind = CORE_DISCONNECT;
    a->link = link;
}

bool core_action_read(struct core *core, uint64_t command, uint64_t offset, size_t count) {
    struct action *a = add(core);
    if (a == NULL)
        return false;
    a->kind = CORE_READ;
    a->command = command;
    a->offset = offset;
    a->count = count;
    return true;
}

err core_action_write(struct core *core, uint64_t command, uint64_t offset, slice bytes) {
    struct action *a = add(core);
    if (a == NULL)
        return ERR_NO_MEMORY;
    err e = buf_set(&a->bytes, bytes);
    if (e != OK) {
        core->action_n--;
        buf_free(&a->bytes);
        return e;
    }
    a->kind = CORE_WRITE;
    a->command = command;
    a->offset = offset;
    return OK;
}

void core_action_notice(struct core *core, const struct core_notice *notice) {
    struct action *a = crowded(core) ? NULL : add(core);
    if (a == NULL)
        return;
    a->kind = CORE_NOTICE;
    a->notice = *notice;
    a->notice.text = SLICE_EMPTY;
    if (buf_set(&a->bytes, notice->text) != OK)
        buf_clear(&a->bytes);
}

void core_action_done(struct core *core, uint64_t command, err e, uint16_t reason, slice text,
                      uint32_t conversation) {
    struct core_notice notice = {.kind = CORE_NOTICE_DONE,
                                 .command = command,
                                 .error = e,
                                 .reason = reason,
                                 .text = text,
                                 .conversation = conversation};
    core_action_notice(core, &notice);
}

void core_action_trouble(struct core *core, err e, uint16_t reason, const char *text) {
    struct core_notice notice = {
        .kind = CORE_NOTICE_TROUBLE, .error = e, .reason = reason, .text = slice_str(text)};
    core_action_notice(core, &notice);
}

size_t core_action_mark(const struct core *core) {
    return core->action_n;
}

void core_action_rewind(struct core *core, size_t mark) {
    while (core->action_n > mark && core->action_n > core->action_first)
        buf_free(&core->actions[--core->action_n].bytes);
}

void core_action_free_all(struct core *core) {
    core_action_rewind(core, core->action_first);
    mem_free(core->mem, core->actions, core->action_cap * sizeof *core->actions);
    core->actions = NULL;
    core->action_first = core->action_n = core->action_cap = 0;
    buf_free(&core->action_bytes);
}

static uint64_t least(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

static uint64_t wake_at(const struct core *core) {
    if (core->broken)
        return core->broken_until;
    uint64_t at = core_session_wake(core);
    at = least(at, core->ack_at != 0 ? core->ack_at : UINT64_MAX);
    at = least(at, core_stock_wake(core));
    at = least(at, core_address_wake(core));
    at = least(at, core_mailbox_key_wake(core));
    at = least(at, core_conversation_wake(core));
    at = least(at, core_expiry_wake(core));
    at = least(at, core_auth_commands_wake(core));
    at = least(at, core_blob_wake(core));
    at = least(at, core_upload_wake(core));
    at = least(at, core_download_wake(core));
    at = least(at, core_linking_wake(core));
    at = least(at, core_handle_wake(core));
    at = least(at, core_typing_wake(core));
    return least(at, core_outbox_wake(core));
}

static void hand_out(struct core *core, struct core_action *action) {
    struct action *a = &core->actions[core->action_first++];
    buf_move(&core->action_bytes, &a->bytes);
    action->kind = a->kind;
    action->link = a->link;
    action->notice = a->notice;
    action->command = a->command;
    action->offset = a->offset;
    action->count = a->count;
    slice bytes = buf_slice(&core->action_bytes);
    if (a->kind == CORE_CONNECT) {
        action->server = bytes;
        action->proxy = core->network.r.proxy;
    } else if (a->kind == CORE_TRANSMIT || a->kind == CORE_WRITE)
        action->bytes = bytes;
    else if (a->kind == CORE_NOTICE)
        action->notice.text = bytes;
    if (core->action_first == core->action_n)
        core->action_first = core->action_n = 0;
}

bool core_next_action(struct core *core, struct core_action *action) {
    memset(action, 0, sizeof *action);
    if (core->action_first < core->action_n) {
        hand_out(core, action);
        return true;
    }
    uint64_t at = wake_at(core);
    if (at == core->wake_told)
        return false;
    core->wake_told = at;
    action->kind = CORE_WAKE;
    action->at = at;
    return true;
}
