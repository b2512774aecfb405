/* The state machine under random histories: whatever anybody tries, no invariant breaks. No
 * signature is made here; that they are verified first is test_cases.c's. */
#include "tests/test.h"

#include <stdlib.h>

#include "base/codec.h"
#include "desk/facts.h"
#include "tests/office/people.h"
#include "tests/support.h"

#define MADE ((uint64_t)1790812800000)
#define SUSPENSION(jurisdiction)                  \
    "suspension s-1\njurisdictions " jurisdiction \
    "\nscope all\nwording Suspended.\nstart 2026-07-06T00:00:00Z\nreview 2026-09-01T00:00:00Z\n"

enum { LISTS = 5, SAYS_MAX = 32, REGIMES = 4, OFFICES = 2 };

/* ---- A world ---- */

static struct desk_regime regimes[REGIMES] = {
    {.id = "eu",
     .kind = DESK_KIND_PRODUCE,
     .term = 10 * TIME_DAY,
     .emergency_term = 8 * TIME_HOUR,
     .notice = DESK_NOTICE_AUTHORITY_INFORMS},
    {.id = "us",
     .kind = DESK_KIND_PRODUCE,
     .term = 30 * TIME_DAY,
     .notice = DESK_NOTICE_BEFORE,
     .notice_term = 10 * TIME_DAY,
     .bar_max = 365 * TIME_DAY},
    {.id = "xs",
     .kind = DESK_KIND_PRODUCE,
     .term = 30 * TIME_DAY,
     .notice = DESK_NOTICE_BEFORE,
     .notice_term = TIME_DAY},
    {.id = "eu-pr", .kind = DESK_KIND_PRESERVE, .term = TIME_DAY, .preserve_max = 60 * TIME_DAY},
};
static struct desk_checklists checklists;
static char processes[][DESK_ID] = {"order", "pen-register"},
            processes_to[][DESK_ID] = {"", "stream"}, demands[][DESK_ID] = {"stream", "access"},
            demands_to[][DESK_ID] = {"live-data", "access"},
            grounds[][DESK_ID] = {"protected-activity", "live-data", "access", "not-held"},
            grounds_to[][DESK_ID] = {"human-rights", "not-executable", "not-executable",
                                     "not-held"};
static const struct desk_ids process_ids = {processes, processes_to, 2},
                             demand_ids = {demands, demands_to, 2},
                             ground_ids = {grounds, grounds_to, 4};

static void question(enum desk_list_name list, const char *id, const char *wrong,
                     enum desk_effect effect) {
    struct desk_question *q = &checklists.lists[list].each[checklists.lists[list].n++];
    must(desk_copy_id(q->id, slice_str(id)) && desk_copy_id(q->wrong, slice_str(wrong)) ? OK
                                                                                        : ERR_BUG);
    q->effect = effect;
}

static void data_make(void) {
    memset(&checklists, 0, sizeof checklists);
    checklists.version = 3;
    question(DESK_LIST_AUTHENTICITY, "a1", "no", DESK_EFFECT_BLOCKS);
    question(DESK_LIST_POLICY, "p1", "no", DESK_EFFECT_BLOCKS);
    question(DESK_LIST_POLICY, "p5", "no", DESK_EFFECT_CURE);
    question(DESK_LIST_LOCAL_LAW, "l1", "no", DESK_EFFECT_BLOCKS);
    question(DESK_LIST_HUMAN_RIGHTS, "h5", "yes", DESK_EFFECT_BLOCKS);
    question(DESK_LIST_HUMAN_RIGHTS, "h6", "yes", DESK_EFFECT_EXPERT);
    question(DESK_LIST_EMERGENCY, "e1", "no", DESK_EFFECT_BLOCKS);
    for (int r = 0; r < 3; r++)
        for (int i = 0; i < DESK_FIELD_COUNT; i++)
            must(desk_copy_id(regimes[r].categories[i],
                              slice_str(i == HELD_FIELD_BYTES  ? ""
                                        : i == HELD_FIELD_SEEN ? "traffic"
                                                               : "subscriber"))
                     ? OK
                     : ERR_BUG);
}

struct setting {
    struct support_random random;
    struct office *office;
    struct office_suspensions *lists[LISTS];
    struct desk_world w;
    uint64_t hashes; /* each its own */
};

