/* A group's beginning and end, and what can be asked of it. */
#include "mls/group.h"

#include "mls/leaf.h"
#include "mls/proposals.h"

enum { PAST_EPOCHS_MAX = 65536 };

struct mls_limits mls_limits_or_default(const struct mls_limits *limits) {
    if (limits != NULL) {
        struct mls_limits given = *limits;
        if (given.proposals == 0)
            given.proposals = MLS_PROPOSALS;
        return given;
    }
    return (struct mls_limits){
        .past_epochs = MLS_PAST_EPOCHS,
        .out_of_order = MLS_OUT_OF_ORDER,
        .forward = MLS_FORWARD,
        .proposals = MLS_PROPOSALS,
    };
}

err mls_group_wrap(struct mls_group **group, const struct mls_suite *suite, struct mls_epoch *epoch,
                   const struct mls_limits *limits, const struct mem *mem) {
    struct mls_limits limited = mls_limits_or_default(limits);
    struct mls_group *g = NULL;
    err e = limited.past_epochs > PAST_EPOCHS_MAX ? ERR_LIMIT : ERR_NO_MEMORY;
    *group = NULL;
    if (e == ERR_NO_MEMORY)
        g = mem_new(mem, sizeof(*g));
    if (g == NULL) {
        mls_epoch_free(epoch, mem);
        return e;
    }
    g->mem = mem;
    g->suite = suite;
    g->limits = limited;
    g->epoch = epoch;
    g->past = mem_new_array(mem, limited.past_epochs, sizeof(struct mls_past *));
    if (g->past == NULL && limited.past_epochs != 0) {
        mls_group_free(g);
        return ERR_NO_MEMORY;
    }
    *group = g;
    return OK;
}

void mls_group_free(struct mls_group *group) {
    if (group == NULL)
        return;
    const struct mem *mem = group->mem;
    mls_pending_clear(group);
    mem_free(mem, group->pending, group->pending_room * sizeof(struct mls_pending *));
    for (size_t i = 0; i < group->past_count; i++)
        mls_past_free(group->past[i], mem);
    mem_free(mem, group->past, group->limits.past_epochs * sizeof(struct mls_past *));
    mls_proposal_free(&group->reinit, mem);
    mls_tree_free(&group->saved);
    mls_epoch_free(group->epoch, mem);
    mem_free(mem, group, sizeof(*group));
}

/* ---- Creating (section 11) ---- */

/* Our leaf in a group of one. With a lifetime it is such as a key package would have brought (the
 * only source that has one, section 7.2), else one whose signature is bound to the group. The first
 * commit replaces it; until then it is seen by who gets the tree to join from outside. */
static err make_first_leaf(const struct mls_group_params *params, struct mls_epoch *epoch,
                           const struct mls_auth *auth, struct mls_leaf_node *leaf, buf *priv) {
    const struct mls_suite *suite = params->suite;
    const struct mem *mem = params->mem;
    TRY(mls_leaf_from_params(leaf, &params->leaf, params->extensions, params->extension_count,
                             mem));
    leaf->source = params->not_after == 0 ? MLS_LEAF_UPDATE : MLS_LEAF_KEY_PACKAGE;
    leaf->not_before = params->not_before;
    leaf->not_after = params->not_after;
    leaf->encryption_key = buf_on(mem);
    TRY(buf_resize(&leaf->encryption_key, suite->kem->pub));
    TRY(buf_resize(priv, suite->kem->priv));
    TRY(suite->kem->generate(leaf->encryption_key.p, priv->p));
    TRY(mls_leaf_sign(suite, leaf, params->leaf.signature_priv, params->group_id, 0, mem));
    struct mls_leaf_check check = {
        .source = leaf->source,
        .group_id = params->group_id,
        .group = &epoch->context.extensions,
    };
    TRY(mls_leaf_check(suite, leaf, &check, mem));
    return mls_auth_judge(auth, NULL, leaf, 0);
}

