/* What travels: proposals, commits, framed messages, GroupInfo and Welcome (RFC 9420 sections 6, 8,
 * 12). */
#include "mls/types.h"

/* ---- Pre-shared keys (section 8.4) ---- */

static err fill_psk_id(reader *r, struct mls_psk_id *v, const struct mem *mem) {
    TRY(reader_u8(r, &v->type));
    switch (v->type) {
    case MLS_PSK_EXTERNAL:
        TRY(mls_opaque_read(r, &v->id, mem));
        break;
    case MLS_PSK_RESUMPTION:
        TRY(reader_u8(r, &v->usage));
        if (v->usage < MLS_PSK_APPLICATION || v->usage > MLS_PSK_BRANCH)
            return ERR_UNKNOWN_TYPE;
        TRY(mls_opaque_read(r, &v->id, mem));
        TRY(reader_u64(r, &v->epoch));
        break;
    default:
        return ERR_UNKNOWN_TYPE;
    }
    return mls_opaque_read(r, &v->nonce, mem);
}
MLS_DEFINE_READ(psk_id)

void mls_psk_id_write(writer *w, const struct mls_psk_id *v) {
    writer_u8(w, v->type);
    if (v->type == MLS_PSK_RESUMPTION)
        writer_u8(w, v->usage);
    mls_opaque_write(w, &v->id);
    if (v->type == MLS_PSK_RESUMPTION)
        writer_u64(w, v->epoch);
    mls_opaque_write(w, &v->nonce);
}

void mls_psk_id_free(struct mls_psk_id *v, const struct mem *mem) {
    (void)mem;
    buf_free(&v->id);
    buf_free(&v->nonce);
    memset(v, 0, sizeof(*v));
}

static err read_psk(reader *r, void *element, const struct mem *mem) {
    return mls_psk_id_read(r, element, mem);
}

static void free_psk(void *element, const struct mem *mem) {
    mls_psk_id_free(element, mem);
}

static const struct mls_list_kind psk_ids = {
    .size = sizeof(struct mls_psk_id),
    .read = read_psk,
    .free = free_psk,
};

/* ---- Proposals (section 12.1) ---- */

static err fill_add(reader *r, struct mls_proposal *v, const struct mem *mem) {
    v->key_package = mem_new(mem, sizeof(*v->key_package));
    if (v->key_package == NULL)
        return ERR_NO_MEMORY;
    return mls_key_package_read(r, v->key_package, mem);
}

static err fill_update(reader *r, struct mls_proposal *v, const struct mem *mem) {
    v->leaf = mem_new(mem, sizeof(*v->leaf));
    if (v->leaf == NULL)
        return ERR_NO_MEMORY;
    return mls_leaf_node_read(r, v->leaf, mem);
}

static err fill_reinit(reader *r, struct mls_proposal *v, const struct mem *mem) {
    TRY(mls_opaque_read(r, &v->group_id, mem));
    TRY(reader_u16(r, &v->version));
    TRY(reader_u16(r, &v->suite));
    return mls_extensions_read(r, &v->extensions, mem);
}

static err fill_proposal(reader *r, struct mls_proposal *v, const struct mem *mem) {
    TRY(reader_u16(r, &v->type));
    switch (v->type) {
    case MLS_PROPOSAL_ADD:
        return fill_add(r, v, mem);
    case MLS_PROPOSAL_UPDATE:
        return fill_update(r, v, mem);
    case MLS_PROPOSAL_REMOVE:
        return reader_u32(r, &v->removed);
    case MLS_PROPOSAL_PSK:
        return mls_psk_id_read(r, &v->psk, mem);
    case MLS_PROPOSAL_REINIT:
        return fill_reinit(r, v, mem);
    case MLS_PROPOSAL_EXTERNAL_INIT:
        return mls_opaque_read(r, &v->kem_output, mem);
    case MLS_PROPOSAL_GROUP_CONTEXT_EXTENSIONS:
        return mls_extensions_read(r, &v->extensions, mem);
    case MLS_PROPOSAL_SELF_REMOVE: /* empty */
        return OK;
    case 0: /* reserved */
        return ERR_UNKNOWN_TYPE;
    default:
        return mls_opaque_read(r, &v->content, mem);
    }
}
MLS_DEFINE_READ(proposal)

