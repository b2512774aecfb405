/* Conversations whose roster is stored at the server: here, all of more than two devices. */
#define HELD_DAMAGES /* it takes away what no handler would */
#include "rig.h"
#include "server/internal.h"

static struct rig rig;

static struct client *client(size_t i) {
    return &rig.clients[i];
}

static void start(size_t count) {
    rig_roster_above = 2;
    rig_init(&rig, count);
    rig_meet_all(&rig, count);
}

static void check_texts(size_t count, const char *texts) {
    for (size_t i = 0; i < count; i++)
        CHECK_SLICE(slice_str(rig_texts(client(i))), slice_str(texts));
}

static bool count_entry(void *ctx, struct store_key key, slice value) {
    (void)key, (void)value;
    ++*(size_t *)ctx;
    return true;
}

static size_t count_entries(enum mail_table table) {
    size_t n = 0;
    CHECK_OK(store_scan_table(rig.store, (uint8_t)table, count_entry, &n));
    return n;
}

static unsigned sends, roster_sends, uploads;

static enum verdict count_requests(struct rig *r, struct client *from, uint16_t type, slice body) {
    (void)r, (void)from, (void)body;
    sends += type == PROTO_send;
    roster_sends += type == PROTO_roster_send;
    uploads += type == PROTO_blob_put;
    return PASS;
}

static void update(struct client *c) {
    uint64_t command;
    CHECK_OK(core_conversation_update(c->core, 1, rig.now, &command));
    rig_finish(c, command, OK);
}

TEST(a_conversation_that_grows_and_shrinks_changes_its_way) {
    uint64_t command;
    start(4);
    rig_conversation(&rig, 2);
    rig.on_request = count_requests;
    rig_finish(client(1), rig_say(client(1), "two"), OK);
    CHECK_EQ(sends, 1);
    CHECK_EQ(count_entries(MAIL_ROSTER), 0);
    CHECK_OK(core_conversation_add(client(0)->core, 1, client(2)->account, rig.now, &command));
    rig_finish(client(0), command, OK);
    rig_pass(&rig, TIME_SECOND);
    CHECK_EQ(count_entries(MAIL_ROSTER), 1);
    CHECK_EQ(count_entries(MAIL_BLOB), 0);
    sends = roster_sends = 0;
    rig_finish(client(2), rig_say(client(2), "three"), OK);
    CHECK_EQ(sends, 0);
    CHECK_EQ(roster_sends, 1);
    CHECK_OK(core_conversation_add(client(1)->core, 1, client(3)->account, rig.now, &command));
    rig_finish(client(1), command, OK);
    rig_pass(&rig, TIME_SECOND);
    rig_same_state(&rig, 4);
    rig_finish(client(3), rig_say(client(3), "four"), OK);
    rig_run(&rig);
    CHECK(strcmp(rig_texts(client(0)), "two\nthree\nfour\n") == 0);
    CHECK_EQ(count_entries(MAIL_ROSTER), 1);
    CHECK_OK(core_conversation_remove(client(0)->core, 1, client(3)->account, rig.now, &command));
    rig_finish(client(0), command, OK);
    CHECK_OK(core_conversation_remove(client(0)->core, 1, client(2)->account, rig.now, &command));
    rig_finish(client(0), command, OK);
    CHECK_EQ(count_entries(MAIL_ROSTER), 0);
    CHECK_EQ(count_entries(MAIL_BLOB), 0);
    rig_pass(&rig, TIME_SECOND);
    sends = roster_sends = 0;
    rig_finish(client(1), rig_say(client(1), "two again"), OK);
    CHECK(sends == 1 && roster_sends == 0);
    rig_finish(client(0), command, OK);
    rig_same_state(&rig, 2);
    rig_fini(&rig);
}

static enum verdict lose_deliveries(struct rig *r, struct client *to, uint16_t type, slice body) {
    (void)r, (void)body;
    return to == client(0) && type == PROTO_delivery ? DROP : PASS;
}