static uint64_t below(struct setting *s, uint64_t n) {
    return support_next(&s->random) % n;
}
static bool chance(struct setting *s, unsigned percent) {
    return below(s, 100) < percent;
}

static void hash_new(struct setting *s, uint8_t hash[32]) {
    memset(hash, 0, 32);
    put_u64(hash, ++s->hashes);
    hash[31] = 1;
}

static void list_set(struct setting *s, size_t i) {
    uint64_t version = s->w.list == NULL ? 1 : s->w.list->version + 1;
    s->w.list = s->lists[i];
    s->lists[i]->version = version;
    hash_new(s, s->lists[i]->document.hash);
}

static void begin(struct setting *s, uint64_t seed) {
    static const char *const entries[LISTS] = {
        "", "", SUSPENSION("HK"), SUSPENSION("DE"),
        SUSPENSION("HK") "carve-out k-1 emergency Where somebody would die.\n"};
    memset(s, 0, sizeof *s);
    data_make();
    s->random.state = seed;
    s->office = people_office_load(false);
    /* Somebody of every role whom another law binds, so that a suspension of DE leaves some. */
    for (int i = 0; i < PEOPLE; i++)
        if (i % 2 == 1 && i != CUSTODIAN)
            s->office->persons.p[i].countries = slice_str("FR");
    /* And some who could act in more than one role. */
    s->office->persons.p[POLICY_DEPUTY].deputy |= OFFICE_ROLE_LOCAL_LAW;
    s->office->persons.p[APPROVER_DEPUTY].deputy |= OFFICE_ROLE_HUMAN_RIGHTS;
    s->office->persons.p[INTAKE_2].roles |= OFFICE_ROLE_POLICY;
    for (int i = 0; i < LISTS; i++)
        s->lists[i] = people_list_load(s->office, entries[i]);
    s->w = (struct desk_world){.office = s->office,
                               .regimes = regimes,
                               .regime_count = REGIMES,
                               .checklists = &checklists,
                               .cites = {1, 1},
                               .processes = &process_ids,
                               .demands = &demand_ids,
                               .grounds = &ground_ids,
                               .server = {0x5e},
                               .server_number = 3,
                               .now = MADE};
    list_set(s, 0);
}

static void end(struct setting *s) {
    for (int i = 0; i < LISTS; i++)
        office_suspensions_free(s->lists[i]);
    office_free(s->office);
}

/* ---- An act, with what it points to ---- */

struct deed {
    struct desk_act act;
    struct office_case_move text;
    struct office_order order, before;
    struct office_say says[SAYS_MAX];
    char words[SAYS_MAX][DESK_ID];
    char drawn[DESK_LENS_COUNT][DESK_ID];
    struct desk_case c; /* as it was when this was made; what orders point into */
};

static void say(struct deed *d, const char *name, const char *word) {
    size_t n = d->text.says.n++;
    must(n < SAYS_MAX && desk_copy_id(d->words[n], slice_str(word)) ? OK : ERR_BUG);
    d->says[n] = (struct office_say){slice_str(name), slice_str(d->words[n])};
    d->text.says.p = d->says;
}

static const struct office_person *one_with(struct setting *s, uint32_t role) {
    for (int tries = 0; tries < 200; tries++) {
        const struct office_person *p = &s->office->persons.p[below(s, PEOPLE)];
        if ((desk_person_roles(p) & role) != 0)
            return p;
    }
    return &s->office->persons.p[0];
}

/* The case's order as it is, as its reviewers have it. */
static void order_is(struct office_order *o, const struct desk_case *c) {
    memset(o, 0, sizeof *o);
    o->kind = OFFICE_ORDER_RELEASE;
    o->account.by = OFFICE_BY_ID;
    o->account.name = slice_str("a");
    o->beneficiary = slice_str(c->beneficiary);
    o->fields = c->fields;
    memcpy(o->document.hash, c->order, 32);
}

