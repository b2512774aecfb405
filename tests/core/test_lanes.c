/* The sessions that send: when they open and close, and that conversations don't meet on one. */
#include "rig.h"

static struct rig rig;

static struct client *client(size_t i) {
    return &rig.clients[i];
}

/* Links that the client has open now. */
static size_t open_links(const struct client *c) {
    size_t n = 0;
    for (size_t i = 0; i < rig.link_count; i++)
        n += rig.links[i].client == c && rig.links[i].open;
    return n;
}

static uint32_t begin(size_t with) {
    uint64_t command;
    uint32_t number;
    CHECK_OK(core_conversation_new(client(0)->core, SLICE_EMPTY, &client(with)->account, 1, rig.now,
                                   &command, &number));
    rig_finish(client(0), command, OK);
    return number;
}

static uint64_t say(uint32_t conversation) {
    uint64_t command, message;
    CHECK_OK(core_send_text(client(0)->core, conversation, CORE_TEXT_PLAIN, slice_str("hello"),
                            NULL, rig.now, &command, &message));
    return command;
}

/* So many conversations of client 0 with client 1, each with a session of its own. */
static void apart(uint32_t *numbers, size_t n) {
    rig_init(&rig, 2);
    rig_meet_all(&rig, 2);
    CHECK_OK(core_isolate_set(client(0)->core, CORE_ISOLATE_ON, rig.now));
    for (size_t i = 0; i < n; i++)
        numbers[i] = begin(1);
}

/* ---- When ---- */

TEST(nothing_is_open_that_sends_until_there_is_something_to_send) {
    rig_init(&rig, 2);
    CHECK_EQ(open_links(client(0)), 1);
    rig_meet_all(&rig, 2);
    CHECK_EQ(open_links(client(0)), 1);
    rig_conversation(&rig, 2);
    CHECK_EQ(open_links(client(0)), 2);
    rig_fini(&rig);
}

static unsigned pings;

static enum verdict count_pings(struct rig *r, struct client *from, uint16_t type, slice body) {
    (void)r, (void)body;
    pings += from->index == 0 && type == PROTO_ping;
    return PASS;
}

/* Neither at once nor at a time that says when it began; and no ping keeps it alive. */
TEST(what_is_not_used_closes_after_a_time_that_chance_decides) {
    uint64_t least = UINT64_MAX, most = 0;
    rig_init(&rig, 2);
    rig.on_request = count_pings;
    rig_meet_all(&rig, 2);
    rig_conversation(&rig, 2);
    for (int i = 0; i < 20; i++) {
        rig_finish(client(0), rig_say(client(0), "x"), OK);
        CHECK_EQ(open_links(client(0)), 2);
        uint64_t begun = rig.now;
        while (open_links(client(0)) == 2 && rig.now < begun + TIME_HOUR)
            rig_pass(&rig, TIME_SECOND);
        uint64_t lasted = rig.now - begun;
        least = lasted < least ? lasted : least;
        most = lasted > most ? lasted : most;
    }
    CHECK(least >= 20 * TIME_SECOND && most <= 82 * TIME_SECOND);
    CHECK(most - least >= 10 * TIME_SECOND);
    CHECK_ERR(rig_status(client(0)).last_error, OK);
    rig_fini(&rig);
}

/* ---- Which ---- */

enum { SEEN = 64 };
static struct {
    uint64_t session;
    uint8_t first[PROTO_ADDRESS]; /* of the roster: each conversation has its own */
} seen[SEEN];
static size_t seen_count;

static enum verdict note_send(struct rig *r, struct client *from, uint16_t type, slice body) {
    struct proto_send m;
    if (from->index != 0 || type != PROTO_send)
        return PASS;
    CHECK_OK(proto_send_decode(body, &m));
    CHECK(seen_count < SEEN);
    seen[seen_count].session = r->request->session;
    memcpy(seen[seen_count++].first, m.addresses.bytes.p, PROTO_ADDRESS);
    return PASS;
}

/* Two sends of different conversations never went over one session. */
static bool kept_apart(void) {
    for (size_t i = 0; i < seen_count; i++)
        for (size_t j = 0; j < i; j++)
            if (seen[i].session == seen[j].session &&
                memcmp(seen[i].first, seen[j].first, PROTO_ADDRESS) != 0)
                return false;
    return true;
}

