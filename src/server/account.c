/* Accounts and their devices: registration, login, and the record, which is all that can be said
 * about an account. */
#include "server/internal.h"

static err handle_register(struct mail *m, struct mail_call *call);
static err handle_login(struct mail *m, struct mail_call *call);
static err handle_record(struct mail *m, struct mail_call *call);
const struct mail_handler mail_handle_register = {PROTO_register_account, handle_register};
const struct mail_handler mail_handle_login = {PROTO_login, handle_login};
const struct mail_handler mail_handle_record_get = {PROTO_record_get, handle_record};

enum { KEY = MAIL_PUBLIC, SIGNATURE = 64, HANDSHAKE = 64 };

/* ---- Signatures ---- */

bool mail_account_proved(const struct mail_call *call, const uint8_t key[KEY], const char *label,
                         const uint8_t proof[SIGNATURE]) {
    return call->proof.n == HANDSHAKE &&
           crypto_verify_labeled(proof, key, label, call->proof) == OK;
}

bool mail_account_list_signed(const struct proto_device_list *list, slice encoded) {
    return encoded.n > SIGNATURE &&
           crypto_verify_labeled(list->signature, list->identity, PROTO_LABEL_DEVICE_LIST,
                                 slice_of(encoded.p, encoded.n - SIGNATURE)) == OK;
}

/* ---- Stored forms ---- */

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

err mail_account_id(const uint8_t identity[KEY], uint8_t id[MAIL_ID]) {
    uint8_t hash[32];
    slice part = slice_of(identity, KEY);
    TRY(crypto_sha256.hash(hash, &part, 1));
    memcpy(id, hash, MAIL_ID);
    return OK;
}

err mail_account_get(struct mail *m, const uint8_t id[MAIL_ID], struct mail_account *a) {
    memcpy(a->id, id, MAIL_ID);
    return held_account_get(m->store, m->batch, slice_of(id, MAIL_ID), 0, &m->value, &a->row);
}

err mail_account_put(struct mail *m, const struct mail_account *a) {
    return held_account_put(m->batch, slice_of(a->id, MAIL_ID), 0, &m->row, &a->row);
}

err mail_device_get(struct mail *m, const uint8_t account[MAIL_ID], const uint8_t device[MAIL_ID],
                    struct held_device *d) {
    struct device_name name = device_name(account, device);
    return held_device_get(m->store, m->batch, SLICE_ARRAY(name.bytes), 0, &m->scratch, d);
}

err mail_device_put(struct mail *m, const uint8_t account[MAIL_ID], const uint8_t device[MAIL_ID],
                    const struct held_device *d) {
    struct device_name name = device_name(account, device);
    return held_device_put(m->batch, SLICE_ARRAY(name.bytes), 0, &m->row, d);
}

err mail_device_forget(struct mail *m, const uint8_t account[MAIL_ID],
                       const uint8_t device[MAIL_ID]) {
    struct device_name name = device_name(account, device);
    return store_batch_delete(m->batch, mail_key(MAIL_DEVICE, SLICE_ARRAY(name.bytes), 0));
}

err mail_account_welcome(struct mail *m, const struct mail_call *call,
                         const uint8_t account[MAIL_ID], const struct held_device *d) {
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
    struct held_invite row;
    return held_invite_get(m->store, m->batch, slice_of(hash, 32), 0, &m->scratch, &row);
}

static err create(struct mail *m, struct mail_call *call, const struct proto_register_account *in,
                  const uint8_t id[MAIL_ID], const uint8_t key[KEY]) {
    uint8_t hash[32];
    struct mail_account a = {.row = {.created = m->week, .seen = m->week, .devices = in->devices}};
    struct held_device d;
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
    TRY(mail_account_put(m, &a));
    TRY(mail_device_put(m, id, in->device, &d));
    TRY(mail_box_begin(m, d.mailbox, in->mailbox_key));
    return mail_account_welcome(m, call, id, &d);
}

