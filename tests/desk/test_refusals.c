/* What a desk refuses, each for its own reason; none of it changes the case. */
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "sys/files.h"
#include "tests/desk/desks.h"

#define TWO_FIELDS (1u << HELD_FIELD_EXISTS | 1u << HELD_FIELD_CREATED)

static void begin_case(struct desks *s, char id[DESK_ID]) {
    desks_begin(s);
    desks_receive(s, "a filing", id);
    desks_authenticated(s, id, &desks_epoc);
}

static void refused(struct desks *s, const struct desks_act *act, enum desk_reason reason) {
    struct desk_case before = desks_case(s, act->id), after;
    enum desk_reason r = desks_act(s, act);
    if (r != reason)
        test_fail(__FILE__, __LINE__, "%s: %s, expected %s", desk_move_name(act->move),
                  desk_reason_name(r), desk_reason_name(reason));
    after = desks_case(s, act->id);
    CHECK(memcmp(&before, &after, sizeof before) == 0);
}

/* ---- Classifying ---- */

TEST(what_is_classified_is_what_the_desk_knows) {
    static const struct {
        size_t line;
        const char *says;
        enum desk_reason reason;
    } cases[] = {
        {2, "authority nobody", DESK_AUTHORITY}, {3, "regime none", DESK_NO_REGIME},
        {4, "category content", DESK_NO_REGIME}, {7, "process none", DESK_NO_REGIME},
        {5, "beneficiary xx", DESK_FACT},        {0, "kind anything", DESK_FACT},
        {1, "path compelled", DESK_FACT},        {6, "fields exists content", DESK_FACT},
        {8, "path ordinary", DESK_FACTS},
    };
    struct desks s;
    char id[DESK_ID];
    desks_begin(&s);
    desks_receive(&s, "a filing", id);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct desks_act classify = {.id = id,
                                     .move = DESK_MOVE_CLASSIFY,
                                     .person = INTAKE_1,
                                     .says = {"kind produce", "path ordinary", "authority de-court",
                                              "regime eu-epoc", "category subscriber",
                                              "beneficiary DE", "fields exists created",
                                              "process national-order", "accounts 1"}};
        classify.says[cases[i].line] = cases[i].says;
        refused(&s, &classify, cases[i].reason);
    }
    desks_end(&s);
}

/* Of its kind a demand can only be rejected, and what is to be preserved is not released. */
TEST(what_is_no_production_is_never_reviewed) {
    static const struct {
        const char *kind, *regime, *category;
        enum desk_reason reason;
    } cases[] = {{"kind demand", "regime eu-epoc", "category interception", DESK_NOT_EXECUTABLE},
                 {"kind preserve", "regime eu-epoc-pr", "category subscriber", DESK_PRESERVE_ONLY}};
    for (int i = 0; i < 2; i++) {
        struct desks s;
        char id[DESK_ID];
        desks_begin(&s);
        desks_receive(&s, "a filing", id);
        desks_do(&s,
                 &(struct desks_act){.id = id,
                                     .move = DESK_MOVE_CLASSIFY,
                                     .person = INTAKE_1,
                                     .says = {cases[i].kind, "path ordinary", "authority de-court",
                                              cases[i].regime, cases[i].category, "beneficiary DE",
                                              "fields exists created", "process national-order",
                                              "accounts 1"}});
        desks_do(&s, &(struct desks_act){.id = id,
                                         .move = DESK_MOVE_CALL_BACK,
                                         .person = INTAKE_2,
                                         .says = {"number +49 30 000000", "checklists 1", "a1 yes",
                                                  "a2 yes", "a3 yes", "a4 yes"}});
        refused(&s,
                &(struct desks_act){
                    .id = id, .move = DESK_MOVE_OPEN, .person = INTAKE_1, .fields = TWO_FIELDS},
                cases[i].reason);
        desks_end(&s);
    }
}

TEST(an_order_for_one_category_has_no_field_of_another) {
    struct desks s;
    char id[DESK_ID];
    static const struct desks_kind kind = {"de-court", "eu-epoc", "subscriber",
                                           "ordinary", "DE",      "exists seen"};
    desks_begin(&s);
    desks_receive(&s, "a filing", id);
    desks_authenticated(&s, id, &kind);
    struct desks_act open = {.id = id, .move = DESK_MOVE_OPEN, .person = INTAKE_1};
    open.fields = 1u << HELD_FIELD_EXISTS | 1u << HELD_FIELD_SEEN;
    refused(&s, &open, DESK_CATEGORY);
    open.fields = TWO_FIELDS;
    refused(&s, &open, DESK_FIELDS);
    open.fields = 1u << HELD_FIELD_EXISTS;
    desks_do(&s, &open);
    desks_end(&s);
}

