/* Random histories of lists and orders, by random signers: what the library says of each is what a
 * naive model says that knows no texts and tries everything. */
#include "tests/test.h"

#include "base/text.h"
#include "office/internal.h"
#include "tests/office/people.h"
#include "tests/support.h"

#define BEGIN ((uint64_t)1783296000000)

static struct support_random dice;
static bool one_in(unsigned n) {
    return support_next(&dice) % n == 0;
}
static unsigned below(unsigned n) {
    return (unsigned)(support_next(&dice) % n);
}

/* ---- The model: sets are bits ---- */

static const char *const COUNTRIES[] = {"DE", "FR", "HK"};
static const char *const REGIMES[] = {"r-a", "r-b", "r-other"};
static const char *const AUTHORITIES[] = {"de-court", "fr-court", "hk-court", "hk-police"};
static const unsigned AUTHORITY_OF[] = {0, 1, 2, 2};
static const char *const CARVE_OUTS[] = {"c-1", "c-2", "c-3", "c-4"};
static const char *const PATHS[] = {"ordinary", "emergency", "compelled"};
enum { ENTRIES = 2, ALL, OF_REGIMES, OF_AUTHORITIES };

struct entry {
    bool there;
    unsigned countries, scope, only;
    unsigned carve_outs[2]; /* by path: of the entry's own two */
    unsigned words;
    uint64_t start, review;
};
struct notice {
    bool there, ends;
    struct entry becomes;
    uint64_t since, witnessed;
};
struct list {
    struct entry entries[ENTRIES];
    struct notice notices[ENTRIES]; /* one for each entry */
    bool frozen;
    uint64_t froze, since; /* as written, and by the server's clock */
};

struct request {
    unsigned authority, from, beneficiary, regime, path, carve_outs;
};

/* Does this entry stop this request? */
static bool stops(const struct entry *e, unsigned index, const struct request *r) {
    bool from = (e->countries >> r->from & 1) != 0;
    bool to = (e->countries >> r->beneficiary & 1) != 0;
    bool hit = from || to;
    if (e->scope == OF_REGIMES)
        hit = hit && (e->only >> r->regime & 1) != 0;
    if (e->scope == OF_AUTHORITIES) /* for another country: of whom there is not known */
        hit = (from && (e->only >> r->authority & 1) != 0) || (to && r->from != r->beneficiary);
    if (!e->there || !hit)
        return false;
    for (unsigned i = 0; i < 2 && r->path < 2; i++)
        if ((e->carve_outs[r->path] >> i & 1) != 0 && (r->carve_outs >> (2 * index + i) & 1) != 0)
            return false;
    return true;
}

/* Tries every request there can be, of any directory of authorities: is there one that the old
 * entry stops and the new one doesn't? */
static bool takes_away(const struct entry *old, const struct entry *new, unsigned index) {
    if (!old->there)
        return false;
    if (new->there && (old->words != new->words || new->start > old->start))
        return true;
    for (unsigned n = 0; n < 4 * 3 * 3 * 3 * 3 * 16; n++) {
        struct request r = {n % 4, n / 4 % 3, n / 12 % 3, n / 36 % 3, n / 108 % 3, n / 324};
        if (stops(old, index, &r) && !stops(new, index, &r))
            return true;
    }
    return false;
}

static bool same(const struct entry *a, const struct entry *b) {
    if (!a->there || !b->there)
        return a->there == b->there;
    return a->countries == b->countries && a->scope == b->scope && a->only == b->only &&
           a->carve_outs[0] == b->carve_outs[0] && a->carve_outs[1] == b->carve_outs[1] &&
           a->words == b->words && a->start == b->start && a->review == b->review;
}

/* ---- Who signs ---- */

