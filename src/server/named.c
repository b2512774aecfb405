/* Whom an order names. A handle or a link leads there by the look-up that anybody has: a card under
 * the handle's place, a contact that a device of the identity signed. */
#include "base/text.h"
#include "base/time.h"
#include "lookup/handle_form.h"
#include "lookup/lookup.h"
#include "server/office.h"

static err by_hex(const struct office_order *o, uint8_t id[MAIL_ID]) {
    buf bytes = {0};
    err e = hex_decode(&bytes, o->account.name);
    if (e == OK && o->account.by == OFFICE_BY_ID && bytes.n == MAIL_ID)
        memcpy(id, bytes.p, MAIL_ID);
    else if (e == OK && o->account.by == OFFICE_BY_KEY && bytes.n == MAIL_PUBLIC)
        e = mail_account_id(bytes.p, id);
    else if (e == OK)
        e = ERR_BUG; /* src/office has looked at it */
    buf_free(&bytes);
    return e;
}

/* As a client takes it, and so not after its end. */
static err by_contact(const struct mail *m, const char *label, slice bound, slice content,
                      uint8_t id[MAIL_ID]) {
    struct proto_contact contact;
    struct proto_device_list list;
    TRY(lookup_contact_check(m->config.identity, label, bound, content, &contact, &list));
    if (contact.expires <= m->now / TIME_SECOND)
        return ERR_EXPIRED;
    return mail_account_id(list.identity, id);
}

static err by_link(const struct mail *m, slice link, uint8_t id[MAIL_ID]) {
    buf server = {0}, content = {0};
    err e = proto_link_read(link, "contact", &server, &content);
    if (e == OK)
        e = by_contact(m, PROTO_LABEL_CONTACT_LINK, buf_slice(&server), buf_slice(&content), id);
    buf_free(&server);
    buf_free(&content);
    return e;
}

/* What lies under a name with a PIN says only that. */
static err by_card(struct mail *m, const struct lookup_card_keys *keys, uint8_t id[MAIL_ID]) {
    uint8_t card[PROTO_CARD];
    struct proto_card_content content;
    buf plain = {0};
    TRY(mail_card_look(m, keys->place, card));
    err e = lookup_card_open(keys, SLICE_ARRAY(card), &plain, &content);
    if (e == OK && content.pin)
        e = ERR_DENIED;
    if (e == OK)
        e = by_contact(m, PROTO_LABEL_CONTACT_CARD, SLICE_ARRAY(keys->place), content.contact, id);
    buf_free(&plain);
    return e;
}

static err by_handle(struct mail *m, slice name, uint8_t id[MAIL_ID]) {
    size_t memory = m->config.handle_memory;
    struct lookup_card_keys keys;
    buf form = {0};
    err e = lookup_handle_form(name, &form);
    if (e == OK)
        e = lookup_card_stretch(m->config.identity, memory == 0 ? LOOKUP_HANDLE_MEMORY : memory,
                                buf_slice(&form), SLICE_EMPTY, &keys);
    if (e == OK)
        e = by_card(m, &keys, id);
    wipe(&keys, sizeof keys);
    buf_free(&form);
    return e;
}

err mail_order_account(struct mail *m, const struct office_order *o, uint8_t id[MAIL_ID]) {
    if ((o->account.by & (OFFICE_BY_ID | OFFICE_BY_KEY)) != 0)
        return by_hex(o, id);
    err e = o->account.by == OFFICE_BY_HANDLE ? by_handle(m, o->account.name, id)
                                              : by_link(m, o->account.name, id);
    return e == OK || err_class(e) >= ERR_CLASS_MEMORY ? e : ERR_NOT_FOUND;
}