static void write_reinit(writer *w, const struct mls_proposal *v) {
    mls_opaque_write(w, &v->group_id);
    writer_u16(w, v->version);
    writer_u16(w, v->suite);
    mls_extensions_write(w, &v->extensions);
}

void mls_proposal_write(writer *w, const struct mls_proposal *v) {
    writer_u16(w, v->type);
    switch (v->type) {
    case MLS_PROPOSAL_ADD:
        mls_key_package_write(w, v->key_package);
        return;
    case MLS_PROPOSAL_UPDATE:
        mls_leaf_node_write(w, v->leaf);
        return;
    case MLS_PROPOSAL_REMOVE:
        writer_u32(w, v->removed);
        return;
    case MLS_PROPOSAL_PSK:
        mls_psk_id_write(w, &v->psk);
        return;
    case MLS_PROPOSAL_REINIT:
        write_reinit(w, v);
        return;
    case MLS_PROPOSAL_EXTERNAL_INIT:
        mls_opaque_write(w, &v->kem_output);
        return;
    case MLS_PROPOSAL_GROUP_CONTEXT_EXTENSIONS:
        mls_extensions_write(w, &v->extensions);
        return;
    case MLS_PROPOSAL_SELF_REMOVE:
        return;
    case 0:
        writer_fail(w, ERR_BUG);
        return;
    default:
        mls_opaque_write(w, &v->content);
    }
}

void mls_proposal_free(struct mls_proposal *v, const struct mem *mem) {
    if (v->key_package != NULL)
        mls_key_package_free(v->key_package, mem);
    mem_free(mem, v->key_package, sizeof(*v->key_package));
    if (v->leaf != NULL)
        mls_leaf_node_free(v->leaf, mem);
    mem_free(mem, v->leaf, sizeof(*v->leaf));
    mls_psk_id_free(&v->psk, mem);
    buf_free(&v->group_id);
    buf_free(&v->kem_output);
    buf_free(&v->content);
    mls_extensions_free(&v->extensions, mem);
    memset(v, 0, sizeof(*v));
}

/* ---- Commits (section 12.4) ---- */

/* A hash of any suite: shorter ones would cost many times their bytes of memory. */
enum { BY_VALUE = 1, BY_REFERENCE = 2, REFERENCE_MIN = 32 };

static err read_proposal_or_ref(reader *r, void *element, const struct mem *mem) {
    struct mls_proposal_or_ref *v = element;
    uint8_t type;
    TRY(reader_u8(r, &type));
    switch (type) {
    case BY_VALUE:
        v->proposal = mem_new(mem, sizeof(*v->proposal));
        return v->proposal == NULL ? ERR_NO_MEMORY : mls_proposal_read(r, v->proposal, mem);
    case BY_REFERENCE:
        TRY(mls_opaque_read(r, &v->reference, mem));
        return v->reference.n < REFERENCE_MIN ? ERR_MALFORMED : OK;
    default:
        return ERR_UNKNOWN_TYPE;
    }
}

static void write_proposal_or_ref(writer *w, const struct mls_proposal_or_ref *v) {
    writer_u8(w, v->proposal == NULL ? BY_REFERENCE : BY_VALUE);
    if (v->proposal == NULL)
        mls_opaque_write(w, &v->reference);
    else
        mls_proposal_write(w, v->proposal);
}

static void free_proposal_or_ref(void *element, const struct mem *mem) {
    struct mls_proposal_or_ref *v = element;
    buf_free(&v->reference);
    if (v->proposal != NULL)
        mls_proposal_free(v->proposal, mem);
    mem_free(mem, v->proposal, sizeof(*v->proposal));
}

