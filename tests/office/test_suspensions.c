#include "tests/test.h"

#include "base/text.h"
#include "office/internal.h"
#include "tests/office/people.h"
#include "tests/support.h"

/* 6 July 2026, midnight UTC: the suspension's start below. */
#define START ((uint64_t)1783296000000)
#define NOW (START + 100 * TIME_DAY)

#define HK                                                                                      \
    "suspension s-hk\njurisdictions HK\nscope all\nwording All requests are suspended.\nstart " \
    "2026-07-06T00:00:00Z\nreview 2026-09-01T00:00:00Z\n"
#define HK_SINCE(start)                                                       \
    "suspension s-hk\njurisdictions HK\nscope all\nwording All requests are " \
    "suspended.\nstart " start "\nreview 2026-09-01T00:00:00Z\n"
#define HK_REVIEW(review)                                                                       \
    "suspension s-hk\njurisdictions HK\nscope all\nwording All requests are suspended.\nstart " \
    "2026-07-06T00:00:00Z\nreview " review "\n"
#define HK_OF(jurisdictions, scope)                                              \
    "suspension s-hk\njurisdictions " jurisdictions "\nscope " scope             \
    "\nwording All requests are suspended.\nstart 2026-07-06T00:00:00Z\nreview " \
    "2026-09-01T00:00:00Z\n"
#define CARVE(id, path) "carve-out " id " " path " Whose life is in danger.\n"
#define MO                                                                     \
    "suspension s-mo\njurisdictions MO\nscope all\nwording These too.\nstart " \
    "2026-07-07T00:00:00Z\nreview 2026-12-01T00:00:00Z\n"
#define NOTICE(id, suspension, becomes) \
    "lift-notice " id "\nlifts " suspension "\nbecomes " becomes "\nwording It will end.\n"
#define HASH32 "0101010101010101010101010101010101010101010101010101010101010101"
#define S(n) "section " #n " " HASH32 "\n"
#define SECTIONS_17 \
    S(1) S(2) S(3) S(4) S(5) S(6) S(7) S(8) S(9) S(10) S(11) S(12) S(13) S(14) S(15) S(16) S(17)
#define LIFTED(id, suspension, becomes) \
    "lifted " id "\nlifts " suspension "\nbecomes " becomes "\n" SECTIONS_17 S(18)
#define FREEZE "freeze f-1 2026-10-10T00:00:00Z\n"

/* ---- The text ---- */

TEST(a_list_comes_back_as_it_was_written) {
    struct office *o = people_office_load(false);
    struct office_suspensions *s =
        people_list_load(o, HK CARVE("c-1", "emergency") MO NOTICE("n-1", "s-hk", "nothing")
                                LIFTED("n-0", "s-xx", "entry " HASH32) FREEZE);
    buf again = {0};
    CHECK_EQ(office_suspensions_write(&again, s), OFFICE_OK);
    CHECK_SLICE(buf_slice(&again), s->document.text);
    CHECK_EQ(s->suspensions.n, 2);
    CHECK_EQ(s->suspensions.p[0].start, START);
    CHECK_EQ(s->lifted.p[0].sections.n, 18);
    CHECK(office_carve_out_find(s, slice_str("c-1")) == s->suspensions.p[0].carve_outs.p);
    CHECK(office_carve_out_find(s, slice_str("c-2")) == NULL);
    buf_free(&again);
    office_suspensions_free(s);
    office_free(o);
}

