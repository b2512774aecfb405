/* The office file and the suspension list in force: what the operator hands in is checked by
 * src/office against what is here, and takes its place in one batch. A document is larger than a
 * message, so it comes in parts; it waits in memory and is named by its hash when it is whole. */
#include "server/office.h"

#include "base/time.h"

static err handle_part(struct mail *m, struct mail_call *call);
static err handle_put(struct mail *m, struct mail_call *call);
static err handle_get(struct mail *m, struct mail_call *call);
static const struct mail_handler part = {PROTO_office_part, handle_part};
static const struct mail_handler put = {PROTO_office_put, handle_put};
static const struct mail_handler get = {PROTO_office_get, handle_get};
const struct mail_handler *const mail_desk[MAIL_DESK_HANDLERS] = {&part, &put, &get};

static const char ROW[] = "office";

/* ---- Times ---- */

uint32_t mail_office_hour(uint64_t ms) {
    return (uint32_t)((ms + TIME_HOUR - 1) / TIME_HOUR);
}

uint64_t mail_office_time(uint32_t hour) {
    return hour * (uint64_t)TIME_HOUR;
}

/* ---- The row ---- */

static size_t since_count(const struct office_suspensions *list) {
    return list == NULL ? 0 : list->notices.n + list->freezes.n;
}

/* What is kept of each lift notice and freeze: an hour, and the hash of the list that it came in.
 */
enum { HASH = 32, SINCE = 4 + HASH };

/* What was stored was accepted once. */
static err parse(struct mail *m, struct mail_office *o) {
    enum office_reason r = office_load(&o->office, m->mem, o->row.office, NULL);
    if (r == OFFICE_OK && o->row.suspensions.n > 0)
        r = office_suspensions_load(&o->list, m->mem, o->row.suspensions, NULL);
    if (r == OFFICE_MEMORY)
        return ERR_NO_MEMORY;
    return r == OFFICE_OK && o->row.since.n == SINCE * since_count(o->list) ? OK : ERR_DAMAGED;
}

err mail_office_load(struct mail *m, struct mail_office *o) {
    *o = (struct mail_office){.bytes = buf_on(m->mem)};
    err e = held_office_get(m->store, m->batch, slice_str(ROW), 0, &o->bytes, &o->row);
    if (e != ERR_NOT_FOUND)
        return e == OK ? parse(m, o) : e;
    o->row = (struct held_office){0};
    return OK;
}

void mail_office_free(struct mail_office *o) {
    office_suspensions_free(o->list);
    office_free(o->office);
    buf_free(&o->bytes);
}

/* ---- Since when ---- notices in their order, then freezes. */

static slice since_at(const struct mail_office *o, size_t i) {
    return slice_of(o->row.since.p + SINCE * i, SINCE);
}

static uint64_t since_time(const struct mail_office *o, size_t i) {
    uint32_t hour = 0;
    reader r = reader_of(since_at(o, i));
    return reader_u32(&r, &hour) == OK ? mail_office_time(hour) : 0;
}

static struct office_since since_of(const struct mail_office *o, size_t i) {
    size_t notices = o->list->notices.n;
    return (struct office_since){.id = i < notices ? o->list->notices.p[i].id
                                                   : o->list->freezes.p[i - notices].id,
                                 .time = since_time(o, i)};
}

static bool same(const struct office_suspensions *a, size_t i, const struct office_suspensions *b,
                 size_t j) {
    bool is_notice = i < a->notices.n;
    if (is_notice != (j < b->notices.n))
        return false;
    if (is_notice)
        return slice_equal(a->notices.p[i].id, b->notices.p[j].id);
    const struct office_freeze *f = &a->freezes.p[i - a->notices.n];
    const struct office_freeze *g = &b->freezes.p[j - b->notices.n];
    return slice_equal(f->id, g->id) && f->time == g->time;
}

/* What stays in the list keeps what is known of it; what is new, or came back, begins now. */
static err write_since(struct mail *m, const struct mail_office *o,
                       const struct office_suspensions *next, buf *since) {
    writer w = writer_on(since);
    for (size_t i = 0; i < since_count(next); i++) {
        size_t j = 0;
        while (j < since_count(o->list) && !same(next, i, o->list, j))
            j++;
        if (j < since_count(o->list)) {
            writer_bytes(&w, since_at(o, j));
        } else {
            writer_u32(&w, mail_office_hour(m->now));
            writer_bytes(&w, SLICE_ARRAY(next->document.hash));
        }
    }
    return writer_result(&w);
}

/* ---- Sightings ---- of the lists in which the present notices came. */

