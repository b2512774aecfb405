/* The texts that a person is to sign: what desk_move will take, but for the signatures. */
#include <stdio.h>

#include "base/text.h"
#include "crypto/crypto.h"
#include "desk/draw.h"

enum { WORDING_MAX = 256, SAYS_MAX = 128 };

struct composing {
    struct desk_history h;
    struct desk_world w;
    struct office_case_move move, *read;
    struct office_order order, *before, *drafted;
    struct office_say says[SAYS_MAX];
    struct office_line wording[WORDING_MAX];
    const struct desk_moved *first; /* that is seconded */
    char order_id[DESK_ID];
    uint64_t now; /* in whole seconds */
};

static void composing_free(struct composing *c) {
    office_case_move_free(c->read);
    office_order_free(c->before);
    office_order_free(c->drafted);
    desk_history_free(&c->h);
}

static const struct desk_moved *move_of(const struct desk_history *h, uint64_t number) {
    for (size_t i = 0; i < h->move_count; i++)
        if (h->moves[i].number == number)
            return &h->moves[i];
    return NULL;
}

/* ---- Orders ---- */

/* One that nobody can guess, so that the order's hash gives away nothing of its account. */
static err order_id_make(struct composing *c) {
    uint8_t random[16];
    buf text = {0};
    crypto_random(random, sizeof random);
    err e = buf_append(&text, slice_str(c->h.now.id));
    if (e == OK)
        e = buf_append_byte(&text, '-');
    if (e == OK)
        e = base32_encode(&text, SLICE_ARRAY(random));
    if (e == OK && !desk_copy_id(c->order_id, buf_slice(&text)))
        e = ERR_BUG;
    buf_free(&text);
    return e;
}

static err before_read(struct composing *c, const struct desk_draft *draft, struct desk_why *why) {
    size_t line = 0;
    if (draft->before.n == 0)
        return OK;
    enum office_reason r = office_order_load(&c->before, NULL, draft->before, &line);
    return r == OFFICE_OK ? OK : desk_refuse_text(why, r, 2, line);
}

static void order_facts(struct composing *c, const struct desk_draft *draft,
                        enum office_order_kind kind) {
    const struct desk_case *now = &c->h.now;
    struct office_order *o = &c->order;
    o->kind = kind;
    o->id = slice_str(c->order_id);
    o->case_id = slice_str(now->id);
    o->account = c->before != NULL ? c->before->account : draft->account;
    o->fields = draft->fields;
    o->path = now->path;
    o->authority = slice_str(now->authority);
    o->beneficiary = c->before != NULL          ? c->before->beneficiary
                     : draft->beneficiary.n > 0 ? draft->beneficiary
                                                : slice_str(now->beneficiary);
    o->regime = slice_str(now->regime);
    o->carve_outs = slice_str(now->carve_outs);
    o->until = draft->until;
    memcpy(o->receipt, now->filing, sizeof o->receipt);
    memcpy(o->server, c->w.server, sizeof o->server);
    o->server_number = c->w.server_number;
    o->made = c->now;
}

static err order_make(struct composing *c, const struct desk_draft *draft,
                      enum office_order_kind kind, buf *text, struct desk_why *why) {
    if (c->w.list == NULL)
        return desk_refuse(why, DESK_NO_OFFICE);
    if (c->w.server_number == 0)
        return desk_refuse(why, DESK_NO_SERVER);
    if (draft->wording_count > WORDING_MAX)
        return desk_refuse(why, DESK_TOO_LARGE);
    TRY(order_id_make(c));
    TRY(before_read(c, draft, why));
    order_facts(c, draft, kind);
    for (size_t i = 0; i < draft->wording_count; i++) {
        if (desk_unfilled(draft->wording[i]))
            return desk_refuse(why, DESK_UNFILLED);
        c->wording[i].text = draft->wording[i];
    }
    c->order.wording.p = c->wording;
    c->order.wording.n = draft->wording_count;
    c->order.office = c->move.office;
    c->order.suspensions = c->move.suspensions;
    size_t line = 0;
    enum office_reason r = office_order_write(text, &c->order);
    if (r == OFFICE_OK)
        r = office_order_load(&c->drafted, NULL, buf_slice(text), &line);
    return r == OFFICE_OK ? OK : desk_refuse_text(why, r, 1, line);
}

/* ---- Moves ---- */

/* The role that the person has in the case, or else the first that may make the move. */
static uint32_t role_of(const struct composing *c, const struct desk_draft *draft,
                        const struct office_person *p) {
    uint32_t has = desk_role_in(&c->h, p->id);
    uint32_t both = desk_move_roles(draft->move) & desk_person_roles(p);
    if (draft->role != 0)
        return draft->role;
    if (has != 0)
        return has;
    for (uint32_t role = 1; role != 0; role <<= 1)
        if ((both & role) != 0 && desk_may_step(&c->h, &c->w, p, role, draft->move) == DESK_OK)
            return role;
    return both & (~both + 1);
}

