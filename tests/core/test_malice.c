/* Members, strangers and servers who mean harm, and answers that are lost at the worst moment: what
 * they can't do, and what the user is told. */
#include "core/internal.h"
#include "rig.h"

static struct rig rig;

static struct client *client(size_t i) {
    return &rig.clients[i];
}

static void start(size_t count) {
    rig_init(&rig, count);
    rig_meet_all(&rig, count);
    rig_conversation(&rig, count);
}

/* The client's own view of conversation 1. */
static struct conversation *view(size_t i) {
    struct conversation *c = core_conversation_lookup(client(i)->core, 1);
    CHECK(c != NULL);
    CHECK_OK(core_conversation_load(client(i)->core, c));
    return c;
}

/* The address in the leaf of `whose`, as `by` sees it. */
static void address_of(size_t by, size_t whose, uint8_t address[PROTO_ADDRESS]) {
    const struct conversation *c = view(by);
    struct mls_member member;
    struct leaf leaf;
    uint32_t at = 0;
    CHECK(core_conversation_has(c, SLICE_ARRAY(client(whose)->account), &at));
    CHECK_OK(mls_group_member(c->group, at, &member));
    CHECK_OK(core_leaf_read(&member, &leaf));
    memcpy(address, leaf.address, PROTO_ADDRESS);
}

static void send_message(const uint8_t address[PROTO_ADDRESS], slice message) {
    buf item = {0};
    CHECK_OK(proto_item_write(&item, PROTO_ITEM_MESSAGE, message));
    rig_send(&rig, address, buf_slice(&item));
    buf_free(&item);
}

static void remove_member(size_t by, size_t whom, err expected) {
    uint64_t command;
    CHECK_OK(
        core_conversation_remove(client(by)->core, 1, client(whom)->account, rig.now, &command));
    rig_finish(client(by), command, expected);
}

static void update(size_t by) {
    uint64_t command;
    CHECK_OK(core_conversation_update(client(by)->core, 1, rig.now, &command));
    rig_finish(client(by), command, OK);
}

/* Everybody was away for so long. */
static void jump(uint64_t ms) {
    rig.now += ms;
    CHECK_OK(session_key_make(&rig.env.keys[0], 1, rig.identity_seed, time_week(rig.now) + 4));
    for (size_t i = 0; i < RIG_CLIENTS; i++)
        client(i)->count = 0;
    rig_pass(&rig, TIME_MINUTE);
}

/* ---- Proposals ---- */

/* A member proposes to add an account that it invented. */
static void propose_stranger(size_t by, buf *message) {
    struct core *core = client(by)->core;
    struct record_account real = core->account.r, invented = real;
    uint8_t address[PROTO_ADDRESS] = {1};
    struct leaf_own leaf;
    buf package = {0}, secrets = {0};
    CHECK_OK(crypto_ed25519.generate(invented.identity, invented.identity_seed));
    CHECK_OK(crypto_ed25519.generate(invented.device_key, invented.device_seed));
    crypto_random(invented.device, sizeof invented.device);
    CHECK_OK(core_account_id(invented.identity, invented.account));
    struct proto_device device;
    buf certificate = {0};
    memcpy(device.id, invented.device, sizeof device.id);
    memcpy(device.key, invented.device_key, sizeof device.key);
    CHECK_OK(core_account_certify(&invented, &device, &certificate));
    invented.certificate = buf_slice(&certificate);
    core->account.r = invented;
    CHECK_OK(core_leaf_own_make(core, address, &leaf));
    struct mls_key_package_params params = {.leaf = leaf.params,
                                            .not_before = rig.now / 1000 - 86400,
                                            .not_after = rig.now / 1000 + 8640000};
    CHECK_OK(mls_key_package_new(mls_suite_find(real.suite), &params, &package, &secrets));
    core->account.r = real;
    struct mls_propose add = {.type = MLS_PROPOSAL_ADD, .key_package = buf_slice(&package)};
    mls_group_clear_proposals(view(by)->group); /* its own bound is no matter to the malicious */
    CHECK_OK(mls_group_propose(view(by)->group, &add, &core->auth, MLS_PRIVATE_MESSAGE, message));
    buf_free(&certificate);
    buf_free(&package);
    buf_free(&secrets);
}

TEST(proposals_to_add_are_refused_and_block_no_commit) {
    uint8_t first[PROTO_ADDRESS], second[PROTO_ADDRESS];
    uint64_t command;
    start(3);
    address_of(2, 0, first);
    address_of(2, 1, second);
    for (int i = 0; i < 66; i++) {
        buf message = {0};
        propose_stranger(2, &message);
        send_message(first, buf_slice(&message));
        send_message(second, buf_slice(&message));
        buf_free(&message);
    }
    CHECK_ERR(rig_last(client(0), CORE_NOTICE_QUARANTINED)->notice.error, ERR_DENIED);
    CHECK_EQ(mls_group_pending_proposals(view(0)->group), 0);
    remove_member(0, 2, OK);
    CHECK(strcmp(rig_members(client(1)), "01") == 0);
    CHECK_OK(core_conversation_leave(client(0)->core, 1, rig.now, &command));
    rig_pass(&rig, TIME_MINUTE);
    CHECK_EQ(rig_state(client(0)).state, CORE_CONVERSATION_LEFT);
    rig_fini(&rig);
}

/* Deliveries that a test keeps. */
static struct {
    buf deliveries[16];
    size_t count;
    bool cut;
} stalled;

/* ---- Garbage in the order ---- */

/* The member `by` has this ordered as its commit, under this group id, for everybody. */
static void order(size_t by, const uint8_t group[32], slice item) {
    struct conversation *c = view(by);
    struct proto_commit m = {.item = item};
    buf addresses = {0}, body = {0};
    writer w = writer_on(&body);
    memcpy(m.group, group, sizeof m.group);
    CHECK_OK(core_leaf_token(c->group, m.token));
    crypto_random(m.next, sizeof m.next);
    CHECK_OK(core_leaf_roster(c->group, &addresses, &m.addresses.count));
    m.addresses.bytes = buf_slice(&addresses);
    proto_commit_write(&w, &m);
    CHECK_OK(writer_result(&w));
    struct proto_edge_request request = {
        .session = 1, .request = 1, .type = PROTO_commit, .body = buf_slice(&body)};
    mail_request(rig.mail, &request);
    rig_run(&rig);
    buf_free(&addresses);
    buf_free(&body);
}

