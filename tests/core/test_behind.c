/* Whoever did not get a commit asks to be put in anew, where it can. */
#include "core/internal.h"
#include "rig.h"

static struct rig rig;

static struct client *client(size_t i) {
    return &rig.clients[i];
}

static struct conversation *view(struct client *c, uint32_t number) {
    return core_conversation_lookup(c->core, number);
}

static struct client *victim;

static enum verdict lose_commits(struct rig *r, struct client *to, uint16_t type, slice body) {
    (void)r;
    return to == victim && rig_marked(to, type, body) == 1 ? DROP : PASS;
}

/* Of n: `with` and those after it. */
static uint32_t begin_with(size_t from, size_t with, size_t n) {
    uint8_t accounts[2][CORE_ACCOUNT];
    uint64_t command;
    uint32_t number;
    for (size_t i = 0; i < n; i++)
        memcpy(accounts[i], client(with + i)->account, CORE_ACCOUNT);
    CHECK_OK(core_conversation_new(client(from)->core, SLICE_EMPTY,
                                   (const uint8_t(*)[CORE_ACCOUNT])accounts, n, rig.now, &command,
                                   &number));
    rig_finish(client(from), command, OK);
    rig_pass(&rig, TIME_MINUTE);
    return number;
}

static uint32_t begin(size_t from, size_t with) {
    return begin_with(from, with, 1);
}

/* Three in conversation 1. */
static void start(void) {
    rig_init(&rig, 3);
    rig_meet_all(&rig, 3);
    rig_conversation(&rig, 3);
    rig_pass(&rig, TIME_MINUTE);
}

/* The client misses a commit of client 0's in conversation 1, and hears something later. */
static void lose_one(struct client *c) {
    uint64_t command;
    victim = c;
    rig.on_reply = lose_commits;
    CHECK_OK(core_conversation_update(client(0)->core, 1, rig.now, &command));
    rig_finish(client(0), command, OK);
    rig_run(&rig);
    rig.on_reply = NULL;
    rig_finish(client(0), rig_say(client(0), "later"), OK);
    rig_run(&rig);
}

static bool count_kinds(void *ctx, const struct core_message *m) {
    unsigned *kinds = ctx;
    kinds[m->kind]++;
    return true;
}

static unsigned count(struct client *c, uint32_t number, enum core_message_kind kind) {
    unsigned kinds[32] = {0};
    CHECK_OK(core_messages(c->core, number, 1, UINT64_MAX, count_kinds, kinds));
    return kinds[kind];
}

TEST(who_is_behind_is_put_in_anew_by_somebody_it_speaks_with_alone) {
    start();
    begin(1, 0);
    lose_one(client(1));
    uint64_t said = rig_say(client(1), "held back");
    rig_pass(&rig, 20 * TIME_MINUTE);
    rig_finish(client(1), said, OK);
    rig_run(&rig);
    CHECK(!rig_state(client(1)).behind);
    rig_same_state(&rig, 3);
    CHECK(strcmp(rig_texts(client(2)), "later\nheld back\n") == 0);
    CHECK_EQ(count(client(1), 1, CORE_MESSAGE_REMOVED), 1);
    CHECK_EQ(count(client(1), 1, CORE_MESSAGE_JOINED), 2);
    CHECK_EQ(count(client(2), 1, CORE_MESSAGE_ADDED), 1);
    CHECK_EQ(rig_state(client(0)).unheard, 0);
    for (size_t i = 0; i < 3; i++)
        CHECK_EQ(rig_status(client(i)).outbox, 0);
    rig_fini(&rig);
}

/* Both may do it; the second finds it done. */
TEST(who_asks_two_is_put_in_once) {
    start();
    begin(1, 0);
    begin(1, 2);
    uint64_t epoch = rig_state(client(0)).epoch;
    lose_one(client(1));
    rig_pass(&rig, 20 * TIME_MINUTE);
    CHECK(!rig_state(client(1)).behind);
    rig_same_state(&rig, 3);
    CHECK_EQ(rig_state(client(0)).epoch, epoch + 3); /* the last is what it doubted by */
    CHECK_EQ(count(client(1), 1, CORE_MESSAGE_JOINED), 2);
    CHECK_EQ(count(client(2), 1, CORE_MESSAGE_ADDED), 1);
    for (size_t i = 0; i < 3; i++)
        CHECK_EQ(rig_status(client(i)).outbox, 0);
    rig_fini(&rig);
}

static void address_in(struct client *c, uint8_t address[PROTO_ADDRESS]) {
    struct mls_member member;
    struct leaf leaf;
    struct conversation *view_of = view(c, 1);
    CHECK_OK(mls_group_member(view_of->group, mls_group_own_leaf(view_of->group), &member));
    CHECK_OK(core_leaf_read(&member, &leaf));
    memcpy(address, leaf.address, PROTO_ADDRESS);
}

