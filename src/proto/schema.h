/* The service's messages, each written once. Struct, limits, encoder, decoder, dispatch, fuzz
 * target and the table in docs/PROTOCOL.md come from these lines.
 *
 * A field is F(kind, name, a, b):
 *   u8, u16, u32, u64   a number                                 a, b: 0
 *   flag                a byte, 0 or 1                           a, b: 0
 *   fixed               exactly a bytes                          b: 0
 *   vec                 opaque<V> of a to b bytes
 *   list                so many `struct proto_<a>` in a <V> vector, at most b of them
 *
 * A part is a structure that stands inside messages or links; a message has a number and travels in
 * a frame. M(name, number, from, what it is for), where from says who may send it, and when:
 *
 *   HELLO    either side, before the Noise handshake
 *   ANY      a client, on any session
 *   ANON     a client, on a session without an identity
 *   BOTH     a client, on such a one or a device's
 *   PROOF    a client that has not yet proved who it is: turns the session into a device's
 *   DEVICE   a device
 *   SERVER   the server
 *   INNER    between the server's own processes */
#ifndef SOTTO_PROTO_SCHEMA_H
#define SOTTO_PROTO_SCHEMA_H

/* clang-format off */

enum {
    PROTO_VERSION = 2,
    PROTO_PADDED_MAX = 65519,   /* a Noise message less its tag */
    PROTO_FRAME_MAX = 65517,    /* of these, less the length */
    PROTO_ITEM_MAX = 16384,     /* the largest bucket of an item */
    PROTO_ITEM_NOW_MAX = 256,   /* of one that is sent now or never: the smallest */
    PROTO_ADDRESS = 65,         /* key id 1, nonce 24, sealed mailbox id 16 and serial 8, tag 16 */
    PROTO_ADDRESSES_MAX = 512,  /* that stand in one request */
    PROTO_ROSTER_ABOVE = 16,    /* devices: a larger conversation's roster is stored */
    PROTO_ROSTER_MAX = 1024,    /* addresses of a stored roster */
    PROTO_REVOKED_MAX = 255,    /* addresses in one address_revoke */
    PROTO_WELCOMES_MAX = 64,    /* of one commit */
    PROTO_DEVICES_MAX = 16,     /* of one account */
    PROTO_CHUNK_MAX = 32768,    /* of a blob */
    PROTO_CHUNKS_MAX = 65617,   /* 2 GiB, sealed */
    PROTO_KEY_PACKAGE_MAX = 16384,
    PROTO_CARD = 4096,          /* a contact card, sealed: all have this size */
    PROTO_LINK_MAX = 8192,      /* bytes that wait for one side of a link */
    PROTO_MARK = 64,            /* what a commit's copy carries */
    PROTO_OFFICE_PART = 49152,  /* of a document of the office */
    PROTO_PACKAGE_MAX = 32768,  /* what is released, sealed */
    PROTO_MANIFEST_MAX = 4096,
    PROTO_NOTICE_MAX = 16000,   /* a notice's text */
    PROTO_DESK_LINE = 8192,     /* what the desk calls itself, and where it is */
    PROTO_SEALED_MAX = PROTO_ITEM_MAX + 93 /* a parcel of the largest item, and the tag */
};

/* Signatures cover one of these, a zero byte, and the fields that the schema says. */
#define PROTO_LABEL_NOISE_KEY    "Sotto noise key v1"
#define PROTO_LABEL_LOGIN        "Sotto login v1"
#define PROTO_LABEL_IDENTITY     "Sotto identity v1"
#define PROTO_LABEL_DEVICE_LIST  "Sotto device list v1"
#define PROTO_LABEL_DEVICE       "Sotto device v1"
#define PROTO_LABEL_CONTACT_LINK "Sotto contact link v1"
#define PROTO_LABEL_DELETE       "Sotto account delete v1"
#define PROTO_LABEL_CONTACT_CARD "Sotto contact card v1"
#define PROTO_LABEL_CARD_PUT     "Sotto card put v1"
#define PROTO_LABEL_CARD_DROP    "Sotto card drop v1"
#define PROTO_LABEL_TYPING       "Sotto typing v1"
#define PROTO_LABEL_WORK         "Sotto work v1" /* what work hashes, see PROTOCOL.md */
/* And a sealed roster is bound to this one. */
#define PROTO_LABEL_ROSTER       "Sotto roster v1"

/* ---- Parts ---- */

#define PROTO_PARTS(P)                                                                             \
    P(address) P(device) P(device_list) P(certificate) P(blob_reference) P(key_package)            \
    P(letter) P(parcel) P(refusal) P(code) P(invite) P(contact) P(card_content) P(join_link) P(roster)        \
    P(roster_new) P(revocation) P(held_kind) P(place)                                              \
    P(link_code) P(link_answer) P(link_account) P(link_done) P(office_since) P(notice)       \
    P(passing) P(typing)

#define PROTO_FIELDS_address(F) F(fixed, bytes, PROTO_ADDRESS, 0)

/* One installation: its id and the Ed25519 key that signs for it. */
#define PROTO_FIELDS_device(F)                                                                     \
    F(fixed, id, 16, 0)                                                                            \
    F(fixed, key, 32, 0)

/* The account's devices. The signature (Ed25519, by the identity) covers "Sotto device list v1", a
 * zero byte, and every field before it. */
