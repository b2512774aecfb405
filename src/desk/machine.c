#include "desk/machine.h"

#include "desk/step.h"

const uint32_t desk_lens_role[DESK_LENS_COUNT] = {POLICY, LAW, RIGHTS};

/* ---- What is known of a case ---- */

const struct office_person *desk_person(const struct office *o, slice id) {
    for (size_t i = 0; o != NULL && i < o->persons.n; i++)
        if (slice_equal(o->persons.p[i].id, id))
            return &o->persons.p[i];
    return NULL;
}

uint32_t desk_person_roles(const struct office_person *p) {
    return p->roles | p->deputy;
}

bool desk_state_open(enum desk_state state) {
    return !desk_in(state, S(CLOSED) | S(LAPSED) | S(PURGED));
}

const struct desk_regime *desk_regime_find(const struct desk_world *w, slice id) {
    for (size_t i = 0; i < w->regime_count; i++)
        if (slice_equal(slice_str(w->regimes[i].id), id))
            return &w->regimes[i];
    return NULL;
}

static size_t place_of(const struct desk_ids *ids, slice id) {
    size_t i = 0;
    while (i < ids->n && !slice_equal(slice_str(ids->each[i]), id))
        i++;
    return i;
}

bool desk_ids_have(const struct desk_ids *ids, slice id) {
    return place_of(ids, id) < ids->n;
}

const char *desk_ids_to(const struct desk_ids *ids, slice id) {
    size_t i = place_of(ids, id);
    return i < ids->n ? ids->to[i] : "";
}

/* By the directory as it is, and as it was when the case was classified. */
bool desk_case_suspended(const struct desk_case *c, const struct desk_world *w) {
    struct office_order o = {.path = c->path,
                             .authority = slice_str(c->authority),
                             .beneficiary = slice_str(c->beneficiary),
                             .regime = slice_str(c->regime),
                             .carve_outs = slice_str(c->carve_outs)};
    const struct office_authority *a = office_authority_find(w->office, o.authority);
    if (w->list == NULL)
        return false;
    return office_is_suspended(w->list, slice_str(c->issuer), &o) ||
           (a != NULL && office_is_suspended(w->list, a->jurisdiction, &o));
}

/* The moves before it are void: those before the case began again. */
static uint64_t epoch(const struct desk_history *h) {
    uint64_t n = 0;
    for (size_t i = 0; i < h->move_count; i++)
        if (h->moves[i].move == DESK_MOVE_RESUME)
            n = h->moves[i].number;
    return n;
}

uint64_t desk_last(const struct desk_history *h, enum desk_move move) {
    uint64_t n = 0, after = epoch(h);
    for (size_t i = 0; i < h->move_count; i++)
        if (h->moves[i].move == move && h->moves[i].number > after)
            n = h->moves[i].number;
    return n;
}

bool desk_is_by(const struct desk_moved *m, const struct office_person *p) {
    return p != NULL && slice_equal(slice_str(m->person), p->id);
}

/* Whether the person ever made this move here; begun again or not. */
bool desk_ever(const struct desk_history *h, const struct office_person *p, enum desk_move move) {
    for (size_t i = 0; i < h->move_count; i++)
        if (h->moves[i].move == move && desk_is_by(&h->moves[i], p))
            return true;
    return false;
}

uint32_t desk_role_in(const struct desk_history *h, slice person) {
    for (size_t i = 0; i < h->move_count; i++)
        if (slice_equal(slice_str(h->moves[i].person), person))
            return h->moves[i].role;
    return 0;
}

/* ---- Reviewers ---- */

uint32_t desk_lenses_of(const struct desk_case *c, const struct desk_history *h) {
    uint32_t there = 0;
    if (c->path == OFFICE_COMPELLED)
        return 1u << DESK_LENS_LOCAL_LAW | 1u << DESK_LENS_HUMAN_RIGHTS;
    if (c->path != OFFICE_EMERGENCY)
        return (1u << DESK_LENS_COUNT) - 1;
    for (size_t i = 0; i < h->seat_count; i++)
        if (h->seats[i].round == c->round && !h->seats[i].after)
            there |= 1u << h->seats[i].lens;
    return there;
}

