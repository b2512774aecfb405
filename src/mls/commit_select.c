/* Which proposals a commit of ours carries (RFC 9420 section 12.2). What was asked for by value
 * must go in, or the call fails; of the pending ones, those that fit. */
#include <stdlib.h>

#include "mls/commit.h"
#include "mls/key_package.h"
#include "mls/leaf.h"
#include "mls/self_remove.h"
#include "mls/tree_check.h"

/* By value first, then the pending ones in the order of their arrival. */
struct candidate {
    const struct mls_proposal *proposal;
    const struct mls_pending *pending; /* NULL: by value */
    struct mls_sender sender;
    bool dropped;
};

struct selection {
    const struct mls_group *group;
    const struct mls_commit_params *params;
    const struct mls_commit_origin *origin;
    const struct mls_auth *auth;
    struct mls_sender own;
    struct mls_proposal *values; /* owned */
    size_t value_count, value_room;
    struct candidate *candidates;
    size_t count, room;
    uint32_t *removed; /* leaves, ascending; `room` of them */
    size_t removed_count;
    const struct mls_extensions *extensions; /* of the group after the commit */
};

/* ---- Gathering ---- */

/* What a commit from outside has besides: the init secret, and the leaf whose place is taken. */
static err add_external(struct selection *s) {
    const struct mls_commit_origin *origin = s->origin;
    if (origin->external_init == NULL)
        return OK;
    struct mls_proposal *p = &s->values[s->value_count++];
    p->type = MLS_PROPOSAL_EXTERNAL_INIT;
    TRY(mls_opaque_copy(&p->kem_output, origin->kem_output, s->group->mem));
    if (origin->succeeds == MLS_NODE_NONE)
        return OK;
    p = &s->values[s->value_count++];
    p->type = MLS_PROPOSAL_REMOVE;
    p->removed = origin->succeeds;
    return OK;
}

/* What ties the first commit of a group to the group that it continues (section 8.6). */
static err add_parent(struct selection *s) {
    const struct mls_group *parent = s->origin->parent;
    if (parent == NULL)
        return OK;
    struct mls_proposal *p = &s->values[s->value_count++];
    p->type = MLS_PROPOSAL_PSK;
    return mls_psk_id_new(&p->psk, s->group->suite, s->origin->usage, mls_group_id(parent),
                          mls_group_epoch(parent), s->group->mem);
}

static err parse_values(struct selection *s) {
    const struct mls_commit_params *params = s->params;
    const struct mls_group *group = s->group;
    struct mls_propose one = {.type = MLS_PROPOSAL_ADD};
    for (size_t i = 0; i < params->add_count; i++) {
        one.key_package = params->adds[i];
        TRY(mls_proposal_from(&s->values[s->value_count++], &one, group->suite, mls_group_id(group),
                              group->mem));
    }
    one.type = MLS_PROPOSAL_REMOVE;
    for (size_t i = 0; i < params->remove_count; i++) {
        one.leaf = params->removes[i];
        TRY(mls_proposal_from(&s->values[s->value_count++], &one, group->suite, mls_group_id(group),
                              group->mem));
    }
    for (size_t i = 0; i < params->proposal_count; i++) {
        /* RFC 9420 s.12.2: no Update by the committer. */
        if (params->proposals[i].type == MLS_PROPOSAL_UPDATE)
            return ERR_MLS_PROPOSAL_LIST;
        TRY(mls_proposal_from(&s->values[s->value_count++], &params->proposals[i], group->suite,
                              mls_group_id(group), group->mem));
    }
    TRY(add_external(s));
    return add_parent(s);
}

