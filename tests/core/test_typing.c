/* That somebody writes is shown for some seconds, to those who are there and say it too; nothing is
 * kept of it, whatever becomes of it costs no message, and nobody says it for another. */
#include "core/internal.h"
#include "rig.h"

static struct rig rig;
static struct client *ann, *ben, *cem;
static buf sent, item, plain_item; /* of the newest send_now, and of the newest send */

static enum verdict look(struct rig *r, struct client *from, uint16_t type, slice body) {
    struct proto_send_now now;
    struct proto_send send;
    (void)from;
    if (type == PROTO_send && proto_send_decode(body, &send) == OK)
        CHECK_OK(buf_set(&plain_item, send.item));
    if (type != PROTO_send_now)
        return PASS;
    r->hits++;
    CHECK_OK(proto_send_now_decode(body, &now));
    CHECK_OK(buf_set(&sent, body));
    CHECK_OK(buf_set(&item, now.item));
    return PASS;
}

static void set(struct client *c, bool on) {
    CHECK_OK(core_typing_set(c->core, on, rig.now));
}

static void begin(void (*init)(struct rig *, size_t), size_t count) {
    init(&rig, count);
    ann = &rig.clients[0];
    ben = &rig.clients[1];
    cem = &rig.clients[2];
    for (size_t i = 0; i < count; i++)
        set(&rig.clients[i], true);
}

static void three(void) {
    begin(rig_init, 3);
    rig_meet_all(&rig, 3);
    rig_conversation(&rig, 3);
    rig_pass(&rig, TIME_MINUTE);
    rig.on_request = look;
    rig.hits = 0;
}

static void end(void) {
    rig_fini(&rig);
    buf_free(&sent);
    buf_free(&item);
    buf_free(&plain_item);
}

static void key(struct client *c) {
    CHECK_OK(core_typing(c->core, 1, rig.now));
    rig_pass(&rig, TIME_SECOND / 2);
}

/* After the time in which it would not be said again. */
static void write_anew(struct client *c) {
    rig_pass(&rig, 7 * TIME_SECOND);
    key(c);
}

static bool writes(const struct client *at, const struct client *who) {
    uint8_t accounts[4][CORE_ACCOUNT];
    size_t n = core_writing(at->core, 1, accounts, 4);
    for (size_t i = 0; i < n; i++)
        if (memcmp(accounts[i], who->account, CORE_ACCOUNT) == 0)
            return true;
    return false;
}

TEST(it_is_shown_for_some_seconds_or_until_the_message_comes) {
    three();
    uint64_t before = rig_state(ben).messages;
    key(ann);
    CHECK(writes(ben, ann) && writes(cem, ann) && !writes(ann, ann));
    CHECK_EQ(rig_last(ben, CORE_NOTICE_WRITING)->notice.conversation, 1);
    size_t told = rig_notices(ben, CORE_NOTICE_WRITING);
    rig_pass(&rig, 5 * TIME_SECOND);
    CHECK(writes(ben, ann));
    rig_pass(&rig, 2 * TIME_SECOND);
    CHECK(!writes(ben, ann));
    CHECK_EQ(rig_notices(ben, CORE_NOTICE_WRITING), told + 1);
    key(ann);
    key(cem);
    CHECK(writes(ben, ann) && writes(ben, cem) && writes(ann, cem));
    CHECK_EQ(rig_state(ben).messages, before);
    rig_say(ann, "hello");
    rig_pass(&rig, TIME_SECOND);
    CHECK(!writes(ben, ann) && writes(ben, cem));
    CHECK_EQ(rig_state(ben).messages, before + 1);
    end();
}

TEST(it_goes_on_while_keys_come_and_is_said_every_four_seconds) {
    three();
    size_t told = rig_notices(ben, CORE_NOTICE_WRITING);
    for (int i = 0; i < 80; i++) {
        CHECK_OK(core_typing(ann->core, 1, rig.now));
        rig_pass(&rig, TIME_SECOND / 4);
        CHECK(writes(ben, ann));
    }
    CHECK_EQ(rig.hits, 5);
    CHECK_EQ(rig_notices(ben, CORE_NOTICE_WRITING), told + 1); /* and told to the user once */
    end();
}

