/* A release order is carried out: the only way in which the server says anything of an account to
 * anybody but the account's own devices. src/office checks the order under the files in force; here
 * it is carried out once, and the record is cut to the approved fields. That it was carried out,
 * and what it gives, are in the store before anything leaves. */
#include <inttypes.h>
#include <stdio.h>

#include "base/held.h"
#include "base/text.h"
#include "base/time.h"
#include "crypto/envelope.h"
#include "server/office.h"

enum { CERTIFICATES = 4, LINE = 256 };

/* ---- Lines ---- */

static err say(buf *out, const char *word, slice value) {
    TRY(buf_append(out, slice_str(word)));
    TRY(buf_append_byte(out, ' '));
    TRY(buf_append(out, value));
    return buf_append_byte(out, '\n');
}

static err say_number(buf *out, const char *word, uint64_t n) {
    char text[32];
    snprintf(text, sizeof text, "%" PRIu64, n);
    return say(out, word, slice_str(text));
}

static err say_week(buf *out, const char *word, uint32_t week) {
    char text[LINE];
    int year, month, day;
    time_week_date(week, &year, &month, &day);
    snprintf(text, sizeof text, "in the week of %04d-%02d-%02d", year, month, day);
    return say(out, word, slice_str(text));
}

static err say_hash(buf *out, const char *word, slice name, const uint8_t hash[32]) {
    TRY(buf_append(out, slice_str(word)));
    TRY(buf_append_byte(out, ' '));
    TRY(buf_append(out, name));
    if (name.n > 0)
        TRY(buf_append_byte(out, ' '));
    TRY(hex_encode(out, slice_of(hash, 32)));
    return buf_append_byte(out, '\n');
}

/* ---- The letter ---- */

static err say_field(buf *out, enum held_field field, const struct proto_record *r) {
    switch (field) {
    case HELD_FIELD_EXISTS:
        return say(out, "exists", slice_str("yes"));
    case HELD_FIELD_CREATED:
        return say_week(out, "created", r->created_week);
    case HELD_FIELD_SEEN:
        return say_week(out, "seen", r->seen_week);
    case HELD_FIELD_DEVICES:
        return say_number(out, "devices", r->devices);
    case HELD_FIELD_ITEMS:
        return say_number(out, "items", r->items);
    case HELD_FIELD_BYTES:
        return say_number(out, "bytes", r->bytes);
    }
    return ERR_BUG;
}

/* record: NULL if there is no such account. */
static err write_letter(buf *out, const struct office_order *o, const struct proto_record *record) {
    TRY(say(out, "sotto answer", slice_str("1")));
    TRY(say(out, "order", o->id));
    TRY(say(out, "case", o->case_id));
    TRY(say(out, "authority", o->authority));
    TRY(say(out, o->account.by == OFFICE_BY_ID ? "account id" : "account key", o->account.name));
    if (record == NULL)
        return say(out, "answer", slice_str("not held: there is no such account"));
    for (uint32_t field = 0; field <= HELD_FIELD_BYTES; field++)
        if ((o->fields >> field & 1) != 0)
            TRY(say_field(out, (enum held_field)field, record));
    return say(out, "beside", slice_str(HELD_KINDS ": " HELD_WORDS));
}

/* ---- The package ---- */

struct package {
    buf letter, bytes, manifest;
    bool sealed;
};

/* For the owners of the authority's certificates; in clear if it has none. */
static err seal(struct package *p, const struct office_authority *a, enum office_reason *reason) {
    slice certificates[CERTIFICATES];
    buf der[CERTIFICATES] = {{0}};
    err e = a->certificates.n <= CERTIFICATES ? OK : ERR_BUG;
    p->sealed = a->certificates.n > 0;
    for (size_t i = 0; e == OK && i < a->certificates.n; i++) {
        e = base64_decode(&der[i], a->certificates.p[i].text);
        certificates[i] = buf_slice(&der[i]);
    }
    if (e == OK)
        e = p->sealed ? crypto_envelope_seal(&p->bytes, certificates, a->certificates.n,
                                             buf_slice(&p->letter))
                      : buf_set(&p->bytes, buf_slice(&p->letter));
    for (size_t i = 0; i < CERTIFICATES; i++)
        buf_free(&der[i]);
    *reason = e == ERR_MALFORMED || p->bytes.n > PROTO_PACKAGE_MAX ? OFFICE_CERTIFICATE : OFFICE_OK;
    return e == ERR_MALFORMED ? OK : e;
}

static err say_version(buf *out, const char *word, const struct office_version *v) {
    char number[32];
    snprintf(number, sizeof number, "%" PRIu64, v->number);
    return say_hash(out, word, slice_str(number), v->hash);
}

/* Nothing of the letter: its hash would tell who guesses what is in it. */
static err write_manifest(struct package *p, const struct office_order *o) {
    uint8_t hash[32];
    slice bytes = buf_slice(&p->bytes);
    buf *out = &p->manifest;
    TRY(crypto_sha256.hash(hash, &bytes, 1));
    TRY(say(out, "sotto manifest", slice_str("1")));
    TRY(say_hash(out, "order", o->id, o->document.hash));
    TRY(say(out, "case", o->case_id));
    TRY(say(out, "authority", o->authority));
    TRY(say_version(out, "office", &o->office));
    TRY(say_version(out, "suspensions", &o->suspensions));
    TRY(say_hash(out, "server", SLICE_EMPTY, o->server));
    TRY(say_number(out, "server-number", o->server_number));
    return say_hash(out, "package", slice_str(p->sealed ? "cms" : "letter"), hash);
}

