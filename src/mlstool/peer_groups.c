/* Commands that make groups and key packages, and that ask about them. */
#include "crypto/crypto.h"
#include "mlstool/peer_internal.h"

/* Signature keys: those of the request, else new ones. */
static err take_keys(struct peer_request *q, const struct mls_suite *suite,
                     struct peer_keys *keys) {
    if (!peer_has(q->in, "signature_priv"))
        return mls_signature_keys_new(suite, &keys->pub, &keys->priv);
    TRY(buf_set(&keys->pub, peer_bytes(q, q->in, "signature_pub")));
    return buf_set(&keys->priv, peer_bytes(q, q->in, "signature_priv"));
}

static err copy_keys(struct peer_keys *to, const struct peer_keys *from) {
    TRY(buf_set(&to->pub, buf_slice(&from->pub)));
    return buf_set(&to->priv, buf_slice(&from->priv));
}

static void put_state(struct json_object *o, const struct mls_group *group) {
    peer_put_number(o, "epoch", mls_group_epoch(group));
    peer_put_number(o, "own_leaf", mls_group_own_leaf(group));
}

/* Makes the handle of something new and answers with it; frees it if that fails. */
static err answer_handle(struct peer_request *q, struct peer_object *object, const char *key) {
    uint64_t handle = peer_handle(q->peer, object);
    if (handle != 0)
        peer_put_number(q->out, key, handle);
    peer_object_free(object);
    return handle == 0 ? ERR_NO_MEMORY : OK;
}

/* The end of every command that makes a group: e is how making it went. */
static err answer_group(struct peer_request *q, struct peer_object *object, err e) {
    if (e == OK) {
        object->kind = PEER_GROUP;
        put_state(q->out, object->group);
        return answer_handle(q, object, "group");
    }
    peer_object_free(object);
    return e;
}

/* ---- Keys ---- */

static err suites(struct peer_request *q) {
    struct json_object *list = json_object_new_array();
    for (size_t i = 0; mls_suite_at(i) != NULL; i++) {
        struct json_object *one = json_object_new_object();
        peer_put_number(one, "suite", mls_suite_id(mls_suite_at(i)));
        peer_put_text(one, "name", mls_suite_name(mls_suite_at(i)));
        json_object_array_add(list, one);
    }
    json_object_object_add(q->out, "suites", list);
    return OK;
}

static err signature_keys(struct peer_request *q) {
    const struct mls_suite *suite = peer_suite(q, q->in, "suite");
    struct peer_keys keys = {0};
    TRY(q->e);
    err e = mls_signature_keys_new(suite, &keys.pub, &keys.priv);
    peer_put_bytes(q->out, "signature_pub", buf_slice(&keys.pub));
    peer_put_bytes(q->out, "signature_priv", buf_slice(&keys.priv));
    buf_free(&keys.pub);
    buf_free(&keys.priv);
    return e;
}

static err make_key_package(struct peer_request *q, const struct mls_suite *suite,
                            struct peer_object *made) {
    TRY(take_keys(q, suite, &made->keys));
    struct mls_key_package_params params = {.leaf = peer_leaf(q, q->in, &made->keys),
                                            .not_before = peer_number_or(q, q->in, "not_before", 0),
                                            .not_after =
                                                peer_number_or(q, q->in, "not_after", UINT64_MAX)};
    TRY(q->e);
    return mls_key_package_new(suite, &params, &made->key_package, &made->secrets);
}

static err key_package(struct peer_request *q) {
    const struct mls_suite *suite = peer_suite(q, q->in, "suite");
    struct peer_object made = {.kind = PEER_KEY_PACKAGE};
    TRY(q->e);
    err e = make_key_package(q, suite, &made);
    uint8_t ref[CRYPTO_HASH_MAX];
    size_t n = sizeof(ref);
    if (e == OK)
        e = mls_key_package_ref(buf_slice(&made.key_package), ref, &n);
    if (e != OK) {
        peer_object_free(&made);
        return e;
    }
    peer_put_bytes(q->out, "key_package", buf_slice(&made.key_package));
    peer_put_bytes(q->out, "ref", slice_of(ref, n));
    peer_put_bytes(q->out, "signature_pub", buf_slice(&made.keys.pub));
    return answer_handle(q, &made, "handle");
}

