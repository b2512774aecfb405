/* By which ways a stranger's Welcome comes, whatever carries it. Client 0 is the one who is asked;
 * the others know it by a link. */
#include "core/internal.h"
#include "rig.h"

static struct rig rig;

static struct client *client(size_t i) {
    return &rig.clients[i];
}

static uint32_t requests(void) {
    return rig_status(client(0)).requests;
}

/* ---- A stranger who keeps the Welcome ---- */

static size_t stranger;
static buf welcome, key_package;

static enum verdict keep_welcome(struct rig *r, struct client *from, uint16_t type, slice body) {
    struct proto_commit m;
    struct proto_letter letter;
    enum proto_item_kind kind;
    slice content;
    if (from != &r->clients[stranger] || type != PROTO_commit)
        return PASS;
    CHECK_OK(proto_commit_decode(body, &m));
    reader in = reader_of(m.letters.bytes);
    CHECK_OK(proto_letter_read(&in, &letter));
    CHECK_OK(proto_item_read(letter.item, &kind, &content));
    CHECK_EQ(kind, PROTO_ITEM_MESSAGE);
    CHECK_OK(buf_set(&welcome, content));
    return DROP;
}

static enum verdict keep_package(struct rig *r, struct client *to, uint16_t type, slice body) {
    struct proto_key_package_taken m;
    if (to != &r->clients[stranger] || type != PROTO_key_package_taken)
        return PASS;
    CHECK_OK(proto_key_package_taken_decode(body, &m));
    CHECK_OK(buf_set(&key_package, m.key_package));
    return PASS;
}

/* Client `who` takes a key package of client 0 by the link, and makes a Welcome that does not
 * leave. */
static void make_welcome(size_t who, slice link) {
    uint8_t account[CORE_ACCOUNT];
    uint64_t command;
    uint32_t number;
    stranger = who;
    rig.on_request = keep_welcome;
    rig.on_reply = keep_package;
    buf_clear(&welcome);
    CHECK_OK(core_contact_accept(client(who)->core, link, SLICE_EMPTY, rig.now, account));
    CHECK_OK(core_conversation_new(client(who)->core, SLICE_EMPTY,
                                   (const uint8_t(*)[CORE_ACCOUNT])account, 1, rig.now, &command,
                                   &number));
    rig_run(&rig);
    CHECK(welcome.n > 0);
    rig.on_request = NULL;
    rig.on_reply = NULL;
}

/* The address in the key package that the Welcome is for. */
static void address_of_package(uint8_t address[PROTO_ADDRESS]) {
    struct mls_member member;
    struct mls_extension extensions[8];
    size_t count = 8;
    struct leaf leaf;
    CHECK_OK(mls_key_package_check(buf_slice(&key_package), &client(stranger)->core->auth,
                                   rig.now / 1000, &member, extensions, &count));
    CHECK_OK(core_leaf_read(&member, &leaf));
    memcpy(address, leaf.address, PROTO_ADDRESS);
}

/* ---- What it sends ---- */

static void send_item(const uint8_t address[PROTO_ADDRESS], slice content) {
    buf item = {0};
    CHECK_OK(proto_item_write(&item, PROTO_ITEM_MESSAGE, content));
    rig_send(&rig, address, buf_slice(&item));
    buf_free(&item);
}

/* One that nobody uploaded. */
static void send_reference(const uint8_t address[PROTO_ADDRESS], uint32_t size) {
    struct proto_blob_reference reference = {.size = size, .chunks = size / PROTO_CHUNK_MAX + 1};
    crypto_random(reference.id, sizeof reference.id);
    rig_name_blob(&rig, address, &reference);
}

/* ---- Links ---- */

static char text[2048];
static uint8_t address[PROTO_ADDRESS];
static uint64_t number;

static slice make_link(bool once) {
    CHECK_OK(core_link_new(client(0)->core, once, TIME_WEEK, rig.now, &number));
    rig_finish(client(0), number, OK);
    slice t = rig_done(client(0), number)->notice.text;
    memcpy(text, t.p, t.n);
    struct list *links = &client(0)->core->links;
    const struct contact_link *link = links->p[links->n - 1];
    memcpy(address, link->r.address, sizeof address);
    return slice_of(text, t.n);
}

