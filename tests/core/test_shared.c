/* What an account's own devices share, and what comes of it when two of them disagree. Client 0 has
 * the identity's key, client 1 is somebody else. */
#include "core/internal.h"
#include "rig.h"

static struct rig rig;

static struct client *client(size_t i) {
    return &rig.clients[i];
}

static struct client *first, *other, *stranger;

/* Two own devices, and somebody who has a link of each. */
static void two_devices(void) {
    rig_init(&rig, 2);
    first = client(0);
    stranger = client(1);
    other = rig_link(&rig, 0, 2);
    rig_take_link(first, stranger);
    rig_take_link(other, stranger);
    rig_pass(&rig, TIME_MINUTE);
}

/* Long enough for what is shared to arrive. */
static void settle(void) {
    rig_pass(&rig, TIME_MINUTE);
}

/* A device hears nothing until it is back. */
static void leave(struct client *c) {
    core_online(c->core, false, rig.now);
    rig_run(&rig);
}

static void come_back(struct client *c) {
    core_online(c->core, true, rig.now);
    settle();
}

static uint32_t begin(struct client *from, const uint8_t account[CORE_ACCOUNT]) {
    uint64_t command;
    uint32_t number;
    CHECK_OK(core_conversation_new(from->core, SLICE_EMPTY, (const uint8_t(*)[CORE_ACCOUNT])account,
                                   1, rig.now, &command, &number));
    rig_finish(from, command, OK);
    settle();
    return number;
}

/* What own devices say to each other, from whichever member of a conversation, in it. */
static void send_sync(struct client *from, uint32_t conversation, const struct record_sync *sync,
                      size_t cut) {
    buf body = {0}, content = {0};
    uint64_t command, message;
    CHECK_OK(record_sync_write(&body, sync));
    CHECK_OK(core_content_encode(&content, CONTENT_PROFILE, "application/vnd.sotto.sync",
                                 slice_of(body.p, body.n - cut), NULL, NULL));
    CHECK_OK(core_send_content(from->core, conversation, buf_slice(&content), rig.now, &command,
                               &message));
    rig_finish(from, command, OK);
    settle();
    buf_free(&body);
    buf_free(&content);
}

static void add_item(buf *items, slice item) {
    writer w = writer_on(items);
    writer_vec(&w, item);
    CHECK_OK(writer_result(&w));
}

/* ---- Blocks ---- */

TEST(whoever_is_blocked_on_one_device_asks_the_other_in_vain) {
    struct core_blocked b;
    two_devices();
    begin(stranger, first->account);
    CHECK_EQ(rig_status(first).requests, 1);
    CHECK_EQ(rig_status(other).requests, 1);
    CHECK_OK(core_block(first->core, stranger->account, rig.now));
    settle();
    CHECK_EQ(rig_status(first).requests, 0);
    CHECK_EQ(rig_status(other).requests, 0);
    CHECK_EQ(rig_status(other).blocked, 1);
    CHECK_OK(core_blocked_at(other->core, 0, &b));
    CHECK_SLICE(SLICE_ARRAY(b.account), SLICE_ARRAY(stranger->account));
    CHECK_SLICE(b.name, slice_str("n1"));
    CHECK_ERR(core_block(other->core, stranger->account, rig.now), ERR_EXISTS);
    begin(stranger, first->account);
    CHECK_EQ(rig_status(other).requests, 0);
    rig_crash(other);
    rig_pass(&rig, TIME_MINUTE);
    CHECK_EQ(rig_status(other).blocked, 1);
    /* And the other way round. */
    CHECK_OK(core_unblock(other->core, stranger->account, rig.now));
    settle();
    CHECK_EQ(rig_status(first).blocked, 0);
    CHECK_ERR(core_blocked_at(first->core, 0, &b), ERR_NOT_FOUND);
    CHECK_ERR(core_unblock(first->core, stranger->account, rig.now), ERR_NOT_FOUND);
    begin(stranger, first->account);
    CHECK_EQ(rig_status(first).requests, 1);
    CHECK_EQ(rig_status(other).requests, 1);
    rig_fini(&rig);
}

