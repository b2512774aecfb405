/* The secret tree and its ratchets (RFC 9420 section 9): message keys of one epoch, derived when
 * they are first asked for, erased when they are used (section 9.2).
 *
 * To open a message: peek its key, open, and only if it opened consume the key; a message that does
 * not authenticate changes nothing. To send: mls_secret_tree_next, which consumes at once. */
#ifndef SOTTO_MLS_SECRET_TREE_H
#define SOTTO_MLS_SECRET_TREE_H

#include "mls/suite.h"
#include "mls/tree_math.h"

enum mls_ratchet { MLS_RATCHET_HANDSHAKE = 0, MLS_RATCHET_APPLICATION = 1 };

struct mls_secret_node;

struct mls_secret_tree {
    const struct mls_suite *suite;
    const struct mem *mem;
    uint32_t width;
    struct mls_limits limits;
    struct mls_secret_node *root; /* NULL in a tree of zeros, which has no keys */
};

/* One message's key. Wipe it after use. */
struct mls_message_key {
    uint8_t key[CRYPTO_AEAD_KEY_MAX];
    uint8_t nonce[CRYPTO_AEAD_NONCE_MAX];
};

/* width: the tree's (a power of two). encryption_secret is copied: erase it. */
MUST err mls_secret_tree_init(struct mls_secret_tree *t, const struct mls_suite *suite,
                              uint32_t width, const uint8_t *encryption_secret,
                              const struct mls_limits *limits, const struct mem *mem);
void mls_secret_tree_free(struct mls_secret_tree *t);
/* A second tree with the same keys (on failure *to is of zeros). */
MUST err mls_secret_tree_copy(struct mls_secret_tree *to, const struct mls_secret_tree *from);

/* The key of a leaf's generation, without using it up. REPEAT if it was used, MLS_GENERATION if it
 * was dropped or lies more than limits.forward ahead, MLS_SENDER for a leaf outside the tree. */
MUST err mls_secret_tree_peek(struct mls_secret_tree *t, uint32_t leaf, enum mls_ratchet ratchet,
                              uint32_t generation, struct mls_message_key *key);
/* Uses it up: erases it, and keeps those skipped before it within limits.out_of_order. Fails as
 * peek does (then nothing changed). */
MUST err mls_secret_tree_consume(struct mls_secret_tree *t, uint32_t leaf, enum mls_ratchet ratchet,
                                 uint32_t generation);
/* The next key to send with and its generation; used up. MLS_GENERATION after 2^32 - 1 messages. */
MUST err mls_secret_tree_next(struct mls_secret_tree *t, uint32_t leaf, enum mls_ratchet ratchet,
                              uint32_t *generation, struct mls_message_key *key);

/* Everything but the limits, which the reader is given. Small: what was derived, not the tree's
 * size. */
void mls_secret_tree_write(writer *w, const struct mls_secret_tree *t);
/* DAMAGED for what write would not write. Nothing to free on failure. */
MUST err mls_secret_tree_read(reader *r, struct mls_secret_tree *t, const struct mls_suite *suite,
                              const struct mls_limits *limits, const struct mem *mem);

#endif
