/* What a leaf says beyond RFC 9420, and what follows from all leaves together: the roster, and the
 * tokens that order commits.
 *
 * Credential: account id, device id. Extension 0xF0A0: the device's certificate, then the sealed
 * address that was made for this leaf alone. */
#include "core/internal.h"

static const uint16_t understood[] = {ROLES_EXTENSION};

err core_leaf_own_make(struct core *core, const uint8_t address[PROTO_ADDRESS],
                       struct leaf_own *leaf) {
    const struct record_account *a = &core->account.r;
    buf data = buf_on(core->mem);
    err e = buf_append(&data, a->certificate);
    if (e == OK)
        e = buf_append(&data, slice_of(address, PROTO_ADDRESS));
    if (e == OK && data.n != LEAF_DATA)
        e = ERR_BUG;
    if (e == OK)
        memcpy(leaf->data, data.p, LEAF_DATA);
    buf_free(&data);
    TRY(e);
    memcpy(leaf->identity, a->account, 16);
    memcpy(leaf->identity + 16, a->device, 16);
    leaf->extension = (struct mls_extension){LEAF_EXTENSION, SLICE_ARRAY(leaf->data)};
    leaf->params = (struct mls_leaf_params){.identity = SLICE_ARRAY(leaf->identity),
                                            .signature_pub = SLICE_ARRAY(a->device_key),
                                            .signature_priv = SLICE_ARRAY(a->device_seed),
                                            .extensions = &leaf->extension,
                                            .extension_count = 1,
                                            .supported_extensions = understood,
                                            .supported_extension_count = 1};
    return OK;
}

static err find_extension(const struct mls_member *member, slice *data) {
    for (size_t i = 0; i < member->extension_count; i++) {
        if (member->extensions[i].type == LEAF_EXTENSION) {
            *data = member->extensions[i].data;
            return data->n == LEAF_DATA ? OK : ERR_MLS_CREDENTIAL;
        }
    }
    return ERR_MLS_CREDENTIAL;
}

static err read_leaf(const struct mls_member *member, struct leaf *leaf,
                     struct proto_certificate *certificate, slice *data) {
    TRY(find_extension(member, data));
    if (member->identity.n != LEAF_IDENTITY)
        return ERR_MLS_CREDENTIAL;
    reader r = reader_of(*data);
    TRY(proto_certificate_read(&r, certificate));
    TRY(reader_copy(&r, leaf->address, PROTO_ADDRESS));
    memcpy(leaf->account, member->identity.p, 16);
    memcpy(leaf->device, member->identity.p + 16, 16);
    memcpy(leaf->identity, certificate->identity, 32);
    return reader_end(&r);
}

err core_leaf_read(const struct mls_member *member, struct leaf *leaf) {
    struct proto_certificate certificate;
    slice data;
    return read_leaf(member, leaf, &certificate, &data);
}

err core_leaf_accept(void *ctx, const struct mls_member *before, const struct mls_member *member) {
    struct leaf leaf;
    struct proto_certificate certificate;
    uint8_t account[16];
    slice data;
    (void)ctx;
    if (member->not_after > member->not_before &&
        member->not_after - member->not_before > LIFETIME_MAX / TIME_SECOND)
        return ERR_MLS_LIFETIME;
    if (member->credential != MLS_CREDENTIAL_BASIC ||
        read_leaf(member, &leaf, &certificate, &data) != OK)
        return ERR_MLS_CREDENTIAL;
    TRY(core_account_id(certificate.identity, account));
    if (memcmp(account, leaf.account, sizeof account) != 0 ||
        memcmp(certificate.device, leaf.device, sizeof leaf.device) != 0 ||
        !slice_equal(SLICE_ARRAY(certificate.key), member->signature_pub))
        return ERR_MLS_CREDENTIAL;
    if (before != NULL && !slice_equal(before->identity, member->identity))
        return ERR_MLS_CREDENTIAL;
    slice fields = slice_of(data.p, LEAF_DATA - PROTO_ADDRESS - sizeof certificate.signature);
    if (crypto_verify_labeled(certificate.signature, certificate.identity, PROTO_LABEL_DEVICE,
                              fields) != OK)
        return ERR_MLS_CREDENTIAL;
    return OK;
}

/* ---- Roster ---- */

static uint32_t members_below(const struct mls_group *group, uint32_t leaf) {
    struct mls_member member;
    uint32_t n = 0;
    for (uint32_t i = 0; i < leaf; i++)
        n += mls_group_member(group, i, &member) == OK;
    return n;
}

uint32_t core_leaf_members(const struct mls_group *group) {
    return members_below(group, mls_group_leaf_count(group));
}

uint32_t core_leaf_own_place(const struct mls_group *group) {
    return members_below(group, mls_group_own_leaf(group));
}

/* found: whether this leaf has a member. */
static err add_address(err found, const struct mls_member *member, buf *addresses,
                       uint32_t *count) {
    struct leaf leaf;
    if (found == ERR_NOT_FOUND)
        return OK;
    TRY(found);
    TRY(core_leaf_read(member, &leaf));
    ++*count;
    return buf_append(addresses, SLICE_ARRAY(leaf.address));
}

err core_leaf_roster(const struct mls_group *group, buf *addresses, uint32_t *count) {
    struct mls_member member;
    *count = 0;
    for (uint32_t i = 0; i < mls_group_leaf_count(group); i++)
        TRY(add_address(mls_group_member(group, i, &member), &member, addresses, count));
    return OK;
}

err core_leaf_staged_roster(const struct mls_staged *staged, buf *addresses, uint32_t *count) {
    struct mls_member member;
    *count = 0;
    for (uint32_t i = 0; i < mls_staged_leaf_count(staged); i++)
        TRY(add_address(mls_staged_member(staged, i, &member), &member, addresses, count));
    return OK;
}

err core_leaf_staged_roster_hash(const struct mls_staged *staged, uint8_t hash[32],
                                 uint32_t *count) {
    buf addresses = buf_on(NULL);
    err e = core_leaf_staged_roster(staged, &addresses, count);
    if (e == OK)
        e = core_hash32(hash, buf_slice(&addresses));
    buf_free(&addresses);
    return e;
}

/* ---- Tokens ---- */

static const char token_label[] = "sotto token";

err core_leaf_token(const struct mls_group *group, uint8_t token[32]) {
    return mls_group_export(group, slice_str(token_label), SLICE_EMPTY, token, 32);
}

err core_leaf_mark(const uint8_t group[32], const uint8_t next[32], const uint8_t roster_hash[32],
                   uint8_t mark[PROTO_MARK]) {
    slice ordered[] = {slice_of(group, 32), slice_of(next, 32)};
    slice members[] = {slice_of(group, 32), slice_of(roster_hash, 32)};
    TRY(crypto_blake2b_keyed(mark, 32, SLICE_EMPTY, ordered, 2));
    return crypto_blake2b_keyed(mark + 32, 32, SLICE_EMPTY, members, 2);
}

err core_leaf_staged_token(const struct mls_staged *staged, uint8_t token[32]) {
    return mls_staged_export(staged, slice_str(token_label), SLICE_EMPTY, token, 32);
}

err core_leaf_staged_next(const struct mls_staged *staged, uint8_t next[32]) {
    uint8_t token[32];
    TRY(core_leaf_staged_token(staged, token));
    err e = core_hash32(next, SLICE_ARRAY(token));
    wipe(token, sizeof token);
    return e;
}