/* Looks like a PrivateMessage of conversation 1. */
static void junk(size_t by, uint64_t epoch, enum mls_kind kind, uint32_t salt, buf *message) {
    writer w = writer_on(message);
    writer_u16(&w, 1);
    writer_u16(&w, MLS_PRIVATE_MESSAGE);
    writer_vec(&w, rig_state(client(by)).group_id);
    writer_u64(&w, epoch);
    writer_u8(&w, (uint8_t)kind);
    for (uint32_t i = 0; i < 16; i++)
        writer_u32(&w, salt);
    CHECK_OK(writer_result(&w));
}

TEST(garbage_that_was_ordered_spoils_a_conversation_and_nobody_is_stuck) {
    uint8_t item[256] = {9};
    uint64_t removing, leaving, again;
    start(3);
    order(2, view(2)->r.group, SLICE_ARRAY(item));
    CHECK_OK(core_conversation_leave(client(1)->core, 1, rig.now, &leaving));
    rig_finish(client(1), leaving, OK);
    CHECK_OK(core_conversation_remove(client(0)->core, 1, client(2)->account, rig.now, &removing));
    rig_pass(&rig, 25 * TIME_MINUTE);
    rig_finish(client(0), removing, ERR_LATE);
    CHECK(rig_state(client(0)).spoiled);
    rig_finish(client(0), rig_say(client(0), "make a new one"), OK);
    CHECK_EQ(rig_state(client(1)).state, CORE_CONVERSATION_LEAVING);
    CHECK_OK(core_conversation_leave(client(0)->core, 1, rig.now, &again));
    rig_finish(client(0), again, OK);
    CHECK_EQ(rig_state(client(0)).state, CORE_CONVERSATION_LEFT);
    jump(8 * TIME_DAY);
    CHECK_EQ(rig_state(client(1)).state, CORE_CONVERSATION_LEFT);
    rig_fini(&rig);
}

/* Who only reads learns of it too. */
TEST(a_commit_that_can_not_be_opened_is_asked_about) {
    buf message = {0}, item = {0};
    start(3);
    junk(2, rig_state(client(2)).epoch, MLS_COMMIT, 1, &message);
    CHECK_OK(proto_item_write(&item, PROTO_ITEM_MESSAGE, buf_slice(&message)));
    order(2, view(2)->r.group, buf_slice(&item));
    CHECK(!rig_state(client(0)).spoiled);
    rig_pass(&rig, 20 * TIME_MINUTE);
    CHECK(rig_state(client(0)).spoiled);
    CHECK(rig_state(client(1)).spoiled);
    buf_free(&message);
    buf_free(&item);
    rig_fini(&rig);
}

TEST(garbage_of_another_order_spoils_nothing) {
    uint8_t invented[32];
    buf message = {0}, item = {0};
    start(3);
    uint64_t epoch = rig_state(client(0)).epoch;
    crypto_random(invented, sizeof invented);
    junk(2, epoch, MLS_COMMIT, 1, &message);
    CHECK_OK(proto_item_write(&item, PROTO_ITEM_MESSAGE, buf_slice(&message)));
    order(2, invented, buf_slice(&item));
    CHECK_EQ(rig_state(client(0)).quarantined, 1);
    rig_pass(&rig, 30 * TIME_MINUTE);
    for (size_t i = 0; i < 3; i++) {
        CHECK(!rig_state(client(i)).spoiled);
        CHECK_EQ(rig_state(client(i)).epoch, epoch + 3);
    }
    buf_free(&message);
    buf_free(&item);
    rig_fini(&rig);
}

static enum verdict answer_error(struct rig *r, uint16_t reason) {
    struct proto_edge_reply reply = {
        .session = r->request->session, .request = r->request->request, .type = PROTO_error};
    struct proto_error error = {.reason = reason};
    buf answer = {0};
    CHECK_OK(proto_error_encode(&answer, &error));
    reply.body = buf_slice(&answer);
    session_reply(&r->links[reply.session - 1].session, &r->env, &reply);
    buf_free(&answer);
    return DROP;
}

/* The server refuses for good what this client sends. */
static enum verdict refuse_send(struct rig *r, struct client *from, uint16_t type, slice body) {
    (void)body;
    return from == client(1) && type == PROTO_send ? answer_error(r, PROTO_REASON_NONE) : PASS;
}

TEST(who_could_not_ask_to_leave_is_still_in) {
    uint64_t command;
    start(3);
    rig.on_request = refuse_send;
    CHECK_OK(core_conversation_leave(client(1)->core, 1, rig.now, &command));
    rig_finish(client(1), command, ERR_DENIED);
    CHECK_EQ(rig_state(client(1)).state, CORE_CONVERSATION_ACTIVE);
    rig.on_request = NULL;
    rig_finish(client(1), rig_say(client(1), "still here"), OK);
    rig_fini(&rig);
}

/* ---- Left behind ---- */

/* Takes one address out of a list. */
static void without(struct proto_list *list, const uint8_t address[PROTO_ADDRESS], buf *rest) {
    for (uint32_t i = 0; i < list->count; i++) {
        const uint8_t *p = list->bytes.p + i * PROTO_ADDRESS;
        if (memcmp(p, address, PROTO_ADDRESS) != 0)
            CHECK_OK(buf_append(rest, slice_of(p, PROTO_ADDRESS)));
    }
    *list = (struct proto_list){buf_slice(rest), list->count - 1};
}

/* Member 2 leaves member 1 out of what it sends. */
static enum verdict leave_out(struct rig *r, struct client *from, uint16_t type, slice body) {
    uint8_t victim[PROTO_ADDRESS];
    struct proto_send send;
    struct proto_commit commit;
    buf rest = {0}, changed = {0};
    if (from != client(2) || (type != PROTO_send && type != PROTO_commit))
        return PASS;
    address_of(2, 1, victim);
    writer w = writer_on(&changed);
    if (type == PROTO_send) {
        CHECK_OK(proto_send_decode(body, &send));
        without(&send.addresses, victim, &rest);
        proto_send_write(&w, &send);
    } else {
        CHECK_OK(proto_commit_decode(body, &commit));
        without(&commit.addresses, victim, &rest);
        proto_commit_write(&w, &commit);
    }
    CHECK_OK(writer_result(&w));
    struct proto_edge_request request = *r->request;
    request.body = buf_slice(&changed);
    mail_request(r->mail, &request);
    buf_free(&changed);
    buf_free(&rest);
    return DROP;
}

