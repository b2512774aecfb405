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
 * A group in memory is worth what was saved of it: after mls_group_protect, mls_group_propose,
 * mls_group_safe_export, mls_group_commit and every successful mls_group_process, save it before
 * anything leaves the machine or is acknowledged, and if saving fails, drop it and load the saved
 * one. What is forgotten would use a key again, or lose one. */
#ifndef SOTTO_MLS_H
#define SOTTO_MLS_H

#include "base/codec.h"

/* Once, before anything else. BUG if the system has no randomness. */
MUST err mls_init(void);

/* Cipher suites (section 17.1). Those with X-Wing (ML-KEM-768 with X25519) stand on private-use
 * code points: Sotto's own, and TBD1 and TBD2 of draft-ietf-mls-pq-ciphersuites-06. A WebAssembly
 * build has the two with ChaCha20-Poly1305 and SHA-256. */
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

/* What an MLSMessage holds (section 6). Our own proposals and commits are sent as one of the first
 * two: private, where nothing is said. */
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

/* Who sends a message (section 6): a member; one whom the group's external_senders extension names;
 * one who proposes to be added; one who adds itself by a commit. */
enum mls_sender_type {
    MLS_SENDER_MEMBER = 1,
    MLS_SENDER_EXTERNAL = 2,
    MLS_SENDER_NEW_MEMBER_PROPOSAL = 3,
    MLS_SENDER_NEW_MEMBER_COMMIT = 4
};
struct mls_sender {
    enum mls_sender_type type;
    uint32_t index; /* member: leaf index; external: place in external_senders; else 0 */
};

/* Credentials (section 5.3), by their type and the content of their one vector: basic, the
 * identity; x509, the chain, the member's own certificate first, each in an opaque<V> of its own;
 * others, as their definition says. The library reads none of them: an application's accept must,
 * and for x509 that includes that the first certificate's key is the member's signature key. */
enum mls_credential_type { MLS_CREDENTIAL_BASIC = 1, MLS_CREDENTIAL_X509 = 2 };

/* What a member says of itself in its leaf. */
struct mls_leaf_params {
    uint16_t credential; /* its type; 0: basic */
    slice identity;      /* its content */
    slice signature_pub, signature_priv;
    const struct mls_extension *extensions; /* each type is also listed in the capabilities */
    size_t extension_count;
    /* Further types that the member understands: extensions of group contexts and of others'
     * leaves, proposals, others' credentials. What RFC 9420 defines is not listed, but for
     * credentials. */
    const uint16_t *supported_extensions, *supported_proposals, *supported_credentials;
    size_t supported_extension_count, supported_proposal_count, supported_credential_count;
    bool grease; /* a random GREASE value in each list (section 13.5) */
};

/* A member as an application sees it. */
struct mls_member {
    uint32_t leaf;       /* leaf index; 0 where the member is not in a tree yet */
    uint16_t credential; /* its type */
    slice identity;      /* its content */
    slice signature_pub;
    uint64_t not_before, not_after; /* seconds; 0 in a leaf from an Update or a commit */
    bool last_resort;               /* it comes by a key package that is marked so; see below */
    const struct mls_extension *extensions;
    size_t extension_count;
};

/* What the application decides. The functions must not change the group. */
struct mls_auth {
    /* Credentials (section 5.3.1), for every leaf that enters a tree. before is the leaf that
     * `member` follows in an Update, an UpdatePath or a commit by which it joins anew, else NULL.
     * Anything but OK refuses the leaf and is what the caller gets. */
    err (*accept)(void *ctx, const struct mls_member *before, const struct mls_member *member);
    void *ctx;
    /* May be NULL, as all below. External pre-shared keys (section 8.4): sets `secret` for an id;
     * MLS_PSK if there is none. */
    err (*psk)(void *ctx, slice id, buf *secret);
    /* Resumption PSKs (section 8.6) that a group no longer has, or of another group: what
     * mls_group_resumption_psk once gave. MLS_PSK if there is none. */
    err (*resumption)(void *ctx, slice group_id, uint64_t epoch, buf *secret);
    /* The group context's extensions, where others would set them: by a GroupContextExtensions or
     * ReInit proposal. That includes the credentials of external senders. NULL refuses all. */
    err (*extensions)(void *ctx, const struct mls_extension *extensions, size_t count);
    /* Listen to senders from outside the group (external senders, new members). */
    bool outside;
};

