/* Accounts and their devices: registration, login, and the record, which is all that can be said
 * about an account. */
#include "server/internal.h"

static err handle_register(struct mail *m, struct mail_call *call);
static err handle_login(struct mail *m, struct mail_call *call);
static err handle_record(struct mail *m, struct mail_call *call);
const struct mail_handler mail_handle_register = {PROTO_register_account, handle_register};
const struct mail_handler mail_handle_login = {PROTO_login, handle_login};
const struct mail_handler mail_handle_record_get = {PROTO_record_get, handle_record};

enum { KEY = 32, SIGNATURE = 64, HANDSHAKE = 64 };

/* ---- Signatures ---- */

static bool proved(const struct mail_call *call, const uint8_t key[KEY],
                   const uint8_t proof[SIGNATURE]) {
    return call->proof.n == HANDSHAKE &&
           crypto_verify_labeled(proof, key, PROTO_LABEL_LOGIN, call->proof) == OK;
}

/* The list's signature covers all before it. */
static bool list_signed(const struct proto_device_list *list, slice encoded) {
    return encoded.n > SIGNATURE &&
           crypto_verify_labeled(list->signature, list->identity, PROTO_LABEL_DEVICE_LIST,
                                 slice_of(encoded.p, encoded.n - SIGNATURE)) == OK;
}

/* ---- Stored forms ---- */

struct account {
    uint8_t id[MAIL_ID];
    uint32_t created, seen;
    slice devices; /* in mail.value */
};

struct device {
    uint8_t key[KEY];
    uint8_t mailbox[MAIL_ID];
};

struct device_name {
    uint8_t bytes[2 * MAIL_ID];
};

static struct device_name device_name(const uint8_t account[MAIL_ID],
                                      const uint8_t device[MAIL_ID]) {
    struct device_name name;
    memcpy(name.bytes, account, MAIL_ID);
    memcpy(name.bytes + MAIL_ID, device, MAIL_ID);
    return name;
}

static err account_id(const uint8_t identity[KEY], uint8_t id[MAIL_ID]) {
    uint8_t hash[32];
    slice part = slice_of(identity, KEY);
    TRY(crypto_sha256.hash(hash, &part, 1));
    memcpy(id, hash, MAIL_ID);
    return OK;
}

/* NOT_FOUND. */
static err account_get(struct mail *m, const uint8_t id[MAIL_ID], struct account *a) {
    buf_clear(&m->value);
    memcpy(a->id, id, MAIL_ID);
    TRY(store_get(m->store, m->batch, mail_key(MAIL_ACCOUNT, slice_of(id, MAIL_ID), 0), &m->value));
    reader r = reader_of(buf_slice(&m->value));
    if (reader_u32(&r, &a->created) != OK || reader_u32(&r, &a->seen) != OK ||
        reader_vec(&r, &a->devices) != OK || reader_end(&r) != OK)
        return ERR_DAMAGED;
    return OK;
}

static err account_put(struct mail *m, const struct account *a) {
    buf_clear(&m->scratch);
    writer w = writer_on(&m->scratch);
    writer_u32(&w, a->created);
    writer_u32(&w, a->seen);
    writer_vec(&w, a->devices);
    TRY(writer_result(&w));
    return store_batch_put(m->batch, mail_key(MAIL_ACCOUNT, slice_of(a->id, MAIL_ID), 0),
                           buf_slice(&m->scratch));
}

/* NOT_FOUND. */
static err device_get(struct mail *m, const uint8_t account[MAIL_ID], const uint8_t device[MAIL_ID],
                      struct device *d) {
    struct device_name name = device_name(account, device);
    buf_clear(&m->scratch);
    TRY(store_get(m->store, m->batch, mail_key(MAIL_DEVICE, SLICE_ARRAY(name.bytes), 0),
                  &m->scratch));
    reader r = reader_of(buf_slice(&m->scratch));
    if (reader_copy(&r, d->key, KEY) != OK || reader_copy(&r, d->mailbox, MAIL_ID) != OK ||
        reader_end(&r) != OK)
        return ERR_DAMAGED;
    return OK;
}

static err device_put(struct mail *m, const uint8_t account[MAIL_ID], const uint8_t device[MAIL_ID],
                      const struct device *d) {
    struct device_name name = device_name(account, device);
    uint8_t value[KEY + MAIL_ID];
    memcpy(value, d->key, KEY);
    memcpy(value + KEY, d->mailbox, MAIL_ID);
    return store_batch_put(m->batch, mail_key(MAIL_DEVICE, SLICE_ARRAY(name.bytes), 0),
                           SLICE_ARRAY(value));
}

/* The session is the device's from the commit on. */
static err welcome(struct mail *m, const struct mail_call *call, const uint8_t account[MAIL_ID],
                   const struct device *d) {
    struct mail_effect effect = {.kind = MAIL_PROVED, .session = call->session_id};
    memcpy(effect.account, account, MAIL_ID);
    memcpy(effect.mailbox, d->mailbox, MAIL_ID);
    TRY(mail_effect_add(m, &effect));
    return mail_reply_ok(m, call);
}

/* ---- Registration ---- */

/* The one device of a first list. */
static err first_device(const struct proto_device_list *list, struct proto_device *device) {
    if (list->version != 1 || list->devices.count != 1)
        return ERR_MALFORMED;
    reader r = reader_of(list->devices.bytes);
    return proto_device_read(&r, device);
}