#define PROTO_FIELDS_device_list(F)                                                                \
    F(fixed, identity, 32, 0)                                                                      \
    F(u32, version, 0, 0)                                                                          \
    F(list, devices, device, PROTO_DEVICES_MAX)                                                    \
    F(fixed, signature, 64, 0)

/* What a leaf carries so that a member can tell whose device it is: the identity's signature over
 * "Sotto device v1", a zero byte, and every field before it. */
#define PROTO_FIELDS_certificate(F)                                                                \
    F(fixed, identity, 32, 0)                                                                      \
    F(fixed, device, 16, 0)                                                                        \
    F(fixed, key, 32, 0)                                                                           \
    F(fixed, signature, 64, 0)

/* Names a blob in an item: its id, its true size and the key it opens with. */
#define PROTO_FIELDS_blob_reference(F)                                                             \
    F(fixed, id, 32, 0)                                                                            \
    F(u32, chunks, 0, 0)                                                                           \
    F(u32, size, 0, 0)                                                                             \
    F(fixed, key, 32, 0)

#define PROTO_FIELDS_key_package(F) F(vec, bytes, 1, PROTO_KEY_PACKAGE_MAX)

/* An item for one address. */
#define PROTO_FIELDS_letter(F)                                                                     \
    F(fixed, address, PROTO_ADDRESS, 0)                                                            \
    F(vec, item, 1, PROTO_ITEM_MAX)

/* What a delivery's sealed bytes hold: an item, and the serial of the address that it came by. mark:
 * where the server ordered this commit, the BLAKE2b-256 of commit's `group` and `next`, and that of its
 * `group` and `roster_hash`; else marked is 0 and it is zeros, so that one looks like the other. */
#define PROTO_FIELDS_parcel(F)                                                                     \
    F(fixed, serial, 8, 0)                                                                         \
    F(flag, marked, 0, 0)                                                                          \
    F(fixed, mark, PROTO_MARK, 0)                                                                  \
    F(vec, item, 1, PROTO_ITEM_MAX)

/* What the request desk tells an account, in an item that the server makes of an order of the desk's and
 * of nothing else, by the serial 0, which no address has. text: the order's, docs/OFFICE.md. Signature:
 * Ed25519 by the desk's notice key, over the text. */
#define PROTO_FIELDS_notice(F)                                                                     \
    F(vec, text, 1, PROTO_NOTICE_MAX)                                                              \
    F(fixed, signature, 64, 0)

/* What a member says now or never, in an item that is sent so. sealed: XChaCha20-Poly1305 under the key
 * that the epoch exports for it, the associated data being the fields before the nonce. */
#define PROTO_FIELDS_passing(F)                                                                    \
    F(fixed, group, 32, 0)                                                                         \
    F(u64, epoch, 0, 0)                                                                            \
    F(fixed, nonce, 24, 0)                                                                         \
    F(vec, sealed, 1, PROTO_ITEM_NOW_MAX)

/* What is sealed there: the member of this leaf writes something. time: in ms since 1970. Signature:
 * Ed25519 by the leaf's key over "Sotto typing v1", a zero byte, the group, the epoch, and every field
 * before it. */
#define PROTO_FIELDS_typing(F)                                                                     \
    F(u32, leaf, 0, 0)                                                                             \
    F(u64, time, 0, 0)                                                                             \
    F(fixed, signature, 64, 0)

/* One address that a send did not reach: its place in the request, letters after addresses. */
#define PROTO_FIELDS_refusal(F)                                                                    \
    F(u16, place, 0, 0)                                                                            \
    F(u16, reason, 0, 0)

/* What an account's device is told of the rest: how many of a kind there are, and how large. */
#define PROTO_FIELDS_held_kind(F)                                                                  \
    F(vec, name, 1, 64)                                                                            \
    F(u64, count, 0, 0)                                                                            \
    F(u64, bytes, 0, 0)

/* A stored roster: the BLAKE2b-256 of its addresses one after another, how many they are, and the key
 * that opens it. */
#define PROTO_FIELDS_roster(F)                                                                     \
    F(fixed, hash, 32, 0)                                                                          \
    F(u16, count, 0, 0)                                                                            \
    F(fixed, key, 32, 0)

/* One to be stored: the blob that holds it, and the same of it; its hash is the commit's. */
#define PROTO_FIELDS_roster_new(F)                                                                 \
    F(fixed, blob, 32, 0)                                                                          \
    F(u16, count, 0, 0)                                                                            \
    F(fixed, key, 32, 0)

/* A sealed address by the id of its key and its serial. */
#define PROTO_FIELDS_revocation(F)                                                                 \
    F(u8, key_id, 0, 0)                                                                            \
    F(fixed, serial, 8, 0)

/* A lift notice or a freeze of the suspension list, and since when it is there, in ms since 1970. */
#define PROTO_FIELDS_office_since(F)                                                               \
    F(vec, id, 1, 64)                                                                              \
    F(flag, freeze, 0, 0)                                                                          \
    F(u64, time, 0, 0)
#define PROTO_FIELDS_join_link(F) F(vec, text, 1, 1024)

#define PROTO_FIELDS_code(F) F(fixed, bytes, 16, 0)

/* The content of a registration link. */
#define PROTO_FIELDS_invite(F)                                                                     \
    F(fixed, server, 32, 0)                                                                        \
    F(fixed, code, 16, 0)

/* A link of two devices (src/core/linking.c). What the new one shows, as the content of a link: where
 * to meet, its one-time key (X25519), and the BLAKE2b-256 of a label and a nonce. */
