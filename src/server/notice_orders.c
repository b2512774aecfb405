/* A notice order is carried out: the order's own text, which persons and the notice key signed,
 * goes into the account's mailboxes as it is. */
#include "server/office.h"

_Static_assert((int)OFFICE_NOTICE_MAX == (int)PROTO_NOTICE_MAX,
               "what an office takes fits an item");

static err put(struct mail *m, const struct office_order *o) {
    struct proto_notice notice = {.text = o->document.text};
    uint8_t account[MAIL_ID];
    buf content = buf_on(m->mem);
    memcpy(notice.signature, o->told, sizeof notice.signature);
    TRY(mail_order_account(o, account));
    err e = proto_notice_encode(&content, &notice);
    if (e == OK)
        e = mail_notice_put(m, account, buf_slice(&content));
    buf_free(&content);
    return e == ERR_NOT_FOUND ? OK : e;
}

err mail_notice_order(struct mail *m, const struct mail_call *call, const struct office_order *o) {
    struct held_release row = {.week = m->week};
    struct proto_noticed out = {.id = o->id};
    memcpy(row.order, o->document.hash, sizeof row.order);
    TRY(put(m, o));
    TRY(mail_released_put(m, o->id, &row));
    writer w = mail_reply_open(m);
    proto_noticed_write(&w, &out);
    return mail_reply_close(m, call, PROTO_noticed, &w);
}