/* ---- Key packages (section 10) ---- */

struct mls_key_package_params {
    struct mls_leaf_params leaf;
    uint64_t not_before, not_after; /* seconds since 1970 */
    /* For use where there is no other one left, more than once (section 16.8): marked so that
     * others can tell (draft-ietf-mls-extensions-10 section 6.4). */
    bool last_resort;
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
    uint32_t proposals;    /* that wait, of one sender in one epoch; 0: the default, 32 */
};

struct mls_group_params {
    const struct mls_suite *suite;
    slice group_id;
    struct mls_leaf_params leaf;
    /* The lifetime of our leaf, like that of a key package's (section 7.2): seconds since 1970. Who
     * joins from outside in epoch 0 sees it; our first commit brings another leaf, without one.
     * not_after 0: none, and the leaf says that it is from an Update, which has no lifetime. */
    uint64_t not_before, not_after;
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

struct mls_join_params {
    slice welcome;
    struct mls_own_key_package own;
    slice tree; /* the ratchet tree, if the Welcome does not carry it */
    /* The group that this one continues, if it was made by mls_group_reinit or mls_group_branch:
     * its members only may be in the new one, and it must be what the ReInit announced. */
    const struct mls_group *parent;
    const struct mls_limits *limits; /* NULL: the defaults */
    const struct mem *mem;           /* NULL: malloc */
};

/* Joins (section 12.4.3.1). MLS_NO_WELCOME if it is for another key package. *sender: the leaf that
 * added us. That we are not in a group of this id already is the caller's to check, before it keeps
 * the new one. */
MUST err mls_group_join(struct mls_group **group, const struct mls_join_params *params,
                        const struct mls_auth *auth, uint32_t *sender);
void mls_group_free(struct mls_group *group);

/* One versioned blob with everything, secrets included: seal it. Appended to out. It ends with a
 * checksum against damage; who can write it can also make that right. */
MUST err mls_group_save(const struct mls_group *group, buf *out);
/* DAMAGED if the blob is not one that mls_group_save made, now or in an earlier version. */
MUST err mls_group_load(struct mls_group **group, slice saved, const struct mem *mem);

/* The same in parts, each a value under a number, of which a save writes only those that changed:
 * part 0, and one for each node of the tree that is not blank. A message costs part 0, a commit its
 * path besides, whatever the size of the group. */
struct mls_parts {
    /* For saving: value replaces what the part was; empty: the part is deleted. */
    err (*put)(void *ctx, uint32_t part, slice value);
    /* For loading: one part after the other, in ascending order; NOT_FOUND at the end. The value
     * stays valid until the next call. */
    err (*next)(void *ctx, uint32_t *part, slice *value);
    void *ctx;
};
/* Writes what changed since the group was saved or loaded so; everything, if it never was. What is
 * put belongs into one transaction: if that fails, drop the group and load the saved one. */
MUST err mls_group_save_parts(struct mls_group *group, const struct mls_parts *parts);
/* DAMAGED if they are not the parts of one group. */
MUST err mls_group_load_parts(struct mls_group **group, const struct mls_parts *parts,
                              const struct mem *mem);

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
/* Of the GroupContext (section 8.1): alike for whoever holds the same epoch, observers too. */
slice mls_group_tree_hash(const struct mls_group *group);
slice mls_group_confirmed_transcript_hash(const struct mls_group *group);
/* The ratchet_tree extension's content (section 12.4.3.3), appended. */
MUST err mls_group_tree(const struct mls_group *group, buf *out);
/* The resumption PSK of an epoch that the group still has (section 8.6), for mls_auth.resumption in
 * times when it does not. MLS_PSK if it is too old. */
MUST err mls_group_resumption_psk(const struct mls_group *group, uint64_t epoch, uint8_t *out,
                                  size_t *n);
/* MLS-Exporter (section 8.5). */
MUST err mls_group_export(const struct mls_group *group, slice label, slice context, uint8_t *out,
                          size_t n);
/* SafeExportSecret of draft-ietf-mls-extensions-10 section 4.4: the secret of a component in this
 * epoch: the suite's hash length, at most 64 bytes; *n in and out. Once: nobody can get it from the
 * group again. REPEAT if it was taken before. */
MUST err mls_group_safe_export(struct mls_group *group, uint16_t component, uint8_t *out,
                               size_t *n);

/* ---- Messages ---- */

/* An application message as a PrivateMessage (section 6.3), appended to out. padding: zero bytes to
 * add inside. The group moves on by one generation. */
MUST err mls_group_protect(struct mls_group *group, slice authenticated_data, slice plain,
                           size_t padding, buf *out);
/* How many bytes longer than its content a PrivateMessage of this group is, for choosing padding;
 * at the most, in suites with ECDSA, whose signatures vary by a few bytes. So do the sizes below.
 */
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
    slice group_id;     /* public and private messages, GroupInfos */
    uint64_t epoch;     /* likewise */
    enum mls_kind kind; /* public and private messages */
    uint16_t suite;     /* Welcomes, GroupInfos, KeyPackages */
};
/* MLS_VERSION for another protocol version, UNKNOWN_TYPE for another wire format or kind. */
MUST err mls_message_header(slice message, struct mls_header *header);

