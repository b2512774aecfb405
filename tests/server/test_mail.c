#define HELD_DAMAGES /* it writes what no handler would */
#include "server/config.h"
#include "server/internal.h"
#include "world.h"

static struct world w;
static struct person ann, bob;
static unsigned damages;

static void begin(void) {
    world_begin(&w, &ann, &bob);
}

static void end(void) {
    world_end(&w, &ann, &bob);
}

static void expect_item(struct person *p, const char *item, uint64_t position) {
    struct delivery d = frame_delivery(world_next(&w, p->session));
    CHECK_SLICE(d.item, slice_str(item));
    person_meets(p, position, d.position);
}

static void expect_caught_up(struct person *p, uint64_t position, uint32_t gaps) {
    struct proto_caught_up c = frame_caught_up(world_next(&w, p->session));
    if (position >= WORLD_MET || p->met[position] == 0)
        person_meets(p, position, c.position);
    else /* in a later run the end lies above the last item */
        CHECK(c.position >= p->met[position]);
    CHECK_EQ(c.gaps, gaps);
}

/* ---- Sending and receiving ---- */

TEST(an_item_waits_for_a_device_that_is_away) {
    struct proto_address to;
    begin();
    person_address(&bob, &w, &to);
    CHECK_EQ(world_send(&w, &to, 1, slice_str("hello")), 0);
    person_subscribe(&bob, &w, 0);
    expect_item(&bob, "hello", 1);
    expect_caught_up(&bob, 1, 0);
    CHECK(world_next(&w, 2) == NULL);
    end();
}

TEST(a_subscriber_gets_items_live_and_in_order) {
    struct proto_address to[2];
    begin();
    person_address(&ann, &w, &to[0]);
    person_address(&bob, &w, &to[1]);
    person_subscribe(&bob, &w, 0);
    expect_caught_up(&bob, 0, 0);
    (void)world_ask(&w, 7, PROTO_send, send_body(to, 2, slice_str("one")));
    (void)world_ask(&w, 8, PROTO_send, send_body(to, 2, slice_str("two")));
    CHECK(world_next(&w, 2) == NULL);
    world_commit(&w);
    expect_item(&bob, "one", 1);
    expect_item(&bob, "two", 2);
    CHECK(world_next(&w, 2) == NULL);
    end();
}

TEST(nothing_is_said_before_it_is_durable) {
    struct proto_address to;
    begin();
    person_address(&bob, &w, &to);
    size_t before = w.count;
    (void)world_ask(&w, 7, PROTO_send, send_body(&to, 1, slice_str("x")));
    CHECK_EQ(w.count, before);
    end();
}

/* One request knows nothing of another: an address is met twice only within it. */
TEST(what_one_request_met_is_no_repeat_in_the_next) {
    struct proto_address to[2];
    begin();
    person_address(&bob, &w, &to[0]);
    person_address(&bob, &w, &to[1]);
    CHECK_EQ(world_send(&w, &to[1], 1, slice_str("one")), 0);
    CHECK_EQ(world_send(&w, to, 2, slice_str("two")), 0);
    person_subscribe(&bob, &w, 0);
    expect_item(&bob, "one", 1);
    expect_item(&bob, "two", 2);
    expect_item(&bob, "two", 3);
    expect_caught_up(&bob, 3, 0);
    end();
}

TEST(a_delivery_names_the_address_it_came_by) {
    struct proto_address to[2];
    begin();
    person_address(&bob, &w, &to[0]);
    person_address(&bob, &w, &to[1]);
    CHECK_EQ(world_send(&w, to, 2, slice_str("twice")), 0);
    person_subscribe(&bob, &w, 0);
    struct delivery a = frame_delivery(world_next(&w, 2));
    struct delivery b = frame_delivery(world_next(&w, 2));
    CHECK(memcmp(a.serial, b.serial, 8) != 0);
    CHECK_EQ(a.mark.n, 0);
    end();
}

TEST(an_address_that_stands_twice_is_one_delivery) {
    struct proto_address to[3];
    begin();
    person_address(&bob, &w, &to[0]);
    to[1] = to[0];
    person_address(&ann, &w, &to[2]);
    CHECK_EQ(world_send(&w, to, 3, slice_str("x")), 0);
    person_subscribe(&bob, &w, 0);
    expect_item(&bob, "x", 1);
    expect_caught_up(&bob, 1, 0);
    end();
}

TEST(a_bad_address_is_refused_alone) {
    struct proto_address to[3];
    struct proto_sent sent;
    struct proto_refusal refusal;
    begin();
    person_address(&ann, &w, &to[0]);
    person_address(&bob, &w, &to[1]);
    to[2] = to[1];
    to[1].bytes[40] ^= 1;
    const struct frame *f =
        world_get(&w, 9, PROTO_send, send_body(to, 3, slice_str("x")), PROTO_sent);
    CHECK_OK(proto_sent_decode(buf_slice(&f->body), &sent));
    CHECK_EQ(sent.refused.count, 1);
    reader r = reader_of(sent.refused.bytes);
    CHECK_OK(proto_refusal_read(&r, &refusal));
    CHECK_EQ(refusal.place, 1);
    CHECK_EQ(refusal.reason, PROTO_REASON_ADDRESS);
    person_subscribe(&bob, &w, 0);
    expect_item(&bob, "x", 1);
    end();
}

TEST(an_address_of_the_key_before_still_holds_and_an_older_one_does_not) {
    struct proto_address to;
    begin();
    person_address(&bob, &w, &to);
    w.config.keys[1] = w.config.keys[0];
    w.config.keys[0].id = 2;
    memset(w.config.keys[0].key, 9, 32);
    world_restart(&w);
    CHECK_EQ(world_send(&w, &to, 1, slice_str("x")), 0);
    w.config.keys[1].id = 3;
    world_restart(&w);
    CHECK_EQ(world_send(&w, &to, 1, slice_str("x")), 1);
    end();
}

TEST(no_two_addresses_of_a_mailbox_look_alike) {
    struct proto_address a, b;
    begin();
    person_address(&bob, &w, &a);
    person_address(&bob, &w, &b);
    int same = 0;
    for (int i = 1; i < PROTO_ADDRESS; i++)
        same += a.bytes[i] == b.bytes[i];
    CHECK(same < 8);
    end();
}

TEST(an_ack_deletes_up_to_its_position) {
    struct proto_address to;
    struct proto_record record;
    begin();
    person_address(&bob, &w, &to);
    for (int i = 0; i < 5; i++)
        CHECK_EQ(world_send(&w, &to, 1, slice_str("item")), 0);
    person_ack(&bob, &w, 3);
    world_record(&w, 2, &record);
    CHECK_EQ(record.items, 2);
    CHECK_EQ(record.bytes, 8);
    person_subscribe(&bob, &w, 0);
    expect_item(&bob, "item", 4);
    expect_item(&bob, "item", 5);
    expect_caught_up(&bob, 5, 0);
    end();
}

TEST(an_ack_beyond_the_end_takes_no_later_item_with_it) {
    struct proto_address to;
    begin();
    person_address(&bob, &w, &to);
    CHECK_EQ(world_send(&w, &to, 1, slice_str("one")), 0);
    person_ack(&bob, &w, UINT64_MAX);
    CHECK_EQ(world_send(&w, &to, 1, slice_str("two")), 0);
    person_subscribe(&bob, &w, 1);
    expect_item(&bob, "two", 2);
    world_restart(&w);
    CHECK_EQ(world_send(&w, &to, 1, slice_str("three")), 0);
    person_login(&bob, &w, 12);
    person_subscribe(&bob, &w, 2);
    expect_item(&bob, "three", 3);
    end();
}

TEST(positions_grow_for_ever_across_acks_and_restarts) {
    struct proto_address to;
    begin();
    person_address(&bob, &w, &to);
    CHECK_EQ(world_send(&w, &to, 1, slice_str("a")), 0);
    CHECK_EQ(world_send(&w, &to, 1, slice_str("b")), 0);
    person_ack(&bob, &w, 2);
    world_restart(&w);
    CHECK_EQ(world_send(&w, &to, 1, slice_str("c")), 0);
    person_login(&bob, &w, 12);
    person_subscribe(&bob, &w, 2);
    expect_item(&bob, "c", 3);
    expect_caught_up(&bob, 3, 0);
    end();
}

TEST(a_device_that_knows_later_positions_loses_nothing_that_comes) {
    struct proto_address to;
    begin();
    person_address(&bob, &w, &to);
    person_subscribe(&bob, &w, 100);
    expect_caught_up(&bob, 100, 0);
    CHECK_EQ(world_send(&w, &to, 1, slice_str("a")), 0);
    expect_item(&bob, "a", 101);
    world_restart(&w);
    person_login(&bob, &w, 12);
    person_subscribe(&bob, &w, 100);
    expect_item(&bob, "a", 101);
    end();
}

TEST(a_newer_subscriber_closes_the_older_which_is_told) {
    struct proto_address to;
    begin();
    person_address(&bob, &w, &to);
    person_subscribe(&bob, &w, 0);
    person_login(&bob, &w, 22);
    person_subscribe(&bob, &w, 0);
    w.read = 0;
    expect_caught_up(&(struct person){.session = 2, .start = bob.start}, 0, 0);
    const struct frame *f = world_next(&w, 2);
    CHECK(f != NULL && f->type == PROTO_replaced && f->ends);
    mail_closed(w.mail, 2);
    CHECK_EQ(world_send(&w, &to, 1, slice_str("x")), 0);
    w.read = 0;
    expect_caught_up(&bob, 0, 0);
    expect_item(&bob, "x", 1);
    end();
}

TEST(a_backlog_is_streamed_in_windows) {
    struct proto_address to;
    begin();
    w.config.limits.window_items = 4;
    world_restart(&w);
    person_login(&bob, &w, 12);
    person_address(&bob, &w, &to);
    for (int i = 0; i < 10; i++)
        CHECK_EQ(world_send(&w, &to, 1, slice_str("x")), 0);
    w.hold_drains = true;
    person_subscribe(&bob, &w, 0);
    for (int i = 1; i <= 4; i++) {
        const struct frame *f = world_next(&w, 12);
        person_meets(&bob, (uint64_t)i, frame_delivery(f).position);
        CHECK_EQ(f->drain, i == 4);
    }
    CHECK(world_next(&w, 12) == NULL);
    CHECK_EQ(world_send(&w, &to, 1, slice_str("live")), 0);
    CHECK(world_next(&w, 12) == NULL);
    w.hold_drains = false;
    mail_drained(w.mail, 12);
    world_commit(&w);
    for (int i = 5; i <= 10; i++)
        expect_item(&bob, "x", (uint64_t)i);
    expect_item(&bob, "live", 11);
    expect_caught_up(&bob, 11, 0);
    CHECK_EQ(world_send(&w, &to, 1, slice_str("more")), 0);
    expect_item(&bob, "more", 12);
    end();
}

