/* Fields of requests and answers. */
#include "base/text.h"
#include "mlstool/peer_internal.h"

void peer_fail(struct peer_request *q, err e, const char *field) {
    if (q->e != OK || e == OK)
        return;
    q->e = e;
    q->field = field;
}

/* ---- Reading ---- */

bool peer_has(struct json_object *o, const char *key) {
    struct json_object *field = NULL;
    return json_object_object_get_ex(o, key, &field) && field != NULL;
}

/* NULL if it is not of this type; then the request has failed. */
static struct json_object *field_of(struct peer_request *q, struct json_object *o, const char *key,
                                    json_type type) {
    struct json_object *field = NULL;
    if (json_object_object_get_ex(o, key, &field) && json_object_is_type(field, type))
        return field;
    peer_fail(q, ERR_MALFORMED, key);
    return NULL;
}

static slice decode(struct peer_request *q, struct json_object *text, const char *key) {
    if (!json_object_is_type(text, json_type_string)) {
        peer_fail(q, ERR_MALFORMED, key);
        return SLICE_EMPTY;
    }
    slice hex = slice_of(json_object_get_string(text), (size_t)json_object_get_string_len(text));
    uint8_t *copy = peer_alloc(q, hex.n / 2);
    buf bytes = {0};
    err e = hex_decode(&bytes, hex);
    slice out = slice_of(copy, bytes.n);
    if (e == OK && copy != NULL && bytes.n != 0)
        memcpy(copy, bytes.p, bytes.n);
    buf_free(&bytes);
    peer_fail(q, e, key);
    return q->e == OK ? out : SLICE_EMPTY;
}

slice peer_bytes(struct peer_request *q, struct json_object *o, const char *key) {
    struct json_object *text = field_of(q, o, key, json_type_string);
    return text == NULL ? SLICE_EMPTY : decode(q, text, key);
}

slice peer_bytes_or_none(struct peer_request *q, struct json_object *o, const char *key) {
    return peer_has(o, key) ? peer_bytes(q, o, key) : SLICE_EMPTY;
}

uint64_t peer_number(struct peer_request *q, struct json_object *o, const char *key) {
    struct json_object *field = field_of(q, o, key, json_type_int);
    if (field == NULL)
        return 0;
    if (json_object_get_int64(field) < 0)
        peer_fail(q, ERR_MALFORMED, key);
    return json_object_get_uint64(field);
}

uint64_t peer_number_or(struct peer_request *q, struct json_object *o, const char *key,
                        uint64_t otherwise) {
    return peer_has(o, key) ? peer_number(q, o, key) : otherwise;
}

static uint64_t number_below(struct peer_request *q, struct json_object *o, const char *key,
                             uint64_t otherwise, uint64_t most) {
    uint64_t v = peer_number_or(q, o, key, otherwise);
    if (v > most)
        peer_fail(q, ERR_MALFORMED, key);
    return v > most ? 0 : v;
}

bool peer_flag(struct peer_request *q, struct json_object *o, const char *key) {
    if (!peer_has(o, key))
        return false;
    struct json_object *field = field_of(q, o, key, json_type_boolean);
    return field != NULL && json_object_get_boolean(field);
}

const struct mls_suite *peer_suite(struct peer_request *q, struct json_object *o, const char *key) {
    uint16_t id = (uint16_t)number_below(q, o, key, 0, UINT16_MAX);
    const struct mls_suite *suite = mls_suite_find(id);
    if (suite == NULL)
        peer_fail(q, ERR_MLS_SUITE, key);
    return suite;
}

size_t peer_count(struct peer_request *q, struct json_object *o, const char *key) {
    if (!peer_has(o, key))
        return 0;
    struct json_object *list = field_of(q, o, key, json_type_array);
    return list == NULL ? 0 : json_object_array_length(list);
}

static struct json_object *element(struct json_object *o, const char *key, size_t i) {
    struct json_object *list = NULL;
    json_object_object_get_ex(o, key, &list);
    return json_object_array_get_idx(list, i);
}

const slice *peer_byte_list(struct peer_request *q, struct json_object *o, const char *key) {
    size_t n = peer_count(q, o, key);
    slice *list = peer_alloc(q, n * sizeof(*list));
    for (size_t i = 0; list != NULL && i < n; i++)
        list[i] = decode(q, element(o, key, i), key);
    return list;
}

