/* Device lists that change: devices come by a list that names them, and go with the first list that
 * doesn't. The identity's signature decides, and the version, which only grows. */
#include "server/internal.h"

static err handle_put(struct mail *m, struct mail_call *call);
static err handle_join(struct mail *m, struct mail_call *call);
static err handle_get(struct mail *m, struct mail_call *call);
const struct mail_handler mail_handle_device_list_put = {PROTO_device_list_put, handle_put};
const struct mail_handler mail_handle_device_join = {PROTO_device_join, handle_join};
const struct mail_handler mail_handle_device_list_get = {PROTO_device_list_get, handle_get};

/* ---- Lists ---- */

/* False if there is none of this id. */
static bool find(const struct proto_device_list *list, const uint8_t id[MAIL_ID],
                 struct proto_device *device) {
    reader r = reader_of(list->devices.bytes);
    while (proto_device_read(&r, device) == OK)
        if (memcmp(device->id, id, MAIL_ID) == 0)
            return true;
    return false;
}

static bool ids_differ(const struct proto_device_list *list) {
    uint8_t seen[PROTO_DEVICES_MAX][MAIL_ID];
    reader r = reader_of(list->devices.bytes);
    struct proto_device device;
    for (size_t n = 0; proto_device_read(&r, &device) == OK; n++) {
        for (size_t i = 0; i < n; i++)
            if (memcmp(seen[i], device.id, MAIL_ID) == 0)
                return false;
        memcpy(seen[n], device.id, MAIL_ID);
    }
    return true;
}

/* MALFORMED, SIGNATURE. */
static err read_list(slice encoded, struct proto_device_list *list) {
    if (proto_device_list_decode(encoded, list) != OK || list->devices.count == 0 ||
        !ids_differ(list))
        return ERR_MALFORMED;
    return mail_account_list_signed(list, encoded) ? OK : ERR_SIGNATURE;
}

/* Reads all that deleting it will read, so that nothing is written yet if that is damaged. */
static err look(struct mail *m, const uint8_t account[MAIL_ID], const uint8_t device[MAIL_ID]) {
    struct held_device d;
    struct mail_box *box = NULL;
    err e = mail_device_get(m, account, device, &d);
    if (e == ERR_NOT_FOUND)
        return OK;
    TRY(e);
    TRY(mail_box_get(m, d.mailbox, &box));
    return mail_key_packages_load(m, box);
}

err mail_devices_look(struct mail *m, const struct mail_account *a) {
    struct proto_device_list list;
    struct proto_device device;
    if (proto_device_list_decode(a->row.devices, &list) != OK)
        return ERR_DAMAGED;
    reader r = reader_of(list.devices.bytes);
    while (proto_device_read(&r, &device) == OK)
        TRY(look(m, a->id, device.id));
    return OK;
}

err mail_device_delete(struct mail *m, const uint8_t account[MAIL_ID],
                       const uint8_t device[MAIL_ID]) {
    struct held_device d;
    struct mail_box *box = NULL;
    err e = mail_device_get(m, account, device, &d);
    if (e == ERR_NOT_FOUND)
        return OK; /* it never came */
    TRY(e);
    TRY(mail_box_get(m, d.mailbox, &box));
    TRY(mail_box_delete(m, box));
    TRY(mail_key_packages_delete(m, box));
    return mail_device_forget(m, account, device);
}

/* What the account has from now on; those who are not in it go. a: as it was read. */
static err replace(struct mail *m, struct mail_account *a, slice encoded,
                   const struct proto_device_list *list) {
    struct proto_device_list old;
    struct proto_device device, kept;
    TRY(mail_devices_look(m, a));
    if (proto_device_list_decode(a->row.devices, &old) != OK)
        return ERR_DAMAGED;
    reader r = reader_of(old.devices.bytes);
    while (proto_device_read(&r, &device) == OK)
        if (!find(list, device.id, &kept) || memcmp(kept.key, device.key, MAIL_PUBLIC) != 0)
            TRY(mail_device_delete(m, a->id, device.id));
    a->row.devices = encoded;
    return mail_account_put(m, a);
}

/* ---- From a device: a newer list ---- */

static err handle_put(struct mail *m, struct mail_call *call) {
    struct proto_device_list_put in;
    struct proto_device_list list, old;
    struct mail_account a;
    uint8_t id[MAIL_ID];
    if (proto_device_list_put_decode(call->body, &in) != OK)
        return mail_refuse(m, call, PROTO_REASON_MALFORMED);
    err e = read_list(in.devices, &list);
    if (e != OK)
        return mail_refuse(m, call,
                           e == ERR_MALFORMED ? PROTO_REASON_MALFORMED : PROTO_REASON_PROOF);
    TRY(mail_account_id(list.identity, id));
    if (memcmp(id, call->session->account, MAIL_ID) != 0)
        return mail_refuse(m, call, PROTO_REASON_PROOF);
    TRY(mail_account_get(m, id, &a));
    if (proto_device_list_decode(a.row.devices, &old) != OK)
        return ERR_DAMAGED;
    if (slice_equal(a.row.devices, in.devices)) /* an answer was lost */
        return mail_reply_ok(m, call);
    if (list.version <= old.version)
        return mail_refuse(m, call, PROTO_REASON_OLDER);
    TRY(replace(m, &a, in.devices, &list));
    return mail_reply_ok(m, call);
}

