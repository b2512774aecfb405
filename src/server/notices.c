/* Notices of the request desk: items that the server itself puts into the mailboxes of an account's
 * devices. In a mailbox one looks like any item. It has to outlive the others, so what is put there
 * is kept beside it, in a row that only the pepper's holder can open, and whose name tells nothing:
 * when the item expires the notice is sealed to the mailbox anew. Once a week each row is looked
 * at, and goes if the device fetched the item or is signed off. */
#include "server/internal.h"

enum { NONCE = 24, TAG = 16, NAME = 32, WHERE = MAIL_ID + 8 };

/* ---- The row ---- `mailbox | position | item`, sealed, under its name. */

static err name_of(const struct mail *m, const struct mail_box *box, uint64_t position,
                   uint8_t name[NAME]) {
    static const char label[] = "Sotto notice v1";
    uint8_t number[8];
    put_u64(number, position);
    slice parts[] = {slice_of(label, sizeof label), slice_of(box->id, MAIL_ID),
                     SLICE_ARRAY(number)};
    return crypto_blake2b_keyed(name, NAME, SLICE_ARRAY(m->config.pepper), parts, 3);
}

static err row_key(const struct mail *m, uint8_t key[32]) {
    static const char label[] = "Sotto notices at rest v1";
    slice part = slice_of(label, sizeof label);
    return crypto_blake2b_keyed(key, 32, SLICE_ARRAY(m->config.pepper), &part, 1);
}

struct kept {
    uint8_t mailbox[MAIL_ID];
    uint64_t position;
    slice item;
};

static err seal(const struct mail *m, const uint8_t name[NAME], const struct kept *k, buf *sealed) {
    uint8_t key[32];
    buf plain = buf_on(m->mem);
    writer w = writer_on(&plain);
    writer_bytes(&w, SLICE_ARRAY(k->mailbox));
    writer_u64(&w, k->position);
    writer_bytes(&w, k->item);
    err e = writer_result(&w);
    if (e == OK)
        e = buf_resize(sealed, NONCE + plain.n + TAG);
    if (e == OK)
        e = row_key(m, key);
    if (e == OK) {
        crypto_random(sealed->p, NONCE);
        e = crypto_xchacha20poly1305.seal(sealed->p + NONCE, key, sealed->p, slice_of(name, NAME),
                                          buf_slice(&plain));
    }
    wipe(key, sizeof key);
    buf_free(&plain);
    return e;
}

static err open_row(const struct mail *m, slice name, slice sealed, buf *plain, struct kept *k) {
    uint8_t key[32];
    if (sealed.n < NONCE + TAG + WHERE)
        return ERR_DAMAGED;
    TRY(buf_resize(plain, sealed.n - NONCE - TAG));
    TRY(row_key(m, key));
    err e = crypto_xchacha20poly1305.open(plain->p, key, sealed.p, name,
                                          slice_of(sealed.p + NONCE, sealed.n - NONCE));
    wipe(key, sizeof key);
    if (e != OK)
        return e == ERR_NO_MEMORY ? e : ERR_DAMAGED;
    reader r = reader_of(buf_slice(plain));
    TRY(reader_copy(&r, k->mailbox, MAIL_ID));
    TRY(reader_u64(&r, &k->position));
    k->item = reader_rest(&r);
    return OK;
}

/* Into *plain. NOT_FOUND, DAMAGED. */
static err get(struct mail *m, slice name, buf *plain, struct kept *k) {
    struct held_notice row;
    TRY(held_notice_get(m->store, m->batch, name, 0, &m->value, &row));
    return open_row(m, name, row.sealed, plain, k);
}

static err forget(struct mail *m, slice name) {
    return store_batch_delete(m->batch, mail_key(MAIL_KEPT_NOTICE, name, 0));
}

/* ---- Into a mailbox ---- */

/* And keeps it. */
static err put(struct mail *m, struct mail_box *box, slice item) {
    struct kept k = {.item = item};
    uint8_t name[NAME];
    buf sealed = buf_on(m->mem);
    memcpy(k.mailbox, box->id, MAIL_ID);
    TRY(mail_item_prepare(m, SLICE_EMPTY, item));
    TRY(mail_box_append_own(m, box, &k.position));
    TRY(name_of(m, box, k.position, name));
    err e = seal(m, name, &k, &sealed);
    struct held_notice row = {.sealed = buf_slice(&sealed)};
    if (e == OK)
        e = held_notice_put(m->batch, SLICE_ARRAY(name), 0, &m->row, &row);
    if (e == OK)
        e = mail_expiry_note(m, MAIL_EXPIRY_NOTICE, SLICE_ARRAY(name));
    buf_free(&sealed);
    return e;
}

struct boxes {
    struct mail_box *each[PROTO_DEVICES_MAX];
    size_t n;
};

/* A device in the list that did not come yet has none. */
static err find_boxes(struct mail *m, const uint8_t account[MAIL_ID], struct boxes *boxes) {
    struct mail_account a;
    struct proto_device_list list;
    struct proto_device device;
    TRY(mail_account_get(m, account, &a));
    if (proto_device_list_decode(a.row.devices, &list) != OK)
        return ERR_DAMAGED;
    for (reader r = reader_of(list.devices.bytes); proto_device_read(&r, &device) == OK;) {
        struct held_device d;
        struct mail_box *box = NULL;
        err e = mail_device_get(m, account, device.id, &d);
        if (e == OK)
            e = mail_box_get(m, d.mailbox, &box);
        if (e == OK && !box->gone)
            boxes->each[boxes->n++] = box;
        if (e != ERR_NOT_FOUND)
            TRY(e);
    }
    return OK;
}

err mail_notice_put(struct mail *m, const uint8_t account[MAIL_ID], slice notice) {
    struct boxes boxes = {.n = 0};
    buf item = buf_on(m->mem);
    TRY(find_boxes(m, account, &boxes));
    err e = proto_item_write(&item, PROTO_ITEM_NOTICE, notice);
    for (size_t i = 0; e == OK && i < boxes.n; i++)
        e = put(m, boxes.each[i], buf_slice(&item));
    buf_free(&item);
    return e;
}

/* ---- Until it is fetched ---- */

/* A damaged row is reported, and its notice expires as any item. */
err mail_notice_again(struct mail *m, struct mail_box *box, uint64_t position, bool *again) {
    struct kept k;
    uint8_t name[NAME];
    buf plain = buf_on(m->mem);
    TRY(name_of(m, box, position, name));
    err e = get(m, SLICE_ARRAY(name), &plain, &k);
    *again = e == OK;
    if (e == OK)
        e = put(m, box, k.item);
    if (*again && e == OK)
        e = forget(m, SLICE_ARRAY(name));
    buf_free(&plain);
    return e == ERR_NOT_FOUND || mail_is_damaged(m, e) ? OK : e;
}

static err look(struct mail *m, slice name, const struct kept *k) {
    struct mail_box *box = NULL;
    TRY(mail_box_get(m, k->mailbox, &box));
    return box->gone || box->floor >= k->position ? forget(m, name)
                                                  : mail_expiry_note(m, MAIL_EXPIRY_NOTICE, name);
}

err mail_notice_expire(struct mail *m, slice name) {
    struct kept k;
    buf plain = buf_on(m->mem);
    err e = get(m, name, &plain, &k);
    if (e == OK)
        e = look(m, name, &k);
    buf_free(&plain);
    return e == ERR_NOT_FOUND ? OK : e;
}
