/* Joining by a Welcome (RFC 9420 section 12.4.3.1). */
#include "mls/group.h"
#include "mls/group_info.h"
#include "mls/key_package.h"
#include "mls/labels.h"
#include "mls/transcript.h"

struct joining {
    const struct mem *mem;
    const struct mls_auth *auth;
    const struct mls_join_params *params;
    const struct mls_suite *suite;
    struct mls_key_package kp;
    struct mls_key_package_secrets keys;
    slice group_info; /* encrypted, in the Welcome */
    struct mls_group_secrets secrets;
    buf info_bytes;
    struct mls_group_info info; /* points into them */
    struct mls_epoch *epoch;
    const struct mls_psk_id *continues; /* what makes it the successor of another group */
    uint8_t psk_secret[CRYPTO_HASH_MAX];
};

/* ---- Opening the Welcome ---- */

/* r: at what follows the list of secrets. */
static err open_welcome(slice message, uint16_t *suite, reader *list, reader *r) {
    uint16_t wire;
    TRY(mls_message_open(message, &wire, r));
    if (wire != MLS_WELCOME)
        return ERR_UNKNOWN_TYPE;
    TRY(reader_u16(r, suite));
    return reader_open(r, list);
}

/* Walks the bytes and builds nothing: they may be a stranger's. */
err mls_welcome_refs(slice message, uint8_t *refs, size_t size, size_t *count) {
    uint16_t suite;
    reader r, list;
    size_t n = 0;
    TRY(open_welcome(message, &suite, &list, &r));
    while (list.n > 0) {
        slice ref, skipped;
        TRY(reader_vec(&list, &ref));
        TRY(reader_vec(&list, &skipped)); /* kem_output */
        TRY(reader_vec(&list, &skipped)); /* ciphertext */
        if (ref.n != size)
            continue; /* made with another suite's hash: not for a key package of this one */
        if (n == *count)
            return ERR_LIMIT;
        memcpy(refs + size * n++, ref.p, size);
    }
    *count = n;
    return OK;
}

static err open_own(struct joining *j) {
    TRY(mls_key_package_open(j->params->own.key_package, &j->kp, j->mem));
    TRY(mls_key_package_secrets_read(j->params->own.secrets, &j->keys, j->mem));
    j->suite = mls_suite_find(j->kp.suite);
    if (j->suite == NULL)
        return ERR_MLS_SUITE;
    return j->keys.init_priv.n == j->suite->kem->priv ? OK : ERR_DAMAGED;
}

/* In the Welcome, like the encrypted GroupInfo: nothing is copied, or built for other joiners. */
static err find_secrets(struct joining *j, struct mls_encrypted_group_secrets *found) {
    uint8_t ref[CRYPTO_HASH_MAX];
    uint16_t suite;
    reader r, list;
    TRY(mls_key_package_make_ref(j->suite, &j->kp, ref, j->mem));
    *found = (struct mls_encrypted_group_secrets){0};
    TRY(open_welcome(j->params->welcome, &suite, &list, &r));
    while (list.n > 0) {
        struct mls_encrypted_group_secrets one;
        TRY(mls_encrypted_group_secrets_read(&list, &one, &mls_in_place));
        if (found->new_member.n == 0 &&
            slice_equal(buf_slice(&one.new_member), slice_of(ref, j->suite->hash->len)))
            *found = one;
    }
    TRY(reader_vec(&r, &j->group_info));
    TRY(reader_end(&r));
    /* RFC 9420 rules 12.4.3.1-1, 12.4.3.1-2: it names our key package, and the suite is its. */
    if (found->new_member.n == 0)
        return ERR_MLS_NO_WELCOME;
    return suite == j->kp.suite ? OK : ERR_MLS_SUITE;
}

static err open_secrets(struct joining *j) {
    struct mls_encrypted_group_secrets found;
    TRY(find_secrets(j, &found));
    buf plain = buf_on(j->mem);
    err e = mls_label_decrypt(j->suite, buf_slice(&j->keys.init_priv), "Welcome", j->group_info,
                              &found.secrets, &plain);
    reader r = reader_of(buf_slice(&plain));
    if (e == OK)
        e = mls_group_secrets_read(&r, &j->secrets, j->mem);
    if (e == OK)
        e = reader_end(&r);
    /* RFC 9420 rule 8-1: the joiner secret is KDF.Nh bytes. */
    if (e == OK && j->secrets.joiner_secret.n != j->suite->hash->len)
        e = ERR_MALFORMED;
    buf_free(&plain);
    return e;
}

static bool resumes(const struct mls_psk_id *id) {
    return id->type == MLS_PSK_RESUMPTION && id->usage != MLS_PSK_APPLICATION;
}

