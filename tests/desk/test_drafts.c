/* Orders that say something else than the case does, whoever signed them. */
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "crypto/crypto.h"
#include "tests/desk/desks.h"

#define TWO_FIELDS (1u << HELD_FIELD_EXISTS | 1u << HELD_FIELD_CREATED)
#define SUSPENSION(jurisdiction)                  \
    "suspension s-1\njurisdictions " jurisdiction \
    "\nscope all\nwording Suspended.\nstart 2026-07-06T00:00:00Z\nreview 2026-10-01T00:00:00Z\n"

static const struct desks_kind national = {"de-court", "national", "subscriber",
                                           "ordinary", "DE",       "exists created"},
                               unknown = {"de-court", "national", "subscriber",
                                          "ordinary", "unknown",  "exists created"},
                               for_hk = {"de-court", "eu-epoc", "subscriber",
                                         "ordinary", "HK",      "exists created"},
                               emergency = {"de-court",  "eu-epoc", "subscriber",
                                            "emergency", "DE",      "exists created"};

static void begin_case(struct desks *s, char id[DESK_ID], const struct desks_kind *kind) {
    desks_begin(s);
    desks_receive(s, "a filing", id);
    desks_authenticated(s, id, kind);
}

static void cleared_for(struct desks *s, const char *id, const char *beneficiary) {
    desks_open_case(s, id, TWO_FIELDS);
    for (int lens = 0; lens < DESK_LENS_COUNT; lens++)
        CHECK_EQ(desks_verdict(s, id, (enum desk_lens)lens, "clear", beneficiary), DESK_OK);
}

/* ---- Drafts ---- */

static void hash_text(const buf *text, char hex[65]) {
    uint8_t hash[32];
    slice bytes = buf_slice(text);
    CHECK_OK(crypto_sha256.hash(hash, &bytes, 1));
    hex_text(hash, hex);
}

struct change {
    const char *old, *by;
    enum desk_reason reason;
};

/* What somebody drafts and signs with a text of their own, in which `old` became `by`; NULL: as the
 * desk composed it. */
static enum desk_reason drafted(struct desks *s, const char *id, enum desk_move move, int person,
                                const struct change *change, bool with_before) {
    struct desk_texts texts;
    struct desk_made made;
    buf before = {0};
    char was[65], is[65];
    if (desks_case(s, id).round > 0)
        CHECK(desks_order(s, id, person, &before));
    struct desk_draft draft = {
        .case_id = slice_str(id),
        .person = slice_str(people_ids[person]),
        .move = move,
        .account = {OFFICE_BY_ID, slice_str("000102030405060708090a0b0c0d0e0f")},
        .before = buf_slice(&before),
        .beneficiary = slice_str("DE"),
        .fields = TWO_FIELDS,
        .wording = &(slice){(const uint8_t *)"A court asked.", 14},
        .wording_count = 1,
        .until = desk_now() / 1000 * 1000 + 30 * TIME_DAY};
    CHECK_OK(desk_compose(s->desk, &draft, &texts, &s->why));
    hash_text(&texts.order, was);
    if (change != NULL && change->old != NULL)
        people_replace(&texts.order, change->old, change->by);
    hash_text(&texts.order, is);
    people_replace(&texts.move, was, is);
    people_sign(&texts.move, texts.move.n, person, SOFT_EDDSA);
    if (change == NULL || change->old != NULL)
        people_sign(&texts.order, texts.order.n, person, SOFT_EDDSA);
    struct desk_hand hand = {.move = buf_slice(&texts.move),
                             .order = buf_slice(&texts.order),
                             .before = with_before ? buf_slice(&before) : SLICE_EMPTY};
    err e = desk_move(s->desk, slice_str(id), &hand, &made, &s->why);
    CHECK(e == OK || e == ERR_DENIED);
    buf_free(&texts.move);
    buf_free(&texts.order);
    buf_free(&before);
    return e == OK ? DESK_OK : s->why.reason;
}