static uint64_t number_in(struct peer_request *q, struct json_object *o, const char *key, size_t i,
                          uint64_t most) {
    struct json_object *one = element(o, key, i);
    int64_t v = json_object_is_type(one, json_type_int) ? json_object_get_int64(one) : -1;
    if (v < 0 || (uint64_t)v > most) {
        peer_fail(q, ERR_MALFORMED, key);
        return 0;
    }
    return (uint64_t)v;
}

const uint32_t *peer_u32_list(struct peer_request *q, struct json_object *o, const char *key) {
    size_t n = peer_count(q, o, key);
    uint32_t *list = peer_alloc(q, n * sizeof(*list));
    for (size_t i = 0; list != NULL && i < n; i++)
        list[i] = (uint32_t)number_in(q, o, key, i, UINT32_MAX);
    return list;
}

static const uint16_t *types(struct peer_request *q, struct json_object *o, const char *key,
                             size_t *count) {
    size_t n = peer_count(q, o, key);
    uint16_t *list = peer_alloc(q, n * sizeof(*list));
    for (size_t i = 0; list != NULL && i < n; i++)
        list[i] = (uint16_t)number_in(q, o, key, i, UINT16_MAX);
    *count = list == NULL ? 0 : n;
    return list;
}

const struct mls_extension *peer_extensions(struct peer_request *q, struct json_object *o,
                                            size_t *count) {
    size_t n = peer_count(q, o, "extensions");
    struct mls_extension *list = peer_alloc(q, n * sizeof(*list));
    for (size_t i = 0; list != NULL && i < n; i++) {
        struct json_object *one = element(o, "extensions", i);
        list[i].type = (uint16_t)number_below(q, one, "type", UINT64_MAX, UINT16_MAX);
        list[i].data = peer_bytes(q, one, "data");
    }
    *count = list == NULL ? 0 : n;
    return list;
}

struct mls_leaf_params peer_leaf(struct peer_request *q, struct json_object *o,
                                 const struct peer_keys *keys) {
    struct mls_leaf_params leaf = {
        .credential = (uint16_t)number_below(q, o, "credential", MLS_CREDENTIAL_BASIC, UINT16_MAX),
        .identity = peer_bytes(q, o, "identity"),
        .signature_pub = buf_slice(&keys->pub),
        .signature_priv = buf_slice(&keys->priv),
        .grease = peer_flag(q, o, "grease")};
    if (peer_has(o, "signature_priv")) {
        leaf.signature_pub = peer_bytes(q, o, "signature_pub");
        leaf.signature_priv = peer_bytes(q, o, "signature_priv");
    }
    leaf.extensions = peer_extensions(q, o, &leaf.extension_count);
    leaf.supported_extensions =
        types(q, o, "supported_extensions", &leaf.supported_extension_count);
    leaf.supported_proposals = types(q, o, "supported_proposals", &leaf.supported_proposal_count);
    leaf.supported_credentials =
        types(q, o, "supported_credentials", &leaf.supported_credential_count);
    return leaf;
}

const struct mls_leaf_params *peer_new_leaf(struct peer_request *q, struct json_object *o,
                                            const struct peer_keys *keys) {
    struct json_object *said = NULL;
    if (!peer_has(o, "leaf_node") || !json_object_object_get_ex(o, "leaf_node", &said))
        return NULL;
    struct mls_leaf_params *leaf = peer_alloc(q, sizeof(*leaf));
    if (leaf != NULL)
        *leaf = peer_leaf(q, said, keys);
    return leaf;
}

static uint16_t proposal_type(struct peer_request *q, struct json_object *o) {
    static const char *const names[] = {
        "", "add", "update", "remove", "psk", "reinit", "external_init", "group_context_extensions",
    };
    struct json_object *type = NULL;
    if (json_object_object_get_ex(o, "type", &type) && json_object_is_type(type, json_type_int))
        return (uint16_t)number_below(q, o, "type", 0, UINT16_MAX);
    const char *name = type == NULL ? "" : json_object_get_string(type);
    for (uint16_t i = 1; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(names[i], name) == 0)
            return i;
    peer_fail(q, ERR_MALFORMED, "type");
    return 0;
}