/* ---- Verdicts ---- */

TEST(a_verdict_says_all_that_it_is_given_under) {
    static const struct {
        size_t line;
        const char *says;
        enum desk_reason reason;
    } cases[] = {
        {2, "conflict yes", DESK_CONFLICT}, {3, "policy 2", DESK_CITES},
        {3, "policy none", DESK_CITES},     {4, "guidelines 2", DESK_CITES},
        {3, "reason none", DESK_FACTS},     {4, "reason none", DESK_FACTS},
        {5, "checklists 2", DESK_ANSWERS},  {6, "reason none", DESK_ANSWERS},
        {6, "p1 perhaps", DESK_ANSWERS},    {6, "p1 unknown", DESK_BLOCKING},
        {0, "verdict maybe", DESK_FACT},    {1, "beneficiary de", DESK_FACT},
    };
    struct desks s;
    char id[DESK_ID];
    begin_case(&s, id);
    desks_open_case(&s, id, TWO_FIELDS);
    for (size_t i = 0; i <= sizeof cases / sizeof cases[0]; i++) {
        struct desks_act verdict = {.id = id,
                                    .move = DESK_MOVE_VERDICT,
                                    .person = POLICY,
                                    .says = {"verdict clear", "beneficiary DE", "conflict no",
                                             "policy 1", "guidelines 1", "checklists 1", "p1 yes",
                                             "p2 yes", "p3 yes", "p4 no", "p5 yes", "p6 no",
                                             "p7 yes"}};
        if (i == sizeof cases / sizeof cases[0]) { /* as it is, it is taken */
            desks_do(&s, &verdict);
            break;
        }
        verdict.says[cases[i].line] = cases[i].says;
        refused(&s, &verdict, cases[i].reason);
    }
    /* Whatever it is: one that blocks cites them too. */
    struct desks_act block = {.id = id,
                              .move = DESK_MOVE_VERDICT,
                              .person = LAW,
                              .says = {"verdict block", "beneficiary DE", "conflict no"}};
    refused(&s, &block, DESK_FACTS);
    block.says[3] = "policy 1";
    block.says[4] = "guidelines 1";
    desks_do(&s, &block);
    desks_end(&s);
}

TEST(after_a_block_there_is_no_other_round) {
    struct desks s;
    char id[DESK_ID];
    begin_case(&s, id);
    desks_open_case(&s, id, TWO_FIELDS);
    for (int lens = 0; lens < DESK_LENS_COUNT; lens++)
        CHECK_EQ(desks_verdict(&s, id, (enum desk_lens)lens, "block", "DE"), DESK_OK);
    struct desks_act renew = {
        .id = id, .move = DESK_MOVE_RENEW, .person = INTAKE_1, .fields = TWO_FIELDS};
    refused(&s, &renew, DESK_REJECT_DUE);
    desks_end(&s);
}

/* Of an emergency one lens is asked before the release, the others after it. */
TEST(only_a_reviewer_of_the_round_is_replaced) {
    static const struct desks_kind emergency = {"de-court",  "eu-epoc", "subscriber",
                                                "emergency", "DE",      "exists created"};
    struct desks s;
    char id[DESK_ID];
    desks_begin(&s);
    desks_receive(&s, "a filing", id);
    desks_authenticated(&s, id, &emergency);
    desks_open_case(&s, id, TWO_FIELDS);
    struct desks_act replace = {.id = id, .move = DESK_MOVE_REPLACE, .person = APPROVER};
    refused(&s, &replace, DESK_FACTS);
    replace.says[0] = "lens policy";
    refused(&s, &replace, DESK_FACT);
    desks_end(&s);
    begin_case(&s, id);
    desks_open_case(&s, id, TWO_FIELDS);
    replace.says[0] = "lens of-mine";
    refused(&s, &replace, DESK_FACT);
    desks_end(&s);
}