enum role { R_INTAKE, R_POLICY, R_LAW, R_RIGHTS, R_APPROVER, R_EXPERT, R_ANY };
static unsigned role_of(int person) {
    return person == EXPERT_2 ? R_EXPERT : person >= CUSTODIAN ? R_ANY : (unsigned)person / 2;
}
#define OR(a, b) (1u << (a) | 1u << (b))
#define REVIEWER (1u << R_POLICY | 1u << R_LAW | 1u << R_RIGHTS)
static const unsigned SEATS[][5] = {
    {1 << R_POLICY, 1 << R_LAW, 1 << R_RIGHTS, 1 << R_APPROVER},
    {1 << R_INTAKE, 1 << R_INTAKE, OR(R_LAW, R_RIGHTS), 1 << R_APPROVER},
    {1 << R_LAW, 1 << R_RIGHTS, 1 << R_APPROVER},
    {OR(R_LAW, R_RIGHTS) | 1 << R_APPROVER, OR(R_LAW, R_RIGHTS) | 1 << R_APPROVER},
    {1 << R_RIGHTS, 1 << R_LAW, 1 << R_APPROVER, 1 << R_EXPERT, 1 << R_EXPERT},
    {0x7f},
    {1 << R_APPROVER, REVIEWER, REVIEWER},
};
enum { M_ORDINARY, M_EMERGENCY, M_COMPELLED, M_SUSPEND, M_LIFT, M_FREEZE, M_UNFREEZE };

struct hands {
    unsigned who; /* bits of persons */
    unsigned ssh;
};

/* Every way to seat them: one of them, if need be, whose bit is in `ssh`. */
static bool seated(const unsigned *seats, unsigned who, unsigned ssh, bool need) {
    if (*seats == 0)
        return !need;
    for (int p = 0; p < PEOPLE; p++)
        if ((who >> p & 1) != 0 && (*seats >> role_of(p) & 1) != 0 &&
            seated(seats + 1, who & ~(1u << p), ssh, need && (ssh >> p & 1) == 0))
            return true;
    return false;
}

/* The custodian is bound by HK, all by DE. */
static unsigned unbound(const struct list *l, unsigned who) {
    for (int i = 0; i < ENTRIES; i++) {
        if (l->entries[i].there && (l->entries[i].countries & 1) != 0)
            return 0;
        if (l->entries[i].there && (l->entries[i].countries & 4) != 0)
            who &= ~(1u << CUSTODIAN);
    }
    return who;
}

static bool enough(const struct list *l, const struct hands *h, unsigned move) {
    unsigned seats[6] = {0};
    memcpy(seats, SEATS[move], sizeof SEATS[move]);
    return seated(seats, unbound(l, h->who), h->ssh, move != M_SUSPEND && move != M_FREEZE);
}

/* ---- Lists as texts ---- */

static void say_words(buf *out, const char *const *words, unsigned bits) {
    for (unsigned i = 0; bits >> i != 0; i++)
        if ((bits >> i & 1) != 0)
            people_say(out, " %s", words[i]);
}

static void say_time(buf *out, const char *word, uint64_t ms) {
    int y, m, d;
    time_date(ms, &y, &m, &d);
    unsigned s = (unsigned)(ms % TIME_DAY / TIME_SECOND);
    people_say(out, "%s %04d-%02d-%02dT%02u:%02u:%02uZ", word, y, m, d, s / 3600, s / 60 % 60,
               s % 60);
}

static void say_entry(buf *out, unsigned index, const struct entry *e) {
    static const char *const scopes[] = {
        [ALL] = "all", [OF_REGIMES] = "regimes", [OF_AUTHORITIES] = "authorities"};
    people_say(out, "suspension s-%u\njurisdictions", index);
    say_words(out, COUNTRIES, e->countries);
    people_say(out, "\nscope %s", scopes[e->scope]);
    if (e->scope != ALL)
        say_words(out, e->scope == OF_REGIMES ? REGIMES : AUTHORITIES, e->only);
    people_say(out, "\nwording The words %u.\n", e->words);
    say_time(out, "start", e->start);
    say_time(out, "\nreview", e->review);
    people_say(out, "\n");
    for (unsigned i = 0; i < 2; i++)
        for (unsigned path = 0; path < 2; path++)
            if ((e->carve_outs[path] >> i & 1) != 0)
                people_say(out, "carve-out %s %s Text.\n", CARVE_OUTS[2 * index + i], PATHS[path]);
}