static void refuse_each(struct desks *s, const char *id, enum desk_move move, int person,
                        const struct change *changes, size_t n) {
    for (size_t i = 0; i < n; i++) {
        struct desk_case before = desks_case(s, id);
        enum desk_reason r = drafted(s, id, move, person, &changes[i], true);
        if (r != changes[i].reason)
            test_fail(__FILE__, __LINE__, "%s: %s: %s, expected %s", desk_move_name(move),
                      changes[i].by, desk_reason_name(r), desk_reason_name(changes[i].reason));
        struct desk_case after = desks_case(s, id);
        CHECK(memcmp(&before, &after, sizeof before) == 0);
    }
    CHECK_EQ(drafted(s, id, move, person, NULL, true), DESK_OK);
}
#define REFUSE_EACH(move, person, changes) \
    refuse_each(&s, id, move, person, changes, sizeof(changes) / sizeof((changes)[0]))

/* At the end of each: where it is for, and under what. */
#define ENDS_ALIKE                                                \
    {"case c-", "case d-", DESK_ORDER_FACTS},                     \
        {"server-number 3", "server-number 4", DESK_ORDER_FACTS}, \
        {"server 5e", "server 5f", DESK_ORDER_FACTS},             \
        {"\noffice 1 ", "\noffice 2 ", DESK_OTHER_OFFICE}, {      \
        "\nsuspensions 1 ", "\nsuspensions 2 ", DESK_OTHER_LIST   \
    }

TEST(an_order_is_drafted_as_the_case_is) {
    static const struct change changes[] = {
        ENDS_ALIKE,
        {"authority de-court", "authority de-nobody", DESK_AUTHORITY},
        {"authority de-court", "authority hk-police", DESK_ORDER_FACTS},
        {"path ordinary", "path emergency", DESK_ORDER_FACTS},
        {"regime eu-epoc", "regime national", DESK_ORDER_FACTS},
        {"regime eu-epoc\n", "regime eu-epoc\ncarve-outs k-1\n", DESK_ORDER_FACTS},
        {"beneficiary DE", "beneficiary FR", DESK_ORDER_FACTS},
        {"fields exists created", "fields exists created devices", DESK_FIELDS},
        {"sotto release 1\n", "sotto notice 1\n", DESK_OFFICE},
    };
    struct desks s;
    char id[DESK_ID];
    begin_case(&s, id, &desks_epoc);
    REFUSE_EACH(DESK_MOVE_OPEN, INTAKE_1, changes);
    desks_end(&s);
}

/* Of whom nobody said yet for whom it is: an order says so, and not for a suspended one. */
TEST(an_order_is_for_nobody_who_is_suspended) {
    static const struct change changes[] = {{"beneficiary DE", "beneficiary HK", DESK_SUSPENDED},
                                            {"regime national", "regime gone", DESK_ORDER_FACTS}};
    struct desks s;
    char id[DESK_ID];
    desks_begin(&s);
    CHECK_EQ(desks_list(&s, SUSPENSION("HK")), DESK_OK);
    desks_receive(&s, "a filing", id);
    desks_authenticated(&s, id, &unknown);
    REFUSE_EACH(DESK_MOVE_OPEN, INTAKE_1, changes);
    desks_end(&s);
}

TEST(a_notice_is_for_the_account_of_the_order_and_signed) {
    static const struct change changes[] = {
        ENDS_ALIKE,
        {"account id 0001", "account id ff01", DESK_ORDER_FACTS},
        {"receipt ", "receipt", DESK_OFFICE},
        {NULL, "unsigned", DESK_ORDER_UNSIGNED},
    };
    struct desks s;
    char id[DESK_ID], receipt[80] = "receipt ", other[80] = "receipt ";
    begin_case(&s, id, &national);
    cleared_for(&s, id, "DE");
    CHECK_EQ(drafted(&s, id, DESK_MOVE_NOTIFY, POLICY, NULL, false), DESK_BEFORE);
    struct desk_case c = desks_case(&s, id);
    hex_text(c.filing, receipt + strlen(receipt));
    c.filing[0] ^= 1;
    hex_text(c.filing, other + strlen(other));
    struct change of_another = {receipt, other, DESK_ORDER_FACTS};
    CHECK_EQ(drafted(&s, id, DESK_MOVE_NOTIFY, POLICY, &of_another, true), DESK_ORDER_FACTS);
    REFUSE_EACH(DESK_MOVE_NOTIFY, POLICY, changes);
    desks_end(&s);
}

