#include "tests/test.h"

#include <stdio.h>

#include "base/codec.h"
#include "base/text.h"
#include "crypto/crypto.h"
#include <sys/wait.h>
#include <unistd.h>

#include "tests/desk/desks.h"

#define TWO_FIELDS (1u << HELD_FIELD_EXISTS | 1u << HELD_FIELD_CREATED)
#define SUSPENSION(jurisdiction)                  \
    "suspension s-1\njurisdictions " jurisdiction \
    "\nscope all\nwording Suspended.\nstart 2026-07-06T00:00:00Z\nreview 2026-10-01T00:00:00Z\n"

TEST(a_filing_becomes_a_case_whose_bytes_only_its_holders_read) {
    struct desks s;
    char id[DESK_ID];
    buf plain = {0};
    desks_begin(&s);
    desks_receive(&s, "We, the court of Beispielstadt, ask.", id);
    CHECK_EQ(desks_state(&s, id), DESK_STATE_RECEIVED);
    CHECK(desks_open(&s, id, AUDITOR, DESK_SEALED_FILING, 0, &plain));
    reader r = reader_of(buf_slice(&plain));
    slice channel, bytes;
    CHECK_OK(reader_vec(&r, &channel));
    CHECK_OK(reader_vec(&r, &bytes));
    CHECK_OK(reader_end(&r));
    CHECK_SLICE(bytes, slice_str("We, the court of Beispielstadt, ask."));
    /* An expert has no key, unless asked. */
    CHECK(!desks_open(&s, id, EXPERT_1, DESK_SEALED_FILING, 0, &plain));
    buf_free(&plain);
    desks_end(&s);
}

static bool find_task(void *ctx, const struct desk_task *t) {
    struct desk_task *found = ctx;
    if (t->kind == found->kind)
        *found = *t;
    return true;
}

/* The last one that is open; its id is 0 if none is. */
static struct desk_task open_task(struct desks *s, enum desk_task_kind kind) {
    struct desk_task t = {.kind = kind};
    CHECK_OK(desk_tasks_list(s->desk, 0, find_task, &t));
    return t;
}

/* The same, once the clock has been looked at. */
static struct desk_task task_of(struct desks *s, enum desk_task_kind kind) {
    CHECK_OK(desk_tick(s->desk, NULL, NULL, &s->why));
    return open_task(s, kind);
}

/* The one order that waits for the custodian, who opens it: of this case, and complete. */
static enum office_order_kind carried(struct desks *s, const char *id) {
    struct desk_task carry = open_task(s, DESK_TASK_CARRY);
    struct office_here here = {
        .office = desk_office(s->desk), .list = desk_list(s->desk), .now = desk_now()};
    struct office_order *order;
    buf text = {0};
    CHECK_SLICE(slice_str(carry.case_id), slice_str(id));
    CHECK(desk_server(s->desk, here.server, &here.server_number));
    CHECK(desks_open(s, id, CUSTODIAN, DESK_SEALED_ORDER, carry.number, &text));
    CHECK_EQ(office_order_check(&order, &here, buf_slice(&text), NULL), OFFICE_OK);
    CHECK_SLICE(order->case_id, slice_str(id));
    enum office_order_kind kind = order->kind;
    office_order_free(order);
    buf_free(&text);
    return kind;
}

static bool is_carried(struct desks *s) {
    return open_task(s, DESK_TASK_CARRY).id != 0;
}

TEST(a_picture_of_an_attachment_is_read_by_the_cases_holders) {
    struct desks s;
    char id[DESK_ID];
    buf plain = {0};
    desks_begin(&s);
    desks_receive(&s, "a filing", id);
    slice case_id = slice_str(id), png = slice_str("its points, as a PNG");
    CHECK_OK(desk_picture_put(s.desk, case_id, 2, 3, SLICE_EMPTY, png));
    CHECK_OK(desk_picture_put(s.desk, case_id, 3, 0, slice_str("it is broken"), SLICE_EMPTY));
    CHECK_ERR(desk_picture_put(s.desk, slice_str("c-none"), 1, 1, SLICE_EMPTY, png), ERR_NOT_FOUND);
    CHECK_ERR(desk_picture_put(s.desk, case_id, 1, DESK_PICTURE_PLACES, SLICE_EMPTY, png), ERR_BUG);
    CHECK(!desks_disk_has(&s, png));
    CHECK(desks_open(&s, id, LAW, DESK_SEALED_PICTURE, 2 * DESK_PICTURE_PLACES + 3, &plain));
    reader r = reader_of(buf_slice(&plain));
    slice note, bytes;
    CHECK_OK(reader_vec(&r, &note));
    CHECK_OK(reader_vec(&r, &bytes));
    CHECK_EQ(note.n, 0);
    CHECK_SLICE(bytes, png);
    CHECK(!desks_open(&s, id, EXPERT_1, DESK_SEALED_PICTURE, 3 * DESK_PICTURE_PLACES, &plain));
    buf_free(&plain);
    desks_end(&s);
}

TEST(an_ordinary_case_is_released_after_three_verdicts_and_the_approver) {
    struct desks s;
    char id[DESK_ID];
    desks_begin(&s);
    desks_receive(&s, "a filing", id);
    desks_authenticated(&s, id, &desks_epoc);
    CHECK_EQ(desks_state(&s, id), DESK_STATE_AUTHENTICATED);
    desks_cleared(&s, id, TWO_FIELDS);
    CHECK_EQ(desks_release(&s, id, APPROVER), DESK_OK);
    CHECK_EQ(desks_state(&s, id), DESK_STATE_RELEASED);
    /* The custodian finds the order that the server takes. */
    CHECK_EQ(carried(&s, id), OFFICE_ORDER_RELEASE);
    CHECK_EQ(desks_deliver(&s, id), DESK_OK);
    CHECK(!is_carried(&s));
    desks_do(&s, &(struct desks_act){.id = id, .move = DESK_MOVE_CLOSE, .person = INTAKE_1});
    CHECK_EQ(desks_state(&s, id), DESK_STATE_CLOSED);
    desks_end(&s);
}

/* ---- Helpers ---- */

static enum desk_reason act(struct desks *s, const char *id, enum desk_move move, int person) {
    return desks_act(s, &(struct desks_act){.id = id, .move = move, .person = person});
}

static enum desk_reason joins(struct desks *s, const char *id, enum desk_move move, int person) {
    return desks_act(
        s, &(struct desks_act){.id = id, .move = move, .person = person, .seconds = true});
}

static enum desk_reason grounded_on(struct desks *s, const char *id, enum desk_move move,
                                    int person, const char *ground) {
    char say[DESK_ID + 8];
    (void)snprintf(say, sizeof say, "ground %s", ground);
    return desks_act(s,
                     &(struct desks_act){.id = id, .move = move, .person = person, .says = {say}});
}

static enum desk_reason grounded(struct desks *s, const char *id, enum desk_move move, int person) {
    return grounded_on(s, id, move, person, "protected-activity");
}

static void begin_case(struct desks *s, char id[DESK_ID], const struct desks_kind *kind) {
    desks_begin(s);
    desks_receive(s, "a filing", id);
    desks_authenticated(s, id, kind);
}

static const struct desks_kind us = {"de-court", "us-2703d", "2703-d",
                                     "ordinary", "DE",       "exists created"},
                               emergency = {"de-court",  "eu-epoc", "subscriber",
                                            "emergency", "DE",      "exists created"},
                               for_hk = {"de-court", "eu-epoc", "subscriber",
                                         "ordinary", "HK",      "exists created"},
                               from_hk = {"hk-police", "national", "subscriber",
                                          "ordinary",  "HK",       "exists created"};

/* ---- Paths ---- */

static enum desk_reason after(struct desks *s, const char *id, enum desk_lens lens) {
    return desks_act(s, &(struct desks_act){.id = id,
                                            .move = DESK_MOVE_AFTER_VERDICT,
                                            .person = desks_reviewer(s, id, lens),
                                            .says = {"verdict block", "beneficiary DE",
                                                     "conflict no", "policy 1", "guidelines 1"}});
}

/* The next office, in which the person audits instead. */
static void lose_role(struct desks *s, int person) {
    static const struct signer who[] = {{APPROVER, true}, {POLICY, false}, {POLICY_DEPUTY, false}};
    char old[128], new[128];
    buf text = {0};
    const char *role = person == LAW ? "local-law" : "human-rights";
    (void)snprintf(old, sizeof old, "person %s\nroles %s\n", people_ids[person], role);
    (void)snprintf(new, sizeof new, "person %s\nroles auditor\n", people_ids[person]);
    people_office(&text, true, desk_office(s->desk));
    people_replace(&text, old, new);
    people_sign_all(&text, who, 3, UINT32_MAX);
    CHECK_OK(desk_office_change(s->desk, buf_slice(&text), &s->why));
    CHECK_EQ(desks_list(s, ""), DESK_OK);
    buf_free(&text);
}

/* The lens that was drawn of the two. */
static enum desk_lens drawn_lens(struct desks *s, const char *id) {
    struct desk_history h;
    CHECK_OK(desk_history_load(s->desk, slice_str(id), &h));
    CHECK_EQ(h.seat_count, 1);
    enum desk_lens lens = h.seats[0].lens;
    desk_history_free(&h);
    CHECK(lens == DESK_LENS_LOCAL_LAW || lens == DESK_LENS_HUMAN_RIGHTS);
    return lens;
}

static enum desk_lens release_emergency(struct desks *s, const char *id) {
    desks_open_case(s, id, TWO_FIELDS);
    enum desk_lens lens = drawn_lens(s, id);
    CHECK_EQ(desks_verdict(s, id, lens, "clear", "DE"), DESK_OK);
    CHECK_EQ(desks_state(s, id), DESK_STATE_CLEARED);
    CHECK_EQ(desks_release(s, id, APPROVER), DESK_UNFINISHED);
    CHECK_EQ(act(s, id, DESK_MOVE_SIGN_ORDER, INTAKE_1), DESK_OK);
    CHECK_EQ(desks_release(s, id, APPROVER), DESK_UNFINISHED);
    CHECK_EQ(act(s, id, DESK_MOVE_SIGN_ORDER, INTAKE_2), DESK_OK);
    CHECK_EQ(desks_release(s, id, APPROVER), DESK_OK);
    return lens;
}

static void emergency_is_released(bool gone) {
    struct desks s;
    char id[DESK_ID];
    begin_case(&s, id, &emergency);
    CHECK_EQ(desks_state(&s, id), DESK_STATE_AUTHENTICATED);
    enum desk_lens left = release_emergency(&s, id) == DESK_LENS_LOCAL_LAW ? DESK_LENS_HUMAN_RIGHTS
                                                                           : DESK_LENS_LOCAL_LAW;
    CHECK_EQ(desks_deliver(&s, id), DESK_OK);
    /* The lenses that were left out are asked within 72 hours, and answer however late it is. */
    CHECK_EQ(task_of(&s, DESK_TASK_AFTER_VERDICT).due,
             desks_case(&s, id).released + 72 * TIME_HOUR);
    CHECK_EQ(after(&s, id, DESK_LENS_POLICY), DESK_OK);
    desks_wait(&s, 73 * TIME_HOUR);
    CHECK_EQ(act(&s, id, DESK_MOVE_CLOSE, INTAKE_1), DESK_UNFINISHED);
    if (gone)
        lose_role(&s, desks_reviewer(&s, id, left));
    else
        CHECK_EQ(after(&s, id, left), DESK_OK);
    CHECK_EQ(act(&s, id, DESK_MOVE_CLOSE, INTAKE_1), DESK_OK);
    desks_end(&s);
}

TEST(an_emergency_takes_two_callers_one_lens_and_the_approver) {
    emergency_is_released(false);
}

/* Nobody waits for a lens whose reviewer can't answer any more. */
TEST(an_emergency_is_closed_without_a_reviewer_who_is_gone) {
    emergency_is_released(true);
}

TEST(a_rejected_case_can_be_compelled_by_three_and_then_needs_its_own_order) {
    struct desks s;
    char id[DESK_ID];
    begin_case(&s, id, &desks_epoc);
    desks_open_case(&s, id, TWO_FIELDS);
    CHECK_EQ(desks_verdict(&s, id, DESK_LENS_POLICY, "clear", "DE"), DESK_OK);
    CHECK_EQ(desks_verdict(&s, id, DESK_LENS_LOCAL_LAW, "clear", "DE"), DESK_OK);
    CHECK_EQ(desks_verdict(&s, id, DESK_LENS_HUMAN_RIGHTS, "block", "DE"), DESK_OK);
    CHECK_EQ(desks_case(&s, id).due, DESK_DUE_REJECT);
    CHECK_EQ(desks_release(&s, id, APPROVER), DESK_STATE);
    /* Only who blocked it, and the approver; and not twice the same. */
    CHECK_EQ(grounded(&s, id, DESK_MOVE_REJECT, POLICY), DESK_NOT_DRAWN);
    CHECK_EQ(grounded(&s, id, DESK_MOVE_REJECT, RIGHTS), DESK_OK);
    CHECK_EQ(joins(&s, id, DESK_MOVE_REJECT, RIGHTS), DESK_ACTED);
    CHECK_EQ(desks_state(&s, id), DESK_STATE_IN_REVIEW);
    CHECK_EQ(joins(&s, id, DESK_MOVE_REJECT, APPROVER), DESK_OK);
    CHECK_EQ(desks_state(&s, id), DESK_STATE_REJECTED);
    CHECK_EQ(grounded(&s, id, DESK_MOVE_COMPEL, APPROVER), DESK_OK);
    CHECK_EQ(joins(&s, id, DESK_MOVE_COMPEL, LAW), DESK_OK);
    CHECK_EQ(desks_state(&s, id), DESK_STATE_REJECTED);
    CHECK_EQ(joins(&s, id, DESK_MOVE_COMPEL, RIGHTS), DESK_OK);
    CHECK_EQ(desks_state(&s, id), DESK_STATE_COMPELLED);
    desks_open_case(&s, id, TWO_FIELDS);
    CHECK_EQ(desks_verdict(&s, id, DESK_LENS_LOCAL_LAW, "clear", "DE"), DESK_OK);
    CHECK_EQ(desks_verdict(&s, id, DESK_LENS_HUMAN_RIGHTS, "clear", "DE"), DESK_OK);
    CHECK_EQ(desks_release(&s, id, APPROVER), DESK_OK);
    desks_end(&s);
}