static void say_becomes(buf *out, unsigned index, bool ends, const struct entry *e) {
    buf lines = {0};
    uint8_t hash[32];
    people_say(out, "becomes %s", ends ? "nothing\n" : "entry ");
    if (ends)
        return;
    say_entry(&lines, index, e);
    slice bytes = buf_slice(&lines);
    must(crypto_sha256.hash(hash, &bytes, 1));
    must(hex_encode(out, SLICE_ARRAY(hash)));
    people_say(out, "\n");
    buf_free(&lines);
}

/* lifted: bits of entries that the list says it lifts. */
static void say_list(buf *out, const struct list *l, unsigned lifted, const struct list *before) {
    for (unsigned i = 0; i < ENTRIES; i++)
        if (l->entries[i].there)
            say_entry(out, i, &l->entries[i]);
    for (unsigned i = 0; i < ENTRIES; i++)
        if (l->notices[i].there) {
            people_say(out, "lift-notice n-%u\nlifts s-%u\n", i, i);
            say_becomes(out, i, l->notices[i].ends, &l->notices[i].becomes);
            people_say(out, "wording Soon.\n");
        }
    for (unsigned i = 0; i < ENTRIES; i++)
        if ((lifted >> i & 1) != 0) {
            const struct notice *n = &before->notices[i];
            people_say(out, "lifted n-%u\nlifts s-%u\n", i, i);
            say_becomes(out, i, n->ends, &n->becomes);
            for (int s = 1; s <= 18; s++) {
                people_say(out, "section %d ", s);
                must(hex_encode(out, slice_of("0123456789abcdef0123456789abcdef", 32)));
                people_say(out, "\n");
            }
        }
    if (l->frozen) {
        say_time(out, "freeze f-1", l->froze);
        people_say(out, "\n");
    }
}

/* ---- What somebody tries ---- */

static struct entry any_entry(uint64_t now) {
    struct entry e = {.there = true,
                      .countries = one_in(6) ? 1 + below(7) : 2 * (1 + below(3)),
                      .scope = ALL + below(3),
                      .words = below(2),
                      .start = (now - below(3) * TIME_DAY) / TIME_SECOND * TIME_SECOND,
                      .review = (now + below(91) * TIME_DAY) / TIME_SECOND * TIME_SECOND};
    /* The last regime and the last authority are never named, so that naming all is not everything.
     */
    e.only = e.scope == OF_REGIMES ? 1 + below(3) : e.scope == OF_AUTHORITIES ? 1 + below(7) : 0;
    for (int i = 0; i < 2; i++) /* an id has one path */
        if (one_in(3))
            e.carve_outs[below(2)] |= 1u << i;
    return e;
}

static struct entry another(const struct entry *old, uint64_t now) {
    struct entry e = *old, fresh = any_entry(now);
    if (!old->there || one_in(8))
        return fresh;
    switch (below(7)) {
    case 0:
        e.countries = fresh.countries | (one_in(2) ? e.countries : 0);
        break;
    case 1:
        e.scope = fresh.scope;
        e.only = fresh.only;
        break;
    case 2:
        if (e.scope != ALL)
            e.only |= 1;
        break;
    case 3:
        memcpy(e.carve_outs, fresh.carve_outs, sizeof e.carve_outs);
        break;
    case 4:
        e.review = fresh.review;
        break;
    case 5:
        e.start = fresh.start;
        break;
    default:
        e.there = false;
    }
    return e;
}

struct attempt {
    struct list list;
    unsigned lifted;
    struct hands hands;
    bool fits;      /* what the model says */
    unsigned moves; /* 1 << M_... */
};

static void try_entry(struct attempt *a, const struct list *now_list, unsigned i, uint64_t now) {
    const struct notice *n = &now_list->notices[i];
    if (n->there && one_in(2)) { /* as announced */
        a->list.entries[i] = n->becomes;
        a->list.entries[i].there = !n->ends;
        a->list.notices[i].there = one_in(10);
        a->lifted |= one_in(10) ? 0 : 1u << i;
    } else {
        a->list.entries[i] = another(&a->list.entries[i], now);
        if (n->there && one_in(10))
            a->lifted |= 1u << i;
    }
    /* No list may have a notice of nothing. */
    if (!a->list.entries[i].there)
        a->list.notices[i].there = false;
}

