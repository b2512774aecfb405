/* Registration codes, for the operator. The store holds a hash of each, and nothing of who asked.
 */
#include "server/internal.h"

static err handle(struct mail *m, struct mail_call *call);
const struct mail_handler mail_handle_invite_make = {PROTO_invite_make, handle};

static err make_code(struct mail *m, struct proto_code *code) {
    struct held_invite row = {0};
    uint8_t hash[32];
    crypto_random(code->bytes, sizeof code->bytes);
    slice part = SLICE_ARRAY(code->bytes);
    TRY(crypto_blake2b_keyed(hash, sizeof hash, SLICE_EMPTY, &part, 1));
    return held_invite_put(m->batch, SLICE_ARRAY(hash), 0, &m->row, &row);
}

static err handle(struct mail *m, struct mail_call *call) {
    struct proto_invite_make in;
    struct proto_invite_made out = {0};
    if (proto_invite_make_decode(call->body, &in) != OK)
        return mail_refuse(m, call, PROTO_REASON_MALFORMED);
    if (m->config.closed)
        return mail_refuse(m, call, PROTO_REASON_CLOSED);
    buf_clear(&m->value);
    writer w = writer_on(&m->value);
    for (uint8_t i = 0; i < in.count; i++) {
        struct proto_code code;
        TRY(make_code(m, &code));
        PROTO_LIST_ADD(code, &w, &out.codes, &code);
    }
    TRY(writer_result(&w));
    out.codes.bytes = buf_slice(&m->value);
    w = mail_reply_open(m);
    proto_invite_made_write(&w, &out);
    return mail_reply_close(m, call, PROTO_invite_made, &w);
}
