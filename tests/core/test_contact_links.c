/* Contact links: how long each is good, for how many, and taking them back. */
#include "rig.h"

static struct rig rig;

static struct client *client(size_t i) {
    return &rig.clients[i];
}

/* A new link of client 0; its number is the command's. */
static uint64_t make(bool once, uint64_t lifetime, slice *text) {
    uint64_t command;
    CHECK_OK(core_link_new(client(0)->core, once, lifetime, rig.now, &command));
    rig_finish(client(0), command, OK);
    *text = rig_done(client(0), command)->notice.text;
    return command;
}

static err take(slice text) {
    uint8_t account[CORE_ACCOUNT];
    return core_contact_accept(client(1)->core, text, SLICE_EMPTY, rig.now, account);
}

static size_t links(void) {
    struct core_link link;
    size_t n = 0;
    while (core_link_at(client(0)->core, n, &link) == OK)
        n++;
    return n;
}

TEST(a_link_is_taken_until_its_time_is_over) {
    slice text;
    rig_init(&rig, 2);
    (void)make(false, TIME_DAY, &text);
    uint64_t made = rig.now;
    rig.now = made + TIME_DAY - 2 * TIME_SECOND;
    CHECK_OK(take(text));
    rig.now = made + TIME_DAY;
    CHECK_ERR(take(text), ERR_EXPIRED);
    rig_fini(&rig);
}

/* Whoever changes the time changes what is signed. */
TEST(a_links_time_can_not_be_changed) {
    slice text;
    buf server = {0}, content = {0}, forged = {0};
    rig_init(&rig, 2);
    (void)make(false, TIME_DAY, &text);
    CHECK_OK(proto_link_read(text, "contact", &server, &content));
    content.p[content.n - 64 - 2] ^= 1;
    CHECK_OK(proto_link_write(&forged, "contact", buf_slice(&server), buf_slice(&content)));
    CHECK_ERR(take(buf_slice(&forged)), ERR_SIGNATURE);
    rig.now += 2 * TIME_DAY;
    CHECK_ERR(take(buf_slice(&forged)), ERR_SIGNATURE);
    buf_free(&server);
    buf_free(&content);
    buf_free(&forged);
    rig_fini(&rig);
}

TEST(capital_letters_are_the_same_link) {
    slice text;
    buf capitals = {0};
    bool after = false;
    rig_init(&rig, 2);
    (void)make(false, TIME_DAY, &text);
    CHECK_OK(buf_set(&capitals, text));
    for (size_t i = 0; i < capitals.n; i++) {
        if (after && capitals.p[i] >= 'a')
            capitals.p[i] = (uint8_t)(capitals.p[i] - 'a' + 'A');
        after = after || capitals.p[i] == '#';
    }
    CHECK_OK(take(buf_slice(&capitals)));
    buf_free(&capitals);
    rig_fini(&rig);
}

TEST(links_are_listed_taken_back_and_remembered) {
    slice text;
    struct core_link link;
    rig_init(&rig, 1);
    uint64_t first = make(false, TIME_DAY, &text), second = make(true, TIME_WEEK, &text);
    rig_crash(client(0));
    CHECK_EQ(links(), 2);
    CHECK_OK(core_link_at(client(0)->core, 1, &link));
    CHECK_EQ(link.number, second);
    CHECK(link.once && !link.over && link.expires == link.made + TIME_WEEK);
    CHECK_OK(core_link_revoke(client(0)->core, first, rig.now));
    CHECK_ERR(core_link_revoke(client(0)->core, first, rig.now), ERR_NOT_FOUND);
    CHECK_EQ(links(), 1);
    rig_crash(client(0));
    CHECK_EQ(links(), 1);
    rig_fini(&rig);
}

TEST(one_that_is_over_stays_on_the_list_for_a_week) {
    slice text;
    struct core_link link;
    rig_init(&rig, 1);
    (void)make(false, TIME_DAY, &text);
    rig.now += 2 * TIME_DAY;
    core_wake(client(0)->core, rig.now);
    CHECK_OK(core_link_at(client(0)->core, 0, &link));
    CHECK(link.over);
    (void)make(false, TIME_DAY, &text);
    CHECK_EQ(links(), 2);
    rig.now += TIME_WEEK;
    (void)make(false, TIME_DAY, &text);
    CHECK_EQ(links(), 2);
    rig_fini(&rig);
}

