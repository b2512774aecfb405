#include "mls_lies.h"

#include "mls/framing.h"
#include "mls/group.h"
#include "mls/leaf.h"
#include "mls_people.h"

/* ---- Lying ---- */

/* Signed and tagged again, or encrypted, if it still is a message in clear. */
static bool sign_again(const struct liar *liar, buf *message, bool hide) {
    const struct mls_group *g = liar->group;
    struct mls_public_message m;
    uint16_t wire;
    reader body;
    if (mls_message_open(buf_slice(message), &wire, &body) != OK || wire != MLS_PUBLIC_MESSAGE ||
        mls_public_message_read(&body, &m, NULL) != OK)
        return false;
    slice context = buf_slice(&g->epoch->context_bytes);
    buf again = {0};
    struct mls_protection p = {g->suite, g->epoch->secrets.sender_data, &g->epoch->messages, NULL};
    struct mls_framed_content *c = &m.auth.content;
    hide = hide && c->sender.type == MLS_SENDER_MEMBER && c->sender.index == g->epoch->keys.leaf;
    if (hide)
        m.auth.wire_format = MLS_PRIVATE_MESSAGE;
    if (c->kind == MLS_PROPOSAL && c->proposal.type == MLS_PROPOSAL_UPDATE)
        require(mls_leaf_sign(g->suite, c->proposal.leaf, liar->priv, mls_group_id(g),
                              c->sender.index, NULL) == OK);
    require(mls_framing_sign(g->suite, &m.auth, context, liar->priv, NULL) == OK);
    err e = hide ? mls_private_message_protect(&p, &m.auth, 0, &again)
                 : mls_public_message_protect(g->suite, &m.auth, context,
                                              g->epoch->secrets.membership_key, &again, NULL);
    if (e == OK)
        buf_move(message, &again);
    buf_free(&again);
    mls_public_message_free(&m, NULL);
    return e == OK;
}

void sent_on_its_way(reader *in, const struct liar *liar, struct sent *s) {
    require(buf_append(&s->before, buf_slice(&s->message)) == OK);
    uint8_t how = change(in, &s->message);
    if (how & CHANGE_SIGN)
        s->signed_again = sign_again(liar, &s->message, (how & CHANGE_HIDE) != 0);
    s->different = !slice_equal(buf_slice(&s->before), buf_slice(&s->message));
}

void sent_free(struct sent *s) {
    buf_free(&s->before);
    buf_free(&s->message);
}

/* ---- Refusing ---- */

static void write_signed(slice message, buf *out) {
    struct mls_public_message m;
    uint16_t wire;
    reader body;
    require(mls_message_open(message, &wire, &body) == OK && wire == MLS_PUBLIC_MESSAGE &&
            mls_public_message_read(&body, &m, NULL) == OK);
    writer w = writer_on(out);
    mls_framed_content_write(&w, &m.auth.content);
    writer_vec(&w, buf_slice(&m.auth.signature));
    require(writer_result(&w) == OK);
    mls_public_message_free(&m, NULL);
}

static bool only_tags_differ(const struct sent *s) {
    buf a = {0}, b = {0};
    write_signed(buf_slice(&s->before), &a);
    write_signed(buf_slice(&s->message), &b);
    bool same = slice_equal(buf_slice(&a), buf_slice(&b));
    buf_free(&a);
    buf_free(&b);
    return same;
}

static bool may_accept(const struct mls_group *to, const struct sent *s,
                       const struct mls_received *r, bool in_clear) {
    if (r->kind == MLS_COMMIT && !mls_group_is_observer(to) && !mls_staged_removes_us(r->commit))
        return false;
    return s->signed_again || (in_clear && only_tags_differ(s));
}

/* A refusal leaves no trace; nor does a proposal that is forgotten again. The keys that a secret
 * tree derives while it looks are none, but show; so a private message comes twice. */
void sent_refuse(struct mls_group *to, const struct sent *s) {
    struct mls_header header;
    struct mls_received r;
    bool in_clear = mls_message_header(buf_slice(&s->message), &header) == OK &&
                    header.wire == MLS_PUBLIC_MESSAGE;
    buf before = {0}, after = {0};
    err e = in_clear ? OK : mls_group_process(to, buf_slice(&s->message), &auth, &r);
    if (in_clear || e != OK) {
        require(mls_group_save(to, &before) == OK);
        e = mls_group_process(to, buf_slice(&s->message), &auth, &r);
    }
    require(e != ERR_BUG && (e != OK || may_accept(to, s, &r, in_clear)));
    if (e == OK && r.kind == MLS_PROPOSAL)
        mls_group_forget_proposal(to);
    mls_received_free(&r);
    if (in_clear || e != OK) {
        require(mls_group_save(to, &after) == OK);
        require(slice_equal(buf_slice(&before), buf_slice(&after)));
    }
    buf_free(&before);
    buf_free(&after);
}