TEST(a_narrowed_order_has_fewer_fields_and_a_round_of_its_own) {
    struct desks s;
    char id[DESK_ID];
    begin_case(&s, id, &desks_epoc);
    desks_open_case(&s, id, TWO_FIELDS);
    CHECK_EQ(desks_verdict(&s, id, DESK_LENS_POLICY, "narrow", "DE"), DESK_OK);
    CHECK_EQ(desks_verdict(&s, id, DESK_LENS_LOCAL_LAW, "clear", "DE"), DESK_OK);
    CHECK_EQ(desks_verdict(&s, id, DESK_LENS_HUMAN_RIGHTS, "clear", "DE"), DESK_OK);
    CHECK_EQ(desks_state(&s, id), DESK_STATE_NARROWED);
    struct desks_act narrow = {
        .id = id, .move = DESK_MOVE_NARROW, .person = POLICY, .fields = TWO_FIELDS};
    CHECK_EQ(desks_act(&s, &narrow), DESK_NOT_NARROWER);
    narrow.fields = 1u << HELD_FIELD_SEEN;
    CHECK_EQ(desks_act(&s, &narrow), DESK_FIELDS);
    narrow.fields = 1u << HELD_FIELD_EXISTS;
    narrow.person = LAW;
    CHECK_EQ(desks_act(&s, &narrow), DESK_NOT_DRAWN);
    narrow.person = POLICY;
    CHECK_EQ(desks_act(&s, &narrow), DESK_OK);
    /* All three are void, those that were clear, too. */
    CHECK_EQ(desks_release(&s, id, APPROVER), DESK_STATE);
    for (int lens = 0; lens < DESK_LENS_COUNT; lens++)
        CHECK_EQ(desks_verdict(&s, id, (enum desk_lens)lens, "clear", "DE"), DESK_OK);
    CHECK_EQ(desks_release(&s, id, APPROVER), DESK_OK);
    CHECK_EQ(desks_case(&s, id).fields, 1u << HELD_FIELD_EXISTS);
    desks_end(&s);
}

TEST(experts_and_clarifications_lead_to_a_new_round) {
    struct desks s;
    char id[DESK_ID];
    begin_case(&s, id, &desks_epoc);
    desks_open_case(&s, id, TWO_FIELDS);
    CHECK_EQ(desks_verdict(&s, id, DESK_LENS_POLICY, "clarify", "DE"), DESK_OK);
    CHECK_EQ(desks_verdict(&s, id, DESK_LENS_LOCAL_LAW, "clear", "DE"), DESK_OK);
    CHECK_EQ(desks_verdict(&s, id, DESK_LENS_HUMAN_RIGHTS, "expert", "DE"), DESK_OK);
    CHECK_EQ(desks_state(&s, id), DESK_STATE_NEEDS_EXPERT);
    CHECK_EQ(act(&s, id, DESK_MOVE_OPINION, AUDITOR), DESK_ROLE);
    CHECK_EQ(act(&s, id, DESK_MOVE_OPINION, EXPERT_1), DESK_OK);
    CHECK_EQ(desks_case(&s, id).due, DESK_DUE_DRAFT);
    CHECK_EQ(desks_verdict(&s, id, DESK_LENS_POLICY, "clear", "DE"), DESK_DRAFT_DUE);
    struct desks_act renew = {
        .id = id, .move = DESK_MOVE_RENEW, .person = INTAKE_1, .fields = TWO_FIELDS};
    desks_do(&s, &renew);
    CHECK_EQ(desks_verdict(&s, id, DESK_LENS_POLICY, "clarify", "DE"), DESK_OK);
    CHECK_EQ(desks_verdict(&s, id, DESK_LENS_LOCAL_LAW, "clear", "DE"), DESK_OK);
    CHECK_EQ(desks_verdict(&s, id, DESK_LENS_HUMAN_RIGHTS, "clear", "DE"), DESK_OK);
    CHECK_EQ(desks_state(&s, id), DESK_STATE_NEEDS_CLARIFICATION);
    CHECK_EQ(act(&s, id, DESK_MOVE_CLARIFIED, INTAKE_1), DESK_OK);
    desks_do(&s, &renew);
    CHECK_EQ(desks_case(&s, id).round, 3);
    desks_end(&s);
}

static enum desk_reason objects(struct desks *s, const char *id, const uint8_t reference[32],
                                const char *text) {
    err e = desk_object(s->desk, slice_str(id), reference, slice_str(text), &s->why);
    CHECK(e == OK || e == ERR_DENIED);
    return e == OK ? DESK_OK : s->why.reason;
}

/* Of what the authority has, of what stands in the case, and of chance, nothing objects. */
static void nobody_else_objects(struct desks *s, const char *id) {
    struct desk_case c = desks_case(s, id), after;
    uint8_t other[32] = {1}, none[32] = {0};
    CHECK_EQ(objects(s, id, c.filing, "No."), DESK_OBJECTION);
    CHECK_EQ(objects(s, id, c.order, "No."), DESK_OBJECTION);
    CHECK_EQ(objects(s, id, c.head, "No."), DESK_OBJECTION);
    CHECK_EQ(objects(s, id, other, "No."), DESK_OBJECTION);
    CHECK_EQ(objects(s, id, none, "No."), DESK_OBJECTION);
    CHECK_EQ(objects(s, "c-none", other, "No."), DESK_OBJECTION);
    after = desks_case(s, id);
    CHECK_EQ(after.number, c.number);
}

/* The user's ten days, what they say, and a bar. */
TEST(a_user_is_told_ten_days_before_and_what_they_say_is_read) {
    struct desks s;
    char id[DESK_ID];
    begin_case(&s, id, &us);
    desks_cleared(&s, id, TWO_FIELDS);
    CHECK_EQ(desks_release(&s, id, APPROVER), DESK_NOTICE);
    CHECK_EQ(act(&s, id, DESK_MOVE_NOTIFY, POLICY), DESK_OK);
    CHECK_EQ(desks_state(&s, id), DESK_STATE_CLEARED);
    uint8_t notice[32];
    desks_notice(&s, id, notice);
    CHECK_EQ(objects(&s, id, notice, "Too early."), DESK_OBJECTION);
    CHECK_EQ(joins(&s, id, DESK_MOVE_NOTIFY, LAW), DESK_OK);
    CHECK_EQ(desks_state(&s, id), DESK_STATE_NOTIFIED);
    nobody_else_objects(&s, id);
    /* The notice that the server takes, with the office's word for the user. */
    CHECK_EQ(carried(&s, id), OFFICE_ORDER_NOTICE);
    /* From when the server has it. */
    desks_wait(&s, 2 * TIME_DAY);
    desks_notice_carried(&s, id);
    struct desks_act renew = {
        .id = id, .move = DESK_MOVE_RENEW, .person = INTAKE_1, .fields = TWO_FIELDS};
    desks_wait(&s, 9 * TIME_DAY);
    CHECK_EQ(desks_act(&s, &renew), DESK_NOTICE_RUNS);
    desks_wait(&s, TIME_DAY + TIME_HOUR);
    desks_do(&s, &renew);
    for (int lens = 0; lens < DESK_LENS_COUNT; lens++)
        CHECK_EQ(desks_verdict(&s, id, (enum desk_lens)lens, "clear", "DE"), DESK_OK);
    CHECK_EQ(desks_state(&s, id), DESK_STATE_CLEARED);
    /* What the user says now was not read: the round is void. */
    struct desk_case c = desks_case(&s, id);
    desks_wait(&s, TIME_MINUTE);
    CHECK_EQ(objects(&s, id, notice, "It was not me."), DESK_OK);
    CHECK_EQ(desks_state(&s, id), DESK_STATE_IN_REVIEW);
    buf text = {0};
    CHECK(desks_open(&s, id, RIGHTS, DESK_SEALED_OBJECTION, c.number + 1, &text));
    CHECK_SLICE(buf_slice(&text), slice_str("It was not me."));
    buf_free(&text);
    desks_wait(&s, TIME_MINUTE);
    desks_do(&s, &renew);
    /* They may say more while the authority is asked. */
    for (int lens = 0; lens < DESK_LENS_COUNT; lens++)
        CHECK_EQ(desks_verdict(&s, id, (enum desk_lens)lens, "clarify", "DE"), DESK_OK);
    for (int i = 1; i < DESK_OBJECTIONS_MAX; i++)
        CHECK_EQ(objects(&s, id, notice, "Ask them."), DESK_OK);
    CHECK_EQ(objects(&s, id, notice, "Ask them."), DESK_OBJECTION);
    CHECK_EQ(desks_state(&s, id), DESK_STATE_NEEDS_CLARIFICATION);
    CHECK_EQ(act(&s, id, DESK_MOVE_CLARIFIED, INTAKE_1), DESK_OK);
    desks_wait(&s, TIME_MINUTE);
    desks_do(&s, &renew);
    for (int lens = 0; lens < DESK_LENS_COUNT; lens++)
        CHECK_EQ(desks_verdict(&s, id, (enum desk_lens)lens, "clear", "DE"), DESK_OK);
    CHECK_EQ(desks_release(&s, id, APPROVER), DESK_OK);
    desks_end(&s);
}

static void order_hash(slice bytes, uint8_t hash[32]) {
    struct office_order *order;
    CHECK_EQ(office_order_load(&order, NULL, bytes, NULL), OFFICE_OK);
    memcpy(hash, order->document.hash, 32);
    office_order_free(order);
}

static err unseal(struct desks *s, const struct desk_task *t, int person, int key, buf *plain) {
    uint8_t private[32];
    people_seal_private(key, private);
    return desk_unseal(s->desk, slice_str(t->case_id), DESK_SEALED_ORDER, t->number,
                       slice_str(people_ids[person]), private, plain);
}

/* What the custodian brings back of a notice: its manifest, and no other. */
TEST(a_notice_that_was_carried_out_comes_back_as_its_manifest) {
    struct desks s;
    struct desks_manifest m;
    char id[DESK_ID];
    uint8_t other[32] = {1};
    buf text = {0}, read = {0};
    begin_case(&s, id, &us);
    desks_cleared(&s, id, TWO_FIELDS);
    CHECK_EQ(act(&s, id, DESK_MOVE_NOTIFY, POLICY), DESK_OK);
    CHECK(!is_carried(&s));
    CHECK_EQ(joins(&s, id, DESK_MOVE_NOTIFY, LAW), DESK_OK);
    struct desk_task t = open_task(&s, DESK_TASK_CARRY);
    CHECK_EQ(t.move, DESK_MOVE_NOTIFY);
    CHECK(desks_open(&s, id, CUSTODIAN, DESK_SEALED_ORDER, t.number, &text));
    /* The person's own program opens the same; nobody else's key does. */
    CHECK_OK(unseal(&s, &t, CUSTODIAN, CUSTODIAN, &read));
    CHECK_SLICE(buf_slice(&read), buf_slice(&text));
    CHECK_ERR(unseal(&s, &t, CUSTODIAN, POLICY, &read), ERR_CRYPTO);
    CHECK_ERR(unseal(&s, &t, EXPERT_1, EXPERT_1, &read), ERR_NOT_FOUND);
    CHECK_SLICE(buf_slice(&read), buf_slice(&text));
    uint8_t hash[32];
    order_hash(buf_slice(&text), hash);
    desks_manifest(&m, id, other, "");
    CHECK_ERR(desk_carry_done(s.desk, t.id, SLICE_EMPTY, slice_str(m.text), &s.why), ERR_DENIED);
    CHECK_EQ(s.why.reason, DESK_MANIFEST);
    desks_manifest(&m, "another-case", hash, "");
    CHECK_ERR(desk_carry_done(s.desk, t.id, SLICE_EMPTY, slice_str(m.text), &s.why), ERR_DENIED);
    desks_manifest(&m, id, hash, "");
    CHECK_ERR(desk_carry_done(s.desk, t.id + 1, SLICE_EMPTY, slice_str(m.text), &s.why),
              ERR_NOT_FOUND);
    CHECK_ERR(desk_carry_done(s.desk, t.id, slice_str("nobody"), slice_str(m.text), &s.why),
              ERR_DENIED);
    CHECK_ERR(desk_carry_done(s.desk, t.id, slice_str(people_ids[LAW]), slice_str(m.text), &s.why),
              ERR_DENIED);
    CHECK_EQ(s.why.reason, DESK_ROLE);
    CHECK_OK(
        desk_carry_done(s.desk, t.id, slice_str(people_ids[CUSTODIAN]), slice_str(m.text), &s.why));
    CHECK(!is_carried(&s));
    CHECK_ERR(desk_carry_done(s.desk, t.id, SLICE_EMPTY, slice_str(m.text), &s.why), ERR_NOT_FOUND);
    buf_clear(&text);
    CHECK(desks_open(&s, id, AUDITOR, DESK_SEALED_MANIFEST, 1, &text));
    CHECK_SLICE(buf_slice(&text), slice_str(m.text));
    buf_free(&text);
    buf_free(&read);
    desks_end(&s);
}

TEST(a_release_comes_back_by_the_move_deliver_alone_and_with_its_own_manifest) {
    struct desks s;
    struct desks_manifest m;
    char id[DESK_ID];
    uint8_t other[32] = {1};
    begin_case(&s, id, &desks_epoc);
    desks_cleared(&s, id, TWO_FIELDS);
    CHECK_EQ(desks_release(&s, id, APPROVER), DESK_OK);
    struct desk_task t = open_task(&s, DESK_TASK_CARRY);
    desks_manifest(&m, id, desks_case(&s, id).order, "");
    CHECK_ERR(desk_carry_done(s.desk, t.id, SLICE_EMPTY, slice_str(m.text), &s.why), ERR_DENIED);
    CHECK_EQ(s.why.reason, DESK_SIGNER);
    struct desks_act deliver = {
        .id = id, .move = DESK_MOVE_DELIVER, .person = CUSTODIAN, .says = {m.say}, .also = NULL};
    CHECK_EQ(desks_act(&s, &deliver), DESK_MANIFEST);
    deliver.also = "another text than what was signed";
    CHECK_EQ(desks_act(&s, &deliver), DESK_MANIFEST);
    desks_manifest(&m, id, other, "");
    deliver.also = m.text;
    CHECK_EQ(desks_act(&s, &deliver), DESK_MANIFEST);
    CHECK_EQ(desks_case(&s, id).delivered, 0);
    CHECK(is_carried(&s));
    CHECK_EQ(desks_deliver(&s, id), DESK_OK);
    CHECK(!is_carried(&s));
    desks_end(&s);
}