static err keep_psk(struct peer_request *q, struct peer_psk *psk, slice id) {
    struct peer *peer = q->peer;
    size_t old = peer->psk_count * sizeof(*peer->psks);
    TRY(buf_set(&psk->id, id));
    TRY(buf_set(&psk->secret, peer_bytes(q, q->in, "psk")));
    TRY(q->e);
    struct peer_psk *psks = mem_resize(NULL, peer->psks, old, old + sizeof(*psks));
    if (psks == NULL)
        return ERR_NO_MEMORY;
    peer->psks = psks;
    psks[peer->psk_count++] = *psk;
    *psk = (struct peer_psk){0};
    return OK;
}

static err psk(struct peer_request *q) {
    struct peer_psk made = {.resumption = peer_has(q->in, "group_id")};
    if (made.resumption)
        made.epoch = peer_number(q, q->in, "epoch");
    err e = keep_psk(q, &made, peer_bytes(q, q->in, made.resumption ? "group_id" : "psk_id"));
    buf_free(&made.id);
    buf_free(&made.secret);
    return e;
}

/* ---- Groups ---- */

static err create(struct peer_request *q) {
    struct peer_object made = {0};
    struct mls_group_params params = {.suite = peer_suite(q, q->in, "suite"),
                                      .group_id = peer_bytes(q, q->in, "group_id"),
                                      .not_before = peer_number_or(q, q->in, "not_before", 0),
                                      .not_after = peer_number_or(q, q->in, "not_after", 0)};
    TRY(q->e);
    err e = take_keys(q, params.suite, &made.keys);
    params.leaf = peer_leaf(q, q->in, &made.keys);
    params.leaf.extensions = NULL; /* these are the group context's here */
    params.leaf.extension_count = 0;
    params.extensions = peer_extensions(q, q->in, &params.extension_count);
    if (e == OK)
        e = q->e;
    if (e == OK)
        e = mls_group_create(&made.group, &params, &q->peer->auth);
    return answer_group(q, &made, e);
}

static err join(struct peer_request *q) {
    struct peer_object made = {0};
    const struct peer_object *own = peer_object_of(q, "key_package", PEER_KEY_PACKAGE);
    struct mls_join_params params = {
        .welcome = peer_bytes(q, q->in, "welcome"),
        .own = {buf_slice(&own->key_package), buf_slice(&own->secrets), buf_slice(&own->keys.priv)},
        .tree = peer_bytes_or_none(q, q->in, "tree"),
        .parent = peer_has(q->in, "parent") ? peer_group(q, "parent") : NULL};
    uint32_t sender;
    TRY(q->e);
    err e = mls_group_join(&made.group, &params, &q->peer->auth, &sender);
    if (e == OK)
        peer_put_number(q->out, "sender", sender);
    if (e == OK)
        e = copy_keys(&made.keys, &own->keys);
    return answer_group(q, &made, e);
}

static err external_join(struct peer_request *q) {
    struct peer_object made = {0};
    const struct mls_suite *suite;
    struct mls_header header;
    buf commit = {0};
    struct mls_external_params params = {
        .group_info = peer_bytes(q, q->in, "group_info"),
        .tree = peer_bytes_or_none(q, q->in, "tree"),
        .resync = peer_has(q->in, "removed"),
        .removed = (uint32_t)peer_number_or(q, q->in, "removed", 0),
        .psk_ids = peer_byte_list(q, q->in, "psk_ids"),
        .psk_count = peer_count(q, q->in, "psk_ids"),
        .authenticated_data = peer_bytes_or_none(q, q->in, "authenticated_data")};
    TRY(q->e);
    TRY(mls_message_header(params.group_info, &header));
    if (header.wire != MLS_GROUP_INFO)
        return ERR_UNKNOWN_TYPE;
    suite = mls_suite_find(header.suite);
    err e = suite == NULL ? ERR_MLS_SUITE : take_keys(q, suite, &made.keys);
    params.leaf = peer_leaf(q, q->in, &made.keys);
    if (e == OK)
        e = q->e;
    if (e == OK)
        e = mls_group_join_external(&made.group, &params, &q->peer->auth, &commit);
    if (e == OK)
        peer_put_bytes(q->out, "commit", buf_slice(&commit));
    buf_free(&commit);
    return answer_group(q, &made, e);
}

