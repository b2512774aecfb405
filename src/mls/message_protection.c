#include "mls/message_protection.h"

#include "mls/key_schedule.h"

enum { SENDER_DATA = 12 }; /* bytes of an encoded SenderData */

static enum mls_ratchet ratchet_of(enum mls_kind kind) {
    return kind == MLS_APPLICATION ? MLS_RATCHET_APPLICATION : MLS_RATCHET_HANDSHAKE;
}

/* RFC 9420 s.6.3.1: the nonce of the key schedule, XORed with the reuse guard. */
static void apply_guard(struct mls_message_key *key, const uint8_t guard[4]) {
    for (size_t i = 0; i < 4; i++)
        key->nonce[i] ^= guard[i];
}

/* SenderDataAAD, which PrivateContentAAD continues with authenticated_data. */
static void write_aad(writer *w, slice group_id, uint64_t epoch, enum mls_kind kind) {
    writer_vec(w, group_id);
    writer_u64(w, epoch);
    writer_u8(w, (uint8_t)kind);
}

/* ---- Protecting ---- */

size_t mls_private_message_content(const struct mls_suite *suite, size_t plain) {
    size_t signature = suite->sig->max;
    return varint_size(plain) + plain + varint_size(signature) + signature;
}

err mls_private_message_size(const struct mls_suite *suite, size_t group_id,
                             size_t authenticated_data, size_t content, size_t *size) {
    size_t sender = SENDER_DATA + suite->aead->tag, sealed = content + suite->aead->tag;
    if (content >= (1u << 30) - suite->aead->tag || authenticated_data >= (1u << 30))
        return ERR_TOO_LARGE;
    *size = 4 + varint_size(group_id) + group_id + 8 + 1 + varint_size(authenticated_data) +
            authenticated_data + varint_size(sender) + sender + varint_size(sealed) + sealed;
    return OK;
}

/* PrivateMessageContent. */
static err write_content(buf *plain, const struct mls_authenticated_content *auth, size_t padding) {
    writer w = writer_on(plain);
    mls_content_body_write(&w, &auth->content);
    mls_auth_data_write(&w, auth);
    TRY(writer_result(&w));
    return padding > SIZE_MAX - plain->n ? ERR_TOO_LARGE : buf_resize(plain, plain->n + padding);
}

/* Encrypts SenderData for a ciphertext: SENDER_DATA + tag bytes. */
static err seal_sender(const struct mls_protection *p, const struct mls_sender_data *sender,
                       slice ciphertext, slice aad, uint8_t *out) {
    uint8_t key[CRYPTO_AEAD_KEY_MAX], nonce[CRYPTO_AEAD_NONCE_MAX], plain[SENDER_DATA];
    put_u32(plain, sender->leaf);
    put_u32(plain + 4, sender->generation);
    memcpy(plain + 8, sender->reuse_guard, sizeof(sender->reuse_guard));
    err e = mls_key_schedule_sender_data(p->suite, p->sender_data_secret, ciphertext, key, nonce);
    if (e == OK)
        e = p->suite->aead->seal(out, key, nonce, aad, SLICE_ARRAY(plain));
    wipe(key, sizeof(key));
    wipe(nonce, sizeof(nonce));
    wipe(plain, sizeof(plain));
    return e;
}

/* The last step: out has room for the whole message, so that once the key is taken nothing is left
 * that could want memory. */
static err seal_into(const struct mls_protection *p, const struct mls_authenticated_content *auth,
                     slice plain, slice aad, size_t sender_aad, buf *out) {
    const struct mls_framed_content *c = &auth->content;
    const struct crypto_aead *aead = p->suite->aead;
    struct mls_sender_data sender = {.leaf = c->sender.index};
    struct mls_message_key key;
    writer w = writer_on(out);
    mls_message_begin(&w, MLS_PRIVATE_MESSAGE);
    writer_bytes(&w, aad); /* PrivateContentAAD is how the message begins */
    writer_varint(&w, SENDER_DATA + aead->tag);
    size_t sender_at = out->n;
    TRY(writer_result(&w));
    TRY(buf_resize(out, sender_at + SENDER_DATA + aead->tag));
    writer_varint(&w, plain.n + aead->tag);
    size_t sealed_at = out->n;
    TRY(writer_result(&w));
    TRY(buf_resize(out, sealed_at + plain.n + aead->tag));
    TRY(mls_secret_tree_next(p->messages, c->sender.index, ratchet_of(c->kind), &sender.generation,
                             &key));
    crypto_random(sender.reuse_guard, sizeof(sender.reuse_guard));
    apply_guard(&key, sender.reuse_guard);
    err e = aead->seal(out->p + sealed_at, key.key, key.nonce, aad, plain);
    wipe(&key, sizeof(key));
    if (e == OK)
        e = seal_sender(p, &sender, slice_of(out->p + sealed_at, out->n - sealed_at),
                        slice_of(aad.p, sender_aad), out->p + sender_at);
    return e;
}

