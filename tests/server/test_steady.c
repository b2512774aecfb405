/* The time to go by when the system's clock is set wrong. */
#include "base/time.h"
#include "server/steady.h"
#include "test.h"

#define START (UINT64_C(2000) * TIME_WEEK)

static struct steady clock_of;
static enum steady_news news;

static void begin(uint64_t wall) {
    steady_init(&clock_of, wall, 5000, START - TIME_WEEK);
}

static uint64_t at(uint64_t wall, uint64_t mono) {
    return steady_now(&clock_of, wall, 5000 + mono, &news);
}

TEST(small_corrections_are_followed) {
    begin(START);
    CHECK_EQ(at(START + TIME_HOUR, TIME_MINUTE), START + TIME_HOUR);
    CHECK_EQ(news, STEADY_NONE);
    CHECK_EQ(at(START + 61 * TIME_MINUTE, TIME_HOUR), START + 61 * TIME_MINUTE);
    CHECK_EQ(news, STEADY_NONE);
}

TEST(a_jump_is_not_followed_and_told_once) {
    begin(START);
    CHECK_EQ(at(START + 40 * TIME_DAY, TIME_SECOND), START + TIME_SECOND);
    CHECK_EQ(news, STEADY_JUMPED);
    CHECK_EQ(at(START + 40 * TIME_DAY + TIME_MINUTE, TIME_MINUTE), START + TIME_MINUTE);
    CHECK_EQ(news, STEADY_NONE);
    CHECK_EQ(at(START - 40 * TIME_DAY, 2 * TIME_MINUTE), START + 2 * TIME_MINUTE);
    CHECK_EQ(news, STEADY_NONE);
    CHECK_EQ(at(START + 3 * TIME_MINUTE, 3 * TIME_MINUTE), START + 3 * TIME_MINUTE);
    CHECK_EQ(news, STEADY_BACK);
}

TEST(a_jump_that_stays_for_a_day_is_taken) {
    uint64_t ahead = 40 * TIME_DAY;
    begin(START);
    for (uint64_t t = TIME_MINUTE; t < TIME_DAY; t += TIME_HOUR)
        CHECK_EQ(at(START + ahead + t, t), START + t);
    CHECK_EQ(at(START + ahead + 25 * TIME_HOUR, 25 * TIME_HOUR), START + ahead + 25 * TIME_HOUR);
    CHECK_EQ(news, STEADY_TAKEN);
    CHECK_EQ(at(START + ahead + 26 * TIME_HOUR, 26 * TIME_HOUR), START + ahead + 26 * TIME_HOUR);
    CHECK_EQ(news, STEADY_NONE);
}

/* Else a clock that goes astray anew each hour would be taken after a day of it. */
TEST(a_day_begins_again_with_another_jump) {
    begin(START);
    (void)at(START + 40 * TIME_DAY, 0);
    CHECK_EQ(at(START - 40 * TIME_DAY, 20 * TIME_HOUR), START + 20 * TIME_HOUR);
    CHECK_EQ(at(START - 39 * TIME_DAY, 25 * TIME_HOUR), START + 25 * TIME_HOUR);
    CHECK_EQ(news, STEADY_NONE);
}

TEST(a_clock_that_was_wrong_for_sure_is_left_at_once) {
    begin(TIME_DAY);
    CHECK_EQ(at(TIME_DAY + TIME_SECOND, TIME_SECOND), TIME_DAY + TIME_SECOND);
    CHECK_EQ(at(START, 2 * TIME_SECOND), START);
    CHECK_EQ(news, STEADY_NONE);
}

TEST_MAIN
