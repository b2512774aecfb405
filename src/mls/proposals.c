#include "mls/proposals.h"

#include <stdlib.h>

#include "mls/key_package.h"
#include "mls/leaf.h"
#include "mls/self_remove.h"
#include "mls/tree_check.h"

/* ---- What an application asks for ---- */

static err from_add(struct mls_proposal *p, const struct mls_propose *what, const struct mem *mem) {
    p->key_package = mem_new(mem, sizeof(*p->key_package));
    if (p->key_package == NULL)
        return ERR_NO_MEMORY;
    return mls_key_package_open(what->key_package, p->key_package, mem);
}

static err from_reinit(struct mls_proposal *p, const struct mls_propose *what,
                       const struct mem *mem) {
    if (what->suite == NULL)
        return ERR_MLS_SUITE;
    p->version = MLS_VERSION_10;
    p->suite = what->suite->id;
    TRY(mls_opaque_copy(&p->group_id, what->group_id, mem));
    return mls_extensions_from(&p->extensions, what->extensions, what->extension_count, mem);
}

static err from_psk(struct mls_proposal *p, const struct mls_propose *what,
                    const struct mls_suite *suite, slice group_id, const struct mem *mem) {
    if (what->resumption)
        return mls_psk_id_new(&p->psk, suite, MLS_PSK_APPLICATION, group_id, what->epoch, mem);
    return mls_psk_id_new(&p->psk, suite, 0, what->psk_id, 0, mem);
}

err mls_proposal_from(struct mls_proposal *p, const struct mls_propose *what,
                      const struct mls_suite *suite, slice group_id, const struct mem *mem) {
    p->type = what->type;
    switch (what->type) {
    case MLS_PROPOSAL_ADD:
        return from_add(p, what, mem);
    case MLS_PROPOSAL_UPDATE:
        p->leaf = mem_new(mem, sizeof(*p->leaf));
        return p->leaf == NULL ? ERR_NO_MEMORY : OK;
    case MLS_PROPOSAL_REMOVE:
        p->removed = what->leaf;
        return OK;
    case MLS_PROPOSAL_PSK:
        return from_psk(p, what, suite, group_id, mem);
    case MLS_PROPOSAL_REINIT:
        return from_reinit(p, what, mem);
    case MLS_PROPOSAL_GROUP_CONTEXT_EXTENSIONS:
        return mls_extensions_from(&p->extensions, what->extensions, what->extension_count, mem);
    case MLS_PROPOSAL_SELF_REMOVE:
        return OK;
    case MLS_PROPOSAL_EXTERNAL_INIT: /* only in a commit from outside */
    case 0:
        return ERR_MLS_PROPOSAL_LIST;
    default:
        return mls_opaque_copy(&p->content, what->content, mem);
    }
}

/* ---- One proposal (section 12.1) ---- */

/* A proposal of a member that was kept is valid against the group's extensions by itself; new ones
 * in the same commit make it necessary to look again (section 12.3). */
struct context {
    const struct mls_group *group;
    const struct mls_extensions *extensions;
    const struct mls_auth *auth;
    bool known;    /* judged when it came */
    bool external; /* in a commit from outside */
    bool resumes;  /* in the first commit of a group that continues another */
};

bool mls_sender_is_leaf(const struct mls_sender *sender, uint32_t leaf) {
    return sender->type == MLS_SENDER_MEMBER && sender->index == leaf;
}

static err check_add(const struct context *c, const struct mls_key_package *kp) {
    /* RFC 9420 rule 12.1.1-1: the key package is valid. */
    TRY(mls_key_package_validate(c->group->suite, kp, c->extensions, NULL, c->group->mem));
    return c->known ? OK : mls_key_package_judge(c->auth, kp);
}

