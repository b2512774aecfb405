/* Rules that hold across a tree (RFC 9420 sections 7.3, 12.4.2, 12.4.3.1). */
#include "mls/tree_check.h"

#include "mls/leaf.h"
#include "mls/tree_hash.h"
#include "mls/tree_internal.h"

/* ---- Keys ---- */

err mls_tree_check_keys(const struct mls_tree *t, uint32_t x) {
    const struct mls_tree_slot *s = mls_tree_slot_at(t, x);
    if (s == NULL || s->node == NULL)
        return OK;
    /* RFC 9420 rules 7.3-12, 12.4.3.1-13: an encryption key stands in one node. */
    if (mls_tree_index_twin(t, KEY_ENCRYPTION, s->node) != NULL)
        return ERR_MLS_DUPLICATE_KEY;
    if (!mls_tree_is_leaf(x))
        return OK;
    /* RFC 9420 rule 7.3-11: and a signature key belongs to one member. */
    return mls_tree_index_twin(t, KEY_SIGNATURE, s->node) == NULL ? OK : ERR_MLS_DUPLICATE_KEY;
}

/* ---- Capabilities ---- */

enum { TYPES = UINT16_MAX + 1 };

/* Sets of credential types: those in use, as a list, and one of a leaf's at a time. */
struct credential_sets {
    uint8_t in_use[TYPES / 8], of_leaf[TYPES / 8];
    uint16_t list[TYPES];
    size_t count;
};

static bool set_has(const uint8_t *set, uint16_t type) {
    return (set[type / 8] & 1 << type % 8) != 0;
}
static void set_add(uint8_t *set, uint16_t type) {
    set[type / 8] = (uint8_t)(set[type / 8] | 1 << type % 8);
}
static void set_drop(uint8_t *set, uint16_t type) {
    set[type / 8] = (uint8_t)(set[type / 8] & ~(1 << type % 8));
}

static err check_leaf_credentials(struct credential_sets *sets, const struct mls_leaf_node *leaf) {
    const struct mls_u16s *own = &leaf->capabilities.credentials;
    /* No walk over a long list for a leaf that can't have them all. */
    if (mls_u16s_count(own) < sets->count)
        return ERR_MLS_CAPABILITIES;
    for (size_t i = 0; i < mls_u16s_count(own); i++)
        set_add(sets->of_leaf, mls_u16s_at(own, i));
    err e = OK;
    for (size_t i = 0; i < sets->count; i++)
        if (!set_has(sets->of_leaf, sets->list[i]))
            e = ERR_MLS_CAPABILITIES;
    for (size_t i = 0; i < mls_u16s_count(own); i++)
        set_drop(sets->of_leaf, mls_u16s_at(own, i));
    return e;
}

static err check_credential_sets(const struct mls_tree *t, struct credential_sets *sets) {
    uint32_t i;
    for (i = mls_tree_next_leaf(t, 0); i != MLS_NODE_NONE; i = mls_tree_next_leaf(t, i + 1)) {
        uint16_t type = mls_tree_leaf(t, i)->credential.type;
        if (!set_has(sets->in_use, type))
            sets->list[sets->count++] = type;
        set_add(sets->in_use, type);
    }
    for (i = mls_tree_next_leaf(t, 0); i != MLS_NODE_NONE; i = mls_tree_next_leaf(t, i + 1))
        TRY(check_leaf_credentials(sets, mls_tree_leaf(t, i)));
    return OK;
}

/* RFC 9420 rules 7.3-4, 12.2-12 */
err mls_tree_check_credentials(const struct mls_tree *t) {
    /* Where all have one type and support it, which the tree keeps in mind, there is nothing to do.
     * */
    if (t->root == NULL || t->root->credentials != CREDENTIALS_MIXED)
        return OK;
    struct credential_sets *sets = mem_new(t->mem, sizeof(*sets));
    if (sets == NULL)
        return ERR_NO_MEMORY;
    err e = check_credential_sets(t, sets);
    mem_free(t->mem, sets, sizeof(*sets));
    return e;
}

