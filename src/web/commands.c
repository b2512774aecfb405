/* What the page asks for. */
#include "base/time.h"
#include "web/calls.h"

/* The answer of a command: its number, and that of what it made. */
static err begun(struct call *c, uint64_t command, const char *made, uint64_t number) {
    json_object(c->out, NULL);
    json_num(c->out, "command", command);
    if (made != NULL)
        json_num(c->out, made, number);
    json_object_end(c->out);
    return OK;
}

/* The answer of what is done at once. */
static err done(struct call *c, err e) {
    json_object(c->out, NULL);
    json_object_end(c->out);
    return e;
}

static err done_account(struct call *c, const uint8_t account[CORE_ACCOUNT]) {
    json_object(c->out, NULL);
    json_hex(c->out, "account", slice_of(account, CORE_ACCOUNT));
    json_object_end(c->out);
    return OK;
}

/* ---- The account ---- */

err call_create(struct call *c) {
    slice link, name;
    uint64_t command;
    TRY(call_text(c, 0, &link));
    TRY(call_text(c, 1, &name));
    TRY(core_account_create(c->core, link, name, c->now, &command));
    return begun(c, command, NULL, 0);
}

err call_take(struct call *c) {
    slice link, words, name;
    uint64_t command;
    TRY(call_text(c, 0, &link));
    TRY(call_text(c, 1, &words));
    TRY(call_text(c, 2, &name));
    TRY(core_account_take(c->core, link, words, name, c->now, &command, &c->word));
    return begun(c, command, NULL, 0);
}

err call_delete_account(struct call *c) {
    uint64_t command;
    TRY(core_account_delete(c->core, c->now, &command));
    return begun(c, command, NULL, 0);
}

err call_record(struct call *c) {
    uint64_t command;
    TRY(core_record_ask(c->core, c->now, &command));
    return begun(c, command, NULL, 0);
}

err call_online(struct call *c) {
    bool online;
    TRY(call_bool(c, 0, &online));
    core_online(c->core, online, c->now);
    return done(c, OK);
}

/* "-" leaves it as it is. */
static const slice *unless_left(const slice *value) {
    return slice_equal(*value, slice_str("-")) ? NULL : value;
}

err call_profile_set(struct call *c) {
    uint32_t conversation;
    slice name, picture = c->args[2];
    TRY(call_u32(c, 0, &conversation));
    TRY(call_text(c, 1, &name));
    return done(c, core_profile_set(c->core, conversation, unless_left(&name),
                                    unless_left(&picture), c->now));
}

/* ---- Devices ---- */

err call_link(struct call *c) {
    slice server;
    uint64_t command;
    TRY(call_text(c, 0, &server));
    TRY(core_device_link(c->core, server, c->now, &command));
    return begun(c, command, NULL, 0);
}

err call_link_take(struct call *c) {
    slice code;
    uint64_t command;
    TRY(call_text(c, 0, &code));
    TRY(core_device_link_take(c->core, code, c->now, &command));
    return begun(c, command, NULL, 0);
}

err call_link_confirm(struct call *c) {
    bool same;
    TRY(call_bool(c, 0, &same));
    return done(c, core_device_link_confirm(c->core, same, c->now));
}

err call_unlink(struct call *c) {
    uint8_t device[CORE_DEVICE];
    uint64_t command;
    TRY(call_hex(c, 0, device, sizeof device));
    TRY(core_device_unlink(c->core, device, c->now, &command));
    return begun(c, command, NULL, 0);
}

/* ---- Contacts ---- */

err call_contact_link(struct call *c) {
    bool once;
    uint32_t days;
    uint64_t command;
    TRY(call_bool(c, 0, &once));
    TRY(call_u32(c, 1, &days));
    TRY(core_link_new(c->core, once, days * TIME_DAY, c->now, &command));
    return begun(c, command, NULL, 0);
}

err call_link_revoke(struct call *c) {
    uint64_t number;
    TRY(call_u64(c, 0, &number));
    return done(c, core_link_revoke(c->core, number, c->now));
}

