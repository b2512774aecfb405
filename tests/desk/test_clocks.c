/* What time brings, and what a crash leaves. */
#include "tests/test.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"
#include "crypto/crypto.h"
#include "sys/files.h"
#include "tests/desk/desks.h"

#define TWO_FIELDS (1u << HELD_FIELD_EXISTS | 1u << HELD_FIELD_CREATED)
#define SUSPENSION                                                      \
    "suspension s-1\njurisdictions HK\nscope all\nwording Suspended.\n" \
    "start 2026-07-06T00:00:00Z\nreview 2026-10-01T00:00:00Z\n"

struct rung {
    int times;
    char last[DESK_ID];
};
static void ring(void *ctx, slice case_id) {
    struct rung *r = ctx;
    r->times++;
    (void)desk_copy_id(r->last, case_id);
}

static struct rung tick(struct desks *s) {
    struct rung r = {0, ""};
    CHECK_OK(desk_tick(s->desk, ring, &r, &s->why));
    return r;
}

/* A day at a time, as a clock that is right goes. */
static void days(struct desks *s, int n) {
    for (int i = 0; i < n; i++) {
        desks_wait(s, TIME_DAY);
        (void)tick(s);
    }
}

struct tasks {
    uint32_t kinds;
    size_t n;
};
static bool task_count(void *ctx, const struct desk_task *t) {
    struct tasks *n = ctx;
    n->kinds |= 1u << t->kind;
    n->n++;
    return true;
}
static bool has_task(struct desks *s, enum desk_task_kind kind) {
    struct tasks n = {0, 0};
    CHECK_OK(desk_tasks_list(s->desk, 0, task_count, &n));
    return (n.kinds >> kind & 1) != 0;
}

TEST(alarms_are_given_once_at_half_at_four_fifths_and_at_the_end) {
    struct desks s;
    char id[DESK_ID];
    desks_begin(&s);
    desks_receive(&s, "a filing", id);
    desks_authenticated(&s, id, &desks_epoc);
    (void)tick(&s);
    CHECK_EQ(desks_case(&s, id).alarm, 0);
    int rung = 0;
    for (int day = 1; day <= 11; day++) {
        desks_wait(&s, TIME_DAY);
        struct rung r = tick(&s);
        CHECK(r.times == 0 || strcmp(r.last, id) == 0);
        rung += r.times;
        unsigned alarm = desks_case(&s, id).alarm;
        CHECK_EQ(alarm, day < 5 ? 0 : day < 8 ? 50 : day < 10 ? 80 : 100);
    }
    CHECK_EQ(rung, 3);
    CHECK(has_task(&s, DESK_TASK_DEADLINE));
    /* However late it is: nothing is released, and nothing moves. */
    CHECK_EQ(desks_state(&s, id), DESK_STATE_AUTHENTICATED);
    desks_do(&s, &(struct desks_act){.id = id, .move = DESK_MOVE_WITHDRAW, .person = INTAKE_1});
    (void)tick(&s);
    CHECK(!has_task(&s, DESK_TASK_DEADLINE));
    desks_end(&s);
}

TEST(a_held_case_lapses_after_ninety_days_and_can_be_filed_again) {
    struct desks s;
    char id[DESK_ID], again[DESK_ID];
    static const struct desks_kind kind = {"hk-police", "national", "subscriber",
                                           "ordinary",  "HK",       "exists created"};
    buf plain = {0};
    desks_begin(&s);
    CHECK_EQ(desks_list(&s, SUSPENSION), DESK_OK);
    desks_receive(&s, "a filing", id);
    desks_authenticated(&s, id, &kind);
    days(&s, 89);
    CHECK_EQ(desks_state(&s, id), DESK_STATE_HELD);
    CHECK(desks_open(&s, id, LAW, DESK_SEALED_FILING, 0, &plain));
    days(&s, 2);
    CHECK_EQ(desks_state(&s, id), DESK_STATE_LAPSED);
    CHECK(!desks_open(&s, id, LAW, DESK_SEALED_FILING, 0, &plain));
    uint64_t left;
    CHECK_OK(desk_store_number(s.desk->store, &left,
                               "SELECT (SELECT count(*) FROM sealed WHERE case_id = ?1)"
                               " + (SELECT count(*) FROM wraps WHERE case_id = ?1)",
                               "s", id));
    CHECK_EQ(left, 0);
    desks_receive(&s, "a filing", again);
    CHECK(strcmp(id, again) != 0);
    buf_free(&plain);
    desks_end(&s);
}

