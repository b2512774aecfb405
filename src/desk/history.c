/* Cases, moves and seats between the store and the machine. */
#include "desk/internal.h"

/* In the order of the columns. */
void desk_case_read(struct desk_rows *q, struct desk_case *c) {
    int i = 0;
    memset(c, 0, sizeof *c);
    desk_row_text(q, i++, c->id, sizeof c->id);
    c->state = (enum desk_state)desk_row_number(q, i++);
    c->due = (enum desk_due)desk_row_number(q, i++);
    c->kind = (enum desk_kind)desk_row_number(q, i++);
    c->hold = (enum desk_hold)desk_row_number(q, i++);
    c->path = (uint32_t)desk_row_number(q, i++);
    desk_row_text(q, i++, c->authority, sizeof c->authority);
    desk_row_text(q, i++, c->regime, sizeof c->regime);
    desk_row_text(q, i++, c->category, sizeof c->category);
    desk_row_text(q, i++, c->process, sizeof c->process);
    desk_row_text(q, i++, c->carve_outs, sizeof c->carve_outs);
    desk_row_text(q, i++, c->issuer, sizeof c->issuer);
    desk_row_text(q, i++, c->beneficiary, sizeof c->beneficiary);
    c->asked = (uint32_t)desk_row_number(q, i++);
    c->fields = (uint32_t)desk_row_number(q, i++);
    c->accounts = desk_row_number(q, i++);
    desk_row_copy(q, i++, c->filing, sizeof c->filing);
    c->enrolled = desk_row_number(q, i++) != 0;
    c->number = desk_row_number(q, i++);
    desk_row_copy(q, i++, c->head, sizeof c->head);
    c->round = (uint32_t)desk_row_number(q, i++);
    desk_row_copy(q, i++, c->order, sizeof c->order);
    c->order_made = desk_row_number(q, i++);
    c->order_office = desk_row_number(q, i++);
    c->order_list = desk_row_number(q, i++);
    c->order_server = desk_row_number(q, i++);
    c->waits = (uint32_t)desk_row_number(q, i++);
    c->received = desk_row_number(q, i++);
    c->deadline = desk_row_number(q, i++);
    c->since = desk_row_number(q, i++);
    c->notified = desk_row_number(q, i++);
    c->objected = desk_row_number(q, i++);
    c->bar_until = desk_row_number(q, i++);
    c->preserved_until = desk_row_number(q, i++);
    c->released = desk_row_number(q, i++);
    c->delivered = desk_row_number(q, i++);
    c->told_late = desk_row_number(q, i++);
    c->told = desk_row_number(q, i++);
    c->alarm = (unsigned)desk_row_number(q, i++);
}

err desk_case_get(struct desk *d, slice id, struct desk_case *c) {
    struct desk_rows q;
    desk_rows_begin(&q, d->store, "SELECT " DESK_CASE_COLUMNS " FROM cases WHERE id = ?", "t", id);
    bool found = desk_rows_next(&q);
    if (found)
        desk_case_read(&q, c);
    TRY(desk_rows_end(&q));
    return found ? OK : ERR_NOT_FOUND;
}

#define N(x) (uint64_t)(x)

static err case_write(struct desk *d, const struct desk_case *c) {
    return desk_store_run(
        d->store,
        "UPDATE cases SET open=?, state=?, due=?, kind=?, hold=?, path=?, authority=?, regime=?,"
        " category=?, process=?, carve_outs=?, issuer=?, beneficiary=?, asked=?, fields=?,"
        " accounts=?, number=?, head=?, round=?, order_hash=?, order_made=?, order_office=?,"
        " order_list=?, order_server=?, waits=?, deadline=?, since=?, notified=?, objected=?,"
        " bar_until=?, preserved_until=?, released=?, delivered=?, told_late=?, told=?, alarm=?"
        " WHERE id=?",
        "iiiiiisssssssiiiibibiiiiiiiiiiiiiiiis", N(desk_state_open(c->state)), N(c->state),
        N(c->due), N(c->kind), N(c->hold), N(c->path), c->authority, c->regime, c->category,
        c->process, c->carve_outs, c->issuer, c->beneficiary, N(c->asked), N(c->fields),
        c->accounts, c->number, slice_of(c->head, 32), N(c->round), slice_of(c->order, 32),
        c->order_made, c->order_office, c->order_list, c->order_server, N(c->waits), c->deadline,
        c->since, c->notified, c->objected, c->bar_until, c->preserved_until, c->released,
        c->delivered, c->told_late, c->told, N(c->alarm), c->id);
}

/* ---- Moves and seats ---- */

static void moved_read(struct desk_rows *q, struct desk_moved *m) {
    memset(m, 0, sizeof *m);
    m->number = desk_row_number(q, 0);
    m->move = (enum desk_move)desk_row_number(q, 1);
    m->from = (enum desk_state)desk_row_number(q, 2);
    m->to = (enum desk_state)desk_row_number(q, 3);
    desk_row_text(q, 4, m->person, sizeof m->person);
    m->role = (uint32_t)desk_row_number(q, 5);
    m->round = (uint32_t)desk_row_number(q, 6);
    m->made = desk_row_number(q, 7);
    desk_row_copy(q, 8, m->hash, sizeof m->hash);
    desk_row_copy(q, 9, m->order, sizeof m->order);
    m->seconds = desk_row_number(q, 10);
    m->pending = desk_row_number(q, 11) != 0;
    desk_row_text(q, 12, m->detail, sizeof m->detail);
}

