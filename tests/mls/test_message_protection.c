/* PublicMessage and PrivateMessage (RFC 9420 sections 6.1 to 6.3), with the official answers, and
 * what breaks them. */
#include <stdlib.h>

#include "crypto/crypto.h"
#include "mls/key_schedule.h"
#include "mlstool/setting.h"
#include "tests/mls/official.h"

/* A group of two without a file. */
static void setting_make(struct setting *s) {
    CHECK_OK(crypto_init());
    *s = (struct setting){.suite = mls_suite_find(MLS_SUITE_X25519_CHACHA), .epoch = 7};
    CHECK_OK(buf_append(&s->group_id, slice_str("group")));
    CHECK_OK(buf_append(&s->context, slice_str("an encoded group context")));
    CHECK_OK(mls_signature_keys_new(s->suite, &s->pub, &s->priv));
    CHECK_OK(buf_resize(&s->encryption, 32));
    CHECK_OK(buf_resize(&s->sender_data, 32));
    CHECK_OK(buf_resize(&s->membership, 32));
}

static void secret_tree(const struct setting *s, struct mls_secret_tree *t) {
    CHECK_OK(setting_secret_tree(s, t));
}

static void make_content(const struct setting *s, enum mls_kind kind, uint16_t wire, slice body,
                         struct mls_authenticated_content *content) {
    CHECK_OK(setting_content(s, kind, wire, body, content));
}

/* ---- The official file ---- */

TEST(official_protected_messages) {
    official_check("message-protection.json");
}

/* ---- What breaks them ---- */

TEST(a_changed_byte_anywhere_is_found) {
    struct setting s;
    struct mls_authenticated_content content, opened;
    struct mls_secret_tree mine;
    buf message = {0};
    setting_make(&s);
    secret_tree(&s, &mine);
    make_content(&s, MLS_APPLICATION, MLS_PRIVATE_MESSAGE, slice_str("hello"), &content);
    CHECK_OK(mls_opaque_copy(&content.content.authenticated_data, SLICE_EMPTY, NULL));
    struct mls_protection p = setting_protection(&s, &mine);
    CHECK_OK(mls_private_message_protect(&p, &content, 10, &message));
    for (size_t i = 0; i < message.n; i++) {
        struct mls_secret_tree theirs;
        if (i == 2 || i == 3)
            continue; /* the wire format: looked at before */
        secret_tree(&s, &theirs);
        message.p[i] ^= 0x40;
        CHECK(setting_open_private(&s, &theirs, buf_slice(&message), &opened) != OK);
        message.p[i] ^= 0x40;
        /* And it took nothing away. */
        CHECK_OK(setting_open_private(&s, &theirs, buf_slice(&message), &opened));
        mls_authenticated_content_free(&opened, NULL);
        mls_secret_tree_free(&theirs);
    }
    mls_secret_tree_free(&mine);
    mls_authenticated_content_free(&content, NULL);
    buf_free(&message);
    setting_free(&s);
}

/* RFC 9420 rule 12.4.2-2; bug tag-length */
TEST(a_membership_tag_of_another_length_or_value_is_refused) {
    struct setting s;
    struct mls_authenticated_content content, opened;
    struct mls_public_message m = {0};
    buf message = {0};
    static const uint8_t remove[] = {0, 3, 0, 0, 0, 0};
    setting_make(&s);
    make_content(&s, MLS_PROPOSAL, MLS_PUBLIC_MESSAGE, SLICE_ARRAY(remove), &content);
    CHECK_OK(mls_public_message_protect(s.suite, &content, buf_slice(&s.context), s.membership.p,
                                        &message, NULL));
    reader body = reader_of(slice_of(message.p + 4, message.n - 4));
    CHECK_OK(mls_public_message_read(&body, &m, NULL));
    CHECK_OK(mls_public_message_check(s.suite, &m, buf_slice(&s.context), s.membership.p, NULL));
    m.membership_tag.n--;
    CHECK_ERR(mls_public_message_check(s.suite, &m, buf_slice(&s.context), s.membership.p, NULL),
              ERR_MLS_MEMBERSHIP_TAG);
    m.membership_tag.n = 0;
    CHECK_ERR(mls_public_message_check(s.suite, &m, buf_slice(&s.context), s.membership.p, NULL),
              ERR_MLS_MEMBERSHIP_TAG);
    message.p[message.n - 1] ^= 1;
    CHECK_ERR(setting_open_public(&s, buf_slice(&message), &opened), ERR_MLS_MEMBERSHIP_TAG);
    message.p[message.n - 1] ^= 1;
    s.context.p[0] ^= 1; /* the same message in another epoch */
    CHECK_ERR(setting_open_public(&s, buf_slice(&message), &opened), ERR_MLS_MEMBERSHIP_TAG);
    mls_public_message_free(&m, NULL);
    mls_authenticated_content_free(&content, NULL);
    buf_free(&message);
    setting_free(&s);
}