static void two_conversations(enum core_isolate isolate) {
    rig_init(&rig, 3);
    rig_meet_all(&rig, 3);
    CHECK_OK(core_isolate_set(client(0)->core, isolate, rig.now));
    uint32_t first = begin(1), second = begin(2);
    rig_pass(&rig, TIME_MINUTE);
    rig.on_request = note_send;
    seen_count = 0;
    for (int i = 0; i < 5; i++) {
        uint64_t a = say(first), b = say(second);
        rig_finish(client(0), a, OK);
        rig_finish(client(0), b, OK);
        rig_pass(&rig, 10 * TIME_SECOND);
    }
    CHECK_EQ(seen_count, 10);
}

TEST(each_conversation_has_a_session_of_its_own) {
    two_conversations(CORE_ISOLATE_ON);
    CHECK(kept_apart());
    rig_fini(&rig);
}

TEST(or_all_share_one) {
    two_conversations(CORE_ISOLATE_OFF);
    CHECK(!kept_apart());
    CHECK(open_links(client(0)) <= 2);
    rig_fini(&rig);
}

TEST(more_conversations_than_sessions_take_turns) {
    uint32_t numbers[12];
    uint64_t commands[12];
    apart(numbers, 12);
    rig_pass(&rig, 5 * TIME_MINUTE);
    CHECK_EQ(open_links(client(0)), 1);
    rig.on_request = note_send;
    seen_count = 0;
    for (size_t i = 0; i < 12; i++)
        commands[i] = say(numbers[i]);
    for (size_t i = 0; i < 12; i++)
        rig_finish(client(0), commands[i], OK);
    CHECK(open_links(client(0)) <= 9);
    CHECK_EQ(seen_count, 12);
    CHECK(kept_apart());
    rig_fini(&rig);
}

/* The eight places are taken, and three more conversations have something to send: not three ends
 * and three beginnings at one moment, nor one of each. */
TEST(one_session_at_a_time_makes_room_and_the_next_begins_a_moment_later) {
    uint32_t numbers[11];
    uint64_t commands[11];
    apart(numbers, 11);
    rig_pass(&rig, 5 * TIME_MINUTE);
    for (size_t i = 0; i < 8; i++)
        commands[i] = say(numbers[i]);
    rig_run(&rig);
    for (size_t i = 0; i < 8; i++)
        CHECK(rig_done(client(0), commands[i]) != NULL);
    CHECK_EQ(open_links(client(0)), 9);
    size_t made = rig.link_count;
    for (size_t i = 8; i < 11; i++)
        commands[i] = say(numbers[i]);
    for (unsigned turns = 0; turns < 3; turns++) {
        uint64_t begun = rig.now;
        rig_run(&rig);
        CHECK_EQ(open_links(client(0)), 8);
        CHECK_EQ(rig.link_count, made + turns);
        while (rig.link_count == made + turns)
            rig_pass(&rig, 10);
        CHECK(rig.now - begun >= 500 && rig.now - begun <= 3010);
        CHECK_EQ(rig.link_count, made + turns + 1);
    }
    for (size_t i = 8; i < 11; i++)
        rig_finish(client(0), commands[i], OK);
    rig_fini(&rig);
}

/* ---- Look-ups ---- */

enum what { SENDS = 1, LOOKS_UP = 2, CLAIMS = 4 };
static unsigned carried[RIG_LINKS], answered[RIG_LINKS]; /* by session */

static enum verdict note_carried(struct rig *r, struct client *from, uint16_t type, slice body) {
    uint64_t session = r->request->session;
    (void)body;
    if (from->index != 0 || type == PROTO_ping || type == PROTO_ack)
        return PASS;
    CHECK(session < RIG_LINKS);
    carried[session] |= type == PROTO_card_get   ? LOOKS_UP
                        : type == PROTO_card_put ? CLAIMS
                        : type == PROTO_work_get ? 0
                                                 : SENDS;
    answered[session] += type == PROTO_card_get || type == PROTO_card_put;
    return PASS;
}