TEST(a_wish_to_leave_that_was_kept_from_a_member_does_not_leave_it_behind) {
    uint64_t command;
    start(3);
    rig.on_request = leave_out;
    CHECK_OK(core_conversation_leave(client(2)->core, 1, rig.now, &command));
    rig_pass(&rig, TIME_MINUTE);
    CHECK_EQ(rig_state(client(2)).state, CORE_CONVERSATION_LEFT);
    rig_same_state(&rig, 2);
    rig_finish(client(0), rig_say(client(0), "for all"), OK);
    rig_run(&rig);
    CHECK(strcmp(rig_texts(client(1)), "for all\n") == 0);
    rig_fini(&rig);
}

static bool list_kinds(void *ctx, const struct core_message *m) {
    char *kinds = ctx;
    if (m->kind != CORE_MESSAGE_CONTENT)
        kinds[strlen(kinds)] = (char)('0' + m->kind);
    return true;
}

TEST(who_was_left_behind_is_told_and_can_be_added_again) {
    uint64_t command;
    char kinds[64] = {0};
    start(3);
    rig.on_request = leave_out;
    update(2);
    rig.on_request = NULL;
    rig_finish(client(0), rig_say(client(0), "from a later epoch"), OK);
    CHECK_EQ(rig_state(client(1)).waiting, 1);
    rig_pass(&rig, 20 * TIME_MINUTE);
    CHECK(rig_state(client(1)).behind);
    CHECK(!rig_state(client(1)).spoiled);
    /* It is not said to be sent. */
    uint64_t said = rig_say(client(1), "held back");
    rig_pass(&rig, TIME_MINUTE);
    CHECK(rig_done(client(1), said) == NULL);
    rig_crash(client(1));
    rig_pass(&rig, TIME_MINUTE);
    CHECK(rig_state(client(1)).behind);
    CHECK(rig_done(client(1), said) == NULL);
    remove_member(0, 1, OK);
    CHECK_OK(core_conversation_add(client(0)->core, 1, client(1)->account, rig.now, &command));
    rig_finish(client(0), command, OK);
    rig_pass(&rig, TIME_MINUTE);
    CHECK_EQ(rig_state(client(1)).state, CORE_CONVERSATION_ACTIVE);
    CHECK(!rig_state(client(1)).behind);
    CHECK_EQ(rig_state(client(1)).waiting, 0);
    rig_finish(client(1), said, OK);
    rig_finish(client(2), rig_say(client(2), "welcome back"), OK);
    rig_run(&rig);
    rig_same_state(&rig, 3);
    CHECK(strcmp(rig_texts(client(0)), "from a later epoch\nheld back\nwelcome back\n") == 0);
    CHECK(strcmp(rig_texts(client(1)), "held back\nwelcome back\n") == 0);
    CHECK_OK(core_messages(client(1)->core, 1, 0, UINT64_MAX, list_kinds, kinds));
    CHECK(strcmp(kinds, "3853") == 0); /* joined, named, removed, joined */
    rig_fini(&rig);
}

TEST(who_is_behind_may_leave_alone) {
    uint64_t command;
    start(3);
    rig.on_request = leave_out;
    update(2);
    rig.on_request = NULL;
    rig_finish(client(0), rig_say(client(0), "from a later epoch"), OK);
    rig_pass(&rig, 20 * TIME_MINUTE);
    CHECK_OK(core_conversation_leave(client(1)->core, 1, rig.now, &command));
    rig_finish(client(1), command, OK);
    CHECK_EQ(rig_state(client(1)).state, CORE_CONVERSATION_LEFT);
    rig_fini(&rig);
}

/* Member `by` commits what was proposed, by reference. */
static void commit_proposals(size_t by) {
    struct conversation *c = view(by);
    struct mls_commit_params params = {.wire = MLS_PRIVATE_MESSAGE};
    struct mls_committed made;
    struct proto_commit m = {0};
    uint32_t members;
    buf item = {0}, addresses = {0}, body = {0};
    memset(&made, 0, sizeof made);
    CHECK_OK(mls_group_commit(c->group, &params, &client(by)->core->auth, &made));
    memcpy(m.group, c->r.group, sizeof m.group);
    CHECK_OK(core_leaf_token(c->group, m.token));
    CHECK_OK(core_leaf_staged_next(made.staged, m.next));
    CHECK_OK(core_leaf_staged_roster_hash(made.staged, m.roster_hash, &members));
    CHECK_OK(core_leaf_roster(c->group, &addresses, &m.addresses.count));
    CHECK_OK(proto_item_write(&item, PROTO_ITEM_MESSAGE, buf_slice(&made.commit)));
    m.addresses.bytes = buf_slice(&addresses);
    m.item = buf_slice(&item);
    CHECK_OK(proto_commit_encode(&body, &m));
    struct proto_edge_request request = {
        .session = 1, .request = 1, .type = PROTO_commit, .body = buf_slice(&body)};
    mail_request(rig.mail, &request);
    rig_run(&rig);
    mls_committed_free(&made, client(by)->core->mem);
    buf_free(&item);
    buf_free(&addresses);
    buf_free(&body);
}

/* Keeps what has no mark, and the rest passes. */
static enum verdict stall_proposal(struct rig *r, struct client *to, uint16_t type, slice body) {
    (void)r;
    if (to != client(1) || stalled.count > 0 || rig_marked(to, type, body) != 0)
        return PASS;
    CHECK_OK(buf_set(&stalled.deliveries[stalled.count++], body));
    return DROP;
}

TEST(who_misses_a_proposal_is_behind_until_it_comes) {
    uint8_t to[PROTO_ADDRESS];
    uint64_t command;
    buf plain = {0};
    slice mark, item;
    start(4);
    rig_admin(client(0), client(2));
    memset(&stalled, 0, sizeof stalled);
    rig.on_reply = stall_proposal;
    CHECK_OK(core_conversation_leave(client(3)->core, 1, rig.now, &command));
    rig_run(&rig);
    commit_proposals(2);
    CHECK_EQ(rig_state(client(0)).members, 3);
    CHECK_EQ(rig_state(client(1)).waiting, 1);
    rig_pass(&rig, 20 * TIME_MINUTE);
    CHECK(rig_state(client(1)).behind);
    CHECK(rig_open(client(1), PROTO_delivery, buf_slice(&stalled.deliveries[0]), &plain, &mark,
                   &item));
    address_of(0, 1, to);
    rig_send(&rig, to, item);
    buf_free(&plain);
    rig_pass(&rig, TIME_MINUTE);
    CHECK(!rig_state(client(1)).behind);
    rig_same_state(&rig, 2);
    CHECK_EQ(rig_status(client(1)).outbox, 0);
    buf_free(&stalled.deliveries[0]);
    rig_fini(&rig);
}

