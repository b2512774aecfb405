/* First contact: what a stranger can do before it is accepted, what goes back (nothing), and what
 * blocking does. Client 1 is the one who is asked. */
#include "core/internal.h"
#include "rig.h"

static struct rig rig;

static struct client *client(size_t i) {
    return &rig.clients[i];
}

/* Everything that client 1 says on a session without an identity, so to others. */
static enum verdict count_words(struct rig *r, struct client *from, uint16_t type, slice body) {
    (void)body;
    bool to_others = type == PROTO_send || type == PROTO_commit || type == PROTO_blob_put ||
                     type == PROTO_key_package_take;
    if (from == &r->clients[1] && to_others)
        r->hits++;
    return PASS;
}

/* Clients 0 and 2 on know client 1, which knows nobody. */
static void start(size_t count) {
    rig_init(&rig, count);
    for (size_t i = 0; i < count; i++)
        if (i != 1)
            rig_take_link(client(1), client(i));
    rig.on_request = count_words;
}

static uint32_t begin(struct client *from, const char *name, size_t count, const size_t *others) {
    uint8_t accounts[RIG_CLIENTS][CORE_ACCOUNT];
    uint64_t command;
    uint32_t number;
    for (size_t i = 0; i < count; i++)
        memcpy(accounts[i], client(others[i])->account, CORE_ACCOUNT);
    CHECK_OK(core_conversation_new(from->core, slice_str(name),
                                   (const uint8_t(*)[CORE_ACCOUNT])accounts, count, rig.now,
                                   &command, &number));
    rig_finish(from, command, OK);
    rig_pass(&rig, TIME_SECOND);
    return number;
}

static uint32_t ask(size_t from) {
    return begin(client(from), "", 1, (const size_t[]){1});
}

static void say(size_t from, uint32_t number, const char *text) {
    uint64_t command, message;
    CHECK_OK(core_send_text(client(from)->core, number, CORE_TEXT_PLAIN, slice_str(text), NULL,
                            rig.now, &command, &message));
    rig_finish(client(from), command, OK);
    const struct notice *done = rig_done(client(from), command);
    CHECK_EQ(done->notice.refused, 0);
    rig_pass(&rig, TIME_SECOND);
}

static struct core_conversation state(size_t i, uint32_t number) {
    struct core_conversation c;
    CHECK_OK(core_conversation_get(client(i)->core, number, &c));
    return c;
}

/* The number of the one request of client 1. */
static uint32_t request(void) {
    struct core_conversation c;
    uint32_t number = 0;
    for (size_t i = 0; core_conversation_at(client(1)->core, i, &c) == OK; i++)
        if (c.state == CORE_CONVERSATION_REQUEST) {
            CHECK_EQ(number, 0);
            number = c.number;
        }
    CHECK(number != 0);
    return number;
}

static void gone(uint32_t number) {
    struct core_conversation c;
    CHECK_ERR(core_conversation_get(client(1)->core, number, &c), ERR_NOT_FOUND);
    CHECK_EQ(rig_status(client(1)).requests, 0);
}

/* ---- Before it is accepted ---- */

TEST(a_stranger_s_conversation_is_a_request_and_nothing_goes_back) {
    uint64_t command, message;
    start(2);
    say(0, ask(0), "hello");
    uint32_t number = request();
    CHECK_SLICE(SLICE_ARRAY(state(1, number).inviter), SLICE_ARRAY(client(0)->account));
    CHECK_SLICE(slice_str(rig_texts(client(1))), slice_str("hello\n"));
    CHECK(strcmp(rig_members(client(1)), "01") == 0);
    CHECK_EQ(rig_status(client(1)).requests, 1);
    CHECK_EQ(rig_status(client(1)).contacts, 0);
    CHECK_ERR(core_send_text(client(1)->core, number, CORE_TEXT_PLAIN, slice_str("x"), NULL,
                             rig.now, &command, &message),
              ERR_STATE);
    CHECK_ERR(core_conversation_update(client(1)->core, number, rig.now, &command), ERR_STATE);
    CHECK_ERR(core_conversation_leave(client(1)->core, number, rig.now, &command), ERR_STATE);
    CHECK_ERR(core_conversation_rename(client(1)->core, number, slice_str("x"), rig.now, &command),
              ERR_STATE);
    CHECK_OK(core_conversation_read(client(1)->core, number, 2, rig.now));
    rig_crash(client(1));
    rig_pass(&rig, TIME_DAY);
    CHECK_EQ(request(), number);
    CHECK_EQ(rig.hits, 0);
    CHECK_EQ(state(0, 1).epoch, 1);
    rig_fini(&rig);
}