/* What is sent to its leaf's address goes nowhere. */
TEST(it_is_reached_by_the_address_that_it_asks_by) {
    uint8_t address[PROTO_ADDRESS];
    start();
    begin(1, 0);
    lose_one(client(1));
    address_in(client(1), address);
    CHECK_OK(core_txn_begin(client(1)->core));
    CHECK_OK(core_txn_end(client(1)->core, core_address_revoke(client(1)->core, address)));
    rig_pass(&rig, 40 * TIME_MINUTE);
    CHECK(!rig_state(client(1)).behind);
    rig_same_state(&rig, 3);
    rig_fini(&rig);
}

static enum verdict cut_takes(struct rig *r, struct client *from, uint16_t type, slice body) {
    struct proto_error error = {.reason = PROTO_REASON_BUSY};
    buf bytes = {0};
    (void)from, (void)body;
    if (type != PROTO_key_package_take)
        return PASS;
    r->hits++;
    CHECK_OK(proto_error_encode(&bytes, &error));
    struct proto_edge_reply reply = {.session = r->request->session,
                                     .request = r->request->request,
                                     .type = PROTO_error,
                                     .body = buf_slice(&bytes)};
    session_reply(&r->links[reply.session - 1].session, &r->env, &reply);
    buf_free(&bytes);
    return DROP;
}

TEST(it_asks_again_when_it_hears_of_them_hours_later) {
    start();
    begin(1, 0);
    lose_one(client(1));
    rig.on_request = cut_takes;
    rig_pass(&rig, TIME_HOUR);
    rig.on_request = NULL;
    CHECK(rig.hits > 0);
    CHECK_EQ(rig_status(client(0)).outbox, 0);
    rig_pass(&rig, 7 * TIME_HOUR);
    CHECK(rig_state(client(1)).behind);
    rig_finish(client(0), rig_say(client(0), "still there"), OK);
    rig_pass(&rig, TIME_HOUR);
    CHECK(!rig_state(client(1)).behind);
    rig_same_state(&rig, 3);
    rig_fini(&rig);
}

static enum verdict count_sends(struct rig *r, struct client *from, uint16_t type, slice body) {
    (void)body;
    r->hits += from == client(1) && type == PROTO_send;
    return PASS;
}

/* In a conversation with anybody else, its members would learn of the other one. */
TEST(nobody_is_asked_who_is_not_in_it) {
    rig_init(&rig, 4);
    rig_meet_all(&rig, 4);
    rig_conversation(&rig, 3);
    begin(1, 3);
    rig.on_request = count_sends;
    lose_one(client(1));
    rig_pass(&rig, 30 * TIME_MINUTE);
    CHECK(rig_state(client(1)).behind);
    CHECK_EQ(rig.hits, 0);
    rig_fini(&rig);
}

TEST(a_device_that_is_behind_is_put_in_anew_by_another_of_its_account) {
    rig_init(&rig, 2);
    rig_meet_all(&rig, 2);
    rig_conversation(&rig, 2);
    struct client *other = rig_link(&rig, 0, 2);
    struct core_conversation c;
    rig_pass(&rig, 2 * TIME_MINUTE);
    lose_one(other);
    rig_pass(&rig, 20 * TIME_MINUTE);
    CHECK_OK(core_conversation_find(other->core, slice_str("n1"), &c));
    CHECK_EQ(count(other, c.number, CORE_MESSAGE_REMOVED), 1);
    CHECK(!c.behind);
    CHECK_EQ(c.epoch, rig_state(client(0)).epoch);
    CHECK_EQ(rig_state(client(1)).members, 3);
    rig_fini(&rig);
}

/* Says in a conversation that this leaf is behind in conversation 1. */
static void ask(struct client *from, uint32_t in, const uint8_t address[PROTO_ADDRESS],
                size_t cut) {
    struct record_behind r;
    uint64_t command, message;
    buf body = {0}, content = {0};
    memcpy(r.group, view(client(0), 1)->r.group, sizeof r.group);
    memcpy(r.address, address, sizeof r.address);
    CHECK_OK(record_behind_write(&body, &r));
    CHECK_OK(core_content_encode(&content, CONTENT_PROFILE, "application/vnd.sotto.behind",
                                 slice_of(body.p, body.n - cut), NULL, NULL));
    CHECK_OK(core_send_content(from->core, in, buf_slice(&content), rig.now, &command, &message));
    rig_finish(from, command, OK);
    rig_pass(&rig, TIME_MINUTE);
    buf_free(&body);
    buf_free(&content);
}