/* Who reviews by this lens in this round; NULL if nobody does. */
struct desk_seat *desk_seat_of(const struct desk_history *h, enum desk_lens lens) {
    for (size_t i = 0; i < h->seat_count; i++) {
        struct desk_seat *s = &h->seats[i];
        if (s->round == h->now.round && s->lens == lens && !s->out)
            return s;
    }
    return NULL;
}

struct desk_seat *desk_seat_by(const struct desk_history *h, const struct office_person *p) {
    for (int lens = 0; lens < DESK_LENS_COUNT; lens++) {
        struct desk_seat *s = desk_seat_of(h, (enum desk_lens)lens);
        if (s != NULL && slice_equal(slice_str(s->person), p->id))
            return s;
    }
    return NULL;
}

bool desk_may_review(const struct desk_history *h, const struct desk_world *w,
                     const struct office_person *p, enum desk_lens lens, bool *deputy) {
    uint32_t role = desk_lens_role[lens], before = desk_role_in(h, p->id);
    *deputy = (p->roles & role) == 0;
    if (((p->roles | p->deputy) & role) == 0 || (before != 0 && before != role))
        return false;
    if (desk_ever(h, p, DESK_MOVE_CALL_BACK) || desk_ever(h, p, DESK_MOVE_RECUSE))
        return false;
    for (size_t i = 0; i < h->seat_count; i++) {
        const struct desk_seat *s = &h->seats[i];
        if (slice_equal(slice_str(s->person), p->id) &&
            (s->lens != lens || (s->out && s->round == h->now.round)))
            return false;
    }
    return !office_person_bound(p, w->list);
}

/* ---- Drawing ---- */

bool desk_move_draws(enum desk_move move) {
    return (desk_rules[move].flags & DRAWS) != 0;
}

uint32_t desk_lenses_drawn(const struct desk_history *h, const struct desk_act *act,
                           uint32_t *may) {
    const struct desk_seat *own = act->person == NULL ? NULL : desk_seat_by(h, act->person);
    uint32_t all = (1u << DESK_LENS_COUNT) - 1;
    bool emergency = h->now.path == OFFICE_EMERGENCY;
    enum desk_lens lens;
    slice word;
    *may = 0;
    switch (act->move) {
    case DESK_MOVE_RECUSE:
        *may = own == NULL ? 0 : 1u << own->lens;
        return 0;
    case DESK_MOVE_REPLACE:
        return facts_word(act->text, "lens", &word) && desk_lens_of(word, &lens) ? 1u << lens : 0;
    case DESK_MOVE_RELEASE:
        *may = emergency ? all & ~desk_lenses_of(&h->now, h) : 0;
        return 0;
    default:
        *may = emergency ? 1u << DESK_LENS_LOCAL_LAW | 1u << DESK_LENS_HUMAN_RIGHTS : 0;
        return emergency ? 0 : desk_lenses_of(&h->now, h);
    }
}

static enum desk_reason seat_draw(struct step *s, enum desk_lens lens) {
    bool deputy;
    const char *id = s->a->drawn[lens];
    const struct office_person *p = desk_person(s->w->office, slice_str(id));
    if (p == NULL || !desk_may_review(s->h, s->w, p, lens, &deputy))
        return DESK_NOBODY;
    if (s->a->person != NULL && slice_equal(s->a->person->id, p->id) &&
        s->a->role != desk_lens_role[lens])
        return DESK_NOBODY;
    for (size_t i = 0; i < s->drawn_count; i++)
        if (strcmp(s->drawn[i].person, id) == 0)
            return DESK_NOBODY;
    struct desk_seat *seat = &s->drawn[s->drawn_count++];
    *seat = (struct desk_seat){.lens = lens, .shown = true};
    return desk_copy_id(seat->person, p->id) ? DESK_OK : DESK_NOBODY;
}

