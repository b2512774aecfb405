/* The table of moves, and what each asks for. */
#include "desk/step.h"

/* ---- The table ---- */

static enum desk_reason other_than_classifier(const struct step *s);
static enum desk_reason other_than_forger(const struct step *s);
static enum desk_reason is_drawn(const struct step *s);
static enum desk_reason asked_to_narrow(const struct step *s);
static enum desk_reason blocked_it(const struct step *s);
static enum desk_reason called_back(const struct step *s);
static enum desk_reason is_left_out(const struct step *s);
static enum desk_reason was_released(const struct step *s);
static enum desk_reason renewable(const struct step *s);
static enum desk_reason untold(const struct step *s);
static enum desk_reason untold_late(const struct step *s);
static enum desk_reason releasable(const struct step *s);
static enum desk_reason finished(const struct step *s);

static enum desk_reason classify(const struct step *s);
static enum desk_reason call(const struct step *s);
static enum desk_reason draft(const struct step *s);
static enum desk_reason verdict(const struct step *s);
static enum desk_reason replace(const struct step *s);
static enum desk_reason grounded(const struct step *s);
static enum desk_reason notice(const struct step *s);
static enum desk_reason bar(const struct step *s);
static enum desk_reason signed_order(const struct step *s);
static enum desk_reason release(const struct step *s);
static enum desk_reason late_verdict(const struct step *s);
static enum desk_reason preserve(const struct step *s);
static enum desk_reason deliver(const struct step *s);
static enum desk_reason written(const struct step *s);

static void set_classified(struct step *s);
static void set_round(struct step *s);
static void set_draft_due(struct step *s);
static void set_verdict(struct step *s);
static void set_replaced(struct step *s);
static void set_notified(struct step *s);
static void set_bar(struct step *s);
static void set_released(struct step *s);
static void set_preserved(struct step *s);
static void set_compelled(struct step *s);
static void set_delivered(struct step *s);
static void set_told_late(struct step *s);
static void set_held(struct step *s);
static void set_again(struct step *s);
static void set_decided(struct step *s);
static void set_objected(struct step *s);

