/* Message content: MIMI content (draft-ietf-mimi-content-08), CBOR, an array of seven: salt,
 * replaces, topicId, expires, inReplyTo, extensions, nestedPart.
 *
 * Who sent it and where is known from MLS and is not written into it: the extensions map of ours is
 * empty, but of an edit, where "sotto:edited" says when it was made. For message ids, the URI of an
 * account is "sotto:u/" and its id in hexadecimal, that of a conversation "sotto:r/" and its group
 * id in hexadecimal. */
#ifndef SOTTO_CORE_CONTENT_H
#define SOTTO_CORE_CONTENT_H

#include "base/codec.h"
#include "core/core.h"

enum content_disposition {
    CONTENT_UNSPECIFIED = 0,
    CONTENT_RENDER = 1,
    CONTENT_REACTION = 2,
    CONTENT_PROFILE = 3,
    CONTENT_INLINE = 4,
    CONTENT_ICON = 5,
    CONTENT_ATTACHMENT = 6,
    CONTENT_SESSION = 7,
    CONTENT_PREVIEW = 8
};
enum content_cardinality {
    CONTENT_NULL = 0,
    CONTENT_SINGLE = 1,
    CONTENT_EXTERNAL = 2,
    CONTENT_MULTI = 3
};
/* algorithm: ours, among the numbers for private use: a blob of ours (core/files.c). */
enum { CONTENT_AEAD_CHUNKS = 0xF0A1, CONTENT_HASH_SHA256 = 1 };
enum content_semantics { CONTENT_CHOOSE_ONE = 0, CONTENT_SINGLE_UNIT = 1, CONTENT_PROCESS_ALL = 2 };
enum {
    CONTENT_SALT = 16,
    CONTENT_TOPIC_MAX = 4096,
    CONTENT_PARTS_MAX = 1024,
    CONTENT_PART_DEPTH = 4
};

/* One part. Slices borrow from what was decoded. */
struct content_part {
    enum content_cardinality cardinality;
    uint64_t disposition;
    slice language;
    slice whole; /* as it is encoded */
    slice type;  /* SINGLE and EXTERNAL: the media type */
    slice body;  /* SINGLE: the content; MULTI: the encoded parts */
    /* EXTERNAL */
    slice url, key, nonce, aad, hash, description, filename;
    uint64_t expires, size, algorithm, hash_algorithm;
    /* MULTI */
    enum content_semantics semantics;
    uint64_t count;
};

struct content {
    slice salt;
    slice replaces; /* empty, or 32 bytes */
    slice topic;
    bool has_expires, expires_relative;
    uint64_t expires;
    slice in_reply_to; /* empty, or 32 bytes */
    slice extensions;  /* the encoded map */
    uint64_t edited;   /* in ms since 1970, by the sender's clock, as the map says; 0: it doesn't */
    struct content_part part;
};

/* Checks the whole of it, every nested part too. MALFORMED, TOO_LARGE, TRAILING. */
MUST err core_content_decode(slice bytes, struct content *content);
/* The next part of a MULTI: over reader_of(part.body), part.count times. */
MUST err core_content_part_read(reader *r, struct content_part *part);

/* A single part, salted at random. in_reply_to and replaces: 32 bytes or NULL. */
MUST err core_content_encode(buf *out, enum content_disposition disposition, const char *type,
                             slice body, const uint8_t *in_reply_to, const uint8_t *replaces);
/* The same without a body: withdraws `replaces`, a message or (REACTION) a reaction. */
MUST err core_content_encode_delete(buf *out, enum content_disposition disposition,
                                    const uint8_t *in_reply_to, const uint8_t *replaces);
/* Text in place of that of `replaces`. edited: as above. */
MUST err core_content_encode_edit(buf *out, const char *type, slice text,
                                  const uint8_t *in_reply_to, const uint8_t *replaces,
                                  uint64_t edited);
/* Parts of which the receiver processes all, one or several. in_reply_to: 32 bytes or NULL. */
MUST err core_content_encode_parts(buf *out, const struct content_part *parts, size_t count,
                                   const uint8_t *in_reply_to);
/* Any content, as its fields say. */
MUST err core_content_write(buf *out, const struct content *content);

/* Section 3.3 of the draft: 1, then the first 31 bytes of SHA-256 over the two URIs (each after its
 * length in 16 bits), the content and the salt. */
MUST err core_content_id(uint8_t id[CORE_MESSAGE_ID], slice sender_uri, slice room_uri,
                         slice content, slice salt);
/* The same for an account and a conversation of ours. */
MUST err core_content_id_of(uint8_t id[CORE_MESSAGE_ID], const uint8_t account[CORE_ACCOUNT],
                            slice group_id, slice content);

/* What a terminal can show: shape, and text (appended). Parts of other types become a line that
 * says what they are. *file: the first part that is a file to be fetched, and not in the text;
 * cardinality NULL if there is none. */
MUST err core_content_show(const struct content *content, enum core_content_shape *shape,
                           bool *markdown, struct content_part *file, buf *text);

/* Whether a part is a file that was uploaded as a blob of ours, and the blob's id if so. */
bool core_content_is_file(const struct content_part *part, uint8_t id[32]);
/* Appends the url that names a blob. */
MUST err core_content_file_url(buf *out, const uint8_t id[32]);

#endif