static void start(size_t count) {
    rig_init(&rig, count);
    buf_clear(&key_package);
}

static void end(void) {
    buf_free(&welcome);
    buf_free(&key_package);
    rig_fini(&rig);
}

TEST(who_asks_by_a_link_may_need_a_blob) {
    struct core_link link;
    start(3);
    make_welcome(1, make_link(true));
    rig_send_blob(&rig, address, buf_slice(&welcome));
    rig_pass(&rig, TIME_SECOND);
    CHECK_EQ(requests(), 1);
    CHECK_OK(core_link_at(client(0)->core, 0, &link));
    CHECK(link.used);
    end();
}

static enum verdict count_gets(struct rig *r, struct client *from, uint16_t type, slice body) {
    (void)body;
    r->hits += from->index == 0 && type == PROTO_blob_get;
    return PASS;
}

/* In the suite that takes the most room. */
static void add_account(size_t i) {
    struct client *c = rig_client(&rig, i);
    uint64_t command;
    c->core->config.suite = MLS_SUITE_XWING_CHACHA;
    core_online(c->core, true, rig.now);
    CHECK_OK(core_account_create(c->core, rig_join_link(&rig), SLICE_EMPTY, rig.now, &command));
    rig_finish(c, command, OK);
    memcpy(c->account, rig_status(c).account, CORE_ACCOUNT);
}

TEST(who_begins_with_many_asks_by_the_link_too) {
    uint8_t accounts[5][CORE_ACCOUNT];
    uint64_t command;
    uint32_t conversation;
    struct core_link link;
    start(0);
    for (size_t i = 0; i < 6; i++)
        add_account(i);
    CHECK_OK(
        core_contact_accept(client(1)->core, make_link(true), SLICE_EMPTY, rig.now, accounts[0]));
    for (size_t i = 2; i < 6; i++) {
        rig_take_link(client(i), client(1));
        memcpy(accounts[i - 1], client(i)->account, CORE_ACCOUNT);
    }
    rig.on_request = count_gets;
    CHECK_OK(core_conversation_new(client(1)->core, SLICE_EMPTY,
                                   (const uint8_t(*)[CORE_ACCOUNT])accounts, 5, rig.now, &command,
                                   &conversation));
    rig_finish(client(1), command, OK);
    rig_pass(&rig, TIME_SECOND);
    CHECK(rig.hits > 0);
    CHECK_EQ(requests(), 1);
    CHECK_OK(core_link_at(client(0)->core, 0, &link));
    CHECK(link.used);
    end();
}

/* Both are in the mailbox before client 0 has looked at either. */
TEST(of_two_blobs_by_a_link_for_one_the_first_is_let_in) {
    start(3);
    slice link = make_link(true);
    core_online(client(0)->core, false, rig.now);
    rig_run(&rig);
    for (size_t i = 1; i <= 2; i++) {
        make_welcome(i, link);
        rig_send_blob(&rig, address, buf_slice(&welcome));
    }
    uint64_t dropped = rig_status(client(0)).dropped;
    core_online(client(0)->core, true, rig.now);
    rig_pass(&rig, TIME_SECOND);
    CHECK_EQ(requests(), 1);
    CHECK_EQ(rig_status(client(0)).dropped, dropped + 1);
    CHECK_EQ(rig_status(client(0)).waiting, 0);
    end();
}

static enum verdict keep_blobs(struct rig *r, struct client *from, uint16_t type, slice body) {
    (void)r, (void)body;
    return from->index == 0 && type == PROTO_blob_get ? DROP : PASS;
}

TEST(a_blob_that_came_before_its_link_was_revoked_is_not_looked_at) {
    start(2);
    make_welcome(1, make_link(false));
    rig.on_request = keep_blobs;
    rig_send_blob(&rig, address, buf_slice(&welcome));
    rig_pass(&rig, TIME_SECOND);
    CHECK_EQ(rig_status(client(0)).waiting, 1);
    CHECK_OK(core_link_revoke(client(0)->core, number, rig.now));
    rig.on_request = NULL;
    rig_crash(client(0));
    rig_pass(&rig, TIME_MINUTE);
    CHECK_EQ(rig_status(client(0)).waiting, 0);
    CHECK_EQ(requests(), 0);
    end();
}

