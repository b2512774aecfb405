/* Groups that continue others: reinitialised ones and branches (RFC 9420 sections 11.2, 11.3). */
#include <stdlib.h>

#include "mls/commit.h"
#include "mls/group_info.h"

/* ---- Making one ---- */

static err commit(struct mls_group *group, const struct mls_group *old, enum mls_psk_usage usage,
                  const struct mls_resume_params *params, const struct mls_auth *auth,
                  struct mls_committed *committed) {
    struct mls_commit_params first = {.adds = params->key_packages,
                                      .add_count = params->count,
                                      .tree_in_welcome = params->tree_in_welcome,
                                      .welcome_each = params->welcome_each};
    struct mls_commit_origin origin = {.succeeds = MLS_NODE_NONE, .parent = old, .usage = usage};
    TRY(mls_commit_make(group, &first, &origin, auth, committed));
    /* Nobody else is there yet who could need the commit. */
    mls_staged_apply(group, committed->staged);
    committed->staged = NULL;
    buf_free(&committed->commit);
    err e = mls_resume_check_members(old, &group->epoch->tree, usage == MLS_PSK_REINIT);
    if (e != OK)
        mls_committed_free(committed, params->mem);
    return e;
}

static err begin(struct mls_group **group, const struct mls_group *old, enum mls_psk_usage usage,
                 const struct mls_group_params *what, const struct mls_resume_params *params,
                 const struct mls_auth *auth, struct mls_committed *committed) {
    TRY(mls_group_create(group, what, auth));
    err e = commit(*group, old, usage, params, auth, committed);
    if (e != OK) {
        mls_group_free(*group);
        *group = NULL;
    }
    return e;
}

err mls_group_reinit(struct mls_group **group, const struct mls_group *old,
                     const struct mls_resume_params *params, const struct mls_auth *auth,
                     struct mls_committed *committed) {
    const struct mls_proposal *reinit = &old->reinit;
    *group = NULL;
    memset(committed, 0, sizeof(*committed));
    if (!old->ended || old->out || old->observer)
        return ERR_MLS_REINIT;
    struct mls_group_params what = {.suite = mls_suite_find(reinit->suite),
                                    .group_id = buf_slice(&reinit->group_id),
                                    .leaf = params->leaf,
                                    .extensions = reinit->extensions.p,
                                    .extension_count = reinit->extensions.n,
                                    .limits = params->limits,
                                    .mem = params->mem};
    return begin(group, old, MLS_PSK_REINIT, &what, params, auth, committed);
}

err mls_group_branch(struct mls_group **group, const struct mls_group *old,
                     const struct mls_resume_params *params, const struct mls_auth *auth,
                     struct mls_committed *committed) {
    *group = NULL;
    memset(committed, 0, sizeof(*committed));
    TRY(mls_group_usable(old));
    struct mls_group_params what = {.suite = old->suite,
                                    .group_id = params->group_id,
                                    .leaf = params->leaf,
                                    .extensions = params->extensions,
                                    .extension_count = params->extension_count,
                                    .limits = params->limits,
                                    .mem = params->mem};
    return begin(group, old, MLS_PSK_BRANCH, &what, params, auth, committed);
}

/* ---- Its members ---- */

struct person {
    uint16_t credential;
    slice identity;
};

static int compare(const void *a, const void *b) {
    const struct person *x = a, *y = b;
    if (x->credential != y->credential)
        return x->credential < y->credential ? -1 : 1;
    return slice_compare(x->identity, y->identity);
}

/* Sorted; the caller frees `size` of them. */
static err list_people(const struct mls_tree *t, struct person **people, size_t *size,
                       const struct mem *mem) {
    size_t n = 0;
    *size = mls_tree_member_count(t);
    *people = mem_new_array(mem, *size, sizeof(**people));
    if (*people == NULL)
        return ERR_NO_MEMORY;
    for (uint32_t i = mls_tree_next_leaf(t, 0); i != MLS_NODE_NONE && n < *size;
         i = mls_tree_next_leaf(t, i + 1)) {
        const struct mls_credential *c = &mls_tree_leaf(t, i)->credential;
        (*people)[n++] = (struct person){c->type, buf_slice(&c->identity)};
    }
    qsort(*people, n, sizeof(**people), compare);
    return OK;
}

/* How many of b are among a, if all are; else 0. Both are sorted. */
static size_t all_among(const struct person *a, size_t a_count, const struct person *b,
                        size_t b_count) {
    size_t i = 0, j = 0;
    for (; j < b_count; j++, i++) {
        while (i < a_count && compare(&a[i], &b[j]) < 0)
            i++;
        if (i == a_count || compare(&a[i], &b[j]) != 0)
            return 0;
    }
    return j;
}

err mls_resume_check_members(const struct mls_group *parent, const struct mls_tree *tree,
                             bool all) {
    const struct mem *mem = parent->mem;
    struct person *before = NULL, *now = NULL;
    size_t before_count, now_count = 0;
    err e = list_people(&parent->epoch->tree, &before, &before_count, mem);
    if (e == OK)
        e = list_people(tree, &now, &now_count, mem);
    /* RFC 9420 rules 11.3-3, 12.4.3.1-17: nobody is new, and after a ReInit nobody is missing. */
    if (e == OK && (all_among(before, before_count, now, now_count) == 0 ||
                    (all && now_count != before_count)))
        e = ERR_MLS_REINIT;
    mem_free(mem, before, before_count * sizeof(*before));
    mem_free(mem, now, now_count * sizeof(*now));
    return e;
}