TEST(a_contact_s_conversations_are_none) {
    rig_init(&rig, 3);
    rig_meet(client(0), client(1));
    rig_take_link(client(2), client(0));
    begin(client(0), "", 1, (const size_t[]){1});
    begin(client(0), "all", 2, (const size_t[]){1, 2});
    CHECK_EQ(state(1, 1).state, CORE_CONVERSATION_ACTIVE);
    CHECK_EQ(state(1, 2).state, CORE_CONVERSATION_ACTIVE);
    CHECK_EQ(state(2, 1).state, CORE_CONVERSATION_REQUEST);
    CHECK_EQ(rig_status(client(1)).requests, 0);
    rig_fini(&rig);
}

/* Nobody but the one who is asked could carry the wish out. */
TEST(who_wishes_to_leave_waits_until_the_request_is_accepted) {
    uint64_t command;
    start(3);
    rig_meet(client(0), client(2));
    begin(client(0), "all", 2, (const size_t[]){1, 2});
    rig_admin(client(0), client(1));
    core_online(client(0)->core, false, rig.now);
    CHECK_OK(core_conversation_leave(client(2)->core, 1, rig.now, &command));
    rig_finish(client(2), command, OK);
    rig_pass(&rig, TIME_HOUR);
    rig_crash(client(1));
    rig_pass(&rig, TIME_HOUR);
    CHECK_EQ(rig.hits, 0);
    CHECK_EQ(rig_notices(client(1), CORE_NOTICE_TROUBLE), 0);
    CHECK_EQ(state(2, 1).state, CORE_CONVERSATION_LEAVING);
    CHECK_OK(core_request_accept(client(1)->core, request(), SLICE_EMPTY, rig.now));
    rig_pass(&rig, TIME_MINUTE);
    CHECK_EQ(state(2, 1).state, CORE_CONVERSATION_LEFT);
    rig_fini(&rig);
}

/* Epochs that never come, and garbage: what would make a member look for a later epoch. */
TEST(what_a_stranger_s_items_leave_open_is_not_asked_of_the_server) {
    start(2);
    ask(0);
    struct core *core = client(0)->core, *asked = client(1)->core;
    struct conversation *c = core_conversation_lookup(core, 1);
    CHECK_OK(core_conversation_load(core, c));
    uint64_t dropped = rig_status(client(1)).dropped;
    for (uint8_t i = 0; i < 100; i++) {
        buf message = {0}, item = {0}, roster = {0};
        uint32_t count;
        CHECK_OK(mls_group_protect(c->group, SLICE_EMPTY, slice_of(&i, 1), 0, &message));
        message.p[message.n - 20] ^= 1;
        if (i < 90) /* the lowest byte of the epoch */
            message.p[2 + 2 + 1 + 32 + 7] = (uint8_t)(2 + i % 8);
        CHECK_OK(proto_item_write(&item, PROTO_ITEM_MESSAGE, buf_slice(&message)));
        CHECK_OK(core_leaf_roster(c->group, &roster, &count));
        rig_send(&rig, roster.p + PROTO_ADDRESS, buf_slice(&item));
        buf_free(&message);
        buf_free(&item);
        buf_free(&roster);
    }
    rig_pass(&rig, TIME_DAY);
    CHECK_EQ(rig.hits, 0);
    CHECK_EQ(rig_status(client(1)).waiting, REQUEST_WAITING_MAX);
    CHECK_EQ(rig_status(client(1)).quarantined, 0);
    CHECK_EQ(rig_status(client(1)).dropped, dropped + 100 - REQUEST_WAITING_MAX);
    CHECK_EQ(asked->entries.n, 0);
    rig_fini(&rig);
}

/* ---- Accepting ---- */

