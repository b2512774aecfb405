/* Key packages: each is given once, then the last-resort one. */
#include "server/internal.h"

static err handle_put(struct mail *m, struct mail_call *call);
static err handle_last_resort(struct mail *m, struct mail_call *call);
static err handle_drop(struct mail *m, struct mail_call *call);
static err handle_count(struct mail *m, struct mail_call *call);
static err handle_take(struct mail *m, struct mail_call *call);
const struct mail_handler mail_handle_key_package_put = {PROTO_key_package_put, handle_put};
const struct mail_handler mail_handle_last_resort_put = {PROTO_last_resort_put, handle_last_resort};
const struct mail_handler mail_handle_key_package_drop = {PROTO_key_package_drop, handle_drop};
const struct mail_handler mail_handle_key_package_count = {PROTO_key_package_count, handle_count};
const struct mail_handler mail_handle_key_package_take = {PROTO_key_package_take, handle_take};

static slice name_of(const struct mail_box *box) {
    return slice_of(box->id, MAIL_ID);
}

/* ---- Which numbers are in use ---- They have no holes: the lowest is given, the highest added. */

static bool take_number(void *ctx, struct store_key key, slice value) {
    (void)value;
    *(uint64_t *)ctx = key.number;
    return false;
}

err mail_key_packages_load(struct mail *m, struct mail_box *box) {
    uint64_t first = 0, last = 0;
    struct store_key key = mail_key(MAIL_KEY_PACKAGE, name_of(box), 1);
    if (box->packages_loaded)
        return OK;
    TRY(store_scan(m->store, key, UINT64_MAX, take_number, &first));
    TRY(store_scan_down(m->store, key, UINT64_MAX, take_number, &last));
    box->package_first = first == 0 ? 1 : first;
    box->package_end = last + 1;
    box->packages_loaded = true;
    return OK;
}

static err own_box(struct mail *m, const struct mail_call *call, struct mail_box **box) {
    TRY(mail_box_get(m, call->session->mailbox, box));
    return mail_key_packages_load(m, *box);
}

/* ---- At rest ----
 * A key package names its account and an address. The row is its mailbox's all the same; but what
 * is looked for on a disk should be on none, so it is sealed under a key of the pepper. */

enum { NONCE = 24, TAG = 16 };

static err row_key(const struct mail *m, uint8_t key[32]) {
    static const char label[] = "Sotto key packages at rest v1";
    slice part = slice_of(label, sizeof label);
    return crypto_blake2b_keyed(key, 32, SLICE_ARRAY(m->config.pepper), &part, 1);
}

/* number: 0 for the last-resort one. */
static void bind(uint8_t data[MAIL_ID + 8], const uint8_t mailbox[MAIL_ID], uint64_t number) {
    memcpy(data, mailbox, MAIL_ID);
    put_u64(data + MAIL_ID, number);
}

/* Into mail.value. */
static err seal(struct mail *m, const uint8_t mailbox[MAIL_ID], uint64_t number, slice package) {
    uint8_t key[32], data[MAIL_ID + 8];
    bind(data, mailbox, number);
    buf_clear(&m->value);
    TRY(buf_resize(&m->value, NONCE + package.n + TAG));
    TRY(row_key(m, key));
    crypto_random(m->value.p, NONCE);
    err e = crypto_xchacha20poly1305.seal(m->value.p + NONCE, key, m->value.p, SLICE_ARRAY(data),
                                          package);
    wipe(key, sizeof key);
    return e;
}

/* In place: sealed lies in mail.value. */
static err open_row(struct mail *m, const uint8_t mailbox[MAIL_ID], uint64_t number, slice sealed,
                    slice *package) {
    uint8_t key[32], data[MAIL_ID + 8];
    if (sealed.n < NONCE + TAG)
        return ERR_DAMAGED;
    uint8_t *at = m->value.p + (sealed.p - m->value.p) + NONCE;
    bind(data, mailbox, number);
    TRY(row_key(m, key));
    err e = crypto_xchacha20poly1305.open(at, key, sealed.p, SLICE_ARRAY(data),
                                          slice_of(at, sealed.n - NONCE));
    wipe(key, sizeof key);
    *package = slice_of(at, sealed.n - NONCE - TAG);
    return e == ERR_NO_MEMORY ? e : e == OK ? OK : ERR_DAMAGED;
}

/* ---- The owner's side ---- */

static err handle_put(struct mail *m, struct mail_call *call) {
    struct proto_key_package_put in;
    struct mail_box *box = NULL;
    if (proto_key_package_put_decode(call->body, &in) != OK)
        return mail_refuse(m, call, PROTO_REASON_MALFORMED);
    TRY(own_box(m, call, &box));
    uint64_t held = box->package_end - box->package_first;
    if (held + in.key_packages.count > m->config.limits.key_packages)
        return mail_refuse(m, call, PROTO_REASON_LIMIT);
    reader r = reader_of(in.key_packages.bytes);
    for (uint32_t i = 0; i < in.key_packages.count; i++) {
        struct proto_key_package package;
        TRY(proto_key_package_read(&r, &package));
        TRY(seal(m, box->id, box->package_end, package.bytes));
        struct held_key_package row = {.sealed = buf_slice(&m->value)};
        TRY(held_key_package_put(m->batch, name_of(box), box->package_end, &m->row, &row));
        box->package_end++;
    }
    return mail_reply_ok(m, call);
}

