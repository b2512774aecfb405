/* The structures of RFC 9420, decoded. Each owns what it holds: _free wipes and frees, and a
 * structure of zeros is valid to free. Encoders and decoders (types.c, types_messages.c) are named
 * mls_<type>_write and _read; a reader fails on anything that the structure can't hold, with
 * nothing left to free and the cursor where it was. A buf's room may be larger than its content;
 * every other array is exactly as long as its count says. */
#ifndef SOTTO_MLS_TYPES_H
#define SOTTO_MLS_TYPES_H

#include "sotto/mls.h"

enum mls_version { MLS_VERSION_10 = 1 };
enum mls_leaf_source { MLS_LEAF_KEY_PACKAGE = 1, MLS_LEAF_UPDATE = 2, MLS_LEAF_COMMIT = 3 };
enum mls_psk_type { MLS_PSK_EXTERNAL = 1, MLS_PSK_RESUMPTION = 2 };
enum mls_psk_usage { MLS_PSK_APPLICATION = 1, MLS_PSK_REINIT = 2, MLS_PSK_BRANCH = 3 };
enum mls_extension_type {
    MLS_EXTENSION_APPLICATION_ID = 1,
    MLS_EXTENSION_RATCHET_TREE = 2,
    MLS_EXTENSION_REQUIRED_CAPABILITIES = 3,
    MLS_EXTENSION_EXTERNAL_PUB = 4,
    MLS_EXTENSION_EXTERNAL_SENDERS = 5,
    MLS_EXTENSION_APP_DATA_DICTIONARY = 6 /* draft-ietf-mls-extensions-10 s.7.1.1 */
};
enum { MLS_HASH_MAX = 64 };

/* uint16 values, as they are encoded. */
struct mls_u16s {
    buf data;
};
struct mls_u32s {
    uint32_t *p;
    size_t n;
};
/* Extensions: p[i].data points into data, which is the encoded list without its length. p is NULL
 * if they were read without copying. */
struct mls_extensions {
    struct mls_extension *p;
    size_t n;
    buf data;
};
struct mls_credential {
    uint16_t type;
    buf identity; /* basic: the identity; other types: the content of their one vector */
};
struct mls_capabilities {
    struct mls_u16s versions, suites, extensions, proposals, credentials;
};
struct mls_leaf_node {
    buf encryption_key, signature_key;
    struct mls_credential credential;
    struct mls_capabilities capabilities;
    enum mls_leaf_source source;
    uint64_t not_before, not_after; /* source key_package */
    buf parent_hash;                /* source commit */
    struct mls_extensions extensions;
    buf signature;
};
struct mls_parent_node {
    buf encryption_key;
    buf parent_hash;
    struct mls_u32s unmerged; /* leaf indices, ascending */
};
struct mls_key_package {
    uint16_t version, suite;
    buf init_key;
    struct mls_leaf_node leaf;
    struct mls_extensions extensions;
    buf signature;
};
struct mls_hpke_ciphertext {
    buf kem_output, ciphertext;
};
struct mls_update_path_node {
    buf encryption_key;
    struct mls_hpke_ciphertext *secrets;
    size_t secret_count;
};
struct mls_update_path {
    struct mls_leaf_node leaf;
    struct mls_update_path_node *nodes;
    size_t node_count;
};
struct mls_psk_id {
    uint8_t type;   /* enum mls_psk_type */
    uint8_t usage;  /* resumption: enum mls_psk_usage */
    buf id;         /* external: psk_id; resumption: psk_group_id */
    uint64_t epoch; /* resumption */
    buf nonce;
};
struct mls_proposal {
    uint16_t type;
    struct mls_key_package *key_package; /* add */
    struct mls_leaf_node *leaf;          /* update */
    uint32_t removed;                    /* remove */
    struct mls_psk_id psk;               /* psk */
    buf group_id;                        /* reinit */
    uint16_t version, suite;             /* reinit */
    buf kem_output;                      /* external_init */
    struct mls_extensions extensions;    /* reinit, group_context_extensions */
    buf content;                         /* types that are not known: one opaque<V> */
};
struct mls_proposal_or_ref {
    buf reference;
    struct mls_proposal *proposal; /* NULL: by reference */
};
struct mls_commit {
    struct mls_proposal_or_ref *proposals;
    size_t proposal_count;
    bool has_path;
    struct mls_update_path path;
};
struct mls_group_context {
    uint16_t version, suite;
    buf group_id;
    uint64_t epoch;
    buf tree_hash, confirmed_transcript_hash;
    struct mls_extensions extensions;
};
struct mls_framed_content {
    buf group_id;
    uint64_t epoch;
    struct mls_sender sender;
    buf authenticated_data;
    enum mls_kind kind;
    buf application;
    struct mls_proposal proposal;
    struct mls_commit commit;
};
/* FramedContentAuthData and what AuthenticatedContent adds. */
struct mls_authenticated_content {
    uint16_t wire_format;
    struct mls_framed_content content;
    buf signature;
    buf confirmation_tag; /* commits */
};
struct mls_public_message {
    struct mls_authenticated_content auth;
    buf membership_tag; /* members */
};
struct mls_private_message {
    buf group_id;
    uint64_t epoch;
    enum mls_kind kind;
    buf authenticated_data, encrypted_sender_data, ciphertext;
};
struct mls_group_info {
    struct mls_group_context context;
    struct mls_extensions extensions;
    buf confirmation_tag;
    uint32_t signer;
    buf signature;
};
struct mls_group_secrets {
    buf joiner_secret;
    bool has_path_secret;
    buf path_secret;
    struct mls_psk_id *psks;
    size_t psk_count;
};
struct mls_encrypted_group_secrets {
    buf new_member;
    struct mls_hpke_ciphertext secrets;
};
struct mls_welcome {
    uint16_t suite;
    struct mls_encrypted_group_secrets *secrets;
    size_t secret_count;
    buf encrypted_group_info;
};