TEST(an_accepted_request_is_a_conversation_with_a_contact) {
    struct core_contact contact;
    start(2);
    say(0, ask(0), "hello");
    uint32_t number = request();
    CHECK_OK(core_request_accept(client(1)->core, number, slice_str("zero"), rig.now));
    rig_pass(&rig, TIME_SECOND);
    CHECK_EQ(state(1, number).state, CORE_CONVERSATION_ACTIVE);
    CHECK_EQ(rig_status(client(1)).requests, 0);
    CHECK_OK(core_contact_get(client(1)->core, client(0)->account, &contact));
    CHECK_SLICE(contact.petname, slice_str("zero"));
    CHECK_SLICE(contact.name, slice_str("n0"));
    CHECK_EQ(rig.hits, 1); /* our name; the leaf's address was made for it alone */
    CHECK_EQ(state(0, 1).epoch, 1);
    say(1, number, "hello yourself");
    CHECK_SLICE(slice_str(rig_texts(client(0))), slice_str("hello\nhello yourself\n"));
    CHECK_ERR(core_request_accept(client(1)->core, number, SLICE_EMPTY, rig.now), ERR_STATE);
    CHECK_ERR(core_request_decline(client(1)->core, number, rig.now), ERR_STATE);
    CHECK_ERR(core_request_accept(client(1)->core, 77, SLICE_EMPTY, rig.now), ERR_NOT_FOUND);
    begin(client(0), "more", 1, (const size_t[]){1});
    CHECK_EQ(rig_status(client(1)).requests, 0);
    rig_fini(&rig);
}

/* The one-time key packages are used up, by whoever. */
static void use_up_keys(void) {
    const struct contact *contact = core_contact_lookup(client(0)->core, client(1)->account);
    core_online(client(1)->core, false, rig.now);
    rig_run(&rig);
    for (int i = 0; i < 4; i++) {
        buf body = {0};
        struct proto_key_package_take m;
        memcpy(m.address, contact->r.addresses.p + CORE_DEVICE, PROTO_ADDRESS);
        CHECK_OK(proto_key_package_take_encode(&body, &m));
        struct proto_edge_request r = {
            .session = 1, .request = 1, .type = PROTO_key_package_take, .body = buf_slice(&body)};
        mail_request(rig.mail, &r);
        rig_run(&rig);
        buf_free(&body);
    }
}

TEST(a_leaf_by_the_last_resort_is_renewed_when_the_request_is_accepted) {
    start(2);
    use_up_keys();
    ask(0);
    core_online(client(1)->core, true, rig.now);
    rig_pass(&rig, TIME_HOUR);
    CHECK_EQ(rig.hits, 0);
    CHECK_EQ(state(0, 1).epoch, 1);
    CHECK_OK(core_request_accept(client(1)->core, request(), SLICE_EMPTY, rig.now));
    rig_pass(&rig, TIME_MINUTE);
    CHECK_EQ(state(0, 1).epoch, 2);
    rig_same_state(&rig, 2);
    rig_fini(&rig);
}

TEST(a_petname_that_another_has_accepts_nothing) {
    start(3);
    rig_take_link(client(2), client(1));
    CHECK_OK(core_contact_rename(client(1)->core, client(2)->account, slice_str("bob"), rig.now));
    ask(0);
    rig.hits = 0;
    uint32_t number = request();
    CHECK_ERR(core_request_accept(client(1)->core, number, slice_str("bob"), rig.now), ERR_EXISTS);
    CHECK_ERR(core_request_accept(client(1)->core, number, slice_str("you"), rig.now),
              ERR_MALFORMED);
    client(1)->plan.fail_commit_in = 0;
    CHECK_ERR(core_request_accept(client(1)->core, number, slice_str("ann"), rig.now),
              ERR_DISK_FULL);
    rig_pass(&rig, TIME_MINUTE);
    CHECK_EQ(request(), number);
    CHECK_EQ(rig_status(client(1)).contacts, 1);
    CHECK_EQ(rig.hits, 0);
    rig_fini(&rig);
}

TEST(whoever_becomes_a_contact_has_no_request_any_more) {
    start(4);
    uint32_t other = ask(0);
    CHECK_EQ(other, 1);
    uint32_t number = request();
    rig_take_link(client(0), client(1));
    rig_pass(&rig, TIME_SECOND);
    CHECK_EQ(state(1, number).state, CORE_CONVERSATION_ACTIVE);
    ask(2);
    number = request();
    CHECK_OK(
        core_contact_meet(client(1)->core, number, client(2)->account, slice_str("two"), rig.now));
    CHECK_EQ(state(1, number).state, CORE_CONVERSATION_ACTIVE);
    rig_fini(&rig);
}

