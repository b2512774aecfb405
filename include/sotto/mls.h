/* Messaging Layer Security (RFC 9420).
 *
 * A group is one value: create or join it, protect and process messages, stage a commit, apply it.
 * No call does I/O, reads a clock or keeps global state. Messages are whole MLSMessage structures
 * (RFC 9420 section 6). Slices that are handed out stay valid until the object they came from
 * changes or is freed.
 *
 * Stage, persist, publish, apply: whatever can fail happens while staging; applying returns
 * nothing. A call that returns an error has changed nothing, with one exception that is named where
 * it holds.
 *
 * A group in memory is worth what was saved of it: after mls_group_protect and every successful
 * mls_group_process, save it before anything leaves the machine or is acknowledged, and if saving
 * fails, drop it and load the saved one. */
#ifndef SOTTO_MLS_H
#define SOTTO_MLS_H

#include "base/codec.h"

/* Cipher suites (section 17.1). Those with X-Wing (ML-KEM-768 with X25519) stand on private-use code
 * points: Sotto's own, and TBD1 and TBD2 of draft-ietf-mls-pq-ciphersuites-06. A WebAssembly build has
 * the two with ChaCha20-Poly1305 and SHA-256. */
enum {
    MLS_SUITE_X25519_AES128 = 0x0001, /* MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519 */
    MLS_SUITE_P256_AES128 = 0x0002,   /* MLS_128_DHKEMP256_AES128GCM_SHA256_P256 */
    MLS_SUITE_X25519_CHACHA = 0x0003, /* MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_Ed25519 */
    MLS_SUITE_X448_AES256 = 0x0004,   /* MLS_256_DHKEMX448_AES256GCM_SHA512_Ed448 */
    MLS_SUITE_P521_AES256 = 0x0005,   /* MLS_256_DHKEMP521_AES256GCM_SHA512_P521 */
    MLS_SUITE_X448_CHACHA = 0x0006,   /* MLS_256_DHKEMX448_CHACHA20POLY1305_SHA512_Ed448 */
    MLS_SUITE_P384_AES256 = 0x0007,   /* MLS_256_DHKEMP384_AES256GCM_SHA384_P384 */
    MLS_SUITE_XWING_CHACHA = 0xF04D,  /* X-Wing, ChaCha20-Poly1305, SHA-256, Ed25519 */
    MLS_SUITE_XWING_AES128 = 0xF001,  /* TBD1: X-Wing, AES-128-GCM, SHA-256, Ed25519 */
    MLS_SUITE_XWING_AES256 = 0xF002   /* TBD2: X-Wing, AES-256-GCM, SHA-384, Ed25519 */
};

/* What an MLSMessage holds (section 6). Our own proposals and commits are sent as one of the first two:
 * private, where nothing is said. */
enum mls_wire {
    MLS_PUBLIC_MESSAGE = 1,
    MLS_PRIVATE_MESSAGE = 2,
    MLS_WELCOME = 3,
    MLS_GROUP_INFO = 4,
    MLS_KEY_PACKAGE = 5
};

struct mls_suite;
/* NULL if the suite is not supported. */
const struct mls_suite *mls_suite_find(uint16_t id);
/* The suites that there are, those that Sotto prefers first; NULL after the last. */
const struct mls_suite *mls_suite_at(size_t i);
uint16_t mls_suite_id(const struct mls_suite *suite);
const char *mls_suite_name(const struct mls_suite *suite);

/* A signature key pair for a suite. */
MUST err mls_signature_keys_new(const struct mls_suite *suite, buf *pub, buf *priv);

struct mls_extension {
    uint16_t type;
    slice data;
};

/* What a member says of itself in its leaf. Credentials are basic (RFC 9420 section 5.3). */
struct mls_leaf_params {
    slice identity;
    slice signature_pub, signature_priv;
    const struct mls_extension *extensions; /* each type is also listed in the capabilities */
    size_t extension_count;
    /* Further types that the member understands, in group contexts and in others' leaves. */
    const uint16_t *supported_extensions;
    size_t supported_extension_count;
};

