#include "tests/test.h"

#include "base/time.h"

TEST(a_week_is_over_from_its_end_on) {
    uint64_t end = 5 * TIME_DAY - TIME_DAY + 8 * TIME_WEEK; /* of week 7 */
    CHECK(!time_week_over(7, 0, end - 1));
    CHECK(time_week_over(7, 0, end));
    CHECK(!time_week_over(7, 30, end + 30 * TIME_DAY - 1));
    CHECK(time_week_over(7, 30, end + 30 * TIME_DAY));
    CHECK(!time_week_over(UINT32_MAX, UINT32_MAX, UINT32_MAX * TIME_WEEK));
}

TEST(each_day_begins_when_its_date_says) {
    uint64_t ms;
    int year, month, day;
    for (uint64_t n = 0; n < 200000; n++) { /* past the year 2500 */
        time_date(n * TIME_DAY + TIME_DAY - 1, &year, &month, &day);
        CHECK(time_of_date(year, month, day, &ms) && ms == n * TIME_DAY);
    }
    CHECK(time_of_date(2026, 11, 26, &ms) && ms == UINT64_C(1795651200000));
    CHECK(time_of_date(2000, 2, 29, &ms) && time_of_date(9999, 12, 31, &ms));
}

TEST(what_is_no_day_is_refused) {
    static const int none[][3] = {{1969, 12, 31}, {1970, 1, 0},  {1970, 0, 1},  {1970, 13, 1},
                                  {2026, 1, 32},  {2026, 4, 31}, {2026, 2, 29}, {2100, 2, 29},
                                  {2024, 2, 30},  {-1, 1, 1},    {2026, -1, 1}, {2026, 1, -1}};
    uint64_t ms;
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        CHECK(!time_of_date(none[i][0], none[i][1], none[i][2], &ms));
}

TEST(weeks_begin_on_monday) {
    const uint64_t monday = 4 * TIME_DAY;
    CHECK(time_week(0) == 0);
    CHECK(time_week(monday) == 0);
    CHECK(time_week(monday + TIME_WEEK - 1) == 0);
    CHECK(time_week(monday + TIME_WEEK) == 1);
    /* 2026-11-24 03:00 UTC is a Tuesday. */
    CHECK(time_week(UINT64_C(1795489200) * TIME_SECOND) == 2968);
    CHECK(time_week(UINT64_MAX) == UINT32_MAX);
}

TEST(a_week_has_the_date_of_its_monday) {
    static const struct {
        uint32_t week;
        int year, month, day;
    } CASES[] = {{0, 1970, 1, 5},      {1, 1970, 1, 12},    {112, 1972, 2, 28},
                 {113, 1972, 3, 6},    {1573, 2000, 2, 28}, {1574, 2000, 3, 6},
                 {2968, 2026, 11, 23}, {6790, 2100, 2, 22}, {6791, 2100, 3, 1}};
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        int year, month, day;
        time_week_date(CASES[i].week, &year, &month, &day);
        CHECK(year == CASES[i].year && month == CASES[i].month && day == CASES[i].day);
    }
}

TEST(a_day_lasts_until_midnight) {
    static const struct {
        uint64_t ms;
        int year, month, day;
    } CASES[] = {{0, 1970, 1, 1},
                 {TIME_DAY - 1, 1970, 1, 1},
                 {TIME_DAY, 1970, 1, 2},
                 {UINT64_C(951782399999), 2000, 2, 28},
                 {UINT64_C(951782400000), 2000, 2, 29},
                 {UINT64_C(951868800000), 2000, 3, 1}};
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        int year, month, day;
        time_date(CASES[i].ms, &year, &month, &day);
        CHECK(year == CASES[i].year && month == CASES[i].month && day == CASES[i].day);
    }
}

TEST(every_week_is_seven_days_after_the_one_before) {
    int year, month, day, last_day = -1;
    long days = -1;
    for (uint32_t week = 0; week < 30000; week++) {
        time_week_date(week, &year, &month, &day);
        /* Days since year 0 by another formula: years counted from March. */
        long y = month <= 2 ? year - 1 : year, m = (month + 9) % 12;
        long now = 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1;
        CHECK(days < 0 || now == days + 7);
        CHECK(day != last_day && month >= 1 && month <= 12 && day >= 1 && day <= 31);
        days = now;
        last_day = day;
    }
    time_week_date(UINT32_MAX, &year, &month, &day);
    CHECK(year > 80000000);
}

TEST_MAIN