TEST(live_items_stop_at_a_slow_subscriber_and_go_on_in_order) {
    struct proto_address to;
    begin();
    w.config.limits.window_items = 2;
    world_restart(&w);
    person_login(&bob, &w, 12);
    person_address(&bob, &w, &to);
    person_subscribe(&bob, &w, 0);
    expect_caught_up(&bob, 0, 0);
    w.hold_drains = true;
    for (int i = 0; i < 5; i++)
        CHECK_EQ(world_send(&w, &to, 1, slice_str("x")), 0);
    expect_item(&bob, "x", 1);
    expect_item(&bob, "x", 2);
    CHECK(world_next(&w, 12) == NULL);
    w.hold_drains = false;
    mail_drained(w.mail, 12);
    world_commit(&w);
    for (uint64_t i = 3; i <= 5; i++)
        expect_item(&bob, "x", i);
    end();
}

/* ---- Limits of a mailbox ---- */

TEST(a_full_mailbox_refuses_and_keeps_a_gap) {
    struct proto_address to[5];
    begin();
    w.config.limits.mailbox_items = 4;
    world_restart(&w);
    person_login(&bob, &w, 12);
    person_counts_anew(&bob, &w);
    for (int i = 0; i < 5; i++)
        person_address(&bob, &w, &to[i]);
    CHECK_EQ(world_send(&w, to, 4, slice_str("x")), 0);
    CHECK_EQ(world_send(&w, to + 4, 1, slice_str("y")), 1);
    world_restart(&w);
    person_login(&bob, &w, 13);
    person_subscribe(&bob, &w, 4);
    expect_caught_up(&bob, 5, 1);
    person_ack(&bob, &w, 5);
    world_restart(&w);
    person_login(&bob, &w, 14);
    CHECK_EQ(world_send(&w, to + 4, 1, slice_str("z")), 0);
    person_subscribe(&bob, &w, 5);
    expect_item(&bob, "z", 6);
    expect_caught_up(&bob, 6, 0);
    end();
}

TEST(one_address_may_fill_a_quarter) {
    struct proto_address to[2];
    begin();
    w.config.limits.mailbox_items = 8;
    world_restart(&w);
    person_login(&bob, &w, 12);
    person_counts_anew(&bob, &w);
    person_address(&bob, &w, &to[0]);
    person_address(&bob, &w, &to[1]);
    CHECK_EQ(world_send(&w, to, 1, slice_str("x")), 0);
    CHECK_EQ(world_send(&w, to, 1, slice_str("x")), 0);
    CHECK_EQ(world_send(&w, to, 1, slice_str("x")), 1);
    CHECK_EQ(world_send(&w, to + 1, 1, slice_str("x")), 0);
    person_ack(&bob, &w, 1);
    CHECK_EQ(world_send(&w, to, 1, slice_str("x")), 0);
    CHECK_EQ(world_send(&w, to, 1, slice_str("x")), 1);
    world_restart(&w); /* by which address the old items came is sealed */
    CHECK_EQ(world_send(&w, to, 1, slice_str("x")), 0);
    CHECK_EQ(world_send(&w, to, 1, slice_str("x")), 0);
    CHECK_EQ(world_send(&w, to, 1, slice_str("x")), 1);
    end();
}

TEST(bytes_are_counted_too) {
    static uint8_t big[1000];
    struct proto_address to;
    begin();
    w.config.limits.mailbox_bytes = 8000;
    world_restart(&w);
    person_login(&bob, &w, 12);
    person_address(&bob, &w, &to);
    CHECK_EQ(world_send(&w, &to, 1, SLICE_ARRAY(big)), 0);
    CHECK_EQ(world_send(&w, &to, 1, SLICE_ARRAY(big)), 0);
    CHECK_EQ(world_send(&w, &to, 1, SLICE_ARRAY(big)), 1);
    end();
}

TEST(a_gap_is_told_live_and_again_until_it_is_acknowledged) {
    struct proto_address to[2];
    begin();
    w.config.limits.mailbox_items = 4;
    world_restart(&w);
    person_login(&bob, &w, 12);
    person_address(&bob, &w, &to[0]);
    person_address(&bob, &w, &to[1]);
    person_subscribe(&bob, &w, 0);
    expect_caught_up(&bob, 0, 0);
    CHECK_EQ(world_send(&w, to, 1, slice_str("a")), 0);
    CHECK_EQ(world_send(&w, to, 1, slice_str("b")), 1);
    CHECK_EQ(world_send(&w, to + 1, 1, slice_str("c")), 0);
    expect_item(&bob, "a", 1);
    expect_caught_up(&bob, 2, 1);
    expect_item(&bob, "c", 3);
    /* It crashes before it acknowledges. */
    world_restart(&w);
    person_login(&bob, &w, 13);
    person_subscribe(&bob, &w, 0);
    expect_item(&bob, "a", 1);
    expect_item(&bob, "c", 3);
    expect_caught_up(&bob, 4, 1);
    person_ack(&bob, &w, 3);
    person_subscribe(&bob, &w, 3);
    expect_caught_up(&bob, 4, 1);
    person_ack(&bob, &w, 4);
    person_subscribe(&bob, &w, 4);
    expect_caught_up(&bob, 4, 0);
    end();
}

TEST(after_a_rollback_no_position_comes_again_and_a_gap_is_told) {
    struct proto_address to;
    const uint64_t later = (uint64_t)(MAIL_RUN_FIRST + MAIL_RUNS_RESTORED) << MAIL_RUN_SHIFT;
    begin();
    person_address(&bob, &w, &to);
    CHECK_EQ(world_send(&w, &to, 1, slice_str("a")), 0);
    mail_free(w.mail);
    CHECK_OK(mail_rolled_back(w.store, w.now));
    CHECK_OK(mail_new(&w.mail, w.store, &w.config, NULL));
    CHECK_EQ(world_send(&w, &to, 1, slice_str("d")), 0);
    person_login(&bob, &w, 13);
    person_subscribe(&bob, &w, 3); /* "b" and "c", which the store has lost, it has seen */
    expect_item(&bob, "d", 4);
    CHECK(bob.met[4] > later);
    expect_caught_up(&bob, 5, 1);
    person_ack(&bob, &w, 5);
    person_subscribe(&bob, &w, 5);
    expect_caught_up(&bob, 5, 0);
    end();
}

static uint64_t stored_run(void) {
    struct held_total row = {0};
    buf bytes = {0};
    CHECK_OK(held_total_get(w.store, NULL, slice_str("run"), 0, &bytes, &row));
    buf_free(&bytes);
    return row.value;
}

static void store_run(uint64_t run) {
    struct held_total row = {.value = run};
    struct store_batch *batch;
    buf bytes = {0};
    CHECK_OK(store_batch_new(&batch, NULL));
    CHECK_OK(held_total_put(batch, slice_str("run"), 0, &bytes, &row));
    CHECK_OK(store_commit_now(w.store, batch));
    store_batch_free(batch);
    buf_free(&bytes);
}

TEST(the_same_copy_rolled_back_a_second_later_has_a_later_run) {
    const uint64_t began = UINT64_C(1767225600000), years = 10 * 365 * TIME_DAY;
    begin();
    mail_free(w.mail);
    w.mail = NULL;
    store_run(MAIL_RUN_FIRST + 7);
    CHECK_OK(mail_rolled_back(w.store, began + years));
    CHECK_EQ(stored_run(), years / 1000);
    store_run(MAIL_RUN_FIRST + 7);
    CHECK_OK(mail_rolled_back(w.store, began + years + 1000));
    CHECK_EQ(stored_run(), years / 1000 + 1);
    /* What the clock says is too little, or can't be. */
    static const uint64_t bad[] = {0, UINT64_C(1767225600000) + 1000, UINT64_C(1) << 60};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        store_run(MAIL_RUN_FIRST + 7);
        CHECK_OK(mail_rolled_back(w.store, bad[i]));
        CHECK_EQ(stored_run(), MAIL_RUN_FIRST + 8 + MAIL_RUNS_RESTORED);
    }
    CHECK_OK(mail_new(&w.mail, w.store, &w.config, NULL));
    end();
}

/* Its positions had 40 bits below the run. */
TEST(positions_of_a_store_with_larger_runs_are_below_all_that_follow) {
    static const uint64_t runs[] = {1024, 1024 + 60, 40000};
    struct proto_address to;
    begin();
    person_address(&bob, &w, &to);
    for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) {
        store_run(runs[i]);
        world_restart(&w);
        CHECK_EQ(world_send(&w, &to, 1, slice_str("a")), 0);
        CHECK(stored_run() >= MAIL_RUN_FIRST);
        CHECK(stored_run() << MAIL_RUN_SHIFT >= (runs[i] + 1) << 40);
    }
    end();
}

TEST(an_ack_beyond_a_gap_that_was_never_told_does_not_forget_it) {
    struct proto_address to[2];
    begin();
    w.config.limits.mailbox_items = 4;
    world_restart(&w);
    person_login(&bob, &w, 12);
    person_counts_anew(&bob, &w);
    person_address(&bob, &w, &to[0]);
    person_address(&bob, &w, &to[1]);
    CHECK_EQ(world_send(&w, to, 1, slice_str("a")), 0);
    CHECK_EQ(world_send(&w, to, 1, slice_str("b")), 1);
    CHECK_EQ(world_send(&w, to + 1, 1, slice_str("c")), 0);
    person_ack(&bob, &w, 3);
    person_subscribe(&bob, &w, 3);
    expect_caught_up(&bob, 4, 1);
    end();
}

TEST(a_gap_and_a_later_item_of_one_batch_come_in_order) {
    struct proto_address to[2];
    begin();
    w.config.limits.mailbox_items = 4;
    world_restart(&w);
    person_login(&bob, &w, 12);
    person_address(&bob, &w, &to[0]);
    person_address(&bob, &w, &to[1]);
    person_subscribe(&bob, &w, 0);
    expect_caught_up(&bob, 0, 0);
    (void)world_ask(&w, 7, PROTO_send, send_body(to, 1, slice_str("a")));
    (void)world_ask(&w, 7, PROTO_send, send_body(to, 1, slice_str("b")));
    (void)world_ask(&w, 7, PROTO_send, send_body(to + 1, 1, slice_str("c")));
    world_commit(&w);
    expect_item(&bob, "a", 1);
    expect_caught_up(&bob, 2, 1); /* not 3, whose item has not come yet */
    expect_item(&bob, "c", 3);
    end();
}