TEST(a_contact_that_is_blocked_on_one_device_is_in_no_conversation_on_the_other) {
    struct core_conversation c;
    rig_init(&rig, 2);
    rig_meet_all(&rig, 2);
    rig_conversation(&rig, 2);
    other = rig_link(&rig, 0, 2);
    rig_pass(&rig, 2 * TIME_MINUTE);
    CHECK_OK(core_conversation_find(other->core, slice_str("n1"), &c));
    CHECK_EQ(c.state, CORE_CONVERSATION_ACTIVE);
    CHECK_OK(core_block(other->core, client(1)->account, rig.now));
    settle();
    CHECK_EQ(rig_state(client(0)).state, CORE_CONVERSATION_LEFT);
    CHECK_OK(core_conversation_get(other->core, c.number, &c));
    CHECK_EQ(c.state, CORE_CONVERSATION_LEFT);
    rig_fini(&rig);
}

TEST(a_block_that_an_unblock_did_not_know_of_stands) {
    two_devices();
    CHECK_OK(core_block(first->core, stranger->account, rig.now));
    settle();
    /* The first lifts it and the other, which has not heard of that, can't block anew; it lifts it
     * too, and blocks for another reason. Then the first's unblock, which came later, arrives. */
    leave(first);
    leave(other);
    CHECK_OK(core_unblock(other->core, stranger->account, rig.now));
    rig.now += TIME_SECOND;
    CHECK_OK(core_block(other->core, stranger->account, rig.now));
    rig.now += TIME_SECOND;
    CHECK_OK(core_unblock(first->core, stranger->account, rig.now));
    come_back(other);
    come_back(first);
    CHECK_EQ(rig_status(first).blocked, 1);
    CHECK_EQ(rig_status(other).blocked, 1);
    /* Whoever knows of that block lifts it. */
    CHECK_OK(core_unblock(first->core, stranger->account, rig.now));
    settle();
    CHECK_EQ(rig_status(first).blocked, 0);
    CHECK_EQ(rig_status(other).blocked, 0);
    rig_fini(&rig);
}

TEST(a_device_that_is_linked_later_knows_who_is_blocked) {
    rig_init(&rig, 2);
    uint8_t account[CORE_ACCOUNT] = {0};
    for (uint32_t i = 0; i < 2000; i++) { /* more than one message takes */
        put_u32(account, i);
        CHECK_OK(core_block(client(0)->core, account, rig.now));
    }
    CHECK_OK(core_unblock(client(0)->core, account, rig.now));
    other = rig_link(&rig, 0, 2);
    CHECK_EQ(rig_status(other).blocked, 1999);
    CHECK_ERR(core_unblock(other->core, account, rig.now), ERR_NOT_FOUND);
    put_u32(account, 7);
    CHECK_OK(core_unblock(other->core, account, rig.now));
    rig_fini(&rig);
}

/* A block of somebody by an own device, as it is told; by: after any other's. */
static struct record_blocked blocked_of(const uint8_t account[CORE_ACCOUNT], uint64_t time) {
    struct record_blocked r = {.time = time};
    memcpy(r.account, account, sizeof r.account);
    memset(r.by, 0xff, sizeof r.by);
    return r;
}

static void write_blocked(const struct record_blocked *r, buf *items) {
    buf item = {0};
    CHECK_OK(record_blocked_write(&item, r));
    add_item(items, buf_slice(&item));
    buf_free(&item);
}

static void tell_blocked(struct client *from, uint32_t conversation, const struct record_blocked *r,
                         size_t cut) {
    struct record_sync sync = {.kind = SYNC_BLOCKED};
    buf items = {0};
    write_blocked(r, &items);
    sync.items = buf_slice(&items);
    send_sync(from, conversation, &sync, cut);
    buf_free(&items);
}

