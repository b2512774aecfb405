/* What comes in: filings, objections, and moves that persons signed. */
#include <stdio.h>

#include "base/codec.h"
#include "base/text.h"
#include "crypto/crypto.h"
#include "desk/draw.h"
#include "desk/entry.h"
#include "desk/keys.h"

/* ---- Filings ---- */

static err part_seal(struct desk *d, slice case_id, enum desk_sealed_kind kind, uint64_t number,
                     slice name, slice bytes) {
    buf plain = {0};
    writer w = writer_on(&plain);
    writer_reserve(&w, name.n + bytes.n + 8);
    writer_vec(&w, name);
    writer_vec(&w, bytes);
    err e = writer_result(&w);
    if (e == OK)
        e = desk_seal_put(d, case_id, kind, number, SLICE_EMPTY, buf_slice(&plain));
    buf_free(&plain);
    return e;
}

static enum desk_reason sizes_check(const struct desk_filing *f) {
    if (f->bytes.n == 0)
        return DESK_EMPTY;
    if (f->bytes.n > DESK_FILING_MAX || f->attachment_count > DESK_ATTACHMENTS_MAX)
        return DESK_TOO_LARGE;
    for (size_t i = 0; i < f->attachment_count; i++)
        if (f->attachments[i].bytes.n > DESK_FILING_MAX || f->attachments[i].name.n > 255)
            return DESK_TOO_LARGE;
    return DESK_OK;
}

static uint64_t size_of(const struct desk_filing *f) {
    uint64_t n = f->bytes.n;
    for (size_t i = 0; i < f->attachment_count; i++)
        n += f->attachments[i].bytes.n;
    return n;
}

err desk_unread(struct desk *d, bool enrolled, uint64_t *n, uint64_t *bytes) {
    struct desk_rows q;
    *n = *bytes = 0;
    desk_rows_begin(&q, d->store, "SELECT n, size FROM unread WHERE enrolled = ?", "i",
                    (uint64_t)enrolled);
    if (desk_rows_next(&q)) {
        *n = desk_row_number(&q, 0);
        *bytes = desk_row_number(&q, 1);
    }
    return desk_rows_end(&q);
}
_Static_assert(DESK_STATE_RECEIVED == 0, "the store counts them by that number");

static err flood_check(struct desk *d, const struct desk_filing *f, struct desk_why *why) {
    uint64_t n, bytes;
    TRY(desk_unread(d, f->enrolled, &n, &bytes));
    return n >= DESK_UNREAD_MAX || bytes + size_of(f) > DESK_UNREAD_BYTES_MAX
               ? desk_refuse(why, DESK_FLOOD)
               : OK;
}

static err filed_check(struct desk *d, const uint8_t hash[32], struct desk_why *why) {
    uint64_t there;
    TRY(desk_store_number(d->store, &there,
                          "SELECT count(*) FROM cases WHERE filing = ? AND open = 1", "b",
                          slice_of(hash, 32)));
    return there > 0 ? desk_refuse(why, DESK_FILED) : OK;
}

/* A number that says nothing of how many there are. */
static err id_make(char id[DESK_ID]) {
    uint8_t random[10];
    buf text = {0};
    crypto_random(random, sizeof random);
    err e = buf_append(&text, slice_str("c-"));
    if (e == OK)
        e = base32_encode(&text, SLICE_ARRAY(random));
    if (e == OK && !desk_copy(id, DESK_ID, buf_slice(&text)))
        e = ERR_BUG;
    buf_free(&text);
    return e;
}

/* The row as it is before the first move; the key is filled in when there is one. */
static err case_insert(struct desk *d, const struct desk_case *c, uint64_t size) {
    slice zeros = slice_of((const uint8_t[32]){0}, 32);
    return desk_store_run(
        d->store,
        "INSERT INTO cases (id, key, open, state, due, kind, hold, path, authority, regime,"
        " category, process, carve_outs, issuer, beneficiary, asked, fields, accounts, filing,"
        " enrolled, number, head, round, order_hash, order_made, order_office, order_list,"
        " order_server, waits, received, deadline, since, notified, objected, bar_until,"
        " preserved_until, released, delivered, told_late, told, alarm, size)"
        " VALUES (?, ?, 1, 0, 0, 0, 0, ?, '', '', '', '', '', '', '', 0, 0, 0, ?, ?, 0, ?, 0, ?,"
        " 0, 0, 0, 0, 0, ?, 0, ?, 0, 0, 0, 0, 0, 0, 0, 0, 0, ?)",
        "sbibibbiii", c->id, zeros, (uint64_t)c->path, slice_of(c->filing, 32),
        (uint64_t)c->enrolled, zeros, zeros, c->received, c->since, size);
}