/* Who took a key package by the link has another address by it. */
static void go_round(slice link, bool once) {
    uint8_t its[PROTO_ADDRESS];
    if (once) {
        make_welcome(2, link);
        send_item(address, buf_slice(&welcome));
        rig_pass(&rig, TIME_SECOND);
        CHECK_EQ(requests(), 1);
    }
    make_welcome(1, link);
    address_of_package(its);
    if (!once)
        CHECK_OK(core_link_revoke(client(0)->core, number, rig.now));
    uint64_t dropped = rig_status(client(0)).dropped;
    send_item(its, buf_slice(&welcome));
    rig_pass(&rig, TIME_SECOND);
    CHECK_EQ(rig_status(client(0)).dropped, dropped + 1);
    CHECK_EQ(requests(), 1); /* that of the first time */
}

TEST(nobody_goes_round_a_link_by_the_key_package_s_own_address) {
    start(3);
    go_round(make_link(true), true);
    go_round(make_link(false), false);
    end();
}

/* A link that holds no longer still gives the last-resort key package: however often, and with
 * whatever key package it sends a Welcome to whichever of their addresses. */
TEST(nor_by_that_of_any_other_key_package) {
    uint8_t of_link[PROTO_ADDRESS], last[PROTO_ADDRESS];
    start(3);
    rig_pass(&rig, 4 * TIME_DAY);
    slice link = make_link(false);
    make_welcome(1, link);
    address_of_package(of_link);
    CHECK_OK(core_link_revoke(client(0)->core, number, rig.now));
    rig_pass(&rig, TIME_HOUR); /* the server has it */
    uint64_t dropped = rig_status(client(0)).dropped;
    for (size_t i = 1; i <= 2; i++) {
        make_welcome(i, link);
        address_of_package(last);
        send_item(of_link, buf_slice(&welcome));
        rig_pass(&rig, TIME_SECOND);
        CHECK_EQ(rig_status(client(0)).dropped, dropped + i);
    }
    for (size_t i = 1; i <= 2; i++) {
        make_welcome(i, link);
        send_item(last, buf_slice(&welcome));
        rig_pass(&rig, TIME_SECOND);
        CHECK_EQ(rig_status(client(0)).dropped, dropped + 2 + i);
    }
    CHECK_EQ(client(0)->core->revocations.n, 1);
    rig_pass(&rig, 5 * TIME_DAY); /* there is another now */
    make_welcome(1, link);
    dropped = rig_status(client(0)).dropped;
    send_item(last, buf_slice(&welcome));
    rig_pass(&rig, TIME_SECOND);
    CHECK_EQ(rig_status(client(0)).dropped, dropped + 1);
    CHECK_EQ(requests(), 0);
    end();
}

TEST(nor_with_a_blob) {
    uint8_t its[PROTO_ADDRESS];
    start(2);
    make_welcome(1, make_link(false));
    address_of_package(its);
    CHECK_OK(core_link_revoke(client(0)->core, number, rig.now));
    rig_send_blob(&rig, its, buf_slice(&welcome));
    rig_pass(&rig, TIME_SECOND);
    CHECK_EQ(rig_status(client(0)).waiting, 0);
    CHECK_EQ(requests(), 0);
    CHECK_EQ(rig_status(client(0)).conversations, 0);
    end();
}

static uint32_t the_request(void) {
    struct core_conversation c;
    CHECK_EQ(requests(), 1);
    CHECK_OK(core_conversation_at(client(0)->core, 0, &c));
    return c.number;
}

/* Its own conversations go to the address of our leaf by then, which may be the last-resort one's.
 */