struct mls_propose peer_proposal(struct peer_request *q, struct json_object *o,
                                 const struct peer_keys *keys) {
    struct mls_propose p = {.type = proposal_type(q, o)};
    switch (p.type) {
    case MLS_PROPOSAL_ADD:
        p.key_package = peer_bytes(q, o, "key_package");
        break;
    case MLS_PROPOSAL_UPDATE:
        p.update = peer_new_leaf(q, o, keys);
        break;
    case MLS_PROPOSAL_REMOVE:
        p.leaf = (uint32_t)number_below(q, o, "leaf", UINT64_MAX, UINT32_MAX);
        break;
    case MLS_PROPOSAL_PSK:
        p.resumption = peer_flag(q, o, "resumption");
        if (p.resumption)
            p.epoch = peer_number(q, o, "epoch");
        else
            p.psk_id = peer_bytes(q, o, "psk_id");
        break;
    case MLS_PROPOSAL_REINIT:
        p.group_id = peer_bytes(q, o, "group_id");
        p.suite = peer_suite(q, o, "suite");
        p.extensions = peer_extensions(q, o, &p.extension_count);
        break;
    case MLS_PROPOSAL_GROUP_CONTEXT_EXTENSIONS:
        p.extensions = peer_extensions(q, o, &p.extension_count);
        break;
    default:
        p.content = peer_bytes_or_none(q, o, "content");
    }
    return p;
}

enum mls_wire peer_wire(struct peer_request *q) {
    return peer_flag(q, q->in, "public") ? MLS_PUBLIC_MESSAGE : MLS_PRIVATE_MESSAGE;
}

struct peer_object *peer_object_of(struct peer_request *q, const char *key, int kind) {
    static struct peer_object nothing;
    uint64_t handle = peer_number(q, q->in, key);
    if (q->e == OK && handle >= 1 && handle <= q->peer->object_count &&
        (int)q->peer->objects[handle - 1].kind == kind)
        return &q->peer->objects[handle - 1];
    peer_fail(q, ERR_NOT_FOUND, key);
    return &nothing;
}

struct mls_group *peer_group(struct peer_request *q, const char *key) {
    return peer_object_of(q, key, PEER_GROUP)->group;
}

/* ---- Writing ---- */

/* NULL, which is JSON's null, without memory. */
static struct json_object *bytes_json(slice s) {
    buf hex = {0};
    struct json_object *o = NULL;
    if (hex_encode(&hex, s) == OK)
        o = json_object_new_string_len(hex.n == 0 ? "" : (const char *)hex.p, (int)hex.n);
    buf_free(&hex);
    return o;
}

void peer_put_bytes(struct json_object *o, const char *key, slice s) {
    json_object_object_add(o, key, bytes_json(s));
}

void peer_put_number(struct json_object *o, const char *key, uint64_t v) {
    json_object_object_add(o, key, json_object_new_uint64(v));
}

void peer_put_flag(struct json_object *o, const char *key, bool v) {
    json_object_object_add(o, key, json_object_new_boolean(v));
}

void peer_put_text(struct json_object *o, const char *key, const char *text) {
    json_object_object_add(o, key, json_object_new_string(text));
}

struct json_object *peer_member_json(const struct mls_member *member) {
    struct json_object *o = json_object_new_object();
    peer_put_number(o, "leaf", member->leaf);
    peer_put_number(o, "credential", member->credential);
    peer_put_bytes(o, "identity", member->identity);
    peer_put_bytes(o, "signature_pub", member->signature_pub);
    return o;
}

void peer_put_committed(struct peer_request *q, const struct mls_committed *c) {
    struct json_object *added = json_object_new_array(), *welcomes = json_object_new_array();
    for (size_t i = 0; i < c->added_count; i++)
        json_object_array_add(added, json_object_new_int64(c->added[i]));
    for (size_t i = 0; i < c->welcome_count; i++)
        json_object_array_add(welcomes, bytes_json(buf_slice(&c->welcomes[i])));
    json_object_object_add(q->out, "welcomes", welcomes);
    json_object_object_add(q->out, "added", added);
}
