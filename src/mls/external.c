/* From outside a group: following it, joining it by a commit of one's own, proposing to it (RFC
 * 9420 sections 12.1.8, 12.4.3.2). */
#include "mls/commit.h"
#include "mls/framing.h"
#include "mls/group_info.h"
#include "mls/leaf.h"
#include "mls/self_remove.h"

/* ---- Following ---- */

/* bytes: what the info points into; an empty buf, freed by the caller. */
static err open_info(slice message, buf *bytes, struct mls_group_info *info,
                     const struct mem *mem) {
    uint16_t wire;
    reader body;
    *info = (struct mls_group_info){0};
    TRY(mls_message_open(message, &wire, &body));
    if (wire != MLS_GROUP_INFO)
        return ERR_UNKNOWN_TYPE;
    TRY(buf_reserve(bytes, MLS_LABEL_ROOM + body.n));
    TRY(buf_resize(bytes, MLS_LABEL_ROOM));
    TRY(buf_append(bytes, reader_rest(&body)));
    return mls_group_info_open(bytes, info, mem);
}

/* The epoch that a GroupInfo tells of, as far as anybody can know it. */
static err observe_epoch(struct mls_epoch *epoch, const struct mls_group_info *info,
                         const struct mls_suite *suite, const struct mem *mem) {
    TRY(mls_group_context_copy(&epoch->context, &info->context, mem));
    epoch->keys.leaf = MLS_NODE_NONE;
    TRY(mls_epoch_encode(epoch, mem));
    return mls_epoch_settle_public(epoch, suite, buf_slice(&info->confirmation_tag), mem);
}

static err observe(struct mls_group **group, const struct mls_group_info *info, buf *bytes,
                   slice tree, const struct mls_limits *limits, const struct mls_auth *auth,
                   const struct mem *mem) {
    const struct mls_suite *suite = mls_suite_find(info->context.suite);
    struct mls_limits limited = mls_limits_or_default(limits);
    if (suite == NULL)
        return ERR_MLS_SUITE;
    struct mls_epoch *epoch = mls_epoch_new(mem);
    if (epoch == NULL)
        return ERR_NO_MEMORY;
    err e = mls_group_info_tree(info, tree, limited.leaves, suite, &epoch->tree, mem);
    if (e == OK)
        e = mls_group_info_verify(info, bytes, &epoch->tree, auth);
    if (e == OK)
        e = observe_epoch(epoch, info, suite, mem);
    if (e != OK) {
        mls_epoch_free(epoch, mem);
        return e;
    }
    TRY(mls_group_wrap(group, suite, epoch, &limited, mem));
    (*group)->observer = true;
    return OK;
}

err mls_group_observe(struct mls_group **group, slice group_info, slice tree,
                      const struct mls_limits *limits, const struct mls_auth *auth,
                      const struct mem *mem) {
    struct mls_group_info info;
    buf bytes = buf_on(mem);
    *group = NULL;
    err e = open_info(group_info, &bytes, &info, mem);
    if (e == OK)
        e = observe(group, &info, &bytes, tree, limits, auth, mem);
    mls_group_info_free(&info, mem);
    buf_free(&bytes);
    return e;
}

/* ---- Joining by a commit ---- */

struct entering {
    const struct mls_external_params *params;
    const struct mls_auth *auth;
    struct mls_group *group; /* the present epoch, without secrets */
    uint8_t init[CRYPTO_HASH_MAX], kem_output[CRYPTO_KEM_ENC_MAX];
    struct mls_propose *psks;
};

/* RFC 9420 rule 12.4.3.2-4, s.8.3: an init secret of our making, for the group's external key. */
static err make_init(struct entering *n, const struct mls_group_info *info) {
    const struct mls_suite *suite = n->group->suite;
    const struct mls_extension *extension =
        mls_extensions_find(&info->extensions, MLS_EXTENSION_EXTERNAL_PUB);
    if (extension == NULL)
        return ERR_MLS_EXTENSION;
    slice pub;
    reader r = reader_of(extension->data);
    TRY(reader_vec(&r, &pub));
    TRY(reader_end(&r));
    return hpke_send_export(&suite->hpke, n->kem_output, n->init, suite->hash->len, pub,
                            SLICE_EMPTY, slice_str(MLS_EXTERNAL_INIT), NULL);
}