/* Encrypts any bytes as the PrivateMessageContent of a message; the frame is made by our own code
 * from a message of the same length. */
static void forge(const struct setting *s, slice plain, buf *out) {
    struct mls_secret_tree t;
    struct mls_message_key key;
    struct mls_private_message m = {.epoch = s->epoch, .kind = MLS_APPLICATION};
    const struct crypto_aead *aead = s->suite->aead;
    buf aad = {0}, sender = {0};
    uint32_t generation;
    uint8_t sender_key[32], sender_nonce[24];
    secret_tree(s, &t);
    CHECK_OK(mls_secret_tree_next(&t, SETTING_SENDER, MLS_RATCHET_APPLICATION, &generation, &key));
    CHECK_OK(mls_opaque_copy(&m.group_id, buf_slice(&s->group_id), NULL));
    writer w = writer_on(&aad);
    writer_vec(&w, buf_slice(&s->group_id));
    writer_u64(&w, s->epoch);
    writer_u8(&w, MLS_APPLICATION);
    size_t sender_aad = aad.n;
    writer_vec(&w, SLICE_EMPTY);
    CHECK_OK(buf_resize(&m.ciphertext, plain.n + aead->tag));
    CHECK_OK(aead->seal(m.ciphertext.p, key.key, key.nonce, buf_slice(&aad), plain));
    writer ws = writer_on(&sender);
    writer_u32(&ws, SETTING_SENDER);
    writer_u32(&ws, generation);
    writer_u32(&ws, 0); /* a reuse guard that changes nothing */
    CHECK_OK(mls_key_schedule_sender_data(s->suite, s->sender_data.p, buf_slice(&m.ciphertext),
                                          sender_key, sender_nonce));
    CHECK_OK(buf_resize(&m.encrypted_sender_data, sender.n + aead->tag));
    CHECK_OK(aead->seal(m.encrypted_sender_data.p, sender_key, sender_nonce,
                        slice_of(aad.p, sender_aad), buf_slice(&sender)));
    writer wo = writer_on(out);
    mls_message_begin(&wo, MLS_PRIVATE_MESSAGE);
    mls_private_message_write(&wo, &m);
    CHECK_OK(writer_result(&wo));
    mls_private_message_free(&m, NULL);
    mls_secret_tree_free(&t);
    buf_free(&aad);
    buf_free(&sender);
}

static err try_plain(const struct setting *s, slice plain) {
    struct mls_authenticated_content content;
    struct mls_secret_tree t;
    buf message = {0};
    forge(s, plain, &message);
    secret_tree(s, &t);
    err e = setting_open_private(s, &t, buf_slice(&message), &content);
    mls_authenticated_content_free(&content, NULL);
    mls_secret_tree_free(&t);
    buf_free(&message);
    return e;
}

TEST(padding_that_is_not_zero_is_refused) {
    struct setting s;
    struct mls_authenticated_content content;
    buf plain = {0};
    setting_make(&s);
    make_content(&s, MLS_APPLICATION, MLS_PRIVATE_MESSAGE, slice_str("hello"), &content);
    writer w = writer_on(&plain);
    mls_content_body_write(&w, &content.content);
    mls_auth_data_write(&w, &content);
    CHECK_OK(try_plain(&s, buf_slice(&plain)));
    writer_bytes(&w, slice_of("\0\0\0\0", 4));
    CHECK_OK(try_plain(&s, buf_slice(&plain)));
    plain.p[plain.n - 1] = 1;
    CHECK_ERR(try_plain(&s, buf_slice(&plain)), ERR_MLS_PADDING);
    plain.p[plain.n - 1] = 0;
    plain.p[plain.n - 4] = 0x80;
    CHECK_ERR(try_plain(&s, buf_slice(&plain)), ERR_MLS_PADDING);
    CHECK_ERR(try_plain(&s, slice_of(plain.p, 3)), ERR_TRUNCATED);
    CHECK_ERR(try_plain(&s, SLICE_EMPTY), ERR_TRUNCATED);
    mls_authenticated_content_free(&content, NULL);
    buf_free(&plain);
    setting_free(&s);
}