static enum office_reason see(const struct mail_office *o, const struct office_sighting *s,
                              struct office_since *notices) {
    for (size_t i = 0; o->list != NULL && i < o->list->notices.n; i++) {
        uint64_t duration;
        if (memcmp(since_at(o, i).p + SINCE - HASH, s->document, HASH) != 0)
            continue;
        enum office_reason r = office_sighting_check(o->office, s, &duration);
        if (r != OFFICE_OK)
            return r;
        if (duration > notices[i].witnessed)
            notices[i].witnessed = duration;
    }
    return OFFICE_OK;
}

static enum office_reason see_all(struct mail *m, const struct mail_office *o, slice text,
                                  struct office_since *notices, size_t *line) {
    struct office_sightings *s = NULL;
    enum office_reason r = office_sightings_load(&s, m->mem, text, line);
    if (r != OFFICE_OK)
        return r == OFFICE_MEMORY ? r : OFFICE_SIGHTINGS;
    for (size_t i = 0; r == OFFICE_OK && i < s->each.n; i++)
        r = see(o, &s->each.p[i], notices);
    office_sightings_free(s);
    return r;
}

/* ---- Changes ---- each checks, and puts into the row what it will be. */

struct change {
    const struct proto_office_put *in;
    slice paper, sightings;
    struct mail_office *now;
    struct held_office row;
    buf since;
    size_t line;
};

/* Clients are told of it from now on. */
static err tell(struct mail *m, const struct office *next) {
    struct held_desk row = {.version = next->version, .name = next->name, .origin = next->origin};
    memcpy(row.hash, next->document.hash, sizeof row.hash);
    memcpy(row.notice_key, next->notice_key, sizeof row.notice_key);
    return mail_desk_put(m, &row);
}

static err pin(struct mail *m, struct change *c, enum office_reason *reason) {
    struct office *next = NULL;
    const struct office *present = c->now->office;
    *reason = OFFICE_PINNED;
    if (present != NULL && c->in->what != MAIL_OFFICE_ANEW)
        return OK;
    *reason = office_pin(&next, m->mem, c->paper, c->in->pin, &c->line);
    if (*reason == OFFICE_OK && present != NULL && next->version <= present->version)
        *reason = OFFICE_OLD;
    err e = *reason == OFFICE_OK ? tell(m, next) : OK;
    office_free(next);
    c->row.office = c->paper;
    c->row.pins++;
    c->row.pinned = mail_office_hour(m->now);
    return e;
}

static err change(struct mail *m, struct change *c, enum office_reason *reason) {
    struct office *next = NULL;
    *reason = OFFICE_NO_OFFICE;
    if (c->now->office == NULL)
        return OK;
    *reason = office_change(&next, c->now->office, c->now->list, c->paper, &c->line);
    err e = *reason == OFFICE_OK ? tell(m, next) : OK;
    office_free(next);
    c->row.office = c->paper;
    return e;
}

static err suspensions(struct mail *m, struct change *c, enum office_reason *reason) {
    const struct mail_office *o = c->now;
    struct office_suspensions *next = NULL;
    struct office_since since[OFFICE_SINCE_MAX];
    size_t count = since_count(o->list), notices = o->list == NULL ? 0 : o->list->notices.n;
    *reason = OFFICE_NO_OFFICE;
    if (o->office == NULL)
        return OK;
    for (size_t i = 0; i < count; i++)
        since[i] = since_of(o, i);
    struct office_evidence evidence = {since, since + notices, notices, count - notices, m->now};
    *reason = OFFICE_OK;
    if (c->sightings.n > 0)
        *reason = see_all(m, o, c->sightings, since, &c->line);
    if (*reason == OFFICE_OK)
        *reason =
            office_suspensions_change(&next, o->office, o->list, c->paper, &evidence, &c->line);
    err e = *reason == OFFICE_OK ? write_since(m, o, next, &c->since) : OK;
    office_suspensions_free(next);
    c->row.suspensions = c->paper;
    c->row.since = buf_slice(&c->since);
    return e;
}

static err make_change(struct mail *m, struct change *c, enum office_reason *reason) {
    switch (c->in->what) {
    case MAIL_OFFICE_CHANGE:
        return change(m, c, reason);
    case MAIL_OFFICE_SUSPENSIONS:
        return suspensions(m, c, reason);
    default:
        return pin(m, c, reason);
    }
}

/* ---- Answers ---- */

static err refuse(struct mail *m, const struct mail_call *call, enum office_reason reason,
                  size_t line) {
    struct proto_office_refused out = {.reason = (uint16_t)reason, .line = (uint32_t)line};
    if (reason == OFFICE_MEMORY)
        return ERR_NO_MEMORY;
    writer w = mail_reply_open(m);
    proto_office_refused_write(&w, &out);
    return mail_reply_close(m, call, PROTO_office_refused, &w);
}