/* Who knows the group's id can make something wait, but not stop a conversation. */
TEST(junk_of_a_later_epoch_leaves_nobody_behind) {
    uint8_t to[PROTO_ADDRESS];
    buf message = {0};
    start(3);
    address_of(2, 1, to);
    remove_member(0, 2, OK);
    uint64_t epoch = rig_state(client(1)).epoch;
    junk(1, epoch + 3, MLS_APPLICATION, 1, &message);
    send_message(to, buf_slice(&message));
    CHECK_EQ(rig_state(client(1)).waiting, 1);
    rig_pass(&rig, 30 * TIME_MINUTE);
    CHECK(!rig_state(client(1)).behind);
    CHECK_EQ(rig_state(client(1)).epoch, epoch + 1);
    rig_finish(client(1), rig_say(client(1), "not held back"), OK);
    buf_free(&message);
    rig_fini(&rig);
}

static enum verdict stall_commit(struct rig *r, struct client *to, uint16_t type, slice body) {
    (void)r;
    if (to != client(1) || stalled.count > 0 || rig_marked(to, type, body) != 1)
        return PASS;
    CHECK_OK(buf_set(&stalled.deliveries[stalled.count++], body));
    return DROP;
}

/* What an ex-member sends leaves room for what counts, and goes. */
TEST(junk_does_not_fill_the_room_for_what_waits) {
    uint8_t to[PROTO_ADDRESS];
    start(3);
    address_of(2, 1, to);
    remove_member(0, 2, OK);
    uint64_t epoch = rig_state(client(1)).epoch;
    for (uint32_t i = 0; i < 10 + WAITING_CONVERSATION_MAX; i++) {
        buf message = {0};
        bool far = i < 10;
        junk(1, far ? (uint64_t)1 << 60 : epoch + EPOCHS_AHEAD, MLS_APPLICATION, i, &message);
        send_message(to, buf_slice(&message));
        buf_free(&message);
    }
    CHECK_EQ(rig_status(client(1)).dropped, 10);
    CHECK_EQ(rig_state(client(1)).waiting, WAITING_CONVERSATION_MAX);
    /* A message overtakes its commit. */
    memset(&stalled, 0, sizeof stalled);
    rig.on_reply = stall_commit;
    update(0);
    rig_finish(client(0), rig_say(client(0), "not lost"), OK);
    rig.on_reply = NULL;
    CHECK_EQ(rig_state(client(1)).waiting, WAITING_CONVERSATION_MAX);
    CHECK_EQ(rig_state(client(1)).quarantined, 1);
    buf plain = {0};
    slice mark, item;
    CHECK(rig_open(client(1), PROTO_delivery, buf_slice(&stalled.deliveries[0]), &plain, &mark,
                   &item));
    rig_deliver(client(1), rig_status(client(1)).position + 1, mark, item);
    buf_free(&plain);
    CHECK(strcmp(rig_texts(client(1)), "not lost\n") == 0);
    jump(9 * TIME_WEEK);
    CHECK_EQ(rig_state(client(1)).waiting, 0);
    buf_free(&stalled.deliveries[0]);
    rig_fini(&rig);
}

enum { LARGE = 7 * 1024 * 1024 };

static void send_large_junk(const struct conversation *c, uint8_t salt,
                            const uint8_t to[PROTO_ADDRESS]) {
    buf message = {0};
    junk(1, c->r.epoch + 2, MLS_APPLICATION, 0, &message);
    memcpy(message.p + 5, c->r.group, sizeof c->r.group);
    CHECK_OK(buf_resize(&message, LARGE));
    memset(message.p + 256, salt, LARGE - 256);
    rig_send_blob(&rig, to, buf_slice(&message));
    rig_run(&rig);
    buf_free(&message);
}

/* What a blob holds of a later epoch has no more room than what an item does, and not much. */
TEST(junk_in_blobs_does_not_fill_more_room_than_any_other) {
    uint8_t to[PROTO_ADDRESS];
    start(3);
    address_of(2, 1, to);
    uint64_t epoch = rig_state(client(1)).epoch;
    for (uint32_t i = 0; i < 10 + WAITING_CONVERSATION_MAX; i++) {
        buf message = {0};
        client(1)->count = 0;
        junk(1, epoch + 2, MLS_APPLICATION, i, &message);
        rig_send_blob(&rig, to, buf_slice(&message));
        rig_run(&rig);
        buf_free(&message);
    }
    CHECK_EQ(rig_state(client(1)).waiting, WAITING_CONVERSATION_MAX);
    for (uint8_t i = 0; i < 4; i++)
        send_large_junk(view(1), i, to);
    CHECK_EQ(rig_state(client(1)).waiting, WAITING_CONVERSATION_BYTES / LARGE);
    rig_fini(&rig);
}

TEST(nor_that_of_many_conversations) {
    uint8_t to[PROTO_ADDRESS];
    uint64_t command;
    uint32_t number;
    start(2);
    address_of(0, 1, to);
    for (int i = 0; i < 3; i++) {
        CHECK_OK(core_conversation_new(client(0)->core, SLICE_EMPTY,
                                       (const uint8_t(*)[CORE_ACCOUNT])client(1)->account, 1,
                                       rig.now, &command, &number));
        rig_finish(client(0), command, OK);
        const struct list *all = &client(1)->core->conversations;
        for (uint8_t j = 0; j < 2; j++)
            send_large_junk(all->p[all->n - 1], j, to);
    }
    CHECK_EQ(rig_status(client(1)).waiting, WAITING_BYTES / LARGE);
    rig_fini(&rig);
}

/* ---- Conversations that come again ---- */

static struct {
    buf item;
    uint8_t address[PROTO_ADDRESS];
    size_t from;
    enum verdict verdict;
} letter;

