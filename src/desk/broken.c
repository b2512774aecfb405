/* What no move may break. It looks at what happened, not at the table of moves: so that a mistake
 * there is seen here. */
#include "desk/facts.h"

enum { PEOPLE_MAX = 8 };

static const uint8_t none[32];

static uint64_t epoch_of(const struct desk_history *h) {
    uint64_t n = 0;
    for (size_t i = 0; i < h->move_count; i++)
        if (h->moves[i].move == DESK_MOVE_RESUME)
            n = h->moves[i].number;
    return n;
}

static const struct desk_moved *last(const struct desk_history *h) {
    return &h->moves[h->move_count - 1];
}

/* ---- Whoever acts ---- */

static bool one_role_each(const struct desk_history *h) {
    for (size_t i = 0; i < h->move_count; i++)
        for (size_t j = 0; j < i; j++)
            if (h->moves[i].person[0] != '\0' &&
                strcmp(h->moves[i].person, h->moves[j].person) == 0 &&
                h->moves[i].role != h->moves[j].role)
                return false;
    return true;
}

static bool holds_role(const struct desk_history *h, const struct desk_world *w) {
    const struct desk_moved *m = last(h);
    if (m->person[0] == '\0')
        return m->role == 0;
    const struct office_person *p = desk_person(w->office, slice_str(m->person));
    return p != NULL && (desk_person_roles(p) & m->role) == m->role && m->role != 0;
}

static bool unbound(const struct desk_history *h, const struct desk_world *w) {
    const struct office_person *p = desk_person(w->office, slice_str(last(h)->person));
    return p == NULL || !office_person_bound(p, w->list);
}

/* Nor is anybody drawn whom it binds. */
static bool reviewers_unbound(const struct desk_history *h, const struct desk_world *w) {
    const struct desk_case *c = &h->now;
    if (c->due != DESK_DUE_VERDICTS || w->list == NULL || c->order_list != w->list->version)
        return true;
    for (size_t i = 0; i < h->seat_count; i++) {
        const struct desk_seat *s = &h->seats[i];
        const struct office_person *p = desk_person(w->office, slice_str(s->person));
        if (s->round == c->round && !s->out && (p == NULL || office_person_bound(p, w->list)))
            return false;
    }
    return true;
}

static bool callers_dont_review(const struct desk_history *h) {
    for (size_t i = 0; i < h->move_count; i++)
        for (size_t j = 0; j < h->seat_count; j++)
            if (h->moves[i].move == DESK_MOVE_CALL_BACK &&
                strcmp(h->moves[i].person, h->seats[j].person) == 0)
                return false;
    return true;
}

static bool one_seat_each(const struct desk_history *h) {
    for (size_t i = 0; i < h->seat_count; i++)
        for (size_t j = 0; j < i; j++)
            if (h->seats[i].round == h->seats[j].round && h->seats[i].lens != h->seats[j].lens &&
                strcmp(h->seats[i].person, h->seats[j].person) == 0)
                return false;
    return true;
}

/* A verdict is given once a round, by whom the desk drew. */
static bool one_verdict_each(const struct desk_history *h) {
    const struct desk_moved *m = last(h);
    if (m->move != DESK_MOVE_VERDICT)
        return true;
    for (size_t i = 0; i + 1 < h->move_count; i++)
        if (h->moves[i].move == DESK_MOVE_VERDICT && h->moves[i].round == m->round &&
            strcmp(h->moves[i].person, m->person) == 0)
            return false;
    for (size_t i = 0; i < h->seat_count; i++)
        if (h->seats[i].round == m->round && h->seats[i].number == m->number &&
            strcmp(h->seats[i].person, m->person) == 0)
            return true;
    return false;
}

/* ---- The chain ---- */

static bool chained(const struct desk_case *before, const struct desk_history *h) {
    const struct desk_moved *m = last(h);
    return h->now.number == before->number + 1 && m->number == h->now.number &&
           m->from == before->state && m->to == h->now.state &&
           memcmp(m->hash, h->now.head, sizeof m->hash) == 0 && h->now.round >= before->round;
}

/* ---- Suspensions ---- */