TEST(a_bar_has_an_end_and_a_document) {
    static const struct desks_kind national = {"de-court", "national", "subscriber",
                                               "ordinary", "DE",       "exists created"};
    static const struct {
        const char *until, *document;
        enum desk_reason reason;
    } cases[] = {{"until 2026", "document abc", DESK_FACTS},
                 {"reason none", "document abc", DESK_FACTS},
                 {"until 2030-01-01T00:00:00Z", "reason none", DESK_FACTS},
                 {"until 2030-01-01T00:00:00Z", "document abc", DESK_TERM},
                 {"until 2020-01-01T00:00:00Z", "document abc", DESK_TERM}};
    struct desks s;
    char id[DESK_ID];
    desks_begin(&s);
    desks_receive(&s, "a filing", id);
    desks_authenticated(&s, id, &national);
    desks_cleared(&s, id, TWO_FIELDS);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        refused(&s,
                &(struct desks_act){.id = id,
                                    .move = DESK_MOVE_BAR,
                                    .person = POLICY,
                                    .says = {cases[i].until, cases[i].document}},
                cases[i].reason);
    desks_end(&s);
}

/* ---- What is handed in ---- */

/* A move composed for a person, with what they could sign of the order that it is about. */
struct paper {
    struct desk_texts texts;
    size_t n; /* of the move's text */
};

static void paper_make(struct desks *s, struct paper *p, const struct desk_draft *draft) {
    CHECK_OK(desk_compose(s->desk, draft, &p->texts, &s->why));
    p->n = p->texts.move.n;
}

static enum desk_reason paper_hand_in(struct desks *s, const char *id, struct paper *p, int person,
                                      slice order) {
    struct desk_made made;
    CHECK_OK(buf_resize(&p->texts.move, p->n));
    people_sign(&p->texts.move, p->n, person, SOFT_EDDSA);
    struct desk_hand hand = {.move = buf_slice(&p->texts.move), .order = order};
    err e = desk_move(s->desk, slice_str(id), &hand, &made, &s->why);
    CHECK(e == OK || e == ERR_DENIED);
    return e == OK ? DESK_OK : s->why.reason;
}

static void paper_free(struct paper *p) {
    buf_free(&p->texts.move);
    buf_free(&p->texts.order);
}

static struct desk_draft draft_open(const char *id) {
    return (struct desk_draft){
        .case_id = slice_str(id),
        .person = slice_str(people_ids[INTAKE_1]),
        .move = DESK_MOVE_OPEN,
        .account = {OFFICE_BY_ID, slice_str("000102030405060708090a0b0c0d0e0f")},
        .fields = TWO_FIELDS};
}

TEST(an_order_goes_with_the_move_that_it_is_of) {
    struct desks s;
    char id[DESK_ID];
    struct paper open = {.n = 0}, again = {.n = 0};
    begin_case(&s, id);
    struct desk_draft draft = draft_open(id);
    paper_make(&s, &open, &draft);
    CHECK_EQ(paper_hand_in(&s, id, &open, INTAKE_1, SLICE_EMPTY), DESK_NO_ORDER);
    /* One that was shown, and another that is handed in. */
    paper_make(&s, &again, &draft);
    CHECK_EQ(paper_hand_in(&s, id, &open, INTAKE_1, buf_slice(&again.texts.order)),
             DESK_OTHER_ORDER);
    CHECK_EQ(paper_hand_in(&s, id, &open, INTAKE_1, buf_slice(&open.texts.order)), DESK_OK);
    paper_free(&open);
    paper_free(&again);
    desks_end(&s);
}

TEST(a_clear_verdict_is_a_signature_of_the_order) {
    static const char *const words[][2] = {
        {"verdict", "clear"}, {"beneficiary", "DE"}, {"conflict", "no"}, {"policy", "1"},
        {"guidelines", "1"},  {"checklists", "1"},   {"p1", "yes"},      {"p2", "yes"},
        {"p3", "yes"},        {"p4", "no"},          {"p5", "yes"},      {"p6", "no"},
        {"p7", "yes"}};
    enum { WORDS = sizeof words / sizeof words[0] };
    struct desk_say says[WORDS];
    struct desks s;
    char id[DESK_ID];
    struct paper verdict = {.n = 0};
    buf order = {0};
    begin_case(&s, id);
    desks_open_case(&s, id, TWO_FIELDS);
    for (size_t i = 0; i < WORDS; i++)
        says[i] = (struct desk_say){slice_str(words[i][0]), slice_str(words[i][1])};
    struct desk_draft draft = {.case_id = slice_str(id),
                               .person = slice_str(people_ids[POLICY]),
                               .move = DESK_MOVE_VERDICT,
                               .says = says,
                               .say_count = WORDS};
    paper_make(&s, &verdict, &draft);
    CHECK(desks_order(&s, id, POLICY, &order));
    size_t text = order.n;
    CHECK_EQ(paper_hand_in(&s, id, &verdict, POLICY, SLICE_EMPTY), DESK_ORDER_UNSIGNED);
    CHECK_EQ(paper_hand_in(&s, id, &verdict, POLICY, buf_slice(&order)), DESK_ORDER_UNSIGNED);
    people_sign(&order, text, LAW, SOFT_EDDSA); /* somebody else's line */
    CHECK_EQ(paper_hand_in(&s, id, &verdict, POLICY, buf_slice(&order)), DESK_ORDER_UNSIGNED);
    people_sign(&order, text, POLICY, SOFT_EDDSA);
    CHECK_EQ(paper_hand_in(&s, id, &verdict, POLICY, buf_slice(&order)), DESK_OK);
    buf_free(&order);
    paper_free(&verdict);
    desks_end(&s);
}