/* The encrypted parts with other lengths than any sender gives them. */
static err try_lengths(const struct setting *s, size_t sender_data, size_t ciphertext) {
    struct mls_private_message m = {.epoch = s->epoch, .kind = MLS_APPLICATION};
    struct mls_authenticated_content content;
    struct mls_secret_tree t;
    buf message = {0};
    CHECK_OK(mls_opaque_copy(&m.group_id, buf_slice(&s->group_id), NULL));
    CHECK_OK(buf_resize(&m.encrypted_sender_data, sender_data));
    CHECK_OK(buf_resize(&m.ciphertext, ciphertext));
    writer w = writer_on(&message);
    mls_message_begin(&w, MLS_PRIVATE_MESSAGE);
    mls_private_message_write(&w, &m);
    CHECK_OK(writer_result(&w));
    secret_tree(s, &t);
    err e = setting_open_private(s, &t, buf_slice(&message), &content);
    mls_private_message_free(&m, NULL);
    mls_secret_tree_free(&t);
    buf_free(&message);
    return e;
}

/* RFC 9420 rule 12.4.2-3 */
TEST(encrypted_parts_of_other_lengths_do_not_open) {
    struct setting s;
    setting_make(&s);
    for (size_t n = 0; n < 100; n++) {
        CHECK_ERR(try_lengths(&s, n, 100), ERR_CRYPTO);
        CHECK_ERR(try_lengths(&s, 28, n), ERR_CRYPTO);
    }
    setting_free(&s);
}

TEST(a_ciphertext_shorter_than_its_tag_does_not_open) {
    struct setting s;
    struct mls_authenticated_content content;
    struct mls_secret_tree t;
    struct mls_private_message m = {.kind = MLS_APPLICATION};
    struct mls_sender_data sender = {.leaf = SETTING_SENDER};
    setting_make(&s);
    secret_tree(&s, &t);
    struct mls_protection p = setting_protection(&s, &t);
    for (size_t n = 0; n < 17; n++) {
        CHECK_OK(buf_resize(&m.ciphertext, n));
        CHECK_ERR(mls_private_message_open(&p, &m, &sender, &content), ERR_CRYPTO);
    }
    mls_private_message_free(&m, NULL);
    mls_secret_tree_free(&t);
    setting_free(&s);
}

TEST(each_message_has_another_reuse_guard) {
    struct setting s;
    struct mls_authenticated_content content;
    struct mls_private_message a, b;
    struct mls_sender_data x, y;
    buf first = {0}, second = {0};
    setting_make(&s);
    make_content(&s, MLS_APPLICATION, MLS_PRIVATE_MESSAGE, slice_str("hello"), &content);
    struct mls_secret_tree t, same;
    secret_tree(&s, &t); /* two copies of one state: what a lost state would do */
    secret_tree(&s, &same);
    struct mls_protection p = setting_protection(&s, &t), q = setting_protection(&s, &same);
    CHECK_OK(mls_private_message_protect(&p, &content, 0, &first));
    CHECK_OK(mls_private_message_protect(&q, &content, 0, &second));
    reader r = reader_of(slice_of(first.p + 4, first.n - 4));
    CHECK_OK(mls_private_message_read(&r, &a, NULL));
    r = reader_of(slice_of(second.p + 4, second.n - 4));
    CHECK_OK(mls_private_message_read(&r, &b, NULL));
    CHECK_OK(mls_private_message_sender(&p, &a, &x));
    CHECK_OK(mls_private_message_sender(&p, &b, &y));
    CHECK_EQ(x.generation, y.generation);
    CHECK(memcmp(x.reuse_guard, y.reuse_guard, 4) != 0);
    CHECK(!slice_equal(buf_slice(&a.ciphertext), buf_slice(&b.ciphertext)));
    mls_private_message_free(&a, NULL);
    mls_private_message_free(&b, NULL);
    mls_authenticated_content_free(&content, NULL);
    mls_secret_tree_free(&t);
    mls_secret_tree_free(&same);
    buf_free(&first);
    buf_free(&second);
    setting_free(&s);
}

TEST_MAIN
