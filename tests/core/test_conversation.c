/* Several cores and the real server logic: conversations from beginning to end. */
#include "rig.h"

static struct rig rig;

static struct client *client(size_t i) {
    return &rig.clients[i];
}

static void start(size_t count) {
    rig_init(&rig, count);
    rig_meet_all(&rig, count);
}

/* Nobody lost, refused or put aside anything. */
static void all_is_well(size_t count) {
    for (size_t i = 0; i < count; i++) {
        struct core_status s = rig_status(client(i));
        CHECK_EQ(s.quarantined, 0);
        CHECK_EQ(s.waiting, 0);
        CHECK_EQ(s.dropped, 0);
        CHECK_EQ(s.outbox, 0);
        CHECK_EQ(rig_notices(client(i), CORE_NOTICE_TROUBLE), 0);
    }
}

static void check_texts(size_t count, const char *texts) {
    for (size_t i = 0; i < count; i++)
        CHECK_SLICE(slice_str(rig_texts(client(i))), slice_str(texts));
}

TEST(two_people_talk) {
    start(2);
    rig_conversation(&rig, 2);
    rig_finish(client(0), rig_say(client(0), "hello"), OK);
    rig_finish(client(1), rig_say(client(1), "hello yourself"), OK);
    rig_run(&rig);
    check_texts(2, "hello\nhello yourself\n");
    all_is_well(2);
    CHECK_SLICE(rig_state(client(1)).name, slice_str("us"));
    CHECK_EQ(rig_notices(client(0), CORE_NOTICE_SENT), 1);
    rig_fini(&rig);
}

TEST(five_people_talk) {
    start(5);
    rig_conversation(&rig, 5);
    CHECK(strcmp(rig_members(client(3)), "01234") == 0);
    for (size_t i = 0; i < 5; i++)
        rig_finish(client(i), rig_say(client(i), "here"), OK);
    rig_run(&rig);
    check_texts(5, "here\nhere\nhere\nhere\nhere\n");
    all_is_well(5);
    rig_fini(&rig);
}

TEST(what_is_sent_before_the_others_are_in_waits_for_them) {
    uint64_t command;
    uint32_t number;
    start(2);
    CHECK_OK(core_conversation_new(client(0)->core, SLICE_EMPTY,
                                   (const uint8_t(*)[16])client(1)->account, 1, rig.now, &command,
                                   &number));
    uint64_t said = rig_say(client(0), "early");
    rig_finish(client(0), said, OK);
    rig_run(&rig);
    check_texts(2, "early\n");
    all_is_well(2);
    rig_fini(&rig);
}

TEST(members_are_added_and_removed) {
    uint64_t command;
    start(4);
    rig_conversation(&rig, 3);
    rig_admin(client(0), client(1));
    CHECK_OK(core_conversation_add(client(1)->core, 1, client(3)->account, rig.now, &command));
    rig_finish(client(1), command, OK);
    rig_admin(client(0), client(3));
    rig_pass(&rig, TIME_SECOND);
    rig_same_state(&rig, 4);
    CHECK(strcmp(rig_members(client(3)), "0123") == 0);
    CHECK_SLICE(rig_state(client(3)).name, slice_str("us"));
    CHECK_OK(core_conversation_remove(client(3)->core, 1, client(2)->account, rig.now, &command));
    rig_finish(client(3), command, OK);
    rig_pass(&rig, TIME_SECOND);
    CHECK_EQ(rig_state(client(2)).state, CORE_CONVERSATION_REMOVED);
    CHECK(strcmp(rig_members(client(0)), "013") == 0);
    CHECK_ERR(core_send_text(client(2)->core, 1, CORE_TEXT_PLAIN, slice_str("x"), NULL, rig.now,
                             &command, &command),
              ERR_STATE);
    CHECK_OK(core_conversation_add(client(0)->core, 1, client(1)->account, rig.now, &command));
    rig_finish(client(0), command, ERR_EXISTS);
    CHECK_OK(core_conversation_remove(client(0)->core, 1, client(2)->account, rig.now, &command));
    rig_finish(client(0), command, ERR_NOT_FOUND);
    all_is_well(4);
    rig_fini(&rig);
}

