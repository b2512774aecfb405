/* Cosignatures: what goes to witnesses, and what they say. Each is kept, with its time, so that one
 * can show how long a witness has known something. */
#include "desk/ledger_internal.h"

/* ---- Who ---- */

static err find_witness(const struct desk *d, slice key, struct merkle_key *out) {
    const struct office *o = d->office;
    for (size_t i = 0; o != NULL && i < o->witnesses.n; i++)
        if (slice_equal(o->witnesses.p[i].text, key))
            return merkle_key_parse(out, key);
    return ERR_NOT_FOUND;
}

static err known_of(struct desk *d, slice key, struct desk_ledger_witness *w) {
    struct desk_rows q;
    *w = (struct desk_ledger_witness){.key = key};
    desk_rows_begin(&q, d->store,
                    "SELECT size, seconds FROM cosigned WHERE witness = ?"
                    " ORDER BY event DESC LIMIT 1",
                    "t", key);
    if (desk_rows_next(&q)) {
        w->size = desk_row_number(&q, 0);
        w->time = desk_row_number(&q, 1) * TIME_SECOND;
    }
    return desk_rows_end(&q);
}

err desk_ledger_witnesses(struct desk *d, desk_ledger_witness_visit *visit, void *ctx) {
    const struct office *o = d->office;
    struct desk_ledger_witness w;
    bool more = true;
    for (size_t i = 0; more && o != NULL && i < o->witnesses.n; i++) {
        TRY(known_of(d, o->witnesses.p[i].text, &w));
        more = visit(ctx, &w);
    }
    return OK;
}

/* ---- The newest checkpoint, as all have signed it ---- */

static err add_cosignatures(struct desk *d, uint64_t size, slice key, buf *note) {
    struct desk_rows q;
    desk_rows_begin(&q, d->store,
                    "SELECT lines FROM cosigned WHERE witness = ? AND size = ?"
                    " ORDER BY event DESC LIMIT 1",
                    "ti", key, size);
    if (desk_rows_next(&q))
        q.result = buf_append(note, desk_row_bytes(&q, 0));
    return desk_rows_end(&q);
}

err desk_ledger_checkpoint(struct desk *d, buf *note) {
    const struct office *o = d->office;
    struct ledger_batch newest;
    TRY(ledger_batch_newest(d, &newest));
    if (newest.number == 0)
        return ERR_NOT_FOUND;
    TRY(ledger_batch_note(d, ledger_batch_end(&newest), note));
    for (size_t i = 0; o != NULL && i < o->witnesses.n; i++)
        TRY(add_cosignatures(d, ledger_batch_end(&newest), o->witnesses.p[i].text, note));
    return OK;
}

/* ---- Asking ---- */

static err prove(struct desk *d, uint64_t old, uint64_t size, struct merkle_proof *proof) {
    struct merkle_tiles tiles = ledger_tiles(d);
    struct merkle_tile_reader r;
    merkle_tile_reader_init(&r, &tiles, size);
    struct merkle_source source = merkle_tile_source(&r);
    err e = merkle_consistency_prove(&source, old, size, proof);
    merkle_tile_reader_fini(&r);
    return e;
}

/* What it said that it knows, if that was said last: it may have lost an answer of ours. */
static err old_size(struct desk *d, slice key, uint64_t *size) {
    return desk_store_number(d->store, size, "SELECT size FROM witnesses WHERE witness = ?", "t",
                             key);
}

err desk_ledger_ask(struct desk *d, slice key, buf *body) {
    struct merkle_key witness;
    struct merkle_add_checkpoint request;
    struct ledger_batch newest;
    buf note = {0};
    TRY(find_witness(d, key, &witness));
    TRY(ledger_batch_newest(d, &newest));
    if (newest.number == 0)
        return ERR_NOT_FOUND;
    TRY(old_size(d, key, &request.old));
    if (request.old > ledger_batch_end(&newest))
        return ERR_DAMAGED;
    err e = prove(d, request.old, ledger_batch_end(&newest), &request.proof);
    if (e == OK)
        e = ledger_batch_note(d, ledger_batch_end(&newest), &note);
    request.note = buf_slice(&note);
    if (e == OK)
        e = merkle_add_checkpoint_format(body, &request);
    buf_free(&note);
    return e;
}

/* ---- Answers ---- */

static err keep_size(struct desk *d, slice key, uint64_t size) {
    return desk_store_run(d->store,
                          "INSERT OR REPLACE INTO witnesses (witness, size) VALUES (?, ?)", "ti",
                          key, size);
}

static err keep_both(struct desk *d, slice key, uint64_t size, uint64_t seconds, slice lines) {
    /* Not desk_begin, which may read the office anew: `key` is likely a part of it. */
    TRY(desk_store_begin(d->store));
    err e = desk_store_run(d->store,
                           "INSERT INTO cosigned (witness, size, seconds, lines)"
                           " VALUES (?, ?, ?, ?)",
                           "tiib", key, size, seconds, lines);
    if (e == OK)
        e = keep_size(d, key, size);
    return desk_end(d, e);
}

/* Of the newest checkpoint: what was asked for before a batch came is of no use any more. */
static err take(struct desk *d, slice key, const struct merkle_key *witness, slice body) {
    struct ledger_batch newest;
    buf note = {0};
    uint64_t seconds = 0;
    TRY(ledger_batch_newest(d, &newest));
    err e = ledger_batch_note(d, ledger_batch_end(&newest), &note);
    size_t before = note.n;
    if (e == OK)
        e = merkle_cosignature_take(&note, body, witness, &seconds);
    if (e == OK)
        e = keep_both(d, key, ledger_batch_end(&newest), seconds,
                      slice_of(note.p + before, note.n - before));
    buf_free(&note);
    return e;
}

static err take_size(struct desk *d, slice key, slice body) {
    struct ledger_batch newest;
    uint64_t size;
    TRY(merkle_conflict_parse(body, &size));
    TRY(ledger_batch_newest(d, &newest));
    if (size > ledger_batch_end(&newest))
        return ERR_DAMAGED;
    return keep_size(d, key, size);
}

err desk_ledger_answer(struct desk *d, slice key, unsigned status, slice body) {
    struct merkle_key witness;
    TRY(find_witness(d, key, &witness));
    if (status == MERKLE_STATUS_CONFLICT)
        return take_size(d, key, body);
    return status == MERKLE_STATUS_OK ? take(d, key, &witness, body) : ERR_UNSUPPORTED;
}