TEST(items_expire_and_leave_a_gap) {
    struct proto_address to;
    struct proto_record record;
    begin();
    person_address(&bob, &w, &to);
    CHECK_EQ(world_send(&w, &to, 1, slice_str("old")), 0);
    w.now += 33 * TIME_DAY; /* a Wednesday: its week has been over for 29 days */
    CHECK_EQ(world_send(&w, &to, 1, slice_str("new")), 0);
    world_sweep(&w);
    world_record(&w, 2, &record);
    CHECK_EQ(record.items, 2);
    w.now += TIME_DAY;
    world_sweep(&w);
    world_record(&w, 2, &record);
    CHECK_EQ(record.items, 1);
    world_restart(&w);
    person_login(&bob, &w, 12);
    person_subscribe(&bob, &w, 0);
    expect_item(&bob, "new", 2);
    expect_caught_up(&bob, 3, 1);
    w.now += 20 * TIME_WEEK;
    world_sweep(&w);
    world_record(&w, 12, &record);
    CHECK_EQ(record.items, 0);
    end();
}

/* Its number may tell neither that there were items nor how many. */
TEST(a_mailbox_begins_at_a_position_of_its_own) {
    begin();
    CHECK(ann.start != bob.start && ann.start > 1000 && bob.start > 1000);
    end();
}

TEST(an_empty_mailbox_leaves_no_note) {
    struct proto_address to;
    begin();
    person_address(&bob, &w, &to);
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(world_send(&w, &to, 1, slice_str("a")), 0);
        CHECK_EQ(world_send(&w, &to, 1, slice_str("b")), 0);
        w.now += TIME_WEEK;
    }
    CHECK_EQ(world_rows(&w, MAIL_EXPIRY), 3);
    person_ack(&bob, &w, 3);
    CHECK_EQ(world_rows(&w, MAIL_EXPIRY), 2);
    world_restart(&w);
    person_login(&bob, &w, 12);
    person_ack(&bob, &w, 6);
    CHECK_EQ(world_rows(&w, MAIL_EXPIRY), 0);
    /* In the same week it comes again, and does what it is for. */
    CHECK_EQ(world_send(&w, &to, 1, slice_str("c")), 0);
    person_ack(&bob, &w, 7);
    CHECK_EQ(world_send(&w, &to, 1, slice_str("d")), 0);
    CHECK_EQ(world_rows(&w, MAIL_EXPIRY), 1);
    w.now += 9 * TIME_WEEK;
    world_sweep(&w);
    CHECK_EQ(world_rows(&w, MAIL_ITEM), 0);
    CHECK_EQ(world_rows(&w, MAIL_EXPIRY), 0);
    end();
}

/* ---- Commits ---- */

TEST(the_first_commit_makes_the_order_and_the_next_needs_its_token) {
    struct proto_address to;
    begin();
    person_address(&bob, &w, &to);
    CHECK_EQ(world_commit_group(&w, commit_body(1, 0, 10, &to, 1, slice_str("c"), NULL, 0)), 1);
    CHECK_EQ(world_commit_group(&w, commit_body(1, 9, 11, &to, 1, slice_str("c"), NULL, 0)), 0);
    CHECK_EQ(world_commit_group(&w, commit_body(1, 10, 11, &to, 1, slice_str("c"), NULL, 0)), 1);
    CHECK_EQ(world_commit_group(&w, commit_body(2, 10, 11, &to, 1, slice_str("c"), NULL, 0)), 1);
    world_restart(&w);
    CHECK_EQ(world_commit_group(&w, commit_body(1, 10, 12, &to, 1, slice_str("c"), NULL, 0)), 0);
    CHECK_EQ(world_commit_group(&w, commit_body(1, 11, 12, &to, 1, slice_str("c"), NULL, 0)), 1);
    end();
}

/* Its members may be epochs ahead, and a client can't bring that about. */
TEST(after_a_rollback_an_order_takes_one_commit_whatever_its_token) {
    struct proto_address to;
    struct proto_commit in;
    buf zeros = {0};
    begin();
    person_address(&bob, &w, &to);
    slice body = commit_body(1, 0, 10, &to, 1, slice_str("c"), NULL, 0);
    CHECK_OK(proto_commit_decode(body, &in));
    memset(in.next, 0, sizeof in.next);
    CHECK_OK(proto_commit_encode(&zeros, &in));
    world_refused(&w, 5, PROTO_commit, buf_slice(&zeros), PROTO_REASON_MALFORMED);
    CHECK_EQ(world_commit_group(&w, commit_body(1, 0, 10, &to, 1, slice_str("c"), NULL, 0)), 1);
    mail_free(w.mail);
    CHECK_OK(mail_rolled_back(w.store, w.now));
    CHECK_OK(mail_new(&w.mail, w.store, &w.config, NULL));
    CHECK_EQ(world_commit_group(&w, commit_body(1, 77, 78, &to, 1, slice_str("c"), NULL, 0)), 1);
    CHECK_EQ(world_commit_group(&w, commit_body(1, 77, 79, &to, 1, slice_str("c"), NULL, 0)), 0);
    CHECK_EQ(world_commit_group(&w, commit_body(1, 78, 79, &to, 1, slice_str("c"), NULL, 0)), 1);
    buf_free(&zeros);
    end();
}

TEST(of_two_commits_in_one_batch_one_wins) {
    struct proto_address to;
    struct proto_committed a, b;
    begin();
    person_address(&bob, &w, &to);
    CHECK_EQ(world_commit_group(&w, commit_body(1, 0, 1, &to, 1, slice_str("c0"), NULL, 0)), 1);
    uint32_t first =
        world_ask(&w, 7, PROTO_commit, commit_body(1, 1, 2, &to, 1, slice_str("c1"), NULL, 0));
    uint32_t second =
        world_ask(&w, 8, PROTO_commit, commit_body(1, 1, 3, &to, 1, slice_str("c2"), NULL, 0));
    uint32_t third =
        world_ask(&w, 8, PROTO_commit, commit_body(1, 2, 4, &to, 1, slice_str("c3"), NULL, 0));
    world_commit(&w);
    CHECK_OK(proto_committed_decode(buf_slice(&world_answer(&w, first)->body), &a));
    CHECK_OK(proto_committed_decode(buf_slice(&world_answer(&w, second)->body), &b));
    CHECK(a.taken && !b.taken);
    CHECK_OK(proto_committed_decode(buf_slice(&world_answer(&w, third)->body), &b));
    CHECK(b.taken);
    person_subscribe(&bob, &w, 0);
    expect_item(&bob, "c0", 1);
    expect_item(&bob, "c1", 2);
    expect_item(&bob, "c3", 3);
    expect_caught_up(&bob, 3, 0);
    end();
}

TEST(a_repeated_commit_is_taken_and_delivered_once) {
    struct proto_address to;
    begin();
    person_address(&bob, &w, &to);
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(world_commit_group(&w, commit_body(1, 0, 1, &to, 1, slice_str("c"), NULL, 0)), 1);
        if (i == 1)
            world_restart(&w);
    }
    person_login(&bob, &w, 12);
    person_subscribe(&bob, &w, 0);
    expect_item(&bob, "c", 1);
    expect_caught_up(&bob, 1, 0);
    end();
}

TEST(copies_carry_the_mark_and_letters_come_first_without_it) {
    struct proto_address to;
    struct proto_letter letter = {.item = slice_str("welcome")};
    uint8_t token[32], next[32], group[32], roster[32], first[32];
    begin();
    person_address(&bob, &w, &to);
    person_address(&bob, &w, (struct proto_address *)letter.address);
    memset(token, 5, 32);
    slice part = SLICE_ARRAY(token);
    CHECK_OK(crypto_blake2b_keyed(next, 32, SLICE_EMPTY, &part, 1));
    CHECK_EQ(world_commit_group(&w, commit_body(1, 0, 5, &to, 1, slice_str("c"), &letter, 1)), 1);
    person_subscribe(&bob, &w, 0);
    struct delivery d = frame_delivery(world_next(&w, 2));
    CHECK_SLICE(d.item, slice_str("welcome"));
    CHECK_EQ(d.mark.n, 0);
    d = frame_delivery(world_next(&w, 2));
    CHECK_SLICE(d.item, slice_str("c"));
    CHECK_EQ(d.mark.n, 64);
    memset(group, 1, sizeof group);
    slice ordered[] = {SLICE_ARRAY(group), SLICE_ARRAY(next)};
    CHECK_OK(crypto_blake2b_keyed(first, 32, SLICE_EMPTY, ordered, 2));
    CHECK_SLICE(slice_of(d.mark.p, 32), SLICE_ARRAY(first));
    memset(roster, 0x55, sizeof roster);
    slice members[] = {SLICE_ARRAY(group), SLICE_ARRAY(roster)};
    CHECK_OK(crypto_blake2b_keyed(first, 32, SLICE_EMPTY, members, 2));
    CHECK_SLICE(slice_of(d.mark.p + 32, 32), SLICE_ARRAY(first));
    end();
}

TEST(a_commit_stands_whoever_refuses_it) {
    struct proto_address to[2];
    struct proto_letter letter = {.item = slice_str("welcome")};
    struct proto_committed out;
    struct proto_refusal refusal;
    begin();
    person_address(&bob, &w, &to[0]);
    memset(&to[1], 1, sizeof to[1]);
    memset(letter.address, 1, sizeof letter.address);
    slice body = commit_body(1, 0, 1, to, 2, slice_str("c"), &letter, 1);
    const struct frame *f = world_get(&w, 9, PROTO_commit, body, PROTO_committed);
    CHECK_OK(proto_committed_decode(buf_slice(&f->body), &out));
    CHECK(out.taken);
    CHECK_EQ(out.refused.count, 2);
    unsigned places = 0;
    reader r = reader_of(out.refused.bytes);
    for (int i = 0; i < 2; i++) {
        CHECK_OK(proto_refusal_read(&r, &refusal));
        places |= 1u << refusal.place;
    }
    CHECK_EQ(places, 2 | 4);
    CHECK_EQ(world_commit_group(&w, commit_body(1, 0, 9, to, 2, slice_str("c"), NULL, 0)), 0);
    end();
}

/* A store that notes where scans for what expires begin. */
struct spy {
    struct store store;
    unsigned from_start, further; /* in the name whose notes there are */
    uint64_t last;
    uint32_t week;
};

static err spy_get(struct store *s, struct store_key key, buf *value) {
    (void)s;
    return store_get(w.store, NULL, key, value);
}

static err spy_scan(struct store *s, struct store_key key, uint64_t last, store_visit *visit,
                    void *ctx) {
    struct spy *spy = (struct spy *)s;
    uint8_t swept[5] = {MAIL_EXPIRY_ORDER};
    put_u32(swept + 1, spy->week);
    if (key.table == MAIL_EXPIRY && slice_equal(key.name, SLICE_ARRAY(swept))) {
        spy->from_start += key.number == 0;
        spy->further += key.number > spy->last;
        spy->last = key.number;
    }
    return store_scan(w.store, key, last, visit, ctx);
}

static err spy_scan_table(struct store *s, uint8_t table, store_visit *visit, void *ctx) {
    (void)s;
    return store_scan_table(w.store, table, visit, ctx);
}

