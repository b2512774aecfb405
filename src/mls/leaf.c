/* Leaf nodes (RFC 9420 sections 7.2 and 7.3). */
#include "mls/leaf.h"

#include "mls/labels.h"

/* Types that RFC 9420 defines need not be listed in capabilities (section 7.2). */
enum {
    LAST_DEFAULT_EXTENSION = MLS_EXTENSION_EXTERNAL_SENDERS,
    LAST_DEFAULT_PROPOSAL = MLS_PROPOSAL_GROUP_CONTEXT_EXTENSIONS
};

/* ---- What a member says of itself ---- */

static void write_u16s(writer *w, const uint16_t *p, size_t n) {
    for (size_t i = 0; i < n; i++)
        writer_u16(w, p[i]);
}

static uint16_t credential_type(const struct mls_leaf_params *params) {
    return params->credential == 0 ? MLS_CREDENTIAL_BASIC : params->credential;
}

static void write_types(writer *w, const struct mls_extension *p, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (p[i].type == 0 || p[i].type > LAST_DEFAULT_EXTENSION)
            writer_u16(w, p[i].type);
}

/* GREASE values (section 13.5): 0x0A0A, 0x1A1A, ... 0xEAEA. */
static uint16_t grease_value(void) {
    uint8_t i;
    crypto_random(&i, 1);
    return (uint16_t)(0x0a0a + (i % 15) * 0x1010);
}

static size_t open_types(writer *w, const struct mls_leaf_params *params) {
    size_t mark = writer_open(w);
    if (params->grease)
        writer_u16(w, grease_value());
    return mark;
}

static void write_capabilities(writer *w, const struct mls_leaf_params *params,
                               const struct mls_extension *also, size_t also_count) {
    static const uint16_t versions[] = {MLS_VERSION_10};
    size_t mark = writer_open(w);
    write_u16s(w, versions, 1);
    writer_close(w, mark);
    mark = open_types(w, params);
    for (size_t i = 0; mls_suite_at(i) != NULL; i++)
        writer_u16(w, mls_suite_at(i)->id);
    writer_close(w, mark);
    mark = open_types(w, params);
    write_types(w, params->extensions, params->extension_count);
    write_types(w, also, also_count);
    write_u16s(w, params->supported_extensions, params->supported_extension_count);
    writer_close(w, mark);
    mark = open_types(w, params);
    write_u16s(w, params->supported_proposals, params->supported_proposal_count);
    writer_close(w, mark);
    mark = open_types(w, params);
    writer_u16(w, credential_type(params));
    write_u16s(w, params->supported_credentials, params->supported_credential_count);
    writer_close(w, mark);
}

static err fill_leaf(struct mls_leaf_node *leaf, const struct mls_leaf_params *params,
                     slice capabilities, const struct mem *mem) {
    reader r = reader_of(capabilities);
    TRY(mls_capabilities_read(&r, &leaf->capabilities, mem));
    leaf->credential.type = credential_type(params);
    TRY(mls_opaque_copy(&leaf->credential.identity, params->identity, mem));
    TRY(mls_opaque_copy(&leaf->signature_key, params->signature_pub, mem));
    return mls_extensions_from(&leaf->extensions, params->extensions, params->extension_count, mem);
}

err mls_leaf_from_params(struct mls_leaf_node *leaf, const struct mls_leaf_params *params,
                         const struct mls_extension *also, size_t also_count,
                         const struct mem *mem) {
    memset(leaf, 0, sizeof(*leaf));
    buf capabilities = buf_on(mem);
    writer w = writer_on(&capabilities);
    write_capabilities(&w, params, also, also_count);
    err e = writer_result(&w);
    if (e == OK)
        e = fill_leaf(leaf, params, buf_slice(&capabilities), mem);
    if (e != OK)
        mls_leaf_node_free(leaf, mem);
    buf_free(&capabilities);
    return e;
}

struct mls_member mls_member_of(const struct mls_leaf_node *leaf, uint32_t index) {
    return (struct mls_member){
        .leaf = index,
        .credential = leaf->credential.type,
        .identity = buf_slice(&leaf->credential.identity),
        .signature_pub = buf_slice(&leaf->signature_key),
        .not_before = leaf->source == MLS_LEAF_KEY_PACKAGE ? leaf->not_before : 0,
        .not_after = leaf->source == MLS_LEAF_KEY_PACKAGE ? leaf->not_after : 0,
        .extensions = leaf->extensions.p,
        .extension_count = leaf->extensions.n,
    };
}

/* RFC 9420 rule 7.3-1 */
err mls_auth_judge(const struct mls_auth *auth, const struct mls_leaf_node *before,
                   const struct mls_leaf_node *leaf, uint32_t index) {
    if (auth == NULL || auth->accept == NULL)
        return ERR_MLS_CREDENTIAL;
    struct mls_member now = mls_member_of(leaf, index), then;
    if (before == NULL)
        return auth->accept(auth->ctx, NULL, &now);
    then = mls_member_of(before, index);
    return auth->accept(auth->ctx, &then, &now);
}

