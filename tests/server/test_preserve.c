/* Preservation orders: what they keep, for whom it comes out, and when it is gone. */
#include "scene.h"

#include "base/time.h"
#include "server/internal.h"

#define UNTIL "2026-11-01T00:00:00Z" /* a Sunday: its week is over with it */
#define PRESERVED "record as it was preserved in the week of 2026-09-28\n"
#define TWO_WEEKS (DESK_NOW + 2 * TIME_WEEK)
static const struct told keep = {.id = "k-1", .until = UNTIL};

/* A release of everything, two weeks later. */
static const struct told later = {.id = "o-2",
                                  .made = "2026-10-15T00:00:00Z",
                                  .old = "fields exists created devices",
                                  .by = "fields exists items"};

static void send_item(struct scene *s) {
    struct proto_address address;
    person_address(&s->ann, &s->d.w, &address);
    CHECK_EQ(world_send(&s->d.w, &address, 1, slice_str("an item")), 0);
}

static size_t kept(const struct scene *s) {
    return world_rows(&s->d.w, MAIL_PRESERVED);
}

TEST(what_is_preserved_gives_a_manifest_and_no_word_of_the_account) {
    struct scene s;
    size_t size[2];
    scene_begin(&s);
    for (int i = 0; i < 2; i++) {
        struct told told = {.id = i == 0 ? "k-1" : "k-2", .until = UNTIL};
        told.old = "case c-1", told.by = i == 0 ? "case c-1" : "case c-2";
        struct proto_carried_out out = scene_given(scene_hand_in(&s, &told));
        CHECK_EQ(out.package.n, 0);
        CHECK(!out.sealed);
        CHECK(slice_skip(&out.manifest, slice_str("sotto manifest 1\norder k-")));
        size[i] = out.manifest.n;
        CHECK_EQ(kept(&s), i + 1);
        memset(s.account, '0', 32); /* there is none */
    }
    CHECK_EQ(size[0], size[1]);
    scene_end(&s);
}

TEST(a_release_of_the_same_case_gets_it_beside_the_record) {
    struct scene s;
    scene_begin(&s);
    (void)scene_given(scene_hand_in(&s, &keep));
    send_item(&s);
    world_restart(&s.d.w);
    s.d.w.now = TWO_WEEKS;
    const char *text = scene_letter(scene_hand_in(&s, &later));
    CHECK(has(text, "record as it is in the week of 2026-10-12\nexists yes\nitems 1\nbeside "));
    CHECK(has(text, "\n" PRESERVED "exists yes\nitems 0\n"));
    CHECK(!has(text, "created") && !has(text, "devices") && !has(text, "bytes"));
    scene_end(&s);
}

TEST(a_release_of_another_case_or_account_gets_nothing_of_it) {
    struct scene s;
    struct told other = {.id = "o-3", .old = "case c-1", .by = "case c-2"};
    struct told nobody = {.id = "o-4",
                          .account = "id 00000000000000000000000000000000",
                          .old = "case c-1",
                          .by = "case c-3"};
    scene_begin(&s);
    (void)scene_given(scene_hand_in(&s, &keep));
    CHECK(!has(scene_letter(scene_hand_in(&s, &other)), "preserved"));
    CHECK(!has(scene_letter(scene_hand_in(&s, &nobody)), "preserved"));
    CHECK(has(scene_letter(scene_hand_in(&s, NULL)), PRESERVED));
    scene_end(&s);
}

TEST(what_is_preserved_outlives_the_account) {
    struct scene s;
    scene_begin(&s);
    (void)scene_given(scene_hand_in(&s, &keep));
    scene_delete_account(&s);
    s.d.w.now = TWO_WEEKS;
    const char *text = scene_letter(scene_hand_in(&s, &later));
    CHECK(has(text, "answer not held: there is no such account\n" PRESERVED "exists yes\n"));
    scene_end(&s);
}

TEST(that_there_was_no_account_is_preserved_too) {
    struct scene s;
    scene_begin(&s);
    memset(s.account, '0', 32);
    (void)scene_given(scene_hand_in(&s, &keep));
    CHECK(has(scene_letter(scene_hand_in(&s, NULL)),
              PRESERVED "answer not held: there was no such account\n"));
    scene_end(&s);
}

/* Its end is to the moment for who asks, and to the week on the disk. */
TEST(it_ends_when_the_order_says) {
    struct scene s;
    struct told before = later, after = later;
    scene_begin(&s);
    before.made = "2026-10-31T00:00:00Z";
    before.id = "o-3";
    after.made = "2026-11-01T00:00:00Z";
    (void)scene_given(scene_hand_in(&s, &keep));
    s.d.w.now = DESK_NOW + 31 * TIME_DAY - 1;
    CHECK(has(scene_letter(scene_hand_in(&s, &before)), PRESERVED));
    s.d.w.now++;
    world_sweep(&s.d.w);
    CHECK_EQ(kept(&s), 1);
    CHECK(!has(scene_letter(scene_hand_in(&s, &after)), "preserved"));
    s.d.w.now += TIME_DAY;
    world_sweep(&s.d.w);
    CHECK_EQ(kept(&s), 0);
    scene_end(&s);
}

