/* The commands on conversations: each checks what can be checked at once and becomes an entry of
 * the outbox. */
#include "core/internal.h"

#include "core/content.h"

/* After this time, and some chance, other own devices hear what was read. */
#define READ_LEAST (5 * TIME_SECOND)
#define READ_MOST (30 * TIME_SECOND)

err core_conversation_find_open(struct core *core, uint32_t number, uint64_t now,
                                struct conversation **c) {
    TRY(core_enter(core, now));
    *c = core_conversation_lookup(core, number);
    if (*c == NULL)
        return ERR_NOT_FOUND;
    bool usable = !core->account.r.deleted && ((*c)->r.state == CORE_CONVERSATION_NEW ||
                                               (*c)->r.state == CORE_CONVERSATION_ACTIVE);
    return usable ? OK : ERR_STATE;
}

/* That of own devices: nobody else comes in, and no device leaves it but by core_device_unlink. */
static bool number_is_own(const struct core *core, uint32_t number) {
    return number == core->account.r.own;
}

static bool outbox_full(const struct core *core) {
    return core->entries.n >= OUTBOX_MAX;
}

/* In a transaction. */
static err use(struct core *core, struct conversation *c) {
    if (c->r.used)
        return OK;
    c->r.used = true;
    return core_conversation_save(core, c);
}

/* One entry in a transaction of its own. */
static err add(struct core *core, struct conversation *c, enum entry_kind kind, slice intent,
               uint64_t *command) {
    struct entry *entry = NULL;
    if (outbox_full(core))
        return ERR_LIMIT;
    TRY(core_txn_begin(core));
    err e = use(core, c);
    if (e == OK)
        e = core_entry_add(core, c, kind, intent, false, &entry);
    if (e == OK)
        *command = entry->r.command;
    TRY(core_txn_end(core, e));
    core_pump(core);
    return OK;
}

/* ---- Membership ---- */

static err check_accounts(const struct core *core, const uint8_t (*accounts)[CORE_ACCOUNT],
                          size_t count) {
    size_t devices = 0;
    if (count == 0)
        return ERR_NOT_FOUND;
    for (size_t i = 0; i < count; i++) {
        struct core_contact contact;
        TRY(core_contact_get(core, accounts[i], &contact));
        if (core_is_blocked(core, accounts[i]))
            return ERR_DENIED;
        devices += contact.devices;
        for (size_t j = 0; j < i; j++)
            if (memcmp(accounts[i], accounts[j], CORE_ACCOUNT) == 0)
                return ERR_REPEAT;
    }
    return devices > PROTO_WELCOMES_MAX ? ERR_LIMIT : OK;
}

/* Before anything is said in it: who is in hears that. */
static err begin_history(struct core *core, struct conversation *c, slice accounts) {
    const uint8_t *us = core->account.r.account;
    TRY(core_history_event(core, c, CORE_MESSAGE_CREATED, us, NULL));
    for (size_t at = 0; at < accounts.n; at += CORE_ACCOUNT)
        TRY(core_history_event(core, c, CORE_MESSAGE_ADDED, us, accounts.p + at));
    return OK;
}

static err create(struct core *core, slice name, slice accounts, uint64_t *command,
                  uint32_t *number) {
    uint8_t group[32];
    struct conversation *c;
    struct entry *entry = NULL;
    crypto_random(group, sizeof group);
    TRY(core_conversation_insert(core, group, CORE_CONVERSATION_NEW, &c));
    c->r.name = name;
    c->r.used = c->r.own_name = true;
    TRY(core_conversation_save(core, c));
    TRY(begin_history(core, c, accounts));
    TRY(core_entry_add(core, c, ENTRY_CREATE, accounts, false, &entry));
    *command = entry->r.command;
    *number = c->r.number;
    return OK;
}

err core_conversation_new(struct core *core, slice name, const uint8_t (*accounts)[CORE_ACCOUNT],
                          size_t count, uint64_t now, uint64_t *command, uint32_t *conversation) {
    TRY(core_enter(core, now));
    if (!core->account.exists || !core->account.r.registered || core->account.r.deleted)
        return ERR_STATE;
    TRY(core_name_check(name));
    TRY(check_accounts(core, accounts, count));
    if (outbox_full(core) || core->conversations.n >= CONVERSATIONS_MAX)
        return ERR_LIMIT;
    TRY(core_txn_begin(core));
    err e = create(core, name, slice_of(accounts, count * CORE_ACCOUNT), command, conversation);
    TRY(core_txn_end(core, e));
    core_pump(core);
    return OK;
}

