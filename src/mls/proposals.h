/* Proposals: kept until a commit names them, judged one by one (RFC 9420 section 12.1) and as a
 * list (12.2), and applied (12.3). */
#ifndef SOTTO_MLS_PROPOSALS_H
#define SOTTO_MLS_PROPOSALS_H

#include "mls/group.h"

/* From what an application asks for. proposal: of zeros; free it with mls_proposal_free, on failure
 * too. An Update's leaf stays to be made. */
MUST err mls_proposal_from(struct mls_proposal *proposal, const struct mls_propose *what,
                           const struct mls_suite *suite, slice group_id, const struct mem *mem);
/* One proposal by itself against the group as it is. MLS_PROPOSAL_LIST, or the rule that is broken.
 */
MUST err mls_proposal_check(const struct mls_group *group, const struct mls_proposal *proposal,
                            const struct mls_sender *sender, const struct mls_auth *auth);
/* TOO_LARGE for one that nobody keeps: the same bound for all, since who commits must know what the
 * others have. */
MUST err mls_proposal_check_size(const struct mls_proposal *proposal, const struct mem *mem);
/* MLS_SENDER if such a sender may not propose this. */
MUST err mls_proposal_check_sender(uint16_t type, const struct mls_sender *sender);
/* True if all members but those at the `removed` leaves (n, ascending) support proposals of this
 * type, as they do if RFC 9420 defines it. */
bool mls_proposal_is_supported(const struct mls_tree *tree, uint16_t type, const uint32_t *removed,
                               size_t n);
bool mls_sender_equal(const struct mls_sender *a, const struct mls_sender *b);
/* True for the member at this leaf. */
bool mls_sender_is_leaf(const struct mls_sender *sender, uint32_t leaf);

/* Room for one more pending proposal of a sender: FULL if it has too many. After it, _add can't
 * fail. */
MUST err mls_pending_reserve(struct mls_group *group, const struct mls_sender *sender);
void mls_pending_add(struct mls_group *group, struct mls_pending *pending);
void mls_pending_clear(struct mls_group *group);
/* NULL if it isn't known. */
const struct mls_pending *mls_pending_find(const struct mls_group *group, slice ref);

/* A commit's proposals in its order; `pending` where it names one by reference. */
struct mls_item {
    const struct mls_proposal *proposal;
    const struct mls_pending *pending;
    struct mls_sender sender;
};
struct mls_list {
    struct mls_item *items;
    size_t n;
};
/* Looks up what the commit names: MISSING for a reference that isn't known. The items borrow from
 * commit and group. Free with mls_list_end. */
MUST err mls_list_resolve(struct mls_list *list, const struct mls_group *group,
                          const struct mls_commit *commit, const struct mls_sender *committer);
void mls_list_end(struct mls_list *list, const struct mem *mem);

struct mls_staged_change {
    int what; /* MLS_ADDED, MLS_REMOVED, MLS_UPDATED */
    uint32_t leaf;
    struct mls_sender by;
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
    const struct mls_proposal *reinit, *external_init; /* borrowed likewise */
    bool removes_us, path_required, new_extensions;
    size_t room; /* of the three arrays */
};
/* Sections 12.2 and 12.3: checks the list and applies it to `next`, a successor of the group's
 * epoch, which is to be dropped on failure. The keys that came into the tree are checked apart,
 * when the path is there too: mls_applied_check. resumes: the first commit of a group that
 * continues another, which only its joiners see (section 11). */
MUST err mls_list_apply(const struct mls_list *list, const struct mls_group *group,
                        const struct mls_sender *committer, bool resumes,
                        const struct mls_auth *auth, struct mls_epoch *next,
                        struct mls_applied *applied);
/* The last rule of section 12.2: the tree after the commit is valid. */
MUST err mls_applied_check(const struct mls_applied *applied, const struct mls_epoch *next);
void mls_applied_end(struct mls_applied *applied, const struct mem *mem);

#endif