static bool suspended(const struct desk_case *c, const struct desk_world *w, slice beneficiary) {
    struct office_order o = {.path = c->path,
                             .authority = slice_str(c->authority),
                             .beneficiary = beneficiary,
                             .regime = slice_str(c->regime),
                             .carve_outs = slice_str(c->carve_outs)};
    const struct office_authority *a = office_authority_find(w->office, o.authority);
    return w->list != NULL && (office_is_suspended(w->list, slice_str(c->issuer), &o) ||
                               (a != NULL && office_is_suspended(w->list, a->jurisdiction, &o)));
}

/* Whether an order to give or keep something is complete with the last move; what was released
 * before the case was held is not given anew when it is delivered. */
static bool gives(const struct desk_case *before, const struct desk_history *h) {
    bool was = before->released != 0 && last(h)->move == DESK_MOVE_DELIVER;
    return (h->now.state == DESK_STATE_RELEASED && before->state != DESK_STATE_RELEASED && !was) ||
           h->now.preserved_until != before->preserved_until;
}

static bool nothing_while_frozen(const struct desk_case *before, const struct desk_history *h,
                                 const struct desk_world *w) {
    return !gives(before, h) || w->list == NULL || w->list->freezes.n == 0;
}

/* Nothing for a suspended jurisdiction, by issuer, beneficiary, or what a reviewer stated. */
static bool nothing_for_suspended(const struct desk_case *before, const struct desk_history *h,
                                  const struct desk_world *w) {
    const struct desk_case *c = &h->now;
    if (!gives(before, h))
        return true;
    if (suspended(c, w, slice_str(c->beneficiary)))
        return false;
    for (size_t i = 0; i < h->seat_count; i++)
        if (h->seats[i].round == c->round && h->seats[i].answered &&
            suspended(c, w, slice_str(h->seats[i].beneficiary)))
            return false;
    return true;
}

static bool held_stays(const struct desk_case *before, const struct desk_history *h) {
    if (before->state != DESK_STATE_HELD)
        return true;
    switch (last(h)->move) {
    case DESK_MOVE_WITHDRAW:
    case DESK_MOVE_FORGE:
    case DESK_MOVE_LAPSE:
        return h->now.state != DESK_STATE_HELD;
    case DESK_MOVE_WRITE:
        return h->now.state == DESK_STATE_HELD && h->now.hold == before->hold;
    case DESK_MOVE_DELIVER: /* of what was released before it was held */
        return before->released != 0 && h->now.state == DESK_STATE_RELEASED;
    case DESK_MOVE_RESUME:
        return last(h)->person[0] == '\0' && before->hold == DESK_HOLD_SUSPENDED &&
               h->now.state == DESK_STATE_RECEIVED;
    default:
        return false;
    }
}

/* Nothing of before counts. */
static bool begins_again(const struct desk_history *h) {
    const struct desk_case *c = &h->now;
    return last(h)->move != DESK_MOVE_RESUME ||
           (memcmp(c->order, none, sizeof none) == 0 && c->fields == 0 && c->notified == 0 &&
            c->bar_until == 0 && c->released == 0);
}

/* ---- Release ---- */

struct people {
    const char *each[PEOPLE_MAX];
    size_t n;
};
/* False if the person is there already. */
static bool people_add(struct people *p, const char *person) {
    for (size_t i = 0; i < p->n; i++)
        if (strcmp(p->each[i], person) == 0)
            return false;
    if (p->n == PEOPLE_MAX)
        return false;
    p->each[p->n++] = person;
    return true;
}

/* The move with which a reviewer of the round cleared its order. */
static bool cleared_by_move(const struct desk_history *h, const struct desk_seat *s) {
    for (size_t i = 0; i < h->move_count; i++) {
        const struct desk_moved *m = &h->moves[i];
        if (m->number == s->number)
            return m->move == DESK_MOVE_VERDICT && strcmp(m->person, s->person) == 0 &&
                   m->round == h->now.round && memcmp(m->order, h->now.order, 32) == 0;
    }
    return false;
}

/* One clear verdict of the round by this lens, over its order, of a person of their own. */
static bool cleared(const struct desk_history *h, enum desk_lens lens, struct people *p) {
    for (size_t i = 0; i < h->seat_count; i++) {
        const struct desk_seat *s = &h->seats[i];
        if (s->round == h->now.round && s->lens == lens && !s->out && !s->after && s->answered)
            return s->verdict == DESK_VERDICT_CLEAR &&
                   strcmp(s->beneficiary, h->now.beneficiary) == 0 && cleared_by_move(h, s) &&
                   people_add(p, s->person);
    }
    return false;
}

