/* What the client stores, each kind of record written once: struct, encoder and decoder come from
 * these lines (the kinds of field are the schema's, proto/schema.h).
 *
 * A decoded record borrows from the bytes it was read from. */
#ifndef SOTTO_CORE_RECORDS_H
#define SOTTO_CORE_RECORDS_H

#include "core/core.h"
#include "proto/proto.h"

enum { CONTENT_MAX = 1048576 }; /* of one message */

/* clang-format off */
#define RECORDS(R) \
    R(account) R(network) R(counters) R(server) R(contact) R(contact_link) R(blocked) R(decision) R(read) \
    R(conversation) R(entry) R(upload) R(message) R(claim) R(desk) R(desk_notice) \
    R(profile) R(said) R(picture) \
    R(waiting) R(quarantined) R(own_address) R(revocation) R(own_key) R(seen) R(seen_log) R(sync) R(behind) R(remark) \
    R(settings) R(kept) R(receipts) R(typing) R(expiry) R(clock)
/* clang-format on */

/* Who we are. has_identity: identity_seed is here, else all zero. certificate: the identity's word
 * for this device. code and command: of a registration that is under way (command 0: none).
 * joining: it is not a new account that is registered, but this device of one that exists; devices
 * is empty until there is a list that names it. put_list: the server does not have the list yet.
 * own: the conversation of own devices (0: none). sibling: the device that was linked last, and
 * addresses of it. mailbox_key: that the server seals our items to, made at that time;
 * old_mailbox_priv: of the key before, needed until the position old_until is acked (0: there is
 * none). */
#define RECORD_FIELDS_account(F)      \
    F(u16, suite, 0, 0)               \
    F(vec, server, 1, 512)            \
    F(fixed, server_identity, 32, 0)  \
    F(vec, name, 0, 64)               \
    F(fixed, identity, 32, 0)         \
    F(fixed, identity_seed, 32, 0)    \
    F(fixed, account, 16, 0)          \
    F(fixed, device, 16, 0)           \
    F(fixed, device_key, 32, 0)       \
    F(fixed, device_seed, 32, 0)      \
    F(flag, has_identity, 0, 0)       \
    F(vec, certificate, 0, 256)       \
    F(vec, devices, 0, 2048)          \
    F(flag, joining, 0, 0)            \
    F(flag, put_list, 0, 0)           \
    F(u32, own, 0, 0)                 \
    F(vec, sibling, 0, 1024)          \
    F(fixed, mailbox_key, 32, 0)      \
    F(fixed, mailbox_priv, 32, 0)     \
    F(u64, mailbox_made, 0, 0)        \
    F(fixed, old_mailbox_priv, 32, 0) \
    F(u64, old_until, 0, 0)           \
    F(fixed, code, 16, 0)             \
    F(flag, tried, 0, 0)              \
    F(flag, registered, 0, 0)         \
    F(flag, deleted, 0, 0)            \
    F(u64, command, 0, 0)

/* How the server is reached. isolate: enum core_isolate. */
#define RECORD_FIELDS_network(F)     \
    F(vec, proxy, 0, CORE_PROXY_MAX) \
    F(u8, isolate, 0, 0)

/* A link of ours that somebody may come by. expires: milliseconds. state: enum link_state. serial:
 * of its address, once it is closed. */
#define RECORD_FIELDS_contact_link(F) \
    F(u64, number, 0, 0)              \
    F(u64, made, 0, 0)                \
    F(u64, expires, 0, 0)             \
    F(flag, once, 0, 0)               \
    F(u8, state, 0, 0)                \
    F(fixed, serial, 8, 0)            \
    F(fixed, address, PROTO_ADDRESS, 0)

/* addresses: when the server made some last. address_key: id of the key that it made them with.
 * package_key: the same of those in the key packages that it has. next: one sequence numbers
 * commands, and all that waits or is kept by number. */
#define RECORD_FIELDS_counters(F) \
    F(u64, next, 0, 0)            \
    F(u64, position, 0, 0)        \
    F(u64, dropped, 0, 0)         \
    F(u64, repeats, 0, 0)         \
    F(u64, gaps, 0, 0)            \
    F(u32, conversations, 0, 0)   \
    F(u32, quarantined, 0, 0)     \
    F(u32, names, 0, 0)           \
    F(u64, last_resort, 0, 0)     \
    F(u64, addresses, 0, 0)       \
    F(u8, address_key, 0, 0)      \
    F(u8, package_key, 0, 0)