/* ---- Signatures ---- */

/* LeafNodeTBS with its label. RFC 9420 rule 7.2-2 */
static err write_tbs(buf *out, const struct mls_leaf_node *leaf, slice group_id, uint32_t index) {
    enum { MORE = 512 };
    writer w = writer_on(out);
    writer_reserve(&w, leaf->encryption_key.n + leaf->extensions.data.n + MORE);
    size_t mark = mls_label_begin(&w, "LeafNodeTBS"), from = out->n;
    mls_leaf_node_write_unsigned(&w, leaf);
    if (leaf->source != MLS_LEAF_KEY_PACKAGE) {
        writer_vec(&w, group_id);
        writer_u32(&w, index);
    }
    /* Everybody keeps it, for as long as its member stays. */
    if (out->n - from > MLS_LEAF_MAX)
        writer_fail(&w, ERR_TOO_LARGE);
    writer_close(&w, mark);
    return writer_result(&w);
}

err mls_leaf_sign(const struct mls_suite *suite, struct mls_leaf_node *leaf, slice priv,
                  slice group_id, uint32_t index, const struct mem *mem) {
    buf tbs = buf_on(mem), signature = buf_on(mem);
    err e = write_tbs(&tbs, leaf, group_id, index);
    if (e == OK)
        e = mls_label_sign_content(suite, priv, buf_slice(&tbs), &signature);
    if (e == OK)
        buf_move(&leaf->signature, &signature);
    buf_free(&tbs);
    buf_free(&signature);
    return e;
}

err mls_leaf_verify(const struct mls_suite *suite, const struct mls_leaf_node *leaf, slice group_id,
                    uint32_t index, const struct mem *mem) {
    buf tbs = buf_on(mem);
    err e = write_tbs(&tbs, leaf, group_id, index);
    if (e == OK)
        e = mls_label_verify_content(suite, buf_slice(&leaf->signature_key), buf_slice(&tbs),
                                     buf_slice(&leaf->signature));
    buf_free(&tbs);
    return e;
}

/* ---- Extensions and capabilities ---- */

/* The types of a list, for many questions: a long list as a set, so that nobody's lists cost their
 * product. Types up to last_default are in it by themselves. */
enum { SHORT_LIST = 64, TYPES = UINT16_MAX + 1 };
struct type_set {
    const struct mls_u16s *list;
    uint16_t last_default;
    uint8_t bits[TYPES / 8]; /* of a long list */
};

static void set_add(uint8_t *bits, uint16_t type) {
    bits[type / 8] = (uint8_t)(bits[type / 8] | 1 << type % 8);
}

static bool set_bit(const uint8_t *bits, uint16_t type) {
    return (bits[type / 8] & 1 << type % 8) != 0;
}

static void set_init(struct type_set *set, const struct mls_u16s *list, uint16_t last_default) {
    set->list = list;
    set->last_default = last_default;
    if (mls_u16s_count(list) <= SHORT_LIST)
        return;
    memset(set->bits, 0, sizeof(set->bits));
    for (size_t i = 0; i < mls_u16s_count(list); i++)
        set_add(set->bits, mls_u16s_at(list, i));
}

static bool set_has(const struct type_set *set, uint16_t type) {
    if (type != 0 && type <= set->last_default)
        return true;
    bool is_short = mls_u16s_count(set->list) <= SHORT_LIST;
    return is_short ? mls_u16s_have(set->list, type) : set_bit(set->bits, type);
}

/* RFC 9420 s.17.3: where the types that it defines may stand. */
static bool belongs(uint16_t type, enum mls_extension_place place) {
    switch (type) {
    case MLS_EXTENSION_APPLICATION_ID:
        return place == MLS_IN_LEAF;
    case MLS_EXTENSION_RATCHET_TREE:
    case MLS_EXTENSION_EXTERNAL_PUB:
        return place == MLS_IN_GROUP_INFO;
    case MLS_EXTENSION_REQUIRED_CAPABILITIES:
    case MLS_EXTENSION_EXTERNAL_SENDERS:
        return place == MLS_IN_GROUP_CONTEXT;
    default:
        return true;
    }
}

err mls_extensions_check(const struct mls_extensions *extensions, enum mls_extension_place place) {
    uint8_t seen[TYPES / 8];
    for (size_t i = 0; i < extensions->n; i++)
        if (!belongs(extensions->p[i].type, place))
            return ERR_MLS_EXTENSION;
    if (extensions->n < 2)
        return OK;
    memset(seen, 0, sizeof(seen));
    for (size_t i = 0; i < extensions->n; i++) {
        if (set_bit(seen, extensions->p[i].type))
            return ERR_MLS_EXTENSION;
        set_add(seen, extensions->p[i].type);
    }
    return OK;
}

