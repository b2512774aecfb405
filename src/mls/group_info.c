#include "mls/group_info.h"

#include "mls/labels.h"
#include "mls/leaf.h"
#include "mls/tree_check.h"
#include "mls/tree_hash.h"

/* ---- Making one ---- */

/* The two extensions that we know to make, as far as they are wanted. */
struct offered {
    struct mls_extension list[2];
    size_t n;
    buf tree, external;
};

static err offer_tree(struct offered *o, const struct mls_epoch *epoch) {
    writer w = writer_on(&o->tree);
    mls_tree_write(&w, &epoch->tree);
    TRY(writer_result(&w));
    o->list[o->n++] = (struct mls_extension){MLS_EXTENSION_RATCHET_TREE, buf_slice(&o->tree)};
    return OK;
}

/* ExternalPub (section 12.4.3.2). */
static err offer_external(struct offered *o, const struct mls_epoch *epoch,
                          const struct mls_suite *suite) {
    uint8_t pub[CRYPTO_KEM_PUBLIC_MAX], priv[CRYPTO_KEM_PRIVATE_MAX];
    err e = mls_key_schedule_external(suite, epoch->secrets.external, pub, priv);
    wipe(priv, sizeof(priv));
    writer w = writer_on(&o->external);
    if (e == OK) {
        writer_vec(&w, slice_of(pub, suite->kem->pub));
        e = writer_result(&w);
    }
    o->list[o->n++] = (struct mls_extension){MLS_EXTENSION_EXTERNAL_PUB, buf_slice(&o->external)};
    return e;
}

static err write(const struct mls_epoch *epoch, const struct mls_suite *suite,
                 const struct mls_extensions *extensions, buf *out, const struct mem *mem) {
    /* Borrows from the epoch: written, never freed. */
    struct mls_group_info info = {
        .context = epoch->context,
        .extensions = *extensions,
        .confirmation_tag = epoch->confirmation_tag,
        .signer = epoch->keys.leaf,
    };
    size_t before = out->n;
    buf signature = buf_on(mem);
    writer w = writer_on(out);
    mls_group_info_write_unsigned(&w, &info);
    err e = writer_result(&w);
    if (e == OK)
        e = mls_label_sign(suite, buf_slice(&epoch->signature_priv), "GroupInfoTBS",
                           slice_of(out->p + before, out->n - before), &signature, mem);
    if (e == OK) {
        writer_vec(&w, buf_slice(&signature));
        e = writer_result(&w);
    }
    buf_free(&signature);
    if (e != OK)
        (void)!buf_resize(out, before); /* shrinking can't fail */
    return e;
}

err mls_group_info_make(const struct mls_epoch *epoch, const struct mls_suite *suite,
                        bool with_tree, bool external_pub, buf *out, const struct mem *mem) {
    struct offered o = {.tree = buf_on(mem), .external = buf_on(mem)};
    struct mls_extensions extensions = {0};
    err e = with_tree ? offer_tree(&o, epoch) : OK;
    if (e == OK && external_pub)
        e = offer_external(&o, epoch, suite);
    if (e == OK)
        e = mls_extensions_from(&extensions, o.list, o.n, mem);
    if (e == OK)
        e = write(epoch, suite, &extensions, out, mem);
    mls_extensions_free(&extensions, mem);
    buf_free(&o.tree);
    buf_free(&o.external);
    return e;
}

err mls_group_info(const struct mls_group *group, bool with_tree, bool external_pub, buf *out) {
    TRY(mls_group_usable(group));
    size_t before = out->n;
    writer w = writer_on(out);
    mls_message_begin(&w, MLS_GROUP_INFO);
    err e = writer_result(&w);
    if (e == OK)
        e = mls_group_info_make(group->epoch, group->suite, with_tree, external_pub, out,
                                group->mem);
    if (e != OK)
        (void)!buf_resize(out, before); /* shrinking can't fail */
    return e;
}

/* ---- Holding one to the rules ---- */

err mls_group_info_check(const struct mls_group_info *info) {
    /* RFC 9420 rule 8.1-2 */
    if (info->context.version != MLS_VERSION_10)
        return ERR_MLS_VERSION;
    /* RFC 9420 s.13, 17.3: no extension stands twice, or belongs elsewhere. */
    TRY(mls_extensions_check(&info->extensions, MLS_IN_GROUP_INFO));
    TRY(mls_extensions_check(&info->context.extensions, MLS_IN_GROUP_CONTEXT));
    return info->context.extensions.data.n > MLS_CONTEXT_MAX ? ERR_TOO_LARGE : OK;
}

err mls_group_info_tree(const struct mls_group_info *info, slice apart, uint32_t leaves,
                        const struct mls_suite *suite, struct mls_tree *tree,
                        const struct mem *mem) {
    const struct mls_extension *extension =
        mls_extensions_find(&info->extensions, MLS_EXTENSION_RATCHET_TREE);
    slice bytes = extension != NULL ? extension->data : apart;
    /* RFC 9420 rule 12.4.3.3-3 */
    if (bytes.n == 0)
        return ERR_MLS_RATCHET_TREE;
    reader r = reader_of(bytes);
    TRY(mls_tree_read_limited(tree, &r, leaves, suite, mem));
    return reader_end(&r);
}

static err verify_signature(const struct mls_group_info *info, const struct mls_tree *tree,
                            const struct mem *mem) {
    /* RFC 9420 rules 12.4.3.1-5, 12.4.3.1-6: signed by the member at leaf `signer`, who exists. */
    const struct mls_leaf_node *signer = mls_tree_leaf(tree, info->signer);
    if (signer == NULL)
        return ERR_MLS_SENDER;
    buf tbs = buf_on(mem);
    writer w = writer_on(&tbs);
    mls_group_info_write_unsigned(&w, info);
    err e = writer_result(&w);
    if (e == OK)
        e = mls_label_verify(tree->suite, buf_slice(&signer->signature_key), "GroupInfoTBS",
                             buf_slice(&tbs), buf_slice(&info->signature), mem);
    buf_free(&tbs);
    return e;
}

err mls_group_info_verify(const struct mls_group_info *info, const struct mls_tree *tree,
                          const struct mls_auth *auth, const struct mem *mem) {
    uint8_t hash[CRYPTO_HASH_MAX];
    /* RFC 9420 rule 12.4.3.1-8: the tree hash is the GroupInfo's. */
    TRY(mls_tree_hash_root(tree, hash));
    if (!slice_equal(slice_of(hash, tree->suite->hash->len), buf_slice(&info->context.tree_hash)))
        return ERR_MLS_TREE_HASH;
    TRY(verify_signature(info, tree, mem));
    /* RFC 9420 s.12.4.3.1: leaves, parent hashes, unmerged leaves and keys are valid. */
    TRY(mls_tree_check(tree, buf_slice(&info->context.group_id), &info->context.extensions));
    /* RFC 9420 s.5.3.1: every credential is accepted. */
    for (uint32_t i = mls_tree_next_leaf(tree, 0); i != MLS_NODE_NONE;
         i = mls_tree_next_leaf(tree, i + 1))
        TRY(mls_auth_judge(auth, NULL, mls_tree_leaf(tree, i), i));
    return OK;
}