TEST(each_mistake_in_a_list_has_its_reason) {
    static const struct {
        const char *entries;
        enum office_reason reason;
    } cases[] = {
        {"", OFFICE_OK},
        {HK HK, OFFICE_TWICE},
        {MO HK, OFFICE_TWICE},
        {FREEZE FREEZE, OFFICE_TWICE},
        {HK CARVE("c-1", "ordinary") CARVE("c-1", "emergency"), OFFICE_TWICE},
        {HK CARVE("c-2", "ordinary") CARVE("c-1", "emergency"), OFFICE_TWICE},
        {HK CARVE("c-1", "ordinary") MO CARVE("c-1", "ordinary"), OFFICE_TWICE},
        {HK CARVE("c-1", "compelled"), OFFICE_VALUE},
        {HK_OF("HK", "all hk-police"), OFFICE_SCOPE},
        {HK_OF("HK", "regimes"), OFFICE_SCOPE},
        {HK_OF("HK", "some"), OFFICE_VALUE},
        {HK_OF("HK", "regimes eu-epoc"), OFFICE_OK},
        {HK_OF("MO HK", "all"), OFFICE_VALUE},
        {HK_SINCE("2026-02-30T00:00:00Z"), OFFICE_VALUE},
        {HK_SINCE("2024-02-29T23:59:59Z"), OFFICE_OK},
        {HK_SINCE("2025-02-29T00:00:00Z"), OFFICE_VALUE},
        {HK_SINCE("2100-02-29T00:00:00Z"), OFFICE_VALUE},
        {HK_SINCE("2026-07-06T24:00:00Z"), OFFICE_VALUE},
        {HK_SINCE("2026-07-06T00:60:00Z"), OFFICE_VALUE},
        {HK_SINCE("2026-07-06T00:00:60Z"), OFFICE_VALUE},
        {HK_SINCE("2026-13-06T00:00:00Z"), OFFICE_VALUE},
        {HK_SINCE("2026-07-00T00:00:00Z"), OFFICE_VALUE},
        {HK_SINCE("2026-07-06T00:00:00"), OFFICE_VALUE},
        {HK_SINCE("1969-12-31T23:59:59Z"), OFFICE_VALUE},
        {HK_SINCE("1970-01-01T00:00:01Z"), OFFICE_OK},
        {HK_SINCE("9999-12-31T23:59:59Z"), OFFICE_OK},
        {NOTICE("n-1", "s-hk", "nothing"), OFFICE_NO_SUSPENSION},
        {HK NOTICE("n-1", "s-hk", "entry"), OFFICE_BECOMES},
        {HK NOTICE("n-1", "s-hk", "nothing " HASH32), OFFICE_BECOMES},
        {HK NOTICE("n-1", "s-hk", "nothing") NOTICE("n-1", "s-hk", "nothing"), OFFICE_TWICE},
        {HK LIFTED("n-1", "s-hk", "nothing") LIFTED("n-2", "s-hk", "nothing"), OFFICE_TWICE},
        {"lifted n-1\nlifts s-hk\nbecomes nothing\n", OFFICE_SECTIONS},
        {"lifted n-1\nlifts s-hk\nbecomes nothing\n" SECTIONS_17, OFFICE_SECTIONS},
        {"lifted n-1\nlifts s-hk\nbecomes nothing\n" SECTIONS_17 S(17), OFFICE_SECTIONS},
        {"lifted n-1\nlifts s-hk\nbecomes nothing\n" SECTIONS_17
         "section 18 0000000000000000000000000000000000000000000000000000000000000000\n",
         OFFICE_SECTIONS},
        {"lifted n-1\nlifts s-hk\nbecomes nothing\n" SECTIONS_17 S(18) S(19), OFFICE_COUNT},
        {LIFTED("n-1", "s-hk", "entry"), OFFICE_BECOMES},
    };
    struct office *o = people_office_load(false);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        buf text = {0};
        struct office_suspensions *s;
        people_list(&text, o, NULL, cases[i].entries);
        enum office_reason r = office_suspensions_load(&s, NULL, buf_slice(&text), NULL);
        if (r != cases[i].reason)
            test_fail(__FILE__, __LINE__, "%s: %s, expected %s", cases[i].entries,
                      office_reason_name(r), office_reason_name(cases[i].reason));
        office_suspensions_free(s);
        buf_free(&text);
    }
    office_free(o);
}

TEST(without_memory_no_list_is_read_and_nothing_stays) {
    struct office *o = people_office_load(false);
    struct office_suspensions *s =
        people_list_load(o, HK CARVE("c-1", "emergency") NOTICE("n-1", "s-hk", "nothing")
                                LIFTED("n-0", "s-xx", "entry " HASH32) FREEZE);
    for (size_t fail = 1;; fail++) {
        struct support_mem m;
        struct office_suspensions *again;
        support_mem_init(&m, fail);
        enum office_reason r = office_suspensions_load(&again, &m.mem, s->document.text, NULL);
        CHECK_EQ(r, m.calls < fail ? OFFICE_OK : OFFICE_MEMORY);
        office_suspensions_free(again);
        CHECK_EQ(m.blocks, 0);
        CHECK_EQ(m.dirty, 0);
        if (r == OFFICE_OK)
            break;
    }
    office_suspensions_free(s);
    office_free(o);
}