/* An answer may be lost: the same registration again is a login. */
static err repeat(struct mail *m, struct mail_call *call, const struct proto_register_account *in,
                  const struct mail_account *a, const uint8_t key[KEY]) {
    struct held_device d;
    if (!slice_equal(a->row.devices, in->devices))
        return mail_refuse(m, call, PROTO_REASON_EXISTS);
    err e = mail_device_get(m, a->id, in->device, &d);
    if (e == ERR_NOT_FOUND || (e == OK && memcmp(d.key, key, KEY) != 0))
        return mail_refuse(m, call, PROTO_REASON_EXISTS);
    TRY(e);
    return mail_account_welcome(m, call, a->id, &d);
}

static err handle_register(struct mail *m, struct mail_call *call) {
    struct proto_register_account in;
    struct proto_device_list list;
    struct proto_device device;
    struct mail_account a;
    uint8_t id[MAIL_ID];
    if (proto_register_account_decode(call->body, &in) != OK ||
        proto_device_list_decode(in.devices, &list) != OK || first_device(&list, &device) != OK ||
        crypto_dhkem_x25519.check(in.mailbox_key) != OK)
        return mail_refuse(m, call, PROTO_REASON_MALFORMED);
    if (memcmp(device.id, in.device, MAIL_ID) != 0 ||
        !mail_account_list_signed(&list, in.devices) ||
        !mail_account_proved(call, device.key, PROTO_LABEL_LOGIN, in.proof))
        return mail_refuse(m, call, PROTO_REASON_PROOF);
    TRY(mail_account_id(list.identity, id));
    err e = mail_account_get(m, id, &a);
    if (e == ERR_NOT_FOUND)
        return create(m, call, &in, id, device.key);
    TRY(e);
    return repeat(m, call, &in, &a, device.key);
}

/* ---- Login ---- */

const uint8_t mail_nobody[KEY] = {0x58, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
                                  0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
                                  0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66};

/* An unknown account costs and answers the same as a wrong proof. */
static err handle_login(struct mail *m, struct mail_call *call) {
    struct proto_login in;
    struct held_device d;
    struct mail_account a;
    if (proto_login_decode(call->body, &in) != OK)
        return mail_refuse(m, call, PROTO_REASON_MALFORMED);
    err e = mail_device_get(m, in.account, in.device, &d);
    if (e != OK && e != ERR_NOT_FOUND)
        return e;
    bool good =
        mail_account_proved(call, e == OK ? d.key : mail_nobody, PROTO_LABEL_LOGIN, in.proof);
    if (e != OK || !good)
        return mail_refuse(m, call, PROTO_REASON_PROOF);
    TRY(mail_account_get(m, in.account, &a));
    if (a.row.seen != m->week) {
        a.row.seen = m->week;
        TRY(mail_account_put(m, &a));
    }
    return mail_account_welcome(m, call, in.account, &d);
}

/* ---- The record ---- */

static err add_mailbox(struct mail *m, const uint8_t account[MAIL_ID],
                       const struct proto_device *device, struct proto_record *record) {
    struct held_device d;
    struct mail_box *box = NULL;
    err e = mail_device_get(m, account, device->id, &d);
    if (e == ERR_NOT_FOUND)
        return OK; /* it is in the list, and did not come yet */
    TRY(e);
    TRY(mail_box_get(m, d.mailbox, &box));
    record->devices++;
    record->items += (uint32_t)box->count;
    record->bytes += box->bytes;
    return OK;
}

static err handle_record(struct mail *m, struct mail_call *call) {
    struct mail_account a;
    struct proto_device_list list;
    struct proto_record out = {0};
    TRY(mail_account_get(m, call->session->account, &a));
    if (proto_device_list_decode(a.row.devices, &list) != OK)
        return ERR_DAMAGED;
    out.created_week = a.row.created;
    out.seen_week = a.row.seen;
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
