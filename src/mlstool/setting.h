/* What protects and opens one message, without a group: a group of two as the vectors of message
 * protection describe it, in which leaf 1 sends; and a Welcome's GroupInfo. */
#ifndef SOTTO_MLSTOOL_SETTING_H
#define SOTTO_MLSTOOL_SETTING_H

#include "mls/framing.h"
#include "mls/message_protection.h"

enum { SETTING_SENDER = 1, SETTING_WIDTH = 2 };

struct setting {
    const struct mls_suite *suite;
    const struct mem *mem;
    uint64_t epoch;
    buf group_id, context;                   /* the encoded GroupContext */
    buf priv, pub;                           /* the sender's signature keys */
    buf encryption, sender_data, membership; /* secrets of the hash's length */
};
void setting_free(struct setting *s);

MUST err setting_secret_tree(const struct setting *s, struct mls_secret_tree *t);
struct mls_protection setting_protection(const struct setting *s, struct mls_secret_tree *t);

/* Signed content of the sender. body: the application data, the Proposal, the Commit. Free it with
 * mls_authenticated_content_free, also when this fails. */
MUST err setting_content(const struct setting *s, enum mls_kind kind, uint16_t wire, slice body,
                         struct mls_authenticated_content *content);
/* Open an MLSMessage and check its signature; nothing to free on failure. */
MUST err setting_open_private(const struct setting *s, struct mls_secret_tree *t, slice message,
                              struct mls_authenticated_content *content);
MUST err setting_open_public(const struct setting *s, slice message,
                             struct mls_authenticated_content *content);

/* The GroupInfo of a Welcome without pre-shared keys, nothing of it checked. joiner_secret: the
 * hash's length. Nothing to free on failure. */
MUST err setting_group_info(const struct mls_suite *suite, const struct mls_welcome *welcome,
                            const uint8_t *joiner_secret, struct mls_group_info *info,
                            const struct mem *mem);

#endif
