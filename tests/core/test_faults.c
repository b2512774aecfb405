/* Lost answers, cut links, dead clients, stores that fail: nothing is lost, nothing happens twice.
 */
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

static void check_texts(size_t count, const char *texts) {
    for (size_t i = 0; i < count; i++)
        CHECK_SLICE(slice_str(rig_texts(client(i))), slice_str(texts));
}

/* ---- Answers that are lost ---- */

static uint16_t lost_type;
static struct client *victim;

static enum verdict lose_answer(struct rig *r, struct client *to, uint16_t type, slice body) {
    (void)body;
    if (type != lost_type || to != victim || r->hits == 0)
        return PASS;
    r->hits--;
    return CUT;
}

static void lose(struct client *c, uint16_t type, unsigned times) {
    lost_type = type;
    victim = c;
    rig.hits = times;
    rig.on_reply = lose_answer;
}

TEST(a_send_whose_answer_is_lost_arrives_once) {
    start(3);
    lose(client(0), PROTO_sent, 3);
    rig_finish(client(0), rig_say(client(0), "once"), OK);
    rig_pass(&rig, TIME_SECOND);
    CHECK_EQ(rig.hits, 0);
    check_texts(3, "once\n");
    CHECK_EQ(rig_notices(client(0), CORE_NOTICE_SENT), 1);
    CHECK(rig_status(client(1)).repeats == 3);
    CHECK_EQ(rig_status(client(1)).quarantined, 0);
    rig_fini(&rig);
}

TEST(a_commit_whose_answer_is_lost_happens_once) {
    uint64_t command;
    start(3);
    uint64_t epoch = rig_state(client(0)).epoch;
    lose(client(0), PROTO_committed, 1);
    CHECK_OK(core_conversation_update(client(0)->core, 1, rig.now, &command));
    rig_finish(client(0), command, OK);
    rig_pass(&rig, TIME_SECOND);
    CHECK_EQ(rig_state(client(2)).epoch, epoch + 1);
    rig_same_state(&rig, 3);
    rig_fini(&rig);
}

TEST(a_creation_whose_answers_are_lost_happens_once) {
    rig_init(&rig, 3);
    rig_meet_all(&rig, 3);
    lose(client(0), PROTO_committed, 2);
    rig_conversation(&rig, 3);
    CHECK_EQ(rig_status(client(1)).conversations, 1);
    lose(client(0), PROTO_key_package_taken, 1);
    uint64_t command;
    uint32_t number;
    CHECK_OK(core_conversation_new(client(0)->core, SLICE_EMPTY,
                                   (const uint8_t(*)[16])client(1)->account, 1, rig.now, &command,
                                   &number));
    rig_finish(client(0), command, OK);
    rig_fini(&rig);
}

TEST(a_chunk_whose_answer_is_lost_is_put_again) {
    uint64_t command, message;
    buf text = {0};
    start(2);
    CHECK_OK(buf_resize(&text, 90000));
    memset(text.p, 'x', text.n);
    lose(client(0), PROTO_blob_state, 1);
    CHECK_OK(core_send_text(client(0)->core, 1, CORE_TEXT_PLAIN, buf_slice(&text), NULL, rig.now,
                            &command, &message));
    rig_finish(client(0), command, OK);
    CHECK_EQ(rig.hits, 0);
    lose(client(1), PROTO_blob_chunk, 1);
    rig_pass(&rig, 5 * TIME_SECOND);
    CHECK_EQ(rig_state(client(1)).messages, 3); /* that it joined, the name, and the text */
    buf_free(&text);
    rig_fini(&rig);
}