static void spy_commit(struct store *s, const struct store_batch *batch, store_done *done,
                       void *ctx) {
    (void)s;
    store_commit(w.store, batch, done, ctx);
}

/* Else each step would pass all that the steps before it deleted. */
TEST(a_sweep_goes_on_where_it_was) {
    static const struct store_engine engine = {.name = "spy",
                                               .get = spy_get,
                                               .scan = spy_scan,
                                               .scan_table = spy_scan_table,
                                               .commit = spy_commit};
    struct spy spy = {.store = {&engine}};
    struct proto_address to;
    begin();
    spy.week = time_week(w.now);
    w.config.limits.orders_mailbox = 400;
    mail_free(w.mail);
    CHECK_OK(mail_new(&w.mail, &spy.store, &w.config, NULL));
    person_login(&bob, &w, 12);
    person_address(&bob, &w, &to);
    for (uint8_t i = 1; i <= 70; i++)
        CHECK_EQ(world_commit_group(&w, commit_body(i, 0, 1, &to, 1, slice_str("c"), NULL, 0)), 1);
    w.now += 53 * TIME_WEEK;
    world_sweep(&w);
    CHECK_EQ(world_rows(&w, MAIL_ORDER), 0);
    CHECK_EQ(spy.from_start, 1);
    CHECK(spy.further >= 4);
    end();
}

TEST(a_sweep_that_failed_begins_its_week_again) {
    struct proto_address to;
    begin();
    person_address(&bob, &w, &to);
    for (uint8_t i = 1; i <= 40; i++)
        CHECK_EQ(world_commit_group(&w, commit_body(i, 0, 1, &to, 1, slice_str("c"), NULL, 0)), 1);
    w.now += 53 * TIME_WEEK;
    for (int i = 0; i < 12; i++) {
        CHECK(mail_sweep(w.mail));
        w.plan.fail_commit_in = i % 2;
        world_commit(&w);
    }
    w.plan.fail_commit_in = -1;
    world_sweep(&w);
    CHECK_EQ(world_rows(&w, MAIL_ORDER), 0);
    CHECK_EQ(world_rows(&w, MAIL_EXPIRY), 0);
    end();
}

static unsigned doubts;

static void count_doubt(void *ctx) {
    (void)ctx;
    doubts++;
}

TEST(a_start_with_a_clock_far_away_lets_nothing_expire_for_a_day) {
    struct proto_address to;
    begin();
    w.config.doubted = count_doubt;
    doubts = 0;
    person_address(&bob, &w, &to);
    CHECK_EQ(world_send(&w, &to, 1, slice_str("waits")), 0);
    world_sweep(&w);
    world_commit(&w);
    w.now += 40 * TIME_WEEK;
    world_restart(&w);
    CHECK_EQ(doubts, 1);
    world_sweep(&w);
    CHECK_EQ(world_rows(&w, MAIL_ITEM), 1);
    w.now -= 40 * TIME_WEEK; /* set right */
    world_restart(&w);
    CHECK_EQ(doubts, 1);
    w.now -= TIME_WEEK;
    world_restart(&w);
    CHECK_EQ(doubts, 2);
    w.now += 41 * TIME_WEEK; /* or it was right */
    world_restart(&w);
    CHECK_EQ(doubts, 3);
    w.now += TIME_DAY + TIME_HOUR;
    world_sweep(&w);
    world_commit(&w);
    CHECK_EQ(world_rows(&w, MAIL_ITEM), 0);
    world_restart(&w);
    CHECK_EQ(doubts, 3);
    end();
}

TEST(what_comes_while_the_clock_is_behind_does_not_expire_when_it_is_set_right) {
    struct proto_address to;
    begin();
    person_address(&bob, &w, &to);
    world_sweep(&w);
    world_commit(&w);
    w.now -= 40 * TIME_WEEK;
    world_restart(&w);
    CHECK_EQ(world_send(&w, &to, 1, slice_str("waits")), 0);
    w.now += 40 * TIME_WEEK;
    world_restart(&w);
    world_sweep(&w);
    CHECK_EQ(world_rows(&w, MAIL_ITEM), 1);
    end();
}

TEST(a_server_that_was_off_for_weeks_lets_expire_what_is_due) {
    struct proto_address to;
    begin();
    person_address(&bob, &w, &to);
    CHECK_EQ(world_send(&w, &to, 1, slice_str("waits")), 0);
    world_sweep(&w);
    world_commit(&w);
    w.now += 3 * TIME_WEEK;
    world_sweep(&w);
    world_commit(&w);
    w.now += 3 * TIME_WEEK;
    world_restart(&w);
    world_sweep(&w);
    CHECK_EQ(world_rows(&w, MAIL_ITEM), 0);
    end();
}

TEST(a_commit_that_reaches_no_address_makes_no_order) {
    struct proto_address to, bad = {.bytes = {1}};
    struct proto_letter letter = {.item = slice_str("welcome")};
    begin();
    person_address(&bob, &w, &to);
    slice body = commit_body(1, 0, 1, NULL, 0, slice_str("c"), NULL, 0);
    world_refused(&w, 9, PROTO_commit, body, PROTO_REASON_ADDRESS);
    body = commit_body(1, 0, 1, &bad, 1, slice_str("c"), &letter, 1);
    world_refused(&w, 9, PROTO_commit, body, PROTO_REASON_ADDRESS);
    CHECK_EQ(world_rows(&w, MAIL_ORDER), 0);
    CHECK_EQ(world_rows(&w, MAIL_EXPIRY), 0);
    memcpy(letter.address, to.bytes, PROTO_ADDRESS);
    CHECK_EQ(world_commit_group(&w, commit_body(1, 0, 1, &bad, 1, slice_str("c"), &letter, 1)), 1);
    /* One that is there goes on, whoever it reaches. */
    CHECK_EQ(world_commit_group(&w, commit_body(1, 1, 2, NULL, 0, slice_str("c"), NULL, 0)), 1);
    end();
}

TEST(an_order_has_one_note_however_long_it_lives) {
    struct proto_address to;
    begin();
    person_address(&bob, &w, &to);
    for (uint8_t i = 0; i < 10; i++) {
        slice body = commit_body(1, i, (uint8_t)(i + 1), &to, i == 0, slice_str("c"), NULL, 0);
        CHECK_EQ(world_commit_group(&w, body), 1);
        w.now += 3 * TIME_DAY;
    }
    person_ack(&bob, &w, 1);
    CHECK_EQ(world_rows(&w, MAIL_EXPIRY), 1);
    w.now += 54 * TIME_WEEK;
    world_sweep(&w);
    CHECK_EQ(world_rows(&w, MAIL_ORDER), 0);
    CHECK_EQ(world_rows(&w, MAIL_EXPIRY), 0);
    end();
}

TEST(orders_have_a_limit_together_and_expire) {
    struct proto_address to;
    begin();
    person_address(&bob, &w, &to);
    w.config.limits.orders = 2;
    world_restart(&w);
    CHECK_EQ(world_commit_group(&w, commit_body(1, 0, 1, &to, 1, slice_str("c"), NULL, 0)), 1);
    CHECK_EQ(world_commit_group(&w, commit_body(2, 0, 1, &to, 1, slice_str("c"), NULL, 0)), 1);
    world_restart(&w);
    slice third = commit_body(3, 0, 1, &to, 1, slice_str("c"), NULL, 0);
    world_refused(&w, 9, PROTO_commit, third, PROTO_REASON_LIMIT);
    CHECK_EQ(world_commit_group(&w, commit_body(2, 1, 2, &to, 1, slice_str("c"), NULL, 0)), 1);
    w.now += 54 * TIME_WEEK;
    world_sweep(&w);
    CHECK_EQ(world_commit_group(&w, commit_body(3, 0, 1, &to, 1, slice_str("c"), NULL, 0)), 1);
    end();
}

TEST(what_expires_goes_from_a_server_that_is_never_idle_too) {
    struct proto_address to;
    begin();
    person_address(&bob, &w, &to);
    CHECK_EQ(world_commit_group(&w, commit_body(1, 0, 1, &to, 1, slice_str("c"), NULL, 0)), 1);
    w.now += 53 * TIME_WEEK;
    for (int i = 0; i < 30; i++) {
        (void)world_ask(&w, 9, PROTO_send, send_body(&to, 1, slice_str("x")));
        (void)mail_sweep(w.mail);
    }
    world_commit(&w);
    CHECK_EQ(world_rows(&w, MAIL_ORDER), 0);
    CHECK_EQ(world_rows(&w, MAIL_EXPIRY), 1); /* of what came just now */
    end();
}

TEST(an_order_unused_for_a_year_expires) {
    struct proto_address to;
    begin();
    person_address(&bob, &w, &to);
    CHECK_EQ(world_commit_group(&w, commit_body(1, 0, 1, &to, 1, slice_str("c"), NULL, 0)), 1);
    w.now += 30 * TIME_WEEK;
    CHECK_EQ(world_commit_group(&w, commit_body(1, 1, 2, &to, 1, slice_str("c"), NULL, 0)), 1);
    w.now += 30 * TIME_WEEK;
    world_sweep(&w);
    CHECK_EQ(world_commit_group(&w, commit_body(1, 1, 3, &to, 1, slice_str("c"), NULL, 0)), 0);
    w.now += 53 * TIME_WEEK;
    world_sweep(&w);
    CHECK_EQ(world_commit_group(&w, commit_body(1, 77, 3, &to, 1, slice_str("c"), NULL, 0)), 1);
    end();
}

/* ---- Accounts ---- */

static void put_raw(struct store_key key, slice value) {
    struct store_batch *b;
    CHECK_OK(store_batch_new(&b, NULL));
    CHECK_OK(store_batch_put(b, key, value));
    CHECK_OK(store_commit_now(w.memory, b));
    store_batch_free(b);
}

TEST(a_code_registers_one_account) {
    begin();
    struct person eve;
    person_init(&eve, &w, 3);
    memcpy(eve.code, bob.code, 16);
    uint32_t r = person_prove(&eve, &w, PROTO_register_account, person_register_body(&eve));
    world_commit(&w);
    CHECK_EQ(frame_reason(world_answer(&w, r)), PROTO_REASON_INVITE);
    CHECK(!world_answer(&w, r)->ends && !world_answer(&w, r)->device);
    person_fini(&eve);
    end();
}

TEST(one_code_used_twice_in_one_batch_registers_one) {
    begin();
    struct person eve, joe;
    person_init(&eve, &w, 3);
    person_init(&joe, &w, 4);
    memcpy(joe.code, eve.code, 16);
    uint32_t a = person_prove(&eve, &w, PROTO_register_account, person_register_body(&eve));
    uint32_t b = person_prove(&joe, &w, PROTO_register_account, person_register_body(&joe));
    world_commit(&w);
    CHECK_EQ(world_answer(&w, a)->type, PROTO_ok);
    CHECK_EQ(frame_reason(world_answer(&w, b)), PROTO_REASON_INVITE);
    person_fini(&eve);
    person_fini(&joe);
    end();
}

