/* Records that an order preserves: each as it was, sealed, until the end that the order names. The
 * row says neither whose it is nor of which case, nor whether there was such an account; only a
 * release order of the same case and account gets it out. */
#include "base/time.h"
#include "server/internal.h"

enum { NAME = 32, NONCE = 24, TAG = 16 };

/* The lengths of the parts are fixed but for the last. */
static err name_of(const struct mail *m, const uint8_t account[MAIL_ID], slice case_id,
                   uint8_t name[NAME]) {
    static const char label[] = "Sotto preserved record v1";
    slice parts[] = {slice_of(label, sizeof label), slice_of(account, MAIL_ID), case_id};
    return crypto_blake2b_keyed(name, NAME, SLICE_ARRAY(m->config.pepper), parts, 3);
}

static err row_key(const struct mail *m, uint8_t key[32]) {
    static const char label[] = "Sotto preserved records at rest v1";
    slice part = slice_of(label, sizeof label);
    return crypto_blake2b_keyed(key, 32, SLICE_ARRAY(m->config.pepper), &part, 1);
}

/* ---- What is sealed ---- All copies have one size. */

static err encode(buf *plain, const struct mail_preserved *p) {
    struct proto_record record = p->record;
    writer w = writer_on(plain);
    record.beside = (struct proto_list){SLICE_EMPTY, 0};
    writer_u64(&w, p->until);
    writer_u32(&w, p->week);
    writer_u8(&w, p->exists);
    proto_record_write(&w, &record);
    return writer_result(&w);
}

static err decode(slice plain, struct mail_preserved *p) {
    uint8_t exists = 0;
    reader r = reader_of(plain);
    TRY(reader_u64(&r, &p->until));
    TRY(reader_u32(&r, &p->week));
    TRY(reader_u8(&r, &exists));
    TRY(proto_record_read(&r, &p->record));
    p->exists = exists != 0;
    p->record.beside = (struct proto_list){SLICE_EMPTY, 0};
    return reader_end(&r);
}

static err seal(const struct mail *m, const uint8_t name[NAME], slice plain, buf *sealed) {
    uint8_t key[32];
    TRY(buf_resize(sealed, NONCE + plain.n + TAG));
    TRY(row_key(m, key));
    crypto_random(sealed->p, NONCE);
    err e = crypto_xchacha20poly1305.seal(sealed->p + NONCE, key, sealed->p, slice_of(name, NAME),
                                          plain);
    wipe(key, sizeof key);
    return e;
}

static err open_row(const struct mail *m, const uint8_t name[NAME], slice sealed, buf *plain) {
    uint8_t key[32];
    if (sealed.n < NONCE + TAG)
        return ERR_DAMAGED;
    TRY(buf_resize(plain, sealed.n - NONCE - TAG));
    TRY(row_key(m, key));
    err e = crypto_xchacha20poly1305.open(plain->p, key, sealed.p, slice_of(name, NAME),
                                          slice_of(sealed.p + NONCE, sealed.n - NONCE));
    wipe(key, sizeof key);
    return e == OK || e == ERR_NO_MEMORY ? e : ERR_DAMAGED;
}

/* ---- Rows ---- */

static err get(struct mail *m, const uint8_t name[NAME], struct mail_preserved *p) {
    struct held_preserved row;
    buf plain = buf_on(m->mem);
    TRY(held_preserved_get(m->store, m->batch, slice_of(name, NAME), 0, &m->value, &row));
    err e = open_row(m, name, row.sealed, &plain);
    if (e == OK && decode(buf_slice(&plain), p) != OK)
        e = ERR_DAMAGED;
    wipe(plain.p, plain.n);
    buf_free(&plain);
    return e == OK && p->until <= m->now ? ERR_NOT_FOUND : e;
}

static err put(struct mail *m, const uint8_t name[NAME], const struct mail_preserved *p) {
    buf plain = buf_on(m->mem), sealed = buf_on(m->mem);
    struct held_preserved row = {.week = time_week(p->until)};
    err e = encode(&plain, p);
    if (e == OK)
        e = seal(m, name, buf_slice(&plain), &sealed);
    row.sealed = buf_slice(&sealed);
    if (e == OK)
        e = mail_expiry_note_at(m, MAIL_EXPIRY_PRESERVED, row.week, slice_of(name, NAME));
    if (e == OK)
        e = held_preserved_put(m->batch, slice_of(name, NAME), 0, &m->row, &row);
    wipe(plain.p, plain.n);
    buf_free(&plain);
    buf_free(&sealed);
    return e;
}

err mail_preserved_get(struct mail *m, const uint8_t account[MAIL_ID], slice case_id,
                       struct mail_preserved *p) {
    uint8_t name[NAME];
    TRY(name_of(m, account, case_id, name));
    return get(m, name, p);
}

static err copy_now(struct mail *m, const uint8_t account[MAIL_ID], struct mail_preserved *p) {
    err e = mail_record(m, account, &p->record);
    p->exists = e == OK;
    p->week = m->week;
    return e == ERR_NOT_FOUND ? OK : e;
}

err mail_preserved_put(struct mail *m, const uint8_t account[MAIL_ID], slice case_id,
                       uint64_t until) {
    struct mail_preserved p = {.until = 0};
    uint8_t name[NAME];
    TRY(name_of(m, account, case_id, name));
    err e = get(m, name, &p);
    if (e == ERR_NOT_FOUND) {
        p = (struct mail_preserved){.until = 0};
        e = copy_now(m, account, &p);
    }
    TRY(e);
    if (until > p.until)
        p.until = until;
    return put(m, name, &p);
}

err mail_preserved_expire(struct mail *m, slice name) {
    struct held_preserved row;
    err e = held_preserved_get(m->store, m->batch, name, 0, &m->value, &row);
    if (e == ERR_NOT_FOUND)
        return OK;
    TRY(e);
    return mail_expired(m, MAIL_EXPIRY_PRESERVED, row.week)
               ? store_batch_delete(m->batch, mail_key(MAIL_PRESERVED, name, 0))
               : OK;
}