/* ---- For one ---- */

/* Client `from` takes the link and begins a conversation. */
static void come(size_t from, slice text) {
    uint8_t account[CORE_ACCOUNT];
    uint64_t command;
    uint32_t number;
    CHECK_OK(core_contact_accept(client(from)->core, text, SLICE_EMPTY, rig.now, account));
    CHECK_OK(core_conversation_new(client(from)->core, SLICE_EMPTY,
                                   (const uint8_t(*)[CORE_ACCOUNT])account, 1, rig.now, &command,
                                   &number));
    rig_finish(client(from), command, OK);
    rig_pass(&rig, TIME_MINUTE);
}

static uint32_t conversations(void) {
    return rig_status(client(0)).conversations;
}

TEST(a_link_for_one_lets_in_whoever_comes_first_and_nobody_after) {
    slice text;
    struct core_link link;
    rig_init(&rig, 3);
    (void)make(true, TIME_DAY, &text);
    come(1, text);
    CHECK_EQ(conversations(), 1);
    CHECK_OK(core_link_at(client(0)->core, 0, &link));
    CHECK(link.used && link.over);
    rig_crash(client(0));
    come(2, text);
    CHECK_EQ(conversations(), 1);
    CHECK_EQ(rig_status(client(2)).conversations, 1); /* which looks to it as if it had come */
    rig_fini(&rig);
}

/* Whoever came by it has another address of ours since. */
TEST(whoever_came_by_a_link_for_one_may_begin_another_conversation) {
    slice text;
    uint64_t command;
    uint32_t number;
    rig_init(&rig, 2);
    (void)make(true, TIME_DAY, &text);
    come(1, text);
    CHECK_OK(core_contact_meet(client(0)->core, 1, client(1)->account, SLICE_EMPTY, rig.now));
    rig_pass(&rig, TIME_MINUTE);
    CHECK_OK(core_conversation_new(client(1)->core, SLICE_EMPTY,
                                   (const uint8_t(*)[CORE_ACCOUNT])client(0)->account, 1, rig.now,
                                   &command, &number));
    rig_finish(client(1), command, OK);
    rig_pass(&rig, TIME_MINUTE);
    CHECK_EQ(conversations(), 2);
    rig_fini(&rig);
}

/* They came before the server knew. */
TEST(of_two_who_wait_in_the_mailbox_the_first_is_let_in) {
    slice text;
    rig_init(&rig, 3);
    (void)make(true, TIME_DAY, &text);
    core_online(client(0)->core, false, rig.now);
    rig_run(&rig);
    come(1, text);
    come(2, text);
    core_online(client(0)->core, true, rig.now);
    rig_pass(&rig, TIME_MINUTE);
    CHECK_EQ(conversations(), 1);
    CHECK(rig_status(client(0)).dropped >= 1);
    rig_fini(&rig);
}

TEST(a_link_for_all_lets_all_in_until_it_is_taken_back) {
    slice text;
    rig_init(&rig, 4);
    uint64_t number = make(false, TIME_DAY, &text);
    come(1, text);
    come(2, text);
    CHECK_EQ(conversations(), 2);
    CHECK_OK(core_link_revoke(client(0)->core, number, rig.now));
    rig_crash(client(0));
    come(3, text);
    CHECK_EQ(conversations(), 2);
    rig_fini(&rig);
}

TEST(a_link_is_not_good_for_ever_and_there_are_not_any_number_of_them) {
    slice text;
    uint64_t command;
    rig_init(&rig, 1);
    struct core *core = client(0)->core;
    CHECK_ERR(core_link_new(core, false, 0, rig.now, &command), ERR_TOO_LARGE);
    CHECK_ERR(core_link_new(core, false, (CORE_LINK_DAYS_MAX + 1) * TIME_DAY, rig.now, &command),
              ERR_TOO_LARGE);
    for (int i = 0; i < 256; i++)
        (void)make(false, TIME_DAY, &text);
    CHECK_ERR(core_link_new(core, false, TIME_DAY, rig.now, &command), ERR_LIMIT);
    rig.now += TIME_DAY;
    (void)make(false, TIME_DAY, &text);
    rig_fini(&rig);
}

TEST_MAIN