TEST(a_registration_whose_answer_was_lost_succeeds_again) {
    begin();
    struct person eve;
    person_join(&eve, &w, 3);
    world_restart(&w);
    eve.session = 4;
    crypto_random(eve.hash, 64);
    uint32_t r = person_prove(&eve, &w, PROTO_register_account, person_register_body(&eve));
    world_commit(&w);
    CHECK_EQ(world_answer(&w, r)->type, PROTO_ok);
    struct proto_address to;
    person_address(&eve, &w, &to);
    person_fini(&eve);
    end();
}

TEST(another_device_list_for_an_account_that_exists_is_refused) {
    begin();
    struct person eve = bob;
    eve.devices = (buf){0};
    CHECK_OK(buf_append(&eve.devices, buf_slice(&bob.devices)));
    eve.session = 5;
    /* The identity signs another first list with another device. */
    struct person other;
    person_init(&other, &w, 6);
    memcpy(other.identity, bob.identity, 32);
    memcpy(other.identity_priv, bob.identity_priv, 32);
    buf_free(&other.devices);
    other.devices = (buf){0};
    CHECK_OK(buf_append(&other.devices, buf_slice(&bob.devices)));
    memcpy(other.device, bob.device, 16);
    memcpy(other.devices.p + 36 + 1 + 16, other.key, 32);
    CHECK_OK(crypto_sign_labeled(other.devices.p + other.devices.n - 64, bob.identity_priv,
                                 PROTO_LABEL_DEVICE_LIST,
                                 slice_of(other.devices.p, other.devices.n - 64)));
    uint32_t r = person_prove(&other, &w, PROTO_register_account, person_register_body(&other));
    world_commit(&w);
    CHECK_EQ(frame_reason(world_answer(&w, r)), PROTO_REASON_EXISTS);
    person_fini(&other);
    person_fini(&eve);
    end();
}

TEST(a_registration_needs_its_signatures) {
    begin();
    struct person eve;
    person_init(&eve, &w, 3);
    for (int what = 0; what < 3; what++) {
        slice body = person_register_body(&eve);
        uint8_t *p = (uint8_t *)(uintptr_t)body.p;
        if (what == 0)
            p[body.n - 1] ^= 1; /* the proof */
        else if (what == 1)
            p[body.n - 64 - 32 - 16 - 1] ^= 1; /* the list's signature */
        else
            p[body.n - 64 - 32 - 1] ^= 1; /* the device */
        uint32_t r = person_prove(&eve, &w, PROTO_register_account, body);
        world_commit(&w);
        CHECK_EQ(frame_reason(world_answer(&w, r)), PROTO_REASON_PROOF);
        CHECK(world_answer(&w, r)->ends);
    }
    uint32_t r = person_prove(&eve, &w, PROTO_register_account, person_register_body(&eve));
    world_commit(&w);
    CHECK_EQ(world_answer(&w, r)->type, PROTO_ok);
    person_fini(&eve);
    end();
}

TEST(a_closed_server_registers_nobody) {
    begin();
    struct person eve;
    person_init(&eve, &w, 3);
    w.config.closed = true;
    world_restart(&w);
    uint32_t r = person_prove(&eve, &w, PROTO_register_account, person_register_body(&eve));
    world_commit(&w);
    CHECK_EQ(frame_reason(world_answer(&w, r)), PROTO_REASON_CLOSED);
    mail_operator(w.mail, 9, PROTO_invite_make, slice_of("\1", 1));
    world_commit(&w);
    CHECK_EQ(frame_reason(world_answer(&w, 9)), PROTO_REASON_CLOSED);
    person_fini(&eve);
    end();
}

TEST(wrong_proofs_and_unknown_accounts_are_answered_alike) {
    begin();
    bob.session = 9;
    for (int what = 0; what < 4; what++) {
        slice body = person_login_body(&bob);
        uint8_t *p = (uint8_t *)(uintptr_t)body.p;
        p[what == 0 ? 0 : what == 1 ? 16 : what == 2 ? 40 : 95] ^= 1;
        uint32_t r = person_prove(&bob, &w, PROTO_login, body);
        world_commit(&w);
        const struct frame *f = world_answer(&w, r);
        CHECK_EQ(frame_reason(f), PROTO_REASON_PROOF);
        CHECK(f->ends && !f->device);
    }
    world_refused(&w, 9, PROTO_record_get, SLICE_EMPTY, PROTO_REASON_STATE);
    end();
}

TEST(a_proof_is_for_one_session) {
    begin();
    slice body = person_login_body(&bob);
    bob.session = 9;
    bob.hash[0] ^= 1;
    uint32_t r = person_prove(&bob, &w, PROTO_login, body);
    world_commit(&w);
    CHECK_EQ(frame_reason(world_answer(&w, r)), PROTO_REASON_PROOF);
    end();
}

TEST(the_record_knows_weeks_devices_and_waiting_items) {
    struct proto_record record;
    struct proto_address to;
    begin();
    person_address(&bob, &w, &to);
    CHECK_EQ(world_send(&w, &to, 1, slice_str("1234")), 0);
    world_record(&w, 2, &record);
    uint32_t week = time_week(w.now);
    CHECK_EQ(record.created_week, week);
    CHECK_EQ(record.seen_week, week);
    CHECK_EQ(record.devices, 1);
    CHECK_EQ(record.items, 1);
    CHECK_EQ(record.bytes, 4);
    w.now += 3 * TIME_WEEK;
    person_login(&bob, &w, 12);
    world_record(&w, 12, &record);
    CHECK_EQ(record.created_week, week);
    CHECK_EQ(record.seen_week, week + 3);
    end();
}

static bool count_op(void *ctx, struct store_key key, slice value) {
    (void)key;
    (void)value;
    ++*(int *)ctx;
    return true;
}

TEST(a_login_in_the_same_week_writes_nothing) {
    begin();
    w.plan.fail_commit_in = 0;
    person_login(&bob, &w, 12);
    CHECK_EQ(w.plan.fail_commit_in, 0);
    end();
}

static uint16_t register_type(struct person *p) {
    uint32_t r = person_prove(p, &w, PROTO_register_account, person_register_body(p));
    world_commit(&w);
    return world_answer(&w, r)->type;
}

TEST(a_code_expires) {
    begin();
    struct person eve, joe;
    struct proto_invite_made made;
    person_init(&eve, &w, 3);
    person_init(&joe, &w, 4);
    w.now += TIME_HOUR; /* of the same week */
    mail_operator(w.mail, 9999, PROTO_invite_make, slice_of("\1", 1));
    world_commit(&w);
    CHECK_OK(proto_invite_made_decode(buf_slice(&world_answer(&w, 9999)->body), &made));
    CHECK_EQ(made.until, time_week_start(time_week(w.now) + 1) + CONFIG_INVITE_DAYS * TIME_DAY);
    w.now = made.until - 1;
    world_sweep(&w);
    CHECK_EQ(register_type(&eve), PROTO_ok);
    w.now = made.until;
    CHECK_EQ(register_type(&joe), PROTO_error); /* even if it is still there */
    CHECK_EQ(frame_reason(&w.frames[w.count - 1]), PROTO_REASON_INVITE);
    CHECK_EQ(world_rows(&w, MAIL_INVITE), 2);
    world_sweep(&w);
    CHECK_EQ(world_rows(&w, MAIL_INVITE), 0);
    CHECK_EQ(world_rows(&w, MAIL_EXPIRY), 0);
    person_fini(&eve);
    person_fini(&joe);
    end();
}

TEST(a_code_is_gone_from_the_store_once_used) {
    begin();
    int codes = 0;
    CHECK_OK(store_scan_table(w.memory, 10, count_op, &codes));
    CHECK_EQ(codes, 0);
    CHECK_EQ(world_rows(&w, MAIL_EXPIRY), 0);
    end();
}

TEST(sessions_are_what_they_proved) {
    begin();
    world_refused(&w, 2, PROTO_send, send_body(NULL, 0, slice_str("x")), PROTO_REASON_STATE);
    world_refused(&w, 77, PROTO_record_get, SLICE_EMPTY, PROTO_REASON_STATE);
    world_refused(&w, 77, PROTO_login, person_login_body(&bob), PROTO_REASON_STATE);
    world_refused(&w, 77, PROTO_invite_make, slice_of("\1", 1), PROTO_REASON_STATE);
    world_refused(&w, 77, PROTO_edge_closed, SLICE_EMPTY, PROTO_REASON_MALFORMED);
    mail_closed(w.mail, 2);
    world_refused(&w, 2, PROTO_record_get, SLICE_EMPTY, PROTO_REASON_STATE);
    end();
}

TEST(a_session_that_closes_before_its_proof_is_durable_leaves_nothing) {
    begin();
    bob.session = 9;
    (void)person_prove(&bob, &w, PROTO_login, person_login_body(&bob));
    mail_closed(w.mail, 9);
    world_commit(&w);
    world_refused(&w, 9, PROTO_record_get, SLICE_EMPTY, PROTO_REASON_STATE);
    end();
}

/* ---- Key packages ---- */

static slice packages(unsigned first, unsigned count) {
    static buf out;
    buf_clear(&out);
    writer o = writer_on(&out);
    size_t mark = writer_open(&o);
    for (unsigned i = 0; i < count; i++) {
        uint8_t byte = (uint8_t)(first + i);
        writer_vec(&o, slice_of(&byte, 1));
    }
    writer_close(&o, mark);
    CHECK_OK(writer_result(&o));
    static uint8_t copy[1024];
    size_t n = out.n;
    memcpy(copy, out.p, n);
    buf_free(&out);
    return slice_of(copy, n);
}

static int take(const struct proto_address *from, bool *last) {
    struct proto_key_package_taken out;
    uint32_t r = world_ask(&w, 9, PROTO_key_package_take, SLICE_ARRAY(from->bytes));
    world_commit(&w);
    const struct frame *f = world_answer(&w, r);
    if (f->type == PROTO_error)
        return -frame_reason(f);
    CHECK_OK(proto_key_package_taken_decode(buf_slice(&f->body), &out));
    *last = out.last_resort;
    return out.key_package.p[0];
}

static uint32_t left(uint64_t session) {
    struct proto_key_package_left out;
    const struct frame *f =
        world_get(&w, session, PROTO_key_package_count, SLICE_EMPTY, PROTO_key_package_left);
    CHECK_OK(proto_key_package_left_decode(buf_slice(&f->body), &out));
    return out.count;
}

