/* What the files of the peer share. */
#ifndef SOTTO_MLSTOOL_PEER_INTERNAL_H
#define SOTTO_MLSTOOL_PEER_INTERNAL_H

#include "mlstool/peer.h"

struct peer_keys {
    buf pub, priv; /* signature keys; empty where they are not known */
};

/* What a handle stands for: one of these. */
struct peer_object {
    enum { PEER_NOTHING, PEER_GROUP, PEER_KEY_PACKAGE, PEER_STAGED } kind;
    struct mls_group *group;
    struct peer_keys keys;    /* of a group or key package */
    buf key_package, secrets; /* of a key package */
    struct mls_staged *staged;
    uint64_t of; /* of a staged commit: its group's handle */
};

/* A pre-shared key. resumption: `id` is a group id. */
struct peer_psk {
    bool resumption;
    uint64_t epoch;
    buf id, secret;
};

struct peer {
    struct peer_object *objects; /* handle h is objects[h - 1] */
    size_t object_count;
    struct peer_psk *psks;
    size_t psk_count;
    struct mls_auth auth;
};

/* One request. Reads of a field that is missing or of another kind fail and stick: `e` and `field`
 * say so; a command looks once, after it has read what it needs. What is read lives as long as the
 * request. */
struct peer_request {
    struct peer *peer;
    struct json_object *in, *out;
    err e;
    const char *field;
    struct peer_block *blocks;
};

void *peer_alloc(struct peer_request *q, size_t size);
void peer_fail(struct peer_request *q, err e, const char *field);

/* Fields of an object `o` of the request. Optional ones have a value to fall back on. */
bool peer_has(struct json_object *o, const char *key);
slice peer_bytes(struct peer_request *q, struct json_object *o, const char *key);
slice peer_bytes_or_none(struct peer_request *q, struct json_object *o, const char *key);
uint64_t peer_number(struct peer_request *q, struct json_object *o, const char *key);
uint64_t peer_number_or(struct peer_request *q, struct json_object *o, const char *key,
                        uint64_t otherwise);
bool peer_flag(struct peer_request *q, struct json_object *o, const char *key);
const struct mls_suite *peer_suite(struct peer_request *q, struct json_object *o, const char *key);
/* An array's elements; 0 where it is missing. */
size_t peer_count(struct peer_request *q, struct json_object *o, const char *key);
const slice *peer_byte_list(struct peer_request *q, struct json_object *o, const char *key);
const uint32_t *peer_u32_list(struct peer_request *q, struct json_object *o, const char *key);
const struct mls_extension *peer_extensions(struct peer_request *q, struct json_object *o,
                                            size_t *count);
/* identity, credential, extensions, supported_..., grease, and signature_pub with signature_priv:
 * these keys where it has none. */
struct mls_leaf_params peer_leaf(struct peer_request *q, struct json_object *o,
                                 const struct peer_keys *keys);
/* leaf_node: what an Update or a commit's path says of us; NULL: as now. */
const struct mls_leaf_params *peer_new_leaf(struct peer_request *q, struct json_object *o,
                                            const struct peer_keys *keys);
/* A proposal: type and its fields. */
struct mls_propose peer_proposal(struct peer_request *q, struct json_object *o,
                                 const struct peer_keys *keys);
/* Public messages, or private ones. */
enum mls_wire peer_wire(struct peer_request *q);

/* The object that a field names; the request fails if it is not of this kind, and a nothing is
 * returned. */
struct peer_object *peer_object_of(struct peer_request *q, const char *key, int kind);
struct mls_group *peer_group(struct peer_request *q, const char *key);
/* Makes a handle for what `object` holds, which is moved. 0 without memory, and `object` stays. */
uint64_t peer_handle(struct peer *peer, struct peer_object *object);
void peer_object_free(struct peer_object *object);

/* Fields of the answer, or of an object in it. */
void peer_put_bytes(struct json_object *o, const char *key, slice s);
void peer_put_number(struct json_object *o, const char *key, uint64_t v);
void peer_put_flag(struct json_object *o, const char *key, bool v);
void peer_put_text(struct json_object *o, const char *key, const char *text);
/* The Welcomes and the added members' leaves. */
void peer_put_committed(struct peer_request *q, const struct mls_committed *c);
struct json_object *peer_member_json(const struct mls_member *member);

/* Commands: a list that ends with a NULL name. */
struct peer_command {
    const char *name;
    err (*run)(struct peer_request *q);
};
extern const struct peer_command peer_group_commands[], peer_message_commands[];

#endif