/* RFC 9420 rule 12.4.3.1-4: of the PSKs one at most says that the group continues another. */
static err find_parent(struct joining *j) {
    for (size_t i = 0; i < j->secrets.psk_count; i++) {
        const struct mls_psk_id *id = &j->secrets.psks[i];
        TRY(mls_psk_check_nonce(j->suite, id));
        if (!resumes(id))
            continue;
        if (j->continues != NULL)
            return ERR_MLS_PSK;
        j->continues = id;
    }
    /* RFC 9420 rules 11.2-3, 11.2-4: it is the group that the caller expects to go on, and if that
     * has ended, its last epoch. */
    const struct mls_group *parent = j->params->parent;
    if ((j->continues != NULL) != (parent != NULL))
        return ERR_MLS_PSK;
    if (parent == NULL)
        return OK;
    bool same = slice_equal(buf_slice(&j->continues->id), mls_group_id(parent));
    bool reinit = j->continues->usage == MLS_PSK_REINIT;
    bool last = !reinit || j->continues->epoch == mls_group_epoch(parent);
    return same && last && reinit == parent->ended ? OK : ERR_MLS_PSK;
}

static err find_psks(struct joining *j) {
    TRY(find_parent(j));
    /* RFC 9420 rule 12.4.3.1-3: every pre-shared key is in our possession. */
    return mls_psk_secret(j->suite, j->params->parent, j->secrets.psks, j->secrets.psk_count,
                          j->auth, j->psk_secret, j->mem);
}

/* RFC 9420 rule 8.4-2: with other PSKs, or in another order, it does not open. */
static err decrypt_group_info(struct joining *j) {
    uint8_t welcome_secret[CRYPTO_HASH_MAX], key[CRYPTO_AEAD_KEY_MAX], nonce[CRYPTO_AEAD_NONCE_MAX];
    const struct crypto_aead *aead = j->suite->aead;
    if (j->group_info.n < aead->tag)
        return ERR_CRYPTO;
    writer w = writer_on(&j->info_bytes);
    writer_reserve(&w, MLS_LABEL_ROOM + j->group_info.n);
    uint8_t *room = writer_room(&w, MLS_LABEL_ROOM);
    uint8_t *plain = writer_room(&w, j->group_info.n - aead->tag);
    TRY(writer_result(&w));
    memset(room, 0, MLS_LABEL_ROOM);
    err e = mls_key_schedule_welcome(j->suite, j->secrets.joiner_secret.p, j->psk_secret,
                                     welcome_secret);
    if (e == OK)
        e = mls_key_schedule_welcome_key(j->suite, welcome_secret, key, nonce);
    if (e == OK)
        e = aead->open(plain, key, nonce, SLICE_EMPTY, j->group_info);
    wipe(welcome_secret, sizeof(welcome_secret));
    wipe(key, sizeof(key));
    wipe(nonce, sizeof(nonce));
    return e;
}

static err open_group_info(struct joining *j) {
    TRY(decrypt_group_info(j));
    TRY(mls_group_info_open(&j->info_bytes, &j->info, j->mem));
    /* RFC 9420 rule 12.4.3.1-7: the group's suite is the key package's. */
    return j->info.context.suite == j->kp.suite ? OK : ERR_MLS_SUITE;
}

/* ---- The tree (for GroupInfo, see group_info.c) ---- */

static err check_tree(struct joining *j, uint32_t leaves) {
    TRY(mls_group_info_tree(&j->info, j->params->tree, leaves, j->suite, &j->epoch->tree, j->mem));
    return mls_group_info_verify(&j->info, &j->info_bytes, &j->epoch->tree, j->auth);
}

/* ---- Our place in it ---- */

static err check_signature_key(const struct joining *j) {
    uint8_t pub[CRYPTO_SIG_PUBLIC_MAX];
    if (j->params->own.signature_priv.n != j->suite->sig->priv)
        return ERR_BUG;
    TRY(j->suite->sig->public_of(pub, j->params->own.signature_priv.p));
    return slice_equal(slice_of(pub, j->suite->sig->pub), buf_slice(&j->kp.leaf.signature_key))
               ? OK
               : ERR_IDENTITY;
}