TEST(each_key_package_is_given_once_then_the_last_resort) {
    struct proto_address from;
    bool last = false;
    begin();
    person_address(&bob, &w, &from);
    CHECK_EQ(take(&from, &last), -PROTO_REASON_NONE);
    world_get(&w, 2, PROTO_key_package_put, packages(1, 2), PROTO_ok);
    world_get(&w, 2, PROTO_last_resort_put, slice_of("\1\143", 2), PROTO_ok);
    CHECK_EQ(left(2), 2);
    CHECK_EQ(take(&from, &last), 1);
    CHECK(!last);
    world_restart(&w);
    CHECK_EQ(take(&from, &last), 2);
    CHECK(!last);
    CHECK_EQ(take(&from, &last), 99);
    CHECK(last);
    CHECK_EQ(take(&from, &last), 99);
    person_login(&bob, &w, 12);
    CHECK_EQ(left(12), 0);
    world_get(&w, 12, PROTO_key_package_put, packages(3, 1), PROTO_ok);
    CHECK_EQ(take(&from, &last), 3);
    end();
}

TEST(two_takers_in_one_batch_get_different_ones) {
    struct proto_address from;
    struct proto_key_package_taken a, b;
    begin();
    person_address(&bob, &w, &from);
    world_get(&w, 2, PROTO_key_package_put, packages(1, 2), PROTO_ok);
    uint32_t r1 = world_ask(&w, 8, PROTO_key_package_take, SLICE_ARRAY(from.bytes));
    uint32_t r2 = world_ask(&w, 9, PROTO_key_package_take, SLICE_ARRAY(from.bytes));
    world_commit(&w);
    CHECK_OK(proto_key_package_taken_decode(buf_slice(&world_answer(&w, r1)->body), &a));
    CHECK_OK(proto_key_package_taken_decode(buf_slice(&world_answer(&w, r2)->body), &b));
    CHECK(a.key_package.p[0] != b.key_package.p[0]);
    end();
}

TEST(a_bearer_takes_a_few_a_day) {
    struct proto_address from[2];
    bool last = false;
    begin();
    w.config.limits.takes_address = 2;
    w.config.limits.takes_mailbox = 3;
    world_restart(&w);
    person_login(&bob, &w, 12);
    person_address(&bob, &w, &from[0]);
    person_address(&bob, &w, &from[1]);
    world_get(&w, 12, PROTO_key_package_put, packages(1, 9), PROTO_ok);
    world_get(&w, 12, PROTO_last_resort_put, slice_of("\1\143", 2), PROTO_ok);
    CHECK_EQ(take(&from[0], &last), 1);
    CHECK_EQ(take(&from[0], &last), 2);
    CHECK_EQ(take(&from[0], &last), -PROTO_REASON_LIMIT);
    CHECK_EQ(take(&from[1], &last), 3);
    CHECK_EQ(take(&from[1], &last), 99);
    CHECK(last);
    CHECK_EQ(take(&from[1], &last), -PROTO_REASON_LIMIT);
    w.now += TIME_DAY;
    CHECK_EQ(take(&from[0], &last), 4);
    struct proto_address bad = from[0];
    bad.bytes[30] ^= 1;
    CHECK_EQ(take(&bad, &last), -PROTO_REASON_ADDRESS);
    end();
}

TEST(a_device_stores_so_many_key_packages) {
    begin();
    w.config.limits.key_packages = 3;
    world_restart(&w);
    person_login(&bob, &w, 12);
    world_get(&w, 12, PROTO_key_package_put, packages(1, 3), PROTO_ok);
    world_refused(&w, 12, PROTO_key_package_put, packages(1, 1), PROTO_REASON_LIMIT);
    CHECK_EQ(left(12), 3);
    end();
}

/* ---- Blobs ---- */

static struct proto_address vouching; /* of Bob's */

static void begin_blobs(void) {
    begin();
    person_address(&bob, &w, &vouching);
}

static slice blob_put(uint8_t id, uint32_t chunk, uint32_t chunks, const char *bytes) {
    static uint8_t room[512];
    static buf out;
    struct proto_blob_put in = {.chunk = chunk, .chunks = chunks, .bytes = slice_str(bytes)};
    memset(in.id, id, 32);
    memcpy(in.address, vouching.bytes, PROTO_ADDRESS);
    buf_clear(&out);
    CHECK_OK(proto_blob_put_encode(&out, &in));
    size_t n = out.n;
    memcpy(room, out.p, n);
    buf_free(&out);
    return slice_of(room, n);
}

static slice blob_get(uint8_t id, uint8_t chunk) {
    static uint8_t room[36];
    memset(room, 0, sizeof room);
    memset(room, id, 32);
    room[35] = chunk;
    return SLICE_ARRAY(room);
}

static struct proto_blob_state state_of(const struct frame *f) {
    struct proto_blob_state state;
    CHECK_OK(proto_blob_state_decode(buf_slice(&f->body), &state));
    return state;
}

/* Puts it, and the server then has so many. */
static void put_blob(uint8_t id, uint32_t chunk, uint32_t chunks, const char *bytes,
                     uint32_t have) {
    slice body = blob_put(id, chunk, chunks, bytes);
    CHECK_EQ(state_of(world_get(&w, 9, PROTO_blob_put, body, PROTO_blob_state)).have, have);
}

static void refuse_blob(uint8_t id, uint32_t chunk, uint32_t chunks, const char *bytes,
                        uint16_t reason) {
    world_refused(&w, 9, PROTO_blob_put, blob_put(id, chunk, chunks, bytes), reason);
}

static void expect_chunk(uint8_t id, uint8_t chunk, const char *bytes) {
    struct proto_blob_chunk out;
    const struct frame *f = world_get(&w, 9, PROTO_blob_get, blob_get(id, chunk), PROTO_blob_chunk);
    CHECK_OK(proto_blob_chunk_decode(buf_slice(&f->body), &out));
    CHECK_SLICE(out.bytes, slice_str(bytes));
    CHECK_EQ(out.chunks, 2);
}

static bool blob_fits(uint8_t id) {
    uint32_t request = world_ask(&w, 9, PROTO_blob_put, blob_put(id, 0, 1, "x"));
    world_commit(&w);
    return world_answer(&w, request)->type == PROTO_blob_state;
}

/* As the store has it. */
static uint64_t blob_bytes(void) {
    struct held_total total = {0};
    buf bytes = {0};
    err e = held_total_get(w.store, NULL, slice_str("blobs"), 0, &bytes, &total);
    CHECK(e == OK || e == ERR_NOT_FOUND);
    buf_free(&bytes);
    return e == OK ? total.value : 0;
}

static void limit_blobs(uint64_t all, uint64_t a_day) {
    w.config.limits.blobs_bytes = all;
    w.config.limits.uploads_bytes = a_day;
    world_restart(&w);
}

TEST(a_blobs_chunk_stays_as_it_was_first_written) {
    begin_blobs();
    put_blob(1, 0, 2, "first", 1);
    put_blob(1, 0, 2, "forged", 1);
    world_refused(&w, 9, PROTO_blob_get, blob_get(1, 1), PROTO_REASON_NONE);
    put_blob(1, 1, 2, "second", 2);
    put_blob(1, 1, 2, "forged", 2);
    world_restart(&w);
    expect_chunk(1, 0, "first");
    expect_chunk(1, 1, "second");
    refuse_blob(1, 2, 2, "x", PROTO_REASON_MALFORMED);
    refuse_blob(1, 2, 3, "x", PROTO_REASON_MALFORMED);
    refuse_blob(2, 0, PROTO_CHUNKS_MAX + 1, "x", PROTO_REASON_MALFORMED);
    end();
}

/* So that what is there is told by one number, whatever was lost on the way. */
TEST(a_blobs_chunks_come_in_their_order) {
    begin_blobs();
    put_blob(1, 1, 3, "early", 0);
    CHECK_EQ(world_rows(&w, MAIL_BLOB), 0);
    put_blob(1, 0, 3, "first", 1);
    put_blob(1, 2, 3, "early", 1);
    CHECK_EQ(world_rows(&w, MAIL_BLOB), 2);
    w.plan.fail_commit_in = 0;
    refuse_blob(1, 1, 3, "lost", PROTO_REASON_DISK);
    put_blob(1, 2, 3, "early", 1);
    put_blob(1, 1, 3, "second", 2);
    put_blob(1, 2, 3, "third", 3);
    end();
}

TEST(who_knows_a_blob_may_ask_how_much_of_it_is_there) {
    uint8_t id[32];
    begin_blobs();
    memset(id, 1, sizeof id);
    world_refused(&w, 9, PROTO_blob_ask, SLICE_ARRAY(id), PROTO_REASON_NONE);
    put_blob(1, 0, 3, "first", 1);
    put_blob(1, 1, 3, "second", 2);
    world_restart(&w);
    struct proto_blob_state state =
        state_of(world_get(&w, 9, PROTO_blob_ask, SLICE_ARRAY(id), PROTO_blob_state));
    CHECK_EQ(state.chunks, 3);
    CHECK_EQ(state.have, 2);
    CHECK_EQ(state.until, time_week(w.now) + w.config.limits.blob_days / 7);
    w.now += w.config.limits.blob_days / 7 * TIME_WEEK;
    world_sweep(&w);
    world_get(&w, 9, PROTO_blob_ask, SLICE_ARRAY(id), PROTO_blob_state);
    w.now += TIME_WEEK;
    world_sweep(&w);
    world_refused(&w, 9, PROTO_blob_ask, SLICE_ARRAY(id), PROTO_REASON_NONE);
    end();
}

/* What an item names is fetched by its device as such; what people send each other by strangers. */
TEST(a_device_fetches_blobs_and_puts_none) {
    begin_blobs();
    put_blob(1, 0, 1, "first", 1);
    world_get(&w, bob.session, PROTO_blob_get, blob_get(1, 0), PROTO_blob_chunk);
    world_refused(&w, bob.session, PROTO_blob_put, blob_put(2, 0, 1, "x"), PROTO_REASON_STATE);
    end();
}

TEST(blobs_have_a_limit_together_and_expire) {
    begin_blobs();
    limit_blobs(5 * (5 + 2 * MAIL_BLOB_ENTRY) + 9, UINT64_MAX);
    put_blob(1, 0, 2, "12345", 1);
    world_restart(&w); /* a new day */
    refuse_blob(2, 0, 2, "12345678901234567890", PROTO_REASON_UPLOADS);
    put_blob(2, 0, 2, "12345", 1);
    w.config.limits.blobs_bytes = 3 * (5 + 2 * MAIL_BLOB_ENTRY) + 9;
    world_restart(&w);
    refuse_blob(3, 0, 2, "12345678901234567890", PROTO_REASON_LIMIT);
    w.now += 9 * TIME_WEEK;
    world_sweep(&w);
    world_refused(&w, 9, PROTO_blob_get, blob_get(1, 0), PROTO_REASON_NONE);
    CHECK_EQ(world_rows(&w, MAIL_BLOB), 0);
    w.config.limits.blobs_bytes = 5 * (5 + 2 * MAIL_BLOB_ENTRY);
    world_restart(&w);
    put_blob(2, 0, 2, "1234567890", 1);
    expect_chunk(2, 0, "1234567890");
    end();
}

