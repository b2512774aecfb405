/* Device lists that change at the server, and where two devices meet. */
#include "server/internal.h"
#include "world.h"

static struct world w;
static struct person ann, bob, pad; /* pad: a device of ann's, with keys of its own */

/* ---- Lists ---- */

static buf list_bytes, body;

/* Ann's list of this version with so many of her two devices, signed by `who`. */
static slice list_of(uint32_t version, const struct person *const *devices, size_t count,
                     const struct person *who) {
    struct proto_device_list list = {.version = version};
    struct proto_device device;
    buf room = {0};
    writer v = writer_on(&room);
    memcpy(list.identity, ann.identity, 32);
    for (size_t i = 0; i < count; i++) {
        memcpy(device.id, devices[i]->device, 16);
        memcpy(device.key, devices[i]->key, 32);
        PROTO_LIST_ADD(device, &v, &list.devices, &device);
    }
    list.devices.bytes = buf_slice(&room);
    buf_clear(&list_bytes);
    CHECK_OK(proto_device_list_encode(&list_bytes, &list));
    CHECK_OK(crypto_sign_labeled(list_bytes.p + list_bytes.n - 64, who->identity_priv,
                                 PROTO_LABEL_DEVICE_LIST,
                                 slice_of(list_bytes.p, list_bytes.n - 64)));
    buf_free(&room);
    return buf_slice(&list_bytes);
}

static const struct person *const both[] = {&ann, &pad};

static slice put_body(slice list) {
    struct proto_device_list_put in = {.devices = list};
    buf_clear(&body);
    CHECK_OK(proto_device_list_put_encode(&body, &in));
    return buf_slice(&body);
}

static slice join_body(slice list, const struct person *as) {
    struct proto_device_join in = {.devices = list};
    memcpy(in.device, pad.device, 16);
    memcpy(in.mailbox_key, pad.mailbox_key, 32);
    CHECK_OK(crypto_sign_labeled(in.proof, as->key_priv, PROTO_LABEL_LOGIN, SLICE_ARRAY(pad.hash)));
    buf_clear(&body);
    CHECK_OK(proto_device_join_encode(&body, &in));
    return buf_slice(&body);
}

static const struct frame *prove(struct person *p, uint16_t type, slice bytes) {
    uint32_t request = person_prove(p, &w, type, bytes);
    world_commit(&w);
    return world_answer(&w, request);
}

static void join(void) {
    const struct frame *f =
        prove(&pad, PROTO_device_join, join_body(list_of(2, both, 2, &ann), &pad));
    CHECK(f != NULL && f->type == PROTO_ok && f->device);
}

static void begin(void) {
    world_init(&w);
    person_join(&ann, &w, 1);
    person_join(&bob, &w, 2);
    person_init(&pad, &w, 3);
    memcpy(pad.account, ann.account, 16);
}

static void end(void) {
    person_fini(&ann);
    person_fini(&bob);
    person_fini(&pad);
    buf_free(&list_bytes);
    buf_free(&body);
    world_fini(&w);
}

static bool count_entry(void *ctx, struct store_key key, slice value) {
    (void)key, (void)value;
    ++*(size_t *)ctx;
    return true;
}

static size_t entries(enum mail_table table) {
    size_t n = 0;
    CHECK_OK(store_scan_table(w.memory, (uint8_t)table, count_entry, &n));
    return n;
}

/* ---- Coming ---- */

TEST(a_listed_device_comes_with_its_own_key_and_gets_a_mailbox) {
    struct proto_address to;
    struct proto_record record;
    begin();
    CHECK_EQ(frame_reason(prove(&pad, PROTO_login, person_login_body(&pad))), PROTO_REASON_PROOF);
    join();
    person_address(&pad, &w, &to);
    CHECK_EQ(world_send(&w, &to, 1, slice_str("hello")), 0);
    world_record(&w, 1, &record);
    CHECK_EQ(record.devices, 2);
    CHECK_EQ(record.items, 1);
    person_login(&pad, &w, 13); /* from now on as any */
    end();
}

TEST(a_join_whose_answer_was_lost_succeeds_again) {
    begin();
    join();
    size_t boxes = entries(MAIL_MAILBOX);
    pad.session = 4;
    join();
    CHECK_EQ(entries(MAIL_MAILBOX), boxes);
    end();
}