static void list_since(writer *w, struct proto_list *list, const struct mail_office *o) {
    for (size_t i = 0; i < since_count(o->list); i++) {
        struct office_since since = since_of(o, i);
        struct proto_office_since out = {
            .id = since.id, .freeze = i >= o->list->notices.n, .time = since.time};
        PROTO_LIST_ADD(office_since, w, list, &out);
    }
}

static err answer(struct mail *m, const struct mail_call *call, const struct mail_office *o) {
    struct proto_office_is out = {.server_number = m->server_number,
                                  .pins = o->row.pins,
                                  .pinned = mail_office_time(o->row.pinned)};
    memcpy(out.server, m->config.identity, sizeof out.server);
    if (o->office != NULL) {
        out.office = o->office->version;
        out.name = o->office->name;
        memcpy(out.office_hash, o->office->document.hash, sizeof out.office_hash);
    }
    if (o->list != NULL) {
        out.suspensions = o->list->version;
        memcpy(out.suspensions_hash, o->list->document.hash, sizeof out.suspensions_hash);
    }
    buf_clear(&m->value);
    writer w = writer_on(&m->value);
    list_since(&w, &out.since, o);
    TRY(writer_result(&w));
    out.since.bytes = buf_slice(&m->value);
    w = mail_reply_open(m);
    proto_office_is_write(&w, &out);
    return mail_reply_close(m, call, PROTO_office_is, &w);
}

static err answer_now(struct mail *m, const struct mail_call *call) {
    struct mail_office o;
    err e = mail_office_load(m, &o);
    if (e == OK)
        e = answer(m, call, &o);
    mail_office_free(&o);
    return e;
}

/* ---- What the operator asks ---- */

static err handle_part(struct mail *m, struct mail_call *call) {
    struct proto_office_part in;
    if (proto_office_part_decode(call->body, &in) != OK)
        return mail_refuse(m, call, PROTO_REASON_MALFORMED);
    if (in.at == 0)
        buf_clear(&m->paper);
    if (in.at != m->paper.n) /* somebody else hands in, too */
        return mail_refuse(m, call, PROTO_REASON_BUSY);
    if (m->paper.n + in.bytes.n > 2 * OFFICE_DOCUMENT_MAX)
        return mail_refuse(m, call, PROTO_REASON_LIMIT);
    TRY(buf_append(&m->paper, in.bytes));
    return mail_reply_ok(m, call);
}

static bool is_whole(const struct mail *m, const uint8_t hash[32]) {
    uint8_t own[32];
    slice paper = buf_slice(&m->paper);
    return crypto_sha256.hash(own, &paper, 1) == OK && memcmp(own, hash, sizeof own) == 0;
}

static err put_change(struct mail *m, const struct mail_call *call, struct change *c) {
    enum office_reason reason = OFFICE_KIND;
    bool is_order = c->in->what == MAIL_OFFICE_ORDER;
    TRY(is_order ? mail_order(m, call, c->now, c->paper, &reason, &c->line)
                 : make_change(m, c, &reason));
    if (is_order && reason == OFFICE_OK)
        return OK;
    if (reason != OFFICE_OK)
        return refuse(m, call, reason, c->line);
    TRY(held_office_put(m->batch, slice_str(ROW), 0, &m->row, &c->row));
    return answer_now(m, call);
}

static err handle_put(struct mail *m, struct mail_call *call) {
    struct proto_office_put in;
    struct mail_office now;
    if (proto_office_put_decode(call->body, &in) != OK || in.what > MAIL_OFFICE_ORDER ||
        (in.sightings > 0 && in.what != MAIL_OFFICE_SUSPENSIONS))
        return mail_refuse(m, call, PROTO_REASON_MALFORMED);
    if (!is_whole(m, in.hash) || in.sightings > m->paper.n)
        return mail_refuse(m, call, PROTO_REASON_BUSY);
    size_t document = m->paper.n - in.sightings;
    err e = mail_office_load(m, &now);
    struct change c = {.in = &in,
                       .paper = slice_of(m->paper.p, document),
                       .sightings = slice_of(m->paper.p + document, in.sightings),
                       .now = &now,
                       .row = now.row,
                       .since = buf_on(m->mem)};
    if (e == OK)
        e = put_change(m, call, &c);
    mail_office_free(&now);
    buf_free(&c.since);
    buf_clear(&m->paper);
    return e;
}

static err handle_get(struct mail *m, struct mail_call *call) {
    return answer_now(m, call);
}
