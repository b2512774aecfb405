/* PrivateMessage (RFC 9420 section 6.3). */
#ifndef SOTTO_MLS_MESSAGE_PROTECTION_H
#define SOTTO_MLS_MESSAGE_PROTECTION_H

#include "mls/secret_tree.h"
#include "mls/types.h"

/* What an epoch brings to protect and open messages with. */
struct mls_protection {
    const struct mls_suite *suite;
    const uint8_t *sender_data_secret;
    struct mls_secret_tree *messages;
    const struct mem *mem;
};

/* SenderData (section 6.3.2). */
struct mls_sender_data {
    uint32_t leaf;
    uint32_t generation;
    uint8_t reuse_guard[4];
};

/* Appends the MLSMessage of signed content: encrypted with the sender's next key, which is used up
 * only if nothing else failed. */
MUST err mls_private_message_protect(const struct mls_protection *p,
                                     const struct mls_authenticated_content *auth, size_t padding,
                                     buf *out);
/* How long that MLSMessage is. */
MUST err mls_private_message_size(const struct mls_suite *suite, size_t group_id,
                                  size_t authenticated_data, size_t content, size_t *size);
/* How long its content is: for an application message of `plain` bytes, before padding. */
size_t mls_private_message_content(const struct mls_suite *suite, size_t plain);

/* Who sent it, with which generation. CRYPTO if that doesn't open. */
MUST err mls_private_message_sender(const struct mls_protection *p,
                                    const struct mls_private_message *message,
                                    struct mls_sender_data *sender);
/* Opens it; the key stays. auth: free it with mls_authenticated_content_free. The signature is not
 * looked at. */
MUST err mls_private_message_open(const struct mls_protection *p,
                                  const struct mls_private_message *message,
                                  const struct mls_sender_data *sender,
                                  struct mls_authenticated_content *auth);
/* Uses up the key of a message that was accepted. */
MUST err mls_private_message_consume(const struct mls_protection *p, enum mls_kind kind,
                                     const struct mls_sender_data *sender);

#endif
