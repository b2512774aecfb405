/* Our own application messages and proposals (RFC 9420 sections 6, 12.1). */
#include "mls/framing.h"
#include "mls/key_package.h"
#include "mls/leaf.h"
#include "mls/proposals.h"
#include "mls/self_remove.h"

/* ---- Any message ---- */

err mls_content_begin(const struct mls_group *group, struct mls_authenticated_content *content,
                      enum mls_kind kind, enum mls_wire wire) {
    struct mls_framed_content *c = &content->content;
    content->wire_format = wire == MLS_PUBLIC_MESSAGE ? MLS_PUBLIC_MESSAGE : MLS_PRIVATE_MESSAGE;
    c->kind = kind;
    c->epoch = group->epoch->context.epoch;
    c->sender = (struct mls_sender){MLS_SENDER_MEMBER, group->epoch->keys.leaf};
    return mls_opaque_copy(&c->group_id, mls_group_id(group), group->mem);
}

err mls_content_sign(const struct mls_group *group, struct mls_authenticated_content *content) {
    return mls_framing_sign(group->suite, content, buf_slice(&group->epoch->context_bytes),
                            buf_slice(&group->epoch->signature_priv), group->mem);
}

err mls_content_protect(struct mls_group *group, const struct mls_authenticated_content *content,
                        size_t padding, buf *out) {
    struct mls_epoch *epoch = group->epoch;
    if (content->wire_format == MLS_PUBLIC_MESSAGE)
        return mls_public_message_protect(group->suite, content, buf_slice(&epoch->context_bytes),
                                          epoch->secrets.membership_key, out, group->mem);
    struct mls_protection p = {group->suite, epoch->secrets.sender_data, &epoch->messages,
                               group->mem};
    return mls_private_message_protect(&p, content, padding, out);
}

/* ---- Application messages ---- */

err mls_group_protect(struct mls_group *group, slice authenticated_data, slice plain,
                      size_t padding, buf *out) {
    struct mls_authenticated_content content = {0};
    TRY(mls_group_usable(group));
    err e = mls_content_begin(group, &content, MLS_APPLICATION, MLS_PRIVATE_MESSAGE);
    if (e == OK)
        e = mls_opaque_copy(&content.content.authenticated_data, authenticated_data, group->mem);
    if (e == OK)
        e = mls_opaque_copy(&content.content.application, plain, group->mem);
    if (e == OK)
        e = mls_content_sign(group, &content);
    if (e == OK)
        e = mls_content_protect(group, &content, padding, out);
    mls_authenticated_content_free(&content, group->mem);
    return e;
}

static err message_size(const struct mls_group *group, size_t aad, size_t content, size_t *size) {
    return mls_private_message_size(group->suite, mls_group_id(group).n, aad, content, size);
}

err mls_group_overhead(const struct mls_group *group, slice authenticated_data, size_t plain,
                       size_t *overhead) {
    size_t size;
    TRY(message_size(group, authenticated_data.n, mls_private_message_content(group->suite, plain),
                     &size));
    *overhead = size - plain;
    return OK;
}

err mls_group_padding(const struct mls_group *group, slice authenticated_data, size_t plain,
                      size_t total, size_t *padding) {
    size_t content = mls_private_message_content(group->suite, plain), size;
    TRY(message_size(group, authenticated_data.n, content, &size));
    if (size > total)
        return ERR_TOO_LARGE;
    size_t room = total - size;
    /* More content can make its length's own encoding longer, by at most three bytes. */
    for (size_t less = 0; less <= 3 && less <= room; less++) {
        TRY(message_size(group, authenticated_data.n, content + room - less, &size));
        if (size <= total) {
            *padding = room - less;
            return OK;
        }
    }
    *padding = 0;
    return OK;
}

/* ---- Proposals ---- */

/* Sends the content's proposal and keeps it; on success pending holds it. */
static err send_proposal(struct mls_group *group, struct mls_authenticated_content *content,
                         const struct mls_auth *auth, struct mls_pending *pending, buf *out) {
    pending->sender = content->content.sender;
    TRY(mls_proposal_check(group, &content->content.proposal, &pending->sender, auth));
    TRY(mls_proposal_check_size(&content->content.proposal, group->mem));
    TRY(mls_pending_reserve(group, &pending->sender));
    TRY(mls_content_sign(group, content));
    TRY(mls_proposal_make_ref(group->suite, content, pending->ref, group->mem));
    if (mls_pending_find(group, slice_of(pending->ref, group->suite->hash->len)) != NULL)
        return ERR_REPEAT;
    TRY(mls_content_protect(group, content, 0, out));
    pending->proposal = content->content.proposal; /* hand-over */
    content->content.proposal = (struct mls_proposal){0};
    mls_pending_add(group, pending);
    return OK;
}

