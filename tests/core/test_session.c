/* The two sessions: whom they trust, how they try again, what they keep apart. */
#include "core/internal.h"
#include "rig.h"

static struct rig rig;

static struct client *client(size_t i) {
    return &rig.clients[i];
}

/* ---- A wrong server ---- */

TEST(a_server_with_another_identity_is_refused_and_not_tried_again) {
    uint8_t other[32], seed[32];
    rig_init(&rig, 1);
    CHECK_OK(crypto_ed25519.generate(other, seed));
    CHECK_OK(session_key_make(&rig.env.keys[0], 2, seed, time_week(rig.now) + 4));
    rig_cut(&rig, client(0));
    rig_pass(&rig, TIME_MINUTE);
    CHECK_ERR(rig_last(client(0), CORE_NOTICE_TROUBLE)->notice.error, ERR_IDENTITY);
    CHECK_EQ(rig_notices(client(0), CORE_NOTICE_TROUBLE), 1);
    CHECK_EQ(rig_status(client(0)).auth, CORE_LINK_OFF);
    CHECK_EQ(rig_status(client(0)).anon, CORE_LINK_OFF);
    CHECK_EQ(client(0)->wake, UINT64_MAX);
    CHECK_OK(session_key_make(&rig.env.keys[0], 3, rig.identity_seed, time_week(rig.now) + 4));
    core_online(client(0)->core, true, rig.now);
    rig_pass(&rig, TIME_SECOND);
    CHECK_EQ(rig_status(client(0)).auth, CORE_LINK_READY);
    rig_fini(&rig);
}

/* It may be this machine's clock, or an old hello that somebody plays again: it is no other server.
 * */
TEST(a_noise_key_whose_time_is_over_is_refused_and_tried_again) {
    rig_init(&rig, 1);
    CHECK_OK(session_key_make(&rig.env.keys[0], 2, rig.identity_seed, time_week(rig.now) - 2));
    rig_cut(&rig, client(0));
    rig_pass(&rig, TIME_MINUTE);
    CHECK_EQ(rig_notices(client(0), CORE_NOTICE_TROUBLE), 0);
    CHECK_ERR(rig_status(client(0)).last_error, ERR_EXPIRED);
    CHECK(rig_status(client(0)).auth != CORE_LINK_READY);
    CHECK_OK(session_key_make(&rig.env.keys[0], 3, rig.identity_seed, time_week(rig.now) + 4));
    rig_pass(&rig, 2 * TIME_MINUTE);
    CHECK_EQ(rig_status(client(0)).auth, CORE_LINK_READY);
    rig_fini(&rig);
}

/* ---- A server that is away, silent or broken ---- */

TEST(a_server_that_is_away_is_tried_again_ever_more_slowly) {
    rig_init(&rig, 1);
    client(0)->away = true;
    rig_cut(&rig, client(0));
    rig_run(&rig);
    size_t before = rig_notices(client(0), CORE_NOTICE_CONNECTION);
    rig_pass(&rig, 10 * TIME_MINUTE);
    size_t tries = rig_notices(client(0), CORE_NOTICE_CONNECTION) - before;
    CHECK(tries >= 8 && tries <= 40);
    CHECK_EQ(rig_status(client(0)).auth, CORE_LINK_WAITING);
    client(0)->away = false;
    rig_pass(&rig, 2 * TIME_MINUTE);
    CHECK_EQ(rig_status(client(0)).auth, CORE_LINK_READY);
    CHECK_ERR(rig_status(client(0)).last_error, OK);
    rig_fini(&rig);
}

static enum verdict swallow(struct rig *r, struct client *from, uint16_t type, slice body) {
    (void)r, (void)from, (void)type, (void)body;
    return DROP;
}

TEST(a_server_that_does_not_answer_is_left) {
    rig_init(&rig, 2);
    rig_meet_all(&rig, 2);
    rig_conversation(&rig, 2);
    rig.on_request = swallow;
    uint64_t command = rig_say(client(0), "unheard");
    rig_pass(&rig, 31 * TIME_SECOND);
    CHECK(rig_ended(client(0), ERR_TIMEOUT));
    CHECK(rig_done(client(0), command) == NULL);
    rig.on_request = NULL;
    rig_finish(client(0), command, OK);
    rig_fini(&rig);
}

TEST(silence_is_broken_by_a_ping) {
    rig_init(&rig, 1);
    rig_pass(&rig, 10 * TIME_MINUTE);
    CHECK_EQ(rig_status(client(0)).auth, CORE_LINK_READY);
    CHECK(!rig_ended(client(0), ERR_TIMEOUT));
    client(0)->deaf = true;
    rig_pass(&rig, 4 * TIME_MINUTE);
    CHECK(rig_ended(client(0), ERR_TIMEOUT));
    client(0)->deaf = false;
    rig_pass(&rig, 2 * TIME_MINUTE);
    CHECK_EQ(rig_status(client(0)).auth, CORE_LINK_READY);
    rig_fini(&rig);
}