static err observe(struct peer_request *q) {
    struct peer_object made = {0};
    slice info = peer_bytes(q, q->in, "group_info"), tree = peer_bytes_or_none(q, q->in, "tree");
    TRY(q->e);
    err e = mls_group_observe(&made.group, info, tree, NULL, &q->peer->auth, NULL);
    return answer_group(q, &made, e);
}

/* A reinit may change the suite; then there are new signature keys. */
static err resume_keys(struct peer_request *q, const struct peer_object *old,
                       const struct mls_suite *suite, struct peer_keys *keys) {
    bool same = suite == mls_group_suite(old->group) && old->keys.priv.n != 0;
    return same && !peer_has(q->in, "signature_priv") ? copy_keys(keys, &old->keys)
                                                      : take_keys(q, suite, keys);
}

static err resume(struct peer_request *q, bool reinit) {
    struct peer_object made = {0};
    const struct peer_object *old = peer_object_of(q, "group", PEER_GROUP);
    struct mls_committed committed = {0};
    struct mls_resume_params params = {.key_packages = peer_byte_list(q, q->in, "key_packages"),
                                       .count = peer_count(q, q->in, "key_packages"),
                                       .group_id =
                                           reinit ? SLICE_EMPTY : peer_bytes(q, q->in, "group_id"),
                                       .tree_in_welcome = peer_flag(q, q->in, "tree_in_welcome"),
                                       .welcome_each = peer_flag(q, q->in, "welcome_each")};
    TRY(q->e);
    struct mls_announced announced = {.suite = mls_group_suite(old->group)};
    if (reinit && !mls_group_announced(old->group, &announced))
        return ERR_STATE;
    const struct mls_suite *suite = announced.suite;
    err e = suite == NULL ? ERR_MLS_SUITE : resume_keys(q, old, suite, &made.keys);
    params.leaf = peer_leaf(q, q->in, &made.keys);
    params.leaf.extensions = NULL;
    params.leaf.extension_count = 0;
    params.extensions = peer_extensions(q, q->in, &params.extension_count);
    if (e == OK)
        e = q->e;
    if (e == OK)
        e = (reinit ? mls_group_reinit : mls_group_branch)(&made.group, old->group, &params,
                                                           &q->peer->auth, &committed);
    if (e == OK)
        peer_put_committed(q, &committed);
    mls_committed_free(&committed, NULL);
    return answer_group(q, &made, e);
}

static err reinit(struct peer_request *q) {
    return resume(q, true);
}

static err branch(struct peer_request *q) {
    return resume(q, false);
}

/* ---- Keeping ---- */

static err save(struct peer_request *q) {
    const struct mls_group *group = peer_group(q, "group");
    buf saved = {0};
    TRY(q->e);
    err e = mls_group_save(group, &saved);
    if (e == OK)
        peer_put_bytes(q->out, "saved", buf_slice(&saved));
    buf_free(&saved);
    return e;
}

static err load(struct peer_request *q) {
    struct peer_object made = {0};
    slice saved = peer_bytes(q, q->in, "saved");
    TRY(q->e);
    return answer_group(q, &made, mls_group_load(&made.group, saved, NULL));
}

static err forget(struct peer_request *q) {
    uint64_t handle = peer_number(q, q->in, "handle");
    if (handle == 0 || handle > q->peer->object_count ||
        q->peer->objects[handle - 1].kind == PEER_NOTHING)
        peer_fail(q, ERR_NOT_FOUND, "handle");
    TRY(q->e);
    peer_object_free(&q->peer->objects[handle - 1]);
    return OK;
}

/* ---- Asking ---- */

