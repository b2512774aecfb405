/* The device's side of its mailbox: subscribe, ack, and the key that its items are sealed to. */
#include "server/internal.h"

static err handle_subscribe(struct mail *m, struct mail_call *call);
static err handle_ack(struct mail *m, struct mail_call *call);
const struct mail_handler mail_handle_subscribe = {PROTO_subscribe, handle_subscribe};
static err handle_key(struct mail *m, struct mail_call *call);
const struct mail_handler mail_handle_ack = {PROTO_ack, handle_ack};
const struct mail_handler mail_handle_mailbox_key_put = {PROTO_mailbox_key_put, handle_key};

/* No mailbox gets so far by itself; near the top, positions could not go on growing. */
static const uint64_t position_max = (uint64_t)1 << 62;

static err handle_subscribe(struct mail *m, struct mail_call *call) {
    struct proto_subscribe in;
    struct mail_box *box = NULL;
    if (proto_subscribe_decode(call->body, &in) != OK || in.after > position_max)
        return mail_refuse(m, call, PROTO_REASON_MALFORMED);
    TRY(mail_box_get(m, call->session->mailbox, &box));
    box->written = m->batches;
    /* The device knows positions that we don't: we were restored from an older copy. */
    TRY(mail_box_raise_tail(m, box, in.after));
    TRY(mail_box_raise_gap(m, box));
    TRY(mail_reply_ok(m, call));
    uint64_t after = in.after > box->floor ? in.after : box->floor;
    return mail_effect_add(m, &(struct mail_effect){.kind = MAIL_SUBSCRIBED,
                                                    .session = call->session_id,
                                                    .box = box,
                                                    .position = after + 1});
}

static err handle_ack(struct mail *m, struct mail_call *call) {
    struct proto_ack in;
    struct mail_box *box = NULL;
    if (proto_ack_decode(call->body, &in) != OK)
        return mail_refuse(m, call, PROTO_REASON_MALFORMED);
    TRY(mail_box_get(m, call->session->mailbox, &box));
    return mail_box_ack(m, box, in.up_to);
}

static err handle_key(struct mail *m, struct mail_call *call) {
    struct proto_mailbox_key_put in;
    struct mail_box *box = NULL;
    if (proto_mailbox_key_put_decode(call->body, &in) != OK ||
        crypto_dhkem_x25519.check(in.key) != OK)
        return mail_refuse(m, call, PROTO_REASON_MALFORMED);
    TRY(mail_box_get(m, call->session->mailbox, &box));
    TRY(mail_box_rekey(m, box, in.key));
    struct proto_mailbox_key_set out = {.up_to = box->tail};
    writer w = mail_reply_open(m);
    proto_mailbox_key_set_write(&w, &out);
    return mail_reply_close(m, call, PROTO_mailbox_key_set, &w);
}