TEST(a_late_send_reaches_nobody_and_goes_out_again_in_the_new_epoch) {
    start(4);
    rig_conversation(&rig, 4);
    rig.on_reply = lose_deliveries;
    update(client(1));
    uint64_t said = rig_say(client(0), "late");
    rig_run(&rig);
    CHECK(rig_done(client(0), said) == NULL);
    CHECK(strcmp(rig_texts(client(2)), "") == 0);
    rig.on_reply = NULL;
    rig_cut(&rig, client(0)); /* what waits comes now, the winner with it */
    rig_finish(client(0), said, OK);
    CHECK_EQ(rig_done(client(0), said)->notice.refused, 0);
    rig_pass(&rig, TIME_SECOND);
    check_texts(4, "late\n");
    rig_same_state(&rig, 4);
    rig_fini(&rig);
}

TEST(racing_commits_bring_one_roster) {
    uint64_t command[3];
    start(4);
    rig_conversation(&rig, 4);
    for (size_t i = 0; i < 3; i++)
        CHECK_OK(core_conversation_update(client(i)->core, 1, rig.now, &command[i]));
    for (size_t i = 0; i < 3; i++)
        rig_finish(client(i), command[i], OK);
    rig_pass(&rig, TIME_SECOND);
    rig_same_state(&rig, 4);
    CHECK_EQ(count_entries(MAIL_ROSTER), 1);
    for (size_t i = 0; i < 4; i++)
        rig_finish(client(i), rig_say(client(i), "x"), OK);
    rig_pass(&rig, TIME_SECOND);
    check_texts(4, "x\nx\nx\nx\n");
    rig_fini(&rig);
}

/* The n-th request of client 0 is lost with its link, and the client dies there. */
static enum verdict lose_nth(struct rig *r, struct client *from, uint16_t type, slice body) {
    (void)body;
    bool counts = type == PROTO_blob_put || type == PROTO_commit || type == PROTO_roster_send;
    if (from != client(0) || !counts)
        return PASS;
    return r->hits-- == 1 ? CUT : PASS;
}

TEST(wherever_a_client_dies_its_commit_and_its_roster_come_once) {
    start(3);
    rig_conversation(&rig, 3);
    rig.on_request = lose_nth;
    for (unsigned n = 1; n <= 3; n++) {
        uint64_t command, epoch = rig_state(client(0)).epoch;
        rig.hits = n;
        CHECK_OK(core_conversation_update(client(0)->core, 1, rig.now, &command));
        uint64_t said = rig_say(client(0), "x");
        rig_run(&rig);
        rig_crash(client(0));
        rig_finish(client(0), command, OK);
        rig_finish(client(0), said, OK);
        rig_pass(&rig, TIME_SECOND);
        CHECK_EQ(rig_state(client(1)).epoch, epoch + 1);
        rig_same_state(&rig, 3);
        CHECK_EQ(count_entries(MAIL_ROSTER), 1);
    }
    check_texts(3, "x\nx\nx\n");
    rig_fini(&rig);
}

/* The server's answer to the first commit is this refusal. */
static uint16_t refusal;

static enum verdict refuse_commit(struct rig *r, struct client *from, uint16_t type, slice body) {
    struct proto_error error = {.reason = refusal};
    buf bytes = {0};
    (void)count_requests(r, from, type, body);
    if (type != PROTO_commit || refusal == 0)
        return PASS;
    CHECK_OK(proto_error_encode(&bytes, &error));
    struct proto_edge_reply reply = {.session = r->request->session,
                                     .request = r->request->request,
                                     .type = PROTO_error,
                                     .body = buf_slice(&bytes)};
    session_reply(&r->links[reply.session - 1].session, &r->env, &reply);
    buf_free(&bytes);
    refusal = 0;
    return DROP;
}

TEST(a_roster_that_the_server_has_no_more_is_uploaded_again) {
    start(3);
    rig_conversation(&rig, 3);
    rig.on_request = refuse_commit;
    refusal = PROTO_REASON_NONE;
    uploads = 0;
    update(client(0));
    CHECK_EQ(uploads, 2);
    rig_pass(&rig, TIME_SECOND);
    rig_same_state(&rig, 3);
    rig_fini(&rig);
}

static struct store_key first_key;
static uint8_t first_name[32];

static bool keep_key(void *ctx, struct store_key key, slice value) {
    (void)ctx, (void)value;
    memcpy(first_name, key.name.p, key.name.n);
    first_key = (struct store_key){key.table, slice_of(first_name, key.name.n), key.number};
    return false;
}

static void lose_roster(void) {
    struct store_batch *batch;
    CHECK_OK(store_scan_table(rig.store, MAIL_ROSTER, keep_key, NULL));
    CHECK_OK(store_batch_new(&batch, NULL));
    CHECK_OK(store_batch_delete(batch, first_key));
    CHECK_OK(store_commit_now(rig.store, batch));
    store_batch_free(batch);
    CHECK_EQ(count_entries(MAIL_ROSTER), 0);
}