struct mls_received {
    enum mls_kind kind;
    uint64_t epoch;
    enum mls_sender_type sender_type;
    uint32_t sender; /* member: its leaf index then; external: its place in external_senders */
    /* As in that epoch's tree; of a sender from outside, as its message or the list has it. */
    uint16_t sender_credential;
    slice sender_identity;
    slice sender_signature_pub;
    slice authenticated_data;
    slice application;         /* MLS_APPLICATION: the plaintext */
    struct mls_staged *commit; /* MLS_COMMIT: apply or free it */
    buf memory;                /* what the slices point into: free with mls_received_free */
};

/* Checks and opens a message of another member.
 * MLS_APPLICATION: the plaintext; its key is erased. Epochs past are accepted within the limits.
 * MLS_PROPOSAL: kept in the group until the epoch ends, for a commit to name; what can't be valid,
 * whatever is committed with it, is refused at once. FULL if very many wait.
 * MLS_COMMIT: staged; the group itself does not change until mls_staged_apply.
 * EARLY for a later epoch, MISSING if a commit names a proposal not seen, MLS_OWN_MESSAGE for what
 * we sent, REPEAT or MLS_GENERATION for a key that is used up, else the rule that is broken. */
MUST err mls_group_process(struct mls_group *group, slice message, const struct mls_auth *auth,
                           struct mls_received *received);
void mls_received_free(struct mls_received *received);

/* ---- Proposals and commits (section 12) ---- */

enum mls_proposal_type {
    MLS_PROPOSAL_ADD = 1,
    MLS_PROPOSAL_UPDATE = 2,
    MLS_PROPOSAL_REMOVE = 3,
    MLS_PROPOSAL_PSK = 4,
    MLS_PROPOSAL_REINIT = 5,
    MLS_PROPOSAL_EXTERNAL_INIT = 6,
    MLS_PROPOSAL_GROUP_CONTEXT_EXTENSIONS = 7,
    /* We leave (draft-ietf-mls-extensions-10 section 6.3): where all members list it among their
     * supported_proposals, in a public message, once in an epoch. Who joins by a commit can bring
     * it, too, so that it isn't lost like a Remove of ourselves. */
    MLS_PROPOSAL_SELF_REMOVE = 10
};

/* What to propose: type, and the fields that belong to it. */
struct mls_propose {
    uint16_t type;
    slice key_package;                    /* add */
    uint32_t leaf;                        /* remove */
    const struct mls_leaf_params *update; /* update: what the leaf says; NULL: as now */
    slice psk_id;                         /* psk: an external one's id... */
    bool resumption;                      /* ... or this, for the group's own of an epoch */
    uint64_t epoch;
    slice group_id;                /* reinit: of the group to come, */
    const struct mls_suite *suite; /* and its suite */
    /* reinit, group_context_extensions: all that are to be */
    const struct mls_extension *extensions;
    size_t extension_count;
    slice content; /* any other type: its content, which is framed as one opaque<V>. All members
                    * must list the type in their capabilities; by value, all but those
                    * whom the commit removes. */
};