TEST(a_removed_member_is_added_again) {
    uint64_t command;
    start(3);
    rig_conversation(&rig, 3);
    rig_admin(client(0), client(1));
    CHECK_OK(core_conversation_remove(client(0)->core, 1, client(2)->account, rig.now, &command));
    rig_finish(client(0), command, OK);
    CHECK_OK(core_conversation_add(client(1)->core, 1, client(2)->account, rig.now, &command));
    rig_finish(client(1), command, OK);
    rig_pass(&rig, TIME_SECOND);
    rig_same_state(&rig, 2);
    /* As another conversation: the old one stays as it was. */
    struct core_conversation c;
    uint8_t first[32], again[32];
    CHECK_EQ(rig_state(client(2)).state, CORE_CONVERSATION_REMOVED);
    CHECK_OK(core_conversation_find(client(2)->core, slice_str("us"), &c));
    CHECK_EQ(c.number, 2);
    CHECK_EQ(c.state, CORE_CONVERSATION_ACTIVE);
    CHECK_OK(core_conversation_authenticator(client(0)->core, 1, first));
    CHECK_OK(core_conversation_authenticator(client(2)->core, 2, again));
    CHECK_SLICE(SLICE_ARRAY(again), SLICE_ARRAY(first));
    all_is_well(3);
    rig_fini(&rig);
}

TEST(an_update_changes_keys_and_address) {
    uint64_t command;
    start(2);
    rig_conversation(&rig, 2);
    uint64_t epoch = rig_state(client(0)).epoch;
    for (int i = 0; i < 3; i++) {
        CHECK_OK(core_conversation_update(client(1)->core, 1, rig.now, &command));
        rig_finish(client(1), command, OK);
    }
    rig_run(&rig);
    CHECK_EQ(rig_state(client(0)).epoch, epoch + 3);
    rig_finish(client(0), rig_say(client(0), "to the new address"), OK);
    rig_run(&rig);
    check_texts(2, "to the new address\n");
    all_is_well(2);
    rig_fini(&rig);
}

TEST(a_member_leaves) {
    uint64_t command;
    start(3);
    rig_conversation(&rig, 3);
    CHECK_OK(core_conversation_leave(client(0)->core, 1, rig.now, &command));
    rig_finish(client(0), command, OK);
    rig_pass(&rig, 10 * TIME_SECOND);
    CHECK_EQ(rig_state(client(0)).state, CORE_CONVERSATION_LEFT);
    CHECK(strcmp(rig_members(client(1)), "12") == 0);
    CHECK(strcmp(rig_members(client(2)), "12") == 0);
    rig_finish(client(2), rig_say(client(2), "they left"), OK);
    rig_run(&rig);
    CHECK(strcmp(rig_texts(client(1)), "they left\n") == 0);
    CHECK(strcmp(rig_texts(client(0)), "") == 0);
    all_is_well(3);
    rig_fini(&rig);
}

/* Within a turn the server hears the clients in their order. */
static void leaves_while_one_commits(size_t leaver) {
    uint64_t command, other;
    start(3);
    rig_conversation(&rig, 3);
    CHECK_OK(core_conversation_update(client(1)->core, 1, rig.now, &other));
    CHECK_OK(core_conversation_leave(client(leaver)->core, 1, rig.now, &command));
    rig_finish(client(leaver), command, OK);
    rig_pass(&rig, 20 * TIME_SECOND);
    CHECK_EQ(rig_state(client(leaver)).state, CORE_CONVERSATION_LEFT);
    CHECK_EQ(rig_state(client(1)).members, 2);
    rig_fini(&rig);
}

TEST(a_leaver_asks_again_when_another_commit_follows) {
    leaves_while_one_commits(0);
}

TEST(a_leaver_asks_again_when_another_commit_came_first) {
    leaves_while_one_commits(2);
}