/* The word comes back, and those who can make the order anew have a task until they did. */
TEST(an_order_that_the_server_refused_is_a_task_until_it_is_made_anew) {
    struct desks s;
    char id[DESK_ID];
    begin_case(&s, id, &desks_epoc);
    desks_cleared(&s, id, TWO_FIELDS);
    CHECK_EQ(desks_release(&s, id, APPROVER), DESK_OK);
    struct desk_task t = open_task(&s, DESK_TASK_CARRY);
    CHECK_OK(desk_carry_refused(s.desk, t.id, OFFICE_SERVER_NUMBER));
    CHECK_ERR(desk_carry_refused(s.desk, t.id, OFFICE_SERVER_NUMBER), ERR_NOT_FOUND);
    CHECK(!is_carried(&s));
    struct desk_task refused = open_task(&s, DESK_TASK_REFUSED);
    CHECK_SLICE(slice_str(refused.reason), slice_str("SERVER_NUMBER"));
    CHECK_SLICE(slice_str(refused.case_id), slice_str(id));
    CHECK_EQ(refused.move, DESK_MOVE_RELEASE);
    CHECK_EQ(refused.number, t.number);
    CHECK_EQ(refused.roles, OFFICE_ROLE_INTAKE | OFFICE_ROLE_APPROVER);
    desks_wait(&s, 73 * TIME_HOUR);
    CHECK_OK(desk_tick(s.desk, NULL, NULL, &s.why));
    CHECK(open_task(&s, DESK_TASK_REFUSED).id != 0);
    desks_do(&s, &(struct desks_act){
                     .id = id, .move = DESK_MOVE_RENEW, .person = INTAKE_1, .fields = TWO_FIELDS});
    CHECK_OK(desk_tick(s.desk, NULL, NULL, &s.why));
    CHECK_EQ(open_task(&s, DESK_TASK_REFUSED).id, 0);
    desks_end(&s);
}

/* The user was not told: nothing is released on it, and it can be given anew. */
TEST(a_notice_that_the_server_refused_told_nobody) {
    struct desks s;
    char id[DESK_ID];
    struct desks_act renew = {
        .id = id, .move = DESK_MOVE_RENEW, .person = INTAKE_1, .fields = TWO_FIELDS};
    begin_case(&s, id, &us);
    desks_cleared(&s, id, TWO_FIELDS);
    CHECK_EQ(act(&s, id, DESK_MOVE_NOTIFY, POLICY), DESK_OK);
    CHECK_EQ(joins(&s, id, DESK_MOVE_NOTIFY, LAW), DESK_OK);
    CHECK_EQ(desks_act(&s, &renew), DESK_NOTICE_RUNS);
    /* An older store believed it. */
    CHECK_OK(desk_store_run(s.desk->store, "UPDATE cases SET told = notified", ""));
    CHECK_OK(desk_carry_refused(s.desk, open_task(&s, DESK_TASK_CARRY).id, OFFICE_SERVER_NUMBER));
    CHECK_EQ(desks_case(&s, id).notified, 0);
    CHECK_EQ(desks_case(&s, id).told, 0);
    CHECK_EQ(task_of(&s, DESK_TASK_NOTICE_OVER).id, 0);
    desks_wait(&s, 11 * TIME_DAY);
    desks_do(&s, &renew);
    for (int lens = 0; lens < DESK_LENS_COUNT; lens++)
        CHECK_EQ(desks_verdict(&s, id, (enum desk_lens)lens, "clear", "DE"), DESK_OK);
    CHECK_EQ(desks_release(&s, id, APPROVER), DESK_NOTICE);
    CHECK_EQ(act(&s, id, DESK_MOVE_NOTIFY, POLICY), DESK_OK);
    CHECK_EQ(joins(&s, id, DESK_MOVE_NOTIFY, LAW), DESK_OK);
    CHECK_EQ(task_of(&s, DESK_TASK_REFUSED).id, 0);
    CHECK_EQ(desks_case(&s, id).told, 0);
    /* What was carried out before told them. */
    CHECK_OK(desk_carry_refused(s.desk, open_task(&s, DESK_TASK_CARRY).id, OFFICE_CARRIED_OUT));
    CHECK(desks_case(&s, id).told != 0);
    desks_end(&s);
}

/* What nobody brought to the server in its time told nobody either. */
TEST(a_notice_that_nobody_carried_told_nobody) {
    struct desks s;
    char id[DESK_ID];
    struct desks_act renew = {
        .id = id, .move = DESK_MOVE_RENEW, .person = INTAKE_1, .fields = TWO_FIELDS};
    begin_case(&s, id, &us);
    desks_cleared(&s, id, TWO_FIELDS);
    CHECK_EQ(act(&s, id, DESK_MOVE_NOTIFY, POLICY), DESK_OK);
    CHECK_EQ(joins(&s, id, DESK_MOVE_NOTIFY, LAW), DESK_OK);
    desks_wait(&s, 2 * TIME_DAY);
    CHECK_EQ(task_of(&s, DESK_TASK_REFUSED).id, 0);
    CHECK_EQ(desks_act(&s, &renew), DESK_NOTICE_RUNS);
    desks_wait(&s, TIME_DAY + TIME_HOUR);
    struct desk_task t = task_of(&s, DESK_TASK_REFUSED);
    CHECK_EQ(t.move, DESK_MOVE_NOTIFY);
    CHECK_SLICE(slice_str(t.reason), slice_str("EXPIRED"));
    CHECK_EQ(desks_case(&s, id).notified, 0);
    CHECK(!is_carried(&s));
    desks_do(&s, &renew);
    for (int lens = 0; lens < DESK_LENS_COUNT; lens++)
        CHECK_EQ(desks_verdict(&s, id, (enum desk_lens)lens, "clear", "DE"), DESK_OK);
    CHECK_EQ(desks_release(&s, id, APPROVER), DESK_NOTICE);
    CHECK_EQ(act(&s, id, DESK_MOVE_NOTIFY, POLICY), DESK_OK);
    CHECK_EQ(joins(&s, id, DESK_MOVE_NOTIFY, LAW), DESK_OK);
    desks_notice_carried(&s, id);
    CHECK(desks_case(&s, id).told != 0);
    desks_end(&s);
}

TEST(a_notice_that_was_carried_stays_given) {
    struct desks s;
    char id[DESK_ID];
    begin_case(&s, id, &us);
    desks_cleared(&s, id, TWO_FIELDS);
    CHECK_EQ(act(&s, id, DESK_MOVE_NOTIFY, POLICY), DESK_OK);
    CHECK_EQ(joins(&s, id, DESK_MOVE_NOTIFY, LAW), DESK_OK);
    desks_notice_carried(&s, id);
    desks_wait(&s, 11 * TIME_DAY);
    CHECK_EQ(task_of(&s, DESK_TASK_REFUSED).id, 0);
    CHECK(desks_case(&s, id).notified != 0);
    desks_end(&s);
}

/* It would be void at the server, too, as soon as it has the list. */
TEST(an_order_of_a_case_that_is_held_since_is_not_to_be_carried) {
    struct desks s;
    char id[DESK_ID];
    begin_case(&s, id, &desks_epoc);
    desks_cleared(&s, id, TWO_FIELDS);
    CHECK_EQ(desks_release(&s, id, APPROVER), DESK_OK);
    CHECK(is_carried(&s));
    CHECK_EQ(desks_list(&s, SUSPENSION("DE")), DESK_OK);
    CHECK(!is_carried(&s));
    desks_end(&s);
}

/* By the rule of the regime: where the authority informs, nobody is asked to break the silence. */
TEST(who_is_told_after_a_release_is_a_task_of_its_regime) {
    struct desks s;
    char id[DESK_ID];
    begin_case(&s, id, &desks_epoc);
    desks_cleared(&s, id, TWO_FIELDS);
    CHECK_EQ(desks_release(&s, id, APPROVER), DESK_OK);
    desks_wait(&s, 30 * TIME_DAY);
    CHECK_EQ(task_of(&s, DESK_TASK_LATE_NOTICE).id, 0);
    CHECK_EQ(act(&s, id, DESK_MOVE_LATE_NOTICE, POLICY), DESK_NOT_NEEDED);
    desks_end(&s);
    static const struct desks_kind after = {"de-court",  "emergency", "emergency",
                                            "emergency", "DE",        "exists created"};
    begin_case(&s, id, &after);
    release_emergency(&s, id);
    struct desk_task told = task_of(&s, DESK_TASK_LATE_NOTICE);
    CHECK_EQ(told.due, desks_case(&s, id).released + 10 * TIME_DAY);
    CHECK_EQ(act(&s, id, DESK_MOVE_LATE_NOTICE, POLICY), DESK_OK);
    CHECK_EQ(joins(&s, id, DESK_MOVE_LATE_NOTICE, LAW), DESK_OK);
    CHECK_EQ(task_of(&s, DESK_TASK_LATE_NOTICE).id, 0);
    desks_end(&s);
}

TEST(a_bar_takes_two_signatures_an_end_and_is_told_later) {
    struct desks s;
    char id[DESK_ID], until[OFFICE_TIME_TEXT], say[64];
    begin_case(&s, id, &us);
    desks_cleared(&s, id, TWO_FIELDS);
    struct desks_act bar = {
        .id = id, .move = DESK_MOVE_BAR, .person = POLICY, .says = {say, "document abc"}};
    office_time_write(desk_now() + 400 * TIME_DAY, until);
    (void)snprintf(say, sizeof say, "until %s", until);
    CHECK_EQ(desks_act(&s, &bar), DESK_TERM);
    office_time_write(desk_now() + 2 * TIME_DAY, until);
    (void)snprintf(say, sizeof say, "until %s", until);
    CHECK_EQ(desks_act(&s, &bar), DESK_OK);
    CHECK_EQ(desks_release(&s, id, APPROVER), DESK_NOTICE);
    CHECK_EQ(joins(&s, id, DESK_MOVE_BAR, LAW), DESK_OK);
    CHECK_EQ(desks_release(&s, id, APPROVER), DESK_OK);
    CHECK_EQ(act(&s, id, DESK_MOVE_LATE_NOTICE, POLICY), DESK_TERM);
    CHECK_EQ(desks_deliver(&s, id), DESK_OK);
    CHECK_EQ(act(&s, id, DESK_MOVE_CLOSE, INTAKE_1), DESK_NOTICE);
    desks_wait(&s, TIME_DAY);
    CHECK_EQ(task_of(&s, DESK_TASK_LATE_NOTICE).id, 0);
    CHECK_EQ(task_of(&s, DESK_TASK_BAR_ENDS).id, 0);
    desks_wait(&s, TIME_DAY + TIME_HOUR);
    CHECK_EQ(task_of(&s, DESK_TASK_LATE_NOTICE).due, desks_case(&s, id).bar_until);
    CHECK(task_of(&s, DESK_TASK_BAR_ENDS).id != 0);
    CHECK_EQ(act(&s, id, DESK_MOVE_LATE_NOTICE, POLICY), DESK_OK);
    uint8_t notice[32];
    desks_notice(&s, id, notice);
    CHECK_EQ(objects(&s, id, notice, "Too early."), DESK_OBJECTION);
    CHECK_EQ(joins(&s, id, DESK_MOVE_LATE_NOTICE, LAW), DESK_OK);
    CHECK_EQ(task_of(&s, DESK_TASK_LATE_NOTICE).id, 0);
    nobody_else_objects(&s, id);
    /* What is said after the release is kept and changes nothing: there is nothing left to stop. */
    CHECK_EQ(objects(&s, id, notice, "You were misled."), DESK_OK);
    CHECK_EQ(desks_state(&s, id), DESK_STATE_RELEASED);
    CHECK_EQ(desks_case(&s, id).objected, 0);
    CHECK_EQ(act(&s, id, DESK_MOVE_CLOSE, INTAKE_1), DESK_NOTICE);
    desks_notice_carried(&s, id);
    CHECK_EQ(act(&s, id, DESK_MOVE_CLOSE, INTAKE_1), DESK_OK);
    CHECK_EQ(objects(&s, id, notice, "Too late."), DESK_OBJECTION);
    desks_end(&s);
}

/* What begins again is told again, late as well. */
TEST(a_case_that_was_told_late_and_held_begins_again_untold) {
    struct desks s;
    char id[DESK_ID];
    bool more;
    begin_case(&s, id, &us);
    desks_cleared(&s, id, TWO_FIELDS);
    CHECK_OK(desk_store_run(s.desk->store,
                            "UPDATE cases SET state = ?, hold = ?, released = 1, told_late = 1,"
                            " told = 1",
                            "ii", (uint64_t)DESK_STATE_HELD, (uint64_t)DESK_HOLD_SUSPENDED));
    CHECK_OK(desk_settle_begin(s.desk));
    CHECK_OK(desk_settle_more(s.desk, &more));
    CHECK_EQ(desks_state(&s, id), DESK_STATE_RECEIVED);
    CHECK_EQ(desks_case(&s, id).told_late, 0);
    CHECK_EQ(desks_case(&s, id).told, 0);
    desks_end(&s);
}

TEST(where_nothing_can_bar_the_notice_no_bar_is_taken) {
    static const struct desks_kind civil = {"de-court", "civil", "record",
                                            "ordinary", "DE",    "exists created"};
    struct desks s;
    char id[DESK_ID], until[OFFICE_TIME_TEXT], say[64];
    begin_case(&s, id, &civil);
    desks_cleared(&s, id, TWO_FIELDS);
    office_time_write(desk_now() + TIME_DAY, until);
    (void)snprintf(say, sizeof say, "until %s", until);
    CHECK_EQ(desks_act(&s, &(struct desks_act){.id = id,
                                               .move = DESK_MOVE_BAR,
                                               .person = POLICY,
                                               .says = {say, "document abc"}}),
             DESK_TERM);
    CHECK_EQ(desks_release(&s, id, APPROVER), DESK_NOTICE);
    desks_end(&s);
}

static struct desks_act demanding(const char *id) {
    return (struct desks_act){.id = id,
                              .move = DESK_MOVE_CLASSIFY,
                              .person = INTAKE_1,
                              .says = {"kind demand", "path ordinary", "authority de-court",
                                       "regime other", "category weakening", "beneficiary DE",
                                       "process technical-demand", "accounts 1"}};
}

TEST(a_process_and_a_ground_are_of_those_that_the_report_counts) {
    struct desks s;
    char id[DESK_ID];
    desks_begin(&s);
    desks_receive(&s, "a filing", id);
    struct desks_act classify = demanding(id);
    classify.says[6] = "process letter";
    CHECK_EQ(desks_act(&s, &classify), DESK_NO_REGIME);
    classify.says[6] = "process technical-demand";
    desks_do(&s, &classify);
    CHECK_EQ(grounded_on(&s, id, DESK_MOVE_REJECT, INTAKE_1, "h5"), DESK_FACT);
    CHECK_EQ(grounded_on(&s, id, DESK_MOVE_REJECT, INTAKE_1, "change-of-software"), DESK_OK);
    desks_end(&s);
}

/* Live data, access, changes of the software, removal, blocking: each is a kind, whatever process
 * it comes by, and ends on its own ground. */