/* RFC 9420 rules 11.1-2, 12.1.7-1 */
err mls_tree_check_support(const struct mls_tree *t, const struct mls_extensions *group) {
    for (uint32_t i = mls_tree_next_leaf(t, 0); i != MLS_NODE_NONE;
         i = mls_tree_next_leaf(t, i + 1))
        TRY(mls_leaf_supports(mls_tree_leaf(t, i), group));
    return OK;
}

/* ---- A whole tree ---- */

/* RFC 9420 rules 12.4.3.1-11, 12.4.3.1-12: an unmerged leaf is a leaf below the parent that is not
 * blank, and every parent between them that is not blank lists it too. */
static err check_unmerged_leaf(const struct mls_tree_slot *s, uint32_t x, uint32_t leaf) {
    if (leaf < mls_tree_first_leaf(x) || leaf > mls_tree_last_leaf(x))
        return ERR_MLS_TREE;
    while (x != 2 * leaf) {
        bool right = 2 * leaf > x;
        s = s->child[right];
        x = right ? mls_tree_math_right(x) : mls_tree_math_left(x);
        if (s->node == NULL || mls_tree_is_leaf(x))
            continue;
        const struct mls_u32s *list = &s->node->u.parent.unmerged;
        if (!mls_tree_listed(list->p, list->n, leaf))
            return ERR_MLS_TREE;
    }
    return s->node == NULL ? ERR_MLS_TREE : OK;
}

static bool is_ascending(const struct mls_u32s *list) {
    for (size_t i = 1; i < list->n; i++)
        if (list->p[i] <= list->p[i - 1])
            return false;
    return true;
}

/* First the order of every list: what comes after looks leaves up in them. */
static err check_order(const struct mls_tree_slot *s) {
    if (s->child[0] == NULL || s->filled == 0)
        return OK;
    /* RFC 9420 rule 7.1-1: sorted in increasing order. */
    if (s->node != NULL && !is_ascending(&s->node->u.parent.unmerged))
        return ERR_MLS_TREE;
    TRY(check_order(s->child[0]));
    return check_order(s->child[1]);
}

static err check_parent(const struct mls_tree *t, const struct mls_tree_slot *s, uint32_t x) {
    const struct mls_parent_node *p = &s->node->u.parent;
    if (p->encryption_key.n != t->suite->kem->pub ||
        t->suite->kem->check(p->encryption_key.p) != OK)
        return ERR_MLS_TREE;
    for (size_t i = 0; i < p->unmerged.n; i++)
        TRY(check_unmerged_leaf(s, x, p->unmerged.p[i]));
    return mls_tree_check_keys(t, x);
}

static err check_parents(const struct mls_tree *t, const struct mls_tree_slot *s, uint32_t x) {
    if (mls_tree_is_leaf(x) || s->filled == 0)
        return OK;
    if (s->node != NULL)
        TRY(check_parent(t, s, x));
    TRY(check_parents(t, s->child[0], mls_tree_math_left(x)));
    return check_parents(t, s->child[1], mls_tree_math_right(x));
}

/* RFC 9420 rule 12.4.3.1-10 */
static err check_leaves(const struct mls_tree *t, slice group_id,
                        const struct mls_extensions *group) {
    struct mls_leaf_check check = {.group_id = group_id, .group = group};
    for (uint32_t i = mls_tree_next_leaf(t, 0); i != MLS_NODE_NONE;
         i = mls_tree_next_leaf(t, i + 1)) {
        check.index = i;
        TRY(mls_tree_check_keys(t, 2 * i));
        TRY(mls_leaf_check(t->suite, mls_tree_leaf(t, i), &check, t->mem));
    }
    return OK;
}

err mls_tree_check(const struct mls_tree *t, slice group_id, const struct mls_extensions *group) {
    if (t->root == NULL)
        return ERR_MLS_TREE;
    TRY(check_order(t->root));
    TRY(check_parents(t, t->root, mls_tree_math_root(t->width)));
    TRY(mls_tree_hash_check_parents(t));
    TRY(mls_tree_check_credentials(t));
    return check_leaves(t, group_id, group);
}