err core_conversation_add(struct core *core, uint32_t conversation,
                          const uint8_t account[CORE_ACCOUNT], uint64_t now, uint64_t *command) {
    struct conversation *c;
    TRY(core_conversation_find_open(core, conversation, now, &c));
    if (core_contact_lookup(core, account) == NULL)
        return ERR_NOT_FOUND;
    if (number_is_own(core, conversation))
        return ERR_DENIED;
    if (core_is_blocked(core, account))
        return ERR_DENIED;
    TRY(core_roles_check(core, c, false));
    return add(core, c, ENTRY_ADD, slice_of(account, CORE_ACCOUNT), command);
}

err core_conversation_remove(struct core *core, uint32_t conversation,
                             const uint8_t account[CORE_ACCOUNT], uint64_t now, uint64_t *command) {
    struct conversation *c;
    TRY(core_conversation_find_open(core, conversation, now, &c));
    if (memcmp(account, core->account.r.account, CORE_ACCOUNT) == 0)
        return ERR_DENIED;
    TRY(core_roles_check(core, c, false));
    return add(core, c, ENTRY_REMOVE, slice_of(account, CORE_ACCOUNT), command);
}

/* One that is being made has none yet: its commands wait for it. */
err core_roles_check(struct core *core, struct conversation *c, bool timer) {
    const uint8_t *us = core->account.r.account;
    if (c->r.state == CORE_CONVERSATION_NEW)
        return OK;
    TRY(core_conversation_load(core, c));
    return (timer ? core_roles_may_time(c, us) : core_roles_may(c, us)) ? OK : ERR_DENIED;
}

/* The roles that there are to be changed. */
static err find_roles(struct core *core, struct conversation *c, struct roles *roles) {
    if (c->r.state != CORE_CONVERSATION_ACTIVE)
        return ERR_STATE;
    TRY(core_roles_check(core, c, false));
    TRY(core_roles_of(c->group, roles));
    return roles->any ? OK : ERR_UNSUPPORTED;
}

err core_conversation_role(struct core *core, uint32_t conversation,
                           const uint8_t account[CORE_ACCOUNT], bool admin, uint64_t now,
                           uint64_t *command) {
    struct conversation *c;
    struct roles roles;
    uint8_t intent[CORE_ACCOUNT + 1];
    uint32_t leaf = 0;
    TRY(core_conversation_find_open(core, conversation, now, &c));
    TRY(find_roles(core, c, &roles));
    if (!core_conversation_has(c, slice_of(account, CORE_ACCOUNT), &leaf))
        return ERR_NOT_FOUND;
    if (core_roles_admin(&roles, account) == admin)
        return ERR_EXISTS;
    if (!admin && roles.admins.n == CORE_ACCOUNT)
        return ERR_LIMIT;
    memcpy(intent, account, CORE_ACCOUNT);
    intent[CORE_ACCOUNT] = admin;
    return add(core, c, ENTRY_ROLE, SLICE_ARRAY(intent), command);
}

err core_conversation_timer_all(struct core *core, uint32_t conversation, bool all, uint64_t now,
                                uint64_t *command) {
    struct conversation *c;
    struct roles roles;
    uint8_t intent[] = {all};
    TRY(core_conversation_find_open(core, conversation, now, &c));
    TRY(find_roles(core, c, &roles));
    if (roles.timer_all == all)
        return ERR_EXISTS;
    return add(core, c, ENTRY_TIMER, SLICE_ARRAY(intent), command);
}

err core_conversation_update(struct core *core, uint32_t conversation, uint64_t now,
                             uint64_t *command) {
    struct conversation *c;
    TRY(core_conversation_find_open(core, conversation, now, &c));
    return add(core, c, ENTRY_UPDATE, slice_str("revoke"), command);
}

err core_conversation_leave(struct core *core, uint32_t conversation, uint64_t now,
                            uint64_t *command) {
    struct conversation *c;
    struct entry *entry = NULL;
    TRY(core_conversation_find_open(core, conversation, now, &c));
    if (number_is_own(core, conversation))
        return ERR_DENIED;
    if (c->r.state == CORE_CONVERSATION_NEW)
        return ERR_STATE;
    if (outbox_full(core))
        return ERR_LIMIT;
    TRY(core_txn_begin(core));
    c->r.state = CORE_CONVERSATION_LEAVING;
    c->r.leaving = now;
    err e = core_conversation_save(core, c);
    if (e == OK)
        e = core_entry_add(core, c, ENTRY_LEAVE, SLICE_EMPTY, false, &entry);
    if (e == OK)
        *command = entry->r.command;
    if (e == OK && (c->r.members == 1 || c->r.spoiled || c->r.behind))
        e = core_conversation_end(core, c, CORE_CONVERSATION_LEFT);
    else if (e == OK)
        core_conversation_notice(core, c);
    TRY(core_txn_end(core, e));
    core_pump(core);
    return OK;
}