TEST(an_authority_that_is_silent_for_sixty_days_is_waited_for_no_longer) {
    struct desks s;
    char id[DESK_ID];
    desks_begin(&s);
    desks_receive(&s, "a filing", id);
    desks_authenticated(&s, id, &desks_epoc);
    desks_open_case(&s, id, TWO_FIELDS);
    for (int lens = 0; lens < DESK_LENS_COUNT; lens++)
        CHECK_EQ(desks_verdict(&s, id, (enum desk_lens)lens, "clarify", "DE"), DESK_OK);
    days(&s, 59);
    CHECK_EQ(desks_state(&s, id), DESK_STATE_NEEDS_CLARIFICATION);
    days(&s, 2);
    CHECK_EQ(desks_state(&s, id), DESK_STATE_LAPSED);
    desks_end(&s);
}

/* Nor is the key of what was sealed anywhere on the disk. */
TEST(a_closed_case_is_purged_after_ninety_days) {
    struct desks s;
    char id[DESK_ID];
    buf wrap = {0};
    desks_begin(&s);
    desks_receive(&s, "a filing", id);
    CHECK_OK(desk_wrap_get(s.desk, slice_str(id), slice_str(people_ids[LAW]), &wrap));
    CHECK(desks_disk_has(&s, buf_slice(&wrap)));
    desks_do(&s, &(struct desks_act){.id = id, .move = DESK_MOVE_WITHDRAW, .person = INTAKE_1});
    desks_do(&s, &(struct desks_act){.id = id, .move = DESK_MOVE_CLOSE, .person = INTAKE_1});
    days(&s, 89);
    CHECK_EQ(desks_state(&s, id), DESK_STATE_CLOSED);
    slice picture = slice_str("the points of a picture");
    CHECK_OK(desk_picture_put(s.desk, slice_str(id), 1, 1, SLICE_EMPTY, picture));
    days(&s, 2);
    CHECK_EQ(desks_state(&s, id), DESK_STATE_PURGED);
    /* One that is drawn late comes too late. */
    buf plain = {0};
    CHECK_ERR(desk_picture_put(s.desk, slice_str(id), 1, 2, SLICE_EMPTY, picture), ERR_STATE);
    CHECK(!desks_open(&s, id, LAW, DESK_SEALED_PICTURE, DESK_PICTURE_PLACES + 1, &plain));
    buf_free(&plain);
    CHECK(!desks_disk_has(&s, buf_slice(&wrap)));
    buf_free(&wrap);
    desks_end(&s);
}

/* A clock that is set far ahead purges nothing before somebody had a day to see it. */
TEST(a_clock_that_jumps_ahead_purges_nothing) {
    struct desks s;
    char id[DESK_ID];
    desks_begin(&s);
    desks_receive(&s, "a filing", id);
    desks_do(&s, &(struct desks_act){.id = id, .move = DESK_MOVE_WITHDRAW, .person = INTAKE_1});
    desks_do(&s, &(struct desks_act){.id = id, .move = DESK_MOVE_CLOSE, .person = INTAKE_1});
    (void)tick(&s);
    desks_wait(&s, 400 * TIME_DAY);
    (void)tick(&s);
    CHECK(has_task(&s, DESK_TASK_CLOCK));
    desks_wait(&s, 20 * TIME_HOUR);
    (void)tick(&s);
    CHECK_EQ(desks_state(&s, id), DESK_STATE_CLOSED);
    desks_wait(&s, -(int64_t)(400 * TIME_DAY));
    CHECK_OK(desk_clock_accept(s.desk));
    (void)tick(&s);
    CHECK(!has_task(&s, DESK_TASK_CLOCK));
    CHECK_EQ(desks_state(&s, id), DESK_STATE_CLOSED);
    desks_end(&s);
}

TEST(a_missed_review_is_a_task_and_the_suspension_stays) {
    struct desks s;
    desks_begin(&s);
    CHECK_EQ(desks_list(&s, SUSPENSION), DESK_OK);
    (void)tick(&s);
    CHECK(has_task(&s, DESK_TASK_REVIEW));
    CHECK_EQ(desk_list(s.desk)->suspensions.n, 1);
    desks_end(&s);
}