static void try_notice(struct attempt *a, unsigned i, uint64_t now) {
    struct notice *n = &a->list.notices[i];
    if (!a->list.entries[i].there)
        return;
    if (n->there && one_in(2)) {
        n->there = false;
        return;
    }
    n->there = true;
    n->ends = one_in(2);
    n->becomes = another(&a->list.entries[i], now);
    n->becomes.there = true;
}

static void try_something(struct attempt *a, const struct list *present, uint64_t now) {
    a->list = *present;
    a->lifted = 0;
    for (int times = one_in(4) ? 2 : 1; times > 0; times--) {
        unsigned i = below(ENTRIES);
        switch (below(5)) {
        case 0:
            try_notice(a, i, now);
            break;
        case 1:
            a->list.frozen = !a->list.frozen && one_in(4);
            a->list.froze = now / TIME_SECOND * TIME_SECOND;
            break;
        default:
            try_entry(a, present, i, now);
        }
    }
}

/* ---- What the model says ---- */

static bool same_notice(const struct notice *a, const struct notice *b) {
    return a->ends == b->ends && (a->ends || same(&a->becomes, &b->becomes));
}

static bool entry_fits(struct attempt *a, const struct list *present, unsigned i, uint64_t now) {
    const struct entry *old = &present->entries[i], *new = &a->list.entries[i];
    const struct notice *n = &present->notices[i];
    bool lifted = (a->lifted >> i & 1) != 0;
    if (new->there && (!old->there || new->review > old->review) &&
        new->review > now + 90 * TIME_DAY)
        return false;
    if (!takes_away(old, new, i)) {
        if (!same(old, new))
            a->moves |= 1u << M_SUSPEND;
        return !lifted;
    }
    a->moves |= 1u << M_LIFT;
    bool as_said = n->there && n->ends == !new->there && (n->ends || same(&n->becomes, new));
    return lifted && as_said && !a->list.notices[i].there && now - n->since >= 14 * TIME_DAY &&
           n->witnessed >= 14 * TIME_DAY;
}

static bool notice_fits(struct attempt *a, const struct list *present, unsigned i) {
    const struct notice *old = &present->notices[i], *new = &a->list.notices[i];
    if (old->there && new->there)
        return same_notice(old, new);
    if (new->there || (old->there && (a->lifted >> i & 1) == 0))
        a->moves |= 1u << M_SUSPEND;
    return true;
}

static void judge(struct attempt *a, const struct list *present, uint64_t now) {
    a->moves = 0;
    a->fits = true;
    for (unsigned i = 0; i < ENTRIES; i++)
        a->fits = entry_fits(a, present, i, now) && notice_fits(a, present, i) && a->fits;
    if (present->frozen && !a->list.frozen) {
        a->moves |= 1u << M_UNFREEZE;
        a->fits = a->fits && now - present->since >= 72 * TIME_HOUR;
    }
    if (!present->frozen && a->list.frozen)
        a->moves |= 1u << M_FREEZE;
    if (a->moves == 0)
        a->moves = 1u << M_SUSPEND;
}

/* Often those who are needed, often one fewer, sometimes anybody. */
static struct hands some_hands(unsigned moves) {
    struct hands h = {0, 0};
    for (unsigned m = 0; m <= M_UNFREEZE; m++)
        for (int s = 0; s < 5 && (moves >> m & 1) != 0 && SEATS[m][s] != 0; s++) {
            int p = (int)below(PEOPLE);
            bool free_seat = false;
            for (int tries = 0; tries < PEOPLE && !free_seat; tries++) {
                p = (p + 1) % PEOPLE;
                free_seat = (h.who >> p & 1) == 0 && (SEATS[m][s] >> role_of(p) & 1) != 0;
            }
            h.who |= free_seat || one_in(40) ? 1u << p : 0;
        }
    if (one_in(4))
        h.who &= ~(1u << below(PEOPLE));
    if (one_in(8))
        h.who = (unsigned)support_next(&dice) & 0x3fff;
    h.who = h.who == 0 ? 1u << AUDITOR : h.who;
    h.ssh = one_in(4) ? 0 : h.who & (unsigned)support_next(&dice);
    return h;
}

