/* Commits (RFC 9420 section 12.4): staged by whoever makes or receives one. */
#ifndef SOTTO_MLS_COMMIT_H
#define SOTTO_MLS_COMMIT_H

#include "mls/proposals.h"

struct mls_staged {
    const struct mem *mem;
    const struct mls_suite *suite;
    uint32_t committer;
    bool removes_us, external, new_extensions;
    bool is_reinit; /* then: */
    struct mls_proposal reinit;
    struct mls_tree before;
    struct mls_epoch *next;   /* if the commit removes us, only its context and tree are of use */
    struct mls_past *retired; /* what becomes of the present epoch; NULL if there are no secrets */
    struct mls_staged_change *changes;
    size_t change_count;
};

/* Sections 12.4.2 and 12.2: checks a commit whose sender and signature are verified, and stages
 * what it does. The group does not change. */
MUST err mls_commit_receive(const struct mls_group *group,
                            const struct mls_authenticated_content *content,
                            const struct mls_auth *auth, struct mls_staged **staged);

/* ---- Shared by both sides ---- */

/* What an epoch's key schedule takes in, hash->len bytes each. */
struct mls_commit_secrets {
    const uint8_t *init;   /* of the epoch that ends, or from outside */
    const uint8_t *commit; /* NULL without a path */
    const uint8_t *psk;
};
/* The last half of a commit: transcript, key schedule, secret tree, from a next epoch whose tree is
 * final. content: signed. joiner_secret: out. */
MUST err mls_commit_finish(const struct mls_group *group, struct mls_epoch *next,
                           const struct mls_authenticated_content *content,
                           const struct mls_commit_secrets *secrets, uint8_t *joiner_secret);
/* The part of it that needs no secret: confirmed transcript hash and context. */
MUST err mls_commit_finish_public(const struct mls_group *group, struct mls_epoch *next,
                                  const struct mls_authenticated_content *content);
/* Adds the committer's own leaf to the changes if an application would see a difference. before:
 * its leaf of the epoch that ends, NULL if it comes from outside. */
void mls_commit_note_committer(struct mls_applied *applied, const struct mls_leaf_node *before,
                               const struct mls_epoch *next, uint32_t committer);
/* The leaf that a joiner follows in its commit from outside, by which it removes it; NULL. */
const struct mls_leaf_node *mls_commit_succeeds(const struct mls_group *group,
                                                const struct mls_applied *applied);
/* Takes over next (also on failure). */
MUST err mls_staged_new(struct mls_staged **staged, const struct mls_group *group,
                        struct mls_epoch *next, uint32_t committer,
                        const struct mls_applied *applied);

/* ---- Making one ---- */

/* Makes and stages a commit. For mls_group_commit and its kin: */
struct mls_commit_origin {
    /* From outside: `group` has the present epoch without secrets. Its init secret, and what gives
     * it to the others; the leaf to take the place of, or NONE. */
    const uint8_t *external_init;
    slice kem_output;
    uint32_t succeeds;
    /* The first commit of a group that continues another: that group, and how. */
    const struct mls_group *parent;
    enum mls_psk_usage usage;
};
MUST err mls_commit_make(struct mls_group *group, const struct mls_commit_params *params,
                         const struct mls_commit_origin *origin, const struct mls_auth *auth,
                         struct mls_committed *committed);

/* The proposals that a commit of ours carries: those by value, then the pending ones that can be
 * committed with them (section 12.2). commit: of zeros; free it with mls_commit_free. */
MUST err mls_commit_select(const struct mls_group *group, const struct mls_commit_params *params,
                           const struct mls_commit_origin *origin, const struct mls_auth *auth,
                           struct mls_commit *commit);

/* What a Welcome is made from (welcome.c). */
struct mls_welcoming {
    const struct mls_group *group;
    const struct mls_epoch *next;
    const struct mls_applied *applied;
    const struct mls_list *list;
    const struct mls_treekem_secrets *secrets;
    const uint8_t *joiner_secret, *psk_secret;
    bool with_tree, external_pub, each;
};

/* Appends to committed->welcomes; what is there on failure is freed with the rest. */
MUST err mls_welcome_make(const struct mls_welcoming *w, struct mls_committed *committed);

#endif