TEST(what_is_preserved_is_for_the_case_and_for_nobody_who_is_suspended) {
    static const struct change changes[] = {
        ENDS_ALIKE,
        {"authority de-court", "authority hk-police", DESK_ORDER_FACTS},
        {"regime eu-epoc", "regime national", DESK_ORDER_FACTS},
        {NULL, "unsigned", DESK_ORDER_UNSIGNED},
    };
    static const struct change suspended[] = {{"beneficiary DE", "beneficiary HK", DESK_SUSPENDED}};
    struct desks s;
    char id[DESK_ID];
    begin_case(&s, id, &desks_epoc);
    REFUSE_EACH(DESK_MOVE_PRESERVE, POLICY, changes);
    CHECK_EQ(desks_list(&s, SUSPENSION("HK")), DESK_OK);
    desks_receive(&s, "another filing", id);
    desks_authenticated(&s, id, &unknown);
    REFUSE_EACH(DESK_MOVE_PRESERVE, POLICY, suspended);
    desks_end(&s);
}

/* Who blocked it may have said for whom it is; that one is suspended afterwards. */
TEST(nothing_is_preserved_for_whom_a_reviewer_named) {
    struct desks s;
    char id[DESK_ID];
    begin_case(&s, id, &desks_epoc);
    desks_open_case(&s, id, TWO_FIELDS);
    CHECK_EQ(desks_verdict(&s, id, DESK_LENS_POLICY, "block", "HK"), DESK_OK);
    CHECK_EQ(desks_verdict(&s, id, DESK_LENS_LOCAL_LAW, "clear", "DE"), DESK_OK);
    CHECK_EQ(desks_verdict(&s, id, DESK_LENS_HUMAN_RIGHTS, "clear", "DE"), DESK_OK);
    CHECK_EQ(desks_list(&s, SUSPENSION("HK")), DESK_OK);
    CHECK_EQ(desks_case(&s, id).due, DESK_DUE_REJECT);
    CHECK_EQ(
        desks_act(
            &s, &(struct desks_act){.id = id, .move = DESK_MOVE_PRESERVE, .person = POLICY_DEPUTY}),
        DESK_SUSPENDED);
    desks_end(&s);
}

TEST(a_law_says_how_long_something_is_preserved) {
    struct desks s;
    char id[DESK_ID], now[OFFICE_TIME_TEXT], until[64], late[64];
    desks_begin(&s);
    desks_receive(&s, "a filing", id);
    desks_do(&s, &(struct desks_act){.id = id,
                                     .move = DESK_MOVE_CLASSIFY,
                                     .person = INTAKE_1,
                                     .says = {"kind preserve", "path ordinary",
                                              "authority de-court", "regime eu-epoc-pr",
                                              "category subscriber", "beneficiary DE",
                                              "process national-order", "accounts 1"}});
    desks_do(&s, &(struct desks_act){.id = id,
                                     .move = DESK_MOVE_CALL_BACK,
                                     .person = INTAKE_2,
                                     .says = {"number +49 30 000000", "checklists 1", "a1 yes",
                                              "a2 yes", "a3 yes", "a4 yes"}});
    /* 60 days, where an order could be for 90. */
    office_time_write(desk_now() / 1000 * 1000 + 30 * TIME_DAY, now);
    (void)snprintf(until, sizeof until, "until %.10s", now);
    office_time_write(desk_now() / 1000 * 1000 + 61 * TIME_DAY, now);
    (void)snprintf(late, sizeof late, "until %.10s", now);
    const struct change changes[] = {{until, late, DESK_TERM}};
    REFUSE_EACH(DESK_MOVE_PRESERVE, POLICY, changes);
    desks_end(&s);
}