#define PROTO_FIELDS_link_code(F)                                                                  \
    F(fixed, id, 16, 0)                                                                            \
    F(fixed, key, 32, 0)                                                                           \
    F(fixed, commitment, 32, 0)
/* What it answers, as the payload of the second handshake message: the nonce; its id and key. */
#define PROTO_FIELDS_link_answer(F)                                                                \
    F(fixed, nonce, 32, 0)                                                                         \
    F(fixed, device, 16, 0)                                                                        \
    F(fixed, key, 32, 0)
/* What it gets: the server's identity, the cipher suite, the name, the list that names it, and its
 * certificate. */
#define PROTO_FIELDS_link_account(F)                                                               \
    F(fixed, server, 32, 0)                                                                        \
    F(u16, suite, 0, 0)                                                                            \
    F(vec, name, 0, 64)                                                                            \
    F(vec, devices, 1, 2048)                                                                       \
    F(vec, certificate, 1, 256)
/* What it says last: addresses of its mailbox. */
#define PROTO_FIELDS_link_done(F) F(list, addresses, address, 8)

/* The content of a server's link: its identity. */
#define PROTO_FIELDS_place(F) F(fixed, server, 32, 0)

/* The content of a contact link: the name is what its maker calls itself; device: which of `devices`
 * made it, whose address it carries; expires: seconds since 1970, from when on nobody takes it; once:
 * its address is good for one Welcome. Signature: Ed25519 by that device over "Sotto contact link v1",
 * a zero byte, the server's place as the link has it (as a vector), and every field before the
 * signature. */
#define PROTO_FIELDS_contact(F)                                                                    \
    F(fixed, server, 32, 0)                                                                        \
    F(vec, name, 0, 64)                                                                            \
    F(vec, devices, 1, 2048)                                                                       \
    F(fixed, device, 16, 0)                                                                        \
    F(list, addresses, address, 1)                                                                 \
    F(u64, expires, 0, 0)                                                                          \
    F(flag, once, 0, 0)                                                                            \
    F(fixed, signature, 64, 0)

/* What a card holds, with zeros after it up to the card's size: under a name with a PIN a notice that
 * a PIN is needed (pin; contact is empty), else a part `contact`, whose signature is over "Sotto
 * contact card v1", a zero byte, the card's place (as a vector), and every field before it. */
#define PROTO_FIELDS_card_content(F)                                                               \
    F(flag, pin, 0, 0)                                                                             \
    F(vec, contact, 0, 4000)

/* ---- Messages ---- */

