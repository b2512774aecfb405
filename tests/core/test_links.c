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
    content.p[content.n - 64 - 1] ^= 1;
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