static void order_new(struct setting *s, struct deed *d, enum office_order_kind kind) {
    struct office_order *o = &d->order;
    const struct desk_case *c = &d->c;
    order_is(o, c);
    o->kind = kind;
    o->case_id = slice_str(c->id);
    o->path = c->path;
    o->authority = slice_str(c->authority);
    o->regime = slice_str(c->regime);
    o->carve_outs = slice_str(c->carve_outs);
    if (c->beneficiary[0] == '\0')
        o->beneficiary = slice_str(chance(s, 80) ? c->issuer : "HK");
    o->fields = c->fields != 0 && chance(s, 80) ? c->fields : c->asked & 0x0b;
    if (chance(s, 40))
        o->fields &= ~(1u << below(s, 4));
    if (o->fields == 0)
        o->fields = c->asked;
    memcpy(o->receipt, c->filing, 32);
    memcpy(o->server, s->w.server, 32);
    o->server_number = s->w.server_number;
    o->office.number = s->office->version;
    memcpy(o->office.hash, s->office->document.hash, 32);
    o->suspensions.number = s->w.list->version;
    memcpy(o->suspensions.hash, s->w.list->document.hash, 32);
    o->made = s->w.now;
    o->until = s->w.now + 30 * TIME_DAY;
    hash_new(s, o->document.hash);
    order_is(&d->before, c);
    d->act.before = &d->before;
    d->act.order = o;
    d->act.order_signed = true;
}

static void answers(struct setting *s, struct deed *d, uint32_t lists, unsigned wrong) {
    say(d, "checklists", "3");
    for (int list = 0; list < DESK_LIST_COUNT; list++)
        for (size_t i = 0; (lists >> list & 1) != 0 && i < checklists.lists[list].n; i++) {
            const struct desk_question *q = &checklists.lists[list].each[i];
            bool yes = strcmp(q->wrong, "yes") == 0;
            say(d, q->id,
                chance(s, wrong) ? (chance(s, 50) ? "unknown" : q->wrong)
                : yes            ? "no"
                                 : "yes");
        }
}

/* ---- What somebody honest would do ---- */

static void classify(struct setting *s, struct deed *d) {
    bool hk = chance(s, 30);
    uint64_t kind = below(s, 10);
    say(d, "kind", kind == 0 ? "demand" : kind == 1 ? "preserve" : "produce");
    say(d, "path", chance(s, hk ? 70 : 40) ? "emergency" : "ordinary");
    say(d, "authority", hk ? "hk-police" : "de-court");
    say(d, "regime", kind == 1 ? "eu-pr" : chance(s, 50) ? "eu" : chance(s, 50) ? "us" : "xs");
    say(d, "process", chance(s, 90) ? "order" : "pen-register");
    say(d, "category",
        kind == 0 && chance(s, 90) ? demands[below(s, 2)]
        : chance(s, 10)            ? "traffic"
                                   : "subscriber");
    say(d, "accounts", "1");
    say(d, "fields", chance(s, 70) ? "exists created devices" : "exists created seen bytes");
    say(d, "beneficiary", chance(s, 70) ? (hk ? "HK" : "DE") : chance(s, 50) ? "unknown" : "HK");
    if (chance(s, hk ? 90 : 20))
        say(d, "carve-outs", chance(s, 80) ? "k-1" : "k-2");
}

static void verdict_says(struct setting *s, struct deed *d, enum desk_lens lens) {
    static const char *const words[] = {"block", "clarify", "narrow", "expert"};
    const char *word = chance(s, 88) ? "clear" : words[below(s, 4)];
    say(d, "verdict", word);
    if (strcmp(word, "clear") != 0 && chance(s, 95))
        d->act.order = NULL;
    say(d, "beneficiary", chance(s, 95) ? d->c.beneficiary : chance(s, 50) ? "unknown" : "HK");
    say(d, "conflict", chance(s, 98) ? "no" : "yes");
    say(d, "policy", chance(s, 98) ? "1" : "2");
    say(d, "guidelines", chance(s, 98) ? "1" : "2");
    uint32_t lists = 1u << (DESK_LIST_POLICY + lens);
    if (d->c.path == OFFICE_EMERGENCY)
        lists |= 1u << DESK_LIST_EMERGENCY;
    answers(s, d, lists, 2);
}

static const uint32_t lens_roles[DESK_LENS_COUNT] = {OFFICE_ROLE_POLICY, OFFICE_ROLE_LOCAL_LAW,
                                                     OFFICE_ROLE_HUMAN_RIGHTS};

