#include "mls/proposals.h"

#include <stdlib.h>

#include "mls/key_package.h"
#include "mls/leaf.h"
#include "mls/tree_check.h"

/* ---- One proposal (section 12.1) ---- */

/* A proposal of a member that was kept is valid against the group's extensions by itself; new ones
 * in the same commit make it necessary to look again (section 12.3). */
struct context {
    const struct mls_group *group;
    const struct mls_extensions *extensions;
    const struct mls_auth *auth;
    bool known; /* judged when it came */
};

static err check_add(const struct context *c, const struct mls_key_package *kp) {
    /* RFC 9420 s.12.1.1: the key package is valid. */
    TRY(mls_key_package_validate(c->group->suite, kp, c->extensions, NULL, c->group->mem));
    return c->known ? OK : mls_auth_judge(c->auth, NULL, &kp->leaf, 0);
}

static err check_update(const struct context *c, const struct mls_leaf_node *leaf,
                        uint32_t sender) {
    const struct mls_leaf_node *before = mls_tree_leaf(&c->group->epoch->tree, sender);
    if (before == NULL)
        return ERR_MLS_SENDER;
    /* RFC 9420 s.12.1.2: the leaf node is valid for an Update. */
    struct mls_leaf_check check = {
        .source = MLS_LEAF_UPDATE,
        .group_id = mls_group_id(c->group),
        .index = sender,
        .group = c->extensions,
    };
    TRY(mls_leaf_check(c->group->suite, leaf, &check, c->group->mem));
    /* RFC 9420 s.7.3: its encryption key is new. */
    TRY(mls_leaf_check_replaces(before, leaf));
    return c->known ? OK : mls_auth_judge(c->auth, before, leaf, sender);
}

static err check_one(const struct context *c, const struct mls_proposal *p, uint32_t sender) {
    switch (p->type) {
    case MLS_PROPOSAL_ADD:
        return check_add(c, p->key_package);
    case MLS_PROPOSAL_UPDATE:
        return check_update(c, p->leaf, sender);
    case MLS_PROPOSAL_REMOVE:
        /* RFC 9420 s.12.1.3: the leaf is not blank. */
        return mls_tree_leaf(&c->group->epoch->tree, p->removed) != NULL ? OK
                                                                         : ERR_MLS_PROPOSAL_LIST;
    case MLS_PROPOSAL_PSK:
        return mls_psk_check(c->group->suite, &p->psk);
    case MLS_PROPOSAL_GROUP_CONTEXT_EXTENSIONS:
        /* RFC 9420 s.13: no extension stands twice. */
        return mls_extensions_check(&p->extensions);
    case MLS_PROPOSAL_EXTERNAL_INIT:
        /* RFC 9420 s.12.2: only a commit from outside has one. */
        return ERR_MLS_PROPOSAL_LIST;
    default: /* ReInit, and whatever comes later */
        return ERR_UNSUPPORTED;
    }
}

/* Keys that stand in the tree already, of another member than the one that the leaf follows. */
static err check_keys_new(const struct mls_tree *tree, const struct mls_leaf_node *leaf,
                          uint32_t sender) {
    uint32_t signer = mls_tree_find_signer(tree, buf_slice(&leaf->signature_key));
    uint32_t decrypter = mls_tree_find_encryption(tree, buf_slice(&leaf->encryption_key));
    bool taken = (signer != MLS_NODE_NONE && signer != sender) || decrypter != MLS_NODE_NONE;
    return taken ? ERR_MLS_DUPLICATE_KEY : OK;
}

