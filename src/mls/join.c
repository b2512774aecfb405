/* Joining by a Welcome (RFC 9420 section 12.4.3.1). */
#include "mls/group.h"
#include "mls/key_package.h"
#include "mls/labels.h"
#include "mls/leaf.h"
#include "mls/transcript.h"
#include "mls/tree_check.h"
#include "mls/tree_hash.h"

struct joining {
    const struct mem *mem;
    const struct mls_auth *auth;
    const struct mls_own_key_package *own;
    const struct mls_suite *suite;
    struct mls_key_package kp;
    struct mls_key_package_secrets keys;
    struct mls_welcome welcome;
    struct mls_group_secrets secrets;
    struct mls_group_info info;
    struct mls_epoch *epoch;
    uint8_t psk_secret[CRYPTO_HASH_MAX];
};

/* ---- Opening the Welcome ---- */

static err read_welcome(slice message, struct mls_welcome *welcome, const struct mem *mem) {
    uint16_t wire;
    reader body;
    memset(welcome, 0, sizeof(*welcome));
    TRY(mls_message_open(message, &wire, &body));
    if (wire != MLS_WELCOME)
        return ERR_UNKNOWN_TYPE;
    TRY(mls_welcome_read(&body, welcome, mem));
    err e = reader_end(&body);
    if (e != OK)
        mls_welcome_free(welcome, mem);
    return e;
}

err mls_welcome_refs(slice message, uint8_t *refs, size_t size, size_t *count) {
    struct mls_welcome welcome;
    size_t n = 0;
    TRY(read_welcome(message, &welcome, NULL));
    err e = OK;
    for (size_t i = 0; e == OK && i < welcome.secret_count; i++) {
        const buf *ref = &welcome.secrets[i].new_member;
        if (ref->n != size)
            continue; /* made with another suite's hash: not for a key package of this one */
        if (n == *count)
            e = ERR_LIMIT;
        else
            memcpy(refs + size * n++, ref->p, size);
    }
    mls_welcome_free(&welcome, NULL);
    if (e == OK)
        *count = n;
    return e;
}

static err open_own(struct joining *j) {
    TRY(mls_key_package_open(j->own->key_package, &j->kp, j->mem));
    TRY(mls_key_package_secrets_read(j->own->secrets, &j->keys, j->mem));
    j->suite = mls_suite_find(j->kp.suite);
    if (j->suite == NULL)
        return ERR_MLS_SUITE;
    return j->keys.init_priv.n == j->suite->kem->priv ? OK : ERR_DAMAGED;
}

static err open_secrets(struct joining *j) {
    uint8_t ref[CRYPTO_HASH_MAX];
    TRY(mls_key_package_make_ref(j->suite, &j->kp, ref, j->mem));
    slice wanted = slice_of(ref, j->suite->hash->len);
    const struct mls_encrypted_group_secrets *found = NULL;
    for (size_t i = 0; found == NULL && i < j->welcome.secret_count; i++)
        if (slice_equal(buf_slice(&j->welcome.secrets[i].new_member), wanted))
            found = &j->welcome.secrets[i];
    /* RFC 9420 s.12.4.3.1: it names our key package, and the suite is that one's. */
    if (found == NULL)
        return ERR_MLS_NO_WELCOME;
    if (j->welcome.suite != j->kp.suite)
        return ERR_MLS_SUITE;
    buf plain = buf_on(j->mem);
    err e = mls_label_decrypt(j->suite, buf_slice(&j->keys.init_priv), "Welcome",
                              buf_slice(&j->welcome.encrypted_group_info), &found->secrets, &plain,
                              j->mem);
    reader r = reader_of(buf_slice(&plain));
    if (e == OK)
        e = mls_group_secrets_read(&r, &j->secrets, j->mem);
    if (e == OK)
        e = reader_end(&r);
    /* RFC 9420 s.8: the joiner secret is KDF.Nh bytes. */
    if (e == OK && j->secrets.joiner_secret.n != j->suite->hash->len)
        e = ERR_MALFORMED;
    buf_free(&plain);
    return e;
}

static err find_psks(struct joining *j) {
    for (size_t i = 0; i < j->secrets.psk_count; i++) {
        const struct mls_psk_id *id = &j->secrets.psks[i];
        /* Reinitialised and branched groups are not joined yet. */
        if (id->type == MLS_PSK_RESUMPTION && id->usage != MLS_PSK_APPLICATION)
            return ERR_UNSUPPORTED;
        TRY(mls_psk_check(j->suite, id));
    }
    /* RFC 9420 s.12.4.3.1: every pre-shared key is in our possession. */
    return mls_psk_secret(j->suite, NULL, j->secrets.psks, j->secrets.psk_count, j->auth,
                          j->psk_secret, j->mem);
}