/* X(type): everything above that is written and read by itself. */
#define MLS_TYPES(X)                                                                \
    X(extensions)                                                                   \
    X(credential)                                                                   \
    X(capabilities)                                                                 \
    X(leaf_node)                                                                    \
    X(parent_node)                                                                  \
    X(key_package)                                                                  \
    X(hpke_ciphertext)                                                              \
    X(update_path)                                                                  \
    X(psk_id)                                                                       \
    X(proposal)                                                                     \
    X(commit) X(sender) X(group_context) X(framed_content) X(authenticated_content) \
        X(public_message) X(private_message) X(group_info) X(group_secrets)         \
            X(encrypted_group_secrets) X(welcome)
#define X(type)                                                                         \
    void mls_##type##_write(writer *w, const struct mls_##type *v);                     \
    MUST err mls_##type##_read(reader *r, struct mls_##type *v, const struct mem *mem); \
    void mls_##type##_free(struct mls_##type *v, const struct mem *mem);                \
    MUST err mls_##type##_copy(struct mls_##type *to, const struct mls_##type *from,    \
                               const struct mem *mem);
MLS_TYPES(X)
#undef X

/* Given to a reader in place of an allocator: what is opaque is not copied, but points into what is
 * read, and extensions are counted, but not listed (see mls_extensions_list). For what has no other
 * lists: leaf nodes and what is in them, GroupInfos, EncryptedGroupSecrets. */
extern const struct mem mls_in_place;

/* What is signed of these begins with everything before the signature. */
void mls_leaf_node_write_unsigned(writer *w, const struct mls_leaf_node *v);
void mls_key_package_write_unsigned(writer *w, const struct mls_key_package *v);
void mls_group_info_write_unsigned(writer *w, const struct mls_group_info *v);

/* The parts of FramedContent and FramedContentAuthData that depend on v->kind; a PrivateMessage
 * encrypts just these. A read that fails leaves v to be freed by its owner. */
MUST err mls_content_body_read(reader *r, struct mls_framed_content *v, const struct mem *mem);
void mls_content_body_write(writer *w, const struct mls_framed_content *v);
MUST err mls_auth_data_read(reader *r, struct mls_authenticated_content *v, const struct mem *mem);
void mls_auth_data_write(writer *w, const struct mls_authenticated_content *v);