TEST(only_a_member_may_ask_and_for_its_present_leaf_alone) {
    uint8_t one[PROTO_ADDRESS], zero[PROTO_ADDRESS];
    rig_init(&rig, 4);
    rig_meet_all(&rig, 4);
    rig_conversation(&rig, 3);
    uint32_t with_one = begin(1, 0), with_three = begin(3, 0);
    address_in(client(1), one);
    address_in(client(0), zero);
    uint64_t epoch = rig_state(client(0)).epoch;
    ask(client(3), with_three, one, 0);
    ask(client(1), with_one, zero, 0);
    ask(client(1), with_one, one, 1);
    CHECK_EQ(rig_state(client(0)).epoch, epoch);
    ask(client(1), with_one, one, 0);
    CHECK_EQ(rig_state(client(0)).epoch, epoch + 1);
    rig_same_state(&rig, 3);
    ask(client(1), with_one, one, 0); /* that leaf is gone */
    CHECK_EQ(rig_state(client(0)).epoch, epoch + 1);
    rig_fini(&rig);
}

/* The tree that it comes back to has no node where the old one had one. */
TEST(who_was_put_in_anew_finds_its_group_after_a_crash) {
    uint8_t one[PROTO_ADDRESS];
    uint64_t command;
    rig_init(&rig, 3);
    rig_meet_all(&rig, 3);
    rig_conversation(&rig, 3);
    CHECK_OK(core_conversation_update(client(1)->core, 1, rig.now, &command));
    rig_finish(client(1), command, OK);
    uint32_t with_two = begin(1, 2);
    address_in(client(1), one);
    uint64_t epoch = rig_state(client(0)).epoch;
    ask(client(1), with_two, one, 0);
    CHECK_EQ(rig_state(client(0)).epoch, epoch + 1);
    rig_crash(client(1));
    rig_pass(&rig, TIME_MINUTE);
    rig_same_state(&rig, 3);
    rig_fini(&rig);
}

TEST(who_asks_time_and_again_is_put_in_a_few_times) {
    uint8_t address[PROTO_ADDRESS];
    start();
    uint32_t number = begin(1, 0);
    uint64_t epoch = rig_state(client(0)).epoch;
    for (unsigned i = 0; i < 12; i++) {
        address_in(client(1), address);
        ask(client(1), number, address, 0);
    }
    unsigned replaced = count(client(2), 1, CORE_MESSAGE_ADDED);
    CHECK(replaced >= 7 && replaced <= 9);
    CHECK(rig_state(client(0)).epoch >= epoch + replaced);
    rig_pass(&rig, TIME_HOUR);
    address_in(client(1), address);
    ask(client(1), number, address, 0);
    CHECK_EQ(count(client(2), 1, CORE_MESSAGE_ADDED), replaced + 1);
    rig_same_state(&rig, 3);
    rig_fini(&rig);
}

TEST(in_a_request_nobody_is_heard_who_asks) {
    uint8_t one[PROTO_ADDRESS];
    rig_init(&rig, 3);
    rig_meet(client(0), client(1));
    rig_meet(client(0), client(2));
    rig_take_link(client(2), client(1));
    rig_conversation(&rig, 3);
    rig_admin(client(0), client(2));
    address_in(client(1), one);
    begin_with(0, 1, 2); /* where its address is known, too */
    uint32_t asking = begin(1, 2);
    uint64_t epoch = rig_state(client(0)).epoch;
    CHECK_EQ(rig_status(client(2)).requests, 1);
    ask(client(1), asking, one, 0);
    CHECK_EQ(rig_state(client(0)).epoch, epoch);
    CHECK_OK(core_request_accept(client(2)->core, asking, SLICE_EMPTY, rig.now));
    ask(client(1), asking, one, 0);
    CHECK_EQ(rig_state(client(0)).epoch, epoch + 1);
    rig_fini(&rig);
}

/* ---- A device that was added and not reached ---- */

static enum verdict lose_welcome(struct rig *r, struct client *to, uint16_t type, slice body) {
    struct mls_header header;
    enum proto_item_kind kind;
    buf plain = {0};
    slice mark, item, content;
    bool welcome = to == victim && rig_open(to, type, body, &plain, &mark, &item) &&
                   proto_item_read(item, &kind, &content) == OK && kind == PROTO_ITEM_MESSAGE &&
                   mls_message_header(content, &header) == OK && header.wire == MLS_WELCOME;
    buf_free(&plain);
    return welcome && r->hits++ == 0 ? DROP : PASS;
}

/* Client 1 writes to an account of two devices, of which client 2 is not reached. */
static uint32_t write_to_two(void) {
    victim = client(2);
    rig.on_reply = lose_welcome;
    rig.hits = 0;
    uint32_t number = begin(1, 0);
    CHECK(rig.hits > 0);
    rig.on_reply = NULL;
    return number;
}