/* The last answer to record_get. */
#define RECORD_FIELDS_server(F) F(vec, record, 0, 256)

/* addresses: device id and address in turn, of the devices that we have one of, by a link, a card
 * or where we met: each adds the others to a conversation that it is added to. leaves: the same, of
 * leaves from which something was heard last. version 0: met in a conversation, no list known.
 * link_until: until then the address of its link or card goes before those of its leaves, unless it
 * is odd: then one of them was heard since, or the link is used up.
 * changed, by: petname and verified, when and on which own device. */
#define RECORD_FIELDS_contact(F)                                   \
    F(u64, number, 0, 0)                                           \
    F(fixed, account, 16, 0)                                       \
    F(fixed, identity, 32, 0)                                      \
    F(vec, petname, 0, 64)                                         \
    F(vec, name, 0, 64)                                            \
    F(vec, devices, 0, 2048)                                       \
    F(u32, version, 0, 0)                                          \
    F(vec, addresses, 0, (16 + PROTO_ADDRESS) * PROTO_DEVICES_MAX) \
    F(vec, leaves, 0, (16 + PROTO_ADDRESS) * PROTO_DEVICES_MAX)    \
    F(flag, once, 0, 0)                                            \
    F(u64, link_until, 0, 0)                                       \
    F(flag, verified, 0, 0)                                        \
    F(u64, changed, 0, 0)                                          \
    F(fixed, by, 16, 0)

/* Whose requests and messages are dropped, or (over) are not any more. name: what it was called
 * when it was blocked. time, by: of the change, and the own device that made it. */
#define RECORD_FIELDS_blocked(F) \
    F(u64, number, 0, 0)         \
    F(fixed, account, 16, 0)     \
    F(flag, over, 0, 0)          \
    F(u64, time, 0, 0)           \
    F(fixed, by, 16, 0)          \
    F(vec, name, 0, 64)

/* What became of a request, as one own device tells the others. */
#define RECORD_FIELDS_decision(F) \
    F(fixed, group, 32, 0)        \
    F(flag, accepted, 0, 0)

/* The newest message that was read, or everything before it. */
#define RECORD_FIELDS_read(F) \
    F(fixed, group, 32, 0)    \
    F(fixed, message, 32, 0)

/* What we show of ourselves in one conversation, or (group 0) everywhere: there the name is the
 * account's, but for what own devices tell each other. changed, by: when and on which of them. */
#define RECORD_FIELDS_profile(F) \
    F(fixed, group, 32, 0)       \
    F(flag, named, 0, 0)         \
    F(vec, name, 0, 64)          \
    F(flag, pictured, 0, 0)      \
    F(vec, picture, 0, 65536)    \
    F(u64, changed, 0, 0)        \
    F(fixed, by, 16, 0)

/* What a member calls itself in one conversation, or empty; in conversation 0 always. everywhere:
 * not there alone, but it was a request. changed: by its clock; what is older came late. */
#define RECORD_FIELDS_said(F) \
    F(fixed, account, 16, 0)  \
    F(flag, everywhere, 0, 0) \
    F(u64, changed, 0, 0)     \
    F(vec, name, 0, 64)

/* A picture of somebody, in one conversation or (0) everywhere; size 0: it shows none. */
#define RECORD_FIELDS_picture(F) \
    F(u64, number, 0, 0)         \
    F(fixed, account, 16, 0)     \
    F(u32, conversation, 0, 0)   \
    F(flag, everywhere, 0, 0)    \
    F(u64, changed, 0, 0)        \
    F(u32, size, 0, 0)

/* pending: proposals of others wait for a commit. joined: the epoch in which we came in; what is
 * older is not for us. own_name: we gave it the name that it has. leaving: when we asked to be
 * removed. used: the user made it, wrote in it or read it. inviter: who added us. last_resort: it
 * did so by a key package that others have too. bytes: of the history, while it is a request.
 * devices: its members' devices have to be looked at. list_sent: the version of our device list
 * that went to it. room: before the first entry of the history there is room for what another own
 * device knows.
 * tell_read: other own devices are to hear how far the user has read.
 * address_key: that made our leaf's address. renew: when to give the leaf another; 0: not.
 * unheard: leaves that came while we were in and said nothing since (unheard.c). */