static err check_update(const struct context *c, const struct mls_leaf_node *leaf,
                        uint32_t sender) {
    const struct mls_leaf_node *before = mls_tree_leaf(&c->group->epoch->tree, sender);
    if (before == NULL)
        return ERR_MLS_SENDER;
    /* RFC 9420 rule 12.1.2-1: the leaf node is valid for an Update. */
    struct mls_leaf_check check = {
        .source = MLS_LEAF_UPDATE,
        .group_id = mls_group_id(c->group),
        .index = sender,
        .group = c->extensions,
    };
    TRY(mls_leaf_check(c->group->suite, leaf, &check, c->group->mem));
    /* RFC 9420 rule 7.3-9: its encryption key is new. */
    TRY(mls_leaf_check_replaces(before, leaf));
    return c->known ? OK : mls_auth_judge(c->auth, before, leaf, sender);
}

/* Extensions that others would have for the group are the application's to judge. */
static err check_extensions(const struct context *c, const struct mls_extensions *extensions,
                            const struct mls_sender *sender) {
    /* RFC 9420 s.13, 17.3: no extension stands twice, or belongs elsewhere. */
    TRY(mls_extensions_check(extensions, MLS_IN_GROUP_CONTEXT));
    /* Each message is signed over the context, and each past epoch kept keeps one. */
    if (extensions->data.n > MLS_CONTEXT_MAX)
        return ERR_TOO_LARGE;
    if (c->known || mls_sender_is_leaf(sender, c->group->epoch->keys.leaf))
        return OK;
    if (c->auth == NULL || c->auth->extensions == NULL)
        return ERR_MLS_EXTENSION;
    return c->auth->extensions(c->auth->ctx, extensions->p, extensions->n);
}

static err check_reinit(const struct context *c, const struct mls_proposal *p,
                        const struct mls_sender *sender) {
    /* RFC 9420 rule 12.1.5-1: the version is not older than the group's. */
    if (p->version < c->group->epoch->context.version)
        return ERR_MLS_VERSION;
    return check_extensions(c, &p->extensions, sender);
}

static bool is_default(uint16_t type) {
    return type != 0 && type <= MLS_PROPOSAL_GROUP_CONTEXT_EXTENSIONS;
}

static bool all_support(const struct mls_tree *tree, const uint16_t *types, size_t n,
                        const uint32_t *removed, size_t removed_count) {
    for (uint32_t i = mls_tree_next_leaf(tree, 0); i != MLS_NODE_NONE;
         i = mls_tree_next_leaf(tree, i + 1)) {
        bool gone = removed_count != 0 &&
                    bsearch(&i, removed, removed_count, sizeof(*removed), mls_u32_order) != NULL;
        if (!gone && !mls_leaf_supports_proposals(mls_tree_leaf(tree, i), types, n))
            return false;
    }
    return true;
}

bool mls_proposal_is_supported(const struct mls_tree *tree, uint16_t type, const uint32_t *removed,
                               size_t n) {
    return is_default(type) || all_support(tree, &type, 1, removed, n);
}

/* RFC 9420 rules 12.1.8-3, 12.1.8-4: what senders from outside the group may propose;
 * draft-ietf-mls-extensions-10 s.6.3.1: no SelfRemove. */
err mls_proposal_check_sender(uint16_t type, const struct mls_sender *sender) {
    bool fine = false;
    switch (sender->type) {
    case MLS_SENDER_MEMBER:
    case MLS_SENDER_NEW_MEMBER_COMMIT:
        return OK;
    case MLS_SENDER_NEW_MEMBER_PROPOSAL:
        return type == MLS_PROPOSAL_ADD ? OK : ERR_MLS_SENDER;
    case MLS_SENDER_EXTERNAL:
        fine = type == MLS_PROPOSAL_ADD || type == MLS_PROPOSAL_REMOVE ||
               type == MLS_PROPOSAL_PSK || type == MLS_PROPOSAL_REINIT ||
               type == MLS_PROPOSAL_GROUP_CONTEXT_EXTENSIONS;
        return fine ? OK : ERR_MLS_SENDER;
    }
    return ERR_MLS_SENDER;
}