/* Keeps the letter of a client's next commit, and lets the commit pass or not. */
static enum verdict keep_letter(struct rig *r, struct client *from, uint16_t type, slice body) {
    struct proto_commit m;
    struct proto_letter l;
    (void)r;
    if (from != client(letter.from) || type != PROTO_commit || letter.item.n > 0)
        return PASS;
    CHECK_OK(proto_commit_decode(body, &m));
    reader letters = reader_of(m.letters.bytes);
    CHECK_OK(proto_letter_read(&letters, &l));
    CHECK_OK(buf_set(&letter.item, l.item));
    memcpy(letter.address, l.address, PROTO_ADDRESS);
    return letter.verdict;
}

static void keep_letter_of(size_t from, enum verdict verdict) {
    memset(&letter, 0, sizeof letter);
    letter.from = from;
    letter.verdict = verdict;
    rig.on_request = keep_letter;
}

static void leave(size_t i) {
    uint64_t command;
    CHECK_OK(core_conversation_leave(client(i)->core, 1, rig.now, &command));
    rig_pass(&rig, TIME_MINUTE);
    CHECK_EQ(rig_state(client(i)).state, CORE_CONVERSATION_LEFT);
}

TEST(an_ex_member_does_not_come_by_the_name_and_history_of_a_conversation) {
    uint8_t group[32];
    struct conversation *c;
    struct entry *entry;
    struct core_conversation again;
    start(3);
    rig_finish(client(0), rig_say(client(0), "long ago"), OK);
    memcpy(group, view(2)->r.group, sizeof group);
    remove_member(0, 2, OK);
    leave(1);
    uint64_t messages = rig_state(client(1)).messages;
    /* A group of the same id, that the server does not hear of. */
    struct core *core = client(2)->core;
    core_conversation_lookup(core, 1)->r.group[0] ^= 1;
    CHECK_OK(core_txn_begin(core));
    CHECK_OK(core_conversation_insert(core, group, CORE_CONVERSATION_NEW, &c));
    CHECK_OK(core_entry_add(core, c, ENTRY_CREATE, SLICE_ARRAY(client(1)->account), false, &entry));
    CHECK_OK(core_txn_end(core, OK));
    keep_letter_of(2, DROP);
    core_wake(core, rig.now);
    rig_run(&rig);
    CHECK(letter.item.n > 0);
    rig_send(&rig, letter.address, buf_slice(&letter.item));
    rig_pass(&rig, TIME_MINUTE);
    CHECK_EQ(rig_state(client(1)).state, CORE_CONVERSATION_LEFT);
    CHECK_EQ(rig_state(client(1)).messages, messages);
    CHECK_OK(core_conversation_get(client(1)->core, 2, &again));
    CHECK_EQ(again.state, CORE_CONVERSATION_ACTIVE);
    CHECK_EQ(again.name.n, 0);
    CHECK_EQ(again.messages, 1);
    buf_free(&letter.item);
    rig_fini(&rig);
}

/* RFC 9420 rule 12.4.3-2 */
TEST(a_group_of_the_same_id_does_not_come_over_a_conversation) {
    uint8_t group[32];
    enum proto_item_kind kind;
    struct conversation *c;
    struct entry *entry;
    slice welcome;
    start(3);
    memcpy(group, view(2)->r.group, sizeof group);
    remove_member(0, 2, OK);
    rig_run(&rig);
    bool unseen;
    static const uint8_t nowhere[8];
    struct core *core = client(2)->core, *victim = client(1)->core;
    core_conversation_lookup(core, 1)->r.group[0] ^= 1;
    CHECK_OK(core_txn_begin(core));
    CHECK_OK(core_conversation_insert(core, group, CORE_CONVERSATION_NEW, &c));
    CHECK_OK(core_entry_add(core, c, ENTRY_CREATE, SLICE_ARRAY(client(1)->account), false, &entry));
    CHECK_OK(core_txn_end(core, OK));
    keep_letter_of(2, DROP);
    core_wake(core, rig.now);
    rig_run(&rig);
    CHECK_OK(proto_item_read(buf_slice(&letter.item), &kind, &welcome));
    CHECK_OK(core_txn_begin(victim));
    CHECK_ERR(core_conversation_join(victim, welcome, nowhere, &unseen), ERR_EXISTS);
    CHECK_OK(core_txn_end(victim, OK));
    buf_free(&letter.item);
    rig_fini(&rig);
}

/* Uses up the one-time key packages of client 1, and leaves the last resort. */
static void take_key_packages(void) {
    const struct contact *contact = core_contact_lookup(client(0)->core, client(1)->account);
    struct proto_key_package_take m;
    core_online(client(1)->core, false, rig.now);
    rig_run(&rig);
    memcpy(m.address, contact->r.addresses.p + CORE_DEVICE, PROTO_ADDRESS);
    for (int i = 0; i < 4; i++) {
        buf body = {0};
        CHECK_OK(proto_key_package_take_encode(&body, &m));
        struct proto_edge_request request = {
            .session = 1, .request = 1, .type = PROTO_key_package_take, .body = buf_slice(&body)};
        mail_request(rig.mail, &request);
        rig_run(&rig);
        buf_free(&body);
    }
}

static void new_conversation(void) {
    uint64_t command;
    uint32_t number;
    CHECK_OK(core_conversation_new(client(0)->core, SLICE_EMPTY,
                                   (const uint8_t(*)[16])client(1)->account, 1, rig.now, &command,
                                   &number));
    rig_finish(client(0), command, OK);
}

TEST(a_welcome_does_not_open_a_conversation_twice) {
    enum proto_item_kind kind;
    slice content;
    buf larger = {0};
    rig_init(&rig, 2);
    rig_meet_all(&rig, 2);
    take_key_packages();
    keep_letter_of(0, PASS);
    new_conversation();
    core_online(client(1)->core, true, rig.now);
    rig_pass(&rig, TIME_MINUTE);
    leave(1);
    CHECK_OK(proto_item_read(buf_slice(&letter.item), &kind, &content));
    CHECK_OK(proto_item_write(&larger, kind, content));
    CHECK_OK(buf_resize(&larger, larger.n * 2));
    rig_send(&rig, letter.address, buf_slice(&larger));
    CHECK_EQ(rig_status(client(1)).repeats, 1);
    /* The hash forgotten, the epoch to which it leads is known. */
    jump(SEEN_TIME + TIME_WEEK);
    rig_send(&rig, letter.address, buf_slice(&larger));
    CHECK_EQ(rig_status(client(1)).repeats, 2);
    CHECK_EQ(rig_status(client(1)).conversations, 1);
    CHECK_EQ(rig_state(client(1)).state, CORE_CONVERSATION_LEFT);
    buf_free(&larger);
    buf_free(&letter.item);
    rig_fini(&rig);
}