static err key_set(struct desk *d, slice id) {
    uint8_t key[32];
    TRY(desk_case_key_make(d, id, key));
    return desk_store_run(d->store, "UPDATE cases SET key = ? WHERE id = ?", "bt", SLICE_ARRAY(key),
                          id);
}

static err parts_seal(struct desk *d, slice id, const struct desk_filing *f) {
    TRY(part_seal(d, id, DESK_SEALED_FILING, 0, f->channel, f->bytes));
    for (size_t i = 0; i < f->attachment_count; i++)
        TRY(part_seal(d, id, DESK_SEALED_ATTACHMENT, i + 1, f->attachments[i].name,
                      f->attachments[i].bytes));
    return OK;
}

static err receive_new(struct desk *d, const struct desk_filing *f, struct desk_history *h,
                       struct desk_why *why) {
    struct desk_world w;
    slice id;
    desk_world_now(d, &w);
    TRY(desk_clock_check(d, w.now, why));
    h->now.path = OFFICE_ORDINARY;
    h->now.enrolled = f->enrolled;
    h->now.received = h->now.since = w.now;
    TRY(id_make(h->now.id));
    id = slice_str(h->now.id);
    TRY(case_insert(d, &h->now, size_of(f)));
    TRY(key_set(d, id));
    TRY(parts_seal(d, id, f));
    return desk_own_make(d, h, &w, DESK_MOVE_RECEIVE, why);
}

static err receive(struct desk *d, const struct desk_filing *f, const uint8_t hash[32],
                   struct desk_receipt *receipt, struct desk_why *why) {
    struct desk_history h = {.moves = NULL};
    memcpy(h.now.filing, hash, sizeof h.now.filing);
    TRY(flood_check(d, f, why));
    err e = receive_new(d, f, &h, why);
    if (e == OK) {
        memcpy(receipt->case_id, h.now.id, sizeof receipt->case_id);
        memcpy(receipt->hash, hash, sizeof receipt->hash);
        receipt->received = h.now.received;
    }
    desk_history_free(&h);
    return e;
}

static err receive_each(struct desk *d, const struct desk_filing *filings, size_t count,
                        const uint8_t hash[32], struct desk_receipt *receipts,
                        struct desk_why *why) {
    if (d->office == NULL)
        return desk_refuse(why, DESK_NO_OFFICE);
    /* The cheapest look comes first: a flood has all of them. */
    TRY(flood_check(d, &filings[0], why));
    TRY(filed_check(d, hash, why));
    for (size_t i = 0; i < count; i++)
        TRY(receive(d, &filings[i], hash, &receipts[i], why));
    return OK;
}

err desk_file_receive_each(struct desk *d, const struct desk_filing *filings, size_t count,
                           struct desk_receipt *receipts, struct desk_why *why) {
    uint8_t hash[32];
    for (size_t i = 0; i < count; i++)
        DESK_NEED(why, sizes_check(&filings[i]));
    TRY(crypto_sha256.hash(hash, &filings[0].bytes, 1));
    TRY(desk_begin(d));
    return desk_end(d, receive_each(d, filings, count, hash, receipts, why));
}

err desk_file_receive(struct desk *d, const struct desk_filing *filing,
                      struct desk_receipt *receipt, struct desk_why *why) {
    return desk_file_receive_each(d, filing, 1, receipt, why);
}

static err picture_put(struct desk *d, slice case_id, uint64_t number, slice note, slice png) {
    struct desk_case c;
    TRY(desk_case_get(d, case_id, &c));
    if (c.state == DESK_STATE_PURGED || c.state == DESK_STATE_LAPSED)
        return ERR_STATE;
    TRY(part_seal(d, case_id, DESK_SEALED_PICTURE, number, note, png));
    return desk_store_run(d->store, "UPDATE cases SET size = size + ? WHERE id = ?", "it",
                          (uint64_t)(note.n + png.n), case_id);
}