err mls_private_message_protect(const struct mls_protection *p,
                                const struct mls_authenticated_content *auth, size_t padding,
                                buf *out) {
    const struct mls_framed_content *c = &auth->content;
    buf plain = buf_on(p->mem), aad = buf_on(p->mem);
    size_t before = out->n, size = 0, sender_aad = 0;
    writer w = writer_on(&aad);
    err e = auth->wire_format == MLS_PRIVATE_MESSAGE && c->sender.type == MLS_SENDER_MEMBER
                ? OK
                : ERR_BUG;
    write_aad(&w, buf_slice(&c->group_id), c->epoch, c->kind);
    sender_aad = aad.n;
    writer_vec(&w, buf_slice(&c->authenticated_data));
    if (e == OK)
        e = writer_result(&w);
    if (e == OK)
        e = write_content(&plain, auth, padding);
    if (e == OK)
        e = mls_private_message_size(p->suite, c->group_id.n, c->authenticated_data.n, plain.n,
                                     &size);
    if (e == OK)
        e = buf_reserve(out, size);
    if (e == OK)
        e = seal_into(p, auth, buf_slice(&plain), buf_slice(&aad), sender_aad, out);
    if (e != OK)
        (void)!buf_resize(out, before); /* shrinking can't fail */
    buf_free(&plain);
    buf_free(&aad);
    return e;
}

/* ---- Opening ---- */

err mls_private_message_sender(const struct mls_protection *p,
                               const struct mls_private_message *message,
                               struct mls_sender_data *sender) {
    uint8_t key[CRYPTO_AEAD_KEY_MAX], nonce[CRYPTO_AEAD_NONCE_MAX], plain[SENDER_DATA];
    const struct crypto_aead *aead = p->suite->aead;
    slice sealed = buf_slice(&message->encrypted_sender_data);
    if (sealed.n != SENDER_DATA + aead->tag)
        return ERR_CRYPTO;
    buf aad = buf_on(p->mem);
    writer w = writer_on(&aad);
    write_aad(&w, buf_slice(&message->group_id), message->epoch, message->kind);
    err e = writer_result(&w);
    if (e == OK)
        e = mls_key_schedule_sender_data(p->suite, p->sender_data_secret,
                                         buf_slice(&message->ciphertext), key, nonce);
    if (e == OK)
        e = aead->open(plain, key, nonce, buf_slice(&aad), sealed);
    if (e == OK) {
        reader r = reader_of(SLICE_ARRAY(plain));
        e = reader_u32(&r, &sender->leaf);
        if (e == OK)
            e = reader_u32(&r, &sender->generation);
        if (e == OK)
            e = reader_copy(&r, sender->reuse_guard, sizeof(sender->reuse_guard));
    }
    wipe(key, sizeof(key));
    wipe(nonce, sizeof(nonce));
    wipe(plain, sizeof(plain));
    buf_free(&aad);
    return e;
}

/* The decrypted PrivateMessageContent. */
static err read_content(slice plain, struct mls_authenticated_content *auth,
                        const struct mem *mem) {
    reader r = reader_of(plain);
    TRY(mls_content_body_read(&r, &auth->content, mem));
    TRY(mls_auth_data_read(&r, auth, mem));
    /* RFC 9420 s.6.3.1: what remains is padding, and all zero. */
    uint8_t any = 0;
    for (size_t i = 0; i < r.n; i++)
        any |= r.p[i];
    return any == 0 ? OK : ERR_MLS_PADDING;
}

/* RFC 9420 rule 12.4.2-3 */
static err decrypt(const struct mls_protection *p, const struct mls_private_message *message,
                   const struct mls_sender_data *sender, slice aad, buf *plain) {
    const struct crypto_aead *aead = p->suite->aead;
    slice sealed = buf_slice(&message->ciphertext);
    struct mls_message_key key;
    if (sealed.n < aead->tag)
        return ERR_CRYPTO;
    TRY(buf_resize(plain, sealed.n - aead->tag));
    TRY(mls_secret_tree_peek(p->messages, sender->leaf, ratchet_of(message->kind),
                             sender->generation, &key));
    apply_guard(&key, sender->reuse_guard);
    err e = aead->open(plain->p, key.key, key.nonce, aad, sealed);
    wipe(&key, sizeof(key));
    return e;
}

static err fill_header(struct mls_authenticated_content *auth,
                       const struct mls_private_message *message,
                       const struct mls_sender_data *sender, const struct mem *mem) {
    auth->wire_format = MLS_PRIVATE_MESSAGE;
    auth->content.epoch = message->epoch;
    auth->content.sender = (struct mls_sender){MLS_SENDER_MEMBER, sender->leaf};
    auth->content.kind = message->kind;
    TRY(mls_opaque_copy(&auth->content.group_id, buf_slice(&message->group_id), mem));
    return mls_opaque_copy(&auth->content.authenticated_data,
                           buf_slice(&message->authenticated_data), mem);
}

err mls_private_message_open(const struct mls_protection *p,
                             const struct mls_private_message *message,
                             const struct mls_sender_data *sender,
                             struct mls_authenticated_content *auth) {
    buf plain = buf_on(p->mem), aad = buf_on(p->mem);
    writer w = writer_on(&aad);
    memset(auth, 0, sizeof(*auth));
    write_aad(&w, buf_slice(&message->group_id), message->epoch, message->kind);
    writer_vec(&w, buf_slice(&message->authenticated_data));
    err e = writer_result(&w);
    if (e == OK)
        e = decrypt(p, message, sender, buf_slice(&aad), &plain);
    if (e == OK)
        e = fill_header(auth, message, sender, p->mem);
    if (e == OK)
        e = read_content(buf_slice(&plain), auth, p->mem);
    if (e != OK)
        mls_authenticated_content_free(auth, p->mem);
    buf_free(&plain);
    buf_free(&aad);
    return e;
}

err mls_private_message_consume(const struct mls_protection *p, enum mls_kind kind,
                                const struct mls_sender_data *sender) {
    return mls_secret_tree_consume(p->messages, sender->leaf, ratchet_of(kind), sender->generation);
}
