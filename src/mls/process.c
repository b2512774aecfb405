/* Messages of other members (RFC 9420 sections 6, 12.1, 12.4.2). */
#include "mls/commit.h"
#include "mls/framing.h"
#include "mls/self_remove.h"

err mls_message_header(slice message, struct mls_header *header) {
    uint16_t wire, version;
    reader r;
    uint8_t kind;
    TRY(mls_message_open(message, &wire, &r));
    if (wire < MLS_PUBLIC_MESSAGE || wire > MLS_KEY_PACKAGE)
        return ERR_UNKNOWN_TYPE;
    *header = (struct mls_header){.wire = (enum mls_wire)wire};
    if (wire == MLS_GROUP_INFO || wire == MLS_KEY_PACKAGE)
        TRY(reader_u16(&r, &version));
    if (wire > MLS_PRIVATE_MESSAGE)
        TRY(reader_u16(&r, &header->suite));
    if (wire == MLS_WELCOME || wire == MLS_KEY_PACKAGE)
        return OK;
    TRY(reader_vec(&r, &header->group_id));
    TRY(reader_u64(&r, &header->epoch));
    if (wire == MLS_GROUP_INFO)
        return OK;
    if (wire == MLS_PUBLIC_MESSAGE) {
        struct mls_sender sender;
        slice skipped;
        TRY(mls_sender_read(&r, &sender, NULL));
        TRY(reader_vec(&r, &skipped)); /* authenticated_data */
    }
    TRY(reader_u8(&r, &kind));
    if (kind < MLS_APPLICATION || kind > MLS_COMMIT)
        return ERR_UNKNOWN_TYPE;
    header->kind = (enum mls_kind)kind;
    return OK;
}

struct processing {
    struct mls_group *group;
    const struct mls_auth *auth;
    const struct mls_past *past; /* NULL: the present epoch */
    size_t past_index;
    struct mls_authenticated_content content;
    struct mls_protection protection;
    struct mls_sender_data sender; /* of a PrivateMessage */
    bool is_private;
    uint16_t credential; /* of the sender, as the group keeps it, or its message has it */
    slice identity, signature_pub;
    struct mls_credential external; /* of a sender in external_senders: owned */
};

static slice context_of(const struct processing *p) {
    return buf_slice(p->past != NULL ? &p->past->context_bytes : &p->group->epoch->context_bytes);
}

/* ---- Which epoch ---- */

static err choose_epoch(struct processing *p, slice group_id, uint64_t epoch, enum mls_kind kind) {
    struct mls_group *g = p->group;
    /* RFC 9420 rule 8.1-1 */
    if (!slice_equal(group_id, mls_group_id(g)))
        return ERR_MLS_GROUP_ID;
    uint64_t present = g->epoch->context.epoch;
    if (g->ended && kind != MLS_APPLICATION)
        return ERR_MLS_REINIT;
    if (epoch > present)
        return g->out ? ERR_MLS_REMOVED : ERR_EARLY;
    p->protection = (struct mls_protection){g->suite, g->epoch->secrets.sender_data,
                                            &g->epoch->messages, g->mem};
    if (epoch == present)
        return g->out && kind != MLS_APPLICATION ? ERR_MLS_REMOVED : OK;
    /* RFC 9420 rules 12.1-2, 12.4.2-1: proposals and commits are of the present epoch only. */
    if (kind != MLS_APPLICATION)
        return ERR_MLS_EPOCH;
    for (size_t i = 0; i < g->past_count; i++) {
        if (g->past[i]->epoch != epoch)
            continue;
        p->past = g->past[i];
        p->past_index = i;
        p->protection.sender_data_secret = g->past[i]->sender_data;
        p->protection.messages = &g->past[i]->messages;
        return OK;
    }
    return ERR_MLS_EPOCH;
}

static void sender_is(struct processing *p, const struct mls_leaf_node *leaf) {
    p->credential = leaf->credential.type;
    p->identity = buf_slice(&leaf->credential.identity);
    p->signature_pub = buf_slice(&leaf->signature_key);
}

/* RFC 9420 s.6.1, 6.3.2: the sender's leaf is not blank. */
static err find_member(struct processing *p, uint32_t leaf) {
    if (p->past != NULL)
        return mls_group_past_leaf(p->group, p->past_index, leaf, &p->credential, &p->identity,
                                   &p->signature_pub);
    const struct mls_leaf_node *node = mls_tree_leaf(&p->group->epoch->tree, leaf);
    if (node == NULL)
        return ERR_MLS_SENDER;
    sender_is(p, node);
    return OK;
}

/* RFC 9420 rules 12.1.8-1, 12.1.8.1-1: the sender at this place of the external_senders extension,
 * a vector of keys and credentials. */