TEST(when_nobody_can_review_in_time_a_letter_says_so) {
    struct desks s;
    char id[DESK_ID];
    desks_begin(&s);
    desks_receive(&s, "a filing", id);
    desks_authenticated(&s, id, &desks_epoc);
    CHECK_OK(desk_away_set(s.desk, slice_str(people_ids[LAW]), desk_now() + 60 * TIME_DAY));
    CHECK_OK(desk_away_set(s.desk, slice_str(people_ids[LAW_DEPUTY]), desk_now() + 60 * TIME_DAY));
    (void)tick(&s);
    CHECK(!has_task(&s, DESK_TASK_NOBODY));
    days(&s, 5);
    CHECK(has_task(&s, DESK_TASK_NOBODY));
    desks_end(&s);
}

/* ---- Terms of a regime ---- Each rings once, and moves nothing. */

/* The days after which somebody is told, with what kind of task; 0: they are not. */
static int days_until(struct desks *s, enum desk_task_kind kind, int at_most) {
    for (int day = 1; day <= at_most; day++) {
        desks_wait(s, TIME_DAY);
        struct rung r = tick(s);
        if (!has_task(s, kind))
            continue;
        CHECK(r.times > 0);
        desks_wait(s, TIME_HOUR);
        CHECK_EQ(tick(s).times, 0);
        return day;
    }
    return 0;
}

TEST(an_authority_that_was_to_clarify_and_did_not_is_told_of) {
    struct desks s;
    char id[DESK_ID];
    desks_begin(&s);
    desks_receive(&s, "a filing", id);
    desks_authenticated(&s, id, &desks_epoc);
    desks_open_case(&s, id, TWO_FIELDS);
    for (int lens = 0; lens < DESK_LENS_COUNT; lens++)
        CHECK_EQ(desks_verdict(&s, id, (enum desk_lens)lens, "clarify", "DE"), DESK_OK);
    CHECK_EQ(days_until(&s, DESK_TASK_SILENT, 20), 5);
    CHECK_EQ(desks_state(&s, id), DESK_STATE_NEEDS_CLARIFICATION);
    desks_do(&s, &(struct desks_act){.id = id, .move = DESK_MOVE_CLARIFIED, .person = INTAKE_1});
    (void)tick(&s);
    CHECK(!has_task(&s, DESK_TASK_SILENT));
    desks_end(&s);
}

TEST(when_the_users_time_is_over_a_new_round_waits_for_somebody) {
    static const struct desks_kind kind = {"de-court", "national", "subscriber",
                                           "ordinary", "DE",       "exists created"};
    struct desks s;
    char id[DESK_ID];
    desks_begin(&s);
    desks_receive(&s, "a filing", id);
    desks_authenticated(&s, id, &kind);
    desks_cleared(&s, id, TWO_FIELDS);
    struct desks_act tell = {.id = id, .move = DESK_MOVE_NOTIFY, .person = POLICY};
    desks_do(&s, &tell);
    tell.person = LAW;
    tell.seconds = true;
    desks_do(&s, &tell);
    desks_notice_carried(&s, id);
    CHECK_EQ(days_until(&s, DESK_TASK_NOTICE_OVER, 20), 10);
    CHECK_EQ(desks_state(&s, id), DESK_STATE_NOTIFIED);
    desks_do(&s, &(struct desks_act){
                     .id = id, .move = DESK_MOVE_RENEW, .person = INTAKE_1, .fields = TWO_FIELDS});
    (void)tick(&s);
    CHECK(!has_task(&s, DESK_TASK_NOTICE_OVER));
    desks_end(&s);
}

/* Where it is data that says so: 48 hours in the EU, 14 days elsewhere. */
TEST(the_legal_process_that_follows_an_emergency_is_asked_for) {
    static const struct {
        struct desks_kind kind;
        int days;
    } cases[] = {{{"de-court", "eu-epoc", "subscriber", "emergency", "DE", "exists created"}, 2},
                 {{"de-court", "emergency", "emergency", "emergency", "DE", "exists created"}, 14}};
    for (int i = 0; i < 2; i++) {
        struct desks s;
        char id[DESK_ID];
        desks_begin(&s);
        desks_receive(&s, "a filing", id);
        desks_authenticated(&s, id, &cases[i].kind);
        desks_open_case(&s, id, TWO_FIELDS);
        struct desk_history h;
        CHECK_OK(desk_history_load(s.desk, slice_str(id), &h));
        CHECK_EQ(desks_verdict(&s, id, h.seats[0].lens, "clear", "DE"), DESK_OK);
        desk_history_free(&h);
        for (int who = INTAKE_1; who <= INTAKE_2; who++)
            desks_do(&s,
                     &(struct desks_act){.id = id, .move = DESK_MOVE_SIGN_ORDER, .person = who});
        CHECK_EQ(desks_release(&s, id, APPROVER), DESK_OK);
        CHECK_EQ(days_until(&s, DESK_TASK_PROCESS, 20), cases[i].days);
        desks_end(&s);
    }
}