static size_t counted(const struct desk_history *h, enum desk_move move, uint32_t role,
                      struct people *p) {
    uint64_t after = epoch_of(h);
    size_t n = 0;
    for (size_t i = 0; i < h->move_count; i++) {
        const struct desk_moved *m = &h->moves[i];
        if (m->move == move && m->number > after && (m->role & role) != 0 &&
            people_add(p, m->person))
            n++;
    }
    return n;
}

static uint64_t last_of(const struct desk_history *h, enum desk_move move) {
    uint64_t n = 0;
    for (size_t i = 0; i < h->move_count; i++)
        if (h->moves[i].move == move)
            n = h->moves[i].number;
    return n;
}

static bool signed_order(const struct desk_history *h, const char *person) {
    for (size_t i = 0; i < h->move_count; i++)
        if (h->moves[i].move == DESK_MOVE_SIGN_ORDER && strcmp(h->moves[i].person, person) == 0 &&
            memcmp(h->moves[i].order, h->now.order, sizeof none) == 0)
            return true;
    return false;
}

static bool signers_ordinary(const struct desk_history *h, struct people *p) {
    return cleared(h, DESK_LENS_POLICY, p) && cleared(h, DESK_LENS_LOCAL_LAW, p) &&
           cleared(h, DESK_LENS_HUMAN_RIGHTS, p);
}

static bool signers_compelled(const struct desk_history *h, struct people *p) {
    struct people who = {.n = 0};
    return cleared(h, DESK_LENS_LOCAL_LAW, p) && cleared(h, DESK_LENS_HUMAN_RIGHTS, p) &&
           counted(h, DESK_MOVE_COMPEL, OFFICE_ROLE_APPROVER, &who) > 0 &&
           counted(h, DESK_MOVE_COMPEL, OFFICE_ROLE_LOCAL_LAW, &who) > 0 &&
           counted(h, DESK_MOVE_COMPEL, OFFICE_ROLE_HUMAN_RIGHTS, &who) > 0;
}

/* Two who called back since it was classified, to two numbers, and signed this round's order. */
static bool signers_emergency(const struct desk_history *h, struct people *p) {
    uint64_t classified = last_of(h, DESK_MOVE_CLASSIFY);
    const char *number = NULL;
    for (size_t i = 0; i < h->move_count; i++) {
        const struct desk_moved *m = &h->moves[i];
        if (m->move != DESK_MOVE_CALL_BACK || m->number < classified)
            continue;
        if (m->role != OFFICE_ROLE_INTAKE || !signed_order(h, m->person) ||
            (number != NULL && strcmp(number, m->detail) == 0) || !people_add(p, m->person))
            return false;
        number = m->detail;
    }
    return p->n == 3 &&
           (cleared(h, DESK_LENS_LOCAL_LAW, p) || cleared(h, DESK_LENS_HUMAN_RIGHTS, p));
}

static bool authenticated(const struct desk_history *h) {
    uint64_t after = epoch_of(h), classified = 0, called = 0;
    const char *who = "";
    for (size_t i = 0; i < h->move_count; i++) {
        const struct desk_moved *m = &h->moves[i];
        if (m->number > after && m->move == DESK_MOVE_CLASSIFY) {
            classified = m->number;
            who = m->person;
        }
        if (m->number > classified && m->move == DESK_MOVE_CALL_BACK &&
            (h->now.path == OFFICE_EMERGENCY || strcmp(m->person, who) != 0))
            called = m->number;
    }
    return classified > 0 && called > classified;
}

static bool was_told(const struct desk_history *h, const struct desk_world *w) {
    const struct desk_case *c = &h->now;
    const struct desk_regime *r = desk_regime_find(w, slice_str(c->regime));
    return r != NULL && (r->notice != DESK_NOTICE_BEFORE || c->path == OFFICE_EMERGENCY ||
                         c->bar_until > w->now ||
                         (c->notified != 0 && c->told != 0 && w->now >= c->told + r->notice_term &&
                          c->order_made >= c->told + r->notice_term));
}