/* Then there is nobody to become a contact. */
TEST(a_request_whose_inviter_has_left_is_accepted_all_the_same) {
    uint64_t command;
    start(3);
    rig_meet(client(0), client(2));
    begin(client(0), "all", 2, (const size_t[]){1, 2});
    CHECK_OK(core_conversation_leave(client(0)->core, 1, rig.now, &command));
    rig_pass(&rig, TIME_MINUTE);
    CHECK_EQ(state(0, 1).state, CORE_CONVERSATION_LEFT);
    uint32_t number = request();
    CHECK_OK(core_request_accept(client(1)->core, number, slice_str("gone"), rig.now));
    rig_pass(&rig, TIME_MINUTE);
    CHECK_EQ(rig_status(client(1)).contacts, 0);
    struct core_roles roles; /* who has not accepted does not become an administrator */
    CHECK_OK(core_conversation_roles(client(2)->core, 1, &roles));
    CHECK(roles.admin);
    say(1, number, "still here");
    CHECK_SLICE(slice_str(rig_texts(client(2))), slice_str("still here\n"));
    rig_fini(&rig);
}

/* ---- Declining ---- */

TEST(a_declined_request_is_gone_and_its_sender_can_t_tell) {
    start(2);
    uint32_t theirs = ask(0);
    say(0, theirs, "hello");
    uint32_t number = request();
    CHECK_OK(core_request_decline(client(1)->core, number, rig.now));
    say(0, theirs, "are you there?");
    gone(number);
    CHECK_EQ(rig_status(client(1)).conversations, 0);
    CHECK_EQ(rig_status(client(1)).quarantined, 0);
    CHECK_EQ(rig.hits, 0);
    CHECK_EQ(state(0, theirs).members, 2);
    rig_crash(client(1));
    rig_pass(&rig, TIME_DAY);
    gone(number);
    CHECK_EQ(rig.hits, 0);
    begin(client(0), "again", 1, (const size_t[]){1}); /* it may ask again */
    CHECK(request() != number);
    rig_fini(&rig);
}

TEST(a_request_that_is_taken_back_is_gone) {
    uint64_t command;
    start(2);
    ask(0);
    uint32_t number = request();
    CHECK_OK(core_conversation_remove(client(0)->core, 1, client(1)->account, rig.now, &command));
    rig_finish(client(0), command, OK);
    rig_pass(&rig, TIME_SECOND);
    gone(number);
    CHECK_EQ(rig.hits, 0);
    rig_fini(&rig);
}

/* ---- Blocking ---- */

TEST(whoever_is_blocked_asks_in_vain_and_can_t_tell) {
    struct core_blocked blocked;
    start(2);
    uint32_t theirs = ask(0);
    CHECK_OK(core_block(client(1)->core, client(0)->account, rig.now));
    gone(1);
    rig_crash(client(1));
    client(1)->count = 0;
    say(0, theirs, "hello?");
    begin(client(0), "again", 1, (const size_t[]){1});
    say(0, 2, "hello??");
    gone(1);
    CHECK_EQ(rig_status(client(1)).conversations, 0);
    CHECK_EQ(rig_notices(client(1), CORE_NOTICE_MESSAGE), 0);
    CHECK_EQ(rig_notices(client(1), CORE_NOTICE_CONVERSATION), 0);
    CHECK_EQ(rig_notices(client(1), CORE_NOTICE_QUARANTINED), 0);
    CHECK_EQ(rig.hits, 0);
    CHECK_EQ(rig_status(client(1)).blocked, 1);
    CHECK_OK(core_blocked_at(client(1)->core, 0, &blocked));
    CHECK_SLICE(SLICE_ARRAY(blocked.account), SLICE_ARRAY(client(0)->account));
    CHECK_SLICE(blocked.name, slice_str("n0"));
    CHECK_ERR(core_blocked_at(client(1)->core, 1, &blocked), ERR_NOT_FOUND);
    CHECK_ERR(core_block(client(1)->core, client(0)->account, rig.now), ERR_EXISTS);
    CHECK_ERR(core_block(client(1)->core, client(1)->account, rig.now), ERR_DENIED);
    rig_fini(&rig);
}