static err check_one(const struct context *c, const struct mls_proposal *p,
                     const struct mls_sender *sender) {
    TRY(mls_proposal_check_sender(p->type, sender));
    switch (p->type) {
    case MLS_PROPOSAL_ADD:
        return check_add(c, p->key_package);
    case MLS_PROPOSAL_UPDATE:
        return check_update(c, p->leaf, sender->index);
    case MLS_PROPOSAL_REMOVE:
        /* RFC 9420 rule 12.1.3-1: the leaf is not blank. */
        return mls_tree_leaf(&c->group->epoch->tree, p->removed) != NULL ? OK
                                                                         : ERR_MLS_PROPOSAL_LIST;
    case MLS_PROPOSAL_PSK:
        return c->resumes ? OK : mls_psk_check(c->group->suite, &p->psk);
    case MLS_PROPOSAL_REINIT:
        return check_reinit(c, p, sender);
    case MLS_PROPOSAL_GROUP_CONTEXT_EXTENSIONS:
        return check_extensions(c, &p->extensions, sender);
    case MLS_PROPOSAL_EXTERNAL_INIT:
        /* RFC 9420 rules 12.1.6-1, 12.2-10: only a commit from outside has one. */
        return c->external ? OK : ERR_MLS_PROPOSAL_LIST;
    default:
        /* SelfRemove was judged when it came; who must support other types, the list says. */
        return OK;
    }
}

/* Keys that stand in the tree already, of another member than the one that the leaf follows. */
static err check_keys_new(const struct mls_tree *tree, const struct mls_leaf_node *leaf,
                          uint32_t sender) {
    uint32_t signer = mls_tree_find_signer(tree, buf_slice(&leaf->signature_key));
    bool taken = (signer != MLS_NODE_NONE && signer != sender) ||
                 mls_tree_has_encryption(tree, buf_slice(&leaf->encryption_key));
    return taken ? ERR_MLS_DUPLICATE_KEY : OK;
}

err mls_proposal_check_size(const struct mls_proposal *proposal, const struct mem *mem) {
    buf bytes = buf_on(mem);
    writer w = writer_on(&bytes);
    mls_proposal_write(&w, proposal);
    err e = writer_result(&w);
    if (e == OK && bytes.n > MLS_PROPOSAL_MAX)
        e = ERR_TOO_LARGE;
    buf_free(&bytes);
    return e;
}

err mls_proposal_check(const struct mls_group *group, const struct mls_proposal *proposal,
                       const struct mls_sender *sender, const struct mls_auth *auth) {
    struct context c = {group, &group->epoch->context.extensions, auth, false, false, false};
    TRY(check_one(&c, proposal, sender));
    /* draft-ietf-mls-extensions-10 s.6.3.1: all members support SelfRemove. What else others
     * propose may become valid by who is removed with it; of our own we tell at once. */
    bool now = proposal->type == MLS_PROPOSAL_SELF_REMOVE ||
               mls_sender_is_leaf(sender, group->epoch->keys.leaf);
    if (now && !mls_proposal_is_supported(&group->epoch->tree, proposal->type, NULL, 0))
        return ERR_MLS_CAPABILITIES;
    /* RFC 9420 s.7.3: keys are unique. An Add may follow the Remove of a member with its keys, so
     * for it that waits until the commit. */
    if (proposal->type == MLS_PROPOSAL_UPDATE)
        return check_keys_new(&group->epoch->tree, proposal->leaf, sender->index);
    return OK;
}

/* ---- The list of a commit ---- */

static int compare_refs(const void *a, const void *b) {
    const struct mls_pending *const *x = a, *const *y = b;
    return memcmp((*x)->ref, (*y)->ref, CRYPTO_HASH_MAX);
}

static const struct mls_pending *find_sorted(const struct mls_pending *const *sorted, size_t n,
                                             slice ref, size_t hash) {
    struct mls_pending key = {0};
    const struct mls_pending *wanted = &key;
    if (ref.n != hash || n == 0)
        return NULL;
    memcpy(key.ref, ref.p, ref.n);
    const struct mls_pending *const *found =
        bsearch(&wanted, sorted, n, sizeof(*sorted), compare_refs);
    return found == NULL ? NULL : *found;
}