/* clang-format off */
const struct rule desk_rules[DESK_MOVE_COUNT] = {
    [DESK_MOVE_CLASSIFY] = {S(RECEIVED), ANY_DUE, ANY_KIND, SAME, {INTAKE}, DRIVES,
                            NULL, classify, set_classified},
    [DESK_MOVE_CALL_BACK] = {S(RECEIVED), ANY_DUE, ANY_KIND, DESK_STATE_AUTHENTICATED,
                             {INTAKE | POLICY}, DRIVES, other_than_classifier, call, NULL},
    [DESK_MOVE_FORGE] = {UNDECIDED | S(REJECTED), ANY_DUE, ANY_KIND, DESK_STATE_FORGED, {INTAKE}, 0,
                         NULL, NULL, NULL},
    [DESK_MOVE_CONFIRM_FORGED] = {S(FORGED), ANY_DUE, ANY_KIND, SAME, {INTAKE | POLICY | AUDITOR},
                                  DRIVES, other_than_forger, NULL, NULL},
    [DESK_MOVE_OPEN] = {S(AUTHENTICATED) | S(COMPELLED), ANY_DUE, KIND(PRODUCE), DESK_STATE_IN_REVIEW,
                        {INTAKE}, DRIVES | DRAFTS | DRAWS, NULL, draft, set_round},
    [DESK_MOVE_VERDICT] = {S(IN_REVIEW), DUE(VERDICTS), KIND(PRODUCE), SAME, {REVIEWER},
                           DRIVES | ORDER, is_drawn, verdict, set_verdict},
    [DESK_MOVE_OPINION] = {S(NEEDS_EXPERT), ANY_DUE, ANY_KIND, DESK_STATE_IN_REVIEW, {EXPERT},
                           DRIVES, NULL, NULL, set_draft_due},
    [DESK_MOVE_CLARIFIED] = {S(NEEDS_CLARIFICATION), ANY_DUE, ANY_KIND, DESK_STATE_IN_REVIEW,
                             {INTAKE}, DRIVES, NULL, NULL, set_draft_due},
    [DESK_MOVE_NARROW] = {S(NARROWED), ANY_DUE, KIND(PRODUCE), DESK_STATE_IN_REVIEW, {REVIEWER},
                          DRIVES | DRAFTS | DRAWS, asked_to_narrow, draft, set_round},
    [DESK_MOVE_RENEW] = {S(IN_REVIEW) | S(CLEARED) | S(NOTIFIED) | S(RELEASED),
                         DUE(DRAFT) | DUE(NOTHING),
                         KIND(PRODUCE), DESK_STATE_IN_REVIEW, {INTAKE | APPROVER},
                         DRIVES | DRAFTS | DRAWS, renewable, draft, set_round},
    [DESK_MOVE_RECUSE] = {S(IN_REVIEW), DUE(VERDICTS), ANY_KIND, SAME, {REVIEWER}, DRAWS, is_drawn,
                          replace, set_replaced},
    [DESK_MOVE_REPLACE] = {S(IN_REVIEW), DUE(VERDICTS), ANY_KIND, SAME, {APPROVER}, DRAWS, NULL,
                           replace, set_replaced},
    [DESK_MOVE_REJECT] = {S(RECEIVED) | S(AUTHENTICATED) | S(IN_REVIEW), DUE(REJECT) | DUE(NOTHING),
                          ANY_KIND, DESK_STATE_REJECTED, {INTAKE | REVIEWER, APPROVER}, DRIVES,
                          blocked_it, grounded, NULL},
    [DESK_MOVE_NOT_HELD] = {S(RECEIVED) | S(AUTHENTICATED) | S(IN_REVIEW), ANY_DUE,
                            KIND(PRODUCE) | KIND(PRESERVE), DESK_STATE_NOT_HELD,
                            {INTAKE | POLICY, APPROVER}, 0, NULL, grounded, NULL},
    [DESK_MOVE_NOTIFY] = {S(CLEARED), ANY_DUE, ANY_KIND, DESK_STATE_NOTIFIED,
                          {REVIEWER | APPROVER, REVIEWER | APPROVER}, DRIVES | NOTICE, untold,
                          notice, set_notified},
    [DESK_MOVE_BAR] = {S(CLEARED), ANY_DUE, ANY_KIND, SAME, {POLICY, LAW}, 0, NULL, bar, set_bar},
    [DESK_MOVE_SIGN_ORDER] = {S(IN_REVIEW) | S(CLEARED), DUE(VERDICTS) | DUE(NOTHING), ANY_KIND,
                              SAME, {INTAKE}, ORDER, called_back, signed_order, NULL},
    [DESK_MOVE_RELEASE] = {S(CLEARED), ANY_DUE, KIND(PRODUCE), DESK_STATE_RELEASED, {APPROVER},
                           DRIVES | ORDER | DRAWS, releasable, release, set_released},
    [DESK_MOVE_AFTER_VERDICT] = {S(RELEASED), ANY_DUE, ANY_KIND, SAME, {REVIEWER}, DRIVES,
                                 is_left_out, late_verdict, set_verdict},
    /* Not while verdicts come in: one that is not shown yet may name another beneficiary. */
    [DESK_MOVE_PRESERVE] = {S(AUTHENTICATED) | REVIEWED, ~DUE(VERDICTS), KIND(PRODUCE) | KIND(PRESERVE),
                            SAME, {POLICY, LAW}, DRIVES | KEEPS, NULL, preserve, set_preserved},
    [DESK_MOVE_CHALLENGE] = {S(REJECTED), ANY_DUE, KIND(PRODUCE), DESK_STATE_CHALLENGED,
                             {LAW, APPROVER}, 0, NULL, NULL, NULL},
    [DESK_MOVE_COMPEL] = {S(REJECTED) | S(CHALLENGED), ANY_DUE, KIND(PRODUCE), DESK_STATE_COMPELLED,
                          {APPROVER, LAW, RIGHTS}, 0, NULL, grounded, set_compelled},
    [DESK_MOVE_DELIVER] = {S(RELEASED) | S(HELD), ANY_DUE, ANY_KIND, DESK_STATE_RELEASED,
                           {CUSTODIAN}, DRIVES, was_released, deliver, set_delivered},
    [DESK_MOVE_LATE_NOTICE] = {S(RELEASED), ANY_DUE, ANY_KIND, SAME,
                               {REVIEWER | APPROVER, REVIEWER | APPROVER}, NOTICE, untold_late,
                               notice, set_told_late},
    [DESK_MOVE_CLOSE] = {S(RELEASED) | S(REJECTED) | S(NOT_HELD) | S(WITHDRAWN) | S(FORGED) |
                             S(CHALLENGED) | S(AUTHENTICATED),
                         ANY_DUE, ANY_KIND, DESK_STATE_CLOSED, {INTAKE}, DRIVES, finished, NULL,
                         NULL},
    [DESK_MOVE_WITHDRAW] = {UNDECIDED | S(REJECTED), ANY_DUE, ANY_KIND, DESK_STATE_WITHDRAWN,
                            {INTAKE}, 0, NULL, NULL, NULL},
    /* A letter moves nothing: of a case that is held, too. */
    [DESK_MOVE_WRITE] = {UNDECIDED | S(REJECTED) | S(NOT_HELD) | S(RELEASED) | S(FORGED) |
                             S(WITHDRAWN),
                         ANY_DUE, ANY_KIND, SAME, {INTAKE | APPROVER}, 0, NULL, written, NULL},
    /* The desk's own. */
    [DESK_MOVE_RECEIVE] = {0, ANY_DUE, ANY_KIND, DESK_STATE_RECEIVED, {0}, 0, NULL, NULL, NULL},
    [DESK_MOVE_HOLD] = {HOLDABLE | S(RELEASED), ANY_DUE, ANY_KIND, DESK_STATE_HELD, {0}, 0, NULL, NULL, set_held},
    [DESK_MOVE_RESUME] = {S(HELD), ANY_DUE, ANY_KIND, DESK_STATE_RECEIVED, {0}, 0, NULL, NULL,
                          set_again},
    [DESK_MOVE_DECIDE] = {S(IN_REVIEW), DUE(VERDICTS), ANY_KIND, SAME, {0}, 0, NULL, NULL,
                          set_decided},
    [DESK_MOVE_VOID] = {S(IN_REVIEW) | S(CLEARED), DUE(VERDICTS) | DUE(NOTHING), ANY_KIND,
                        DESK_STATE_IN_REVIEW, {0}, 0, NULL, NULL, set_draft_due},
    [DESK_MOVE_OBJECT] = {REVIEWED | S(RELEASED), ANY_DUE, ANY_KIND, SAME, {0}, 0,
                          NULL, NULL, set_objected},
    [DESK_MOVE_LAPSE] = {S(HELD) | S(NEEDS_CLARIFICATION), ANY_DUE, ANY_KIND, DESK_STATE_LAPSED,
                         {0}, 0, NULL, NULL, NULL},
    [DESK_MOVE_PURGE] = {S(CLOSED), ANY_DUE, ANY_KIND, DESK_STATE_PURGED, {0}, 0, NULL, NULL, NULL},
};
/* clang-format on */

