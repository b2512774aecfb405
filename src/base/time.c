#include "base/time.h"

/* 1970-01-01 was a Thursday. */
#define FIRST_MONDAY (4 * TIME_DAY)

uint32_t time_week(uint64_t ms) {
    if (ms < FIRST_MONDAY)
        return 0;
    uint64_t week = (ms - FIRST_MONDAY) / TIME_WEEK;
    return week > UINT32_MAX ? UINT32_MAX : (uint32_t)week;
}

bool time_week_over(uint32_t week, uint32_t days, uint64_t ms) {
    return ms >= FIRST_MONDAY + (week + (uint64_t)1) * TIME_WEEK + days * TIME_DAY;
}

uint64_t time_week_start(uint32_t week) {
    return FIRST_MONDAY + week * TIME_WEEK;
}

/* Years run from March here, so that the leap day is the last of its year. */
#define FIRST_DAY 719468 /* 1970-01-01, in days since 1 March of the year 0 */

void time_date(uint64_t ms, int *year, int *month, int *day) {
    uint64_t days = ms / TIME_DAY + FIRST_DAY;
    uint64_t era = days / 146097, in_era = days % 146097;
    uint64_t y = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
    uint64_t in_year = in_era - (365 * y + y / 4 - y / 100);
    uint64_t m = (5 * in_year + 2) / 153;
    *day = (int)(in_year - (153 * m + 2) / 5 + 1);
    *month = (int)(m < 10 ? m + 3 : m - 9);
    *year = (int)(y + era * 400 + (*month <= 2));
}

/* What no calendar has comes back as another day. */
bool time_of_date(int year, int month, int day, uint64_t *ms) {
    if (year < 1970 || month < 1 || month > 12 || day < 1 || day > 31)
        return false;
    uint64_t y = (uint64_t)year - (month < 3), m = (uint64_t)(month + 9) % 12;
    uint64_t days = 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + (uint64_t)day - 1;
    *ms = (days - FIRST_DAY) * TIME_DAY;
    int same_year, same_month, same_day;
    time_date(*ms, &same_year, &same_month, &same_day);
    return same_year == year && same_month == month && same_day == day;
}

void time_week_date(uint32_t week, int *year, int *month, int *day) {
    time_date(time_week_start(week), year, month, day);
}
