/* What a group is made of; shared by the files of the library's upper half: group.c, process.c,
 * send.c, pending.c, proposals.c, commit*.c, staged.c, welcome.c, join.c, psk.c, storage.c. */
#ifndef SOTTO_MLS_GROUP_H
#define SOTTO_MLS_GROUP_H

#include "mls/exporter.h"
#include "mls/key_schedule.h"
#include "mls/message_protection.h"
#include "mls/secret_tree.h"
#include "mls/tree.h"
#include "mls/treekem.h"
#include "mls/types.h"

enum {
    MLS_PAST_EPOCHS = 8, /* the defaults of struct mls_limits */
    MLS_OUT_OF_ORDER = 256,
    MLS_FORWARD = 4096,
    MLS_PROPOSALS = 32,
    MLS_PSKS_MAX = 256,       /* pre-shared keys of one commit or Welcome */
    MLS_PROPOSAL_MAX = 65536, /* bytes of a proposal that waits */
    MLS_CONTEXT_MAX = 65536   /* bytes of a group context's extensions */
};

/* ---- Epochs (epoch.c) ---- */

/* All that one epoch consists of. A staged commit holds the next one complete. */
struct mls_epoch {
    struct mls_group_context context;
    buf context_bytes; /* encoded: what signatures, tags and secrets are bound to */
    struct mls_tree tree;
    struct mls_treekem_private keys; /* keys.leaf is our leaf */
    struct mls_epoch_secrets secrets;
    struct mls_secret_tree messages;
    struct mls_exporter_tree exports;
    buf confirmation_tag, interim_transcript_hash;
    buf signature_priv;
};
/* Empty; NULL without memory. */
struct mls_epoch *mls_epoch_new(const struct mem *mem);
void mls_epoch_free(struct mls_epoch *epoch, const struct mem *mem);
/* A next epoch that begins as a copy of this one, but for its secrets: context (epoch + 1), tree,
 * keys, signature key. */
MUST err mls_epoch_successor(struct mls_epoch **next, const struct mls_epoch *epoch,
                             const struct mem *mem);
/* Sets the tree hash from the tree, and context_bytes from the context. */
MUST err mls_epoch_encode(struct mls_epoch *epoch, const struct mem *mem);
/* Sets only context_bytes. */
MUST err mls_epoch_encode_context(struct mls_epoch *epoch, const struct mem *mem);
/* From the secrets that the key schedule gave: the confirmation tag over the confirmed transcript
 * hash, the interim transcript hash, the secret tree and the exporter tree; erases `encryption` and
 * `application_export`. */
MUST err mls_epoch_settle(struct mls_epoch *epoch, const struct mls_suite *suite,
                          const struct mls_limits *limits, const struct mem *mem);
/* The same without secrets: the confirmation tag is given, the interim transcript hash follows. */
MUST err mls_epoch_settle_public(struct mls_epoch *epoch, const struct mls_suite *suite, slice tag,
                                 const struct mem *mem);

/* A leaf as it was before a commit changed it. */
struct mls_old_leaf {
    uint32_t leaf;
    bool blank;
    uint16_t credential;
    buf identity, signature_pub;
};
/* A past epoch: just what opens its application messages, and its resumption PSK. Of its leaves it
 * keeps those that the commit after it changed; the others stand in the epochs that follow. */
struct mls_past {
    uint64_t epoch;
    uint32_t own_leaf;
    uint8_t sender_data[CRYPTO_HASH_MAX];
    uint8_t resumption_psk[CRYPTO_HASH_MAX];
    buf context_bytes;
    struct mls_secret_tree messages;
    struct mls_old_leaf *changed;
    size_t changed_count;
};
/* With the changed leaves among `touched` (leaf indices), the rest empty: made while staging. */
MUST err mls_past_new(struct mls_past **past, const struct mls_tree *before,
                      const struct mls_tree *after, const uint32_t *touched, size_t count,
                      const struct mem *mem);