#define PROTO_MESSAGES(M)                                                                          \
    M(client_hello, 1, HELLO, "Opens a connection: the versions that the client speaks")           \
    M(server_hello, 2, HELLO, "The Noise key in use, signed by the server's identity")             \
    M(error, 3, SERVER, "The request failed; or, as request 0, the session ends")                  \
    M(ok, 4, SERVER, "The request was carried out, durably")                                       \
    M(ping, 5, ANY, "Answered by ok")                                                              \
    M(register_account, 10, PROOF, "A new account with its first device; answered by ok")          \
    M(login, 11, PROOF, "A device proves itself; answered by ok")                                  \
    M(subscribe, 12, DEVICE, "Items after a position, then live ones; answered by ok")             \
    M(delivery, 13, SERVER, "One item of the mailbox (request 0)")                                 \
    M(caught_up, 14, SERVER, "All that waited was delivered (request 0)")                          \
    M(replaced, 15, SERVER, "A newer session took over; this one closes (request 0)")              \
    M(ack, 16, DEVICE, "Everything up to a position may be deleted; not answered")                 \
    M(address_make, 17, DEVICE, "New sealed addresses; answered by address_made")                  \
    M(address_made, 18, SERVER, "Sealed addresses of this mailbox")                                \
    M(key_package_put, 19, DEVICE, "Key packages to be given once each; answered by ok")           \
    M(last_resort_put, 20, DEVICE, "Replaces the last-resort key package; answered by ok")         \
    M(key_package_count, 21, DEVICE, "Answered by key_package_left")                               \
    M(key_package_left, 22, SERVER, "How many key packages are left")                              \
    M(record_get, 23, DEVICE, "Answered by record")                                                \
    M(record, 24, SERVER, "All that the server can say about an account")                          \
    M(mailbox_key_put, 25, DEVICE, "The key that items are sealed to from now on; by mailbox_key_set")  \
    M(mailbox_key_set, 26, SERVER, "Which items may be sealed to an older key")                    \
    M(desk_get, 27, DEVICE, "Answered by desk")                                                    \
    M(account_delete, 28, DEVICE, "The account's end; answered by ok, and all its sessions end")   \
    M(desk, 29, SERVER, "The request desk of this server, whose notices clients believe")          \
    M(send, 30, ANON, "One item to every address; answered by sent")                               \
    M(sent, 31, SERVER, "Durable for every address but these; or late")                                     \
    M(commit, 32, ANON, "A commit if its token is the next one; answered by committed")            \
    M(committed, 33, SERVER, "Taken, or late; then nothing was delivered")                         \
    M(key_package_take, 34, ANON, "A key package of an address's device; by key_package_taken")    \
    M(key_package_taken, 35, SERVER, "A key package")                                              \
    M(blob_put, 36, ANON, "The next chunk of a blob; answered by blob_state")                      \
    M(blob_get, 37, BOTH, "Answered by blob_chunk")                                                \
    M(blob_chunk, 38, SERVER, "One chunk of a blob")                                               \
    M(send_now, 39, ANON, "One item for who is there now, kept for nobody; answered by ok")        \
    M(work_get, 40, ANON, "What work costs now; answered by work")                                 \
    M(work, 41, SERVER, "What work has to be bound to, and how much of it is wanted")              \
    M(card_get, 42, ANON, "The card at a place; answered by card, whether there is one or not")    \
    M(card, 43, SERVER, "A card, or what looks like one")                                          \
    M(card_put, 44, ANON, "Claims a place, or replaces its card; answered by ok")                  \
    M(card_drop, 45, ANON, "Gives a place up; answered by ok")                                     \
    M(blob_ask, 47, ANON, "How much of a blob is there; answered by blob_state")                   \
    M(blob_state, 48, SERVER, "How much of a blob is there, and until when")                       \
    M(device_list_put, 50, DEVICE, "A newer device list of the account; answered by ok")           \
    M(device_join, 51, PROOF, "A device that a list names comes first time; answered by ok")       \
    M(device_list_get, 52, PROOF, "The identity asks for its list; answered by device_list_is")    \
    M(device_list_is, 53, SERVER, "An account's device list")                                      \
    M(link_put, 54, ANON, "Bytes for the other side of a link; answered by ok")                    \
    M(link_get, 55, ANON, "Answered by link_frame")                                                \
    M(link_frame, 56, SERVER, "The other side's next bytes; empty: none came yet")                 \
    M(address_revoke, 57, DEVICE, "These addresses hold no longer; answered by ok")                \
    M(roster_send, 58, ANON, "One item to a stored roster; answered by sent")                      \
    M(key_package_drop, 59, DEVICE, "Forgets all key packages but the last-resort one; by ok")     \
    M(edge_request, 60, INNER, "A client's frame, from edge to mail")                              \
    M(edge_closed, 61, INNER, "A session of a device is gone, from edge to mail")                  \
    M(edge_reply, 62, INNER, "A frame for a client, from mail to edge")                            \
    M(invite_make, 63, INNER, "The operator asks for registration codes")                          \
    M(invite_made, 64, INNER, "One registration code each")                                        \
    M(edge_drained, 65, INNER, "A frame marked drain has left, from edge to mail")                 \
    M(mail_setup, 66, INNER, "All that the mail process works with, from the parent")              \
    M(edge_setup, 67, INNER, "All that an edge works with but its keys, from the parent")          \
    M(noise_key, 68, INNER, "The Noise key from now on, from parent to edge")                      \
    M(edge_link, 69, INNER, "With it comes a new edge's channel, from parent to mail")             \
    M(child_ready, 70, INNER, "A process works, in this sandbox")                                  \
    M(join_links, 71, INNER, "The answer to the operator's invite_make")                           \
    M(office_part, 72, INNER, "A part of a document that the operator hands in; answered by ok")   \
    M(office_put, 73, INNER, "What the document is for; by office_is, carried_out, office_refused") \
    M(office_get, 74, INNER, "Answered by office_is")                                              \
    M(office_is, 75, INNER, "The office file and the suspension list in force")                    \
    M(office_refused, 76, INNER, "Why a document is refused; nothing has changed")                 \
    M(carried_out, 77, INNER, "What an order gave, to be written out")                             \
    M(order_written, 78, INNER, "It is written out; answered by ok")                                \
    M(backup, 90, INNER, "What the mail process does for a backup; answered by ok")                \
    M(edge_certificate, 91, INNER, "Another certificate from now on, from parent to edge")         \
    M(edge_counts, 92, INNER, "What an edge counted so far, from edge to mail")                    \
    M(metrics_get, 93, INNER, "The operator asks for all counts; answered by metrics")             \
    M(metrics, 94, INNER, "All counts, as text")                                                   \
    M(edge_leave, 95, INNER, "Take nothing more in, answer what was taken, then end; from parent to edge") \
    M(port_handed, 96, INNER, "With it comes a listener, from a server to the one that takes over") \
    M(let_go, 97, INNER, "The answer to both listeners: end, so that this one begins")          \
    M(edge_unready, 98, INNER, "This server will end: say so to who asks if it is ready; from parent to edge") \
    M(edge_pages, 99, INNER, "With it comes the web page, from parent to edge")

/* The hellos travel as frames of request 0, in clear, one carrier message each; the Noise prologue is
 * the two carrier messages one after another. Then both Noise messages (empty payloads), then sealed
 * frames. An error before the handshake's end is a frame in clear. */
#define PROTO_FIELDS_client_hello(F)                                                               \
    F(u16, version, 0, 0)                                                                          \
    F(flag, aes, 0, 0)

/* Signature: Ed25519 by the server's identity over "Sotto noise key v1", a zero byte, and every field
 * before it. until: the last week in which the key may be used. aes: of both, whether the session's cipher
 * may be, and is, AES-256-GCM; else it is ChaCha20-Poly1305. */
#define PROTO_FIELDS_server_hello(F)                                                               \
    F(u16, version, 0, 0)                                                                          \
    F(fixed, noise_key, 32, 0)                                                                     \
    F(u32, until, 0, 0)                                                                            \
    F(fixed, signature, 64, 0)                                                                     \
    F(flag, aes, 0, 0)

#define PROTO_FIELDS_error(F) F(u16, reason, 0, 0)
#define PROTO_FIELDS_ok(F)
#define PROTO_FIELDS_ping(F)

