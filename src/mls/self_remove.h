/* SelfRemove (draft-ietf-mls-extensions-10 s.6.3): the proposal of a member to remove itself, which
 * a joiner's commit can bring, too. It has no content: whom it removes, its message's sender says.
 * It is of one epoch, as any proposal, so the sender that it is kept with is the member that signed
 * it. */
#ifndef SOTTO_MLS_SELF_REMOVE_H
#define SOTTO_MLS_SELF_REMOVE_H

#include "mls/proposals.h"

/* The leaf that a Remove or a SelfRemove takes out; NONE for any other proposal. */
uint32_t mls_proposal_removes(const struct mls_proposal *proposal, const struct mls_sender *sender);
/* How a proposal of this type may travel: DENIED for a SelfRemove that is encrypted. */
MUST err mls_self_remove_check_wire(uint16_t type, uint16_t wire_format);
/* Whether a commit may bring it by value; MLS_PROPOSAL_LIST. */
MUST err mls_self_remove_check_item(const struct mls_item *item);
/* Before joining by a commit: keeps the SelfRemoves that wait in the group, as its observer. */
MUST err mls_self_remove_fetch(struct mls_group *group, const slice *messages, size_t count,
                               const struct mls_auth *auth);

#endif