TEST(whoever_is_unblocked_may_ask_again) {
    start(2);
    CHECK_ERR(core_unblock(client(1)->core, client(0)->account, rig.now), ERR_NOT_FOUND);
    CHECK_OK(core_block(client(1)->core, client(0)->account, rig.now));
    ask(0);
    CHECK_EQ(rig_status(client(1)).requests, 0);
    client(1)->plan.fail_commit_in = 0;
    CHECK_ERR(core_unblock(client(1)->core, client(0)->account, rig.now), ERR_DISK_FULL);
    CHECK_EQ(rig_status(client(1)).blocked, 1);
    rig_pass(&rig, TIME_MINUTE);
    CHECK_OK(core_unblock(client(1)->core, client(0)->account, rig.now));
    rig_crash(client(1));
    CHECK_EQ(rig_status(client(1)).blocked, 0);
    begin(client(0), "again", 1, (const size_t[]){1});
    (void)request();
    rig_fini(&rig);
}

TEST(blocking_a_contact_ends_the_conversation_here_alone) {
    uint64_t command, message;
    rig_init(&rig, 2);
    rig_meet(client(0), client(1));
    rig_conversation(&rig, 2);
    say(0, 1, "hello");
    CHECK_OK(core_send_text(client(1)->core, 1, CORE_TEXT_PLAIN, slice_str("never sent"), NULL,
                            rig.now, &command, &message));
    rig_pass(&rig, TIME_SECOND);
    rig.on_request = count_words;
    CHECK_OK(core_block(client(1)->core, client(0)->account, rig.now));
    say(0, 1, "still there?");
    CHECK_EQ(state(1, 1).state, CORE_CONVERSATION_LEFT);
    CHECK_EQ(state(0, 1).members, 2);
    CHECK_SLICE(slice_str(rig_texts(client(1))), slice_str("hello\nnever sent\n"));
    CHECK_ERR(core_conversation_new(client(1)->core, SLICE_EMPTY,
                                    (const uint8_t(*)[CORE_ACCOUNT])client(0)->account, 1, rig.now,
                                    &command, &(uint32_t){0}),
              ERR_DENIED);
    CHECK_EQ(rig.hits, 0);
    CHECK_EQ(rig_status(client(1)).outbox, 0);
    rig_fini(&rig);
}

TEST(in_a_group_a_blocked_member_is_not_heard) {
    uint64_t command;
    rig_init(&rig, 4);
    rig_meet_all(&rig, 4);
    rig_conversation(&rig, 3);
    CHECK_OK(core_block(client(1)->core, client(0)->account, rig.now));
    say(0, 1, "unheard");
    say(2, 1, "heard");
    CHECK_SLICE(slice_str(rig_texts(client(1))), slice_str("heard\n"));
    CHECK_OK(core_conversation_add(client(0)->core, 1, client(3)->account, rig.now, &command));
    rig_finish(client(0), command, OK);
    rig_pass(&rig, TIME_SECOND);
    rig_same_state(&rig, 4); /* what it commits still counts */
    CHECK_ERR(core_conversation_add(client(1)->core, 1, client(0)->account, rig.now, &command),
              ERR_DENIED);
    CHECK_OK(core_unblock(client(1)->core, client(0)->account, rig.now));
    say(0, 1, "heard again");
    CHECK_SLICE(slice_str(rig_texts(client(1))), slice_str("heard\nheard again\n"));
    rig_fini(&rig);
}

/* ---- Addresses ---- */

/* The first letter of a commit, which does not leave. */
static buf letter;
static enum verdict keep_letter(struct rig *r, struct client *from, uint16_t type, slice body) {
    struct proto_commit m;
    struct proto_letter l;
    if (type != PROTO_commit || from != &r->clients[0] || proto_commit_decode(body, &m) != OK ||
        m.letters.count == 0)
        return PASS;
    reader in = reader_of(m.letters.bytes);
    CHECK_OK(proto_letter_read(&in, &l));
    CHECK_OK(buf_set(&letter, l.item));
    return DROP;
}