/* A member as an application sees it. */
struct mls_member {
    uint32_t leaf; /* leaf index; 0 where the member is not in a tree yet */
    slice identity;
    slice signature_pub;
    const struct mls_extension *extensions;
    size_t extension_count;
};

/* The application's judgement of credentials (RFC 9420 section 5.3.1), called for every leaf that
 * enters a tree. before is the leaf that `member` follows in an Update or an UpdatePath, else NULL.
 * Anything but OK refuses the leaf and is what the caller gets. It must not change the group. */
struct mls_auth {
    err (*accept)(void *ctx, const struct mls_member *before, const struct mls_member *member);
    void *ctx;
    /* External pre-shared keys (section 8.4): sets `secret` for an id; MLS_PSK if there is none.
     * May be NULL: then there are none. Resumption PSKs the library has by itself. */
    err (*psk)(void *ctx, slice id, buf *secret);
};

/* ---- Key packages (section 10) ---- */

struct mls_key_package_params {
    struct mls_leaf_params leaf;
    uint64_t not_before, not_after; /* seconds since 1970 */
};

/* key_package: an MLSMessage; secrets: the private keys, to be stored until a Welcome uses them
 * (or, for a last-resort one, until it is replaced). Both are appended to. */
MUST err mls_key_package_new(const struct mls_suite *suite,
                             const struct mls_key_package_params *params, buf *key_package,
                             buf *secrets);
/* Section 10.1, and the lifetime against now (seconds). Also hands out who it is for: valid as long
 * as the bytes of key_package; extensions are written to `extensions` (room for *count, which
 * becomes the number found; LIMIT if there are more). */
MUST err mls_key_package_check(slice key_package, const struct mls_auth *auth, uint64_t now,
                               struct mls_member *member, struct mls_extension *extensions,
                               size_t *count);
/* KeyPackageRef (section 5.2): the suite's hash length, at most 64 bytes; *n in and out. */
MUST err mls_key_package_ref(slice key_package, uint8_t *ref, size_t *n);

/* ---- Groups ---- */

struct mls_group;
struct mls_staged; /* a commit that was checked and waits to be applied */

/* Taken literally where they are given at all: 0 keeps nothing. */
struct mls_limits {
    uint32_t past_epochs;  /* epochs whose application messages can still be opened: default 8 */
    uint32_t out_of_order; /* skipped generations kept in one ratchet: default 256 */
    uint32_t forward;      /* how far ahead a generation may be: default 4096 */
    uint32_t leaves;       /* of a tree that is joined, blanks included; 0: no limit, the default */
};

struct mls_group_params {
    const struct mls_suite *suite;
    slice group_id;
    struct mls_leaf_params leaf;
    const struct mls_extension *extensions; /* of the group context */
    size_t extension_count;
    const struct mls_limits *limits; /* NULL: the defaults */
    const struct mem *mem;           /* NULL: malloc */
};

/* A group of one, in epoch 0 (section 11). *group is NULL on failure; free it with mls_group_free.
 */
MUST err mls_group_create(struct mls_group **group, const struct mls_group_params *params,
                          const struct mls_auth *auth);

/* A key package of ours that a Welcome may name. */
struct mls_own_key_package {
    slice key_package; /* MLSMessage */
    slice secrets;
    slice signature_priv;
};

/* Which of our key packages a Welcome is for: writes the refs it names, `size` bytes each, into
 * refs (room for *count). Costs no cryptography. */
MUST err mls_welcome_refs(slice welcome, uint8_t *refs, size_t size, size_t *count);

/* Joins (section 12.4.3.1). tree: the ratchet tree if the Welcome does not carry it, else empty.
 * MLS_NO_WELCOME if it is for another key package. *sender: the leaf that added us. That we are not
 * in a group of this id already is the caller's to check, before it keeps the new one. */
MUST err mls_group_join(struct mls_group **group, slice welcome,
                        const struct mls_own_key_package *own, slice tree,
                        const struct mls_limits *limits, const struct mls_auth *auth,
                        const struct mem *mem, uint32_t *sender);
void mls_group_free(struct mls_group *group);

/* One versioned blob with everything, secrets included: seal it. Appended to out. */
MUST err mls_group_save(const struct mls_group *group, buf *out);
/* DAMAGED if the blob is not one that mls_group_save made. */
MUST err mls_group_load(struct mls_group **group, slice saved, const struct mem *mem);