static err gather(struct selection *s) {
    enum { OF_ORIGIN = 3 };
    const struct mls_group *group = s->group;
    const struct mls_commit_params *params = s->params;
    size_t pending = params->without_pending ? 0 : group->pending_count, most = SIZE_MAX / 8;
    if (params->add_count > most || params->remove_count > most || params->proposal_count > most)
        return ERR_LIMIT;
    s->value_room = params->add_count + params->remove_count + params->proposal_count + OF_ORIGIN;
    s->room = s->value_room + pending;
    s->values = mem_new_array(group->mem, s->value_room, sizeof(*s->values));
    s->candidates = mem_new_array(group->mem, s->room, sizeof(*s->candidates));
    s->removed = mem_new_array(group->mem, s->room, sizeof(*s->removed));
    if (s->values == NULL || s->candidates == NULL || s->removed == NULL)
        return ERR_NO_MEMORY;
    TRY(parse_values(s));
    for (size_t i = 0; i < s->value_count; i++)
        s->candidates[s->count++] = (struct candidate){&s->values[i], NULL, s->own, false};
    for (size_t i = 0; i < pending; i++)
        s->candidates[s->count++] = (struct candidate){
            &group->pending[i]->proposal, group->pending[i], group->pending[i]->sender, false};
    return OK;
}

/* ---- One by one ---- */

/* What was asked for by value can't be left out: then `broken` is the answer. */
static err drop(struct candidate *c, err broken) {
    c->dropped = true;
    return c->pending != NULL ? OK : broken;
}

/* True if all members and those who are added by value support the extensions. */
static bool all_support_extensions(const struct selection *s,
                                   const struct mls_extensions *extensions) {
    for (size_t i = 0; i < s->value_count; i++)
        if (s->values[i].type == MLS_PROPOSAL_ADD &&
            mls_leaf_supports(&s->values[i].key_package->leaf, extensions) != OK)
            return false;
    return mls_tree_check_support(&s->group->epoch->tree, extensions) == OK;
}

/* Only the newest new set of extensions stays, if it can; then what does not fit to it is left out.
 */
static err choose_extensions(struct selection *s) {
    for (size_t i = s->count; i-- > 0;) {
        struct candidate *c = &s->candidates[i];
        if (c->dropped || c->proposal->type != MLS_PROPOSAL_GROUP_CONTEXT_EXTENSIONS)
            continue;
        const struct mls_extensions *new = &c->proposal->extensions;
        if (!all_support_extensions(s, new))
            TRY(drop(c, ERR_MLS_CAPABILITIES));
        else if (s->extensions != NULL)
            TRY(drop(c, ERR_MLS_PROPOSAL_LIST));
        else
            s->extensions = new;
    }
    return OK;
}

static bool fits_extensions(const struct selection *s, const struct mls_proposal *p) {
    const struct mls_leaf_node *leaf = NULL;
    if (s->extensions != NULL && p->type == MLS_PROPOSAL_ADD)
        leaf = &p->key_package->leaf;
    if (s->extensions != NULL && p->type == MLS_PROPOSAL_UPDATE)
        leaf = p->leaf;
    return leaf == NULL || mls_leaf_supports(leaf, s->extensions) == OK;
}

static err find_psk(const struct selection *s, const struct mls_psk_id *id) {
    const struct mls_group *group = s->origin->parent != NULL ? s->origin->parent : s->group;
    uint8_t secret[CRYPTO_HASH_MAX];
    err e = mls_psk_secret(s->group->suite, group, id, 1, s->auth, secret, s->group->mem);
    wipe(secret, sizeof(secret));
    return e;
}

/* RFC 9420 rule 7.3-5: what is sent is valid now. */
static bool is_late(const struct selection *s, const struct mls_proposal *p) {
    uint64_t now = s->params->now;
    if (now == 0 || p->type != MLS_PROPOSAL_ADD)
        return false;
    const struct mls_leaf_node *leaf = &p->key_package->leaf;
    return now < leaf->not_before || now > leaf->not_after;
}

/* RFC 9420 s.12.2: all who process the commit support its types. Who is removed with it does not
 * process it; every Remove and SelfRemove of another counts here: one that is left out later stands
 * beside another for its leaf. */
static void list_removed(struct selection *s) {
    for (size_t i = 0; i < s->count; i++) {
        const struct candidate *c = &s->candidates[i];
        uint32_t leaf = mls_proposal_removes(c->proposal, &c->sender);
        if (!c->dropped && leaf != MLS_NODE_NONE && !mls_sender_is_leaf(&s->own, leaf))
            s->removed[s->removed_count++] = leaf;
    }
    if (s->removed_count > 1)
        qsort(s->removed, s->removed_count, sizeof(*s->removed), mls_u32_order);
}