TEST(both_members_may_leave_at_once) {
    uint64_t command;
    start(2);
    rig_conversation(&rig, 2);
    CHECK_OK(core_conversation_leave(client(0)->core, 1, rig.now, &command));
    CHECK_OK(core_conversation_leave(client(1)->core, 1, rig.now, &command));
    rig_pass(&rig, 30 * TIME_SECOND);
    CHECK_EQ(rig_state(client(0)).state, CORE_CONVERSATION_LEFT);
    CHECK_EQ(rig_state(client(1)).state, CORE_CONVERSATION_LEFT);
    rig_fini(&rig);
}

TEST(the_last_member_just_goes) {
    uint64_t command;
    start(2);
    rig_conversation(&rig, 2);
    CHECK_OK(core_conversation_remove(client(0)->core, 1, client(1)->account, rig.now, &command));
    rig_finish(client(0), command, OK);
    CHECK_OK(core_conversation_leave(client(0)->core, 1, rig.now, &command));
    rig_finish(client(0), command, OK);
    CHECK_EQ(rig_state(client(0)).state, CORE_CONVERSATION_LEFT);
    rig_fini(&rig);
}

/* Commits of everybody at once: one wins an epoch, the others try again on top. */
TEST(commits_at_the_same_time_all_happen) {
    uint64_t commands[5];
    start(5);
    rig_conversation(&rig, 5);
    uint64_t epoch = rig_state(client(0)).epoch;
    for (size_t i = 0; i < 5; i++)
        CHECK_OK(core_conversation_update(client(i)->core, 1, rig.now, &commands[i]));
    for (size_t i = 0; i < 5; i++)
        rig_finish(client(i), commands[i], OK);
    rig_run(&rig);
    CHECK_EQ(rig_state(client(0)).epoch, epoch + 5);
    rig_same_state(&rig, 5);
    rig_finish(client(4), rig_say(client(4), "still here"), OK);
    rig_run(&rig);
    check_texts(5, "still here\n");
    all_is_well(5);
    rig_fini(&rig);
}

TEST(two_who_add_the_same_person_at_once) {
    uint64_t first, second;
    start(3);
    rig_conversation(&rig, 2);
    CHECK_OK(core_conversation_add(client(0)->core, 1, client(2)->account, rig.now, &first));
    CHECK_OK(core_conversation_add(client(1)->core, 1, client(2)->account, rig.now, &second));
    rig_pass(&rig, 30 * TIME_SECOND);
    err a = rig_done(client(0), first)->notice.error, b = rig_done(client(1), second)->notice.error;
    CHECK((a == OK && b == ERR_EXISTS) || (a == ERR_EXISTS && b == OK));
    CHECK(strcmp(rig_members(client(2)), "012") == 0);
    rig_same_state(&rig, 3);
    rig_fini(&rig);
}

TEST(messages_reach_who_was_away) {
    start(3);
    rig_conversation(&rig, 3);
    core_online(client(2)->core, false, rig.now);
    rig_run(&rig);
    for (int i = 0; i < 40; i++)
        rig_finish(client(i % 2), rig_say(client(i % 2), "while you were away"), OK);
    uint64_t command;
    CHECK_OK(core_conversation_update(client(0)->core, 1, rig.now, &command));
    rig_finish(client(0), command, OK);
    rig_finish(client(0), rig_say(client(0), "after"), OK);
    core_online(client(2)->core, true, rig.now);
    rig_pass(&rig, TIME_SECOND);
    CHECK_SLICE(slice_str(rig_texts(client(2))), slice_str(rig_texts(client(1))));
    rig_same_state(&rig, 3);
    all_is_well(3);
    rig_fini(&rig);
}

static bool take_epoch(void *ctx, const struct core_message *m) {
    if (m->kind == CORE_MESSAGE_CONTENT)
        *(uint64_t *)ctx = m->epoch;
    return true;
}

static uint64_t epoch_of_last_text(struct client *c) {
    uint64_t epoch = 0;
    CHECK_OK(core_messages(c->core, 1, 0, UINT64_MAX, take_epoch, &epoch));
    return epoch;
}

