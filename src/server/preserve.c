/* A preservation order: the record is kept as it is, until the order's end. Nothing is given, and
 * nobody is told whether there is such an account. */
#include "server/office.h"

err mail_preserve(struct mail *m, const struct mail_office *f, const struct office_order *o,
                  const uint8_t *account, struct mail_given *given, enum office_reason *reason) {
    (void)f;
    (void)given;
    (void)reason;
    return account == NULL ? OK : mail_preserved_put(m, account, o->case_id, o->until);
}