err desk_picture_put(struct desk *d, slice case_id, uint64_t attachment, uint64_t page, slice note,
                     slice png) {
    if (page >= DESK_PICTURE_PLACES || attachment > DESK_ATTACHMENTS_MAX)
        return ERR_BUG;
    TRY(desk_begin(d));
    return desk_end(d, picture_put(d, case_id, attachment * DESK_PICTURE_PLACES + page, note, png));
}

err desk_receipt_find(struct desk *d, const uint8_t hash[32], struct desk_receipt *receipt) {
    struct desk_rows q;
    desk_rows_begin(&q, d->store,
                    "SELECT id, received FROM cases WHERE filing = ? ORDER BY seq DESC LIMIT 1",
                    "b", slice_of(hash, 32));
    bool found = desk_rows_next(&q);
    if (found) {
        desk_row_text(&q, 0, receipt->case_id, sizeof receipt->case_id);
        memcpy(receipt->hash, hash, sizeof receipt->hash);
        receipt->received = desk_row_number(&q, 1);
    }
    TRY(desk_rows_end(&q));
    return found ? OK : ERR_NOT_FOUND;
}

/* ---- Objections ---- */

/* Whether it is the hash of a notice that all have signed. The order's random id makes it one that
 * nobody can guess, and whoever filed gets neither: it shows that the notice reached who objects.
 */
static bool is_of_notice(const struct desk_history *h, const uint8_t reference[32]) {
    bool is = false;
    for (size_t i = 0; i < h->move_count; i++) {
        const struct desk_moved *m = &h->moves[i];
        bool notice = m->move == DESK_MOVE_NOTIFY || m->move == DESK_MOVE_LATE_NOTICE;
        bool same = equal_secret(m->order, reference, sizeof m->order);
        is = is || (same && notice && m->seconds != 0);
    }
    return is;
}

static bool may_object(const struct desk_history *h, const uint8_t reference[32]) {
    size_t said = 0;
    for (size_t i = 0; i < h->move_count; i++)
        said += h->moves[i].move == DESK_MOVE_OBJECT;
    return is_of_notice(h, reference) && said < DESK_OBJECTIONS_MAX;
}

static err object(struct desk *d, slice case_id, const uint8_t reference[32], slice text,
                  struct desk_history *h, struct desk_why *why) {
    struct desk_world w;
    desk_world_now(d, &w);
    TRY(desk_clock_check(d, w.now, why));
    err e = desk_history_load(d, case_id, h);
    if (e == ERR_NOT_FOUND || (e == OK && !may_object(h, reference)))
        return desk_refuse(why, DESK_OBJECTION);
    TRY(e);
    e = desk_own_make(d, h, &w, DESK_MOVE_OBJECT, why);
    if (e == ERR_DENIED && why->reason == DESK_STATE)
        return desk_refuse(why, DESK_OBJECTION);
    TRY(e);
    TRY(desk_seal_put(d, case_id, DESK_SEALED_OBJECTION, h->now.number, SLICE_EMPTY, text));
    return desk_settle(d, h, &w, why);
}

err desk_object(struct desk *d, slice case_id, const uint8_t reference[32], slice text,
                struct desk_why *why) {
    struct desk_history h = {.moves = NULL};
    if (text.n == 0 || text.n > OFFICE_DOCUMENT_MAX)
        return desk_refuse(why, text.n == 0 ? DESK_EMPTY : DESK_TOO_LARGE);
    TRY(desk_begin(d));
    err e = desk_end(d, object(d, case_id, reference, text, &h, why));
    desk_history_free(&h);
    return e;
}

/* ---- Moves ---- */

/* What was handed in, read. */
struct handed {
    struct office_case_move *move;
    struct office_order *order, *before;
    struct office_signers signers;
    struct desk_act act;
    char drawn[DESK_LENS_COUNT][DESK_ID];
    buf told;                      /* a notice with the notice key's line, once all have signed */
    enum office_reason incomplete; /* why the server would refuse the order */
};

static void handed_free(struct handed *in) {
    office_case_move_free(in->move);
    office_order_free(in->order);
    office_order_free(in->before);
    buf_free(&in->told);
}

