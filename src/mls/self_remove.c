#include "mls/self_remove.h"

uint32_t mls_proposal_removes(const struct mls_proposal *proposal,
                              const struct mls_sender *sender) {
    if (proposal->type == MLS_PROPOSAL_REMOVE)
        return proposal->removed;
    /* draft-ietf-mls-extensions-10 s.6.3.1: the leaf is that of the proposal's sender. */
    bool leaves = proposal->type == MLS_PROPOSAL_SELF_REMOVE && sender->type == MLS_SENDER_MEMBER;
    return leaves ? sender->index : MLS_NODE_NONE;
}

err mls_self_remove_check_wire(uint16_t type, uint16_t wire_format) {
    /* draft-ietf-mls-extensions-10 s.6.3.1: it is sent in a PublicMessage, for joiners to read. */
    return type == MLS_PROPOSAL_SELF_REMOVE && wire_format != MLS_PUBLIC_MESSAGE ? ERR_DENIED : OK;
}

err mls_self_remove_check_item(const struct mls_item *item) {
    bool by_value = item->pending == NULL;
    /* draft-ietf-mls-extensions-10 s.6.3.1: a commit has it by reference only. */
    return item->proposal->type == MLS_PROPOSAL_SELF_REMOVE && by_value ? ERR_MLS_PROPOSAL_LIST
                                                                        : OK;
}

/* draft-ietf-mls-extensions-10 s.6.3.1: a joiner checks it as a member would, but for the
 * membership tag; that is what an observer does. */
static err fetch(struct mls_group *group, slice message, const struct mls_auth *auth) {
    struct mls_header header;
    struct mls_received received;
    TRY(mls_message_header(message, &header));
    if (header.wire != MLS_PUBLIC_MESSAGE || header.kind != MLS_PROPOSAL)
        return ERR_UNKNOWN_TYPE;
    TRY(mls_group_process(group, message, auth, &received));
    mls_received_free(&received);
    const struct mls_pending *kept = group->pending[group->pending_count - 1];
    return kept->proposal.type == MLS_PROPOSAL_SELF_REMOVE ? OK : ERR_MLS_PROPOSAL_LIST;
}

err mls_self_remove_fetch(struct mls_group *group, const slice *messages, size_t count,
                          const struct mls_auth *auth) {
    for (size_t i = 0; i < count; i++)
        TRY(fetch(group, messages[i], auth));
    return OK;
}