static const uint8_t none[32];

/* ---- Who ---- */

static enum desk_reason other_than_classifier(const struct step *s) {
    bool emergency = s->c->path == OFFICE_EMERGENCY;
    uint64_t classified = desk_last(s->h, DESK_MOVE_CLASSIFY);
    if (classified == 0)
        return DESK_STATE;
    for (size_t i = 0; i < s->h->move_count; i++) {
        const struct desk_moved *m = &s->h->moves[i];
        if (!desk_is_by(m, s->a->person))
            continue;
        /* In an emergency there are two callers, of whom one at least did not classify it. */
        if ((m->move == DESK_MOVE_CLASSIFY && !emergency) ||
            (m->move == DESK_MOVE_CALL_BACK && m->number > classified))
            return DESK_ACTED;
    }
    for (size_t i = 0; i < s->h->seat_count; i++)
        if (slice_equal(slice_str(s->h->seats[i].person), s->a->person->id))
            return DESK_ACTED;
    return emergency && s->a->role != INTAKE ? DESK_ROLE : DESK_OK;
}

static enum desk_reason other_than_forger(const struct step *s) {
    if (desk_last(s->h, DESK_MOVE_CONFIRM_FORGED) != 0)
        return DESK_NOT_NEEDED;
    return desk_ever(s->h, s->a->person, DESK_MOVE_FORGE) ? DESK_ACTED : DESK_OK;
}

static enum desk_reason is_drawn(const struct step *s) {
    const struct desk_seat *seat = desk_seat_by(s->h, s->a->person);
    if (seat == NULL || desk_lens_role[seat->lens] != s->a->role)
        return DESK_NOT_DRAWN;
    return seat->answered ? DESK_ANSWERED : DESK_OK;
}

static enum desk_reason asked_to_narrow(const struct step *s) {
    const struct desk_seat *seat = desk_seat_by(s->h, s->a->person);
    return seat != NULL && desk_lens_role[seat->lens] == s->a->role &&
                   seat->verdict == DESK_VERDICT_NARROW
               ? DESK_OK
               : DESK_NOT_DRAWN;
}

/* Whether the office has nobody who could review the case by one of the lenses that it needs. */
static bool short_of_reviewers(const struct step *s) {
    uint32_t lenses = desk_lenses_of(s->c, s->h);
    for (int lens = 0; lens < DESK_LENS_COUNT; lens++) {
        bool somebody = false, deputy;
        for (size_t i = 0; i < s->w->office->persons.n && !somebody; i++)
            somebody = desk_may_review(s->h, s->w, &s->w->office->persons.p[i],
                                       (enum desk_lens)lens, &deputy);
        if ((lenses >> lens & 1) != 0 && !somebody)
            return true;
    }
    return false;
}

/* Of a case in review: who blocked it. Of a demand: intake. Of one that is not reviewed, as it asks
 * to preserve or as there is nobody (an office short of a quorum still rejects): any reviewer. And
 * the approver in all. */