/* A retry that became too old is encrypted again as the same message. */
TEST(a_retry_after_many_epochs_is_the_same_message) {
    uint64_t command;
    start(3);
    client(0)->away = true;
    rig.on_reply = NULL;
    lose(client(0), PROTO_sent, 1);
    uint64_t said = rig_say(client(0), "late but once");
    rig_run(&rig);
    rig_cut(&rig, client(0));
    for (int i = 0; i < 12; i++) {
        CHECK_OK(core_conversation_update(client(1)->core, 1, rig.now, &command));
        rig_finish(client(1), command, OK);
    }
    client(0)->away = false;
    rig_finish(client(0), said, OK);
    rig_pass(&rig, TIME_SECOND);
    check_texts(3, "late but once\n");
    CHECK_EQ(rig_status(client(1)).quarantined, 0);
    rig_same_state(&rig, 3);
    rig_fini(&rig);
}

static enum verdict lose_send(struct rig *r, struct client *from, uint16_t type, slice body) {
    (void)body;
    return from == victim && type == PROTO_send && r->hits++ == 0 ? CUT : PASS;
}

TEST(a_message_that_never_left_is_encrypted_again_after_many_epochs) {
    uint64_t command;
    start(3);
    victim = client(0);
    rig.on_request = lose_send;
    uint64_t said = rig_say(client(0), "late");
    rig_run(&rig);
    CHECK_EQ(rig.hits, 1);
    client(0)->away = true;
    rig_cut(&rig, client(0));
    for (int i = 0; i < 12; i++) {
        CHECK_OK(core_conversation_update(client(1)->core, 1, rig.now, &command));
        rig_finish(client(1), command, OK);
    }
    client(0)->away = false;
    rig_finish(client(0), said, OK);
    rig_pass(&rig, TIME_SECOND);
    check_texts(3, "late\n");
    CHECK_EQ(rig_status(client(1)).quarantined, 0);
    rig_fini(&rig);
}

static enum verdict no_deliveries(struct rig *r, struct client *to, uint16_t type, slice body) {
    (void)r, (void)body;
    return to == victim && type == PROTO_delivery ? DROP : PASS;
}

/* The server took it behind commits which had not come to its sender, whose link was half open. */
TEST(a_message_that_many_commits_have_overtaken_is_sent_again) {
    uint64_t command;
    start(3);
    victim = client(0);
    rig.on_reply = no_deliveries;
    for (int i = 0; i < 12; i++) {
        CHECK_OK(core_conversation_update(client(1)->core, 1, rig.now, &command));
        rig_finish(client(1), command, OK);
    }
    rig_finish(client(0), rig_say(client(0), "overtaken"), OK);
    CHECK(strcmp(rig_texts(client(2)), "") == 0);
    rig.on_reply = NULL;
    rig_cut(&rig, client(0));
    rig_pass(&rig, TIME_MINUTE);
    check_texts(3, "overtaken\n");
    CHECK_EQ(rig_notices(client(0), CORE_NOTICE_SENT), 2);
    rig_same_state(&rig, 3);
    rig_fini(&rig);
}

/* ---- Links that are cut, at every frame ---- */

static enum verdict cut_at(struct rig *r, struct client *from, uint16_t type, slice body) {
    (void)from, (void)type, (void)body;
    return r->hits-- == 0 ? CUT : PASS;
}

TEST(a_link_may_break_at_any_request) {
    for (unsigned at = 0; at < 12; at++) {
        uint64_t command;
        start(2);
        rig.hits = at;
        rig.on_request = cut_at;
        uint64_t first = rig_say(client(0), "one");
        CHECK_OK(core_conversation_update(client(1)->core, 1, rig.now, &command));
        uint64_t second = rig_say(client(1), "two");
        rig_finish(client(0), first, OK);
        rig_finish(client(1), second, OK);
        rig_pass(&rig, TIME_SECOND);
        CHECK_EQ(strlen(rig_texts(client(0))), 8);
        CHECK_EQ(strlen(rig_texts(client(1))), 8);
        rig_same_state(&rig, 2);
        rig_fini(&rig);
    }
}

/* ---- Clients that die ---- */

static enum verdict crash_soon(struct rig *r, struct client *from, uint16_t type, slice body) {
    (void)from, (void)type, (void)body;
    r->hits++;
    return PASS;
}