TEST(it_is_off_until_it_is_chosen_and_off_both_ways) {
    three();
    set(ben, false);
    key(ben);
    CHECK_EQ(rig.hits, 0);
    CHECK(!writes(ann, ben));
    key(ann);
    CHECK(!writes(ben, ann) && writes(cem, ann));
    set(cem, false); /* what is shown ends */
    CHECK(!writes(cem, ann));
    rig_crash(ann);
    rig_crash(ben);
    CHECK(core_typing_get(ann->core) && !core_typing_get(ben->core));
    CHECK_ERR(core_typing(ann->core, 7, rig.now), ERR_NOT_FOUND);
    end();
    rig_init(&rig, 1);
    CHECK(!core_typing_get(rig.clients[0].core));
    rig_fini(&rig);
}

/* Not one commit on either side: not even a full disk keeps it from anybody. */
TEST(nothing_is_written_for_it) {
    three();
    ann->plan.fail_commit_in = ben->plan.fail_commit_in = 0;
    key(ann);
    CHECK(writes(ben, ann));
    ann->plan.fail_commit_in = ben->plan.fail_commit_in = -1;
    CHECK_EQ(rig_notices(ann, CORE_NOTICE_TROUBLE) + rig_notices(ben, CORE_NOTICE_TROUBLE), 0);
    end();
}

TEST(it_is_as_large_as_a_short_message) {
    begin(rig_default, 2);
    rig_conversation(&rig, 2);
    rig_pass(&rig, TIME_MINUTE);
    rig.on_request = look;
    key(ann);
    rig_say(ann, "hello");
    rig_pass(&rig, TIME_SECOND);
    CHECK(writes(ben, ann) == false && rig.hits > 0);
    CHECK_EQ(item.n, plain_item.n);
    end();
}

TEST(who_was_away_never_hears_it_and_reads_all_messages) {
    three();
    core_online(ben->core, false, rig.now);
    rig_run(&rig);
    for (int i = 0; i < 20; i++)
        write_anew(ann);
    CHECK_EQ(rig.hits, 20);
    CHECK(writes(cem, ann));
    rig_say(ann, "hello");
    core_online(ben->core, true, rig.now);
    rig_pass(&rig, TIME_SECOND);
    CHECK(!writes(ben, ann) && strstr(rig_texts(ben), "hello") != NULL);
    CHECK_EQ(rig_notices(ben, CORE_NOTICE_WRITING), 0);
    write_anew(ann);
    CHECK(writes(ben, ann));
    end();
}

/* What was begun before there is a session is said if one opens in time, and not after a message.
 */
TEST(it_waits_for_a_session_and_not_for_long) {
    three();
    rig_pass(&rig, 2 * TIME_MINUTE);
    key(ann);
    CHECK(writes(ben, ann));
    rig_pass(&rig, 2 * TIME_MINUTE);
    rig.hits = 0;
    ann->away = true;
    CHECK_OK(core_typing(ann->core, 1, rig.now));
    rig_pass(&rig, 5 * TIME_SECOND);
    ann->away = false;
    rig_pass(&rig, TIME_MINUTE);
    CHECK_EQ(rig.hits, 0);
    CHECK_OK(core_typing(ann->core, 1, rig.now));
    rig_say(ann, "sooner");
    rig_pass(&rig, TIME_SECOND);
    CHECK_EQ(rig.hits, 0);
    end();
}

/* ---- Who means no good ---- */

static void give(slice body) {
    struct proto_edge_request request = {
        .session = 1, .request = 1, .type = PROTO_send_now, .body = body};
    mail_request(rig.mail, &request);
    mail_commit(rig.mail);
    rig_pass(&rig, TIME_SECOND / 2);
}

