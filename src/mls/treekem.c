/* TreeKEM: update paths and the private half of the tree (RFC 9420 sections 7.4, 7.5, 7.6). */
#include "mls/treekem.h"

#include <stdlib.h>

#include "mls/labels.h"
#include "mls/leaf.h"
#include "mls/tree_hash.h"

/* ---- The private half ---- */

static void forget_level(struct mls_treekem_private *p, uint32_t level) {
    wipe(p->key[level], sizeof(p->key[level]));
    p->have &= ~((uint32_t)1 << level);
}

static void set_level(struct mls_treekem_private *p, uint32_t level, const uint8_t *key,
                      const struct mls_suite *suite) {
    memcpy(p->key[level], key, suite->kem->priv);
    p->have |= (uint32_t)1 << level;
}

static bool has_level(const struct mls_treekem_private *p, uint32_t level) {
    return (p->have >> level & 1) != 0;
}

err mls_treekem_private_init(struct mls_treekem_private *p, const struct mls_suite *suite,
                             uint32_t leaf, slice leaf_priv) {
    memset(p, 0, sizeof(*p));
    p->leaf = leaf;
    return mls_treekem_private_set_leaf(p, suite, leaf_priv);
}

err mls_treekem_private_set_leaf(struct mls_treekem_private *p, const struct mls_suite *suite,
                                 slice leaf_priv) {
    if (leaf_priv.n != suite->kem->priv)
        return ERR_BUG;
    set_level(p, 0, leaf_priv.p, suite);
    return OK;
}

void mls_treekem_private_prune(struct mls_treekem_private *p, const struct mls_tree *t) {
    for (uint32_t level = 0; level < MLS_TREE_LEVELS && p->have != 0; level++) {
        bool inside = (uint64_t)1 << level <= t->width;
        uint32_t x = mls_tree_math_ancestor(p->leaf, level);
        if (!inside || mls_tree_public_key(t, x).n == 0)
            forget_level(p, level);
    }
}

void mls_treekem_private_wipe(struct mls_treekem_private *p) {
    wipe(p, sizeof(*p));
}

void mls_treekem_private_write(writer *w, const struct mls_treekem_private *p,
                               const struct mls_suite *suite) {
    writer_u32(w, p->leaf);
    writer_u32(w, p->have);
    for (uint32_t level = 0; level < MLS_TREE_LEVELS; level++)
        if (has_level(p, level))
            writer_bytes(w, slice_of(p->key[level], suite->kem->priv));
}

static err read_private(reader *r, struct mls_treekem_private *p, const struct mls_suite *suite) {
    TRY(reader_u32(r, &p->leaf));
    TRY(reader_u32(r, &p->have));
    for (uint32_t level = 0; level < MLS_TREE_LEVELS; level++)
        if (has_level(p, level))
            TRY(reader_copy(r, p->key[level], suite->kem->priv));
    return p->leaf < MLS_TREE_WIDTH_MAX ? OK : ERR_DAMAGED;
}

err mls_treekem_private_read(reader *r, struct mls_treekem_private *p,
                             const struct mls_suite *suite) {
    reader at = *r;
    memset(p, 0, sizeof(*p));
    if (read_private(&at, p, suite) != OK) {
        wipe(p, sizeof(*p));
        return ERR_DAMAGED;
    }
    *r = at;
    return OK;
}

err mls_treekem_private_check(const struct mls_treekem_private *p, const struct mls_tree *t) {
    uint8_t pub[CRYPTO_KEM_PUBLIC_MAX];
    for (uint32_t level = 0; level < MLS_TREE_LEVELS; level++) {
        if (!has_level(p, level))
            continue;
        if ((uint64_t)1 << level > t->width)
            return ERR_MLS_TREE;
        slice key = mls_tree_public_key(t, mls_tree_math_ancestor(p->leaf, level));
        TRY(t->suite->kem->public_of(pub, p->key[level]));
        if (!slice_equal(key, slice_of(pub, t->suite->kem->pub)))
            return ERR_MLS_TREE;
    }
    return OK;
}

