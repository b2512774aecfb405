/* Items that are delivered before they are on the disk: when their sender is answered, what is
 * written, and that no position ever names two of them. */
#include "server/internal.h"
#include "world.h"

static struct world w;
static struct person ann, bob;
static struct proto_address to_ann, to_bob;

/* Both are there and caught up. */
static void begin(void) {
    world_begin(&w, &ann, &bob);
    w.config.limits.live = true;
    world_restart(&w);
    person_login(&ann, &w, 1);
    person_login(&bob, &w, 2);
    person_address(&ann, &w, &to_ann);
    person_address(&bob, &w, &to_bob);
    person_subscribe(&ann, &w, 0);
    person_subscribe(&bob, &w, 0);
    world_commit(&w);
    w.read = w.count;
}

static void end(void) {
    world_end(&w, &ann, &bob);
}

static uint32_t send_to(const struct proto_address *to, size_t count, const char *item) {
    return world_ask(&w, 9, PROTO_send, send_body(to, count, slice_str(item)));
}

/* Its position. */
static uint64_t expect_item(struct person *p, const char *item) {
    const struct frame *f = world_next(&w, p->session);
    CHECK(f != NULL && f->type == PROTO_delivery);
    struct delivery d = frame_delivery(f);
    CHECK_SLICE(d.item, slice_str(item));
    return d.position;
}

/* Into the batch, nothing else. */
static void ack(struct person *p, uint64_t position) {
    struct proto_ack in = {.up_to = position};
    buf body = {0};
    CHECK_OK(proto_ack_encode(&body, &in));
    (void)world_ask(&w, p->session, PROTO_ack, buf_slice(&body));
    buf_free(&body);
}

static bool is_sent(uint32_t request) {
    const struct frame *f = world_answer(&w, request);
    struct proto_sent sent;
    CHECK(f == NULL || f->type == PROTO_sent);
    if (f != NULL) {
        CHECK_OK(proto_sent_decode(buf_slice(&f->body), &sent));
        CHECK(sent.taken && sent.refused.count == 0);
    }
    return f != NULL;
}

TEST(an_item_is_delivered_at_once_and_its_sender_waits_for_the_disk) {
    begin();
    uint32_t request = send_to(&to_bob, 1, "one");
    (void)expect_item(&bob, "one");
    CHECK(!is_sent(request));
    CHECK_EQ(world_rows(&w, MAIL_ITEM), 0);
    world_commit(&w);
    CHECK(is_sent(request));
    CHECK_EQ(world_rows(&w, MAIL_ITEM), 1);
    CHECK(world_next(&w, 2) == NULL); /* not twice */
    end();
}

TEST(one_that_is_acknowledged_first_is_never_written_and_its_sender_is_told_at_once) {
    begin();
    size_t notes = world_rows(&w, MAIL_EXPIRY);
    uint32_t request = send_to(&to_bob, 1, "one");
    ack(&bob, expect_item(&bob, "one"));
    CHECK(is_sent(request));
    size_t answers = w.count;
    world_commit(&w);
    CHECK_EQ(w.count, answers); /* nor is it told again */
    CHECK_EQ(world_rows(&w, MAIL_ITEM), 0);
    CHECK_EQ(world_rows(&w, MAIL_EXPIRY), notes);
    person_subscribe(&bob, &w, 0);
    CHECK_EQ(world_next(&w, 2)->type, PROTO_caught_up);
    end();
}

TEST(a_send_to_several_waits_for_all_of_them) {
    struct proto_address both[2];
    begin();
    both[0] = to_ann;
    both[1] = to_bob;
    uint32_t request = send_to(both, 2, "one");
    ack(&ann, expect_item(&ann, "one"));
    CHECK(!is_sent(request));
    ack(&bob, expect_item(&bob, "one"));
    CHECK(is_sent(request));
    request = send_to(both, 2, "two");
    ack(&ann, expect_item(&ann, "two"));
    CHECK(!is_sent(request));
    world_commit(&w);
    CHECK(is_sent(request));
    CHECK_EQ(world_rows(&w, MAIL_ITEM), 1);
    end();
}

TEST(who_is_away_makes_the_sender_wait_for_the_disk) {
    struct proto_address both[2];
    begin();
    both[0] = to_ann;
    both[1] = to_bob;
    mail_closed(w.mail, ann.session);
    uint32_t request = send_to(both, 2, "one");
    ack(&bob, expect_item(&bob, "one"));
    CHECK(!is_sent(request));
    world_commit(&w);
    CHECK(is_sent(request));
    CHECK_EQ(world_rows(&w, MAIL_ITEM), 1);
    end();
}