static err roster(struct peer_request *q) {
    const struct mls_group *group = peer_group(q, "group");
    struct json_object *members = json_object_new_array();
    struct mls_member member;
    json_object_object_add(q->out, "members", members);
    TRY(q->e);
    for (uint32_t leaf = 0; leaf < mls_group_leaf_count(group); leaf++)
        if (mls_group_member(group, leaf, &member) == OK)
            json_object_array_add(members, peer_member_json(&member));
    peer_put_number(q->out, "own_leaf", mls_group_own_leaf(group));
    return OK;
}

/* What two members that are in the same state answer alike. */
static err state(struct peer_request *q) {
    const struct mls_group *group = peer_group(q, "group");
    uint8_t exported[32];
    TRY(q->e);
    peer_put_number(q->out, "epoch", mls_group_epoch(group));
    peer_put_bytes(q->out, "group_id", mls_group_id(group));
    peer_put_number(q->out, "suite", mls_suite_id(mls_group_suite(group)));
    peer_put_bytes(q->out, "tree_hash", mls_group_tree_hash(group));
    peer_put_bytes(q->out, "confirmed_transcript_hash", mls_group_confirmed_transcript_hash(group));
    peer_put_flag(q->out, "is_out", mls_group_is_out(group));
    peer_put_flag(q->out, "is_ended", mls_group_is_ended(group));
    peer_put_number(q->out, "pending_proposals", mls_group_pending_proposals(group));
    if (mls_group_is_observer(group) || mls_group_is_out(group))
        return OK;
    peer_put_bytes(q->out, "epoch_authenticator", mls_group_epoch_authenticator(group));
    TRY(mls_group_export(group, slice_str("state"), SLICE_EMPTY, exported, sizeof(exported)));
    peer_put_bytes(q->out, "exporter", SLICE_ARRAY(exported));
    return OK;
}

static err export_secret(struct peer_request *q) {
    const struct mls_group *group = peer_group(q, "group");
    slice label = peer_bytes(q, q->in, "label"), context = peer_bytes(q, q->in, "context");
    uint64_t n = peer_number(q, q->in, "length");
    if (n > 65536)
        peer_fail(q, ERR_TOO_LARGE, "length");
    TRY(q->e);
    uint8_t *out = peer_alloc(q, n);
    TRY(q->e);
    TRY(mls_group_export(group, label, context, out, n));
    peer_put_bytes(q->out, "exported", slice_of(out, n));
    return OK;
}

static err resumption_psk(struct peer_request *q) {
    const struct mls_group *group = peer_group(q, "group");
    uint8_t out[CRYPTO_HASH_MAX];
    size_t n = sizeof(out);
    uint64_t epoch = peer_number(q, q->in, "epoch");
    TRY(q->e);
    TRY(mls_group_resumption_psk(group, epoch, out, &n));
    peer_put_bytes(q->out, "psk", slice_of(out, n));
    return OK;
}

static err tree(struct peer_request *q) {
    const struct mls_group *group = peer_group(q, "group");
    buf out = {0};
    TRY(q->e);
    err e = mls_group_tree(group, &out);
    if (e == OK)
        peer_put_bytes(q->out, "tree", buf_slice(&out));
    buf_free(&out);
    return e;
}

static err group_info(struct peer_request *q) {
    const struct mls_group *group = peer_group(q, "group");
    bool with_tree = peer_flag(q, q->in, "tree"), external = peer_flag(q, q->in, "external_pub");
    buf out = {0};
    TRY(q->e);
    err e = mls_group_info(group, with_tree, external, &out);
    if (e == OK)
        peer_put_bytes(q->out, "group_info", buf_slice(&out));
    buf_free(&out);
    return e;
}

const struct peer_command peer_group_commands[] = {
    {"suites", suites},
    {"signature_keys", signature_keys},
    {"key_package", key_package},
    {"psk", psk},
    {"create", create},
    {"join", join},
    {"external_join", external_join},
    {"observe", observe},
    {"reinit", reinit},
    {"branch", branch},
    {"save", save},
    {"load", load},
    {"free", forget},
    {"roster", roster},
    {"state", state},
    {"export", export_secret},
    {"resumption_psk", resumption_psk},
    {"tree", tree},
    {"group_info", group_info},
    {NULL, NULL},
};