static enum desk_reason seats_draw(struct step *s) {
    uint32_t may, must;
    if (!desk_move_draws(s->a->move) || !s->complete)
        return DESK_OK;
    must = desk_lenses_drawn(s->h, s->a, &may);
    for (int lens = 0; lens < DESK_LENS_COUNT; lens++) {
        bool named = s->a->drawn != NULL && s->a->drawn[lens][0] != '\0';
        if (!named && (must >> lens & 1) != 0)
            return DESK_NOBODY;
        if (!named)
            continue;
        if (((must | may) >> lens & 1) == 0)
            return DESK_NOBODY;
        enum desk_reason r = seat_draw(s, (enum desk_lens)lens);
        if (r != DESK_OK)
            return r;
    }
    bool one = s->c->path == OFFICE_EMERGENCY && (s->rule->flags & DRAFTS) != 0;
    return one && s->drawn_count != 1 ? DESK_NOBODY : DESK_OK;
}

static bool all_answered(const struct desk_history *h) {
    uint32_t lenses = desk_lenses_of(&h->now, h);
    for (int lens = 0; lens < DESK_LENS_COUNT; lens++) {
        const struct desk_seat *seat = desk_seat_of(h, (enum desk_lens)lens);
        if ((lenses >> lens & 1) != 0 && (seat == NULL || !seat->answered))
            return false;
    }
    return lenses != 0;
}

/* The order of the round is no longer what anybody may sign or carry out. */
bool desk_order_is_void(const struct desk_case *c, const struct desk_world *w) {
    return c->order_office != w->office->version ||
           (w->list != NULL && c->order_list != w->list->version) ||
           c->order_server != w->server_number || w->now > c->order_made + OFFICE_ORDER_LIFE ||
           c->objected > c->order_made;
}

bool desk_own_move(const struct desk_history *h, const struct desk_world *w, enum desk_move *move) {
    const struct desk_case *c = &h->now;
    bool suspended = desk_case_suspended(c, w), over;
    switch (c->state) {
    case DESK_STATE_HELD:
        *move = c->hold == DESK_HOLD_SUSPENDED && !suspended ? DESK_MOVE_RESUME : DESK_MOVE_LAPSE;
        return *move == DESK_MOVE_RESUME || w->now > c->since + DESK_HELD_MAX;
    case DESK_STATE_CLOSED:
        *move = DESK_MOVE_PURGE;
        return w->now > c->since + DESK_CLOSED_MAX;
    default:
        break;
    }
    *move = DESK_MOVE_HOLD;
    if (desk_in(c->state, HOLDABLE) && suspended)
        return true;
    /* The server, too, refuses the order of a list that is older; unless it was carried out. */
    if (c->state == DESK_STATE_RELEASED && c->delivered == 0 && suspended)
        return true;
    *move = DESK_MOVE_VOID;
    over = (c->state == DESK_STATE_IN_REVIEW && c->due == DESK_DUE_VERDICTS) ||
           c->state == DESK_STATE_CLEARED;
    if (over && desk_order_is_void(c, w))
        return true;
    *move = DESK_MOVE_DECIDE;
    if (c->state == DESK_STATE_IN_REVIEW && c->due == DESK_DUE_VERDICTS && all_answered(h))
        return true;
    *move = DESK_MOVE_LAPSE;
    return c->state == DESK_STATE_NEEDS_CLARIFICATION && w->now > c->since + DESK_SILENCE_MAX;
}

/* ---- Signatures of several ---- */

/* Whether each of n roles gets a seat of its own. */
static bool seated(const uint32_t *roles, size_t n, const uint32_t seats[SEATS], unsigned taken) {
    if (n == 0)
        return true;
    for (int i = 0; i < SEATS; i++)
        if ((taken >> i & 1) == 0 && (seats[i] & roles[0]) != 0 &&
            seated(roles + 1, n - 1, seats, taken | 1u << i))
            return true;
    return false;
}

