/* A release order: the only way in which the server says anything of an account to anybody but the
 * account's own devices. The record is cut to the approved fields. */
#include "base/held.h"
#include "base/text.h"
#include "crypto/envelope.h"
#include "server/office.h"

enum { CERTIFICATES = 4 };

/* ---- The letter ---- */

static err say_field(buf *out, enum held_field field, const struct proto_record *r) {
    switch (field) {
    case HELD_FIELD_EXISTS:
        return mail_say(out, "exists", slice_str("yes"));
    case HELD_FIELD_CREATED:
        return mail_say_week(out, "created", r->created_week);
    case HELD_FIELD_SEEN:
        return mail_say_week(out, "seen", r->seen_week);
    case HELD_FIELD_DEVICES:
        return mail_say_number(out, "devices", r->devices);
    case HELD_FIELD_ITEMS:
        return mail_say_number(out, "items", r->items);
    case HELD_FIELD_BYTES:
        return mail_say_number(out, "bytes", r->bytes);
    }
    return ERR_BUG;
}

/* record: NULL if there is no such account. */
static err write_letter(buf *out, const struct office_order *o, const struct proto_record *record) {
    TRY(mail_say(out, "sotto answer", slice_str("1")));
    TRY(mail_say(out, "order", o->id));
    TRY(mail_say(out, "case", o->case_id));
    TRY(mail_say(out, "authority", o->authority));
    TRY(mail_say(out, o->account.by == OFFICE_BY_ID ? "account id" : "account key",
                 o->account.name));
    if (record == NULL)
        return mail_say(out, "answer", slice_str("not held: there is no such account"));
    for (uint32_t field = 0; field <= HELD_FIELD_BYTES; field++)
        if ((o->fields >> field & 1) != 0)
            TRY(say_field(out, (enum held_field)field, record));
    return mail_say(out, "beside", slice_str(HELD_KINDS ": " HELD_WORDS));
}

/* ---- Whose ---- */

static err look(struct mail *m, const struct office_order *o, buf *letter) {
    uint8_t id[MAIL_ID];
    struct proto_record record;
    TRY(mail_order_account(o, id));
    err e = mail_record(m, id, &record);
    if (e == ERR_NOT_FOUND)
        return write_letter(letter, o, NULL);
    TRY(e);
    return write_letter(letter, o, &record);
}

/* ---- The package ---- */

/* For the owners of the authority's certificates; in clear if it has none. */
static err seal(const struct office_authority *a, slice letter, struct mail_given *given,
                enum office_reason *reason) {
    slice certificates[CERTIFICATES];
    buf der[CERTIFICATES] = {{0}};
    err e = a->certificates.n <= CERTIFICATES ? OK : ERR_BUG;
    given->sealed = a->certificates.n > 0;
    for (size_t i = 0; e == OK && i < a->certificates.n; i++) {
        e = base64_decode(&der[i], a->certificates.p[i].text);
        certificates[i] = buf_slice(&der[i]);
    }
    if (e == OK)
        e = given->sealed
                ? crypto_envelope_seal(&given->package, certificates, a->certificates.n, letter)
                : buf_set(&given->package, letter);
    for (size_t i = 0; i < CERTIFICATES; i++)
        buf_free(&der[i]);
    *reason =
        e == ERR_MALFORMED || given->package.n > PROTO_PACKAGE_MAX ? OFFICE_CERTIFICATE : OFFICE_OK;
    return e == ERR_MALFORMED ? OK : e;
}

err mail_release(struct mail *m, const struct mail_office *f, const struct office_order *o,
                 struct mail_given *given, enum office_reason *reason) {
    buf letter = buf_on(m->mem);
    err e = look(m, o, &letter);
    if (e == OK)
        e = seal(office_authority_find(f->office, o->authority), buf_slice(&letter), given, reason);
    buf_free(&letter);
    return e;
}