TEST(without_its_roster_a_conversation_is_spoiled_and_nobody_is_stuck) {
    uint64_t command;
    start(3);
    rig_conversation(&rig, 3);
    lose_roster();
    CHECK_OK(core_conversation_update(client(0)->core, 1, rig.now, &command));
    rig_finish(client(0), command, ERR_DENIED);
    CHECK_EQ(rig_done(client(0), command)->notice.reason, PROTO_REASON_ROSTER);
    CHECK(rig_state(client(0)).spoiled);
    uint64_t said = rig_say(client(1), "lost");
    rig_pass(&rig, TIME_HOUR);
    CHECK_ERR(rig_done(client(1), said)->notice.error, ERR_LATE);
    CHECK(rig_state(client(1)).spoiled);
    rig_fini(&rig);
}

TEST(a_large_message_and_the_wish_to_leave_go_by_the_roster) {
    uint64_t command, message;
    buf text = {0};
    start(4);
    rig_conversation(&rig, 4);
    CHECK_OK(buf_resize(&text, 90000));
    memset(text.p, 'x', text.n);
    CHECK_OK(core_send_text(client(1)->core, 1, CORE_TEXT_PLAIN, buf_slice(&text), NULL, rig.now,
                            &command, &message));
    rig_finish(client(1), command, OK);
    rig_pass(&rig, 5 * TIME_SECOND);
    CHECK_EQ(rig_state(client(3)).messages, 3); /* that it joined, the name, and the text */
    CHECK_OK(core_conversation_leave(client(3)->core, 1, rig.now, &command));
    rig_finish(client(3), command, OK);
    rig_pass(&rig, 10 * TIME_SECOND);
    CHECK_EQ(rig_state(client(3)).state, CORE_CONVERSATION_LEFT);
    rig_same_state(&rig, 3);
    CHECK(strcmp(rig_members(client(0)), "012") == 0);
    buf_free(&text);
    rig_fini(&rig);
}

/* A send that is not answered yet. */
static struct proto_edge_reply answer_due;

static enum verdict keep_send(struct rig *r, struct client *from, uint16_t type, slice body) {
    (void)body;
    if (from != client(2) || type != PROTO_roster_send || answer_due.session != 0)
        return PASS;
    answer_due = (struct proto_edge_reply){
        .session = r->request->session, .request = r->request->request, .type = PROTO_sent};
    return DROP;
}

static enum verdict lose_commits(struct rig *r, struct client *to, uint16_t type, slice body) {
    (void)r;
    return to == client(2) && rig_marked(to, type, body) == 1 ? DROP : PASS;
}

static void answer_late(void) {
    struct proto_sent late = {.taken = false};
    buf bytes = {0};
    CHECK_OK(proto_sent_encode(&bytes, &late));
    answer_due.body = buf_slice(&bytes);
    session_reply(&rig.links[answer_due.session - 1].session, &rig.env, &answer_due);
    buf_free(&bytes);
}

/* The conversation came again, by a Welcome, while the answer was under way. */
TEST(what_was_late_in_a_state_that_ended_goes_out_in_the_next) {
    uint64_t command;
    memset(&answer_due, 0, sizeof answer_due);
    start(3);
    rig_conversation(&rig, 3);
    rig.on_request = keep_send;
    rig.on_reply = lose_commits;
    uint64_t said = rig_say(client(2), "here again");
    rig_run(&rig);
    CHECK(answer_due.session != 0);
    CHECK_OK(core_conversation_remove(client(0)->core, 1, client(2)->account, rig.now, &command));
    rig_finish(client(0), command, OK);
    CHECK_OK(core_conversation_add(client(0)->core, 1, client(2)->account, rig.now, &command));
    rig_finish(client(0), command, OK);
    rig_run(&rig);
    CHECK_EQ(rig_state(client(2)).epoch, rig_state(client(0)).epoch);
    answer_late();
    rig_finish(client(2), said, OK);
    rig_run(&rig);
    check_texts(2, "here again\n");
    CHECK(!rig_state(client(2)).spoiled);
    rig_same_state(&rig, 3);
    rig_fini(&rig);
}

TEST_MAIN