static err fill_context(const struct mls_group_params *params, struct mls_group_context *c) {
    c->version = MLS_VERSION_10;
    c->suite = params->suite->id;
    TRY(mls_opaque_copy(&c->group_id, params->group_id, params->mem));
    TRY(mls_extensions_from(&c->extensions, params->extensions, params->extension_count,
                            params->mem));
    /* RFC 9420 s.13, 17.3: no extension stands twice, or belongs elsewhere. */
    TRY(mls_extensions_check(&c->extensions, MLS_IN_GROUP_CONTEXT));
    return c->extensions.data.n > MLS_CONTEXT_MAX ? ERR_TOO_LARGE : OK;
}

static err plant_tree(const struct mls_group_params *params, struct mls_epoch *epoch,
                      const struct mls_auth *auth, struct mls_leaf_node *leaf, buf *priv) {
    const struct mls_leaf_node *leaves[1] = {leaf};
    uint32_t at;
    TRY(make_first_leaf(params, epoch, auth, leaf, priv));
    TRY(mls_tree_init(&epoch->tree, params->suite, params->mem));
    TRY(mls_tree_add(&epoch->tree, leaves, 1, &at));
    return mls_treekem_private_init(&epoch->keys, params->suite, at, buf_slice(priv));
}

static err fill_first_epoch(const struct mls_group_params *params, struct mls_epoch *epoch,
                            const struct mls_auth *auth) {
    TRY(fill_context(params, &epoch->context));
    TRY(mls_opaque_copy(&epoch->signature_priv, params->leaf.signature_priv, params->mem));
    struct mls_leaf_node leaf = {0};
    buf priv = buf_on(params->mem);
    err e = plant_tree(params, epoch, auth, &leaf, &priv);
    mls_leaf_node_free(&leaf, params->mem);
    buf_free(&priv);
    TRY(e);
    TRY(mls_epoch_encode(epoch, params->mem));
    uint8_t epoch_secret[CRYPTO_HASH_MAX];
    crypto_random(epoch_secret, params->suite->hash->len);
    e = mls_key_schedule_first(params->suite, epoch_secret, &epoch->secrets);
    wipe(epoch_secret, sizeof(epoch_secret));
    TRY(e);
    struct mls_limits limits = mls_limits_or_default(params->limits);
    return mls_epoch_settle(epoch, params->suite, &limits, params->mem);
}

err mls_group_create(struct mls_group **group, const struct mls_group_params *params,
                     const struct mls_auth *auth) {
    *group = NULL;
    if (params->suite == NULL)
        return ERR_MLS_SUITE;
    struct mls_epoch *epoch = mls_epoch_new(params->mem);
    if (epoch == NULL)
        return ERR_NO_MEMORY;
    err e = fill_first_epoch(params, epoch, auth);
    if (e != OK) {
        mls_epoch_free(epoch, params->mem);
        return e;
    }
    return mls_group_wrap(group, params->suite, epoch, params->limits, params->mem);
}

/* ---- Asking ---- */

slice mls_group_id(const struct mls_group *group) {
    return buf_slice(&group->epoch->context.group_id);
}

uint64_t mls_group_epoch(const struct mls_group *group) {
    return group->epoch->context.epoch;
}

const struct mls_suite *mls_group_suite(const struct mls_group *group) {
    return group->suite;
}

uint32_t mls_group_own_leaf(const struct mls_group *group) {
    return group->epoch->keys.leaf;
}

uint32_t mls_group_leaf_count(const struct mls_group *group) {
    return mls_tree_leaf_count(&group->epoch->tree);
}

err mls_group_member(const struct mls_group *group, uint32_t leaf, struct mls_member *member) {
    const struct mls_leaf_node *node = mls_tree_leaf(&group->epoch->tree, leaf);
    if (node == NULL)
        return ERR_NOT_FOUND;
    *member = mls_member_of(node, leaf);
    return OK;
}

const struct mls_extension *mls_group_extensions(const struct mls_group *group, size_t *count) {
    *count = group->epoch->context.extensions.n;
    return group->epoch->context.extensions.p;
}