static err resolve_items(struct mls_list *list, const struct mls_group *group,
                         const struct mls_commit *commit, const struct mls_sender *committer,
                         const struct mls_pending *const *sorted) {
    for (size_t i = 0; i < commit->proposal_count; i++) {
        const struct mls_proposal_or_ref *p = &commit->proposals[i];
        list->items[i] = (struct mls_item){p->proposal, NULL, *committer};
        if (p->proposal != NULL)
            continue;
        const struct mls_pending *pending = find_sorted(
            sorted, group->pending_count, buf_slice(&p->reference), group->suite->hash->len);
        /* RFC 9420 rule 12.4-5 */
        if (pending == NULL)
            return ERR_MISSING;
        /* RFC 9420 rule 12.4.3.2-2, draft-ietf-mls-extensions-10 s.6.3.1: of what was proposed in
         * the group, a joiner may bring just this. */
        if (committer->type != MLS_SENDER_MEMBER &&
            pending->proposal.type != MLS_PROPOSAL_SELF_REMOVE)
            return ERR_MLS_PROPOSAL_LIST;
        list->items[i] = (struct mls_item){&pending->proposal, pending, pending->sender};
    }
    return OK;
}

err mls_list_resolve(struct mls_list *list, const struct mls_group *group,
                     const struct mls_commit *commit, const struct mls_sender *committer) {
    size_t n = commit->proposal_count, pending = group->pending_count;
    *list = (struct mls_list){NULL, 0};
    const struct mls_pending **sorted = mem_new_array(group->mem, pending, sizeof(*sorted));
    list->items = mem_new_array(group->mem, n, sizeof(*list->items));
    list->n = list->items == NULL ? 0 : n;
    err e = ERR_NO_MEMORY;
    if ((sorted != NULL || pending == 0) && (list->items != NULL || n == 0)) {
        for (size_t i = 0; i < pending; i++)
            sorted[i] = group->pending[i];
        if (pending != 0)
            qsort(sorted, pending, sizeof(*sorted), compare_refs);
        e = resolve_items(list, group, commit, committer, sorted);
    }
    mem_free(group->mem, sorted, pending * sizeof(*sorted));
    if (e != OK)
        mls_list_end(list, group->mem);
    return e;
}

void mls_list_end(struct mls_list *list, const struct mem *mem) {
    mem_free(mem, list->items, list->n * sizeof(*list->items));
    *list = (struct mls_list){NULL, 0};
}

/* ---- The rules for the list (section 12.2) ---- */

static const struct mls_proposal *find_type(const struct mls_list *list, uint16_t type) {
    for (size_t i = 0; i < list->n; i++)
        if (list->items[i].proposal->type == type)
            return list->items[i].proposal;
    return NULL;
}

static err check_item(const struct context *c, const struct mls_item *item,
                      const struct mls_sender *committer) {
    const struct mls_proposal *p = item->proposal;
    /* RFC 9420 rule 12.2-2: no Update by the committer. */
    if (p->type == MLS_PROPOSAL_UPDATE && mls_sender_equal(&item->sender, committer))
        return ERR_MLS_PROPOSAL_LIST;
    /* RFC 9420 rule 12.2-3: no Remove of the committer; nor its own SelfRemove. */
    if (mls_sender_is_leaf(committer, mls_proposal_removes(p, &item->sender)))
        return ERR_MLS_PROPOSAL_LIST;
    TRY(mls_self_remove_check_item(item));
    struct context one = *c;
    one.known = item->pending != NULL;
    /* What was judged when it came, under the same extensions, stays valid within the epoch. */
    if (one.known && c->extensions == &c->group->epoch->context.extensions)
        return OK;
    /* RFC 9420 rule 12.2-1: every proposal is valid by itself. */
    return check_one(&one, p, &item->sender);
}

/* The leaves that it removes, ascending. */
static size_t removed_leaves(const struct mls_list *list, uint32_t *leaves) {
    size_t n = 0;
    for (size_t i = 0; i < list->n; i++) {
        uint32_t removed = mls_proposal_removes(list->items[i].proposal, &list->items[i].sender);
        if (removed != MLS_NODE_NONE)
            leaves[n++] = removed;
    }
    if (n > 1)
        qsort(leaves, n, sizeof(*leaves), mls_u32_order);
    return n;
}

/* SelfRemove was judged when it came. */
static bool is_custom(uint16_t type) {
    return !is_default(type) && type != MLS_PROPOSAL_SELF_REMOVE;
}

