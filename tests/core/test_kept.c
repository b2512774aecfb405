/* Muted and put away: what the user decides on a conversation for themselves. */
#include "core/internal.h"
#include "rig.h"

static struct rig rig;
static struct client *ann, *ben;

static void two(void) {
    rig_init(&rig, 2);
    ann = &rig.clients[0];
    ben = &rig.clients[1];
    rig_meet_all(&rig, 2);
    rig_conversation(&rig, 2);
    rig_pass(&rig, TIME_MINUTE);
}

static struct core_conversation of(struct client *c) {
    struct core_conversation now;
    CHECK_OK(core_conversation_get(c->core, 1, &now));
    return now;
}

static void say(struct client *c, const char *text) {
    rig_say(c, text);
    rig_pass(&rig, TIME_MINUTE);
}

TEST(what_is_put_away_comes_back_when_others_say_something) {
    two();
    CHECK_OK(core_conversation_archive(ann->core, 1, true, rig.now));
    CHECK(of(ann).archived && !of(ben).archived);
    say(ann, "one's own word does not count");
    CHECK(of(ann).archived);
    rig_crash(ann);
    CHECK(of(ann).archived);
    say(ben, "hello");
    CHECK(!of(ann).archived);
    rig_crash(ann);
    CHECK(!of(ann).archived);
    rig_fini(&rig);
}

TEST(what_is_muted_stays_away_until_its_time_is_over) {
    two();
    CHECK_OK(core_conversation_archive(ann->core, 1, true, rig.now));
    CHECK_OK(core_conversation_mute(ann->core, 1, rig.now + TIME_HOUR, rig.now));
    CHECK_EQ(of(ann).muted, rig.now + TIME_HOUR);
    say(ben, "hello");
    rig_crash(ann);
    CHECK(of(ann).archived && of(ann).muted != 0);
    rig_pass(&rig, TIME_HOUR);
    say(ben, "still there?");
    CHECK(!of(ann).archived && of(ann).muted == 0);
    CHECK_OK(core_conversation_mute(ann->core, 1, UINT64_MAX, rig.now));
    rig_pass(&rig, TIME_DAY);
    CHECK_EQ(of(ann).muted, UINT64_MAX);
    CHECK_OK(core_conversation_mute(ann->core, 1, 0, rig.now));
    CHECK_EQ(of(ann).muted, 0);
    rig_fini(&rig);
}

TEST(only_a_conversation_is_muted_or_put_away) {
    two();
    CHECK_ERR(core_conversation_mute(ann->core, 9, UINT64_MAX, rig.now), ERR_NOT_FOUND);
    CHECK_ERR(core_conversation_archive(ann->core, 0, true, rig.now), ERR_NOT_FOUND);
    rig_fini(&rig);
}

/* As another own device says it: the later change holds, and nothing of what is not here. */
TEST(own_devices_agree) {
    struct record_kept told = {.muted = UINT64_MAX, .archived = true, .by = {7}};
    two();
    CHECK_OK(core_conversation_mute(ann->core, 1, rig.now + TIME_DAY, rig.now));
    CHECK_OK(core_txn_begin(ann->core));
    told.changed = rig.now + TIME_MINUTE;
    CHECK_OK(core_kept_import(ann->core, &told));
    memcpy(told.group, of(ann).group_id.p, 32);
    told.changed = rig.now - 1;
    CHECK_OK(core_kept_import(ann->core, &told));
    CHECK_OK(core_txn_end(ann->core, OK));
    CHECK(!of(ann).archived && of(ann).muted != UINT64_MAX);
    told.changed = rig.now + TIME_MINUTE;
    CHECK_OK(core_txn_begin(ann->core));
    CHECK_OK(core_kept_import(ann->core, &told));
    CHECK_OK(core_txn_end(ann->core, OK));
    CHECK(of(ann).archived && of(ann).muted == UINT64_MAX);
    rig_crash(ann);
    CHECK(of(ann).archived && of(ann).muted == UINT64_MAX);
    rig_fini(&rig);
}

static struct core_conversation by_group(struct client *c, const uint8_t group[32]) {
    struct core_conversation now;
    for (size_t i = 0; core_conversation_at(c->core, i, &now) == OK; i++)
        if (slice_equal(now.group_id, slice_of(group, 32)))
            return now;
    return (struct core_conversation){0};
}

TEST(another_device_hears_of_it) {
    uint8_t group[32];
    two();
    struct client *pad = rig_link(&rig, 0, 2);
    rig_pass(&rig, 3 * TIME_MINUTE);
    memcpy(group, of(ann).group_id.p, sizeof group);
    CHECK(by_group(pad, group).number != 0 && !by_group(pad, group).archived);
    CHECK_OK(core_conversation_mute(ann->core, 1, UINT64_MAX, rig.now));
    CHECK_OK(core_conversation_archive(ann->core, 1, true, rig.now));
    rig_pass(&rig, TIME_MINUTE);
    CHECK(by_group(pad, group).archived && by_group(pad, group).muted == UINT64_MAX);
    CHECK_OK(core_conversation_archive(pad->core, by_group(pad, group).number, false, rig.now));
    rig_pass(&rig, TIME_MINUTE);
    CHECK(!of(ann).archived && of(ann).muted == UINT64_MAX);
    rig_fini(&rig);
}

TEST_MAIN