TEST(a_device_of_an_older_list_comes_if_the_newer_one_has_it_too) {
    begin();
    world_get(&w, 1, PROTO_device_list_put, put_body(list_of(3, both, 2, &ann)), PROTO_ok);
    join();
    end();
}

TEST(who_is_in_no_list_or_has_another_key_does_not_come) {
    begin();
    struct person stranger = pad;
    CHECK_OK(crypto_ed25519.generate(stranger.key, stranger.key_priv));
    const struct frame *f =
        prove(&pad, PROTO_device_join, join_body(list_of(2, both, 1, &ann), &pad));
    CHECK_EQ(frame_reason(f), PROTO_REASON_PROOF);
    f = prove(&pad, PROTO_device_join, join_body(list_of(2, both, 2, &ann), &stranger));
    CHECK_EQ(frame_reason(f), PROTO_REASON_PROOF);
    f = prove(&pad, PROTO_device_join, join_body(list_of(2, both, 2, &bob), &pad));
    CHECK_EQ(frame_reason(f), PROTO_REASON_PROOF);
    const struct person *const twice[] = {&ann, &pad, &pad};
    f = prove(&pad, PROTO_device_join, join_body(list_of(2, twice, 3, &ann), &pad));
    CHECK_EQ(frame_reason(f), PROTO_REASON_MALFORMED);
    CHECK_EQ(entries(MAIL_DEVICE), 2);
    /* Not by a list that the server's is newer than, and that has it no more. */
    world_get(&w, 1, PROTO_device_list_put, put_body(list_of(3, both, 1, &ann)), PROTO_ok);
    f = prove(&pad, PROTO_device_join, join_body(list_of(2, both, 2, &ann), &pad));
    CHECK_EQ(frame_reason(f), PROTO_REASON_OLDER);
    CHECK_EQ(entries(MAIL_DEVICE), 2);
    end();
}

TEST(an_account_that_is_not_there_gets_no_device) {
    begin();
    struct person nobody;
    person_init(&nobody, &w, 9);
    struct person kept = ann;
    ann = nobody;
    const struct frame *f =
        prove(&pad, PROTO_device_join, join_body(list_of(2, both, 2, &ann), &pad));
    CHECK_EQ(frame_reason(f), PROTO_REASON_PROOF);
    person_fini(&ann);
    ann = kept;
    end();
}

/* Each brings a mailbox, and that a day's allowances. */
TEST(an_account_has_few_devices_that_come_in_a_day) {
    const struct frame *f = NULL;
    uint32_t version = 2;
    begin();
    for (int i = 0; i <= MAIL_JOINS; i++) {
        crypto_random(pad.device, sizeof pad.device);
        f = prove(&pad, PROTO_device_join, join_body(list_of(version++, both, 2, &ann), &pad));
        CHECK_EQ(f->type, i < MAIL_JOINS ? PROTO_ok : PROTO_error);
        pad.session++;
    }
    CHECK_EQ(frame_reason(f), PROTO_REASON_LIMIT);
    CHECK_EQ(entries(MAIL_MAILBOX), 3);
    w.now += TIME_DAY;
    f = prove(&pad, PROTO_device_join, join_body(list_of(version, both, 2, &ann), &pad));
    CHECK_EQ(f->type, PROTO_ok);
    end();
}

/* ---- Going ---- */

