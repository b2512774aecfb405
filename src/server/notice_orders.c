/* A notice order is carried out: the order's own text, which persons and the notice key signed,
 * goes into the account's mailboxes as it is. What is given is the same if there is no such
 * account. */
#include "server/office.h"

_Static_assert((int)OFFICE_NOTICE_MAX == (int)PROTO_NOTICE_MAX,
               "what an office takes fits an item");

err mail_notice_order(struct mail *m, const struct mail_office *f, const struct office_order *o,
                      const uint8_t *account, struct mail_given *given,
                      enum office_reason *reason) {
    struct proto_notice notice = {.text = o->document.text};
    buf content = buf_on(m->mem);
    (void)f, (void)given, (void)reason;
    memcpy(notice.signature, o->told, sizeof notice.signature);
    err e = proto_notice_encode(&content, &notice);
    if (e == OK && account != NULL)
        e = mail_notice_put(m, account, buf_slice(&content));
    buf_free(&content);
    return e == ERR_NOT_FOUND ? OK : e;
}
