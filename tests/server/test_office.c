/* The office file and the suspension list that the server holds: how they come, and what is refused
 * without a trace. */
#include "desk.h"

#include "base/text.h"
#include "tests/office/ledger.h"

#define HK                                                                     \
    "suspension s-hk\njurisdictions HK\nscope all\nwording Suspended.\nstart " \
    "2026-07-06T00:00:00Z\nreview 2026-11-01T00:00:00Z\n"
#define NOTICE "lift-notice n-1\nlifts s-hk\nbecomes nothing\nwording It will end.\n"
#define FREEZE "freeze f-1 2026-10-01T00:00:00Z\n"
enum { TWO = DESK_LAW | DESK_RIGHTS, ALL = 31 };

/* An office of the next version, `edit` in place of its name. */
static void next_office(buf *out, const struct office *present, const char *version,
                        const char *previous) {
    char number[32];
    people_office(out, false, present);
    people_replace(out, "The desk of an example", "The desk of another");
    snprintf(number, sizeof number, "version %d\n", (int)present->version + 1);
    if (version != NULL)
        people_replace(out, number, version);
    if (previous != NULL) {
        buf hash = {0};
        CHECK_OK(hex_encode(&hash, SLICE_ARRAY(present->document.hash)));
        CHECK_OK(buf_append_byte(&hash, 0));
        people_replace(out, (const char *)hash.p, previous);
        buf_free(&hash);
    }
}

static size_t rows(const struct desk *d) {
    return world_rows(&d->w, MAIL_OFFICE);
}

TEST(the_first_office_is_pinned_by_its_hash) {
    struct desk d;
    uint8_t other[32] = {1};
    desk_init(&d);
    struct office *o = people_office_load(false);
    slice text = o->document.text;
    CHECK_EQ(desk_reason(&d, MAIL_OFFICE_CHANGE, text, NULL), OFFICE_NO_OFFICE);
    CHECK_EQ(desk_reason(&d, MAIL_OFFICE_SUSPENSIONS, text, NULL), OFFICE_NO_OFFICE);
    CHECK_EQ(desk_reason(&d, MAIL_OFFICE_PIN, text, other), OFFICE_NOT_PINNED);
    CHECK_EQ(desk_reason(&d, MAIL_OFFICE_PIN, slice_str("sotto\n"), other), OFFICE_KIND);
    CHECK_EQ(rows(&d), 0);
    CHECK_EQ(desk_get(&d)->office, 0);
    CHECK_EQ(desk_reason(&d, MAIL_OFFICE_PIN, text, o->document.hash), OFFICE_OK);
    CHECK_EQ(d.is.pins, 1);
    world_restart(&d.w);
    CHECK_EQ(desk_get(&d)->office, 1);
    CHECK_SLICE(SLICE_ARRAY(d.is.office_hash), SLICE_ARRAY(o->document.hash));
    CHECK_SLICE(d.is.name, slice_str("The desk of an example"));
    CHECK_EQ(d.is.server[31], 0x5e);
    office_free(o);
    desk_fini(&d);
}

TEST(a_later_office_is_signed_as_the_one_before_demands) {
    static const struct {
        const char *version, *previous;
        unsigned who;
        enum office_reason reason;
    } cases[] = {
        {"version 1\n", NULL, ALL, OFFICE_OLD},
        {"version 3\n", NULL, ALL, OFFICE_GAP},
        {NULL, "0101010101010101010101010101010101010101010101010101010101010101", ALL,
         OFFICE_FORK},
        {NULL, NULL, DESK_APPROVER | DESK_LAW, OFFICE_SIGNERS},
        {NULL, NULL, 0, OFFICE_UNSIGNED},
        {NULL, NULL, DESK_APPROVER | DESK_LAW | DESK_POLICY, OFFICE_OK},
        {NULL, NULL, ALL, OFFICE_OLD}, /* again */
    };
    struct desk d;
    desk_init(&d);
    desk_pin(&d);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        buf text = {0};
        next_office(&text, d.office, cases[i].version, cases[i].previous);
        people_sign_all(&text, desk_signers, 5, cases[i].who);
        enum office_reason r = desk_reason(&d, MAIL_OFFICE_CHANGE, buf_slice(&text), NULL);
        if (r != cases[i].reason)
            test_fail(__FILE__, __LINE__, "case %zu: %s", i, office_reason_name(r));
        CHECK_EQ(desk_get(&d)->office, i < 5 ? 1 : 2);
        buf_free(&text);
    }
    CHECK_EQ(d.is.pins, 1);
    desk_fini(&d);
}