/* Actions are carried out one by one; after the n-th the client dies. */
static void run_and_crash(unsigned at) {
    uint64_t commands[4];
    uint32_t number;
    struct core_action action;
    rig_init(&rig, 3);
    rig_meet_all(&rig, 3);
    rig.on_request = crash_soon;
    CHECK_OK(core_conversation_new(client(0)->core, slice_str("us"),
                                   (const uint8_t(*)[16])client(1)->account, 1, rig.now,
                                   &commands[0], &number));
    commands[1] = rig_say(client(0), "one");
    CHECK_OK(core_conversation_add(client(0)->core, 1, client(2)->account, rig.now, &commands[2]));
    commands[3] = rig_say(client(0), "two");
    (void)action;
    /* Let the world go on until so many requests were made, then kill the first client. */
    for (int i = 0; i < 400 && rig.hits < at; i++)
        rig_pass(&rig, 50);
    rig_crash(client(0));
    rig_pass(&rig, 2 * TIME_SECOND);
    rig_crash(client(1));
    rig_crash(client(2));
    for (int i = 0; i < 100 && rig_status(client(0)).outbox > 0; i++)
        rig_pass(&rig, TIME_SECOND);
    rig_pass(&rig, 10 * TIME_SECOND);
    CHECK_EQ(rig_status(client(0)).outbox, 0);
    CHECK_SLICE(slice_str(rig_texts(client(0))), slice_str("one\ntwo\n"));
    CHECK_SLICE(slice_str(rig_texts(client(1))), slice_str("one\ntwo\n"));
    CHECK_SLICE(slice_str(rig_texts(client(2))), slice_str("two\n"));
    rig_same_state(&rig, 3);
    for (size_t i = 0; i < 3; i++)
        CHECK_EQ(rig_status(client(i)).quarantined, 0);
    rig_fini(&rig);
}

TEST(a_client_may_die_at_any_request) {
    for (unsigned at = 1; at < 24; at += 2)
        run_and_crash(at);
}

/* ---- Stores that fail ---- */

static void say_with_fault(int64_t in, bool torn) {
    uint64_t first, message;
    start(2);
    client(0)->plan.fail_commit_in = in;
    client(0)->plan.torn = torn;
    err e = core_send_text(client(0)->core, 1, CORE_TEXT_PLAIN, slice_str("x"), NULL, rig.now,
                           &first, &message);
    CHECK(e == OK || e == ERR_DISK_FULL);
    uint64_t command;
    CHECK_OK(core_conversation_update(client(1)->core, 1, rig.now, &command));
    rig_finish(client(1), command, OK);
    uint64_t second = rig_say(client(1), "y");
    rig_finish(client(1), second, OK);
    for (int i = 0; i < 60 && rig_status(client(0)).outbox > 0; i++)
        rig_pass(&rig, TIME_SECOND);
    rig_pass(&rig, 5 * TIME_SECOND);
    CHECK_EQ(rig_status(client(0)).outbox, 0);
    size_t n = e == OK || torn ? 4 : 2;
    CHECK_EQ(strlen(rig_texts(client(0))), n);
    CHECK_EQ(strlen(rig_texts(client(1))), n);
    if (client(0)->plan.fail_commit_in < 0)
        CHECK(rig_notices(client(0), CORE_NOTICE_TROUBLE) > 0);
    rig_same_state(&rig, 2);
    CHECK_EQ(rig_status(client(0)).quarantined, 0);
    rig_fini(&rig);
}

TEST(any_commit_of_the_store_may_fail) {
    for (int64_t in = 0; in < 9; in++)
        say_with_fault(in, false);
}

/* The batch is there, and the store says that it is not. */
TEST(any_commit_of_the_store_may_be_there_although_it_failed) {
    for (int64_t in = 0; in < 9; in++)
        say_with_fault(in, true);
}

