/* Making a commit (RFC 9420 section 12.4.1). */
#include "mls/commit.h"
#include "mls/framing.h"
#include "mls/leaf.h"
#include "mls/tree_check.h"

struct making {
    struct mls_group *group;
    const struct mls_commit_params *params;
    const struct mls_commit_origin *origin;
    const struct mls_auth *auth;
    bool external; /* we join by this commit */
    struct mls_authenticated_content content;
    struct mls_list list;
    struct mls_applied applied;
    struct mls_epoch *next;
    struct mls_leaf_node leaf;
    struct mls_treekem_secrets secrets;
    uint8_t psk_secret[CRYPTO_HASH_MAX], joiner_secret[CRYPTO_HASH_MAX];
};

/* ---- The path ---- */

/* The leaf that ours follows; NULL for one who comes new. */
static const struct mls_leaf_node *leaf_before(const struct making *m) {
    const struct mls_epoch *epoch = m->group->epoch;
    return m->external ? mls_commit_succeeds(m->group, &m->applied)
                       : mls_tree_leaf(&epoch->tree, epoch->keys.leaf);
}

/* A leaf that the caller describes is held to what we would hold another's to. */
static err check_new_leaf(const struct making *m) {
    const struct mls_group *group = m->group;
    uint32_t own = m->next->keys.leaf;
    struct mls_leaf_check check = {
        .source = MLS_LEAF_COMMIT,
        .group_id = mls_group_id(group),
        .index = own,
        .group = &m->next->context.extensions,
    };
    TRY(mls_leaf_check(group->suite, &m->leaf, &check, group->mem));
    TRY(mls_auth_judge(m->auth, leaf_before(m), &m->leaf, own));
    return mls_tree_check_keys(&m->next->tree, 2 * own);
}

static err describe_leaf(struct making *m) {
    const struct mls_group *group = m->group;
    const struct mls_leaf_params *leaf = m->params->leaf;
    if (leaf == NULL)
        return mls_leaf_node_copy(
            &m->leaf, mls_tree_leaf(&group->epoch->tree, group->epoch->keys.leaf), group->mem);
    const struct mls_extensions *extensions = &m->next->context.extensions;
    TRY(mls_leaf_from_params(&m->leaf, leaf, extensions->p, extensions->n, group->mem));
    buf_free(&m->next->signature_priv);
    return mls_opaque_copy(&m->next->signature_priv, leaf->signature_priv, group->mem);
}

/* RFC 9420 s.12.4.3.2: a joiner takes the leftmost free leaf; what stands there is replaced by the
 * path. */
static err place_ourselves(struct making *m) {
    const struct mls_leaf_node *leaf = &m->leaf;
    if (!m->external)
        return OK;
    m->leaf.source = MLS_LEAF_COMMIT;
    return mls_tree_add(&m->next->tree, &leaf, 1, &m->next->keys.leaf);
}

static err make_path(struct making *m) {
    const struct mls_group *group = m->group;
    struct mls_commit *commit = &m->content.content.commit;
    struct mls_epoch *next = m->next;
    TRY(describe_leaf(m));
    TRY(place_ourselves(m));
    TRY(mls_treekem_create(&next->tree, &next->keys, &m->leaf, buf_slice(&next->signature_priv),
                           mls_group_id(group), &m->secrets));
    if (m->params->leaf != NULL)
        TRY(check_new_leaf(m));
    mls_commit_note_committer(&m->applied, m->external ? NULL : leaf_before(m), next,
                              next->keys.leaf);
    TRY(mls_applied_check(&m->applied, next));
    /* The provisional context: the new tree, the old confirmed transcript hash. */
    TRY(mls_epoch_encode(next, group->mem));
    TRY(mls_treekem_encrypt(&next->tree, &next->keys, &m->secrets, m->applied.added,
                            m->applied.added_count, buf_slice(&next->context_bytes),
                            &commit->path));
    commit->has_path = true;
    return OK;
}

/* ---- The message ---- */

static err begin(struct making *m) {
    const struct mls_group *group = m->group;
    TRY(mls_content_begin(group, &m->content, MLS_COMMIT, m->params->wire));
    if (m->external) {
        m->content.wire_format = MLS_PUBLIC_MESSAGE;
        m->content.content.sender = (struct mls_sender){MLS_SENDER_NEW_MEMBER_COMMIT, 0};
    }
    return mls_opaque_copy(&m->content.content.authenticated_data, m->params->authenticated_data,
                           group->mem);
}