err core_conversation_rename(struct core *core, uint32_t conversation, slice name, uint64_t now,
                             uint64_t *command) {
    struct conversation *c;
    struct entry *entry = NULL;
    TRY(core_conversation_find_open(core, conversation, now, &c));
    TRY(core_name_check(name));
    if (name.n == 0)
        return ERR_MALFORMED;
    if (c->r.state != CORE_CONVERSATION_ACTIVE)
        return ERR_STATE;
    TRY(core_roles_check(core, c, false));
    if (outbox_full(core))
        return ERR_LIMIT;
    TRY(core_txn_begin(core));
    err e = use(core, c);
    if (e == OK)
        e = core_profile_rename(core, c, name, &entry);
    if (e == OK)
        *command = entry->r.command;
    TRY(core_txn_end(core, e));
    core_pump(core);
    return OK;
}

err core_conversation_read(struct core *core, uint32_t conversation, uint64_t message,
                           uint64_t now) {
    TRY(core_enter(core, now));
    struct conversation *c = core_conversation_lookup(core, conversation);
    if (c == NULL)
        return ERR_NOT_FOUND;
    if (message <= c->r.read || message > c->r.messages)
        return OK;
    TRY(core_txn_begin(core));
    if (!c->r.tell_read)
        c->read_at = core_moment(core, READ_LEAST, READ_MOST);
    c->r.read = message;
    c->r.used = c->r.tell_read = true;
    err e = core_conversation_save(core, c);
    if (e == OK)
        e = core_receipts_due(core, c);
    TRY(core_txn_end(core, e));
    core_pump(core);
    return OK;
}

/* ---- Messages ---- */

static err queue(struct core *core, struct conversation *c, slice content, uint64_t told,
                 uint64_t *command, uint64_t *message) {
    struct entry *entry = NULL;
    struct record_message m = {.kind = CORE_MESSAGE_CONTENT,
                               .state = CORE_MESSAGE_QUEUED,
                               .time = core->now,
                               .epoch = c->r.epoch,
                               .own = true,
                               .content = content};
    memcpy(m.sender, core->account.r.account, sizeof m.sender);
    memcpy(m.device, core->account.r.device, sizeof m.device);
    TRY(core_content_id_of(m.id, m.sender, SLICE_ARRAY(c->r.group), content));
    core_typing_over(core, c);
    TRY(use(core, c));
    TRY(core_history_add(core, c, &m, message));
    TRY(core_entry_add(core, c, ENTRY_CONTENT, content, false, &entry));
    entry->r.message = *message;
    memcpy(entry->r.id, m.id, sizeof entry->r.id);
    entry->r.told = told;
    *command = entry->r.command;
    return core_entry_save(core, entry);
}

err core_queue_content(struct core *core, struct conversation *c, slice content, uint64_t told,
                       uint64_t *message) {
    uint64_t command;
    return queue(core, c, content, told, &command, message);
}

err core_send_content(struct core *core, uint32_t conversation, slice content, uint64_t now,
                      uint64_t *command, uint64_t *message) {
    struct conversation *c;
    struct content decoded;
    TRY(core_conversation_find_open(core, conversation, now, &c));
    if (content.n > CORE_TEXT_MAX + 4096)
        return ERR_TOO_LARGE;
    TRY(core_content_decode(content, &decoded));
    if (outbox_full(core))
        return ERR_LIMIT;
    TRY(core_txn_begin(core));
    TRY(core_txn_end(core, queue(core, c, content, 0, command, message)));
    core_pump(core);
    return OK;
}

static const char *text_type(bool markdown) {
    return markdown ? "text/markdown;variant=GFM-MIMI" : "text/plain;charset=utf-8";
}

static err check_text(slice text) {
    if (text.n > CORE_TEXT_MAX)
        return ERR_TOO_LARGE;
    return text.n == 0 || !core_text_valid(text) ? ERR_MALFORMED : OK;
}

