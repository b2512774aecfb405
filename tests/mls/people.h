/* People in memory, for tests of groups. */
#ifndef SOTTO_TESTS_MLS_PEOPLE_H
#define SOTTO_TESTS_MLS_PEOPLE_H

#include "sotto/mls.h"
#include "tests/test.h"

struct person {
    const struct mls_suite *suite;
    const struct mem *mem;
    char name[24];
    buf pub, priv;            /* signature keys */
    buf key_package, secrets; /* the last one made */
    struct mls_group *group;  /* NULL: in none */
};

/* Accepts everybody. */
extern const struct mls_auth people_auth;

void person_init(struct person *p, uint16_t suite, const char *name);
void person_free(struct person *p);
/* What the person says of itself: no extensions. */
struct mls_leaf_params person_leaf(const struct person *p);
/* Makes p->key_package and p->secrets; a new signature key with `new_keys`. */
void person_key_package(struct person *p, bool new_keys);
struct mls_own_key_package person_own(const struct person *p);
/* A group of one. */
void person_create(struct person *p, const char *group_id);
err person_join(struct person *p, slice welcome, slice tree);
/* Changes the secrets that a Welcome has for p and seals them again, as a malicious member can. */
struct mls_group_secrets;
void person_change_secrets(const struct person *p, buf *welcome,
                           void (*change)(struct mls_group_secrets *secrets));
/* Saves the group, drops it, loads it. */
void person_reload(struct person *p);

/* Proposals by reference; leaf NULL: an Update that says what the leaf said. */
err people_propose_add(struct mls_group *group, slice key_package, const struct mls_auth *auth,
                       enum mls_wire wire, buf *out);
err people_propose_remove(struct mls_group *group, uint32_t leaf, enum mls_wire wire, buf *out);
err people_propose_update(struct mls_group *group, const struct mls_leaf_params *leaf,
                          enum mls_wire wire, buf *out);
/* Processes, and applies a commit. */
err person_process(struct person *p, slice message);
/* A message of one to the n others: each must be able to read it. */
void people_talk(struct person *from, struct person **to, size_t n, const char *text);
/* Same epoch, authenticator, tree and exporter; and what each says of itself is there. */
void people_agree(struct person **people, size_t n);

/* Commits, gives it to the n others, applies, and lets the added ones (in the order of
 * params->adds, then of the pending adds) join. */
void people_commit(struct person *by, const struct mls_commit_params *params,
                   struct person **others, size_t n, struct person **added, size_t added_count);
/* Adds one person to a group of n. */
void people_add(struct person *by, struct person *added, struct person **others, size_t n);

#endif