/* Somebody other than the server's client says it, with whatever is in this part. */
static void pass(struct client *by, const struct proto_typing *said, const uint8_t seed[32],
                 uint64_t epoch) {
    struct conversation *c = core_conversation_lookup(by->core, 1);
    struct proto_typing t = *said;
    struct proto_passing p = {.epoch = epoch};
    struct proto_send_now m;
    uint8_t secret[32];
    buf bytes = {0}, plain = {0}, sealed = {0}, content = {0}, made = {0}, body = {0};
    CHECK_OK(core_conversation_load(by->core, c));
    CHECK_OK(mls_group_export(c->group, slice_str("sotto passing"), SLICE_EMPTY, secret, 32));
    memcpy(p.group, c->r.group, 32);
    writer w = writer_on(&bytes);
    writer_bytes(&w, SLICE_ARRAY(p.group));
    writer_u64(&w, p.epoch);
    writer_u32(&w, t.leaf);
    writer_u64(&w, t.time);
    CHECK_OK(crypto_sign_labeled(t.signature, seed, PROTO_LABEL_TYPING, buf_slice(&bytes)));
    CHECK_OK(proto_typing_encode(&plain, &t));
    CHECK_OK(buf_resize(&sealed, plain.n + 16));
    CHECK_OK(crypto_xchacha20poly1305.seal(sealed.p, secret, p.nonce, slice_of(bytes.p, 40),
                                           buf_slice(&plain)));
    p.sealed = buf_slice(&sealed);
    CHECK_OK(proto_passing_encode(&content, &p));
    CHECK_OK(proto_item_write(&made, PROTO_ITEM_PASSING, buf_slice(&content)));
    CHECK_OK(proto_send_now_decode(buf_slice(&sent), &m));
    m.item = buf_slice(&made);
    CHECK_OK(proto_send_now_encode(&body, &m));
    give(buf_slice(&body));
    buf_free(&bytes);
    buf_free(&plain);
    buf_free(&sealed);
    buf_free(&content);
    buf_free(&made);
    buf_free(&body);
}

static uint32_t leaf_of(struct client *c) {
    struct conversation *conversation = core_conversation_lookup(c->core, 1);
    CHECK_OK(core_conversation_load(c->core, conversation));
    return mls_group_own_leaf(conversation->group);
}

TEST(nobody_says_it_for_another_or_in_another_epoch_or_at_another_time) {
    three();
    key(ann);
    rig_pass(&rig, 7 * TIME_SECOND);
    uint64_t epoch = rig_state(cem).epoch;
    const uint8_t *seed = cem->core->account.r.device_seed;
    struct proto_typing said = {.leaf = leaf_of(ann), .time = rig.now};
    pass(cem, &said, seed, epoch);
    CHECK(!writes(ben, ann) && !writes(ben, cem));
    said.leaf = 77;
    pass(cem, &said, seed, epoch);
    said.leaf = leaf_of(cem);
    pass(cem, &said, seed, epoch - 1);
    said.time = rig.now - 3 * TIME_MINUTE;
    pass(cem, &said, seed, epoch);
    said.time = rig.now + 3 * TIME_MINUTE;
    pass(cem, &said, seed, epoch);
    CHECK(!writes(ben, cem));
    said.time = rig.now;
    pass(cem, &said, seed, epoch);
    CHECK(writes(ben, cem)); /* so the test itself makes them well */
    rig_pass(&rig, 7 * TIME_SECOND);
    said.time -= TIME_SECOND; /* before what was heard */
    pass(cem, &said, seed, epoch);
    CHECK(!writes(ben, cem));
    /* What comes too often is not looked at, so it does not last longer either. */
    for (int i = 0; i < 4; i++) {
        said.time = rig.now;
        pass(cem, &said, seed, epoch);
    }
    CHECK(writes(ben, cem));
    rig_pass(&rig, 4300);
    CHECK(!writes(ben, cem));
    end();
}

