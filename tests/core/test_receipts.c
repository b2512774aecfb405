/* What others are told of what came and was read: as much as the user wants, in few items. */
#include "core/cbor.h"
#include "core/internal.h"
#include "rig.h"

static struct rig rig;
static struct client *ann, *ben, *cem;

static void set(struct client *c, enum core_receipts level) {
    CHECK_OK(core_receipts_set(c->core, level, rig.now));
}

/* The rig's clients tell nothing unless they are asked to. */
static void three(enum core_receipts level) {
    rig_init(&rig, 3);
    ann = &rig.clients[0];
    ben = &rig.clients[1];
    cem = &rig.clients[2];
    set(ben, level);
    set(cem, level);
    rig_meet_all(&rig, 3);
}

static void settle(void) {
    rig_pass(&rig, TIME_MINUTE);
}

static bool take_last(void *ctx, const struct core_message *m) {
    if (m->kind == CORE_MESSAGE_CONTENT)
        *(struct core_message *)ctx = *m;
    return true;
}

static struct core_message last(struct client *c) {
    struct core_message m = {0};
    CHECK_OK(core_messages(c->core, 1, 1, UINT64_MAX, take_last, &m));
    return m;
}

static void check(struct client *c, uint32_t delivered, uint32_t read) {
    struct core_message m = last(c);
    CHECK_EQ(m.delivered, delivered);
    CHECK_EQ(m.read, read);
}

static void read_all(struct client *c) {
    CHECK_OK(core_conversation_read(c->core, 1, rig_state(c).messages, rig.now));
    settle();
}

static enum verdict count_all(struct rig *r, struct client *from, uint16_t type, slice body) {
    (void)from, (void)body;
    r->hits += type == PROTO_send;
    return PASS;
}

TEST(a_message_is_delivered_and_then_read) {
    three(CORE_RECEIPTS_READ);
    rig_conversation(&rig, 3);
    settle();
    rig_say(ann, "hello");
    settle();
    check(ann, 2, 0);
    CHECK(rig_last(ann, CORE_NOTICE_CHANGED) != NULL);
    CHECK_EQ(rig_last(ann, CORE_NOTICE_CHANGED)->notice.message, last(ann).number);
    read_all(ben);
    check(ann, 2, 1);
    read_all(cem);
    check(ann, 2, 2);
    check(ben, 0, 0); /* it isn't his */
    rig_crash(ann);
    check(ann, 2, 2);
    rig_fini(&rig);
}

TEST(no_more_is_told_than_the_user_wants) {
    three(CORE_RECEIPTS_DELIVERED);
    rig_conversation(&rig, 3);
    settle();
    set(cem, CORE_RECEIPTS_NONE);
    rig_say(ann, "one");
    settle();
    read_all(ben);
    read_all(cem);
    check(ann, 1, 0);
    /* What came before it was switched on is not told then. */
    set(ben, CORE_RECEIPTS_READ);
    set(cem, CORE_RECEIPTS_READ);
    settle();
    read_all(ben);
    check(ann, 1, 0);
    rig_say(ann, "two");
    settle();
    read_all(ben);
    read_all(cem);
    check(ann, 2, 2);
    rig_crash(ben);
    CHECK_EQ(core_receipts_get(ben->core), CORE_RECEIPTS_READ);
    set(ben, CORE_RECEIPTS_NONE);
    rig_say(ann, "three");
    settle();
    check(ann, 1, 0);
    CHECK_ERR(core_receipts_set(ben->core, (enum core_receipts)3, rig.now), ERR_MALFORMED);
    rig_fini(&rig);
}

TEST(they_are_gathered_in_few_items) {
    three(CORE_RECEIPTS_READ);
    rig_conversation(&rig, 2);
    settle();
    for (int i = 0; i < 20; i++)
        rig_say(ann, "much");
    rig_run(&rig);
    rig.on_request = count_all;
    rig.hits = 0;
    settle();
    CHECK_EQ(rig.hits, 1);
    check(ann, 1, 0);
    read_all(ben);
    CHECK_EQ(rig.hits, 2);
    check(ann, 1, 1);
    /* And nobody answers one. */
    rig_pass(&rig, 10 * TIME_MINUTE);
    CHECK_EQ(rig.hits, 2);
    rig_fini(&rig);
}

TEST(what_was_not_told_in_one_run_is_told_in_the_next) {
    three(CORE_RECEIPTS_READ);
    rig_conversation(&rig, 2);
    settle();
    rig_say(ann, "hello");
    rig_run(&rig);
    CHECK_EQ(last(ben).number, rig_state(ben).messages);
    check(ann, 0, 0);
    rig_crash(ben);
    settle();
    check(ann, 1, 0);
    CHECK_OK(core_conversation_read(ben->core, 1, rig_state(ben).messages, rig.now));
    rig_crash(ben);
    settle();
    check(ann, 1, 1);
    rig_fini(&rig);
}