static const struct mls_list_kind proposals_or_refs = {
    .size = sizeof(struct mls_proposal_or_ref),
    .read = read_proposal_or_ref,
    .free = free_proposal_or_ref,
};

static err fill_commit(reader *r, struct mls_commit *v, const struct mem *mem) {
    void *proposals = NULL;
    TRY(mls_list_read(r, &proposals_or_refs, &proposals, &v->proposal_count, mem));
    v->proposals = proposals;
    bool has_path;
    TRY(reader_bool(r, &has_path));
    if (!has_path)
        return OK;
    TRY(mls_update_path_read(r, &v->path, mem));
    v->has_path = true;
    return OK;
}
MLS_DEFINE_READ(commit)

void mls_commit_write(writer *w, const struct mls_commit *v) {
    size_t mark = writer_open(w);
    for (size_t i = 0; i < v->proposal_count; i++)
        write_proposal_or_ref(w, &v->proposals[i]);
    writer_close(w, mark);
    writer_u8(w, v->has_path);
    if (v->has_path)
        mls_update_path_write(w, &v->path);
}

void mls_commit_free(struct mls_commit *v, const struct mem *mem) {
    mls_list_free(&proposals_or_refs, v->proposals, v->proposal_count, mem);
    if (v->has_path)
        mls_update_path_free(&v->path, mem);
    memset(v, 0, sizeof(*v));
}

/* ---- Framing (section 6) ---- */

static err fill_sender(reader *r, struct mls_sender *v, const struct mem *mem) {
    (void)mem;
    uint8_t type;
    TRY(reader_u8(r, &type));
    if (type < MLS_SENDER_MEMBER || type > MLS_SENDER_NEW_MEMBER_COMMIT)
        return ERR_UNKNOWN_TYPE;
    v->type = (enum mls_sender_type)type;
    if (v->type == MLS_SENDER_MEMBER || v->type == MLS_SENDER_EXTERNAL)
        return reader_u32(r, &v->index);
    return OK;
}
MLS_DEFINE_READ(sender)

void mls_sender_write(writer *w, const struct mls_sender *v) {
    writer_u8(w, (uint8_t)v->type);
    if (v->type == MLS_SENDER_MEMBER || v->type == MLS_SENDER_EXTERNAL)
        writer_u32(w, v->index);
}

void mls_sender_free(struct mls_sender *v, const struct mem *mem) {
    (void)mem;
    memset(v, 0, sizeof(*v));
}

static err read_kind(reader *r, enum mls_kind *kind) {
    uint8_t type;
    TRY(reader_u8(r, &type));
    if (type < MLS_APPLICATION || type > MLS_COMMIT)
        return ERR_UNKNOWN_TYPE;
    *kind = (enum mls_kind)type;
    return OK;
}

err mls_content_body_read(reader *r, struct mls_framed_content *v, const struct mem *mem) {
    switch (v->kind) {
    case MLS_APPLICATION:
        return mls_opaque_read(r, &v->application, mem);
    case MLS_PROPOSAL:
        return mls_proposal_read(r, &v->proposal, mem);
    case MLS_COMMIT:
        return mls_commit_read(r, &v->commit, mem);
    }
    return ERR_UNKNOWN_TYPE;
}

void mls_content_body_write(writer *w, const struct mls_framed_content *v) {
    switch (v->kind) {
    case MLS_APPLICATION:
        mls_opaque_write(w, &v->application);
        return;
    case MLS_PROPOSAL:
        mls_proposal_write(w, &v->proposal);
        return;
    case MLS_COMMIT:
        mls_commit_write(w, &v->commit);
        return;
    }
    writer_fail(w, ERR_BUG);
}