/* With its limits a list that nobody signed yet takes no time to refuse. */
TEST(a_list_is_bounded) {
    struct office *o = people_office_load(false);
    for (int n = 256; n <= 257; n++) {
        buf text = {0};
        struct office_suspensions *s;
        people_list(&text, o, NULL, "");
        for (int i = 0; i < n; i++)
            people_say(&text, "freeze f-%03d 2026-10-10T00:00:00Z\n", i);
        CHECK_EQ(office_suspensions_load(&s, NULL, buf_slice(&text), NULL),
                 n == 256 ? OFFICE_OK : OFFICE_COUNT);
        office_suspensions_free(s);
        buf_free(&text);
    }
    office_free(o);
}

/* ---- Changes ---- */

static const struct signer freezer[] = {{AUDITOR, false}}, two[] = {{RIGHTS, false}, {LAW, false}},
                           lift[] = {{RIGHTS, true},
                                     {LAW, false},
                                     {APPROVER, false},
                                     {EXPERT_1, false},
                                     {EXPERT_2, false}},
                           unfreeze[] = {{APPROVER, false}, {POLICY, true}, {LAW_DEPUTY, false}};

struct change {
    const char *present, *next;
    const struct signer *signers;
    size_t n;
    enum office_reason reason;
    uint64_t since, witnessed; /* how long ago, of n-1 and f-1 */
    uint64_t now;              /* NOW if 0 */
};

/* ENTRY stands for the hash of the next list's first entry. */
static void fill_in(buf *entries, const struct office *o, const char *text, const char *next) {
    must(buf_set(entries, slice_str(text)));
    must(buf_append_byte(entries, 0));
    if (strstr(text, "ENTRY") == NULL)
        return;
    buf plain = {0}, hex = {0};
    uint8_t hash[32];
    must(buf_set(&plain, slice_of(next, strcspn(next, "!"))));
    must(buf_append_byte(&plain, 0));
    struct office_suspensions *s = people_list_load(o, (const char *)plain.p);
    CHECK_EQ(office_suspension_hash(&s->suspensions.p[0], hash), OFFICE_OK);
    office_suspensions_free(s);
    must(hex_encode(&hex, SLICE_ARRAY(hash)));
    must(buf_append_byte(&hex, 0));
    while (strstr((const char *)entries->p, "ENTRY") != NULL)
        people_replace(entries, "ENTRY", (const char *)hex.p);
    buf_free(&plain);
    buf_free(&hex);
}

/* '!' parts what the hash is of from the rest. */
static void without_mark(buf *entries) {
    if (memchr(entries->p, '!', entries->n) != NULL)
        people_replace(entries, "!", "");
}

static enum office_reason judge(const struct office *o, const struct change *c, unsigned who) {
    buf before = {0}, after = {0}, text = {0};
    uint64_t now = c->now != 0 ? c->now : NOW;
    struct office_since notice = {slice_str("n-1"), now - c->since, c->witnessed},
                        freeze = {slice_str("f-1"), now - c->since, 0};
    struct office_evidence evidence = {&notice, &freeze, 1, 1, now};
    fill_in(&before, o, c->present, c->next);
    fill_in(&after, o, c->next, c->next);
    without_mark(&after);
    struct office_suspensions *present = people_list_load(o, (const char *)before.p), *next;
    people_list(&text, o, present, (const char *)after.p);
    people_sign_all(&text, c->signers, c->n, who);
    enum office_reason r =
        office_suspensions_change(&next, o, present, buf_slice(&text), &evidence, NULL);
    CHECK((r == OFFICE_OK) == (next != NULL));
    office_suspensions_free(next);
    office_suspensions_free(present);
    buf_free(&before);
    buf_free(&after);
    buf_free(&text);
    return r;
}

#define BY(set) set, sizeof(set) / sizeof((set)[0])
#define LONG 20 * TIME_DAY, 20 * TIME_DAY