TEST(what_comes_again_or_is_kept_or_is_no_such_item_says_nothing) {
    three();
    key(ann);
    CHECK(writes(ben, ann));
    rig_pass(&rig, 7 * TIME_SECOND);
    give(buf_slice(&sent));
    CHECK(!writes(ben, ann));
    /* By a send that is kept: dropped, whatever is in it. */
    struct proto_send_now now;
    struct proto_address to[3];
    CHECK_OK(proto_send_now_decode(buf_slice(&sent), &now));
    reader r = reader_of(now.addresses.bytes);
    for (size_t i = 0; i < 3; i++)
        CHECK_OK(proto_address_read(&r, &to[i]));
    uint64_t dropped = rig_status(ben).dropped;
    for (size_t i = 0; i < 3; i++)
        rig_send(&rig, to[i].bytes, buf_slice(&item));
    rig_pass(&rig, TIME_SECOND);
    CHECK_EQ(rig_status(ben).dropped, dropped + 1);
    CHECK_EQ(rig_state(ben).quarantined, 0);
    /* A message by one that is not: nobody reads it, and it is no repeat of the one that is kept.
     */
    CHECK(!writes(ben, ann));
    rig_say(ann, "hello");
    rig_pass(&rig, TIME_SECOND);
    now.item = buf_slice(&plain_item);
    CHECK_EQ(now.item.n, PROTO_ITEM_NOW_MAX);
    buf body = {0};
    CHECK_OK(proto_send_now_encode(&body, &now));
    uint64_t repeats = rig_status(ben).repeats;
    give(buf_slice(&body));
    CHECK_EQ(rig_status(ben).repeats, repeats);
    buf_free(&body);
    end();
}

TEST(who_is_blocked_is_not_shown) {
    three();
    CHECK_OK(core_block(ben->core, ann->account, rig.now));
    write_anew(ann);
    CHECK(!writes(ben, ann) && writes(cem, ann));
    end();
}

TEST(a_request_is_told_nothing_and_shows_nothing) {
    begin(rig_init, 2);
    rig_take_link(ben, ann);
    uint64_t command;
    uint32_t number;
    CHECK_OK(core_conversation_new(ann->core, slice_str(""),
                                   (const uint8_t(*)[CORE_ACCOUNT])ben->account, 1, rig.now,
                                   &command, &number));
    rig_finish(ann, command, OK);
    rig_pass(&rig, TIME_MINUTE);
    CHECK_EQ(rig_state(ben).state, CORE_CONVERSATION_REQUEST);
    rig.on_request = look;
    key(ann);
    CHECK(rig.hits == 1 && !writes(ben, ann));
    key(ben);
    CHECK_EQ(rig.hits, 1);
    CHECK_OK(core_request_accept(ben->core, 1, SLICE_EMPTY, rig.now));
    write_anew(ann);
    CHECK(writes(ben, ann));
    end();
}

static enum verdict know_nothing(struct rig *r, struct client *from, uint16_t type, slice body) {
    struct proto_error error = {.reason = PROTO_REASON_MALFORMED};
    struct proto_edge_reply reply = {.session = r->request->session,
                                     .request = r->request->request,
                                     .type = PROTO_error,
                                     .ends = true};
    buf answer = {0};
    (void)from, (void)body;
    if (type != PROTO_send_now)
        return PASS;
    r->hits++;
    CHECK_OK(proto_error_encode(&answer, &error));
    reply.body = buf_slice(&answer);
    session_reply(&r->links[reply.session - 1].session, &r->env, &reply);
    buf_free(&answer);
    return DROP;
}

TEST(a_server_of_before_is_asked_once) {
    three();
    rig.on_request = know_nothing;
    write_anew(ann);
    write_anew(ann);
    CHECK_EQ(rig.hits, 1);
    rig_finish(ann, rig_say(ann, "hello"), OK);
    end();
}

TEST(own_devices_share_the_setting_and_are_not_shown) {
    begin(rig_init, 2);
    rig_meet_all(&rig, 2);
    rig_conversation(&rig, 2);
    struct client *other = rig_link(&rig, 0, 2);
    rig_pass(&rig, 20 * TIME_MINUTE);
    CHECK(core_typing_get(other->core));
    set(other, false);
    rig_pass(&rig, TIME_MINUTE);
    CHECK(!core_typing_get(ann->core));
    set(ann, true);
    rig_pass(&rig, TIME_MINUTE);
    key(ann);
    CHECK(writes(ben, ann) && rig_notices(other, CORE_NOTICE_WRITING) == 0);
    rig_crash(other);
    CHECK(core_typing_get(other->core));
    end();
}

TEST_MAIN
