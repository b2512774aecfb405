/* Key packages (RFC 9420 section 10). */
#ifndef SOTTO_MLS_KEY_PACKAGE_H
#define SOTTO_MLS_KEY_PACKAGE_H

#include "mls/suite.h"
#include "mls/types.h"

/* Section 10.1. group: the extensions of the group that it is to enter, or NULL. now: NULL where
 * the lifetime is not judged. The credential is the application's to judge. */
MUST err mls_key_package_validate(const struct mls_suite *suite, const struct mls_key_package *kp,
                                  const struct mls_extensions *group, const uint64_t *now,
                                  const struct mem *mem);
/* The application's judgement of who would come by it. MLS_CREDENTIAL without one. */
MUST err mls_key_package_judge(const struct mls_auth *auth, const struct mls_key_package *kp);
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