static bool preserved_rightly(const struct desk_case *before, const struct desk_history *h) {
    return h->now.preserved_until == before->preserved_until || authenticated(h);
}

/* Signed by those whom its path needs, each a person of their own, and the approver last. */
static const char *released_rightly(const struct desk_case *before, const struct desk_history *h,
                                    const struct desk_world *w) {
    const struct desk_case *c = &h->now;
    const struct desk_moved *m = last(h);
    struct people p = {.n = 0};
    if (c->state != DESK_STATE_RELEASED ||
        (before->released != 0 && before->released == c->released))
        return NULL;
    if (m->move != DESK_MOVE_RELEASE || m->role != OFFICE_ROLE_APPROVER ||
        before->state != DESK_STATE_CLEARED || !people_add(&p, m->person))
        return "released without the approver";
    if (!authenticated(h))
        return "released without a call-back by somebody else";
    if (memcmp(c->order, none, sizeof none) == 0 || memcmp(m->order, c->order, sizeof none) != 0)
        return "released without the round's order";
    bool enough = c->path == OFFICE_EMERGENCY   ? signers_emergency(h, &p)
                  : c->path == OFFICE_COMPELLED ? signers_compelled(h, &p)
                                                : signers_ordinary(h, &p);
    if (!enough)
        return "released without the clear verdicts and the distinct signers of its path";
    if (!was_told(h, w))
        return "released without the user's notice";
    if (c->order_office != w->office->version || w->list == NULL ||
        c->order_list != w->list->version || w->now > c->order_made + OFFICE_ORDER_LIFE ||
        c->objected > c->order_made)
        return "released by an order that is void";
    return c->kind == DESK_KIND_PRODUCE ? NULL : "released what can't be";
}

/* ---- What several sign ---- */

/* Whether the last move and those that it joins are of this name and of n persons, the roles among
 * them; all said in this round and state, about one order. */
static bool signed_by(const struct desk_history *h, enum desk_move move, size_t n, uint32_t roles) {
    const struct desk_moved *end = last(h);
    uint64_t first = end->seconds != 0 ? end->seconds : end->number;
    struct people p = {.n = 0};
    for (size_t i = 0; i < h->move_count; i++) {
        const struct desk_moved *m = &h->moves[i];
        if (m->number != first && m->seconds != first)
            continue;
        if (m->move != move || m->from != end->from || m->pending ||
            memcmp(m->order, end->order, sizeof m->order) != 0 || !people_add(&p, m->person))
            return false;
        roles &= ~m->role;
    }
    return p.n == n && roles == 0;
}

static bool signed_by_enough(const struct desk_case *before, const struct desk_history *h) {
    const struct desk_case *c = &h->now;
    if (c->bar_until > before->bar_until)
        return signed_by(h, DESK_MOVE_BAR, 2, OFFICE_ROLE_POLICY | OFFICE_ROLE_LOCAL_LAW);
    if (c->told_late > before->told_late)
        return signed_by(h, DESK_MOVE_LATE_NOTICE, 2, 0);
    if (c->preserved_until != before->preserved_until)
        return signed_by(h, DESK_MOVE_PRESERVE, 2, OFFICE_ROLE_POLICY | OFFICE_ROLE_LOCAL_LAW);
    if (c->state == before->state)
        return true;
    switch (c->state) {
    case DESK_STATE_NOTIFIED:
        return signed_by(h, DESK_MOVE_NOTIFY, 2, 0);
    case DESK_STATE_REJECTED:
        return signed_by(h, DESK_MOVE_REJECT, 2, OFFICE_ROLE_APPROVER);
    case DESK_STATE_NOT_HELD:
        return signed_by(h, DESK_MOVE_NOT_HELD, 2, OFFICE_ROLE_APPROVER);
    case DESK_STATE_CHALLENGED:
        return signed_by(h, DESK_MOVE_CHALLENGE, 2, OFFICE_ROLE_APPROVER | OFFICE_ROLE_LOCAL_LAW);
    case DESK_STATE_COMPELLED:
        return signed_by(h, DESK_MOVE_COMPEL, 3,
                         OFFICE_ROLE_APPROVER | OFFICE_ROLE_LOCAL_LAW | OFFICE_ROLE_HUMAN_RIGHTS);
    default:
        return true;
    }
}

