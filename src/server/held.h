/* All that the server holds: each row of the store, and each field of a row, written once. From
 * these lines come the structs, encoders and decoders, `sottod inventory`, what `sotto record` says
 * of the rest, and the tables of docs/WHAT-WE-HOLD.md.
 *
 * Nothing else can be written: outside of held.c store_batch_put does not compile (internal.h).
 *
 * A row is R(name, table, key, what it is called, until). A field is F(kind, name, a, b, class,
 * what it is), where kind, a and b are as in proto/schema.h, and class says how an answer names it:
 *
 *   RECORD   it is, or is counted in, the record that an account's own device can read
 *   SEALED   held, sealed, not readable by us: ciphertext, random bytes, public keys
 *   WORK     what the server needs to do its work: weeks, positions, counts, hashes under a secret
 */
#ifndef SOTTO_SERVER_HELD_H
#define SOTTO_SERVER_HELD_H

#include "office/office.h"
#include "proto/proto.h"
#include "store/store.h"

/* ---- Tables ---- Numbers on the disk: never reuse one. */
enum mail_table {
    MAIL_META = 1,
    MAIL_ACCOUNT,
    MAIL_DEVICE,
    MAIL_MAILBOX,
    MAIL_ITEM,
    MAIL_KEY_PACKAGE,
    MAIL_LAST_RESORT,
    MAIL_ORDER,
    MAIL_BLOB,
    MAIL_INVITE,
    MAIL_EXPIRY,
    MAIL_CARD = 13,
    MAIL_ROSTER = 15,
    MAIL_REVOKED,
    MAIL_TOMBSTONE = 17,
    MAIL_OFFICE,
    MAIL_CARRIED,
    MAIL_KEPT_NOTICE,
    MAIL_PRESERVED
};

/* clang-format off */

#define HELD_ROWS(R)                                                                               \
    R(total, MAIL_META, "its name", "totals", "always")                                            \
    R(account, MAIL_ACCOUNT, "account id", "accounts", "the account is deleted")                   \
    R(device, MAIL_DEVICE, "account id, device id", "devices", "the device or the account is deleted") \
    R(mailbox, MAIL_MAILBOX, "mailbox id", "mailboxes", "the device is deleted")                   \
    R(item, MAIL_ITEM, "mailbox id, position", "items", "acknowledged, or expired")                \
    R(key_package, MAIL_KEY_PACKAGE, "mailbox id, number", "key packages", "given, once")          \
    R(last_resort, MAIL_LAST_RESORT, "mailbox id", "last-resort key packages", "replaced")         \
    R(order, MAIL_ORDER, "keyed hash of a conversation's id", "orders", "a year without commits")  \
    R(blob, MAIL_BLOB, "the blob's id", "blobs", "expired")                                        \
    R(chunk, MAIL_BLOB, "the blob's id, place", "chunks of blobs", "with their blob")              \
    R(invite, MAIL_INVITE, "hash of the code", "registration codes", "used, or expired")           \
    R(expiry, MAIL_EXPIRY, "kind, week, keyed hash of what it names", "notes of what expires",     \
      "what they name is gone, or has a later note")                                               \
    R(card, MAIL_CARD, "beginning of the keyed hash of a handle's place", "contact cards",                         \
      "its owner drops it, or 52 weeks after the last renewal")                                    \
    R(roster, MAIL_ROSTER, "keyed hash of its order's name", "rosters of large conversations",        \
      "with its order, or replaced")                                                               \
    R(revoked, MAIL_REVOKED, "mailbox id, serial", "revoked addresses",                            \
      "the address key is gone, or the device is deleted")                                         \
    R(tombstone, MAIL_TOMBSTONE, "keyed hash of an account id", "tombstones", "a month")           \
    R(office, MAIL_OFFICE, "none: there is one row", "the office's files", "replaced by the next version") \
    R(carried, MAIL_CARRIED, "hash of an order's id", "orders carried out", "always") \
    R(desk, MAIL_OFFICE, "none: there is one row", "what clients are told of the request desk", "replaced with the office file") \
    R(notice, MAIL_KEPT_NOTICE, "keyed hash of the mailbox and the position of a notice", "notices that a device did not fetch yet", \
      "the week is over in which the device fetched it or was signed off")                          \
    R(preserved, MAIL_PRESERVED, "keyed hash of an account id and a case", "preserved records",    \
      "the week after the end that an order names")                                               \
    R(meant, MAIL_OFFICE, "keyed hash of a case", "whom cases mean",                                \
      "52 weeks after the last order of the case was carried out")

/* What an entry of a blob (its head with its note, or a chunk) takes beside the chunk's bytes. */
enum { MAIL_BLOB_ENTRY = 256 };