static enum desk_reason blocked_it(const struct step *s) {
    if (s->c->state == DESK_STATE_AUTHENTICATED &&
        (s->c->kind == DESK_KIND_PRESERVE ||
         (s->c->kind == DESK_KIND_PRODUCE && short_of_reviewers(s))))
        return s->a->role == INTAKE ? DESK_ROLE : DESK_OK;
    if (s->c->state != DESK_STATE_IN_REVIEW) {
        if (s->c->kind != DESK_KIND_DEMAND)
            return DESK_STATE;
        return (s->a->role & (INTAKE | APPROVER)) != 0 ? DESK_OK : DESK_ROLE;
    }
    if (s->a->role == APPROVER)
        return DESK_OK;
    const struct desk_seat *seat = desk_seat_by(s->h, s->a->person);
    return seat != NULL && seat->verdict == DESK_VERDICT_BLOCK ? DESK_OK : DESK_NOT_DRAWN;
}

/* Each caller once a round. */
static enum desk_reason called_back(const struct step *s) {
    uint64_t classified = desk_last(s->h, DESK_MOVE_CLASSIFY);
    bool called = false;
    if (s->c->path != OFFICE_EMERGENCY)
        return DESK_NOT_NEEDED;
    for (size_t i = 0; i < s->h->move_count; i++) {
        const struct desk_moved *m = &s->h->moves[i];
        if (!desk_is_by(m, s->a->person))
            continue;
        if (m->move == DESK_MOVE_SIGN_ORDER && m->round == s->c->round)
            return DESK_ANSWERED;
        called = called || (m->move == DESK_MOVE_CALL_BACK && m->number > classified);
    }
    return called ? DESK_OK : DESK_ROLE;
}

static enum desk_reason is_left_out(const struct step *s) {
    const struct desk_seat *seat = desk_seat_by(s->h, s->a->person);
    if (seat == NULL || !seat->after || desk_lens_role[seat->lens] != s->a->role)
        return DESK_NOT_DRAWN;
    return seat->answered ? DESK_ANSWERED : DESK_OK;
}

/* Also when it was carried out before the suspension that holds it now reached the server. */
static enum desk_reason was_released(const struct step *s) {
    if (s->c->released == 0)
        return DESK_STATE;
    return s->c->delivered != 0 ? DESK_NOT_NEEDED : DESK_OK;
}

/* ---- What ---- */

static enum desk_reason classify(const struct step *s) {
    struct desk_case c = *s->c;
    return facts_classify(s->a->text, s->w, &c);
}

static enum desk_reason call(const struct step *s) {
    uint64_t classified = desk_last(s->h, DESK_MOVE_CLASSIFY);
    char called[DESK_ID];
    enum desk_reason r = facts_called(s->a->text, s->w, s->c, called);
    if (r == DESK_OK)
        r = facts_clear(s->a->text, s->w->checklists, 1u << DESK_LIST_AUTHENTICITY, false);
    for (size_t i = 0; i < s->h->move_count && r == DESK_OK; i++) {
        const struct desk_moved *m = &s->h->moves[i];
        if (m->move == DESK_MOVE_CALL_BACK && m->number > classified &&
            strcmp(m->detail, called) == 0)
            r = DESK_NUMBER;
    }
    return r;
}

static bool current(const struct office_version *v, uint64_t version, const uint8_t hash[32]) {
    return v->number == version && memcmp(v->hash, hash, 32) == 0;
}

/* What stands at the end of each order is what it is now. */
static enum desk_reason order_is_new(const struct step *s, enum office_order_kind kind) {
    const struct office_order *o = s->a->order;
    if (o == NULL || o->kind != kind)
        return DESK_NO_ORDER;
    if (!slice_equal(o->case_id, slice_str(s->c->id)) || o->server_number != s->w->server_number ||
        memcmp(o->server, s->w->server, sizeof o->server) != 0)
        return DESK_ORDER_FACTS;
    if (!current(&o->office, s->w->office->version, s->w->office->document.hash))
        return DESK_OTHER_OFFICE;
    if (s->w->list == NULL ||
        !current(&o->suspensions, s->w->list->version, s->w->list->document.hash))
        return DESK_OTHER_LIST;
    return o->made + DESK_MADE_WITHIN < s->w->now || o->made > s->w->now + DESK_MADE_WITHIN
               ? DESK_CLOCK
               : DESK_OK;
}

static enum desk_reason fields_check(const struct step *s, const struct desk_regime *regime) {
    const struct office_order *o = s->a->order;
    if (o->fields == 0 || (o->fields & ~s->c->asked) != 0)
        return DESK_FIELDS;
    for (int i = 0; i < DESK_FIELD_COUNT; i++)
        if ((o->fields >> i & 1) != 0 && (regime->categories[i][0] == '\0' ||
                                          strcmp(regime->categories[i], s->c->category) != 0))
            return DESK_CATEGORY;
    return DESK_OK;
}

static bool same_account(const struct office_order *a, const struct office_order *b) {
    return a->account.by == b->account.by && slice_equal(a->account.name, b->account.name);
}