static void send_junk(const uint8_t address[PROTO_ADDRESS]) {
    uint8_t junk[256] = {PROTO_ITEM_BLOB, 4, 1, 2, 3, 4};
    struct proto_blob_reference reference = {.chunks = 1, .size = 10};
    buf content = {0}, item = {0};
    crypto_random(junk + 3, 3);
    rig_send(&rig, address, SLICE_ARRAY(junk));
    junk[0] = PROTO_ITEM_MESSAGE;
    rig_send(&rig, address, SLICE_ARRAY(junk));
    crypto_random(reference.id, sizeof reference.id);
    CHECK_OK(proto_blob_reference_encode(&content, &reference));
    CHECK_OK(proto_item_write(&item, PROTO_ITEM_BLOB, buf_slice(&content)));
    rig_send(&rig, address, buf_slice(&item));
    rig_pass(&rig, TIME_SECOND);
    buf_free(&content);
    buf_free(&item);
}

static void leaf_address(const struct conversation *c, uint8_t address[PROTO_ADDRESS]) {
    struct mls_member member;
    struct leaf leaf;
    CHECK_OK(mls_group_member(c->group, mls_group_own_leaf(c->group), &member));
    CHECK_OK(core_leaf_read(&member, &leaf));
    memcpy(address, leaf.address, PROTO_ADDRESS);
}

TEST(by_a_link_s_address_others_may_ask_and_nothing_else) {
    uint64_t command;
    uint32_t number;
    uint8_t its[PROTO_ADDRESS];
    start(2);
    struct core *core = client(1)->core;
    const struct contact_link *link = core->links.p[0];
    uint64_t dropped = rig_status(client(1)).dropped;
    send_junk(link->r.address);
    CHECK_EQ(rig_status(client(1)).dropped, dropped + 3);
    CHECK_EQ(rig_status(client(1)).quarantined, 0);
    CHECK_EQ(rig_status(client(1)).waiting, 0);
    rig.on_request = keep_letter;
    CHECK_OK(core_conversation_new(client(0)->core, SLICE_EMPTY,
                                   (const uint8_t(*)[CORE_ACCOUNT])client(1)->account, 1, rig.now,
                                   &command, &number));
    rig_pass(&rig, TIME_SECOND);
    rig_send(&rig, link->r.address, buf_slice(&letter));
    rig_pass(&rig, TIME_SECOND);
    struct conversation *c = core_conversation_lookup(core, request());
    /* By another address junk is shown, since it tells that somebody there means harm. */
    CHECK_OK(core_conversation_load(core, c));
    leaf_address(c, its);
    send_junk(its);
    CHECK_EQ(rig_status(client(1)).dropped, dropped + 3);
    CHECK_EQ(rig_status(client(1)).quarantined + rig_status(client(1)).waiting, 3);
    buf_free(&letter);
    rig_fini(&rig);
}

/* The last resort's address is declined with the first, and stands in the leaf of the second. */
TEST(who_asks_by_an_address_that_another_was_declined_with_is_no_stranger) {
    uint8_t its[PROTO_ADDRESS];
    start(3);
    struct core *core = client(1)->core;
    use_up_keys();
    ask(0);
    ask(2);
    core_online(core, true, rig.now);
    rig_pass(&rig, TIME_SECOND);
    CHECK_EQ(rig_status(client(1)).requests, 2);
    struct conversation *first = core->conversations.p[0], *second = core->conversations.p[1];
    CHECK(first->r.last_resort && second->r.last_resort);
    CHECK_OK(core_conversation_load(core, second));
    leaf_address(second, its);
    CHECK_OK(core_request_accept(core, second->r.number, SLICE_EMPTY, rig.now));
    CHECK_OK(core_request_decline(core, first->r.number, rig.now));
    CHECK_EQ(core->revocations.n, 1);
    core->fetched = core->fetched_asking = 0;
    rig_send_blob(&rig, its, slice_str("large"));
    rig_pass(&rig, TIME_SECOND);
    CHECK(core->fetched > 0);
    CHECK_EQ(core->fetched_asking, 0);
    rig_fini(&rig);
}