TEST(a_demand_is_of_a_kind_and_rejected_on_its_ground) {
    struct desks s;
    char id[DESK_ID];
    desks_begin(&s);
    desks_receive(&s, "a filing", id);
    struct desks_act classify = demanding(id);
    classify.says[0] = "kind produce";
    classify.says[6] = "process pen-register";
    classify.says[8] = "fields exists";
    CHECK_EQ(desks_act(&s, &classify), DESK_NOT_EXECUTABLE);
    classify.says[0] = "kind demand";
    classify.says[4] = "category subscriber";
    CHECK_EQ(desks_act(&s, &classify), DESK_DEMAND);
    classify.says[4] = "category traffic-stream";
    desks_do(&s, &classify);
    CHECK_EQ(grounded_on(&s, id, DESK_MOVE_NOT_HELD, INTAKE_1, "not-held"), DESK_NOT_EXECUTABLE);
    CHECK_EQ(grounded_on(&s, id, DESK_MOVE_REJECT, INTAKE_1, "change-of-software"), DESK_GROUND);
    CHECK_EQ(grounded_on(&s, id, DESK_MOVE_REJECT, INTAKE_1, "live-data"), DESK_OK);
    CHECK_EQ(joins(&s, id, DESK_MOVE_REJECT, APPROVER), DESK_OK);
    CHECK_EQ(desks_state(&s, id), DESK_STATE_REJECTED);
    CHECK(strcmp(desks_case(&s, id).category, "traffic-stream") == 0);
    desks_end(&s);
}

TEST(what_is_not_held_is_so_on_a_ground_that_says_it) {
    struct desks s;
    char id[DESK_ID];
    begin_case(&s, id, &desks_epoc);
    CHECK_EQ(grounded(&s, id, DESK_MOVE_NOT_HELD, INTAKE_1), DESK_GROUND);
    CHECK_EQ(grounded_on(&s, id, DESK_MOVE_NOT_HELD, INTAKE_1, "no-such-identifier"), DESK_OK);
    CHECK_EQ(joins(&s, id, DESK_MOVE_NOT_HELD, APPROVER), DESK_OK);
    CHECK_EQ(desks_state(&s, id), DESK_STATE_NOT_HELD);
    desks_end(&s);
}

/* A demand that intake has classified, to be rejected. */
static void demanded(struct desks *s, char id[DESK_ID]) {
    desks_receive(s, "a filing", id);
    struct desks_act classify = demanding(id);
    desks_do(s, &classify);
}

/* Of a case that is held, too: it is acknowledged, and stays where it is. */
TEST(a_letter_is_signed_with_its_case_and_moves_nothing) {
    struct desks s;
    char id[DESK_ID], say[DESKS_SAY];
    buf letter = {0};
    begin_case(&s, id, &desks_epoc);
    struct desks_act write = {.id = id,
                              .move = DESK_MOVE_WRITE,
                              .person = INTAKE_1,
                              .says = {"template nobody-in-time"},
                              .also = "To the court.\nNobody can act in time.\n"};
    CHECK_EQ(desks_act(&s, &write), DESK_FACTS);
    desks_say_hash(say, "letter", "another letter");
    write.says[1] = say;
    CHECK_EQ(desks_act(&s, &write), DESK_LETTER);
    desks_say_hash(say, "letter", write.also);
    write.says[0] = "template A letter";
    CHECK_EQ(desks_act(&s, &write), DESK_FACT);
    write.says[0] = say;
    write.says[1] = NULL;
    CHECK_EQ(desks_act(&s, &write), DESK_FACTS);
    write.says[1] = "template nobody-in-time";
    write.person = POLICY;
    CHECK_EQ(desks_act(&s, &write), DESK_ROLE);
    write.person = APPROVER;
    CHECK_EQ(desks_act(&s, &write), DESK_OK);
    CHECK_EQ(desks_state(&s, id), DESK_STATE_AUTHENTICATED);
    CHECK(desks_open(&s, id, INTAKE_2, DESK_SEALED_LETTER, 1, &letter));
    CHECK_SLICE(buf_slice(&letter), slice_str(write.also));
    buf_clear(&letter);
    desks_open_case(&s, id, TWO_FIELDS);
    CHECK_EQ(desks_verdict(&s, id, DESK_LENS_POLICY, "clear", "DE"), DESK_OK);
    CHECK_EQ(desks_act(&s, &write), DESK_OK);
    CHECK_EQ(desks_verdict(&s, id, DESK_LENS_LOCAL_LAW, "clear", "DE"), DESK_OK);
    CHECK_EQ(desks_verdict(&s, id, DESK_LENS_HUMAN_RIGHTS, "clear", "HK"), DESK_OK);
    CHECK_EQ(desks_state(&s, id), DESK_STATE_HELD);
    uint64_t since = desks_case(&s, id).since;
    desks_wait(&s, TIME_MINUTE);
    CHECK_EQ(desks_act(&s, &write), DESK_OK);
    CHECK_EQ(desks_state(&s, id), DESK_STATE_HELD);
    CHECK_EQ(desks_case(&s, id).since, since);
    buf_free(&letter);
    desks_end(&s);
}

TEST(no_letter_goes_out_with_a_placeholder) {
    struct desks s;
    char id[DESK_ID];
    desks_begin(&s);
    demanded(&s, id);
    struct desks_act reject = {.id = id,
                               .move = DESK_MOVE_REJECT,
                               .person = INTAKE_1,
                               .says = {"ground change-of-software"},
                               .also = "To the court.\nYour reference: {reference}.\n"};
    uint64_t number = desks_case(&s, id).number;
    CHECK_EQ(desks_act(&s, &reject), DESK_UNFILLED);
    CHECK_EQ(desks_case(&s, id).number, number);
    char say[DESKS_SAY];
    reject.also = "To the court.\nYour reference: {12} {.\n";
    desks_say_hash(say, "letter", reject.also);
    reject.says[1] = say;
    CHECK_EQ(desks_act(&s, &reject), DESK_OK);
    desks_end(&s);
}

TEST(a_letter_is_the_one_that_was_signed) {
    static const char text[] = "To the court.\nWe can't do this.\n";
    struct desks s;
    char id[DESK_ID], say[DESKS_SAY];
    desks_begin(&s);
    demanded(&s, id);
    struct desks_act reject = {.id = id,
                               .move = DESK_MOVE_REJECT,
                               .person = INTAKE_1,
                               .says = {"ground change-of-software"},
                               .also = text};
    uint64_t number = desks_case(&s, id).number;
    CHECK_EQ(desks_act(&s, &reject), DESK_LETTER); /* that nobody signed */
    desks_say_hash(say, "letter", text);
    reject.says[1] = say;
    reject.also = "To the court.\nWe will do this.\n";
    CHECK_EQ(desks_act(&s, &reject), DESK_LETTER);
    reject.also = NULL;
    CHECK_EQ(desks_act(&s, &reject), DESK_LETTER);
    reject.also = text;
    reject.says[2] = say;
    CHECK_EQ(desks_act(&s, &reject), DESK_LETTER);
    CHECK_EQ(desks_case(&s, id).number, number);
    reject.says[2] = NULL;
    CHECK_EQ(desks_act(&s, &reject), DESK_OK);
    CHECK_EQ(joins(&s, id, DESK_MOVE_REJECT, APPROVER), DESK_OK);
    buf letter = {0};
    CHECK(desks_open(&s, id, APPROVER, DESK_SEALED_LETTER, 1, &letter));
    CHECK_SLICE(buf_slice(&letter), slice_str(text));
    buf_free(&letter);
    desks_end(&s);
}

TEST(no_notice_tells_a_user_a_placeholder) {
    struct desks s;
    char id[DESK_ID];
    struct desk_texts texts;
    buf before = {0};
    begin_case(&s, id, &us);
    desks_cleared(&s, id, TWO_FIELDS);
    CHECK(desks_order(&s, id, LAW, &before));
    slice wording[] = {slice_str("A court asked."), slice_str("On {until} we give it.")};
    struct desk_draft draft = {.case_id = slice_str(id),
                               .person = slice_str(people_ids[LAW]),
                               .move = DESK_MOVE_NOTIFY,
                               .before = buf_slice(&before),
                               .wording = wording,
                               .wording_count = 2};
    CHECK_ERR(desk_compose(s.desk, &draft, &texts, &s.why), ERR_DENIED);
    CHECK_EQ(s.why.reason, DESK_UNFILLED);
    draft.wording_count = 1;
    CHECK_OK(desk_compose(s.desk, &draft, &texts, &s.why));
    buf_free(&texts.move);
    buf_free(&texts.order);
    buf_free(&before);
    desks_end(&s);
}

/* Whatever was asked for: a field is released to an order for its own category alone. */
TEST(an_order_for_one_category_is_none_for_a_field_of_another) {
    enum {
        EXISTS = 1 << HELD_FIELD_EXISTS,
        CREATED = 1 << HELD_FIELD_CREATED,
        SEEN = 1 << HELD_FIELD_SEEN,
        DEVICES = 1 << HELD_FIELD_DEVICES,
        ITEMS = 1 << HELD_FIELD_ITEMS,
        BYTES = 1 << HELD_FIELD_BYTES
    };
#define ALL "exists created seen devices items bytes"
    static const struct {
        struct desks_kind kind;
        uint32_t fields; /* of the category; the others are refused */
    } cases[] = {
        {{"de-court", "eu-epoc", "subscriber", "ordinary", "DE", ALL}, EXISTS | CREATED},
        {{"de-court", "eu-epoc", "traffic", "ordinary", "DE", ALL}, SEEN | ITEMS | BYTES},
        {{"de-court", "us-subpoena", "2703-c-2", "ordinary", "DE", ALL}, EXISTS | CREATED | SEEN},
        {{"de-court", "us-2703d", "2703-d", "ordinary", "DE", ALL},
         EXISTS | CREATED | SEEN | DEVICES | ITEMS | BYTES},
        {{"de-court", "us-nsl", "2709-b", "ordinary", "DE", ALL}, EXISTS | CREATED},
        {{"de-court", "mlat", "traffic", "ordinary", "DE", ALL}, SEEN | DEVICES | ITEMS | BYTES},
    };
#undef ALL
    struct desks s;
    desks_begin(&s);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char id[DESK_ID], filing[] = "filing 0";
        filing[sizeof filing - 2] = (char)('0' + i);
        desks_receive(&s, filing, id);
        desks_authenticated(&s, id, &cases[i].kind);
        struct desks_act open = {.id = id, .move = DESK_MOVE_OPEN, .person = INTAKE_1};
        for (int field = 0; field < DESK_FIELD_COUNT; field++) {
            open.fields = cases[i].fields | 1U << field;
            if (open.fields != cases[i].fields)
                CHECK_EQ(desks_act(&s, &open), DESK_CATEGORY);
        }
        open.fields = cases[i].fields;
        CHECK_EQ(desks_act(&s, &open), DESK_OK);
    }
    desks_end(&s);
}

/* What nothing can be ordered under, and what counsel has not classified, is no category. */
TEST(a_category_that_cannot_be_ordered_blocks) {
    static const char *const kinds[][2] = {{"regime us-subpoena", "category 2703-d"},
                                           {"regime us-nsl", "category excluded"},
                                           {"regime eu-epoc", "category unknown"},
                                           {"regime eu-epoc", "category 2703-d"},
                                           {"regime other", "category unknown"}};
    struct desks s;
    char id[DESK_ID];
    desks_begin(&s);
    desks_receive(&s, "a filing", id);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        CHECK_EQ(desks_act(&s, &(struct desks_act){.id = id,
                                                   .move = DESK_MOVE_CLASSIFY,
                                                   .person = INTAKE_1,
                                                   .says = {"kind produce", "path ordinary",
                                                            "authority de-court", kinds[i][0],
                                                            kinds[i][1], "beneficiary DE",
                                                            "process national-order", "accounts 1",
                                                            "fields exists devices"}}),
                 DESK_NO_REGIME);
    desks_end(&s);
}

TEST(a_preservation_takes_policy_and_local_law) {
    struct desks s;
    char id[DESK_ID];
    begin_case(&s, id, &desks_epoc);
    CHECK_EQ(act(&s, id, DESK_MOVE_PRESERVE, RIGHTS), DESK_ROLE);
    CHECK_EQ(act(&s, id, DESK_MOVE_PRESERVE, POLICY), DESK_OK);
    CHECK_EQ(desks_case(&s, id).preserved_until, 0);
    CHECK_EQ(joins(&s, id, DESK_MOVE_PRESERVE, POLICY_DEPUTY), DESK_ROLE);
    CHECK_EQ(joins(&s, id, DESK_MOVE_PRESERVE, LAW), DESK_OK);
    CHECK(desks_case(&s, id).preserved_until > desk_now());
    desks_end(&s);
}

static struct desks_act classify_as(const char *id, const char *kind, const char *regime) {
    return (struct desks_act){.id = id,
                              .move = DESK_MOVE_CLASSIFY,
                              .person = INTAKE_1,
                              .says = {kind, "path ordinary", "authority de-court", regime,
                                       "category subscriber", "beneficiary DE",
                                       "fields exists created", "process national-order",
                                       "accounts 1"}};
}

/* It is not reviewed: who would keep it says why not. */
TEST(a_preservation_is_rejected_by_a_reviewer_and_the_approver) {
    struct desks s;
    char id[DESK_ID];
    desks_begin(&s);
    desks_receive(&s, "a filing", id);
    struct desks_act classify = classify_as(id, "kind preserve", "regime eu-epoc-pr");
    struct desks_act call = {
        .id = id,
        .move = DESK_MOVE_CALL_BACK,
        .person = INTAKE_2,
        .says = {"number +49 30 000000", "checklists 1", "a1 yes", "a2 yes", "a3 yes", "a4 yes"}};
    desks_do(&s, &classify);
    CHECK_EQ(grounded(&s, id, DESK_MOVE_REJECT, LAW), DESK_STATE);
    desks_do(&s, &call);
    CHECK_EQ(grounded_on(&s, id, DESK_MOVE_REJECT, INTAKE_1, "not-competent"), DESK_ROLE);
    CHECK_EQ(grounded_on(&s, id, DESK_MOVE_REJECT, LAW, "not-competent"), DESK_OK);
    CHECK_EQ(joins(&s, id, DESK_MOVE_REJECT, APPROVER), DESK_OK);
    CHECK_EQ(desks_state(&s, id), DESK_STATE_REJECTED);
    desks_end(&s);
}

