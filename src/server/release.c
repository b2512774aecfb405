/* A release order: the only way in which the server says anything of an account to anybody but the
 * account's own devices. The record is cut to the approved fields. */
#include "base/held.h"
#include "base/text.h"
#include "crypto/envelope.h"
#include "server/office.h"

enum { CERTIFICATES = 4 };
/* Whatever the reason: there is no such handle, it needs a PIN, the link is over. */
#define NOT_RESOLVED "not resolved: by the look-up that anybody has, this name leads to nobody here"

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

static err say_fields(buf *out, const struct office_order *o, const struct proto_record *record) {
    for (uint32_t field = 0; field <= HELD_FIELD_BYTES; field++)
        if ((o->fields >> field & 1) != 0)
            TRY(say_field(out, (enum held_field)field, record));
    return OK;
}

static const char *account_word(const struct office_order *o) {
    switch (o->account.by) {
    case OFFICE_BY_ID:
        return "account id";
    case OFFICE_BY_KEY:
        return "account key";
    case OFFICE_BY_HANDLE:
        return "account handle";
    default:
        return "account link";
    }
}

static err write_head(buf *out, const struct office_order *o) {
    TRY(mail_say(out, "sotto answer", slice_str("1")));
    TRY(mail_say(out, "order", o->id));
    TRY(mail_say(out, "case", o->case_id));
    TRY(mail_say(out, "authority", o->authority));
    return mail_say(out, account_word(o), o->account.name);
}

static err write_now(struct mail *m, const struct office_order *o, const uint8_t id[MAIL_ID],
                     buf *out) {
    struct proto_record record;
    TRY(mail_say_week(out, "record as it is", m->week));
    err e = mail_record(m, id, &record);
    if (e == ERR_NOT_FOUND)
        return mail_say(out, "answer", slice_str("not held: there is no such account"));
    TRY(e);
    TRY(say_fields(out, o, &record));
    return mail_say(out, "beside", slice_str(HELD_KINDS ": " HELD_WORDS));
}

/* What an order of the same case had us keep. */
static err write_preserved(struct mail *m, const struct office_order *o, const uint8_t id[MAIL_ID],
                           buf *out) {
    struct mail_preserved p;
    err e = mail_preserved_get(m, id, o->case_id, &p);
    if (e == ERR_NOT_FOUND)
        return OK;
    TRY(e);
    TRY(mail_say_week(out, "record as it was preserved", p.week));
    return p.exists ? say_fields(out, o, &p.record)
                    : mail_say(out, "answer", slice_str("not held: there was no such account"));
}

/* What a name led to, where it is not the account's own. */
static err write_resolved(const struct office_order *o, const uint8_t id[MAIL_ID], buf *out) {
    if ((o->account.by & (OFFICE_BY_HANDLE | OFFICE_BY_LINK)) == 0)
        return OK;
    TRY(buf_append(out, slice_str("resolved to account id ")));
    TRY(hex_encode(out, slice_of(id, MAIL_ID)));
    return buf_append_byte(out, '\n');
}

static err write_letter(struct mail *m, const struct office_order *o, const uint8_t *account,
                        buf *out) {
    TRY(write_head(out, o));
    if (account == NULL)
        return mail_say(out, "answer", slice_str(NOT_RESOLVED));
    TRY(write_resolved(o, account, out));
    TRY(write_now(m, o, account, out));
    return write_preserved(m, o, account, out);
}

/* A letter has so few values that its hash, which the manifest has, would tell them to whoever
 * guesses; not without this, which goes with the letter alone. */
static err write_salt(buf *out) {
    uint8_t salt[32];
    crypto_random(salt, sizeof salt);
    return mail_say_hash(out, "salt", SLICE_EMPTY, salt);
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
                 const uint8_t *account, struct mail_given *given, enum office_reason *reason) {
    buf letter = buf_on(m->mem);
    err e = write_letter(m, o, account, &letter);
    if (e == OK)
        e = write_salt(&letter);
    if (e == OK)
        e = seal(office_authority_find(f->office, o->authority), buf_slice(&letter), given, reason);
    buf_free(&letter);
    return e;
}