err mls_treekem_private_complete(const struct mls_treekem_private *p, const struct mls_tree *t) {
    for (uint32_t level = 1; (uint64_t)1 << level <= t->width; level++) {
        const struct mls_parent_node *n =
            mls_tree_parent(t, mls_tree_math_ancestor(p->leaf, level));
        if (n == NULL || has_level(p, level))
            continue;
        if (bsearch(&p->leaf, n->unmerged.p, n->unmerged.n, sizeof(p->leaf), mls_u32_order) == NULL)
            return ERR_MLS_UPDATE_PATH;
    }
    return OK;
}

/* ---- Path secrets (section 7.4) ---- */

void mls_treekem_secrets_wipe(struct mls_treekem_secrets *s) {
    wipe(s, sizeof(*s));
}

/* node_priv, node_pub of a path secret. */
static err derive_node(const struct mls_suite *suite, const uint8_t *path_secret, uint8_t *pub,
                       uint8_t *priv) {
    size_t nh = suite->hash->len;
    uint8_t node_secret[CRYPTO_HASH_MAX];
    err e = mls_label_derive(suite, slice_of(path_secret, nh), "node", node_secret);
    if (e == OK)
        e = suite->kem->derive(pub, priv, slice_of(node_secret, nh));
    wipe(node_secret, sizeof(node_secret));
    return e;
}

/* The next path secret, in place. */
static err next_secret(const struct mls_suite *suite, uint8_t *secret) {
    size_t nh = suite->hash->len;
    uint8_t next[CRYPTO_HASH_MAX];
    err e = mls_label_derive(suite, slice_of(secret, nh), "path", next);
    if (e == OK)
        memcpy(secret, next, nh);
    wipe(next, sizeof(next));
    return e;
}

/* Where the path has node x; path->n if it has not. */
static uint32_t place_in_path(const struct mls_tree_path *path, uint32_t x) {
    uint32_t i = 0;
    while (i < path->n && path->node[i] != x)
        i++;
    return i;
}

/* ---- Putting a path into the tree (section 7.5) ---- */

/* Gives the direct path of a leaf new keys (of the nodes of its filtered direct path, in order) and
 * blanks the rest of it. */
static err set_path_keys(struct mls_tree *t, uint32_t leaf, const struct mls_tree_path *path,
                         const slice *keys) {
    uint32_t next = 0;
    for (uint32_t level = 1; (uint64_t)1 << level <= t->width; level++) {
        uint32_t x = mls_tree_math_ancestor(leaf, level);
        if (next == path->n || path->node[next] != x) {
            TRY(mls_tree_blank(t, x));
            continue;
        }
        struct mls_parent_node node = {.encryption_key = mls_borrow(keys[next++])};
        TRY(mls_tree_set_parent(t, x, &node));
    }
    return OK;
}

/* Derives all secrets of a path, from a fresh one on, and puts its keys into tree and private half.
 * */
static err new_path_keys(struct mls_tree *t, struct mls_treekem_private *p,
                         struct mls_treekem_secrets *s, uint8_t *pubs) {
    const struct mls_suite *suite = t->suite;
    size_t nh = suite->hash->len, size = suite->kem->pub;
    slice keys[MLS_TREE_LEVELS];
    uint8_t priv[CRYPTO_KEM_PRIVATE_MAX];
    err e = ERR_BUG;
    crypto_random(s->commit_secret, nh);
    for (uint32_t level = 1; level < MLS_TREE_LEVELS; level++)
        forget_level(p, level);
    /* commit_secret holds the running path secret: what comes after the last node is it. */
    for (uint32_t i = 0; i < s->path.n; i++) {
        memcpy(s->secret[i], s->commit_secret, nh);
        TRY_OUT(e, derive_node(suite, s->secret[i], pubs + i * size, priv));
        TRY_OUT(e, next_secret(suite, s->commit_secret));
        set_level(p, mls_tree_math_level(s->path.node[i]), priv, suite);
        keys[i] = slice_of(pubs + i * size, size);
    }
    e = set_path_keys(t, p->leaf, &s->path, keys);
out:
    wipe(priv, sizeof(priv));
    return e;
}