static void finish_looking(const char *name, err expected) {
    uint64_t command;
    CHECK_OK(core_handle_find(client(0)->core, slice_str(name), SLICE_EMPTY, rig.now, &command));
    rig_finish(client(0), command, expected);
}

static void looks_up(enum core_isolate isolate) {
    uint64_t command;
    rig_init(&rig, 2);
    rig_meet_all(&rig, 2);
    CHECK_OK(core_isolate_set(client(0)->core, isolate, rig.now));
    uint32_t conversation = begin(1);
    memset(carried, 0, sizeof carried);
    memset(answered, 0, sizeof answered);
    rig.on_request = note_carried;
    rig_finish(client(0), say(conversation), OK);
    CHECK_OK(core_handle_claim(client(0)->core, slice_str("alice"), slice_str("1234"), rig.now,
                               &command));
    rig_finish(client(0), say(conversation), OK);
    rig_finish(client(0), command, OK);
    finish_looking("bobby", ERR_NOT_FOUND);
    rig_finish(client(0), say(conversation), OK);
    finish_looking("carol", ERR_NOT_FOUND);
    rig_finish(client(0), say(conversation), OK);
    size_t sessions[8] = {0};
    for (size_t i = 0; i < RIG_LINKS; i++) {
        CHECK(carried[i] < 8 && answered[i] <= 1);
        sessions[carried[i]]++;
    }
    CHECK(sessions[SENDS] >= 1);
    CHECK_EQ(sessions[LOOKS_UP], 2);
    CHECK_EQ(sessions[CLAIMS], 2); /* the name, and the name with its PIN */
    CHECK_EQ(sessions[SENDS | LOOKS_UP] + sessions[SENDS | CLAIMS] + sessions[LOOKS_UP | CLAIMS],
             0);
    rig_fini(&rig);
}

TEST(each_look_up_and_each_claim_has_a_session_of_its_own) {
    looks_up(CORE_ISOLATE_OFF);
    looks_up(CORE_ISOLATE_ON);
}

/* ---- Acks ---- */

static uint64_t acked_at;

static enum verdict note_ack(struct rig *r, struct client *from, uint16_t type, slice body) {
    (void)body;
    if (from->index == 1 && type == PROTO_ack)
        acked_at = r->now;
    return PASS;
}

/* Client 1's ack of what client 0 does: how long after it. */
static uint64_t ack_after(void) {
    uint64_t begun = rig.now;
    acked_at = 0;
    for (int i = 0; i < 300 && acked_at == 0; i++)
        rig_pass(&rig, 10);
    CHECK(acked_at != 0);
    rig_pass(&rig, TIME_MINUTE);
    return acked_at - begun;
}

TEST(an_ack_goes_out_after_a_moment_that_chance_decides_whatever_the_item_is) {
    uint64_t least[2] = {UINT64_MAX, UINT64_MAX}, most[2] = {0, 0}, command;
    rig_init(&rig, 2);
    rig_meet_all(&rig, 2);
    rig_conversation(&rig, 2);
    rig_pass(&rig, TIME_MINUTE);
    rig.on_request = note_ack;
    for (int i = 0; i < 40; i++) {
        if (i % 2 == 0)
            (void)rig_say(client(0), "x");
        else
            CHECK_OK(core_conversation_update(client(0)->core, 1, rig.now, &command));
        uint64_t after = ack_after();
        least[i % 2] = after < least[i % 2] ? after : least[i % 2];
        most[i % 2] = after > most[i % 2] ? after : most[i % 2];
    }
    for (int kind = 0; kind < 2; kind++) {
        CHECK(least[kind] >= 200 && most[kind] <= 1000);
        CHECK(most[kind] - least[kind] >= 200);
    }
    rig_fini(&rig);
}

TEST(what_is_processed_is_acked_before_the_client_goes) {
    rig_init(&rig, 2);
    rig_meet_all(&rig, 2);
    rig_conversation(&rig, 2);
    rig_pass(&rig, TIME_MINUTE);
    rig.on_request = note_ack;
    acked_at = 0;
    (void)rig_say(client(0), "x");
    rig_run(&rig);
    CHECK_EQ(acked_at, 0);
    core_online(client(1)->core, false, rig.now);
    rig_run(&rig);
    CHECK_EQ(acked_at, rig.now);
    rig_fini(&rig);
}