#define RECORD_FIELDS_conversation(F) \
    F(u32, number, 0, 0)              \
    F(fixed, group, 32, 0)            \
    F(vec, name, 0, 64)               \
    F(u8, state, 0, 0)                \
    F(u64, epoch, 0, 0)               \
    F(u64, joined, 0, 0)              \
    F(u32, members, 0, 0)             \
    F(u64, messages, 0, 0)            \
    F(u64, read, 0, 0)                \
    F(flag, tell_read, 0, 0)          \
    F(u32, quarantined, 0, 0)         \
    F(flag, spoiled, 0, 0)            \
    F(flag, behind, 0, 0)             \
    F(flag, pending, 0, 0)            \
    F(flag, own_name, 0, 0)           \
    F(u64, leaving, 0, 0)             \
    F(flag, devices, 0, 0)            \
    F(u32, list_sent, 0, 0)           \
    F(flag, room, 0, 0)               \
    F(flag, used, 0, 0)               \
    F(fixed, inviter, 16, 0)          \
    F(flag, last_resort, 0, 0)        \
    F(u32, bytes, 0, 0)               \
    F(u8, address_key, 0, 0)          \
    F(u64, renew, 0, 0)               \
    F(vec, unheard, 0, 8 * CORE_MEMBERS_MAX)

/* One command of the outbox. intent: what is wanted, by kind. type and request: what was encrypted
 * for it, ready for the wire, once stage says so. message: its place in the history (0: none), id:
 * its message id. mark: what the commit's own copy will carry. told:
 * the command under which its end is told (0: its own). */
#define RECORD_FIELDS_entry(F)          \
    F(u64, command, 0, 0)               \
    F(u8, kind, 0, 0)                   \
    F(u8, stage, 0, 0)                  \
    F(flag, silent, 0, 0)               \
    F(u32, conversation, 0, 0)          \
    F(u64, epoch, 0, 0)                 \
    F(u16, attempts, 0, 0)              \
    F(u64, message, 0, 0)               \
    F(fixed, id, 32, 0)                 \
    F(vec, intent, 0, 1048576)          \
    F(u16, type, 0, 0)                  \
    F(vec, request, 0, PROTO_FRAME_MAX) \
    F(vec, mark, 0, PROTO_MARK)         \
    F(u16, blobs, 0, 0)                 \
    F(u64, told, 0, 0)

/* A file on its way to the server. saved: so many of its chunks were read, and digest is the
 * SHA-256 of these. */
#define RECORD_FIELDS_upload(F) \
    F(u64, command, 0, 0)       \
    F(u32, conversation, 0, 0)  \
    F(vec, place, 0, 4096)      \
    F(vec, name, 1, 255)        \
    F(vec, type, 1, 127)        \
    F(vec, text, 0, 262144)     \
    F(vec, in_reply_to, 0, 32)  \
    F(u64, size, 0, 0)          \
    F(fixed, id, 32, 0)         \
    F(fixed, key, 32, 0)        \
    F(u32, saved, 0, 0)         \
    F(fixed, digest, 32, 0)

/* refused: how many of the others' mailboxes took no copy. */
#define RECORD_FIELDS_message(F) \
    F(u8, kind, 0, 0)            \
    F(u8, state, 0, 0)           \
    F(u32, refused, 0, 0)        \
    F(u64, time, 0, 0)           \
    F(u64, epoch, 0, 0)          \
    F(fixed, sender, 16, 0)      \
    F(fixed, device, 16, 0)      \
    F(fixed, subject, 16, 0)     \
    F(flag, own, 0, 0)           \
    F(fixed, id, 32, 0)          \
    F(vec, content, 0, CONTENT_MAX)

/* A place that we hold, or want to. With a PIN there are two: at the name's an empty card, at that
 * of name and PIN the real one. command: that waits for it (0: none). version: of the last put.
 * put_at: when to put the card anew, or to drop it; renewed: the week. tell_at: when own devices
 * are to hear of it (0: they are not). sent: we asked for a put since another own device's word.
 * doubt: the server has another card than the one that we know of, or none: first their words are
 * waited for. address: the card's; fresh: that of the next one, until it is there; another own
 * device's card has neither here. made, by: when and on which own device it was claimed. gaps: how
 * many the mailbox had when the card was surely ours. */