/* ---- Scripted: a link of the test's own ---- */

static uint32_t connect_link(struct core *core) {
    struct core_action action;
    uint32_t link = 0;
    while (core_next_action(core, &action))
        if (action.kind == CORE_CONNECT && link == 0)
            link = action.link;
    CHECK(link != 0);
    return link;
}

static bool disconnects(struct core *core, uint32_t link) {
    struct core_action action;
    bool found = false;
    while (core_next_action(core, &action))
        found = found || (action.kind == CORE_DISCONNECT && action.link == link);
    return found;
}

/* An unattended core: nobody carries its actions out but the test. */
static struct core *lonely(void) {
    rig_init(&rig, 1);
    struct core *core = client(0)->core;
    core_online(core, false, rig.now);
    rig_run(&rig);
    core_online(core, true, rig.now);
    return core;
}

TEST(garbage_in_place_of_a_hello_ends_the_link) {
    static const char *const garbage[] = {"", "x", "\0\0\0\0\0\2", "ffffffffffffffffffffffffffff"};
    for (size_t i = 0; i < 4; i++) {
        struct core *core = lonely();
        uint32_t link = connect_link(core);
        core_link_up(core, link, rig.now);
        core_link_message(core, link, slice_of(garbage[i], i == 2 ? 6 : strlen(garbage[i])),
                          rig.now);
        CHECK(disconnects(core, link));
        CHECK_EQ(rig_status(client(0)).auth, CORE_LINK_WAITING);
        /* What comes afterwards for that link is nobody's. */
        core_link_message(core, link, slice_str("more"), rig.now);
        core_link_down(core, link, ERR_CLOSED, rig.now);
        CHECK_EQ(rig_status(client(0)).auth, CORE_LINK_WAITING);
        rig_fini(&rig);
    }
}

TEST(a_link_that_never_stands_is_given_up) {
    struct core *core = lonely();
    uint32_t link = connect_link(core);
    core_wake(core, rig.now + 21 * TIME_SECOND);
    CHECK(disconnects(core, link));
    rig_fini(&rig);
}

TEST(a_message_before_the_link_stands_ends_it) {
    struct core *core = lonely();
    uint32_t link = connect_link(core);
    core_link_message(core, link, slice_str("early"), rig.now);
    CHECK(disconnects(core, link));
    rig_fini(&rig);
}

TEST(a_server_that_is_busy_says_so_in_clear) {
    struct core *core = lonely();
    uint32_t link = connect_link(core);
    struct proto_error m = {.reason = PROTO_REASON_BUSY};
    buf frame = {0};
    writer w = writer_on(&frame);
    proto_frame_write(&w, 0, PROTO_error);
    proto_error_write(&w, &m);
    CHECK_OK(writer_result(&w));
    core_link_up(core, link, rig.now);
    core_link_message(core, link, buf_slice(&frame), rig.now);
    CHECK(disconnects(core, link));
    CHECK_EQ(rig_status(client(0)).last_reason, PROTO_REASON_BUSY);
    buf_free(&frame);
    rig_fini(&rig);
}

static struct link *device_link(struct client *c) {
    for (size_t i = 0; i < rig.link_count; i++)
        if (rig.links[i].client == c && rig.links[i].session.state == SESSION_DEVICE)
            return &rig.links[i];
    CHECK(false);
    return NULL;
}

TEST(a_frame_that_does_not_open_ends_the_session) {
    rig_init(&rig, 1);
    struct link *link = device_link(client(0));
    core_link_message(client(0)->core, link->number, slice_str("not sealed at all, but long"),
                      rig.now);
    CHECK_ERR(rig_status(client(0)).last_error, ERR_CRYPTO);
    rig_pass(&rig, TIME_MINUTE);
    CHECK_EQ(rig_status(client(0)).auth, CORE_LINK_READY);
    rig_fini(&rig);
}

/* As if so much had been said already, in both directions. */
static void bring_near_rekey(struct link *link, struct core_session *s) {
    const uint64_t nonce = NOISE_REKEY_EVERY - 3;
    CHECK(link->number == s->link);
    link->session.send.nonce = link->session.receive.nonce = nonce;
    s->send.nonce = s->receive.nonce = nonce;
}

static void say_some(void) {
    for (int i = 0; i < 8; i++)
        rig_finish(client(1), rig_say(client(1), "hello"), OK);
    rig_pass(&rig, TIME_SECOND);
}

static void expect_hellos(unsigned count) {
    const char *p = rig_texts(client(0));
    for (; count > 0; count--, p += strlen("hello\n"))
        CHECK(strncmp(p, "hello\n", strlen("hello\n")) == 0);
    CHECK_EQ(*p, 0);
}

