/* Commands that send and receive: application messages, proposals, commits. */
#include "mlstool/peer_internal.h"

/* ---- Sending ---- */

static err protect(struct peer_request *q) {
    struct mls_group *group = peer_group(q, "group");
    slice plain = peer_bytes(q, q->in, "plain");
    slice data = peer_bytes_or_none(q, q->in, "authenticated_data");
    uint64_t padding = peer_number_or(q, q->in, "padding", 0);
    buf out = {0};
    if (padding > 1 << 24)
        peer_fail(q, ERR_TOO_LARGE, "padding");
    TRY(q->e);
    err e = mls_group_protect(group, data, plain, padding, &out);
    if (e == OK)
        peer_put_bytes(q->out, "message", buf_slice(&out));
    buf_free(&out);
    return e;
}

static err propose_this(struct peer_request *q, const struct mls_propose *what) {
    struct mls_group *group = peer_group(q, "group");
    enum mls_wire wire = peer_wire(q);
    buf out = {0};
    TRY(q->e);
    err e = mls_group_propose(group, what, &q->peer->auth, wire, &out);
    if (e == OK)
        peer_put_bytes(q->out, "message", buf_slice(&out));
    buf_free(&out);
    return e;
}

static err propose(struct peer_request *q) {
    const struct peer_object *object = peer_object_of(q, "group", PEER_GROUP);
    struct mls_propose what = peer_proposal(q, q->in, &object->keys);
    return propose_this(q, &what);
}

/* add, remove, update: the same with the type in the command's name. */
static err propose_named(struct peer_request *q) {
    struct json_object *name = NULL;
    json_object_object_get_ex(q->in, "cmd", &name);
    json_object_object_add(q->in, "type", json_object_get(name));
    return propose(q);
}

static err outsider_propose(struct peer_request *q) {
    struct peer_keys none = {0};
    struct mls_outsider from = {.suite = peer_suite(q, q->in, "suite"),
                                .group_id = peer_bytes(q, q->in, "group_id"),
                                .epoch = peer_number(q, q->in, "epoch"),
                                .new_member = !peer_has(q->in, "place"),
                                .place = (uint32_t)peer_number_or(q, q->in, "place", 0)};
    const struct peer_object *own = NULL;
    if (peer_has(q->in, "handle"))
        own = peer_object_of(q, "handle", PEER_KEY_PACKAGE);
    from.signature_priv =
        own != NULL ? buf_slice(&own->keys.priv) : peer_bytes(q, q->in, "signature_priv");
    struct json_object *proposal = NULL;
    json_object_object_get_ex(q->in, "proposal", &proposal);
    struct mls_propose what = peer_proposal(q, proposal, &none);
    buf out = {0};
    TRY(q->e);
    err e = mls_outsider_propose(&from, &what, &out);
    if (e == OK)
        peer_put_bytes(q->out, "message", buf_slice(&out));
    buf_free(&out);
    return e;
}

static err clear_proposals(struct peer_request *q) {
    struct mls_group *group = peer_group(q, "group");
    TRY(q->e);
    mls_group_clear_proposals(group);
    return OK;
}

/* ---- Commits ---- */

static struct json_object *change_json(const struct mls_change *change) {
    static const char *const names[] = {"", "added", "removed", "updated"};
    struct json_object *o = peer_member_json(&change->member);
    peer_put_text(o, "what", names[change->what]);
    peer_put_number(o, "by_type", change->by.type);
    peer_put_number(o, "by", change->by.index);
    return o;
}

static void put_staged(struct json_object *o, const struct mls_staged *staged) {
    struct json_object *changes = json_object_new_array();
    for (size_t i = 0; i < mls_staged_change_count(staged); i++) {
        struct mls_change change = mls_staged_change(staged, i);
        json_object_array_add(changes, change_json(&change));
    }
    peer_put_number(o, "epoch", mls_staged_epoch(staged));
    peer_put_number(o, "committer", mls_staged_committer(staged));
    peer_put_flag(o, "is_external", mls_staged_is_external(staged));
    peer_put_flag(o, "is_reinit", mls_staged_is_reinit(staged));
    peer_put_flag(o, "removes_us", mls_staged_removes_us(staged));
    json_object_object_add(o, "changes", changes);
}

/* Answers with the handle of a staged commit, which is taken, or applies it at once. */
static err keep_staged(struct peer_request *q, struct mls_group *group, bool apply_now,
                       struct mls_staged **staged) {
    put_staged(q->out, *staged);
    struct peer_object object = {
        .kind = PEER_STAGED, .staged = *staged, .of = peer_number(q, q->in, "group")};
    *staged = NULL;
    if (apply_now) {
        mls_staged_apply(group, object.staged);
        return OK;
    }
    uint64_t handle = peer_handle(q->peer, &object);
    peer_object_free(&object);
    peer_put_number(q->out, "staged", handle);
    return handle == 0 ? ERR_NO_MEMORY : OK;
}