static bool is_supported(const struct selection *s, uint16_t type) {
    return type == MLS_PROPOSAL_SELF_REMOVE || /* judged when it came */
           mls_proposal_is_supported(&s->group->epoch->tree, type, s->removed, s->removed_count);
}

static err drop_psk(struct selection *s, struct candidate *c) {
    if (c->pending != NULL && !s->params->pending_psks)
        return drop(c, ERR_MLS_PSK);
    err e = find_psk(s, &c->proposal->psk);
    return e == OK || e == ERR_NO_MEMORY ? e : drop(c, e);
}

static err drop_single(struct selection *s, struct candidate *c) {
    const struct mls_proposal *p = c->proposal;
    /* RFC 9420 s.12.2: no Update by the committer, no Remove of the committer (nor SelfRemove). */
    if (p->type == MLS_PROPOSAL_UPDATE && mls_sender_equal(&c->sender, &s->own))
        return drop(c, ERR_MLS_PROPOSAL_LIST);
    if (mls_sender_is_leaf(&s->own, mls_proposal_removes(p, &c->sender)))
        return drop(c, ERR_MLS_PROPOSAL_LIST);
    if (p->type == MLS_PROPOSAL_PSK)
        return drop_psk(s, c);
    if (is_late(s, p))
        return drop(c, ERR_MLS_LIFETIME);
    if (!is_supported(s, p->type))
        return drop(c, ERR_MLS_CAPABILITIES);
    return fits_extensions(s, p) ? OK : drop(c, ERR_MLS_CAPABILITIES);
}

/* RFC 9420 s.12.2: a ReInit stands alone. Anything asked for by value comes before it; else it
 * comes before all, since the group ends. */
static err drop_around_reinit(struct selection *s) {
    struct candidate *reinit = NULL;
    for (size_t i = 0; i < s->count; i++) {
        struct candidate *c = &s->candidates[i];
        if (c->proposal->type != MLS_PROPOSAL_REINIT)
            continue;
        bool first = reinit == NULL && (c->pending == NULL || s->value_count == 0);
        if (first)
            reinit = c;
        else
            TRY(drop(c, ERR_MLS_PROPOSAL_LIST));
    }
    for (size_t i = 0; reinit != NULL && i < s->count; i++)
        if (&s->candidates[i] != reinit && !s->candidates[i].dropped)
            TRY(drop(&s->candidates[i], ERR_MLS_PROPOSAL_LIST));
    return OK;
}

/* RFC 9420 s.12.2: no PreSharedKeyID twice, and not more than anyone accepts. */
static err drop_psks(struct selection *s) {
    const struct mls_psk_id *kept[MLS_PSKS_MAX];
    size_t n = 0;
    for (size_t i = 0; i < s->count; i++) {
        struct candidate *c = &s->candidates[i];
        if (c->dropped || c->proposal->type != MLS_PROPOSAL_PSK)
            continue;
        bool twice = n == MLS_PSKS_MAX;
        for (size_t j = 0; j < n && !twice; j++)
            twice = mls_psk_id_equal(kept[j], &c->proposal->psk);
        if (twice)
            TRY(drop(c, ERR_MLS_PROPOSAL_LIST));
        else
            kept[n++] = &c->proposal->psk;
    }
    return OK;
}

/* ---- Against each other ---- */

/* What a candidate claims for itself; of several with one claim, the first in this order stays. */
struct claim {
    slice what; /* a leaf's number, a key */
    uint64_t rank;
    size_t candidate;
};

static int compare_claims(const void *a, const void *b) {
    const struct claim *x = a, *y = b;
    int order = slice_compare(x->what, y->what);
    if (order != 0)
        return order;
    return x->rank < y->rank ? -1 : x->rank > y->rank;
}

static void sort_claims(struct claim *claims, size_t n) {
    if (n > 1)
        qsort(claims, n, sizeof(*claims), compare_claims);
}

/* claims: sorted. */
static err keep_first(struct selection *s, const struct claim *claims, size_t n, err broken) {
    for (size_t i = 1; i < n; i++) {
        struct candidate *c = &s->candidates[claims[i].candidate];
        if (slice_equal(claims[i].what, claims[i - 1].what) && !c->dropped)
            TRY(drop(c, broken));
    }
    return OK;
}