TEST(another_office_is_pinned_only_anew_and_higher) {
    struct desk d;
    struct office *next = NULL;
    buf text = {0};
    desk_init(&d);
    desk_pin(&d);
    CHECK_EQ(desk_list(&d, HK, TWO), OFFICE_OK);
    next_office(&text, d.office, "version 7\n", NULL);
    CHECK_EQ(office_load(&next, NULL, buf_slice(&text), NULL), OFFICE_OK);
    const uint8_t *hash = next->document.hash;
    CHECK_EQ(desk_reason(&d, MAIL_OFFICE_PIN, buf_slice(&text), hash), OFFICE_PINNED);
    CHECK_EQ(desk_reason(&d, MAIL_OFFICE_ANEW, d.office->document.text, d.office->document.hash),
             OFFICE_OLD);
    CHECK_EQ(desk_get(&d)->pins, 1);
    d.w.now += TIME_DAY;
    CHECK_EQ(desk_reason(&d, MAIL_OFFICE_ANEW, buf_slice(&text), hash), OFFICE_OK);
    CHECK_EQ(d.is.office, 7);
    CHECK_EQ(d.is.pins, 2);
    CHECK_EQ(d.is.pinned, DESK_NOW + TIME_DAY);
    CHECK_EQ(d.is.suspensions, 1); /* it binds on */
    office_free(next);
    buf_free(&text);
    desk_fini(&d);
}

TEST(a_list_takes_its_place_and_no_older_one_does) {
    struct desk d;
    desk_init(&d);
    desk_pin(&d);
    CHECK_EQ(desk_list(&d, HK, DESK_LAW), OFFICE_SIGNERS);
    CHECK_EQ(desk_list(&d, HK, TWO), OFFICE_OK);
    CHECK_EQ(desk_list(&d, HK, TWO), OFFICE_OK);
    CHECK_EQ(desk_list(&d, "", ALL), OFFICE_NO_NOTICE);
    struct office_suspensions *second = d.list;
    d.list = NULL;
    CHECK_EQ(desk_list(&d, HK, TWO), OFFICE_OLD);
    d.list = second;
    CHECK_EQ(desk_get(&d)->suspensions, 2);
    CHECK_SLICE(SLICE_ARRAY(d.is.suspensions_hash), SLICE_ARRAY(d.list->document.hash));
    desk_fini(&d);
}

/* When the i-th of the list came, by the server; 0: there is none. */
static uint64_t since(struct desk *d, uint32_t i) {
    struct proto_office_since out = {.time = 0};
    reader r = reader_of(desk_get(d)->since.bytes);
    for (uint32_t k = 0; k <= i; k++)
        if (k == d->is.since.count || proto_office_since_read(&r, &out) != OK)
            return 0;
    return out.time;
}

TEST(what_stays_in_the_list_keeps_its_time_and_what_left_it_begins_again) {
    struct desk d;
    desk_init(&d);
    desk_pin(&d);
    CHECK_EQ(desk_list(&d, HK FREEZE, TWO | DESK_INTAKE), OFFICE_OK);
    d.w.now += TIME_DAY + 1;
    CHECK_EQ(desk_list(&d, HK NOTICE FREEZE, TWO), OFFICE_OK);
    world_restart(&d.w);
    CHECK_EQ(since(&d, 0), DESK_NOW + TIME_DAY + TIME_HOUR); /* never earlier than it came */
    CHECK_EQ(since(&d, 1), DESK_NOW);
    CHECK_EQ(desk_list(&d, HK FREEZE, TWO), OFFICE_OK); /* the notice is taken back */
    d.w.now += TIME_DAY;
    CHECK_EQ(desk_list(&d, HK NOTICE FREEZE, TWO), OFFICE_OK);
    CHECK_EQ(since(&d, 0), DESK_NOW + 2 * TIME_DAY + TIME_HOUR);
    d.w.now = DESK_NOW + 72 * TIME_HOUR - 1;
    CHECK_EQ(desk_list(&d, HK NOTICE, ALL), OFFICE_FROZEN_SHORT);
    d.w.now = DESK_NOW + 72 * TIME_HOUR;
    CHECK_EQ(desk_list(&d, HK NOTICE "freeze f-1 2026-10-02T00:00:00Z\n", ALL), OFFICE_OK);
    CHECK_EQ(since(&d, 1), DESK_NOW + 72 * TIME_HOUR); /* another one */
    d.w.now += 72 * TIME_HOUR;
    CHECK_EQ(desk_list(&d, HK NOTICE, ALL), OFFICE_OK);
    CHECK_EQ(since(&d, 1), 0);
    desk_fini(&d);
}

