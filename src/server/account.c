/* Accounts and their devices: registration, login, the record, which is all that can be said about
 * an account, and its end. */
#include "base/time.h"
#include "server/internal.h"

static err handle_register(struct mail *m, struct mail_call *call);
static err handle_login(struct mail *m, struct mail_call *call);
static err handle_record(struct mail *m, struct mail_call *call);
static err handle_delete(struct mail *m, struct mail_call *call);
const struct mail_handler mail_handle_register = {PROTO_register_account, handle_register};
const struct mail_handler mail_handle_login = {PROTO_login, handle_login};
const struct mail_handler mail_handle_record_get = {PROTO_record_get, handle_record};
const struct mail_handler mail_handle_account_delete = {PROTO_account_delete, handle_delete};

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

/* The account's own name for its tombstone: without the pepper nobody can compute it. */
static err tombstone_name(const struct mail *m, const uint8_t id[MAIL_ID], uint8_t name[32]) {
    static const char label[] = "Sotto tombstone v1";
    slice parts[] = {slice_of(label, sizeof label), slice_of(id, MAIL_ID)};
    return crypto_blake2b_keyed(name, 32, SLICE_ARRAY(m->config.pepper), parts, 2);
}

/* NOT_FOUND: it was never here, or a month ago. */
static err tombstone_find(struct mail *m, const uint8_t id[MAIL_ID]) {
    struct held_tombstone row;
    uint8_t name[32];
    TRY(tombstone_name(m, id, name));
    return held_tombstone_get(m->store, m->batch, SLICE_ARRAY(name), 0, &m->scratch, &row);
}

