/* How a handle or a link leads to somebody, without I/O: what every client does, and a server that
 * carries out an order which names somebody so. docs/decisions/0026 has the words of handles. */
#ifndef SOTTO_LOOKUP_LOOKUP_H
#define SOTTO_LOOKUP_LOOKUP_H

#include "proto/proto.h"

/* ---- card.c ---- */

/* What Argon2id takes for a handle; tests take less. */
#define LOOKUP_HANDLE_MEMORY ((size_t)64 * 1024 * 1024)

/* Where a card lies, and what it opens with. */
struct lookup_card_keys {
    uint8_t place[32], key[32];
};
/* Of a handle's form, on the server with this identity key; pin may be empty. It takes a fifth of a
 * second and so many bytes. */
MUST err lookup_card_stretch(const uint8_t server[32], size_t memory, slice form, slice pin,
                             struct lookup_card_keys *keys);
/* TOO_LARGE. */
MUST err lookup_card_seal(const struct lookup_card_keys *keys,
                          const struct proto_card_content *content, uint8_t card[PROTO_CARD]);
/* NOT_FOUND: it does not open. content borrows from plain. */
MUST err lookup_card_open(const struct lookup_card_keys *keys, slice card, buf *plain,
                          struct proto_card_content *content);

/* ---- contact.c ---- */

/* Decodes and checks a device list; the struct borrows from the slice. MALFORMED, SIGNATURE. */
MUST err lookup_devices_check(slice encoded, struct proto_device_list *list);
bool lookup_devices_has(const struct proto_device_list *list, const uint8_t device[16],
                        struct proto_device *found);
/* Signs an encoded part `contact`, whose end is the signature's place, over the label, `bound` (as
 * a vector) and its fields. */
MUST err lookup_contact_sign(const uint8_t device_seed[32], const char *label, slice bound,
                             buf *content);
/* The other side of that; what it decodes borrows from content. Name and expiry are the caller's to
 * look at. UNSUPPORTED: of another server. */
MUST err lookup_contact_check(const uint8_t server[32], const char *label, slice bound,
                              slice content, struct proto_contact *contact,
                              struct proto_device_list *list);

#endif