static void all_three_are_in(uint32_t number) {
    struct conversation *c = view(client(1), number);
    for (size_t i = 0; i < 3; i++) {
        const struct conversation *v =
            core_conversation_by_group(client(i)->core, SLICE_ARRAY(c->r.group));
        CHECK(v != NULL && v->r.state == CORE_CONVERSATION_ACTIVE);
        CHECK_EQ(v->r.members, 3);
        CHECK_EQ(v->r.epoch, c->r.epoch);
        CHECK_EQ(rig_status(client(i)).outbox, 0);
    }
}

TEST(a_device_that_was_not_reached_is_put_in_anew_by_one_that_was) {
    rig_init(&rig, 2);
    rig_link(&rig, 0, 2);
    rig_meet(client(0), client(1));
    rig_take_link(client(2), client(1));
    rig_pass(&rig, TIME_MINUTE);
    uint32_t number = write_to_two();
    rig_pass(&rig, 2 * TIME_MINUTE);
    all_three_are_in(number);
    CHECK_EQ(rig_state(client(1)).unheard, 0);
    rig_fini(&rig);
}

TEST(so_is_one_that_another_of_its_account_added) {
    rig_init(&rig, 2);
    rig_link(&rig, 0, 2);
    rig_meet(client(0), client(1));
    rig_pass(&rig, TIME_MINUTE);
    victim = client(2);
    rig.on_reply = lose_welcome;
    rig.hits = 0;
    begin(0, 1);
    rig_pass(&rig, 5 * TIME_MINUTE);
    CHECK(rig.hits > 1);
    all_three_are_in(rig_status(client(1)).conversations);
    rig_fini(&rig);
}

static enum verdict stall_blobs(struct rig *r, struct client *from, uint16_t type, slice body) {
    (void)r, (void)body;
    return from == client(2) && type == PROTO_blob_get ? CUT : PASS;
}

TEST(it_asks_for_nothing_that_a_blob_may_bring) {
    uint8_t address[PROTO_ADDRESS];
    rig_init(&rig, 2);
    rig_link(&rig, 0, 2);
    rig_meet(client(0), client(1));
    rig_take_link(client(2), client(1));
    rig_pass(&rig, TIME_MINUTE);
    rig.on_request = stall_blobs;
    address_in(client(2), address);
    rig_send_blob(&rig, address, slice_str("whatever it is"));
    uint32_t number = write_to_two();
    CHECK(client(2)->core->missed);
    rig_crash(client(2));
    rig_pass(&rig, TIME_MINUTE);
    CHECK(client(2)->core->missed);
    rig.on_request = NULL;
    rig_pass(&rig, 5 * TIME_MINUTE);
    all_three_are_in(number);
    rig_fini(&rig);
}

TEST(it_asks_later_if_its_own_devices_are_out_of_reach) {
    rig_init(&rig, 2);
    rig_link(&rig, 0, 2);
    rig_meet(client(0), client(1));
    rig_take_link(client(2), client(1));
    rig_pass(&rig, TIME_MINUTE);
    struct core *core = client(2)->core;
    core_conversation_lookup(core, core->account.r.own)->r.spoiled = true;
    uint32_t number = write_to_two();
    rig_pass(&rig, TIME_MINUTE);
    CHECK(!core->missed);
    core_conversation_lookup(core, core->account.r.own)->r.spoiled = false;
    rig_crash(client(2));
    rig_pass(&rig, 5 * TIME_MINUTE);
    all_three_are_in(number);
    rig_fini(&rig);
}

TEST(so_it_is_once_a_request_is_accepted) {
    rig_init(&rig, 2);
    rig_link(&rig, 0, 2);
    rig_take_link(client(0), client(1));
    rig_take_link(client(2), client(1));
    rig_pass(&rig, TIME_MINUTE);
    uint32_t number = write_to_two();
    uint64_t command, message;
    CHECK_OK(core_send_text(client(1)->core, number, CORE_TEXT_PLAIN, slice_str("hello"), NULL,
                            rig.now, &command, &message));
    rig_finish(client(1), command, OK);
    CHECK_EQ(rig_status(client(0)).requests, 1);
    CHECK_EQ(rig_status(client(2)).requests, 0);
    CHECK_OK(core_request_accept(client(0)->core, rig_status(client(0)).conversations, SLICE_EMPTY,
                                 rig.now));
    rig_pass(&rig, 2 * TIME_MINUTE);
    all_three_are_in(number);
    number = rig_status(client(2)).conversations;
    CHECK_EQ(count(client(2), number, CORE_MESSAGE_CONTENT), 1); /* told by the other */
    rig_fini(&rig);
}

TEST_MAIN