static err find_external(struct processing *p, uint32_t place) {
    const struct mls_extension *extension =
        mls_extensions_find(&p->group->epoch->context.extensions, MLS_EXTENSION_EXTERNAL_SENDERS);
    if (extension == NULL)
        return ERR_MLS_SENDER;
    reader r = reader_of(extension->data), list;
    TRY(reader_open(&r, &list));
    for (uint32_t i = 0; list.n > 0; i++) {
        slice key;
        TRY(reader_vec(&list, &key));
        mls_credential_free(&p->external, p->group->mem);
        TRY(mls_credential_read(&list, &p->external, p->group->mem));
        if (i != place)
            continue;
        p->credential = p->external.type;
        p->identity = buf_slice(&p->external.identity);
        p->signature_pub = key;
        return OK;
    }
    return ERR_MLS_SENDER;
}

/* RFC 9420 rules 12.1.8-2, 12.1.8-4, s.6.1: with whose key a message from outside is signed; what
 * may come from there. */
static err find_outsider(struct processing *p, const struct mls_framed_content *c) {
    if (p->auth == NULL || !p->auth->outside)
        return ERR_MLS_SENDER;
    switch (c->sender.type) {
    case MLS_SENDER_EXTERNAL:
        return c->kind == MLS_PROPOSAL ? find_external(p, c->sender.index) : ERR_MLS_SENDER;
    case MLS_SENDER_NEW_MEMBER_PROPOSAL:
        if (c->kind != MLS_PROPOSAL || c->proposal.type != MLS_PROPOSAL_ADD)
            return ERR_MLS_SENDER;
        sender_is(p, &c->proposal.key_package->leaf);
        return OK;
    case MLS_SENDER_NEW_MEMBER_COMMIT:
        /* RFC 9420 rules 12.4.3.2-1, 12.4.3.2-3: it has a path, and is signed by its leaf. */
        if (c->kind != MLS_COMMIT || !c->commit.has_path)
            return ERR_MLS_SENDER;
        sender_is(p, &c->commit.path.leaf);
        return OK;
    default:
        return ERR_MLS_SENDER;
    }
}

static bool is_own(const struct processing *p, uint32_t leaf) {
    return leaf == (p->past != NULL ? p->past->own_leaf : p->group->epoch->keys.leaf);
}

/* ---- Opening ---- */

/* RFC 9420 rule 12.4.2-2 */
static err check_member(struct processing *p, const struct mls_public_message *message) {
    const struct mls_group *g = p->group;
    uint32_t leaf = message->auth.content.sender.index;
    TRY(find_member(p, leaf));
    /* Whoever only follows has no key to check it with. */
    if (!g->observer)
        TRY(mls_public_message_check(g->suite, message, context_of(p),
                                     g->epoch->secrets.membership_key, g->mem));
    return is_own(p, leaf) ? ERR_MLS_OWN_MESSAGE : OK;
}

/* From the header, before anything is built. */
static err check_header(struct processing *p, slice message) {
    struct mls_header header;
    TRY(mls_message_header(message, &header));
    TRY(choose_epoch(p, header.group_id, header.epoch, header.kind));
    /* RFC 9420 s.6: application messages are encrypted. */
    return header.kind == MLS_APPLICATION ? ERR_DENIED : OK;
}

/* The sender is found in p->content, which stays: what is shown of an outsider points into it. */
static err open_public(struct processing *p, slice whole, reader *body) {
    struct mls_public_message message;
    TRY(check_header(p, whole));
    TRY(mls_public_message_read(body, &message, p->group->mem));
    p->content = message.auth; /* hand-over */
    struct mls_public_message again = {.auth = p->content,
                                       .membership_tag = message.membership_tag};
    err e = reader_end(body);
    if (e == OK && p->content.content.sender.type == MLS_SENDER_MEMBER)
        e = check_member(p, &again);
    else if (e == OK)
        e = find_outsider(p, &p->content.content);
    buf_free(&message.membership_tag);
    return e;
}

static err open_private(struct processing *p, reader *body) {
    struct mls_private_message message;
    if (p->group->observer)
        return ERR_DENIED;
    TRY(mls_private_message_read(body, &message, p->group->mem));
    p->is_private = true;
    err e = reader_end(body);
    if (e == OK)
        e = choose_epoch(p, buf_slice(&message.group_id), message.epoch, message.kind);
    if (e == OK)
        e = mls_private_message_sender(&p->protection, &message, &p->sender);
    if (e == OK)
        e = find_member(p, p->sender.leaf);
    if (e == OK && is_own(p, p->sender.leaf))
        e = ERR_MLS_OWN_MESSAGE;
    if (e == OK)
        e = mls_private_message_open(&p->protection, &message, &p->sender, &p->content);
    mls_private_message_free(&message, p->group->mem);
    return e;
}

