/* Making Welcomes (RFC 9420 sections 12.4.1, 12.4.3). */
#include "mls/commit.h"
#include "mls/group_info.h"
#include "mls/key_package.h"
#include "mls/labels.h"

/* What one Welcome is put together from; `secrets` is for one joiner after the other. */
struct building {
    const struct mls_welcoming *w;
    const struct mem *mem;
    const struct mls_suite *suite;
    buf bytes; /* from `start` on: the encrypted GroupInfo */
    size_t start;
    struct hpke_info info;
    struct mls_encrypted_group_secrets *secrets;
};

/* ---- GroupInfo ---- */

static slice encrypted_group_info(const struct building *b) {
    return slice_of(b->bytes.p + b->start, b->bytes.n - b->start);
}

/* In its own place. */
static err encrypt_group_info(struct building *b) {
    uint8_t welcome_secret[CRYPTO_HASH_MAX], key[CRYPTO_AEAD_KEY_MAX], nonce[CRYPTO_AEAD_NONCE_MAX];
    const struct crypto_aead *aead = b->suite->aead;
    size_t n = b->bytes.n - b->start;
    err e = buf_resize(&b->bytes, b->bytes.n + aead->tag);
    if (e == OK)
        e = mls_key_schedule_welcome(b->suite, b->w->joiner_secret, b->w->psk_secret,
                                     welcome_secret);
    if (e == OK)
        e = mls_key_schedule_welcome_key(b->suite, welcome_secret, key, nonce);
    if (e == OK) {
        uint8_t *p = b->bytes.p + b->start;
        e = aead->seal(p, key, nonce, SLICE_EMPTY, slice_of(p, n));
    }
    wipe(welcome_secret, sizeof(welcome_secret));
    wipe(key, sizeof(key));
    wipe(nonce, sizeof(nonce));
    return e;
}

static err make_group_info(struct building *b) {
    const struct mls_welcoming *w = b->w;
    TRY(mls_group_info_make(w->next, b->suite, w->with_tree, w->external_pub, &b->bytes,
                            &b->start));
    return encrypt_group_info(b);
}

/* ---- GroupSecrets ---- */

static void write_group_secrets(const struct building *b, writer *w, uint32_t leaf) {
    const struct mls_welcoming *in = b->w;
    slice path_secret = mls_treekem_path_secret(in->secrets, b->suite, in->next->keys.leaf, leaf);
    writer_vec(w, slice_of(in->joiner_secret, b->suite->hash->len));
    writer_u8(w, path_secret.n != 0);
    if (path_secret.n != 0)
        writer_vec(w, path_secret);
    size_t mark = writer_open(w);
    for (size_t i = 0; i < in->applied->psk_count; i++)
        mls_psk_id_write(w, &in->applied->psks[i]);
    writer_close(w, mark);
}

static err encrypt_secrets(const struct building *b, const struct mls_key_package *kp,
                           uint32_t leaf, struct mls_encrypted_group_secrets *out) {
    uint8_t ref[CRYPTO_HASH_MAX];
    TRY(mls_key_package_make_ref(b->suite, kp, ref, b->mem));
    TRY(mls_opaque_copy(&out->new_member, slice_of(ref, b->suite->hash->len), b->mem));
    buf plain = buf_on(b->mem);
    writer w = writer_on(&plain);
    write_group_secrets(b, &w, leaf);
    err e = writer_result(&w);
    if (e == OK)
        e = mls_label_encrypt(b->suite, buf_slice(&kp->init_key), &b->info, buf_slice(&plain),
                              &out->secrets, b->mem);
    buf_free(&plain);
    return e;
}

static err encrypt_all_secrets(struct building *b) {
    const struct mls_list *list = b->w->list;
    TRY(mls_label_prepare(b->suite, "Welcome", encrypted_group_info(b), &b->info));
    for (size_t i = 0, at = 0; i < list->n; i++) {
        const struct mls_proposal *p = list->items[i].proposal;
        if (p->type != MLS_PROPOSAL_ADD)
            continue;
        TRY(encrypt_secrets(b, p->key_package, b->w->applied->added[at], &b->secrets[at]));
        at++;
    }
    return OK;
}

/* ---- Welcome ---- */

static err write_welcome(const struct building *b, size_t from, size_t n, buf *out) {
    struct mls_welcome welcome = {
        /* borrows: written, never freed */
        .suite = b->suite->id,
        .secrets = b->secrets + from,
        .secret_count = n,
        .encrypted_group_info = mls_borrow(encrypted_group_info(b)),
    };
    *out = buf_on(b->mem);
    writer w = writer_on(out);
    mls_message_begin(&w, MLS_WELCOME);
    mls_welcome_write(&w, &welcome);
    return writer_result(&w);
}

static err write_all(const struct building *b, struct mls_committed *committed) {
    size_t n = b->w->applied->added_count, count = b->w->each ? n : 1;
    committed->welcomes = mem_new_array(b->mem, count, sizeof(*committed->welcomes));
    if (committed->welcomes == NULL)
        return ERR_NO_MEMORY;
    committed->welcome_count = count;
    if (!b->w->each)
        return write_welcome(b, 0, n, &committed->welcomes[0]);
    for (size_t i = 0; i < n; i++)
        TRY(write_welcome(b, i, 1, &committed->welcomes[i]));
    return OK;
}

err mls_welcome_make(const struct mls_welcoming *w, struct mls_committed *committed) {
    size_t n = w->applied->added_count;
    struct building b = {.w = w, .mem = w->group->mem, .suite = w->group->suite};
    if (n == 0)
        return OK;
    b.bytes = buf_on(b.mem);
    b.secrets = mem_new_array(b.mem, n, sizeof(*b.secrets));
    err e = b.secrets == NULL ? ERR_NO_MEMORY : make_group_info(&b);
    if (e == OK)
        e = encrypt_all_secrets(&b);
    if (e == OK)
        e = write_all(&b, committed);
    for (size_t i = 0; b.secrets != NULL && i < n; i++)
        mls_encrypted_group_secrets_free(&b.secrets[i], b.mem);
    mem_free(b.mem, b.secrets, n * sizeof(*b.secrets));
    buf_free(&b.bytes);
    return e;
}