/* ---- From a device that is new ---- */

/* It is in the account's list. */
static err come(struct mail *m, struct mail_call *call, struct mail_account *a,
                const struct proto_device *device, const uint8_t mailbox_key[MAIL_PUBLIC]) {
    struct held_device d;
    err e = mail_device_get(m, a->id, device->id, &d);
    if (e != OK && e != ERR_NOT_FOUND)
        return e;
    a->row.seen = m->week;
    TRY(mail_account_put(m, a));
    if (e == OK) /* an answer was lost */
        return mail_account_welcome(m, call, a->id, &d);
    memcpy(d.key, device->key, MAIL_PUBLIC);
    crypto_random(d.mailbox, MAIL_ID);
    TRY(mail_device_put(m, a->id, device->id, &d));
    TRY(mail_box_begin(m, d.mailbox, mailbox_key));
    return mail_account_welcome(m, call, a->id, &d);
}

/* Whether the server's list or this one decides, the device must be in it with the key it proved.
 * Each that comes has a mailbox with a day's allowances, so an account has few that come in a day.
 */
static err join(struct mail *m, struct mail_call *call, const struct proto_device_join *in,
                const struct proto_device_list *list, const struct proto_device *device) {
    struct proto_device_list old;
    struct proto_device known;
    struct held_device there;
    struct mail_account a;
    uint8_t id[MAIL_ID];
    TRY(mail_account_id(list->identity, id));
    err e = mail_account_get(m, id, &a);
    if (e == ERR_NOT_FOUND)
        return mail_refuse(m, call, PROTO_REASON_PROOF);
    TRY(e);
    if (proto_device_list_decode(a.row.devices, &old) != OK)
        return ERR_DAMAGED;
    bool newer = list->version > old.version;
    if (!newer &&
        (!find(&old, device->id, &known) || memcmp(known.key, device->key, MAIL_PUBLIC) != 0))
        return mail_refuse(m, call, PROTO_REASON_OLDER);
    e = mail_device_get(m, a.id, device->id, &there);
    if (e != OK && e != ERR_NOT_FOUND)
        return e;
    if (e == ERR_NOT_FOUND && !mail_day_take(m, MAIL_DAY_JOINS, a.id, NULL, 1, MAIL_JOINS))
        return mail_refuse(m, call, PROTO_REASON_LIMIT);
    if (newer)
        TRY(replace(m, &a, in->devices, list));
    return come(m, call, &a, device, in->mailbox_key);
}

static err handle_join(struct mail *m, struct mail_call *call) {
    struct proto_device_join in;
    struct proto_device_list list;
    struct proto_device device;
    if (proto_device_join_decode(call->body, &in) != OK ||
        crypto_dhkem_x25519.check(in.mailbox_key) != OK)
        return mail_refuse(m, call, PROTO_REASON_MALFORMED);
    err e = read_list(in.devices, &list);
    if (e == ERR_MALFORMED)
        return mail_refuse(m, call, PROTO_REASON_MALFORMED);
    if (e != OK || !find(&list, in.device, &device) ||
        !mail_account_proved(call, device.key, PROTO_LABEL_LOGIN, in.proof))
        return mail_refuse(m, call, PROTO_REASON_PROOF);
    return join(m, call, &in, &list, &device);
}

/* ---- From the identity ---- */

/* An unknown account costs and answers the same as a wrong proof. */
static err handle_get(struct mail *m, struct mail_call *call) {
    struct proto_device_list_get in;
    struct mail_account a;
    uint8_t id[MAIL_ID];
    if (proto_device_list_get_decode(call->body, &in) != OK)
        return mail_refuse(m, call, PROTO_REASON_MALFORMED);
    TRY(mail_account_id(in.identity, id));
    err e = mail_account_get(m, id, &a);
    if (e != OK && e != ERR_NOT_FOUND)
        return e;
    bool good = mail_account_proved(call, e == OK ? in.identity : mail_nobody, PROTO_LABEL_IDENTITY,
                                    in.proof);
    if (e != OK || !good)
        return mail_refuse(m, call, PROTO_REASON_PROOF);
    struct proto_device_list_is out = {.devices = a.row.devices};
    writer w = mail_reply_open(m);
    proto_device_list_is_write(&w, &out);
    return mail_reply_close(m, call, PROTO_device_list_is, &w);
}