static err open_message(struct processing *p, slice message) {
    uint16_t wire;
    reader body;
    TRY(mls_message_open(message, &wire, &body));
    if (wire == MLS_PUBLIC_MESSAGE)
        TRY(open_public(p, message, &body));
    else if (wire == MLS_PRIVATE_MESSAGE)
        TRY(open_private(p, &body));
    else
        return ERR_UNKNOWN_TYPE;
    /* RFC 9420 rules 12.1-1, 12.1.8.1-2, 12.4.2-4, s.6.1: the signature is the sender's. */
    return mls_framing_verify(p->group->suite, &p->content, context_of(p), p->signature_pub,
                              p->group->mem);
}

/* RFC 9420 s.9.2: a key is erased once its message is accepted. */
static err consume(const struct processing *p) {
    if (!p->is_private)
        return OK;
    return mls_private_message_consume(&p->protection, p->content.content.kind, &p->sender);
}

/* ---- Handing on ---- */

/* Puts what the caller gets into memory that is the caller's. */
static err fill_received(const struct processing *p, struct mls_received *received) {
    const struct mls_framed_content *c = &p->content.content;
    slice parts[] = {buf_slice(&c->authenticated_data), buf_slice(&c->application), p->identity,
                     p->signature_pub};
    slice *slices[] = {&received->authenticated_data, &received->application,
                       &received->sender_identity, &received->sender_signature_pub};
    size_t total = 0;
    received->kind = c->kind;
    received->epoch = c->epoch;
    received->sender_type = c->sender.type;
    received->sender = c->sender.index;
    received->sender_credential = p->credential;
    received->memory = buf_on(p->group->mem);
    for (size_t i = 0; i < 4; i++)
        total += parts[i].n;
    TRY(buf_reserve(&received->memory, total)); /* so that it does not move any more */
    for (size_t i = 0; i < 4; i++) {
        size_t at = received->memory.n;
        TRY(buf_append(&received->memory, parts[i]));
        if (parts[i].n != 0)
            *slices[i] = slice_of(received->memory.p + at, parts[i].n);
    }
    return OK;
}

static err keep_proposal(struct processing *p) {
    struct mls_group *g = p->group;
    const struct mls_sender *sender = &p->content.content.sender;
    TRY(mls_self_remove_check_wire(p->content.content.proposal.type, p->content.wire_format));
    TRY(mls_proposal_check_size(&p->content.content.proposal, g->mem));
    TRY(mls_proposal_check(g, &p->content.content.proposal, sender, p->auth));
    TRY(mls_pending_reserve(g, sender));
    struct mls_pending *pending = mem_new(g->mem, sizeof(*pending));
    if (pending == NULL)
        return ERR_NO_MEMORY;
    pending->sender = *sender;
    err e = mls_proposal_make_ref(g->suite, &p->content, pending->ref, g->mem);
    if (e == OK && mls_pending_find(g, slice_of(pending->ref, g->suite->hash->len)) != NULL)
        e = ERR_REPEAT;
    if (e == OK)
        e = consume(p);
    if (e != OK) {
        mls_pending_free(pending, g->mem);
        return e;
    }
    pending->proposal = p->content.content.proposal; /* hand-over */
    p->content.content.proposal = (struct mls_proposal){0};
    mls_pending_add(g, pending);
    return OK;
}

static err deliver(struct processing *p, struct mls_received *received) {
    TRY(fill_received(p, received));
    switch (p->content.content.kind) {
    case MLS_APPLICATION:
        return consume(p);
    case MLS_PROPOSAL:
        return keep_proposal(p);
    case MLS_COMMIT:
        /* Its key goes with the epoch, when the commit is applied. */
        return mls_commit_receive(p->group, &p->content, p->auth, &received->commit);
    }
    return ERR_UNKNOWN_TYPE;
}

err mls_group_process(struct mls_group *group, slice message, const struct mls_auth *auth,
                      struct mls_received *received) {
    struct processing p = {.group = group, .auth = auth};
    memset(received, 0, sizeof(*received));
    err e = open_message(&p, message);
    if (e == OK)
        e = deliver(&p, received);
    mls_authenticated_content_free(&p.content, group->mem);
    mls_credential_free(&p.external, group->mem);
    if (e != OK)
        mls_received_free(received);
    return e;
}

void mls_received_free(struct mls_received *received) {
    mls_staged_free(received->commit);
    buf_free(&received->memory);
    memset(received, 0, sizeof(*received));
}