/* That the text is about this case, as it is, and this moment. */
static enum desk_reason text_fits(const struct office_case_move *m, const struct desk_history *h,
                                  const struct desk_world *w) {
    const struct desk_case *c = &h->now;
    if (!slice_equal(m->case_id, slice_str(c->id)))
        return DESK_OTHER_CASE;
    if (m->number != c->number + 1 || memcmp(m->previous, c->head, sizeof m->previous) != 0)
        return DESK_STALE;
    if (!slice_equal(m->state, slice_str(desk_state_name(c->state))))
        return DESK_STALE;
    if (m->office.number != w->office->version ||
        memcmp(m->office.hash, w->office->document.hash, 32) != 0)
        return DESK_OTHER_OFFICE;
    uint64_t list = w->list == NULL ? 0 : w->list->version;
    if (m->suspensions.number != list ||
        (w->list != NULL && memcmp(m->suspensions.hash, w->list->document.hash, 32) != 0))
        return DESK_OTHER_LIST;
    return m->made > w->now + DESK_MADE_WITHIN || m->made + DESK_MADE_WITHIN < w->now ? DESK_CLOCK
                                                                                      : DESK_OK;
}

static err move_read(struct handed *in, const struct desk_history *h, const struct desk_world *w,
                     slice bytes, struct desk_why *why) {
    size_t line = 0;
    enum office_reason r = office_case_move_load(&in->move, NULL, bytes, &line);
    if (r != OFFICE_OK)
        return desk_refuse_text(why, r, 0, line);
    DESK_NEED(why, text_fits(in->move, h, w));
    if (!desk_move_of(in->move->move, &in->act.move))
        return desk_refuse(why, DESK_NO_MOVE);
    r = office_signed(w->office, w->list, &in->move->document, &in->signers);
    if (r != OFFICE_OK)
        return desk_refuse_text(why, r, 0, 0);
    if (in->signers.n != 1)
        return desk_refuse(why, DESK_SIGNER);
    in->act.person = in->signers.each[0].person;
    in->act.role = in->move->role;
    in->act.text = in->move;
    memcpy(in->act.hash, in->move->document.hash, sizeof in->act.hash);
    return OK;
}

/* The one that is joined, by its hash. */
static err seconds_read(struct handed *in, const struct desk_history *h, struct desk_why *why) {
    static const uint8_t none[32];
    if (memcmp(in->move->seconds, none, sizeof none) == 0)
        return OK;
    for (size_t i = 0; i < h->move_count; i++)
        if (memcmp(h->moves[i].hash, in->move->seconds, sizeof none) == 0) {
            in->act.seconds = h->moves[i].number;
            return OK;
        }
    return desk_refuse(why, DESK_NOT_FIRST);
}

/* Whether the person signed it, rightly: whatever signature stands there must be right. */
static err order_signed(struct handed *in, const struct desk_world *w, struct desk_why *why) {
    struct office_signers signers;
    if (in->order->document.signatures.n == 0)
        return OK;
    enum office_reason r = office_signed(w->office, w->list, &in->order->document, &signers);
    if (r != OFFICE_OK)
        return desk_refuse_text(why, r, 1, 0);
    for (size_t i = 0; i < signers.n; i++)
        in->act.order_signed = in->act.order_signed || signers.each[i].person == in->act.person;
    return OK;
}

/* By the server's own check, with the desk's copy of what the server has. */
static void order_complete(struct handed *in, const struct desk_world *w, slice bytes) {
    struct office_here here = {
        .office = w->office, .list = w->list, .server_number = w->server_number, .now = w->now};
    struct office_order *checked = NULL;
    memcpy(here.server, w->server, sizeof here.server);
    in->incomplete =
        w->list == NULL ? OFFICE_UNKNOWN_LIST : office_order_check(&checked, &here, bytes, NULL);
    in->act.order_complete = in->incomplete == OFFICE_OK;
    office_order_free(checked);
}

/* The office's key says the notice to the user, whose client knows no person's. It signs nothing
 * but the text of a notice that persons signed. */
static err notice_tell(struct desk *d, struct handed *in, slice bytes, struct desk_why *why) {
    uint8_t seed[DESK_KEY], signature[64], public[32];
    size_t n = sizeof signature;
    err e = desk_key_read(d->folder, "notice", seed);
    if (e == OK)
        e = crypto_ed25519.public_of(public, seed);
    if (e == ERR_NOT_FOUND || e == ERR_DAMAGED ||
        (e == OK && memcmp(public, d->office->notice_key, sizeof public) != 0))
        e = desk_refuse(why, DESK_NO_NOTICE_KEY);
    if (e == OK)
        e = crypto_ed25519.sign(signature, &n, seed, in->order->document.text);
    wipe(seed, sizeof seed);
    TRY(e);
    TRY(buf_append(&in->told, bytes));
    TRY(buf_append(&in->told, slice_str("\u2014 office notice ")));
    TRY(base64_encode(&in->told, slice_of(signature, n)));
    return buf_append_byte(&in->told, '\n');
}