/* A reviewer of the round who has not answered; false if there is none. */
static bool reviewer(struct setting *s, const struct desk_history *h, struct deed *d, bool after,
                     enum desk_lens *lens) {
    for (size_t i = 0; i < h->seat_count; i++) {
        const struct desk_seat *seat = &h->seats[i];
        if (seat->round != h->now.round || seat->out || seat->answered || seat->after != after)
            continue;
        d->act.person = desk_person(s->office, slice_str(seat->person));
        d->act.role = lens_roles[seat->lens];
        *lens = seat->lens;
        return d->act.person != NULL;
    }
    return false;
}

/* One of several who sign: the first, or one more for what is there. */
static void joins(const struct desk_history *h, struct deed *d) {
    for (size_t i = 0; i < h->move_count; i++) {
        const struct desk_moved *m = &h->moves[i];
        if (m->pending && m->seconds == 0 && m->move == d->act.move) {
            d->act.seconds = m->number;
            d->text.says.n = 0;
            memcpy(d->text.order, m->order, 32);
            memcpy(d->order.document.hash, m->order, 32);
        }
    }
}

static void draw(struct setting *s, const struct desk_history *h, struct deed *d) {
    uint32_t may, wanted = desk_lenses_drawn(h, &d->act, &may);
    memset(d->drawn, 0, sizeof d->drawn);
    d->act.drawn = (const char(*)[DESK_ID])d->drawn;
    if (h->now.path == OFFICE_EMERGENCY && d->act.move != DESK_MOVE_RELEASE && wanted == 0)
        may = chance(s, 50) ? 1u << DESK_LENS_LOCAL_LAW : 1u << DESK_LENS_HUMAN_RIGHTS;
    for (int lens = 0; lens < DESK_LENS_COUNT; lens++)
        for (int tries = 0; ((wanted | may) >> lens & 1) != 0 && tries < 60; tries++) {
            bool deputy;
            const struct office_person *p = &s->office->persons.p[below(s, PEOPLE)];
            if (desk_may_review(h, &s->w, p, (enum desk_lens)lens, &deputy)) {
                (void)desk_copy_id(d->drawn[lens], p->id);
                break;
            }
        }
}

/* A move that might be right in this state. */
static enum desk_move likely(struct setting *s, const struct desk_history *h) {
    const struct desk_case *c = &h->now;
    static const enum desk_move rare[] = {
        DESK_MOVE_FORGE,  DESK_MOVE_WITHDRAW, DESK_MOVE_NOT_HELD, DESK_MOVE_PRESERVE,
        DESK_MOVE_RECUSE, DESK_MOVE_REPLACE,  DESK_MOVE_BAR,      DESK_MOVE_SIGN_ORDER,
        DESK_MOVE_REJECT, DESK_MOVE_WRITE};
    for (size_t i = 0; i < h->move_count; i++)
        if (h->moves[i].pending && chance(s, 40))
            return h->moves[i].move;
    if (chance(s, 4))
        return rare[below(s, sizeof rare / sizeof rare[0])];
    switch (c->state) {
    case DESK_STATE_RECEIVED:
        return c->kind == DESK_KIND_DEMAND      ? DESK_MOVE_REJECT
               : c->number < 2 || chance(s, 15) ? DESK_MOVE_CLASSIFY
                                                : DESK_MOVE_CALL_BACK;
    case DESK_STATE_AUTHENTICATED:
        return c->kind == DESK_KIND_PRESERVE
                   ? (c->preserved_until != 0 ? DESK_MOVE_CLOSE : DESK_MOVE_PRESERVE)
                   : DESK_MOVE_OPEN;
    case DESK_STATE_COMPELLED:
        return DESK_MOVE_OPEN;
    case DESK_STATE_IN_REVIEW:
        return c->due == DESK_DUE_REJECT  ? DESK_MOVE_REJECT
               : c->due == DESK_DUE_DRAFT ? DESK_MOVE_RENEW
                                          : DESK_MOVE_VERDICT;
    case DESK_STATE_NEEDS_EXPERT:
        return DESK_MOVE_OPINION;
    case DESK_STATE_NEEDS_CLARIFICATION:
        return DESK_MOVE_CLARIFIED;
    case DESK_STATE_NARROWED:
        return DESK_MOVE_NARROW;
    case DESK_STATE_CLEARED:
        if (c->path == OFFICE_EMERGENCY && chance(s, 60))
            return DESK_MOVE_SIGN_ORDER;
        return strcmp(c->regime, "eu") != 0 && c->notified == 0 && chance(s, 70)
                   ? DESK_MOVE_NOTIFY
                   : DESK_MOVE_RELEASE;
    case DESK_STATE_NOTIFIED:
        return chance(s, 20) ? DESK_MOVE_RELEASE : DESK_MOVE_RENEW;
    case DESK_STATE_REJECTED:
        return chance(s, 85)   ? DESK_MOVE_COMPEL
               : chance(s, 50) ? DESK_MOVE_CHALLENGE
                               : DESK_MOVE_CLOSE;
    case DESK_STATE_CHALLENGED:
        return chance(s, 80) ? DESK_MOVE_COMPEL : DESK_MOVE_CLOSE;
    case DESK_STATE_RELEASED:
        return c->delivered == 0 && chance(s, 30) ? DESK_MOVE_RENEW
               : c->delivered == 0                ? DESK_MOVE_DELIVER
               : chance(s, 40)                    ? DESK_MOVE_AFTER_VERDICT
               : chance(s, 50)                    ? DESK_MOVE_LATE_NOTICE
                                                  : DESK_MOVE_CLOSE;
    case DESK_STATE_HELD:
        return (enum desk_move)below(s, DESK_MOVE_COUNT);
    case DESK_STATE_FORGED:
        return chance(s, 50) ? DESK_MOVE_CONFIRM_FORGED : DESK_MOVE_CLOSE;
    default:
        return DESK_MOVE_CLOSE;
    }
}