/* All that are listed must sign; without any of them it is refused. */
TEST(each_change_of_the_list_takes_its_signers) {
    static const struct change cases[] = {
        {"", HK, BY(two), OFFICE_OK, 0, 0, START},
        {HK, HK, BY(two), OFFICE_OK, 0, 0, 0},
        {HK, HK MO, BY(two), OFFICE_OK, 0, 0, 0},
        {HK, HK_OF("HK MO", "all"), BY(two), OFFICE_OK, 0, 0, 0},
        {HK_OF("HK", "regimes a b"), HK, BY(two), OFFICE_OK, 0, 0, 0},
        {HK_OF("HK", "regimes b"), HK_OF("HK", "regimes a b"), BY(two), OFFICE_OK, 0, 0, 0},
        {HK, HK_REVIEW("2026-08-01T00:00:00Z"), BY(two), OFFICE_OK, 0, 0, 0},
        {HK, HK_REVIEW("2027-01-12T00:00:00Z"), BY(two), OFFICE_OK, 0, 0, 0},
        {HK, HK_SINCE("2026-07-05T00:00:00Z"), BY(two), OFFICE_OK, 0, 0, 0},
        {HK CARVE("c-1", "ordinary"), HK, BY(two), OFFICE_OK, 0, 0, 0},
        {HK, HK NOTICE("n-1", "s-hk", "nothing"), BY(two), OFFICE_OK, 0, 0, 0},
        {HK NOTICE("n-1", "s-hk", "nothing"), HK, BY(two), OFFICE_OK, 0, 0, 0},
        {HK, HK FREEZE, BY(freezer), OFFICE_OK, 0, 0, 0},
        {HK FREEZE, HK FREEZE "freeze f-2 2026-10-11T00:00:00Z\n", BY(freezer), OFFICE_OK, 0, 0, 0},
        {HK FREEZE, HK, BY(unfreeze), OFFICE_OK, 72 * TIME_HOUR, 0, 0},
        {HK NOTICE("n-1", "s-hk", "nothing"), LIFTED("n-1", "s-hk", "nothing"), BY(lift), OFFICE_OK,
         14 * TIME_DAY, 14 * TIME_DAY, 0},
        {HK NOTICE("n-1", "s-hk", "entry ENTRY"),
         HK CARVE("c-1", "emergency") "!" LIFTED("n-1", "s-hk", "entry ENTRY"), BY(lift), OFFICE_OK,
         LONG, 0},
        {HK_OF("HK MO", "all") NOTICE("n-1", "s-hk", "entry ENTRY"),
         HK "!" LIFTED("n-1", "s-hk", "entry ENTRY"), BY(lift), OFFICE_OK, LONG, 0},
        {HK NOTICE("n-1", "s-hk", "entry ENTRY"),
         HK_OF("HK", "authorities hk-police") "!" LIFTED("n-1", "s-hk", "entry ENTRY"), BY(lift),
         OFFICE_OK, LONG, 0},
    };
    struct office *o = people_office_load(false);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        unsigned all = (1u << cases[i].n) - 1;
        enum office_reason r = judge(o, &cases[i], all);
        if (r != OFFICE_OK)
            test_fail(__FILE__, __LINE__, "case %zu: %s", i, office_reason_name(r));
        for (size_t j = 0; j < cases[i].n; j++)
            CHECK_EQ(judge(o, &cases[i], all & ~(1u << j)),
                     cases[i].n == 1 ? OFFICE_UNSIGNED : OFFICE_SIGNERS);
    }
    office_free(o);
}