/* ---- The order of the round ---- */

/* A text about another order than the round's, whatever it says of it. */
TEST(a_verdict_is_about_the_order_of_the_round) {
    struct desks s;
    char id[DESK_ID], is[65];
    struct desk_texts texts;
    struct desk_made made;
    struct desk_say says[] = {{slice_str("verdict"), slice_str("block")},
                              {slice_str("beneficiary"), slice_str("DE")},
                              {slice_str("conflict"), slice_str("no")},
                              {slice_str("policy"), slice_str("1")},
                              {slice_str("guidelines"), slice_str("1")}};
    begin_case(&s, id, &desks_epoc);
    desks_open_case(&s, id, TWO_FIELDS);
    struct desk_draft draft = {.case_id = slice_str(id),
                               .person = slice_str(people_ids[POLICY]),
                               .move = DESK_MOVE_VERDICT,
                               .says = says,
                               .say_count = 5};
    CHECK_OK(desk_compose(s.desk, &draft, &texts, &s.why));
    hex_text(desks_case(&s, id).order, is);
    people_replace(&texts.move, is,
                   "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff");
    people_sign(&texts.move, texts.move.n, POLICY, SOFT_EDDSA);
    struct desk_hand hand = {.move = buf_slice(&texts.move)};
    CHECK_ERR(desk_move(s.desk, slice_str(id), &hand, &made, &s.why), ERR_DENIED);
    CHECK_EQ(s.why.reason, DESK_OTHER_ORDER);
    buf_free(&texts.move);
    buf_free(&texts.order);
    desks_end(&s);
}

/* The server is satisfied with a deputy's signature: the desk wants that of who releases it. */
TEST(who_releases_signed_the_order) {
    struct desks s;
    char id[DESK_ID];
    begin_case(&s, id, &desks_epoc);
    cleared_for(&s, id, "DE");
    CHECK_EQ(desks_release_by(&s, id, APPROVER, APPROVER_DEPUTY), DESK_ORDER_UNSIGNED);
    CHECK_EQ(desks_release_by(&s, id, APPROVER, APPROVER), DESK_OK);
    desks_end(&s);
}

/* The desk's database says that it is cleared, and of which law: nothing is released by that. */
TEST(a_release_looks_at_the_list_and_the_law_anew) {
    struct desks s;
    char id[DESK_ID];
    begin_case(&s, id, &for_hk);
    cleared_for(&s, id, "HK");
    CHECK_OK(
        desk_store_run(s.desk->store, "UPDATE cases SET regime = 'gone' WHERE id = ?", "s", id));
    CHECK_EQ(desks_release(&s, id, APPROVER), DESK_NO_REGIME);
    CHECK_OK(
        desk_store_run(s.desk->store, "UPDATE cases SET regime = 'eu-epoc' WHERE id = ?", "s", id));
    CHECK_EQ(desks_list(&s, SUSPENSION("HK")), DESK_OK);
    CHECK_EQ(desks_state(&s, id), DESK_STATE_HELD);
    CHECK_OK(desk_store_run(s.desk->store,
                            "UPDATE cases SET state = 9, hold = 0, due = 0, order_list = 2"
                            " WHERE id = ?",
                            "s", id));
    CHECK_EQ(desks_state(&s, id), DESK_STATE_CLEARED);
    CHECK_EQ(desks_release(&s, id, APPROVER), DESK_SUSPENDED);
    desks_end(&s);
    /* Nor is an order drafted under a law that nobody knows. */
    begin_case(&s, id, &desks_epoc);
    CHECK_OK(
        desk_store_run(s.desk->store, "UPDATE cases SET regime = 'gone' WHERE id = ?", "s", id));
    struct desks_act open = {
        .id = id, .move = DESK_MOVE_OPEN, .person = INTAKE_1, .fields = TWO_FIELDS};
    CHECK_EQ(desks_act(&s, &open), DESK_NO_REGIME);
    desks_end(&s);
}