/* The facts and the order of a move, for whoever makes it. */
static void fill(struct setting *s, const struct desk_history *h, struct deed *d) {
    enum office_order_kind kind;
    enum desk_lens lens = DESK_LENS_POLICY;
    char until[OFFICE_TIME_TEXT];
    d->act.text = &d->text;
    if (desk_move_drafts(d->act.move, &kind)) {
        order_new(s, d, kind);
        memcpy(d->text.order, d->order.document.hash, 32);
    } else if (desk_move_about_order(d->act.move)) {
        order_is(&d->order, &d->c);
        d->act.order = &d->order;
        d->act.order_signed = true;
        memcpy(d->text.order, d->c.order, 32);
    }
    d->act.order_complete = true;
    switch (d->act.move) {
    case DESK_MOVE_CLASSIFY:
        classify(s, d);
        break;
    case DESK_MOVE_CALL_BACK: {
        const struct office_authority *a =
            office_authority_find(s->office, slice_str(d->c.authority));
        char number[DESK_ID] = "";
        if (a != NULL)
            (void)desk_copy_id(number, a->calls.p[below(s, a->calls.n)].text);
        say(d, "number", number);
        answers(s, d, 1u << DESK_LIST_AUTHENTICITY, 3);
        break;
    }
    case DESK_MOVE_VERDICT:
    case DESK_MOVE_AFTER_VERDICT:
        (void)reviewer(s, h, d, d->act.move == DESK_MOVE_AFTER_VERDICT, &lens);
        verdict_says(s, d, lens);
        break;
    case DESK_MOVE_RECUSE:
        (void)reviewer(s, h, d, false, &lens);
        break;
    case DESK_MOVE_REPLACE:
        say(d, "lens", desk_lens_name((enum desk_lens)below(s, DESK_LENS_COUNT)));
        break;
    case DESK_MOVE_NARROW:
        for (size_t i = 0; i < h->seat_count; i++)
            if (h->seats[i].round == h->now.round && h->seats[i].verdict == DESK_VERDICT_NARROW) {
                d->act.person = desk_person(s->office, slice_str(h->seats[i].person));
                d->act.role = lens_roles[h->seats[i].lens];
            }
        d->order.fields &= d->order.fields - 1;
        break;
    case DESK_MOVE_SIGN_ORDER:
        for (size_t i = h->move_count; i-- > 0 && h->move_count - i < 40;)
            if (h->moves[i].move == DESK_MOVE_CALL_BACK && chance(s, 60)) {
                d->act.person = desk_person(s->office, slice_str(h->moves[i].person));
                d->act.role = h->moves[i].role;
            }
        break;
    case DESK_MOVE_BAR:
        office_time_write(s->w.now + 40 * TIME_DAY, until);
        say(d, "until", until);
        say(d, "document", "hash");
        break;
    case DESK_MOVE_REJECT:
    case DESK_MOVE_COMPEL:
        say(d, "ground", d->c.kind == DESK_KIND_DEMAND ? grounds[below(s, 4)] : grounds[0]);
        break;
    case DESK_MOVE_NOT_HELD:
        say(d, "ground", chance(s, 90) ? "not-held" : grounds[below(s, 4)]);
        break;
    case DESK_MOVE_DELIVER:
        say(d, "manifest", "hash");
        break;
    case DESK_MOVE_WRITE:
        say(d, "template", chance(s, 90) ? "clarification" : "A letter");
        say(d, "letter", "hash");
        break;
    default:
        break;
    }
}