TEST(whose_request_waits_may_ask_anew_by_it) {
    uint8_t last[PROTO_ADDRESS];
    start(2);
    slice link = make_link(true);
    make_welcome(1, link);
    send_item(address, buf_slice(&welcome));
    rig_pass(&rig, TIME_HOUR); /* the link is used, and the server knows */
    uint32_t first = the_request();
    make_welcome(1, link);
    address_of_package(last);
    send_item(last, buf_slice(&welcome));
    rig_pass(&rig, TIME_SECOND);
    uint32_t second = the_request();
    CHECK(second != first);
    CHECK_OK(core_request_decline(client(0)->core, second, rig.now));
    uint64_t dropped = rig_status(client(0)).dropped;
    make_welcome(1, link);
    send_item(last, buf_slice(&welcome));
    rig_pass(&rig, TIME_SECOND);
    CHECK_EQ(rig_status(client(0)).dropped, dropped + 1);
    CHECK_EQ(requests(), 0);
    end();
}

static enum verdict lose_mail(struct rig *r, struct client *to, uint16_t type, slice body) {
    (void)r, (void)body;
    return to->index == 0 && (type == PROTO_delivery || type == PROTO_caught_up) ? DROP : PASS;
}

/* As a card's old address. */
TEST(what_came_before_its_address_was_to_end_is_taken) {
    struct core *core;
    start(2);
    make_welcome(1, make_link(false));
    core = client(0)->core;
    CHECK_OK(core_txn_begin(core));
    CHECK_OK(core_txn_end(core, core_address_revoke_at(core, address, rig.now + TIME_DAY)));
    core_online(core, false, rig.now);
    rig_run(&rig);
    send_item(address, buf_slice(&welcome));
    rig.now += TIME_WEEK;
    rig.on_reply = lose_mail;
    core_online(core, true, rig.now);
    rig_pass(&rig, TIME_SECOND);
    rig.on_reply = NULL;
    rig_cut(&rig, client(0));
    rig_pass(&rig, TIME_MINUTE);
    CHECK_EQ(requests(), 1);
    CHECK_EQ(core->revocations.n, 0);
    end();
}

/* ---- What it may cost ---- */

TEST(a_blob_by_a_link_that_holds_anything_else_is_dropped) {
    start(2);
    make_welcome(1, make_link(false));
    uint64_t dropped = rig_status(client(0)).dropped;
    rig_send_blob(&rig, address, slice_str("no Welcome"));
    send_reference(address, REQUEST_BLOB_MAX + 1);
    send_reference(address, 100); /* is not there */
    welcome.p[welcome.n - 1] ^= 1;
    rig_send_blob(&rig, address, buf_slice(&welcome)); /* does not open */
    rig_pass(&rig, TIME_MINUTE);
    CHECK_EQ(rig_status(client(0)).dropped, dropped + 4);
    CHECK_EQ(rig_status(client(0)).quarantined, 0);
    CHECK_EQ(rig_status(client(0)).waiting, 0);
    end();
}

/* When the day's budget is used up, what others say comes, what we say goes, and of the strangers'
 * the newest wait. */
TEST(strangers_blobs_have_little_room_and_hold_nothing_up_for_long) {
    uint64_t command;
    rig_init(&rig, 2);
    rig_meet_all(&rig, 2);
    rig_conversation(&rig, 2);
    (void)make_link(false);
    rig.on_request = keep_blobs;
    client(0)->core->fetched_asking = REQUESTS_FETCHED_MAX;
    client(0)->core->fetch_day = rig.now;
    for (unsigned i = 0; i < 3 * REQUEST_BLOBS_MAX; i++)
        send_reference(address, 100);
    rig_pass(&rig, TIME_SECOND);
    CHECK_EQ(rig_status(client(0)).waiting, REQUEST_BLOBS_MAX);
    CHECK_OK(core_conversation_update(client(1)->core, 1, rig.now, &command));
    rig_finish(client(1), command, OK);
    rig_finish(client(1), rig_say(client(1), "in time"), OK);
    rig_finish(client(0), rig_say(client(0), "so is this"), OK);
    CHECK(strcmp(rig_texts(client(0)), "in time\nso is this\n") == 0);
    CHECK_EQ(rig_status(client(0)).quarantined, 0);
    CHECK_EQ(rig_status(client(0)).waiting, REQUEST_BLOBS_MAX);
    rig_fini(&rig);
}

