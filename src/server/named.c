/* Whom an order names. */
#include "base/text.h"
#include "server/office.h"

err mail_order_account(const struct office_order *o, uint8_t id[MAIL_ID]) {
    buf bytes = {0};
    err e = hex_decode(&bytes, o->account.name);
    if (e == OK && o->account.by == OFFICE_BY_ID && bytes.n == MAIL_ID)
        memcpy(id, bytes.p, MAIL_ID);
    else if (e == OK && o->account.by == OFFICE_BY_KEY && bytes.n == MAIL_PUBLIC)
        e = mail_account_id(bytes.p, id);
    else if (e == OK)
        e = ERR_BUG; /* src/office has looked at it */
    buf_free(&bytes);
    return e;
}