static size_t seat_count(const struct rule *rule) {
    size_t n = 0;
    while (n < SEATS && rule->seats[n] != 0)
        n++;
    return n;
}

/* Whether who signed it would be taken still: the office or the list may be another since. */
static bool may_still(const struct desk_world *w, const struct desk_moved *m) {
    const struct office_person *p = desk_person(w->office, slice_str(m->person));
    return p != NULL && (desk_person_roles(p) & m->role) != 0 && !office_person_bound(p, w->list);
}

/* Who signed the move that this one seconds, and who seconded it: their roles, and this one's. */
static enum desk_reason together(const struct step *s, size_t *n) {
    uint32_t roles[SEATS + 1] = {s->a->role};
    bool found = false;
    *n = 1;
    if (s->a->seconds != 0) {
        for (size_t i = 0; i < s->h->move_count; i++) {
            const struct desk_moved *m = &s->h->moves[i];
            bool first = m->number == s->a->seconds;
            if (!m->pending || m->move != s->a->move || (!first && m->seconds != s->a->seconds))
                continue;
            found = found || (first && m->seconds == 0);
            if (desk_is_by(m, s->a->person))
                return DESK_ACTED;
            if (!may_still(s->w, m))
                return DESK_NOT_FIRST;
            if (*n > SEATS)
                return DESK_NOT_FIRST;
            roles[(*n)++] = m->role;
        }
        if (!found)
            return DESK_NOT_FIRST;
    }
    return *n <= SEATS && seated(roles, *n, s->rule->seats, 0) ? DESK_OK : DESK_ROLE;
}

/* ---- Steps ---- */

uint32_t desk_move_roles(enum desk_move move) {
    return desk_rules[move].seats[0] | desk_rules[move].seats[1] | desk_rules[move].seats[2];
}

bool desk_move_drafts(enum desk_move move, enum office_order_kind *kind) {
    unsigned flags = desk_rules[move].flags;
    *kind = (flags & NOTICE) != 0  ? OFFICE_ORDER_NOTICE
            : (flags & KEEPS) != 0 ? OFFICE_ORDER_PRESERVATION
                                   : OFFICE_ORDER_RELEASE;
    return (flags & (DRAFTS | NOTICE | KEEPS)) != 0;
}

bool desk_move_about_order(enum desk_move move) {
    return (desk_rules[move].flags & ORDER) != 0;
}

/* Of a person: the state, the role, and whatever else is asked of who does it. */
static enum desk_reason who_check(const struct step *s) {
    const struct rule *r = s->rule;
    const struct office_person *p = s->a->person;
    uint32_t before = desk_role_in(s->h, p->id);
    if (r->seats[0] == 0)
        return DESK_DESK_ALONE;
    if (!desk_in(s->c->state, r->from))
        return DESK_STATE;
    if ((r->dues >> s->c->due & 1) == 0)
        return s->c->due == DESK_DUE_REJECT  ? DESK_REJECT_DUE
               : s->c->due == DESK_DUE_DRAFT ? DESK_DRAFT_DUE
                                             : DESK_STATE;
    if ((r->kinds >> s->c->kind & 1) == 0)
        return s->c->kind == DESK_KIND_DEMAND ? DESK_NOT_EXECUTABLE : DESK_PRESERVE_ONLY;
    if ((desk_move_roles(s->a->move) & s->a->role) == 0 || (s->a->role & (s->a->role - 1)) != 0 ||
        ((p->roles | p->deputy) & s->a->role) == 0)
        return DESK_ROLE;
    if (office_person_bound(p, s->w->list))
        return DESK_BOUND;
    if (before != 0 && before != s->a->role)
        return DESK_OTHER_ROLE;
    return r->who == NULL ? DESK_OK : r->who(s);
}

