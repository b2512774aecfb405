/* Whom a case means: what the name in its first order led to. A handle changes hands; who was told
 * of a case, whose record was kept for it, and whose is released have to be one and the same. The
 * row says neither which case nor whose account it is, nor whether there is one. */
#include "base/time.h"
#include "server/internal.h"

enum { HASH = 32, WEEKS = 52 };

static err name_of(const struct mail *m, slice case_id, uint8_t name[HASH]) {
    static const char label[] = "Sotto case v1";
    slice parts[] = {slice_of(label, sizeof label), case_id};
    return crypto_blake2b_keyed(name, HASH, SLICE_ARRAY(m->config.pepper), parts, 2);
}

/* account: NULL for nobody. */
static err account_hash(const struct mail *m, slice case_id, const uint8_t *account,
                        uint8_t hash[HASH]) {
    static const char label[] = "Sotto account of a case v1";
    static const uint8_t nobody[MAIL_ID];
    slice parts[] = {slice_of(label, sizeof label),
                     slice_of(account == NULL ? nobody : account, MAIL_ID), case_id};
    return crypto_blake2b_keyed(hash, HASH, SLICE_ARRAY(m->config.pepper), parts, 3);
}

err mail_meant_check(struct mail *m, slice case_id, const uint8_t account[MAIL_ID], bool *other) {
    struct held_meant row;
    uint8_t name[HASH], hash[HASH];
    TRY(name_of(m, case_id, name));
    TRY(account_hash(m, case_id, account, hash));
    err e = held_meant_get(m->store, m->batch, SLICE_ARRAY(name), 0, &m->value, &row);
    *other = e == OK && !equal_secret(row.account, hash, HASH);
    return e == ERR_NOT_FOUND ? OK : e;
}

err mail_meant_put(struct mail *m, slice case_id, const uint8_t *account) {
    struct held_meant row;
    uint8_t name[HASH];
    TRY(name_of(m, case_id, name));
    err e = held_meant_get(m->store, m->batch, SLICE_ARRAY(name), 0, &m->value, &row);
    if (e == ERR_NOT_FOUND)
        e = account_hash(m, case_id, account, row.account);
    TRY(e);
    row.week = m->week + WEEKS;
    TRY(mail_expiry_note_at(m, MAIL_EXPIRY_MEANT, row.week, SLICE_ARRAY(name)));
    return held_meant_put(m->batch, SLICE_ARRAY(name), 0, &m->row, &row);
}

err mail_meant_expire(struct mail *m, slice name) {
    struct held_meant row;
    err e = held_meant_get(m->store, m->batch, name, 0, &m->value, &row);
    if (e == ERR_NOT_FOUND)
        return OK;
    TRY(e);
    return mail_expired(m, MAIL_EXPIRY_MEANT, row.week)
               ? store_batch_delete(m->batch, mail_key(MAIL_OFFICE, name, 0))
               : OK;
}