/* The types in it that somebody may not support, each once: there may be many proposals. */
static size_t custom_types(const struct mls_list *list, uint16_t *types) {
    uint8_t seen[(UINT16_MAX + 1) / 8] = {0};
    size_t n = 0;
    for (size_t i = 0; i < list->n; i++) {
        uint16_t type = list->items[i].proposal->type;
        uint8_t bit = (uint8_t)(1 << type % 8);
        if (!is_custom(type) || (seen[type / 8] & bit) != 0)
            continue;
        seen[type / 8] |= bit;
        types[n++] = type;
    }
    return n;
}

/* RFC 9420 rule 12.2-11: types that it does not define are supported by all who process the commit,
 * which who is added or removed by it does not. */
static err check_able(const struct mls_list *list, const struct mls_group *group,
                      const uint32_t *removed, size_t removed_count) {
    size_t most = 0;
    for (size_t i = 0; i < list->n; i++)
        most += is_custom(list->items[i].proposal->type);
    if (most == 0)
        return OK;
    uint16_t *types = mem_new_array(group->mem, most, sizeof(*types));
    if (types == NULL)
        return ERR_NO_MEMORY;
    size_t n = custom_types(list, types);
    bool able = all_support(&group->epoch->tree, types, n, removed, removed_count);
    mem_free(group->mem, types, most * sizeof(*types));
    return able ? OK : ERR_MLS_CAPABILITIES;
}

/* RFC 9420 rule 12.2-4, draft-ietf-mls-extensions-10 s.6.3.1: at most one Update, Remove or
 * SelfRemove for a leaf. leaves: the n that are removed, with room for all that are updated. */
static err check_targets(const struct mls_list *list, uint32_t *leaves, size_t n) {
    for (size_t i = 0; i < list->n; i++)
        if (list->items[i].proposal->type == MLS_PROPOSAL_UPDATE)
            leaves[n++] = list->items[i].sender.index;
    if (n > 1)
        qsort(leaves, n, sizeof(*leaves), mls_u32_order);
    for (size_t i = 1; i < n; i++)
        if (leaves[i] == leaves[i - 1])
            return ERR_MLS_PROPOSAL_LIST;
    return OK;
}

static size_t count_type(const struct mls_list *list, uint16_t type) {
    size_t n = 0;
    for (size_t i = 0; i < list->n; i++)
        n += list->items[i].proposal->type == type;
    return n;
}

static err check_singles(const struct mls_list *list, const struct mls_applied *applied) {
    /* RFC 9420 rule 12.2-8: at most one GroupContextExtensions. */
    if (count_type(list, MLS_PROPOSAL_GROUP_CONTEXT_EXTENSIONS) > 1)
        return ERR_MLS_PROPOSAL_LIST;
    /* RFC 9420 rule 12.2-9: a ReInit stands alone. */
    if (applied->reinit != NULL && list->n > 1)
        return ERR_MLS_PROPOSAL_LIST;
    /* RFC 9420 rule 12.2-7: no PreSharedKeyID twice. There are few (MLS_PSKS_MAX). */
    for (size_t i = 0; i < applied->psk_count; i++)
        for (size_t j = 0; j < i; j++)
            if (mls_psk_id_equal(&applied->psks[i], &applied->psks[j]))
                return ERR_MLS_PROPOSAL_LIST;
    return OK;
}

/* RFC 9420 s.12.2: what a commit from outside may have. */
static err check_external(const struct mls_list *list) {
    size_t inits = count_type(list, MLS_PROPOSAL_EXTERNAL_INIT);
    size_t removes = count_type(list, MLS_PROPOSAL_REMOVE);
    size_t any = count_type(list, MLS_PROPOSAL_PSK) + count_type(list, MLS_PROPOSAL_SELF_REMOVE);
    /* RFC 9420 rules 12.2-13, 12.2-14, 12.2-17, draft-ietf-mls-extensions-10 s.6.3.1: one
     * ExternalInit, at most one Remove, any PreSharedKeys and SelfRemoves, nothing else. */
    return inits == 1 && removes <= 1 && inits + removes + any == list->n ? OK
                                                                          : ERR_MLS_PROPOSAL_LIST;
}

/* ---- Applying (section 12.3) ---- */