/* Against the order of the round before, if there was one. */
static enum desk_reason before_check(const struct step *s) {
    const struct office_order *o = s->a->order, *b = s->a->before;
    if (memcmp(s->c->order, none, sizeof none) == 0)
        return DESK_OK;
    if (b == NULL || memcmp(b->document.hash, s->c->order, sizeof none) != 0)
        return DESK_BEFORE;
    if (!same_account(o, b) || !slice_equal(o->beneficiary, b->beneficiary))
        return DESK_ORDER_FACTS;
    if (s->a->move == DESK_MOVE_NARROW && o->fields == s->c->fields)
        return DESK_NOT_NARROWER;
    return (o->fields & ~s->c->fields) != 0 ? DESK_FIELDS : DESK_OK;
}

static enum desk_reason draft(const struct step *s) {
    const struct office_order *o = s->a->order;
    const struct desk_regime *regime = desk_regime_find(s->w, slice_str(s->c->regime));
    enum desk_reason r = order_is_new(s, OFFICE_ORDER_RELEASE);
    if (r != DESK_OK)
        return r;
    if (regime == NULL)
        return DESK_NO_REGIME;
    if (office_authority_find(s->w->office, o->authority) == NULL)
        return DESK_AUTHORITY;
    if (o->path != s->c->path || !slice_equal(o->authority, slice_str(s->c->authority)) ||
        !slice_equal(o->regime, slice_str(s->c->regime)) ||
        !slice_equal(o->carve_outs, slice_str(s->c->carve_outs)) ||
        (s->c->beneficiary[0] != '\0' &&
         !slice_equal(o->beneficiary, slice_str(s->c->beneficiary))))
        return DESK_ORDER_FACTS;
    if (office_is_suspended(s->w->list, slice_str(s->c->issuer), o))
        return DESK_SUSPENDED;
    r = fields_check(s, regime);
    return r == DESK_OK ? before_check(s) : r;
}

static bool notice_over(const struct step *s, const struct desk_regime *regime) {
    return regime == NULL || regime->notice != DESK_NOTICE_BEFORE ||
           s->c->path == OFFICE_EMERGENCY || s->c->bar_until > s->w->now || s->c->notified == 0 ||
           (s->c->told != 0 && s->w->now >= s->c->told + regime->notice_term);
}

static enum desk_reason renewable(const struct step *s) {
    const struct desk_regime *regime = desk_regime_find(s->w, slice_str(s->c->regime));
    if (s->c->state == DESK_STATE_NOTIFIED && !notice_over(s, regime))
        return DESK_NOTICE_RUNS;
    /* An order that nobody carried out in its time. */
    if (s->c->state == DESK_STATE_RELEASED &&
        (s->c->delivered != 0 || !desk_order_is_void(s->c, s->w)))
        return DESK_NOT_NEEDED;
    return DESK_OK;
}

static bool order_is_signed(const struct step *s) {
    return s->a->order != NULL && s->a->order_signed;
}

/* An expert's opinion, or a court that compels, answers what asks for an expert. */
static bool expert_heard(const struct step *s) {
    return desk_last(s->h, DESK_MOVE_OPINION) != 0;
}

static enum desk_reason verdict_facts(const struct step *s, struct desk_seat *seat) {
    enum desk_reason r = facts_verdict(s->a->text, seat);
    if (r == DESK_OK)
        r = facts_cited(s->a->text, &s->w->cites);
    if (r != DESK_OK || seat->verdict != DESK_VERDICT_CLEAR || s->c->path == OFFICE_COMPELLED)
        return r;
    uint32_t lists = 1u << (DESK_LIST_POLICY + seat->lens);
    if (s->c->path == OFFICE_EMERGENCY)
        lists |= 1u << DESK_LIST_EMERGENCY;
    return facts_clear(s->a->text, s->w->checklists, lists, expert_heard(s));
}

static enum desk_reason verdict(const struct step *s) {
    struct desk_seat seat = *desk_seat_by(s->h, s->a->person);
    enum desk_reason r = verdict_facts(s, &seat);
    if (r != DESK_OK)
        return r;
    /* What somebody signed could be used, whatever else they said. */
    if (seat.verdict != DESK_VERDICT_CLEAR)
        return s->a->order == NULL ? DESK_OK : DESK_ORDER_NEEDLESS;
    return order_is_signed(s) ? DESK_OK : DESK_ORDER_UNSIGNED;
}

static enum desk_reason late_verdict(const struct step *s) {
    struct desk_seat seat = *desk_seat_by(s->h, s->a->person);
    enum desk_reason r = verdict_facts(s, &seat);
    if (r != DESK_OK)
        return r;
    return seat.verdict == DESK_VERDICT_CLEAR || seat.verdict == DESK_VERDICT_BLOCK ? DESK_OK
                                                                                    : DESK_FACT;
}

/* A block that a void round left undecided is not got round: who gave it is asked again, or gives
 * way themselves. */
