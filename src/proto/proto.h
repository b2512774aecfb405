/* What the schema's lines become: a struct, an encoder and a decoder for each part and message.
 *
 * A decoded struct borrows: its slices and lists point into the bytes it was read from. Decoding
 * allocates nothing, checks every limit and every list element, and leaves the struct undefined on
 * failure. Encoding checks the same limits (BUG if the caller broke one). */
#ifndef SOTTO_PROTO_PROTO_H
#define SOTTO_PROTO_PROTO_H

#include "base/codec.h"
#include "proto/schema.h"

/* A list: `count` encoded parts one after another. To read: proto_<part>_read in a loop over
 * reader_of(list.bytes). To write: encode the parts one after another into a buf. */
struct proto_list {
    slice bytes;
    uint32_t count;
};

#define PROTO_STRUCT_u8(name, a, b) uint8_t name;
#define PROTO_STRUCT_u16(name, a, b) uint16_t name;
#define PROTO_STRUCT_u32(name, a, b) uint32_t name;
#define PROTO_STRUCT_u64(name, a, b) uint64_t name;
#define PROTO_STRUCT_flag(name, a, b) bool name;
#define PROTO_STRUCT_fixed(name, a, b) uint8_t name[a];
#define PROTO_STRUCT_vec(name, a, b) slice name;
#define PROTO_STRUCT_list(name, a, b) struct proto_list name;
#define PROTO_STRUCT_FIELD(kind, name, a, b) PROTO_STRUCT_##kind(name, a, b)

/* A structure without fields still needs a member in C. */
#define PROTO_DECLARE(what)                                             \
    struct proto_##what {                                               \
        PROTO_FIELDS_##what(PROTO_STRUCT_FIELD) uint8_t unused;         \
    };                                                                  \
    void proto_##what##_write(writer *w, const struct proto_##what *v); \
    MUST err proto_##what##_read(reader *r, struct proto_##what *v);    \
    /* The whole of s and nothing after it. */                          \
    MUST err proto_##what##_decode(slice s, struct proto_##what *v);    \
    /* Appends; a failure leaves out as it was. */                      \
    MUST err proto_##what##_encode(buf *out, const struct proto_##what *v);

#define PROTO_DECLARE_MESSAGE(name, number, from, text) PROTO_DECLARE(name)

PROTO_PARTS(PROTO_DECLARE)
PROTO_MESSAGES(PROTO_DECLARE_MESSAGE)

enum proto_type {
#define M(name, number, from, text) PROTO_##name = number,
    PROTO_MESSAGES(M)
#undef M
};

enum proto_from {
    PROTO_FROM_HELLO,
    PROTO_FROM_ANY,
    PROTO_FROM_ANON,
    PROTO_FROM_BOTH,
    PROTO_FROM_PROOF,
    PROTO_FROM_DEVICE,
    PROTO_FROM_SERVER,
    PROTO_FROM_INNER
};

struct proto_message_info {
    const char *name;
    const char *text;
    uint16_t type;
    enum proto_from from;
};

/* NULL for a number that no message has. */
const struct proto_message_info *proto_message_info(uint16_t type);
/* All of them, in the order of the schema. */
const struct proto_message_info *proto_messages(size_t *count);

enum proto_reason {
#define R(name, number, closes, text) PROTO_REASON_##name = number,
    PROTO_REASONS(R)
#undef R
};
/* Never NULL. */
const char *proto_reason_text(uint16_t reason);
/* "MAILBOX_FULL"; never NULL. */
const char *proto_reason_name(uint16_t reason);
bool proto_reason_closes(uint16_t reason);

/* A frame: request id, type, body. 0 is the request id of what nobody asked for. */
struct proto_frame {
    uint32_t request;
    uint16_t type;
    slice body;
};
MUST err proto_frame_decode(slice bytes, struct proto_frame *frame);
/* Starts a frame in a writer: write the body after it. */
void proto_frame_write(writer *w, uint32_t request, uint16_t type);

/* Inside of a session a frame travels padded, so that its size tells little: the frame, zeros, and
 * its length as u16, all together 256, 512, 1,024, 2,048, 4,096, 8,192, 16,384, 33,024 (room for
 * a chunk of a blob) or PROTO_PADDED_MAX bytes, the least that hold it. */
/* Pads the frame that the buf holds; TOO_LARGE, and nothing is done. */
MUST err proto_frame_pad(buf *frame);
/* The frame in it; MALFORMED if it is not padded so. */
MUST err proto_frame_unpad(slice padded, slice *frame);

/* Decodes any message's body for its limits' sake (UNKNOWN_TYPE for none): what an edge does with a
 * frame that it passes on. */
MUST err proto_message_check(uint16_t type, slice body);

/* Appends part `what` to a list under construction. */
#define PROTO_LIST_ADD(what, list_writer, list, value) \
    do {                                               \
        proto_##what##_write((list_writer), (value));  \
        (list)->count++;                               \
    } while (0)

/* ---- Items ---- `u8 kind | opaque content<V> | zeros`, in one of a few sizes. */
enum proto_item_kind {
    PROTO_ITEM_MESSAGE = 1, /* of MLS */
    PROTO_ITEM_BLOB,        /* a part `blob_reference` */
    PROTO_ITEM_NOTICE,      /* a part `notice`, which the server itself puts there */
    PROTO_ITEM_PASSING      /* a part `passing`, which is sent now or never */
};
enum { PROTO_ITEM_CONTENT = PROTO_ITEM_MAX - 5 };
/* Appends it, padded to the next size; TOO_LARGE if it fits none. */
MUST err proto_item_write(buf *out, enum proto_item_kind kind, slice content);
MUST err proto_item_read(slice item, enum proto_item_kind *kind, slice *content);
/* The largest content that fits a size of at least `content` bytes' item; 0 if none does. */
size_t proto_item_room(size_t content);

/* ---- Stored rosters ----
 * sealed = XChaCha20-Poly1305(key, nonce 0; addresses, zeros up to a step), bound to the group and
 * to the hash of the addresses. */
/* For how many addresses there is room: sizes are few, so they tell little. */
size_t proto_roster_step(uint16_t count);
/* Appends what is bound as associated data. NO_MEMORY. */
MUST err proto_roster_bound(buf *out, const uint8_t group[32], const uint8_t hash[32]);

/* ---- Links ----
 * "sotto:" kind ":" server "#" base32, for people to copy. Kind is "join" (a part `invite`, with
 * which a new account registers) or "contact" (a part `contact`); server is "host:port" or a
 * "wss://" address. */
MUST err proto_link_write(buf *out, const char *kind, slice server, slice content);
/* Appends the server and the content. MALFORMED if it is not such a link of this kind. */
MUST err proto_link_read(slice link, const char *kind, buf *server, buf *content);

#endif