static err fill_framed_content(reader *r, struct mls_framed_content *v, const struct mem *mem) {
    TRY(mls_opaque_read(r, &v->group_id, mem));
    TRY(reader_u64(r, &v->epoch));
    TRY(mls_sender_read(r, &v->sender, mem));
    TRY(mls_opaque_read(r, &v->authenticated_data, mem));
    TRY(read_kind(r, &v->kind));
    return mls_content_body_read(r, v, mem);
}
MLS_DEFINE_READ(framed_content)

void mls_framed_content_write(writer *w, const struct mls_framed_content *v) {
    mls_opaque_write(w, &v->group_id);
    writer_u64(w, v->epoch);
    mls_sender_write(w, &v->sender);
    mls_opaque_write(w, &v->authenticated_data);
    writer_u8(w, (uint8_t)v->kind);
    mls_content_body_write(w, v);
}

void mls_framed_content_free(struct mls_framed_content *v, const struct mem *mem) {
    buf_free(&v->group_id);
    buf_free(&v->authenticated_data);
    buf_free(&v->application);
    mls_proposal_free(&v->proposal, mem);
    mls_commit_free(&v->commit, mem);
    memset(v, 0, sizeof(*v));
}

err mls_auth_data_read(reader *r, struct mls_authenticated_content *v, const struct mem *mem) {
    TRY(mls_opaque_read(r, &v->signature, mem));
    if (v->content.kind == MLS_COMMIT)
        return mls_opaque_read(r, &v->confirmation_tag, mem);
    return OK;
}

void mls_auth_data_write(writer *w, const struct mls_authenticated_content *v) {
    mls_opaque_write(w, &v->signature);
    if (v->content.kind == MLS_COMMIT)
        mls_opaque_write(w, &v->confirmation_tag);
}

static err fill_authenticated_content(reader *r, struct mls_authenticated_content *v,
                                      const struct mem *mem) {
    TRY(reader_u16(r, &v->wire_format));
    TRY(mls_framed_content_read(r, &v->content, mem));
    return mls_auth_data_read(r, v, mem);
}
MLS_DEFINE_READ(authenticated_content)

void mls_authenticated_content_write(writer *w, const struct mls_authenticated_content *v) {
    writer_u16(w, v->wire_format);
    mls_framed_content_write(w, &v->content);
    mls_auth_data_write(w, v);
}

void mls_authenticated_content_free(struct mls_authenticated_content *v, const struct mem *mem) {
    mls_framed_content_free(&v->content, mem);
    buf_free(&v->signature);
    buf_free(&v->confirmation_tag);
    memset(v, 0, sizeof(*v));
}

static err fill_public_message(reader *r, struct mls_public_message *v, const struct mem *mem) {
    v->auth.wire_format = MLS_PUBLIC_MESSAGE;
    TRY(mls_framed_content_read(r, &v->auth.content, mem));
    TRY(mls_auth_data_read(r, &v->auth, mem));
    if (v->auth.content.sender.type == MLS_SENDER_MEMBER)
        return mls_opaque_read(r, &v->membership_tag, mem);
    return OK;
}
MLS_DEFINE_READ(public_message)

void mls_public_message_write(writer *w, const struct mls_public_message *v) {
    mls_framed_content_write(w, &v->auth.content);
    mls_auth_data_write(w, &v->auth);
    if (v->auth.content.sender.type == MLS_SENDER_MEMBER)
        mls_opaque_write(w, &v->membership_tag);
}

void mls_public_message_free(struct mls_public_message *v, const struct mem *mem) {
    mls_authenticated_content_free(&v->auth, mem);
    buf_free(&v->membership_tag);
}

static err fill_private_message(reader *r, struct mls_private_message *v, const struct mem *mem) {
    TRY(mls_opaque_read(r, &v->group_id, mem));
    TRY(reader_u64(r, &v->epoch));
    TRY(read_kind(r, &v->kind));
    TRY(mls_opaque_read(r, &v->authenticated_data, mem));
    TRY(mls_opaque_read(r, &v->encrypted_sender_data, mem));
    return mls_opaque_read(r, &v->ciphertext, mem);
}
MLS_DEFINE_READ(private_message)