TEST(who_is_signed_off_loses_session_mailbox_items_and_key_packages) {
    struct proto_address to;
    begin();
    size_t notes = entries(MAIL_EXPIRY);
    join();
    person_address(&pad, &w, &to);
    world_get(&w, 3, PROTO_key_package_put, slice_of("\3\2ab", 4), PROTO_ok);
    world_get(&w, 3, PROTO_last_resort_put, slice_of("\2ab", 3), PROTO_ok);
    CHECK_EQ(world_send(&w, &to, 1, slice_str("hello")), 0);
    CHECK_EQ(entries(MAIL_ITEM), 1);
    world_get(&w, 1, PROTO_device_list_put, put_body(list_of(3, both, 1, &ann)), PROTO_ok);
    const struct frame *told = world_next(&w, 3);
    CHECK_EQ(frame_reason(told), PROTO_REASON_GONE);
    CHECK(told->ends);
    CHECK_EQ(entries(MAIL_ITEM), 0);
    CHECK_EQ(entries(MAIL_KEY_PACKAGE), 0);
    CHECK_EQ(entries(MAIL_LAST_RESORT), 0);
    CHECK_EQ(entries(MAIL_MAILBOX), 2);
    CHECK_EQ(entries(MAIL_DEVICE), 2);
    CHECK_EQ(entries(MAIL_EXPIRY), notes);
    world_refused(&w, 3, PROTO_record_get, SLICE_EMPTY, PROTO_REASON_STATE);
    pad.session = 14;
    CHECK_EQ(frame_reason(prove(&pad, PROTO_login, person_login_body(&pad))), PROTO_REASON_PROOF);
    end();
}

TEST(an_address_of_a_device_that_is_gone_takes_everything_and_keeps_nothing) {
    struct proto_address to;
    begin();
    join();
    person_address(&pad, &w, &to);
    world_get(&w, 1, PROTO_device_list_put, put_body(list_of(3, both, 1, &ann)), PROTO_ok);
    CHECK_EQ(world_send(&w, &to, 1, slice_str("late")), 0);
    w.plan.fail_commit_in = 0; /* as of a revoked one: answered once something is durable */
    world_refused(&w, 9, PROTO_send, send_body(&to, 1, slice_str("late")), PROTO_REASON_DISK);
    world_restart(&w);
    CHECK_EQ(world_send(&w, &to, 1, slice_str("late")), 0);
    CHECK_EQ(entries(MAIL_ITEM), 0);
    CHECK_EQ(entries(MAIL_MAILBOX), 2);
    world_refused(&w, 9, PROTO_key_package_take, SLICE_ARRAY(to.bytes), PROTO_REASON_NONE);
    end();
}

TEST(who_is_signed_off_in_this_batch_can_do_nothing_more_in_it) {
    struct proto_subscribe in = {.after = 77};
    buf room = {0};
    begin();
    join();
    CHECK_OK(proto_subscribe_encode(&room, &in));
    (void)world_ask(&w, 1, PROTO_device_list_put, put_body(list_of(3, both, 1, &ann)));
    uint32_t request = world_ask(&w, 3, PROTO_subscribe, buf_slice(&room));
    world_commit(&w);
    CHECK_EQ(frame_reason(world_answer(&w, request)), PROTO_REASON_GONE);
    CHECK_EQ(entries(MAIL_MAILBOX), 2);
    buf_free(&room);
    end();
}

TEST(a_batch_that_failed_signs_nobody_off) {
    struct proto_address to;
    begin();
    join();
    person_address(&pad, &w, &to);
    CHECK_EQ(world_send(&w, &to, 1, slice_str("hello")), 0);
    w.plan.fail_commit_in = 0;
    world_refused(&w, 1, PROTO_device_list_put, put_body(list_of(3, both, 1, &ann)),
                  PROTO_REASON_DISK);
    struct proto_record record;
    world_record(&w, 3, &record);
    CHECK_EQ(record.items, 1);
    CHECK_EQ(record.devices, 2);
    end();
}

TEST(a_list_needs_a_higher_version_and_the_accounts_signature) {
    begin();
    world_get(&w, 1, PROTO_device_list_put, put_body(list_of(2, both, 2, &ann)), PROTO_ok);
    world_get(&w, 1, PROTO_device_list_put, put_body(list_of(2, both, 2, &ann)), PROTO_ok);
    world_refused(&w, 1, PROTO_device_list_put, put_body(list_of(2, both, 1, &ann)),
                  PROTO_REASON_OLDER);
    world_refused(&w, 1, PROTO_device_list_put, put_body(list_of(1, both, 1, &ann)),
                  PROTO_REASON_OLDER);
    world_refused(&w, 1, PROTO_device_list_put, put_body(list_of(3, both, 0, &ann)),
                  PROTO_REASON_MALFORMED);
    world_refused(&w, 1, PROTO_device_list_put, put_body(list_of(3, both, 1, &bob)),
                  PROTO_REASON_PROOF);
    world_refused(&w, 2, PROTO_device_list_put, put_body(list_of(3, both, 1, &ann)),
                  PROTO_REASON_PROOF);
    end();
}