TEST(the_bytes_of_blobs_are_counted_through_failures_and_expiry) {
    begin_blobs();
    limit_blobs(10 * (5 + 2 * MAIL_BLOB_ENTRY), UINT64_MAX);
    w.plan.fail_commit_in = 0;
    refuse_blob(1, 0, 2, "12345", PROTO_REASON_DISK);
    CHECK_EQ(blob_bytes(), 0);
    put_blob(1, 0, 2, "12345", 1);
    CHECK_EQ(blob_bytes(), 5 + 2 * MAIL_BLOB_ENTRY);
    w.now += 3 * TIME_WEEK;
    put_blob(2, 0, 2, "1234567", 1);
    put_blob(2, 1, 2, "1", 2);
    w.now += 3 * TIME_WEEK;
    world_sweep(&w); /* the first goes, the second stays */
    CHECK_EQ(blob_bytes(), 8 + 3 * MAIL_BLOB_ENTRY);
    end();
}

TEST(a_mailbox_takes_so_much_in_a_day) {
    struct proto_address of_bob, of_ann;
    const uint64_t each = 5 + 2 * MAIL_BLOB_ENTRY;
    begin_blobs();
    of_bob = vouching;
    person_address(&bob, &w, &vouching); /* another address of the same mailbox */
    person_address(&ann, &w, &of_ann);
    limit_blobs(100 * each, 2 * each);
    put_blob(1, 0, 2, "12345", 1);
    vouching = of_bob;
    put_blob(2, 0, 2, "12345", 1);
    refuse_blob(3, 0, 2, "1", PROTO_REASON_UPLOADS);
    refuse_blob(1, 1, 2, "1", PROTO_REASON_UPLOADS);
    put_blob(1, 0, 2, "12345", 1); /* nothing new, so it costs nothing */
    vouching = of_ann;
    put_blob(3, 0, 2, "12345", 1); /* a neighbour's */
    vouching = of_bob;
    w.now += TIME_DAY;
    put_blob(4, 0, 2, "12345", 1);
    end();
}

/* Whoever bears one keeps nobody from uploading who bears another. */
TEST(an_address_takes_half_of_a_mailboxs_day_at_most) {
    struct proto_address flooding;
    const uint64_t each = 1 + 2 * MAIL_BLOB_ENTRY;
    uint8_t id = 1;
    begin_blobs();
    flooding = vouching;
    limit_blobs(100 * each, 8 * each);
    while (blob_fits(id))
        id++;
    CHECK_EQ(id, 1 + 4);
    person_login(&bob, &w, 2);
    person_address(&bob, &w, &vouching);
    for (int i = 0; i < 4; i++)
        put_blob(id++, 0, 1, "x", 1);
    refuse_blob(id, 0, 1, "x", PROTO_REASON_UPLOADS);
    vouching = flooding;
    refuse_blob(id, 0, 1, "x", PROTO_REASON_UPLOADS);
    end();
}

/* Whoever floods one mailbox day after day leaves room for the others. */
TEST(a_mailbox_takes_half_of_the_room_at_most) {
    struct proto_address of_ann, of_bob[4];
    const uint64_t each = 1 + 2 * MAIL_BLOB_ENTRY;
    uint8_t id = 1;
    begin_blobs();
    person_address(&ann, &w, &of_ann);
    for (int i = 0; i < 4; i++)
        person_address(&bob, &w, &of_bob[i]);
    limit_blobs(30 * each, UINT64_MAX);
    for (int day = 0; day < 3; day++) {
        for (int i = 0; i < 4; i++) {
            vouching = of_bob[i];
            while (blob_fits(id))
                id++;
        }
        w.now += TIME_DAY;
    }
    CHECK_EQ(id, 1 + 10 + 7 + 4);
    vouching = of_ann;
    put_blob(100, 0, 1, "x", 1);
    end();
}

/* Else whoever knows its id keeps it for ever, at nobody's cost. */
TEST(a_blob_lives_from_its_first_put_however_often_it_is_put_again) {
    begin_blobs();
    put_blob(1, 0, 2, "first", 1);
    put_blob(2, 0, 2, "first", 1);
    uint32_t until = time_week(w.now) + w.config.limits.blob_days / 7;
    uint64_t bytes = blob_bytes();
    w.now += 4 * TIME_WEEK;
    slice again = blob_put(1, 0, 2, "again");
    CHECK_EQ(state_of(world_get(&w, 9, PROTO_blob_put, again, PROTO_blob_state)).until, until);
    CHECK_EQ(blob_bytes(), bytes);
    put_blob(2, 1, 2, "second", 2);
    CHECK_EQ(world_rows(&w, MAIL_EXPIRY), 2);
    world_sweep(&w);
    expect_chunk(1, 0, "first");
    expect_chunk(2, 1, "second");
    w.now += 2 * TIME_WEEK;
    world_sweep(&w);
    CHECK_EQ(world_rows(&w, MAIL_BLOB), 0);
    CHECK_EQ(world_rows(&w, MAIL_EXPIRY), 0);
    end();
}

TEST(a_blob_needs_an_address_that_its_item_may_go_to) {
    begin_blobs();
    vouching.bytes[20] ^= 1;
    refuse_blob(1, 0, 2, "x", PROTO_REASON_ADDRESS);
    CHECK_EQ(world_rows(&w, MAIL_BLOB), 0);
    vouching.bytes[20] ^= 1;
    put_blob(1, 0, 2, "x", 1);
    end();
}

TEST(a_blob_of_one_byte_counts_as_what_its_entries_take) {
    begin_blobs();
    limit_blobs(100 * MAIL_BLOB_ENTRY, 2 * (3 * MAIL_BLOB_ENTRY + 2));
    put_blob(1, 0, 3, "x", 1);
    put_blob(1, 1, 3, "x", 2);
    refuse_blob(1, 2, 3, "x", PROTO_REASON_UPLOADS);
    end();
}

TEST(items_wait_in_the_store_while_the_way_is_crowded) {
    struct proto_address to;
    begin();
    person_address(&bob, &w, &to);
    person_subscribe(&bob, &w, 0);
    expect_caught_up(&bob, 0, 0);
    w.crowded = true;
    CHECK_EQ(world_send(&w, &to, 1, slice_str("first")), 0);
    CHECK_EQ(world_send(&w, &to, 1, slice_str("second")), 0);
    CHECK(world_next(&w, 2) == NULL);
    CHECK(!mail_waiting(w.mail));
    w.crowded = false;
    CHECK_EQ(world_send(&w, &to, 1, slice_str("third")), 0);
    CHECK(world_next(&w, 2) == NULL);
    mail_resume(w.mail, 3, 9);
    world_commit(&w);
    CHECK(world_next(&w, 2) == NULL);
    mail_resume(w.mail, 0, 2);
    world_commit(&w);
    expect_item(&bob, "first", 1);
    expect_item(&bob, "second", 2);
    expect_item(&bob, "third", 3);
    /* One that comes while it is crowded waits too. */
    w.crowded = true;
    person_subscribe(&bob, &w, 2);
    CHECK(world_next(&w, 2) == NULL);
    w.crowded = false;
    mail_resume(w.mail, 0, 2);
    world_commit(&w);
    expect_item(&bob, "third", 3);
    expect_caught_up(&bob, 3, 0);
    end();
}

/* ---- When the store fails ---- */

TEST(a_full_disk_is_told_to_everybody_and_nothing_was_delivered) {
    struct proto_address to;
    begin();
    person_address(&bob, &w, &to);
    person_subscribe(&bob, &w, 0);
    expect_caught_up(&bob, 0, 0);
    CHECK_EQ(world_send(&w, &to, 1, slice_str("before")), 0);
    expect_item(&bob, "before", 1);
    w.plan.fail_commit_in = 0;
    uint32_t a = world_ask(&w, 7, PROTO_send, send_body(&to, 1, slice_str("lost")));
    uint32_t b =
        world_ask(&w, 8, PROTO_commit, commit_body(1, 0, 1, &to, 1, slice_str("lost"), NULL, 0));
    uint32_t c = world_ask(&w, 2, PROTO_record_get, SLICE_EMPTY);
    world_commit(&w);
    CHECK_EQ(frame_reason(world_answer(&w, a)), PROTO_REASON_DISK);
    CHECK_EQ(frame_reason(world_answer(&w, b)), PROTO_REASON_DISK);
    CHECK_EQ(frame_reason(world_answer(&w, c)), PROTO_REASON_DISK);
    CHECK(!world_answer(&w, a)->ends);
    CHECK(world_next(&w, 2) == NULL);
    /* Later it goes on where it was, and the retried commit is taken. */
    CHECK_EQ(world_send(&w, &to, 1, slice_str("after")), 0);
    expect_item(&bob, "after", 2);
    CHECK_EQ(world_commit_group(&w, commit_body(1, 0, 1, &to, 1, slice_str("c"), NULL, 0)), 1);
    expect_item(&bob, "c", 3);
    end();
}

TEST(whose_ack_was_lost_is_told_to_ack_again) {
    struct proto_address to;
    struct proto_record record;
    begin();
    person_address(&bob, &w, &to);
    person_subscribe(&bob, &w, 0);
    expect_caught_up(&bob, 0, 0);
    CHECK_EQ(world_send(&w, &to, 1, slice_str("item")), 0);
    expect_item(&bob, "item", 1);
    w.plan.fail_commit_in = 0;
    person_ack(&bob, &w, 1);
    expect_caught_up(&bob, 1, 0);
    world_record(&w, 2, &record);
    CHECK_EQ(record.items, 1);
    /* Nor does it hear less if somebody else broke the batch before. */
    w.plan.fail_get_in = 0;
    w.plan.with = ERR_IO;
    (void)world_ask(&w, 7, PROTO_commit, commit_body(1, 0, 1, &to, 1, slice_str("c"), NULL, 0));
    CHECK_EQ(w.plan.fail_get_in, -1);
    person_ack(&bob, &w, 1);
    expect_caught_up(&bob, 1, 0);
    person_ack(&bob, &w, 1);
    CHECK(world_next(&w, 2) == NULL);
    world_record(&w, 2, &record);
    CHECK_EQ(record.items, 0);
    end();
}

TEST(a_batch_whose_answer_was_lost_is_found_again) {
    struct proto_address to;
    begin();
    person_address(&bob, &w, &to);
    w.plan.fail_commit_in = 0;
    w.plan.torn = true;
    CHECK_EQ(world_commit_group(&w, commit_body(1, 0, 1, &to, 1, slice_str("c"), NULL, 0)), -1);
    CHECK_EQ(world_commit_group(&w, commit_body(1, 0, 1, &to, 1, slice_str("c"), NULL, 0)), 1);
    CHECK_EQ(world_send(&w, &to, 1, slice_str("x")), 0);
    person_subscribe(&bob, &w, 0);
    expect_item(&bob, "c", 1);
    expect_item(&bob, "x", 2);
    expect_caught_up(&bob, 2, 0);
    end();
}