static err invite_find(struct mail *m, const uint8_t code[16], uint8_t hash[32]) {
    slice part = slice_of(code, 16);
    TRY(crypto_blake2b_keyed(hash, 32, SLICE_EMPTY, &part, 1));
    buf_clear(&m->scratch);
    return store_get(m->store, m->batch, mail_key(MAIL_INVITE, slice_of(hash, 32), 0), &m->scratch);
}

static err create(struct mail *m, struct mail_call *call, const struct proto_register_account *in,
                  const uint8_t id[MAIL_ID], const uint8_t key[KEY]) {
    uint8_t hash[32];
    struct account a = {.created = m->week, .seen = m->week, .devices = in->devices};
    struct device d;
    if (m->config.closed)
        return mail_refuse(m, call, PROTO_REASON_CLOSED);
    err e = invite_find(m, in->code, hash);
    if (e == ERR_NOT_FOUND)
        return mail_refuse(m, call, PROTO_REASON_INVITE);
    TRY(e);
    memcpy(a.id, id, MAIL_ID);
    memcpy(d.key, key, KEY);
    crypto_random(d.mailbox, MAIL_ID);
    TRY(store_batch_delete(m->batch, mail_key(MAIL_INVITE, SLICE_ARRAY(hash), 0)));
    TRY(account_put(m, &a));
    TRY(device_put(m, id, in->device, &d));
    TRY(mail_box_begin(m, d.mailbox, in->mailbox_key));
    return welcome(m, call, id, &d);
}

/* An answer may be lost: the same registration again is a login. */
static err repeat(struct mail *m, struct mail_call *call, const struct proto_register_account *in,
                  const struct account *a, const uint8_t key[KEY]) {
    struct device d;
    if (!slice_equal(a->devices, in->devices))
        return mail_refuse(m, call, PROTO_REASON_EXISTS);
    err e = device_get(m, a->id, in->device, &d);
    if (e == ERR_NOT_FOUND || (e == OK && memcmp(d.key, key, KEY) != 0))
        return mail_refuse(m, call, PROTO_REASON_EXISTS);
    TRY(e);
    return welcome(m, call, a->id, &d);
}

static err handle_register(struct mail *m, struct mail_call *call) {
    struct proto_register_account in;
    struct proto_device_list list;
    struct proto_device device;
    struct account a;
    uint8_t id[MAIL_ID];
    if (proto_register_account_decode(call->body, &in) != OK ||
        proto_device_list_decode(in.devices, &list) != OK || first_device(&list, &device) != OK ||
        crypto_dhkem_x25519.check(in.mailbox_key) != OK)
        return mail_refuse(m, call, PROTO_REASON_MALFORMED);
    if (memcmp(device.id, in.device, MAIL_ID) != 0 || !list_signed(&list, in.devices) ||
        !proved(call, device.key, in.proof))
        return mail_refuse(m, call, PROTO_REASON_PROOF);
    TRY(account_id(list.identity, id));
    err e = account_get(m, id, &a);
    if (e == ERR_NOT_FOUND)
        return create(m, call, &in, id, device.key);
    TRY(e);
    return repeat(m, call, &in, &a, device.key);
}

/* ---- Login ---- */

/* The base point's encoding: a key that is well formed and whose owner can't prove anything here.
 */
static const uint8_t nobody[KEY] = {
    0x58, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
    0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66};

/* An unknown account costs and answers the same as a wrong proof. */
static err handle_login(struct mail *m, struct mail_call *call) {
    struct proto_login in;
    struct device d;
    struct account a;
    if (proto_login_decode(call->body, &in) != OK)
        return mail_refuse(m, call, PROTO_REASON_MALFORMED);
    err e = device_get(m, in.account, in.device, &d);
    if (e != OK && e != ERR_NOT_FOUND)
        return e;
    bool good = proved(call, e == OK ? d.key : nobody, in.proof);
    if (e != OK || !good)
        return mail_refuse(m, call, PROTO_REASON_PROOF);
    TRY(account_get(m, in.account, &a));
    if (a.seen != m->week) {
        a.seen = m->week;
        TRY(account_put(m, &a));
    }
    return welcome(m, call, in.account, &d);
}

/* ---- The record ---- */

static err add_mailbox(struct mail *m, const uint8_t account[MAIL_ID],
                       const struct proto_device *device, struct proto_record *record) {
    struct device d;
    struct mail_box *box = NULL;
    TRY(device_get(m, account, device->id, &d));
    TRY(mail_box_get(m, d.mailbox, &box));
    record->devices++;
    record->items += (uint32_t)box->count;
    record->bytes += box->bytes;
    return OK;
}

static err handle_record(struct mail *m, struct mail_call *call) {
    struct account a;
    struct proto_device_list list;
    struct proto_record out = {0};
    TRY(account_get(m, call->session->account, &a));
    if (proto_device_list_decode(a.devices, &list) != OK)
        return ERR_DAMAGED;
    out.created_week = a.created;
    out.seen_week = a.seen;
    reader r = reader_of(list.devices.bytes);
    for (uint32_t i = 0; i < list.devices.count; i++) {
        struct proto_device device;
        TRY(proto_device_read(&r, &device));
        TRY(add_mailbox(m, a.id, &device, &out));
    }
    writer w = mail_reply_open(m);
    proto_record_write(&w, &out);
    return mail_reply_close(m, call, PROTO_record, &w);
}