static bool has_blocked(const struct desk_history *h, const struct desk_seat *seat) {
    for (size_t i = 0; i < h->seat_count; i++)
        if (h->seats[i].lens == seat->lens && strcmp(h->seats[i].person, seat->person) == 0 &&
            h->seats[i].answered && h->seats[i].verdict == DESK_VERDICT_BLOCK)
            return true;
    return false;
}

static enum desk_reason replace(const struct step *s) {
    slice word;
    enum desk_lens lens;
    if (s->a->move == DESK_MOVE_RECUSE)
        return DESK_OK;
    if (!facts_word(s->a->text, "lens", &word))
        return DESK_FACTS;
    if (!desk_lens_of(word, &lens) || (desk_lenses_of(s->c, s->h) >> lens & 1) == 0)
        return DESK_FACT;
    const struct desk_seat *seat = desk_seat_of(s->h, lens);
    return seat != NULL && (seat->answered || has_blocked(s->h, seat)) ? DESK_ANSWERED : DESK_OK;
}

/* The report counts by it: a demand's is that of its kind, and what is not held is not rejected. */
static bool ends_on(const struct step *s, slice ground) {
    if (s->a->move == DESK_MOVE_NOT_HELD)
        return strcmp(desk_ids_to(s->w->grounds, ground), "not-held") == 0;
    return s->c->kind != DESK_KIND_DEMAND ||
           slice_equal(ground, slice_str(desk_ids_to(s->w->demands, slice_str(s->c->category))));
}

static enum desk_reason grounded(const struct step *s) {
    slice ground;
    if (s->a->seconds != 0)
        return DESK_OK;
    if (!facts_word(s->a->text, "ground", &ground))
        return DESK_FACTS;
    if (!desk_ids_have(s->w->grounds, ground))
        return DESK_FACT;
    return s->a->move == DESK_MOVE_COMPEL || ends_on(s, ground) ? DESK_OK : DESK_GROUND;
}

/* A notice for the account of the round's order; the last who signs hands in what the server takes.
 */
static enum desk_reason notice(const struct step *s) {
    const struct office_order *o = s->a->order, *b = s->a->before;
    if (o == NULL || o->kind != OFFICE_ORDER_NOTICE)
        return DESK_NO_ORDER;
    if (s->a->seconds == 0) {
        enum desk_reason r = order_is_new(s, OFFICE_ORDER_NOTICE);
        if (r != DESK_OK)
            return r;
        if (b == NULL || memcmp(b->document.hash, s->c->order, sizeof none) != 0)
            return DESK_BEFORE;
        if (!same_account(o, b))
            return DESK_ORDER_FACTS;
    }
    if (!slice_equal(o->case_id, slice_str(s->c->id)) ||
        memcmp(o->receipt, s->c->filing, sizeof none) != 0)
        return DESK_ORDER_FACTS;
    if (!s->a->order_signed || (s->complete && !s->a->order_complete))
        return DESK_ORDER_UNSIGNED;
    return DESK_OK;
}

static enum desk_reason untold(const struct step *s) {
    const struct desk_regime *regime = desk_regime_find(s->w, slice_str(s->c->regime));
    if (regime == NULL || regime->notice != DESK_NOTICE_BEFORE || s->c->notified != 0 ||
        s->c->path == OFFICE_EMERGENCY)
        return DESK_NOT_NEEDED;
    return DESK_OK;
}

static enum desk_reason untold_late(const struct step *s) {
    const struct desk_regime *regime = desk_regime_find(s->w, slice_str(s->c->regime));
    if (s->c->notified != 0 || s->c->told_late != 0 ||
        (regime != NULL && regime->notice == DESK_NOTICE_AUTHORITY_INFORMS))
        return DESK_NOT_NEEDED;
    return s->c->bar_until > s->w->now ? DESK_TERM : DESK_OK;
}

static enum desk_reason bar(const struct step *s) {
    const struct desk_regime *regime = desk_regime_find(s->w, slice_str(s->c->regime));
    uint64_t until;
    slice hash;
    if (s->a->seconds != 0)
        return DESK_OK;
    if (!facts_time(s->a->text, "until", &until) || !facts_word(s->a->text, "document", &hash))
        return DESK_FACTS;
    if (until <= s->w->now || regime == NULL || until > s->w->now + regime->bar_max)
        return DESK_TERM;
    return DESK_OK;
}

static enum desk_reason signed_order(const struct step *s) {
    return order_is_signed(s) ? DESK_OK : DESK_ORDER_UNSIGNED;
}

static size_t orders_signed(const struct step *s) {
    size_t n = 0;
    for (size_t i = 0; i < s->h->move_count; i++)
        n += s->h->moves[i].move == DESK_MOVE_SIGN_ORDER && s->h->moves[i].round == s->c->round;
    return n;
}

