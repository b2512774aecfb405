/* When an authenticated session says what nobody waits for: at moments that don't tell what it came
 * of. */
#include "core/internal.h"
#include "rig.h"

static struct rig rig;

static struct client *client(size_t i) {
    return &rig.clients[i];
}

/* When client 1 asked for this last; 0: not since it was looked for. */
static uint16_t looked_for;
static uint64_t asked_at;

static enum verdict note(struct rig *r, struct client *from, uint16_t type, slice body) {
    (void)body;
    if (from->index == 1 && type == looked_for && asked_at == 0)
        asked_at = r->now;
    return PASS;
}

static void look_for(uint16_t type) {
    rig.on_request = note;
    looked_for = type;
    asked_at = 0;
}

/* How long it takes until it is asked for. */
static uint64_t asked_after(uint64_t begun) {
    for (unsigned i = 0; i < 2000 && asked_at == 0; i++)
        rig_pass(&rig, TIME_SECOND / 2);
    CHECK(asked_at != 0);
    return asked_at - begun;
}

/* The least and the most of some times. */
struct range {
    uint64_t least, most;
};
static const struct range none = {UINT64_MAX, 0};

static void add(struct range *r, uint64_t time) {
    r->least = time < r->least ? time : r->least;
    r->most = time > r->most ? time : r->most;
}

static bool soon(const struct range *r) {
    return r->least >= TIME_MINUTE / 2 && r->most <= 10 * TIME_MINUTE &&
           r->most - r->least >= TIME_MINUTE;
}

static bool shortly(const struct range *r) {
    return r->least >= TIME_SECOND / 5 && r->most <= 2 * TIME_SECOND &&
           r->most - r->least >= TIME_SECOND / 5;
}

static void revoke_a_link(void) {
    uint64_t command;
    CHECK_OK(core_link_new(client(1)->core, false, TIME_DAY, rig.now, &command));
    rig_finish(client(1), command, OK);
    rig_pass(&rig, 20 * TIME_MINUTE);
    look_for(PROTO_address_revoke);
    CHECK_OK(core_link_revoke(client(1)->core, command, rig.now));
}

TEST(an_address_is_revoked_at_a_moment_after_what_the_user_did) {
    struct range r = none;
    rig_init(&rig, 2);
    for (unsigned i = 0; i < 20; i++) {
        revoke_a_link();
        add(&r, asked_after(rig.now));
    }
    CHECK(soon(&r));
    rig_fini(&rig);
}

/* The moment may come while nothing is connected. */
TEST(what_was_due_before_comes_a_moment_after_the_session_began) {
    struct range r = none;
    rig_init(&rig, 2);
    for (unsigned i = 0; i < 20; i++) {
        revoke_a_link();
        core_online(client(1)->core, false, rig.now);
        rig_pass(&rig, TIME_HOUR);
        CHECK_EQ(asked_at, 0);
        uint64_t begun = rig.now;
        core_online(client(1)->core, true, rig.now);
        add(&r, asked_after(begun));
    }
    CHECK(shortly(&r));
    rig_fini(&rig);
}

/* Client 0 takes a key package of client 1, who gets a Welcome. */
static void write_to(void) {
    uint64_t command;
    uint32_t number;
    CHECK_OK(core_conversation_new(client(0)->core, SLICE_EMPTY,
                                   (const uint8_t(*)[CORE_ACCOUNT])client(1)->account, 1, rig.now,
                                   &command, &number));
    rig_finish(client(0), command, OK);
}

TEST(a_key_package_is_put_at_a_moment_after_a_welcome_came) {
    struct range r = none;
    rig_init(&rig, 2);
    rig_meet_all(&rig, 2);
    for (unsigned i = 0; i < 20; i++) {
        rig_pass(&rig, 20 * TIME_MINUTE);
        look_for(PROTO_key_package_put);
        uint64_t begun = rig.now;
        write_to();
        add(&r, asked_after(begun));
    }
    CHECK(soon(&r));
    rig_fini(&rig);
}

/* Three of the four are gone: no later session may come in time. */
TEST(when_few_are_left_they_are_put_a_moment_after_the_session_began) {
    struct range r = none;
    rig_init(&rig, 2);
    rig_meet_all(&rig, 2);
    for (unsigned i = 0; i < 20; i++) {
        rig_pass(&rig, 20 * TIME_MINUTE);
        core_online(client(1)->core, false, rig.now);
        rig_run(&rig);
        for (unsigned j = 0; j < 3; j++)
            write_to();
        look_for(PROTO_key_package_put);
        uint64_t begun = rig.now;
        core_online(client(1)->core, true, rig.now);
        add(&r, asked_after(begun));
    }
    CHECK(shortly(&r));
    rig_fini(&rig);
}

/* Long sessions put it at a moment of the ten minutes; short ones, when that did not come for a
 * day. */
TEST(the_last_resort_is_renewed_in_sessions_of_a_few_seconds_too) {
    rig_init(&rig, 2);
    core_online(client(1)->core, false, rig.now);
    rig.now += TIME_WEEK;
    look_for(PROTO_last_resort_put);
    for (unsigned day = 0; day < 3; day++) {
        CHECK(asked_at == 0 || day == 2);
        rig.now += TIME_DAY - 4 * TIME_SECOND;
        CHECK_OK(
            session_key_make(&rig.env.keys[0], day + 2, rig.identity_seed, time_week(rig.now) + 4));
        core_online(client(1)->core, true, rig.now);
        rig_pass(&rig, 4 * TIME_SECOND);
        core_online(client(1)->core, false, rig.now);
        rig_run(&rig);
    }
    CHECK(asked_at != 0);
    rig_fini(&rig);
}

/* Client 1, away for so long since its card was due. */
static void miss_the_card(uint64_t away) {
    rig_pass(&rig, 20 * TIME_MINUTE);
    core_online(client(1)->core, false, rig.now);
    struct claim *claim = client(1)->core->claims.p[0];
    claim->r.put_at = rig.now;
    rig_pass(&rig, away);
    look_for(PROTO_work_get);
    core_online(client(1)->core, true, rig.now);
}

/* Long sessions put it at a moment of the ten minutes; short ones, when that did not come for a
 * day. */
TEST(a_card_that_was_due_before_is_put_a_while_after_the_session_began) {
    uint64_t command;
    struct range in_time = none, late = none;
    rig_init(&rig, 2);
    CHECK_OK(
        core_handle_claim(client(1)->core, slice_str("alice"), SLICE_EMPTY, rig.now, &command));
    rig_finish(client(1), command, OK);
    for (unsigned i = 0; i < 20; i++) {
        miss_the_card(TIME_HOUR);
        add(&in_time, asked_after(rig.now));
        miss_the_card(TIME_DAY + TIME_HOUR);
        add(&late, asked_after(rig.now));
    }
    CHECK(soon(&in_time));
    CHECK(shortly(&late));
    rig_fini(&rig);
}

TEST_MAIN
