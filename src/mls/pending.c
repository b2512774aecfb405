/* Proposals that were seen and wait for a commit to name them (RFC 9420 section 12.1). */
#include "mls/proposals.h"

void mls_pending_free(struct mls_pending *pending, const struct mem *mem) {
    if (pending == NULL)
        return;
    mls_proposal_free(&pending->proposal, mem);
    buf_free(&pending->leaf_priv);
    buf_free(&pending->signature_priv);
    mem_free(mem, pending, sizeof(*pending));
}

bool mls_sender_equal(const struct mls_sender *a, const struct mls_sender *b) {
    return a->type == b->type && a->index == b->index;
}

/* Nobody takes the room of the others. */
static bool has_room(const struct mls_group *group, const struct mls_sender *sender) {
    size_t limit = group->limits.proposals, own = 0;
    /* Who serves a group as external sender may have something to say of each member. */
    if (sender->type == MLS_SENDER_EXTERNAL)
        limit += mls_tree_leaf_count(&group->epoch->tree);
    for (size_t i = 0; i < group->pending_count; i++)
        own += mls_sender_equal(&group->pending[i]->sender, sender);
    return own < limit;
}

err mls_pending_reserve(struct mls_group *group, const struct mls_sender *sender) {
    if (!has_room(group, sender))
        return ERR_FULL;
    if (group->pending_count < group->pending_room)
        return OK;
    size_t room = group->pending_room == 0 ? 8 : group->pending_room * 2;
    struct mls_pending **p =
        mem_resize(group->mem, group->pending, group->pending_room * sizeof(struct mls_pending *),
                   room * sizeof(struct mls_pending *));
    if (p == NULL)
        return ERR_NO_MEMORY;
    group->pending = p;
    group->pending_room = room;
    return OK;
}

void mls_pending_add(struct mls_group *group, struct mls_pending *pending) {
    group->pending[group->pending_count++] = pending;
}

void mls_pending_clear(struct mls_group *group) {
    for (size_t i = 0; i < group->pending_count; i++)
        mls_pending_free(group->pending[i], group->mem);
    group->pending_count = 0;
}

const struct mls_pending *mls_pending_find(const struct mls_group *group, slice ref) {
    for (size_t i = 0; i < group->pending_count; i++)
        if (slice_equal(ref, slice_of(group->pending[i]->ref, group->suite->hash->len)))
            return group->pending[i];
    return NULL;
}
