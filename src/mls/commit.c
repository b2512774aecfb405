#include "mls/commit.h"

#include "mls/framing.h"
#include "mls/leaf.h"
#include "mls/transcript.h"
#include "mls/tree_check.h"

/* ---- Shared by both sides ---- */

static err set_confirmed_hash(const struct mls_group *group, struct mls_epoch *next,
                              const struct mls_authenticated_content *content) {
    uint8_t confirmed[CRYPTO_HASH_MAX];
    TRY(mls_transcript_confirmed(group->suite, buf_slice(&group->epoch->interim_transcript_hash),
                                 content, confirmed, group->mem));
    buf_free(&next->context.confirmed_transcript_hash);
    return mls_opaque_copy(&next->context.confirmed_transcript_hash,
                           slice_of(confirmed, group->suite->hash->len), group->mem);
}

err mls_commit_finish(const struct mls_group *group, struct mls_epoch *next,
                      const struct mls_authenticated_content *content, const uint8_t *commit_secret,
                      const uint8_t *psk_secret, uint8_t *joiner_secret) {
    TRY(set_confirmed_hash(group, next, content));
    TRY(mls_epoch_encode(next, group->mem));
    slice context = buf_slice(&next->context_bytes);
    TRY(mls_key_schedule_joiner(group->suite, group->epoch->secrets.init, commit_secret, context,
                                joiner_secret));
    TRY(mls_key_schedule_epoch(group->suite, joiner_secret, psk_secret, context, &next->secrets));
    return mls_epoch_settle(next, group->suite, &group->limits, group->mem);
}

static bool looks_the_same(const struct mls_leaf_node *a, const struct mls_leaf_node *b) {
    return slice_equal(buf_slice(&a->signature_key), buf_slice(&b->signature_key)) &&
           slice_equal(buf_slice(&a->credential.identity), buf_slice(&b->credential.identity)) &&
           slice_equal(buf_slice(&a->extensions.data), buf_slice(&b->extensions.data));
}

void mls_commit_note_committer(struct mls_applied *applied, const struct mls_group *group,
                               const struct mls_epoch *next, uint32_t committer) {
    const struct mls_leaf_node *before = mls_tree_leaf(&group->epoch->tree, committer);
    const struct mls_leaf_node *after = mls_tree_leaf(&next->tree, committer);
    if (!looks_the_same(before, after))
        applied->changes[applied->change_count++] =
            (struct mls_staged_change){MLS_UPDATED, committer, committer};
}

/* ---- Receiving ---- */

/* RFC 9420 s.12.4.2: none of the path's keys stands elsewhere in the new tree. */
static err check_path_keys(const struct mls_tree *tree, uint32_t committer) {
    struct mls_tree_path path;
    mls_tree_filtered_path(tree, committer, &path);
    TRY(mls_tree_check_keys(tree, 2 * committer));
    for (uint32_t i = 0; i < path.n; i++)
        TRY(mls_tree_check_keys(tree, path.node[i]));
    return OK;
}

/* Checks the path and puts it into the next tree. */
static err merge_path(const struct mls_group *group, const struct mls_update_path *path,
                      uint32_t committer, const struct mls_auth *auth, struct mls_epoch *next,
                      struct mls_applied *applied) {
    const struct mls_leaf_node *before = mls_tree_leaf(&group->epoch->tree, committer);
    /* RFC 9420 s.12.4.2: the leaf is valid, and made for a commit. */
    struct mls_leaf_check check = {
        .source = MLS_LEAF_COMMIT,
        .group_id = mls_group_id(group),
        .index = committer,
        .group = &next->context.extensions,
    };
    TRY(mls_leaf_check(group->suite, &path->leaf, &check, group->mem));
    /* RFC 9420 s.12.4.2: its encryption key differs from the committer's present one. */
    TRY(mls_leaf_check_replaces(before, &path->leaf));
    TRY(mls_auth_judge(auth, before, &path->leaf, committer));
    TRY(mls_treekem_merge(&next->tree, committer, path, applied->added, applied->added_count));
    TRY(check_path_keys(&next->tree, committer));
    mls_commit_note_committer(applied, group, next, committer);
    return OK;
}

