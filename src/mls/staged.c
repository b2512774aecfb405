/* What waits to be applied: a commit with the whole epoch that it leads to. */
#include "mls/commit.h"
#include "mls/leaf.h"

static err collect_retired(struct mls_staged *s) {
    size_t n = s->change_count + 1;
    uint32_t *touched = mem_new_array(s->mem, n, sizeof(*touched));
    if (touched == NULL)
        return ERR_NO_MEMORY;
    for (size_t i = 0; i < s->change_count; i++)
        touched[i] = s->changes[i].leaf;
    touched[s->change_count] = s->committer;
    err e = mls_past_new(&s->retired, &s->before, &s->next->tree, touched, n, s->mem);
    mem_free(s->mem, touched, n * sizeof(*touched));
    return e;
}

static err fill(struct mls_staged *s, const struct mls_applied *a, bool secrets) {
    size_t count = a->change_count;
    s->changes = mem_new_array(s->mem, count, sizeof(*a->changes));
    if (s->changes == NULL && count != 0)
        return ERR_NO_MEMORY;
    s->change_count = count;
    if (count != 0)
        memcpy(s->changes, a->changes, count * sizeof(*a->changes));
    if (a->reinit != NULL)
        TRY(mls_proposal_copy(&s->reinit, a->reinit, s->mem));
    return secrets ? collect_retired(s) : OK;
}

err mls_staged_new(struct mls_staged **staged, const struct mls_group *group,
                   struct mls_epoch *next, uint32_t committer, const struct mls_applied *applied) {
    struct mls_staged *s = mem_new(group->mem, sizeof(*s));
    *staged = NULL;
    if (s == NULL) {
        mls_epoch_free(next, group->mem);
        return ERR_NO_MEMORY;
    }
    s->mem = group->mem;
    s->suite = group->suite;
    s->committer = committer;
    s->removes_us = applied->removes_us;
    s->external = applied->external_init != NULL;
    s->new_extensions = applied->new_extensions;
    s->is_reinit = applied->reinit != NULL;
    s->next = next;
    mls_tree_copy(&s->before, &group->epoch->tree);
    err e = fill(s, applied, !applied->removes_us && !group->observer);
    if (e == OK)
        *staged = s;
    else
        mls_staged_free(s);
    return e;
}

void mls_staged_free(struct mls_staged *s) {
    if (s == NULL)
        return;
    mls_tree_free(&s->before);
    mls_epoch_free(s->next, s->mem);
    mls_past_free(s->retired, s->mem);
    mls_proposal_free(&s->reinit, s->mem);
    mem_free(s->mem, s->changes, s->change_count * sizeof(*s->changes));
    mem_free(s->mem, s, sizeof(*s));
}

/* ---- Looking ---- */

uint64_t mls_staged_epoch(const struct mls_staged *s) {
    return s->next->context.epoch;
}

uint32_t mls_staged_committer(const struct mls_staged *s) {
    return s->committer;
}

bool mls_staged_is_external(const struct mls_staged *s) {
    return s->external;
}

bool mls_staged_is_reinit(const struct mls_staged *s) {
    return s->is_reinit;
}

const struct mls_extension *mls_staged_extensions(const struct mls_staged *s, size_t *count,
                                                  bool *changed) {
    *changed = s->new_extensions;
    *count = s->next->context.extensions.n;
    return s->next->context.extensions.p;
}

bool mls_staged_removes_us(const struct mls_staged *s) {
    return s->removes_us;
}

size_t mls_staged_change_count(const struct mls_staged *s) {
    return s->change_count;
}

struct mls_change mls_staged_change(const struct mls_staged *s, size_t i) {
    struct mls_change change = {0};
    if (i >= s->change_count)
        return change;
    const struct mls_staged_change *c = &s->changes[i];
    const struct mls_tree *tree = c->what == MLS_REMOVED ? &s->before : &s->next->tree;
    const struct mls_leaf_node *leaf = mls_tree_leaf(tree, c->leaf);
    change.by = c->by;
    if (leaf != NULL)
        change.member = mls_member_of(leaf, c->leaf);
    switch (c->what) {
    case MLS_ADDED:
        change.what = MLS_ADDED;
        break;
    case MLS_REMOVED:
        change.what = MLS_REMOVED;
        break;
    default:
        change.what = MLS_UPDATED;
    }
    return change;
}

uint32_t mls_staged_leaf_count(const struct mls_staged *s) {
    return mls_tree_leaf_count(&s->next->tree);
}

err mls_staged_member(const struct mls_staged *s, uint32_t leaf, struct mls_member *member) {
    const struct mls_leaf_node *node = mls_tree_leaf(&s->next->tree, leaf);
    if (node == NULL)
        return ERR_NOT_FOUND;
    *member = mls_member_of(node, leaf);
    return OK;
}

err mls_staged_export(const struct mls_staged *s, slice label, slice context, uint8_t *out,
                      size_t n) {
    if (s->removes_us)
        return ERR_MLS_REMOVED;
    if (s->next->keys.leaf == MLS_NODE_NONE)
        return ERR_DENIED; /* an observer */
    return mls_key_schedule_export(s->suite, s->next->secrets.exporter, label, context, out, n);
}

/* ---- Applying ---- */

/* The newest comes first; what has no room any more is erased. */
static void retire(struct mls_group *group, struct mls_past *past) {
    size_t room = group->limits.past_epochs;
    if (room == 0) {
        mls_past_free(past, group->mem);
        return;
    }
    if (group->past_count == room)
        mls_past_free(group->past[--group->past_count], group->mem);
    memmove(group->past + 1, group->past, group->past_count * sizeof(struct mls_past *));
    group->past[0] = past;
    group->past_count++;
}

/* A member that is out keeps what opens late messages of its last epoch, and nothing to send with.
 */
static void leave(struct mls_group *group) {
    struct mls_epoch_secrets *s = &group->epoch->secrets;
    uint8_t sender_data[CRYPTO_HASH_MAX];
    memcpy(sender_data, s->sender_data, sizeof(sender_data));
    mls_epoch_secrets_wipe(s);
    memcpy(s->sender_data, sender_data, sizeof(sender_data));
    wipe(sender_data, sizeof(sender_data));
    uint32_t leaf = group->epoch->keys.leaf;
    mls_exporter_tree_free(&group->epoch->exports);
    mls_treekem_private_wipe(&group->epoch->keys);
    group->epoch->keys.leaf = leaf;
    buf_free(&group->epoch->signature_priv);
    group->out = true;
}

static void enter(struct mls_group *group, struct mls_staged *staged) {
    if (staged->retired != NULL) {
        mls_past_take(staged->retired, group->epoch);
        retire(group, staged->retired);
        staged->retired = NULL;
    }
    mls_epoch_free(group->epoch, group->mem);
    group->epoch = staged->next;
    staged->next = NULL;
    group->ended = staged->is_reinit;
    group->reinit = staged->reinit; /* hand-over */
    staged->reinit = (struct mls_proposal){0};
}

void mls_staged_apply(struct mls_group *group, struct mls_staged *staged) {
    /* Another commit's epoch has begun: the caller broke the contract, the group does not break. */
    if (group->out || staged->next->context.epoch != group->epoch->context.epoch + 1) {
        mls_staged_free(staged);
        return;
    }
    if (staged->removes_us)
        leave(group);
    else
        enter(group, staged);
    mls_pending_clear(group);
    group->leaving = false;
    mls_staged_free(staged);
}