TEST(sender_and_receiver_show_the_epoch_in_which_a_message_was_sent) {
    uint64_t command;
    start(2);
    rig_conversation(&rig, 2);
    core_online(client(1)->core, false, rig.now);
    rig_run(&rig);
    uint64_t said = rig_say(client(1), "queued in an older epoch");
    CHECK_OK(core_conversation_update(client(0)->core, 1, rig.now, &command));
    rig_finish(client(0), command, OK);
    core_online(client(1)->core, true, rig.now);
    rig_finish(client(1), said, OK);
    rig_run(&rig);
    CHECK_EQ(epoch_of_last_text(client(1)), rig_state(client(0)).epoch);
    CHECK_EQ(epoch_of_last_text(client(0)), rig_state(client(0)).epoch);
    all_is_well(2);
    rig_fini(&rig);
}

TEST(names_reach_everybody) {
    uint64_t command;
    start(3);
    CHECK_OK(rig_name(client(1)->core, slice_str("Bob1"), rig.now));
    rig_conversation(&rig, 2);
    CHECK_OK(core_conversation_add(client(0)->core, 1, client(2)->account, rig.now, &command));
    rig_finish(client(0), command, OK);
    rig_admin(client(0), client(2));
    CHECK_OK(core_conversation_rename(client(2)->core, 1, slice_str("renamed"), rig.now, &command));
    rig_finish(client(2), command, OK);
    rig_run(&rig);
    for (size_t i = 0; i < 3; i++)
        CHECK_SLICE(rig_state(client(i)).name, slice_str("renamed"));
    struct core_contact contact;
    CHECK_OK(core_contact_get(client(0)->core, client(1)->account, &contact));
    CHECK_SLICE(contact.name, slice_str("Bob1"));
    rig_fini(&rig);
}

TEST(a_member_becomes_a_contact) {
    uint64_t command;
    rig_init(&rig, 4);
    rig_meet(client(0), client(1));
    rig_meet(client(0), client(2));
    rig_meet(client(1), client(3));
    rig_conversation(&rig, 3);
    CHECK_ERR(core_conversation_add(client(3)->core, 1, client(2)->account, rig.now, &command),
              ERR_NOT_FOUND);
    CHECK_OK(core_contact_meet(client(2)->core, 1, client(1)->account, slice_str("met"), rig.now));
    uint32_t number;
    CHECK_OK(core_conversation_new(client(2)->core, SLICE_EMPTY,
                                   (const uint8_t(*)[16])client(1)->account, 1, rig.now, &command,
                                   &number));
    rig_finish(client(2), command, OK);
    rig_run(&rig);
    struct core_conversation c;
    CHECK_OK(core_conversation_get(client(1)->core, 2, &c));
    CHECK_EQ(c.members, 2);
    CHECK_OK(core_conversation_find(client(2)->core, slice_str("met"), &c));
    CHECK_EQ(c.number, number);
    rig_fini(&rig);
}

/* A conversation of a client with another, and its number for the first. */
static uint32_t begin(size_t by, size_t with, const char *title) {
    uint64_t command;
    uint32_t number;
    CHECK_OK(core_conversation_new(client(by)->core, slice_str(title),
                                   (const uint8_t(*)[16])client(with)->account, 1, rig.now,
                                   &command, &number));
    rig_finish(client(by), command, OK);
    rig_run(&rig);
    return number;
}

static err found(size_t by, const char *text, uint32_t *number) {
    struct core_conversation c = {0};
    err e = core_conversation_find(client(by)->core, slice_str(text), &c);
    *number = c.number;
    return e;
}

TEST(a_title_that_others_chose_never_outweighs_a_contact) {
    uint32_t number;
    rig_init(&rig, 3);
    rig_meet_all(&rig, 3);
    struct core *core = client(0)->core;
    CHECK_OK(core_contact_rename(core, client(1)->account, slice_str("bob"), rig.now));
    uint32_t with_bob = begin(0, 1, "");
    begin(2, 0, "bob");
    CHECK_OK(found(0, "bob", &number));
    CHECK_EQ(number, with_bob);
    /* Without a petname the contact's own name is as little ours as the title. */
    begin(2, 0, "n1");
    CHECK_ERR(found(0, "n1", &number), ERR_LIMIT);
    CHECK_OK(core_contact_rename(core, client(1)->account, SLICE_EMPTY, rig.now));
    CHECK_OK(found(0, "bob", &number));
    CHECK(number != with_bob);
    rig_fini(&rig);
}