/* proof: the device key's signature over "Sotto login v1", a zero byte, and the handshake hash.
 * mailbox_key: X25519, to which the server seals what it stores for the device. */
#define PROTO_FIELDS_register_account(F)                                                           \
    F(fixed, code, 16, 0)                                                                          \
    F(vec, devices, 1, 2048)                                                                       \
    F(fixed, device, 16, 0)                                                                        \
    F(fixed, mailbox_key, 32, 0)                                                                   \
    F(fixed, proof, 64, 0)
#define PROTO_FIELDS_login(F)                                                                      \
    F(fixed, account, 16, 0)                                                                       \
    F(fixed, device, 16, 0)                                                                        \
    F(fixed, proof, 64, 0)

/* A list with a higher version than the server's replaces it: devices that are not in it any more, or
 * have another key, lose their sessions, mailboxes and key packages. */
#define PROTO_FIELDS_device_list_put(F) F(vec, devices, 1, 2048)
/* For a device that is in the list and not yet known. devices: the list that names it; the server's
 * own list decides if that is newer. proof: as login's. */
#define PROTO_FIELDS_device_join(F)                                                                \
    F(vec, devices, 1, 2048)                                                                       \
    F(fixed, device, 16, 0)                                                                        \
    F(fixed, mailbox_key, 32, 0)                                                                   \
    F(fixed, proof, 64, 0)
/* proof: the identity's signature over "Sotto identity v1", a zero byte, and the handshake hash. */
#define PROTO_FIELDS_device_list_get(F)                                                            \
    F(fixed, identity, 32, 0)                                                                      \
    F(fixed, proof, 64, 0)
#define PROTO_FIELDS_device_list_is(F) F(vec, devices, 1, 2048)

/* A link of two devices, met by its random id, in memory only. side 0: the new device, whose first
 * link_get makes the link; side 1: the device with the identity key. */
#define PROTO_FIELDS_link_put(F)                                                                   \
    F(fixed, id, 16, 0)                                                                            \
    F(u8, side, 0, 0)                                                                              \
    F(vec, bytes, 1, PROTO_LINK_MAX)
#define PROTO_FIELDS_link_get(F)                                                                   \
    F(fixed, id, 16, 0)                                                                            \
    F(u8, side, 0, 0)
#define PROTO_FIELDS_link_frame(F) F(vec, bytes, 0, PROTO_LINK_MAX)

#define PROTO_FIELDS_subscribe(F) F(u64, after, 0, 0)
/* sealed: a `parcel`, the message of that number in the chain of that name (crypto/chain.h), which is to
 * one of the keys that the device put. */
#define PROTO_FIELDS_delivery(F)                                                                   \
    F(u64, position, 0, 0)                                                                         \
    F(fixed, chain, 32, 0)                                                                         \
    F(u32, number, 0, 0)                                                                           \
    F(vec, sealed, 1, PROTO_SEALED_MAX)
/* gaps: how often this mailbox refused an item or let it expire. A gap takes a position of its own;
 * `position` covers it, and acking `position` forgets the gaps. Comes again, live, at a new gap. */
#define PROTO_FIELDS_caught_up(F)                                                                  \
    F(u64, position, 0, 0)                                                                         \
    F(u32, gaps, 0, 0)
#define PROTO_FIELDS_replaced(F)
#define PROTO_FIELDS_ack(F) F(u64, up_to, 0, 0)

#define PROTO_FIELDS_address_make(F) F(u8, count, 0, 0)
/* serials: of 8 bytes each, in the order of the addresses. */
#define PROTO_FIELDS_address_made(F)                                                               \
    F(list, addresses, address, 255)                                                               \
    F(vec, serials, 0, 255 * 8)
/* It answers senders as if it took what they send, and takes nothing. */
#define PROTO_FIELDS_address_revoke(F) F(list, revoked, revocation, PROTO_REVOKED_MAX)

#define PROTO_FIELDS_key_package_put(F) F(list, key_packages, key_package, 64)
#define PROTO_FIELDS_last_resort_put(F) F(vec, key_package, 1, PROTO_KEY_PACKAGE_MAX)
#define PROTO_FIELDS_key_package_drop(F)
#define PROTO_FIELDS_key_package_count(F)
#define PROTO_FIELDS_key_package_left(F) F(u32, count, 0, 0)

#define PROTO_FIELDS_record_get(F)
/* The complete answer to a request about the account; beside: the kinds of what is held, sealed, not
 * readable by us, as far as the account's rows lead to it. */
#define PROTO_FIELDS_record(F)                                                                     \
    F(u32, created_week, 0, 0)                                                                     \
    F(u32, seen_week, 0, 0)                                                                        \
    F(u32, devices, 0, 0)                                                                          \
    F(u32, items, 0, 0)                                                                            \
    F(u64, bytes, 0, 0)                                                                            \
    F(list, beside, held_kind, 32)

/* Of the office file in force: its version and hash (0 and zeros: there is none), and what it says. */
#define PROTO_FIELDS_desk_get(F)
#define PROTO_FIELDS_desk(F)                                                                       \
    F(u64, version, 0, 0)                                                                          \
    F(fixed, hash, 32, 0)                                                                          \
    F(vec, name, 0, PROTO_DESK_LINE)                                                               \
    F(vec, origin, 0, PROTO_DESK_LINE)                                                             \
    F(fixed, notice_key, 32, 0)