static void next_office(struct desks *s, const char *old, const char *new) {
    static const struct signer who[] = {{APPROVER, true}, {POLICY, false}, {LAW, false}};
    buf text = {0};
    people_office(&text, true, desk_office(s->desk));
    if (old != NULL)
        people_replace(&text, old, new);
    people_sign_all(&text, who, 3, UINT32_MAX);
    CHECK_OK(desk_office_change(s->desk, buf_slice(&text), &s->why));
    buf_free(&text);
}

static struct desk_draft draft_withdraw(const char *id) {
    return (struct desk_draft){.case_id = slice_str(id),
                               .person = slice_str(people_ids[INTAKE_1]),
                               .move = DESK_MOVE_WITHDRAW};
}

TEST(a_text_is_of_the_files_that_are_in_force_and_names_a_move) {
    struct desks s;
    char id[DESK_ID];
    struct paper unknown = {.n = 0}, list = {.n = 0}, office = {.n = 0};
    begin_case(&s, id);
    struct desk_draft draft = draft_withdraw(id);
    paper_make(&s, &unknown, &draft);
    people_replace(&unknown.texts.move, "move withdraw", "move vanishes");
    CHECK_EQ(paper_hand_in(&s, id, &unknown, INTAKE_1, SLICE_EMPTY), DESK_NO_MOVE);
    paper_make(&s, &list, &draft);
    CHECK_EQ(desks_list(&s, ""), DESK_OK);
    CHECK_EQ(paper_hand_in(&s, id, &list, INTAKE_1, SLICE_EMPTY), DESK_OTHER_LIST);
    paper_make(&s, &office, &draft);
    next_office(&s, NULL, NULL);
    CHECK_EQ(paper_hand_in(&s, id, &office, INTAKE_1, SLICE_EMPTY), DESK_OTHER_OFFICE);
    CHECK_EQ(desks_state(&s, id), DESK_STATE_AUTHENTICATED);
    paper_free(&unknown);
    paper_free(&list);
    paper_free(&office);
    desks_end(&s);
}

/* Who classified it as intake is no reviewer of it, though they are one of other cases. */
TEST(a_person_has_one_role_in_a_case) {
    struct desks s;
    char id[DESK_ID];
    desks_begin(&s);
    next_office(&s, "person p01\nroles intake\n", "person p01\nroles intake policy\n");
    CHECK_EQ(desks_list(&s, ""), DESK_OK);
    desks_receive(&s, "a filing", id);
    desks_authenticated(&s, id, &desks_epoc);
    struct desk_draft draft = {
        .case_id = slice_str(id),
        .person = slice_str(people_ids[INTAKE_1]),
        .role = OFFICE_ROLE_POLICY,
        .move = DESK_MOVE_PRESERVE,
        .account = {OFFICE_BY_ID, slice_str("000102030405060708090a0b0c0d0e0f")},
        .until = desk_now() + TIME_DAY};
    struct desk_texts texts;
    CHECK_ERR(desk_compose(s.desk, &draft, &texts, &s.why), ERR_DENIED);
    CHECK_EQ(s.why.reason, DESK_OTHER_ROLE);
    desks_end(&s);
}

TEST(what_the_desk_does_by_itself_nobody_does_for_it) {
    struct desks s;
    char id[DESK_ID];
    begin_case(&s, id);
    for (int move = DESK_MOVE_RECEIVE; move <= DESK_MOVE_PURGE; move++)
        for (int person = 0; person < PEOPLE; person++)
            refused(&s,
                    &(struct desks_act){.id = id, .move = (enum desk_move)move, .person = person},
                    DESK_DESK_ALONE);
    desks_end(&s);
}

/* ---- What is not there ---- */