/* A fresh key pair for the own leaf. */
static err new_leaf_key(struct mls_treekem_private *p, struct mls_leaf_node *leaf,
                        const struct mls_suite *suite, const struct mem *mem) {
    uint8_t pub[CRYPTO_KEM_PUBLIC_MAX], priv[CRYPTO_KEM_PRIVATE_MAX];
    err e = suite->kem->generate(pub, priv);
    if (e == OK) {
        buf_free(&leaf->encryption_key);
        e = mls_opaque_copy(&leaf->encryption_key, slice_of(pub, suite->kem->pub), mem);
    }
    if (e == OK)
        set_level(p, 0, priv, suite);
    wipe(priv, sizeof(priv));
    return e;
}

err mls_treekem_create(struct mls_tree *t, struct mls_treekem_private *p,
                       struct mls_leaf_node *leaf, slice signature_priv, slice group_id,
                       struct mls_treekem_secrets *s) {
    const struct mls_suite *suite = t->suite;
    uint8_t hash[CRYPTO_HASH_MAX];
    size_t hash_len, room = MLS_TREE_LEVELS * suite->kem->pub;
    memset(s, 0, sizeof(*s));
    if (p->leaf >= t->width)
        return ERR_BUG;
    uint8_t *pubs = mem_new(t->mem, room);
    if (pubs == NULL)
        return ERR_NO_MEMORY;
    mls_tree_filtered_path(t, p->leaf, &s->path);
    err e = new_path_keys(t, p, s, pubs);
    mem_free(t->mem, pubs, room);
    TRY_OUT(e, e);
    TRY_OUT(e, new_leaf_key(p, leaf, suite, t->mem));
    TRY_OUT(e, mls_tree_hash_path(t, &s->path, p->leaf, hash, &hash_len));
    leaf->source = MLS_LEAF_COMMIT;
    leaf->not_before = leaf->not_after = 0;
    buf_free(&leaf->parent_hash);
    TRY_OUT(e, mls_opaque_copy(&leaf->parent_hash, slice_of(hash, hash_len), t->mem));
    TRY_OUT(e, mls_leaf_sign(suite, leaf, signature_priv, group_id, p->leaf, t->mem));
    TRY_OUT(e, mls_tree_set_leaf(t, p->leaf, leaf));
out:
    if (e != OK)
        mls_treekem_secrets_wipe(s);
    return e;
}

/* One node of the UpdatePath: its key, and its path secret for everyone below the copath node. */
static err encrypt_node(const struct mls_tree *t, const struct mls_treekem_secrets *s, uint32_t i,
                        const uint32_t *added, size_t added_count, const struct hpke_info *info,
                        struct mls_update_path_node *node) {
    struct mls_u32s to;
    slice secret = slice_of(s->secret[i], t->suite->hash->len);
    TRY(mls_opaque_copy(&node->encryption_key, mls_tree_public_key(t, s->path.node[i]), t->mem));
    TRY(mls_tree_resolution(t, s->path.copath[i], added, added_count, &to));
    err e = OK;
    if (to.n > 0) {
        node->secrets = mem_new_array(t->mem, to.n, sizeof(*node->secrets));
        e = node->secrets == NULL ? ERR_NO_MEMORY : OK;
        node->secret_count = e == OK ? to.n : 0;
    }
    for (size_t j = 0; j < to.n && e == OK; j++)
        e = mls_label_encrypt(t->suite, mls_tree_public_key(t, to.p[j]), info, secret,
                              &node->secrets[j], t->mem);
    mls_u32s_free(&to, t->mem);
    return e;
}