/* draft-ietf-mls-extensions-10 s.6.3.1: a Remove of one who leaves is not valid. Also one by value
 * is left out, since what it asks for happens. */
static void drop_removes_of_leavers(struct selection *s, const struct claim *claims, size_t n) {
    for (size_t i = 1, first = 0; i < n; i++) {
        if (!slice_equal(claims[i].what, claims[first].what))
            first = i;
        const struct candidate *stays = &s->candidates[claims[first].candidate];
        struct candidate *c = &s->candidates[claims[i].candidate];
        if (stays->proposal->type == MLS_PROPOSAL_SELF_REMOVE &&
            c->proposal->type == MLS_PROPOSAL_REMOVE)
            c->dropped = true;
    }
}

/* RFC 9420 s.12.2: one Update or Remove for a leaf: a SelfRemove, else any Remove, else the newest
 * Update. `leaves` has room for all. */
static err drop_targets(struct selection *s, struct claim *claims, uint32_t *leaves) {
    size_t n = 0;
    for (size_t i = 0; i < s->count; i++) {
        const struct candidate *c = &s->candidates[i];
        uint32_t removed = mls_proposal_removes(c->proposal, &c->sender);
        bool is_update = c->proposal->type == MLS_PROPOSAL_UPDATE;
        if (c->dropped || (!is_update && removed == MLS_NODE_NONE))
            continue;
        uint64_t rank = is_update ? (uint64_t)s->count * 3 - i : s->count + i;
        if (c->proposal->type == MLS_PROPOSAL_SELF_REMOVE)
            rank = i;
        leaves[n] = is_update ? c->sender.index : removed;
        claims[n] = (struct claim){
            .what = slice_of(&leaves[n], sizeof(leaves[n])), .rank = rank, .candidate = i};
        n++;
    }
    sort_claims(claims, n);
    drop_removes_of_leavers(s, claims, n);
    return keep_first(s, claims, n, ERR_MLS_PROPOSAL_LIST);
}

static const struct mls_leaf_node *new_leaf(const struct candidate *c) {
    if (c->dropped)
        return NULL;
    if (c->proposal->type == MLS_PROPOSAL_ADD)
        return &c->proposal->key_package->leaf;
    return c->proposal->type == MLS_PROPOSAL_UPDATE ? c->proposal->leaf : NULL;
}

/* RFC 9420 s.7.3, 12.2: keys of new leaves are unique among themselves... */
static err drop_same_keys(struct selection *s, struct claim *claims, bool signature) {
    size_t n = 0;
    for (size_t i = 0; i < s->count; i++) {
        const struct mls_leaf_node *leaf = new_leaf(&s->candidates[i]);
        if (leaf == NULL)
            continue;
        const buf *key = signature ? &leaf->signature_key : &leaf->encryption_key;
        claims[n++] = (struct claim){.what = buf_slice(key), .rank = i, .candidate = i};
    }
    sort_claims(claims, n);
    return keep_first(s, claims, n, ERR_MLS_DUPLICATE_KEY);
}

static bool stays(uint32_t leaf, const uint32_t *removed, size_t n) {
    if (leaf == MLS_NODE_NONE)
        return false;
    return n == 0 || bsearch(&leaf, removed, n, sizeof(leaf), mls_u32_order) == NULL;
}

