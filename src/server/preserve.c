/* A preservation order: the record is kept as it is, until the order's end. Nothing is given, and
 * nobody is told whether there is such an account. */
#include "server/office.h"

err mail_preserve(struct mail *m, const struct mail_office *f, const struct office_order *o,
                  struct mail_given *given, enum office_reason *reason) {
    uint8_t id[MAIL_ID];
    (void)f;
    (void)given;
    (void)reason;
    err e = mail_order_account(m, o, id);
    if (e == ERR_NOT_FOUND)
        return OK;
    TRY(e);
    return mail_preserved_put(m, id, o->case_id, o->until);
}