#define HELD_FIELDS_total(F)                                                                       \
    F(u64, value, 0, 0, WORK, "how many bytes all blobs and rosters are, or how many orders or cards there are, or the last week in which the server ran, or how often it was started")

#define HELD_FIELDS_account(F)                                                                     \
    F(u32, created, 0, 0, RECORD, "week of registration")                                          \
    F(u32, seen, 0, 0, RECORD, "week in which a device was last connected")                        \
    F(vec, devices, 1, 2048, SEALED, "identity key and signed list of device keys; their number is in the record")

#define HELD_FIELDS_device(F)                                                                      \
    F(fixed, key, 32, 0, SEALED, "the device's signature key")                                     \
    F(fixed, mailbox, 16, 0, WORK, "the id of its mailbox, random")

#define HELD_FIELDS_mailbox(F)                                                                     \
    F(u64, floor, 0, 0, WORK, "the position up to which it was acknowledged, from a random start") \
    F(u64, gap_at, 0, 0, WORK, "the position of the newest gap")                                   \
    F(u32, gaps, 0, 0, WORK, "how often it refused an item or let one expire")                     \
    F(fixed, key, 32, 0, SEALED, "the public key that its items are sealed to; the device makes another every month")

#define HELD_FIELDS_item(F)                                                                        \
    F(u32, week, 0, 0, WORK, "week in which it came")                                              \
    F(fixed, chain, 32, 0, SEALED, "public key of the chain of keys that it is sealed by")         \
    F(u32, number, 0, 0, SEALED, "its number in that chain, whose first number only the owner of a key can compute") \
    F(vec, sealed, 1, PROTO_SEALED_MAX, SEALED, "the item, encrypted and padded, with the serial of its address and a commit's mark, all sealed to the mailbox's key; number and size are in the record")

#define HELD_FIELDS_key_package(F)                                                                 \
    F(vec, sealed, 1, PROTO_KEY_PACKAGE_MAX + 64, SEALED, "public keys with which the device can be added to a conversation, and an address made for that; encrypted under a key of the pepper")

#define HELD_FIELDS_last_resort(F)                                                                 \
    F(vec, sealed, 1, PROTO_KEY_PACKAGE_MAX + 64, SEALED, "the same, given when the others are used up")

#define HELD_FIELDS_order(F)                                                                       \
    F(fixed, next, 32, 0, SEALED, "hash of the token with which the next commit comes; zeros after the store was rolled back, when any may come")            \
    F(u32, week, 0, 0, WORK, "week of the last commit")

#define HELD_FIELDS_blob(F)                                                                        \
    F(u32, week, 0, 0, WORK, "week of its first upload")                                            \
    F(u32, chunks, 0, 0, WORK, "how many chunks it has")                                           \
    F(u32, have, 0, 0, WORK, "how many of them were uploaded")                                     \
    F(u64, bytes, 0, 0, WORK, "how many bytes it counts as")

#define HELD_FIELDS_chunk(F)                                                                       \
    F(vec, bytes, 1, PROTO_CHUNK_MAX, SEALED, "a part of a blob, encrypted and padded")

#define HELD_FIELDS_invite(F)                                                                      \
    F(u32, week, 0, 0, WORK, "week in which it was made; the code can't be computed from its hash, and its maker is not kept")

#define HELD_FIELDS_expiry(F)                                                                      \
    F(vec, what, 0, 32, WORK, "mailbox id, order, blob, card, tombstone, notice, preserved record, case or code to look at when the week is over")

#define HELD_FIELDS_card(F)                                                                        \
    F(fixed, rest, 24, 0, WORK, "the rest of that hash")                                           \
    F(fixed, owner, 32, 0, SEALED, "the key that may replace it, made for this card alone")        \
    F(u32, week, 0, 0, WORK, "week of the last renewal")                                           \
    F(u64, version, 0, 0, SEALED, "a random start, and how often it was put since")                \
    F(vec, sealed, PROTO_CARD, PROTO_CARD, SEALED, "a contact card, encrypted; all have one size")

#define HELD_FIELDS_roster(F)                                                                      \
    F(vec, sealed, 1, 2 * PROTO_ROSTER_MAX * PROTO_ADDRESS, SEALED, "addresses, encrypted under a key of the conversation's epoch, padded")

#define HELD_FIELDS_revoked(F)                                                                     \
    F(u8, key_id, 0, 0, WORK, "which address key made it")

#define HELD_FIELDS_tombstone(F)                                                                   \
    F(u32, week, 0, 0, WORK, "week of the deletion")