/* A proposal of our own, by reference: the message is appended to out and the proposal is kept.
 * REPEAT for one that waits already, byte for byte; MLS_CAPABILITIES for a type that not all
 * members list. */
MUST err mls_group_propose(struct mls_group *group, const struct mls_propose *what,
                           const struct mls_auth *auth, enum mls_wire wire, buf *out);
/* Number of proposals that wait for a commit: whether there may be something to commit, which
 * leaves out what can't be valid in it. */
size_t mls_group_pending_proposals(const struct mls_group *group);
/* The i-th of them, in the order of their arrival; false if there is none. */
struct mls_proposed {
    uint16_t type;
    struct mls_sender by;
    uint32_t leaf; /* remove, update: whose */
};
bool mls_group_pending(const struct mls_group *group, size_t i, struct mls_proposed *proposed);
/* Forgets the newest, for an application that refuses it. */
void mls_group_forget_proposal(struct mls_group *group);
/* Forgets them. */
void mls_group_clear_proposals(struct mls_group *group);

struct mls_commit_params {
    const slice *adds; /* key packages, by value */
    size_t add_count;
    const uint32_t *removes; /* leaves, by value */
    size_t remove_count;
    const struct mls_propose *proposals; /* others, by value; no Update: that is `leaf` */
    size_t proposal_count;
    bool without_pending; /* leave the pending proposals out */
    /* Take pending PreSharedKey proposals, too: that all others, and who is added, have these keys
     * is the caller's to know. */
    bool pending_psks;
    uint64_t now; /* seconds: leave out pending Adds whose lifetime is not now; 0: don't judge */
    const struct mls_leaf_params *leaf; /* what our new leaf says; NULL: as now */
    enum mls_wire wire;
    slice authenticated_data;
    bool tree_in_welcome;
    bool external_pub; /* the Welcome's GroupInfo has the external_pub extension */
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
 * Update, the newest of several Updates over the others). A SelfRemove wins over all of these: a
 * Remove by value is left out where it does the same. The group does not change but for the
 * generation used (save it before publishing). */
MUST err mls_group_commit(struct mls_group *group, const struct mls_commit_params *params,
                          const struct mls_auth *auth, struct mls_committed *committed);
void mls_committed_free(struct mls_committed *committed, const struct mem *mem);

/* What a staged commit would do. */
struct mls_change {
    enum { MLS_ADDED = 1, MLS_REMOVED = 2, MLS_UPDATED = 3 } what;
    struct mls_member member; /* after an add or update; before a removal */
    struct mls_sender by;     /* who proposed it */
};
uint64_t mls_staged_epoch(const struct mls_staged *staged);
/* A leaf of the new epoch. */
uint32_t mls_staged_committer(const struct mls_staged *staged);
/* True if the committer joined by this commit. */
bool mls_staged_is_external(const struct mls_staged *staged);
/* True if a ReInit ends the group: mls_group_reinit follows. */
bool mls_staged_is_reinit(const struct mls_staged *staged);
/* The new epoch's group context extensions; *changed: a proposal replaced them. */
const struct mls_extension *mls_staged_extensions(const struct mls_staged *staged, size_t *count,
                                                  bool *changed);
/* True if the commit removes us: applying leaves a group that can only be read and freed. Whom a
 * commit removes can't check its confirmation tag. */
bool mls_staged_removes_us(const struct mls_staged *staged);
size_t mls_staged_change_count(const struct mls_staged *staged);
struct mls_change mls_staged_change(const struct mls_staged *staged, size_t i);
/* The new epoch's member, leaf count and exporter, before it is applied. */
uint32_t mls_staged_leaf_count(const struct mls_staged *staged);
MUST err mls_staged_member(const struct mls_staged *staged, uint32_t leaf,
                           struct mls_member *member);
MUST err mls_staged_export(const struct mls_staged *staged, slice label, slice context,
                           uint8_t *out, size_t n);
/* A staged commit survives a restart: saved by itself, as what differs from the group that it
 * belongs to, and loaded against that. */