static err handle_last_resort(struct mail *m, struct mail_call *call) {
    struct proto_last_resort_put in;
    if (proto_last_resort_put_decode(call->body, &in) != OK)
        return mail_refuse(m, call, PROTO_REASON_MALFORMED);
    slice name = slice_of(call->session->mailbox, MAIL_ID);
    TRY(seal(m, call->session->mailbox, 0, in.key_package));
    struct held_last_resort row = {.sealed = buf_slice(&m->value)};
    TRY(held_last_resort_put(m->batch, name, 0, &m->row, &row));
    return mail_reply_ok(m, call);
}

/* The device puts newer ones, with newer addresses. */
static err handle_drop(struct mail *m, struct mail_call *call) {
    struct mail_box *box = NULL;
    TRY(own_box(m, call, &box));
    if (box->package_first < box->package_end)
        TRY(store_batch_delete_range(m->batch,
                                     mail_key(MAIL_KEY_PACKAGE, name_of(box), box->package_first),
                                     box->package_end - 1));
    box->package_first = box->package_end;
    return mail_reply_ok(m, call);
}

static err handle_count(struct mail *m, struct mail_call *call) {
    struct mail_box *box = NULL;
    TRY(own_box(m, call, &box));
    struct proto_key_package_left out = {.count =
                                             (uint32_t)(box->package_end - box->package_first)};
    writer w = mail_reply_open(m);
    proto_key_package_left_write(&w, &out);
    return mail_reply_close(m, call, PROTO_key_package_left, &w);
}

err mail_key_packages_delete(struct mail *m, struct mail_box *box) {
    TRY(mail_key_packages_load(m, box));
    for (; box->package_first < box->package_end; box->package_first++)
        TRY(store_batch_delete(m->batch,
                               mail_key(MAIL_KEY_PACKAGE, name_of(box), box->package_first)));
    return store_batch_delete(m->batch, mail_key(MAIL_LAST_RESORT, name_of(box), 0));
}

err mail_key_packages_measure(struct mail *m, struct mail_box *box, struct proto_held_kind *kind) {
    struct held_key_package package;
    struct held_last_resort last;
    TRY(mail_key_packages_load(m, box));
    for (uint64_t i = box->package_first; i < box->package_end; i++) {
        TRY(held_key_package_get(m->store, m->batch, name_of(box), i, &m->scratch, &package));
        kind->bytes += package.sealed.n;
    }
    kind->count += box->package_end - box->package_first;
    err e = held_last_resort_get(m->store, m->batch, name_of(box), 0, &m->scratch, &last);
    if (e == ERR_NOT_FOUND)
        return OK;
    TRY(e);
    kind->count++;
    kind->bytes += last.sealed.n;
    return OK;
}

/* ---- The bearer's side ---- */

/* When all bearers together took enough, the next ones get the last-resort one: those who took them
 * can't keep the others from adding the device. */
enum allowance { NOTHING, LAST_RESORT, ANY };

static enum allowance may_take(struct mail *m, const struct mail_box *box,
                               const uint8_t serial[MAIL_SERIAL]) {
    const struct mail_limits *limits = &m->config.limits;
    if (!mail_day_take(m, MAIL_DAY_ADDRESS, box->id, serial, 1, limits->takes_address))
        return NOTHING;
    bool any = !mail_revoked(box, serial) &&
               mail_day_take(m, MAIL_DAY_PACKAGES, box->id, NULL, 1, limits->takes_mailbox);
    return any ? ANY : LAST_RESORT;
}

/* The first, in mail.value. */
static err take_first(struct mail *m, const struct mail_box *box, slice *package) {
    struct held_key_package row;
    uint64_t number = box->package_first;
    err e = held_key_package_get(m->store, m->batch, name_of(box), number, &m->value, &row);
    if (e == ERR_NOT_FOUND)
        return ERR_DAMAGED;
    TRY(e);
    return open_row(m, box->id, number, row.sealed, package);
}

/* One, in mail.value. One that can't be read is dropped, and the next is given. NOT_FOUND. */
static err take_one(struct mail *m, struct mail_box *box, enum allowance allowed,
                    struct proto_key_package_taken *out) {
    struct held_last_resort last;
    while (allowed == ANY && box->package_first < box->package_end) {
        err e = take_first(m, box, &out->key_package);
        if (e != OK && !mail_is_damaged(m, e))
            return e;
        TRY(store_batch_delete(m->batch,
                               mail_key(MAIL_KEY_PACKAGE, name_of(box), box->package_first)));
        box->package_first++;
        if (e == OK)
            return OK;
    }
    out->last_resort = true;
    TRY(held_last_resort_get(m->store, m->batch, name_of(box), 0, &m->value, &last));
    return open_row(m, box->id, 0, last.sealed, &out->key_package);
}

static err handle_take(struct mail *m, struct mail_call *call) {
    struct proto_key_package_take in;
    struct proto_key_package_taken out = {0};
    uint8_t mailbox[MAIL_ID], serial[MAIL_SERIAL];
    struct mail_box *box = NULL;
    if (proto_key_package_take_decode(call->body, &in) != OK)
        return mail_refuse(m, call, PROTO_REASON_MALFORMED);
    if (mail_address_open(m, in.address, mailbox, serial) != OK)
        return mail_refuse(m, call, PROTO_REASON_ADDRESS);
    TRY(mail_box_get(m, mailbox, &box));
    TRY(mail_key_packages_load(m, box));
    enum allowance allowed = may_take(m, box, serial);
    if (allowed == NOTHING)
        return mail_refuse(m, call, PROTO_REASON_LIMIT);
    err e = take_one(m, box, allowed, &out);
    if (e == ERR_NOT_FOUND)
        return mail_refuse(m, call, PROTO_REASON_NONE);
    TRY(e);
    writer w = mail_reply_open(m);
    proto_key_package_taken_write(&w, &out);
    return mail_reply_close(m, call, PROTO_key_package_taken, &w);
}