TEST(forged_takes_a_second_person_to_be_closed) {
    struct desks s;
    char id[DESK_ID];
    begin_case(&s, id, &desks_epoc);
    CHECK_EQ(act(&s, id, DESK_MOVE_FORGE, INTAKE_1), DESK_OK);
    CHECK_EQ(act(&s, id, DESK_MOVE_CLOSE, INTAKE_1), DESK_UNFINISHED);
    CHECK_EQ(act(&s, id, DESK_MOVE_CONFIRM_FORGED, INTAKE_1), DESK_ACTED);
    CHECK_EQ(act(&s, id, DESK_MOVE_CONFIRM_FORGED, INTAKE_2), DESK_OK);
    CHECK_EQ(act(&s, id, DESK_MOVE_CLOSE, INTAKE_1), DESK_OK);
    desks_end(&s);
}

/* ---- Queues ---- */

#define INTAKES OFFICE_ROLE_INTAKE
#define REVIEWERS (OFFICE_ROLE_POLICY | OFFICE_ROLE_LOCAL_LAW | OFFICE_ROLE_HUMAN_RIGHTS)

TEST(a_case_waits_for_those_who_can_bring_it_further) {
    struct desks s;
    char id[DESK_ID];
    struct desks_act call = {
        .id = id,
        .move = DESK_MOVE_CALL_BACK,
        .person = INTAKE_2,
        .says = {"number +49 30 000000", "checklists 1", "a1 yes", "a2 yes", "a3 yes", "a4 yes"}};
    begin_case(&s, id, &desks_epoc);
    CHECK_EQ(desks_case(&s, id).waits, INTAKES);
    desks_open_case(&s, id, TWO_FIELDS);
    CHECK_EQ(desks_case(&s, id).waits, REVIEWERS);
    CHECK_EQ(desks_verdict(&s, id, DESK_LENS_POLICY, "clear", "DE"), DESK_OK);
    CHECK_EQ(desks_case(&s, id).waits, REVIEWERS & ~(uint32_t)OFFICE_ROLE_POLICY);
    CHECK_EQ(desks_verdict(&s, id, DESK_LENS_LOCAL_LAW, "clear", "DE"), DESK_OK);
    CHECK_EQ(desks_verdict(&s, id, DESK_LENS_HUMAN_RIGHTS, "clear", "DE"), DESK_OK);
    CHECK((desks_case(&s, id).waits & OFFICE_ROLE_APPROVER) != 0);
    CHECK_EQ(desks_release(&s, id, APPROVER), DESK_OK);
    CHECK_EQ(desks_case(&s, id).waits, INTAKES | OFFICE_ROLE_CUSTODIAN);
    CHECK_EQ(desks_deliver(&s, id), DESK_OK);
    CHECK_EQ(desks_case(&s, id).waits, INTAKES);
    /* One that nobody read; one that asks to preserve; one that can only be rejected. */
    desks_receive(&s, "another", id);
    CHECK_EQ(desks_case(&s, id).waits, INTAKES);
    struct desks_act preserve = classify_as(id, "kind preserve", "regime eu-epoc-pr");
    desks_do(&s, &preserve);
    CHECK_EQ(desks_case(&s, id).waits, INTAKES | OFFICE_ROLE_POLICY);
    desks_do(&s, &call);
    CHECK_EQ(desks_case(&s, id).waits, OFFICE_ROLE_POLICY | OFFICE_ROLE_LOCAL_LAW);
    CHECK_EQ(act(&s, id, DESK_MOVE_PRESERVE, POLICY), DESK_OK);
    CHECK_EQ(joins(&s, id, DESK_MOVE_PRESERVE, LAW), DESK_OK);
    CHECK_EQ(desks_case(&s, id).waits, INTAKES);
    CHECK_EQ(act(&s, id, DESK_MOVE_CLOSE, INTAKE_1), DESK_OK);
    desks_receive(&s, "a third", id);
    struct desks_act demand = demanding(id);
    desks_do(&s, &demand);
    CHECK_EQ(desks_case(&s, id).waits, INTAKES | OFFICE_ROLE_APPROVER);
    CHECK_EQ(act(&s, id, DESK_MOVE_OPEN, INTAKE_1), DESK_STATE);
    desks_do(&s, &call);
    CHECK_EQ(desks_case(&s, id).waits, INTAKES | OFFICE_ROLE_APPROVER);
    CHECK_EQ(grounded_on(&s, id, DESK_MOVE_REJECT, INTAKE_1, "change-of-software"), DESK_OK);
    CHECK_EQ(joins(&s, id, DESK_MOVE_REJECT, APPROVER), DESK_OK);
    desks_end(&s);
}

/* Of three reviewers, the one who asked for it. */
TEST(what_a_reviewer_asked_for_waits_for_that_reviewer) {
    struct desks s;
    char id[DESK_ID];
    begin_case(&s, id, &desks_epoc);
    desks_open_case(&s, id, TWO_FIELDS);
    CHECK_EQ(desks_verdict(&s, id, DESK_LENS_POLICY, "clear", "DE"), DESK_OK);
    CHECK_EQ(desks_verdict(&s, id, DESK_LENS_LOCAL_LAW, "narrow", "DE"), DESK_OK);
    CHECK_EQ(desks_verdict(&s, id, DESK_LENS_HUMAN_RIGHTS, "clear", "DE"), DESK_OK);
    CHECK_EQ(desks_case(&s, id).waits, OFFICE_ROLE_LOCAL_LAW);
    desks_receive(&s, "another", id);
    desks_authenticated(&s, id, &desks_epoc);
    desks_open_case(&s, id, TWO_FIELDS);
    CHECK_EQ(desks_verdict(&s, id, DESK_LENS_POLICY, "block", "DE"), DESK_OK);
    CHECK_EQ(desks_verdict(&s, id, DESK_LENS_LOCAL_LAW, "clear", "DE"), DESK_OK);
    CHECK_EQ(desks_verdict(&s, id, DESK_LENS_HUMAN_RIGHTS, "clear", "DE"), DESK_OK);
    CHECK_EQ(desks_case(&s, id).waits, OFFICE_ROLE_POLICY | OFFICE_ROLE_APPROVER);
    desks_end(&s);
}

/* ---- Suspensions ---- */

/* Stops on the way to a release, by what was done before. */
static void go_to(struct desks *s, const char *id, int stop) {
    desks_authenticated(s, id, &desks_epoc);
    if (stop >= 1)
        desks_open_case(s, id, TWO_FIELDS);
    if (stop == 2)
        CHECK_EQ(desks_verdict(s, id, DESK_LENS_POLICY, "clear", "DE"), DESK_OK);
    static const char *const last[] = {"clear", "expert", "clarify", "narrow"};
    for (int lens = 0; stop >= 3 && lens < DESK_LENS_COUNT; lens++)
        CHECK_EQ(
            desks_verdict(s, id, (enum desk_lens)lens, lens == 2 ? last[stop - 3] : "clear", "DE"),
            DESK_OK);
}

TEST(a_suspension_holds_a_case_wherever_it_stands) {
    for (int stop = 0; stop < 7; stop++) {
        struct desks s;
        char id[DESK_ID];
        desks_begin(&s);
        desks_receive(&s, "a filing", id);
        go_to(&s, id, stop);
        enum desk_state before = desks_state(&s, id);
        CHECK(before != DESK_STATE_HELD);
        CHECK_EQ(desks_list(&s, SUSPENSION("FR")), DESK_OK);
        CHECK(desks_state(&s, id) != DESK_STATE_HELD);
        /* Persons bound by DE are all of this office: nobody of it may act, and the case is held.
         */
        CHECK_EQ(desks_list(&s,
                            "suspension s-1\njurisdictions DE FR\nscope all\nwording Suspended.\n"
                            "start 2026-07-06T00:00:00Z\nreview 2026-10-01T00:00:00Z\n"),
                 DESK_OK);
        CHECK_EQ(desks_state(&s, id), DESK_STATE_HELD);
        CHECK_EQ(act(&s, id, DESK_MOVE_OPEN, INTAKE_1), DESK_STATE);
        CHECK_EQ(act(&s, id, DESK_MOVE_WITHDRAW, INTAKE_1), DESK_BOUND);
        buf key = {0};
        CHECK_ERR(desk_wrap_get(s.desk, slice_str(id), slice_str(people_ids[LAW]), &key),
                  ERR_NOT_FOUND);
        buf_free(&key);
        desks_end(&s);
    }
}

TEST(a_filing_from_or_for_a_suspended_jurisdiction_is_held_at_once) {
    static const struct desks_kind *const kinds[] = {&for_hk, &from_hk};
    for (int i = 0; i < 2; i++) {
        struct desks s;
        char id[DESK_ID];
        desks_begin(&s);
        CHECK_EQ(desks_list(&s, SUSPENSION("HK")), DESK_OK);
        desks_receive(&s, "a filing", id);
        desks_authenticated(&s, id, kinds[i]);
        CHECK_EQ(desks_state(&s, id), DESK_STATE_HELD);
        for (int move = 0; move < DESK_MOVE_WITHDRAW; move++)
            if (move != DESK_MOVE_FORGE)
                for (int person = 0; person < PEOPLE; person++) {
                    const struct office_person *p =
                        desk_person(desk_office(s.desk), slice_str(people_ids[person]));
                    struct desk_case c = desks_case(&s, id);
                    CHECK(!desk_may(s.desk, &c, p, (enum desk_move)move));
                }
        CHECK_EQ(act(&s, id, DESK_MOVE_WITHDRAW, INTAKE_2), DESK_OK);
        desks_end(&s);
    }
}

TEST(a_beneficiary_that_reviewers_name_otherwise_or_not_at_all_holds_the_case) {
    static const struct {
        const char *says;
        bool suspended;
        enum desk_hold hold;
    } cases[] = {{"unknown", false, DESK_HOLD_UNKNOWN},
                 {"FR", false, DESK_HOLD_DIFFER},
                 {"HK", true, DESK_HOLD_SUSPENDED}};
    for (int i = 0; i < 3; i++) {
        struct desks s;
        char id[DESK_ID];
        begin_case(&s, id, &desks_epoc);
        if (cases[i].suspended)
            CHECK_EQ(desks_list(&s, SUSPENSION("HK")), DESK_OK);
        desks_open_case(&s, id, TWO_FIELDS);
        CHECK_EQ(desks_verdict(&s, id, DESK_LENS_POLICY, "clear", "DE"), DESK_OK);
        CHECK_EQ(desks_verdict(&s, id, DESK_LENS_LOCAL_LAW, "clear", cases[i].says), DESK_OK);
        CHECK_EQ(desks_verdict(&s, id, DESK_LENS_HUMAN_RIGHTS, "clear", "DE"), DESK_OK);
        CHECK_EQ(desks_state(&s, id), DESK_STATE_HELD);
        CHECK_EQ(desks_case(&s, id).hold, cases[i].hold);
        desks_end(&s);
    }
}

/* A notice of fourteen days, on the desk's clock and by a witness, and then the lift. */
TEST(a_lift_starts_held_cases_again_and_all_before_is_void) {
    static const char NOTICE[] = "lift-notice n-1\nlifts s-1\nbecomes nothing\nwording It ends.\n";
    struct desks s;
    char id[DESK_ID], held[512], lifted[4096] = "lifted n-1\nlifts s-1\nbecomes nothing\n";
    struct office_since seen = {slice_str("n-1"), 0, OFFICE_LIFT_NOTICE};
    begin_case(&s, id, &desks_epoc);
    desks_cleared(&s, id, TWO_FIELDS);
    CHECK_EQ(desks_list(&s, SUSPENSION("HK")), DESK_OK);
    desks_receive(&s, "for others", id);
    desks_authenticated(&s, id, &for_hk);
    CHECK_EQ(desks_state(&s, id), DESK_STATE_HELD);
    (void)snprintf(held, sizeof held, "%s%s", SUSPENSION("HK"), NOTICE);
    CHECK_EQ(desks_list(&s, held), DESK_OK);
    for (int i = 1; i <= OFFICE_ASSESSMENT; i++) {
        size_t n = strlen(lifted);
        (void)snprintf(lifted + n, sizeof lifted - n, "section %d %064d\n", i, i);
    }
    desks_wait(&s, 13 * TIME_DAY);
    CHECK_EQ(desks_list_witnessed(&s, lifted, &seen, 1), DESK_OFFICE);
    CHECK_EQ(s.why.office, OFFICE_NOTICE_SHORT);
    desks_wait(&s, TIME_DAY + TIME_HOUR);
    CHECK_EQ(desks_list(&s, lifted), DESK_OFFICE);
    CHECK_EQ(s.why.office, OFFICE_WITNESS);
    CHECK_EQ(desks_state(&s, id), DESK_STATE_HELD);
    CHECK_EQ(desks_list_witnessed(&s, lifted, &seen, 1), DESK_OK);
    CHECK_EQ(desks_state(&s, id), DESK_STATE_RECEIVED);
    /* What was said before counts no longer: it is called back anew, after it is classified anew.
     */
    struct desks_act call = {
        .id = id,
        .move = DESK_MOVE_CALL_BACK,
        .person = INTAKE_2,
        .says = {"number +49 30 000000", "checklists 1", "a1 yes", "a2 yes", "a3 yes", "a4 yes"}};
    CHECK_EQ(desks_act(&s, &call), DESK_STATE);
    desks_authenticated(&s, id, &desks_epoc);
    CHECK_EQ(desks_state(&s, id), DESK_STATE_AUTHENTICATED);
    desks_end(&s);
}

/* The next office, whose reviewers by the human-rights lens audit instead. */
static void short_office(struct desks *s) {
    static const struct signer who[] = {{APPROVER, true}, {POLICY, false}, {LAW, false}};
    buf text = {0};
    people_office(&text, true, desk_office(s->desk));
    people_replace(&text, "roles human-rights", "roles auditor");
    people_replace(&text, "deputy human-rights", "deputy auditor");
    people_sign_all(&text, who, 3, UINT32_MAX);
    CHECK_OK(desk_office_change(s->desk, buf_slice(&text), &s->why));
    buf_free(&text);
    CHECK_EQ(desks_list(s, ""), DESK_OK);
}

/* Nobody carried it out: the server takes it no longer, and a suspension holds it. What was carried
 * out before is delivered all the same. */
