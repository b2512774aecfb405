#include "mlstool/setting.h"

#include "mls/key_schedule.h"

void setting_free(struct setting *s) {
    buf_free(&s->group_id);
    buf_free(&s->context);
    buf_free(&s->priv);
    buf_free(&s->pub);
    buf_free(&s->encryption);
    buf_free(&s->sender_data);
    buf_free(&s->membership);
}

err setting_secret_tree(const struct setting *s, struct mls_secret_tree *t) {
    return mls_secret_tree_init(t, s->suite, SETTING_WIDTH, s->encryption.p, NULL, s->mem);
}

struct mls_protection setting_protection(const struct setting *s, struct mls_secret_tree *t) {
    return (struct mls_protection){s->suite, s->sender_data.p, t, s->mem};
}

err setting_content(const struct setting *s, enum mls_kind kind, uint16_t wire, slice body,
                    struct mls_authenticated_content *content) {
    memset(content, 0, sizeof(*content));
    content->wire_format = wire;
    content->content.kind = kind;
    content->content.epoch = s->epoch;
    content->content.sender = (struct mls_sender){MLS_SENDER_MEMBER, SETTING_SENDER};
    TRY(mls_opaque_copy(&content->content.group_id, buf_slice(&s->group_id), s->mem));
    reader r = reader_of(body);
    if (kind == MLS_APPLICATION)
        TRY(mls_opaque_copy(&content->content.application, body, s->mem));
    else
        TRY(mls_content_body_read(&r, &content->content, s->mem));
    TRY(mls_framing_sign(s->suite, content, buf_slice(&s->context), buf_slice(&s->priv), s->mem));
    if (kind != MLS_COMMIT)
        return OK;
    return mls_opaque_copy(&content->confirmation_tag, slice_str("any"), s->mem);
}

err setting_open_private(const struct setting *s, struct mls_secret_tree *t, slice message,
                         struct mls_authenticated_content *content) {
    uint16_t wire;
    reader body;
    struct mls_private_message m;
    struct mls_sender_data sender;
    struct mls_protection p = setting_protection(s, t);
    memset(content, 0, sizeof(*content));
    TRY(mls_message_open(message, &wire, &body));
    if (wire != MLS_PRIVATE_MESSAGE)
        return ERR_UNKNOWN_TYPE;
    TRY(mls_private_message_read(&body, &m, s->mem));
    err e = mls_private_message_sender(&p, &m, &sender);
    if (e == OK)
        e = mls_private_message_open(&p, &m, &sender, content);
    if (e == OK)
        e = mls_framing_verify(s->suite, content, buf_slice(&s->context), buf_slice(&s->pub),
                               s->mem);
    if (e == OK)
        e = mls_private_message_consume(&p, content->content.kind, &sender);
    if (e != OK)
        mls_authenticated_content_free(content, s->mem);
    mls_private_message_free(&m, s->mem);
    return e;
}

err setting_open_public(const struct setting *s, slice message,
                        struct mls_authenticated_content *content) {
    uint16_t wire;
    reader body;
    struct mls_public_message m;
    memset(content, 0, sizeof(*content));
    TRY(mls_message_open(message, &wire, &body));
    if (wire != MLS_PUBLIC_MESSAGE)
        return ERR_UNKNOWN_TYPE;
    TRY(mls_public_message_read(&body, &m, s->mem));
    err e = mls_public_message_check(s->suite, &m, buf_slice(&s->context), s->membership.p, s->mem);
    if (e == OK)
        e = mls_framing_verify(s->suite, &m.auth, buf_slice(&s->context), buf_slice(&s->pub),
                               s->mem);
    if (e == OK) {
        *content = m.auth;
        m.auth = (struct mls_authenticated_content){0};
    }
    mls_public_message_free(&m, s->mem);
    return e;
}

err setting_group_info(const struct mls_suite *suite, const struct mls_welcome *welcome,
                       const uint8_t *joiner_secret, struct mls_group_info *info,
                       const struct mem *mem) {
    uint8_t secret[CRYPTO_HASH_MAX], key[CRYPTO_AEAD_KEY_MAX], nonce[CRYPTO_AEAD_NONCE_MAX];
    slice sealed = buf_slice(&welcome->encrypted_group_info);
    memset(info, 0, sizeof(*info));
    if (sealed.n < suite->aead->tag)
        return ERR_CRYPTO;
    TRY(mls_key_schedule_welcome(suite, joiner_secret, NULL, secret));
    TRY(mls_key_schedule_welcome_key(suite, secret, key, nonce));
    buf plain = buf_on(mem);
    err e = buf_resize(&plain, sealed.n - suite->aead->tag);
    if (e == OK)
        e = suite->aead->open(plain.p, key, nonce, SLICE_EMPTY, sealed);
    reader r = reader_of(buf_slice(&plain));
    if (e == OK)
        e = mls_group_info_read(&r, info, mem);
    if (e == OK)
        e = reader_end(&r);
    if (e != OK)
        mls_group_info_free(info, mem);
    buf_free(&plain);
    return e;
}