void mls_private_message_write(writer *w, const struct mls_private_message *v) {
    mls_opaque_write(w, &v->group_id);
    writer_u64(w, v->epoch);
    writer_u8(w, (uint8_t)v->kind);
    mls_opaque_write(w, &v->authenticated_data);
    mls_opaque_write(w, &v->encrypted_sender_data);
    mls_opaque_write(w, &v->ciphertext);
}

void mls_private_message_free(struct mls_private_message *v, const struct mem *mem) {
    (void)mem;
    buf_free(&v->group_id);
    buf_free(&v->authenticated_data);
    buf_free(&v->encrypted_sender_data);
    buf_free(&v->ciphertext);
    memset(v, 0, sizeof(*v));
}

/* ---- Group context, GroupInfo, Welcome (sections 8.1, 12.4.3) ---- */

static err fill_group_context(reader *r, struct mls_group_context *v, const struct mem *mem) {
    TRY(reader_u16(r, &v->version));
    TRY(reader_u16(r, &v->suite));
    TRY(mls_opaque_read(r, &v->group_id, mem));
    TRY(reader_u64(r, &v->epoch));
    TRY(mls_opaque_read(r, &v->tree_hash, mem));
    TRY(mls_opaque_read(r, &v->confirmed_transcript_hash, mem));
    return mls_extensions_read(r, &v->extensions, mem);
}
MLS_DEFINE_READ(group_context)

void mls_group_context_write(writer *w, const struct mls_group_context *v) {
    writer_u16(w, v->version);
    writer_u16(w, v->suite);
    mls_opaque_write(w, &v->group_id);
    writer_u64(w, v->epoch);
    mls_opaque_write(w, &v->tree_hash);
    mls_opaque_write(w, &v->confirmed_transcript_hash);
    mls_extensions_write(w, &v->extensions);
}

void mls_group_context_free(struct mls_group_context *v, const struct mem *mem) {
    buf_free(&v->group_id);
    buf_free(&v->tree_hash);
    buf_free(&v->confirmed_transcript_hash);
    mls_extensions_free(&v->extensions, mem);
    memset(v, 0, sizeof(*v));
}

static err fill_group_info(reader *r, struct mls_group_info *v, const struct mem *mem) {
    TRY(mls_group_context_read(r, &v->context, mem));
    TRY(mls_extensions_read(r, &v->extensions, mem));
    TRY(mls_opaque_read(r, &v->confirmation_tag, mem));
    TRY(reader_u32(r, &v->signer));
    return mls_opaque_read(r, &v->signature, mem);
}
MLS_DEFINE_READ(group_info)

void mls_group_info_write_unsigned(writer *w, const struct mls_group_info *v) {
    mls_group_context_write(w, &v->context);
    mls_extensions_write(w, &v->extensions);
    mls_opaque_write(w, &v->confirmation_tag);
    writer_u32(w, v->signer);
}

void mls_group_info_write(writer *w, const struct mls_group_info *v) {
    mls_group_info_write_unsigned(w, v);
    mls_opaque_write(w, &v->signature);
}

void mls_group_info_free(struct mls_group_info *v, const struct mem *mem) {
    mls_group_context_free(&v->context, mem);
    mls_extensions_free(&v->extensions, mem);
    buf_free(&v->confirmation_tag);
    buf_free(&v->signature);
    memset(v, 0, sizeof(*v));
}

static err fill_group_secrets(reader *r, struct mls_group_secrets *v, const struct mem *mem) {
    TRY(mls_opaque_read(r, &v->joiner_secret, mem));
    TRY(reader_bool(r, &v->has_path_secret));
    if (v->has_path_secret)
        TRY(mls_opaque_read(r, &v->path_secret, mem));
    void *psks = NULL;
    TRY(mls_list_read(r, &psk_ids, &psks, &v->psk_count, mem));
    v->psks = psks;
    return OK;
}
MLS_DEFINE_READ(group_secrets)

