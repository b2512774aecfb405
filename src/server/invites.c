/* Registration codes, for the operator. The store holds a hash of each and the week in which it was
 * made, and nothing of who asked. */
#include "base/time.h"
#include "server/internal.h"

static err handle(struct mail *m, struct mail_call *call);
const struct mail_handler mail_handle_invite_make = {PROTO_invite_make, handle};

/* ---- Rows ---- */

static err hash_of(const uint8_t code[16], uint8_t hash[32]) {
    slice part = slice_of(code, 16);
    return crypto_blake2b_keyed(hash, 32, SLICE_EMPTY, &part, 1);
}

static err put(struct mail *m, slice hash) {
    struct held_invite row = {.week = m->week};
    TRY(mail_expiry_note(m, MAIL_EXPIRY_INVITE, hash));
    return held_invite_put(m->batch, hash, 0, &m->row, &row);
}

static err get(struct mail *m, slice hash, struct held_invite *row) {
    return held_invite_get(m->store, m->batch, hash, 0, &m->scratch, row);
}

err mail_invite_use(struct mail *m, const uint8_t code[16]) {
    struct held_invite row;
    uint8_t bytes[32];
    slice hash = SLICE_ARRAY(bytes);
    TRY(hash_of(code, bytes));
    TRY(get(m, hash, &row));
    if (mail_expired(m, MAIL_EXPIRY_INVITE, row.week))
        return ERR_NOT_FOUND;
    TRY(mail_expiry_forget(m, MAIL_EXPIRY_INVITE, row.week, hash));
    return store_batch_delete(m->batch, mail_key(MAIL_INVITE, hash, 0));
}

err mail_invite_expire(struct mail *m, slice hash) {
    struct held_invite row;
    err e = get(m, hash, &row);
    if (e == ERR_NOT_FOUND)
        return OK;
    TRY(e);
    if (!mail_expired(m, MAIL_EXPIRY_INVITE, row.week))
        return OK;
    return store_batch_delete(m->batch, mail_key(MAIL_INVITE, hash, 0));
}

/* ---- The operator's wish ---- */

static err make_code(struct mail *m, struct proto_code *code) {
    uint8_t hash[32];
    crypto_random(code->bytes, sizeof code->bytes);
    TRY(hash_of(code->bytes, hash));
    return put(m, SLICE_ARRAY(hash));
}

static err handle(struct mail *m, struct mail_call *call) {
    struct proto_invite_make in;
    struct proto_invite_made out = {.until = time_week_start(m->week + 1) +
                                             m->config.limits.invite_days * TIME_DAY};
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