/* What the new leaf says, and the key to sign it and all that follows with. */
static err describe_update(struct mls_group *group, const struct mls_leaf_params *params,
                           struct mls_leaf_node *leaf, struct mls_pending *pending) {
    const struct mls_epoch *epoch = group->epoch;
    const struct mls_extensions *extensions = &epoch->context.extensions;
    if (params == NULL) {
        TRY(mls_opaque_copy(&pending->signature_priv, buf_slice(&epoch->signature_priv),
                            group->mem));
        return mls_leaf_node_copy(leaf, mls_tree_leaf(&epoch->tree, epoch->keys.leaf), group->mem);
    }
    TRY(mls_opaque_copy(&pending->signature_priv, params->signature_priv, group->mem));
    return mls_leaf_from_params(leaf, params, extensions->p, extensions->n, group->mem);
}

static err fill_update(struct mls_group *group, const struct mls_leaf_params *params,
                       struct mls_leaf_node *leaf, struct mls_pending *pending) {
    const struct crypto_kem *kem = group->suite->kem;
    TRY(describe_update(group, params, leaf, pending));
    leaf->source = MLS_LEAF_UPDATE;
    buf_free(&leaf->encryption_key);
    leaf->encryption_key = buf_on(group->mem);
    pending->leaf_priv = buf_on(group->mem);
    TRY(buf_resize(&leaf->encryption_key, kem->pub));
    TRY(buf_resize(&pending->leaf_priv, kem->priv));
    TRY(kem->generate(leaf->encryption_key.p, pending->leaf_priv.p));
    return mls_leaf_sign(group->suite, leaf, buf_slice(&pending->signature_priv),
                         mls_group_id(group), group->epoch->keys.leaf, group->mem);
}

static err propose(struct mls_group *group, const struct mls_propose *what,
                   const struct mls_auth *auth, struct mls_authenticated_content *content,
                   struct mls_pending *pending, buf *out) {
    struct mls_proposal *proposal = &content->content.proposal;
    TRY(mls_self_remove_check_wire(what->type, content->wire_format));
    /* draft-ietf-mls-extensions-10 s.6.3.1: one SelfRemove of a client in an epoch. */
    if (what->type == MLS_PROPOSAL_SELF_REMOVE && group->leaving)
        return ERR_REPEAT;
    TRY(mls_proposal_from(proposal, what, group->suite, mls_group_id(group), group->mem));
    if (what->type == MLS_PROPOSAL_UPDATE)
        TRY(fill_update(group, what->update, proposal->leaf, pending));
    TRY(send_proposal(group, content, auth, pending, out));
    group->leaving = group->leaving || what->type == MLS_PROPOSAL_SELF_REMOVE;
    return OK;
}

/* Our own credential is ours to judge: the caller describes it. */
static err accept_own(void *ctx, const struct mls_member *before, const struct mls_member *member) {
    (void)ctx;
    (void)before;
    (void)member;
    return OK;
}

err mls_group_propose(struct mls_group *group, const struct mls_propose *what,
                      const struct mls_auth *auth, enum mls_wire wire, buf *out) {
    static const struct mls_auth own = {.accept = accept_own};
    struct mls_authenticated_content content = {0};
    TRY(mls_group_usable(group));
    if (what->type == MLS_PROPOSAL_SELF_REMOVE && wire == 0)
        wire = MLS_PUBLIC_MESSAGE;
    struct mls_pending *pending = mem_new(group->mem, sizeof(*pending));
    if (pending == NULL)
        return ERR_NO_MEMORY;
    err e = mls_content_begin(group, &content, MLS_PROPOSAL, wire);
    if (e == OK)
        e = propose(group, what, what->type == MLS_PROPOSAL_UPDATE ? &own : auth, &content, pending,
                    out);
    if (e != OK)
        mls_pending_free(pending, group->mem);
    mls_authenticated_content_free(&content, group->mem);
    return e;
}