static err decrypt_group_info(struct joining *j, buf *plain) {
    uint8_t welcome_secret[CRYPTO_HASH_MAX], key[CRYPTO_AEAD_KEY_MAX], nonce[CRYPTO_AEAD_NONCE_MAX];
    const struct crypto_aead *aead = j->suite->aead;
    slice sealed = buf_slice(&j->welcome.encrypted_group_info);
    if (sealed.n < aead->tag)
        return ERR_CRYPTO;
    TRY(buf_resize(plain, sealed.n - aead->tag));
    err e = mls_key_schedule_welcome(j->suite, j->secrets.joiner_secret.p, j->psk_secret,
                                     welcome_secret);
    if (e == OK)
        e = mls_key_schedule_welcome_key(j->suite, welcome_secret, key, nonce);
    if (e == OK)
        e = aead->open(plain->p, key, nonce, SLICE_EMPTY, sealed);
    wipe(welcome_secret, sizeof(welcome_secret));
    wipe(key, sizeof(key));
    wipe(nonce, sizeof(nonce));
    return e;
}

static err open_group_info(struct joining *j) {
    buf plain = buf_on(j->mem);
    err e = decrypt_group_info(j, &plain);
    reader r = reader_of(buf_slice(&plain));
    if (e == OK)
        e = mls_group_info_read(&r, &j->info, j->mem);
    if (e == OK)
        e = reader_end(&r);
    buf_free(&plain);
    TRY(e);
    const struct mls_group_context *c = &j->info.context;
    if (c->version != MLS_VERSION_10)
        return ERR_MLS_VERSION;
    /* RFC 9420 s.12.4.3.1: the group's suite is the key package's. */
    if (c->suite != j->kp.suite)
        return ERR_MLS_SUITE;
    /* RFC 9420 s.13: no extension stands twice. */
    TRY(mls_extensions_check(&j->info.extensions));
    return mls_extensions_check(&c->extensions);
}

/* ---- The tree ---- */

static err read_tree(struct joining *j, slice apart, uint32_t leaves) {
    const struct mls_extension *extension =
        mls_extensions_find(&j->info.extensions, MLS_EXTENSION_RATCHET_TREE);
    slice bytes = extension != NULL ? extension->data : apart;
    if (bytes.n == 0)
        return ERR_MLS_RATCHET_TREE;
    reader r = reader_of(bytes);
    TRY(mls_tree_read_limited(&j->epoch->tree, &r, leaves, j->suite, j->mem));
    return reader_end(&r);
}

static err verify_group_info(struct joining *j) {
    /* RFC 9420 s.12.4.3.1: signed by the member at leaf `signer`, who exists. */
    const struct mls_leaf_node *signer = mls_tree_leaf(&j->epoch->tree, j->info.signer);
    if (signer == NULL)
        return ERR_MLS_SENDER;
    buf tbs = buf_on(j->mem);
    writer w = writer_on(&tbs);
    mls_group_info_write_unsigned(&w, &j->info);
    err e = writer_result(&w);
    if (e == OK)
        e = mls_label_verify(j->suite, buf_slice(&signer->signature_key), "GroupInfoTBS",
                             buf_slice(&tbs), buf_slice(&j->info.signature), j->mem);
    buf_free(&tbs);
    return e;
}

static err check_tree(struct joining *j) {
    uint8_t hash[CRYPTO_HASH_MAX];
    const struct mls_tree *tree = &j->epoch->tree;
    /* RFC 9420 s.12.4.3.1: the tree hash is the GroupInfo's. */
    TRY(mls_tree_hash_root(tree, hash));
    if (!slice_equal(slice_of(hash, j->suite->hash->len), buf_slice(&j->info.context.tree_hash)))
        return ERR_MLS_TREE_HASH;
    TRY(verify_group_info(j));
    /* RFC 9420 s.12.4.3.1: leaves, parent hashes, unmerged leaves and keys are valid. */
    TRY(mls_tree_check(tree, buf_slice(&j->info.context.group_id), &j->info.context.extensions));
    /* RFC 9420 s.5.3.1: every credential is accepted. */
    for (uint32_t i = mls_tree_next_leaf(tree, 0); i != MLS_NODE_NONE;
         i = mls_tree_next_leaf(tree, i + 1))
        TRY(mls_auth_judge(j->auth, NULL, mls_tree_leaf(tree, i), i));
    return OK;
}