/* True if a leaf's capabilities cover the types of these extensions. */
static bool covers(const struct mls_leaf_node *leaf, const struct mls_extensions *extensions) {
    struct type_set set;
    if (extensions->n == 0)
        return true;
    set_init(&set, &leaf->capabilities.extensions, LAST_DEFAULT_EXTENSION);
    for (size_t i = 0; i < extensions->n; i++)
        if (!set_has(&set, extensions->p[i].type))
            return false;
    return true;
}

/* One list of a RequiredCapabilities (section 11.1). */
static err check_required(reader *r, const struct mls_u16s *have, uint16_t last_default) {
    reader list;
    struct type_set set;
    TRY(reader_open(r, &list));
    if (list.n == 0)
        return OK;
    set_init(&set, have, last_default);
    while (list.n > 0) {
        uint16_t type;
        TRY(reader_u16(&list, &type));
        if (!set_has(&set, type))
            return ERR_MLS_CAPABILITIES;
    }
    return OK;
}

err mls_leaf_supports(const struct mls_leaf_node *leaf, const struct mls_extensions *group) {
    const struct mls_capabilities *have = &leaf->capabilities;
    /* RFC 9420 rule 12.4.3-1, s.13: members support every extension of the group context. */
    if (!covers(leaf, group))
        return ERR_MLS_CAPABILITIES;
    const struct mls_extension *required =
        mls_extensions_find(group, MLS_EXTENSION_REQUIRED_CAPABILITIES);
    if (required == NULL)
        return OK;
    /* RFC 9420 rule 7.3-3: what required_capabilities lists. */
    reader r = reader_of(required->data);
    TRY(check_required(&r, &have->extensions, LAST_DEFAULT_EXTENSION));
    TRY(check_required(&r, &have->proposals, LAST_DEFAULT_PROPOSAL));
    TRY(check_required(&r, &have->credentials, 0));
    return reader_end(&r);
}

bool mls_leaf_supports_proposals(const struct mls_leaf_node *leaf, const uint16_t *types,
                                 size_t n) {
    struct type_set set;
    if (n == 1)
        return mls_u16s_have(&leaf->capabilities.proposals, types[0]);
    set_init(&set, &leaf->capabilities.proposals, LAST_DEFAULT_PROPOSAL);
    for (size_t i = 0; i < n; i++)
        if (!set_has(&set, types[i]))
            return false;
    return true;
}

/* ---- Section 7.3 ---- */

/* RFC 9420 rule 10-2 */
static err check_keys(const struct mls_suite *suite, const struct mls_leaf_node *leaf) {
    if (leaf->encryption_key.n != suite->kem->pub || leaf->signature_key.n != suite->sig->pub)
        return ERR_MLS_LEAF_NODE;
    /* A key that nothing can be encrypted to would stop whoever has to. */
    return suite->kem->check(leaf->encryption_key.p) == OK ? OK : ERR_MLS_LEAF_NODE;
}

static err check_own_capabilities(const struct mls_leaf_node *leaf) {
    /* RFC 9420 s.13, 17.3: no extension twice, none of another place. */
    TRY(mls_extensions_check(&leaf->extensions, MLS_IN_LEAF));
    /* RFC 9420 rule 7.3-6: each extension of the leaf is one of its capabilities. */
    if (!covers(leaf, &leaf->extensions))
        return ERR_MLS_EXTENSION;
    /* RFC 9420 rule 7.2-1: so is its credential's type. */
    return mls_u16s_have(&leaf->capabilities.credentials, leaf->credential.type)
               ? OK
               : ERR_MLS_CAPABILITIES;
}

static err check_lifetime(const struct mls_leaf_node *leaf, uint64_t now) {
    bool holds = leaf->not_before <= now && now <= leaf->not_after;
    return leaf->source != MLS_LEAF_KEY_PACKAGE || holds ? OK : ERR_MLS_LIFETIME;
}

err mls_leaf_check(const struct mls_suite *suite, const struct mls_leaf_node *leaf,
                   const struct mls_leaf_check *check, const struct mem *mem) {
    /* RFC 9420 rules 7.3-7, 7.3-8, 7.3-10: the source fits to where the leaf stands. */
    if (check->source != 0 && leaf->source != check->source)
        return ERR_MLS_LEAF_SOURCE;
    TRY(check_keys(suite, leaf));
    TRY(check_own_capabilities(leaf));
    if (check->group != NULL)
        TRY(mls_leaf_supports(leaf, check->group));
    /* RFC 9420 rule 7.3-5: the lifetime, where the caller knows the time. */
    if (check->now != NULL)
        TRY(check_lifetime(leaf, *check->now));
    /* RFC 9420 rule 7.3-2: the signature; last, since it costs most. */
    return mls_leaf_verify(suite, leaf, check->group_id, check->index, mem);
}

err mls_leaf_check_replaces(const struct mls_leaf_node *before, const struct mls_leaf_node *after) {
    /* RFC 9420 rule 7.3-9: an Update (and a path, s.7.5) brings another encryption key. */
    return slice_equal(buf_slice(&before->encryption_key), buf_slice(&after->encryption_key))
               ? ERR_MLS_DUPLICATE_KEY
               : OK;
}
