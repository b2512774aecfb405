/* Content authentication and PublicMessage (RFC 9420 sections 6.1, 6.2).
 *
 * `context` is the encoded GroupContext of the message's epoch. */
#ifndef SOTTO_MLS_FRAMING_H
#define SOTTO_MLS_FRAMING_H

#include "mls/suite.h"
#include "mls/types.h"

/* Signs FramedContentTBS: sets auth->signature. */
MUST err mls_framing_sign(const struct mls_suite *suite, struct mls_authenticated_content *auth,
                          slice context, slice priv, const struct mem *mem);
MUST err mls_framing_verify(const struct mls_suite *suite,
                            const struct mls_authenticated_content *auth, slice context, slice pub,
                            const struct mem *mem);

/* Appends the MLSMessage, a member's with its membership tag; else the key may be NULL. */
MUST err mls_public_message_protect(const struct mls_suite *suite,
                                    const struct mls_authenticated_content *auth, slice context,
                                    const uint8_t *membership_key, buf *out, const struct mem *mem);
/* MLS_MEMBERSHIP_TAG unless it is right. The signature is not looked at. */
MUST err mls_public_message_check(const struct mls_suite *suite,
                                  const struct mls_public_message *message, slice context,
                                  const uint8_t *membership_key, const struct mem *mem);

/* The reference of a proposal: the hash of the AuthenticatedContent that carried it (section 5.2).
 */
MUST err mls_proposal_make_ref(const struct mls_suite *suite,
                               const struct mls_authenticated_content *auth, uint8_t *ref,
                               const struct mem *mem);

#endif