static void deed_make(struct setting *s, const struct desk_history *h, struct deed *d,
                      enum desk_move move) {
    memset(d, 0, sizeof *d);
    d->c = h->now;
    d->act.move = move;
    hash_new(s, d->act.hash);
    uint32_t roles = desk_move_roles(move);
    d->act.person = one_with(s, roles != 0 ? roles : OFFICE_ROLE_INTAKE);
    /* One of the roles that both have; the one that the person has in the case, if any. */
    uint32_t both = desk_person_roles(d->act.person) & roles;
    d->act.role = both & (~both + 1);
    fill(s, h, d);
    if (move != DESK_MOVE_CALL_BACK && move != DESK_MOVE_CLASSIFY)
        joins(h, d);
    if (desk_move_draws(move))
        draw(s, h, d);
}

/* ---- What somebody malicious would do ---- */

static void spoil(struct setting *s, const struct desk_history *h, struct deed *d) {
    switch (below(s, 14)) {
    case 0: /* anybody, in any role that they have */
        d->act.person = &s->office->persons.p[below(s, PEOPLE)];
        d->act.role = desk_person_roles(d->act.person);
        break;
    case 1: /* in the role that is needed, without having it */
        d->act.person = &s->office->persons.p[below(s, PEOPLE)];
        break;
    case 2: /* as the person who did the last thing */
        if (h->move_count > 0 && h->moves[h->move_count - 1].person[0] != '\0')
            d->act.person = desk_person(s->office, slice_str(h->moves[h->move_count - 1].person));
        break;
    case 3:
        d->act.role = (uint32_t)1 << below(s, 8);
        break;
    case 4: /* whom Hong Kong's law binds */
        d->act.person = &s->office->persons.p[CUSTODIAN];
        break;
    case 5: /* another order than the round's */
        hash_new(s, d->order.document.hash);
        break;
    case 6:
        d->order.fields = (uint32_t)below(s, 64);
        break;
    case 7:
        d->act.order_signed = d->act.order_complete = false;
        break;
    case 8:
        d->act.order = NULL;
        break;
    case 9: /* seconds whatever there is */
        d->act.seconds = below(s, h->now.number + 2);
        break;
    case 10: /* for somebody else */
        d->order.beneficiary = slice_str("HK");
        break;
    case 11: /* draws whom they like */
        for (int lens = 0; lens < DESK_LENS_COUNT; lens++)
            (void)desk_copy_id(d->drawn[lens], s->office->persons.p[below(s, PEOPLE)].id);
        break;
    case 12: /* an old list */
        d->order.suspensions.number--;
        break;
    default: /* says nothing */
        d->text.says.n = 0;
        break;
    }
}

static void move_slice(slice *word, const struct deed *from, struct deed *to) {
    const uint8_t *begin_ = (const uint8_t *)from;
    if (word->p >= begin_ && word->p < begin_ + sizeof *from)
        word->p = (uint8_t *)to + (word->p - begin_);
}

