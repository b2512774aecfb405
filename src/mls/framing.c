#include "mls/framing.h"

#include "mls/key_schedule.h"
#include "mls/labels.h"
#include "mls/transcript.h"

/* FramedContentTBS (section 6.1). */
static void write_tbs(writer *w, const struct mls_authenticated_content *auth, slice context) {
    writer_u16(w, MLS_VERSION_10);
    writer_u16(w, auth->wire_format);
    mls_framed_content_write(w, &auth->content);
    if (auth->content.sender.type == MLS_SENDER_MEMBER ||
        auth->content.sender.type == MLS_SENDER_NEW_MEMBER_COMMIT)
        writer_bytes(w, context);
}

err mls_framing_sign(const struct mls_suite *suite, struct mls_authenticated_content *auth,
                     slice context, slice priv, const struct mem *mem) {
    buf tbs = buf_on(mem), signature = buf_on(mem);
    writer w = writer_on(&tbs);
    write_tbs(&w, auth, context);
    err e = writer_result(&w);
    if (e == OK)
        e = mls_label_sign(suite, priv, "FramedContentTBS", buf_slice(&tbs), &signature, mem);
    if (e == OK)
        buf_move(&auth->signature, &signature);
    buf_free(&signature);
    buf_free(&tbs);
    return e;
}

err mls_framing_verify(const struct mls_suite *suite, const struct mls_authenticated_content *auth,
                       slice context, slice pub, const struct mem *mem) {
    buf tbs = buf_on(mem);
    writer w = writer_on(&tbs);
    write_tbs(&w, auth, context);
    err e = writer_result(&w);
    if (e == OK)
        e = mls_label_verify(suite, pub, "FramedContentTBS", buf_slice(&tbs),
                             buf_slice(&auth->signature), mem);
    buf_free(&tbs);
    return e;
}

/* MAC over AuthenticatedContentTBM (section 6.2). */
static err membership_tag(const struct mls_suite *suite,
                          const struct mls_authenticated_content *auth, slice context,
                          const uint8_t *key, uint8_t *tag, const struct mem *mem) {
    buf tbm = buf_on(mem);
    writer w = writer_on(&tbm);
    write_tbs(&w, auth, context);
    mls_auth_data_write(&w, auth);
    err e = writer_result(&w);
    if (e == OK)
        e = mls_key_schedule_mac(suite, key, buf_slice(&tbm), tag);
    buf_free(&tbm);
    return e;
}

err mls_public_message_protect(const struct mls_suite *suite,
                               const struct mls_authenticated_content *auth, slice context,
                               const uint8_t *membership_key, buf *out, const struct mem *mem) {
    uint8_t tag[CRYPTO_HASH_MAX];
    size_t before = out->n;
    if (auth->wire_format != MLS_PUBLIC_MESSAGE)
        return ERR_BUG;
    bool member = auth->content.sender.type == MLS_SENDER_MEMBER;
    if (member)
        TRY(membership_tag(suite, auth, context, membership_key, tag, mem));
    writer w = writer_on(out);
    mls_message_begin(&w, MLS_PUBLIC_MESSAGE);
    mls_framed_content_write(&w, &auth->content);
    mls_auth_data_write(&w, auth);
    if (member)
        writer_vec(&w, slice_of(tag, suite->hash->len));
    if (writer_result(&w) != OK)
        (void)!buf_resize(out, before); /* shrinking can't fail */
    return writer_result(&w);
}

err mls_public_message_check(const struct mls_suite *suite,
                             const struct mls_public_message *message, slice context,
                             const uint8_t *membership_key, const struct mem *mem) {
    uint8_t tag[CRYPTO_HASH_MAX];
    TRY(membership_tag(suite, &message->auth, context, membership_key, tag, mem));
    bool equal =
        mls_tag_equal(slice_of(tag, suite->hash->len), buf_slice(&message->membership_tag));
    wipe(tag, sizeof(tag));
    /* RFC 9420 s.6.2: the membership tag is right. */
    return equal ? OK : ERR_MLS_MEMBERSHIP_TAG;
}

err mls_proposal_make_ref(const struct mls_suite *suite,
                          const struct mls_authenticated_content *auth, uint8_t *ref,
                          const struct mem *mem) {
    buf bytes = buf_on(mem);
    writer w = writer_on(&bytes);
    mls_authenticated_content_write(&w, auth);
    err e = writer_result(&w);
    if (e == OK)
        e = mls_label_ref_hash(suite, "MLS 1.0 Proposal Reference", buf_slice(&bytes), ref);
    buf_free(&bytes);
    return e;
}