/* ---- What is done already, or is not of this kind of case ---- */

TEST(what_is_done_or_nobody_asks_for_is_not_done_again) {
    struct desks s;
    char id[DESK_ID];
    /* A forgery is confirmed once. */
    begin_case(&s, id, &desks_epoc);
    CHECK_EQ(
        desks_act(&s,
                  &(struct desks_act){.id = id, .move = DESK_MOVE_SIGN_ORDER, .person = INTAKE_1}),
        DESK_STATE);
    desks_open_case(&s, id, TWO_FIELDS);
    CHECK_EQ(
        desks_act(&s,
                  &(struct desks_act){.id = id, .move = DESK_MOVE_SIGN_ORDER, .person = INTAKE_1}),
        DESK_NOT_NEEDED); /* no emergency */
    desks_do(&s, &(struct desks_act){.id = id, .move = DESK_MOVE_FORGE, .person = INTAKE_1});
    struct desks_act confirm = {.id = id, .move = DESK_MOVE_CONFIRM_FORGED, .person = INTAKE_2};
    desks_do(&s, &confirm);
    CHECK_EQ(desks_act(&s, &confirm), DESK_NOT_NEEDED);
    desks_end(&s);
    /* Under a law by which the authority informs, nobody else does, not even late. */
    begin_case(&s, id, &desks_epoc);
    cleared_for(&s, id, "DE");
    CHECK_EQ(desks_release(&s, id, APPROVER), DESK_OK);
    CHECK_EQ(
        desks_act(&s,
                  &(struct desks_act){.id = id, .move = DESK_MOVE_LATE_NOTICE, .person = POLICY}),
        DESK_NOT_NEEDED);
    desks_end(&s);
}

/* Of an emergency that was answered: not before the lenses that were left out have said theirs. */
TEST(an_emergency_is_not_closed_while_lenses_are_asked_for) {
    struct desks s;
    char id[DESK_ID];
    struct desk_history h;
    begin_case(&s, id, &emergency);
    desks_open_case(&s, id, TWO_FIELDS);
    CHECK_OK(desk_history_load(s.desk, slice_str(id), &h));
    CHECK_EQ(desks_verdict(&s, id, h.seats[0].lens, "clear", "DE"), DESK_OK);
    enum desk_lens asked = h.seats[0].lens;
    desk_history_free(&h);
    for (int who = INTAKE_1; who <= INTAKE_2; who++)
        desks_do(&s, &(struct desks_act){.id = id, .move = DESK_MOVE_SIGN_ORDER, .person = who});
    CHECK_EQ(desks_release(&s, id, APPROVER), DESK_OK);
    CHECK_OK(desk_store_run(s.desk->store, "UPDATE cases SET delivered = released WHERE id = ?",
                            "s", id));
    struct desks_act close = {.id = id, .move = DESK_MOVE_CLOSE, .person = INTAKE_1};
    CHECK_EQ(desks_act(&s, &close), DESK_UNFINISHED);
    desks_wait(&s, DESK_AFTER_VERDICT + TIME_MINUTE);
    for (int lens = 0; lens < DESK_LENS_COUNT; lens++) {
        if (lens == (int)asked)
            continue;
        CHECK_EQ(desks_act(&s, &close), DESK_UNFINISHED);
        desks_do(&s, &(struct desks_act){.id = id,
                                         .move = DESK_MOVE_AFTER_VERDICT,
                                         .person = desks_reviewer(&s, id, (enum desk_lens)lens),
                                         .says = {"verdict block", "beneficiary DE", "conflict no",
                                                  "policy 1", "guidelines 1"}});
    }
    CHECK_EQ(desks_act(&s, &close), DESK_OK);
    desks_end(&s);
}

TEST_MAIN
