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

err mls_commit_finish_public(const struct mls_group *group, struct mls_epoch *next,
                             const struct mls_authenticated_content *content) {
    TRY(set_confirmed_hash(group, next, content));
    return mls_epoch_encode(next, group->mem);
}

err mls_commit_finish(const struct mls_group *group, struct mls_epoch *next,
                      const struct mls_authenticated_content *content,
                      const struct mls_commit_secrets *secrets, uint8_t *joiner_secret) {
    TRY(mls_commit_finish_public(group, next, content));
    slice context = buf_slice(&next->context_bytes);
    TRY(mls_key_schedule_joiner(group->suite, secrets->init, secrets->commit, context,
                                joiner_secret));
    TRY(mls_key_schedule_epoch(group->suite, joiner_secret, secrets->psk, context, &next->secrets));
    return mls_epoch_settle(next, group->suite, &group->limits, group->mem);
}

static bool looks_the_same(const struct mls_leaf_node *a, const struct mls_leaf_node *b) {
    return slice_equal(buf_slice(&a->signature_key), buf_slice(&b->signature_key)) &&
           a->credential.type == b->credential.type &&
           slice_equal(buf_slice(&a->credential.identity), buf_slice(&b->credential.identity)) &&
           slice_equal(buf_slice(&a->extensions.data), buf_slice(&b->extensions.data));
}

void mls_commit_note_committer(struct mls_applied *applied, const struct mls_leaf_node *before,
                               const struct mls_epoch *next, uint32_t committer) {
    const struct mls_leaf_node *after = mls_tree_leaf(&next->tree, committer);
    struct mls_staged_change change = {MLS_UPDATED, committer, {MLS_SENDER_MEMBER, committer}};
    if (before == NULL)
        change =
            (struct mls_staged_change){MLS_ADDED, committer, {MLS_SENDER_NEW_MEMBER_COMMIT, 0}};
    if (before == NULL || !looks_the_same(before, after))
        applied->changes[applied->change_count++] = change;
}

const struct mls_leaf_node *mls_commit_succeeds(const struct mls_group *group,
                                                const struct mls_applied *applied) {
    for (size_t i = 0; i < applied->change_count; i++)
        if (applied->changes[i].what == MLS_REMOVED &&
            applied->changes[i].by.type == MLS_SENDER_NEW_MEMBER_COMMIT)
            return mls_tree_leaf(&group->epoch->tree, applied->changes[i].leaf);
    return NULL;
}

/* ---- Receiving ---- */

/* RFC 9420 rule 12.4.2-8: none of the path's keys stands in the tree already... */
static err check_path_new(const struct mls_tree *tree, const struct mls_update_path *path) {
    if (mls_tree_has_encryption(tree, buf_slice(&path->leaf.encryption_key)))
        return ERR_MLS_DUPLICATE_KEY;
    for (size_t i = 0; i < path->node_count; i++)
        if (mls_tree_has_encryption(tree, buf_slice(&path->nodes[i].encryption_key)))
            return ERR_MLS_DUPLICATE_KEY;
    return OK;
}

/* ... nor twice in the path; rule 7.3-11: and no one else has the leaf's signature key. */
static err check_path_keys(const struct mls_tree *tree, uint32_t committer) {
    struct mls_tree_path path;
    mls_tree_filtered_path(tree, committer, &path);
    TRY(mls_tree_check_keys(tree, 2 * committer));
    for (uint32_t i = 0; i < path.n; i++)
        TRY(mls_tree_check_keys(tree, path.node[i]));
    return OK;
}

struct receiving {
    const struct mls_group *group;
    const struct mls_authenticated_content *content;
    const struct mls_auth *auth;
    bool external; /* the committer joins by this commit */
    uint32_t committer;
    struct mls_epoch *next;
    struct mls_list list;
    struct mls_applied applied;
    uint8_t commit_secret[CRYPTO_HASH_MAX], psk_secret[CRYPTO_HASH_MAX],
        joiner_secret[CRYPTO_HASH_MAX], init_secret[CRYPTO_HASH_MAX];
};

/* RFC 9420 s.12.4.2: a joiner's leaf is added at the leftmost free place. */
static err place_joiner(struct receiving *r) {
    const struct mls_leaf_node *leaf = &r->content->content.commit.path.leaf;
    return mls_tree_add(&r->next->tree, &leaf, 1, &r->committer);
}

/* Checks the path and puts it into the next tree. */
static err merge_path(struct receiving *r) {
    const struct mls_group *group = r->group;
    const struct mls_update_path *path = &r->content->content.commit.path;
    const struct mls_leaf_node *before = NULL, *replaced;
    TRY(check_path_new(&r->next->tree, path));
    if (r->external)
        TRY(place_joiner(r));
    else
        before = mls_tree_leaf(&group->epoch->tree, r->committer);
    replaced = r->external ? mls_commit_succeeds(group, &r->applied) : before;
    /* RFC 9420 rule 12.4.2-6: the leaf is valid, and made for a commit. */
    struct mls_leaf_check check = {
        .source = MLS_LEAF_COMMIT,
        .group_id = mls_group_id(group),
        .index = r->committer,
        .group = &r->next->context.extensions,
    };
    TRY(mls_leaf_check(group->suite, &path->leaf, &check, group->mem));
    /* RFC 9420 rules 12.2-15, 12.4.2-7: its encryption key differs from that of the leaf that it
     * replaces. */
    if (replaced != NULL)
        TRY(mls_leaf_check_replaces(replaced, &path->leaf));
    /* RFC 9420 rule 12.2-16: it may follow the leaf that it replaces. */
    TRY(mls_auth_judge(r->auth, replaced, &path->leaf, r->committer));
    TRY(mls_treekem_merge(&r->next->tree, r->committer, path, r->applied.added,
                          r->applied.added_count));
    TRY(check_path_keys(&r->next->tree, r->committer));
    mls_commit_note_committer(&r->applied, before, r->next, r->committer);
    return OK;
}

