/* An account's end: what is gone, what stays, and who may ask for it. */
#include "server/internal.h"
#include "world.h"

static struct world w;
static struct person ann, bob;

static void begin(void) {
    world_begin(&w, &ann, &bob);
}

static void end(void) {
    world_end(&w, &ann, &bob);
}

static slice delete_body(const struct person *p, uint32_t week, const uint8_t key[32]) {
    static buf body;
    struct proto_account_delete in = {.week = week};
    uint8_t fields[20];
    memcpy(fields, p->account, 16);
    put_u32(fields + 16, week);
    CHECK_OK(crypto_sign_labeled(in.proof, key, PROTO_LABEL_DELETE, SLICE_ARRAY(fields)));
    buf_clear(&body);
    CHECK_OK(proto_account_delete_encode(&body, &in));
    return buf_slice(&body);
}

static size_t all_rows(void) {
    size_t n = 0;
    for (uint8_t table = 1; table < STORE_TABLES_MAX; table++)
        n += world_rows(&w, table);
    return n;
}

static void put_packages(const struct person *p) {
    buf list = {0}, body = {0};
    struct proto_key_package one = {.bytes = slice_str("a key package")};
    struct proto_last_resort_put last = {.key_package = slice_str("the last resort")};
    CHECK_OK(proto_key_package_encode(&list, &one));
    CHECK_OK(proto_key_package_encode(&list, &one));
    struct proto_key_package_put put = {.key_packages = {buf_slice(&list), 2}};
    CHECK_OK(proto_key_package_put_encode(&body, &put));
    world_get(&w, p->session, PROTO_key_package_put, buf_slice(&body), PROTO_ok);
    buf_clear(&body);
    CHECK_OK(proto_last_resort_put_encode(&body, &last));
    world_get(&w, p->session, PROTO_last_resort_put, buf_slice(&body), PROTO_ok);
    buf_free(&list);
    buf_free(&body);
}

static void delete_bob(void) {
    world_get(&w, bob.session, PROTO_account_delete,
              delete_body(&bob, time_week(w.now), bob.identity_priv), PROTO_ok);
}

TEST(a_deleted_account_leaves_a_tombstone_and_nothing_else) {
    struct proto_address to;
    begin();
    size_t before = all_rows();
    person_fini(&bob);
    person_join(&bob, &w, 3); /* another one */
    person_address(&bob, &w, &to);
    put_packages(&bob);
    CHECK_EQ(world_send(&w, &to, 1, slice_str("one")), 0);
    w.now += TIME_WEEK;
    CHECK_EQ(world_send(&w, &to, 1, slice_str("two")), 0);
    delete_bob();
    CHECK_EQ(all_rows(), before + 2); /* the tombstone, and its note */
    CHECK_EQ(world_rows(&w, MAIL_TOMBSTONE), 1);
    end();
}

TEST(a_tombstone_lasts_for_a_month) {
    begin();
    delete_bob();
    w.now += 33 * TIME_DAY;
    world_sweep(&w);
    CHECK_EQ(world_rows(&w, MAIL_TOMBSTONE), 1);
    w.now += TIME_DAY;
    world_sweep(&w);
    CHECK_EQ(world_rows(&w, MAIL_TOMBSTONE), 0);
    CHECK_EQ(world_rows(&w, MAIL_EXPIRY), 0);
    end();
}

static void expect_refused(uint16_t type, slice body, uint16_t reason) {
    uint32_t request = person_prove(&bob, &w, type, body);
    world_commit(&w);
    const struct frame *f = world_answer(&w, request);
    CHECK(f != NULL && f->type == PROTO_error);
    CHECK_EQ(frame_reason(f), reason);
}

TEST(nobody_registers_a_deleted_account_again) {
    begin();
    delete_bob();
    bob.session = 9;
    expect_refused(PROTO_register_account, person_register_body(&bob), PROTO_REASON_GONE);
    expect_refused(PROTO_login, person_login_body(&bob), PROTO_REASON_PROOF);
    end();
}

TEST(its_sessions_end_and_can_do_nothing_more) {
    begin();
    person_login(&bob, &w, 12);
    person_subscribe(&bob, &w, 0);
    size_t before = all_rows();
    delete_bob();
    const struct frame *f;
    bool told = false;
    while ((f = world_next(&w, 12)) != NULL)
        told = told || (f->type == PROTO_error && f->ends && frame_reason(f) == PROTO_REASON_GONE);
    CHECK(told);
    size_t after = all_rows();
    CHECK(after < before);
    world_refused(&w, 12, PROTO_key_package_count, SLICE_EMPTY, PROTO_REASON_STATE);
    person_ack(&bob, &w, 1);
    CHECK_EQ(all_rows(), after);
    end();
}

/* What is sent to it is delivered before it is on the disk (live.c). */
static void begin_live(struct proto_address *to) {
    begin();
    w.config.limits.live = true;
    world_restart(&w);
    person_login(&bob, &w, 2);
    person_address(&bob, &w, to);
    person_subscribe(&bob, &w, 0);
}

