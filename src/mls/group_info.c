#include "mls/group_info.h"

#include "mls/leaf.h"
#include "mls/tree_check.h"
#include "mls/tree_hash.h"

/* ---- Making one ---- */

/* The two extensions that we know to make. tree: NULL for none; external: the key's, or empty. */
static void write_extensions(writer *w, const struct mls_tree *tree, slice external) {
    size_t list = writer_open_long(w);
    if (tree != NULL) {
        writer_u16(w, MLS_EXTENSION_RATCHET_TREE);
        size_t data = writer_open_long(w);
        mls_tree_write(w, tree);
        writer_close(w, data);
    }
    if (external.n != 0) { /* ExternalPub (section 12.4.3.2) */
        writer_u16(w, MLS_EXTENSION_EXTERNAL_PUB);
        size_t data = writer_open(w);
        writer_vec(w, external);
        writer_close(w, data);
    }
    writer_close(w, list);
}

static err write(const struct mls_epoch *epoch, const struct mls_suite *suite,
                 const struct mls_tree *tree, slice external, buf *out, size_t *start) {
    buf signature = buf_on(out->mem);
    writer w = writer_on(out);
    size_t mark = mls_label_begin(&w, "GroupInfoTBS"), head = out->n;
    mls_group_context_write(&w, &epoch->context);
    write_extensions(&w, tree, external);
    mls_opaque_write(&w, &epoch->confirmation_tag);
    writer_u32(&w, epoch->keys.leaf);
    size_t n = out->n - head;
    writer_close(&w, mark);
    err e = writer_result(&w);
    if (e == OK)
        e = mls_label_sign_content(suite, buf_slice(&epoch->signature_priv), buf_slice(out),
                                   &signature);
    if (e == OK) {
        *start = out->n - n;
        writer_vec(&w, buf_slice(&signature));
        e = writer_result(&w);
    }
    buf_free(&signature);
    return e;
}

err mls_group_info_make(const struct mls_epoch *epoch, const struct mls_suite *suite,
                        bool with_tree, bool external_pub, buf *out, size_t *start) {
    uint8_t pub[CRYPTO_KEM_PUBLIC_MAX], priv[CRYPTO_KEM_PRIVATE_MAX];
    slice external = external_pub ? slice_of(pub, suite->kem->pub) : SLICE_EMPTY;
    err e = OK;
    if (external_pub)
        e = mls_key_schedule_external(suite, epoch->secrets.external, pub, priv);
    wipe(priv, sizeof(priv));
    if (e == OK)
        e = write(epoch, suite, with_tree ? &epoch->tree : NULL, external, out, start);
    if (e != OK)
        buf_free(out);
    return e;
}

err mls_group_info(const struct mls_group *group, bool with_tree, bool external_pub, buf *out) {
    TRY(mls_group_usable(group));
    size_t before = out->n, start;
    buf info = buf_on(group->mem);
    TRY(mls_group_info_make(group->epoch, group->suite, with_tree, external_pub, &info, &start));
    writer w = writer_on(out);
    mls_message_begin(&w, MLS_GROUP_INFO);
    writer_bytes(&w, slice_of(info.p + start, info.n - start));
    buf_free(&info);
    if (writer_result(&w) != OK)
        (void)!buf_resize(out, before); /* shrinking can't fail */
    return writer_result(&w);
}

/* ---- Holding one to the rules ---- */

static err check(const struct mls_group_info *info) {
    /* RFC 9420 rule 8.1-2 */
    if (info->context.version != MLS_VERSION_10)
        return ERR_MLS_VERSION;
    /* RFC 9420 s.13, 17.3: no extension stands twice, or belongs elsewhere. */
    TRY(mls_extensions_check(&info->extensions, MLS_IN_GROUP_INFO));
    TRY(mls_extensions_check(&info->context.extensions, MLS_IN_GROUP_CONTEXT));
    return info->context.extensions.data.n > MLS_CONTEXT_MAX ? ERR_TOO_LARGE : OK;
}

err mls_group_info_open(buf *bytes, struct mls_group_info *info, const struct mem *mem) {
    if (bytes->n < MLS_LABEL_ROOM)
        return ERR_BUG;
    reader r = reader_of(slice_of(bytes->p + MLS_LABEL_ROOM, bytes->n - MLS_LABEL_ROOM));
    TRY(mls_group_info_read(&r, info, &mls_in_place));
    err e = reader_end(&r);
    if (e == OK)
        e = mls_extensions_index(&info->context.extensions, mem);
    if (e == OK)
        e = mls_extensions_index(&info->extensions, mem);
    if (e == OK)
        e = check(info);
    if (e != OK)
        mls_group_info_free(info, mem);
    return e;
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

/* In place: with a tree it may be many megabytes. */
static err verify_signature(const struct mls_group_info *info, buf *bytes,
                            const struct mls_tree *tree) {
    /* RFC 9420 rules 12.4.3.1-5, 12.4.3.1-6: signed by the member at leaf `signer`, who exists. */
    const struct mls_leaf_node *signer = mls_tree_leaf(tree, info->signer);
    if (signer == NULL)
        return ERR_MLS_SENDER;
    slice content, signature = buf_slice(&info->signature);
    size_t n = bytes->n - MLS_LABEL_ROOM - signature.n - varint_size(signature.n);
    TRY(mls_label_before("GroupInfoTBS", bytes->p + MLS_LABEL_ROOM, n, &content));
    return mls_label_verify_content(tree->suite, buf_slice(&signer->signature_key), content,
                                    signature);
}

err mls_group_info_verify(const struct mls_group_info *info, buf *bytes,
                          const struct mls_tree *tree, const struct mls_auth *auth) {
    uint8_t hash[CRYPTO_HASH_MAX];
    /* RFC 9420 rule 12.4.3.1-8: the tree hash is the GroupInfo's. */
    TRY(mls_tree_hash_root(tree, hash));
    if (!slice_equal(slice_of(hash, tree->suite->hash->len), buf_slice(&info->context.tree_hash)))
        return ERR_MLS_TREE_HASH;
    TRY(verify_signature(info, bytes, tree));
    /* RFC 9420 s.12.4.3.1: leaves, parent hashes, unmerged leaves and keys are valid. */
    TRY(mls_tree_check(tree, buf_slice(&info->context.group_id), &info->context.extensions));
    /* RFC 9420 s.5.3.1: every credential is accepted. */
    for (uint32_t i = mls_tree_next_leaf(tree, 0); i != MLS_NODE_NONE;
         i = mls_tree_next_leaf(tree, i + 1))
        TRY(mls_auth_judge(auth, NULL, mls_tree_leaf(tree, i), i));
    return OK;
}