static void deed_copy(struct deed *to, const struct deed *from) {
    memcpy(to, from, sizeof *to);
    to->act.text = &to->text;
    to->act.order = from->act.order == NULL ? NULL : &to->order;
    to->act.before = from->act.before == NULL ? NULL : &to->before;
    to->act.drawn = from->act.drawn == NULL ? NULL : (const char(*)[DESK_ID])to->drawn;
    to->text.says.p = to->says;
    for (size_t i = 0; i < to->text.says.n; i++)
        move_slice(&to->says[i].text, from, to);
    struct office_order *orders[] = {&to->order, &to->before};
    for (int i = 0; i < 2; i++) {
        move_slice(&orders[i]->case_id, from, to);
        move_slice(&orders[i]->authority, from, to);
        move_slice(&orders[i]->regime, from, to);
        move_slice(&orders[i]->carve_outs, from, to);
        move_slice(&orders[i]->beneficiary, from, to);
    }
}

/* ---- Histories ---- */

struct tally {
    size_t tried, made;
    size_t reached[DESK_STATE_COUNT], moves[DESK_MOVE_COUNT], reasons[128];
    size_t released[8]; /* by path */
    size_t carved_out;
};

/* For Hong Kong nothing is released while a list suspends it, but in an emergency that names the
 * carve-out of that list. */
static void check_released(const struct setting *s, const struct desk_case *c, struct tally *t) {
    bool hk = strcmp(c->issuer, "HK") == 0 || strcmp(c->beneficiary, "HK") == 0;
    if (!hk || s->w.list == s->lists[0] || s->w.list == s->lists[1] || s->w.list == s->lists[3])
        return;
    t->carved_out++;
    if (s->w.list != s->lists[4] || c->path != OFFICE_EMERGENCY ||
        strcmp(c->carve_outs, "k-1") != 0)
        test_fail(__FILE__, __LINE__, "released for Hong Kong, which is suspended");
}

static void check_after(const struct setting *s, const struct desk_case *before,
                        const struct desk_history *h, struct tally *t) {
    const char *broken = desk_broken(before, h, &s->w);
    const struct desk_moved *m = &h->moves[h->move_count - 1];
    if (broken != NULL)
        test_fail(__FILE__, __LINE__, "after move %zu (%s by %s, %s to %s): %s", t->made,
                  desk_move_name(m->move), m->person, desk_state_name(m->from),
                  desk_state_name(m->to), broken);
    t->made++;
    t->reached[h->now.state]++;
    t->moves[m->move]++;
    if (h->now.released != 0 && before->released == 0) {
        t->released[h->now.path]++;
        check_released(s, &h->now, t);
    }
}

/* A suspension holds a case wherever it stands on the way to a release. */
static void check_held(const struct setting *s, const struct desk_history *h) {
    const uint32_t ends =
        1u << DESK_STATE_HELD | 1u << DESK_STATE_RELEASED | 1u << DESK_STATE_REJECTED |
        1u << DESK_STATE_NOT_HELD | 1u << DESK_STATE_CLOSED | 1u << DESK_STATE_LAPSED |
        1u << DESK_STATE_PURGED | 1u << DESK_STATE_FORGED | 1u << DESK_STATE_WITHDRAWN;
    if (desk_case_suspended(&h->now, &s->w) && (ends >> h->now.state & 1) == 0)
        test_fail(__FILE__, __LINE__, "a suspended case is %s", desk_state_name(h->now.state));
}

/* The desk's own moves, until there is none. */
static void settle(struct setting *s, struct desk_history *h, struct tally *t) {
    enum desk_move move;
    enum desk_reason reason;
    while (desk_own_move(h, &s->w, &move)) {
        struct desk_act act = {.move = move};
        struct desk_case before = h->now;
        hash_new(s, act.hash);
        must(desk_step(h, &s->w, &act, &reason));
        CHECK_EQ(reason, DESK_OK);
        check_after(s, &before, h, t);
    }
    check_held(s, h);
}

static enum desk_reason attempt(struct setting *s, struct desk_history *h, const struct deed *d,
                                struct tally *t) {
    struct desk_case before;
    /* The custodian brings back what the server says of a notice, in time or not. */
    if (h->now.notified + h->now.told_late > 0 && h->now.told == 0 && chance(s, 30))
        h->now.told = s->w.now;
    memcpy(&before, &h->now, sizeof before);
    size_t moves = h->move_count, seats = h->seat_count;
    enum desk_reason reason;
    t->tried++;
    must(desk_step(h, &s->w, &d->act, &reason));
    t->reasons[reason]++;
    if (reason == DESK_OK) {
        check_after(s, &before, h, t);
        settle(s, h, t);
    } else {
        CHECK(memcmp(&before, &h->now, sizeof before) == 0);
        CHECK(h->move_count == moves && h->seat_count == seats);
    }
    return reason;
}