struct receiving {
    const struct mls_group *group;
    const struct mls_authenticated_content *content;
    const struct mls_auth *auth;
    struct mls_epoch *next;
    struct mls_list list;
    struct mls_applied applied;
    uint8_t commit_secret[CRYPTO_HASH_MAX], psk_secret[CRYPTO_HASH_MAX],
        joiner_secret[CRYPTO_HASH_MAX];
};

/* Up to the next epoch's tree and context; what a removed member can check, too. */
static err receive_public(struct receiving *r) {
    const struct mls_group *group = r->group;
    const struct mls_commit *commit = &r->content->content.commit;
    uint32_t committer = r->content->content.sender.index;
    TRY(mls_list_resolve(&r->list, group, commit, committer));
    TRY(mls_list_apply(&r->list, group, committer, r->auth, r->next, &r->applied));
    /* RFC 9420 s.12.4: an empty list, and some proposals, need a path. */
    if ((commit->proposal_count == 0 || r->applied.path_required) && !commit->has_path)
        return ERR_MLS_PATH_REQUIRED;
    if (commit->has_path)
        TRY(merge_path(group, &commit->path, committer, r->auth, r->next, &r->applied));
    TRY(mls_applied_check(&r->applied, r->next));
    /* The provisional context: the new tree, the old confirmed transcript hash. */
    return mls_epoch_encode(r->next, group->mem);
}

static err receive_secrets(struct receiving *r) {
    const struct mls_group *group = r->group;
    const struct mls_commit *commit = &r->content->content.commit;
    if (commit->has_path)
        TRY(mls_treekem_open(&r->next->tree, &r->next->keys, r->content->content.sender.index,
                             &commit->path, r->applied.added, r->applied.added_count,
                             buf_slice(&r->next->context_bytes), r->commit_secret));
    /* RFC 9420 s.12.4.2: every pre-shared key is available. */
    TRY(mls_psk_secret(group->suite, group, r->applied.psks, r->applied.psk_count, r->auth,
                       r->psk_secret, group->mem));
    TRY(mls_commit_finish(group, r->next, r->content, commit->has_path ? r->commit_secret : NULL,
                          r->psk_secret, r->joiner_secret));
    /* RFC 9420 s.12.4.2: the confirmation tag is the new epoch's. */
    return mls_tag_equal(buf_slice(&r->next->confirmation_tag),
                         buf_slice(&r->content->confirmation_tag))
               ? OK
               : ERR_MLS_CONFIRMATION_TAG;
}

static err receive(struct receiving *r, struct mls_staged **staged) {
    TRY(mls_epoch_successor(&r->next, r->group->epoch, r->group->mem));
    TRY(receive_public(r));
    /* RFC 9420 s.12.4.2: a member whom the commit removes can't follow it any further. */
    if (!r->applied.removes_us)
        TRY(receive_secrets(r));
    struct mls_epoch *next = r->next;
    r->next = NULL;
    return mls_staged_new(staged, r->group, next, r->content->content.sender.index,
                          r->applied.changes, r->applied.change_count, r->applied.removes_us);
}

err mls_commit_receive(const struct mls_group *group,
                       const struct mls_authenticated_content *content, const struct mls_auth *auth,
                       struct mls_staged **staged) {
    struct receiving r = {.group = group, .content = content, .auth = auth};
    *staged = NULL;
    err e = receive(&r, staged);
    mls_epoch_free(r.next, group->mem);
    mls_list_end(&r.list, group->mem);
    mls_applied_end(&r.applied, group->mem);
    wipe(r.commit_secret, sizeof(r.commit_secret));
    wipe(r.psk_secret, sizeof(r.psk_secret));
    wipe(r.joiner_secret, sizeof(r.joiner_secret));
    return e;
}