TEST(what_is_preserved_is_told_of_before_it_ends) {
    struct desks s;
    char id[DESK_ID];
    desks_begin(&s);
    desks_receive(&s, "a filing", id);
    desks_authenticated(&s, id, &desks_epoc);
    struct desks_act keep = {.id = id, .move = DESK_MOVE_PRESERVE, .person = POLICY};
    desks_do(&s, &keep);
    keep.person = LAW;
    keep.seconds = true;
    desks_do(&s, &keep);
    CHECK(desks_case(&s, id).preserved_until != 0);
    (void)tick(&s);
    /* Of thirty days: after five and eight also the answer's deadline comes near. */
    CHECK_EQ(days_until(&s, DESK_TASK_PRESERVED, 40), 23);
    days(&s, 8);
    CHECK(!has_task(&s, DESK_TASK_PRESERVED));
    desks_end(&s);
}

static bool lacks(void *ctx, slice case_id, const struct office_person *person) {
    int *n = ctx;
    (void)case_id;
    *n += slice_equal(person->id, slice_str(people_ids[LAW]));
    return true;
}

/* A lost key: the office's next version names another, and somebody who has the case's key wraps it
 * again. */
static void away(struct desks *s, int person, int days_) {
    CHECK_OK(desk_away_set(s->desk, slice_str(people_ids[person]),
                           days_ == 0 ? 0 : desk_now() + (uint64_t)days_ * TIME_DAY));
}

/* Half of the time passes while these two, and nobody else, are away. */
static bool nobody_without(const struct desks_kind *kind, int one, int other) {
    struct desks s;
    char id[DESK_ID];
    desks_begin(&s);
    desks_receive(&s, "a filing", id);
    desks_authenticated(&s, id, kind);
    away(&s, one, 60);
    away(&s, other, 60);
    (void)tick(&s);
    desks_wait(&s, (int64_t)(desks_case(&s, id).deadline - desks_case(&s, id).received) / 2 +
                       TIME_MINUTE);
    (void)tick(&s);
    bool nobody = has_task(&s, DESK_TASK_NOBODY);
    desks_end(&s);
    return nobody;
}

TEST(a_letter_says_so_too_when_nobody_can_sign_on_its_path) {
    struct desks_kind emergency = desks_epoc;
    emergency.path = "emergency";
    CHECK(!nobody_without(&desks_epoc, APPROVER, EXPERT_1));
    CHECK(nobody_without(&desks_epoc, APPROVER, APPROVER_DEPUTY));
    CHECK(nobody_without(&desks_epoc, CUSTODIAN, CUSTODIAN));
    /* One of two lenses is enough, of the callers it takes both. */
    CHECK(!nobody_without(&emergency, POLICY, POLICY_DEPUTY));
    CHECK(!nobody_without(&emergency, LAW, LAW_DEPUTY));
    CHECK(nobody_without(&emergency, INTAKE_2, INTAKE_2));
    CHECK(!nobody_without(&desks_epoc, INTAKE_2, INTAKE_2));
}

/* Once somebody has written it, and no other letter, it is due no more. */
TEST(a_letter_that_nobody_can_act_is_written_once) {
    static const char *const templates[] = {"template expert-delay", "template nobody-in-time"};
    struct desks s;
    char id[DESK_ID], say[DESKS_SAY];
    desks_begin(&s);
    desks_receive(&s, "a filing", id);
    desks_authenticated(&s, id, &desks_epoc);
    away(&s, LAW, 60);
    away(&s, LAW_DEPUTY, 60);
    days(&s, 6);
    for (size_t i = 0; i < 2; i++) {
        struct desks_act write = {.id = id,
                                  .move = DESK_MOVE_WRITE,
                                  .person = INTAKE_1,
                                  .says = {templates[i], say},
                                  .also = "To the court.\n"};
        desks_say_hash(say, "letter", write.also);
        CHECK(has_task(&s, DESK_TASK_NOBODY));
        CHECK_EQ(desks_act(&s, &write), DESK_OK);
        (void)tick(&s);
    }
    CHECK(!has_task(&s, DESK_TASK_NOBODY));
    days(&s, 5);
    CHECK(!has_task(&s, DESK_TASK_NOBODY));
    desks_end(&s);
}