TEST(who_goes_before_acknowledging_finds_it_later) {
    begin();
    uint32_t request = send_to(&to_bob, 1, "one");
    uint64_t position = expect_item(&bob, "one");
    mail_closed(w.mail, bob.session);
    world_commit(&w);
    CHECK(is_sent(request));
    person_login(&bob, &w, 12);
    person_subscribe(&bob, &w, 0);
    CHECK_EQ(expect_item(&bob, "one"), position);
    end();
}

TEST(who_comes_anew_in_the_same_batch_finds_it_once) {
    begin();
    (void)send_to(&to_bob, 1, "one");
    uint64_t position = expect_item(&bob, "one");
    person_subscribe(&bob, &w, 0);
    CHECK_EQ(expect_item(&bob, "one"), position);
    CHECK_EQ(world_next(&w, 2)->type, PROTO_caught_up);
    end();
}

TEST(a_commit_is_delivered_only_with_its_order_and_nothing_overtakes_it) {
    begin();
    (void)send_to(&to_bob, 1, "before");
    uint64_t before = expect_item(&bob, "before");
    (void)world_ask(&w, 8, PROTO_commit,
                    commit_body(1, 0, 1, &to_bob, 1, slice_str("commit"), NULL, 0));
    uint32_t request = send_to(&to_bob, 1, "after");
    CHECK(world_next(&w, 2) == NULL);
    ack(&bob, before);
    CHECK(!is_sent(request));
    world_commit(&w);
    uint64_t commit = expect_item(&bob, "commit");
    CHECK(commit > before && expect_item(&bob, "after") > commit);
    CHECK(is_sent(request));
    end();
}

TEST(one_that_a_commit_follows_is_on_the_disk_with_it) {
    begin();
    uint32_t request = send_to(&to_bob, 1, "before");
    (void)expect_item(&bob, "before");
    (void)world_ask(&w, 8, PROTO_commit,
                    commit_body(1, 0, 1, &to_bob, 1, slice_str("commit"), NULL, 0));
    world_commit(&w);
    CHECK(is_sent(request));
    CHECK_EQ(world_rows(&w, MAIL_ITEM), 2);
    end();
}

/* Its sender is refused and sends again; what was delivered is not taken back, so its position is
 * used up. */
TEST(a_batch_that_fails_refuses_the_sender_and_uses_no_position_twice) {
    begin();
    uint32_t request = send_to(&to_bob, 1, "one");
    uint64_t first = expect_item(&bob, "one");
    w.plan.fail_commit_in = 0;
    world_commit(&w);
    CHECK_EQ(world_answer(&w, request)->type, PROTO_error);
    w.plan.fail_commit_in = -1;
    world_commit(&w);
    CHECK_EQ(world_rows(&w, MAIL_ITEM), 0);
    request = send_to(&to_bob, 1, "one");
    world_commit(&w);
    CHECK(is_sent(request));
    CHECK(expect_item(&bob, "one") > first);
    end();
}

TEST(a_server_that_dies_uses_no_position_twice) {
    begin();
    (void)send_to(&to_bob, 1, "one");
    uint64_t first = expect_item(&bob, "one");
    world_restart(&w);
    CHECK_EQ(world_rows(&w, MAIL_ITEM), 0);
    person_login(&bob, &w, 12);
    (void)send_to(&to_bob, 1, "two");
    world_commit(&w);
    person_subscribe(&bob, &w, 0);
    CHECK(expect_item(&bob, "two") >> MAIL_RUN_SHIFT > first >> MAIL_RUN_SHIFT);
    end();
}

/* What was acknowledged before it was written is nowhere in the store that a mailbox is read from.
 */
TEST(a_mailbox_that_left_memory_uses_no_position_twice) {
    begin();
    (void)send_to(&to_bob, 1, "one");
    uint64_t first = expect_item(&bob, "one");
    ack(&bob, first);
    world_commit(&w);
    w.plan.fail_commit_in = 0; /* throws the mailbox out */
    (void)send_to(&to_bob, 1, "two");
    uint64_t second = expect_item(&bob, "two");
    world_commit(&w);
    w.plan.fail_commit_in = -1;
    world_commit(&w);
    (void)send_to(&to_bob, 1, "three");
    CHECK(second > first && expect_item(&bob, "three") > second);
    end();
}

