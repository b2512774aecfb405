/* Leaf nodes (RFC 9420 sections 7.2 and 7.3): what a member says of itself, and what others hold it
 * to. */
#ifndef SOTTO_MLS_LEAF_H
#define SOTTO_MLS_LEAF_H

#include "mls/suite.h"
#include "mls/types.h"

enum { MLS_LEAF_MAX = 65536 }; /* bytes of a leaf that is taken */

/* A leaf that says what params say: signature key, credential, capabilities, extensions. Encryption
 * key, source and signature stay empty. `also`: extension types to list as understood, too. */
MUST err mls_leaf_from_params(struct mls_leaf_node *leaf, const struct mls_leaf_params *params,
                              const struct mls_extension *also, size_t also_count,
                              const struct mem *mem);

/* What an application is shown of a leaf; valid as long as the leaf. */
struct mls_member mls_member_of(const struct mls_leaf_node *leaf, uint32_t index);
/* The application's judgement (section 5.3.1). MLS_CREDENTIAL without one. before may be NULL. */
MUST err mls_auth_judge(const struct mls_auth *auth, const struct mls_leaf_node *before,
                        const struct mls_leaf_node *leaf, uint32_t index);

/* Signs LeafNodeTBS, replacing the signature. group_id and index are bound in for the sources
 * update and commit, and ignored for a key package's leaf. On failure the old signature stands. */
MUST err mls_leaf_sign(const struct mls_suite *suite, struct mls_leaf_node *leaf, slice priv,
                       slice group_id, uint32_t index, const struct mem *mem);
MUST err mls_leaf_verify(const struct mls_suite *suite, const struct mls_leaf_node *leaf,
                         slice group_id, uint32_t index, const struct mem *mem);

/* What a leaf is checked against. */
struct mls_leaf_check {
    enum mls_leaf_source source; /* the only one allowed here; 0 where any is (a tree) */
    slice group_id;              /* for the signature of update and commit leaves */
    uint32_t index;
    /* The group context's extensions; NULL where there is no group (a key package by itself). */
    const struct mls_extensions *group;
    const uint64_t *now; /* seconds; NULL: the lifetime is not judged */
};

/* Section 7.3 for one leaf by itself: source, key lengths, signature, lifetime, extensions listed
 * in the capabilities and none twice, the credential's type listed, the group's required
 * capabilities and extensions supported. What it can't see: the credential (the application's
 * judgement), that keys are unique and credential types are supported by all (tree_check.h), and
 * that an Update's or a path's encryption key is new (mls_leaf_check_replaces). */
MUST err mls_leaf_check(const struct mls_suite *suite, const struct mls_leaf_node *leaf,
                        const struct mls_leaf_check *check, const struct mem *mem);
/* The rule for a leaf that takes another's place: MLS_DUPLICATE_KEY if the encryption key stays. */
MUST err mls_leaf_check_replaces(const struct mls_leaf_node *before,
                                 const struct mls_leaf_node *after);
/* MLS_CAPABILITIES unless every extension type and all that a required_capabilities extension names
 * is supported (sections 7.2, 11.1, 12.1.7); the codec's errors if that extension can't be read. */
MUST err mls_leaf_supports(const struct mls_leaf_node *leaf, const struct mls_extensions *group);
/* True if the leaf's capabilities list all these types of proposals that RFC 9420 does not define.
 */
bool mls_leaf_supports_proposals(const struct mls_leaf_node *leaf, const uint16_t *types, size_t n);

/* Where extensions stand (section 17.3, "Message(s)"). */
enum mls_extension_place {
    MLS_IN_LEAF = 1,
    MLS_IN_KEY_PACKAGE = 2,
    MLS_IN_GROUP_CONTEXT = 4,
    MLS_IN_GROUP_INFO = 8
};
/* MLS_EXTENSION if a type stands twice (section 13), or one of RFC 9420's where it does not belong.
 */
MUST err mls_extensions_check(const struct mls_extensions *extensions,
                              enum mls_extension_place place);

#endif