/* The first fields of an MLSMessage (section 6), before its body. */
void mls_message_begin(writer *w, enum mls_wire wire);
/* MLS_VERSION for another protocol version; the body's end is the caller's to check. */
MUST err mls_message_open(slice message, uint16_t *wire, reader *body);

/* ---- Parts that several structures share ---- */

/* A buf that borrows the bytes: see there. */
static inline buf mls_borrow(slice s) {
    return (buf){.p = (uint8_t *)(uintptr_t)s.p, .n = s.n};
}
/* opaque v<V> with exactly the memory that it needs. buf must be empty. */
MUST err mls_opaque_read(reader *r, buf *b, const struct mem *mem);
void mls_opaque_write(writer *w, const buf *b);
MUST err mls_opaque_copy(buf *to, slice from, const struct mem *mem);
MUST err mls_u16s_read(reader *r, struct mls_u16s *v, const struct mem *mem);
void mls_u16s_write(writer *w, const struct mls_u16s *v);
void mls_u16s_free(struct mls_u16s *v, const struct mem *mem);
static inline size_t mls_u16s_count(const struct mls_u16s *v) {
    return v->data.n / 2;
}
static inline uint16_t mls_u16s_at(const struct mls_u16s *v, size_t i) {
    return (uint16_t)(v->data.p[2 * i] << 8 | v->data.p[2 * i + 1]);
}
bool mls_u16s_have(const struct mls_u16s *v, uint16_t value);
MUST err mls_u32s_read(reader *r, struct mls_u32s *v, const struct mem *mem);
void mls_u32s_write(writer *w, const struct mls_u32s *v);
void mls_u32s_free(struct mls_u32s *v, const struct mem *mem);
/* For qsort and bsearch. */
int mls_u32_order(const void *a, const void *b);
/* Builds a list that owns its data from one that is borrowed. */
MUST err mls_extensions_from(struct mls_extensions *to, const struct mls_extension *p, size_t n,
                             const struct mem *mem);
/* Lists the extensions of a list that is well formed: p has room for v->n. */
void mls_extensions_list(const struct mls_extensions *v, struct mls_extension *p);
/* The same in memory of its own, v->p. */
MUST err mls_extensions_index(struct mls_extensions *v, const struct mem *mem);
/* NULL if there is none of this type. */
const struct mls_extension *mls_extensions_find(const struct mls_extensions *v, uint16_t type);

/* A vector of structures. */
struct mls_list_kind {
    size_t size; /* bytes of one element */
    err (*read)(reader *r, void *element, const struct mem *mem);
    void (*free)(void *element, const struct mem *mem);
};
/* Reads a vector to its end. Memory grows with what was read, never ahead of it. */
MUST err mls_list_read(reader *r, const struct mls_list_kind *kind, void **p, size_t *n,
                       const struct mem *mem);
void mls_list_free(const struct mls_list_kind *kind, void *p, size_t n, const struct mem *mem);

/* Defines mls_<type>_read and _copy from a static function fill_<type>(r, v, mem), which may leave
 * a half-filled structure when it fails. */
#define MLS_DEFINE_READ(type)                                                       \
    err mls_##type##_read(reader *r, struct mls_##type *v, const struct mem *mem) { \
        reader at = *r;                                                             \
        memset(v, 0, sizeof(*v));                                                   \
        err e = fill_##type(&at, v, mem);                                           \
        if (e == OK)                                                                \
            *r = at;                                                                \
        else                                                                        \
            mls_##type##_free(v, mem);                                              \
        return e;                                                                   \
    }                                                                               \
    err mls_##type##_copy(struct mls_##type *to, const struct mls_##type *from,     \
                          const struct mem *mem) {                                  \
        buf bytes = buf_on(mem);                                                    \
        writer w = writer_on(&bytes);                                               \
        mls_##type##_write(&w, from);                                               \
        err e = writer_result(&w);                                                  \
        reader r = reader_of(buf_slice(&bytes));                                    \
        if (e == OK)                                                                \
            e = mls_##type##_read(&r, to, mem);                                     \
        else                                                                        \
            memset(to, 0, sizeof(*to));                                             \
        buf_free(&bytes);                                                           \
        return e;                                                                   \
    }

#endif