static enum desk_reason notice_check(const struct step *s) {
    const struct desk_regime *regime = desk_regime_find(s->w, slice_str(s->c->regime));
    if (regime == NULL)
        return DESK_NO_REGIME;
    if (regime->notice != DESK_NOTICE_BEFORE || s->c->path == OFFICE_EMERGENCY ||
        s->c->bar_until > s->w->now)
        return DESK_OK;
    if (s->c->told == 0)
        return DESK_NOTICE;
    /* The reviewers of this round could read what the user says. */
    return s->c->order_made < s->c->told + regime->notice_term ? DESK_NOTICE_RUNS : DESK_OK;
}

static enum desk_reason releasable(const struct step *s) {
    enum desk_reason r = notice_check(s);
    if (r != DESK_OK)
        return r;
    if (desk_case_suspended(s->c, s->w))
        return DESK_SUSPENDED;
    return s->c->path == OFFICE_EMERGENCY && orders_signed(s) < 2 ? DESK_UNFINISHED : DESK_OK;
}

static enum desk_reason release(const struct step *s) {
    if (!order_is_signed(s))
        return DESK_ORDER_UNSIGNED;
    return s->a->order_complete ? DESK_OK : DESK_ORDER_UNSIGNED;
}

static bool states_suspended(const struct step *s, const struct desk_seat *seat) {
    struct desk_case c = *s->c;
    memcpy(c.beneficiary, seat->beneficiary, sizeof c.beneficiary);
    return desk_case_suspended(&c, s->w);
}

/* By a reviewer of the last round. */
static bool named_suspended(const struct step *s) {
    for (size_t i = 0; i < s->h->seat_count; i++)
        if (s->h->seats[i].round == s->c->round && s->h->seats[i].answered &&
            states_suspended(s, &s->h->seats[i]))
            return true;
    return false;
}

static enum desk_reason preserve(const struct step *s) {
    const struct office_order *o = s->a->order;
    const struct desk_regime *regime = desk_regime_find(s->w, slice_str(s->c->regime));
    if (desk_case_suspended(s->c, s->w) || named_suspended(s))
        return DESK_SUSPENDED;
    if (o == NULL || o->kind != OFFICE_ORDER_PRESERVATION)
        return DESK_NO_ORDER;
    if (s->a->seconds == 0) {
        enum desk_reason r = order_is_new(s, OFFICE_ORDER_PRESERVATION);
        if (r != DESK_OK)
            return r;
    }
    if (!slice_equal(o->case_id, slice_str(s->c->id)) ||
        !slice_equal(o->authority, slice_str(s->c->authority)) ||
        !slice_equal(o->regime, slice_str(s->c->regime)))
        return DESK_ORDER_FACTS;
    if (office_is_suspended(s->w->list, slice_str(s->c->issuer), o))
        return DESK_SUSPENDED;
    if (regime != NULL && regime->preserve_max != 0 && o->until > o->made + regime->preserve_max)
        return DESK_TERM;
    return s->a->order_signed && (!s->complete || s->a->order_complete) ? DESK_OK
                                                                        : DESK_ORDER_UNSIGNED;
}

static enum desk_reason deliver(const struct step *s) {
    slice manifest;
    return facts_word(s->a->text, "manifest", &manifest) ? DESK_OK : DESK_FACTS;
}

/* Late is better than never: who was drawn is waited for as long as they can answer. */
static bool after_verdicts_open(const struct step *s) {
    for (size_t i = 0; i < s->h->seat_count; i++) {
        const struct desk_seat *seat = &s->h->seats[i];
        const struct office_person *p = desk_person(s->w->office, slice_str(seat->person));
        if (seat->after && !seat->answered && !seat->out && p != NULL &&
            (desk_person_roles(p) & desk_lens_role[seat->lens]) != 0 &&
            !office_person_bound(p, s->w->list))
            return true;
    }
    return false;
}

static enum desk_reason finished(const struct step *s) {
    const struct desk_regime *regime = desk_regime_find(s->w, slice_str(s->c->regime));
    switch (s->c->state) {
    case DESK_STATE_AUTHENTICATED:
        return s->c->kind == DESK_KIND_PRESERVE && s->c->preserved_until != 0 ? DESK_OK
                                                                              : DESK_STATE;
    case DESK_STATE_FORGED:
        return desk_last(s->h, DESK_MOVE_CONFIRM_FORGED) != 0 ? DESK_OK : DESK_UNFINISHED;
    case DESK_STATE_RELEASED:
        if (s->c->delivered == 0 || after_verdicts_open(s))
            return DESK_UNFINISHED;
        return s->c->told != 0 ||
                       (regime != NULL && regime->notice == DESK_NOTICE_AUTHORITY_INFORMS)
                   ? DESK_OK
                   : DESK_NOTICE;
    default:
        return DESK_OK;
    }
}

/* Of which template it is made; what it says stands beside the move, whose text has its hash. */
static enum desk_reason written(const struct step *s) {
    slice template, letter;
    if (!facts_word(s->a->text, "template", &template) ||
        !facts_word(s->a->text, "letter", &letter))
        return DESK_FACTS;
    return facts_is_id(template) ? DESK_OK : DESK_FACT;
}