err call_contact_accept(struct call *c) {
    uint8_t account[CORE_ACCOUNT];
    slice link, petname;
    TRY(call_text(c, 0, &link));
    TRY(call_text(c, 1, &petname));
    TRY(core_contact_accept(c->core, link, petname, c->now, account));
    return done_account(c, account);
}

err call_contact_rename(struct call *c) {
    uint8_t account[CORE_ACCOUNT];
    slice petname;
    TRY(call_hex(c, 0, account, sizeof account));
    TRY(call_text(c, 1, &petname));
    return done(c, core_contact_rename(c->core, account, petname, c->now));
}

err call_meet(struct call *c) {
    uint8_t account[CORE_ACCOUNT];
    uint32_t conversation;
    slice petname;
    TRY(call_u32(c, 0, &conversation));
    TRY(call_hex(c, 1, account, sizeof account));
    TRY(call_text(c, 2, &petname));
    return done(c, core_contact_meet(c->core, conversation, account, petname, c->now));
}

err call_verified(struct call *c) {
    uint8_t account[CORE_ACCOUNT];
    bool verified;
    TRY(call_hex(c, 0, account, sizeof account));
    TRY(call_bool(c, 1, &verified));
    return done(c, core_contact_set_verified(c->core, account, verified, c->now));
}

err call_block(struct call *c) {
    uint8_t account[CORE_ACCOUNT];
    TRY(call_hex(c, 0, account, sizeof account));
    return done(c, core_block(c->core, account, c->now));
}

err call_unblock(struct call *c) {
    uint8_t account[CORE_ACCOUNT];
    TRY(call_hex(c, 0, account, sizeof account));
    return done(c, core_unblock(c->core, account, c->now));
}

err call_accept(struct call *c) {
    uint32_t conversation;
    slice petname;
    TRY(call_u32(c, 0, &conversation));
    TRY(call_text(c, 1, &petname));
    return done(c, core_request_accept(c->core, conversation, petname, c->now));
}

err call_decline(struct call *c) {
    uint32_t conversation;
    TRY(call_u32(c, 0, &conversation));
    return done(c, core_request_decline(c->core, conversation, c->now));
}

/* ---- Handles ---- */

err call_handle_claim(struct call *c) {
    slice name, pin;
    uint64_t command;
    TRY(call_text(c, 0, &name));
    TRY(call_text(c, 1, &pin));
    TRY(core_handle_claim(c->core, name, pin, c->now, &command));
    return begun(c, command, NULL, 0);
}

err call_handle_drop(struct call *c) {
    uint64_t command;
    TRY(core_handle_drop(c->core, c->now, &command));
    return begun(c, command, NULL, 0);
}

err call_handle_find(struct call *c) {
    slice name, pin;
    uint64_t command;
    TRY(call_text(c, 0, &name));
    TRY(call_text(c, 1, &pin));
    TRY(core_handle_find(c->core, name, pin, c->now, &command));
    return begun(c, command, NULL, 0);
}

err call_found_accept(struct call *c) {
    uint8_t account[CORE_ACCOUNT];
    slice petname;
    TRY(call_text(c, 0, &petname));
    TRY(core_found_accept(c->core, petname, c->now, account));
    return done_account(c, account);
}

/* ---- Conversations ---- */

err call_new(struct call *c) {
    uint8_t(*accounts)[CORE_ACCOUNT] = NULL;
    size_t count = c->count - 1;
    uint64_t command;
    uint32_t conversation;
    slice name;
    TRY(call_text(c, 0, &name));
    accounts = mem_new_array(NULL, count + 1, sizeof *accounts);
    if (accounts == NULL)
        return ERR_NO_MEMORY;
    err e = OK;
    for (size_t i = 0; e == OK && i < count; i++)
        e = call_hex(c, 1 + i, accounts[i], CORE_ACCOUNT);
    if (e == OK)
        e = core_conversation_new(c->core, name, (const uint8_t(*)[CORE_ACCOUNT])accounts, count,
                                  c->now, &command, &conversation);
    mem_free(NULL, accounts, (count + 1) * sizeof *accounts);
    return e == OK ? begun(c, command, "conversation", conversation) : e;
}