slice mls_group_id(const struct mls_group *group);
uint64_t mls_group_epoch(const struct mls_group *group);
const struct mls_suite *mls_group_suite(const struct mls_group *group);
uint32_t mls_group_own_leaf(const struct mls_group *group);
/* One more than the highest leaf index in use; blanks included. */
uint32_t mls_group_leaf_count(const struct mls_group *group);
/* NOT_FOUND for a blank leaf. */
MUST err mls_group_member(const struct mls_group *group, uint32_t leaf, struct mls_member *member);
const struct mls_extension *mls_group_extensions(const struct mls_group *group, size_t *count);
/* The secret that two members compare to know that they are in the same state (section 8.7). */
slice mls_group_epoch_authenticator(const struct mls_group *group);
/* The ratchet_tree extension's content (section 12.4.3.3), appended. */
MUST err mls_group_tree(const struct mls_group *group, buf *out);
/* MLS-Exporter (section 8.5). */
MUST err mls_group_export(const struct mls_group *group, slice label, slice context, uint8_t *out,
                          size_t n);

/* ---- Messages ---- */

/* An application message as a PrivateMessage (section 6.3), appended to out. padding: zero bytes to
 * add inside. The group moves on by one generation. */
MUST err mls_group_protect(struct mls_group *group, slice authenticated_data, slice plain,
                           size_t padding, buf *out);
/* How many bytes longer than its content a PrivateMessage of this group is, for choosing padding; at
 * the most, in suites with ECDSA, whose signatures vary by a few bytes. So do the sizes below. */
MUST err mls_group_overhead(const struct mls_group *group, slice authenticated_data, size_t plain,
                            size_t *overhead);
/* The most padding with which the message of so many plain bytes is no longer than `total` (and
 * just as long, but for a few totals that no message has). TOO_LARGE if it is longer without any.
 */
MUST err mls_group_padding(const struct mls_group *group, slice authenticated_data, size_t plain,
                           size_t total, size_t *padding);

enum mls_kind { MLS_APPLICATION = 1, MLS_PROPOSAL = 2, MLS_COMMIT = 3 };
/* What any holder of the bytes can see of an MLSMessage. Reads no more than the header. */
struct mls_header {
    enum mls_wire wire;
    /* Public and private messages: */
    slice group_id;
    uint64_t epoch;
    enum mls_kind kind;
};
/* MLS_VERSION for another protocol version, UNKNOWN_TYPE for another wire format or kind. */
MUST err mls_message_header(slice message, struct mls_header *header);

struct mls_received {
    enum mls_kind kind;
    uint64_t epoch;
    uint32_t sender;       /* leaf index in that epoch */
    slice sender_identity; /* as in that epoch's tree */
    slice sender_signature_pub;
    slice authenticated_data;
    slice application;         /* MLS_APPLICATION: the plaintext */
    struct mls_staged *commit; /* MLS_COMMIT: apply or free it */
    buf memory;                /* what the slices point into: free with mls_received_free */
};

/* Checks and opens a message of another member.
 * MLS_APPLICATION: the plaintext; its key is erased. Epochs past are accepted within the limits.
 * MLS_PROPOSAL: kept in the group until the epoch ends, for a commit to name; what is not valid is
 * refused at once. FULL if very many wait.
 * MLS_COMMIT: staged; the group itself does not change until mls_staged_apply.
 * EARLY for a later epoch, MISSING if a commit names a proposal not seen, MLS_OWN_MESSAGE for what
 * we sent, REPEAT or MLS_GENERATION for a key that is used up, else the rule that is broken. */
MUST err mls_group_process(struct mls_group *group, slice message, const struct mls_auth *auth,
                           struct mls_received *received);
void mls_received_free(struct mls_received *received);

/* ---- Proposals and commits (section 12) ---- */

/* Proposals of our own, by reference: the message is appended to out and the proposal is kept.
 * REPEAT for one that waits already, byte for byte. */
MUST err mls_group_propose_add(struct mls_group *group, slice key_package,
                               const struct mls_auth *auth, enum mls_wire wire, buf *out);