/* week: the present one. proof: the identity's signature over "Sotto account delete v1", a zero byte,
 * the account id and the week (4 bytes). */
#define PROTO_FIELDS_account_delete(F)                                                             \
    F(u32, week, 0, 0)                                                                             \
    F(fixed, proof, 64, 0)

/* up_to: items up to this position may be sealed to an older key than the one that was put. */
#define PROTO_FIELDS_mailbox_key_put(F) F(fixed, key, 32, 0)
#define PROTO_FIELDS_mailbox_key_set(F) F(u64, up_to, 0, 0)

#define PROTO_FIELDS_send(F)                                                                       \
    F(list, addresses, address, PROTO_ADDRESSES_MAX)                                               \
    F(vec, item, 1, PROTO_ITEM_MAX)
/* To those whose devices are connected and have all before; nobody is told who they were. */
#define PROTO_FIELDS_send_now(F)                                                                   \
    F(list, addresses, address, PROTO_ROSTER_ABOVE)                                                \
    F(vec, item, 1, PROTO_ITEM_NOW_MAX)
/* To the roster that is stored for the group. */
#define PROTO_FIELDS_roster_send(F)                                                                \
    F(fixed, group, 32, 0)                                                                         \
    F(fixed, roster_hash, 32, 0)                                                                   \
    F(u16, count, 0, 0)                                                                            \
    F(fixed, key, 32, 0)                                                                           \
    F(vec, item, 1, PROTO_ITEM_MAX)
/* taken: 0 if another roster is stored, or none: then nothing was delivered. */
#define PROTO_FIELDS_sent(F)                                                                       \
    F(flag, taken, 0, 0)                                                                           \
    F(list, refused, refusal, PROTO_ROSTER_MAX)

/* token and next: the present epoch's token, and the BLAKE2b-256 of the one after. roster_hash: the
 * BLAKE2b-256 of the new epoch's addresses in the order of their leaves. Copies go to the present
 * epoch's members: `addresses`, or in their place `roster`, the stored one. replaces: the roster that
 * is stored from now on; without it none is. letters: the Welcomes. */
#define PROTO_FIELDS_commit(F)                                                                     \
    F(fixed, group, 32, 0)                                                                         \
    F(fixed, token, 32, 0)                                                                         \
    F(fixed, next, 32, 0)                                                                          \
    F(fixed, roster_hash, 32, 0)                                                                   \
    F(list, addresses, address, PROTO_ADDRESSES_MAX)                                               \
    F(list, roster, roster, 1)                                                                     \
    F(list, replaces, roster_new, 1)                                                               \
    F(vec, item, 1, PROTO_ITEM_MAX)                                                                \
    F(list, letters, letter, PROTO_WELCOMES_MAX)
/* taken: 1, also for a repeat of the commit that was taken; 0 for late. */
#define PROTO_FIELDS_committed(F)                                                                  \
    F(flag, taken, 0, 0)                                                                           \
    F(list, refused, refusal, PROTO_ROSTER_MAX + PROTO_WELCOMES_MAX)

#define PROTO_FIELDS_key_package_take(F) F(fixed, address, PROTO_ADDRESS, 0)
#define PROTO_FIELDS_key_package_taken(F)                                                          \
    F(flag, last_resort, 0, 0)                                                                     \
    F(vec, key_package, 1, PROTO_KEY_PACKAGE_MAX)

/* address: any that an item which names the blob goes to, which is the permission; its mailbox is
 * charged. id: the uploader's choice; who knows it may fetch the blob. Chunks come in their order: one
 * that is there stays as it is, one that is too early is not taken. */
#define PROTO_FIELDS_blob_put(F)                                                                   \
    F(fixed, address, PROTO_ADDRESS, 0)                                                            \
    F(fixed, id, 32, 0)                                                                            \
    F(u32, chunk, 0, 0)                                                                            \
    F(u32, chunks, 0, 0)                                                                           \
    F(vec, bytes, 1, PROTO_CHUNK_MAX)
#define PROTO_FIELDS_blob_get(F)                                                                   \
    F(fixed, id, 32, 0)                                                                            \
    F(u32, chunk, 0, 0)
#define PROTO_FIELDS_blob_chunk(F)                                                                 \
    F(u32, chunks, 0, 0)                                                                           \
    F(vec, bytes, 1, PROTO_CHUNK_MAX)
#define PROTO_FIELDS_blob_ask(F) F(fixed, id, 32, 0)
/* have: so many chunks, from the first on. until: the last week in which it is surely there. */
#define PROTO_FIELDS_blob_state(F)                                                                 \
    F(u32, chunks, 0, 0)                                                                           \
    F(u32, have, 0, 0)                                                                             \
    F(u32, until, 0, 0)

/* challenge: of this session, for an hour at most. A look-up's work has find_bits, a claim's and a
 * renewal's claim_bits; they rise with use. */
#define PROTO_FIELDS_work_get(F)
#define PROTO_FIELDS_work(F)                                                                       \
    F(fixed, challenge, 16, 0)                                                                     \
    F(u8, find_bits, 0, 0)                                                                         \
    F(u8, claim_bits, 0, 0)

/* Work: BLAKE2b-256, keyed with the challenge, over "Sotto work v1", a zero byte, the message's
 * number (u16), the place and the nonce, begins with so many zero bits. No work is taken twice. */