/* What it knows of us leads nowhere, and it is told the same as ever. */
TEST(a_declined_request_s_address_is_revoked) {
    uint8_t serial[8], address[PROTO_ADDRESS];
    start(2);
    uint32_t theirs = ask(0);
    struct core *core = client(1)->core;
    struct conversation *c = core_conversation_lookup(core, request());
    CHECK_OK(core_conversation_load(core, c));
    leaf_address(c, address);
    CHECK_OK(core_address_serial(core, address, serial));
    CHECK_OK(core_request_decline(core, request(), rig.now));
    rig_pass(&rig, 10 * TIME_MINUTE);
    CHECK_ERR(core_address_serial(core, address, serial), ERR_NOT_FOUND);
    CHECK_EQ(core->revocations.n, 0); /* the server has it */
    uint64_t position = rig_status(client(1)).position;
    say(0, theirs, "into nothing");
    CHECK_EQ(rig_status(client(1)).position, position);
    rig_fini(&rig);
}

TEST(a_card_s_old_address_holds_for_a_week_more) {
    start(2);
    struct core *core = client(1)->core;
    const struct contact_link *link = core->links.p[0];
    bool only = false;
    uint8_t serial[8];
    CHECK_OK(core_address_serial(core, link->r.address, serial));
    CHECK_OK(core_request_only(core, serial, &only));
    CHECK(only);
    CHECK_OK(core_txn_begin(core));
    CHECK_OK(core_address_revoke_at(core, link->r.address, rig.now + TIME_WEEK));
    CHECK_OK(core_txn_end(core, OK));
    rig_pass(&rig, TIME_DAY);
    CHECK_EQ(core->revocations.n, 1);
    CHECK_OK(core_request_only(core, serial, &only));
    CHECK(only);
    rig_pass(&rig, TIME_WEEK);
    CHECK_EQ(core->revocations.n, 0);
    memset(serial, 0, sizeof serial);
    CHECK_OK(core_request_only(core, serial, &only));
    CHECK(!only);
    rig_fini(&rig);
}

/* ---- Bounds ---- */

/* The client is somebody else from now on. */
static void become_another(struct client *c) {
    struct record_account *a = &c->core->account.r;
    CHECK_OK(crypto_ed25519.generate(a->identity, a->identity_seed));
    CHECK_OK(crypto_ed25519.generate(a->device_key, a->device_seed));
    crypto_random(a->device, sizeof a->device);
    CHECK_OK(core_account_id(a->identity, a->account));
    static buf certificate;
    struct proto_device device;
    memcpy(device.id, a->device, sizeof device.id);
    memcpy(device.key, a->device_key, sizeof device.key);
    buf_clear(&certificate);
    CHECK_OK(core_account_certify(a, &device, &certificate));
    a->certificate = buf_slice(&certificate);
}

TEST(strangers_requests_are_bounded_and_push_out_nothing_else) {
    start(3);
    rig_take_link(client(2), client(1));
    begin(client(2), "ours", 1, (const size_t[]){1});
    rig.hits = 0;
    uint32_t ours = 1, first = 0;
    CHECK_EQ(state(1, ours).state, CORE_CONVERSATION_ACTIVE);
    for (uint32_t i = 0; i < REQUESTS_WAITING_MAX + 3; i++) {
        uint64_t command;
        uint32_t number;
        become_another(client(0));
        client(0)->count = client(1)->count = 0;
        CHECK_OK(core_conversation_new(client(0)->core, SLICE_EMPTY,
                                       (const uint8_t(*)[CORE_ACCOUNT])client(1)->account, 1,
                                       rig.now, &command, &number));
        rig_run(&rig);
        rig_pass(&rig, TIME_SECOND);
        first = first == 0 ? request() : first;
    }
    struct core_status s = rig_status(client(1));
    struct core_conversation c;
    CHECK_EQ(s.requests, REQUESTS_WAITING_MAX);
    CHECK_EQ(s.conversations, REQUESTS_WAITING_MAX + 1);
    CHECK_EQ(state(1, ours).state, CORE_CONVERSATION_ACTIVE);
    CHECK_ERR(core_conversation_get(client(1)->core, first, &c), ERR_NOT_FOUND);
    CHECK_ERR(core_conversation_get(client(1)->core, first + 2, &c), ERR_NOT_FOUND);
    CHECK_OK(core_conversation_get(client(1)->core, first + 3, &c));
    CHECK_EQ(rig.hits, 0);
    rig_fini(&rig);
}