/* It is due no more once the case has its answer. */
TEST(a_letter_that_nobody_can_act_is_due_while_the_case_is) {
    struct desks s;
    char id[DESK_ID];
    desks_begin(&s);
    desks_receive(&s, "a filing", id);
    desks_authenticated(&s, id, &desks_epoc);
    away(&s, APPROVER, 60);
    away(&s, APPROVER_DEPUTY, 60);
    days(&s, 6);
    CHECK(has_task(&s, DESK_TASK_NOBODY));
    CHECK_EQ(desks_act(
                 &s, &(struct desks_act){.id = id, .move = DESK_MOVE_WITHDRAW, .person = INTAKE_1}),
             DESK_OK);
    (void)tick(&s);
    CHECK(!has_task(&s, DESK_TASK_NOBODY));
    desks_end(&s);
}

TEST(a_new_key_of_a_person_lacks_the_keys_of_the_cases) {
    static const struct signer who[] = {{APPROVER, true}, {POLICY, false}, {RIGHTS, false}};
    struct desks s;
    char id[DESK_ID];
    buf text = {0}, wrap = {0};
    int n = 0;
    desks_begin(&s);
    desks_receive(&s, "a filing", id);
    desks_authenticated(&s, id, &desks_epoc);
    desks_open_case(&s, id, TWO_FIELDS);
    CHECK_OK(desk_wraps_lacking(s.desk, lacks, &n));
    CHECK_EQ(n, 0);
    people_office(&text, true, desk_office(s.desk));
    char old[64], new[64];
    buf base64 = {0};
    const struct office_person *law = desk_person(desk_office(s.desk), slice_str(people_ids[LAW]));
    CHECK_OK(base64_encode(&base64, SLICE_ARRAY(law->seal)));
    (void)snprintf(old, sizeof old, "seal %.*s", (int)base64.n, (const char *)base64.p);
    (void)snprintf(new, sizeof new, "%s", old);
    new[5] = new[5] == 'A' ? 'B' : 'A';
    people_replace(&text, old, new);
    people_sign_all(&text, who, 3, UINT32_MAX);
    CHECK_OK(desk_office_change(s.desk, buf_slice(&text), &s.why));
    CHECK_ERR(desk_wrap_get(s.desk, slice_str(id), slice_str(people_ids[LAW]), &wrap),
              ERR_NOT_FOUND);
    CHECK_OK(desk_wraps_lacking(s.desk, lacks, &n));
    CHECK_EQ(n, 1);
    CHECK(has_task(&s, DESK_TASK_REWRAP));
    (void)tick(&s);
    CHECK(has_task(&s, DESK_TASK_REWRAP));
    /* A store in which it was not kept yet: it is found by itself. */
    bool more = true;
    CHECK_OK(desk_store_run(s.desk->store, "DELETE FROM lacks", ""));
    CHECK_OK(desk_store_run(s.desk->store, "DELETE FROM meta WHERE name = 'lacks-found'", ""));
    (void)tick(&s);
    CHECK(has_task(&s, DESK_TASK_REWRAP));
    CHECK_OK(desk_settle_more(s.desk, &more));
    CHECK(!more);
    n = 0;
    CHECK_OK(desk_wraps_lacking(s.desk, lacks, &n));
    CHECK_EQ(n, 1);
    /* The round was of the office before. */
    CHECK_EQ(desks_case(&s, id).due, DESK_DUE_DRAFT);
    uint8_t again[80] = {1};
    CHECK_OK(desk_wrap_put(s.desk, slice_str(id), slice_str(people_ids[POLICY]),
                           slice_str(people_ids[LAW]), SLICE_ARRAY(again), &s.why));
    n = 0;
    CHECK_OK(desk_wraps_lacking(s.desk, lacks, &n));
    CHECK_EQ(n, 0);
    (void)tick(&s);
    CHECK(!has_task(&s, DESK_TASK_REWRAP));
    buf_free(&text);
    buf_free(&wrap);
    buf_free(&base64);
    desks_end(&s);
}