static struct mls_propose *by_value(struct peer_request *q, const struct peer_keys *keys,
                                    size_t *count) {
    size_t n = peer_count(q, q->in, "proposals");
    struct json_object *list = NULL;
    json_object_object_get_ex(q->in, "proposals", &list);
    struct mls_propose *proposals = peer_alloc(q, n * sizeof(*proposals));
    for (size_t i = 0; proposals != NULL && i < n; i++)
        proposals[i] = peer_proposal(q, json_object_array_get_idx(list, i), keys);
    *count = proposals == NULL ? 0 : n;
    return proposals;
}

static err commit(struct peer_request *q) {
    const struct peer_object *object = peer_object_of(q, "group", PEER_GROUP);
    struct mls_commit_params params = {.adds = peer_byte_list(q, q->in, "adds"),
                                       .add_count = peer_count(q, q->in, "adds"),
                                       .removes = peer_u32_list(q, q->in, "removes"),
                                       .remove_count = peer_count(q, q->in, "removes"),
                                       .without_pending = peer_flag(q, q->in, "without_pending"),
                                       .pending_psks = peer_flag(q, q->in, "pending_psks"),
                                       .now = peer_number_or(q, q->in, "now", 0),
                                       .leaf = peer_new_leaf(q, q->in, &object->keys),
                                       .wire = peer_wire(q),
                                       .authenticated_data =
                                           peer_bytes_or_none(q, q->in, "authenticated_data"),
                                       .tree_in_welcome = peer_flag(q, q->in, "tree_in_welcome"),
                                       .external_pub = peer_flag(q, q->in, "external_pub"),
                                       .welcome_each = peer_flag(q, q->in, "welcome_each")};
    params.proposals = by_value(q, &object->keys, &params.proposal_count);
    struct mls_committed committed = {0};
    struct mls_group *group = object->group;
    bool apply_now = peer_flag(q, q->in, "apply");
    TRY(q->e);
    err e = mls_group_commit(group, &params, &q->peer->auth, &committed);
    if (e == OK) {
        peer_put_bytes(q->out, "commit", buf_slice(&committed.commit));
        peer_put_committed(q, &committed);
        e = keep_staged(q, group, apply_now, &committed.staged);
    }
    mls_committed_free(&committed, NULL);
    return e;
}

static err apply(struct peer_request *q) {
    struct mls_group *group = peer_group(q, "group");
    struct peer_object *object = peer_object_of(q, "staged", PEER_STAGED);
    if (object->of != peer_number(q, q->in, "group"))
        peer_fail(q, ERR_STATE, "staged");
    TRY(q->e);
    if (mls_staged_epoch(object->staged) != mls_group_epoch(group) + 1)
        return ERR_LATE;
    mls_staged_apply(group, object->staged);
    object->staged = NULL;
    peer_object_free(object);
    peer_put_number(q->out, "epoch", mls_group_epoch(group));
    return OK;
}

/* ---- Receiving ---- */

static void put_received(struct json_object *o, const struct mls_received *r) {
    static const char *const kinds[] = {"", "application", "proposal", "commit"};
    peer_put_text(o, "kind", kinds[r->kind]);
    peer_put_number(o, "in_epoch", r->epoch);
    peer_put_number(o, "sender_type", r->sender_type);
    peer_put_number(o, "sender", r->sender);
    peer_put_bytes(o, "sender_identity", r->sender_identity);
    peer_put_bytes(o, "authenticated_data", r->authenticated_data);
    if (r->kind == MLS_APPLICATION)
        peer_put_bytes(o, "plain", r->application);
}

static err receive(struct peer_request *q, bool application) {
    struct mls_group *group = peer_group(q, "group");
    slice message = peer_bytes(q, q->in, "message");
    bool apply_now = peer_flag(q, q->in, "apply");
    struct mls_received received;
    struct mls_header header;
    TRY(q->e);
    TRY(mls_message_header(message, &header));
    if (application && header.kind != MLS_APPLICATION)
        return ERR_STATE;
    TRY(mls_group_process(group, message, &q->peer->auth, &received));
    put_received(q->out, &received);
    err e = received.commit == NULL ? OK : keep_staged(q, group, apply_now, &received.commit);
    mls_received_free(&received);
    return e;
}

static err process(struct peer_request *q) {
    return receive(q, false);
}

static err unprotect(struct peer_request *q) {
    return receive(q, true);
}

const struct peer_command peer_message_commands[] = {
    {"protect", protect},
    {"unprotect", unprotect},
    {"propose", propose},
    {"add", propose_named},
    {"remove", propose_named},
    {"update", propose_named},
    {"outsider_propose", outsider_propose},
    {"clear_proposals", clear_proposals},
    {"commit", commit},
    {"process", process},
    {"apply", apply},
    {NULL, NULL},
};