/* ---- Mailboxes that refuse ---- */

/* So many members after the first take nothing of what it sends. */
static uint32_t full;

static enum verdict refuse_copies(struct rig *r, struct client *from, uint16_t type, slice body) {
    struct proto_edge_reply reply = {
        .session = r->request->session, .request = r->request->request, .type = PROTO_sent};
    struct proto_sent answer = {.taken = true, .refused = {.count = full}};
    buf list = {0}, bytes = {0};
    (void)body;
    if (from != client(0) || type != PROTO_send || full == 0)
        return PASS;
    r->hits++;
    for (uint32_t i = 0; i < full; i++) {
        struct proto_refusal refusal = {.place = (uint16_t)(i + 1),
                                        .reason = PROTO_REASON_MAILBOX_FULL};
        CHECK_OK(proto_refusal_encode(&list, &refusal));
    }
    answer.refused.bytes = buf_slice(&list);
    CHECK_OK(proto_sent_encode(&bytes, &answer));
    reply.body = buf_slice(&bytes);
    session_reply(&r->links[reply.session - 1].session, &r->env, &reply);
    buf_free(&list);
    buf_free(&bytes);
    return DROP;
}

static bool last_refused(void *ctx, const struct core_message *m) {
    if (m->kind == CORE_MESSAGE_CONTENT)
        *(uint32_t *)ctx = m->refused;
    return true;
}

TEST(what_nobody_takes_is_not_sent) {
    start(3);
    full = 2;
    rig.on_request = refuse_copies;
    uint64_t said = rig_say(client(0), "patience");
    rig_pass(&rig, TIME_DAY);
    CHECK(rig_done(client(0), said) == NULL);
    CHECK_EQ(rig_notices(client(0), CORE_NOTICE_SENT), 0);
    CHECK_EQ(rig_state(client(0)).refused, 2);
    CHECK(rig.hits >= 20 && rig.hits <= 80);
    full = 0;
    rig_pass(&rig, 2 * TIME_HOUR);
    CHECK_ERR(rig_done(client(0), said)->notice.error, OK);
    CHECK_EQ(rig_done(client(0), said)->notice.refused, 0);
    CHECK_EQ(rig_state(client(0)).refused, 0);
    CHECK(strcmp(rig_texts(client(1)), "patience\n") == 0);
    rig_fini(&rig);
}

TEST(what_some_do_not_take_says_so) {
    uint32_t refused = 0;
    start(3);
    full = 1;
    rig.on_request = refuse_copies;
    uint64_t said = rig_say(client(0), "half");
    rig_finish(client(0), said, OK);
    CHECK_EQ(rig_done(client(0), said)->notice.refused, 1);
    CHECK_OK(core_messages(client(0)->core, 1, 0, UINT64_MAX, last_refused, &refused));
    CHECK_EQ(refused, 1);
    rig_fini(&rig);
}

/* ---- Away for long ---- */

static void come_back(uint64_t away, bool last_resort) {
    rig_init(&rig, 2);
    rig_meet_all(&rig, 2);
    core_online(client(1)->core, false, rig.now);
    rig_run(&rig);
    jump(away);
    if (last_resort)
        take_key_packages();
    new_conversation();
    rig_finish(client(0), rig_say(client(0), "welcome back"), OK);
    jump(12 * TIME_WEEK);
    rig_crash(client(1));
    rig_pass(&rig, TIME_MINUTE);
    CHECK(strcmp(rig_texts(client(1)), "welcome back\n") == 0);
    rig_fini(&rig);
}

TEST(who_was_away_for_months_can_still_be_added) {
    come_back(25 * TIME_WEEK, false);
    come_back(25 * TIME_WEEK, true);
}

/* ---- Very many conversations ---- */

TEST(a_stranger_who_begins_very_many_conversations_leaves_room_for_others) {
    struct core_conversation c;
    uint64_t command, message;
    start(2);
    take_key_packages();
    core_online(client(1)->core, true, rig.now);
    rig_finish(client(1), rig_say(client(1), "this one counts"), OK);
    for (int i = 0; i < CONVERSATIONS_UNUSED + 2; i++) {
        client(0)->count = client(1)->count = 0;
        new_conversation();
        rig_run(&rig);
        if (i == 1)
            CHECK_OK(core_send_text(client(1)->core, 3, CORE_TEXT_PLAIN, slice_str("so does this"),
                                    NULL, rig.now, &command, &message));
    }
    CHECK_EQ(rig_status(client(1)).conversations, CONVERSATIONS_UNUSED + 2);
    CHECK(strcmp(rig_texts(client(1)), "this one counts\n") == 0);
    CHECK_ERR(core_conversation_get(client(1)->core, 2, &c), ERR_NOT_FOUND);
    CHECK_OK(core_conversation_get(client(1)->core, 3, &c));
    CHECK_OK(core_conversation_get(client(1)->core, CONVERSATIONS_UNUSED + 3, &c));
    rig_crash(client(1));
    rig_pass(&rig, TIME_SECOND);
    CHECK_EQ(rig_status(client(1)).conversations, CONVERSATIONS_UNUSED + 2);
    CHECK_ERR(core_conversation_get(client(1)->core, 2, &c), ERR_NOT_FOUND);
    rig_fini(&rig);
}

/* ---- Blobs ---- */

static enum verdict count_gets(struct rig *r, struct client *from, uint16_t type, slice body) {
    (void)body;
    r->hits += from == client(1) && type == PROTO_blob_get;
    return PASS;
}