static const char moves_text[] =
    "SELECT number, move, from_state, to_state, person, role, round, made, hash, order_hash,"
    " seconds, pending, detail FROM moves WHERE case_id = ? ORDER BY number";

err desk_moves_list(struct desk *d, slice case_id, desk_moved_visit *visit, void *ctx) {
    struct desk_rows q;
    desk_rows_begin(&q, d->store, moves_text, "t", case_id);
    while (desk_rows_next(&q)) {
        struct desk_moved m;
        moved_read(&q, &m);
        if (!visit(ctx, &m))
            break;
    }
    return desk_rows_end(&q);
}

static err move_write(struct desk *d, const struct desk_history *h, const struct desk_moved *m) {
    return desk_store_run(d->store,
                          "INSERT INTO moves (case_id, number, move, from_state, to_state, person,"
                          " role, round, made, hash, order_hash, seconds, pending, detail)"
                          " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                          "siiiisiiibbiis", h->now.id, m->number, N(m->move), N(m->from), N(m->to),
                          m->person, N(m->role), N(m->round), m->made, slice_of(m->hash, 32),
                          slice_of(m->order, 32), m->seconds, N(m->pending), m->detail);
}

static void seat_read(struct desk_rows *q, struct desk_seat *s) {
    memset(s, 0, sizeof *s);
    s->round = (uint32_t)desk_row_number(q, 0);
    s->lens = (enum desk_lens)desk_row_number(q, 1);
    desk_row_text(q, 2, s->person, sizeof s->person);
    s->out = desk_row_number(q, 3) != 0;
    s->number = desk_row_number(q, 4);
    s->answered = s->number != 0;
    s->verdict = (enum desk_verdict)desk_row_number(q, 5);
    desk_row_text(q, 6, s->beneficiary, sizeof s->beneficiary);
    s->after = desk_row_number(q, 7) != 0;
    s->shown = true;
}

static const char seats_text[] = "SELECT round, lens, person, out, number, verdict, beneficiary,"
                                 " late FROM seats WHERE case_id = ? ORDER BY round, lens, person";

static err seat_write(struct desk *d, const struct desk_history *h, const struct desk_seat *s) {
    return desk_store_run(d->store,
                          "INSERT OR REPLACE INTO seats (case_id, round, lens, person, out, number,"
                          " verdict, beneficiary, late) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                          "siisiiisi", h->now.id, N(s->round), N(s->lens), s->person, N(s->out),
                          s->answered ? s->number : 0, N(s->verdict), s->beneficiary, N(s->after));
}

/* Verdicts that the viewer did not give say nothing before the round's are shown. */
static void seat_hide(struct desk_seat *s, const struct desk_history *h, slice viewer) {
    if (!s->answered || desk_round_shown(h, s->round) || slice_equal(slice_str(s->person), viewer))
        return;
    s->shown = false;
    s->verdict = DESK_VERDICT_CLEAR;
    s->beneficiary[0] = '\0';
}

err desk_seats_list(struct desk *d, slice case_id, slice viewer, desk_seat_visit *visit,
                    void *ctx) {
    struct desk_history h;
    TRY(desk_history_load(d, case_id, &h));
    bool more = true;
    for (size_t i = 0; i < h.seat_count && more; i++) {
        struct desk_seat s = h.seats[i];
        seat_hide(&s, &h, viewer);
        more = visit(ctx, &s);
    }
    desk_history_free(&h);
    return OK;
}

/* ---- Histories ---- */

static err moves_load(struct desk *d, slice case_id, struct desk_history *h) {
    struct desk_rows q;
    desk_rows_begin(&q, d->store, moves_text, "t", case_id);
    while (desk_rows_next(&q)) {
        struct desk_moved m;
        moved_read(&q, &m);
        q.result = desk_history_add_move(h, &m);
    }
    return desk_rows_end(&q);
}

static err seats_load(struct desk *d, slice case_id, struct desk_history *h) {
    struct desk_rows q;
    desk_rows_begin(&q, d->store, seats_text, "t", case_id);
    while (desk_rows_next(&q)) {
        struct desk_seat s;
        seat_read(&q, &s);
        q.result = desk_history_add_seat(h, &s);
    }
    return desk_rows_end(&q);
}

err desk_history_load(struct desk *d, slice case_id, struct desk_history *h) {
    memset(h, 0, sizeof *h);
    TRY(desk_case_get(d, case_id, &h->now));
    err e = moves_load(d, case_id, h);
    if (e == OK)
        e = seats_load(d, case_id, h);
    if (e != OK)
        desk_history_free(h);
    return e;
}

err desk_history_save(struct desk *d, const struct desk_history *h, size_t moves) {
    TRY(case_write(d, &h->now));
    for (size_t i = moves; i < h->move_count; i++)
        TRY(move_write(d, h, &h->moves[i]));
    for (size_t i = 0; i < moves; i++)
        TRY(desk_store_run(d->store,
                           "UPDATE moves SET pending = ? WHERE case_id = ? AND number = ?"
                           " AND pending != ?",
                           "isii", N(h->moves[i].pending), h->now.id, h->moves[i].number,
                           N(h->moves[i].pending)));
    for (size_t i = 0; i < h->seat_count; i++)
        if (h->seats[i].round == h->now.round)
            TRY(seat_write(d, h, &h->seats[i]));
    return OK;
}