static void begin(struct step *s, struct desk_history *h, const struct desk_world *w,
                  const struct desk_act *a) {
    memset(s, 0, sizeof *s);
    s->h = h;
    s->c = &h->now;
    s->w = w;
    s->a = a;
    s->rule = &desk_rules[a->move];
    s->next = h->now;
}

enum desk_reason desk_may_step(const struct desk_history *h, const struct desk_world *w,
                               const struct office_person *p, uint32_t role, enum desk_move move) {
    struct step s;
    struct desk_act act = {.move = move, .person = p, .role = role};
    struct desk_history copy = *h;
    begin(&s, &copy, w, &act);
    return who_check(&s);
}

/* The facts are those of the move that the last one seconds. */
const struct desk_moved *desk_first_of(const struct step *s) {
    for (size_t i = 0; i < s->h->move_count; i++)
        if (s->h->moves[i].number == s->a->seconds)
            return &s->h->moves[i];
    return &s->moved;
}

/* What is handed in is what the text names, which is the round's order where the move is about that
 * one; who seconds says nothing more, and signs the same order. */
static enum desk_reason same_as_first(const struct step *s) {
    const struct office_case_move *t = s->a->text;
    if (s->a->order != NULL && memcmp(s->a->order->document.hash, t->order, sizeof t->order) != 0)
        return DESK_OTHER_ORDER;
    if ((s->rule->flags & ORDER) != 0 && memcmp(t->order, s->c->order, sizeof t->order) != 0)
        return DESK_OTHER_ORDER;
    if (s->a->seconds == 0)
        return DESK_OK;
    if (t->says.n != 0)
        return DESK_FACT;
    return memcmp(desk_first_of(s)->order, t->order, sizeof t->order) == 0 ? DESK_OK
                                                                           : DESK_OTHER_ORDER;
}

static enum desk_reason persons_check(struct step *s) {
    size_t n;
    enum desk_reason r = who_check(s);
    if (r == DESK_OK)
        r = together(s, &n);
    if (r != DESK_OK)
        return r;
    s->complete = n == seat_count(s->rule);
    r = same_as_first(s);
    if (r != DESK_OK)
        return r;
    if (s->rule->what != NULL)
        r = s->rule->what(s);
    return r == DESK_OK ? seats_draw(s) : r;
}

/* A second caller in an emergency; else one is enough. */
static bool call_is_enough(const struct step *s) {
    uint64_t classified = desk_last(s->h, DESK_MOVE_CLASSIFY);
    if (s->a->move != DESK_MOVE_CALL_BACK || s->c->path != OFFICE_EMERGENCY)
        return true;
    for (size_t i = 0; i < s->h->move_count; i++)
        if (s->h->moves[i].move == DESK_MOVE_CALL_BACK && s->h->moves[i].number > classified)
            return true;
    return false;
}

static void moved_fill(struct step *s) {
    struct desk_moved *m = &s->moved;
    m->number = s->c->number + 1;
    m->move = s->a->move;
    m->from = s->c->state;
    m->role = s->a->role;
    m->made = s->w->now;
    m->seconds = s->a->seconds;
    m->pending = !s->complete;
    memcpy(m->hash, s->a->hash, sizeof m->hash);
    if (s->a->person != NULL)
        (void)desk_copy_id(m->person, s->a->person->id);
    facts_detail(s->a->text, s->w, s->c, m->move, m->detail);
}

static void next_fill(struct step *s) {
    s->next.number++;
    memcpy(s->next.head, s->a->hash, sizeof s->next.head);
    if (!s->complete)
        return;
    if (s->rule->to != SAME && call_is_enough(s))
        s->next.state = (enum desk_state)s->rule->to;
    if (s->next.state != s->c->state)
        s->next.due = DESK_DUE_NOTHING;
    if (s->rule->apply != NULL)
        s->rule->apply(s);
    if (s->next.state != s->c->state)
        s->next.since = s->w->now;
}