TEST(a_title_of_ours_outweighs_what_a_contact_calls_itself) {
    uint32_t number;
    uint64_t command;
    rig_init(&rig, 3);
    rig_meet_all(&rig, 3);
    struct core *core = client(0)->core;
    uint32_t ours = begin(0, 1, "n2");
    begin(0, 2, "");
    CHECK_OK(found(0, "n2", &number));
    CHECK_EQ(number, ours);
    CHECK_OK(core_contact_rename(core, client(2)->account, slice_str("n2"), rig.now));
    CHECK_ERR(found(0, "n2", &number), ERR_LIMIT);
    /* A title that another gave since then is no longer ours. */
    CHECK_OK(core_conversation_rename(client(1)->core, 1, slice_str("x"), rig.now, &command));
    rig_finish(client(1), command, OK);
    CHECK_OK(core_conversation_rename(client(1)->core, 1, slice_str("n2"), rig.now, &command));
    rig_finish(client(1), command, OK);
    CHECK_OK(found(0, "n2", &number));
    CHECK(number != ours);
    rig_fini(&rig);
}

static bool count_renamed(void *ctx, const struct core_message *m) {
    *(size_t *)ctx += m->kind == CORE_MESSAGE_RENAMED;
    return true;
}

TEST(the_first_name_of_a_conversation_is_an_event_too) {
    size_t count = 0;
    rig_init(&rig, 2);
    rig_meet_all(&rig, 2);
    begin(0, 1, "");
    uint64_t command;
    CHECK_OK(core_conversation_rename(client(0)->core, 1, slice_str("named"), rig.now, &command));
    rig_finish(client(0), command, OK);
    rig_run(&rig);
    CHECK_OK(core_messages(client(1)->core, 1, 1, 100, count_renamed, &count));
    CHECK_EQ(count, 1);
    rig_fini(&rig);
}

TEST(two_who_begin_at_once_find_the_same_conversation) {
    uint64_t command;
    uint32_t number, first, second;
    rig_init(&rig, 2);
    rig_meet_all(&rig, 2);
    CHECK_OK(core_conversation_new(client(0)->core, SLICE_EMPTY,
                                   (const uint8_t(*)[16])client(1)->account, 1, rig.now, &command,
                                   &number));
    begin(1, 0, "");
    rig_run(&rig);
    CHECK_OK(found(0, "n1", &first));
    CHECK_OK(found(1, "n0", &second));
    struct core_conversation a, b;
    CHECK_OK(core_conversation_get(client(0)->core, first, &a));
    CHECK_OK(core_conversation_get(client(1)->core, second, &b));
    CHECK_SLICE(a.group_id, b.group_id);
    rig_fini(&rig);
}

static void long_text(size_t n) {
    uint64_t command, message;
    buf text = {0};
    CHECK_OK(buf_resize(&text, n));
    memset(text.p, 'x', n);
    CHECK_OK(core_send_text(client(0)->core, 1, CORE_TEXT_PLAIN, buf_slice(&text), NULL, rig.now,
                            &command, &message));
    buf_free(&text);
    rig_finish(client(0), command, OK);
}

struct sizes {
    size_t n[16];
    size_t count;
};

static bool add_size(void *ctx, const struct core_message *m) {
    struct sizes *s = ctx;
    if (m->kind == CORE_MESSAGE_CONTENT)
        s->n[s->count++] = m->text.n;
    return true;
}