#define HELD_FIELDS_office(F)                                                                      \
    F(u32, pins, 0, 0, WORK, "how often an office file was pinned by its hash")                    \
    F(u32, pinned, 0, 0, WORK, "hour in which it was last, by the server's clock")                 \
    F(vec, office, 1, OFFICE_DOCUMENT_MAX, WORK, "the office file in force, with its signatures; it is public") \
    F(vec, suspensions, 0, OFFICE_DOCUMENT_MAX, WORK, "the suspension list in force, the same")    \
    F(vec, since, 0, 36 * OFFICE_SINCE_MAX, WORK, "of each of its lift notices and freezes, the hour in which it came, and the hash of the version that it came in")

#define HELD_FIELDS_carried(F)                                                                     \
    F(fixed, order, 32, 0, WORK, "hash of the order")                                              \
    F(u32, week, 0, 0, WORK, "week in which it was carried out")                                   \
    F(flag, sealed, 0, 0, WORK, "whether its authority has a certificate")                         \
    F(vec, package, 0, PROTO_PACKAGE_MAX, RECORD, "until it is written out, at most two weeks, of a release: the approved fields of the record, encrypted for the authority, or in clear where it has no certificate") \
    F(vec, manifest, 0, PROTO_MANIFEST_MAX, WORK, "as long: the hashes that go with it")

#define HELD_FIELDS_desk(F)                                                                        \
    F(u64, version, 0, 0, WORK, "version of the office file in force")                             \
    F(fixed, hash, 32, 0, WORK, "its hash")                                                        \
    F(vec, name, 1, PROTO_DESK_LINE, WORK, "what it says: the desk's name")                        \
    F(vec, origin, 1, PROTO_DESK_LINE, WORK, "where the desk's pages are")                         \
    F(fixed, notice_key, 32, 0, WORK, "the key that signs notices to users")

#define HELD_FIELDS_notice(F)                                                                      \
    F(vec, sealed, 1, PROTO_ITEM_MAX + 64, SEALED, "mailbox, position, and the notice that is to be put there again when its item expires; encrypted under a key of the pepper")

#define HELD_FIELDS_preserved(F)                                                                   \
    F(u32, week, 0, 0, WORK, "week of its end")                                                    \
    F(vec, sealed, 1, 128, RECORD, "the record as it was in the week of a preservation order, or that there was none; encrypted under a key of the pepper, and all have one size")

#define HELD_FIELDS_meant(F)                                                                       \
    F(u32, week, 0, 0, WORK, "week of its end")                                                    \
    F(fixed, account, 32, 0, WORK, "keyed hash of the case and of the account that the first order of the case led to, or of nobody's: no later order is carried out for another")

/* clang-format on */

#define HELD_STRUCT_FIELD(kind, name, a, b, class, text) PROTO_STRUCT_##kind(name, a, b)

#define HELD_DECLARE(what, table, key, text, until)                                               \
    struct held_##what {                                                                          \
        HELD_FIELDS_##what(HELD_STRUCT_FIELD)                                                     \
    };                                                                                            \
    /* Borrows from value. DAMAGED. */                                                            \
    MUST err held_##what##_read(slice value, struct held_##what *row);                            \
    /* Through the batch (NULL: from the store alone) into *bytes. NOT_FOUND, DAMAGED, IO. */     \
    MUST err held_##what##_get(struct store *store, const struct store_batch *batch, slice name,  \
                               uint64_t number, buf *bytes, struct held_##what *row);             \
    /* As it is stored. */                                                                        \
    MUST err held_##what##_append(buf *bytes, const struct held_##what *row);                     \
    /* Writes it into the batch; *work is used up. */                                             \
    MUST err held_##what##_put(struct store_batch *batch, slice name, uint64_t number, buf *work, \
                               const struct held_##what *row);
HELD_ROWS(HELD_DECLARE)

/* ---- The list itself, for whoever shows it ---- */

enum held_row {
#define R(name, table, key, text, until) HELD_##name,
    HELD_ROWS(R)
#undef R
        HELD_COUNT
};

enum held_class { HELD_RECORD, HELD_SEALED, HELD_WORK };

struct held_field_info {
    const char *name, *text;
    enum held_class class;
};
struct held_row_info {
    uint8_t table;
    const char *name, *key, *text, *until;
    const struct held_field_info *fields;
    size_t field_count;
};
extern const struct held_row_info held_rows[HELD_COUNT];
/* Which row an entry of the store is; HELD_COUNT: none of ours. */
enum held_row held_row_of(struct store_key key);
/* Whether the value is one of that row's. DAMAGED. */
MUST err held_row_check(enum held_row row, slice value);

#endif