static void receive(struct setting *s, struct desk_history *h, struct tally *t) {
    struct desk_act act = {.move = DESK_MOVE_RECEIVE};
    enum desk_reason reason;
    memset(h, 0, sizeof *h);
    (void)desk_copy_id(h->now.id, slice_str("c-1"));
    hash_new(s, h->now.filing);
    hash_new(s, act.hash);
    h->now.path = OFFICE_ORDINARY;
    h->now.received = h->now.since = s->w.now;
    struct desk_case before = h->now;
    must(desk_step(h, &s->w, &act, &reason));
    CHECK_EQ(reason, DESK_OK);
    check_after(s, &before, h, t);
}

static void object(struct setting *s, struct desk_history *h, struct tally *t) {
    struct desk_act act = {.move = DESK_MOVE_OBJECT};
    struct desk_case before = h->now;
    enum desk_reason reason;
    hash_new(s, act.hash);
    must(desk_step(h, &s->w, &act, &reason));
    if (reason == DESK_OK) {
        check_after(s, &before, h, t);
        settle(s, h, t);
    }
}

static void one_history(struct setting *s, struct tally *t) {
    struct desk_history h;
    struct deed d, old;
    bool kept = false;
    receive(s, &h, t);
    for (int i = 0; i < 160 && desk_state_open(h.now.state); i++) {
        s->w.now += below(s, 20) == 0 ? below(s, 12 * TIME_DAY) : below(s, TIME_HOUR);
        if (chance(s, 2))
            list_set(s, below(s, LISTS));
        if (chance(s, 1))
            object(s, &h, t);
        settle(s, &h, t);
        if (kept && chance(s, 5)) { /* a replay */
            (void)attempt(s, &h, &old, t);
            continue;
        }
        deed_make(s, &h, &d,
                  chance(s, 94) ? likely(s, &h) : (enum desk_move)below(s, DESK_MOVE_COUNT));
        if (chance(s, 25))
            spoil(s, &h, &d);
        if (attempt(s, &h, &d, t) == DESK_OK && chance(s, 30)) {
            deed_copy(&old, &d);
            kept = true;
        }
    }
    s->w.now += 200 * TIME_DAY;
    settle(s, &h, t);
    desk_history_free(&h);
}

TEST(no_history_breaks_an_invariant) {
    struct setting s;
    struct tally t = {0};
    begin(&s, 20261127);
    while (t.made < 30000)
        one_history(&s, &t);
    for (int i = 0; i < 128; i++)
        if (t.reasons[i] > 0)
            printf("# %zu %s\n", t.reasons[i], desk_reason_name((enum desk_reason)i));
    printf("# %zu tried, %zu made; released %zu, %zu, %zu, by a carve-out %zu\n", t.tried, t.made,
           t.released[OFFICE_ORDINARY], t.released[OFFICE_EMERGENCY], t.released[OFFICE_COMPELLED],
           t.carved_out);
    for (int state = 0; state < DESK_STATE_COUNT; state++)
        printf("# %s %zu\n", desk_state_name((enum desk_state)state), t.reached[state]);
    /* It went everywhere: a history that never gets far says nothing. */
    for (int state = 0; state < DESK_STATE_COUNT; state++)
        if (t.reached[state] == 0)
            test_fail(__FILE__, __LINE__, "no case was ever %s",
                      desk_state_name((enum desk_state)state));
    for (int move = 0; move < DESK_MOVE_COUNT; move++)
        if (t.moves[move] == 0)
            test_fail(__FILE__, __LINE__, "nobody ever made %s",
                      desk_move_name((enum desk_move)move));
    CHECK(t.carved_out > 5);
    CHECK(t.released[OFFICE_ORDINARY] > 20 && t.released[OFFICE_EMERGENCY] > 4 &&
          t.released[OFFICE_COMPELLED] > 0);
    end(&s);
}

TEST_MAIN