err call_add(struct call *c) {
    uint8_t account[CORE_ACCOUNT];
    uint32_t conversation;
    uint64_t command;
    TRY(call_u32(c, 0, &conversation));
    TRY(call_hex(c, 1, account, sizeof account));
    TRY(core_conversation_add(c->core, conversation, account, c->now, &command));
    return begun(c, command, NULL, 0);
}

err call_remove(struct call *c) {
    uint8_t account[CORE_ACCOUNT];
    uint32_t conversation;
    uint64_t command;
    TRY(call_u32(c, 0, &conversation));
    TRY(call_hex(c, 1, account, sizeof account));
    TRY(core_conversation_remove(c->core, conversation, account, c->now, &command));
    return begun(c, command, NULL, 0);
}

err call_rename(struct call *c) {
    uint32_t conversation;
    uint64_t command;
    slice name;
    TRY(call_u32(c, 0, &conversation));
    TRY(call_text(c, 1, &name));
    TRY(core_conversation_rename(c->core, conversation, name, c->now, &command));
    return begun(c, command, NULL, 0);
}

err call_leave(struct call *c) {
    uint32_t conversation;
    uint64_t command;
    TRY(call_u32(c, 0, &conversation));
    TRY(core_conversation_leave(c->core, conversation, c->now, &command));
    return begun(c, command, NULL, 0);
}

err call_renew(struct call *c) {
    uint32_t conversation;
    uint64_t command;
    TRY(call_u32(c, 0, &conversation));
    TRY(core_conversation_update(c->core, conversation, c->now, &command));
    return begun(c, command, NULL, 0);
}

err call_read(struct call *c) {
    uint32_t conversation;
    uint64_t message;
    TRY(call_u32(c, 0, &conversation));
    TRY(call_u64(c, 1, &message));
    return done(c, core_conversation_read(c->core, conversation, message, c->now));
}

err call_draft_set(struct call *c) {
    uint32_t conversation;
    slice text;
    TRY(call_u32(c, 0, &conversation));
    TRY(call_text(c, 1, &text));
    return done(c, core_draft_set(c->core, conversation, text, c->now));
}

/* 0: no longer; 18446744073709551615: for good. */
err call_mute(struct call *c) {
    uint32_t conversation;
    uint64_t until;
    TRY(call_u32(c, 0, &conversation));
    TRY(call_u64(c, 1, &until));
    return done(c, core_conversation_mute(c->core, conversation, until, c->now));
}

err call_archive(struct call *c) {
    uint32_t conversation;
    bool yes;
    TRY(call_u32(c, 0, &conversation));
    TRY(call_bool(c, 1, &yes));
    return done(c, core_conversation_archive(c->core, conversation, yes, c->now));
}

/* ---- Messages and files ---- */

static err take_kind(struct call *c, size_t i, enum core_text_kind *kind) {
    static const char *const names[] = {"plain", "markdown", "reaction"};
    for (size_t k = 0; k < sizeof names / sizeof names[0]; k++)
        if (slice_equal(c->args[i], slice_str(names[k]))) {
            *kind = (enum core_text_kind)k;
            return OK;
        }
    c->wrong = true;
    return ERR_MALFORMED;
}

err call_send(struct call *c) {
    uint32_t conversation;
    enum core_text_kind kind;
    slice text;
    uint8_t room[CORE_MESSAGE_ID];
    const uint8_t *reply;
    uint64_t command, message;
    TRY(call_u32(c, 0, &conversation));
    TRY(take_kind(c, 1, &kind));
    TRY(call_text(c, 2, &text));
    TRY(call_id_or_none(c, 3, room, &reply));
    TRY(core_send_text(c->core, conversation, kind, text, reply, c->now, &command, &message));
    return begun(c, command, "message", message);
}

/* An own message, by its id. */
static err take_message(struct call *c, uint32_t *conversation, uint64_t *message) {
    uint8_t id[CORE_MESSAGE_ID];
    TRY(call_u32(c, 0, conversation));
    TRY(call_hex(c, 1, id, sizeof id));
    return core_message_number(c->core, *conversation, id, message);
}