/* ---- Asking for the list ---- */

static slice get_body(const struct person *of, const struct person *by) {
    struct proto_device_list_get in;
    memcpy(in.identity, of->identity, 32);
    CHECK_OK(crypto_sign_labeled(in.proof, by->identity_priv, PROTO_LABEL_IDENTITY,
                                 SLICE_ARRAY(pad.hash)));
    buf_clear(&body);
    CHECK_OK(proto_device_list_get_encode(&body, &in));
    return buf_slice(&body);
}

TEST(the_identity_alone_gets_its_list) {
    struct proto_device_list_is out;
    begin();
    const struct frame *f = prove(&pad, PROTO_device_list_get, get_body(&ann, &ann));
    CHECK_EQ(f->type, PROTO_device_list_is);
    CHECK(!f->device);
    CHECK_OK(proto_device_list_is_decode(buf_slice(&f->body), &out));
    CHECK_SLICE(out.devices, buf_slice(&ann.devices));
    CHECK_EQ(frame_reason(prove(&pad, PROTO_device_list_get, get_body(&ann, &bob))),
             PROTO_REASON_PROOF);
    CHECK_EQ(frame_reason(prove(&pad, PROTO_device_list_get, get_body(&pad, &pad))),
             PROTO_REASON_PROOF);
    end();
}

/* ---- Where two devices meet ---- */

static slice link_put_body(uint8_t id, uint8_t side, const char *text) {
    struct proto_link_put in = {.side = side, .bytes = slice_str(text)};
    memset(in.id, id, 16);
    buf_clear(&body);
    CHECK_OK(proto_link_put_encode(&body, &in));
    return buf_slice(&body);
}

static slice link_get_body(uint8_t id, uint8_t side) {
    struct proto_link_get in = {.side = side};
    memset(in.id, id, 16);
    buf_clear(&body);
    CHECK_OK(proto_link_get_encode(&body, &in));
    return buf_slice(&body);
}

static void expect_frame(uint64_t session, uint8_t side, const char *text) {
    struct proto_link_frame out;
    const struct frame *f =
        world_get(&w, session, PROTO_link_get, link_get_body(1, side), PROTO_link_frame);
    CHECK_OK(proto_link_frame_decode(buf_slice(&f->body), &out));
    CHECK_SLICE(out.bytes, slice_str(text));
}

/* In a batch with something that is to be written, which the disk doesn't take. */
static void fail_with(uint64_t session, uint16_t type, slice request) {
    mail_touch(w.mail);
    w.plan.fail_commit_in = 0;
    world_refused(&w, session, type, request, PROTO_REASON_DISK);
}

TEST(two_sides_of_a_link_hand_each_other_frames) {
    begin();
    world_refused(&w, 21, PROTO_link_put, link_put_body(1, 1, "x"), PROTO_REASON_NONE);
    world_refused(&w, 21, PROTO_link_get, link_get_body(1, 1), PROTO_REASON_NONE);
    expect_frame(20, 0, "");
    world_get(&w, 21, PROTO_link_put, link_put_body(1, 1, "one"), PROTO_ok);
    world_get(&w, 21, PROTO_link_put, link_put_body(1, 1, "one"),
              PROTO_ok); /* an answer was lost */
    world_refused(&w, 21, PROTO_link_put, link_put_body(1, 1, "two"), PROTO_REASON_LIMIT);
    expect_frame(20, 0, "one");
    expect_frame(20, 0, "");
    world_get(&w, 20, PROTO_link_put, link_put_body(1, 0, "back"), PROTO_ok);
    expect_frame(21, 1, "back");
    world_refused(&w, 22, PROTO_link_put, link_put_body(1, 1, "third"), PROTO_REASON_NONE);
    world_refused(&w, 22, PROTO_link_get, link_get_body(1, 0), PROTO_REASON_NONE);
    world_refused(&w, 22, PROTO_link_get, link_get_body(1, 2), PROTO_REASON_NONE);
    end();
}