/* ... and differ from those of members who stay. */
static err drop_taken_keys(struct selection *s, uint32_t *removed) {
    const struct mls_tree *tree = &s->group->epoch->tree;
    size_t n = 0;
    for (size_t i = 0; i < s->count; i++) {
        const struct candidate *c = &s->candidates[i];
        uint32_t leaf = mls_proposal_removes(c->proposal, &c->sender);
        if (!c->dropped && leaf != MLS_NODE_NONE)
            removed[n++] = leaf;
    }
    if (n > 1)
        qsort(removed, n, sizeof(*removed), mls_u32_order);
    for (size_t i = 0; i < s->count; i++) {
        struct candidate *c = &s->candidates[i];
        const struct mls_leaf_node *leaf = new_leaf(c);
        if (leaf == NULL)
            continue;
        slice key = buf_slice(&leaf->encryption_key);
        uint32_t signer = mls_tree_find_signer(tree, buf_slice(&leaf->signature_key));
        uint32_t owner = mls_tree_find_encryption(tree, key);
        bool of_parent = owner == MLS_NODE_NONE && mls_tree_has_encryption(tree, key);
        if (c->proposal->type == MLS_PROPOSAL_UPDATE && signer == c->sender.index)
            signer = MLS_NODE_NONE;
        if (of_parent || stays(signer, removed, n) || stays(owner, removed, n))
            TRY(drop(c, ERR_MLS_DUPLICATE_KEY));
    }
    return OK;
}

static err drop_conflicts(struct selection *s) {
    const struct mem *mem = s->group->mem;
    if (s->count == 0)
        return OK;
    TRY(drop_around_reinit(s));
    TRY(choose_extensions(s));
    list_removed(s);
    for (size_t i = 0; i < s->count; i++)
        if (!s->candidates[i].dropped)
            TRY(drop_single(s, &s->candidates[i]));
    TRY(drop_psks(s));
    struct claim *claims = mem_new_array(mem, s->count, sizeof(*claims));
    uint32_t *leaves = mem_new_array(mem, s->count, sizeof(*leaves));
    err e = claims == NULL || leaves == NULL ? ERR_NO_MEMORY : drop_targets(s, claims, leaves);
    if (e == OK)
        e = drop_same_keys(s, claims, true);
    if (e == OK)
        e = drop_same_keys(s, claims, false);
    if (e == OK)
        e = drop_taken_keys(s, leaves);
    mem_free(mem, claims, s->count * sizeof(*claims));
    mem_free(mem, leaves, s->count * sizeof(*leaves));
    return e;
}

/* ---- The commit ---- */

static err write_commit(struct selection *s, struct mls_commit *commit) {
    const struct mem *mem = s->group->mem;
    size_t n = 0;
    for (size_t i = 0; i < s->count; i++)
        n += !s->candidates[i].dropped;
    commit->proposals = mem_new_array(mem, n, sizeof(*commit->proposals));
    if (commit->proposals == NULL && n != 0)
        return ERR_NO_MEMORY;
    commit->proposal_count = n;
    for (size_t i = 0, at = 0; i < s->count; i++) {
        if (s->candidates[i].dropped)
            continue;
        struct mls_proposal_or_ref *p = &commit->proposals[at++];
        const struct mls_pending *pending = s->candidates[i].pending;
        if (pending != NULL) {
            TRY(mls_opaque_copy(&p->reference, slice_of(pending->ref, s->group->suite->hash->len),
                                mem));
        } else { /* hand-over: candidates by value stand first, in the order of values */
            p->proposal = mem_new(mem, sizeof(*p->proposal));
            if (p->proposal == NULL)
                return ERR_NO_MEMORY;
            *p->proposal = s->values[i];
            s->values[i] = (struct mls_proposal){0};
        }
    }
    return OK;
}

err mls_commit_select(const struct mls_group *group, const struct mls_commit_params *params,
                      const struct mls_commit_origin *origin, const struct mls_auth *auth,
                      struct mls_commit *commit) {
    struct selection s = {.group = group,
                          .params = params,
                          .origin = origin,
                          .auth = auth,
                          .own = {MLS_SENDER_MEMBER, group->epoch->keys.leaf}};
    if (origin->external_init != NULL)
        s.own = (struct mls_sender){MLS_SENDER_NEW_MEMBER_COMMIT, 0};
    err e = gather(&s);
    if (e == OK)
        e = drop_conflicts(&s);
    if (e == OK)
        e = write_commit(&s, commit);
    for (size_t i = 0; i < s.value_count; i++)
        mls_proposal_free(&s.values[i], group->mem);
    mem_free(group->mem, s.values, s.value_room * sizeof(*s.values));
    mem_free(group->mem, s.candidates, s.room * sizeof(*s.candidates));
    mem_free(group->mem, s.removed, s.room * sizeof(*s.removed));
    return e;
}