/* ---- Applying: nothing fails here ---- */

static void set_classified(struct step *s) {
    (void)facts_classify(s->a->text, s->w, &s->next);
}

static void set_round(struct step *s) {
    const struct office_order *o = s->a->order;
    s->next.round++;
    s->next.due = DESK_DUE_VERDICTS;
    s->next.released = 0;
    s->next.fields = o->fields;
    (void)desk_copy_id(s->next.beneficiary, o->beneficiary);
    memcpy(s->next.order, o->document.hash, sizeof s->next.order);
    s->next.order_made = o->made;
    s->next.order_office = o->office.number;
    s->next.order_list = o->suspensions.number;
    s->next.order_server = o->server_number;
}

static void set_draft_due(struct step *s) {
    s->next.due = DESK_DUE_DRAFT;
}

static void set_verdict(struct step *s) {
    s->answered = desk_seat_by(s->h, s->a->person);
}

static void set_replaced(struct step *s) {
    slice word;
    enum desk_lens lens;
    if (s->a->move == DESK_MOVE_RECUSE)
        s->out = desk_seat_by(s->h, s->a->person);
    else if (facts_word(s->a->text, "lens", &word) && desk_lens_of(word, &lens))
        s->out = desk_seat_of(s->h, lens);
}

static void set_notified(struct step *s) {
    s->next.notified = s->w->now;
}

static void set_bar(struct step *s) {
    (void)office_time_read(slice_str(desk_first_of(s)->detail), &s->next.bar_until);
}

static void set_released(struct step *s) {
    s->next.released = s->w->now;
}

static void set_preserved(struct step *s) {
    s->next.preserved_until = s->a->order->until;
}

static void set_compelled(struct step *s) {
    s->next.path = OFFICE_COMPELLED;
    s->next.carve_outs[0] = '\0';
}

static void set_delivered(struct step *s) {
    s->next.delivered = s->w->now;
}

static void set_told_late(struct step *s) {
    s->next.told_late = s->w->now;
}

static void set_held(struct step *s) {
    s->next.hold = DESK_HOLD_SUSPENDED;
    s->next.due = DESK_DUE_NOTHING;
}

/* From the beginning: nothing of before counts, but who acted in which role. */
static void set_again(struct step *s) {
    s->next.hold = DESK_HOLD_NONE;
    s->next.due = DESK_DUE_NOTHING;
    s->next.path = OFFICE_ORDINARY;
    s->next.fields = 0;
    s->next.notified = s->next.told_late = s->next.told = s->next.objected = s->next.bar_until =
        s->next.order_made = 0;
    s->next.released = 0;
    memset(s->next.order, 0, sizeof s->next.order);
}

/* After the release there is no order left that it could void. */
static void set_objected(struct step *s) {
    if (s->c->state != DESK_STATE_RELEASED)
        s->next.objected = s->w->now;
}

/* ---- Deciding ---- */

static void hold(struct step *s, enum desk_hold why) {
    s->next.state = DESK_STATE_HELD;
    s->next.hold = why;
}

/* The first of these that is said by anybody decides. */
static void set_decided(struct step *s) {
    uint32_t said = 0;
    bool unknown = false, differ = false;
    s->next.due = DESK_DUE_NOTHING;
    for (int lens = 0; lens < DESK_LENS_COUNT; lens++) {
        const struct desk_seat *seat = desk_seat_of(s->h, (enum desk_lens)lens);
        if (seat == NULL)
            continue;
        said |= 1u << seat->verdict;
        unknown = unknown || seat->beneficiary[0] == '\0';
        differ = differ || strcmp(seat->beneficiary, s->c->beneficiary) != 0;
        if (states_suspended(s, seat)) {
            memcpy(s->next.beneficiary, seat->beneficiary, sizeof s->next.beneficiary);
            hold(s, DESK_HOLD_SUSPENDED);
        }
    }
    if (s->next.state == DESK_STATE_HELD)
        return;
    if ((said >> DESK_VERDICT_BLOCK & 1) != 0)
        s->next.due = DESK_DUE_REJECT;
    else if (unknown || differ)
        hold(s, unknown ? DESK_HOLD_UNKNOWN : DESK_HOLD_DIFFER);
    else if ((said >> DESK_VERDICT_EXPERT & 1) != 0)
        s->next.state = DESK_STATE_NEEDS_EXPERT;
    else if ((said >> DESK_VERDICT_CLARIFY & 1) != 0)
        s->next.state = DESK_STATE_NEEDS_CLARIFICATION;
    else if ((said >> DESK_VERDICT_NARROW & 1) != 0)
        s->next.state = DESK_STATE_NARROWED;
    else
        s->next.state = DESK_STATE_CLEARED;
}