#define RECORD_FIELDS_claim(F)        \
    F(u64, number, 0, 0)              \
    F(u8, state, 0, 0)                \
    F(flag, empty, 0, 0)              \
    F(flag, pin, 0, 0)                \
    F(u64, command, 0, 0)             \
    F(vec, name, 1, CORE_HANDLE_MAX)  \
    F(fixed, place, 32, 0)            \
    F(fixed, key, 32, 0)              \
    F(fixed, seed, 32, 0)             \
    F(u64, made, 0, 0)                \
    F(fixed, by, 16, 0)               \
    F(u64, version, 0, 0)             \
    F(u64, put_at, 0, 0)              \
    F(u32, renewed, 0, 0)             \
    F(u64, tell_at, 0, 0)             \
    F(flag, sent, 0, 0)               \
    F(flag, doubt, 0, 0)              \
    F(u64, gaps, 0, 0)                \
    F(vec, address, 0, PROTO_ADDRESS) \
    F(vec, fresh, 0, PROTO_ADDRESS)

/* The server's request desk, as it said last. key: that its notices are believed by, once pinned.
 * changed: the server names another one, `offered`. refused: notices that neither signed. */
#define RECORD_FIELDS_desk(F)          \
    F(flag, pinned, 0, 0)              \
    F(fixed, key, 32, 0)               \
    F(u64, version, 0, 0)              \
    F(fixed, hash, 32, 0)              \
    F(vec, name, 0, PROTO_DESK_LINE)   \
    F(vec, origin, 0, PROTO_DESK_LINE) \
    F(flag, changed, 0, 0)             \
    F(fixed, offered, 32, 0)           \
    F(u32, refused, 0, 0)

/* A notice of it. state: enum desk_notice_state. */
#define RECORD_FIELDS_desk_notice(F) \
    F(u64, number, 0, 0)             \
    F(u64, time, 0, 0)               \
    F(u8, state, 0, 0)               \
    F(fixed, signature, 64, 0)       \
    F(vec, text, 1, PROTO_NOTICE_MAX)

/* An item that can't be processed yet, and why. reference: its blob, while that is not here.
 * serial: of the address that a blob came by; asks: one by which others may only ask. */
#define RECORD_FIELDS_waiting(F) \
    F(u64, number, 0, 0)         \
    F(u8, why, 0, 0)             \
    F(u32, conversation, 0, 0)   \
    F(u64, time, 0, 0)           \
    F(fixed, serial, 8, 0)       \
    F(flag, asks, 0, 0)          \
    F(vec, mark, 0, PROTO_MARK)  \
    F(vec, reference, 0, 128)    \
    F(vec, content, 0, 16777216)

#define RECORD_FIELDS_quarantined(F) \
    F(u32, conversation, 0, 0)       \
    F(u32, error, 0, 0)              \
    F(u64, time, 0, 0)               \
    F(vec, item, 0, 16777216)

/* An address of our mailbox, and the serial by which deliveries name it. package: who has it, has
 * it with a key package, and no more. */
#define RECORD_FIELDS_own_address(F)    \
    F(fixed, address, PROTO_ADDRESS, 0) \
    F(fixed, serial, 8, 0)              \
    F(flag, package, 0, 0)

/* One that shall hold no longer, from `at` on. members: it stood in our leaf, and who has not heard
 * of the next one sends by it. */
#define RECORD_FIELDS_revocation(F) \
    F(u64, number, 0, 0)            \
    F(u64, at, 0, 0)                \
    F(u8, key_id, 0, 0)             \
    F(fixed, serial, 8, 0)          \
    F(flag, members, 0, 0)

/* A key package of ours, until a Welcome uses it. */
#define RECORD_FIELDS_own_key(F)  \
    F(flag, last_resort, 0, 0)    \
    F(u64, made, 0, 0)            \
    F(fixed, ref, 32, 0)          \
    F(vec, key_package, 1, 65535) \
    F(vec, secrets, 1, 65535)