static void sign(buf *text, const struct hands *h) {
    size_t n = text->n;
    for (int p = 0; p < PEOPLE; p++)
        if ((h->who >> p & 1) != 0)
            people_sign(text, n, p, (h->ssh >> p & 1) != 0 ? SOFT_SK_ED25519 : SOFT_EDDSA);
}

/* ---- The histories ---- */

struct world {
    struct office *office;
    struct office_suspensions *present;
    struct list list;
    uint64_t now;
    unsigned taken, refused, lifts, releases, orders_refused;
};

static void take_over(struct world *w, const struct attempt *a, struct office_suspensions *next) {
    for (int i = 0; i < ENTRIES; i++) {
        struct notice old = w->list.notices[i], new = a->list.notices[i];
        new.since = old.there ? old.since : w->now;
        new.witnessed = old.there ? old.witnessed : 0;
        w->list.notices[i] = new;
        w->list.entries[i] = a->list.entries[i];
    }
    w->list.since = w->list.frozen ? w->list.since : w->now;
    w->list.froze = w->list.frozen ? w->list.froze : a->list.froze;
    w->list.frozen = a->list.frozen;
    w->lifts += (a->moves >> M_LIFT & 1) != 0;
    office_suspensions_free(w->present);
    w->present = next;
}

static void list_step(struct world *w) {
    struct attempt a;
    buf entries = {0}, text = {0};
    struct office_suspensions *next;
    struct office_since since[] = {
        {slice_str("n-0"), w->list.notices[0].since, w->list.notices[0].witnessed},
        {slice_str("n-1"), w->list.notices[1].since, w->list.notices[1].witnessed}};
    struct office_since freeze = {slice_str("f-1"), w->list.since, 0};
    struct office_evidence evidence = {since, &freeze, 2, 1, w->now};
    try_something(&a, &w->list, w->now);
    /* A freeze that stays is the same one. */
    if (w->list.frozen && a.list.frozen)
        a.list.froze = w->list.froze;
    judge(&a, &w->list, w->now);
    a.hands = some_hands(a.moves);
    for (unsigned m = 0; m <= M_UNFREEZE; m++)
        if ((a.moves >> m & 1) != 0)
            a.fits = a.fits && enough(&w->list, &a.hands, m);
    say_list(&entries, &a.list, a.lifted, &w->list);
    must(buf_append_byte(&entries, 0));
    people_list(&text, w->office, w->present, (const char *)entries.p);
    sign(&text, &a.hands);
    enum office_reason r =
        office_suspensions_change(&next, w->office, w->present, buf_slice(&text), &evidence, NULL);
    if ((r == OFFICE_OK) != a.fits)
        test_fail(__FILE__, __LINE__, "%s, but the model says %s\n%.*s", office_reason_name(r),
                  a.fits ? "yes" : "no", (int)text.n, (const char *)text.p);
    w->taken += r == OFFICE_OK;
    w->refused += r != OFFICE_OK;
    if (r == OFFICE_OK)
        take_over(w, &a, next);
    buf_free(&entries);
    buf_free(&text);
}

static bool order_fits(const struct world *w, const struct request *r, const struct hands *h,
                       unsigned hours) {
    if (hours > 72 || w->list.frozen || unbound(&w->list, h->who) != h->who)
        return false;
    for (unsigned i = 0; i < 2 * ENTRIES; i++) {
        const struct entry *e = &w->list.entries[i / 2];
        bool exists = e->there && r->path < 2 && (e->carve_outs[r->path] >> (i % 2) & 1) != 0;
        if ((r->carve_outs >> i & 1) != 0 && !exists)
            return false;
    }
    for (unsigned i = 0; i < ENTRIES; i++)
        if (stops(&w->list.entries[i], i, r))
            return false;
    return enough(&w->list, h, r->path);
}