/* What can't be carried out is not even looked into. */
static bool reviewed_rightly(const struct desk_history *h) {
    switch (h->now.state) {
    case DESK_STATE_NOT_HELD:
        return h->now.kind != DESK_KIND_DEMAND;
    case DESK_STATE_IN_REVIEW:
    case DESK_STATE_CLEARED:
    case DESK_STATE_NOTIFIED:
    case DESK_STATE_RELEASED:
        return h->now.kind == DESK_KIND_PRODUCE;
    default:
        return true;
    }
}

/* A demand is rejected on the ground that is its own. */
static bool rejected_rightly(const struct desk_history *h, const struct desk_world *w) {
    const struct desk_case *c = &h->now;
    return last(h)->move != DESK_MOVE_REJECT || c->kind != DESK_KIND_DEMAND ||
           last(h)->seconds != 0 ||
           strcmp(last(h)->detail, desk_ids_to(w->demands, slice_str(c->category))) == 0;
}

/* The user has the time that the regime gives. */
static bool notice_waited(const struct desk_case *before, const struct desk_history *h,
                          const struct desk_world *w) {
    const struct desk_regime *r = desk_regime_find(w, slice_str(before->regime));
    return before->state != DESK_STATE_NOTIFIED || h->now.state != DESK_STATE_IN_REVIEW ||
           r == NULL || before->bar_until > w->now || before->notified == 0 ||
           (before->told != 0 && w->now >= before->told + r->notice_term);
}

/* ---- Fields ---- */

static bool fields_within(const struct desk_case *before, const struct desk_history *h) {
    const struct desk_case *c = &h->now;
    bool began_again = last(h)->move == DESK_MOVE_RESUME;
    if ((c->fields & ~c->asked) != 0 && last(h)->move != DESK_MOVE_CLASSIFY)
        return false;
    if (c->fields >> DESK_FIELD_COUNT != 0)
        return false;
    if (last(h)->move == DESK_MOVE_NARROW && c->fields == before->fields)
        return false;
    return began_again || memcmp(before->order, none, sizeof none) == 0 ||
           (c->fields & ~before->fields) == 0;
}

/* Of the category that was ordered, by the regime as it is when the order is drafted. */
static bool category_fits(const struct desk_case *before, const struct desk_history *h,
                          const struct desk_world *w) {
    const struct desk_case *c = &h->now;
    const struct desk_regime *r = desk_regime_find(w, slice_str(c->regime));
    if (memcmp(c->order, before->order, sizeof none) == 0 ||
        memcmp(c->order, none, sizeof none) == 0)
        return true;
    for (int i = 0; i < DESK_FIELD_COUNT; i++)
        if ((c->fields >> i & 1) != 0 && (r == NULL || strcmp(r->categories[i], c->category) != 0))
            return false;
    return true;
}

/* ---- Rounds ---- */

/* Another order is another round, drafted by somebody, in which nobody has answered: any change
 * voids every verdict. */
static bool round_is_new(const struct desk_case *before, const struct desk_history *h) {
    const struct desk_case *c = &h->now;
    if (memcmp(c->order, before->order, sizeof none) == 0)
        return c->round == before->round;
    if (memcmp(c->order, none, sizeof none) == 0)
        return last(h)->move == DESK_MOVE_RESUME && c->round == before->round;
    for (size_t i = 0; i < h->seat_count; i++)
        if (h->seats[i].round == c->round && h->seats[i].answered)
            return false;
    return c->round == before->round + 1 && last(h)->person[0] != '\0' &&
           c->due == DESK_DUE_VERDICTS && c->state == DESK_STATE_IN_REVIEW;
}

