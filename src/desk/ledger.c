/* Leaves, and what is kept beside them. */
#include "desk/ledger.h"

#include "base/text.h"
#include "crypto/crypto.h"
#include "desk/ledger_internal.h"
#include "sys/files.h"

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
    return desk_store_run(d->store,
                          "DELETE FROM leaf_fields WHERE slot IN (?, ?) AND leaf IN"
                          " (SELECT leaf FROM pending_leaves WHERE case_id = ?)",
                          "iit", (int64_t)MERKLE_SLOT_FILING, (int64_t)MERKLE_SLOT_ORDER, case_id);
}

/* ---- Public documents ---- */

static err document_leaf(struct desk *d, const char *kind, uint64_t version, slice hash) {
    char number[DECIMAL_TEXT];
    decimal_text(version, number);
    const struct {
        enum merkle_slot slot;
        slice value;
    } said[] = {{MERKLE_SLOT_MOVE, slice_str(kind)},
                {MERKLE_SLOT_NUMBER, slice_str(number)},
                {MERKLE_SLOT_DOCUMENT, hash}};
    struct merkle_field fields[3];
    for (size_t i = 0; i < 3; i++)
        fields[i] = (struct merkle_field){said[i].slot, merkle_slot_name(said[i].slot), NULL,
                                          said[i].value};
    TRY(desk_ledger_leaf(d, fields, 3, SLICE_EMPTY, 0));
    return desk_store_run(d->store,
                          "INSERT INTO document_leaves (leaf, kind, version) SELECT MAX(leaf), ?, ?"
                          " FROM pending_leaves",
                          "si", kind, version);
}

err desk_ledger_document(struct desk *d, const char *kind, uint64_t version, const uint8_t hash[32],
                         slice bytes) {
    buf hex = {0};
    (void)bytes; /* in the table of documents */
    err e = hex_encode(&hex, slice_of(hash, 32));
    if (e == OK)
        e = document_leaf(d, kind, version, buf_slice(&hex));
    if (e == OK)
        e = desk_store_run(d->store,
                           "INSERT INTO pending_notices (kind, version, hash) VALUES (?, ?, ?)",
                           "sib", kind, version, slice_of(hash, 32));
    buf_free(&hex);
    return e;
}

/* ---- Publishing ---- */

static err go(struct desk *d, uint64_t now, bool begin) {
    struct ledger_key key;
    TRY(ledger_key_load(d, &key));
    err e = ledger_notices_go(d, &key);
    if (e == OK)
        e = ledger_batch_go(d, &key, now, begin);
    wipe(&key, sizeof key);
    return e;
}

static err go_alone(struct desk *d, uint64_t now, bool begin) {
    char path[LEDGER_PATH];
    int lock;
    TRY(ledger_path(d, "ledger.lock", path));
    TRY(sys_lock_take(path, &lock));
    /* With the office as it is now. */
    err e = desk_begin(d);
    if (e == OK)
        e = desk_end(d, OK);
    if (e == OK)
        e = go(d, now, begin);
    sys_lock_release(lock);
    return e;
}

err desk_ledger_tick(struct desk *d, uint64_t now) {
    return d->office == NULL ? OK : go_alone(d, now, false);
}

err desk_ledger_publish(struct desk *d, uint64_t now) {
    return go_alone(d, now, true);
}

err desk_ledger_state_get(struct desk *d, struct desk_ledger_state *state) {
    struct ledger_batch newest;
    TRY(ledger_batch_newest(d, &newest));
    *state = (struct desk_ledger_state){.size = ledger_batch_end(&newest),
                                        .batches = newest.number,
                                        .time = newest.time,
                                        .root = newest.root};
    return desk_store_number(d->store, &state->waiting,
                             "SELECT COUNT(*) FROM pending_leaves WHERE place IS NULL", "");
}
