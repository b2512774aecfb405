/* What a link or a card holds: who somebody is, as a device of that identity signed it. */
#include "crypto/crypto.h"
#include "lookup/lookup.h"

/* ---- Device lists ---- */

err lookup_devices_check(slice encoded, struct proto_device_list *list) {
    TRY(proto_device_list_decode(encoded, list));
    if (list->devices.count == 0 || list->version == 0)
        return ERR_MALFORMED;
    slice fields = slice_of(encoded.p, encoded.n - sizeof list->signature);
    return crypto_verify_labeled(list->signature, list->identity, PROTO_LABEL_DEVICE_LIST, fields);
}

bool lookup_devices_has(const struct proto_device_list *list, const uint8_t device[16],
                        struct proto_device *found) {
    reader r = reader_of(list->devices.bytes);
    while (r.n > 0 && proto_device_read(&r, found) == OK)
        if (memcmp(found->id, device, sizeof found->id) == 0)
            return true;
    return false;
}

/* ---- Contacts ---- */

enum { CONTACT_SIGNATURE = sizeof((struct proto_contact *)NULL)->signature };

/* What the signature covers: all of it, and what it is bound to. */
static err signed_fields(buf *fields, slice bound, slice content) {
    writer w = writer_on(fields);
    if (content.n < CONTACT_SIGNATURE)
        return ERR_MALFORMED;
    writer_vec(&w, bound);
    writer_bytes(&w, slice_of(content.p, content.n - CONTACT_SIGNATURE));
    return writer_result(&w);
}

err lookup_contact_sign(const uint8_t device_seed[32], const char *label, slice bound,
                        buf *content) {
    buf fields = buf_on(content->mem);
    err e = signed_fields(&fields, bound, buf_slice(content));
    if (e == OK)
        e = crypto_sign_labeled(content->p + content->n - CONTACT_SIGNATURE, device_seed, label,
                                buf_slice(&fields));
    buf_free(&fields);
    return e;
}

static err verify(const struct proto_contact *contact, const struct proto_device_list *list,
                  const char *label, slice bound, slice content) {
    struct proto_device device;
    buf fields = buf_on(NULL);
    err e = signed_fields(&fields, bound, content);
    if (e == OK && !lookup_devices_has(list, contact->device, &device))
        e = ERR_SIGNATURE;
    if (e == OK)
        e = crypto_verify_labeled(contact->signature, device.key, label, buf_slice(&fields));
    buf_free(&fields);
    return e;
}

err lookup_contact_check(const uint8_t server[32], const char *label, slice bound, slice content,
                         struct proto_contact *contact, struct proto_device_list *list) {
    TRY(proto_contact_decode(content, contact));
    TRY(lookup_devices_check(contact->devices, list));
    if (contact->addresses.count != 1)
        return ERR_MALFORMED;
    if (memcmp(contact->server, server, sizeof contact->server) != 0)
        return ERR_UNSUPPORTED;
    return verify(contact, list, label, bound, content);
}