err call_edit(struct call *c) {
    uint32_t conversation;
    slice text;
    uint64_t command, message, edit;
    TRY(call_text(c, 2, &text));
    TRY(take_message(c, &conversation, &message));
    TRY(core_message_edit(c->core, conversation, message, text, c->now, &command, &edit));
    return begun(c, command, "message", edit);
}

err call_delete(struct call *c) {
    uint32_t conversation;
    uint64_t command, message;
    TRY(take_message(c, &conversation, &message));
    TRY(core_message_delete(c->core, conversation, message, c->now, &command));
    return begun(c, command, "message", message);
}

err call_role(struct call *c) {
    uint8_t account[CORE_ACCOUNT];
    uint32_t conversation;
    uint64_t command;
    bool admin;
    TRY(call_u32(c, 0, &conversation));
    TRY(call_hex(c, 1, account, sizeof account));
    TRY(call_bool(c, 2, &admin));
    TRY(core_conversation_role(c->core, conversation, account, admin, c->now, &command));
    return begun(c, command, NULL, 0);
}

err call_timer_all(struct call *c) {
    uint32_t conversation;
    uint64_t command;
    bool all;
    TRY(call_u32(c, 0, &conversation));
    TRY(call_bool(c, 1, &all));
    TRY(core_conversation_timer_all(c->core, conversation, all, c->now, &command));
    return begun(c, command, NULL, 0);
}

err call_timer(struct call *c) {
    uint32_t conversation, seconds;
    uint64_t command;
    TRY(call_u32(c, 0, &conversation));
    TRY(call_u32(c, 1, &seconds));
    TRY(core_conversation_timer(c->core, conversation, seconds, c->now, &command));
    return begun(c, command, NULL, 0);
}

/* 0 nothing, 1 that it came, 2 that it was read. */
err call_receipts_set(struct call *c) {
    enum core_receipts level;
    c->wrong = core_receipts_named(c->args[0], &level) != OK;
    return c->wrong ? ERR_MALFORMED : done(c, core_receipts_set(c->core, level, c->now));
}

err call_typing_set(struct call *c) {
    bool on;
    TRY(call_bool(c, 0, &on));
    return done(c, core_typing_set(c->core, on, c->now));
}

err call_writes(struct call *c) {
    uint32_t conversation;
    TRY(call_u32(c, 0, &conversation));
    return done(c, core_typing(c->core, conversation, c->now));
}

err call_file_send(struct call *c) {
    struct core_file_sending sending = {0};
    uint8_t room[CORE_MESSAGE_ID];
    uint32_t conversation;
    uint64_t command;
    TRY(call_u32(c, 0, &conversation));
    TRY(call_text(c, 1, &sending.place));
    TRY(call_text(c, 2, &sending.name));
    TRY(call_text(c, 3, &sending.type));
    TRY(call_text(c, 4, &sending.text));
    TRY(call_id_or_none(c, 5, room, &sending.in_reply_to));
    TRY(call_u64(c, 6, &sending.size));
    TRY(core_file_send(c->core, conversation, &sending, c->now, &command));
    return begun(c, command, NULL, 0);
}

err call_file_fetch(struct call *c) {
    uint32_t conversation;
    uint64_t message, have, command;
    slice place;
    bool hurry;
    TRY(call_u32(c, 0, &conversation));
    TRY(call_u64(c, 1, &message));
    TRY(call_text(c, 2, &place));
    TRY(call_u64(c, 3, &have));
    TRY(call_bool(c, 4, &hurry));
    TRY(core_file_fetch(c->core, conversation, message, place, have, hurry, c->now, &command));
    return begun(c, command, NULL, 0);
}

err call_file_cancel(struct call *c) {
    uint64_t command;
    TRY(call_u64(c, 0, &command));
    return done(c, core_file_cancel(c->core, command, c->now));
}

/* ---- The request desk ---- */

err call_notice_read(struct call *c) {
    uint64_t number;
    TRY(call_u64(c, 0, &number));
    return done(c, core_desk_notice_read(c->core, number, c->now));
}

err call_desk_accept(struct call *c) {
    uint8_t key[32];
    TRY(call_hex(c, 0, key, sizeof key));
    return done(c, core_desk_accept(c->core, key, c->now));
}