MUST err mls_staged_save(const struct mls_staged *staged, buf *out);
MUST err mls_staged_load(struct mls_staged **staged, const struct mls_group *group, slice saved);
void mls_staged_free(struct mls_staged *staged);
/* Moves the group to the staged epoch; frees the staged commit. Can't fail. The staged commit must
 * have been made or processed in the group's present epoch: another one is only freed. */
void mls_staged_apply(struct mls_group *group, struct mls_staged *staged);
/* True once a commit that removed us was applied. */
bool mls_group_is_out(const struct mls_group *group);

/* ---- From outside (sections 12.1.8, 12.4.3.2) ---- */

/* A signed GroupInfo (section 12.4.3), an MLSMessage, appended to out: for those who join by a
 * commit of their own (external_pub) or follow the group. */
MUST err mls_group_info(const struct mls_group *group, bool with_tree, bool external_pub, buf *out);

struct mls_external_params {
    slice group_info;
    slice tree; /* if the GroupInfo does not carry it */
    struct mls_leaf_params leaf;
    bool resync; /* remove the leaf `removed`, our former one; accept judges the succession */
    uint32_t removed;
    const slice *psk_ids; /* external ones to bring in */
    size_t psk_count;
    /* The SelfRemove proposals that wait in the group, as they were sent: to be fetched together
     * with group_info, and all committed. One that is not valid fails the call. */
    const slice *self_removes;
    size_t self_remove_count;
    slice authenticated_data;
    const struct mls_limits *limits;
    const struct mem *mem;
};
/* Joins by a commit (section 12.4.3.2): the group is in the epoch that the commit begins, if the
 * others accept it; drop the group if they don't. The commit, a PublicMessage, is appended to out.
 */
MUST err mls_group_join_external(struct mls_group **group, const struct mls_external_params *params,
                                 const struct mls_auth *auth, buf *out);

/* A group to follow without being in it and without any secret: for a server or an auditor. It
 * processes the PublicMessages of a group (mls_group_process, mls_staged_apply), checks all that
 * can be checked without secrets, and can be asked and saved like any other; tags it can't check.
 */
MUST err mls_group_observe(struct mls_group **group, slice group_info, slice tree,
                           const struct mls_limits *limits, const struct mls_auth *auth,
                           const struct mem *mem);
bool mls_group_is_observer(const struct mls_group *group);

/* A proposal from outside, a PublicMessage, appended to out: of the sender at `place` in the
 * group's external_senders (Add, Remove, PSK, ReInit, GroupContextExtensions), or, new_member, an
 * Add of one's own key package. */
struct mls_outsider {
    const struct mls_suite *suite;
    slice group_id;
    uint64_t epoch;
    bool new_member;
    uint32_t place;
    slice signature_priv;
};
MUST err mls_outsider_propose(const struct mls_outsider *from, const struct mls_propose *what,
                              buf *out);

/* ---- Going on in another group (sections 11.2, 11.3) ---- */

struct mls_resume_params {
    struct mls_leaf_params leaf;
    const slice *key_packages; /* of the others */
    size_t count;
    /* Branch only: */
    slice group_id;
    const struct mls_extension *extensions;
    size_t extension_count;
    bool tree_in_welcome, welcome_each;
    const struct mls_limits *limits;
    const struct mem *mem;
};
/* The group that a committed ReInit announced, with all members of the old one: in its epoch 1,
 * with the Welcomes in `committed`, whose commit and staged are empty. The old group stays as it
 * is. */
MUST err mls_group_reinit(struct mls_group **group, const struct mls_group *old,
                          const struct mls_resume_params *params, const struct mls_auth *auth,
                          struct mls_committed *committed);
/* A group of some members of the old one, with its suite. */
MUST err mls_group_branch(struct mls_group **group, const struct mls_group *old,
                          const struct mls_resume_params *params, const struct mls_auth *auth,
                          struct mls_committed *committed);
/* True once a ReInit was committed: the group can only be read, and mls_group_reinit called. */
bool mls_group_is_ended(const struct mls_group *group);
/* What it announced; false without one. A suite that is not in this build is NULL. The slices live
 * as long as the group. */
struct mls_announced {
    const struct mls_suite *suite;
    slice group_id;
    const struct mls_extension *extensions;
    size_t extension_count;
};
bool mls_group_announced(const struct mls_group *group, struct mls_announced *announced);

#endif