void mls_group_secrets_write(writer *w, const struct mls_group_secrets *v) {
    mls_opaque_write(w, &v->joiner_secret);
    writer_u8(w, v->has_path_secret);
    if (v->has_path_secret)
        mls_opaque_write(w, &v->path_secret);
    size_t mark = writer_open(w);
    for (size_t i = 0; i < v->psk_count; i++)
        mls_psk_id_write(w, &v->psks[i]);
    writer_close(w, mark);
}

void mls_group_secrets_free(struct mls_group_secrets *v, const struct mem *mem) {
    buf_free(&v->joiner_secret);
    buf_free(&v->path_secret);
    mls_list_free(&psk_ids, v->psks, v->psk_count, mem);
    memset(v, 0, sizeof(*v));
}

static err fill_encrypted_group_secrets(reader *r, struct mls_encrypted_group_secrets *v,
                                        const struct mem *mem) {
    TRY(mls_opaque_read(r, &v->new_member, mem));
    if (v->new_member.n < REFERENCE_MIN)
        return ERR_MALFORMED;
    return mls_hpke_ciphertext_read(r, &v->secrets, mem);
}
MLS_DEFINE_READ(encrypted_group_secrets)

void mls_encrypted_group_secrets_write(writer *w, const struct mls_encrypted_group_secrets *v) {
    mls_opaque_write(w, &v->new_member);
    mls_hpke_ciphertext_write(w, &v->secrets);
}

void mls_encrypted_group_secrets_free(struct mls_encrypted_group_secrets *v,
                                      const struct mem *mem) {
    buf_free(&v->new_member);
    mls_hpke_ciphertext_free(&v->secrets, mem);
    memset(v, 0, sizeof(*v));
}

static err read_encrypted_secrets(reader *r, void *element, const struct mem *mem) {
    return mls_encrypted_group_secrets_read(r, element, mem);
}

static void free_encrypted_secrets(void *element, const struct mem *mem) {
    mls_encrypted_group_secrets_free(element, mem);
}

static const struct mls_list_kind encrypted_secrets = {
    .size = sizeof(struct mls_encrypted_group_secrets),
    .read = read_encrypted_secrets,
    .free = free_encrypted_secrets,
};

static err fill_welcome(reader *r, struct mls_welcome *v, const struct mem *mem) {
    TRY(reader_u16(r, &v->suite));
    void *secrets = NULL;
    TRY(mls_list_read(r, &encrypted_secrets, &secrets, &v->secret_count, mem));
    v->secrets = secrets;
    return mls_opaque_read(r, &v->encrypted_group_info, mem);
}
MLS_DEFINE_READ(welcome)

void mls_welcome_write(writer *w, const struct mls_welcome *v) {
    writer_u16(w, v->suite);
    size_t mark = writer_open(w);
    for (size_t i = 0; i < v->secret_count; i++)
        mls_encrypted_group_secrets_write(w, &v->secrets[i]);
    writer_close(w, mark);
    mls_opaque_write(w, &v->encrypted_group_info);
}

void mls_welcome_free(struct mls_welcome *v, const struct mem *mem) {
    mls_list_free(&encrypted_secrets, v->secrets, v->secret_count, mem);
    buf_free(&v->encrypted_group_info);
    memset(v, 0, sizeof(*v));
}

/* ---- MLSMessage (section 6) ---- */

void mls_message_begin(writer *w, enum mls_wire wire) {
    writer_u16(w, MLS_VERSION_10);
    writer_u16(w, (uint16_t)wire);
}

err mls_message_open(slice message, uint16_t *wire, reader *body) {
    reader r = reader_of(message);
    uint16_t version;
    TRY(reader_u16(&r, &version));
    if (version != MLS_VERSION_10)
        return ERR_MLS_VERSION;
    TRY(reader_u16(&r, wire));
    *body = r;
    return OK;
}