TEST(an_order_that_was_not_carried_out_is_void_like_any_other) {
    struct desks s;
    char id[DESK_ID];
    struct desks_act renew = {
        .id = id, .move = DESK_MOVE_RENEW, .person = INTAKE_1, .fields = TWO_FIELDS};
    begin_case(&s, id, &desks_epoc);
    desks_cleared(&s, id, TWO_FIELDS);
    CHECK_EQ(desks_release(&s, id, APPROVER), DESK_OK);
    CHECK_EQ(desks_act(&s, &renew), DESK_NOT_NEEDED);
    desks_wait(&s, 73 * TIME_HOUR);
    desks_do(&s, &renew);
    CHECK_EQ(desks_deliver(&s, id), DESK_STATE);
    for (int lens = 0; lens < DESK_LENS_COUNT; lens++)
        CHECK_EQ(desks_verdict(&s, id, (enum desk_lens)lens, "clear", "DE"), DESK_OK);
    CHECK_EQ(desks_release(&s, id, APPROVER), DESK_OK);
    CHECK_EQ(desks_list(&s, "suspension s-1\njurisdictions DE\nscope authorities de-court\n"
                            "wording Suspended.\nstart 2026-07-06T00:00:00Z\n"
                            "review 2026-10-01T00:00:00Z\n"),
             DESK_OK);
    CHECK_EQ(desks_state(&s, id), DESK_STATE_HELD);
    CHECK_EQ(desks_act(&s, &renew), DESK_STATE);
    desks_end(&s);
}

TEST(what_was_carried_out_before_a_suspension_is_delivered_and_nothing_else_is) {
    struct desks s;
    char id[DESK_ID], other[DESK_ID];
    struct desks_kind french = desks_epoc;
    french.beneficiary = "FR";
    begin_case(&s, id, &french);
    desks_open_case(&s, id, TWO_FIELDS);
    for (int lens = 0; lens < DESK_LENS_COUNT; lens++)
        CHECK_EQ(desks_verdict(&s, id, (enum desk_lens)lens, "clear", "FR"), DESK_OK);
    CHECK_EQ(desks_release(&s, id, APPROVER), DESK_OK);
    desks_receive(&s, "another", other);
    desks_authenticated(&s, other, &french);
    CHECK_EQ(desks_list(&s, SUSPENSION("FR")), DESK_OK);
    CHECK_EQ(desks_state(&s, id), DESK_STATE_HELD);
    CHECK_EQ(desks_case(&s, id).waits, 0);
    CHECK_EQ(desks_state(&s, other), DESK_STATE_HELD);
    CHECK_EQ(desks_deliver(&s, other), DESK_STATE);
    /* It has left, so it is not held again. */
    CHECK_EQ(desks_deliver(&s, id), DESK_OK);
    CHECK_EQ(desks_state(&s, id), DESK_STATE_RELEASED);
    CHECK(desks_case(&s, id).delivered != 0);
    CHECK_EQ(desks_deliver(&s, id), DESK_NOT_NEEDED);
    desks_end(&s);
}

/* An office that has nobody for a lens still rejects. */
TEST(an_office_short_of_reviewers_rejects_and_releases_nothing) {
    struct desks s;
    char id[DESK_ID];
    begin_case(&s, id, &desks_epoc);
    CHECK_EQ(grounded(&s, id, DESK_MOVE_REJECT, POLICY), DESK_STATE);
    short_office(&s);
    struct desks_act open = {
        .id = id, .move = DESK_MOVE_OPEN, .person = INTAKE_1, .fields = TWO_FIELDS};
    CHECK_EQ(desks_act(&s, &open), DESK_NOBODY);
    CHECK_EQ(grounded(&s, id, DESK_MOVE_REJECT, INTAKE_1), DESK_ROLE);
    CHECK_EQ(grounded(&s, id, DESK_MOVE_REJECT, POLICY), DESK_OK);
    CHECK_EQ(joins(&s, id, DESK_MOVE_REJECT, APPROVER), DESK_OK);
    CHECK_EQ(desks_state(&s, id), DESK_STATE_REJECTED);
    desks_end(&s);
}

TEST(a_new_list_voids_the_round) {
    struct desks s;
    char id[DESK_ID];
    begin_case(&s, id, &desks_epoc);
    desks_cleared(&s, id, TWO_FIELDS);
    CHECK_EQ(desks_list(&s, SUSPENSION("HK")), DESK_OK);
    CHECK_EQ(desks_state(&s, id), DESK_STATE_IN_REVIEW);
    CHECK_EQ(desks_case(&s, id).due, DESK_DUE_DRAFT);
    CHECK_EQ(desks_release(&s, id, APPROVER), DESK_STATE);
    desks_end(&s);
}

TEST(a_freeze_stops_a_release_that_is_cleared) {
    struct desks s;
    char id[DESK_ID], freeze[64], time[OFFICE_TIME_TEXT];
    begin_case(&s, id, &desks_epoc);
    office_time_write(desk_now(), time);
    (void)snprintf(freeze, sizeof freeze, "freeze f-1 %s\n", time);
    CHECK_EQ(desks_list(&s, freeze), DESK_OK);
    desks_cleared(&s, id, TWO_FIELDS);
    CHECK_EQ(desks_release(&s, id, APPROVER), DESK_OFFICE);
    CHECK_EQ(s.why.office, OFFICE_FROZEN);
    desks_end(&s);
}

/* ---- Signatures ---- */

/* A move of LAW's, composed and signed by somebody, with one text changed for another. */
static enum desk_reason hand(struct desks *s, const char *id, const buf *text) {
    struct desk_hand hand_ = {.move = buf_slice(text)};
    struct desk_made made;
    err e = desk_move(s->desk, slice_str(id), &hand_, &made, &s->why);
    CHECK(e == OK || e == ERR_DENIED);
    return e == OK ? DESK_OK : s->why.reason;
}

static void hash_text(const buf *text, char hex[65]) {
    uint8_t hash[32];
    slice bytes = buf_slice(text);
    buf digits = {0};
    CHECK_OK(crypto_sha256.hash(hash, &bytes, 1));
    CHECK_OK(hex_encode(&digits, SLICE_ARRAY(hash)));
    CHECK(desk_copy(hex, 65, buf_slice(&digits)));
    buf_free(&digits);
}

static void compose(struct desks *s, const char *id, enum desk_move move, int person, buf *text) {
    struct desk_draft draft = {
        .case_id = slice_str(id), .person = slice_str(people_ids[person]), .move = move};
    struct desk_texts texts;
    CHECK_OK(desk_compose(s->desk, &draft, &texts, &s->why));
    buf_move(text, &texts.move);
    buf_free(&texts.order);
}

TEST(a_signature_is_good_for_one_move_by_one_person_once) {
    struct desks s;
    char id[DESK_ID], other[DESK_ID];
    buf text = {0}, first = {0};
    begin_case(&s, id, &desks_epoc);
    desks_receive(&s, "another filing", other);
    desks_authenticated(&s, other, &desks_epoc);
    struct desk_case before = desks_case(&s, id);
    /* Nobody, a stranger's key, two persons, another's name. */
    compose(&s, id, DESK_MOVE_WITHDRAW, INTAKE_1, &text);
    size_t n = text.n;
    CHECK_EQ(hand(&s, id, &text), DESK_OFFICE);
    CHECK_EQ(s.why.office, OFFICE_UNSIGNED);
    people_sign(&text, n, INTAKE_2, SOFT_EDDSA);
    people_replace(&text, "\u2014 p02", "\u2014 p01");
    CHECK_EQ(hand(&s, id, &text), DESK_OFFICE);
    CHECK_EQ(s.why.office, OFFICE_SIGNATURE);
    CHECK_OK(buf_resize(&text, n));
    people_sign(&text, n, INTAKE_1, SOFT_EDDSA);
    people_sign(&text, n, INTAKE_2, SOFT_EDDSA);
    CHECK_EQ(hand(&s, id, &text), DESK_SIGNER);
    /* In another case; as another move; of another state. */
    CHECK_OK(buf_resize(&text, n));
    people_sign(&text, n, INTAKE_1, SOFT_EDDSA);
    CHECK_OK(buf_append(&first, buf_slice(&text)));
    CHECK_EQ(hand(&s, other, &text), DESK_OTHER_CASE);
    people_replace(&text, "move withdraw", "move forge");
    CHECK_EQ(hand(&s, id, &text), DESK_OFFICE);
    CHECK_EQ(s.why.office, OFFICE_WEBAUTHN_CHALLENGE);
    struct desk_case after = desks_case(&s, id);
    CHECK_EQ(after.number, before.number);
    /* Once. */
    CHECK_EQ(hand(&s, id, &first), DESK_OK);
    CHECK_EQ(desks_state(&s, id), DESK_STATE_WITHDRAWN);
    CHECK_EQ(hand(&s, id, &first), DESK_STALE);
    buf_free(&text);
    buf_free(&first);
    desks_end(&s);
}

/* Where the state stays the same, the place in the case tells. */
TEST(a_move_that_was_made_is_not_made_again) {
    struct desks s;
    char id[DESK_ID];
    static const char *const says[][2] = {
        {"kind", "produce"},   {"path", "ordinary"},          {"authority", "de-court"},
        {"regime", "eu-epoc"}, {"category", "subscriber"},    {"beneficiary", "DE"},
        {"fields", "exists"},  {"process", "national-order"}, {"accounts", "1"}};
    struct desk_say lines[9];
    struct desk_texts texts;
    desks_begin(&s);
    desks_receive(&s, "a filing", id);
    for (int i = 0; i < 9; i++)
        lines[i] = (struct desk_say){slice_str(says[i][0]), slice_str(says[i][1])};
    struct desk_draft draft = {.case_id = slice_str(id),
                               .person = slice_str(people_ids[INTAKE_1]),
                               .move = DESK_MOVE_CLASSIFY,
                               .says = lines,
                               .say_count = 9};
    CHECK_OK(desk_compose(s.desk, &draft, &texts, &s.why));
    people_sign(&texts.move, texts.move.n, INTAKE_1, SOFT_EDDSA);
    CHECK_EQ(hand(&s, id, &texts.move), DESK_OK);
    CHECK_EQ(hand(&s, id, &texts.move), DESK_STALE);
    buf_free(&texts.move);
    buf_free(&texts.order);
    desks_end(&s);
}

/* A signed order could be used, whatever the verdict beside it says; and a later order is for the
 * same account. */
TEST(an_order_is_signed_for_this_account_and_with_a_clear_verdict_alone) {
    struct desks s;
    char id[DESK_ID];
    buf order = {0}, other = {0};
    struct desk_say says[] = {{slice_str("verdict"), slice_str("block")},
                              {slice_str("beneficiary"), slice_str("DE")},
                              {slice_str("conflict"), slice_str("no")},
                              {slice_str("policy"), slice_str("1")},
                              {slice_str("guidelines"), slice_str("1")}};
    struct desk_texts texts;
    struct desk_made made;
    begin_case(&s, id, &desks_epoc);
    desks_open_case(&s, id, TWO_FIELDS);
    CHECK(desks_order(&s, id, LAW, &order));
    struct desk_draft draft = {.case_id = slice_str(id),
                               .person = slice_str(people_ids[LAW]),
                               .move = DESK_MOVE_VERDICT,
                               .says = says,
                               .say_count = 5};
    CHECK_OK(desk_compose(s.desk, &draft, &texts, &s.why));
    people_sign(&texts.move, texts.move.n, LAW, SOFT_EDDSA);
    people_sign(&order, order.n, LAW, SOFT_SK_ED25519);
    struct desk_hand both = {.move = buf_slice(&texts.move), .order = buf_slice(&order)};
    CHECK_ERR(desk_move(s.desk, slice_str(id), &both, &made, &s.why), ERR_DENIED);
    CHECK_EQ(s.why.reason, DESK_ORDER_NEEDLESS);
    both.order = SLICE_EMPTY;
    CHECK_OK(desk_move(s.desk, slice_str(id), &both, &made, &s.why));
    CHECK_EQ(desks_verdict(&s, id, DESK_LENS_POLICY, "clarify", "DE"), DESK_OK);
    CHECK_EQ(desks_verdict(&s, id, DESK_LENS_HUMAN_RIGHTS, "clear", "DE"), DESK_OK);
    buf_free(&texts.move);
    buf_free(&texts.order);
    buf_free(&order);
    desks_end(&s);
    /* Another account in the next round. */
    begin_case(&s, id, &desks_epoc);
    desks_open_case(&s, id, TWO_FIELDS);
    for (int lens = 0; lens < DESK_LENS_COUNT; lens++)
        CHECK_EQ(desks_verdict(&s, id, (enum desk_lens)lens, "clarify", "DE"), DESK_OK);
    CHECK_EQ(act(&s, id, DESK_MOVE_CLARIFIED, INTAKE_1), DESK_OK);
    CHECK(desks_order(&s, id, INTAKE_1, &order));
    draft = (struct desk_draft){.case_id = slice_str(id),
                                .person = slice_str(people_ids[INTAKE_1]),
                                .move = DESK_MOVE_RENEW,
                                .before = buf_slice(&order),
                                .fields = TWO_FIELDS};
    CHECK_OK(desk_compose(s.desk, &draft, &texts, &s.why));
    CHECK_OK(buf_append(&other, buf_slice(&texts.order)));
    people_replace(&other, "account id 0001", "account id ff01");
    char was[65], is[65];
    hash_text(&texts.order, was);
    hash_text(&other, is);
    people_replace(&texts.move, was, is);
    people_sign(&texts.move, texts.move.n, INTAKE_1, SOFT_EDDSA);
    struct desk_hand changed = {
        .move = buf_slice(&texts.move), .order = buf_slice(&other), .before = buf_slice(&order)};
    CHECK_ERR(desk_move(s.desk, slice_str(id), &changed, &made, &s.why), ERR_DENIED);
    CHECK_EQ(s.why.reason, DESK_ORDER_FACTS);
    changed.before = SLICE_EMPTY;
    CHECK_ERR(desk_move(s.desk, slice_str(id), &changed, &made, &s.why), ERR_DENIED);
    CHECK_EQ(s.why.reason, DESK_BEFORE);
    buf_free(&texts.move);
    buf_free(&texts.order);
    buf_free(&order);
    buf_free(&other);
    desks_end(&s);
}

TEST(of_two_moves_at_once_one_is_made) {
    struct desks s;
    struct desk *second;
    char id[DESK_ID];
    buf one = {0}, two = {0};
    begin_case(&s, id, &desks_epoc);
    CHECK_OK(desk_open(&second, s.folder));
    compose(&s, id, DESK_MOVE_WITHDRAW, INTAKE_1, &one);
    compose(&s, id, DESK_MOVE_FORGE, INTAKE_2, &two);
    people_sign(&one, one.n, INTAKE_1, SOFT_EDDSA);
    people_sign(&two, two.n, INTAKE_2, SOFT_EDDSA);
    CHECK_EQ(hand(&s, id, &one), DESK_OK);
    struct desk_hand late = {.move = buf_slice(&two)};
    struct desk_made made;
    CHECK_ERR(desk_move(second, slice_str(id), &late, &made, &s.why), ERR_DENIED);
    CHECK_EQ(s.why.reason, DESK_STALE);
    desk_close(second);
    buf_free(&one);
    buf_free(&two);
    desks_end(&s);
}