/* What was signed by some and not by all is over with the state or round that it was about, or when
 * it is done. */
static void pending_end(struct step *s) {
    bool over =
        s->next.state != s->c->state || s->next.round != s->c->round || s->next.due != s->c->due;
    for (size_t i = 0; i < s->h->move_count; i++)
        if (over || (s->complete && s->h->moves[i].move == s->a->move))
            s->h->moves[i].pending = false;
}

static void answer(struct step *s) {
    if (s->answered != NULL) {
        (void)facts_verdict(s->a->text, s->answered);
        s->answered->answered = true;
        s->answered->number = s->next.number;
    }
    if (s->out != NULL)
        s->out->out = true;
}

static err grow(struct desk_history *h);

err desk_step(struct desk_history *h, const struct desk_world *w, const struct desk_act *act,
              enum desk_reason *reason) {
    struct step s;
    enum desk_move own;
    *reason = DESK_OK;
    TRY(grow(h));
    begin(&s, h, w, act);
    if (act->person != NULL) {
        *reason = persons_check(&s);
    } else {
        bool due = act->move == DESK_MOVE_RECEIVE ? h->move_count == 0
                   : act->move == DESK_MOVE_OBJECT
                       ? (h->now.notified != 0 || h->now.told_late != 0) &&
                             desk_in(h->now.state, s.rule->from)
                       : desk_own_move(h, w, &own) && own == act->move;
        *reason = due ? DESK_OK : DESK_STATE;
        s.complete = true;
    }
    if (*reason != DESK_OK)
        return OK;
    moved_fill(&s);
    next_fill(&s);
    pending_end(&s);
    answer(&s);
    s.moved.to = s.next.state;
    s.moved.round = s.next.round;
    memcpy(s.moved.order, act->text != NULL ? act->text->order : s.next.order,
           sizeof s.moved.order);
    for (size_t i = 0; i < s.drawn_count; i++) {
        s.drawn[i].round = s.next.round;
        s.drawn[i].after = act->move == DESK_MOVE_RELEASE;
        h->seats[h->seat_count++] = s.drawn[i];
    }
    h->moves[h->move_count++] = s.moved;
    h->now = s.next;
    h->now.waits = desk_waits(h);
    return OK;
}

/* Of moves that are possible in this state but bring only some of its cases further. */
static bool brings_further(const struct desk_history *h, enum desk_move move) {
    const struct desk_case *c = &h->now;
    switch (move) {
    case DESK_MOVE_CALL_BACK:
        return desk_last(h, DESK_MOVE_CLASSIFY) != 0 && c->kind != DESK_KIND_DEMAND;
    case DESK_MOVE_REJECT:
        return c->due == DESK_DUE_REJECT ||
               (c->kind == DESK_KIND_DEMAND && desk_last(h, DESK_MOVE_CLASSIFY) != 0);
    case DESK_MOVE_RENEW:
        return c->state != DESK_STATE_RELEASED;
    case DESK_MOVE_DELIVER:
        return c->state == DESK_STATE_RELEASED && c->delivered == 0;
    case DESK_MOVE_PRESERVE:
        return c->kind == DESK_KIND_PRESERVE && c->preserved_until == 0;
    case DESK_MOVE_CLOSE:
        return c->state != DESK_STATE_AUTHENTICATED || c->preserved_until != 0;
    default:
        return true;
    }
}

/* The lenses of which a verdict is missing. */
static uint32_t roles_missing(const struct desk_history *h) {
    uint32_t roles = 0;
    for (int lens = 0; lens < DESK_LENS_COUNT; lens++) {
        const struct desk_seat *seat = desk_seat_of(h, (enum desk_lens)lens);
        if (seat != NULL && !seat->answered)
            roles |= desk_lens_role[lens];
    }
    return roles;
}