/* However slowly they come. */
TEST(strangers_blobs_hold_up_no_conversation) {
    uint64_t command;
    rig_init(&rig, 3);
    rig_meet(client(0), client(1));
    rig_conversation(&rig, 2);
    make_welcome(2, make_link(false));
    rig.on_request = keep_blobs;
    rig_send_blob(&rig, address, buf_slice(&welcome));
    rig_pass(&rig, TIME_SECOND);
    CHECK_OK(core_conversation_update(client(1)->core, 1, rig.now, &command));
    rig_finish(client(1), command, OK);
    rig_finish(client(1), rig_say(client(1), "in time"), OK);
    rig_finish(client(0), rig_say(client(0), "so is this"), OK);
    CHECK(strcmp(rig_texts(client(0)), "in time\nso is this\n") == 0);
    CHECK(!client(0)->core->held);
    CHECK_EQ(rig_status(client(0)).waiting, 1);
    rig.on_request = NULL;
    rig_pass(&rig, TIME_MINUTE);
    CHECK_EQ(requests(), 1);
    end();
}

/* What is not there costs as much as what is. */
TEST(a_day_has_so_many_of_strangers_blobs) {
    enum { MOST = REQUESTS_FETCHED_MAX / PROTO_CHUNK_MAX };
    start(1);
    (void)make_link(false);
    rig.on_request = count_gets;
    for (int i = 0; i < MOST + 3; i++) {
        send_reference(address, 100);
        rig_run(&rig);
    }
    CHECK_EQ(rig.hits, MOST);
    CHECK_EQ(rig_status(client(0)).waiting, 3);
    rig_pass(&rig, TIME_DAY);
    CHECK_EQ(rig.hits, MOST + 3);
    end();
}

TEST(what_strangers_bring_in_a_day_takes_nothing_from_friends) {
    rig_init(&rig, 3);
    rig_meet(client(0), client(1));
    rig_conversation(&rig, 2);
    make_welcome(2, make_link(false));
    client(0)->core->fetched = 0;
    rig_send_blob(&rig, address, slice_str("no Welcome"));
    rig_pass(&rig, TIME_SECOND);
    CHECK_EQ(client(0)->core->fetched, 0);
    CHECK(client(0)->core->fetched_asking > 0);
    uint64_t messages = rig_state(client(0)).messages;
    client(0)->core->fetched_asking = REQUESTS_FETCHED_MAX;
    rig_send_blob(&rig, address, buf_slice(&welcome));
    rig_say_much(client(1));
    rig_pass(&rig, TIME_SECOND);
    CHECK_EQ(rig_state(client(0)).messages, messages + 1);
    CHECK_EQ(requests(), 0);
    CHECK_EQ(rig_status(client(0)).waiting, 1);
    rig_pass(&rig, TIME_DAY);
    CHECK_EQ(rig_status(client(0)).waiting, 0);
    CHECK_EQ(requests(), 1);
    end();
}

/* It sends by the address that it knows, for a day. */
TEST(who_has_not_heard_of_another_address_is_no_stranger) {
    uint64_t command;
    uint8_t old[PROTO_ADDRESS];
    struct mls_member member;
    struct leaf leaf;
    rig_init(&rig, 2);
    rig_meet(client(0), client(1));
    rig_conversation(&rig, 2);
    struct core *core = client(0)->core;
    struct conversation *c = core_conversation_lookup(core, 1);
    CHECK_OK(core_conversation_load(core, c));
    CHECK_OK(mls_group_member(c->group, mls_group_own_leaf(c->group), &member));
    CHECK_OK(core_leaf_read(&member, &leaf));
    memcpy(old, leaf.address, sizeof old);
    CHECK_OK(core_conversation_update(core, 1, rig.now, &command));
    rig_finish(client(0), command, OK);
    core->fetched = core->fetched_asking = 0;
    rig_send_blob(&rig, old, slice_str("large"));
    rig_pass(&rig, TIME_SECOND);
    CHECK(core->fetched > 0);
    CHECK_EQ(core->fetched_asking, 0);
    end();
}

TEST_MAIN