/* The office lost those who could sign its next version. */
TEST(an_office_is_pinned_anew_by_a_higher_version_alone) {
    struct desks s;
    char id[DESK_ID];
    buf text = {0};
    uint8_t hash[32];
    desks_begin(&s);
    desks_receive(&s, "a filing", id);
    desks_authenticated(&s, id, &desks_epoc);
    desks_open_case(&s, id, TWO_FIELDS);
    people_office(&text, true, NULL);
    slice bytes = buf_slice(&text);
    CHECK_OK(crypto_sha256.hash(hash, &bytes, 1));
    CHECK_ERR(desk_office_pin(s.desk, bytes, hash, &s.why), ERR_DENIED);
    CHECK_EQ(s.why.office, OFFICE_PINNED);
    CHECK_ERR(desk_office_pin_anew(s.desk, bytes, hash, &s.why), ERR_DENIED);
    CHECK_EQ(s.why.office, OFFICE_OLD);
    people_replace(&text, "version 1", "version 7");
    bytes = buf_slice(&text);
    CHECK_ERR(desk_office_pin_anew(s.desk, bytes, hash, &s.why), ERR_DENIED);
    CHECK_EQ(s.why.office, OFFICE_NOT_PINNED);
    CHECK_EQ(desk_office(s.desk)->version, 1);
    CHECK_OK(crypto_sha256.hash(hash, &bytes, 1));
    CHECK_OK(desk_office_pin_anew(s.desk, bytes, hash, &s.why));
    CHECK_EQ(desk_office(s.desk)->version, 7);
    CHECK_EQ(desks_case(&s, id).due, DESK_DUE_DRAFT);
    desks_again(&s);
    CHECK_EQ(desk_office(s.desk)->version, 7);
    buf_free(&text);
    desks_end(&s);
}

/* ---- Crashes ---- */

/* Each move has its leaf, and each leaf its move; the head is the last move's. */
static void whole(struct desks *s) {
    uint64_t wrong, moves;
    CHECK_OK(desk_store_number(
        s->desk->store, &wrong,
        "SELECT (SELECT count(*) FROM moves m WHERE (SELECT count(*) FROM pending_leaves l"
        "  WHERE l.case_id = m.case_id AND l.number = m.number) != 1)"
        " + (SELECT count(*) FROM pending_leaves l WHERE l.case_id != '' AND NOT EXISTS (SELECT 1"
        "  FROM moves m WHERE m.case_id = l.case_id AND m.number = l.number))"
        " + (SELECT count(*) FROM cases c WHERE c.number != (SELECT count(*) FROM moves m"
        "  WHERE m.case_id = c.id))"
        " + (SELECT count(*) FROM moves m WHERE NOT EXISTS (SELECT 1 FROM sealed x"
        "  WHERE x.case_id = m.case_id AND x.number = m.number AND x.kind = 2))",
        ""));
    CHECK_EQ(wrong, 0);
    CHECK_OK(desk_store_number(s->desk->store, &moves, "SELECT count(*) FROM moves", ""));
    CHECK(moves > 0);
}

/* Files and classifies until it is killed. */
static void work(struct desks *s, int round) {
    char id[DESK_ID], bytes[64];
    desks_again(s);
    for (int i = 0;; i++) {
        (void)snprintf(bytes, sizeof bytes, "filing %d of round %d", i, round);
        desks_receive(s, bytes, id);
        desks_authenticated(s, id, &desks_epoc);
        desks_open_case(s, id, TWO_FIELDS);
    }
}

TEST(a_move_and_its_leaf_are_there_both_or_neither_whenever_it_dies) {
    struct desks s;
    char id[DESK_ID];
    desks_begin(&s);
    desks_receive(&s, "the first", id);
    for (int round = 0; round < 8; round++) {
        desk_close(s.desk);
        s.desk = NULL;
        pid_t child = fork();
        if (child == 0) {
            work(&s, round);
            _exit(0);
        }
        CHECK(child > 0);
        /* At no time in particular. */
        usleep(20000 + 17000 * (useconds_t)round);
        CHECK(kill(child, SIGKILL) == 0);
        CHECK(waitpid(child, NULL, 0) == child);
        CHECK_OK(desk_open(&s.desk, s.folder));
        whole(&s);
    }
    desks_end(&s);
}