/* ---- Our place in it ---- */

static err check_signature_key(const struct joining *j) {
    uint8_t pub[CRYPTO_SIG_PUBLIC_MAX];
    if (j->own->signature_priv.n != j->suite->sig->priv)
        return ERR_BUG;
    TRY(j->suite->sig->public_of(pub, j->own->signature_priv.p));
    return slice_equal(slice_of(pub, j->suite->sig->pub), buf_slice(&j->kp.leaf.signature_key))
               ? OK
               : ERR_IDENTITY;
}

static err take_place(struct joining *j) {
    struct mls_epoch *epoch = j->epoch;
    /* RFC 9420 s.12.4.3.1: one leaf is ours exactly. */
    uint32_t own;
    err e = mls_tree_find_leaf(&epoch->tree, &j->kp.leaf, &own);
    if (e != OK)
        return e == ERR_NOT_FOUND ? ERR_MLS_TREE : e;
    if (own == j->info.signer)
        return ERR_MLS_SENDER;
    TRY(check_signature_key(j));
    TRY(mls_opaque_copy(&epoch->signature_priv, j->own->signature_priv, j->mem));
    if (j->keys.leaf_priv.n != j->suite->kem->priv)
        return ERR_DAMAGED;
    TRY(mls_treekem_private_init(&epoch->keys, j->suite, own, buf_slice(&j->keys.leaf_priv)));
    e = mls_treekem_private_check(&epoch->keys, &epoch->tree);
    if (e != OK) /* the private key that was kept is not that of the key package */
        return e == ERR_MLS_TREE ? ERR_DAMAGED : e;
    /* RFC 9420 s.12.4.3.1: the path secret gives the keys from the common ancestor up. */
    if (!j->secrets.has_path_secret)
        return OK;
    return mls_treekem_join(&epoch->tree, &epoch->keys, j->info.signer,
                            buf_slice(&j->secrets.path_secret));
}

/* ---- The epoch ---- */

static err enter_epoch(struct joining *j, const struct mls_limits *limits) {
    struct mls_epoch *epoch = j->epoch;
    TRY(mls_group_context_copy(&epoch->context, &j->info.context, j->mem));
    TRY(mls_epoch_encode(epoch, j->mem));
    TRY(mls_key_schedule_epoch(j->suite, j->secrets.joiner_secret.p, j->psk_secret,
                               buf_slice(&epoch->context_bytes), &epoch->secrets));
    TRY(mls_epoch_settle(epoch, j->suite, limits, j->mem));
    /* RFC 9420 s.12.4.3.1: the confirmation tag is right. */
    return mls_tag_equal(buf_slice(&epoch->confirmation_tag), buf_slice(&j->info.confirmation_tag))
               ? OK
               : ERR_MLS_CONFIRMATION_TAG;
}

static err join(struct joining *j, slice welcome, slice tree, const struct mls_limits *limits) {
    TRY(open_own(j));
    TRY(read_welcome(welcome, &j->welcome, j->mem));
    TRY(open_secrets(j));
    TRY(find_psks(j));
    TRY(open_group_info(j));
    j->epoch = mls_epoch_new(j->mem);
    if (j->epoch == NULL)
        return ERR_NO_MEMORY;
    TRY(read_tree(j, tree, limits->leaves));
    TRY(check_tree(j));
    TRY(take_place(j));
    return enter_epoch(j, limits);
}

static void end(struct joining *j) {
    mls_key_package_free(&j->kp, j->mem);
    mls_key_package_secrets_free(&j->keys);
    mls_welcome_free(&j->welcome, j->mem);
    mls_group_secrets_free(&j->secrets, j->mem);
    mls_group_info_free(&j->info, j->mem);
    mls_epoch_free(j->epoch, j->mem);
    wipe(j->psk_secret, sizeof(j->psk_secret));
}

err mls_group_join(struct mls_group **group, slice welcome, const struct mls_own_key_package *own,
                   slice tree, const struct mls_limits *limits, const struct mls_auth *auth,
                   const struct mem *mem, uint32_t *sender) {
    struct joining j = {.mem = mem, .auth = auth, .own = own};
    struct mls_limits limited = mls_limits_or_default(limits);
    *group = NULL;
    err e = join(&j, welcome, tree, &limited);
    if (e == OK) {
        struct mls_epoch *epoch = j.epoch;
        j.epoch = NULL;
        *sender = j.info.signer;
        e = mls_group_wrap(group, j.suite, epoch, &limited, mem);
    }
    end(&j);
    return e;
}