TEST(an_item_that_it_did_not_acknowledge_yet_keeps_no_sender_waiting) {
    struct proto_address to;
    begin_live(&to);
    size_t rows = world_rows(&w, MAIL_ITEM);
    uint32_t request = world_ask(&w, 9, PROTO_send, send_body(&to, 1, slice_str("x")));
    CHECK(world_answer(&w, request) == NULL);
    (void)world_ask(&w, bob.session, PROTO_account_delete,
                    delete_body(&bob, time_week(w.now), bob.identity_priv));
    world_commit(&w);
    CHECK_EQ(world_answer(&w, request)->type, PROTO_sent);
    CHECK_EQ(world_rows(&w, MAIL_ITEM), rows);
    end();
}

/* It is nowhere, then, if the deletion isn't either. */
TEST(an_item_that_it_did_not_acknowledge_yet_is_sent_only_with_the_deletion) {
    struct proto_address to;
    begin_live(&to);
    uint32_t request = world_ask(&w, 9, PROTO_send, send_body(&to, 1, slice_str("x")));
    (void)world_ask(&w, bob.session, PROTO_account_delete,
                    delete_body(&bob, time_week(w.now), bob.identity_priv));
    CHECK(world_answer(&w, request) == NULL);
    w.plan.fail_commit_in = 0;
    world_commit(&w);
    CHECK_EQ(world_answer(&w, request)->type, PROTO_error);
    w.plan.fail_commit_in = -1;
    end();
}

/* As a revoked one's: whoever has it can't tell. */
TEST(its_addresses_take_everything_and_keep_nothing) {
    struct proto_address to;
    begin();
    person_address(&bob, &w, &to);
    slice body = delete_body(&bob, time_week(w.now), bob.identity_priv);
    (void)world_ask(&w, bob.session, PROTO_account_delete, body);
    CHECK_EQ(world_send(&w, &to, 1, slice_str("late")), 0);
    CHECK_EQ(world_rows(&w, MAIL_ITEM), 0);
    world_restart(&w);
    CHECK_EQ(world_send(&w, &to, 1, slice_str("later")), 0);
    CHECK_EQ(world_rows(&w, MAIL_ITEM), 0);
    struct proto_key_package_take take;
    buf ask = {0};
    memcpy(take.address, to.bytes, PROTO_ADDRESS);
    CHECK_OK(proto_key_package_take_encode(&ask, &take));
    world_refused(&w, 7, PROTO_key_package_take, buf_slice(&ask), PROTO_REASON_NONE);
    buf_free(&ask);
    end();
}

TEST(only_the_identity_deletes_and_only_now) {
    begin();
    uint32_t week = time_week(w.now);
    size_t before = all_rows();
    world_refused(&w, bob.session, PROTO_account_delete, delete_body(&bob, week, bob.key_priv),
                  PROTO_REASON_PROOF);
    world_refused(&w, bob.session, PROTO_account_delete, delete_body(&ann, week, ann.identity_priv),
                  PROTO_REASON_PROOF);
    world_refused(&w, bob.session, PROTO_account_delete,
                  delete_body(&bob, week - 1, bob.identity_priv), PROTO_REASON_PROOF);
    world_refused(&w, bob.session, PROTO_account_delete,
                  delete_body(&bob, week + 1, bob.identity_priv), PROTO_REASON_PROOF);
    world_refused(&w, bob.session, PROTO_account_delete, slice_str("x"), PROTO_REASON_MALFORMED);
    CHECK_EQ(all_rows(), before);
    end();
}

TEST(a_deletion_that_could_not_be_stored_did_not_happen) {
    struct proto_address to;
    struct proto_record record;
    begin();
    person_address(&bob, &w, &to);
    CHECK_EQ(world_send(&w, &to, 1, slice_str("one")), 0);
    size_t before = all_rows();
    w.plan.fail_commit_in = 0;
    world_refused(&w, bob.session, PROTO_account_delete,
                  delete_body(&bob, time_week(w.now), bob.identity_priv), PROTO_REASON_DISK);
    CHECK_EQ(all_rows(), before);
    world_record(&w, bob.session, &record);
    CHECK_EQ(record.items, 1);
    CHECK_EQ(world_send(&w, &to, 1, slice_str("two")), 0);
    end();
}

TEST(the_record_says_what_is_beside_it) {
    struct proto_record record;
    struct proto_held_kind kind;
    begin();
    put_packages(&bob);
    world_record(&w, bob.session, &record);
    CHECK_EQ(record.beside.count, 3);
    reader r = reader_of(record.beside.bytes);
    CHECK_OK(proto_held_kind_read(&r, &kind));
    CHECK_EQ(kind.bytes, bob.devices.n);
    CHECK_OK(proto_held_kind_read(&r, &kind));
    CHECK_EQ(kind.count, 1);
    CHECK_OK(proto_held_kind_read(&r, &kind));
    CHECK(slice_equal(kind.name, slice_str("key packages")));
    CHECK_EQ(kind.count, 3);
    CHECK(kind.bytes > 2 * strlen("a key package") + strlen("the last resort"));
    end();
}

TEST_MAIN