/* Cleared by all that the round's path needs, and by nobody who said anything else. */
static bool cleared_rightly(const struct desk_case *before, const struct desk_history *h) {
    const struct desk_case *c = &h->now;
    struct people p = {.n = 0};
    if (c->state != DESK_STATE_CLEARED || before->state == DESK_STATE_CLEARED)
        return true;
    for (size_t i = 0; i < h->seat_count; i++) {
        const struct desk_seat *s = &h->seats[i];
        if (s->round == c->round && !s->out && (!s->answered || s->verdict != DESK_VERDICT_CLEAR))
            return false;
    }
    if (c->path == OFFICE_EMERGENCY)
        return cleared(h, DESK_LENS_LOCAL_LAW, &p) || cleared(h, DESK_LENS_HUMAN_RIGHTS, &p);
    return cleared(h, DESK_LENS_LOCAL_LAW, &p) && cleared(h, DESK_LENS_HUMAN_RIGHTS, &p) &&
           (c->path == OFFICE_COMPELLED || cleared(h, DESK_LENS_POLICY, &p));
}

/* What a reviewer asked for is answered by whom it was asked of; what one blocked is rejected. */
static bool answered_rightly(const struct desk_case *before, const struct desk_history *h) {
    const struct desk_moved *m = last(h);
    bool blocked = false;
    for (size_t i = 0; i < h->seat_count; i++)
        blocked = blocked || (h->seats[i].round == h->now.round && h->seats[i].answered &&
                              h->seats[i].verdict == DESK_VERDICT_BLOCK);
    if (before->state == DESK_STATE_IN_REVIEW && h->now.state == DESK_STATE_REJECTED)
        return blocked;
    if (h->now.state != DESK_STATE_IN_REVIEW)
        return true;
    switch (before->state) {
    case DESK_STATE_NEEDS_EXPERT:
        return m->move == DESK_MOVE_OPINION && m->role == OFFICE_ROLE_EXPERT;
    case DESK_STATE_NEEDS_CLARIFICATION:
        return m->move == DESK_MOVE_CLARIFIED && m->role == OFFICE_ROLE_INTAKE;
    case DESK_STATE_NARROWED:
        return m->move == DESK_MOVE_NARROW;
    default:
        return true;
    }
}

/* ---- The end ---- */

#define AT(state) ((uint32_t)1 << DESK_STATE_##state)

/* Where what is decided can still go; UINT32_MAX for what isn't. */
static uint32_t after_the_end(const struct desk_case *before) {
    switch (before->state) {
    case DESK_STATE_RELEASED:
        return before->delivered != 0 ? AT(RELEASED) | AT(CLOSED)
                                      : AT(RELEASED) | AT(CLOSED) | AT(HELD) | AT(IN_REVIEW);
    case DESK_STATE_REJECTED:
        return AT(REJECTED) | AT(CHALLENGED) | AT(COMPELLED) | AT(FORGED) | AT(WITHDRAWN) |
               AT(CLOSED);
    case DESK_STATE_NOT_HELD:
        return AT(NOT_HELD) | AT(CLOSED);
    case DESK_STATE_FORGED:
        return AT(FORGED) | AT(CLOSED);
    case DESK_STATE_WITHDRAWN:
        return AT(WITHDRAWN) | AT(CLOSED);
    case DESK_STATE_CLOSED:
        return AT(PURGED);
    case DESK_STATE_LAPSED:
    case DESK_STATE_PURGED:
        return 0;
    default:
        return UINT32_MAX;
    }
}

static bool end_stays(const struct desk_case *before, const struct desk_history *h) {
    return (after_the_end(before) >> h->now.state & 1) != 0;
}

/* Who says that it is forged does not confirm it. */
static bool confirmed_by_another(const struct desk_history *h) {
    for (size_t i = 0; i < h->move_count; i++)
        if (last(h)->move == DESK_MOVE_CONFIRM_FORGED && h->moves[i].move == DESK_MOVE_FORGE &&
            strcmp(h->moves[i].person, last(h)->person) == 0)
            return false;
    return true;
}

/* Carried out by the custodian, after it was released; told late, after that and no bar. */
static bool followed_rightly(const struct desk_case *before, const struct desk_history *h,
                             const struct desk_world *w) {
    const struct desk_case *c = &h->now;
    if (c->delivered != before->delivered &&
        (before->released == 0 || last(h)->role != OFFICE_ROLE_CUSTODIAN))
        return false;
    return c->told_late <= before->told_late ||
           (before->released != 0 && before->bar_until <= w->now);
}

/* ---- The desk alone ---- */

/* What it does by itself, by a clock or a list, gives nothing, keeps nothing, tells nobody and bars
 * nothing. */