TEST(each_condition_of_a_change_has_its_reason) {
    static const struct signer soft_lift[] = {
        {RIGHTS, false}, {LAW, false}, {APPROVER, false}, {EXPERT_1, false}, {EXPERT_2, false}};
    static const struct signer soft_unfreeze[] = {
        {APPROVER, false}, {POLICY, false}, {LAW_DEPUTY, false}};
    static const struct signer freezer_and_expert[] = {{AUDITOR, false}, {EXPERT_1, false}};
    static const struct change cases[] = {
        /* What takes from a suspension, in whatever way, takes a notice. */
        {HK, "", BY(lift), OFFICE_NO_NOTICE, LONG, 0},
        {HK, MO, BY(lift), OFFICE_NO_NOTICE, LONG, 0},
        {HK, HK CARVE("c-1", "ordinary"), BY(lift), OFFICE_NO_NOTICE, LONG, 0},
        {HK CARVE("c-1", "ordinary"), HK CARVE("c-1", "emergency"), BY(lift), OFFICE_NO_NOTICE,
         LONG, 0},
        {HK CARVE("c-1", "ordinary"), HK CARVE("c-2", "ordinary"), BY(lift), OFFICE_NO_NOTICE, LONG,
         0},
        {HK_OF("HK MO", "all"), HK, BY(lift), OFFICE_NO_NOTICE, LONG, 0},
        {HK_OF("HK", "regimes a b"), HK_OF("HK", "regimes a"), BY(lift), OFFICE_NO_NOTICE, LONG, 0},
        {HK_OF("HK", "regimes a"), HK_OF("HK", "authorities a"), BY(lift), OFFICE_NO_NOTICE, LONG,
         0},
        {HK, HK_OF("HK", "regimes a"), BY(lift), OFFICE_NO_NOTICE, LONG, 0},
        {HK, HK_SINCE("2026-07-06T00:00:01Z"), BY(lift), OFFICE_NO_NOTICE, LONG, 0},
        {HK,
         "suspension s-hk\njurisdictions HK\nscope all\nwording Other words.\nstart "
         "2026-07-06T00:00:00Z\nreview 2026-09-01T00:00:00Z\n",
         BY(lift), OFFICE_NO_NOTICE, LONG, 0},
        {HK, HK "consequence None.\n", BY(lift), OFFICE_NO_NOTICE, LONG, 0},
        /* The notice must be of this lift, and of this very change. */
        {HK NOTICE("n-1", "s-hk", "nothing"), "", BY(lift), OFFICE_NO_NOTICE, LONG, 0},
        {HK NOTICE("n-2", "s-hk", "nothing"), LIFTED("n-1", "s-hk", "nothing"), BY(lift),
         OFFICE_NO_NOTICE, LONG, 0},
        {HK MO NOTICE("n-1", "s-mo", "nothing"), MO LIFTED("n-1", "s-hk", "nothing"), BY(lift),
         OFFICE_NO_NOTICE, LONG, 0},
        {HK NOTICE("n-1", "s-hk", "entry " HASH32), LIFTED("n-1", "s-hk", "nothing"), BY(lift),
         OFFICE_NO_NOTICE, LONG, 0},
        {HK NOTICE("n-1", "s-hk", "entry " HASH32), LIFTED("n-1", "s-hk", "entry " HASH32),
         BY(lift), OFFICE_NO_NOTICE, LONG, 0},
        {HK NOTICE("n-1", "s-hk", "entry " HASH32),
         HK CARVE("c-1", "ordinary") LIFTED("n-1", "s-hk", "entry " HASH32), BY(lift),
         OFFICE_NO_NOTICE, LONG, 0},
        {HK NOTICE("n-1", "s-hk", "entry ENTRY"),
         HK CARVE("c-1", "ordinary") "!" NOTICE("n-1", "s-hk", "entry ENTRY")
             LIFTED("n-1", "s-hk", "entry " HASH32),
         BY(lift), OFFICE_NO_NOTICE, LONG, 0},
        {HK NOTICE("n-1", "s-hk", "nothing"), HK LIFTED("n-1", "s-hk", "nothing"), BY(lift),
         OFFICE_LIFTED, LONG, 0},
        {HK, HK LIFTED("n-1", "s-mo", "nothing"), BY(lift), OFFICE_LIFTED, LONG, 0},
        {HK NOTICE("n-1", "s-hk", "nothing"), LIFTED("n-1", "s-hk", "nothing"), BY(lift),
         OFFICE_NOTICE_SHORT, 14 * TIME_DAY - 1, 20 * TIME_DAY, 0},
        /* The server's clock was turned back. */
        {HK NOTICE("n-1", "s-hk", "nothing"), LIFTED("n-1", "s-hk", "nothing"), BY(lift),
         OFFICE_NOTICE_SHORT, 0 - TIME_DAY, 20 * TIME_DAY, 0},
        {HK FREEZE, HK, BY(unfreeze), OFFICE_FROZEN_SHORT, 0 - TIME_DAY, 0, 0},
        {HK NOTICE("n-1", "s-hk", "nothing"), LIFTED("n-1", "s-hk", "nothing"), BY(lift),
         OFFICE_WITNESS, 20 * TIME_DAY, 14 * TIME_DAY - 1, 0},
        {HK NOTICE("n-3", "s-hk", "nothing"), LIFTED("n-3", "s-hk", "nothing"), BY(lift),
         OFFICE_NOTICE_SHORT, LONG, 0}, /* nothing is known of n-3 */
        {HK NOTICE("n-1", "s-hk", "nothing"), LIFTED("n-1", "s-hk", "nothing"), BY(soft_lift),
         OFFICE_NO_SSH, LONG, 0},
        /* Else it could be used again once the suspension is back. */
        {HK_OF("HK MO", "all") NOTICE("n-1", "s-hk", "entry ENTRY"),
         HK "!" NOTICE("n-1", "s-hk", "entry ENTRY") LIFTED("n-1", "s-hk", "entry ENTRY"), BY(lift),
         OFFICE_NOTICE_STAYS, LONG, 0},
        /* A notice says one thing. */
        {HK NOTICE("n-1", "s-hk", "nothing"), HK NOTICE("n-1", "s-hk", "entry " HASH32), BY(two),
         OFFICE_NOTICE_CHANGED, LONG, 0},
        {HK MO NOTICE("n-1", "s-hk", "nothing"), HK MO NOTICE("n-1", "s-mo", "nothing"), BY(two),
         OFFICE_NOTICE_CHANGED, LONG, 0},
        {HK NOTICE("n-1", "s-hk", "nothing"),
         HK "lift-notice n-1\nlifts s-hk\nbecomes nothing\nwording Otherwise.\n", BY(two),
         OFFICE_NOTICE_CHANGED, LONG, 0},
        /* Freezes. */
        {HK FREEZE, HK, BY(unfreeze), OFFICE_FROZEN_SHORT, 72 * TIME_HOUR - 1, 0, 0},
        {HK "freeze f-2 2026-10-10T00:00:00Z\n", HK, BY(unfreeze), OFFICE_FROZEN_SHORT, LONG, 0},
        /* What is known of a notice says nothing of a freeze that has its name, nor the other way.
         */
        {HK "freeze n-1 2026-10-10T00:00:00Z\n", HK, BY(unfreeze), OFFICE_FROZEN_SHORT, LONG, 0},
        {HK NOTICE("f-1", "s-hk", "nothing"), LIFTED("f-1", "s-hk", "nothing"), BY(lift),
         OFFICE_NOTICE_SHORT, LONG, 0},
        {HK FREEZE, HK "freeze f-1 2026-10-10T00:00:01Z\n", BY(unfreeze), OFFICE_FROZEN_SHORT, 0, 0,
         0},
        {HK FREEZE, HK, BY(soft_unfreeze), OFFICE_NO_SSH, LONG, 0},
        {HK, HK "freeze f-1 2026-10-14T00:10:00Z\n", BY(freezer), OFFICE_FUTURE, 0, 0, 0},
        {HK, HK "freeze f-1 2026-10-14T00:05:00Z\n", BY(freezer), OFFICE_OK, 0, 0, 0},
        /* A freeze brings nothing else with it. */
        {HK, HK MO FREEZE, BY(freezer_and_expert), OFFICE_SIGNERS, 0, 0, 0},
        {HK, HK NOTICE("n-1", "s-hk", "nothing") FREEZE, BY(freezer_and_expert), OFFICE_SIGNERS, 0,
         0, 0},
        {HK, HK_OF("HK MO", "all") FREEZE, BY(freezer_and_expert), OFFICE_SIGNERS, 0, 0, 0},
        {HK NOTICE("n-1", "s-hk", "nothing"), HK FREEZE, BY(freezer_and_expert), OFFICE_SIGNERS, 0,
         0, 0},
        {HK, HK, BY(freezer), OFFICE_SIGNERS, 0, 0, 0},
        /* Times. */
        {"", HK, BY(two), OFFICE_FUTURE, 0, 0, START - 5 * TIME_MINUTE - 1},
        {"", HK, BY(two), OFFICE_OK, 0, 0, START - 5 * TIME_MINUTE},
        {"", HK_REVIEW("2026-10-04T00:00:01Z"), BY(two), OFFICE_REVIEW, 0, 0, START},
        {"", HK_REVIEW("2026-10-04T00:00:00Z"), BY(two), OFFICE_OK, 0, 0, START},
        {HK, HK_REVIEW("2027-01-12T00:00:01Z"), BY(two), OFFICE_REVIEW, 0, 0, 0},
        /* Overdue changes nothing. */
        {HK, HK FREEZE, BY(freezer), OFFICE_OK, 0, 0, 0},
    };
    struct office *o = people_office_load(false);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        enum office_reason r = judge(o, &cases[i], UINT32_MAX);
        if (r != cases[i].reason)
            test_fail(__FILE__, __LINE__, "%s to %s: %s, expected %s", cases[i].present,
                      cases[i].next, office_reason_name(r), office_reason_name(cases[i].reason));
    }
    office_free(o);
}