/* ---- Whose ---- */

err mail_order_account(const struct office_order *o, uint8_t id[MAIL_ID]) {
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

static err look(struct mail *m, struct package *p, const struct office_order *o) {
    uint8_t id[MAIL_ID];
    struct proto_record record;
    TRY(mail_order_account(o, id));
    err e = mail_record(m, id, &record);
    if (e == ERR_NOT_FOUND)
        return write_letter(&p->letter, o, NULL);
    TRY(e);
    return write_letter(&p->letter, o, &record);
}

/* ---- One order, one release ---- */

static err answer(struct mail *m, const struct mail_call *call, slice id,
                  const struct held_release *row) {
    struct proto_released out = {
        .id = id, .sealed = row->sealed, .package = row->package, .manifest = row->manifest};
    memcpy(out.order, row->order, sizeof out.order);
    writer w = mail_reply_open(m);
    proto_released_write(&w, &out);
    return mail_reply_close(m, call, PROTO_released, &w);
}

/* number: the server's, which it has to name. */
static enum office_reason check(const struct mail *m, const struct mail_office *f, slice paper,
                                uint64_t number, struct office_order **o, size_t *line) {
    struct office_here here = {
        .office = f->office, .list = f->list, .server_number = number, .now = m->now};
    memcpy(here.server, m->config.identity, sizeof here.server);
    if (f->office == NULL)
        return OFFICE_NO_OFFICE;
    if (f->list == NULL)
        return OFFICE_UNKNOWN_LIST;
    if (f->row.pins > 1 && m->now < mail_office_time(f->row.pinned) + MAIL_OFFICE_ANEW_REST)
        return OFFICE_RESTS;
    enum office_reason r = office_order_check(o, &here, paper, line);
    if (r != OFFICE_OK)
        return r;
    if ((*o)->kind == OFFICE_ORDER_PRESERVATION)
        return OFFICE_NOT_RELEASE;
    return ((*o)->account.by & (OFFICE_BY_ID | OFFICE_BY_KEY)) != 0 ? OFFICE_OK
                                                                    : OFFICE_NOT_RESOLVED;
}

static err release(struct mail *m, const struct mail_call *call, const struct office *office,
                   const struct office_order *o, enum office_reason *reason) {
    struct package p = {buf_on(m->mem), buf_on(m->mem), buf_on(m->mem), false};
    err e = look(m, &p, o);
    if (e == OK)
        e = seal(&p, office_authority_find(office, o->authority), reason);
    if (e == OK && *reason == OFFICE_OK)
        e = write_manifest(&p, o);
    struct held_release row = {.week = m->week,
                               .sealed = p.sealed,
                               .package = buf_slice(&p.bytes),
                               .manifest = buf_slice(&p.manifest)};
    memcpy(row.order, o->document.hash, sizeof row.order);
    if (e == OK && *reason == OFFICE_OK)
        e = mail_released_put(m, o->id, &row);
    if (e == OK && *reason == OFFICE_OK)
        e = answer(m, call, o->id, &row);
    buf_free(&p.letter);
    buf_free(&p.bytes);
    buf_free(&p.manifest);
    return e;
}

static err carry_out(struct mail *m, const struct mail_call *call, const struct office *office,
                     const struct office_order *o, enum office_reason *reason) {
    return o->kind == OFFICE_ORDER_NOTICE ? mail_notice_order(m, call, o)
                                          : release(m, call, office, o, reason);
}

/* The same order again, of which nobody said that it was written out: the same bytes. */
static err repeat(struct mail *m, const struct mail_call *call, const struct office_order *o,
                  const struct held_release *row, enum office_reason *reason) {
    if (row->package.n > 0 && memcmp(row->order, o->document.hash, sizeof row->order) == 0)
        return answer(m, call, o->id, row);
    *reason = OFFICE_CARRIED_OUT;
    return OK;
}

/* Of an order that was carried out, maybe before this start. NOT_FOUND: it wasn't. */
static err find(struct mail *m, slice paper, struct held_release *row, uint64_t *number,
                enum office_reason *reason, size_t *line) {
    struct office_order *o = NULL;
    *reason = office_order_load(&o, m->mem, paper, line);
    if (*reason != OFFICE_OK)
        return OK;
    err e = mail_released_get(m, o->id, row);
    *number = e == OK ? o->server_number : m->server_number;
    office_order_free(o);
    return e;
}

err mail_release(struct mail *m, const struct mail_call *call, const struct mail_office *f,
                 slice paper, enum office_reason *reason, size_t *line) {
    struct office_order *o = NULL;
    struct held_release row;
    uint64_t number = 0;
    err found = find(m, paper, &row, &number, reason, line);
    if (*reason != OFFICE_OK || (found != OK && found != ERR_NOT_FOUND))
        return found;
    *reason = check(m, f, paper, number, &o, line);
    err e = *reason != OFFICE_OK ? OK
            : found == OK        ? repeat(m, call, o, &row, reason)
                                 : carry_out(m, call, f->office, o, reason);
    office_order_free(o);
    return e;
}