TEST(a_session_goes_on_past_its_rekey_and_not_with_the_key_from_before) {
    uint8_t before[NOISE_KEY];
    rig_init(&rig, 2);
    rig_meet_all(&rig, 2);
    rig_conversation(&rig, 2);
    struct link *link = device_link(client(0));
    struct core_session *s = &client(0)->core->sessions[AUTH];
    bring_near_rekey(link, s);
    memcpy(before, s->send.key, sizeof before);
    size_t connections = rig_notices(client(0), CORE_NOTICE_CONNECTION);
    say_some();
    CHECK(s->send.nonce > NOISE_REKEY_EVERY && s->receive.nonce > NOISE_REKEY_EVERY);
    CHECK_EQ(rig_notices(client(0), CORE_NOTICE_CONNECTION), connections);
    expect_hellos(8);
    memcpy(s->send.key, before, sizeof before);
    say_some();
    CHECK(rig_notices(client(0), CORE_NOTICE_CONNECTION) > connections);
    rig_pass(&rig, TIME_MINUTE); /* it begins another, and has lost nothing */
    CHECK_EQ(rig_status(client(0)).auth, CORE_LINK_READY);
    expect_hellos(16);
    rig_fini(&rig);
}

TEST(frames_that_nobody_asked_for_end_the_session) {
    static const uint16_t types[] = {PROTO_sent, PROTO_ok, PROTO_ping, PROTO_commit, 999};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        rig_init(&rig, 1);
        size_t before = rig_notices(client(0), CORE_NOTICE_CONNECTION);
        rig_reply(client(0), types[i], SLICE_EMPTY);
        CHECK(rig_notices(client(0), CORE_NOTICE_CONNECTION) > before);
        rig_pass(&rig, TIME_MINUTE);
        CHECK_EQ(rig_status(client(0)).auth, CORE_LINK_READY);
        rig_fini(&rig);
    }
}

/* ---- One device, one session ---- */

TEST(a_session_that_took_over_is_told_and_not_fought) {
    rig_init(&rig, 1);
    rig_reply(client(0), PROTO_replaced, SLICE_EMPTY);
    CHECK_EQ(rig_notices(client(0), CORE_NOTICE_REPLACED), 1);
    CHECK(rig_status(client(0)).replaced);
    rig_pass(&rig, 10 * TIME_MINUTE);
    CHECK_EQ(rig_status(client(0)).auth, CORE_LINK_OFF);
    core_online(client(0)->core, true, rig.now);
    rig_pass(&rig, TIME_SECOND);
    CHECK_EQ(rig_status(client(0)).auth, CORE_LINK_READY);
    rig_fini(&rig);
}

/* ---- What goes on which session ---- */

static enum verdict sort(struct rig *r, struct client *from, uint16_t type, slice body) {
    const struct proto_message_info *info = proto_message_info(type);
    (void)from, (void)body;
    CHECK(info != NULL);
    r->hits |= info->from == PROTO_FROM_ANON ? 1 : 2;
    return PASS;
}

/* The server's session refuses one kind on the other's session, so that passing is the proof. */
TEST(what_is_sent_and_what_is_kept_use_two_sessions) {
    uint64_t command;
    rig_init(&rig, 2);
    rig.on_request = sort;
    rig_meet_all(&rig, 2);
    rig_conversation(&rig, 2);
    rig_finish(client(0), rig_say(client(0), "hello"), OK);
    CHECK_OK(core_conversation_update(client(1)->core, 1, rig.now, &command));
    rig_finish(client(1), command, OK);
    CHECK_EQ(rig.hits, 3);
    CHECK_ERR(rig_status(client(0)).last_error, OK);
    CHECK_ERR(rig_status(client(1)).last_error, OK);
    rig_fini(&rig);
}

TEST(offline_means_no_links) {
    rig_init(&rig, 1);
    core_online(client(0)->core, false, rig.now);
    rig_pass(&rig, TIME_HOUR);
    CHECK_EQ(rig_status(client(0)).auth, CORE_LINK_OFF);
    CHECK_EQ(rig_status(client(0)).anon, CORE_LINK_OFF);
    CHECK_EQ(client(0)->wake, UINT64_MAX);
    rig_fini(&rig);
}

TEST(a_clock_that_is_set_back_stops_nothing) {
    rig_init(&rig, 2);
    rig_meet_all(&rig, 2);
    rig_conversation(&rig, 2);
    client(1)->away = true;
    rig_cut(&rig, client(1));
    rig_run(&rig);
    client(1)->away = false;
    rig.now -= TIME_DAY;
    client(1)->wake = rig.now;
    rig_pass(&rig, TIME_MINUTE);
    CHECK_EQ(rig_status(client(1)).auth, CORE_LINK_READY);
    rig_finish(client(1), rig_say(client(1), "yesterday"), OK);
    /* While an answer is due too. */
    client(1)->deaf = true;
    uint64_t said = rig_say(client(1), "the day before");
    rig_pass(&rig, TIME_SECOND);
    rig.now -= TIME_DAY;
    client(1)->deaf = false;
    client(1)->wake = rig.now;
    rig_pass(&rig, 2 * TIME_MINUTE);
    CHECK(rig_done(client(1), said) != NULL);
    rig_fini(&rig);
}

TEST_MAIN
