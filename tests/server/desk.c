#include "desk.h"

const struct signer desk_signers[] = {
    {APPROVER, true}, {LAW, false}, {RIGHTS, false}, {POLICY, false}, {INTAKE_1, false}};

void desk_init(struct desk *d) {
    *d = (struct desk){0};
    world_init(&d->w);
    d->w.now = DESK_NOW;
    d->w.config.desk = mail_desk;
    d->w.config.handle_memory = DESK_HANDLE_MEMORY;
    d->w.config.limits.find_bits = d->w.config.limits.claim_bits = 1;
    memset(d->w.config.identity, 0x5e, 32);
    world_restart(&d->w);
}

void desk_fini(struct desk *d) {
    office_suspensions_free(d->list);
    office_free(d->office);
    world_fini(&d->w);
}

static const struct frame *ask(struct desk *d, uint16_t type, slice body) {
    struct world *w = &d->w;
    mail_operator(w->mail, ++w->requests, type, body);
    world_commit(w);
    return world_answer(w, w->requests);
}

static void read_answer(struct desk *d, const struct frame *f) {
    struct proto_office_refused refused;
    d->reason = OFFICE_OK;
    if (f->type == PROTO_office_is)
        CHECK_OK(proto_office_is_decode(buf_slice(&f->body), &d->is));
    if (f->type == PROTO_office_refused) {
        CHECK_OK(proto_office_refused_decode(buf_slice(&f->body), &refused));
        d->reason = (enum office_reason)refused.reason;
    }
}

static void put_parts(struct desk *d, slice document) {
    for (size_t at = 0, n; at < document.n; at += n) {
        buf body = {0};
        n = document.n - at < 1000 ? document.n - at : 1000;
        struct proto_office_part part = {.at = (uint32_t)at, .bytes = slice_of(document.p + at, n)};
        CHECK_OK(proto_office_part_encode(&body, &part));
        CHECK_EQ(ask(d, PROTO_office_part, buf_slice(&body))->type, PROTO_ok);
        buf_free(&body);
    }
}

const struct frame *desk_put(struct desk *d, enum mail_office_what what, slice document,
                             const uint8_t *pin) {
    struct proto_office_put put = {.what = (uint8_t)what, .sightings = (uint32_t)d->sightings.n};
    buf body = {0}, both = {0};
    CHECK_OK(buf_append(&both, document));
    CHECK_OK(buf_append(&both, d->sightings));
    slice all = buf_slice(&both);
    d->sightings = SLICE_EMPTY;
    put_parts(d, all);
    CHECK_OK(crypto_sha256.hash(put.hash, &all, 1));
    if (pin != NULL)
        memcpy(put.pin, pin, 32);
    CHECK_OK(proto_office_put_encode(&body, &put));
    const struct frame *f = ask(d, PROTO_office_put, buf_slice(&body));
    read_answer(d, f);
    buf_free(&body);
    buf_free(&both);
    return f;
}

enum office_reason desk_reason(struct desk *d, enum mail_office_what what, slice document,
                               const uint8_t *pin) {
    (void)desk_put(d, what, document, pin);
    return d->reason;
}

const struct proto_office_is *desk_get(struct desk *d) {
    const struct frame *f = ask(d, PROTO_office_get, SLICE_EMPTY);
    CHECK_EQ(f->type, PROTO_office_is);
    read_answer(d, f);
    return &d->is;
}

static void pin(struct desk *d, buf *text) {
    CHECK_EQ(office_load(&d->office, NULL, buf_slice(text), NULL), OFFICE_OK);
    CHECK_EQ(desk_reason(d, MAIL_OFFICE_PIN, buf_slice(text), d->office->document.hash), OFFICE_OK);
    buf_free(text);
}

void desk_pin(struct desk *d) {
    buf text = {0};
    people_office(&text, false, NULL);
    pin(d, &text);
}

void desk_pin_plain(struct desk *d) {
    buf text = {0};
    people_office(&text, false, NULL);
    people_replace(&text, "certificate QUJD\n", "");
    pin(d, &text);
}

enum office_reason desk_list(struct desk *d, const char *entries, unsigned who) {
    buf text = {0};
    people_list(&text, d->office, d->list, entries);
    people_sign_all(&text, desk_signers, 5, who);
    enum office_reason r = desk_reason(d, MAIL_OFFICE_SUSPENSIONS, buf_slice(&text), NULL);
    if (r == OFFICE_OK) {
        office_suspensions_free(d->list);
        CHECK_EQ(office_suspensions_load(&d->list, NULL, buf_slice(&text), NULL), OFFICE_OK);
    }
    buf_free(&text);
    return r;
}