TEST(whom_a_suspended_jurisdiction_binds_does_not_count) {
    struct office *o = people_office_load(false);
    static const struct signer custodian[] = {{CUSTODIAN, false}};
    struct change c = {"", FREEZE, BY(custodian), OFFICE_OK, 0, 0, 0};
    CHECK_EQ(judge(o, &c, 1), OFFICE_OK);
    c.present = HK;
    c.next = HK FREEZE;
    CHECK_EQ(judge(o, &c, 1), OFFICE_BOUND);
    /* Even those who are about to end it. */
    o->persons.p[EXPERT_2].countries = slice_str("HK");
    struct change end = {HK NOTICE("n-1", "s-hk", "nothing"),
                         LIFTED("n-1", "s-hk", "nothing"),
                         BY(lift),
                         OFFICE_OK,
                         LONG,
                         0};
    CHECK_EQ(judge(o, &end, UINT32_MAX), OFFICE_BOUND);
    office_free(o);
}

TEST(lists_come_one_after_another_and_under_the_present_office) {
    static const struct {
        const char *old, *by;
        enum office_reason reason;
    } cases[] = {{"version 2\n", "version 1\n", OFFICE_OLD},
                 {"version 2\n", "version 3\n", OFFICE_GAP},
                 {"office 1 ", "office 2 ", OFFICE_OTHER_OFFICE},
                 {"version 2\n", "version 2\n", OFFICE_OK}};
    struct office *o = people_office_load(false);
    struct office_suspensions *present = people_list_load(o, HK), *next;
    struct office_evidence evidence = {.now = NOW};
    for (int i = 0; i < 6; i++) {
        buf text = {0};
        if (i == 4)
            present->document.hash[31] ^= 1;
        if (i == 5)
            o->document.hash[31] ^= 1;
        people_list(&text, o, present, HK);
        if (i == 4)
            present->document.hash[31] ^= 1;
        if (i == 5)
            o->document.hash[31] ^= 1;
        if (i < 4)
            people_replace(&text, cases[i].old, cases[i].by);
        people_sign_all(&text, BY(two), UINT32_MAX);
        CHECK_EQ(office_suspensions_change(&next, o, present, buf_slice(&text), &evidence, NULL),
                 i < 4    ? cases[i].reason
                 : i == 4 ? OFFICE_FORK
                          : OFFICE_OTHER_OFFICE);
        office_suspensions_free(next);
        buf_free(&text);
    }
    office_suspensions_free(present);
    office_free(o);
}

TEST(the_first_list_takes_two_signatures_too) {
    struct office *o = people_office_load(false);
    struct office_suspensions *first;
    struct office_evidence evidence = {.now = START};
    for (unsigned who = 0; who < 4; who++)
        for (int empty = 0; empty < 2; empty++) {
            buf text = {0};
            people_list(&text, o, NULL, empty != 0 ? "" : HK);
            people_sign_all(&text, BY(two), who);
            CHECK_EQ(office_suspensions_change(&first, o, NULL, buf_slice(&text), &evidence, NULL),
                     who == 0   ? OFFICE_UNSIGNED
                     : who == 3 ? OFFICE_OK
                                : OFFICE_SIGNERS);
            office_suspensions_free(first);
            buf_free(&text);
        }
    office_free(o);
}

TEST_MAIN