static void suspend(struct desks *s) {
    bool more = true;
    desks_again(s);
    CHECK_EQ(desks_list(s, "suspension s-1\njurisdictions HK\nscope all\nwording Suspended.\n"
                           "start 2026-07-06T00:00:00Z\nreview 2026-10-01T00:00:00Z\n"),
             DESK_OK);
    while (more)
        CHECK_OK(desk_settle_more(s->desk, &more));
}

/* Before it is in force, nothing is held; after, everything will be. */
TEST(a_suspension_that_dies_half_way_goes_on_where_it_was) {
    enum { MANY = 150 };
    for (int round = 0; round < 6; round++) {
        struct desks s;
        char id[DESK_ID], bytes[32];
        uint64_t count[DESK_STATE_COUNT];
        bool more = true;
        desks_begin(&s);
        for (int i = 0; i < MANY; i++) {
            (void)snprintf(bytes, sizeof bytes, "filing %d", i);
            desks_receive(&s, bytes, id);
        }
        CHECK_OK(desk_store_run(s.desk->store,
                                "UPDATE cases SET regime = 'national', beneficiary = 'HK'", ""));
        desk_close(s.desk);
        s.desk = NULL;
        pid_t child = fork();
        if (child == 0) {
            suspend(&s);
            _exit(0);
        }
        CHECK(child > 0);
        usleep(5000 + 15000 * (useconds_t)round);
        CHECK(kill(child, SIGKILL) == 0);
        CHECK(waitpid(child, NULL, 0) == child);
        CHECK_OK(desk_open(&s.desk, s.folder));
        whole(&s);
        bool in_force = desk_list(s.desk)->suspensions.n > 0;
        while (more)
            CHECK_OK(desk_settle_more(s.desk, &more));
        CHECK_OK(desk_cases_count(s.desk, count));
        CHECK_EQ(count[DESK_STATE_HELD], in_force ? MANY : 0);
        whole(&s);
        desks_end(&s);
    }
}

/* The ledger fails in the middle: the move was not made. */
TEST(a_leaf_that_can_not_be_written_undoes_the_move) {
    struct desks s;
    char id[DESK_ID];
    desks_begin(&s);
    desks_receive(&s, "a filing", id);
    struct desk_case before = desks_case(&s, id);
    CHECK_OK(desk_store_run(s.desk->store,
                            "CREATE TEMP TRIGGER fails BEFORE INSERT ON pending_leaves"
                            " BEGIN SELECT RAISE(ABORT, 'no'); END",
                            ""));
    struct desk_draft draft = {.case_id = slice_str(id),
                               .person = slice_str(people_ids[INTAKE_1]),
                               .move = DESK_MOVE_WITHDRAW};
    struct desk_texts texts;
    struct desk_made made;
    CHECK_OK(desk_compose(s.desk, &draft, &texts, &s.why));
    people_sign(&texts.move, texts.move.n, INTAKE_1, SOFT_EDDSA);
    struct desk_hand hand = {.move = buf_slice(&texts.move)};
    err e = desk_move(s.desk, slice_str(id), &hand, &made, &s.why);
    CHECK(e != OK && e != ERR_DENIED);
    struct desk_case after = desks_case(&s, id);
    CHECK(after.number == before.number && after.state == before.state);
    whole(&s);
    CHECK_OK(desk_store_run(s.desk->store, "DROP TRIGGER fails", ""));
    CHECK_OK(desk_move(s.desk, slice_str(id), &hand, &made, &s.why));
    buf_free(&texts.move);
    buf_free(&texts.order);
    desks_end(&s);
}

/* ---- The store ---- */

static void remove_it(void *ctx, const char *path) {
    (void)ctx;
    CHECK(unlink(path) == 0);
}

