/* What is sent now or never: it reaches who is there, and nothing of it stays. */
#include "server/internal.h"
#include "world.h"

static struct world w;
static struct person ann, bob;
static struct proto_address to[2]; /* hers, his */

/* Both are there and caught up. */
static void begin(void) {
    world_begin(&w, &ann, &bob);
    w.config.limits.live = true;
    world_restart(&w);
    person_login(&ann, &w, 1);
    person_login(&bob, &w, 2);
    person_address(&ann, &w, &to[0]);
    person_address(&bob, &w, &to[1]);
    person_subscribe(&ann, &w, 0);
    person_subscribe(&bob, &w, 0);
    world_commit(&w);
    w.read = w.count;
}

static void end(void) {
    world_end(&w, &ann, &bob);
}

static uint32_t say(const char *item) {
    struct proto_send_now in = {.item = slice_str(item)};
    buf body = {0}, list = {0};
    for (size_t i = 0; i < 2; i++)
        CHECK_OK(buf_append(&list, SLICE_ARRAY(to[i].bytes)));
    in.addresses = (struct proto_list){buf_slice(&list), 2};
    CHECK_OK(proto_send_now_encode(&body, &in));
    uint32_t request = world_ask(&w, 9, PROTO_send_now, buf_slice(&body));
    buf_free(&body);
    buf_free(&list);
    return request;
}

static void expect(uint64_t session, const char *item) {
    const struct frame *f = world_next(&w, session);
    CHECK(f != NULL && f->type == PROTO_delivery);
    struct delivery d = frame_delivery(f);
    CHECK_SLICE(d.item, slice_str(item));
    CHECK_EQ(d.position, 0);
    CHECK_EQ(d.mark.n, 0);
}

/* In the batch, and when it is done. */
static void nothing_for(uint64_t session) {
    CHECK(world_next(&w, session) == NULL);
    world_commit(&w);
    CHECK(world_next(&w, session) == NULL);
}

static size_t all_rows(void) {
    size_t n = 0;
    for (unsigned table = MAIL_META; table <= MAIL_PRESERVED; table++)
        n += world_rows(&w, (uint8_t)table);
    return n;
}

TEST(who_is_there_gets_it_at_once_and_it_is_on_no_disk) {
    begin();
    CHECK_EQ(world_send(&w, &to[1], 1, slice_str("before")), 0);
    uint64_t before = frame_delivery(world_next(&w, 2)).position;
    uint64_t commits = mail_counts(w.mail).commits, items = mail_counts(w.mail).items;
    size_t rows = all_rows();
    uint32_t request = say("now");
    expect(1, "now");
    expect(2, "now");
    world_commit(&w);
    CHECK_EQ(world_answer(&w, request)->type, PROTO_ok);
    CHECK_EQ(mail_counts(w.mail).commits, commits); /* not even a write of something else */
    CHECK_EQ(all_rows(), rows);
    CHECK_EQ(mail_counts(w.mail).items, items);
    /* It took no position: what comes next has the one that it would have had. */
    CHECK_EQ(world_send(&w, &to[1], 1, slice_str("after")), 0);
    struct delivery d = frame_delivery(world_next(&w, 2));
    CHECK_SLICE(d.item, slice_str("after"));
    CHECK_EQ(d.position, before + 1);
    end();
}

TEST(who_comes_later_or_when_the_server_died_never_gets_it) {
    begin();
    mail_closed(w.mail, 2);
    uint32_t request = say("now");
    expect(1, "now");
    world_commit(&w);
    CHECK_EQ(world_answer(&w, request)->type, PROTO_ok); /* as if he had been there */
    person_login(&bob, &w, 12);
    person_subscribe(&bob, &w, 0);
    CHECK_EQ(world_next(&w, 12)->type, PROTO_caught_up);
    nothing_for(12);
    (void)say("again");
    expect(12, "again");
    world_restart(&w);
    person_login(&bob, &w, 22);
    person_subscribe(&bob, &w, 0);
    CHECK_EQ(world_next(&w, 22)->type, PROTO_caught_up);
    nothing_for(22);
    end();
}