/* The list that lifts s-hk as n-1 announced, signed by all that it takes, with what a ledger showed
 * (NULL: nothing is handed in). */
static enum office_reason lift(struct desk *d, const buf *sightings) {
    static const struct signer signers[] = {
        {RIGHTS, false}, {LAW, false}, {APPROVER, true}, {EXPERT_1, false}, {EXPERT_2, false}};
    buf text = {0}, entries = {0};
    people_say(&entries, "lifted n-1\nlifts s-hk\nbecomes nothing\n");
    for (int i = 1; i <= 18; i++)
        people_say(&entries, "section %d %064d\n", i, 1);
    CHECK_OK(buf_append_byte(&entries, 0));
    people_list(&text, d->office, d->list, (const char *)entries.p);
    people_sign_all(&text, signers, 5, ALL);
    if (sightings != NULL)
        d->sightings = buf_slice(sightings);
    enum office_reason r = desk_reason(d, MAIL_OFFICE_SUSPENSIONS, buf_slice(&text), NULL);
    buf_free(&text);
    buf_free(&entries);
    return r;
}

/* Seen by the first witness for so many days. */
static void see(buf *out, const uint8_t document[32], uint64_t days) {
    uint64_t begin = DESK_NOW / TIME_SECOND, end = begin + days * TIME_DAY / TIME_SECOND;
    struct witness_time at[] = {{0, begin}, {-1, 0}, {0, end}, {-1, 0}};
    if (out->n == 0)
        people_say(out, SIGHTINGS_HEAD);
    ledger_sighting(out, document, at);
}

TEST(a_lift_takes_14_days_by_the_server_and_by_a_witness) {
    struct desk d;
    buf enough = {0}, short_time = {0}, other = {0}, both = {0};
    desk_init(&d);
    desk_pin(&d);
    CHECK_EQ(desk_list(&d, HK, TWO), OFFICE_OK);
    CHECK_EQ(desk_list(&d, HK NOTICE, TWO), OFFICE_OK);
    uint8_t came[32];
    memcpy(came, d.list->document.hash, sizeof came);
    CHECK_EQ(desk_list(&d, HK NOTICE FREEZE, TWO | DESK_INTAKE), OFFICE_OK);
    see(&enough, came, 14);
    see(&short_time, came, 13);
    see(&other, d.list->document.hash, 14);
    see(&both, came, 13);
    see(&both, came, 14);
    world_restart(&d.w);
    d.w.now += 14 * TIME_DAY - 1;
    CHECK_EQ(lift(&d, &enough), OFFICE_NOTICE_SHORT);
    d.w.now++;
    CHECK_EQ(lift(&d, NULL), OFFICE_WITNESS);
    CHECK_EQ(lift(&d, &short_time), OFFICE_WITNESS);
    CHECK_EQ(lift(&d, &other), OFFICE_WITNESS); /* of a version in which the notice did not come */
    CHECK_EQ(desk_get(&d)->suspensions, 3);
    CHECK_EQ(lift(&d, &both), OFFICE_OK);
    CHECK_EQ(desk_get(&d)->suspensions, 4);
    buf_free(&enough);
    buf_free(&short_time);
    buf_free(&other);
    buf_free(&both);
    desk_fini(&d);
}