/* Up to the next epoch's tree and context; what a removed member can check, too. */
static err receive_public(struct receiving *r) {
    const struct mls_group *group = r->group;
    const struct mls_commit *commit = &r->content->content.commit;
    const struct mls_sender *sender = &r->content->content.sender;
    TRY(mls_list_resolve(&r->list, group, commit, sender));
    TRY(mls_list_apply(&r->list, group, sender, false, r->auth, r->next, &r->applied));
    /* RFC 9420 rules 12.4-1, 12.4-2, 12.4-3, 12.4-4: no proposals, or some, need a path. */
    if ((commit->proposal_count == 0 || r->applied.path_required) && !commit->has_path)
        return ERR_MLS_PATH_REQUIRED;
    if (commit->has_path)
        TRY(merge_path(r));
    TRY(mls_applied_check(&r->applied, r->next));
    /* The provisional context: the new tree, the old confirmed transcript hash. */
    return mls_epoch_encode(r->next, group->mem);
}

/* RFC 9420 rule 8.3-1: the init secret that a joiner made for the group's external key. */
static err open_external_init(struct receiving *r) {
    const struct mls_group *group = r->group;
    const struct mls_suite *suite = group->suite;
    uint8_t pub[CRYPTO_KEM_PUBLIC_MAX], priv[CRYPTO_KEM_PRIVATE_MAX];
    err e = mls_key_schedule_external(suite, group->epoch->secrets.external, pub, priv);
    if (e == OK)
        e = hpke_receive_export(&suite->hpke, r->init_secret, suite->hash->len,
                                buf_slice(&r->applied.external_init->kem_output),
                                slice_of(priv, suite->kem->priv), SLICE_EMPTY,
                                slice_str(MLS_EXTERNAL_INIT));
    wipe(priv, sizeof(priv));
    return e;
}

static err receive_secrets(struct receiving *r) {
    const struct mls_group *group = r->group;
    const struct mls_commit *commit = &r->content->content.commit;
    struct mls_commit_secrets secrets = {.init = group->epoch->secrets.init, .psk = r->psk_secret};
    if (commit->has_path) {
        TRY(mls_treekem_open(&r->next->tree, &r->next->keys, r->committer, &commit->path,
                             r->applied.added, r->applied.added_count,
                             buf_slice(&r->next->context_bytes), r->commit_secret));
        secrets.commit = r->commit_secret;
    }
    if (r->external) {
        TRY(open_external_init(r));
        secrets.init = r->init_secret;
    }
    /* RFC 9420 rule 12.4.2-5: every pre-shared key is available. */
    TRY(mls_psk_secret(group->suite, group, r->applied.psks, r->applied.psk_count, r->auth,
                       r->psk_secret, group->mem));
    TRY(mls_commit_finish(group, r->next, r->content, &secrets, r->joiner_secret));
    /* RFC 9420 rule 12.4.2-9: the confirmation tag is the new epoch's. */
    return mls_tag_equal(buf_slice(&r->next->confirmation_tag),
                         buf_slice(&r->content->confirmation_tag))
               ? OK
               : ERR_MLS_CONFIRMATION_TAG;
}

/* Without secrets the tag can't be checked, but the transcript goes on with it. */
static err follow(struct receiving *r) {
    const struct mls_group *group = r->group;
    TRY(mls_commit_finish_public(group, r->next, r->content));
    return mls_epoch_settle_public(r->next, group->suite, buf_slice(&r->content->confirmation_tag),
                                   group->mem);
}

static err receive(struct receiving *r, struct mls_staged **staged) {
    TRY(mls_epoch_successor(&r->next, r->group->epoch, r->group->mem));
    TRY(receive_public(r));
    /* RFC 9420 s.12.4.2: a member whom the commit removes can't follow it any further. */
    if (r->group->observer)
        TRY(follow(r));
    else if (!r->applied.removes_us)
        TRY(receive_secrets(r));
    struct mls_epoch *next = r->next;
    r->next = NULL;
    return mls_staged_new(staged, r->group, next, r->committer, &r->applied);
}

err mls_commit_receive(const struct mls_group *group,
                       const struct mls_authenticated_content *content, const struct mls_auth *auth,
                       struct mls_staged **staged) {
    const struct mls_sender *sender = &content->content.sender;
    struct receiving r = {.group = group,
                          .content = content,
                          .auth = auth,
                          .external = sender->type == MLS_SENDER_NEW_MEMBER_COMMIT,
                          .committer = sender->index};
    *staged = NULL;
    err e = receive(&r, staged);
    mls_epoch_free(r.next, group->mem);
    mls_list_end(&r.list, group->mem);
    mls_applied_end(&r.applied, group->mem);
    wipe(r.commit_secret, sizeof(r.commit_secret));
    wipe(r.psk_secret, sizeof(r.psk_secret));
    wipe(r.joiner_secret, sizeof(r.joiner_secret));
    wipe(r.init_secret, sizeof(r.init_secret));
    return e;
}