TEST(texts_of_every_size_arrive_and_large_ones_as_blobs) {
    static const size_t sizes[] = {1,     150,   200,   500,    4000,
                                   16000, 16300, 16400, 100000, CORE_TEXT_MAX};
    struct sizes got = {{0}, 0};
    start(2);
    rig_conversation(&rig, 2);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        long_text(sizes[i]);
    rig_finish(client(0), rig_say(client(0), "end"), OK);
    rig_pass(&rig, TIME_SECOND);
    CHECK_OK(core_messages(client(1)->core, 1, 0, UINT64_MAX, add_size, &got));
    CHECK_EQ(got.count, sizeof sizes / sizeof sizes[0] + 1);
    size_t sum = 0, expected = 3;
    for (size_t i = 0; i < got.count; i++)
        sum += got.n[i];
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        expected += sizes[i];
    CHECK_EQ(sum, expected);
    all_is_well(2);
    rig_fini(&rig);
}

TEST(the_default_suite_carries_its_welcomes_and_commits_as_blobs) {
    uint64_t command;
    rig_default(&rig, 6);
    rig_conversation(&rig, 6);
    CHECK(strcmp(rig_members(client(5)), "012345") == 0);
    CHECK_OK(core_conversation_update(client(3)->core, 1, rig.now, &command));
    rig_finish(client(3), command, OK);
    rig_finish(client(4), rig_say(client(4), "quantum"), OK);
    rig_pass(&rig, TIME_SECOND);
    check_texts(6, "quantum\n");
    rig_same_state(&rig, 6);
    all_is_well(6);
    rig_fini(&rig);
}

static enum verdict no_blobs(struct rig *r, struct client *from, uint16_t type, slice body) {
    (void)r, (void)body;
    return type == PROTO_blob_get && from == client(5) ? CUT : PASS;
}

static bool is_hello(void *found, const struct core_message *m) {
    *(bool *)found = *(bool *)found || slice_equal(m->text, slice_str("hello"));
    return true;
}

/* What is said travels in its items, while the commit that removes and the Welcome are blobs. */
TEST(what_waits_while_we_are_removed_and_added_again_by_blobs_is_read) {
    uint64_t command;
    bool found = false;
    rig_roster_above = 4;
    rig_default(&rig, 6);
    rig_roster_above = 0;
    rig_conversation(&rig, 6);
    rig.on_request = no_blobs;
    CHECK_OK(core_conversation_remove(client(0)->core, 1, client(5)->account, rig.now, &command));
    rig_finish(client(0), command, OK);
    CHECK_OK(core_conversation_add(client(0)->core, 1, client(5)->account, rig.now, &command));
    rig_finish(client(0), command, OK);
    rig_finish(client(0), rig_say(client(0), "hello"), OK);
    rig_pass(&rig, 5 * TIME_SECOND);
    CHECK_EQ(rig_status(client(5)).conversations, 1);
    rig.on_request = NULL;
    rig_pass(&rig, TIME_MINUTE);
    CHECK_EQ(rig_status(client(5)).conversations, 2);
    CHECK_EQ(rig_status(client(5)).waiting, 0);
    CHECK_OK(core_messages(client(5)->core, 2, 0, UINT64_MAX, is_hello, &found));
    CHECK(found);
    all_is_well(6);
    rig_fini(&rig);
}

TEST(with_the_last_key_package_gone_the_last_resort_joins_and_updates) {
    start(2);
    core_online(client(1)->core, false, rig.now);
    rig_run(&rig);
    uint64_t commands[6];
    uint32_t number;
    for (int i = 0; i < 6; i++) {
        CHECK_OK(core_conversation_new(client(0)->core, SLICE_EMPTY,
                                       (const uint8_t(*)[16])client(1)->account, 1, rig.now,
                                       &commands[i], &number));
        rig_finish(client(0), commands[i], OK);
    }
    core_online(client(1)->core, true, rig.now);
    rig_pass(&rig, 5 * TIME_SECOND);
    CHECK_EQ(rig_status(client(1)).conversations, 6);
    struct core_conversation c;
    CHECK_OK(core_conversation_get(client(1)->core, 1, &c));
    CHECK_EQ(c.epoch, 1);
    CHECK_OK(core_conversation_get(client(1)->core, 6, &c));
    CHECK_EQ(c.epoch, 2);
    all_is_well(2);
    rig_fini(&rig);
}

TEST_MAIN
