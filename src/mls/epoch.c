#include "mls/group.h"
#include "mls/transcript.h"
#include "mls/tree_hash.h"

struct mls_epoch *mls_epoch_new(const struct mem *mem) {
    return mem_new(mem, sizeof(struct mls_epoch));
}

void mls_epoch_free(struct mls_epoch *epoch, const struct mem *mem) {
    if (epoch == NULL)
        return;
    mls_group_context_free(&epoch->context, mem);
    buf_free(&epoch->context_bytes);
    mls_tree_free(&epoch->tree);
    mls_treekem_private_wipe(&epoch->keys);
    mls_epoch_secrets_wipe(&epoch->secrets);
    mls_secret_tree_free(&epoch->messages);
    mls_exporter_tree_free(&epoch->exports);
    buf_free(&epoch->confirmation_tag);
    buf_free(&epoch->interim_transcript_hash);
    buf_free(&epoch->signature_priv);
    mem_free(mem, epoch, sizeof(*epoch));
}

err mls_epoch_successor(struct mls_epoch **next, const struct mls_epoch *epoch,
                        const struct mem *mem) {
    struct mls_epoch *e = mls_epoch_new(mem);
    *next = NULL;
    if (e == NULL)
        return ERR_NO_MEMORY;
    err result = mls_group_context_copy(&e->context, &epoch->context, mem);
    if (result == OK)
        result = mls_opaque_copy(&e->signature_priv, buf_slice(&epoch->signature_priv), mem);
    /* An epoch number that wraps would repeat. */
    if (result == OK && e->context.epoch == UINT64_MAX)
        result = ERR_LIMIT;
    if (result != OK) {
        mls_epoch_free(e, mem);
        return result;
    }
    e->context.epoch++;
    mls_tree_copy(&e->tree, &epoch->tree);
    e->keys = epoch->keys;
    *next = e;
    return OK;
}

err mls_epoch_encode(struct mls_epoch *epoch, const struct mem *mem) {
    uint8_t hash[CRYPTO_HASH_MAX];
    TRY(mls_tree_hash_root(&epoch->tree, hash));
    buf_free(&epoch->context.tree_hash);
    TRY(mls_opaque_copy(&epoch->context.tree_hash, slice_of(hash, epoch->tree.suite->hash->len),
                        mem));
    return mls_epoch_encode_context(epoch, mem);
}

err mls_epoch_encode_context(struct mls_epoch *epoch, const struct mem *mem) {
    buf_free(&epoch->context_bytes);
    epoch->context_bytes = buf_on(mem);
    writer w = writer_on(&epoch->context_bytes);
    mls_group_context_write(&w, &epoch->context);
    return writer_result(&w);
}

err mls_epoch_settle_public(struct mls_epoch *epoch, const struct mls_suite *suite, slice tag,
                            const struct mem *mem) {
    uint8_t interim[CRYPTO_HASH_MAX];
    if (tag.n != suite->hash->len)
        return ERR_MLS_CONFIRMATION_TAG;
    TRY(mls_transcript_interim(suite, buf_slice(&epoch->context.confirmed_transcript_hash), tag,
                               interim));
    TRY(mls_opaque_copy(&epoch->confirmation_tag, tag, mem));
    return mls_opaque_copy(&epoch->interim_transcript_hash, slice_of(interim, suite->hash->len),
                           mem);
}

err mls_epoch_settle(struct mls_epoch *epoch, const struct mls_suite *suite,
                     const struct mls_limits *limits, const struct mem *mem) {
    uint8_t tag[CRYPTO_HASH_MAX];
    slice confirmed = buf_slice(&epoch->context.confirmed_transcript_hash);
    TRY(mls_key_schedule_mac(suite, epoch->secrets.confirmation_key, confirmed, tag));
    TRY(mls_epoch_settle_public(epoch, suite, slice_of(tag, suite->hash->len), mem));
    TRY(mls_secret_tree_init(&epoch->messages, suite, epoch->tree.width, epoch->secrets.encryption,
                             limits, mem));
    wipe(epoch->secrets.encryption, sizeof(epoch->secrets.encryption));
    TRY(mls_exporter_tree_init(&epoch->exports, suite, epoch->secrets.application_export, mem));
    wipe(epoch->secrets.application_export, sizeof(epoch->secrets.application_export));
    return OK;
}

/* ---- Past epochs ---- */

static bool same_person(const struct mls_leaf_node *a, const struct mls_leaf_node *b) {
    if (a == NULL || b == NULL)
        return a == b;
    return slice_equal(buf_slice(&a->signature_key), buf_slice(&b->signature_key)) &&
           a->credential.type == b->credential.type &&
           slice_equal(buf_slice(&a->credential.identity), buf_slice(&b->credential.identity));
}

static err keep_leaf(struct mls_old_leaf *old, uint32_t leaf, const struct mls_leaf_node *node,
                     const struct mem *mem) {
    old->leaf = leaf;
    old->blank = node == NULL;
    if (node == NULL)
        return OK;
    old->credential = node->credential.type;
    TRY(mls_opaque_copy(&old->identity, buf_slice(&node->credential.identity), mem));
    return mls_opaque_copy(&old->signature_pub, buf_slice(&node->signature_key), mem);
}

err mls_past_new(struct mls_past **past, const struct mls_tree *before,
                 const struct mls_tree *after, const uint32_t *touched, size_t count,
                 const struct mem *mem) {
    *past = NULL;
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        n += !same_person(mls_tree_leaf(before, touched[i]), mls_tree_leaf(after, touched[i]));
    struct mls_past *p = mem_new(mem, sizeof(*p));
    if (p == NULL)
        return ERR_NO_MEMORY;
    p->changed = mem_new_array(mem, n, sizeof(*p->changed));
    if (p->changed == NULL && n != 0) {
        mls_past_free(p, mem);
        return ERR_NO_MEMORY;
    }
    p->changed_count = n;
    for (size_t i = 0, at = 0; i < count; i++) {
        const struct mls_leaf_node *node = mls_tree_leaf(before, touched[i]);
        if (same_person(node, mls_tree_leaf(after, touched[i])))
            continue;
        err e = keep_leaf(&p->changed[at++], touched[i], node, mem);
        if (e != OK) {
            mls_past_free(p, mem);
            return e;
        }
    }
    *past = p;
    return OK;
}

void mls_past_take(struct mls_past *past, struct mls_epoch *epoch) {
    past->epoch = epoch->context.epoch;
    past->own_leaf = epoch->keys.leaf;
    memcpy(past->sender_data, epoch->secrets.sender_data, sizeof(past->sender_data));
    memcpy(past->resumption_psk, epoch->secrets.resumption_psk, sizeof(past->resumption_psk));
    buf_move(&past->context_bytes, &epoch->context_bytes);
    past->messages = epoch->messages;
    epoch->messages = (struct mls_secret_tree){0};
}

void mls_past_free(struct mls_past *past, const struct mem *mem) {
    if (past == NULL)
        return;
    for (size_t i = 0; i < past->changed_count; i++) {
        buf_free(&past->changed[i].identity);
        buf_free(&past->changed[i].signature_pub);
    }
    mem_free(mem, past->changed, past->changed_count * sizeof(*past->changed));
    buf_free(&past->context_bytes);
    mls_secret_tree_free(&past->messages);
    mem_free(mem, past, sizeof(*past));
}