TEST(what_is_no_sighting_lifts_nothing) {
    static const struct {
        const char *old, *by;
        enum office_reason reason;
    } cases[] = {
        {"sotto sightings 1\n", "sotto sighting 1\n", OFFICE_SIGHTINGS},
        {"place 3\n", "", OFFICE_SIGHTINGS},
        {"place 3\n", "place 2\n", OFFICE_LEDGER},
        {"first ", "first AAAA", OFFICE_CHECKPOINT},
        {"salt 07", "salt 17", OFFICE_LEDGER},
    };
    struct desk d;
    buf none = {0};
    desk_init(&d);
    desk_pin(&d);
    people_say(&none, "x");
    d.sightings = buf_slice(&none);
    CHECK_EQ(desk_list(&d, HK NOTICE, TWO), OFFICE_SIGHTINGS);
    CHECK_EQ(desk_list(&d, HK NOTICE, TWO), OFFICE_OK);
    d.w.now += 14 * TIME_DAY;
    CHECK_EQ(lift(&d, &none), OFFICE_SIGHTINGS);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        buf text = {0};
        see(&text, d.list->document.hash, 14);
        people_replace(&text, cases[i].old, cases[i].by);
        enum office_reason r = lift(&d, &text);
        if (r != cases[i].reason)
            test_fail(__FILE__, __LINE__, "%s: %s", cases[i].by, office_reason_name(r));
        buf_free(&text);
    }
    d.sightings = buf_slice(&none);
    CHECK_EQ(frame_reason(desk_put(&d, MAIL_OFFICE_ORDER, slice_str("x"), NULL)),
             PROTO_REASON_MALFORMED);
    CHECK_EQ(desk_get(&d)->suspensions, 1);
    buf_free(&none);
    desk_fini(&d);
}

TEST(a_change_that_is_not_durable_did_not_happen) {
    struct desk d;
    desk_init(&d);
    desk_pin(&d);
    d.w.plan.fail_commit_in = 0;
    CHECK_EQ(desk_list(&d, HK, TWO), OFFICE_OK); /* an error, not a refusal */
    CHECK_EQ(d.w.frames[d.w.count - 1].type, PROTO_error);
    d.w.plan.fail_commit_in = -1;
    CHECK_EQ(desk_get(&d)->suspensions, 0);
    desk_fini(&d);
}

TEST(each_start_has_another_number) {
    struct desk d;
    desk_init(&d);
    uint64_t first = desk_get(&d)->server_number;
    CHECK_EQ(desk_get(&d)->server_number, first);
    world_restart(&d.w);
    CHECK(desk_get(&d)->server_number != first);
    CHECK(first > 0 && first < (uint64_t)1 << 53);
    desk_fini(&d);
}

/* Two operators at once, a part too many, a hash of something else: none changes anything. */
TEST(parts_that_do_not_fit_together_are_no_document) {
    struct desk d;
    static uint8_t large[PROTO_OFFICE_PART];
    buf body = {0};
    desk_init(&d);
    struct proto_office_part middle = {.at = 5, .bytes = slice_str("x")};
    CHECK_OK(proto_office_part_encode(&body, &middle));
    mail_operator(d.w.mail, 7001, PROTO_office_part, buf_slice(&body));
    struct proto_office_put put = {.what = MAIL_OFFICE_PIN};
    buf_clear(&body);
    CHECK_OK(proto_office_put_encode(&body, &put));
    mail_operator(d.w.mail, 7002, PROTO_office_put, buf_slice(&body));
    world_commit(&d.w);
    CHECK_EQ(frame_reason(world_answer(&d.w, 7001)), PROTO_REASON_BUSY);
    CHECK_EQ(frame_reason(world_answer(&d.w, 7002)), PROTO_REASON_BUSY);
    for (uint32_t at = 0; at <= 2 * OFFICE_DOCUMENT_MAX; at += PROTO_OFFICE_PART) {
        struct proto_office_part more = {.at = at, .bytes = SLICE_ARRAY(large)};
        buf_clear(&body);
        CHECK_OK(proto_office_part_encode(&body, &more));
        mail_operator(d.w.mail, 7003 + at, PROTO_office_part, buf_slice(&body));
        world_commit(&d.w);
    }
    CHECK_EQ(frame_reason(&d.w.frames[d.w.count - 1]), PROTO_REASON_LIMIT);
    world_refused(&d.w, 77, PROTO_office_get, SLICE_EMPTY, PROTO_REASON_STATE);
    CHECK_EQ(rows(&d), 0);
    buf_free(&body);
    desk_fini(&d);
}

TEST_MAIN