/* What was in it before each step is there after it. */
TEST(a_store_of_each_version_is_brought_to_the_next) {
    for (int version = 1; version < desk_store_version(); version++) {
        char folder[] = "/tmp/sotto-desk-XXXXXX", path[64];
        struct desk_store *store;
        uint64_t now, kept;
        CHECK(mkdtemp(folder) != NULL);
        (void)snprintf(path, sizeof path, "%s/desk.sqlite", folder);
        CHECK_OK(desk_store_open_as(&store, path, version));
        CHECK_OK(desk_store_number(store, &now, "PRAGMA user_version", ""));
        CHECK_EQ(now, version);
        CHECK_OK(desk_meta_number_set(store, "kept", 7));
        CHECK_OK(desk_store_run(store, "INSERT INTO away (person, until) VALUES ('p01', 9)", ""));
        CHECK_OK(desk_store_run(store,
                                "INSERT INTO tasks (kind, case_id, number, roles, opened, due,"
                                " done) VALUES (6, 'c', 4, 1, 2, 3, 0)",
                                ""));
        desk_store_close(store);
        CHECK_OK(desk_store_open(&store, path));
        CHECK_OK(desk_store_number(store, &now, "PRAGMA user_version", ""));
        CHECK_EQ(now, desk_store_version());
        CHECK_OK(desk_meta_number(store, "kept", &kept));
        CHECK_EQ(kept, 7);
        CHECK_OK(desk_store_number(store, &kept, "SELECT until FROM away", ""));
        CHECK_EQ(kept, 9);
        CHECK_OK(desk_store_number(store, &kept,
                                   "SELECT number FROM tasks WHERE kind = 6 AND reason = ''", ""));
        CHECK_EQ(kept, 4);
        desk_store_close(store);
        sys_files_walk(folder, "", remove_it, NULL);
        CHECK(rmdir(folder) == 0);
    }
}

/* A move that persons got later stands before the desk's own, whose numbers are the store's. */
TEST(moves_of_an_older_store_are_what_they_were) {
    enum { BEFORE_WRITE = 4, WITHDRAW = 25, RECEIVE = 26 };
    char folder[] = "/tmp/sotto-desk-XXXXXX", path[64];
    struct desk_store *store;
    uint64_t move;
    CHECK(mkdtemp(folder) != NULL);
    (void)snprintf(path, sizeof path, "%s/desk.sqlite", folder);
    CHECK_OK(desk_store_open_as(&store, path, BEFORE_WRITE));
    CHECK_OK(desk_store_run(store, "PRAGMA foreign_keys = OFF", ""));
    for (uint64_t number = 1; number <= 2; number++)
        CHECK_OK(
            desk_store_run(store,
                           "INSERT INTO moves (case_id, number, move, from_state, to_state,"
                           " person, role, round, made, hash, order_hash, seconds, pending,"
                           " detail) VALUES ('c-1', ?, ?, 0, 0, '', 0, 0, 0, x'', x'', 0, 0, '')",
                           "ii", number, (uint64_t)(number == 1 ? RECEIVE : WITHDRAW)));
    desk_store_close(store);
    CHECK_OK(desk_store_open(&store, path));
    CHECK_OK(desk_store_number(store, &move, "SELECT move FROM moves WHERE number = 1", ""));
    CHECK_EQ(move, DESK_MOVE_RECEIVE);
    CHECK_OK(desk_store_number(store, &move, "SELECT move FROM moves WHERE number = 2", ""));
    CHECK_EQ(move, DESK_MOVE_WITHDRAW);
    desk_store_close(store);
    sys_files_walk(folder, "", remove_it, NULL);
    CHECK(rmdir(folder) == 0);
}

TEST(what_another_process_handed_in_is_taken_up) {
    struct desks s;
    struct desk *second;
    desks_begin(&s);
    CHECK_OK(desk_open(&second, s.folder));
    CHECK_EQ(desks_list(&s, SUSPENSION), DESK_OK);
    CHECK_EQ(desk_list(second)->version, 1);
    CHECK_OK(desk_refresh(second));
    CHECK_EQ(desk_list(second)->version, 2);
    desk_close(second);
    desks_end(&s);
}

TEST(a_store_of_a_newer_desk_is_left_alone) {
    struct desks s;
    struct desk *d;
    desks_begin(&s);
    CHECK_OK(desk_store_run(s.desk->store, "PRAGMA user_version = 90", ""));
    CHECK_ERR(desk_open(&d, s.folder), ERR_DAMAGED);
    desks_end(&s);
}

TEST(what_is_no_store_is_left_alone) {
    char folder[] = "/tmp/sotto-desk-XXXXXX", path[64];
    struct desk *d;
    buf bytes = {0};
    CHECK(mkdtemp(folder) != NULL);
    (void)snprintf(path, sizeof path, "%s/desk.sqlite", folder);
    for (int i = 0; i < 4096; i++)
        CHECK_OK(buf_append_byte(&bytes, 'x'));
    CHECK_OK(sys_file_write(path, buf_slice(&bytes), 0600));
    CHECK_ERR(desk_open(&d, folder), ERR_DAMAGED);
    CHECK(unlink(path) == 0 && rmdir(folder) == 0);
    buf_free(&bytes);
}

TEST_MAIN
