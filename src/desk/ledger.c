#include "desk/ledger.h"

#include "crypto/crypto.h"
#include "desk/internal.h"

static err fields_put(struct desk_store *s, int64_t leaf, const struct merkle_field *fields,
                      size_t n) {
    for (size_t i = 0; i < n; i++)
        TRY(desk_store_run(s, "INSERT INTO leaf_fields (leaf, slot, salt, value) VALUES (?,?,?,?)",
                           "iibb", leaf, (int64_t)fields[i].slot,
                           slice_of(fields[i].salt, MERKLE_SALT), fields[i].value));
    return OK;
}

err desk_ledger_leaf(struct desk *d, const struct merkle_field *fields, size_t n, slice case_id,
                     uint64_t number) {
    struct merkle_field salted[MERKLE_SLOTS];
    uint8_t salts[MERKLE_SLOTS][MERKLE_SALT], filler[MERKLE_FILLER], entry[MERKLE_SEALED];
    if (n > MERKLE_SLOTS)
        return ERR_LIMIT;
    crypto_random(salts, sizeof salts);
    crypto_random(filler, sizeof filler);
    for (size_t i = 0; i < n; i++) {
        salted[i] = fields[i];
        if (salted[i].salt == NULL)
            salted[i].salt = salts[i];
    }
    err e = merkle_seal(entry, salted, n, filler);
    if (e == OK)
        e = desk_store_run(d->store,
                           "INSERT INTO pending_leaves (entry, filler, case_id, number)"
                           " VALUES (?, ?, ?, ?)",
                           "bbti", SLICE_ARRAY(entry), SLICE_ARRAY(filler), case_id, number);
    if (e == OK)
        e = fields_put(d->store, desk_store_last(d->store), salted, n);
    wipe(salts, sizeof salts);
    wipe(filler, sizeof filler);
    return e;
}

err desk_ledger_forget(struct desk *d, slice case_id) {
    (void)d;
    (void)case_id;
    return OK; /* No field names an account. */
}

err desk_ledger_document(struct desk *d, const char *kind, uint64_t version, const uint8_t hash[32],
                         slice bytes) {
    (void)bytes; /* in the table of documents */
    return desk_store_run(d->store,
                          "INSERT INTO pending_notices (kind, version, hash) VALUES (?, ?, ?)",
                          "sib", kind, version, slice_of(hash, 32));
}