#define PROTO_FIELDS_card_get(F)                                                                   \
    F(fixed, place, 32, 0)                                                                         \
    F(u64, nonce, 0, 0)
#define PROTO_FIELDS_card(F) F(vec, sealed, PROTO_CARD, PROTO_CARD)

/* owner: a key made for this place alone; the first one claims it. renew: costs a claim's work, and
 * the card lives for a year from now; needed where there is no card. version: higher than that of the
 * put before. Signature: Ed25519 by the owner over "Sotto card put v1" (or "... drop v1"), a zero
 * byte, and every field before it. */
#define PROTO_FIELDS_card_put(F)                                                                   \
    F(fixed, place, 32, 0)                                                                         \
    F(fixed, owner, 32, 0)                                                                         \
    F(flag, renew, 0, 0)                                                                           \
    F(u64, version, 0, 0)                                                                          \
    F(vec, sealed, PROTO_CARD, PROTO_CARD)                                                         \
    F(fixed, challenge, 16, 0)                                                                     \
    F(u64, nonce, 0, 0)                                                                            \
    F(fixed, signature, 64, 0)
#define PROTO_FIELDS_card_drop(F)                                                                  \
    F(fixed, place, 32, 0)                                                                         \
    F(u64, version, 0, 0)                                                                          \
    F(fixed, challenge, 16, 0)                                                                     \
    F(u64, nonce, 0, 0)                                                                            \
    F(fixed, signature, 64, 0)

/* session: the edge's name for a connection, never used twice. proof: the handshake hash, with a
 * message that needs it. */
#define PROTO_FIELDS_edge_request(F)                                                               \
    F(u64, session, 0, 0)                                                                          \
    F(u32, request, 0, 0)                                                                          \
    F(u16, type, 0, 0)                                                                             \
    F(vec, proof, 0, 64)                                                                           \
    F(vec, body, 0, PROTO_FRAME_MAX)
#define PROTO_FIELDS_edge_closed(F) F(u64, session, 0, 0)
/* ends: the edge closes the session after this frame. device: from now on it is a device's. drain: the
 * edge says edge_drained once this frame has left. */
#define PROTO_FIELDS_edge_reply(F)                                                                 \
    F(u64, session, 0, 0)                                                                          \
    F(u32, request, 0, 0)                                                                          \
    F(u16, type, 0, 0)                                                                             \
    F(flag, ends, 0, 0)                                                                            \
    F(flag, device, 0, 0)                                                                          \
    F(flag, drain, 0, 0)                                                                           \
    F(vec, body, 0, PROTO_FRAME_MAX)
#define PROTO_FIELDS_edge_drained(F) F(u64, session, 0, 0)
/* identity: the server's, its public half, which orders name. */
#define PROTO_FIELDS_mail_setup(F)                                                                 \
    F(fixed, identity, 32, 0)                                                                      \
    F(vec, store, 1, 4096)                                                                         \
    F(vec, user, 0, 64)                                                                            \
    F(u8, log_level, 0, 0)                                                                         \
    F(u8, sandbox, 0, 0)                                                                           \
    F(u8, key_id, 0, 0)                                                                            \
    F(fixed, key, 32, 0)                                                                           \
    F(u8, old_key_id, 0, 0)                                                                        \
    F(fixed, old_key, 32, 0)                                                                       \
    F(fixed, pepper, 32, 0)                                                                        \
    F(flag, closed, 0, 0)                                                                          \
    F(u32, mailbox_items, 0, 0)                                                                    \
    F(u64, mailbox_bytes, 0, 0)                                                                    \
    F(u32, invite_days, 0, 0)                                                                      \
    F(u32, item_days, 0, 0)                                                                        \
    F(u32, blob_days, 0, 0)                                                                       \
    F(u64, blobs_bytes, 0, 0)                                                                      \
    F(u64, uploads_bytes, 0, 0)                                                                    \
    F(u32, key_packages, 0, 0)                                                                     \
    F(u32, chains, 0, 0)                                                                           \
    F(u64, memtable, 0, 0)
#define PROTO_FIELDS_edge_setup(F)                                                                 \
    F(u8, log_level, 0, 0)                                                                         \
    F(u8, sandbox, 0, 0)                                                                           \
    F(vec, user, 0, 64)                                                                            \
    F(u32, connections, 0, 0)                                                                      \
    F(u32, source_connections, 0, 0)                                                               \
    F(u32, idle_seconds, 0, 0)                                                                     \
    F(u32, opening_seconds, 0, 0)                                                                  \
    F(u32, rate, 0, 0)                                                                             \
    F(u32, burst, 0, 0)                                                                            \
    F(vec, certificate, 0, 65536)                                                                  \
    F(vec, certificate_key, 0, 65536)                                                              \
    F(vec, parent_sandbox, 0, 128)                                                                 \
    F(vec, mail_sandbox, 0, 128)
/* One number each, in the order of server/metrics.h. */
#define PROTO_FIELDS_edge_counts(F) F(vec, counts, 0, 1024)
#define PROTO_FIELDS_metrics_get(F)
#define PROTO_FIELDS_edge_leave(F)
#define PROTO_FIELDS_port_handed(F) F(flag, http, 0, 0)
#define PROTO_FIELDS_let_go(F)
#define PROTO_FIELDS_edge_unready(F)
#define PROTO_FIELDS_edge_pages(F)
#define PROTO_FIELDS_metrics(F) F(vec, text, 0, 16384)
#define PROTO_FIELDS_edge_certificate(F)                                                           \
    F(vec, certificate, 1, 65536)                                                                  \
    F(vec, certificate_key, 1, 65536)