static err move_facts(struct composing *c, const struct desk_draft *draft,
                      const struct office_person *p, struct desk_why *why) {
    struct office_case_move *m = &c->move;
    const struct desk_case *now = &c->h.now;
    if (draft->say_count > SAYS_MAX)
        return desk_refuse(why, DESK_FACTS);
    m->case_id = slice_str(now->id);
    m->number = now->number + 1;
    m->move = slice_str(desk_move_name(draft->move));
    m->state = slice_str(desk_state_name(now->state));
    memcpy(m->previous, now->head, sizeof m->previous);
    m->role = role_of(c, draft, p);
    crypto_random(m->salt, sizeof m->salt);
    for (size_t i = 0; i < draft->say_count; i++)
        c->says[i] = (struct office_say){draft->says[i].name, draft->says[i].text};
    m->says.p = c->says;
    m->says.n = draft->say_count;
    m->office.number = c->w.office->version;
    memcpy(m->office.hash, c->w.office->document.hash, 32);
    if (c->w.list != NULL) {
        m->suspensions.number = c->w.list->version;
        memcpy(m->suspensions.hash, c->w.list->document.hash, 32);
    }
    m->made = c->now;
    return OK;
}

/* Which order it is about: of the move that it joins, its own draft, or the round's. */
static err order_of(struct composing *c, const struct desk_draft *draft, struct desk_texts *texts,
                    struct desk_why *why) {
    enum office_order_kind kind;
    if (c->first != NULL) {
        memcpy(c->move.order, c->first->order, sizeof c->move.order);
        memcpy(c->move.seconds, c->first->hash, sizeof c->move.seconds);
        return OK;
    }
    if (desk_move_drafts(draft->move, &kind)) {
        TRY(order_make(c, draft, kind, &texts->order, why));
        memcpy(c->move.order, c->drafted->document.hash, sizeof c->move.order);
    } else if (desk_move_about_order(draft->move)) {
        memcpy(c->move.order, c->h.now.order, sizeof c->move.order);
    }
    return OK;
}

/* What desk_move would say if all that is to be signed were. */
static err try_it(struct desk *d, struct composing *c, const struct desk_draft *draft,
                  const struct office_person *p, struct desk_why *why) {
    char drawn[DESK_LENS_COUNT][DESK_ID];
    struct office_order as_is = {.kind = OFFICE_ORDER_RELEASE};
    struct desk_act act = {.move = draft->move,
                           .person = p,
                           .role = c->move.role,
                           .text = c->read,
                           .seconds = draft->seconds,
                           .order = c->drafted,
                           .before = c->before,
                           .order_signed = true,
                           .order_complete = true};
    enum desk_reason reason;
    slice verdict;
    bool signs = draft->move != DESK_MOVE_VERDICT ||
                 (facts_word(c->read, "verdict", &verdict) &&
                  slice_equal(verdict, slice_str(desk_verdict_name(DESK_VERDICT_CLEAR))));
    /* The order that is there already is the one that the text names: the desk can't read it. */
    if (c->drafted == NULL && c->first == NULL && signs && desk_move_about_order(draft->move)) {
        memcpy(as_is.document.hash, c->h.now.order, 32);
        act.order = &as_is;
    }
    if (c->first != NULL && desk_move_drafts(draft->move, &as_is.kind))
        return desk_may_step(&c->h, &c->w, p, act.role, draft->move) == DESK_OK
                   ? OK
                   : desk_refuse(why, desk_may_step(&c->h, &c->w, p, act.role, draft->move));
    TRY(desk_draw(d, &c->h, &c->w, &act, drawn));
    TRY(desk_step(&c->h, &c->w, &act, &reason));
    return reason == DESK_OK ? OK : desk_refuse(why, reason);
}

static err compose(struct desk *d, struct composing *c, const struct desk_draft *draft,
                   struct desk_texts *texts, struct desk_why *why) {
    const struct office_person *p = desk_person(d->office, draft->person);
    size_t line = 0;
    if (d->office == NULL)
        return desk_refuse(why, DESK_NO_OFFICE);
    if (p == NULL || draft->move >= DESK_MOVE_COUNT)
        return desk_refuse(why, p == NULL ? DESK_ROLE : DESK_NO_MOVE);
    desk_world_now(d, &c->w);
    c->now = c->w.now - c->w.now % TIME_SECOND;
    err e = desk_history_load(d, draft->case_id, &c->h);
    if (e == ERR_NOT_FOUND)
        return desk_refuse(why, DESK_NO_CASE);
    TRY(e);
    c->first = draft->seconds == 0 ? NULL : move_of(&c->h, draft->seconds);
    if (draft->seconds != 0 && c->first == NULL)
        return desk_refuse(why, DESK_NOT_FIRST);
    TRY(move_facts(c, draft, p, why));
    DESK_NEED(why, desk_may_step(&c->h, &c->w, p, c->move.role, draft->move));
    TRY(order_of(c, draft, texts, why));
    enum office_reason r = office_case_move_write(&texts->move, &c->move);
    if (r == OFFICE_OK)
        r = office_case_move_load(&c->read, NULL, buf_slice(&texts->move), &line);
    if (r != OFFICE_OK)
        return desk_refuse_text(why, r, 0, line);
    return try_it(d, c, draft, p, why);
}

err desk_compose(struct desk *d, const struct desk_draft *draft, struct desk_texts *texts,
                 struct desk_why *why) {
    struct composing *c = mem_new(NULL, sizeof *c);
    memset(texts, 0, sizeof *texts);
    if (c == NULL)
        return ERR_NO_MEMORY;
    /* A transaction, so that all is of one moment; nothing is written. */
    err e = desk_begin(d);
    if (e == OK) {
        e = compose(d, c, draft, texts, why);
        desk_store_undo(d->store);
    }
    composing_free(c);
    mem_free(NULL, c, sizeof *c);
    if (e != OK) {
        buf_free(&texts->move);
        buf_free(&texts->order);
    }
    return e;
}