TEST(a_blob_is_fetched_once_however_many_items_name_it) {
    uint8_t to[PROTO_ADDRESS];
    buf content = {0}, sealed = {0};
    struct proto_blob_reference reference;
    start(2);
    address_of(0, 1, to);
    CHECK_OK(buf_resize(&content, 1 << 20));
    CHECK_OK(core_blob_seal(buf_slice(&content), &sealed, &reference));
    rig_put_blob(&rig, buf_slice(&sealed), &reference, to);
    rig.on_request = count_gets;
    for (uint8_t i = 0; i < 20; i++) {
        buf bytes = {0}, item = {0};
        reference.key[0] = i;
        CHECK_OK(proto_blob_reference_encode(&bytes, &reference));
        CHECK_OK(proto_item_write(&item, PROTO_ITEM_BLOB, buf_slice(&bytes)));
        rig_send(&rig, to, buf_slice(&item));
        buf_free(&bytes);
        buf_free(&item);
    }
    rig_pass(&rig, TIME_MINUTE);
    CHECK_EQ(rig.hits, reference.chunks);
    CHECK_EQ(rig_status(client(1)).repeats, 19);
    buf_free(&content);
    buf_free(&sealed);
    rig_fini(&rig);
}

TEST(what_is_too_much_for_a_day_waits_and_holds_nothing_up) {
    start(2);
    uint64_t messages = rig_state(client(1)).messages;
    client(1)->core->fetched = FETCHED_MAX;
    rig_say_much(client(0));
    update(0);
    rig_finish(client(0), rig_say(client(0), "in time"), OK);
    rig_finish(client(1), rig_say(client(1), "so is this"), OK);
    CHECK_EQ(rig_state(client(1)).messages, messages + 2);
    CHECK_EQ(rig_status(client(1)).waiting, 1);
    rig_pass(&rig, TIME_DAY);
    CHECK_EQ(rig_state(client(1)).messages, messages + 3);
    CHECK_EQ(rig_status(client(1)).waiting, 0);
    rig_same_state(&rig, 2);
    rig_fini(&rig);
}

static enum verdict cut_gets(struct rig *r, struct client *from, uint16_t type, slice body) {
    (void)body;
    if (from != client(1) || type != PROTO_blob_get)
        return PASS;
    r->hits++;
    return CUT;
}

TEST(a_blob_that_never_comes_is_given_up) {
    start(2);
    rig.on_request = cut_gets;
    rig_say_much(client(0));
    update(0);
    for (int i = 0; i < 25; i++) {
        rig_pass(&rig, TIME_HOUR);
        client(1)->count = 0;
    }
    CHECK(rig.hits < 2000);
    CHECK_EQ(rig_status(client(1)).waiting, 0);
    CHECK_EQ(rig_status(client(1)).quarantined, 1);
    rig_finish(client(1), rig_say(client(1), "go on"), OK);
    rig_same_state(&rig, 2);
    rig_fini(&rig);
}

/* ---- Lost answers ---- */

/* The account is made, its maker does not hear of it, and the server is busy when it logs in. */
static enum verdict lose_registration(struct rig *r, struct client *to, uint16_t type, slice body) {
    (void)to, (void)body;
    return type == PROTO_ok && r->hits == 1 ? CUT : PASS;
}

static enum verdict busy_login(struct rig *r, struct client *from, uint16_t type, slice body) {
    (void)from, (void)body;
    if (type == PROTO_register_account && r->hits++ > 0)
        return answer_error(r, PROTO_REASON_EXISTS);
    return type == PROTO_login && r->hits == 2 ? answer_error(r, PROTO_REASON_BUSY) : PASS;
}

TEST(a_busy_server_does_not_make_an_invite_used) {
    rig_init(&rig, 0);
    rig.on_reply = lose_registration;
    rig.on_request = busy_login;
    rig_account(&rig, 0);
    CHECK_EQ(rig.hits, 3);
    CHECK(rig_status(client(0)).registered);
    rig_fini(&rig);
}

/* The maker does not hear that its commit was taken, and its mailbox is slow. */
static enum verdict lose_taken(struct rig *r, struct client *to, uint16_t type, slice body) {
    (void)r;
    if (to != client(0))
        return PASS;
    if (type == PROTO_delivery) {
        CHECK(stalled.count < 16);
        CHECK_OK(buf_set(&stalled.deliveries[stalled.count++], body));
        return DROP;
    }
    if (type != PROTO_committed || stalled.cut)
        return PASS;
    stalled.cut = true;
    to->away = true;
    return CUT;
}

TEST(a_conversation_whose_making_is_late_is_made) {
    uint64_t command, updated;
    uint32_t number;
    rig_init(&rig, 2);
    rig_meet_all(&rig, 2);
    memset(&stalled, 0, sizeof stalled);
    rig.on_reply = lose_taken;
    CHECK_OK(core_conversation_new(client(0)->core, SLICE_EMPTY,
                                   (const uint8_t(*)[16])client(1)->account, 1, rig.now, &command,
                                   &number));
    rig_run(&rig);
    CHECK_OK(core_conversation_update(client(1)->core, 1, rig.now, &updated));
    rig_finish(client(1), updated, OK);
    client(0)->away = false;
    rig_pass(&rig, 5 * TIME_SECOND);
    for (size_t i = 0; i < stalled.count; i++) {
        rig_reply(client(0), PROTO_delivery, buf_slice(&stalled.deliveries[i]));
        buf_free(&stalled.deliveries[i]);
    }
    rig.on_reply = NULL;
    rig_finish(client(0), command, OK);
    rig_finish(client(1), rig_say(client(1), "are you there?"), OK);
    rig_run(&rig);
    CHECK(strcmp(rig_texts(client(0)), "are you there?\n") == 0);
    rig_same_state(&rig, 2);
    rig_fini(&rig);
}

/* Our mailbox refused our copy, and the answer that said so is lost. */
static enum verdict lose_copy(struct rig *r, struct client *to, uint16_t type, slice body) {
    if (to != client(0))
        return PASS;
    if (rig_marked(to, type, body) == 1)
        return DROP;
    return type == PROTO_committed && r->hits++ == 0 ? CUT : PASS;
}

TEST(a_commit_that_was_taken_does_not_wait_for_a_copy_that_is_lost) {
    uint64_t command;
    start(2);
    rig.on_reply = lose_copy;
    CHECK_OK(core_conversation_update(client(0)->core, 1, rig.now, &command));
    rig_pass(&rig, 5 * TIME_MINUTE);
    CHECK(rig_done(client(0), command) != NULL);
    rig_finish(client(0), rig_say(client(0), "after it"), OK);
    rig_run(&rig);
    CHECK(strcmp(rig_texts(client(1)), "after it\n") == 0);
    rig_same_state(&rig, 2);
    rig_fini(&rig);
}

static enum verdict busy_send(struct rig *r, struct client *from, uint16_t type, slice body) {
    (void)body;
    bool sends = from == client(0) && (type == PROTO_send || type == PROTO_roster_send);
    return sends ? answer_error(r, PROTO_REASON_BUSY) : PASS;
}

