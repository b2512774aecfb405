/* Proposals: kept until a commit names them, judged one by one (RFC 9420 section 12.1) and as a
 * list (12.2), and applied (12.3). */
#ifndef SOTTO_MLS_PROPOSALS_H
#define SOTTO_MLS_PROPOSALS_H

#include "mls/group.h"

/* One proposal by itself against the group as it is. MLS_PROPOSAL_LIST, or the rule that is broken.
 */
MUST err mls_proposal_check(const struct mls_group *group, const struct mls_proposal *proposal,
                            uint32_t sender, const struct mls_auth *auth);

/* Room for one more pending proposal: FULL if there are too many. After it, _add can't fail. */
MUST err mls_pending_reserve(struct mls_group *group);
void mls_pending_add(struct mls_group *group, struct mls_pending *pending);
void mls_pending_clear(struct mls_group *group);
/* NULL if it isn't known. */
const struct mls_pending *mls_pending_find(const struct mls_group *group, slice ref);

/* A commit's proposals in its order; `pending` where it names one by reference. */
struct mls_item {
    const struct mls_proposal *proposal;
    const struct mls_pending *pending;
    uint32_t sender;
};
struct mls_list {
    struct mls_item *items;
    size_t n;
};
/* Looks up what the commit names: MISSING for a reference that isn't known. The items borrow from
 * commit and group. Free with mls_list_end. */
MUST err mls_list_resolve(struct mls_list *list, const struct mls_group *group,
                          const struct mls_commit *commit, uint32_t committer);
void mls_list_end(struct mls_list *list, const struct mem *mem);

struct mls_staged_change {
    int what; /* MLS_ADDED, MLS_REMOVED, MLS_UPDATED */
    uint32_t leaf, by;
};
/* What applying a list did. */
struct mls_applied {
    uint32_t *added; /* leaves, ascending: in the order of the list's adds */
    size_t added_count;
    struct mls_staged_change *changes;
    size_t change_count;
    struct mls_psk_id *psks; /* borrowed from the list, in its order */
    size_t psk_count;
    const struct mls_pending *own_update;
    bool removes_us, path_required, new_extensions;
    size_t room; /* of the three arrays */
};
/* Sections 12.2 and 12.3: checks the list and applies it to `next`, a successor of the group's
 * epoch, which is to be dropped on failure. The keys that came into the tree are checked apart,
 * when the path is there too: mls_applied_check. */
MUST err mls_list_apply(const struct mls_list *list, const struct mls_group *group,
                        uint32_t committer, const struct mls_auth *auth, struct mls_epoch *next,
                        struct mls_applied *applied);
/* The last rule of section 12.2: the tree after the commit is valid. */
MUST err mls_applied_check(const struct mls_applied *applied, const struct mls_epoch *next);
void mls_applied_end(struct mls_applied *applied, const struct mem *mem);

#endif