static err create(struct mail *m, struct mail_call *call, const struct proto_register_account *in,
                  const uint8_t id[MAIL_ID], const uint8_t key[KEY]) {
    struct mail_account a = {.row = {.created = m->week, .seen = m->week, .devices = in->devices}};
    struct held_device d;
    if (m->config.closed)
        return mail_refuse(m, call, PROTO_REASON_CLOSED);
    err e = tombstone_find(m, id);
    if (e != ERR_NOT_FOUND)
        return e == OK ? mail_refuse(m, call, PROTO_REASON_GONE) : e;
    e = mail_invite_use(m, in->code);
    if (e == ERR_NOT_FOUND)
        return mail_refuse(m, call, PROTO_REASON_INVITE);
    TRY(e);
    memcpy(a.id, id, MAIL_ID);
    memcpy(d.key, key, KEY);
    crypto_random(d.mailbox, MAIL_ID);
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

struct measure {
    struct proto_record record;
    struct proto_held_kind lists, packages, mailboxes;
};

static err measure_device(struct mail *m, const uint8_t account[MAIL_ID],
                          const uint8_t device[MAIL_ID], struct measure *all) {
    struct held_device d;
    struct mail_box *box = NULL;
    err e = mail_device_get(m, account, device, &d);
    if (e == ERR_NOT_FOUND)
        return OK; /* it is in the list, and did not come yet */
    TRY(e);
    TRY(mail_box_get(m, d.mailbox, &box));
    all->record.devices++;
    all->record.items += (uint32_t)box->count;
    all->record.bytes += box->bytes;
    all->mailboxes.count++;
    all->mailboxes.bytes += sizeof box->id + sizeof d.key;
    return mail_key_packages_measure(m, box, &all->packages);
}

/* What the account's rows do not lead to is not named here: the server can't tell whose it is. */
static err write_beside(struct mail *m, struct measure *all) {
    all->lists.name = slice_str("signed device lists");
    all->mailboxes.name = slice_str("device keys and mailbox ids");
    all->packages.name = slice_str("key packages");
    struct proto_list *list = &all->record.beside;
    buf_clear(&m->value);
    writer w = writer_on(&m->value);
    PROTO_LIST_ADD(held_kind, &w, list, &all->lists);
    PROTO_LIST_ADD(held_kind, &w, list, &all->mailboxes);
    PROTO_LIST_ADD(held_kind, &w, list, &all->packages);
    list->bytes = buf_slice(&m->value);
    return writer_result(&w);
}

err mail_record(struct mail *m, const uint8_t account[MAIL_ID], struct proto_record *record) {
    struct mail_account a;
    struct proto_device_list list;
    struct measure all = {0};
    TRY(mail_account_get(m, account, &a));
    if (proto_device_list_decode(a.row.devices, &list) != OK)
        return ERR_DAMAGED;
    all.record.created_week = a.row.created;
    all.record.seen_week = a.row.seen;
    all.lists.count = 1;
    all.lists.bytes = a.row.devices.n;
    reader r = reader_of(list.devices.bytes);
    for (uint32_t i = 0; i < list.devices.count; i++) {
        struct proto_device device;
        TRY(proto_device_read(&r, &device));
        TRY(measure_device(m, a.id, device.id, &all));
    }
    TRY(write_beside(m, &all));
    *record = all.record;
    return OK;
}

static err handle_record(struct mail *m, struct mail_call *call) {
    struct proto_record record;
    TRY(mail_record(m, call->session->account, &record));
    writer w = mail_reply_open(m);
    proto_record_write(&w, &record);
    return mail_reply_close(m, call, PROTO_record, &w);
}

/* ---- The end ---- */

static err delete_devices(struct mail *m, const struct mail_account *a) {
    struct proto_device_list list;
    TRY(mail_devices_look(m, a));
    if (proto_device_list_decode(a->row.devices, &list) != OK)
        return ERR_DAMAGED;
    reader r = reader_of(list.devices.bytes);
    for (uint32_t i = 0; i < list.devices.count; i++) {
        struct proto_device device;
        TRY(proto_device_read(&r, &device));
        TRY(mail_device_delete(m, a->id, device.id));
    }
    return OK;
}

static err bury(struct mail *m, const struct mail_account *a) {
    struct held_tombstone row = {.week = m->week};
    uint8_t name[32];
    TRY(tombstone_name(m, a->id, name));
    TRY(mail_expiry_note(m, MAIL_EXPIRY_TOMBSTONE, SLICE_ARRAY(name)));
    TRY(held_tombstone_put(m->batch, SLICE_ARRAY(name), 0, &m->row, &row));
    return store_batch_delete(m->batch, mail_key(MAIL_ACCOUNT, slice_of(a->id, MAIL_ID), 0));
}

err mail_tombstone_expire(struct mail *m, slice name) {
    return store_batch_delete(m->batch, mail_key(MAIL_TOMBSTONE, name, 0));
}

/* Signed in this week, or in the last hours of the one before. */
static bool may_delete(const struct mail *m, const struct mail_account *a,
                       const struct proto_account_delete *in) {
    struct proto_device_list list;
    uint8_t fields[MAIL_ID + 4];
    if (in->week != m->week && in->week != time_week(m->now - TIME_HOUR))
        return false;
    memcpy(fields, a->id, MAIL_ID);
    put_u32(fields + MAIL_ID, in->week);
    return proto_device_list_decode(a->row.devices, &list) == OK &&
           crypto_verify_labeled(in->proof, list.identity, PROTO_LABEL_DELETE,
                                 SLICE_ARRAY(fields)) == OK;
}

static err handle_delete(struct mail *m, struct mail_call *call) {
    struct proto_account_delete in;
    struct mail_account a;
    if (proto_account_delete_decode(call->body, &in) != OK)
        return mail_refuse(m, call, PROTO_REASON_MALFORMED);
    TRY(mail_account_get(m, call->session->account, &a));
    if (!may_delete(m, &a, &in))
        return mail_refuse(m, call, PROTO_REASON_PROOF);
    TRY(mail_reply_ok(m, call)); /* before the frame that ends the session */
    TRY(delete_devices(m, &a));
    return bury(m, &a);
}