static void note(struct mls_applied *a, int what, uint32_t leaf, const struct mls_sender *by) {
    a->changes[a->change_count++] = (struct mls_staged_change){what, leaf, *by};
}

static err apply_updates(const struct mls_list *list, struct mls_epoch *next,
                         struct mls_applied *a) {
    uint32_t own = next->keys.leaf;
    for (size_t i = 0; i < list->n; i++) {
        const struct mls_item *item = &list->items[i];
        if (item->proposal->type != MLS_PROPOSAL_UPDATE)
            continue;
        TRY(mls_tree_update(&next->tree, item->sender.index, item->proposal->leaf));
        note(a, MLS_UPDATED, item->sender.index, &item->sender);
        a->path_required = true;
        if (item->sender.index == own)
            a->own_update = item->pending;
    }
    return OK;
}

/* type: Remove or SelfRemove. */
static err apply_removes(const struct mls_list *list, uint16_t type, struct mls_epoch *next,
                         struct mls_applied *a) {
    for (size_t i = 0; i < list->n; i++) {
        const struct mls_item *item = &list->items[i];
        if (item->proposal->type != type)
            continue;
        uint32_t removed = mls_proposal_removes(item->proposal, &item->sender);
        TRY(mls_tree_remove(&next->tree, removed));
        note(a, MLS_REMOVED, removed, &item->sender);
        /* RFC 9420 s.17.4, draft-ietf-mls-extensions-10 s.6.3.1: both need a path. */
        a->path_required = true;
        if (removed == next->keys.leaf)
            a->removes_us = true;
    }
    return OK;
}

static err apply_adds(const struct mls_list *list, struct mls_epoch *next, struct mls_applied *a,
                      const struct mls_leaf_node **leaves) {
    size_t n = 0;
    for (size_t i = 0; i < list->n; i++)
        if (list->items[i].proposal->type == MLS_PROPOSAL_ADD)
            leaves[n++] = &list->items[i].proposal->key_package->leaf;
    if (n == 0)
        return OK;
    TRY(mls_tree_add(&next->tree, leaves, n, a->added));
    a->added_count = n;
    for (size_t i = 0, at = 0; i < list->n; i++)
        if (list->items[i].proposal->type == MLS_PROPOSAL_ADD)
            note(a, MLS_ADDED, a->added[at++], &list->items[i].sender);
    return OK;
}

static err apply_extensions(const struct mls_list *list, struct mls_epoch *next,
                            struct mls_applied *a, const struct mem *mem) {
    const struct mls_proposal *p = find_type(list, MLS_PROPOSAL_GROUP_CONTEXT_EXTENSIONS);
    if (p == NULL)
        return OK;
    mls_extensions_free(&next->context.extensions, mem);
    a->path_required = a->new_extensions = true;
    return mls_extensions_copy(&next->context.extensions, &p->extensions, mem);
}

/* Our own Update was committed: its keys are ours now. */
static err take_own_update(const struct mls_applied *a, const struct mls_group *group,
                           struct mls_epoch *next) {
    if (a->own_update == NULL)
        return OK;
    TRY(mls_treekem_private_set_leaf(&next->keys, group->suite,
                                     buf_slice(&a->own_update->leaf_priv)));
    buf_free(&next->signature_priv);
    return mls_opaque_copy(&next->signature_priv, buf_slice(&a->own_update->signature_priv),
                           group->mem);
}

/* Room for one of everything: a list is never so long that this would matter. One more change is
 * for the committer's own leaf. */
static err applied_begin(struct mls_applied *a, const struct mls_list *list,
                         const struct mem *mem) {
    *a = (struct mls_applied){0};
    a->room = list->n + 1;
    a->added = mem_new_array(mem, a->room, sizeof(*a->added));
    a->changes = mem_new_array(mem, a->room, sizeof(*a->changes));
    a->psks = mem_new_array(mem, a->room, sizeof(*a->psks));
    if (a->added == NULL || a->changes == NULL || a->psks == NULL)
        return ERR_NO_MEMORY;
    a->reinit = find_type(list, MLS_PROPOSAL_REINIT);
    a->external_init = find_type(list, MLS_PROPOSAL_EXTERNAL_INIT);
    a->path_required = a->external_init != NULL;
    for (size_t i = 0; i < list->n; i++)
        if (list->items[i].proposal->type == MLS_PROPOSAL_PSK)
            a->psks[a->psk_count++] = list->items[i].proposal->psk;
    return a->psk_count > MLS_PSKS_MAX ? ERR_LIMIT : OK;
}