static void order_step(struct world *w) {
    struct request r = {below(4), 0, below(3), below(3), below(3), 0};
    r.from = AUTHORITY_OF[r.authority];
    unsigned hours = one_in(6) ? below(100) : below(60);
    buf text = {0};
    struct office_order *order;
    struct office_here here = {w->office, w->present, {1}, 1, w->now};
    for (unsigned i = 0; i < 2 * ENTRIES && r.path < 2; i++)
        if ((w->list.entries[i / 2].carve_outs[r.path] >> (i % 2) & 1) != 0 && one_in(2))
            r.carve_outs |= 1u << i;
    if (one_in(20))
        r.carve_outs |= 1u << below(4);
    people_say(&text,
               "sotto release 1\nid o-1\ncase c-1\naccount handle anna\nfields exists\n"
               "path %s\nauthority %s\nbeneficiary %s\nregime %s\n",
               PATHS[r.path], AUTHORITIES[r.authority], COUNTRIES[r.beneficiary],
               REGIMES[r.regime]);
    if (r.carve_outs != 0) {
        people_say(&text, "carve-outs");
        say_words(&text, CARVE_OUTS, r.carve_outs);
        people_say(&text, "\n");
    }
    people_say(&text, "server ");
    must(hex_encode(&text, SLICE_ARRAY(here.server)));
    people_say(&text, "\nserver-number 1\noffice 1 ");
    must(hex_encode(&text, SLICE_ARRAY(w->office->document.hash)));
    people_say(&text, "\nsuspensions %d ", (int)w->present->version);
    must(hex_encode(&text, SLICE_ARRAY(w->present->document.hash)));
    say_time(&text, "\nmade", w->now - hours * TIME_HOUR);
    people_say(&text, "\n");
    struct hands h = some_hands(1u << r.path);
    sign(&text, &h);
    enum office_reason reason = office_order_check(&order, &here, buf_slice(&text), NULL);
    bool fits = order_fits(w, &r, &h, hours);
    if ((reason == OFFICE_OK) != fits)
        test_fail(__FILE__, __LINE__, "%s, but the model says %s\n%.*s\n%.*s",
                  office_reason_name(reason), fits ? "yes" : "no", (int)text.n,
                  (const char *)text.p, (int)w->present->document.text.n,
                  (const char *)w->present->document.text.p);
    w->releases += fits;
    w->orders_refused += !fits;
    office_order_free(order);
    buf_free(&text);
}

TEST(random_histories_go_as_a_naive_model_says) {
    struct world w = {.now = BEGIN};
    buf text = {0};
    dice.state = 20200706;
    people_office(&text, false, NULL);
    people_replace(&text, "authority hk-police",
                   "authority fr-court\nname Tribunal\njurisdiction FR\n"
                   "call 1\nauthority hk-court\nname Court\n"
                   "jurisdiction HK\ncall 2\nauthority hk-police");
    CHECK_EQ(office_load(&w.office, NULL, buf_slice(&text), NULL), OFFICE_OK);
    w.present = people_list_load(w.office, "");
    for (int step = 0; step < 10000; step++) {
        w.now += TIME_SECOND * (1 + below(one_in(3) ? 800000 : 2000));
        for (int i = 0; i < ENTRIES; i++) /* the witness is awake now and then */
            if (w.list.notices[i].there && one_in(2))
                w.list.notices[i].witnessed = w.now - w.list.notices[i].since;
        if (one_in(3))
            order_step(&w);
        else
            list_step(&w);
        /* All are bound by DE: nobody could ever sign again. */
        bool stuck = unbound(&w.list, 1) == 0;
        if (stuck) {
            memset(&w.list, 0, sizeof w.list);
            office_suspensions_free(w.present);
            w.present = people_list_load(w.office, "");
        }
    }
    printf("# lists: %u taken, %u refused, %u lifts; orders: %u carried out, %u refused\n", w.taken,
           w.refused, w.lifts, w.releases, w.orders_refused);
    /* Each kind of outcome was seen. */
    CHECK(w.taken > 200 && w.refused > 200);
    CHECK(w.lifts > 5);
    CHECK(w.releases > 50 && w.orders_refused > 50);
    office_suspensions_free(w.present);
    office_free(w.office);
    buf_free(&text);
}

TEST_MAIN
