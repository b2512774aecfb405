/* Orders of the office: src/office checks one under the files in force; here it is carried out,
 * once. That it was, what it does and what it gives are in the store before anything leaves. */
#include "base/text.h"
#include "server/office.h"

static mail_order_fn *const kinds[] = {
    [OFFICE_ORDER_RELEASE] = mail_release,
    [OFFICE_ORDER_NOTICE] = mail_notice_order,
    [OFFICE_ORDER_PRESERVATION] = mail_preserve,
};

/* ---- The manifest ---- */

static err say_version(buf *out, const char *word, const struct office_version *v) {
    char number[DECIMAL_TEXT];
    decimal_text(v->number, number);
    return mail_say_hash(out, word, slice_str(number), v->hash);
}

/* The hash is of what is sealed, or of a letter with its salt: it tells nothing to who guesses. */
static err write_manifest(buf *out, const struct office_order *o, const struct mail_given *given) {
    uint8_t hash[32];
    slice package = buf_slice(&given->package);
    TRY(crypto_sha256.hash(hash, &package, 1));
    TRY(mail_say(out, "sotto manifest", slice_str("1")));
    TRY(mail_say_hash(out, "order", o->id, o->document.hash));
    TRY(mail_say(out, "case", o->case_id));
    if (o->authority.n > 0)
        TRY(mail_say(out, "authority", o->authority));
    TRY(say_version(out, "office", &o->office));
    TRY(say_version(out, "suspensions", &o->suspensions));
    TRY(mail_say_hash(out, "server", SLICE_EMPTY, o->server));
    TRY(mail_say_number(out, "server-number", o->server_number));
    if (package.n == 0)
        return OK;
    return mail_say_hash(out, "package", slice_str(given->sealed ? "cms" : "letter"), hash);
}

/* ---- Once ---- */

static err answer(struct mail *m, const struct mail_call *call, slice id,
                  const struct held_carried *row) {
    struct proto_carried_out out = {
        .id = id, .sealed = row->sealed, .package = row->package, .manifest = row->manifest};
    memcpy(out.order, row->order, sizeof out.order);
    writer w = mail_reply_open(m);
    proto_carried_out_write(&w, &out);
    return mail_reply_close(m, call, PROTO_carried_out, &w);
}

static bool rests(const struct mail *m, const struct mail_office *f) {
    return f->row.pins > 1 && m->now < mail_office_time(f->row.pinned) + MAIL_OFFICE_ANEW_REST;
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
    enum office_reason r = office_order_check(o, &here, paper, line);
    if (r != OFFICE_OK)
        return r;
    return (*o)->kind == OFFICE_ORDER_RELEASE && rests(m, f) ? OFFICE_RESTS : OFFICE_OK;
}

/* A name may lead to somebody else by now than when the user was told. */
static err find_account(struct mail *m, const struct office_order *o, uint8_t id[MAIL_ID],
                        const uint8_t **account, enum office_reason *reason) {
    bool other = false;
    err e = mail_order_account(m, o, id);
    *account = e == OK ? id : NULL;
    if (e == OK)
        e = mail_meant_check(m, o->case_id, id, &other);
    *reason = other ? OFFICE_OTHER_ACCOUNT : OFFICE_OK;
    return e == ERR_NOT_FOUND ? OK : e;
}

static err carry_out(struct mail *m, const struct mail_call *call, const struct mail_office *f,
                     const struct office_order *o, enum office_reason *reason) {
    struct mail_given given = {buf_on(m->mem), false};
    buf manifest = buf_on(m->mem);
    uint8_t id[MAIL_ID];
    const uint8_t *account = NULL;
    err e = find_account(m, o, id, &account, reason);
    if (e == OK && *reason == OFFICE_OK)
        e = kinds[o->kind](m, f, o, account, &given, reason);
    if (e == OK && *reason == OFFICE_OK)
        e = mail_meant_put(m, o->case_id, account);
    if (e == OK && *reason == OFFICE_OK)
        e = write_manifest(&manifest, o, &given);
    struct held_carried row = {.week = m->week,
                               .sealed = given.sealed,
                               .package = buf_slice(&given.package),
                               .manifest = buf_slice(&manifest)};
    memcpy(row.order, o->document.hash, sizeof row.order);
    if (e == OK && *reason == OFFICE_OK)
        e = mail_carried_put(m, o->id, &row);
    if (e == OK && *reason == OFFICE_OK)
        e = answer(m, call, o->id, &row);
    buf_free(&given.package);
    buf_free(&manifest);
    return e;
}

/* The same order again, of which nobody said that it was written out: the same bytes. */
static err repeat(struct mail *m, const struct mail_call *call, const struct office_order *o,
                  const struct held_carried *row, enum office_reason *reason) {
    if (row->manifest.n > 0 && memcmp(row->order, o->document.hash, sizeof row->order) == 0)
        return answer(m, call, o->id, row);
    *reason = OFFICE_CARRIED_OUT;
    return OK;
}

/* Of an order that was carried out, maybe before this start. NOT_FOUND: it wasn't. */
static err find(struct mail *m, slice paper, struct held_carried *row, uint64_t *number,
                enum office_reason *reason, size_t *line) {
    struct office_order *o = NULL;
    *reason = office_order_load(&o, m->mem, paper, line);
    if (*reason != OFFICE_OK)
        return OK;
    err e = mail_carried_get(m, o->id, row);
    *number = e == OK ? o->server_number : m->server_number;
    office_order_free(o);
    return e;
}

err mail_order(struct mail *m, const struct mail_call *call, const struct mail_office *f,
               slice paper, enum office_reason *reason, size_t *line) {
    struct office_order *o = NULL;
    struct held_carried row;
    uint64_t number = 0;
    err found = find(m, paper, &row, &number, reason, line);
    if (*reason != OFFICE_OK || (found != OK && found != ERR_NOT_FOUND))
        return found;
    *reason = check(m, f, paper, number, &o, line);
    err e = *reason != OFFICE_OK ? OK
            : found == OK        ? repeat(m, call, o, &row, reason)
                                 : carry_out(m, call, f, o, reason);
    office_order_free(o);
    return e;
}