TEST(the_later_change_holds_whatever_came_first) {
    uint8_t account[CORE_ACCOUNT] = {9};
    two_devices();
    uint32_t own = rig_status(first).own;
    struct record_blocked r = blocked_of(account, rig.now);
    tell_blocked(first, own, &r, 0);
    CHECK_EQ(rig_status(other).blocked, 1);
    r.over = true;
    r.time--;
    tell_blocked(first, own, &r, 0);
    CHECK_EQ(rig_status(other).blocked, 1);
    r.time++; /* at the same time, by the same device: it was told already */
    tell_blocked(first, own, &r, 0);
    CHECK_EQ(rig_status(other).blocked, 1);
    r.time++;
    tell_blocked(first, own, &r, 0);
    CHECK_EQ(rig_status(other).blocked, 0);
    /* At the same time, by another device. */
    r.over = false;
    memset(r.by, 0, sizeof r.by);
    tell_blocked(first, own, &r, 0);
    CHECK_EQ(rig_status(other).blocked, 0);
    rig_fini(&rig);
}

TEST(a_change_from_a_clock_that_is_wrong_holds_for_a_day) {
    uint8_t account[CORE_ACCOUNT] = {9};
    two_devices();
    uint32_t own = rig_status(first).own;
    struct record_blocked r = blocked_of(account, UINT64_MAX);
    r.over = true;
    tell_blocked(first, own, &r, 0);
    r.over = false;
    r.time = rig.now + 2 * TIME_DAY;
    rig_pass(&rig, 2 * TIME_DAY);
    tell_blocked(first, own, &r, 0);
    CHECK_EQ(rig_status(other).blocked, 1);
    rig_fini(&rig);
}

TEST(what_own_devices_share_is_taken_from_nobody_else) {
    uint8_t account[CORE_ACCOUNT] = {9};
    rig_init(&rig, 2);
    rig_meet_all(&rig, 2);
    rig_conversation(&rig, 2);
    first = client(0);
    other = rig_link(&rig, 0, 2);
    rig_pass(&rig, 2 * TIME_MINUTE);
    struct record_blocked r = blocked_of(account, rig.now);
    tell_blocked(client(1), 1, &r, 0); /* from a contact */
    tell_blocked(first, 1, &r, 0);     /* from ourselves, where others hear it */
    /* From somebody whom another device of ours let into the conversation of own devices. */
    struct record_sync sync = {.kind = SYNC_BLOCKED};
    buf items = {0}, body = {0};
    write_blocked(&r, &items);
    sync.items = buf_slice(&items);
    CHECK_OK(record_sync_write(&body, &sync));
    CHECK_OK(core_txn_begin(other->core));
    err e =
        core_sync_receive(other->core, core_conversation_lookup(other->core, rig_status(other).own),
                          client(1)->account, buf_slice(&body));
    CHECK_OK(core_txn_end(other->core, e));
    buf_free(&items);
    buf_free(&body);
    CHECK_EQ(rig_status(first).blocked, 0);
    CHECK_EQ(rig_status(other).blocked, 0);
    rig_fini(&rig);
}

TEST(what_does_not_read_changes_nothing) {
    uint8_t account[CORE_ACCOUNT] = {9};
    two_devices();
    uint32_t own = rig_status(first).own;
    struct record_blocked r = blocked_of(account, rig.now);
    for (size_t cut = 1; cut < 60; cut += 7)
        tell_blocked(first, own, &r, cut);
    memcpy(r.account, first->account, sizeof r.account); /* ourselves */
    tell_blocked(first, own, &r, 0);
    memcpy(r.account, account, sizeof r.account);
    r.name = slice_str("a\nb");
    tell_blocked(first, own, &r, 0);
    CHECK_EQ(rig_status(other).blocked, 0);
    CHECK_EQ(rig_status(other).quarantined, 0);
    /* The first item of a message whose second is cut off. */
    struct record_sync sync = {.kind = SYNC_BLOCKED};
    buf items = {0};
    r.name = SLICE_EMPTY;
    write_blocked(&r, &items);
    CHECK_OK(buf_append(&items, slice_str("\x20half")));
    sync.items = buf_slice(&items);
    send_sync(first, own, &sync, 0);
    CHECK_EQ(rig_status(other).blocked, 0);
    buf_free(&items);
    rig_fini(&rig);
}

TEST_MAIN