/* A letter, and what a notice tells: a template's placeholder is nothing that anybody may read. */
static err filled_check(const struct handed *in, const struct desk_hand *hand,
                        struct desk_why *why) {
    bool unfilled = in->act.move != DESK_MOVE_DELIVER && desk_unfilled(hand->letter);
    for (size_t i = 0; in->order != NULL && i < in->order->wording.n; i++)
        unfilled = unfilled || desk_unfilled(in->order->wording.p[i].text);
    return unfilled ? desk_refuse(why, DESK_UNFILLED) : OK;
}

static err orders_read(struct desk *d, struct handed *in, const struct desk_world *w,
                       const struct desk_hand *hand, struct desk_why *why) {
    size_t line = 0;
    if (hand->order.n > 0) {
        enum office_reason r = office_order_load(&in->order, NULL, hand->order, &line);
        if (r != OFFICE_OK)
            return desk_refuse_text(why, r, 1, line);
        in->act.order = in->order;
        TRY(order_signed(in, w, why));
        bool last = in->order->kind == OFFICE_ORDER_NOTICE && in->act.seconds != 0;
        if (last)
            TRY(notice_tell(d, in, hand->order, why));
        order_complete(in, w, last ? buf_slice(&in->told) : hand->order);
    }
    if (hand->before.n > 0) {
        enum office_reason r = office_order_load(&in->before, NULL, hand->before, &line);
        if (r != OFFICE_OK)
            return desk_refuse_text(why, r, 2, line);
        in->act.before = in->before;
    }
    return OK;
}

/* The move's texts, sealed: what the person signed, the order, and what goes with it. */
static err texts_put(struct desk *d, const struct desk_history *h, const struct desk_hand *hand,
                     slice order) {
    const struct desk_moved *m = &h->moves[h->move_count - 1];
    slice id = slice_str(h->now.id), person = slice_str(m->person);
    enum desk_sealed_kind letter =
        m->move == DESK_MOVE_DELIVER ? DESK_SEALED_MANIFEST : DESK_SEALED_LETTER;
    uint64_t n = 0;
    TRY(desk_seal_put(d, id, DESK_SEALED_MOVE, m->number, person, hand->move));
    if (order.n > 0)
        TRY(desk_seal_put(d, id, DESK_SEALED_ORDER, m->number, person, order));
    if (hand->letter.n == 0)
        return OK;
    TRY(desk_store_number(d->store, &n,
                          "SELECT count(*) FROM sealed WHERE case_id = ? AND kind = ?", "ti", id,
                          (uint64_t)letter));
    return desk_seal_put(d, id, letter, n + 1, person, hand->letter);
}

/* What goes with a move is what its signed text names by its hash: the manifest that the custodian
 * brings back, which is of the order that was released, or a letter. */
static enum desk_reason beside_check(const struct handed *in, const struct desk_case *c,
                                     slice beside) {
    if (in->act.move == DESK_MOVE_DELIVER)
        return desk_manifest_is(beside, slice_str(c->id), c->order) &&
                       facts_hash(in->move, "manifest", beside)
                   ? DESK_OK
                   : DESK_MANIFEST;
    if (beside.n == 0 && office_say_find(in->move, slice_str("letter")) == NULL)
        return DESK_OK;
    return beside.n > 0 && facts_hash(in->move, "letter", beside) ? DESK_OK : DESK_LETTER;
}

/* The server's reason, where that is what is missing. */
static err refused(const struct handed *in, enum desk_reason reason, struct desk_why *why) {
    bool last = in->act.move == DESK_MOVE_RELEASE || in->act.seconds != 0;
    if (reason == DESK_ORDER_UNSIGNED && last && in->order != NULL && in->incomplete != OFFICE_OK)
        return desk_refuse_text(why, in->incomplete, 1, 0);
    return desk_refuse(why, reason);
}

/* What several sign is complete with the last of them; a release with nothing but the release,
 * whatever lines somebody put under the order before. */
