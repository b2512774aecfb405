/* Orders that were carried out. A row stays for good, so that each is carried out once; what it
 * gave stays in it until the operator has it on a disk. Until then the same order gives the same
 * bytes again, as long as it holds, and no newer ones. */
#include "server/internal.h"

static err handle(struct mail *m, struct mail_call *call);
const struct mail_handler mail_handle_order_written = {PROTO_order_written, handle};

static err name_of(slice id, uint8_t name[32]) {
    return crypto_sha256.hash(name, &id, 1);
}

err mail_carried_get(struct mail *m, slice id, struct held_carried *row) {
    uint8_t name[32];
    TRY(name_of(id, name));
    return held_carried_get(m->store, m->batch, SLICE_ARRAY(name), 0, &m->value, row);
}

err mail_carried_put(struct mail *m, slice id, const struct held_carried *row) {
    uint8_t name[32];
    TRY(name_of(id, name));
    TRY(mail_expiry_note(m, MAIL_EXPIRY_CARRIED, SLICE_ARRAY(name)));
    return held_carried_put(m->batch, SLICE_ARRAY(name), 0, &m->row, row);
}

/* What it gave goes; that it was carried out stays. */
static err empty(struct mail *m, slice name, struct held_carried *row) {
    row->package = row->manifest = SLICE_EMPTY;
    return held_carried_put(m->batch, name, 0, &m->row, row);
}

err mail_carried_expire(struct mail *m, slice name) {
    struct held_carried row;
    err e = held_carried_get(m->store, m->batch, name, 0, &m->value, &row);
    if (e == ERR_NOT_FOUND)
        return OK;
    TRY(e);
    return row.manifest.n > 0 ? empty(m, name, &row) : OK;
}

static err handle(struct mail *m, struct mail_call *call) {
    struct proto_order_written in;
    struct held_carried row;
    uint8_t name[32];
    if (proto_order_written_decode(call->body, &in) != OK)
        return mail_refuse(m, call, PROTO_REASON_MALFORMED);
    err e = mail_carried_get(m, in.id, &row);
    if (e == ERR_NOT_FOUND || (e == OK && memcmp(row.order, in.order, sizeof in.order) != 0))
        return mail_refuse(m, call, PROTO_REASON_NONE);
    TRY(e);
    TRY(name_of(in.id, name));
    TRY(empty(m, SLICE_ARRAY(name), &row));
    return mail_reply_ok(m, call);
}