void mls_applied_end(struct mls_applied *a, const struct mem *mem) {
    mem_free(mem, a->added, a->room * sizeof(*a->added));
    mem_free(mem, a->changes, a->room * sizeof(*a->changes));
    mem_free(mem, a->psks, a->room * sizeof(*a->psks));
    *a = (struct mls_applied){0};
}

static err check_list(const struct mls_list *list, const struct context *c,
                      const struct mls_sender *committer, const struct mls_applied *a) {
    for (size_t i = 0; i < list->n; i++)
        TRY(check_item(c, &list->items[i], committer));
    if (c->external)
        TRY(check_external(list));
    /* applied.added is free to sort in until the adds are applied. */
    size_t removed = removed_leaves(list, a->added);
    TRY(check_able(list, c->group, a->added, removed));
    TRY(check_targets(list, a->added, removed));
    return check_singles(list, a);
}

static err apply_tree(const struct mls_list *list, struct mls_epoch *next, struct mls_applied *a,
                      const struct mem *mem) {
    TRY(apply_updates(list, next, a));
    /* draft-ietf-mls-extensions-10 s.6.3.1: after Updates, and before Removes. */
    TRY(apply_removes(list, MLS_PROPOSAL_SELF_REMOVE, next, a));
    TRY(apply_removes(list, MLS_PROPOSAL_REMOVE, next, a));
    const struct mls_leaf_node **leaves = mem_new_array(mem, a->room, sizeof(*leaves));
    if (leaves == NULL)
        return ERR_NO_MEMORY;
    err e = apply_adds(list, next, a, leaves);
    mem_free(mem, leaves, a->room * sizeof(*leaves));
    return e;
}

static err apply_list(const struct mls_list *list, struct context *c,
                      const struct mls_sender *committer, struct mls_epoch *next,
                      struct mls_applied *a) {
    const struct mem *mem = c->group->mem;
    TRY(applied_begin(a, list, mem));
    TRY(apply_extensions(list, next, a, mem));
    /* RFC 9420 rule 12.3-1: new extensions are what the other proposals are judged by. */
    if (a->new_extensions)
        c->extensions = &next->context.extensions;
    TRY(check_list(list, c, committer, a));
    TRY(apply_tree(list, next, a, mem));
    TRY(take_own_update(a, c->group, next));
    mls_treekem_private_prune(&next->keys, &next->tree);
    return OK;
}

err mls_list_apply(const struct mls_list *list, const struct mls_group *group,
                   const struct mls_sender *committer, bool resumes, const struct mls_auth *auth,
                   struct mls_epoch *next, struct mls_applied *applied) {
    struct context c = {.group = group,
                        .extensions = &group->epoch->context.extensions,
                        .auth = auth,
                        .external = committer->type == MLS_SENDER_NEW_MEMBER_COMMIT,
                        .resumes = resumes};
    err e = apply_list(list, &c, committer, next, applied);
    if (e != OK)
        mls_applied_end(applied, group->mem);
    return e;
}

err mls_applied_check(const struct mls_applied *applied, const struct mls_epoch *next) {
    /* RFC 9420 rules 12.2-5, 12.2-6: keys are unique, so no client stands there twice. */
    for (size_t i = 0; i < applied->change_count; i++)
        if (applied->changes[i].what != MLS_REMOVED)
            TRY(mls_tree_check_keys(&next->tree, 2 * applied->changes[i].leaf));
    /* RFC 9420 rule 7.3-4: everyone supports everyone's credential types. */
    TRY(mls_tree_check_credentials(&next->tree));
    /* RFC 9420 rule 12.1.7-1: everyone supports the new extensions. */
    return applied->new_extensions ? mls_tree_check_support(&next->tree, &next->context.extensions)
                                   : OK;
}