err core_send_text(struct core *core, uint32_t conversation, enum core_text_kind kind, slice text,
                   const uint8_t *in_reply_to, uint64_t now, uint64_t *command, uint64_t *message) {
    struct conversation *c;
    buf content = buf_on(core->mem);
    bool reaction = kind == CORE_TEXT_REACTION;
    TRY(check_text(text));
    if (reaction && in_reply_to == NULL)
        return ERR_MALFORMED;
    TRY(core_conversation_find_open(core, conversation, now, &c));
    err e = core_content_encode(&content, reaction ? CONTENT_REACTION : CONTENT_RENDER,
                                text_type(kind == CORE_TEXT_MARKDOWN), text, in_reply_to, NULL);
    if (e == OK)
        e = core_timer_date(core, c, &content);
    if (e == OK)
        e = core_send_content(core, conversation, buf_slice(&content), now, command, message);
    buf_free(&content);
    return e;
}

/* ---- Said again ---- */

/* A message of ours that can be said again. m and content borrow from bytes; in_reply_to: of it, or
 * NULL. */
struct own_message {
    buf bytes, text;
    struct record_message m;
    struct core_message shown;
    const uint8_t *in_reply_to;
};

static err find_own(struct core *core, const struct conversation *c, uint64_t number,
                    struct own_message *own) {
    TRY(core_history_shown(core, c, number, &own->bytes, &own->m));
    if (own->m.kind != CORE_MESSAGE_CONTENT)
        return ERR_UNSUPPORTED;
    if (!own->m.own)
        return ERR_DENIED;
    TRY(core_history_show(core, c, &own->m, &own->shown, &own->text));
    own->in_reply_to = own->shown.has_reply ? own->shown.in_reply_to : NULL;
    return own->shown.withdrawn ? ERR_STATE : OK;
}

static void own_message_fini(struct own_message *own) {
    buf_free(&own->bytes);
    buf_free(&own->text);
}

/* Later than the edit that it takes the place of, even if the clock is not. */
static err edit_time(struct core *core, const struct conversation *c, const struct own_message *own,
                     uint64_t *time) {
    struct remarked remarked;
    TRY(core_remark_look(core, c, &own->m, &remarked));
    *time = core->now > remarked.time ? core->now : remarked.time + 1;
    return OK;
}

static err make_edit(struct core *core, const struct conversation *c, uint64_t number, slice text,
                     struct own_message *own, buf *content) {
    uint64_t time;
    TRY(find_own(core, c, number, own));
    if (own->shown.shape != CORE_CONTENT_TEXT && own->shown.shape != CORE_CONTENT_FILE)
        return ERR_UNSUPPORTED;
    TRY(edit_time(core, c, own, &time));
    TRY(core_content_encode_edit(content, text_type(own->shown.markdown), text, own->in_reply_to,
                                 own->m.id, time));
    return core_timer_like(own->m.content, content);
}

err core_message_edit(struct core *core, uint32_t conversation, uint64_t message, slice text,
                      uint64_t now, uint64_t *command, uint64_t *edit) {
    struct conversation *c;
    struct own_message own = {.bytes = buf_on(core->mem), .text = buf_on(core->mem)};
    buf content = buf_on(core->mem);
    TRY(check_text(text));
    TRY(core_conversation_find_open(core, conversation, now, &c));
    err e = make_edit(core, c, message, text, &own, &content);
    if (e == OK)
        e = core_send_content(core, conversation, buf_slice(&content), now, command, edit);
    own_message_fini(&own);
    buf_free(&content);
    return e;
}

static err make_delete(struct core *core, const struct conversation *c, uint64_t number,
                       struct own_message *own, buf *content) {
    TRY(find_own(core, c, number, own));
    bool reaction = own->shown.shape == CORE_CONTENT_REACTION;
    if (own->shown.has_replaces && !reaction)
        return ERR_UNSUPPORTED;
    return core_content_encode_delete(content, reaction ? CONTENT_REACTION : CONTENT_RENDER,
                                      own->in_reply_to, own->m.id);
}

err core_message_delete(struct core *core, uint32_t conversation, uint64_t message, uint64_t now,
                        uint64_t *command) {
    struct conversation *c;
    struct own_message own = {.bytes = buf_on(core->mem), .text = buf_on(core->mem)};
    buf content = buf_on(core->mem);
    uint64_t number;
    TRY(core_conversation_find_open(core, conversation, now, &c));
    err e = make_delete(core, c, message, &own, &content);
    if (e == OK)
        e = core_timer_date(core, c, &content);
    if (e == OK)
        e = core_send_content(core, conversation, buf_slice(&content), now, command, &number);
    own_message_fini(&own);
    buf_free(&content);
    return e;
}