static enum verdict fill_disk(struct rig *r, struct client *to, uint16_t type, slice body) {
    (void)r, (void)body;
    if (to == victim && type == PROTO_delivery)
        to->plan.fail_commit_in = 0;
    return PASS;
}

TEST(a_full_disk_acknowledges_nothing) {
    start(2);
    uint64_t position = rig_status(client(1)).position;
    size_t told = rig_notices(client(1), CORE_NOTICE_MESSAGE);
    victim = client(1);
    rig.on_reply = fill_disk;
    rig_finish(client(0), rig_say(client(0), "kept by the server"), OK);
    rig_pass(&rig, TIME_MINUTE);
    CHECK_EQ(rig_status(client(1)).position, position);
    CHECK(rig_notices(client(1), CORE_NOTICE_TROUBLE) > 1);
    CHECK_ERR(rig_last(client(1), CORE_NOTICE_TROUBLE)->notice.error, ERR_DISK_FULL);
    CHECK_EQ(rig_notices(client(1), CORE_NOTICE_MESSAGE), told);
    rig.on_reply = NULL;
    rig_pass(&rig, 2 * TIME_MINUTE);
    CHECK(strcmp(rig_texts(client(1)), "kept by the server\n") == 0);
    CHECK(rig_status(client(1)).position > position);
    rig_fini(&rig);
}

TEST(a_store_that_can_not_be_read_is_tried_again) {
    start(2);
    client(1)->plan.fail_commit_in = 0;
    client(1)->plan.fail_get_in = 0;
    rig_finish(client(0), rig_say(client(0), "patience"), OK);
    rig_pass(&rig, TIME_MINUTE);
    CHECK(strcmp(rig_texts(client(1)), "patience\n") == 0);
    rig_fini(&rig);
}

/* ---- Memory that fails ---- */

static void talk_with_failing_memory(size_t at, size_t *calls) {
    struct support_mem m;
    uint64_t command, message;
    support_mem_init(&m, 0);
    start(2);
    core_close(client(1)->core);
    client(1)->core = NULL;
    rig_cut(&rig, client(1));
    client(1)->config.mem = &m.mem;
    CHECK_OK(core_open(&client(1)->core, client(1)->store, &client(1)->config, rig.now));
    size_t before = m.calls;
    m.fail_at = at == 0 ? 0 : m.calls + at;
    core_online(client(1)->core, true, rig.now);
    err e = core_send_text(client(1)->core, 1, CORE_TEXT_PLAIN, slice_str("x"), NULL, rig.now,
                           &command, &message);
    CHECK(e == OK || e == ERR_NO_MEMORY);
    rig_finish(client(0), rig_say(client(0), "y"), OK);
    CHECK_OK(core_conversation_update(client(0)->core, 1, rig.now, &command));
    rig_finish(client(0), command, OK);
    for (int i = 0; i < 60 && rig_status(client(1)).outbox > 0; i++)
        rig_pass(&rig, TIME_SECOND);
    rig_pass(&rig, TIME_MINUTE);
    *calls = m.calls - before;
    m.fail_at = 0;
    CHECK_EQ(rig_status(client(1)).outbox, 0);
    CHECK_EQ(strlen(rig_texts(client(0))), e == OK ? 4 : 2);
    CHECK_EQ(strlen(rig_texts(client(1))), e == OK ? 4 : 2);
    CHECK_EQ(rig_status(client(1)).quarantined, 0);
    rig_same_state(&rig, 2);
    core_close(client(1)->core);
    client(1)->core = NULL;
    CHECK_EQ(m.blocks, 0);
    CHECK_EQ(m.dirty, 0);
    rig_fini(&rig);
}

TEST(any_allocation_may_fail) {
    size_t calls, unused;
    talk_with_failing_memory(0, &calls);
    CHECK(calls > 200);
    for (size_t at = 1; at < calls; at += 1 + at / 32)
        talk_with_failing_memory(at, &unused);
}

TEST_MAIN