TEST(an_identity_has_one_request_its_latest) {
    start(2);
    ask(0);
    uint32_t first = request();
    begin(client(0), "again", 1, (const size_t[]){1});
    uint32_t second = request();
    CHECK(second != first);
    CHECK_SLICE(state(1, second).name, slice_str("again"));
    rig_fini(&rig);
}

TEST(what_a_request_may_say_is_bounded) {
    buf text = {0};
    start(3);
    uint32_t theirs = ask(0), other = ask(2);
    for (int i = 0; i < 300; i++) {
        uint64_t command, message;
        client(0)->count = client(1)->count = 0;
        CHECK_OK(core_send_text(client(0)->core, theirs, CORE_TEXT_PLAIN, slice_str("more"), NULL,
                                rig.now, &command, &message));
        rig_run(&rig);
    }
    rig_pass(&rig, TIME_MINUTE);
    CHECK_EQ(state(1, 1).messages, REQUEST_ENTRIES_MAX);
    CHECK_OK(buf_resize(&text, 200000));
    memset(text.p, 'x', text.n);
    for (int i = 0; i < 4; i++) {
        uint64_t command, message;
        CHECK_OK(core_send_text(client(2)->core, other, CORE_TEXT_PLAIN, buf_slice(&text), NULL,
                                rig.now, &command, &message));
        rig_finish(client(2), command, OK);
    }
    rig_pass(&rig, TIME_MINUTE);
    CHECK_EQ(state(1, 2).messages, 1 + REQUEST_BYTES_MAX / 200000);
    buf_free(&text);
    /* Afterwards there is room. */
    CHECK_OK(core_request_accept(client(1)->core, 1, SLICE_EMPTY, rig.now));
    rig_pass(&rig, TIME_SECOND);
    say(0, theirs, "at last");
    CHECK_EQ(state(1, 1).messages, REQUEST_ENTRIES_MAX + 1);
    rig_fini(&rig);
}

/* It is known by its leaf's address, which it may revoke. */
/* Of a later epoch, each in a blob. */
TEST(what_a_request_lets_wait_is_bounded) {
    enum { SIZE = 3 * REQUEST_WAITING_BYTES / 4 };
    uint8_t to[PROTO_ADDRESS];
    start(2);
    ask(0);
    struct conversation *c = core_conversation_lookup(client(1)->core, request());
    CHECK_OK(core_conversation_load(client(1)->core, c));
    leaf_address(c, to);
    uint64_t dropped = rig_status(client(1)).dropped;
    for (uint8_t i = 0; i < 3; i++) {
        buf message = {0};
        writer w = writer_on(&message);
        writer_u16(&w, 1);
        writer_u16(&w, MLS_PRIVATE_MESSAGE);
        writer_vec(&w, SLICE_ARRAY(c->r.group));
        writer_u64(&w, c->r.epoch + 2);
        writer_u8(&w, MLS_APPLICATION);
        writer_u8(&w, i);
        CHECK_OK(writer_result(&w));
        CHECK_OK(buf_resize(&message, SIZE));
        memset(message.p + 256, i, SIZE - 256);
        rig_send_blob(&rig, to, buf_slice(&message));
        rig_pass(&rig, TIME_SECOND);
        buf_free(&message);
    }
    CHECK_EQ(rig_status(client(1)).waiting, 1);
    CHECK_EQ(rig_status(client(1)).dropped, dropped + 2);
    rig_fini(&rig);
}

TEST(whom_we_accepted_stays_in_reach_when_it_takes_another_address) {
    uint64_t command;
    start(2);
    uint32_t theirs = ask(0);
    CHECK_OK(core_request_accept(client(1)->core, request(), SLICE_EMPTY, rig.now));
    rig_pass(&rig, TIME_MINUTE);
    CHECK_OK(core_conversation_update(client(0)->core, theirs, rig.now, &command));
    rig_finish(client(0), command, OK);
    rig_pass(&rig, TIME_HOUR);
    size_t before = rig_status(client(0)).conversations;
    begin(client(1), "", 1, (const size_t[]){0});
    CHECK_EQ(rig_status(client(0)).conversations, before + 1);
    rig_fini(&rig);
}

TEST_MAIN