TEST(a_slow_subscriber_gets_them_from_the_disk_in_order) {
    begin();
    w.config.limits.window_items = 2;
    world_restart(&w);
    person_login(&bob, &w, 12);
    person_subscribe(&bob, &w, 0);
    w.read = w.count;
    w.hold_drains = true;
    static const char *const items[] = {"one", "two", "three", "four"};
    for (size_t i = 0; i < 4; i++)
        (void)send_to(&to_bob, 1, items[i]);
    uint64_t last = 0;
    for (size_t i = 0; i < 4; i++) {
        if (i == 2) {
            CHECK(world_next(&w, 12) == NULL);
            world_commit(&w);
            w.hold_drains = false;
            mail_drained(w.mail, 12);
            world_commit(&w);
        }
        uint64_t position = expect_item(&bob, items[i]);
        CHECK(position > last);
        last = position;
    }
    end();
}

/* Else a position on the disk would say how many items came since the server started. */
TEST(where_a_mailbox_begins_in_a_run_is_known_to_that_run_alone) {
    const uint64_t low = ((uint64_t)1 << MAIL_RUN_SHIFT) - 1;
    begin();
    (void)send_to(&to_bob, 1, "one");
    uint64_t first = expect_item(&bob, "one");
    world_restart(&w);
    person_login(&bob, &w, 12);
    person_subscribe(&bob, &w, 0);
    w.read = w.count;
    (void)send_to(&to_bob, 1, "two");
    uint64_t second = expect_item(&bob, "two");
    CHECK_EQ(second >> MAIL_RUN_SHIFT, (first >> MAIL_RUN_SHIFT) + 1);
    CHECK((second & low) > (first & low) + 16 || (second & low) + 16 < (first & low));
    end();
}

/* Then the next run knows by the disk alone which positions were given. */
TEST(when_a_run_has_no_positions_left_nothing_is_delivered_before_it_is_on_the_disk) {
    begin();
    (void)send_to(&to_bob, 1, "one");
    uint64_t first = expect_item(&bob, "one"), run = first >> MAIL_RUN_SHIFT;
    world_commit(&w);
    w.mail->given = ((uint64_t)1 << MAIL_RUN_SHIFT) - 2; /* so many to another one */
    w.plan.fail_commit_in = 0;                           /* throws the mailbox out */
    (void)send_to(&to_bob, 1, "two");
    world_commit(&w);
    w.plan.fail_commit_in = -1;
    mail_closed(w.mail, bob.session);
    person_login(&bob, &w, 12);
    person_subscribe(&bob, &w, 0);
    (void)expect_item(&bob, "one");
    const struct frame *told = world_next(&w, bob.session);
    CHECK(told != NULL && told->type == PROTO_caught_up);
    CHECK_EQ(frame_caught_up(told).position >> MAIL_RUN_SHIFT, run); /* no item is there yet */
    (void)send_to(&to_bob, 1, "three");
    CHECK(world_next(&w, bob.session) == NULL);
    world_commit(&w);
    uint64_t second = expect_item(&bob, "three");
    CHECK(second >> MAIL_RUN_SHIFT > run);
    ack(&bob, second);
    world_commit(&w);
    world_restart(&w);
    person_login(&bob, &w, 12);
    (void)send_to(&to_bob, 1, "four");
    world_commit(&w);
    person_subscribe(&bob, &w, 0);
    CHECK(expect_item(&bob, "four") > second);
    end();
}

/* It says that it knows the last positions of this run. Others go on as before. */
TEST(what_a_device_claims_to_know_takes_no_positions_from_others) {
    begin();
    (void)send_to(&to_ann, 1, "one");
    uint64_t top = (expect_item(&ann, "one") >> MAIL_RUN_SHIFT) + 1;
    top = (top << MAIL_RUN_SHIFT) - 8;
    person_subscribe(&ann, &w, top - ann.start);
    (void)send_to(&to_ann, 1, "two");
    world_commit(&w);
    while (world_next(&w, ann.session) != NULL)
        ;
    w.plan.fail_commit_in = 0; /* throws Bob's mailbox out */
    (void)send_to(&to_bob, 1, "three");
    uint64_t three = expect_item(&bob, "three");
    world_commit(&w);
    w.plan.fail_commit_in = -1;
    world_commit(&w);
    (void)send_to(&to_bob, 1, "four");
    CHECK(expect_item(&bob, "four") - three < 16);
    end();
}

TEST_MAIN