/* Hands it in from a process of its own, once the pipe is closed: ends with what it got. */
static pid_t hand_beside(struct desks *s, const char *id, const buf *text, const int gate[2]) {
    pid_t child = fork();
    CHECK(child >= 0);
    if (child > 0)
        return child;
    struct desk_hand handed = {.move = buf_slice(text)};
    struct desk_made made;
    char byte;
    close(gate[1]);
    err e = desk_open(&s->desk, s->folder);
    (void)!read(gate[0], &byte, 1);
    if (e == OK)
        e = desk_move(s->desk, slice_str(id), &handed, &made, &s->why);
    _exit(e == OK ? DESK_OK : e == ERR_DENIED ? (int)s->why.reason : 255);
}

TEST(of_two_processes_that_move_at_once_one_makes_its_move) {
    for (int round = 0; round < 10; round++) {
        struct desks s;
        char id[DESK_ID];
        int gate[2], how[2];
        buf text[2] = {{0}, {0}};
        pid_t child[2];
        begin_case(&s, id, &desks_epoc);
        compose(&s, id, DESK_MOVE_WITHDRAW, INTAKE_1, &text[0]);
        compose(&s, id, DESK_MOVE_FORGE, INTAKE_2, &text[1]);
        people_sign(&text[0], text[0].n, INTAKE_1, SOFT_EDDSA);
        people_sign(&text[1], text[1].n, INTAKE_2, SOFT_EDDSA);
        uint64_t before = desks_case(&s, id).number;
        desk_close(s.desk);
        s.desk = NULL;
        CHECK(pipe(gate) == 0);
        for (int i = 0; i < 2; i++)
            child[i] = hand_beside(&s, id, &text[i], gate);
        usleep(50000);
        close(gate[0]);
        close(gate[1]);
        for (int i = 0; i < 2; i++)
            CHECK(waitpid(child[i], &how[i], 0) == child[i] && WIFEXITED(how[i]));
        int first = WEXITSTATUS(how[0]), second = WEXITSTATUS(how[1]);
        CHECK_EQ(first == DESK_OK ? second : first, DESK_STALE);
        CHECK_EQ(first == DESK_OK ? first : second, DESK_OK);
        CHECK_OK(desk_open(&s.desk, s.folder));
        CHECK_EQ(desks_case(&s, id).number, before + 1);
        buf_free(&text[0]);
        buf_free(&text[1]);
        desks_end(&s);
    }
}

/* So many that one step of the desk doesn't hold them all. */
static uint64_t many_for(struct desks *s, const char *beneficiary) {
    enum { MANY = 2 * DESK_SETTLED_AT_ONCE + 7 };
    char bytes[32], id[DESK_ID];
    for (int i = 0; i < MANY; i++) {
        (void)snprintf(bytes, sizeof bytes, "filing %d of many", i);
        desks_receive(s, bytes, id);
    }
    CHECK_OK(desk_store_run(s->desk->store, "UPDATE cases SET regime = 'national', beneficiary = ?",
                            "s", beneficiary));
    return MANY;
}

static uint64_t held(struct desks *s) {
    uint64_t count[DESK_STATE_COUNT];
    CHECK_OK(desk_cases_count(s->desk, count));
    return count[DESK_STATE_HELD];
}

TEST(a_suspension_binds_before_all_its_cases_are_held) {
    struct desks s;
    char id[DESK_ID];
    buf text = {0};
    bool more = true;
    desks_begin(&s);
    uint64_t many = many_for(&s, "HK");
    desks_receive(&s, "the last of them", id);
    desks_authenticated(&s, id, &desks_epoc);
    CHECK_OK(
        desk_store_run(s.desk->store, "UPDATE cases SET beneficiary = 'HK' WHERE id = ?", "s", id));
    CHECK_EQ(desks_list(&s, SUSPENSION("HK")), DESK_OK);
    CHECK_EQ(held(&s), DESK_SETTLED_AT_ONCE);
    CHECK_EQ(desks_state(&s, id), DESK_STATE_AUTHENTICATED);
    /* Not even what could be done in either state. */
    compose(&s, id, DESK_MOVE_WITHDRAW, INTAKE_1, &text);
    people_sign(&text, text.n, INTAKE_1, SOFT_EDDSA);
    CHECK_EQ(hand(&s, id, &text), DESK_STALE);
    CHECK_EQ(desks_act(&s, &(struct desks_act){.id = id,
                                               .move = DESK_MOVE_OPEN,
                                               .person = INTAKE_1,
                                               .fields = TWO_FIELDS}),
             DESK_SUSPENDED);
    /* As after a restart. */
    desks_again(&s);
    CHECK_OK(desk_settle_more(s.desk, &more));
    CHECK_EQ(held(&s), 2 * DESK_SETTLED_AT_ONCE);
    CHECK(more);
    CHECK_OK(desk_settle_more(s.desk, &more));
    CHECK_EQ(held(&s), many + 1);
    CHECK(!more);
    CHECK_EQ(desks_state(&s, id), DESK_STATE_HELD);
    buf_free(&text);
    desks_end(&s);
}

TEST(a_case_has_so_many_moves_and_rounds) {
    struct desks s;
    char id[DESK_ID];
    buf move = {0};
    begin_case(&s, id, &desks_epoc);
    compose(&s, id, DESK_MOVE_WITHDRAW, INTAKE_1, &move);
    people_sign(&move, move.n, INTAKE_1, SOFT_EDDSA);
    /* The desk's own moves have room after all that persons make. */
    static const char *const full[] = {"UPDATE cases SET number = number + 1024",
                                       "UPDATE cases SET number = 1024 - 64",
                                       "UPDATE cases SET round = 64"};
    uint64_t number = desks_case(&s, id).number;
    for (size_t i = 0; i < sizeof full / sizeof full[0]; i++) {
        CHECK_OK(desk_store_run(s.desk->store, full[i], ""));
        CHECK_EQ(hand(&s, id, &move), DESK_MOVES);
        CHECK_OK(
            desk_store_run(s.desk->store, "UPDATE cases SET round = 0, number = ?", "i", number));
    }
    CHECK_EQ(hand(&s, id, &move), DESK_OK);
    buf_free(&move);
    desks_end(&s);
}

TEST(a_text_is_of_its_moment) {
    struct desks s;
    char id[DESK_ID];
    buf text = {0};
    begin_case(&s, id, &desks_epoc);
    compose(&s, id, DESK_MOVE_WITHDRAW, INTAKE_1, &text);
    people_sign(&text, text.n, INTAKE_1, SOFT_EDDSA);
    desks_wait(&s, 16 * TIME_MINUTE);
    CHECK_EQ(hand(&s, id, &text), DESK_CLOCK);
    /* A clock that was turned back: nothing moves. */
    desks_wait(&s, TIME_DAY);
    CHECK_OK(desk_tick(s.desk, NULL, NULL, &s.why));
    desks_wait(&s, -(int64_t)TIME_DAY - 16 * (int64_t)TIME_MINUTE);
    CHECK_EQ(hand(&s, id, &text), DESK_CLOCK_BACK);
    CHECK_ERR(desk_tick(s.desk, NULL, NULL, &s.why), ERR_DENIED);
    CHECK_EQ(s.why.reason, DESK_CLOCK_BACK);
    /* Until the operator says that it is right. */
    CHECK_OK(desk_clock_accept(s.desk));
    CHECK_EQ(hand(&s, id, &text), DESK_OK);
    buf_free(&text);
    desks_end(&s);
}

TEST(an_order_is_the_one_that_was_drafted_and_all_signed_it) {
    struct desks s;
    char id[DESK_ID];
    begin_case(&s, id, &desks_epoc);
    desks_open_case(&s, id, TWO_FIELDS);
    CHECK_EQ(desks_verdict(&s, id, DESK_LENS_POLICY, "clear", "DE"), DESK_OK);
    CHECK_EQ(desks_verdict(&s, id, DESK_LENS_POLICY, "clear", "DE"), DESK_ANSWERED);
    CHECK_EQ(desks_verdict(&s, id, DESK_LENS_LOCAL_LAW, "clear", "DE"), DESK_OK);
    CHECK_EQ(desks_verdict(&s, id, DESK_LENS_HUMAN_RIGHTS, "clear", "DE"), DESK_OK);
    CHECK_EQ(desks_release(&s, id, RIGHTS), DESK_ROLE);
    CHECK_EQ(desks_release(&s, id, CUSTODIAN), DESK_ROLE);
    /* After 72 hours it is void. */
    desks_wait(&s, 73 * TIME_HOUR);
    CHECK_OK(desk_tick(s.desk, NULL, NULL, &s.why));
    CHECK_EQ(desks_case(&s, id).due, DESK_DUE_DRAFT);
    desks_end(&s);
}

/* An emergency's second caller, and a reviewer who called. */
TEST(nobody_has_two_parts_in_a_case) {
    struct desks s;
    char id[DESK_ID];
    desks_begin(&s);
    desks_receive(&s, "a filing", id);
    struct desks_act classify = {.id = id,
                                 .move = DESK_MOVE_CLASSIFY,
                                 .person = INTAKE_1,
                                 .says = {"kind produce", "path ordinary", "authority de-court",
                                          "regime eu-epoc", "category subscriber", "beneficiary DE",
                                          "fields exists created", "process national-order",
                                          "accounts 1"}};
    struct desks_act call = {
        .id = id,
        .move = DESK_MOVE_CALL_BACK,
        .person = INTAKE_1,
        .says = {"number +49 30 000000", "checklists 1", "a1 yes", "a2 yes", "a3 yes", "a4 yes"}};
    desks_do(&s, &classify);
    CHECK_EQ(desks_act(&s, &call), DESK_ACTED);
    call.person = POLICY;
    call.says[0] = "number +49 30 999999";
    CHECK_EQ(desks_act(&s, &call), DESK_NUMBER);
    call.says[0] = "number +49 30 000000";
    call.says[2] = "a1 unknown";
    CHECK_EQ(desks_act(&s, &call), DESK_BLOCKING);
    call.says[2] = "a1 yes";
    desks_do(&s, &call);
    /* Who called back does not review: the deputy does. */
    desks_open_case(&s, id, TWO_FIELDS);
    CHECK_EQ(desks_reviewer(&s, id, DESK_LENS_POLICY), POLICY_DEPUTY);
    desks_end(&s);
}

TEST(a_reviewer_on_leave_is_stood_in_for_by_a_deputy_who_has_not_acted) {
    struct desks s;
    char id[DESK_ID];
    begin_case(&s, id, &desks_epoc);
    CHECK_OK(desk_away_set(s.desk, slice_str(people_ids[RIGHTS]), desk_now() + TIME_DAY));
    desks_open_case(&s, id, TWO_FIELDS);
    CHECK_EQ(desks_reviewer(&s, id, DESK_LENS_HUMAN_RIGHTS), RIGHTS_DEPUTY);
    /* Who has a conflict gives way; when nobody is left, that is said. */
    CHECK_EQ(act(&s, id, DESK_MOVE_RECUSE, RIGHTS_DEPUTY), DESK_OK);
    struct desks_act replace = {
        .id = id, .move = DESK_MOVE_REPLACE, .person = APPROVER, .says = {"lens human-rights"}};
    CHECK_EQ(desks_act(&s, &replace), DESK_NOBODY);
    CHECK_OK(desk_away_set(s.desk, slice_str(people_ids[RIGHTS]), 0));
    CHECK_EQ(desks_act(&s, &replace), DESK_OK);
    CHECK_EQ(desks_reviewer(&s, id, DESK_LENS_HUMAN_RIGHTS), RIGHTS);
    desks_end(&s);
}

/* The round runs out before all have answered; who blocked can't be put aside for the next one. */
TEST(a_block_that_was_not_decided_upon_is_not_got_round) {
    struct desks s;
    char id[DESK_ID];
    struct desks_act renew = {.id = id,
                              .move = DESK_MOVE_RENEW,
                              .person = INTAKE_1,
                              .fields = TWO_FIELDS},
                     replace = {.id = id, .move = DESK_MOVE_REPLACE, .person = APPROVER};
    begin_case(&s, id, &desks_epoc);
    desks_open_case(&s, id, TWO_FIELDS);
    CHECK_EQ(desks_verdict(&s, id, DESK_LENS_HUMAN_RIGHTS, "block", "DE"), DESK_OK);
    desks_wait(&s, 73 * TIME_HOUR);
    CHECK_OK(desk_tick(s.desk, NULL, NULL, &s.why));
    desks_do(&s, &renew);
    CHECK_EQ(desks_reviewer(&s, id, DESK_LENS_HUMAN_RIGHTS), RIGHTS);
    replace.says[0] = "lens human-rights";
    CHECK_EQ(desks_act(&s, &replace), DESK_ANSWERED);
    replace.says[0] = "lens policy";
    CHECK_EQ(desks_act(&s, &replace), DESK_OK);
    desks_end(&s);
}

/* ---- What nobody may see ---- */

/* A seized disk of the desk, its own keys with it: no account, no filing, no reason, no letter. */
TEST(the_desks_disk_says_nothing_of_accounts_and_nothing_that_somebody_wrote) {
    static const char *const never[] = {"000102030405060708090a0b0c0d0e0f", "Erika Mustermann",
                                        "because it is one person", "To whom it may concern"};
    struct desks s;
    struct desks_manifest m;
    char id[DESK_ID];
    desks_begin(&s);
    desks_receive(&s, "The account of Erika Mustermann is asked for.", id);
    desks_authenticated(&s, id, &desks_epoc);
    desks_cleared(&s, id, TWO_FIELDS);
    CHECK_EQ(desks_release(&s, id, APPROVER), DESK_OK);
    desks_manifest(&m, id, desks_case(&s, id).order, "To whom it may concern\n");
    desks_do(&s, &(struct desks_act){.id = id,
                                     .move = DESK_MOVE_DELIVER,
                                     .person = CUSTODIAN,
                                     .says = {m.say, "reason because it is one person"},
                                     .also = m.text});
    CHECK(desks_disk_has(&s, slice_str("eu-epoc")));
    for (size_t i = 0; i < sizeof never / sizeof never[0]; i++)
        CHECK(!desks_disk_has(&s, slice_str(never[i])));
    CHECK_OK(desk_tick(s.desk, NULL, NULL, &s.why));
    for (size_t i = 0; i < sizeof never / sizeof never[0]; i++)
        CHECK(!desks_disk_has(&s, slice_str(never[i])));
    desks_end(&s);
}

struct shown {
    int seats, answered, shown;
};
static bool count_shown(void *ctx, const struct desk_seat *seat) {
    struct shown *n = ctx;
    n->seats++;
    n->answered += seat->answered;
    n->shown += seat->answered && seat->shown;
    return true;
}
static bool count_sealed(void *ctx, const struct desk_sealed *sealed) {
    int *n = ctx;
    *n += sealed->kind == DESK_SEALED_ORDER;
    return true;
}