TEST(a_batch_whose_answer_was_lost_reaches_a_live_subscriber) {
    struct proto_address to;
    begin();
    person_address(&bob, &w, &to);
    person_subscribe(&bob, &w, 0);
    expect_caught_up(&bob, 0, 0);
    w.plan.fail_commit_in = 0;
    w.plan.torn = true;
    CHECK_EQ(world_commit_group(&w, commit_body(1, 0, 1, &to, 1, slice_str("c"), NULL, 0)), -1);
    CHECK_EQ(world_commit_group(&w, commit_body(1, 0, 1, &to, 1, slice_str("c"), NULL, 0)), 1);
    CHECK_EQ(world_send(&w, &to, 1, slice_str("x")), 0);
    expect_item(&bob, "c", 1);
    expect_item(&bob, "x", 2);
    end();
}

TEST(a_failed_batch_leaves_other_mailboxes_in_memory) {
    struct proto_address to[2];
    begin();
    person_address(&ann, &w, &to[0]);
    person_address(&bob, &w, &to[1]);
    CHECK_EQ(world_send(&w, to, 2, slice_str("x")), 0);
    w.plan.fail_commit_in = 0;
    CHECK_EQ(world_send(&w, &to[1], 1, slice_str("lost")), -1);
    /* Ann's is not read again, Bob's is. */
    w.plan.fail_get_in = 0;
    CHECK_EQ(world_send(&w, &to[0], 1, slice_str("y")), 0);
    CHECK_EQ(world_send(&w, &to[1], 1, slice_str("y")), -1);
    w.plan.fail_get_in = -1;
    CHECK_EQ(world_send(&w, &to[1], 1, slice_str("y")), 0);
    end();
}

TEST(a_failed_registration_can_be_repeated_and_proves_nothing) {
    begin();
    struct person eve;
    person_init(&eve, &w, 3);
    w.plan.fail_commit_in = 0;
    uint32_t r = person_prove(&eve, &w, PROTO_register_account, person_register_body(&eve));
    world_commit(&w);
    CHECK_EQ(frame_reason(world_answer(&w, r)), PROTO_REASON_DISK);
    CHECK(!world_answer(&w, r)->device);
    world_refused(&w, 3, PROTO_record_get, SLICE_EMPTY, PROTO_REASON_STATE);
    r = person_prove(&eve, &w, PROTO_register_account, person_register_body(&eve));
    world_commit(&w);
    CHECK_EQ(world_answer(&w, r)->type, PROTO_ok);
    person_fini(&eve);
    end();
}

TEST(a_read_that_fails_breaks_the_batch_and_nothing_else) {
    struct proto_address to;
    begin();
    person_address(&bob, &w, &to);
    world_restart(&w);
    for (int64_t n = 0; n < 4; n++) {
        w.plan.fail_get_in = n;
        w.plan.with = ERR_IO;
        uint32_t a = world_ask(&w, 7, PROTO_send, send_body(&to, 1, slice_str("x")));
        uint32_t b = world_ask(&w, 8, PROTO_send, send_body(&to, 1, slice_str("x")));
        world_commit(&w);
        if (w.plan.fail_get_in >= 0)
            break;
        CHECK_EQ(frame_reason(world_answer(&w, a)), PROTO_REASON_DISK);
        CHECK_EQ(frame_reason(world_answer(&w, b)), PROTO_REASON_DISK);
        world_restart(&w);
    }
    w.plan.fail_get_in = -1;
    person_login(&bob, &w, 12);
    person_subscribe(&bob, &w, 0);
    expect_item(&bob, "x", 1); /* from the round in which no read failed */
    expect_item(&bob, "x", 2);
    expect_caught_up(&bob, 2, 0);
    end();
}

static bool find_mailbox(void *ctx, struct store_key key, slice value) {
    (void)value;
    CHECK_EQ(key.name.n, MAIL_ID);
    memcpy(ctx, key.name.p, MAIL_ID);
    return true;
}

static void count_damage(void *ctx) {
    (void)ctx;
    damages++;
}

/* Bob's mailbox holds an item that can't be read; Ann is in the same batch and the same send. */
TEST(a_damaged_mailbox_is_its_own_trouble) {
    uint8_t mailbox[MAIL_ID];
    struct proto_address to[2];
    struct proto_sent sent;
    struct proto_refusal refusal;
    struct proto_record record;
    begin();
    person_address(&ann, &w, &to[1]);
    person_address(&bob, &w, &to[0]);
    CHECK_EQ(world_send(&w, to, 1, slice_str("x")), 0);
    CHECK_OK(store_scan_table(w.memory, MAIL_ITEM, find_mailbox, mailbox));
    put_raw(mail_key(MAIL_ITEM, SLICE_ARRAY(mailbox), bob.start + 1), slice_str("rot"));
    w.config.damaged = count_damage;
    damages = 0;
    world_restart(&w);
    uint32_t other = world_ask(&w, 7, PROTO_send, send_body(&to[1], 1, slice_str("a")));
    uint32_t both = world_ask(&w, 8, PROTO_send, send_body(to, 2, slice_str("b")));
    uint32_t take = world_ask(&w, 8, PROTO_key_package_take, SLICE_ARRAY(to[0].bytes));
    world_commit(&w);
    CHECK_EQ(world_answer(&w, other)->type, PROTO_sent);
    CHECK_OK(proto_sent_decode(buf_slice(&world_answer(&w, both)->body), &sent));
    CHECK_EQ(sent.refused.count, 1);
    reader r = reader_of(sent.refused.bytes);
    CHECK_OK(proto_refusal_read(&r, &refusal));
    CHECK_EQ(refusal.place, 0);
    CHECK_EQ(refusal.reason, PROTO_REASON_DISK);
    CHECK_EQ(frame_reason(world_answer(&w, take)), PROTO_REASON_DISK);
    CHECK_EQ(damages, 2);
    person_login(&ann, &w, 11);
    world_record(&w, 11, &record);
    CHECK_EQ(record.items, 2);
    end();
}

TEST(a_sweep_passes_over_what_is_damaged) {
    uint8_t mailbox[MAIL_ID];
    struct proto_address to[2];
    begin();
    person_address(&ann, &w, &to[1]);
    person_address(&bob, &w, &to[0]);
    CHECK_EQ(world_send(&w, to, 1, slice_str("x")), 0);
    CHECK_OK(store_scan_table(w.memory, MAIL_ITEM, find_mailbox, mailbox));
    CHECK_EQ(world_send(&w, to + 1, 1, slice_str("y")), 0);
    put_raw(mail_key(MAIL_ITEM, SLICE_ARRAY(mailbox), bob.start + 1), slice_str("rot"));
    world_restart(&w);
    w.now += 9 * TIME_WEEK;
    world_sweep(&w);
    CHECK(!mail_sweep(w.mail));
    CHECK_EQ(world_rows(&w, MAIL_ITEM), 1);
    end();
}

TEST(a_subscriber_whose_backlog_cannot_be_read_is_told_and_closed) {
    struct proto_address to;
    begin();
    person_address(&bob, &w, &to);
    CHECK_EQ(world_send(&w, &to, 1, slice_str("x")), 0);
    w.plan.fail_get_in = 0;
    person_subscribe(&bob, &w, 0);
    const struct frame *f = world_next(&w, 2);
    CHECK_EQ(frame_reason(f), PROTO_REASON_DISK);
    CHECK(f->ends);
    end();
}

TEST(few_mailboxes_in_memory_are_enough) {
    struct proto_address to[2];
    begin();
    w.config.limits.cached_items = 1;
    world_restart(&w);
    person_login(&ann, &w, 11);
    person_login(&bob, &w, 12);
    person_address(&ann, &w, &to[0]);
    person_address(&bob, &w, &to[1]);
    person_subscribe(&bob, &w, 0);
    expect_caught_up(&bob, 0, 0);
    for (int i = 0; i < 10; i++)
        CHECK_EQ(world_send(&w, to, 2, slice_str("x")), 0);
    CHECK_EQ(w.mail->cached, 0); /* bob's is there, but not looked through after each batch */
    for (uint64_t i = 1; i <= 10; i++)
        expect_item(&bob, "x", i);
    person_subscribe(&ann, &w, 9);
    expect_item(&ann, "x", 10);
    end();
}

/* ---- Bad requests, and no memory ---- */

TEST(garbage_in_every_message_is_refused_and_changes_nothing) {
    struct support_random random = {42};
    uint8_t bytes[300];
    size_t count = 0;
    begin();
    const struct proto_message_info *infos = proto_messages(&count);
    for (int round = 0; round < 400; round++) {
        const struct proto_message_info *info = &infos[support_next(&random) % count];
        size_t n = support_next(&random) % sizeof bytes;
        support_fill(&random, bytes, n);
        uint64_t session = support_next(&random) % 4;
        if (info->type == PROTO_ack && session == 2)
            continue;
        (void)world_ask(&w, session, info->type, slice_of(bytes, n));
        w.count = w.count > 3000 ? 3000 : w.count;
        world_commit(&w);
    }
    struct proto_record record;
    world_record(&w, 2, &record);
    CHECK_EQ(record.items, 0);
    end();
}

/* Fails each allocation in turn; a batch either happened as a whole or not at all. */
TEST(without_memory_a_batch_fails_as_a_whole) {
    for (size_t n = 1; n < 400; n++) {
        struct support_mem memory;
        struct proto_address to[2];
        begin();
        person_address(&ann, &w, &to[0]);
        person_address(&bob, &w, &to[1]);
        mail_free(w.mail);
        support_mem_init(&memory, 0);
        CHECK_OK(mail_new(&w.mail, w.store, &w.config, &memory.mem));
        memory.fail_at = memory.calls + n;
        int refused = world_send(&w, to, 2, slice_str("x"));
        bool all = memory.calls < memory.fail_at;
        memory.fail_at = 0;
        CHECK(refused == 0 || refused == -1);
        CHECK(!all || refused == 0);
        person_login(&ann, &w, 11);
        person_login(&bob, &w, 12);
        struct proto_record a, b;
        world_record(&w, 11, &a);
        world_record(&w, 12, &b);
        CHECK_EQ(a.items, refused == 0);
        CHECK_EQ(b.items, refused == 0);
        mail_free(w.mail);
        w.mail = NULL;
        CHECK_EQ(memory.blocks, 0);
        CHECK_EQ(memory.dirty, 0);
        end();
        if (all)
            return;
    }
    CHECK(!"it never had enough");
}

TEST_MAIN
