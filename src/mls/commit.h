/* Commits (RFC 9420 section 12.4): staged by whoever makes or receives one. */
#ifndef SOTTO_MLS_COMMIT_H
#define SOTTO_MLS_COMMIT_H

#include "mls/proposals.h"

struct mls_staged {
    const struct mem *mem;
    const struct mls_suite *suite;
    uint32_t committer;
    bool removes_us;
    struct mls_tree before;
    struct mls_epoch *next;   /* if the commit removes us, only its context and tree are of use */
    struct mls_past *retired; /* what becomes of the present epoch; NULL if the commit removes us */
    struct mls_staged_change *changes;
    size_t change_count;
};

/* Sections 12.4.2 and 12.2: checks a commit whose sender and signature are verified, and stages
 * what it does. The group does not change. */
MUST err mls_commit_receive(const struct mls_group *group,
                            const struct mls_authenticated_content *content,
                            const struct mls_auth *auth, struct mls_staged **staged);

/* ---- Shared by both sides ---- */

/* The last half of a commit: transcript, key schedule, secret tree, from a next epoch whose tree is
 * final. content: signed. commit_secret: NULL without a path. joiner_secret: out. */
MUST err mls_commit_finish(const struct mls_group *group, struct mls_epoch *next,
                           const struct mls_authenticated_content *content,
                           const uint8_t *commit_secret, const uint8_t *psk_secret,
                           uint8_t *joiner_secret);
/* Adds the committer's own leaf to the changes if an application would see a difference. */
void mls_commit_note_committer(struct mls_applied *applied, const struct mls_group *group,
                               const struct mls_epoch *next, uint32_t committer);
/* Takes over next (also on failure). */
MUST err mls_staged_new(struct mls_staged **staged, const struct mls_group *group,
                        struct mls_epoch *next, uint32_t committer,
                        const struct mls_staged_change *changes, size_t change_count,
                        bool removes_us);

/* ---- Making one ---- */

/* The proposals that a commit of ours carries: those by value, then the pending ones that can be
 * committed with them (section 12.2). commit: of zeros; free it with mls_commit_free. */
MUST err mls_commit_select(const struct mls_group *group, const struct mls_commit_params *params,
                           const struct mls_auth *auth, struct mls_commit *commit);

/* What a Welcome is made from (welcome.c). */
struct mls_welcoming {
    const struct mls_group *group;
    const struct mls_epoch *next;
    const struct mls_applied *applied;
    const struct mls_list *list;
    const struct mls_treekem_secrets *secrets;
    const uint8_t *joiner_secret, *psk_secret;
    bool with_tree, each;
};
/* Appends to committed->welcomes; what is there on failure is freed with the rest. */
MUST err mls_welcome_make(const struct mls_welcoming *w, struct mls_committed *committed);

#endif