static bool desk_decides_nothing(const struct desk_case *before, const struct desk_history *h) {
    const struct desk_case *c = &h->now;
    static const uint32_t may = AT(RECEIVED) | AT(HELD) | AT(IN_REVIEW) | AT(NEEDS_EXPERT) |
                                AT(NEEDS_CLARIFICATION) | AT(NARROWED) | AT(CLEARED) | AT(LAPSED) |
                                AT(PURGED);
    if (last(h)->person[0] != '\0')
        return true;
    if (c->state != before->state && (may >> c->state & 1) == 0)
        return false;
    return c->released <= before->released && c->notified <= before->notified &&
           c->told <= before->told && c->bar_until <= before->bar_until &&
           c->preserved_until == before->preserved_until && c->delivered == before->delivered &&
           c->told_late <= before->told_late && (c->fields & ~before->fields) == 0;
}

/* What was called back for is what is worked on: a court that compels changes the path alone. */
static bool facts_stay(const struct desk_case *before, const struct desk_history *h) {
    const struct desk_case *c = &h->now;
    bool path = c->path == before->path || c->state == DESK_STATE_COMPELLED ||
                last(h)->move == DESK_MOVE_RESUME;
    if (last(h)->move == DESK_MOVE_CLASSIFY)
        return before->state == DESK_STATE_RECEIVED;
    return path && c->kind == before->kind && c->asked == before->asked &&
           c->accounts == before->accounts && strcmp(c->authority, before->authority) == 0 &&
           strcmp(c->issuer, before->issuer) == 0 && strcmp(c->regime, before->regime) == 0 &&
           strcmp(c->category, before->category) == 0 && strcmp(c->process, before->process) == 0 &&
           memcmp(c->filing, before->filing, sizeof c->filing) == 0;
}

const char *desk_broken(const struct desk_case *before, const struct desk_history *h,
                        const struct desk_world *w) {
    if (h->move_count == 0)
        return "no move";
    if (!chained(before, h))
        return "the moves are no chain";
    if (!one_role_each(h))
        return "a person has two roles in one case";
    if (!holds_role(h, w))
        return "a person acted in a role that they don't hold";
    if (!unbound(h, w) || !reviewers_unbound(h, w))
        return "somebody acted whom the law of a suspended jurisdiction binds";
    if (!callers_dont_review(h))
        return "who called back reviews the case";
    if (!one_seat_each(h))
        return "a person reviews by two lenses";
    if (!one_verdict_each(h))
        return "a verdict was given twice in a round, or by whom nobody drew";
    if (!begins_again(h))
        return "a case that began again kept what is void";
    if (!signed_by_enough(before, h))
        return "something was done with fewer signatures than it takes";
    if (!reviewed_rightly(h))
        return "what can't be carried out is reviewed";
    if (!rejected_rightly(h, w))
        return "a demand is rejected on another ground than its own";
    if (!notice_waited(before, h, w))
        return "a notice was not waited for";
    if (!nothing_for_suspended(before, h, w))
        return "something is given to a suspended jurisdiction";
    if (!held_stays(before, h))
        return "a held case moved on";
    if (!fields_within(before, h))
        return "fields are more than were asked for or than before, or no fewer when narrowed";
    if (!category_fits(before, h, w))
        return "a field is of another category than the one that was ordered";
    if (!nothing_while_frozen(before, h, w))
        return "something is given while somebody froze all releases";
    if (!preserved_rightly(before, h))
        return "preserved for somebody whom nobody called back";
    if (!round_is_new(before, h))
        return "an order is another, and its verdicts are not";
    if (!cleared_rightly(before, h))
        return "cleared without each lens";
    if (!answered_rightly(before, h))
        return "what a reviewer asked for is not answered, or nobody blocked what is rejected";
    if (!end_stays(before, h))
        return "what is over came back";
    if (!confirmed_by_another(h))
        return "who said that it is forged confirmed it";
    if (!followed_rightly(before, h, w))
        return "delivered, or told late, what was not released, or against a bar";
    if (!desk_decides_nothing(before, h))
        return "the desk decided alone";
    if (!facts_stay(before, h))
        return "what was called back for is not what is worked on";
    return released_rightly(before, h, w);
}