err mls_treekem_encrypt(const struct mls_tree *t, const struct mls_treekem_private *p,
                        const struct mls_treekem_secrets *s, const uint32_t *added,
                        size_t added_count, slice context, struct mls_update_path *path) {
    memset(path, 0, sizeof(*path));
    const struct mls_leaf_node *leaf = mls_tree_leaf(t, p->leaf);
    if (leaf == NULL)
        return ERR_BUG;
    struct hpke_info info;
    err e = mls_label_prepare(t->suite, "UpdatePathNode", context, &info);
    if (e == OK)
        e = mls_leaf_node_copy(&path->leaf, leaf, t->mem);
    if (e == OK && s->path.n > 0) {
        path->nodes = mem_new_array(t->mem, s->path.n, sizeof(*path->nodes));
        e = path->nodes == NULL ? ERR_NO_MEMORY : OK;
        path->node_count = e == OK ? s->path.n : 0;
    }
    for (uint32_t i = 0; i < s->path.n && e == OK; i++)
        e = encrypt_node(t, s, i, added, added_count, &info, &path->nodes[i]);
    if (e != OK)
        mls_update_path_free(path, t->mem);
    return e;
}

slice mls_treekem_path_secret(const struct mls_treekem_secrets *s, const struct mls_suite *suite,
                              uint32_t committer, uint32_t leaf) {
    uint32_t i = place_in_path(&s->path, mls_tree_math_common(committer, leaf));
    return i == s->path.n ? SLICE_EMPTY : slice_of(s->secret[i], suite->hash->len);
}

/* ---- Receiving a path (section 7.5) ---- */

/* RFC 9420 rules 7.6-1, 7.6-2: a node for each of the filtered direct path, and a ciphertext for
 * each of its copath node's resolution without new leaves. */
static err check_path_form(const struct mls_tree *t, const struct mls_tree_path *place,
                           const struct mls_update_path *path, const uint32_t *added,
                           size_t added_count) {
    if (path->node_count != place->n)
        return ERR_MLS_UPDATE_PATH;
    for (uint32_t i = 0; i < place->n; i++) {
        struct mls_u32s to;
        TRY(mls_tree_resolution(t, place->copath[i], added, added_count, &to));
        size_t n = to.n;
        mls_u32s_free(&to, t->mem);
        const buf *key = &path->nodes[i].encryption_key;
        if (path->nodes[i].secret_count != n || key->n != t->suite->kem->pub ||
            t->suite->kem->check(key->p) != OK)
            return ERR_MLS_UPDATE_PATH;
    }
    return OK;
}

err mls_treekem_merge(struct mls_tree *t, uint32_t sender, const struct mls_update_path *path,
                      const uint32_t *added, size_t added_count) {
    struct mls_tree_path place;
    slice keys[MLS_TREE_LEVELS];
    uint8_t hash[CRYPTO_HASH_MAX];
    size_t hash_len;
    if (sender >= t->width)
        return ERR_MLS_SENDER;
    mls_tree_filtered_path(t, sender, &place);
    TRY(check_path_form(t, &place, path, added, added_count));
    for (uint32_t i = 0; i < place.n; i++)
        keys[i] = buf_slice(&path->nodes[i].encryption_key);
    TRY(set_path_keys(t, sender, &place, keys));
    TRY(mls_tree_hash_path(t, &place, sender, hash, &hash_len));
    /* RFC 9420 rule 7.9.2-2: the leaf holds the parent hash of its new path. */
    if (path->leaf.source != MLS_LEAF_COMMIT)
        return ERR_MLS_LEAF_SOURCE;
    if (!slice_equal(buf_slice(&path->leaf.parent_hash), slice_of(hash, hash_len)))
        return ERR_MLS_PARENT_HASH;
    return mls_tree_set_leaf(t, sender, &path->leaf);
}

/* From the path secret of place `from` on: keys into p, each checked against the tree's. secret
 * becomes the commit secret. p is of use only if this succeeds. */