TEST(who_only_asks_is_told_nothing) {
    uint64_t command, message;
    uint32_t number;
    rig_init(&rig, 2);
    ann = &rig.clients[0];
    ben = &rig.clients[1];
    set(ben, CORE_RECEIPTS_READ);
    rig_take_link(ben, ann);
    CHECK_OK(core_conversation_new(ann->core, SLICE_EMPTY,
                                   (const uint8_t(*)[CORE_ACCOUNT])ben->account, 1, rig.now,
                                   &command, &number));
    rig_finish(ann, command, OK);
    CHECK_OK(core_send_text(ann->core, number, CORE_TEXT_PLAIN, slice_str("who are you"), NULL,
                            rig.now, &command, &message));
    rig_finish(ann, command, OK);
    CHECK_EQ(rig_state(ben).state, CORE_CONVERSATION_REQUEST);
    read_all(ben);
    rig_pass(&rig, 10 * TIME_MINUTE);
    check(ann, 0, 0);
    CHECK_OK(core_request_accept(ben->core, 1, SLICE_EMPTY, rig.now));
    settle();
    check(ann, 1, 1);
    rig_fini(&rig);
}

TEST(own_devices_tell_the_same_and_once) {
    three(CORE_RECEIPTS_READ);
    rig_conversation(&rig, 2);
    set(ben, CORE_RECEIPTS_DELIVERED);
    struct client *pad = rig_link(&rig, 1, 3);
    rig_pass(&rig, 3 * TIME_MINUTE);
    CHECK_EQ(core_receipts_get(pad->core), CORE_RECEIPTS_DELIVERED);
    set(pad, CORE_RECEIPTS_READ);
    settle();
    CHECK_EQ(core_receipts_get(ben->core), CORE_RECEIPTS_READ);
    /* One of them is there when it comes; the other hears what was told. */
    core_online(pad->core, false, rig.now);
    rig_say(ann, "to both");
    settle();
    rig.on_request = count_all;
    rig.hits = 0;
    core_online(pad->core, true, rig.now);
    settle();
    CHECK_EQ(rig.hits, 0);
    rig.on_request = NULL;
    check(ann, 1, 0); /* one account */
    read_all(ben);
    check(ann, 1, 1);
    rig_fini(&rig);
}

static void send_status(struct client *c, const uint8_t id[32], uint64_t status, bool whole) {
    uint64_t command, message;
    buf body = {0}, content = {0};
    writer w = writer_on(&body);
    core_cbor_write(&w, CBOR_ARRAY, 1);
    core_cbor_write(&w, CBOR_ARRAY, whole ? 2 : 3);
    core_cbor_write_bytes(&w, slice_of(id, 32));
    core_cbor_write(&w, CBOR_UINT, status);
    CHECK_OK(core_content_encode(&content, CONTENT_PROFILE, "application/mimi-message-status",
                                 buf_slice(&body), NULL, NULL));
    CHECK_OK(core_send_content(c->core, 1, buf_slice(&content), rig.now, &command, &message));
    settle();
    buf_free(&body);
    buf_free(&content);
}

static enum verdict lose_bens(struct rig *r, struct client *from, uint16_t type, slice body) {
    (void)r, (void)body;
    return from == ben && type == PROTO_send ? DROP : PASS;
}

TEST(they_do_not_pile_up_where_nobody_takes_them) {
    three(CORE_RECEIPTS_DELIVERED);
    rig_conversation(&rig, 3);
    settle();
    rig.on_request = lose_bens;
    for (int i = 0; i < 10; i++) {
        rig_say(ann, "again");
        settle();
        CHECK(ben->core->entries.n <= 1);
    }
    rig.on_request = NULL;
    rig_pass(&rig, 10 * TIME_MINUTE);
    CHECK_EQ(ben->core->entries.n, 0);
    check(ann, 2, 0);
    rig_fini(&rig);
}

TEST(what_others_say_of_it_is_bounded) {
    uint8_t id[32];
    three(CORE_RECEIPTS_NONE);
    rig_conversation(&rig, 3);
    rig_say(ann, "hello");
    settle();
    memcpy(id, last(ann).id, 32);
    send_status(ben, id, 1, false); /* does not read */
    send_status(ben, id, 6, true);  /* an error is nothing that is shown */
    struct core_message m = last(ann);
    CHECK_EQ(m.delivered + m.read, 0);
    for (int i = 0; i < 3; i++)
        send_status(ben, id, 2, true);
    send_status(ben, id, 1, true); /* it was read all the same */
    check(ann, 1, 1);
    check(cem, 0, 0);
    CHECK_OK(core_block(ann->core, cem->account, rig.now));
    send_status(cem, id, 2, true);
    check(ann, 1, 1);
    rig_fini(&rig);
}

TEST_MAIN