TEST(without_an_office_a_case_or_a_server_nothing_is_ordered) {
    struct desks s;
    char id[DESK_ID], folder[] = "/tmp/sotto-desk-XXXXXX", path[64];
    struct desk *empty;
    struct desk_texts texts;
    buf text = {0};
    begin_case(&s, id);
    CHECK(mkdtemp(folder) != NULL);
    CHECK_OK(desk_open(&empty, folder));
    people_office(&text, true, NULL);
    CHECK_ERR(desk_office_change(empty, buf_slice(&text), &s.why), ERR_DENIED);
    CHECK_EQ(s.why.reason, DESK_UNPINNED);
    desk_close(empty);
    (void)snprintf(path, sizeof path, "%s/desk.sqlite", folder);
    CHECK(unlink(path) == 0 && rmdir(folder) == 0);
    struct desk_draft draft = draft_withdraw("c-none");
    CHECK_ERR(desk_compose(s.desk, &draft, &texts, &s.why), ERR_DENIED);
    CHECK_EQ(s.why.reason, DESK_NO_CASE);
    CHECK_OK(desk_meta_number_set(s.desk->store, "server-number", 0));
    desks_again(&s);
    draft = draft_open(id);
    CHECK_ERR(desk_compose(s.desk, &draft, &texts, &s.why), ERR_DENIED);
    CHECK_EQ(s.why.reason, DESK_NO_SERVER);
    buf_free(&text);
    desks_end(&s);
}

/* A desk whose notice key is gone, or another's, tells no user anything. */
TEST(without_the_notice_key_there_is_no_notice) {
    static const struct desks_kind kind = {"de-court", "national", "subscriber",
                                           "ordinary", "DE",       "exists created"};
    struct desks s;
    char id[DESK_ID], path[96];
    uint8_t other[32] = {9};
    desks_begin(&s);
    desks_receive(&s, "a filing", id);
    desks_authenticated(&s, id, &kind);
    desks_cleared(&s, id, TWO_FIELDS);
    struct desks_act tell = {.id = id, .move = DESK_MOVE_NOTIFY, .person = POLICY};
    desks_do(&s, &tell);
    tell.person = LAW;
    tell.seconds = true;
    (void)snprintf(path, sizeof path, "%s/keys/notice", s.folder);
    CHECK(unlink(path) == 0);
    refused(&s, &tell, DESK_NO_NOTICE_KEY);
    CHECK_OK(sys_file_write(path, SLICE_ARRAY(other), 0600));
    refused(&s, &tell, DESK_NO_NOTICE_KEY);
    CHECK_OK(sys_file_write(path, slice_of(people_notice_seed, 32), 0600));
    desks_do(&s, &tell);
    CHECK_EQ(desks_state(&s, id), DESK_STATE_NOTIFIED);
    desks_end(&s);
}

/* ---- The desk's own database, edited by hand ---- */

TEST(what_was_edited_by_hand_is_no_ground_to_go_on) {
    static const struct {
        const char *what, *sql;
        enum desk_reason reason;
        enum office_reason office;
    } cases[] = {
        /* It says cleared: the order lacks what was never signed. */
        {"the state", "UPDATE cases SET state = 9, due = 0 WHERE id = ?", DESK_OFFICE,
         OFFICE_SIGNERS},
        {"the verdicts",
         "UPDATE seats SET verdict = 0, number = 1, beneficiary = 'DE' WHERE case_id = ?",
         DESK_STATE, OFFICE_OK},
        /* Who called back reviews it. */
        {"a reviewer",
         "UPDATE seats SET person = (SELECT person FROM moves WHERE move = 1"
         " AND case_id = seats.case_id) WHERE lens = 0 AND case_id = ?",
         DESK_INVARIANT, OFFICE_OK},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct desks s;
        char id[DESK_ID];
        begin_case(&s, id);
        desks_open_case(&s, id, TWO_FIELDS);
        CHECK_OK(desk_store_run(s.desk->store, cases[i].sql, "s", id));
        CHECK(desk_store_changed(s.desk->store) > 0);
        enum desk_reason r = cases[i].reason == DESK_INVARIANT
                                 ? desks_verdict(&s, id, DESK_LENS_LOCAL_LAW, "clear", "DE")
                                 : desks_release(&s, id, APPROVER);
        if (r != cases[i].reason || (r == DESK_OFFICE && s.why.office != cases[i].office))
            test_fail(__FILE__, __LINE__, "%s: %s", cases[i].what, desk_why_name(&s.why));
        CHECK(desks_state(&s, id) != DESK_STATE_RELEASED);
        desks_end(&s);
    }
}

TEST_MAIN