/* ---- The end ---- */

static void leave(void) {
    core_leave(client(0)->core, rig.now);
    rig_run(&rig);
}

TEST(who_leaves_closes_the_only_session_at_once) {
    rig_init(&rig, 2);
    CHECK_EQ(open_links(client(0)), 1);
    leave();
    CHECK_EQ(open_links(client(0)), 0);
    size_t made = rig.link_count;
    rig_pass(&rig, TIME_HOUR);
    CHECK_EQ(rig.link_count, made);
    core_online(client(0)->core, true, rig.now);
    rig_run(&rig);
    CHECK_EQ(open_links(client(0)), 1);
    rig_fini(&rig);
}

/* And of several no two together. */
TEST(who_leaves_closes_each_session_at_a_moment_of_its_own) {
    uint32_t numbers[3];
    uint64_t least = UINT64_MAX, most = 0;
    apart(numbers, 3);
    for (int i = 0; i < 20; i++) {
        for (size_t j = 0; j < 3; j++)
            rig_finish(client(0), say(numbers[j]), OK);
        CHECK(open_links(client(0)) >= 4);
        size_t before = open_links(client(0));
        uint64_t begun = rig.now, last = rig.now;
        leave();
        CHECK_EQ(open_links(client(0)), before - 1);
        CHECK_EQ(rig_status(client(0)).auth, CORE_LINK_READY);
        while (open_links(client(0)) > 0) {
            size_t now_open = open_links(client(0));
            rig_pass(&rig, 1);
            if (open_links(client(0)) < now_open)
                last = rig.now;
            CHECK(rig.now <= begun + CORE_LEAVE_TIME + 1);
        }
        CHECK(last - begun >= 200);
        least = last - begun < least ? last - begun : least;
        most = last - begun > most ? last - begun : most;
        core_online(client(0)->core, true, rig.now);
        rig_run(&rig);
    }
    CHECK(most - least >= 50);
    rig_fini(&rig);
}

TEST(what_comes_while_the_client_leaves_is_acked) {
    rig_init(&rig, 2);
    rig_meet_all(&rig, 2);
    rig_conversation(&rig, 2);
    for (int i = 0; i < 20; i++) {
        rig_finish(client(1), rig_say(client(1), "x"), OK);
        rig_pass(&rig, 5 * TIME_SECOND);
        rig.on_request = note_ack;
        acked_at = 0;
        core_leave(client(1)->core, rig.now);
        (void)rig_say(client(0), "x");
        while (rig_status(client(1)).auth == CORE_LINK_READY)
            rig_pass(&rig, 1);
        CHECK(acked_at != 0);
        rig.on_request = NULL;
        core_online(client(1)->core, true, rig.now);
        rig_pass(&rig, TIME_SECOND);
    }
    CHECK_EQ(rig_state(client(1)).messages, rig_state(client(0)).messages);
    rig_fini(&rig);
}

/* ---- Failures ---- */

static enum verdict lie_once(struct rig *r, struct client *to, uint16_t type, slice body) {
    (void)body;
    if (to->index != 0 || type != PROTO_sent || r->hits++ > 0)
        return PASS;
    struct proto_edge_reply wrong = *r->reply;
    wrong.type = PROTO_ok;
    wrong.body = SLICE_EMPTY;
    session_reply(&r->links[wrong.session - 1].session, &r->env, &wrong);
    return DROP;
}

TEST(a_wrong_answer_closes_the_session_that_it_came_by_and_no_other) {
    rig_init(&rig, 3);
    rig_meet_all(&rig, 3);
    CHECK_OK(core_isolate_set(client(0)->core, CORE_ISOLATE_ON, rig.now));
    uint32_t first = begin(1), second = begin(2);
    rig_finish(client(0), say(first), OK);
    rig_finish(client(0), say(second), OK);
    size_t before = open_links(client(0)), made = rig.link_count;
    rig.on_reply = lie_once;
    rig_finish(client(0), say(second), OK);
    CHECK(rig_ended(client(0), ERR_MALFORMED));
    CHECK_EQ(rig.link_count, made + 1);
    CHECK_EQ(open_links(client(0)), before);
    rig_fini(&rig);
}

TEST_MAIN