slice mls_group_epoch_authenticator(const struct mls_group *group) {
    return slice_of(group->epoch->secrets.epoch_authenticator, group->suite->hash->len);
}

slice mls_group_tree_hash(const struct mls_group *group) {
    return buf_slice(&group->epoch->context.tree_hash);
}

slice mls_group_confirmed_transcript_hash(const struct mls_group *group) {
    return buf_slice(&group->epoch->context.confirmed_transcript_hash);
}

err mls_group_tree(const struct mls_group *group, buf *out) {
    size_t before = out->n;
    writer w = writer_on(out);
    mls_tree_write(&w, &group->epoch->tree);
    if (writer_result(&w) != OK)
        (void)!buf_resize(out, before); /* shrinking can't fail */
    return writer_result(&w);
}

err mls_group_export(const struct mls_group *group, slice label, slice context, uint8_t *out,
                     size_t n) {
    if (group->observer)
        return ERR_DENIED;
    if (group->out)
        return ERR_MLS_REMOVED;
    return mls_key_schedule_export(group->suite, group->epoch->secrets.exporter, label, context,
                                   out, n);
}

/* RFC 9420 rule 12.4.2-10 */
err mls_group_usable(const struct mls_group *group) {
    if (group->observer)
        return ERR_DENIED;
    if (group->out)
        return ERR_MLS_REMOVED;
    return group->ended ? ERR_MLS_REINIT : OK;
}

bool mls_group_is_observer(const struct mls_group *group) {
    return group->observer;
}

bool mls_group_is_ended(const struct mls_group *group) {
    return group->ended;
}

bool mls_group_announced(const struct mls_group *group, struct mls_announced *announced) {
    const struct mls_proposal *reinit = &group->reinit;
    if (!group->ended)
        return false;
    *announced = (struct mls_announced){.suite = mls_suite_find(reinit->suite),
                                        .group_id = buf_slice(&reinit->group_id),
                                        .extensions = reinit->extensions.p,
                                        .extension_count = reinit->extensions.n};
    return true;
}

bool mls_group_is_out(const struct mls_group *group) {
    return group->out;
}

size_t mls_group_pending_proposals(const struct mls_group *group) {
    return group->pending_count;
}

bool mls_group_pending(const struct mls_group *group, size_t i, struct mls_proposed *proposed) {
    if (i >= group->pending_count)
        return false;
    const struct mls_pending *p = group->pending[i];
    *proposed = (struct mls_proposed){.type = p->proposal.type, .by = p->sender};
    if (p->proposal.type == MLS_PROPOSAL_REMOVE)
        proposed->leaf = p->proposal.removed;
    if (p->proposal.type == MLS_PROPOSAL_UPDATE)
        proposed->leaf = p->sender.index;
    return true;
}

void mls_group_forget_proposal(struct mls_group *group) {
    if (group->pending_count > 0)
        mls_pending_free(group->pending[--group->pending_count], group->mem);
}

void mls_group_clear_proposals(struct mls_group *group) {
    mls_pending_clear(group);
}

/* What stood at the leaf in past[k] is told by the first later change of it, else it stands there
 * still. */
err mls_group_past_leaf(const struct mls_group *group, size_t k, uint32_t leaf,
                        uint16_t *credential, slice *identity, slice *signature_pub) {
    for (size_t i = k + 1; i-- > 0;) {
        const struct mls_past *past = group->past[i];
        for (size_t j = 0; j < past->changed_count; j++) {
            const struct mls_old_leaf *old = &past->changed[j];
            if (old->leaf != leaf)
                continue;
            *credential = old->credential;
            *identity = buf_slice(&old->identity);
            *signature_pub = buf_slice(&old->signature_pub);
            return old->blank ? ERR_MLS_SENDER : OK;
        }
    }
    const struct mls_leaf_node *node = mls_tree_leaf(&group->epoch->tree, leaf);
    if (node == NULL)
        return ERR_MLS_SENDER;
    *credential = node->credential.type;
    *identity = buf_slice(&node->credential.identity);
    *signature_pub = buf_slice(&node->signature_key);
    return OK;
}