/* It has its part of the window, so that nobody can pile frames up before a slow reader; and what
 * is kept still comes. */
TEST(a_slow_reader_misses_it_and_gets_what_is_kept) {
    begin();
    w.config.limits.window_items = 3;
    world_restart(&w);
    person_login(&bob, &w, 12);
    person_subscribe(&bob, &w, 0);
    w.read = w.count;
    w.hold_drains = true;
    CHECK_EQ(world_send(&w, &to[1], 1, slice_str("had already")), 0);
    CHECK_SLICE(frame_delivery(world_next(&w, 12)).item, slice_str("had already"));
    (void)say("one");
    (void)say("two");
    (void)say("three");
    CHECK_EQ(world_send(&w, &to[1], 1, slice_str("message")), 0);
    expect(12, "one");
    expect(12, "two");
    nothing_for(12);
    w.hold_drains = false;
    mail_drained(w.mail, 12);
    world_commit(&w);
    CHECK_SLICE(frame_delivery(world_next(&w, 12)).item, slice_str("message"));
    nothing_for(12);
    w.crowded = true;
    (void)say("four");
    w.crowded = false;
    nothing_for(12);
    end();
}

TEST(it_overtakes_nothing) {
    begin();
    (void)world_ask(&w, 8, PROTO_commit,
                    commit_body(1, 0, 1, &to[1], 1, slice_str("commit"), NULL, 0));
    (void)say("now");
    expect(1, "now");
    CHECK(world_next(&w, 2) == NULL);
    world_commit(&w);
    CHECK_SLICE(frame_delivery(world_next(&w, 2)).item, slice_str("commit"));
    nothing_for(2);
    (void)say("then");
    expect(2, "then");
    end();
}

TEST(an_address_that_is_revoked_wrong_or_named_twice_changes_no_answer) {
    struct proto_address_revoke in = {0};
    struct proto_revocation r = {.key_id = 1};
    buf body = {0}, list = {0};
    begin();
    to[0] = to[1];
    uint32_t request = say("once");
    expect(2, "once");
    nothing_for(2);
    CHECK_EQ(world_answer(&w, request)->type, PROTO_ok);
    (void)say("by which");
    const struct frame *f = world_next(&w, 2);
    struct delivery d = frame_delivery(f);
    r.key_id = to[1].bytes[0];
    memcpy(r.serial, d.serial, sizeof r.serial);
    CHECK_OK(proto_revocation_encode(&list, &r));
    in.revoked = (struct proto_list){buf_slice(&list), 1};
    CHECK_OK(proto_address_revoke_encode(&body, &in));
    (void)world_get(&w, 2, PROTO_address_revoke, buf_slice(&body), PROTO_ok);
    to[0].bytes[40] ^= 1;
    request = say("never");
    nothing_for(2);
    CHECK_EQ(world_answer(&w, request)->type, PROTO_ok);
    buf_free(&body);
    buf_free(&list);
    end();
}

TEST(it_is_small_and_to_few) {
    static uint8_t item[PROTO_ITEM_NOW_MAX + 1], many[(PROTO_ROSTER_ABOVE + 1) * PROTO_ADDRESS];
    struct proto_send_now in = {.item = SLICE_ARRAY(item)};
    buf body = {0};
    CHECK(proto_send_now_encode(&body, &in) != OK);
    in.item = slice_str("x");
    in.addresses = (struct proto_list){SLICE_ARRAY(many), PROTO_ROSTER_ABOVE + 1};
    buf_clear(&body);
    CHECK(proto_send_now_encode(&body, &in) != OK);
    begin();
    world_refused(&w, 9, PROTO_send_now, slice_str("x"), PROTO_REASON_MALFORMED);
    world_refused(&w, 2, PROTO_send_now, slice_str("x"), PROTO_REASON_STATE);
    end();
    buf_free(&body);
}

TEST_MAIN