/* Neither lost nor handed over twice: its client asks again. */
TEST(a_frame_whose_batch_failed_neither_came_nor_left) {
    begin();
    expect_frame(20, 0, "");
    fail_with(21, PROTO_link_put, link_put_body(1, 1, "one"));
    expect_frame(20, 0, "");
    world_get(&w, 21, PROTO_link_put, link_put_body(1, 1, "one"), PROTO_ok);
    fail_with(20, PROTO_link_get, link_get_body(1, 0));
    fail_with(20, PROTO_link_get, link_get_body(1, 0));
    expect_frame(20, 0, "one");
    expect_frame(20, 0, "");
    world_get(&w, 21, PROTO_link_put, link_put_body(1, 1, "one"), PROTO_ok);
    expect_frame(20, 0, "one");
    end();
}

TEST(a_link_lives_for_a_minute_and_for_two_more_once_they_met) {
    begin();
    expect_frame(20, 0, "");
    w.now += TIME_MINUTE;
    world_refused(&w, 21, PROTO_link_put, link_put_body(1, 1, "x"), PROTO_REASON_NONE);
    expect_frame(20, 0, "");
    w.now += TIME_MINUTE - 1;
    world_get(&w, 21, PROTO_link_put, link_put_body(1, 1, "x"), PROTO_ok);
    w.now += 2 * TIME_MINUTE - 1;
    expect_frame(20, 0, "x");
    w.now += 1;
    world_refused(&w, 20, PROTO_link_put, link_put_body(1, 0, "x"), PROTO_REASON_NONE);
    end();
}

TEST(a_link_that_is_over_is_not_kept_until_the_next_one) {
    begin();
    expect_frame(20, 0, "");
    world_get(&w, 21, PROTO_link_put, link_put_body(1, 1, "x"), PROTO_ok);
    size_t links = 0;
    for (size_t i = 0; i < MAIL_LINKS; i++)
        links += w.mail->links[i].frame[0].n > 0;
    CHECK_EQ(links, 1);
    w.now += 2 * TIME_MINUTE;
    world_commit(&w);
    for (size_t i = 0; i < MAIL_LINKS; i++)
        CHECK(w.mail->links[i].until == 0 && w.mail->links[i].frame[0].p == NULL);
    end();
}

static slice numbered_get(unsigned i, uint8_t side) {
    struct proto_link_get in = {.side = side};
    in.id[0] = (uint8_t)i;
    in.id[1] = (uint8_t)(i >> 8);
    buf_clear(&body);
    CHECK_OK(proto_link_get_encode(&body, &in));
    return buf_slice(&body);
}

/* Sessions that make links take the places of others that nobody came to, the oldest first; those
 * where two met stay. */
TEST(links_are_few_and_never_on_the_disk) {
    begin();
    w.plan.fail_commit_in = 0; /* nothing is written, so nothing fails */
    world_get(&w, 100, PROTO_link_get, numbered_get(0, 0), PROTO_link_frame);
    world_get(&w, 99, PROTO_link_get, numbered_get(0, 1), PROTO_link_frame);
    for (unsigned i = 1; i <= MAIL_LINKS; i++) {
        world_get(&w, 100 + i, PROTO_link_get, numbered_get(i, 0), PROTO_link_frame);
        w.now++;
    }
    world_get(&w, 99, PROTO_link_get, numbered_get(0, 1), PROTO_link_frame);
    world_refused(&w, 98, PROTO_link_get, numbered_get(1, 1), PROTO_REASON_NONE);
    world_get(&w, 98, PROTO_link_get, numbered_get(2, 1), PROTO_link_frame);
    CHECK_EQ(w.plan.fail_commit_in, 0);
    end();
}

TEST(a_session_has_one_link_that_nobody_came_to) {
    begin();
    world_get(&w, 30, PROTO_link_get, numbered_get(5000, 0), PROTO_link_frame);
    for (unsigned i = 0; i < 2 * MAIL_LINKS; i++)
        world_get(&w, 20, PROTO_link_get, numbered_get(i, 0), PROTO_link_frame);
    world_get(&w, 31, PROTO_link_get, numbered_get(5000, 1), PROTO_link_frame);
    world_refused(&w, 21, PROTO_link_get, numbered_get(7, 1), PROTO_REASON_NONE);
    end();
}

TEST_MAIN