static void sweep(void) {
    for (int i = 0; i < 10000 && mail_sweep(rig.mail); i++)
        mail_commit(rig.mail);
}

static void start_again(struct client *c) {
    c->away = false;
    rig_crash(c);
    rig_pass(&rig, 5 * TIME_MINUTE);
}

static bool longest(void *most, const struct core_message *m) {
    *(size_t *)most = m->text.n > *(size_t *)most ? m->text.n : *(size_t *)most;
    return true;
}

/* A blob that was put long before the item that names it would be gone before that. */
TEST(what_is_sent_after_weeks_brings_a_blob_that_lasts) {
    static char text[40001];
    size_t most = 0;
    memset(text, 'x', sizeof text - 1);
    start(2);
    core_online(client(1)->core, false, rig.now);
    rig.on_request = busy_send;
    uint64_t command = rig_say(client(0), text);
    rig_pass(&rig, TIME_MINUTE);
    CHECK(rig_done(client(0), command) == NULL);
    core_online(client(0)->core, false, rig.now);
    jump(3 * TIME_WEEK);
    sweep();
    rig.on_request = NULL;
    start_again(client(0));
    rig_finish(client(0), command, OK);
    core_online(client(0)->core, false, rig.now);
    jump(17 * TIME_DAY);
    sweep();
    start_again(client(1));
    CHECK_OK(core_messages(client(1)->core, 1, 0, UINT64_MAX, longest, &most));
    CHECK_EQ(most, sizeof text - 1);
    rig_fini(&rig);
}

static enum verdict busy_commit(struct rig *r, struct client *from, uint16_t type, slice body) {
    (void)body;
    return from == client(0) && type == PROTO_commit ? answer_error(r, PROTO_REASON_BUSY) : PASS;
}

/* Three in a conversation whose commits, and a Welcome, travel as blobs. */
static void start_large(size_t count) {
    rig_roster_above = 2;
    rig_default(&rig, count);
    rig_roster_above = 0;
    rig_conversation(&rig, 3);
}

TEST(a_commit_and_a_welcome_that_leave_after_weeks_bring_blobs_that_last) {
    uint64_t command;
    start_large(4);
    for (size_t i = 1; i < 4; i++)
        core_online(client(i)->core, false, rig.now);
    rig.on_request = busy_commit;
    CHECK_OK(core_conversation_add(client(0)->core, 1, client(3)->account, rig.now, &command));
    rig_pass(&rig, TIME_MINUTE);
    CHECK(rig_done(client(0), command) == NULL);
    core_online(client(0)->core, false, rig.now);
    jump(3 * TIME_WEEK);
    sweep();
    rig.on_request = NULL;
    start_again(client(0));
    rig_finish(client(0), command, OK);
    CHECK_EQ(rig_status(client(0)).repeats, 0); /* the copy is known as ours */
    core_online(client(0)->core, false, rig.now);
    jump(17 * TIME_DAY);
    sweep();
    for (size_t i = 0; i < 4; i++)
        start_again(client(i));
    CHECK(strcmp(rig_members(client(3)), "0123") == 0);
    rig_same_state(&rig, 4);
    rig_fini(&rig);
}

static struct {
    uint8_t items[4][32]; /* hashes */
    size_t count;
} commits;

static enum verdict note_commit(struct rig *r, struct client *from, uint16_t type, slice body) {
    struct proto_commit m;
    (void)r;
    if (from == client(0) && type == PROTO_commit && commits.count < 4) {
        CHECK_OK(proto_commit_decode(body, &m));
        CHECK_OK(core_hash32(commits.items[commits.count++], m.item));
    }
    return PASS;
}

/* The maker does not hear that its commit was taken, nor gets its copy until it has asked again. */
static enum verdict lose_answer(struct rig *r, struct client *to, uint16_t type, slice body) {
    if (to != client(0))
        return PASS;
    if (r->hits < 2 && rig_marked(to, type, body) == 1)
        return DROP;
    if (type != PROTO_committed || r->hits++ > 0)
        return PASS;
    to->away = true;
    return CUT;
}

TEST(a_commit_that_was_taken_weeks_ago_is_the_same_in_another_blob) {
    uint64_t command;
    memset(&commits, 0, sizeof commits);
    start_large(3);
    rig.on_request = note_commit;
    rig.on_reply = lose_answer;
    CHECK_OK(core_conversation_update(client(0)->core, 1, rig.now, &command));
    rig_pass(&rig, TIME_MINUTE);
    CHECK_EQ(rig.hits, 1);
    for (size_t i = 0; i < 3; i++)
        core_online(client(i)->core, false, rig.now);
    jump(3 * TIME_WEEK);
    sweep();
    for (size_t i = 0; i < 3; i++)
        start_again(client(i));
    CHECK_EQ(rig.hits, 2);
    CHECK_EQ(commits.count, 2);
    CHECK(memcmp(commits.items[0], commits.items[1], 32) != 0);
    rig_finish(client(0), command, OK);
    rig_same_state(&rig, 3);
    rig_finish(client(0), rig_say(client(0), "after it"), OK);
    rig_run(&rig);
    CHECK(strcmp(rig_texts(client(2)), "after it\n") == 0);
    rig_fini(&rig);
}

/* The copy lived in the mailbox as long as an item can. */
TEST(a_commit_whose_copy_expired_is_applied) {
    uint64_t command;
    start(2);
    memset(&stalled, 0, sizeof stalled);
    rig.on_reply = lose_taken;
    CHECK_OK(core_conversation_update(client(0)->core, 1, rig.now, &command));
    rig_run(&rig);
    rig.on_reply = NULL;
    core_online(client(0)->core, false, rig.now);
    jump(14 * TIME_WEEK);
    sweep();
    client(0)->away = false;
    rig_crash(client(0));
    rig_pass(&rig, TIME_MINUTE);
    CHECK(rig_status(client(0)).gaps > 0);
    rig_finish(client(0), rig_say(client(0), "after it"), OK);
    rig_run(&rig);
    CHECK(strcmp(rig_texts(client(1)), "after it\n") == 0);
    rig_same_state(&rig, 2);
    for (size_t i = 0; i < stalled.count; i++)
        buf_free(&stalled.deliveries[i]);
    rig_fini(&rig);
}

TEST_MAIN