TEST(another_order_of_the_case_makes_it_last_longer_and_keeps_the_first_record) {
    struct scene s;
    struct told again = {
        .id = "k-2", .made = "2026-10-15T00:00:00Z", .until = "2026-12-01T00:00:00Z"};
    struct told shorter = {
        .id = "k-3", .made = "2026-10-15T00:00:00Z", .until = "2026-10-20T00:00:00Z"};
    struct told then = later;
    scene_begin(&s);
    (void)scene_given(scene_hand_in(&s, &keep));
    send_item(&s);
    s.d.w.now = TWO_WEEKS;
    (void)scene_given(scene_hand_in(&s, &again));
    (void)scene_given(scene_hand_in(&s, &shorter));
    s.d.w.now = DESK_NOW + 50 * TIME_DAY;
    world_sweep(&s.d.w);
    CHECK_EQ(kept(&s), 1);
    then.made = "2026-11-20T00:00:00Z";
    CHECK(has(scene_letter(scene_hand_in(&s, &then)), PRESERVED "exists yes\nitems 0\n"));
    s.d.w.now = DESK_NOW + 70 * TIME_DAY;
    world_sweep(&s.d.w);
    CHECK_EQ(kept(&s), 0);
    scene_end(&s);
}

TEST(after_its_end_another_order_keeps_the_record_of_then) {
    struct scene s;
    struct told again = {
        .id = "k-2", .made = "2026-11-01T00:00:00Z", .until = "2026-12-01T00:00:00Z"};
    struct told then = later;
    scene_begin(&s);
    (void)scene_given(scene_hand_in(&s, &keep));
    send_item(&s);
    s.d.w.now = DESK_NOW + 31 * TIME_DAY;
    (void)scene_given(scene_hand_in(&s, &again)); /* the old row is not swept yet */
    then.made = again.made;
    CHECK(has(scene_letter(scene_hand_in(&s, &then)),
              "record as it was preserved in the week of 2026-10-26\nexists yes\nitems 1\n"));
    scene_end(&s);
}

TEST(no_order_that_is_not_right_preserves_anything) {
    static const struct {
        struct told told;
        enum office_reason reason;
    } cases[] = {
        {{.until = UNTIL, .who = DESK_LAW}, OFFICE_SIGNERS},
        {{.until = UNTIL, .who = DESK_RIGHTS | DESK_APPROVER | DESK_LAW}, OFFICE_SIGNERS},
        {{.until = "2026-10-01T00:00:00Z"}, OFFICE_UNTIL},
        {{.until = "2026-12-31T00:00:00Z"}, OFFICE_UNTIL},
        {{.until = UNTIL, .made = "2026-09-27T00:00:00Z"}, OFFICE_EXPIRED},
        {{.until = UNTIL, .old = "authority de-court", .by = "authority de-nobody"},
         OFFICE_AUTHORITY},
        {{.until = UNTIL, .after = "until 2026-11", .after_by = "until 2026-12"}, OFFICE_SIGNATURE},
        {{.until = UNTIL, .after = "case c-1", .after_by = "case c-2"}, OFFICE_SIGNATURE},
    };
    struct scene s;
    scene_begin(&s);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        scene_refused(&s, office_reason_name(cases[i].reason), &cases[i].told, cases[i].reason);
    CHECK_EQ(desk_list(&s.d, SUSPENDED("DE"), SCENE_TWO), OFFICE_OK);
    scene_refused(&s, "suspended", &keep, OFFICE_SUSPENDED);
    CHECK_EQ(kept(&s), 0);
    scene_end(&s);
}

TEST(nothing_is_preserved_for_a_suspended_country_or_under_a_freeze) {
    struct scene s;
    struct told hk = {.until = UNTIL, .old = "beneficiary DE", .by = "beneficiary HK"};
    scene_begin(&s);
    CHECK_EQ(desk_list(&s.d, SUSPENDED("HK"), SCENE_TWO), OFFICE_OK);
    scene_refused(&s, "for HK", &hk, OFFICE_SUSPENDED);
    CHECK_EQ(kept(&s), 0);
    CHECK_EQ(desk_list(&s.d, SUSPENDED("HK") FREEZE, SCENE_TWO | DESK_INTAKE), OFFICE_OK);
    scene_refused(&s, "frozen", &keep, OFFICE_FROZEN);
    CHECK_EQ(kept(&s), 0);
    scene_end(&s);
}

TEST(it_is_preserved_when_it_is_durable_and_once) {
    struct scene s;
    buf order = {0};
    scene_begin(&s);
    scene_write(&s, &order, &keep);
    s.d.w.plan.fail_commit_in = 0;
    CHECK_EQ(desk_put(&s.d, MAIL_OFFICE_ORDER, buf_slice(&order), NULL)->type, PROTO_error);
    s.d.w.plan.fail_commit_in = -1;
    CHECK_EQ(kept(&s), 0);
    struct proto_carried_out first =
        scene_given(desk_put(&s.d, MAIL_OFFICE_ORDER, buf_slice(&order), NULL));
    world_restart(&s.d.w); /* cut off, and finished */
    struct proto_carried_out again =
        scene_given(desk_put(&s.d, MAIL_OFFICE_ORDER, buf_slice(&order), NULL));
    CHECK_SLICE(again.manifest, first.manifest);
    CHECK_EQ(kept(&s), 1);
    buf_free(&order);
    scene_end(&s);
}

TEST_MAIN