static bool to_be_carried(const struct handed *in) {
    enum office_order_kind kind;
    return in->act.order_complete &&
           (in->act.move == DESK_MOVE_RELEASE ||
            (desk_move_drafts(in->act.move, &kind) && kind != OFFICE_ORDER_RELEASE));
}

static err step_make(struct desk *d, struct handed *in, struct desk_history *h,
                     const struct desk_world *w, const struct desk_hand *hand,
                     struct desk_why *why) {
    struct desk_case before = h->now;
    size_t moves = h->move_count;
    enum desk_reason reason;
    TRY(desk_draw(d, h, w, &in->act, in->drawn));
    TRY(desk_step(h, w, &in->act, &reason));
    if (reason != DESK_OK)
        return refused(in, reason, why);
    if (desk_broken(&before, h, w) != NULL)
        return desk_refuse(why, DESK_INVARIANT);
    DESK_NEED(why, beside_check(in, &before, hand->letter));
    TRY(texts_put(d, h, hand, in->told.n > 0 ? buf_slice(&in->told) : hand->order));
    TRY(desk_history_save(d, h, moves));
    if (to_be_carried(in) && !h->moves[h->move_count - 1].pending)
        TRY(desk_carry_open(d, slice_str(h->now.id), h->now.number,
                            in->order->made + OFFICE_ORDER_LIFE));
    if (in->act.move == DESK_MOVE_DELIVER)
        TRY(desk_carry_delivered(d, slice_str(h->now.id)));
    return desk_leaf_put(d, h, w);
}

static err move_in(struct desk *d, slice case_id, const struct desk_hand *hand, struct handed *in,
                   struct desk_history *h, struct desk_made *made, struct desk_why *why) {
    struct desk_world w;
    if (d->office == NULL)
        return desk_refuse(why, DESK_NO_OFFICE);
    desk_world_now(d, &w);
    TRY(desk_clock_check(d, w.now, why));
    err e = desk_history_load(d, case_id, h);
    if (e == ERR_NOT_FOUND)
        return desk_refuse(why, DESK_NO_CASE);
    TRY(e);
    if (h->now.number >= DESK_MOVES_MAX - DESK_MOVES_OWN || h->now.round >= DESK_ROUNDS_MAX)
        return desk_refuse(why, DESK_MOVES);
    TRY(desk_settle_first(d, h, &w, why));
    TRY(move_read(in, h, &w, hand->move, why));
    TRY(seconds_read(in, h, why));
    TRY(orders_read(d, in, &w, hand, why));
    TRY(filled_check(in, hand, why));
    TRY(step_make(d, in, h, &w, hand, why));
    made->pending = h->moves[h->move_count - 1].pending;
    TRY(desk_settle(d, h, &w, why));
    made->number = h->now.number;
    made->state = h->now.state;
    made->due = h->now.due;
    return OK;
}

err desk_move(struct desk *d, slice case_id, const struct desk_hand *hand, struct desk_made *made,
              struct desk_why *why) {
    struct handed in = {.move = NULL};
    struct desk_history h = {.moves = NULL};
    memset(made, 0, sizeof *made);
    if (hand->letter.n > DESK_FILING_MAX)
        return desk_refuse(why, DESK_TOO_LARGE);
    TRY(desk_begin(d));
    err e = desk_end(d, move_in(d, case_id, hand, &in, &h, made, why));
    handed_free(&in);
    desk_history_free(&h);
    return e;
}

err desk_may_moves(struct desk *d, slice case_id, const struct office_person *p, uint64_t *moves) {
    struct desk_history h;
    struct desk_world w;
    *moves = 0;
    if (d->office == NULL)
        return OK;
    TRY(desk_history_load(d, case_id, &h));
    desk_world_now(d, &w);
    for (int move = 0; move < DESK_MOVE_COUNT; move++) {
        uint32_t roles = desk_move_roles((enum desk_move)move) & desk_person_roles(p);
        for (uint32_t role = 1; role != 0; role <<= 1)
            if ((roles & role) != 0 &&
                desk_may_step(&h, &w, p, role, (enum desk_move)move) == DESK_OK)
                *moves |= (uint64_t)1 << move;
    }
    desk_history_free(&h);
    return OK;
}

bool desk_may(struct desk *d, const struct desk_case *c, const struct office_person *p,
              enum desk_move move) {
    uint64_t moves;
    return desk_may_moves(d, slice_str(c->id), p, &moves) == OK && (moves >> move & 1) != 0;
}