#define PROTO_FIELDS_noise_key(F)                                                                  \
    F(u32, number, 0, 0)                                                                           \
    F(u32, until, 0, 0)                                                                            \
    F(fixed, pub, 32, 0)                                                                           \
    F(fixed, priv, 32, 0)                                                                          \
    F(fixed, signature, 64, 0)
#define PROTO_FIELDS_edge_link(F) F(u32, edge, 0, 0)
#define PROTO_FIELDS_child_ready(F) F(vec, sandbox, 0, 128)
#define PROTO_FIELDS_join_links(F)                                                                 \
    F(list, links, join_link, 255)                                                                 \
    F(u64, until, 0, 0)
#define PROTO_FIELDS_invite_make(F) F(u8, count, 0, 0)
/* until: nobody registers with them from then on, in ms since 1970. */
#define PROTO_FIELDS_invite_made(F)                                                                \
    F(list, codes, code, 255)                                                                      \
    F(u64, until, 0, 0)

/* A document comes in parts, from the beginning (at 0, which forgets what came before). */
#define PROTO_FIELDS_office_part(F)                                                                \
    F(u32, at, 0, 0)                                                                               \
    F(vec, bytes, 1, PROTO_OFFICE_PART)
/* hash: SHA-256 of the whole document, with its signatures. pin: the hash of its text, from paper.
 * sightings: how many bytes, after the document and hashed with it, are what a ledger showed. */
#define PROTO_FIELDS_office_put(F)                                                                 \
    F(u8, what, 0, 0)                                                                              \
    F(fixed, hash, 32, 0)                                                                          \
    F(u32, sightings, 0, 0)                                                                        \
    F(fixed, pin, 32, 0)
#define PROTO_FIELDS_office_get(F)
/* Versions are 0 where there is none yet. pins: how often an office was pinned; pinned: when last. */
#define PROTO_FIELDS_office_is(F)                                                                  \
    F(fixed, server, 32, 0)                                                                        \
    F(u64, server_number, 0, 0)                                                                    \
    F(u32, pins, 0, 0)                                                                             \
    F(u64, pinned, 0, 0)                                                                           \
    F(u64, office, 0, 0)                                                                           \
    F(fixed, office_hash, 32, 0)                                                                   \
    F(vec, name, 0, 8192)                                                                          \
    F(u64, suspensions, 0, 0)                                                                      \
    F(fixed, suspensions_hash, 32, 0)                                                              \
    F(list, since, office_since, 512)
/* reason: of src/office/reasons.h. line: that it is about, from 1; or 0. */
#define PROTO_FIELDS_office_refused(F)                                                             \
    F(u16, reason, 0, 0)                                                                           \
    F(u32, line, 0, 0)

/* order: the hash of the order's text. sealed: package is CMS; else a letter in clear, or nothing. */
#define PROTO_FIELDS_carried_out(F)                                                                \
    F(vec, id, 1, 64)                                                                              \
    F(fixed, order, 32, 0)                                                                         \
    F(flag, sealed, 0, 0)                                                                          \
    F(vec, package, 0, PROTO_PACKAGE_MAX)                                                          \
    F(vec, manifest, 1, PROTO_MANIFEST_MAX)
#define PROTO_FIELDS_order_written(F)                                                              \
    F(vec, id, 1, 64)                                                                              \
    F(fixed, order, 32, 0)
/* step: one of enum backup_step in server/process.h. */
#define PROTO_FIELDS_backup(F) F(u8, step, 0, 0)

/* ---- Reasons of an error or a refusal ---- */

/* R(name, number, closes the session, text for people) */
#define PROTO_REASONS(R)                                                                           \
    R(VERSION, 1, true, "this version of the protocol is not spoken here")                         \
    R(MALFORMED, 2, true, "the message is malformed")                                              \
    R(STATE, 3, true, "the message is not expected now")                                           \
    R(PROOF, 4, true, "the proof of identity is wrong, or the account is not known")               \
    R(BUSY, 5, false, "the server is busy; try again later")                                       \
    R(LIMIT, 6, false, "a limit is reached; try again later")                                      \
    R(DISK, 7, false, "the server can't store anything now; try again later")                      \
    R(INVITE, 8, false, "the invite is not valid, was used, or has expired")                       \
    R(EXISTS, 9, false, "the account exists already")                                              \
    R(ADDRESS, 10, false, "the address is not valid")                                              \
    R(MAILBOX_FULL, 11, false, "the mailbox is full")                                              \
    R(NONE, 12, false, "there is none")                                                            \
    R(TIMEOUT, 13, true, "the connection was silent or too slow")                                  \
    R(CLOSED, 14, false, "the server takes no new accounts: registration is closed")               \
    R(GONE, 15, true, "the account, or this device of it, was deleted")                            \
    R(OLDER, 18, false, "there is a newer device list")                                            \
    R(ROSTER, 20, false, "the conversation's list of addresses is not the one that is stored")     \
    R(TAKEN, 40, false, "somebody else holds it")                                                  \
    R(WORK, 41, false, "the work is too little, or was used")                                      \
    R(OLD, 42, false, "something newer is there already")                                          \
    R(UPLOADS, 47, false, "this mailbox takes no more uploads today")                              \
    R(RESTART, 48, true, "the server ends, or starts again; try again soon")

#endif