static err climb(const struct mls_tree *t, struct mls_treekem_private *p,
                 const struct mls_tree_path *place, uint32_t from, uint8_t *secret) {
    const struct mls_suite *suite = t->suite;
    uint8_t pub[CRYPTO_KEM_PUBLIC_MAX], priv[CRYPTO_KEM_PRIVATE_MAX];
    err e = ERR_BUG;
    for (uint32_t l = mls_tree_math_level(place->node[from]); l < MLS_TREE_LEVELS; l++)
        forget_level(p, l);
    for (uint32_t i = from; i < place->n; i++) {
        TRY_OUT(e, derive_node(suite, secret, pub, priv));
        /* RFC 9420 rules 7.5-2, 12.4.3.1-15: the derived public keys are those that were sent. */
        slice key = mls_tree_public_key(t, place->node[i]);
        if (!slice_equal(key, slice_of(pub, suite->kem->pub)))
            TRY_OUT(e, ERR_MLS_UPDATE_PATH);
        set_level(p, mls_tree_math_level(place->node[i]), priv, suite);
        TRY_OUT(e, next_secret(suite, secret));
    }
    e = OK;
out:
    wipe(priv, sizeof(priv));
    return e;
}

/* As climb, but p changes only if it succeeds. */
static err climb_staged(const struct mls_tree *t, struct mls_treekem_private *p,
                        const struct mls_tree_path *place, uint32_t from, uint8_t *secret) {
    struct mls_treekem_private next = *p;
    err e = climb(t, &next, place, from, secret);
    if (e == OK)
        *p = next;
    mls_treekem_private_wipe(&next);
    return e;
}

/* Opens the one ciphertext of a path node for which we have the key. RFC 9420 rule 7.5-1 */
static err open_secret(const struct mls_tree *t, const struct mls_treekem_private *p,
                       uint32_t copath, const struct mls_update_path_node *node,
                       const uint32_t *added, size_t added_count, slice context, buf *secret) {
    struct mls_u32s to;
    TRY(mls_tree_resolution(t, copath, added, added_count, &to));
    err e = ERR_MLS_UPDATE_PATH;
    for (size_t j = 0; j < to.n && j < node->secret_count; j++) {
        uint32_t level = mls_tree_math_level(to.p[j]);
        if (to.p[j] != mls_tree_math_ancestor(p->leaf, level) || !has_level(p, level))
            continue;
        e = mls_label_decrypt(t->suite, slice_of(p->key[level], t->suite->kem->priv),
                              "UpdatePathNode", context, &node->secrets[j], secret);
        break;
    }
    mls_u32s_free(&to, t->mem);
    return e;
}

err mls_treekem_open(const struct mls_tree *t, struct mls_treekem_private *p, uint32_t sender,
                     const struct mls_update_path *path, const uint32_t *added, size_t added_count,
                     slice context, uint8_t *commit_secret) {
    struct mls_tree_path place;
    if (sender == p->leaf || sender >= t->width || p->leaf >= t->width)
        return ERR_BUG;
    mls_tree_filtered_path(t, sender, &place);
    uint32_t i = place_in_path(&place, mls_tree_math_common(sender, p->leaf));
    if (i == place.n || path->node_count != place.n)
        return ERR_MLS_UPDATE_PATH;
    buf secret = buf_on(t->mem);
    err e =
        open_secret(t, p, place.copath[i], &path->nodes[i], added, added_count, context, &secret);
    if (e == OK && secret.n != t->suite->hash->len)
        e = ERR_MLS_UPDATE_PATH;
    if (e == OK)
        e = climb_staged(t, p, &place, i, secret.p);
    if (e == OK)
        memcpy(commit_secret, secret.p, secret.n);
    buf_free(&secret);
    return e;
}

err mls_treekem_join(const struct mls_tree *t, struct mls_treekem_private *p, uint32_t committer,
                     slice path_secret) {
    struct mls_tree_path place;
    uint8_t secret[CRYPTO_HASH_MAX];
    size_t nh = t->suite->hash->len;
    if (committer == p->leaf || committer >= t->width || p->leaf >= t->width)
        return ERR_MLS_UPDATE_PATH;
    mls_tree_filtered_path(t, committer, &place);
    uint32_t i = place_in_path(&place, mls_tree_math_common(committer, p->leaf));
    if (i == place.n || path_secret.n != nh)
        return ERR_MLS_UPDATE_PATH;
    memcpy(secret, path_secret.p, nh);
    err e = climb_staged(t, p, &place, i, secret);
    wipe(secret, sizeof(secret));
    return e;
}