static err sign_and_finish(struct making *m) {
    const struct mls_group *group = m->group;
    /* Signed as the member that we were, in the epoch that ends; or as who we become. */
    slice priv = buf_slice(m->external ? &m->next->signature_priv : &group->epoch->signature_priv);
    TRY(mls_framing_sign(group->suite, &m->content, buf_slice(&group->epoch->context_bytes), priv,
                         group->mem));
    const struct mls_group *psks = m->origin->parent != NULL ? m->origin->parent : group;
    TRY(mls_psk_secret(group->suite, psks, m->applied.psks, m->applied.psk_count, m->auth,
                       m->psk_secret, group->mem));
    struct mls_commit_secrets secrets = {m->external ? m->origin->external_init
                                                     : group->epoch->secrets.init,
                                         m->secrets.commit_secret, m->psk_secret};
    TRY(mls_commit_finish(group, m->next, &m->content, &secrets, m->joiner_secret));
    return mls_opaque_copy(&m->content.confirmation_tag, buf_slice(&m->next->confirmation_tag),
                           group->mem);
}

static err copy_added(struct making *m, struct mls_committed *committed) {
    size_t n = m->applied.added_count;
    committed->added = mem_new_array(m->group->mem, n, sizeof(*committed->added));
    if (committed->added == NULL && n != 0)
        return ERR_NO_MEMORY;
    committed->added_count = n;
    for (size_t i = 0; i < n; i++)
        committed->added[i] = m->applied.added[i];
    return OK;
}

static err make(struct making *m, struct mls_committed *committed) {
    struct mls_group *group = m->group;
    struct mls_commit *commit = &m->content.content.commit;
    const struct mls_sender *sender = &m->content.content.sender;
    TRY(begin(m));
    TRY(mls_commit_select(group, m->params, m->origin, m->auth, commit));
    TRY(mls_list_resolve(&m->list, group, commit, sender));
    TRY(mls_epoch_successor(&m->next, group->epoch, group->mem));
    TRY(mls_list_apply(&m->list, group, sender, m->origin->parent != NULL, m->auth, m->next,
                       &m->applied));
    TRY(make_path(m));
    TRY(sign_and_finish(m));
    struct mls_welcoming w = {
        .group = group,
        .next = m->next,
        .applied = &m->applied,
        .list = &m->list,
        .secrets = &m->secrets,
        .joiner_secret = m->joiner_secret,
        .psk_secret = m->psk_secret,
        .with_tree = m->params->tree_in_welcome,
        .external_pub = m->params->external_pub,
        .each = m->params->welcome_each,
    };
    TRY(mls_welcome_make(&w, committed));
    TRY(copy_added(m, committed));
    struct mls_epoch *next = m->next;
    uint32_t committer = next->keys.leaf;
    m->next = NULL;
    TRY(mls_staged_new(&committed->staged, group, next, committer, &m->applied));
    /* Last, since it uses up a key. */
    committed->commit = buf_on(group->mem);
    return mls_content_protect(group, &m->content, 0, &committed->commit);
}

static void end(struct making *m) {
    const struct mem *mem = m->group->mem;
    mls_list_end(&m->list, mem);
    mls_applied_end(&m->applied, mem);
    mls_authenticated_content_free(&m->content, mem);
    mls_epoch_free(m->next, mem);
    mls_leaf_node_free(&m->leaf, mem);
    mls_treekem_secrets_wipe(&m->secrets);
    wipe(m->psk_secret, sizeof(m->psk_secret));
    wipe(m->joiner_secret, sizeof(m->joiner_secret));
}

err mls_commit_make(struct mls_group *group, const struct mls_commit_params *params,
                    const struct mls_commit_origin *origin, const struct mls_auth *auth,
                    struct mls_committed *committed) {
    struct making m = {.group = group,
                       .params = params,
                       .origin = origin,
                       .auth = auth,
                       .external = origin->external_init != NULL};
    memset(committed, 0, sizeof(*committed));
    err e = make(&m, committed);
    end(&m);
    if (e != OK)
        mls_committed_free(committed, group->mem);
    return e;
}

err mls_group_commit(struct mls_group *group, const struct mls_commit_params *params,
                     const struct mls_auth *auth, struct mls_committed *committed) {
    struct mls_commit_origin origin = {.succeeds = MLS_NODE_NONE};
    memset(committed, 0, sizeof(*committed));
    TRY(mls_group_usable(group));
    return mls_commit_make(group, params, &origin, auth, committed);
}

void mls_committed_free(struct mls_committed *committed, const struct mem *mem) {
    mls_staged_free(committed->staged);
    buf_free(&committed->commit);
    for (size_t i = 0; i < committed->welcome_count; i++)
        buf_free(&committed->welcomes[i]);
    mem_free(mem, committed->welcomes, committed->welcome_count * sizeof(*committed->welcomes));
    mem_free(mem, committed->added, committed->added_count * sizeof(*committed->added));
    memset(committed, 0, sizeof(*committed));
}