static err list_psks(struct entering *n) {
    size_t count = n->params->psk_count;
    n->psks = mem_new_array(n->params->mem, count, sizeof(*n->psks));
    if (n->psks == NULL && count != 0)
        return ERR_NO_MEMORY;
    for (size_t i = 0; i < count; i++)
        n->psks[i] =
            (struct mls_propose){.type = MLS_PROPOSAL_PSK, .psk_id = n->params->psk_ids[i]};
    return OK;
}

static err commit(struct entering *n, struct mls_committed *committed) {
    const struct mls_external_params *p = n->params;
    struct mls_commit_params params = {.leaf = &p->leaf,
                                       .proposals = n->psks,
                                       .proposal_count = p->psk_count,
                                       .authenticated_data = p->authenticated_data};
    struct mls_commit_origin origin = {.external_init = n->init,
                                       .kem_output =
                                           slice_of(n->kem_output, n->group->suite->kem->enc),
                                       .succeeds = p->resync ? p->removed : MLS_NODE_NONE};
    return mls_commit_make(n->group, &params, &origin, n->auth, committed);
}

/* Until then the group only followed; the commit's epoch has our leaf and all secrets. */
static err enter(struct entering *n, buf *out) {
    struct mls_committed committed;
    TRY(list_psks(n));
    TRY(commit(n, &committed));
    err e = buf_append(out, buf_slice(&committed.commit));
    if (e == OK) {
        mls_staged_apply(n->group, committed.staged);
        committed.staged = NULL;
        n->group->observer = false;
    }
    mls_committed_free(&committed, n->params->mem);
    return e;
}

err mls_group_join_external(struct mls_group **group, const struct mls_external_params *params,
                            const struct mls_auth *auth, buf *out) {
    const struct mem *mem = params->mem;
    struct entering n = {.params = params, .auth = auth};
    struct mls_group_info info;
    buf bytes = buf_on(mem);
    *group = NULL;
    err e = open_info(params->group_info, &bytes, &info, mem);
    if (e == OK)
        e = observe(&n.group, &info, &bytes, params->tree, params->limits, auth, mem);
    if (e == OK)
        e = mls_self_remove_fetch(n.group, params->self_removes, params->self_remove_count, auth);
    if (e == OK)
        e = make_init(&n, &info);
    if (e == OK)
        e = enter(&n, out);
    if (e == OK)
        *group = n.group;
    else
        mls_group_free(n.group);
    mem_free(mem, n.psks, params->psk_count * sizeof(*n.psks));
    wipe(n.init, sizeof(n.init));
    mls_group_info_free(&info, mem);
    buf_free(&bytes);
    return e;
}

/* ---- Proposing ---- */

static err fill(const struct mls_outsider *from, const struct mls_propose *what,
                struct mls_authenticated_content *content) {
    struct mls_framed_content *c = &content->content;
    content->wire_format = MLS_PUBLIC_MESSAGE;
    c->kind = MLS_PROPOSAL;
    c->epoch = from->epoch;
    c->sender = (struct mls_sender){MLS_SENDER_EXTERNAL, from->place};
    if (from->new_member)
        c->sender = (struct mls_sender){MLS_SENDER_NEW_MEMBER_PROPOSAL, 0};
    TRY(mls_opaque_copy(&c->group_id, from->group_id, NULL));
    TRY(mls_proposal_from(&c->proposal, what, from->suite, from->group_id, NULL));
    return mls_proposal_check_sender(what->type, &c->sender);
}

err mls_outsider_propose(const struct mls_outsider *from, const struct mls_propose *what,
                         buf *out) {
    struct mls_authenticated_content content = {0};
    if (from->suite == NULL)
        return ERR_MLS_SUITE;
    err e = fill(from, what, &content);
    if (e == OK)
        e = mls_framing_sign(from->suite, &content, SLICE_EMPTY, from->signature_priv, NULL);
    if (e == OK)
        e = mls_public_message_protect(from->suite, &content, SLICE_EMPTY, NULL, out, NULL);
    mls_authenticated_content_free(&content, NULL);
    return e;
}