err mls_proposal_check(const struct mls_group *group, const struct mls_proposal *proposal,
                       uint32_t sender, const struct mls_auth *auth) {
    struct context c = {group, &group->epoch->context.extensions, auth, false};
    TRY(check_one(&c, proposal, sender));
    /* RFC 9420 s.7.3: keys are unique. An Add may follow the Remove of a member with its keys, so
     * for it that waits until the commit. */
    if (proposal->type == MLS_PROPOSAL_UPDATE)
        return check_keys_new(&group->epoch->tree, proposal->leaf, sender);
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
                         const struct mls_commit *commit, uint32_t committer,
                         const struct mls_pending *const *sorted) {
    for (size_t i = 0; i < commit->proposal_count; i++) {
        const struct mls_proposal_or_ref *p = &commit->proposals[i];
        list->items[i] = (struct mls_item){&p->proposal, NULL, committer};
        if (!p->by_reference)
            continue;
        const struct mls_pending *pending = find_sorted(
            sorted, group->pending_count, buf_slice(&p->reference), group->suite->hash->len);
        if (pending == NULL)
            return ERR_MISSING;
        list->items[i] = (struct mls_item){&pending->proposal, pending, pending->sender};
    }
    return OK;
}

err mls_list_resolve(struct mls_list *list, const struct mls_group *group,
                     const struct mls_commit *commit, uint32_t committer) {
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

static const struct mls_proposal *find_extensions(const struct mls_list *list) {
    for (size_t i = 0; i < list->n; i++)
        if (list->items[i].proposal->type == MLS_PROPOSAL_GROUP_CONTEXT_EXTENSIONS)
            return list->items[i].proposal;
    return NULL;
}

static err check_item(const struct context *c, const struct mls_item *item, uint32_t committer) {
    const struct mls_proposal *p = item->proposal;
    /* RFC 9420 s.12.2: no Update by the committer. */
    if (p->type == MLS_PROPOSAL_UPDATE && item->sender == committer)
        return ERR_MLS_PROPOSAL_LIST;
    /* RFC 9420 s.12.2: no Remove of the committer. */
    if (p->type == MLS_PROPOSAL_REMOVE && p->removed == committer)
        return ERR_MLS_PROPOSAL_LIST;
    struct context one = *c;
    one.known = item->pending != NULL;
    /* What was judged when it came, under the same extensions, stays valid within the epoch. */
    if (one.known && c->extensions == &c->group->epoch->context.extensions)
        return OK;
    /* RFC 9420 s.12.2: every proposal is valid by itself. */
    return check_one(&one, p, item->sender);
}

/* RFC 9420 s.12.2: at most one Update or Remove for a leaf. `leaves` has room for all. */
static err check_targets(const struct mls_list *list, uint32_t *leaves) {
    size_t n = 0;
    for (size_t i = 0; i < list->n; i++) {
        const struct mls_item *item = &list->items[i];
        if (item->proposal->type == MLS_PROPOSAL_UPDATE)
            leaves[n++] = item->sender;
        if (item->proposal->type == MLS_PROPOSAL_REMOVE)
            leaves[n++] = item->proposal->removed;
    }
    if (n > 1)
        qsort(leaves, n, sizeof(*leaves), mls_u32_order);
    for (size_t i = 1; i < n; i++)
        if (leaves[i] == leaves[i - 1])
            return ERR_MLS_PROPOSAL_LIST;
    return OK;
}

static err check_singles(const struct mls_list *list, const struct mls_applied *applied) {
    size_t extensions = 0;
    for (size_t i = 0; i < list->n; i++)
        extensions += list->items[i].proposal->type == MLS_PROPOSAL_GROUP_CONTEXT_EXTENSIONS;
    /* RFC 9420 s.12.2: at most one GroupContextExtensions. */
    if (extensions > 1)
        return ERR_MLS_PROPOSAL_LIST;
    /* RFC 9420 s.12.2: no PreSharedKeyID twice. There are few (MLS_PSKS_MAX). */
    for (size_t i = 0; i < applied->psk_count; i++)
        for (size_t j = 0; j < i; j++)
            if (mls_psk_id_equal(&applied->psks[i], &applied->psks[j]))
                return ERR_MLS_PROPOSAL_LIST;
    return OK;
}

/* ---- Applying (section 12.3) ---- */

static void note(struct mls_applied *a, int what, uint32_t leaf, uint32_t by) {
    a->changes[a->change_count++] = (struct mls_staged_change){what, leaf, by};
}

static err apply_updates(const struct mls_list *list, struct mls_epoch *next,
                         struct mls_applied *a) {
    uint32_t own = next->keys.leaf;
    for (size_t i = 0; i < list->n; i++) {
        const struct mls_item *item = &list->items[i];
        if (item->proposal->type != MLS_PROPOSAL_UPDATE)
            continue;
        TRY(mls_tree_update(&next->tree, item->sender, item->proposal->leaf));
        note(a, MLS_UPDATED, item->sender, item->sender);
        a->path_required = true;
        if (item->sender == own)
            a->own_update = item->pending;
    }
    return OK;
}

static err apply_removes(const struct mls_list *list, struct mls_epoch *next,
                         struct mls_applied *a) {
    for (size_t i = 0; i < list->n; i++) {
        const struct mls_item *item = &list->items[i];
        if (item->proposal->type != MLS_PROPOSAL_REMOVE)
            continue;
        TRY(mls_tree_remove(&next->tree, item->proposal->removed));
        note(a, MLS_REMOVED, item->proposal->removed, item->sender);
        a->path_required = true;
        if (item->proposal->removed == next->keys.leaf)
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
            note(a, MLS_ADDED, a->added[at++], list->items[i].sender);
    return OK;
}

static err apply_extensions(const struct mls_list *list, struct mls_epoch *next,
                            struct mls_applied *a, const struct mem *mem) {
    const struct mls_proposal *p = find_extensions(list);
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

static err check_list(const struct mls_list *list, const struct mls_group *group,
                      uint32_t committer, const struct mls_auth *auth, const struct mls_epoch *next,
                      const struct mls_applied *a) {
    /* RFC 9420 s.12.3: new extensions are what the other proposals are judged by. */
    struct context c = {
        group, a->new_extensions ? &next->context.extensions : &group->epoch->context.extensions,
        auth, false};
    for (size_t i = 0; i < list->n; i++)
        TRY(check_item(&c, &list->items[i], committer));
    /* applied.added is free to sort in until the adds are applied. */
    TRY(check_targets(list, a->added));
    return check_singles(list, a);
}

static err apply_tree(const struct mls_list *list, struct mls_epoch *next, struct mls_applied *a,
                      const struct mem *mem) {
    TRY(apply_updates(list, next, a));
    TRY(apply_removes(list, next, a));
    const struct mls_leaf_node **leaves = mem_new_array(mem, a->room, sizeof(*leaves));
    if (leaves == NULL)
        return ERR_NO_MEMORY;
    err e = apply_adds(list, next, a, leaves);
    mem_free(mem, leaves, a->room * sizeof(*leaves));
    return e;
}

static err apply_list(const struct mls_list *list, const struct mls_group *group,
                      uint32_t committer, const struct mls_auth *auth, struct mls_epoch *next,
                      struct mls_applied *a) {
    TRY(applied_begin(a, list, group->mem));
    TRY(apply_extensions(list, next, a, group->mem));
    TRY(check_list(list, group, committer, auth, next, a));
    TRY(apply_tree(list, next, a, group->mem));
    TRY(take_own_update(a, group, next));
    mls_treekem_private_prune(&next->keys, &next->tree);
    return OK;
}

err mls_list_apply(const struct mls_list *list, const struct mls_group *group, uint32_t committer,
                   const struct mls_auth *auth, struct mls_epoch *next,
                   struct mls_applied *applied) {
    err e = apply_list(list, group, committer, auth, next, applied);
    if (e != OK)
        mls_applied_end(applied, group->mem);
    return e;
}

err mls_applied_check(const struct mls_applied *applied, const struct mls_epoch *next) {
    /* RFC 9420 s.7.3, 12.2: the keys of new leaves are unique, so no client stands there twice. */
    for (size_t i = 0; i < applied->change_count; i++)
        if (applied->changes[i].what != MLS_REMOVED)
            TRY(mls_tree_check_keys(&next->tree, 2 * applied->changes[i].leaf));
    /* RFC 9420 s.7.3: everyone supports everyone's credential types. */
    TRY(mls_tree_check_credentials(&next->tree));
    /* RFC 9420 s.12.1.7: everyone supports the new extensions. */
    return applied->new_extensions ? mls_tree_check_support(&next->tree, &next->context.extensions)
                                   : OK;
}