static err take_place(struct joining *j) {
    struct mls_epoch *epoch = j->epoch;
    /* RFC 9420 rule 12.4.3.1-14: one leaf is ours exactly. */
    uint32_t own;
    err e = mls_tree_find_leaf(&epoch->tree, &j->kp.leaf, &own);
    if (e != OK)
        return e == ERR_NOT_FOUND ? ERR_MLS_TREE : e;
    if (own == j->info.signer)
        return ERR_MLS_SENDER;
    TRY(check_signature_key(j));
    TRY(mls_opaque_copy(&epoch->signature_priv, j->params->own.signature_priv, j->mem));
    if (j->keys.leaf_priv.n != j->suite->kem->priv)
        return ERR_DAMAGED;
    TRY(mls_treekem_private_init(&epoch->keys, j->suite, own, buf_slice(&j->keys.leaf_priv)));
    e = mls_treekem_private_check(&epoch->keys, &epoch->tree);
    if (e != OK) /* the private key that was kept is not that of the key package */
        return e == ERR_MLS_TREE ? ERR_DAMAGED : e;
    /* RFC 9420 s.12.4.3.1: the path secret gives the keys from the common ancestor up. */
    if (j->secrets.has_path_secret)
        TRY(mls_treekem_join(&epoch->tree, &epoch->keys, j->info.signer,
                             buf_slice(&j->secrets.path_secret)));
    return mls_treekem_private_complete(&epoch->keys, &epoch->tree);
}

/* ---- The epoch ---- */

static err enter_epoch(struct joining *j, const struct mls_limits *limits) {
    struct mls_epoch *epoch = j->epoch;
    TRY(mls_group_context_copy(&epoch->context, &j->info.context, j->mem));
    TRY(mls_epoch_encode(epoch, j->mem));
    TRY(mls_key_schedule_epoch(j->suite, j->secrets.joiner_secret.p, j->psk_secret,
                               buf_slice(&epoch->context_bytes), &epoch->secrets));
    TRY(mls_epoch_settle(epoch, j->suite, limits, j->mem));
    /* RFC 9420 rule 12.4.3.1-16: the confirmation tag is right. */
    return mls_tag_equal(buf_slice(&epoch->confirmation_tag), buf_slice(&j->info.confirmation_tag))
               ? OK
               : ERR_MLS_CONFIRMATION_TAG;
}

/* RFC 9420 rule 11.2-1: a reinitialised group is what its ReInit announced. */
static err check_reinit(const struct joining *j) {
    const struct mls_proposal *reinit = &j->params->parent->reinit;
    const struct mls_group_context *c = &j->info.context;
    bool fits = c->version == reinit->version && c->suite == reinit->suite &&
                slice_equal(buf_slice(&c->group_id), buf_slice(&reinit->group_id)) &&
                slice_equal(buf_slice(&c->extensions.data), buf_slice(&reinit->extensions.data));
    return fits ? OK : ERR_MLS_REINIT;
}

/* RFC 9420 rule 11.3-1: a branch has its parent's version and suite. */
static err check_branch(const struct joining *j) {
    const struct mls_group_context *c = &j->info.context, *p = &j->params->parent->epoch->context;
    return c->version == p->version && c->suite == p->suite ? OK : ERR_MLS_SUITE;
}

static err check_parent(const struct joining *j) {
    if (j->continues == NULL)
        return OK;
    /* RFC 9420 rules 11.2-2, 11.3-2: it has just begun. */
    if (j->info.context.epoch != 1)
        return ERR_MLS_EPOCH;
    bool reinit = j->continues->usage == MLS_PSK_REINIT;
    TRY(reinit ? check_reinit(j) : check_branch(j));
    return mls_resume_check_members(j->params->parent, &j->epoch->tree, reinit);
}

static err join(struct joining *j, const struct mls_limits *limits) {
    TRY(open_own(j));
    TRY(open_secrets(j));
    TRY(find_psks(j));
    TRY(open_group_info(j));
    j->epoch = mls_epoch_new(j->mem);
    if (j->epoch == NULL)
        return ERR_NO_MEMORY;
    TRY(check_tree(j, limits->leaves));
    TRY(check_parent(j));
    TRY(take_place(j));
    return enter_epoch(j, limits);
}

static void end(struct joining *j) {
    mls_key_package_free(&j->kp, j->mem);
    mls_key_package_secrets_free(&j->keys);
    mls_group_secrets_free(&j->secrets, j->mem);
    mls_group_info_free(&j->info, j->mem);
    buf_free(&j->info_bytes);
    mls_epoch_free(j->epoch, j->mem);
    wipe(j->psk_secret, sizeof(j->psk_secret));
}

err mls_group_join(struct mls_group **group, const struct mls_join_params *params,
                   const struct mls_auth *auth, uint32_t *sender) {
    struct joining j = {
        .mem = params->mem, .auth = auth, .params = params, .info_bytes = buf_on(params->mem)};
    struct mls_limits limits = mls_limits_or_default(params->limits);
    *group = NULL;
    err e = join(&j, &limits);
    if (e == OK) {
        struct mls_epoch *epoch = j.epoch;
        j.epoch = NULL;
        *sender = j.info.signer;
        e = mls_group_wrap(group, j.suite, epoch, &limits, params->mem);
    }
    end(&j);
    return e;
}