static struct shown shown_to(struct desks *s, const char *id, int person, int *orders) {
    struct shown n = {0, 0, 0};
    *orders = 0;
    CHECK_OK(
        desk_seats_list(s->desk, slice_str(id), slice_str(people_ids[person]), count_shown, &n));
    CHECK_OK(desk_sealed_list(s->desk, slice_str(id), DESK_SEALED_ORDER,
                              slice_str(people_ids[person]), count_sealed, orders));
    return n;
}

TEST(a_verdict_is_hidden_until_all_are_in) {
    struct desks s;
    char id[DESK_ID];
    int orders;
    begin_case(&s, id, &desks_epoc);
    desks_open_case(&s, id, TWO_FIELDS);
    CHECK_EQ(desks_verdict(&s, id, DESK_LENS_POLICY, "block", "DE"), DESK_OK);
    CHECK_EQ(desks_verdict(&s, id, DESK_LENS_LOCAL_LAW, "clear", "DE"), DESK_OK);
    struct shown n = shown_to(&s, id, RIGHTS, &orders);
    CHECK(n.seats == 3 && n.answered == 2 && n.shown == 0);
    CHECK_EQ(orders, 1); /* the draft */
    n = shown_to(&s, id, LAW, &orders);
    CHECK(n.shown == 1 && orders == 2);
    /* Nor by its number. */
    buf plain = {0};
    uint64_t verdict = desks_case(&s, id).number;
    CHECK(!desks_open(&s, id, RIGHTS, DESK_SEALED_MOVE, verdict, &plain));
    CHECK(!desks_open(&s, id, RIGHTS, DESK_SEALED_ORDER, verdict, &plain));
    CHECK(desks_open(&s, id, LAW, DESK_SEALED_MOVE, verdict, &plain));
    buf_free(&plain);
    CHECK_EQ(desks_verdict(&s, id, DESK_LENS_HUMAN_RIGHTS, "clear", "DE"), DESK_OK);
    n = shown_to(&s, id, RIGHTS, &orders);
    CHECK(n.shown == 3 && orders == 3);
    desks_end(&s);
    /* Nor are those of a round that was void before: the same persons answer again. */
    begin_case(&s, id, &desks_epoc);
    desks_open_case(&s, id, TWO_FIELDS);
    CHECK_EQ(desks_verdict(&s, id, DESK_LENS_POLICY, "block", "DE"), DESK_OK);
    CHECK_EQ(desks_list(&s, ""), DESK_OK);
    CHECK_EQ(desks_case(&s, id).due, DESK_DUE_DRAFT);
    n = shown_to(&s, id, RIGHTS, &orders);
    CHECK(n.answered == 1 && n.shown == 0);
    desks_end(&s);
}

/* Whoever signed first has to be somebody who may, when the second signs. */
TEST(a_signature_that_waits_is_void_once_its_signer_lost_the_role) {
    static const struct signer who[] = {{APPROVER, true}, {POLICY, false}, {RIGHTS, false}};
    struct desks s;
    char id[DESK_ID], old[128], new[128];
    buf text = {0};
    begin_case(&s, id, &desks_epoc);
    CHECK_EQ(grounded_on(&s, id, DESK_MOVE_NOT_HELD, INTAKE_1, "not-held"), DESK_OK);
    (void)snprintf(old, sizeof old, "person %s\nroles intake\n", people_ids[INTAKE_1]);
    (void)snprintf(new, sizeof new, "person %s\nroles auditor\n", people_ids[INTAKE_1]);
    people_office(&text, true, desk_office(s.desk));
    people_replace(&text, old, new);
    people_sign_all(&text, who, 3, UINT32_MAX);
    CHECK_OK(desk_office_change(s.desk, buf_slice(&text), &s.why));
    CHECK_EQ(joins(&s, id, DESK_MOVE_NOT_HELD, APPROVER), DESK_NOT_FIRST);
    CHECK_EQ(desks_state(&s, id), DESK_STATE_AUTHENTICATED);
    /* Begun anew, it is done. */
    CHECK_EQ(grounded_on(&s, id, DESK_MOVE_NOT_HELD, APPROVER, "not-held"), DESK_OK);
    CHECK_EQ(joins(&s, id, DESK_MOVE_NOT_HELD, POLICY), DESK_OK);
    CHECK_EQ(desks_state(&s, id), DESK_STATE_NOT_HELD);
    buf_free(&text);
    desks_end(&s);
}

static enum desk_reason gives(struct desks *s, const char *id, int giver, int person, slice wrap) {
    err e = desk_wrap_put(s->desk, slice_str(id), slice_str(people_ids[giver]),
                          slice_str(people_ids[person]), wrap, &s->why);
    CHECK(e == OK || e == ERR_DENIED);
    return e == OK ? DESK_OK : s->why.reason;
}

static enum desk_reason drops(struct desks *s, const char *id, int person) {
    err e = desk_wrap_drop(s->desk, slice_str(id), slice_str(people_ids[person]), &s->why);
    CHECK(e == OK || e == ERR_DENIED);
    return e == OK ? DESK_OK : s->why.reason;
}

static bool find_rewrap(void *ctx, const struct desk_task *t) {
    *(bool *)ctx = *(bool *)ctx || t->kind == DESK_TASK_REWRAP;
    return true;
}

static bool rewrap_is_due(struct desks *s) {
    bool due = false;
    CHECK_OK(desk_tasks_list(s->desk, 0, find_rewrap, &due));
    return due;
}

TEST(who_lacks_a_key_gets_it_from_who_has_it) {
    struct desks s;
    char id[DESK_ID];
    uint8_t rubbish[80] = {1};
    slice wrap = SLICE_ARRAY(rubbish);
    buf plain = {0};
    begin_case(&s, id, &desks_epoc);
    CHECK_EQ(gives(&s, id, POLICY, EXPERT_1, wrap), DESK_WRAP);
    /* Who has it keeps it: nobody puts another in its place. */
    CHECK_EQ(gives(&s, id, POLICY, LAW, wrap), DESK_WRAP);
    CHECK(desks_open(&s, id, LAW, DESK_SEALED_FILING, 0, &plain));
    CHECK_OK(
        desk_store_run(s.desk->store, "DELETE FROM wraps WHERE person = ?", "s", people_ids[LAW]));
    CHECK_EQ(gives(&s, id, EXPERT_1, LAW, wrap), DESK_WRAP); /* who has none */
    CHECK_EQ(gives(&s, id, LAW, LAW, wrap), DESK_WRAP);
    CHECK_EQ(gives(&s, id, POLICY, LAW, slice_of(rubbish, 79)), DESK_WRAP);
    CHECK_EQ(gives(&s, id, POLICY, LAW, wrap), DESK_OK);
    buf_free(&plain);
    desks_end(&s);
}

TEST(a_wrap_that_opens_nothing_is_given_anew) {
    struct desks s;
    char id[DESK_ID];
    uint8_t rubbish[80] = {1};
    buf good = {0}, plain = {0};
    begin_case(&s, id, &desks_epoc);
    slice law = slice_str(people_ids[LAW]), all = slice_str(id);
    CHECK_OK(desk_wrap_get(s.desk, all, law, &good));
    CHECK_EQ(drops(&s, id, EXPERT_1), DESK_WRAP); /* who has none */
    CHECK(!rewrap_is_due(&s));
    CHECK_EQ(drops(&s, id, LAW), DESK_OK);
    CHECK(rewrap_is_due(&s));
    CHECK_EQ(gives(&s, id, POLICY, LAW, SLICE_ARRAY(rubbish)), DESK_OK);
    CHECK(!desks_open(&s, id, LAW, DESK_SEALED_FILING, 0, &plain));
    CHECK_EQ(gives(&s, id, RIGHTS, LAW, buf_slice(&good)), DESK_WRAP);
    CHECK_EQ(drops(&s, id, LAW), DESK_OK);
    CHECK_EQ(gives(&s, id, RIGHTS, LAW, buf_slice(&good)), DESK_OK);
    CHECK(desks_open(&s, id, LAW, DESK_SEALED_FILING, 0, &plain));
    /* The last one stays. */
    CHECK_OK(desk_store_run(s.desk->store, "DELETE FROM wraps WHERE person <> ?", "t", law));
    CHECK_EQ(drops(&s, id, LAW), DESK_WRAP);
    CHECK(desks_open(&s, id, LAW, DESK_SEALED_FILING, 0, &plain));
    buf_free(&good);
    buf_free(&plain);
    desks_end(&s);
}

/* ---- Bad filings ---- */

TEST(what_is_no_filing_is_refused_and_changes_nothing) {
    struct desks s;
    struct desk_receipt receipt;
    char id[DESK_ID];
    uint64_t count[DESK_STATE_COUNT];
    desks_begin(&s);
    desks_receive(&s, "a filing", id);
    struct desk_filing filing = {.bytes = slice_str("a filing"), .channel = slice_str("form")};
    CHECK_ERR(desk_file_receive(s.desk, &filing, &receipt, &s.why), ERR_DENIED);
    CHECK_EQ(s.why.reason, DESK_FILED);
    filing.bytes = SLICE_EMPTY;
    CHECK_ERR(desk_file_receive(s.desk, &filing, &receipt, &s.why), ERR_DENIED);
    CHECK_EQ(s.why.reason, DESK_EMPTY);
    /* It is not even looked at. */
    filing.bytes = slice_of("x", (size_t)DESK_FILING_MAX + 1);
    CHECK_ERR(desk_file_receive(s.desk, &filing, &receipt, &s.why), ERR_DENIED);
    CHECK_EQ(s.why.reason, DESK_TOO_LARGE);
    CHECK_OK(desk_cases_count(s.desk, count));
    CHECK_EQ(count[DESK_STATE_RECEIVED], 1);
    struct desk_case c = desks_case(&s, id);
    CHECK_OK(desk_receipt_find(s.desk, c.filing, &receipt));
    CHECK_SLICE(slice_str(receipt.case_id), slice_str(id));
    desks_end(&s);
}

/* Rows that stand for as many filings that nobody read, of so many bytes each. */
static void unread_make(struct desks *s, uint64_t n, uint64_t bytes, bool enrolled) {
    CHECK_OK(desk_store_run(
        s->desk->store,
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)"
        " INSERT INTO cases (id, key, open, state, due, kind, hold, path, authority, regime,"
        " category, process, carve_outs, issuer, beneficiary, asked, fields, accounts, filing,"
        " enrolled, number, head, round, order_hash, order_made, order_office, order_list,"
        " order_server, waits, received, deadline, since, notified, objected, bar_until,"
        " preserved_until, released, delivered, told_late, alarm, size)"
        " SELECT 'f-' || ?3 || i, x'', 1, 0, 0, 0, 0, 1, '', '', '', '', '', '', '', 0, 0, 0,"
        " randomblob(32), ?3, 1, x'', 0, x'', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, ?2"
        " FROM n",
        "iii", n, bytes, (uint64_t)enrolled));
}

static enum desk_reason receive(struct desks *s, const char *bytes, bool enrolled) {
    struct desk_receipt receipt;
    struct desk_filing filing = {
        .bytes = slice_str(bytes), .channel = slice_str("form"), .enrolled = enrolled};
    err e = desk_file_receive(s->desk, &filing, &receipt, &s->why);
    if (e != ERR_DENIED)
        CHECK_OK(e);
    return e == OK ? DESK_OK : s->why.reason;
}

TEST(of_a_flood_of_a_hundred_thousand_filings_so_many_are_kept) {
    enum { FLOOD = 100000, KEPT = 20 };
    struct desks s;
    char bytes[32];
    uint64_t n, size, kept = 0, disk;
    desks_begin(&s);
    unread_make(&s, DESK_UNREAD_MAX - KEPT, 100, false);
    for (int i = 0; i < FLOOD; i++) {
        (void)snprintf(bytes, sizeof bytes, "filing %d", i);
        enum desk_reason r = receive(&s, bytes, false);
        CHECK(r == DESK_OK || r == DESK_FLOOD);
        kept += r == DESK_OK;
    }
    CHECK_EQ(kept, KEPT);
    CHECK_OK(desk_unread(s.desk, false, &n, &size));
    CHECK_EQ(n, DESK_UNREAD_MAX);
    /* What was refused left nothing: no key, no text, no leaf. */
    CHECK_OK(desk_store_number(s.desk->store, &disk,
                               "SELECT (SELECT count(*) FROM sealed WHERE kind = 0)"
                               " + (SELECT count(*) FROM moves)"
                               " + (SELECT count(*) FROM pending_leaves WHERE case_id != '')",
                               ""));
    CHECK_EQ(disk, 3 * KEPT);
    /* Authorities that are known have room of their own, and it has an end, too. */
    CHECK_EQ(receive(&s, "one of the directory", true), DESK_OK);
    unread_make(&s, DESK_UNREAD_MAX - 1, 100, true);
    CHECK_EQ(receive(&s, "one more of the directory", true), DESK_FLOOD);
    desks_end(&s);
}

TEST(a_flood_of_few_large_filings_is_one_too) {
    struct desks s;
    desks_begin(&s);
    unread_make(&s, 4, DESK_UNREAD_BYTES_MAX / 4 - 2, false);
    CHECK_EQ(receive(&s, "12345678", false), DESK_OK);
    CHECK_EQ(receive(&s, "1", false), DESK_FLOOD);
    /* Once one of them is classified, there is room again. */
    CHECK_OK(desk_store_run(s.desk->store, "UPDATE cases SET regime = 'r' WHERE id = 'f-01'", ""));
    CHECK_EQ(receive(&s, "1", false), DESK_OK);
    desks_end(&s);
}

TEST(pictures_of_what_was_attached_count_as_what_came) {
    struct desks s;
    char id[DESK_ID];
    uint8_t png[3000] = {0};
    uint64_t n, size;
    desks_begin(&s);
    desks_receive(&s, "1234", id);
    CHECK_OK(desk_unread(s.desk, false, &n, &size));
    CHECK(n == 1 && size == 4);
    CHECK_OK(desk_picture_put(s.desk, slice_str(id), 1, 1, SLICE_EMPTY, SLICE_ARRAY(png)));
    CHECK_OK(desk_unread(s.desk, false, &n, &size));
    CHECK(n == 1 && size == 4 + sizeof png);
    desks_authenticated(&s, id, &desks_epoc);
    CHECK_OK(desk_picture_put(s.desk, slice_str(id), 1, 2, SLICE_EMPTY, SLICE_ARRAY(png)));
    CHECK_OK(desk_unread(s.desk, false, &n, &size));
    CHECK(n == 0 && size == 0);
    desks_end(&s);
}

TEST_MAIN