MUST err mls_group_propose_remove(struct mls_group *group, uint32_t leaf, enum mls_wire wire,
                                  buf *out);
/* New leaf keys; leaf NULL keeps what the leaf says now. */
MUST err mls_group_propose_update(struct mls_group *group, const struct mls_leaf_params *leaf,
                                  enum mls_wire wire, buf *out);
/* Number of proposals that wait for a commit, and their senders: whether there is something to
 * commit. A proposal of a sender who is no member any more is not counted. */
size_t mls_group_pending_proposals(const struct mls_group *group);
/* True if the i-th of them, in the order of their arrival, is its sender's wish to be removed
 * itself; *leaf: whose. */
bool mls_group_pending_leave(const struct mls_group *group, size_t i, uint32_t *leaf);
/* Forgets the newest, for an application that refuses it. */
void mls_group_forget_proposal(struct mls_group *group);
/* Forgets them. */
void mls_group_clear_proposals(struct mls_group *group);

struct mls_commit_params {
    const slice *adds; /* key packages, by value */
    size_t add_count;
    const uint32_t *removes; /* leaves, by value */
    size_t remove_count;
    bool without_pending;               /* leave the pending proposals out */
    const struct mls_leaf_params *leaf; /* what our new leaf says; NULL: as now */
    enum mls_wire wire;
    bool tree_in_welcome;
    bool welcome_each; /* one Welcome for each joiner instead of one for all */
};

struct mls_committed {
    struct mls_staged *staged;
    buf commit;
    buf *welcomes; /* welcome_each: in the order of the adds in the new tree; else one or none */
    size_t welcome_count;
    /* For each added member, in the order of `welcomes` (or of the adds): its leaf. */
    uint32_t *added;
    size_t added_count;
};

/* Makes a commit and stages it, always with a path, also where section 12.4 would let it be left
 * out. Adds by value come first in the new tree, in their order, then pending ones. What is asked
 * for by value must be possible, else the call fails with the rule that it breaks; pending
 * proposals that can't be committed with it are left out (section 12.2: a Remove wins over an
 * Update, the newest of several Updates over the others). The group does not change but for the
 * generation used (save it before publishing). */
MUST err mls_group_commit(struct mls_group *group, const struct mls_commit_params *params,
                          const struct mls_auth *auth, struct mls_committed *committed);
void mls_committed_free(struct mls_committed *committed, const struct mem *mem);

/* What a staged commit would do. */
struct mls_change {
    enum { MLS_ADDED = 1, MLS_REMOVED = 2, MLS_UPDATED = 3 } what;
    struct mls_member member; /* after an add or update; before a removal */
    uint32_t by;              /* the leaf that proposed it */
};
uint64_t mls_staged_epoch(const struct mls_staged *staged);
uint32_t mls_staged_committer(const struct mls_staged *staged);
/* True if the commit removes us: applying leaves a group that can only be read and freed. */
/* Whom a commit removes can't check its confirmation tag. */
bool mls_staged_removes_us(const struct mls_staged *staged);
size_t mls_staged_change_count(const struct mls_staged *staged);
struct mls_change mls_staged_change(const struct mls_staged *staged, size_t i);
/* The new epoch's member, leaf count and exporter, before it is applied. */
uint32_t mls_staged_leaf_count(const struct mls_staged *staged);
MUST err mls_staged_member(const struct mls_staged *staged, uint32_t leaf,
                           struct mls_member *member);
MUST err mls_staged_export(const struct mls_staged *staged, slice label, slice context,
                           uint8_t *out, size_t n);
/* A staged commit survives a restart: saved by itself and loaded against the group it belongs to.
 */
MUST err mls_staged_save(const struct mls_staged *staged, buf *out);
MUST err mls_staged_load(struct mls_staged **staged, const struct mls_group *group, slice saved);
void mls_staged_free(struct mls_staged *staged);
/* Moves the group to the staged epoch; frees the staged commit. Can't fail. The staged commit must
 * have been made or processed in the group's present epoch. */
void mls_staged_apply(struct mls_group *group, struct mls_staged *staged);
/* True once a commit that removed us was applied. */
bool mls_group_is_out(const struct mls_group *group);

#endif