/* What is known of an item by its hash. Of ours whose copies will come: of a commit its entry, of a
 * message its place in the history (0: it has none) and its epoch. */
#define RECORD_FIELDS_seen(F)  \
    F(u8, what, 0, 0)          \
    F(u64, entry, 0, 0)        \
    F(u32, conversation, 0, 0) \
    F(u64, message, 0, 0)      \
    F(u64, epoch, 0, 0)
#define RECORD_FIELDS_seen_log(F) \
    F(u64, time, 0, 0)            \
    F(fixed, hash, 32, 0)

/* What one own device tells the others (sync.c): one of parts, if it belongs to several. group,
 * name, own_name, read: of a conversation's history, and the newest message of it that was read. */
#define RECORD_FIELDS_sync(F) \
    F(u8, kind, 0, 0)         \
    F(u32, part, 0, 0)        \
    F(u32, parts, 0, 0)       \
    F(fixed, group, 32, 0)    \
    F(vec, name, 0, 64)       \
    F(flag, own_name, 0, 0)   \
    F(fixed, read, 32, 0)     \
    F(vec, items, 0, 524288)

/* A leaf in that group, which is to be replaced by a new one, says its device; or which the device
 * has, says another own one. */
#define RECORD_FIELDS_behind(F) \
    F(fixed, group, 32, 0)      \
    F(fixed, address, PROTO_ADDRESS, 0)

/* What was said about a message (remarks.c), and where in the history. time: of an edit. */
#define RECORD_FIELDS_remark(F) \
    F(u8, what, 0, 0)           \
    F(fixed, sender, 16, 0)     \
    F(u64, number, 0, 0)        \
    F(u64, time, 0, 0)

/* Of a conversation, beside its record. timer: seconds that its messages stay, or 0. changed, by:
 * when that was set, and by which device (0: never). told, told_read: up to there the others were
 * told what came and what was read. */
#define RECORD_FIELDS_settings(F) \
    F(u32, timer, 0, 0)           \
    F(u64, changed, 0, 0)         \
    F(fixed, by, 16, 0)           \
    F(u64, told, 0, 0)            \
    F(u64, told_read, 0, 0)

/* Of a conversation, for its user alone. muted: until then; UINT64_MAX: for good. changed, by: as
 * above. */
#define RECORD_FIELDS_kept(F) \
    F(fixed, group, 32, 0)    \
    F(u64, muted, 0, 0)       \
    F(flag, archived, 0, 0)   \
    F(u64, changed, 0, 0)     \
    F(fixed, by, 16, 0)

/* level: enum core_receipts. changed, by: when and on which own device. */
#define RECORD_FIELDS_receipts(F) \
    F(u8, level, 0, 0)            \
    F(u64, changed, 0, 0)         \
    F(fixed, by, 16, 0)

/* Whether it is told who writes. changed, by: as above. */
#define RECORD_FIELDS_typing(F) \
    F(flag, on, 0, 0)           \
    F(u64, changed, 0, 0)       \
    F(fixed, by, 16, 0)

/* An entry of a history that goes at that time. */
#define RECORD_FIELDS_expiry(F) \
    F(u64, at, 0, 0)            \
    F(u32, conversation, 0, 0)  \
    F(u64, message, 0, 0)

/* What is known of this machine's clock (expiry.c). last: as it was seen. trusted: up to here it is
 * believed. since: where it jumped to, while that is not believed, or 0. */
#define RECORD_FIELDS_clock(F) \
    F(u64, last, 0, 0)         \
    F(u64, trusted, 0, 0)      \
    F(u64, since, 0, 0)

#define RECORD_DECLARE(what)                                                                     \
    struct record_##what {                                                                       \
        RECORD_FIELDS_##what(PROTO_STRUCT_FIELD)                                                 \
    };                                                                                           \
    /* Appends. */                                                                               \
    MUST err record_##what##_write(buf *out, const struct record_##what *v);                     \
    MUST err record_##what##_read(slice s, struct record_##what *v);                             \
    /* Encodes v into *bytes, in place of what was there and v may still point to; v then points \
     * into the new bytes. */                                                                    \
    MUST err record_##what##_settle(buf *bytes, struct record_##what *v);
RECORDS(RECORD_DECLARE)

#endif
