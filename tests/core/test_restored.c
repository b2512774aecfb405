/* Clients whose server was restored from a backup: it has forgotten what came since. */
#include "core/internal.h"
#include "rig.h"
#include "server/held.h"

enum { MEMBERS = 3 };

static struct rig rig;

static struct client *client(size_t i) {
    return &rig.clients[i];
}

struct copying {
    struct store_batch *batch;
    uint8_t left_out; /* a table */
};

static bool copy_row(void *ctx, struct store_key key, slice value) {
    const struct copying *c = ctx;
    if (key.table != c->left_out)
        CHECK_OK(store_batch_put(c->batch, key, value));
    return true;
}

/* The store as a restore of a backup of now makes it: key packages are not in it. */
static struct store *back_up(void) {
    struct store *copy;
    struct copying c = {.left_out = MAIL_KEY_PACKAGE};
    CHECK_OK(store_memory_open(&copy, NULL));
    CHECK_OK(store_batch_new(&c.batch, NULL));
    for (uint8_t table = 0; table < STORE_TABLES_MAX; table++)
        CHECK_OK(store_scan_table(rig.store, table, copy_row, &c));
    CHECK_OK(store_commit_now(copy, c.batch));
    store_batch_free(c.batch);
    return copy;
}

/* The server ends, and begins again with that. */
static void restore(struct store *store) {
    for (size_t i = 0; i < MEMBERS; i++)
        rig_cut(&rig, client(i));
    rig_run(&rig);
    mail_free(rig.mail);
    store_close(rig.store);
    rig.store = store;
    CHECK_OK(mail_rolled_back(store, rig.now));
    CHECK_OK(mail_new(&rig.mail, store, &rig.config, NULL));
}

static void start(void) {
    rig_init(&rig, MEMBERS);
    rig_meet_all(&rig, MEMBERS);
    rig_conversation(&rig, MEMBERS);
    rig_pass(&rig, TIME_MINUTE);
}

static bool count_row(void *ctx, struct store_key key, slice value) {
    (void)key, (void)value;
    ++*(unsigned *)ctx;
    return true;
}

static unsigned key_packages(void) {
    unsigned n = 0;
    CHECK_OK(store_scan_table(rig.store, MAIL_KEY_PACKAGE, count_row, &n));
    return n;
}

TEST(every_device_puts_new_key_packages) {
    start();
    unsigned before = key_packages();
    CHECK(before > 0);
    restore(back_up());
    CHECK_EQ(key_packages(), 0);
    rig_pass(&rig, 2 * TIME_DAY);
    CHECK(key_packages() >= before);
    rig_fini(&rig);
}

TEST(messages_go_on_and_each_is_shown_once) {
    start();
    rig_finish(client(0), rig_say(client(0), "before"), OK);
    rig_pass(&rig, TIME_MINUTE);
    struct store *backup = back_up();
    rig_finish(client(1), rig_say(client(1), "since"), OK);
    rig_pass(&rig, TIME_MINUTE);
    restore(backup);
    rig_pass(&rig, TIME_MINUTE);
    rig_finish(client(2), rig_say(client(2), "after"), OK);
    rig_pass(&rig, TIME_MINUTE);
    for (size_t i = 0; i < MEMBERS; i++)
        CHECK(strcmp(rig_texts(client(i)), "before\nsince\nafter\n") == 0);
    rig_fini(&rig);
}

static void update(size_t i, err expected) {
    uint64_t command;
    CHECK_OK(core_conversation_update(client(i)->core, 1, rig.now, &command));
    rig_pass(&rig, 30 * TIME_MINUTE); /* that no winner comes shows after a while */
    rig_finish(client(i), command, expected);
}

static void expect_whole(uint64_t epoch) {
    rig_same_state(&rig, MEMBERS);
    for (size_t i = 0; i < MEMBERS; i++) {
        struct core_conversation state = rig_state(client(i));
        CHECK(!state.spoiled && !state.behind);
        CHECK_EQ(state.epoch, epoch);
    }
}

/* The order is epochs behind its members: the next commit is taken as if it were its turn, and from
 * then on one wins again. */
TEST(a_conversation_that_moved_on_since_moves_on) {
    start();
    uint64_t epoch = rig_state(client(0)).epoch;
    struct store *backup = back_up();
    update(0, OK);
    update(2, OK);
    restore(backup);
    rig_pass(&rig, TIME_MINUTE);
    update(1, OK);
    expect_whole(epoch + 3);
    update(2, OK);
    expect_whole(epoch + 4);
    rig_finish(client(1), rig_say(client(1), "after"), OK);
    rig_pass(&rig, TIME_MINUTE);
    for (size_t i = 0; i < MEMBERS; i++)
        CHECK(strcmp(rig_texts(client(i)), "after\n") == 0);
    rig_fini(&rig);
}

TEST(of_two_commits_after_a_restore_one_wins) {
    uint64_t commands[2];
    start();
    uint64_t epoch = rig_state(client(0)).epoch;
    struct store *backup = back_up();
    update(0, OK);
    restore(backup);
    rig_pass(&rig, TIME_MINUTE);
    for (size_t i = 0; i < 2; i++)
        CHECK_OK(core_conversation_update(client(i)->core, 1, rig.now, &commands[i]));
    rig_pass(&rig, 30 * TIME_MINUTE);
    for (size_t i = 0; i < 2; i++)
        CHECK(rig_done(client(i), commands[i]) != NULL);
    CHECK(rig_done(client(0), commands[0])->notice.error == OK ||
          rig_done(client(1), commands[1])->notice.error == OK);
    CHECK(rig_state(client(0)).epoch > epoch + 1);
    expect_whole(rig_state(client(0)).epoch);
    rig_fini(&rig);
}

/* Who did not get the commits that are lost commits to an older epoch: nobody follows it, and the
 * next commit of the others finds out. */
TEST(a_fork_of_who_missed_what_is_lost_is_found_by_the_next_commit) {
    start();
    struct store *backup = back_up();
    client(2)->away = true;
    rig_cut(&rig, client(2));
    rig_run(&rig);
    update(0, OK);
    restore(backup);
    client(2)->away = false;
    rig_pass(&rig, TIME_MINUTE);
    update(2, OK);
    CHECK(!rig_state(client(0)).spoiled);
    update(0, ERR_LATE);
    CHECK(rig_state(client(0)).spoiled);
    rig_fini(&rig);
}

TEST_MAIN