/* Moves out of an epoch what a past one keeps. Can't fail. */
void mls_past_take(struct mls_past *past, struct mls_epoch *epoch);
void mls_past_free(struct mls_past *past, const struct mem *mem);

/* ---- Proposals that wait for a commit (pending.c) ---- */

struct mls_pending {
    uint8_t ref[CRYPTO_HASH_MAX];
    struct mls_sender sender;
    struct mls_proposal proposal;
    buf leaf_priv, signature_priv; /* of an Update of our own */
};
void mls_pending_free(struct mls_pending *pending, const struct mem *mem);

/* ---- The group ---- */

struct mls_group {
    const struct mem *mem;
    const struct mls_suite *suite;
    struct mls_limits limits;
    struct mls_epoch *epoch;
    struct mls_past **past; /* newest first; room for limits.past_epochs */
    size_t past_count;
    struct mls_pending **pending; /* in the order of their arrival */
    size_t pending_count, pending_room;
    struct mls_tree saved; /* as the parts have it; of zeros: not at all */
    bool out;              /* a commit removed us: `epoch` is the last one we were in */
    bool observer;         /* a group without secrets: keys.leaf is MLS_NODE_NONE */
    bool leaving;          /* we sent a SelfRemove in this epoch */
    bool ended;            /* a ReInit was committed: `reinit` */
    struct mls_proposal reinit;
};
/* Why this group sends nothing any more; OK if it does. */
MUST err mls_group_usable(const struct mls_group *group);
/* A group around an epoch that it takes over (freed on failure, too). limits may be NULL. */
MUST err mls_group_wrap(struct mls_group **group, const struct mls_suite *suite,
                        struct mls_epoch *epoch, const struct mls_limits *limits,
                        const struct mem *mem);
/* The limits with defaults for what is missing. */
struct mls_limits mls_limits_or_default(const struct mls_limits *limits);
/* Who had this leaf in the past epoch past[k]. MLS_SENDER for a blank one. */
MUST err mls_group_past_leaf(const struct mls_group *group, size_t k, uint32_t leaf,
                             uint16_t *credential, slice *identity, slice *signature_pub);

/* ---- Messages of our own (send.c) ---- */

/* Whose they are, and of which epoch. content: of zeros; free it with
 * mls_authenticated_content_free. */
MUST err mls_content_begin(const struct mls_group *group, struct mls_authenticated_content *content,
                           enum mls_kind kind, enum mls_wire wire);
MUST err mls_content_sign(const struct mls_group *group, struct mls_authenticated_content *content);
/* Appends the MLSMessage. A key of the secret tree is used up only if nothing failed. */
MUST err mls_content_protect(struct mls_group *group,
                             const struct mls_authenticated_content *content, size_t padding,
                             buf *out);

/* ---- Pre-shared keys (psk.c) ---- */

/* psk_secret (section 8.4) of the ids; all zeros for none. Resumption PSKs come from the group (the
 * one that is left, where another begins), if there is one and it has them, all else from the
 * application. MLS_PSK for one that isn't known. */
MUST err mls_psk_secret(const struct mls_suite *suite, const struct mls_group *group,
                        const struct mls_psk_id *ids, size_t n, const struct mls_auth *auth,
                        uint8_t *psk_secret, const struct mem *mem);
/* Sections 12.1.4 and 12.2: one PreSharedKey proposal's id. The nonce: also that of a Welcome's. */
MUST err mls_psk_check(const struct mls_suite *suite, const struct mls_psk_id *id);
MUST err mls_psk_check_nonce(const struct mls_suite *suite, const struct mls_psk_id *id);
/* A fresh id, of zeros before: external if usage is 0, else resumption. */
MUST err mls_psk_id_new(struct mls_psk_id *id, const struct mls_suite *suite,
                        enum mls_psk_usage usage, slice name, uint64_t epoch,
                        const struct mem *mem);
bool mls_psk_id_equal(const struct mls_psk_id *a, const struct mls_psk_id *b);

#endif