/* The lenses of which the verdict was this one. */
static uint32_t roles_that_said(const struct desk_history *h, enum desk_verdict verdict) {
    uint32_t roles = 0;
    for (int lens = 0; lens < DESK_LENS_COUNT; lens++) {
        const struct desk_seat *seat = desk_seat_of(h, (enum desk_lens)lens);
        if (seat != NULL && seat->answered && seat->verdict == verdict)
            roles |= desk_lens_role[lens];
    }
    return roles;
}

static uint32_t roles_waited_for(const struct desk_history *h, enum desk_move move) {
    switch (move) {
    case DESK_MOVE_VERDICT:
    case DESK_MOVE_AFTER_VERDICT:
        return roles_missing(h);
    case DESK_MOVE_NARROW:
        return roles_that_said(h, DESK_VERDICT_NARROW);
    case DESK_MOVE_REJECT:
        return APPROVER |
               (h->now.kind == DESK_KIND_DEMAND ? INTAKE : roles_that_said(h, DESK_VERDICT_BLOCK));
    default:
        return desk_move_roles(move);
    }
}

uint32_t desk_waits(const struct desk_history *h) {
    const struct desk_case *c = &h->now;
    uint32_t roles = 0;
    for (int move = 0; move < DESK_MOVE_COUNT; move++) {
        const struct rule *r = &desk_rules[move];
        if ((r->flags & DRIVES) == 0 || !desk_in(c->state, r->from) ||
            (r->dues >> c->due & 1) == 0 || (r->kinds >> c->kind & 1) == 0 ||
            !brings_further(h, (enum desk_move)move))
            continue;
        roles |= roles_waited_for(h, (enum desk_move)move);
    }
    return roles;
}

/* ---- Histories ---- */

static err room(void **p, size_t *room_, size_t n, size_t size) {
    size_t more = *room_ == 0 ? 16 : 2 * *room_;
    if (n <= *room_)
        return OK;
    void *q = mem_resize(NULL, *p, *room_ * size, more * size);
    if (q == NULL)
        return ERR_NO_MEMORY;
    *p = q;
    *room_ = more;
    return OK;
}

/* Room for a step's rows, so that it can't fail later, and no pointer into them moves. */
static err grow(struct desk_history *h) {
    void *moves = h->moves, *seats = h->seats;
    TRY(room(&moves, &h->move_room, h->move_count + 1, sizeof *h->moves));
    h->moves = moves;
    TRY(room(&seats, &h->seat_room, h->seat_count + DESK_LENS_COUNT, sizeof *h->seats));
    h->seats = seats;
    return OK;
}

err desk_history_add_move(struct desk_history *h, const struct desk_moved *m) {
    TRY(grow(h));
    h->moves[h->move_count++] = *m;
    return OK;
}

err desk_history_add_seat(struct desk_history *h, const struct desk_seat *s) {
    TRY(grow(h));
    h->seats[h->seat_count++] = *s;
    return OK;
}

void desk_history_free(struct desk_history *h) {
    mem_free(NULL, h->moves, h->move_room * sizeof *h->moves);
    mem_free(NULL, h->seats, h->seat_room * sizeof *h->seats);
    memset(h, 0, sizeof *h);
}

/* ---- What is shown ---- */

/* Whoever answers again in a later round must not have seen them. */
bool desk_round_shown(const struct desk_history *h, uint32_t round) {
    switch (h->now.state) {
    case DESK_STATE_RELEASED:
    case DESK_STATE_NOT_HELD:
    case DESK_STATE_CLOSED:
    case DESK_STATE_LAPSED:
    case DESK_STATE_PURGED:
    case DESK_STATE_FORGED:
    case DESK_STATE_WITHDRAWN:
        return true;
    default:
        break;
    }
    for (size_t i = 0; i < h->move_count; i++)
        if (h->moves[i].move == DESK_MOVE_DECIDE && h->moves[i].round == round)
            return true;
    return false;
}
