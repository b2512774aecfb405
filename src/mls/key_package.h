/* Key packages (RFC 9420 section 10) and what a member says of itself in its leaf. */
#ifndef SOTTO_MLS_KEY_PACKAGE_H
#define SOTTO_MLS_KEY_PACKAGE_H

#include "mls/suite.h"
#include "mls/types.h"

/* A leaf that says what params say: signature key, credential, capabilities, extensions. Encryption
 * key, source and signature stay empty. `also`: extension types to list as understood, too. */
MUST err mls_leaf_from_params(struct mls_leaf_node *leaf, const struct mls_leaf_params *params,
                              const struct mls_extension *also, size_t also_count,
                              const struct mem *mem);

/* What an application is shown of a leaf; valid as long as the leaf. */
struct mls_member mls_member_of(const struct mls_leaf_node *leaf, uint32_t index);
/* The application's judgement (section 5.3.1). MLS_CREDENTIAL without one, and for credentials that
 * are not basic. before may be NULL. */
MUST err mls_auth_judge(const struct mls_auth *auth, const struct mls_leaf_node *before,
                        const struct mls_leaf_node *leaf, uint32_t index);

/* Section 10.1. group: the extensions of the group that it is to enter, or NULL. now: NULL where
 * the lifetime is not judged. The credential is the application's to judge. */
MUST err mls_key_package_validate(const struct mls_suite *suite, const struct mls_key_package *kp,
                                  const struct mls_extensions *group, const uint64_t *now,
                                  const struct mem *mem);
/* An MLSMessage that is a key package, and nothing after it. */
MUST err mls_key_package_open(slice message, struct mls_key_package *kp, const struct mem *mem);
/* Its reference (section 5.2): suite->hash->len bytes. */
MUST err mls_key_package_make_ref(const struct mls_suite *suite, const struct mls_key_package *kp,
                                  uint8_t *ref, const struct mem *mem);

/* The private keys that mls_key_package_new hands out. */
struct mls_key_package_secrets {
    buf init_priv, leaf_priv;
};
MUST err mls_key_package_secrets_read(slice bytes, struct mls_key_package_secrets *s,
                                      const struct mem *mem);
void mls_key_package_secrets_free(struct mls_key_package_secrets *s);

#endif
